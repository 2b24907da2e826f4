//! A turn being made: the next state and what is said, growing together.

use jiff::{SignedDuration, Timestamp};

use super::{CLOSED_AGAIN, Desk, TOLD_AGAIN, Turn};
use crate::conversation::{Address, Conversation, Sender, TAKEN_BACK_KEPT};
use crate::delivery::{
    Body, Content, ConversationEntry, Delivery, Dispatch, DispatchKey, Fact, Medium, Message, OfConversation,
    Patience, PhoneMessage, SUMMARY, SpaceMessage, Speaker,
};
use crate::texting::{self, PriceClass, price_class};

/// What a customer said.
pub(super) struct FromCustomer {
    pub(super) medium: Medium,
    pub(super) text: String,
    /// What we have to say of it ourselves.
    pub(super) note: String,
    pub(super) at: Timestamp,
}

pub(super) struct DecisionBuilder<'a> {
    pub(super) next: Conversation,
    pub(super) sender: Sender,
    pub(super) desk: Desk<'a>,
    pub(super) now: Timestamp,
    /// The dispatch that carries an answer.
    pub(super) answer: u32,
    /// The customer calls at this moment: the number is theirs.
    pub(super) by_phone: bool,
    opens: bool,
    was_due: Option<Timestamp>,
    sender_before: Sender,
    dispatches: Vec<Dispatch>,
    facts: Vec<Fact>,
}

impl<'a> DecisionBuilder<'a> {
    pub(super) fn on(before: &Conversation, sender: &Sender, desk: Desk<'a>, now: Timestamp) -> Self {
        let mut next = before.clone();
        next.version += 1;
        Self {
            was_due: next.wake_at,
            next,
            sender: sender.clone(),
            desk,
            now,
            answer: 0,
            by_phone: false,
            opens: false,
            sender_before: sender.clone(),
            dispatches: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// The customer is heard: the conversation opens, or opens again, or goes on.
    pub(super) fn heard(
        before: Option<&Conversation>,
        sender: &Sender,
        desk: Desk<'a>,
        now: Timestamp,
    ) -> Self {
        let known = before.filter(|before| before.address.is_some());
        let mut builder = match known {
            Some(before) => Self::on(before, sender, desk, now),
            None => {
                let fresh = Conversation {
                    subject: desk.subject.clone(),
                    // Later than any before it, so that nothing of theirs is taken for ours, whatever the clock says.
                    epoch: before
                        .map_or(0, |before| before.epoch.saturating_add(1))
                        .max(now.as_second().unsigned_abs()),
                    version: before.map_or(0, |before| before.version),
                    address: Some(desk.address.clone()),
                    email: match desk.address {
                        Address::Mail(address) => Some(address.clone()),
                        _ => None,
                    },
                    by_form: false,
                    name: None,
                    closed: false,
                    opened_at: now,
                    heard_at: now,
                    answered_at: None,
                    waiting_since: None,
                    assignee: None,
                    assigned_at: None,
                    welcomed: false,
                    told_on: None,
                    // Numbers are never used twice, not even after somebody was forgotten.
                    dispatches: before.map_or(0, |before| before.dispatches),
                    last_post: 0,
                    last_answer: 0,
                    cancelled_up_to: before.map_or(0, |before| before.dispatches),
                    taken_back: Vec::new(),
                    answers: Vec::new(),
                    read_to: None,
                    read_with: None,
                    pace: crate::conversation::Pace::default(),
                    alarm: None,
                    alarmed: None,
                    erase_asked: None,
                    wake_at: None,
                };
                let mut builder = Self::on(&fresh, sender, desk, now);
                builder.opens = true;
                builder.fact("conversation.opened", []);
                builder
            }
        };
        if builder.next.closed {
            builder.next.closed = false;
            builder.next.opened_at = now;
            builder.next.assignee = None;
            builder.next.assigned_at = None;
            builder.fact("conversation.reopened", []);
        }
        builder.next.heard_at = now;
        builder
    }

    pub(super) fn fact<const N: usize>(&mut self, kind: &str, detail: [(&str, String); N]) {
        let number = self.facts.len();
        self.facts.push(Fact {
            id: format!("{}#{}#{}#{number}", self.next.subject.as_str(), self.next.epoch, self.next.version),
            kind: kind.to_owned(),
            at: self.now,
            detail: detail.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        });
    }

    /// A dispatch that says these, in this order, each in its lane: posts after posts, answers after answers.
    pub(super) fn say(&mut self, says: impl IntoIterator<Item = Message>) -> &mut Dispatch {
        self.next.dispatches += 1;
        let (subject, epoch) = (self.next.subject.clone(), self.next.epoch);
        let key = DispatchKey { subject, epoch, number: self.next.dispatches };
        let body = Body::Conversation(OfConversation::new(self.next.opened_at));
        let mut dispatch = Dispatch::new(key, body, self.now);
        if self.opens && self.dispatches.is_empty() {
            let content = Content::FirstPost(self.desk.address.clone());
            dispatch.add(Delivery::new(Message::Space(SpaceMessage::Post { content }), self.now));
        }
        for say in says {
            dispatch.add(Delivery::new(say, self.now));
        }
        let (mut posts, mut answers) = (false, false);
        for delivery in dispatch.deliveries.values() {
            posts |= delivery.message.is_post();
            answers |= delivery.message.is_reply();
        }
        if posts {
            dispatch.previous_post = (self.next.last_post > 0).then_some(self.next.last_post);
            self.next.last_post = dispatch.key.number;
        }
        if answers {
            let previous = (self.next.last_answer > 0).then_some(self.next.last_answer);
            dispatch.in_conversation(|of| of.previous_reply = previous);
            self.next.last_answer = dispatch.key.number;
            dispatch.deliveries.insert(
                SUMMARY.to_owned(),
                Delivery::new(Message::Space(SpaceMessage::DeliverySummary), self.now),
            );
        }
        self.dispatches.push(dispatch);
        let last = self.dispatches.len() - 1;
        &mut self.dispatches[last]
    }

    /// The customer says something: a post in the space, and what comes with it.
    pub(super) fn customer_says(&mut self, words: FromCustomer, with: impl IntoIterator<Item = Message>) {
        let with: Vec<Message> = with.into_iter().collect();
        let files = with
            .iter()
            .filter(|message| matches!(message, Message::Space(SpaceMessage::CustomerFile { .. })))
            .count();
        let entry = ConversationEntry {
            speaker: Speaker::Customer,
            customer: self.next.called(),
            medium: words.medium,
            text: words.text,
            note: words.note,
            files: u32::try_from(files).unwrap_or(u32::MAX),
            at: words.at,
        };
        let first = Message::Space(SpaceMessage::Post { content: Content::Entry });
        self.say_entry(entry, std::iter::once(first).chain(with));
    }

    /// A dispatch that carries what was said. It is tried for a day: these words have nowhere else to go.
    pub(super) fn say_entry(
        &mut self,
        entry: ConversationEntry,
        says: impl IntoIterator<Item = Message>,
    ) -> &mut Dispatch {
        let dispatch = self.say(says);
        dispatch.patience = Patience::Day;
        dispatch.in_conversation(|of| of.entry = Some(Box::new(entry)));
        dispatch
    }

    /// Goes with what the customer says, in one dispatch: who is asked is there before it is posted.
    pub(super) fn say_with_the_customer(&mut self, say: Message) {
        let now = self.now;
        let customers = |dispatch: &&mut Dispatch| {
            dispatch.conversation_entry().is_some_and(|entry| entry.speaker == Speaker::Customer)
        };
        match self.dispatches.iter_mut().find(customers) {
            Some(dispatch) => {
                dispatch.add(Delivery::new(say, now));
            }
            None => {
                self.say([say]);
            }
        }
    }

    /// A word to the team, in the space or under a message.
    pub(super) fn note(&mut self, thread: Option<&str>, text: String) {
        let thread = thread.map(str::to_owned);
        self.say([Message::Space(SpaceMessage::Post { content: Content::Text(text) })])
            .in_conversation(|of| of.thread = thread);
    }

    /// Tells the customer something by itself, if that is wanted and harmless; the team sees it.
    pub(super) fn tell(&mut self, text: Option<&str>) -> bool {
        // Whoever filled in the form may have typed somebody else's number.
        self.sender.confirmed.is_some() && self.tell_caller(text)
    }

    /// The same to somebody who just called from this number.
    pub(super) fn tell_caller(&mut self, text: Option<&str>) -> bool {
        // Whoever calls can show any number: texts to far countries are what makes money of that.
        let line = self.desk.line;
        let near = |number: &str| price_class(&line.number, number) == PriceClass::Domestic;
        let far = self.desk.address.number().is_some_and(|number| !near(number));
        if far && line.countries.is_empty() && self.sender.confirmed.is_none() {
            return false;
        }
        let Some((text, to)) = text.and_then(|text| Some((text, self.may_tell()?))) else { return false };
        self.say_by_itself(text, to);
        true
    }

    /// Says to the customer what no agent wrote; the team sees it.
    pub(super) fn say_by_itself(&mut self, text: &str, to: String) {
        self.sender.told_at = Some(self.now);
        let (from, customer) = (self.desk.line.number.clone(), self.next.called());
        let entry = ConversationEntry {
            speaker: Speaker::Handbell,
            customer,
            medium: Medium::Text,
            text: text.to_owned(),
            note: String::new(),
            files: 0,
            at: self.now,
        };
        let post = Message::Space(SpaceMessage::Post { content: Content::Entry });
        let reply = PhoneMessage::Reply { to, from, text: text.to_owned(), files: Vec::new() };
        self.say_entry(entry, [post, Message::Phone(reply)]);
    }

    /// The number, if something may be said to it by itself: not twice in ten minutes, so that two machines that are
    /// wired to each other fall silent; and not to who didn't come to us: anybody can type a number into the form.
    fn may_tell(&self) -> Option<String> {
        let quiet = self.sender.told_at.is_none_or(|at| self.now.duration_since(at) >= TOLD_AGAIN);
        let came = self.sender.confirmed.is_some() || self.by_phone || !self.next.by_form;
        self.may_hear().filter(|_| quiet && came)
    }

    /// The number, if it is a person's who may hear what no agent wrote: no short code, and not one of our own.
    pub(super) fn may_hear(&self) -> Option<String> {
        let number = self.desk.address.number()?;
        let person = !texting::is_short_code(number) && !self.desk.own_numbers.contains(&number);
        let wanted = self.sender.opted_out.is_none() && texting::may_text(number, &self.desk.line.countries);
        (person && wanted).then(|| number.to_owned())
    }

    /// The customer wants no more texts: what has not left stays here.
    pub(super) fn opt_out(&mut self) {
        self.sender.opted_out.get_or_insert(self.now);
        self.next.cancelled_up_to = self.next.dispatches;
        self.next.waiting_since = None;
        self.next.alarm = None;
        self.fact("customer.opted-out", []);
    }

    /// Remembers which dispatch carries an agent's message, for when it is changed or deleted.
    pub(super) fn carries(&mut self, message: &str, answer: u32) {
        let answers = &mut self.next.answers;
        answers.retain(|(known, _)| known != message);
        answers.push((message.to_owned(), answer));
        let too_many = answers.len().saturating_sub(TAKEN_BACK_KEPT);
        answers.drain(..too_many);
        self.answer = answer;
    }

    /// A text came from the number: it belongs to somebody who wants to hear from us. Renewed once a day, so that it isn't
    /// forgotten while somebody writes.
    pub(super) fn confirm(&mut self) {
        let now = self.now;
        let old = |at: &Timestamp| now.duration_since(*at) >= SignedDuration::from_hours(24);
        if self.sender.confirmed.is_none_or(|at| old(&at)) {
            self.sender.confirmed = Some(now);
        }
    }

    /// An answer that has not left yet shall not.
    pub(super) fn take_back(&mut self, answer: u32) {
        let taken = &mut self.next.taken_back;
        if !taken.contains(&answer) {
            taken.push(answer);
        }
        let too_many = taken.len().saturating_sub(TAKEN_BACK_KEPT);
        taken.drain(..too_many);
    }

    /// Nobody waits any more.
    pub(super) fn answered(&mut self) {
        self.next.waiting_since = None;
        self.next.alarm = None;
    }

    pub(super) fn close(&mut self) {
        self.answered();
        self.next.closed = true;
        self.next.erase_asked = None;
    }

    /// What remains when somebody was forgotten: nothing of them, but numbers that are never used twice.
    pub(super) fn forget(&mut self) {
        self.close();
        // The incident of a waiting is removed with everything else: nothing is left to end.
        self.next.alarmed = None;
        self.next.address = None;
        self.next.email = None;
        self.next.by_form = false;
        self.next.name = None;
        self.next.assignee = None;
        self.next.assigned_at = None;
        self.next.welcomed = false;
        self.next.told_on = None;
        self.next.taken_back.clear();
        self.next.answers.clear();
        self.next.read_to = None;
        self.next.read_with = None;
    }

    /// When the conversation must be looked at again; none once it is closed.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let conversation = &self.next;
        if conversation.alarm != conversation.alarmed {
            return Some(self.now);
        }
        if conversation.closed {
            return None;
        }
        let quiet = conversation.heard_at.max(conversation.answered_at.unwrap_or(conversation.heard_at));
        let mut over = quiet + self.desk.line.close_after.0;
        let waits = conversation.waiting_since.zip(self.desk.line.waiting.as_ref());
        if waits.is_some() && over <= self.now {
            // It isn't closed, and somebody is called already: there is nothing to look for at every moment.
            over = self.now + self.desk.line.close_after.0;
        }
        let waits = waits.filter(|_| conversation.alarm.is_none()).map(|(since, waiting)| {
            let limit = since + waiting.after.0;
            if limit <= self.now && !self.desk.open { self.now + CLOSED_AGAIN } else { limit }
        });
        Some(waits.unwrap_or(over).max(self.now))
    }

    /// When it will be looked at: moving an entry of the index costs two writes; an early wake-up costs a look, and asks again
    /// for the right time.
    fn due(&self) -> Option<Timestamp> {
        match (self.was_due, self.wake_at()) {
            (Some(was), Some(wanted)) if was <= wanted && was > self.now => Some(was),
            (_, wanted) => wanted,
        }
    }

    /// It would be looked at some other time than it is now. What is due already needs no moving.
    pub(super) fn moves(&self) -> bool {
        let due = |at: Option<Timestamp>| at.map(|at| at.max(self.now));
        due(self.was_due) != due(self.due())
    }

    pub(super) fn done(mut self) -> Turn {
        self.next.wake_at = self.due();
        if !self.facts.is_empty() {
            if self.dispatches.is_empty() {
                self.say([]);
            }
            self.dispatches[0].facts = self.facts;
        }
        if self.sender != self.sender_before {
            self.sender.version += 1;
        }
        Turn {
            sender: (self.sender != self.sender_before).then_some(self.sender),
            next: Some(self.next),
            dispatches: self.dispatches,
            answer: self.answer,
        }
    }
}
