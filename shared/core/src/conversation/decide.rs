//! The rules of a conversation: the effects of what a customer and an agent write. One pure function, [`decide`].

mod answer;
mod builder;
mod call;
mod command;
mod context;
mod customer;
mod decision;
mod event;

use jiff::Timestamp;

use self::answer::Edit;
use self::builder::DecisionBuilder;
use self::call::Caller;
pub use self::context::ConversationContext;
use self::customer::{CustomerText, FormEntry};
pub use self::decision::ConversationDecision;
use self::decision::nothing;
pub use self::event::{AgentMessage, Attendance, ConversationEvent, CustomerFile};
use crate::conversation::relay_policy::KeptReason;
use crate::conversation::waiting::waited;
use crate::conversation::{Conversation, Sender};
use crate::wording::conversation as wording;

/// Applies the rules. The same arguments give the same result: no clock, no randomness, no I/O.
pub fn decide(
    before: Option<&Conversation>,
    sender: &Sender,
    event: &ConversationEvent,
    context: ConversationContext<'_>,
    now: Timestamp,
) -> ConversationDecision {
    // A conversation that exists, with a customer who wasn't erased.
    let existing = || {
        let before = before.filter(|before| before.address.is_some())?;
        Some(DecisionBuilder::on(before, sender, context, now))
    };
    let existing_after = |read: &AgentMessage| {
        let mut builder = existing()?;
        builder.next.read_to = builder.next.read_to.max(read.at);
        builder.next.read_with = Some(read.sight);
        builder.next.remember_colleague(&read.by);
        Some(builder)
    };
    let caller = Caller { before, sender, context, now };
    let decision = match event {
        ConversationEvent::Text { body, files, at, word } => {
            let text = CustomerText { body, files, at: at.unwrap_or(now), word: *word };
            Some(customer::handle_text(before, sender, text, context, now))
        }
        ConversationEvent::Form { message, name, email } => {
            let entry = FormEntry { message, name: name.as_deref(), email: email.as_ref() };
            Some(customer::handle_form(before, sender, entry, context, now))
        }
        ConversationEvent::CallForwarded { call } => caller.ring(call),
        ConversationEvent::CallerHungUp { call } => caller.hang_up(call),
        ConversationEvent::CallEnded { call, spoke } => caller.end(call, *spoke),
        ConversationEvent::AgentCalled { by, spoke } => {
            existing().map(|builder| call::record_agents_call(builder, by, *spoke))
        }
        ConversationEvent::Voicemail { url, length } => {
            Some(customer::handle_voicemail(before, sender, url, *length, context, now))
        }
        ConversationEvent::Answer(answer) => {
            existing_after(answer).map(|builder| answer::relay(builder, answer, None))
        }
        ConversationEvent::AnswerEdited { answer, now, by } => {
            let edit = Edit { answer: *answer, changed: true, now: now.as_ref(), by };
            existing().map(|builder| answer::handle_edit(builder, &edit))
        }
        ConversationEvent::AnswerDeleted { answer, by } => {
            let edit = Edit { answer: *answer, changed: false, now: None, by };
            existing().map(|builder| answer::handle_edit(builder, &edit))
        }
        ConversationEvent::Command { command, asked } => {
            existing_after(asked).map(|builder| command::handle_command(builder, command, asked))
        }
        ConversationEvent::Kept { why, said } => {
            existing_after(said).map(|builder| handle_kept_message(builder, why, said))
        }
        ConversationEvent::KeptEdited { command, said } => {
            existing().map(|builder| reply_under(builder, said, wording::edited_too_late(*command)))
        }
        ConversationEvent::LineGone { said } => existing_after(said)
            .map(|builder| reply_under(builder, said, wording::line_gone(context.subject.own_name()))),
        ConversationEvent::SpaceEmpty => existing().and_then(customer::handle_empty_space),
        ConversationEvent::AttendanceChecked(there) => {
            existing().and_then(|builder| handle_search_result(builder, there))
        }
        ConversationEvent::OptedOut => existing().and_then(handle_refusal),
        ConversationEvent::AnswerFailed => existing().and_then(|builder| handle_failed_answer(builder, now)),
        ConversationEvent::AlarmChanged { alarmed } => {
            existing().and_then(|builder| handle_alarm(builder, *alarmed))
        }
        ConversationEvent::Wake => caller.end_unreported().or_else(|| {
            let mut builder = existing()?;
            let changed = woken(&mut builder, now);
            changed.then(|| builder.finish())
        }),
    };
    decision.unwrap_or_else(nothing)
}

fn reply_under(mut builder: DecisionBuilder<'_>, said: &AgentMessage, note: String) -> ConversationDecision {
    builder.note(Some(&said.thread), note);
    builder.finish()
}

fn handle_kept_message(
    mut builder: DecisionBuilder<'_>,
    why: &KeptReason,
    message: &AgentMessage,
) -> ConversationDecision {
    if let Some(note) = wording::stays(why, message.sight, builder.context.line.answers) {
        builder.note(Some(&message.thread), note);
    }
    builder.finish()
}

fn handle_search_result(
    mut builder: DecisionBuilder<'_>,
    there: &Attendance,
) -> Option<ConversationDecision> {
    // If an agent answered during the search, it would be odd to ask another, or to say that nobody is available.
    builder.next.waiting_since?;
    customer::handle_attendance(&mut builder, there);
    Some(builder.finish())
}

fn handle_refusal(mut builder: DecisionBuilder<'_>) -> Option<ConversationDecision> {
    if builder.sender.opted_out.is_some() {
        return None;
    }
    builder.opt_out();
    builder.note(None, wording::refused_by_twilio());
    Some(builder.finish())
}

fn handle_failed_answer(mut builder: DecisionBuilder<'_>, now: Timestamp) -> Option<ConversationDecision> {
    if builder.next.closed || builder.next.waiting_since.is_some() || builder.sender.opted_out.is_some() {
        return None;
    }
    builder.next.waiting_since = Some(now);
    Some(builder.finish())
}

fn handle_alarm(
    mut builder: DecisionBuilder<'_>,
    alarmed: Option<Timestamp>,
) -> Option<ConversationDecision> {
    if builder.next.alarmed == alarmed {
        return None;
    }
    builder.next.alarmed = alarmed;
    Some(builder.finish())
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
        && waited(line, builder.context.zone, since, now) >= waiting.after.0
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
        builder.close(None);
        builder.add_fact("conversation.closed", [("by", "time".to_owned())]);
        return true;
    }
    builder.must_move_wake()
}
