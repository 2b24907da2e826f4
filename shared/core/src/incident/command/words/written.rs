//! What a written command says, and who wrote it.

use jiff::SignedDuration;

/// The incident that a command refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentSelector {
    /// None is named: the only one that there is.
    Only,
    /// All that the command can apply to.
    All,
    /// `42`: the number in texts.
    Number(u16),
    /// `H-7K3Q`, in capitals.
    Reference(String),
}

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrittenCommand {
    /// Acknowledges the incident: "I have it."
    Acknowledge,
    /// Takes the next step now.
    Escalate,
    /// Takes the step with this name, which is taken only on request.
    EscalateTo(String),
    /// "I can't": declines.
    Cannot,
    /// Quiet for this long.
    Snooze(SignedDuration),
    /// "I still have it."
    Confirm,
    /// Closes the incident.
    Done,
    /// It was nothing.
    Cancel,
    /// Who has it, and who is on call.
    Who,
    /// The list of commands.
    Help,
}

impl WrittenCommand {
    /// Returns true if the command changes nothing, so that it may also be a question: "who?"
    pub fn only_informs(&self) -> bool {
        match self {
            Self::Who | Self::Help => true,
            Self::Acknowledge
            | Self::Escalate
            | Self::EscalateTo(_)
            | Self::Cannot
            | Self::Snooze(_)
            | Self::Confirm
            | Self::Done
            | Self::Cancel => false,
        }
    }
}

/// Who wrote a message, and whether it is an answer to Handbell.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageAuthor<'a> {
    /// The name in the roster, which may stand below or after the command.
    pub name: Option<&'a str>,
    /// The language in the roster, such as `pl-PL`.
    pub language: Option<&'a str>,
    /// True for a message between people that Handbell only overhears, in a space. Only words that can mean nothing but a command
    /// count then: "ok", "got it" and a bare number may be meant for somebody else.
    pub overheard: bool,
}
