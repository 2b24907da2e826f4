//! The rules of an incident: what an event makes of it. One pure function, [`decide`].

mod alert;
mod builder;
mod command;
mod occupancy;
mod reach;
mod time;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::alert::Raised;
use crate::button::Press;
use crate::config::{Admins, Button, Meaning, Plan, Repeat, Reuse};
use crate::delivery::{Dispatch, DispatchKey, Message};
use crate::incident::command::{Actor, Command, How};
use crate::incident::{Incident, Phase, Subject};
use crate::occupancy::view::Signal;
use crate::oncall::Roster;
use crate::wording::{self, Words};
use builder::{DecisionBuilder, invitations, invitations_of_space};

/// Something that applied, checked and understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The button was pressed.
    Press(Press),
    /// Somebody says something to an incident.
    Command {
        /// Who.
        by: Actor,
        /// The incident that they were told of; another one is not changed by it. None means whichever there is.
        epoch: Option<u64>,
        /// What.
        command: Command,
    },
    /// A monitoring system or a person reported trouble.
    Alert(Box<Raised>),
    /// Everybody whom a step was to bring has certainly not been reached.
    Unreached {
        /// The incident.
        epoch: u64,
        /// How often its plan had begun again.
        round: u32,
        /// The step.
        step: u32,
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
    /// So many calls a second may begin.
    pub calls_per_second: Option<u32>,
    /// Who there is, where the plan names people.
    pub roster: &'a Roster,
    /// Who is told when nobody is there.
    pub admins: &'a Admins,
    /// Who gets the report beside those who reported it.
    pub report_to: &'a [String],
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
        && (!time::ends_by_silence(incident) || now.duration_since(incident.heard_at) < plan.reset_after.0)
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
        Event::Press(_)
            | Event::Crowd(Signal::Rise { .. } | Signal::Silent { .. })
            | Event::Waits { .. }
            | Event::Alert(_)
    );
    opens
        && incident.is_none_or(|incident| {
            own_plan.is_none_or(|plan| !is_current(incident, plan, now)) || outgrown(incident, event)
        })
}

/// It got worse, and what is that bad has a plan of its own: nobody whom that plan names has heard of it.
fn outgrown(incident: &Incident, event: &Event) -> bool {
    let Event::Alert(raised) = event else { return false };
    let worse = incident.alert.as_ref().is_some_and(|alert| raised.alert.severity < alert.severity);
    worse && raised.plan != incident.plan
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
                    command::given(incident, &the_button(rules), &Command::Acknowledge, rules, now)
                }
                (Meaning::Cancel, Some(incident)) => {
                    command::given(incident, &the_button(rules), &Command::Cancel, rules, now)
                }
            }
        }
        Event::Command { by, epoch, command } => match current {
            Some(incident) if epoch.is_none_or(|epoch| epoch == incident.epoch) => {
                command::given(incident, by, command, rules, now)
            }
            _ => nothing(state),
        },
        Event::Alert(raised) => alert::raised(state, current, raised, rules, now),
        Event::Unreached { epoch, round, step } => match current {
            Some(incident) if incident.epoch == *epoch => {
                time::unreached(incident, (*round, *step), rules, now)
            }
            _ => nothing(state),
        },
        Event::Crowd(signal) => occupancy::heard(state, current, signal, rules, now),
        Event::Waits { customer, since } => waits(state, current, (customer, *since), rules, now),
        Event::Wake => time::wake(state, rules, now),
    }
}

fn the_button(rules: Rules<'_>) -> Actor {
    Actor::named(wording::the_button(rules.words), How::Button)
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
    let mut builder = match current {
        Some(incident) => DecisionBuilder::on(incident, rules, now),
        None => DecisionBuilder::open(state, rules, now),
    };
    builder.incident.heard_at = now;
    if press.id.is_none() {
        builder.incident.bounce_at = Some(now);
    }
    if let Some(at) = late {
        builder.fact("button.late", [("pressed_at", at.to_string())]);
        builder.post(wording::late(at, now, rules.words));
        return builder.done(Outcome::Late);
    }
    builder.incident.count += 1;
    let count = builder.incident.count;
    builder.fact("button.pressed", [("count", count.to_string())]);
    let had = builder.incident.taken_by.take();
    builder.incident.phase = Phase::Open;
    let last = rules.plan.steps.len() as u32;
    let note = had.as_ref().map(|by| wording::pressed_after_acknowledgement(count, by, rules.words));
    // A step that came by itself is not taken again: the press takes the one after it.
    let wanted = u32::try_from(count).unwrap_or(u32::MAX).max(builder.incident.step.saturating_add(1));
    if wanted <= last {
        builder.take_step(wanted, note);
    } else {
        let note = note.unwrap_or_else(|| wording::pressed_again(count, rules.words));
        match rules.plan.repeat {
            Repeat::Last if last > 0 => builder.take_step(last, Some(note)),
            Repeat::Last | Repeat::None => builder.post(note),
        }
    }
    builder.done(Outcome::Counted)
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
    let mut builder = DecisionBuilder::open(state, rules, now);
    builder.incident.label = Some(customer.to_owned());
    builder.fact("customer.waiting", [("since", since.to_string())]);
    let note = wording::conversation::waits(customer, since, now);
    if rules.plan.steps.is_empty() {
        builder.post(note);
    } else {
        builder.take_step(1, Some(note));
    }
    builder.done(Outcome::Done)
}

/// Everybody who belongs in the space once `step` was taken: for a space that has to be made again.
pub fn everybody(plan: &Plan, step: u32) -> Vec<Message> {
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
