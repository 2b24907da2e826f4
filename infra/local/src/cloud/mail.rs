//! SES: takes mail in the SDK's wire format (API version 2), keeps it for the page and the tests, and sends none of it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{REGION, lock};
use crate::sim::Stage;
use crate::sim::trouble::{HANG, TroubleKind};
use crate::wire::WireEntry;

/// The only operation: SES API v2, SendEmail.
const PATH: &str = "/aws/ses/v2/email/outbound-emails";
/// How many letters are remembered.
const KEPT: usize = 500;
/// What SES takes in one request, in bytes.
const LARGEST: usize = 40 * 1024 * 1024;
/// How much of a body the wire log keeps, in characters.
const SHOWN: usize = 16 * 1024;
/// Whom SES writes to at once: To, Cc and Bcc together.
const RECIPIENTS: usize = 50;
/// How long a header's name, its value, and both may be, in characters (SES API v2, MessageHeader).
const NAME: usize = 126;
const VALUE: usize = 995;
const BOTH: usize = 996;
/// Headers that a mail has once at most.
const ONCE: [&str; 3] = ["in-reply-to", "references", "auto-submitted"];
/// Headers that SES writes itself, whatever it is given.
const OVERWRITTEN: [&str; 2] = ["message-id", "date"];

/// A mail that SES took.
#[derive(Clone, PartialEq, Serialize)]
pub struct Letter {
    /// What SES called it when it took it.
    pub id: String,
    /// When it was taken.
    pub at: Timestamp,
    /// The sender, as given: `Shop <shop@example.com>` or the bare address.
    pub from: String,
    /// Everybody it goes to, To, Cc and Bcc in this order, as given.
    pub to: Vec<String>,
    /// The subject. Of a raw mail, as it stands there.
    pub subject: String,
    /// The body as text. Of a raw mail, everything after its headers, with all its parts.
    pub text: Option<String>,
    /// The body as HTML.
    pub html: Option<String>,
    /// The other headers as they arrive: those that were given, `Reply-To`, and SES's `Message-ID`.
    pub headers: Vec<(String, String)>,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who writes what to whom stays out of logs, on a laptop too.
        f.debug_struct("Letter").field("id", &self.id).field("at", &self.at).finish_non_exhaustive()
    }
}

/// SES. Cheap to clone.
#[derive(Clone)]
pub struct Mail {
    stage: Stage,
    letters: Arc<Mutex<VecDeque<Letter>>>,
}

/// Why SES refuses: `BadRequestException`, in words.
type Refused = String;

impl Mail {
    /// A SES that was given nothing.
    pub fn new(stage: Stage) -> Self {
        Self { stage, letters: Arc::default() }
    }

    /// The last 500 letters, oldest first.
    pub fn letters(&self) -> Vec<Letter> {
        lock(&self.letters).iter().cloned().collect()
    }

    /// The same for the page and `GET /sim/mail`, newest last.
    pub fn view(&self) -> Value {
        json!(self.letters())
    }

    /// Answers a request of the SDK, unless the trouble of the moment is that it gets no answer.
    pub async fn handle(&self, request: Request) -> Response {
        let (at, begun) = (self.stage.clock.now(), tokio::time::Instant::now());
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, LARGEST).await;
        let trouble = self.stage.troubles.strike("ses", at, TroubleKind::is_inbound);
        let response = match (trouble, trouble.and_then(TroubleKind::before)) {
            (Some(TroubleKind::TooMany), _) => throttled(),
            (_, Some(instead)) => instead,
            _ => {
                let done = self.answer(&parts, body.as_deref().ok(), at);
                match trouble {
                    Some(TroubleKind::BadGatewayAfter) => {
                        (StatusCode::BAD_GATEWAY, "<html>502 Bad Gateway</html>").into_response()
                    }
                    _ => done,
                }
            }
        };
        let (head, answer) = response.into_parts();
        let answer = to_bytes(answer, LARGEST).await.unwrap_or_default();
        let silent = matches!(trouble, Some(TroubleKind::Timeout | TroubleKind::Reset));
        let headers = parts.headers.iter().filter(|(name, _)| !is_credential(name.as_str()));
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        self.stage.wire.record(WireEntry {
            number: 0,
            at,
            from: "handbell".into(),
            to: "ses".into(),
            method: parts.method.to_string(),
            url: format!("{}{}", self.stage.origin(), parts.uri),
            headers: headers.collect(),
            body: cut(&body.unwrap_or_default()),
            status: if silent { 0 } else { head.status.as_u16() },
            answer: if silent { String::new() } else { cut(&answer) },
            verdict: "not checked".into(),
            millis: begun.elapsed().as_millis() as u64,
        });
        self.stage.touch();
        match trouble {
            Some(TroubleKind::Timeout) => tokio::time::sleep(HANG).await,
            Some(TroubleKind::Reset) => {
                let end = Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
                return Response::new(Body::from_stream(stream::iter([end])));
            }
            _ => {}
        }
        Response::from_parts(head, Body::from(answer))
    }

    fn answer(&self, parts: &Parts, body: Option<&[u8]>, at: Timestamp) -> Response {
        if parts.method != Method::POST || parts.uri.path() != PATH {
            return error(
                StatusCode::NOT_FOUND,
                "NotFoundException",
                "the laptop's SES knows only SendEmail of its version 2",
            );
        }
        let letter = body.ok_or("the mail is larger than 40 MB".to_owned()).and_then(|body| letter(body, at));
        match letter {
            Ok(letter) => {
                let id = letter.id.clone();
                let mut letters = lock(&self.letters);
                letters.push_back(letter);
                if letters.len() > KEPT {
                    letters.pop_front();
                }
                Json(json!({ "MessageId": id })).into_response()
            }
            Err(why) => error(StatusCode::BAD_REQUEST, "BadRequestException", &why),
        }
    }
}

/// An error as the SDK reads it: the kind in a header, the words in the body.
fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, [("x-amzn-errortype", kind)], Json(json!({ "message": message }))).into_response()
}

fn throttled() -> Response {
    let refused =
        error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Maximum sending rate exceeded.");
    ([("retry-after", "1")], refused).into_response()
}

fn is_credential(header: &str) -> bool {
    matches!(header, "authorization" | "x-amz-security-token" | "cookie")
}

fn cut(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(SHOWN).collect()
}

/// The letter that a request asks to send.
fn letter(body: &[u8], at: Timestamp) -> Result<Letter, Refused> {
    let asked: Value =
        serde_json::from_slice(body).map_err(|error| format!("the request is no JSON: {error}"))?;
    let (to, content) = (&asked["Destination"], &asked["Content"]);
    let replies = texts(&asked["ReplyToAddresses"])?;
    let empty = Letter {
        // What looks like the time in front is the time; 0102 is this Region.
        id: format!("0102{:012x}-{}-000000", at.as_millisecond(), uuid::Uuid::new_v4()),
        at,
        from: asked["FromEmailAddress"].as_str().unwrap_or_default().to_owned(),
        to: [texts(&to["ToAddresses"])?, texts(&to["CcAddresses"])?, texts(&to["BccAddresses"])?].concat(),
        subject: String::new(),
        text: None,
        html: None,
        headers: Vec::new(),
    };
    let given = ["Simple", "Raw", "Template"].map(|kind| !content[kind].is_null());
    let mut letter = match given {
        [true, false, false] => simple_letter(empty, &content["Simple"])?,
        [false, true, false] => raw_letter(empty, &content["Raw"])?,
        [false, false, true] => return Err("the laptop's SES has no templates".into()),
        _ => return Err("Content has to be one of Simple, Raw and Template.".into()),
    };
    address(&letter.from).map_err(|why| format!("FromEmailAddress: {why}"))?;
    if letter.to.is_empty() {
        return Err("Destination names nobody.".into());
    }
    if letter.to.len() > RECIPIENTS {
        return Err(format!("Recipient count exceeds {RECIPIENTS}."));
    }
    letter.to.iter().chain(&replies).try_for_each(|text| address(text))?;
    if !replies.is_empty() {
        letter.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("reply-to"));
        letter.headers.push(("Reply-To".into(), replies.join(", ")));
    }
    letter.headers.retain(|(name, _)| !OVERWRITTEN.contains(&name.to_ascii_lowercase().as_str()));
    letter.headers.push(("Message-ID".into(), format!("<{}@{REGION}.amazonses.com>", letter.id)));
    Ok(letter)
}

/// A list of texts, which may be absent.
fn texts(list: &Value) -> Result<Vec<String>, Refused> {
    let wrong = || "a list of addresses is no list of texts".to_owned();
    if list.is_null() {
        return Ok(Vec::new());
    }
    let list = list.as_array().ok_or_else(wrong)?;
    list.iter().map(|text| text.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

/// Attachments are taken too, and not kept.
fn simple_letter(letter: Letter, simple: &Value) -> Result<Letter, Refused> {
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
        let named = (1..=NAME).contains(&name.len())
            && name.bytes().all(|sign| sign.is_ascii_graphic() && sign != b':');
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
    Ok(Letter { subject, text, html, headers, ..letter })
}

/// Sender and recipients stand in the mail itself, if the request doesn't name them.
fn raw_letter(mut letter: Letter, raw: &Value) -> Result<Letter, Refused> {
    let data = raw["Data"].as_str().and_then(|data| STANDARD.decode(data).ok());
    let bytes = data.ok_or("Raw.Data is no base 64.")?;
    let mail = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    let (head, text) = mail.split_once("\n\n").unwrap_or((&mail, ""));
    // A line that begins with white space goes on with the header above.
    let head = head.replace("\n ", " ").replace("\n\t", " ");
    let nobody = letter.to.is_empty();
    for line in head.lines() {
        let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.contains(' ')) else {
            return Err("Raw.Data has a line among its headers that is none.".into());
        };
        let value = value.trim().to_owned();
        match name.to_ascii_lowercase().as_str() {
            "from" if letter.from.is_empty() => letter.from = value,
            "from" => {}
            "subject" => letter.subject = value,
            "to" | "cc" | "bcc" if nobody => letter.to.extend(several(&value)),
            "bcc" => {}
            _ => letter.headers.push((name.to_owned(), value)),
        }
    }
    letter.text = Some(text.to_owned());
    Ok(letter)
}

/// The addresses of a header; a comma between quotes belongs to a name.
fn several(value: &str) -> Vec<String> {
    let mut quoted = false;
    let parts = value.split(|sign: char| {
        quoted ^= sign == '"';
        sign == ',' && !quoted
    });
    parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|sign| sign.is_ascii_graphic() || sign == b' ')
}

/// Refuses what is no address: `anna@example.com` or `Anna <anna@example.com>`. SES wants names in ASCII too, others encoded.
fn address(text: &str) -> Result<(), Refused> {
    if !is_printable(text) {
        return Err("Address contains illegal characters; encode a name that isn't ASCII.".into());
    }
    let (name, bare) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, bare)) => (name.trim(), bare),
        None => ("", text.trim()),
    };
    let quoted = name.len() >= 2 && name.starts_with('"') && name.ends_with('"');
    // An unquoted comma ends an address, and what stands before it has no domain.
    let Some((local, domain)) =
        bare.rsplit_once('@').filter(|_| quoted || !name.contains([',', ';', ':', '@', '<', '>']))
    else {
        return Err("Missing final '@domain'.".into());
    };
    if local.is_empty() || local.contains([' ', '@', ',', ';', '<', '>']) {
        return Err("Local address contains control or whitespace.".into());
    }
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'-')
    };
    if !domain.split('.').all(label) {
        return Err("Domain contains illegal character.".into());
    }
    Ok(())
}

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;
