//! Tests of the event and of the response.

use super::super::invoke::Hands;
use super::super::tests::stage;
use super::*;
use std::collections::BTreeSet;
use std::sync::Mutex;

use super::super::lock;

type Seen = Arc<Mutex<Vec<(String, Value)>>>;

fn gateway(answer: Result<Value, String>) -> (Gateway, Seen, Stage) {
    let (stage, seen) = (stage(), Seen::default());
    *stage.origin.write().unwrap() = "http://127.0.0.1:8080".into();
    let eye = seen.clone();
    let hands = Hands::InProcess(Arc::new(move |function, event| {
        lock(&eye).push((function, event));
        let answer = answer.clone();
        Box::pin(async move { answer })
    }));
    let calls = Calls::new(hands, stage.clone());
    (Gateway::new(Arc::new(Template::embedded().unwrap()), stage.clone(), calls), seen, stage)
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Returns the status, the headers and the body of the response.
async fn ask(
    gateway: &Gateway,
    request: axum::http::request::Builder,
    body: impl Into<Body>,
) -> (u16, HeaderMap, String) {
    let response = gateway.handle(request.body(body.into()).unwrap()).await;
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (head.status.as_u16(), head.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn the_event_is_api_gateways() {
    let (gateway, seen, stage) = gateway(Ok(json!({"statusCode": 200})));
    let request = Request::get("/b/abc").header("User-Agent", "curl/7").header("Accept", "*/*");
    ask(&gateway, request, "").await;
    let request =
        Request::post("/b/abc?a=1&a=2&b=x%20y").header("Content-Type", "application/x-www-form-urlencoded");
    let request = request
        .header("X-Two", "1")
        .header("X-Two", "2")
        .header("Cookie", "c=1; d=2")
        .header("Authorization", "s");
    ask(&gateway, request, "x=1").await;
    let seen = lock(&seen).clone();
    let (function, event) = &seen[0];
    assert_eq!(function, "button-press");
    // The keys of AWS's example without an authorizer and a client certificate.
    let expected = "version routeKey rawPath rawQueryString headers requestContext isBase64Encoded pathParameters stageVariables";
    let variables = event["stageVariables"].is_object();
    let expected = expected.split(' ').filter(|key| variables || *key != "stageVariables").collect();
    assert_eq!(keys(event), expected);
    let context = "accountId apiId domainName domainPrefix http requestId routeKey stage time timeEpoch";
    assert_eq!(keys(&event["requestContext"]), context.split(' ').collect());
    assert_eq!(
        keys(&event["requestContext"]["http"]),
        "method path protocol sourceIp userAgent".split(' ').collect()
    );
    let headers = "accept content-length host user-agent x-amzn-trace-id x-forwarded-for x-forwarded-port x-forwarded-proto";
    assert_eq!(keys(&event["headers"]), headers.split(' ').collect());
    assert_eq!(event["routeKey"], "GET /b/{token}");
    let time = event["requestContext"]["time"].as_str().unwrap();
    assert_eq!((&time[2..3], &time[6..7], time.len()), ("/", "/", "21/Apr/2020:15:08:21 +0000".len()));

    let (_, event) = &seen[1];
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("eD0x"), &json!(true)),
        "forms come in base64"
    );
    assert_eq!(event["rawQueryString"], "a=1&a=2&b=x%20y");
    assert_eq!(event["queryStringParameters"], json!({"a": "1,2", "b": "x y"}));
    assert_eq!(event["pathParameters"], json!({"token": "abc"}));
    assert_eq!((&event["headers"]["x-two"], &event["cookies"]), (&json!("1,2"), &json!(["c=1", "d=2"])));
    let entry = stage.wire.entries().pop().unwrap();
    assert_eq!((entry.from.as_str(), entry.body.as_str()), ("caller", "x=1"));
    assert_eq!(entry.url, "http://127.0.0.1:8080/b/abc?a=1&a=2&b=x%20y");
    assert!(entry.headers.iter().all(|(name, _)| name != "authorization" && name != "cookie"));
}

#[tokio::test]
async fn text_stays_text() {
    let (gateway, seen, _) = gateway(Ok(json!({"statusCode": 200})));
    for (kind, plain) in [("application/json; charset=utf-8", true), ("text/xml", true), ("image/png", false)]
    {
        ask(&gateway, Request::put("/b/abc").header("content-type", kind), "{}").await;
        let (_, event) = lock(&seen).pop().unwrap();
        assert_eq!(
            (&event["isBase64Encoded"], &event["body"]),
            (&json!(!plain), &json!(if plain { "{}" } else { "e30=" }))
        );
    }
}

#[tokio::test]
async fn the_answer_goes_back() {
    let (gateway, _, _) =
        gateway(Ok(json!({"statusCode": 201, "headers": {"X-A": "b", "content-type": "text/xml"},
        "cookies": ["a=1", "b=2"], "body": "aGk=", "isBase64Encoded": true})));
    let (status, headers, body) = ask(&gateway, Request::get("/health"), "").await;
    assert_eq!(
        (status, &headers["x-a"], &headers["content-type"], body.as_str()),
        (201, &"b".parse().unwrap(), &"text/xml".parse().unwrap(), "hi")
    );
    assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
    let (gateway, _, _) = self::gateway(Ok(json!({"plain": true})));
    assert_eq!(ask(&gateway, Request::get("/health"), "").await.2, r#"{"plain":true}"#);
}

#[tokio::test]
async fn what_api_gateway_says_by_itself() {
    let (gateway, seen, stage) = gateway(Err("boom".into()));
    assert_eq!(ask(&gateway, Request::get("/nowhere"), "").await.2, r#"{"message":"Not Found"}"#);
    assert_eq!(ask(&gateway, Request::delete("/b/abc"), "").await.0, 404);
    let (status, _, body) = ask(&gateway, Request::get("/health"), "").await;
    assert_eq!((status, body.as_str()), (500, r#"{"message":"Internal Server Error"}"#));
    assert_eq!(ask(&gateway, Request::post("/webex"), vec![b'x'; MAX_BODY + 1]).await.0, 413);
    assert_eq!(lock(&seen).len(), 1);
    assert_eq!(stage.wire.entries().len(), 4);
}

#[tokio::test]
async fn the_stand_ins_write_down_what_they_sign() {
    let (gateway, _, stage) = gateway(Ok(json!({"statusCode": 204})));
    ask(&gateway, Request::post("/twilio/sms/status").header("X-Twilio-Signature", "x"), "a=b").await;
    assert_eq!(stage.wire.entries().len(), 0);
    let (gateway, _, stage) = self::gateway(Ok(json!({"statusCode": 403})));
    ask(&gateway, Request::post("/twilio/sms/status").header("X-Twilio-Signature", "forged"), "a=b").await;
    assert_eq!(stage.wire.entries()[0].verdict, "refused");
}
