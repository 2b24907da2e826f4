//! The summary of an incident that is over: who had it, how long it took, and no phone number.

use handbell_core::config::Severity;
use handbell_core::incident::command::Command;
use handbell_core::incident::summary::{Summary, Tally, Times};
use handbell_core::incident::{Incident, Kind, Phase, Subject};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::house::{House, says};

fn at(text: &str) -> Timestamp {
    format!("2026-11-14T{text}Z").parse().unwrap()
}

fn incident(subject: &Subject, more: Value) -> Incident {
    let mut whole = json!({
        "subject": subject, "epoch": 3, "version": 9, "phase": "resolved", "plan": "power", "plan_hash": "h", "count": 2, "step": 2,
        "step_at": at("10:05:00"), "step_dispatch": 1, "opened_at": at("10:00:00"), "heard_at": at("10:30:00"),
        "taken_by": null, "dispatches": 4, "cancelled_up_to": 4, "cancelled_epochs": 0, "wake_at": null,
    });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn by(who: &str, when: &str) -> Value {
    json!({ "who": who, "at": at(when) })
}

fn taken(who: &str) -> String {
    let summary = Summary::of(
        &incident(&Subject::button("green"), json!({ "taken_by": by(who, "10:01:00") })),
        at("11:00:00"),
    );
    summary.taken.unwrap().who
}

#[test]
fn a_summary_contains_who_when_and_how() {
    let subject = Subject::alert("nagios", "db01/disk: +12025550199");
    let alert = json!({
        "alert": { "source": "nagios", "title": "db01: disk is full, call +12025550199", "severity": "error" },
        "label": "db01: disk is full", "taken_by": by("Eli", "10:20:00"),
        "responses": { "first": by("Dana", "10:04:30"), "round": 1 },
    });
    let incident = incident(&subject, alert);
    let summary = Summary::of(&incident, at("10:50:00"));
    assert_eq!(summary.reference, incident.reference());
    assert_eq!(
        (summary.kind, summary.name.as_str(), summary.plan.as_str()),
        (Kind::Alert, "nagios", "power")
    );
    assert_eq!(summary.severity, Some(Severity::Error));
    assert_eq!(summary.taken.as_ref().unwrap().who, "Dana", "who had it first");
    assert_eq!(summary.to_take(), Some(SignedDuration::from_secs(270)));
    assert_eq!(summary.to_end(), SignedDuration::from_mins(50));
    assert_eq!((summary.phase, summary.step, summary.rounds, summary.count), (Phase::Resolved, 2, 1, 2));

    let written = serde_json::to_value(&summary).unwrap();
    assert_eq!(serde_json::from_value::<Summary>(written.clone()).unwrap(), summary);
    for word in ["db01", "disk", "0199", "~"] {
        assert!(!written.to_string().contains(word), "{word} stands in {written}");
    }
    assert!(!format!("{summary:?}").contains("Dana"));
}

#[test]
fn a_summary_has_the_name_in_the_configuration() {
    let customer = Subject::customer("key", "support", "+12025550123");
    let table = [
        (Subject::button("green"), Kind::Button, "green"),
        (Subject::zone("shoes"), Kind::Zone, "shoes"),
        (Subject::silent_site("store", "floor"), Kind::SilentSite, "store"),
        (Subject::waiting(&customer), Kind::Waiting, "support"),
    ];
    for (subject, kind, name) in table {
        let summary =
            Summary::of(&incident(&subject, json!({ "label": "Mrs Smith, +12025550123" })), at("11:00:00"));
        assert_eq!((summary.kind, summary.name.as_str(), summary.severity), (kind, name, None));
        let written = serde_json::to_string(&summary).unwrap();
        assert!(!written.contains("Smith") && !written.contains("0123"), "{written}");
        assert_eq!(serde_json::from_str::<Summary>(&written).unwrap(), summary);
    }
    let unknown = json!({ "reference": "H-1234", "kind": "earthquake", "name": "x", "plan": "p", "opened_at": at("10:00:00"),
        "ended_at": at("10:00:00"), "phase": "lapsed", "step": 0, "rounds": 0, "count": 0 });
    assert!(serde_json::from_value::<Summary>(unknown).is_err());
}

#[test]
fn a_summary_contains_no_phone_number() {
    let table = [
        ("Dana", "Dana"),
        ("Dana (by phone)", "Dana (by phone)"),
        ("the button green", "the button green"),
        ("Team 24", "Team 24"),
        ("+352691496401", "…01"),
        ("+352691496401 (by phone)", "…01"),
        ("+352691496401 by phone", "…01"),
        ("+352691496401 by text", "…01"),
        ("+352 691 496-401 (by phone)", "…01"),
        ("00352691496401", "…01"),
        ("Dana (+12025550111)", "Dana (…11)"),
        ("12025550111 and +12025550112", "…11 and …12"),
        ("Łukasz 2 +12025550111", "Łukasz …11"),
        ("+", "+"),
        ("+1", "+1"),
        ("", ""),
    ];
    for (who, expected) in table {
        assert_eq!(taken(who), expected, "{who}");
    }
    assert_eq!(taken("12025550111, +12025550112"), "…11, …12");
}

#[test]
fn clocks_that_disagree_give_zero() {
    let early =
        incident(&Subject::button("green"), json!({ "taken_by": by("Dana", "09:59:59"), "phase": "lapsed" }));
    let summary = Summary::of(&early, at("09:00:00"));
    assert_eq!((summary.to_take(), summary.to_end()), (Some(SignedDuration::ZERO), SignedDuration::ZERO));
}

fn seconds(times: impl IntoIterator<Item = i64>) -> Option<(usize, i64, i64)> {
    let times = Times::of(times.into_iter().map(SignedDuration::from_secs))?;
    Some((times.count, times.median.as_secs(), times.p95.as_secs()))
}

#[test]
fn times_have_a_median_and_a_95th_percentile() {
    assert_eq!(seconds([]), None, "nothing isn't zero");
    assert_eq!(seconds([7]), Some((1, 7, 7)));
    assert_eq!(seconds([30, 10]), Some((2, 20, 30)));
    assert_eq!(seconds([9, 1, 5]), Some((3, 5, 9)));
    assert_eq!(seconds([4, 1, 3, 100]), Some((4, 3, 100)), "half a second is cut here");
    assert_eq!(seconds(1..=19), Some((19, 10, 19)));
    assert_eq!(seconds(1..=20), Some((20, 10, 19)));
    assert_eq!(seconds((1..=100).rev()), Some((100, 50, 95)));
    assert_eq!(seconds([0; 5]), Some((5, 0, 0)));
    let longest = Times::of([SignedDuration::MAX, SignedDuration::MAX]).unwrap();
    assert_eq!((longest.median, longest.p95), (SignedDuration::MAX, SignedDuration::MAX));
}

#[test]
fn a_tally_counts_the_outcomes() {
    let summary = |phase: &str, taken: Option<&str>, ended: &str| {
        let taken = taken.map(|when| by("Dana", when));
        let incident = incident(&Subject::button("green"), json!({ "phase": phase, "taken_by": taken }));
        Summary::of(&incident, at(ended))
    };
    let all = [
        summary("resolved", Some("10:01:00"), "10:10:00"),
        summary("resolved", Some("10:03:00"), "10:30:00"),
        summary("resolved", None, "10:50:00"),
        summary("cancelled", None, "10:00:10"),
        summary("lapsed", Some("10:20:00"), "18:00:00"),
        summary("lapsed", None, "18:00:00"),
    ];
    let tally = Tally::of(&all);
    assert_eq!((tally.incidents, tally.taken, tally.resolved, tally.cancelled), (6, 3, 3, 1));
    assert_eq!((tally.lapsed, tally.lapsed_untaken, tally.ended_untaken()), (2, 1, 2));
    let minutes =
        |times: Option<Times>| times.map(|times| (times.count, times.median.as_mins(), times.p95.as_mins()));
    assert_eq!(minutes(tally.to_take), Some((3, 3, 20)), "those that nobody took aren't zero");
    assert_eq!(minutes(tally.to_resolve), Some((3, 30, 50)), "what was nothing, or lapsed, isn't done");
    assert_eq!(Tally::of(&[]), Tally::default());
}

#[test]
fn the_first_person_is_kept_though_the_button_was_pressed_again() {
    let mut house = House::with(json!({
        "space": { "title": "Power" }, "steps": [{ "post": { "markdown": "Help" } }, { "post": { "markdown": "More help" } }],
    }));
    let minutes = SignedDuration::from_mins;
    house.press();
    house.pass(120);
    house.acknowledge("Dana");
    house.pass(180);
    house.press();
    house.pass(240);
    house.apply(&says("Dana", house.epoch(), Command::Resolve));
    let summary = Summary::of(house.incident(), house.now);
    assert_eq!((summary.phase, summary.count, summary.step), (Phase::Resolved, 2, 2));
    assert_eq!((summary.to_take(), summary.to_end()), (Some(minutes(2)), minutes(9)));
}
