//! Events that AWS passes to a function: a request of the HTTP API, a batch of the queue, a scheduled event.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handbell_local::cloud::queue::Message;
use handbell_sim::wire::WireEntry;
use serde_json::{Map, Value, json};

/// Creates a press with a unique id.
pub(crate) fn press(origin: &str, path: &str, number: u64) -> Value {
    let headers = [("idempotency-key".to_owned(), format!("bench-{number}"))];
    request(origin, "POST", &format!("{origin}{path}"), &headers, "")
}

/// Creates a request for the health check.
pub(crate) fn health(origin: &str) -> Value {
    request(origin, "GET", &format!("{origin}/health"), &[], "")
}

/// Creates a request without a body.
pub(crate) fn asked(origin: &str, method: &str, path: &str) -> Value {
    request(origin, method, &format!("{origin}{path}"), &[], "")
}

/// Repeats a vendor's request unchanged.
pub(crate) fn again(origin: &str, entry: &WireEntry) -> Value {
    request(origin, &entry.method, &entry.url, &entry.headers, &entry.body)
}

/// Creates a batch with one message of the queue.
pub(crate) fn batch(message: &Message) -> Value {
    json!({ "Records": [{
        "messageId": message.id, "receiptHandle": "bench", "body": message.body, "attributes": {}, "messageAttributes": {},
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:handbell-work", "awsRegion": "eu-west-1",
    }] })
}

/// Creates the schedule's event.
pub(crate) fn tick() -> Value {
    json!({ "version": "0", "detail-type": "Scheduled Event", "source": "aws.scheduler", "detail": "{}" })
}

fn request(origin: &str, method: &str, url: &str, headers: &[(String, String)], body: &str) -> Value {
    let rest = url.strip_prefix(origin).unwrap_or(url);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = origin.split("://").nth(1).unwrap_or_default();
    let mut all: Map<String, Value> =
        headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    all.insert("host".into(), json!(host));
    all.insert("x-forwarded-proto".into(), json!("http"));
    json!({
        "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": query, "headers": all,
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "domainName": host, "domainPrefix": "bench",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench" },
            "requestId": "bench", "routeKey": format!("{method} {path}"), "stage": "$default",
            "time": "01/Jan/2030:00:00:00 +0000", "timeEpoch": 1_893_456_000_000_u64,
        },
        // API Gateway passes forms in base64.
        "body": STANDARD.encode(body), "isBase64Encoded": true,
    })
}
