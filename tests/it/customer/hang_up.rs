//! Callers who hang up before anybody takes the call.

use serde_json::json;

use super::people::{LINE, TOMMY};
use crate::world::World;

const ANNOUNCED: (&str, &str) = ("voice: { forward", "voice: { announce: Thank you for calling., forward");

#[tokio::test]
async fn a_caller_who_hangs_up_during_the_announcement_is_shown_and_waits() {
    let world = World::with(&LINE.replace(ANNOUNCED.0, ANNOUNCED.1)).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    world.behave(TOMMY, json!({ "answers": "person", "speech": 8 })).await;
    tommy.calls().await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("calls, and is being connected"), "{posts}");
    tommy.hangs_up().await;
    world.pass(60).await;
    let posts = team.new_posts().join("\n");
    assert_eq!(posts.matches("missed call").count(), 1, "{posts}");
    tommy.reads(&["We saw your call."]);
    let conversation = world.conversation(TOMMY).await.unwrap();
    assert!(conversation.waiting_since.is_some(), "somebody waits");
    assert_eq!(world.people(TOMMY), ["alice@example.com"], "somebody is in the space");
}

#[tokio::test]
async fn a_caller_who_hangs_up_while_it_rings_is_shown_once() {
    let world = World::with(&LINE.replace(ANNOUNCED.0, ANNOUNCED.1)).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    world.behave(TOMMY, json!({ "answers": "person", "speech": 2 })).await;
    tommy.calls().await;
    world.pass(5).await;
    tommy.hangs_up().await;
    world.pass(300).await;
    let posts = team.new_posts().join("\n");
    assert_eq!(posts.matches("missed call").count(), 1, "{posts}");
    tommy.reads(&["We saw your call."]);
}
