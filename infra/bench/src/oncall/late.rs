//! Measures the delay of the second step of unacknowledged incidents, in real time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use handbell_boot::Error;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Load;
use super::called::ANSWERS_IN;
use super::flood::about;
use super::scene::{Hands, Scene, Surroundings, Time, config, mail, plan};
use crate::progress;

/// Time after which a late step counts as missing.
const PATIENCE: Duration = Duration::from_secs(90);
/// Number of plans, which differ in the time of the second step.
const PLANS: usize = 20;
const FIRST: &str = "+12025550132";
const SECOND: &str = "+12025550133";

/// Delays of the second steps.
pub(super) struct Late {
    /// Number of incidents.
    pub(super) incidents: usize,
    /// Time from the due time of the step until the vendor had its text; negative if it was early.
    pub(super) late: Vec<SignedDuration>,
    /// Number of steps that did not come, and of those that came more than once.
    pub(super) missing: usize,
    pub(super) twice: usize,
}

/// Opens the incidents within the given time. Their second steps come after different times.
pub(super) async fn measure(
    hands: &Hands,
    load: Load,
    second_step: RangeInclusive<u64>,
) -> Result<Late, Error> {
    let Load { count: incidents, seconds } = load;
    let (shortest, longest) = second_step.into_inner();
    let whole = Duration::from_secs(seconds + longest);
    progress(&format!("lets {incidents} incidents escalate, {}; {} s", hands.name(), whole.as_secs()));
    let after = |which: usize| shortest + (longest - shortest) * which as u64 / (PLANS as u64 - 1);
    let plans = (0..PLANS).map(|which| (name(which), two_steps(after(which))));
    let config = config(Value::Object(plans.collect()), None);
    let scene = Scene::start(hands, Time::Real, &config, Surroundings::answering_in(ANSWERS_IN)).await?;
    scene.listen().await?;

    let begun = Instant::now();
    let mut mails = JoinSet::new();
    for incident in 0..incidents {
        let (http, origin) = (scene.http.clone(), scene.address());
        let pause = Duration::from_secs(seconds).mul_f64(incident as f64 / incidents as f64);
        mails.spawn(async move {
            tokio::time::sleep_until((begun + pause).into()).await;
            mail(&http, &origin, &format!("host{incident:04}"), &name(incident % PLANS)).await
        });
    }
    while let Some(sent) = mails.join_next().await {
        sent??;
    }
    let mut opened = BTreeSet::new();
    let mut came = second_steps(&scene);
    while came.len() < incidents && begun.elapsed() < whole + PATIENCE {
        // The bus keeps only the last facts.
        let facts =
            scene.runner.cloud.bus().facts().into_iter().filter(|fact| fact.kind == "incident.opened");
        opened.extend(facts.filter_map(|fact| fact.detail["subject"].as_str().map(str::to_owned)));
        tokio::time::sleep(Duration::from_millis(100)).await;
        came = second_steps(&scene);
    }

    let mut late = Vec::new();
    for subject in opened {
        let incident =
            scene.runner.store.incidents().incident(&serde_json::from_value(json!(subject))?).await?;
        let incident = incident.ok_or("the bus told of an incident that isn't in the table")?;
        let title = incident.alert.as_ref().map_or("", |alert| alert.title.as_str());
        let at = about(title).and_then(|host| came.get(host)?.first());
        let which = incident.plan.rsplit_once('-').and_then(|(_, which)| which.parse::<usize>().ok());
        if let (Some(at), Some(which)) = (at, which) {
            let due = incident.opened_at + SignedDuration::from_secs(after(which) as i64);
            late.push(at.duration_since(due));
        }
    }
    Ok(Late {
        incidents,
        missing: incidents.saturating_sub(late.len()),
        twice: came.values().filter(|times| times.len() > 1).count(),
        late,
    })
}

fn name(which: usize) -> String {
    format!("climbs-{which:02}")
}

fn two_steps(after: u64) -> Value {
    plan(json!([
        { "sms": [{ "to": [FIRST], "text": "{title}" }] },
        { "sms": [{ "to": [SECOND], "text": "{title}" }], "after": format!("{after}s") },
    ]))
}

/// Returns the times at which the vendor had the texts of second steps, by subject.
fn second_steps(scene: &Scene) -> BTreeMap<String, Vec<Timestamp>> {
    let mut came: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
    for asked in scene.vendor.asked().into_iter().filter(|asked| asked.to == SECOND) {
        if let Some(host) = about(&asked.text) {
            came.entry(host.to_owned()).or_default().push(asked.at);
        }
    }
    came
}
