//! Buttons: what each gesture means, and the secrets that prove a button.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{SecretName, Span, two_minutes};
use crate::button::Gesture;

/// What a gesture on a button means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The next step.
    #[default]
    Press,
    /// "I have it."
    Acknowledge,
    /// "It was nothing."
    Cancel,
    /// Nothing at all.
    Ignore,
}

/// A button.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// The plan that it runs.
    pub plan: String,
    /// The name that people read. The default is its name here.
    #[serde(default)]
    pub label: Option<String>,
    /// The secret part of its address, at least 22 random characters. A list of two during a rotation.
    pub token: Tokens,
    /// A header that must come with each press.
    #[serde(default)]
    pub header: Option<HeaderSecret>,
    /// Only presses signed by Flic's cloud count.
    #[serde(default)]
    pub flic: bool,
    /// Two presses without an id within this time count as one.
    #[serde(default = "two_seconds")]
    pub debounce: Span,
    /// A press older than this is posted as late, and takes no step.
    #[serde(default = "two_minutes")]
    pub max_age: Span,
    /// What one click means.
    #[serde(default)]
    pub single: Meaning,
    /// What two clicks mean.
    #[serde(default)]
    pub double: Meaning,
    /// What three clicks mean.
    #[serde(default)]
    pub triple: Meaning,
    /// What a long press means.
    #[serde(default)]
    pub hold: Meaning,
}

fn two_seconds() -> Span {
    Span(SignedDuration::from_secs(2))
}

impl Button {
    /// What this gesture means on this button.
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
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Tokens {
    /// One.
    One(SecretName),
    /// Several; each is accepted.
    Several(Vec<SecretName>),
}

impl Tokens {
    /// The names of all of them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(all) => all,
        }
        .iter()
        .map(|name| name.secret.as_str())
    }
}

/// A header that proves the sender.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HeaderSecret {
    /// The header's name, such as `X-Button-Key`.
    pub name: String,
    /// The name of the secret that is its value.
    pub secret: String,
}
