//! The body of a mail: which of its parts are the text, which are attachments, and which are unreadable.

use handbell_core::alert::mail::TEXT_MAX;
use mail_parser::ContentType;

use super::head::{Head, line_len, of_part};
use super::text::{decoded, from_base64, from_quoted_printable, lines, one_line};
use super::{LIST_MAX, html};

/// Maximum nesting of parts. Forwarded mails reach five or six.
const DEPTH_MAX: usize = 20;

/// Maximum number of parts that are read.
const PARTS_MAX: usize = 500;

/// Maximum number of bytes of a part that are decoded for its text. HTML is mostly markup, so this exceeds the text
/// that is kept.
const DECODED_MAX: usize = 4 * 1024 * 1024;

/// Content of a mail.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) text: String,
    pub(super) attachments: Vec<String>,
    pub(super) troubles: Vec<String>,
}

/// Reads the body under this head. `troubles` are those found before.
pub(super) fn read(head: &Head, body: &[u8], troubles: Vec<String>) -> Contents {
    let mut reader = Reader { parts: 0, attached: None, found: Contents { troubles, ..Contents::default() } };
    let mut text = reader.read(head, body, 0).text;
    if text.is_empty() {
        // A mail that only forwards another one.
        text = reader.attached.take().unwrap_or_default();
    }
    if text.len() > TEXT_MAX {
        text.truncate(text.floor_char_boundary(TEXT_MAX));
        reader.trouble(format!(
            "its text is longer than {} KB; the rest is only in the mail itself",
            TEXT_MAX / 1024
        ));
    }
    Contents { text, ..reader.found }
}

struct Reader {
    parts: usize,
    /// Text of the first attached mail.
    attached: Option<String>,
    found: Contents,
}

#[derive(Default)]
struct Read {
    text: String,
    is_plain: bool,
}

impl Reader {
    /// Reads a part and returns its text; empty if the part doesn't belong to the text.
    fn read(&mut self, head: &Head, body: &[u8], depth: usize) -> Read {
        let kind = head.content_type();
        let (class, subtype) = class_of(kind);
        match class.as_str() {
            "multipart" => self.multipart(head, &subtype, body, depth),
            "message" if ["rfc822", "global", "news"].contains(&subtype.as_str()) => {
                self.attached_mail(head, body, depth);
                Read::default()
            }
            "text" if depth == 0 || is_read(head, &subtype) => self.text(head, &subtype, body),
            _ => {
                self.attach(head, &class, &subtype);
                Read::default()
            }
        }
    }

    fn multipart(&mut self, head: &Head, subtype: &str, body: &[u8], depth: usize) -> Read {
        if subtype == "encrypted" {
            self.trouble("it is encrypted, and can't be read here; have it sent in plain".to_owned());
        }
        let boundary =
            head.content_type().and_then(|kind| kind.attribute("boundary")).unwrap_or_default().trim_end();
        let (parts, is_whole) = split(body, boundary.as_bytes(), PARTS_MAX - self.parts.min(PARTS_MAX));
        if parts.is_empty() && !matches!(is_whole, Whole::TooMany) {
            self.trouble("its parts can't be told from one another; all of it is taken for text".to_owned());
            return self.text(&Head::default(), "plain", body);
        }
        if depth >= DEPTH_MAX {
            self.trouble(format!(
                "its parts lie in one another more than {DEPTH_MAX} deep; the inmost were not read"
            ));
            return Read::default();
        }
        let mut read = Vec::new();
        for part in &parts {
            self.parts += 1;
            let (head, body) = of_part(part);
            read.push(self.read(&head, body, depth + 1));
        }
        match is_whole {
            Whole::Yes => {}
            Whole::BreaksOff => self.trouble("it breaks off: its end is missing".to_owned()),
            Whole::TooMany => {
                self.trouble(format!("it has more than {PARTS_MAX} parts; the rest were not read"))
            }
        }
        let mut told = read.into_iter().filter(|read| !read.text.is_empty());
        if subtype == "alternative" {
            // Alternatives have the same content, the plainest first. Plain text takes precedence, since the sender
            // meant it to be read as text.
            let mut told: Vec<Read> = told.collect();
            let plain = told.iter().position(|read| read.is_plain);
            let best = plain.or_else(|| told.len().checked_sub(1));
            return best.map(|best| told.swap_remove(best)).unwrap_or_default();
        }
        let first = told.next().unwrap_or_default();
        told.fold(first, |mut all, next| {
            if all.text.len() <= TEXT_MAX {
                all.text.push_str("\n\n");
                all.text.push_str(&next.text);
            }
            Read { text: all.text, is_plain: all.is_plain && next.is_plain }
        })
    }

    fn attached_mail(&mut self, head: &Head, body: &[u8], depth: usize) {
        if depth >= DEPTH_MAX {
            self.trouble(format!(
                "its parts lie in one another more than {DEPTH_MAX} deep; the inmost were not read"
            ));
            return;
        }
        let bytes = match encoding(head).as_str() {
            "base64" => from_base64(body).map_or_else(|| body.to_vec(), |(bytes, _)| bytes),
            "quoted-printable" => from_quoted_printable(body),
            _ => Vec::new(),
        };
        self.parts += 1;
        let (inner, body) = of_part(if bytes.is_empty() { body } else { &bytes });
        let subject =
            inner.text("Subject").map(|subject| one_line(subject, 100)).filter(|name| !name.is_empty());
        self.attach_name(format!("{}.eml", subject.unwrap_or_else(|| "mail".to_owned())));
        // Attachments of an attached mail aren't attachments of this one.
        let mut reader = Reader { parts: self.parts, attached: None, found: Contents::default() };
        let text = reader.read(&inner, body, depth + 1).text;
        self.parts = reader.parts;
        if self.attached.is_none() {
            self.attached = Some(text).filter(|text| !text.is_empty()).or(reader.attached);
        }
    }

    fn text(&mut self, head: &Head, subtype: &str, body: &[u8]) -> Read {
        let body = &body[..body.len().min(DECODED_MAX)];
        let bytes = match encoding(head).as_str() {
            "base64" => match from_base64(body) {
                Some((bytes, is_odd)) => {
                    if is_odd {
                        self.trouble(
                            "its encoding (base64) is broken in places; some of it may be wrong".to_owned(),
                        );
                    }
                    bytes
                }
                None => {
                    self.trouble("it says that it is base64, but it isn't".to_owned());
                    body.to_vec()
                }
            },
            "quoted-printable" => from_quoted_printable(body),
            _ => body.to_vec(),
        };
        let charset = head.content_type().and_then(|kind| kind.attribute("charset"));
        let (text, trouble) = decoded(&bytes, charset);
        if let Some(trouble) = trouble {
            self.trouble(trouble);
        }
        let is_html = subtype == "html" || head.content_type().is_none() && looks_like_html(&text);
        let text = if is_html { html::to_text(&text) } else { text };
        Read { text: lines(&text), is_plain: !is_html }
    }

    fn attach(&mut self, head: &Head, class: &str, subtype: &str) {
        let named = [
            head.disposition().map(|kind| (kind, "filename")),
            head.content_type().map(|kind| (kind, "name")),
        ];
        let name = named.into_iter().flatten().find_map(|(kind, key)| kind.attribute(key));
        let name = name.map(|name| one_line(name, 100)).filter(|name| !name.is_empty());
        if subtype == "ms-tnef"
            || name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat"))
        {
            self.trouble(
                "part of it is in Outlook's own format (winmail.dat), and can't be read here; have it sent as plain text or HTML"
                    .to_owned(),
            );
        }
        if ["pkcs7-mime", "x-pkcs7-mime"].contains(&subtype) {
            self.trouble(
                "it is encrypted or wrapped up (S/MIME), and can't be read here; have it sent in plain"
                    .to_owned(),
            );
        }
        self.attach_name(name.unwrap_or_else(|| one_line(&format!("{class}/{subtype}"), 100)));
    }

    fn attach_name(&mut self, name: String) {
        if self.found.attachments.len() < LIST_MAX {
            self.found.attachments.push(name);
        }
    }

    fn trouble(&mut self, what: String) {
        if !self.found.troubles.contains(&what) {
            self.found.troubles.push(what);
        }
    }
}

fn class_of(kind: Option<&ContentType<'_>>) -> (String, String) {
    let Some(kind) = kind else { return ("text".to_owned(), "plain".to_owned()) };
    let (class, subtype) = (kind.ctype().trim().to_ascii_lowercase(), kind.subtype().unwrap_or_default());
    // `Content-Type: text` and invalid types are text (RFC 2045, section 5.2, for a missing type).
    if class.is_empty() || subtype.is_empty() {
        return ("text".to_owned(), "plain".to_owned());
    }
    (class, subtype.trim().to_ascii_lowercase())
}

/// Whether a text part is meant to be read, not opened as a file.
fn is_read(head: &Head, subtype: &str) -> bool {
    let hangs_on = head.disposition().is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("attachment"));
    !hangs_on && !["calendar", "csv", "rfc822-headers", "vcard", "x-vcard"].contains(&subtype)
}

fn encoding(head: &Head) -> String {
    head.text("Content-Transfer-Encoding").unwrap_or_default().trim().to_ascii_lowercase()
}

fn looks_like_html(text: &str) -> bool {
    let begin = text.trim_start().get(..14).unwrap_or_default().to_ascii_lowercase();
    begin.starts_with("<html") || begin.starts_with("<!doctype html")
}

enum Whole {
    Yes,
    BreaksOff,
    TooMany,
}

/// Splits the body at the boundary's lines into at most `max` parts. Returns no part if the boundary never occurs.
fn split<'a>(body: &'a [u8], boundary: &[u8], max: usize) -> (Vec<&'a [u8]>, Whole) {
    let (mut parts, mut begin, mut at) = (Vec::new(), None, 0);
    while !boundary.is_empty() && at < body.len() {
        let line = &body[at..at + line_len(&body[at..])];
        let rest =
            line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary)).map(<[u8]>::trim_ascii);
        let is_last = rest == Some(b"--");
        if rest.is_some_and(<[u8]>::is_empty) || is_last {
            if let Some(begin) = begin {
                parts.push(without_line_end(&body[begin..at]));
            }
            if is_last && begin.is_some() {
                return (parts, Whole::Yes);
            }
            if parts.len() >= max {
                return (parts, Whole::TooMany);
            }
            begin = Some(at + line.len());
        }
        at += line.len();
    }
    if let Some(begin) = begin {
        parts.push(&body[begin..]);
    }
    (parts, Whole::BreaksOff)
}

/// The line ending before a boundary belongs to the boundary (RFC 2046, section 5.1.1).
fn without_line_end(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}
