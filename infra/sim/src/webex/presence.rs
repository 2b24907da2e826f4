//! Presence of people, and its control API.

use jiff::Timestamp;
use serde::Deserialize;

use super::person::Status;
use super::state::State;

/// Body of `PUT /sim/webex/people/{email}/presence`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Played {
    status: Status,
    /// If absent, the time is now for an active person, and unchanged for everybody else.
    #[serde(default)]
    last_activity: Option<Timestamp>,
}

impl State {
    /// Sets the presence of the person with this address. Returns whether the address is valid.
    pub(super) fn play(&mut self, email: &str, played: &Played, now: Timestamp) -> bool {
        let Some(id) = self.introduce(email, now) else { return false };
        for person in self.people.iter_mut().filter(|person| person.id == id) {
            let seen = if played.status == Status::Active { now } else { person.activity };
            person.status = played.status;
            person.activity = played.last_activity.unwrap_or(seen);
        }
        true
    }

    /// Updates the last activity of a person, but not the presence.
    pub(super) fn moved(&mut self, id: &str, now: Timestamp) {
        self.people.iter_mut().filter(|person| person.id == id).for_each(|person| person.activity = now);
    }
}
