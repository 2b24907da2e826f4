//! The one transaction: it writes all the changes that follow from an event, or none.

use aws_sdk_dynamodb::types::builders::PutBuilder;
use handbell_core::address::PhoneAddress;
use handbell_core::config::Plan;
use handbell_core::conversation::decide::ConversationDecision;
use handbell_core::delivery::Dispatch;
use handbell_core::incident::{Incident, Kind, Phase, Subject};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::facet::parts;
use crate::table::{KEPT_SECONDS, RowKey, number, set_due, set_expiry};
use crate::{Conversations, EpochKey, HandledEvent, Incidents, TableFault, log, write};

/// Changes that follow from one event.
pub struct Commit<'a> {
    /// Version that was read; `None` if there was no incident.
    pub before: Option<u64>,
    /// The incident's next state.
    pub incident: &'a Incident,
    /// The event's key, how long the key is remembered, and what is returned to the event's sender.
    pub event: Option<(&'a str, SignedDuration, HandledEvent)>,
    /// Dispatches that the event causes.
    pub dispatches: &'a [Dispatch],
    /// How long the dispatches, and the incident of a waiting customer, are kept, in seconds.
    pub keep_seconds: i64,
    /// Whether a new incident opens, which also stores its short reference.
    pub opens: bool,
    /// Whether the incident ends with this event, which also stores its row in the log.
    pub ends: bool,
    /// The incident that the new one replaces, if that incident is over and nothing has recorded its end yet.
    pub replaces: Option<&'a Incident>,
    /// The plan, if the table doesn't contain it yet.
    pub plan: Option<(&'a str, &'a Plan)>,
}

/// Changes that follow from one event of a conversation.
pub struct CommitConversation<'a> {
    /// Subject of the conversation.
    pub subject: &'a Subject,
    /// The customer's phone, if there is one.
    pub phone: Option<&'a PhoneAddress>,
    /// Version that was read; `None` if there was no conversation.
    pub before: Option<u64>,
    /// The decision.
    pub decision: &'a ConversationDecision,
    /// The event's key, if it has one.
    pub event: Option<&'a str>,
    /// How long the rows are kept, in seconds.
    pub keep_seconds: i64,
}

/// Why a commit failed.
#[derive(Debug, thiserror::Error)]
pub enum NotCommitted {
    /// Another writer was faster. The caller reads and decides again.
    #[error("another writer was faster")]
    Conflict,
    /// The table failed. Whether the transaction was written is unknown; only the event's id can tell.
    #[error(transparent)]
    Fault(#[from] TableFault),
}

#[derive(Serialize)]
struct PlanRow<'a> {
    plan: &'a Plan,
}

impl Incidents {
    /// Writes the state, the event's row, the dispatches and the plan in one transaction. An incident that ends also
    /// gets its row in the log.
    pub async fn commit(&self, commit: Commit<'_>, now: Timestamp) -> Result<(), NotCommitted> {
        let mut items = Vec::with_capacity(3 + commit.dispatches.len());

        let subject = &commit.incident.subject;
        let mut meta = write(commit.incident, &RowKey::incident(subject))?;
        set_due(&mut meta, subject, commit.incident.wake_at);
        if subject.kind() == Kind::Waiting {
            // This row contains the customer's name, so it expires together with the conversation.
            set_expiry(&mut meta, now, commit.keep_seconds);
        } else if subject.kind() == Kind::Alert && commit.incident.phase.is_final() {
            // Each alert has a row of its own, which contains what people wrote.
            set_expiry(&mut meta, now, KEPT_SECONDS);
        }
        items.push(if_unchanged(self.put(meta), commit.before));
        if let Some((key, keep, handled)) = &commit.event {
            let mut row = write(handled, &RowKey::event(subject, key))?;
            set_expiry(&mut row, now, keep.as_secs());
            items.push(if_absent(self.put(row), now));
        }
        for dispatch in commit.dispatches {
            let mut row = write(dispatch, &RowKey::dispatch(&dispatch.key))?;
            set_due(&mut row, subject, dispatch.due(now).map(|due| due.min(now)));
            set_expiry(&mut row, now, commit.keep_seconds);
            // Once an incident has expired, its epochs start again, but its dispatches may be deleted later than it.
            items.push(if_absent(self.put(row), now));
        }
        if commit.opens {
            let named = EpochKey { subject: subject.clone(), epoch: commit.incident.epoch };
            let mut row = write(&named, &RowKey::reference(&commit.incident.reference()))?;
            set_expiry(&mut row, now, KEPT_SECONDS);
            items.push(self.put(row));
        }
        if let Some((hash, plan)) = commit.plan {
            items.push(self.put(write(&PlanRow { plan }, &RowKey::plan(hash))?));
        }
        if commit.ends {
            items.extend(log::row(commit.incident, now)?.map(|row| self.put(row)));
        }
        if let Some(replaced) = commit.replaces {
            let lapsed = Incident { phase: Phase::Lapsed, ..replaced.clone() };
            items.extend(log::row(&lapsed, now)?.map(|row| self.put(row)));
        }

        self.transact(parts(items)?).await
    }
}

impl Conversations {
    /// Writes a decision about a conversation in one transaction: its state, the preferences of the customer's number,
    /// the event's row and the dispatches.
    pub async fn commit_conversation(
        &self,
        commit: CommitConversation<'_>,
        now: Timestamp,
    ) -> Result<(), NotCommitted> {
        let CommitConversation { subject, decision, keep_seconds, .. } = commit;
        let mut items = Vec::with_capacity(3 + decision.dispatches.len());
        if let Some(next) = &decision.next {
            let mut meta = write(next, &RowKey::incident(subject))?;
            set_due(&mut meta, subject, next.wake_at);
            set_expiry(&mut meta, now, keep_seconds);
            items.push(if_unchanged(self.put(meta), commit.before));
        }
        if let Some((phone, sender)) = commit.phone.zip(decision.sender.as_ref()) {
            let mut row = write(sender, &RowKey::sender(phone))?;
            // An opt-out never expires.
            if sender.opted_out.is_none() {
                set_expiry(&mut row, now, keep_seconds);
            }
            let before = (sender.version > 1).then(|| sender.version - 1);
            items.push(if_unchanged(self.put(row), before));
        }
        if let Some(key) = commit.event {
            let epoch = decision.next.as_ref().map_or(0, |next| next.epoch);
            let handled = HandledEvent { count: u64::from(decision.answer), at: now, epoch };
            let mut row = write(&handled, &RowKey::event(subject, key))?;
            // Signed requests contain no time. The ids of handled events are therefore kept even if everything else
            // expires sooner, so that nobody can replay a request.
            set_expiry(&mut row, now, keep_seconds.max(KEPT_SECONDS));
            items.push(if_absent(self.put(row), now));
        }
        for dispatch in &decision.dispatches {
            let mut row = write(dispatch, &RowKey::dispatch(&dispatch.key))?;
            set_due(&mut row, subject, first_due(dispatch, now));
            set_expiry(&mut row, now, keep_seconds);
            // Once a conversation has expired, its numbers start again, but DynamoDB may keep the expired rows for two
            // more days.
            items.push(if_absent(self.put(row), now));
        }
        self.transact(parts(items)?).await
    }
}

/// Returns when a new dispatch of a conversation is processed first: at once, except for replies that are held for a
/// moment.
pub fn first_due(dispatch: &Dispatch, now: Timestamp) -> Option<Timestamp> {
    dispatch.due(now).map(|due| if dispatch.deliveries.is_empty() { now } else { due.max(now) })
}

/// Puts a row on condition that the stored row still has the version that was read.
pub(crate) fn if_unchanged(put: PutBuilder, before: Option<u64>) -> PutBuilder {
    match before {
        Some(version) => put
            .condition_expression("version = :before")
            .expression_attribute_values(":before", number(version)),
        None => put.condition_expression("attribute_not_exists(pk)"),
    }
}

/// Lets a put succeed only if there is no row, or if it has expired: DynamoDB deletes expired rows up to two days late.
pub(crate) fn if_absent(put: PutBuilder, now: Timestamp) -> PutBuilder {
    put.condition_expression("attribute_not_exists(pk) OR expires_at < :now")
        .expression_attribute_values(":now", number(now.as_second()))
}
