//! The places of a subject in which a state may stand.

use super::super::measure::is_plain_number;
use super::super::tokens::{Token, TokenKind};
use super::super::words::{
    Place, Tone, ends_trouble, is_doubt, is_level, is_noun, is_participle, is_past, is_rank, is_scale, tone,
};
use super::phrase::{Phrase, phrase};
use super::slot::{
    Found, Slot, TROUBLE_NOUNS, found, is_designation, is_id, is_separator, is_tail_noise, is_word, segment,
};

/// Adverbs between a verb and a state: `is back up`, `is still DOWN`.
const ADVERBS: [&str; 12] = [
    "now",
    "again",
    "back",
    "still",
    "fully",
    "completely",
    "currently",
    "finally",
    "already",
    "once",
    "all",
    "been",
];

/// Verbs that a state may follow directly.
const COPULAS: [&str; 18] = [
    "is", "are", "now", "state", "status", "it's", "became", "becomes", "become", "remains", "all", "ist",
    "est", "went", "came", "comes", "turned", "turns",
];

/// Verbs before `to` and a state: `changed to OK`.
const CHANGES: [&str; 10] =
    ["changed", "change", "changes", "from", "returned", "went", "switched", "back", "set", "moved"];

fn of_phrase(slot: Slot, phrase: Phrase, from: usize, to: usize) -> Found {
    Found { ends_trouble: phrase.ends_trouble, ..found(slot, phrase.tone, from, to) }
}

/// Returns the token that closes the bracket at this place.
fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let depth = tokens[open].depth;
    let closes = |token: &Token| token.kind == TokenKind::Close && token.depth == depth;
    tokens[open..].iter().position(closes).map(|behind| open + behind)
}

/// Finds the states that stand as headings: in brackets at the beginning, and before the first separator.
pub(super) fn headings(tokens: &[Token], begin: usize) -> Vec<Found> {
    let mut all = Vec::new();
    let mut at = begin;
    while tokens
        .get(at)
        .is_some_and(|token| token.kind == TokenKind::Open && (token.text != "(" || at == begin))
    {
        let Some(close) = closing(tokens, at) else { break };
        let inside = &tokens[at + 1..close];
        if let Some(phrase) = phrase(inside, Place::Heading) {
            all.push(of_phrase(Slot::Heading, phrase, at, close + 1));
        } else if inside.iter().all(|token| token.is_free_word() && is_noun(&token.text))
            || is_level_alone(inside)
        {
            all.push(found(Slot::Past, Tone::Trouble, at, close + 1)); // `[Alert] web01 is DOWN`
        }
        at = close + 1;
    }
    if let Some(behind) = scale(tokens, at) {
        all.push(found(Slot::Past, Tone::Trouble, at, behind));
        at = behind;
    }
    let end = tokens.get(at..).and_then(|rest| rest.iter().position(is_separator)).map(|behind| at + behind);
    // Only the nouns of a heading: `Alert: web01 is DOWN`.
    let title = |end: usize| {
        tokens[at..end].iter().all(|token| is_word(token) && (is_noun(&token.text) || is_id(&token.text)))
    };
    match end {
        Some(end) if end > at && title(end) => all.push(found(Slot::Past, Tone::Trouble, at, end)),
        Some(end) if end > at => {
            let phrase = phrase(&tokens[at..end], Place::Heading);
            let phrase = phrase.filter(|phrase| !counts_or_describes(tokens, (at, end), *phrase));
            all.extend(phrase.map(|phrase| of_phrase(Slot::Heading, phrase, at, end)));
        }
        _ => {}
    }
    all
}

/// Returns true for what stands in brackets and tells how bad it is: `[High]`, `[Severity: High]`, `[Sev2]`.
fn is_level_alone(inside: &[Token]) -> bool {
    let words: Vec<&str> =
        inside.iter().filter(|token| token.is_free_word()).map(|token| token.text.as_str()).collect();
    match words[..] {
        [word] => is_rank(word) || is_numbered_scale(word),
        [scale, word] => {
            is_scale(scale) && (is_rank(word) || is_level(word) || word == "low" || is_plain_number(word))
        }
        _ => false,
    }
}

/// Returns true for `sev2`.
fn is_numbered_scale(word: &str) -> bool {
    let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
    name.len() < word.len() && is_scale(name.trim_end_matches('-'))
}

/// Returns where the name begins behind a level: behind `Severity: High - `, `Priority 2: `, `Sev2: `.
fn scale(tokens: &[Token], at: usize) -> Option<usize> {
    let separators = (at..tokens.len()).filter(|&at| is_separator(&tokens[at])).take(2);
    let scales = |end: &usize| {
        tokens[at].is_free_word() && !is_rank(&tokens[at].text) && is_level_alone(&tokens[at..*end])
    };
    separators.filter(scales).last().map(|end| end + 1)
}

/// Returns true if what stands before the separator is no heading after all: `OK: 10, WARN: 2` counts, and in
/// `Recovery: failed on db1` the recovery has failed.
fn counts_or_describes(tokens: &[Token], (from, end): (usize, usize), phrase: Phrase) -> bool {
    if phrase.tone != Tone::Good {
        return false;
    }
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let counted = is_plain_number(text(end + 1)) && (!phrase.ends_trouble || text(end + 2) == "of");
    let rest = &tokens[(end + 1).min(tokens.len())..];
    let written_small =
        |token: &Token| !token.shouted && tone(&token.text, Place::Last) == Some(Tone::Trouble);
    let heading = &tokens[from..end];
    let recovery_failed = heading.iter().any(|token| token.text == "recovery" && !token.shouted)
        && rest.first().is_some_and(|token| written_small(token) && token.text != "error");
    // `Resolved: no`, `OK: failed`: what follows names nothing.
    let names_nothing = !rest.is_empty()
        && rest.iter().filter(|token| token.kind == TokenKind::Word).all(|token| {
            is_doubt(&token.text) || tone(&token.text, Place::Last) == Some(Tone::Trouble) && !token.quoted
        });
    // `Resolved: partially`
    let in_part = ["partially", "partly", "almost", "nearly"].contains(&text(end + 1));
    counted || recovery_failed || names_nothing || in_part
}

/// Finds the state behind the last arrow.
pub(super) fn arrow(tokens: &[Token], begin: usize) -> Option<Found> {
    let at = tokens.iter().rposition(|token| token.kind == TokenKind::Arrow && !token.quoted)?;
    let state = |at: usize| {
        let token = tokens.get(at).filter(|token| token.is_free_word())?;
        tone(&token.text, Place::AfterVerb)
    };
    let left = at.checked_sub(1).filter(|left| *left >= begin && state(*left).is_some())?;
    let mut from = left;
    while from >= begin + 2 && tokens[from - 1].kind == TokenKind::Arrow && state(from - 2).is_some() {
        from -= 2;
    }
    // `Major outage -> Operational`
    while from > begin && state(from - 1) == Some(Tone::Trouble) && state(from) == Some(Tone::Trouble) {
        from -= 1;
    }
    let right = state(at + 1);
    let contradicted = tokens[(at + 2).min(tokens.len())..].iter().any(|token| {
        token.is_free_word()
            && (tone(&token.text, Place::Last) == Some(Tone::Trouble) || is_doubt(&token.text))
    });
    // What it became is not known to be good, so it is trouble.
    let tone = match right {
        Some(Tone::Good) if !contradicted => Tone::Good,
        Some(Tone::News) => Tone::News,
        _ => Tone::Trouble,
    };
    let more = tokens[(at + 2).min(tokens.len())..].iter().take_while(|token| {
        right == Some(Tone::Trouble)
            && is_word(token)
            && super::super::words::tone(&token.text, Place::Last) == right
    });
    let to = if right.is_some() { at + 2 + more.count() } else { at + 1 };
    Some(Found { ends_trouble: tone == Tone::Good, ..found(Slot::Arrow, tone, from, to) })
}

/// Finds the states after verbs: `web01 is UP again after 5 minutes`, `state changed to OK`, `Alarm cleared`.
pub(super) fn clauses(tokens: &[Token], begin: usize) -> Vec<Found> {
    let places = (begin..tokens.len()).filter(|&at| is_word(&tokens[at]));
    places.filter_map(|at| clause(tokens, begin, at)).collect()
}

fn clause(tokens: &[Token], begin: usize, at: usize) -> Option<Found> {
    let word = tokens[at].text.as_str();
    let stated = tone(word, Place::AfterVerb).or((word == "over").then_some(Tone::Good))?;
    let (start, end) = segment(tokens, at, begin);
    let comma = tokens[at..end].iter().position(|token| token.kind == TokenKind::Comma && token.depth == 0);
    let end = comma.map_or(end, |behind| at + behind);
    let (end, aside) = without_aside(tokens, at, end);
    let mut link = at;
    let before = |at: usize| at.checked_sub(1).filter(|at| *at >= start && is_word(&tokens[*at]));
    while let Some(adverb) = before(link).filter(|at| ADVERBS.contains(&tokens[*at].text.as_str())) {
        link = adverb;
        if tokens[adverb].text == "now" {
            break;
        }
    }
    let text = |at: usize| tokens[at].text.as_str();
    let verb = before(link);
    let longer = verb.is_some_and(|verb| text(verb) == "longer")
        && before(link - 1).is_some_and(|no| text(no) == "no");
    if longer && stated == Tone::Trouble {
        link -= 2;
    }
    let verb = before(link).or((link < at && text(link) == "now").then_some(link));
    let stands = stands(tokens, (start, link, at), verb)?;
    let from = verb.filter(|_| stands != Standing::Noun).unwrap_or(link).min(link);
    let from = if text(from) == "to" { change_begins(tokens, start, from) } else { from };
    if stands == Standing::Past {
        return Some(found(Slot::Past, Tone::Trouble, from, at + 1))
            .filter(|_| is_tail_noise(&tokens[at + 1..end]));
    }
    let tail = &tokens[at + 1..end];
    let bracket = tail.iter().position(|token| token.kind == TokenKind::Open).unwrap_or(tail.len());
    if !is_tail_noise(&tail[..bracket]) {
        return None;
    }
    let tone = match stated {
        Tone::Trouble if longer => Tone::Good,
        Tone::Good if is_doubtful(tokens, (start, at), end) || aside == Aside::Contradicts => Tone::Trouble,
        other => other,
    };
    Some(Found { ends_trouble: ends_trouble(word), ..found(Slot::Clause, tone, from, end) })
}

/// What stands in brackets behind a state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aside {
    /// Nothing, or nothing that tells anything.
    Nothing,
    /// A part of the name.
    Names,
    /// A part of the name, with words that contradict a good state.
    Contradicts,
}

/// Returns where a state and what belongs to it end, if brackets with a part of the name follow: `web01 is OK (disk /var)`.
fn without_aside(tokens: &[Token], at: usize, end: usize) -> (usize, Aside) {
    let Some(open) = (at..end).find(|&at| tokens[at].kind == TokenKind::Open) else {
        return (end, Aside::Nothing);
    };
    let inside = &tokens[open..end];
    if is_tail_noise(inside) || phrase(inside, Place::Last).is_some() {
        let trouble = phrase(inside, Place::Last).is_some_and(|phrase| phrase.tone == Tone::Trouble);
        return (end, if trouble { Aside::Contradicts } else { Aside::Nothing });
    }
    let contradicts = inside.iter().any(|token| {
        token.is_free_word()
            && (is_doubt(&token.text) || tone(&token.text, Place::Last) == Some(Tone::Trouble))
    });
    (open, if contradicts { Aside::Contradicts } else { Aside::Names })
}

/// Returns where `state changed from CRITICAL to OK` begins, given its `to`.
fn change_begins(tokens: &[Token], start: usize, to: usize) -> usize {
    let belongs = |token: &Token| {
        is_word(token)
            && (CHANGES.contains(&token.text.as_str())
                || tone(&token.text, Place::AfterVerb).is_some()
                || ["state", "status", "has", "is"].contains(&token.text.as_str()))
    };
    (start..to).rev().take_while(|&at| belongs(&tokens[at])).last().unwrap_or(to)
}

/// How a state is connected with what is before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// By a verb.
    Verb,
    /// By a verb in the past.
    Past,
    /// It follows the noun that it ends.
    Noun,
}

fn stands(
    tokens: &[Token],
    (start, link, at): (usize, usize, usize),
    verb: Option<usize>,
) -> Option<Standing> {
    let word = tokens[at].text.as_str();
    let text = |at: usize| tokens[at].text.as_str();
    let noun =
        |at: usize| TROUBLE_NOUNS.contains(&text(at)) || tone(text(at), Place::Last) == Some(Tone::Trouble);
    let before_verb = verb.and_then(|verb| verb.checked_sub(1)).filter(|at| *at >= start);
    let perfect =
        is_participle(word) && (["resolved", "recovered"].contains(&word) || before_verb.is_some_and(noun));
    let verb = verb?;
    match text(verb) {
        "has" | "have" | "was" | "were" | "had" if perfect => Some(Standing::Verb),
        "has" | "have" if link < at || tone(word, Place::Last) == Some(Tone::Trouble) => Some(Standing::Verb),
        "to" => tokens[start..verb]
            .iter()
            .any(|token| CHANGES.contains(&token.text.as_str()))
            .then_some(Standing::Verb),
        _ if word == "back" && !COPULAS.contains(&text(verb)) => None,
        _ if word == "over" => (COPULAS.contains(&text(verb)) && before_verb.is_some_and(noun) || noun(verb))
            .then_some(Standing::Verb),
        known if COPULAS.contains(&known) => Some(Standing::Verb),
        known if is_past(known) => Some(Standing::Past),
        _ if ends_trouble(word) && noun(verb) => Some(Standing::Noun),
        // `web01 not OK`
        known if is_doubt(known) => Some(Standing::Verb),
        _ => None,
    }
}

/// Returns true if something beside a good state contradicts it.
fn is_doubtful(tokens: &[Token], (start, at): (usize, usize), end: usize) -> bool {
    let trouble = |token: &Token| is_word(token) && tone(&token.text, Place::Last) == Some(Tone::Trouble);
    // `web01 rebooted and is UP` also reports what came before.
    let second = tokens[start..at].windows(2).any(|two| {
        ["and", "then"].contains(&two[0].text.as_str()) && COPULAS.contains(&two[1].text.as_str())
    });
    let denied = second || tokens[start..at].iter().any(|token| is_word(token) && is_doubt(&token.text));
    let later = tokens[end..].iter().any(trouble);
    // `db01 failed, web01 is UP`
    let earlier = (0..at).any(|before| {
        let next = tokens.get(before + 1);
        let ends = next.is_some_and(|next| next.kind == TokenKind::Comma || is_separator(next));
        let alone = before == 0 || is_separator(&tokens[before - 1]);
        ends && trouble(&tokens[before]) && !alone && !before_is_past(tokens, before)
    });
    denied || later || earlier
}

fn before_is_past(tokens: &[Token], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| is_past(&tokens[before].text))
}

/// Finds a state that stands alone at the end: `web01: OK`, `web01/HTTP [OK]`.
pub(super) fn last_phrase(tokens: &[Token], begin: usize) -> Option<Found> {
    let last = tokens.len().checked_sub(1).filter(|last| *last >= begin)?;
    if tokens[last].kind == TokenKind::Close && tokens[last].text == "]" {
        let open = tokens
            .iter()
            .rposition(|token| token.kind == TokenKind::Open && token.depth == tokens[last].depth)?;
        let phrase = phrase(&tokens[open + 1..last], Place::Last).filter(|_| open > begin)?;
        let (start, _) = segment(tokens, open - 1, begin);
        let good = phrase.tone != Tone::Good || is_designation(&tokens[start..open]);
        return good.then(|| of_phrase(Slot::Last, phrase, open, last + 1));
    }
    let (start, end) = segment(tokens, last, begin);
    let whole = start == begin;
    let phrase = phrase(&tokens[start..end], Place::Last)?;
    // `Expected status: OK`
    let before = start.checked_sub(2).filter(|before| *before >= begin).map_or(&tokens[..0], |before| {
        let (from, to) = segment(tokens, before, begin);
        &tokens[from..to]
    });
    let denied = before.iter().any(|token| is_word(token) && (is_doubt(&token.text) || is_past(&token.text)));
    let doubtful = phrase.tone == Tone::Good && !whole && denied;
    (!doubtful).then(|| of_phrase(Slot::Last, phrase, start, end))
}
