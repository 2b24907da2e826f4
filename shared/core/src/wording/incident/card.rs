//! The card that shows the state of an incident: who has it, what comes next and when, and which commands are possible.

use jiff::Timestamp;

use super::super::escape::plain;
use super::super::words::{Words, clock};
use super::card_buttons::{IncidentChoice, choices};
use super::severity;
use crate::config::{Plan, Step};
use crate::incident::{Incident, Phase, next_step_at};

/// The card of an incident, without its layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentCard {
    /// The problem. Like every text of the card, it is data: nothing in it formats, and the card's renderer escapes it.
    pub title: String,
    /// The state in a few words.
    pub state: String,
    /// Colour of the state.
    pub colour: Colour,
    /// Further facts, each with its name.
    pub lines: Vec<(String, String)>,
    /// Buttons, the most likely first.
    pub choices: Vec<IncidentChoice>,
    /// The incident's reference, `H-7K3Q`. It is returned when a button is pressed.
    pub reference: String,
    /// Number of the incident among those of its subject. It is returned, too, and shows when a press is on an old card.
    pub epoch: u64,
}

/// Colour of a card's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// A person is needed.
    Attention,
    /// The incident is on hold, snoozed or waits for a confirmation.
    Warning,
    /// A person has the incident.
    Accent,
    /// The incident is over.
    Good,
}

/// Returns the card of the incident as it is now.
pub fn card(incident: &Incident, plan: &Plan, words: &Words, now: Timestamp) -> IncidentCard {
    let alert = incident.alert.as_ref();
    let title = alert.map_or_else(|| words.name.clone(), |alert| plain(&alert.title));
    let (state, colour) = state(incident, words, now);
    let mut lines = Vec::new();
    let mut line = |name: &str, text: String| lines.push((name.to_owned(), text));
    if let Some(alert) = alert {
        line("How bad", severity(alert.severity).to_owned());
        let by = alert.reporter.as_ref().map_or_else(|| words.name.clone(), |reporter| plain(&reporter.name));
        line(
            "Reported",
            match incident.count {
                0 | 1 => format!("at {} by {by}", clock(incident.opened_at, words)),
                count => format!("{count} times since {} by {by}", clock(incident.opened_at, words)),
            },
        );
    }
    if !incident.phase.is_final() {
        for ack in &incident.responses.acks {
            line("Has it", format!("{} since {}", plain(&ack.by.who), clock(ack.by.at, words)));
        }
        if let (Some(by), true) = (&incident.taken_by, incident.responses.acks.is_empty()) {
            line("Has it", format!("{} since {}", plain(&by.who), clock(by.at, words)));
        }
        if let Some(next) = next(incident, plan, words, now) {
            line("Next", next);
        }
    }
    line("Name", format!("{} · text back {}", incident.reference(), incident.number()));
    let choices = choices(incident, plan);
    let (reference, epoch) = (incident.reference(), incident.epoch);
    IncidentCard { title, state, colour, lines, choices, reference, epoch }
}

fn state(incident: &Incident, words: &Words, now: Timestamp) -> (String, Colour) {
    let by = incident.taken_by.as_ref();
    let who = || by.map_or_else(|| "Somebody".to_owned(), |by| plain(&by.who));
    match incident.phase {
        Phase::Open => match &incident.responses.hold {
            Some(hold) if hold.until > now => {
                (format!("Waits until {}: {}", clock(hold.until, words), plain(&hold.why)), Colour::Warning)
            }
            _ if !incident.responses.acks.is_empty() => {
                ("Somebody has it, but one is not enough".to_owned(), Colour::Attention)
            }
            _ => ("Nobody has it yet".to_owned(), Colour::Attention),
        },
        Phase::Acknowledged => match incident.responses.snoozed_until {
            Some(until) => (format!("Snoozed by {} until {}", who(), clock(until, words)), Colour::Warning),
            None if incident.responses.asked_at.is_some() => {
                (format!("{} was asked: still on it?", who()), Colour::Warning)
            }
            None => (format!("{} has it", who()), Colour::Accent),
        },
        Phase::Resolved => (format!("Resolved at {}", clock(incident.heard_at, words)), Colour::Good),
        Phase::Cancelled => (format!("Called off at {}", clock(incident.heard_at, words)), Colour::Good),
        Phase::Lapsed => ("Over: nothing more was heard of it".to_owned(), Colour::Good),
    }
}

/// Returns what comes next, and when.
fn next(incident: &Incident, plan: &Plan, words: &Words, now: Timestamp) -> Option<String> {
    if incident.phase == Phase::Acknowledged {
        let confirm = plan.confirm.as_ref()?;
        let responses = &incident.responses;
        return Some(match (responses.snoozed_until, responses.asked_at, responses.confirmed_at) {
            (Some(until), ..) => format!("open again at {}", clock(until, words)),
            (None, Some(asked), _) => {
                format!("open again at {} unless confirmed", clock(asked + confirm.within.0, words))
            }
            (None, None, Some(confirmed)) => {
                format!("asked at {} whether it is still so", clock(confirmed + confirm.after.0, words))
            }
            (None, None, None) => return None,
        });
    }
    let at = next_step_at(incident, plan);
    let number = incident.step as usize;
    let (step, what) = match plan.steps.get(number) {
        Some(step) => (step, "step"),
        None => (plan.steps.first()?, "the first step again"),
    };
    let at = match at {
        Some(at) => format!("at {}", clock(at.max(now), words)),
        None if number < plan.steps.len() => "when somebody asks for it".to_owned(),
        None => return Some("nothing: the plan is at its end".to_owned()),
    };
    let what =
        if what == "step" { format!("step {} of {}", number + 1, plan.steps.len()) } else { what.to_owned() };
    let whom = whom(step);
    Some(if whom.is_empty() { format!("{what} {at}") } else { format!("{what} {at}: {whom}") })
}

fn whom(step: &Step) -> String {
    let mut names: Vec<String> = Vec::new();
    for target in step.targets() {
        let name = target.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(3);
    names.truncate(3);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    names.join(", ") + &more
}
