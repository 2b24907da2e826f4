//! Dispatches: the batch of deliveries that one decision requests. One worker at a time processes a dispatch, under a lease.
//!
//! This file has the types of a delivery. `life` has the rules of its life cycle.

mod calls;
mod chain;
mod content;
mod dispatch;
mod id;
mod lease;
mod life;
mod message;
mod receipt;
mod reference_tag;
mod summary;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::vendor_id::MessageId;

pub use calls::OtherCalls;
pub use content::{Content, ConversationEntry, Medium, Speaker, TakenBack};
pub use dispatch::{Body, Dispatch, DispatchKey, OfConversation, OfIncident, Patience};
pub use id::{DeliveryId, NotADeliveryId};
pub use lease::Lease;
pub use life::{Outcome, Task};
// All of them, so that a new kind of message needs no line here.
pub use message::*;
pub use receipt::{Receipt, VendorStatus};
pub use reference_tag::{ReferenceTag, has_reference_tag};
pub use summary::{DeliveryState, SummaryLine};

/// How long a lease lasts. Another worker may claim the dispatch [`LEASE_MARGIN`] after its end.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How long after its end a lease counts as over, since clocks differ.
pub const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(10);
/// How long after the claim a vendor call may begin. So none begins later than this after an acknowledgement.
pub const START_WITHIN: SignedDuration = SignedDuration::from_secs(8);
/// How long a vendor is given after an unknown outcome, before the delivery is looked up.
pub const SETTLE: SignedDuration = SignedDuration::from_secs(30);
/// Number of attempts after which a delivery is dead.
pub const MAX_ATTEMPTS: u32 = 12;
/// Number of claims that no alert is expected to need; a customer's text that is retried for a day needs about three times as many.
/// For each such number of claims, a dispatch pauses for another second before the next claim, up to a minute.
pub const CLAIMS_EXPECTED: u32 = 100;
/// Number of attempts with unknown outcome after which a delivery fails over to another channel: three copies at most.
pub const MAX_UNKNOWN: u32 = 3;
/// Age at which a delivery is dead.
pub const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);
/// Maximum number of edits of a message. Webex allows ten; one is kept in reserve.
pub const MAX_EDITS: u32 = 9;
/// Changes of the delivery summary within this time are shown by one edit.
pub const SUMMARY_PAUSE: SignedDuration = SignedDuration::from_secs(2);

/// Progress of a delivery on Handbell's side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// To be sent once `next_at` has come.
    #[default]
    Pending,
    /// Possibly sent. To be looked up once `next_at` has come.
    Unknown,
    /// The vendor has accepted it.
    Sent,
    /// Given up; `why` states the reason.
    Dead,
    /// No longer to be sent, for example because an acknowledgement or an end came first.
    Cancelled,
}

/// One message to one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The message and its recipient.
    #[serde(flatten)]
    pub message: Message,
    /// Progress so far.
    #[serde(default)]
    pub progress: Progress,
    /// Number of attempts so far.
    #[serde(default, skip_serializing_if = "crate::is_zero")]
    pub tries: u32,
    /// Number of attempts with unknown outcome so far.
    #[serde(default, skip_serializing_if = "crate::is_zero")]
    pub unknowns: u32,
    /// Earliest time of the next attempt or look-up.
    pub next_at: Timestamp,
    /// Time from which its age counts: when it was decided, or the later time for which it is planned.
    pub since: Timestamp,
    /// Number of look-ups that found nothing, where one doesn't prove enough: a bot can't list its own posts.
    #[serde(default, skip_serializing_if = "crate::is_zero")]
    pub looks: u32,
    /// The vendor's id, once it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Why it failed, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Number of the dispatch under whose card this post appears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<u32>,
    /// The delivery that this one replaces, since that one failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<DeliveryId>,
    /// True for a notice to the admins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin_notice: bool,
    /// The person to reach, where several attempts are made for the same person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Recipient>,
    /// What the delivery summary showed last, and how often it was edited. Only for [`SpaceMessage::DeliverySummary`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
}

/// The person whom a delivery is to reach. Attempts for the same person follow each other in the order of their ids.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The id in the roster, or a bare number.
    pub id: String,
    /// The name shown to people.
    pub name: String,
    /// The remaining attempts are cancelled once one was answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub until_answered: bool,
}

// Names and numbers must not reach logs.
impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recipient").field("until_answered", &self.until_answered).finish_non_exhaustive()
    }
}

/// What the delivery summary shows in the space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Fingerprint of its lines; empty when it isn't known.
    pub fingerprint: String,
    /// Number of edits.
    pub edits: u32,
}

impl Delivery {
    /// Creates a delivery that is due now.
    pub fn new(message: Message, now: Timestamp) -> Self {
        Self {
            message,
            progress: Progress::Pending,
            tries: 0,
            unknowns: 0,
            looks: 0,
            next_at: now,
            since: now,
            id: None,
            why: None,
            under: None,
            replaces: None,
            admin_notice: false,
            recipient: None,
            shown: None,
        }
    }

    /// Moves the delivery to a later time.
    pub fn at(self, at: Timestamp) -> Self {
        Self { next_at: at, since: at, ..self }
    }

    /// Returns the id of the post that it became; none if it wasn't sent, or became no post.
    pub fn post_id(&self) -> Option<MessageId> {
        self.id.as_deref()?.parse().ok()
    }

    /// Returns true if something is left to do: to send it, or to look it up.
    pub fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Pending | Progress::Unknown)
    }
}

/// A fact: an event for other systems, published on EventBridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Unique id, by which a receiver recognises a duplicate.
    pub id: String,
    /// `incident.opened`, `incident.acknowledged`, `delivery.dead` …
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// Fields in addition to those of the incident, in plain words.
    pub detail: BTreeMap<String, String>,
}
