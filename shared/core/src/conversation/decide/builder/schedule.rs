//! When the conversation is looked at again.

use jiff::{SignedDuration, Timestamp};

use super::DecisionBuilder;

/// Time after which a waiting conversation is processed again outside of opening hours.
const CLOSED_AGAIN: SignedDuration = SignedDuration::from_mins(15);

impl DecisionBuilder<'_> {
    /// When the conversation must be looked at again; none once it is closed.
    pub(in crate::conversation::decide) fn wake_at(&self) -> Option<Timestamp> {
        let conversation = &self.next;
        if conversation.alarm != conversation.alarmed {
            return Some(self.now);
        }
        if conversation.closed {
            return None;
        }
        let quiet = conversation.heard_at.max(conversation.answered_at.unwrap_or(conversation.heard_at));
        let mut over = quiet + self.context.line.close_after.0;
        let waits = conversation.waiting_since.zip(self.context.line.waiting.as_ref());
        if waits.is_some() && over <= self.now {
            // It isn't closed, and somebody is called already: there is nothing to look for at every moment.
            over = self.now + self.context.line.close_after.0;
        }
        let waits = waits.filter(|_| conversation.alarm.is_none()).map(|(since, waiting)| {
            let limit = since + waiting.after.0;
            if limit <= self.now && !self.context.open { self.now + CLOSED_AGAIN } else { limit }
        });
        Some(waits.unwrap_or(over).max(self.now))
    }

    /// When it will be looked at: moving an entry of the index costs two writes; an early wake-up costs a look, and asks again
    /// for the right time.
    pub(super) fn due(&self) -> Option<Timestamp> {
        match (self.was_due, self.wake_at()) {
            (Some(was), Some(wanted)) if was <= wanted && was > self.now => Some(was),
            (_, wanted) => wanted,
        }
    }

    /// It would be looked at some other time than it is now. What is due already needs no moving.
    pub(in crate::conversation::decide) fn moves(&self) -> bool {
        let due = |at: Option<Timestamp>| at.map(|at| at.max(self.now));
        due(self.was_due) != due(self.due())
    }
}
