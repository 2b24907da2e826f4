//! Tells whether a subject reports that something is over, if no rule of the source decides.
//!
//! A needless alert is a nuisance; an alert that is mistaken for its own end is not. So a doubtful subject ends nothing: not one
//! that also names trouble, not a question, and not one that states that something is not OK.

/// Words by which monitoring systems report trouble.
const TROUBLE: [&str; 22] = [
    "PROBLEM",
    "PROBLEMS",
    "DOWN",
    "CRITICAL",
    "CRIT",
    "FIRING",
    "WARNING",
    "UNKNOWN",
    "UNREACHABLE",
    "ALARM",
    "OUTAGE",
    "FAILED",
    "FAILURE",
    "FAILURES",
    "FAILING",
    "FAILS",
    "FAIL",
    "ERROR",
    "ERRORS",
    "DEGRADED",
    "UNHEALTHY",
    "ABORTED",
];

/// Words after which OK and UP describe a state: `web01 is up`.
const STATES: [&str; 10] = ["IS", "ARE", "NOW", "STATE", "STATUS", "TO", "AGAIN", "BECAME", "IT'S", "ALL"];

/// Words after which UP is no state: `CLEAN UP`, `HEADS UP`.
const VERBS: [&str; 20] = [
    "CLEAN", "BACK", "BACKED", "SET", "SIGN", "START", "STARTING", "SHUT", "FOLLOW", "HEADS", "FILL",
    "FILLING", "FILLED", "LOG", "HOLD", "PILE", "PILING", "GIVE", "SPEED", "LOOK",
];

const NEGATIONS: [&str; 13] =
    ["NOT", "NEVER", "NO", "CANNOT", "BE", "IF", "UNTIL", "WHEN", "NICHT", "NOCH", "PAS", "UN", "WITHOUT"];

/// A word of a subject, and what is next to it.
struct Word<'a> {
    as_written: &'a str,
    upper: String,
    /// The closest character before it that is no space, if that isn't part of a word.
    before: Edge,
    behind: Edge,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// The subject begins or ends here.
    End,
    /// Another word.
    Word,
    /// Another character, such as `:` or `]`.
    Sign(char),
}

/// Returns true if the subject states, as a separate word, that something is OK, UP or RESOLVED, or reports its RECOVERY, and
/// nothing in it contradicts that.
pub(super) fn says_that_it_is_over(subject: &str) -> bool {
    if subject.trim_end().ends_with(['?', '¿']) {
        return false;
    }
    let words = words(subject);
    let trouble = (0..words.len()).find(|&at| is_trouble(&words, at));
    if words.iter().any(|word| word.upper == "FIRING") {
        return false;
    }
    // `Resolved in 5m: Interface eth0: link is down`: what follows is the name of the problem.
    if (0..trouble.unwrap_or(words.len())).any(|at| is_heading(&words, at)) {
        return true;
    }
    trouble.is_none() && (0..words.len()).any(|at| is_over(&words, at))
}

/// Returns true if the word is RESOLVED, RECOVERED or RECOVERY as the title of everything after it.
fn is_heading(words: &[Word<'_>], at: usize) -> bool {
    let word = &words[at];
    let fenced = word.before != Edge::Word && word.behind != Edge::Word;
    match word.upper.as_str() {
        "RESOLVED" | "RECOVERED" => !is_negated(words, at) && (at == 0 || fenced),
        "RECOVERY" => fenced && word.behind != Edge::End,
        _ => false,
    }
}

fn is_over(words: &[Word<'_>], at: usize) -> bool {
    let word = &words[at];
    if word.behind == Edge::Sign('?') || is_negated(words, at) {
        return false;
    }
    let next = (word.behind == Edge::Word).then(|| words.get(at + 1).map_or("", |word| word.upper.as_str()));
    if next.is_some_and(|next| ["TO", "FOR", "OF", "AND", "OR"].contains(&next)) {
        return false; // OK to restart, up to date, up for renewal
    }
    let fenced = word.before != Edge::Word && word.behind != Edge::Word;
    let shouted = word.as_written == word.upper;
    let previous = previous(words, at, 1);
    match word.upper.as_str() {
        "RESOLVED" | "RECOVERED" => true,
        "RECOVERY" => fenced || shouted && word.before != Edge::Word,
        "OK" => fenced || shouted || STATES.contains(&previous),
        "UP" if VERBS.contains(&previous) => {
            previous == "BACK" && STATES.contains(&self::previous(words, at, 2))
        }
        "UP" => fenced || shouted || STATES.contains(&previous),
        _ => false,
    }
}

/// Returns true if the word is trouble that still exists: not `from CRITICAL`, `was DOWN` or `CRITICAL -> OK`.
fn is_trouble(words: &[Word<'_>], at: usize) -> bool {
    let word = &words[at];
    let past = ["FROM", "WAS"].contains(&previous(words, at, 1));
    let arrow = matches!(word.behind, Edge::Sign('→' | '➔' | '⇒' | '\u{1f852}'));
    TROUBLE.contains(&word.upper.as_str()) && !past && !arrow
}

fn is_negated(words: &[Word<'_>], at: usize) -> bool {
    (1..=3).any(|distance| {
        let word = previous(words, at, distance);
        NEGATIONS.contains(&word) || word.ends_with("N'T") || word.ends_with("N’T")
    })
}

fn previous<'a>(words: &'a [Word<'_>], at: usize, distance: usize) -> &'a str {
    at.checked_sub(distance).and_then(|at| words.get(at)).map_or("", |word| word.upper.as_str())
}

/// Returns the subject's words. Letters, digits and the characters `-_./'` hold a word together, so that neither `host-down` nor
/// `InstanceDown` contains the word DOWN.
fn words(subject: &str) -> Vec<Word<'_>> {
    let holds_together = |c: char| "-_./'’".contains(c);
    let is_letter = |c: char| c.is_alphanumeric();
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let mut start = None;
    for (at, c) in subject.char_indices().chain([(subject.len(), ' ')]) {
        match start {
            None if is_letter(c) => start = Some(at),
            Some(from) if !is_letter(c) && !holds_together(c) => {
                let word = subject[from..at].trim_end_matches(holds_together);
                spans.push((from, from + word.len()));
                start = None;
            }
            _ => {}
        }
    }
    let edge = |c: Option<char>| match c {
        None => Edge::End,
        Some(c) if is_letter(c) => Edge::Word,
        Some(c) => Edge::Sign(c),
    };
    let arrow = |rest: &str| ["->", "=>", "-->"].iter().any(|arrow| rest.starts_with(arrow));
    spans
        .into_iter()
        .map(|(from, to)| {
            let rest = subject[to..].trim_start();
            let behind = if arrow(rest) { Edge::Sign('→') } else { edge(rest.chars().next()) };
            let before = edge(subject[..from].trim_end().chars().next_back());
            let as_written = &subject[from..to];
            Word { as_written, upper: as_written.to_uppercase(), before, behind }
        })
        .collect()
}
