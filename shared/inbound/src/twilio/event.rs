//! Twilio's events, by the hook that Twilio calls.

use std::fmt;

use handbell_core::address::PhoneAddress;
use handbell_core::vendor_id::{CallSid, MessageSid, RecordingSid};

use super::{CallStatus, MessageStatus, short};

/// The webhook that Twilio called, which determines the kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// A received text (Twilio documentation, "Twilio's request to your incoming message webhook URL").
    Text,
    /// Receipt of a text that we sent (Twilio documentation, "Outbound message status in status callbacks").
    TextStatus,
    /// An inbound or outbound call is connected, and Twilio requests TwiML (Twilio documentation, "TwiML for
    /// Programmable Voice").
    Call,
    /// Keys were pressed during a call, or the time for them ran out (Twilio documentation, "TwiML: Gather").
    Key,
    /// Status of an inbound or outbound call (Twilio documentation, "Call resource", "StatusCallback").
    CallStatus,
    /// The person to whom a caller was connected has hung up or didn't answer (Twilio documentation, "TwiML: Dial",
    /// "action").
    Dialed,
    /// A caller left a voice message: the action of `<Record>`, and the callback once the recording can be fetched
    /// (Twilio documentation, "TwiML: Record", "action" and "recordingStatusCallback").
    Recorded,
}

/// An event that Twilio reported.
#[derive(Clone, PartialEq, Eq)]
pub enum TwilioEvent {
    /// A received text.
    Text(Text),
    /// Status of a text that we sent. These events arrive in any order and repeatedly: see [`MessageStatus::follows`].
    MessageStatus {
        /// Sid of the message.
        sid: MessageSid,
        /// The new status.
        status: MessageStatus,
        /// Error code of a failure (Twilio documentation, "Error and warning dictionary").
        error_code: Option<u32>,
    },
    /// Status of an inbound or outbound call. These events arrive in any order and repeatedly: see
    /// [`CallStatus::follows`].
    CallStatus {
        /// Sid of the call.
        sid: CallSid,
        /// The new status.
        status: CallStatus,
        /// Number of the callback within the call, from 0, in the order of events.
        sequence: Option<u32>,
        /// Duration in seconds, once the call is over.
        duration: Option<u32>,
        /// `human`, `machine_start`, `fax` …, if detection was requested.
        answered_by: Option<String>,
        /// Calling number; `anonymous` or `None` if it is withheld.
        from: Option<PhoneAddress>,
        /// Called number.
        to: Option<PhoneAddress>,
        /// Whether the call is inbound.
        inbound: bool,
    },
    /// A call is connected, inbound or outbound, and Twilio requests TwiML.
    CallAnswered {
        /// Sid of the call.
        sid: CallSid,
        /// Called number.
        to: PhoneAddress,
        /// Calling number; `anonymous` or `None` if it is withheld.
        from: Option<PhoneAddress>,
        /// `ringing` for an inbound call, `in-progress` for an outbound one.
        status: CallStatus,
        /// Whether the call is inbound.
        inbound: bool,
        /// `human`, `machine_start`, `fax` …, if detection was requested.
        answered_by: Option<String>,
    },
    /// Keys were pressed.
    Digits {
        /// Sid of the call.
        sid: CallSid,
        /// The keys, without the finishing one; empty if none was pressed in time.
        digits: String,
    },
    /// The caller and the dialled person are no longer connected, or never were, and Twilio requests TwiML.
    Dialed {
        /// Sid of the caller's call, not of the dialled one.
        sid: CallSid,
        /// `completed` if the dialled person answered, otherwise the reason. `answered` becomes
        /// [`CallStatus::InProgress`].
        status: CallStatus,
        /// Duration of the conversation in seconds, if the dialled person answered.
        seconds: Option<u32>,
    },
    /// A voice message was left. The event may be reported repeatedly; `recording` identifies it.
    Recorded {
        /// Sid of the call.
        sid: CallSid,
        /// Sid of the recording.
        recording: RecordingSid,
        /// Address without an extension. It must only be fetched from Twilio's own hosts.
        url: Option<String>,
        /// Length in seconds.
        seconds: Option<u32>,
        /// `completed` once it can be fetched, `in-progress`, `absent` for silence; `None` in the action of `<Record>`.
        status: Option<String>,
    },
}

/// A received text (Twilio documentation, "Twilio's request to your incoming message webhook URL").
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// Sid of the message.
    pub sid: MessageSid,
    /// Sender.
    pub from: PhoneAddress,
    /// Our number.
    pub to: PhoneAddress,
    /// The text; may be empty if there are pictures.
    pub body: String,
    /// Pictures and other files, at most ten.
    pub media: Vec<Media>,
    /// The opt-out keyword that Twilio recognised and has already answered. Don't answer it again.
    pub opt_out: Option<OptOut>,
}

/// A file that came with a text.
#[derive(Clone, PartialEq, Eq)]
pub struct Media {
    /// Address. It is signed, but must still only be fetched from Twilio's own hosts.
    pub url: String,
    /// Media type that the sender claims.
    pub content_type: Option<String>,
}

/// Kind of an opt-out keyword (Twilio documentation, "Customizing user replies with Advanced Opt-Out").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptOut {
    /// Opts out: no more texts to this number until it sends START.
    Stop,
    /// Opts in again.
    Start,
    /// Requests help.
    Help,
    /// A keyword that isn't known.
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

// Ids and statuses may be logged; numbers, texts, keys and addresses of files may not.
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
            TwilioEvent::CallStatus { sid, status, sequence, duration, answered_by, inbound, .. } => f
                .debug_struct("CallStatus")
                .field("sid", sid)
                .field("status", status)
                .field("sequence", sequence)
                .field("duration", duration)
                .field("answered_by", answered_by)
                .field("inbound", inbound)
                .finish_non_exhaustive(),
            TwilioEvent::CallAnswered { sid, status, inbound, .. } => f
                .debug_struct("CallAnswered")
                .field("sid", sid)
                .field("status", status)
                .field("inbound", inbound)
                .finish_non_exhaustive(),
            TwilioEvent::Digits { sid, digits } => {
                f.debug_struct("Digits").field("sid", sid).field("count", &digits.len()).finish()
            }
            TwilioEvent::Dialed { sid, status, seconds } => f
                .debug_struct("Dialed")
                .field("sid", sid)
                .field("status", status)
                .field("seconds", seconds)
                .finish(),
            TwilioEvent::Recorded { sid, recording, seconds, status, .. } => f
                .debug_struct("Recorded")
                .field("sid", sid)
                .field("recording", recording)
                .field("seconds", seconds)
                .field("status", status)
                .finish_non_exhaustive(),
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
