//! Texts of incidents: the card, the timeline, texts, and notices to the admins.

use jiff::{SignedDuration, Timestamp};

mod card;
mod card_buttons;
mod orphan;
mod post;
mod reply;
mod report;

pub use card::{Colour, IncidentCard, card};
pub use card_buttons::{I_HAVE_IT, IncidentChoice};
pub use orphan::{ORPHANED, orphaned_post, orphaned_text, rename_hint};
pub use post::{acknowledged, cancelled, nobody_answered, resolved, wanted_next};
pub use reply::{
    CODE_OVER, HELP, NOTHING_OPEN, VERIFIED, command_result, ignored_signal, news, not_understood,
    several_results, unproven, which, who, wrong_code,
};
pub use report::{Reader, incident_report, report_subject};

use super::escape::{escape_markdown, plain};
use super::words::{Words, clock, ordinal};
use crate::alert::{Alert, EXCERPT_MAX, RaisedAlert};
use crate::config::{Plan, Severity};
use crate::delivery::{Content, Dispatch};
use crate::incident::command::Actor;
use crate::incident::{Attribution, Incident, Phase, number};
use crate::oncall::Gap;

/// Timeline and space: a step reached nobody.
pub const NOBODY_REACHED: &str =
    "Nobody could be reached: no text was delivered and no call was answered. The next step is taken now.";
/// Timeline and space: the hold is over, and phones may ring again.
pub const HOLD_OVER: &str = "The quiet time is over.";
/// Timeline and space: a snooze is over.
pub const SNOOZE_OVER: &str = "The snooze is over, and it isn't resolved.";

/// Returns the template of a page.
pub fn page<'a>(content: &Content, plan: &'a Plan, spoken: bool) -> Option<&'a str> {
    let Content::Page { step, item } = content else { return None };
    let page = plan.step(*step)?.page.get(*item)?;
    Some(page.say.as_deref().filter(|_| spoken).unwrap_or(&page.text))
}

/// Returns the text message that pages a person, with the answer to send.
pub fn page_text(text: &str, dispatch: &Dispatch, tag: &str) -> String {
    let number = number(&dispatch.key.subject, dispatch.key.epoch);
    // A text of a few hundred characters costs as much as several, and people read the beginning.
    let text: String = text.chars().take(300).collect();
    format!("{text}\nHave it? Answer: ack {number} ({tag})")
}

/// Returns a symbol and a word for the severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "🔴 Critical",
        Severity::Error => "🟠 Error",
        Severity::Warning => "🟡 Warning",
        Severity::Info => "🔵 Info",
    }
}

/// Returns the first post in the space.
pub fn alert_post(raised: &RaisedAlert, words: &Words) -> String {
    let alert = &raised.alert;
    let mut post = format!("{}: **{}**", severity(alert.severity), escape_markdown(&alert.title));
    let by = match &alert.reporter {
        Some(reporter) => {
            format!("Reported by {} in {}.", escape_markdown(&reporter.name), escape_markdown(&words.name))
        }
        None => format!("Reported by {}.", escape_markdown(&words.name)),
    };
    post.push_str(&format!("\n\n{by}"));
    if let Some(hold) = &raised.hold {
        post.push_str(&format!(
            " No phone rings before {} ({}).",
            clock(hold.until, words),
            escape_markdown(&hold.why)
        ));
    }
    let text = excerpt(&raised.text);
    if !text.is_empty() {
        let quoted: Vec<String> = text.lines().map(|line| format!("> {}", escape_markdown(line))).collect();
        post.push_str(&format!("\n\n{}", quoted.join("  \n")));
    }
    post
}

fn excerpt(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let mut left = EXCERPT_MAX;
    for line in text.trim().lines().map(str::trim_end) {
        if line.is_empty() && lines.last().is_none_or(|last| last.is_empty()) {
            continue;
        }
        // Some machines write everything in one line.
        match line.char_indices().nth(left) {
            Some((end, _)) => {
                lines.extend([&line[..end], "…"].into_iter().filter(|line| !line.is_empty()));
                break;
            }
            None => lines.push(line),
        }
        left -= line.chars().count();
    }
    lines.join("\n")
}

/// Returns the name of the file with the original mail.
pub fn original_name(incident: &Incident) -> String {
    format!("{}.eml", incident.reference())
}

/// Reports further alerts about the same problem.
pub fn again(count: u64, raised: &RaisedAlert, worse: bool, _: &Words) -> String {
    let worse =
        if worse { format!(" It is now {}.", severity(raised.alert.severity)) } else { String::new() };
    format!("Reported again, the {} time: {}.{worse}", ordinal(count), escape_markdown(&raised.alert.title))
}

/// Timeline: an alert was raised.
pub fn raised(alert: &Alert, words: &Words) -> String {
    format!("{} reported: {}", words.name, plain(&alert.title))
}

/// Timeline: somebody has the incident.
pub fn has_it(by: &Actor) -> String {
    format!("{} has it", by.who)
}

/// Timeline and card: the person who has the incident still has it.
pub fn still_has_it(by: &Actor) -> String {
    format!("{} still has it", plain(&by.who))
}

/// Timeline: somebody asked for the next step.
pub fn wants_next(by: &Actor) -> String {
    format!("{} asked for the next step", by.who)
}

/// Timeline: somebody escalated to a step by its name.
pub fn escalated(by: &Actor, name: &str) -> String {
    format!("{} escalated to {name}", by.who)
}

/// The same, for the space.
pub fn escalated_post(by: &Actor, name: &str) -> String {
    format!("{} asked for **{}**.", escape_markdown(&by.who), escape_markdown(name))
}

/// Timeline: somebody can't take the incident.
pub fn cannot(by: &Actor) -> String {
    format!("{} can't", by.who)
}

/// The same, for the space.
pub fn cannot_post(by: &Actor) -> String {
    format!("**{}** can't. Others are called.", escape_markdown(&by.who))
}

/// Timeline and space: the incident was snoozed.
pub fn snoozed(by: &Actor, until: Timestamp, words: &Words) -> String {
    format!("{} snoozed it until {}", plain(&by.who), clock(until, words))
}

/// Timeline: the incident was ended.
pub fn ended(phase: Phase, by: &Actor) -> String {
    match phase {
        Phase::Cancelled => format!("{} called it a false alarm", by.who),
        Phase::Open | Phase::Acknowledged | Phase::Resolved | Phase::Lapsed => {
            format!("{} resolved it", by.who)
        }
    }
}

/// Timeline: somebody added a note.
pub fn noted(by: &Actor, text: &str) -> String {
    format!("{}: {}", by.who, plain(text))
}

/// The same, for the space.
pub fn note(by: &Actor, text: &str) -> String {
    format!("**{}** ({}): {}", escape_markdown(&by.who), by.how.phrase(), escape_markdown(&excerpt(text)))
}

/// Timeline: the next step was taken since its time had come.
pub fn escalated_by_time() -> String {
    "Nobody had it in time; the next step was taken".to_owned()
}

/// Timeline: the person who has the incident was asked whether they still have it.
pub fn asked(who: &str) -> String {
    format!("{who} was asked: still on it?")
}

/// The question whether a person still has the incident, for the space.
pub fn still_on_it(who: &str, within: SignedDuration, incident: &Incident) -> String {
    format!(
        "{}, are you still on it ({})? Message *confirm* within {} min, or it is open again. Text back: confirm {}",
        escape_markdown(who),
        incident.reference(),
        (within.as_secs() + 59) / 60,
        incident.number()
    )
}

/// The same, as a text.
pub fn still_on_it_text(who: &str, within: SignedDuration, incident: &Incident) -> String {
    format!(
        "{}: {}, are you still on it? Answer within {} min, or it is open again: confirm {}",
        about(incident),
        plain(who),
        (within.as_secs() + 59) / 60,
        incident.number()
    )
}

/// Reports that the person didn't answer the question.
pub fn not_confirmed(who: &str) -> String {
    format!("{} has not confirmed. It is open again.", escape_markdown(who))
}

/// Reports an acknowledgement after which others are still needed.
pub fn more_needed(by: &Attribution, missing: &[String], words: &Words) -> String {
    format!(
        "✅ **{}** has it since {}. Still needed: {}.",
        escape_markdown(&by.who),
        clock(by.at, words),
        escape_markdown(&missing.join(", "))
    )
}

/// Tells the phones that were called that somebody has the incident.
pub fn has_it_text(by: &Attribution, incident: &Incident, words: &Words) -> String {
    format!("{}: {}. You are not needed.", about(incident), has_it_since(by, words))
}

/// Tells the phones that were called that the incident is over.
pub fn over_text(phase: Phase, by: &Attribution, incident: &Incident, words: &Words) -> String {
    let what = match phase {
        Phase::Cancelled => "called off by",
        Phase::Open | Phase::Acknowledged | Phase::Resolved | Phase::Lapsed => "done, says",
    };
    format!("{}: {what} {} at {}.", about(incident), plain(&by.who), clock(by.at, words))
}

/// Returns the mail that pages a person.
pub fn mail(text: &str, link: &str, incident: &Incident) -> String {
    format!(
        "{text}\n\nSay that you have it, or that you can't: {link}\nOr answer this mail with: ack\n\n{} · Handbell",
        incident.reference()
    )
}

/// Says who has the incident, and since when.
fn has_it_since(by: &Attribution, words: &Words) -> String {
    format!("{} has it since {}", plain(&by.who), clock(by.at, words))
}

fn about(incident: &Incident) -> String {
    let title = incident.alert.as_ref().map(|alert| alert.title.as_str()).or(incident.label.as_deref());
    let title: String = plain(title.unwrap_or_default()).chars().take(60).collect();
    if title.is_empty() { incident.reference() } else { format!("{title} ({})", incident.reference()) }
}

/// Reports that the incident lapsed.
pub fn lapsed(untaken: bool) -> String {
    match untaken {
        true => "Nobody took it, and nothing more was heard of it. It counts as over.".to_owned(),
        false => "Nothing more was heard of it. It counts as over.".to_owned(),
    }
}

/// Tells the admins that an alert lapsed that nobody took.
pub fn nobody_took_it(incident: &Incident) -> String {
    format!("Nobody took {}. Look who was called, and why nobody answered.", about(incident))
}

/// Tells the admins that the plan is at its end, and nobody has the incident.
pub fn nobody_left(incident: &Incident) -> String {
    format!("Nobody has {}, and the plan names nobody else to call.", about(incident))
}

/// Describes why a target doesn't reach the people whom it names.
pub fn gap(gap: &Gap) -> String {
    match gap {
        Gap::NobodyOnDuty { rota, instead: Some(team) } => {
            format!("nobody is on call in {rota}; the team {team} stands in")
        }
        Gap::NobodyOnDuty { rota, instead: None } => {
            format!("nobody is on call in {rota}, and nobody stands in")
        }
        Gap::Unknown { target } => format!("{target} is unknown, or has nobody who can be reached"),
    }
}

/// The same, for the space.
pub fn gap_post(of: &Gap) -> String {
    format!("⚠️ {}.", escape_markdown(&capital(&gap(of))))
}

/// The same, for the admins.
pub fn gap_notice(of: &Gap, incident: &Incident) -> String {
    format!("{}: {}. Correct the roster: handbell oncall", about(incident), gap(of))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Returns an incident's number and title, for a person who is asked which incident they mean.
pub fn named(incident: &Incident) -> String {
    format!("{} {}", incident.number(), about(incident))
}
