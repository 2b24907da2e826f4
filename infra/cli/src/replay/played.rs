//! The live rule, taken minute by minute over counts that are known already.

use handbell_core::occupancy::view::Over;
use handbell_core::occupancy::zone::{Change, Level, Rule, Watch};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A time in which it wasn't calm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Since the first minute that led to it.
    pub from: Timestamp,
    /// Until it was told that it is over; none if the counts end before.
    pub to: Option<Timestamp>,
    /// Why it was over.
    pub why: Option<Over>,
    /// The highest level.
    pub level: Level,
    /// The highest count.
    pub peak: u32,
    /// What people would have been told, and when.
    pub rises: Vec<(Timestamp, Level)>,
}

/// A time in which nothing was known, and people would have been told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Since the last count.
    pub from: Timestamp,
    /// When it would have been told.
    pub told: Timestamp,
    /// The next count; none if there was none.
    pub to: Option<Timestamp>,
}

/// What a rule would have told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// The first and the last minute; none without counts.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Each time in which it wasn't calm, the oldest first.
    pub episodes: Vec<Episode>,
    /// Each time in which nothing was known for long, the oldest first.
    pub silences: Vec<Silence>,
    /// Everything that the rule said, also what nobody is told of.
    pub changes: Vec<(Timestamp, Change)>,
    /// How many minutes.
    pub minutes: usize,
    /// In how many of them nothing was known.
    pub unknown: usize,
    /// The highest count, and when it was there first.
    pub peak: Option<(Timestamp, u32)>,
    /// What would be remembered now.
    pub watch: Watch,
}

/// What this rule would have told, had it polled these counts. There is one for each minute, the oldest first: see
/// [`counts::every_minute`].
pub fn replay(rule: &Rule, counts: &[(Timestamp, Option<u32>)]) -> Replay {
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
                (open.to, open.why, open.peak) = (Some(at), Some(Over::Calm), *peak);
            }
            (Change::Closed { peak, .. }, Some(open)) => {
                (open.to, open.why, open.peak) = (Some(at), Some(Over::Closing), *peak);
            }
            (Change::Silent { since }, _) => {
                self.silences.push(Silence { from: *since, told: at, to: None });
            }
            (Change::Back, _) => {
                if let Some(silence) = self.silences.last_mut() {
                    silence.to = Some(at);
                }
            }
            // Nobody is told, or nobody snoozed.
            (Change::Ease(_) | Change::Remind(_) | Change::Clear { .. } | Change::Closed { .. }, _) => {}
        }
    }

    /// The longest time without an episode.
    pub fn quiet(&self) -> Option<(Timestamp, Timestamp)> {
        let (first, last) = self.span?;
        let starts = self.episodes.iter().map(|episode| episode.from).chain([last]);
        let ends =
            std::iter::once(first).chain(self.episodes.iter().map(|episode| episode.to.unwrap_or(last)));
        let quiet = ends.zip(starts).filter(|(from, to)| to > from);
        // The first of the longest.
        quiet.reduce(|longest, next| {
            let length = |(from, to): (Timestamp, Timestamp)| to.duration_since(from);
            if length(next) > length(longest) { next } else { longest }
        })
    }

    /// The episodes as periods, the last one up to the end of the counts.
    pub(super) fn spans(&self) -> Vec<(Timestamp, Timestamp, Level)> {
        let last = self.span.map(|(_, last)| last);
        let spans = self.episodes.iter();
        spans.map(|one| (one.from, one.to.or(last).unwrap_or(one.from), one.level)).collect()
    }
}

/// What was found, for programs.
pub(super) fn numbers(replay: &Replay, zone: &str, capacity: Option<u32>, rule: &Rule) -> Value {
    let levels =
        rule.levels.iter().map(|one| json!({ "level": one.level, "at": one.at, "clear": one.clear }));
    let episodes = replay.episodes.iter().map(|one| {
        let why = one.why.map(|why| match why {
            Over::Calm => "calm",
            Over::Closing => "closing",
            Over::Unwatched => "unwatched",
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
