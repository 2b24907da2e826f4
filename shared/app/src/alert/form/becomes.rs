//! State and history of a report in words for the reporter. They contain names where they are known, and never a number
//! or an address.

use handbell_core::delivery::{Dispatch, Progress};
use handbell_core::incident::command::CommandChannel;
use handbell_core::incident::{Attribution, Incident, Phase};
use handbell_core::wording::{Words, without_addresses};
use jiff::Timestamp;

/// Returns the state of the incident in one or two sentences.
pub(super) fn state(incident: &Incident, called: &CallStatus, words: &Words, now: Timestamp) -> String {
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
            _ => called.sentence(),
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
pub(super) struct CallStatus {
    names: Vec<String>,
    nameless: bool,
}

impl CallStatus {
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
pub(super) fn call_status(dispatches: &[Dispatch]) -> CallStatus {
    let mut called = CallStatus::default();
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
pub(super) fn lines(dispatches: &[Dispatch], words: &Words, now: Timestamp) -> Vec<String> {
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
pub(super) fn moment(at: Timestamp, words: &Words, now: Timestamp) -> String {
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
