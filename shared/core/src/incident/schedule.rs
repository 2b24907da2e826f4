//! When time changes an incident: its next step, the question to its taker, its end, and its next wake-up.

use jiff::Timestamp;

use super::{Incident, Kind, Phase};
use crate::config::Plan;

/// Returns when the next step is taken automatically: the plan's next one, or the first one of the plan's next round.
pub fn next_step_at(incident: &Incident, plan: &Plan) -> Option<Timestamp> {
    if incident.phase != Phase::Open || incident.step == 0 {
        return None;
    }
    let after = match plan.steps.get(incident.step as usize) {
        Some(step) => step.after?,
        None => plan.again.as_ref().filter(|again| incident.responses.has_restart_left(again.times))?.after,
    };
    Some(incident.step_at + after.0)
}

/// Returns when the person who has the incident is asked whether they still have it, or when the time for the answer is over.
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

/// Returns when the incident has to be processed again; none if it is over.
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

/// Returns true if an event still belongs to this incident.
pub(super) fn is_current(incident: &Incident, plan: &Plan, now: Timestamp) -> bool {
    // A zone's incident ends when the zone is calm, however long that takes. A button's has no end but lack of activity.
    !incident.phase.is_final()
        && (!ends_by_silence(incident) || now.duration_since(incident.heard_at) < plan.reset_after.0)
}
