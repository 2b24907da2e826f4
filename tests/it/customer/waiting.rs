//! Who waits for an answer, for how long, and who doesn't.

use super::people::{LINE, TOMMY};
use crate::world::World;

#[tokio::test]
async fn thanks_after_a_closing_page_nobody_and_the_next_question_does() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("when do you open?").await;
    alice.says("At nine.").await;
    alice.says("/close").await;
    world.read_all();
    tommy.new_texts();
    for thanks in ["Thanks!", "👍", "ok, have a nice day", "Liked “At nine.”"] {
        tommy.texts(thanks).await;
        let posts = team.new_posts();
        assert!(posts.len() == 1 && posts[0].contains("**+12025550123**"), "{posts:#?}");
        tommy.reads_nothing();
    }
    world.pass(3 * 3600).await;
    assert!(world.posts("Somebody waits").is_empty());
    assert!(world.conversation(TOMMY).await.unwrap().closed);

    tommy.texts("Thanks, and on Sunday?").await;
    let conversation = world.conversation(TOMMY).await.unwrap();
    assert!(!conversation.closed && conversation.waiting_since.is_some());
    // A question is open now: thanks don't take it back.
    tommy.texts("thanks").await;
    world.pass(11 * 60).await;
    let posts = world.posts("Somebody waits");
    assert!(posts[0].contains("has been waiting for an answer for 10 min"), "{posts:#?}");
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn thanks_after_an_answer_may_agree_to_something_and_wait() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("is it there?").await;
    alice.says("/close").await;
    alice.says("Shall we send it?").await;
    tommy.texts("👍").await;
    assert!(world.conversation(TOMMY).await.unwrap().waiting_since.is_some());
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn an_agent_says_that_no_answer_is_needed() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("I'll be there at five").await;
    world.pass(11 * 60).await;
    assert!(!world.posts("Somebody waits").is_empty());
    world.read_all();
    tommy.new_texts();
    alice.says("/noreply").await;
    team.sees(&["↳ Alice says that no answer is needed."]);
    tommy.reads_nothing();
    world.pass(60).await;
    let posts = world.posts("Somebody waits");
    assert!(posts.last().unwrap().contains("Resolved by Alice"), "{posts:#?}");
    world.read_all();
    tommy.texts("thank you").await;
    team.sees(&["thank you"]);
    world.pass(3600).await;
    assert!(world.conversation(TOMMY).await.unwrap().waiting_since.is_none());
    alice.says("/no-reply").await;
    team.sees(&["The customer isn't waiting for an answer."]);
    tommy.texts("where are you?").await;
    assert!(world.conversation(TOMMY).await.unwrap().waiting_since.is_some());
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn somebody_hears_a_customer_at_once_when_everybody_has_left_the_space() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    alice.says("hello").await;
    tommy.texts("when do you open?").await;
    world.read_all();
    tommy.new_texts();
    alice.leaves().await;
    world.presence("alice@example.com", "inactive").await;
    tommy.texts("anybody?").await;
    assert_eq!(world.people(TOMMY), ["bob@example.com"]);
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("anybody?") && posts.contains("Bob> please answer"), "{posts}");
    // Nobody is asked while somebody reads it.
    tommy.texts("hello?").await;
    team.sees(&["hello?"]);

    // The agent who was asked leaves too, and nobody is at work.
    let bob = world.agent("bob@example.com", TOMMY);
    bob.leaves().await;
    world.presence("bob@example.com", "inactive").await;
    tommy.texts("is this a shop?").await;
    world.team("Support lobby").sees(&["waits for an answer: nobody of the team is there"]);
    tommy.texts("still nobody?").await;
    world.team("Support lobby").sees_nothing();
    world.read_all();
    tommy.new_texts();
}
