//! Posts about a button's incident: presses, steps, who has it, and its end.

use jiff::Timestamp;

use super::escape::escape_markdown;
use super::words::{Words, ago, clock, ordinal};
use crate::incident::Attribution;

/// Returns how a button is named as the actor of a command.
pub fn button_label(words: &Words) -> String {
    format!("the button {}", words.name)
}

/// Reports a press beyond the last step.
pub fn pressed_again(count: u64, words: &Words) -> String {
    format!("**{}** was pressed again, the {} time.", escape_markdown(&words.name), ordinal(count))
}

/// Reports a press after an acknowledgement.
pub fn pressed_after_acknowledgement(count: u64, by: &Attribution, words: &Words) -> String {
    format!(
        "**{}** was pressed again, the {} time, although {} had acknowledged at {}.",
        escape_markdown(&words.name),
        ordinal(count),
        escape_markdown(&by.who),
        clock(by.at, words)
    )
}

/// Reports a press that arrived long after it was made.
pub fn late(at: Timestamp, now: Timestamp, words: &Words) -> String {
    format!(
        "A late press of **{}**: made at {}, {} ago, and only received now. It takes no step; press again if help is still needed.",
        escape_markdown(&words.name),
        clock(at, words),
        ago(at, now)
    )
}

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
