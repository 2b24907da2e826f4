//! On-call data for the page: the people, who is on call in the next two weeks, and the sources of alerts.

use std::sync::Mutex;

use handbell_core::config::{Config, Target};
use handbell_core::oncall::{OnCallReason, Person, Roster, Rota};
use handbell_store::Store;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::Serialize;
use serde_json::{Value, json};

use super::plans::plans;

/// Number of days for which the rotas are drawn, including today.
const DAYS: i32 = 14;
/// Minimum interval between two reads of the roster, in the system's time. The page asks ten times a second.
const FRESH: SignedDuration = SignedDuration::from_secs(1);

/// A source of alerts on this laptop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocalSource {
    /// Name of the source in the configuration.
    pub name: String,
    /// Label for people.
    pub label: String,
    /// Mail address, if it has one: `duty-demo@in.example.com`.
    pub mail: Option<String>,
    /// Path of its web form, if it has one: `/alert/…`.
    pub form: Option<String>,
}

/// Returns the sources of the configuration, with their addresses according to the laptop's secrets.
pub fn local_sources(config: &Config) -> Vec<LocalSource> {
    let sources = config.sources.iter().map(|(name, source)| LocalSource {
        name: name.clone(),
        label: source.label.clone().unwrap_or_else(|| name.clone()),
        mail: source
            .address
            .as_ref()
            .zip(config.mail.as_ref())
            .map(|(_, mail)| format!("duty-{name}@{}", mail.domain)),
        form: source.form.is_some().then(|| format!("/alert/{name}")),
    });
    sources.collect()
}

/// The roster for the page, which is cached.
pub(crate) struct Duty {
    sources: Value,
    plans: Value,
    /// Sender of Handbell's mails.
    from: Option<String>,
    /// Names of the rotas in the order in which plans use them.
    order: Vec<String>,
    seen: Mutex<Option<(Timestamp, Value)>>,
}

impl Duty {
    /// Creates the cache for a configuration, without reading the roster.
    pub(crate) fn new(config: &Config) -> Self {
        let mut order: Vec<String> = Vec::new();
        for target in config.plans.values().flat_map(|plan| &plan.steps).flat_map(|step| step.targets()) {
            if let Target::OnDuty(rota) = target
                && !order.contains(&rota.on_duty)
            {
                order.push(rota.on_duty.clone());
            }
        }
        Self {
            sources: json!(local_sources(config)),
            plans: plans(config),
            from: config.mail.as_ref().map(|mail| mail.from.to_string()),
            order,
            seen: Mutex::default(),
        }
    }

    /// Returns `sources`, `plans`, `mail_from`, `people` and `rotas`. If the roster can't be read, uses the last one.
    pub(crate) async fn view(&self, store: &Store, now: Timestamp) -> Value {
        let seen = || self.seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let last = seen().clone();
        // In the system's time, so that moving the clock shows at once who is on call then.
        if let Some((at, view)) = &last
            && now.duration_since(*at).abs() < FRESH
        {
            return view.clone();
        }
        let view = match (store.people().roster().await, last) {
            (Ok(roster), _) => self.of(&roster, now),
            (Err(_), Some((_, view))) => view,
            (Err(_), None) => self.of(&Roster::default(), now),
        };
        *seen() = Some((now, view.clone()));
        view
    }

    fn of(&self, roster: &Roster, now: Timestamp) -> Value {
        let person = |person: &Person| {
            let phones: Vec<&str> = person.phones.iter().map(|phone| phone.address.as_str()).collect();
            json!({ "id": person.id, "name": person.name, "phones": phones })
        };
        let people: Vec<Value> = roster.people.values().map(person).collect();
        let mut rotas: Vec<&Rota> = roster.rotas.values().collect();
        let place = |rota: &Rota| self.order.iter().position(|name| *name == rota.name).unwrap_or(usize::MAX);
        rotas.sort_by_key(|rota| place(rota));
        let rotas: Vec<Value> = rotas.into_iter().map(|rota| turns(roster, rota, now)).collect();
        json!({ "sources": self.sources, "plans": self.plans, "mail_from": self.from, "people": people, "rotas": rotas })
    }
}

/// Returns a rota from the beginning of today in its own time zone, for [`DAYS`].
fn turns(roster: &Roster, rota: &Rota, now: Timestamp) -> Value {
    let zone = TimeZone::get(&rota.timezone).unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(zone.clone()).date();
    let day = |date: jiff::civil::Date| date.to_zoned(zone.clone()).map(|day| day.timestamp());
    let from = day(today).unwrap_or(now);
    let to = today.checked_add(DAYS.days()).and_then(day).unwrap_or(from);
    let shifts: Vec<Value> = roster
        .shifts(&rota.name, from, to)
        .into_iter()
        .map(|shift| {
            let why =
                shift.why.map(|why| if matches!(why, OnCallReason::Layer(_)) { "turn" } else { "stands in" });
            json!({ "person": shift.person, "from": shift.from, "until": shift.until, "why": why })
        })
        .collect();
    let duty = roster.on_call(&rota.name, now);
    let next = roster.next_on_call(&rota.name, now);
    json!({
        "name": rota.name, "label": rota.label.as_ref().unwrap_or(&rota.name), "timezone": rota.timezone,
        "now": duty.as_ref().map(|duty| &duty.person.id), "until": next.as_ref().map(|(until, _)| until),
        "next": next.and_then(|(_, duty)| duty).map(|duty| duty.person.id.clone()),
        "from": from, "to": to, "shifts": shifts,
    })
}

#[cfg(test)]
mod tests;
