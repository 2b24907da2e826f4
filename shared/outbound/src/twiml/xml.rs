//! Writing of XML elements with escaped content.

/// Opens an element with those attributes that have a value.
pub(super) fn open(xml: &mut String, name: &str, attributes: &[(&str, Option<&str>)]) {
    xml.push('<');
    xml.push_str(name);
    for (key, value) in attributes {
        if let Some(value) = value {
            xml.push(' ');
            xml.push_str(key);
            xml.push_str("=\"");
            escape(xml, value);
            xml.push('"');
        }
    }
    xml.push('>');
}

/// Writes the text of an element and closes it.
pub(super) fn close(xml: &mut String, name: &str, text: &str) {
    escape(xml, text);
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

/// Escapes a text for element content and attributes. Characters that XML 1.0 doesn't allow, not even escaped, become
/// spaces: a single one in a customer's name would make the whole response unreadable (Twilio, error dictionary, 12100).
fn escape(xml: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            // A parser would normalise these to spaces or line feeds.
            '\t' => xml.push_str("&#9;"),
            '\n' => xml.push_str("&#10;"),
            '\r' => xml.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push(' '),
            _ => xml.push(c),
        }
    }
}
