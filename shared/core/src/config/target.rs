//! Whom a step reaches: a phone number, or people whom the roster knows.

use serde::{Deserialize, Serialize};

/// Whom a step reaches. Numbers stand in the configuration; people, teams and rotas live in the table, since they change
/// more often than the code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Target {
    /// A phone number: `+352691496401`.
    Number(String),
    /// The person whom a rota has on call when the step is taken.
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
    /// The number, if it is one.
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whom the roster has to be asked for.
    pub fn asks_the_roster(&self) -> bool {
        self.number().is_none()
    }
}

impl From<&str> for Target {
    fn from(number: &str) -> Self {
        Self::Number(number.to_owned())
    }
}

impl PartialEq<&str> for Target {
    fn eq(&self, other: &&str) -> bool {
        self.number() == Some(*other)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => f.write_str(number),
            Self::OnDuty(name) => write!(f, "whoever is on duty in {}", name.on_duty),
            Self::Team(name) => write!(f, "the team {}", name.team),
            Self::Person(name) => f.write_str(&name.person),
        }
    }
}
