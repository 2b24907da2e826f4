//! The rules of an incident: the effect of an event. One pure function, [`decide`]; each kind of event has a file.

mod acks;
mod alert;
mod builder;
mod command;
mod context;
mod decision;
mod event;
mod occupancy;
mod press;
mod reach;
mod space;
mod time;
mod waiting;

use jiff::Timestamp;

pub use self::context::Context;
pub use self::decision::Decision;
use self::decision::nothing;
pub use self::event::Event;
pub use self::space::{invitations_up_to, space_name};
use crate::config::Plan;
pub use crate::incident::EventOutcome;
use crate::incident::Incident;
use crate::incident::schedule::is_current;

/// Returns true if an event at `now` opens a new incident, so that today's plan applies and not the current incident's own.
pub fn begins_anew(
    incident: Option<&Incident>,
    own_plan: Option<&Plan>,
    event: &Event,
    now: Timestamp,
) -> bool {
    event.may_open()
        && incident.is_none_or(|incident| {
            own_plan.is_none_or(|plan| !is_current(incident, plan, now)) || outgrown(incident, event)
        })
}

/// Returns true if an alert got worse and its new severity has another plan, whose people haven't been notified yet.
fn outgrown(incident: &Incident, event: &Event) -> bool {
    let Event::Alert(raised) = event else { return false };
    let worse = incident.alert.as_ref().is_some_and(|alert| raised.alert.severity < alert.severity);
    worse && raised.plan != incident.plan
}

/// Applies the rules. The same arguments give the same decision: no clock, no randomness, no I/O.
pub fn decide(state: Option<&Incident>, event: &Event, context: Context<'_>, now: Timestamp) -> Decision {
    // If the plan isn't the incident's own, `begins_anew` has already returned true for this event.
    let current = state.filter(|incident| {
        incident.plan_hash == context.plan_hash && is_current(incident, context.plan, now)
    });
    match event {
        Event::Press(press) => press::handle_press(state, current, press, context, now),
        Event::Command { by, epoch, command } => match current {
            Some(incident) if epoch.is_none_or(|epoch| epoch == incident.epoch) => {
                command::handle_command(incident, by, command, context, now)
            }
            _ => nothing(state),
        },
        Event::Alert(raised) => alert::handle_alert(state, current, raised, context, now),
        Event::Unreached { epoch, round, step } => match current {
            Some(incident) if incident.epoch == *epoch => {
                time::handle_unreached(incident, *round, *step, context, now)
            }
            _ => nothing(state),
        },
        Event::Occupancy(signal) => occupancy::handle_signal(state, current, signal, context, now),
        Event::CustomerWaits { customer, since, waited } => {
            let wait = waiting::Wait { customer, since: *since, waited: *waited };
            waiting::handle_waiting(state, current, wait, context, now)
        }
        Event::Wake => time::handle_wake(state, context, now),
    }
}
