//! A dispatch: the deliveries that one decision asks for, made together under one lease.
//!
//! This file is the life of a delivery as pure rules: what is due, what an outcome means, when to look, when to give up.

mod chain;
mod content;
mod dispatch;
mod lease;
mod life;
mod message;
mod receipt;
mod summary;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use content::{Content, ConversationEntry, Medium, Speaker};
pub use dispatch::{Body, Dispatch, DispatchKey, OfConversation, OfIncident, Patience};
pub use lease::Lease;
pub use life::{Outcome, Task};
pub use message::{DirectMessage, InternalTask, MailMessage, Message, PhoneMessage, SpaceMessage};
pub use receipt::{Receipt, VendorStatus};
pub use summary::{DeliveryState, SummaryLine};

/// A lease holds this long; then another may take the dispatch after [`LEASE_MARGIN`].
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// Clocks differ: a lease counts as over only this long after its end.
pub const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(10);
/// No vendor call begins later than this after the claim, so that none begins later than this after an acknowledgement.
pub const START_WITHIN: SignedDuration = SignedDuration::from_secs(8);
/// After an unknown outcome, a vendor is given this long before anybody looks.
pub const SETTLE: SignedDuration = SignedDuration::from_secs(30);
/// So many attempts, and a delivery is dead.
pub const MAX_ATTEMPTS: u32 = 12;
/// So many attempts with unknown outcome, and another channel takes over: three copies at most.
pub const MAX_UNKNOWN: u32 = 3;
/// So old, and a delivery is dead.
pub const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);
/// Webex takes ten edits of a message; one is kept in reserve.
pub const MAX_EDITS: u32 = 9;
/// Marks a notice to the admins, in the place of the delivery that it stands in for.
pub const NOTICE: &str = "admin";
/// The name of the report among a dispatch's deliveries.
pub const SUMMARY: &str = "r";
/// Changes within this time are shown by one edit.
pub const SUMMARY_PAUSE: SignedDuration = SignedDuration::from_secs(2);

/// How far a delivery has come on our side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// To be said, when `next_at` has come.
    #[default]
    Pending,
    /// Perhaps said: to be looked for when `next_at` has come.
    Unknown,
    /// The vendor has it.
    Sent,
    /// Given up; `why` tells.
    Dead,
    /// An acknowledgement or an end came first.
    Cancelled,
}

/// One thing said to one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// What and to whom.
    #[serde(flatten)]
    pub message: Message,
    /// How far it is.
    #[serde(default)]
    pub progress: Progress,
    /// Attempts so far.
    #[serde(default)]
    pub tries: u32,
    /// Attempts with unknown outcome so far.
    #[serde(default)]
    pub unknowns: u32,
    /// Not before.
    pub next_at: Timestamp,
    /// When it was decided.
    pub since: Timestamp,
    /// Looks that found nothing, where one is not enough: a bot can't list its own posts.
    #[serde(default)]
    pub looks: u32,
    /// The vendor's id, once it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Why it failed, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// A post that stands under the card of this dispatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<u32>,
    /// The delivery that this one stands in for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
    /// Whom it is to bring, where several attempts are made for the same person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Recipient>,
    /// What the report showed last, and how often it was edited. Only for [`SpaceMessage::DeliverySummary`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
}

/// Whom a delivery is to bring. Attempts for the same person follow each other in the order of their names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The id in the roster, or a bare number.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// Once one attempt was answered the others aren't made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub until_answered: bool,
}

// Names and numbers are for no log.
impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recipient").field("until_answered", &self.until_answered).finish_non_exhaustive()
    }
}

/// What the delivery summary shows in the space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The fingerprint of its lines; empty when it isn't known.
    pub fingerprint: String,
    /// How often it was edited.
    pub edits: u32,
}

impl Delivery {
    /// A delivery that has just been decided.
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
            instead_of: None,
            recipient: None,
            shown: None,
        }
    }

    /// The same at a later time.
    pub fn at(self, at: Timestamp) -> Self {
        Self { next_at: at, since: at, ..self }
    }

    fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Pending | Progress::Unknown)
    }
}

/// Something for the bus to hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Unique, so that who hears it twice can tell.
    pub id: String,
    /// `incident.opened`, `incident.acknowledged`, `delivery.dead` …
    pub kind: String,
    /// When it applied.
    pub at: Timestamp,
    /// Fields beside the incident's own, in plain words.
    pub detail: BTreeMap<String, String>,
}
