//! What a person wrote in reply to a mail, without what the reply quotes.

use super::{Automatic, ParsedMail};

/// Maximum length of a command, in characters. The rest is cut off.
const COMMAND_MAX: usize = 200;

/// Returns the first line that the writer wrote, which may be a command: `ack`, `done`, `escalate technical`. `None` if there is
/// none, or if no person wrote the mail.
pub fn command(mail: &ParsedMail) -> Option<String> {
    if mail.automatic != Automatic::No || mail.ours {
        return None;
    }
    let words = own_words(&mail.text);
    let line = words.lines().next().unwrap_or_default();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(COMMAND_MAX).collect();
    (!line.is_empty()).then_some(line)
}

/// Returns what the writer wrote: everything above the quoted mail and the signature. If nothing is above the quote, what is below
/// it.
pub fn own_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let end = (0..lines.len()).find(|&at| begins_the_quote(&lines, at)).unwrap_or(lines.len());
    let above = without_signature(&lines[..end]);
    if !above.is_empty() {
        return above;
    }
    // The reply is below the quote, in the old way. Only the quoted lines tell where the quote ends.
    let rest = &lines[end..];
    let Some(last) = rest.iter().rposition(|line| is_quoted(line)) else { return String::new() };
    without_signature(&rest[last + 1..])
}

fn without_signature(lines: &[&str]) -> String {
    let kept = lines.iter().take_while(|line| !is_signature(line)).copied();
    kept.collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// Returns true for `-- `, whose space often gets lost, and for the lines that phones add to mails.
fn is_signature(line: &str) -> bool {
    const PHONES: [&str; 6] = [
        "sent from my ",
        "get outlook for ",
        "von meinem ",
        "gesendet von ",
        "envoyé de mon ",
        "envoyé depuis ",
    ];
    let lower = line.trim().to_lowercase();
    lower == "--" || PHONES.iter().any(|begin| lower.starts_with(begin))
}

fn begins_the_quote(lines: &[&str], at: usize) -> bool {
    let Some(line) = lines.get(at).copied() else { return false };
    is_quoted(line) || is_rule(line) || is_header(lines, at) || is_attribution(lines, at)
}

/// Returns true for `-----Original Message-----` in any language, and for Outlook's long line.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    let underscores = line.len() >= 10 && line.bytes().all(|byte| byte == b'_');
    let titled = line.starts_with("-----")
        && line.ends_with("-----")
        && line.trim_matches('-').chars().any(char::is_alphabetic);
    underscores || titled
}

/// Returns true for the header of a mail that Outlook quotes: `From:`, with `Sent:` or another header close by.
fn is_header(lines: &[&str], at: usize) -> bool {
    const FROM: [&str; 5] = ["from", "von", "de", "da", "van"];
    const OTHERS: [&str; 18] = [
        "sent",
        "date",
        "to",
        "subject",
        "gesendet",
        "datum",
        "an",
        "betreff",
        "envoyé",
        "date",
        "à",
        "objet",
        "enviado",
        "para",
        "asunto",
        "inviato",
        "oggetto",
        "verzonden",
    ];
    let key = |line: &str| {
        let (key, _) = line.split_once(':')?;
        Some(key.trim_matches(['*', ' ', '\u{a0}']).to_lowercase())
    };
    let is_one_of = |line: &str, keys: &[&str]| key(line).is_some_and(|key| keys.contains(&key.as_str()));
    is_one_of(lines[at], &FROM) && lines[at + 1..].iter().take(4).any(|line| is_one_of(line, &OTHERS))
}

/// Returns true for `On … wrote:`, which mail programs break over two or three lines.
fn is_attribution(lines: &[&str], at: usize) -> bool {
    const BEGINNINGS: [(&str, &[&str]); 6] = [
        ("on ", &["wrote"]),
        ("am ", &["schrieb"]),
        ("le ", &["a écrit"]),
        ("el ", &["escribió"]),
        ("il ", &["ha scritto"]),
        ("op ", &["schreef", "het volgende geschreven"]),
    ];
    let first = lines[at].trim_start().to_lowercase();
    let Some((_, verbs)) = BEGINNINGS.iter().find(|(begin, _)| first.starts_with(begin)) else {
        return false;
    };
    let mut joined = String::new();
    for line in lines[at..].iter().take(3) {
        joined.push(' ');
        joined.push_str(&line.trim().to_lowercase());
        if joined.ends_with(':') {
            return verbs.iter().any(|verb| joined.contains(verb));
        }
    }
    false
}
