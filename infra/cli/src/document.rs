//! One JSON document on standard output, for other programs.

use serde_json::Value;

/// The document as text, indented, with a line's end.
pub(crate) fn document(value: &Value) -> String {
    format!("{value:#}\n")
}
