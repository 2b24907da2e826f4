//! Messages: what a delivery carries, one enum for each channel.

use serde::{Deserialize, Serialize};

use super::content::Content;

/// What a delivery carries, by the channel that takes it. Each channel has a file in `app/channel` that sends its messages
/// and looks them up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "kebab-case")]
pub enum Message {
    /// To the Webex space of the incident or the conversation.
    Space(SpaceMessage),
    /// To one person in Webex.
    Direct(DirectMessage),
    /// By Twilio: a text or a call.
    Phone(PhoneMessage),
    /// By mail.
    Mail(MailMessage),
    /// Work of our own that nobody receives.
    Internal(InternalTask),
}

/// What happens in a space: people are added and messages posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SpaceMessage {
    /// Add somebody to the space.
    Invite {
        /// Mail address.
        email: String,
        /// As a moderator.
        moderator: bool,
    },
    /// Give the space another title.
    Rename {
        /// The new title.
        title: String,
    },
    /// Find out which agents are available, and add one of them if none is in the space.
    Assign,
    /// Tell the team in its lobby.
    Lobby {
        /// The words, in markdown.
        text: String,
    },
    /// Post words.
    Post {
        /// The words.
        content: Content,
    },
    /// Post the zone's card: the dispatch's view, with buttons.
    ZoneCard,
    /// Post a card with the state of the incident. Its content is decided when it is posted.
    IncidentCard,
    /// Remove the card of an earlier dispatch, since a newer one takes its place.
    RemoveCard {
        /// The dispatch.
        card: u32,
    },
    /// Post the mail as it came, as a file.
    OriginalMail {
        /// Its key in the bucket.
        object: String,
        /// The file's name.
        name: String,
    },
    /// Post the incident report as a file.
    IncidentReport,
    /// Post a file of a customer's: a picture of a text, or a recorded message.
    CustomerFile {
        /// Its address at Twilio.
        url: String,
        /// Its content type, as the sender names it.
        content_type: Option<String>,
    },
    /// Post the history of the conversation: all of it as a file, or the latest part in words.
    Transcript {
        /// The latest part in words.
        brief: bool,
    },
    /// The delivery summary: one message that shows the state of the other deliveries. It is edited as they settle.
    DeliverySummary,
}

/// A message to one person in Webex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectMessage {
    /// Mail address.
    pub email: String,
    /// The words.
    pub content: Content,
}

/// A text or a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PhoneMessage {
    /// Send a text message.
    Text {
        /// E.164.
        to: String,
        /// The sender; empty for our usual number.
        from: String,
        /// The words.
        content: Content,
    },
    /// Call. What is spoken is decided when somebody answers.
    Call {
        /// E.164.
        to: String,
        /// The caller.
        from: String,
        /// The words.
        content: Content,
    },
    /// Answer a customer by a text message, with an agent's files.
    Reply {
        /// E.164.
        to: String,
        /// Our number.
        from: String,
        /// The text.
        text: String,
        /// Addresses of the files at Webex.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
    },
    /// Call an agent, and connect the agent with the customer after key 1.
    Connect {
        /// The agent's number.
        agent: String,
        /// Our number.
        from: String,
        /// The customer's.
        to: String,
    },
}

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum MailMessage {
    /// Page one person, with a link and an address for the answer.
    Page {
        /// Mail address.
        email: String,
        /// The words.
        content: Content,
    },
    /// Send the incident report in the thread of the mail that opened the incident.
    IncidentReport {
        /// Mail address.
        email: String,
    },
    /// Answer a customer.
    Reply {
        /// The address.
        to: String,
        /// The text.
        text: String,
    },
}

/// How a page reaches a person outside of Webex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageChannel {
    /// By text.
    Text,
    /// By call.
    Call,
    /// By mail.
    Mail,
}

/// Work that follows from a decision and that no channel sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum InternalTask {
    /// Add a text to everybody who was told of the incident by phone, but for one person. The recipients are found when
    /// the other deliveries have been tried.
    TextThoseCalled {
        /// The words.
        text: String,
        /// The id or the number of somebody who needs no text.
        except: Option<String>,
    },
    /// Remove all that is known of the customer.
    EraseCustomer {
        /// The customer's number.
        number: Option<String>,
    },
}

impl Message {
    /// A post of these words in the space.
    pub fn post(text: impl Into<String>) -> Self {
        Self::Space(SpaceMessage::Post { content: Content::Text(text.into()) })
    }

    /// Stands in the space, in the order of the steps.
    pub fn is_post(&self) -> bool {
        match self {
            Self::Space(message) => message.is_post(),
            Self::Direct(_) | Self::Phone(_) | Self::Mail(_) | Self::Internal(_) => false,
        }
    }

    /// Is meant to bring somebody: a text, a call, a mail or a message to one person.
    pub fn is_page(&self) -> bool {
        match self {
            Self::Direct(_)
            | Self::Phone(PhoneMessage::Text { .. } | PhoneMessage::Call { .. })
            | Self::Mail(MailMessage::Page { .. }) => true,
            Self::Space(_)
            | Self::Phone(PhoneMessage::Reply { .. } | PhoneMessage::Connect { .. })
            | Self::Mail(MailMessage::IncidentReport { .. } | MailMessage::Reply { .. })
            | Self::Internal(_) => false,
        }
    }

    /// Reaches a customer: may be taken back, and never follows a STOP.
    pub fn is_reply(&self) -> bool {
        match self {
            Self::Phone(PhoneMessage::Reply { .. }) | Self::Mail(MailMessage::Reply { .. }) => true,
            Self::Space(_)
            | Self::Direct(_)
            | Self::Phone(
                PhoneMessage::Text { .. } | PhoneMessage::Call { .. } | PhoneMessage::Connect { .. },
            )
            | Self::Mail(MailMessage::Page { .. } | MailMessage::IncidentReport { .. })
            | Self::Internal(_) => false,
        }
    }

    /// Returns true for a text that pages somebody.
    pub fn is_text(&self) -> bool {
        match self.paged() {
            Some((PageChannel::Text, _)) => true,
            Some((PageChannel::Call | PageChannel::Mail, _)) | None => false,
        }
    }

    /// Returns the channel and the address of a page whose outcome is known: whether a message to one person in Webex was
    /// read is not.
    pub fn paged(&self) -> Option<(PageChannel, &str)> {
        match self {
            Self::Phone(PhoneMessage::Text { to, .. }) => Some((PageChannel::Text, to)),
            Self::Phone(PhoneMessage::Call { to, .. }) => Some((PageChannel::Call, to)),
            Self::Mail(MailMessage::Page { email, .. }) => Some((PageChannel::Mail, email)),
            Self::Space(_)
            | Self::Direct(_)
            | Self::Phone(PhoneMessage::Reply { .. } | PhoneMessage::Connect { .. })
            | Self::Mail(MailMessage::IncidentReport { .. } | MailMessage::Reply { .. })
            | Self::Internal(_) => None,
        }
    }

    /// Returns what a text or a call says.
    pub fn phone_content(&self) -> Option<&Content> {
        match self {
            Self::Phone(PhoneMessage::Text { content, .. } | PhoneMessage::Call { content, .. }) => {
                Some(content)
            }
            Self::Space(_)
            | Self::Direct(_)
            | Self::Phone(PhoneMessage::Reply { .. } | PhoneMessage::Connect { .. })
            | Self::Mail(_)
            | Self::Internal(_) => None,
        }
    }

    /// Returns true for a call to an agent who wants to speak to the customer.
    pub fn connects_agent(&self) -> bool {
        match self {
            Self::Phone(PhoneMessage::Connect { .. }) => true,
            Self::Space(_)
            | Self::Direct(_)
            | Self::Phone(
                PhoneMessage::Text { .. } | PhoneMessage::Call { .. } | PhoneMessage::Reply { .. },
            )
            | Self::Mail(_)
            | Self::Internal(_) => false,
        }
    }

    /// Returns true if no receipt follows once the message is sent.
    pub fn has_no_receipt(&self) -> bool {
        match self {
            Self::Mail(_) => true,
            Self::Space(_) | Self::Direct(_) | Self::Phone(_) | Self::Internal(_) => false,
        }
    }

    /// A call that pages somebody.
    pub fn is_call(&self) -> bool {
        match self {
            Self::Phone(PhoneMessage::Call { .. }) => true,
            Self::Space(_)
            | Self::Direct(_)
            | Self::Phone(
                PhoneMessage::Text { .. } | PhoneMessage::Reply { .. } | PhoneMessage::Connect { .. },
            )
            | Self::Mail(_)
            | Self::Internal(_) => false,
        }
    }

    /// The number that a text or a call pages, and the number that it comes from.
    pub fn paged_phone(&self) -> Option<(&str, &str)> {
        match self {
            Self::Phone(PhoneMessage::Text { to, from, .. } | PhoneMessage::Call { to, from, .. }) => {
                Some((to, from))
            }
            Self::Space(_)
            | Self::Direct(_)
            | Self::Phone(PhoneMessage::Reply { .. } | PhoneMessage::Connect { .. })
            | Self::Mail(_)
            | Self::Internal(_) => None,
        }
    }

    /// The dispatch whose card is removed, where one is.
    pub fn removed_card(&self) -> Option<u32> {
        match self {
            Self::Space(SpaceMessage::RemoveCard { card }) => Some(*card),
            Self::Space(
                SpaceMessage::Invite { .. }
                | SpaceMessage::Rename { .. }
                | SpaceMessage::Assign
                | SpaceMessage::Lobby { .. }
                | SpaceMessage::Post { .. }
                | SpaceMessage::ZoneCard
                | SpaceMessage::IncidentCard
                | SpaceMessage::OriginalMail { .. }
                | SpaceMessage::IncidentReport
                | SpaceMessage::CustomerFile { .. }
                | SpaceMessage::Transcript { .. }
                | SpaceMessage::DeliverySummary,
            )
            | Self::Direct(_)
            | Self::Phone(_)
            | Self::Mail(_)
            | Self::Internal(_) => None,
        }
    }

    /// Returns the task, if this is one that no channel sends.
    pub fn task(&self) -> Option<&InternalTask> {
        match self {
            Self::Internal(task) => Some(task),
            Self::Space(_) | Self::Direct(_) | Self::Phone(_) | Self::Mail(_) => None,
        }
    }

    /// Returns true for the task that removes all that is known of the customer.
    pub fn erases(&self) -> bool {
        match self.task() {
            Some(InternalTask::EraseCustomer { .. }) => true,
            Some(InternalTask::TextThoseCalled { .. }) | None => false,
        }
    }

    /// The delivery summary, which tells of the others.
    pub fn is_summary(&self) -> bool {
        *self == Self::Space(SpaceMessage::DeliverySummary)
    }
}

impl SpaceMessage {
    /// Stands in the space, in the order of the steps.
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
            Self::Invite { .. }
            | Self::Rename { .. }
            | Self::Assign
            | Self::Lobby { .. }
            | Self::DeliverySummary => false,
        }
    }
}
