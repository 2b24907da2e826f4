//! Teams, whose members share rooms. Every team has a general room with all members.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::format::{compact, stamp};
use super::refusal::Refusal;
use super::state::{Room, State, Team, Teammate, new_id};

impl State {
    /// Returns the team if it exists and the caller is a member.
    pub(super) fn team_for(&self, id: &str, caller: &str) -> Result<&Team, Refusal> {
        let inside = self.teammates.iter().any(|mate| mate.team == id && mate.person == caller);
        self.teams.iter().find(|team| team.id == id && inside).ok_or_else(|| Refusal::missing("team"))
    }

    /// Adds a person to a team, unless the person is already a member. Returns the id of the membership.
    pub(super) fn enlist(&mut self, team: &str, person: &str, moderator: bool, now: Timestamp) -> String {
        if let Some(mate) = self.teammates.iter().find(|mate| mate.team == team && mate.person == person) {
            return mate.id.clone();
        }
        let id = new_id("TEAM_MEMBERSHIP");
        let (team, person) = (team.to_owned(), person.to_owned());
        self.teammates.push(Teammate { id: id.clone(), team, person, moderator, created: now });
        id
    }

    fn lead(&self, team: &str, caller: &str) -> Result<(), Refusal> {
        self.team_for(team, caller)?;
        let leads =
            self.teammates.iter().any(|mate| mate.team == team && mate.person == caller && mate.moderator);
        if leads { Ok(()) } else { Err(Refusal::forbidden("Only a moderator of the team can do this.")) }
    }
}

pub(super) fn create(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let (id, general) = (new_id("TEAM"), new_id("ROOM"));
    let name = call.need("name")?.to_owned();
    let description: Option<String> = call.text("description")?.map(Into::into);
    state.rooms.push(Room {
        id: general.clone(),
        title: name.clone(),
        direct: false,
        locked: false,
        announcement: false,
        read_only: false,
        public: false,
        description: None,
        classification: None,
        team: Some(id.clone()),
        creator: call.caller.clone(),
        created: call.now,
        active: call.now,
    });
    state.teams.push(Team { id: id.clone(), name, description, general: general.clone(), created: call.now });
    state.enlist(&id, &call.caller, true, call.now);
    state.join(&general, &call.caller, true, &call.caller, call.now);
    state.tell_room("created", &general, &call.caller);
    one(state, call, &id)
}

pub(super) fn list(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let own = state.teams.iter().filter(|team| state.team_for(&team.id, &call.caller).is_ok());
    call.page(own.map(describe).collect(), 100, 1000)
}

pub(super) fn read(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    one(state, call, &call.id)
}

pub(super) fn update(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    state.lead(&call.id, &call.caller)?;
    let (name, description) = (call.need("name")?.to_owned(), call.text("description")?);
    for team in state.teams.iter_mut().filter(|team| team.id == call.id) {
        team.name.clone_from(&name);
        team.description = description.map(Into::into).or(team.description.take());
    }
    one(state, call, &call.id)
}

pub(super) fn delete(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    state.lead(&call.id, &call.caller)?;
    let rooms: Vec<String> = state
        .rooms
        .iter()
        .filter(|room| room.team.as_deref() == Some(&call.id))
        .map(|room| room.id.clone())
        .collect();
    rooms.iter().for_each(|room| state.end_room(room, &call.caller));
    state.teams.retain(|team| team.id != call.id);
    state.teammates.retain(|mate| mate.team != call.id);
    Ok(Answer::Done)
}

pub(super) fn join(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let team = call.need("teamId")?;
    state.lead(team, &call.caller)?;
    let person = state.named(call, call.text("personId")?, call.text("personEmail")?)?;
    if state.team_for(team, &person).is_ok() {
        return Err(Refusal::new(StatusCode::CONFLICT, "User is already a member of the team."));
    }
    let id = state.enlist(team, &person, call.flag("isModerator")?.unwrap_or_default(), call.now);
    let general = state.team_for(team, &person)?.general.clone();
    if state.member(&general, &person).is_none() {
        state.join(&general, &person, false, &call.caller, call.now);
    }
    Ok(Answer::One(mate_json(state, mate(state, call, &id)?)))
}

pub(super) fn members(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let team = call.asked("teamId").ok_or_else(|| Refusal::bad("'teamId' is required."))?;
    state.team_for(team, &call.caller)?;
    let mates = state.teammates.iter().filter(|mate| mate.team == team);
    call.page(mates.map(|mate| mate_json(state, mate)).collect(), 100, 1000)
}

pub(super) fn member(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    Ok(Answer::One(mate_json(state, mate(state, call, &call.id)?)))
}

pub(super) fn change(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    state.lead(&mate(state, call, &call.id)?.team, &call.caller)?;
    let moderator = call.flag("isModerator")?.ok_or_else(|| Refusal::bad("'isModerator' is required."))?;
    state.teammates.iter_mut().filter(|mate| mate.id == call.id).for_each(|mate| mate.moderator = moderator);
    member(state, call)
}

/// Removes a person from a team and from its rooms.
pub(super) fn leave(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let mate = mate(state, call, &call.id)?;
    if mate.person != call.caller {
        state.lead(&mate.team, &call.caller)?;
    }
    let inside = |room: &str| state.rooms.iter().any(|r| r.id == room && r.team.as_ref() == Some(&mate.team));
    let theirs = state.memberships.iter().filter(|m| m.person == mate.person && inside(&m.room));
    let memberships: Vec<String> = theirs.map(|m| m.id.clone()).collect();
    memberships.iter().for_each(|membership| state.part(membership, &call.caller));
    state.teammates.retain(|mate| mate.id != call.id);
    Ok(Answer::Done)
}

fn mate<'a>(state: &'a State, call: &Call, id: &str) -> Result<&'a Teammate, Refusal> {
    let found = state.teammates.iter().find(|mate| mate.id == id);
    found
        .filter(|mate| state.team_for(&mate.team, &call.caller).is_ok())
        .ok_or_else(|| Refusal::missing("team membership"))
}

fn mate_json(state: &State, mate: &Teammate) -> Value {
    let (email, name) = state.card_of(&mate.person);
    json!({
        "id": mate.id, "teamId": mate.team, "personId": mate.person, "personEmail": email, "personDisplayName": name,
        "personOrgId": state.org_of(&mate.person), "isModerator": mate.moderator, "created": stamp(mate.created),
    })
}

fn one(state: &State, call: &Call, id: &str) -> Result<Answer, Refusal> {
    state.team_for(id, &call.caller).map(|team| Answer::One(describe(team)))
}

fn describe(team: &Team) -> Value {
    compact(
        json!({"id": team.id, "name": team.name, "description": team.description, "created": stamp(team.created)}),
    )
}
