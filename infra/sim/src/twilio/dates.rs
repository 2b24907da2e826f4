//! The date filters of lists.

use jiff::Timestamp;
use jiff::civil::Date;

/// Whether a date filter lets this time through: a date means its whole day, or as a bound its midnight, but for texts.
pub(super) fn in_time(name: &str, wanted: &str, at: Timestamp) -> bool {
    let at = at.as_second();
    let day = wanted.parse::<Date>().ok().filter(|_| wanted.len() == 10);
    let begin = day.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok()).map(|day| day.timestamp());
    // A date that nobody can read filters nothing.
    let Some(begin) = begin.or_else(|| wanted.parse().ok()).map(Timestamp::as_second) else { return true };
    match name.chars().last() {
        // On that day too (Twilio, Messages resource, "on and before a specific date").
        Some('<') if day.is_some() && name.starts_with("DateSent") => at < begin + 86_400,
        Some('<') => at <= begin,
        Some('>') => at >= begin,
        // Twilio's own clients write a date as its midnight.
        _ if begin % 86_400 == 0 => (begin..begin + 86_400).contains(&at),
        _ => at == begin,
    }
}
