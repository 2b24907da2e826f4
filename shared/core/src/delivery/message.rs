//! What is said and to whom: every kind of delivery, and where its words come from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::conversation::Address;

/// What to say and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "kebab-case")]
pub enum Say {
    /// Add somebody to the space.
    Invite {
        /// Mail address.
        email: String,
        /// As a moderator.
        moderator: bool,
    },
    /// Post in the space.
    Post {
        /// What.
        content: Content,
    },
    /// Post the zone's card: the dispatch's view, with buttons.
    Card,
    /// Post the mail as it came, as a file.
    Original {
        /// Where it lies in the bucket.
        object: String,
        /// What the file is called.
        name: String,
    },
    /// Show how the incident stands: a card in the place of the one before it, made when it is posted.
    Status,
    /// Take away the card of an earlier dispatch, since a newer one stands in its place.
    TakeDown {
        /// The dispatch.
        card: u32,
    },
    /// Post what became of everybody and everything, as a file.
    Protocol,
    /// Tell everybody who was already told of the incident by phone, but for one: whom that is, is found out when it is said.
    Tell {
        /// What.
        text: String,
        /// The id or the number of somebody who needn't be told.
        but: Option<String>,
    },
    /// Mail one person, with a link and an address for the answer.
    Notify {
        /// Mail address.
        email: String,
        /// What.
        content: Content,
    },
    /// Mail what became of everybody and everything, in the thread of the mail that it began with.
    ReportMail {
        /// Mail address.
        email: String,
    },
    /// Tell one person in Webex.
    Direct {
        /// Mail address.
        email: String,
        /// What.
        content: Content,
    },
    /// Send a text message.
    Sms {
        /// E.164.
        to: String,
        /// The sender.
        from: String,
        /// What.
        content: Content,
    },
    /// Call; what is spoken is decided when somebody answers.
    Call {
        /// E.164.
        to: String,
        /// The caller.
        from: String,
        /// What.
        content: Content,
    },
    /// Post a file of a customer's: a picture of a text, or what was said after the tone.
    Media {
        /// Where it lies at Twilio.
        url: String,
        /// What it says it is.
        content_type: Option<String>,
    },
    /// Post all that was said with the customer: as a file, or the last of it in words.
    Transcript {
        /// In words.
        brief: bool,
    },
    /// See whether anybody is there to answer, and ask somebody to.
    Assign,
    /// Tell the team in its lobby.
    Lobby {
        /// What.
        content: Content,
    },
    /// Give the space another title.
    Rename {
        /// What it is called.
        title: String,
    },
    /// Answer a customer by a text message, with an agent's files.
    Answer {
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
    /// Answer a customer by mail.
    Mail {
        /// The address.
        to: String,
        /// The text.
        text: String,
    },
    /// Call an agent, and connect with the customer when the agent wants it.
    Connect {
        /// The agent's number.
        agent: String,
        /// Our number.
        from: String,
        /// The customer's.
        to: String,
    },
    /// Remove all that is known of the customer.
    Erase {
        /// The customer's number.
        number: Option<String>,
    },
    /// The message that shows what became of the others, edited as they settle.
    Report,
}

impl Say {
    /// Said through Webex.
    pub fn is_webex(&self) -> bool {
        !self.is_phone() && !self.is_mail() && !matches!(self, Self::Erase { .. } | Self::Tell { .. })
    }
    /// Said by mail.
    pub fn is_mail(&self) -> bool {
        matches!(self, Self::Mail { .. } | Self::Notify { .. } | Self::ReportMail { .. })
    }
    /// Is meant to bring somebody: a text, a call, a mail or a message to one person.
    pub fn is_page(&self) -> bool {
        matches!(self, Self::Sms { .. } | Self::Call { .. } | Self::Notify { .. } | Self::Direct { .. })
    }
    /// Stands in the space, in the order of the steps.
    pub fn is_post(&self) -> bool {
        matches!(
            self,
            Self::Post { .. }
                | Self::Card
                | Self::Original { .. }
                | Self::Status
                | Self::TakeDown { .. }
                | Self::Protocol
                | Self::Media { .. }
                | Self::Transcript { .. }
        )
    }
    /// Said through Twilio.
    pub fn is_phone(&self) -> bool {
        matches!(self, Self::Sms { .. } | Self::Call { .. } | Self::Answer { .. } | Self::Connect { .. })
    }
    /// Reaches a customer: may be taken back, and never follows a STOP.
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Answer { .. } | Self::Mail { .. })
    }
}

/// Words: those of the plan, by their place, or these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// The plan's step, and which of its texts or calls.
    Plan {
        /// From 1.
        step: u32,
        /// From 0.
        item: usize,
    },
    /// What a step pages with, by its place.
    Page {
        /// From 1.
        page_step: u32,
        /// From 0.
        page: usize,
    },
    /// These words.
    Text(String),
    /// What the dispatch's [`Talk`] says.
    Talk {
        /// Always true.
        talk: bool,
    },
    /// What stands first in a customer's space: it depends on what our token lets us see.
    FirstPost {
        /// Whose space it is.
        first_post: Address,
    },
    /// Whether an answer could still be taken back, which only its own dispatch knows.
    TakenBack {
        /// The dispatch of the answer.
        taken_back: u32,
        /// It was changed, not deleted.
        changed: bool,
        /// By whom.
        who: String,
    },
}

impl Content {
    /// What the dispatch's talk says.
    pub fn talk() -> Self {
        Self::Talk { talk: true }
    }
}

/// Who says something in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// The customer.
    Customer,
    /// An agent, by name.
    Agent(String),
    /// Handbell, by itself.
    Handbell,
}

/// By which way a customer was heard or is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Text messages.
    Text,
    /// The phone.
    Call,
    /// The web form.
    Form,
    /// Only within the space.
    Space,
}

/// One thing said in a conversation: the dispatches that carry one are its history.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// Who.
    pub who: Who,
    /// How the customer is called at that time.
    pub customer: String,
    /// How.
    pub way: Way,
    /// In words; empty if it is only files.
    pub text: String,
    /// What we have to say of it ourselves.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// How many files.
    #[serde(default)]
    pub files: u32,
    /// When.
    pub at: Timestamp,
}

// What people say is for no log.
impl std::fmt::Debug for Talk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Talk").field("way", &self.way).field("at", &self.at).finish_non_exhaustive()
    }
}
