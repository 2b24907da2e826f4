//! Events of a conversation: the customer's messages and calls, agents' messages, and time.

use jiff::{SignedDuration, Timestamp};

use crate::address::EmailAddress;
use crate::conversation::Agent;
use crate::conversation::relay_policy::{AgentCommand, KeptReason, Visibility};
use crate::texting::OptOutKeyword;
use crate::vendor_id::MessageId;

/// An event of a conversation, checked and parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversationEvent {
    /// The customer sent a text.
    Text {
        /// The text.
        body: String,
        /// Files that came with it.
        files: Vec<CustomerFile>,
        /// When it was sent, if it arrives late.
        at: Option<Timestamp>,
        /// The opt-out word that Twilio recognised, if any.
        word: Option<OptOutKeyword>,
    },
    /// The customer filled in the form.
    Form {
        /// The message.
        message: String,
        /// Name of the customer.
        name: Option<String>,
        /// Mail address to which answers may go.
        email: Option<EmailAddress>,
    },
    /// The customer calls, and the call is forwarded.
    CallForwarded {
        /// Id of the call at Twilio.
        call: String,
    },
    /// The caller's line is free again. Whether anybody took the call is reported by `CallEnded`, unless the caller hung up before a
    /// phone rang.
    CallerHungUp {
        /// Id of the call at Twilio.
        call: String,
    },
    /// The customer's call is over, or nobody is there to take it.
    CallEnded {
        /// Id of the call at Twilio.
        call: String,
        /// How long two people spoke; none if nobody took the call.
        spoke: Option<SignedDuration>,
    },
    /// An agent called the customer with `/call`, and the call is over.
    AgentCalled {
        /// Name of the agent.
        by: String,
        /// How long the two spoke; none if the customer did not answer.
        spoke: Option<SignedDuration>,
    },
    /// The customer left a voicemail.
    Voicemail {
        /// URL of the recording at Twilio.
        url: String,
        /// Length of the recording.
        length: SignedDuration,
    },
    /// An agent's message that goes to the customer.
    Answer(AgentMessage),
    /// An agent edited a message that was an answer.
    AnswerEdited {
        /// The dispatch that carried it.
        answer: u32,
        /// The new message, if it may go to the customer.
        now: Option<AgentMessage>,
        /// Who deleted it.
        by: String,
    },
    /// An agent deleted a message that was an answer.
    AnswerDeleted {
        /// The dispatch that carried it.
        answer: u32,
        /// Who deleted it.
        by: String,
    },
    /// An agent gave a command.
    Command {
        /// The command.
        command: AgentCommand,
        /// Who gave it and where; the text is empty.
        asked: AgentMessage,
    },
    /// An agent edited a message that had stayed in the space, into one that would have had an effect if it were new. It has none.
    KeptEdited {
        /// True if the message is a command now.
        command: bool,
        /// Who edited it and where; the text is empty.
        said: AgentMessage,
    },
    /// An agent's message that stays in the space. It is remembered, so that it isn't judged again when other rules apply.
    Kept {
        /// Why it stays.
        why: KeptReason,
        /// Who wrote it and where.
        said: AgentMessage,
    },
    /// An agent's message that would have an effect, but its line is gone from the configuration.
    LineGone {
        /// Who wrote it and where; the text is empty.
        said: AgentMessage,
    },
    /// The customer wrote, but nobody of the team is left in the space.
    SpaceEmpty,
    /// Handbell has looked for an available agent.
    AttendanceChecked(Attendance),
    /// Twilio reports that the number has opted out.
    OptedOut,
    /// An agent's answer could not be sent at all, so the customer still waits.
    AnswerFailed,
    /// The incident of a waiting customer was opened, or was ended because nobody waits any more.
    AlarmChanged {
        /// The waiting that is an incident now.
        alarmed: Option<Timestamp>,
    },
    /// The time for which the conversation asked has come.
    Wake,
}

/// A file from a customer, stored at Twilio.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerFile {
    /// Its URL.
    pub url: String,
    /// Media type that the sender claims.
    pub content_type: Option<String>,
}

impl std::fmt::Debug for CustomerFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CustomerFile").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

/// An agent's message that may go to the customer.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentMessage {
    /// The agent who wrote it.
    pub by: Agent,
    /// The text; may be empty when there are files.
    pub text: String,
    /// URLs of the files in Webex.
    pub files: Vec<String>,
    /// Id of the message in Webex.
    pub message: MessageId,
    /// Id of the message under which notes about it can be posted: itself, or the first of its thread.
    pub thread: MessageId,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// What Handbell's token showed when it was read.
    pub sight: Visibility,
}

impl std::fmt::Debug for AgentMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentMessage").field("message", &self.message).finish_non_exhaustive()
    }
}

/// Result of looking for an available agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attendance {
    /// An agent is in the space already.
    Somebody,
    /// This agent was added to the space.
    Asked(Agent),
    /// No agent is available.
    Nobody,
}
