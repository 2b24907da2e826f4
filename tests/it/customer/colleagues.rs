//! Words to colleagues, which stay in the space although Webex made no mention of them.

use super::people::{LINE, TOMMY};
use crate::world::World;

const CALLS_A_COLLEAGUE: &str = "↳ **Not sent.** It calls a colleague with an @";
const READS_LIKE_A_NOTE: &str = "↳ **Not sent.** It reads like a note to colleagues";

#[tokio::test]
async fn a_colleague_who_is_named_anywhere_in_a_message_keeps_it_in_the_space() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("my lamp is broken").await;
    world.read_all();
    // Bob is among the line's agents, and not in the space.
    for (message, why) in [
        ("He wants a refund, @Bob can you decide?", CALLS_A_COLLEAGUE),
        ("cc @bob", CALLS_A_COLLEAGUE),
        ("ask @bob", CALLS_A_COLLEAGUE),
        ("FYI @bob@example.com", CALLS_A_COLLEAGUE),
        ("/reply He wants a refund, @Bob can you decide?", CALLS_A_COLLEAGUE),
        ("Bob: can you take this?", READS_LIKE_A_NOTE),
        ("hey @dave he is odd", READS_LIKE_A_NOTE),
        ("(note) he is odd", READS_LIKE_A_NOTE),
        ("note - he is odd", READS_LIKE_A_NOTE),
        ("w/ him since nine", READS_LIKE_A_NOTE),
        ("FYI note: he is odd", READS_LIKE_A_NOTE),
    ] {
        alice.says(message).await;
        assert_eq!(tommy.new_texts(), [""; 0], "{message}");
        team.sees(&[why]);
    }
    alice.says("whispers: he is odd").await;
    team.sees_nothing();
    tommy.reads_nothing();
    for message in ["Follow us @ourshop", "10 @ 5 EUR"] {
        alice.says(message).await;
        tommy.reads(&[message]);
        world.read_all();
    }
    alice.says("/reply Bob: your lamp is ready").await;
    tommy.reads(&["Bob: your lamp is ready"]);
    world.read_all();
}

#[tokio::test]
async fn a_colleague_who_was_once_in_the_space_is_still_known_there() {
    let world = World::with(LINE).await;
    let (tommy, team, alice, carol) = (
        world.customer(TOMMY),
        world.team(TOMMY),
        world.agent("alice@example.com", TOMMY),
        world.agent("carol@example.com", TOMMY),
    );
    tommy.texts("my lamp is broken").await;
    world.read_all();
    carol.joins("alice@example.com").await;
    carol.says("/who").await;
    world.read_all();
    carol.leaves().await;
    world.pass(360).await;
    world.read_all();
    alice.says("Carol, can you decide?").await;
    team.sees(&[READS_LIKE_A_NOTE]);
    alice.says("Follow us @carol").await;
    team.sees(&[CALLS_A_COLLEAGUE]);
    tommy.reads_nothing();
}

#[tokio::test]
async fn a_line_has_whisper_words_of_its_own() {
    let line =
        LINE.replace("    label: Support", "    label: Support\n    whispers: [\"nota:\", \"[intern]\"]");
    let world = World::with(&line).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hola").await;
    world.read_all();
    for message in ["nota: es raro", "Hola\n\n**Nota** : es raro", "[intern] er ist komisch"] {
        alice.says(message).await;
        tommy.reads_nothing();
        team.sees_nothing();
    }
    alice.says("Hola, abrimos a las nueve").await;
    tommy.reads(&["Hola, abrimos a las nueve"]);
    world.read_all();
}
