//! People, teams, rotas and maintenance windows: read as a whole, changed with optimistic locking.

mod code;
mod paged;

use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use handbell_core::oncall::{Maintenance, Person, Roster, Rota, Team};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::commit::if_unchanged;
use crate::table::{MAINTENANCE, PERSON, ROSTER, ROTA, Row, RowKey, TEAM, number, set_expiry};
use crate::{NotCommitted, People, RosterEditor, TableFault, read, write};

pub use code::Checked;

/// Maximum number of rows in one transaction (DynamoDB, TransactWriteItems).
const MOST: usize = 100;
/// How long a past maintenance window is kept, to explain why an alert notified nobody.
const KEPT_SECONDS: i64 = 30 * 86_400;

/// One change to the roster. The number is the version that was read; `None` for a new row. The row that is written
/// gets the next version, whatever version the value contains.
#[derive(Clone, Copy, Debug)]
pub enum RosterChange<'a> {
    /// Creates or replaces a person.
    Person(&'a Person, Option<u64>),
    /// Creates or replaces a team.
    Team(&'a Team, Option<u64>),
    /// Creates or replaces a rota.
    Rota(&'a Rota, Option<u64>),
    /// Deletes the person with this id.
    NoPerson(&'a str, u64),
    /// Deletes the team of this name.
    NoTeam(&'a str, u64),
    /// Deletes the rota of this name.
    NoRota(&'a str, u64),
}

impl People {
    /// Returns the whole roster in one consistent read. A row that can't be read is skipped: references to it are
    /// reported as gaps, and everybody else is still reached.
    pub async fn roster(&self) -> Result<Roster, TableFault> {
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

    /// Returns one person.
    pub async fn person(&self, id: &str) -> Result<Option<Person>, TableFault> {
        self.get(&RowKey::person(id)).await
    }
}

impl RosterEditor {
    /// Writes a person. `before` is the version that was read, `None` for a new person. Fails with
    /// [`NotCommitted::Conflict`] if the row has been written since.
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

    /// Creates or replaces a maintenance window. The row expires 30 days after the window's end.
    pub async fn put_maintenance(&self, one: &Maintenance) -> Result<(), TableFault> {
        let mut row = write(one, &RowKey::maintenance(&one.id))?;
        set_expiry(&mut row, one.until, KEPT_SECONDS);
        self.put_item(row).send().await?;
        Ok(())
    }

    /// Deletes a maintenance window, if it exists.
    pub async fn forget_maintenance(&self, id: &str) -> Result<(), TableFault> {
        self.delete_item(&RowKey::maintenance(id)).send().await?;
        Ok(())
    }

    /// Makes all of these changes or none, provided that every row still has the version that was read. More than 100
    /// changes are split into transactions of 100: those before the first conflict stay.
    pub async fn change_roster(&self, changes: &[RosterChange<'_>]) -> Result<(), NotCommitted> {
        for changes in changes.chunks(MOST) {
            let items =
                changes.iter().map(|change| self.change(change)).collect::<Result<Vec<_>, TableFault>>()?;
            self.transact(items).await?;
        }
        Ok(())
    }

    fn change(&self, change: &RosterChange<'_>) -> Result<TransactWriteItem, TableFault> {
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

    fn delete_last(&self, key: &RowKey, before: u64) -> Result<TransactWriteItem, TableFault> {
        let delete = self
            .delete(key)
            .condition_expression("version = :before")
            .expression_attribute_values(":before", number(before))
            .build();
        Ok(TransactWriteItem::builder().delete(delete?).build())
    }
}

/// Puts a row with the version after `before`, on condition that the stored row still has version `before`.
pub(crate) fn put_next(
    put: impl FnOnce(Row) -> PutBuilder,
    value: &impl Serialize,
    key: &RowKey,
    before: Option<u64>,
) -> Result<TransactWriteItem, TableFault> {
    let mut row = write(value, key)?;
    row.insert("version".to_owned(), number(before.map_or(1, |version| version + 1)));
    let put = if_unchanged(put(row), before).build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Adds a row to the roster. The row's key states its kind.
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
