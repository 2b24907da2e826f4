use clap::Parser;
use insta::assert_snapshot;

use super::*;
use crate::directory::tests::{empty, with_people};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

/// Returns the answer to a command line, or its error after `!`.
async fn say(line: &str, directory: &Directory) -> String {
    let words = line.split(' ').map(|word| word.replace('_', " "));
    let line = Line::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    match answer(&line.options, directory).await {
        Ok(said) => said,
        Err(refused) => format!("!{refused}\n"),
    }
}

/// A roster in which Dana and Eli take turns of a day.
async fn in_turns() -> Directory {
    let directory = with_people().await;
    let rotas = "\
rotas:
  ops:
    timezone: Europe/Paris
    team: ops
    layers:
      - { people: [dana, eli], turn: daily, starts: 2026-11-16, hand_over: 08:00 }
";
    crate::rotas::take_over(rotas, "rotas.yaml", false, &directory).await.unwrap();
    directory
}

#[tokio::test]
async fn the_answer_shows_who_until_when_and_who_is_next() {
    let directory = in_turns().await;
    assert_snapshot!(say("oncall", &directory).await, @r#"
        ops: Eli +12025550112 until Sun 22 Nov 08:00, then Dana (Europe/Paris)
        Operations, second: Eli +12025550112, without an end (Europe/Paris)
    "#);
    assert_snapshot!(say("oncall --rota ops --at 2026-11-22_08:00", &directory).await, @"ops: Dana +12025550111 until Mon 23 Nov 08:00, then Eli (Europe/Paris)");
    assert_snapshot!(say("oncall --rota ops --at 2026-11-01", &directory).await, @"ops: nobody; an alert would reach the whole team ops; until Mon 16 Nov 08:00, then Dana (Europe/Paris)");
    assert_snapshot!(say("oncall --rota opps", &directory).await, @r#"!there is no rota "opps"; did you mean "ops"?"#);
    assert_snapshot!(say("oncall --at sometime", &directory).await, @r#"!"sometime" is not a time; write 2026-11-21 18:00, 18:00 for today, 2026-11-21T18:00:00Z, or now; in another time zone 2026-11-21 18:00[America/New_York]"#);
    assert_snapshot!(say("oncall", &empty().await).await, @"!there is no rota yet; `handbell rotas import --help` explains how to add one");
}

#[tokio::test]
async fn a_week_in_a_chart() {
    let directory = in_turns().await;
    say("oncall override ops --nobody --from 2026-11-24_12:00 --until 2026-11-24_18:30", &directory).await;
    assert_snapshot!(say("oncall --rota ops --week", &directory).await, @r#"
        ops: Eli +12025550112 until Sun 22 Nov 08:00, then Dana (Europe/Paris)
                      0     3     6     9     12    15    18    21
          Sat 21 Nov  aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
          Sun 22 Nov  bbbbbbbbbbbbbbbbaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
          Mon 23 Nov  aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
          Tue 24 Nov  bbbbbbbbbbbbbbbbaaaaaaaa·············aaaaaaaaaaa
          Wed 25 Nov  aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
          Thu 26 Nov  bbbbbbbbbbbbbbbbaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
          Fri 27 Nov  aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
                      a Dana   b Eli   · nobody
    "#);
    // The clocks go forward on 29 March.
    assert_snapshot!(say("oncall --rota ops --week --at 2027-03-27", &directory).await, @r#"
        ops: Dana +12025550111 until Sat 27 Mar 08:00, then Eli (Europe/Paris)
                      0     3     6     9     12    15    18    21
          Sat 27 Mar  aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
          Sun 28 Mar  bbbb  bbbbbbbbbbaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
          Mon 29 Mar  aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
          Tue 30 Mar  bbbbbbbbbbbbbbbbaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
          Wed 31 Mar  aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
          Thu 01 Apr  bbbbbbbbbbbbbbbbaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
          Fri 02 Apr  aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
                      a Dana   b Eli
    "#);
}

#[tokio::test]
async fn an_override_is_added_and_cleared() {
    let directory = in_turns().await;
    assert_snapshot!(say("oncall override ops --person bob --from 14:00 --until 18:00", &directory).await, @r#"
        Done. Changed in ops (Europe/Paris):
          Sat 21 Nov 14:00 to Sat 21 Nov 18:00: Bob, before Eli
        Now: ops: Eli +12025550112 until Sat 21 Nov 14:00, then Bob (Europe/Paris)
    "#);
    assert_snapshot!(say("oncall --rota ops --at 15:00", &directory).await, @"ops: Bob +12025550113 until Sat 21 Nov 18:00 (override), then Eli (Europe/Paris)");
    assert_snapshot!(say("oncall clear ops --when 15:00", &directory).await, @r#"
        Done. Changed in ops (Europe/Paris):
          Sat 21 Nov 14:00 to Sat 21 Nov 18:00: Eli, before Bob
        Now: ops: Eli +12025550112 until Sun 22 Nov 08:00, then Dana (Europe/Paris)
    "#);
    assert_snapshot!(say("oncall clear ops --when 15:00", &directory).await, @"!no override applies in ops at Sat 21 Nov 15:00");
    assert_snapshot!(say("oncall override ops --nobody --until 18:00", &directory).await, @r#"
        Done. Changed in ops (Europe/Paris):
          Sat 21 Nov 13:00 to Sat 21 Nov 18:00: nobody, before Eli
        Now: ops: nobody; an alert would reach the whole team ops; until Sat 21 Nov 18:00, then Eli (Europe/Paris)
    "#);
}

#[tokio::test]
async fn two_people_swap_turns() {
    let directory = in_turns().await;
    assert_snapshot!(say("oncall swap ops dana eli --from 2026-11-21 --until 2026-11-23", &directory).await, @r#"
        Done. Changed in ops (Europe/Paris):
          Sat 21 Nov 00:00 to Sat 21 Nov 08:00: Eli, before Dana
          Sat 21 Nov 08:00 to Sun 22 Nov 08:00: Dana, before Eli
          Sun 22 Nov 08:00 to Mon 23 Nov 00:00: Eli, before Dana
        Now: ops: Dana +12025550111 until Sun 22 Nov 08:00 (override), then Eli (Europe/Paris)
    "#);
    assert_snapshot!(say("oncall --rota ops --at 2026-11-22_12:00", &directory).await, @"ops: Eli +12025550112 until Mon 23 Nov 00:00 (override), then Dana (Europe/Paris)");
}

#[tokio::test]
async fn invalid_commands_change_nothing() {
    let directory = in_turns().await;
    let newcomer = "id,name,phones\nfay,Fay,+12025550119\n";
    crate::people::take_over(newcomer, &Default::default(), &directory, &|_| false).await.unwrap();
    let before = directory.store.people().roster().await.unwrap();
    for (line, refused) in [
        (
            "oncall override opps --person bob --until 18:00",
            "!there is no rota \"opps\"; did you mean \"ops\"?\n",
        ),
        (
            "oncall override ops --person bobb --until 18:00",
            "!there is no person \"bobb\"; did you mean \"bob\"?\n",
        ),
        (
            "oncall override ops --person bob --from 18:00 --until 17:00",
            "!the period would end (Sat 21 Nov 17:00) before it begins (Sat 21 Nov 18:00); nothing was changed\n",
        ),
        (
            "oncall override ops --person bob --from 2026-11-20 --until 2026-11-21",
            "!the period is already over, since Sat 21 Nov 00:00; nothing was changed\n",
        ),
        (
            "oncall override ops --person fay --until 18:00",
            "!fay can't be reached: none of their phones or addresses is verified, so nobody would be notified; nothing was changed\n",
        ),
        (
            "oncall swap ops dana dana --until 18:00",
            "!a swap needs two different people; nothing was changed\n",
        ),
        (
            "oncall swap ops bob alice --until 18:00",
            "!neither bob nor alice is on call in ops between Sat 21 Nov 13:00 and Sat 21 Nov 18:00; nothing was changed\n",
        ),
        (
            "oncall override ops --person bob --instead-of alice --until 18:00",
            "!alice is not on call in ops between Sat 21 Nov 13:00 and Sat 21 Nov 18:00; nothing was changed\n",
        ),
        (
            "oncall override ops --person eli --instead-of eli --until 18:00",
            "!somebody can't stand in for themselves; nothing was changed\n",
        ),
        (
            "oncall swap ops dana fay --until 18:00",
            "!fay can't be reached: none of their phones or addresses is verified, so nobody would be notified; nothing was changed\n",
        ),
    ] {
        assert_eq!(say(line, &directory).await, refused);
    }
    assert_eq!(directory.store.people().roster().await.unwrap(), before);
    assert!(Line::try_parse_from(["oncall", "override", "ops", "--until", "18:00"]).is_err(), "who?");
}

#[tokio::test]
async fn json_shows_who_is_on_call() {
    let directory = with_people().await;
    say("oncall override ops --person eli --until 18:00", &directory).await;
    let said = say("oncall --json --week", &directory).await;
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    let ops = &told["rotas"][0];
    let eli = serde_json::json!({
        "id": "eli", "name": "Eli", "phone": "+12025550112", "until": "2026-11-21T17:00:00Z", "stands_in": true,
    });
    assert_eq!((&ops["name"], &ops["on_duty"]), (&"ops".into(), &eli), "{told}");
    assert_eq!(ops["next"], serde_json::json!({ "from": "2026-11-21T17:00:00Z", "id": "dana" }), "{told}");
    let shifts: Vec<&str> =
        ops["shifts"].as_array().into_iter().flatten().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(shifts, ["eli", "dana"], "{told}");
}

#[tokio::test]
async fn an_override_instead_of_somebody_takes_the_hours_that_a_swap_gave_them() {
    let directory = in_turns().await;
    let span = "--from 2026-11-22_08:00 --until 2026-11-24_08:00";
    say(&format!("oncall swap ops dana eli {span}"), &directory).await;
    let override_ = format!("oncall override ops --person bob --instead-of eli {span}");
    assert_snapshot!(say(&override_, &directory).await, @r#"
        Done. Changed in ops (Europe/Paris):
          Sun 22 Nov 08:00 to Mon 23 Nov 08:00: Bob, before Eli
        Now: ops: Eli +12025550112 until Sun 22 Nov 08:00, then Bob (Europe/Paris)
    "#);
    // One after the other: the second acts on the person whom the first has put on call.
    say(&format!("oncall override ops --person eli --instead-of bob {span}"), &directory).await;
    let again = say(&format!("oncall override ops --person bob --instead-of eli {span}"), &directory).await;
    assert!(again.contains("Bob, before Eli"), "the same pair of overrides isn't a swap: {again}");
    let same = say(&format!("oncall override ops --person dana --instead-of dana {span}"), &directory).await;
    assert!(same.starts_with("!somebody can't"), "{same}");
}

#[tokio::test]
async fn a_change_that_changes_no_hour_says_so() {
    let directory = in_turns().await;
    assert_snapshot!(say("oncall override ops --person eli --until 18:00", &directory).await, @r#"
        Done. The same people are on call in ops as before, from Sat 21 Nov 13:00 to Sat 21 Nov 18:00.
        Now: ops: Eli +12025550112 until Sun 22 Nov 08:00 (override), then Dana (Europe/Paris)
    "#);
}

#[tokio::test]
async fn a_time_zone_in_a_time_is_understood() {
    let directory = in_turns().await;
    let said = say(
        "oncall override ops --person bob --from 2026-12-20T02:30:00[Asia/Tokyo] --until 2026-12-20_05:00[Asia/Tokyo]",
        &directory,
    );
    let said = said.await;
    assert!(said.contains("  Sat 19 Dec 18:30 to Sat 19 Dec 21:00: Bob, before "), "{said}");
    let said = say("oncall --rota ops --at 2026-11-22T16:00:00[Asia/Tokyo]", &directory).await;
    assert!(said.starts_with("ops: Dana"), "it is 08:00 in Paris: {said}");
    for wrong in ["2026-12-20T02:30:00+01:00[Asia/Tokyo]", "2026-12-20T02:30:00[Asia/Tokio]", "02:30_CET"] {
        let said =
            say(&format!("oncall override ops --person bob --from {wrong} --until 2027-01-01"), &directory)
                .await;
        assert!(said.starts_with('!'), "{wrong}: {said}");
    }
}
