//! Lines: numbers on which customers reach a team.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Hours, Span};
use crate::conversation::assign::How;
use crate::conversation::relay_policy::Policy;

/// A number on which customers reach a team. Each customer has one space on each line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Our number, for texts and calls: `+12025550100`.
    pub number: String,
    /// How people call it; its name if absent.
    #[serde(default)]
    pub label: Option<String>,
    /// The id of the Webex team whose members answer; new spaces belong to it.
    #[serde(default)]
    pub team: Option<String>,
    /// Those who answer, beside the team's members or instead of a team.
    #[serde(default)]
    pub agents: Vec<Agent>,
    /// The title of the space in which the team is told who waits.
    #[serde(default)]
    pub lobby: Option<String>,
    /// What of an agent's words goes out: everything but whispers, or only what begins with `/reply`.
    #[serde(default)]
    pub answers: Answers,
    /// Who is asked to answer when nobody is there.
    #[serde(default)]
    pub assign: How,
    /// Puts the agent's name before each answer.
    #[serde(default)]
    pub signed: bool,
    /// So long an answer waits before it leaves: who deletes or edits it in this time takes it back.
    #[serde(default)]
    pub undo: Option<Span>,
    /// When the team is there; always, if absent.
    #[serde(default)]
    pub hours: Option<Hours>,
    /// Who waits longer than this starts a plan.
    #[serde(default)]
    pub waiting: Option<Waiting>,
    /// What customers are told by itself.
    #[serde(default)]
    pub texts: Texts,
    /// Answers that are often needed, for `/canned NAME`.
    #[serde(default)]
    pub canned: BTreeMap<String, String>,
    /// What happens to somebody who calls.
    #[serde(default)]
    pub voice: Voice,
    /// The web form `/contact/NAME` is there.
    #[serde(default)]
    pub form: Option<Form>,
    /// Mail to those who wrote by the form.
    #[serde(default)]
    pub mail: Option<Mail>,
    /// Where texts may go: calling codes such as `+1` and `+352`. Everywhere, if empty.
    #[serde(default)]
    pub countries: Vec<String>,
    /// How much may go out.
    #[serde(default)]
    pub limits: Limits,
    /// A conversation in which nothing is said for so long is over; the next text opens it again.
    #[serde(default = "three_days")]
    pub close_after: Span,
    /// So many days everything that was said is kept.
    #[serde(default = "kept_days")]
    pub keep_days: u32,
}

fn three_days() -> Span {
    Span(SignedDuration::from_hours(72))
}
fn kept_days() -> u32 {
    400
}

/// What of an agent's words goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Answers {
    /// Everything but whispers. A bot hears only what mentions it, so of that.
    #[default]
    Everything,
    /// Only `/reply …`.
    Explicit,
}

impl Answers {
    /// The same for the rules.
    pub fn policy(self) -> Policy {
        match self {
            Self::Everything => Policy::Everything,
            Self::Explicit => Policy::Explicit,
        }
    }
}

/// Somebody who answers customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The address at Webex.
    pub email: String,
    /// The phone that `/call` rings.
    #[serde(default)]
    pub phone: Option<String>,
}

/// Who waits too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// So long.
    pub after: Span,
    /// The plan that is run; its texts may use `{customer}`.
    pub plan: String,
}

/// What customers are told by itself; nothing where a text is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// After the first text of a customer.
    #[serde(default)]
    pub welcome: Option<String>,
    /// When nobody is there to answer, once a day.
    #[serde(default)]
    pub nobody: Option<String>,
    /// Outside hours, once a day.
    #[serde(default)]
    pub closed: Option<String>,
    /// After a call that nobody took.
    #[serde(default)]
    pub missed_call: Option<String>,
    /// When an agent closes the conversation.
    #[serde(default)]
    pub closing: Option<String>,
}

/// What happens to somebody who calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Voice {
    /// The number that calls are passed on to; they keep the caller's number.
    #[serde(default)]
    pub forward: Option<String>,
    /// The number outside hours.
    #[serde(default)]
    pub after_hours: Option<String>,
    /// Spoken before the call is passed on.
    #[serde(default)]
    pub announce: Option<String>,
    /// Spoken before a message is recorded; without it nothing is recorded.
    #[serde(default)]
    pub voicemail: Option<String>,
    /// The language in which it is spoken, such as `en-US`.
    #[serde(default)]
    pub language: Option<String>,
    /// So long it rings.
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

/// The web form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Stands above the form.
    #[serde(default)]
    pub title: Option<String>,
    /// The name of the secret that signs the form, at least 32 characters made up by you.
    pub secret: String,
}

/// Mail to those who wrote by the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The sender, verified with SES: `support@example.com`.
    pub from: String,
    /// Where answers to the mail go.
    #[serde(default)]
    pub reply_to: Option<String>,
}

/// How much may go out on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Answers to one customer in a minute.
    #[serde(default = "twenty")]
    pub per_minute: u32,
    /// Answers to one customer in a day.
    #[serde(default = "two_hundred")]
    pub per_day: u32,
    /// Parts of texts to all customers in a day: what Twilio counts and bills. The admins are told when it is reached.
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
