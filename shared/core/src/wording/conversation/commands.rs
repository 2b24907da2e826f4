//! Replies to an agent's commands.

use jiff::tz::TimeZone;

use super::{day_and_time, escape, quoted};
use crate::config::Line;
use crate::conversation::{Address, Agent, Conversation, Sender};

/// Returns the reply to `/claim`.
pub fn claimed(by: &Agent, had: Option<&Agent>) -> String {
    match had {
        Some(had) if had.id != by.id => {
            format!("**{}** has it now, instead of {}.", escape(&by.name), escape(&had.name))
        }
        _ => format!("**{}** has it.", escape(&by.name)),
    }
}

/// Returns the reply to `/release`.
pub fn released(by: &Agent) -> String {
    format!("{} gave it back. The customer's next text looks for somebody.", escape(&by.name))
}

/// Returns the reply to `/close`.
pub fn closed(by: &Agent, note: Option<&str>) -> String {
    let note = note.map(|note| format!(" {}", quoted(note))).unwrap_or_default();
    format!("Closed by {}.{note} It opens again when the customer writes.", escape(&by.name))
}

/// Returns the reply to `/noreply`.
pub fn needs_no_reply(by: &Agent, waits: bool) -> String {
    match waits {
        true => format!(
            "{} says that no answer is needed. The customer waits again with the next message.",
            escape(&by.name)
        ),
        false => "The customer isn't waiting for an answer.".to_owned(),
    }
}

/// Returns the reply to `/name`.
pub fn named(name: &str) -> String {
    format!("The customer is called **{}** from now on.", escape(name))
}

/// Returns the reply to `/canned` with an unknown name.
pub fn no_canned(name: &str, line: &Line) -> String {
    if line.canned.is_empty() {
        return "**Not sent.** This line has no prepared answers (`canned` in the configuration).".to_owned();
    }
    let names: Vec<_> = line.canned.keys().map(|name| format!("`{name}`")).collect();
    format!("**Not sent.** There is no answer called {}. There are: {}.", escape(name), names.join(", "))
}

/// Returns the reply to `/call`.
pub fn ringing(by: &Agent) -> String {
    format!("Your phone rings, {}. Press 1, and the customer is called.", escape(&by.name))
}

/// Returns the reply to `/call` if the agent has no number.
pub fn no_phone(by: &Agent) -> String {
    format!("I don't know your number, {}: it belongs to `agents` in the configuration.", escape(&by.name))
}

/// Returns the reply to `/who`.
pub fn who(conversation: &Conversation, sender: &Sender, zone: &TimeZone) -> String {
    let mut lines = vec![format!("The customer is **{}**.", escape(&conversation.called()))];
    if let (Some(Address::Phone(phone)), Some(_)) = (&conversation.address, &conversation.name) {
        lines.push(format!("Number: {}", escape(phone.as_str())));
    }
    if let Some(email) = &conversation.email {
        lines.push(format!("Mail: {}", escape(email)));
    }
    lines.push(match &conversation.assignee {
        Some(agent) => format!("**{}** has it.", escape(&agent.name)),
        None => "Nobody has it.".to_owned(),
    });
    if let Some(since) = conversation.waiting_since {
        lines.push(format!("The customer waits for an answer since {}.", day_and_time(since, zone)));
    }
    if let Some(since) = sender.opted_out {
        lines.push(format!("🔕 No texts since {}.", day_and_time(since, zone)));
    }
    lines.push(format!("Open since {}.", day_and_time(conversation.opened_at, zone)));
    lines.join("  \n")
}

/// Returns the reply to `/hours`.
pub fn hours(line: &Line, open: bool) -> String {
    let now = if open { "We are open now." } else { "We are closed now." };
    let Some(hours) = &line.hours else { return "We are always open.".to_owned() };
    let days = hours.week.iter().map(|(day, times)| format!("{}: {}", escape(day), escape(times)));
    format!("{now}  \n{}", days.collect::<Vec<_>>().join("  \n"))
}

/// Returns the reply to `/erase`, before it is confirmed.
pub fn erase_sure(customer: &str) -> String {
    format!(
        "This forgets everything that was said with **{}**, for good. To do it, write `/erase yes` within ten minutes.",
        escape(customer)
    )
}

/// Returns the reply to `/erase`, when it is done: what is erased, and what isn't Handbell's to remove.
pub fn erased(kept_opt_out: bool) -> String {
    let kept = if kept_opt_out {
        " That the number wants no texts is still known, so that it gets none."
    } else {
        ""
    };
    format!(
        "Forgotten: all that was known of this customer is removed from Handbell.{kept} Backups of the table forget them within 35 days.\n\n\
         What remains is not Handbell's: this space at Webex (delete it there), what was posted in the lobby and for those who wait, and \
         Twilio's log of texts, calls and recordings (Console → Monitor → Logs, or wait until Twilio's own retention removes them)."
    )
}
