//! Whether the signed text of a request can be split into parameters in one way only.
//!
//! Twilio signs names and values without separators (Twilio documentation, "Webhooks security"). So somebody who has seen a
//! signed request can split the same bytes otherwise: `Body=ok`, `From=+1…` has the signature of `Body=okFrom+1…`. A request
//! is taken only if each value ends where it must: because its form says so, or because a name follows that Twilio uses and
//! that doesn't occur in the value.
//!
//! Twilio adds parameters without notice, so a name that isn't known here is no reason to refuse a request. It only has to
//! stand where it can't be the end of a person's words.

use handbell_core::Rejected;

use super::names::{Form, all, known};

/// Checks parameters that were verified and decoded. The error names the parameter, never its value.
pub(super) fn check(params: &[(String, String)]) -> Result<(), Rejected> {
    let mut sorted: Vec<(&str, &str)> =
        params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let call = !sorted.iter().any(|(name, _)| matches!(*name, "MessageSid" | "SmsMessageSid" | "SmsSid"));
    let signed: String = sorted.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let mut at = 0;
    for (place, (name, value)) in sorted.iter().enumerate() {
        let next = sorted.get(place + 1).map(|(next, _)| *next);
        let refuse = |why: &str| Err(Rejected::Malformed(format!("{why}: {}", shown(name))));
        if next == Some(name) {
            return refuse("a parameter has two values");
        }
        let of_twilio = known(call, name);
        if of_twilio.is_none() && !is_formed(name) {
            return refuse("no parameter of Twilio has this name");
        }
        let own = of_twilio.map(|(own, _)| own);
        if all(call).any(|(other, form)| Some(other) != own && begins(call, &signed[at..], other, form)) {
            return refuse("a name could be another one with a value");
        }
        if of_twilio.is_none() && another_begins_in(call, name, &signed[at..], name.len()) {
            return refuse("a name contains another one");
        }
        at += name.len();
        let ends_by_itself = of_twilio.is_some_and(|(_, form)| form.is_whole(value));
        if !ends_by_itself {
            if next.is_some_and(|next| known(call, next).is_none()) {
                return refuse("a value could go on in the next name");
            }
            if another_begins_in(call, name, &signed[at..], value.len()) {
                return refuse("a value contains another parameter");
            }
        }
        at += value.len();
    }
    Ok(())
}

/// Returns true for a name as Twilio forms them.
fn is_formed(name: &str) -> bool {
    name.len() <= 60
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Returns true if the text begins with this name and a value of its form.
fn begins(call: bool, text: &str, name: &str, form: Form) -> bool {
    text.strip_prefix(name).is_some_and(|value| form.begins(value, call))
}

/// Returns true if, within the first `length` bytes, another name begins, and a value of its form follows.
fn another_begins_in(call: bool, name: &str, text: &str, length: usize) -> bool {
    (0..length).filter(|start| text.is_char_boundary(*start)).any(|start| {
        all(call)
            .filter(|(other, _)| *other != name)
            .any(|(other, form)| begins(call, &text[start..], other, form))
    })
}

/// Returns the beginning of a name, without what a log must not show.
fn shown(name: &str) -> String {
    name.chars().take(20).map(|letter| if letter.is_ascii_alphabetic() { letter } else { '?' }).collect()
}
