//! What is asked of AWS and of the vendors while something happens, request by request, and how long they take for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use handbell::cloud::table::Units;
use handbell::runner::Runner;
use handbell_boot::Error;

/// How DynamoDB names a write whose condition failed.
const REFUSED: &[u8] = b"ConditionalCheckFailedException";
/// Where the functions find what, on the runner.
const AWS: [(&str, &str); 3] = [
    ("AWS_ENDPOINT_URL_DYNAMODB", "/aws/dynamodb"),
    ("AWS_ENDPOINT_URL_SQS", "/aws/sqs"),
    ("AWS_ENDPOINT_URL_EVENTBRIDGE", "/aws/events"),
];
const VENDORS: [(&str, &str); 2] =
    [("HANDBELL_WEBEX_URL", "/sim/webex/v1"), ("HANDBELL_TWILIO_URL", "/sim/twilio")];

/// What was asked while something happened.
#[derive(Clone)]
pub(crate) struct Bill {
    /// What happened.
    pub(crate) what: &'static str,
    /// How often each operation of AWS was called.
    pub(crate) aws: BTreeMap<String, u64>,
    /// What the table's operations cost.
    pub(crate) units: BTreeMap<String, Units>,
    /// Single writes whose condition failed. The embedded table asks nothing for them; AWS takes the row's units.
    pub(crate) refused: u64,
    /// Requests to each vendor, and from each.
    pub(crate) vendors: BTreeMap<String, u64>,
    /// How long anybody who was asked through the counter was at work.
    pub(crate) stand_ins: Duration,
}

impl Bill {
    /// All write units.
    pub(crate) fn write(&self) -> f64 {
        self.units.values().map(|units| units.write).sum()
    }

    /// All read units.
    pub(crate) fn read(&self) -> f64 {
        self.units.values().map(|units| units.read).sum()
    }

    /// Requests to the table.
    pub(crate) fn table(&self) -> u64 {
        self.units.values().map(|units| units.calls).sum()
    }

    /// What came after `before`.
    pub(crate) fn since(mut self, before: &Self) -> Self {
        for (name, count) in &before.aws {
            self.aws.entry(name.clone()).and_modify(|now| *now -= count);
        }
        for (name, count) in &before.vendors {
            self.vendors.entry(name.clone()).and_modify(|now| *now -= count);
        }
        for (name, units) in &before.units {
            self.units.entry(name.clone()).and_modify(|now| {
                now.read -= units.read;
                now.write -= units.write;
                now.calls -= units.calls;
            });
        }
        self.refused -= before.refused;
        self.stand_ins = self.stand_ins.saturating_sub(before.stand_ins);
        self.aws.retain(|_, count| *count > 0);
        self.vendors.retain(|_, count| *count > 0);
        self.units.retain(|_, units| units.calls > 0);
        self
    }
}

/// Stands before AWS's endpoints and perhaps the vendors', counts, and hands on.
pub(crate) struct Counter(Arc<Counting>);

struct Counting {
    address: String,
    origin: OnceLock<String>,
    http: reqwest::Client,
    aws: Mutex<BTreeMap<String, u64>>,
    refused: AtomicU64,
    wire: Mutex<u64>,
    work: Mutex<Work>,
}

/// How long at least one request was being answered.
#[derive(Default)]
struct Work {
    running: u32,
    begun: Option<Instant>,
    sum: Duration,
}

impl Work {
    fn begin(&mut self) {
        self.begun.get_or_insert_with(Instant::now);
        self.running += 1;
    }

    fn end(&mut self) {
        self.running = self.running.saturating_sub(1);
        if self.running == 0 {
            self.sum += self.begun.take().map_or(Duration::ZERO, |begun| begun.elapsed());
        }
    }

    fn so_far(&self) -> Duration {
        self.sum + self.begun.map_or(Duration::ZERO, |begun| begun.elapsed())
    }
}

impl Counter {
    /// A counter that must be told where the runner is, as soon as that is known.
    pub(crate) async fn start() -> Result<Self, Error> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let counting = Arc::new(Counting {
            address: format!("http://{}", listener.local_addr()?),
            origin: OnceLock::new(),
            http: handbell_boot::client()?,
            aws: Mutex::default(),
            refused: AtomicU64::new(0),
            wire: Mutex::default(),
            work: Mutex::default(),
        });
        let router = Router::new().fallback(hand_on).with_state(Arc::clone(&counting));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self(counting))
    }

    /// The variables by which the functions find AWS behind this counter.
    pub(crate) fn before_aws(&self) -> Vec<(String, String)> {
        AWS.map(|place| self.before(place)).into()
    }

    /// The same, with Webex and Twilio behind it too: for who wants to know how long they take.
    pub(crate) fn before_all(&self) -> Vec<(String, String)> {
        AWS.into_iter().chain(VENDORS).map(|place| self.before(place)).collect()
    }

    fn before(&self, (variable, path): (&str, &str)) -> (String, String) {
        (variable.to_owned(), format!("{}{path}", self.0.address))
    }

    /// Learns who answers what is asked.
    pub(crate) fn stands_before(&self, runner: &Runner) {
        self.0.origin.get_or_init(|| format!("http://{}", runner.address));
    }

    /// Begins to count anew.
    pub(crate) fn forget(&self, runner: &Runner) {
        lock(&self.0.aws).clear();
        self.0.refused.store(0, Ordering::Relaxed);
        runner.cloud.table().forget_units();
        *lock(&self.0.wire) = runner.stage.wire.entries().last().map_or(0, |entry| entry.number);
        let mut work = lock(&self.0.work);
        work.sum = Duration::ZERO;
        work.begun = work.begun.map(|_| Instant::now());
    }

    /// What was counted so far.
    pub(crate) fn bill(&self, what: &'static str, runner: &Runner) -> Bill {
        let seen = *lock(&self.0.wire);
        let mut vendors = BTreeMap::new();
        for entry in runner.stage.wire.entries().iter().filter(|entry| entry.number > seen) {
            let direction = match (entry.from.as_str(), entry.to.as_str()) {
                ("handbell", vendor @ ("webex" | "twilio")) => format!("to {vendor}"),
                (vendor @ ("webex" | "twilio"), "handbell") => format!("from {vendor}"),
                _ => continue,
            };
            *vendors.entry(direction).or_default() += 1;
        }
        Bill {
            what,
            aws: lock(&self.0.aws).clone(),
            units: runner.cloud.table().units_by_operation(),
            refused: self.0.refused.load(Ordering::Relaxed),
            vendors,
            stand_ins: lock(&self.0.work).so_far(),
        }
    }
}

async fn hand_on(State(counting): State<Arc<Counting>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    if let Some(target) = target {
        let operation = target.replace("DynamoDB_20120810", "DynamoDB").replace('.', " ");
        *lock(&counting.aws).entry(operation).or_default() += 1;
    }
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    lock(&counting.work).begin();
    let answer = forward(&counting, &parts, body).await;
    lock(&counting.work).end();
    match answer {
        Ok(answer) => answer,
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

async fn forward(
    counting: &Counting,
    parts: &axum::http::request::Parts,
    body: Bytes,
) -> Result<Response, reqwest::Error> {
    let origin = counting.origin.get().map_or("", String::as_str);
    let mut headers = parts.headers.clone();
    headers.remove("host");
    let request = counting
        .http
        .request(parts.method.clone(), format!("{origin}{}", parts.uri))
        .headers(headers)
        .body(body);
    let answer = request.send().await?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove("transfer-encoding");
    let body = answer.bytes().await?;
    // A transaction that failed names its reasons in another exception.
    if status == StatusCode::BAD_REQUEST && body.windows(REFUSED.len()).any(|part| part == REFUSED) {
        counting.refused.fetch_add(1, Ordering::Relaxed);
    }
    Ok((status, headers, body).into_response())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
