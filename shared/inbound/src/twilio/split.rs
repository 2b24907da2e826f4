//! Whether the signed text of a request can be split into the parameters of another event.
//!
//! Twilio signs names and values without separators (Twilio documentation, "Webhooks security"). So somebody who has seen a
//! signed request can split the same bytes otherwise: `Body=ok`, `From=+1…` has the signature of `Body=okFrom+1…`. The event
//! of the other split must not differ in what decides: who sent it, and its sid, by which an event that arrives again is
//! known. A request is refused if a value or a name could hide a parameter that decides something.
//!
//! No genuine request is refused for what a person writes: a text may contain any names. It may not hide the sender, which
//! Twilio always states right before another parameter. Twilio adds parameters without notice, so a name that isn't known
//! here is no reason to refuse a request either. The worst that another split can do is move the end of a text. Its sid
//! stays the same, so a copy of a text that has arrived is a repetition.

use std::ops::Range;

use handbell_core::Rejected;

use super::names::{Form, all, decides, known};

/// The text that Twilio signed, without its address.
struct SignedText {
    text: String,
    /// Whether the request is about a call.
    call: bool,
}

impl SignedText {
    /// Returns true if at this place a name begins that decides something, other than the parameter's own, and a value of
    /// its form follows.
    fn begins_another(&self, at: usize, own: Option<&str>) -> bool {
        self.begins_one(at, |name| decides(name) && Some(name) != own)
    }

    /// Returns true if at this place one of these names begins, and a value of its form follows.
    fn begins_one(&self, at: usize, is_wanted: impl Fn(&str) -> bool) -> bool {
        let Some(text) = self.text.get(at..) else { return false };
        all(self.call).any(|(name, form)| {
            is_wanted(name) && text.strip_prefix(name).is_some_and(|value| form.begins(value, self.call))
        })
    }

    /// Returns true if the value of a known parameter could hide another parameter.
    fn hides(&self, value: Range<usize>, own: Option<(&str, Form)>) -> bool {
        let words = &self.text[value.clone()];
        match own {
            Some(("Body", _)) => hides_sender(words),
            Some((_, form)) if form.is_whole(words) => false,
            // What decides must not go on in any other name: `From=BANKFromCityPARIS`.
            Some((own, _)) if decides(own) => {
                value.into_iter().any(|at| self.begins_one(at, |name| name != own))
            }
            own => value.into_iter().any(|at| self.begins_another(at, own.map(|(own, _)| own))),
        }
    }
}

/// Checks parameters that were verified and decoded. The error names the parameter, never its value.
pub(super) fn check(params: &[(String, String)]) -> Result<(), Rejected> {
    let mut sorted: Vec<(&str, &str)> =
        params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let call = !sorted.iter().any(|(name, _)| matches!(*name, "MessageSid" | "SmsMessageSid" | "SmsSid"));
    let signed = SignedText { text: sorted.iter().flat_map(|(name, value)| [*name, *value]).collect(), call };
    let mut at = 0;
    for (place, (name, value)) in sorted.iter().enumerate() {
        let refuse = |why: &str| Err(Rejected::Malformed(format!("{why}: {}", shown(name))));
        if sorted.get(place + 1).is_some_and(|(next, _)| next == name) {
            return refuse("a parameter has two values");
        }
        let own = known(call, name);
        if own.is_none() && !is_formed(name) {
            return refuse("no parameter of Twilio has this name");
        }
        if signed.begins_another(at, own.map(|(own, _)| own)) {
            return refuse("a name could be another one with a value");
        }
        let begins = at + name.len();
        if own.is_none() && (at..begins).any(|at| signed.begins_another(at, None)) {
            return refuse("a name contains another one");
        }
        at = begins + value.len();
        if signed.hides(begins..at, own) {
            return refuse("a value contains another parameter");
        }
    }
    Ok(())
}

/// Returns true for a name as Twilio forms them.
fn is_formed(name: &str) -> bool {
    name.len() <= 60
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Returns true if a text contains a sender and right behind it another name. A text that swallowed the true sender does.
fn hides_sender(text: &str) -> bool {
    text.match_indices("From").any(|(at, name)| {
        let value = &text[at + name.len()..];
        let number = value.strip_prefix('+').unwrap_or(value);
        let rest = number.trim_start_matches(|c: char| c.is_ascii_digit());
        Form::Phone.begins(value, false) && all(false).any(|(name, _)| rest.starts_with(name))
    })
}

/// Returns the beginning of a name, without what a log must not show.
fn shown(name: &str) -> String {
    name.chars().take(20).map(|letter| if letter.is_ascii_alphabetic() { letter } else { '?' }).collect()
}
