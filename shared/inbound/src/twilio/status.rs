//! Statuses of texts and calls, and their order.

use super::short;

/// Status of a text (Twilio documentation, "Message resource", "Message status values").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageStatus {
    /// Scheduled for later.
    Scheduled,
    /// Accepted by Twilio, which selects a sender.
    Accepted,
    /// Queued.
    Queued,
    /// On its way to the carrier.
    Sending,
    /// Accepted by the carrier. If the carrier reports nothing more, this is the last status.
    Sent,
    /// Delivered to some of the recipients.
    PartiallyDelivered,
    /// Inbound, being received.
    Receiving,
    /// Inbound, received.
    Received,
    /// Delivered.
    Delivered,
    /// The carrier couldn't deliver the text.
    Undelivered,
    /// The text could not be sent.
    Failed,
    /// We cancelled the text before it was sent.
    Canceled,
    /// Read, after it had been delivered.
    Read,
    /// A status that isn't known. It follows no other status.
    Other(String),
}

impl From<&str> for MessageStatus {
    fn from(word: &str) -> MessageStatus {
        match word {
            "scheduled" => MessageStatus::Scheduled,
            "accepted" => MessageStatus::Accepted,
            "queued" => MessageStatus::Queued,
            "sending" => MessageStatus::Sending,
            "sent" => MessageStatus::Sent,
            "partially_delivered" => MessageStatus::PartiallyDelivered,
            "receiving" => MessageStatus::Receiving,
            "received" => MessageStatus::Received,
            "delivered" => MessageStatus::Delivered,
            "undelivered" => MessageStatus::Undelivered,
            "failed" => MessageStatus::Failed,
            "canceled" => MessageStatus::Canceled,
            "read" => MessageStatus::Read,
            other => MessageStatus::Other(short(other)),
        }
    }
}

impl MessageStatus {
    /// Returns the progress, from 0 for none.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            MessageStatus::Other(_) => 0,
            MessageStatus::Scheduled => 1,
            MessageStatus::Accepted => 2,
            MessageStatus::Queued | MessageStatus::Receiving => 3,
            MessageStatus::Sending => 4,
            MessageStatus::Sent => 5,
            MessageStatus::PartiallyDelivered => 6,
            MessageStatus::Received
            | MessageStatus::Delivered
            | MessageStatus::Undelivered
            | MessageStatus::Failed
            | MessageStatus::Canceled => 7,
            MessageStatus::Read => 8,
        }
    }

    /// Returns whether this status is news after `earlier`. Callbacks overtake each other: a `sent` after `delivered`
    /// is outdated, and of two final statuses the first one stays. Only `read` may follow a final status, and only
    /// `delivered`.
    #[must_use]
    pub fn follows(&self, earlier: &MessageStatus) -> bool {
        match earlier {
            MessageStatus::Undelivered
            | MessageStatus::Failed
            | MessageStatus::Canceled
            | MessageStatus::Received => false,
            _ => self.rank() > earlier.rank(),
        }
    }

    /// Returns whether no further status can follow, except `read`.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.rank() >= 7
    }
}

/// Status of a call (Twilio documentation, "Call resource", "Call status values").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallStatus {
    /// Queued.
    Queued,
    /// Twilio has begun to dial.
    Initiated,
    /// Ringing.
    Ringing,
    /// Answered by a person or a machine.
    InProgress,
    /// Answered and over.
    Completed,
    /// The line was busy.
    Busy,
    /// The call could not be made, mostly because the number is invalid.
    Failed,
    /// Not answered.
    NoAnswer,
    /// We cancelled the call before it was answered.
    Canceled,
    /// A status that isn't known. It follows no other status.
    Other(String),
}

impl From<&str> for CallStatus {
    fn from(word: &str) -> CallStatus {
        match word {
            "queued" => CallStatus::Queued,
            "initiated" => CallStatus::Initiated,
            "ringing" => CallStatus::Ringing,
            // The callback's event is called `answered`, its status `in-progress`; some callbacks contain the former.
            "in-progress" | "answered" => CallStatus::InProgress,
            "completed" => CallStatus::Completed,
            "busy" => CallStatus::Busy,
            "failed" => CallStatus::Failed,
            "no-answer" => CallStatus::NoAnswer,
            "canceled" => CallStatus::Canceled,
            other => CallStatus::Other(short(other)),
        }
    }
}

impl CallStatus {
    /// Returns the progress, from 0 for none.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            CallStatus::Other(_) => 0,
            CallStatus::Queued => 1,
            CallStatus::Initiated => 2,
            CallStatus::Ringing => 3,
            CallStatus::InProgress => 4,
            CallStatus::Completed
            | CallStatus::Busy
            | CallStatus::Failed
            | CallStatus::NoAnswer
            | CallStatus::Canceled => 5,
        }
    }

    /// Returns whether this status is news after `earlier`. Callbacks overtake each other, and of two final statuses
    /// the first one stays.
    #[must_use]
    pub fn follows(&self, earlier: &CallStatus) -> bool {
        self.rank() > earlier.rank()
    }

    /// Returns whether the call is over.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.rank() == 5
    }
}
