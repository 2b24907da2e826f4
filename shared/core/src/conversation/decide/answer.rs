//! An agent's answers: the channels by which they are sent, why not, and what an edit or a deletion does.

use jiff::{SignedDuration, Timestamp};

use super::builder::DecisionBuilder;
use super::decision::ConversationDecision;
use super::event::AgentMessage;
use crate::conversation::ReplyCount;
use crate::delivery::{
    Content, ConversationEntry, MailMessage, Medium, Message, PhoneMessage, SpaceMessage, Speaker, TakenBack,
};
use crate::texting::{self, price_class, segments};
use crate::wording::conversation as wording;

/// A text with more parts than this is announced in the space before it is sent.
const LONG: u32 = 3;
/// Maximum number of characters of a text (Twilio, Messages resource).
const LONGEST: usize = 1600;
/// Minimum time for which an announced text is held, even if the line has no `undo`.
const ANNOUNCED: SignedDuration = SignedDuration::from_secs(10);

/// Sends an answer, or notes why it isn't sent. `replaces` is an answer that has to be taken back first.
pub(super) fn relay(
    mut builder: DecisionBuilder<'_>,
    answer: &AgentMessage,
    replaces: Option<u32>,
) -> ConversationDecision {
    let (line, now) = (builder.context.line, builder.now);
    // Answers count when they are written: those that are read late, after an outage, are no flood.
    let written_at = answer.at.map_or(now, |at| at.min(now));
    let pace = builder.next.pace.with_one_at(written_at);
    let limited = pace.in_minute > line.limits.per_minute || pace.in_day > line.limits.per_day;
    let text = match (line.signed, answer.text.is_empty()) {
        (true, false) => format!("{}: {}", answer.by.name, answer.text),
        _ => answer.text.clone(),
    };
    let number = builder.context.address.number();
    let refused = why_no_text(&builder, &text, limited);
    let length =
        number.filter(|_| refused.is_none()).map(|to| (segments(&text), price_class(&line.number, to)));
    let messages = messages_of(&builder, answer, text, refused.is_none(), limited);
    if messages.is_empty() {
        builder.note(Some(&answer.thread), refused.unwrap_or_default());
        return builder.finish();
    }
    let long = length.filter(|(parts, _)| parts.count > LONG);
    let undo = line.undo.map_or(SignedDuration::ZERO, |undo| undo.0);
    let held = if long.is_some() { undo.max(ANNOUNCED) } else { undo };
    if let Some((parts, class)) = long {
        let note = wording::long_text(&parts, class, held);
        builder.note(Some(&answer.thread), note);
    }
    let only_mail = refused.filter(|_| messages.iter().any(|message| message.is_mail()));
    let entry = ConversationEntry {
        speaker: Speaker::Agent(answer.by.name.clone()),
        customer: builder.next.called(),
        medium: Medium::Text,
        text: answer.text.clone(),
        note: String::new(),
        files: u32::try_from(answer.files.len()).unwrap_or(u32::MAX),
        at: now,
    };
    remember_answer(&mut builder, answer, pace, now);
    let dispatch = builder.add_entry(entry, messages);
    dispatch.in_conversation(|of| {
        of.thread = Some(answer.thread.clone());
        of.replaces = replaces;
    });
    for delivery in dispatch.deliveries.values_mut().filter(|delivery| delivery.message.is_reply()) {
        delivery.next_at = now + held;
    }
    let number = dispatch.key.number;
    builder.remember_relayed(&answer.message, number);
    if let Some(note) = only_mail {
        let mut note = wording::only_by_mail(&note);
        if !answer.files.is_empty() {
            note = format!("{note} {}", wording::FILES_STAY);
        }
        builder.note(Some(&answer.thread), note);
    }
    builder.finish()
}

/// Returns why the customer gets no text, in words for the agent; none if a text is sent.
fn why_no_text(builder: &DecisionBuilder<'_>, text: &str, limited: bool) -> Option<String> {
    let line = builder.context.line;
    if builder.sender.opted_out.is_some() {
        return Some(wording::NOT_SENT_STOP.to_owned());
    }
    if limited {
        return Some(wording::not_sent_limit(line.limits));
    }
    let characters = text.encode_utf16().count();
    match builder.context.address.phone() {
        None => Some(wording::NOT_SENT_NO_NUMBER.to_owned()),
        // A number that never sent a text gets none: anybody may have typed it into the form.
        Some(_) if builder.sender.confirmed.is_none() => Some(wording::not_sent_unconfirmed(&line.number)),
        Some(phone) if texting::is_short_code(phone.as_str()) => Some(wording::NOT_SENT_NO_NUMBER.to_owned()),
        Some(phone) if !texting::may_text(phone.as_str(), &line.countries) => {
            Some(wording::NOT_SENT_COUNTRY.to_owned())
        }
        // A shortened text would say something that nobody wrote.
        Some(_) if characters > LONGEST => Some(wording::not_sent_too_long(characters, LONGEST)),
        Some(_) => None,
    }
}

/// Returns the answer as a text, if one may be sent, and as a mail.
fn messages_of(
    builder: &DecisionBuilder<'_>,
    answer: &AgentMessage,
    text: String,
    by_text: bool,
    limited: bool,
) -> Vec<Message> {
    let (line, number) = (builder.context.line, builder.context.address.number());
    let mut messages = Vec::new();
    if let Some(to) = number.filter(|_| by_text) {
        messages.push(Message::Phone(PhoneMessage::Reply {
            to: to.clone(),
            from: line.number.clone(),
            text: text.clone(),
            files: answer.files.clone(),
        }));
    }
    // Anybody can type a customer's number into the form. So a customer with a confirmed number gets answers there and not by
    // mail.
    let by_mail = line.mail.is_some()
        && (builder.sender.confirmed.is_none() || builder.context.address.phone().is_none());
    let stopped = builder.sender.opted_out.is_some();
    if by_mail
        && !stopped
        && !limited
        && !answer.text.is_empty()
        && let Some(to) = builder.next.email.clone()
    {
        messages.push(Message::Mail(MailMessage::Reply { to, text }));
    }
    messages
}

/// Records in the conversation that an answer is sent.
fn remember_answer(
    builder: &mut DecisionBuilder<'_>,
    answer: &AgentMessage,
    pace: ReplyCount,
    now: Timestamp,
) {
    builder.next.pace = pace;
    builder.end_waiting(Some(&answer.by.name));
    builder.next.settled_at = None;
    builder.next.answered_at = Some(now);
    if std::mem::take(&mut builder.next.closed) {
        builder.add_fact("conversation.reopened", []);
    }
    // A welcome after the first answer would be odd.
    builder.next.welcomed = true;
    builder.next.assignee.get_or_insert_with(|| answer.by.clone());
}

/// An edit or a deletion of an answer.
#[derive(Clone, Copy)]
pub(super) struct Edit<'a> {
    /// The dispatch that carried the answer.
    pub(super) answer: u32,
    /// True if the message was edited, false if it was deleted.
    pub(super) changed: bool,
    /// The new message, if it may go to the customer.
    pub(super) now: Option<&'a AgentMessage>,
    /// Who did it.
    pub(super) by: &'a str,
}

/// Applies an edit or a deletion of an answer. Only the answer's own dispatch knows whether it was already sent.
pub(super) fn handle_edit(mut builder: DecisionBuilder<'_>, edit: &Edit<'_>) -> ConversationDecision {
    let Edit { answer, changed, now, by } = *edit;
    // The agent may have edited the message again since the dispatch was looked up.
    let message = now.map(|now| &now.message);
    let latest = builder.next.answers.iter().find(|(known, _)| Some(known) == message);
    let answer = latest.map_or(answer, |(_, latest)| *latest);
    builder.take_back(answer);
    let content = Content::TakenBack(TakenBack {
        reply: answer,
        changed,
        by: by.to_owned(),
        now: now.map(|now| now.text.clone()),
    });
    builder.add_dispatch([Message::Space(SpaceMessage::Post { content })]);
    match now {
        Some(now) => relay(builder, now, Some(answer)),
        None => builder.finish(),
    }
}
