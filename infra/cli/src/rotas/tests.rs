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
          1 current or future override(s)
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
