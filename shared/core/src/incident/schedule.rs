//! When an incident takes its next step, as far as time decides it.

use jiff::Timestamp;

use super::{Incident, Phase};
use crate::config::Plan;

/// When the next step comes automatically: the next one of the plan, or the first of the plan's next round.
pub fn next_step_at(incident: &Incident, plan: &Plan) -> Option<Timestamp> {
    if incident.phase != Phase::Open || incident.step == 0 {
        return None;
    }
    let after = match plan.steps.get(incident.step as usize) {
        Some(step) => step.after?,
        None => plan.again.as_ref().filter(|again| incident.duty.round < again.times)?.after,
    };
    Some(incident.step_at + after.0)
}
