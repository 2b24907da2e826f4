//! Contact rules as people write them: `text; call after 2m; call after 7m every 5m x3; mail; webex`.

use std::fmt;

use jiff::SignedDuration;

use super::attempts::MOST_ATTEMPTS;
use super::{ContactMethod, ContactRule};
use crate::config::Span;

/// Latest time of an attempt after the step. A person who is still asleep after a day is for somebody else to wake.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// Minimum time between two attempts. A vendor could block a number that is called more often.
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);

/// An error in a contact rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct BadRule {
    /// Position of the rule in the text, in characters from 1.
    pub column: usize,
    /// The mistake and the advice, for people.
    pub what: String,
}

/// Parses rules with a semicolon between them: `text; call after 2m; call after 7m every 5m x3`. An empty text has no rules.
/// Attempts come at most 24 hours after the step and at least a minute apart, and there are at most [`MOST_ATTEMPTS`] in all.
pub fn parse_rules(text: &str) -> Result<Vec<ContactRule>, BadRule> {
    let mut rules: Vec<ContactRule> = Vec::new();
    let mut column = 1;
    let last = text.split(';').count();
    for (place, part) in (1..).zip(text.split(';')) {
        let at = column + part.chars().take_while(|c| c.is_whitespace()).count();
        column += part.chars().count() + 1;
        if part.trim().is_empty() {
            if place == last {
                break;
            }
            return Err(BadRule { column: at, what: "there is no rule before this semicolon".into() });
        }
        rules.push(rule(part).map_err(|what| BadRule { column: at, what })?);
        let attempts: u64 = rules.iter().map(|rule| u64::from(rule.times)).sum();
        if attempts > MOST_ATTEMPTS as u64 {
            let what = format!("with this rule there are {attempts} attempts; {MOST_ATTEMPTS} is the most");
            return Err(BadRule { column: at, what });
        }
    }
    Ok(rules)
}

fn rule(text: &str) -> Result<ContactRule, String> {
    let mut words = text.split_whitespace().peekable();
    let by = words.next().unwrap_or_default();
    let by = ContactMethod::parse(by)
        .ok_or_else(|| format!("{by:?} is no way to reach somebody; write text, call, mail or webex"))?;
    let mut rule = ContactRule { by, after: Span(SignedDuration::ZERO), every: None, times: 1 };
    let (mut after, mut times) = (None, None);
    while let Some(word) = words.next() {
        let mut length = |name: &str| {
            let mut text = String::new();
            while let Some(part) = words.next_if(|word| !is_keyword(word)) {
                text.push_str(part);
                text.push(' ');
            }
            let length: Result<SignedDuration, _> = text.trim().parse();
            length.map_err(|_| format!("after {name:?} comes a length of time such as 2m or 1h 30m"))
        };
        match word {
            "after" if after.is_none() => after = Some(length("after")?),
            "every" if rule.every.is_none() => rule.every = Some(Span(length("every")?)),
            word if times.is_none() && is_times(word) => times = word[1..].parse().ok(),
            "after" | "every" => return Err(format!("{word:?} stands here twice")),
            _ => {
                return Err(format!(
                    "{word:?} can't be understood; a rule is such as: call after 7m every 5m x3"
                ));
            }
        }
    }
    rule.after = Span(after.unwrap_or_default());
    if rule.after.0.is_negative() || rule.after.0 > LONGEST {
        return Err("after the step comes at most 24h".into());
    }
    match (rule.every, times) {
        (None, None) => {}
        (Some(every), Some(times)) if every.0 >= SHORTEST && times >= 2 => rule.times = times,
        (Some(every), _) if every.0 < SHORTEST => {
            return Err("attempts are at least 1m apart: write every 1m or more".into());
        }
        (Some(_), _) => return Err("say how often in all, twice or more: every 5m x3".into()),
        (None, Some(times)) => {
            return Err(format!("say at what distance the {times} attempts come: every 5m x{times}"));
        }
    }
    let last = rule.every.map_or(SignedDuration::ZERO, |every| every.0);
    let last = last.checked_mul(i32::try_from(rule.times - 1).unwrap_or(i32::MAX));
    if last.and_then(|last| last.checked_add(rule.after.0)).is_none_or(|last| last > LONGEST) {
        return Err("the last attempt comes at most 24h after the step".into());
    }
    Ok(rule)
}

fn is_times(word: &str) -> bool {
    word.strip_prefix('x').is_some_and(|digits| {
        (1..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

fn is_keyword(word: &str) -> bool {
    matches!(word, "after" | "every") || is_times(word)
}

impl ContactMethod {
    /// Parses `text`, `call`, `mail` or `webex`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Text, Self::Call, Self::Mail, Self::Webex];
        all.into_iter().find(|reach| reach.word().eq_ignore_ascii_case(text))
    }

    /// Returns the word for it in rules.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Call => "call",
            Self::Mail => "mail",
            Self::Webex => "webex",
        }
    }
}

impl fmt::Display for ContactMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl fmt::Display for ContactRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.by.word())?;
        if !self.after.0.is_zero() {
            write!(f, " after {:#}", self.after.0)?;
        }
        match self.every {
            Some(every) if self.times > 1 => write!(f, " every {:#} x{}", every.0, self.times),
            _ => Ok(()),
        }
    }
}

/// Formats the rules as [`parse_rules`] reads them.
pub fn rules_text(rules: &[ContactRule]) -> String {
    rules.iter().map(ContactRule::to_string).collect::<Vec<_>>().join("; ")
}
