//! When a count is a change to report: with any counts, and over days.

use handbell_core::config::{Hours, Zone};
use handbell_core::occupancy::zone::{Bounds, Change, Level, Watch, ZoneRule};
use insta::assert_snapshot;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::house::chance;

/// The next event.
#[derive(Clone, Debug)]
enum Move {
    /// A poll this many seconds after the one before.
    Poll(i64, Option<u32>),
    /// A snooze of this many minutes.
    Snooze(i64),
}

fn a_move() -> impl Strategy<Value = Move> {
    let gap = prop_oneof![12 => Just(60), 3 => 20..200_i64, 1 => 200..3600_i64, 1 => 3600..40_000_i64];
    let count = prop_oneof![4 => (0..40_u32).prop_map(Some), 1 => Just(None)];
    prop_oneof![
        40 => (gap, count).prop_map(|(gap, count)| Move::Poll(gap, count)),
        1 => (1..60_i64).prop_map(Move::Snooze),
    ]
}

/// Events in which counts stay where they are for a while: random ones alone cross too often.
fn moves() -> impl Strategy<Value = Vec<Move>> {
    let stay = (0..40_u32, 1..12_usize).prop_map(|(count, many)| vec![Move::Poll(60, Some(count)); many]);
    let unknown = (1..20_usize).prop_map(|many| vec![Move::Poll(60, None); many]);
    let some = prop_oneof![4 => stay, 1 => unknown, 4 => proptest::collection::vec(a_move(), 1..8)];
    proptest::collection::vec(some, 1..40).prop_map(|some| some.concat())
}

fn bounds(level: Level) -> impl Strategy<Value = Bounds> {
    (1..30_u32).prop_flat_map(move |at| (0..at).prop_map(move |clear| Bounds { level, at, clear }))
}

fn levels() -> impl Strategy<Value = Vec<Bounds>> {
    let both = bounds(Level::Warn).prop_flat_map(|warn| {
        (1..8_u32, 0..30_u32).prop_map(move |(above, clear)| {
            let at = warn.at + above;
            vec![warn, Bounds { level: Level::Alert, at, clear: clear.clamp(warn.clear, at - 1) }]
        })
    });
    prop_oneof![
        1 => bounds(Level::Warn).prop_map(|one| vec![one]),
        1 => bounds(Level::Alert).prop_map(|one| vec![one]),
        4 => both,
    ]
}

fn hours() -> impl Strategy<Value = Option<Hours>> {
    let week = prop_oneof![
        Just(json!({ "daily": "08:00-20:00" })),
        Just(json!({ "daily": "00:10-00:40, 01:00-03:00, 22:00-24:00" })),
        Just(json!({ "fri-mon": "18:00-02:00", "tue": "10:00-12:00" })),
    ];
    let some = (week, any::<bool>()).prop_map(|(week, resolve)| {
        let hours =
            json!({ "timezone": "UTC", "week": week, "at_closing": if resolve { "resolve" } else { "go-on" } });
        serde_json::from_value(hours).expect("hours")
    });
    proptest::option::of(some)
}

fn a_rule() -> impl Strategy<Value = ZoneRule> {
    (levels(), 1..5_u8, 1..5_u8, 0..40_i64, 2..20_i64, hours()).prop_map(
        |(levels, up, down, cooldown, silent, hours)| ZoneRule {
            levels,
            up,
            down,
            cooldown: SignedDuration::from_mins(cooldown),
            silent: SignedDuration::from_mins(silent),
            hours: hours.map(|hours| hours.calendar(&TimeZone::UTC).expect("hours")),
        },
    )
}

/// A poll with a count.
#[derive(Clone, Copy)]
struct Known {
    at: Timestamp,
    count: u32,
    open: bool,
}

/// Observes a watch, and knows what must hold from the polls and the reports alone.
struct Witness<'a> {
    rule: &'a ZoneRule,
    now: Timestamp,
    watch: Watch,
    /// Counts without a gap, an end or a closing time between them.
    row: Vec<Known>,
    /// The level that was reported, and since when at the earliest.
    told: Option<Level>,
    told_at: [Option<Timestamp>; 2],
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    silent: bool,
    snoozed_until: Option<Timestamp>,
    all: Vec<(Timestamp, Change)>,
}

impl<'a> Witness<'a> {
    fn new(rule: &'a ZoneRule, now: Timestamp) -> Self {
        Self {
            rule,
            now,
            watch: Watch::default(),
            row: Vec::new(),
            told: None,
            told_at: [None; 2],
            first: None,
            last: None,
            silent: false,
            snoozed_until: None,
            all: Vec::new(),
        }
    }

    fn bounds(&self, level: Level) -> Bounds {
        *self.rule.levels.iter().find(|bounds| bounds.level == level).expect("a level that is in use")
    }

    /// This many polls in a row are like this.
    fn in_a_row(&self, many: u8, holds: impl Fn(&Known) -> bool) -> bool {
        self.row.len() >= usize::from(many) && self.row.iter().rev().take(usize::from(many)).all(holds)
    }

    fn has_risen(&self, level: Level) -> bool {
        self.in_a_row(self.rule.up, |poll| poll.open && poll.count >= self.bounds(level).at)
    }

    fn has_fallen(&self, level: Level) -> bool {
        self.in_a_row(self.rule.down, |poll| poll.count <= self.bounds(level).clear)
    }

    fn may_tell(&self, level: Level) -> bool {
        let cool = self.told_at[level as usize]
            .is_none_or(|told| self.now.duration_since(told) >= self.rule.cooldown);
        cool && self.snoozed_until.is_none_or(|until| self.now >= until)
    }

    fn make(&mut self, next: &Move) -> Result<(), TestCaseError> {
        match next {
            Move::Snooze(minutes) => {
                let until = self.now + SignedDuration::from_mins(*minutes);
                self.snoozed_until = self.snoozed_until.max(Some(until));
                self.watch.snoozed_until = self.snoozed_until;
                Ok(())
            }
            Move::Poll(gap, count) => {
                self.now += SignedDuration::from_secs(*gap);
                self.poll(*count)
            }
        }
    }

    fn poll(&mut self, count: Option<u32>) -> Result<(), TestCaseError> {
        let (rule, now) = (self.rule, self.now);
        let open = rule.hours.as_ref().is_none_or(|hours| hours.is_open(now));
        // The state is written and read between the polls, and nothing gets lost by that.
        let read: Watch = serde_json::from_value(json!(self.watch)).expect("a watch");
        prop_assert_eq!(&read, &self.watch);
        let (again, same) = read.step(rule, count, now);
        let (watch, changes) = std::mem::take(&mut self.watch).step(rule, count, now);
        prop_assert_eq!((&again, &same), (&watch, &changes), "the same arguments give the same answer");
        self.watch = watch;

        let heard = *self.first.get_or_insert(now);
        let heard = self.last.unwrap_or(heard);
        let quiet = now.duration_since(heard) >= rule.silent;
        if quiet {
            self.row.clear();
        }
        if let Some(count) = count {
            self.row.push(Known { at: now, count, open });
            self.last = Some(now);
        }
        let was_silent = self.silent;
        let before = self.told;
        let woke = count.is_some() && self.snoozed_until.is_some_and(|until| now >= until);
        let closes = !open
            && rule
                .hours
                .as_ref()
                .is_some_and(|hours| hours.at_closing == handbell_core::config::AtClosing::Resolve);
        for change in &changes {
            self.check(change, (count, open), (quiet, heard), woke)?;
            self.all.push((now, change.clone()));
        }

        // What has to be reported is reported.
        let told = |what: fn(&Change) -> bool| changes.iter().any(what);
        prop_assert_eq!(
            told(|change| matches!(change, Change::Silent { .. })),
            count.is_none() && quiet && open && !was_silent
        );
        prop_assert_eq!(told(|change| *change == Change::Back), count.is_some() && was_silent);
        prop_assert_eq!(told(|change| matches!(change, Change::Closed { .. })), closes && before.is_some());
        let over = told(|change| matches!(change, Change::Closed { .. } | Change::Clear { .. }));
        if let (Some(level), Some(_), false) = (before, count, closes) {
            let calm = rule.levels.iter().all(|bounds| bounds.level > level || self.has_fallen(bounds.level));
            prop_assert_eq!(told(|change| matches!(change, Change::Clear { .. })), calm, "over when it is");
            if woke && !over {
                prop_assert!(
                    told(|change| matches!(change, Change::Remind(_) | Change::Rise(_))),
                    "after a snooze it is told that it isn't over: {:?}",
                    changes
                );
            }
        }
        if over {
            self.row.clear();
        }
        for level in
            rule.levels.iter().map(|bounds| bounds.level).filter(|_| count.is_some() && open && !over)
        {
            if self.has_risen(level) && self.may_tell(level) {
                prop_assert!(self.told >= Some(level), "{:?} has to be told", level);
            }
        }
        if woke && !closes {
            self.snoozed_until = None;
        }
        prop_assert_eq!(self.watch.level, self.told, "what holds is what people know");
        Ok(())
    }

    fn check(
        &mut self,
        change: &Change,
        (count, open): (Option<u32>, bool),
        (quiet, heard): (bool, Timestamp),
        woke: bool,
    ) -> Result<(), TestCaseError> {
        let now = self.now;
        if count.is_none() {
            let nothing_of_counts = matches!(change, Change::Silent { .. } | Change::Closed { .. });
            prop_assert!(nothing_of_counts, "of an unknown count nothing is said: {:?}", change);
        }
        match *change {
            Change::Rise(level) => {
                prop_assert!(open, "nothing rises outside the hours");
                prop_assert!(Some(level) > self.told, "it rises from below");
                prop_assert!(self.has_risen(level), "so many polls in a row at it or above");
                prop_assert!(self.may_tell(level), "not while it is snoozed, not again within the cool-down");
                self.told = Some(level);
                for bounds in self.rule.levels.iter().filter(|bounds| bounds.level <= level) {
                    self.told_at[bounds.level as usize] = Some(now);
                }
            }
            Change::Ease(level) => {
                prop_assert_eq!((level, self.told), (Level::Warn, Some(Level::Alert)), "it eases from above");
                prop_assert!(self.has_fallen(Level::Alert) && !self.has_fallen(Level::Warn));
                self.told = Some(level);
            }
            Change::Clear { since, peak } | Change::Closed { since, peak } => {
                let level = self.told.expect("only what was told can be over");
                if matches!(change, Change::Clear { .. }) {
                    prop_assert!(
                        self.rule
                            .levels
                            .iter()
                            .all(|bounds| bounds.level > level || self.has_fallen(bounds.level)),
                        "so many polls in a row down there"
                    );
                }
                let risen_at = self.all.iter().rev().find_map(|(at, told)| match told {
                    Change::Rise(_) => Some(*at),
                    _ => None,
                });
                prop_assert!(risen_at.is_some_and(|at| since <= at) && since <= now);
                prop_assert!(
                    peak >= self.rule.levels.iter().map(|bounds| bounds.at).min().unwrap_or_default()
                );
                self.told = None;
            }
            Change::Remind(level) => {
                prop_assert_eq!(Some(level), self.told);
                prop_assert!(woke, "only what was snoozed comes back");
                self.told_at[level as usize] = Some(now);
            }
            Change::Silent { since } => {
                prop_assert!(quiet && !self.silent && open);
                prop_assert_eq!(since, heard);
                self.silent = true;
            }
            Change::Back => {
                prop_assert!(self.silent && count.is_some());
                self.silent = false;
            }
        }
        Ok(())
    }
}

/// Monday, midnight.
fn midnight() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().expect("a time")
}

fn later(change: &Change, time: SignedDuration) -> Change {
    match *change {
        Change::Clear { since, peak } => Change::Clear { since: since + time, peak },
        Change::Closed { since, peak } => Change::Closed { since: since + time, peak },
        Change::Silent { since } => Change::Silent { since: since + time },
        ref same => same.clone(),
    }
}

proptest! {
    #![proptest_config(chance(1000))]

    #[test]
    fn reports_and_states_agree(rule in a_rule(), moves in moves()) {
        let mut witness = Witness::new(&rule, midnight());
        for next in &moves {
            witness.make(next)?;
        }
        let known: Vec<Timestamp> = witness.row.iter().map(|poll| poll.at).collect();
        prop_assert!(known.is_sorted());
    }

    #[test]
    fn another_week_is_like_this_one(rule in a_rule(), moves in moves(), weeks in -200..200_i64) {
        let shift = SignedDuration::from_hours(weeks * 7 * 24);
        let mut now = Witness::new(&rule, midnight());
        let mut then = Witness::new(&rule, midnight() + shift);
        for next in &moves {
            now.make(next)?;
            then.make(next)?;
        }
        let shifted: Vec<_> =
            now.all.iter().map(|(at, change)| (*at + shift, later(change, shift))).collect();
        prop_assert_eq!(then.all, shifted);
    }
}

fn rule(zone: Value) -> ZoneRule {
    let mut whole = json!({ "site": "mall", "plan": "crowd" });
    whole.as_object_mut().unwrap().extend(zone.as_object().unwrap().clone());
    let zone: Zone = serde_json::from_value(whole).expect("a zone");
    ZoneRule::of(&zone, &TimeZone::UTC).expect("a rule")
}

/// The reports when these counts come minute after minute from midnight on, line by line.
fn told(rule: &ZoneRule, counts: impl IntoIterator<Item = Option<u32>>) -> String {
    let mut watch = Watch::default();
    let mut lines = Vec::new();
    for (minute, count) in counts.into_iter().enumerate() {
        let now = midnight() + SignedDuration::from_mins(minute as i64);
        let (next, changes) = watch.step(rule, count, now);
        watch = next;
        lines.extend(changes.iter().map(|change| line(now, change)));
    }
    lines.join("\n")
}

fn line(now: Timestamp, change: &Change) -> String {
    let clock = |at: Timestamp| at.to_zoned(TimeZone::UTC).strftime("%H:%M").to_string();
    let what = match change {
        Change::Rise(level) => format!("{level:?}"),
        Change::Ease(level) => format!("down to {level:?}"),
        Change::Clear { since, peak } => format!("calm, busy since {}, peak {peak}", clock(*since)),
        Change::Closed { since, peak } => format!("closed, busy since {}, peak {peak}", clock(*since)),
        Change::Remind(level) => format!("still {level:?}"),
        Change::Silent { since } => format!("silent since {}", clock(*since)),
        Change::Back => "back".to_owned(),
    };
    format!("{} {what}", clock(now))
}

/// This many minutes with this count, one after the other.
fn minutes(all: &[(usize, u32)]) -> Vec<Option<u32>> {
    all.iter().flat_map(|(many, count)| std::iter::repeat_n(Some(*count), *many)).collect()
}

fn crossings(counts: &[Option<u32>], at: u32) -> usize {
    counts.windows(2).filter(|pair| (pair[0] >= Some(at)) != (pair[1] >= Some(at))).count()
}

#[test]
fn a_noisy_day_is_reported_once() {
    // From 20 up to 60 at noon and down again, with two more or less by a fixed noise.
    let day: Vec<Option<u32>> = (0..1440_u32)
        .map(|minute| {
            let base = 20 + 40 * minute.min(1440 - minute) / 720;
            let noise = (minute.wrapping_mul(2_654_435_761) >> 16) % 5;
            Some(base + noise - 2)
        })
        .collect();
    assert_snapshot!(crossings(&day, 50), @"82");
    assert_snapshot!(told(&rule(json!({ "at": 50 })), day), @"
        08:44 Alert
        16:26 calm, busy since 08:43, peak 61
        ");
}

#[test]
fn a_flicker_around_the_threshold_is_reported_at_most_once() {
    let at_fifty = rule(json!({ "at": 50 }));
    let every_minute: Vec<Option<u32>> = (0..22).map(|minute| Some([49, 50][minute % 2])).collect();
    assert_eq!(crossings(&every_minute, 50), 21);
    assert_eq!(told(&at_fifty, every_minute), "", "never twice in a row");
    let every_two: Vec<Option<u32>> = (0..44).map(|minute| Some([49, 50][minute / 2 % 2])).collect();
    assert_eq!(crossings(&every_two, 50), 21);
    assert_eq!(told(&at_fifty, every_two), "00:03 Alert", "49 is no end");
    let deep: Vec<Option<u32>> = (0..44).map(|minute| Some([0, 90][minute / 2 % 2])).collect();
    assert_eq!(crossings(&deep, 50), 21);
    assert_eq!(told(&at_fifty, deep), "00:03 Alert", "two quiet minutes are no end");
    let slow: Vec<Option<u32>> = (0..66).map(|minute| Some([0, 90][minute / 3 % 2])).collect();
    assert_eq!(crossings(&slow, 50), 21);
    assert_snapshot!(told(&at_fifty, slow), @"
        00:04 Alert
        00:08 calm, busy since 00:03, peak 90
        00:22 Alert
        00:26 calm, busy since 00:21, peak 90
        00:40 Alert
        00:44 calm, busy since 00:39, peak 90
        00:58 Alert
        01:02 calm, busy since 00:57, peak 90
        ");
}

#[test]
fn a_threshold_of_fifty_is_exactly_fifty() {
    let at_fifty = rule(json!({ "at": 50 }));
    assert_eq!(told(&at_fifty, minutes(&[(60, 49)])), "");
    assert_eq!(told(&at_fifty, minutes(&[(60, 50)])), "00:01 Alert");
    assert_eq!(told(&at_fifty, minutes(&[(2, 50), (60, 46)])), "00:01 Alert", "46 is above 45");
    assert_snapshot!(told(&at_fifty, minutes(&[(2, 50), (1, 53), (60, 45)])), @"
        00:01 Alert
        00:05 calm, busy since 00:00, peak 53
        ");
    let at_once = rule(json!({ "at": 50, "for": { "up": 1, "down": 1 } }));
    assert_snapshot!(told(&at_once, minutes(&[(1, 49), (1, 50), (1, 45)])), @"
        00:01 Alert
        00:02 calm, busy since 00:01, peak 50
        ");
}

#[test]
fn percentages_of_a_capacity_are_rounded() {
    let show = |zone| {
        let levels = rule(zone).levels;
        levels
            .iter()
            .map(|bounds| format!("{:?} {} {}", bounds.level, bounds.at, bounds.clear))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(show(json!({ "capacity": 100 })), "Warn 80 70, Alert 95 85");
    // A fraction of a device is rounded up for the level, and down for its end.
    assert_eq!(show(json!({ "capacity": 33 })), "Warn 27 23, Alert 32 28");
    assert_eq!(show(json!({ "capacity": 100, "warn": "never" })), "Alert 95 85");
    assert_eq!(show(json!({ "capacity": 100, "alert": "never" })), "Warn 80 70");
    assert_eq!(show(json!({ "capacity": 200, "at": "60%" })), "Alert 120 100");
    assert_eq!(show(json!({ "at": 1 })), "Alert 1 0");
    assert_eq!(show(json!({ "at": 9 })), "Alert 9 8");
    assert_eq!(show(json!({ "at": "500" })), "Alert 500 450");
    assert_eq!(
        show(json!({ "capacity": 100, "warn": 60, "alert": { "at": "90 %", "clear": 70 } })),
        "Warn 60 54, Alert 90 70"
    );
    let busy = rule(json!({ "capacity": 4_294_967_295_u32, "alert": "100%" }));
    assert_eq!(busy.levels[1].at, 4_294_967_295, "no number is too large");
    let shop = rule(json!({ "capacity": 100 }));
    assert_eq!([Level::Warn, Level::Alert].map(|level| shop.rank(level)), [1, 2]);
    assert_eq!(rule(json!({ "at": 50 })).rank(Level::Alert), 1, "one threshold takes the plan's first step");
}

#[test]
fn a_warning_an_alert_and_the_end_are_reported() {
    let shop = rule(json!({ "capacity": 100 }));
    let counts = minutes(&[(5, 40), (10, 82), (10, 97), (10, 84), (10, 60)]);
    assert_snapshot!(told(&shop, counts), @"
        00:06 Warn
        00:16 Alert
        00:27 down to Warn
        00:37 calm, busy since 00:05, peak 97
        ");
}

#[test]
fn a_rise_straight_to_the_alert_is_one_report() {
    let shop = rule(json!({ "capacity": 100 }));
    assert_snapshot!(told(&shop, minutes(&[(5, 40), (10, 99), (10, 60)])), @"
        00:06 Alert
        00:17 calm, busy since 00:05, peak 99
        ");
}

#[test]
fn an_alert_that_eased_rises_again_only_after_the_cooldown() {
    let shop = rule(json!({ "capacity": 100 }));
    assert_snapshot!(told(&shop, minutes(&[(5, 97), (5, 84), (20, 97), (5, 84), (5, 97), (5, 40)])), @"
        00:01 Alert
        00:07 down to Warn
        00:16 Alert
        00:32 down to Warn
        00:36 Alert
        00:42 calm, busy since 00:00, peak 97
        ");
}

#[test]
fn a_level_that_ended_rises_again_only_after_the_cooldown() {
    let shop = rule(json!({ "at": 50, "cooldown": "30m" }));
    assert_snapshot!(told(&shop, minutes(&[(5, 60), (5, 10), (60, 60)])), @"
        00:01 Alert
        00:07 calm, busy since 00:00, peak 60
        00:31 Alert
        ");
}

#[test]
fn closing_time_ends_a_level() {
    let shop = rule(json!({ "at": 50, "hours": { "week": { "mon": "00:10-01:00" } } }));
    assert_snapshot!(told(&shop, minutes(&[(80, 60)])), @"
        00:11 Alert
        01:00 closed, busy since 00:10, peak 60
        ");
    let bar = rule(json!({ "at": 50, "hours": { "week": { "mon": "00:10-01:00" }, "at_closing": "go-on" } }));
    assert_snapshot!(told(&bar, minutes(&[(70, 60), (10, 7), (30, 60)])), @"
        00:11 Alert
        01:12 calm, busy since 00:10, peak 60
        ");
}

#[test]
fn closing_time_ends_a_level_without_a_count_too() {
    let shop = rule(json!({ "at": 50, "hours": { "week": { "mon": "00:00-00:10" } } }));
    let counts = minutes(&[(5, 60)]).into_iter().chain([None; 30]);
    assert_snapshot!(told(&shop, counts), @"
        00:01 Alert
        00:10 closed, busy since 00:00, peak 60
        ");
}

#[test]
fn hours_may_end_on_the_next_day() {
    let bar = rule(json!({ "at": 50, "hours": { "week": { "sun-mon": "22:00-02:00" } } }));
    assert_snapshot!(told(&bar, minutes(&[(1440, 60), (240, 60)])), @"
        00:01 Alert
        02:00 closed, busy since 00:00, peak 60
        22:01 Alert
        02:00 closed, busy since 22:00, peak 60
        ");
}

#[test]
fn fifteen_minutes_without_a_count_are_reported() {
    let shop = rule(json!({ "at": 50 }));
    let counts = minutes(&[(3, 60)]).into_iter().chain([None; 40]).chain(minutes(&[(2, 60), (5, 0)]));
    assert_snapshot!(told(&shop, counts), @"
        00:01 Alert
        00:17 silent since 00:02
        00:43 back
        00:47 calm, busy since 00:00, peak 60
        ");
    assert_snapshot!(told(&shop, [None; 60]), @"00:15 silent since 00:00");
    let short = minutes(&[(3, 60)]).into_iter().chain([None; 14]).chain(minutes(&[(2, 60)]));
    assert_eq!(told(&shop, short), "00:01 Alert", "14 minutes are none");
}

#[test]
fn unknown_minutes_neither_count_nor_end_a_streak() {
    let shop = rule(json!({ "at": 50 }));
    let some = [Some(60), None, None, Some(60), Some(0), None, Some(0), None, None, Some(0)];
    assert_snapshot!(told(&shop, some), @"
        00:03 Alert
        00:09 calm, busy since 00:00, peak 60
        ");
}

#[test]
fn a_gap_ends_a_streak() {
    let shop = rule(json!({ "at": 50 }));
    let unknown = [Some(60)].into_iter().chain([None; 15]).chain([Some(60), Some(60)]);
    assert_snapshot!(told(&shop, unknown), @"
        00:15 silent since 00:00
        00:16 back
        00:17 Alert
        ");
}

#[test]
fn a_time_without_any_poll_ends_a_streak() {
    // Nobody polled for an hour, so that not even the gap was reported.
    let shop = rule(json!({ "at": 50 }));
    let (watch, changes) = Watch::default().step(&shop, Some(60), midnight());
    assert_eq!(changes, []);
    let hour = midnight() + SignedDuration::from_hours(1);
    let (watch, changes) = watch.step(&shop, Some(60), hour);
    assert_eq!(changes, [], "two polls an hour apart aren't in a row");
    let (watch, changes) = watch.step(&shop, Some(60), hour + SignedDuration::from_mins(1));
    assert_eq!(changes, [Change::Rise(Level::Alert)]);
    assert_eq!(watch.since, Some(hour), "nobody knows what was before");
}

#[test]
fn a_snooze_is_silent_and_then_reminds() {
    let shop = rule(json!({ "capacity": 100 }));
    let snoozed = |counts: &[(usize, u32)]| {
        let mut watch = Watch::default();
        let mut lines = Vec::new();
        for (minute, count) in minutes(counts).into_iter().enumerate() {
            let now = midnight() + SignedDuration::from_mins(minute as i64);
            if minute == 5 {
                watch.snoozed_until = Some(now + SignedDuration::from_mins(30));
            }
            let (next, changes) = watch.step(&shop, count, now);
            watch = next;
            lines.extend(changes.iter().map(|change| line(now, change)));
        }
        lines.join("\n")
    };
    assert_snapshot!(snoozed(&[(60, 82)]), @"
        00:01 Warn
        00:35 still Warn
        ");
    assert_snapshot!(snoozed(&[(10, 82), (50, 99)]), @"
        00:01 Warn
        00:35 Alert
        ");
    assert_snapshot!(snoozed(&[(10, 82), (50, 9)]), @"
        00:01 Warn
        00:12 calm, busy since 00:00, peak 82
        ");
    assert_snapshot!(snoozed(&[(10, 99), (50, 82)]), @"
        00:01 Alert
        00:12 down to Warn
        00:35 still Warn
        ");
    // The level eases in the very minute in which the snooze ends.
    assert_snapshot!(snoozed(&[(33, 99), (20, 82)]), @"
        00:01 Alert
        00:35 down to Warn
        00:35 still Warn
        ");
    assert_snapshot!(snoozed(&[(10, 99), (10, 9), (40, 99)]), @"
        00:01 Alert
        00:12 calm, busy since 00:00, peak 99
        00:35 Alert
        ");
}
