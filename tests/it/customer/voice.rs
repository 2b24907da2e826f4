//! Calls: forwarded with the caller's number, missed, and recorded; and an agent who calls the customer.

use super::people::{LINE, TOMMY};
use super::talks::FIRST;
use crate::world::World;

const CENTRE: &str = "+12025550120";

#[tokio::test]
async fn a_call_is_shown_and_forwarded_with_the_callers_number() {
    let world = World::with(LINE).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    tommy.calls().await;
    team.sees(&[FIRST, "calls, and is being connected"]);
    let centre = world.runner.twilio.view();
    let centre =
        centre.as_array().unwrap().iter().find(|phone| phone["number"] == CENTRE).cloned().expect("it rings");
    assert_eq!(centre["call"]["from"], TOMMY);
    world.answer(CENTRE).await;
    world.advance(75).await;
    world.customer(CENTRE).hangs_up().await;
    let posts = team.new_posts();
    assert!(posts.len() == 1 && posts[0].contains("the call is over, after 1 min"), "{posts:#?}");
    tommy.reads_nothing();

    tommy.texts("thanks for the talk").await;
    assert_eq!(team.how_many(), 1, "no second conversation");
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn a_call_that_nobody_takes_becomes_a_voicemail_and_a_text() {
    let world = World::with(LINE).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    world.behave(CENTRE, serde_json::json!({ "behaviour": "busy" })).await;
    tommy.calls().await;
    tommy.speaks(7).await;
    tommy.hangs_up().await;
    world.pass(60).await;
    let posts = team.new_posts().join("\n");
    for part in ["calls, and is being connected", "missed call", "left a message of 7 s", "[message.mp3]"] {
        assert!(posts.contains(part), "{part}: {posts}");
    }
    tommy.reads(&["We saw your call."]);
    let conversation = world.conversation(TOMMY).await.unwrap();
    assert!(conversation.waiting_since.is_some(), "somebody waits");
}

#[tokio::test]
async fn outside_of_opening_hours_a_call_is_forwarded_elsewhere_or_recorded() {
    let night =
        LINE.replace("    label: Support", "    label: Support\n    hours: { week: { mon: closed } }");
    let world = World::with(&night).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    tommy.calls().await;
    tommy.speaks(3).await;
    tommy.hangs_up().await;
    world.pass(60).await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("missed call") && posts.contains("[message.mp3]"), "{posts}");
    tommy.reads(&["We saw your call."]);
    world.team("Support lobby").sees(&["outside hours"]);

    let other = LINE
        .replace("    label: Support", "    label: Support\n    hours: { week: { mon: closed } }")
        .replace("forward: \"+12025550120\"", "forward: \"+12025550120\", after_hours: \"+12025550121\"");
    let world = World::with(&other).await;
    world.customer(TOMMY).calls().await;
    let phones = world.runner.twilio.view();
    let rings = |number: &str| {
        phones.as_array().unwrap().iter().any(|phone| phone["number"] == number && !phone["call"].is_null())
    };
    assert!(rings("+12025550121") && !rings(CENTRE));
    world.read_all();
}

#[tokio::test]
async fn callers_without_a_number_share_one_space_and_get_no_texts() {
    let world = World::with(LINE).await;
    let answer = world.signed_call("anonymous").await;
    assert!(answer.body.contains("<Dial"), "{answer:?}");
    world.settle().await;
    let answer = world.signed_call("+266696687").await;
    assert!(answer.body.contains("<Dial"), "{answer:?}");
    world.settle().await;
    let spaces = world.spaces();
    assert_eq!(spaces.len(), 1);
    assert_eq!(spaces[0]["title"], "Callers without a number");
    world.read_all();
}

#[tokio::test]
async fn an_agent_calls_the_customer_with_the_lines_number() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("please call me").await;
    tommy.new_texts();
    alice.says("/call").await;
    let heard = world.answer("+12025550111").await.join("\n");
    assert!(heard.contains("Press 1 to be connected with +12025550123"), "{heard}");
    world.key("+12025550111", "1").await;
    world.settle().await;
    let phones = world.runner.twilio.view();
    let phone = phones.as_array().unwrap().iter().find(|phone| phone["number"] == TOMMY).unwrap().clone();
    assert_eq!(phone["call"]["from"], super::people::OUR_NUMBER);
    tommy.hangs_up().await;
    world.read_all();
}

#[tokio::test]
async fn an_agents_call_that_the_customer_answers_ends_the_waiting_and_stands_in_the_history() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("please call me").await;
    world.pass(11 * 60).await;
    assert!(!world.posts("Somebody waits").is_empty());
    world.read_all();
    alice.says("/call").await;
    world.answer("+12025550111").await;
    world.key("+12025550111", "1").await;
    world.settle().await;
    world.answer(TOMMY).await;
    world.advance(65).await;
    tommy.hangs_up().await;
    world.pass(60).await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("📞 Alice ") && posts.contains("They spoke for 1 min"), "{posts}");
    assert!(posts.contains("Call to Alice: ") && !posts.contains("+12025550111"), "{posts}");
    assert!(world.conversation(TOMMY).await.unwrap().waiting_since.is_none());
    let incident = world.posts("Somebody waits");
    assert!(incident.last().unwrap().contains("Resolved by Alice"), "{incident:#?}");
    alice.says("/history").await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("They spoke for 1 min"), "{posts}");
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn an_agents_call_that_the_customer_does_not_answer_leaves_the_customer_waiting() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("please call me").await;
    world.read_all();
    world.behave(TOMMY, serde_json::json!({ "behaviour": "busy" })).await;
    alice.says("/call").await;
    world.answer("+12025550111").await;
    world.key("+12025550111", "1").await;
    world.pass(60).await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("called the customer, who did not answer"), "{posts}");
    assert!(world.conversation(TOMMY).await.unwrap().waiting_since.is_some());
    world.read_all();
    tommy.new_texts();
}
