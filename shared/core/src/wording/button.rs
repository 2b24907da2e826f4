//! Posts about the presses of a button.

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
