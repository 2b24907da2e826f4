//! Parses the visible parts of a mail, with the usual charsets and encodings.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::Serialize;

/// Limit of the nesting depth. Deeper parts are ignored.
const DEPTH: usize = 8;
/// Limit of parts. Further parts are ignored.
const PARTS: usize = 200;
/// Base64 with or without padding, as mail programs write it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// An attachment without its content.
#[derive(Clone, PartialEq, Serialize)]
pub struct Attachment {
    /// Name of the file; empty if it has none.
    pub name: String,
    /// Content type, such as `application/pdf`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Decoded size, in bytes.
    pub size: usize,
}

/// A header's name and its value, unfolded but not decoded. An invalid line has an empty name.
pub(super) type Field = (String, String);

/// The visible parts of a mail.
#[derive(Default)]
pub(super) struct Shown {
    /// The first part of plain text, with `\n` as line ends.
    pub(super) text: Option<String>,
    /// The first part of HTML.
    pub(super) html: Option<String>,
    /// All other parts.
    pub(super) attachments: Vec<Attachment>,
}

/// Splits a mail into its headers and its body.
pub(super) fn split(mail: &[u8]) -> (Vec<Field>, &[u8]) {
    let (mut fields, mut rest): (Vec<Field>, _) = (Vec::new(), mail);
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        rest = after;
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        match (line.chars().next(), fields.last_mut()) {
            (None, _) => break,
            // A line that begins with white space continues the field above.
            (Some(' ' | '\t'), Some((_, value))) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            _ => fields.push(match line.split_once(':') {
                Some((name, value)) if !name.is_empty() && !name.contains(' ') => {
                    (name.to_owned(), value.trim().to_owned())
                }
                _ => (String::new(), line.to_owned()),
            }),
        }
    }
    (fields, rest)
}

/// Returns the first field with this name.
pub(super) fn field<'a>(fields: &'a [Field], name: &str) -> Option<&'a str> {
    fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Returns the visible parts of a mail, except for the subject in its headers.
pub(super) fn shown(mail: &[u8]) -> Shown {
    let (mut shown, mut parts) = (Shown::default(), 0);
    look(mail, 0, &mut parts, &mut shown);
    shown
}

fn look(part: &[u8], depth: usize, parts: &mut usize, shown: &mut Shown) {
    *parts += 1;
    if *parts > PARTS {
        return;
    }
    let (fields, body) = split(part);
    let kind = field(&fields, "content-type").unwrap_or("text/plain");
    let bare = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if bare.starts_with("multipart/") {
        if let Some(boundary) = parameter(kind, "boundary").filter(|_| depth < DEPTH) {
            pieces(body, &boundary).into_iter().for_each(|piece| look(piece, depth + 1, parts, shown));
        }
        return;
    }
    let content = match field(&fields, "content-transfer-encoding").map(str::to_ascii_lowercase).as_deref() {
        Some("base64") => {
            let bytes: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            LENIENT.decode(bytes).unwrap_or_default()
        }
        Some("quoted-printable") => unquoted(body, false),
        _ => body.to_vec(),
    };
    let disposition = field(&fields, "content-disposition").unwrap_or_default();
    let name = parameter(disposition, "filename").or_else(|| parameter(kind, "name"));
    let attached = name.is_some() || disposition.trim_start().to_ascii_lowercase().starts_with("attachment");
    let words = || read(&content, &parameter(kind, "charset").unwrap_or_default()).replace("\r\n", "\n");
    match bare.as_str() {
        "text/plain" if !attached && shown.text.is_none() => shown.text = Some(words()),
        "text/html" if !attached && shown.html.is_none() => shown.html = Some(words()),
        _ => {
            let name = name.map(|name| decoded(&name)).unwrap_or_default();
            shown.attachments.push(Attachment { name, kind: bare, size: content.len() });
        }
    }
}

/// Returns the parts between the boundaries. The text before the first boundary is a note for old mail programs; the last
/// boundary may be missing.
fn pieces<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let (mut found, mut begun, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.trim_ascii_end();
        let mark = bare.strip_prefix(b"--").and_then(|bare| bare.strip_prefix(boundary.as_bytes()));
        if let Some(rest) = mark.filter(|rest| rest.is_empty() || *rest == b"--") {
            // The line end before a boundary belongs to the boundary.
            found.extend(begun.map(|begin: usize| {
                let piece = &body[begin..at.max(begin)];
                let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
                piece.strip_suffix(b"\r").unwrap_or(piece)
            }));
            begun = rest.is_empty().then_some(at + line.len());
            if begun.is_none() {
                return found;
            }
        }
        at += line.len();
    }
    found.extend(begun.map(|begin| &body[begin..]));
    found
}

/// Returns a parameter of a field: `name=value`, `name="value"`, or percent-encoded `name*=charset''value`.
fn parameter(field: &str, name: &str) -> Option<String> {
    let mut quoted = false;
    let parts = field.split(|c: char| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    let mut found = None;
    for (key, value) in parts.skip(1).filter_map(|part| part.split_once('=')) {
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
        if key == name {
            found = Some(value.trim_matches('"').replace("\\\"", "\""));
        } else if key.strip_suffix('*') == Some(name) {
            let mut pieces = value.splitn(3, '\'');
            if let (Some(charset), Some(_), Some(value)) = (pieces.next(), pieces.next(), pieces.next()) {
                return Some(read(&unescaped(value.as_bytes(), b'%'), charset));
            }
        }
    }
    found
}

/// Decodes quoted-printable. In a header, an underscore is a space.
fn unquoted(bytes: &[u8], head: bool) -> Vec<u8> {
    if head {
        let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'_' { b' ' } else { *byte }).collect();
        return unescaped(&spaced, b'=');
    }
    let mut joined = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.trim_ascii_end();
        match bare.strip_suffix(b"=") {
            Some(goes_on) => joined.extend_from_slice(goes_on),
            None => joined.extend_from_slice(line),
        }
    }
    unescaped(&joined, b'=')
}

/// Decodes two hexadecimal digits after the escape character to a byte. Other text stays unchanged.
fn unescaped(bytes: &[u8], c: u8) -> Vec<u8> {
    let (mut plain, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    let digit = |byte: u8| char::from(byte).to_digit(16);
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match after {
            [high, low, after @ ..] if *first == c => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    plain.push((high * 16 + low) as u8);
                    rest = after;
                }
                _ => plain.push(*first),
            },
            _ => plain.push(*first),
        }
    }
    plain
}

/// Decodes bytes of a charset. Western charsets are read as ISO 8859-1, all others as UTF-8.
fn read(bytes: &[u8], charset: &str) -> String {
    let charset = charset.to_ascii_lowercase();
    if charset.starts_with("iso-8859-1") || charset == "windows-1252" {
        return bytes.iter().map(|byte| char::from(*byte)).collect();
    }
    String::from_utf8_lossy(bytes).into_owned()
}

/// Decodes the encoded words of a field's value (RFC 2047): `=?utf-8?q?Gr=C3=B6=C3=9Fe?=` is `Größe`.
pub(super) fn decoded(value: &str) -> String {
    let (mut plain, mut rest, mut after_word) = (String::new(), value, false);
    while let Some(start) = rest.find("=?") {
        let (before, from) = rest.split_at(start);
        let Some((word, end)) = encoded_word(from) else {
            plain.push_str(before);
            plain.push_str("=?");
            (rest, after_word) = (&from[2..], false);
            continue;
        };
        // The space between two encoded words is only a separator.
        if !(after_word && before.trim().is_empty()) {
            plain.push_str(before);
        }
        plain.push_str(&word);
        (rest, after_word) = (&from[end..], true);
    }
    plain.push_str(rest);
    plain
}

/// Returns the encoded word at the beginning, and its end.
fn encoded_word(from: &str) -> Option<(String, usize)> {
    let mut pieces = from.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, rest) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let text = &rest[..rest.find("?=")?];
    let bytes = match encoding {
        "q" | "Q" => unquoted(text.as_bytes(), true),
        "b" | "B" => LENIENT.decode(text).ok()?,
        _ => return None,
    };
    let end = 2 + charset.len() + 1 + encoding.len() + 1 + text.len() + 2;
    Some((read(&bytes, charset), end))
}

/// Returns the addresses of a field. A comma between quotes belongs to a name.
pub(super) fn several(value: &str) -> Vec<String> {
    let mut quoted = false;
    let parts = value.split(|c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Returns the bare address: `Anna <anna@example.com>` is `anna@example.com`.
pub(super) fn bare(address: &str) -> &str {
    let inside = address.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<'));
    inside.map_or(address.trim(), |(_, bare)| bare.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(shown: &Shown) -> Vec<(&str, &str, usize)> {
        shown.attachments.iter().map(|file| (file.name.as_str(), file.kind.as_str(), file.size)).collect()
    }

    #[test]
    fn a_mail_with_everything() {
        let mail = "Subject: x\r\nContent-Type: multipart/mixed;\r\n boundary=\"a b\"\r\n\r\nold programs read this\r\n\
            --a b\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n\
            --inner\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=F6=\r\n=DFe =3D\r\nM\r\n\
            --inner\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+\r\nTTwvYj4=\r\n--inner--\r\n\
            --a b\r\nContent-Type: application/pdf; name=\"other.pdf\"\r\nContent-Disposition: attachment; filename=\"plan; new.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n\
            --a b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe.txt\r\n\r\nfile\r\n\
            --a b\r\nContent-Type: IMAGE/PNG; name=\"=?utf-8?q?a_=C3=9F.png?=\"\r\n\r\nPNG\r\n--a b--\r\nand after the end\r\n";
        let shown = shown(mail.as_bytes());
        assert_eq!(shown.text.as_deref(), Some("Größe =\nM"));
        assert_eq!(shown.html.as_deref(), Some("<b>M</b>"));
        assert_eq!(
            names(&shown),
            [
                ("plan; new.pdf", "application/pdf", 3),
                ("Größe.txt", "text/plain", 4),
                ("a ß.png", "image/png", 3)
            ]
        );
    }

    #[test]
    fn what_is_broken_is_read_as_far_as_it_goes() {
        for mail in
            ["", "\r\n", "Content-Type: multipart/mixed", "Content-Type: multipart/mixed\n\n--\n", "x"]
        {
            assert!(shown(mail.as_bytes()).attachments.is_empty(), "{mail}");
        }
        let cut = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nunfinished";
        assert_eq!(shown(cut.as_bytes()).text.as_deref(), Some("unfinished"));
        let empty = "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b--";
        assert_eq!(shown(empty.as_bytes()).text.as_deref(), Some(""));
        let deep = "Content-Type: multipart/mixed; boundary=b\n\n--b\n".repeat(500);
        assert!(shown(deep.as_bytes()).text.is_none());
        let many = format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\nContent-Type: a/b\n\n\n".repeat(500)
        );
        assert_eq!(shown(many.as_bytes()).attachments.len(), PARTS - 1);
    }

    #[test]
    fn heads_are_unfolded_and_words_decoded() {
        let (fields, body) = split(b"A: 1\r\n  2\r\nno field here\r\nB:x:y\r\n\r\nbody\r\n");
        let given: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(given, [("A", "1 2"), ("", "no field here"), ("B", "x:y")]);
        assert_eq!((body, field(&fields, "b")), (&b"body\r\n"[..], Some("x:y")));
        for (given, read) in [
            ("plain", "plain"),
            ("=?utf-8?q?Gr=C3=B6=C3=9Fe?= M", "Größe M"),
            ("=?UTF-8?B?w5Y=?= =?iso-8859-1?Q?_=DF?= x", "Ö ß x"),
            ("=?utf-8?x?a?= =? =?=", "=?utf-8?x?a?= =? =?="),
            ("=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        ] {
            assert_eq!(decoded(given), read);
        }
        assert_eq!(several("a@x.y, \"B, C\" <b@x.y>,"), ["a@x.y", "\"B, C\" <b@x.y>"]);
        assert_eq!((bare("\"B, C\" <b@x.y>"), bare(" a@x.y ")), ("b@x.y", "a@x.y"));
    }
}
