//! The rules of a conversation: the effects of what a customer and an agent write. One pure function, [`decide`].

mod answer;
mod builder;
mod command;
mod context;
mod customer;
mod decision;
mod event;

use jiff::Timestamp;

use self::builder::DecisionBuilder;
pub use self::context::ConversationContext;
use self::customer::{CustomerText, FormEntry};
pub use self::decision::ConversationDecision;
use self::decision::nothing;
pub use self::event::{AgentMessage, Attendance, ConversationEvent, CustomerFile};
use crate::conversation::{Conversation, Sender};
use crate::texting::opt_out_word;
use crate::wording::conversation as wording;

/// Applies the rules. The same arguments give the same result: no clock, no randomness, no I/O.
pub fn decide(
    before: Option<&Conversation>,
    sender: &Sender,
    heard: &ConversationEvent,
    context: ConversationContext<'_>,
    now: Timestamp,
) -> ConversationDecision {
    match heard {
        ConversationEvent::Text { body, files, at, word } => {
            let word = word.or_else(|| if files.is_empty() { opt_out_word(body) } else { None });
            let text = CustomerText { body, files, at: at.unwrap_or(now), word };
            customer::handle_text(before, sender, text, context, now)
        }
        ConversationEvent::Form { message, name, email } => {
            let entry = FormEntry { message, name: name.as_deref(), email: email.as_ref() };
            customer::handle_form(before, sender, entry, context, now)
        }
        ConversationEvent::Rings => customer::handle_ring(before, sender, context, now),
        ConversationEvent::Called { spoke } => {
            customer::handle_call_end(before, sender, *spoke, context, now)
        }
        ConversationEvent::Voicemail { url, length } => {
            customer::handle_voicemail(before, sender, url, *length, context, now)
        }
        heard => {
            // Everything else concerns an existing conversation with a customer who wasn't erased.
            let Some(before) = before.filter(|before| before.address.is_some()) else { return nothing() };
            let mut builder = DecisionBuilder::on(before, sender, context, now);
            if let ConversationEvent::Relay(said)
            | ConversationEvent::Command { asked: said, .. }
            | ConversationEvent::Stays { said, .. } = heard
            {
                builder.next.read_to = builder.next.read_to.max(said.at);
                builder.next.read_with = Some(said.sight);
            }
            known(builder, heard, now)
        }
    }
}

fn known(
    mut builder: DecisionBuilder<'_>,
    heard: &ConversationEvent,
    now: Timestamp,
) -> ConversationDecision {
    match heard {
        ConversationEvent::Relay(answer) => return answer::relay(builder, answer, None),
        ConversationEvent::Changed { answer, now, by } => {
            return answer::handle_edit(builder, *answer, now.as_ref(), by);
        }
        ConversationEvent::Deleted { answer, by } => return answer::handle_edit(builder, *answer, None, by),
        ConversationEvent::Command { command, asked } => {
            return command::handle_command(builder, command, asked);
        }
        ConversationEvent::Stays { why, said } => {
            if let Some(note) = wording::stays(why, said.sight, builder.context.line.answers) {
                builder.note(Some(&said.thread), note);
            }
        }
        ConversationEvent::Looked(there) => {
            // An agent answered during the search. To ask another, or to say that nobody is available, would be odd.
            if builder.next.waiting_since.is_none() {
                return nothing();
            }
            customer::handle_attendance(&mut builder, there);
        }
        ConversationEvent::Refused => {
            if builder.sender.opted_out.is_some() {
                return nothing();
            }
            builder.opt_out();
            builder.note(None, wording::refused_by_twilio());
        }
        ConversationEvent::Failed => {
            if builder.next.closed
                || builder.next.waiting_since.is_some()
                || builder.sender.opted_out.is_some()
            {
                return nothing();
            }
            builder.next.waiting_since = Some(now);
        }
        ConversationEvent::Told { alarmed } => {
            if builder.next.alarmed == *alarmed {
                return nothing();
            }
            builder.next.alarmed = *alarmed;
        }
        _ => {
            if !woken(&mut builder, now) {
                return nothing();
            }
        }
    }
    builder.finish()
}

/// Processes a wake-up. Returns false if there is nothing to write: it was too early, which happens since a wake-up only moves
/// forward when it is reached, or the waiting has not been reported yet.
fn woken(builder: &mut DecisionBuilder<'_>, now: Timestamp) -> bool {
    let wanted = builder.wake_at();
    if builder.next.closed || wanted.is_some_and(|at| at > now) {
        return builder.must_move_wake();
    }
    let line = builder.context.line;
    let conversation = &mut builder.next;
    if let (Some(since), Some(waiting)) = (conversation.waiting_since, &line.waiting)
        && builder.context.open
        && now.duration_since(since) >= waiting.after.0
        && conversation.alarm.is_none()
    {
        conversation.alarm = Some(since);
        builder.add_fact("conversation.waiting", [("since", since.to_string())]);
        return true;
    }
    let quiet = conversation.heard_at.max(conversation.answered_at.unwrap_or(conversation.heard_at));
    // A waiting conversation isn't closed while somebody may still be called for it.
    let waits = conversation.waiting_since.is_some() && line.waiting.is_some();
    if !waits && now.duration_since(quiet) >= line.close_after.0 {
        builder.close();
        builder.add_fact("conversation.closed", [("by", "time".to_owned())]);
        return true;
    }
    builder.must_move_wake()
}
