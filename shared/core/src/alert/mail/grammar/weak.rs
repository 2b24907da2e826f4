//! States without a separator and without a verb: as the first or last word, or between two names.

use super::super::measure::{Kind, is_plain_number, is_plural, kind};
use super::super::tokens::{Token, TokenKind};
use super::super::words::{Place, Tone, ends_trouble, is_doubt, is_level, is_link, is_past, tone};
use super::slot::{
    Found, Slot, TROUBLE_NOUNS, behind_author, found, is_designation, is_identifier, is_separator,
    is_tail_noise, is_word, segment,
};

/// Finds a state that is the first word, in capitals: `RECOVERY web01`.
pub(super) fn first_word(tokens: &[Token], begin: usize) -> Option<Found> {
    let first = tokens.get(begin).filter(|token| is_word(token) && token.shouted)?;
    let stated = tone(&first.text, Place::Heading)?;
    let found =
        Found { ends_trouble: ends_trouble(&first.text), ..found(Slot::FirstWord, stated, begin, begin + 1) };
    if stated != Tone::Good {
        return Some(found);
    }
    let rest = &tokens[begin + 1..];
    let names = |token: &Token| is_plain(token) && (!token.is_free_word() || !is_link(&token.text));
    let identifier = rest.first().is_some_and(is_identifier) && rest.iter().all(names);
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
    let stated = |at: usize| {
        let again = tokens.get(at + 1).is_some_and(|next| next.text == "again");
        tone(&tokens[at].text, if again { Place::AfterVerb } else { Place::Last })
    };
    let at = (begin..tokens.len()).rev().find(|&at| is_word(&tokens[at]) && stated(at).is_some())?;
    let tone = stated(at)?;
    let (start, end) = segment(tokens, at, begin);
    let behind = if tone == Tone::News { behind_author(tokens, at, end) } else { at + 1 };
    if !is_tail_noise(&tokens[behind..]) || at == begin {
        return None;
    }
    let adverbs = tokens[start..at]
        .iter()
        .rev()
        .take_while(|token| ["still", "now", "was"].contains(&token.text.as_str()));
    let from = if tone == Tone::Good { at } else { at - adverbs.count() };
    let found =
        Found { ends_trouble: ends_trouble(&tokens[at].text), ..found(Slot::LastWord, tone, from, behind) };
    let before = &tokens[start..at];
    let good = match tokens[at].text.as_str() {
        "restored" => before.first().is_some_and(|token| TROUBLE_NOUNS.contains(&token.text.as_str())),
        "recovered" | "resolved" => {
            before.iter().all(|token| is_word(token) && !is_doubt(&token.text) && !is_past(&token.text))
        }
        // `VPN Berlin online again`
        _ if tokens.get(at + 1).is_some_and(|next| next.text == "again") => {
            // `Sign up again`
            let names = before.iter().all(|token| is_plain(token) && !is_link(&token.text));
            names && (tokens[at].text != "up" || is_designation(before) || is_numbered(before))
        }
        _ => tokens[at].shouted && (is_designation(before) || is_numbered(before)),
    };
    // A count goes with the state that it counts: `1 failed`.
    let number = tokens[at - 1].kind == TokenKind::Word && is_plain_number(&tokens[at - 1].text);
    let counted = number && at.checked_sub(2).is_none_or(|before| tokens[before].kind != TokenKind::Word);
    match tone {
        Tone::Good => good.then_some(found),
        _ => Some(Found { from: found.from - usize::from(counted && from == at), ..found }),
    }
}

/// Returns true for a word that makes no statement.
fn is_plain(token: &Token) -> bool {
    !token.is_free_word()
        || !is_doubt(&token.text)
            && !is_past(&token.text)
            && tone(&token.text, Place::Last) != Some(Tone::Trouble)
}

/// Returns true for things that are told apart by numbers: `Fan 2 in chassis 1`.
fn is_numbered(tokens: &[Token]) -> bool {
    let things: Vec<&Token> = tokens.iter().filter(|token| !is_preposition(&token.text)).collect();
    !things.is_empty()
        && things.chunks(2).all(|thing| match thing {
            [noun, number] => {
                is_plain(noun)
                    && !is_link(&noun.text)
                    && noun.text.chars().all(char::is_alphabetic)
                    && !is_plural(&noun.text)
                    && is_plain_number(&number.text)
                    && kind(Some(&noun.text), &number.text, None) == Kind::Name
            }
            _ => false,
        })
}

/// Finds a state that is a verb between two parts of the name: `Backup failed on db01`.
pub(super) fn verb(tokens: &[Token], begin: usize) -> Option<Found> {
    const VERBS: [&str; 7] =
        ["failed", "succeeded", "crashed", "stopped", "recovered", "completed", "finished"];
    let at = (begin + 1..tokens.len())
        .find(|&at| is_word(&tokens[at]) && VERBS.contains(&tokens[at].text.as_str()))?;
    let next = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let end = if next(at + 1) == "successfully" { at + 2 } else { at + 1 };
    let follows = is_preposition(next(end));
    let doubtful = tokens
        .iter()
        .any(|token| token.is_free_word() && (is_doubt(&token.text) || is_plain_number(&token.text)));
    let good = next(at) == "recovered" && !doubtful;
    let tone = if good { Tone::Good } else { Tone::Trouble };
    let ends_trouble = good && ends_trouble(next(at));
    follows.then(|| Found { ends_trouble, ..found(Slot::Verb, tone, at, end) })
}

/// Finds words for trouble among those of the name: `disk CRITICAL on web1`. The mail may be repeated with another of them, as the
/// trouble gets worse.
pub(super) fn inner(tokens: &[Token], begin: usize) -> Vec<Found> {
    let mixed = tokens.iter().any(|token| token.kind == TokenKind::Word && !token.shouted);
    let places = (begin..tokens.len()).filter(|&at| is_word(&tokens[at]));
    let stands = |at: &usize| {
        let word = tokens[*at].text.as_str();
        let next = tokens.get(*at + 1);
        let place = if next.is_some_and(is_separator) { Place::Heading } else { Place::Last };
        let shouted = mixed && tokens[*at].shouted && tone(word, place) == Some(Tone::Trouble);
        // `disk warning on web1`, but not `warning lights on web1`.
        let follows_noun =
            *at > begin && is_word(&tokens[*at - 1]) && !is_plain_number(&tokens[*at - 1].text);
        let before_place = next.is_some_and(|next| is_preposition(&next.text));
        shouted || is_level(word) && follows_noun && before_place
    };
    let troubles = places.filter(stands).map(|at| found(Slot::Inner, Tone::Trouble, at, at + 1));
    troubles.chain(inner_end(tokens, begin)).chain(heading_end(tokens, begin)).collect()
}

/// Finds a good state between a name and a machine, and nothing else: `disk OK on web1`.
fn inner_end(tokens: &[Token], begin: usize) -> Option<Found> {
    const STATES: [&str; 8] = ["ok", "okay", "up", "normal", "healthy", "online", "recovered", "resolved"];
    let at = (begin + 1..tokens.len()).find(|&at| {
        tokens[at].shouted && is_word(&tokens[at]) && STATES.contains(&tokens[at].text.as_str())
    })?;
    let names = |token: &Token| {
        is_word(token)
            && !is_doubt(&token.text)
            && !is_link(&token.text)
            && !is_past(&token.text)
            && !is_plain_number(&token.text)
            && tone(&token.text, Place::Last).is_none()
            && !token.shouted
    };
    let before = &tokens[begin..at];
    let (place, rest) = (tokens.get(at + 1)?, tokens.get(at + 2..)?);
    let machine = is_preposition(&place.text) && is_identifier(rest.first()?) && is_tail_noise(&rest[1..]);
    (machine && before.len() <= 3 && before.iter().all(names))
        .then(|| found(Slot::Inner, Tone::Good, at, at + 1))
}

/// Finds a good state at the end of a heading with one name: `Link UP: Gi1/0/3 on sw1`.
fn heading_end(tokens: &[Token], begin: usize) -> Option<Found> {
    let (_, end) = segment(tokens, begin, begin);
    let at = end.checked_sub(1).filter(|at| *at > begin && end < tokens.len())?;
    let good =
        is_word(&tokens[at]) && tokens[at].shouted && tone(&tokens[at].text, Place::Last) == Some(Tone::Good);
    let heading = &tokens[begin..at];
    let nouns = heading.iter().filter(|token| !TROUBLE_NOUNS.contains(&token.text.as_str())).count();
    let states_it = heading.len() <= 2
        && nouns <= 1
        && heading.iter().all(|token| {
            is_word(token)
                && (is_plain(token) || TROUBLE_NOUNS.contains(&token.text.as_str()))
                && !is_link(&token.text)
                && !token.shouted
                && !is_plain_number(&token.text)
        })
        && tokens[end..].iter().all(is_plain)
        && tokens[end..].iter().any(is_identifier);
    (good && states_it).then(|| found(Slot::Inner, Tone::Good, at, at + 1))
}

fn is_preposition(word: &str) -> bool {
    ["on", "for", "at", "in", "of"].contains(&word)
}
