//! How long a customer waits for an answer, counted in the line's opening hours: a night isn't a long wait.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::config::{Calendar, Line};

/// Returns for how long of its opening hours a line has let a customer wait.
pub fn waited(line: &Line, zone: &TimeZone, since: Timestamp, now: Timestamp) -> SignedDuration {
    let since = since.min(now);
    calendar(line, zone).map_or_else(|| now.duration_since(since), |hours| hours.open_time(since, now))
}

/// Returns when a customer has waited for this long of the line's opening hours; none if that is months away.
pub fn will_have_waited(
    line: &Line,
    zone: &TimeZone,
    since: Timestamp,
    wanted: SignedDuration,
) -> Option<Timestamp> {
    match calendar(line, zone) {
        Some(hours) => hours.after_open_time(since, wanted),
        None => Some(since + wanted),
    }
}

/// Returns the line's opening hours; none if it is always open. Hours that can't be parsed must not keep customers waiting.
fn calendar(line: &Line, zone: &TimeZone) -> Option<Calendar> {
    line.hours.as_ref()?.calendar(zone).ok()
}
