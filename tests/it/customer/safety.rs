//! Messages that must not go out, reach a stranger, or be mistaken for something else.

use handbell_sim::trouble::TroubleKind;
use handbell_store::SpacesRead;
use serde_json::json;

use super::people::{LINE, TOMMY};
use crate::world::World;

#[tokio::test]
async fn a_reply_in_a_thread_stays_unless_it_begins_with_the_command() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    tommy.new_texts();
    let whisper = alice.says("/w is he a fraud?").await;
    world.read_all();
    alice.answers_under(&whisper, "yes, don't refund him").await;
    tommy.reads_nothing();
    team.sees(&["↳ **Not sent.** What stands in a thread stays here"]);
    alice.answers_under(&whisper, "/reply We look into it.").await;
    tommy.reads(&["We look into it."]);
    world.read_all();
}

#[tokio::test]
async fn a_whisper_that_is_edited_is_never_sent_with_a_later_message() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    tommy.new_texts();
    let whisper = alice.says("/w he lies").await;
    alice.edits(&whisper, "he lies").await;
    alice.says("good day").await;
    tommy.reads(&["good day"]);
    world.read_all();
}

#[tokio::test]
async fn an_outsider_in_the_space_does_not_speak_for_the_team() {
    let world = World::with(LINE).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    tommy.texts("hi").await;
    tommy.new_texts();
    let guest = world.agent("guest@elsewhere.example.net", TOMMY);
    world.presence("guest@elsewhere.example.net", "active").await;
    guest.joins("alice@example.com").await;
    world.read_all();
    guest.says("your refund is on its way").await;
    tommy.reads_nothing();
    team.sees(&["↳ **Not sent.** Customers hear only people of our organisation"]);
    guest.says("/export").await;
    assert!(
        !team.new_posts().iter().any(|post| post.contains("transcript.txt")),
        "nor is anything handed out"
    );
}

#[tokio::test]
async fn a_strangers_space_with_a_customers_title_is_not_used() {
    let world = World::with(LINE).await;
    let eve = world.agent("eve@example.com", "nowhere");
    let us = world.as_handbell("GET", "people/me", json!({})).await["emails"][0].clone();
    for title in ["+12025550123", "Support lobby", "Tommy 12025550123"] {
        let room = eve.asks("POST", "rooms", json!({ "title": title })).await;
        eve.asks("POST", "memberships", json!({ "roomId": room["id"], "personEmail": us })).await;
    }
    world.customer(TOMMY).texts("my card number is 4711").await;
    for space in world.spaces() {
        let theirs =
            space["people"].as_array().unwrap().iter().any(|person| person["email"] == "eve@example.com");
        assert!(!theirs || !space.to_string().contains("4711"), "{space}");
    }
    world.read_all();
    world.customer(TOMMY).new_texts();
}

#[tokio::test]
async fn a_form_with_a_known_customers_number_sends_nothing_to_the_mail_address_in_it() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    tommy.new_texts();
    world.read_all();
    let fields =
        [("phone", TOMMY), ("email", "eve@example.org"), ("message", "what is my balance?"), ("name", "Eve")];
    assert_eq!(world.fill_in("support", &fields).await.status, 200);
    world.settle().await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("Anybody can type a number into the form"), "{posts}");
    alice.says("It is 12.").await;
    tommy.reads(&["It is 12."]);
    assert!(world.runner.cloud.mail().sent_mails().is_empty(), "no mail to whoever filled in the form");
    world.read_all();
}

#[tokio::test]
async fn a_file_that_cannot_be_shown_stays_at_twilio() {
    let world = World::with(LINE).await;
    let tommy = world.customer(TOMMY);
    tommy.sends("look", &["one.png", "page.html"]).await;
    world.settle().await;
    let posts = world.team(TOMMY).new_posts().join("\n");
    assert!(posts.contains("[file.png]") && posts.contains("it can't be shown"), "{posts}");
    let deleted = world.runner.stage.wire.entries();
    let deleted: Vec<_> =
        deleted.iter().filter(|entry| entry.method == "DELETE" && entry.url.contains("/Media/")).collect();
    assert_eq!(deleted.len(), 1, "only what was posted is removed");
    tommy.new_texts();
    world.read_all();
}

#[tokio::test]
async fn a_bot_recognises_its_own_post_in_a_customers_space() {
    let world = World::with_bot(LINE).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    tommy.texts("hi").await;
    tommy.new_texts();
    world.read_all();
    world.trouble("webex", TroubleKind::BadGatewayAfter, Some(60));
    tommy.texts("are you there?").await;
    world.pass(300).await;
    let posts = team.new_posts();
    assert_eq!(posts.iter().filter(|post| post.contains("are you there?")).count(), 1, "{posts:#?}");
}

#[tokio::test]
async fn a_customers_text_is_never_taken_for_a_reference_tag() {
    let world = World::with(LINE).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    tommy.texts("hi").await;
    world.read_all();
    tommy.new_texts();
    tommy.texts(&"&".repeat(1600)).await;
    let posts = team.new_posts();
    assert_eq!(posts.len(), 1, "{posts:#?}");
    let all = world.marks();
    let unique: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(all.len(), unique.len(), "each post bears its own mark, however long it is");
}

#[tokio::test]
async fn a_customer_who_writes_during_the_erasure_is_a_new_one() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("my secret is 4711").await;
    alice.says("/erase").await;
    alice.says_at_once("/erase yes").await;
    world.pass(1).await;
    tommy.texts("hello again").await;
    world.pass(120).await;
    let known = world.known_of(TOMMY).await;
    assert!(!known.contains("4711") && known.contains("hello again"), "{known}");
    let shown = world.spaces().iter().filter(|space| space.to_string().contains("hello again")).count();
    assert_eq!(shown, 1);
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn handbells_own_space_whose_title_ends_with_the_number_is_adopted_once() {
    let world = World::with(LINE).await;
    for title in ["Tommy Tutone 1 202-555-0123", "Another 91 202 555 0123"] {
        world.as_handbell("POST", "rooms", json!({ "title": title })).await;
    }
    world.customer(TOMMY).texts("hi").await;
    let spaces = world.spaces();
    assert_eq!(spaces.len(), 2, "no third one is made");
    let shown = |title: &str| {
        spaces.iter().any(|space| space["title"] == title && space.to_string().contains(": hi"))
    };
    assert!(shown("Tommy Tutone 1 202-555-0123"));
    // The same digits after others are another number.
    world.customer("+912025550123").texts("hello").await;
    assert_eq!(world.spaces().len(), 2);
    world.customer("+442025550123").texts("good day").await;
    assert_eq!(world.spaces().len(), 3);
    world.read_all();
    for number in [TOMMY, "+912025550123", "+442025550123"] {
        world.customer(number).new_texts();
    }
}

#[tokio::test]
async fn a_command_right_after_a_whisper_is_run() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    tommy.new_texts();
    for _ in 0..3 {
        alice.says_at_once("/w I call him").await;
        alice.says_at_once("/who").await;
        world.settle().await;
        let posts = world.team(TOMMY).new_posts();
        assert_eq!(posts.iter().filter(|post| post.contains("Open since")).count(), 1, "{posts:#?}");
    }
    tokio::join!(alice.says_at_once("/w now"), alice.says_at_once("/call"));
    world.settle().await;
    assert_eq!(world.calls("+12025550111"), 1);
    world.read_all();
}

#[tokio::test]
async fn beyond_the_daily_limit_answers_stay_and_the_admins_are_notified_once() {
    let world = World::with(
        &LINE.replace("    label: Support", "    label: Support\n    limits: { parts_per_day: 2 }"),
    )
    .await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    tommy.reads(&["Thanks for signing up!"]);
    for text in ["one", "two"] {
        alice.says(text).await;
    }
    tommy.reads(&["one", "two"]);
    world.read_all();
    // If the admins could not be notified, the next answer that stays notifies them.
    world.trouble("webex", TroubleKind::BadGatewayBefore, Some(20));
    alice.says_at_once("three").await;
    world.pass(120).await;
    for text in ["four", "five"] {
        alice.says(text).await;
    }
    tommy.reads_nothing();
    let posts = team.new_posts().join("\n");
    assert_eq!(posts.matches("the line's limit for today is reached").count(), 3, "{posts}");
    let told = world
        .spaces()
        .iter()
        .map(|space| space.to_string().matches("which is its limit").count())
        .sum::<usize>();
    assert!(told >= 1, "the admins know");
    let before = told;
    alice.says("six").await;
    let told = world
        .spaces()
        .iter()
        .map(|space| space.to_string().matches("which is its limit").count())
        .sum::<usize>();
    assert_eq!(told, before, "and hear it once");
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn attempts_that_twilio_refuses_for_minutes_use_up_no_segments() {
    let limited = LINE.replace("    label: Support", "    label: Support\n    limits: { parts_per_day: 4 }");
    let world = World::with(&limited).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    tommy.new_texts();
    world.trouble("twilio", TroubleKind::TooMany, Some(7 * 60));
    alice.says_at_once("one").await;
    world.pass(15 * 60).await;
    tommy.reads(&["one"]);
    for text in ["two", "three", "four"] {
        alice.says(text).await;
    }
    tommy.reads(&["two", "three", "four"]);
    alice.says("five").await;
    tommy.reads_nothing();
    world.read_all();
}

#[tokio::test]
async fn a_text_over_the_limit_leaves_room_for_a_shorter_one() {
    let limited = LINE.replace("    label: Support", "    label: Support\n    limits: { parts_per_day: 2 }");
    let world = World::with(&limited).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    tommy.new_texts();
    alice.says(&"long words ".repeat(60)).await;
    tommy.reads_nothing();
    alice.says("short").await;
    tommy.reads(&["short"]);
    world.read_all();
}

/// A bot saw only what mentioned it. A person's token, which sees everything, takes its place.
#[tokio::test]
async fn talk_that_was_written_for_another_token_stays() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    tommy.new_texts();
    let of_the_bot = SpacesRead { read_to: world.now(), everything: false, since: world.now() };
    world.runner.store.missed().set_spaces_read(&of_the_bot).await.unwrap();
    world.trouble("webex", TroubleKind::DropCallback, Some(5));
    alice.says_at_once("he is difficult").await;
    world.pass(15 * 60).await;
    tommy.reads_nothing();
    alice.says("How can we help?").await;
    tommy.reads(&["How can we help?"]);
    world.read_all();
}
