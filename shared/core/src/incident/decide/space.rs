//! An incident's space: its people, and the name under which it is remembered.

use crate::config::{Plan, Reuse, SpaceMembers};
use crate::delivery::{DispatchKey, Invitation};

/// Returns the invitations of everybody who belongs in the space after `step`, for a space that has to be created again.
pub fn invitations_up_to(plan: &Plan, step: u32) -> Vec<Invitation> {
    let people = plan.steps.iter().take(step as usize).filter_map(|step| step.people.as_ref());
    let mut all = invitations_of_space(plan);
    all.extend(people.flat_map(invitations));
    all
}

/// Returns the name under which an incident's space is remembered.
pub fn space_name(plan_name: &str, plan: &Plan, key: &DispatchKey) -> String {
    match plan.space.reuse {
        Reuse::Always => format!("plan:{plan_name}:{}", plan.space.title),
        Reuse::PerIncident => format!("incident:{}#{}", key.subject.as_str(), key.epoch),
    }
}

pub(super) fn invitations(people: &SpaceMembers) -> Vec<Invitation> {
    let moderators =
        people.moderators.iter().map(|email| Invitation { email: email.clone(), moderator: true });
    moderators.chain(people.participants.iter().cloned().map(Invitation::participant)).collect()
}

pub(super) fn invitations_of_space(plan: &Plan) -> Vec<Invitation> {
    let space = &plan.space;
    invitations(&SpaceMembers {
        moderators: space.moderators.clone(),
        participants: space.participants.clone(),
    })
}
