//! The grammar for subjects of systems that are in no table: which words are the state, and which the name.
//!
//! A needless alert is a nuisance; an alert that is mistaken for its own end is not. So only a state in one of a few places ends
//! anything: as a heading (`RECOVERY: web01`), after an arrow (`CRIT -> OK`), after a verb (`web01 is OK`), or at the end
//! (`web01: UP`). The same words anywhere else are part of the name or of a message. In doubt there is no end.

mod phrase;
mod places;
mod slot;
mod weak;

use super::tokens::{Token, TokenKind};
use super::words::{Tone, is_certain_news};

pub(super) use self::phrase::phrase;
pub use self::slot::Slot;

use self::places::{arrow, clauses, headings, last_phrase};
use self::slot::Found;
use self::weak::{first_word, inner, last_word, verb};

/// What the grammar finds in a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    /// The state that decides; none if no word is in a place for states.
    pub(super) decides: Option<Found>,
    /// For each token, whether it belongs to the name.
    pub(super) is_name: Vec<bool>,
}

impl Parsed {
    /// Returns the tokens of the name, and the comparisons between them.
    pub(super) fn name(&self, tokens: &[Token]) -> Vec<Token> {
        let compares = |token: &Token| matches!(token.kind, TokenKind::Comparison | TokenKind::Arrow);
        let kept = tokens.iter().zip(&self.is_name).filter(|(token, is_name)| **is_name || compares(token));
        kept.map(|(token, _)| token.clone()).collect()
    }
}

/// Parses a subject's tokens.
pub(super) fn parse(tokens: &[Token]) -> Parsed {
    let begin = after_prefixes(tokens);
    let mut all = headings(tokens, begin);
    all.extend(arrow(tokens, begin));
    all.extend(clauses(tokens, begin));
    // The whole subject is a state only if nothing in it is one already: `service resolved is inactive`.
    all.extend(last_phrase(tokens, begin).filter(|last| all.is_empty() || last.from > begin));
    if all.iter().all(|found| found.slot == Slot::Past) {
        let weak = [first_word(tokens, begin), last_word(tokens, begin), verb(tokens, begin)];
        all.extend(weak.into_iter().flatten());
        all.extend(inner(tokens, begin));
    } else if all.iter().any(|found| found.ends_trouble) {
        // The text beside the state is what the trouble's own mails say.
        all.extend(inner(tokens, begin));
    }
    let decides = decide(&all).map(|found| Found { tone: certain(found, tokens, &all), ..*found });
    let is_name = names(tokens, begin, &all);
    let is_name = if is_name.contains(&true) { is_name } else { names(tokens, begin, decides.as_slice()) };
    Parsed { decides, is_name }
}

/// Returns for each token whether it belongs to the name: whether it is a word and in no state.
fn names(tokens: &[Token], begin: usize, states: &[Found]) -> Vec<bool> {
    let mut is_name: Vec<bool> = tokens.iter().map(|token| token.kind == TokenKind::Word).collect();
    is_name[..begin].fill(false);
    for found in states {
        for at in found.from..found.to {
            // The number of an alert may be all that tells it from another.
            is_name[at] &= slot::is_id(&tokens[at].text);
        }
    }
    is_name
}

/// Returns the state that decides: a heading, then the end of an arrow, then the trouble that is stated, then what is good.
fn decide(all: &[Found]) -> Option<&Found> {
    let of = |slot: Slot| all.iter().filter(move |found| found.slot == slot);
    let tone = |tone: Tone| of(Slot::Heading).find(move |found| found.tone == tone);
    tone(Tone::News)
        .or_else(|| of(Slot::Heading).find(|found| found.ends_trouble))
        .or_else(|| tone(Tone::Trouble))
        .or_else(|| tone(Tone::Good))
        .or_else(|| of(Slot::Arrow).next())
        .or_else(|| all.iter().find(|found| found.tone != Tone::Good && stands_out(found)))
        .or_else(|| all.iter().find(|found| stands_out(found)))
        .or_else(|| of(Slot::Inner).next())
}

fn stands_out(found: &Found) -> bool {
    !matches!(found.slot, Slot::Past | Slot::Inner)
}

/// Returns the tone of the deciding state. A good one needs that nothing else contradicts it.
fn certain(found: &Found, tokens: &[Token], all: &[Found]) -> Tone {
    if found.tone == Tone::News {
        // `Downtime: shop`, `web01 flapping`: only in mails of known systems are these certainly no trouble of their own.
        let certain = tokens[found.from..found.to].iter().any(|token| is_certain_news(&token.text));
        return if certain { Tone::News } else { Tone::Trouble };
    }
    if found.tone != Tone::Good {
        return found.tone;
    }
    let free = |token: &&Token| token.is_free_word();
    let firing = tokens.iter().any(|token| token.text == "firing");
    let asks = tokens.iter().rev().find(|token| token.kind != TokenKind::Close);
    let asks = asks.is_some_and(|token| token.kind == TokenKind::Question);
    let but = tokens.iter().filter(free).any(|token| {
        ["but", "except", "however", "although", "though", "aber", "mais", "remain", "remaining", "remains"]
            .contains(&token.text.as_str())
    });
    // `Completed: FAILED`, `OK: web01: CRITICAL`. A word that takes trouble as its object may stand beside any.
    let contradicts = |other: &Found| match other.slot {
        Slot::Last => other.tone == Tone::Trouble && other.from >= found.to,
        Slot::Inner => other.tone == Tone::Trouble,
        _ => false,
    };
    let contradicted = !found.ends_trouble && all.iter().any(contradicts);
    if firing || asks || but || contradicted { Tone::Trouble } else { Tone::Good }
}

/// Returns where the subject begins behind `Re:`, `Fwd:` and their like.
fn after_prefixes(tokens: &[Token]) -> usize {
    let mut at = 0;
    while let [word, separator, ..] = &tokens[at..] {
        let prefix = word.is_free_word() && super::words::is_prefix(&word.text) && separator.text == ":";
        if !prefix {
            break;
        }
        at += 2;
    }
    at
}
