//! The choice of the agent who answers.

use handbell_core::conversation::assign::{Assignment, AssignmentOrder, Candidate, choose};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::house::chance;

fn somebody(name: &str, there: Option<bool>, idle: Option<i64>, in_space: bool) -> Candidate {
    let noon: Timestamp = "2026-03-03T12:00:00Z".parse().unwrap();
    Candidate {
        email: format!("{name}@example.com").parse().unwrap(),
        person_id: format!("Y2lzY29zcGFyazovL{name:0>7}").parse().expect("an id"),
        name: name.to_owned(),
        there,
        last_activity: idle.map(|minutes| noon - SignedDuration::from_mins(minutes)),
        in_space,
    }
}

/// The choice, in short.
fn told(candidates: &[Candidate], how: AssignmentOrder, last: Option<&str>) -> String {
    match choose(candidates, how, last) {
        Assignment::SomebodyThere => "somebody there".to_owned(),
        Assignment::Assign(candidate) => candidate.name.clone(),
        Assignment::Nobody => "nobody".to_owned(),
    }
}

#[test]
fn an_available_agent_outside_of_the_space_is_asked() {
    let (yes, no, hidden) = (Some(true), Some(false), None);
    let anna = |there, in_space| somebody("anna", there, Some(5), in_space);
    let ben = |there, in_space| somebody("ben", there, Some(20), in_space);
    let carl = |there, in_space| somebody("carl", there, None, in_space);
    let table = [
        (vec![], "nobody"),
        (vec![anna(no, false), ben(no, true)], "nobody"),
        (vec![anna(yes, true), ben(yes, false)], "somebody there"),
        (vec![anna(no, true), ben(yes, false)], "ben"),
        (vec![anna(yes, false), ben(yes, false)], "ben"),
        (vec![anna(yes, false), ben(yes, false), carl(yes, false)], "carl"),
        // Webex shows some of the agents: the others may be anywhere.
        (vec![anna(yes, false), ben(hidden, false)], "anna"),
        (vec![anna(no, false), ben(hidden, false)], "nobody"),
        (vec![anna(no, true), ben(hidden, true)], "nobody"),
        // Webex shows none of the agents: all count, those outside of the space first.
        (vec![anna(hidden, false), ben(hidden, false)], "ben"),
        (vec![anna(hidden, false), ben(hidden, true), carl(hidden, true)], "anna"),
        (vec![anna(hidden, true), ben(hidden, true)], "ben"),
    ];
    for (candidates, expected) in &table {
        assert_eq!(told(candidates, AssignmentOrder::LongestIdle, None), *expected, "{candidates:?}");
    }
}

#[test]
fn equally_idle_agents_are_asked_by_address() {
    let both = [somebody("Ben", Some(true), Some(5), false), somebody("anna", Some(true), Some(5), false)];
    assert_eq!(told(&both, AssignmentOrder::LongestIdle, None), "anna");
}

#[test]
fn agents_take_turns() {
    let team = ["carl", "Anna", "ben"].map(|name| somebody(name, Some(true), None, false));
    let table = [
        (None, "Anna"),
        (Some("anna@example.com"), "ben"),
        (Some("BEN@example.com"), "carl"),
        (Some("carl@example.com"), "Anna"),
        // An agent who left the team.
        (Some("bert@example.com"), "carl"),
        (Some("zoe@example.com"), "Anna"),
    ];
    for (last, expected) in table {
        assert_eq!(told(&team, AssignmentOrder::InTurn, last), expected, "{last:?}");
    }
    let away = [somebody("anna", Some(true), None, false), somebody("ben", Some(false), None, false)];
    assert_eq!(
        told(&away, AssignmentOrder::InTurn, Some("anna@example.com")),
        "anna",
        "nobody else is there"
    );
}

#[test]
fn the_configuration_names_each_order() {
    assert_eq!(
        serde_json::from_str::<AssignmentOrder>("\"longest-idle\"").unwrap(),
        AssignmentOrder::default()
    );
    assert_eq!(serde_json::to_string(&AssignmentOrder::InTurn).unwrap(), "\"in-turn\"");
}

fn team() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (0..6_u8, prop::option::of(any::<bool>()), prop::option::of(0..3_i64), any::<bool>());
    prop::collection::vec(one, 0..6).prop_map(|team| {
        team.into_iter()
            .map(|(name, there, idle, in_space)| somebody(&format!("p{name}"), there, idle, in_space))
            .collect()
    })
}

proptest! {
    #![proptest_config(chance(512))]

    #[test]
    fn only_an_available_agent_is_asked(team in team(), in_turn in any::<bool>(), last in prop::option::of("p[0-6]@example.com")) {
        let how = if in_turn { AssignmentOrder::InTurn } else { AssignmentOrder::LongestIdle };
        let blind = team.iter().all(|one| one.there.is_none());
        let answered = team.iter().any(|one| one.in_space && one.there == Some(true));
        match choose(&team, how, last.as_deref()) {
            Assignment::SomebodyThere => prop_assert!(answered),
            Assignment::Assign(one) => {
                prop_assert!(!answered);
                prop_assert!(one.there == Some(true) || blind);
                prop_assert!(!one.in_space || team.iter().all(|one| one.in_space));
            }
            Assignment::Nobody => prop_assert!(!answered && team.iter().all(|one| one.there != Some(true) && !blind)),
        }
    }

    #[test]
    fn every_agent_gets_a_turn(names in prop::collection::btree_set("[a-z]{1,4}", 1..6)) {
        let team: Vec<_> = names.iter().map(|name| somebody(name, Some(true), None, false)).collect();
        let mut last: Option<String> = None;
        let mut called = Vec::new();
        for _ in &team {
            let Assignment::Assign(one) = choose(&team, AssignmentOrder::InTurn, last.as_deref()) else { panic!("nobody") };
            called.push(one.name.clone());
            last = Some(one.email.to_string());
        }
        called.sort();
        prop_assert_eq!(called, names.into_iter().collect::<Vec<_>>());
    }
}
