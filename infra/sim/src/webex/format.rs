//! Formats values for Webex, and bodies for the wire log.

use jiff::Timestamp;
use serde_json::Value;

/// Removes null values, which Webex omits.
pub(super) fn compact(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.retain(|_, v| !v.is_null());
    }
    value
}

/// Formats a time like Webex.
pub(super) fn stamp(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Limit of a body in the wire log, in characters. Usual bodies are kept whole, so that tests can read them.
const KEPT: usize = 256 * 1024;

/// Truncates a body for the wire log.
pub(super) fn cut(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(4 * KEPT)]).chars().take(KEPT).collect()
}
