//! Duty for the page: who there is, who is on call for the next two weeks, and where alerts come in.

use std::sync::Mutex;

use handbell_core::config::{Config, Target};
use handbell_core::oncall::{Person, Roster, Rota, Why};
use handbell_store::Store;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::Serialize;
use serde_json::{Value, json};

use super::plans::plans;

/// The rota is drawn for so many days, today with them.
const DAYS: i32 = 14;
/// The page asks ten times a second; the roster is read once in so much of the system's time.
const FRESH: SignedDuration = SignedDuration::from_secs(1);

/// Where alerts come in on this laptop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocalSource {
    /// The source's name in the configuration.
    pub name: String,
    /// How people call it.
    pub label: String,
    /// The address that its mails go to, if it has one: `duty-demo@in.example.com`.
    pub mail: Option<String>,
    /// The path of its web form, if it has one: `/alert/…`.
    pub form: Option<String>,
}

/// The configuration's sources, with the addresses that this laptop's secrets give them.
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

/// The roster for the page, read no more often than it is of use.
pub(crate) struct Duty {
    sources: Value,
    plans: Value,
    /// Whoever writes for Handbell itself.
    from: Option<String>,
    /// Rotas in the order in which plans call them.
    order: Vec<String>,
    seen: Mutex<Option<(Timestamp, Value)>>,
}

impl Duty {
    /// Of a configuration; nothing is read yet.
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
            from: config.mail.as_ref().map(|mail| mail.from.clone()),
            order,
            seen: Mutex::default(),
        }
    }

    /// `sources`, `plans`, `mail_from`, `people` and `rotas`. A roster that can't be read now is the one that was read last.
    pub(crate) async fn view(&self, store: &Store, now: Timestamp) -> Value {
        let seen = || self.seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let last = seen().clone();
        // By the system's time, so that whoever moves it sees at once who is on duty then.
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

/// One rota from the beginning of today, by its own clock, for [`DAYS`].
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
            let why = shift.why.map(|why| if matches!(why, Why::Layer(_)) { "turn" } else { "stands in" });
            json!({ "person": shift.person, "from": shift.from, "until": shift.until, "why": why })
        })
        .collect();
    let duty = roster.on_duty(&rota.name, now);
    let next = roster.next_on_duty(&rota.name, now);
    json!({
        "name": rota.name, "label": rota.label.as_ref().unwrap_or(&rota.name), "timezone": rota.timezone,
        "now": duty.as_ref().map(|duty| &duty.person.id), "until": next.as_ref().map(|(until, _)| until),
        "next": next.and_then(|(_, duty)| duty).map(|duty| duty.person.id.clone()),
        "from": from, "to": to, "shifts": shifts,
    })
}

#[cfg(test)]
mod tests;
