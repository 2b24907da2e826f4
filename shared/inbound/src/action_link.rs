//! The links in our mails and texts: whoever has one says "I have it" with it, as the person whom it was sent to.
//!
//! A link names one incident by its epoch, so that an old link says nothing about what happens later. It is the secret: it
//! stands in no log.

use std::fmt;

use handbell_core::Rejected;
use handbell_core::incident::Subject;
use jiff::{SignedDuration, Timestamp};

use crate::contact::Stale;
use crate::fields::Fields;
use crate::link::{sign_until, verify_until};

/// A link is good for so long.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The longest body of a press on one of the page's buttons, in bytes; the longest honest one has a dozen.
pub const BODY_LIMIT: usize = 256;

/// Stands first in what is signed, so that a link is good for nothing else that the same secret signs.
const ACT: &str = "act.";

/// In the place of a person: the link was sent to a bare number or address.
const NOBODY: &str = "-";

/// What a link is about, and for whom it was made.
#[derive(Clone, PartialEq, Eq)]
pub struct ActionLink {
    /// What the incident is about.
    pub subject: Subject,
    /// Which incident of the subject.
    pub epoch: u64,
    /// The id in the roster, if it was sent to somebody there.
    pub person: Option<String>,
}

// Who was called is for no log.
impl fmt::Debug for ActionLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionLink")
            .field("subject", &self.subject)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

/// The last piece of the link's path, good until `until`.
#[must_use]
pub fn issue(secret: &[u8], link: &ActionLink, until: Timestamp) -> String {
    let person = link.person.as_deref().unwrap_or(NOBODY);
    sign_until(secret, &format!("{ACT}{}.{}.{person}", link.subject.as_str(), link.epoch), until)
}

/// What a piece is about that one of the secrets made. [`Stale::Expired`] once its time is over, and [`Stale::Forged`] if
/// anybody else made it, or a part of it was lost on the way.
pub fn read(secrets: &[&str], piece: &str, now: Timestamp) -> Result<ActionLink, Stale> {
    let name = opened(secrets, piece, now)?;
    // What stands in a subject has no full stop; a person's id may.
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

/// The name in a signed piece. Only whoever has a piece of ours learns that its time is over.
pub(crate) fn opened(secrets: &[&str], piece: &str, now: Timestamp) -> Result<String, Stale> {
    verify_until(secrets, piece, now).ok_or_else(|| match verify_until(secrets, piece, Timestamp::MIN) {
        Some(_) => Stale::Expired,
        None => Stale::Forged,
    })
}

/// The buttons of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// "I have it."
    Have,
    /// "I can't."
    Cannot,
    /// "I still have it", for somebody who was asked.
    Still,
    /// It is done.
    Done,
}

impl Choice {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Have, Self::Cannot, Self::Still, Self::Done];

    /// As the form spells it, in its field `say`.
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

/// Which button was pressed. [`Rejected::Malformed`] for whatever our page doesn't send.
pub fn read_choice(content_type: Option<&str>, body: &[u8]) -> Result<Choice, Rejected> {
    let mut fields = Fields::read(content_type, body, BODY_LIMIT)?;
    let said = fields.take("say");
    let choice = Choice::ALL.into_iter().find(|choice| choice.name() == said);
    choice.ok_or_else(|| Rejected::Malformed("the form doesn't say what to do".into()))
}
