//! A template with slots, and the subject that fits it.

use super::super::grammar::phrase;
use super::super::tokens::tokens;
use super::super::words::{Place, Tone};

/// What a subject has in the slots of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Slots<'a> {
    pub(super) names: Vec<&'a str>,
    pub(super) states: Vec<(&'a str, Tone)>,
    pub(super) labels: Option<&'a str>,
}

impl Slots<'_> {
    /// Returns what the states say together. In doubt they report trouble.
    pub(super) fn tone(&self) -> Option<Tone> {
        let says = |tone: Tone| self.states.iter().any(|(_, other)| *other == tone);
        // A message that somebody sends by hand, and the beginning of flapping, may be the first that tells of trouble.
        let live = self
            .states
            .iter()
            .any(|(word, _)| word.starts_with("custom") || word.starts_with("flappingstart"));
        match (says(Tone::News), says(Tone::Trouble)) {
            (true, trouble) => Some(if live && trouble { Tone::Trouble } else { Tone::News }),
            (false, true) => Some(Tone::Trouble),
            (false, false) => says(Tone::Good).then_some(Tone::Good),
        }
    }
}

/// Returns the slots of a text in lower case that fits the template; none if it doesn't.
pub(super) fn fit<'a>(template: &str, text: &'a str) -> Option<Slots<'a>> {
    let mut slots = Slots::default();
    matches(template, text.trim(), &mut slots).then_some(slots)
}

fn matches<'a>(template: &str, text: &'a str, slots: &mut Slots<'a>) -> bool {
    let (literal, rest) = template.split_once('{').unwrap_or((template, ""));
    let Some(text) = text.strip_prefix(literal) else {
        // Mail programs cut spaces at the end.
        return rest.is_empty() && !literal.is_empty() && text == literal.trim_end();
    };
    let Some((slot, rest)) = rest.split_once('}') else { return text.is_empty() };
    if rest.is_empty() {
        return take(slot, text, slots);
    }
    let next = rest.split('{').next().unwrap_or_default();
    let mut from = 0;
    while let Some(at) = text[from..].find(next).map(|at| from + at) {
        let before = slots.clone();
        if take(slot, &text[..at], slots) && matches(rest, &text[at..], slots) {
            return true;
        }
        *slots = before;
        from = at + next.chars().next().map_or(1, char::len_utf8);
        if from > text.len() {
            break;
        }
    }
    false
}

/// Puts a text into a slot. Returns false if it can't be what the slot holds.
fn take<'a>(slot: &str, text: &'a str, slots: &mut Slots<'a>) -> bool {
    let text = text.trim();
    match slot {
        "*" => true,
        _ if text.is_empty() => false,
        "name" => {
            slots.names.push(text);
            true
        }
        "labels" => {
            slots.labels = Some(text);
            !text.contains(['(', ')'])
        }
        _ => {
            let tokens = tokens(text);
            let Some(phrase) = phrase(&tokens, Place::Heading).or_else(|| phrase(&tokens, Place::AfterVerb))
            else {
                return false;
            };
            if slot != "old" {
                slots.states.push((text, phrase.tone));
            }
            true
        }
    }
}
