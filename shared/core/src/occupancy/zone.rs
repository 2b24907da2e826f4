//! The rule of a zone: when consecutive counts are a change to report. One pure function, [`Watch::step`].

mod level;
mod thresholds;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::AtClosing;

pub use level::Level;
pub use thresholds::{Bounds, ZoneRule};

/// Consecutive polls on one side of a bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streak {
    /// Number of polls.
    pub polls: u8,
    /// Time of the first of them.
    pub since: Option<Timestamp>,
}

impl Streak {
    fn go_on(&mut self, holds: bool, now: Timestamp) {
        if holds {
            self.polls = self.polls.saturating_add(1);
            self.since.get_or_insert(now);
        } else {
            *self = Self::default();
        }
    }

    fn is_none(&self) -> bool {
        self.polls == 0
    }
}

/// State of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Polls at the level or above.
    #[serde(default, skip_serializing_if = "Streak::is_none")]
    pub rising: Streak,
    /// Polls at its `clear` or below. They only count while the level holds.
    #[serde(default, skip_serializing_if = "Streak::is_none")]
    pub falling: Streak,
    /// When the level was last reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
}

impl Side {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// State of a zone from one poll to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The current level; none is calm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// State of the level warn.
    #[serde(default, skip_serializing_if = "Side::is_none")]
    pub warn: Side,
    /// State of the level alert.
    #[serde(default, skip_serializing_if = "Side::is_none")]
    pub alert: Side,
    /// Since when a level has held, from the first poll that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The highest count since then.
    #[serde(default, skip_serializing_if = "crate::is_zero")]
    pub peak: u32,
    /// Time of the last count. Before the first count, time of the first poll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<Timestamp>,
    /// True if people were notified that the count is unknown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// End of the snooze.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Timestamp>,
}

/// A change to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A higher level holds.
    Rise(Level),
    /// A lower level holds. Nobody is notified, but the level can rise again.
    Ease(Level),
    /// The zone is calm again.
    Clear {
        /// Since when the zone had not been calm.
        since: Timestamp,
        /// The highest count in that time.
        peak: u32,
    },
    /// It is closing time.
    Closed {
        /// Since when the zone had not been calm.
        since: Timestamp,
        /// The highest count in that time.
        peak: u32,
    },
    /// The snooze is over, and the zone isn't calm.
    Remind(Level),
    /// The count has been unknown for too long.
    Silent {
        /// Time of the last count.
        since: Timestamp,
    },
    /// The count is known again.
    Back,
}

impl Watch {
    /// Applies a poll. `count` is none if the count of this minute is unknown. The same arguments give the same result: no clock,
    /// no randomness, no I/O.
    #[must_use]
    pub fn step(mut self, rule: &ZoneRule, count: Option<u32>, now: Timestamp) -> (Self, Vec<Change>) {
        let mut changes = Vec::new();
        let open = rule.is_open(now);
        let since = *self.heard_at.get_or_insert(now);
        let quiet = now.duration_since(since) >= rule.silent;
        if quiet {
            // A gap ends every streak, even if nobody polled at all.
            (self.warn.rising, self.alert.rising) = Default::default();
            (self.warn.falling, self.alert.falling) = Default::default();
        }
        match count {
            None => {
                if quiet && open && !self.silent {
                    self.silent = true;
                    changes.push(Change::Silent { since });
                }
            }
            Some(count) => {
                self.heard_at = Some(now);
                if std::mem::take(&mut self.silent) {
                    changes.push(Change::Back);
                }
                self.apply_count(rule, count, open, now);
            }
        }
        if !open && rule.hours.as_ref().is_some_and(|hours| hours.at_closing == AtClosing::Resolve) {
            if self.level.is_some() {
                let (since, peak) = self.calm(now);
                changes.push(Change::Closed { since, peak });
            }
        } else if count.is_some() {
            self.rise_or_fall(rule, open, now, &mut changes);
        }
        (self, changes)
    }

    fn side(&mut self, level: Level) -> &mut Side {
        match level {
            Level::Warn => &mut self.warn,
            Level::Alert => &mut self.alert,
        }
    }

    fn apply_count(&mut self, rule: &ZoneRule, count: u32, open: bool, now: Timestamp) {
        for bounds in &rule.levels {
            let holds = self.level.is_some_and(|level| level >= bounds.level);
            let side = self.side(bounds.level);
            side.rising.go_on(open && count >= bounds.at, now);
            side.falling.go_on(holds && count <= bounds.clear, now);
        }
        let rising = rule.levels.first().is_some_and(|lowest| count >= lowest.at);
        if self.level.is_some() || (rising && open) {
            self.peak = self.peak.max(count);
        } else {
            self.peak = 0;
        }
    }

    fn rise_or_fall(&mut self, rule: &ZoneRule, open: bool, now: Timestamp, changes: &mut Vec<Change>) {
        let snoozing = self.snoozed_until.is_some_and(|until| now < until);
        let woke = !snoozing && self.snoozed_until.take().is_some();
        let higher = rule.levels.iter().rev().map(|bounds| bounds.level).find(|level| {
            let side = *self.side(*level);
            Some(*level) > self.level
                && side.rising.polls >= rule.up
                && side.told_at.is_none_or(|told| now.duration_since(told) >= rule.cooldown)
        });
        if let Some(level) = higher.filter(|_| open && !snoozing) {
            if self.level.is_none() {
                self.since = self.side(level).rising.since.or(Some(now));
            }
            // People who are notified that a zone is full need not be notified that it is getting full.
            for bounds in rule.levels.iter().filter(|bounds| bounds.level <= level) {
                let side = self.side(bounds.level);
                side.told_at = Some(now);
                side.falling = Streak::default();
            }
            self.level = Some(level);
            changes.push(Change::Rise(level));
            return;
        }
        let Some(level) = self.level else { return };
        let fallen = |watch: &mut Self, level: Level| {
            rule.bounds(level).is_none() || watch.side(level).falling.polls >= rule.down
        };
        if !fallen(self, level) {
            if woke {
                self.side(level).told_at = Some(now);
                changes.push(Change::Remind(level));
            }
            return;
        }
        let lower = rule.levels.iter().rev().map(|bounds| bounds.level).find(|lower| *lower < level);
        match lower.filter(|lower| !fallen(self, *lower)) {
            Some(lower) => {
                self.level = Some(lower);
                self.side(level).falling = Streak::default();
                changes.push(Change::Ease(lower));
                if woke {
                    self.side(lower).told_at = Some(now);
                    changes.push(Change::Remind(lower));
                }
            }
            None => {
                let (since, peak) = self.calm(now);
                changes.push(Change::Clear { since, peak });
            }
        }
    }

    /// Makes the zone calm. Returns since when it had not been calm, and the highest count in that time.
    fn calm(&mut self, now: Timestamp) -> (Timestamp, u32) {
        self.level = None;
        for side in [&mut self.warn, &mut self.alert] {
            (side.rising, side.falling) = Default::default();
        }
        (self.since.take().unwrap_or(now), std::mem::take(&mut self.peak))
    }
}
