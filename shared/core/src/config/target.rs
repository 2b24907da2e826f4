//! Targets of a step: phone numbers, or people in the roster.

use std::fmt;

use serde::de::{self, EnumAccess, VariantAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::address::{BadE164, E164};

/// Target of a step. Phone numbers are part of the configuration. People, teams and rotas are in the table, since they change more
/// often.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Target;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a phone number, { on_duty: ROTA }, { team: TEAM } or { person: ID }")
            }
            fn visit_enum<A: EnumAccess<'de>>(self, given: A) -> Result<Target, A::Error> {
                let (word, rest) = given.variant::<String>()?;
                match word.as_str() {
                    "on_duty" => Ok(Target::OnDuty(OnDuty { on_duty: rest.newtype_variant()? })),
                    "team" => Ok(Target::Team(TeamName { team: rest.newtype_variant()? })),
                    "person" => Ok(Target::Person(PersonName { person: rest.newtype_variant()? })),
                    _ => {
                        rest.unit_variant()?;
                        let number = E164::try_from(word.clone());
                        number
                            .map(Target::Number)
                            .map_err(|BadE164| de::Error::custom(format!("{word:?} {BadE164}")))
                    }
                }
            }
        }
        // YAML reads `+352691496401` without quotes as a number, and the plus would be lost. The name of an enum's variant is
        // read as it is written.
        deserializer.deserialize_enum("Target", &["on_duty", "team", "person"], Reader)
    }
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
