//! Turns: which person of a layer has the turn at a time, and when turns change.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

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

impl Turn {
    /// Returns the length of a turn, in a calendar whose days have 24 hours. A turn of no length would never end; it counts as one
    /// day, or one hour, until somebody corrects it.
    fn length(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::Daily => 24,
            Self::Weekly => 7 * 24,
            Self::Days(days) => 24 * i64::from(days.max(1)),
            Self::Hours(hours) => i64::from(hours.max(1)),
        })
    }
}

impl Layer {
    /// Returns when the turn with this number begins; 0 is the first.
    pub(super) fn turn_begins(&self, number: i64, zone: &TimeZone) -> Option<Timestamp> {
        let seconds = self.turn.length().as_secs().checked_mul(number)?;
        let first = self.starts.to_datetime(self.hand_over);
        moment(first.checked_add(SignedDuration::from_secs(seconds)).ok()?, zone)
    }

    /// Returns the number of the turn at this time; none before the first.
    pub(super) fn turn_at(&self, at: Timestamp, zone: &TimeZone) -> Option<i64> {
        let first = self.starts.to_datetime(self.hand_over);
        let since = at.to_zoned(zone.clone()).datetime().duration_since(first);
        let mut number = since.as_secs().div_euclid(self.turn.length().as_secs());
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
