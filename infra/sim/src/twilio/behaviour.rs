//! The automatic behaviour of a phone, as tests and the page set it.

use serde::{Deserialize, Serialize};

/// Automatic behaviour of a phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Behaviour {
    /// Receives texts, and rings until somebody answers.
    #[default]
    Ok,
    /// Busy with another call.
    Busy,
    /// Rings, and nobody answers.
    NoAnswer,
    /// Switched off: texts fail with 30003.
    Off,
    /// Twilio refuses the request.
    Refuse,
    /// Receives texts, and a machine answers after the first ring unless a person is faster.
    Machine,
    /// Receives texts, and rings until the call's time-out: nobody can answer.
    Nobody,
    /// Unreachable: texts fail with 30003, and calls fail.
    Unreachable,
}

impl Behaviour {
    pub(super) fn answers(self) -> Answers {
        match self {
            Self::Ok => Answers::Person,
            Self::Machine => Answers::Machine,
            Self::NoAnswer | Self::Nobody => Answers::Nobody,
            Self::Busy => Answers::Busy,
            Self::Off | Self::Refuse | Self::Unreachable => Answers::Unreachable,
        }
    }
}

/// Who answers a phone: the behaviour in the words of the control API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Answers {
    /// A person, who answers by hand.
    Person,
    /// A machine.
    Machine,
    /// No agent is available.
    Nobody,
    /// The phone is busy with another call.
    Busy,
    /// The phone is unreachable.
    Unreachable,
}

impl Answers {
    pub(super) fn behaviour(self) -> Behaviour {
        match self {
            Self::Person => Behaviour::Ok,
            Self::Machine => Behaviour::Machine,
            Self::Nobody => Behaviour::Nobody,
            Self::Busy => Behaviour::Busy,
            Self::Unreachable => Behaviour::Unreachable,
        }
    }
}
