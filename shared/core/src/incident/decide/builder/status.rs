//! The state of the incident in its space: the card of a zone, the card of an alert, and the report at the end.

use jiff::Timestamp;

use super::DecisionBuilder;
use crate::address::EmailAddress;
use crate::delivery::{Content, Delivery, MailMessage, Message, SpaceMessage};

impl DecisionBuilder<'_> {
    /// Posts the zone's card, alone or at the beginning of a step.
    pub(in crate::incident::decide) fn card(&mut self, step: Option<u32>, note: Option<String>) {
        let number = self.incident.dispatches + 1;
        if let Some(occupancy) = &mut self.incident.occupancy {
            occupancy.card = number;
        }
        let first = Some(Message::Space(SpaceMessage::ZoneCard))
            .into_iter()
            .chain(note.map(|note| Message::Space(SpaceMessage::Post { content: Content::Text(note) })));
        match step {
            Some(step) => self.step(step, first),
            None => {
                let mut dispatch = self.dispatch(None);
                for message in self.audience().into_iter().chain(first) {
                    dispatch.add(Delivery::new(message, self.now));
                }
                self.dispatches.push(dispatch);
            }
        }
    }

    /// Shows the state of the incident on a new card that replaces the previous one. Without a card, posts `text`.
    pub(in crate::incident::decide) fn status(&mut self, text: String) {
        if !self.shows_card() {
            return self.post(text);
        }
        let mut dispatch = self.dispatch(None);
        for message in self.audience() {
            dispatch.add(Delivery::new(message, self.now));
        }
        self.dispatches.push(dispatch);
        self.card_too();
    }

    /// Returns true if the incident has a card that is kept up to date.
    pub(in crate::incident::decide) fn shows_card(&self) -> bool {
        self.context.plan.card.unwrap_or(self.incident.alert.is_some())
    }

    /// Adds the incident's card to the last dispatch.
    pub(in crate::incident::decide) fn card_too(&mut self) {
        if self.shows_card()
            && let Some(dispatch) = self.dispatches.last_mut()
        {
            dispatch.add(Delivery::new(Message::Space(SpaceMessage::IncidentCard), self.now));
            let before = std::mem::replace(&mut self.incident.responses.card, dispatch.key.number);
            if before > 0 {
                dispatch
                    .add(Delivery::new(Message::Space(SpaceMessage::RemoveCard { card: before }), self.now));
            }
        }
    }

    /// Adds the incident report: as a file in the space, and by mail to the people who reported the incident or always get
    /// reports.
    pub(in crate::incident::decide) fn report(&mut self, at: Timestamp) {
        let Some(alert) = self.incident.alert.clone() else { return };
        self.add(Message::Space(SpaceMessage::IncidentReport), at);
        let answer = alert.origin.as_ref().and_then(|origin| origin.answer_to.clone());
        let reporter = alert.reporter.as_ref().and_then(|reporter| reporter.email.clone());
        let mut told: Vec<EmailAddress> = Vec::new();
        for email in answer.into_iter().chain(reporter).chain(self.context.report_to.iter().cloned()) {
            if !told.iter().any(|known| known.eq_ignore_ascii_case(&email)) {
                self.add(Message::Mail(MailMessage::IncidentReport { email: email.clone() }), at);
                told.push(email);
            }
        }
    }
}
