//! Receipts: a vendor's later reports about a delivery.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The latest report of a vendor about a delivery. Its rank only rises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Order of the reports: higher is later.
    pub rank: u8,
    /// The status that the vendor reported.
    pub status: VendorStatus,
    /// The vendor's error code.
    pub code: Option<u32>,
    /// The vendor's id. It proves that the vendor has accepted the delivery.
    pub id: String,
    /// Meaning of the code, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// No further report will come.
    pub last: bool,
}

/// Status of a text or a call, as reported by a vendor (Twilio, `MessageStatus` and `CallStatus`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum VendorStatus {
    /// Accepted, not sent yet.
    Queued,
    /// On its way.
    Sent,
    /// The text is on the phone.
    Delivered,
    /// The text never reached the phone.
    Undelivered,
    /// It could not be sent, or the call could not be placed.
    Failed,
    /// The line was busy.
    Busy,
    /// The phone rang, and nobody answered.
    NoAnswer,
    /// The call was cancelled before it was answered.
    Canceled,
    /// A machine answered. Twilio reports this in addition to the status.
    Voicemail,
    /// Somebody answered the call, and it goes on.
    InProgress,
    /// The call was answered, and is over.
    Completed,
    /// Somebody read it.
    Read,
    /// Any other status, in lower case.
    Other(String),
}

impl VendorStatus {
    /// Returns true if the text or the call certainly reached nobody.
    pub fn brought_nobody(&self) -> bool {
        match self {
            Self::Undelivered
            | Self::Failed
            | Self::Busy
            | Self::NoAnswer
            | Self::Canceled
            | Self::Voicemail => true,
            Self::Queued
            | Self::Sent
            | Self::Delivered
            | Self::InProgress
            | Self::Completed
            | Self::Read
            | Self::Other(_) => false,
        }
    }

    /// Returns true if it reached somebody: a text is on the phone, or a call was answered.
    pub fn reached_somebody(&self) -> bool {
        match self {
            Self::Delivered | Self::Read | Self::InProgress | Self::Completed => true,
            Self::Queued
            | Self::Sent
            | Self::Undelivered
            | Self::Failed
            | Self::Busy
            | Self::NoAnswer
            | Self::Canceled
            | Self::Voicemail
            | Self::Other(_) => false,
        }
    }

    /// Returns the vendor's word for the status.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
            Self::Voicemail => "voicemail",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Read => "read",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for VendorStatus {
    fn from(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "queued" => Self::Queued,
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "undelivered" => Self::Undelivered,
            "failed" => Self::Failed,
            "busy" => Self::Busy,
            "no-answer" => Self::NoAnswer,
            "canceled" => Self::Canceled,
            "voicemail" => Self::Voicemail,
            "in-progress" => Self::InProgress,
            "completed" => Self::Completed,
            "read" => Self::Read,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl From<String> for VendorStatus {
    fn from(word: String) -> Self {
        Self::from(word.as_str())
    }
}

impl From<VendorStatus> for String {
    fn from(status: VendorStatus) -> Self {
        status.as_str().to_owned()
    }
}

impl fmt::Display for VendorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
