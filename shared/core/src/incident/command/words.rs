//! Commands in words. One grammar reads them by text, by mail and in a space.
//!
//! A message is normalised and split into lexemes. Each lexeme must have a place in the grammar, or the message is no command: a
//! sentence that merely contains the word, a negation and a question are none.

mod language;
mod length;
mod lexeme;
mod normal;
mod phrase;
mod signature;
mod written;

use jiff::SignedDuration;

use language::is_yes;
use length::{length_at, total};
use lexeme::{Kind, Lexeme, lexemes};
use normal::normalised;
use phrase::{Phrase, Strength, longest_phrase};
use signature::{body, name_words};
pub use written::{IncidentSelector, MessageAuthor, WrittenCommand};

/// Length of a snooze without a given length.
const SNOOZE: SignedDuration = SignedDuration::from_mins(30);
/// Maximum number of lexemes of a command.
const LEXEMES_MAX: usize = 16;
/// Maximum length of the name of a step, in characters.
const NAME_MAX: usize = 64;

/// Parses a text from a person who was paged. See [`parse_from`].
pub fn parse(text: &str) -> Option<(WrittenCommand, IncidentSelector)> {
    parse_from(text, &MessageAuthor::default())
}

/// Parses a message as a command and the incident that it refers to; none for words that people should read.
///
/// The whole message is the command, except for courtesies, emoji and a signature. The number or the reference of the incident may
/// stand before or after the command. A question is only a command if it asks something ("who?"): a person who writes "ok?" is
/// still called, and so is one who writes "ok...".
///
/// `yes`, `ok`, 👍 and the number alone answer the question of a page ("Have it?"). The caller must know that the message comes from
/// a person who was paged, or is addressed to Handbell.
pub fn parse_from(text: &str, author: &MessageAuthor<'_>) -> Option<(WrittenCommand, IncidentSelector)> {
    let text = body(&normalised(text), author.name);
    let (lexemes, asks) = lexemes(&text)?;
    if lexemes.len() > LEXEMES_MAX {
        return None;
    }
    let (asked, which) = Reading::of(&lexemes, author)?.meaning(author)?;
    (asked.only_informs() || !asks).then_some((asked, which))
}

/// What has been read of a message so far.
#[derive(Default)]
struct Reading<'a> {
    /// The phrase, and the sentence in which it stands.
    phrase: Option<(&'static Phrase, usize)>,
    /// "ok", "yes".
    yes: bool,
    /// 👍.
    thumbs_up: bool,
    numbers: Vec<u32>,
    references: Vec<&'a str>,
    all: bool,
    lengths: Vec<SignedDuration>,
    /// Name of the step to escalate to.
    step: Option<&'a str>,
}

impl<'a> Reading<'a> {
    /// Reads every lexeme, or returns none if one has no place.
    fn of(lexemes: &'a [Lexeme], author: &MessageAuthor<'_>) -> Option<Self> {
        let names = author.name.map(name_words).unwrap_or_default();
        let mut read = Self::default();
        let mut rest = lexemes;
        while let Some(first) = rest.first() {
            let used = match (length_at(rest), &first.kind) {
                (Some((length, used)), _) => {
                    read.lengths.push(length);
                    used
                }
                (None, Kind::Number(number)) => {
                    read.numbers.push(*number);
                    1
                }
                (None, Kind::Reference(reference)) => {
                    read.references.push(reference);
                    1
                }
                (None, Kind::ThumbsUp) => {
                    read.thumbs_up = true;
                    1
                }
                (None, Kind::Length(_)) => return None,
                (None, Kind::Word(word)) => read.word(word, rest, author, &names)?,
            };
            rest = rest.get(used..)?;
        }
        Some(read)
    }

    /// Reads a word, and returns the number of lexemes that belong to it.
    fn word(
        &mut self,
        word: &str,
        rest: &'a [Lexeme],
        author: &MessageAuthor<'_>,
        names: &[String],
    ) -> Option<usize> {
        let first = rest.first()?;
        let found = longest_phrase(rest);
        let takes_name = self.step.is_none()
            && self.phrase.is_some_and(|(phrase, sentence)| phrase.takes_step && sentence == first.sentence);
        let after = found.and_then(|(_, used)| rest.get(used..)).unwrap_or_default();
        let has_place = |phrase: &Phrase| match phrase.strength {
            Strength::Courtesy => true,
            Strength::Noun => {
                matches!(after.first().map(|next| &next.kind), Some(Kind::Number(_) | Kind::Reference(_)))
            }
            _ => false,
        };
        if takes_name && !found.is_some_and(|(phrase, _)| has_place(phrase)) {
            return self.step_name(word, rest);
        }
        if let Some((phrase, used)) = found {
            match phrase.strength {
                Strength::Courtesy | Strength::Noun => has_place(phrase).then_some(())?,
                Strength::For => length_at(after).map(|_| ())?,
                Strength::All if self.all => return None,
                Strength::All => self.all = true,
                Strength::Claim | Strength::Answer => self.statement(phrase, first.sentence)?,
            }
            return Some(used);
        }
        if is_yes(word, author.language) && !self.yes {
            self.yes = true;
            return Some(1);
        }
        // The author's name after or below the command.
        names.iter().any(|name| name == word).then_some(1)
    }

    /// Takes a phrase. A second one must mean the same in other words: "got it, on my way".
    fn statement(&mut self, phrase: &'static Phrase, sentence: usize) -> Option<()> {
        match self.phrase {
            None => self.phrase = Some((phrase, sentence)),
            Some((before, _)) if before.command == phrase.command && before.words != phrase.words => {
                if phrase.strength == Strength::Claim {
                    self.phrase = Some((phrase, sentence));
                }
            }
            Some(_) => return None,
        }
        Some(())
    }

    /// Takes the name of the step after `escalate` or `escalate to`.
    fn step_name(&mut self, word: &str, rest: &'a [Lexeme]) -> Option<usize> {
        let (to, after) = match word {
            "to" if rest.len() > 1 => (1, rest.get(1)?),
            _ => (0, rest.first()?),
        };
        let name = after.name.as_str();
        if !matches!(after.kind, Kind::Word(_)) || name.chars().count() > NAME_MAX {
            return None;
        }
        self.step = Some(name);
        let whole = rest.iter().skip(to).take_while(|next| next.chunk == after.chunk).count();
        Some(to + if name == after.word() { 1 } else { whole })
    }

    /// Returns the command and its incident, if what was read makes one.
    fn meaning(self, author: &MessageAuthor<'_>) -> Option<(WrittenCommand, IncidentSelector)> {
        let phrase = self.phrase.map(|(phrase, _)| phrase);
        let named = !self.numbers.is_empty() || !self.references.is_empty();
        if author.overheard && (self.yes || phrase.is_none_or(|phrase| phrase.strength != Strength::Claim)) {
            return None;
        }
        let asked = match phrase {
            Some(phrase) => phrase.command.clone()?,
            None if self.yes || self.thumbs_up => WrittenCommand::Acknowledge,
            // Incident numbers have three digits.
            None if named && self.numbers.iter().all(|number| (100..1000).contains(number)) => {
                WrittenCommand::Acknowledge
            }
            None => return None,
        };
        // "Yes, I can't" says two things.
        if (self.yes || self.thumbs_up) && asked == WrittenCommand::Cannot {
            return None;
        }
        let (asked, numbers) = match asked {
            WrittenCommand::Snooze(_) => {
                let (length, numbers) = total(&self.lengths, &self.numbers)?;
                (WrittenCommand::Snooze(length.unwrap_or(SNOOZE)), numbers)
            }
            _ if !self.lengths.is_empty() => return None,
            WrittenCommand::Escalate => {
                let step = self.step.map(str::to_owned);
                (step.map_or(WrittenCommand::Escalate, WrittenCommand::EscalateTo), self.numbers)
            }
            asked @ (WrittenCommand::Acknowledge
            | WrittenCommand::EscalateTo(_)
            | WrittenCommand::Cannot
            | WrittenCommand::Confirm
            | WrittenCommand::Done
            | WrittenCommand::Cancel
            | WrittenCommand::Who
            | WrittenCommand::Help) => (asked, self.numbers),
        };
        Some((asked, which(&numbers, &self.references, self.all)?))
    }
}

/// Returns the incident that is named. A page names both number and reference, and a person who copies it may send both. The
/// reference counts then: the number may also be another incident's.
fn which(numbers: &[u32], references: &[&str], all: bool) -> Option<IncidentSelector> {
    match (numbers, references, all) {
        ([], [], false) => Some(IncidentSelector::Only),
        ([], [], true) => Some(IncidentSelector::All),
        ([] | [_], [reference], false) => Some(IncidentSelector::Reference(reference.to_uppercase())),
        ([number @ 1..=9999], [], false) => u16::try_from(*number).ok().map(IncidentSelector::Number),
        _ => None,
    }
}
