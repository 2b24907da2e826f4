//! Elements of XML, one after the other, with what may stand in them.

/// Begins an element, with those of the attributes that have a value.
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

/// Ends an element, with its text before.
pub(super) fn close(xml: &mut String, name: &str, text: &str) {
    escape(xml, text);
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

/// Text as it may stand between tags and in an attribute. What XML 1.0 has no place for, not even escaped, is left out:
/// one such character in a customer's name would make the whole answer unreadable (Twilio, error dictionary, 12100).
fn escape(xml: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            // A parser would turn these into spaces or line feeds.
            '\t' => xml.push_str("&#9;"),
            '\n' => xml.push_str("&#10;"),
            '\r' => xml.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => xml.push(c),
        }
    }
}
