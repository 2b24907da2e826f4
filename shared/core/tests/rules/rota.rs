//! Rotas: who is on call and when, by example and with random rotas, across clock changes.

use handbell_core::config::{OnDuty, Target};
use handbell_core::oncall::{OnCallReason, Roster, Rota, Shift};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::roster::{person, roster};

pub(crate) const PEOPLE: [&str; 4] = ["ana", "ben", "cleo", "dora"];

pub(crate) fn rota(mut rota: Value) -> Rota {
    rota["name"] = json!("ops");
    if rota["timezone"].is_null() {
        rota["timezone"] = json!("Europe/Paris");
    }
    serde_json::from_value(rota).expect("a rota")
}

pub(crate) fn with(rota: Rota) -> Roster {
    roster(PEOPLE.map(person), [rota])
}

pub(crate) fn layers(layers: Value) -> Roster {
    with(rota(json!({ "layers": layers })))
}

/// The moment at which local time in Paris is this.
pub(crate) fn paris(local: &str) -> Timestamp {
    let local: DateTime = local.parse().expect("a time");
    TimeZone::get("Europe/Paris")
        .expect("a zone")
        .to_ambiguous_timestamp(local)
        .compatible()
        .expect("a moment")
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

pub(crate) fn who(roster: &Roster, at: Timestamp) -> String {
    let who = roster.people_of(&Target::OnDuty(OnDuty { on_duty: "ops".into() }), at);
    who.people.first().map_or("-".to_owned(), |person| person.id.clone())
}

/// Who is on call at each of these times in Paris.
pub(crate) fn shown<const N: usize>(roster: &Roster, moments: [&str; N]) -> [String; N] {
    moments.map(|moment| who(roster, paris(moment)))
}

fn told(shifts: &[Shift]) -> Vec<String> {
    let zone = TimeZone::get("Europe/Paris").expect("a zone");
    let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%a %d %H:%M").to_string();
    shifts
        .iter()
        .map(|shift| format!("{}, {}", local(shift.from), shift.person.as_deref().unwrap_or("-")))
        .collect()
}

#[test]
fn people_take_turns_of_a_week() {
    let weekly =
        layers(json!([{ "people": ["ana", "ben", "cleo"], "starts": "2026-01-05", "hand_over": "08:00" }]));
    assert_eq!(
        shown(
            &weekly,
            [
                "2026-01-05T07:59:59",
                "2026-01-05T08:00",
                "2026-01-12T07:59:59",
                "2026-01-12T08:00",
                "2026-01-26T08:00"
            ]
        ),
        ["-", "ana", "ana", "ben", "ana"]
    );
    let on_call = weekly.on_call("ops", paris("2026-01-14T12:00")).expect("somebody");
    assert_eq!(on_call.person.id, "ben");
    assert_eq!(
        (on_call.since, on_call.until),
        (Some(paris("2026-01-12T08:00")), Some(paris("2026-01-19T08:00")))
    );
    assert_eq!(on_call.why, OnCallReason::Layer(0));
    let (from, next) = weekly.next_on_call("ops", paris("2026-01-14T12:00")).expect("a next one");
    assert_eq!((from, next.expect("somebody").person.id.as_str()), (paris("2026-01-19T08:00"), "cleo"));
}

#[test]
fn the_hand_over_keeps_its_time_of_day_when_the_clocks_change() {
    // In Paris the clocks go forward on 29 March 2026 and back on 25 October.
    let daily = layers(json!([
        { "people": ["ana", "ben"], "turn": "daily", "starts": "2026-01-01", "hand_over": "08:00" }
    ]));
    for (around, offset) in [("2026-03-28", 1), ("2026-03-29", 2), ("2026-10-24", 2), ("2026-10-25", 1)] {
        let hand_over = at(&format!("{around}T{:02}:00:00Z", 8 - offset));
        let (before, after) =
            (who(&daily, hand_over - SignedDuration::from_nanos(1)), who(&daily, hand_over));
        assert_ne!(before, after, "{around}");
    }
    let shifts = daily.shifts("ops", paris("2026-03-28T08:00"), paris("2026-03-31T08:00"));
    let hours = |shift: &Shift| shift.until.duration_since(shift.from).as_hours();
    assert_eq!(shifts.iter().map(hours).collect::<Vec<_>>(), [23, 24, 24]);
    let shifts = daily.shifts("ops", paris("2026-10-24T08:00"), paris("2026-10-26T08:00"));
    assert_eq!(shifts.iter().map(hours).collect::<Vec<_>>(), [25, 24]);
}

#[test]
fn a_hand_over_at_a_skipped_time_comes_at_the_clock_change() {
    let early = layers(json!([
        { "people": ["ana", "ben"], "turn": "daily", "starts": "2026-03-28", "hand_over": "02:30" }
    ]));
    let change = at("2026-03-29T01:00:00Z");
    assert_eq!(who(&early, change - SignedDuration::from_nanos(1)), "ana");
    assert_eq!(who(&early, change), "ben");
    assert_eq!(who(&early, at("2026-03-30T00:30:00Z")), "ana", "and the day after at half past two again");
    assert_eq!(who(&early, at("2026-03-30T00:29:59Z")), "ben");
}

#[test]
fn a_hand_over_at_a_time_that_comes_twice_comes_the_first_time() {
    let late = layers(json!([
        { "people": ["ana", "ben"], "turn": "daily", "starts": "2026-10-24", "hand_over": "02:30" }
    ]));
    assert_eq!(who(&late, at("2026-10-25T00:29:59Z")), "ana");
    for later in
        ["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:29:00Z", "2026-10-25T01:31:00Z"]
    {
        assert_eq!(who(&late, at(later)), "ben", "{later}: nobody hands over twice");
    }
}

#[test]
fn the_turn_of_a_skipped_day_is_over_at_once() {
    // Samoa had no 30 December 2011.
    let samoa = with(rota(json!({ "timezone": "Pacific/Apia", "layers": [
        { "people": ["ana", "ben", "cleo"], "turn": "daily", "starts": "2011-12-29" }
    ] })));
    let skipped = at("2011-12-30T10:00:00Z");
    assert_eq!(who(&samoa, skipped - SignedDuration::from_secs(1)), "ana");
    assert_eq!(who(&samoa, skipped), "cleo", "the turn of the day that wasn't is over at once");
}

#[test]
fn turns_may_last_days_or_hours() {
    let some = layers(json!([{ "people": ["ana", "ben"], "turn": { "days": 3 }, "starts": "2028-02-27" }]));
    assert_eq!(
        shown(&some, ["2028-02-27T00:00", "2028-02-29T23:59", "2028-03-01T00:00", "2028-03-04T00:00"]),
        ["ana", "ana", "ben", "ana"],
        "29 February is a day"
    );
    let hours = layers(json!([
        { "people": ["ana", "ben", "cleo"], "turn": { "hours": 8 }, "starts": "2026-03-28", "hand_over": "06:00" }
    ]));
    assert_eq!(
        shown(
            &hours,
            [
                "2026-03-28T13:59",
                "2026-03-28T14:00",
                "2026-03-28T22:00",
                "2026-03-29T06:00",
                "2026-03-29T14:00"
            ]
        ),
        ["ana", "ben", "cleo", "ana", "ben"],
        "by the clock on the wall"
    );
    let nothing = layers(json!([{ "people": ["ana"], "turn": { "days": 0 }, "starts": "2026-01-01" }]));
    assert_eq!(
        shown(&nothing, ["2026-05-01T00:00"]),
        ["ana"],
        "it ends, though it is refused when it is written"
    );
}

#[test]
fn the_last_layer_that_has_somebody_takes_precedence() {
    let both = layers(json!([
        { "people": ["ana"], "starts": "2026-01-01" },
        { "people": ["ben"], "starts": "2026-01-01", "hours": { "week": { "mon-fri": "09:00-17:00" } } },
        { "people": ["cleo"], "starts": "2026-03-04" },
        { "people": [], "starts": "2026-01-01" },
        { "people": ["nobody-knows"], "starts": "2026-01-01" },
    ]));
    // A Monday, and the Wednesday on which the third layer begins.
    assert_eq!(
        shown(&both, ["2026-03-02T08:59", "2026-03-02T09:00", "2026-03-02T17:00", "2026-03-04T10:00"]),
        ["ana", "ben", "ana", "cleo"]
    );
    let shifts = both.shifts("ops", paris("2026-03-02T00:00"), paris("2026-03-05T00:00"));
    assert_eq!(
        told(&shifts),
        [
            "Mon 02 00:00, ana",
            "Mon 02 09:00, ben",
            "Mon 02 17:00, ana",
            "Tue 03 09:00, ben",
            "Tue 03 17:00, ana",
            "Wed 04 00:00, cleo"
        ]
    );
    let on_call = both.on_call("ops", paris("2026-03-06T12:00")).expect("somebody");
    assert_eq!(
        (on_call.since, on_call.until),
        (Some(paris("2026-03-04T00:00")), None),
        "there is no end in sight"
    );
}

#[test]
fn a_person_who_cannot_be_reached_is_skipped() {
    let mut two = layers(json!([
        { "people": ["ana"], "starts": "2026-01-01" },
        { "people": ["ben"], "starts": "2026-01-01" },
    ]));
    let unreachable = |roster: &mut Roster, id: &str| {
        let person = roster.people.get_mut(id).expect("a person");
        person.email = None;
        person.phones.iter_mut().for_each(|phone| phone.verified_at = None);
    };
    assert_eq!(shown(&two, ["2026-03-02T09:00"]), ["ben"]);
    unreachable(&mut two, "ben");
    assert_eq!(shown(&two, ["2026-03-02T09:00"]), ["ana"]);
    unreachable(&mut two, "ana");
    assert_eq!(shown(&two, ["2026-03-02T09:00"]), ["-"]);
    let shifts = two.shifts("ops", paris("2026-03-02T00:00"), paris("2026-03-03T00:00"));
    assert_eq!(told(&shifts), ["Mon 02 00:00, -"]);
}

#[test]
fn a_layer_may_apply_to_holidays_or_workdays() {
    let roster = with(rota(json!({
        "layers": [
            { "people": ["ana"], "starts": "2026-01-01", "on": "workdays" },
            { "people": ["ben"], "starts": "2026-01-01", "on": "holidays" },
        ],
        "holidays": ["2026-12-25"],
    })));
    assert_eq!(
        shown(&roster, ["2026-12-24T23:59", "2026-12-25T00:00", "2026-12-25T23:59", "2026-12-26T00:00"]),
        ["ana", "ben", "ben", "ana"]
    );
    let shifts = roster.shifts("ops", paris("2026-12-24T12:00"), paris("2026-12-27T00:00"));
    assert_eq!(told(&shifts), ["Thu 24 12:00, ana", "Fri 25 00:00, ben", "Sat 26 00:00, ana"]);
}

fn overridden(overrides: Value) -> Roster {
    with(rota(json!({
        "layers": [{ "people": ["ana", "ben", "cleo"], "turn": "daily", "starts": "2026-03-02", "hand_over": "08:00" }],
        "overrides": overrides,
    })))
}

#[test]
fn the_last_override_takes_precedence() {
    let (from, until) = (paris("2026-03-02T12:00"), paris("2026-03-03T12:00"));
    let roster = overridden(json!([
        { "from": from, "until": until, "person": "dora" },
        { "from": paris("2026-03-02T20:00"), "until": paris("2026-03-02T22:00"), "person": "cleo" },
        { "from": from, "until": from, "person": "ben" },
    ]));
    assert_eq!(
        shown(
            &roster,
            [
                "2026-03-02T11:59:59",
                "2026-03-02T12:00",
                "2026-03-02T20:00",
                "2026-03-02T22:00",
                "2026-03-03T12:00"
            ]
        ),
        ["ana", "dora", "cleo", "dora", "ben"]
    );
    assert_eq!(roster.on_call("ops", from).expect("somebody").why, OnCallReason::Override(0));
    let nobody = overridden(json!([{ "from": from, "until": until, "person": null }]));
    assert_eq!(
        shown(&nobody, ["2026-03-02T11:59", "2026-03-02T12:00", "2026-03-03T12:00"]),
        ["ana", "-", "ben"]
    );
    let gone = overridden(json!([{ "from": from, "until": until, "person": "left-us" }]));
    assert_eq!(
        shown(&gone, ["2026-03-02T12:00"]),
        ["ana"],
        "an override by somebody unknown takes nobody's turn away"
    );
}

#[test]
fn an_override_applies_where_nobody_is_scheduled() {
    let roster = with(rota(json!({ "overrides": [
        { "from": paris("2026-03-02T12:00"), "until": paris("2026-03-02T14:00"), "person": "dora" },
        { "from": paris("2026-03-02T12:00"), "until": paris("2026-03-02T14:00"), "person": "ben", "instead_of": "ana" },
    ] })));
    assert_eq!(
        shown(&roster, ["2026-03-02T11:59", "2026-03-02T12:00", "2026-03-02T14:00"]),
        ["-", "dora", "-"]
    );
}

pub(crate) fn swap(one: &str, other: &str, from: Timestamp, until: Timestamp) -> Value {
    json!([
        { "from": from, "until": until, "person": other, "instead_of": one },
        { "from": from, "until": until, "person": one, "instead_of": other },
    ])
}

#[test]
fn a_swap_changes_two_peoples_turns_and_nobody_elses() {
    let roster = overridden(swap("ana", "ben", paris("2026-03-02T00:00"), paris("2026-03-05T08:00")));
    assert_eq!(
        shown(&roster, ["2026-03-02T08:00", "2026-03-03T08:00", "2026-03-04T08:00", "2026-03-05T08:00"]),
        ["ben", "ana", "cleo", "ana"]
    );
}

#[test]
fn an_unknown_rota_has_nobody_on_call() {
    let roster = layers(json!([{ "people": ["ana"], "starts": "2026-03-02" }]));
    assert_eq!(roster.on_call("opps", paris("2026-03-02T12:00")), None);
    assert_eq!(roster.shifts("opps", paris("2026-03-02T12:00"), paris("2026-03-03T12:00")), []);
    assert_eq!(roster.shifts("ops", paris("2026-03-03T12:00"), paris("2026-03-03T12:00")), []);
}

#[test]
fn mistakes_in_a_rota_are_reported_with_their_path() {
    let roster = with(rota(json!({})));
    let said = |rota: &Rota| -> Vec<String> {
        let problems = roster.problems_of(rota).into_iter();
        problems.map(|problem| format!("{}: {}", problem.path.join("."), problem.message)).collect()
    };
    let good = json!({ "layers": [{ "people": ["ana"], "starts": "2026-01-05" }] });
    assert_eq!(said(&rota(good)), [""; 0]);
    assert_eq!(said(&rota(json!({}))), [": nobody would ever be on call; give it `layers`"]);
    let bad = rota(json!({
        "timezone": "Europe/Pariss", "team": "ops",
        "layers": [
            { "people": [], "starts": "2026-01-05" },
            { "people": ["ana", "zoe"], "starts": "2026-01-05", "turn": { "hours": 0 },
              "hours": { "week": { "mon": "nine to five" } } },
        ],
        "overrides": [{ "from": "2026-01-06T00:00:00Z", "until": "2026-01-05T00:00:00Z", "person": "zoe" }],
    }));
    assert_eq!(
        said(&bad),
        [
            "timezone: there is no time zone \"Europe/Pariss\"; write an IANA name such as Europe/Paris",
            "team: there is no team \"ops\"; there is none at all yet",
            "layers.0.people: nobody takes turns here; name at least one person",
            "layers.1.people.1: there is no person \"zoe\"; there is ana, ben, cleo, dora",
            "layers.1.turn: a turn can't be 0 hours: 1 to 8784",
            "layers.1.hours.week.mon: write times such as \"09:00-20:00\", several with a comma between them, or closed",
            "overrides.0.until: it ends before it begins, at 2026-01-06T00:00:00Z",
            "overrides.0.person: there is no person \"zoe\"; there is ana, ben, cleo, dora",
        ]
    );
}

// ---- Random rotas ----------------------------------------------------------------------------------------------------

/// A moment between 2026 and 2030: a leap day, and ten clock changes.
pub(crate) fn moments() -> impl Strategy<Value = Timestamp> {
    (1_767_225_600_i64..1_893_456_000).prop_map(|second| Timestamp::from_second(second).expect("a moment"))
}

pub(crate) fn zones() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "Europe/Paris",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Pacific/Apia",
        "UTC",
        "Africa/Casablanca",
        "Asia/Kolkata",
    ])
}

pub(crate) fn hand_overs() -> impl Strategy<Value = String> {
    (0..24_u8, 0..4_u8).prop_map(|(hour, quarter)| format!("{hour:02}:{:02}", quarter * 15))
}

pub(crate) fn ids() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(PEOPLE.to_vec())
}

pub(crate) fn some_layer() -> impl Strategy<Value = Value> {
    let turns = prop_oneof![
        Just(json!("daily")),
        Just(json!("weekly")),
        Just(json!("monthly")),
        Just(json!({ "monthly_on": "last monday" })),
        (1..4_u32).prop_map(|months| json!({ "months": months })),
        (1..10_u32).prop_map(|days| json!({ "days": days })),
        (5..60_u32).prop_map(|hours| json!({ "hours": hours })),
    ];
    let hours = prop_oneof![
        Just(Value::Null),
        Just(json!({ "week": { "mon-fri": "09:00-17:30", "sat": "22:00-02:30" } })),
        Just(json!({ "timezone": "Asia/Tokyo", "week": { "daily": "01:30-02:15, 20:00-24:00" } })),
        Just(json!({ "week": { "daily": "08:00-08:00" }, "except": { "2026-03-29": "02:15-02:45" } })),
    ];
    let days = proptest::sample::select(vec!["all", "all", "holidays", "workdays"]);
    (proptest::collection::vec(ids(), 1..4), turns, hand_overs(), hours, days).prop_map(
        |(people, turn, hand_over, hours, on)| {
            json!({ "people": people, "turn": turn, "hand_over": hand_over, "hours": hours, "on": on, "starts": "2025-12-29" })
        },
    )
}

pub(crate) fn some_override(around: Timestamp) -> impl Strategy<Value = Value> {
    let length = 1..5 * 86_400_i64;
    let person = proptest::option::weighted(0.9, ids());
    (-300_000..300_000_i64, length, person, proptest::option::of(ids()), any::<bool>()).prop_map(
        move |(offset, length, person, instead_of, swap)| {
            let from = around + SignedDuration::from_secs(offset);
            let swap = swap && person.is_some() && instead_of.is_some() && person != instead_of;
            json!({
                "from": from, "until": from + SignedDuration::from_secs(length), "person": person,
                "instead_of": instead_of, "swap": swap, "made_at": around,
            })
        },
    )
}

/// Any rota, and a moment around which its overrides lie.
pub(crate) fn some_rota() -> impl Strategy<Value = (Roster, Timestamp)> {
    moments().prop_flat_map(|around| {
        let parts = (
            zones(),
            proptest::collection::vec(some_layer(), 0..4),
            proptest::collection::vec(some_override(around), 0..5),
        );
        parts.prop_map(move |(zone, layers, overrides)| {
            let holidays = ["2026-03-29", "2026-10-25", "2028-02-29", "2027-01-01"];
            let rota = rota(
                json!({ "timezone": zone, "layers": layers, "overrides": overrides, "holidays": holidays }),
            );
            (with(rota), around)
        })
    })
}

proptest! {
    /// A plain weekly layer: at any moment the person whose week it is by the calendar, computed independently.
    #[test]
    fn the_person_of_the_week_is_on_call_in_a_plain_layer(zone in zones(), hand_over in hand_overs(), moment in moments()) {
        let roster = with(rota(json!({ "timezone": zone, "layers": [
            { "people": ["ana", "ben", "cleo"], "starts": "2025-12-22", "hand_over": hand_over }
        ] })));
        let on_call = roster.on_call("ops", moment).expect("somebody");
        let (since, until) = (on_call.since.expect("a beginning"), on_call.until.expect("an end"));
        prop_assert!(since <= moment && moment < until);
        // A week in local time, whatever the clocks did in between.
        let length = until.duration_since(since).as_secs() - 7 * 86_400;
        prop_assert!(length.abs() <= 2 * 3600, "{} {}", length, moment);
        prop_assert_eq!(&on_call.person.id, &who(&roster, since));
        prop_assert_eq!(&on_call.person.id, &who(&roster, until - SignedDuration::from_nanos(1)));
        let (next, before) = (who(&roster, until), who(&roster, since - SignedDuration::from_nanos(1)));
        prop_assert!(next != on_call.person.id && before != on_call.person.id && next != before);
        // Noon is far from every hand-over but one at noon: there, the calendar alone decides.
        let tz = TimeZone::get(zone).expect("a zone");
        let local = moment.to_zoned(tz).date().to_datetime(jiff::civil::time(12, 30, 0, 0));
        let noon = local.to_zoned(TimeZone::get(zone).expect("a zone")).expect("a moment").timestamp();
        let starts: DateTime = format!("2025-12-22T{hand_over}").parse().expect("a time");
        let weeks = local.duration_since(starts).as_hours().div_euclid(7 * 24);
        prop_assert_eq!(who(&roster, noon), PEOPLE[usize::try_from(weeks).expect("weeks") % 3]);
    }

}

proptest! {
    // Each case asks at dozens of moments.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Shifts are contiguous, differ from their neighbours, and agree with `on_duty` at every moment.
    #[test]
    fn shifts_agree_with_who_is_on_call((roster, around) in some_rota(), samples in proptest::collection::vec(0.0..1.0_f64, 10)) {
        let (from, to) = (around - SignedDuration::from_hours(100), around + SignedDuration::from_hours(100));
        let shifts = roster.shifts("ops", from, to);
        prop_assert_eq!(shifts.first().map(|shift| shift.from), Some(from));
        prop_assert_eq!(shifts.last().map(|shift| shift.until), Some(to));
        for pair in shifts.windows(2) {
            prop_assert_eq!(pair[0].until, pair[1].from);
            prop_assert!((&pair[0].person, pair[0].why) != (&pair[1].person, pair[1].why));
        }
        let span = to.duration_since(from);
        let sampled = samples.iter().map(|share| from + SignedDuration::from_secs_f64(share * span.as_secs_f64()));
        let nano = SignedDuration::from_nanos(1);
        let edges = shifts.iter().flat_map(|shift| [shift.from, shift.until - nano]);
        for moment in sampled.chain(edges.take(30)) {
            let shift = shifts.iter().find(|shift| shift.from <= moment && moment < shift.until).expect("a shift");
            let on_call = roster.on_call("ops", moment);
            prop_assert_eq!(&shift.person, &on_call.as_ref().map(|on_call| on_call.person.id.clone()), "{}", moment);
            prop_assert_eq!(shift.why, on_call.as_ref().map(|on_call| on_call.why), "{}", moment);
            if let Some(on_call) = on_call {
                prop_assert!(on_call.since.is_none_or(|since| since <= moment));
                prop_assert!(on_call.until.is_none_or(|until| moment < until));
            }
        }
    }

    /// A swap gives each of the two the other's turns in its period, and changes nothing else.
    #[test]
    fn a_swap_changes_two_peoples_turns_alone(
        (before, around) in some_rota(),
        hours in 1..200_i64,
        samples in proptest::collection::vec(-0.5..1.5_f64, 20),
    ) {
        let mut before = before;
        before.rotas.get_mut("ops").expect("a rota").overrides.clear();
        let (from, until) = (around, around + SignedDuration::from_hours(hours));
        let mut after = before.clone();
        after.rotas.get_mut("ops").expect("a rota").overrides =
            serde_json::from_value(swap("ana", "ben", from, until)).expect("overrides");
        for share in samples {
            let moment = from + SignedDuration::from_secs_f64(share * hours as f64 * 3600.0);
            let was = who(&before, moment);
            let expected = match was.as_str() {
                "ana" if (from..until).contains(&moment) => "ben",
                "ben" if (from..until).contains(&moment) => "ana",
                same => same,
            };
            prop_assert_eq!(who(&after, moment), expected, "{}", moment);
        }
    }
}
