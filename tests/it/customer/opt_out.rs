//! Customers who want no more texts, in their own words.

use super::people::{LINE, TOMMY};
use crate::world::World;

#[tokio::test]
async fn a_stop_counts_however_it_is_spelled() {
    for (at, word) in ["opt out", "Opt out.", "opt-out", "\"STOP\"", "*stop*", "ST\u{200b}OP", "ＳＴＯＰ"]
        .iter()
        .enumerate()
    {
        let world = World::with(LINE).await;
        let number = format!("+1202555{:04}", 300 + at);
        let (tommy, team, alice) =
            (world.customer(&number), world.team(&number), world.agent("alice@example.com", &number));
        tommy.texts("hi").await;
        world.read_all();
        tommy.new_texts();
        tommy.texts(word).await;
        team.sees(&["texted STOP"]);
        alice.says("sorry").await;
        tommy.reads_nothing();
        team.sees(&["↳ 🔕 **Not sent.**"]);
        tommy.texts("START").await;
        tommy.new_texts();
        alice.says("welcome back").await;
        tommy.reads(&["welcome back"]);
        world.read_all();
    }
}

#[tokio::test]
async fn a_stop_that_comes_with_a_file_stops_and_the_file_is_shown() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    world.read_all();
    tommy.sends("STOP", &["one.png"]).await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("texted STOP") && posts.contains("[file.png]"), "{posts}");
    tommy.new_texts();
    alice.says("sorry").await;
    tommy.reads_nothing();
    team.sees(&["↳ 🔕 **Not sent.**"]);
    // A number that nobody knows opens no space with it.
    let other = world.customer("+12025550124");
    other.sends("Stop!", &["one.png"]).await;
    assert_eq!(world.team("+12025550124").how_many(), 0);
    other.new_texts();
}

#[tokio::test]
async fn agents_are_told_of_a_text_that_may_be_a_stop() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("Stop. Thank you").await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("may want no more texts"), "{posts}");
    tommy.reads_nothing();
    tommy.texts("can I stop by at nine?").await;
    team.sees(&["stop by at nine?"]);
    tommy.texts("stop please").await;
    team.sees(&["write `/optout`"]);
    alice.says("/optout").await;
    team.sees(&["switched texts to this customer off"]);
    alice.says("bye").await;
    tommy.reads_nothing();
    world.read_all();
}
