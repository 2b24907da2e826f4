//! A decision being made: the next state and what it says, growing together.

use jiff::Timestamp;

use super::command::enough;
use super::reach::{self, Paging};
use super::time::wake_at;
use super::{Decision, Outcome, Rules};
use crate::config::{People, Plan};
use crate::delivery::{
    Body, Content, Delivery, Dispatch, DispatchKey, Fact, MailMessage, Message, NOTICE, OfIncident, SUMMARY,
    SpaceMessage,
};
use crate::incident::command::{Actor, TimelineEntry};
use crate::incident::{Duty, Incident, Phase};
use crate::occupancy::view::View;
use crate::wording;

/// Phone deliveries beyond this number go into a dispatch of their own: a row stays small, and several workers share.
const PHONES_PER_DISPATCH: usize = 10;
/// About so many dispatches a step has at most, and then each has more phones: all of them are written in one transaction,
/// which takes a hundred rows (DynamoDB, TransactWriteItems).
const PARTS: usize = 30;

/// A decision being made: the next state and what it says, growing together.
pub(super) struct DecisionBuilder<'a> {
    pub(super) incident: Incident,
    /// The zone now, for whatever this decision says.
    pub(super) view: Option<Box<View>>,
    was_due: Option<Timestamp>,
    was_heard_at: Timestamp,
    dispatches: Vec<Dispatch>,
    facts: Vec<Fact>,
    entry: Option<TimelineEntry>,
    rules: Rules<'a>,
    now: Timestamp,
}

impl<'a> DecisionBuilder<'a> {
    pub(super) fn on(incident: &Incident, rules: Rules<'a>, now: Timestamp) -> Self {
        let mut incident = incident.clone();
        incident.version += 1;
        // A quiet time that is over is none.
        incident.duty.hold = incident.duty.hold.take().filter(|hold| hold.until > now);
        Self {
            view: None,
            was_due: incident.wake_at,
            was_heard_at: incident.heard_at,
            incident,
            dispatches: Vec::new(),
            facts: Vec::new(),
            entry: None,
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
            cancelled_up_to: 0,
            cancelled_epochs: before.map_or(0, |before| {
                if before.cancelled_up_to > 0 { before.epoch } else { before.cancelled_epochs }
            }),
            wake_at: None,
            crowd: before.and_then(|before| before.crowd.clone()),
            label: None,
            alert: None,
            duty: Duty::default(),
        };
        let mut builder = Self {
            view: None,
            was_due: None,
            was_heard_at: now,
            incident,
            dispatches: Vec::new(),
            facts: Vec::new(),
            entry: None,
            rules,
            now,
        };
        builder.fact("incident.opened", [("plan", rules.plan_name.to_owned())]);
        builder
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
        let body = OfIncident {
            step,
            count: incident.count,
            view: self.view.clone(),
            ..OfIncident::new(&incident.plan, &incident.plan_hash, incident.opened_at)
        };
        Dispatch::new(key, Body::Incident(body), self.now)
    }

    /// People of the space are invited by whatever an incident says first: a step, or the note of a late press.
    fn audience(&self) -> Vec<Message> {
        if self.incident.dispatches > 1 { Vec::new() } else { invitations_of_space(self.rules.plan) }
    }

    pub(super) fn post(&mut self, text: String) {
        let mut dispatch = self.dispatch(None);
        for say in self.audience() {
            dispatch.add(Delivery::new(say, self.now));
        }
        dispatch.add(Delivery {
            under: self.incident.crowd.as_ref().map(|crowd| crowd.card).filter(|card| *card > 0),
            ..Delivery::new(Message::Space(SpaceMessage::Post { content: Content::Text(text) }), self.now)
        });
        self.dispatches.push(dispatch);
    }

    /// Shows the zone: a card by itself, or what a step begins with.
    pub(super) fn card(&mut self, step: Option<u32>, note: Option<String>) {
        let number = self.incident.dispatches + 1;
        if let Some(crowd) = &mut self.incident.crowd {
            crowd.card = number;
        }
        let first = Some(Message::Space(SpaceMessage::ZoneCard))
            .into_iter()
            .chain(note.map(|note| Message::Space(SpaceMessage::Post { content: Content::Text(note) })));
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
            dispatch.in_incident(|of| of.last_word = true);
        }
    }

    pub(super) fn take_step(&mut self, number: u32, note: Option<String>) {
        self.step(
            number,
            note.map(|note| Message::Space(SpaceMessage::Post { content: Content::Text(note) })),
        );
    }

    fn step(&mut self, number: u32, first: impl IntoIterator<Item = Message>) {
        let plan = self.rules.plan;
        let Some(step) = plan.step(number) else { return };
        let before = self.incident.step_dispatch;
        let mut dispatch = self.dispatch(Some(number));
        dispatch.previous_post = (before > 0).then_some(before);
        if !self.by_name(number) {
            self.incident.step = number;
            self.incident.step_at = self.now;
        }
        for say in self.audience().into_iter().chain(step.people.iter().flat_map(invitations)) {
            dispatch.add(Delivery::new(say, self.now));
        }
        for say in first {
            dispatch.add(Delivery::new(say, self.now));
        }
        if step.post.is_some() {
            dispatch.add(Delivery::new(
                Message::Space(SpaceMessage::Post { content: Content::Step { step: number, item: 0 } }),
                self.now,
            ));
        }
        // Whom nobody wants to wake yet is called when the time comes, and it is whoever is on duty then; the step counts from
        // there. Whoever asks for a step by its name wants it now.
        let hold = self.incident.duty.hold.as_ref().map(|hold| hold.until).filter(|until| *until > self.now);
        let hold = hold.filter(|_| !self.by_name(number));
        let at = hold.unwrap_or(self.now);
        let reached = reach::everybody(step, number, self.rules, self.incident.alert.is_some(), at);
        for say in reached.people {
            dispatch.add(Delivery::new(say, self.now));
        }
        for gap in &reached.gaps {
            self.fact("roster.gap", [("gap", wording::incident::gap(gap))]);
            dispatch.add(Delivery::new(
                Message::Space(SpaceMessage::Post {
                    content: Content::Text(wording::incident::gap_post(gap)),
                }),
                self.now,
            ));
            for say in reach::tell_admins(self.rules, &wording::incident::gap_notice(gap, &self.incident)) {
                dispatch
                    .add(Delivery { instead_of: Some(NOTICE.to_owned()), ..Delivery::new(say, self.now) });
            }
        }
        if let Some(until) = hold {
            self.incident.step_at = until;
        }
        // A step that posts nothing holds back nobody: the next post waits for the one before it.
        if dispatch.deliveries.values().any(|delivery| delivery.message.is_post()) && !self.by_name(number) {
            self.incident.step_dispatch = dispatch.key.number;
        }
        let most = PHONES_PER_DISPATCH.max(reached.pages.len().div_ceil(PARTS));
        let mut parts = reach::in_parts(reached.pages, most).into_iter();
        fill(&mut dispatch, parts.next().unwrap_or_default(), (hold, self.now));
        self.dispatches.push(dispatch);
        for part in parts {
            let mut dispatch = self.dispatch(Some(number));
            fill(&mut dispatch, part, (hold, self.now));
            self.dispatches.push(dispatch);
        }
    }

    /// A step that only comes when it is asked for: the others go on from where they are.
    fn by_name(&self, number: u32) -> bool {
        number as usize > self.rules.plan.steps.len()
    }

    /// The plan from its first step, or only these words if it has none.
    pub(super) fn begin(&mut self, first: impl IntoIterator<Item = Message>) {
        if self.rules.plan.steps.is_empty() {
            let mut dispatch = self.dispatch(None);
            for say in self.audience().into_iter().chain(first) {
                dispatch.add(Delivery::new(say, self.now));
            }
            self.dispatches.push(dispatch);
        } else {
            self.step(1, first);
        }
    }

    /// The next step of the plan; after the last the first again, if it is to be begun again; else only these words.
    pub(super) fn climb_on(&mut self, note: String) {
        let step = self.incident.step;
        if (step as usize) < self.rules.plan.steps.len() {
            self.take_step(step + 1, Some(note));
        } else if self.has_a_round_left() {
            self.incident.duty.round += 1;
            self.take_step(1, Some(note));
        } else {
            self.post(note);
            let text = wording::incident::nobody_left(&self.incident);
            self.tell_admins(&text);
        }
        self.card_too();
    }

    fn has_a_round_left(&self) -> bool {
        let plan = self.rules.plan;
        let again = plan.again.as_ref().is_some_and(|again| self.incident.duty.round < again.times);
        again && !plan.steps.is_empty()
    }

    /// Nobody has it any more, and nobody is being called: the next step, and where there is none the last one again.
    pub(super) fn climb_on_again(&mut self, note: String) {
        let ended = self.incident.step as usize >= self.rules.plan.steps.len() && !self.has_a_round_left();
        if ended { self.step_again(note) } else { self.climb_on(note) }
    }

    /// The step that was taken last once more.
    pub(super) fn step_again(&mut self, note: String) {
        match self.incident.step {
            0 => self.post(note),
            step => self.take_step(step, Some(note)),
        }
        self.card_too();
    }

    /// A word to the admins.
    pub(super) fn tell_admins(&mut self, text: &str) {
        let now = self.now;
        let told = reach::tell_admins(self.rules, text);
        if let Some(dispatch) = self.dispatches.last_mut() {
            for say in told {
                dispatch.add(Delivery { instead_of: Some(NOTICE.to_owned()), ..Delivery::new(say, now) });
            }
        }
    }

    /// What became of everybody and everything, as a file in the space and by mail to whoever reported it.
    pub(super) fn report(&mut self, at: Timestamp) {
        let Some(alert) = self.incident.alert.clone() else { return };
        self.add(Message::Space(SpaceMessage::IncidentReport), at);
        let answer = alert.origin.as_ref().and_then(|origin| origin.answer_to.clone());
        let reporter = alert.reporter.as_ref().and_then(|reporter| reporter.email.clone());
        let mut told: Vec<String> = Vec::new();
        for email in answer.into_iter().chain(reporter).chain(self.rules.report_to.iter().cloned()) {
            if !told.iter().any(|known| known.eq_ignore_ascii_case(&email)) {
                self.add(Message::Mail(MailMessage::IncidentReport { email: email.clone() }), at);
                told.push(email);
            }
        }
    }

    /// Shows how the incident stands, in the place of what showed it before. Where there is no card, `text` says it.
    pub(super) fn status(&mut self, text: String) {
        if !self.shows_card() {
            return self.post(text);
        }
        let mut dispatch = self.dispatch(None);
        for say in self.audience() {
            dispatch.add(Delivery::new(say, self.now));
        }
        self.dispatches.push(dispatch);
        self.card_too();
    }

    /// The incident has a card of its own that is kept true.
    pub(super) fn shows_card(&self) -> bool {
        self.rules.plan.card.unwrap_or(self.incident.alert.is_some())
    }

    /// Adds to what was decided last.
    pub(super) fn add(&mut self, say: Message, at: Timestamp) {
        if let Some(dispatch) = self.dispatches.last_mut() {
            dispatch.add(Delivery::new(say, self.now).at(at));
        }
    }

    /// Shows the card in the dispatch that was decided last.
    pub(super) fn card_too(&mut self) {
        if self.shows_card()
            && let Some(dispatch) = self.dispatches.last_mut()
        {
            dispatch.add(Delivery::new(Message::Space(SpaceMessage::IncidentCard), self.now));
            let before = std::mem::replace(&mut self.incident.duty.card, dispatch.key.number);
            if before > 0 {
                dispatch
                    .add(Delivery::new(Message::Space(SpaceMessage::RemoveCard { card: before }), self.now));
            }
        }
    }

    /// What is decided here is the last word: an acknowledgement or an end doesn't cancel what it says itself.
    pub(super) fn stands(&mut self) {
        if let Some(dispatch) = self.dispatches.last_mut() {
            dispatch.in_incident(|of| of.last_word = true);
        }
    }

    /// A line of the ledger.
    pub(super) fn entry(&mut self, what: String, by: Option<&Actor>) {
        self.entry = Some(TimelineEntry {
            at: self.now,
            what,
            who: by.map(|by| by.who.clone()),
            how: by.map(|by| by.how),
        });
    }

    pub(super) fn done(mut self, outcome: Outcome) -> Decision {
        if !self.incident.phase.is_final() {
            // What is held back or asleep was heard of in advance: a word in between doesn't end it before it begins.
            self.incident.heard_at = self.incident.heard_at.max(self.was_heard_at);
        }
        if self.incident.phase == Phase::Open {
            // Opened again, by whatever: nobody sleeps or confirms, and who had it is asked like everybody else.
            let duty = &mut self.incident.duty;
            (duty.snoozed_until, duty.asked_at, duty.confirmed_at) = (None, None, None);
            if enough(&self.rules.plan.need, &duty.acks) {
                duty.acks.clear();
            }
        }
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

/// The report is there from the beginning: who dies after posting it must have left a trace.
fn fill(dispatch: &mut Dispatch, pages: Vec<Paging>, (hold, now): (Option<Timestamp>, Timestamp)) {
    let some = !pages.is_empty();
    for Paging { say, recipient, after } in pages {
        let delivery = Delivery { recipient, ..Delivery::new(say, now) };
        dispatch.add(match (hold, after) {
            (None, after) if after.is_zero() => delivery,
            (hold, after) => delivery.at(hold.unwrap_or(now) + after),
        });
    }
    if some {
        dispatch
            .deliveries
            .insert(SUMMARY.to_owned(), Delivery::new(Message::Space(SpaceMessage::DeliverySummary), now));
    }
}

pub(super) fn invitations(people: &People) -> Vec<Message> {
    let say = |moderator| {
        move |email: &String| Message::Space(SpaceMessage::Invite { email: email.clone(), moderator })
    };
    people.moderators.iter().map(say(true)).chain(people.participants.iter().map(say(false))).collect()
}

pub(super) fn invitations_of_space(plan: &Plan) -> Vec<Message> {
    let space = &plan.space;
    invitations(&People { moderators: space.moderators.clone(), participants: space.participants.clone() })
}
