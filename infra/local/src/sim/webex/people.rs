//! People: anybody at the stand-in's own domain exists as soon as somebody asks.

use serde_json::{Value, json};

use super::call::{Answer, Call, Refusal, stamp};
use super::state::{Person, State, org};

pub(super) fn me(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    one(state, &call.caller)
}

pub(super) fn read(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    one(state, &call.id)
}

pub(super) fn list(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let found: Vec<&Person> = if let Some(email) = call.asked("email") {
        let id = state.find_person(email, call.now);
        state.people.iter().filter(|person| Some(&person.id) == id.as_ref()).collect()
    } else if let Some(ids) = call.asked("id") {
        let ids: Vec<&str> = ids.split(',').collect();
        if ids.len() > 85 {
            return Err(Refusal::bad("At most 85 ids can be asked for."));
        }
        state.people.iter().filter(|person| ids.contains(&person.id.as_str())).collect()
    } else if let Some(name) = call.asked("displayName") {
        let name = name.to_lowercase();
        state.people.iter().filter(|person| person.name.to_lowercase().starts_with(&name)).collect()
    } else {
        return Err(Refusal::bad("Email, displayName, or id list should be specified."));
    };
    call.page(found.into_iter().map(describe).collect(), 100, 1000)
}

/// Making and changing people is for administrators, and no token here is one's.
pub(super) fn administer(_: &mut State, _: &Call) -> Result<Answer, Refusal> {
    Err(Refusal::forbidden("Only an administrator can do this."))
}

fn one(state: &State, id: &str) -> Result<Answer, Refusal> {
    state.person(id).map(|person| Answer::One(describe(person))).ok_or_else(|| Refusal::missing("person"))
}

fn describe(person: &Person) -> Value {
    let (first, last) = person.name.split_once(' ').unwrap_or((&person.name, ""));
    json!({
        "id": person.id, "emails": [person.email], "displayName": person.name, "nickName": first,
        "firstName": first, "lastName": last, "orgId": org(), "created": stamp(person.created),
        "lastModified": stamp(person.created), "status": "active", "type": if person.bot { "bot" } else { "person" },
    })
}
