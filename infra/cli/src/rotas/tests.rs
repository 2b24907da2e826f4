use insta::assert_snapshot;

use super::*;
use crate::directory::tests::{empty, with_people};

const FILE: &str = r#"
rotas:
  ops:
    label: "Operations: day & night"
    timezone: Europe/Paris
    team: ops
    holidays: [2026-12-25]
    layers:
      - people: [dana, eli]
        starts: 2026-01-05
        hand_over: 08:00
      - { people: [bob], starts: 2026-01-05, turn: { days: 3 }, hours: { week: { mon-fri: "09:00-17:00" } }, on: workdays }
    overrides:
      - { from: 2026-12-24T00:00:00Z, until: 2026-12-25T00:00:00Z, person: null }
"#;

async fn wrong(text: &str, directory: &Directory) -> String {
    let before = directory.store.people().roster().await.unwrap();
    let error = take_over(text, "rotas.yaml", false, directory).await.unwrap_err().to_string();
    assert_eq!(directory.store.people().roster().await.unwrap(), before, "nothing was changed");
    error
}

#[tokio::test]
async fn rotas_are_imported_and_listed() {
    let directory = with_people().await;
    let said = take_over(FILE, "rotas.yaml", true, &directory).await.unwrap();
    assert_eq!(said, "Nothing was changed. It would be: 0 new, 1 changed, 0 as before.\n");
    assert_eq!(directory.store.people().roster().await.unwrap().rotas["ops"].version, 1);
    take_over(FILE, "rotas.yaml", false, &directory).await.unwrap();
    let roster = directory.store.people().roster().await.unwrap();
    assert_snapshot!(list(&roster, &directory), @r#"
        ops (Operations: day & night), Europe/Paris
          dana, eli: one week each, from 2026-01-05 at 08:00
          bob: 3 days each, from 2026-01-05 at 00:00, at certain hours
          Thu 24 Dec 01:00 to Fri 25 Dec 01:00: nobody
          now: Eli
        ops-second (Operations, second), Europe/Paris
          eli: one week each, from 2026-01-05 at 08:00
          now: Eli
    "#);
    let again = take_over(FILE, "rotas.yaml", false, &directory).await.unwrap();
    assert_eq!(again, "0 new, 0 changed, 1 as before.\n");
    // A file without the key `overrides` doesn't change them.
    let without = FILE.split("    overrides:").next().unwrap();
    take_over(without, "rotas.yaml", false, &directory).await.unwrap();
    assert_eq!(directory.store.people().roster().await.unwrap().rotas["ops"].overrides.len(), 1);
}

#[tokio::test]
async fn an_export_can_be_imported() {
    let directory = with_people().await;
    take_over(FILE, "rotas.yaml", false, &directory).await.unwrap();
    let exported = file::write(&directory.store.people().roster().await.unwrap()).unwrap();
    assert_snapshot!(exported, @r#"
        rotas:
          ops:
            holidays: ["2026-12-25"]
            label: "Operations: day & night"
            layers:
              - hand_over: "08:00:00"
                on: all
                people: [dana, eli]
                starts: "2026-01-05"
                turn: weekly
              - hand_over: "00:00:00"
                hours:
                  at_closing: resolve
                  except: {}
                  week:
                    mon-fri: "09:00-17:00"
                on: workdays
                people: [bob]
                starts: "2026-01-05"
                turn:
                  days: 3
            overrides:
              - from: "2026-12-24T00:00:00Z"
                person: null
                until: "2026-12-25T00:00:00Z"
            team: ops
            timezone: Europe/Paris
          ops-second:
            label: "Operations, second"
            layers:
              - hand_over: "08:00:00"
                on: all
                people: [eli]
                starts: "2026-01-05"
                turn: weekly
            overrides: []
            team: ops
            timezone: Europe/Paris
    "#);
    let again = take_over(&exported, "rotas.yaml", false, &directory).await.unwrap();
    assert_eq!(again, "0 new, 0 changed, 2 as before.\n");
}

#[tokio::test]
async fn every_mistake_has_its_place() {
    let directory = with_people().await;
    assert_snapshot!(wrong(&FILE.replace("people: [bob]", "people: [dana, zoe]").replace("Europe/Paris", "Paris").replace("team: ops", "team: opps"), &directory).await, @r#"
        nothing was changed.
        rotas.yaml:5:15: there is no time zone "Paris"; write an IANA name such as Europe/Paris
         5 |     timezone: Paris
           |               ^
        rotas.yaml:6:11: there is no team "opps"; there is management, ops, technical
         6 |     team: opps
           |           ^
        rotas.yaml:12:26: there is no person "zoe"; there is alice, bob, dana, eli
         12 |       - { people: [dana, zoe], starts: 2026-01-05, turn: { days: 3 }, hours: { week: { mon-fri: "09:00-17:00" } }, on: w
            |                          ^
    "#);
    assert_snapshot!(wrong(&FILE.replace("hand_over", "handover"), &directory).await, @r#"
        nothing was changed.
        rotas.yaml:11:9: unknown field `handover`, expected one of people, turn, starts, hand_over, hours, on
         11 |         handover: 08:00
            |         ^
    "#);
    assert_snapshot!(wrong(&FILE.replace("08:00", "8 o'clock"), &directory).await, @r#"
        nothing was changed.
        rotas.yaml:11:20: this value is not allowed here; a time of day is 08:00, a day 2026-12-25, a time 2026-12-25T08:00:00Z
         11 |         hand_over: 8 o'clock
            |                    ^
    "#);
    assert_snapshot!(wrong("rotas: {}\n", &directory).await, @r#"
        nothing was changed.
        rotas.yaml:1:8: the file contains no rota
         1 | rotas: {}
           |        ^
    "#);
    assert_snapshot!(wrong("rotas:\n  ops: [\n", &directory).await, @r#"
        nothing was changed.
        rotas.yaml:2:8: this is not valid YAML: unclosed bracket '['
         2 |   ops: [
           |        ^
    "#);
}

#[tokio::test]
async fn a_roster_without_rotas_is_explained() {
    let directory = empty().await;
    let roster = directory.store.people().roster().await.unwrap();
    assert_snapshot!(list(&roster, &directory), @"There is no rota yet. `handbell rotas import --help` explains how to add one.");
}

#[tokio::test]
async fn json_shows_all_rotas() {
    let directory = with_people().await;
    let told = all(&roster(&directory).await.unwrap(), &directory);
    let ops = &told["rotas"][0];
    assert_eq!(
        (&ops["name"], &ops["timezone"], &ops["on_duty"]),
        (&"ops".into(), &"Europe/Paris".into(), &"dana".into())
    );
    let layer = serde_json::json!({ "people": ["dana"], "starts": "2026-01-05", "hand_over": "08:00" });
    assert_eq!((&ops["layers"][0], &ops["overrides"]), (&layer, &serde_json::json!([])), "{told}");
}

#[tokio::test]
async fn a_moved_hand_over_says_which_swaps_and_overrides_keep_their_times() {
    let directory = with_people().await;
    let file = FILE.replace("      - { from: 2026-12-24T00:00:00Z", "      - { from: 2026-12-21 08:00, until: 2026-12-28 08:00, person: eli, instead_of: dana, swap: true }\n      - { from: 2026-12-24T00:00:00Z");
    take_over(&file, "rotas.yaml", false, &directory).await.unwrap();
    let same = take_over(&file, "rotas.yaml", false, &directory).await.unwrap();
    assert_eq!(same, "0 new, 0 changed, 1 as before.\n");
    let moved = file.replace("hand_over: 08:00", "hand_over: 09:00");
    let told = take_over(&moved, "rotas.yaml", true, &directory).await.unwrap();
    assert_snapshot!(told, @r#"
        Nothing was changed. It would be: 0 new, 1 changed, 0 as before.
        The turns in ops have changed, but these overrides and swaps keep their times (Europe/Paris). Check them, and make them again if they should move with the turns:
          Mon 21 Dec 08:00 to Mon 28 Dec 08:00: dana and eli swap
          Thu 24 Dec 01:00 to Fri 25 Dec 01:00: nobody
    "#);
    let without = moved.split("    overrides:").next().unwrap();
    let told = take_over(without, "rotas.yaml", false, &directory).await.unwrap();
    assert!(told.contains("dana and eli swap"), "{told}");
    let roster = directory.store.people().roster().await.unwrap();
    let swap = &roster.rotas["ops"].overrides[0];
    assert_eq!((swap.from.to_string().as_str(), swap.swap), ("2026-12-21T07:00:00Z", true));
    let exported = file::write(&roster).unwrap();
    let again = take_over(&exported, "rotas.yaml", false, &directory).await.unwrap();
    assert!(again.starts_with("0 new, 0 changed, 2 as before.\n"), "{again}");
}

#[tokio::test]
async fn every_part_of_an_override_and_of_a_layer_counts() {
    let directory = with_people().await;
    for (instead, told) in [
        ("persn: null", "unknown field"),
        ("by: me", "who is on call? write person: ID, or person: null for nobody"),
        ("person: zoe", "there is no person"),
        ("person: null, swap: true", "a swap needs two different people"),
    ] {
        let error = wrong(&FILE.replace("person: null", instead), &directory).await;
        assert!(error.contains(told), "{instead}: {error}");
    }
    for (from, told) in [
        ("2026-12-24T00:00:00+05:00[Europe/Paris]", "is not a time"),
        ("2026-12-24 00:00 CET", "is not a time"),
        ("20:00", "is not a time"),
    ] {
        let error = wrong(&FILE.replace("2026-12-24T00:00:00Z", &format!("\"{from}\"")), &directory).await;
        assert!(error.contains(told), "{from}: {error}");
    }
    for (was, is) in [
        ("starts: 2026-01-05", "starts: 2026-01-05T08:00"),
        ("hand_over: 08:00", "hand_over: \"08:00[Asia/Tokyo]\""),
        ("holidays: [2026-12-25]", "holidays: [\"2026-12-25T10:00[Asia/Tokyo]\"]"),
        ("mon-fri: \"09:00-17:00\" }", "mon-fri: \"09:00-17:00\" }, at_closing: go-on"),
        (
            "mon-fri: \"09:00-17:00\" }",
            "mon-fri: \"09:00-17:00\" }, except: { \"2026-12-25T10:00\": closed }",
        ),
    ] {
        let error = wrong(&FILE.replace(was, is), &directory).await;
        assert!(error.starts_with("nothing was changed.\nrotas.yaml:"), "{is}: {error}");
    }
    let zoned = FILE.replace("2026-12-24T00:00:00Z", "\"2026-12-24 00:00[America/New_York]\"");
    take_over(&zoned, "rotas.yaml", false, &directory).await.unwrap();
    let roster = directory.store.people().roster().await.unwrap();
    assert_eq!(roster.rotas["ops"].overrides[0].from.to_string(), "2026-12-24T05:00:00Z");
}

#[tokio::test]
async fn past_overrides_of_people_who_have_left_stand_in_nobodys_way() {
    let directory = with_people().await;
    take_over(FILE, "rotas.yaml", false, &directory).await.unwrap();
    let mut rota = directory.store.people().roster().await.unwrap().rotas["ops"].clone();
    rota.overrides.push(
        serde_json::from_value(json!({
            "from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z", "person": "left-us"
        }))
        .unwrap(),
    );
    directory.store.roster_editor().put_rota(&rota, Some(rota.version)).await.unwrap();
    let without = FILE.split("    overrides:").next().unwrap();
    take_over(without, "rotas.yaml", false, &directory).await.unwrap();
}

#[tokio::test]
async fn monthly_turns_are_imported_listed_and_exported() {
    let directory = with_people().await;
    let monthly = FILE
        .replace(
            "        hand_over: 08:00\n",
            "        hand_over: 08:00\n        turn: { monthly_on: first monday }\n",
        )
        .replace("turn: { days: 3 }", "turn: monthly");
    take_over(&monthly, "rotas.yaml", false, &directory).await.unwrap();
    let roster = directory.store.people().roster().await.unwrap();
    let listed = list(&roster, &directory);
    assert!(
        listed.contains("dana, eli: one month each, from the first monday, from 2026-01-05 at 08:00"),
        "{listed}"
    );
    assert!(listed.contains("bob: one month each, from 2026-01-05 at 00:00"), "{listed}");
    let exported = file::write(&roster).unwrap();
    assert!(
        exported.contains("monthly_on: \"first monday\"") && exported.contains("turn: monthly"),
        "{exported}"
    );
    let again = take_over(&exported, "rotas.yaml", false, &directory).await.unwrap();
    assert_eq!(again, "0 new, 0 changed, 2 as before.\n");
    let wrong_day =
        wrong(&monthly.replace("        starts: 2026-01-05\n", "        starts: 2026-01-06\n"), &directory)
            .await;
    assert!(
        wrong_day.contains("2026-01-06 is not the first monday of its month, which is 2026-01-05"),
        "{wrong_day}"
    );
    let error = wrong(&monthly.replace("first monday", "fifth monday"), &directory).await;
    assert!(error.contains("is no day of each month"), "{error}");
}
