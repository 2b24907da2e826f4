//! When the conversation is processed again.

use jiff::{SignedDuration, Timestamp};

use super::DecisionBuilder;
use crate::conversation::waiting::will_have_waited;

/// Time after which a waiting conversation is processed again outside of opening hours.
const CLOSED_AGAIN: SignedDuration = SignedDuration::from_mins(15);

impl DecisionBuilder<'_> {
    /// Returns when the conversation has to be processed again; none if it is closed, its incident needs no change, and no call is
    /// open.
    pub(in crate::conversation::decide) fn wake_at(&self) -> Option<Timestamp> {
        let conversation = &self.next;
        if conversation.alarm != conversation.alarmed {
            return Some(self.now);
        }
        let call = conversation.calls.iter().filter_map(|call| call.until).min().map(|at| at.max(self.now));
        if conversation.closed {
            return call;
        }
        let quiet = conversation.heard_at.max(conversation.answered_at.unwrap_or(conversation.heard_at));
        let mut over = quiet + self.context.line.close_after.0;
        let waits = conversation.waiting_since.zip(self.context.line.waiting.as_ref());
        if waits.is_some() && over <= self.now {
            // The conversation stays open, and its incident already calls people: there is nothing to do at each moment.
            over = self.now + self.context.line.close_after.0;
        }
        let waits = waits.filter(|_| conversation.alarm.is_none()).map(|(since, waiting)| {
            let limit = will_have_waited(self.context.line, self.context.zone, since, waiting.after.0);
            let soon = self.now + CLOSED_AGAIN;
            limit.filter(|limit| *limit > self.now || self.context.open).unwrap_or(soon)
        });
        let next = waits.unwrap_or(over).max(self.now);
        Some(call.map_or(next, |call| call.min(next)))
    }

    /// Returns when the conversation will be processed again. Moving an index entry costs two writes; an early wake-up costs one
    /// read, and sets the right time.
    pub(super) fn due(&self) -> Option<Timestamp> {
        match (self.was_due, self.wake_at()) {
            (Some(was), Some(wanted)) if was <= wanted && was > self.now => Some(was),
            (_, wanted) => wanted,
        }
    }

    /// Returns true if the wake-up has to be moved. One that is due already needn't be.
    pub(in crate::conversation::decide) fn must_move_wake(&self) -> bool {
        let due = |at: Option<Timestamp>| at.map(|at| at.max(self.now));
        due(self.was_due) != due(self.due())
    }
}
