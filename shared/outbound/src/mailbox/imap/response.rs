//! IMAP responses, as far as they are needed (RFC 3501, 7). Unknown ones are skipped.

use std::time::Duration;

use bytes::Bytes;

use super::{Wire, nonsense, too_large};
use crate::failure::VendorResult;

/// Maximum number of bytes of lines in response to a command: a search covers a folder of a million mails.
const LINES_MAX: usize = 8 * 1024 * 1024;

/// Maximum number of bytes of literals that aren't a mail.
const TEXT_MAX: u64 = 64 * 1024;

/// Number of bytes that the server may still send in response to a command.
pub(super) struct Room {
    lines: usize,
    literals: u64,
    mail: u64,
}

impl Room {
    /// Creates the limit with room for a mail of this size; 0 for none.
    pub(super) fn new(mail: u64) -> Room {
        Room { lines: LINES_MAX, literals: mail + TEXT_MAX, mail }
    }

    async fn line(&mut self, wire: &mut Wire) -> VendorResult<Vec<u8>> {
        let line = wire.line(self.lines).await?;
        self.lines -= line.len();
        Ok(line)
    }

    async fn literal(&mut self, wire: &mut Wire, length: u64, is_mail: bool) -> VendorResult<Bytes> {
        if is_mail && self.mail > 0 && length > self.mail {
            return Err(too_large());
        }
        let most = if is_mail { self.mail } else { TEXT_MAX };
        if length > most.min(self.literals) {
            return Err(nonsense("more than was asked for"));
        }
        self.literals -= length;
        wire.extend(Duration::from_secs(length >> 20));
        wire.bytes(usize::try_from(length).unwrap_or(usize::MAX)).await
    }
}

/// One response of the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Tagged(String, Verdict),
    Untagged(Item),
    More,
}

impl Line {
    pub(super) fn untagged(self) -> Option<Item> {
        if let Line::Untagged(item) = self { Some(item) } else { None }
    }
}

/// A response other than the final one of a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    Condition(Verdict),
    Capabilities(Vec<String>),
    Search(Vec<u32>),
    Fetch(Fetched),
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    No,
    Bad,
    Bye,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) status: Status,
    /// Response code in brackets, in capitals.
    pub(super) code: String,
    /// The server's own words.
    pub(super) words: String,
}

/// Data of one mail in a FETCH response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) uid: Option<u32>,
    pub(super) size: Option<u64>,
    pub(super) body: Option<Bytes>,
}

/// A token of a FETCH response.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Atom(String),
    Text(Bytes),
}

/// Reads the next response.
pub(super) async fn read(wire: &mut Wire, room: &mut Room) -> VendorResult<Line> {
    let line = room.line(wire).await?;
    if line == b"+\r\n" || line.starts_with(b"+ ") {
        return Ok(Line::More);
    }
    let text = String::from_utf8_lossy(&line);
    let (tag, rest) = text.trim_end().split_once(' ').ok_or_else(|| nonsense("it is no IMAP"))?;
    if tag != "*" {
        let verdict = verdict(rest).ok_or_else(|| nonsense("neither a yes nor a no"))?;
        return Ok(Line::Tagged(tag.to_owned(), verdict));
    }
    let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
    let item = match word.to_ascii_uppercase().as_str() {
        "CAPABILITY" => Item::Capabilities(after.split(' ').map(str::to_ascii_uppercase).collect()),
        "SEARCH" => Item::Search(found(after).ok_or_else(|| nonsense("what was found"))?),
        // PREAUTH would mean that the server already knows us, which no supported server does.
        "OK" | "NO" | "BAD" | "BYE" => Item::Condition(verdict(rest).ok_or_else(|| nonsense("no verdict"))?),
        number if number.bytes().all(|byte| byte.is_ascii_digit()) && fetches(after) => {
            let start = line.iter().position(|&byte| byte == b'(').unwrap_or(line.len());
            Item::Fetch(fetched(&tokens(wire, line, start, room).await?))
        }
        _ => Item::Other,
    };
    Ok(Line::Untagged(item))
}

fn fetches(words: &str) -> bool {
    words.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("FETCH "))
}

/// Parses a status response such as `OK [UIDVALIDITY 7] fine`.
fn verdict(text: &str) -> Option<Verdict> {
    let (status, rest) = text.split_once(' ').unwrap_or((text, ""));
    let status = match status.to_ascii_uppercase().as_str() {
        "OK" => Status::Ok,
        "NO" => Status::No,
        "BAD" => Status::Bad,
        "BYE" => Status::Bye,
        _ => return None,
    };
    let (code, words) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((code, words)) => (code.to_ascii_uppercase(), words),
        None => (String::new(), rest),
    };
    Some(Verdict { status, code, words: words.trim().to_owned() })
}

/// Parses the numbers of a SEARCH response such as `11 12`; what follows them, such as `(MODSEQ 7)`, is skipped.
/// Returns `None` if they can't be parsed, which is not an empty result.
fn found(text: &str) -> Option<Vec<u32>> {
    let numbers = text.split_whitespace().take_while(|word| !word.starts_with('('));
    numbers.map(|uid| uid.parse().ok()).collect()
}

/// Returns the tokens of a line from `start` on, and of the lines that continue it after a literal.
async fn tokens(wire: &mut Wire, line: Vec<u8>, start: usize, room: &mut Room) -> VendorResult<Vec<Token>> {
    let (mut all, mut line, mut at) = (Vec::new(), line, start);
    loop {
        let length = pieces(line.get(at..).unwrap_or_default(), &mut all)
            .ok_or_else(|| nonsense("what it tells of a mail"))?;
        let Some(length) = length else { return Ok(all) };
        let is_mail = matches!(all.last(), Some(Token::Atom(name)) if is_body(name));
        all.push(Token::Text(room.literal(wire, length, is_mail).await?));
        (line, at) = (room.line(wire).await?, 0);
    }
}

/// Returns the tokens of one line, and the length of the literal that it ends with. Returns `None` if the line can't be
/// parsed.
fn pieces(mut rest: &[u8], all: &mut Vec<Token>) -> Option<Option<u64>> {
    loop {
        rest = match rest {
            [] | b"\r\n" | b"\n" => return Some(None),
            [b' ', after @ ..] => after,
            [b'(', after @ ..] => {
                all.push(Token::Open);
                after
            }
            [b')', after @ ..] => {
                all.push(Token::Close);
                after
            }
            [b'"', after @ ..] => {
                let (text, after) = quoted(after)?;
                all.push(Token::Text(text));
                after
            }
            [b'{', after @ ..] | [b'~', b'{', after @ ..] => {
                let after = after.strip_suffix(b"\n")?;
                let digits = after.strip_suffix(b"\r").unwrap_or(after).strip_suffix(b"}")?;
                let digits = digits.strip_suffix(b"+").unwrap_or(digits);
                if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                    return None;
                }
                // More digits than fit are still a number, and a large one.
                let length = std::str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX);
                return Some(Some(length));
            }
            _ => {
                let (name, after) = atom(rest);
                all.push(Token::Atom(name));
                after
            }
        };
    }
}

/// Splits off an atom, including a section in brackets: `BODY[HEADER.FIELDS (DATE)]`.
fn atom(text: &[u8]) -> (String, &[u8]) {
    let mut within = false;
    let end = text.iter().position(|&byte| {
        match byte {
            b'[' => within = true,
            b']' => within = false,
            _ => {}
        }
        matches!(byte, b'\r' | b'\n') || (!within && matches!(byte, b' ' | b'(' | b')' | b'"'))
    });
    // An unexpected character is an atom of its own, so that a lone \r can't stop the loop.
    let (name, rest) = text.split_at(end.unwrap_or(text.len()).max(1));
    (String::from_utf8_lossy(name).to_ascii_uppercase(), rest)
}

fn quoted(text: &[u8]) -> Option<(Bytes, &[u8])> {
    let (mut out, mut escaped) = (Vec::new(), false);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => {
                out.push(byte);
                escaped = false;
            }
            b'\\' => escaped = true,
            b'"' => return Some((out.into(), &text[at + 1..])),
            b'\r' | b'\n' => return None,
            _ => out.push(byte),
        }
    }
    None
}

fn is_body(name: &str) -> bool {
    name == "BODY[]"
}

/// Reads names and values. The value of an unknown name is skipped with all its content.
fn fetched(tokens: &[Token]) -> Fetched {
    let mut found = Fetched::default();
    let mut tokens = tokens.iter().skip(1);
    while let Some(Token::Atom(name)) = tokens.next() {
        let value = tokens.next();
        match (name.as_str(), value) {
            ("UID", Some(Token::Atom(uid))) => found.uid = uid.parse().ok(),
            ("RFC822.SIZE", Some(Token::Atom(size))) => found.size = size.parse().ok(),
            (name, Some(Token::Text(body))) if is_body(name) => found.body = Some(body.clone()),
            (_, Some(Token::Open)) => {
                let mut depth = 1_usize;
                while depth > 0 {
                    match tokens.next() {
                        Some(Token::Open) => depth += 1,
                        Some(Token::Close) => depth -= 1,
                        Some(_) => {}
                        None => return found,
                    }
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(line: &str) -> Option<Fetched> {
        let mut all = Vec::new();
        pieces(line.as_bytes(), &mut all)?;
        Some(fetched(&all))
    }

    #[test]
    fn unknown_data_is_skipped() {
        let expected = Some(Fetched { uid: Some(7), size: Some(99), body: None });
        for line in [
            "(UID 7 RFC822.SIZE 99)\r\n",
            "(RFC822.SIZE 99 UID 7)\n",
            "(FLAGS (\\Seen \"UID 8\" (UID 9)) UID 7 MODSEQ (12345) RFC822.SIZE 99)\r\n",
            "(INTERNALDATE \"21-Nov-2026 10:00:00 +0000\" UID 7 X-GM-LABELS (\"a) b\" \\Inbox) RFC822.SIZE 99)\r\n",
            "(BODY[HEADER.FIELDS (UID 3)] \"x\" UID 7 rfc822.size 99)\r\n",
        ] {
            assert_eq!(told(line), expected, "{line}");
        }
        assert_eq!(told("(UID -1 RFC822.SIZE x BODY[] NIL)\r\n"), Some(Fetched::default()));
        assert_eq!(told("(UID 7 BODY[] \"Hi \\\"you\\\"\")\r\n").unwrap().body.unwrap(), "Hi \"you\"");
        for wrong in ["(UID \"7)\r\n", "(BODY[] {x}\r\n", "(BODY[] {5} more\r\n"] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_literal_is_announced_at_the_end_of_a_line() {
        for (line, length) in [
            ("(BODY[] {5}\r\n", Some(5)),
            ("(BODY[] ~{5}\r\n", Some(5)),
            ("(BODY[] {99999999999999999999999}\r\n", Some(u64::MAX)),
            ("(UID 7)\r\n", None),
        ] {
            assert_eq!(pieces(line.as_bytes(), &mut Vec::new()), Some(length), "{line}");
        }
    }

    #[test]
    fn a_search_result_consists_of_numbers() {
        assert_eq!(found("12  11 (MODSEQ 99)"), Some(vec![12, 11]));
        assert_eq!(found(""), Some(vec![]));
        assert_eq!(found("11 twelve"), None);
        assert_eq!(found("99999999999"), None);
    }

    #[test]
    fn a_verdict_has_a_code() {
        let verdict = verdict("no [authenticationfailed] Invalid credentials").unwrap();
        assert_eq!((verdict.status, verdict.code.as_str()), (Status::No, "AUTHENTICATIONFAILED"));
        assert_eq!(verdict.words, "Invalid credentials");
        assert!(super::verdict("PERHAPS").is_none());
    }

    proptest! {
        #[test]
        fn no_response_stops_the_parser(line in "[\\[\\]{}()~\"\\\\ A-Z0-9\r\n]{0,60}") {
            told(&line);
            verdict(&line);
            found(&line);
        }
    }
}
