//! Posts common to all incidents: steps, who has it, and its end.

use jiff::Timestamp;

use super::super::escape::escape_markdown;
use super::super::words::{Words, clock};
use crate::incident::Attribution;

/// Reports that the next step is taken automatically.
pub fn nobody_answered(since: Timestamp, words: &Words) -> String {
    format!("Nobody has acknowledged since {}. The next step is taken.", clock(since, words))
}

/// Reports that a person asked for the next step.
pub fn wanted_next(who: &str, _: &Words) -> String {
    format!("{} asked for the next step.", escape_markdown(who))
}

/// Reports that a person has the incident.
pub fn acknowledged(by: &Attribution, words: &Words) -> String {
    format!("✅ **{}** has it since {}.", escape_markdown(&by.who), clock(by.at, words))
}

/// Reports that a person cancelled the incident.
pub fn cancelled(by: &Attribution, words: &Words) -> String {
    format!("Cancelled by {} at {}. No help is needed.", escape_markdown(&by.who), clock(by.at, words))
}

/// Reports that a person resolved the incident.
pub fn resolved(by: &Attribution, words: &Words) -> String {
    format!("Resolved by {} at {}.", escape_markdown(&by.who), clock(by.at, words))
}
