//! Lines and their customers.

use handbell_core::incident::{Phase, Subject};
use jiff::Timestamp;

use crate::customer::people::{LINE, TOMMY, subject};
use crate::world::World;

fn renamed(was: &str) -> String {
    LINE.replace("  support:\n", &format!("  helpdesk:\n{was}"))
}

/// Everything from `lines:` on is gone.
fn removed() -> String {
    LINE.split("lines:\n").next().unwrap().to_owned()
}

/// The time after a fetch of missed texts. The next one, five minutes later, brings the latest texts to a line that is new.
fn after_a_fetch() -> Timestamp {
    "2026-11-30T10:00:10Z".parse().unwrap()
}

/// The input C2: the line is renamed, with the same number.
#[tokio::test]
async fn the_customers_of_a_renamed_line_keep_their_spaces() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    alice.says("hello").await;
    tommy.reads(&["Thanks for signing up!", "hello"]);
    for next in [renamed("    was: support\n"), renamed("    was: [desk, support]\n"), LINE.to_owned()] {
        world.redeploy(&next);
        world.pass(120).await;
        world.read_all();
        alice.says("are you still there?").await;
        tommy.reads(&["are you still there?"]);
        tommy.texts("yes").await;
        let posts = team.new_posts();
        assert!(posts.iter().any(|post| post.ends_with(": yes")), "{posts:#?}");
        assert_eq!(team.how_many(), 1, "the same space");
    }
    world.read_all();
}

#[tokio::test]
async fn what_an_agent_writes_on_a_line_that_is_gone_is_answered_under_the_message() {
    for next in [renamed(""), removed()] {
        let world = World::at(after_a_fetch(), LINE, &[]).await;
        let (tommy, team, alice) =
            (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
        tommy.texts("hi").await;
        let first = alice.says("hello").await;
        tommy.reads(&["Thanks for signing up!", "hello"]);
        world.read_all();
        world.redeploy(&next);
        world.pass(120).await;
        world.read_all();
        alice.says("we open at 9").await;
        alice.says("/close").await;
        tommy.reads_nothing();
        let posts = team.new_posts();
        let word = "↳ **Not sent.** The line support is gone from the configuration, so nothing that you write here goes to the customer.";
        assert_eq!(posts.iter().filter(|post| post.starts_with(word)).count(), 2, "{posts:#?}");
        assert!(posts.iter().all(|post| post.contains("`was: support`")), "{posts:#?}");
        alice.says("/w odd one").await;
        team.sees_nothing();
        alice.edits(&first, "hello Tommy").await;
        assert_eq!(team.new_posts().len(), 1, "an edit isn't silent either");
        tommy.reads_nothing();
        world.read_all();
    }
}

/// With `was` written after all, the space works again.
#[tokio::test]
async fn a_word_that_was_forgotten_can_be_written_later() {
    let world = World::at(after_a_fetch(), LINE, &[]).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    world.redeploy(&renamed(""));
    world.pass(120).await;
    world.read_all();
    world.redeploy(&renamed("    was: support\n"));
    alice.says("sorry for the wait").await;
    tommy.reads(&["sorry for the wait"]);
    world.read_all();
}

#[tokio::test]
async fn the_alarm_of_a_waiting_customer_ends_with_the_line() {
    for (was, answered) in [("    was: support\n", true), ("", false)] {
        let world = World::with(LINE).await;
        let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
        tommy.texts("hi").await;
        world.pass(660).await;
        let waiting = Subject::waiting(&subject(TOMMY));
        let incident = async || world.runner.store.incidents().incident(&waiting).await.unwrap().unwrap();
        assert_eq!(incident().await.phase, Phase::Open);
        world.read_all();
        world.redeploy(&renamed(was));
        world.pass(120).await;
        if answered {
            alice.says("hello").await;
            world.pass(120).await;
            tommy.reads(&["hello"]);
            assert_eq!(incident().await.phase, Phase::Resolved);
        } else {
            let posts = world.unread_posts();
            let word = "isn't followed any more: the line is gone from the configuration. If the line was renamed, write `was: support`";
            super::one_with(&posts, &[word]);
            assert_eq!(incident().await.phase, Phase::Lapsed);
        }
        world.read_all();
    }
}
