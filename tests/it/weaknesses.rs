//! What the button robot that Handbell replaces did wrong, each by its name, and impossible here.

use handbell::sim::trouble::TroubleKind;
use serde_json::{Value, json};

use crate::world::{PLAN, World};

const OURS: (&str, &str) = ("authorization", "Bearer local-webex-token");
const JSON: (&str, &str) = ("content-type", "application/json");

async fn make_room(world: &World, who: (&str, &str), title: &str) -> String {
    let answer =
        world.send("POST", "/sim/webex/v1/rooms", &[who, JSON], json!({ "title": title }).to_string()).await;
    let room: Value = serde_json::from_str(&answer.body).unwrap();
    room["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_failed_member_add_leaves_the_room_without_audience() {
    let world =
        World::with(&PLAN.replace("[alice@example.com]", "[nobody@example.com, alice@example.com]")).await;
    assert_eq!(world.press("green").await.body, "OK 1\n");
    world.settle().await;
    assert_eq!(world.people("Green Power"), ["alice@example.com*", "bob@example.com"]);
    let posts = world.posts("Green Power");
    assert!(posts.iter().any(|post| post.contains("Adding nobody@example.com: ❌ failed")), "{posts:#?}");
    world.read_all();
}

#[tokio::test]
async fn a_502_on_the_step_message_repeats_the_sms_or_loses_the_content() {
    let world = World::new().await;
    world.press("green").await;
    world.settle().await;
    world.trouble("webex", TroubleKind::BadGatewayBefore, Some(60));
    world.press("green").await;
    world.pass(30).await;
    world.press("green").await;
    world.pass(300).await;
    assert_eq!(world.texts("+12025550111"), ["Check Webex: delivered"], "no second SMS");
    let posts = world.posts("Green Power").join("\n");
    assert!(posts.contains("[form.pdf]"), "the content is not lost: {posts}");
    assert_eq!(world.calls("+12025550111"), 1);
    world.read_all();
}

#[tokio::test]
async fn one_bad_number_stops_the_remaining_ones() {
    let world = World::new().await;
    world.behave("+12025550111", json!({ "behaviour": "refuse", "code": 21211 })).await;
    world.press("green").await;
    world.press("green").await;
    world.settle().await;
    assert_eq!(world.texts("+12025550112"), ["Check Webex: delivered"]);
    world.read_all();
}

#[tokio::test]
async fn a_press_in_between_changes_what_the_call_says() {
    let world = World::with(&PLAN.replace("say: \"Please", "say: \"The third step. Please")).await;
    for _ in 0..3 {
        world.press("green").await;
        world.settle().await;
    }
    world.press("green").await;
    world.settle().await;
    let heard = world.answer("+12025550111").await;
    assert!(heard[0].starts_with("The third step. Please check Webex."), "{heard:?}");
    world.read_all();
}

#[tokio::test]
async fn a_room_whose_title_only_contains_the_name_is_used() {
    let world = World::new().await;
    let other = make_room(&world, OURS, "My Green Power archive").await;
    world.press("green").await;
    world.settle().await;
    let spaces = world.spaces();
    let archive = spaces.iter().find(|space| space["id"] == *other).expect("it is still there");
    assert!(archive["messages"].as_array().unwrap().is_empty(), "and nobody spoke in it");
    assert_eq!(world.posts("Green Power").len(), 1);
}

#[tokio::test]
async fn only_the_first_page_of_rooms_is_searched() {
    let world = World::new().await;
    let wanted = make_room(&world, OURS, "Green Power").await;
    for number in 0..1005 {
        make_room(&world, OURS, &format!("Another space {number}")).await;
    }
    world.press("green").await;
    world.settle().await;
    let spaces = world.spaces();
    let named: Vec<_> = spaces.iter().filter(|space| space["title"] == "Green Power").collect();
    assert_eq!(named.len(), 1, "no second one is made");
    assert_eq!(named[0]["id"], *wanted);
    world.read_all();
}

#[tokio::test]
async fn destructive_get_links_are_open_to_all() {
    let world = World::new().await;
    world.press("green").await;
    world.settle().await;
    for path in ["/delete/green", "/initialise/green", "/index", "/files/dashboard.png", "/call/green"] {
        assert_eq!(world.send("GET", path, &[], "").await.status, 404, "{path}");
    }
    assert_eq!(world.posts("Green Power").len(), 1);
}

#[tokio::test]
async fn twilio_is_believed_without_a_signature() {
    let world = World::new().await;
    for _ in 0..3 {
        world.press("green").await;
        world.settle().await;
    }
    let before = world.incident().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body =
        "AccountSid=ACffffffffffffffffffffffffffffffff&CallSid=CA00000000000000000000000000000000&Digits=1";
    for signature in [None, Some("c2lnbmF0dXJl"), Some("")] {
        let mut headers = vec![form];
        headers.extend(signature.map(|signature| ("x-twilio-signature", signature)));
        let answer = world.send("POST", "/twilio/voice/key?d=button.green.1.3.1&s=3", &headers, body).await;
        assert_eq!(answer.status, 403, "{signature:?}");
    }
    assert_eq!(world.incident().await, before, "nothing is written");
    world.read_all();
}

#[tokio::test]
async fn one_slow_vendor_blocks_all_presses() {
    let world = World::new().await;
    world.trouble("webex", TroubleKind::Timeout, None);
    for press in 1..=8 {
        let answer = world.press_as("green", &format!("press-{press}")).await;
        assert_eq!(answer.body, format!("OK {press}\n"), "a press never waits for Webex");
    }
    world.no_trouble();
    // Nobody is told anything yet, and nothing needs to be read.
    assert!(world.spaces().is_empty());
}

#[tokio::test]
async fn data_in_a_post_mentions_everybody() {
    let hostile = PLAN.replace("label: Green button", "label: \"<@all> **Green** [x](http://example.com)\"");
    let world = World::with(&hostile.replace("\"# Help is needed\"", "\"{button} needs help\"")).await;
    world.press("green").await;
    world.settle().await;
    let posts = world.posts("Green Power");
    assert!(!posts[0].contains("<@all>"), "{posts:#?}");
    let message = world.spaces()[0]["messages"][0].clone();
    assert!(message["mentions"].as_array().is_none_or(Vec::is_empty), "{message}");
}
