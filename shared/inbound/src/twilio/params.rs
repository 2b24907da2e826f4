//! What Twilio says in a request: its parameters, and the event that they make at the hook that was called.

use std::fmt;

use handbell_core::Rejected;

use super::{CallStatus, Hook, Media, MessageStatus, OptOut, Text, TwilioEvent, short};

/// What Twilio said: verified, decoded, and in no way trusted to be complete. Only [`verify`](super::verify) makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct Params {
    /// The form of a POST, or the query of a GET.
    said: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl Params {
    pub(super) fn new(said: Vec<(String, String)>, query: Vec<(String, String)>) -> Params {
        Params { said, query }
    }

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
            .filter(|sid| is_sid(sid))
            .ok_or_else(|| Rejected::Malformed(format!("there is no {}", names[0])))
    }

    /// The id of a recording. The request to the action of `<Record>` promises no more than its address, which ends with
    /// the id (Twilio documentation, "TwiML: Record" and "Recordings resource").
    fn recording(&self) -> Result<String, Rejected> {
        let end = |url: &str| Some(url.rsplit('/').next()?.split('.').next()?.to_owned());
        self.filled("RecordingSid")
            .or_else(|| end(self.get("RecordingUrl")?))
            .filter(|sid| sid.strip_prefix("RE").is_some_and(is_sid))
            .ok_or_else(|| Rejected::Malformed("there is no RecordingSid".into()))
    }

    fn needed(&self, name: &str) -> Result<String, Rejected> {
        self.filled(name).ok_or_else(|| Rejected::Malformed(format!("there is no {name}")))
    }

    /// What applied, as the hook that Twilio called for it says.
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
                from: self.filled("From"),
                to: self.filled("To"),
                inbound: self.get("Direction") == Some("inbound"),
            },
            Hook::Dialed => TwilioEvent::Dialed {
                sid: self.sid(&["CallSid"])?,
                status: CallStatus::from(self.get("DialCallStatus").unwrap_or_default()),
                seconds: self.number("DialCallDuration"),
            },
            Hook::Recorded => TwilioEvent::Recorded {
                sid: self.sid(&["CallSid"])?,
                recording: self.recording()?,
                url: self.filled("RecordingUrl"),
                seconds: self.number("RecordingDuration"),
                status: self.filled("RecordingStatus").map(|word| short(&word)),
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

/// A form or query, decoded: names and values in the order they stand, repeated ones too.
pub(super) fn decode(form: &[u8]) -> Vec<(String, String)> {
    serde_html_form::from_bytes(form).unwrap_or_default()
}

fn single<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = params.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

fn is_sid(sid: &str) -> bool {
    !sid.is_empty() && sid.len() <= 64 && sid.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
