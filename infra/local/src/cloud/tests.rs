//! Tests of the whole cloud, and helpers for the tests of its parts.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Response;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::invoke::Hands;
use super::*;
use handbell_sim::SimAccount;

pub(super) fn http() -> reqwest::Client {
    handbell_boot::client().unwrap()
}

pub(super) fn stage() -> Stage {
    let account = SimAccount {
        webex_token: "w".into(),
        bot: false,
        webex_secret: "s".into(),
        twilio_account: "AC".into(),
        twilio_token: "t".into(),
        own_numbers: Vec::new(),
    };
    Stage::new(account, Duration::ZERO, http())
}

pub(super) async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

pub(super) fn target(name: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(axum::http::HeaderName::from_static("x-amz-target"), name.parse().unwrap())])
}

async fn cloud(automatic: bool, hands: Hands) -> (Cloud, Stage, String) {
    let stage = stage();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    *stage.origin.write().unwrap() = origin.clone();
    let clock_file = std::env::temp_dir().join(format!("handbell-clock-{}", uuid::Uuid::new_v4()));
    let options = CloudOptions { stage: stage.clone(), hands, data: None, clock_file, automatic };
    let cloud = Cloud::start(options).await.unwrap();
    let router = cloud.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (cloud, stage, origin)
}

async fn post(url: &str, target: &str, body: Value) -> (u16, Value) {
    let request =
        http().post(url).header("x-amz-target", target).header("content-type", "application/x-amz-json-1.0");
    let request = request.header("authorization", AUTHORIZATION).header("x-amz-date", "20260101T000000Z");
    let answer = request.body(body.to_string()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

pub(super) const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00";

#[tokio::test]
async fn everything_is_reached_at_one_address() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = heard.clone();
    let hands = Hands::InProcess(Arc::new(move |function, event| {
        lock(&ear).push((function, event["Records"][0]["body"].clone()));
        Box::pin(async { Ok(json!({"statusCode": 200, "body": "OK 1"})) })
    }));
    let (cloud, stage, origin) = cloud(true, hands).await;
    let env: std::collections::HashMap<_, _> = cloud.env().into_iter().collect();

    let put = json!({"TableName": env["HANDBELL_TABLE"], "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}});
    assert_eq!(post(&env["AWS_ENDPOINT_URL_DYNAMODB"], "DynamoDB_20120810.PutItem", put).await.0, 200);
    let facts = json!({"Entries": [{"EventBusName": env["HANDBELL_BUS"], "Source": "handbell", "DetailType": "x", "Detail": "{}"}]});
    let events = format!("{}/", env["AWS_ENDPOINT_URL_EVENTBRIDGE"]);
    assert_eq!(post(&events, "AWSEvents.PutEvents", facts).await.0, 200);
    assert_eq!(cloud.bus().facts().len(), 1);

    let send = json!({"QueueUrl": env["HANDBELL_QUEUE_URL"], "MessageBody": "later", "DelaySeconds": 300});
    assert_eq!(
        post(&format!("{}/", env["AWS_ENDPOINT_URL_SQS"]), "AmazonSQS.SendMessage", send).await.0,
        200
    );
    assert_eq!(cloud.queue().depth().delayed, 1);
    cloud.advance(SignedDuration::from_mins(5)).unwrap();
    let ahead = std::fs::read_to_string(&env["HANDBELL_CLOCK_FILE"]).unwrap();
    assert_eq!(ahead, "300000");
    for _ in 0..200 {
        if cloud.is_quiet() && cloud.queue().depth() == queue::Depth::default() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let delivered = ("deliver".to_owned(), json!("later"));
    assert!(lock(&heard).contains(&delivered));
    assert!(lock(&heard).iter().filter(|(function, _)| function == "tick").count() >= 5);

    let pressed = http().post(format!("{origin}/b/some-token")).send().await.unwrap();
    assert_eq!((pressed.status().as_u16(), pressed.text().await.unwrap().as_str()), (200, "OK 1"));
    assert_eq!(stage.wire.entries().last().unwrap().url, format!("{origin}/b/some-token"));
    assert_eq!(http().get(format!("{origin}/nowhere")).send().await.unwrap().status(), 404);
    std::fs::remove_file(&env["HANDBELL_CLOCK_FILE"]).unwrap();
}

#[tokio::test]
async fn by_hand_nothing_happens_by_itself() {
    let hands = Hands::InProcess(Arc::new(|_, _| Box::pin(async { Ok(Value::Null) })));
    let (cloud, _, _) = cloud(false, hands).await;
    cloud.queue().send("x", SignedDuration::ZERO);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!cloud.is_quiet());
    assert_eq!((cloud.deliver_due().await, cloud.queue().depth()), (1, queue::Depth::default()));
    cloud.advance(SignedDuration::from_mins(2)).unwrap();
    assert!(cloud.tick_due().await >= 2);
    assert!(cloud.is_quiet());
}
