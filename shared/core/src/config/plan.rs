//! Plans: the steps of an incident, and the people whom each step reaches.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::address::{E164, EmailAddress, SmsSender};

use super::span::two_minutes;
use super::{Confirm, FormerNames, PlanRepeat, Quorum, Span, Target};

/// An escalation policy: a space and ordered steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The name that the plan had before, or a list of such names, the latest first: its incidents keep their space.
    #[serde(default, skip_serializing_if = "FormerNames::is_empty")]
    pub was: FormerNames,
    /// The Webex space of the plan's incidents.
    pub space: Space,
    /// An incident of a button or a source is over after this long without any activity, and the next press is the first one again.
    #[serde(default = "six_hours")]
    pub reset_after: Span,
    /// What a press after the last step does.
    #[serde(default)]
    pub repeat: Repeat,
    /// The steps. Press n takes step n. A zone's first level takes the first step, its next level the next.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Restarts the plan when nobody has acknowledged after its last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<PlanRepeat>,
    /// Who has to acknowledge: a number of people, or one member of each of the listed teams.
    #[serde(default, skip_serializing_if = "is_default")]
    pub need: Quorum,
    /// Steps that are taken only when a person asks for them by name: `esc technical`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub escalate: BTreeMap<String, Step>,
    /// Posts an incident card with buttons in the space. The default is to do so only for alerts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<bool>,
    /// Asks the person who acknowledged the incident whether they still have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Plan {
    /// Returns a step by its number: 1 is the first of `steps`. After the last one come those of `escalate`, in the order of their
    /// names.
    pub fn step(&self, number: u32) -> Option<&Step> {
        let index = (number as usize).checked_sub(1)?;
        self.steps.get(index).or_else(|| self.escalate.values().nth(index - self.steps.len()))
    }

    /// Returns the number of the step in `escalate` with this name.
    pub fn escalation(&self, name: &str) -> Option<u32> {
        let index = self.escalate.keys().position(|known| known.eq_ignore_ascii_case(name))?;
        u32::try_from(self.steps.len() + index + 1).ok()
    }

    /// Returns the ids of the people whom a step names.
    pub fn people_named(&self) -> impl Iterator<Item = &str> {
        let steps = self.steps.iter().chain(self.escalate.values());
        steps.flat_map(Step::targets).filter_map(|target| match target {
            Target::Person(name) => Some(name.person.as_str()),
            Target::Number(_) | Target::OnDuty(_) | Target::Team(_) => None,
        })
    }

    /// Returns true if a step of this plan may call somebody.
    pub fn calls(&self) -> bool {
        let mut steps = self.steps.iter().chain(self.escalate.values());
        steps.any(|step| !step.call.is_empty() || !step.page.is_empty())
    }

    /// Returns true if a step of this plan can only be taken with the roster.
    pub fn asks_the_roster(&self) -> bool {
        let steps = self.steps.iter().chain(self.escalate.values());
        steps.flat_map(Step::targets).any(Target::asks_the_roster) || matches!(self.need, Quorum::Teams(_))
    }
}

impl Step {
    /// All targets of the step.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        let texts = self.sms.iter().flat_map(|sms| &sms.to);
        let calls = self.call.iter().flat_map(|call| &call.to);
        texts.chain(calls).chain(self.page.iter().flat_map(|page| &page.to))
    }
}

fn six_hours() -> Span {
    Span(SignedDuration::from_hours(6))
}

/// What a press after the last step does. Such a press is counted and posted either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Repeat {
    /// Nothing more.
    #[default]
    None,
    /// Takes the last step again.
    Last,
}

/// A Webex space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// Its title; may use `{button}` or `{source}` and, with `reuse: per-incident`, `{title}`, `{incident}` and `{time}`.
    pub title: String,
    /// Whether the plan's incidents share a space.
    #[serde(default)]
    pub reuse: Reuse,
    /// The id of the Webex team that the space belongs to.
    #[serde(default)]
    pub team: Option<String>,
    /// Addresses of its moderators.
    #[serde(default)]
    pub moderators: Vec<EmailAddress>,
    /// Addresses of its other members.
    #[serde(default)]
    pub participants: Vec<EmailAddress>,
}

/// Lifetime of a space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Reuse {
    /// One space for all incidents of the plan.
    #[default]
    Always,
    /// A new space for each incident.
    PerIncident,
}

/// One step: any mix of posts, texts, calls and pages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The message to post in the space.
    #[serde(default)]
    pub post: Option<PlanPost>,
    /// Text messages.
    #[serde(default)]
    pub sms: Vec<PlanSms>,
    /// Phone calls.
    #[serde(default)]
    pub call: Vec<PlanCall>,
    /// People to page: each is reached in the way that they prefer, until somebody acknowledges. They are added to the space.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub page: Vec<PlanPage>,
    /// People to add to the space.
    #[serde(default)]
    pub people: Option<SpaceMembers>,
    /// Takes the step automatically this long after the previous one, if nobody has acknowledged.
    #[serde(default)]
    pub after: Option<Span>,
}

/// A message in the space, with or without a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanPost {
    /// Webex markdown; may use `{button}` (or `{source}`, `{zone}`, `{customer}`), `{title}`, `{severity}`, `{count}`, `{time}`,
    /// `{incident}`, and for a zone `{level}`, `{capacity}`, `{usual}`.
    #[serde(default)]
    pub markdown: Option<String>,
    /// A file, named relative to `handbell.yaml`, such as `files/form.pdf`; 100 MB at most.
    #[serde(default)]
    pub file: Option<String>,
    /// The file's content type, if its name doesn't show it.
    #[serde(default, rename = "type")]
    pub content_type: Option<String>,
    /// A description of the file, shown with it.
    #[serde(default)]
    pub label: Option<String>,
}

/// A text message to several people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanSms {
    /// Phone numbers, or people: `+352691496401`, `{ on_duty: ops }`, `{ team: network }`, `{ person: dana }`.
    pub to: Vec<Target>,
    /// The text to send; may use the same placeholders as `post.markdown`.
    pub text: String,
    /// A sender to use instead of `twilio.from`.
    #[serde(default)]
    pub from: Option<SmsSender>,
}

/// A phone call to several people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanCall {
    /// Phone numbers, or people: `+352691496401`, `{ on_duty: ops }`, `{ team: network }`, `{ person: dana }`.
    pub to: Vec<Target>,
    /// The text to speak; may use the same placeholders as `post.markdown`, with their values when the call is answered.
    pub say: String,
    /// A caller to use instead of `twilio.from`.
    #[serde(default)]
    pub from: Option<E164>,
    /// The language of the spoken text, such as `en-US`.
    #[serde(default)]
    pub language: Option<String>,
    /// One of Twilio's voices, such as `Polly.Joanna`.
    #[serde(default)]
    pub voice: Option<String>,
    /// Maximum number of calls until somebody answers. A voicemail is not an answer. The default is 1.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u32,
    /// The time between two calls. The default is `2m`.
    #[serde(default = "two_minutes", skip_serializing_if = "is_two_minutes")]
    pub every: Span,
}

fn once() -> u32 {
    1
}
fn is_once(times: &u32) -> bool {
    *times == 1
}
fn is_two_minutes(every: &Span) -> bool {
    *every == two_minutes()
}

/// People to page, each in the way that they prefer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanPage {
    /// People, or bare phone numbers: `{ on_duty: ops }`, `{ team: network }`, `{ person: dana }`, `+352691496401`.
    pub to: Vec<Target>,
    /// The text or mail to send; may use `{source}`, `{title}`, `{severity}`, `{count}`, `{time}`, `{incident}`.
    #[serde(default = "page_text")]
    pub text: String,
    /// The text to speak in a call. The default is `text`.
    #[serde(default)]
    pub say: Option<String>,
    /// A sender to use instead of `twilio.from`.
    #[serde(default)]
    pub from: Option<E164>,
}

fn page_text() -> String {
    "{source}: {title}".to_owned()
}

/// People to add to the space.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SpaceMembers {
    /// Addresses of people to add as moderators.
    #[serde(default)]
    pub moderators: Vec<EmailAddress>,
    /// Addresses of people to add.
    #[serde(default)]
    pub participants: Vec<EmailAddress>,
}
