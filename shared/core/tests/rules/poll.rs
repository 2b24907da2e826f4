//! The state of a site from poll to poll: whatever happens, no signal is sent twice, lost or made up.

use std::collections::{BTreeMap, BTreeSet};

use handbell_core::config::Zone;
use handbell_core::incident::Subject;
use handbell_core::occupancy::poll::{Counts, Pending, Polled, SiteState};
use handbell_core::occupancy::view::{BUCKET, Signal, ZoneEnd, bucket};
use handbell_core::occupancy::zone::{Level, Watch, ZoneRule};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::house::chance;

/// The zones of the site: name, label and plan.
const ZONES: [(&str, &str, &str); 4] = [
    ("bags", "Bags", "team"),
    ("hats", "Hats", "team"),
    ("shoes", "Shoes", "managers"),
    ("toys", "Toys", "team"),
];

fn rule(zone: Value) -> ZoneRule {
    let mut whole = json!({ "site": "mall", "plan": "team" });
    whole.as_object_mut().unwrap().extend(zone.as_object().unwrap().clone());
    let zone: Zone = serde_json::from_value(whole).expect("a zone");
    ZoneRule::of(&zone, &TimeZone::UTC).expect("a rule")
}

/// Monday, midnight.
fn midnight() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().expect("a time")
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// What a poll finds for a zone; none if the configuration doesn't contain the zone.
type Learnt = Option<(Option<u32>, Option<i64>)>;

/// The zones of the configuration, with their counts and the ends of their snoozes.
fn polled<'a>(
    rules: &'a [ZoneRule],
    learnt: &[(Option<u32>, Option<Timestamp>)],
    which: &[usize],
) -> Vec<Polled<'a>> {
    which
        .iter()
        .zip(learnt)
        .map(|(zone, (count, snoozed_until))| {
            let (name, label, plan) = ZONES[*zone];
            Polled {
                name,
                label,
                plan,
                rule: &rules[*zone],
                capacity: None,
                snooze_minutes: 30,
                count: count.ok_or_else(|| "CMX's answer is empty".to_owned()),
                snoozed_until: *snoozed_until,
            }
        })
        .collect()
}

/// The next event.
#[derive(Clone, Debug)]
enum Move {
    /// A poll this many seconds after the one before, and what it found for each zone.
    Poll(i64, [Learnt; 4]),
    /// The engine receives those of the pending signals whose position has its bit set.
    Hear(u16),
}

fn learnt() -> impl Strategy<Value = Learnt> {
    let count = prop_oneof![5 => (0..30_u32).prop_map(Some), 2 => Just(None)];
    let snooze = prop_oneof![20 => Just(None), 1 => (-10..60_i64).prop_map(Some)];
    prop_oneof![1 => Just(None), 20 => (count, snooze).prop_map(Some)]
}

/// Events in which counts stay where they are for a while, and the site fails for a while.
fn moves() -> impl Strategy<Value = Vec<Move>> {
    let gap = || prop_oneof![12 => Just(60_i64), 2 => 1..60_i64, 2 => 60..400_i64, 1 => 400..8000_i64];
    let all = || [learnt(), learnt(), learnt(), learnt()];
    let one = (gap(), all()).prop_map(|(gap, all)| vec![Move::Poll(gap, all)]);
    let stay = (all(), 1..12_usize).prop_map(|(all, many)| vec![Move::Poll(60, all); many]);
    let dead = (1..25_usize).prop_map(|many| vec![Move::Poll(60, [Some((None, None)); 4]); many]);
    let hear = any::<u16>().prop_map(|which| vec![Move::Hear(which)]);
    let some = prop_oneof![3 => one, 5 => stay, 1 => dead, 3 => hear];
    proptest::collection::vec(some, 1..40).prop_map(|some| some.concat())
}

/// Knows the right state from the polls alone.
#[derive(Default)]
struct Witness {
    site: SiteState,
    last: Option<Timestamp>,
    ids: BTreeSet<String>,
    newest: u64,
    heard: BTreeSet<String>,
    /// What the polls found, by zone and minute.
    known: BTreeMap<(&'static str, i64), Option<u32>>,
    kept: Vec<Counts>,
    snoozed: BTreeMap<&'static str, Timestamp>,
}

fn number(id: &str) -> u64 {
    id.strip_prefix("mall-").and_then(|number| number.parse().ok()).expect("a site and a number")
}

impl Witness {
    fn make(&mut self, rules: &[ZoneRule], now: &mut Timestamp, next: &Move) -> Result<(), TestCaseError> {
        match next {
            Move::Hear(which) => self.hear(*which)?,
            Move::Poll(gap, all) => {
                *now += SignedDuration::from_secs(*gap);
                let again = self.last.is_some_and(|last| minute(last) == minute(*now));
                prop_assert_eq!(self.site.has_polled(*now), again, "a minute is polled once");
                if !again {
                    self.poll(rules, *now, all)?;
                }
            }
        }
        // The state is written and read in between, and nothing gets lost by that.
        let read: SiteState = serde_json::from_str(&json!(self.site).to_string()).expect("a site");
        prop_assert_eq!(&read, &self.site);
        Ok(())
    }

    fn hear(&mut self, which: u16) -> Result<(), TestCaseError> {
        let bit = |place: usize| (which >> (place % 16)) & 1 == 1;
        let pending = self.site.pending.iter().enumerate();
        let ids: BTreeSet<String> =
            pending.filter(|(place, _)| bit(*place)).map(|(_, pending)| pending.id.clone()).collect();
        let before = std::mem::take(&mut self.site);
        let after = before.clone().confirm(&ids);
        let left: Vec<Pending> =
            before.pending.iter().filter(|pending| !ids.contains(&pending.id)).cloned().collect();
        let expected = SiteState { version: before.version + 1, pending: left, ..before };
        prop_assert_eq!(&after, &expected, "what was heard is crossed out, and nothing else is");
        self.heard.extend(ids);
        self.site = after;
        Ok(())
    }

    fn poll(&mut self, rules: &[ZoneRule], now: Timestamp, all: &[Learnt; 4]) -> Result<(), TestCaseError> {
        let which: Vec<usize> = (0..4).filter(|zone| all[*zone].is_some()).collect();
        let learnt: Vec<(Option<u32>, Option<Timestamp>)> = all
            .iter()
            .flatten()
            .map(|(count, minutes)| (*count, minutes.map(|minutes| now + SignedDuration::from_mins(minutes))))
            .collect();
        let zones = polled(rules, &learnt, &which);
        let before = std::mem::take(&mut self.site);
        let (after, complete) = before.clone().apply_poll("mall", &zones, now);
        prop_assert_eq!(&(after.clone(), complete.clone()), &before.clone().apply_poll("mall", &zones, now));

        prop_assert_eq!((after.version, after.polled_at), (before.version + 1, Some(now)));
        prop_assert!(after.has_polled(now));
        let next = Timestamp::from_second((minute(now) + 1) * 60).expect("a time");
        prop_assert!(after.has_polled(next - SignedDuration::from_nanos(1)) && !after.has_polled(next));

        let fresh = self.ids(&before, &after)?;
        self.silences(&before, &after, &zones, fresh)?;
        self.ends(&before, &after, &zones, fresh)?;
        self.snoozes(&before, &after, &zones, now, fresh)?;
        for zone in &zones {
            let (name, ..) = ZONES.iter().find(|(name, ..)| *name == zone.name).expect("a zone");
            self.known.insert((name, minute(now)), zone.count.as_ref().ok().copied());
        }
        if let Some(complete) = complete {
            prop_assert!(self.kept.last().is_none_or(|last| last.start < complete.start), "in order");
            prop_assert!(complete.start < bucket(now), "only what is over is complete");
            self.kept.push(complete);
        }
        prop_assert_eq!(after.counts.start, bucket(now));
        (self.site, self.last) = (after, Some(now));
        Ok(())
    }

    /// The new signals. Signals that aren't received yet stay before them, unchanged.
    fn ids<'a>(&mut self, before: &SiteState, after: &'a SiteState) -> Result<&'a [Pending], TestCaseError> {
        prop_assert!(after.pending.starts_with(&before.pending), "what isn't heard stays");
        let fresh = &after.pending[before.pending.len()..];
        prop_assert!(after.pending.windows(2).all(|two| number(&two[0].id) < number(&two[1].id)));
        for pending in fresh {
            prop_assert!(number(&pending.id) > self.newest, "ids grow, also after all was heard");
            self.newest = number(&pending.id);
            prop_assert!(self.ids.insert(pending.id.clone()), "no id comes twice");
        }
        prop_assert_eq!(after.signals, self.ids.len() as u64);
        prop_assert_eq!(self.ids.len(), self.heard.len() + after.pending.len());
        Ok(fresh)
    }

    /// One message for a plan, however many zones; and nothing is back before it is.
    fn silences(
        &self,
        before: &SiteState,
        after: &SiteState,
        zones: &[Polled<'_>],
        fresh: &[Pending],
    ) -> Result<(), TestCaseError> {
        let silent = |site: &SiteState, name: &str| site.zones.get(name).is_some_and(|watch| watch.silent);
        for plan in ["team", "managers"] {
            let subject = Subject::silent_site("mall", plan);
            let mine: Vec<&Polled<'_>> = zones.iter().filter(|zone| zone.plan == plan).collect();
            let labels = |holds: &dyn Fn(&Polled<'_>) -> bool| -> Vec<String> {
                mine.iter().filter(|zone| holds(zone)).map(|zone| zone.label.to_owned()).collect()
            };
            let mut back = labels(&|zone| silent(before, zone.name) && !silent(after, zone.name));
            // People who were notified of a zone are also notified when it isn't watched any more: by its name, for the rest is
            // gone.
            let here = |name: &str| zones.iter().any(|zone| zone.name == name);
            let gone = before.silent.iter().filter(|(name, told)| *told == plan && !here(name));
            back.extend(gone.map(|(name, _)| name.clone()));
            let lost = labels(&|zone| !silent(before, zone.name) && silent(after, zone.name));
            let mut expected = Vec::new();
            if !back.is_empty() {
                let all = mine.iter().all(|zone| !silent(after, zone.name));
                expected.push(Signal::Back { zones: back, all });
            }
            if !lost.is_empty() {
                let lost_now = mine.iter().filter(|zone| lost.contains(&zone.label.to_owned()));
                let since = lost_now.filter_map(|zone| after.zones[zone.name].heard_at).min();
                let (since, why) = (since.expect("a time"), "CMX's answer is empty".to_owned());
                expected.push(Signal::Silent { zones: lost, since, why });
            }
            let told: Vec<Signal> = fresh
                .iter()
                .filter(|pending| pending.subject == subject)
                .map(|pending| pending.signal.clone())
                .collect();
            prop_assert_eq!(told, expected, "{}", plan);
        }
        Ok(())
    }

    /// A zone of which people were notified gets an end when it isn't watched any more.
    fn ends(
        &self,
        before: &SiteState,
        after: &SiteState,
        zones: &[Polled<'_>],
        fresh: &[Pending],
    ) -> Result<(), TestCaseError> {
        let names: BTreeSet<&str> = zones.iter().map(|zone| zone.name).collect();
        let kept: BTreeSet<&str> = after.zones.keys().map(String::as_str).collect();
        prop_assert_eq!(&kept, &names, "only what the configuration has is remembered");
        for (name, watch) in before.zones.iter().filter(|(name, _)| !names.contains(name.as_str())) {
            let subject = Subject::zone(name);
            let told: Vec<&Signal> =
                fresh.iter().filter(|one| one.subject == subject).map(|one| &one.signal).collect();
            match watch.level {
                None => prop_assert!(told.is_empty(), "nobody was told of it: {:?}", told),
                Some(_) => {
                    let since = watch.since.expect("since when");
                    let over = Signal::Over { why: ZoneEnd::Unwatched, count: None, since, peak: watch.peak };
                    prop_assert_eq!(told, [&over]);
                }
            }
        }
        let unwatched = fresh.iter().filter(|pending| {
            matches!(pending.signal, Signal::Over { why: ZoneEnd::Unwatched, .. })
                && names.contains(pending.subject.name())
        });
        prop_assert_eq!(unwatched.count(), 0, "what is watched isn't told to be unwatched");
        Ok(())
    }

    fn snoozes(
        &mut self,
        before: &SiteState,
        after: &SiteState,
        zones: &[Polled<'_>],
        now: Timestamp,
        fresh: &[Pending],
    ) -> Result<(), TestCaseError> {
        for (name, ..) in ZONES {
            let Some(zone) = zones.iter().find(|zone| zone.name == name) else {
                self.snoozed.remove(name);
                continue;
            };
            if let Some(until) = zone.snoozed_until.filter(|until| *until > now) {
                let longest = self.snoozed.get(name).copied().max(Some(until)).expect("it is there");
                self.snoozed.insert(name, longest);
            }
            let told = fresh.iter().filter(|pending| pending.subject == Subject::zone(name));
            let told: Vec<&Signal> = told.map(|pending| &pending.signal).collect();
            let until = self.snoozed.get(name).copied().filter(|until| *until > now);
            if let Some(until) = until {
                prop_assert_eq!(after.zones[name].snoozed_until, Some(until), "the longest snooze holds");
                let loud = |signal: &&Signal| matches!(signal, Signal::Rise { .. } | Signal::Remind { .. });
                prop_assert!(!told.iter().any(loud), "it is snoozed: {:?}", told);
            }
            if zone.count.is_err() {
                let level = |site: &SiteState| site.zones.get(name).and_then(|watch| watch.level);
                prop_assert_eq!(level(before), level(after), "of an unknown count nothing follows");
                prop_assert!(told.is_empty(), "{:?}", told);
            }
        }
        Ok(())
    }

    /// Every minute is in one row, once and in order, with what the polls found.
    fn rows(&self) -> Result<(), TestCaseError> {
        for (name, ..) in ZONES {
            let rows: Vec<&Counts> = self.kept.iter().chain([&self.site.counts]).collect();
            let minutes: Vec<(Timestamp, Option<u32>)> = rows.iter().flat_map(|row| row.of(name)).collect();
            prop_assert!(minutes.windows(2).all(|two| two[0].0 < two[1].0), "each once and in order");
            for row in rows {
                let end = row.start + BUCKET;
                prop_assert_eq!(row.start, bucket(row.start));
                prop_assert!(row.of(name).all(|(at, _)| at >= row.start && at < end));
            }
            let there: BTreeMap<i64, Option<u32>> =
                minutes.into_iter().map(|(at, count)| (minute(at), count)).collect();
            let known = self.known.iter().filter(|((zone, _), _)| *zone == name);
            let known: BTreeMap<i64, Option<u32>> =
                known.map(|((_, minute), count)| (*minute, *count)).collect();
            for (minute, count) in &known {
                prop_assert_eq!(there.get(minute), Some(count), "each minute that was polled is there");
            }
            for (minute, count) in &there {
                let learnt = known.get(minute).copied().flatten();
                prop_assert_eq!(*count, learnt, "what nobody counted is unknown, and not 0");
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(chance(200))]

    #[test]
    fn the_state_is_right_after_any_polls(moves in moves(), start in 0..600_i64) {
        let rules = [
            rule(json!({ "at": 10 })),
            rule(json!({ "capacity": 20 })),
            rule(json!({ "at": 12, "for": { "up": 1, "down": 1 }, "cooldown": "0s", "silent": "5m" })),
            rule(json!({ "capacity": 25, "silent": "3m", "cooldown": "2m" })),
        ];
        let mut now = midnight() + SignedDuration::from_secs(start);
        let mut witness = Witness::default();
        for next in &moves {
            witness.make(&rules, &mut now, next)?;
        }
        witness.rows()?;
    }
}

/// A site with a minute between the polls. The engine receives each signal at once.
struct Mall {
    rules: [ZoneRule; 4],
    site: SiteState,
    now: Timestamp,
}

impl Mall {
    fn new() -> Self {
        let rules = std::array::from_fn(|_| rule(json!({ "at": 10, "silent": "5m" })));
        Self { rules, site: SiteState::default(), now: midnight() }
    }

    /// Polls in the next minute, with these counts of the first zones; the others are not in the configuration. Returns the
    /// signals.
    fn poll(&mut self, counts: &[Option<u32>]) -> Vec<(String, Signal)> {
        let learnt: Vec<_> = counts.iter().map(|count| (*count, None)).collect();
        self.poll_snoozed(&learnt)
    }

    fn poll_snoozed(&mut self, learnt: &[(Option<u32>, Option<Timestamp>)]) -> Vec<(String, Signal)> {
        let which: Vec<usize> = (0..learnt.len()).collect();
        let zones = polled(&self.rules, learnt, &which);
        let (site, _) = std::mem::take(&mut self.site).apply_poll("mall", &zones, self.now);
        let told = site.pending.iter().map(|one| (one.subject.as_str().to_owned(), one.signal.clone()));
        let told = told.collect();
        let ids = site.pending.iter().map(|pending| pending.id.clone()).collect();
        self.site = site.confirm(&ids);
        self.now += SignedDuration::from_mins(1);
        told
    }

    fn at(minutes: i64) -> Timestamp {
        midnight() + SignedDuration::from_mins(minutes)
    }
}

fn silent(zones: &[&str], since: i64) -> Signal {
    let zones = zones.iter().map(|zone| (*zone).to_owned()).collect();
    Signal::Silent { zones, since: Mall::at(since), why: "CMX's answer is empty".to_owned() }
}

fn back(zones: &[&str], all: bool) -> Signal {
    Signal::Back { zones: zones.iter().map(|zone| (*zone).to_owned()).collect(), all }
}

#[test]
fn a_site_that_fails_is_reported_once_for_each_plan() {
    let mut mall = Mall::new();
    assert_eq!(mall.poll(&[Some(1); 4]), []);
    for _ in 1..5 {
        assert_eq!(mall.poll(&[None; 4]), []);
    }
    assert_eq!(
        mall.poll(&[None; 4]),
        [
            ("silence:mall~managers".to_owned(), silent(&["Shoes"], 0)),
            ("silence:mall~team".to_owned(), silent(&["Bags", "Hats", "Toys"], 0)),
        ]
    );
    for _ in 0..30 {
        assert_eq!(mall.poll(&[None; 4]), [], "once");
    }
    let team = |signal| ("silence:mall~team".to_owned(), signal);
    assert_eq!(mall.poll(&[Some(1), None, None, None]), [team(back(&["Bags"], false))]);
    assert_eq!(mall.poll(&[Some(1), Some(1), None, None]), [team(back(&["Hats"], false))]);
    assert_eq!(
        mall.poll(&[Some(1); 4]),
        [("silence:mall~managers".to_owned(), back(&["Shoes"], true)), team(back(&["Toys"], true))]
    );
    assert_eq!(mall.poll(&[Some(1); 4]), []);
}

#[test]
fn one_zone_comes_back_while_another_is_lost() {
    let mut mall = Mall::new();
    mall.poll(&[Some(1), Some(1)]);
    for _ in 1..5 {
        assert_eq!(mall.poll(&[None, Some(1)]), []);
    }
    let team = |signal| ("silence:mall~team".to_owned(), signal);
    assert_eq!(mall.poll(&[None, Some(1)]), [team(silent(&["Bags"], 0))]);
    for _ in 6..10 {
        assert_eq!(mall.poll(&[None, None]), []);
    }
    assert_eq!(
        mall.poll(&[Some(1), None]),
        [team(back(&["Bags"], false)), team(silent(&["Hats"], 5))],
        "something is missing still, and it is told last"
    );
    assert_eq!(mall.poll(&[Some(1), Some(1)]), [team(back(&["Hats"], true))]);
}

#[test]
fn a_busy_zone_that_leaves_the_configuration_is_reported_as_unwatched() {
    let mut mall = Mall::new();
    mall.poll(&[Some(12), Some(3)]);
    let told = mall.poll(&[Some(15), Some(3)]);
    let [(subject, Signal::Rise { rank: 1, view })] = &told[..] else { panic!("{told:?}") };
    assert_eq!(
        (subject.as_str(), view.level, view.count, view.peak),
        ("zone:bags", Some(Level::Alert), 15, 15)
    );
    assert_eq!((view.at, view.since), (Mall::at(1), Mall::at(0)));
    let over = Signal::Over { why: ZoneEnd::Unwatched, count: None, since: Mall::at(0), peak: 15 };
    assert_eq!(mall.poll(&[]), [("zone:bags".to_owned(), over)], "the calm one goes without a word");
    assert!(mall.site.zones.is_empty());
    // It comes back as a zone of which nothing is known.
    assert_eq!(mall.poll(&[Some(15)]), []);
    assert_eq!(mall.poll(&[Some(15)]).len(), 1);
}

#[test]
fn a_snooze_by_a_person_holds() {
    let mut mall = Mall::new();
    mall.poll(&[Some(12)]);
    mall.poll(&[Some(12)]);
    let until = Mall::at(12);
    // Every poll passes the snooze, or only one.
    assert_eq!(mall.poll_snoozed(&[(Some(12), Some(until))]), []);
    for _ in 3..12 {
        assert_eq!(mall.poll(&[Some(12)]), []);
        assert_eq!(mall.site.zones["bags"].snoozed_until, Some(until));
    }
    let told = mall.poll_snoozed(&[(Some(12), Some(until))]);
    assert!(matches!(&told[..], [(_, Signal::Remind { view })] if view.at == until), "{told:?}");
    assert_eq!(mall.poll_snoozed(&[(Some(12), Some(until))]), [], "what is over doesn't begin again");
    assert_eq!(mall.site.zones["bags"].snoozed_until, None);
    // A shorter one doesn't end a longer one.
    mall.poll_snoozed(&[(Some(12), Some(Mall::at(60)))]);
    mall.poll_snoozed(&[(Some(12), Some(Mall::at(20)))]);
    assert_eq!(mall.site.zones["bags"].snoozed_until, Some(Mall::at(60)));
}

#[test]
fn five_minutes_are_a_row_and_minutes_without_a_poll_are_unknown() {
    let rules = Mall::new().rules;
    let mut site = SiteState::default();
    let mut rows = Vec::new();
    for (minute, count) in [(1, Some(4)), (3, None), (4, Some(6)), (5, Some(7)), (17, Some(8)), (20, Some(9))]
    {
        let zones = polled(&rules, &[(count, None)], &[0]);
        let (next, complete) =
            site.apply_poll("mall", &zones, Mall::at(minute) + SignedDuration::from_secs(7));
        site = next;
        rows.extend(complete);
    }
    let row = |start, counts: &[Option<u32>]| Counts {
        start: Mall::at(start),
        zones: BTreeMap::from([("bags".to_owned(), counts.to_vec())]),
    };
    assert_eq!(
        rows,
        [row(0, &[None, Some(4), None, None, Some(6)]), row(5, &[Some(7)]), row(15, &[None, None, Some(8)]),]
    );
    assert_eq!(site.counts, row(20, &[Some(9)]));
}

#[test]
fn a_row_of_an_older_version_is_read() {
    let old = json!({ "version": 7, "polled_at": "2026-03-02T00:00:07Z", "zones": { "bags": {} }, "counts": { "start": "2026-03-02T00:00:00Z", "zones": {} } });
    let site: SiteState = serde_json::from_value(old).expect("a site");
    assert_eq!((site.pending.len(), site.signals), (0, 0));
    assert_eq!(site.zones["bags"], Watch::default());
    assert!(site.has_polled(Mall::at(0)) && !site.has_polled(Mall::at(1)));
}
