//! The configuration: the contents of `handbell.yaml`. People write it, so every field has a description for them.

mod alert_source;
mod button;
pub mod civil;
mod former_names;
mod hours;
mod line;
mod plan;
mod problems;
mod quorum;
mod secret_name;
mod site;
mod span;
mod state_names;
mod target;
mod threshold;
mod whole_number;
mod zone;

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::address::{E164, EmailAddress, SmsSender};

pub use alert_source::{
    AlertSource, Confirm, MailDomain, MailMeaning, MailRule, Mailbox, PlanRepeat, Quiet, Severity, WayIn,
};
pub use button::{Button, HeaderSecret, Meaning, Tokens};
pub use former_names::FormerNames;
pub(crate) use hours::weekday;
pub use hours::{AtClosing, Calendar, Hours};
pub use line::{
    AgentConfig, Answers, AssignmentOrder, FormConfig, Limits, Line, MailConfig, Texts, Voice, WaitingAlarm,
};
pub use plan::{Plan, PlanCall, PlanPage, PlanPost, PlanSms, Repeat, Reuse, Space, SpaceMembers, Step};
pub use problems::{Problem, pin_bytes, problems};
pub use quorum::Quorum;
pub use secret_name::SecretName;
pub use site::{CiscoSpaces, Cmx, CmxApi, CmxPush, Meraki, MerakiPush, SiteConfig, Source};
pub use span::Span;
pub use state_names::{Renamed, StateNames};
pub use target::{OnDuty, PersonName, Target, TeamName};
pub use threshold::{Amount, Never, Threshold};
pub use zone::{Exclude, Place, Polls, Zone};

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// IANA name of the time zone in which people read times, such as `Europe/Paris`.
    #[serde(default = "utc")]
    pub timezone: String,
    /// How to reach Webex.
    pub webex: WebexConfig,
    /// How to reach Twilio. Needed for texts and calls.
    #[serde(default)]
    pub twilio: Option<TwilioConfig>,
    /// People to notify when Handbell itself could not do something.
    #[serde(default)]
    pub admins: Admins,
    /// Plans by name: escalation policies. Buttons, sources, zones and lines refer to them.
    #[serde(default)]
    pub plans: BTreeMap<String, Plan>,
    /// Buttons by name. Each has its own secret address.
    #[serde(default)]
    pub buttons: BTreeMap<String, Button>,
    /// Sites by name: the sources of device counts.
    #[serde(default)]
    pub sites: BTreeMap<String, SiteConfig>,
    /// Zones by name: parts of a site, and the device counts at which they are full.
    #[serde(default)]
    pub zones: BTreeMap<String, Zone>,
    /// Lines by name: numbers on which customers reach a team.
    #[serde(default)]
    pub lines: BTreeMap<String, Line>,
    /// Settings for incoming and outgoing mail. Needed for the `address` of a source, incident reports by mail and pages by mail.
    #[serde(default)]
    pub mail: Option<MailDomain>,
    /// Sources of alerts by name: monitoring systems that send mail, and forms for people.
    #[serde(default)]
    pub sources: BTreeMap<String, AlertSource>,
}

fn utc() -> String {
    "UTC".into()
}

impl Config {
    /// Returns the time zone, or UTC if the name is unknown. `handbell check` rejects unknown names.
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }

    /// Returns every phone number that belongs to Handbell: `twilio.from` and the numbers of the lines.
    pub fn own_numbers(&self) -> Vec<E164> {
        let lines = self.lines.values().map(|line| line.number.clone());
        self.from().and_then(SmsSender::number).into_iter().chain(lines).collect()
    }

    /// Returns the name and the line of a phone number.
    pub fn line_of(&self, number: &str) -> Option<(&str, &Line)> {
        self.lines.iter().find(|(_, line)| line.number == number).map(|(name, line)| (name.as_str(), line))
    }

    /// Returns the people whom plans name by id, with the names of these plans.
    pub fn people_in_plans(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut people: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, plan) in &self.plans {
            for person in plan.people_named() {
                people.entry(person).or_default().insert(name);
            }
        }
        people
    }

    /// Returns the default sender and caller (`twilio.from`); none without `twilio`.
    pub fn from(&self) -> Option<&SmsSender> {
        self.twilio.as_ref().map(|twilio| &twilio.from)
    }
}

/// How to reach Webex.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WebexConfig {
    /// The token of a bot, a user or a service app.
    pub token: SecretName,
    /// The secret with which Webex signs its webhooks; at least 32 characters.
    #[serde(default)]
    pub webhook: Option<SecretName>,
    /// Shows incidents and zones in cards with buttons. Otherwise they are plain posts, a zone's with a picture.
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
pub struct TwilioConfig {
    /// `AC…`, from Twilio's console.
    pub account: String,
    /// The account's auth token. It also verifies Twilio's requests, so it is needed even with an API key.
    pub token: SecretName,
    /// The second valid auth token during a rotation.
    #[serde(default)]
    pub second_token: Option<SecretName>,
    /// An API key (`SK…`) to use for requests to Twilio instead of the auth token.
    #[serde(default)]
    pub key: Option<ApiKey>,
    /// The number that sends and calls, unless a step names another: `+33644606827`. A name, such as `Handbell`, can send but not
    /// call.
    pub from: SmsSender,
    /// Number of calls that the account may start per second; a new account may start one. Handbell spreads the calls of a step
    /// accordingly.
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
    /// The name of the secret that holds the key's own secret.
    pub secret: String,
}

/// People to notify when Handbell itself could not do something.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Admins {
    /// Addresses to notify in Webex, one to one. Posts that failed are reported by SMS instead.
    #[serde(default)]
    pub webex: Vec<EmailAddress>,
    /// Phone numbers to notify by SMS. Texts, calls and mails that failed are reported in Webex instead.
    #[serde(default)]
    pub sms: Vec<E164>,
}
