//! The rules of a conversation: the effects of what a customer and an agent write. One pure function, [`converse`].

mod agent;
mod builder;
mod customer;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::config::Line;
use crate::conversation::relay_policy::{Command, Sight, Why};
use crate::conversation::{Address, Agent, Conversation, Sender};
use crate::delivery::{Dispatch, Message, SpaceMessage};
use crate::incident::Subject;
use crate::texting::{Word, opt_out_word};
use crate::wording::conversation as wording;
use builder::DecisionBuilder;

/// A file from a customer, stored at Twilio.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its URL.
    pub url: String,
    /// Its content type, as declared.
    pub content_type: Option<String>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

/// An agent's message that may go to the customer.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The agent who wrote it.
    pub by: Agent,
    /// The text; may be empty when there are files.
    pub text: String,
    /// URLs of the files in Webex.
    pub files: Vec<String>,
    /// Id of the message in Webex.
    pub message: String,
    /// Id of the message under which notes about it can be posted: itself, or the first of its thread.
    pub thread: String,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// What Handbell's token showed when it was read.
    pub sight: Sight,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("message", &self.message).finish_non_exhaustive()
    }
}

/// An event of a conversation, checked and parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The customer sent a text.
    Text {
        /// The text.
        body: String,
        /// Files that came with it.
        files: Vec<File>,
        /// When it was sent, if it arrives late.
        at: Option<Timestamp>,
        /// The opt-out word that Twilio recognised, if any.
        word: Option<Word>,
    },
    /// The customer filled in the form.
    Form {
        /// The message.
        message: String,
        /// Name of the customer.
        name: Option<String>,
        /// Mail address to which answers may go.
        email: Option<String>,
    },
    /// The customer calls, and the call is forwarded.
    Rings,
    /// The customer's call is over, or nobody is there to take it.
    Called {
        /// How long two people spoke; none if nobody took the call.
        spoke: Option<SignedDuration>,
    },
    /// The customer left a voicemail.
    Voicemail {
        /// URL of the recording at Twilio.
        url: String,
        /// Length of the recording.
        length: SignedDuration,
    },
    /// An agent's message that goes to the customer.
    Answer(Answer),
    /// An agent edited a message that was an answer.
    Changed {
        /// The dispatch that carried it.
        answer: u32,
        /// The new message, if it may go to the customer.
        now: Option<Answer>,
        /// Who edited it.
        by: String,
    },
    /// An agent deleted a message that was an answer.
    Deleted {
        /// The dispatch that carried it.
        answer: u32,
        /// Who deleted it.
        by: String,
    },
    /// An agent gave a command.
    Command {
        /// The command.
        command: Command,
        /// Who gave it and where; the text is empty.
        asked: Answer,
    },
    /// An agent's message that stays in the space. It is remembered, so that it isn't judged again when other rules apply.
    Stays {
        /// Why it stays.
        why: Why,
        /// Who wrote it and where.
        said: Answer,
    },
    /// Handbell has looked for an available agent.
    Looked(There),
    /// Twilio reports that the number has opted out.
    Refused,
    /// An agent's answer could not be sent at all, so the customer still waits.
    Failed,
    /// The incident of a waiting customer was opened, or was ended because nobody waits any more.
    Told {
        /// The waiting that is an incident now.
        alarmed: Option<Timestamp>,
    },
    /// The time for which the conversation asked has come.
    Wake,
}

/// Result of looking for an available agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum There {
    /// An agent is in the space already.
    Somebody,
    /// This agent was added to the space.
    Asked(Agent),
    /// No agent is available.
    Nobody,
}

/// What the rules need in addition to state and event.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// Subject of the conversation.
    pub subject: &'a Subject,
    /// How the customer is reached.
    pub address: &'a Address,
    /// The line.
    pub line: &'a Line,
    /// The time zone in which people read times.
    pub zone: &'a TimeZone,
    /// True during the team's opening hours.
    pub open: bool,
    /// All numbers of Handbell. They never get automatic replies.
    pub own_numbers: &'a [&'a str],
}

/// What an event leads to: the states and dispatches to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The next state; none if nothing changes.
    pub next: Option<Conversation>,
    /// The next state of the customer's number, if it changes.
    pub sender: Option<Sender>,
    /// The dispatches, in order.
    pub dispatches: Vec<Dispatch>,
    /// The dispatch that carries the answer, by which a later edit or deletion finds it; 0 for everything else.
    pub answer: u32,
}

impl Turn {
    /// Returns true if there is something to write.
    pub fn changes_something(&self) -> bool {
        self.next.is_some() || self.sender.is_some()
    }
}

/// For this long after an automatic reply, a customer gets no other one.
const TOLD_AGAIN: SignedDuration = SignedDuration::from_mins(10);
/// Minimum time between two searches for an available agent.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);
/// Time after which a waiting conversation is processed again outside of opening hours.
const CLOSED_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// Applies the rules. The same arguments give the same result: no clock, no randomness, no I/O.
pub fn converse(
    before: Option<&Conversation>,
    sender: &Sender,
    heard: &Heard,
    desk: Desk<'_>,
    now: Timestamp,
) -> Turn {
    match heard {
        Heard::Text { body, files, at, word } => {
            let word = word.or_else(|| if files.is_empty() { opt_out_word(body) } else { None });
            customer::text(before, sender, (body, files, at.unwrap_or(now), word), desk, now)
        }
        Heard::Form { message, name, email } => {
            customer::form(before, sender, (message, name.as_deref(), email.as_deref()), desk, now)
        }
        Heard::Rings => customer::rings(before, sender, desk, now),
        Heard::Called { spoke } => customer::called(before, sender, *spoke, desk, now),
        Heard::Voicemail { url, length } => customer::voicemail(before, sender, (url, *length), desk, now),
        heard => {
            // Everything else concerns an existing conversation with a customer who wasn't erased.
            let Some(before) = before.filter(|before| before.address.is_some()) else { return nothing() };
            let mut builder = DecisionBuilder::on(before, sender, desk, now);
            if let Heard::Answer(said) | Heard::Command { asked: said, .. } | Heard::Stays { said, .. } =
                heard
            {
                builder.next.read_to = builder.next.read_to.max(said.at);
                builder.next.read_with = Some(said.sight);
            }
            known(builder, heard, now)
        }
    }
}

fn known(mut builder: DecisionBuilder<'_>, heard: &Heard, now: Timestamp) -> Turn {
    match heard {
        Heard::Answer(answer) => return agent::answers(builder, answer, None),
        Heard::Changed { answer, now, by } => return agent::changed(builder, *answer, now.as_ref(), by),
        Heard::Deleted { answer, by } => return agent::changed(builder, *answer, None, by),
        Heard::Command { command, asked } => return agent::commanded(builder, command, asked),
        Heard::Stays { why, said } => {
            if let Some(note) = wording::stays(why, said.sight, builder.desk.line.answers) {
                builder.note(Some(&said.thread), note);
            }
        }
        Heard::Looked(there) => {
            // An agent answered during the search. To ask another, or to say that nobody is available, would be odd.
            if builder.next.waiting_since.is_none() {
                return nothing();
            }
            customer::looked(&mut builder, there);
        }
        Heard::Refused => {
            if builder.sender.opted_out.is_some() {
                return nothing();
            }
            builder.opt_out();
            builder.note(None, wording::refused_by_twilio());
        }
        Heard::Failed => {
            if builder.next.closed
                || builder.next.waiting_since.is_some()
                || builder.sender.opted_out.is_some()
            {
                return nothing();
            }
            builder.next.waiting_since = Some(now);
        }
        Heard::Told { alarmed } => {
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
    builder.done()
}

/// Processes a wake-up. Returns false if there is nothing to write: it was too early, which happens since a wake-up only moves
/// forward when it is reached, or the waiting has not been reported yet.
fn woken(builder: &mut DecisionBuilder<'_>, now: Timestamp) -> bool {
    let wanted = builder.wake_at();
    if builder.next.closed || wanted.is_some_and(|at| at > now) {
        return builder.moves();
    }
    let line = builder.desk.line;
    let conversation = &mut builder.next;
    if let (Some(since), Some(waiting)) = (conversation.waiting_since, &line.waiting)
        && builder.desk.open
        && now.duration_since(since) >= waiting.after.0
        && conversation.alarm.is_none()
    {
        conversation.alarm = Some(since);
        builder.fact("conversation.waiting", [("since", since.to_string())]);
        return true;
    }
    let quiet = conversation.heard_at.max(conversation.answered_at.unwrap_or(conversation.heard_at));
    // A waiting conversation isn't closed while somebody may still be called for it.
    let waits = conversation.waiting_since.is_some() && line.waiting.is_some();
    if !waits && now.duration_since(quiet) >= line.close_after.0 {
        builder.close();
        builder.fact("conversation.closed", [("by", "time".to_owned())]);
        return true;
    }
    builder.moves()
}

fn nothing() -> Turn {
    Turn { next: None, sender: None, dispatches: Vec::new(), answer: 0 }
}

/// Returns the task of finding an agent, if the line has agents.
fn invitation(line: &Line) -> Option<Message> {
    (line.team.is_some() || !line.agents.is_empty()).then_some(Message::Space(SpaceMessage::Assign))
}
