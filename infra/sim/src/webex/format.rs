//! Values as Webex writes them, and bodies as the wire log keeps them.

use jiff::Timestamp;
use serde_json::Value;

/// Webex leaves out what has no value.
pub(super) fn compact(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.retain(|_, v| !v.is_null());
    }
    value
}

/// A time as Webex writes it.
pub(super) fn stamp(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// How much of a body the wire log keeps, in characters: all of what usually comes, so that a test can read it.
const KEPT: usize = 256 * 1024;

/// As much as the wire log keeps.
pub(super) fn cut(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(4 * KEPT)]).chars().take(KEPT).collect()
}
