//! The vocabulary of monitoring systems: which words are states, and which only accompany them.

mod states;

use self::states::{
    ENDS_TROUBLE, GOOD, GOOD_AFTER_VERB, GOOD_AS_HEADING, NEWS, PARTICIPLES, TROUBLE, TROUBLE_AS_HEADING,
    UNCERTAIN_NEWS,
};

/// What a state says about the trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// It is over.
    Good,
    /// It exists.
    Trouble,
    /// News about trouble that is known: an acknowledgement, flapping, a downtime. It neither begins nor ends anything.
    News,
}

/// Nouns that stand for whatever is monitored. They are no name.
const NOUNS: [&str; 48] = [
    "threshold",
    "limit",
    "http",
    "https",
    "code",
    "response",
    "request",
    "updated",
    "alert",
    "alerts",
    "alarms",
    "monitor",
    "monitors",
    "host",
    "service",
    "services",
    "server",
    "site",
    "website",
    "check",
    "issue",
    "event",
    "notification",
    "trigger",
    "test",
    "node",
    "device",
    "your",
    "the",
    "a",
    "an",
    "all",
    "everything",
    "this",
    "that",
    "it",
    "monitoring",
    "update",
    "message",
    "report",
    "condition",
    "component",
    "resource",
    "endpoint",
    "connection",
    "connectivity",
    "metric",
    "rule",
];

/// Verbs and their like before a state that holds: `web01 is UP`, `state OK`.
const LINKS: [&str; 22] = [
    "is",
    "are",
    "now",
    "again",
    "state",
    "status",
    "it's",
    "became",
    "becomes",
    "become",
    "to",
    "has",
    "have",
    "been",
    "all",
    "still",
    "be",
    "fully",
    "completely",
    "currently",
    "once",
    "finally",
];

/// Words before a state that held earlier: `was DOWN`, `last OK 3 days ago`.
const PAST: [&str; 9] = ["was", "were", "last", "from", "until", "previously", "formerly", "previous", "had"];

/// Words that turn a statement around, or make it no statement. Whatever follows them is no end.
const DOUBTS: [&str; 61] = [
    "not",
    "never",
    "no",
    "none",
    "nothing",
    "nobody",
    "neither",
    "nor",
    "cannot",
    "can't",
    "be",
    "if",
    "until",
    "when",
    "whether",
    "unless",
    "before",
    "without",
    "expected",
    "expecting",
    "should",
    "must",
    "only",
    "few",
    "fewer",
    "less",
    "least",
    "partially",
    "partly",
    "some",
    "but",
    "except",
    "however",
    "although",
    "though",
    "hardly",
    "almost",
    "nearly",
    "barely",
    "may",
    "might",
    "could",
    "would",
    "will",
    "wants",
    "waiting",
    "waits",
    "nicht",
    "noch",
    "kein",
    "keine",
    "pas",
    "un",
    "non",
    "says",
    "said",
    "claims",
    "supposedly",
    "instead",
    "too",
    "just",
];

/// Words between which and a state only a connection is: `has been down for 5 minutes`. They come and go with the state.
const BINDING: [&str; 27] = [
    "is", "are", "was", "were", "has", "have", "had", "been", "now", "again", "back", "in", "for", "after",
    "since", "to", "from", "at", "on", "of", "the", "a", "an", "with", "not", "duration", "and",
];

/// Words that may follow a state without adding to it: `up again after 5 minutes`.
const TAIL: [&str; 22] = [
    "again", "now", "since", "for", "after", "in", "at", "ago", "duration", "within", "and", "on", "of",
    "the", "outage", "downtime", "time", "total", "as", "by", "lasted", "about",
];

/// States that tell how bad trouble is. They change while it lasts.
const LEVELS: [&str; 12] = [
    "warn",
    "warning",
    "minor",
    "major",
    "error",
    "crit",
    "critical",
    "severe",
    "fatal",
    "emerg",
    "emergency",
    "disaster",
];

/// Words for how bad trouble is that are no states. Alone in brackets at the beginning, they name nothing. `low` isn't one: what is
/// too low is other trouble than what is too high.
const RANKS: [&str; 7] = ["high", "average", "medium", "info", "information", "informational", "notice"];

/// Words before a level: `Severity: High`, `Priority 2`.
const SCALES: [&str; 5] = ["severity", "sev", "priority", "prio", "urgency"];

/// Prefixes of a subject in mail programs of several languages: reply and forward.
const PREFIXES: [&str; 17] = [
    "re", "fw", "fwd", "aw", "wg", "sv", "vs", "tr", "rv", "rif", "antw", "antwort", "ref", "res", "enc",
    "ynt", "odp",
];

/// Where a state stands. Some words are states only in some places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Before a separator or in brackets.
    Heading,
    /// After a verb.
    AfterVerb,
    /// At the end, without a verb.
    Last,
}

/// Returns the state that a word in lower case is in this place.
pub(super) fn tone(word: &str, place: Place) -> Option<Tone> {
    let good = GOOD.contains(&word) && (word != "recovery" || place != Place::AfterVerb)
        || place == Place::Heading && GOOD_AS_HEADING.contains(&word)
        || place == Place::AfterVerb && GOOD_AFTER_VERB.contains(&word);
    if good {
        Some(Tone::Good)
    } else if TROUBLE.contains(&word) || place == Place::Heading && TROUBLE_AS_HEADING.contains(&word) {
        Some(Tone::Trouble)
    } else if NEWS.contains(&word) {
        Some(Tone::News)
    } else {
        None
    }
}

/// Returns true for a word that is a state anywhere.
pub(super) fn is_state(word: &str) -> bool {
    tone(word, Place::Heading).is_some() || tone(word, Place::AfterVerb).is_some()
}

/// Returns true for news that is trouble in nobody's words. `downtime` is news to a monitoring system, and an outage to a person.
pub(super) fn is_certain_news(word: &str) -> bool {
    NEWS.contains(&word) && !UNCERTAIN_NEWS.contains(&word)
}

pub(super) fn ends_trouble(word: &str) -> bool {
    ENDS_TROUBLE.contains(&word)
}

pub(super) fn is_level(word: &str) -> bool {
    LEVELS.contains(&word)
}

pub(super) fn is_rank(word: &str) -> bool {
    RANKS.contains(&word)
}

pub(super) fn is_scale(word: &str) -> bool {
    SCALES.contains(&word)
}

pub(super) fn is_noun(word: &str) -> bool {
    NOUNS.contains(&word)
}

pub(super) fn is_link(word: &str) -> bool {
    LINKS.contains(&word)
}

pub(super) fn is_past(word: &str) -> bool {
    PAST.contains(&word)
}

pub(super) fn is_participle(word: &str) -> bool {
    PARTICIPLES.contains(&word)
}

pub(super) fn is_doubt(word: &str) -> bool {
    DOUBTS.contains(&word) || word.ends_with("n't") || word.ends_with("n’t")
}

pub(super) fn is_binding(word: &str) -> bool {
    BINDING.contains(&word)
}

pub(super) fn is_tail(word: &str) -> bool {
    TAIL.contains(&word)
}

pub(super) fn is_prefix(word: &str) -> bool {
    PREFIXES.contains(&word)
}
