//! The levels of a zone.

use serde::{Deserialize, Serialize};

/// How full a zone is, above calm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The zone is getting full.
    Warn,
    /// The zone is full.
    Alert,
}
