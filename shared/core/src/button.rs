//! A press of a button, once its sender is authenticated.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How the button was pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Gesture {
    /// One click.
    #[default]
    Single,
    /// Two clicks.
    Double,
    /// Three clicks.
    Triple,
    /// A long press.
    Hold,
}

/// Idempotency key of a press: a press that is sent again has the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventId {
    /// Unique for the button: the `Idempotency-Key`, or made from the vendor's own fields.
    pub key: String,
    /// How long the key is remembered. A vendor's counter may start again; an `Idempotency-Key` doesn't.
    pub keep: SignedDuration,
}

impl EventId {
    /// How long an id is remembered whose event may be repeated at any time: more than a year.
    pub const KEEP: SignedDuration = SignedDuration::from_hours(400 * 24);
}

/// One press.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Press {
    /// The id that came with it. Presses without an id are told apart by time alone.
    pub id: Option<EventId>,
    /// How the button was pressed.
    pub gesture: Gesture,
    /// When the button was pressed, if it reports that. It may have been out of range since.
    pub at: Option<Timestamp>,
    /// What the button reports about its battery, in the vendor's words, cut to 20 characters.
    pub battery: Option<String>,
}
