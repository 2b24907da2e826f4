//! The effects of a poll's signals, and of people's answers, on an incident; and what people read.

use handbell_core::config::{Admins, Plan};
use handbell_core::delivery::{Content, DirectMessage, Message, PhoneMessage, SpaceMessage};
use handbell_core::incident::command::Command;
use handbell_core::incident::decide::{Context, Decision, Event, EventOutcome, begins_anew, decide};
use handbell_core::incident::{Attribution, Incident, Phase, Subject};
use handbell_core::occupancy::view::{Signal, View, ZoneEnd, bucket, trend, usual, weeks_before};
use handbell_core::occupancy::zone::{Bounds, Level};
use handbell_core::oncall::Roster;
use handbell_core::wording::occupancy::{self as words_of_occupancy, BusyPeriod};
use handbell_core::wording::{self, Words};
use insta::assert_snapshot;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::house::{FROM, chance, says};

/// A zone, its plan, and a clock that the test moves.
struct Floor {
    plan: Plan,
    words: Words,
    subject: Subject,
    roster: Roster,
    admins: Admins,
    watched: bool,
    state: Option<Incident>,
    now: Timestamp,
}

/// Tuesday, 14:02 in Paris.
fn afternoon() -> Timestamp {
    "2026-03-03T13:02:00Z".parse().expect("a time")
}

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").expect("a time zone")
}

fn shoes() -> Words {
    Words { zone: paris(), name: "Floor 2 / Shoes".to_owned(), alert: None }
}

fn view(level: Option<Level>, count: u32) -> View {
    View {
        level,
        count,
        capacity: Some(100),
        usual: Some(52),
        trend: Some(12),
        at: afternoon(),
        since: afternoon() - SignedDuration::from_mins(3),
        peak: count,
        levels: vec![
            Bounds { level: Level::Warn, at: 80, clear: 70 },
            Bounds { level: Level::Alert, at: 95, clear: 85 },
        ],
        snooze_minutes: 30,
        ..View::default()
    }
}

fn two_steps() -> Value {
    json!({
        "space": { "title": "Crowd", "moderators": ["a@example.com"], "participants": ["b@example.com"] },
        "reset_after": "6h",
        "steps": [
            { "post": { "markdown": "{zone}: {level}, {count} of {capacity}, usual {usual}. Open another till." } },
            { "sms": [{ "to": ["+352691496401"], "text": "Come" }], "post": { "markdown": "Everybody to the tills." } },
        ],
    })
}

impl Floor {
    fn with(plan: Value) -> Self {
        Self {
            plan: serde_json::from_value(plan).expect("a plan"),
            words: shoes(),
            subject: Subject::zone("shoes"),
            roster: Roster::default(),
            admins: Admins::default(),
            watched: true,
            state: None,
            now: afternoon(),
        }
    }

    fn rules(&self) -> Context<'_> {
        Context {
            subject: &self.subject,
            button: None,
            plan_name: "crowd",
            plan: &self.plan,
            plan_hash: "hash",
            watched: self.watched,
            from: Some(&FROM),
            calls_per_second: None,
            roster: &self.roster,
            admins: &self.admins,
            report_to: &[],
            words: &self.words,
        }
    }

    fn apply(&mut self, event: &Event) -> Decision {
        let decision = decide(self.state.as_ref(), event, self.rules(), self.now);
        if let Some(next) = &decision.next {
            self.state = Some(next.clone());
        }
        decision
    }

    fn hear(&mut self, signal: Signal) -> Decision {
        self.apply(&Event::Occupancy(signal))
    }

    fn rise(&mut self, level: Level, count: u32) -> Decision {
        self.hear(rise(level, count))
    }

    fn over(&mut self, why: ZoneEnd, count: Option<u32>) -> Decision {
        self.hear(Signal::Over { why, count, since: afternoon() - SignedDuration::from_mins(3), peak: 98 })
    }

    fn on_my_way(&mut self, who: &str) -> Decision {
        self.apply(&says(who, self.incident().epoch, Command::Acknowledge))
    }

    fn snooze(&mut self, who: &str, minutes: i64) -> Decision {
        let until = self.now + SignedDuration::from_mins(minutes);
        self.apply(&says(who, self.incident().epoch, Command::Snooze { until }))
    }

    fn not_busy(&mut self, who: &str) -> Decision {
        self.apply(&says(who, self.incident().epoch, Command::Cancel))
    }

    fn pass(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }

    fn incident(&self) -> &Incident {
        self.state.as_ref().expect("something happened before")
    }

    /// Everything that a decision posts, in order, as people read it.
    fn said(&self, decision: &Decision) -> Vec<String> {
        let mut lines = Vec::new();
        for dispatch in &decision.dispatches {
            for delivery in dispatch.deliveries.values() {
                let under = delivery.under.map(|card| format!(" under {card}")).unwrap_or_default();
                lines.push(match &delivery.message {
                    Message::Space(SpaceMessage::Invite(to)) => format!("invite {}", to.email),
                    Message::Space(SpaceMessage::ZoneCard) => {
                        let view = dispatch.view().expect("a card shows the zone");
                        format!("card{under}: {}", words_of_occupancy::headline(view, &self.words))
                    }
                    Message::Space(SpaceMessage::Post { content }) => {
                        let text = wording::post(content, Some(&self.plan), dispatch, &self.words);
                        format!("post{under}: {text}")
                    }
                    Message::Direct(DirectMessage { email, .. }) => format!("direct {email}"),
                    Message::Phone(PhoneMessage::Text { to, content, .. }) => {
                        let text = wording::sms(content, Some(&self.plan), dispatch, &self.words, "mark");
                        format!("sms {to}: {text}")
                    }
                    Message::Phone(PhoneMessage::Call { to, .. }) => format!("call {to}"),
                    Message::Space(SpaceMessage::DeliverySummary) => "report".to_owned(),
                    other => panic!("no zone says {other:?}"),
                });
            }
        }
        lines
    }

    fn lines(&self, decision: &Decision) -> String {
        self.said(decision).join("\n")
    }
}

fn rise(level: Level, count: u32) -> Signal {
    Signal::Rise { rank: level as u32 + 1, view: Box::new(view(Some(level), count)) }
}

#[test]
fn a_rise_opens_an_incident_with_a_card() {
    let mut floor = Floor::with(two_steps());
    assert!(begins_anew(None, None, &Event::Occupancy(rise(Level::Warn, 87)), floor.now));
    let risen = floor.rise(Level::Warn, 87);
    assert_eq!((risen.outcome, risen.count), (EventOutcome::Done, 87));
    assert_snapshot!(floor.lines(&risen), @"
        invite a@example.com
        invite b@example.com
        card: Floor 2 / Shoes is BUSY: 87 of 100 (usual for Tuesday 14:00: 52, rising)
        post: Floor 2 / Shoes: warn, 87 of 100, usual 52. Open another till.
        ");
    let incident = floor.incident();
    assert_eq!((incident.epoch, incident.phase, incident.step, incident.count), (1, Phase::Open, 1, 87));
    assert_eq!(incident.plan, "crowd");
    let occupancy = incident.occupancy.as_ref().unwrap();
    assert_eq!((occupancy.level, occupancy.capacity, occupancy.card), (Level::Warn, Some(100), 1));
    let kinds: Vec<_> = risen.dispatches[0].facts.iter().map(|fact| fact.kind.as_str()).collect();
    assert_eq!(kinds, ["incident.opened", "zone.risen"]);
}

#[test]
fn a_plan_without_steps_shows_only_the_card() {
    let mut plan = two_steps();
    plan["steps"] = json!([]);
    let mut floor = Floor::with(plan);
    let risen = floor.rise(Level::Warn, 87);
    assert_snapshot!(floor.lines(&risen), @"
        invite a@example.com
        invite b@example.com
        card: Floor 2 / Shoes is BUSY: 87 of 100 (usual for Tuesday 14:00: 52, rising)
        ");
    let again = floor.rise(Level::Alert, 99);
    assert_snapshot!(floor.lines(&again), @"card: Floor 2 / Shoes is FULL: 99 of 100 (usual for Tuesday 14:00: 52, rising)");
    assert_eq!((floor.incident().step, floor.incident().occupancy.as_ref().unwrap().card), (0, 2));
}

#[test]
fn a_rise_straight_to_the_alert_takes_both_steps_in_order() {
    let mut floor = Floor::with(two_steps());
    let risen = floor.rise(Level::Alert, 99);
    assert_snapshot!(floor.lines(&risen), @"
        invite a@example.com
        invite b@example.com
        card: Floor 2 / Shoes is FULL: 99 of 100 (usual for Tuesday 14:00: 52, rising)
        post: Floor 2 / Shoes: alert, 99 of 100, usual 52. Open another till.
        post: Everybody to the tills.
        sms +352691496401: Come (mark)
        report
        ");
    let steps: Vec<_> =
        risen.dispatches.iter().map(|dispatch| (dispatch.step(), dispatch.previous_post)).collect();
    assert_eq!(steps, [(Some(1), None), (Some(2), Some(1))]);
    assert_eq!(floor.incident().step, 2);
}

#[test]
fn a_level_beyond_the_last_step_shows_only_the_card() {
    let mut plan = two_steps();
    plan["steps"].as_array_mut().unwrap().truncate(1);
    let mut floor = Floor::with(plan);
    floor.rise(Level::Warn, 87);
    let risen = floor.rise(Level::Alert, 99);
    assert_eq!(
        floor.said(&risen),
        ["card: Floor 2 / Shoes is FULL: 99 of 100 (usual for Tuesday 14:00: 52, rising)"]
    );
    assert_eq!(floor.incident().step, 1);
}

#[test]
fn a_higher_level_escalates_the_same_incident() {
    let mut floor = Floor::with(two_steps());
    floor.rise(Level::Warn, 87);
    floor.pass(10);
    let risen = floor.rise(Level::Alert, 99);
    assert_snapshot!(floor.lines(&risen), @"
        card: Floor 2 / Shoes is FULL: 99 of 100 (usual for Tuesday 14:00: 52, rising)
        post: Everybody to the tills.
        sms +352691496401: Come (mark)
        report
        ");
    let incident = floor.incident();
    assert_eq!((incident.epoch, incident.step, incident.count), (1, 2, 99));
    assert_eq!(incident.occupancy.as_ref().unwrap().level, Level::Alert);
}

#[test]
fn a_higher_level_reopens_an_acknowledged_incident() {
    let mut floor = Floor::with(two_steps());
    floor.rise(Level::Warn, 87);
    floor.pass(2);
    floor.on_my_way("Dana");
    floor.pass(8);
    let risen = floor.rise(Level::Alert, 99);
    assert_snapshot!(floor.lines(&risen), @"
        card: Floor 2 / Shoes is FULL: 99 of 100 (usual for Tuesday 14:00: 52, rising)
        post: It is more than when **Dana** said so at 14:04.
        post: Everybody to the tills.
        sms +352691496401: Come (mark)
        report
        ");
    let incident = floor.incident();
    assert_eq!((incident.epoch, incident.phase, &incident.taken_by), (1, Phase::Open, &None));
    let number = risen.dispatches[0].key.number;
    assert!(incident.cancels(1, 1) && !incident.cancels(1, number));
}

#[test]
fn the_same_rise_twice_changes_nothing() {
    let mut floor = Floor::with(two_steps());
    floor.rise(Level::Alert, 99);
    for level in [Level::Alert, Level::Warn] {
        let again = floor.rise(level, 99);
        assert_eq!((again.outcome, again.next, again.dispatches.len()), (EventOutcome::Nothing, None, 0));
    }
}

#[test]
fn a_level_that_eased_can_rise_again() {
    let mut floor = Floor::with(two_steps());
    floor.rise(Level::Alert, 99);
    let eased = floor.hear(Signal::Ease { level: Level::Warn });
    assert_eq!(floor.said(&eased), Vec::<String>::new(), "nobody is told");
    floor.pass(20);
    let risen = floor.rise(Level::Alert, 97);
    assert_eq!(
        floor.said(&risen),
        ["card: Floor 2 / Shoes is FULL: 97 of 100 (usual for Tuesday 14:00: 52, rising)"],
        "no step is taken twice"
    );
    assert_eq!(floor.incident().epoch, 1);
}

#[test]
fn on_my_way_acknowledges_the_incident() {
    let mut floor = Floor::with(two_steps());
    floor.rise(Level::Alert, 99);
    floor.pass(2);
    let taken = floor.on_my_way("Dana");
    assert_snapshot!(floor.lines(&taken), @"post under 1: ✅ **Dana** is on the way since 14:04.");
    let incident = floor.incident();
    assert_eq!((incident.phase, incident.cancelled_up_to), (Phase::Acknowledged, 2));
    assert!(taken.dispatches[0].is_last_word());
    assert_eq!(floor.on_my_way("Dana").outcome, EventOutcome::Nothing, "once");
    floor.pass(1);
    let too = floor.on_my_way("Robin");
    assert_snapshot!(floor.lines(&too), @"post under 1: ✅ **Robin** is on the way too, since 14:05.");
    assert!(too.dispatches[0].is_last_word(), "it is said, although the incident is acknowledged");
    assert_eq!(floor.incident().taken_by.as_ref().map(|by| by.who.as_str()), Some("Dana"));
    let other = floor.apply(&says("Alex", 2, Command::Acknowledge));
    assert_eq!(other.outcome, EventOutcome::Nothing, "another incident");
}

#[test]
fn a_snooze_silences_the_zone_and_then_reminds() {
    let mut floor = Floor::with(two_steps());
    floor.rise(Level::Alert, 99);
    let until = floor.now + SignedDuration::from_mins(30);
    let snoozed = floor.snooze("Dana", 30);
    assert_snapshot!(floor.lines(&snoozed), @"post under 1: 💤 Snoozed until 14:32 by **Dana** at 14:02.");
    let incident = floor.incident();
    assert_eq!((incident.phase, incident.cancelled_up_to), (Phase::Acknowledged, 2));
    assert_eq!(incident.occupancy.as_ref().unwrap().snoozed_until, Some(until));
    floor.pass(30);
    let reminded = floor.hear(Signal::Remind { view: Box::new(view(Some(Level::Alert), 96)) });
    assert_snapshot!(floor.lines(&reminded), @"
        card: Floor 2 / Shoes is FULL: 96 of 100 (usual for Tuesday 14:00: 52, rising)
        post: The snooze of **Dana** is over, and it is still busy.
        post: Everybody to the tills.
        sms +352691496401: Come (mark)
        report
        ");
    assert_eq!(reminded.dispatches[0].step(), Some(2), "the step is taken again");
    let incident = floor.incident();
    assert_eq!((incident.phase, incident.step, &incident.taken_by), (Phase::Open, 2, &None));
    assert_eq!(incident.occupancy.as_ref().unwrap().snoozed_until, None);
    assert_eq!(incident.occupancy.as_ref().unwrap().card, reminded.dispatches[0].key.number);
    let again = floor.hear(Signal::Remind { view: Box::new(view(Some(Level::Alert), 96)) });
    assert_eq!(again.outcome, EventOutcome::Nothing, "once");
}

#[test]
fn a_snooze_in_the_past_or_of_another_incident_has_no_effect() {
    let mut floor = Floor::with(two_steps());
    floor.rise(Level::Warn, 87);
    assert_eq!(floor.snooze("Dana", 0).outcome, EventOutcome::Nothing);
    let until = floor.now + SignedDuration::from_mins(30);
    let other = says("Dana", 7, Command::Snooze { until });
    assert_eq!(floor.apply(&other).outcome, EventOutcome::Nothing);
    floor.over(ZoneEnd::Calm, Some(60));
    assert_eq!(floor.snooze("Dana", 30).outcome, EventOutcome::Nothing);
}

#[test]
fn not_busy_answers_are_counted_across_incidents() {
    let mut floor = Floor::with(two_steps());
    floor.rise(Level::Warn, 87);
    let first = floor.not_busy("Dana");
    assert_snapshot!(floor.lines(&first), @"post under 1: **Dana** said at 14:02 that it isn't busy. It is closed and counted as a false alarm, the 1st of this zone.");
    let incident = floor.incident();
    assert_eq!((incident.phase, incident.cancelled_up_to), (Phase::Cancelled, 1));
    floor.pass(60);
    floor.rise(Level::Warn, 88);
    assert_eq!(floor.incident().epoch, 2);
    assert!(floor.incident().cancels(1, 1), "what the first had not yet said stays unsaid");
    floor.over(ZoneEnd::Calm, Some(60));
    floor.pass(60);
    floor.rise(Level::Warn, 88);
    let second = floor.not_busy("Dana");
    assert_snapshot!(floor.lines(&second), @"post under 1: **Dana** said at 16:02 that it isn't busy. It is closed and counted as a false alarm, the 2nd of this zone.");
    assert_eq!(floor.incident().occupancy.as_ref().unwrap().false_alarms, 2);
}

#[test]
fn a_signal_ends_the_incident() {
    let mut floor = Floor::with(two_steps());
    assert_eq!(
        floor.over(ZoneEnd::Calm, Some(60)).outcome,
        EventOutcome::Nothing,
        "what never began isn't over"
    );
    for (why, count) in [(ZoneEnd::Calm, Some(60)), (ZoneEnd::Closing, None), (ZoneEnd::Unwatched, None)] {
        floor.rise(Level::Alert, 99);
        floor.pass(44);
        let over = floor.over(why, count);
        let card = floor.incident().occupancy.as_ref().unwrap().card;
        let under = format!("post under {card}: ");
        let said = floor.said(&over);
        assert!(said.len() == 1 && said[0].starts_with(&under), "it stands under the card: {said:?}");
        assert!(over.dispatches[0].is_last_word());
        assert_eq!((floor.incident().phase, floor.incident().cancelled_up_to), (Phase::Resolved, 2));
        assert_eq!(floor.incident().wake_at, None);
        match why {
            ZoneEnd::Calm => {
                assert_snapshot!(said[0], @"post under 1: ✅ **Floor 2 / Shoes** is calm again: 60 of 100. It was busy for 47 min (13:59–14:46), 98 at the peak.")
            }
            ZoneEnd::Closing => {
                assert_snapshot!(said[0], @"post under 1: 🌙 Closing time: **Floor 2 / Shoes** isn't watched any more today. It was busy for 91 min (13:59–15:30), 98 at the peak.")
            }
            ZoneEnd::Unwatched => {
                assert_snapshot!(said[0], @"post under 1: **Floor 2 / Shoes** isn't watched any more: it is gone from the configuration. If the zone was renamed, write `was: shoes` in its new entry.")
            }
        }
        assert_eq!(floor.over(why, count).outcome, EventOutcome::Nothing, "once");
    }
    assert_eq!(floor.incident().epoch, 3);
}

fn silent(zones: &[&str]) -> Signal {
    let zones = zones.iter().map(|zone| (*zone).to_owned()).collect();
    Signal::Silent {
        zones,
        since: afternoon() - SignedDuration::from_mins(15),
        why: "CMX says 401: the password is wrong.".to_owned(),
    }
}

fn back(zones: &[&str], all: bool) -> Signal {
    Signal::Back { zones: zones.iter().map(|zone| (*zone).to_owned()).collect(), all }
}

#[test]
fn missing_counts_open_an_incident_without_steps_until_all_zones_are_back() {
    let mut site = Floor::with(two_steps());
    site.subject = Subject::silent_site("mall", "crowd");
    site.words.name = "mall".to_owned();
    assert!(begins_anew(None, None, &Event::Occupancy(silent(&["Shoes"])), site.now));
    let lost = site.hear(silent(&["Shoes", "Hats", "Toys", "Books", "Food"]));
    assert_snapshot!(site.lines(&lost), @"
        invite a@example.com
        invite b@example.com
        post: ❓ No count from **mall** since 13:47: Shoes, Hats, Toys and 2 more. Nobody is told there that it is busy until the counts are back.  
        Why: CMX says 401: the password is wrong.
        ");
    assert_eq!((site.incident().step, site.incident().phase), (0, Phase::Open));
    assert!(site.incident().wake_at.is_some());
    let more = site.hear(silent(&["Garden"]));
    assert_snapshot!(site.lines(&more), @"
        post: ❓ No count from **mall** since 13:47: Garden. Nobody is told there that it is busy until the counts are back.  
        Why: CMX says 401: the password is wrong.
        ");
    site.pass(10);
    let some = site.hear(back(&["Shoes"], false));
    assert_snapshot!(site.lines(&some), @"post: Counts from **mall** are back since 14:12: Shoes.");
    assert_eq!(site.incident().phase, Phase::Open);
    let all = site.hear(back(&["Hats", "Toys"], true));
    assert_eq!((site.incident().phase, site.incident().wake_at), (Phase::Resolved, None));
    assert!(all.dispatches[0].is_last_word());
    assert!(site.incident().cancels(1, 1), "who was not yet told that it was silent needs not hear it now");
    assert!(site.incident().cancels(1, 3) && all.dispatches[0].key.number == 4);
    assert_eq!(site.hear(back(&["Hats"], true)).outcome, EventOutcome::Nothing, "once");
    site.hear(silent(&["Shoes"]));
    assert_eq!(site.incident().epoch, 2);
    site.on_my_way("Dana");
    assert_eq!(site.incident().phase, Phase::Acknowledged);
}

#[test]
fn the_incident_of_a_watched_zone_never_lapses() {
    let mut floor = Floor::with(two_steps());
    floor.rise(Level::Alert, 99);
    for _ in 0..50 {
        let at = floor.incident().wake_at.expect("it is looked at again");
        assert!(at > floor.now);
        floor.now = at + SignedDuration::from_hours(30);
        let woken = floor.apply(&Event::Wake);
        assert!(woken.dispatches.is_empty());
        assert_eq!(floor.incident().phase, Phase::Open);
    }
    let again = floor.rise(Level::Alert, 99);
    assert_eq!(again.outcome, EventOutcome::Nothing, "it is still the same");
    floor.watched = false;
    floor.now = floor.incident().wake_at.expect("it is looked at again");
    let woken = floor.apply(&Event::Wake);
    assert_eq!((floor.incident().phase, floor.incident().wake_at), (Phase::Lapsed, None));
    assert_snapshot!(floor.said(&woken).join("\n"), @"post under 1: **Floor 2 / Shoes** isn't watched any more: it is gone from the configuration. If the zone was renamed, write `was: shoes` in its new entry.");
    assert!(woken.dispatches[0].is_last_word());
    assert_eq!(woken.dispatches[0].facts[0].kind, "incident.lapsed");
}

#[test]
fn a_step_with_after_comes_automatically_while_nobody_is_on_the_way() {
    let mut plan = two_steps();
    plan["steps"][1]["after"] = json!("10m");
    let mut floor = Floor::with(plan);
    floor.rise(Level::Warn, 87);
    assert_eq!(floor.incident().wake_at, Some(floor.now + SignedDuration::from_mins(10)));
    floor.pass(10);
    let woken = floor.apply(&Event::Wake);
    assert_snapshot!(floor.lines(&woken), @"
        post: Nobody has acknowledged since 14:02. The next step is taken.
        post: Everybody to the tills.
        sms +352691496401: Come (mark)
        report
        ");
    let risen = floor.rise(Level::Alert, 99);
    assert_eq!(floor.said(&risen).len(), 1, "the step was taken already: only the card");
}

#[derive(Clone, Debug)]
enum Move {
    Rise(Level),
    Ease,
    Over(ZoneEnd),
    Remind,
    Silent,
    Back(bool),
    OnMyWay(usize),
    Snooze(i64),
    NotBusy,
    Resolve,
    Next,
    Wake,
    Unwatch,
    Pass(i64),
}

fn a_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => Just(Move::Rise(Level::Warn)),
        4 => Just(Move::Rise(Level::Alert)),
        2 => Just(Move::Ease),
        1 => prop_oneof![Just(ZoneEnd::Calm), Just(ZoneEnd::Closing), Just(ZoneEnd::Unwatched)].prop_map(Move::Over),
        2 => Just(Move::Remind),
        1 => Just(Move::Silent),
        1 => any::<bool>().prop_map(Move::Back),
        3 => (0..3_usize).prop_map(Move::OnMyWay),
        3 => (-1..90_i64).prop_map(Move::Snooze),
        1 => Just(Move::NotBusy),
        1 => Just(Move::Resolve),
        1 => Just(Move::Next),
        4 => Just(Move::Wake),
        1 => Just(Move::Unwatch),
        5 => (0..600_i64).prop_map(Move::Pass),
    ]
}

fn a_plan() -> impl Strategy<Value = Value> {
    (0..4_usize, proptest::option::of(1..90_i64), any::<bool>()).prop_map(|(steps, after, posts)| {
        let step = |number: usize| {
            let mut step = json!({ "sms": [{ "to": ["+352691496401"], "text": "Come" }] });
            if posts {
                step["post"] = json!({ "markdown": "Come" });
            }
            if let Some(after) = after.filter(|_| number > 0) {
                step["after"] = json!(format!("{after}m"));
            }
            step
        };
        let mut plan = two_steps();
        plan["steps"] = (0..steps).map(step).collect();
        plan
    })
}

proptest! {
    #![proptest_config(chance(500))]

    #[test]
    fn the_rules_hold_for_any_events(plan in a_plan(), silence in any::<bool>(), moves in proptest::collection::vec(a_move(), 1..80)) {
        let mut floor = Floor::with(plan);
        if silence {
            floor.subject = Subject::silent_site("mall", "crowd");
        }
        for next in moves {
            let epoch = floor.state.as_ref().map_or(0, |incident| incident.epoch);
            let who = |number: usize| ["Dana", "Robin", "Alex"][number];
            let event = match next {
                Move::Pass(minutes) => { floor.pass(minutes); continue }
                Move::Unwatch => { floor.watched = !floor.watched; continue }
                // Nobody is called about missing counts, so nobody can ask for the next step by phone.
                Move::Rise(_) | Move::Ease | Move::Remind | Move::Next if silence => continue,
                Move::Silent | Move::Back(_) if !silence => continue,
                Move::Rise(level) => Event::Occupancy(rise(level, 90)),
                Move::Ease => Event::Occupancy(Signal::Ease { level: Level::Warn }),
                Move::Over(why) => Event::Occupancy(Signal::Over { why, count: None, since: floor.now, peak: 90 }),
                Move::Remind => Event::Occupancy(Signal::Remind { view: Box::new(view(Some(Level::Warn), 90)) }),
                Move::Silent => Event::Occupancy(silent(&["Shoes"])),
                Move::Back(all) => Event::Occupancy(back(&["Shoes"], all)),
                Move::OnMyWay(number) => says(who(number), epoch, Command::Acknowledge),
                Move::Snooze(minutes) => {
                    let until = floor.now + SignedDuration::from_mins(minutes);
                    says(who(0), epoch, Command::Snooze { until })
                }
                Move::NotBusy => says(who(0), epoch, Command::Cancel),
                Move::Resolve => says(who(0), epoch, Command::Resolve),
                Move::Next => {
                    let step = floor.state.as_ref().map_or(0, |incident| incident.step);
                    says(who(0), epoch, Command::Escalate { step: Some(step) })
                }
                Move::Wake => Event::Wake,
            };
            let before = floor.state.clone();
            let again = decide(before.as_ref(), &event, floor.rules(), floor.now);
            let decision = floor.apply(&event);
            prop_assert_eq!(&decision, &again, "the same arguments give the same decision");
            let Some(next) = &decision.next else {
                prop_assert!(decision.dispatches.is_empty(), "what changes nothing says nothing");
                continue;
            };
            prop_assert_eq!(next.wake_at.is_none(), next.phase.is_final(), "what isn't over is looked at again");
            let opens = before.as_ref().is_none_or(|before| before.phase.is_final());
            prop_assert_eq!(next.epoch, epoch + u64::from(opens), "one incident at a time");
            if opens {
                let anew = begins_anew(before.as_ref(), Some(&floor.plan), &event, floor.now);
                prop_assert!(anew, "a rise or a silence opens, and nothing else");
            }
            if next.phase == Phase::Lapsed {
                prop_assert!(!floor.watched, "what is watched never lapses");
            }
            let (first, step) = before
                .as_ref()
                .filter(|_| !opens)
                .map_or((0, 0), |before| (before.dispatches, before.step));
            prop_assert!(next.step >= step && next.step as usize <= floor.plan.steps.len());
            for (index, dispatch) in decision.dispatches.iter().enumerate() {
                prop_assert_eq!(dispatch.key.number, first + 1 + index as u32, "numbered without a gap");
                prop_assert!(!next.cancels(dispatch.key.epoch, dispatch.key.number), "what is said is not cancelled");
                let card = dispatch.deliveries.values().any(|delivery| delivery.message == Message::Space(SpaceMessage::ZoneCard));
                prop_assert!(!card || dispatch.view().is_some());
                for delivery in dispatch.deliveries.values() {
                    prop_assert!(delivery.under.is_none_or(|under| under < dispatch.key.number));
                    if let Message::Space(SpaceMessage::Post { content: Content::Text(text) }) = &delivery.message {
                        prop_assert!(!text.is_empty());
                    }
                }
            }
            if silence {
                prop_assert_eq!(next.occupancy.as_ref(), None);
                prop_assert_eq!(next.step, step, "a silence takes no step");
            }
            if let (Some(occupancy), Some(before)) = (&next.occupancy, before.as_ref().and_then(|before| before.occupancy.as_ref())) {
                let cancelled = u32::from(matches!(event, Event::Command { command: Command::Cancel, .. }));
                prop_assert_eq!(occupancy.false_alarms, before.false_alarms + cancelled);
            }
            prop_assert_eq!(next.phase == Phase::Acknowledged, next.taken_by.is_some() && !next.phase.is_final());
        }
    }
}

fn dana() -> Attribution {
    Attribution { who: "dana_1".to_owned(), at: afternoon() }
}

#[test]
fn headlines_name_the_level_the_count_and_the_trend() {
    let words = shoes();
    let busy = view(Some(Level::Warn), 87);
    assert_eq!(
        words_of_occupancy::headline(&busy, &words),
        "Floor 2 / Shoes is BUSY: 87 of 100 (usual for Tuesday 14:00: 52, rising)"
    );
    let say = |change: fn(&mut View)| {
        let mut view = busy.clone();
        change(&mut view);
        words_of_occupancy::headline(&view, &words)
    };
    let all = [
        say(|view| view.level = Some(Level::Alert)),
        say(|view| (view.level, view.capacity) = (Some(Level::Alert), None)),
        say(|view| view.level = None),
        say(|view| view.usual = None),
        say(|view| view.trend = None),
        say(|view| (view.usual, view.trend) = (None, None)),
        say(|view| view.trend = Some(-12)),
        say(|view| view.trend = Some(3)),
        say(|view| view.trend = Some(4)),
        say(|view| view.trend = Some(-4)),
        say(|view| (view.count, view.trend) = (20, Some(2))),
        say(|view| (view.count, view.trend) = (20, Some(3))),
        say(|view| (view.count, view.capacity) = (1, None)),
        say(|view| view.at += SignedDuration::from_mins(178)),
    ];
    assert_snapshot!(all.join("\n"), @"
        Floor 2 / Shoes is FULL: 87 of 100 (usual for Tuesday 14:00: 52, rising)
        Floor 2 / Shoes is BUSY: 87 devices (usual for Tuesday 14:00: 52, rising)
        Floor 2 / Shoes is calm: 87 of 100 (usual for Tuesday 14:00: 52, rising)
        Floor 2 / Shoes is BUSY: 87 of 100 (rising)
        Floor 2 / Shoes is BUSY: 87 of 100 (usual for Tuesday 14:00: 52)
        Floor 2 / Shoes is BUSY: 87 of 100
        Floor 2 / Shoes is BUSY: 87 of 100 (usual for Tuesday 14:00: 52, falling)
        Floor 2 / Shoes is BUSY: 87 of 100 (usual for Tuesday 14:00: 52, steady)
        Floor 2 / Shoes is BUSY: 87 of 100 (usual for Tuesday 14:00: 52, rising)
        Floor 2 / Shoes is BUSY: 87 of 100 (usual for Tuesday 14:00: 52, falling)
        Floor 2 / Shoes is BUSY: 20 of 100 (usual for Tuesday 14:00: 52, steady)
        Floor 2 / Shoes is BUSY: 20 of 100 (usual for Tuesday 14:00: 52, rising)
        Floor 2 / Shoes is BUSY: 1 device (usual for Tuesday 14:00: 52, rising)
        Floor 2 / Shoes is BUSY: 87 of 100 (usual for Tuesday 17:00: 52, rising)
        ");
    let odd = Words { name: "Shoes\n*now*".to_owned(), ..shoes() };
    assert_eq!(words_of_occupancy::headline(&say_nothing(&busy), &odd), "Shoes *now* is BUSY: 87 of 100");
}

fn say_nothing(view: &View) -> View {
    View { usual: None, trend: None, ..view.clone() }
}

#[test]
fn cards_show_the_zone() {
    let show = |view: &View| {
        let card = words_of_occupancy::card(view, &shoes());
        let known = card.known.iter().map(|(title, value)| format!("{title}: {value}\n")).collect::<String>();
        let choices = card.choices.iter().map(|(choice, label)| format!("{}: {label}\n", choice.name()));
        format!(
            "{} {} {}\n{known}{}{}",
            card.zone,
            card.state,
            card.amount,
            choices.collect::<String>(),
            card.chart
        )
    };
    assert_snapshot!(show(&view(Some(Level::Warn), 87)), @"
        Floor 2 / Shoes BUSY 87 of 100
        Usual: 52 (Tuesday 14:00)
        Trend: rising (+12 in 10 min)
        Since: 13:59
        on-my-way: On my way
        snooze: Snooze 30 min
        not-busy: Not busy
        How many devices there were in Floor 2 / Shoes in the last hours
        ");
    let mut bare = say_nothing(&view(Some(Level::Alert), 57));
    (bare.capacity, bare.snooze_minutes) = (None, 120);
    assert_snapshot!(show(&bare), @"
        Floor 2 / Shoes BUSY 57 devices
        Since: 13:59
        on-my-way: On my way
        snooze: Snooze 2 h
        not-busy: Not busy
        How many devices there were in Floor 2 / Shoes in the last hours
        ");
    for choice in words_of_occupancy::ZoneChoice::ALL {
        assert_eq!(words_of_occupancy::ZoneChoice::of_name(choice.name()), Some(choice));
    }
    assert_eq!(words_of_occupancy::ZoneChoice::of_name("on my way"), None);
}

#[test]
fn cards_have_a_markdown_form() {
    let words = Words { name: "Floor_2 / Shoes".to_owned(), ..shoes() };
    assert_snapshot!(words_of_occupancy::markdown(&view(Some(Level::Warn), 87), &words, true), @r"
        🟠 **Floor\_2 / Shoes** is **BUSY**: **87 of 100** (usual for Tuesday 14:00: 52, rising)

        Answer here with `on my way`, `snooze 30 min` or `not busy`.
        ");
    let mut full = say_nothing(&view(Some(Level::Alert), 99));
    full.snooze_minutes = 60;
    assert_snapshot!(words_of_occupancy::markdown(&full, &words, true), @r"
        🔴 **Floor\_2 / Shoes** is **FULL**: **99 of 100**

        Answer here with `on my way`, `snooze 1 h` or `not busy`.
        ");
    assert_snapshot!(words_of_occupancy::markdown(&full, &words, false), @r"🔴 **Floor\_2 / Shoes** is **FULL**: **99 of 100**");
}

#[test]
fn every_sentence_word_for_word() {
    let words = shoes();
    let since = afternoon() - SignedDuration::from_mins(47);
    let busy = |since, peak| BusyPeriod { since, until: afternoon(), peak };
    let time = busy(since, 98);
    assert_snapshot!(words_of_occupancy::all_clear(Some(60), Some(100), time, &words), @"✅ **Floor 2 / Shoes** is calm again: 60 of 100. It was busy for 47 min (13:15–14:02), 98 at the peak.");
    assert_snapshot!(words_of_occupancy::all_clear(None, None, busy(afternoon(), 57), &words), @"✅ **Floor 2 / Shoes** is calm again. It was busy for 1 min (14:02–14:02), 57 at the peak.");
    let long = busy(afternoon() - SignedDuration::from_mins(135), 57);
    assert_snapshot!(words_of_occupancy::all_clear(Some(1), None, long, &words), @"✅ **Floor 2 / Shoes** is calm again: 1 device. It was busy for 2 h 15 min (11:47–14:02), 57 at the peak.");
    assert_snapshot!(words_of_occupancy::closing(time, &words), @"🌙 Closing time: **Floor 2 / Shoes** isn't watched any more today. It was busy for 47 min (13:15–14:02), 98 at the peak.");
    assert_snapshot!(words_of_occupancy::unwatched(&words), @"**Floor 2 / Shoes** isn't watched any more: it is gone from the configuration.");
    assert_snapshot!(words_of_occupancy::on_the_way(&dana(), &words), @r"✅ **dana\_1** is on the way since 14:02.");
    assert_snapshot!(words_of_occupancy::on_the_way_too(&dana(), &words), @r"✅ **dana\_1** is on the way too, since 14:02.");
    assert_snapshot!(words_of_occupancy::although(&dana(), &words), @r"It is more than when **dana\_1** said so at 14:02.");
    let until = afternoon() + SignedDuration::from_mins(30);
    assert_snapshot!(words_of_occupancy::snoozed(&dana(), until, &words), @r"💤 Snoozed until 14:32 by **dana\_1** at 14:02.");
    assert_snapshot!(words_of_occupancy::snooze_is_over(&dana()), @r"The snooze of **dana\_1** is over, and it is still busy.");
    assert_snapshot!(words_of_occupancy::not_busy(&dana(), 2, &words), @r"**dana\_1** said at 14:02 that it isn't busy. It is closed and counted as a false alarm, the 2nd of this zone.");
    let zones = ["Shoes", "Hats*", "Toys", "Books"].map(str::to_owned);
    assert_snapshot!(words_of_occupancy::silent(&zones, since, "CMX says 401: the password is wrong.", &words), @r"
        ❓ No count from **Floor 2 / Shoes** since 13:15: Shoes, Hats\*, Toys and 1 more. Nobody is told there that it is busy until the counts are back.  
        Why: CMX says 401: the password is wrong.
        ");
    assert_snapshot!(words_of_occupancy::silent(&zones[..3], since, "", &words), @r"❓ No count from **Floor 2 / Shoes** since 13:15: Shoes, Hats\*, Toys. Nobody is told there that it is busy until the counts are back.");
    assert_snapshot!(words_of_occupancy::back(&zones[..1], afternoon(), &words), @"Counts from **Floor 2 / Shoes** are back since 14:02: Shoes.");
    assert_eq!([Level::Warn, Level::Alert].map(words_of_occupancy::level), ["warn", "alert"]);
    let amounts = [(1, None), (0, None), (57, None), (87, Some(100)), (1, Some(1))];
    assert_eq!(
        amounts.map(|(count, capacity)| words_of_occupancy::amount(count, capacity)),
        ["1 device", "0 devices", "57 devices", "87 of 100", "1 of 1"]
    );
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn a_bucket_is_five_minutes() {
    assert_eq!(bucket(at("2026-03-03T13:00:00Z")), at("2026-03-03T13:00:00Z"));
    assert_eq!(bucket(at("2026-03-03T13:04:59.999Z")), at("2026-03-03T13:00:00Z"));
    assert_eq!(bucket(at("2026-03-03T13:05:00Z")), at("2026-03-03T13:05:00Z"));
    assert_eq!(bucket(at("1969-12-31T23:59:00Z")), at("1969-12-31T23:55:00Z"));
}

#[test]
fn weeks_before_keeps_the_hour_across_a_clock_change() {
    let before = |text, weeks| weeks_before(at(text), weeks, &paris()).to_string();
    assert_eq!(before("2026-03-03T13:00:00Z", 0), "2026-03-03T13:00:00Z");
    assert_eq!(before("2026-03-03T13:00:00Z", 1), "2026-02-24T13:00:00Z");
    // The clocks change on 29 March: 14:00 is another time in UTC then, and the same for people.
    assert_eq!(before("2026-03-31T12:00:00Z", 1), "2026-03-24T13:00:00Z");
    assert_eq!(before("2026-10-27T13:00:00Z", 1), "2026-10-20T12:00:00Z");
    // A week before this there was no 02:30.
    assert_eq!(before("2026-04-05T00:30:00Z", 1), "2026-03-29T01:30:00Z");
    // A week before this there were two: the first is taken.
    assert_eq!(before("2026-11-01T01:30:00Z", 1), "2026-10-25T00:30:00Z");
    assert_eq!(weeks_before(Timestamp::MIN, 8, &TimeZone::UTC), Timestamp::MIN);
}

#[test]
fn the_usual_count_is_the_median() {
    assert_eq!(usual(vec![]), None);
    assert_eq!(usual(vec![50]), None, "one week is no habit");
    assert_eq!(usual(vec![50, 60]), Some(55));
    assert_eq!(usual(vec![60, 1, 50]), Some(50));
    assert_eq!(usual(vec![50, 51, 900, 0]), Some(50), "one feast changes little");
    assert_eq!(usual(vec![u32::MAX, u32::MAX]), Some(u32::MAX));
}

#[test]
fn the_trend_is_the_change_in_ten_minutes() {
    let now = afternoon();
    let ago = |minutes, count| (now - SignedDuration::from_mins(minutes), count);
    assert_eq!(trend(&[], now), None);
    assert_eq!(trend(&[ago(9, 40), ago(0, 60)], now), None, "not yet ten minutes");
    assert_eq!(trend(&[ago(12, 30), ago(11, 35), ago(10, 40), ago(5, 90), ago(0, 60)], now), Some(20));
    assert_eq!(trend(&[ago(12, 30), ago(11, 35), ago(0, 20)], now), Some(-15), "the nearest that is known");
    assert_eq!(trend(&[ago(10, 0), ago(0, u32::MAX)], now), Some(i64::from(u32::MAX)));
}

#[test]
fn an_incident_of_missing_counts_takes_no_step_on_any_command() {
    let mut floor = Floor::with(two_steps());
    floor.subject = Subject::silent_site("mall", "crowd");
    floor.hear(silent(&["Shoes"]));
    for command in [Command::Escalate { step: None }, Command::Escalate { step: Some(0) }, Command::Cannot] {
        let said = floor.apply(&says("Dana", 1, command));
        assert_eq!((said.outcome, said.next), (EventOutcome::Nothing, None));
    }
    assert_eq!(floor.incident().step, 0);
}
