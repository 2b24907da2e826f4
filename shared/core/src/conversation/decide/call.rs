//! The effects of a customer's calls.

use jiff::{SignedDuration, Timestamp};

use super::builder::{DecisionBuilder, FromCustomer};
use super::context::ConversationContext;
use super::customer::wants_an_answer;
use super::decision::ConversationDecision;
use crate::conversation::{Conversation, CustomerCall, Sender};
use crate::delivery::{Content, ConversationEntry, Medium, Message, SpaceMessage, Speaker};
use crate::wording::conversation as wording;

/// Time after which a call is certainly over: Twilio ends a forwarded call after four hours (Twilio, TwiML, Dial).
const LONGEST_CALL: SignedDuration = SignedDuration::from_mins(4 * 60 + 15);
/// Time for which a forwarded call's outcome is awaited once the caller's line is free. Twilio reports both at about the same time.
const OUTCOME_WITHIN: SignedDuration = SignedDuration::from_secs(30);

type Before<'a> = Option<&'a Conversation>;

/// A customer's call, with what is known of its line.
pub(super) struct Caller<'a> {
    pub(super) before: Before<'a>,
    pub(super) sender: &'a Sender,
    pub(super) context: ConversationContext<'a>,
    pub(super) now: Timestamp,
}

impl<'a> Caller<'a> {
    fn builder(&self) -> DecisionBuilder<'a> {
        DecisionBuilder::open_or_continue(self.before, self.sender, self.context, self.now)
    }

    fn known(&self, id: &str) -> Option<&'a CustomerCall> {
        let before = self.before.filter(|before| before.address.is_some())?;
        before.calls.iter().find(|call| call.id == id)
    }

    /// Returns true if the space shows already that the call is over.
    fn is_over(&self, id: &str) -> bool {
        self.known(id).is_some_and(|call| call.until.is_none())
    }

    pub(super) fn ring(&self, id: &str) -> Option<ConversationDecision> {
        if self.known(id).is_some() {
            return None;
        }
        let mut builder = self.builder();
        let until = Some(self.now + LONGEST_CALL);
        builder.next.remember_call(CustomerCall { id: id.to_owned(), until, hung_up: false });
        add_call_entry(&mut builder, wording::RINGS.to_owned());
        Some(builder.finish())
    }

    /// Waits for the outcome of a call that rang. A call that is unknown was never stored, so it is told now.
    pub(super) fn hang_up(&self, id: &str) -> Option<ConversationDecision> {
        let Some(call) = self.known(id) else { return self.end(id, None) };
        let until = call.until.filter(|_| !call.hung_up)?;
        let mut builder = DecisionBuilder::on(self.before?, self.sender, self.context, self.now);
        let until = Some(until.min(self.now + OUTCOME_WITHIN));
        builder.next.remember_call(CustomerCall { until, hung_up: true, ..call.clone() });
        Some(builder.finish())
    }

    pub(super) fn end(&self, id: &str, spoke: Option<SignedDuration>) -> Option<ConversationDecision> {
        if spoke.is_none() && self.is_over(id) {
            return None;
        }
        let mut builder = self.builder();
        remember_end(&mut builder, id);
        add_call_entry(&mut builder, wording::call_ended(spoke));
        if spoke.is_none() {
            miss(&mut builder);
        } else {
            builder.end_waiting(None);
            builder.next.answered_at = Some(self.now);
        }
        Some(builder.finish())
    }

    /// Ends the calls whose outcome was never reported; none if there are none.
    pub(super) fn end_unreported(&self) -> Option<ConversationDecision> {
        let before = self.before.filter(|before| before.address.is_some())?;
        let due = |call: &&CustomerCall| call.until.is_some_and(|until| until <= self.now);
        let due: Vec<_> = before.calls.iter().filter(due).collect();
        if due.is_empty() {
            return None;
        }
        let mut builder = self.builder();
        for call in due {
            remember_end(&mut builder, &call.id);
            if call.hung_up {
                add_call_entry(&mut builder, wording::call_ended(None));
                miss(&mut builder);
            } else {
                add_call_entry(&mut builder, wording::CALL_UNREPORTED.to_owned());
                wants_an_answer(&mut builder, false);
            }
        }
        Some(builder.finish())
    }
}

/// An agent called the customer. If the customer answered, nobody waits any more.
pub(super) fn record_agents_call(
    mut builder: DecisionBuilder<'_>,
    by: &str,
    spoke: Option<SignedDuration>,
) -> ConversationDecision {
    let entry = ConversationEntry {
        speaker: Speaker::Agent(by.to_owned()),
        customer: builder.next.called(),
        medium: Medium::Call,
        text: wording::agent_called(spoke),
        note: String::new(),
        files: 0,
        at: builder.now,
    };
    builder.add_entry(entry, [Message::Space(SpaceMessage::Post { content: Content::Entry })]);
    if spoke.is_some() {
        builder.end_waiting(Some(by));
        builder.next.answered_at = Some(builder.now);
        builder.next.settled_at = None;
    }
    builder.finish()
}

fn remember_end(builder: &mut DecisionBuilder<'_>, id: &str) {
    builder.next.remember_call(CustomerCall { id: id.to_owned(), until: None, hung_up: true });
}

fn add_call_entry(builder: &mut DecisionBuilder<'_>, text: String) {
    let at = builder.now;
    builder.add_customer_entry(FromCustomer { medium: Medium::Call, text, note: String::new(), at }, []);
}

/// Nobody took the call: the caller hears of it by text, and waits for an answer.
fn miss(builder: &mut DecisionBuilder<'_>) {
    builder.by_phone = true;
    let told = builder.reply_to_caller(builder.context.line.texts.missed_call.as_deref());
    wants_an_answer(builder, !told);
}
