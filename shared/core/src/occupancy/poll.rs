//! One poll of a site: from the counts of its zones to what is remembered and what is to be told. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::incident::Subject;
use crate::occupancy::view::{BUCKET, Over, Signal, View, bucket};
use crate::occupancy::zone::{Change, Level, Rule, Watch};

/// Counts of the minutes of one [`BUCKET`], by zone; none where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// When the first of the minutes began.
    pub start: Timestamp,
    /// A count for each minute up to the last that was polled.
    pub zones: BTreeMap<String, Vec<Option<u32>>>,
}

impl Counts {
    fn put(&mut self, zone: &str, minute: usize, count: Option<u32>) {
        let counts = self.zones.entry(zone.to_owned()).or_default();
        // A minute that no poll saw is unknown.
        counts.resize(minute, None);
        counts.push(count);
    }

    /// The counts of a zone, each with its minute.
    pub fn of(&self, zone: &str) -> impl Iterator<Item = (Timestamp, Option<u32>)> {
        let minutes = self.zones.get(zone).into_iter().flatten().enumerate();
        minutes.map(|(minute, count)| (self.start + SignedDuration::from_mins(minute as i64), *count))
    }
}

/// Something to tell that the engine may not have heard yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Told twice, it is one event.
    pub id: String,
    /// What it is about.
    pub subject: Subject,
    /// What.
    pub signal: Signal,
}

/// What is remembered of a site from one poll to the next: one row of the table.
///
/// What is to be told is written down together with what led to it, and crossed out when the engine has heard it. So
/// nothing is lost and nothing is told twice, wherever a process dies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Counts every change; whoever writes must have read the latest.
    pub version: u64,
    /// When it was last polled.
    pub polled_at: Option<Timestamp>,
    /// The zones.
    pub zones: BTreeMap<String, Watch>,
    /// The counts of the current minutes, not yet in a row of their own.
    pub counts: Counts,
    /// What is to be told.
    #[serde(default)]
    pub pending: Vec<Pending>,
    /// Zones of which people were told that nothing is known, and the plan whose people they are.
    #[serde(default)]
    pub silent: BTreeMap<String, String>,
    /// How much was ever to be told.
    #[serde(default)]
    pub signals: u64,
}

/// A zone, as the configuration has it, and what a poll learnt of it.
#[derive(Clone, Debug)]
pub struct Polled<'a> {
    /// Its name.
    pub name: &'a str,
    /// What people call it.
    pub label: &'a str,
    /// The plan that it runs.
    pub plan: &'a str,
    /// Its rule.
    pub rule: &'a Rule,
    /// How many it holds.
    pub capacity: Option<u32>,
    /// What "Snooze" means, in minutes.
    pub snooze_minutes: i64,
    /// How many there are, or why that isn't known.
    pub count: Result<u32, String>,
    /// Somebody pressed "Snooze".
    pub snoozed_until: Option<Timestamp>,
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

impl Site {
    /// True when this minute was already polled: a second poll would count it twice.
    pub fn has_polled(&self, now: Timestamp) -> bool {
        self.polled_at.is_some_and(|at| minute(at) >= minute(now))
    }

    /// One poll later; and the counts that are complete now and belong into a row of their own.
    #[must_use]
    pub fn polled(mut self, name: &str, zones: &[Polled<'_>], now: Timestamp) -> (Self, Option<Counts>) {
        self.version += 1;
        self.polled_at = Some(now);
        let complete = self.next_bucket(now);
        let place = (minute(now) - minute(self.counts.start)) as usize;
        let mut silences: BTreeMap<String, Silence> = BTreeMap::new();
        for zone in zones {
            let count = zone.count.as_ref().ok().copied();
            self.counts.put(zone.name, place, count);
            let mut watch = self.zones.remove(zone.name).unwrap_or_default();
            watch.snoozed_until = watch.snoozed_until.max(zone.snoozed_until.filter(|until| *until > now));
            let (watch, changes) = watch.step(zone.rule, count, now);
            for change in changes {
                self.tell(name, zone, &watch, change, now, &mut silences);
            }
            if watch.silent && self.silent.get(zone.name).is_some_and(|plan| plan != zone.plan) {
                // It has become other people's: one message ends for some and begins for others.
                self.tell(name, zone, &watch, Change::Back, now, &mut silences);
                let since = watch.heard_at.unwrap_or(now);
                self.tell(name, zone, &watch, Change::Silent { since }, now, &mut silences);
            }
            self.zones.insert(zone.name.to_owned(), watch);
        }
        let known: BTreeSet<&str> = zones.iter().map(|zone| zone.name).collect();
        let gone: Vec<String> =
            self.zones.keys().filter(|zone| !known.contains(zone.as_str())).cloned().collect();
        for zone in gone {
            if let Some(watch) = self.zones.remove(&zone).filter(|watch| watch.level.is_some()) {
                let (since, peak) = (watch.since.unwrap_or(now), watch.peak);
                let signal = Signal::Over { why: Over::Unwatched, count: None, since, peak };
                self.push(name, Subject::zone(&zone), signal);
            }
            if let Some(plan) = self.silent.remove(&zone) {
                silences.entry(plan).or_default().back.push(zone);
            }
        }
        for (plan, silence) in silences {
            self.tell_silence(name, &plan, silence);
        }
        (self, complete)
    }

    /// The engine has heard these.
    #[must_use]
    pub fn heard(mut self, ids: &BTreeSet<String>) -> Self {
        self.version += 1;
        self.pending.retain(|pending| !ids.contains(&pending.id));
        self
    }

    fn next_bucket(&mut self, now: Timestamp) -> Option<Counts> {
        let start = bucket(now);
        if self.counts.start == start {
            return None;
        }
        let complete = std::mem::replace(&mut self.counts, Counts { start, zones: BTreeMap::new() });
        debug_assert!(BUCKET.as_secs() % 60 == 0);
        (!complete.zones.is_empty()).then_some(complete)
    }

    fn push(&mut self, site: &str, subject: Subject, signal: Signal) {
        self.signals += 1;
        self.pending.push(Pending { id: format!("{site}-{}", self.signals), subject, signal });
    }

    fn tell(
        &mut self,
        site: &str,
        zone: &Polled<'_>,
        watch: &Watch,
        change: Change,
        now: Timestamp,
        silences: &mut BTreeMap<String, Silence>,
    ) {
        let count = zone.count.as_ref().ok().copied();
        let view = |level: Level| {
            Box::new(View {
                level: Some(level),
                count: count.unwrap_or_default(),
                capacity: zone.capacity,
                at: now,
                since: watch.since.unwrap_or(now),
                peak: watch.peak,
                levels: zone.rule.levels.clone(),
                snooze_minutes: zone.snooze_minutes,
                ..View::default()
            })
        };
        let signal = match change {
            Change::Rise(level) => Signal::Rise { rank: zone.rule.rank(level), view: view(level) },
            Change::Remind(level) => Signal::Remind { view: view(level) },
            Change::Ease(level) => Signal::Ease { level },
            Change::Clear { since, peak } => Signal::Over { why: Over::Calm, count, since, peak },
            Change::Closed { since, peak } => Signal::Over { why: Over::Closing, count, since, peak },
            Change::Silent { since } => {
                self.silent.insert(zone.name.to_owned(), zone.plan.to_owned());
                let silence = silences.entry(zone.plan.to_owned()).or_default();
                silence.lost.push(zone.label.to_owned());
                silence.since = Some(silence.since.map_or(since, |known| known.min(since)));
                silence.why = zone.count.as_ref().err().cloned().unwrap_or_default();
                return;
            }
            Change::Back => {
                let told = self.silent.remove(zone.name).unwrap_or_else(|| zone.plan.to_owned());
                silences.entry(told).or_default().back.push(zone.label.to_owned());
                return;
            }
        };
        self.push(site, Subject::zone(zone.name), signal);
    }

    /// A site that dies takes all its zones along: that is one message for the people of a plan, and not one for each zone.
    fn tell_silence(&mut self, site: &str, plan: &str, silence: Silence) {
        let subject = Subject::silence(site, plan);
        if !silence.back.is_empty() {
            let all = !self.silent.values().any(|silent| silent == plan);
            self.push(site, subject.clone(), Signal::Back { zones: silence.back, all });
        }
        if let Some(since) = silence.since {
            self.push(site, subject, Signal::Silent { zones: silence.lost, since, why: silence.why });
        }
    }
}

#[derive(Default)]
struct Silence {
    lost: Vec<String>,
    back: Vec<String>,
    since: Option<Timestamp>,
    why: String,
}
