//! The idempotency key of an inbound event.

use jiff::SignedDuration;

/// Idempotency key of an inbound event: an event that arrives again has the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventId {
    /// Unique for the event's subject: the sender's `Idempotency-Key`, or made from the vendor's own fields.
    pub key: String,
    /// How long the key is remembered. A vendor's counter may start again; an `Idempotency-Key` doesn't.
    pub keep: SignedDuration,
}

impl EventId {
    /// How long an id is remembered whose event may be repeated at any time: more than a year.
    pub const KEEP: SignedDuration = SignedDuration::from_hours(400 * 24);
}
