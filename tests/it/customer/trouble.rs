//! A vendor is down in the middle of a conversation, Twilio omits a callback, Webex disables the webhooks, a handler dies.

use handbell_local::gate::Moment;
use handbell_sim::trouble::TroubleKind;

use super::people::{LINE, TOMMY};
use crate::world::World;

#[tokio::test]
async fn webex_answering_502_for_five_minutes_loses_doubles_and_reorders_nothing() {
    let world = World::with(LINE).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    let alice = world.agent("alice@example.com", TOMMY);
    tommy.texts("zero").await;
    tommy.new_texts();
    world.read_all();
    for kind in [TroubleKind::BadGatewayBefore, TroubleKind::BadGatewayAfter] {
        world.trouble("webex", kind, Some(300));
        for text in ["one", "two", "three"] {
            tommy.texts_at_once(text).await;
            world.pass(40).await;
        }
        world.pass(600).await;
        let posts = team.new_posts();
        let order: Vec<&str> = posts
            .iter()
            .filter_map(|post| {
                ["one", "two", "three"].into_iter().find(|text| post.ends_with(&format!(": {text}")))
            })
            .collect();
        assert_eq!(order, ["one", "two", "three"], "{kind:?} {posts:#?}");
    }
    // Messages that agents wrote while Webex could not be read go out in their order.
    let texts = ["first", "second", "third"];
    for text in texts {
        alice.says_at_once(text).await;
    }
    world.trouble("webex", TroubleKind::BadGatewayBefore, Some(300));
    world.pass(900).await;
    tommy.reads(&texts);
    world.read_all();
}

#[tokio::test]
async fn twilio_answering_503_for_five_minutes_loses_doubles_and_reorders_nothing() {
    let world = World::with(LINE).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    let alice = world.agent("alice@example.com", TOMMY);
    tommy.texts("hi").await;
    tommy.new_texts();
    world.read_all();
    for kind in [TroubleKind::BadGatewayBefore, TroubleKind::BadGatewayAfter, TroubleKind::Reset] {
        world.trouble("twilio", kind, Some(300));
        let texts = ["ok", "ok", "until then", "ok"];
        for text in texts {
            alice.says_at_once(text).await;
            world.pass(20).await;
        }
        world.pass(60).await;
        let posts = team.new_posts().join("\n");
        // The callback proves that Twilio accepted a text although its response was lost.
        let known = ["being looked up", "will be tried again", "✅ delivered"];
        assert!(known.iter().any(|word| posts.contains(word)), "the agents know: {posts}");
        world.pass(1200).await;
        tommy.reads(&texts);
        world.read_all();
    }
}

#[tokio::test]
async fn a_text_without_a_callback_is_fetched_once() {
    let world = World::with(LINE).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    tommy.texts("hi").await;
    world.read_all();
    tommy.new_texts();
    world.trouble("twilio", TroubleKind::DropCallback, Some(30));
    tommy.texts_at_once("are you there?").await;
    world.pass(12 * 60).await;
    let posts = team.new_posts();
    assert_eq!(posts.iter().filter(|post| post.contains("are you there?")).count(), 1, "{posts:#?}");
    world.pass(20 * 60).await;
    team.sees_nothing();
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn webhooks_that_webex_disabled_are_enabled_again_and_missed_messages_are_read_once() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    world.read_all();
    tommy.new_texts();
    let off = world
        .send("POST", "/sim/webex/webhooks/disable", &[("content-type", "application/json")], "{}")
        .await;
    assert_eq!(off.status / 100, 2, "{off:?}");
    for text in ["one", "two", "/w not this", "three"] {
        alice.says_at_once(text).await;
    }
    tommy.reads_nothing();
    world.pass(6 * 60).await;
    tommy.reads(&["one", "two", "three"]);
    alice.says("four").await;
    tommy.reads(&["four"]);
    world.pass(12 * 60).await;
    tommy.reads_nothing();
    world.read_all();
}

/// A text comes in, or an answer goes out, and a handler dies at request `number`.
async fn play(out: bool, number: usize, moment: Moment) -> (usize, bool) {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    if out {
        tommy.texts("hi").await;
        tommy.new_texts();
    }
    world.gate.kill_at(number, moment);
    if out {
        alice.says_at_once("hello").await;
    } else {
        tommy.texts_at_once("hi").await;
    }
    world.pass(30).await;
    let seen = world.gate.seen();
    world.pass(11 * 60).await;
    let here = format!("out {out} at {number} {moment:?}");
    let posts = world.team(TOMMY).new_posts();
    if out {
        let texts = tommy.new_texts();
        assert_eq!(texts, ["hello"], "{here}: {posts:#?}");
    } else {
        assert_eq!(world.team(TOMMY).how_many(), 1, "{here}");
        for part in [": hi", "Everything that you write", "please answer"] {
            let count = posts.iter().filter(|post| post.contains(part)).count();
            assert_eq!(count, 1, "{here}: {part} in {posts:#?}");
        }
        assert_eq!(tommy.new_texts(), ["Thanks for signing up!"], "{here}: {posts:#?}");
    }
    world.read_all();
    (seen, world.gate.deaths() > 0)
}

async fn every_death(out: bool) {
    let (requests, died) = play(out, usize::MAX / 4, Moment::Before).await;
    assert!(!died && requests > 5, "{requests} requests");
    let mut deaths = 0;
    for number in 0..requests {
        let (before, after) =
            tokio::join!(play(out, number, Moment::Before), play(out, number, Moment::After));
        deaths += usize::from(before.1) + usize::from(after.1);
    }
    assert!(deaths > requests, "of {requests} requests, {deaths} deaths");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_an_incoming_text() {
    every_death(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_an_outgoing_answer() {
    every_death(true).await;
}

/// While Twilio refuses the first of two answers, a handler dies at request `number` after the second was written.
async fn die_with_a_waiting_answer(number: usize, moment: Moment) -> (usize, bool) {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    tommy.new_texts();
    world.trouble("twilio", TroubleKind::TooMany, None);
    alice.says_at_once("one").await;
    world.pass(200).await;
    world.gate.kill_at(number, moment);
    alice.says_at_once("two").await;
    world.pass(20).await;
    let seen = world.gate.seen();
    // A worker that takes over has time to look for the second answer, and to find nothing.
    world.pass(100).await;
    world.no_trouble();
    world.pass(11 * 60).await;
    assert_eq!(tommy.new_texts(), ["one", "two"], "at {number} {moment:?}");
    world.read_all();
    (seen, world.gate.deaths() > 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_waited_when_its_worker_died_still_waits_for_the_one_before_it() {
    let (requests, _) = die_with_a_waiting_answer(usize::MAX / 4, Moment::Before).await;
    let mut deaths = 0;
    for number in 0..requests {
        deaths += usize::from(die_with_a_waiting_answer(number, Moment::After).await.1);
    }
    assert!(deaths > requests / 2, "of {requests} requests, {deaths} deaths");
}

#[tokio::test]
async fn a_hundred_conversations_at_once_keep_their_order() {
    let world = World::with(LINE).await;
    let numbers: Vec<String> = (0..100).map(|number| format!("+1202555{:04}", 1000 + number)).collect();
    for round in 0..3 {
        let texts = numbers.iter().map(|number| {
            let customer = world.customer(number);
            async move { customer.texts_at_once(&format!("text {round}")).await }
        });
        futures_util::future::join_all(texts).await;
    }
    world.pass(300).await;
    for number in &numbers {
        let posts = world.team(number).new_posts();
        let order: Vec<_> = posts
            .iter()
            .filter_map(|post| post.rsplit_once(": text ").map(|(_, round)| round.to_owned()))
            .collect();
        assert_eq!(order, ["0", "1", "2"], "{number} {posts:#?}");
    }
    world.read_all();
    for number in &numbers {
        world.customer(number).new_texts();
    }
}

#[tokio::test]
async fn an_answer_whose_only_webhook_is_lost_is_read_within_five_minutes() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    world.read_all();
    tommy.new_texts();
    world.pass(300).await;
    world.trouble("webex", TroubleKind::DropCallback, Some(5));
    alice.says_at_once("on my way").await;
    alice.says_at_once("/w not this").await;
    world.pass(30).await;
    tommy.reads_nothing();
    world.pass(300).await;
    tommy.reads(&["on my way"]);
    world.pass(900).await;
    tommy.reads_nothing();
    world.read_all();
}

#[tokio::test]
async fn twenty_six_answers_that_were_typed_while_nothing_ran_leave_in_their_order() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    world.read_all();
    tommy.new_texts();
    world.trouble("webex", TroubleKind::DropCallback, Some(120));
    let texts: Vec<String> = (0..26).map(|number| format!("answer {number:02}")).collect();
    for text in &texts[..25] {
        alice.says_at_once(text).await;
        world.advance(4).await;
    }
    world.advance(20).await;
    alice.says_at_once(&texts[25]).await;
    // Each waits until the one before it is delivered.
    world.pass(900).await;
    tommy.reads(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    world.read_all();
}
