//! Conversations: a customer and a space, from the first text until the conversation is closed. The next text reopens it.

pub mod assign;
pub mod decide;
pub mod relay_policy;
pub mod waiting;

use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::address::{E164, EmailAddress, PhoneAddress};
use crate::conversation::relay_policy::Visibility;
use crate::incident::Subject;
use crate::vendor_id::{MessageId, PersonId};

/// What all lines of Handbell know about a customer's number: one row for each number, whatever the line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Version of the row; 0 before it is written first.
    pub version: u64,
    /// Since when the customer wants no texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opted_out: Option<Timestamp>,
    /// When a text came from the number: it belongs to a person who wants texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Timestamp>,
    /// When the number last received an automatic reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
}

/// How a customer is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Address {
    /// A phone: a number, or a short code that can't be answered.
    Phone(PhoneAddress),
    /// Only a mail address.
    Mail(EmailAddress),
    /// Callers who show no number.
    Hidden,
}

impl Address {
    /// Returns the customer's subject on a line. `key` is a secret that a reader of subjects doesn't know.
    pub fn subject(&self, key: &str, line: &str) -> Subject {
        match self {
            Self::Phone(phone) => Subject::customer(key, line, phone.as_str()),
            Self::Mail(address) => Subject::customer(key, line, &format!("mail:{}", address.to_lowercase())),
            Self::Hidden => Subject::customer(key, line, "hidden"),
        }
    }

    /// Returns the phone number, if there is one.
    pub fn number(&self) -> Option<&E164> {
        self.phone()?.number()
    }

    /// Returns the phone, which may be a short code. What all lines know about a phone is stored under it.
    pub fn phone(&self) -> Option<&PhoneAddress> {
        match self {
            Self::Phone(phone) => Some(phone),
            Self::Mail(_) | Self::Hidden => None,
        }
    }
}

/// A member of the team, as Webex knows them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The person's id in Webex.
    pub id: PersonId,
    /// The mail address; none if Webex shows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// Name shown to people.
    pub name: String,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A call from a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerCall {
    /// Its id at Twilio.
    pub id: String,
    /// When it counts as over unless its end is reported before; none once the space shows its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// True if Twilio reported that the caller's line is free again, but not yet whether anybody took the call.
    #[serde(default)]
    pub hung_up: bool,
}

/// Number of answers that went to a customer lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyCount {
    /// The minute that is counted, since 1970.
    pub minute: i64,
    /// Number of answers in that minute.
    pub in_minute: u32,
    /// The day that is counted, since 1970.
    pub day: i64,
    /// Number of answers on that day.
    pub in_day: u32,
}

impl ReplyCount {
    /// Counts one answer more.
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

/// State of the conversation with one customer on one line.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Subject of the customer, and the partition in the table.
    pub subject: Subject,
    /// Which of the customer's conversations this is: the second in which it began. After it was erased, because of its age or on
    /// request, another begins, with a space of its own.
    pub epoch: u64,
    /// Version of the row. A write requires the latest one (optimistic locking).
    pub version: u64,
    /// How the customer is reached; none once the customer was erased.
    pub address: Option<Address>,
    /// A mail address from the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// True if the customer last wrote by the form.
    #[serde(default)]
    pub by_form: bool,
    /// Name of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// True if it is closed, until the next text.
    pub closed: bool,
    /// When it opened or was reopened.
    pub opened_at: Timestamp,
    /// When the customer last wrote or called.
    pub heard_at: Timestamp,
    /// When an agent last answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// Since when the customer has been waiting for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// Name of the agent who ended the customer's last wait; none if no agent did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ended_by: Option<String>,
    /// When an agent last said that nothing is left to answer, by closing the conversation or with `/noreply`. Thanks that follow need
    /// no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// The agent who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Agent>,
    /// When Handbell last looked for an available agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_at: Option<Timestamp>,
    /// True if the customer was welcomed.
    #[serde(default)]
    pub welcomed: bool,
    /// When the customer last got the closing text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing_sent_at: Option<Timestamp>,
    /// The day on which the customer was last notified that nobody is available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_on: Option<Date>,
    /// Number of dispatches that were written.
    pub dispatches: u32,
    /// Number of the last dispatch that posts. Later posts wait for it.
    pub last_post: u32,
    /// Number of the last dispatch that answers. Later answers wait for it.
    pub last_answer: u32,
    /// Answers up to this number are cancelled, since a STOP came.
    pub cancelled_up_to: u32,
    /// Answers that were withdrawn before they were sent.
    #[serde(default)]
    pub taken_back: Vec<u32>,
    /// Dispatches that carry the agents' latest messages, by the messages' ids in Webex.
    #[serde(default)]
    pub answers: Vec<(MessageId, u32)>,
    /// The colleagues who wrote in the space or were asked to answer, the latest last. What names them isn't for the customer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Agent>,
    /// The agents' messages up to this time were read. None of them is read again along with a newer one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_to: Option<Timestamp>,
    /// What Handbell's token showed then. With another token, messages from before aren't read any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_with: Option<Visibility>,
    /// The customer's latest calls on this line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CustomerCall>,
    /// Rate of the answers.
    #[serde(default)]
    pub pace: ReplyCount,
    /// The waiting for which an incident is to be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Timestamp>,
    /// The waiting for which an incident was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarmed: Option<Timestamp>,
    /// When an agent asked to erase the customer, and was asked to confirm that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erase_asked: Option<Timestamp>,
    /// When it has to be processed again; none once it is closed.
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

/// Number of answers that can still be changed or withdrawn. Earlier ones have been sent.
pub const TAKEN_BACK_KEPT: usize = 20;

/// Number of calls that are remembered.
const CALLS_KEPT: usize = 10;

/// Number of colleagues that are remembered.
const SEEN_KEPT: usize = 50;

/// Why an answer that an agent changed or deleted in time was not sent.
pub const TAKEN_BACK: &str = "it was taken back";

impl Conversation {
    /// Returns why an answer of this dispatch must not be sent; none if it may.
    pub fn cancels(&self, number: u32) -> Option<&'static str> {
        if number <= self.cancelled_up_to {
            Some("the customer wants no more texts")
        } else if self.taken_back.contains(&number) {
            Some(TAKEN_BACK)
        } else {
            None
        }
    }

    /// Remembers the state of a call.
    pub fn remember_call(&mut self, call: CustomerCall) {
        self.calls.retain(|known| known.id != call.id);
        self.calls.push(call);
        let too_many = self.calls.len().saturating_sub(CALLS_KEPT);
        self.calls.drain(..too_many);
    }

    /// Remembers a colleague who was seen in the space.
    pub fn remember_colleague(&mut self, colleague: &Agent) {
        if self.seen.last() != Some(colleague) {
            self.seen.retain(|known| known.id != colleague.id);
            self.seen.push(colleague.clone());
            let too_many = self.seen.len().saturating_sub(SEEN_KEPT);
            self.seen.drain(..too_many);
        }
    }

    /// Returns true if an agent answered in the last 15 minutes.
    pub fn is_attended(&self, now: Timestamp) -> bool {
        self.answered_at.is_some_and(|at| now.duration_since(at) < SignedDuration::from_mins(15))
    }
}
