//! The configuration, and what follows from it alone: the plan of a subject, its name, its line.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use handbell_core::config::{Button, Config, Line, Plan};
use handbell_core::conversation::Address;
use handbell_core::incident::decide::Event;
use handbell_core::incident::{Incident, Kind, Subject};
use handbell_core::wording::Words;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A plan of the configuration and its fingerprint.
#[derive(Debug)]
pub(crate) struct KnownPlan {
    pub(crate) plan: Arc<Plan>,
    pub(crate) hash: String,
}

/// The configuration. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Configuration(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    config: Config,
    plans: BTreeMap<String, KnownPlan>,
    zone: TimeZone,
}

impl Deref for Configuration {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.0.config
    }
}

impl From<Config> for Configuration {
    fn from(config: Config) -> Self {
        let plans = config.plans.iter().map(|(name, plan)| {
            let known = KnownPlan { hash: fingerprint(plan), plan: Arc::new(plan.clone()) };
            (name.clone(), known)
        });
        Self(Arc::new(Parsed { plans: plans.collect(), zone: config.time_zone(), config }))
    }
}

impl Configuration {
    /// Returns the plan of this name as configured today.
    pub(crate) fn known(&self, name: &str) -> Option<&KnownPlan> {
        self.0.plans.get(name)
    }

    /// Returns the time zone in which times are shown.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.0.zone
    }

    /// Returns the button of a subject, with its name.
    pub(crate) fn button(&self, subject: &Subject) -> Option<(&str, &Button)> {
        let name = (subject.kind() == Kind::Button).then(|| subject.name())?;
        self.buttons.get_key_value(name).map(|(name, button)| (name.as_str(), button))
    }

    /// Returns the plan that a new incident of the subject runs today, or none if the subject is gone from the
    /// configuration.
    pub(crate) fn plan_of(&self, subject: &Subject) -> Option<(&String, &KnownPlan)> {
        let plan = match subject.kind() {
            Kind::Button => &self.buttons.get(subject.name())?.plan,
            Kind::Zone => &self.zones.get(subject.name())?.plan,
            Kind::SilentSite => {
                let (site, plan) = subject.silent()?;
                let mut zones = self.zones.values();
                &zones.find(|zone| zone.site == site && zone.plan == plan)?.plan
            }
            Kind::Waiting => &self.line(subject)?.1.waiting.as_ref()?.plan,
            Kind::Alert => &self.sources.get(subject.source()?)?.plan,
            Kind::Customer | Kind::Notice => return None,
        };
        self.0.plans.get_key_value(plan)
    }

    /// Returns the plan for an incident that this event opens. A mail's rule or an alert's severity may have its own
    /// plan.
    pub(crate) fn plan_for(&self, subject: &Subject, event: &Event) -> Option<(&String, &KnownPlan)> {
        match event {
            Event::Alert(raised) => {
                self.0.plans.get_key_value(&raised.plan).or_else(|| self.plan_of(subject))
            }
            Event::Press(_)
            | Event::Command { .. }
            | Event::Unreached { .. }
            | Event::Occupancy(_)
            | Event::CustomerWaits { .. }
            | Event::Wake => self.plan_of(subject),
        }
    }

    /// Returns the words for texts about a subject. The incident supplies the name where the configuration can't.
    pub(crate) fn words(&self, subject: &Subject, incident: Option<&Incident>) -> Words {
        let called = incident.and_then(|incident| incident.label.as_deref());
        let alert = incident.and_then(|incident| incident.alert.as_ref());
        let name = subject.source().unwrap_or(subject.name());
        let label = match subject.kind() {
            Kind::Button => self.buttons.get(name).and_then(|button| button.label.as_deref()),
            Kind::Zone => self.zones.get(name).and_then(|zone| zone.label.as_deref()),
            Kind::SilentSite => subject.silent().map(|(site, _)| site),
            Kind::Waiting => called.or(Some("A customer")),
            Kind::Customer => self.line(subject).map(|(name, line)| line.label.as_deref().unwrap_or(name)),
            Kind::Alert => self.sources.get(name).and_then(|source| source.label.as_deref()),
            Kind::Notice => Some("Handbell"),
        };
        Words {
            zone: self.0.zone.clone(),
            name: label.unwrap_or(name).to_owned(),
            alert: alert.map(|alert| (alert.title.clone(), alert.severity)),
        }
    }

    /// Returns the line of a conversation, if it is still in the configuration.
    pub(crate) fn line(&self, subject: &Subject) -> Option<(&str, &Line)> {
        let name = subject.line()?;
        self.lines.get_key_value(name).map(|(name, line)| (name.as_str(), line))
    }

    /// Returns the subject of a customer. The Twilio account's SID is the key: it never changes, and no log contains
    /// it.
    pub(crate) fn customer(&self, line: &str, address: &Address) -> Subject {
        let account = self.twilio.as_ref().map_or("", |twilio| twilio.account.as_str());
        address.subject(account, line)
    }

    /// Returns whether the line's team is at work.
    pub(crate) fn is_open(&self, line: &Line, now: Timestamp) -> bool {
        let hours = line.hours.as_ref();
        // Hours that can't be parsed must not keep customers waiting; `handbell check` rejects them.
        hours.and_then(|hours| hours.calendar(&self.0.zone).ok()).is_none_or(|calendar| calendar.is_open(now))
    }

    /// Returns the name of the secret that signs links to files and charts.
    pub(crate) fn link_secret(&self) -> &str {
        let webex = &self.webex;
        webex.webhook.as_ref().map_or(&webex.token.secret, |webhook| &webhook.secret)
    }
}

/// Returns how long a line keeps its conversations, in seconds.
pub(crate) fn keep_seconds(line: &Line) -> i64 {
    i64::from(line.keep_days) * 86_400
}

/// Returns the fingerprint of a plan. Nothing else in the configuration changes it.
fn fingerprint(plan: &Plan) -> String {
    let text = serde_json::to_vec(plan).unwrap_or_default();
    handbell_core::hex(&<sha2::Sha256 as sha2::Digest>::digest(text)[..12])
}
