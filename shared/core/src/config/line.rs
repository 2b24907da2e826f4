//! Lines: phone numbers on which customers reach a team.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{FormerNames, Hours, Span};
use crate::address::{E164, EmailAddress};
use crate::conversation::relay_policy::RelayPolicy;

/// A phone number on which customers reach a team. Each customer has one space on each line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The number that customers text and call: `+12025550100`.
    pub number: E164,
    /// The name that people read. The default is its name here.
    #[serde(default)]
    pub label: Option<String>,
    /// The name that the line had before, or a list of such names, the latest first: its customers keep their spaces.
    #[serde(default, skip_serializing_if = "FormerNames::is_empty")]
    pub was: FormerNames,
    /// The id of the Webex team whose members answer. New spaces belong to this team.
    #[serde(default)]
    pub team: Option<String>,
    /// The people who answer, in addition to the members of `team`.
    #[serde(default)]
    pub agents: Vec<AgentConfig>,
    /// The title of the space in which the team learns which customers are waiting.
    #[serde(default)]
    pub lobby: Option<String>,
    /// Which of an agent's messages go to the customer: all but whispers, or only those that begin with `/reply`.
    #[serde(default)]
    pub answers: Answers,
    /// Beginnings of lines that make a whisper, in addition to `/w` and `note:`. Examples: `nota:`, `[internal]`.
    #[serde(default)]
    pub whispers: Vec<String>,
    /// Which agent is asked to answer when none in the space is available.
    #[serde(default)]
    pub assign: AssignmentOrder,
    /// Puts the agent's name before each answer.
    #[serde(default)]
    pub signed: bool,
    /// How long an answer is held before it is sent, `60s` at most. Deleting it in this time withdraws it; editing it replaces it.
    #[serde(default)]
    pub undo: Option<Span>,
    /// The team's opening hours. The default is always open.
    #[serde(default)]
    pub hours: Option<Hours>,
    /// The plan that runs when a customer waits too long.
    #[serde(default)]
    pub waiting: Option<WaitingAlarm>,
    /// Automatic replies.
    #[serde(default)]
    pub texts: Texts,
    /// Prepared answers, for `/canned NAME`.
    #[serde(default)]
    pub canned: BTreeMap<String, String>,
    /// What callers hear, and where their calls are forwarded.
    #[serde(default)]
    pub voice: Voice,
    /// Serves the web form `/contact/NAME`.
    #[serde(default)]
    pub form: Option<FormConfig>,
    /// Mail to customers who used the form.
    #[serde(default)]
    pub mail: Option<MailConfig>,
    /// Calling codes to which texts may be sent, such as `+1` and `+352`. Empty: everywhere.
    #[serde(default)]
    pub countries: Vec<String>,
    /// Limits on what the line sends.
    #[serde(default)]
    pub limits: Limits,
    /// A conversation without a message for this long is closed. The next text reopens it.
    #[serde(default = "three_days")]
    pub close_after: Span,
    /// How many days a conversation is kept.
    #[serde(default = "kept_days")]
    pub keep_days: u32,
}

impl Line {
    /// Returns what is left of a line that was removed from the configuration: nobody answers on it, and nothing is sent from it. Its
    /// conversations remain.
    pub fn removed(number: E164) -> Self {
        Self {
            number,
            label: None,
            was: FormerNames::default(),
            team: None,
            agents: Vec::new(),
            lobby: None,
            answers: Answers::default(),
            whispers: Vec::new(),
            assign: AssignmentOrder::default(),
            signed: false,
            undo: None,
            hours: None,
            waiting: None,
            texts: Texts::default(),
            canned: BTreeMap::new(),
            voice: Voice::default(),
            form: None,
            mail: None,
            countries: Vec::new(),
            limits: Limits::default(),
            close_after: three_days(),
            keep_days: kept_days(),
        }
    }
}

/// The order in which agents are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AssignmentOrder {
    /// The agent who has been idle longest.
    #[default]
    LongestIdle,
    /// The agents take turns, by address.
    InTurn,
}

fn three_days() -> Span {
    Span(SignedDuration::from_hours(72))
}
fn kept_days() -> u32 {
    400
}

/// Which of an agent's messages go to the customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Answers {
    /// All but whispers. A bot sees only the messages that mention it.
    #[default]
    Everything,
    /// Only `/reply …`.
    Explicit,
}

impl Answers {
    /// Returns the relay policy for this setting.
    pub fn policy(self) -> RelayPolicy {
        match self {
            Self::Everything => RelayPolicy::Everything,
            Self::Explicit => RelayPolicy::Explicit,
        }
    }
}

/// A person who answers customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// The agent's address in Webex.
    pub email: EmailAddress,
    /// The phone that `/call` rings.
    #[serde(default)]
    pub phone: Option<E164>,
}

/// When a customer has waited too long, and what runs then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WaitingAlarm {
    /// How long a customer may wait.
    pub after: Span,
    /// The plan to run. Its texts may use `{customer}`.
    pub plan: String,
}

/// Automatic replies. A text that is absent is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Sent after the first text of a customer.
    #[serde(default)]
    pub welcome: Option<String>,
    /// Sent when no agent is available, at most once a day.
    #[serde(default)]
    pub nobody: Option<String>,
    /// Sent outside opening hours, at most once a day.
    #[serde(default)]
    pub closed: Option<String>,
    /// Sent after a call that nobody answered.
    #[serde(default)]
    pub missed_call: Option<String>,
    /// Sent when an agent closes the conversation.
    #[serde(default)]
    pub closing: Option<String>,
}

/// What callers hear, and where their calls are forwarded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Voice {
    /// The number to which calls are forwarded. That phone shows the caller's number.
    #[serde(default)]
    pub forward: Option<E164>,
    /// The number to which calls are forwarded outside opening hours.
    #[serde(default)]
    pub after_hours: Option<E164>,
    /// Spoken before the call is forwarded.
    #[serde(default)]
    pub announce: Option<String>,
    /// Spoken before a message is recorded. Without it, nothing is recorded.
    #[serde(default)]
    pub voicemail: Option<String>,
    /// The language of the spoken texts, such as `en-US`.
    #[serde(default)]
    pub language: Option<String>,
    /// How long a forwarded call rings.
    #[serde(default = "twenty_seconds")]
    pub ring: Span,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            forward: None,
            after_hours: None,
            announce: None,
            voicemail: None,
            language: None,
            ring: twenty_seconds(),
        }
    }
}

fn twenty_seconds() -> Span {
    Span(SignedDuration::from_secs(20))
}

/// A web form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FormConfig {
    /// The heading of the form.
    #[serde(default)]
    pub title: Option<String>,
    /// The name of the secret that signs the form; at least 32 random characters.
    pub secret: String,
}

/// Mail to customers who used the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// The sender, verified with SES: `support@example.com`.
    pub from: EmailAddress,
    /// The address for replies to the mail.
    #[serde(default)]
    pub reply_to: Option<EmailAddress>,
}

/// Limits on what a line sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Maximum number of answers to one customer per minute.
    #[serde(default = "twenty")]
    pub per_minute: u32,
    /// Maximum number of answers to one customer per day.
    #[serde(default = "two_hundred")]
    pub per_day: u32,
    /// Maximum number of SMS segments of answers to all customers per day, as Twilio bills them. The admins are notified when the
    /// limit is reached.
    #[serde(default = "two_thousand")]
    pub parts_per_day: u32,
}

fn twenty() -> u32 {
    20
}
fn two_hundred() -> u32 {
    200
}
fn two_thousand() -> u32 {
    2000
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_minute: twenty(), per_day: two_hundred(), parts_per_day: two_thousand() }
    }
}
