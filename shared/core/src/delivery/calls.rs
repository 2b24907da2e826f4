//! Calls of dispatches: which still ring, and which could be taken for one another.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Delivery, DeliveryId, Dispatch, Progress, VendorStatus};
use crate::address::E164;
use crate::vendor_id::CallSid;

/// How long after its time a call may still ring: the calls of a step may have to queue at Twilio.
const RINGS_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// Calls to one number that were placed for other deliveries. A call carries no tag by which it could be told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherCalls {
    /// The calls that are known to be theirs.
    pub known: BTreeSet<CallSid>,
    /// True if one of the deliveries may have placed a call that isn't known.
    pub uncertain: bool,
}

impl OtherCalls {
    /// Adds the calls of more deliveries.
    pub fn extend(&mut self, more: OtherCalls) {
        self.known.extend(more.known);
        self.uncertain |= more.uncertain;
    }
}

impl Dispatch {
    /// Returns the calls to a number that were placed for deliveries of this dispatch since a time, except those of one
    /// delivery.
    pub fn calls_to(&self, number: &E164, except: Option<DeliveryId>, since: Timestamp) -> OtherCalls {
        let mut others = OtherCalls::default();
        for (id, delivery) in &self.deliveries {
            if Some(*id) == except || delivery.message.called_number() != Some(number) {
                continue;
            }
            others.known.extend(self.call_of(*id, delivery));
            // `next_at` lies behind the last attempt.
            let recent = delivery.next_at >= since;
            others.uncertain |= match delivery.progress {
                Progress::Unknown => true,
                Progress::Dead => recent && delivery.unknowns > 0,
                // It was due when a worker claimed, and that worker has not said what became of it.
                Progress::Pending => {
                    self.lease.claims() > self.lease.settled()
                        && delivery.next_at.as_millisecond() <= self.lease.claimed_ms()
                }
                Progress::Sent | Progress::Cancelled => false,
            };
        }
        others
    }

    /// Returns the calls that were placed for this dispatch and, for all that is known, still ring.
    pub fn ringing_calls(&self, now: Timestamp) -> Vec<CallSid> {
        let rings = |(id, delivery): (&DeliveryId, &Delivery)| {
            delivery.message.called_number()?;
            let receipt = self.receipts.get(id);
            let answered =
                receipt.is_some_and(|receipt| receipt.last || receipt.status == VendorStatus::InProgress);
            let placed = delivery.progress == Progress::Sent && now < delivery.next_at + RINGS_WITHIN;
            (placed && !answered).then(|| self.call_of(*id, delivery)).flatten()
        };
        self.deliveries.iter().filter_map(rings).collect()
    }

    fn call_of(&self, id: DeliveryId, delivery: &Delivery) -> Option<CallSid> {
        let receipt = || self.receipts.get(&id).map(|receipt| receipt.id.clone());
        delivery.id.clone().or_else(receipt)?.parse().ok()
    }
}
