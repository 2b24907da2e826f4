//! Incidents of customers who wait too long for an answer.

use jiff::{SignedDuration, Timestamp};

use super::builder::DecisionBuilder;
use super::context::Context;
use super::decision::{Decision, nothing};
use crate::incident::{EventOutcome, Incident};
use crate::wording;

/// A customer's wait.
#[derive(Clone, Copy)]
pub(super) struct Wait<'a> {
    /// Name of the customer.
    pub(super) customer: &'a str,
    /// Since when the customer has been waiting.
    pub(super) since: Timestamp,
    /// For how long, counted in the line's opening hours.
    pub(super) waited: SignedDuration,
}

/// Opens an incident for a waiting customer and takes the plan's first step, unless an incident is open already.
pub(super) fn handle_waiting(
    state: Option<&Incident>,
    current: Option<&Incident>,
    wait: Wait<'_>,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    if current.is_some() {
        return nothing(state);
    }
    let mut builder = DecisionBuilder::open(state, context, now);
    builder.incident.label = Some(wait.customer.to_owned());
    builder.add_fact("customer.waiting", [("since", wait.since.to_string())]);
    let note = wording::conversation::waits(wait.customer, wait.waited);
    if context.plan.steps.is_empty() {
        builder.post(note);
    } else {
        builder.take_step(1, Some(note));
    }
    builder.finish(EventOutcome::Done)
}
