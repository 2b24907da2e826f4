//! Reads counts from a file of `time,count`.
//!
//! Two columns of numbers need no quoting, so a CSV crate has no advantage.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::moment::MomentParts;

/// A mistake in a line of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadLine {
    /// The line, counted from 1.
    pub line: usize,
    /// The mistake and the advice, for people.
    pub what: String,
}

/// Reads the counts of a file, each with its minute. Times without an offset are local times.
///
/// A local time that occurs twice, when the clocks go back, means the earlier one, unless the line above is later than that.
/// A local time that the clocks skip means the same time after the change.
pub fn read(text: &str, zone: &TimeZone) -> Result<Vec<(Timestamp, Option<u32>)>, BadLine> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut counts: Vec<(Timestamp, Option<u32>)> = Vec::new();
    // The exact time, since two counts of the same minute must be in order, too.
    let mut before: Option<Timestamp> = None;
    let mut headed = false;
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let bad = |what: String| BadLine { line: number, what };
        let fields: Vec<&str> =
            line.split([',', ';', '\t']).map(|field| field.trim().trim_matches('"').trim()).collect();
        let &[time, count] = fields.as_slice() else {
            let what = "write a time and a count with a comma between them, such as 2026-11-14 11:40,87";
            return Err(bad(what.into()));
        };
        if counts.is_empty() && !std::mem::replace(&mut headed, true) && is_heading(time, count) {
            continue;
        }
        let at = moment(time, zone, before).ok_or_else(|| {
            bad(format!(
                "{time:?} is not a time; write 2026-11-14T11:40:00Z, or 2026-11-14 11:40 in the configuration's time zone"
            ))
        })?;
        if let Some(before) = before.filter(|before| at < *before) {
            let above = before.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M");
            return Err(bad(format!(
                "{time} is before the line above ({above}); sort the file by time, the oldest first"
            )));
        }
        before = Some(at);
        let count = match count {
            "" => None,
            count => Some(count.parse().map_err(|_| {
                bad(format!(
                    "{count:?} is not a count; write a whole number of devices, or nothing if it is unknown"
                ))
            })?),
        };
        let minute = floor(at);
        match counts.last_mut() {
            Some(last) if last.0 == minute => last.1 = count,
            Some((last, _))
                if minute.duration_since(*last) > SignedDuration::from_hours(24 * super::MOST_DAYS) =>
            {
                let what = "more than a year after the line above; is a digit of the year wrong?";
                return Err(bad(what.into()));
            }
            _ => counts.push((minute, count)),
        }
    }
    match counts.as_slice() {
        [] => Err(BadLine {
            line: 1,
            what: "the file has no counts; write lines such as 2026-11-14 11:40,87".into(),
        }),
        [(first, _), .., (last, _)]
            if last.duration_since(*first) > SignedDuration::from_hours(24 * super::MOST_DAYS) =>
        {
            let what = format!("the file covers more than {} days; use a part of it", super::MOST_DAYS);
            Err(BadLine { line: text.lines().count(), what })
        }
        _ => Ok(counts),
    }
}

/// Whether a line is a heading: neither field is a number.
fn is_heading(time: &str, count: &str) -> bool {
    let begins_with_a_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    !begins_with_a_digit(time) && !begins_with_a_digit(count) && !count.is_empty()
}

fn moment(text: &str, zone: &TimeZone, before: Option<Timestamp>) -> Option<Timestamp> {
    let parts = MomentParts::read(text).filter(|parts| parts.offset.is_some() || parts.zone.is_some());
    if let Some(parts) = parts.filter(|parts| parts.date.is_some() && parts.time.is_some()) {
        return parts.moment(zone, Timestamp::UNIX_EPOCH);
    }
    let text = text.replacen('T', " ", 1);
    let local = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f"]
        .into_iter()
        .find_map(|format| DateTime::strptime(format, &text).ok())?;
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let earlier = ambiguous.compatible().ok()?;
    match before {
        Some(before) if ambiguous.is_ambiguous() && earlier < before => ambiguous.later().ok(),
        _ => Some(earlier),
    }
}

/// Returns the beginning of the minute.
fn floor(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at)
}

/// Returns a count for each minute from the first to the last. Missing minutes are unknown; of several counts in a minute, the
/// last is used. The input must be sorted, the oldest first.
pub fn every_minute(counts: &[(Timestamp, Option<u32>)]) -> Vec<(Timestamp, Option<u32>)> {
    let mut all: Vec<(Timestamp, Option<u32>)> = Vec::with_capacity(counts.len());
    for &(at, count) in counts {
        let at = floor(at);
        while let Some(next) =
            all.last().map(|(last, _)| *last + SignedDuration::from_mins(1)).filter(|next| *next < at)
        {
            all.push((next, None));
        }
        match all.last_mut() {
            Some(last) if last.0 >= at => last.1 = count,
            _ => all.push((at, count)),
        }
    }
    all
}
