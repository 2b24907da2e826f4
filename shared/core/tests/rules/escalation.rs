//! The rules of an incident, tried with any events in any order.

use std::collections::BTreeSet;

use handbell_core::button::{Gesture, Press};
use handbell_core::config::{Button, Meaning, Plan, Repeat, Target};
use handbell_core::delivery::{Content, Message, PhoneMessage, SpaceMessage};
use handbell_core::event_id::EventId;
use handbell_core::incident::command::Command;
use handbell_core::incident::decide::{Decision, Event, EventOutcome, begins_anew, decide};
use handbell_core::incident::{Incident, LastGesture, Phase};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::house::{House, chance, press_with_id, says};

/// The next event, in terms of the state at that time.
#[derive(Clone, Debug)]
enum Move {
    Press {
        id: bool,
        gesture: Gesture,
        age: Option<SignedDuration>,
    },
    /// Of the incident this many after the present one.
    Acknowledge(i64),
    /// Of the incident this many after the present one, at the step this many after the present one.
    Next(i64, i32),
    Resolve(i64),
    Cancel(i64),
    Wake,
    /// Time passes without a wake-up.
    Pass(SignedDuration),
    /// Time passes until the wake-up for which the incident asked.
    Sleep,
}

fn time() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        4 => (0..3000_i64).prop_map(SignedDuration::from_millis),
        3 => (1..600_i64).prop_map(SignedDuration::from_secs),
        2 => (1..480_i64).prop_map(SignedDuration::from_mins),
        1 => (1..240_i64).prop_map(SignedDuration::from_hours),
    ]
}

fn other() -> impl Strategy<Value = i64> {
    prop_oneof![5 => Just(0), 1 => Just(-1), 1 => Just(1)]
}

fn a_move() -> impl Strategy<Value = Move> {
    let gesture = prop_oneof![6 => Just(Gesture::Single), 1 => Just(Gesture::Double), 1 => Just(Gesture::Triple), 1 => Just(Gesture::Hold)];
    prop_oneof![
        10 => (any::<bool>(), gesture, proptest::option::weighted(0.3, time())).prop_map(|(id, gesture, age)| Move::Press { id, gesture, age }),
        2 => other().prop_map(Move::Acknowledge),
        2 => (other(), -1..=1).prop_map(|(epoch, step)| Move::Next(epoch, step)),
        1 => other().prop_map(Move::Resolve),
        1 => other().prop_map(Move::Cancel),
        4 => Just(Move::Wake),
        6 => time().prop_map(Move::Pass),
        4 => Just(Move::Sleep),
    ]
}

fn numbers(from: usize, many: usize) -> Vec<String> {
    (0..many).map(|number| format!("+3526914{:05}", from + number)).collect()
}

fn a_step() -> impl Strategy<Value = Value> {
    (any::<bool>(), 0..25_usize, 0..25_usize, any::<bool>(), proptest::option::of(10..7200_i64)).prop_map(|(post, texts, calls, people, after)| {
        let mut step = json!({});
        if post || texts + calls == 0 {
            step["post"] = json!({ "markdown": "Words" });
        }
        if texts > 0 {
            let (some, rest) = (numbers(0, texts / 2 + 1), numbers(texts / 2 + 1, texts - texts / 2));
            step["sms"] = json!([{ "to": some, "text": "Words" }, { "to": rest, "text": "Others", "from": "Handbell" }]);
        }
        if calls > 0 {
            step["call"] = json!([{ "to": numbers(1000, calls), "say": "Words" }]);
        }
        if people {
            step["people"] = json!({ "participants": ["c@example.com"] });
        }
        if let Some(after) = after {
            step["after"] = json!(format!("{after}s"));
        }
        step
    })
}

fn a_plan() -> impl Strategy<Value = Plan> {
    let steps = proptest::collection::vec(a_step(), 1..=6);
    (steps, 60..200_000_i64, any::<bool>(), any::<bool>()).prop_map(|(mut steps, reset, last, always)| {
        if let Some(first) = steps[0].as_object_mut() {
            first.remove("after");
        }
        let plan = json!({
            "space": { "title": "A space", "reuse": if always { "always" } else { "per-incident" }, "moderators": ["a@example.com"], "participants": ["b@example.com"] },
            "reset_after": format!("{reset}s"),
            "repeat": if last { "last" } else { "none" },
            "steps": steps,
        });
        serde_json::from_value(plan).expect("a plan")
    })
}

fn a_button() -> impl Strategy<Value = Button> {
    let meaning = || prop_oneof![Just("press"), Just("acknowledge"), Just("cancel"), Just("ignore")];
    (meaning(), meaning(), meaning(), 0..10_000_i64, 1..600_i64).prop_map(|(double, triple, hold, debounce, max_age)| {
        let button = json!({
            "plan": "power", "token": { "secret": "green" }, "double": double, "triple": triple, "hold": hold,
            "debounce": format!("{debounce}ms"), "max_age": format!("{max_age}s"),
        });
        serde_json::from_value(button).expect("a button")
    })
}

fn asks_for_the_next(event: &Event) -> bool {
    matches!(event, Event::Command { command: Command::Escalate { .. }, .. })
}

/// Watches the events, and knows what must hold.
struct Watch {
    house: House,
    /// Every dispatch so far, and whether it was cancelled when last seen.
    said: Vec<(u64, u32, bool)>,
    facts: BTreeSet<String>,
    /// Steps of this incident that no press took: automatic ones and requested ones.
    by_others: u32,
    /// The last dispatch of this incident that took a step and posts.
    posting: Option<u32>,
}

impl Watch {
    fn new(plan: Plan, button: Button) -> Self {
        Self {
            house: House::new(plan, button),
            said: Vec::new(),
            facts: BTreeSet::new(),
            by_others: 0,
            posting: None,
        }
    }

    fn make(&mut self, next: &Move) -> Result<(), TestCaseError> {
        let (epoch, step) =
            self.house.state.as_ref().map_or((0, 0), |incident| (incident.epoch, incident.step));
        let of = |offset: i64| epoch.saturating_add_signed(offset);
        let event = match next {
            Move::Pass(time) => {
                self.house.now += *time;
                return Ok(());
            }
            Move::Sleep => {
                let wake_at = self.house.state.as_ref().and_then(|incident| incident.wake_at);
                self.house.now = wake_at.map_or(self.house.now, |at| at.max(self.house.now));
                Event::Wake
            }
            Move::Wake => Event::Wake,
            Move::Press { id, gesture, age } => Event::Press(Press {
                id: id.then(|| EventId { key: "a press".to_owned(), keep: SignedDuration::from_hours(24) }),
                gesture: *gesture,
                at: age.map(|age| self.house.now - age),
                battery: None,
            }),
            Move::Acknowledge(offset) => says("somebody", of(*offset), Command::Acknowledge),
            Move::Next(offset, further) => {
                let step = Some(step.saturating_add_signed(*further));
                says("somebody", of(*offset), Command::Escalate { step })
            }
            Move::Resolve(offset) => says("somebody", of(*offset), Command::Resolve),
            Move::Cancel(offset) => says("somebody", of(*offset), Command::Cancel),
        };
        let before = self.house.state.clone();
        let again = decide(before.as_ref(), &event, self.house.rules(), self.house.now);
        let decision = self.house.apply(&event);
        prop_assert_eq!(&decision, &again, "the same arguments give the same decision");
        self.check(before.as_ref(), &event, &decision)
    }

    fn check(
        &mut self,
        before: Option<&Incident>,
        event: &Event,
        decision: &Decision,
    ) -> Result<(), TestCaseError> {
        let now = self.house.now;
        let over = self.over(before);
        let meaning = match event {
            Event::Press(press) => Some(self.house.button.meaning(press.gesture)),
            _ => None,
        };
        let late = matches!(event, Event::Press(press) if press.at.is_some_and(|at| now.duration_since(at) > self.house.button.max_age.0));

        let Some(next) = decision.next.clone() else {
            prop_assert!(decision.dispatches.is_empty(), "what changes nothing says nothing");
            prop_assert!(matches!(decision.outcome, EventOutcome::Debounced | EventOutcome::Nothing));
            prop_assert_eq!(decision.count, before.map_or(0, |incident| incident.count));
            if meaning == Some(Meaning::Press) {
                prop_assert_eq!(
                    decision.outcome,
                    EventOutcome::Debounced,
                    "a press is never lost for another reason"
                );
            }
            if decision.outcome == EventOutcome::Debounced {
                prop_assert!(matches!(event, Event::Press(press) if self.bounces(before, press)));
            }
            return Ok(());
        };
        if let Event::Press(press) = event {
            prop_assert!(
                meaning != Some(Meaning::Press) || !self.bounces(before, press),
                "a bounce counts as nothing"
            );
            self.check_memory(before, press, &next)?;
            if decision.outcome == EventOutcome::Nothing {
                prop_assert_ne!(meaning, Some(Meaning::Press), "a press is never lost");
                let before = before.expect("only an incident is changed").clone();
                let version = before.version + 1;
                prop_assert_eq!(&next, &Incident { version, last_gesture: next.last_gesture, ..before });
                prop_assert!(decision.dispatches.is_empty(), "what changes nothing says nothing");
                return Ok(());
            }
        }

        prop_assert_eq!(next.version, before.map_or(1, |incident| incident.version + 1));
        prop_assert_eq!(decision.count, next.count);
        let opens = before.is_none_or(|incident| incident.epoch != next.epoch);
        prop_assert_eq!(
            opens,
            over && meaning == Some(Meaning::Press),
            "a press opens when nothing is going on, and nothing else does"
        );
        prop_assert_eq!(next.epoch, before.map_or(0, |incident| incident.epoch) + u64::from(opens));
        if meaning == Some(Meaning::Press) {
            prop_assert_eq!(opens, begins_anew(before, Some(&self.house.plan), event, now));
        }
        if opens {
            self.by_others = 0;
            self.posting = None;
        }
        // The incident's numbers before the event; a new incident begins at zero.
        let (count, step, dispatches) = before
            .filter(|_| !opens)
            .map_or((0, 0, 0), |incident| (incident.count, incident.step, incident.dispatches));
        if let Some(before) = before.filter(|_| !opens) {
            prop_assert!(!before.phase.is_final(), "an end is an end");
            prop_assert!(
                next.cancelled_up_to >= before.cancelled_up_to
                    && next.cancelled_epochs == before.cancelled_epochs
            );
            prop_assert_eq!(&next.plan_hash, &before.plan_hash);
            prop_assert_eq!(next.opened_at, before.opened_at);
        }

        self.check_escalation(before.filter(|_| !opens), event, decision, &next, (count, step), late)?;
        self.check_wake(before, event, &next)?;
        self.check_dispatches(decision, &next, dispatches, step)?;
        self.check_voids(event, decision, &next)
    }

    /// Whether a press, if it counts as one, is the bounce of the last gesture: without an id, within the debounce time of it,
    /// and pressed within that time of it; and, unless it is a click, after a press.
    fn bounces(&self, before: Option<&Incident>, press: &Press) -> bool {
        let (None, Some(last)) = (&press.id, before.and_then(|incident| incident.last_gesture)) else {
            return false;
        };
        let button = &self.house.button;
        let apart = self.house.now.duration_since(last.at);
        let pressed_apart = press.at.unwrap_or(self.house.now).duration_since(last.pressed_at).abs();
        apart < button.debounce.0
            && pressed_apart < button.debounce.0
            && (press.gesture == Gesture::Single || button.meaning(last.gesture) == Meaning::Press)
    }

    /// Every gesture without an id is remembered, whatever it means and whether or not the incident is over.
    fn check_memory(
        &self,
        before: Option<&Incident>,
        press: &Press,
        next: &Incident,
    ) -> Result<(), TestCaseError> {
        let (gesture, at) = (press.gesture, self.house.now);
        let wanted = match press.id {
            Some(_) => before.and_then(|incident| incident.last_gesture),
            None => Some(LastGesture { gesture, at, pressed_at: press.at.unwrap_or(at) }),
        };
        prop_assert_eq!(next.last_gesture, wanted);
        Ok(())
    }

    fn over(&self, before: Option<&Incident>) -> bool {
        let quiet = |incident: &Incident| {
            self.house.now.duration_since(incident.heard_at) >= self.house.plan.reset_after.0
        };
        before.is_none_or(|incident| incident.phase.is_final() || quiet(incident))
    }

    /// Count, step and phase change as they should.
    fn check_escalation(
        &mut self,
        before: Option<&Incident>,
        event: &Event,
        decision: &Decision,
        next: &Incident,
        (count, step): (u64, u32),
        late: bool,
    ) -> Result<(), TestCaseError> {
        let now = self.house.now;
        let last = self.house.plan.steps.len() as u32;
        prop_assert!(next.step == step || next.step == step + 1, "no step is skipped, none is taken back");
        prop_assert!(next.step <= last);
        match decision.outcome {
            EventOutcome::Counted => {
                prop_assert!(!late);
                prop_assert_eq!(next.count, count + 1, "1..N without a gap");
                prop_assert_eq!(next.step, (step + 1).min(last));
                prop_assert_eq!(
                    (next.phase, &next.taken_by),
                    (Phase::Open, &None),
                    "a press opens what was acknowledged"
                );
                if self.by_others == 0 {
                    prop_assert_eq!(
                        u64::from(next.step),
                        next.count.min(u64::from(last)),
                        "press n takes step n"
                    );
                }
                let takes = step < last || self.house.plan.repeat == Repeat::Last;
                prop_assert_eq!(decision.dispatches[0].step(), takes.then_some(next.step));
                let had = before.and_then(|incident| incident.taken_by.as_ref());
                if step == last || had.is_some() {
                    let notes = self.house.posts(decision);
                    prop_assert!(
                        notes.iter().any(|note| note.contains("was pressed again")),
                        "past the last step, and after an acknowledgement, it is said: {:?}",
                        notes
                    );
                }
            }
            EventOutcome::Late => {
                prop_assert!(late);
                prop_assert_eq!((next.count, next.step), (count, step), "late: neither counted nor climbing");
                prop_assert_eq!(next.phase, before.map_or(Phase::Open, |incident| incident.phase));
                let posts = self.house.posts(decision);
                prop_assert!(posts.len() == 1 && posts[0].starts_with("A late press"));
            }
            EventOutcome::Done | EventOutcome::Nothing | EventOutcome::Debounced => {
                let before = before.expect("only a press opens");
                prop_assert!(!late, "what was meant long ago changes nothing");
                prop_assert_eq!(next.count, count, "only presses are counted");
                match event {
                    Event::Wake if next.step > step => {
                        let after = self.house.plan.steps[step as usize].after.expect("it comes by itself");
                        prop_assert_eq!(
                            before.phase,
                            Phase::Open,
                            "nothing comes by itself after an acknowledgement"
                        );
                        prop_assert!(now >= before.step_at + after.0, "never early");
                        self.by_others += 1;
                    }
                    Event::Wake => prop_assert!(next.phase == before.phase || next.phase == Phase::Lapsed),
                    Event::Command { epoch, command: Command::Escalate { step: told }, .. } => {
                        prop_assert_eq!((*told, *epoch, next.step), (Some(step), Some(next.epoch), step + 1));
                        prop_assert_eq!(
                            decide(Some(next), event, self.house.rules(), now).next,
                            None,
                            "asking twice climbs once"
                        );
                        self.by_others += 1;
                    }
                    Event::Command { epoch, command: Command::Acknowledge, .. } => {
                        prop_assert_eq!(
                            (*epoch, before.phase, next.phase),
                            (Some(next.epoch), Phase::Open, Phase::Acknowledged)
                        );
                    }
                    Event::Command { epoch, command: Command::Resolve, .. } => {
                        prop_assert_eq!((*epoch, next.phase), (Some(next.epoch), Phase::Resolved))
                    }
                    Event::Command { epoch, command: Command::Cancel, .. } => {
                        prop_assert_eq!((*epoch, next.phase), (Some(next.epoch), Phase::Cancelled))
                    }
                    Event::Command { .. }
                    | Event::Occupancy(_)
                    | Event::CustomerWaits { .. }
                    | Event::Alert(_)
                    | Event::Unreached { .. } => {
                        prop_assert!(false, "a button knows nothing of crowds, customers and alerts")
                    }
                    Event::Press(press) => match self.house.button.meaning(press.gesture) {
                        Meaning::Acknowledge => {
                            prop_assert_eq!((before.phase, next.phase), (Phase::Open, Phase::Acknowledged))
                        }
                        Meaning::Cancel => prop_assert_eq!(next.phase, Phase::Cancelled),
                        Meaning::Press | Meaning::Ignore => {
                            prop_assert!(false, "{:?} did this", press.gesture)
                        }
                    },
                }
                let escalates = *event == Event::Wake || asks_for_the_next(event);
                prop_assert!(escalates || next.step == step);
            }
        }
        prop_assert_eq!(next.phase == Phase::Acknowledged, next.taken_by.is_some() && !next.phase.is_final());
        Ok(())
    }

    /// An incident that isn't over is woken in time.
    fn check_wake(
        &self,
        before: Option<&Incident>,
        event: &Event,
        next: &Incident,
    ) -> Result<(), TestCaseError> {
        let plan = &self.house.plan;
        let Some(wake_at) = next.wake_at else {
            prop_assert!(next.phase.is_final(), "what is not finished is looked at again");
            return Ok(());
        };
        prop_assert!(!next.phase.is_final());
        prop_assert!(wake_at <= next.heard_at + plan.reset_after.0);
        if let (Phase::Open, 1.., Some(after)) =
            (next.phase, next.step, plan.steps.get(next.step as usize).and_then(|step| step.after))
        {
            prop_assert!(wake_at <= next.step_at + after.0);
        }
        if *event == Event::Wake
            && before.and_then(|incident| incident.wake_at).is_some_and(|at| at <= self.house.now)
        {
            prop_assert!(
                wake_at > self.house.now,
                "woken when it asked for it, it finds something to do or asks again"
            );
        }
        Ok(())
    }

    /// The dispatches are numbered without gaps, due, and contain what the step says, each thing once.
    fn check_dispatches(
        &mut self,
        decision: &Decision,
        next: &Incident,
        dispatches: u32,
        step: u32,
    ) -> Result<(), TestCaseError> {
        let now = self.house.now;
        prop_assert_eq!(next.dispatches, dispatches + decision.dispatches.len() as u32);
        for (index, dispatch) in decision.dispatches.iter().enumerate() {
            prop_assert_eq!(
                (dispatch.key.epoch, dispatch.key.number),
                (next.epoch, dispatches + 1 + index as u32)
            );
            prop_assert!(dispatch.due(now).is_some(), "whatever is written is due");
            let of = dispatch.of_incident().expect("a dispatch of the incident");
            prop_assert_eq!((&of.plan_hash, of.count), (&next.plan_hash, next.count));
            for fact in &dispatch.facts {
                prop_assert!(self.facts.insert(fact.id.clone()), "{} twice", &fact.id);
            }
        }
        let posts = |say: &Message| matches!(say, Message::Space(SpaceMessage::Post { .. }));
        let taken: Vec<_> = decision.dispatches.iter().filter(|dispatch| dispatch.step().is_some()).collect();
        prop_assert!(next.step == step || !taken.is_empty());
        let Some(first) = taken.first() else { return Ok(()) };
        prop_assert!(taken.iter().all(|dispatch| dispatch.step() == Some(next.step)));
        prop_assert_eq!(first.previous_post, self.posting, "posts keep the order of the steps");
        if first.deliveries.values().any(|delivery| posts(&delivery.message)) {
            self.posting = Some(first.key.number);
        }
        let plan = &self.house.plan.steps[next.step as usize - 1];
        let wanted =
            plan.sms.iter().flat_map(|sms| &sms.to).chain(plan.call.iter().flat_map(|call| &call.to));
        let mut wanted: Vec<&str> = wanted.filter_map(Target::number).map(|number| number.as_str()).collect();
        let mut said = Vec::new();
        for dispatch in &taken {
            let phones =
                dispatch.deliveries.values().filter(|delivery| matches!(delivery.message, Message::Phone(_)));
            let before = said.len();
            said.extend(phones.filter_map(|delivery| match &delivery.message {
                Message::Phone(PhoneMessage::Text { to, .. } | PhoneMessage::Call { to, .. }) => {
                    Some(to.as_str())
                }
                _ => None,
            }));
            prop_assert!(said.len() - before <= 10, "a row stays small");
        }
        wanted.sort();
        said.sort();
        prop_assert_eq!(said, wanted, "each phone once");
        let of_plan = |say: &Message| {
            matches!(say, Message::Space(SpaceMessage::Post { content: Content::Step { .. } }))
        };
        let all = || taken.iter().flat_map(|dispatch| dispatch.deliveries.values());
        prop_assert_eq!(
            all().filter(|delivery| of_plan(&delivery.message)).count(),
            usize::from(plan.post.is_some())
        );
        Ok(())
    }

    /// A cancelled dispatch stays cancelled. An acknowledgement or an end cancels all dispatches before it. No dispatch is
    /// cancelled when it is written.
    fn check_voids(
        &mut self,
        event: &Event,
        decision: &Decision,
        next: &Incident,
    ) -> Result<(), TestCaseError> {
        for (epoch, number, cancelled) in &mut self.said {
            let is = next.cancels(*epoch, *number);
            prop_assert!(is || !*cancelled, "{}.{} came back", epoch, number);
            *cancelled = is;
        }
        let silenced = matches!(next.phase, Phase::Acknowledged | Phase::Resolved | Phase::Cancelled)
            && decision.outcome == EventOutcome::Done;
        if silenced && *event != Event::Wake && !asks_for_the_next(event) {
            prop_assert!(
                self.said.iter().filter(|(epoch, ..)| *epoch == next.epoch).all(|(.., cancelled)| *cancelled)
            );
        }
        for dispatch in &decision.dispatches {
            prop_assert!(!next.cancels(dispatch.key.epoch, dispatch.key.number));
            self.said.push((dispatch.key.epoch, dispatch.key.number, false));
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(chance(400))]

    #[test]
    fn the_rules_hold_for_any_events(plan in a_plan(), button in a_button(), moves in proptest::collection::vec(a_move(), 1..60)) {
        let mut watch = Watch::new(plan, button);
        for next in &moves {
            watch.make(next)?;
        }
    }

    #[test]
    fn presses_with_ids_at_one_moment_are_counted_from_one(plan in a_plan(), button in a_button(), presses in 1..100_u64) {
        let mut house = House::new(plan, button);
        for number in 1..=presses {
            prop_assert_eq!(house.press().count, number);
        }
        prop_assert_eq!(u64::from(house.incident().step), presses.min(house.plan.steps.len() as u64));
    }

    /// However often it is woken, early or twice: each step comes its `after` after the one before, and not before that.
    #[test]
    fn an_unattended_incident_escalates_by_the_clock(plan in a_plan(), button in a_button(), early in proptest::collection::vec(0..3_000_000_i64, 0..20)) {
        let mut house = House::new(plan, button);
        house.press();
        let quiet = house.plan.reset_after.0;
        let mut wanted = vec![(1, house.now)];
        for (index, step) in house.plan.steps.iter().enumerate().skip(1) {
            let Some(after) = step.after else { break };
            // An automatic step is activity too: the incident is quiet from then on.
            if after.0 > quiet {
                break;
            }
            wanted.push((index as u32 + 1, wanted[wanted.len() - 1].1 + after.0));
        }
        let over = wanted[wanted.len() - 1].1 + quiet;
        let mut early = early;
        early.sort_unstable();
        let mut early = early.into_iter().map(|ms| wanted[0].1 + SignedDuration::from_millis(ms)).peekable();
        let mut came = vec![(1, house.now)];
        while let Some(wake_at) = house.incident().wake_at {
            house.now = early.next_if(|at| *at < wake_at).unwrap_or(wake_at).max(house.now);
            house.apply(&Event::Wake);
            if house.incident().step != came[came.len() - 1].0 {
                came.push((house.incident().step, house.now));
            }
        }
        prop_assert_eq!(came, wanted);
        prop_assert_eq!((house.incident().phase, house.now), (Phase::Lapsed, over));
    }

    /// Two presses without an id, the second within the debounce time. With an id, neither is taken for the other.
    #[test]
    fn a_bounce_changes_nothing(plan in a_plan(), button in a_button(), later in 0..20_000_i64) {
        let mut house = House::new(plan, button);
        house.gesture(Gesture::Single);
        house.now += SignedDuration::from_millis(later);
        let bounced = later < house.button.debounce.0.as_millis() as i64;
        let first = house.state.clone();
        let second = house.gesture(Gesture::Single);
        prop_assert_eq!(second.outcome == EventOutcome::Debounced, bounced);
        prop_assert_eq!(second.count, if bounced { 1 } else { 2 });
        prop_assert_eq!(bounced, house.state == first);
        let known = house.apply(&press_with_id());
        prop_assert_eq!(known.outcome, EventOutcome::Counted);
    }

    #[test]
    fn an_incident_is_read_as_it_was_written(plan in a_plan(), button in a_button(), moves in proptest::collection::vec(a_move(), 1..20)) {
        let mut watch = Watch::new(plan, button);
        for next in &moves {
            watch.make(next)?;
            let text = serde_json::to_string(&watch.house.state).expect("it can be written");
            let read: Option<Incident> = serde_json::from_str(&text).expect("it can be read");
            prop_assert_eq!(&read, &watch.house.state);
        }
    }
}
