//! Shifts: who is on call from when to when.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span as CivilSpan, Timestamp};

use super::timetable::{OnCallReason, Timetable};
use super::turns::moment;
use super::{Days, Roster};
use crate::config::Hours;

/// How far [`Roster::on_call`] looks back and ahead.
const HORIZON: SignedDuration = SignedDuration::from_hours(24 * 366);

/// A period in which one person is on call, or nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The person's id; none if nobody is on call.
    pub person: Option<String>,
    /// Start of the shift.
    pub from: Timestamp,
    /// End of the shift, exclusive.
    pub until: Timestamp,
    /// Why this person is on call; none if it is nobody.
    pub why: Option<OnCallReason>,
}

impl Roster {
    /// Returns the shifts from `from` to before `to`, without gaps and the oldest first; empty if there is no such rota, or no time
    /// between. Adjacent shifts of the same person for the same reason are one.
    pub fn shifts(&self, rota: &str, from: Timestamp, to: Timestamp) -> Vec<Shift> {
        let Some(rota) = self.rotas.get(rota).filter(|_| from < to) else { return Vec::new() };
        let timetable = Timetable::new(self, rota);
        let changes = timetable.changes(from, to);
        let ends = changes.iter().skip(1).copied().chain([to]);
        let mut shifts: Vec<Shift> = Vec::new();
        for (from, until) in changes.iter().copied().zip(ends) {
            let (person, why) = timetable.at(from).map(|(person, why)| (person.id.clone(), why)).unzip();
            match shifts.last_mut() {
                Some(last) if last.person == person && last.why == why => last.until = until,
                _ => shifts.push(Shift { person, from, until, why }),
            }
        }
        shifts
    }
}

/// Returns since when and until when the same person is on call around this time, or nobody is, as far as [`HORIZON`].
pub(super) fn shift_around(
    timetable: &Timetable<'_>,
    at: Timestamp,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let who = |at: Timestamp| timetable.at(at).map(|(person, _)| person.id.as_str());
    let now = who(at);
    let (mut since, mut until) = (None, None);
    // Most turns end within days. The whole year is searched only if the person doesn't change.
    for reach in [SignedDuration::from_hours(24 * 8), SignedDuration::from_hours(24 * 40), HORIZON] {
        let from = at.checked_sub(reach).unwrap_or(Timestamp::MIN);
        let to = at.checked_add(reach).unwrap_or(Timestamp::MAX);
        if until.is_none() {
            until = timetable.changes(at, to).into_iter().find(|change| who(*change) != now);
        }
        if since.is_none() {
            // The first change after the last moment at which another person was on call.
            let changes = timetable.changes(from, at);
            let others = changes.iter().rposition(|change| who(*change) != now);
            since = others.map(|other| changes.get(other + 1).copied().unwrap_or(at));
        }
        if since.is_some() && until.is_some() {
            break;
        }
    }
    (since, until)
}

impl Timetable<'_> {
    /// Returns `from` and every moment before `to` at which the person on call may change, in order. Nothing changes in between.
    fn changes(&self, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let mut changes = BTreeSet::from([from]);
        for layer in &self.rota.layers {
            changes.extend(layer.turns_between(from, to, &self.zone));
            if let Some(hours) = &layer.hours {
                let zone = hours.timezone.as_deref().and_then(|name| TimeZone::get(name).ok());
                times_between(&times(hours), from, to, zone.as_ref().unwrap_or(&self.zone), &mut changes);
            }
            if layer.on != Days::All {
                times_between(&[Time::midnight()].into(), from, to, &self.zone, &mut changes);
            }
        }
        changes.extend(self.rota.overrides.iter().flat_map(|one| [one.from, one.until]));
        changes.into_iter().filter(|change| (from..to).contains(change)).collect()
    }
}

/// Returns every time of day at which these hours may begin or end; midnight is always one.
fn times(hours: &Hours) -> BTreeSet<Time> {
    let periods = hours.week.values().chain(hours.except.values());
    let ends = periods.flat_map(|periods| periods.split([',', '-'])).filter_map(|end| {
        let (hour, minute) = end.trim().split_once(':')?;
        Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    });
    ends.chain([Time::midnight()]).collect()
}

/// Adds every moment at which local time is one of these times, and at which the clocks change.
fn times_between(
    times: &BTreeSet<Time>,
    from: Timestamp,
    to: Timestamp,
    zone: &TimeZone,
    found: &mut BTreeSet<Timestamp>,
) {
    let day_of = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let next = |date: &Date| date.checked_add(CivilSpan::new().days(1)).ok();
    for date in std::iter::successors(Some(day_of(from)), next).take_while(|date| *date <= day_of(to)) {
        for time in times {
            let local = date.to_datetime(*time);
            found.extend(moment(local, zone));
            found.extend(zone.to_ambiguous_timestamp(local).later().ok());
        }
    }
    found.extend(zone.following(from).map(|change| change.timestamp()).take_while(|change| *change < to));
}
