//! Words to colleagues: Webex makes a mention only of the members of a space, so `@Bob` may be plain text.

use super::disguise::{self, unaccented, word};

/// Whom a line addresses with an `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Address {
    /// Nobody: an `@` of a price, of a mail address or of an account that customers may follow.
    Nobody,
    /// Perhaps a colleague whom Handbell doesn't know.
    Somebody,
    /// A colleague.
    Colleague,
}

/// Names of colleagues, as they read.
pub(super) struct Colleagues {
    /// Everything that may follow an `@`: whole names, and each of their words.
    called: Vec<String>,
    /// What a line to a colleague begins with: whole names and first names.
    spoken_to: Vec<String>,
}

/// Networks on which a business has an account, and words for such an account.
const NETWORKS: [&str; 16] = [
    "instagram",
    "insta",
    "facebook",
    "tiktok",
    "twitter",
    "youtube",
    "linkedin",
    "mastodon",
    "bluesky",
    "threads",
    "snapchat",
    "pinterest",
    "telegram",
    "whatsapp",
    "paypal",
    "venmo",
];
/// What customers are asked to do with an account: "Follow us".
const INVITATIONS: [&str; 12] = [
    "follow", "find", "tag", "like", "visit", "join", "folgt", "folge", "folgen", "suivez", "seguici",
    "siganos",
];
const US: [&str; 5] = ["us", "uns", "nous", "nos", "ci"];
/// Number of words before an `@` that tell what it is.
const NEAR: usize = 4;

impl Colleagues {
    pub(super) fn new(names: &[String]) -> Self {
        let read =
            |name: &String| disguise::lines(name).map(|line| unaccented(line.trim())).collect::<String>();
        let (mut called, mut spoken_to) = (Vec::new(), Vec::new());
        for name in names.iter().map(read).filter(|name| name.chars().any(char::is_alphabetic)) {
            let words: Vec<_> = name
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.chars().nth(1).is_some() && word.chars().any(char::is_alphabetic))
                .map(str::to_owned)
                .collect();
            called.push(words.concat());
            spoken_to.extend(words.first().cloned());
            called.extend(words);
            spoken_to.push(name.clone());
            called.push(name);
        }
        for names in [&mut called, &mut spoken_to] {
            names.retain(|name| !name.is_empty());
            names.sort_unstable();
            names.dedup();
        }
        Self { called, spoken_to }
    }

    /// Returns whom a plain line addresses with an `@`, anywhere in it.
    pub(super) fn addressed(&self, line: &str) -> Address {
        let line = unaccented(line);
        let mut from = 0;
        let one = |at: usize, from: usize| {
            let (before, after) = (&line[from..at], &line[at + 1..]);
            if is_in_address(&line[..at], after) {
                return Address::Nobody;
            }
            let target = after.trim_start_matches(|c: char| !c.is_alphanumeric());
            if self.called.iter().any(|name| begins_with(target, name)) {
                return Address::Colleague;
            }
            let glued = after.trim_start_matches(|c: char| !c.is_alphanumeric() && !c.is_whitespace());
            let named = glued.starts_with(char::is_alphabetic);
            let meant = named && !is_account(before, glued);
            if meant { Address::Somebody } else { Address::Nobody }
        };
        let mut found = Address::Nobody;
        for (at, _) in line.match_indices('@') {
            found = found.max(one(at, from));
            from = at + 1;
        }
        found
    }

    /// Returns true if a line, without its decoration, begins with a colleague's name and a mark: `Bob: …`, `Bob, …`, `Bob - …`.
    pub(super) fn is_spoken_to(&self, bare: &str) -> bool {
        let bare = unaccented(bare);
        self.spoken_to.iter().any(|name| {
            let Some(rest) = bare.strip_prefix(name.as_str()).filter(|_| begins_with(&bare, name)) else {
                return false;
            };
            let next = rest.trim_start_matches(disguise::closing);
            let spaced = next.len() < rest.len();
            let marked = match next.chars().next() {
                Some('-') => spaced || next.starts_with("->"),
                Some(c) => ":,;?→–—".contains(c),
                None => false,
            };
            // "[Bob] can you decide?", "Bob > can you decide?"
            marked || rest.trim_start().starts_with([']', '>', '»', '|'])
        })
    }
}

/// Returns true if `text` begins with this name and not with a longer word. Some scripts put no space between words.
fn begins_with(text: &str, name: &str) -> bool {
    let ends =
        |rest: &str| !rest.starts_with(char::is_alphanumeric) || name.ends_with(|c: char| c >= '\u{2e80}');
    text.strip_prefix(name).is_some_and(ends)
}

/// Returns true for the `@` of a mail address: letters before it, and a domain behind.
fn is_in_address(before: &str, after: &str) -> bool {
    let domain =
        after.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-'))).next().unwrap_or_default();
    let has_domain = domain.trim_end_matches('.').trim_start_matches('.').contains('.');
    before.ends_with(|c: char| c.is_alphanumeric() || "._%+-".contains(c)) && has_domain
}

/// Returns true if the `@` stands before an account that customers may follow: "Follow us @ourshop", "@ourshop on Instagram".
fn is_account(before: &str, after: &str) -> bool {
    let words: Vec<_> =
        before.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let near = &words[words.len().saturating_sub(NEAR)..];
    let invited = near.windows(2).any(|pair| INVITATIONS.contains(&pair[0]) && US.contains(&pair[1]));
    let on_network = near.last().is_some_and(|last| NETWORKS.contains(last));
    let name = word(after, |c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    let mut behind = after[name.len()..].split_whitespace();
    let then = matches!(behind.next(), Some("on" | "at" | "auf" | "sur" | "su" | "en"))
        && behind.next().is_some_and(|network| NETWORKS.contains(&word(network, char::is_alphanumeric)));
    invited || on_network || then
}
