//! The rules of an incident: what an event makes of it. One pure function, [`decide`].

mod climb;
mod crowd;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::{Button, Meaning, Plan, Repeat, Reuse};
use crate::crowd::Signal;
use crate::dispatch::{Dispatch, DispatchKey, Say};
use crate::incident::{By, Incident, Kind, Phase, Subject};
use crate::press::Press;
use crate::wording::{self, Words};
use climb::{Climb, invitations, invitations_of_space};

/// Something that happened, checked and understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The button was pressed.
    Press(Press),
    /// Somebody says "I have it".
    Acknowledge {
        /// Who.
        who: String,
        /// The incident that they were told of; another one is not acknowledged by it.
        epoch: u64,
    },
    /// Somebody wants the next step now.
    Next {
        /// Who.
        who: String,
        /// The incident that they were told of.
        epoch: u64,
        /// The step that they were told of: asking twice climbs once.
        step: u32,
    },
    /// It is done.
    Resolve {
        /// Who.
        who: String,
        /// The incident that they were told of.
        epoch: u64,
    },
    /// It was nothing.
    Cancel {
        /// Who.
        who: String,
        /// The incident that they were told of.
        epoch: u64,
    },
    /// Nobody wants to hear of a zone for a while.
    Snooze {
        /// Who.
        who: String,
        /// The incident that they were told of.
        epoch: u64,
        /// Until then.
        until: Timestamp,
    },
    /// A poll found something to tell of a zone or a site.
    Crowd(Signal),
    /// A customer has been waiting for too long.
    Waits {
        /// What the customer is called.
        customer: String,
        /// Since then.
        since: Timestamp,
    },
    /// The customer waits no more.
    Answered {
        /// Who answered.
        who: String,
    },
    /// The time that the incident had asked for has come.
    Wake,
}

/// What the rules look at, beside state and event.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// What it is about.
    pub subject: &'a Subject,
    /// The button, for a press.
    pub button: Option<&'a Button>,
    /// The plan's name.
    pub plan_name: &'a str,
    /// The plan: the incident's own as it stood, or today's for a new incident.
    pub plan: &'a Plan,
    /// Its fingerprint.
    pub plan_hash: &'a str,
    /// It still stands in the configuration: a zone or a site that nobody watches any more must not stay open for ever.
    pub watched: bool,
    /// The sender of texts and calls.
    pub from: &'a str,
    /// How times are written and things are called.
    pub words: &'a Words,
}

/// What is to be written down and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The next state; none if nothing changes.
    pub next: Option<Incident>,
    /// What to say, in order.
    pub dispatches: Vec<Dispatch>,
    /// The count that the sender of the event is told.
    pub count: u64,
    /// What became of it, for the history: `step 2`, `late`, `bounce` …
    pub outcome: Outcome,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was counted, and took a step or not.
    Counted,
    /// It came too late, and was posted as late.
    Late,
    /// It was the same press, twice in the debounce time.
    Bounce,
    /// The state changed.
    Done,
    /// It changed nothing: the incident is another one, or already there.
    Nothing,
}

/// Is this incident still the one that an event belongs to?
fn is_current(incident: &Incident, plan: &Plan, now: Timestamp) -> bool {
    // A crowd is over when it is gone, however long that takes; a button knows no end but silence.
    !incident.phase.is_final()
        && (incident.subject.kind() != Kind::Button
            || now.duration_since(incident.heard_at) < plan.reset_after.0)
}

/// True when an event at `now` begins a new incident, so that today's plan applies and not the one that it opened with.
pub fn begins_anew(
    incident: Option<&Incident>,
    own_plan: Option<&Plan>,
    event: &Event,
    now: Timestamp,
) -> bool {
    let opens = matches!(
        event,
        Event::Press(_) | Event::Crowd(Signal::Rise { .. } | Signal::Silent { .. }) | Event::Waits { .. }
    );
    opens && incident.is_none_or(|incident| own_plan.is_none_or(|plan| !is_current(incident, plan, now)))
}

/// The rules. No clock, no chance, nothing read: the same arguments give the same decision.
pub fn decide(state: Option<&Incident>, event: &Event, rules: Rules<'_>, now: Timestamp) -> Decision {
    // With another plan than its own, it was already found to be over: its own `reset_after` said so.
    let current = state
        .filter(|incident| incident.plan_hash == rules.plan_hash && is_current(incident, rules.plan, now));
    match event {
        Event::Press(press) => {
            let meaning = rules.button.map_or(Meaning::Press, |button| button.meaning(press.gesture));
            match (meaning, current) {
                (Meaning::Press, _) => pressed(state, current, press, rules, now),
                (Meaning::Ignore, _) | (_, None) => nothing(state),
                // It was perhaps meant for another incident: it is posted as late, and silences nobody.
                _ if late(press, rules, now).is_some() => pressed(state, current, press, rules, now),
                (Meaning::Acknowledge, Some(incident)) => {
                    acknowledge(incident, &wording::the_button(rules.words), rules, now)
                }
                (Meaning::Cancel, Some(incident)) => {
                    end(incident, Phase::Cancelled, &wording::the_button(rules.words), rules, now)
                }
            }
        }
        Event::Acknowledge { who, epoch } => match current {
            Some(incident) if incident.epoch == *epoch => acknowledge(incident, who, rules, now),
            _ => nothing(state),
        },
        Event::Next { who, epoch, step } => match current {
            Some(incident)
                if incident.epoch == *epoch
                    && incident.phase == Phase::Open
                    && incident.step == *step
                    && (*step as usize) < rules.plan.steps.len() =>
            {
                let mut climb = Climb::on(incident, rules, now);
                climb.incident.heard_at = now;
                climb.fact("incident.climbed", [("by", who.clone())]);
                let note = wording::wanted_next(who, rules.words);
                climb.take_step(step + 1, Some(note));
                climb.done(Outcome::Done)
            }
            _ => nothing(state),
        },
        Event::Resolve { who, epoch } => match current {
            Some(incident) if incident.epoch == *epoch => end(incident, Phase::Resolved, who, rules, now),
            _ => nothing(state),
        },
        Event::Cancel { who, epoch } => match current {
            Some(incident) if incident.epoch == *epoch => end(incident, Phase::Cancelled, who, rules, now),
            _ => nothing(state),
        },
        Event::Snooze { who, epoch, until } => match current {
            Some(incident) if incident.epoch == *epoch => crowd::snoozed(incident, (who, *until), rules, now),
            _ => nothing(state),
        },
        Event::Crowd(signal) => crowd::heard(state, current, signal, rules, now),
        Event::Waits { customer, since } => waits(state, current, (customer, *since), rules, now),
        Event::Answered { who } => match current {
            Some(incident) => end(incident, Phase::Resolved, who, rules, now),
            None => nothing(state),
        },
        Event::Wake => wake(state, rules, now),
    }
}

fn nothing(state: Option<&Incident>) -> Decision {
    Decision {
        next: None,
        dispatches: Vec::new(),
        count: state.map_or(0, |incident| incident.count),
        outcome: Outcome::Nothing,
    }
}

/// When a press was made, if that is longer ago than the button's `max_age`.
fn late(press: &Press, rules: Rules<'_>, now: Timestamp) -> Option<Timestamp> {
    press.at.filter(|at| rules.button.is_some_and(|button| now.duration_since(*at) > button.max_age.0))
}

fn pressed(
    state: Option<&Incident>,
    current: Option<&Incident>,
    press: &Press,
    rules: Rules<'_>,
    now: Timestamp,
) -> Decision {
    let debounce = rules.button.map_or(SignedDuration::ZERO, |button| button.debounce.0);
    if let (Some(incident), None) = (current, &press.id)
        && incident.bounce_at.is_some_and(|last| now.duration_since(last).abs() < debounce)
    {
        return Decision {
            next: None,
            dispatches: Vec::new(),
            count: incident.count,
            outcome: Outcome::Bounce,
        };
    }
    let late = late(press, rules, now);
    let mut climb = match current {
        Some(incident) => Climb::on(incident, rules, now),
        None => Climb::open(state, rules, now),
    };
    climb.incident.heard_at = now;
    if press.id.is_none() {
        climb.incident.bounce_at = Some(now);
    }
    if let Some(at) = late {
        climb.fact("button.late", [("pressed_at", at.to_string())]);
        climb.post(wording::late(at, now, rules.words));
        return climb.done(Outcome::Late);
    }
    climb.incident.count += 1;
    let count = climb.incident.count;
    climb.fact("button.pressed", [("count", count.to_string())]);
    let had = climb.incident.taken_by.take();
    climb.incident.phase = Phase::Open;
    let last = rules.plan.steps.len() as u32;
    let note = had.as_ref().map(|by| wording::pressed_after_acknowledgement(count, by, rules.words));
    // A step that came by itself is not taken again: the press takes the one after it.
    let wanted = u32::try_from(count).unwrap_or(u32::MAX).max(climb.incident.step.saturating_add(1));
    if wanted <= last {
        climb.take_step(wanted, note);
    } else {
        let note = note.unwrap_or_else(|| wording::pressed_again(count, rules.words));
        match rules.plan.repeat {
            Repeat::Last if last > 0 => climb.take_step(last, Some(note)),
            Repeat::Last | Repeat::None => climb.post(note),
        }
    }
    climb.done(Outcome::Counted)
}

/// A customer waits: the plan's first step, unless it is being run already.
fn waits(
    state: Option<&Incident>,
    current: Option<&Incident>,
    (customer, since): (&str, Timestamp),
    rules: Rules<'_>,
    now: Timestamp,
) -> Decision {
    if current.is_some() {
        return nothing(state);
    }
    let mut climb = Climb::open(state, rules, now);
    climb.incident.label = Some(customer.to_owned());
    climb.fact("customer.waiting", [("since", since.to_string())]);
    let note = wording::customer::waits(customer, since, now);
    if rules.plan.steps.is_empty() {
        climb.post(note);
    } else {
        climb.take_step(1, Some(note));
    }
    climb.done(Outcome::Done)
}

fn acknowledge(incident: &Incident, who: &str, rules: Rules<'_>, now: Timestamp) -> Decision {
    if incident.phase != Phase::Open {
        return crowd::another(incident, who, rules, now);
    }
    let mut climb = Climb::on(incident, rules, now);
    let by = By { who: who.to_owned(), at: now };
    climb.incident.phase = Phase::Acknowledged;
    climb.incident.heard_at = now;
    climb.incident.void_up_to = climb.incident.dispatches;
    climb.fact("incident.acknowledged", [("by", who.to_owned())]);
    climb.last_word(match incident.crowd {
        None => wording::acknowledged(&by, rules.words),
        Some(_) => wording::crowd::on_the_way(&by, rules.words),
    });
    climb.incident.taken_by = Some(by);
    climb.done(Outcome::Done)
}

fn end(incident: &Incident, phase: Phase, who: &str, rules: Rules<'_>, now: Timestamp) -> Decision {
    let mut climb = Climb::on(incident, rules, now);
    climb.incident.phase = phase;
    climb.incident.void_up_to = climb.incident.dispatches;
    let by = By { who: who.to_owned(), at: now };
    let (kind, text) = match (phase, &mut climb.incident.crowd) {
        (Phase::Cancelled, Some(crowd)) => {
            crowd.false_alarms += 1;
            ("incident.cancelled", wording::crowd::not_busy(&by, crowd.false_alarms, rules.words))
        }
        (Phase::Cancelled, None) => ("incident.cancelled", wording::cancelled(&by, rules.words)),
        _ => ("incident.resolved", wording::resolved(&by, rules.words)),
    };
    climb.fact(kind, [("by", who.to_owned())]);
    climb.last_word(text);
    climb.done(Outcome::Done)
}

fn wake(state: Option<&Incident>, rules: Rules<'_>, now: Timestamp) -> Decision {
    let Some(incident) = state.filter(|incident| !incident.phase.is_final()) else { return nothing(state) };
    let mut climb = Climb::on(incident, rules, now);
    // A step that is due comes first, however late: after an outage of ours nobody has been told yet.
    if next_step_at(incident, rules.plan).is_some_and(|at| at <= now) {
        climb.incident.heard_at = now;
        climb.fact("incident.climbed", [("by", "time".to_owned())]);
        let note = wording::nobody_answered(incident.step_at, rules.words);
        climb.take_step(incident.step + 1, Some(note));
        return climb.done(Outcome::Done);
    }
    if incident.subject.kind() != Kind::Button && rules.watched {
        // It is over when a poll says so; until then it only stays in sight.
        if wake_at(incident, rules.plan).is_some_and(|at| at <= now) {
            climb.incident.heard_at = now;
        }
    } else if incident.subject.kind() != Kind::Button {
        climb.incident.phase = Phase::Lapsed;
        climb.fact("incident.lapsed", []);
        return climb.done(Outcome::Done);
    }
    if !is_current(incident, rules.plan, now) {
        climb.incident.phase = Phase::Lapsed;
        climb.fact("incident.lapsed", []);
        return climb.done(Outcome::Done);
    }
    // Too early, which happens since a wake-up only moves forward when it is reached: ask again for the right time.
    if incident.wake_at == wake_at(&climb.incident, rules.plan) {
        return nothing(state);
    }
    climb.done(Outcome::Nothing)
}

/// When the next step comes by itself.
fn next_step_at(incident: &Incident, plan: &Plan) -> Option<Timestamp> {
    let after = plan.steps.get(incident.step as usize)?.after?;
    (incident.phase == Phase::Open && incident.step > 0).then(|| incident.step_at + after.0)
}

/// When the incident must be looked at again; none when it is over.
fn wake_at(incident: &Incident, plan: &Plan) -> Option<Timestamp> {
    if incident.phase.is_final() {
        return None;
    }
    let quiet = incident.heard_at + plan.reset_after.0;
    Some(next_step_at(incident, plan).map_or(quiet, |step| step.min(quiet)))
}

/// Everybody who belongs in the space once `step` was taken: for a space that has to be made again.
pub fn everybody(plan: &Plan, step: u32) -> Vec<Say> {
    let people = plan.steps.iter().take(step as usize).filter_map(|step| step.people.as_ref());
    let mut all = invitations_of_space(plan);
    all.extend(people.flat_map(invitations));
    all
}

/// The name under which an incident's space is remembered.
pub fn space_name(plan_name: &str, plan: &Plan, key: &DispatchKey) -> String {
    match plan.space.reuse {
        Reuse::Always => format!("plan:{plan_name}:{}", plan.space.title),
        Reuse::PerIncident => format!("incident:{}#{}", key.subject.as_str(), key.epoch),
    }
}
