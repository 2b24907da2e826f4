//! Measures a flood of alerts about different subjects: none may be lost, and how long each waits until a person is
//! notified.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use handbell_boot::Error;
use handbell_local::cloud::table::Units;
use serde_json::json;
use tokio::task::JoinSet;

use super::Load;
use super::called::ANSWERS_IN;
use super::scene::{Hands, Scene, Surroundings, Time, config, mail, plan};
use crate::progress;

/// Time-out, which is only reached if something is stuck.
const LIMIT: Duration = Duration::from_secs(300);
/// Time without any change after which the flood is over, once everybody was notified.
const STILL: Duration = Duration::from_secs(3);
/// Time after which a missing notification counts as lost. The tick finds what the queue has missed within a minute.
const MISSED: Duration = Duration::from_secs(150);
/// Phone of the person on call.
const PHONE: &str = "+12025550131";
const PLAN: &str = "text";

/// Outcome of the alerts.
pub(super) struct Flood {
    /// Number of alerts.
    pub(super) alerts: usize,
    /// Time from the first mail to the last.
    pub(super) within: Duration,
    /// Time from each mail's arrival until the vendor had the first request about it.
    pub(super) first: Vec<Duration>,
    /// Number of alerts of which nobody was notified.
    pub(super) lost: usize,
    /// Number of alerts of which a person was notified more than once.
    pub(super) twice: usize,
    /// Time from the first mail until the vendor had the last text.
    pub(super) took: Duration,
    /// Time until no work was left: spaces, posts, cards and receipts. `None` if it didn't come to rest.
    pub(super) settled: Option<Duration>,
    /// Consumed capacity of the table.
    pub(super) units: Units,
    /// Number of calls that failed permanently, and of messages that were received too often.
    pub(super) dead: usize,
}

fn host(alert: usize) -> String {
    format!("host{alert:04}")
}

/// Sends the alerts evenly within the given time. The person on call must get a text about each.
pub(super) async fn measure(hands: &Hands, flood: Load) -> Result<Flood, Error> {
    let Load { count: alerts, seconds } = flood;
    progress(&format!("lets {alerts} alerts come within {seconds} s, {}", hands.name()));
    let steps = json!([{ "sms": [{ "to": [PHONE], "text": "{title}" }] }]);
    let config = config(json!({ PLAN: plan(steps) }), None);
    let scene = Scene::start(hands, Time::Real, &config, Surroundings::answering_in(ANSWERS_IN)).await?;
    scene.listen().await?;
    // One alert comes first, to start the processes.
    scene.mail("rehearsal", PLAN).await?;
    let rehearsed = || scene.vendor.asked().iter().any(|asked| asked.taken.is_some());
    scene.until(LIMIT, "nobody was told of the first alert", rehearsed).await?;

    scene.runner.cloud.table().forget_units();
    let begun = Instant::now();
    let mut mails = JoinSet::new();
    for alert in 0..alerts {
        let (http, origin) = (scene.http.clone(), scene.address());
        let pause = Duration::from_secs(seconds).mul_f64(alert as f64 / alerts as f64);
        mails.spawn(async move {
            tokio::time::sleep_until((begun + pause).into()).await;
            let arrived = Instant::now();
            mail(&http, &origin, &host(alert), PLAN).await.map(|()| (alert, arrived))
        });
    }
    let mut arrived = BTreeMap::new();
    while let Some(sent) = mails.join_next().await {
        let (alert, at) = sent??;
        arrived.insert(host(alert), at);
    }
    let last = arrived.values().max().copied().unwrap_or(begun);

    let mut told = BTreeMap::new();
    let mut still = Instant::now();
    while begun.elapsed() < LIMIT {
        told = told_of(&scene);
        let depth = scene.runner.cloud.queue().depth();
        let left = depth.visible + depth.delayed + depth.in_flight + scene.runner.cloud.calls().running();
        if left > 0 {
            still = Instant::now();
        }
        let everybody = arrived.keys().all(|host| told.contains_key(host));
        if still.elapsed() > if everybody { STILL } else { MISSED } {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let rested = still.elapsed() > STILL;
    let first = arrived.iter().filter_map(|(host, at)| Some(told.get(host)?.first()?.duration_since(*at)));
    let ends = told.iter().filter(|(host, _)| arrived.contains_key(*host)).filter_map(|(_, at)| at.first());
    Ok(Flood {
        alerts,
        within: last.duration_since(begun),
        first: first.collect(),
        lost: arrived.keys().filter(|host| !told.contains_key(*host)).count(),
        twice: told.values().filter(|times| times.len() > 1).count(),
        took: ends.max().map_or(Duration::ZERO, |at| at.duration_since(begun)),
        settled: rested.then(|| still.duration_since(begun)),
        units: scene.runner.cloud.table().units(),
        dead: scene.runner.cloud.calls().dead().len() + scene.runner.cloud.queue().dead().len(),
    })
}

/// Returns the times at which the vendor had each text, by its subject.
fn told_of(scene: &Scene) -> BTreeMap<String, Vec<Instant>> {
    let mut told: BTreeMap<String, Vec<Instant>> = BTreeMap::new();
    for asked in scene.vendor.asked().into_iter().filter(|asked| asked.to == PHONE) {
        if let Some(host) = about(&asked.text) {
            told.entry(host.to_owned()).or_default().push(asked.handed);
        }
    }
    told
}

/// Returns the subject of a text: `db1` in `PROBLEM: db1/text is CRITICAL`.
pub(super) fn about(text: &str) -> Option<&str> {
    text.split_once("PROBLEM: ")?.1.split('/').next()
}
