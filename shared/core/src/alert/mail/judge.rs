//! Meaning of a mail for its source: the rules in their order, and what always holds without a rule.

use regex::{Captures, Regex, RegexBuilder};

use super::key::{MailKey, one_line};
use super::reading::{MailReading, MailStatus, read_mail};
use super::{AuthVerdict, AuthVerdicts, Automatic, ParsedMail};
use crate::config::{AlertSource, MailMeaning, MailRule, Severity};

/// Maximum size of a compiled expression, in bytes. With it, the time to search a mail grows with the mail's length alone.
const EXPRESSION_MAX: usize = 1 << 20;

/// Maximum length of a title, in characters.
const TITLE_MAX: usize = 200;

/// Maximum length of a key, in characters.
const KEY_MAX: usize = 300;

/// Meaning of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// An alert.
    Raise(MailAlert),
    /// News about the incident with this key, such as a downtime. It opens no incident.
    Join {
        /// Key of the problem.
        key: MailKey,
        /// Why the mail isn't trustworthy, in words that follow "because"; none if it is.
        doubt: Option<&'static str>,
    },
    /// Somebody has the incident with this key.
    Acknowledge {
        /// Key of the problem.
        key: MailKey,
    },
    /// The incident with this key is over.
    Resolve {
        /// Key of the problem.
        key: MailKey,
    },
    /// The mail is ignored.
    Ignore {
        /// The reason for people, in words that follow "because".
        why: String,
    },
    /// The mail would end or silence the incident with this key, but isn't trustworthy. It has no effect, and people see it.
    Doubtful {
        /// Key of the problem.
        key: MailKey,
        /// The reason for people, in words that follow "because".
        why: String,
        /// What the mail wanted: [`MailMeaning::Acknowledge`] or [`MailMeaning::Resolve`].
        wanted: MailMeaning,
    },
    /// The mail is dangerous. Its text is shown to nobody.
    Quarantine {
        /// The reason for people, in words that follow "because".
        why: String,
    },
}

/// An alert that a mail raises.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAlert {
    /// The plan to run.
    pub plan: String,
    /// Severity of the alert.
    pub severity: Severity,
    /// Key of the problem: alerts of a source with the same key belong to one incident.
    pub key: MailKey,
    /// Title for people: the subject, or the first line of a mail without one. At most 200 characters.
    pub title: String,
}

// People write the title, and the key is made of it: neither must reach logs.
impl std::fmt::Debug for MailAlert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailAlert")
            .field("plan", &self.plan)
            .field("severity", &self.severity)
            .finish_non_exhaustive()
    }
}

/// The meaning of a mail, and what decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The meaning.
    pub judgement: Judgement,
    /// What decided it.
    pub by: MeantBy,
    /// How the mail reads without rules.
    pub reading: MailReading,
}

/// What decided the meaning of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeantBy {
    /// What always holds: a virus, an automatic reply.
    Nature,
    /// The source's rule of this number, from 1.
    Rule(usize),
    /// The mail's own words.
    Reading,
    /// The source's `otherwise`.
    Otherwise,
}

/// Returns the meaning of a mail for this source.
///
/// A mail that can't be understood raises an alert: a needless alert is a nuisance, a lost one is not. Ending or silencing an
/// incident needs a trustworthy mail, see [`AuthVerdicts::doubt`]. A rule whose expression can't be compiled is skipped;
/// [`crate::config::problems`] reports it beforehand.
pub fn judge(source: &AlertSource, mail: &ParsedMail, verdicts: &AuthVerdicts) -> Judgement {
    explain(source, mail, verdicts).judgement
}

/// Returns the meaning of a mail for this source, and what decided it.
pub fn explain(source: &AlertSource, mail: &ParsedMail, verdicts: &AuthVerdicts) -> Judged {
    let reading = read_mail(mail, source.sender_name(mail.from.as_deref().unwrap_or_default()));
    let always = |judgement| Judged { judgement, by: MeantBy::Nature, reading: reading.clone() };
    if verdicts.virus == AuthVerdict::Fail {
        return always(Judgement::Quarantine { why: "it carries a virus".to_owned() });
    }
    if let Some(why) = never_counts(mail) {
        return always(Judgement::Ignore { why: why.to_owned() });
    }
    let fitting = source.rules.iter().enumerate().find_map(|(index, rule)| {
        let captured = fit(rule, mail)?;
        Some((index, rule, captured))
    });
    let (meant, by) = match (&fitting, reading.status) {
        (Some((index, rule, _)), _) => (Some(rule.meant), MeantBy::Rule(index + 1)),
        (None, MailStatus::Over) => (Some(MailMeaning::Resolve), MeantBy::Reading),
        // News about known trouble raises nothing, where trouble itself would.
        (None, MailStatus::News) if source.otherwise == MailMeaning::Raise => (None, MeantBy::Reading),
        (None, _) => (Some(source.otherwise), MeantBy::Otherwise),
    };
    let rule = fitting.as_ref().map(|(_, rule, _)| *rule);
    let own = fitting.as_ref().and_then(|(_, rule, captured)| fill(rule.key.as_deref()?, captured));
    let key = own.map_or_else(
        || reading.key.clone().shortened(KEY_MAX),
        |key| MailKey::of_rule(&key.chars().take(KEY_MAX).collect::<String>()),
    );
    let doubt = if mail.several_senders { Some("it names several senders") } else { verdicts.doubt() };
    let judgement = match (meant, doubt) {
        (None, doubt) => Judgement::Join { key, doubt },
        (Some(MailMeaning::Raise), _) => Judgement::Raise(raised(source, rule, key, mail)),
        (Some(MailMeaning::Acknowledge), None) => Judgement::Acknowledge { key },
        (Some(MailMeaning::Resolve), None) => Judgement::Resolve { key },
        (Some(wanted @ (MailMeaning::Acknowledge | MailMeaning::Resolve)), Some(why)) => {
            Judgement::Doubtful { key, why: why.to_owned(), wanted }
        }
        (Some(MailMeaning::Ignore), _) => Judgement::Ignore {
            why: match by {
                MeantBy::Rule(number) => format!("rule {number} of its source says so"),
                _ => "it fits no rule of its source".to_owned(),
            },
        },
    };
    Judged { judgement, by, reading }
}

/// Returns why a mail has no effect, whatever the rules say.
fn never_counts(mail: &ParsedMail) -> Option<&'static str> {
    match mail.automatic {
        _ if mail.ours => Some("Handbell itself sent it"),
        Automatic::Replied => Some("it is an automatic reply"),
        Automatic::Bounce => Some("it tells of a mail that couldn't be delivered"),
        Automatic::No | Automatic::Generated | Automatic::Bulk => None,
    }
}

fn raised(source: &AlertSource, rule: Option<&MailRule>, key: MailKey, mail: &ParsedMail) -> MailAlert {
    let severity = rule.and_then(|rule| rule.severity).unwrap_or(source.severity);
    let plan = rule
        .and_then(|rule| rule.plan.as_ref())
        .or_else(|| source.plans.get(&severity))
        .unwrap_or(&source.plan)
        .clone();
    MailAlert { plan, severity, key, title: title(mail) }
}

/// Returns the title of a mail for people: its subject, or the first line of a mail without one. At most 200 characters.
pub fn title(mail: &ParsedMail) -> String {
    let first_line = || mail.text.lines().map(one_line).find(|line| !line.is_empty());
    let subject = one_line(&mail.subject);
    let title = if subject.is_empty() { first_line() } else { Some(subject) };
    let title = title.unwrap_or_else(|| "a mail that says nothing".to_owned());
    match title.char_indices().nth(TITLE_MAX) {
        None => title,
        Some(_) => title.chars().take(TITLE_MAX - 1).chain(['…']).collect(),
    }
}

/// Compiles an expression as the rules use it. The error is for a person.
///
/// A search takes time linear in the text. There are no look-around and no back references, which would need more.
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

/// Returns the names in a key's template, `host` and `service` in `{host}/{service}`. An error tells what is wrong with its braces.
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

/// Returns true for a rule without conditions, so that no later rule applies.
pub fn fits_every_mail(rule: &MailRule) -> bool {
    rule.subject.is_none() && rule.body.is_none() && rule.from.is_none() && rule.words.is_empty()
}

/// Returns what the rule's expressions captured, by name, if the mail meets all of the rule's conditions.
fn fit(rule: &MailRule, mail: &ParsedMail) -> Option<Vec<(String, String)>> {
    let from = mail.from.as_deref().unwrap_or_default();
    let parts =
        [(&rule.subject, mail.subject.as_str()), (&rule.body, mail.text.as_str()), (&rule.from, from)];
    let mut found = Vec::new();
    for (pattern, text) in parts {
        let Some(pattern) = pattern else { continue };
        let expression = expression(pattern).ok()?;
        let captures = expression.captures(text)?;
        found.extend(named(&expression, &captures));
    }
    let says = |word: &String| holds_word(&mail.subject, word) || holds_word(&mail.text, word);
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

/// Fills the captured groups into the template, in lower case. `None` if it names groups and none of them captured anything.
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

/// Returns true if the text contains the word or words, in any case, with no mail or digit directly before or after.
fn holds_word(text: &str, word: &str) -> bool {
    let word = one_line(word);
    if word.is_empty() {
        return false;
    }
    let words: Vec<String> = word.split(' ').map(regex::escape).collect();
    let of_its_own = |c: Option<char>, edge: &str| match c {
        Some(c) if c.is_alphanumeric() || c == '_' => edge.to_owned(),
        _ => String::new(), // a character such as ! has no word boundary beside it
    };
    let before = of_its_own(word.chars().next(), r"\b");
    let behind = of_its_own(word.chars().last(), r"\b");
    let pattern = format!("(?i){before}{}{behind}", words.join(r"\s+"));
    expression(&pattern).is_ok_and(|expression| expression.is_match(text))
}
