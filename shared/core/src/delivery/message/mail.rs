//! Messages by mail.

use serde::{Deserialize, Serialize};

use crate::address::EmailAddress;
use crate::delivery::content::Content;

/// A message by mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum MailMessage {
    /// Page one person, with a link and a reply address for the answer.
    Page {
        /// Mail address.
        email: EmailAddress,
        /// The text.
        content: Content,
    },
    /// Send the incident report in the thread of the mail that opened the incident.
    IncidentReport {
        /// Mail address.
        email: EmailAddress,
    },
    /// Send an agent's answer to a customer.
    Reply {
        /// Mail address.
        to: EmailAddress,
        /// The text.
        text: String,
    },
}

impl MailMessage {
    pub(super) fn is_reply(&self) -> bool {
        match self {
            Self::Reply { .. } => true,
            Self::Page { .. } | Self::IncidentReport { .. } => false,
        }
    }

    /// Returns the address that a page goes to.
    pub(super) fn paged(&self) -> Option<&EmailAddress> {
        match self {
            Self::Page { email, .. } => Some(email),
            Self::IncidentReport { .. } | Self::Reply { .. } => None,
        }
    }
}
