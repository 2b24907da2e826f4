//! Reads and merges the robot's files, and notes the settings that can't be imported.

use handbell_core::address::E164;

use super::notes::Notes;
use crate::check::{Entry, Kind, Node, compose};

pub(super) fn read(file: &str, text: &str, notes: &mut Notes) -> Option<Node> {
    match compose(text) {
        Ok((tree, findings)) => {
            for finding in findings {
                notes.say(format!("{file}:{}: {}; the first was used", finding.line, finding.message));
            }
            Some(tree)
        }
        Err(findings) => {
            // Without the lines themselves, since these files contain tokens.
            for finding in findings {
                notes.say(format!("{file}:{}:{}: {}", finding.line, finding.column, finding.message));
            }
            None
        }
    }
}

/// Merges as the robot did: lists are appended, mappings updated, other values replaced.
pub(super) fn merge(into: &mut Node, from: Node) {
    let (Kind::Map(into), Kind::Map(from)) = (&mut into.kind, from.kind) else { return };
    for entry in from {
        let Some(known) = into.iter_mut().find(|known| known.key == entry.key) else {
            into.push(entry);
            continue;
        };
        match (&mut known.value.kind, entry.value.kind) {
            (Kind::List(old), Kind::List(new)) => old.extend(new),
            (Kind::Map(old), Kind::Map(new)) => {
                for Entry { key, place, value } in new {
                    match old.iter_mut().find(|entry| entry.key == key) {
                        Some(entry) => entry.value = value,
                        None => old.push(Entry { key, place, value }),
                    }
                }
            }
            (old, new) => *old = new,
        }
    }
}

pub(super) fn within<'a>(robot: &'a Node, section: &str, key: &str) -> Option<&'a Node> {
    robot.get(section)?.get(key).filter(|node| !node.is_null())
}

/// Returns a phone number in E.164 form, or `None` if its country isn't certain.
pub(super) fn number(text: &str, notes: &mut Notes) -> Option<String> {
    let bare: String = text.chars().filter(|c| !" \u{a0}-./()".contains(*c)).collect();
    let whole = match bare.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        // Up to ten digits may be a national number. Eleven or more begin with a country code.
        None if (11..=15).contains(&bare.len()) && !bare.starts_with('0') && !bare.starts_with('+') => {
            format!("+{bare}")
        }
        None => bare,
    };
    if whole.parse::<E164>().is_err() {
        notes.say(format!("the number {text:?} was left out: write it with + and the country code"));
        return None;
    }
    if whole != text {
        notes.say(format!("the number {text:?} became {whole}; check that this is right"));
    }
    Some(whole)
}

/// Returns all values of `key` in a mapping or in a list of mappings.
pub(super) fn values<'a>(node: &'a Node, key: &str) -> Vec<&'a str> {
    node.items()
        .iter()
        .flat_map(Node::entries)
        .filter(|entry| entry.key == key)
        .flat_map(|entry| entry.value.items())
        .filter_map(Node::text)
        .collect()
}

pub(super) struct Phone {
    pub(super) account: Option<String>,
    pub(super) from: Option<String>,
}

impl Phone {
    pub(super) fn read(robot: &Node, notes: &mut Notes) -> Self {
        let account = within(robot, "twilio", "TWILIO_ACCOUNT_SID")
            .and_then(Node::text)
            .filter(|sid| sid.len() == 34 && sid.starts_with("AC"))
            .map(ToOwned::to_owned);
        if account.is_none() {
            notes.say("`twilio.account` is a placeholder: copy yours (AC…) from Twilio's console".into());
        }
        let from = within(robot, "twilio", "customer_service_number")
            .and_then(Node::text)
            .and_then(|text| number(text, notes));
        if from.is_none() {
            notes.say("`twilio.from` is a placeholder: write your number at Twilio".into());
        }
        Self { account, from }
    }
}

/// Notes every setting outside of the steps that can't be imported.
pub(super) fn leftovers(robot: &Node, notes: &mut Notes) {
    for Entry { key: section, value, .. } in robot.entries() {
        match section.as_str() {
            "bt.tn" => {}
            "spark" | "twilio" | "server" => {
                for entry in value.entries() {
                    if !entry.value.is_null() {
                        leftover(section, &entry.key, notes);
                    }
                }
            }
            // The note doesn't repeat the value, which may be a secret.
            _ => notes.say(format!("`{section}` was left out: it is unknown")),
        }
    }
}

fn leftover(section: &str, key: &str, notes: &mut Notes) {
    let clear = |name: &str| {
        format!(
            "`{key}` was in the file in plain text and was not imported: create a new one, and put it into the secrets document as {name:?}"
        )
    };
    notes.say(match (section, key) {
        ("spark", "room" | "moderators" | "participants" | "reset")
        | ("twilio", "customer_service_number" | "TWILIO_ACCOUNT_SID")
        | ("server", "default") => return,
        ("spark", "CISCO_SPARK_BTTN_BOT") => clear("webex"),
        ("twilio", "TWILIO_AUTH_TOKEN") => clear("twilio"),
        ("server", "key") => {
            "`server.key` was left out: in Handbell each button has a secret token of its own".into()
        }
        ("server", "port") => {
            "`server.port` was left out: Handbell needs no server; on a laptop, use `handbell local --port`"
                .into()
        }
        ("server", "url") => {
            "`server.url` was left out: the deployment sets the public address (HANDBELL_PUBLIC_URL)".into()
        }
        _ => format!("`{section}.{key}` was left out: it is unknown"),
    });
}
