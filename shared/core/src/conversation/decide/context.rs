//! What the rules look at, beside state and event.

use jiff::tz::TimeZone;

use crate::config::Line;
use crate::conversation::Address;
use crate::incident::Subject;

/// What the rules look at, beside state and event.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// Whose conversation.
    pub subject: &'a Subject,
    /// How the customer is reached.
    pub address: &'a Address,
    /// The line.
    pub line: &'a Line,
    /// The zone in which people read times.
    pub zone: &'a TimeZone,
    /// The team's hours.
    pub open: bool,
    /// Every number of ours: they are never answered by themselves.
    pub own_numbers: &'a [&'a str],
}
