//! People and their description in the API. Every address in the simulated organisation's domain exists.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::call::{Answer, Call};
use super::format::{compact, stamp};
use super::person::{Person, Status};
use super::refusal::Refusal;
use super::state::{State, id_of};

/// Organisation of Handbell and of everybody in the home domain.
const ORG: &str = "96abc2aa-3dcc-11e5-a152-fe34819cdc9a";
/// Home domain, in which every address belongs to a person.
const HOME: &str = "example.com";
/// Domain of bots' addresses (Webex, Bots guide).
const BOTS: &str = "webex.bot";

/// Returns the id of the home organisation.
pub(super) fn org() -> String {
    STANDARD_NO_PAD.encode(format!("ciscospark://us/ORGANIZATION/{ORG}"))
}

/// Returns an id that is derived from the words, so that it survives a restart.
fn lasting_id(kind: &str, words: &str) -> String {
    let hash = Sha1::digest(words.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    id_of(kind, uuid::Builder::from_sha1_bytes(bytes).into_uuid())
}

impl State {
    /// Adds Handbell itself, which belongs to the home organisation.
    pub(super) fn enrol_handbell(&mut self, bot: bool) -> String {
        let email = format!("handbell@{}", if bot { BOTS } else { HOME });
        self.enrol(&email, bot, org(), self.began)
    }

    fn enrol(&mut self, email: &str, bot: bool, org: String, created: Timestamp) -> String {
        let id = lasting_id("PEOPLE", email);
        let local = email.split('@').next().unwrap_or(email);
        let name = local.split(['.', '_', '-']).map(capital).collect::<Vec<_>>().join(" ");
        let (status, activity) = (Status::Active, self.began);
        self.people.push(Person {
            id: id.clone(),
            email: email.into(),
            name,
            bot,
            org,
            created,
            status,
            activity,
        });
        id
    }

    /// Returns the person with this address. Any address in the home domain exists.
    pub(super) fn find_person(&mut self, email: &str, now: Timestamp) -> Option<String> {
        let email = email.trim().to_lowercase();
        if let Some(person) = self.people.iter().find(|person| person.email == email) {
            return Some(person.id.clone());
        }
        let at_home = email.rsplit_once('@').is_some_and(|(_, domain)| domain == HOME);
        if at_home { self.newcomer(&email, now) } else { None }
    }

    /// Returns the person with this address, in any domain. Other domains belong to another organisation.
    pub(super) fn introduce(&mut self, email: &str, now: Timestamp) -> Option<String> {
        self.find_person(email, now).or_else(|| self.newcomer(&email.trim().to_lowercase(), now))
    }

    fn newcomer(&mut self, email: &str, now: Timestamp) -> Option<String> {
        let (local, domain) = email.split_once('@')?;
        let plain = |text: &str, also: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
        };
        if !plain(local, "._-+'")
            || !plain(domain, ".-")
            || local.starts_with("unknown")
            || local.starts_with("nobody")
        {
            return None;
        }
        let org = if domain == HOME { org() } else { lasting_id("ORGANIZATION", domain) };
        Some(self.enrol(email, domain == BOTS, org, now))
    }

    /// Returns the person that the body names by `personId` or `personEmail` (or similar keys).
    pub(super) fn named(
        &mut self,
        call: &Call,
        id: Option<&str>,
        email: Option<&str>,
    ) -> Result<String, Refusal> {
        match (id, email) {
            (Some(id), _) => {
                self.person(id).map(|person| person.id.clone()).ok_or_else(|| Refusal::missing("person"))
            }
            (None, Some(email)) if !email.contains('@') => {
                Err(Refusal::bad(format!("'{email}' is not a valid email address.")))
            }
            (None, Some(email)) => self.find_person(email, call.now).ok_or_else(|| {
                Refusal::new(StatusCode::NOT_FOUND, format!("Could not find a person with email '{email}'."))
            }),
            (None, None) => Err(Refusal::bad("'personId' or 'personEmail' is required.")),
        }
    }

    pub(super) fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// Returns the address and the name of a person. People are never deleted.
    pub(super) fn card_of(&self, id: &str) -> (&str, &str) {
        self.person(id).map_or(("", ""), |person| (&person.email, &person.name))
    }

    /// Returns the organisation of a person.
    pub(super) fn org_of(&self, id: &str) -> String {
        self.person(id).map_or_else(org, |person| person.org.clone())
    }
}

pub(super) fn me(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    one(state, call, &call.caller)
}

pub(super) fn read(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    one(state, call, &call.id)
}

/// Lists people. Searches by address and by name find only people of the caller's organisation (Webex, People).
pub(super) fn list(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let own = state.org_of(&call.caller);
    let found: Vec<&Person> = if let Some(email) = call.asked("email") {
        let id = state.find_person(email, call.now);
        let wanted = |person: &&Person| Some(&person.id) == id.as_ref() && person.org == own;
        state.people.iter().filter(wanted).collect()
    } else if let Some(ids) = call.asked("id") {
        let ids: Vec<&str> = ids.split(',').collect();
        if ids.len() > 85 {
            return Err(Refusal::bad("At most 85 ids can be asked for."));
        }
        state.people.iter().filter(|person| ids.contains(&person.id.as_str())).collect()
    } else if let Some(name) = call.asked("displayName") {
        let name = name.to_lowercase();
        let wanted = |person: &&Person| person.name.to_lowercase().starts_with(&name) && person.org == own;
        state.people.iter().filter(wanted).collect()
    } else {
        return Err(Refusal::bad("Email, displayName, or id list should be specified."));
    };
    call.page(found.into_iter().map(|person| describe(state, call, person)).collect(), 100, 1000)
}

/// Refuses to create or change people, which only administrators may do.
pub(super) fn administer(_: &mut State, _: &Call) -> Result<Answer, Refusal> {
    Err(Refusal::forbidden("Only an administrator can do this."))
}

fn one(state: &State, call: &Call, id: &str) -> Result<Answer, Refusal> {
    let person = state.person(id).ok_or_else(|| Refusal::missing("person"))?;
    Ok(Answer::One(describe(state, call, person)))
}

/// Describes a person for the caller. Only colleagues see the presence (Webex, People).
fn describe(state: &State, call: &Call, person: &Person) -> Value {
    let (first, last) = person.name.split_once(' ').unwrap_or((&person.name, ""));
    let colleague = person.org == state.org_of(&call.caller);
    let status = colleague && call.asked("excludeStatus") != Some("true");
    compact(json!({
        "id": person.id, "emails": [person.email], "displayName": person.name, "nickName": first,
        "firstName": first, "lastName": last, "orgId": person.org, "created": stamp(person.created),
        "lastModified": stamp(person.created), "lastActivity": colleague.then(|| stamp(person.activity)),
        "status": status.then_some(person.status), "type": if person.bot { "bot" } else { "person" },
    }))
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
