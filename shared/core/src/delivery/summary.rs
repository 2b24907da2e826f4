//! The delivery summary as data: which deliveries it tells of, and their state. The words are made of it elsewhere, so that
//! a dispatch can tell cheaply whether the message in the space still shows what is the case.

use sha2::{Digest, Sha256};

use super::{
    Body, Delivery, Dispatch, InternalTask, MailMessage, Message, PhoneMessage, Progress, Receipt, SUMMARY,
    Speaker, VendorStatus,
};
use crate::conversation::TAKEN_BACK;

/// One line of the delivery summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryLine<'a> {
    /// The name of the delivery.
    pub name: &'a str,
    /// The delivery.
    pub delivery: &'a Delivery,
    /// Its state.
    pub state: DeliveryState<'a>,
}

/// How a delivery stands, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState<'a> {
    /// The vendor reported this. It knows better than we do, also when we had already given up or cancelled.
    Reported {
        /// The vendor's word.
        status: &'a VendorStatus,
        /// The vendor's error code, and what it means.
        code: Option<(u32, Option<&'a str>)>,
    },
    /// Given up.
    Failed(&'a str),
    /// Cancelled, and people should know why.
    NotSent(&'a str),
    /// Cancelled.
    NotNeeded,
    /// A mail has left; nobody tells more of it.
    MailSent,
    /// The vendor has it.
    Queued,
    /// Nobody knows yet.
    Uncertain,
    /// An attempt failed, and there will be another.
    Retried(&'a str),
    /// Not tried yet.
    Waiting,
}

impl<'a> DeliveryState<'a> {
    /// The state of a delivery, given what its vendor told.
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
            (Progress::Sent, None) => match delivery.message {
                Message::Mail(_) => Self::MailSent,
                Message::Space(_) | Message::Direct(_) | Message::Phone(_) | Message::Internal(_) => {
                    Self::Queued
                }
            },
            (Progress::Unknown, None) => Self::Uncertain,
            (Progress::Pending, None) => why.map_or(Self::Waiting, Self::Retried),
        }
    }
}

impl Dispatch {
    /// The lines of the delivery summary, in order; none while there is nothing to tell.
    pub fn summary(&self) -> Vec<SummaryLine<'_>> {
        let told = |name: &str, delivery: &Delivery| match &self.body {
            Body::Incident(_) => self.is_told_in_incident(delivery),
            Body::Conversation(_) => self.is_told_in_conversation(delivery, self.receipts.get(name)),
            // It has no space to be told in.
            Body::Notice => false,
        };
        let mut lines: Vec<_> = self
            .deliveries
            .iter()
            .filter(|(name, delivery)| told(name, delivery))
            .map(|(name, delivery)| {
                let state = DeliveryState::of(delivery, self.receipts.get(name));
                SummaryLine { name, delivery, state }
            })
            .collect();
        lines.sort_by_key(|line| line.name.parse().unwrap_or(u32::MAX));
        lines
    }

    /// Changes whenever a line of the delivery summary does.
    pub fn summary_fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        for line in self.summary() {
            digest.update(format!("{} {:?}\n", line.name, line.state));
        }
        digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The delivery summary, if it stands in the space and doesn't show what is the case now.
    pub fn stale_summary(&self) -> Option<&Delivery> {
        let summary = self.deliveries.get(SUMMARY).filter(|summary| summary.progress == Progress::Sent)?;
        if self.summary().is_empty() {
            return None;
        }
        let shown = summary.shown.as_ref().map_or("", |shown| shown.fingerprint.as_str());
        (shown != self.summary_fingerprint()).then_some(summary)
    }

    /// Every text, call and mail that pages somebody, and whatever failed.
    fn is_told_in_incident(&self, delivery: &Delivery) -> bool {
        // A later attempt is told of when it is made.
        let later = matches!(delivery.progress, Progress::Pending | Progress::Cancelled)
            && delivery.tries == 0
            && delivery.since > self.at;
        let pages = match &delivery.message {
            Message::Phone(_) | Message::Mail(MailMessage::Page { .. }) => true,
            Message::Space(_)
            | Message::Direct(_)
            | Message::Mail(MailMessage::IncidentReport { .. } | MailMessage::Reply { .. })
            | Message::Internal(_) => false,
        };
        (pages && !later) || (delivery.progress == Progress::Dead && !delivery.message.is_summary())
    }

    /// Replies and calls to an agent, and whatever failed.
    fn is_told_in_conversation(&self, delivery: &Delivery, receipt: Option<&Receipt>) -> bool {
        let automatic = self.conversation_entry().is_some_and(|entry| entry.speaker == Speaker::Handbell);
        let failed = delivery.progress == Progress::Dead
            || receipt.is_some_and(|receipt| {
                matches!(receipt.status, VendorStatus::Failed | VendorStatus::Undelivered)
            });
        match &delivery.message {
            // What is held for a moment, or said automatically, needs no word as long as all goes well.
            Message::Phone(PhoneMessage::Reply { .. }) | Message::Mail(MailMessage::Reply { .. }) => {
                failed
                    || match delivery.progress {
                        Progress::Pending => delivery.why.is_some(),
                        // That it was taken back is told by a post of its own.
                        Progress::Cancelled if delivery.why.as_deref() == Some(TAKEN_BACK) => false,
                        Progress::Unknown | Progress::Sent | Progress::Dead | Progress::Cancelled => {
                            !automatic
                        }
                    }
            }
            Message::Phone(PhoneMessage::Connect { .. }) => true,
            // The delivery summary doesn't tell of itself, and who was forgotten isn't told of.
            message if message.is_summary() => false,
            Message::Space(_)
            | Message::Direct(_)
            | Message::Phone(PhoneMessage::Text { .. } | PhoneMessage::Call { .. })
            | Message::Mail(MailMessage::Page { .. } | MailMessage::IncidentReport { .. })
            | Message::Internal(InternalTask::TextThoseCalled { .. }) => failed,
            Message::Internal(InternalTask::EraseCustomer { .. }) => false,
        }
    }
}
