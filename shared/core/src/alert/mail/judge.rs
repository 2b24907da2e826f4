//! What a mail means to its source: the rules in their order, and what nobody has to say because it always holds.

use regex::{Captures, Regex, RegexBuilder};

use super::key::{default_key, one_line};
use super::status::says_that_it_is_over;
use super::{Automatic, Letter, Verdict, Verdicts};
use crate::config::{AlertSource, MailRule, Meant, Severity};

/// The largest compiled expression, in bytes. With it, a mail is searched in time that grows with the mail's length alone.
const EXPRESSION_MAX: usize = 1 << 20;

/// The longest title, in characters.
const TITLE_MAX: usize = 200;

/// The longest key, in characters.
const KEY_MAX: usize = 300;

/// What a mail means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// An alert.
    Raise(Raised),
    /// Somebody has what this key names.
    Acknowledge {
        /// What it is about.
        key: String,
    },
    /// What this key names is over.
    Resolve {
        /// What it is about.
        key: String,
    },
    /// Nothing.
    Ignore {
        /// For people, in words that follow "because".
        why: String,
    },
    /// It would end or silence what this key names, but nobody vouches for it. Nothing happens, and people are shown that.
    Doubtful {
        /// What it is about.
        key: String,
        /// For people, in words that follow "because".
        why: String,
        /// [`Meant::Acknowledge`] or [`Meant::Resolve`].
        wanted: Meant,
    },
    /// It is dangerous: its text is shown to nobody.
    Quarantine {
        /// For people, in words that follow "because".
        why: String,
    },
}

/// An alert as a mail raises it.
#[derive(Clone, PartialEq, Eq)]
pub struct Raised {
    /// The plan to run.
    pub plan: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: alerts of a source with one key are one incident. At most 300 characters.
    pub key: String,
    /// What people read: the subject, or the first line of a mail without one. At most 200 characters.
    pub title: String,
}

// A title is what somebody wrote, and a key is made of it.
impl std::fmt::Debug for Raised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raised")
            .field("plan", &self.plan)
            .field("severity", &self.severity)
            .finish_non_exhaustive()
    }
}

/// What the mail means to this source.
///
/// A mail that can't be understood raises: a needless alert is a nuisance, a lost one is not. Ending or silencing needs a
/// mail that somebody vouches for, see [`Verdicts::doubt`]. A rule whose expression can't be compiled is passed over;
/// [`crate::config::problems`] tells of it beforehand.
pub fn judge(source: &AlertSource, letter: &Letter, verdicts: &Verdicts) -> Judgement {
    if verdicts.virus == Verdict::Fail {
        return Judgement::Quarantine { why: "it carries a virus".to_owned() };
    }
    if let Some(why) = never_counts(letter) {
        return Judgement::Ignore { why: why.to_owned() };
    }
    let fitting = source.rules.iter().enumerate().find_map(|(index, rule)| {
        let captured = fit(rule, letter)?;
        Some((index, rule, captured))
    });
    let (meant, rule, key) = match fitting {
        Some((index, rule, captured)) => {
            let own = rule.key.as_deref().and_then(|template| fill(template, &captured));
            (rule.meant, Some((index, rule)), own)
        }
        None if says_that_it_is_over(&letter.subject) => (Meant::Resolve, None, None),
        None => (source.otherwise, None, None),
    };
    let key = key.unwrap_or_else(|| default_key(letter));
    let key: String = key.chars().take(KEY_MAX).collect();
    let doubt = if letter.several_senders { Some("it names several senders") } else { verdicts.doubt() };
    match (meant, doubt) {
        (Meant::Raise, _) => Judgement::Raise(raised(source, rule.map(|(_, rule)| rule), key, letter)),
        (Meant::Acknowledge, None) => Judgement::Acknowledge { key },
        (Meant::Resolve, None) => Judgement::Resolve { key },
        (wanted @ (Meant::Acknowledge | Meant::Resolve), Some(why)) => {
            Judgement::Doubtful { key, why: why.to_owned(), wanted }
        }
        (Meant::Ignore, _) => Judgement::Ignore {
            why: match rule {
                Some((index, _)) => format!("rule {} of its source says so", index + 1),
                None => "it fits no rule of its source".to_owned(),
            },
        },
    }
}

/// Why a mail counts for nothing, whatever the rules say.
fn never_counts(letter: &Letter) -> Option<&'static str> {
    match letter.automatic {
        _ if letter.ours => Some("Handbell itself sent it"),
        Automatic::Replied => Some("it is an automatic reply"),
        Automatic::Bounce => Some("it tells of a mail that couldn't be delivered"),
        Automatic::No | Automatic::Generated | Automatic::Bulk => None,
    }
}

fn raised(source: &AlertSource, rule: Option<&MailRule>, key: String, letter: &Letter) -> Raised {
    let severity = rule.and_then(|rule| rule.severity).unwrap_or(source.severity);
    let plan = rule
        .and_then(|rule| rule.plan.as_ref())
        .or_else(|| source.plans.get(&severity))
        .unwrap_or(&source.plan)
        .clone();
    Raised { plan, severity, key, title: title(letter) }
}

fn title(letter: &Letter) -> String {
    let first_line = || letter.text.lines().map(one_line).find(|line| !line.is_empty());
    let subject = one_line(&letter.subject);
    let title = if subject.is_empty() { first_line() } else { Some(subject) };
    let title = title.unwrap_or_else(|| "a mail that says nothing".to_owned());
    match title.char_indices().nth(TITLE_MAX) {
        None => title,
        Some(_) => title.chars().take(TITLE_MAX - 1).chain(['…']).collect(),
    }
}

/// The expression, compiled as the rules use it; or why it can't be, for a person.
///
/// Its time is linear in the text. No look-around and no back references, which would make it otherwise.
pub fn expression(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(EXPRESSION_MAX).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            "this expression is too large; count less often in it (`{1000}`), or make it two rules".to_owned()
        }
        error => {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default();
            format!("this is no regular expression: {}", last.trim_start_matches("error: "))
        }
    })
}

/// The names in a key's template, `host` and `service` in `{host}/{service}`; or what is wrong with its braces.
pub fn groups(template: &str) -> Result<Vec<&str>, &'static str> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let Some(inner) = rest[at..].strip_prefix('{') else { return Err("a } has no { before it") };
        let Some(end) = inner.find(['{', '}']).filter(|end| inner[*end..].starts_with('}')) else {
            return Err("a { has no } after it");
        };
        if inner[..end].is_empty() {
            return Err("{} names nothing");
        }
        names.push(&inner[..end]);
        rest = &inner[end + 1..];
    }
    Ok(names)
}

/// True for a rule that asks for nothing, so that none after it counts.
pub fn fits_every_mail(rule: &MailRule) -> bool {
    rule.subject.is_none() && rule.body.is_none() && rule.from.is_none() && rule.words.is_empty()
}

/// What the rule's expressions found, name by name, if all that it asks for is there.
fn fit(rule: &MailRule, letter: &Letter) -> Option<Vec<(String, String)>> {
    let from = letter.from.as_deref().unwrap_or_default();
    let parts =
        [(&rule.subject, letter.subject.as_str()), (&rule.body, letter.text.as_str()), (&rule.from, from)];
    let mut found = Vec::new();
    for (pattern, text) in parts {
        let Some(pattern) = pattern else { continue };
        let expression = expression(pattern).ok()?;
        let captures = expression.captures(text)?;
        found.extend(named(&expression, &captures));
    }
    let says = |word: &String| holds_word(&letter.subject, word) || holds_word(&letter.text, word);
    (rule.words.is_empty() || rule.words.iter().any(says)).then_some(found)
}

fn named(expression: &Regex, captures: &Captures<'_>) -> Vec<(String, String)> {
    let names = expression.capture_names().flatten();
    names
        .map(|name| {
            let value = captures.name(name).map_or("", |found| found.as_str());
            (name.to_owned(), one_line(value))
        })
        .collect()
}

/// The template with the groups in it, in lower case; `None` if it names groups and none of them found anything.
fn fill(template: &str, captured: &[(String, String)]) -> Option<String> {
    let names = groups(template).ok()?;
    let value = |name: &str| {
        let mut of_name = captured.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        of_name.find(|value| !value.is_empty()).unwrap_or_default()
    };
    if !names.is_empty() && names.iter().all(|name| value(name).is_empty()) {
        return None;
    }
    let (mut key, mut rest) = (String::new(), template);
    for name in names {
        let (before, after) = rest.split_once(&format!("{{{name}}}"))?;
        key.push_str(before);
        key.push_str(value(name));
        rest = after;
    }
    key.push_str(rest);
    let key = one_line(&key).to_lowercase();
    (!key.is_empty()).then_some(key)
}

/// The word, or the words, stand in the text with no letter or digit right before or behind them, in any case.
fn holds_word(text: &str, word: &str) -> bool {
    let word = one_line(word);
    if word.is_empty() {
        return false;
    }
    let words: Vec<String> = word.split(' ').map(regex::escape).collect();
    let of_its_own = |sign: Option<char>, edge: &str| match sign {
        Some(sign) if sign.is_alphanumeric() || sign == '_' => edge.to_owned(),
        _ => String::new(), // a sign such as ! has no word's edge beside it
    };
    let before = of_its_own(word.chars().next(), r"\b");
    let behind = of_its_own(word.chars().last(), r"\b");
    let pattern = format!("(?i){before}{}{behind}", words.join(r"\s+"));
    expression(&pattern).is_ok_and(|expression| expression.is_match(text))
}
