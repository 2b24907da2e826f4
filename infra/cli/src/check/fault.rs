//! Violations of the schema, before they become findings.

use serde_json::Value;

/// A violation of the schema.
pub(super) struct Fault {
    pub(super) path: Vec<String>,
    pub(super) what: What,
    pub(super) message: String,
    /// The part of the schema that is violated, from which the repair makes a valid value.
    pub(super) schema: Value,
}

#[derive(PartialEq, Eq)]
pub(super) enum What {
    /// The schema has no such key here.
    Unknown(String),
    /// A required key is missing.
    Missing(String),
    /// The value is not allowed here.
    Wrong,
}

impl Fault {
    /// Whether a problem at `path` concerns only the repaired value.
    pub(super) fn hides(&self, path: &[String]) -> bool {
        match &self.what {
            What::Unknown(_) => path == self.path,
            What::Wrong => path.starts_with(&self.path),
            What::Missing(key) => {
                path.strip_prefix(self.path.as_slice()).is_some_and(|rest| rest.first() == Some(key))
            }
        }
    }
}
