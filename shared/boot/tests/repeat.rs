//! A run is reproducible: the same seed, clock and requests give the same ids.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use handbell_boot::{Environment, Function, Ids, Invocation};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Starts an AWS that grants no lease and has no rows, and records the body of every request.
async fn aws() -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut request = Vec::new();
                let body = loop {
                    let mut piece = [0; 16 * 1024];
                    let length = stream.read(&mut piece).await.unwrap_or(0);
                    request.extend_from_slice(&piece[..length]);
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let body =
                        text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
                    if length == 0 || body.is_some() {
                        break body;
                    }
                };
                kept.lock().unwrap().extend(body);
                let fault =
                    r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}"#;
                let answer = format!(
                    "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{fault}",
                    fault.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (origin, asked)
}

fn secrets() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("repeat-secrets.json");
    std::fs::write(&path, json!({ "contact-form": "a secret of more than 32 characters" }).to_string())
        .unwrap();
    path
}

/// Returns the traces of a run: its requests to the table, and the page that it returned.
async fn run(seed: u64) -> (Vec<Value>, Value) {
    let (origin, asked) = aws().await;
    let secrets = secrets();
    let environment = Environment::from(|name| match name {
        "AWS_ENDPOINT_URL" => Some(origin.clone()),
        "HANDBELL_CONFIG" => {
            Some(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/green-power/handbell.yaml").to_owned())
        }
        "HANDBELL_SECRETS" => Some(format!("file:{}", secrets.display())),
        "AWS_REGION" => Some("eu-west-1".into()),
        "HANDBELL_CLOCK_FILE" => None,
        name if name.starts_with("AWS_ENDPOINT_URL") => None,
        name => Some(format!("x-{name}")),
    });
    let clock = Arc::new(|| "2026-11-28T14:12:00Z".parse().unwrap());
    let handlers = handbell_boot::handlers(&environment.unwrap(), clock, Ids::seeded(seed)).unwrap();
    let call = async |function, payload: Value| {
        let payload = payload.to_string();
        let call = Invocation { deployed: "x", payload: &payload, left: SignedDuration::from_secs(60) };
        handlers.handle(function, call).await.unwrap()
    };
    let item = json!({ "dispatch": { "subject": "button:green", "epoch": 1, "number": 1 } }).to_string();
    call(Function::Deliver, json!({ "Records": [{ "messageId": "1", "body": item }] })).await;
    call(Function::CmxPoll, json!({})).await;
    let page = json!({
        "version": "2.0", "routeKey": "GET /contact/{line}", "rawPath": "/contact/support", "rawQueryString": "",
        "headers": {}, "isBase64Encoded": false,
        "requestContext": {
            "http": { "method": "GET", "path": "/contact/support", "sourceIp": "192.0.2.1" },
            "timeEpoch": 0,
        },
    });
    let page = call(Function::Contact, page).await;
    assert_eq!(page["statusCode"], 200, "{page}");
    let asked = asked.lock().unwrap().clone();
    (asked, page)
}

/// Returns the owners that the requests write.
fn owners(asked: &[Value]) -> Vec<&str> {
    asked.iter().filter_map(|body| body["ExpressionAttributeValues"][":owner"]["S"].as_str()).collect()
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids() {
    let (first, again, other) = (run(7).await, run(7).await, run(8).await);
    assert_eq!(owners(&first.0).len(), 2, "a dispatch and the poll are claimed: {:?}", first.0);
    assert_eq!(first, again);
    assert_ne!(owners(&first.0), owners(&other.0));
    assert_ne!(first.1["body"], other.1["body"], "the page has a nonce and a token");
}
