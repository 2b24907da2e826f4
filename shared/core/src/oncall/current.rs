//! Who is on duty at a moment, and since when, until when, and why.

use jiff::Timestamp;

use super::shifts::shift_around;
use super::timetable::{Timetable, Why};
use super::{Person, Roster};

/// Somebody is on duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty<'a> {
    /// Who.
    pub person: &'a Person,
    /// Since when this very person has been on duty; none if it is longer than a year.
    pub since: Option<Timestamp>,
    /// Until when; none if nothing changes for a year.
    pub until: Option<Timestamp>,
    /// Why it is this person now.
    pub why: Why,
}

impl Roster {
    /// Who is on duty in a rota at that moment; none if nobody is, or there is no such rota.
    ///
    /// Overrides go first, the last that holds; then the layers, the last that has somebody. Whoever has no verified phone
    /// and no verified address can't be reached and is passed over.
    pub fn on_duty(&self, rota: &str, at: Timestamp) -> Option<Duty<'_>> {
        let timetable = Timetable::new(self, self.rotas.get(rota)?);
        let (person, why) = timetable.at(at)?;
        let (since, until) = shift_around(&timetable, at);
        Some(Duty { person, since, until, why })
    }

    /// Who comes after the one who is on duty, and from when; looks a year ahead. The person is none when nobody comes.
    pub fn next_on_duty(&self, rota: &str, at: Timestamp) -> Option<(Timestamp, Option<Duty<'_>>)> {
        let timetable = Timetable::new(self, self.rotas.get(rota)?);
        let (_, until) = shift_around(&timetable, at);
        let from = until?;
        Some((from, self.on_duty(rota, from)))
    }
}
