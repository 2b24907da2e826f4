//! Buttons: the meaning of each gesture, and the secrets that authenticate a press.

use std::fmt;

use jiff::SignedDuration;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::span::two_minutes;
use super::{FormerNames, SecretName, Span};
use crate::button::Gesture;

/// Meaning of a gesture on a button.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// Takes the next step.
    #[default]
    Press,
    /// Acknowledges the incident: "I have it."
    Acknowledge,
    /// Cancels the incident: "It was nothing."
    Cancel,
    /// Does nothing.
    Ignore,
}

/// A button.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// The plan to run.
    pub plan: String,
    /// The name that people read. The default is its name here.
    #[serde(default)]
    pub label: Option<String>,
    /// The name that the button had before, or a list of such names, the latest first: an incident that is open stays with it.
    #[serde(default, skip_serializing_if = "FormerNames::is_empty")]
    pub was: FormerNames,
    /// The secret part of its address, at least 22 random characters. A list of two during a rotation.
    pub token: Tokens,
    /// A header that every press must carry.
    #[serde(default)]
    pub header: Option<HeaderSecret>,
    /// Accepts only presses that Flic's cloud signed.
    #[serde(default)]
    pub flic: bool,
    /// A press without an id counts as nothing within this time of the gesture before it.
    #[serde(default = "two_seconds")]
    pub debounce: Span,
    /// A press older than this is posted as late and takes no step.
    #[serde(default = "two_minutes")]
    pub max_age: Span,
    /// Meaning of one click.
    #[serde(default)]
    pub single: Meaning,
    /// Meaning of two clicks.
    #[serde(default)]
    pub double: Meaning,
    /// Meaning of three clicks.
    #[serde(default)]
    pub triple: Meaning,
    /// Meaning of a long press.
    #[serde(default)]
    pub hold: Meaning,
}

fn two_seconds() -> Span {
    Span(SignedDuration::from_secs(2))
}

impl Button {
    /// Returns the meaning of a gesture on this button.
    pub fn meaning(&self, gesture: Gesture) -> Meaning {
        match gesture {
            Gesture::Single => self.single,
            Gesture::Double => self.double,
            Gesture::Triple => self.triple,
            Gesture::Hold => self.hold,
        }
    }
}

/// One secret, or several during a rotation.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Tokens {
    /// One secret.
    One(SecretName),
    /// Several secrets, each of which is accepted.
    Several(Vec<SecretName>),
}

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Tokens;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("{ secret: NAME }, or a list of such entries")
            }
            fn visit_map<A: MapAccess<'de>>(self, one: A) -> Result<Tokens, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(one)).map(Tokens::One)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, all: A) -> Result<Tokens, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(all)).map(Tokens::Several)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Tokens {
    /// Names of all the secrets.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(all) => all,
        }
        .iter()
        .map(|name| name.secret.as_str())
    }
}

/// A header that authenticates the sender.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HeaderSecret {
    /// The header's name, such as `X-Button-Key`.
    pub name: String,
    /// The name of the secret that holds its value.
    pub secret: String,
}
