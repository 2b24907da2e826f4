//! What the rules decide.

use crate::conversation::{Conversation, Sender};
use crate::delivery::Dispatch;

/// What is to be written down and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The next state; none if nothing changes.
    pub next: Option<Conversation>,
    /// What the number has told us, if that changes.
    pub sender: Option<Sender>,
    /// What to say, in order.
    pub dispatches: Vec<Dispatch>,
    /// The dispatch that carries the answer, for when it is changed or deleted; 0 for everything else.
    pub answer: u32,
}

impl Turn {
    /// True if there is something to write down.
    pub fn changes_something(&self) -> bool {
        self.next.is_some() || self.sender.is_some()
    }
}

/// Nothing changes, and nobody is told.
pub(super) fn nothing() -> Turn {
    Turn { next: None, sender: None, dispatches: Vec::new(), answer: 0 }
}
