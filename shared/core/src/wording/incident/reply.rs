//! Replies to people's commands and alert signals, by text, by mail or in the space.

use jiff::Timestamp;

use super::super::escape::plain;
use super::super::words::{Words, clock};
use super::{about, has_it_since, named};
use crate::alert::{AlertSignal, Objection, SignalAction};
use crate::incident::command::{Actor, Command, WrittenCommand};
use crate::incident::{EventOutcome, Incident, Phase};

/// Reply if the person was notified of no open incident.
pub const NOTHING_OPEN: &str =
    "Nothing is open that you were told of. To name an incident write its name: ack H-7K3Q";
/// Reply to `help`: the commands.
pub const HELP: &str = "ack: I have it. esc: next step. can't: call others. snooze 30m. done. false alarm. who. \
                        With several open, add the number or all: ack 427";

/// Reply to a correct verification code.
pub const VERIFIED: &str = "Thank you. Handbell may now call and text you here.";
/// Reply to a verification code that has expired or was used up.
pub const CODE_OVER: &str =
    "This code is used up or too old. Ask the people who run Handbell for another one.";

/// Reply to a wrong verification code.
pub fn wrong_code(left: u32) -> String {
    format!("This is not the code. {left} tries are left.")
}

/// Reply to a command in a mail whose sender isn't proven.
pub fn unproven(words: &str) -> String {
    format!("(Nothing proves who sent this mail, so it changes nothing.) {words}")
}

/// Posts that a signal had no effect on the incident, and why. Its own words aren't repeated.
pub fn ignored_signal(signal: &AlertSignal, objection: &Objection) -> String {
    let medium = signal.origin.medium;
    let says = match signal.action {
        SignalAction::Trigger(_) => "something is wrong",
        SignalAction::Join { .. } => "there is news",
        SignalAction::Acknowledge => "somebody has it",
        SignalAction::Resolve => "it is over",
    };
    match objection {
        Objection::Unproven { why } => {
            format!("A {medium} says that {says}. It changes nothing, because {why}.")
        }
        Objection::OtherSender => {
            let sender = signal.origin.sender.as_deref().unwrap_or("nobody");
            format!(
                "A {medium} from {sender} says that {says}. It changes nothing, because somebody else reported it."
            )
        }
        Objection::Outdated => format!(
            "An old {medium} says that {says}. It was written before this was reported, so it changes nothing."
        ),
        Objection::OtherProblem => format!(
            "A {medium} says that {says}, but this incident is also about something that the {medium} may not mean. It changes \
             nothing: please check, and end the incident yourself if all of it is over."
        ),
    }
}

/// Posts news about a known problem.
pub fn news(signal: &AlertSignal, title: &str) -> String {
    format!("A {} has news: {title}", signal.origin.medium)
}

/// Asks which of the open incidents a command is meant for.
pub fn which(open: &[Incident], asked: &WrittenCommand) -> String {
    let word = match asked {
        WrittenCommand::Acknowledge => "ack",
        WrittenCommand::Escalate | WrittenCommand::EscalateTo(_) => "esc",
        WrittenCommand::Cannot => "can't",
        WrittenCommand::Snooze(_) => "snooze",
        WrittenCommand::Confirm => "confirm",
        WrittenCommand::Done => "done",
        WrittenCommand::Cancel => "cancel",
        WrittenCommand::Who | WrittenCommand::Help => "who",
    };
    let names: Vec<String> = open.iter().take(4).map(named).collect();
    let first = open.first().map_or(0, Incident::number);
    format!("{} are open: {}. Message which one: {word} {first}", open.len(), names.join("; "))
}

/// Reply to a message from a person who was notified, if it is no command: what became of it, and what would count.
pub fn not_understood(incident: &Incident, by: &Actor, words: &Words) -> String {
    let (about, number) = (about(incident), incident.number());
    let is_author = |who: &str| who == by.who;
    let has_acknowledged = incident
        .responses
        .acks
        .iter()
        .any(|ack| is_author(&ack.by.who) || ack.person.is_some() && ack.person == by.person);
    let rest = match (incident.phase, &incident.taken_by) {
        (Phase::Open, _) if has_acknowledged => "You have it, and others are still needed.".to_owned(),
        (Phase::Open, _) => format!("Nobody has it yet: ack {number} takes it."),
        (Phase::Acknowledged, Some(taken)) if is_author(&taken.who) => {
            format!("You have it. When it is done: done {number}")
        }
        (Phase::Acknowledged, Some(taken)) => format!("{}.", has_it_since(taken, words)),
        (Phase::Acknowledged, None) => "Somebody has it.".to_owned(),
        (Phase::Resolved | Phase::Cancelled | Phase::Lapsed, _) => "It is over already.".to_owned(),
    };
    format!("{about}: passed on. {rest}")
}

/// Reply to a command for several incidents: the result of each, of the first few in full.
pub fn several_results(results: &[String]) -> String {
    const IN_FULL: usize = 3;
    let mut lines: Vec<String> = results.iter().take(IN_FULL).cloned().collect();
    match results.len().saturating_sub(IN_FULL) {
        0 => {}
        more => lines.push(format!("The same for {more} more.")),
    }
    lines.join("\n")
}

/// Reply to `who`: who has the incident, and who is on call.
pub fn who(incident: &Incident, on_call: &[String], words: &Words) -> String {
    let state = match (incident.phase, &incident.taken_by) {
        (Phase::Open, _) => "nobody has it yet".to_owned(),
        (Phase::Acknowledged, Some(by)) => has_it_since(by, words),
        (Phase::Acknowledged, None) => "somebody has it".to_owned(),
        (Phase::Resolved | Phase::Cancelled | Phase::Lapsed, _) => "it is over".to_owned(),
    };
    let on_call =
        if on_call.is_empty() { String::new() } else { format!(" On call: {}.", on_call.join(", ")) };
    format!("{}: {state}.{on_call}", about(incident))
}

/// Returns the reply to a command: its result.
pub fn command_result(
    command: &Command,
    outcome: Option<EventOutcome>,
    incident: &Incident,
    words: &Words,
    now: Timestamp,
) -> String {
    let about = about(incident);
    if outcome != Some(EventOutcome::Done) {
        let by = incident.taken_by.as_ref();
        return match (incident.phase, by) {
            (Phase::Resolved | Phase::Cancelled | Phase::Lapsed, _) => {
                format!("{about}: it is over already.")
            }
            (Phase::Acknowledged, Some(by)) => {
                format!("{about}: {}.", has_it_since(by, words))
            }
            (Phase::Open, _) | (Phase::Acknowledged, None) => match command {
                Command::Escalate { .. } => format!("{about}: there is no further step."),
                Command::EscalateTo { name } => format!("{about}: nobody is called {}.", plain(name)),
                Command::Acknowledge
                | Command::Cannot
                | Command::Snooze { .. }
                | Command::Confirm
                | Command::Resolve
                | Command::Cancel
                | Command::Note { .. } => format!("{about}: nothing has changed."),
            },
        };
    }
    match command {
        Command::Acknowledge if incident.phase == Phase::Open => {
            format!("{about}: noted, you have it. One is not enough, so others are still called.")
        }
        Command::Acknowledge => {
            format!("{about}: you have it. The others are told. When it is done: done {}", incident.number())
        }
        Command::Escalate { .. } => format!("{about}: the next step is taken now."),
        Command::EscalateTo { name } => format!("{about}: {} is called.", plain(name)),
        Command::Cannot => format!("{about}: understood. It is open, and others are told."),
        Command::Snooze { until } => format!("{about}: snoozed until {}.", clock((*until).max(now), words)),
        Command::Confirm => format!("{about}: thank you."),
        Command::Resolve => format!("{about}: done. Everybody is told."),
        Command::Cancel => format!("{about}: called off. Everybody is told."),
        Command::Note { .. } => format!("{about}: passed on."),
    }
}
