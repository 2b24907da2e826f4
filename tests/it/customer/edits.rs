//! What agents edit after they wrote it: something is said only if it is true.

use super::people::{LINE, TOMMY};
use crate::world::World;

#[tokio::test]
async fn an_edit_that_leaves_the_customers_text_as_it_is_says_nothing() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("when do you open?").await;
    world.read_all();
    tommy.new_texts();
    let opens = alice.says("We open at 9").await;
    tommy.reads(&["We open at 9"]);
    world.read_all();
    for same in ["We open at **9**", "*We* open at 9", "  We open at 9  "] {
        alice.edits(&opens, same).await;
        world.pass(60).await;
        team.sees_nothing();
        tommy.reads_nothing();
    }
    // Another text is another matter, and so is the first one again.
    alice.edits(&opens, "We open at 10").await;
    world.pass(60).await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("The customer has it as it was first"), "{posts}");
    alice.edits(&opens, "We open at 9").await;
    world.pass(60).await;
    let posts = team.new_posts().join("\n");
    assert!(!posts.contains("as it was first"), "{posts}");
    tommy.reads_nothing();
}

#[tokio::test]
async fn an_edit_before_the_message_was_read_sends_the_new_text_and_says_nothing() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("when do you open?").await;
    world.read_all();
    tommy.new_texts();
    let opens = alice.says_at_once("We open at 9").await;
    alice.edits(&opens, "We open at 10").await;
    world.pass(60).await;
    tommy.reads(&["We open at 10"]);
    let posts = team.new_posts().join("\n");
    assert!(!posts.contains("✏️"), "{posts}");
}

#[tokio::test]
async fn an_answer_that_is_edited_into_a_whisper_in_time_was_not_deleted() {
    let world = World::with(&LINE.replace("    label: Support", "    label: Support\n    undo: 30s")).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("when do you open?").await;
    world.read_all();
    tommy.new_texts();
    let odd = alice.says_at_once("he is odd").await;
    world.pass(2).await;
    alice.edits(&odd, "/w he is odd").await;
    world.pass(60).await;
    tommy.reads_nothing();
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("changed an answer before it left. The customer got nothing."), "{posts}");
}

#[tokio::test]
async fn what_stayed_and_is_edited_is_not_sent_and_the_agent_is_told_how_to_send_it() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("when do you open?").await;
    world.read_all();
    tommy.new_texts();
    let edits = [
        ("/replyy Hello", "/reply Hello", "Write it as a new message to send it"),
        ("/w we open at nine", "We open at nine", "Write it as a new message to send it"),
        ("note - nine", "At nine", "Write it as a new message to send it"),
        ("cc @bob nine", "At nine", "Write it as a new message to send it"),
        ("/clsoe", "/close", "Write the command as a new message"),
        ("/w closing", "/close", "Write the command as a new message"),
        ("/who", "We open at nine", "Write it as a new message to send it"),
    ];
    for (written, edited, told) in edits {
        let message = alice.says(written).await;
        world.read_all();
        alice.edits(&message, edited).await;
        world.pass(60).await;
        let posts = team.new_posts();
        assert!(posts.len() == 1 && posts[0].contains(told), "{written}: {posts:#?}");
        tommy.reads_nothing();
    }
    // A whisper that stays a whisper is nothing to speak of.
    let whisper = alice.says("/w he is odd").await;
    alice.edits(&whisper, "/w he is very odd").await;
    world.pass(60).await;
    team.sees_nothing();
    assert!(!world.conversation(TOMMY).await.unwrap().closed);
    alice.says("/reply Hello").await;
    tommy.reads(&["Hello"]);
    world.read_all();
}
