//! Events of an incident: presses, commands, alerts, signals of polls, and time.

use jiff::{SignedDuration, Timestamp};

use crate::alert::RaisedAlert;
use crate::button::Press;
use crate::incident::command::{Actor, Command};
use crate::occupancy::view::Signal;

/// An event of an incident, checked and parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The button was pressed.
    Press(Press),
    /// A person gave a command.
    Command {
        /// The person.
        by: Actor,
        /// The incident that the person was notified of; the command has no effect on another one. None applies to the current
        /// one.
        epoch: Option<u64>,
        /// The command.
        command: Command,
    },
    /// A monitoring system or a person reported a problem.
    Alert(Box<RaisedAlert>),
    /// All attempts of a step to reach people have certainly failed.
    Unreached {
        /// The incident.
        epoch: u64,
        /// Number of restarts of the plan at that time.
        round: u32,
        /// The step.
        step: u32,
    },
    /// A poll found a change of a zone or a site.
    Occupancy(Signal),
    /// A customer has been waiting for an answer for too long.
    CustomerWaits {
        /// Name of the customer.
        customer: String,
        /// Since when the customer has been waiting.
        since: Timestamp,
        /// For how long, counted in the line's opening hours.
        waited: SignedDuration,
    },
    /// The time for which the incident asked has come.
    Wake,
}

impl Event {
    /// Returns true if the event opens an incident when none is ongoing.
    pub(super) fn may_open(&self) -> bool {
        match self {
            Self::Press(_)
            | Self::Occupancy(Signal::Rise { .. } | Signal::Silent { .. })
            | Self::CustomerWaits { .. }
            | Self::Alert(_) => true,
            Self::Occupancy(
                Signal::Remind { .. } | Signal::Ease { .. } | Signal::Over { .. } | Signal::Back { .. },
            )
            | Self::Command { .. }
            | Self::Unreached { .. }
            | Self::Wake => false,
        }
    }
}
