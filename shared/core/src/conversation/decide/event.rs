//! What a conversation is decided on: the customer's words and calls, agents' messages, and time.

use jiff::{SignedDuration, Timestamp};

use crate::conversation::Agent;
use crate::conversation::relay_policy::{Command, Sight, Why};
use crate::texting::Word;

/// Something that applied in a conversation, checked and understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The customer sent a text.
    Text {
        /// What it says.
        body: String,
        /// What came with it.
        files: Vec<File>,
        /// When it was sent, if it comes late.
        at: Option<Timestamp>,
        /// What Twilio took it for, if it took it for STOP or its like.
        word: Option<Word>,
    },
    /// The customer filled in the form.
    Form {
        /// What it says.
        message: String,
        /// What the customer is called.
        name: Option<String>,
        /// Where answers may go.
        email: Option<String>,
    },
    /// The customer calls, and the call is passed on.
    Rings,
    /// The customer's call is over, or nobody is there to take it.
    Called {
        /// So long two people spoke; none if nobody took it.
        spoke: Option<SignedDuration>,
    },
    /// The customer left a message.
    Voicemail {
        /// Where it lies at Twilio.
        url: String,
        /// How long it is.
        length: SignedDuration,
    },
    /// An agent's words that leave.
    Answer(Answer),
    /// An agent changed a message that was an answer; what it says now, if that may leave.
    Changed {
        /// The dispatch that carried it.
        answer: u32,
        /// What it says now.
        now: Option<Answer>,
        /// Who did it.
        by: String,
    },
    /// An agent took a message away that was an answer.
    Deleted {
        /// The dispatch that carried it.
        answer: u32,
        /// Who did it.
        by: String,
    },
    /// An agent wants something of us.
    Command {
        /// What.
        command: Command,
        /// Who and where; the text is empty.
        asked: Answer,
    },
    /// An agent's words that stay: remembered, so that they aren't judged again when other rules hold.
    Stays {
        /// Why.
        why: Why,
        /// Who and where.
        said: Answer,
    },
    /// It was looked who is there to answer.
    Looked(There),
    /// Twilio says that the number has opted out.
    Refused,
    /// An agent's answer could not be sent at all: the customer still waits.
    Failed,
    /// That somebody waits has been told, or that nobody waits any more.
    Told {
        /// The waiting that is an incident now.
        alarmed: Option<Timestamp>,
    },
    /// The time that the conversation had asked for has come.
    Wake,
}

/// A file of a customer's, where it lies at Twilio.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its address.
    pub url: String,
    /// What it says it is.
    pub content_type: Option<String>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

/// What an agent wrote and may leave.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Who wrote it.
    pub by: Agent,
    /// The text; may be empty when there are files.
    pub text: String,
    /// Addresses of files at Webex.
    pub files: Vec<String>,
    /// The message at Webex.
    pub message: String,
    /// The message under which notes about it can stand: itself, or the first of its thread.
    pub thread: String,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// What our token let us see when it was read.
    pub sight: Sight,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("message", &self.message).finish_non_exhaustive()
    }
}

/// Who is there to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum There {
    /// Somebody is in the space already.
    Somebody,
    /// This agent was added.
    Asked(Agent),
    /// Nobody.
    Nobody,
}
