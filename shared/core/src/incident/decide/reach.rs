//! Whom a step reaches, and how: its targets are looked up in the roster, and each attempt gets its time.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::context::Context;
use crate::address::{E164, SmsSender};
use crate::config::{Step, Target};
use crate::delivery::{Content, DirectMessage, Invitation, MailMessage, Message, PhoneMessage, Recipient};
use crate::oncall::{Attempt, AttemptAddress, Gap, Person, Roster};

/// One attempt to reach a person.
#[derive(Clone)]
pub(super) struct Paging {
    pub(super) message: Message,
    pub(super) recipient: Option<Recipient>,
    pub(super) after: SignedDuration,
}

/// The people whom a step reaches.
#[derive(Default)]
pub(super) struct Reached {
    /// Invitations to the space.
    pub(super) people: Vec<Invitation>,
    /// The attempts, with those for one person together.
    pub(super) pages: Vec<Paging>,
    /// Targets that name nobody.
    pub(super) gaps: Vec<Gap>,
    /// People whom this item reaches already. The person on call is often a member of the team, too.
    named: Vec<String>,
}

/// A way to reach a number.
type ToNumber = fn(E164) -> AttemptAddress;

/// Attempts to page a bare number, with the minutes after the step. They are those of a person without rules.
const BY_NUMBER: [(ToNumber, i64); 4] = [
    (AttemptAddress::Text, 0),
    (AttemptAddress::Call, 2),
    (AttemptAddress::Call, 7),
    (AttemptAddress::Call, 12),
];

/// Returns whom a step reaches. `chained` numbers are tried the other way at once when one way has failed.
pub(super) fn reach_people(
    step: &Step,
    number: u32,
    context: Context<'_>,
    chained: bool,
    now: Timestamp,
) -> Reached {
    let mut reached = Reached::default();
    let caller = context.from.and_then(SmsSender::number);
    for (item, sms) in step.sms.iter().enumerate() {
        let from = sms.from.as_ref().or(context.from);
        reached.named.clear();
        for target in &sms.to {
            for (to, recipient) in reached.phones(target, context.roster, chained, now) {
                let content = Content::Step { step: number, item };
                let message = Message::Phone(PhoneMessage::Text { to, from: from.cloned(), content });
                reached.pages.push(Paging { message, recipient, after: SignedDuration::ZERO });
            }
        }
    }
    for (item, call) in step.call.iter().enumerate() {
        let from = call.from.as_ref().or(caller.as_ref());
        reached.named.clear();
        for target in &call.to {
            for (to, recipient) in reached.phones(target, context.roster, chained || call.times > 1, now) {
                let recipient = recipient.map(|recipient| Recipient { until_answered: true, ..recipient });
                let every = call.every.0;
                for time in 0..call.times.max(1) {
                    let content = Content::Step { step: number, item };
                    let call = PhoneMessage::Call { to: to.clone(), from: from.cloned(), content };
                    let after = every * i32::try_from(time).unwrap_or(i32::MAX);
                    reached.pages.push(Paging {
                        message: Message::Phone(call),
                        recipient: recipient.clone(),
                        after,
                    });
                }
            }
        }
    }
    for (item, page) in step.page.iter().enumerate() {
        let texter = page.from.clone().map(SmsSender::from).or_else(|| context.from.cloned());
        let caller = page.from.as_ref().or(caller.as_ref());
        reached.named.clear();
        let content = Content::Page { step: number, item };
        for target in &page.to {
            for (recipient, attempts) in reached.attempts(target, context.roster, now) {
                for Attempt { to, after } in attempts {
                    let content = content.clone();
                    let message = match to {
                        AttemptAddress::Text(to) => {
                            Message::Phone(PhoneMessage::Text { to, from: texter.clone(), content })
                        }
                        AttemptAddress::Call(to) => {
                            Message::Phone(PhoneMessage::Call { to, from: caller.cloned(), content })
                        }
                        AttemptAddress::Mail(email) => Message::Mail(MailMessage::Page { email, content }),
                        AttemptAddress::Webex(email) => Message::Direct(DirectMessage { email, content }),
                    };
                    reached.pages.push(Paging { message, recipient: Some(recipient.clone()), after });
                }
            }
        }
    }
    if let Some(rate) = context.calls_per_second.filter(|rate| *rate > 0) {
        spread(&mut reached.pages, rate);
    }
    reached
}

/// Spreads calls that would begin at once, so that at most `rate` begin in a second.
fn spread(pages: &mut [Paging], rate: u32) {
    let mut taken: BTreeMap<i64, u32> = BTreeMap::new();
    for page in pages.iter_mut().filter(|page| page.message.is_call()) {
        let mut second = page.after.as_secs();
        while taken.get(&second).is_some_and(|calls| *calls >= rate) {
            second += 1;
        }
        *taken.entry(second).or_default() += 1;
        page.after = page.after.max(SignedDuration::from_secs(second));
    }
}

impl Reached {
    /// Returns the people whom the target names and no target named before. They are invited to the space.
    fn people<'a>(&mut self, target: &Target, roster: &'a Roster, now: Timestamp) -> Vec<&'a Person> {
        let who = roster.people_of(target, now);
        if let Some(gap) = who.gap {
            self.gap(gap);
        }
        for person in &who.people {
            if let Some(email) = person.email.as_ref().filter(|email| email.verified_at.is_some()) {
                let invitation = Invitation::participant(email.address.clone());
                if !self.people.contains(&invitation) {
                    self.people.push(invitation);
                }
            }
        }
        let mut people = who.people;
        people.retain(|person| !self.named.contains(&person.id));
        self.named.extend(people.iter().map(|person| person.id.clone()));
        people
    }

    fn gap(&mut self, gap: Gap) {
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    fn phones(
        &mut self,
        target: &Target,
        roster: &Roster,
        chained: bool,
        now: Timestamp,
    ) -> Vec<(E164, Option<Recipient>)> {
        if let Some(number) = target.number() {
            return vec![(number.clone(), chained.then(|| by_number(number)))];
        }
        let people = self.people(target, roster, now);
        let mut phones = Vec::new();
        for person in people {
            match person.phones.iter().find(|phone| phone.verified_at.is_some()) {
                Some(phone) => phones.push((phone.address.clone(), Some(recipient(person)))),
                // Neither a text nor a call reaches a person who has only a mail address.
                None => self.gap(Gap::Unknown { target: format!("the phone of {}", person.name) }),
            }
        }
        phones
    }

    fn attempts(
        &mut self,
        target: &Target,
        roster: &Roster,
        now: Timestamp,
    ) -> Vec<(Recipient, Vec<Attempt>)> {
        if let Some(number) = target.number() {
            let attempts = BY_NUMBER.iter().map(|(by, minutes)| Attempt {
                to: by(number.clone()),
                after: SignedDuration::from_mins(*minutes),
            });
            return vec![(by_number(number), attempts.collect())];
        }
        self.people(target, roster, now)
            .into_iter()
            .map(|person| (recipient(person), person.attempts()))
            .collect()
    }
}

fn recipient(person: &Person) -> Recipient {
    Recipient { id: person.id.clone(), name: person.name.clone(), until_answered: false }
}

fn by_number(number: &E164) -> Recipient {
    Recipient { id: number.to_string(), name: number.to_string(), until_answered: false }
}

/// Splits the attempts into parts of at most `most`. All attempts for one person are in the same part, even if it gets longer.
pub(super) fn in_parts(pages: Vec<Paging>, most: usize) -> Vec<Vec<Paging>> {
    let mut people: Vec<Vec<Paging>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for page in pages {
        let place = match &page.recipient {
            Some(recipient) => *places.entry(recipient.id.clone()).or_insert(people.len()),
            None => people.len(),
        };
        if place == people.len() {
            people.push(Vec::new());
        }
        people[place].push(page);
    }
    let mut parts: Vec<Vec<Paging>> = Vec::new();
    for person in people {
        match parts.last_mut() {
            Some(part) if part.len() + person.len() <= most => part.extend(person),
            _ => parts.push(person),
        }
    }
    parts
}

/// Returns a message to the admins by both of their channels, since nobody else may be available.
pub(super) fn tell_admins(context: Context<'_>, text: &str) -> Vec<Message> {
    let content = || Content::Text(text.to_owned());
    let webex = context
        .admins
        .webex
        .iter()
        .map(|email| Message::Direct(DirectMessage { email: email.clone(), content: content() }));
    let texts = context.admins.sms.iter().map(|to| {
        Message::Phone(PhoneMessage::Text { to: to.clone(), from: context.from.cloned(), content: content() })
    });
    webex.chain(texts).collect()
}
