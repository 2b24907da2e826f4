//! How far a text or a call has come, and which news comes after which.

use super::short;

/// How far a text has come (Twilio documentation, "Message resource", "Message status values").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageStatus {
    /// To be sent later.
    Scheduled,
    /// Twilio has it and looks for a sender.
    Accepted,
    /// It waits its turn.
    Queued,
    /// On its way to the carrier.
    Sending,
    /// The carrier has it. Where carriers report nothing more, this is the last that is heard.
    Sent,
    /// Some of those it was for have it.
    PartiallyDelivered,
    /// On its way to us.
    Receiving,
    /// It has come to us.
    Received,
    /// It has arrived.
    Delivered,
    /// The carrier couldn't deliver it.
    Undelivered,
    /// It could not be sent.
    Failed,
    /// We took it back before it was sent.
    Canceled,
    /// It was read, after it had been delivered.
    Read,
    /// A word that Twilio didn't have when this was written. It is never further than anything.
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
    /// How far along it is. 0 is nowhere.
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

    /// Whether this is news after `earlier`. Callbacks overtake each other: a `sent` that comes after `delivered` is none,
    /// and of two ends the first one stays. Only `read` may follow an end, and only `delivered`.
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

    /// Whether nothing more is to come, but perhaps that it was read.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.rank() >= 7
    }
}

/// How far a call has come (Twilio documentation, "Call resource", "Call status values").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallStatus {
    /// It waits its turn.
    Queued,
    /// Twilio has begun to dial.
    Initiated,
    /// It rings.
    Ringing,
    /// Somebody, or something, has answered.
    InProgress,
    /// It was answered, and is over.
    Completed,
    /// The line was busy.
    Busy,
    /// It could not be made: mostly a number that isn't one.
    Failed,
    /// Nobody answered.
    NoAnswer,
    /// We gave it up before it was answered.
    Canceled,
    /// A word that Twilio didn't have when this was written. It is never further than anything.
    Other(String),
}

impl From<&str> for CallStatus {
    fn from(word: &str) -> CallStatus {
        match word {
            "queued" => CallStatus::Queued,
            "initiated" => CallStatus::Initiated,
            "ringing" => CallStatus::Ringing,
            // The callback's event is called `answered`, its status `in-progress`; some callbacks carry the former.
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
    /// How far along it is. 0 is nowhere.
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

    /// Whether this is news after `earlier`: callbacks overtake each other, and of two ends the first one stays.
    #[must_use]
    pub fn follows(&self, earlier: &CallStatus) -> bool {
        self.rank() > earlier.rank()
    }

    /// Whether the call is over.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.rank() == 5
    }
}
