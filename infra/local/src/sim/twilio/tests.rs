//! The stand-in behind a real port, with a Handbell that says what it is told to say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Given;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Pairs, Twilio, signature};
use crate::sim::trouble::{Trouble, TroubleKind};
use crate::sim::{SimAccount, Stage};

const OURS: &str = "+12025550100";
const DANA: &str = "+12025550111";
const ELI: &str = "+12025550112";
const TOKEN: &str = "local-twilio-token";

fn account() -> String {
    format!("AC{}", "f".repeat(32))
}

/// What Handbell was told: path with query, fields, idempotency token.
type Told = (String, Pairs, String);

/// Status, content type and body.
type Answer = (u16, &'static str, String);

/// A Handbell that answers as it is told and refuses what isn't signed.
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
    let router = twilio.router().merge(Router::new().fallback(hear).with_state(handbell.clone()));
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

    /// One field of everything that Handbell was told there.
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
async fn a_text_is_delivered_and_every_step_told() {
    let scene = scene().await;
    let status = format!("{}/twilio/sms/status#rc=2&rp=all", scene.origin);
    let (code, message) = scene.text(&[("StatusCallback", &status), ("Body", "Hall 4 & \"5\" é")]).await;
    assert_eq!(code, 201);
    assert_eq!((&message["status"], &message["num_segments"]), (&json!("queued"), &json!("1")));
    let sid = message["sid"].as_str().expect("a sid");
    assert!(sid.starts_with("SM") && sid.len() == 34);
    scene.until("delivered", || scene.told("/twilio/sms/status").len() == 3).await;
    assert_eq!(scene.told_of("/twilio/sms/status", "MessageStatus"), ["queued", "sent", "delivered"]);
    assert!(scene.told_of("/twilio/sms/status", "MessageSid").iter().all(|told| told == sid));
    let (_, fetched) = scene.get(&format!("Messages/{sid}.json")).await;
    assert_eq!((&fetched["status"], &fetched["error_code"]), (&json!("delivered"), &Value::Null));
    assert!(fetched["date_sent"].as_str().is_some_and(|date| date.ends_with(" +0000")));
    assert_eq!(scene.phone(DANA)["texts"][0]["status"], "delivered");
    let wire = scene.stage.wire.entries();
    let told: Vec<_> = wire.iter().filter(|entry| entry.from == "twilio").collect();
    assert!(
        told.iter().all(|entry| entry.verdict == "signed" && entry.status == 200 && !entry.url.contains('#'))
    );
}

#[tokio::test]
async fn a_phone_that_is_off_or_refused() {
    let scene = scene().await;
    let status = format!("{}/twilio/sms/status", scene.origin);
    scene.behave(DANA, json!({"behaviour": "off"})).await;
    scene.text(&[("StatusCallback", &status)]).await;
    scene.until("undelivered", || scene.told("/twilio/sms/status").len() == 3).await;
    let last = scene.told("/twilio/sms/status").pop().unwrap_or_default();
    assert_eq!(
        (field(&last, "MessageStatus"), field(&last, "ErrorCode")),
        ("undelivered".into(), "30003".into())
    );
    assert_eq!(scene.phone(DANA)["texts"][0]["error_code"], 30003);

    scene.behave(DANA, json!({"behaviour": "refuse", "code": 21614})).await;
    let (code, error) = scene.text(&[]).await;
    assert_eq!((code, &error["code"]), (400, &json!(21614)));
    assert_eq!(scene.phone(DANA)["texts"].as_array().map(Vec::len), Some(1));
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
    // Twilio reads forms; a JSON body has no field at all.
    let json = scene
        .http
        .post(scene.url("Messages.json"))
        .basic_auth(account(), Some(TOKEN))
        .json(&json!({"To": DANA}));
    assert_eq!(read(json).await.1["code"], 21604);
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let scene = scene().await;
    for body in ["1", "2", "3"] {
        scene.text(&[("Body", body)]).await;
    }
    scene.text(&[("Body", "4"), ("To", ELI)]).await;
    let bodies = |page: &Value| -> Vec<String> {
        let messages = page["messages"].as_array().into_iter().flatten();
        messages.map(|message| message["body"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let (_, page) = scene.get("Messages.json?To=%2B12025550111&PageSize=2").await;
    assert_eq!(bodies(&page), ["3", "2"]);
    assert_eq!(
        (&page["page"], &page["page_size"], &page["start"], &page["end"]),
        (&json!(0), &json!(2), &json!(0), &json!(1))
    );
    assert_eq!(page["previous_page_uri"], Value::Null);
    // What comes in between doesn't move the pages.
    scene.text(&[("Body", "5")]).await;
    let next = format!("{}/sim/twilio{}", scene.origin, page["next_page_uri"].as_str().expect("a next page"));
    let (_, page) = read(scene.http.get(next).basic_auth(account(), Some(TOKEN))).await;
    assert_eq!((bodies(&page), &page["next_page_uri"]), (vec!["1".to_owned()], &Value::Null));
    let today = scene.stage.clock.now().strftime("%Y-%m-%d").to_string();
    assert_eq!(bodies(&scene.get(&format!("Messages.json?DateSent={today}")).await.1).len(), 5);
    assert_eq!(bodies(&scene.get(&format!("Messages.json?DateSent={today}T00:00:00Z")).await.1).len(), 5);
    assert_eq!(bodies(&scene.get("Messages.json?DateSent=2020-01-01").await.1).len(), 0);
    assert_eq!(bodies(&scene.get("Messages.json?DateSent%3E=2020-01-01T00:00:00Z").await.1).len(), 5);
    assert_eq!(bodies(&scene.get("Messages.json?DateSent%3C=2020-01-01T00:00:00Z").await.1).len(), 0);
    assert_eq!(
        bodies(&scene.get(&format!("Messages.json?From={}", DANA.replace('+', "%2B"))).await.1).len(),
        0
    );
}

#[tokio::test]
async fn texts_are_redacted_and_deleted_once_they_are_done() {
    let scene = scene_at(Duration::from_millis(150)).await;
    let (_, message) = scene.text(&[]).await;
    let path = format!("Messages/{}.json", message["sid"].as_str().expect("a sid"));
    let delete = || scene.http.delete(scene.url(&path)).basic_auth(account(), Some(TOKEN));
    assert_eq!(read(delete()).await.1["code"], 20009);
    assert_eq!(scene.post(&path, &[("Status", "canceled")]).await.1["code"], 30409);
    scene.until("delivered", || scene.phone(DANA)["texts"][0]["status"] == "delivered").await;
    assert_eq!(scene.post(&path, &[("Body", "")]).await.1["body"], "");
    assert_eq!(read(delete()).await.0, 204);
    assert_eq!(scene.get(&path).await.0, 404);
}

#[tokio::test]
async fn pictures_are_fetched_or_the_text_fails() {
    let scene = scene().await;
    // Handbell refuses what isn't signed, and a file's URL isn't.
    let (_, message) = scene.text(&[("MediaUrl", &format!("{}/f.pdf", scene.origin))]).await;
    assert!(message["sid"].as_str().is_some_and(|sid| sid.starts_with("MM")));
    scene.until("failed", || scene.phone(DANA)["texts"][0]["status"] == "failed").await;
    assert_eq!(scene.phone(DANA)["texts"][0]["error_code"], 11200);

    let (_, done) = scene.hands(ELI, "text", json!({"to": OURS, "body": "look", "media": ["a.png"]})).await;
    assert_eq!(done["error"], Value::Null);
    let told = scene.told("/twilio/sms").pop().unwrap_or_default();
    assert_eq!(
        (field(&told, "NumMedia"), field(&told, "MediaContentType0")),
        ("1".into(), "image/png".into())
    );
    let picture = scene.http.get(field(&told, "MediaUrl0")).send().await.expect("an answer");
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert!(picture.bytes().await.expect("a body").starts_with(b"\x89PNG"));
    let (_, list) =
        scene.get(&format!("Messages/{}/Media.json", done["text"]["sid"].as_str().expect("a sid"))).await;
    assert_eq!(list["media_list"][0]["content_type"], "image/png");
    // What Handbell got can be sent on.
    scene.text(&[("MediaUrl", &field(&told, "MediaUrl0"))]).await;
    scene.until("delivered", || scene.phone(DANA)["texts"][1]["status"] == "delivered").await;
}

#[tokio::test]
async fn a_person_writes_and_is_answered() {
    let scene = scene().await;
    scene.says("/twilio/sms", "<Response><Message>Got it</Message></Response>");
    let (code, done) = scene.hands(DANA, "text", json!({"to": OURS, "body": "on my way"})).await;
    assert_eq!((code, &done["error"]), (200, &Value::Null));
    let told = scene.told("/twilio/sms").pop().unwrap_or_default();
    assert_eq!((field(&told, "From"), field(&told, "Body")), (DANA.into(), "on my way".into()));
    assert_eq!(field(&told, "SmsStatus"), "received");
    scene.until("the answer", || scene.phone(DANA)["texts"][1]["status"] == "delivered").await;
    assert_eq!(scene.phone(DANA)["texts"][1]["body"], "Got it");
    let (_, list) = scene.get("Messages.json").await;
    assert_eq!(
        (&list["messages"][0]["direction"], &list["messages"][1]["direction"]),
        (&json!("outbound-reply"), &json!("inbound"))
    );

    scene.answers("/twilio/sms", 200, "application/json", "{}");
    assert_eq!(scene.hands(DANA, "text", json!({"to": OURS, "body": "x"})).await.1["error"], 12300);
    scene.says("/twilio/sms", "<Response>");
    assert_eq!(scene.hands(DANA, "text", json!({"to": OURS, "body": "x"})).await.1["error"], 12100);
    scene.answers("/twilio/sms", 500, "text/plain", "");
    assert_eq!(scene.hands(DANA, "text", json!({"to": OURS, "body": "x"})).await.1["error"], 11200);
    assert_eq!(scene.hands(DANA, "text", json!({"to": ELI, "body": "x"})).await.0, 404);
}

#[tokio::test]
async fn stop_and_start() {
    let scene = scene().await;
    scene.says("/twilio/sms", "<Response><Message>Never said</Message></Response>");
    scene.hands(DANA, "text", json!({"to": OURS, "body": " stop "})).await;
    assert_eq!(scene.told_of("/twilio/sms", "OptOutType"), ["STOP"]);
    assert_eq!(scene.text(&[]).await.1["code"], 21610);
    assert_eq!(scene.text(&[("To", ELI)]).await.0, 201);
    let texts = scene.phone(DANA)["texts"].as_array().cloned().unwrap_or_default();
    assert_eq!(texts.len(), 2, "Twilio's own answer and nothing else: {texts:?}");
    scene.says("/twilio/sms", "<Response/>");
    scene.hands(DANA, "text", json!({"to": OURS, "body": "START"})).await;
    assert_eq!(scene.text(&[]).await.0, 201);
}

#[tokio::test]
async fn two_machines_that_answer_each_other_are_stopped() {
    let scene = scene().await;
    scene.says("/twilio/sms", "<Response><Message>again</Message></Response>");
    for _ in 0..16 {
        scene.hands(DANA, "text", json!({"to": OURS, "body": "again"})).await;
    }
    let texts = scene.phone(DANA)["texts"].as_array().cloned().unwrap_or_default();
    assert_eq!(texts.iter().filter(|text| text["error_code"] == 14107).count(), 1);
}

#[tokio::test]
async fn a_call_is_answered_and_a_key_pressed() {
    let scene = scene().await;
    scene.says(
        "/twilio/voice",
        "<Response><Gather numDigits=\"1\" timeout=\"60\" action=\"/twilio/voice/key?i=1&amp;s=2\"><Say>Fire. Press 1.</Say></Gather><Say>Bye</Say></Response>",
    );
    scene.says("/twilio/voice/key", "<Response><Say>Thank you</Say><Hangup/></Response>");
    let events =
        ["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event));
    let sid = scene.call(&events).await;
    let (code, answered) = scene.hands(DANA, "answer", json!({})).await;
    assert_eq!(code, 200, "{answered}");
    assert_eq!(answered["call"]["heard"], json!(["Fire. Press 1."]));
    assert_eq!(scene.phone(DANA)["call"]["gather"], true);
    let asked = scene.told("/twilio/voice").pop().unwrap_or_default();
    assert_eq!(
        (field(&asked, "CallStatus"), field(&asked, "Direction")),
        ("in-progress".into(), "outbound-api".into())
    );
    assert_eq!(field(&asked, "CallSid"), sid);
    scene.stage.clock.advance(SignedDuration::from_secs(9));
    let (_, pressed) = scene.hands(DANA, "keys", json!({"digits": "1"})).await;
    assert_eq!(pressed["call"]["heard"], json!(["Fire. Press 1.", "Thank you"]));
    assert_eq!(pressed["call"]["status"], "completed");
    assert_eq!(scene.told_of("/twilio/voice/key", "Digits"), ["1"]);
    scene.until("told", || scene.told("/twilio/voice/status").len() == 4).await;
    let told = scene.told("/twilio/voice/status");
    assert_eq!(
        scene.told_of("/twilio/voice/status", "CallStatus"),
        ["initiated", "ringing", "in-progress", "completed"]
    );
    assert_eq!(scene.told_of("/twilio/voice/status", "SequenceNumber"), ["0", "1", "2", "3"]);
    assert!(told.iter().all(|fields| field(fields, "CallbackSource") == "call-progress-events"));
    let seconds: i64 = field(&told[3], "CallDuration").parse().expect("seconds");
    assert!((9..20).contains(&seconds), "{seconds}");
    assert_eq!(scene.phone(DANA)["call"], Value::Null);
    let (_, call) = scene.get(&format!("Calls/{sid}.json")).await;
    assert_eq!((&call["status"], &call["duration"]), (&json!("completed"), &json!(seconds.to_string())));
    assert_eq!(scene.hands(DANA, "keys", json!({"digits": "1"})).await.0, 409);
}

#[tokio::test]
async fn nobody_presses() {
    let scene = scene().await;
    scene.says(
        "/twilio/voice",
        "<Response><Gather numDigits=\"2\" timeout=\"30\"><Say>Menu</Say></Gather><Say>Nothing</Say><Redirect>voice/again?n=1</Redirect></Response>",
    );
    scene.says("/twilio/voice/again", "<Response><Pause length=\"3\"/><Say loop=\"2\">Bye</Say></Response>");
    scene.call(&[]).await;
    scene.hands(DANA, "answer", json!({})).await;
    // The key that ends the input, without any before it, is no input.
    assert_eq!(scene.hands(DANA, "keys", json!({"digits": "#"})).await.0, 200);
    scene.until("the end", || scene.phone(DANA)["calls"][0]["status"] == "completed").await;
    assert_eq!(scene.phone(DANA)["calls"][0]["heard"], json!(["Menu", "Nothing", "Bye", "Bye"]));

    scene.call(&[]).await;
    scene.hands(DANA, "answer", json!({})).await;
    // One key of two doesn't end it, and gives time again.
    scene.hands(DANA, "keys", json!({"digits": "7"})).await;
    assert_eq!(scene.phone(DANA)["call"]["gather"], true);
    scene.says("/twilio/voice", "<Response><Say>Seven</Say></Response>");
    scene.stage.clock.advance(SignedDuration::from_secs(31));
    scene.until("the end", || scene.phone(DANA)["calls"][1]["status"] == "completed").await;
    // Without an action, what was pressed goes back to where the document came from.
    assert_eq!(scene.told_of("/twilio/voice", "Digits").last().map(String::as_str), Some("7"));
    assert_eq!(scene.phone(DANA)["calls"][1]["heard"], json!(["Menu", "Seven"]));
}

#[tokio::test]
async fn calls_that_nobody_answers() {
    let scene = scene().await;
    let ends = |number: usize, status: &'static str| {
        let scene = &scene;
        async move {
            scene.until(status, || scene.phone(DANA)["calls"][number]["status"] == status).await;
            scene.until("told", || scene.told("/twilio/voice/status").len() == number + 1).await;
            assert_eq!(
                scene.told_of("/twilio/voice/status", "CallStatus").last().map(String::as_str),
                Some(status)
            );
        }
    };
    scene.behave(DANA, json!({"behaviour": "busy"})).await;
    scene.call(&[]).await;
    ends(0, "busy").await;
    scene.behave(DANA, json!({"behaviour": "no-answer"})).await;
    scene.call(&[]).await;
    ends(1, "no-answer").await;
    scene.behave(DANA, json!({"behaviour": "ok"})).await;
    let ringing = || scene.phone(DANA)["call"]["status"] == "ringing";
    scene.call(&[("Timeout", "15")]).await;
    scene.until("ringing", ringing).await;
    scene.stage.clock.advance(SignedDuration::from_secs(16));
    ends(2, "no-answer").await;
    let sid = scene.call(&[]).await;
    scene.until("ringing", ringing).await;
    let path = format!("Calls/{sid}.json");
    assert_eq!(scene.post(&path, &[("Twiml", "<Response/>")]).await.1["code"], 21220);
    assert_eq!(scene.post(&path, &[("Status", "canceled")]).await.1["status"], "canceled");
    ends(3, "canceled").await;
    assert_eq!(scene.post(&path, &[("Status", "completed")]).await.1["code"], 21220);
    scene.call(&[]).await;
    scene.until("ringing", ringing).await;
    scene.hands(DANA, "hangup", json!({})).await;
    ends(4, "busy").await;
    assert_eq!(scene.hands(DANA, "answer", json!({})).await.0, 409);
    let (_, list) = scene.get("Calls.json?Status=busy&To=%2B12025550111").await;
    assert_eq!(list["calls"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_call_is_changed_from_outside() {
    let scene = scene().await;
    scene.says("/twilio/voice", "<Response><Gather timeout=\"600\"><Say>First</Say></Gather></Response>");
    let sid = scene.call(&[]).await;
    scene.hands(DANA, "answer", json!({})).await;
    let path = format!("Calls/{sid}.json");
    let (code, _) = scene
        .post(&path, &[("Twiml", "<Response><Gather timeout=\"600\"><Say>Second</Say></Gather></Response>")])
        .await;
    assert_eq!(code, 200);
    scene.until("second", || scene.phone(DANA)["call"]["heard"] == json!(["First", "Second"])).await;
    assert_eq!(scene.post(&path, &[("Status", "completed")]).await.1["status"], "completed");
    assert_eq!(scene.phone(DANA)["call"], Value::Null);
    let deleted = scene.http.delete(scene.url(&path)).basic_auth(account(), Some(TOKEN));
    assert_eq!(read(deleted).await.0, 204);
}

#[tokio::test]
async fn bad_answers_to_a_call() {
    let scene = scene().await;
    let sorry = json!(["We are sorry, an application error has occurred. Goodbye."]);
    for (number, (status, kind, body, error)) in [
        (500, "text/xml", "", 11200),
        (200, "text/xml", "<Response>", 12100),
        (200, "application/json", "{}", 12300),
    ]
    .into_iter()
    .enumerate()
    {
        scene.answers("/twilio/voice", status, kind, body);
        scene.call(&[]).await;
        let (_, answered) = scene.hands(DANA, "answer", json!({})).await;
        assert_eq!(
            (&answered["call"]["heard"], &answered["call"]["error_code"]),
            (&sorry, &json!(error)),
            "{number}"
        );
        assert_eq!(answered["call"]["status"], "completed");
    }
    scene.says("/twilio/back", "<Response><Say>Plan B</Say></Response>");
    scene.call(&[("FallbackUrl", &format!("{}/twilio/back", scene.origin))]).await;
    assert_eq!(scene.hands(DANA, "answer", json!({})).await.1["call"]["heard"], json!(["Plan B"]));
    assert_eq!(scene.told_of("/twilio/back", "ErrorCode"), ["12300"]);
    // A document that leads to itself ends.
    scene.says("/twilio/voice", "<Response><Say>x</Say><Redirect/></Response>");
    scene.call(&[]).await;
    assert_eq!(scene.hands(DANA, "answer", json!({})).await.1["call"]["status"], "completed");
    scene.call(&[("Url", ""), ("Twiml", "<Response><Say>Inline</Say><Fly/></Response>")]).await;
    let (_, inline) = scene.hands(DANA, "answer", json!({})).await;
    assert_eq!(
        (&inline["call"]["heard"], &inline["call"]["error_code"]),
        (&json!(["Inline"]), &json!(12200))
    );
}

#[tokio::test]
async fn a_person_calls() {
    let scene = scene().await;
    scene.says("/twilio/voice", "<Response><Gather numDigits=\"1\" timeout=\"60\" action=\"/twilio/voice/key\"><Say>Press</Say></Gather></Response>");
    let (code, called) = scene.hands(DANA, "call", json!({"to": OURS})).await;
    assert_eq!((code, &called["call"]["status"]), (200, &json!("in-progress")));
    let asked = scene.told("/twilio/voice").pop().unwrap_or_default();
    assert_eq!(
        (field(&asked, "CallStatus"), field(&asked, "Direction")),
        ("ringing".into(), "inbound".into())
    );
    assert_eq!(field(&asked, "From"), DANA);
    assert_eq!(scene.hands(DANA, "call", json!({"to": OURS})).await.0, 409);
    assert_eq!(scene.hands(DANA, "hangup", json!({})).await.1["call"]["status"], "completed");
    scene.says("/twilio/voice", "<Response><Reject reason=\"busy\"/></Response>");
    assert_eq!(scene.hands(DANA, "call", json!({"to": OURS})).await.1["call"]["status"], "busy");
    assert_eq!(scene.hands(DANA, "call", json!({"to": ELI})).await.0, 404);
}

#[tokio::test]
async fn a_caller_is_connected() {
    let scene = scene().await;
    scene.says("/twilio/voice", "<Response><Dial action=\"/twilio/after\" timeout=\"20\"><Number>+12025550112</Number></Dial></Response>");
    scene.says("/twilio/after", "<Response><Say>They left</Say></Response>");
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    assert_eq!(scene.hands(ELI, "answer", json!({})).await.0, 200);
    assert_eq!(scene.phone(DANA)["call"]["heard"], json!(["(connected)"]));
    scene.hands(ELI, "hangup", json!({})).await;
    scene.until("the end", || scene.phone(DANA)["calls"][0]["status"] == "completed").await;
    assert_eq!(scene.phone(DANA)["calls"][0]["heard"], json!(["(connected)", "They left"]));
    assert_eq!(scene.told_of("/twilio/after", "DialCallStatus"), ["completed"]);

    scene.behave(ELI, json!({"behaviour": "busy"})).await;
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    scene.until("the end", || scene.phone(DANA)["calls"][1]["status"] == "completed").await;
    assert_eq!(scene.told_of("/twilio/after", "DialCallStatus"), ["completed", "busy"]);

    scene.behave(ELI, json!({"behaviour": "ok"})).await;
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    scene.until("ringing", || scene.phone(ELI)["call"]["status"] == "ringing").await;
    scene.hands(DANA, "hangup", json!({})).await;
    assert_eq!(scene.phone(ELI)["calls"][2]["status"], "canceled");
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
async fn troubles_before_and_after() {
    let scene = scene().await;
    let texts = || scene.phone(DANA)["texts"].as_array().map_or(0, Vec::len);
    for (kind, status, done) in
        [("502-before", 502, 0), ("429", 429, 0), ("html", 200, 0), ("502-after", 502, 1)]
    {
        scene.trouble(kind);
        assert_eq!(scene.text(&[]).await.0, status, "{kind}");
        assert_eq!(texts(), done, "{kind}");
        scene.stage.troubles.clear();
    }
    scene.trouble("reset");
    let send = || {
        let form = [("To", DANA), ("From", OURS), ("Body", "x")];
        scene.http.post(scene.url("Messages.json")).basic_auth(account(), Some(TOKEN)).form(&form)
    };
    assert!(send().send().await.is_err(), "the connection breaks before any answer");
    assert_eq!(texts(), 2);
    scene.stage.troubles.clear();
    scene.trouble("timeout");
    let late = send().timeout(Duration::from_millis(300)).send().await;
    assert!(late.is_err_and(|error| error.is_timeout()));
    assert_eq!(texts(), 3);
    let lost =
        scene.stage.wire.entries().into_iter().filter(|entry| entry.from == "handbell" && entry.status == 0);
    assert_eq!(lost.count(), 2);
}

#[tokio::test]
async fn troubles_of_callbacks() {
    let scene = scene().await;
    let status = format!("{}/twilio/sms/status", scene.origin);
    scene.trouble("drop-callback");
    scene.text(&[("StatusCallback", &status)]).await;
    scene.until("delivered", || scene.phone(DANA)["texts"][0]["status"] == "delivered").await;
    // Nothing is left in the queue, and nothing was told.
    scene.until("the queue", || scene.twilio.lock().outbox.is_empty()).await;
    assert_eq!(scene.told("/twilio/sms/status").len(), 0);
    scene.stage.troubles.clear();
    scene.stage.troubles.make(
        serde_json::from_value(json!({"vendor": "twilio", "kind": TroubleKind::DoubleCallback}))
            .expect("a trouble"),
        scene.stage.clock.now(),
    );
    scene.text(&[("StatusCallback", &status)]).await;
    scene.until("told", || scene.told("/twilio/sms/status").len() == 6).await;
    assert_eq!(
        scene.told_of("/twilio/sms/status", "MessageStatus"),
        ["queued", "queued", "sent", "sent", "delivered", "delivered"]
    );
    let told = scene.handbell.told.lock().expect("lock");
    assert!(told.chunks(2).all(|twice| twice[0].2 == twice[1].2) && told[0].2 != told[2].2);
}

#[tokio::test]
async fn retries_are_those_of_the_fragment() {
    let scene = scene().await;
    scene.answers("/twilio/sms/status", 503, "text/plain", "");
    let count = |from: usize| {
        scene.stage.wire.entries().iter().skip(from).filter(|entry| entry.from == "twilio").count()
    };
    for (fragment, expected) in [("", 3), ("#rc=2&rp=5xx,ct", 9), ("#rc=2&rp=ct", 3), ("#rc=1&rp=all", 6)] {
        let before = scene.stage.wire.entries().len();
        scene.text(&[("StatusCallback", &format!("{}/twilio/sms/status{fragment}", scene.origin))]).await;
        scene
            .until("delivered", || {
                scene.phone(DANA)["texts"]
                    .as_array()
                    .is_some_and(|texts| texts.iter().all(|text| text["status"] == "delivered"))
            })
            .await;
        scene.until("the queue", || scene.twilio.lock().outbox.is_empty()).await;
        assert_eq!(count(before), expected, "{fragment}");
    }
    // A port that nobody listens on: tried once more, and the text is delivered all the same.
    let free =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let before = scene.stage.wire.entries().len();
    scene.text(&[("StatusCallback", &format!("http://{free}/s"))]).await;
    scene.until("tried", || count(before) == 6).await;
    assert!(
        scene
            .stage
            .wire
            .entries()
            .iter()
            .skip(before)
            .filter(|entry| entry.from == "twilio")
            .all(|entry| entry.status == 0)
    );
}
