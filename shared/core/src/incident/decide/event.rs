//! What an incident is decided on: presses, commands, alerts, signals of polls, and time.

use jiff::Timestamp;

use crate::alert::RaisedAlert;
use crate::button::Press;
use crate::incident::command::{Actor, Command};
use crate::occupancy::view::Signal;

/// Something that happened, checked and understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The button was pressed.
    Press(Press),
    /// Somebody says something to an incident.
    Command {
        /// Who.
        by: Actor,
        /// The incident that they were told of; another one is not changed by it. None means whichever there is.
        epoch: Option<u64>,
        /// The command.
        command: Command,
    },
    /// A monitoring system or a person reported trouble.
    Alert(Box<RaisedAlert>),
    /// Everybody whom a step was to bring has certainly not been reached.
    Unreached {
        /// The incident.
        epoch: u64,
        /// How often its plan had begun again.
        round: u32,
        /// The step.
        step: u32,
    },
    /// A poll found something to tell of a zone or a site.
    Occupancy(Signal),
    /// A customer has been waiting for too long.
    Waits {
        /// What the customer is called.
        customer: String,
        /// Since then.
        since: Timestamp,
    },
    /// The time that the incident had asked for has come.
    Wake,
}
