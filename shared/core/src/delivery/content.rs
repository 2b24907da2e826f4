//! What a message says: a text of the plan, a text of its own, or an entry of a conversation.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::conversation::Address;

/// What a message says. Texts of the plan are stored by their place in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// The post of a plan's step, or one of its texts or calls.
    Step {
        /// Number of the step, from 1.
        step: u32,
        /// Index of the text or call, from 0.
        item: usize,
    },
    /// The text of a page of a plan's step.
    Page {
        /// Number of the step, from 1.
        step: u32,
        /// Index of the page, from 0.
        item: usize,
    },
    /// This text.
    Text(String),
    /// The dispatch's [`ConversationEntry`].
    Entry,
    /// The first post in this customer's space. It depends on what Handbell's token can see there.
    FirstPost(Address),
    /// Whether a reply could be taken back before it was sent, which only the reply's own dispatch knows.
    TakenBack(TakenBack),
}

/// A reply whose message was edited or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TakenBack {
    /// The dispatch of the reply.
    pub reply: u32,
    /// True if the agent edited the message, false if the agent deleted it.
    pub changed: bool,
    /// The agent who did it.
    pub by: String,
    /// The text that replaces the reply, if the edited message may go to the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

/// The author of a conversation entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaker {
    /// The customer.
    Customer,
    /// An agent, by name.
    Agent(String),
    /// Handbell, automatically.
    Handbell,
}

/// The medium of a conversation entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// Text messages.
    Text,
    /// The phone.
    Call,
    /// The web form.
    Form,
    /// The space only; the customer doesn't see it.
    Space,
}

/// An entry of a conversation. The dispatches with entries are the conversation's history.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationEntry {
    /// The author.
    pub speaker: Speaker,
    /// Name of the customer at that time.
    pub customer: String,
    /// The medium.
    pub medium: Medium,
    /// The text; empty if there are only files.
    pub text: String,
    /// Handbell's note on it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Number of files.
    #[serde(default)]
    pub files: u32,
    /// When it happened.
    pub at: Timestamp,
}

// Logs contain nothing that people write.
impl std::fmt::Debug for ConversationEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConversationEntry")
            .field("medium", &self.medium)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
