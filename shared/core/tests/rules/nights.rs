//! Alerts, tried with any actions of people and any times, in any order.

use std::collections::BTreeSet;

use handbell_core::alert::Hold;
use handbell_core::config::{Plan, Severity};
use handbell_core::delivery::{Message, SpaceMessage};
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::{Decision, Event, decide};
use handbell_core::incident::{Ack, Attribution, Incident, Phase};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::house::chance;
use crate::night::{Night, actor, mail, minutes};

/// The next event, in terms of the state at that time.
#[derive(Clone, Debug)]
enum Move {
    /// A mail, and the minutes of the hold.
    Mail(Severity, Option<i64>),
    /// One of five people gives a command to an incident this many after the present one.
    Says(usize, i64, Said),
    /// Of a round and a step this many after the present ones.
    Unreached(i64, i32, i32),
    Wake,
    Pass(SignedDuration),
    /// Time passes until the wake-up for which the incident asked.
    Sleep,
}

#[derive(Clone, Debug)]
enum Said {
    Acknowledge,
    Next(Option<i32>),
    Escalate(bool),
    Cannot,
    Snooze(i64),
    Confirm,
    Resolve,
    Cancel,
    Note,
}

const PEOPLE: [&str; 5] = ["dana", "robin", "alex", "sam_1", "+352691496401 (by phone)"];

fn time() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        3 => (0..60_000_i64).prop_map(SignedDuration::from_millis),
        4 => (1..30_i64).prop_map(SignedDuration::from_mins),
        1 => (1..20_i64).prop_map(SignedDuration::from_hours),
    ]
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        5 => Just(Said::Acknowledge),
        2 => proptest::option::of(-1..=1_i32).prop_map(Said::Next),
        2 => any::<bool>().prop_map(Said::Escalate),
        4 => Just(Said::Cannot),
        3 => (-5..900_i64).prop_map(Said::Snooze),
        3 => Just(Said::Confirm),
        1 => Just(Said::Resolve),
        1 => Just(Said::Cancel),
        1 => Just(Said::Note),
    ]
}

fn a_move() -> impl Strategy<Value = Move> {
    let severity = proptest::sample::select(Severity::ALL.to_vec());
    let other = prop_oneof![8 => Just(0_i64), 1 => Just(-1_i64), 1 => Just(1_i64)];
    prop_oneof![
        4 => (severity, proptest::option::weighted(0.4, -5..900_i64)).prop_map(|(severity, hold)| Move::Mail(severity, hold)),
        8 => (0..PEOPLE.len(), other, said()).prop_map(|(who, epoch, said)| Move::Says(who, epoch, said)),
        2 => (-1..=1_i64, -1..=1_i32, -1..=1_i32).prop_map(|(epoch, round, step)| Move::Unreached(epoch, round, step)),
        3 => Just(Move::Wake),
        5 => time().prop_map(Move::Pass),
        5 => Just(Move::Sleep),
    ]
}

fn a_step() -> impl Strategy<Value = Value> {
    let whom = proptest::sample::select(vec![
        json!({ "person": "dana" }),
        json!({ "person": "nobody" }),
        json!({ "team": "network" }),
        json!({ "team": "servers" }),
        json!("+352691496401"),
    ]);
    let whom = proptest::collection::vec(whom, 0..3);
    (whom, any::<bool>(), any::<bool>(), proptest::option::weighted(0.8, 1..40_i64)).prop_map(|(to, page, post, after)| {
        let mut step = match (to.is_empty(), page) {
            (true, _) => json!({ "post": { "markdown": "Words" } }),
            (_, true) => json!({ "page": [{ "to": to }] }),
            (_, false) => json!({ "sms": [{ "to": to, "text": "Look" }], "call": [{ "to": to, "say": "Look", "times": 2 }] }),
        };
        if post {
            step["post"] = json!({ "markdown": "Words" });
        }
        if let Some(after) = after {
            step["after"] = json!(format!("{after}m"));
        }
        step
    })
}

fn a_plan() -> impl Strategy<Value = Plan> {
    let steps = proptest::collection::vec(a_step(), 0..=4);
    let need = proptest::sample::select(vec![json!(1), json!(2), json!(3), json!(["network", "servers"])]);
    let again = proptest::option::of((1..30_i64, 0..3_u32));
    let confirm = proptest::option::of((5..120_i64, 1..20_i64));
    (steps, 20..600_i64, need, again, confirm, any::<bool>()).prop_map(
        |(mut steps, reset, need, again, confirm, card)| {
            if let Some(first) = steps.first_mut().and_then(Value::as_object_mut) {
                first.remove("after");
            }
            let mut plan = json!({
                "space": { "title": "Alerts", "participants": ["b@example.com"] },
                "reset_after": format!("{reset}m"),
                "steps": steps,
                "need": need,
                "escalate": { "technical": { "page": [{ "to": [{ "person": "alex" }] }] } },
                "card": card,
            });
            if let Some((after, times)) = again {
                plan["again"] = json!({ "after": format!("{after}m"), "times": times });
            }
            if let Some((after, within)) = confirm {
                plan["confirm"] = json!({ "after": format!("{after}m"), "within": format!("{within}m") });
            }
            serde_json::from_value(plan).expect("a plan")
        },
    )
}

/// Watches the events, and knows what must hold.
struct Watch {
    night: Night,
    facts: BTreeSet<String>,
}

impl Watch {
    fn event(&mut self, next: &Move) -> Option<Event> {
        let state = self.night.state.as_ref();
        let (epoch, step, round) =
            state.map_or((0, 0, 0), |incident| (incident.epoch, incident.step, incident.responses.round));
        Some(match next {
            Move::Pass(time) => {
                self.night.now += *time;
                return None;
            }
            Move::Sleep => {
                let wake_at = state.and_then(|incident| incident.wake_at);
                self.night.now = wake_at.map_or(self.night.now, |at| at.max(self.night.now));
                Event::Wake
            }
            Move::Wake => Event::Wake,
            Move::Mail(severity, hold) => {
                let mut raised = mail(*severity);
                raised.hold = hold.map(|hold| Hold {
                    until: self.night.now + minutes(hold),
                    why: "quiet hours".to_owned(),
                });
                Event::Alert(Box::new(raised))
            }
            Move::Unreached(other, rounds, steps) => Event::Unreached {
                epoch: epoch.saturating_add_signed(*other),
                round: round.saturating_add_signed(*rounds),
                step: step.saturating_add_signed(*steps),
            },
            Move::Says(who, other, said) => {
                let command = match said {
                    Said::Acknowledge => Command::Acknowledge,
                    Said::Next(of) => Command::Escalate { step: of.map(|of| step.saturating_add_signed(of)) },
                    Said::Escalate(known) => {
                        Command::EscalateTo { name: if *known { "technical" } else { "nobody" }.to_owned() }
                    }
                    Said::Cannot => Command::Cannot,
                    Said::Snooze(length) => Command::Snooze { until: self.night.now + minutes(*length) },
                    Said::Confirm => Command::Confirm,
                    Said::Resolve => Command::Resolve,
                    Said::Cancel => Command::Cancel,
                    Said::Note => Command::Note { text: "Words".to_owned() },
                };
                let epoch = Some(epoch.saturating_add_signed(*other));
                Event::Command { by: actor(PEOPLE[*who]), epoch, command }
            }
        })
    }

    fn make(&mut self, next: &Move) -> Result<(), TestCaseError> {
        let Some(event) = self.event(next) else { return Ok(()) };
        let before = self.night.state.clone();
        let again = decide(before.as_ref(), &event, self.night.rules(), self.night.now);
        let decision = self.night.apply(&event);
        prop_assert_eq!(&decision, &again, "the same arguments give the same decision");
        let text = serde_json::to_string(&self.night.state).expect("it can be written");
        let read: Option<Incident> = serde_json::from_str(&text).expect("it can be read");
        prop_assert_eq!(&read, &self.night.state, "it survives the table");
        let Some(next) = &decision.next else {
            prop_assert!(decision.dispatches.is_empty(), "what changes nothing says nothing");
            return Ok(());
        };
        self.check_state(before.as_ref(), &event, next)?;
        self.check_steps(before.as_ref(), &event, &decision, next)?;
        self.check_dispatches(before.as_ref(), &decision, next)
    }

    fn check_state(
        &self,
        before: Option<&Incident>,
        event: &Event,
        next: &Incident,
    ) -> Result<(), TestCaseError> {
        let now = self.night.now;
        let opens = before.is_none_or(|before| before.epoch != next.epoch);
        if opens {
            prop_assert!(matches!(event, Event::Alert(_)), "only a mail opens one");
            prop_assert_eq!(next.epoch, before.map_or(1, |before| before.epoch + 1));
        }
        if let Some(before) = before.filter(|_| !opens) {
            prop_assert!(!before.phase.is_final(), "an end is an end");
            prop_assert!(next.cancelled_up_to >= before.cancelled_up_to, "what is cancelled stays cancelled");
            prop_assert!(next.responses.round >= before.responses.round);
            prop_assert!(next.responses.again_from <= next.responses.round);
            prop_assert!(next.phase.is_final() || next.heard_at >= before.heard_at);
            prop_assert_eq!((&next.plan_hash, next.opened_at), (&before.plan_hash, before.opened_at));
        }
        prop_assert_eq!(next.version, before.map_or(1, |before| before.version + 1));
        prop_assert_eq!(next.wake_at.is_none(), next.phase.is_final(), "what isn't over is looked at again");
        prop_assert!(next.cancelled_up_to <= next.dispatches);
        prop_assert_eq!(next.phase == Phase::Acknowledged, next.taken_by.is_some() && !next.phase.is_final());
        let responses = &next.responses;
        if next.phase == Phase::Open {
            prop_assert_eq!((responses.snoozed_until, responses.asked_at), (None, None));
            prop_assert!(!self.enough(&responses.acks), "who is enough has it");
        }
        if let (Phase::Lapsed, Some(before)) = (next.phase, before) {
            let silent = before
                .responses
                .snoozed_until
                .into_iter()
                .chain(before.responses.hold.as_ref().map(|hold| hold.until));
            prop_assert!(silent.into_iter().all(|until| until <= now), "it isn't over before it begins");
        }
        for ack in &responses.acks {
            prop_assert!(
                !ack.person.as_ref().is_some_and(|id| responses.cannot.contains(id)),
                "nobody has it and can't"
            );
        }
        if *event == Event::Wake
            && before.and_then(|before| before.wake_at).is_some_and(|at| at <= now)
            && let Some(wake_at) = next.wake_at
        {
            prop_assert!(wake_at > now, "woken when it asked for it, it finds something to do or asks again");
        }
        Ok(())
    }

    /// Returns true if there is one person for each that is needed, tried in every order.
    fn enough(&self, acks: &[Ack]) -> bool {
        use handbell_core::config::Quorum;
        match &self.night.plan.need {
            Quorum::People(people) => acks.len() >= *people as usize,
            Quorum::Teams(teams) => fits(teams, acks),
        }
    }

    /// No step comes early, and none comes to an incident that somebody has.
    fn check_steps(
        &self,
        before: Option<&Incident>,
        event: &Event,
        decision: &Decision,
        next: &Incident,
    ) -> Result<(), TestCaseError> {
        let (now, plan) = (self.night.now, &self.night.plan);
        let steps = plan.steps.len() as u32;
        prop_assert!(next.step <= steps);
        let taken = decision.dispatches.iter().find_map(|dispatch| dispatch.step());
        let Some(taken) = taken else {
            prop_assert!(before.is_none_or(|before| before.epoch != next.epoch || before.step == next.step));
            return Ok(());
        };
        let Some(before) = before.filter(|before| before.epoch == next.epoch) else {
            prop_assert_eq!((taken, next.step), (1, 1), "an alert begins at the beginning");
            return Ok(());
        };
        if taken > steps {
            let asked = matches!(event, Event::Command { command: Command::EscalateTo { .. }, .. });
            prop_assert!(asked, "only by its name");
            prop_assert_eq!(
                (next.step, next.step_at, next.phase),
                (before.step, before.step_at, before.phase)
            );
            return Ok(());
        }
        prop_assert_eq!((taken, next.phase), (next.step, Phase::Open));
        let by_time = match plan.steps.get(before.step as usize) {
            Some(step) => step.after,
            None => plan
                .again
                .as_ref()
                .filter(|again| before.responses.round - before.responses.again_from < again.times)
                .map(|again| again.after),
        };
        let due: Option<Timestamp> = by_time.map(|after| before.step_at + after.0);
        match event {
            Event::Wake if before.phase == Phase::Open => {
                prop_assert!(due.is_some_and(|due| due <= now), "never early");
            }
            Event::Wake => {
                let asked = before
                    .responses
                    .asked_at
                    .zip(plan.confirm.as_ref())
                    .map(|(at, confirm)| at + confirm.within.0);
                let over = before.responses.snoozed_until.or(asked);
                prop_assert!(
                    over.is_some_and(|over| over <= now),
                    "only a snooze or a question opens it again"
                );
            }
            Event::Unreached { round, step, .. } => {
                prop_assert_eq!(
                    (*round, *step, before.phase),
                    (before.responses.round, before.step, Phase::Open)
                );
                prop_assert!(due.is_some(), "only where time would have climbed");
            }
            Event::Alert(_) => prop_assert_eq!(taken, 1, "a mail climbs nothing; it may begin again"),
            Event::Command { command: Command::Cannot, .. } => {
                prop_assert!(before.phase != next.phase || before.phase == Phase::Open)
            }
            Event::Command { command: Command::Escalate { .. }, .. } => {
                prop_assert_eq!((before.phase, taken), (Phase::Open, before.step + 1));
            }
            other => prop_assert!(false, "{:?} took a step", other),
        }
        Ok(())
    }

    /// The dispatches are numbered without gaps, due and not cancelled; no phone rings during a hold.
    fn check_dispatches(
        &mut self,
        before: Option<&Incident>,
        decision: &Decision,
        next: &Incident,
    ) -> Result<(), TestCaseError> {
        let now = self.night.now;
        let first = before.filter(|before| before.epoch == next.epoch).map_or(0, |before| before.dispatches);
        prop_assert_eq!(next.dispatches, first + decision.dispatches.len() as u32);
        let hold = next.responses.hold.as_ref().map(|hold| hold.until).filter(|until| *until > now);
        for (index, dispatch) in decision.dispatches.iter().enumerate() {
            prop_assert_eq!(
                (dispatch.key.epoch, dispatch.key.number),
                (next.epoch, first + 1 + index as u32)
            );
            prop_assert!(
                !next.cancels(next.epoch, dispatch.key.number) || dispatch.is_last_word(),
                "what is said is not cancelled"
            );
            prop_assert!(dispatch.due(now).is_some(), "whatever is written is due");
            for fact in &dispatch.facts {
                prop_assert!(self.facts.insert(fact.id.clone()), "{} twice", &fact.id);
            }
            let by_name = dispatch.step().is_some_and(|step| step as usize > self.night.plan.steps.len());
            for delivery in dispatch.deliveries.values().filter(|delivery| delivery.message.is_page()) {
                let notice = delivery.admin_notice;
                if let Some(until) = hold.filter(|_| !notice && !by_name) {
                    prop_assert!(delivery.next_at >= until, "nobody is woken before");
                }
                prop_assert!(delivery.next_at >= now);
            }
            let cards = dispatch
                .deliveries
                .values()
                .filter(|delivery| delivery.message == Message::Space(SpaceMessage::IncidentCard))
                .count();
            prop_assert!(cards <= 1 && (cards == 0 || self.night.plan.card == Some(true)));
        }
        prop_assert!(next.responses.card <= next.dispatches);
        let entries =
            decision.dispatches.iter().filter(|dispatch| dispatch.timeline_entry().is_some()).count();
        prop_assert!(entries <= 1, "one thing happened");
        Ok(())
    }
}

fn fits(teams: &[String], acks: &[Ack]) -> bool {
    let Some((team, others)) = teams.split_first() else { return true };
    (0..acks.len()).any(|place| {
        let mut left = acks.to_vec();
        let ack = left.remove(place);
        ack.teams.contains(team) && fits(others, &left)
    })
}

proptest! {
    #![proptest_config(chance(400))]

    #[test]
    fn the_rules_hold_for_any_events_of_a_night(plan in a_plan(), moves in proptest::collection::vec(a_move(), 1..60)) {
        let mut night = Night::with(json!({ "space": { "title": "Alerts" } }));
        night.plan = plan;
        let mut watch = Watch { night, facts: BTreeSet::new() };
        for next in &moves {
            watch.make(next)?;
        }
    }

    /// An incident that is left alone ends in good time, whatever happened before.
    #[test]
    fn no_incident_stays_open_forever(plan in a_plan(), moves in proptest::collection::vec(a_move(), 1..30)) {
        let mut night = Night::with(json!({ "space": { "title": "Alerts" } }));
        night.plan = plan;
        // A person who has it and never answers is asked forever only where somebody keeps confirming.
        let mut watch = Watch { night, facts: BTreeSet::new() };
        for next in &moves {
            watch.make(next)?;
        }
        let night = &mut watch.night;
        night.sleep(60 * 24 * 4);
        prop_assert!(night.state.as_ref().is_none_or(|incident| incident.phase.is_final()), "{:?}", night.state);
    }

    /// Whatever the members of the teams and the order of the acknowledgements: one person for each team is enough.
    #[test]
    fn one_person_of_each_team_is_found_if_there_is_one(
        memberships in proptest::collection::vec(proptest::collection::btree_set(0..4_usize, 0..4), 1..6),
        many in 1..4_usize,
    ) {
        let teams: Vec<String> = (0..many).map(|team| format!("team{team}")).collect();
        let mut night = Night::with(json!({ "space": { "title": "Alerts" }, "need": teams }));
        for (place, team) in teams.iter().enumerate() {
            let members: Vec<String> =
                (0..memberships.len()).filter(|who| memberships[*who].contains(&place)).map(|who| format!("p{who}")).collect();
            let made = json!({ "name": team, "members": members });
            night.roster.teams.insert(team.clone(), serde_json::from_value(made).expect("a team"));
        }
        night.mail(Severity::Critical);
        let mut acks: Vec<Ack> = Vec::new();
        for (who, of) in memberships.iter().enumerate() {
            let id = format!("p{who}");
            let by = Actor { who: id.clone(), person: Some(id.clone()), how: CommandChannel::Card };
            night.apply(&Event::Command { by, epoch: None, command: Command::Acknowledge });
            let of = of.iter().map(|place| format!("team{place}")).collect();
            acks.push(Ack { person: Some(id.clone()), by: Attribution { who: id, at: night.now }, teams: of });
            prop_assert_eq!(night.phase() == Phase::Acknowledged, fits(&teams, &acks), "{:?}", acks);
            if night.phase() == Phase::Acknowledged {
                break;
            }
        }
    }
}
