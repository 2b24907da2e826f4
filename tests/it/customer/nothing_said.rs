//! What contains nothing, or characters that show nothing.

use super::people::{LINE, OUR_NUMBER, TOMMY};
use crate::world::World;

const CALL: &str = "CA0000000000000000000000000000000a";

#[tokio::test]
async fn a_voicemail_of_no_length_is_neither_posted_nor_thanked_for() {
    let world = World::with(LINE).await;
    let team = world.team(TOMMY);
    let params = |recording, seconds| {
        [
            ("CallSid", CALL),
            ("From", TOMMY),
            ("To", OUR_NUMBER),
            ("RecordingSid", recording),
            ("RecordingUrl", ""),
            ("RecordingDuration", seconds),
        ]
    };
    let (empty, full) = ("RE0000000000000000000000000000000a", "RE0000000000000000000000000000000b");
    for (recording, seconds, thanks) in [(empty, "0", false), (full, "7", true)] {
        let mut params = params(recording, seconds);
        let url = format!(
            "https://api.twilio.com/2010-04-01/Accounts/ACffffffffffffffffffffffffffffffff/Recordings/{recording}"
        );
        params[4].1 = &url;
        let answer = world.signed("/twilio/voice/recorded", &params).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body.contains("Thank you"), thanks, "{answer:?}");
        world.settle().await;
        let spaces = world.spaces().len();
        assert_eq!(spaces, usize::from(thanks), "{seconds} s");
    }
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("left a message of 7 s") && !posts.contains("0 s"), "{posts}");
    world.read_all();
}

#[tokio::test]
async fn a_control_character_keeps_apart_what_it_separates() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("write to xx.yy\0live.com").await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("xx.yy live.com"), "{posts}");
    tommy.new_texts();
    alice.says("xx.yy\u{1}live.com is wrong").await;
    tommy.reads(&["xx.yy live.com is wrong"]);
    world.read_all();
}
