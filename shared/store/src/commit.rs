//! The one transaction: an event's whole consequence, or nothing.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use handbell_core::config::Plan;
use handbell_core::dispatch::Dispatch;
use handbell_core::incident::Incident;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::table::{KEPT_SECONDS, RowKey, number, set_due, set_expiry};
use crate::{Fault, Handled, Named, Store, write};

/// What one event changes.
pub struct Commit<'a> {
    /// The version that was read; none if there was no incident.
    pub before: Option<u64>,
    /// The next state.
    pub incident: &'a Incident,
    /// The event's key, how long it is remembered, and what its sender is told.
    pub event: Option<(&'a str, SignedDuration, Handled)>,
    /// The deliveries.
    pub dispatches: &'a [Dispatch],
    /// A new incident begins: its short name is written down too.
    pub opens: bool,
    /// The plan, if the table doesn't know it yet.
    pub plan: Option<(&'a str, &'a Plan)>,
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCommitted {
    /// Somebody else was faster: read again and decide again.
    #[error("somebody else was faster")]
    Conflict,
    /// The table failed. Whether it was written is unknown: only the event's id can tell.
    #[error(transparent)]
    Fault(#[from] Fault),
}

#[derive(Serialize)]
struct PlanRow<'a> {
    plan: &'a Plan,
}

impl Store {
    /// Writes the state, the event's row, the dispatches and the plan in one transaction.
    pub async fn commit(&self, commit: Commit<'_>, now: Timestamp) -> Result<(), NotCommitted> {
        let mut items = Vec::with_capacity(3 + commit.dispatches.len());

        let subject = &commit.incident.subject;
        let mut meta = write(commit.incident, &RowKey::incident(subject))?;
        set_due(&mut meta, subject, commit.incident.wake_at);
        let put = self.put(meta);
        items.push(match commit.before {
            Some(version) => put
                .condition_expression("version = :before")
                .expression_attribute_values(":before", number(version)),
            None => put.condition_expression("attribute_not_exists(pk)"),
        });
        if let Some((key, keep, handled)) = &commit.event {
            let mut row = write(handled, &RowKey::event(subject, key))?;
            set_expiry(&mut row, now, keep.as_secs());
            // An expired row may stand for two more days; it is as good as gone.
            items.push(
                self.put(row)
                    .condition_expression("attribute_not_exists(pk) OR expires_at < :now")
                    .expression_attribute_values(":now", number(now.as_second())),
            );
        }
        for dispatch in commit.dispatches {
            let mut row = write(dispatch, &RowKey::dispatch(&dispatch.key))?;
            set_due(&mut row, subject, dispatch.due(now).map(|due| due.min(now)));
            set_expiry(&mut row, now, KEPT_SECONDS);
            items.push(self.put(row).condition_expression("attribute_not_exists(pk)"));
        }
        if commit.opens {
            let named = Named { subject: subject.clone(), epoch: commit.incident.epoch };
            let mut row = write(&named, &RowKey::reference(&commit.incident.reference()))?;
            set_expiry(&mut row, now, KEPT_SECONDS);
            items.push(self.put(row));
        }
        if let Some((hash, plan)) = commit.plan {
            items.push(self.put(write(&PlanRow { plan }, &RowKey::plan(hash))?));
        }

        let items = items
            .into_iter()
            .map(|put| {
                Ok(TransactWriteItem::builder()
                    .put(put.build().map_err(|error| Fault(error.to_string()))?)
                    .build())
            })
            .collect::<Result<Vec<_>, Fault>>()?;
        let answer = self.client.transact_write_items().set_transact_items(Some(items)).send().await;
        answer.map(|_| ()).map_err(|error| match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let raced = |reason: &aws_sdk_dynamodb::types::CancellationReason| {
                    matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))
                };
                if cancelled.cancellation_reasons().iter().any(raced) {
                    NotCommitted::Conflict
                } else {
                    NotCommitted::Fault(Fault::from(error))
                }
            }
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => NotCommitted::Conflict,
            _ => NotCommitted::Fault(Fault::from(error)),
        })
    }

    fn put(&self, row: crate::table::Row) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        Put::builder().table_name(&self.table).set_item(Some(row))
    }
}
