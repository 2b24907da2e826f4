//! The reporter's page: state and history of a report. They contain names where they are known, and never a number or an
//! address.

use jiff::Timestamp;

use crate::alert::Alert;
use crate::delivery::{Dispatch, Progress};
use crate::incident::command::CommandChannel;
use crate::incident::{Attribution, Incident, Phase};
use crate::wording::escape::without_addresses;
use crate::wording::incident::severity;
use crate::wording::words::Words;

/// Title of the page, if it isn't known what was reported.
pub const UNKNOWN_REPORT: &str = "What was reported";
/// State of an incident that isn't stored any more.
pub const OVER: &str = "It is over.";
/// Says that the page can't be refreshed.
pub const LOST: &str = "Handbell can’t be reached from here now: what stands here may be old.";
/// Heading of the timeline.
pub const TIMELINE: &str = "What happened";
/// Link to an empty form.
pub const REPORT_MORE: &str = "Report something";
/// Link that loads the page anew, without scripts.
pub const LOOK_AGAIN: &str = "Look again";
/// Label of a further line.
pub const ADD_LINE: &str = "Add a line";
/// Button that sends a further line.
pub const PASS_ON: &str = "Pass it on";
/// Opens what takes the report back.
pub const NOTHING: &str = "It was nothing";
/// Says what taking the report back does.
pub const WHAT_TAKING_BACK_DOES: &str =
    "Nobody is called any more, and the people who were called are told that it was nothing.";
/// Button that takes the report back.
pub const TAKE_BACK: &str = "Yes, take it back";
/// Says who may open the page.
pub const YOURS_ALONE: &str = "This page’s address is yours alone, and good for seven days.";
/// After a line or a withdrawal: the link to the result.
pub const PASSED_ON: &str = "It is passed on. See what becomes of it";
/// A line was not passed on: too many came.
pub const TOO_MANY_LINES: &str =
    "This line was not passed on: too many have come already. If it matters, call somebody.";
/// A line was not passed on: the incident is over.
pub const LINE_TOO_LATE: &str =
    "This line was not passed on, for it is over already. If it still isn’t right, report it again.";
/// Note of a reporter who takes back what others reported, too.
pub const TAKES_BACK: &str = "I take back what I reported.";
/// Before the text that a person had typed when the incident ended.
pub const HAD_WRITTEN: &str = "You had written: ";

/// Returns the line above the state: the reference, the severity, when it was reported and by whom.
pub fn about(incident: &Incident, alert: &Alert, words: &Words, now: Timestamp) -> String {
    let by = alert.reporter.as_ref().map(|by| format!(" by {}", by.name)).unwrap_or_default();
    format!(
        "{} · {} · reported at {}{by}",
        incident.reference(),
        severity(alert.severity),
        moment(incident.opened_at, words, now),
    )
}

/// Returns the state of the incident in one or two sentences.
pub fn state(incident: &Incident, paged: &PagedSoFar, words: &Words, now: Timestamp) -> String {
    let at = |at: Timestamp| moment(at, words, now);
    let since = |by: &Attribution| match name(&by.who) {
        Some(name) => format!("Somebody has it since {}: {name}.", at(by.at)),
        None => format!("Somebody has it since {}.", at(by.at)),
    };
    let responses = &incident.responses;
    match incident.phase {
        Phase::Open => match (&responses.hold, responses.acks.last()) {
            (_, Some(ack)) => format!("{} More people are needed, and they are being called.", since(&ack.by)),
            (Some(hold), None) if hold.until > now => format!(
                "It is stored. No phone rings before {}; then people are called.",
                at(hold.until)
            ),
            _ => paged.sentence(),
        },
        Phase::Acknowledged => {
            let taken = incident.taken_by.as_ref().map_or_else(|| "Somebody has it.".to_owned(), since);
            match responses.snoozed_until {
                Some(until) => format!("{taken} They go on with it at {}.", at(until)),
                None => taken,
            }
        }
        Phase::Resolved => format!("It is over: done at {}.", at(incident.heard_at)),
        Phase::Cancelled => format!("It is over: called off at {}.", at(incident.heard_at)),
        Phase::Lapsed if responses.first.is_none() => {
            "Nobody took it, and nothing more was heard of it. If it still isn’t right, report it again or call somebody."
                .to_owned()
        }
        Phase::Lapsed => "It counts as over: nothing more was heard of it.".to_owned(),
    }
}

/// People whom Handbell has paged so far.
#[derive(Default)]
pub struct PagedSoFar {
    names: Vec<String>,
    nameless: bool,
}

impl PagedSoFar {
    fn sentence(&self) -> String {
        let nobody_yet = "Nobody has said yet that they have it.";
        match (self.names.as_slice(), self.nameless) {
            ([], false) => format!("It is stored, and people are being told. {nobody_yet}"),
            ([], true) => format!("People are being called. {nobody_yet}"),
            (names, false) => format!("Called so far: {}. {nobody_yet}", names.join(", ")),
            (names, true) => format!("Called so far: {} and others. {nobody_yet}", names.join(", ")),
        }
    }
}

/// Returns everyone to whom a step has sent a page or may have sent one.
pub fn paged_so_far(dispatches: &[Dispatch]) -> PagedSoFar {
    let mut called = PagedSoFar::default();
    for dispatch in dispatches.iter().filter(|dispatch| dispatch.step().is_some()) {
        for delivery in dispatch.deliveries.values() {
            let tried = matches!(delivery.progress, Progress::Sent | Progress::Unknown);
            if !tried || !delivery.message.is_page() || delivery.admin_notice {
                continue;
            }
            match delivery.recipient.as_ref().and_then(|recipient| name(&recipient.name)) {
                Some(name) if called.names.contains(&name) => {}
                Some(name) => called.names.push(name),
                None => called.nameless = true,
            }
        }
    }
    called
}

/// Returns the timeline without what people wrote to each other.
pub fn lines(dispatches: &[Dispatch], words: &Words, now: Timestamp) -> Vec<String> {
    let mut entries: Vec<_> = dispatches.iter().filter_map(|dispatch| dispatch.timeline_entry()).collect();
    entries.sort_by_key(|entry| entry.at);
    let among_themselves =
        |who: &str, what: &str| what.strip_prefix(who).is_some_and(|rest| rest.starts_with(": "));
    entries
        .into_iter()
        .filter(|entry| {
            let who = entry.who.as_deref().unwrap_or_default();
            entry.how == Some(CommandChannel::Form) || who.is_empty() || !among_themselves(who, &entry.what)
        })
        .map(|entry| format!("{}  {}", moment(entry.at, words, now), without_addresses(&entry.what)))
        .collect()
}

/// Formats a time as `14:02`, or as `21 Nov 14:02` if it isn't today.
fn moment(at: Timestamp, words: &Words, now: Timestamp) -> String {
    let (at, now) = (at.to_zoned(words.zone.clone()), now.to_zoned(words.zone.clone()));
    let form = if at.date() == now.date() { "%H:%M" } else { "%-d %b %H:%M" };
    at.strftime(form).to_string()
}

/// Returns the name of a person, or none if only a number or an address is known.
fn name(who: &str) -> Option<String> {
    let shown = without_addresses(who);
    (shown == who && !who.trim().is_empty()).then_some(shown)
}

#[cfg(test)]
mod tests;
