//! A rota's timetable: whose turn it is at a moment, by its layers and overrides.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Days, Layer, Override, Person, Roster, Rota};
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
        Self { roster, rota, zone, hours }
    }

    /// Returns the person on call. A person who can't be reached is skipped.
    pub(super) fn at(&self, at: Timestamp) -> Option<(&'a Person, OnCallReason)> {
        let reachable = |id: &str| self.roster.people.get(id).filter(|person| person.is_reachable());
        let layers = self.rota.layers.iter().enumerate().rev();
        let scheduled = layers.filter_map(|(index, layer)| Some((index, self.scheduled(index, layer, at)?)));
        // Overrides apply where nobody is scheduled, too; that comes last.
        for turn in scheduled.map(Some).chain([None]) {
            let whose = turn.map(|(_, id)| id);
            for (index, instead) in self.overrides(at, whose) {
                // An override can also state that nobody is on call.
                let id = instead.person.as_deref()?;
                if let Some(person) = reachable(id) {
                    return Some((person, OnCallReason::Override(index)));
                }
            }
            if let Some((index, id)) = turn
                && let Some(person) = reachable(id)
            {
                return Some((person, OnCallReason::Layer(index)));
            }
        }
        None
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

    /// Returns the overrides that apply to the scheduled person, the last one first.
    ///
    /// `instead_of` names the person from the layers, not the one whom another override has put there. Otherwise the second half of
    /// a swap would undo the first.
    fn overrides(
        &self,
        at: Timestamp,
        scheduled: Option<&str>,
    ) -> impl Iterator<Item = (usize, &'a Override)> {
        let holds = move |one: &Override| {
            one.from <= at
                && at < one.until
                && one.instead_of.as_deref().is_none_or(|whose| Some(whose) == scheduled)
        };
        self.rota.overrides.iter().enumerate().rev().filter(move |(_, one)| holds(one))
    }
}
