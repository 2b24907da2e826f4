//! Compares a file of people with the roster, and returns the changes.

use std::collections::BTreeMap;

use handbell_core::oncall::{Person, Roster, Team};
use handbell_store::RosterChange;
use jiff::Timestamp;

use super::csv::File;

/// The changes of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// New and changed people, each with the version that was read.
    pub people: Vec<(Person, Option<u64>)>,
    /// New and changed teams, each with the version that was read.
    pub teams: Vec<(Team, Option<u64>)>,
    /// Number of people without a change.
    pub same: usize,
}

impl Import {
    /// Compares a file with the roster. A person's known contacts keep their verification. New ones are unverified, unless
    /// the user confirms them at the time `vouched`.
    pub fn of(file: &File, roster: &Roster, vouched: Option<Timestamp>) -> Self {
        let mut import = Self::default();
        for (read, _) in &file.people {
            let known = roster.people.get(&read.id);
            let mut next = merged(file, read, known);
            let since = |address: &str| known.and_then(|known| since(known, address)).or(vouched);
            if let Some(email) = &mut next.email {
                email.verified_at = since(&email.address);
            }
            for phone in &mut next.phones {
                phone.verified_at = since(&phone.address);
            }
            if known == Some(&next) {
                import.same += 1;
            } else {
                import.people.push((next, known.map(|known| known.version)));
            }
        }
        if file.columns.contains("teams") {
            import.teams = teams(file, roster);
        }
        import
    }

    /// Returns the changes for the table.
    pub fn changes(&self) -> Vec<RosterChange<'_>> {
        let people = self.people.iter().map(|(person, before)| RosterChange::Person(person, *before));
        people.chain(self.teams.iter().map(|(team, before)| RosterChange::Team(team, *before))).collect()
    }

    /// Returns the unverified contacts, each with its person.
    pub fn unverified(&self) -> impl Iterator<Item = (&Person, &str)> {
        self.people.iter().flat_map(|(person, _)| {
            let unverified = person.contacts().filter(|(_, verified_at)| verified_at.is_none());
            unverified.map(move |(address, _)| (person, address))
        })
    }
}

/// Merges a person of the file with the known one. Fields without a column don't change.
fn merged(file: &File, read: &Person, known: Option<&Person>) -> Person {
    let Some(known) = known else { return read.clone() };
    let given = |column: &str| file.columns.contains(column);
    let mut next = Person { name: read.name.clone(), ..known.clone() };
    if given("email") {
        next.email.clone_from(&read.email);
    }
    if given("phones") {
        next.phones.clone_from(&read.phones);
    }
    if given("timezone") {
        next.timezone.clone_from(&read.timezone);
    }
    if given("language") {
        next.language.clone_from(&read.language);
    }
    if given("rules") {
        next.rules.clone_from(&read.rules);
    }
    next
}

/// Returns since when this contact of the person is verified.
fn since(known: &Person, address: &str) -> Option<Timestamp> {
    known.contacts().find(|(other, _)| *other == address)?.1
}

/// Returns the new and changed teams. A person in the file belongs exactly to the teams that the file names, after the
/// members who are not in the file.
fn teams(file: &File, roster: &Roster) -> Vec<(Team, Option<u64>)> {
    let mut next: BTreeMap<String, Team> = roster.teams.clone();
    for team in next.values_mut() {
        team.members.retain(|member| !file.people.iter().any(|(person, _)| person.id == *member));
    }
    for (person, teams) in &file.people {
        for name in teams {
            let team = next.entry(name.clone()).or_insert_with(|| Team {
                name: name.clone(),
                label: None,
                members: Vec::new(),
                version: 0,
            });
            team.members.push(person.id.clone());
        }
    }
    let before = |name: &str| roster.teams.get(name);
    let same_members = |team: &Team| {
        before(&team.name).is_some_and(|before| {
            let sorted = |team: &Team| {
                let mut members = team.members.clone();
                members.sort();
                members
            };
            // A different order of the same people is a change only if the file contains all of them.
            let all = team.members.iter().all(|id| file.people.iter().any(|(person, _)| person.id == *id));
            if all { before.members == team.members } else { sorted(before) == sorted(team) }
        })
    };
    let changed = next.into_values().filter(|team| !same_members(team));
    changed.map(|team| (team.clone(), before(&team.name).map(|before| before.version))).collect()
}
