//! A press of a button, once its sender is authenticated.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event_id::EventId;

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
