//! Commands in words. They are the same by text, by mail and in a space.

use jiff::SignedDuration;

/// The longest snooze that a person can ask for.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// Length of a snooze without a given length.
const SNOOZE: SignedDuration = SignedDuration::from_mins(30);
/// Maximum length of a command, in bytes.
const TEXT_MAX: usize = 60;
/// Number of words in the longest phrase below: `i still have it`.
const WORDS_MAX: usize = 4;

/// The incident that a command refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentSelector {
    /// None is named: the only one that there is.
    Only,
    /// `42`: the number in texts.
    Number(u16),
    /// `H-7K3Q`, in capitals.
    Reference(String),
}

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrittenCommand {
    /// Acknowledges the incident: "I have it."
    Acknowledge,
    /// The next step, or the step with this name.
    Escalate(Option<String>),
    /// "I can't": declines.
    Cannot,
    /// Quiet for this long.
    Snooze(SignedDuration),
    /// "I still have it."
    Confirm,
    /// Closes the incident.
    Done,
    /// It was nothing.
    Cancel,
    /// Who has it, and who is on call.
    Who,
    /// The list of commands.
    Help,
}

/// Parses a text as a command and the incident that it refers to; none for words that people should read.
///
/// The whole text is the command, except for what its own grammar allows after it: "I don't ack this" is no command. A slash may
/// stand before it. Case, a full stop and exclamation marks at the end don't matter. A question is only a command if it asks
/// something ("who?"): a person who writes "ok?" is still called, and so is one who writes "ok...".
///
/// `yes` and `ok` answer the question of a page ("Have it?"). The caller must know that the text comes from a person who was paged:
/// from anybody else, these words mean nothing.
pub fn parse(text: &str) -> Option<(WrittenCommand, IncidentSelector)> {
    // Phones write `can’t` with a typographic apostrophe.
    let text = text.trim().trim_start_matches('/').replace('’', "'").to_lowercase();
    let command = text.trim_end_matches(['.', '!', '?']);
    let marks = &text[command.len()..];
    if command.len() > TEXT_MAX || marks.matches('.').count() > 1 {
        return None;
    }
    let found = read(command)?;
    let harmless = matches!(found.0, WrittenCommand::Who | WrittenCommand::Help);
    (harmless || !marks.contains('?')).then_some(found)
}

fn read(command: &str) -> Option<(WrittenCommand, IncidentSelector)> {
    let mut words: Vec<&str> = command.split_whitespace().collect();
    // `ack42`, as one word.
    let first = *words.first()?;
    if let Some(at) = first.find(|c: char| c.is_ascii_digit()).filter(|at| *at > 0)
        && first[at..].bytes().all(|byte| byte.is_ascii_digit())
    {
        words.splice(..1, [&first[..at], &first[at..]]);
    }
    let longest = words.len().min(WORDS_MAX);
    let (mut asked, many) =
        (1..=longest).rev().find_map(|many| Some((meaning(&words[..many].join(" "))?, many)))?;
    // `next technical` would be half a sentence: only `esc`, `escalate` and `escalation` take a name.
    let mut takes_name = words[0].starts_with("esc");
    let mut takes_length = matches!(asked, WrittenCommand::Snooze(_));
    let mut which = IncidentSelector::Only;
    let mut rest = &words[many..];
    while let Some((word, more)) = rest.split_first() {
        rest = more;
        if takes_length && let Some((length, used)) = length(word, more) {
            asked = WrittenCommand::Snooze(length);
            takes_length = false;
            rest = &more[used..];
            continue;
        }
        match (&which, which_one(word)) {
            // A page names both, and a person who copies it may send both. The number may also be another incident's.
            (IncidentSelector::Only, Some(this))
            | (IncidentSelector::Number(_), Some(this @ IncidentSelector::Reference(_))) => which = this,
            (_, Some(_)) => return None,
            (_, None) if takes_name && *word == "to" && !more.is_empty() => {}
            (_, None) if takes_name => {
                asked = WrittenCommand::Escalate(Some((*word).to_owned()));
                takes_name = false;
            }
            (_, None) => return None,
        }
    }
    Some((asked, which))
}

fn meaning(words: &str) -> Option<WrittenCommand> {
    Some(match words {
        "ack" | "acknowledge" | "ok" | "yes" | "i have it" | "got it" | "on it" | "i'm on it" | "mine" => {
            WrittenCommand::Acknowledge
        }
        "i can't" | "i cannot" | "i can not" | "i cant" | "can't" | "cannot" => WrittenCommand::Cannot,
        "confirm" | "still" | "still on it" | "still mine" | "i still have it" => WrittenCommand::Confirm,
        "done" | "resolve" | "resolved" | "close" | "closed" | "fixed" => WrittenCommand::Done,
        "cancel" | "false alarm" => WrittenCommand::Cancel,
        "next" | "next step" | "esc" | "escalate" | "escalation" => WrittenCommand::Escalate(None),
        "snooze" => WrittenCommand::Snooze(SNOOZE),
        "who" => WrittenCommand::Who,
        "help" | "commands" => WrittenCommand::Help,
        _ => return None,
    })
}

fn which_one(word: &str) -> Option<IncidentSelector> {
    // `#42`, and `(H-7K3Q.2.1)` as in Handbell's texts.
    let word = word.trim_start_matches(['#', '(']).trim_end_matches(')');
    if (1..=4).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.parse().ok().filter(|number| *number > 0).map(IncidentSelector::Number);
    }
    let name = word.strip_prefix("h-")?;
    // A reference tag names a message of the incident: `H-7K3Q.2.1`.
    let name = name.split('.').next().unwrap_or(name);
    let sound = name.len() == 4 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    sound.then(|| IncidentSelector::Reference(format!("H-{}", name.to_ascii_uppercase())))
}

/// Parses `30m`, `1h30m`, `2 hours` or `45`. Also returns how many of the words after the first belong to it.
fn length(word: &str, more: &[&str]) -> Option<(SignedDuration, usize)> {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let parted = |unit: &&&str| digit(word.chars().last()) != digit(unit.chars().next());
    if let Some(span) = more.first().filter(parted).and_then(|unit| span(&format!("{word}{unit}"))) {
        return Some((span, 1));
    }
    // Two digits can't be an incident: incident numbers have three.
    let minutes = || word.parse::<u8>().ok().filter(|minutes| (1..100).contains(minutes));
    let bare = || minutes().map(|minutes| SignedDuration::from_mins(minutes.into()));
    span(word).or_else(bare).map(|span| (span, 0))
}

/// Parses `30m`, `2h` or `1h30m`.
fn span(word: &str) -> Option<SignedDuration> {
    if !word.ends_with(|c: char| c.is_ascii_alphabetic()) || !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let span: SignedDuration = word.parse().ok()?;
    (span.is_positive() && span <= LONGEST).then_some(span)
}
