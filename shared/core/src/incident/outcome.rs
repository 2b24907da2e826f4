//! What became of an event: remembered with its id, and told to who sent it.

use serde::{Deserialize, Serialize};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandOutcome {
    /// It was counted, and took a step or not.
    Counted,
    /// It came too late, and was posted as late.
    Late,
    /// It was the same press, twice in the debounce time.
    Bounce,
    /// The state changed.
    Done,
    /// It changed nothing: the incident is another one, or already there.
    Nothing,
}
