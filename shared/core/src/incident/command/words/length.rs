//! Lengths of time in words: `30m`, `1 hour 30 minutes`, `half an hour`.

use jiff::SignedDuration;

use super::lexeme::{Kind, LONGEST, Lexeme};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Numbers in words that may stand before a unit.
const COUNTS: [(&str, i64); 17] = [
    ("a", 1),
    ("an", 1),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("twelve", 12),
    ("fifteen", 15),
    ("twenty", 20),
    ("thirty", 30),
    ("sixty", 60),
];

fn unit(word: &str) -> Option<SignedDuration> {
    match word {
        "m" | "min" | "mins" | "minute" | "minutes" => Some(SignedDuration::from_mins(1)),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(HOUR),
        _ => None,
    }
}

/// Returns the length of time with which the lexemes begin, and the number of lexemes that it takes.
pub(super) fn length_at(lexemes: &[Lexeme]) -> Option<(SignedDuration, usize)> {
    let word = |place: usize| lexemes.get(place).map_or("", Lexeme::word);
    match &lexemes.first()?.kind {
        Kind::Length(length) => Some((*length, 1)),
        Kind::Number(count) => Some((unit(word(1))?.checked_mul(i32::try_from(*count).ok()?)?, 2)),
        Kind::Word(first) => {
            let (part, mut next) = match (first.as_str(), word(1)) {
                ("half", _) => (Some(30), 1),
                ("quarter", _) => (Some(15), 1),
                ("a", "half") => (Some(30), 2),
                ("a", "quarter") => (Some(15), 2),
                _ => (None, 1),
            };
            if let Some(minutes) = part {
                next += usize::from(word(next) == "of");
                next += usize::from(matches!(word(next), "a" | "an"));
                return (word(next) == "hour").then_some((SignedDuration::from_mins(minutes), next + 1));
            }
            let count = COUNTS.into_iter().find(|(word, _)| word == first)?.1;
            Some((unit(word(1))?.checked_mul(i32::try_from(count).ok()?)?, 2))
        }
        Kind::Reference(_) | Kind::ThumbsUp => None,
    }
}

/// Returns the length of a snooze, if there is one, and the numbers that don't belong to it. None for a length that is none.
///
/// A number of up to two digits can't be an incident; it is a number of minutes. Several lengths are hours and minutes.
pub(super) fn total(
    lengths: &[SignedDuration],
    numbers: &[u32],
) -> Option<(Option<SignedDuration>, Vec<u32>)> {
    let (minutes, numbers): (Vec<u32>, Vec<u32>) = if lengths.is_empty() {
        numbers.iter().partition(|number| **number < 100)
    } else {
        (Vec::new(), numbers.to_vec())
    };
    let length = match (lengths, minutes.as_slice()) {
        ([], []) => None,
        ([], [minutes]) => Some(SignedDuration::from_mins(i64::from(*minutes))),
        ([length], []) => Some(*length),
        ([hours, minutes], []) if hours.as_secs() % HOUR.as_secs() == 0 && *minutes < HOUR => {
            Some(*hours + *minutes)
        }
        _ => return None,
    };
    let sound = length.is_none_or(|length| length.is_positive() && length <= LONGEST);
    sound.then_some((length, numbers))
}
