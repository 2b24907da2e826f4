//! The life cycle of a delivery as pure rules: what is due, what an outcome means, when to look a delivery up, when to give up.

use jiff::{SignedDuration, Timestamp};

use super::{
    CLAIMS_EXPECTED, Delivery, DeliveryId, Dispatch, Fact, MAX_AGE, MAX_ATTEMPTS, MAX_UNKNOWN, Message,
    Patience, Progress, SETTLE,
};

/// The worker's task for a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Send it.
    Send,
    /// Look up whether the vendor has it. Send it if the look-up finds nothing, unless it is cancelled.
    LookUp,
}

/// Outcome of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The vendor has accepted it under this id.
    Sent(String),
    /// Certainly not accepted. Retried after the pause or the usual back-off, whichever is longer.
    NotSent {
        /// The pause that the vendor asked for.
        pause: Option<SignedDuration>,
        /// The reason, in words.
        why: String,
    },
    /// Certainly not accepted, and a retry won't help.
    Refused {
        /// The reason, in words.
        why: String,
    },
    /// Unknown whether the vendor has accepted it.
    Unknown {
        /// The reason, in words.
        why: String,
    },
    /// The look-up failed. A failed look-up is not an empty look-up.
    LookFailed {
        /// The reason, in words.
        why: String,
    },
    /// The look-up found nothing, but one such look-up doesn't prove enough: look it up again.
    LookAgain,
    /// Not tried, since something else has to come first.
    Waits {
        /// How long to wait.
        pause: SignedDuration,
    },
    /// The look-up found nothing, and the delivery isn't wanted any more.
    NotWanted,
}

impl Outcome {
    /// Returns true if the vendor was asked to send the delivery, whatever came of it.
    pub fn is_attempt(&self) -> bool {
        match self {
            Self::Sent(_) | Self::NotSent { .. } | Self::Refused { .. } | Self::Unknown { .. } => true,
            Self::LookFailed { .. } | Self::LookAgain | Self::Waits { .. } | Self::NotWanted => false,
        }
    }

    /// Returns true if nothing more is done about the delivery.
    pub fn settles(&self) -> bool {
        match self {
            Self::Sent(_) | Self::Refused { .. } | Self::NotWanted => true,
            Self::NotSent { .. }
            | Self::Unknown { .. }
            | Self::LookFailed { .. }
            | Self::LookAgain
            | Self::Waits { .. } => false,
        }
    }
}

impl Dispatch {
    /// Repairs what a dead worker left behind, and applies the receipts that callbacks wrote. Call it after a claim.
    ///
    /// A worker that died may have sent everything that was due when it claimed, so the outcome of all of it is unknown. Returns
    /// the ids of the deliveries that are dead because of this: a row at which every worker dies must not be retried forever.
    pub fn recover(&mut self, died_at_ms: Option<i64>, now: Timestamp) -> Vec<DeliveryId> {
        if let Some(claimed_ms) = died_at_ms {
            for delivery in self.deliveries.values_mut() {
                if delivery.is_open()
                    && delivery.message.may_reach_vendor()
                    && delivery.next_at.as_millisecond() <= claimed_ms
                {
                    delivery.progress = Progress::Unknown;
                    delivery.tries += 1;
                    delivery.unknowns += 1;
                    delivery.looks = 0;
                    delivery.next_at = now;
                }
            }
        }
        for (id, receipt) in &self.receipts {
            if let Some(delivery) = self.deliveries.get_mut(id)
                && delivery.is_open()
            {
                delivery.progress = Progress::Sent;
                delivery.id = Some(receipt.id.clone());
            }
        }
        let mut died = Vec::new();
        let patience = self.patience;
        for (id, delivery) in &mut self.deliveries {
            // Posts that are retried for a day have failed often before. Only attempts with unknown outcome count for them.
            let patient = patience == Patience::Day && delivery.message.is_post();
            let ended = if patient { delivery.unknowns } else { delivery.tries };
            if died_at_ms.is_some() && delivery.progress == Progress::Unknown && ended >= MAX_ATTEMPTS {
                delivery.progress = Progress::Dead;
                delivery.why =
                    Some("the worker ended in the middle of sending it, time and again".to_owned());
                died.push(*id);
            }
        }
        died
    }

    /// Cancels the pending deliveries, since an acknowledgement or an end came first. Deliveries that may have been sent are still
    /// looked up. Admins are still notified of earlier deliveries that failed.
    pub fn cancel(&mut self) {
        for delivery in self.deliveries.values_mut() {
            // An old card must not stay next to the one that shows the acknowledgement.
            let tidies = delivery.message.removed_card().is_some();
            if delivery.progress == Progress::Pending
                && !delivery.message.is_summary()
                && !delivery.admin_notice
                && !tidies
            {
                delivery.progress = Progress::Cancelled;
            }
        }
    }

    /// Returns the tasks that are due, by id and in order. The delivery summary comes later, since it shows the other deliveries.
    pub fn tasks(&self, now: Timestamp) -> Vec<(DeliveryId, Task)> {
        self.deliveries
            .iter()
            .filter(|(_, delivery)| !delivery.message.is_summary() && delivery.next_at <= now)
            .filter_map(|(id, delivery)| match delivery.progress {
                Progress::Pending => Some((*id, Task::Send)),
                Progress::Unknown => Some((*id, Task::LookUp)),
                Progress::Sent | Progress::Dead | Progress::Cancelled => None,
            })
            .collect()
    }

    /// Records the outcome of a delivery. Returns true if the delivery is dead because of it. A settled delivery stays as it is.
    pub fn record(&mut self, id: DeliveryId, outcome: Outcome, now: Timestamp) -> bool {
        let Some(delivery) = self.deliveries.get_mut(&id).filter(|delivery| delivery.is_open()) else {
            return false;
        };
        let was_found = delivery.progress == Progress::Unknown && matches!(outcome, Outcome::Sent(_));
        if outcome.is_attempt() && !was_found {
            delivery.tries += 1;
        }
        // A customer's words have nowhere else to go, so they are retried for a day.
        let patient = delivery.message.is_post() && self.patience == Patience::Day;
        let given_up =
            (delivery.tries >= MAX_ATTEMPTS && !patient) || now.duration_since(delivery.since) >= MAX_AGE;
        match outcome {
            Outcome::Sent(vendors_id) => {
                delivery.progress = Progress::Sent;
                delivery.id = Some(vendors_id);
                delivery.why = None;
                delivery.message.forget_customer();
            }
            Outcome::Refused { why } => {
                delivery.progress = Progress::Dead;
                delivery.why = Some(why);
            }
            Outcome::NotSent { why, .. } if given_up => {
                delivery.progress = Progress::Dead;
                delivery.why = Some(why);
            }
            Outcome::NotSent { pause, why } => {
                // An unknown delivery stays unknown: this attempt was not sent, but an earlier one perhaps was. It is looked up
                // first.
                // A vendor that asks for "a second" for minutes must not use up all attempts in that time.
                delivery.next_at = now + pause.unwrap_or_default().max(back_off(delivery.tries));
                delivery.why = Some(why);
            }
            Outcome::Unknown { why } => {
                delivery.unknowns += 1;
                delivery.looks = 0;
                let dead = given_up || delivery.unknowns >= MAX_UNKNOWN;
                delivery.progress = if dead { Progress::Dead } else { Progress::Unknown };
                delivery.next_at = now + SETTLE;
                delivery.why = Some(why);
            }
            Outcome::LookFailed { why } => {
                delivery.progress = if given_up { Progress::Dead } else { Progress::Unknown };
                delivery.next_at = now + SignedDuration::from_secs(15);
                delivery.why = Some(why);
            }
            Outcome::LookAgain => {
                delivery.looks += 1;
                delivery.next_at = now + SignedDuration::from_secs(15);
            }
            Outcome::Waits { .. } if now.duration_since(delivery.since) >= MAX_AGE => {
                delivery.progress = Progress::Dead;
                delivery.why.get_or_insert_with(|| "it had to wait for something else for a day".to_owned());
            }
            Outcome::Waits { pause } => delivery.next_at = now + pause,
            Outcome::NotWanted => delivery.progress = Progress::Cancelled,
        }
        delivery.progress == Progress::Dead
    }

    /// Keeps the facts that the bus hasn't accepted, unless they are a day old. Returns how many are given up.
    pub fn keep_facts(&mut self, unpublished: Vec<Fact>, now: Timestamp) -> usize {
        let all = unpublished.len();
        self.facts = unpublished;
        self.facts.retain(|fact| now.duration_since(fact.at) < MAX_AGE);
        all - self.facts.len()
    }

    /// Returns when a worker has to process this dispatch again; none when everything is settled.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        // The delivery summary is due only while it has something to show.
        let told = !self.summary().is_empty();
        let deliveries = self
            .deliveries
            .values()
            .filter(|delivery| delivery.is_open() && (told || !delivery.message.is_summary()));
        let deliveries = deliveries.map(|delivery| delivery.next_at);
        // A bus that has accepted nothing for long is asked less often: after 15 s at first, after 15 minutes in the end.
        let oldest = self.facts.iter().map(|fact| fact.at).min();
        let facts = oldest.map(|oldest| {
            let pause = now.duration_since(oldest).as_secs() / 8;
            now + SignedDuration::from_secs(pause.clamp(15, 900))
        });
        let summary = self.stale_summary().map(|summary| summary.next_at);
        let due = deliveries.chain(facts).chain(summary).min()?;
        // A dispatch that is due again and again although nothing can be done about it must not keep the workers busy.
        let least = match self.lease.claims() / CLAIMS_EXPECTED {
            0 => return Some(due),
            times => SignedDuration::from_secs(i64::from(times.min(60))),
        };
        Some(due.max(now + least))
    }

    /// Withdraws the pending replies to a customer, and records the reason. Replies that may have been sent are still looked up.
    pub fn take_back(&mut self, why: &str) {
        for delivery in self.deliveries.values_mut() {
            if delivery.progress == Progress::Pending && delivery.message.is_reply() {
                delivery.progress = Progress::Cancelled;
                delivery.why = Some(why.to_owned());
            }
        }
    }

    /// Returns when the next of its posts, or of its replies, is tried, but at least in a second and at most in a minute. A
    /// dispatch that waits for them need not check earlier.
    pub fn tried_at(&self, now: Timestamp, which: fn(&Message) -> bool) -> Timestamp {
        let open = self.deliveries.values().filter(|delivery| which(&delivery.message) && delivery.is_open());
        let next = open.map(|delivery| delivery.next_at).min().unwrap_or(now);
        next.clamp(now + SignedDuration::from_secs(1), now + SignedDuration::from_secs(60))
    }

    /// Returns true if every reply has settled, one way or the other.
    pub fn replies_are_out(&self) -> bool {
        !self.deliveries.values().any(|delivery| delivery.message.is_reply() && delivery.is_open())
    }

    /// Returns true if no reply was sent and none will be: all were withdrawn in time, or certainly not accepted. None while that
    /// is uncertain.
    pub fn was_taken_back(&self) -> Option<bool> {
        let mut answers = self.deliveries.iter().filter(|(_, delivery)| delivery.message.is_reply());
        let perhaps_left = |(id, delivery): (&DeliveryId, &Delivery)| {
            let perhaps_sent = delivery.progress == Progress::Dead && delivery.unknowns > 0;
            self.receipts.contains_key(id) || delivery.progress == Progress::Sent || perhaps_sent
        };
        if answers.any(perhaps_left) {
            return Some(false);
        }
        self.replies_are_out().then_some(true)
    }

    /// Returns true if everything in Webex that has to come before a later step's post has settled.
    pub fn posts_are_out(&self) -> bool {
        !self.deliveries.values().any(|delivery| delivery.message.is_post() && delivery.is_open())
    }
}

/// Returns the pause before attempt `tries + 1`: 1 s, 2 s, 4 s … at most five minutes.
fn back_off(tries: u32) -> SignedDuration {
    SignedDuration::from_secs(1 << tries.saturating_sub(1).min(9)).min(SignedDuration::from_mins(5))
}
