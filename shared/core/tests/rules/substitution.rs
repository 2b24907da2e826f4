//! Overrides and swaps compose: each acts on the person who is on call by those before it.

use handbell_core::oncall::{OnCallReason, Override, Roster, Shift};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::house::chance;
use crate::rota::{ids, moments, paris, rota, shown, some_layer, some_override, swap, who, with, zones};

/// Ana and Ben take turns of a week from Monday, 7 December 2026, with these overrides.
fn weeks(overrides: Value) -> Roster {
    let layer = json!({ "people": ["ana", "ben"], "starts": "2026-12-07", "hand_over": "08:00" });
    with(rota(json!({ "layers": [layer], "overrides": overrides })))
}

/// One override for these days in Paris.
fn override_of(person: &str, instead_of: Option<&str>, from: &str, until: &str) -> Value {
    let (from, until) = (paris(from), paris(until));
    json!({ "from": from, "until": until, "person": person, "instead_of": instead_of, "made_at": from })
}

fn with_more(roster: &Roster, more: &[Value]) -> Roster {
    let mut roster = roster.clone();
    let rota = roster.rotas.get_mut("ops").expect("a rota");
    for one in more {
        rota.overrides.push(serde_json::from_value(one.clone()).expect("an override"));
    }
    roster
}

#[test]
fn an_override_instead_of_somebody_follows_the_swap_that_put_them_on_call() {
    let swapped = json!({
        "from": paris("2026-12-10T00:00"), "until": paris("2026-12-17T00:00"), "person": "ben", "instead_of": "ana",
        "swap": true,
    });
    let moments = ["2026-12-09T12:00", "2026-12-12T12:00", "2026-12-15T12:00", "2026-12-18T12:00"];
    let roster = weeks(json!([swapped]));
    assert_eq!(shown(&roster, moments), ["ana", "ben", "ana", "ben"]);
    // Ben is ill.
    let ill = override_of("cleo", Some("ben"), "2026-12-09T00:00", "2026-12-20T00:00");
    let roster = with_more(&roster, &[ill]);
    assert_eq!(shown(&roster, moments), ["ana", "cleo", "ana", "cleo"]);
    let cleo = roster.on_call("ops", paris("2026-12-12T12:00")).expect("somebody");
    assert_eq!(cleo.why, OnCallReason::Override(1));
}

#[test]
fn a_swap_after_an_override_swaps_the_person_whom_the_override_put_on_call() {
    let roster = weeks(json!([
        override_of("cleo", Some("ana"), "2026-12-07T00:00", "2026-12-14T08:00"),
        { "from": paris("2026-12-07T00:00"), "until": paris("2026-12-21T08:00"), "person": "ben", "instead_of": "cleo",
          "swap": true },
    ]));
    assert_eq!(shown(&roster, ["2026-12-08T12:00", "2026-12-15T12:00"]), ["ben", "cleo"]);
}

#[test]
fn two_overrides_that_undo_each_other_were_made_one_after_the_other() {
    let (from, until) = ("2026-12-07T00:00", "2026-12-21T08:00");
    let roster = weeks(json!([
        override_of("ben", Some("ana"), from, until),
        override_of("ana", Some("ben"), from, until)
    ]));
    assert_eq!(
        shown(&roster, ["2026-12-08T12:00", "2026-12-15T12:00"]),
        ["ana", "ana"],
        "after the second, no moment has Ben"
    );
    let written = swap("ana", "ben", paris(from), paris(until));
    assert_eq!(
        shown(&weeks(written), ["2026-12-08T12:00", "2026-12-15T12:00"]),
        ["ben", "ana"],
        "as swaps used to be stored"
    );
}

#[test]
fn an_override_instead_of_somebody_applies_while_they_cannot_be_reached() {
    let ill = override_of("cleo", Some("ben"), "2026-12-01T00:00", "2027-01-01T00:00");
    let mut roster = weeks(json!([ill]));
    let ben = roster.people.get_mut("ben").expect("Ben");
    ben.email = None;
    ben.phones.clear();
    assert_eq!(shown(&roster, ["2026-12-08T12:00", "2026-12-15T12:00"]), ["ana", "cleo"]);
}

#[test]
fn a_swap_with_somebody_who_cannot_be_reached_leaves_the_other_on_call() {
    let (from, until) = (paris("2026-12-07T08:00"), paris("2026-12-21T08:00"));
    let mut roster = weeks(swap("ana", "ben", from, until));
    let ben = roster.people.get_mut("ben").expect("Ben");
    ben.email = None;
    ben.phones.clear();
    assert_eq!(shown(&roster, ["2026-12-08T12:00", "2026-12-15T12:00"]), ["ana", "ana"]);
}

#[test]
fn an_override_is_read_as_it_was_written() {
    let plain = json!({ "from": "2026-12-07T00:00:00Z", "until": "2026-12-08T00:00:00Z", "person": null });
    let read: Override = serde_json::from_value(plain).expect("an override");
    assert!(!read.swap && read.made_at.is_none());
    let written = serde_json::to_value(&read).expect("JSON");
    assert!(written.get("swap").is_none() && written.get("made_at").is_none(), "{written}");
    let half = json!([{ "from": paris("2026-12-07T00:00"), "until": paris("2026-12-08T00:00"), "person": "ana", "swap": true }]);
    let problems = weeks(half.clone()).problems_of(&weeks(half).rotas["ops"]);
    assert_eq!(problems[0].message, "a swap needs two different people: `person` and `instead_of`");
}

/// A rota with layers alone, and a moment.
fn some_layers() -> impl Strategy<Value = (Roster, Timestamp)> {
    (zones(), proptest::collection::vec(some_layer(), 0..4), moments()).prop_map(|(zone, layers, around)| {
        let holidays = ["2026-03-29", "2026-10-25", "2028-02-29", "2027-01-01"];
        (with(rota(json!({ "timezone": zone, "layers": layers, "holidays": holidays }))), around)
    })
}

/// A swap of two different people, or none.
fn some_swap(around: Timestamp) -> impl Strategy<Value = Option<Value>> {
    some_override(around).prop_map(|mut one| {
        one["swap"] = json!(true);
        let two =
            !one["person"].is_null() && !one["instead_of"].is_null() && one["person"] != one["instead_of"];
        two.then_some(one)
    })
}

fn hours_of(shifts: &[Shift], person: &str) -> SignedDuration {
    let own = shifts.iter().filter(|shift| shift.person.as_deref() == Some(person));
    own.map(|shift| shift.until.duration_since(shift.from)).sum()
}

/// Who is on call after a substitution, if `before` was on call without it.
fn acts(one: &Override, at: Timestamp, before: &str) -> String {
    let (person, instead_of) = (one.person.as_deref().unwrap_or("-"), one.instead_of.as_deref());
    if !(one.from..one.until).contains(&at) {
        return before.to_owned();
    }
    match instead_of {
        None => person,
        Some(whose) if whose == before => person,
        Some(whose) if one.swap && person == before => whose,
        Some(_) => before,
    }
    .to_owned()
}

proptest! {
    #![proptest_config(chance(60))]

    /// Each swap is a permutation: the two people exchange their hours, and nobody else's change.
    #[test]
    fn every_swap_exchanges_the_hours_of_two_people_as_they_were_before_it(
        (roster, swaps) in some_layers().prop_flat_map(|(roster, around)| {
            (Just(roster), proptest::collection::vec(some_swap(around), 1..5))
        }),
    ) {
        let mut before = roster;
        for one in swaps.into_iter().flatten() {
            let after = with_more(&before, std::slice::from_ref(&one));
            let made: Override = serde_json::from_value(one).expect("an override");
            let (had, has) = (before.shifts("ops", made.from, made.until), after.shifts("ops", made.from, made.until));
            let (two, other) = (made.person.expect("one"), made.instead_of.expect("other"));
            for person in crate::rota::PEOPLE {
                let was = match person {
                    one if one == two => other.as_str(),
                    one if one == other => two.as_str(),
                    same => same,
                };
                prop_assert_eq!(hours_of(&has, person), hours_of(&had, was), "{}", person);
            }
            before = after;
        }
    }

    /// After an override instead of somebody, no moment of it has that person.
    #[test]
    fn after_an_override_instead_of_somebody_no_moment_has_them(
        (roster, earlier, last) in some_layers().prop_flat_map(|(roster, around)| {
            (Just(roster), proptest::collection::vec(some_override(around), 0..6), some_override(around))
        }),
        whose in ids(),
    ) {
        let mut last = last;
        (last["instead_of"], last["swap"]) = (json!(whose), json!(false));
        prop_assume!(last["person"] != json!(whose));
        let roster = with_more(&with_more(&roster, &earlier), std::slice::from_ref(&last));
        let made: Override = serde_json::from_value(last).expect("an override");
        let shifts = roster.shifts("ops", made.from, made.until);
        prop_assert!(shifts.iter().all(|shift| shift.person.as_deref() != Some(whose)), "{:?}", shifts);
    }

    /// Each override and each swap acts on the person who is on call by those before it, and on no other moment.
    #[test]
    fn overrides_and_swaps_act_in_the_order_in_which_they_were_made(
        (roster, around, all) in some_layers().prop_flat_map(|(roster, around)| {
            (Just(roster), Just(around), proptest::collection::vec(some_override(around), 1..6))
        }),
        samples in proptest::collection::vec(-400_000..800_000_i64, 20),
    ) {
        let mut before = roster;
        for one in all {
            let after = with_more(&before, std::slice::from_ref(&one));
            let made: Override = serde_json::from_value(one).expect("an override");
            let nano = SignedDuration::from_nanos(1);
            let edges = [made.from - nano, made.from, made.until - nano, made.until];
            let sampled = samples.iter().map(|seconds| around + SignedDuration::from_secs(*seconds));
            for at in edges.into_iter().chain(sampled) {
                prop_assert_eq!(who(&after, at), acts(&made, at, &who(&before, at)), "{}", at);
            }
            before = after;
        }
    }
}
