//! Presence: what people are at, as their colleagues see it, and who plays it.

use jiff::Timestamp;
use serde::Deserialize;

use super::person::Status;
use super::state::State;

/// What `PUT /sim/webex/people/{email}/presence` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Played {
    status: Status,
    /// Without it, who is active is so now, and anybody else was last seen when they were.
    #[serde(default)]
    last_activity: Option<Timestamp>,
}

impl State {
    /// Plays what the person with this address is at. Says whether there can be such a person.
    pub(super) fn play(&mut self, email: &str, played: &Played, now: Timestamp) -> bool {
        let Some(id) = self.introduce(email, now) else { return false };
        for person in self.people.iter_mut().filter(|person| person.id == id) {
            let seen = if played.status == Status::Active { now } else { person.activity };
            person.status = played.status;
            person.activity = played.last_activity.unwrap_or(seen);
        }
        true
    }

    /// Somebody did something. What they are at stays as it was played.
    pub(super) fn moved(&mut self, id: &str, now: Timestamp) {
        self.people.iter_mut().filter(|person| person.id == id).for_each(|person| person.activity = now);
    }
}
