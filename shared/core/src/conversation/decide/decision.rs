//! The result of the rules.

use crate::conversation::{Conversation, Sender};
use crate::delivery::Dispatch;

/// What an event leads to: the states and dispatches to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationDecision {
    /// The next state; none if nothing changes.
    pub next: Option<Conversation>,
    /// The next state of the customer's number, if it changes.
    pub sender: Option<Sender>,
    /// The dispatches, in order.
    pub dispatches: Vec<Dispatch>,
    /// The dispatch that carries the answer, by which a later edit or deletion finds it; 0 for everything else.
    pub answer: u32,
}

impl ConversationDecision {
    /// Returns true if there is something to write.
    pub fn changes_something(&self) -> bool {
        self.next.is_some() || self.sender.is_some()
    }
}

/// Changes nothing and notifies nobody.
pub(super) fn nothing() -> ConversationDecision {
    ConversationDecision { next: None, sender: None, dispatches: Vec::new(), answer: 0 }
}
