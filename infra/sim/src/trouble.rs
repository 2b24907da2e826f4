//! What goes wrong: the troubles that tests and the page make for one vendor at a time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A kind of trouble; `502-before` fails before the vendor takes the request, `502-after` after it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// 502, and nothing was done.
    #[serde(rename = "502-before")]
    BadGatewayBefore,
    /// It was done, and then 502.
    #[serde(rename = "502-after")]
    BadGatewayAfter,
    /// 429 with `Retry-After: 1`; nothing was done.
    #[serde(rename = "429")]
    TooMany,
    /// It was done, and the answer never comes.
    Timeout,
    /// It was done, and the connection breaks before the answer.
    Reset,
    /// 200 with a page of HTML; nothing was done.
    Html,
    /// It was done, and the answer comes after `seconds`. A held clock is moved instead of waiting.
    Slow,
    /// Twilio only: a call back to us is not made.
    DropCallback,
    /// Twilio only: every call back to us is made twice.
    DoubleCallback,
    /// CMX only: 200 with nothing in it.
    Empty,
    /// CMX only: 204.
    NoContent,
    /// CMX only: the answer ends in the middle of a number.
    Truncated,
    /// CMX only: there are fewer devices than none.
    Negative,
}

/// One trouble, as `PUT /sim/trouble` takes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    /// `webex`, `twilio`, `cmx` or `ses`.
    pub vendor: String,
    /// What goes wrong.
    pub kind: TroubleKind,
    /// Which part of the requests, 0.0 to 1.0; spread evenly, not by chance, so that a test repeats.
    #[serde(default = "all")]
    pub share: f64,
    /// How long, on the system's clock; without it, until it is taken back. Of [`TroubleKind::Slow`], how long each answer
    /// takes; that one lasts until it is taken back.
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

/// The troubles of the moment. Cheap to clone.
#[derive(Clone, Default)]
pub struct Troubles(Arc<Mutex<Vec<Trouble>>>);

/// How long a [`TroubleKind::Timeout`] holds the connection: longer than any deadline of ours.
pub const HANG: Duration = Duration::from_secs(60);

impl Troubles {
    /// Adds a trouble, which begins now. A vendor has one of each kind.
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

    /// What is wrong now, for the page.
    pub fn list(&self, now: Timestamp) -> Vec<Trouble> {
        let mut all = self.lock();
        all.retain(|trouble| trouble.until.is_none_or(|until| until > now));
        all.clone()
    }

    /// The trouble that strikes this request to the vendor, if any. Asking counts as a request.
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

    /// How long a slow answer of this vendor takes.
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
    /// Strikes a request that comes in, not a call back that goes out.
    pub fn is_inbound(self) -> bool {
        !matches!(self, Self::DropCallback | Self::DoubleCallback)
    }

    /// Whether this vendor knows such a trouble.
    pub fn fits(self, vendor: &str) -> bool {
        match self {
            Self::DropCallback | Self::DoubleCallback => vendor == "twilio",
            Self::Empty | Self::NoContent | Self::Truncated | Self::Negative => vendor == "cmx",
            _ => true,
        }
    }

    /// The answer given instead of doing the work, if this kind strikes before it.
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
