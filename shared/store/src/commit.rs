//! The one transaction: an event's whole consequence, or nothing.

use aws_sdk_dynamodb::types::builders::PutBuilder;
use handbell_core::config::Plan;
use handbell_core::conversation::decide::Turn;
use handbell_core::delivery::Dispatch;
use handbell_core::incident::{Incident, Kind, Phase, Subject};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::facet::parts;
use crate::table::{KEPT_SECONDS, RowKey, number, set_due, set_expiry};
use crate::{Conversations, Fault, Handled, Incidents, Named, log, write};

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
    /// How long it is kept, in seconds.
    pub keep_seconds: i64,
    /// A new incident begins: its short name is written down too.
    pub opens: bool,
    /// The incident that it takes the place of, if nobody had found yet that it was over.
    pub replaces: Option<&'a Incident>,
    /// The plan, if the table doesn't know it yet.
    pub plan: Option<(&'a str, &'a Plan)>,
}

/// What one turn of a conversation changes.
pub struct CommitTurn<'a> {
    /// Whose conversation.
    pub subject: &'a Subject,
    /// The customer's number, if there is one.
    pub number: Option<&'a str>,
    /// The version that was read; none if there was no conversation.
    pub before: Option<u64>,
    /// What happens.
    pub turn: &'a Turn,
    /// The event's key, if it has one.
    pub event: Option<&'a str>,
    /// How long it is kept, in seconds.
    pub keep_seconds: i64,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
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

impl Incidents {
    /// Writes the state, the event's row, the dispatches, the plan and, when the incident is over, its row of the log in one
    /// transaction.
    pub async fn commit(&self, commit: Commit<'_>, now: Timestamp) -> Result<(), NotCommitted> {
        let mut items = Vec::with_capacity(3 + commit.dispatches.len());

        let subject = &commit.incident.subject;
        let mut meta = write(commit.incident, &RowKey::incident(subject))?;
        set_due(&mut meta, subject, commit.incident.wake_at);
        if subject.kind() == Kind::Waiting {
            // It bears the customer's name, and goes when the conversation goes.
            set_expiry(&mut meta, now, commit.keep_seconds);
        } else if subject.kind() == Kind::Alert && commit.incident.phase.is_final() {
            // Each trouble has a row of its own, with what people wrote in it.
            set_expiry(&mut meta, now, KEPT_SECONDS);
        }
        items.push(unchanged(self.put(meta), commit.before));
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
            set_expiry(&mut row, now, commit.keep_seconds);
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
        items.extend(log::row(commit.incident, now)?.map(|row| self.put(row)));
        if let Some(replaced) = commit.replaces {
            let lapsed = Incident { phase: Phase::Lapsed, ..replaced.clone() };
            items.extend(log::row(&lapsed, now)?.map(|row| self.put(row)));
        }

        self.transact(parts(items)?).await
    }
}

impl Conversations {
    /// Writes a turn of a conversation in one transaction: its state, what the number has told us, the event's row, the
    /// dispatches.
    pub async fn commit_turn(&self, commit: CommitTurn<'_>, now: Timestamp) -> Result<(), NotCommitted> {
        let CommitTurn { subject, turn, keep_seconds, .. } = commit;
        let mut items = Vec::with_capacity(3 + turn.dispatches.len());
        if let Some(next) = &turn.next {
            let mut meta = write(next, &RowKey::incident(subject))?;
            set_due(&mut meta, subject, next.wake_at);
            set_expiry(&mut meta, now, keep_seconds);
            items.push(unchanged(self.put(meta), commit.before));
        }
        if let Some((number, sender)) = commit.number.zip(turn.sender.as_ref()) {
            let mut row = write(sender, &RowKey::sender(number))?;
            // That somebody wants no texts is never forgotten.
            if sender.opted_out.is_none() {
                set_expiry(&mut row, now, keep_seconds);
            }
            let before = (sender.version > 1).then(|| sender.version - 1);
            items.push(unchanged(self.put(row), before));
        }
        if let Some(key) = commit.event {
            let epoch = turn.next.as_ref().map_or(0, |next| next.epoch);
            let handled = Handled { count: u64::from(turn.answer), at: now, epoch };
            let mut row = write(&handled, &RowKey::event(subject, key))?;
            // Requests are signed without a time: what was handled is remembered, however soon all else is forgotten.
            set_expiry(&mut row, now, keep_seconds.max(KEPT_SECONDS));
            items.push(
                self.put(row)
                    .condition_expression("attribute_not_exists(pk) OR expires_at < :now")
                    .expression_attribute_values(":now", number(now.as_second())),
            );
        }
        for dispatch in &turn.dispatches {
            let mut row = write(dispatch, &RowKey::dispatch(&dispatch.key))?;
            set_due(&mut row, subject, first_due(dispatch, now));
            set_expiry(&mut row, now, keep_seconds);
            // When all was forgotten after its time, numbers begin again; an expired row may stand for two more days.
            items.push(
                self.put(row)
                    .condition_expression("attribute_not_exists(pk) OR expires_at < :now")
                    .expression_attribute_values(":now", number(now.as_second())),
            );
        }
        self.transact(parts(items)?).await
    }
}

/// When a new dispatch of a conversation is looked at: at once, but for answers that are held for a moment.
pub fn first_due(dispatch: &Dispatch, now: Timestamp) -> Option<Timestamp> {
    dispatch.due(now).map(|due| if dispatch.deliveries.is_empty() { now } else { due.max(now) })
}

/// Only if the row still has the version that was read.
fn unchanged(put: PutBuilder, before: Option<u64>) -> PutBuilder {
    match before {
        Some(version) => put
            .condition_expression("version = :before")
            .expression_attribute_values(":before", number(version)),
        None => put.condition_expression("attribute_not_exists(pk)"),
    }
}
