//! Builds a decision: the next state and its dispatches.

mod automatic;
mod dispatch;
mod schedule;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::context::ConversationContext;
use super::decision::ConversationDecision;
use crate::conversation::{Address, Conversation, Sender, TAKEN_BACK_KEPT};
use crate::delivery::{Dispatch, Fact, Medium};
use crate::vendor_id::MessageId;

/// Minimum time between two searches for an available agent.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// What a customer wrote or said.
pub(super) struct FromCustomer {
    pub(super) medium: Medium,
    pub(super) text: String,
    /// Handbell's note on it.
    pub(super) note: String,
    pub(super) at: Timestamp,
}

pub(super) struct DecisionBuilder<'a> {
    pub(super) next: Conversation,
    pub(super) sender: Sender,
    pub(super) context: ConversationContext<'a>,
    pub(super) now: Timestamp,
    /// The dispatch that carries an answer; 0 without one.
    pub(super) answer: u32,
    /// True if the customer is calling from this number now.
    pub(super) by_phone: bool,
    opens: bool,
    was_due: Option<Timestamp>,
    sender_before: Sender,
    dispatches: Vec<Dispatch>,
    facts: Vec<Fact>,
}

impl<'a> DecisionBuilder<'a> {
    pub(super) fn on(
        before: &Conversation,
        sender: &Sender,
        context: ConversationContext<'a>,
        now: Timestamp,
    ) -> Self {
        let mut next = before.clone();
        next.version += 1;
        Self {
            was_due: next.wake_at,
            next,
            sender: sender.clone(),
            context,
            now,
            answer: 0,
            by_phone: false,
            opens: false,
            sender_before: sender.clone(),
            dispatches: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Begins with a customer's message or call: opens the conversation, reopens it, or continues it.
    pub(super) fn open_or_continue(
        before: Option<&Conversation>,
        sender: &Sender,
        context: ConversationContext<'a>,
        now: Timestamp,
    ) -> Self {
        let known = before.filter(|before| before.address.is_some());
        let mut builder = match known {
            Some(before) => Self::on(before, sender, context, now),
            None => {
                let fresh = Conversation {
                    subject: context.subject.clone(),
                    // Later than any earlier epoch, whatever the clock says, so that nothing of an earlier conversation belongs
                    // to this one.
                    epoch: before
                        .map_or(0, |before| before.epoch.saturating_add(1))
                        .max(now.as_second().unsigned_abs()),
                    version: before.map_or(0, |before| before.version),
                    address: Some(context.address.clone()),
                    email: match context.address {
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
                    wait_ended_by: None,
                    settled_at: None,
                    assignee: None,
                    assigned_at: None,
                    welcomed: false,
                    closing_sent_at: None,
                    told_on: None,
                    // Dispatch numbers are never reused, not even after the customer was erased.
                    dispatches: before.map_or(0, |before| before.dispatches),
                    last_post: 0,
                    last_answer: 0,
                    cancelled_up_to: before.map_or(0, |before| before.dispatches),
                    taken_back: Vec::new(),
                    answers: Vec::new(),
                    seen: Vec::new(),
                    calls: Vec::new(),
                    read_to: None,
                    read_with: None,
                    pace: crate::conversation::ReplyCount::default(),
                    alarm: None,
                    alarmed: None,
                    erase_asked: None,
                    wake_at: None,
                };
                let mut builder = Self::on(&fresh, sender, context, now);
                builder.opens = true;
                builder.add_fact("conversation.opened", []);
                builder
            }
        };
        if builder.next.closed {
            builder.next.closed = false;
            builder.next.opened_at = now;
            builder.next.assignee = None;
            builder.next.assigned_at = None;
            builder.add_fact("conversation.reopened", []);
        }
        builder.next.heard_at = now;
        builder
    }

    pub(super) fn add_fact<const N: usize>(&mut self, kind: &str, detail: [(&str, String); N]) {
        let number = self.facts.len();
        self.facts.push(Fact {
            id: format!("{}#{}#{}#{number}", self.next.subject.as_str(), self.next.epoch, self.next.version),
            kind: kind.to_owned(),
            at: self.now,
            detail: detail.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        });
    }

    /// Records that the customer wants no more texts, and cancels the answers that weren't sent yet.
    pub(super) fn opt_out(&mut self) {
        self.sender.opted_out.get_or_insert(self.now);
        self.next.cancelled_up_to = self.next.dispatches;
        self.end_waiting(None);
        self.add_fact("customer.opted-out", []);
    }

    /// Remembers which dispatch carries an agent's message, in case the message is edited or deleted.
    pub(super) fn remember_relayed(&mut self, message: &MessageId, answer: u32) {
        let answers = &mut self.next.answers;
        answers.retain(|(known, _)| known != message);
        answers.push((message.clone(), answer));
        let too_many = answers.len().saturating_sub(TAKEN_BACK_KEPT);
        answers.drain(..too_many);
        self.answer = answer;
    }

    /// Records that the number sent a text, so its owner wants answers there. Renewed once a day, so that it doesn't expire while
    /// the customer writes.
    pub(super) fn confirm(&mut self) {
        let now = self.now;
        let old = |at: &Timestamp| now.duration_since(*at) >= SignedDuration::from_hours(24);
        if self.sender.confirmed.is_none_or(|at| old(&at)) {
            self.sender.confirmed = Some(now);
        }
    }

    /// Takes back an answer, unless it was already sent.
    pub(super) fn take_back(&mut self, answer: u32) {
        let taken = &mut self.next.taken_back;
        if !taken.contains(&answer) {
            taken.push(answer);
        }
        let too_many = taken.len().saturating_sub(TAKEN_BACK_KEPT);
        taken.drain(..too_many);
    }

    /// Records that the customer isn't waiting for an answer any more, and which agent ended that.
    pub(super) fn end_waiting(&mut self, by: Option<&str>) {
        if self.next.waiting_since.take().is_some() {
            self.next.wait_ended_by = by.map(str::to_owned);
        }
        self.next.alarm = None;
    }

    /// Returns true if an available agent was looked for just now.
    pub(super) fn looked_lately(&self) -> bool {
        self.next.assigned_at.is_some_and(|at| self.now.duration_since(at) < LOOK_AGAIN)
    }

    /// Returns true if the customer and the lobby were told today that nobody is available.
    pub(super) fn was_told_today(&self) -> bool {
        self.next.told_on == Some(self.today())
    }

    pub(super) fn today(&self) -> Date {
        self.now.to_zoned(self.context.zone.clone()).date()
    }

    pub(super) fn close(&mut self, by: Option<&str>) {
        self.end_waiting(by);
        self.next.closed = true;
        self.next.erase_asked = None;
    }

    /// Removes everything about the customer. Only the numbers remain that are never reused.
    pub(super) fn forget(&mut self) {
        self.close(None);
        // The waiting customer's incident is erased with everything else, so there is none to end.
        self.next.alarmed = None;
        self.next.address = None;
        self.next.email = None;
        self.next.by_form = false;
        self.next.name = None;
        self.next.wait_ended_by = None;
        self.next.settled_at = None;
        self.next.assignee = None;
        self.next.assigned_at = None;
        self.next.welcomed = false;
        self.next.closing_sent_at = None;
        self.next.told_on = None;
        self.next.taken_back.clear();
        self.next.answers.clear();
        self.next.seen.clear();
        self.next.calls.clear();
        self.next.read_to = None;
        self.next.read_with = None;
    }

    pub(super) fn finish(mut self) -> ConversationDecision {
        self.next.wake_at = self.due();
        if !self.facts.is_empty() {
            if self.dispatches.is_empty() {
                self.add_dispatch([]);
            }
            self.dispatches[0].facts = self.facts;
        }
        if self.sender != self.sender_before {
            self.sender.version += 1;
        }
        ConversationDecision {
            sender: (self.sender != self.sender_before).then_some(self.sender),
            next: Some(self.next),
            dispatches: self.dispatches,
            answer: self.answer,
        }
    }
}
