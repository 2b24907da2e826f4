//! What somebody wrote, as a command: the same words by text, by mail and in a space.

use jiff::SignedDuration;

/// The longest snooze that somebody can ask for.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// A snooze without a length.
const SNOOZE: SignedDuration = SignedDuration::from_mins(30);
/// A command is no longer than this, in bytes.
const TEXT_MAX: usize = 60;
/// The longest of the words below: `i still have it`.
const WORDS_MAX: usize = 4;

/// Which incident is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one that there is.
    Only,
    /// `42`: the number that texts name.
    Number(u16),
    /// `H-7K3Q`, in capitals.
    Reference(String),
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// "I have it."
    Acknowledge,
    /// The next step, or the one of this name.
    Escalate(Option<String>),
    /// "I can't."
    Cannot,
    /// Not for so long.
    Snooze(SignedDuration),
    /// "I still have it."
    Confirm,
    /// It is done.
    Done,
    /// It was nothing.
    Cancel,
    /// Who has it, who is on duty.
    Who,
    /// What can be said.
    Help,
}

/// The command that a text is, and which incident it means; none for words to be read by people.
///
/// The whole text is the command, but for what follows it by its own grammar: "I don't ack this" is none. A slash may stand
/// before it. Case, a full stop and exclamation marks at the end don't matter. A question is only a command if it asks
/// something ("who?"): who writes "ok?" is called on, and so is who writes "ok...".
///
/// `yes` and `ok` answer what a page asks ("Have it?"). Whoever calls this must know that the text comes from somebody who
/// was paged: from anybody else they mean nothing.
pub fn understand(text: &str) -> Option<(Asked, Which)> {
    // Phones write `can’t` with an apostrophe of their own.
    let text = text.trim().trim_start_matches('/').replace('’', "'").to_lowercase();
    let command = text.trim_end_matches(['.', '!', '?']);
    let marks = &text[command.len()..];
    if command.len() > TEXT_MAX || marks.matches('.').count() > 1 {
        return None;
    }
    let found = read(command)?;
    let harmless = matches!(found.0, Asked::Who | Asked::Help);
    (harmless || !marks.contains('?')).then_some(found)
}

fn read(command: &str) -> Option<(Asked, Which)> {
    let mut words: Vec<&str> = command.split_whitespace().collect();
    // `ack42`, as one word.
    let first = *words.first()?;
    if let Some(at) = first.find(|sign: char| sign.is_ascii_digit()).filter(|at| *at > 0)
        && first[at..].bytes().all(|byte| byte.is_ascii_digit())
    {
        words.splice(..1, [&first[..at], &first[at..]]);
    }
    let longest = words.len().min(WORDS_MAX);
    let (mut asked, many) =
        (1..=longest).rev().find_map(|many| Some((meaning(&words[..many].join(" "))?, many)))?;
    // `next technical` would be half a sentence: only these words take a name.
    let mut takes_name = words[0].starts_with("esc");
    let mut takes_length = matches!(asked, Asked::Snooze(_));
    let mut which = Which::Only;
    let mut rest = &words[many..];
    while let Some((word, more)) = rest.split_first() {
        rest = more;
        if takes_length && let Some((length, used)) = length(word, more) {
            asked = Asked::Snooze(length);
            takes_length = false;
            rest = &more[used..];
            continue;
        }
        match (&which, which_one(word)) {
            // A page names both, and who copies it may send both; the number may be another's too.
            (Which::Only, Some(this)) | (Which::Number(_), Some(this @ Which::Reference(_))) => which = this,
            (_, Some(_)) => return None,
            (_, None) if takes_name && *word == "to" && !more.is_empty() => {}
            (_, None) if takes_name => {
                asked = Asked::Escalate(Some((*word).to_owned()));
                takes_name = false;
            }
            (_, None) => return None,
        }
    }
    Some((asked, which))
}

fn meaning(words: &str) -> Option<Asked> {
    Some(match words {
        "ack" | "acknowledge" | "ok" | "yes" | "i have it" | "got it" | "on it" | "i'm on it" | "mine" => {
            Asked::Acknowledge
        }
        "i can't" | "i cannot" | "i can not" | "i cant" | "can't" | "cannot" => Asked::Cannot,
        "confirm" | "still" | "still on it" | "still mine" | "i still have it" => Asked::Confirm,
        "done" | "resolve" | "resolved" | "close" | "closed" | "fixed" => Asked::Done,
        "cancel" | "false alarm" => Asked::Cancel,
        "next" | "next step" | "esc" | "escalate" | "escalation" => Asked::Escalate(None),
        "snooze" => Asked::Snooze(SNOOZE),
        "who" => Asked::Who,
        "help" | "commands" => Asked::Help,
        _ => return None,
    })
}

fn which_one(word: &str) -> Option<Which> {
    // `#42`, and `(H-7K3Q.2.1)` as it stands in our texts.
    let word = word.trim_start_matches(['#', '(']).trim_end_matches(')');
    if (1..=4).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.parse().ok().filter(|number| *number > 0).map(Which::Number);
    }
    let name = word.strip_prefix("h-")?;
    // A mark names a message of the incident: `H-7K3Q.2.1`.
    let name = name.split('.').next().unwrap_or(name);
    let sound = name.len() == 4 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    sound.then(|| Which::Reference(format!("H-{}", name.to_ascii_uppercase())))
}

/// `30m`, `1h30m`, `2 hours`, `45`; and how many of the words behind the first belong to it.
fn length(word: &str, more: &[&str]) -> Option<(SignedDuration, usize)> {
    let digit = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_digit());
    let parted = |unit: &&&str| digit(word.chars().last()) != digit(unit.chars().next());
    if let Some(span) = more.first().filter(parted).and_then(|unit| span(&format!("{word}{unit}"))) {
        return Some((span, 1));
    }
    // Two digits can't be an incident: their numbers have three.
    let minutes = || word.parse::<u8>().ok().filter(|minutes| (1..100).contains(minutes));
    let bare = || minutes().map(|minutes| SignedDuration::from_mins(minutes.into()));
    span(word).or_else(bare).map(|span| (span, 0))
}

/// `30m`, `2h`, `1h30m`.
fn span(word: &str) -> Option<SignedDuration> {
    if !word.ends_with(|sign: char| sign.is_ascii_alphabetic())
        || !word.starts_with(|sign: char| sign.is_ascii_digit())
    {
        return None;
    }
    let span: SignedDuration = word.parse().ok()?;
    (span.is_positive() && span <= LONGEST).then_some(span)
}
