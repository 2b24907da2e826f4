//! Messages in doubt: what reads like a whisper or like words to a colleague, but isn't certainly one. They stay, and the agent is
//! told how to send them.

use super::colleague::{Address, Colleagues};
use super::disguise::{self, Reader, closing, unaccented, word};

/// Marks that set a label apart from the words that follow it.
const SEPARATORS: &str = ":;/\\|=>~→»•–—―";
/// Maximum number of words of a label, such as `FYI team note:`.
const LABEL: usize = 4;
/// Words before "note" with which a customer is addressed.
const POLITE: [&str; 3] = ["please", "kindly", "your"];

/// Returns true if a line of the text reads like a whisper or like words to a colleague.
pub(super) fn is_doubtful(text: &str, reader: &Reader, colleagues: &Colleagues) -> bool {
    let lines: Vec<String> = disguise::lines(text).filter(|line| !line.trim().is_empty()).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let heads_others = at + 1 < lines.len();
        colleagues.addressed(line) != Address::Nobody
            || reader.beginnings(line).any(|bare| {
                let before = &line[..line.len() - bare.len()];
                is_label(bare, before, heads_others, reader) || colleagues.is_spoken_to(bare)
            })
    })
}

/// Returns true if a line begins with a whisper word that is set apart as a label: `(note) …`, `note - …`, `w/ …`, `FYI note: …`.
/// `bare` is the line without the decoration `before`.
fn is_label(bare: &str, before: &str, heads_others: bool, reader: &Reader) -> bool {
    let first = word(bare, char::is_alphabetic);
    let rest = &bare[first.len()..];
    let is_word = reader.is_whisper_word(first);
    let is_mark = is_word || first == "w";
    let alone = is_word && heads_others && rest.trim().is_empty();
    // An undecorated line has lost "(w)", which looks like the number of a list.
    let tagged =
        (is_word && before.ends_with('#')) || ["(w)", "[w]"].iter().any(|mark| before.contains(mark));
    (is_mark && is_set_apart(first, rest))
        || alone
        || tagged
        || is_to_self(bare)
        || is_phrase(bare, before, reader)
}

/// Returns true if what follows a whisper word sets the word apart from it.
fn is_set_apart(word: &str, rest: &str) -> bool {
    let glued = rest.chars().nth(1).is_some_and(char::is_alphanumeric);
    let next = rest.trim_start();
    let spaced = next.len() < rest.len();
    match next.chars().next() {
        // "w/o" and "w/out" are "without".
        Some('/') if word == "w" => {
            let after = disguise::word(&next[1..], char::is_alphabetic);
            !matches!(after, "o" | "out")
        }
        // A hyphen or an apostrophe within a word: "note-taking", "note's".
        Some('-' | '\'' | '’') if glued && !spaced => false,
        Some('-') => true,
        Some('.') => word != "w" && next.starts_with(".."),
        Some(c) => SEPARATORS.contains(c) || (closing(c) && !c.is_whitespace()),
        None => false,
    }
}

fn is_to_self(bare: &str) -> bool {
    bare.strip_prefix("note to self").is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// Returns true for a label of several words with a whisper word among them: `(internal note) …`, or at its end: `FYI note: …`.
fn is_phrase(bare: &str, before: &str, reader: &Reader) -> bool {
    let in_brackets = before.contains(['(', '[', '{', '<', '«', '„', '“', '|']);
    let bracket = bare.find([')', ']', '}', '>', '»']).filter(|_| in_brackets);
    if bracket.is_some_and(|end| words_of(&bare[..end]).is_some_and(|words| has_whisper_word(&words, reader)))
    {
        return true;
    }
    let dash = [" - ", " – ", " — ", " -- ", " > ", " | "].iter().filter_map(|dash| bare.find(dash)).min();
    let end = bare.find(':').into_iter().chain(dash).min();
    let words = end.and_then(|end| words_of(&bare[..end]));
    words.is_some_and(|words| match &words[..] {
        [.., polite, _] if POLITE.contains(polite) => false,
        [.., last] => reader.is_whisper_word(last),
        [] => false,
    })
}

/// Returns the words of a label; none if they are too many for one.
fn words_of(label: &str) -> Option<Vec<&str>> {
    let words: Vec<_> = label.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    (1..=LABEL).contains(&words.len()).then_some(words)
}

fn has_whisper_word(words: &[&str], reader: &Reader) -> bool {
    words.iter().any(|word| reader.is_whisper_word(word) || unaccented(word) == "w")
}
