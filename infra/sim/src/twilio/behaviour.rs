//! What a phone does by itself, as whoever plays it has set it.

use serde::{Deserialize, Serialize};

/// What a phone does by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Behaviour {
    /// Gets texts, and rings until somebody answers.
    #[default]
    Ok,
    /// Is in another call.
    Busy,
    /// Rings, and nobody comes.
    NoAnswer,
    /// Is switched off: texts come back with 30003.
    Off,
    /// Twilio doesn't even take the request.
    Refuse,
    /// Gets texts, and a machine answers after the first ring, if nobody is faster.
    Machine,
    /// Gets texts, and rings until the call's time is up: nobody is there who could answer.
    Nobody,
    /// Can't be reached: texts come back with 30003, and calls fail.
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

/// Who answers a phone: the same in the words of whoever plays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Answers {
    /// Whoever picks it up by hand.
    Person,
    /// A machine.
    Machine,
    /// Nobody.
    Nobody,
    /// It is in another call.
    Busy,
    /// It can't be reached.
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
