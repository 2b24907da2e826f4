//! A decision being made: the next state and what it says, growing together.

use jiff::Timestamp;

use super::{Decision, Outcome, Rules, wake_at};
use crate::config::{People, Plan, Step};
use crate::crowd::View;
use crate::dispatch::{Content, Delivery, Dispatch, DispatchKey, Fact, REPORT, Say};
use crate::incident::{Incident, Phase};

/// Phone deliveries beyond this number go into a dispatch of their own: a row stays small, and several workers share.
const PHONES_PER_DISPATCH: usize = 10;

/// A decision being made: the next state and what it says, growing together.
pub(super) struct Climb<'a> {
    pub(super) incident: Incident,
    /// The zone now, for whatever this decision says.
    pub(super) view: Option<Box<View>>,
    was_due: Option<Timestamp>,
    dispatches: Vec<Dispatch>,
    facts: Vec<Fact>,
    rules: Rules<'a>,
    now: Timestamp,
}

impl<'a> Climb<'a> {
    pub(super) fn on(incident: &Incident, rules: Rules<'a>, now: Timestamp) -> Self {
        let mut incident = incident.clone();
        incident.version += 1;
        Self {
            view: None,
            was_due: incident.wake_at,
            incident,
            dispatches: Vec::new(),
            facts: Vec::new(),
            rules,
            now,
        }
    }

    pub(super) fn open(before: Option<&Incident>, rules: Rules<'a>, now: Timestamp) -> Self {
        let incident = Incident {
            subject: rules.subject.clone(),
            epoch: before.map_or(1, |incident| incident.epoch + 1),
            version: before.map_or(1, |incident| incident.version + 1),
            phase: Phase::Open,
            plan: rules.plan_name.to_owned(),
            plan_hash: rules.plan_hash.to_owned(),
            count: 0,
            step: 0,
            step_at: now,
            step_dispatch: 0,
            opened_at: now,
            heard_at: now,
            bounce_at: None,
            taken_by: None,
            dispatches: 0,
            void_up_to: 0,
            void_epochs: before
                .map_or(0, |before| if before.void_up_to > 0 { before.epoch } else { before.void_epochs }),
            wake_at: None,
            crowd: before.and_then(|before| before.crowd.clone()),
            label: None,
        };
        let mut climb = Self {
            view: None,
            was_due: None,
            incident,
            dispatches: Vec::new(),
            facts: Vec::new(),
            rules,
            now,
        };
        climb.fact("incident.opened", [("plan", rules.plan_name.to_owned())]);
        climb
    }

    pub(super) fn fact<const N: usize>(&mut self, kind: &str, detail: [(&str, String); N]) {
        let number = self.facts.len();
        let incident = &self.incident;
        self.facts.push(Fact {
            id: format!("{}#{}#{}#{number}", incident.subject.as_str(), incident.epoch, incident.version),
            kind: kind.to_owned(),
            at: self.now,
            detail: detail.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        });
    }

    fn dispatch(&mut self, step: Option<u32>) -> Dispatch {
        self.incident.dispatches += 1;
        let incident = &self.incident;
        let key = DispatchKey {
            subject: incident.subject.clone(),
            epoch: incident.epoch,
            number: incident.dispatches,
        };
        Dispatch {
            step,
            plan: incident.plan.clone(),
            plan_hash: incident.plan_hash.clone(),
            count: incident.count,
            opened_at: incident.opened_at,
            view: self.view.clone(),
            ..Dispatch::new(key, self.now)
        }
    }

    /// People of the space are invited by whatever an incident says first: a step, or the note of a late press.
    fn audience(&self) -> Vec<Say> {
        if self.incident.dispatches > 1 { Vec::new() } else { invitations_of_space(self.rules.plan) }
    }

    pub(super) fn post(&mut self, text: String) {
        let mut dispatch = self.dispatch(None);
        for say in self.audience() {
            dispatch.add(Delivery::new(say, self.now));
        }
        dispatch.add(Delivery {
            under: self.incident.crowd.as_ref().map(|crowd| crowd.card).filter(|card| *card > 0),
            ..Delivery::new(Say::Post { content: Content::Text(text) }, self.now)
        });
        self.dispatches.push(dispatch);
    }

    /// Shows the zone: a card by itself, or what a step begins with.
    pub(super) fn card(&mut self, step: Option<u32>, note: Option<String>) {
        let number = self.incident.dispatches + 1;
        if let Some(crowd) = &mut self.incident.crowd {
            crowd.card = number;
        }
        let first =
            Some(Say::Card).into_iter().chain(note.map(|note| Say::Post { content: Content::Text(note) }));
        match step {
            Some(step) => self.step(step, first),
            None => {
                let mut dispatch = self.dispatch(None);
                for say in self.audience().into_iter().chain(first) {
                    dispatch.add(Delivery::new(say, self.now));
                }
                self.dispatches.push(dispatch);
            }
        }
    }

    pub(super) fn last_word(&mut self, text: String) {
        self.post(text);
        if let Some(dispatch) = self.dispatches.last_mut() {
            dispatch.last_word = true;
        }
    }

    pub(super) fn take_step(&mut self, number: u32, note: Option<String>) {
        self.step(number, note.map(|note| Say::Post { content: Content::Text(note) }));
    }

    fn step(&mut self, number: u32, first: impl IntoIterator<Item = Say>) {
        let plan = self.rules.plan;
        let Some(step) = plan.steps.get(number as usize - 1) else { return };
        let before = self.incident.step_dispatch;
        let mut dispatch = self.dispatch(Some(number));
        dispatch.after = (before > 0).then_some(before);
        self.incident.step = number;
        self.incident.step_at = self.now;
        for say in self.audience().into_iter().chain(step.people.iter().flat_map(invitations)) {
            dispatch.add(Delivery::new(say, self.now));
        }
        for say in first {
            dispatch.add(Delivery::new(say, self.now));
        }
        if step.post.is_some() {
            dispatch
                .add(Delivery::new(Say::Post { content: Content::Plan { step: number, item: 0 } }, self.now));
        }
        // A step that posts nothing holds back nobody: the next post waits for the one before it.
        if dispatch.deliveries.values().any(|delivery| delivery.say.is_post()) {
            self.incident.step_dispatch = dispatch.key.number;
        }
        let phones = phones(step, number, self.rules.from);
        let mut parts = phones.chunks(PHONES_PER_DISPATCH);
        let first = parts.next().unwrap_or_default();
        fill(&mut dispatch, first, self.now);
        self.dispatches.push(dispatch);
        for part in parts {
            let mut dispatch = self.dispatch(Some(number));
            fill(&mut dispatch, part, self.now);
            self.dispatches.push(dispatch);
        }
    }

    pub(super) fn done(mut self, outcome: Outcome) -> Decision {
        let wanted = wake_at(&self.incident, self.rules.plan);
        // Moving an entry of the index costs two writes; an early wake-up costs a look, and asks again for the right time.
        self.incident.wake_at = match (self.was_due, wanted) {
            (Some(was), Some(wanted)) if was <= wanted && was > self.now => Some(was),
            (_, wanted) => wanted,
        };
        if !self.facts.is_empty() {
            if self.dispatches.is_empty() {
                let dispatch = self.dispatch(None);
                self.dispatches.push(dispatch);
            }
            self.dispatches[0].facts = self.facts;
        }
        Decision {
            count: self.incident.count,
            next: Some(self.incident),
            dispatches: self.dispatches,
            outcome,
        }
    }
}

/// The report is there from the beginning: who dies after posting it must have left a trace.
fn fill(dispatch: &mut Dispatch, phones: &[Say], now: Timestamp) {
    for say in phones {
        dispatch.add(Delivery::new(say.clone(), now));
    }
    if !phones.is_empty() {
        dispatch.deliveries.insert(REPORT.to_owned(), Delivery::new(Say::Report, now));
    }
}

fn phones(step: &Step, number: u32, from: &str) -> Vec<Say> {
    let content = |item| Content::Plan { step: number, item };
    let sender = |own: &Option<String>| own.clone().unwrap_or_else(|| from.to_owned());
    let texts = step.sms.iter().enumerate().flat_map(|(item, sms)| {
        sms.to.iter().map(move |to| Say::Sms {
            to: to.clone(),
            from: sender(&sms.from),
            content: content(item),
        })
    });
    let calls = step.call.iter().enumerate().flat_map(|(item, call)| {
        call.to.iter().map(move |to| Say::Call {
            to: to.clone(),
            from: sender(&call.from),
            content: content(item),
        })
    });
    texts.chain(calls).collect()
}

pub(super) fn invitations(people: &People) -> Vec<Say> {
    let say = |moderator| move |email: &String| Say::Invite { email: email.clone(), moderator };
    people.moderators.iter().map(say(true)).chain(people.participants.iter().map(say(false))).collect()
}

pub(super) fn invitations_of_space(plan: &Plan) -> Vec<Say> {
    let space = &plan.space;
    invitations(&People { moderators: space.moderators.clone(), participants: space.participants.clone() })
}
