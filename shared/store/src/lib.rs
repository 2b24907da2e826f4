//! Storage: incidents, dispatches, spaces and plans in one DynamoDB table.
//!
//! The crate gives two guarantees. [`Incidents::commit`] writes all the changes that follow from an event, or none of
//! them. [`Leases::claim`] gives a dispatch to one worker at a time.

mod commit;
mod conversation;
mod facet;
mod fault;
mod lease;
mod log;
mod mail;
mod roster;
mod site;
mod space;
pub mod table;

use aws_sdk_dynamodb::types::AttributeValue;
use handbell_core::config::Plan;
use handbell_core::delivery::{Dispatch, DispatchKey};
use handbell_core::incident::{Incident, Subject};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use commit::{Commit, CommitConversation, NotCommitted, first_due};
pub use conversation::{LineRow, LoadedConversation, SpacesRead};
pub use facet::{
    Codes, Conversations, Counters, Dispatches, DueIndex, Erasure, Facet, HandledEvents, History, Incidents,
    Leases, Lines, Log, Mailboxes, Mails, Missed, Notices, Paged, PagedNotes, People, Receipts, RosterEditor,
    Rows, SightingBatches, Sites, SpaceMaking, Spaces, Store, Table, TableAccess,
};
use fault::condition_held;
pub use fault::{Cause, TableFault};
pub use lease::{Claimed, Released};
pub use mail::{IdleMail, IdleMails, MailRow, MailboxMark};
pub use roster::{Checked, RosterChange};
pub use site::{Bytes, SeenRow};
pub use space::{SpaceClaim, SpaceRow};
use table::{DueRow, Row, RowKey, has_expired, kind, number, shard_name};

/// An event that was already handled, and the count returned to its sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandledEvent {
    /// Count that was returned to the sender.
    pub count: u64,
    /// Time at which the event was handled.
    pub at: Timestamp,
    /// Epoch of the subject's incident that the event belongs to.
    pub epoch: u64,
}

/// The incident that a short reference such as `H-7K3Q` refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochKey {
    /// Subject of the incident.
    pub subject: Subject,
    /// Which of the subject's incidents.
    pub epoch: u64,
}

/// What the table contains about a subject.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The subject's latest incident.
    pub incident: Option<Incident>,
    /// The requested event, if it was handled before.
    pub handled: Option<HandledEvent>,
    /// Whether the table already contains the requested plan.
    pub plan_known: bool,
}

impl Incidents {
    /// Reads everything that a decision needs in one consistent read.
    pub async fn load(
        &self,
        subject: &Subject,
        event: Option<&str>,
        plan_hash: Option<&str>,
        now: Timestamp,
    ) -> Result<Loaded, TableFault> {
        let meta = RowKey::incident(subject);
        let event = event.map(|key| RowKey::event(subject, key));
        let plan = plan_hash.map(RowKey::plan);
        let keys: Vec<&RowKey> = [Some(&meta), event.as_ref(), plan.as_ref()].into_iter().flatten().collect();
        let mut loaded = Loaded::default();
        for row in self.batch(&keys).await? {
            let sk = row.get("sk").and_then(|sk| sk.as_s().ok()).map_or("", String::as_str);
            match sk {
                "META" => loaded.incident = Some(read(row)?),
                "PLAN" => loaded.plan_known = true,
                _ if has_expired(&row, now) => {}
                _ => loaded.handled = Some(read(row)?),
            }
        }
        Ok(loaded)
    }

    /// Returns the latest incident of a subject.
    pub async fn incident(&self, subject: &Subject) -> Result<Option<Incident>, TableFault> {
        self.get(&RowKey::incident(subject)).await
    }

    /// Returns the incident that a reference such as `H-7K3Q` refers to.
    pub async fn named(&self, reference: &str) -> Result<Option<EpochKey>, TableFault> {
        self.get(&RowKey::reference(reference)).await
    }

    /// Returns the version of a plan with which an incident opened.
    pub async fn plan(&self, hash: &str) -> Result<Option<Plan>, TableFault> {
        #[derive(Deserialize)]
        struct PlanRow {
            plan: Plan,
        }
        Ok(self.get::<PlanRow>(&RowKey::plan(hash)).await?.map(|row| row.plan))
    }
}

impl HandledEvents {
    /// Returns how an event of a subject was handled; none if it is new.
    pub async fn event(
        &self,
        subject: &Subject,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<HandledEvent>, TableFault> {
        self.get_unexpired(&RowKey::event(subject, id), now).await
    }
}

impl Dispatches {
    /// Returns one dispatch.
    pub async fn dispatch(&self, key: &DispatchKey) -> Result<Option<Dispatch>, TableFault> {
        self.get(&RowKey::dispatch(key)).await
    }
}

impl DueIndex {
    /// Returns at most `limit` rows of one shard that are due by `until`, oldest first, each with its due time. The
    /// index is only a hint: it may be late or stale, so the caller must check the row itself.
    pub async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(DueRow, Timestamp)>, TableFault> {
        let mut pages = self
            .query(&shard_name(shard))
            .key_condition_expression("due_shard = :pk AND due_ms <= :until")
            .expression_attribute_values(":until", number(until.as_millisecond()))
            .into_paginator()
            .page_size(100)
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for row in page?.items.unwrap_or_default() {
                let field = |name: &str| row.get(name).and_then(|value| value.as_s().ok()).cloned();
                let due = row.get("due_ms").and_then(|due| due.as_n().ok()).and_then(|due| due.parse().ok());
                if let (Some(pk), Some(sk), Some(due)) = (field("pk"), field("sk"), due)
                    && let Ok(due) = Timestamp::from_millisecond(due)
                {
                    // The index holds no rows of other kinds.
                    found.extend(RowKey { pk, sk }.due().map(|row| (row, due)));
                }
            }
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}

fn read<T: DeserializeOwned>(row: Row) -> Result<T, TableFault> {
    let kind = kind(&row);
    let row = serde_dynamo::Deserializer::from_attribute_value(AttributeValue::M(row).into());
    let mut track = serde_path_to_error::Track::new();
    // The type of the deserializer is erased: otherwise each type of a row is compiled again for each form of an attribute.
    let mut row =
        <dyn erased_serde::Deserializer>::erase(serde_path_to_error::Deserializer::new(row, &mut track));
    let read = erased_serde::deserialize(&mut row);
    drop(row);
    read.map_err(|error| TableFault::unreadable(kind, &track.path(), &error.to_string()))
}

fn write<T: Serialize>(value: &T, key: &RowKey) -> Result<Row, TableFault> {
    let mut row: Row = serde_dynamo::to_item(value).map_err(TableFault::Unwritable)?;
    row.extend(key.row());
    Ok(row)
}

fn attribute<T: Serialize>(value: &T) -> Result<AttributeValue, TableFault> {
    serde_dynamo::to_attribute_value(value).map_err(TableFault::Unwritable)
}
