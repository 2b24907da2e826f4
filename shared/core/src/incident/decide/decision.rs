//! The result of the rules.

use crate::delivery::Dispatch;
use crate::incident::{EventOutcome, Incident};

/// The result of an event: the state and the dispatches to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The next state; none if nothing changes.
    pub next: Option<Incident>,
    /// The dispatches, in order.
    pub dispatches: Vec<Dispatch>,
    /// The incident's count, which the sender of the event gets as an answer.
    pub count: u64,
    /// Outcome of the event.
    pub outcome: EventOutcome,
}

/// Changes nothing and notifies nobody.
pub(super) fn nothing(state: Option<&Incident>) -> Decision {
    Decision {
        next: None,
        dispatches: Vec::new(),
        count: state.map_or(0, |incident| incident.count),
        outcome: EventOutcome::Nothing,
    }
}
