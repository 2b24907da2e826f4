//! The rule of a zone: when a count, minute after minute, is something to tell. One pure function, [`Watch::step`].

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::{Amount, AtClosing, Calendar, Threshold, Zone};

/// How full a zone is, beyond calm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It is getting full.
    Warn,
    /// It is full.
    Alert,
}

/// From how many devices a level holds, and from how many down it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Which.
    pub level: Level,
    /// So many or more.
    pub at: u32,
    /// So many or fewer; always less than `at`.
    pub clear: u32,
}

/// A zone's numbers, worked out of what people wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The levels in use, the lower first.
    pub levels: Vec<Bounds>,
    /// Polls in a row for busier.
    pub up: u8,
    /// Polls in a row for quieter.
    pub down: u8,
    /// A level isn't told again within this time.
    pub cooldown: SignedDuration,
    /// So long without a count, and nothing is known.
    pub silent: SignedDuration,
    /// When anybody wants to know; none is always.
    pub hours: Option<Calendar>,
}

impl Rule {
    /// The rule that a zone asks for; or what can't work, each with the key at which it stands.
    pub fn of(zone: &Zone, timezone: &TimeZone) -> Result<Self, Vec<(Vec<String>, String)>> {
        let mut wrong = Vec::new();
        let mut say = |path: &[&str], what: &str| {
            wrong.push((path.iter().map(|part| (*part).to_owned()).collect(), what.to_owned()));
        };
        let default = |given: Option<Threshold>, at, clear| {
            given.or_else(|| {
                (zone.capacity.is_some() && zone.at.is_none())
                    .then_some(Threshold::Between { at: Amount::Percent(at), clear: Amount::Percent(clear) })
            })
        };
        let plain = zone.at.map(Threshold::At);
        if plain.is_some() && (zone.alert.is_some() || zone.warn.is_some()) {
            say(&["at"], "`at` is the one threshold of a zone; with `warn` or `alert`, leave it out");
        }
        if zone.capacity == Some(0) {
            say(&["capacity"], "a zone holds at least one device");
        }
        let mut levels: Vec<Bounds> = Vec::new();
        let wanted = [
            (Level::Warn, "warn", default(zone.warn, 80, 70)),
            (
                Level::Alert,
                if plain.is_some() { "at" } else { "alert" },
                plain.or(default(zone.alert, 95, 85)),
            ),
        ];
        for (level, key, threshold) in wanted {
            let (at, clear) = match threshold {
                None | Some(Threshold::Never(_)) => continue,
                Some(Threshold::At(at)) => (at, None),
                Some(Threshold::Between { at, clear }) => (at, Some(clear)),
            };
            let needs_capacity = "percent of what? Give the zone a `capacity`, or write a number of devices";
            let Some(devices) = devices(at, zone.capacity) else {
                say(&[key], needs_capacity);
                continue;
            };
            let clear = match clear.or(below(at)) {
                None => Some(devices - (devices / 10).max(1).min(devices)),
                Some(clear) => devices_down(clear, zone.capacity),
            };
            match clear {
                None => say(&[key], needs_capacity),
                Some(_) if devices == 0 && zone.capacity == Some(0) => {}
                Some(_) if devices == 0 => say(&[key], "a level is at least one device"),
                Some(clear) if clear >= devices => {
                    say(&[key], "`clear` must be less than `at`, or it would never be over")
                }
                Some(clear) => levels.push(Bounds { level, at: devices, clear }),
            }
        }
        if let [warn, alert] = levels[..] {
            if alert.at <= warn.at {
                say(&["warn"], "`warn` comes before `alert`, so it needs a smaller number");
            } else if alert.clear < warn.clear {
                say(
                    &["alert"],
                    "`alert` must be cleared before `warn` is: give it a `clear` that isn't smaller",
                );
            }
        }
        if levels.is_empty() && wrong.is_empty() {
            wrong.push((
                Vec::new(),
                "this zone never tells anything; give it a `capacity`, or `at: 50`".to_owned(),
            ));
        }
        if zone.polls.up == 0 || zone.polls.down == 0 {
            wrong.push((vec!["for".into()], "`for` is at least one poll".into()));
        }
        for (key, span, least) in [
            ("cooldown", zone.cooldown, SignedDuration::ZERO),
            ("silent", zone.silent, SignedDuration::from_mins(2)),
            ("snooze", zone.snooze, SignedDuration::from_mins(1)),
        ] {
            if span.0 < least {
                wrong.push((vec![key.into()], format!("`{key}` is at least {} seconds", least.as_secs())));
            }
        }
        let hours = match zone.hours.as_ref().map(|hours| hours.calendar(timezone)).transpose() {
            Ok(hours) => hours,
            Err((path, what)) => {
                wrong.push((std::iter::once("hours".to_owned()).chain(path).collect(), what));
                None
            }
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            levels,
            up: zone.polls.up,
            down: zone.polls.down,
            cooldown: zone.cooldown.0,
            silent: zone.silent.0,
            hours,
        })
    }

    fn bounds(&self, level: Level) -> Option<&Bounds> {
        self.levels.iter().find(|bounds| bounds.level == level)
    }

    fn is_open(&self, at: Timestamp) -> bool {
        self.hours.as_ref().is_none_or(|hours| hours.is_open(at))
    }

    /// Which of the levels in use this is, from 1: a plan's first step belongs to the first.
    pub fn rank(&self, level: Level) -> u32 {
        self.levels.iter().take_while(|bounds| bounds.level <= level).count() as u32
    }
}

/// Ten percent of the capacity below a level in percent.
fn below(at: Amount) -> Option<Amount> {
    match at {
        Amount::Devices(_) => None,
        Amount::Percent(percent) => Some(Amount::Percent(percent.saturating_sub(10))),
    }
}

/// So many devices at least: a part of one counts as one.
fn devices(amount: Amount, capacity: Option<u32>) -> Option<u32> {
    part(amount, capacity, 99)
}

/// So many devices at most.
fn devices_down(amount: Amount, capacity: Option<u32>) -> Option<u32> {
    part(amount, capacity, 0)
}

fn part(amount: Amount, capacity: Option<u32>, round: u64) -> Option<u32> {
    match amount {
        Amount::Devices(count) => Some(count),
        Amount::Percent(percent) => {
            let part = (u64::from(capacity?) * u64::from(percent) + round) / 100;
            Some(u32::try_from(part).unwrap_or(u32::MAX))
        }
    }
}

/// Polls in a row on one side of a bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streak {
    /// How many.
    pub polls: u8,
    /// When the first of them was.
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

/// What is remembered of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// At it or above.
    #[serde(default, skip_serializing_if = "Streak::is_none")]
    pub rising: Streak,
    /// At its `clear` or below; only counted while the level holds.
    #[serde(default, skip_serializing_if = "Streak::is_none")]
    pub falling: Streak,
    /// When it was last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
}

impl Side {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What is remembered of a zone from one poll to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The level that holds; none is calm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Of the level warn.
    #[serde(default, skip_serializing_if = "Side::is_none")]
    pub warn: Side,
    /// Of the level alert.
    #[serde(default, skip_serializing_if = "Side::is_none")]
    pub alert: Side,
    /// Since when a level has held, from the first poll that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The highest count since then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub peak: u32,
    /// When it was last counted; at first, when it was first to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<Timestamp>,
    /// People were told that nothing is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Nobody wants to hear of it until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Timestamp>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A higher level holds.
    Rise(Level),
    /// A lower one holds; nobody is told, but it can rise again.
    Ease(Level),
    /// It is calm again.
    Clear {
        /// Since when it had not been.
        since: Timestamp,
        /// The highest count meanwhile.
        peak: u32,
    },
    /// It is closing time.
    Closed {
        /// Since when it had not been calm.
        since: Timestamp,
        /// The highest count meanwhile.
        peak: u32,
    },
    /// The snooze is over, and it isn't calm.
    Remind(Level),
    /// Nothing has been known since.
    Silent {
        /// The last count.
        since: Timestamp,
    },
    /// Something is known again.
    Back,
}

impl Watch {
    /// One poll later. `count` is none when nothing is known of this minute. The same arguments give the same answer: no
    /// clock, no chance, nothing read.
    #[must_use]
    pub fn step(mut self, rule: &Rule, count: Option<u32>, now: Timestamp) -> (Self, Vec<Change>) {
        let mut changes = Vec::new();
        let open = rule.is_open(now);
        let since = *self.heard_at.get_or_insert(now);
        let quiet = now.duration_since(since) >= rule.silent;
        if quiet {
            // Whatever was in a row is so no more, also when nobody polled at all.
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
                self.counted(rule, count, open, now);
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

    fn counted(&mut self, rule: &Rule, count: u32, open: bool, now: Timestamp) {
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

    fn rise_or_fall(&mut self, rule: &Rule, open: bool, now: Timestamp, changes: &mut Vec<Change>) {
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
            // Whoever hears that it is full needs not hear that it is getting full.
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

    /// Since when it had not been calm, and the highest count of that time; both are forgotten.
    fn calm(&mut self, now: Timestamp) -> (Timestamp, u32) {
        self.level = None;
        for side in [&mut self.warn, &mut self.alert] {
            (side.rising, side.falling) = Default::default();
        }
        (self.since.take().unwrap_or(now), std::mem::take(&mut self.peak))
    }
}
