//! The buttons on an incident's card.

use jiff::SignedDuration;

use crate::config::Plan;
use crate::incident::command::WrittenCommand;
use crate::incident::{Incident, Phase};

/// The label of every button that acknowledges an incident.
pub const I_HAVE_IT: &str = "I have it";

/// A button on an incident's card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentChoice {
    /// "I have it."
    Acknowledge,
    /// The next step is taken now.
    Escalate,
    /// "I can't."
    Cannot,
    /// Quiet for half an hour.
    Snooze,
    /// "I still have it."
    Confirm,
    /// The incident is over.
    Done,
}

impl IncidentChoice {
    const ALL: [Self; 6] =
        [Self::Acknowledge, Self::Escalate, Self::Cannot, Self::Snooze, Self::Confirm, Self::Done];

    /// Returns the choice's name in the card's data.
    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Escalate => "escalate",
            Self::Cannot => "cannot",
            Self::Snooze => "snooze",
            Self::Confirm => "confirm",
            Self::Done => "done",
        }
    }

    /// Returns the choice with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }

    /// Returns the button's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Acknowledge => I_HAVE_IT,
            Self::Escalate => "Next step",
            Self::Cannot => "I can't",
            Self::Snooze => "Snooze 30 min",
            Self::Confirm => "Still on it",
            Self::Done => "Done",
        }
    }

    /// Returns the command that the button gives, as a person would write it.
    pub fn command(self) -> WrittenCommand {
        match self {
            Self::Acknowledge => WrittenCommand::Acknowledge,
            Self::Escalate => WrittenCommand::Escalate,
            Self::Cannot => WrittenCommand::Cannot,
            Self::Snooze => WrittenCommand::Snooze(SignedDuration::from_mins(30)),
            Self::Confirm => WrittenCommand::Confirm,
            Self::Done => WrittenCommand::Done,
        }
    }
}

/// Returns the buttons that an incident's card shows now, the most likely first.
pub(super) fn choices(incident: &Incident, plan: &Plan) -> Vec<IncidentChoice> {
    use IncidentChoice::{Acknowledge, Cannot, Confirm, Done, Escalate, Snooze};
    let further = (incident.step as usize) < plan.steps.len();
    match incident.phase {
        Phase::Open if further => vec![Acknowledge, Escalate, Cannot, Snooze, Done],
        Phase::Open => vec![Acknowledge, Cannot, Snooze, Done],
        Phase::Acknowledged if incident.responses.asked_at.is_some() => vec![Confirm, Done, Cannot],
        Phase::Acknowledged => vec![Done, Cannot],
        Phase::Resolved | Phase::Cancelled | Phase::Lapsed => Vec::new(),
    }
}
