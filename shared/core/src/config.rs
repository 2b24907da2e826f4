//! The configuration: what `handbell.yaml` can say. People write it, so every field has words for them.

mod alert_source;
mod hours;
mod line;
mod problems;
mod site;
mod target;
mod zone;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::button::Gesture;

pub use alert_source::{
    Again, AlertSource, Confirm, MailDomain, MailRule, Mailbox, Meant, Need, Quiet, Severity,
};
pub use hours::{AtClosing, Calendar, Hours};
pub use line::{Agent, Answers, Form, Limits, Line, Mail, Texts, Voice, Waiting};
pub use problems::{Problem, pin_bytes, problems};
pub use site::{Cmx, CmxApi, CmxPush, Meraki, MerakiPush, Site, Source, Spaces};
pub use target::{OnDuty, PersonName, Target, TeamName};
pub use zone::{Amount, Exclude, Never, Place, Polls, Threshold, Zone};

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// IANA name of the time zone in which people read times, such as `Europe/Paris`.
    #[serde(default = "utc")]
    pub timezone: String,
    /// How to reach Webex.
    pub webex: Webex,
    /// How to reach Twilio; only who texts or calls needs it.
    #[serde(default)]
    pub twilio: Option<Twilio>,
    /// Who is told when Handbell itself could not deliver something.
    #[serde(default)]
    pub admins: Admins,
    /// What to do, step by step; plans are named here and used below.
    #[serde(default)]
    pub plans: BTreeMap<String, Plan>,
    /// Buttons by name. Each has its own secret address.
    #[serde(default)]
    pub buttons: BTreeMap<String, Button>,
    /// Sites by name: who counts devices.
    #[serde(default)]
    pub sites: BTreeMap<String, Site>,
    /// Zones by name: whose devices are counted, and when there are too many.
    #[serde(default)]
    pub zones: BTreeMap<String, Zone>,
    /// Lines by name: numbers on which customers reach a team.
    #[serde(default)]
    pub lines: BTreeMap<String, Line>,
    /// How mail reaches us; only who gets or sends mail of alerts needs it.
    #[serde(default)]
    pub mail: Option<MailDomain>,
    /// Sources of alerts by name: who sends mails about trouble, or fills in a form.
    #[serde(default)]
    pub sources: BTreeMap<String, AlertSource>,
}

fn utc() -> String {
    "UTC".into()
}

impl Config {
    /// The time zone, or UTC if the name is unknown; `handbell check` refuses unknown names.
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }

    /// Every number of ours.
    pub fn own_numbers(&self) -> Vec<&str> {
        let lines = self.lines.values().map(|line| line.number.as_str());
        self.twilio.iter().map(|twilio| twilio.from.as_str()).chain(lines).collect()
    }

    /// The line with this number.
    pub fn line_of(&self, number: &str) -> Option<(&str, &Line)> {
        self.lines.iter().find(|(_, line)| line.number == number).map(|(name, line)| (name.as_str(), line))
    }

    /// The number that sends and calls; empty if there is no Twilio.
    pub fn from(&self) -> &str {
        self.twilio.as_ref().map_or("", |twilio| twilio.from.as_str())
    }
}

/// The name of a secret in the secrets document; the secret itself never stands in this file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SecretName {
    /// Its name in the secrets document.
    pub secret: String,
}

/// How to reach Webex.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Webex {
    /// The token of a bot, a user or a service app.
    pub token: SecretName,
    /// Signs what Webex sends us; at least 32 characters.
    #[serde(default)]
    pub webhook: Option<SecretName>,
    /// Zones are told of in cards with buttons; without, in plain posts with a picture.
    #[serde(default = "yes")]
    pub cards: bool,
}

fn yes() -> bool {
    true
}

/// How to reach Twilio.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Twilio {
    /// `AC…`, from Twilio's console.
    pub account: String,
    /// The account's auth token. It also signs what Twilio sends us, so it is needed beside an API key too.
    pub token: SecretName,
    /// During a rotation: the token that is valid as well.
    #[serde(default)]
    pub second_token: Option<SecretName>,
    /// An API key (`SK…`) to use for sending instead of the auth token.
    #[serde(default)]
    pub key: Option<ApiKey>,
    /// The number that sends and calls, unless a step names another: `+33644606827`.
    pub from: String,
    /// So many calls a second may begin (an account starts with one); the calls of one incident are spread out in time.
    #[serde(default)]
    pub calls_per_second: Option<u32>,
}

/// A Twilio API key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// `SK…`.
    pub sid: String,
    /// Its secret.
    pub secret: String,
}

/// Who is told when Handbell itself fails.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Admins {
    /// Told in Webex, one to one, when a phone could not be reached.
    #[serde(default)]
    pub webex: Vec<String>,
    /// Told by SMS when Webex could not be reached.
    #[serde(default)]
    pub sms: Vec<String>,
}

/// A length of time: `30s`, `5m`, `6h`, `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub SignedDuration);

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^\\s*(\\d+(\\.\\d+)?\\s*(s|m|h|sec|secs|min|mins|hour|hours|second|seconds|minute|minutes)\\s*)+$",
            "description": "A length of time: 30s, 5m, 6h, 1h 30m"
        })
    }
}

/// What to do, step by step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The Webex space in which it happens.
    pub space: Space,
    /// Quiet this long: the incident is over, and the next press is the first again.
    #[serde(default = "six_hours")]
    pub reset_after: Span,
    /// What a press past the last step does.
    #[serde(default)]
    pub repeat: Repeat,
    /// The steps: press n takes step n. A zone's first level takes the first, the next level the next.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The whole plan again when nobody has acknowledged after its last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
    /// How many have to acknowledge: a number, or the names of teams of which one each has to.
    #[serde(default, skip_serializing_if = "is_default")]
    pub need: Need,
    /// Steps that come only when somebody asks for them by name: `/escalate technical`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub escalate: BTreeMap<String, Step>,
    /// A card in the space shows how it stands, with buttons; by itself for alerts, and only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<bool>,
    /// Whoever has it is asked whether it is still so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Plan {
    /// A plan that does nothing, in a space of this title.
    pub fn without_steps(title: String) -> Self {
        Self {
            space: Space {
                title,
                reuse: Reuse::Always,
                team: None,
                moderators: Vec::new(),
                participants: Vec::new(),
            },
            reset_after: six_hours(),
            repeat: Repeat::None,
            steps: Vec::new(),
            again: None,
            need: Need::default(),
            escalate: BTreeMap::new(),
            card: None,
            confirm: None,
        }
    }

    /// A step by its number: 1 is the first of `steps`, and after the last come those of `escalate`, in the order of their
    /// names.
    pub fn step(&self, number: u32) -> Option<&Step> {
        let index = (number as usize).checked_sub(1)?;
        self.steps.get(index).or_else(|| self.escalate.values().nth(index - self.steps.len()))
    }

    /// The number of the step that is asked for by this name.
    pub fn escalation(&self, name: &str) -> Option<u32> {
        let index = self.escalate.keys().position(|known| known.eq_ignore_ascii_case(name))?;
        u32::try_from(self.steps.len() + index + 1).ok()
    }

    /// The roster has to be known before a step of this plan can be taken.
    pub fn asks_the_roster(&self) -> bool {
        let steps = self.steps.iter().chain(self.escalate.values());
        steps.flat_map(Step::targets).any(Target::asks_the_roster) || matches!(self.need, Need::Teams(_))
    }
}

impl Step {
    /// Everybody whom the step reaches.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        let texts = self.sms.iter().flat_map(|sms| &sms.to);
        let calls = self.call.iter().flat_map(|call| &call.to);
        texts.chain(calls).chain(self.page.iter().flat_map(|page| &page.to))
    }
}

fn six_hours() -> Span {
    Span(SignedDuration::from_hours(6))
}

/// What a press past the last step does; it is counted and posted either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Repeat {
    /// Nothing more.
    #[default]
    None,
    /// It takes the last step again.
    Last,
}

/// A Webex space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// Its title; may use `{button}` and, with `reuse: per-incident`, `{incident}` and `{time}`.
    pub title: String,
    /// `always`: one space for all incidents of this plan. `per-incident`: a new one each time.
    #[serde(default)]
    pub reuse: Reuse,
    /// The id of the Webex team that the space belongs to.
    #[serde(default)]
    pub team: Option<String>,
    /// Mail addresses of those who moderate it.
    #[serde(default)]
    pub moderators: Vec<String>,
    /// Mail addresses of those who are in it.
    #[serde(default)]
    pub participants: Vec<String>,
}

/// How long a space lives.
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

/// One step: any mix of these.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is posted in the space.
    #[serde(default)]
    pub post: Option<Post>,
    /// Text messages.
    #[serde(default)]
    pub sms: Vec<Sms>,
    /// Phone calls.
    #[serde(default)]
    pub call: Vec<Call>,
    /// People who are told in the way that each of them wants, until somebody acknowledges; they are added to the space.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub page: Vec<Page>,
    /// People who are added to the space.
    #[serde(default)]
    pub people: Option<People>,
    /// The step comes by itself when this long after the one before nobody has acknowledged.
    #[serde(default)]
    pub after: Option<Span>,
}

/// A message in the space, with or without a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// Webex markdown; may use `{button}`, `{count}`, `{time}`, `{incident}`.
    #[serde(default)]
    pub markdown: Option<String>,
    /// A file beside this one, such as `files/form.pdf`; 100 MB at most.
    #[serde(default)]
    pub file: Option<String>,
    /// The file's content type, if its name doesn't tell.
    #[serde(default, rename = "type")]
    pub content_type: Option<String>,
    /// What the file is, shown with it.
    #[serde(default)]
    pub label: Option<String>,
}

/// A text message to several people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// Phone numbers, or people: `+352691496401`, `{ on_duty: ops }`, `{ team: network }`, `{ person: dana }`.
    pub to: Vec<Target>,
    /// What it says; may use `{button}`, `{count}`, `{time}`, `{incident}`.
    pub text: String,
    /// Another sender than `twilio.from`.
    #[serde(default)]
    pub from: Option<String>,
}

/// A phone call to several people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Phone numbers, or people: `+352691496401`, `{ on_duty: ops }`, `{ team: network }`, `{ person: dana }`.
    pub to: Vec<Target>,
    /// What is spoken; may use `{button}`, `{count}`, `{time}`, `{incident}` as they are when the call is answered.
    pub say: String,
    /// Another caller than `twilio.from`.
    #[serde(default)]
    pub from: Option<String>,
    /// The language in which it is spoken, such as `en-US`.
    #[serde(default)]
    pub language: Option<String>,
    /// One of Twilio's voices, such as `Polly.Joanna`.
    #[serde(default)]
    pub voice: Option<String>,
    /// Calls again until somebody answers, so often in all; a voicemail is no answer.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u32,
    /// At this distance.
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

/// People who are told in the way that each of them wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// People, or bare phone numbers: `{ on_duty: ops }`, `{ team: network }`, `{ person: dana }`, `+352691496401`.
    pub to: Vec<Target>,
    /// What a text or a mail says; may use `{source}`, `{title}`, `{severity}`, `{count}`, `{time}`, `{incident}`.
    #[serde(default = "page_text")]
    pub text: String,
    /// What a call says; the text, if absent.
    #[serde(default)]
    pub say: Option<String>,
    /// Another sender than `twilio.from`.
    #[serde(default)]
    pub from: Option<String>,
}

fn page_text() -> String {
    "{source}: {title}".to_owned()
}

/// People who are added to the space.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct People {
    /// Mail addresses of those who shall moderate.
    #[serde(default)]
    pub moderators: Vec<String>,
    /// Mail addresses of those who shall be in.
    #[serde(default)]
    pub participants: Vec<String>,
}

/// What a gesture on a button means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The next step.
    #[default]
    Press,
    /// "I have it."
    Acknowledge,
    /// "It was nothing."
    Cancel,
    /// Nothing at all.
    Ignore,
}

/// A button.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// The plan that it runs.
    pub plan: String,
    /// How people call it; its name if absent.
    #[serde(default)]
    pub label: Option<String>,
    /// The secret part of its address, at least 22 characters of chance. A list during a change.
    pub token: Tokens,
    /// A header that must come with each press.
    #[serde(default)]
    pub header: Option<HeaderSecret>,
    /// Only presses signed by Flic's cloud count.
    #[serde(default)]
    pub flic: bool,
    /// Two presses without an id of their own closer than this are one.
    #[serde(default = "two_seconds")]
    pub debounce: Span,
    /// A press older than this is posted as late, and doesn't climb.
    #[serde(default = "two_minutes")]
    pub max_age: Span,
    /// What one click means.
    #[serde(default)]
    pub single: Meaning,
    /// What two clicks mean.
    #[serde(default)]
    pub double: Meaning,
    /// What three clicks mean.
    #[serde(default)]
    pub triple: Meaning,
    /// What a long press means.
    #[serde(default)]
    pub hold: Meaning,
}

fn two_seconds() -> Span {
    Span(SignedDuration::from_secs(2))
}
fn two_minutes() -> Span {
    Span(SignedDuration::from_mins(2))
}

impl Button {
    /// What this gesture means on this button.
    pub fn meaning(&self, gesture: Gesture) -> Meaning {
        match gesture {
            Gesture::Single => self.single,
            Gesture::Double => self.double,
            Gesture::Triple => self.triple,
            Gesture::Hold => self.hold,
        }
    }
}

/// One secret, or several while one takes the place of another.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Tokens {
    /// One.
    One(SecretName),
    /// Several; each is accepted.
    Several(Vec<SecretName>),
}

impl Tokens {
    /// The names of all of them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(all) => all,
        }
        .iter()
        .map(|name| name.secret.as_str())
    }
}

/// A header that proves the sender.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HeaderSecret {
    /// The header's name, such as `X-Button-Key`.
    pub name: String,
    /// The name of the secret that is its value.
    pub secret: String,
}

/// True for an E.164 phone number: a plus and 2 to 15 digits, the first not 0.
pub fn is_phone_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// True for what may send: a phone number, or up to 11 letters and digits with at least a letter (Twilio, alphanumeric sender).
pub fn is_sender(text: &str) -> bool {
    is_phone_number(text)
        || ((1..=11).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
            && text.bytes().any(|byte| byte.is_ascii_alphabetic()))
}

/// True for something that Webex would take as a person's address.
pub fn is_address(text: &str) -> bool {
    let mut parts = text.split('@');
    matches!((parts.next(), parts.next(), parts.next()), (Some(local), Some(domain), None)
        if !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !text.contains(char::is_whitespace))
}
