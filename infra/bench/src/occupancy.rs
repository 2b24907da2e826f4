//! Measures the poll of a site with five hundred zones, minute by minute.

use std::path::{Path, PathBuf};
use std::time::Duration;

use handbell_boot::Error;
use handbell_local::runner::Runner;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::measure::{Clock, Secrets, Start, environment, start};
use crate::process::Process;
use crate::{events, progress};

/// Number of zones of the site.
pub(crate) const ZONES: u64 = 500;
/// Name of the site.
const SITE: &str = "house";
/// Name of the function that polls.
const POLL: &str = "cmx-poll";
/// Minutes of a day.
const DAY: u64 = 24 * 60;
/// On a given day, one zone in this number gets full.
const SELDOM: u64 = 5;
/// Time that the simulated phones take for each step.
const PACE: Duration = Duration::from_millis(5);

/// Size of the measurement.
#[derive(Clone, Copy)]
pub(crate) struct Played {
    /// Number of processes to start.
    pub(crate) starts: usize,
    /// Number of polls by one process.
    pub(crate) polls: usize,
}

/// Results of the measurement.
#[derive(Default)]
pub(crate) struct SitePolls {
    /// Time from the start of a process to the answer of its first poll, without the site's time.
    pub(crate) first: Vec<Duration>,
    /// Time of each poll by one process.
    pub(crate) whole: Vec<Duration>,
    /// The site's time of each poll, as the site reports it.
    pub(crate) site: Vec<Duration>,
    /// Time of each poll without the site's.
    pub(crate) own: Vec<Duration>,
    /// Round trips to the table in each poll.
    pub(crate) trips: Vec<u64>,
    /// Write units of each poll.
    pub(crate) write: Vec<f64>,
    /// Read units of each poll.
    pub(crate) read: Vec<f64>,
    /// Processor time of a poll.
    pub(crate) processor: Option<Duration>,
    /// Peak memory of the process.
    pub(crate) memory: Option<u64>,
    /// Largest size of the site's row, in bytes as DynamoDB counts them.
    pub(crate) row: u64,
    /// Largest answer of the site, in bytes.
    pub(crate) answer: usize,
    /// Number of changes to report: busier, calmer, over.
    pub(crate) signals: u64,
    /// Number of cards in the space.
    pub(crate) cards: usize,
}

/// Lets one process of the real function poll minute by minute, while the counts change.
pub(crate) async fn measure(release: &Path, played: Played) -> Result<SitePolls, Error> {
    let file = ConfigFile::write()?;
    let runner = start(release, &file.0, Start::at_rest(PACE)).await?;
    let secrets = Secrets::write(&file.0, &runner)?;
    let env = environment(&file.0, &runner, &secrets, Clock::Runner);
    let binary = release.join(POLL);
    let http = handbell_boot::client()?;
    let mut site_polls = SitePolls::default();

    progress(&format!("starts {POLL} with {ZONES} zones {} times", played.starts));
    let mut minute = 0;
    for _ in 0..played.starts {
        next_minute(&runner, &mut minute)?;
        let mut wire = runner.stage.wire.listen();
        let (_, took) = Process::first_answer(&binary, &env, &events::tick(), 200).await?;
        site_polls.first.push(took.saturating_sub(asked(&mut wire)?.0));
        has_counted(&runner).await?;
    }

    progress(&format!("polls {ZONES} zones {} times", played.polls));
    next_minute(&runner, &mut minute)?;
    let (mut process, _) = Process::first_answer(&binary, &env, &events::tick(), 200).await?;
    let before = process.processor_time();
    for number in 0..played.polls {
        if number > 0 && number % 240 == 0 {
            progress(&format!("{number} of {} polls", played.polls));
        }
        next_minute(&runner, &mut minute)?;
        let mut wire = runner.stage.wire.listen();
        let units = runner.cloud.table().units();
        let whole = process.call(&events::tick()).await?;
        let after = runner.cloud.table().units();
        let (site, bytes) = asked(&mut wire)?;
        site_polls.whole.push(whole);
        site_polls.site.push(site);
        site_polls.own.push(whole.saturating_sub(site));
        site_polls.trips.push(after.calls - units.calls);
        site_polls.write.push(after.write - units.write);
        site_polls.read.push(after.read - units.read);
        site_polls.answer = site_polls.answer.max(bytes);
        site_polls.row = site_polls.row.max(row(&runner, &http).await?);
        // Delivering the reports is not a part of the poll.
        while runner.cloud.queue().depth().visible > 0 {
            runner.cloud.deliver_due().await;
        }
    }
    let after = process.processor_time();
    site_polls.processor =
        before.zip(after).map(|(before, after)| after.saturating_sub(before) / played.polls.max(1) as u32);
    site_polls.memory = process.peak_memory();
    has_counted(&runner).await?;
    site_polls.signals = runner.store.sites().site(SITE).await?.map_or(0, |site| site.signals);
    let spaces = runner.webex.view();
    let messages = spaces.as_array().into_iter().flatten().filter_map(|space| space["messages"].as_array());
    site_polls.cards = messages.flatten().filter(|message| !message["card"].is_null()).count();
    Ok(site_polls)
}

/// Moves the clock to the next full minute and changes the counts.
fn next_minute(runner: &Runner, minute: &mut u64) -> Result<(), Error> {
    let now = runner.stage.clock.now();
    let next = Timestamp::from_second((now.as_second().div_euclid(60) + 1) * 60)?;
    runner.cloud.advance(next.duration_since(now) + SignedDuration::from_millis(1))?;
    *minute += 1;
    for zone in 0..ZONES {
        runner.cmx.set(&name(zone), devices(zone, *minute));
    }
    Ok(())
}

/// Returns the site's time since then, and the size of its answer. There must have been exactly one request.
fn asked(
    wire: &mut tokio::sync::broadcast::Receiver<handbell_sim::wire::WireEntry>,
) -> Result<(Duration, usize), Error> {
    let mut answers = Vec::new();
    while let Ok(entry) = wire.try_recv() {
        if entry.from == "handbell" && entry.to == "cmx" {
            answers.push((Duration::from_millis(entry.millis), entry.answer.len(), entry.status));
        }
    }
    match answers[..] {
        [(took, length, 200)] => Ok((took, length)),
        _ => Err(format!("one request should serve all zones, and these were answered: {answers:?}").into()),
    }
}

/// Checks that the poll has counted all zones, since a poll that fails is fast and no result.
async fn has_counted(runner: &Runner) -> Result<(), Error> {
    let site = runner.store.sites().site(SITE).await?.ok_or("the site was never polled")?;
    let known = site.counts.zones.values().filter(|counts| matches!(counts.last(), Some(Some(_)))).count();
    if known as u64 == ZONES { Ok(()) } else { Err(format!("only {known} zones were counted").into()) }
}

/// Returns the size of the site's row as DynamoDB counts it.
async fn row(runner: &Runner, http: &reqwest::Client) -> Result<u64, Error> {
    let key = json!({ "pk": { "S": format!("SITE#{SITE}") }, "sk": { "S": "NOW" } });
    let request =
        json!({ "TableName": handbell_local::cloud::table::NAME, "Key": key, "ConsistentRead": true });
    let answer = http
        .post(format!("http://{}/aws/dynamodb", runner.address))
        .header("x-amz-target", "DynamoDB_20120810.GetItem")
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", "AWS4-HMAC-SHA256 Credential=local/20300101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none")
        .header("x-amz-date", "20300101T000000Z")
        .body(request.to_string())
        .send()
        .await?
        .error_for_status()?;
    let answer: Value = serde_json::from_slice(&answer.bytes().await?)?;
    let row = answer["Item"].as_object().ok_or("the site has no row")?;
    Ok(row.iter().map(|(name, value)| name.len() as u64 + size(value)).sum())
}

/// Returns the size of a value according to DynamoDB's guide.
fn size(value: &Value) -> u64 {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else { return 0 };
    let text = value.as_str().map_or(0, str::len) as u64;
    match kind.as_str() {
        "S" => text,
        "N" => text.div_ceil(2) + 1,
        "B" => text / 4 * 3,
        "L" => 3 + value.as_array().into_iter().flatten().map(|one| 1 + size(one)).sum::<u64>(),
        "M" => {
            let all = value.as_object().into_iter().flatten();
            3 + all.map(|(name, one)| 1 + name.len() as u64 + size(one)).sum::<u64>()
        }
        _ => 1,
    }
}

fn name(zone: u64) -> String {
    format!("zone-{zone:03}")
}

fn capacity(zone: u64) -> u64 {
    20 + mixed(zone, 0, 1) % 40
}

/// Returns the number of devices in a zone: a daily tide with a little noise, and on some days more than the capacity.
fn devices(zone: u64, minute: u64) -> u32 {
    let tide = 60 - (minute % DAY).abs_diff(DAY / 2) * 35 / (DAY / 2);
    let chance = mixed(zone, minute / DAY, 2);
    let begins = (chance >> 8) % (DAY - 90);
    let lasts = 20 + (chance >> 24) % 60;
    let busy = chance.is_multiple_of(SELDOM) && (begins..begins + lasts).contains(&(minute % DAY));
    let percent = match busy {
        true if (chance >> 40).is_multiple_of(2) => 105,
        true => 88,
        false => tide,
    };
    ((percent + mixed(zone, minute, 3) % 7) * capacity(zone) / 100) as u32
}

/// Returns deterministic noise.
fn mixed(zone: u64, time: u64, what: u64) -> u64 {
    let mut mixed = (zone << 40 ^ time << 8 ^ what)
        .wrapping_add(0x9e37_79b9_7f4a_7c15)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The configuration's file, which is deleted when dropped.
struct ConfigFile(PathBuf);

impl ConfigFile {
    fn write() -> Result<Self, Error> {
        let zones = (0..ZONES).map(|zone| {
            let (floor, capacity) = (zone / 25, capacity(zone));
            let zone = name(zone);
            let place = json!({ "hierarchy": format!("House>Floor {floor}>{zone}") });
            (zone.clone(), json!({ "site": SITE, "plan": "floor", "where": place, "capacity": capacity }))
        });
        let zones: serde_json::Map<String, Value> = zones.collect();
        let cmx = json!({ "url": "https://cmx.example.com", "user": "handbell", "password": { "secret": "cmx" }, "api": "zones" });
        let space = json!({ "title": "Floor team", "participants": ["alice@example.com"] });
        let config = json!({
            "webex": { "token": { "secret": "webex" }, "webhook": { "secret": "webex-webhook" } },
            "sites": { SITE: { "cmx": cmx } },
            "zones": zones,
            "plans": { "floor": { "space": space } },
        });
        let path =
            std::env::temp_dir().join(format!("handbell-bench-site_polls-{}.yaml", std::process::id()));
        // JSON is valid YAML.
        std::fs::write(&path, serde_json::to_vec_pretty(&config)?)?;
        Ok(Self(path))
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
