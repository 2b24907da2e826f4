//! Messages to the space of an incident or a conversation.

use serde::{Deserialize, Serialize};

use crate::address::EmailAddress;
use crate::delivery::content::Content;

/// A change in a space: its people, its title or its posts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SpaceMessage {
    /// Add a person to the space.
    Invite(Invitation),
    /// Give the space another title.
    Rename {
        /// The new title.
        title: String,
    },
    /// Find out which agents are available, and add one of them if none is in the space.
    Assign,
    /// Notify the team in its lobby.
    Lobby {
        /// The text, in Markdown.
        text: String,
    },
    /// Post a text.
    Post {
        /// The text.
        content: Content,
    },
    /// Post the zone's card: the dispatch's view, with buttons.
    ZoneCard,
    /// Post a card with the state of the incident. The card shows the state at the time of posting.
    IncidentCard,
    /// Remove the card of an earlier dispatch, since a newer one takes its place.
    RemoveCard {
        /// The dispatch that posted the card.
        card: u32,
    },
    /// Post the mail that raised the alert as a file.
    OriginalMail {
        /// Its key in the bucket.
        object: String,
        /// The file's name.
        name: String,
    },
    /// Post the incident report as a file.
    IncidentReport,
    /// Post a customer's file: a picture from a text, or a recorded message.
    CustomerFile {
        /// URL at Twilio.
        url: String,
        /// Media type that the sender claims.
        content_type: Option<String>,
    },
    /// Post the conversation's history: all of it as a file, or the latest part as text.
    Transcript {
        /// True for the latest part as text.
        brief: bool,
    },
    /// The delivery summary: one message that shows the state of the other deliveries. It is edited as they settle.
    DeliverySummary,
}

/// A person who is added to a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Mail address.
    pub email: EmailAddress,
    /// True to add the person as a moderator.
    pub moderator: bool,
}

impl Invitation {
    /// Invites a person who is no moderator.
    pub fn participant(email: EmailAddress) -> Self {
        Self { email, moderator: false }
    }
}

impl SpaceMessage {
    /// Returns true for a post, which keeps its place in the order of the space.
    pub fn is_post(&self) -> bool {
        match self {
            Self::Post { .. }
            | Self::ZoneCard
            | Self::IncidentCard
            | Self::RemoveCard { .. }
            | Self::OriginalMail { .. }
            | Self::IncidentReport
            | Self::CustomerFile { .. }
            | Self::Transcript { .. } => true,
            Self::Invite(_)
            | Self::Rename { .. }
            | Self::Assign
            | Self::Lobby { .. }
            | Self::DeliverySummary => false,
        }
    }

    pub(super) fn removed_card(&self) -> Option<u32> {
        match self {
            Self::RemoveCard { card } => Some(*card),
            Self::Invite(_)
            | Self::Rename { .. }
            | Self::Assign
            | Self::Lobby { .. }
            | Self::Post { .. }
            | Self::ZoneCard
            | Self::IncidentCard
            | Self::OriginalMail { .. }
            | Self::IncidentReport
            | Self::CustomerFile { .. }
            | Self::Transcript { .. }
            | Self::DeliverySummary => None,
        }
    }

    pub(super) fn is_customer_file(&self) -> bool {
        match self {
            Self::CustomerFile { .. } => true,
            Self::Invite(_)
            | Self::Rename { .. }
            | Self::Assign
            | Self::Lobby { .. }
            | Self::Post { .. }
            | Self::ZoneCard
            | Self::IncidentCard
            | Self::RemoveCard { .. }
            | Self::OriginalMail { .. }
            | Self::IncidentReport
            | Self::Transcript { .. }
            | Self::DeliverySummary => false,
        }
    }

    pub(super) fn is_conversation_entry(&self) -> bool {
        match self {
            Self::Post { content } => *content == Content::Entry,
            Self::Invite(_)
            | Self::Rename { .. }
            | Self::Assign
            | Self::Lobby { .. }
            | Self::ZoneCard
            | Self::IncidentCard
            | Self::RemoveCard { .. }
            | Self::OriginalMail { .. }
            | Self::IncidentReport
            | Self::CustomerFile { .. }
            | Self::Transcript { .. }
            | Self::DeliverySummary => false,
        }
    }
}
