//! When time changes an incident: its next step, a question, its end by silence, and when it is looked at again.

use jiff::Timestamp;

use super::{Incident, Kind, Phase};
use crate::config::Plan;

/// When the next step comes automatically: the next one of the plan, or the first of the plan's next round.
pub fn next_step_at(incident: &Incident, plan: &Plan) -> Option<Timestamp> {
    if incident.phase != Phase::Open || incident.step == 0 {
        return None;
    }
    let after = match plan.steps.get(incident.step as usize) {
        Some(step) => step.after?,
        None => plan.again.as_ref().filter(|again| incident.responses.round < again.times)?.after,
    };
    Some(incident.step_at + after.0)
}

/// When whoever has it is asked whether it is still so, or when the time for the answer is over.
pub(super) fn question_at(incident: &Incident, plan: &Plan) -> Option<Timestamp> {
    let confirm = plan.confirm.as_ref()?;
    if incident.phase != Phase::Acknowledged || incident.responses.snoozed_until.is_some() {
        return None;
    }
    match (incident.responses.asked_at, incident.responses.confirmed_at) {
        (Some(asked), _) => Some(asked + confirm.within.0),
        (None, Some(confirmed)) => Some(confirmed + confirm.after.0),
        (None, None) => None,
    }
}

/// Returns when the incident has to be processed again; none when it is over.
pub(super) fn wake_at(incident: &Incident, plan: &Plan) -> Option<Timestamp> {
    if incident.phase.is_final() {
        return None;
    }
    let quiet = incident.heard_at + plan.reset_after.0;
    let snooze = incident.responses.snoozed_until.filter(|_| incident.occupancy.is_none());
    let hold = incident.responses.hold.as_ref().map(|hold| hold.until);
    let times = [next_step_at(incident, plan), snooze, hold, question_at(incident, plan)];
    // A hold or a snooze sets `heard_at` to its end, so that `quiet` comes after it.
    times.into_iter().flatten().chain([quiet]).min()
}

/// Returns true if the incident lapses without activity. Unless a person ends it, an incident of a button or a source has no other
/// end.
pub(super) fn ends_by_silence(incident: &Incident) -> bool {
    matches!(incident.subject.kind(), Kind::Button | Kind::Alert)
}

/// Is this incident still the one that an event belongs to?
pub(super) fn is_current(incident: &Incident, plan: &Plan, now: Timestamp) -> bool {
    // A crowd is over when it is gone, however long that takes; a button knows no end but silence.
    !incident.phase.is_final()
        && (!ends_by_silence(incident) || now.duration_since(incident.heard_at) < plan.reset_after.0)
}
