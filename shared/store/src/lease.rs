//! The lease on a dispatch: one worker at a time, and receipts that callbacks write beside it.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use handbell_core::delivery::{DeliveryId, Dispatch, DispatchKey, LEASE, LEASE_MARGIN, Receipt};
use jiff::Timestamp;

use crate::table::{Row, RowKey, number, shard, text};
use crate::{Leases, Receipts, TableFault, attribute, condition_held, read};

/// Result of a claim.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// The caller holds the lease.
    Ours {
        /// The dispatch under the caller's lease.
        dispatch: Box<Dispatch>,
        /// Time at which a worker that never released the lease had claimed it, in milliseconds.
        died_at_ms: Option<i64>,
    },
    /// Another worker holds the lease, or the dispatch isn't due.
    NotOurs,
}

/// Result of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// The changes are written.
    Done,
    /// A callback wrote in between. The caller reads and writes again.
    Changed,
    /// The lease had run out, and another worker has taken over.
    Lost,
}

impl Leases {
    /// Claims a due dispatch under a lease of 30 s, in one conditional update of its row alone.
    ///
    /// The claim leaves `due` unchanged, so the row is still found if the worker dies.
    pub async fn claim(&self, key: &DispatchKey, owner: &str, now: Timestamp) -> Result<Claimed, TableFault> {
        let now_ms = now.as_millisecond();
        let lease_ms = (now + LEASE).as_millisecond();
        let answer = self
            .update_item(&RowKey::dispatch(key))
            .update_expression("SET #owner = :owner, lease_ms = :lease, claimed_ms = :now ADD claims :one")
            .condition_expression("attribute_exists(pk) AND due_ms <= :now AND lease_ms < :free")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":lease", number(lease_ms))
            .expression_attribute_values(":now", number(now_ms))
            .expression_attribute_values(":free", number((now - LEASE_MARGIN).as_millisecond()))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let mut dispatch: Dispatch = read(answer.attributes.unwrap_or_default())?;
                let died_at_ms = dispatch.lease.claim(owner, now_ms, lease_ms);
                Ok(Claimed::Ours { dispatch: Box::new(dispatch), died_at_ms })
            }
            Err(error) => match refused(&error) {
                // An earlier attempt of this worker was written but its response was lost: the lease is held. The state
                // of the row before that attempt is unknown, so all due deliveries count as possibly sent.
                Some(row) if row.get("owner") == Some(&text(owner)) => {
                    let dispatch: Dispatch = read(row)?;
                    let died_at_ms = dispatch.lease.died_before();
                    Ok(Claimed::Ours { dispatch: Box::new(dispatch), died_at_ms })
                }
                Some(_) => Ok(Claimed::NotOurs),
                None => Err(error.into()),
            },
        }
    }

    /// Undoes a claim under which nothing was begun: the dispatch is due as before, and no attempt counts. `died_at_ms` is
    /// what the claim returned. A claim that another worker has taken over stays as it is.
    pub async fn abandon(
        &self,
        key: &DispatchKey,
        owner: &str,
        died_at_ms: Option<i64>,
    ) -> Result<(), TableFault> {
        let mut expression = "SET lease_ms = :zero".to_owned();
        if died_at_ms.is_some() {
            expression += ", claimed_ms = :died";
        }
        let mut update = self
            .update_item(&RowKey::dispatch(key))
            .update_expression(expression + " REMOVE #owner ADD claims :less")
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":less", number(-1))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some(died) = died_at_ms {
            update = update.expression_attribute_values(":died", number(died));
        }
        condition_held(update.send().await).map(|_| ())
    }

    /// Extends the lease for a post whose file takes longer to upload. Returns false if `owner` no longer holds it, or if
    /// it has run out.
    pub async fn renew(
        &self,
        key: &DispatchKey,
        owner: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, TableFault> {
        let answer = self
            .update_item(&RowKey::dispatch(key))
            .update_expression("SET lease_ms = :until")
            .condition_expression("#owner = :owner AND lease_ms >= :now")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":until", number(until.as_millisecond()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        condition_held(answer)
    }

    /// Stores what the worker did and releases the lease.
    pub async fn release(
        &self,
        dispatch: &Dispatch,
        owner: &str,
        now: Timestamp,
    ) -> Result<Released, TableFault> {
        let due = dispatch.due(now);
        let mut expression =
            "SET deliveries = :deliveries, facts = :facts, settled = :settled, lease_ms = :zero".to_owned();
        if due.is_some() {
            expression += ", due_ms = :due, due_shard = :shard";
        }
        expression += " REMOVE #owner";
        if due.is_none() {
            expression += ", due_ms, due_shard";
        }
        let mut update = self
            .update_item(&RowKey::dispatch(&dispatch.key))
            .update_expression(expression)
            .condition_expression("#owner = :owner AND rev = :rev")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":rev", number(dispatch.lease.revision()))
            .expression_attribute_values(":deliveries", attribute(&dispatch.deliveries)?)
            .expression_attribute_values(":facts", attribute(&dispatch.facts)?)
            .expression_attribute_values(":settled", number(dispatch.lease.claims()))
            .expression_attribute_values(":zero", number(0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some(due) = due {
            update = update
                .expression_attribute_values(":due", number(due.as_millisecond()))
                .expression_attribute_values(":shard", text(&shard(&dispatch.key.subject)));
        }
        match update.send().await {
            Ok(_) => Ok(Released::Done),
            Err(error) => match refused(&error) {
                Some(row) if row.get("owner") == Some(&text(owner)) => Ok(Released::Changed),
                Some(row) => {
                    let stands: Dispatch = read(row)?;
                    // An earlier attempt of this worker was written but its response was lost.
                    Ok(if stands.lease.has_settled(dispatch.lease.claims()) {
                        Released::Done
                    } else {
                        Released::Lost
                    })
                }
                None => Err(error.into()),
            },
        }
    }
}

impl Receipts {
    /// Stores a vendor's receipt for a delivery, if its rank is higher than that of the stored receipt. Makes the row
    /// due at `due`, unless it is due anyway. Returns true if the receipt was written. Works while a worker holds the
    /// lease.
    pub async fn record_receipt(
        &self,
        key: &DispatchKey,
        id: DeliveryId,
        receipt: &Receipt,
        due: Timestamp,
    ) -> Result<bool, TableFault> {
        let answer = self.update_item(&RowKey::dispatch(key))
            .update_expression("SET receipts.#id = :receipt, due_ms = if_not_exists(due_ms, :due), \
                 due_shard = if_not_exists(due_shard, :shard) ADD rev :one")
            .condition_expression(
                "attribute_exists(deliveries.#id) AND (attribute_not_exists(receipts.#id) OR receipts.#id.#rank < :rank)",
            )
            .expression_attribute_names("#id", id.to_string())
            .expression_attribute_names("#rank", "rank")
            .expression_attribute_values(":receipt", attribute(receipt)?)
            .expression_attribute_values(":rank", number(receipt.rank))
            .expression_attribute_values(":due", number(due.as_millisecond()))
            .expression_attribute_values(":shard", text(&shard(&key.subject)))
            .expression_attribute_values(":one", number(1))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        condition_held(answer)
    }

    /// Moves the due time of a row forward to `due`, when a receipt has consequences that can't wait. A row that is due
    /// earlier remains unchanged, and so does a row that isn't due at all.
    pub async fn expedite(&self, key: &DispatchKey, due: Timestamp) -> Result<(), TableFault> {
        let answer = self
            .update_item(&RowKey::dispatch(key))
            .update_expression("SET due_ms = :due")
            .condition_expression("due_ms > :due")
            .expression_attribute_values(":due", number(due.as_millisecond()))
            .send()
            .await;
        condition_held(answer).map(|_| ())
    }
}

/// Returns the row that failed a condition; `None` for every other error.
fn refused<R>(error: &SdkError<UpdateItemError, R>) -> Option<Row> {
    match error.as_service_error()? {
        UpdateItemError::ConditionalCheckFailedException(failed) => {
            Some(failed.item().cloned().unwrap_or_default())
        }
        _ => None,
    }
}
