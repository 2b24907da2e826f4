//! Runs the live rule over past counts, minute by minute.

use handbell_core::occupancy::view::ZoneEnd;
use handbell_core::occupancy::zone::{Change, Level, Watch, ZoneRule};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A period in which the zone was at a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// The first minute above the threshold.
    pub from: Timestamp,
    /// Time of the message that it is over. `None` if the counts end earlier.
    pub to: Option<Timestamp>,
    /// The reason for the end.
    pub why: Option<ZoneEnd>,
    /// The highest level.
    pub level: Level,
    /// The highest count.
    pub peak: u32,
    /// The alerts that people would have received, with their times.
    pub rises: Vec<(Timestamp, Level)>,
}

/// A period without counts that people would have been notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Time of the last count.
    pub from: Timestamp,
    /// Time of the notification.
    pub told: Timestamp,
    /// Time of the next count, if any.
    pub to: Option<Timestamp>,
}

/// Result of a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// The first and the last minute. `None` without counts.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The episodes, the oldest first.
    pub episodes: Vec<Episode>,
    /// The long periods without counts, the oldest first.
    pub silences: Vec<Silence>,
    /// Every change that the rule reported, including those that notify nobody.
    pub changes: Vec<(Timestamp, Change)>,
    /// Number of minutes.
    pub minutes: usize,
    /// Number of minutes without a count.
    pub unknown: usize,
    /// The highest count, with its first time.
    pub peak: Option<(Timestamp, u32)>,
    /// State of the rule after the last minute.
    pub watch: Watch,
}

/// Runs a rule over counts. There must be one count for each minute, the oldest first: see
/// [`counts::every_minute`](super::counts::every_minute).
pub fn replay(rule: &ZoneRule, counts: &[(Timestamp, Option<u32>)]) -> Replay {
    let mut replay = Replay { minutes: counts.len(), ..Replay::default() };
    if let ([(first, _), ..], [.., (last, _)]) = (counts, counts) {
        replay.span = Some((*first, *last));
    }
    for &(at, count) in counts {
        match count {
            None => replay.unknown += 1,
            Some(count) if replay.peak.is_none_or(|(_, peak)| count > peak) => {
                replay.peak = Some((at, count))
            }
            Some(_) => {}
        }
        let (watch, changes) = std::mem::take(&mut replay.watch).step(rule, count, at);
        replay.watch = watch;
        for change in changes {
            replay.hear(at, &change);
            replay.changes.push((at, change));
        }
    }
    let peak = replay.watch.peak;
    if let Some(open) = replay.episodes.last_mut().filter(|episode| episode.to.is_none()) {
        open.peak = peak;
    }
    replay
}

impl Replay {
    fn hear(&mut self, at: Timestamp, change: &Change) {
        let open = self.episodes.last_mut().filter(|episode| episode.to.is_none());
        match (change, open) {
            (Change::Rise(level), None) => self.episodes.push(Episode {
                from: self.watch.since.unwrap_or(at),
                to: None,
                why: None,
                level: *level,
                peak: 0,
                rises: vec![(at, *level)],
            }),
            (Change::Rise(level), Some(open)) => {
                open.level = open.level.max(*level);
                open.rises.push((at, *level));
            }
            (Change::Clear { peak, .. }, Some(open)) => {
                (open.to, open.why, open.peak) = (Some(at), Some(ZoneEnd::Calm), *peak);
            }
            (Change::Closed { peak, .. }, Some(open)) => {
                (open.to, open.why, open.peak) = (Some(at), Some(ZoneEnd::Closing), *peak);
            }
            (Change::Silent { since }, _) => {
                self.silences.push(Silence { from: *since, told: at, to: None });
            }
            (Change::Back, _) => {
                if let Some(silence) = self.silences.last_mut() {
                    silence.to = Some(at);
                }
            }
            // These changes notify nobody, or need a person's snooze.
            (Change::Ease(_) | Change::Remind(_) | Change::Clear { .. } | Change::Closed { .. }, _) => {}
        }
    }

    /// Returns the longest period without an episode.
    pub fn quiet(&self) -> Option<(Timestamp, Timestamp)> {
        let (first, last) = self.span?;
        let starts = self.episodes.iter().map(|episode| episode.from).chain([last]);
        let ends =
            std::iter::once(first).chain(self.episodes.iter().map(|episode| episode.to.unwrap_or(last)));
        let quiet = ends.zip(starts).filter(|(from, to)| to > from);
        // The first of several equally long ones.
        quiet.reduce(|longest, next| {
            let length = |(from, to): (Timestamp, Timestamp)| to.duration_since(from);
            if length(next) > length(longest) { next } else { longest }
        })
    }

    /// Returns the episodes as periods. An open episode lasts until the end of the counts.
    pub(super) fn spans(&self) -> Vec<(Timestamp, Timestamp, Level)> {
        let last = self.span.map(|(_, last)| last);
        let spans = self.episodes.iter();
        spans.map(|one| (one.from, one.to.or(last).unwrap_or(one.from), one.level)).collect()
    }
}

/// The result as JSON, for programs.
pub(super) fn numbers(replay: &Replay, zone: &str, capacity: Option<u32>, rule: &ZoneRule) -> Value {
    let levels =
        rule.levels.iter().map(|one| json!({ "level": one.level, "at": one.at, "clear": one.clear }));
    let episodes = replay.episodes.iter().map(|one| {
        let why = one.why.map(|why| match why {
            ZoneEnd::Calm => "calm",
            ZoneEnd::Closing => "closing",
            ZoneEnd::Unwatched => "unwatched",
        });
        let told = one.rises.iter().map(|(at, level)| json!({ "at": at, "level": level }));
        json!({
            "from": one.from, "to": one.to, "why": why, "level": one.level, "peak": one.peak,
            "told": told.collect::<Vec<_>>(),
        })
    });
    let silences =
        replay.silences.iter().map(|one| json!({ "from": one.from, "told": one.told, "to": one.to }));
    json!({
        "zone": zone, "capacity": capacity, "levels": levels.collect::<Vec<_>>(),
        "from": replay.span.map(|(from, _)| from), "to": replay.span.map(|(_, to)| to),
        "minutes": replay.minutes, "unknown_minutes": replay.unknown,
        "peak": replay.peak.map(|(at, count)| json!({ "at": at, "count": count })),
        "episodes": episodes.collect::<Vec<_>>(), "silences": silences.collect::<Vec<_>>(),
    })
}
