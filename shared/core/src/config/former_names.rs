//! The names that an entry had before.

use serde::{Deserialize, Serialize};

/// Earlier names of an entry, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "`was` is the earlier name, or a list of earlier names, the latest first")]
pub enum FormerNames {
    /// The entry was renamed once.
    One(String),
    /// The entry was renamed several times.
    Several(Vec<String>),
}

impl Default for FormerNames {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl FormerNames {
    /// Returns all of them, the latest first.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(all) => all,
        }
    }

    /// Returns true if the entry was never renamed.
    pub fn is_empty(&self) -> bool {
        self.all().is_empty()
    }
}
