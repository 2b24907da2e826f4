//! Composes a mail as SES sends it, from the parts in the request or from a raw mail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::REGION;
use super::mime::Field;

/// Length of a line of base64, in characters (RFC 2045).
const LINE: usize = 76;
/// Bytes of text in an encoded word, which has at most 75 characters with its delimiters (RFC 2047).
const WORD: usize = 45;

/// An attachment.
pub(super) struct File {
    pub(super) name: String,
    pub(super) kind: String,
    /// Content-ID by which the HTML refers to the file: `cid:…`.
    pub(super) id: Option<String>,
    pub(super) inline: bool,
    pub(super) content: Vec<u8>,
}

/// The body of a mail.
pub(super) struct Body<'a> {
    pub(super) text: Option<&'a str>,
    pub(super) html: Option<&'a str>,
    pub(super) files: &'a [File],
}

/// Composes a mail with these headers and those that SES adds.
pub(super) fn compose(head: &[Field], subject: &str, at: Timestamp, body: &Body<'_>) -> Vec<u8> {
    let mut mail = String::new();
    for (name, value) in head {
        mail.push_str(&format!("{name}: {value}\r\n"));
    }
    let (subject, date) = (word(subject), date(at));
    mail.push_str(&format!("Subject: {subject}\r\nDate: {date}\r\nMIME-Version: 1.0\r\n"));
    let kinds = [("plain", body.text), ("html", body.html)].into_iter();
    let mut said: Vec<String> = kinds.filter_map(|(kind, text)| Some(words(kind, text?))).collect();
    let said = if said.len() == 1 { said.remove(0) } else { multipart("alternative", &said) };
    if body.files.is_empty() {
        mail.push_str(&said);
    } else {
        let files = body.files.iter().map(file);
        mail.push_str(&multipart("mixed", &std::iter::once(said).chain(files).collect::<Vec<_>>()));
    }
    mail.into_bytes()
}

/// Replaces `Message-ID` and `Date` of a raw mail by SES's own, and removes `Bcc`.
pub(super) fn with_own(mail: &[u8], id: &str, at: Timestamp) -> Vec<u8> {
    let mut own = format!("Message-ID: <{id}@{REGION}.amazonses.com>\r\nDate: {}\r\n", date(at)).into_bytes();
    let (mut rest, mut dropping) = (mail, false);
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        if line.trim_ascii_end().is_empty() {
            break;
        }
        rest = after;
        // A line that begins with white space continues the header above.
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
            dropping =
                ["message-id", "date", "bcc"].iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()));
        }
        if !dropping {
            own.extend_from_slice(line);
        }
    }
    own.extend_from_slice(rest);
    own
}

pub(super) fn date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

fn words(kind: &str, text: &str) -> String {
    let content = lines(text.as_bytes());
    format!("Content-Type: text/{kind}; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{content}")
}

fn file(file: &File) -> String {
    let File { name, kind, id, inline, content } = file;
    let disposition = if *inline { "inline" } else { "attachment" };
    let name = if name.is_ascii() && !name.contains(['"', '\\']) { name.clone() } else { word(name) };
    let id = id.as_ref().map_or_else(String::new, |id| format!("Content-ID: <{id}>\r\n"));
    let content = lines(content);
    format!(
        "Content-Type: {kind}; name=\"{name}\"\r\nContent-Disposition: {disposition}; filename=\"{name}\"\r\n\
         {id}Content-Transfer-Encoding: base64\r\n\r\n{content}"
    )
}

fn multipart(kind: &str, parts: &[String]) -> String {
    let boundary = format!("----=_Part_{}", uuid::Uuid::new_v4().simple());
    let mut whole = format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n");
    for part in parts {
        whole.push_str(&format!("--{boundary}\r\n{part}\r\n"));
    }
    whole.push_str(&format!("--{boundary}--\r\n"));
    whole
}

fn lines(content: &[u8]) -> String {
    let encoded = STANDARD.encode(content);
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / LINE * 2 + 2);
    for line in encoded.as_bytes().chunks(LINE) {
        lines.extend(line.iter().map(|byte| char::from(*byte)));
        lines.push_str("\r\n");
    }
    lines
}

/// Encodes text for a header: unchanged if it is plain ASCII, else as encoded words that don't split characters.
fn word(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= WORD => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let words = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    words.collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::super::mime::{decoded, field, shown, split};
    use super::*;

    fn now() -> Timestamp {
        "2026-03-01T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_is_written_can_be_read() {
        let head = [("From".to_owned(), "shop@example.com".to_owned())];
        let subject = "Größe ".repeat(30);
        let files = [
            File {
                name: "plan \"1\".pdf".into(),
                kind: "application/pdf".into(),
                id: None,
                inline: false,
                content: vec![7; 200],
            },
            File {
                name: "a.png".into(),
                kind: "image/png".into(),
                id: Some("a".into()),
                inline: true,
                content: vec![],
            },
        ];
        let body = Body { text: Some("Ü\nzwei"), html: Some("<p>Ü</p>"), files: &files };
        let mail = compose(&head, &subject, now(), &body);
        assert!(mail.is_ascii());
        let longest = mail.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
        assert!(longest <= Some(100), "{longest:?}");
        let (fields, _) = split(&mail);
        assert_eq!(decoded(field(&fields, "subject").unwrap()), subject);
        assert_eq!(field(&fields, "date"), Some("Sun, 01 Mar 2026 10:00:00 +0000"));
        let read = shown(&mail);
        assert_eq!((read.text.as_deref(), read.html.as_deref()), (Some("Ü\nzwei"), Some("<p>Ü</p>")));
        let names: Vec<_> = read.attachments.iter().map(|file| (file.name.as_str(), file.size)).collect();
        assert_eq!(names, [("plan \"1\".pdf", 200), ("a.png", 0)]);
    }

    #[test]
    fn one_part_needs_no_boundaries() {
        let body = Body { text: None, html: Some("<p>x</p>"), files: &[] };
        let mail = String::from_utf8(compose(&[], "Hi", now(), &body)).unwrap();
        assert!(mail.starts_with("Subject: Hi\r\n") && !mail.contains("multipart"), "{mail}");
        assert_eq!(shown(mail.as_bytes()).html.as_deref(), Some("<p>x</p>"));
    }

    #[test]
    fn a_whole_mail_gets_the_ids_of_ses_and_loses_the_hidden() {
        let given = "From: a@x.example\r\nmessage-id: <mine@x>\r\nBcc: secret@x.example,\r\n other@x.example\r\nSubject: x\r\n y\r\n\r\nDate: in the body\r\n";
        let mail = String::from_utf8(with_own(given.as_bytes(), "0102", now())).unwrap();
        assert_eq!(
            mail,
            "Message-ID: <0102@eu-west-1.amazonses.com>\r\nDate: Sun, 01 Mar 2026 10:00:00 +0000\r\nFrom: a@x.example\r\nSubject: x\r\n y\r\n\r\nDate: in the body\r\n"
        );
    }
}
