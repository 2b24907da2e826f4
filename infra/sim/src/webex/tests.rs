//! Tests of the simulated Webex over a real socket, as Handbell and the vendor's clients use it.

mod agents;
mod bots;
mod control;
mod presence;

use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use jiff::SignedDuration;
use reqwest::{Client, Method, Response, multipart};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::Webex;
use super::deliveries::sign;
use super::markdown::render;
use crate::trouble::{Trouble, TroubleKind};
use crate::{SimAccount, Stage};

const OURS: &str = "our-token";
const ALICE: &str = "person:alice@example.com";
const BOB: &str = "person:bob@example.com";

struct World {
    webex: Webex,
    stage: Stage,
    base: String,
}

async fn serve(router: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

impl World {
    async fn new(bot: bool) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let account = SimAccount {
            webex_token: OURS.into(),
            bot,
            webex_secret: "hush".into(),
            twilio_account: "AC".into(),
            twilio_token: "t".into(),
            own_numbers: Vec::new(),
        };
        #[expect(clippy::disallowed_methods, reason = "the test is the world outside")]
        let stage = Stage::new(account, Duration::ZERO, Client::new());
        let webex = Webex::new(stage.clone());
        let origin = serve(webex.router()).await;
        *stage.origin.write().expect("unpoisoned") = origin.clone();
        Self { webex, stage, base: format!("{origin}/sim/webex/v1") }
    }

    async fn send(&self, token: &str, method: Method, path: &str, body: Value) -> Response {
        let request = self.stage.http.request(method, format!("{}{path}", self.base)).bearer_auth(token);
        let request = if body.is_null() { request } else { request.json(&body) };
        request.send().await.expect("an answer")
    }

    async fn ask(&self, token: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
        let response = self.send(token, method, path, body).await;
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.expect("a body")).unwrap_or_default())
    }

    async fn post(&self, token: &str, path: &str, body: Value) -> (u16, Value) {
        self.ask(token, Method::POST, path, body).await
    }

    async fn get(&self, token: &str, path: &str) -> (u16, Value) {
        self.ask(token, Method::GET, path, Value::Null).await
    }

    async fn put(&self, token: &str, path: &str, body: Value) -> (u16, Value) {
        self.ask(token, Method::PUT, path, body).await
    }

    async fn delete(&self, token: &str, path: &str) -> u16 {
        self.ask(token, Method::DELETE, path, Value::Null).await.0
    }

    /// Calls the control API without a token, like the page.
    async fn control(&self, method: Method, path: &str, body: Value) -> u16 {
        let request = self.stage.http.request(method, format!("{}/sim/webex{path}", self.stage.origin()));
        let request = if body.is_null() { request } else { request.json(&body) };
        request.send().await.expect("an answer").status().as_u16()
    }

    /// Posts a message with a file.
    async fn show(&self, token: &str, room: &str, markdown: &str) -> Value {
        let part = multipart::Part::bytes(b"rust everywhere".to_vec())
            .file_name("wheel.txt")
            .mime_str("text/plain")
            .expect("a type");
        let form = multipart::Form::new()
            .text("roomId", room.to_owned())
            .text("markdown", markdown.to_owned())
            .part("files", part);
        let request = self.stage.http.post(format!("{}/messages", self.base)).bearer_auth(token);
        let sent = request.multipart(form).send().await.expect("sent");
        assert_eq!(sent.status(), 200);
        sent.json().await.expect("JSON")
    }

    /// Creates a webhook with this token, and returns its requests.
    async fn listen(&self, token: &str, resource: &str) -> mpsc::UnboundedReceiver<(Option<String>, String)> {
        let (target, heard) = listener(StatusCode::OK).await;
        let hook = json!({"name": "n", "targetUrl": target, "resource": resource, "event": "all"});
        let (status, hook) = self.post(token, "/webhooks", hook).await;
        assert_eq!(status, 200, "{hook}");
        heard
    }

    /// Creates a room of Handbell with these people.
    async fn room(&self, people: &[&str]) -> String {
        let (status, room) = self.post(OURS, "/rooms", json!({"title": "Green"})).await;
        assert_eq!(status, 200, "{room}");
        for person in people {
            let (status, _) =
                self.post(OURS, "/memberships", json!({"roomId": room["id"], "personEmail": person})).await;
            assert_eq!(status, 200);
        }
        text(&room["id"])
    }

    async fn say(&self, token: &str, room: &str, markdown: &str) -> Value {
        let (status, message) =
            self.post(token, "/messages", json!({"roomId": room, "markdown": markdown})).await;
        assert_eq!(status, 200, "{message}");
        message
    }

    fn trouble(&self, kind: &str) {
        let trouble: Trouble =
            serde_json::from_value(json!({"vendor": "webex", "kind": kind})).expect("a trouble");
        self.stage.troubles.make(trouble, self.stage.clock.now());
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Starts a receiver of webhooks that answers with this status.
async fn listener(status: StatusCode) -> (String, mpsc::UnboundedReceiver<(Option<String>, String)>) {
    let (tell, heard) = mpsc::unbounded_channel();
    let hear = move |Shared(tell): Shared<mpsc::UnboundedSender<(Option<String>, String)>>,
                     headers: HeaderMap,
                     body: String| async move {
        let signature =
            headers.get("x-spark-signature").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let _ = tell.send((signature, body));
        status
    };
    (serve(axum::Router::new().route("/", axum::routing::post(hear)).with_state(tell)).await, heard)
}

async fn next(heard: &mut mpsc::UnboundedReceiver<(Option<String>, String)>) -> (Option<String>, Value) {
    let (signature, body) = tokio::time::timeout(Duration::from_secs(5), heard.recv())
        .await
        .expect("in time")
        .expect("a delivery");
    if let Some(signature) = &signature {
        assert_eq!(*signature, sign("hush", body.as_bytes()));
    }
    (signature, serde_json::from_str(&body).expect("JSON"))
}

#[tokio::test]
async fn a_wrong_token_gets_an_error_in_webex_words() {
    let world = World::new(false).await;
    for token in
        ["nonsense", "person:unknown1@example.com", "person:eve@elsewhere.org", "person:handbell@example.com"]
    {
        let (status, error) = world.get(token, "/people/me").await;
        assert_eq!(status, 401, "{token}");
        assert_eq!(error["errors"][0]["description"], error["message"]);
        assert!(text(&error["trackingId"]).starts_with("ROUTER_"));
    }
    assert_eq!(world.get(OURS, "/people/me").await.1["emails"][0], "handbell@example.com");
    assert_eq!(world.get(ALICE, "/people/me").await.1["displayName"], "Alice");
    assert_eq!(World::new(true).await.get(OURS, "/people/me").await.1["type"], "bot");
    let wire = world.stage.wire.entries();
    assert_eq!((wire[0].from.as_str(), wire[0].verdict.as_str()), ("stranger", "wrong token"));
    assert_eq!((wire[4].from.as_str(), wire[5].from.as_str()), ("handbell", "alice@example.com"));
    assert!(wire.iter().all(|entry| {
        entry.headers.iter().all(|(name, value)| name != "authorization" && !value.contains(OURS))
    }));
}

#[tokio::test]
async fn unknown_places_and_methods_are_refused_in_json() {
    let world = World::new(false).await;
    assert_eq!(world.get(OURS, "/nothing/here").await.0, 404);
    let (status, error) = world.ask(OURS, Method::PATCH, "/rooms", Value::Null).await;
    assert_eq!(status, 405);
    assert!(error["message"].is_string());
}

#[tokio::test]
async fn a_room_is_seen_by_those_who_are_in_it() {
    let world = World::new(false).await;
    let room = world.room(&["Alice@Example.com"]).await;
    assert_eq!(world.get(ALICE, &format!("/rooms/{room}")).await.1["title"], "Green");
    assert_eq!(world.get(BOB, &format!("/rooms/{room}")).await.0, 404);
    assert_eq!(world.post(BOB, "/messages", json!({"roomId": room, "text": "hi"})).await.0, 404);
    // Deletion by a person who is neither the creator nor a moderator only leaves the room.
    assert_eq!(world.delete(ALICE, &format!("/rooms/{room}")).await, 204);
    assert_eq!(world.get(OURS, &format!("/rooms/{room}")).await.0, 200);
    assert_eq!(world.get(ALICE, &format!("/rooms/{room}")).await.0, 404);
    assert_eq!(world.delete(OURS, &format!("/rooms/{room}")).await, 204);
    assert_eq!(world.post(OURS, "/messages", json!({"roomId": room, "text": "hi"})).await.0, 404);
    assert_eq!(world.webex.view(), json!([]));
}

#[tokio::test]
async fn lists_come_in_pages() {
    let world = World::new(false).await;
    let room = world.room(&[]).await;
    for number in 0..5 {
        world.room(&[]).await;
        world.say(OURS, &room, &number.to_string()).await;
    }
    for (path, total) in
        [("/rooms?max=4&type=group".to_owned(), 6), (format!("/messages?roomId={room}&max=2"), 5)]
    {
        let (mut url, mut seen) = (Some(format!("{}{path}", world.base)), Vec::new());
        while let Some(at) = url {
            let response = world.stage.http.get(at).bearer_auth(OURS).send().await.expect("an answer");
            let link = response.headers().get("link").map(|link| link.to_str().expect("text").to_owned());
            url =
                link.map(|link| link.trim_start_matches('<').trim_end_matches(">; rel=\"next\"").to_owned());
            let page: Value = response.json().await.expect("JSON");
            seen.extend(page["items"].as_array().expect("items").iter().map(|item| text(&item["id"])));
        }
        assert_eq!(seen.len(), total, "{path}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), total, "{path}");
    }
    assert_eq!(world.get(OURS, "/rooms?max=null").await.0, 400);
}

#[tokio::test]
async fn memberships_conflict_and_refuse_strangers() {
    let world = World::new(false).await;
    let room = world.room(&["alice@example.com"]).await;
    let add = async |email: &str| {
        world.post(OURS, "/memberships", json!({"roomId": room, "personEmail": email})).await
    };
    let (status, error) = add("ALICE@example.com").await;
    assert_eq!(status, 409);
    assert!(error["errors"][0]["description"].is_string());
    assert_eq!(add("nobody@example.com").await.0, 404);
    assert_eq!(add("eve@elsewhere.org").await.0, 404);
    assert_eq!(add("not an address").await.0, 400);
    let (_, found) =
        world.get(OURS, &format!("/memberships?roomId={room}&personEmail=alice@example.com")).await;
    let id = text(&found["items"][0]["id"]);
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.get(OURS, "/memberships?personEmail=alice@example.com").await.0, 400);
    let (_, changed) = world
        .put(OURS, &format!("/memberships/{id}"), json!({"isModerator": true, "isRoomHidden": false}))
        .await;
    assert_eq!(changed["isModerator"], true);
    assert_eq!(world.delete(OURS, &format!("/memberships/{id}")).await, 204);
    assert_eq!(world.post(ALICE, "/messages", json!({"roomId": room, "text": "hi"})).await.0, 404);
}

#[tokio::test]
async fn a_locked_room_is_its_moderators() {
    let world = World::new(false).await;
    let (_, room) =
        world.post(OURS, "/rooms", json!({"title": "L", "isLocked": true, "isAnnouncementOnly": true})).await;
    let id = text(&room["id"]);
    world.post(OURS, "/memberships", json!({"roomId": id, "personEmail": "alice@example.com"})).await;
    assert_eq!(
        world.post(ALICE, "/memberships", json!({"roomId": id, "personEmail": "bob@example.com"})).await.0,
        403
    );
    assert_eq!(world.put(ALICE, &format!("/rooms/{id}"), json!({"title": "mine"})).await.0, 403);
    assert_eq!(world.post(ALICE, "/messages", json!({"roomId": id, "text": "hi"})).await.0, 403);
    assert_eq!(
        world.put(OURS, &format!("/rooms/{id}"), json!({"title": "L2", "isAnnouncementOnly": false})).await.1
            ["title"],
        "L2"
    );
    assert_eq!(world.post(ALICE, "/messages", json!({"roomId": id, "text": "hi"})).await.0, 200);
    assert_eq!(world.post(OURS, "/rooms", json!({"title": "A", "isAnnouncementOnly": true})).await.0, 400);
    assert_eq!(world.post(OURS, "/rooms", json!({"title": "P", "isPublic": true})).await.0, 400);
    assert_eq!(world.post(OURS, "/rooms", json!({})).await.0, 400);
}

#[tokio::test]
async fn messages_have_limits() {
    let world = World::new(false).await;
    let room = world.room(&["alice@example.com"]).await;
    let fits = "é".repeat(7438 / 2);
    assert_eq!(world.post(OURS, "/messages", json!({"roomId": room, "text": fits})).await.0, 200);
    assert_eq!(
        world.post(OURS, "/messages", json!({"roomId": room, "markdown": format!("{fits}é")})).await.0,
        400
    );
    assert_eq!(world.post(OURS, "/messages", json!({"roomId": room})).await.0, 400);
    assert_eq!(
        world
            .post(OURS, "/messages", json!({"roomId": room, "toPersonEmail": "bob@example.com", "text": "x"}))
            .await
            .0,
        400
    );
    let root = world.say(OURS, &room, "root").await;
    let reply = json!({"roomId": room, "parentId": root["id"], "text": "reply"});
    let (_, reply) = world.post(ALICE, "/messages", reply).await;
    assert_eq!(reply["parentId"], root["id"]);
    assert_eq!(
        world.post(OURS, "/messages", json!({"roomId": room, "parentId": reply["id"], "text": "x"})).await.0,
        400
    );

    let path = format!("/messages/{}", text(&root["id"]));
    for edit in 1..=10 {
        let (status, edited) =
            world.put(OURS, &path, json!({"roomId": room, "markdown": format!("edit {edit}")})).await;
        assert_eq!(status, 200, "{edited}");
        assert!(edited["updated"].is_string());
    }
    assert_eq!(world.put(OURS, &path, json!({"roomId": room, "text": "once more"})).await.0, 400);
    assert_eq!(world.put(ALICE, &path, json!({"roomId": room, "text": "mine"})).await.0, 403);
    assert_eq!(world.delete(ALICE, &path).await, 403);
    assert_eq!(world.delete(OURS, &path).await, 204);
    assert_eq!(world.get(OURS, &path).await.0, 404);
}

#[tokio::test]
async fn messages_are_listed_newest_first() {
    let world = World::new(false).await;
    let room = world.room(&[]).await;
    let mut said = Vec::new();
    for word in ["one", "two", "three"] {
        said.push(world.say(OURS, &room, word).await);
        world.stage.clock.advance(SignedDuration::from_secs(1));
    }
    let texts = async |query: String| {
        let (_, page) = world.get(OURS, &format!("/messages?roomId={room}{query}")).await;
        page["items"].as_array().expect("items").iter().map(|item| text(&item["text"])).collect::<Vec<_>>()
    };
    assert_eq!(texts(String::new()).await, ["three", "two", "one"]);
    assert_eq!(texts(format!("&beforeMessage={}", text(&said[2]["id"]))).await, ["two", "one"]);
    assert_eq!(texts(format!("&before={}", text(&said[1]["created"]))).await, ["one"]);
    assert_eq!(world.get(OURS, &format!("/messages?roomId={room}&before=yesterday")).await.0, 400);
}

#[tokio::test]
async fn direct_messages_make_their_room() {
    let world = World::new(false).await;
    let (_, sent) =
        world.post(OURS, "/messages", json!({"toPersonEmail": "alice@example.com", "text": "psst"})).await;
    assert_eq!(sent["roomType"], "direct");
    let (_, back) = world
        .post(ALICE, "/messages", json!({"toPersonEmail": "handbell@example.com", "text": "yes?"}))
        .await;
    assert_eq!(back["roomId"], sent["roomId"]);
    let (_, history) = world.get(OURS, "/messages/direct?personEmail=alice@example.com").await;
    assert_eq!(history["items"][0]["text"], "yes?");
    assert_eq!(world.get(OURS, &format!("/rooms/{}", text(&sent["roomId"]))).await.1["title"], "Alice");
    assert_eq!(world.get(ALICE, &format!("/rooms/{}", text(&sent["roomId"]))).await.1["title"], "Handbell");
    assert_eq!(world.get(OURS, "/messages/direct?personEmail=bob@example.com").await.0, 404);
    assert_eq!(
        world.post(OURS, "/messages", json!({"toPersonEmail": "nobody@example.com", "text": "x"})).await.0,
        404
    );
}

#[tokio::test]
async fn files_come_back_as_they_went() {
    let world = World::new(false).await;
    let room = world.room(&["alice@example.com"]).await;
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| n as u8).collect();
    let part = multipart::Part::bytes(bytes.clone())
        .file_name("plan \"é\".png")
        .mime_str("image/png")
        .expect("a type");
    let form =
        multipart::Form::new().text("roomId", room.clone()).text("markdown", "**see**").part("files", part);
    let sent = world
        .stage
        .http
        .post(format!("{}/messages", world.base))
        .bearer_auth(OURS)
        .multipart(form)
        .send()
        .await
        .expect("sent");
    assert_eq!(sent.status(), 200);
    let sent: Value = sent.json().await.expect("JSON");
    assert_eq!(sent["text"], "see");
    let url = text(&sent["files"][0]);
    assert!(url.starts_with(&format!("{}/contents/", world.base)));
    let fetch = async |token: &str, method| {
        world.stage.http.request(method, &url).bearer_auth(token).send().await.expect("an answer")
    };
    assert_eq!(fetch("nonsense", Method::GET).await.status(), 401);
    assert_eq!(fetch(BOB, Method::GET).await.status(), 404);
    let head = fetch(ALICE, Method::HEAD).await;
    assert_eq!(head.headers()["content-type"], "image/png");
    assert_eq!(head.headers()["content-length"], "3000000");
    let disposition = r#"attachment; filename="plan ___.png"; filename*=UTF-8''plan%20%22%C3%A9%22.png"#;
    assert_eq!(head.headers()["content-disposition"], disposition);
    assert_eq!(fetch(ALICE, Method::GET).await.bytes().await.expect("a file"), bytes);
    let path = format!("/messages/{}", text(&sent["id"]));
    assert_eq!(world.put(OURS, &path, json!({"roomId": room, "text": "x"})).await.0, 400);

    let file = &world.webex.view()[0]["messages"][0]["files"][0];
    assert_eq!((&file["type"], &file["size"]), (&json!("image/png"), &json!(3_000_000)));
    let shown = format!("{}{}", world.stage.origin(), text(&file["url"]));
    assert_eq!(
        world.stage.http.get(shown).send().await.expect("shown").bytes().await.expect("a file").len(),
        3_000_000
    );
    let (status, by_url) = world.post(OURS, "/messages", json!({"roomId": room, "files": [format!("{}/sim/webex{}", world.stage.origin(), text(&file["url"]).trim_start_matches("/sim/webex"))]})).await;
    assert_eq!(status, 200, "{by_url}");
    assert_eq!(
        world.post(OURS, "/messages", json!({"roomId": room, "files": ["http://127.0.0.1:1/x"]})).await.0,
        400
    );
    let wire = world.stage.wire.entries();
    assert!(wire.iter().any(|entry| entry.body.contains("(image/png, 3000000 bytes)")));
}

#[tokio::test]
async fn a_bot_sees_what_mentions_it() {
    let world = World::new(true).await;
    let room = world.room(&["alice@example.com"]).await;
    let aside = world.say(ALICE, &room, "among us").await;
    let called = world.say(ALICE, &room, "<@personEmail:Handbell@webex.bot|Handbell> ack").await;
    assert_eq!(called["text"], "Handbell ack");
    assert_eq!(world.get(OURS, &format!("/messages/{}", text(&aside["id"]))).await.0, 404);
    assert_eq!(world.get(OURS, &format!("/messages/{}", text(&called["id"]))).await.1["id"], called["id"]);
    assert_eq!(world.get(OURS, &format!("/messages?roomId={room}")).await.0, 403);
    let (_, page) = world.get(OURS, &format!("/messages?roomId={room}&mentionedPeople=me")).await;
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1));
    let own = world.say(OURS, &room, "done").await;
    assert_eq!(world.get(OURS, &format!("/messages/{}", text(&own["id"]))).await.0, 200);
    assert_eq!(
        world.get(ALICE, &format!("/messages?roomId={room}")).await.1["items"].as_array().map(Vec::len),
        Some(3)
    );
}

#[tokio::test]
async fn webhooks_are_signed_and_filtered() {
    let world = World::new(true).await;
    let room = world.room(&["alice@example.com"]).await;
    let other = world.room(&["alice@example.com"]).await;
    let (target, mut heard) = listener(StatusCode::OK).await;
    let hook = json!({"name": "n", "targetUrl": target, "resource": "messages", "event": "created", "secret": "hush",
        "filter": format!("roomId={room}&hasFiles=false")});
    let (status, hook) = world.post(OURS, "/webhooks", hook).await;
    assert_eq!(status, 200, "{hook}");
    let spy = json!({"name": "spy", "targetUrl": target, "resource": "all", "event": "all"});
    assert_eq!(world.post(BOB, "/webhooks", spy).await.0, 200);
    world.say(ALICE, &room, "among us").await;
    world.say(ALICE, &other, "<@personEmail:handbell@webex.bot> not here").await;
    let called = world.say(ALICE, &room, "<@personEmail:handbell@webex.bot> here").await;
    let (signature, body) = next(&mut heard).await;
    assert!(signature.is_some());
    assert_eq!(body["data"]["id"], called["id"]);
    assert_eq!(body["data"]["personEmail"], "alice@example.com");
    assert_eq!(
        (&body["id"], &body["resource"], &body["event"]),
        (&hook["id"], &json!("messages"), &json!("created"))
    );
    assert!(body["data"].get("text").is_none());
    let own = world.say(OURS, &room, "done").await;
    assert_eq!(next(&mut heard).await.1["data"]["id"], own["id"]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(heard.try_recv().is_err(), "nobody else heard anything");
    let bad = json!({"name": "n", "targetUrl": target, "resource": "messages", "event": "created", "filter": "roomId=x"});
    assert_eq!(world.post(OURS, "/webhooks", bad).await.1["message"], "invalid value for filter: roomId");
    assert_eq!(world.get(ALICE, &format!("/webhooks/{}", text(&hook["id"]))).await.0, 404);
    let wire = world.stage.wire.entries();
    assert!(
        wire.iter().any(|entry| entry.from == "webex" && entry.verdict == "signed" && entry.status == 200)
    );
    assert!(wire.iter().all(|entry| !entry.body.contains("hush") && !entry.answer.contains("hush")));
}

#[tokio::test]
async fn a_webhook_that_fails_is_switched_off() {
    let world = World::new(false).await;
    let room = world.room(&[]).await;
    let (target, mut heard) = listener(StatusCode::INTERNAL_SERVER_ERROR).await;
    let hook = json!({"name": "n", "targetUrl": target, "resource": "messages", "event": "created"});
    let path = format!("/webhooks/{}", text(&world.post(OURS, "/webhooks", hook).await.1["id"]));
    let status = async || text(&world.get(OURS, &path).await.1["status"]);
    let settled = async |wanted: &str| {
        for _ in 0..100 {
            if status().await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never {wanted}");
    };
    for number in 0..100 {
        assert_eq!(status().await, "active", "{number}");
        world.say(OURS, &room, "x").await;
        next(&mut heard).await;
    }
    settled("inactive").await;
    world.say(OURS, &room, "unheard").await;
    let again = json!({"name": "n", "targetUrl": target, "status": "active"});
    assert_eq!(world.put(OURS, &path, again.clone()).await.1["status"], "active");
    world.say(OURS, &room, "one more").await;
    settled("inactive").await;
    world.stage.clock.advance(SignedDuration::from_mins(6));
    world.put(OURS, &path, again).await;
    world.say(OURS, &room, "forgiven").await;
    next(&mut heard).await;
    next(&mut heard).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(status().await, "active");
}

#[tokio::test]
async fn a_card_is_answered() {
    let world = World::new(true).await;
    let room = world.room(&["alice@example.com"]).await;
    let (target, mut heard) = listener(StatusCode::OK).await;
    world
        .post(
            OURS,
            "/webhooks",
            json!({"name": "n", "targetUrl": target, "resource": "attachmentActions", "event": "created"}),
        )
        .await;
    let card = |version: &str| {
        let content = json!({"type": "AdaptiveCard", "version": version, "body": []});
        json!({"roomId": room, "markdown": "fallback", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": content}]})
    };
    assert_eq!(world.post(OURS, "/messages", card("1.4")).await.0, 400);
    let (_, sent) = world.post(OURS, "/messages", card("1.3")).await;
    assert_eq!(sent["attachments"][0]["content"]["version"], "1.3");
    let submit = json!({"type": "submit", "messageId": sent["id"], "inputs": {"action": "ack"}});
    let (status, action) = world.post(ALICE, "/attachment/actions", submit).await;
    assert_eq!(status, 200, "{action}");
    let (_, body) = next(&mut heard).await;
    assert_eq!(body["data"]["id"], action["id"]);
    let (_, read) = world.get(OURS, &format!("/attachment/actions/{}", text(&action["id"]))).await;
    assert_eq!(read["inputs"]["action"], "ack");
    assert_eq!(world.get(BOB, &format!("/attachment/actions/{}", text(&action["id"]))).await.0, 404);
}

#[tokio::test]
async fn teams_share_a_general_room() {
    let world = World::new(false).await;
    let (_, team) = world.post(OURS, "/teams", json!({"name": "Ops"})).await;
    let id = text(&team["id"]);
    let (status, mate) = world
        .post(OURS, "/team/memberships", json!({"teamId": id, "personEmail": "alice@example.com"}))
        .await;
    assert_eq!(status, 200, "{mate}");
    assert_eq!(
        world
            .post(OURS, "/team/memberships", json!({"teamId": id, "personEmail": "alice@example.com"}))
            .await
            .0,
        409
    );
    assert_eq!(world.get(ALICE, &format!("/rooms?teamId={id}")).await.1["items"][0]["title"], "Ops");
    assert_eq!(world.get(BOB, &format!("/teams/{id}")).await.0, 404);
    assert_eq!(world.delete(ALICE, &format!("/teams/{id}")).await, 403);
    assert_eq!(world.delete(OURS, &format!("/team/memberships/{}", text(&mate["id"]))).await, 204);
    assert_eq!(world.get(ALICE, "/rooms").await.1["items"], json!([]));
    assert_eq!(world.delete(OURS, &format!("/teams/{id}")).await, 204);
}

#[tokio::test]
async fn people_are_found_by_address() {
    let world = World::new(false).await;
    let (_, found) = world.get(OURS, "/people?email=Anna.Lee@example.com").await;
    assert_eq!(found["items"][0]["displayName"], "Anna Lee");
    let id = text(&found["items"][0]["id"]);
    assert!(!id.ends_with('='));
    assert_eq!(world.get(OURS, &format!("/people/{id}")).await.1["emails"][0], "anna.lee@example.com");
    assert_eq!(world.get(OURS, "/people?email=nobody@example.com").await.1["items"], json!([]));
    assert_eq!(world.get(OURS, "/people").await.0, 400);
}

#[tokio::test]
async fn trouble_is_before_or_after_the_work_and_ours_alone() {
    let world = World::new(false).await;
    let room = world.room(&["alice@example.com"]).await;
    let said = || world.webex.view()[0]["messages"].as_array().map_or(0, Vec::len);
    let body = json!({"roomId": room, "text": "x"});
    for (kind, status, done) in
        [("502-before", 502, 0), ("429", 429, 0), ("html", 200, 0), ("502-after", 502, 1)]
    {
        world.trouble(kind);
        let response = world.send(OURS, Method::POST, "/messages", body.clone()).await;
        assert_eq!(response.status(), status, "{kind}");
        assert_eq!(response.headers().contains_key("retry-after"), kind == "429");
        assert!(
            !response.headers()["content-type"].to_str().is_ok_and(|kind| kind.contains("json")),
            "{kind}"
        );
        assert_eq!(said(), done, "{kind}");
        world.stage.troubles.clear();
    }
    world.trouble("reset");
    assert_eq!(world.post(ALICE, "/messages", body.clone()).await.0, 200);
    let request = world.stage.http.post(format!("{}/messages", world.base)).bearer_auth(OURS).json(&body);
    let broken = match request.send().await {
        Ok(response) => response.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(broken);
    assert_eq!(said(), 3);
    world.stage.troubles.clear();
    world.trouble("timeout");
    let request = world.stage.http.post(format!("{}/messages", world.base)).bearer_auth(OURS).json(&body);
    assert!(request.timeout(Duration::from_millis(300)).send().await.is_err_and(|error| error.is_timeout()));
    assert_eq!(said(), 4);
    assert!(TroubleKind::Timeout.is_inbound());
    assert_eq!(world.stage.wire.entries().last().map(|entry| entry.status), Some(0));
}

#[tokio::test]
async fn a_slow_answer_moves_a_held_clock_and_makes_others_wait() {
    let world = World::new(false).await;
    let room = world.room(&["alice@example.com"]).await;
    let body = json!({"roomId": room, "text": "x"});
    let slow = |seconds: u64| {
        let trouble = json!({"vendor": "webex", "kind": "slow", "seconds": seconds});
        let trouble: Trouble = serde_json::from_value(trouble).expect("a trouble");
        world.stage.troubles.make(trouble, world.stage.clock.now());
    };
    slow(60);
    let request = world.stage.http.post(format!("{}/messages", world.base)).bearer_auth(OURS).json(&body);
    assert!(request.timeout(Duration::from_millis(300)).send().await.is_err_and(|error| error.is_timeout()));
    slow(5);
    let began = world.stage.clock.now();
    world.stage.clock.hold(began);
    for answers in 1..=20 {
        assert_eq!(world.post(OURS, "/messages", body.clone()).await.0, 200, "it is done, and answered");
        let went_by = world.stage.clock.now().duration_since(began).as_secs();
        assert_eq!(went_by, 5 * answers, "and each takes its time, however long it has been going on");
    }
    assert_eq!(world.post(ALICE, "/messages", body).await.0, 200);
    assert_eq!(world.stage.clock.now().duration_since(began).as_secs(), 100, "but people's don't");
}

#[tokio::test]
async fn the_page_is_told_and_shown() {
    let world = World::new(false).await;
    let mut changes = world.stage.watch();
    let room = world.room(&["alice@example.com"]).await;
    changes.borrow_and_update();
    world.say(OURS, &room, "**Help** <@personEmail:alice@example.com>").await;
    assert!(changes.has_changed().expect("open"));
    let view = world.webex.view();
    let seen = &view[0]["people"][1]["lastActivity"];
    assert!(seen.is_string());
    assert_eq!(
        view[0]["people"][1],
        json!({"email": "alice@example.com", "name": "Alice", "moderator": false, "status": "active", "lastActivity": seen})
    );
    let message = &view[0]["messages"][0];
    assert_eq!(message["text"], "Help Alice");
    assert_eq!(message["mentions"], json!(["alice@example.com"]));
    assert_eq!((&message["author"], &message["edited"]), (&json!("handbell@example.com"), &Value::Null));
}

#[test]
fn the_published_signature_is_made() {
    let body = r#"{"id":"x","name":"n","resource":"messages","event":"created","data":{"id":"m"}}"#;
    assert_eq!(
        sign("86dacc007724d8ea666f88fc77d918dad9537a15", body.as_bytes()),
        "f02b6efefcc5206f1e52381bf863cad1ac8123cd"
    );
}

#[test]
fn markdown_is_read_for_mentions() {
    let find = |key: &str, value: &str| {
        (key == "personEmail" && value == "a@b.c").then(|| ("ID".to_owned(), "Ann".to_owned()))
    };
    let said = render(
        "# Hi <@personEmail:a@b.c|you>, <@personEmail:x@y.z|them>, <@all> [see](http://x) <b> <@",
        find,
    );
    assert_eq!(said.text, "Hi you, them, All see <b> <@");
    assert_eq!(said.people, ["ID"]);
    assert!(said.everybody);
    assert!(
        said.html
            .contains(r#"<spark-mention data-object-type="person" data-object-id="ID">you</spark-mention>"#)
    );
    assert!(said.html.contains("&lt;b&gt;"));
}
