//! The ticket: with it, the reporter can follow the incident that the form opened. Nobody else can.

use handbell_core::incident::Subject;
use jiff::Timestamp;

use crate::action_link::opened;
use crate::contact::Stale;
use crate::link::sign_until;

/// Prefix of the signed text, so that a ticket is valid for nothing else that the same secret signs.
const TICKET: &str = "ticket.";

/// Returns the ticket for one incident, valid until `until`: the last segment of a path.
#[must_use]
pub fn issue(secret: &[u8], subject: &Subject, epoch: u64, until: Timestamp) -> String {
    sign_until(secret, &format!("{TICKET}{}.{epoch}", subject.as_str()), until)
}

/// Returns the incident of a ticket that was signed with one of the secrets. Fails with [`Stale::Expired`] once its
/// time is over, and with [`Stale::Forged`] if its signature isn't ours.
pub fn read_ticket(secrets: &[&str], piece: &str, now: Timestamp) -> Result<(Subject, u64), Stale> {
    let name = opened(secrets, piece, now)?;
    let parts = name.strip_prefix(TICKET).and_then(|rest| rest.rsplit_once('.'));
    let read = parts.and_then(|(subject, epoch)| Some((Subject::parse(subject)?, epoch.parse().ok()?)));
    read.ok_or(Stale::Forged)
}
