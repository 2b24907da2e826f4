//! Handbell at work: what it sends to the vendors on its own, and what they send to it.

use handbell_sim::wire::WireEntry;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::stage::{ALICE, DANA, OWN, Stage};

/// A customer, and the phone to which the example forwards calls.
const TOMMY: &str = "+12025550123";
const CENTRE: &str = "+12025550120";

/// Handbell at work: three presses, a person whom Webex doesn't know, a number that Twilio rejects, a call that is answered and
/// acknowledged.
pub(super) async fn an_alert() -> Vec<WireEntry> {
    let stage = Stage::new(true, |config| {
        let people = config.replacen("[bob@example.com]", "[bob@example.com, nobody@elsewhere.test]", 1);
        let numbers =
            people.replacen(r#"["+12025550111", "+12025550112"]"#, r#"["+12025550111", "+15005550009"]"#, 1);
        assert!(config != people && people != numbers, "the example has changed");
        numbers
    })
    .await;
    stage.look_after().await;
    for press in ["one", "two", "three"] {
        let button = stage.url(&stage.runner.buttons[0].path);
        stage.yes(stage.http.post(button).header("Idempotency-Key", press)).await;
        stage.settle().await;
    }
    stage.hand(DANA, "answer", Value::Null).await;
    stage.hand(DANA, "keys", json!({"digits": "1"})).await;
    stage.entries().await
}

/// A customer texts a picture; an agent answers with text and a file, and whispers; a call that nobody takes is recorded; and the
/// customer calls again and gets through.
pub(super) async fn a_customer() -> Vec<WireEntry> {
    let stage = Stage::new(true, |config| config).await;
    stage.look_after().await;
    stage.hand(TOMMY, "text", json!({"to": OWN, "body": "look", "media": ["shelf.png"]})).await;
    stage
        .until("the customer's first text is told of", |entry| is_post(entry, "received an automatic reply"))
        .await;
    let rooms = stage.webex(ALICE, "GET", "/rooms?type=group&max=100", Value::Null).await;
    let is_his = |room: &&Value| room["title"].as_str().is_some_and(|title| title.ends_with(TOMMY));
    let room = rooms["items"].as_array().and_then(|rooms| rooms.iter().find(is_his)).expect("his space");
    let room = room["id"].as_str().expect("an id").to_owned();
    let say = async |markdown: &str| {
        stage.webex(ALICE, "POST", "/messages", json!({"roomId": room, "markdown": markdown})).await;
    };
    say("**We** see it").await;
    stage.until("the answer goes out", |entry| is_text(entry, "We+see+it")).await;
    say("/w he is in a hurry").await;
    stage.settle().await;
    say("/call").await;
    stage.until("the agent's phone rings", |entry| entry.body.contains("CallStatus=ringing")).await;
    let plan = Part::bytes(&b"\x89PNG\r\n\x1a\n a plan"[..]).file_name("plan.png");
    let form = Form::new()
        .text("roomId", room.clone())
        .text("text", "like this?")
        .part("files", plan.mime_str("image/png").expect("a type"));
    let upload = stage.http.request(Method::POST, stage.url("/sim/webex/v1/messages"));
    stage.yes(upload.bearer_auth(ALICE).multipart(form)).await;
    stage.until("the file goes out", |entry| is_text(entry, "like+this")).await;

    // The agent's own phone rings. An agent who accepts is connected with the customer.
    stage.hand(DANA, "answer", Value::Null).await;
    stage.hand(DANA, "keys", json!({"digits": "1"})).await;
    stage.hand(TOMMY, "answer", Value::Null).await;
    stage.hand(TOMMY, "hangup", Value::Null).await;
    stage.settle().await;

    stage.hand(TOMMY, "call", json!({"to": OWN})).await;
    stage.hand(CENTRE, "hangup", Value::Null).await;
    stage.settle().await;
    stage.hand(TOMMY, "speak", json!({"text": "It is broken.", "seconds": 7})).await;
    stage.hand(TOMMY, "keys", json!({"digits": "#"})).await;
    stage.until("the recording is posted", |entry| is_post(entry, "message.mp3")).await;

    stage.hand(TOMMY, "call", json!({"to": OWN})).await;
    stage.hand(CENTRE, "answer", Value::Null).await;
    stage.hand(CENTRE, "hangup", Value::Null).await;
    stage.entries().await
}

/// Returns true if Handbell posts this in Webex.
fn is_post(entry: &WireEntry, words: &str) -> bool {
    (entry.from.as_str(), entry.to.as_str()) == ("handbell", "webex") && entry.body.contains(words)
}

/// Returns true if Handbell texts this to somebody.
fn is_text(entry: &WireEntry, words: &str) -> bool {
    (entry.from.as_str(), entry.to.as_str()) == ("handbell", "twilio") && entry.body.contains(words)
}
