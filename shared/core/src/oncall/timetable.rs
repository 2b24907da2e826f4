//! A rota's timetable: whose turn it is at a moment, by its layers and overrides.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::substitution::Substitution;
use super::{Days, Layer, Person, Roster, Rota};
use crate::config::Calendar;

/// Why a person is on call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnCallReason {
    /// The person's turn in the layer with this index.
    Layer(usize),
    /// The override with this index names them.
    Override(usize),
}

/// A rota, prepared for many queries.
pub(super) struct Timetable<'a> {
    roster: &'a Roster,
    pub(super) rota: &'a Rota,
    pub(super) zone: TimeZone,
    /// The hours of each layer; none if it always applies.
    hours: Vec<Option<Calendar>>,
    substitutions: Vec<Substitution<'a>>,
}

impl<'a> Timetable<'a> {
    /// Prepares a rota. Invalid values must not leave a rota without anybody: an unknown time zone counts as UTC, and hours that
    /// can't be read count as all hours. Such a rota is rejected when it is written, see [`Roster::problems_of`].
    pub(super) fn new(roster: &'a Roster, rota: &'a Rota) -> Self {
        let zone = TimeZone::get(&rota.timezone).unwrap_or(TimeZone::UTC);
        let hours = rota
            .layers
            .iter()
            .map(|layer| layer.hours.as_ref().and_then(|hours| hours.calendar(&zone).ok()))
            .collect();
        Self { roster, rota, zone, hours, substitutions: rota.substitutions() }
    }

    /// Returns the person on call. A person who can't be reached is skipped.
    ///
    /// The substitutions act one after the other: each on the person who is on call by those before it. If nobody who can be
    /// reached results from a layer, the layer below it counts, and at last the time in which nobody is scheduled.
    pub(super) fn at(&self, at: Timestamp) -> Option<(&'a Person, OnCallReason)> {
        let layers = self.rota.layers.iter().enumerate().rev();
        let scheduled = layers.filter_map(|(index, layer)| Some((index, self.scheduled(index, layer, at)?)));
        for turn in scheduled.map(Some).chain([None]) {
            let mut holder = turn.map(|(_, id)| id);
            let mut why = turn.map(|(index, _)| OnCallReason::Layer(index));
            for one in self.substitutions.iter().filter(|one| one.applies_at(at)) {
                let Some(instead) = one.in_place_of(holder) else { continue };
                // A person who can't be reached takes nobody's turn away.
                if instead.is_none_or(|id| self.reachable(id).is_some()) {
                    (holder, why) = (instead, Some(OnCallReason::Override(one.index)));
                }
            }
            match (holder, why) {
                (Some(id), Some(why)) => {
                    if let Some(person) = self.reachable(id) {
                        return Some((person, why));
                    }
                }
                // A substitution states that nobody is on call.
                (None, Some(_)) => return None,
                (_, None) => {}
            }
        }
        None
    }

    fn reachable(&self, id: &str) -> Option<&'a Person> {
        self.roster.people.get(id).filter(|person| person.is_reachable())
    }

    /// Returns the person whose turn it is in a layer, during its hours, reachable or not.
    fn scheduled(&self, index: usize, layer: &'a Layer, at: Timestamp) -> Option<&'a str> {
        if self.hours.get(index).and_then(Option::as_ref).is_some_and(|hours| !hours.is_open(at)) {
            return None;
        }
        let holiday = || self.rota.holidays.contains(&at.to_zoned(self.zone.clone()).date());
        let holds = match layer.on {
            Days::All => true,
            Days::Holidays => holiday(),
            Days::Workdays => !holiday(),
        };
        if holds { layer.turn_of(at, &self.zone) } else { None }
    }
}
