//! Numbers in a subject: those that name a thing (`Port 23`), and those that measure it (`95 %`, `for 5 minutes`).

use std::net::{IpAddr, SocketAddr};

const UNITS: [&str; 74] = [
    "bar", "mbar", "psi", "hpa", "kpa", "volt", "volts", "mv", "kv", "amps", "ma", "kw", "kwh", "hz", "khz",
    "mhz", "ghz", "ppm", "dbm", "iops", "s", "sec", "secs", "second", "seconds", "m", "min", "mins",
    "minute", "minutes", "h", "hr", "hrs", "hour", "hours", "d", "day", "days", "w", "week", "weeks",
    "month", "months", "year", "years", "ms", "us", "ns", "%", "percent", "pct", "b", "kb", "mb", "gb", "tb",
    "pb", "kib", "mib", "gib", "tib", "bytes", "kbit", "mbit", "gbit", "kbps", "mbps", "gbps", "mbit/s",
    "mb/s", "st", "th", "rpm", "°c",
];

/// Parts of dates, if they are next to a number or to each other.
const CALENDAR: [&str; 36] = [
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
    "utc",
    "gmt",
    "cet",
    "cest",
    "edt",
    "est",
    "am",
    "pm",
    "z",
    "uhr",
];

/// Words before a number that measures: quantities, comparisons, and spans of time.
const BEFORE_A_MEASURE: [&str; 43] = [
    "is",
    "was",
    "are",
    "than",
    "over",
    "above",
    "below",
    "under",
    "exceeds",
    "exceeded",
    "reached",
    "reaches",
    "value",
    "length",
    "size",
    "usage",
    "load",
    "latency",
    "temperature",
    "depth",
    "average",
    "avg",
    "max",
    "min",
    "threshold",
    "limit",
    "rate",
    "score",
    "count",
    "total",
    "used",
    "attempt",
    "try",
    "retry",
    "reminder",
    "notification",
    "occurrence",
    "http",
    "code",
    "status",
    "exit",
    "duration",
    "currently",
];

/// Words before a number with a fraction that measures. Behind other nouns, such a number names: `Room 21.11`.
const QUANTITIES: [&str; 40] = [
    "voltage",
    "volt",
    "volts",
    "current",
    "power",
    "pressure",
    "humidity",
    "temp",
    "flow",
    "speed",
    "frequency",
    "level",
    "ph",
    "delay",
    "lag",
    "rtt",
    "jitter",
    "loss",
    "ratio",
    "percentage",
    "space",
    "free",
    "memory",
    "mem",
    "cpu",
    "ram",
    "swap",
    "weight",
    "distance",
    "time",
    "uptime",
    "age",
    "at",
    "by",
    "to",
    "of",
    "with",
    "low",
    "high",
    "only",
];

/// What a token is to the name of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Tells what the subject is about.
    Name,
    /// Measures, counts, or tells a time.
    Measure,
}

/// Returns what the token at this place is to the name. `before` and `behind` are the next tokens on both sides, all in lower case.
pub(super) fn kind(before: Option<&str>, token: &str, behind: Option<&str>) -> Kind {
    let measures = if is_address(token) {
        false
    } else if is_calendar(token) || UNITS.contains(&token) {
        let beside = |other: Option<&str>| other.is_some_and(|other| is_numeric(other) || is_calendar(other));
        beside(before) || beside(behind)
    } else if is_plain_number(token) {
        counts(before, token, behind)
    } else if is_decimal(token) {
        let quantity = |word: &str| QUANTITIES.contains(&word) || !word.chars().all(char::is_alphabetic);
        counts(before, token, behind) || before.is_none_or(quantity)
    } else {
        is_quantity(token)
    };
    if measures { Kind::Measure } else { Kind::Name }
}

/// Returns true for what certainly measures, whatever is beside it: `95%`, `5m`, `10:02`, `2026-11-21`.
pub(super) fn is_quantity(token: &str) -> bool {
    is_number(token) && !is_plain_number(token) && !is_designation(token)
}

/// Returns true for a number without a unit.
pub(super) fn is_plain_number(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) && !is_compact_date(token)
}

/// Returns true for machines: `10.0.0.7` and `10.0.0.7:443` are no numbers. An IPv6 address has a letter or two colons in a row.
pub(super) fn is_address(token: &str) -> bool {
    token.parse::<IpAddr>().is_ok() || token.parse::<SocketAddr>().is_ok()
}

pub(super) fn is_calendar(token: &str) -> bool {
    CALENDAR.contains(&token)
}

pub(super) fn is_unit(token: &str) -> bool {
    UNITS.contains(&token)
}

/// Returns true for numbers with or without a unit, dates and times.
pub(super) fn is_numeric(token: &str) -> bool {
    is_plain_number(token) || is_quantity(token)
}

/// Returns true for a number that counts or measures, by the words beside it. In doubt it names.
fn counts(before: Option<&str>, token: &str, behind: Option<&str>) -> bool {
    let before = before.unwrap_or_default();
    let behind = behind.unwrap_or_default();
    if is_unit(behind) && !behind.is_empty() || is_calendar(before) || is_calendar(behind) {
        return true;
    }
    let year = token.len() == 4 && (token.starts_with("19") || token.starts_with("20"));
    if year && (is_numeric(before) || is_numeric(behind)) {
        return true;
    }
    if BEFORE_A_MEASURE.contains(&before) || before.ends_with(['<', '>', '=', '≥', '≤']) {
        return true;
    }
    // `3 objects`, `5 mails`: a number before a plural counts, unless a noun before it already takes it as its name.
    is_plural(behind)
        && (before.is_empty() || !before.chars().all(char::is_alphabetic) || before.ends_with('s'))
}

/// Returns true for words such as `objects`.
pub(super) fn is_plural(word: &str) -> bool {
    word.len() > 3
        && word.ends_with('s')
        && !["ss", "us", "is"].iter().any(|ending| word.ends_with(ending))
        && word.chars().all(char::is_alphabetic)
}

/// Returns true for `21.5`.
fn is_decimal(token: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    token.split_once(['.', ',']).is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

/// Returns true for numbers, dates and times: `5`, `1.5`, `10:05:03`, `2026-11-21`, `2026-11-21t10:05:03z`, `95%`, `5m`, `1h30m`,
/// `12gb`.
fn is_number(token: &str) -> bool {
    let mut letters = token.split(|c: char| c.is_ascii_digit() || ":.-_/+,".contains(c));
    let belongs =
        |letters: &str| letters.is_empty() || letters == "t" || letters == "z" || UNITS.contains(&letters);
    let begins_well = token.starts_with(|c: char| c.is_ascii_digit() || "$€+-".contains(c));
    let has_digits = token.bytes().any(|byte| byte.is_ascii_digit());
    has_digits && begins_well && letters.all(|letters| belongs(letters.trim_start_matches(['$', '€'])))
}

/// Returns true for digits with separators that name a thing: the interface `1/0/23`, the version `1.24.0`, the slot `2-3`.
fn is_designation(token: &str) -> bool {
    if token.chars().any(|c| c.is_alphabetic() || c == '%' || c == '$' || c == '€') {
        return false;
    }
    let parts: Vec<&str> = token.split([':', '.', '-', '/', '_', '+', ',']).collect();
    let is = |c: char| token.contains(c);
    let date = parts.iter().any(|part| part.len() == 4) && parts.len() == 3;
    let short_date = parts.len() == 3 && is('.') && parts.iter().all(|part| part.len() == 2);
    let time =
        is(':') && parts.len() <= 4 && parts[0].len() <= 2 && parts[1..].iter().all(|part| part.len() == 2);
    let decimal = parts.len() == 2 && (is('.') || is(','));
    let moment = parts.len() >= 5;
    let signed = token.starts_with(['+', '-']);
    !(date || short_date || time || decimal || moment || signed)
}

/// Returns true for `20261121`, `20261121100503` and seconds since 1970.
fn is_compact_date(token: &str) -> bool {
    let range = |from: usize, to: usize| token.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let date = || {
        token.starts_with("20")
            && range(4, 6).is_some_and(|month| (1..=12).contains(&month))
            && range(6, 8).is_some_and(|day| (1..=31).contains(&day))
    };
    match token.len() {
        8 | 12 | 14 => date(),
        10 => token.starts_with("1") && token >= "1500000000",
        _ => false,
    }
}
