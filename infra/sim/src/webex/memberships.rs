//! Memberships: who is in which room.

use axum::http::StatusCode;

use super::call::{Answer, Call};
use super::refusal::Refusal;
use super::state::{Membership, State};

pub(super) fn create(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let room = state.room_for(call.need("roomId")?, &call.caller)?;
    if room.direct {
        return Err(Refusal::forbidden("Nobody can be added to a direct room."));
    }
    state.may_manage(room, &call.caller)?;
    let (room, team) = (room.id.clone(), room.team.clone());
    let person = state.named(call, call.text("personId")?, call.text("personEmail")?)?;
    if state.member(&room, &person).is_some() {
        return Err(Refusal::new(StatusCode::CONFLICT, "User is already a participant."));
    }
    let moderator = call.flag("isModerator")?.unwrap_or_default();
    if let Some(team) = team {
        state.enlist(&team, &person, false, call.now); // a member of a team's room is a member of the team
    }
    let id = state.join(&room, &person, moderator, &call.caller, call.now);
    one(state, &id)
}

pub(super) fn list(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let (id, email) = (call.asked("personId"), call.asked("personEmail").map(str::to_lowercase));
    let wanted = |state: &State, m: &Membership| {
        id.is_none_or(|id| m.person == id)
            && email.as_ref().is_none_or(|email| state.card_of(&m.person).0 == *email)
    };
    let items = match call.asked("roomId") {
        Some(room) => {
            state.room_for(room, &call.caller)?;
            state
                .memberships
                .iter()
                .filter(|m| m.room == room && wanted(state, m))
                .map(|m| state.membership_json(m))
                .collect()
        }
        None if id.is_some() || email.is_some() => {
            return Err(Refusal::bad("'roomId' is required with a person."));
        }
        None => state
            .memberships
            .iter()
            .filter(|m| m.person == call.caller)
            .map(|m| state.membership_json(m))
            .collect(),
    };
    call.page(items, 100, 1000)
}

pub(super) fn read(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let id = visible(state, call)?.id.clone();
    one(state, &id)
}

pub(super) fn update(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let membership = visible(state, call)?;
    let (moderator, hidden) = (call.flag("isModerator")?, call.flag("isRoomHidden")?);
    let moderator = moderator.ok_or_else(|| Refusal::bad("'isModerator' is required."))?;
    if moderator != membership.moderator {
        state.may_manage(state.room_for(&membership.room, &call.caller)?, &call.caller)?;
    }
    for membership in state.memberships.iter_mut().filter(|membership| membership.id == call.id) {
        membership.moderator = moderator;
        membership.hidden = hidden.unwrap_or(membership.hidden);
    }
    state.tell_membership("updated", &call.id, &call.caller);
    one(state, &call.id)
}

/// Deletes a membership. Everybody may leave; in a locked room, only moderators may remove others.
pub(super) fn delete(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let membership = visible(state, call)?;
    let room = state.room_for(&membership.room, &call.caller)?;
    if room.direct {
        return Err(Refusal::forbidden("Nobody can leave a direct room."));
    }
    if membership.person != call.caller {
        state.may_manage(room, &call.caller)?;
    }
    state.part(&call.id, &call.caller);
    Ok(Answer::Done)
}

fn visible<'a>(state: &'a State, call: &Call) -> Result<&'a Membership, Refusal> {
    let found = state.memberships.iter().find(|membership| membership.id == call.id);
    found
        .filter(|m| state.member(&m.room, &call.caller).is_some())
        .ok_or_else(|| Refusal::missing("membership"))
}

fn one(state: &State, id: &str) -> Result<Answer, Refusal> {
    let found = state.memberships.iter().find(|membership| membership.id == id);
    found.map(|m| Answer::One(state.membership_json(m))).ok_or_else(|| Refusal::missing("membership"))
}
