//! What the rules decide.

use crate::delivery::Dispatch;
use crate::incident::{CommandOutcome, Incident};

/// What is to be written down and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The next state; none if nothing changes.
    pub next: Option<Incident>,
    /// The dispatches, in order.
    pub dispatches: Vec<Dispatch>,
    /// The count that the sender of the event is told.
    pub count: u64,
    /// What became of it, for the history: `step 2`, `late`, `bounce` …
    pub outcome: CommandOutcome,
}

/// Nothing changes, and nobody is told.
pub(super) fn nothing(state: Option<&Incident>) -> Decision {
    Decision {
        next: None,
        dispatches: Vec::new(),
        count: state.map_or(0, |incident| incident.count),
        outcome: CommandOutcome::Nothing,
    }
}
