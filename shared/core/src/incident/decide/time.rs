//! Effects of time on an incident: the next step, a restart of the plan, the end of a snooze, a question, and lapsing.

use jiff::Timestamp;

use super::builder::DecisionBuilder;
use super::context::Context;
use super::decision::{Decision, nothing};
use crate::delivery::{Content, InternalTask, Message, SpaceMessage};
use crate::incident::schedule::{ends_by_silence, is_current, next_step_at, question_at, wake_at};
use crate::incident::{EventOutcome, Incident, Phase};
use crate::wording;

/// Processes the incident at the time for which it asked.
pub(super) fn handle_wake(state: Option<&Incident>, context: Context<'_>, now: Timestamp) -> Decision {
    let Some(incident) = state.filter(|incident| !incident.phase.is_final()) else { return nothing(state) };
    if !context.watched {
        return end_orphan(incident, context, now);
    }
    let mut builder = DecisionBuilder::on(incident, context, now);
    let hold_is_over = incident.responses.hold.as_ref().is_some_and(|hold| hold.until <= now);
    // A step that is due comes first, however late: after an outage of Handbell, nobody has been notified yet.
    if next_step_at(incident, context.plan).is_some_and(|at| at <= now) {
        builder.incident.heard_at = now;
        builder.add_fact("incident.escalated", [("by", "time".to_owned())]);
        builder.add_entry(wording::incident::escalated_by_time(), None);
        builder.escalate(wording::nobody_answered(incident.step_at, context.words));
        return builder.finish(EventOutcome::Done);
    }
    if incident.responses.snoozed_until.is_some_and(|until| until <= now) {
        builder.incident.heard_at = now;
        builder.add_fact("incident.reopened", [("by", "time".to_owned())]);
        builder.add_entry(wording::incident::SNOOZE_OVER.to_owned(), None);
        reopen(&mut builder);
        builder.step_again(wording::incident::SNOOZE_OVER.to_owned());
        return builder.finish(EventOutcome::Done);
    }
    if let Some(decision) = ask_for_confirmation(incident, context, now) {
        return decision;
    }
    if !ends_by_silence(incident) {
        // The incident is over when a poll reports it. Until then, it only stays active.
        if wake_at(incident, context.plan).is_some_and(|at| at <= now) {
            builder.incident.heard_at = now;
        }
    }
    if !is_current(incident, context.plan, now) {
        return lapse(builder, now);
    }
    if hold_is_over {
        if builder.shows_card() && incident.phase == Phase::Open {
            builder.add_entry(wording::incident::HOLD_OVER.to_owned(), None);
            builder.status(wording::incident::HOLD_OVER.to_owned());
        }
        return builder.finish(EventOutcome::Done);
    }
    // Too early, which happens since a wake-up moves forward only when it is reached. Sets the right time.
    if incident.wake_at == wake_at(&builder.incident, context.plan) {
        return nothing(state);
    }
    builder.finish(EventOutcome::Nothing)
}

/// Ends an incident whose subject is gone from the configuration. Nothing else could end it, and new trouble would go unnoticed in
/// it, so its people and the admins are told.
fn end_orphan(incident: &Incident, context: Context<'_>, now: Timestamp) -> Decision {
    let mut builder = DecisionBuilder::on(incident, context, now);
    builder.incident.phase = Phase::Lapsed;
    builder.incident.cancelled_up_to = builder.incident.dispatches;
    builder.add_fact("incident.lapsed", [("why", "gone from the configuration".to_owned())]);
    let post = wording::incident::orphaned_post(incident, context.words);
    let text = wording::incident::orphaned_text(incident, context.words);
    builder.add_entry(wording::incident::ORPHANED.to_owned(), None);
    builder.status(post.clone());
    if builder.shows_card() {
        // A card shows the state alone. The reason and what to do about it stand below.
        let content = Content::Text(post);
        builder.add(Message::Space(SpaceMessage::Post { content }), now);
        builder
            .add(Message::Internal(InternalTask::TextThoseCalled { text: text.clone(), except: None }), now);
    }
    builder.mark_last_word();
    builder.notify_admins(&text);
    builder.report(now);
    builder.finish(EventOutcome::Done)
}

fn lapse(mut builder: DecisionBuilder<'_>, now: Timestamp) -> Decision {
    let untaken = builder.incident.phase == Phase::Open;
    builder.incident.phase = Phase::Lapsed;
    builder.add_fact("incident.lapsed", []);
    if builder.incident.alert.is_some() {
        let text = wording::incident::lapsed(untaken);
        builder.add_entry(text.clone(), None);
        builder.status(text);
        builder.mark_last_word();
        if untaken {
            builder.notify_admins(&wording::incident::nobody_took_it(&builder.incident));
        }
        builder.report(now);
    }
    builder.finish(EventOutcome::Done)
}

/// Asks the person who has the incident whether they still have it. Without an answer, the incident is reopened.
fn ask_for_confirmation(incident: &Incident, context: Context<'_>, now: Timestamp) -> Option<Decision> {
    let confirm = context.plan.confirm.as_ref()?;
    if incident.phase != Phase::Acknowledged || question_at(incident, context.plan)? > now {
        return None;
    }
    let mut builder = DecisionBuilder::on(incident, context, now);
    let who = incident.taken_by.as_ref().map_or("Somebody", |by| by.who.as_str());
    if incident.responses.asked_at.is_none() {
        builder.incident.responses.asked_at = Some(now);
        builder.incident.heard_at = now;
        builder.add_fact("incident.asked", [("who", who.to_owned())]);
        let text = wording::incident::still_on_it(who, confirm.within.0, incident);
        builder.add_entry(wording::incident::asked(who), None);
        builder.post(text);
        builder.mark_last_word();
        if builder.shows_card() {
            let text = wording::incident::still_on_it_text(who, confirm.within.0, incident);
            builder.add(Message::Internal(InternalTask::TextThoseCalled { text, except: None }), now);
            builder.card_too();
        }
        return Some(builder.finish(EventOutcome::Done));
    }
    builder.incident.heard_at = now;
    builder.add_fact("incident.reopened", [("by", "time".to_owned())]);
    let text = wording::incident::not_confirmed(who);
    builder.add_entry(text.clone(), None);
    reopen(&mut builder);
    builder.resume_escalation(text);
    Some(builder.finish(EventOutcome::Done))
}

/// Reopens the incident: nobody has it any more.
pub(super) fn reopen(builder: &mut DecisionBuilder<'_>) {
    let incident = &mut builder.incident;
    incident.phase = Phase::Open;
    incident.taken_by = None;
    incident.responses.snoozed_until = None;
    incident.responses.asked_at = None;
    incident.responses.confirmed_at = None;
}

/// Takes the next step before its time, since everybody whom a step was to reach has certainly not been reached.
pub(super) fn handle_unreached(
    incident: &Incident,
    round: u32,
    step: u32,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    let same = incident.phase == Phase::Open && incident.step == step && incident.responses.round == round;
    // Where time would bring no further step, there is none to expedite.
    if !same || next_step_at(incident, context.plan).is_none() {
        return nothing(Some(incident));
    }
    let mut builder = DecisionBuilder::on(incident, context, now);
    builder.incident.heard_at = now;
    builder.add_fact("incident.escalated", [("by", "nobody was reached".to_owned())]);
    builder.add_entry(wording::incident::NOBODY_REACHED.to_owned(), None);
    builder.escalate(wording::incident::NOBODY_REACHED.to_owned());
    builder.finish(EventOutcome::Done)
}
