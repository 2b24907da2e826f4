//! Date filters of lists.

use jiff::Timestamp;
use jiff::civil::Date;

/// Whether a time matches a date filter. A date means its whole day; as a bound it means its midnight, except for texts.
pub(super) fn in_time(name: &str, wanted: &str, at: Timestamp) -> bool {
    let at = at.as_second();
    let day = wanted.parse::<Date>().ok().filter(|_| wanted.len() == 10);
    let begin = day.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok()).map(|day| day.timestamp());
    // An invalid date filters nothing.
    let Some(begin) = begin.or_else(|| wanted.parse().ok()).map(Timestamp::as_second) else { return true };
    match name.chars().last() {
        // Including that day (Twilio, Messages resource, "on and before a specific date").
        Some('<') if day.is_some() && name.starts_with("DateSent") => at < begin + 86_400,
        Some('<') => at <= begin,
        Some('>') => at >= begin,
        // Twilio's clients write a date as its midnight.
        _ if begin % 86_400 == 0 => (begin..begin + 86_400).contains(&at),
        _ => at == begin,
    }
}
