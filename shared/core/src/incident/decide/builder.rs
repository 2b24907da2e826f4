//! Builds a decision: the next state and its dispatches.

mod status;
mod step;

use jiff::Timestamp;

use super::acks::is_quorum;
use super::context::Context;
use super::decision::Decision;
use super::reach;
use super::space::invitations_of_space;
use crate::delivery::{
    Body, Content, Delivery, Dispatch, DispatchKey, Fact, Message, OfIncident, SpaceMessage,
};
use crate::incident::command::{Actor, TimelineEntry};
use crate::incident::schedule::wake_at;
use crate::incident::{EventOutcome, Incident, Phase, Responses};
use crate::occupancy::view::View;

/// A decision that is being built: the next state, the dispatches and the facts.
pub(super) struct DecisionBuilder<'a> {
    pub(super) incident: Incident,
    /// The zone at the time of the event, for the dispatches that follow.
    pub(super) view: Option<Box<View>>,
    was_due: Option<Timestamp>,
    was_heard_at: Timestamp,
    dispatches: Vec<Dispatch>,
    facts: Vec<Fact>,
    entry: Option<TimelineEntry>,
    context: Context<'a>,
    now: Timestamp,
}

impl<'a> DecisionBuilder<'a> {
    pub(super) fn on(incident: &Incident, context: Context<'a>, now: Timestamp) -> Self {
        let mut incident = incident.clone();
        incident.version += 1;
        // Drops a hold that is over.
        incident.responses.hold = incident.responses.hold.take().filter(|hold| hold.until > now);
        Self {
            view: None,
            was_due: incident.wake_at,
            was_heard_at: incident.heard_at,
            incident,
            dispatches: Vec::new(),
            facts: Vec::new(),
            entry: None,
            context,
            now,
        }
    }

    pub(super) fn open(before: Option<&Incident>, context: Context<'a>, now: Timestamp) -> Self {
        let incident = Incident {
            subject: context.subject.clone(),
            epoch: before.map_or(1, |incident| incident.epoch + 1),
            version: before.map_or(1, |incident| incident.version + 1),
            phase: Phase::Open,
            plan: context.plan_name.to_owned(),
            plan_hash: context.plan_hash.to_owned(),
            count: 0,
            step: 0,
            step_at: now,
            step_dispatch: 0,
            opened_at: now,
            heard_at: now,
            last_gesture: before.and_then(|before| before.last_gesture),
            taken_by: None,
            dispatches: 0,
            cancelled_up_to: 0,
            cancelled_epochs: before.map_or(0, |before| {
                if before.cancelled_up_to > 0 { before.epoch } else { before.cancelled_epochs }
            }),
            wake_at: None,
            occupancy: before.and_then(|before| before.occupancy.clone()),
            label: (context.words.name != context.subject.own_name()).then(|| context.words.name.clone()),
            alert: None,
            responses: Responses::default(),
        };
        let mut builder = Self {
            view: None,
            was_due: None,
            was_heard_at: now,
            incident,
            dispatches: Vec::new(),
            facts: Vec::new(),
            entry: None,
            context,
            now,
        };
        builder.add_fact("incident.opened", [("plan", context.plan_name.to_owned())]);
        builder
    }

    pub(super) fn add_fact<const N: usize>(&mut self, kind: &str, detail: [(&str, String); N]) {
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
        let body = OfIncident {
            step,
            count: incident.count,
            view: self.view.clone(),
            ..OfIncident::new(&incident.plan, &incident.plan_hash, incident.opened_at)
        };
        Dispatch::new(key, Body::Incident(body), self.now)
    }

    /// Returns the invitations to the plan's space, for the incident's first dispatch: a step, or the note on a late press.
    fn audience(&self) -> Vec<Message> {
        if self.incident.dispatches > 1 {
            return Vec::new();
        }
        invitations_of_space(self.context.plan).into_iter().map(Message::from).collect()
    }

    pub(super) fn post(&mut self, text: String) {
        let mut dispatch = self.dispatch(None);
        for message in self.audience() {
            dispatch.add(Delivery::new(message, self.now));
        }
        dispatch.add(Delivery {
            under: self.incident.occupancy.as_ref().map(|occupancy| occupancy.card).filter(|card| *card > 0),
            ..Delivery::new(Message::Space(SpaceMessage::Post { content: Content::Text(text) }), self.now)
        });
        self.dispatches.push(dispatch);
    }

    pub(super) fn last_word(&mut self, text: String) {
        self.post(text);
        if let Some(dispatch) = self.dispatches.last_mut() {
            dispatch.in_incident(|of| of.last_word = true);
        }
    }

    /// Adds a notice to the admins to the last dispatch.
    pub(super) fn notify_admins(&mut self, text: &str) {
        let now = self.now;
        let told = reach::tell_admins(self.context, text);
        if let Some(dispatch) = self.dispatches.last_mut() {
            for message in told {
                dispatch.add(Delivery { admin_notice: true, ..Delivery::new(message, now) });
            }
        }
    }

    /// Adds a delivery to the last dispatch, due at `at`.
    pub(super) fn add(&mut self, message: Message, at: Timestamp) {
        if let Some(dispatch) = self.dispatches.last_mut() {
            dispatch.add(Delivery::new(message, self.now).at(at));
        }
    }

    /// Makes the last dispatch the last word: the acknowledgement or the end decided here doesn't cancel the message about it.
    pub(super) fn mark_last_word(&mut self) {
        if let Some(dispatch) = self.dispatches.last_mut() {
            dispatch.in_incident(|of| of.last_word = true);
        }
    }

    /// Sets the decision's timeline entry.
    pub(super) fn add_entry(&mut self, what: String, by: Option<&Actor>) {
        self.entry = Some(TimelineEntry {
            at: self.now,
            what,
            who: by.map(|by| by.who.clone()),
            how: by.map(|by| by.how),
        });
    }

    pub(super) fn finish(mut self, outcome: EventOutcome) -> Decision {
        if !self.incident.phase.is_final() {
            // A hold or a snooze sets `heard_at` to its end. An event in between must not move it back.
            self.incident.heard_at = self.incident.heard_at.max(self.was_heard_at);
        }
        if self.incident.phase == Phase::Open {
            // The incident is open, perhaps again: no snooze and no question remain. Acknowledgements that were enough no longer
            // count.
            let responses = &mut self.incident.responses;
            (responses.snoozed_until, responses.asked_at, responses.confirmed_at) = (None, None, None);
            if is_quorum(&self.context.plan.need, &responses.acks) {
                responses.acks.clear();
            }
        }
        let wanted = wake_at(&self.incident, self.context.plan);
        // Moving an index entry costs two writes. An early wake-up costs one read, and sets the right time.
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
        if self.incident.phase.is_final() && self.incident.alert.is_some() {
            for dispatch in &mut self.dispatches {
                let ended = Box::new(self.incident.clone());
                dispatch.in_incident(|of| of.ended = Some(ended));
            }
        }
        if let (Some(entry), Some(first)) = (self.entry, self.dispatches.first_mut()) {
            first.in_incident(|of| of.entry = Some(Box::new(entry)));
        }
        Decision {
            count: self.incident.count,
            next: Some(self.incident),
            dispatches: self.dispatches,
            outcome,
        }
    }
}
