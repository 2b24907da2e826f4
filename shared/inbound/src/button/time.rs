//! When a button was pressed: absolute times, and ages.

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

/// Parses RFC 3339, RFC 2822, or seconds, milliseconds, microseconds or nanoseconds since 1970. A time in the future
/// comes from a wrong clock, and so does one before 2001: a device without a synchronised clock starts in 1970, and its
/// press would otherwise count as far too late.
pub(super) fn time(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    let at = match text.parse::<f64>() {
        // Each unit passed its limit in 1973, and passes that of the next in the year 5138.
        Ok(number) if number.abs() >= 1e17 => millisecond(number / 1e6)?,
        Ok(number) if number.abs() >= 1e14 => millisecond(number / 1e3)?,
        Ok(number) if number.abs() >= 1e11 => millisecond(number)?,
        Ok(number) => millisecond(number * 1e3)?,
        Err(_) => text.parse().ok().or_else(|| Some(rfc2822::parse(text).ok()?.timestamp()))?,
    };
    possible(at, now)
}

/// Parses the age of a press: a number of `unit`, or a duration as in ISO 8601 (`PT2H`) or `2h 5m`. An age of nothing is
/// none.
pub(super) fn pressed_before(text: &str, unit: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    let age = match text.parse::<f64>() {
        Ok(number) => SignedDuration::try_from_secs_f64(number * unit.as_secs_f64()).ok()?,
        Err(_) => text.parse::<SignedDuration>().ok()?.abs(),
    };
    if age <= SignedDuration::ZERO {
        return None;
    }
    possible(now.checked_sub(age).ok()?, now)
}

fn possible(at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let limit = now.checked_add(SignedDuration::from_mins(1)).unwrap_or(now);
    (at <= limit && at.as_second() >= 1_000_000_000).then_some(at)
}

/// `as` saturates and turns NaN into 0; jiff checks the range.
fn millisecond(number: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond(number.round() as i64).ok()
}
