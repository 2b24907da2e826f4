//! What a mail says, and what about: by the table of systems, or else by the grammar.

use super::grammar::{self, Slot};
use super::key::{MailKey, one_line};
use super::systems::{self, known_systems};
use super::tokens::tokens;
use super::words::Tone;
use super::{ParsedMail, key};

/// Maximum length of the subject that is read, in characters.
const SUBJECT_MAX: usize = 500;

/// What a mail says about trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailStatus {
    /// It reports trouble, or again, or a change of it.
    Trouble,
    /// It has news about trouble that is known: an acknowledgement, flapping, a downtime.
    News,
    /// The trouble is over.
    Over,
}

/// What decided how a mail was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBy {
    /// A form of a system in the table.
    System {
        /// Name of the system.
        name: &'static str,
        /// The system's template, with its slots in braces.
        form: &'static str,
    },
    /// The grammar: a state stands in this place.
    Grammar {
        /// The place.
        slot: Slot,
    },
    /// No word stands where a state does. In doubt it is trouble.
    Nothing,
}

/// A mail as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailReading {
    /// What it says.
    pub status: MailStatus,
    /// What decided.
    pub by: ReadBy,
    /// The words of the state, if the grammar found them.
    pub state: String,
    /// Which incident it is about.
    pub key: MailKey,
}

/// Reads a mail. Its status and its key come from the same slots of its subject. `sender` is the sender as the key names it.
pub fn read_mail(mail: &ParsedMail, sender: &str) -> MailReading {
    let subject: String = one_line(&mail.subject).chars().take(SUBJECT_MAX).collect();
    let subject = without_prefixes(&subject);
    if let Some(known) = systems::find(mail, subject) {
        let by = ReadBy::System { name: known.system.name, form: known.form.subject };
        let names = known.form.words(&known.names);
        let labels = known.labels.as_deref().map(|labels| key::words(&tokens(labels)));
        let key = MailKey::new(sender, &names, labels, is_cut(subject));
        return MailReading { status: status(known.tone), by, state: String::new(), key };
    }
    let tokens = tokens(subject);
    let parsed = grammar::parse(&tokens);
    let key = MailKey::new(sender, &key::words(&parsed.name(&tokens)), None, is_cut(subject));
    let Some(found) = parsed.decides else {
        return MailReading { status: MailStatus::Trouble, by: ReadBy::Nothing, state: String::new(), key };
    };
    let state: Vec<&str> = tokens[found.from..found.to].iter().map(|token| token.text.as_str()).collect();
    MailReading {
        status: status(found.tone),
        by: ReadBy::Grammar { slot: found.slot },
        state: state.join(" "),
        key,
    }
}

/// Returns the key of a mail for which no rule makes one, as far as it finds the incident. A monitoring system's mails about a
/// problem and about its end get the same key.
pub fn default_key(mail: &ParsedMail) -> String {
    read_mail(mail, mail.from.as_deref().unwrap_or_default()).key.exact
}

fn status(tone: Tone) -> MailStatus {
    match tone {
        Tone::Good => MailStatus::Over,
        Tone::Trouble => MailStatus::Trouble,
        Tone::News => MailStatus::News,
    }
}

/// Returns the subject behind `Re:`, `Fwd:` and their like.
fn without_prefixes(subject: &str) -> &str {
    let mut subject = subject.trim();
    while let Some((prefix, rest)) = subject.split_once(':') {
        if !super::words::is_prefix(&prefix.trim().to_lowercase()) {
            break;
        }
        subject = rest.trim();
    }
    subject
}

/// Returns true if the subject may have been cut: SNS, for one, cuts at 100 characters.
fn is_cut(subject: &str) -> bool {
    subject.ends_with("...") || subject.ends_with('…') || subject.chars().count() >= 98
}

/// Returns true if an answer with this subject may be about the trouble with that title: it shares a word that names something, or
/// names nothing itself.
pub fn one_trouble(title: &str, subject: &str) -> bool {
    let words = |text: &str| {
        let text = one_line(text);
        let tokens = tokens(without_prefixes(&text));
        key::words(&grammar::parse(&tokens).name(&tokens))
    };
    let (title, subject) = (words(title), words(subject));
    subject.is_empty() || subject.iter().any(|word| title.contains(word))
}

/// Returns the names of all systems in the table.
pub fn systems_in_table() -> Vec<&'static str> {
    let mut names = known_systems();
    names.dedup();
    names
}
