//! Decoding of a mail's bytes into text that can be shown: encodings, charsets, lines.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;

/// Cleans a text to one line without control characters and with at most `max` characters.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let chars = text.chars().filter(|c| !turns(*c));
    let chars = chars.map(|c| if c.is_control() || c == '\u{feff}' { ' ' } else { c });
    let line: String = chars.collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(max) {
        Some((end, _)) => line[..end].trim_end().to_owned(),
        None => line,
    }
}

/// Whether a character reverses the direction of writing: a title must not be disguised.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Normalises line endings to `\n` and removes all control characters except tabs.
pub(super) fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = text
        .chars()
        .filter(|c| !turns(*c) && (matches!(c, '\n' | '\t') || !c.is_control() && *c != '\u{feff}'));
    kept.collect::<String>().trim_matches('\n').trim_end().to_owned()
}

/// Decodes text without a charset: as UTF-8 if it is valid, otherwise as Windows does.
pub(super) fn as_utf8(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => match charset_decoder(b"windows-1252") {
            Some(decode) => Cow::Owned(decode(bytes)),
            None => String::from_utf8_lossy(bytes),
        },
    }
}

/// Decodes text in its charset. Also returns what is wrong with it.
pub(super) fn decoded(bytes: &[u8], charset: Option<&str>) -> (String, Option<String>) {
    let charset = charset.map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty());
    let bare =
        matches!(charset.as_deref(), None | Some("us-ascii" | "ascii" | "utf-8" | "utf8" | "unknown-8bit"));
    if let Some(wide) = wide(bytes, charset.as_deref()) {
        return (wide, None);
    }
    if bare {
        return match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), None),
            Err(_) if charset.as_deref().is_some_and(|name| name.starts_with("utf")) => (
                String::from_utf8_lossy(bytes).into_owned(),
                Some(
                    "some of its characters can't be read: they aren't the UTF-8 that they should be"
                        .to_owned(),
                ),
            ),
            Err(_) => (as_utf8(bytes).into_owned(), None),
        };
    }
    let name = charset.unwrap_or_default();
    match charset_decoder(name.as_bytes()) {
        Some(decode) => (decode(bytes), None),
        None => {
            let name = one_line(&name, 40);
            (
                as_utf8(bytes).into_owned(),
                Some(format!("nobody here knows its charset {name:?}; some characters may be wrong")),
            )
        }
    }
}

/// Decodes UTF-16, recognised by its name or its byte order mark. Without the mark, the zeros beside Latin letters tell
/// the order.
fn wide(bytes: &[u8], charset: Option<&str>) -> Option<String> {
    let marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let named = charset.is_some_and(|name| name == "utf-16" || name == "utf16");
    let unnamed = charset.is_none();
    if !(named || marked && unnamed) {
        return None;
    }
    let zeros = |offset: usize| bytes.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let name: &[u8] = match () {
        () if marked => b"utf-16",
        () if zeros(0) > zeros(1) => b"utf-16be",
        () => b"utf-16le",
    };
    charset_decoder(name).map(|decode| decode(bytes))
}

/// Decodes base64. Foreign characters are skipped; returns `None` if there are too many for base64.
pub(super) fn from_base64(bytes: &[u8]) -> Option<(Vec<u8>, bool)> {
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let clean: Vec<u8> = bytes.iter().copied().filter(belongs).collect();
    let strange = bytes.iter().filter(|byte| !belongs(byte) && !byte.is_ascii_whitespace()).count();
    if strange * 20 > bytes.len() {
        return None;
    }
    let decoded = base64_decode(&clean)?;
    Some((decoded, strange > 0))
}

/// Decodes quoted-printable. A `=` that starts no escape stands for itself.
pub(super) fn from_quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte != b'=' {
            out.push(byte);
            continue;
        }
        if let (Some(high), Some(low)) = (hex(bytes.get(at)), hex(bytes.get(at + 1))) {
            out.push(u8::try_from(high * 16 + low).unwrap_or_default());
            at += 2;
            continue;
        }
        // A soft line break, possibly with white space added in transit (RFC 2045, section 6.7).
        let blanks =
            bytes[at..].iter().take(80).take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        match bytes.get(at + blanks) {
            Some(b'\n') => at += blanks + 1,
            None => at += blanks,
            Some(_) => out.push(b'='),
        }
    }
    out
}
