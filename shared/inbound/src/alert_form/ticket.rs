//! The ticket: whoever sent the form finds out with it what becomes of what they reported, and nobody else does.

use handbell_core::incident::Subject;
use jiff::Timestamp;

use crate::action_link::opened;
use crate::contact::Stale;
use crate::link::sign_until;

/// Stands first in what is signed, so that a ticket is good for nothing else that the same secret signs.
const TICKET: &str = "ticket.";

/// The ticket for one incident, good until `until`: the last piece of a path.
#[must_use]
pub fn issue(secret: &[u8], subject: &Subject, epoch: u64, until: Timestamp) -> String {
    sign_until(secret, &format!("{TICKET}{}.{epoch}", subject.as_str()), until)
}

/// The incident of a ticket that one of the secrets made. [`Stale::Expired`] once its time is over, and
/// [`Stale::Forged`] if anybody else made it.
pub fn read_ticket(secrets: &[&str], piece: &str, now: Timestamp) -> Result<(Subject, u64), Stale> {
    let name = opened(secrets, piece, now)?;
    let parts = name.strip_prefix(TICKET).and_then(|rest| rest.rsplit_once('.'));
    let read = parts.and_then(|(subject, epoch)| Some((Subject::parse(subject)?, epoch.parse().ok()?)));
    read.ok_or(Stale::Forged)
}
