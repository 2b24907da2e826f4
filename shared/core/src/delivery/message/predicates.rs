//! What kind of message a message is. Each question names every kind, so that a new kind has to answer it.

use super::{InternalTask, MailMessage, Message, PageChannel, PhoneMessage, SpaceMessage};
use crate::address::{E164, SmsSender};
use crate::delivery::Content;

impl Message {
    /// Creates a post of this text in the space.
    pub fn post(text: impl Into<String>) -> Self {
        Self::Space(SpaceMessage::Post { content: Content::Text(text.into()) })
    }

    /// Returns true for a post, which keeps its place in the order of the space.
    pub fn is_post(&self) -> bool {
        match self {
            Self::Space(message) => message.is_post(),
            Self::Direct(_) | Self::Phone(_) | Self::Mail(_) | Self::Internal(_) => false,
        }
    }

    /// Returns true for a message that pages a person: a text, a call, a mail or a direct message.
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

    /// Returns true for an answer to a customer. It can be taken back, and is never sent after a STOP.
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

    /// Returns true for a text that pages a person.
    pub fn is_text(&self) -> bool {
        match self.paged() {
            Some((PageChannel::Text, _)) => true,
            Some((PageChannel::Call | PageChannel::Mail, _)) | None => false,
        }
    }

    /// Returns the channel and the address of a page whose receipt is known. Webex doesn't report whether a direct message was
    /// read.
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

    /// Returns true for a mail. Its vendor reports nothing once it has accepted one.
    pub fn is_mail(&self) -> bool {
        match self {
            Self::Mail(_) => true,
            Self::Space(_) | Self::Direct(_) | Self::Phone(_) | Self::Internal(_) => false,
        }
    }

    /// Returns true for a call that pages a person.
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

    /// Returns the number that a text or a call pages, and its sender; none for the default.
    pub fn paged_phone(&self) -> Option<(&E164, Option<SmsSender>)> {
        match self {
            Self::Phone(PhoneMessage::Text { to, from, .. }) => Some((to, from.clone())),
            Self::Phone(PhoneMessage::Call { to, from, .. }) => Some((to, from.clone().map(SmsSender::from))),
            Self::Space(_)
            | Self::Direct(_)
            | Self::Phone(PhoneMessage::Reply { .. } | PhoneMessage::Connect { .. })
            | Self::Mail(_)
            | Self::Internal(_) => None,
        }
    }

    /// Returns the dispatch whose card is removed, if this message removes one.
    pub fn removed_card(&self) -> Option<u32> {
        match self {
            Self::Space(SpaceMessage::RemoveCard { card }) => Some(*card),
            Self::Space(
                SpaceMessage::Invite(_)
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

    /// Returns true if a vendor may have it once a worker has begun it. One task only writes down whom to text.
    pub fn may_reach_vendor(&self) -> bool {
        match self {
            Self::Internal(InternalTask::TextThoseCalled { .. }) => false,
            Self::Internal(InternalTask::EraseCustomer { .. })
            | Self::Space(_)
            | Self::Direct(_)
            | Self::Phone(_)
            | Self::Mail(_) => true,
        }
    }

    /// Returns true for a post with a customer's file.
    pub fn is_customer_file(&self) -> bool {
        match self {
            Self::Space(message) => message.is_customer_file(),
            Self::Direct(_) | Self::Phone(_) | Self::Mail(_) | Self::Internal(_) => false,
        }
    }

    /// Returns true for the post of what a customer or an agent wrote.
    pub fn is_conversation_entry(&self) -> bool {
        match self {
            Self::Space(message) => message.is_conversation_entry(),
            Self::Direct(_) | Self::Phone(_) | Self::Mail(_) | Self::Internal(_) => false,
        }
    }

    /// Returns true for the task that erases a customer.
    pub fn erases(&self) -> bool {
        match self.task() {
            Some(InternalTask::EraseCustomer { .. }) => true,
            Some(InternalTask::TextThoseCalled { .. }) | None => false,
        }
    }

    /// Returns true for the delivery summary, which shows the state of the other deliveries.
    pub fn is_summary(&self) -> bool {
        *self == Self::Space(SpaceMessage::DeliverySummary)
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

    fn is_customer_file(&self) -> bool {
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

    fn is_conversation_entry(&self) -> bool {
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
