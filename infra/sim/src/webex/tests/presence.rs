//! Tests of presence, which the control API sets and colleagues see.

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ALICE, OURS, World, text};

const PAT: &str = "person:pat@elsewhere.org";

async fn play(world: &World, email: &str, played: Value) -> u16 {
    world.control(Method::PUT, &format!("/people/{email}/presence"), played).await
}

async fn find(world: &World, email: &str) -> Value {
    let (status, mut found) = world.get(OURS, &format!("/people?email={email}")).await;
    assert_eq!(status, 200, "{found}");
    found["items"][0].take()
}

fn time(value: &Value) -> Timestamp {
    text(value).parse().expect("a time")
}

#[tokio::test]
async fn whom_nobody_plays_is_active_since_the_start() {
    let world = World::new(true).await;
    world.stage.clock.advance(SignedDuration::from_hours(2));
    let alice = find(&world, "alice@example.com").await;
    assert_eq!(alice["status"], "active");
    let idle = world.stage.clock.now().duration_since(time(&alice["lastActivity"]));
    assert!(idle >= SignedDuration::from_hours(2), "{idle}");
    let (_, bot) = world.get(OURS, "/people/me").await;
    assert_eq!((&bot["status"], &bot["orgId"]), (&json!("active"), &alice["orgId"]));
}

#[tokio::test]
async fn what_somebody_is_at_is_seen_wherever_people_are() {
    let world = World::new(true).await;
    let bob = find(&world, "bob@example.com").await;
    for status in [
        "active",
        "inactive",
        "call",
        "meeting",
        "presenting",
        "DoNotDisturb",
        "OutOfOffice",
        "pending",
        "unknown",
    ] {
        let played = json!({"status": status, "lastActivity": "2026-11-21T10:30:00+01:00"});
        assert_eq!(play(&world, "Alice@example.com", played).await, 204);
        let alice = find(&world, "alice@example.com").await;
        assert_eq!(alice["status"], status);
        assert_eq!(alice["lastActivity"], "2026-11-21T09:30:00.000Z");
        let id = text(&alice["id"]);
        assert_eq!(world.get(OURS, &format!("/people/{id}")).await.1, alice);
        assert_eq!(world.get(ALICE, "/people/me").await.1, alice);
        let (_, both) = world.get(OURS, &format!("/people?id={},{id}", text(&bob["id"]))).await;
        assert_eq!(both["items"], json!([bob, alice]));
    }
    let (_, spared) = world.get(OURS, "/people?email=alice@example.com&excludeStatus=true").await;
    assert!(spared["items"][0].get("status").is_none());
}

#[tokio::test]
async fn who_does_something_was_seen_just_now() {
    let world = World::new(false).await;
    let room = world.room(&["alice@example.com"]).await;
    let long_ago = json!({"status": "meeting", "lastActivity": "2020-01-01T00:00:00Z"});
    assert_eq!(play(&world, "alice@example.com", long_ago.clone()).await, 204);
    world.get(ALICE, &format!("/messages?roomId={room}")).await;
    world.post(ALICE, "/messages", json!({"roomId": "elsewhere", "text": "x"})).await;
    world.say(OURS, &room, "<@personEmail:alice@example.com>?").await;
    assert_eq!(find(&world, "alice@example.com").await["lastActivity"], "2020-01-01T00:00:00.000Z");
    let said = world.say(ALICE, &room, "here").await;
    let alice = find(&world, "alice@example.com").await;
    assert_eq!((&alice["lastActivity"], &alice["status"]), (&said["created"], &json!("meeting")));

    // Without a time, an active person was active just now; for everybody else the time doesn't change.
    assert_eq!(play(&world, "alice@example.com", long_ago).await, 204);
    assert_eq!(play(&world, "alice@example.com", json!({"status": "inactive"})).await, 204);
    assert_eq!(find(&world, "alice@example.com").await["lastActivity"], "2020-01-01T00:00:00.000Z");
    assert_eq!(play(&world, "alice@example.com", json!({"status": "active"})).await, 204);
    let alice = find(&world, "alice@example.com").await;
    assert!(time(&alice["lastActivity"]) > time(&json!("2020-01-02T00:00:00Z")));
    let shown = &world.webex.view()[0]["people"][1];
    assert_eq!((&shown["email"], &shown["status"]), (&json!("alice@example.com"), &json!("active")));
}

#[tokio::test]
async fn other_organisations_see_no_status() {
    let world = World::new(false).await;
    assert_eq!(world.get(PAT, "/people/me").await.0, 401, "whom nobody has played isn't there");
    assert_eq!(play(&world, "pat@elsewhere.org", json!({"status": "active"})).await, 204);
    let room = world.room(&["alice@example.com", "pat@elsewhere.org"]).await;
    world.say(PAT, &room, "hello").await;

    let (_, pat) = world.get(PAT, "/people/me").await;
    assert_eq!(pat["status"], "active");
    let (status, seen) = world.get(OURS, &format!("/people/{}", text(&pat["id"]))).await;
    assert_eq!((status, &seen["emails"][0]), (200, &json!("pat@elsewhere.org")));
    assert!(seen.get("status").is_none() && seen.get("lastActivity").is_none(), "{seen}");
    let alice = find(&world, "alice@example.com").await;
    assert_ne!(alice["orgId"], pat["orgId"]);
    let (_, seen) = world.get(PAT, &format!("/people?id={},{}", text(&alice["id"]), text(&pat["id"]))).await;
    let seen = seen["items"].as_array().expect("people");
    assert_eq!(seen.len(), 2);
    for person in seen {
        assert_eq!(person.get("status").is_some(), person["id"] == pat["id"], "{person}");
    }
    // A search by address finds only people of the caller's organisation.
    assert_eq!(world.get(OURS, "/people?email=pat@elsewhere.org").await.1["items"], json!([]));
    assert_eq!(world.get(PAT, "/people?displayName=Alice").await.1["items"], json!([]));
    let (_, members) = world.get(OURS, &format!("/memberships?roomId={room}")).await;
    let theirs = members["items"].as_array().expect("people").iter();
    let theirs: Vec<&Value> =
        theirs.filter(|member| member["personOrgId"] == pat["orgId"]).map(|m| &m["personEmail"]).collect();
    assert_eq!(theirs, [&json!("pat@elsewhere.org")]);
}

#[tokio::test]
async fn at_most_85_people_are_asked_for_at_once() {
    let world = World::new(false).await;
    let mut ids = Vec::new();
    for number in 0..85 {
        ids.push(text(&find(&world, &format!("agent{number}@example.com")).await["id"]));
    }
    let (_, found) = world.get(OURS, &format!("/people?id={}", ids.join(","))).await;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(85));
    ids.push("another".into());
    assert_eq!(world.get(OURS, &format!("/people?id={}", ids.join(","))).await.0, 400);
}

#[tokio::test]
async fn nonsense_is_not_played() {
    let world = World::new(false).await;
    for nonsense in [
        json!({"status": "asleep"}),
        json!({}),
        json!({"status": "active", "lastActivity": "yesterday"}),
        json!({"status": "active", "mood": "good"}),
    ] {
        assert_eq!(play(&world, "alice@example.com", nonsense).await, 422);
    }
    for nobody in ["nobody@example.com", "alice", "al%20ice@example.com", "alice@"] {
        assert_eq!(play(&world, nobody, json!({"status": "active"})).await, 404, "{nobody}");
    }
}
