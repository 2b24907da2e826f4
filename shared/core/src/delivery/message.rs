//! Messages: the content of deliveries, with one enum for each channel.

mod predicates;

use serde::{Deserialize, Serialize};

use super::content::Content;
use crate::address::{E164, EmailAddress, PhoneAddress, SmsSender};

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
        /// The agent's number.
        agent: E164,
        /// Handbell's number.
        from: E164,
        /// The customer's number.
        to: E164,
    },
}

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
