//! Turns: which person of a layer has the turn at a time, and when turns change.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};

use super::{Layer, Turn};

/// Returns the first moment at which local time is this time or a later one.
///
/// A time that occurs twice, when the clocks are put back, means its first occurrence. A time that the clocks skip means the moment
/// at which they skip it: at 03:00 it is past 02:30. None if it is outside of the calendar's range.
pub(super) fn moment(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => {
            let after = ambiguous.later().ok()?;
            let next = after.checked_add(SignedDuration::from_nanos(1)).ok()?;
            zone.preceding(next).next().map(|change| change.timestamp())
        }
        _ => ambiguous.earlier().ok(),
    }
}

impl Layer {
    /// Returns the local time at which the turn with this number begins; 0 is the first.
    ///
    /// A turn of no length would never end; it counts as one day, hour or month, until somebody corrects it.
    fn local_begin(&self, number: i64) -> Option<DateTime> {
        let first = self.starts.to_datetime(self.hand_over);
        let after = |hours: i64| {
            let seconds = hours.checked_mul(3600)?.checked_mul(number)?;
            first.checked_add(SignedDuration::from_secs(seconds)).ok()
        };
        // From the first day each time: a month that ends on the 28th doesn't move the turns after it.
        let months_after = |date: Date, months: u32| {
            let months = i64::from(months.max(1)).checked_mul(number)?;
            date.checked_add(Span::new().try_months(months).ok()?).ok()
        };
        match self.turn {
            Turn::Daily => after(24),
            Turn::Weekly => after(7 * 24),
            Turn::Days(days) => after(24 * i64::from(days.max(1))),
            Turn::Hours(hours) => after(i64::from(hours.max(1))),
            Turn::Monthly => Some(months_after(self.starts, 1)?.to_datetime(self.hand_over)),
            Turn::Months(count) => Some(months_after(self.starts, count)?.to_datetime(self.hand_over)),
            Turn::MonthlyOn(day) => {
                let month = months_after(self.starts.first_of_month(), 1)?;
                Some(day.in_month_of(month)?.to_datetime(self.hand_over))
            }
        }
    }

    /// Returns a number near that of the turn at this local time.
    fn estimated_turn(&self, local: DateTime) -> i64 {
        let first = self.starts.to_datetime(self.hand_over);
        let months = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
        let length = match self.turn {
            Turn::Daily => 24,
            Turn::Weekly => 7 * 24,
            Turn::Days(days) => 24 * i64::from(days.max(1)),
            Turn::Hours(hours) => i64::from(hours.max(1)),
            Turn::Monthly | Turn::MonthlyOn(_) => return months(local.date()) - months(self.starts),
            Turn::Months(count) => {
                return (months(local.date()) - months(self.starts)).div_euclid(i64::from(count.max(1)));
            }
        };
        local.duration_since(first).as_secs().div_euclid(length * 3600)
    }

    /// Returns when the turn with this number begins; 0 is the first.
    pub(super) fn turn_begins(&self, number: i64, zone: &TimeZone) -> Option<Timestamp> {
        moment(self.local_begin(number)?, zone)
    }

    /// Returns the number of the turn at this time; none before the first.
    pub(super) fn turn_at(&self, at: Timestamp, zone: &TimeZone) -> Option<i64> {
        let mut number = self.estimated_turn(at.to_zoned(zone.clone()).datetime());
        // Local time is only nearly right: the number is corrected by the moments themselves.
        while self.turn_begins(number, zone).is_some_and(|begins| begins > at) {
            number -= 1;
        }
        while self.turn_begins(number + 1, zone).is_some_and(|begins| begins <= at) {
            number += 1;
        }
        (number >= 0).then_some(number)
    }

    /// Returns the person whose turn it is at this time, whatever the hours are.
    pub(super) fn turn_of(&self, at: Timestamp, zone: &TimeZone) -> Option<&str> {
        let people = i64::try_from(self.people.len()).ok().filter(|people| *people > 0)?;
        let place = usize::try_from(self.turn_at(at, zone)? % people).ok()?;
        self.people.get(place).map(String::as_str)
    }

    /// Returns when turns begin after `from` and before `to`.
    pub(super) fn turns_between<'a>(
        &'a self,
        from: Timestamp,
        to: Timestamp,
        zone: &'a TimeZone,
    ) -> impl Iterator<Item = Timestamp> + 'a {
        let next = self.turn_at(from, zone).map_or(0, |number| number + 1);
        (next..).map_while(|number| self.turn_begins(number, zone)).take_while(move |begins| *begins < to)
    }
}
