//! Transcripts of what was said with a customer, for people who read them later.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{day_and_time, quoted};
use crate::delivery::{ConversationEntry, Dispatch, Medium, Progress, Speaker};

/// Returns everything that was said with a customer.
pub fn transcript(title: &str, dispatches: &[Dispatch], zone: &TimeZone, now: Timestamp) -> String {
    let mut text = format!("{title}\nWritten down {}\n\n", day_and_time(now, zone));
    for (dispatch, entry) in
        dispatches.iter().filter_map(|dispatch| dispatch.conversation_entry().map(|entry| (dispatch, entry)))
    {
        text += &transcript_line(dispatch, entry, zone);
        text.push('\n');
    }
    text
}

fn transcript_line(dispatch: &Dispatch, entry: &ConversationEntry, zone: &TimeZone) -> String {
    let who = match &entry.speaker {
        Speaker::Customer => entry.customer.clone(),
        Speaker::Agent(name) => format!("{name} (agent)"),
        Speaker::Handbell => "Handbell (automatically)".to_owned(),
    };
    let way = match entry.medium {
        Medium::Call => " [call]",
        Medium::Form => " [web form]",
        Medium::Text | Medium::Space => "",
    };
    let files = match entry.files {
        0 => String::new(),
        1 => " [a file]".to_owned(),
        many => format!(" [{many} files]"),
    };
    let not_sent = if entry.speaker == Speaker::Customer { "" } else { not_sent(dispatch) };
    // Whatever a person writes, it never looks like a line of Handbell's.
    let text = entry.text.replace("\r\n", "\n").replace(['\r', '\n'], "\n    ");
    format!("{}  {who}{way}: {text}{files}{not_sent}", day_and_time(entry.at, zone))
}

/// Returns the note on an answer that was never sent.
fn not_sent(dispatch: &Dispatch) -> &'static str {
    let mut answers = dispatch.deliveries.values().filter(|delivery| delivery.message.is_reply()).peekable();
    if answers.peek().is_none() || dispatch.was_taken_back() != Some(true) {
        ""
    } else if answers.any(|delivery| delivery.progress == Progress::Cancelled) {
        " [taken back, not sent]"
    } else {
        " [not sent]"
    }
}

/// Returns the last entries of a conversation, for the space.
pub fn history(dispatches: &[Dispatch], zone: &TimeZone) -> String {
    const LAST: usize = 20;
    let said: Vec<_> = dispatches
        .iter()
        .filter_map(|dispatch| dispatch.conversation_entry().map(|entry| (dispatch, entry)))
        .collect();
    let from = said.len().saturating_sub(LAST);
    // Each is a list item: whatever a person writes, it never looks like a line of Handbell's.
    let lines: Vec<_> = said[from..]
        .iter()
        .map(|(dispatch, entry)| {
            format!("- {}", quoted(&transcript_line(dispatch, entry, zone)).replace('\n', "\n  "))
        })
        .collect();
    if lines.is_empty() { "Nothing was said yet.".to_owned() } else { lines.join("\n") }
}
