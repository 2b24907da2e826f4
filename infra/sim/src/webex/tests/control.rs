//! Tests of the control API: withheld files and disabled webhooks.

use axum::http::StatusCode;
use jiff::SignedDuration;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{ALICE, BOB, OURS, World, listener, next, text};

async fn withhold(world: &World, trouble: Value) -> u16 {
    world.control(Method::PUT, "/contents/trouble", trouble).await
}

#[tokio::test]
async fn files_are_withheld_for_a_while() {
    let world = World::new(false).await;
    let room = world.room(&["alice@example.com"]).await;
    let url = text(&world.show(ALICE, &room, "look").await["files"][0]);
    let fetch = async |method: Method, query: &str| -> Response {
        let request = world.stage.http.request(method, format!("{url}{query}"));
        request.bearer_auth(OURS).send().await.expect("an answer")
    };
    assert_eq!(withhold(&world, json!({"status": 423, "times": 2, "retryAfter": 3})).await, 204);
    // A caller without access learns nothing about the file, and doesn't use up the trouble.
    assert_eq!(world.stage.http.get(&url).bearer_auth(BOB).send().await.expect("an answer").status(), 404);
    for method in [Method::HEAD, Method::GET] {
        let locked = fetch(method, "").await;
        assert_eq!(
            (locked.status().as_u16(), &locked.headers()["retry-after"]),
            (423, &"3".parse().expect("a value"))
        );
    }
    assert_eq!(fetch(Method::GET, "").await.status(), 200);

    assert_eq!(withhold(&world, json!({"status": 410})).await, 204);
    let gone = fetch(Method::GET, "").await;
    assert_eq!((gone.status().as_u16(), gone.headers().contains_key("retry-after")), (410, false));
    assert!(gone.json::<Value>().await.expect("JSON")["trackingId"].is_string());
    assert_eq!(fetch(Method::GET, "").await.status(), 200);

    assert_eq!(withhold(&world, json!({"status": 428, "times": 2})).await, 204);
    assert_eq!(fetch(Method::GET, "").await.status(), 428);
    assert_eq!(
        fetch(Method::GET, "?allow=unscannable").await.text().await.expect("a file"),
        "rust everywhere"
    );
    assert_eq!(fetch(Method::GET, "").await.status(), 428);
    assert_eq!(fetch(Method::GET, "").await.status(), 200);

    assert_eq!(withhold(&world, json!({"status": 423, "times": 9})).await, 204);
    assert_eq!(withhold(&world, json!({"status": 423, "times": 0})).await, 204);
    assert_eq!(fetch(Method::GET, "").await.status(), 200);
    assert_eq!(withhold(&world, json!({"status": 500})).await, 400);
    assert_eq!(withhold(&world, json!({"status": 423, "for": "ever"})).await, 422);
}

#[tokio::test]
async fn webhooks_are_switched_off_until_they_are_put_right() {
    let world = World::new(false).await;
    let room = world.room(&[]).await;
    let (good, mut heard) = listener(StatusCode::OK).await;
    let (bad, mut missed) = listener(StatusCode::INTERNAL_SERVER_ERROR).await;
    let hook = async |target: &str, resource: &str| {
        let hook = json!({"name": "n", "targetUrl": target, "resource": resource, "event": "all"});
        text(&world.post(OURS, "/webhooks", hook).await.1["id"])
    };
    let (messages, rooms) = (hook(&good, "messages").await, hook(&bad, "rooms").await);
    let status = async |id: &str| text(&world.get(OURS, &format!("/webhooks/{id}")).await.1["status"]);
    let off = async |body: Value| world.control(Method::POST, "/webhooks/disable", body).await;
    let on = async |id: &str, target: &str, status: Value| {
        let mut hook = json!({"name": "n", "targetUrl": target});
        hook.as_object_mut().expect("an object").extend(status.as_object().cloned().unwrap_or_default());
        text(&world.put(OURS, &format!("/webhooks/{id}"), hook).await.1["status"])
    };

    assert_eq!(off(json!({"resource": "messages"})).await, 204);
    assert_eq!((status(&messages).await.as_str(), status(&rooms).await.as_str()), ("inactive", "active"));
    world.say(OURS, &room, "unheard").await;
    assert_eq!(on(&messages, &good, Value::Null).await, "inactive", "only status=active helps");
    assert_eq!(on(&messages, &good, json!({"status": "active"})).await, "active");
    let said = world.say(OURS, &room, "heard").await;
    assert_eq!(next(&mut heard).await.1["data"]["id"], said["id"]);

    assert_eq!(off(Value::Null).await, 204);
    assert_eq!((status(&messages).await.as_str(), status(&rooms).await.as_str()), ("inactive", "inactive"));
    // Soon afterwards one failure is enough; later it takes a hundred.
    let rename = async || world.put(OURS, &format!("/rooms/{room}"), json!({"title": "x"})).await;
    let failed = async |count: usize| {
        let mut changes = world.stage.watch();
        while world.stage.wire.entries().iter().filter(|entry| entry.status == 500).count() < count {
            changes.changed().await.expect("open");
        }
    };
    assert_eq!(on(&rooms, &bad, json!({"status": "active"})).await, "active");
    rename().await;
    next(&mut missed).await;
    failed(1).await;
    let mut changes = world.stage.watch();
    while status(&rooms).await == "active" {
        changes.changed().await.expect("open");
    }
    world.stage.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(on(&rooms, &bad, json!({"status": "active"})).await, "active");
    rename().await;
    next(&mut missed).await;
    failed(2).await;
    assert_eq!(status(&rooms).await, "active");
    assert_eq!(off(json!({"sort": "messages"})).await, 400);
}
