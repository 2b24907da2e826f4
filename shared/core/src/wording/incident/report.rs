//! The incident report: what was done, when and by whom, and the outcome of every attempt to reach somebody.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;

use super::super::delivery_summary::line;
use super::super::escape::{plain, without_addresses};
use super::super::words::{Words, clock};
use super::severity;
use crate::delivery::{DeliveryState, Dispatch, PageChannel, Progress, Receipt};
use crate::incident::{Incident, Phase};

/// A person's row in the report.
#[derive(Default)]
struct Reached {
    name: String,
    texts: Attempts,
    calls: Attempts,
    mails: Attempts,
    took: bool,
}

#[derive(Default)]
struct Attempts {
    made: u32,
    arrived: u32,
}

/// Returns the subject of the report's mail, which replies to the mail that opened the incident.
pub fn report_subject(incident: &Incident) -> String {
    if incident.alert.as_ref().is_some_and(|alert| alert.reporter.is_some()) {
        return format!("Your report {}", incident.reference());
    }
    let origin = incident.alert.as_ref().and_then(|alert| alert.origin.as_ref());
    let subject = origin.map(|origin| origin.subject.as_str()).filter(|subject| !subject.trim().is_empty());
    let subject = subject.or(incident.label.as_deref()).unwrap_or("Report");
    let bare = subject.trim();
    if bare.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:")) {
        plain(bare)
    } else {
        format!("Re: {}", plain(bare))
    }
}

/// Reader of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A member of the team, who sees everything.
    Ours,
    /// The person who reported the problem: sees no phone numbers, no addresses, and nothing that the team wrote to each other. A
    /// person who filled in a form doesn't even see what they wrote, since the address may be somebody else's.
    Outside,
}

/// Returns the report as plain text: for the mail and as a file in the space.
pub fn incident_report(
    incident: &Incident,
    dispatches: &[Dispatch],
    reader: Reader,
    words: &Words,
    now: Timestamp,
) -> String {
    let time = |at: Timestamp| at.to_zoned(words.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let mut text = String::new();
    let alert = incident.alert.as_ref();
    let told = alert.filter(|alert| reader == Reader::Ours || alert.reporter.is_none());
    let title = told.map_or(words.name.as_str(), |alert| alert.title.as_str());
    let _ = writeln!(text, "{}: {}", incident.reference(), plain(title));
    let _ = writeln!(text, "{}\n", outcome(incident, words));
    if let Some(alert) = &incident.alert {
        let _ = writeln!(text, "How bad:       {}", severity(alert.severity));
        let _ = writeln!(text, "Reported by:   {}", plain(&words.name));
        let _ = writeln!(text, "Mails, forms:  {}", incident.count);
    }
    let _ = writeln!(text, "Opened:        {}", time(incident.opened_at));
    if let Some(first) = &incident.responses.first {
        let after = first.at.duration_since(incident.opened_at);
        let _ = writeln!(
            text,
            "Taken:         {} by {} (after {})",
            time(first.at),
            plain(&first.who),
            span(after)
        );
    } else {
        let _ = writeln!(text, "Taken:         by nobody");
    }
    if incident.phase.is_final() {
        let after = incident.heard_at.duration_since(incident.opened_at);
        let _ = writeln!(text, "Over:          {} (after {})", time(incident.heard_at), span(after));
    }
    text.push_str("\nWHAT HAPPENED\n");
    let mut entries: Vec<_> = dispatches.iter().filter_map(|dispatch| dispatch.timeline_entry()).collect();
    entries.sort_by_key(|entry| entry.at);
    for entry in entries {
        let written = entry.what.starts_with(&noted_by(entry.who.as_deref()));
        let began = entry.who.is_none() && entry.at == incident.opened_at;
        if reader == Reader::Outside && (written || began) {
            continue;
        }
        let how = entry.how.map(|how| format!(" ({})", how.phrase())).unwrap_or_default();
        let _ = writeln!(text, "{}  {}{how}", time(entry.at), plain(&entry.what));
    }
    let people = people(incident, dispatches);
    if !people.is_empty() {
        text.push_str("\nWHO WAS CALLED\n");
        let width = people.iter().map(|one| one.name.chars().count()).max().unwrap_or(0).max(4);
        let _ =
            writeln!(text, "{:width$}  texts sent/delivered  calls made/answered  mails  took it", "Name");
        for one in &people {
            let _ = writeln!(
                text,
                "{:width$}  {:>20}  {:>19}  {:>5}  {:>7}",
                one.name,
                format!("{}/{}", one.texts.made, one.texts.arrived),
                format!("{}/{}", one.calls.made, one.calls.arrived),
                one.mails.made,
                if one.took { "yes" } else { "" },
            );
        }
    }
    let attempts = if reader == Reader::Ours { attempts(dispatches) } else { Vec::new() };
    if !attempts.is_empty() {
        text.push_str("\nEVERY ATTEMPT\n");
        for (at, what) in attempts {
            let _ = writeln!(text, "{}  {what}", time(at));
        }
    }
    let _ = writeln!(text, "\nWritten by Handbell at {}.", time(now));
    match reader {
        Reader::Ours => text,
        Reader::Outside => text.lines().map(|line| without_addresses(line) + "\n").collect(),
    }
}

/// Returns how the timeline entry of a person's note begins.
fn noted_by(who: Option<&str>) -> String {
    who.map_or_else(|| "\0".to_owned(), |who| format!("{who}: "))
}

fn outcome(incident: &Incident, words: &Words) -> String {
    let by = incident.responses.first.as_ref().map(|by| plain(&by.who));
    let taken = by.map_or_else(|| "Nobody took it.".to_owned(), |who| format!("{who} took it."));
    let end = match incident.phase {
        Phase::Open | Phase::Acknowledged => "It is not over yet.".to_owned(),
        Phase::Resolved => format!("It was resolved at {}.", clock(incident.heard_at, words)),
        Phase::Cancelled => format!("It was called off at {}.", clock(incident.heard_at, words)),
        Phase::Lapsed => "It counts as over, since nothing more was heard of it.".to_owned(),
    };
    format!("{taken} {end}")
}

/// Returns each person whom the incident tried to reach, in the order of the attempts.
fn people(incident: &Incident, dispatches: &[Dispatch]) -> Vec<Reached> {
    let mut order: Vec<String> = Vec::new();
    let mut people: BTreeMap<String, Reached> = BTreeMap::new();
    for dispatch in dispatches.iter().filter(|dispatch| dispatch.step().is_some()) {
        for (id, delivery) in &dispatch.deliveries {
            let receipt = dispatch.receipts.get(id);
            let Some((channel, to)) = delivery.message.paged() else { continue };
            if delivery.admin_notice || !was_made(delivery.progress, receipt) {
                continue;
            }
            let id = delivery.recipient.as_ref().map_or(to, |recipient| recipient.id.as_str());
            if !people.contains_key(id) {
                order.push(id.to_owned());
            }
            let one = people.entry(id.to_owned()).or_default();
            if one.name.is_empty() {
                one.name = plain(delivery.recipient.as_ref().map_or(to, |recipient| recipient.name.as_str()));
            }
            let first = incident.responses.first.as_ref().map(|by| by.who.as_str());
            one.took |= first.is_some_and(|who| who == one.name || who.starts_with(to));
            one.took |= incident.responses.acks.iter().any(|ack| ack.person.as_deref() == Some(id));
            let attempts = match channel {
                PageChannel::Text => &mut one.texts,
                PageChannel::Call => &mut one.calls,
                PageChannel::Mail => &mut one.mails,
            };
            attempts.made += 1;
            attempts.arrived += u32::from(receipt.is_some_and(|receipt| receipt.status.reached_somebody()));
        }
    }
    order.into_iter().filter_map(|id| people.remove(&id)).collect()
}

fn was_made(progress: Progress, receipt: Option<&Receipt>) -> bool {
    receipt.is_some() || matches!(progress, Progress::Sent | Progress::Unknown | Progress::Dead)
}

fn attempts(dispatches: &[Dispatch]) -> Vec<(Timestamp, String)> {
    let mut found = Vec::new();
    for dispatch in dispatches {
        for (id, delivery) in &dispatch.deliveries {
            let receipt = dispatch.receipts.get(id);
            let page = delivery.message.is_page() && was_made(delivery.progress, receipt);
            if page {
                found.push((delivery.since, line(delivery, DeliveryState::of(delivery, receipt), plain)));
            }
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found
}

fn span(span: jiff::SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
