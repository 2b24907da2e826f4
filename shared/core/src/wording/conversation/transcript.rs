//! All that was said with a customer, for people who read it later.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{day_and_time, quoted};
use crate::delivery::{ConversationEntry, Dispatch, Medium, Progress, Speaker};

/// All that was said, for people who read it later.
pub fn transcript(title: &str, dispatches: &[Dispatch], zone: &TimeZone, now: Timestamp) -> String {
    let mut text = format!("{title}\nWritten down {}\n\n", day_and_time(now, zone));
    for talk in dispatches.iter().filter_map(|dispatch| dispatch.talk.as_ref().map(|talk| (dispatch, talk))) {
        text += &transcript_line(talk.0, talk.1, zone);
        text.push('\n');
    }
    text
}

fn transcript_line(dispatch: &Dispatch, talk: &ConversationEntry, zone: &TimeZone) -> String {
    let who = match &talk.speaker {
        Speaker::Customer => talk.customer.clone(),
        Speaker::Agent(name) => format!("{name} (agent)"),
        Speaker::Handbell => "Handbell (by itself)".to_owned(),
    };
    let way = match talk.medium {
        Medium::Call => " [call]",
        Medium::Form => " [web form]",
        Medium::Text | Medium::Space => "",
    };
    let files = match talk.files {
        0 => String::new(),
        1 => " [a file]".to_owned(),
        many => format!(" [{many} files]"),
    };
    let not_sent = if talk.speaker == Speaker::Customer { "" } else { not_sent(dispatch) };
    // Whatever somebody writes, it never looks like a line of ours.
    let text = talk.text.replace("\r\n", "\n").replace(['\r', '\n'], "\n    ");
    format!("{}  {who}{way}: {text}{files}{not_sent}", day_and_time(talk.at, zone))
}

/// What stands behind an answer that never left.
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

/// The last that was said, in the space.
pub fn history(dispatches: &[Dispatch], zone: &TimeZone) -> String {
    const LAST: usize = 20;
    let said: Vec<_> = dispatches
        .iter()
        .filter_map(|dispatch| dispatch.talk.as_ref().map(|talk| (dispatch, talk)))
        .collect();
    let from = said.len().saturating_sub(LAST);
    // Each in a list's item: whatever somebody writes, it never looks like a line of ours.
    let lines: Vec<_> = said[from..]
        .iter()
        .map(|(dispatch, talk)| {
            format!("- {}", quoted(&transcript_line(dispatch, talk, zone)).replace('\n', "\n  "))
        })
        .collect();
    if lines.is_empty() { "Nothing was said yet.".to_owned() } else { lines.join("\n") }
}
