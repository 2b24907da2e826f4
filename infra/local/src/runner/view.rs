//! The state of the whole system for the page.

use std::sync::Arc;

use handbell_core::config::Config;
use handbell_core::incident::Subject;
use handbell_sim::Stage;
use handbell_sim::cmx::Cmx;
use handbell_sim::twilio::Twilio;
use handbell_sim::webex::Webex;
use handbell_store::Store;
use serde_json::{Value, json};

use super::configured::{LocalButton, local_lines};
use crate::cloud::Cloud;
use crate::floor::Floor;
use crate::page;
use crate::page::duty::Duty;

/// The simulated vendors, for the page.
#[derive(Clone)]
pub(super) struct Vendors {
    pub(super) webex: Webex,
    pub(super) twilio: Twilio,
    pub(super) cmx: Cmx,
}

pub(super) fn page_state(
    stage: &Stage,
    vendors: Vendors,
    cloud: &Cloud,
    store: &Store,
    config: &Config,
    buttons: &[LocalButton],
) -> page::State {
    let (stage, cloud, store) = (stage.clone(), cloud.clone(), store.clone());
    let plans: Vec<(String, String, String)> = config
        .buttons
        .iter()
        .map(|(name, button)| {
            (name.clone(), button.label.clone().unwrap_or_else(|| name.clone()), button.plan.clone())
        })
        .collect();
    let expected = expected_phones(config);
    let (buttons, lines) = (buttons.to_vec(), json!(local_lines(config)));
    let (floor, duty) = (Arc::new(Floor::new(config)), Arc::new(Duty::new(config)));
    let names = Arc::new(config.state_names());
    Arc::new(move || {
        let (floor, duty, names) = (Arc::clone(&floor), Arc::clone(&duty), Arc::clone(&names));
        let (stage, vendors, cloud, store) = (stage.clone(), vendors.clone(), cloud.clone(), store.clone());
        let (plans, buttons, expected) = (plans.clone(), buttons.clone(), expected.clone());
        let lines = lines.clone();
        Box::pin(async move {
            let mut shown = Vec::new();
            for ((name, label, plan), button) in plans.iter().zip(&buttons) {
                let incident = store
                    .incidents()
                    .incident(&Subject::button(names.buttons.state(name)))
                    .await
                    .ok()
                    .flatten();
                let state = incident.as_ref().and_then(|incident| serde_json::to_value(incident.phase).ok());
                shown.push(json!({
                    "name": name, "label": label, "url": button.path, "plan": plan,
                    "count": incident.as_ref().map_or(0, |incident| incident.count),
                    "state": state.unwrap_or_else(|| "idle".into()),
                    "reference": incident.as_ref().map(|incident| incident.reference()),
                    "by": incident.and_then(|incident| incident.taken_by).map(|by| by.who),
                }));
            }
            let functions: Vec<Value> =
                cloud.template().functions.iter().map(|function| json!({ "name": function.name })).collect();
            let now = stage.clock.now();
            let duty = duty.view(&store, now).await;
            let mut told = json!({
                "now": now, "ahead_seconds": stage.clock.offset().as_secs(),
                "buttons": shown, "lines": lines, "zones": floor.zones(&vendors.cmx, &store, now).await, "spaces": vendors.webex.view(),
                "phones": with_expected(vendors.twilio.view(), &expected, &duty["people"]),
                "troubles": stage.troubles.list(now), "facts": cloud.bus().facts(), "mail": cloud.mail().view(), "functions": functions,
                "wire": stage.wire.entries(),
            });
            if let (Some(told), Value::Object(duty)) = (told.as_object_mut(), duty) {
                told.extend(duty);
            }
            told
        })
    })
}

/// Returns the phones of the people in the plans and of the agents, which the page shows before the first call.
fn expected_phones(config: &Config) -> Vec<String> {
    let steps = config.plans.values().flat_map(|plan| &plan.steps);
    let mut numbers: Vec<String> = steps
        .flat_map(|step| {
            step.sms.iter().flat_map(|sms| &sms.to).chain(step.call.iter().flat_map(|call| &call.to))
        })
        .filter_map(|target| target.number().map(ToString::to_string))
        .collect();
    for line in config.lines.values() {
        numbers.extend(line.agents.iter().filter_map(|agent| agent.phone.as_ref().map(ToString::to_string)));
        numbers.extend(line.voice.forward.iter().chain(&line.voice.after_hours).map(ToString::to_string));
    }
    numbers.sort();
    numbers.dedup();
    numbers
}

/// Adds the phones that are expected to ring, and the names of the people in the roster to whom phones belong.
fn with_expected(view: Value, expected: &[String], people: &Value) -> Value {
    let mut phones = view.as_array().cloned().unwrap_or_default();
    let people = people.as_array().map_or(&[][..], Vec::as_slice);
    let of = |person: &Value| person["phones"].as_array().cloned().unwrap_or_default();
    let theirs: Vec<(String, &str)> = people
        .iter()
        .flat_map(|person| {
            let name = person["name"].as_str().unwrap_or_default();
            of(person).into_iter().filter_map(move |phone| Some((phone.as_str()?.to_owned(), name)))
        })
        .collect();
    for number in expected.iter().chain(theirs.iter().map(|(number, _)| number)) {
        if !phones.iter().any(|phone| phone["number"] == **number) {
            phones.push(json!({ "number": number, "texts": [], "call": null, "calls": [] }));
        }
    }
    for phone in &mut phones {
        if let Some((_, name)) = theirs.iter().find(|(number, _)| phone["number"] == **number) {
            phone["name"] = (*name).into();
        }
    }
    phones.sort_by_key(|phone| phone["number"].as_str().map(str::to_owned));
    phones.into()
}
