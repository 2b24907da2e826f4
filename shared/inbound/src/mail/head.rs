//! The headers of a mail or of one of its parts: where they end, and their values.

use mail_parser::{ContentType, DateTime, Header, HeaderValue, MessageParser};

use super::text::{as_utf8, one_line};

/// Maximum length of a mail's head, in bytes. Long routes over many servers reach some 20 KB.
const MAIL_MAX: usize = 256 * 1024;

/// Maximum length of a part's head, in bytes.
const PART_MAX: usize = 16 * 1024;

/// Maximum length of a header, in bytes; the rest of a longer one is ignored.
const FIELD_MAX: usize = 16 * 1024;

/// The same for headers that describe a part, whose parameters are searched one by one.
const CONTENT_FIELD_MAX: usize = 2 * 1024;

/// Maximum length of an address, in bytes (RFC 5321, section 4.5.3.1.3).
const ADDRESS_MAX: usize = 254;

/// Text without one of these headers isn't a mail's head, but only looks like one: `Host: web01`.
const KNOWN: [&str; 10] = [
    "from",
    "to",
    "subject",
    "date",
    "received",
    "return-path",
    "message-id",
    "mime-version",
    "content-type",
    "sender",
];

/// Parsed headers.
#[derive(Debug, Default)]
pub(super) struct Head {
    headers: Vec<Header<'static>>,
}

/// Splits a whole mail into head and body.
pub(super) fn of_mail<'a>(bytes: &'a [u8], troubles: &mut Vec<String>) -> (Head, &'a [u8]) {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len());
    // Skips blank lines before the head, and the line with which mbox files begin each mail.
    let mut from = bytes[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if [&b"From "[..], b">From "].iter().any(|line| bytes[from..].starts_with(line)) {
        from += line_len(&bytes[from..]);
    }
    let (fields, body) = split(&bytes[from..], MAIL_MAX);
    let is_known = |field: &&[u8]| name(field).is_some_and(|name| KNOWN.contains(&name.as_str()));
    if !fields.iter().any(is_known) {
        if !bytes.is_empty() {
            troubles.push("it has no headers; all of it is taken for its text".to_owned());
        }
        return (Head::default(), bytes);
    }
    if !body.is_empty() && !body.starts_with(b"\n") && !body.starts_with(b"\r\n") {
        troubles.push("its headers break off; what follows is taken for its text".to_owned());
    }
    (Head::of(&fields), after_blank_line(body))
}

/// Splits a part into head and body. A part may have no head at all.
pub(super) fn of_part(bytes: &[u8]) -> (Head, &[u8]) {
    let (fields, body) = split(bytes, PART_MAX);
    (Head::of(&fields), after_blank_line(body))
}

fn after_blank_line(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\r\n").or_else(|| body.strip_prefix(b"\n")).unwrap_or(body)
}

/// Returns the raw headers, each with its continuation lines, and everything after them, starting with the blank line.
fn split(bytes: &[u8], max: usize) -> (Vec<&[u8]>, &[u8]) {
    let mut fields: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < bytes.len() && at < max {
        let line = &bytes[at..at + line_len(&bytes[at..])];
        let goes_on = line.starts_with(b" ") || line.starts_with(b"\t");
        match fields.last_mut() {
            Some(last) if goes_on => last.1 = at + line.len(),
            _ if name(line).is_some() => fields.push((at, at + line.len())),
            _ => break,
        }
        at += line.len();
    }
    (fields.into_iter().map(|(from, to)| &bytes[from..to]).collect(), &bytes[at..])
}

/// Returns the length of the first line with its line ending.
pub(super) fn line_len(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1)
}

/// Returns the name of the header that begins here, in lower case.
fn name(field: &[u8]) -> Option<String> {
    let colon = field.iter().take(128).position(|byte| *byte == b':')?;
    let name = field[..colon].trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
}

impl Head {
    fn of(fields: &[&[u8]]) -> Self {
        let mut clean = String::new();
        for field in fields {
            let is_content = field.get(..8).is_some_and(|begin| begin.eq_ignore_ascii_case(b"content-"));
            let max = if is_content { CONTENT_FIELD_MAX } else { FIELD_MAX };
            let field = as_utf8(&field[..field.len().min(max)]).replace('\0', "");
            clean.push_str(field.trim_end());
            clean.push_str("\r\n");
        }
        clean.push_str("\r\n");
        let message = MessageParser::new().parse_headers(clean.as_bytes());
        let headers = message.and_then(|message| message.parts.into_iter().next()).map(|part| part.headers);
        Self { headers: headers.unwrap_or_default().into_iter().map(Header::into_owned).collect() }
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &HeaderValue<'static>> {
        self.headers.iter().filter(move |header| header.name().eq_ignore_ascii_case(name)).map(Header::value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.count(name) > 0
    }

    pub(super) fn count(&self, name: &str) -> usize {
        self.values(name).count()
    }

    /// Returns the first header of this name that contains text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    pub(super) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name).filter_map(|value| value.as_text())
    }

    /// Returns Message-IDs without brackets.
    pub(super) fn ids(&self, name: &str, max: usize) -> Vec<String> {
        let ids = self.values(name).flat_map(|value| match value {
            HeaderValue::Text(id) => vec![id.as_ref()],
            HeaderValue::TextList(ids) => ids.iter().map(AsRef::as_ref).collect(),
            _ => Vec::new(),
        });
        ids.map(|id| one_line(id, 998)).filter(|id| !id.is_empty()).take(max).collect()
    }

    /// Returns names and addresses, the addresses in lower case.
    pub(super) fn mailboxes(&self, name: &str, max: usize) -> Vec<(Option<String>, Option<String>)> {
        let all = self.values(name).filter_map(|value| value.as_address()).flat_map(|list| list.iter());
        all.take(max)
            .map(|one| {
                let address =
                    one.address.as_deref().map(|address| one_line(address, ADDRESS_MAX).to_lowercase());
                let name = one.name.as_deref().map(str::to_owned);
                (name, address.filter(|address| !address.is_empty() && !address.contains(' ')))
            })
            .collect()
    }

    pub(super) fn date(&self, name: &str) -> Option<DateTime> {
        self.values(name).find_map(|value| value.as_datetime()).copied()
    }

    pub(super) fn content_type(&self) -> Option<&ContentType<'static>> {
        self.values("Content-Type").find_map(|value| value.as_content_type())
    }

    pub(super) fn disposition(&self) -> Option<&ContentType<'static>> {
        self.values("Content-Disposition").find_map(|value| value.as_content_type())
    }

    /// Whether the return path is `<>`: the sender wants no bounce, since the mail is a bounce or an automatic reply.
    pub(super) fn has_empty_return_path(&self) -> bool {
        self.values("Return-Path").next().is_some_and(|value| {
            matches!(value, HeaderValue::Empty) || value.as_text().is_some_and(|path| path.trim().is_empty())
        })
    }
}
