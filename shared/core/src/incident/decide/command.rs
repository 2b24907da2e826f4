//! Commands that people give to an incident: "I have it", "I can't", the next step, done.

use jiff::{SignedDuration, Timestamp};

use super::acks::{has_it, is_by, is_quorum, missing};
use super::builder::DecisionBuilder;
use super::context::Context;
use super::decision::{Decision, nothing};
use super::occupancy;
use super::time::reopen;
use crate::config::Quorum;
use crate::delivery::{InternalTask, Message};
use crate::incident::command::{Actor, Command};
use crate::incident::{Ack, Attribution, EventOutcome, Incident, Kind, Phase};
use crate::wording;

/// How long after the end the incident report is sent. Twilio's receipts for the last calls and texts arrive within this time.
const REPORT_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// Applies a person's command to the incident.
pub(super) fn handle_command(
    incident: &Incident,
    by: &Actor,
    command: &Command,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    match command {
        // Nobody is called about a site whose counts are unknown: the plan's steps are for its zones.
        Command::Escalate { .. } | Command::Cannot if incident.subject.kind() == Kind::SilentSite => {
            nothing(Some(incident))
        }
        Command::Acknowledge => acknowledge(incident, by, context, now),
        Command::Confirm => confirm(incident, by, context, now),
        Command::Escalate { step } => take_next_step(incident, by, *step, context, now),
        Command::EscalateTo { name } => escalate(incident, by, name, context, now),
        Command::Cannot => decline(incident, by, context, now),
        Command::Snooze { until } if incident.occupancy.is_some() => {
            occupancy::snooze_zone(incident, &by.who, *until, context, now)
        }
        Command::Snooze { until } => snooze(incident, by, *until, context, now),
        Command::Resolve => end(incident, Phase::Resolved, by, context, now),
        Command::Cancel => end(incident, Phase::Cancelled, by, context, now),
        Command::Note { text } => {
            let mut builder = DecisionBuilder::on(incident, context, now);
            builder.incident.heard_at = now;
            builder.add_entry(wording::incident::noted(by, text), Some(by));
            builder.post(wording::incident::note(by, text));
            builder.mark_last_word();
            builder.finish(EventOutcome::Done)
        }
    }
}

fn acknowledge(incident: &Incident, by: &Actor, context: Context<'_>, now: Timestamp) -> Decision {
    // A person who snoozed the incident doesn't have it: it would ring again.
    let free = incident.phase == Phase::Open || incident.responses.snoozed_until.is_some();
    if !free {
        if incident.responses.asked_at.is_some() && has_it(incident, by) {
            return confirm(incident, by, context, now);
        }
        return occupancy::add_responder(incident, &by.who, context, now);
    }
    let word = Attribution { who: by.who.clone(), at: now };
    let responses = &incident.responses;
    let mut acks = responses.acks.clone();
    if incident.phase != Phase::Open && is_quorum(&context.plan.need, &acks) {
        acks.clear();
    }
    if acks.iter().any(|ack| is_by(ack, by)) {
        return nothing(Some(incident));
    }
    let teams = context
        .roster
        .teams
        .values()
        .filter(|team| by.person.as_ref().is_some_and(|id| team.members.contains(id)));
    let teams: Vec<String> = teams.map(|team| team.name.clone()).collect();
    acks.push(Ack { person: by.person.clone(), by: word.clone(), teams });
    let missing = missing(&context.plan.need, &acks);

    let mut builder = DecisionBuilder::on(incident, context, now);
    builder.incident.heard_at = now;
    // A person who could not take it before can now.
    builder.incident.responses.cannot.retain(|id| by.person.as_ref() != Some(id) && *id != by.who);
    builder.add_entry(wording::incident::has_it(by), Some(by));
    if !missing.is_empty() {
        builder.incident.responses.acks = acks;
        builder.add_fact("incident.joined", [("by", by.who.clone())]);
        builder.status(wording::incident::more_needed(&word, &missing, context.words));
        builder.mark_last_word();
        return builder.finish(EventOutcome::Done);
    }
    builder.incident.phase = Phase::Acknowledged;
    builder.incident.cancelled_up_to = builder.incident.dispatches;
    builder.incident.responses.confirmed_at = Some(now);
    builder.incident.responses.asked_at = None;
    builder.incident.responses.snoozed_until = None;
    builder.incident.responses.first.get_or_insert_with(|| word.clone());
    // People have different names by card, by phone and by text; only their id is the same.
    if context.plan.need != Quorum::default() || by.person.is_some() {
        builder.incident.responses.acks = acks;
    }
    builder.add_fact("incident.acknowledged", [("by", by.who.clone())]);
    builder.incident.taken_by = Some(word.clone());
    builder.status(match incident.occupancy {
        None => wording::acknowledged(&word, context.words),
        Some(_) => wording::occupancy::on_the_way(&word, context.words),
    });
    builder.mark_last_word();
    if builder.shows_card() {
        let text = wording::incident::has_it_text(&word, incident, context.words);
        builder
            .add(Message::Internal(InternalTask::TextThoseCalled { text, except: by.person.clone() }), now);
    }
    builder.finish(EventOutcome::Done)
}

fn confirm(incident: &Incident, by: &Actor, context: Context<'_>, now: Timestamp) -> Decision {
    // Only the person who has the incident can confirm it.
    if incident.phase != Phase::Acknowledged
        || incident.responses.snoozed_until.is_some()
        || !has_it(incident, by)
    {
        return nothing(Some(incident));
    }
    let mut builder = DecisionBuilder::on(incident, context, now);
    builder.incident.heard_at = now;
    builder.incident.responses.confirmed_at = Some(now);
    builder.incident.responses.asked_at = None;
    builder.add_entry(wording::incident::still_has_it(by), Some(by));
    builder.status(wording::incident::still_has_it(by));
    builder.mark_last_word();
    builder.finish(EventOutcome::Done)
}

fn take_next_step(
    incident: &Incident,
    by: &Actor,
    step: Option<u32>,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    let there = (incident.step as usize) < context.plan.steps.len();
    if incident.phase != Phase::Open || step.is_some_and(|step| step != incident.step) || !there {
        return nothing(Some(incident));
    }
    let mut builder = DecisionBuilder::on(incident, context, now);
    builder.incident.heard_at = now;
    builder.incident.responses.hold = None;
    builder.add_fact("incident.escalated", [("by", by.who.clone())]);
    builder.add_entry(wording::incident::wants_next(by), Some(by));
    let note = wording::wanted_next(&by.who, context.words);
    builder.take_step(incident.step + 1, Some(note));
    builder.card_too();
    builder.finish(EventOutcome::Done)
}

fn escalate(incident: &Incident, by: &Actor, name: &str, context: Context<'_>, now: Timestamp) -> Decision {
    let Some(number) = context.plan.escalation(name).filter(|_| !incident.phase.is_final()) else {
        return nothing(Some(incident));
    };
    let mut builder = DecisionBuilder::on(incident, context, now);
    builder.incident.heard_at = now;
    builder.add_fact("incident.escalated", [("by", by.who.clone()), ("to", name.to_ascii_lowercase())]);
    builder.add_entry(wording::incident::escalated(by, name), Some(by));
    builder.take_step(number, Some(wording::incident::escalated_post(by, name)));
    builder.card_too();
    builder.finish(EventOutcome::Done)
}

/// "I can't": the next step is taken at once. A person who had the incident has it no more.
fn decline(incident: &Incident, by: &Actor, context: Context<'_>, now: Timestamp) -> Decision {
    let had = incident.phase == Phase::Acknowledged && has_it(incident, by);
    if incident.phase.is_final() || (incident.phase == Phase::Acknowledged && !had) {
        return nothing(Some(incident));
    }
    let id = by.person.clone().unwrap_or_else(|| by.who.clone());
    if !had && incident.responses.cannot.contains(&id) {
        return nothing(Some(incident));
    }
    let mut builder = DecisionBuilder::on(incident, context, now);
    builder.incident.heard_at = now;
    if !builder.incident.responses.cannot.contains(&id) {
        builder.incident.responses.cannot.push(id);
    }
    builder.incident.responses.acks.retain(|ack| !is_by(ack, by));
    builder.add_fact("incident.refused", [("by", by.who.clone())]);
    builder.add_entry(wording::incident::cannot(by), Some(by));
    reopen(&mut builder);
    match had {
        true => builder.resume_escalation(wording::incident::cannot_post(by)),
        false => builder.escalate(wording::incident::cannot_post(by)),
    }
    builder.finish(EventOutcome::Done)
}

fn snooze(
    incident: &Incident,
    by: &Actor,
    until: Timestamp,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    if incident.phase.is_final() || until <= now {
        return nothing(Some(incident));
    }
    let mut builder = DecisionBuilder::on(incident, context, now);
    let word = Attribution { who: by.who.clone(), at: now };
    builder.incident.phase = Phase::Acknowledged;
    // A snoozed incident is not over before the snooze ends.
    builder.incident.heard_at = until;
    builder.incident.cancelled_up_to = builder.incident.dispatches;
    builder.incident.responses.snoozed_until = Some(until);
    builder.incident.responses.asked_at = None;
    builder.incident.taken_by = Some(word.clone());
    builder.add_fact("incident.snoozed", [("by", by.who.clone()), ("until", until.to_string())]);
    builder.add_entry(wording::incident::snoozed(by, until, context.words), Some(by));
    builder.status(wording::incident::snoozed(by, until, context.words));
    builder.mark_last_word();
    builder.finish(EventOutcome::Done)
}

/// Ends the incident by a person's command.
pub(super) fn end(
    incident: &Incident,
    phase: Phase,
    by: &Actor,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    if incident.phase.is_final() {
        return nothing(Some(incident));
    }
    let mut builder = DecisionBuilder::on(incident, context, now);
    builder.incident.phase = phase;
    builder.incident.heard_at = now;
    builder.incident.cancelled_up_to = builder.incident.dispatches;
    let word = Attribution { who: by.who.clone(), at: now };
    let (kind, text) = match (phase, &mut builder.incident.occupancy) {
        (Phase::Cancelled, Some(occupancy)) => {
            occupancy.false_alarms += 1;
            ("incident.cancelled", wording::occupancy::not_busy(&word, occupancy.false_alarms, context.words))
        }
        (Phase::Cancelled, None) => ("incident.cancelled", wording::cancelled(&word, context.words)),
        (Phase::Open | Phase::Acknowledged | Phase::Resolved | Phase::Lapsed, _) => {
            ("incident.resolved", wording::resolved(&word, context.words))
        }
    };
    builder.add_fact(kind, [("by", by.who.clone())]);
    builder.add_entry(wording::incident::ended(phase, by), Some(by));
    builder.status(text);
    builder.mark_last_word();
    if builder.shows_card() {
        let text = wording::incident::over_text(phase, &word, incident, context.words);
        builder
            .add(Message::Internal(InternalTask::TextThoseCalled { text, except: by.person.clone() }), now);
    }
    builder.report(now + REPORT_AFTER);
    builder.finish(EventOutcome::Done)
}
