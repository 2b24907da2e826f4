//! Cleaning of mail headers: one line, in the characters and the length that SES accepts.

/// Maximum number of characters of a header's name, of its value, and of both (Amazon SES, MessageHeader).
const NAME_MAX: usize = 126;
const VALUE_MAX: usize = 995;
const HEADER_MAX: usize = 996;

/// Maximum number of characters of a tag's name or value (Amazon SES, MessageTag).
const TAG_MAX: usize = 256;

/// Maximum number of bytes of an attachment's name, and of its media type (Amazon SES, Attachment).
const FILE_NAME_MAX: usize = 255;
const TYPE_MAX: usize = 78;

/// Maximum number of bytes of text in one encoded word. The word has at most 75 characters, 12 of them around the text,
/// and each byte may take three (RFC 2047, 2).
const WORD_MAX: usize = 21;

/// Joins a text into one line: text after a line feed would be another header.
pub(super) fn line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    words.map(str::trim).filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns a header that SES accepts; `None` if this can't be one.
pub(super) fn header(name: &str, value: &str) -> Option<(String, String)> {
    let named =
        !name.is_empty() && name.len() <= NAME_MAX && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
    if !named {
        return None;
    }
    let value: String = line(value).chars().filter(|c| matches!(c, ' '..='~')).collect();
    let room = VALUE_MAX.min(HEADER_MAX - name.len());
    let value = match value.trim() {
        short if short.len() <= room => short.to_owned(),
        long if name.eq_ignore_ascii_case("References") => references(long, room),
        long => last_words(long, room).to_owned(),
    };
    (!value.is_empty()).then(|| (name.to_owned(), value))
}

/// Returns the last words that fit, which are those of the latest mails.
fn last_words(mut value: &str, room: usize) -> &str {
    while value.len() > room {
        value = value.split_once(' ').map_or("", |(_, rest)| rest.trim_start());
    }
    value
}

/// Returns the id of the mail that began the thread, by which mail clients group, and as many of the latest ids as fit.
fn references(value: &str, room: usize) -> String {
    let (first, rest) = value.split_once(' ').unwrap_or(("", value));
    let latest = last_words(rest.trim_start(), room.saturating_sub(first.len() + 1));
    // A first id that leaves no room for the latest is useless.
    if latest.is_empty() {
        last_words(rest.trim_start(), room).to_owned()
    } else {
        format!("{first} {latest}")
    }
}

/// Returns the name of an attachment: one line without folders, with its extension if it is too long; `None` if nothing
/// is left.
pub(super) fn file_name(name: &str) -> Option<String> {
    let name = line(name);
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().map(|c| if c == '"' { '\'' } else { c }).collect();
    let name = name.trim().trim_start_matches('.');
    let mut from = 0;
    while name.len() - from > FILE_NAME_MAX {
        from += name[from..].chars().next().map_or(1, char::len_utf8);
    }
    let name = &name[from..];
    (!name.is_empty()).then(|| name.to_owned())
}

/// Returns a media type that SES accepts. An invalid one becomes that of an unknown file.
pub(super) fn content_type(text: &str) -> &str {
    let token = |part: &str| {
        let fits = |b: u8| {
            b.is_ascii_alphanumeric()
                || matches!(b, b'!' | b'#' | b'$' | b'&' | b'^' | b'_' | b'.' | b'+' | b'-')
        };
        !part.is_empty() && part.bytes().all(fits)
    };
    let fits =
        text.len() <= TYPE_MAX && text.split_once('/').is_some_and(|(kind, of)| token(kind) && token(of));
    if fits { text } else { "application/octet-stream" }
}

/// Cleans a tag's name or value.
pub(super) fn tag(text: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    text.chars().take(TAG_MAX).map(fits).collect()
}

/// Returns an address, with or without a name before it; `None` unless it is exactly one, since people enter lists in
/// forms. A name with non-ASCII characters becomes encoded words, as SES requires (Amazon SES, SendEmail; RFC 2047).
pub(super) fn mailbox(text: &str) -> Option<String> {
    let text = line(text);
    let written = match text.rsplit_once('<') {
        Some((name, address)) if !name.is_ascii() => {
            let name = name.trim().trim_matches('"').replace("\\\"", "\"");
            format!("{} <{address}", encoded(&name))
        }
        _ => text,
    };
    is_one(&written).then_some(written)
}

/// Whether the text is one address and no list, disregarding quoted text.
fn is_one(text: &str) -> bool {
    let (mut quoted, mut escaped, mut ats) = (false, false, 0);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            ',' | ';' | ':' => return false,
            '@' => ats += 1,
            _ => {}
        }
    }
    ats == 1 && !quoted
}

fn encoded(name: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut length = usize::MAX;
    for c in name.chars() {
        if length.saturating_add(c.len_utf8()) > WORD_MAX {
            words.push(String::new());
            length = 0;
        }
        length += c.len_utf8();
        if let Some(word) = words.last_mut() {
            for &byte in c.encode_utf8(&mut [0; 4]).as_bytes() {
                match byte {
                    b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => word.push(char::from(byte)),
                    b' ' => word.push('_'),
                    _ => word.push_str(&format!("={byte:02X}")),
                }
            }
        }
    }
    words.iter().map(|word| format!("=?UTF-8?Q?{word}?=")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_feed_starts_no_other_header() {
        assert_eq!(line("Re: Hello\r\nBcc: eve@example.com"), "Re: Hello Bcc: eve@example.com");
        assert_eq!(line(" \u{7}a\u{85}b\u{2028}c\0 "), "a b c");
        assert_eq!(line("Grüße"), "Grüße");
    }

    #[test]
    fn headers_are_cut_to_the_length_that_ses_accepts() {
        let clean = |name: &str, value: &str| header(name, value);
        assert_eq!(clean("In-Reply-To", "<a@x>\r\n"), Some(("In-Reply-To".into(), "<a@x>".into())));
        assert_eq!(clean("X-Name", "Jürgen\r\nBcc: x"), Some(("X-Name".into(), "Jrgen Bcc: x".into())));
        for name in ["", "Bcc:", "a b", "a\r\nBcc", "é"] {
            assert_eq!(clean(name, "x"), None, "{name}");
        }
        assert_eq!(clean("X", "\r\n"), None);
        assert_eq!(clean("X", &"x".repeat(2000)), None);
        let references: Vec<String> = (0..100).map(|n| format!("<mail-{n:03}@example.com>")).collect();
        let (name, value) = clean("References", &references.join(" ")).unwrap();
        assert!(
            name.len() + value.len() <= HEADER_MAX && value.starts_with("<mail-000@example.com> <mail-0")
        );
        assert!(
            value.len() > 950 && value.ends_with(" <mail-098@example.com> <mail-099@example.com>"),
            "{value}"
        );
        let (_, value) = clean("references", &format!("<{}@x> <a@x> <b@x>", "y".repeat(2000))).unwrap();
        assert_eq!(value, "<a@x> <b@x>", "the first is no help if nothing else fits");
        assert_eq!(clean("References", &format!("<a@x> <{}@x>", "y".repeat(2000))), None);
        let words: Vec<String> = (0..300).map(|n| format!("word-{n}")).collect();
        let (_, value) = clean("X-Words", &words.join(" ")).unwrap();
        assert!(
            value.len() <= VALUE_MAX && value.ends_with("word-299") && !value.contains("word-0 "),
            "{value}"
        );
    }

    #[test]
    fn attachments_have_a_clean_name_and_a_valid_type() {
        for (name, expected) in [
            ("protocol.txt", Some("protocol.txt")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\x\\a \"b\".pdf", Some("a 'b'.pdf")),
            ("a\r\nBcc: x.txt", Some("a Bcc: x.txt")),
            (".bashrc", Some("bashrc")),
            ("Grüße.txt", Some("Grüße.txt")),
            ("x/", None),
            ("\r\n", None),
        ] {
            assert_eq!(file_name(name).as_deref(), expected, "{name:?}");
        }
        let long = file_name(&format!("{}.txt", "ä".repeat(300))).unwrap();
        assert!(long.len() <= FILE_NAME_MAX && long.ends_with("ä.txt"), "{long}");
        for kind in ["text/plain", "application/vnd.ms-excel"] {
            assert_eq!(content_type(kind), kind);
        }
        for wrong in ["", "text", "text/", "text/plain\r\nBcc: x", "text/plain; charset=x", &"x/y".repeat(50)]
        {
            assert_eq!(content_type(wrong), "application/octet-stream", "{wrong}");
        }
    }

    #[test]
    fn tags_are_cleaned() {
        assert_eq!(tag("H-7K3Q.2 é"), "H-7K3Q_2__");
        assert_eq!(tag(&"x".repeat(300)).len(), TAG_MAX);
    }

    #[test]
    fn names_are_encoded_and_addresses_are_not() {
        for (text, expected) in [
            ("help@example.com", "help@example.com"),
            ("Green Power <help@example.com>", "Green Power <help@example.com>"),
            ("\"Power, Green\" <help@example.com>", "\"Power, Green\" <help@example.com>"),
            ("\"Café 1\" <a@example.com>", "=?UTF-8?Q?Caf=C3=A9_1?= <a@example.com>"),
            ("Grüne, Kraft <help@example.com>\r\n", "=?UTF-8?Q?Gr=C3=BCne=2C_Kraft?= <help@example.com>"),
        ] {
            assert_eq!(mailbox(text).as_deref(), Some(expected));
        }
        let long = mailbox(&format!("{} <a@example.com>", "é".repeat(60))).unwrap();
        assert!(long.split(' ').all(|word| word.len() <= 75), "{long}");
    }

    #[test]
    fn a_list_is_not_an_address() {
        for text in [
            "",
            "dana",
            "a@example.com, b@example.com",
            "a@example.com; b@example.com",
            "a@example.com b@example.com",
            "everybody: a@example.com",
            "<a@example.com> <b@example.com>",
            "a@example.com\r\nBcc: b@example.com",
            "\"a@example.com",
        ] {
            assert_eq!(mailbox(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_name_becomes_one_line(text in any::<String>()) {
            let name = mailbox(&format!("{text} <a@example.com>"));
            prop_assert!(!name.is_some_and(|name| name.contains(char::is_control)));
            if let Some((_, value)) = header("X-Name", &text) {
                prop_assert!(value.bytes().all(|b| (b' '..=b'~').contains(&b)));
            }
        }
    }
}
