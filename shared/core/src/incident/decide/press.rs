//! Presses of a button. A press takes a step, posts a note, is a command, or comes too late.
//!
//! Buttons bounce: one gesture comes as two messages, such as a long press and then the click of its release. A bounce must
//! not undo what the gesture did, so it belongs to the button and not to an incident. Only what would count as a press is
//! debounced. A command is idempotent, and a long press that cancels a press by mistake must have its effect at once.

use jiff::Timestamp;

use super::builder::DecisionBuilder;
use super::command;
use super::context::Context;
use super::decision::{Decision, nothing};
use crate::button::{Gesture, Press};
use crate::config::{Meaning, Repeat};
use crate::incident::command::{Actor, Command, CommandChannel};
use crate::incident::{EventOutcome, Incident, LastGesture, Phase};
use crate::wording;

/// Applies a press by its meaning with this button.
pub(super) fn handle_press(
    state: Option<&Incident>,
    current: Option<&Incident>,
    press: &Press,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    let meaning = meaning_of(press.gesture, context);
    let decision = match (meaning, current) {
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
    };
    remember_gesture(decision, state, press, now)
}

fn meaning_of(gesture: Gesture, context: Context<'_>) -> Meaning {
    context.button.map_or(Meaning::Press, |button| button.meaning(gesture))
}

/// Stores the gesture, for the bounce that may follow. A button that was never pressed has no row to store it in.
fn remember_gesture(
    mut decision: Decision,
    state: Option<&Incident>,
    press: &Press,
    now: Timestamp,
) -> Decision {
    if press.id.is_some() || decision.outcome == EventOutcome::Debounced {
        return decision;
    }
    let unchanged = || state.map(|state| Incident { version: state.version + 1, ..state.clone() });
    decision.next = decision.next.or_else(unchanged).map(|mut incident| {
        incident.last_gesture =
            Some(LastGesture { gesture: press.gesture, at: now, pressed_at: press.at.unwrap_or(now) });
        incident
    });
    decision
}

/// Returns true if the press is the bounce of the gesture before it. Both the messages and the presses themselves are close to
/// each other: a button that was out of range sends at one moment what was pressed at several.
fn is_bounce(state: Option<&Incident>, press: &Press, context: Context<'_>, now: Timestamp) -> bool {
    let (None, Some(button), Some(last)) =
        (&press.id, context.button, state.and_then(|incident| incident.last_gesture))
    else {
        return false;
    };
    let is_close = |one: Timestamp, other: Timestamp| one.duration_since(other).abs() < button.debounce.0;
    // A click may be the release of any gesture. Any other gesture is never the bounce of a click that meant something else.
    let is_alike = press.gesture == Gesture::Single || button.meaning(last.gesture) == Meaning::Press;
    is_alike && is_close(now, last.at) && is_close(press.at.unwrap_or(now), last.pressed_at)
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
    if is_bounce(state, press, context, now) {
        return Decision { outcome: EventOutcome::Debounced, ..nothing(state) };
    }
    let late = late(press, context, now);
    let mut builder = match current {
        Some(incident) => DecisionBuilder::on(incident, context, now),
        None => DecisionBuilder::open(state, context, now),
    };
    builder.incident.heard_at = now;
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
