//! The default key of a mail: its sender, and its subject without everything that changes from mail to mail.

use std::net::{IpAddr, SocketAddr};

use super::ParsedMail;

/// Prefixes of a subject in mail programs of several languages: reply and forward.
const PREFIXES: [&str; 17] = [
    "re", "fw", "fwd", "aw", "wg", "sv", "vs", "tr", "rv", "rif", "antw", "antwort", "ref", "res", "enc",
    "ynt", "odp",
];

/// Words by which a monitoring system describes the state of a thing, rather than the thing.
const STATES: [&str; 49] = [
    "problem",
    "problems",
    "recovery",
    "recovered",
    "resolved",
    "ok",
    "up",
    "down",
    "critical",
    "crit",
    "warning",
    "warn",
    "unknown",
    "unreachable",
    "firing",
    "alert",
    "alerts",
    "alerting",
    "alarm",
    "acknowledgement",
    "acknowledged",
    "error",
    "errors",
    "fail",
    "failed",
    "fails",
    "failing",
    "failure",
    "success",
    "successful",
    "successfully",
    "succeeded",
    "completed",
    "normal",
    "nodata",
    "healthy",
    "unhealthy",
    "degraded",
    "started",
    "online",
    "offline",
    "state",
    "status",
    "triggered",
    "cleared",
    "closed",
    "open",
    "flappingstart",
    "flappingstop",
];

/// Words that connect others, and come and go with the state: `has been down for 5 minutes`.
const BINDING: [&str; 27] = [
    "is", "are", "was", "were", "has", "have", "had", "been", "now", "again", "back", "in", "for", "after",
    "since", "to", "from", "at", "on", "of", "the", "a", "an", "with", "not", "duration", "and",
];

const UNITS: [&str; 35] = [
    "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "hr", "hrs",
    "hour", "hours", "d", "day", "days", "w", "week", "weeks", "ms", "us", "%", "b", "kb", "mb", "gb", "tb",
    "kib", "mib", "gib", "tib", "st", "th",
];

/// Parts of dates, if they are next to a number or to each other.
const CALENDAR: [&str; 35] = [
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
];

/// Returns the key of a mail for which no rule makes one. A monitoring system's mails about a problem and about its end get the
/// same key.
pub fn default_key(mail: &ParsedMail) -> String {
    let about = about(&mail.subject);
    let from = mail.from.as_deref().unwrap_or_default();
    let key = [from, about.as_str()].join(" ");
    let key = key.trim();
    if key.is_empty() { "mail".to_owned() } else { key.to_owned() }
}

/// Returns the text in one line, with single spaces and without control characters.
pub(super) fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the subject without states, prefixes, numbers, dates and times.
fn about(subject: &str) -> String {
    let subject = one_line(&subject.to_lowercase());
    let tokens: Vec<&str> = up_to_the_state(&subject)
        .split(|c: char| c.is_whitespace() || !(c.is_alphanumeric() || ":.-_/@%+#\\~$&".contains(c)))
        .flat_map(without_titles)
        .collect();
    let kinds: Vec<Kind> = tokens.iter().map(|token| kind(token)).collect();
    let beside = |at: usize| {
        let next_to = |other: Option<usize>| {
            let kind = other.and_then(|other| kinds.get(other));
            kind.is_some_and(|kind| matches!(kind, Kind::Number | Kind::Calendar))
        };
        next_to(at.checked_sub(1)) || next_to(Some(at + 1))
    };
    let kept = tokens.iter().enumerate().filter(|(at, _)| match kinds[*at] {
        Kind::Name => true,
        Kind::Calendar | Kind::Unit => !beside(*at),
        Kind::Number | Kind::Noise => false,
    });
    kept.map(|(_, token)| *token).collect::<Vec<_>>().join(" ")
}

/// Cuts the subject before its state. `[web01] [🔴 down] connect ECONNREFUSED`, as Uptime Kuma writes: the text after the state
/// differs each time.
fn up_to_the_state(subject: &str) -> &str {
    let mut from = 0;
    while let Some(open) = subject[from..].find('[').map(|at| from + at) {
        let Some(close) = subject[open..].find(']').map(|at| open + at) else { break };
        let mut inner = subject[open + 1..close].split(|c: char| !c.is_alphanumeric());
        let mut words = inner.by_ref().filter(|word| !word.is_empty()).peekable();
        let is_state = words.peek().is_some() && words.all(|word| STATES.contains(&word));
        if is_state && subject[..open].trim_end().ends_with(']') {
            return &subject[..open];
        }
        from = close + 1;
    }
    subject
}

/// Splits a token into its parts: `firing:1` is a state and a number, `re:disk` a prefix and a name. Addresses and times stay
/// whole.
fn without_titles(token: &str) -> Vec<&str> {
    let token = trimmed(token);
    if is_address(token) {
        return vec![token];
    }
    match token.split_once(':') {
        Some((title, rest)) if STATES.contains(&title) || PREFIXES.contains(&title) => {
            let mut tokens = vec![title];
            tokens.extend(without_titles(rest));
            tokens
        }
        _ => vec![token],
    }
}

fn trimmed(token: &str) -> &str {
    token.trim_matches(|c: char| ":.-_/+#~&\\".contains(c))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Tells what the mail is about.
    Name,
    /// A number, a date or a time, with or without its unit.
    Number,
    /// A word that may belong to a number.
    Unit,
    /// A word that may belong to a date.
    Calendar,
    /// A word that doesn't tell one thing from another.
    Noise,
}

fn kind(token: &str) -> Kind {
    let prefix = || PREFIXES.contains(&token);
    if token.is_empty() || STATES.contains(&token) || BINDING.contains(&token) || prefix() {
        Kind::Noise
    } else if is_address(token) {
        Kind::Name
    } else if CALENDAR.contains(&token) {
        Kind::Calendar
    } else if UNITS.contains(&token) {
        Kind::Unit
    } else if is_number(token) {
        Kind::Number
    } else {
        Kind::Name
    }
}

/// Returns true for machines: `10.0.0.7` and `10.0.0.7:443` are no numbers. An IPv6 address has a letter or two colons in a row.
fn is_address(token: &str) -> bool {
    token.parse::<IpAddr>().is_ok() || token.parse::<SocketAddr>().is_ok()
}

/// Returns true for numbers, dates and times: `5`, `1.5`, `10:05:03`, `2026-11-21`, `2026-11-21t10:05:03z`, `95%`, `5m`, `1h30m`,
/// `12gb`.
fn is_number(token: &str) -> bool {
    let mut letters = token.split(|c: char| c.is_ascii_digit() || ":.-_/+#".contains(c));
    let belongs =
        |letters: &str| letters.is_empty() || letters == "t" || letters == "z" || UNITS.contains(&letters);
    let begins_well = token.starts_with(|c: char| c.is_ascii_digit() || c == '$');
    let token_has_digits = token.bytes().any(|byte| byte.is_ascii_digit());
    token_has_digits && begins_well && letters.all(belongs)
}
