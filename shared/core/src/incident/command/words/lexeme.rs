//! Lexemes: the words, numbers, references and lengths of time of a message.

use jiff::SignedDuration;

/// The longest snooze that a person can ask for.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// A word or another unit of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lexeme {
    pub(super) kind: Kind,
    /// Index of the sentence in which it stands.
    pub(super) sentence: usize,
    /// Index of the run of characters without spaces in which it stands.
    pub(super) chunk: usize,
    /// The whole run if the lexeme begins it, such as `second-line`; else the word.
    pub(super) name: String,
}

/// Kinds of lexemes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, in lower case, without apostrophes.
    Word(String),
    /// Digits.
    Number(u32),
    /// `h-7k3q`, without what makes it a reference tag.
    Reference(String),
    /// `30m`, as one word.
    Length(SignedDuration),
    /// 👍 and other emoji that say yes.
    ThumbsUp,
}

impl Lexeme {
    /// Returns the word; empty for another kind.
    pub(super) fn word(&self) -> &str {
        let Kind::Word(word) = &self.kind else { return "" };
        word
    }
}

/// Emoji that say yes.
const YES: &str = "👍👌🆗✅✔☑🫡🤙🙋";
/// Emoji that say nothing about the command. Any other emoji may, so that it makes the message none.
const FRIENDLY: &str = "🙂😀😃😄😁😅😊😉😎🙏🚀🏃💪👊✌🎉🔥❤💯🤝👏🙌🔧🛠👀👋✨⭐🥳💙💚🧡💛♂♀";
/// Punctuation that may stand anywhere.
const PUNCTUATION: &str = ".,:;!?\"“”„«»‹›()[]{}<>*_~|/\\#-";

/// Returns the lexemes of a text, and whether it is a question. None if it contains what is no part of any command, or hesitates:
/// `ok...`.
pub(super) fn lexemes(text: &str) -> Option<(Vec<Lexeme>, bool)> {
    let lower = text.to_lowercase();
    if lower.contains("..") {
        return None;
    }
    let mut found = Vec::new();
    let mut sentence = 0;
    for (chunk, (run, ends_line)) in runs(&lower).enumerate() {
        let before = found.len();
        read_run(run, &mut |kind| {
            found.push(Lexeme { kind, sentence, chunk, name: String::new() });
        })?;
        let whole = run.trim_matches(|c| PUNCTUATION.contains(c));
        for (place, lexeme) in found.iter_mut().skip(before).enumerate() {
            lexeme.name = if place == 0 { whole.to_owned() } else { lexeme.word().to_owned() };
        }
        if ends_line || run.ends_with(['.', '!', '?']) {
            sentence += 1;
        }
    }
    Some((found, lower.contains('?')))
}

/// Returns the runs without spaces, each with whether it is the last of its line.
fn runs(text: &str) -> impl Iterator<Item = (&str, bool)> {
    text.lines().flat_map(|line| {
        let mut runs = line.split_whitespace().peekable();
        std::iter::from_fn(move || runs.next().map(|run| (run, runs.peek().is_none())))
    })
}

fn read_run(run: &str, push: &mut impl FnMut(Kind)) -> Option<()> {
    let mut rest = run;
    // `-5` is no number that anybody was told.
    let negative = |rest: &str| {
        let digits = rest.strip_prefix('-')?.bytes().take_while(u8::is_ascii_digit).count();
        Some(digits > 0 && digits < 3 && rest.len() == run.len())
    };
    while let Some(first) = rest.chars().next() {
        let is_sign = first == '#' && rest[1..].starts_with(|c: char| c.is_ascii_digit() || c == 'h');
        if negative(rest) == Some(true) || first == '#' && !is_sign {
            return None;
        }
        let used = if let Some((reference, used)) = reference(rest) {
            push(Kind::Reference(reference));
            used
        } else if first.is_ascii_digit() {
            number(rest, push)?
        } else if first.is_alphabetic() {
            let is_letter = |c: char| c.is_alphabetic() || is_combining(c);
            let end = rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len());
            push(Kind::Word(rest[..end].to_owned()));
            end
        } else if is_sign || PUNCTUATION.contains(first) || FRIENDLY.contains(first) {
            first.len_utf8()
        } else if YES.contains(first) {
            push(Kind::ThumbsUp);
            first.len_utf8()
        } else {
            return None;
        };
        rest = rest.get(used..)?;
    }
    Some(())
}

fn is_combining(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Returns the reference at the beginning of a text, and its length with the rest of its tag: `h-7k3q.2.1`.
fn reference(text: &str) -> Option<(String, usize)> {
    let name = text.strip_prefix("h-")?;
    let end = name.find(|c: char| !c.is_alphanumeric()).unwrap_or(name.len());
    let is_reference = end == 4 && name[..end].bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_reference {
        return None;
    }
    // A reference tag names a message of the incident.
    let mut used = end;
    while let Some(more) = name[used..].strip_prefix('.') {
        let part = more.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if part == 0 {
            break;
        }
        used += 1 + part;
    }
    Some((format!("H-{}", name[..end].to_ascii_uppercase()), 2 + used))
}

/// Reads `421`, `30m`, or the number of `421ack`. Returns the length of what it read.
fn number(text: &str, push: &mut impl FnMut(Kind)) -> Option<usize> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    // `1.5h` is a length, and `4.21` and a date are no numbers that anybody was told.
    let fraction =
        text[digits..].strip_prefix(['.', ',']).filter(|more| more.starts_with(|c: char| c.is_ascii_digit()));
    let begin = if fraction.is_some() { digits + 1 } else { 0 };
    let run = text[begin..].find(|c: char| !c.is_alphanumeric()).map_or(text.len(), |end| begin + end);
    if let Some(length) = span(&text[..run]) {
        push(Kind::Length(length));
        return Some(run);
    }
    if digits > 4 || fraction.is_some() {
        return None;
    }
    push(Kind::Number(text[..digits].parse().ok()?));
    Some(digits)
}

/// Parses `30m`, `2h` or `1h30m`.
fn span(word: &str) -> Option<SignedDuration> {
    let is_one =
        word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(|c: char| c.is_ascii_alphabetic());
    word.parse().ok().filter(|span: &SignedDuration| is_one && span.is_positive() && *span <= LONGEST)
}
