//! Zones and sites: the effects of a poll's signals, and of people's answers, on an incident.

use jiff::Timestamp;

use super::builder::DecisionBuilder;
use super::context::Context;
use super::decision::{Decision, nothing};
use crate::incident::EventOutcome;
use crate::incident::{Attribution, Incident, Phase, ZoneState};
use crate::occupancy::view::{Signal, View, ZoneEnd};
use crate::wording::incident::{orphaned_post, orphaned_text};
use crate::wording::occupancy::{self as wording, BusyPeriod};

/// Applies a signal that a poll found.
pub(super) fn handle_signal(
    state: Option<&Incident>,
    current: Option<&Incident>,
    signal: &Signal,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    match (signal, current) {
        (Signal::Rise { rank, view }, _) => raise_level(state, current, *rank, view, context, now),
        (Signal::Silent { zones, since, why }, _) => {
            let mut builder = match current {
                Some(incident) => DecisionBuilder::on(incident, context, now),
                None => DecisionBuilder::open(state, context, now),
            };
            builder.add_fact("site.silent", [("zones", zones.join(", ")), ("since", since.to_string())]);
            builder.post(wording::silent(zones, *since, why, context.words));
            builder.finish(EventOutcome::Done)
        }
        (_, None) => nothing(state),
        (Signal::Remind { view }, Some(incident)) => remind(incident, view, context, now),
        (Signal::Ease { level }, Some(incident)) => {
            let mut builder = DecisionBuilder::on(incident, context, now);
            if let Some(occupancy) = &mut builder.incident.occupancy {
                occupancy.level = *level;
            }
            builder.finish(EventOutcome::Done)
        }
        (Signal::Over { why, count, since, peak }, Some(incident)) => {
            let mut builder = DecisionBuilder::on(incident, context, now);
            builder.incident.phase = Phase::Resolved;
            builder.incident.cancelled_up_to = builder.incident.dispatches;
            builder.incident.count = u64::from(count.unwrap_or_default());
            builder
                .add_fact("incident.resolved", [("by", "the count".to_owned()), ("peak", peak.to_string())]);
            let capacity = incident.occupancy.as_ref().and_then(|occupancy| occupancy.capacity);
            let busy = BusyPeriod { since: *since, until: now, peak: *peak };
            builder.last_word(match why {
                ZoneEnd::Calm => wording::all_clear(*count, capacity, busy, context.words),
                ZoneEnd::Closing => wording::closing(busy, context.words),
                ZoneEnd::Unwatched => orphaned_post(incident, context.words),
            });
            if *why == ZoneEnd::Unwatched {
                builder.notify_admins(&orphaned_text(incident, context.words));
            }
            builder.finish(EventOutcome::Done)
        }
        (Signal::Back { zones, all }, Some(incident)) => {
            let mut builder = DecisionBuilder::on(incident, context, now);
            builder.add_fact("site.back", [("zones", zones.join(", "))]);
            builder.incident.heard_at = now;
            let text = wording::back(zones, now, context.words);
            if *all {
                builder.incident.phase = Phase::Resolved;
                builder.incident.cancelled_up_to = builder.incident.dispatches;
                builder.last_word(text);
            } else {
                builder.post(text);
            }
            builder.finish(EventOutcome::Done)
        }
    }
}

/// A higher level holds: shows the card, and takes those of the plan's steps that belong to the level and were not taken yet.
fn raise_level(
    state: Option<&Incident>,
    current: Option<&Incident>,
    rank: u32,
    view: &View,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    let Some(level) = view.level else { return nothing(state) };
    if current
        .and_then(|incident| incident.occupancy.as_ref())
        .is_some_and(|occupancy| occupancy.level >= level)
    {
        return nothing(state);
    }
    let mut builder = match current {
        Some(incident) => DecisionBuilder::on(incident, context, now),
        None => DecisionBuilder::open(state, context, now),
    };
    builder.view = Some(Box::new(view.clone()));
    let had = builder.incident.taken_by.take();
    let note = had.map(|by| wording::although(&by, context.words));
    builder.incident.phase = Phase::Open;
    builder.incident.heard_at = now;
    builder.incident.count = u64::from(view.count);
    let before = builder.incident.occupancy.take();
    builder.incident.occupancy = Some(ZoneState {
        level,
        capacity: view.capacity,
        snoozed_until: None,
        card: 0,
        false_alarms: before.map_or(0, |occupancy| occupancy.false_alarms),
    });
    builder.add_fact(
        "zone.risen",
        [("level", wording::level(level).to_owned()), ("count", view.count.to_string())],
    );
    let taken = builder.incident.step;
    let last = rank.min(context.plan.steps.len() as u32);
    builder.card((taken < last).then_some(taken + 1), note);
    for step in taken + 2..=last {
        builder.take_step(step, None);
    }
    builder.finish(EventOutcome::Done)
}

/// The snooze is over, and the zone isn't calm: the incident is open again at its current step.
fn remind(incident: &Incident, view: &View, context: Context<'_>, now: Timestamp) -> Decision {
    if incident.occupancy.as_ref().is_none_or(|occupancy| occupancy.snoozed_until.is_none()) {
        return nothing(Some(incident));
    }
    let mut builder = DecisionBuilder::on(incident, context, now);
    builder.view = Some(Box::new(view.clone()));
    let had = builder.incident.taken_by.take();
    builder.incident.phase = Phase::Open;
    builder.incident.heard_at = now;
    builder.incident.count = u64::from(view.count);
    if let Some(occupancy) = &mut builder.incident.occupancy {
        occupancy.snoozed_until = None;
    }
    builder.add_fact("zone.reminded", [("count", view.count.to_string())]);
    let note = had.map(|by| wording::snooze_is_over(&by));
    builder.card((incident.step > 0).then_some(incident.step), note);
    builder.finish(EventOutcome::Done)
}

/// Snoozes the incident of a zone.
pub(super) fn snooze_zone(
    incident: &Incident,
    who: &str,
    until: Timestamp,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    let Some(occupancy) = incident.occupancy.as_ref().filter(|_| until > now) else {
        return nothing(Some(incident));
    };
    let mut builder = DecisionBuilder::on(incident, context, now);
    let by = Attribution { who: who.to_owned(), at: now };
    builder.incident.phase = Phase::Acknowledged;
    builder.incident.heard_at = now;
    builder.incident.cancelled_up_to = builder.incident.dispatches;
    builder.incident.occupancy = Some(ZoneState { snoozed_until: Some(until), ..occupancy.clone() });
    builder.add_fact("zone.snoozed", [("by", who.to_owned()), ("until", until.to_string())]);
    builder.last_word(wording::snoozed(&by, until, context.words));
    builder.incident.taken_by = Some(by);
    builder.finish(EventOutcome::Done)
}

/// Answers an acknowledgement of an incident that somebody already has. In a full zone, more than one person may be on the way.
pub(super) fn add_responder(
    incident: &Incident,
    who: &str,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    let same = incident.taken_by.as_ref().is_some_and(|by| by.who == who);
    if incident.occupancy.is_none() || incident.phase != Phase::Acknowledged || same {
        return nothing(Some(incident));
    }
    let mut builder = DecisionBuilder::on(incident, context, now);
    builder.add_fact("incident.acknowledged", [("by", who.to_owned())]);
    builder.last_word(wording::on_the_way_too(&Attribution { who: who.to_owned(), at: now }, context.words));
    builder.finish(EventOutcome::Done)
}
