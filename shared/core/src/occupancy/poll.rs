//! One poll of a site, as a pure function: from the counts of its zones to the next state and the signals.

mod adopt;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::incident::Subject;
use crate::occupancy::view::{BUCKET, Signal, View, ZoneEnd, bucket};
use crate::occupancy::zone::{Change, Level, Watch, ZoneRule};

/// Counts of the minutes of one [`BUCKET`], by zone. A count that is unknown is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Start of the first minute.
    pub start: Timestamp,
    /// A count for each minute up to the last one that was polled.
    pub zones: BTreeMap<String, Vec<Option<u32>>>,
}

impl Counts {
    fn put(&mut self, zone: &str, minute: usize, count: Option<u32>) {
        let counts = self.zones.entry(zone.to_owned()).or_default();
        // The count of a minute without a poll is unknown.
        counts.resize(minute, None);
        counts.push(count);
    }

    /// Returns the counts of a zone, each with its minute.
    pub fn of(&self, zone: &str) -> impl Iterator<Item = (Timestamp, Option<u32>)> {
        let minutes = self.zones.get(zone).into_iter().flatten().enumerate();
        minutes.map(|(minute, count)| (self.start + SignedDuration::from_mins(minute as i64), *count))
    }
}

/// A signal that the engine may not have received yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Id of the event: a signal that is sent twice is one event.
    pub id: String,
    /// Subject of the signal.
    pub subject: Subject,
    /// The signal.
    pub signal: Signal,
}

/// State of a site from one poll to the next: one row of the table.
///
/// A signal is written together with the state that led to it, and removed once the engine has received it. So no signal is lost
/// and none applies twice, wherever a process dies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteState {
    /// Version of the row. A write requires the latest one (optimistic locking).
    pub version: u64,
    /// Time of the last poll.
    pub polled_at: Option<Timestamp>,
    /// State of the zones.
    pub zones: BTreeMap<String, Watch>,
    /// The counts of the current minutes, which have no row of their own yet.
    pub counts: Counts,
    /// Signals that the engine has to receive.
    #[serde(default)]
    pub pending: Vec<Pending>,
    /// Zones of which people were notified that the count is unknown, and the plan of these people.
    #[serde(default)]
    pub silent: BTreeMap<String, String>,
    /// Number of signals so far.
    #[serde(default)]
    pub signals: u64,
}

/// A zone of the configuration, and the result of its poll.
#[derive(Clone, Debug)]
pub struct Polled<'a> {
    /// Name of the zone.
    pub name: &'a str,
    /// Name shown to people.
    pub label: &'a str,
    /// Plan that the zone runs.
    pub plan: &'a str,
    /// Rule of the zone.
    pub rule: &'a ZoneRule,
    /// Number of devices at which the zone is full.
    pub capacity: Option<u32>,
    /// Duration of "Snooze", in minutes.
    pub snooze_minutes: i64,
    /// The number of devices, or why it is unknown.
    pub count: Result<u32, String>,
    /// End of the snooze, if somebody pressed "Snooze".
    pub snoozed_until: Option<Timestamp>,
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

impl SiteState {
    /// Returns true if this minute was already polled. A second poll would count it twice.
    pub fn has_polled(&self, now: Timestamp) -> bool {
        self.polled_at.is_some_and(|at| minute(at) >= minute(now))
    }

    /// Applies a poll. Also returns the counts that are complete now and belong in a row of their own.
    #[must_use]
    pub fn apply_poll(mut self, name: &str, zones: &[Polled<'_>], now: Timestamp) -> (Self, Option<Counts>) {
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
                // The zone has got another plan: the message ends for one plan's people and begins for the other's.
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
                let signal = Signal::Over { why: ZoneEnd::Unwatched, count: None, since, peak };
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

    /// Removes the signals that the engine has received.
    #[must_use]
    pub fn confirm(mut self, ids: &BTreeSet<String>) -> Self {
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
            Change::Clear { since, peak } => Signal::Over { why: ZoneEnd::Calm, count, since, peak },
            Change::Closed { since, peak } => Signal::Over { why: ZoneEnd::Closing, count, since, peak },
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

    /// Adds one signal for all zones of a plan. A site that fails takes all its zones along, and people get one message, not one
    /// for each zone.
    fn tell_silence(&mut self, site: &str, plan: &str, silence: Silence) {
        let subject = Subject::silent_site(site, plan);
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
