//! What a decision depends on besides state and event.

use jiff::tz::TimeZone;

use crate::address::E164;
use crate::config::Line;
use crate::conversation::Address;
use crate::incident::Subject;

/// What a decision depends on besides state and event.
#[derive(Clone, Copy)]
pub struct ConversationContext<'a> {
    /// Subject of the conversation.
    pub subject: &'a Subject,
    /// How the customer is reached.
    pub address: &'a Address,
    /// The line.
    pub line: &'a Line,
    /// The time zone in which people read times.
    pub zone: &'a TimeZone,
    /// True during the team's opening hours.
    pub open: bool,
    /// All numbers of Handbell. They never get automatic replies.
    pub own_numbers: &'a [E164],
}
