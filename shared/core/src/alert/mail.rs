//! Mails that raise alerts: their content, whether they may be answered, and their meaning for the source that received them.

mod grammar;
mod judge;
mod key;
mod measure;
mod reading;
mod reply;
mod systems;
mod tokens;
mod verdict;
mod words;

use std::fmt;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::config::MailDomain;

pub use self::grammar::Slot;
pub use self::judge::{
    Judged, Judgement, MailAlert, MeantBy, explain, expression, fits_every_mail, groups, judge, title,
};
pub use self::key::{LeftOut, MailKey, SharedKey};
pub use self::reading::{
    MailReading, MailStatus, ReadBy, default_key, one_trouble, read_mail, systems_in_table,
};
pub use self::reply::{command, own_words};
pub use self::verdict::{AuthVerdict, AuthVerdicts};

/// Maximum length of the text that is kept of a mail, in bytes.
pub const TEXT_MAX: usize = 256 * 1024;

/// A parsed mail, reduced to what matters. Its `Debug` shows nothing that a person wrote.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ParsedMail {
    /// The Message-ID, without its angle brackets.
    pub message_id: Option<String>,
    /// Message-IDs of the mails that it answers.
    pub in_reply_to: Vec<String>,
    /// Message-IDs of the earlier mails in its thread, the oldest first.
    pub references: Vec<String>,
    /// Address of the first sender, in lower case. The mail claims it; only [`AuthVerdicts`] can prove it.
    pub from: Option<String>,
    /// Display name of the first sender.
    pub from_name: Option<String>,
    /// True if it names more than one sender. Sender checks look at one of them, and mail programs show another.
    pub several_senders: bool,
    /// Address for replies, in lower case, if it isn't the sender's.
    pub reply_to: Option<String>,
    /// Addressees that it names (To and Cc), in lower case. Only the envelope tells where it was delivered.
    pub to: Vec<String>,
    /// Subject in one line; empty if there is none.
    pub subject: String,
    /// Text, with lines that end in `\n`. At most [`TEXT_MAX`] bytes, with HTML converted to text.
    pub text: String,
    /// When it was written, as the mail claims.
    pub date: Option<Timestamp>,
    /// Whether a person or a program wrote it.
    pub automatic: Automatic,
    /// True if it has Handbell's own header: Handbell sent it, and it came back.
    pub ours: bool,
    /// Size of the mail in bytes.
    pub size: usize,
    /// SHA-256 of the mail's bytes, in hexadecimal.
    pub digest: String,
    /// What couldn't be read, in words for people.
    pub troubles: Vec<String>,
    /// Names of the attachments.
    pub attachments: Vec<String>,
}

/// Whether a person wrote a mail, or which kind of program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Automatic {
    /// Nothing indicates a program.
    #[default]
    No,
    /// A monitoring system, or another program that sends on its own.
    Generated,
    /// A program that replies, such as a vacation notice.
    Replied,
    /// A mail to many people: `Precedence: bulk`, `list` or `junk`, `List-Id`.
    Bulk,
    /// A bounce: a mail could not be delivered.
    Bounce,
}

// What people write, and who they are, must not reach logs.
impl fmt::Debug for ParsedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedMail")
            .field("size", &self.size)
            .field("automatic", &self.automatic)
            .field("ours", &self.ours)
            .field("several_senders", &self.several_senders)
            .field("attachments", &self.attachments.len())
            .field("troubles", &self.troubles.len())
            .finish_non_exhaustive()
    }
}

/// Names of addresses that nobody reads (RFC 2142 and custom), or that would cause mail loops.
const DEAF: [&str; 9] =
    ["mailer-daemon", "postmaster", "abuse", "root", "nobody", "bounce", "bounces", "hostmaster", "listserv"];

/// Beginnings of addresses that state that nobody reads them.
const DEAF_BEGINNINGS: [&str; 6] =
    ["no-reply", "noreply", "no_reply", "donotreply", "do-not-reply", "do_not_reply"];

impl ParsedMail {
    /// Returns an id that is the same whenever the same mail arrives, by whatever way: 64 hexadecimal digits.
    ///
    /// The id is made of the Message-ID together with sender, date and subject, since some programs give all their mails one
    /// Message-ID. Without a Message-ID, it is made of the mail's bytes.
    pub fn identity(&self) -> String {
        let id = match &self.message_id {
            Some(id) => format!(
                "mail\0{id}\0{}\0{}\0{}\0{}",
                self.from.as_deref().unwrap_or_default(),
                self.date.map(Timestamp::as_second).unwrap_or_default(),
                self.subject,
                // Only the text tells the mails of a device apart that knows neither the time nor a number.
                if self.date.is_none() { self.text.as_str() } else { "" }
            ),
            None => format!("bytes\0{}", self.digest),
        };
        Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns the address for a reply.
    pub fn answer_to(&self) -> Option<&str> {
        self.reply_to.as_deref().or(self.from.as_deref())
    }

    /// Returns true if a reply can't cause a mail loop (RFC 3834): a person wrote the mail, and somebody other than Handbell reads
    /// the reply.
    pub fn may_be_answered(&self, ours: &MailDomain) -> bool {
        let addresses = [self.from.as_deref(), self.answer_to()];
        self.automatic == Automatic::No
            && !self.ours
            && !self.several_senders
            && addresses.iter().all(|address| address.is_some_and(|address| listens(address, ours)))
    }
}

/// Returns true if a person reads mail to this address, and neither Handbell nor another program.
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
