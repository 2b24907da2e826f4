//! Counts the requests to AWS and to the vendors, and measures the time of the answers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use handbell_boot::Error;
use handbell_local::cloud::table::Units;
use handbell_local::runner::Runner;

use crate::writes::{self, Writes};

/// DynamoDB's error of a write whose condition failed.
const REFUSED: &[u8] = b"ConditionalCheckFailedException";
/// The endpoint variables, and their paths on the runner.
const AWS: [(&str, &str); 5] = [
    ("AWS_ENDPOINT_URL_DYNAMODB", "/aws/dynamodb"),
    ("AWS_ENDPOINT_URL_SQS", "/aws/sqs"),
    ("AWS_ENDPOINT_URL_EVENTBRIDGE", "/aws/events"),
    ("AWS_ENDPOINT_URL_S3", "/aws/s3"),
    ("AWS_ENDPOINT_URL_SESV2", "/aws/ses"),
];
const VENDORS: [(&str, &str); 2] =
    [("HANDBELL_WEBEX_URL", "/sim/webex/v1"), ("HANDBELL_TWILIO_URL", "/sim/twilio")];

/// Requests during a measured action.
#[derive(Clone)]
pub(crate) struct Bill {
    /// The measured action.
    pub(crate) what: &'static str,
    /// Number of calls of each AWS operation.
    pub(crate) aws: BTreeMap<String, u64>,
    /// Consumed capacity of each operation of the table.
    pub(crate) units: BTreeMap<String, Units>,
    /// Number of single writes whose condition failed. The embedded table charges nothing for them; AWS charges the row's
    /// units.
    pub(crate) refused: u64,
    /// Number of requests to and from each vendor.
    pub(crate) vendors: BTreeMap<String, u64>,
    /// Time in which at least one request through the counter was in progress.
    pub(crate) stand_ins: Duration,
    /// Writes by purpose; only for a [`Counter::of_writes`].
    pub(crate) writes: BTreeMap<String, Writes>,
}

impl Bill {
    /// Returns all write units.
    pub(crate) fn write(&self) -> f64 {
        self.units.values().map(|units| units.write).sum()
    }

    /// Returns all read units.
    pub(crate) fn read(&self) -> f64 {
        self.units.values().map(|units| units.read).sum()
    }

    /// Returns the number of requests to the table.
    pub(crate) fn table(&self) -> u64 {
        self.units.values().map(|units| units.calls).sum()
    }

    /// Returns the requests after `before`.
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
        for (what, writes) in &before.writes {
            self.writes.entry(what.clone()).and_modify(|now| {
                now.requests -= writes.requests;
                now.units -= writes.units;
            });
        }
        self.units.retain(|_, units| units.calls > 0);
        self.writes.retain(|_, writes| writes.requests > 0);
        self
    }
}

/// A proxy in front of AWS's endpoints, and optionally the vendors', that counts requests.
pub(crate) struct Counter(Arc<Counting>);

struct Counting {
    address: String,
    /// Port of the runner, which gets requests through the counter before its start is complete.
    port: u16,
    http: reqwest::Client,
    aws: Mutex<BTreeMap<String, u64>>,
    refused: AtomicU64,
    wire: Mutex<u64>,
    work: Mutex<Work>,
    /// `None` if writes are not classified.
    writes: Option<Mutex<BTreeMap<String, Writes>>>,
}

/// Time in which at least one request was in progress.
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
    /// Starts a counter in front of a runner that must be started at [`Counter::port`].
    pub(crate) async fn start() -> Result<Self, Error> {
        Self::begin(None).await
    }

    /// Starts a counter that also classifies each write. This takes time, so it is not suitable for measuring time.
    pub(crate) async fn of_writes() -> Result<Self, Error> {
        Self::begin(Some(Mutex::default())).await
    }

    async fn begin(writes: Option<Mutex<BTreeMap<String, Writes>>>) -> Result<Self, Error> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        // The port is free now, and is used again in a moment.
        let port = tokio::net::TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let counting = Arc::new(Counting {
            address: format!("http://{}", listener.local_addr()?),
            port,
            http: handbell_boot::client()?,
            aws: Mutex::default(),
            refused: AtomicU64::new(0),
            wire: Mutex::default(),
            work: Mutex::default(),
            writes,
        });
        let router = Router::new().fallback(hand_on).with_state(Arc::clone(&counting));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self(counting))
    }

    /// Returns the variables with which functions use AWS through this counter.
    pub(crate) fn before_aws(&self) -> Vec<(String, String)> {
        AWS.map(|(variable, path)| self.before(variable, path)).into()
    }

    /// Returns the variables with which functions use AWS, Webex and Twilio through this counter, to measure their time,
    /// too.
    pub(crate) fn before_all(&self) -> Vec<(String, String)> {
        AWS.into_iter().chain(VENDORS).map(|(variable, path)| self.before(variable, path)).collect()
    }

    fn before(&self, variable: &str, path: &str) -> (String, String) {
        (variable.to_owned(), format!("{}{path}", self.0.address))
    }

    /// Returns the port at which the runner must be started.
    pub(crate) fn port(&self) -> u16 {
        self.0.port
    }

    /// Resets the counts.
    pub(crate) fn forget(&self, runner: &Runner) {
        lock(&self.0.aws).clear();
        self.0.refused.store(0, Ordering::Relaxed);
        self.0.writes.iter().for_each(|writes| lock(writes).clear());
        runner.cloud.table().forget_units();
        *lock(&self.0.wire) = runner.stage.wire.entries().last().map_or(0, |entry| entry.number);
        let mut work = lock(&self.0.work);
        work.sum = Duration::ZERO;
        work.begun = work.begun.map(|_| Instant::now());
    }

    /// Returns the requests so far.
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
            writes: self.0.writes.as_ref().map(|writes| lock(writes).clone()).unwrap_or_default(),
        }
    }
}

async fn hand_on(State(counting): State<Arc<Counting>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let target = target.map(|target| target.replace("DynamoDB_20120810", "DynamoDB").replace('.', " "));
    // Operations of the bucket and the mail are given by method and path.
    let by_path = [("/aws/s3", "S3"), ("/aws/ses", "SES")].into_iter();
    let by_path = by_path
        .filter(|(path, _)| parts.uri.path().starts_with(path))
        .map(|(_, service)| format!("{service} {}", parts.method));
    if let Some(operation) = target.clone().or(by_path.last()) {
        *lock(&counting.aws).entry(operation).or_default() += 1;
    }
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    lock(&counting.work).begin();
    let answer = forward(&counting, &parts, body, target.as_deref().unwrap_or_default()).await;
    lock(&counting.work).end();
    match answer {
        Ok(answer) => answer,
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

async fn forward(
    counting: &Counting,
    parts: &Parts,
    request: Bytes,
    operation: &str,
) -> Result<Response, reqwest::Error> {
    let origin = format!("http://127.0.0.1:{}", counting.port);
    let (status, headers, body) = pass_on(&counting.http, &origin, parts, request.clone()).await?;
    // A failed transaction has another exception.
    if status == StatusCode::BAD_REQUEST && body.windows(REFUSED.len()).any(|part| part == REFUSED) {
        counting.refused.fetch_add(1, Ordering::Relaxed);
    }
    if let (Some(known), Some((what, units))) = (&counting.writes, writes::read(operation, &request, &body)) {
        let mut known = lock(known);
        let writes = known.entry(what).or_default();
        writes.requests += 1;
        writes.units += units;
    }
    Ok((status, headers, body).into_response())
}

/// Passes the request on to its destination.
pub(crate) async fn pass_on(
    http: &reqwest::Client,
    origin: &str,
    parts: &Parts,
    body: Bytes,
) -> Result<(StatusCode, HeaderMap, Bytes), reqwest::Error> {
    let mut headers = parts.headers.clone();
    headers.remove("host");
    let request = http.request(parts.method.clone(), format!("{origin}{}", parts.uri)).headers(headers);
    let answer = request.body(body).send().await?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove("transfer-encoding");
    Ok((status, headers, answer.bytes().await?))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
