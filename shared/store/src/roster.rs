//! People, teams, rotas and maintenance: read as a whole, and changed only by who has read the latest.

mod code;
mod paged;

use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use handbell_core::oncall::{Maintenance, Person, Roster, Rota, Team};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::table::{MAINTENANCE, PERSON, ROSTER, ROTA, Row, RowKey, TEAM, number, set_expiry};
use crate::{Fault, NotCommitted, People, RosterEditor, read, write};

pub use code::Checked;

/// One transaction changes so many rows at most (DynamoDB, TransactWriteItems).
const MOST: usize = 100;
/// Maintenance that is over is kept so long, for who asks why nobody was told.
const KEPT_SECONDS: i64 = 30 * 86_400;

/// One change of the roster. The number is the version that was read; none if there was nothing. The row that is written
/// has the next version, whatever stands in the value.
#[derive(Clone, Copy, Debug)]
pub enum RosterChange<'a> {
    /// A person as it is from now on.
    Person(&'a Person, Option<u64>),
    /// A team as it is from now on.
    Team(&'a Team, Option<u64>),
    /// A rota as it is from now on.
    Rota(&'a Rota, Option<u64>),
    /// The person with this id goes.
    NoPerson(&'a str, u64),
    /// The team of this name goes.
    NoTeam(&'a str, u64),
    /// The rota of this name goes.
    NoRota(&'a str, u64),
}

impl People {
    /// Everybody and everything, in one consistent read. A row that can't be read is left out: whoever relied on it is a
    /// gap that is told of, and all others are still reached.
    pub async fn roster(&self) -> Result<Roster, Fault> {
        let mut pages = self
            .query(ROSTER)
            .key_condition_expression("pk = :pk")
            .consistent_read(true)
            .into_paginator()
            .send();
        let mut roster = Roster::default();
        while let Some(page) = pages.next().await {
            for row in page?.items.unwrap_or_default() {
                sort_in(row, &mut roster);
            }
        }
        Ok(roster)
    }

    /// One person.
    pub async fn person(&self, id: &str) -> Result<Option<Person>, Fault> {
        self.get(&RowKey::person(id)).await
    }
}

impl RosterEditor {
    /// Writes a person. `before` is the version that was read, none for somebody new; [`NotCommitted::Conflict`] if another
    /// was written since.
    pub async fn put_person(&self, person: &Person, before: Option<u64>) -> Result<(), NotCommitted> {
        self.change_roster(&[RosterChange::Person(person, before)]).await
    }

    /// Writes a team, as [`RosterEditor::put_person`] does.
    pub async fn put_team(&self, team: &Team, before: Option<u64>) -> Result<(), NotCommitted> {
        self.change_roster(&[RosterChange::Team(team, before)]).await
    }

    /// Writes a rota, as [`RosterEditor::put_person`] does.
    pub async fn put_rota(&self, rota: &Rota, before: Option<u64>) -> Result<(), NotCommitted> {
        self.change_roster(&[RosterChange::Rota(rota, before)]).await
    }

    /// Writes a time at which alerts wait; over another one with the same id. It is forgotten 30 days after its end.
    pub async fn put_maintenance(&self, one: &Maintenance) -> Result<(), Fault> {
        let mut row = write(one, &RowKey::maintenance(&one.id))?;
        set_expiry(&mut row, one.until, KEPT_SECONDS);
        self.put_item(row).send().await?;
        Ok(())
    }

    /// Removes a time at which alerts wait, if it is there.
    pub async fn forget_maintenance(&self, id: &str) -> Result<(), Fault> {
        self.delete_item(&RowKey::maintenance(id)).send().await?;
        Ok(())
    }

    /// Makes all of these changes or none, if every row still has the version that was read. More than 100 go one hundred
    /// after the other: then those before the first conflict stay.
    pub async fn change_roster(&self, changes: &[RosterChange<'_>]) -> Result<(), NotCommitted> {
        for changes in changes.chunks(MOST) {
            let items =
                changes.iter().map(|change| self.change(change)).collect::<Result<Vec<_>, Fault>>()?;
            self.transact(items).await?;
        }
        Ok(())
    }

    fn change(&self, change: &RosterChange<'_>) -> Result<TransactWriteItem, Fault> {
        match *change {
            RosterChange::Person(person, before) => {
                put_next(|row| self.put(row), person, &RowKey::person(&person.id), before)
            }
            RosterChange::Team(team, before) => {
                put_next(|row| self.put(row), team, &RowKey::team(&team.name), before)
            }
            RosterChange::Rota(rota, before) => {
                put_next(|row| self.put(row), rota, &RowKey::rota(&rota.name), before)
            }
            RosterChange::NoPerson(id, before) => self.delete_last(&RowKey::person(id), before),
            RosterChange::NoTeam(name, before) => self.delete_last(&RowKey::team(name), before),
            RosterChange::NoRota(name, before) => self.delete_last(&RowKey::rota(name), before),
        }
    }

    fn delete_last(&self, key: &RowKey, before: u64) -> Result<TransactWriteItem, Fault> {
        let delete = self
            .delete(key)
            .condition_expression("version = :before")
            .expression_attribute_values(":before", number(before))
            .build();
        Ok(TransactWriteItem::builder().delete(delete?).build())
    }
}

/// A row with the version after `before`, if it still has that one.
pub(crate) fn put_next(
    put: impl FnOnce(Row) -> PutBuilder,
    value: &impl Serialize,
    key: &RowKey,
    before: Option<u64>,
) -> Result<TransactWriteItem, Fault> {
    let mut row = write(value, key)?;
    row.insert("version".to_owned(), number(before.map_or(1, |version| version + 1)));
    let put = match before {
        None => put(row).condition_expression("attribute_not_exists(pk)"),
        Some(version) => put(row)
            .condition_expression("version = :before")
            .expression_attribute_values(":before", number(version)),
    };
    let put = put.build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Puts a row where it belongs. Which kind it is stands in its key.
fn sort_in(row: Row, roster: &mut Roster) {
    let Some(sk) = row.get("sk").and_then(|sk| sk.as_s().ok()).cloned() else { return };
    if sk.starts_with(PERSON) {
        let person = readable(row).map(|person: Person| (person.id.clone(), person));
        roster.people.extend(person);
    } else if sk.starts_with(TEAM) {
        roster.teams.extend(readable(row).map(|team: Team| (team.name.clone(), team)));
    } else if sk.starts_with(ROTA) {
        roster.rotas.extend(readable(row).map(|rota: Rota| (rota.name.clone(), rota)));
    } else if sk.starts_with(MAINTENANCE) {
        roster.maintenance.extend(readable::<Maintenance>(row));
    }
}

fn readable<T: DeserializeOwned>(row: Row) -> Option<T> {
    read(row).ok()
}
