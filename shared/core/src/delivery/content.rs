//! What a message says: the plan's words by their place, a text, or what was said in a conversation.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::conversation::Address;

/// Words: those of the plan, by their place, or these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// The post of a step of the plan, or one of its texts or calls.
    Step {
        /// From 1.
        step: u32,
        /// From 0.
        item: usize,
    },
    /// What a step pages with, by its place.
    Page {
        /// From 1.
        step: u32,
        /// From 0.
        item: usize,
    },
    /// These words.
    Text(String),
    /// The dispatch's [`ConversationEntry`].
    Entry,
    /// The first post of the space of this customer. It depends on what our token lets us see.
    FirstPost(Address),
    /// Whether a reply could still be taken back, which only its own dispatch knows.
    TakenBack {
        /// The dispatch of the reply.
        reply: u32,
        /// It was changed, not deleted.
        changed: bool,
        /// By whom.
        by: String,
    },
}

/// Who says something in a conversation.
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

/// The medium by which a customer wrote or is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// Text messages.
    Text,
    /// The phone.
    Call,
    /// The web form.
    Form,
    /// Only within the space.
    Space,
}

/// One contribution to a conversation. The dispatches that carry one are the conversation's history.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationEntry {
    /// Who says it.
    pub speaker: Speaker,
    /// How the customer is called at that time.
    pub customer: String,
    /// The medium.
    pub medium: Medium,
    /// In words; empty if it is only files.
    pub text: String,
    /// What we have to say of it ourselves.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// How many files.
    #[serde(default)]
    pub files: u32,
    /// When it happened.
    pub at: Timestamp,
}

// What people say is for no log.
impl std::fmt::Debug for ConversationEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConversationEntry")
            .field("medium", &self.medium)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
