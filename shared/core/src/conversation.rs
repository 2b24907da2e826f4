//! A conversation: a customer and a space, from the first text until it is closed, and open again with the next.

pub mod assign;
pub mod decide;
pub mod relay_policy;

use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::conversation::relay_policy::Sight;
use crate::incident::Subject;

/// What a customer's number has told all of our lines: one for each number, whatever the line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Counts every change; 0 before the first.
    pub version: u64,
    /// No texts are wanted, since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opted_out: Option<Timestamp>,
    /// A text came from it: it belongs to somebody who wants to hear from us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Timestamp>,
    /// When it was last told something by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
}

/// How a customer is reached.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Address {
    /// E.164.
    Number(String),
    /// Only by mail.
    Mail(String),
    /// Whoever calls without showing a number.
    Hidden,
}

impl Address {
    /// The customer's subject on a line. `key` is what nobody knows who only sees subjects.
    pub fn subject(&self, key: &str, line: &str) -> Subject {
        match self {
            Self::Number(number) => Subject::customer(key, line, number),
            Self::Mail(address) => Subject::customer(key, line, &format!("mail:{}", address.to_lowercase())),
            Self::Hidden => Subject::customer(key, line, "hidden"),
        }
    }

    /// The number, if there is one.
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::Number(number) => Some(number),
            Self::Mail(_) | Self::Hidden => None,
        }
    }
}

// A number or a mail address is for no log.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number(_) => "Number(…)",
            Self::Mail(_) => "Mail(…)",
            Self::Hidden => "Hidden",
        })
    }
}

/// Somebody of the team, as Webex knows them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Webex's id of the person.
    pub id: String,
    /// The mail address.
    pub email: String,
    /// What people read.
    pub name: String,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What has gone out to a customer lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// The minute and the day that are counted, since 1970.
    pub minute: i64,
    /// Answers in that minute.
    pub in_minute: u32,
    /// The day.
    pub day: i64,
    /// Answers in that day.
    pub in_day: u32,
}

impl Pace {
    /// One answer more.
    #[must_use]
    pub fn with_one_at(self, now: Timestamp) -> Self {
        let (minute, day) = (now.as_second().div_euclid(60), now.as_second().div_euclid(86_400));
        Self {
            minute,
            in_minute: if minute == self.minute { self.in_minute + 1 } else { 1 },
            day,
            in_day: if day == self.day { self.in_day + 1 } else { 1 },
        }
    }
}

/// The state of what is said with one customer on one line.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Whose; also where it lies.
    pub subject: Subject,
    /// Which of the customer's conversations this is: the second in which it began. After it was forgotten, by its time or
    /// by somebody's word, another begins, with a space of its own.
    pub epoch: u64,
    /// Counts every change; whoever writes must have read the latest.
    pub version: u64,
    /// How the customer is reached; none once the customer was forgotten.
    pub address: Option<Address>,
    /// A mail address from the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The customer wrote by the form last.
    #[serde(default)]
    pub by_form: bool,
    /// What the team calls the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// It is over, until the next text.
    pub closed: bool,
    /// When it opened, or opened again.
    pub opened_at: Timestamp,
    /// When the customer was last heard.
    pub heard_at: Timestamp,
    /// When an agent last answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// The customer waits for an answer since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// Who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Agent>,
    /// When it was last looked who is there to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_at: Option<Timestamp>,
    /// The customer was welcomed.
    #[serde(default)]
    pub welcomed: bool,
    /// The day on which the customer was told that nobody is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_on: Option<Date>,
    /// How many dispatches were written.
    pub dispatches: u32,
    /// The last that posts: later posts wait for it.
    pub last_post: u32,
    /// The last that answers: later answers wait for it.
    pub last_answer: u32,
    /// Answers up to this number are cancelled: a STOP came.
    pub cancelled_up_to: u32,
    /// Answers that were taken back before they left.
    #[serde(default)]
    pub taken_back: Vec<u32>,
    /// Which dispatches carry the agents' latest messages, by the messages' ids at Webex.
    #[serde(default)]
    pub answers: Vec<(String, u32)>,
    /// The agents' messages up to this time were read; none of them is read again by the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_to: Option<Timestamp>,
    /// What our token let us see then. With another token, nothing that was written before is read any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_with: Option<Sight>,
    /// How fast answers go out.
    #[serde(default)]
    pub pace: Pace,
    /// The waiting that shall be an incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Timestamp>,
    /// The waiting that is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarmed: Option<Timestamp>,
    /// Somebody asked to forget the customer, and was asked back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erase_asked: Option<Timestamp>,
    /// When it has to be looked at again; none once it is closed.
    pub wake_at: Option<Timestamp>,
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("subject", &self.subject)
            .field("version", &self.version)
            .field("closed", &self.closed)
            .field("waiting_since", &self.waiting_since)
            .field("dispatches", &self.dispatches)
            .finish_non_exhaustive()
    }
}

/// So many answers may be changed or taken back; those before them have left.
pub const TAKEN_BACK_KEPT: usize = 20;

/// Why an answer did not leave that an agent changed or deleted in time.
pub const TAKEN_BACK: &str = "it was taken back";

impl Conversation {
    /// How people call the customer: the name, the number, the mail address.
    pub fn called(&self) -> String {
        let reached = || match &self.address {
            Some(Address::Number(number)) => number.clone(),
            Some(Address::Mail(address)) => address.clone(),
            Some(Address::Hidden) => "Somebody without a number".to_owned(),
            None => "A customer who was forgotten".to_owned(),
        };
        self.name.clone().unwrap_or_else(reached)
    }

    /// The title of the customer's space. It ends with the number, as agents are used to.
    pub fn title(&self) -> String {
        let reached = match &self.address {
            Some(Address::Number(number)) => number.as_str(),
            Some(Address::Mail(address)) => address.as_str(),
            Some(Address::Hidden) => "Callers without a number",
            None => "A customer who was forgotten",
        };
        match &self.name {
            Some(name) => format!("{name} {reached}"),
            None => reached.to_owned(),
        }
    }

    /// Why an answer of this dispatch must not leave; none if it may.
    pub fn cancels(&self, number: u32) -> Option<&'static str> {
        if number <= self.cancelled_up_to {
            Some("the customer wants no more texts")
        } else if self.taken_back.contains(&number) {
            Some(TAKEN_BACK)
        } else {
            None
        }
    }

    /// Somebody of the team was heard lately.
    pub fn is_attended(&self, now: Timestamp) -> bool {
        self.answered_at.is_some_and(|at| now.duration_since(at) < SignedDuration::from_mins(15))
    }
}
