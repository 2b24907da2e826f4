//! What Twilio can tell us, by the hook that it calls for it.

use std::fmt;

use super::{CallStatus, MessageStatus, short};

/// Which of our addresses Twilio called, and so what it means by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// A text came in (Twilio documentation, "Twilio's request to your incoming message webhook URL").
    Text,
    /// The receipt of a text of ours (Twilio documentation, "Outbound message status in status callbacks").
    TextStatus,
    /// A call is up, theirs or ours, and Twilio asks what to say (Twilio documentation, "TwiML for Programmable Voice").
    Call,
    /// Keys were pressed during a call, or none in time (Twilio documentation, "TwiML: Gather").
    Key,
    /// How far a call has come, theirs or ours (Twilio documentation, "Call resource", "StatusCallback").
    CallStatus,
    /// Whoever we connected a caller to has hung up, or didn't answer (Twilio documentation, "TwiML: Dial", "action").
    Dialed,
    /// A caller left a message: the action of `<Record>`, and the callback once the recording can be fetched (Twilio
    /// documentation, "TwiML: Record", "action" and "recordingStatusCallback").
    Recorded,
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
    /// How far a call has come, theirs or ours. These arrive in any order, and more than once: see [`CallStatus::follows`].
    CallStatus {
        /// The call, `CA…`.
        sid: String,
        /// How far it has come.
        status: CallStatus,
        /// Counts the callbacks of one call from 0, in the order things applied.
        sequence: Option<u32>,
        /// How long it lasted, in seconds, once it is over.
        duration: Option<u32>,
        /// `human`, `machine_start`, `fax` …, if detection was asked for.
        answered_by: Option<String>,
        /// The number that calls; `anonymous` or none if it is withheld.
        from: Option<String>,
        /// The number that was called.
        to: Option<String>,
        /// They called us.
        inbound: bool,
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
    /// The caller and whoever we dialled are no longer connected, or never were, and Twilio asks what to say.
    Dialed {
        /// The caller's call, `CA…`, not the one that was dialled.
        sid: String,
        /// `completed` if somebody answered, else why not. `answered` becomes [`CallStatus::InProgress`].
        status: CallStatus,
        /// How long they spoke, in seconds, if somebody answered.
        seconds: Option<u32>,
    },
    /// A message was left. The same one is told of more than once: know it by `recording`.
    Recorded {
        /// The call, `CA…`.
        sid: String,
        /// The recording, `RE…`.
        recording: String,
        /// Where it lies, without an ending; only to be fetched from Twilio's own hosts.
        url: Option<String>,
        /// How long it is, in seconds.
        seconds: Option<u32>,
        /// `completed` once it can be fetched, `in-progress`, `absent` when nothing was heard; none at the action of `<Record>`.
        status: Option<String>,
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
