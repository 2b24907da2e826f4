//! Who is on call at a time, since when, until when, and why.

use jiff::Timestamp;

use super::shifts::shift_around;
use super::timetable::{OnCallReason, Timetable};
use super::{Person, Roster};

/// A person who is on call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnCall<'a> {
    /// The person.
    pub person: &'a Person,
    /// Since when this person has been on call; none if it is longer than a year.
    pub since: Option<Timestamp>,
    /// Until when; none if nothing changes for a year.
    pub until: Option<Timestamp>,
    /// Why this person is on call now.
    pub why: OnCallReason,
}

impl Roster {
    /// Returns who is on call in a rota at this time; none if nobody is, or if there is no such rota.
    ///
    /// The last layer that has somebody takes precedence. The overrides that apply then act on that person, in the order in which
    /// they were made. A person without a verified phone or address can't be reached and is skipped.
    pub fn on_call(&self, rota: &str, at: Timestamp) -> Option<OnCall<'_>> {
        let timetable = Timetable::new(self, self.rotas.get(rota)?);
        let (person, why) = timetable.at(at)?;
        let (since, until) = shift_around(&timetable, at);
        Some(OnCall { person, since, until, why })
    }

    /// Returns who follows the person on call, and from when; looks a year ahead. The person is none when nobody follows.
    pub fn next_on_call(&self, rota: &str, at: Timestamp) -> Option<(Timestamp, Option<OnCall<'_>>)> {
        let timetable = Timetable::new(self, self.rotas.get(rota)?);
        let (_, until) = shift_around(&timetable, at);
        let from = until?;
        Some((from, self.on_call(rota, from)))
    }
}
