//! Mail: parses any bytes into a [`ParsedMail`] that a person can read, and reads SES's notices of received mails.
//!
//! Nobody can be asked to rewrite a mail at 3 a.m., so [`parse`] never fails: it reads a broken mail as far as
//! possible, and [`ParsedMail::troubles`] lists the rest. Time and memory are bounded by the length of the mail: this
//! module splits it into parts itself, to a fixed depth and number, and leaves the content of headers and the charsets
//! to mail-parser.

mod head;
mod html;
mod kind;
mod notice;
mod parts;
mod text;
mod verdicts;

use handbell_core::alert::mail::ParsedMail;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use self::head::Head;
pub use self::html::to_text as html_to_text;
pub use self::notice::{Notice, parse_notice};
use self::text::one_line;
pub use self::verdicts::{recipient_in, verdicts_in};

/// Header that marks our own mails, so that they are recognised when they come back. Its value doesn't matter.
pub const OWN_MARK: &str = "X-Handbell";

/// Maximum length of a subject or a name, in characters.
const LINE_MAX: usize = 500;

/// Maximum number of mails, readers and attachments that are kept of those that a mail names.
const LIST_MAX: usize = 100;

/// Parses a mail. Parsing never fails: whatever the bytes are, the result contains what could be read.
pub fn parse(bytes: &[u8]) -> ParsedMail {
    // A few old programs end lines with a bare CR, which the code below doesn't support.
    let unix;
    let body_and_head = if bytes.contains(&b'\r') && !bytes.contains(&b'\n') {
        unix = bytes.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect::<Vec<u8>>();
        unix.as_slice()
    } else {
        bytes
    };
    let mut troubles = Vec::new();
    let (head, body) = head::of_mail(body_and_head, &mut troubles);
    let contents = parts::read(&head, body, troubles);
    let senders: Vec<(Option<String>, Option<String>)> = head.mailboxes("From", LIST_MAX);
    let mut troubles = contents.troubles;
    let (from_name, from) =
        senders.iter().find(|(_, address)| address.is_some()).cloned().unwrap_or_default();
    if from.is_none() {
        troubles.push("it names no sender that can be read".to_owned());
    }
    let addresses =
        |name: &str| head.mailboxes(name, LIST_MAX).into_iter().filter_map(|(_, address)| address);
    let to = addresses("To").chain(addresses("Cc")).take(LIST_MAX).collect();
    ParsedMail {
        message_id: head.ids("Message-ID", 1).pop(),
        in_reply_to: head.ids("In-Reply-To", LIST_MAX),
        references: head.ids("References", LIST_MAX),
        several_senders: senders.len() > 1 || head.count("From") > 1,
        reply_to: addresses("Reply-To").next(),
        to,
        subject: head.text("Subject").map(|subject| one_line(subject, LINE_MAX)).unwrap_or_default(),
        text: contents.text,
        date: date(&head),
        automatic: kind::automatic(&head, from.as_deref()),
        ours: head.has(OWN_MARK)
            || head.texts("X-Loop").any(|value| value.to_ascii_lowercase().contains("handbell")),
        from,
        from_name: from_name.map(|name| one_line(&name, LINE_MAX)).filter(|name| !name.is_empty()),
        size: bytes.len(),
        digest: handbell_core::hex(&Sha256::digest(bytes)),
        troubles,
        attachments: contents.attachments,
    }
}

fn date(head: &Head) -> Option<Timestamp> {
    let date = head.date("Date").filter(mail_parser::DateTime::is_valid)?;
    Timestamp::from_second(date.to_timestamp()).ok()
}
