//! Moments as people write them. Every part counts: what would be ignored is refused.

use handbell_core::config::civil::{parse_date, parse_time};
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// The parts of a moment: at least a day or a time of day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MomentParts {
    /// `2026-11-21`.
    pub(crate) date: Option<Date>,
    /// `18:00`.
    pub(crate) time: Option<Time>,
    /// `+01:00` or `Z`.
    pub(crate) offset: Option<Offset>,
    /// `[Europe/Paris]`.
    pub(crate) zone: Option<TimeZone>,
}

impl MomentParts {
    /// Splits a text into its parts. None if a part is none, and for an unknown time zone.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (local, zone) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
            Some((local, name)) => (local.trim_end(), Some(TimeZone::get(name).ok()?)),
            None => (text, None),
        };
        let (date, clock) = match local.split_once(['T', 't', ' ']) {
            Some((date, clock)) => (Some(parse_date(date)?), Some(clock.trim_start())),
            None if local.contains(':') => (None, Some(local)),
            None => (Some(parse_date(local)?), None),
        };
        let (time, offset) = match clock {
            None => (None, None),
            Some(clock) => {
                let (time, offset) = split_offset(clock)?;
                (Some(parse_time(time)?), offset)
            }
        };
        Some(Self { date, time, offset, zone })
    }

    /// Returns the moment. A missing day is today, and a missing time midnight, in the zone that is named, or else in this one. None
    /// if the offset isn't that of the zone that is named.
    pub(crate) fn moment(&self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        let named = self.zone.as_ref();
        let fixed = self.offset.map(TimeZone::fixed);
        let zone = fixed.as_ref().or(named).unwrap_or(zone);
        let date = self.date.unwrap_or_else(|| now.to_zoned(zone.clone()).date());
        let local = date.to_datetime(self.time.unwrap_or(Time::midnight()));
        let at = zone.to_ambiguous_timestamp(local).compatible().ok()?;
        let agrees = named.is_none_or(|named| self.offset.is_none_or(|offset| named.to_offset(at) == offset));
        agrees.then_some(at)
    }
}

/// Splits `18:00+01:00` into the time and its offset.
fn split_offset(clock: &str) -> Option<(&str, Option<Offset>)> {
    if let Some(time) = clock.strip_suffix(['Z', 'z']) {
        return Some((time.trim_end(), Some(Offset::UTC)));
    }
    let Some(at) = clock.rfind(['+', '-']) else { return Some((clock, None)) };
    let (time, offset) = clock.split_at(at);
    let digits: String = offset[1..].split(':').collect();
    let parted = offset[1..].split(':').all(|part| part.len() == 2) || digits.len() == offset.len() - 1;
    if !parted || !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let minutes: i64 =
        if minutes.is_empty() { 0 } else { minutes.parse().ok().filter(|minutes| *minutes < 60)? };
    let seconds = hours.parse::<i64>().ok()? * 3600 + minutes * 60;
    let seconds = if offset.starts_with('-') { -seconds } else { seconds };
    let offset = Offset::try_from(SignedDuration::from_secs(seconds)).ok()?;
    Some((time.trim_end(), Some(offset)))
}

/// Parses a moment as people write it: `now`, `2026-11-21T18:00:00Z`, `2026-11-21 18:00[America/New_York]`, or in local time of that
/// zone `2026-11-21 18:00`, `2026-11-21` (at midnight) and `18:00` (today). A local time that occurs twice means the first.
pub(crate) fn moment(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, String> {
    if text.trim().eq_ignore_ascii_case("now") {
        return Ok(now);
    }
    let Some(parts) = MomentParts::read(text) else {
        return Err(format!(
            "{text:?} is not a time; write 2026-11-21 18:00, 18:00 for today, 2026-11-21T18:00:00Z, or now; \
             in another time zone 2026-11-21 18:00[America/New_York]"
        ));
    };
    parts.moment(zone, now).ok_or_else(|| {
        format!(
            "{text:?} contradicts itself: that time zone has another offset then; write only one of the two"
        )
    })
}

/// Formats a moment for people, in local time of that zone.
pub(crate) fn shown(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %d %b %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_time_zone_and_an_offset_are_understood() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        for (text, at) in [
            ("2026-12-20T02:30:00[America/New_York]", "2026-12-20T07:30:00Z"),
            ("2026-12-20 02:30[America/New_York]", "2026-12-20T07:30:00Z"),
            ("2026-12-20 02:30 [America/New_York]", "2026-12-20T07:30:00Z"),
            ("2026-12-20[America/New_York]", "2026-12-20T05:00:00Z"),
            ("02:30[America/New_York]", "2026-11-21T07:30:00Z"),
            ("02:30[Asia/Tokyo]", "2026-11-20T17:30:00Z"),
            ("2026-12-20T02:30:00-05:00[America/New_York]", "2026-12-20T07:30:00Z"),
            ("2026-12-20 02:30-05", "2026-12-20T07:30:00Z"),
            ("2026-12-20 02:30 -0500", "2026-12-20T07:30:00Z"),
            ("18:00+02:00", "2026-11-21T16:00:00Z"),
            ("18:00Z", "2026-11-21T18:00:00Z"),
            ("2026-12-20T02:30:15.5z", "2026-12-20T02:30:15.5Z"),
        ] {
            assert_eq!(moment(text, &paris, noon()), Ok(at.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_part_that_is_not_understood_is_an_error() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        for wrong in [
            "2026-12-20T02:30:00[America/NewYork]",
            "2026-12-20T02:30:00[Europe/Paris][u-ca=japanese]",
            "2026-12-20T02:30:00[u-ca=japanese]",
            "2026-12-20T02:30:00[Europe/Paris",
            "2026-12-20Z",
            "2026-12-20+01:00",
            "2026-12-20 18:00 CET",
            "2026-12-20 18:00 Europe/Paris",
            "2026-12-20 2026-12-21",
            "18:00 19:00",
            "18:00+1",
            "18:00+01:75",
            "18:00+01:00:00",
            "2026-12-20T",
            "[Europe/Paris]",
            "now[Europe/Paris]",
            "tomorrow 18:00",
            "18",
        ] {
            assert!(moment(wrong, &paris, noon()).unwrap_err().contains("is not a time; write"), "{wrong}");
        }
        for wrong in ["2026-12-20T02:30:00+01:00[America/New_York]", "2026-12-20T02:30:00Z[America/New_York]"]
        {
            assert!(moment(wrong, &paris, noon()).unwrap_err().contains("contradicts itself"), "{wrong}");
        }
    }
}
