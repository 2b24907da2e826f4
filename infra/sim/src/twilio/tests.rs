//! Tests of the simulated Twilio behind a real port, with a Handbell that gives prepared answers.

mod calls;
mod machine;
mod media;
mod recordings;
mod texts;
mod wires;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Given;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::get;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Pairs, Twilio, signature};
use crate::trouble::{Trouble, TroubleKind};
use crate::{SimAccount, Stage};

const OURS: &str = "+12025550100";
const DANA: &str = "+12025550111";
const ELI: &str = "+12025550112";
const TOKEN: &str = "local-twilio-token";

fn account() -> String {
    format!("AC{}", "f".repeat(32))
}

/// A request to Handbell: path with query, fields, idempotency token.
type Told = (String, Pairs, String);

/// Status, content type and body.
type Answer = (u16, &'static str, String);

/// A Handbell that gives prepared answers, and refuses unsigned requests.
#[derive(Clone, Default)]
struct Handbell {
    told: Arc<Mutex<Vec<Told>>>,
    answers: Arc<Mutex<HashMap<String, Answer>>>,
    origin: Arc<Mutex<String>>,
}

async fn hear(
    Given(handbell): Given<Handbell>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let form: Pairs = serde_html_form::from_bytes(&body).unwrap_or_default();
    let url = format!("{}{uri}", handbell.origin.lock().expect("lock"));
    if signature::sign(TOKEN, &url, &form) != header("x-twilio-signature") {
        return (StatusCode::FORBIDDEN, [("content-type", "text/plain".to_owned())], "forged".to_owned());
    }
    let query: Pairs = serde_html_form::from_str(uri.query().unwrap_or_default()).unwrap_or_default();
    let fields = if form.is_empty() { query } else { form };
    handbell.told.lock().expect("lock").push((uri.to_string(), fields, header("i-twilio-idempotency-token")));
    let answer = handbell.answers.lock().expect("lock").get(uri.path()).cloned();
    let (status, kind, body) = answer.unwrap_or((200, "text/xml", "<Response/>".into()));
    (StatusCode::from_u16(status).expect("a status"), [("content-type", kind.to_owned())], body)
}

/// Files need no credentials, since Twilio fetches media without any.
async fn file(Given(handbell): Given<Handbell>, uri: Uri, headers: HeaderMap) -> impl IntoResponse {
    assert!(!headers.contains_key("authorization"), "Twilio has no password of ours");
    let answer = handbell.answers.lock().expect("lock").get(uri.path()).cloned();
    let (status, kind, body) = answer.unwrap_or((404, "text/plain", String::new()));
    (
        StatusCode::from_u16(status).expect("a status"),
        [("content-type", kind), ("location", "/files/a.png")],
        body,
    )
}

struct Scene {
    stage: Stage,
    twilio: Twilio,
    handbell: Handbell,
    http: reqwest::Client,
    origin: String,
}

fn client() -> reqwest::Client {
    handbell_boot::client().expect("a client")
}

async fn scene() -> Scene {
    scene_at(Duration::ZERO).await
}

async fn scene_at(pace: Duration) -> Scene {
    let http = client();
    let sim = SimAccount {
        webex_token: String::new(),
        bot: false,
        webex_secret: String::new(),
        twilio_account: account(),
        twilio_token: TOKEN.into(),
        own_numbers: vec![OURS.into()],
    };
    let stage = Stage::new(sim, pace, http.clone());
    let twilio = Twilio::new(stage.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    *stage.origin.write().expect("lock") = origin.clone();
    let handbell = Handbell::default();
    *handbell.origin.lock().expect("lock") = origin.clone();
    let ours = Router::new().route("/files/{name}", get(file)).fallback(hear).with_state(handbell.clone());
    let router = twilio.router().merge(ours);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Scene { stage, twilio, handbell, http, origin }
}

impl Scene {
    fn url(&self, path: &str) -> String {
        format!("{}/sim/twilio/2010-04-01/Accounts/{}/{path}", self.origin, account())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        read(self.http.get(self.url(path)).basic_auth(account(), Some(TOKEN))).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        read(self.http.post(self.url(path)).basic_auth(account(), Some(TOKEN)).form(form)).await
    }

    async fn delete(&self, path: &str) -> u16 {
        read(self.http.delete(self.url(path)).basic_auth(account(), Some(TOKEN))).await.0
    }

    /// Returns the status, the content type and the bytes of a URL at Twilio.
    async fn bytes(&self, url: &str) -> (u16, String, Bytes) {
        let answer = self.http.get(url).basic_auth(account(), Some(TOKEN)).send().await.expect("an answer");
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        (answer.status().as_u16(), kind, answer.bytes().await.expect("a body"))
    }

    async fn text(&self, more: &[(&str, &str)]) -> (u16, Value) {
        let mut form = vec![("To", DANA), ("From", OURS), ("Body", "Hall 4")];
        form.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        form.extend(more.iter().filter(|(_, value)| *value != "-"));
        self.post("Messages.json", &form).await
    }

    async fn call(&self, more: &[(&str, &str)]) -> String {
        let (url, status) =
            (format!("{}/twilio/voice", self.origin), format!("{}/twilio/voice/status", self.origin));
        let mut form = vec![("To", DANA), ("From", OURS), ("Url", &url), ("StatusCallback", &status)];
        form.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        form.extend(more);
        let (code, call) = self.post("Calls.json", &form).await;
        assert_eq!((code, &call["status"]), (201, &json!("queued")), "{call}");
        call["sid"].as_str().expect("a sid").to_owned()
    }

    async fn hands(&self, number: &str, act: &str, body: Value) -> (u16, Value) {
        read(self.http.post(format!("{}/sim/phones/{number}/{act}", self.origin)).json(&body)).await
    }

    async fn behave(&self, number: &str, body: Value) {
        let (status, _) =
            read(self.http.put(format!("{}/sim/phones/{number}", self.origin)).json(&body)).await;
        assert_eq!(status, 200);
    }

    fn answers(&self, path: &str, status: u16, kind: &'static str, body: &str) {
        self.handbell.answers.lock().expect("lock").insert(path.into(), (status, kind, body.into()));
    }

    fn says(&self, path: &str, twiml: &str) {
        self.answers(path, 200, "text/xml; charset=utf-8", twiml);
    }

    fn told(&self, path: &str) -> Vec<Pairs> {
        let told = self.handbell.told.lock().expect("lock");
        told.iter()
            .filter(|(uri, ..)| uri.split('?').next() == Some(path))
            .map(|(_, fields, _)| fields.clone())
            .collect()
    }

    /// Returns a field of all requests to Handbell at this path.
    fn told_of(&self, path: &str, name: &str) -> Vec<String> {
        self.told(path).iter().map(|fields| field(fields, name)).collect()
    }

    fn trouble(&self, kind: &str) {
        let trouble: Trouble =
            serde_json::from_value(json!({"vendor": "twilio", "kind": kind})).expect("a trouble");
        self.stage.troubles.make(trouble, self.stage.clock.now());
    }

    fn phone(&self, number: &str) -> Value {
        let view = self.twilio.view();
        view.as_array()
            .into_iter()
            .flatten()
            .find(|phone| phone["number"] == number)
            .cloned()
            .unwrap_or_default()
    }

    async fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        for _ in 0..1000 {
            if done() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what}: never came; {:#}", self.twilio.view());
    }
}

async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default())
}

fn field(fields: &Pairs, name: &str) -> String {
    fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

#[tokio::test]
async fn credentials() {
    let scene = scene().await;
    let ask = |user: String, password: &str| {
        scene.http.get(scene.url("Messages.json")).basic_auth(user, Some(password))
    };
    assert_eq!(read(ask(account(), TOKEN)).await.0, 200);
    assert_eq!(read(ask(format!("SK{}", "f".repeat(32)), TOKEN)).await.0, 200);
    let (status, error) = read(ask(account(), "wrong")).await;
    assert_eq!(status, 401);
    let expected = json!({"code": 20003, "message": "Authenticate", "more_info": "https://www.twilio.com/docs/errors/20003", "status": 401});
    assert_eq!(error, expected);
    assert_eq!(read(scene.http.get(scene.url("Messages.json"))).await.0, 401);
    let other = scene.url("Messages.json").replace("ACf", "ACe");
    assert_eq!(read(scene.http.get(other).basic_auth(account(), Some(TOKEN))).await.0, 401);
    assert_eq!(scene.get("Nothing.json").await.1["code"], 20404);
    let entries = scene.stage.wire.entries();
    let verdicts: Vec<_> = entries.iter().map(|entry| entry.verdict.as_str()).collect();
    assert_eq!(
        verdicts,
        ["basic auth", "basic auth", "wrong credentials", "no credentials", "basic auth", "basic auth"]
    );
    assert!(entries.iter().all(|entry| entry.headers.iter().all(|(name, _)| name != "authorization")));
}

#[tokio::test]
async fn what_is_refused() {
    let scene = scene().await;
    let long = "a".repeat(1601);
    for (fields, code) in [
        (vec![("To", "-")], 21604),
        (vec![("To", "0202555")], 21211),
        (vec![("From", "-")], 21603),
        (vec![("From", "+12025550199")], 21606),
        (vec![("Body", "-")], 21602),
        (vec![("Body", "")], 21602),
        (vec![("Body", long.as_str())], 21617),
        (vec![("StatusCallback", "/twilio/sms/status")], 21609),
        (vec![("StatusCallback", "https://my_host.example/s")], 21609),
        (vec![("MediaUrl", "name.png")], 21620),
        (vec![("From", "+15005550001")], 21212),
        (vec![("From", "+15005550007")], 21606),
        (vec![("From", "+15005550008")], 21611),
        (vec![("To", "+15005550001")], 21211),
        (vec![("To", "+15005550002")], 21612),
        (vec![("To", "+15005550003")], 21408),
        (vec![("To", "+15005550004")], 21610),
        (vec![("To", "+15005550009")], 21614),
    ] {
        let (status, error) = scene.text(&fields).await;
        assert_eq!((status, &error["code"]), (400, &json!(code)), "{fields:?}");
    }
    assert_eq!(scene.text(&[("From", "+15005550006")]).await.0, 201);
    let url = "https://a.example/voice";
    for (form, code) in [
        (vec![("From", OURS), ("Url", url)], 21201),
        (vec![("To", DANA), ("Url", url)], 21213),
        (vec![("To", DANA), ("From", OURS)], 21205),
        (vec![("To", DANA), ("From", OURS), ("Url", "nowhere")], 21205),
        (vec![("To", "dana"), ("From", OURS), ("Url", url)], 21211),
        (vec![("To", DANA), ("From", ELI), ("Url", url)], 21210),
        (vec![("To", "+15005550003"), ("From", OURS), ("Url", url)], 21215),
        (vec![("To", DANA), ("From", OURS), ("Url", url), ("StatusCallbackEvent", "never")], 21626),
    ] {
        let (status, error) = scene.post("Calls.json", &form).await;
        assert_eq!((status, &error["code"]), (400, &json!(code)), "{form:?}");
    }
    // Twilio reads only forms; a JSON body has no fields.
    let json = scene
        .http
        .post(scene.url("Messages.json"))
        .basic_auth(account(), Some(TOKEN))
        .json(&json!({"To": DANA}));
    assert_eq!(read(json).await.1["code"], 21604);
}

#[tokio::test]
async fn numbers_are_configured() {
    let scene = scene().await;
    let (_, list) = scene.get("IncomingPhoneNumbers.json?PhoneNumber=%2B12025550100").await;
    let number = &list["incoming_phone_numbers"][0];
    assert_eq!(number["sms_url"], format!("{}/twilio/sms", scene.origin));
    let path = format!("IncomingPhoneNumbers/{}.json", number["sid"].as_str().expect("a sid"));
    let (_, number) =
        scene.post(&path, &[("SmsUrl", &format!("{}/other", scene.origin)), ("SmsMethod", "GET")]).await;
    assert_eq!(number["sms_method"], "GET");
    scene.hands(DANA, "text", json!({"to": OURS, "body": "a b"})).await;
    assert_eq!(scene.told_of("/other", "Body"), ["a b"]);
    scene.post(&path, &[("SmsUrl", "")]).await;
    scene.hands(DANA, "text", json!({"to": OURS, "body": "c"})).await;
    assert_eq!(scene.told("/twilio/sms").len() + scene.told("/other").len(), 1);
    assert_eq!(scene.post(&path, &[("VoiceUrl", "nowhere")]).await.0, 400);
}

#[tokio::test]
async fn more_numbers_of_ours() {
    let scene = scene().await;
    let second = "+12025550101";
    assert_eq!(scene.hands(DANA, "text", json!({"to": second, "body": "x"})).await.0, 404);
    scene.twilio.own(second);
    scene.twilio.own(second);
    let (_, list) = scene.get("IncomingPhoneNumbers.json").await;
    assert_eq!(list["incoming_phone_numbers"].as_array().map(Vec::len), Some(2));
    let (of_first, of_second) = (&list["incoming_phone_numbers"][0], &list["incoming_phone_numbers"][1]);
    for hook in ["sms_url", "voice_url", "status_callback"] {
        assert_eq!(of_first[hook], of_second[hook], "{hook}");
    }
    scene.hands(DANA, "text", json!({"to": second, "body": "stop"})).await;
    assert_eq!(scene.told_of("/twilio/sms", "To"), [second]);
    // STOP applies to one number, not to the account.
    assert_eq!(scene.text(&[("From", second)]).await.1["code"], 21610);
    assert_eq!(scene.text(&[]).await.0, 201);
    scene.hands(DANA, "call", json!({"to": second})).await;
    assert_eq!(scene.told_of("/twilio/voice", "To"), [second]);
}
