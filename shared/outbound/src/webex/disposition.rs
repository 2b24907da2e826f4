//! File names from `Content-Disposition` (RFC 6266), made safe to show and to pass on.

use http::HeaderMap;
use http::header::CONTENT_DISPOSITION;

/// Maximum number of characters of a name.
const NAME_MAX: usize = 100;

/// Name of a file without one.
const NAMELESS: &str = "file";

/// Returns the file name in these headers: no folders, no invisible characters, never empty.
pub(super) fn name(headers: &HeaderMap) -> String {
    let told = headers.get(CONTENT_DISPOSITION).map(|value| String::from_utf8_lossy(value.as_bytes()));
    told.as_deref().and_then(told_name).map_or_else(|| NAMELESS.to_owned(), |name| safe(&name))
}

/// Returns the stated name. `filename*` takes precedence over `filename`, wherever it is (RFC 6266, 4.3).
fn told_name(header: &str) -> Option<String> {
    let mut plain = None;
    for (key, value) in parameters(header) {
        if key.eq_ignore_ascii_case("filename*") {
            let mut parts = value.splitn(3, '\'');
            if let (Some(charset), Some(_language), Some(encoded)) =
                (parts.next(), parts.next(), parts.next())
                && charset.eq_ignore_ascii_case("utf-8")
            {
                return Some(decoded(encoded));
            }
        } else if key.eq_ignore_ascii_case("filename") {
            plain.get_or_insert(value);
        }
    }
    plain
}

/// Splits a header at its semicolons into keys and values, and removes quotation marks and escapes. A quotation that
/// isn't closed reaches to the end.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut text = String::new();
    // Where the value begins in the text.
    let mut split = None;
    let (mut quoted, mut escaped) = (false, false);
    for c in header.chars() {
        match c {
            _ if escaped => {
                text.push(c);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => found.push(parameter(&std::mem::take(&mut text), split.take())),
            '=' if !quoted && split.is_none() => split = Some(text.len()),
            _ => text.push(c),
        }
    }
    found.push(parameter(&text, split));
    found
}

fn parameter(text: &str, split: Option<usize>) -> (String, String) {
    let (key, value) = text.split_at(split.unwrap_or(text.len()));
    (key.trim().to_owned(), value.trim().to_owned())
}

/// Decodes `%C3%A9` to `é`. Anything else remains unchanged.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|&b| char::from(b).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, digit(0), digit(1)) {
            bytes.push((high * 16 + low) as u8);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|&c| !is_unseen(c)).collect();
    let seen = seen.trim_matches(|c: char| c.is_whitespace() || c == '.');
    if seen.is_empty() { NAMELESS.to_owned() } else { short(seen) }
}

/// Whether a character is a control character or reverses the direction of writing: "gpj.exe" would read "exe.jpg".
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffd}')
}

/// Shortens a name to at most [`NAME_MAX`] characters; its extension stays.
fn short(name: &str) -> String {
    if name.chars().count() <= NAME_MAX {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if ending.is_empty() || ending.chars().count() > 10 {
        return name.chars().take(NAME_MAX).collect();
    }
    let room = NAME_MAX - 1 - ending.chars().count();
    name.chars().take(room).chain(['.']).chain(ending.chars()).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(header: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_bytes(header).unwrap());
        name(&headers)
    }

    #[test]
    fn names_are_read_from_every_form_of_the_header() {
        for (header, expected) in [
            ("attachment; filename=\"bill.pdf\"", "bill.pdf"),
            ("attachment; filename=bill.pdf", "bill.pdf"),
            ("inline;FileName = \"a b; c.pdf\" ; size=3", "a b; c.pdf"),
            ("attachment; filename=\"the \\\"new\\\" one.pdf\"", "the \"new\" one.pdf"),
            ("attachment; filename=\"x.pdf\"; filename*=UTF-8\'\'caf%C3%A9%20%E2%82%AC.pdf", "café €.pdf"),
            ("attachment; filename*=utf-8\'en\'a.pdf; filename=\"x.pdf\"", "a.pdf"),
            ("attachment; filename*=iso-8859-1\'\'%E9.pdf; filename=\"x.pdf\"", "x.pdf"),
            ("attachment; filename=\"café.pdf\"", "café.pdf"),
            ("attachment; filename=\"never closed.pdf", "never closed.pdf"),
            ("attachment; filename*=UTF-8\'\'50%25%zz%4", "50%%zz%4"),
        ] {
            assert_eq!(of(header.as_bytes()), expected, "{header}");
        }
    }

    #[test]
    fn unsafe_names_are_cleaned() {
        for (header, expected) in [
            ("attachment; filename=\"../../etc/passwd\"", "passwd"),
            ("attachment; filename=\"C:\\\\temp\\\\a.doc\"", "a.doc"),
            ("attachment; filename*=UTF-8\'\'..%2F..%2Fa%00b%0D%0A.txt", "ab.txt"),
            ("attachment; filename*=UTF-8\'\'photo%E2%80%AEgpj.exe", "photogpj.exe"),
            ("attachment; filename=\"..\"", "file"),
            ("attachment; filename=\"/\"", "file"),
            ("attachment; filename=", "file"),
            ("attachment", "file"),
            ("", "file"),
        ] {
            assert_eq!(of(header.as_bytes()), expected, "{header}");
        }
        assert_eq!(of(b"attachment; filename=\"\xff\xfe.txt\""), "txt");
        assert_eq!(name(&HeaderMap::new()), "file");
        let long = of(format!("attachment; filename=\"{}.jpeg\"", "x".repeat(300)).as_bytes());
        assert_eq!((long.len(), long.ends_with("x.jpeg")), (NAME_MAX, true));
    }

    proptest! {
        #[test]
        fn every_header_gives_a_name_that_can_be_shown(header in "[ -~é]{0,200}") {
            let name = of(header.as_bytes());
            prop_assert!(!name.is_empty() && name.chars().count() <= NAME_MAX);
            prop_assert!(!name.contains(['/', '\\']) && !name.contains(char::is_control));
        }
    }
}
