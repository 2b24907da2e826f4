//! Opening hours, by local time.

use handbell_core::config::{AtClosing, Calendar, Hours};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").expect("a time zone")
}

fn understood(hours: Value) -> Result<Calendar, (Vec<String>, String)> {
    let hours: Hours = serde_json::from_value(hours).expect("hours");
    hours.calendar(&paris())
}

fn week(week: Value) -> Calendar {
    understood(json!({ "week": week })).expect("a calendar")
}

/// Returns true if the place is open when local time in Paris is this.
fn open(calendar: &Calendar, local: &str) -> bool {
    let local: DateTime = local.parse().expect("a time");
    calendar.is_open(local.to_zoned(paris()).expect("a time").timestamp())
}

/// Returns true if the place is open at this moment.
fn open_at(calendar: &Calendar, at: &str) -> bool {
    calendar.is_open(at.parse::<Timestamp>().expect("a time"))
}

/// The days from Monday on, at this time.
fn days(calendar: &Calendar, time: &str) -> String {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let is_open = |day: &usize| open(calendar, &format!("2026-03-{:02}T{time}", day + 2));
    (0..7).filter(is_open).map(|day| names[day]).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_period_is_open_from_its_first_second_to_its_last() {
    let shop = week(json!({ "mon": "09:00-20:00" }));
    assert!(!open(&shop, "2026-03-02T08:59:59"));
    assert!(open(&shop, "2026-03-02T09:00:00"));
    assert!(open(&shop, "2026-03-02T19:59:59.999"));
    assert!(!open(&shop, "2026-03-02T20:00:00"));
    assert_eq!(days(&shop, "12:00"), "mon");
}

#[test]
fn no_period_begins_at_the_end_of_a_day() {
    for times in ["24:00-06:00", " 24:00 - 06:00", "09:00-12:00, 24:00-24:00"] {
        let hours: Hours = serde_json::from_value(json!({ "week": { "mon": times } })).expect("hours");
        let (path, advice) = hours.calendar(&jiff::tz::TimeZone::UTC).expect_err("it is refused");
        assert_eq!(path, ["week", "mon"]);
        assert!(advice.contains("write 00:00 on the day after"), "{times}: {advice}");
    }
}

#[test]
fn ranges_of_days_wrap_around_the_week() {
    assert_eq!(days(&week(json!({ "mon-fri": "09:00-20:00" })), "12:00"), "mon tue wed thu fri");
    assert_eq!(days(&week(json!({ "fri-mon": "09:00-20:00" })), "12:00"), "mon fri sat sun");
    assert_eq!(days(&week(json!({ "sun-sat": "09:00-20:00" })), "12:00"), "mon tue wed thu fri sat sun");
    assert_eq!(days(&week(json!({ "tue-tue": "09:00-20:00" })), "12:00"), "tue");
    assert_eq!(days(&week(json!({ "Daily": "09:00-20:00" })), "12:00"), "mon tue wed thu fri sat sun");
    assert_eq!(days(&week(json!({ "Monday - Wednesday": "9:00 - 20:00" })), "12:00"), "mon tue wed");
    assert_eq!(days(&week(json!({})), "12:00"), "", "a day that isn't named is closed");
}

#[test]
fn a_day_may_have_several_periods() {
    let shop = week(json!({ "sat": "10:00-13:00, 14:00-18:00" }));
    let shown = |time: &str| open(&shop, &format!("2026-03-07T{time}"));
    assert_eq!(
        ["09:59", "10:00", "12:59", "13:00", "13:59", "14:00", "18:00"].map(shown),
        [false, true, true, false, false, true, false]
    );
}

#[test]
fn a_period_may_end_on_the_next_day() {
    let bar = week(json!({ "fri-sat": "22:00-02:00" }));
    assert_eq!(days(&bar, "23:00"), "fri sat");
    assert_eq!(days(&bar, "01:59"), "sat sun");
    assert_eq!(days(&bar, "02:00"), "");
    let round = week(json!({ "mon": "09:00-09:00" }));
    assert!(open(&round, "2026-03-02T09:00") && open(&round, "2026-03-03T08:59"));
    assert!(!open(&round, "2026-03-02T08:59") && !open(&round, "2026-03-03T09:00"));
}

#[test]
fn a_period_may_end_at_midnight() {
    let late = week(json!({ "mon": "18:00-24:00" }));
    assert!(open(&late, "2026-03-02T23:59:59") && !open(&late, "2026-03-03T00:00"));
    let always = week(json!({ "mon": "00:00-24:00" }));
    assert!(open(&always, "2026-03-02T00:00") && open(&always, "2026-03-02T23:59:59"));
    assert!(!open(&always, "2026-03-01T23:59:59") && !open(&always, "2026-03-03T00:00"));
}

#[test]
fn exceptions_replace_the_weeks_hours() {
    let shop = understood(json!({
        "week": { "daily": "09:00-20:00", },
        "except": { "2026-12-24": "09:00-14:00", "2026-12-25": "closed", "2026-12-31": "22:00-03:00" },
        "at_closing": "go-on",
    }))
    .expect("a calendar");
    assert_eq!(shop.at_closing, AtClosing::GoOn);
    assert!(open(&shop, "2026-12-23T19:00"));
    assert!(open(&shop, "2026-12-24T13:59") && !open(&shop, "2026-12-24T14:00"));
    assert!(!open(&shop, "2026-12-25T12:00") && open(&shop, "2026-12-26T12:00"));
    assert!(!open(&shop, "2026-12-31T12:00") && open(&shop, "2026-12-31T22:00"));
    assert!(open(&shop, "2027-01-01T02:59") && !open(&shop, "2027-01-01T03:00"));
    let bar = understood(json!({ "week": { "daily": "20:00-02:00" }, "except": { "2026-12-25": "closed" } }))
        .expect("a calendar");
    assert!(open(&bar, "2026-12-25T01:00"), "that is still the night of the 24th");
    assert!(!open(&bar, "2026-12-25T21:00") && !open(&bar, "2026-12-26T01:00"));
}

#[test]
fn hours_may_have_their_own_time_zone() {
    let tokyo = understood(json!({ "timezone": "Asia/Tokyo", "week": { "mon": "09:00-20:00" } }));
    let tokyo = tokyo.expect("a calendar");
    assert!(open_at(&tokyo, "2026-03-02T00:00:00Z") && !open_at(&tokyo, "2026-03-01T23:59:59Z"));
    assert!(!open_at(&tokyo, "2026-03-02T11:00:00Z"));
}

#[test]
fn a_time_that_the_clocks_skip_never_comes() {
    // On 29 March 2026 the clock in Paris goes from 02:00 to 03:00, which is 01:00 in UTC.
    let early = week(json!({ "sun": "02:30-05:00" }));
    assert!(!open_at(&early, "2026-03-29T00:59:59Z"));
    assert!(open_at(&early, "2026-03-29T01:00:00Z"), "at 03:00 it is past 02:30");
    assert!(open_at(&early, "2026-03-29T02:59:59Z") && !open_at(&early, "2026-03-29T03:00:00Z"));
    let late = week(json!({ "sat": "22:00-02:30" }));
    assert!(open_at(&late, "2026-03-29T00:59:59Z") && !open_at(&late, "2026-03-29T01:00:00Z"));
    let never = week(json!({ "sun": "02:15-02:45" }));
    assert!(!open_at(&never, "2026-03-29T00:59:59Z") && !open_at(&never, "2026-03-29T01:00:00Z"));
}

#[test]
fn a_time_that_comes_twice_counts_twice() {
    // On 25 October 2026 the clock in Paris goes from 03:00 back to 02:00, which is 01:00 in UTC.
    let all_night = week(json!({ "sat": "22:00-05:00" }));
    for at in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T03:59:59Z"] {
        assert!(open_at(&all_night, at), "{at}");
    }
    assert!(!open_at(&all_night, "2026-10-25T04:00:00Z"));
    // A time that local clocks show twice counts both times.
    let early = week(json!({ "sun": "02:30-05:00" }));
    let shown = |at: &str| open_at(&early, &format!("2026-10-25T{at}:00Z"));
    assert_eq!(
        ["00:29", "00:30", "00:59", "01:00", "01:29", "01:30", "04:00"].map(shown),
        [false, true, true, false, false, true, false]
    );
    let late = week(json!({ "sat": "22:00-02:30" }));
    let shown = |at: &str| open_at(&late, &format!("2026-10-25T{at}:00Z"));
    assert_eq!(
        ["00:29", "00:30", "00:59", "01:00", "01:29", "01:30"].map(shown),
        [true, false, false, true, true, false]
    );
}

#[test]
fn a_day_that_is_named_twice_is_an_error() {
    let twice = |week: Value| {
        let (path, what) = understood(json!({ "week": week })).expect_err("it is no calendar");
        format!("{}: {what}", path.join("."))
    };
    let said = "this day stands here twice";
    assert_eq!(
        twice(json!({ "mon": "09:00-20:00", "mon-fri": "09:00-18:00" })),
        format!("week.mon-fri: {said}")
    );
    assert_eq!(twice(json!({ "daily": "09:00-20:00", "sun": "closed" })), format!("week.sun: {said}"));
    assert_eq!(twice(json!({ "fri": "closed", "mon-fri": "09:00-20:00" })), format!("week.mon-fri: {said}"));
}

#[test]
fn invalid_hours_are_errors() {
    let at = |hours: Value| understood(hours).err().map(|(path, _)| path.join("."));
    for day in
        ["", "mo", "mandag", "mon-", "-fri", "mon-fri-sun", "mon, wed", "mon/tue", "sunrise", "days", "ﬀf"]
    {
        assert_eq!(at(json!({ "week": { day: "09:00-20:00" } })), Some(format!("week.{day}")), "{day}");
    }
    for time in [
        "",
        "open",
        "09:00",
        "9-20",
        "09:00–20:00",
        "09:60-20:00",
        "25:00-26:00",
        "09:00-24:01",
        "09:00-20:00,",
        "09:00-20:00-22:00",
        "09:00-20:00; 21:00-22:00",
        "9am-8pm",
        "-09:00-20:00",
    ] {
        assert_eq!(at(json!({ "week": { "mon": time } })), Some("week.mon".to_owned()), "{time}");
        let except = json!({ "week": {}, "except": { "2026-12-24": time } });
        assert_eq!(at(except), Some("except.2026-12-24".to_owned()), "{time}");
    }
    for date in ["", "24.12.2026", "2026-02-29", "12-25", "christmas"] {
        let except = json!({ "week": {}, "except": { date: "closed" } });
        assert_eq!(at(except), Some(format!("except.{date}")), "{date}");
    }
    assert_eq!(at(json!({ "timezone": "Europe/Pariss", "week": {} })), Some("timezone".to_owned()));
    assert!(serde_json::from_value::<Hours>(json!({})).is_err(), "hours without a week");
}

#[test]
fn open_time_leaves_out_nights_and_closed_days() {
    let shop = week(json!({ "mon-fri": "09:00-12:00, 13:00-18:00", "sat": "22:00-02:00" }));
    let at = |local: &str| local.parse::<DateTime>().unwrap().to_zoned(paris()).unwrap().timestamp();
    let table = [
        ("2026-03-02T09:30", "2026-03-02T09:40", 10),
        ("2026-03-02T23:00", "2026-03-03T09:10", 10),
        ("2026-03-02T11:50", "2026-03-02T13:10", 20),
        ("2026-03-02T08:00", "2026-03-03T08:00", 480),
        ("2026-03-06T17:50", "2026-03-07T12:00", 10),
        // Over a period that ends on the next day, and over the change of the clock on 29 March.
        ("2026-03-07T20:00", "2026-03-08T12:00", 240),
        ("2026-03-28T20:00", "2026-03-29T12:00", 240),
        ("2026-03-01T10:00", "2026-03-01T20:00", 0),
    ];
    for (from, to, minutes) in table {
        let (from, to, wanted) = (at(from), at(to), SignedDuration::from_mins(minutes));
        assert_eq!(shop.open_time(from, to), wanted, "{from} to {to}");
        if minutes > 0 {
            let reached = shop.after_open_time(from, wanted).unwrap();
            assert!(reached <= to && shop.open_time(from, reached) == wanted, "{from}: {reached}");
        }
    }
    // Two periods that overlap count once, and a place that never opens is never open long enough.
    let twice = week(json!({ "mon": "09:00-12:00, 11:00-13:00" }));
    assert_eq!(
        twice.open_time(at("2026-03-02T00:00"), at("2026-03-03T00:00")),
        SignedDuration::from_hours(4)
    );
    assert_eq!(week(json!({})).after_open_time(at("2026-03-02T00:00"), SignedDuration::from_mins(1)), None);
}
