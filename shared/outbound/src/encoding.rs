//! Percent-encoding.

/// Percent-encodes everything except RFC 3986's unreserved characters (letters, digits and `-._~`) and those to `keep`. A
/// space never becomes `+`, which not every server decodes.
pub fn percent_encoded(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let is_unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if is_unreserved || keep.as_bytes().contains(&byte) {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
