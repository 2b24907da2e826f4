//! The text of a replay for people.

use std::fmt::Write as _;

use handbell_core::config::Amount;
use handbell_core::occupancy::view::ZoneEnd;
use handbell_core::occupancy::zone::{Level, ZoneRule};
use handbell_core::wording::occupancy::amount;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::tuning::Tuning;
use super::{Episode, Replay};

/// Subject of a report.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The zone's name for people.
    pub label: &'a str,
    /// Number of devices that the zone holds.
    pub capacity: Option<u32>,
    /// The rule.
    pub rule: &'a ZoneRule,
    /// Time zone of the report.
    pub zone: TimeZone,
}

impl Told<'_> {
    /// The word that the messages use for a level.
    fn state(&self, level: Level) -> &'static str {
        if level == Level::Alert && self.capacity.is_some() { "FULL" } else { "BUSY" }
    }

    fn day(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%a %-d %b").to_string()
    }

    fn clock(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%H:%M").to_string()
    }

    fn moment(&self, at: Timestamp) -> String {
        format!("{} {}", self.day(at), self.clock(at))
    }

    /// `Sat 14 Nov 11:40–12:55`, with `…` for an open end.
    fn period(&self, from: Timestamp, to: Option<Timestamp>) -> String {
        let end = match to {
            None => "…".to_owned(),
            Some(to) if self.day(to) == self.day(from) => self.clock(to),
            Some(to) => format!(" {}", self.moment(to)),
        };
        let space = if end.starts_with(' ') { " " } else { "" };
        format!("{}{space}–{end}", self.moment(from))
    }
}

/// Formats a rounded duration: `75 minutes`, `36 hours`, `7 days`.
pub fn long(length: SignedDuration) -> String {
    let minutes = length.as_mins().max(1);
    let (count, unit) = match minutes {
        ..120 => (minutes, "minute"),
        120..2880 => ((minutes + 30) / 60, "hour"),
        _ => ((minutes + 720) / 1440, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn times(count: usize) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        _ => format!("{count} times"),
    }
}

/// Returns the period that the counts cover, including the last minute.
fn span(replay: &Replay) -> SignedDuration {
    SignedDuration::from_mins(i64::try_from(replay.minutes).unwrap_or(i64::MAX))
}

/// `Shoes would have alerted 3 times in 7 days:`
pub fn headline(replay: &Replay, told: &Told<'_>) -> String {
    let length = long(span(replay));
    match (replay.episodes.len(), replay.silences.len()) {
        (0, 0) => format!("{} would not have alerted in {length}.", told.label),
        (0, _) => format!("{} would not have alerted about its occupancy in {length}.", told.label),
        (count, _) => format!("{} would have alerted {} in {length}:", told.label, times(count)),
    }
}

fn row(episode: &Episode, told: &Told<'_>) -> [String; 4] {
    let rises: Vec<String> = episode
        .rises
        .iter()
        .map(|(at, level)| format!("{} at {}", told.state(*level), told.clock(*at)))
        .collect();
    let why = match episode.why {
        None => ", not over yet",
        Some(ZoneEnd::Closing) => ", over at closing time",
        Some(ZoneEnd::Calm | ZoneEnd::Unwatched) => "",
    };
    [
        told.period(episode.from, episode.to),
        told.state(episode.level).to_owned(),
        format!("peak {}", amount(episode.peak, told.capacity)),
        format!("{}{why}", rises.join(", ")),
    ]
}

/// Returns the whole report without the chart.
pub fn report(replay: &Replay, told: &Told<'_>) -> String {
    let mut out = format!("{}\n", headline(replay, told));
    let rows: Vec<[String; 4]> = replay.episodes.iter().map(|episode| row(episode, told)).collect();
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (when, state, peak) = (wide(0), wide(1), wide(2));
    for [period, level, highest, rises] in &rows {
        let _ = writeln!(out, "  {period:when$}  {level:state$}  {highest:peak$}  {rises}");
    }
    if !replay.silences.is_empty() {
        let how_often = times(replay.silences.len());
        let _ = writeln!(out, "Missing counts would have been reported {how_often}:");
        for silence in &replay.silences {
            let period = told.period(silence.from, silence.to);
            let _ = writeln!(out, "  {period}  reported at {}", told.clock(silence.told));
        }
    }
    out.push('\n');
    let mut facts: Vec<(&str, String)> = Vec::new();
    if let Some((first, last)) = replay.span {
        facts.push(("Counts", told.period(first, Some(last))));
    }
    facts.push(("Rule", rule(told)));
    if replay.unknown > 0 {
        facts.push(("Unknown", format!("{} of {} minutes", replay.unknown, replay.minutes)));
    }
    if let Some((at, peak)) = replay.peak {
        facts.push(("Peak", format!("{}, {}", amount(peak, told.capacity), told.moment(at))));
    }
    if let Some((from, to)) = replay.quiet().filter(|_| !replay.episodes.is_empty()) {
        let length = long(to.duration_since(from));
        facts.push(("Quiet", format!("{length} at the longest, {}", told.period(from, Some(to)))));
    }
    for (title, value) in facts {
        let _ = writeln!(out, "  {title:8} {value}");
    }
    out
}

/// `warn at 80, over at 70; alert at 95, over at 85; 2 polls up, 3 down; not again within 15 minutes`.
fn rule(told: &Told<'_>) -> String {
    let rule = told.rule;
    let mut parts: Vec<String> = rule
        .levels
        .iter()
        .map(|bounds| format!("{} at {}, over at {}", word(bounds.level), bounds.at, bounds.clear))
        .collect();
    let polls = if rule.up == 1 { "poll" } else { "polls" };
    parts.push(format!("{} {polls} up, {} down", rule.up, rule.down));
    if !rule.cooldown.is_zero() {
        parts.push(format!("not again within {}", long(rule.cooldown)));
    }
    if rule.hours.is_some() {
        parts.push("in its opening hours".into());
    }
    parts.join("; ")
}

/// Suggests the next step: the same command with other numbers, and where to write numbers that work well.
pub fn hint(replay: &Replay, rule: &ZoneRule, name: &str, again: &str, tuning: &Tuning) -> String {
    let lowest = rule.levels.first().map_or(0, |bounds| bounds.at);
    let tuning = tuning.clone();
    let (question, other) = match (replay.peak, replay.episodes.len()) {
        (None, _) => {
            return "\nThere is no count at all: `handbell doctor cmx` asks the site and explains why.\n"
                .into();
        }
        (Some((_, peak)), 0) if peak < lowest => {
            let at = Some(Amount::Devices((peak - peak / 10).max(1)));
            (
                "No count reached the threshold. Try a lower one:",
                Tuning { at, warn: None, alert: None, ..tuning },
            )
        }
        (_, 0) => {
            ("No count stayed high long enough. Try to alert sooner:", Tuning { up: Some(1), ..tuning })
        }
        _ => {
            let cooldown = Some(SignedDuration::from_mins(rule.cooldown.as_mins().max(15) * 2));
            let up = Some(rule.up.saturating_add(2));
            (
                "Too often? Wait longer before an alert, and before the next one:",
                Tuning { up, cooldown, ..tuning },
            )
        }
    };
    let numbers = "Write the numbers that work into";
    format!(
        "\n{question}\n  {again}{other}\n{numbers} `zones.{name}` of the configuration; `--help` lists all options to try.\n"
    )
}

/// Returns a level's name in the configuration.
pub(super) fn word(level: Level) -> &'static str {
    handbell_core::wording::occupancy::level(level)
}
