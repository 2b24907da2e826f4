//! Troubles: failures that tests and the page cause at one vendor at a time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Kind of a trouble. `502-before` fails before the vendor handles the request, `502-after` afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// 502 without an effect.
    #[serde(rename = "502-before")]
    BadGatewayBefore,
    /// 502 after the effect.
    #[serde(rename = "502-after")]
    BadGatewayAfter,
    /// 429 with `Retry-After: 1`, without an effect.
    #[serde(rename = "429")]
    TooMany,
    /// The request takes effect, but the answer never comes.
    Timeout,
    /// The request takes effect, but the connection breaks before the answer.
    Reset,
    /// 200 with an HTML page, without an effect.
    Html,
    /// The request takes effect, and the answer comes after `seconds`. A held clock is moved instead.
    Slow,
    /// Twilio and Webex: callbacks to Handbell are not made.
    DropCallback,
    /// Twilio only: every callback to Handbell is made twice.
    DoubleCallback,
    /// CMX only: 200 with an empty body.
    Empty,
    /// CMX only: 204.
    NoContent,
    /// CMX only: the answer is truncated in the middle of a number.
    Truncated,
    /// CMX only: the counts are negative.
    Negative,
}

/// A trouble, in the format of `PUT /sim/trouble`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    /// `webex`, `twilio`, `cmx` or `ses`.
    pub vendor: String,
    /// The kind of failure.
    pub kind: TroubleKind,
    /// Fraction of the requests that fail, 0.0 to 1.0. It is spread evenly, not randomly, so that tests are deterministic.
    #[serde(default = "all")]
    pub share: f64,
    /// Duration in the system's time; `None` lasts until it is cleared. For [`TroubleKind::Slow`], the duration of each
    /// answer; that trouble lasts until it is cleared.
    #[serde(default)]
    pub seconds: Option<u64>,
    #[serde(skip)]
    until: Option<Timestamp>,
    #[serde(skip)]
    seen: u64,
}

fn all() -> f64 {
    1.0
}

/// The current troubles. Cheap to clone.
#[derive(Clone, Default)]
pub struct Troubles(Arc<Mutex<Vec<Trouble>>>);

/// How long a [`TroubleKind::Timeout`] holds the connection: longer than any time-out of Handbell.
pub const HANG: Duration = Duration::from_secs(60);

impl Troubles {
    /// Adds a trouble, which begins now. A vendor has at most one of each kind.
    pub fn make(&self, mut trouble: Trouble, now: Timestamp) {
        let lasts = trouble.seconds.filter(|_| trouble.kind != TroubleKind::Slow);
        trouble.until = lasts.map(|seconds| now + SignedDuration::from_secs(seconds as i64));
        let mut all = self.lock();
        all.retain(|other| other.vendor != trouble.vendor || other.kind != trouble.kind);
        all.push(trouble);
    }

    /// Ends all troubles.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Returns the current troubles, for the page.
    pub fn list(&self, now: Timestamp) -> Vec<Trouble> {
        let mut all = self.lock();
        all.retain(|trouble| trouble.until.is_none_or(|until| until > now));
        all.clone()
    }

    /// Returns the trouble that this request to the vendor meets, if any. Each call counts as a request.
    pub fn strike(
        &self,
        vendor: &str,
        now: Timestamp,
        of: impl Fn(TroubleKind) -> bool,
    ) -> Option<TroubleKind> {
        let mut all = self.lock();
        all.retain(|trouble| trouble.until.is_none_or(|until| until > now));
        let trouble = all.iter_mut().find(|trouble| trouble.vendor == vendor && of(trouble.kind))?;
        trouble.seen += 1;
        let before = ((trouble.seen - 1) as f64 * trouble.share).floor();
        ((trouble.seen as f64 * trouble.share).floor() > before).then_some(trouble.kind)
    }

    /// Returns the duration of a slow answer of this vendor.
    pub fn slowness(&self, vendor: &str) -> SignedDuration {
        let all = self.lock();
        let slow = all.iter().find(|trouble| trouble.vendor == vendor && trouble.kind == TroubleKind::Slow);
        SignedDuration::from_secs(slow.and_then(|slow| slow.seconds).unwrap_or_default() as i64)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Trouble>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl TroubleKind {
    /// Whether the trouble concerns requests to the vendor, not its callbacks.
    pub fn is_inbound(self) -> bool {
        !matches!(self, Self::DropCallback | Self::DoubleCallback)
    }

    /// Whether this vendor supports the trouble.
    pub fn fits(self, vendor: &str) -> bool {
        match self {
            Self::DropCallback => matches!(vendor, "twilio" | "webex"),
            Self::DoubleCallback => vendor == "twilio",
            Self::Empty | Self::NoContent | Self::Truncated | Self::Negative => vendor == "cmx",
            _ => true,
        }
    }

    /// Returns the answer that replaces the request's effect, if the trouble comes before it.
    pub fn before(self) -> Option<axum::response::Response> {
        use axum::response::IntoResponse;
        match self {
            Self::BadGatewayBefore => {
                Some((StatusCode::BAD_GATEWAY, "<html>502 Bad Gateway</html>").into_response())
            }
            Self::TooMany => Some(
                (StatusCode::TOO_MANY_REQUESTS, [("Retry-After", "1")], "<html>Too many requests</html>")
                    .into_response(),
            ),
            Self::Html => Some(
                (StatusCode::OK, [("Content-Type", "text/html")], "<html>maintenance</html>").into_response(),
            ),
            Self::Empty => Some(StatusCode::OK.into_response()),
            Self::NoContent => Some(StatusCode::NO_CONTENT.into_response()),
            _ => None,
        }
    }
}
