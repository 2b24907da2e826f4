//! The names of Twilio's parameters, and the form of their values.
//!
//! Sources: Twilio documentation, "Twilio's request to your incoming message webhook URL", "Outbound message status in
//! status callbacks", "TwiML for Programmable Voice", "Call resource", "TwiML: Gather", "TwiML: Dial", "TwiML: Record",
//! "Answering machine detection".

/// Form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Two letters and 32 hexadecimal digits.
    Sid,
    /// A number of a phone, such as `+12025550111`, or a short code.
    Phone,
    /// A whole number.
    Number,
    /// A word in small letters: `no-answer`, `machine_end_beep`.
    Word,
    /// A word in capitals: `STOP`.
    Capitals,
    /// A date: `2010-04-01`.
    Date,
    /// Keys of a phone.
    Keys,
    /// The event of a `<Gather>`: `Gather End`.
    GatherEvent,
    /// An address at Twilio.
    Url,
    /// Anything.
    Free,
}

impl Form {
    /// Returns true if the value has this form and ends by it: no name, which begins with a capital, could be its end.
    pub(super) fn is_whole(self, value: &str) -> bool {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Sid => is_sid(value),
            Self::Phone => digits(value.strip_prefix('+').unwrap_or(value)) && value.len() <= 16,
            Self::Number => digits(value.strip_prefix('-').unwrap_or(value)),
            Self::Word => {
                let small = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_');
                !value.is_empty() && value.bytes().all(small)
            }
            Self::Date => {
                !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
            }
            Self::Keys => {
                !value.is_empty() && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'*' | b'#'))
            }
            Self::Capitals | Self::GatherEvent | Self::Url | Self::Free => false,
        }
    }

    /// Returns true if a value of this form could begin here. Calls come from whole numbers, texts also from short codes.
    pub(super) fn begins(self, text: &str, call: bool) -> bool {
        let first = text.bytes().next();
        match self {
            Self::Sid => text.get(..34).is_some_and(is_sid),
            Self::Phone => {
                let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
                match text.strip_prefix('+') {
                    Some(number) => digits(number) >= 7,
                    None => !call && digits(text) >= 3,
                }
            }
            Self::Number | Self::Date => first.is_some_and(|byte| byte.is_ascii_digit()),
            Self::Word => first.is_some_and(|byte| byte.is_ascii_lowercase()),
            Self::Keys => first.is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'*' | b'#')),
            Self::Capitals => first.is_some_and(|byte| byte.is_ascii_uppercase()),
            Self::GatherEvent => text.starts_with("Gather"),
            Self::Url => text.starts_with("http"),
            Self::Free => true,
        }
    }
}

fn is_sid(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.len() == 34
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..].iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Names in requests about texts and calls.
const BOTH: &[(&str, Form)] = &[
    ("AccountSid", Form::Sid),
    ("AddOns", Form::Free),
    ("ApiVersion", Form::Date),
    ("ErrorCode", Form::Number),
    ("ErrorMessage", Form::Free),
    ("ErrorUrl", Form::Free),
    ("From", Form::Phone),
    ("FromCity", Form::Free),
    ("FromCountry", Form::Capitals),
    ("FromState", Form::Free),
    ("FromZip", Form::Free),
    ("To", Form::Phone),
    ("ToCity", Form::Free),
    ("ToCountry", Form::Capitals),
    ("ToState", Form::Free),
    ("ToZip", Form::Free),
];

/// Names in requests about texts. `MediaUrl` and `MediaContentType` end in a number.
const TEXTS: &[(&str, Form)] = &[
    ("Body", Form::Free),
    ("ButtonPayload", Form::Free),
    ("ButtonText", Form::Free),
    ("ChannelInstallSid", Form::Sid),
    ("ChannelMetadata", Form::Free),
    ("ChannelPrefix", Form::Word),
    ("ChannelStatusMessage", Form::Free),
    ("ChannelToAddress", Form::Free),
    ("EventType", Form::Capitals),
    ("MediaContentType", Form::Free),
    ("MediaUrl", Form::Free),
    ("MessageSid", Form::Sid),
    ("MessageStatus", Form::Word),
    ("MessagingServiceSid", Form::Sid),
    ("NumMedia", Form::Number),
    ("NumSegments", Form::Number),
    ("OptOutType", Form::Capitals),
    ("OriginalRepliedMessageSender", Form::Phone),
    ("OriginalRepliedMessageSid", Form::Sid),
    ("ProfileName", Form::Free),
    ("RawDlrDoneDate", Form::Number),
    ("SmsMessageSid", Form::Sid),
    ("SmsSid", Form::Sid),
    ("SmsStatus", Form::Word),
    ("WaId", Form::Number),
];

/// Names in requests about calls.
const CALLS: &[(&str, Form)] = &[
    ("AnsweredBy", Form::Word),
    ("CallDuration", Form::Number),
    ("CallSid", Form::Sid),
    ("CallStatus", Form::Word),
    ("CallToken", Form::Free),
    ("CallbackSource", Form::Word),
    ("Called", Form::Phone),
    ("CalledCity", Form::Free),
    ("CalledCountry", Form::Capitals),
    ("CalledState", Form::Free),
    ("CalledVia", Form::Phone),
    ("CalledZip", Form::Free),
    ("Caller", Form::Phone),
    ("CallerCity", Form::Free),
    ("CallerCountry", Form::Capitals),
    ("CallerName", Form::Free),
    ("CallerState", Form::Free),
    ("CallerZip", Form::Free),
    ("DialBridged", Form::Word),
    ("DialCallDuration", Form::Number),
    ("DialCallSid", Form::Sid),
    ("DialCallStatus", Form::Word),
    ("DialSipCallId", Form::Free),
    ("DialSipHeader", Form::Free),
    ("DialSipResponseCode", Form::Number),
    ("Digits", Form::Keys),
    ("Direction", Form::Word),
    ("Duration", Form::Number),
    ("FinishedOnKey", Form::Keys),
    ("ForwardedFrom", Form::Phone),
    ("MachineDetectionDuration", Form::Number),
    ("ParentCallSid", Form::Sid),
    ("QueueTime", Form::Number),
    ("RecordingChannels", Form::Number),
    ("RecordingDuration", Form::Number),
    ("RecordingErrorCode", Form::Number),
    ("RecordingSid", Form::Sid),
    ("RecordingSource", Form::Free),
    ("RecordingStartTime", Form::Free),
    ("RecordingStatus", Form::Word),
    ("RecordingTrack", Form::Word),
    ("RecordingUrl", Form::Url),
    ("SequenceNumber", Form::Number),
    ("SipResponseCode", Form::Number),
    ("StirPassportToken", Form::Free),
    ("StirStatus", Form::Free),
    ("StirVerstat", Form::Free),
    ("Timestamp", Form::Free),
    ("TrunkSid", Form::Sid),
    ("msg", Form::GatherEvent),
];

/// Returns all known names of requests about texts, or about calls.
pub(super) fn all(call: bool) -> impl Iterator<Item = (&'static str, Form)> {
    let more = if call { CALLS } else { TEXTS };
    BOTH.iter().chain(more).copied()
}

/// Names of parameters that decide something: whose event it is, which one it is, and what happened. Their values have forms.
const DECIDING: &[&str] = &[
    "AccountSid",
    "AnsweredBy",
    "CallDuration",
    "CallSid",
    "CallStatus",
    "DialCallDuration",
    "DialCallStatus",
    "Digits",
    "Direction",
    "ErrorCode",
    "From",
    "MessageSid",
    "MessageStatus",
    "NumMedia",
    "OptOutType",
    "RecordingDuration",
    "RecordingSid",
    "RecordingStatus",
    "RecordingUrl",
    "SequenceNumber",
    "SmsMessageSid",
    "SmsSid",
    "SmsStatus",
    "To",
];

/// Returns true if the parameter of this name decides something.
pub(super) fn decides(name: &str) -> bool {
    DECIDING.contains(&name)
}

/// Returns a known name and its form. `MediaUrl0` is one, and so is `MediaContentType9`.
pub(super) fn known(call: bool, name: &str) -> Option<(&'static str, Form)> {
    let numbered = ["MediaUrl", "MediaContentType"].into_iter().find(|stem| {
        name.strip_prefix(stem)
            .is_some_and(|number| number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    });
    let wanted = numbered.unwrap_or(name);
    all(call).find(|(known, _)| *known == wanted && (numbered.is_some() || !known.starts_with("Media")))
}
