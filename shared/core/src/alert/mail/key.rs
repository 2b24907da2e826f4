//! The key of a mail: its sender, and what its subject is about without everything that changes from mail to mail.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::measure::{Kind, is_numeric, kind};
use super::tokens::{Token, TokenKind};
use super::words::{is_binding, is_prefix};

/// Length from which a name may have been cut in some of its mails, in characters. CloudWatch's longest heading leaves 79 of the 100
/// characters of a subject by SNS.
const MAY_BE_CUT: usize = 60;

/// Which incident a mail is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailKey {
    /// Everything that names the trouble. Mails with the same key are about the same trouble.
    pub exact: String,
    /// What mails about the same trouble have in common even if each tells a different part of the rest.
    pub shared: Option<SharedKey>,
}

/// A key that leaves out a part of the name, and that part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedKey {
    /// The key without the part.
    pub key: String,
    /// What was left out. Mails with the same shared key are about the same trouble if these agree.
    pub left_out: LeftOut,
}

/// The part of a name that a key leaves out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    /// The labels that the members of a group have in common: fewer as the group grows, more as it shrinks.
    Labels(BTreeSet<String>),
    /// The end of a long name.
    End {
        /// As much of it as the mail has.
        text: String,
        /// Whether the mail may have lost some of it.
        cut: bool,
    },
}

impl SharedKey {
    /// Returns the name under which a source's incidents with this key are stored.
    pub fn row_name(&self, source: &str) -> String {
        let digest = Sha256::digest(format!("{source}\0{}", self.key));
        format!("key-{}", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

impl fmt::Display for MailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.exact)
    }
}

impl LeftOut {
    /// Returns true if both can be parts of the same name.
    pub fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Labels(one), Self::Labels(other)) => one.is_subset(other) || other.is_subset(one),
            (Self::End { text: one, cut: one_cut }, Self::End { text: other, cut: other_cut }) => {
                one == other
                    || *one_cut && other.starts_with(one.as_str())
                    || *other_cut && one.starts_with(other.as_str())
            }
            _ => false,
        }
    }
}

impl MailKey {
    /// A key that a rule of the source makes. It leaves nothing out.
    pub fn of_rule(key: &str) -> Self {
        Self { exact: key.to_owned(), shared: None }
    }

    /// Returns the key with at most so many characters.
    pub(super) fn shortened(mut self, max: usize) -> Self {
        if let Some((at, _)) = self.exact.char_indices().nth(max) {
            self.exact.truncate(at);
        }
        self
    }

    /// Makes the key of these words. `labels` come and go with a group's members; `cut` says that the subject may have been cut.
    pub(super) fn new(sender: &str, names: &[String], labels: Option<Vec<String>>, cut: bool) -> Self {
        let named = |words: &str| {
            let key = [sender, words].join(" ");
            let key = key.trim();
            if key.is_empty() { "mail".to_owned() } else { key.to_owned() }
        };
        let words = names.join(" ");
        if let Some(labels) = labels {
            let exact = format!("{words} {}", labels.join(" "));
            let left_out = LeftOut::Labels(labels.into_iter().collect());
            return Self {
                exact: named(exact.trim()),
                shared: Some(SharedKey { key: named(&words), left_out }),
            };
        }
        let shared = words.char_indices().nth(MAY_BE_CUT).map(|(at, _)| {
            let (key, text) = words.split_at(at);
            // The last word may be a part of one.
            SharedKey { key: named(key), left_out: LeftOut::End { text: text.to_owned(), cut } }
        });
        Self { exact: named(&words), shared }
    }
}

/// Returns the text in one line, with single spaces and without control characters.
pub(super) fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns true for the numbers in `1523 > 1000`.
fn is_compared(tokens: &[Token], at: usize) -> bool {
    let number =
        |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|token| is_numeric(&token.text));
    let compares = |at: Option<usize>| {
        at.and_then(|at| tokens.get(at)).is_some_and(|token| {
            token.kind == TokenKind::Comparison || token.kind == TokenKind::Arrow && token.text == ">"
        })
    };
    let beside = |before: Option<usize>, behind: Option<usize>| compares(before) && number(behind);
    number(Some(at)) && (beside(at.checked_sub(1), at.checked_sub(2)) || beside(Some(at + 1), Some(at + 2)))
}

/// Returns the words that name something. Words that only connect others, and numbers that measure, come and go.
pub(super) fn words(tokens: &[Token]) -> Vec<String> {
    let words: Vec<&str> = tokens
        .iter()
        .enumerate()
        .filter(|(at, token)| token.kind == TokenKind::Word && !is_compared(tokens, *at))
        .map(|(_, token)| token.text.trim_matches(|c: char| ":.-_/+~&\\".contains(c)))
        .filter(|word| !word.is_empty())
        .collect();
    let at = |at: Option<usize>| at.and_then(|at| words.get(at)).copied();
    let is_name = |(place, word): &(usize, &&str)| {
        let beside = (at(place.checked_sub(1)), at(Some(place + 1)));
        !is_binding(word) && !is_prefix(word) && kind(beside.0, word, beside.1) == Kind::Name
    };
    words.iter().enumerate().filter(is_name).map(|(_, word)| (*word).to_owned()).collect()
}
