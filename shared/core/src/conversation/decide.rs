//! The rules of a conversation: what is made of a customer's words and an agent's. One pure function, [`converse`].

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

/// A file of a customer's, where it lies at Twilio.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its address.
    pub url: String,
    /// What it says it is.
    pub content_type: Option<String>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

/// What an agent wrote and may leave.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Who wrote it.
    pub by: Agent,
    /// The text; may be empty when there are files.
    pub text: String,
    /// Addresses of files at Webex.
    pub files: Vec<String>,
    /// The message at Webex.
    pub message: String,
    /// The message under which notes about it can stand: itself, or the first of its thread.
    pub thread: String,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// What our token let us see when it was read.
    pub sight: Sight,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("message", &self.message).finish_non_exhaustive()
    }
}

/// Something that applied in a conversation, checked and understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The customer sent a text.
    Text {
        /// What it says.
        body: String,
        /// What came with it.
        files: Vec<File>,
        /// When it was sent, if it comes late.
        at: Option<Timestamp>,
        /// What Twilio took it for, if it took it for STOP or its like.
        word: Option<Word>,
    },
    /// The customer filled in the form.
    Form {
        /// What it says.
        message: String,
        /// What the customer is called.
        name: Option<String>,
        /// Where answers may go.
        email: Option<String>,
    },
    /// The customer calls, and the call is passed on.
    Rings,
    /// The customer's call is over, or nobody is there to take it.
    Called {
        /// So long two people spoke; none if nobody took it.
        spoke: Option<SignedDuration>,
    },
    /// The customer left a message.
    Voicemail {
        /// Where it lies at Twilio.
        url: String,
        /// How long it is.
        length: SignedDuration,
    },
    /// An agent's words that leave.
    Answer(Answer),
    /// An agent changed a message that was an answer; what it says now, if that may leave.
    Changed {
        /// The dispatch that carried it.
        answer: u32,
        /// What it says now.
        now: Option<Answer>,
        /// Who did it.
        by: String,
    },
    /// An agent took a message away that was an answer.
    Deleted {
        /// The dispatch that carried it.
        answer: u32,
        /// Who did it.
        by: String,
    },
    /// An agent wants something of us.
    Command {
        /// What.
        command: Command,
        /// Who and where; the text is empty.
        asked: Answer,
    },
    /// An agent's words that stay: remembered, so that they aren't judged again when other rules hold.
    Stays {
        /// Why.
        why: Why,
        /// Who and where.
        said: Answer,
    },
    /// It was looked who is there to answer.
    Looked(There),
    /// Twilio says that the number has opted out.
    Refused,
    /// An agent's answer could not be sent at all: the customer still waits.
    Failed,
    /// That somebody waits has been told, or that nobody waits any more.
    Told {
        /// The waiting that is an incident now.
        alarmed: Option<Timestamp>,
    },
    /// The time that the conversation had asked for has come.
    Wake,
}

/// Who is there to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum There {
    /// Somebody is in the space already.
    Somebody,
    /// This agent was added.
    Asked(Agent),
    /// Nobody.
    Nobody,
}

/// What the rules look at, beside state and event.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// Whose conversation.
    pub subject: &'a Subject,
    /// How the customer is reached.
    pub address: &'a Address,
    /// The line.
    pub line: &'a Line,
    /// The zone in which people read times.
    pub zone: &'a TimeZone,
    /// The team's hours.
    pub open: bool,
    /// Every number of ours: they are never answered by themselves.
    pub own_numbers: &'a [&'a str],
}

/// What is to be written down and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The next state; none if nothing changes.
    pub next: Option<Conversation>,
    /// What the number has told us, if that changes.
    pub sender: Option<Sender>,
    /// What to say, in order.
    pub dispatches: Vec<Dispatch>,
    /// The dispatch that carries the answer, for when it is changed or deleted; 0 for everything else.
    pub answer: u32,
}

impl Turn {
    /// True if there is something to write down.
    pub fn changes_something(&self) -> bool {
        self.next.is_some() || self.sender.is_some()
    }
}

/// Who was welcomed or told something is told nothing more by itself for so long.
const TOLD_AGAIN: SignedDuration = SignedDuration::from_mins(10);
/// It isn't looked more often than this who is there.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);
/// Outside hours, somebody who waits is looked at again after this.
const CLOSED_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// The rules. No clock, no chance, nothing read: the same arguments give the same turn.
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
            // Everything else concerns a conversation that there is, of somebody who wasn't forgotten.
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
            // Somebody answered while it was looked: asking for another, or saying that nobody is there, would be odd.
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

/// False if there is nothing to write down: it was too early, which happens since a wake-up only moves forward when it is
/// reached, or what there is to tell has not been told yet.
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
    // Who waits is not closed away while somebody may still be called for it.
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

/// Looking for somebody to answer, where there is anybody to look for.
fn invitation(line: &Line) -> Option<Message> {
    (line.team.is_some() || !line.agents.is_empty()).then_some(Message::Space(SpaceMessage::Assign))
}
