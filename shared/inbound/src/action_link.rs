//! Action links in our mails. A person who opens one acknowledges, declines or closes an incident as the
//! person to whom it was sent.
//!
//! A link names one incident by its epoch, so that an old link has no effect on later incidents. The link is a secret
//! and appears in no log.

use std::fmt;

use handbell_core::Rejected;
use handbell_core::incident::Subject;
use jiff::{SignedDuration, Timestamp};

use crate::contact::Stale;
use crate::fields::Fields;
use crate::link::{sign_until, verify_until};

/// How long a link is valid.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Maximum size of the body of a submitted page button, in bytes. The longest legitimate one has a dozen.
pub const BODY_LIMIT: usize = 256;

/// Prefix of the signed text, so that a link is valid for nothing else that the same secret signs.
const ACT: &str = "act.";

/// Placeholder for the person, if the link was sent to a bare number or address.
const NOBODY: &str = "-";

/// Content of a link: the incident, and the person to whom it was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct ActionLink {
    /// Subject of the incident.
    pub subject: Subject,
    /// Which of the subject's incidents.
    pub epoch: u64,
    /// The person's id in the roster, if the link was sent to a person there.
    pub person: Option<String>,
}

// The recipient must not appear in logs.
impl fmt::Debug for ActionLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionLink")
            .field("subject", &self.subject)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

/// Returns the last segment of the link's path, valid until `until`.
#[must_use]
pub fn issue(secret: &[u8], link: &ActionLink, until: Timestamp) -> String {
    let person = link.person.as_deref().unwrap_or(NOBODY);
    sign_until(secret, &format!("{ACT}{}.{}.{person}", link.subject.as_str(), link.epoch), until)
}

/// Reads a segment that was signed with one of the secrets. Fails with [`Stale::Expired`] once its time is over, and
/// with [`Stale::Forged`] if its signature isn't ours or a part of it was lost on the way.
pub fn read(secrets: &[&str], piece: &str, now: Timestamp) -> Result<ActionLink, Stale> {
    let name = opened(secrets, piece, now)?;
    // A subject contains no full stop, but a person's id may.
    let mut parts = name.strip_prefix(ACT).ok_or(Stale::Forged)?.splitn(3, '.');
    let (Some(subject), Some(epoch), Some(person)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Stale::Forged);
    };
    let (Some(subject), Ok(epoch)) = (Subject::parse(subject), epoch.parse()) else {
        return Err(Stale::Forged);
    };
    let person = Some(person.to_owned()).filter(|person| person != NOBODY);
    Ok(ActionLink { subject, epoch, person })
}

/// Returns the name in a signed segment. Only the holder of a genuine segment learns that its time is over.
pub(crate) fn opened(secrets: &[&str], piece: &str, now: Timestamp) -> Result<String, Stale> {
    verify_until(secrets, piece, now).ok_or_else(|| match verify_until(secrets, piece, Timestamp::MIN) {
        Some(_) => Stale::Expired,
        None => Stale::Forged,
    })
}

/// Buttons of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkAction {
    /// "I have it": acknowledges the incident.
    Have,
    /// "I can't": declines.
    Cannot,
    /// "I still have it", in answer to a reminder.
    Still,
    /// Closes the incident.
    Done,
}

impl LinkAction {
    /// All choices.
    pub const ALL: [Self; 4] = [Self::Have, Self::Cannot, Self::Still, Self::Done];

    /// Returns the value of the form's field `say`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Have => "have",
            Self::Cannot => "cannot",
            Self::Still => "still",
            Self::Done => "done",
        }
    }
}

/// Reads which button was pressed. Fails with [`Rejected::Malformed`] for anything that our page doesn't send.
pub fn read_choice(content_type: Option<&str>, body: &[u8]) -> Result<LinkAction, Rejected> {
    let mut fields = Fields::read(content_type, body, BODY_LIMIT)?;
    let said = fields.take("say");
    let choice = LinkAction::ALL.into_iter().find(|choice| choice.name() == said);
    choice.ok_or_else(|| Rejected::Malformed("the form doesn't say what to do".into()))
}
