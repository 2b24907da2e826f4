//! Signatures below a command: a separator, the line that a phone adds, or the author's name.

use std::collections::BTreeSet;

/// Beginnings of the lines that phones and mail programs add.
const ADDED: [&str; 16] = [
    "sent from ",
    "sent via ",
    "sent by ",
    "sent with ",
    "get outlook",
    "download outlook",
    "von meinem ",
    "gesendet ",
    "envoyé ",
    "envoye ",
    "enviado ",
    "inviato ",
    "verzonden ",
    "skickat ",
    "sendt ",
    "wysłane ",
];
/// Words that may change what stands above them, so that they are no part of a signature that only looks like one.
const DOUBTS: [&str; 22] = [
    "but", "not", "no", "nope", "cant", "cannot", "dont", "doesnt", "wont", "never", "later", "until",
    "till", "unless", "wait", "if", "when", "after", "tomorrow", "except", "only", "else",
];
/// Words with which a letter closes.
const CLOSINGS: [&str; 29] = [
    "best",
    "kind",
    "warm",
    "regards",
    "greetings",
    "sincerely",
    "yours",
    "many",
    "thanks",
    "thank",
    "you",
    "thx",
    "cheers",
    "br",
    "kr",
    "mfg",
    "lg",
    "vg",
    "viele",
    "liebe",
    "grüße",
    "gruß",
    "mit",
    "freundlichen",
    "grüßen",
    "cordialement",
    "saludos",
    "saluti",
    "groeten",
];

/// Returns the text without the signature below it: as many lines as belong to the message itself.
pub(super) fn body(text: &str, name: Option<&str>) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let names = name.map(name_words).unwrap_or_default();
    let signed = (1..lines.len()).find(|&at| begins_signature(&lines, at, &names));
    let mut end = signed.unwrap_or(lines.len());
    // "Best," above the name.
    while signed.is_some() && end > 1 && is_closing(lines[end - 1]) {
        end -= 1;
    }
    lines[..end].join("\n")
}

fn begins_signature(lines: &[&str], at: usize, names: &[String]) -> bool {
    let Some(line) = lines.get(at) else { return false };
    let lower = line.to_lowercase();
    let is_separator = line.chars().count() >= 2 && line.chars().all(|c| "-_=*~".contains(c));
    if is_separator || ADDED.iter().any(|added| lower.starts_with(added)) {
        return true;
    }
    let rest = &lines[at..];
    let doubtful = rest
        .iter()
        .any(|line| line.contains('?') || words(line).iter().any(|word| DOUBTS.contains(&word.as_str())));
    let own = words(line);
    let is_own_name = own.iter().any(|word| names.contains(word))
        && (is_capitalised(line)
            || own.iter().all(|word| names.contains(word) || CLOSINGS.contains(&word.as_str())));
    // Where the name isn't known, what looks like one must be enough.
    let looks_own = names.is_empty() && looks_like_name(rest) && rest.iter().all(|line| looks_signed(line));
    !doubtful && (is_own_name || looks_own)
}

/// Returns true if the first line that is no closing is a name: two or three words with a capital, or one after a dash.
fn looks_like_name(lines: &[&str]) -> bool {
    let Some(line) = lines.iter().find(|line| !is_closing(line)) else { return false };
    let count = words(line).len();
    let dashed = line.starts_with(['-', '/']);
    (2..=3).contains(&count) && is_capitalised(line) || count == 1 && dashed
}

/// Returns true for a line of a signature: words with capitals, a phone number, an address, or a closing.
fn looks_signed(line: &str) -> bool {
    let digits = line.bytes().filter(u8::is_ascii_digit).count();
    let is_phone = digits >= 6 && line.chars().all(|c| c.is_ascii_digit() || " +()/.-:".contains(c));
    let is_address =
        !line.contains(' ') && (line.contains('@') || line.contains("www.") || line.contains("://"));
    is_phone || is_address || is_closing(line) || is_capitalised(line)
}

/// Returns true if every word closes a letter.
fn is_closing(line: &str) -> bool {
    words(line).iter().all(|word| CLOSINGS.contains(&word.as_str()))
}

/// Returns true if every word begins with a capital, apart from the particles of names.
fn is_capitalised(line: &str) -> bool {
    let mut parts =
        line.split(|c: char| !c.is_alphabetic() && c != '.').filter(|part| !part.is_empty()).peekable();
    let particle = |part: &str| {
        matches!(part, "de" | "da" | "di" | "van" | "von" | "der" | "la" | "le" | "du" | "of" | "and")
    };
    parts.peek().is_some() && parts.all(|part| part.starts_with(char::is_uppercase) || particle(part))
}

fn words(line: &str) -> Vec<String> {
    let parts = line.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect()
}

/// Returns the words by which a person may be called: those of the name, and its initials. A name is no negation.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let mut found: BTreeSet<String> = words(&super::normal::normalised(name)).into_iter().collect();
    let initials: String = words(name).iter().filter_map(|word| word.chars().next()).collect();
    let first = initials.chars().next().map(String::from);
    found.extend(first);
    found.insert(initials);
    let is_doubt = |word: &String| word.is_empty() || word == "n" || DOUBTS.contains(&word.as_str());
    found.into_iter().filter(|word| !is_doubt(word)).collect()
}
