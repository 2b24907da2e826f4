//! Texts and calls.

use serde::{Deserialize, Serialize};

use crate::address::{E164, SmsSender};
use crate::delivery::content::Content;

/// A text or a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PhoneMessage {
    /// Send a text message.
    Text {
        /// The recipient's number.
        to: E164,
        /// The sender; none for the one that is the default when the text is sent.
        from: Option<SmsSender>,
        /// The text.
        content: Content,
    },
    /// Place a call. What it says is decided when the person answers.
    Call {
        /// The recipient's number.
        to: E164,
        /// The caller's number; none for the one that is the default when the call is placed.
        from: Option<E164>,
        /// What to say.
        content: Content,
    },
    /// Send a customer an agent's answer with its files, or an automatic reply, as a text message.
    Reply {
        /// The customer's number.
        to: E164,
        /// Handbell's number.
        from: E164,
        /// The text.
        text: String,
        /// URLs of the files at Webex.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
    },
    /// Call an agent, and connect the agent with the customer after key 1.
    Connect {
        /// Name of the agent.
        #[serde(default)]
        name: String,
        /// The agent's number.
        agent: E164,
        /// Handbell's number.
        from: E164,
        /// The customer's number.
        to: E164,
    },
}

impl PhoneMessage {
    pub(super) fn is_page(&self) -> bool {
        match self {
            Self::Text { .. } | Self::Call { .. } => true,
            Self::Reply { .. } | Self::Connect { .. } => false,
        }
    }

    pub(super) fn is_reply(&self) -> bool {
        match self {
            Self::Reply { .. } => true,
            Self::Text { .. } | Self::Call { .. } | Self::Connect { .. } => false,
        }
    }

    pub(super) fn connects_agent(&self) -> bool {
        match self {
            Self::Connect { .. } => true,
            Self::Text { .. } | Self::Call { .. } | Self::Reply { .. } => false,
        }
    }

    pub(super) fn called_number(&self) -> Option<&E164> {
        match self {
            Self::Call { to, .. } => Some(to),
            Self::Text { .. } | Self::Reply { .. } | Self::Connect { .. } => None,
        }
    }

    /// Returns the number that a text or a call pages, and its sender; none for the default.
    pub(super) fn paged(&self) -> Option<(&E164, Option<SmsSender>)> {
        match self {
            Self::Text { to, from, .. } => Some((to, from.clone())),
            Self::Call { to, from, .. } => Some((to, from.clone().map(SmsSender::from))),
            Self::Reply { .. } | Self::Connect { .. } => None,
        }
    }

    pub(super) fn content(&self) -> Option<&Content> {
        match self {
            Self::Text { content, .. } | Self::Call { content, .. } => Some(content),
            Self::Reply { .. } | Self::Connect { .. } => None,
        }
    }
}
