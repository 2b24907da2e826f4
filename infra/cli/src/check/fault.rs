//! What the schema refuses, before it is said to anybody.

use serde_json::Value;

/// Something that the schema refuses.
pub(super) struct Fault {
    pub(super) path: Vec<String>,
    pub(super) what: What,
    pub(super) message: String,
    /// The part of the schema that refused, to make up something that fits.
    pub(super) schema: Value,
}

#[derive(PartialEq, Eq)]
pub(super) enum What {
    /// This key isn't known here.
    Unknown(String),
    /// This key is missing here.
    Missing(String),
    /// What stands here can't stand here.
    Wrong,
}

impl Fault {
    /// True if a problem at `path` is only about what was repaired.
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
