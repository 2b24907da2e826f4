//! Incidents of customers who wait too long for an answer.

use jiff::Timestamp;

use super::builder::DecisionBuilder;
use super::context::Context;
use super::decision::{Decision, nothing};
use crate::incident::{EventOutcome, Incident};
use crate::wording;

/// Opens an incident for a waiting customer and takes the plan's first step, unless an incident is open already.
pub(super) fn handle_waiting(
    state: Option<&Incident>,
    current: Option<&Incident>,
    customer: &str,
    since: Timestamp,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    if current.is_some() {
        return nothing(state);
    }
    let mut builder = DecisionBuilder::open(state, context, now);
    builder.incident.label = Some(customer.to_owned());
    builder.add_fact("customer.waiting", [("since", since.to_string())]);
    let note = wording::conversation::waits(customer, since, now);
    if context.plan.steps.is_empty() {
        builder.post(note);
    } else {
        builder.take_step(1, Some(note));
    }
    builder.finish(EventOutcome::Done)
}
