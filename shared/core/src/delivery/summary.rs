//! The delivery summary as data: which deliveries it shows, and their state. `wording` makes the text from it, so that a dispatch
//! can tell cheaply whether the message in the space is still correct.

use sha2::{Digest, Sha256};

use super::{Body, Delivery, DeliveryId, Dispatch, Progress, Receipt, Speaker, VendorStatus};
use crate::conversation::TAKEN_BACK;

/// One line of the delivery summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryLine<'a> {
    /// The id of the delivery.
    pub id: DeliveryId,
    /// The delivery.
    pub delivery: &'a Delivery,
    /// Its state.
    pub state: DeliveryState<'a>,
}

/// State of a delivery, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState<'a> {
    /// The vendor reported this. The report counts, even if Handbell had already given up or cancelled the delivery.
    Reported {
        /// The vendor's status.
        status: &'a VendorStatus,
        /// The vendor's error code, and its meaning.
        code: Option<(u32, Option<&'a str>)>,
    },
    /// Given up, and why.
    Failed(&'a str),
    /// Cancelled, and why; people should know.
    NotSent(&'a str),
    /// Cancelled.
    NotNeeded,
    /// The mail was sent. No receipt follows.
    MailSent,
    /// The vendor has accepted it.
    Queued,
    /// Unknown whether it was sent.
    Uncertain,
    /// An attempt failed, and there will be another.
    Retried(&'a str),
    /// Not tried yet.
    Waiting,
}

impl<'a> DeliveryState<'a> {
    /// Returns the state of a delivery, given its receipt.
    pub fn of(delivery: &'a Delivery, receipt: Option<&'a Receipt>) -> Self {
        let why = delivery.why.as_deref();
        match (delivery.progress, receipt) {
            (_, Some(receipt)) => Self::Reported {
                status: &receipt.status,
                code: receipt.code.map(|code| (code, receipt.why.as_deref())),
            },
            (Progress::Dead, None) => Self::Failed(why.unwrap_or_default()),
            (Progress::Cancelled, None) if delivery.message.is_reply() && why.is_some() => {
                Self::NotSent(why.unwrap_or_default())
            }
            (Progress::Cancelled, None) => Self::NotNeeded,
            (Progress::Sent, None) if delivery.message.is_mail() => Self::MailSent,
            (Progress::Sent, None) => Self::Queued,
            (Progress::Unknown, None) => Self::Uncertain,
            (Progress::Pending, None) => why.map_or(Self::Waiting, Self::Retried),
        }
    }
}

impl Dispatch {
    /// Returns the lines of the delivery summary, in order; empty while there is nothing to show.
    pub fn summary(&self) -> Vec<SummaryLine<'_>> {
        let told = |id: &DeliveryId, delivery: &Delivery| match &self.body {
            Body::Incident(_) => self.is_told_in_incident(delivery),
            Body::Conversation(_) => self.is_told_in_conversation(delivery, self.receipts.get(id)),
            // A notice has no space for a delivery summary.
            Body::Notice => false,
        };
        self.deliveries
            .iter()
            .filter(|(id, delivery)| told(id, delivery))
            .map(|(id, delivery)| {
                let state = DeliveryState::of(delivery, self.receipts.get(id));
                SummaryLine { id: *id, delivery, state }
            })
            .collect()
    }

    /// Returns a fingerprint that changes whenever a line of the delivery summary does.
    pub fn summary_fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        for line in self.summary() {
            digest.update(format!("{} {:?}\n", line.id, line.state));
        }
        crate::hex(&digest.finalize()[..8])
    }

    /// Returns the delivery summary, if it was posted in the space and doesn't show the current state.
    pub fn stale_summary(&self) -> Option<&Delivery> {
        let summary =
            self.deliveries.get(&DeliveryId::Summary).filter(|summary| summary.progress == Progress::Sent)?;
        if self.summary().is_empty() {
            return None;
        }
        let shown = summary.shown.as_ref().map_or("", |shown| shown.fingerprint.as_str());
        (shown != self.summary_fingerprint()).then_some(summary)
    }

    /// Returns true for every text, call and mail that pages somebody, and for every failure.
    fn is_told_in_incident(&self, delivery: &Delivery) -> bool {
        // A later attempt is shown once it is made.
        let later = matches!(delivery.progress, Progress::Pending | Progress::Cancelled)
            && delivery.tries == 0
            && delivery.since > self.at;
        let pages = delivery.message.paged().is_some();
        (pages && !later) || (delivery.progress == Progress::Dead && !delivery.message.is_summary())
    }

    /// Returns true for replies, for calls to an agent, and for every failure.
    fn is_told_in_conversation(&self, delivery: &Delivery, receipt: Option<&Receipt>) -> bool {
        let automatic = self.conversation_entry().is_some_and(|entry| entry.speaker == Speaker::Handbell);
        let failed = delivery.progress == Progress::Dead
            || receipt.is_some_and(|receipt| {
                matches!(receipt.status, VendorStatus::Failed | VendorStatus::Undelivered)
            });
        let message = &delivery.message;
        // A reply that is held for a moment, or was sent automatically, is shown only if something goes wrong.
        if message.is_reply() {
            return failed
                || match delivery.progress {
                    Progress::Pending => delivery.why.is_some(),
                    // A separate post reports that it was withdrawn.
                    Progress::Cancelled if delivery.why.as_deref() == Some(TAKEN_BACK) => false,
                    Progress::Unknown | Progress::Sent | Progress::Dead | Progress::Cancelled => !automatic,
                };
        }
        // The delivery summary doesn't show itself, nor that a customer was erased.
        let hidden = message.is_summary() || message.erases();
        message.connects_agent() || (failed && !hidden)
    }
}
