//! Targets of a step: phone numbers, or people in the roster.

use serde::{Deserialize, Serialize};

use crate::address::E164;

/// Target of a step. Phone numbers are part of the configuration. People, teams and rotas are in the table, since they change more
/// often.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Target {
    /// A phone number: `+352691496401`.
    Number(E164),
    /// The person who is on call in a rota when the step is taken.
    OnDuty(OnDuty),
    /// Everybody in a team.
    Team(TeamName),
    /// One person.
    Person(PersonName),
}

/// `{ on_duty: ops }`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OnDuty {
    /// The rota's name.
    pub on_duty: String,
}

/// `{ team: network }`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TeamName {
    /// The team's name.
    pub team: String,
}

/// `{ person: dana }`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PersonName {
    /// The person's id in the roster.
    pub person: String,
}

impl Target {
    /// Returns the phone number, if the target is one.
    pub fn number(&self) -> Option<&E164> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Returns true if the target has to be looked up in the roster.
    pub fn asks_the_roster(&self) -> bool {
        self.number().is_none()
    }
}

impl From<E164> for Target {
    fn from(number: E164) -> Self {
        Self::Number(number)
    }
}

impl PartialEq<&str> for Target {
    fn eq(&self, other: &&str) -> bool {
        self.number().is_some_and(|number| number == other)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => f.write_str(number),
            Self::OnDuty(name) => write!(f, "the person on call in {}", name.on_duty),
            Self::Team(name) => write!(f, "the team {}", name.team),
            Self::Person(name) => f.write_str(&name.person),
        }
    }
}
