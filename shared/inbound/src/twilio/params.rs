//! The parameters of Twilio's requests, and the events that they describe.

use std::fmt;

use handbell_core::Rejected;
use handbell_core::address::PhoneAddress;
use handbell_core::vendor_id::{MalformedId, RecordingSid};

use super::{CallStatus, Hook, Media, MessageStatus, OptOut, Text, TwilioEvent, short, split};

/// Verified and decoded parameters, which may still be incomplete. Only [`verify`](super::verify) creates them.
#[derive(Clone, PartialEq, Eq)]
pub struct Params {
    /// The form in the body.
    said: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl Params {
    pub(super) fn new(said: Vec<(String, String)>, query: Vec<(String, String)>) -> Params {
        Params { said, query }
    }

    /// Fails if the signed text could be split into other parameters.
    pub(super) fn check_split(&self) -> Result<(), Rejected> {
        split::check(&self.said)
    }

    /// Returns a parameter with a single value. `None` if it is missing, and also if it has several different values:
    /// their order isn't signed, so the first one is arbitrary.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        single(&self.said, name)
    }

    /// Returns a parameter of the URL that we gave to Twilio, and which Twilio signed with the rest.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        single(&self.query, name)
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }

    /// Returns a parameter that exists and isn't empty.
    fn filled(&self, name: &str) -> Option<String> {
        self.get(name).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// Returns the sid of a message or a call, under the first of these names that exists.
    fn sid<T: TryFrom<String, Error = MalformedId>>(&self, names: &[&str]) -> Result<T, Rejected> {
        let sid = names.iter().find_map(|name| self.filled(name));
        let sid = sid.ok_or_else(|| Rejected::Malformed(format!("there is no {}", names[0])))?;
        T::try_from(sid).map_err(|error| Rejected::Malformed(format!("{}: {error}", names[0])))
    }

    /// Returns the sid of a recording and its address. The request to the action of `<Record>` guarantees only the address,
    /// which ends with the sid (Twilio documentation, "TwiML: Record" and "Recordings resource").
    fn recording(&self) -> Result<(RecordingSid, Option<String>), Rejected> {
        let url = self.filled("RecordingUrl");
        let end = url.as_deref().and_then(|url| url.rsplit('/').next()?.split('.').next());
        let sid = self.filled("RecordingSid").or_else(|| end.map(str::to_owned));
        let sid: RecordingSid = sid
            .and_then(|sid| sid.parse().ok())
            .ok_or_else(|| Rejected::Malformed("there is no RecordingSid".into()))?;
        if end.is_some_and(|end| *end != *sid) {
            return Err(Rejected::Malformed("RecordingUrl doesn't end with the recording's sid".into()));
        }
        Ok((sid, url))
    }

    fn needed(&self, name: &str) -> Result<String, Rejected> {
        self.filled(name).ok_or_else(|| Rejected::Malformed(format!("there is no {name}")))
    }

    /// Reads the event that Twilio reported to this hook.
    pub fn event(&self, hook: Hook) -> Result<TwilioEvent, Rejected> {
        Ok(match hook {
            Hook::Text => TwilioEvent::Text(Text {
                sid: self.sid(&["MessageSid", "SmsMessageSid", "SmsSid"])?,
                from: self.needed("From")?.into(),
                to: self.needed("To")?.into(),
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
                // With a withheld number, `From` is `anonymous` or missing. The call is valid nevertheless.
                from: self.filled("From").map(PhoneAddress::from),
                to: self.needed("To")?.into(),
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
                from: self.filled("From").map(PhoneAddress::from),
                to: self.filled("To").map(PhoneAddress::from),
                inbound: self.get("Direction") == Some("inbound"),
            },
            Hook::Dialed => TwilioEvent::Dialed {
                sid: self.sid(&["CallSid"])?,
                status: CallStatus::from(self.get("DialCallStatus").unwrap_or_default()),
                seconds: self.number("DialCallDuration"),
            },
            Hook::Recorded => {
                let (recording, url) = self.recording()?;
                TwilioEvent::Recorded {
                    sid: self.sid(&["CallSid"])?,
                    recording,
                    url,
                    seconds: self.number("RecordingDuration"),
                    status: self.filled("RecordingStatus").map(|word| short(&word)),
                }
            }
        })
    }

    /// Reads `MediaUrl0`, `MediaContentType0` and so on, at most ten of them.
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

// Texts, numbers and names must not appear in logs.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Params").field("count", &self.said.len()).finish_non_exhaustive()
    }
}

/// Decodes a form or a query into names and values in their order, including repeated ones.
pub(super) fn decode(form: &[u8]) -> Vec<(String, String)> {
    serde_html_form::from_bytes(form).unwrap_or_default()
}

fn single<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = params.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}
