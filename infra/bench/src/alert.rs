//! What a press and a whole alert ask of AWS and of the vendors, request by request.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use handbell::cloud::table::Units;
use handbell::runner::Runner;
use handbell_boot::Error;
use jiff::SignedDuration;

use crate::measure::{listen_to_webex, press, settle, start};
use crate::progress;

/// How long the stand-in phones take for each step: as on a laptop.
const PACE: Duration = Duration::from_millis(600);
/// After this every incident of the demo is over.
const NEXT_DAY: SignedDuration = SignedDuration::from_hours(24);
/// How DynamoDB names a write whose condition failed.
const REFUSED: &[u8] = b"ConditionalCheckFailedException";

/// What was asked during one part of an alert.
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
}

/// Two presses with all that follows, twice: the first alert ever makes its space, every later one finds it.
pub(crate) async fn measure(release: &Path, config: &Path) -> Result<Vec<Bill>, Error> {
    let counter = Counter::start().await?;
    let overrides = ["DYNAMODB", "SQS", "EVENTBRIDGE"].map(|service| {
        (format!("AWS_ENDPOINT_URL_{service}"), format!("{}/aws/{}", counter.0.address, place(service)))
    });
    let runner = start(release, config, overrides.into(), PACE).await?;
    let http = handbell_boot::client()?;
    counter.0.origin.get_or_init(|| format!("http://{}", runner.address));
    listen_to_webex(&runner, &http).await?;
    let mut bills = Vec::new();
    for (round, whole) in [
        "The first alert ever: two presses and all that follows",
        "A later alert: two presses and all that follows",
    ]
    .into_iter()
    .enumerate()
    {
        progress(if round == 0 {
            "counts what an alert asks of AWS"
        } else {
            "and what the next day's asks"
        });
        // Whatever starts now has no part in the alert.
        warm(&runner, &http).await?;
        counter.forget(&runner);
        let mut presses = Vec::new();
        for number in ["first", "second"] {
            let before = counter.bill("", &runner);
            press(&runner, &http, &format!("alert-{round}-{number}")).await?;
            let what =
                if number == "first" { "The press that opens it, alone" } else { "The second press, alone" };
            presses.push(counter.bill(what, &runner).since(&before));
            settle(&runner).await;
        }
        let whole = counter.bill(whole, &runner);
        if round == 1 {
            bills.extend(presses);
        }
        bills.push(whole);
        runner.cloud.advance(NEXT_DAY)?;
    }
    Ok(bills)
}

/// Calls each function's process once, so that its own start isn't counted.
async fn warm(runner: &Runner, http: &reqwest::Client) -> Result<(), Error> {
    for path in ["/b/nobody-has-this-token-on-any-laptop", "/twilio/sms/status", "/webex"] {
        http.post(format!("http://{}{path}", runner.address)).send().await?;
    }
    // A batch without messages.
    runner.cloud.calls().call("deliver", serde_json::json!({ "Records": [] })).await?;
    Ok(())
}

fn place(service: &str) -> &'static str {
    match service {
        "DYNAMODB" => "dynamodb",
        "SQS" => "sqs",
        _ => "events",
    }
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

    fn since(mut self, before: &Self) -> Self {
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
        self.aws.retain(|_, count| *count > 0);
        self.vendors.retain(|_, count| *count > 0);
        self.units.retain(|_, units| units.calls > 0);
        self
    }
}

/// Stands before AWS's endpoints, counts, and hands on.
struct Counter(Arc<Counting>);

struct Counting {
    address: String,
    origin: OnceLock<String>,
    http: reqwest::Client,
    aws: Mutex<BTreeMap<String, u64>>,
    refused: AtomicU64,
    wire: Mutex<u64>,
}

impl Counter {
    async fn start() -> Result<Self, Error> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let counting = Arc::new(Counting {
            address: format!("http://{}", listener.local_addr()?),
            origin: OnceLock::new(),
            http: handbell_boot::client()?,
            aws: Mutex::default(),
            refused: AtomicU64::new(0),
            wire: Mutex::default(),
        });
        let router = Router::new().fallback(hand_on).with_state(Arc::clone(&counting));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self(counting))
    }

    fn forget(&self, runner: &Runner) {
        lock(&self.0.aws).clear();
        self.0.refused.store(0, Ordering::Relaxed);
        runner.cloud.table().forget_units();
        *lock(&self.0.wire) = runner.stage.wire.entries().last().map_or(0, |entry| entry.number);
    }

    fn bill(&self, what: &'static str, runner: &Runner) -> Bill {
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
        }
    }
}

async fn hand_on(State(counting): State<Arc<Counting>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target =
        parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    *lock(&counting.aws)
        .entry(target.replace("DynamoDB_20120810", "DynamoDB").replace('.', " "))
        .or_default() += 1;
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    match forward(&counting, &parts, body).await {
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
