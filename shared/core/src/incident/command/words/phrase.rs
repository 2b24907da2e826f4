//! Phrases: the words of each command.

use jiff::SignedDuration;

use super::lexeme::{Kind, Lexeme};
use super::written::WrittenCommand;

/// What a phrase contributes to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// A command, by whomever and wherever it is written.
    Claim,
    /// A command if it answers Handbell. Between people it may mean something else.
    Answer,
    /// Words that change nothing: `please`, `thanks`, `now`.
    Courtesy,
    /// A word before a number or a reference: `incident 421`.
    Noun,
    /// `for`, before a length of time.
    For,
    /// All incidents.
    All,
}

/// A phrase with its variants.
#[derive(Debug)]
pub(super) struct Phrase {
    /// The words. `a|b` is one of several, and `a|b?` may be absent.
    pub(super) words: &'static str,
    /// The command, if it is one.
    pub(super) command: Option<WrittenCommand>,
    /// What it contributes.
    pub(super) strength: Strength,
    /// Whether the name of a step may follow.
    pub(super) takes_step: bool,
}

const fn is(command: WrittenCommand, strength: Strength, words: &'static str) -> Phrase {
    Phrase { words, command: Some(command), strength, takes_step: false }
}

const fn other(strength: Strength, words: &'static str) -> Phrase {
    Phrase { words, command: None, strength, takes_step: false }
}

use Strength::{All, Answer, Claim, Courtesy, For, Noun};
use WrittenCommand::{Acknowledge, Cancel, Cannot, Confirm, Done, Escalate, Help, Snooze, Who};

/// All phrases. Of several that fit, the one with the most words counts, and a claim before an answer. Apostrophes are gone by now: `cant`, `ive`.
static PHRASES: &[Phrase] = &[
    // "I have it."
    is(Acknowledge, Claim, "ack|acks|acknowledge it|this?"),
    is(Acknowledge, Claim, "i|we|ive|weve|its? have|has|is? acked|acknowledged it|this?"),
    is(Acknowledge, Claim, "i ack|acknowledge it|this?"),
    is(Acknowledge, Claim, "i|we have it|this"),
    is(Acknowledge, Claim, "ive|weve got? it|this"),
    is(Acknowledge, Claim, "i|we have got it|this"),
    is(Acknowledge, Claim, "im|were? on it|this"),
    is(Acknowledge, Claim, "i|we am|are on it|this"),
    is(Acknowledge, Claim, "its? mine"),
    is(Acknowledge, Claim, "it|this is mine"),
    is(Acknowledge, Answer, "i|we? got|have it|this"),
    is(Acknowledge, Answer, "i|we take it|this"),
    is(Acknowledge, Answer, "ill|well take|handle|do it|this"),
    is(Acknowledge, Answer, "i|we will take|handle|do it|this"),
    is(Acknowledge, Answer, "im|were? taking|handling it|this|over?"),
    is(Acknowledge, Answer, "i|we am|are taking|handling it|this|over?"),
    is(Acknowledge, Answer, "i|we? accept|accepted it|this?"),
    is(Acknowledge, Answer, "im|were? on my|our way"),
    is(Acknowledge, Answer, "i|we am|are on my|our way"),
    is(Acknowledge, Answer, "omw"),
    is(Acknowledge, Answer, "im|were? looking|checking|investigating into|at? it|this?"),
    is(Acknowledge, Answer, "i|we am|are looking|checking|investigating into|at? it|this?"),
    is(Acknowledge, Answer, "im|were? working on it|this"),
    is(Acknowledge, Answer, "i|we am|are working on it|this"),
    is(Acknowledge, Answer, "i do"),
    is(Acknowledge, Answer, "will do"),
    is(Acknowledge, Answer, "roger|copy|wilco that?"),
    // "I can't."
    is(Cannot, Claim, "i? cant|cannot"),
    is(Cannot, Claim, "i? can not"),
    is(Cannot, Claim, "i? cant|cannot take|do|handle it|this"),
    is(Cannot, Claim, "i? can not take|do|handle it|this"),
    is(Cannot, Answer, "im? unable"),
    is(Cannot, Answer, "i am unable"),
    is(Cannot, Answer, "im? unable to take|do|handle it|this"),
    // "I still have it."
    is(Confirm, Claim, "confirm"),
    is(Confirm, Answer, "confirmed"),
    is(Confirm, Claim, "still mine?"),
    is(Confirm, Claim, "im? still on it|this"),
    is(Confirm, Claim, "i|ive? still have|got it|this"),
    is(Confirm, Answer, "im? still working|looking on|at|into? it|this?"),
    // The end.
    is(Done, Claim, "done|resolve|resolved|close|closed|fixed"),
    is(Done, Answer, "its|all done|resolved|closed|fixed|solved"),
    is(Done, Answer, "it|this is done|resolved|closed|fixed|solved"),
    is(Done, Answer, "i|ive|we|weve? resolved|closed|fixed|solved it|this?"),
    is(Cancel, Claim, "cancel|false alarm?"),
    // Others.
    Phrase {
        words: "esc|escalate|escalation it|this?",
        command: Some(Escalate),
        strength: Claim,
        takes_step: true,
    },
    is(Escalate, Claim, "next step?"),
    is(Snooze(SignedDuration::ZERO), Claim, "snooze"),
    is(Who, Claim, "who"),
    is(Who, Claim, "who|whos has|got it|this"),
    is(Who, Claim, "whos on it|this|call|duty"),
    is(Who, Claim, "who is on it|this|call|duty"),
    is(Help, Claim, "help|commands"),
    other(All, "all|both|everything of? them?"),
    other(Courtesy, "please|pls|plz|thanks|thx|tnx|ty|cheers|danke|merci|gracias|grazie"),
    other(Courtesy, "thank you"),
    other(Courtesy, "hi|hello|hey there|all|team|handbell?"),
    other(Courtesy, "now|asap|handbell|right now?"),
    other(Courtesy, "best|kind? regards|br|kr|mfg|lg"),
    other(Noun, "incident|alert|ticket|case|number|nr|num|id"),
    other(For, "for"),
];

/// Returns the longest phrase with which the lexemes begin, and the number of lexemes that it takes.
pub(super) fn longest_phrase(lexemes: &[Lexeme]) -> Option<(&'static Phrase, usize)> {
    let sentence = lexemes.first()?.sentence;
    let words: Vec<&str> = lexemes
        .iter()
        .take_while(|next| matches!(next.kind, Kind::Word(_)) && next.sentence == sentence)
        .map(Lexeme::word)
        .collect();
    let fitting = PHRASES.iter().filter_map(|phrase| {
        let slots: Vec<&str> = phrase.words.split(' ').collect();
        Some((phrase, fit(&slots, &words).filter(|used| *used > 0)?))
    });
    fitting.max_by_key(|(phrase, used)| (*used, phrase.strength == Claim))
}

/// Returns the largest number of words that the slots of a phrase take.
fn fit(slots: &[&str], words: &[&str]) -> Option<usize> {
    let Some((slot, more)) = slots.split_first() else { return Some(0) };
    let optional = slot.ends_with('?');
    let mut choices = slot.trim_end_matches('?').split('|');
    let taken = match words.split_first() {
        Some((word, rest)) if choices.any(|choice| choice == *word) => fit(more, rest).map(|used| used + 1),
        _ => None,
    };
    let skipped = if optional { fit(more, words) } else { None };
    taken.max(skipped)
}
