//! A slow phone company: a proxy in front of the simulated Twilio that records the requests with their times.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use handbell_boot::Error;
use handbell_local::runner::Runner;
use handbell_sim::SimClock;
use jiff::Timestamp;

use crate::count::pass_on;

/// A requested text or call.
#[derive(Clone)]
pub(super) struct Asked {
    /// Time at which the request was complete.
    pub(super) handed: Instant,
    /// That time on the system's clock.
    pub(super) at: Timestamp,
    /// Time at which the request was accepted; `None` before that, and if it was refused.
    pub(super) taken: Option<Instant>,
    /// Number of the recipient.
    pub(super) to: String,
    /// Whether it is a call.
    pub(super) call: bool,
    /// Body of a text; empty for a call.
    pub(super) text: String,
}

/// The phone company. It has no rate limit: it answers concurrent requests concurrently, each after the same time.
pub(super) struct Vendor(Arc<Company>);

struct Company {
    address: String,
    http: reqwest::Client,
    before: OnceLock<(String, SimClock)>,
    answers_in: Duration,
    asked: Mutex<Vec<Asked>>,
}

impl Vendor {
    /// Starts a vendor that answers each request after this time. It needs the runner's address as soon as that is known.
    pub(super) async fn start(answers_in: Duration) -> Result<Self, Error> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let company = Arc::new(Company {
            address: format!("http://{}", listener.local_addr()?),
            http: handbell_boot::client()?,
            before: OnceLock::new(),
            answers_in,
            asked: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&company));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self(company))
    }

    /// Returns the variable with which functions use it.
    pub(super) fn variable(&self) -> (String, String) {
        ("HANDBELL_TWILIO_URL".to_owned(), format!("{}/sim/twilio", self.0.address))
    }

    /// Sets the runner behind this proxy.
    pub(super) fn stands_before(&self, runner: &Runner) {
        let place = || (format!("http://{}", runner.address), runner.stage.clock.clone());
        self.0.before.get_or_init(place);
    }

    /// Returns the requests since the start, in order.
    pub(super) fn asked(&self) -> Vec<Asked> {
        lock(&self.0.asked).clone()
    }
}

async fn answer(State(company): State<Arc<Company>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let begun = Instant::now();
    let Some((origin, clock)) = company.before.get() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let path = parts.uri.path();
    let call = path.ends_with("/Calls.json");
    let noted = (parts.method == Method::POST && (call || path.ends_with("/Messages.json"))).then(|| {
        let form = String::from_utf8_lossy(&body);
        let asked = Asked {
            handed: begun,
            at: clock.now(),
            taken: None,
            to: field(&form, "To"),
            call,
            text: field(&form, "Body"),
        };
        let mut all = lock(&company.asked);
        all.push(asked);
        all.len() - 1
    });
    let answer = pass_on(&company.http, origin, &parts, body).await;
    tokio::time::sleep(company.answers_in.saturating_sub(begun.elapsed())).await;
    let Ok((status, headers, body)) = answer else { return StatusCode::BAD_GATEWAY.into_response() };
    if let Some(asked) = noted.filter(|_| status == StatusCode::CREATED)
        && let Some(asked) = lock(&company.asked).get_mut(asked)
    {
        asked.taken = Some(Instant::now());
    }
    (status, headers, body).into_response()
}

/// Returns a field of a form.
fn field(form: &str, name: &str) -> String {
    let url = reqwest::Url::parse(&format!("http://form/?{form}"));
    let found = url.ok().and_then(|url| {
        url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| Cow::into_owned(value))
    });
    found.unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
