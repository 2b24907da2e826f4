//! The configuration, and what follows from it alone: the plan of a subject, its name, its line.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use handbell_core::config::{AlertSource, Button, Config, Line, Plan, SiteConfig, StateNames};
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

/// The configuration, with every entry under its state name. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Configuration(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    config: Config,
    names: StateNames,
    removed_line: Option<Line>,
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
        let names = config.state_names();
        let config = config.under_state_names();
        let plans = config.plans.iter().map(|(name, plan)| {
            let known = KnownPlan { hash: fingerprint(plan), plan: Arc::new(plan.clone()) };
            (name.clone(), known)
        });
        // Nobody has this number, and nothing is sent from it.
        let removed_line = "+10000000000".parse().ok().map(Line::removed);
        let (plans, zone) = (plans.collect(), config.time_zone());
        Self(Arc::new(Parsed { config, names, removed_line, plans, zone }))
    }
}

impl Configuration {
    /// Returns the plan of this name as configured today.
    pub(crate) fn known(&self, name: &str) -> Option<&KnownPlan> {
        self.0.plans.get(name)
    }

    /// Returns the renamed entries.
    pub(crate) fn names(&self) -> &StateNames {
        &self.0.names
    }

    /// Returns the site with this name, present or former, and its state name.
    pub(crate) fn site_named(&self, name: &str) -> Option<(&str, &SiteConfig)> {
        let (name, site) = self.sites.get_key_value(self.names().sites.state(name))?;
        Some((name, site))
    }

    /// Returns the line with this name, present or former, and its state name.
    pub(crate) fn line_named(&self, name: &str) -> Option<(&str, &Line)> {
        let (name, line) = self.lines.get_key_value(self.names().lines.state(name))?;
        Some((name, line))
    }

    /// Returns the source with this name, present or former, and its state name.
    pub(crate) fn source_named(&self, name: &str) -> Option<(&str, &AlertSource)> {
        let (name, source) = self.sources.get_key_value(self.names().sources.state(name))?;
        Some((name, source))
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

    /// Returns whether an incident of the subject can still end otherwise than by this being said. A site whose zones
    /// run another plan now ends the incident itself, at its next poll.
    pub(crate) fn watches(&self, subject: &Subject) -> bool {
        subject.is_in(self) && (subject.kind() != Kind::SilentSite || self.plan_of(subject).is_some())
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
        // What is gone from the configuration keeps the name that it had.
        let label = match subject.kind() {
            Kind::Button => self.buttons.get(name).map_or(called, |button| button.label.as_deref()),
            Kind::Zone => self.zones.get(name).map_or(called, |zone| zone.label.as_deref()),
            Kind::SilentSite if !subject.is_in(self) => called.or(Some(subject.own_name())),
            Kind::SilentSite => Some(self.names().sites.present(subject.own_name())),
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

    /// Returns the line of a conversation, or what is left of a line that was removed, and its state name.
    pub(crate) fn line_even_if_removed<'a>(&'a self, subject: &'a Subject) -> Option<(&'a str, &'a Line)> {
        self.line(subject).or_else(|| Some((subject.line()?, self.0.removed_line.as_ref()?)))
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
