//! Turns of a month, from a day of the month or a weekday in it, through short months and clock changes.

use handbell_core::oncall::Roster;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rota::{PEOPLE, at, layers, moments, paris, rota, shown, who, with, zones};

fn monthly(turn: Value, starts: &str) -> Roster {
    layers(json!([
        { "people": ["ana", "ben", "cleo"], "turn": turn, "starts": starts, "hand_over": "08:00" }
    ]))
}

/// The local time in Paris at which each turn from the first on begins.
fn hand_overs(roster: &Roster, first: &str, count: usize) -> Vec<String> {
    let mut at = paris(first);
    let mut found = Vec::new();
    for _ in 0..count {
        let next = roster.next_on_call("ops", at).expect("a next one").0;
        found.push(
            next.to_zoned(TimeZone::get("Europe/Paris").expect("a zone")).strftime("%a %F %R").to_string(),
        );
        at = next;
    }
    found
}

#[test]
fn turns_of_a_month_begin_on_the_first_of_each() {
    let roster = monthly(json!("monthly"), "2026-01-01");
    assert_eq!(
        shown(
            &roster,
            [
                "2026-01-01T07:59:59",
                "2026-01-01T08:00",
                "2026-02-01T07:59:59",
                "2026-02-01T08:00",
                "2026-03-01T08:00",
                "2026-04-01T08:00",
                "2027-01-01T08:00"
            ]
        ),
        ["-", "ana", "ana", "ben", "cleo", "ana", "ana"]
    );
    assert_eq!(
        hand_overs(&roster, "2026-03-01T08:00", 2),
        ["Wed 2026-04-01 08:00", "Fri 2026-05-01 08:00"],
        "the clocks went forward on 29 March"
    );
    assert_eq!(
        hand_overs(&roster, "2026-10-01T08:00", 1),
        ["Sun 2026-11-01 08:00"],
        "and back on 25 October"
    );
}

#[test]
fn a_month_without_the_day_hands_over_on_its_last_day() {
    let roster = monthly(json!("monthly"), "2027-12-31");
    assert_eq!(
        hand_overs(&roster, "2027-12-31T08:00", 6),
        [
            "Mon 2028-01-31 08:00",
            "Tue 2028-02-29 08:00",
            "Fri 2028-03-31 08:00",
            "Sun 2028-04-30 08:00",
            "Wed 2028-05-31 08:00",
            "Fri 2028-06-30 08:00"
        ],
        "and the month after has it again"
    );
    let common = monthly(json!("monthly"), "2026-01-30");
    assert_eq!(hand_overs(&common, "2026-01-30T08:00", 2), ["Sat 2026-02-28 08:00", "Mon 2026-03-30 08:00"]);
}

#[test]
fn turns_may_begin_on_a_weekday_of_each_month() {
    let first = monthly(json!({ "monthly_on": "first monday" }), "2026-01-05");
    assert_eq!(
        hand_overs(&first, "2026-01-05T08:00", 3),
        ["Mon 2026-02-02 08:00", "Mon 2026-03-02 08:00", "Mon 2026-04-06 08:00"]
    );
    let last = monthly(json!({ "monthly_on": "Last Fri" }), "2026-01-30");
    assert_eq!(
        hand_overs(&last, "2026-01-30T08:00", 3),
        ["Fri 2026-02-27 08:00", "Fri 2026-03-27 08:00", "Fri 2026-04-24 08:00"]
    );
    let rota = &last.rotas["ops"];
    let written = serde_json::to_value(rota).expect("JSON");
    assert_eq!(written["layers"][0]["turn"], json!({ "monthly_on": "last friday" }));
    assert_eq!(&serde_json::from_value::<handbell_core::oncall::Rota>(written).expect("a rota"), rota);
}

#[test]
fn turns_may_last_several_months() {
    let roster = monthly(json!({ "months": 3 }), "2026-01-31");
    assert_eq!(
        hand_overs(&roster, "2026-01-31T08:00", 4),
        ["Thu 2026-04-30 08:00", "Fri 2026-07-31 08:00", "Sat 2026-10-31 08:00", "Sun 2027-01-31 08:00"]
    );
}

#[test]
fn a_monthly_turn_that_cannot_work_is_refused() {
    let problems = |turn: Value, starts: &str| {
        let roster = monthly(turn, starts);
        let found = roster.problems_of(&roster.rotas["ops"]);
        found.into_iter().map(|one| format!("{}: {}", one.path.join("."), one.message)).collect::<Vec<_>>()
    };
    assert_eq!(
        problems(json!({ "monthly_on": "first monday" }), "2026-01-06"),
        ["layers.0.starts: 2026-01-06 is not the first monday of its month, which is 2026-01-05"]
    );
    assert_eq!(
        problems(json!({ "months": 0 }), "2026-01-06"),
        ["layers.0.turn: a turn can't be 0 months: 1 to 12"]
    );
    assert_eq!(
        problems(json!({ "months": 13 }), "2026-01-06"),
        ["layers.0.turn: a turn can't be 13 months: 1 to 12"]
    );
    assert!(problems(json!("monthly"), "2026-01-31").is_empty());
    for wrong in ["fifth monday", "monday", "first day", "first mo", "first monday x", ""] {
        let turn = json!({ "monthly_on": wrong });
        let error = serde_json::from_value::<handbell_core::oncall::Turn>(turn).unwrap_err().to_string();
        assert!(error.contains("is no day of each month"), "{wrong}: {error}");
    }
}

#[test]
fn a_day_or_a_time_of_a_layer_has_no_part_that_is_ignored() {
    let layer = |starts: &str, hand_over: &str| {
        let layer = json!({ "people": ["ana"], "starts": starts, "hand_over": hand_over });
        serde_json::from_value::<handbell_core::oncall::Layer>(layer)
    };
    assert!(layer("2026-01-05", "08:00").is_ok() && layer("2026-01-05", "08:00:30").is_ok());
    for starts in
        ["2026-01-05T08:00", "2026-01-05 08:00", "2026-01-05T08:00[Europe/Paris]", "2026-01-05[Europe/Paris]"]
    {
        let error = layer(starts, "08:00").unwrap_err().to_string();
        assert!(error.contains("a day 2026-12-25"), "{starts}: {error}");
    }
    for hand_over in ["08:00+01:00", "08:00[Europe/Paris]", "2026-01-05T08:00", "08:00Z", "T08:00"] {
        let error = layer("2026-01-05", hand_over).unwrap_err().to_string();
        assert!(error.contains("a time of day is 08:00"), "{hand_over}: {error}");
    }
    let holidays = json!({ "holidays": ["2026-12-25T10:00[Asia/Tokyo]"] });
    let rota = json!({ "name": "ops", "timezone": "UTC", "holidays": holidays["holidays"] });
    assert!(serde_json::from_value::<handbell_core::oncall::Rota>(rota).is_err());
}

proptest! {
    /// At noon, far from the hand-over at midnight, the calendar alone decides whose month it is.
    #[test]
    fn the_person_of_the_month_is_on_call(zone in zones(), moment in moments(), on_weekday in any::<bool>()) {
        let (turn, starts) = match on_weekday {
            true => (json!({ "monthly_on": "second tuesday" }), "2025-12-09"),
            false => (json!("monthly"), "2025-12-31"),
        };
        let roster = with(rota(json!({ "timezone": zone, "layers": [
            { "people": ["ana", "ben", "cleo"], "turn": turn, "starts": starts }
        ] })));
        let tz = TimeZone::get(zone).expect("a zone");
        let today = moment.to_zoned(tz.clone()).date();
        let noon = today.to_datetime(jiff::civil::time(12, 0, 0, 0)).to_zoned(tz).expect("a moment").timestamp();
        let begins = |month: Date| match on_weekday {
            true => month.nth_weekday_of_month(2, Weekday::Tuesday).expect("a Tuesday"),
            false => month.last_of_month(),
        };
        let months = (i64::from(today.year()) - 2025) * 12 + i64::from(today.month()) - 12;
        let number = if begins(today) <= today { months } else { months - 1 };
        prop_assert_eq!(who(&roster, noon), PEOPLE[usize::try_from(number).expect("a number") % 3]);
    }

    /// A hand-over keeps its time of day, and every moment belongs to one turn.
    #[test]
    fn months_hand_over_at_their_time_of_day(zone in zones(), moment in moments()) {
        let roster = with(rota(json!({ "timezone": zone, "layers": [
            { "people": ["ana", "ben"], "turn": "monthly", "starts": "2025-12-15", "hand_over": "09:30" }
        ] })));
        let on_call = roster.on_call("ops", moment).expect("somebody");
        let (since, until) = (on_call.since.expect("a beginning"), on_call.until.expect("an end"));
        prop_assert!(since <= moment && moment < until);
        for edge in [since, until] {
            let local = edge.to_zoned(TimeZone::get(zone).expect("a zone")).strftime("%d %R").to_string();
            prop_assert_eq!(local, "15 09:30");
        }
        let days = until.duration_since(since);
        prop_assert!((27 * 24..=31 * 24 + 1).contains(&days.as_hours()), "{}", days);
    }
}

#[test]
fn years_far_away_cause_no_panic() {
    let roster = monthly(json!("monthly"), "2026-01-01");
    for far in [Timestamp::MIN, Timestamp::MAX, at("9999-12-01T00:00:00Z")] {
        let _ = who(&roster, far);
        let _ = roster.shifts("ops", far - SignedDuration::from_hours(0), far);
    }
}
