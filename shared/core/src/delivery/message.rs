//! Messages: the content of deliveries, with one enum for each channel. Each question about a message names every channel, so
//! that a new one has to answer it.

mod mail;
mod phone;
mod space;

use serde::{Deserialize, Serialize};

use super::content::Content;
use crate::address::{E164, EmailAddress, PhoneAddress, SmsSender};
pub use mail::MailMessage;
pub use phone::PhoneMessage;
pub use space::{Invitation, SpaceMessage};

/// The content of a delivery, by its channel. Each channel has a file in `app/channel` that sends its messages and looks them up.
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
    /// A task of Handbell that has no recipient.
    Internal(InternalTask),
}

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
            Self::Direct(_) => true,
            Self::Phone(message) => message.is_page(),
            Self::Mail(message) => message.paged().is_some(),
            Self::Space(_) | Self::Internal(_) => false,
        }
    }

    /// Returns true for an answer to a customer. It can be taken back, and is never sent after a STOP.
    pub fn is_reply(&self) -> bool {
        match self {
            Self::Phone(message) => message.is_reply(),
            Self::Mail(message) => message.is_reply(),
            Self::Space(_) | Self::Direct(_) | Self::Internal(_) => false,
        }
    }

    /// Returns true for a text that pages a person.
    pub fn is_text(&self) -> bool {
        match self.paged() {
            Some((PageChannel::Text, _)) => true,
            Some((PageChannel::Call | PageChannel::Mail, _)) | None => false,
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
        self.called_number().is_some()
    }

    /// Returns the number that a call pages.
    pub fn called_number(&self) -> Option<&E164> {
        match self {
            Self::Phone(message) => message.called_number(),
            Self::Space(_) | Self::Direct(_) | Self::Mail(_) | Self::Internal(_) => None,
        }
    }

    /// Returns true for a call to an agent who wants to speak to the customer.
    pub fn connects_agent(&self) -> bool {
        match self {
            Self::Phone(message) => message.connects_agent(),
            Self::Space(_) | Self::Direct(_) | Self::Mail(_) | Self::Internal(_) => false,
        }
    }

    /// Returns the channel and the address of a page whose receipt is known. Webex doesn't report whether a direct message was
    /// read.
    pub fn paged(&self) -> Option<(PageChannel, &str)> {
        match self {
            Self::Phone(message) => {
                let channel = if self.is_call() { PageChannel::Call } else { PageChannel::Text };
                message.paged().map(|(to, _)| (channel, to.as_str()))
            }
            Self::Mail(message) => message.paged().map(|to| (PageChannel::Mail, to.as_str())),
            Self::Space(_) | Self::Direct(_) | Self::Internal(_) => None,
        }
    }

    /// Returns the number that a text or a call pages, and its sender; none for the default.
    pub fn paged_phone(&self) -> Option<(&E164, Option<SmsSender>)> {
        match self {
            Self::Phone(message) => message.paged(),
            Self::Space(_) | Self::Direct(_) | Self::Mail(_) | Self::Internal(_) => None,
        }
    }

    /// Returns what a text or a call says.
    pub fn phone_content(&self) -> Option<&Content> {
        match self {
            Self::Phone(message) => message.content(),
            Self::Space(_) | Self::Direct(_) | Self::Mail(_) | Self::Internal(_) => None,
        }
    }

    /// Returns the dispatch whose card is removed, if this message removes one.
    pub fn removed_card(&self) -> Option<u32> {
        match self {
            Self::Space(message) => message.removed_card(),
            Self::Direct(_) | Self::Phone(_) | Self::Mail(_) | Self::Internal(_) => None,
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

    /// Returns true for the delivery summary, which shows the state of the other deliveries.
    pub fn is_summary(&self) -> bool {
        *self == Self::Space(SpaceMessage::DeliverySummary)
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
        match self.task() {
            Some(InternalTask::TextThoseCalled { .. }) => false,
            Some(InternalTask::EraseCustomer { .. }) | None => true,
        }
    }

    /// Removes the customer's phone from the task that has erased them.
    pub(super) fn forget_customer(&mut self) {
        if let Self::Internal(InternalTask::EraseCustomer { phone }) = self {
            *phone = None;
        }
    }

    /// Returns true for the task that erases a customer.
    pub fn erases(&self) -> bool {
        match self.task() {
            Some(InternalTask::EraseCustomer { .. }) => true,
            Some(InternalTask::TextThoseCalled { .. }) | None => false,
        }
    }
}

impl From<Invitation> for Message {
    fn from(invitation: Invitation) -> Self {
        Self::Space(SpaceMessage::Invite(invitation))
    }
}

/// A message to one person in Webex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectMessage {
    /// Mail address.
    pub email: EmailAddress,
    /// The text.
    pub content: Content,
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

/// A task that follows from a decision and that no channel sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum InternalTask {
    /// Text everybody who was notified of the incident by phone, except one person. The recipients are determined once the other
    /// deliveries have been tried.
    TextThoseCalled {
        /// The text.
        text: String,
        /// Id or number of the person who needs no text.
        except: Option<String>,
    },
    /// Erase everything about the customer.
    EraseCustomer {
        /// The customer's phone.
        phone: Option<PhoneAddress>,
    },
}
