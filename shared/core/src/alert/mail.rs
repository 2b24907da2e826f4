//! Mails that alert: what one says, whether it may be answered, and what it means to the source it came to.

mod judge;
mod key;
mod reply;
mod status;
mod verdict;

use std::fmt;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::config::MailDomain;

pub use self::judge::{Judgement, Raised, expression, fits_every_mail, groups, judge};
pub use self::key::default_key;
pub use self::reply::{command, own_words};
pub use self::verdict::{Verdict, Verdicts};

/// The longest text that is kept of a mail, in bytes.
pub const TEXT_MAX: usize = 256 * 1024;

/// A mail as far as it matters, whatever it looked like. Its `Debug` shows nothing that somebody wrote.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// The Message-ID, without its angle brackets.
    pub message_id: Option<String>,
    /// Which mails it answers, by their Message-IDs.
    pub in_reply_to: Vec<String>,
    /// The mails before it in its thread, the oldest first.
    pub references: Vec<String>,
    /// The first sender's address in lower case: what the mail claims, which only [`Verdicts`] can prove.
    pub from: Option<String>,
    /// The first sender's name as it is shown.
    pub from_name: Option<String>,
    /// More than one sender is named. Checks of a sender look at one of them, and readers show another.
    pub several_senders: bool,
    /// Where answers are to go, in lower case, if not to the sender.
    pub reply_to: Option<String>,
    /// Whom it names as its readers (To and Cc), in lower case. Where it was delivered only the envelope tells.
    pub to: Vec<String>,
    /// In one line; empty if there is none.
    pub subject: String,
    /// What it says, lines end with `\n`. At most [`TEXT_MAX`] bytes, HTML turned to text.
    pub text: String,
    /// When it was written, as it claims.
    pub date: Option<Timestamp>,
    /// Whether a person wrote it.
    pub automatic: Automatic,
    /// It carries our own mark: Handbell sent it, and it came back.
    pub ours: bool,
    /// How long it was, in bytes.
    pub size: usize,
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// What couldn't be read, in words for people.
    pub troubles: Vec<String>,
    /// The names of what hangs on it.
    pub attachments: Vec<String>,
}

/// Whether a person wrote a mail, or which kind of program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Automatic {
    /// Nothing says that it was a program.
    #[default]
    No,
    /// A monitoring system, or any other program that began by itself.
    Generated,
    /// A program that answers: a vacation notice.
    Replied,
    /// It went to many: `Precedence: bulk`, `list` or `junk`, `List-Id`.
    Bulk,
    /// A mail that couldn't be delivered comes back.
    Bounce,
}

// What people write, and who they are, is for no log.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("size", &self.size)
            .field("automatic", &self.automatic)
            .field("ours", &self.ours)
            .field("several_senders", &self.several_senders)
            .field("attachments", &self.attachments.len())
            .field("troubles", &self.troubles.len())
            .finish_non_exhaustive()
    }
}

/// Nobody reads what is sent to these (RFC 2142 and custom), or it goes round in circles.
const DEAF: [&str; 9] =
    ["mailer-daemon", "postmaster", "abuse", "root", "nobody", "bounce", "bounces", "hostmaster", "listserv"];

/// How addresses begin that say themselves that nobody reads there.
const DEAF_BEGINNINGS: [&str; 6] =
    ["no-reply", "noreply", "no_reply", "donotreply", "do-not-reply", "do_not_reply"];

impl Letter {
    /// The same for the same mail, by whatever way and however often it comes: 64 hexadecimal digits.
    ///
    /// Made of the Message-ID together with sender, date and subject, since some programs give all their mails one
    /// Message-ID. Without one, of the mail's bytes.
    pub fn identity(&self) -> String {
        let id = match &self.message_id {
            Some(id) => format!(
                "mail\0{id}\0{}\0{}\0{}\0{}",
                self.from.as_deref().unwrap_or_default(),
                self.date.map(Timestamp::as_second).unwrap_or_default(),
                self.subject,
                // A device that knows neither time nor numbers says the same each time.
                if self.date.is_none() { self.text.as_str() } else { "" }
            ),
            None => format!("bytes\0{}", self.digest),
        };
        Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Where an answer goes.
    pub fn answer_to(&self) -> Option<&str> {
        self.reply_to.as_deref().or(self.from.as_deref())
    }

    /// An answer can't go round in circles (RFC 3834): a person wrote the mail, and somebody reads the answer, who isn't
    /// us.
    pub fn may_be_answered(&self, ours: &MailDomain) -> bool {
        let addresses = [self.from.as_deref(), self.answer_to()];
        self.automatic == Automatic::No
            && !self.ours
            && !self.several_senders
            && addresses.iter().all(|address| address.is_some_and(|address| listens(address, ours)))
    }
}

/// Somebody else than us, or a program, reads what is sent to this address.
fn listens(address: &str, ours: &MailDomain) -> bool {
    let address = address.to_lowercase();
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let name = local.split('+').next().unwrap_or_default();
    let own = ours.domain.to_lowercase();
    let is_ours = domain == own
        || domain.strip_suffix(own.as_str()).is_some_and(|rest| rest.ends_with('.'))
        || address == ours.from.to_lowercase();
    let is_deaf = DEAF.contains(&name)
        || DEAF_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || name.starts_with("owner-")
        || name.ends_with("-request")
        || name.ends_with("-owner");
    !name.is_empty() && !domain.is_empty() && !is_ours && !is_deaf
}
