//! Whether some words are a state and nothing else: `Resolved in 5m 13s`, `Monitor is UP`, `✅ Up`.

use super::super::measure::{Kind, kind};
use super::super::tokens::{Token, TokenKind};
use super::super::words::{Place, Tone, ends_trouble, is_doubt, is_link, is_noun, is_past, is_tail, tone};
use super::slot::{behind_author, is_id};

/// A state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Phrase {
    pub(in super::super) tone: Tone,
    /// True if it takes trouble as its object: `resolved`.
    pub(super) ends_trouble: bool,
}

/// Words that turn the state after them around, rather than make it doubtful.
const NEGATIONS: [&str; 6] = ["not", "no", "never", "nicht", "non", "un"];

/// What a phrase has said so far.
#[derive(Default)]
struct Said {
    good: bool,
    trouble: bool,
    news: bool,
    ends_trouble: bool,
    negated: bool,
    /// The next state is one that held earlier.
    past: bool,
    /// `no longer`: the next state is over.
    over: bool,
    /// A verb came after a good state: `RESOLVED is inactive` is about something that is called so.
    linked: bool,
}

/// Returns the state if the tokens are one, and nothing but one.
pub(in super::super) fn phrase(tokens: &[Token], place: Place) -> Option<Phrase> {
    let mut said = Said::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.kind {
            TokenKind::Question | TokenKind::Arrow | TokenKind::Comparison => return None,
            TokenKind::Word if token.quoted => return None,
            TokenKind::Word => {}
            TokenKind::Separator | TokenKind::Comma | TokenKind::Open | TokenKind::Close => continue,
        }
        let next = tokens.get(at).map(|token| token.text.as_str());
        match (token.text.as_str(), next) {
            ("no", Some("longer")) => {
                said.over = true;
                at += 1;
            }
            ("no" | "insufficient", Some("data")) => {
                said.trouble = true;
                at += 1;
            }
            // `Acknowledged by bob`
            ("by", Some(_)) if said.news && behind_author(tokens, at - 2, tokens.len()) == tokens.len() => {
                break;
            }
            _ => said.hear(tokens, at - 1, place)?,
        }
    }
    said.phrase()
}

impl Said {
    /// Takes the word at this place. `None` if it is no part of a state.
    fn hear(&mut self, tokens: &[Token], at: usize, place: Place) -> Option<()> {
        let word = tokens[at].text.as_str();
        if let Some(tone) = tone(word, place) {
            self.take(tone, word);
            return Some(());
        }
        if NEGATIONS.contains(&word) || word.ends_with("n't") {
            self.negated = true;
        } else if is_past(word) {
            self.past = true;
        } else if is_doubt(word) {
            return None;
        } else if self.good && is_link(word) {
            self.linked = true;
        } else if !(is_noun(word) || is_link(word) || is_tail(word) || word == "back") {
            let text = |at: Option<usize>| Some(tokens.get(at?)?.text.as_str());
            let counted = at
                .checked_sub(1)
                .is_some_and(|before| tokens[before].kind == TokenKind::Separator && tokens[at].depth > 0);
            let measures = kind(text(at.checked_sub(1)), word, text(Some(at + 1))) == Kind::Measure;
            if !measures && !counted && !is_id(word) {
                return None;
            }
        }
        Some(())
    }

    fn take(&mut self, tone: Tone, word: &str) {
        if std::mem::take(&mut self.past) && !ends_trouble(word) {
            return;
        }
        let over = std::mem::take(&mut self.over);
        let negated = std::mem::take(&mut self.negated);
        match tone {
            Tone::News => self.news = true,
            Tone::Good if negated || over => self.trouble = true,
            Tone::Good => {
                self.good = true;
                self.ends_trouble |= ends_trouble(word);
            }
            Tone::Trouble if over => {
                self.good = true;
                self.ends_trouble = true;
            }
            Tone::Trouble => {
                self.trouble = true;
                self.negated |= self.linked;
            }
        }
    }

    fn phrase(&self) -> Option<Phrase> {
        let Self { good, trouble, news, ends_trouble, negated, .. } = *self;
        let tone = if news {
            Tone::News
        } else if good && !negated && (!trouble || ends_trouble) {
            Tone::Good // `Warning resolved`
        } else if trouble || good {
            Tone::Trouble
        } else {
            return None;
        };
        Some(Phrase { tone, ends_trouble: ends_trouble && tone == Tone::Good })
    }
}
