//! Mail: what Amazon SES sends for us.

mod clean;

use std::collections::HashSet;
use std::error::Error;
use std::fmt;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{
    Attachment as Part, AttachmentContentDisposition, AttachmentContentTransferEncoding, Body, Content,
    Destination, EmailContent, Message, MessageHeader, MessageTag,
};
use bytes::Bytes;

use crate::failure::{Failure, Said};

const SES: &str = "Amazon SES";

/// The most bytes of what is attached to one mail: SES takes 40 MB, and what is attached grows by a third and a little on its
/// way (Amazon SES, quotas; RFC 2045, 6.8).
pub const ATTACHED_MAX: usize = 28 * 1000 * 1000;

/// Amazon SES with one client of the AWS SDK.
///
/// The client shall have no retries: after a timeout a mail may have been sent, and whether to send it again isn't
/// decided here. It shall have a timeout, since it is what a call lasts at most.
#[derive(Clone)]
pub struct Ses {
    client: Client,
}

impl fmt::Debug for Ses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ses").finish_non_exhaustive()
    }
}

/// A mail to be sent. Line feeds and other control characters are taken out of everything but the texts.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// An address of ours that SES has verified, with a name before it or without: `Green Power <help@example.com>`.
    pub from: String,
    /// Whom it is for; one address.
    pub to: String,
    /// Where answers shall go, if not to `from`.
    pub reply_to: Option<String>,
    /// The subject, in any writing.
    pub subject: String,
    /// What it says, plain.
    pub text: String,
    /// The same as a page.
    pub html: Option<String>,
    /// Further headers, as `In-Reply-To` and `Auto-Submitted`; SES takes 995 characters of ASCII at most, and writes
    /// `Message-ID` and `Date` itself. Of longer ones the last words are kept, and of `References` the first too. Of two with
    /// the same name the first counts.
    pub headers: Vec<(String, String)>,
    /// What SES shall tell with what becomes of it: letters, digits, `_` and `-`, at most 256. Others become `_`.
    pub tags: Vec<(String, String)>,
    /// Files that go along, [`ATTACHED_MAX`] bytes at most in all.
    pub attachments: Vec<Attachment>,
}

/// A file that goes along with a mail.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attachment {
    /// What it is called; folders are taken out. SES refuses mails with some endings, as `.exe` (Amazon SES, unsupported
    /// attachment types).
    pub name: String,
    /// Its media type, without parameters; what is none becomes `application/octet-stream`.
    pub content_type: String,
    /// What is in it.
    pub bytes: Bytes,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("bytes", &self.text.len())
            .field("html", &self.html.is_some())
            .field("headers", &self.headers.len())
            .field("attachments", &self.attachments.len())
            .finish_non_exhaustive()
    }
}

impl Ses {
    /// The client brings address, region and credentials along.
    pub fn new(client: Client) -> Ses {
        Ses { client }
    }

    /// Sends a mail; gives SES' id for it, of which the `Message-ID` that the recipient sees is made:
    /// `<id@email.amazonses.com>` in us-east-1 and `<id@REGION.amazonses.com>` elsewhere. It is accepted then, not
    /// delivered.
    pub async fn send(&self, mail: &Mail) -> Said<String> {
        let attached: usize = mail.attachments.iter().map(|file| file.bytes.len()).sum();
        if attached > ATTACHED_MAX {
            return Err(Failure::never_asked(format!("the files are larger than {SES} takes: 28 MB in all")));
        }
        let message = message(mail).map_err(|_| Failure::never_asked("the mail can't be written"))?;
        let request = self
            .client
            .send_email()
            .from_email_address(address(&mail.from)?)
            .destination(Destination::builder().to_addresses(address(&mail.to)?).build())
            .set_reply_to_addresses(mail.reply_to.as_deref().map(|to| Ok(vec![address(to)?])).transpose()?)
            .set_email_tags(tags(mail).map_err(|_| Failure::never_asked("the mail's tags can't be written"))?)
            .content(EmailContent::builder().simple(message).build());
        let sent = request.send().await.map_err(|error| failed(&error))?;
        let id = sent.message_id.filter(|id| !id.is_empty());
        id.ok_or_else(|| Failure::unknown(format!("{SES} said yes but not under which id")))
    }
}

fn address(text: &str) -> Said<String> {
    clean::mailbox(text).ok_or_else(|| Failure::never_asked("the mail has an address that isn't one address"))
}

fn message(mail: &Mail) -> Result<Message, BuildError> {
    let content = |text: &str| Content::builder().data(text).charset("UTF-8").build();
    let mut body = Body::builder().text(content(&mail.text)?);
    if let Some(html) = &mail.html {
        body = body.html(content(html)?);
    }
    let mut named = HashSet::new();
    let headers = mail.headers.iter().filter_map(|(name, value)| clean::header(name, value));
    let headers: Vec<MessageHeader> = headers
        .filter(|(name, _)| named.insert(name.to_ascii_lowercase()))
        .map(|(name, value)| MessageHeader::builder().name(name).value(value).build())
        .collect::<Result<_, _>>()?;
    let parts: Vec<Part> = mail.attachments.iter().map(part).collect::<Result<_, _>>()?;
    Ok(Message::builder()
        .subject(content(&clean::line(&mail.subject))?)
        .body(body.build())
        .set_headers((!headers.is_empty()).then_some(headers))
        .set_attachments((!mail.attachments.is_empty()).then_some(parts))
        .build())
}

fn part(file: &Attachment) -> Result<Part, BuildError> {
    Part::builder()
        .raw_content(Blob::new(file.bytes.as_ref()))
        .content_disposition(AttachmentContentDisposition::Attachment)
        .content_transfer_encoding(AttachmentContentTransferEncoding::Base64)
        .file_name(clean::file_name(&file.name).unwrap_or_else(|| "file".to_owned()))
        .content_type(clean::content_type(&file.content_type))
        .build()
}

fn tags(mail: &Mail) -> Result<Option<Vec<MessageTag>>, BuildError> {
    let clean = mail.tags.iter().map(|(name, value)| (clean::tag(name), clean::tag(value)));
    let tags: Vec<MessageTag> = clean
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .map(|(name, value)| MessageTag::builder().name(name).value(value).build())
        .collect::<Result<_, _>>()?;
    Ok((!tags.is_empty()).then_some(tags))
}

/// What is known when SES did not say yes. SES' own words aren't told: they hold addresses.
fn failed<E: Error + ProvideErrorMetadata + 'static>(error: &SdkError<E>) -> Failure {
    match error {
        SdkError::ConstructionFailure(_) => Failure::never_asked(format!(
            "the request to {SES} can't be built: check its address and credentials"
        )),
        SdkError::TimeoutError(_) => Failure::unknown(format!("{SES} did not answer in time")),
        SdkError::DispatchFailure(dispatch) => match dispatch.as_connector_error() {
            Some(error) if error.is_user() => {
                Failure::never_asked(format!("the request to {SES} can't be built: check its address"))
            }
            Some(error) => without_answer(error),
            None => Failure::unknown(format!("the connection to {SES} broke before the answer came")),
        },
        SdkError::ServiceError(service) => {
            said_no(service.raw().status().as_u16(), service.err().code().unwrap_or_default())
        }
        SdkError::ResponseError(answer) => match answer.raw().status().as_u16() {
            status @ 400..500 => said_no(status, ""),
            status => Failure::unknown(format!("{SES}'s answer can't be read (HTTP {status})")),
        },
        _ => Failure::unknown(format!("nobody knows what {SES} did")),
    }
}

/// The SDK knows only that it could not read or write. Whether there was a connection, the client below it knows.
fn without_answer(error: &(dyn Error + 'static)) -> Failure {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<reqwest::Error>() {
            return Failure::without_answer(SES, error);
        }
        cause = error.source();
    }
    Failure::unknown(format!("the connection to {SES} broke before the answer came"))
}

/// A no, by its name (Amazon SES, SendEmail) or, without one that is known, by its status.
fn said_no(status: u16, name: &str) -> Failure {
    let refused = |words: &str| Failure::Refused {
        code: status.into(),
        why: format!("{words} ({SES}, HTTP {status})"),
    };
    let not_sent = |words: &str| {
        let why = format!("{words} ({SES}, HTTP {status})");
        Failure::NotSent { retry_after: None, why }
    };
    match name {
        "TooManyRequestsException" | "ThrottlingException" | "Throttling" => {
            not_sent("we are asked to slow down")
        }
        "LimitExceededException" => not_sent("we have sent as much mail as we may at the moment"),
        "MessageRejected" => {
            refused("the mail was rejected: an address in it isn't verified, or what it says isn't allowed")
        }
        "MailFromDomainNotVerifiedException" => refused("the domain that we send mail from isn't verified"),
        "AccountSuspendedException" => refused("our account may send no mail any more"),
        "SendingPausedException" => refused("sending mail is paused for our account"),
        "BadRequestException" => refused("something in the mail isn't understood, perhaps an address"),
        "NotFoundException" => {
            refused("something that the mail needs isn't there, perhaps the address we send from")
        }
        "AccessDeniedException" | "AccessDenied" => refused("our role in AWS may not send this mail"),
        "ExpiredTokenException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "InvalidClientTokenId"
        | "ExpiredToken" => refused("our credentials in AWS aren't taken"),
        _ => match status {
            429 => not_sent("we are asked to slow down"),
            408 | 500.. => Failure::unknown(format!("{SES} is in trouble (HTTP {status})")),
            400..500 => refused("the mail was refused"),
            _ => Failure::unknown(format!("{SES} answered with something unexpected (HTTP {status})")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nobody() {
        let mail = Mail {
            from: "Green Power <help@example.com>".into(),
            to: "dana@example.com".into(),
            subject: "Your call".into(),
            text: "Hello".into(),
            ..Mail::default()
        };
        assert_eq!(format!("{mail:?}"), "Mail { bytes: 5, html: false, headers: 0, attachments: 0, .. }");
    }

    #[test]
    fn names_go_before_statuses() {
        for (status, name, expected) in [
            (429, "TooManyRequestsException", "not sent: we are asked to slow down (Amazon SES, HTTP 429)"),
            (
                400,
                "LimitExceededException",
                "not sent: we have sent as much mail as we may at the moment (Amazon SES, HTTP 400)",
            ),
            (
                400,
                "SendingPausedException",
                "refused: sending mail is paused for our account (Amazon SES, HTTP 400)",
            ),
            (400, "SomethingNew", "refused: the mail was refused (Amazon SES, HTTP 400)"),
            (429, "", "not sent: we are asked to slow down (Amazon SES, HTTP 429)"),
            (503, "", "outcome unknown: Amazon SES is in trouble (HTTP 503)"),
            (302, "", "outcome unknown: Amazon SES answered with something unexpected (HTTP 302)"),
        ] {
            assert_eq!(said_no(status, name).to_string(), expected);
        }
    }
}
