//! Twilio: a text came in, somebody called, a key was pressed, and the fate of what we sent.
//!
//! Twilio signs its requests with the account's auth token (Twilio documentation, "Webhooks security"); an API key signs
//! nothing. The signature holds no time, so whoever keeps a copy of a request can send it again for as long as the token
//! lives: what an event *is* must come from its parameters, never from unsigned headers.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use handbell_core::Rejected;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{check_size, signature};

/// The header that carries the signature (Twilio documentation, "Webhooks security").
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";

/// A request that says it comes from Twilio, in the pieces that the signature is made over.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    /// The public address that Twilio was told, from the configuration and not from the request: the `Host` header is the
    /// sender's to choose. `https://bell.example.com`, with a path if one stands in front of ours.
    pub base: &'a str,
    /// The path and the query as they arrived, still percent-encoded: `/twilio/sms?d=42`.
    pub path_and_query: &'a str,
    /// The text of [`SIGNATURE_HEADER`].
    pub signature: Option<&'a str>,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The raw body.
    pub body: &'a [u8],
}

/// The parameters of a request of Twilio's, once it has been checked; [`Rejected::Forged`] unless one of the tokens signed
/// it and its `AccountSid` is ours.
///
/// There are two tokens while the secondary one takes the place of the primary (Twilio documentation, "Auth token
/// rotation").
pub fn verify(request: &Signed<'_>, account: &str, tokens: &[&str]) -> Result<Params, Rejected> {
    check_size(request.body)?;
    if !request.is_genuine(tokens) {
        return Err(Rejected::Forged);
    }
    let params = request.params();
    // Belt and braces: a token belongs to one account. Also, names and values are signed without anything between them, so
    // the same bytes cut elsewhere have the same signature; a parameter of known form that must be there stops most of it.
    if account.is_empty() || params.get("AccountSid") != Some(account) {
        return Err(Rejected::Forged);
    }
    Ok(params)
}

impl Signed<'_> {
    /// Whether one of the tokens signed this request (Twilio documentation, "Webhooks security": the URL, then each
    /// distinct name with each of its distinct values in byte order; for a body that is no form, the URL alone, which then
    /// holds the body's SHA-256).
    #[must_use]
    pub fn is_genuine(&self, tokens: &[&str]) -> bool {
        // Strict decoding: bits left over at the end must be zero, so one signature has one spelling.
        let Some(given) = self.signature.and_then(|text| BASE64_STANDARD.decode(text).ok()) else {
            return false;
        };
        if !self.body_is_covered() {
            return false;
        }
        let params = if self.is_form() { sorted(&decode(self.body)) } else { String::new() };
        self.urls().iter().any(|url| {
            let message = format!("{url}{params}");
            tokens.iter().any(|token| signature::matches(token, message.as_bytes(), &given))
        })
    }

    fn is_form(&self) -> bool {
        let essence = self.content_type.unwrap_or_default().split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }

    fn query(&self) -> &str {
        let without_fragment = before(self.path_and_query, '#');
        without_fragment.split_once('?').map_or("", |(_, query)| query)
    }

    /// A form's parameters are signed. Any other body is signed only through its hash in the URL, so a body without that
    /// hash is nobody's.
    fn body_is_covered(&self) -> bool {
        if self.is_form() {
            return true;
        }
        let query = decode(self.query().as_bytes());
        let mut hashes =
            query.iter().filter(|(name, _)| name == "bodySHA256").map(|(_, hash)| hash).peekable();
        if hashes.peek().is_none() {
            return self.body.is_empty();
        }
        let ours: String = Sha256::digest(self.body).iter().map(|byte| format!("{byte:02x}")).collect();
        hashes.all(|hash| bool::from(hash.as_bytes().ct_eq(ours.as_bytes())))
    }

    /// Each URL that Twilio may have signed for this request. Its back-ends don't agree about the port: voice over HTTPS
    /// drops it, messaging keeps it, and some write the default one out (Twilio documentation, "Webhooks security", "A few
    /// notes"; Twilio's own libraries try both). User and password are never part of it, nor is the fragment, which holds
    /// the connection overrides. The host is lower-case, as Twilio's libraries have it.
    fn urls(&self) -> Vec<String> {
        let Some((scheme, rest)) = self.base.split_once("://") else {
            return Vec::new();
        };
        let scheme = scheme.to_ascii_lowercase();
        let rest = before(before(rest, '#'), '?');
        let (authority, prefix) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let prefix = prefix.trim_end_matches('/');
        let host_and_port = authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        // In `[::1]` the colons are the host's.
        let (host, port) = match host_and_port.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (host_and_port.as_str(), None),
        };
        let default = match scheme.as_str() {
            "https" | "wss" => "443",
            _ => "80",
        };
        let port = port.filter(|port| !port.is_empty()).unwrap_or(default);
        let ours = before(self.path_and_query, '#');
        let mut paths: Vec<Cow<'_, str>> = vec![Cow::from(format!("{prefix}{ours}"))];
        // API Gateway keeps the stage or mapping key that the base already names in some of its set-ups.
        if !prefix.is_empty() && ours.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/')) {
            paths.push(Cow::from(ours));
        }
        paths
            .iter()
            .flat_map(|path| [format!("{scheme}://{host}{path}"), format!("{scheme}://{host}:{port}{path}")])
            .collect()
    }

    fn params(&self) -> Params {
        let query = decode(self.query().as_bytes());
        // A GET may name a content type too, and has no body for it.
        if self.is_form() && !self.body.is_empty() {
            Params { said: decode(self.body), query }
        } else {
            Params { said: query.clone(), query }
        }
    }
}

// The body is somebody's text and number, the query holds our signed ids.
impl fmt::Debug for Signed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("base", &self.base)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What Twilio said: verified, decoded, and in no way trusted to be complete. Only [`verify`] makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct Params {
    /// The form of a POST, or the query of a GET.
    said: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl Params {
    /// A parameter that stands once. `None` if it is missing, and also if it has several different values: their order is
    /// not signed, so neither is the first.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        single(&self.said, name)
    }

    /// Every value of a parameter, in the order they came in, which is not signed.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.said.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the URL that we gave to Twilio ourselves, and which it signed with the rest.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        single(&self.query, name)
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }

    /// A parameter that there is a name for, and whose value is worth keeping.
    fn filled(&self, name: &str) -> Option<String> {
        self.get(name).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// The id of a message or call becomes part of a key, so its letters are checked.
    fn sid(&self, names: &[&str]) -> Result<String, Rejected> {
        names
            .iter()
            .find_map(|name| self.filled(name))
            .filter(|sid| sid.len() <= 64 && sid.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .ok_or_else(|| Rejected::Malformed(format!("there is no {}", names[0])))
    }

    fn needed(&self, name: &str) -> Result<String, Rejected> {
        self.filled(name).ok_or_else(|| Rejected::Malformed(format!("there is no {name}")))
    }

    /// What happened, as the hook that Twilio called for it says.
    pub fn event(&self, hook: Hook) -> Result<TwilioEvent, Rejected> {
        Ok(match hook {
            Hook::Text => TwilioEvent::Text(Text {
                sid: self.sid(&["MessageSid", "SmsMessageSid", "SmsSid"])?,
                from: self.needed("From")?,
                to: self.needed("To")?,
                body: self.get("Body").unwrap_or_default().to_owned(),
                media: self.media(),
                opt_out: self.filled("OptOutType").map(|word| OptOut::from(word.as_str())),
            }),
            Hook::TextStatus => TwilioEvent::MessageStatus {
                sid: self.sid(&["MessageSid", "SmsSid"])?,
                status: MessageStatus::from(
                    self.get("MessageStatus").or_else(|| self.get("SmsStatus")).unwrap_or_default(),
                ),
                error_code: self.number("ErrorCode").filter(|code| *code != 0),
            },
            Hook::Call => TwilioEvent::CallAnswered {
                sid: self.sid(&["CallSid"])?,
                // Who hides the number calls as `anonymous` or with nothing at all; the call is still a call.
                from: self.get("From").unwrap_or_default().to_owned(),
                to: self.needed("To")?,
                status: CallStatus::from(self.get("CallStatus").unwrap_or_default()),
                inbound: self.get("Direction") == Some("inbound"),
                answered_by: self.filled("AnsweredBy"),
            },
            Hook::Key => TwilioEvent::Digits {
                sid: self.sid(&["CallSid"])?,
                digits: {
                    let digits = self.get("Digits").unwrap_or_default();
                    if !digits
                        .bytes()
                        .all(|byte| matches!(byte, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D' | b'a'..=b'd'))
                    {
                        return Err(Rejected::Malformed("Digits are not keys of a telephone".into()));
                    }
                    digits.to_owned()
                },
            },
            Hook::CallStatus => TwilioEvent::CallStatus {
                sid: self.sid(&["CallSid"])?,
                status: CallStatus::from(self.get("CallStatus").unwrap_or_default()),
                sequence: self.number("SequenceNumber"),
                duration: self.number("CallDuration"),
                answered_by: self.filled("AnsweredBy"),
            },
        })
    }

    /// `MediaUrl0`, `MediaContentType0` and so on, at most ten of them.
    fn media(&self) -> Vec<Media> {
        let count = self.number("NumMedia").unwrap_or(0).min(10);
        (0..count)
            .filter_map(|n| {
                Some(Media {
                    url: self.filled(&format!("MediaUrl{n}"))?,
                    content_type: self.filled(&format!("MediaContentType{n}")),
                })
            })
            .collect()
    }
}

// Texts, numbers and names: none of it is for a log.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Params").field("count", &self.said.len()).finish_non_exhaustive()
    }
}

/// Which of our addresses Twilio called, and so what it means by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// A text came in (Twilio documentation, "Twilio's request to your incoming message webhook URL").
    Text,
    /// The fate of a text of ours (Twilio documentation, "Outbound message status in status callbacks").
    TextStatus,
    /// A call is up, theirs or ours, and Twilio asks what to say (Twilio documentation, "TwiML for Programmable Voice").
    Call,
    /// Keys were pressed during a call, or none in time (Twilio documentation, "TwiML: Gather").
    Key,
    /// The fate of a call of ours (Twilio documentation, "Call resource", "StatusCallback").
    CallStatus,
}

/// Something that Twilio told us.
#[derive(Clone, PartialEq, Eq)]
pub enum TwilioEvent {
    /// A text came in.
    Text(Text),
    /// How far a text of ours has come. These arrive in any order, and more than once: see [`MessageStatus::follows`].
    MessageStatus {
        /// The message, `SM…` or `MM…`.
        sid: String,
        /// How far it has come.
        status: MessageStatus,
        /// Why it failed (Twilio documentation, "Error and warning dictionary").
        error_code: Option<u32>,
    },
    /// How far a call of ours has come. These arrive in any order, and more than once: see [`CallStatus::follows`].
    CallStatus {
        /// The call, `CA…`.
        sid: String,
        /// How far it has come.
        status: CallStatus,
        /// Counts the callbacks of one call from 0, in the order things happened.
        sequence: Option<u32>,
        /// How long it lasted, in seconds, once it is over.
        duration: Option<u32>,
        /// `human`, `machine_start`, `fax` …, if detection was asked for.
        answered_by: Option<String>,
    },
    /// Two are connected: somebody called us, or took our call, and Twilio asks what to say.
    CallAnswered {
        /// The call, `CA…`.
        sid: String,
        /// The number that was called.
        to: String,
        /// The number that calls; empty if it is withheld.
        from: String,
        /// `ringing` for a call that comes in, `in-progress` for ours.
        status: CallStatus,
        /// They called us.
        inbound: bool,
        /// `human`, `machine_start`, `fax` …, if detection was asked for.
        answered_by: Option<String>,
    },
    /// Keys were pressed.
    Digits {
        /// The call, `CA…`.
        sid: String,
        /// The keys, without the one that ends them; empty if nothing was pressed in time.
        digits: String,
    },
}

/// A text that came in (Twilio documentation, "Twilio's request to your incoming message webhook URL").
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The message, `SM…` or `MM…`.
    pub sid: String,
    /// Who wrote.
    pub from: String,
    /// Our number.
    pub to: String,
    /// What was written; may be empty when there are pictures.
    pub body: String,
    /// Pictures and other files, at most ten.
    pub media: Vec<Media>,
    /// Twilio took it for a word like STOP and has answered it already: don't answer again.
    pub opt_out: Option<OptOut>,
}

/// A file that came with a text.
#[derive(Clone, PartialEq, Eq)]
pub struct Media {
    /// Where it lies. Signed, but still only to be fetched from Twilio's own hosts.
    pub url: String,
    /// What it says it is.
    pub content_type: Option<String>,
}

/// What Twilio's opt-out took a text for (Twilio documentation, "Customizing user replies with Advanced Opt-Out").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptOut {
    /// No more texts to this number, until it says START.
    Stop,
    /// Texts are welcome again.
    Start,
    /// A question for help.
    Help,
    /// A word that Twilio didn't have when this was written.
    Other(String),
}

impl From<&str> for OptOut {
    fn from(word: &str) -> OptOut {
        match word {
            "STOP" => OptOut::Stop,
            "START" => OptOut::Start,
            "HELP" => OptOut::Help,
            other => OptOut::Other(short(other)),
        }
    }
}

// Ids and states may be logged; numbers, texts, keys and addresses of files may not.
impl fmt::Debug for TwilioEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TwilioEvent::Text(text) => text.fmt(f),
            TwilioEvent::MessageStatus { sid, status, error_code } => f
                .debug_struct("MessageStatus")
                .field("sid", sid)
                .field("status", status)
                .field("error_code", error_code)
                .finish(),
            TwilioEvent::CallStatus { sid, status, sequence, duration, answered_by } => f
                .debug_struct("CallStatus")
                .field("sid", sid)
                .field("status", status)
                .field("sequence", sequence)
                .field("duration", duration)
                .field("answered_by", answered_by)
                .finish(),
            TwilioEvent::CallAnswered { sid, status, inbound, .. } => f
                .debug_struct("CallAnswered")
                .field("sid", sid)
                .field("status", status)
                .field("inbound", inbound)
                .finish_non_exhaustive(),
            TwilioEvent::Digits { sid, digits } => {
                f.debug_struct("Digits").field("sid", sid).field("count", &digits.len()).finish()
            }
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text")
            .field("sid", &self.sid)
            .field("media", &self.media.len())
            .field("opt_out", &self.opt_out)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

/// How far a text has come (Twilio documentation, "Message resource", "Message status values").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageStatus {
    /// To be sent later.
    Scheduled,
    /// Twilio has it and looks for a sender.
    Accepted,
    /// It waits its turn.
    Queued,
    /// On its way to the carrier.
    Sending,
    /// The carrier has it. Where carriers report nothing more, this is the last that is heard.
    Sent,
    /// Some of those it was for have it.
    PartiallyDelivered,
    /// On its way to us.
    Receiving,
    /// It has come to us.
    Received,
    /// It has arrived.
    Delivered,
    /// The carrier couldn't deliver it.
    Undelivered,
    /// It could not be sent.
    Failed,
    /// We took it back before it was sent.
    Canceled,
    /// It was read, after it had been delivered.
    Read,
    /// A word that Twilio didn't have when this was written. It is never further than anything.
    Other(String),
}

impl From<&str> for MessageStatus {
    fn from(word: &str) -> MessageStatus {
        match word {
            "scheduled" => MessageStatus::Scheduled,
            "accepted" => MessageStatus::Accepted,
            "queued" => MessageStatus::Queued,
            "sending" => MessageStatus::Sending,
            "sent" => MessageStatus::Sent,
            "partially_delivered" => MessageStatus::PartiallyDelivered,
            "receiving" => MessageStatus::Receiving,
            "received" => MessageStatus::Received,
            "delivered" => MessageStatus::Delivered,
            "undelivered" => MessageStatus::Undelivered,
            "failed" => MessageStatus::Failed,
            "canceled" => MessageStatus::Canceled,
            "read" => MessageStatus::Read,
            other => MessageStatus::Other(short(other)),
        }
    }
}

impl MessageStatus {
    /// How far along it is. 0 is nowhere.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            MessageStatus::Other(_) => 0,
            MessageStatus::Scheduled => 1,
            MessageStatus::Accepted => 2,
            MessageStatus::Queued | MessageStatus::Receiving => 3,
            MessageStatus::Sending => 4,
            MessageStatus::Sent => 5,
            MessageStatus::PartiallyDelivered => 6,
            MessageStatus::Received
            | MessageStatus::Delivered
            | MessageStatus::Undelivered
            | MessageStatus::Failed
            | MessageStatus::Canceled => 7,
            MessageStatus::Read => 8,
        }
    }

    /// Whether this is news after `earlier`. Callbacks overtake each other: a `sent` that comes after `delivered` is none,
    /// and of two ends the first one stays. Only `read` may follow an end, and only `delivered`.
    #[must_use]
    pub fn follows(&self, earlier: &MessageStatus) -> bool {
        match earlier {
            MessageStatus::Undelivered
            | MessageStatus::Failed
            | MessageStatus::Canceled
            | MessageStatus::Received => false,
            _ => self.rank() > earlier.rank(),
        }
    }

    /// Whether nothing more is to come, but perhaps that it was read.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.rank() >= 7
    }
}

/// How far a call has come (Twilio documentation, "Call resource", "Call status values").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallStatus {
    /// It waits its turn.
    Queued,
    /// Twilio has begun to dial.
    Initiated,
    /// It rings.
    Ringing,
    /// Somebody, or something, has answered.
    InProgress,
    /// It was answered, and is over.
    Completed,
    /// The line was busy.
    Busy,
    /// It could not be made: mostly a number that isn't one.
    Failed,
    /// Nobody answered.
    NoAnswer,
    /// We gave it up before it was answered.
    Canceled,
    /// A word that Twilio didn't have when this was written. It is never further than anything.
    Other(String),
}

impl From<&str> for CallStatus {
    fn from(word: &str) -> CallStatus {
        match word {
            "queued" => CallStatus::Queued,
            "initiated" => CallStatus::Initiated,
            "ringing" => CallStatus::Ringing,
            // The callback's event is called `answered`, its status `in-progress`; some callbacks carry the former.
            "in-progress" | "answered" => CallStatus::InProgress,
            "completed" => CallStatus::Completed,
            "busy" => CallStatus::Busy,
            "failed" => CallStatus::Failed,
            "no-answer" => CallStatus::NoAnswer,
            "canceled" => CallStatus::Canceled,
            other => CallStatus::Other(short(other)),
        }
    }
}

impl CallStatus {
    /// How far along it is. 0 is nowhere.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            CallStatus::Other(_) => 0,
            CallStatus::Queued => 1,
            CallStatus::Initiated => 2,
            CallStatus::Ringing => 3,
            CallStatus::InProgress => 4,
            CallStatus::Completed
            | CallStatus::Busy
            | CallStatus::Failed
            | CallStatus::NoAnswer
            | CallStatus::Canceled => 5,
        }
    }

    /// Whether this is news after `earlier`: callbacks overtake each other, and of two ends the first one stays.
    #[must_use]
    pub fn follows(&self, earlier: &CallStatus) -> bool {
        self.rank() > earlier.rank()
    }

    /// Whether the call is over.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.rank() == 5
    }
}

/// A form or query, decoded: names and values in the order they stand, repeated ones too.
fn decode(form: &[u8]) -> Vec<(String, String)> {
    serde_html_form::from_bytes(form).unwrap_or_default()
}

/// Each distinct name with each of its distinct values, in byte order, and nothing in between.
fn sorted(params: &[(String, String)]) -> String {
    let distinct: BTreeSet<_> = params.iter().collect();
    distinct.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect()
}

fn single<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = params.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

fn before(text: &str, mark: char) -> &str {
    text.split(mark).next().unwrap_or_default()
}

fn short(word: &str) -> String {
    word.chars().take(20).collect()
}
