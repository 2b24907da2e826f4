//! Several attempts to reach the same person: what one that failed, or one that was answered, means for the others.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Content, Delivery, Dispatch, Message, PhoneMessage, Progress, Receipt, SUMMARY, SpaceMessage,
    VendorStatus,
};
use crate::incident::Duty;

/// How an attempt to reach somebody has ended, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// Not yet, or nothing more will be heard of it.
    Open,
    /// Somebody took the call, and it is over.
    Answered,
    /// It brought nobody.
    Failed,
}

fn ended(delivery: &Delivery, receipt: Option<&Receipt>) -> Ended {
    match (delivery.progress, receipt) {
        (_, Some(receipt)) if receipt.status.brought_nobody() => Ended::Failed,
        // While it lasts, nobody knows yet whether a person or a machine picked up.
        (_, Some(receipt)) if delivery.message.is_call() && receipt.status == VendorStatus::Completed => {
            Ended::Answered
        }
        (Progress::Dead, None) => Ended::Failed,
        _ => Ended::Open,
    }
}

impl Dispatch {
    /// The attempts for each person, in their order.
    fn chains(&self) -> BTreeMap<String, Vec<String>> {
        let mut chains: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, delivery) in &self.deliveries {
            if let Some(recipient) = &delivery.recipient {
                chains.entry(recipient.id.clone()).or_default().push(name.clone());
            }
        }
        for chain in chains.values_mut() {
            chain.sort_by_key(|name| name.parse::<u32>().unwrap_or(u32::MAX));
        }
        chains
    }

    /// After an attempt that failed, the next one that goes another way comes at once, and not at its time. After a call
    /// that was answered, those that are made until somebody answers are not made any more. To be called after a claim.
    pub fn expedite(&mut self, now: Timestamp) {
        for chain in self.chains().into_values() {
            for (place, name) in chain.iter().enumerate() {
                let Some(delivery) = self.deliveries.get(name) else { continue };
                let ended = ended(delivery, self.receipts.get(name));
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
                        // If that one was begun, it was the answer to this failure; what the vendor puts off stays so.
                        let other = |next: &&String| {
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

    /// Another attempt is made for the same person after this one.
    pub(crate) fn tries_again(&self, delivery: &Delivery) -> bool {
        let Some(recipient) = &delivery.recipient else { return false };
        let same = |other: &Delivery| other.recipient.as_ref().is_some_and(|other| other.id == recipient.id);
        self.deliveries.values().any(|other| same(other) && other.progress == Progress::Pending)
    }

    /// Every attempt to bring somebody has certainly failed, and there was one.
    pub fn brought_nobody(&self) -> bool {
        let mut pages = self
            .deliveries
            .iter()
            .filter(|(_, delivery)| delivery.message.is_page() && delivery.recipient.is_some());
        let mut some = false;
        pages.all(|(name, delivery)| {
            some = true;
            let receipt = self.receipts.get(name);
            let perhaps_left = receipt.is_none() && delivery.unknowns > 0;
            ended(delivery, receipt) == Ended::Failed && !perhaps_left
        }) && some
    }

    /// Cancels what was not begun for those who have it already or can't.
    pub fn skip_responders(&mut self, duty: &Duty) {
        let spared = |id: &str| {
            duty.acks.iter().any(|ack| ack.person.as_deref() == Some(id))
                || duty.cannot.iter().any(|known| known == id)
        };
        for delivery in self.deliveries.values_mut() {
            if delivery.progress == Progress::Pending
                && delivery.recipient.as_ref().is_some_and(|recipient| spared(&recipient.id))
            {
                delivery.progress = Progress::Cancelled;
            }
        }
    }

    /// Adds a text to everybody whom the earlier dispatches told by phone, each once, but for one.
    pub fn tell_called(&mut self, earlier: &[Dispatch], text: &str, except: Option<&str>, now: Timestamp) {
        let mut told: Vec<String> = Vec::new();
        for (to, from, id) in earlier.iter().flat_map(Dispatch::told_by_phone) {
            if told.iter().any(|known| known == to) || except == Some(id) || except == Some(to) {
                continue;
            }
            told.push(to.to_owned());
            let content = Content::Text(text.to_owned());
            let say =
                Message::Phone(PhoneMessage::Text { to: to.to_owned(), from: from.to_owned(), content });
            self.add(Delivery::new(say, now));
        }
        if !told.is_empty() {
            self.deliveries
                .entry(SUMMARY.to_owned())
                .or_insert_with(|| Delivery::new(Message::Space(SpaceMessage::DeliverySummary), now));
        }
    }

    /// The phones that this dispatch told of the incident, each with the number that told it and the id that it is known by.
    pub fn told_by_phone(&self) -> Vec<(&str, &str, &str)> {
        let reached = |name: &String, delivery: &Delivery| {
            matches!(delivery.progress, Progress::Sent | Progress::Unknown)
                || self.receipts.contains_key(name)
        };
        self.deliveries
            .iter()
            .filter(|(name, delivery)| reached(name, delivery))
            .filter_map(|(_, delivery)| {
                let (to, from) = delivery.message.paged_phone()?;
                let id = delivery.recipient.as_ref().map_or(to, |recipient| recipient.id.as_str());
                Some((to, from, id))
            })
            .collect()
    }
}
