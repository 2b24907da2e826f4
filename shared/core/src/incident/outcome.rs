//! Outcome of an event: stored with the event's id, and returned to the sender.

use serde::{Deserialize, Serialize};

/// Outcome of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventOutcome {
    /// The press or alert was counted, and perhaps took a step.
    Counted,
    /// The press came too late, and was posted as late.
    Late,
    /// The press was a repetition within the debounce time.
    Debounced,
    /// The state changed.
    Done,
    /// Nothing changed: the incident is another one, or is in that state already.
    Nothing,
}
