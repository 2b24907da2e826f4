//! Mail sent through Amazon SES.

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
use handbell_core::address::EmailAddress;

use crate::failure::{Failure, VendorResult};

const SES: &str = "Amazon SES";

/// Maximum number of bytes of all attachments of a mail. SES accepts 40 MB, and the encoding adds slightly more than a
/// third (Amazon SES, quotas; RFC 2045, 6.8).
pub const ATTACHED_MAX: usize = 28 * 1000 * 1000;

/// Amazon SES with one client of the AWS SDK.
///
/// The client must not retry: after a time-out the mail may have been sent, and whether to send it again isn't decided
/// here. The client must have a time-out, since nothing else limits a call.
#[derive(Clone)]
pub struct Ses {
    client: Client,
}

impl fmt::Debug for Ses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ses").finish_non_exhaustive()
    }
}

/// A mail to be sent. Line feeds and other control characters are removed from everything but the bodies.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// One of our addresses that SES has verified, with or without a name: `Green Power <help@example.com>`.
    pub from: String,
    /// Recipient.
    pub to: EmailAddress,
    /// Address for replies, if not `from`.
    pub reply_to: Option<EmailAddress>,
    /// Subject, in any script.
    pub subject: String,
    /// Body as plain text.
    pub text: String,
    /// Body as HTML.
    pub html: Option<String>,
    /// Further headers, such as `In-Reply-To` and `Auto-Submitted`. SES accepts at most 995 ASCII characters, and
    /// writes `Message-ID` and `Date` itself. Longer values keep their last words, and `References` its first too. Of
    /// two headers with the same name, the first counts.
    pub headers: Vec<(String, String)>,
    /// Tags that SES repeats in its delivery events: letters, digits, `_` and `-`, at most 256 characters. Other
    /// characters become `_`.
    pub tags: Vec<(String, String)>,
    /// Attachments, at most [`ATTACHED_MAX`] bytes in total.
    pub attachments: Vec<Attachment>,
}

/// An attachment of a mail.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attachment {
    /// Name; folders are removed. SES refuses some extensions, such as `.exe` (Amazon SES, unsupported attachment
    /// types).
    pub name: String,
    /// Media type without parameters. An invalid one becomes `application/octet-stream`.
    pub content_type: String,
    /// The content.
    pub bytes: Bytes,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl OutgoingMail {
    /// Creates a mail without a subject and a body.
    pub fn new(from: String, to: EmailAddress) -> OutgoingMail {
        OutgoingMail {
            from,
            to,
            reply_to: None,
            subject: String::new(),
            text: String::new(),
            html: None,
            headers: Vec::new(),
            tags: Vec::new(),
            attachments: Vec::new(),
        }
    }
}

impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMail")
            .field("bytes", &self.text.len())
            .field("html", &self.html.is_some())
            .field("headers", &self.headers.len())
            .field("attachments", &self.attachments.len())
            .finish_non_exhaustive()
    }
}

impl Ses {
    /// The client provides address, region and credentials.
    pub fn new(client: Client) -> Ses {
        Ses { client }
    }

    /// Sends a mail and returns SES's id. The recipient's `Message-ID` is `<id@email.amazonses.com>` in us-east-1 and
    /// `<id@REGION.amazonses.com>` elsewhere. The mail is accepted then, not delivered.
    pub async fn send(&self, mail: &OutgoingMail) -> VendorResult<String> {
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
        id.ok_or_else(|| Failure::unknown(format!("{SES} accepted the mail but returned no id")))
    }
}

fn address(text: &str) -> VendorResult<String> {
    clean::mailbox(text).ok_or_else(|| Failure::never_asked("the mail has an address that isn't one address"))
}

fn message(mail: &OutgoingMail) -> Result<Message, BuildError> {
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

fn tags(mail: &OutgoingMail) -> Result<Option<Vec<MessageTag>>, BuildError> {
    let clean = mail.tags.iter().map(|(name, value)| (clean::tag(name), clean::tag(value)));
    let tags: Vec<MessageTag> = clean
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .map(|(name, value)| MessageTag::builder().name(name).value(value).build())
        .collect::<Result<_, _>>()?;
    Ok((!tags.is_empty()).then_some(tags))
}

/// Classifies a failed request. SES's own words are left out: they contain addresses.
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
        _ => Failure::unknown(format!("the outcome at {SES} is unknown")),
    }
}

/// Classifies a failure without a response. The SDK reports only that it could not read or write; the client below it
/// knows whether there was a connection.
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

/// Classifies a refusal by its name (Amazon SES, SendEmail) or, if the name is unknown, by its status.
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
    fn debug_shows_no_personal_data() {
        let mail = OutgoingMail {
            subject: "Your call".into(),
            text: "Hello".into(),
            ..OutgoingMail::new("Green Power <help@example.com>".into(), "dana@example.com".parse().unwrap())
        };
        assert_eq!(
            format!("{mail:?}"),
            "OutgoingMail { bytes: 5, html: false, headers: 0, attachments: 0, .. }"
        );
    }

    #[test]
    fn names_take_precedence_over_statuses() {
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
