//! A zone's rule: its thresholds as numbers of devices, and its hours.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Level;
use crate::config::{Amount, Calendar, Threshold, Zone};

/// The counts at which a level begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// The level.
    pub level: Level,
    /// The level begins at this count.
    pub at: u32,
    /// The level ends at this count; always less than `at`.
    pub clear: u32,
}

/// The rule of a zone, computed from its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneRule {
    /// The levels in use, the lower first.
    pub levels: Vec<Bounds>,
    /// Number of consecutive polls for a higher level.
    pub up: u8,
    /// Number of consecutive polls for a lower level.
    pub down: u8,
    /// Minimum time between two reports of the same level.
    pub cooldown: SignedDuration,
    /// Time without a count after which the count is reported as unknown.
    pub silent: SignedDuration,
    /// The hours in which the zone is watched; none is always.
    pub hours: Option<Calendar>,
}

impl ZoneRule {
    /// Returns the rule of a zone, or its problems, each with the path of its key.
    pub fn of(zone: &Zone, timezone: &TimeZone) -> Result<Self, Vec<(Vec<String>, String)>> {
        let mut wrong = Vec::new();
        let levels = levels(zone, &mut |path, what| {
            wrong.push((path.iter().map(|part| (*part).to_owned()).collect(), what.to_owned()));
        });
        if levels.is_empty() && wrong.is_empty() {
            let what = "this zone never tells anything; give it a `capacity`, or `at: 50`";
            wrong.push((Vec::new(), what.to_owned()));
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

    pub(super) fn bounds(&self, level: Level) -> Option<&Bounds> {
        self.levels.iter().find(|bounds| bounds.level == level)
    }

    pub(super) fn is_open(&self, at: Timestamp) -> bool {
        self.hours.as_ref().is_none_or(|hours| hours.is_open(at))
    }

    /// Returns the rank of the level among the levels in use, from 1. The plan's first step belongs to the first level.
    pub fn rank(&self, level: Level) -> u32 {
        self.levels.iter().take_while(|bounds| bounds.level <= level).count() as u32
    }
}

/// Returns the levels in use, the lower first. Reports problems to `say`.
fn levels(zone: &Zone, say: &mut dyn FnMut(&[&str], &str)) -> Vec<Bounds> {
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
    let alert_key = if plain.is_some() { "at" } else { "alert" };
    let wanted = [
        (Level::Warn, "warn", default(zone.warn, 80, 70)),
        (Level::Alert, alert_key, plain.or(default(zone.alert, 95, 85))),
    ];
    let mut levels: Vec<Bounds> = Vec::new();
    for (level, key, threshold) in wanted {
        match threshold.map_or(Ok(None), |threshold| bounds(level, threshold, zone.capacity)) {
            Ok(bounds) => levels.extend(bounds),
            Err(what) => say(&[key], what),
        }
    }
    if let [warn, alert] = levels[..] {
        if alert.at <= warn.at {
            say(&["warn"], "`warn` comes before `alert`, so it needs a smaller number");
        } else if alert.clear < warn.clear {
            say(&["alert"], "`alert` must be cleared before `warn` is: give it a `clear` that isn't smaller");
        }
    }
    levels
}

/// Converts a threshold to numbers of devices; none for a level that isn't in use. The error describes the problem.
fn bounds(level: Level, threshold: Threshold, capacity: Option<u32>) -> Result<Option<Bounds>, &'static str> {
    let (at, clear) = match threshold {
        Threshold::Never(_) => return Ok(None),
        Threshold::At(at) => (at, None),
        Threshold::Between { at, clear } => (at, Some(clear)),
    };
    let needs_capacity = "percent of what? Give the zone a `capacity`, or write a number of devices";
    let devices = devices(at, capacity).ok_or(needs_capacity)?;
    let clear = match clear.or(below(at)) {
        None => devices - (devices / 10).max(1).min(devices),
        Some(clear) => devices_down(clear, capacity).ok_or(needs_capacity)?,
    };
    match (devices, clear) {
        // The problem is reported for `capacity`.
        (0, _) if capacity == Some(0) => Ok(None),
        (0, _) => Err("a level is at least one device"),
        _ if clear >= devices => Err("`clear` must be less than `at`, or it would never be over"),
        _ => Ok(Some(Bounds { level, at: devices, clear })),
    }
}

/// Returns the default `clear` of a level in percent: ten percent of the capacity below.
fn below(at: Amount) -> Option<Amount> {
    match at {
        Amount::Devices(_) => None,
        Amount::Percent(percent) => Some(Amount::Percent(percent.saturating_sub(10))),
    }
}

/// Converts an amount to devices, rounded up.
fn devices(amount: Amount, capacity: Option<u32>) -> Option<u32> {
    part(amount, capacity, 99)
}

/// Converts an amount to devices, rounded down.
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
