//! Steps: a given step, the next one, and the last one again.

use jiff::Timestamp;

use super::DecisionBuilder;
use crate::delivery::{Content, Delivery, Dispatch, Message, SpaceMessage};
use crate::incident::decide::reach::{self, Paging};
use crate::incident::decide::space::invitations;
use crate::wording;

/// Maximum number of phone deliveries in a dispatch. A row stays small, and several workers share a large step.
const PHONES_PER_DISPATCH: usize = 10;
/// Approximate maximum number of dispatches of a step. Larger steps have more phones in each dispatch: a step is written in one
/// transaction, which takes at most 100 rows (DynamoDB, TransactWriteItems).
const PARTS: usize = 30;

impl DecisionBuilder<'_> {
    /// Takes the plan's first step. If the plan has no steps, only sends `first`.
    pub(in crate::incident::decide) fn begin(&mut self, first: impl IntoIterator<Item = Message>) {
        if self.context.plan.steps.is_empty() {
            let mut dispatch = self.dispatch(None);
            for message in self.audience().into_iter().chain(first) {
                dispatch.add(Delivery::new(message, self.now));
            }
            self.dispatches.push(dispatch);
        } else {
            self.step(1, first);
        }
    }

    pub(in crate::incident::decide) fn take_step(&mut self, number: u32, note: Option<String>) {
        self.step(
            number,
            note.map(|note| Message::Space(SpaceMessage::Post { content: Content::Text(note) })),
        );
    }

    /// Takes the next step. After the last one, starts the next round of the plan if one is left; otherwise posts the note and
    /// notifies the admins.
    pub(in crate::incident::decide) fn escalate(&mut self, note: String) {
        let step = self.incident.step;
        if (step as usize) < self.context.plan.steps.len() {
            self.take_step(step + 1, Some(note));
        } else if self.has_a_round_left() {
            self.incident.responses.round += 1;
            self.take_step(1, Some(note));
        } else {
            self.post(note);
            let text = wording::incident::nobody_left(&self.incident);
            self.notify_admins(&text);
        }
        self.card_too();
    }

    /// Continues when nobody has the incident any more: takes the next step, or the last one again if there is no next.
    pub(in crate::incident::decide) fn resume_escalation(&mut self, note: String) {
        let ended = self.incident.step as usize >= self.context.plan.steps.len() && !self.has_a_round_left();
        if ended { self.step_again(note) } else { self.escalate(note) }
    }

    /// Takes the last step again.
    pub(in crate::incident::decide) fn step_again(&mut self, note: String) {
        match self.incident.step {
            0 => self.post(note),
            step => self.take_step(step, Some(note)),
        }
        self.card_too();
    }

    fn has_a_round_left(&self) -> bool {
        let plan = self.context.plan;
        let again =
            plan.again.as_ref().is_some_and(|again| self.incident.responses.has_restart_left(again.times));
        again && !plan.steps.is_empty()
    }

    pub(super) fn step(&mut self, number: u32, first: impl IntoIterator<Item = Message>) {
        let plan = self.context.plan;
        let Some(step) = plan.step(number) else { return };
        let before = self.incident.step_dispatch;
        let mut dispatch = self.dispatch(Some(number));
        dispatch.previous_post = (before > 0).then_some(before);
        if !self.by_name(number) {
            self.incident.step = number;
            self.incident.step_at = self.now;
        }
        for message in
            self.audience().into_iter().chain(step.people.iter().flat_map(invitations).map(Message::from))
        {
            dispatch.add(Delivery::new(message, self.now));
        }
        for message in first {
            dispatch.add(Delivery::new(message, self.now));
        }
        if step.post.is_some() {
            dispatch.add(Delivery::new(
                Message::Space(SpaceMessage::Post { content: Content::Step { step: number, item: 0 } }),
                self.now,
            ));
        }
        // During a hold, the people on call at its end are called at its end, and the time to the next step counts from there. A
        // step that a person asks for by name is taken at once.
        let hold =
            self.incident.responses.hold.as_ref().map(|hold| hold.until).filter(|until| *until > self.now);
        let hold = hold.filter(|_| !self.by_name(number));
        let at = hold.unwrap_or(self.now);
        let reached = reach::reach_people(step, number, self.context, self.incident.alert.is_some(), at);
        for message in reached.people.into_iter().map(Message::from) {
            dispatch.add(Delivery::new(message, self.now));
        }
        for gap in &reached.gaps {
            self.add_fact("roster.gap", [("gap", wording::incident::gap(gap))]);
            dispatch.add(Delivery::new(
                Message::Space(SpaceMessage::Post {
                    content: Content::Text(wording::incident::gap_post(gap)),
                }),
                self.now,
            ));
            for message in
                reach::tell_admins(self.context, &wording::incident::gap_notice(gap, &self.incident))
            {
                dispatch.add(Delivery { admin_notice: true, ..Delivery::new(message, self.now) });
            }
        }
        if let Some(until) = hold {
            self.incident.step_at = until;
        }
        // A step without posts isn't one that later posts wait for: the next post waits for the last step that has one.
        if dispatch.deliveries.values().any(|delivery| delivery.message.is_post()) && !self.by_name(number) {
            self.incident.step_dispatch = dispatch.key.number;
        }
        let most = PHONES_PER_DISPATCH.max(reached.pages.len().div_ceil(PARTS));
        let mut parts = reach::in_parts(reached.pages, most).into_iter();
        add_attempts(&mut dispatch, parts.next().unwrap_or_default(), hold, self.now);
        self.dispatches.push(dispatch);
        for part in parts {
            let mut dispatch = self.dispatch(Some(number));
            add_attempts(&mut dispatch, part, hold, self.now);
            self.dispatches.push(dispatch);
        }
    }

    /// Returns true for a step that is taken only by its name. It doesn't change the current step.
    fn by_name(&self, number: u32) -> bool {
        number as usize > self.context.plan.steps.len()
    }
}

/// Adds the attempts and, if there are any, the delivery summary. The summary is in the row before it is posted, so that a worker
/// that dies after posting it leaves a trace.
fn add_attempts(dispatch: &mut Dispatch, pages: Vec<Paging>, hold: Option<Timestamp>, now: Timestamp) {
    let some = !pages.is_empty();
    for Paging { message, recipient, after } in pages {
        let delivery = Delivery { recipient, ..Delivery::new(message, now) };
        dispatch.add(match (hold, after) {
            (None, after) if after.is_zero() => delivery,
            (hold, after) => delivery.at(hold.unwrap_or(now) + after),
        });
    }
    if some {
        dispatch.add_summary(now);
    }
}
