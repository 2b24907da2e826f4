//! One JSON document on standard output, for other programs.

use serde_json::Value;

/// Formats the document as indented text that ends with a newline.
pub(crate) fn document(value: &Value) -> String {
    format!("{value:#}\n")
}
