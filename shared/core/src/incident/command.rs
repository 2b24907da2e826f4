//! The ledger: what people can say to an incident, by whichever channel, and how it is written down.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// By which way somebody said something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// A button of Handbell's.
    Button,
    /// A card in Webex.
    Card,
    /// Words in the space.
    #[default]
    Space,
    /// A key on the phone.
    Phone,
    /// A text message.
    Text,
    /// A mail.
    Mail,
    /// A link that we sent.
    Link,
    /// The web form's page.
    Form,
    /// The system that raised the alert.
    Source,
}

impl How {
    /// `by phone`, as it stands behind a name.
    pub fn words(self) -> &'static str {
        match self {
            Self::Button => "by the button",
            Self::Card => "on the card",
            Self::Space => "in the space",
            Self::Phone => "by phone",
            Self::Text => "by text",
            Self::Mail => "by mail",
            Self::Link => "by the link",
            Self::Form => "on the form's page",
            Self::Source => "at the source",
        }
    }
}

/// Who says something to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// As people read it: `Dana`, `+352691496401 (by phone)`.
    pub who: String,
    /// The id in the roster, if it is somebody there.
    pub person: Option<String>,
    /// How.
    pub how: How,
}

impl Actor {
    /// Somebody of whom only the name is known.
    pub fn named(who: impl Into<String>, how: How) -> Self {
        Self { who: who.into(), person: None, how }
    }
}

/// What people can say to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// "I have it."
    Acknowledge,
    /// The next step now. Asking twice climbs once: the step that they were told of.
    Next {
        /// None is whichever it is at.
        step: Option<u32>,
    },
    /// A step that only comes when it is asked for.
    Escalate {
        /// Its name in the plan.
        name: String,
    },
    /// "I can't": the next step at once, and nothing more to this person.
    Cannot,
    /// Nobody wants to hear of it for a while.
    Snooze {
        /// Until then.
        until: Timestamp,
    },
    /// "I still have it."
    Confirm,
    /// It is done.
    Resolve,
    /// It was nothing.
    Cancel,
    /// Something that others should read.
    Note {
        /// What.
        text: String,
    },
}

impl Command {
    /// Its name in the ledger.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Next { .. } => "next",
            Self::Escalate { .. } => "escalate",
            Self::Cannot => "cannot",
            Self::Snooze { .. } => "snooze",
            Self::Confirm => "confirm",
            Self::Resolve => "resolve",
            Self::Cancel => "cancel",
            Self::Note { .. } => "note",
        }
    }
}

/// One entry of the timeline. It lies with the dispatch of what followed from it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// What applied, in words: `Dana has it (by phone)`.
    pub what: String,
    /// Who, if it was somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// How, if it was somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<How>,
}

// Who does what is for no log.
impl std::fmt::Debug for TimelineEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TimelineEntry").field("at", &self.at).field("how", &self.how).finish_non_exhaustive()
    }
}

mod words;

pub use words::{Asked, Which, understand};
