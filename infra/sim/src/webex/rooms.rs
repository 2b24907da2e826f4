//! Rooms. The creator of a room is a member of it; others can't see it.

use serde_json::json;

use super::call::{Answer, Call};
use super::refusal::Refusal;
use super::state::{Room, State, new_id};

pub(super) fn create(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let room = Room {
        id: new_id("ROOM"),
        title: title(call)?,
        direct: false,
        locked: call.flag("isLocked")?.unwrap_or_default(),
        announcement: call.flag("isAnnouncementOnly")?.unwrap_or_default(),
        read_only: false,
        public: call.flag("isPublic")?.unwrap_or_default(),
        description: call.text("description")?.map(Into::into),
        classification: call.text("classificationId")?.map(Into::into),
        team: call.text("teamId")?.map(Into::into),
        creator: call.caller.clone(),
        created: call.now,
        active: call.now,
    };
    check(&room)?;
    if call.bot && room.classification.is_some() {
        return Err(Refusal::bad("A bot cannot create and classify a room at once."));
    }
    if let Some(team) = &room.team {
        state.team_for(team, &call.caller)?;
    }
    let (id, moderated) = (room.id.clone(), room.locked);
    state.rooms.push(room);
    state.join(&id, &call.caller, moderated, &call.caller, call.now);
    state.tell_room("created", &id, &call.caller);
    one(state, call, &id)
}

pub(super) fn list(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let mut rooms: Vec<&Room> = state
        .rooms
        .iter()
        .filter(|room| state.member(&room.id, &call.caller).is_some())
        .filter(|room| call.asked("teamId").is_none_or(|team| room.team.as_deref() == Some(team)))
        .filter(|room| {
            call.asked("type").is_none_or(|kind| kind == if room.direct { "direct" } else { "group" })
        })
        .collect();
    match call.asked("sortBy") {
        None | Some("id") => rooms.sort_by(|a, b| a.id.cmp(&b.id)),
        Some("lastactivity") => rooms.sort_by_key(|room| std::cmp::Reverse(room.active)),
        Some("created") => rooms.sort_by_key(|room| std::cmp::Reverse(room.created)),
        Some(_) => return Err(Refusal::bad("'sortBy' must be id, lastactivity or created.")),
    }
    call.page(rooms.into_iter().map(|room| state.room_json(room, &call.caller)).collect(), 100, 1000)
}

pub(super) fn read(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    one(state, call, &call.id)
}

pub(super) fn update(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let room = state.room_for(&call.id, &call.caller)?;
    state.may_manage(room, &call.caller)?;
    if room.direct {
        return Err(Refusal::bad("A direct room cannot be changed."));
    }
    let changed = Room {
        id: room.id.clone(),
        title: title(call)?,
        direct: false,
        locked: call.flag("isLocked")?.unwrap_or(room.locked),
        announcement: call.flag("isAnnouncementOnly")?.unwrap_or(room.announcement),
        read_only: call.flag("isReadOnly")?.unwrap_or(room.read_only),
        public: call.flag("isPublic")?.unwrap_or(room.public),
        description: call.text("description")?.map(Into::into).or_else(|| room.description.clone()),
        classification: call
            .text("classificationId")?
            .map(Into::into)
            .or_else(|| room.classification.clone()),
        team: call.text("teamId")?.map(Into::into).or_else(|| room.team.clone()),
        creator: room.creator.clone(),
        created: room.created,
        active: room.active,
    };
    check(&changed)?;
    if changed.team != room.team
        && let Some(team) = &changed.team
    {
        state.team_for(team, &call.caller)?;
    }
    let locking = changed.locked && !room.locked;
    *state.room_mut(&call.id)? = changed;
    if locking {
        // A locked room needs a moderator: the person who locks it.
        let own = state.memberships.iter_mut().find(|m| m.room == call.id && m.person == call.caller);
        own.into_iter().for_each(|membership| membership.moderator = true);
    }
    state.tell_room("updated", &call.id, &call.caller);
    one(state, call, &call.id)
}

/// Deletes a room for a moderator or its creator. Everybody else only leaves it.
pub(super) fn delete(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let room = state.room_for(&call.id, &call.caller)?;
    if room.direct {
        return Err(Refusal::forbidden("A direct room cannot be deleted."));
    }
    if room.creator != call.caller && !state.moderates(&room.id, &call.caller) {
        let own = state.member(&room.id, &call.caller).map(|membership| membership.id.clone());
        state.part(&own.unwrap_or_default(), &call.caller);
    } else if room.team.is_some() {
        state.room_mut(&call.id)?.read_only = true; // the rooms of a team are archived
        state.tell_room("updated", &call.id, &call.caller);
    } else {
        state.end_room(&call.id, &call.caller);
    }
    Ok(Answer::Done)
}

pub(super) fn meeting(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let room = state.room_for(&call.id, &call.caller)?;
    Ok(Answer::One(
        json!({"roomId": room.id, "meetingLink": "https://example.webex.com/meet", "sipAddress": "room@example.webex.com"}),
    ))
}

fn one(state: &State, call: &Call, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::One(state.room_json(state.room_for(id, &call.caller)?, &call.caller)))
}

fn title(call: &Call) -> Result<String, Refusal> {
    let title = call.need("title")?.trim();
    if title.is_empty() {
        return Err(Refusal::bad("'title' is required."));
    }
    Ok(title.into())
}

fn check(room: &Room) -> Result<(), Refusal> {
    if room.announcement && !room.locked {
        return Err(Refusal::bad("Announcement mode needs a locked room."));
    }
    if room.public && room.description.is_none() {
        return Err(Refusal::bad("A public room needs a description."));
    }
    Ok(())
}
