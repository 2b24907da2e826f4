//! Presses of a button. A press takes a step, posts a note, is a command, or comes too late.

use jiff::{SignedDuration, Timestamp};

use super::builder::DecisionBuilder;
use super::command;
use super::context::Context;
use super::decision::{Decision, nothing};
use crate::button::Press;
use crate::config::{Meaning, Repeat};
use crate::incident::command::{Actor, Command, CommandChannel};
use crate::incident::{EventOutcome, Incident, Phase};
use crate::wording;

/// Applies a press by its meaning with this button.
pub(super) fn handle_press(
    state: Option<&Incident>,
    current: Option<&Incident>,
    press: &Press,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    let meaning = context.button.map_or(Meaning::Press, |button| button.meaning(press.gesture));
    match (meaning, current) {
        (Meaning::Press, _) => count_press(state, current, press, context, now),
        (Meaning::Ignore, _) | (_, None) => nothing(state),
        // A late press may have been meant for another incident: it is posted as late, and silences nothing.
        _ if late(press, context, now).is_some() => count_press(state, current, press, context, now),
        (Meaning::Acknowledge, Some(incident)) => {
            command::handle_command(incident, &button_actor(context), &Command::Acknowledge, context, now)
        }
        (Meaning::Cancel, Some(incident)) => {
            command::handle_command(incident, &button_actor(context), &Command::Cancel, context, now)
        }
    }
}

fn button_actor(context: Context<'_>) -> Actor {
    Actor::named(wording::button_label(context.words), CommandChannel::Button)
}

/// Returns when the press was made, if that is longer ago than the button's `max_age`.
fn late(press: &Press, context: Context<'_>, now: Timestamp) -> Option<Timestamp> {
    press.at.filter(|at| context.button.is_some_and(|button| now.duration_since(*at) > button.max_age.0))
}

fn count_press(
    state: Option<&Incident>,
    current: Option<&Incident>,
    press: &Press,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    let debounce = context.button.map_or(SignedDuration::ZERO, |button| button.debounce.0);
    if let (Some(incident), None) = (current, &press.id)
        && incident.bounce_at.is_some_and(|last| now.duration_since(last).abs() < debounce)
    {
        return Decision {
            next: None,
            dispatches: Vec::new(),
            count: incident.count,
            outcome: EventOutcome::Debounced,
        };
    }
    let late = late(press, context, now);
    let mut builder = match current {
        Some(incident) => DecisionBuilder::on(incident, context, now),
        None => DecisionBuilder::open(state, context, now),
    };
    builder.incident.heard_at = now;
    if press.id.is_none() {
        builder.incident.bounce_at = Some(now);
    }
    if let Some(at) = late {
        builder.add_fact("button.late", [("pressed_at", at.to_string())]);
        builder.post(wording::late(at, now, context.words));
        return builder.finish(EventOutcome::Late);
    }
    builder.incident.count += 1;
    let count = builder.incident.count;
    builder.add_fact("button.pressed", [("count", count.to_string())]);
    let had = builder.incident.taken_by.take();
    builder.incident.phase = Phase::Open;
    let last = context.plan.steps.len() as u32;
    let note = had.as_ref().map(|by| wording::pressed_after_acknowledgement(count, by, context.words));
    // A step that was taken automatically isn't taken again: the press takes the next one.
    let wanted = u32::try_from(count).unwrap_or(u32::MAX).max(builder.incident.step.saturating_add(1));
    if wanted <= last {
        builder.take_step(wanted, note);
    } else {
        let note = note.unwrap_or_else(|| wording::pressed_again(count, context.words));
        match context.plan.repeat {
            Repeat::Last if last > 0 => builder.take_step(last, Some(note)),
            Repeat::Last | Repeat::None => builder.post(note),
        }
    }
    builder.finish(EventOutcome::Counted)
}
