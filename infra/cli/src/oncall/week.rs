//! A chart of seven days, with a character for each half hour.

use std::fmt::Write as _;

use handbell_core::oncall::{Roster, Rota};
use jiff::civil::{Date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

/// Number of days in the chart.
const DAYS: i32 = 7;
/// Letters for the first 26 people. Everybody else is a `+`.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";

/// Draws the chart from the day of that time on. A half hour shows the person who is on call for most of it. When the clocks
/// change, skipped half hours are blank, and of repeated half hours the chart shows the first.
pub(super) fn chart(roster: &Roster, rota: &Rota, zone: &TimeZone, at: Timestamp) -> String {
    let first = at.to_zoned(zone.clone()).date();
    let days: Vec<Date> = (0..DAYS).filter_map(|day| first.checked_add(Span::new().days(day)).ok()).collect();
    let mut people: Vec<String> = Vec::new();
    let mut rows = String::new();
    for day in days {
        let _ = write!(rows, "  {}  ", day.strftime("%a %d %b"));
        for half in 0..48_i8 {
            let local = day.to_datetime(time(half / 2, half % 2 * 30, 0, 0));
            let moment = zone.to_ambiguous_timestamp(local);
            let skipped = matches!(moment.offset(), jiff::tz::AmbiguousOffset::Gap { .. });
            rows.push(match moment.compatible() {
                Ok(moment) if !skipped => {
                    let (from, to) = (moment, moment.saturating_add(SignedDuration::from_mins(30)));
                    sign(roster, rota, from, to.unwrap_or(Timestamp::MAX), &mut people)
                }
                _ => ' ',
            });
        }
        rows.push('\n');
    }
    let hours: String = (0..24).step_by(3).map(|hour| format!("{hour:<6}")).collect();
    let mut out = format!("  {:12}{}\n{rows}", "", hours.trim_end());
    let mut legend: Vec<String> = Vec::new();
    for (place, id) in people.iter().enumerate() {
        let name = roster.people.get(id).map_or(id, |person| &person.name);
        legend.push(format!("{} {name}", LETTERS.chars().nth(place).unwrap_or('+')));
    }
    if rows.contains('·') {
        legend.push("· nobody".to_owned());
    }
    let _ = writeln!(out, "  {:12}{}", "", legend.join("   "));
    out
}

fn sign(roster: &Roster, rota: &Rota, from: Timestamp, to: Timestamp, people: &mut Vec<String>) -> char {
    let shifts = roster.shifts(&rota.name, from, to);
    let longest = shifts.into_iter().max_by_key(|shift| shift.until.duration_since(shift.from));
    let Some(person) = longest.and_then(|shift| shift.person) else { return '·' };
    let place = people.iter().position(|known| *known == person).unwrap_or_else(|| {
        people.push(person);
        people.len() - 1
    });
    LETTERS.chars().nth(place).unwrap_or('+')
}
