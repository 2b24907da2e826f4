//! Chains: several attempts to reach the same person, and what the end of one attempt means for the others.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Content, Delivery, DeliveryId, Dispatch, Message, PhoneMessage, Progress, Receipt, VendorStatus,
};
use crate::address::{E164, SmsSender};
use crate::incident::Responses;

/// How an attempt to reach a person has ended, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// It hasn't ended, or no further receipt will come.
    Open,
    /// A person took the call, and it is over.
    Answered,
    /// It reached nobody.
    Failed,
}

fn ended(delivery: &Delivery, receipt: Option<&Receipt>) -> Ended {
    match (delivery.progress, receipt) {
        (_, Some(receipt)) if receipt.status.brought_nobody() => Ended::Failed,
        // While the call lasts, it is unknown whether a person or a machine answered.
        (_, Some(receipt)) if delivery.message.is_call() && receipt.status == VendorStatus::Completed => {
            Ended::Answered
        }
        (Progress::Dead, None) => Ended::Failed,
        (_, Some(_))
        | (Progress::Pending | Progress::Unknown | Progress::Sent | Progress::Cancelled, None) => Ended::Open,
    }
}

impl Dispatch {
    /// Returns the attempts for each person, in their order.
    fn chains(&self) -> BTreeMap<String, Vec<DeliveryId>> {
        let mut chains: BTreeMap<String, Vec<DeliveryId>> = BTreeMap::new();
        for (id, delivery) in &self.deliveries {
            if let Some(recipient) = &delivery.recipient {
                chains.entry(recipient.id.clone()).or_default().push(*id);
            }
        }
        chains
    }

    /// Adapts the attempts for each person to those that have ended. Call it after a claim.
    ///
    /// After a failed attempt, the next attempt by another way is due at once instead of at its own time. After an answered call,
    /// the later attempts that are made only until somebody answers are cancelled.
    pub fn expedite(&mut self, now: Timestamp) {
        for chain in self.chains().into_values() {
            for (place, id) in chain.iter().enumerate() {
                let Some(delivery) = self.deliveries.get(id) else { continue };
                let ended = ended(delivery, self.receipts.get(id));
                let call = delivery.message.is_call();
                let mut rest = chain[place + 1..].iter();
                match ended {
                    Ended::Open => {}
                    Ended::Answered => {
                        for later in rest {
                            if let Some(later) = self.deliveries.get_mut(later)
                                && later.progress == Progress::Pending
                                && later.recipient.as_ref().is_some_and(|recipient| recipient.until_answered)
                            {
                                later.progress = Progress::Cancelled;
                            }
                        }
                    }
                    Ended::Failed => {
                        // If that attempt has begun, it already followed this failure. A pause that its vendor asked for is kept.
                        let other = |next: &&DeliveryId| {
                            self.deliveries.get(*next).is_some_and(|next| next.message.is_call() != call)
                        };
                        let next = rest.find(other);
                        if let Some(next) = next.and_then(|next| self.deliveries.get_mut(next))
                            && next.progress == Progress::Pending
                            && next.tries == 0
                            && next.since > now
                        {
                            next.next_at = now;
                            next.since = now;
                        }
                    }
                }
            }
        }
    }

    /// Returns true if another attempt is pending for the same person.
    pub(crate) fn tries_again(&self, delivery: &Delivery) -> bool {
        let Some(recipient) = &delivery.recipient else { return false };
        let same = |other: &Delivery| other.recipient.as_ref().is_some_and(|other| other.id == recipient.id);
        self.deliveries.values().any(|other| same(other) && other.progress == Progress::Pending)
    }

    /// Returns true if attempts were made to reach somebody and all of them have certainly failed.
    pub fn brought_nobody(&self) -> bool {
        let mut pages = self
            .deliveries
            .iter()
            .filter(|(_, delivery)| delivery.message.is_page() && delivery.recipient.is_some());
        let mut some = false;
        pages.all(|(id, delivery)| {
            some = true;
            let receipt = self.receipts.get(id);
            let perhaps_left = receipt.is_none() && delivery.unknowns > 0;
            ended(delivery, receipt) == Ended::Failed && !perhaps_left
        }) && some
    }

    /// Cancels the pending deliveries to people who have the incident already or can't take it.
    pub fn skip_responders(&mut self, responses: &Responses) {
        let spared = |id: &str| {
            responses.acks.iter().any(|ack| ack.person.as_deref() == Some(id))
                || responses.cannot.iter().any(|known| known == id)
        };
        for delivery in self.deliveries.values_mut() {
            if delivery.progress == Progress::Pending
                && delivery.recipient.as_ref().is_some_and(|recipient| spared(&recipient.id))
            {
                delivery.progress = Progress::Cancelled;
            }
        }
    }

    /// Adds a text to everybody whom the earlier dispatches notified by phone, once each, except for one person or number.
    pub fn tell_called(&mut self, earlier: &[Dispatch], text: &str, except: Option<&str>, now: Timestamp) {
        let mut told: Vec<E164> = Vec::new();
        for (to, from, id) in earlier.iter().flat_map(Dispatch::told_by_phone) {
            if told.contains(to) || except.is_some_and(|except| except == id || to == except) {
                continue;
            }
            told.push(to.clone());
            let content = Content::Text(text.to_owned());
            let message = Message::Phone(PhoneMessage::Text { to: to.clone(), from, content });
            self.add(Delivery::new(message, now));
        }
        if !told.is_empty() {
            self.add_summary(now);
        }
    }

    /// Returns the phones that this dispatch notified of the incident, each with the sender and the recipient's id.
    pub fn told_by_phone(&self) -> Vec<(&E164, Option<SmsSender>, &str)> {
        let reached = |id: &DeliveryId, delivery: &Delivery| {
            matches!(delivery.progress, Progress::Sent | Progress::Unknown) || self.receipts.contains_key(id)
        };
        self.deliveries
            .iter()
            .filter(|(id, delivery)| reached(id, delivery))
            .filter_map(|(_, delivery)| {
                let (to, from) = delivery.message.paged_phone()?;
                let id = delivery.recipient.as_ref().map_or(to.as_str(), |recipient| recipient.id.as_str());
                Some((to, from, id))
            })
            .collect()
    }
}
