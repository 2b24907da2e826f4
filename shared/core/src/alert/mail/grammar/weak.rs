//! States without a separator and without a verb: as the first or last word, or between two names.

use super::super::measure::is_plain_number;
use super::super::tokens::{Token, TokenKind};
use super::super::words::{Place, Tone, ends_trouble, is_doubt, is_link, is_past, tone};
use super::slot::{
    Found, Slot, TROUBLE_NOUNS, found, is_designation, is_identifier, is_tail_noise, is_word, segment,
};

/// Finds a state that is the first word, in capitals: `RECOVERY web01`.
pub(super) fn first_word(tokens: &[Token], begin: usize) -> Option<Found> {
    let first = tokens.get(begin).filter(|token| is_word(token) && token.shouted)?;
    let tone = tone(&first.text, Place::Heading)?;
    let found =
        Found { ends_trouble: ends_trouble(&first.text), ..found(Slot::FirstWord, tone, begin, begin + 1) };
    if tone != Tone::Good {
        return Some(found);
    }
    let rest = &tokens[begin + 1..];
    let identifier = rest.first().is_some_and(is_identifier) && is_tail_noise(&rest[1..]);
    let says_more = rest.iter().any(|token| {
        !is_word(token)
            || is_doubt(&token.text)
            || is_link(&token.text) && token.text != "to"
            || is_past(&token.text)
    });
    let names = ["resolved", "recovered", "cleared"].contains(&first.text.as_str()) && !says_more;
    (identifier || names).then_some(found)
}

/// Finds a state that is the last word but for times: `web01 OK`, `Backup of db01 failed (2026-11-20)`.
pub(super) fn last_word(tokens: &[Token], begin: usize) -> Option<Found> {
    let at = (begin..tokens.len())
        .rev()
        .find(|&at| is_word(&tokens[at]) && tone(&tokens[at].text, Place::Last).is_some())?;
    let tone = tone(&tokens[at].text, Place::Last)?;
    if !is_tail_noise(&tokens[at + 1..]) || at == begin {
        return None;
    }
    let (start, _) = segment(tokens, at, begin);
    let found = found(Slot::LastWord, tone, at, at + 1);
    let before = &tokens[start..at];
    let good = match tokens[at].text.as_str() {
        "restored" => before.first().is_some_and(|token| TROUBLE_NOUNS.contains(&token.text.as_str())),
        "recovered" | "resolved" => {
            before.iter().all(|token| is_word(token) && !is_doubt(&token.text) && !is_past(&token.text))
        }
        _ => tokens[at].shouted && is_designation(before),
    };
    // A count goes with the state that it counts: `1 failed`.
    let number = tokens[at - 1].kind == TokenKind::Word && is_plain_number(&tokens[at - 1].text);
    let counted = number && at.checked_sub(2).is_none_or(|before| tokens[before].kind != TokenKind::Word);
    match tone {
        Tone::Good => good.then_some(found),
        _ => Some(Found { from: at - usize::from(counted), ..found }),
    }
}

/// Finds a state that is a verb between two parts of the name: `Backup failed on db01`.
pub(super) fn verb(tokens: &[Token], begin: usize) -> Option<Found> {
    const VERBS: [&str; 7] =
        ["failed", "succeeded", "crashed", "stopped", "recovered", "completed", "finished"];
    let at = (begin + 1..tokens.len())
        .find(|&at| is_word(&tokens[at]) && VERBS.contains(&tokens[at].text.as_str()))?;
    let next = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let end = if next(at + 1) == "successfully" { at + 2 } else { at + 1 };
    let follows = ["on", "for", "at", "in", "of"].contains(&next(end));
    let doubtful = tokens
        .iter()
        .any(|token| token.is_free_word() && (is_doubt(&token.text) || is_plain_number(&token.text)));
    let good = next(at) == "recovered" && !doubtful;
    let tone = if good { Tone::Good } else { Tone::Trouble };
    follows.then(|| found(Slot::Verb, tone, at, end))
}
