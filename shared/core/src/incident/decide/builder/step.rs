//! Steps: who is called and what is posted, the next one, and the plan once more.

use jiff::Timestamp;

use super::DecisionBuilder;
use crate::delivery::{Content, Delivery, Dispatch, Message, NOTICE, SUMMARY, SpaceMessage};
use crate::incident::decide::reach::{self, Paging};
use crate::incident::decide::space::invitations;
use crate::wording;

/// Phone deliveries beyond this number go into a dispatch of their own: a row stays small, and several workers share.
const PHONES_PER_DISPATCH: usize = 10;
/// About so many dispatches a step has at most, and then each has more phones: all of them are written in one transaction,
/// which takes a hundred rows (DynamoDB, TransactWriteItems).
const PARTS: usize = 30;

impl DecisionBuilder<'_> {
    /// The plan from its first step, or only these words if it has none.
    pub(in crate::incident::decide) fn begin(&mut self, first: impl IntoIterator<Item = Message>) {
        if self.context.plan.steps.is_empty() {
            let mut dispatch = self.dispatch(None);
            for say in self.audience().into_iter().chain(first) {
                dispatch.add(Delivery::new(say, self.now));
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

    /// The next step of the plan; after the last the first again, if it is to be begun again; else only these words.
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

    /// Nobody has it any more, and nobody is being called: the next step, and where there is none the last one again.
    pub(in crate::incident::decide) fn resume_escalation(&mut self, note: String) {
        let ended = self.incident.step as usize >= self.context.plan.steps.len() && !self.has_a_round_left();
        if ended { self.step_again(note) } else { self.escalate(note) }
    }

    /// The step that was taken last once more.
    pub(in crate::incident::decide) fn step_again(&mut self, note: String) {
        match self.incident.step {
            0 => self.post(note),
            step => self.take_step(step, Some(note)),
        }
        self.card_too();
    }

    fn has_a_round_left(&self) -> bool {
        let plan = self.context.plan;
        let again = plan.again.as_ref().is_some_and(|again| self.incident.responses.round < again.times);
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
        // Whom nobody wants to wake yet is called when the time comes, and it is the person on call then; the step counts from
        // there. Whoever asks for a step by its name wants it now.
        let hold =
            self.incident.responses.hold.as_ref().map(|hold| hold.until).filter(|until| *until > self.now);
        let hold = hold.filter(|_| !self.by_name(number));
        let at = hold.unwrap_or(self.now);
        let reached = reach::everybody(step, number, self.context, self.incident.alert.is_some(), at);
        for say in reached.people {
            dispatch.add(Delivery::new(say, self.now));
        }
        for gap in &reached.gaps {
            self.add_fact("roster.gap", [("gap", wording::incident::gap(gap))]);
            dispatch.add(Delivery::new(
                Message::Space(SpaceMessage::Post {
                    content: Content::Text(wording::incident::gap_post(gap)),
                }),
                self.now,
            ));
            for say in reach::tell_admins(self.context, &wording::incident::gap_notice(gap, &self.incident)) {
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
        number as usize > self.context.plan.steps.len()
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
