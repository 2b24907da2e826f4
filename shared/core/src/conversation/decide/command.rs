//! The effects of an agent's commands.

use jiff::{SignedDuration, Timestamp};

use super::answer::relay;
use super::builder::DecisionBuilder;
use super::decision::ConversationDecision;
use super::event::AgentMessage;
use crate::address::EmailAddress;
use crate::conversation::Agent;
use crate::conversation::relay_policy::AgentCommand;
use crate::delivery::{Content, InternalTask, Message, PhoneMessage, SpaceMessage};
use crate::texting;
use crate::wording::conversation as wording;

/// Time within which an agent has to confirm `/erase`.
const CONFIRM_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// Executes a command, and replies in the thread in which it was given.
pub(super) fn handle_command(
    mut builder: DecisionBuilder<'_>,
    command: &AgentCommand,
    asked: &AgentMessage,
) -> ConversationDecision {
    let (line, now) = (builder.context.line, builder.now);
    let thread = Some(&asked.thread);
    match command {
        AgentCommand::Claim => {
            let had = builder.next.assignee.replace(asked.by.clone());
            builder.next.answered_at = Some(now);
            builder.note(thread, wording::claimed(&asked.by, had.as_ref()));
        }
        AgentCommand::Release => {
            builder.next.assignee = None;
            builder.next.assigned_at = None;
            // The customer's next text looks for an agent, however recent the last answer is.
            builder.next.answered_at = None;
            builder.note(thread, wording::released(&asked.by));
        }
        AgentCommand::Close { note } => close(&mut builder, note.as_deref(), asked),
        AgentCommand::NoReply => need_no_reply(&mut builder, asked),
        AgentCommand::Name(name) => rename(&mut builder, name, asked),
        AgentCommand::Canned(name) => {
            let canned = line.canned.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            match canned {
                Some((_, text)) => {
                    let answer = AgentMessage { text: text.clone(), ..asked.clone() };
                    return relay(builder, &answer, None);
                }
                None => builder.note(thread, wording::no_canned(name, line)),
            }
        }
        AgentCommand::Call => call(&mut builder, asked, now),
        AgentCommand::Who => {
            let note = wording::who(&builder.next, &builder.sender, builder.context.zone);
            builder.note(thread, note);
        }
        AgentCommand::History | AgentCommand::Export => {
            let brief = *command == AgentCommand::History;
            builder
                .add_dispatch([Message::Space(SpaceMessage::Transcript { brief })])
                .in_conversation(|of| of.thread = Some(asked.thread.clone()));
        }
        AgentCommand::OptOut => {
            if builder.sender.opted_out.is_none() {
                builder.opt_out();
            }
            builder.note(thread, wording::opted_out_by(&asked.by));
        }
        AgentCommand::Erase { confirmed } => erase(&mut builder, *confirmed, asked, now),
        AgentCommand::Hours => {
            builder.note(thread, wording::hours(line, builder.context.open));
        }
        AgentCommand::Help => builder.note(thread, wording::help(line, asked.sight)),
    }
    builder.finish()
}

/// Closes the conversation. Sends the line's closing text if the customer may get automatic texts.
fn close(builder: &mut DecisionBuilder<'_>, note: Option<&str>, asked: &AgentMessage) {
    builder.note(Some(&asked.thread), wording::closed(&asked.by, note));
    if !builder.next.closed {
        builder.say_goodbye();
        builder.close(Some(&asked.by.name));
        builder.next.settled_at = Some(builder.now);
        builder.add_fact("conversation.closed", [("by", address_of(&asked.by))]);
    }
}

/// Records that the customer needs no answer to what they wrote last.
fn need_no_reply(builder: &mut DecisionBuilder<'_>, asked: &AgentMessage) {
    let waits = builder.next.waiting_since.is_some();
    builder.end_waiting(Some(&asked.by.name));
    builder.next.settled_at = Some(builder.now);
    builder.note(Some(&asked.thread), wording::needs_no_reply(&asked.by, waits));
}

/// Changes the customer's name and the title of the space.
fn rename(builder: &mut DecisionBuilder<'_>, name: &str, asked: &AgentMessage) {
    builder.next.name = Some(name.to_owned());
    let title = builder.next.title();
    let note = wording::named(name);
    builder
        .add_dispatch([
            Message::Space(SpaceMessage::Rename { title }),
            Message::Space(SpaceMessage::Post { content: Content::Text(note) }),
        ])
        .in_conversation(|of| of.thread = Some(asked.thread.clone()));
}

/// Calls the agent, who is then connected with the customer.
fn call(builder: &mut DecisionBuilder<'_>, asked: &AgentMessage, now: Timestamp) {
    let (line, thread) = (builder.context.line, Some(&asked.thread));
    let is_asking = |email: &EmailAddress| {
        asked.by.email.as_ref().is_some_and(|asking| asking.eq_ignore_ascii_case(email))
    };
    let phone = line.agents.iter().find(|agent| is_asking(&agent.email));
    let phone = phone.and_then(|agent| agent.phone.clone());
    let number = builder.context.address.number().filter(|number| !texting::is_short_code(number));
    let foreign = number.is_some_and(|number| {
        builder.context.own_numbers.contains(number) || !texting::may_text(number, &line.countries)
    });
    if foreign {
        builder.note(thread, wording::NOT_SENT_COUNTRY.to_owned());
        return;
    }
    match (phone, number.cloned()) {
        (Some(agent), Some(to)) => {
            let note =
                Message::Space(SpaceMessage::Post { content: Content::Text(wording::ringing(&asked.by)) });
            let call = Message::Phone(PhoneMessage::Connect {
                name: asked.by.name.clone(),
                agent,
                from: line.number.clone(),
                to,
            });
            let dispatch = builder.add_dispatch([note, call]);
            dispatch.in_conversation(|of| of.thread = Some(asked.thread.clone()));
            dispatch.add_summary(now);
        }
        (None, _) => builder.note(thread, wording::no_phone(&asked.by)),
        (_, None) => builder.note(thread, wording::NOT_SENT_NO_NUMBER.to_owned()),
    }
}

/// Erases the customer once the agent has confirmed. A delivery does it, and is repeated until nothing is left.
fn erase(builder: &mut DecisionBuilder<'_>, confirmed: bool, asked: &AgentMessage, now: Timestamp) {
    let asked_lately = builder.next.erase_asked.is_some_and(|at| now.duration_since(at) < CONFIRM_WITHIN);
    if !(confirmed && asked_lately) {
        builder.next.erase_asked = Some(now);
        builder.note(Some(&asked.thread), wording::erase_sure(&builder.next.called()));
        return;
    }
    builder.add_fact("customer.erased", [("by", address_of(&asked.by))]);
    let phone = builder.context.address.phone().cloned();
    builder.forget();
    builder
        .add_dispatch([Message::Internal(InternalTask::EraseCustomer { phone })])
        .in_conversation(|of| of.thread = Some(asked.thread.clone()));
}

/// Returns the agent's mail address for a fact; empty if Webex shows none.
fn address_of(agent: &Agent) -> String {
    agent.email.as_ref().map(ToString::to_string).unwrap_or_default()
}
