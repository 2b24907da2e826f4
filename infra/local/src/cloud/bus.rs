//! EventBridge: receives facts in the SDK's wire format and keeps the last ones.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{lock, operation};
use handbell_sim::Stage;

/// The bus's name.
pub const NAME: &str = "handbell";
/// Number of facts that are kept.
const KEPT: usize = 500;
/// Limit of a request, as in EventBridge.
const MAX_BYTES: usize = 1024 * 1024;

/// A fact that was published on the bus.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// Time of the request.
    pub at: Timestamp,
    /// `handbell`.
    pub source: String,
    /// The detail type: `incident.opened` …
    pub kind: String,
    /// The details of the fact.
    pub detail: Value,
}

/// The bus. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    stage: Stage,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    facts: VecDeque<Fact>,
    failing: VecDeque<String>,
}

impl Bus {
    /// Creates a bus without facts.
    pub fn new(stage: Stage) -> Self {
        Self { stage, state: Arc::default() }
    }

    /// Returns the last facts, the oldest first.
    pub fn facts(&self) -> Vec<Fact> {
        lock(&self.state).facts.iter().cloned().collect()
    }

    /// Lets the next entries fail with this code (`InternalFailure`, `ThrottlingException` …), although the request
    /// succeeds.
    pub fn fail_next(&self, entries: usize, code: &str) {
        lock(&self.state).failing.extend(std::iter::repeat_n(code.to_owned(), entries));
    }

    /// Answers a request of the SDK.
    pub async fn handle(&self, headers: HeaderMap, body: Bytes) -> Response {
        let kind = [("content-type", "application/x-amz-json-1.1")];
        let refuse = |code: &str, message: &str| {
            let body = json!({"__type": code, "message": message});
            (StatusCode::BAD_REQUEST, kind, body.to_string()).into_response()
        };
        if operation(&headers, "AWSEvents") != "PutEvents" {
            return refuse("UnknownOperationException", "the laptop's bus knows only PutEvents");
        }
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let entries = request["Entries"].as_array().map_or(&[][..], Vec::as_slice);
        if !(1..=10).contains(&entries.len()) {
            return refuse(
                "ValidationException",
                "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and 10",
            );
        }
        if entries.iter().map(size).sum::<usize>() > MAX_BYTES {
            return refuse(
                "ValidationException",
                "Total size of the entries in the request is over the limit.",
            );
        }
        let answers: Vec<Value> = entries.iter().map(|entry| self.put(entry)).collect();
        let failed = answers.iter().filter(|answer| answer["ErrorCode"].is_string()).count();
        self.stage.touch();
        (kind, json!({"FailedEntryCount": failed, "Entries": answers}).to_string()).into_response()
    }

    fn put(&self, entry: &Value) -> Value {
        let mut state = lock(&self.state);
        if let Some(code) = state.failing.pop_front() {
            return json!({"ErrorCode": code, "ErrorMessage": "as told"});
        }
        let field = |name: &str| entry[name].as_str().filter(|text| !text.is_empty());
        let missing = |name: &str| json!({"ErrorCode": "InvalidArgument", "ErrorMessage": format!("Parameter {name} is not valid. Reason: {name} is a required argument.")});
        let Some(source) = field("Source") else { return missing("Source") };
        let Some(kind) = field("DetailType") else { return missing("DetailType") };
        let Some(detail) = field("Detail") else { return missing("Detail") };
        let Some(detail) = serde_json::from_str(detail).ok().filter(Value::is_object) else {
            return json!({"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."});
        };
        // Like AWS, accepts and discards entries for a bus that doesn't exist.
        if field("EventBusName").is_some_and(|bus| bus.rsplit('/').next() == Some(NAME)) {
            let fact =
                Fact { at: self.stage.clock.now(), source: source.to_owned(), kind: kind.to_owned(), detail };
            state.facts.push_back(fact);
            if state.facts.len() > KEPT {
                state.facts.pop_front();
            }
        }
        json!({"EventId": uuid::Uuid::new_v4().to_string()})
    }
}

/// Returns the size of an entry as AWS counts it: the time, if given, counts 14 bytes.
fn size(entry: &Value) -> usize {
    let time = if entry["Time"].is_null() { 0 } else { 14 };
    let text = |name: &str| entry[name].as_str().map_or(0, str::len);
    time + text("Source") + text("DetailType") + text("Detail")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, stage, target};
    use super::*;

    async fn put(bus: &Bus, entries: Value) -> (u16, Value) {
        let body = json!({"Entries": entries}).to_string();
        read(bus.handle(target("AWSEvents.PutEvents"), body.into()).await).await
    }

    fn entry(detail: &str) -> Value {
        json!({"EventBusName": "handbell", "Source": "handbell", "DetailType": "incident.opened", "Detail": detail})
    }

    #[tokio::test]
    async fn facts_are_kept_and_entries_fail_one_by_one() {
        let bus = Bus::new(stage());
        let (status, answer) =
            put(&bus, json!([entry(r#"{"n":1}"#), entry("no JSON"), {"Source": "x"}])).await;
        assert_eq!((status, &answer["FailedEntryCount"]), (200, &json!(2)));
        assert!(answer["Entries"][0]["EventId"].is_string());
        assert_eq!(answer["Entries"][1]["ErrorCode"], "MalformedDetail");
        assert_eq!(answer["Entries"][2]["ErrorCode"], "InvalidArgument");
        let facts = bus.facts();
        assert_eq!(
            (facts.len(), facts[0].kind.as_str(), &facts[0].detail),
            (1, "incident.opened", &json!({"n": 1}))
        );
    }

    #[tokio::test]
    async fn between_one_and_ten_entries() {
        let bus = Bus::new(stage());
        assert_eq!(put(&bus, json!([])).await.0, 400);
        assert_eq!(put(&bus, json!(vec![entry("{}"); 11])).await.0, 400);
        assert_eq!(put(&bus, json!(vec![entry("{}"); 10])).await.0, 200);
    }

    #[tokio::test]
    async fn told_to_fail() {
        let bus = Bus::new(stage());
        bus.fail_next(1, "ThrottlingException");
        let (_, answer) = put(&bus, json!([entry("{}"), entry("{}")])).await;
        assert_eq!(answer["Entries"][0]["ErrorCode"], "ThrottlingException");
        assert_eq!(bus.facts().len(), 1);
    }
}
