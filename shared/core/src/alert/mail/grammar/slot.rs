//! A state in a place of a subject, and what is asked about the tokens around it.

use super::super::measure::{Kind, is_plain_number, kind};
use super::super::tokens::{Token, TokenKind};
use super::super::words::{Place, Tone, is_doubt, is_link, is_noun, is_past, is_tail, tone};

/// A place of a subject in which a state stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Before a separator, or in brackets at the beginning: `RECOVERY: web01`, `[RESOLVED] web01`.
    Heading,
    /// Behind an arrow: `CRIT -> OK`.
    Arrow,
    /// After a verb: `web01 is OK`.
    Clause,
    /// Alone at the end: `web01: OK`.
    Last,
    /// As the first word, without a separator: `RECOVERY web01`.
    FirstWord,
    /// As the last word: `web01 OK`.
    LastWord,
    /// A verb between two parts of the name: `Backup failed on db01`.
    Verb,
    /// Among the words of the name: `disk CRITICAL on web1`.
    Inner,
    /// A state that held earlier: `was DOWN for 5m`. It decides nothing.
    Past,
}

impl Slot {
    /// Returns the place in words that follow "the state stands".
    pub fn describe(self) -> &'static str {
        match self {
            Self::Heading => "before a separator or in brackets, as a heading",
            Self::Arrow => "behind an arrow",
            Self::Clause => "after a verb",
            Self::Last => "alone at the end",
            Self::FirstWord => "at the beginning",
            Self::LastWord => "at the end",
            Self::Verb => "as a verb between two names",
            Self::Inner => "among the words of the name",
            Self::Past => "in a statement about the past",
        }
    }
}

/// A state in a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Found {
    pub(in super::super) tone: Tone,
    pub(in super::super) slot: Slot,
    /// The tokens of the state, which belong to no name.
    pub(in super::super) from: usize,
    pub(in super::super) to: usize,
    /// True if the state takes trouble as its object, so that the rest of the subject names what is over.
    pub(in super::super) ends_trouble: bool,
}

/// Things whose end is the end of trouble: `Alarm cleared`, `Power restored`.
pub(super) const TROUBLE_NOUNS: [&str; 18] = [
    "alert",
    "alarm",
    "problem",
    "issue",
    "incident",
    "power",
    "connection",
    "connectivity",
    "communication",
    "communications",
    "outage",
    "condition",
    "event",
    "link",
    "redundancy",
    "contact",
    "ticket",
    "service",
];

pub(super) fn found(slot: Slot, tone: Tone, from: usize, to: usize) -> Found {
    Found { tone, slot, from, to, ends_trouble: false }
}

pub(super) fn is_separator(token: &Token) -> bool {
    token.kind == TokenKind::Separator && token.depth == 0 && !token.quoted
}

/// Returns where `by` and a name end behind a word: `acknowledged by bob`, `closed by the operator`.
pub(super) fn behind_author(tokens: &[Token], at: usize, end: usize) -> usize {
    if tokens.get(at + 1).is_none_or(|next| next.text != "by") {
        return at + 1;
    }
    let is_name = |token: &Token| {
        is_word(token)
            && !is_doubt(&token.text)
            && !is_link(&token.text)
            && tone(&token.text, Place::Last).is_none()
    };
    let named = tokens[at + 2..end].iter().take_while(|token| is_name(token)).count();
    if (1..=3).contains(&named) { at + 2 + named } else { at + 1 }
}

/// Returns true for `#4711`.
pub(super) fn is_id(word: &str) -> bool {
    word.strip_prefix('#').is_some_and(is_plain_number)
}

pub(super) fn is_word(token: &Token) -> bool {
    token.is_free_word() && token.depth == 0
}

/// Returns the bounds of the part around this token, between two separators.
pub(super) fn segment(tokens: &[Token], at: usize, begin: usize) -> (usize, usize) {
    let from = tokens[..at].iter().rposition(is_separator).map_or(begin, |before| (before + 1).max(begin));
    let to = tokens[at..].iter().position(is_separator).map_or(tokens.len(), |behind| at + behind);
    (from, to)
}

/// Returns true if the tokens add nothing to the state before them: `again after 5 minutes`, `(was DOWN for 5m)`.
pub(super) fn is_tail_noise(tokens: &[Token]) -> bool {
    let mut past = false;
    tokens.iter().enumerate().all(|(at, token)| match token.kind {
        TokenKind::Question | TokenKind::Arrow | TokenKind::Comparison => false,
        TokenKind::Word => {
            let word = token.text.as_str();
            let text = |at: Option<usize>| Some(tokens.get(at?)?.text.as_str());
            let state = tone(word, Place::Last);
            let was = past || token.depth > 0 && text(at.checked_sub(1)) == Some("0");
            past = is_past(word) || is_tail(word) && past;
            was && state.is_some()
                || is_past(word)
                || is_tail(word)
                || token.depth > 0
                    && (state == Some(Tone::Good) || is_noun(word) || is_link(word) || is_plain_number(word))
                || kind(text(at.checked_sub(1)), word, text(Some(at + 1))) == Kind::Measure
        }
        _ => true,
    })
}

/// Returns true for one to three words that name a machine or a part of one, the first in a form that no sentence has: `web01`,
/// `web01/HTTP`, `db1 replicas`.
pub(super) fn is_designation(tokens: &[Token]) -> bool {
    let words = tokens.iter().all(|token| {
        is_word(token)
            && !is_doubt(&token.text)
            && !is_link(&token.text)
            && !is_tail(&token.text)
            && !is_past(&token.text)
            && !is_plain_number(&token.text)
    });
    words && (1..=3).contains(&tokens.len()) && is_identifier(&tokens[0])
}

pub(super) fn is_identifier(token: &Token) -> bool {
    let has = |test: fn(char) -> bool| token.text.contains(test);
    is_word(token) && has(char::is_alphabetic) && (has(|c| c.is_ascii_digit()) || has(|c| "./_-".contains(c)))
}
