//! Commands that people give to an incident, by whichever channel, and the timeline in which they are recorded.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::oncall::Person;

/// The channel of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandChannel {
    /// A button.
    Button,
    /// A card in Webex.
    Card,
    /// A message in the space.
    #[default]
    Space,
    /// A key on the phone.
    Phone,
    /// A text message.
    Text,
    /// A mail.
    Mail,
    /// A link that Handbell sent.
    Link,
    /// The page of the web form.
    Form,
    /// The system that raised the alert.
    Source,
}

impl CommandChannel {
    /// Returns the words that follow a name, such as `by phone`.
    pub fn phrase(self) -> &'static str {
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

/// The actor: who gives a command to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Name shown to people: `Dana`, `+352691496401 (by phone)`.
    pub who: String,
    /// Id in the roster, if the person is in it.
    pub person: Option<String>,
    /// The channel.
    pub how: CommandChannel,
}

impl Actor {
    /// Creates an actor of whom only the name is known.
    pub fn named(who: impl Into<String>, how: CommandChannel) -> Self {
        Self { who: who.into(), person: None, how }
    }

    /// Creates the actor that a person of the roster is.
    pub fn of_person(person: &Person, how: CommandChannel) -> Self {
        Self { who: person.name.clone(), person: Some(person.id.clone()), how }
    }
}

/// A command to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Acknowledges the incident: "I have it."
    Acknowledge,
    /// Take the next step now. Two people who ask for the same step take it once.
    Escalate {
        /// The incident's step when the person was notified; none means whichever is the current one.
        step: Option<u32>,
    },
    /// Take a step that is taken only on request.
    EscalateTo {
        /// Name of the step in the plan.
        name: String,
    },
    /// "I can't": take the next step at once, and send nothing more to this person.
    Cannot,
    /// Keep quiet for a while.
    Snooze {
        /// End of the snooze.
        until: Timestamp,
    },
    /// "I still have it."
    Confirm,
    /// It is done.
    Resolve,
    /// It was nothing.
    Cancel,
    /// Add something that others should read.
    Note {
        /// The note.
        text: String,
    },
}

impl Command {
    /// Returns its name in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Escalate { .. } => "escalate",
            Self::EscalateTo { .. } => "escalate-to",
            Self::Cannot => "cannot",
            Self::Snooze { .. } => "snooze",
            Self::Confirm => "confirm",
            Self::Resolve => "resolve",
            Self::Cancel => "cancel",
            Self::Note { .. } => "note",
        }
    }
}

/// An entry of the timeline. It is stored with the dispatch that followed from it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When it happened.
    pub at: Timestamp,
    /// What happened, in words: `Dana has it (by phone)`.
    pub what: String,
    /// Who did it, if a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// The channel, if a person did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<CommandChannel>,
}

// Who does what must not reach logs.
impl std::fmt::Debug for TimelineEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TimelineEntry").field("at", &self.at).field("how", &self.how).finish_non_exhaustive()
    }
}

mod words;

pub use words::{IncidentSelector, MessageAuthor, WrittenCommand, parse, parse_from};
