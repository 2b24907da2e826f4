//! Buttons at the front door: what counts as a press, and as the same press.

use handbell_core::incident::Phase;
use handbell_core::incident::Subject;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::{PLAN, World};

impl World {
    /// Sends a button's message after some time, and returns the body of the answer.
    async fn message(&self, milliseconds: i64, body: Value) -> String {
        self.runner.cloud.advance(SignedDuration::from_millis(milliseconds)).unwrap();
        let answer = self.press_with("green", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    async fn has_incident(&self) -> bool {
        self.runner.store.incidents().incident(&Subject::button("green")).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn a_release_after_a_long_press_changes_neither_the_incident_nor_its_end() {
    let world = World::with(PLAN).await;
    assert_eq!(world.message(0, json!({ "click": "single" })).await, "OK 1\n");
    assert_eq!(world.message(20_000, json!({ "click": "hold" })).await, "OK 1\n");
    let ended_at = world.now();
    for gesture in ["single", "hold", "single"] {
        assert_eq!(world.message(300, json!({ "click": gesture })).await, "OK 1\n", "{gesture}");
    }
    world.settle().await;
    let posts = world.posts("Green Power");
    assert!(matches!(&posts[..], [end] if end.starts_with("Cancelled by the button")), "{posts:?}");
    let incident = world.incident().await;
    assert_eq!((incident.epoch, incident.phase, incident.count), (1, Phase::Cancelled, 1));
    let day = SignedDuration::from_hours(24);
    let log = world.runner.store.log().log(ended_at - day, ended_at + day).await.unwrap();
    let [end] = &log[..] else { panic!("it ended once: {log:?}") };
    let later = end.ended_at.duration_since(ended_at).abs();
    assert!(later < SignedDuration::from_millis(200), "it ended with the long press, not {later:?} later");
    assert_eq!(end.phase, Phase::Cancelled);
    assert_eq!(world.message(3_000, json!({ "click": "single" })).await, "OK 1\n");
    assert_eq!(world.incident().await.epoch, 2, "a press that is no bounce opens the next incident");
}

#[tokio::test]
async fn a_message_that_says_itself_that_it_is_no_press_calls_nobody() {
    let world = World::with(PLAN).await;
    let device = json!({ "device_id": "dev1" });
    for body in [
        json!({ "end_device_ids": device, "received_at": "2026-07-01T11:59:58Z", "join_accept": { "session_key_id": "A" } }),
        json!({ "end_device_ids": device, "uplink_message": { "f_port": 2, "decoded_payload": { "BatV": 3.0 } } }),
        json!({ "end_device_ids": device, "uplink_message": { "f_port": 2, "decoded_payload": { "Alarm": "FALSE" } } }),
        json!({ "action": "release", "battery": 90 }),
    ] {
        assert_eq!(world.message(3_000, body.clone()).await, "", "{body}");
    }
    let path = world.token("green");
    for event in ["join", "status", "ack"] {
        let answer = world.send("POST", &format!("{path}?event={event}"), &[], r#"{"deviceInfo":{}}"#).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{event}");
    }
    let agent = [("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")];
    let answer = world.send("GET", &path, &agent, "").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert!(!world.has_incident().await);
    let alarm =
        json!({ "end_device_ids": device, "uplink_message": { "decoded_payload": { "Alarm": "TRUE" } } });
    assert_eq!(world.message(0, alarm).await, "OK 1\n");
}

#[tokio::test]
async fn repeats_of_one_uplink_are_one_press() {
    let world = World::with(PLAN).await;
    let path = format!("{}?event=up", world.token("green"));
    for (id, answer) in [("a", "OK 1\n"), ("a", "OK 1\n"), ("b", "OK 2\n"), ("a", "OK 1\n")] {
        let body =
            json!({ "deduplicationId": id, "deviceInfo": { "devEui": "01" }, "fCnt": 1, "data": "qg==" });
        world.advance(3).await;
        assert_eq!(world.send("POST", &path, &[], body.to_string()).await.body, answer);
    }
}

#[tokio::test]
async fn a_press_that_says_its_age_takes_no_step_if_it_is_too_old() {
    let world = World::with(PLAN).await;
    let queued = json!({ "isSingleClick": true, "isQueued": true, "timeDiff": 7200 });
    assert_eq!(world.message(0, queued).await, "OK 0\n");
    assert_eq!(world.incident().await.step, 0);
    assert_eq!(world.message(500, json!({ "isSingleClick": true })).await, "OK 1\n", "the press now counts");
    assert_eq!(world.incident().await.step, 1);
}

#[tokio::test]
async fn an_address_is_the_same_with_its_unreserved_characters_encoded() {
    let world = World::with(PLAN).await;
    let path = world.token("green");
    let token = path.strip_prefix("/b/").unwrap();
    let every: String = token.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let hyphens = token.replace('-', "%2D");
    assert_ne!(hyphens, token);
    for (count, written) in [every, hyphens].into_iter().enumerate() {
        world.advance(3).await;
        let answer = world.send("POST", &format!("/b/{written}"), &[], "").await;
        assert_eq!((answer.status, answer.body), (200, format!("OK {}\n", count + 1)), "{written}");
    }
    let wrong = world.send("POST", &format!("/b/{}", token.replace('-', "%2E")), &[], "").await;
    assert_eq!(wrong.status, 404);
}
