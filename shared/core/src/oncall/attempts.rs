//! How a person is reached: by their contact rules, applied to the verified contacts.

use jiff::SignedDuration;

use super::{Attempt, AttemptAddress, ContactMethod, ContactRule, Person};
use crate::address::E164;
use crate::config::Span;

/// Maximum number of attempts for a person in one step, whatever the rules say.
pub const MOST_ATTEMPTS: usize = 20;
/// When the default rules call first, after a text that was not answered.
const FIRST_CALL: SignedDuration = SignedDuration::from_mins(2);
/// Time between two calls of the default rules.
const BETWEEN_CALLS: SignedDuration = SignedDuration::from_mins(5);
/// Number of calls of the default rules.
const CALLS: u32 = 3;

impl Person {
    /// Returns the attempts to reach this person, in order of time: at most [`MOST_ATTEMPTS`], by verified contacts alone.
    ///
    /// Without rules, the person gets a text at once, a call after two minutes, and again every five minutes, three calls in all. A
    /// person without a phone gets a mail and a Webex message at once, since the address serves for both.
    ///
    /// Texts and calls go to the preferred phone first. Each further text or call goes to the next phone, and round again.
    ///
    /// Rules that reach no verified contact would leave the person asleep, so the default applies then. There is an attempt if, and
    /// only if, the person is [reachable](Person::is_reachable).
    pub fn attempts(&self) -> Vec<Attempt> {
        let attempts = self.by(&self.rules);
        if attempts.is_empty() { self.by(&usual(self.phones().next().is_some())) } else { attempts }
    }

    fn phones(&self) -> impl Iterator<Item = &E164> {
        let verified = self.phones.iter().filter(|phone| phone.verified_at.is_some());
        verified.map(|phone| &phone.address)
    }

    fn by(&self, rules: &[ContactRule]) -> Vec<Attempt> {
        let mut times: Vec<(SignedDuration, ContactMethod)> = Vec::new();
        for rule in rules {
            let every = rule.every.map_or(SignedDuration::ZERO, |every| every.0);
            let often = if rule.every.is_some() { rule.times.max(1) } else { 1 };
            let mut after = rule.after.0.max(SignedDuration::ZERO);
            for _ in 0..often.min(MOST_ATTEMPTS as u32) {
                times.push((after, rule.by));
                after = after.saturating_add(every.max(SignedDuration::ZERO));
            }
        }
        // Attempts at the same time stay in the order of the rules.
        times.sort_by_key(|(after, _)| *after);
        let phones: Vec<&E164> = self.phones().collect();
        let email = self.email.as_ref().filter(|email| email.verified_at.is_some());
        let (mut texts, mut calls) = (phones.iter().cycle(), phones.iter().cycle());
        let attempts = times.into_iter().filter_map(|(after, by)| {
            let to = match by {
                ContactMethod::Text => AttemptAddress::Text((*texts.next()?).clone()),
                ContactMethod::Call => AttemptAddress::Call((*calls.next()?).clone()),
                ContactMethod::Mail => AttemptAddress::Mail(email?.address.clone()),
                ContactMethod::Webex => AttemptAddress::Webex(email?.address.clone()),
            };
            Some(Attempt { to, after })
        });
        attempts.take(MOST_ATTEMPTS).collect()
    }
}

/// Returns the default rules.
fn usual(phone: bool) -> Vec<ContactRule> {
    let at_once = |by| ContactRule { by, after: Span(SignedDuration::ZERO), every: None, times: 1 };
    if !phone {
        return vec![at_once(ContactMethod::Mail), at_once(ContactMethod::Webex)];
    }
    let calls = ContactRule {
        by: ContactMethod::Call,
        after: Span(FIRST_CALL),
        every: Some(Span(BETWEEN_CALLS)),
        times: CALLS,
    };
    vec![at_once(ContactMethod::Text), calls]
}
