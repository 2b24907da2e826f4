//! Lengths of time.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A length of time: `30s`, `5m`, `6h`, `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub SignedDuration);

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^\\s*(\\d+(\\.\\d+)?\\s*(s|m|h|sec|secs|min|mins|hour|hours|second|seconds|minute|minutes)\\s*)+$",
            "examples": ["1h"],
            "description": "A length of time: 30s, 5m, 6h, 1h 30m"
        })
    }
}

/// Default of several durations.
pub(super) fn two_minutes() -> Span {
    Span(SignedDuration::from_mins(2))
}
