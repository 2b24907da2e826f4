//! A mail that SES is asked to send: its checks, its presentation, and the MIME that arrives.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::REGION;
use super::compose::{Body, File, compose, with_own};
use super::mime::{self, Attachment, decoded, several};

/// Limit of recipients in a mail: To, Cc and Bcc together.
const RECIPIENTS: usize = 50;
/// Limits of a header's name, its value, and both together, in characters (SES API v2, MessageHeader).
const NAME: usize = 126;
const VALUE: usize = 995;
const BOTH: usize = 996;
/// Limit of an encoded mail, in bytes.
const LARGEST: usize = 40 * 1024 * 1024;
/// Headers that may occur only once.
const ONCE: [&str; 3] = ["in-reply-to", "references", "auto-submitted"];
/// Headers that SES always replaces.
const OVERWRITTEN: [&str; 2] = ["message-id", "date"];

/// A mail that SES accepted.
#[derive(Clone, PartialEq, Serialize)]
pub struct SentMail {
    /// SES's id of the mail.
    pub id: String,
    /// Time at which SES accepted the mail.
    pub at: Timestamp,
    /// The sender, as given: `Shop <shop@example.com>` or the bare address.
    pub from: String,
    /// All recipients as given, in the order To, Cc, Bcc.
    pub to: Vec<String>,
    /// The decoded subject.
    pub subject: String,
    /// The body as text. Of a raw mail, its first part of plain text.
    pub text: Option<String>,
    /// The body as HTML. Of a raw mail, its first part of HTML.
    pub html: Option<String>,
    /// The other headers as they arrive: those that were given, `Reply-To`, and SES's `Message-ID`.
    pub headers: Vec<(String, String)>,
    /// The attachments.
    pub attachments: Vec<Attachment>,
}

impl fmt::Debug for SentMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Logs must not contain senders, recipients or texts, even on a laptop.
        f.debug_struct("SentMail").field("id", &self.id).field("at", &self.at).finish_non_exhaustive()
    }
}

/// Message of SES's `BadRequestException`.
pub(super) type Refused = String;

/// Parses a request to send, and returns the accepted mail and the MIME that arrives.
pub(super) fn read(body: &[u8], at: Timestamp) -> Result<(SentMail, Vec<u8>), Refused> {
    let asked: Value =
        serde_json::from_slice(body).map_err(|error| format!("the request is no JSON: {error}"))?;
    let (destination, content) = (&asked["Destination"], &asked["Content"]);
    let replies = texts(&asked["ReplyToAddresses"])?;
    let (to, cc) = (texts(&destination["ToAddresses"])?, texts(&destination["CcAddresses"])?);
    let empty = SentMail {
        // The id begins with the Region (0102) and the time.
        id: format!("0102{:012x}-{}-000000", at.as_millisecond(), uuid::Uuid::new_v4()),
        at,
        from: asked["FromEmailAddress"].as_str().unwrap_or_default().to_owned(),
        to: [to.clone(), cc.clone(), texts(&destination["BccAddresses"])?].concat(),
        subject: String::new(),
        text: None,
        html: None,
        headers: Vec::new(),
        attachments: Vec::new(),
    };
    let given = ["Simple", "Raw", "Template"].map(|kind| !content[kind].is_null());
    let (mut sent, source) = match given {
        [true, false, false] => {
            let (sent, files) = read_simple(empty, &content["Simple"])?;
            (sent, Source::Parts(files))
        }
        [false, true, false] => {
            let data = content["Raw"]["Data"].as_str().and_then(|data| STANDARD.decode(data).ok());
            let mail = data.ok_or("Raw.Data is no base 64.")?;
            (read_raw(empty, &mail)?, Source::Whole(mail))
        }
        [false, false, true] => return Err("the laptop's SES has no templates".into()),
        _ => return Err("Content has to be one of Simple, Raw and Template.".into()),
    };
    address(&sent.from).map_err(|why| format!("FromEmailAddress: {why}"))?;
    if sent.to.is_empty() {
        return Err("Destination names nobody.".into());
    }
    if sent.to.len() > RECIPIENTS {
        return Err(format!("Recipient count exceeds {RECIPIENTS}."));
    }
    sent.to.iter().chain(&replies).try_for_each(|text| address(text))?;
    if !replies.is_empty() {
        sent.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("reply-to"));
        sent.headers.push(("Reply-To".into(), replies.join(", ")));
    }
    sent.headers.retain(|(name, _)| !OVERWRITTEN.contains(&name.to_ascii_lowercase().as_str()));
    sent.headers.push(("Message-ID".into(), format!("<{}@{REGION}.amazonses.com>", sent.id)));
    let mail = match source {
        Source::Whole(mail) => with_own(&mail, &sent.id, at),
        Source::Parts(files) => {
            let named = [("From", vec![sent.from.clone()]), ("To", to), ("Cc", cc)];
            let named = named.into_iter().filter(|(_, people)| !people.is_empty());
            let head: Vec<_> = named
                .map(|(name, people)| (name.to_owned(), people.join(", ")))
                .chain(sent.headers.iter().cloned())
                .collect();
            let body = Body { text: sent.text.as_deref(), html: sent.html.as_deref(), files: &files };
            compose(&head, &sent.subject, at, &body)
        }
    };
    if mail.len() > LARGEST {
        return Err(format!("Message length is more than {LARGEST} bytes long: '{}'.", mail.len()));
    }
    Ok((sent, mail))
}

/// The content of a request.
enum Source {
    Whole(Vec<u8>),
    Parts(Vec<File>),
}

/// Reads an optional list of texts.
fn texts(list: &Value) -> Result<Vec<String>, Refused> {
    let wrong = || "a list of addresses is no list of texts".to_owned();
    if list.is_null() {
        return Ok(Vec::new());
    }
    let list = list.as_array().ok_or_else(wrong)?;
    list.iter().map(|text| text.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

fn read_simple(sent: SentMail, simple: &Value) -> Result<(SentMail, Vec<File>), Refused> {
    let data = |content: &Value| content["Data"].as_str().map(str::to_owned);
    let Some(subject) = data(&simple["Subject"]) else { return Err("Subject is missing.".into()) };
    let (text, html) = (data(&simple["Body"]["Text"]), data(&simple["Body"]["Html"]));
    if text.is_none() && html.is_none() {
        return Err("Body has to have Text, Html or both.".into());
    }
    let mut headers: Vec<(String, String)> = Vec::new();
    for header in simple["Headers"].as_array().into_iter().flatten() {
        let text = |field: &str| header[field].as_str().unwrap_or_default().to_owned();
        let (name, value) = (text("Name"), text("Value"));
        let named =
            (1..=NAME).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_graphic() && c != b':');
        let valued = (1..=VALUE).contains(&value.len()) && is_printable(&value);
        if !named || !valued || name.len() + value.len() > BOTH {
            return Err(format!(
                "the header {name:?} can't be sent: its name is printable ASCII without a colon, at most {NAME} \
                 characters, its value printable ASCII, 1 to {VALUE}, and both at most {BOTH}"
            ));
        }
        let again = headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name));
        if again && ONCE.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(format!("Duplicate header '{name}'."));
        }
        headers.push((name, value));
    }
    let files = simple["Attachments"].as_array().map_or(&[][..], Vec::as_slice);
    let files = files.iter().map(file).collect::<Result<Vec<_>, _>>()?;
    let attachments = files.iter().map(|file| Attachment {
        name: file.name.clone(),
        kind: file.kind.clone(),
        size: file.content.len(),
    });
    let attachments = attachments.collect();
    Ok((SentMail { subject, text, html, headers, attachments, ..sent }, files))
}

/// An attachment of a request (SES API v2, Attachment).
fn file(given: &Value) -> Result<File, Refused> {
    let text = |name: &str| given[name].as_str().filter(|text| !text.is_empty());
    let Some(name) = text("FileName").filter(|name| name.len() <= 255 && !name.contains(char::is_control))
    else {
        return Err("an attachment has to have a FileName of 1 to 255 characters".into());
    };
    let content = given["RawContent"].as_str().and_then(|content| STANDARD.decode(content).ok());
    let Some(content) = content else { return Err("RawContent of an attachment is no base 64.".into()) };
    let inline = match text("ContentDisposition") {
        None | Some("ATTACHMENT") => false,
        Some("INLINE") => true,
        Some(other) => return Err(format!("ContentDisposition {other:?} is none of ATTACHMENT and INLINE.")),
    };
    let guessed = || mime_guess::from_path(name).first_or_octet_stream().essence_str().to_owned();
    let kind = text("ContentType").map_or_else(guessed, str::to_owned);
    let id = text("ContentId").map(str::to_owned);
    if !is_printable(&kind) || id.as_deref().is_some_and(|id| !is_printable(id)) {
        return Err("ContentType and ContentId of an attachment are printable ASCII.".into());
    }
    Ok(File { name: name.to_owned(), kind, id, inline, content })
}

/// Takes the sender and the recipients from the raw mail if the request doesn't name them.
fn read_raw(mut sent: SentMail, mail: &[u8]) -> Result<SentMail, Refused> {
    let nobody = sent.to.is_empty();
    for (name, value) in mime::split(mail).0 {
        match name.to_ascii_lowercase().as_str() {
            "" => return Err("Raw.Data has a line among its headers that is none.".into()),
            "from" if sent.from.is_empty() => sent.from = value,
            "from" => {}
            "subject" => sent.subject = decoded(&value),
            "to" | "cc" | "bcc" if nobody => sent.to.extend(several(&value)),
            "bcc" => {}
            _ => sent.headers.push((name, value)),
        }
    }
    let mime::Shown { text, html, attachments } = mime::shown(mail);
    Ok(SentMail { text, html, attachments, ..sent })
}

pub(super) fn is_printable(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_graphic() || c == b' ')
}

/// Refuses text that is not an address such as `anna@example.com` or `Anna <anna@example.com>`. SES requires ASCII for
/// names, too; other names must be encoded.
pub(super) fn address(text: &str) -> Result<(), Refused> {
    if !is_printable(text) {
        return Err("Address contains illegal characters; encode a name that isn't ASCII.".into());
    }
    let (name, bare) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, bare)) => (name.trim(), bare),
        None => ("", text.trim()),
    };
    let quoted = name.len() >= 2 && name.starts_with('"') && name.ends_with('"');
    // An unquoted comma ends an address, and the part before it has no domain.
    let Some((local, domain)) =
        bare.rsplit_once('@').filter(|_| quoted || !name.contains([',', ';', ':', '@', '<', '>']))
    else {
        return Err("Missing final '@domain'.".into());
    };
    if local.is_empty() || local.contains([' ', '@', ',', ';', '<', '>']) {
        return Err("Local address contains control or whitespace.".into());
    }
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    if !domain.split('.').all(label) {
        return Err("Domain contains illegal character.".into());
    }
    Ok(())
}
