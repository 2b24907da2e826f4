//! The life of a delivery as pure rules: what is due, what an outcome means, when to look it up, when to give up.

use jiff::{SignedDuration, Timestamp};

use super::{
    Delivery, Dispatch, InternalTask, MAX_AGE, MAX_ATTEMPTS, MAX_UNKNOWN, Message, NOTICE, Patience,
    Progress, SETTLE, SpaceMessage,
};

/// What the worker has to do with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Message it.
    Send,
    /// Look whether the vendor has it; say it after an empty look, unless it is cancelled.
    LookUp,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The vendor has it under this id.
    Sent(String),
    /// Certainly not accepted; again after the pause, or the usual one.
    NotSent {
        /// The vendor's wish.
        pause: Option<SignedDuration>,
        /// In words.
        why: String,
    },
    /// Certainly not accepted, for good.
    Refused {
        /// In words.
        why: String,
    },
    /// Nobody knows.
    Unknown {
        /// In words.
        why: String,
    },
    /// The look itself failed: not an empty look.
    LookFailed {
        /// In words.
        why: String,
    },
    /// The look found nothing, but one such look proves too little: look once more.
    LookAgain,
    /// It was not tried, since something else has to come first.
    Waits {
        /// How long to wait.
        pause: SignedDuration,
    },
    /// The look found nothing, and it isn't wanted any more.
    NotWanted,
}

impl Dispatch {
    /// Puts right what a died worker left behind, and takes over what callbacks proved. To be called after a claim.
    ///
    /// A worker that died may have said everything that was due when it claimed: all of it is unknown now. Gives the
    /// names of those that have died of it: a row at which every worker dies must not be tried for ever.
    pub fn recover(&mut self, died_at_ms: Option<i64>, now: Timestamp) -> Vec<String> {
        if let Some(claimed_ms) = died_at_ms {
            for delivery in self.deliveries.values_mut() {
                // Whom to tell is only written down: nothing has left.
                let written =
                    matches!(delivery.message, Message::Internal(InternalTask::TextThoseCalled { .. }));
                if delivery.is_open() && !written && delivery.next_at.as_millisecond() <= claimed_ms {
                    delivery.progress = Progress::Unknown;
                    delivery.tries += 1;
                    delivery.unknowns += 1;
                    delivery.looks = 0;
                    delivery.next_at = now;
                }
            }
        }
        for (name, receipt) in &self.receipts {
            if let Some(delivery) = self.deliveries.get_mut(name)
                && delivery.is_open()
            {
                delivery.progress = Progress::Sent;
                delivery.id = Some(receipt.id.clone());
            }
        }
        let mut died = Vec::new();
        let patience = self.patience;
        for (name, delivery) in &mut self.deliveries {
            // What is tried for a day has failed often before; only those count who ended at it.
            let patient = patience == Patience::Day && delivery.message.is_post();
            let ended = if patient { delivery.unknowns } else { delivery.tries };
            if died_at_ms.is_some() && delivery.progress == Progress::Unknown && ended >= MAX_ATTEMPTS {
                delivery.progress = Progress::Dead;
                delivery.why =
                    Some("whoever tried to send it ended in the middle, time and again".to_owned());
                died.push(name.clone());
            }
        }
        died
    }

    /// Cancels what has not been begun, since an acknowledgement or an end came first. What may have been said stays
    /// to be looked for.
    /// Admins are told all the same of what could not be delivered before.
    pub fn cancel(&mut self) {
        for delivery in self.deliveries.values_mut() {
            let notice = delivery.instead_of.as_deref() == Some(NOTICE);
            // An old card must not stay beside the one that tells of the acknowledgement.
            let tidies = matches!(delivery.message, Message::Space(SpaceMessage::RemoveCard { .. }));
            if delivery.progress == Progress::Pending && !delivery.message.is_summary() && !notice && !tidies
            {
                delivery.progress = Progress::Cancelled;
            }
        }
    }

    /// What is to be done now, by name and in order; the report comes later, since it tells of the others.
    pub fn tasks(&self, now: Timestamp) -> Vec<(String, Task)> {
        let mut tasks: Vec<_> = self
            .deliveries
            .iter()
            .filter(|(_, delivery)| !delivery.message.is_summary() && delivery.next_at <= now)
            .filter_map(|(name, delivery)| match delivery.progress {
                Progress::Pending => Some((name.clone(), Task::Send)),
                Progress::Unknown => Some((name.clone(), Task::LookUp)),
                _ => None,
            })
            .collect();
        tasks.sort_by_key(|(name, _)| name.parse::<u32>().unwrap_or(u32::MAX));
        tasks
    }

    /// Writes down what came of a delivery. True when the delivery has died of it. What is settled stays as it is.
    pub fn record(&mut self, name: &str, outcome: Outcome, now: Timestamp) -> bool {
        let Some(delivery) = self.deliveries.get_mut(name).filter(|delivery| delivery.is_open()) else {
            return false;
        };
        let attempted = !matches!(
            outcome,
            Outcome::Waits { .. } | Outcome::LookFailed { .. } | Outcome::LookAgain | Outcome::NotWanted
        );
        if attempted && !(delivery.progress == Progress::Unknown && matches!(outcome, Outcome::Sent(_))) {
            delivery.tries += 1;
        }
        // A customer's words have nowhere else to go: they are tried for a day.
        let patient = delivery.message.is_post() && self.patience == Patience::Day;
        let worn_out =
            (delivery.tries >= MAX_ATTEMPTS && !patient) || now.duration_since(delivery.since) >= MAX_AGE;
        match outcome {
            Outcome::Sent(id) => {
                delivery.progress = Progress::Sent;
                delivery.id = Some(id);
                delivery.why = None;
            }
            Outcome::Refused { why } => {
                delivery.progress = Progress::Dead;
                delivery.why = Some(why);
            }
            Outcome::NotSent { why, .. } if worn_out => {
                delivery.progress = Progress::Dead;
                delivery.why = Some(why);
            }
            Outcome::NotSent { pause, why } => {
                // An unknown one stays so: this attempt was not sent, but an earlier one perhaps was. It is looked for first.
                // A vendor that says "in a second" for minutes must not use up all attempts within them.
                delivery.next_at = now + pause.unwrap_or_default().max(back_off(delivery.tries));
                delivery.why = Some(why);
            }
            Outcome::Unknown { why } => {
                delivery.unknowns += 1;
                delivery.looks = 0;
                let dead = worn_out || delivery.unknowns >= MAX_UNKNOWN;
                delivery.progress = if dead { Progress::Dead } else { Progress::Unknown };
                delivery.next_at = now + SETTLE;
                delivery.why = Some(why);
            }
            Outcome::LookFailed { why } => {
                delivery.progress = if worn_out { Progress::Dead } else { Progress::Unknown };
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

    /// When somebody has to look at this dispatch again; none when all is settled.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        // A summary is due only while there is something to tell.
        let told = !self.summary().is_empty();
        let deliveries = self
            .deliveries
            .values()
            .filter(|delivery| delivery.is_open() && (told || !delivery.message.is_summary()));
        let deliveries = deliveries.map(|delivery| delivery.next_at);
        let facts = (!self.facts.is_empty()).then(|| now + SignedDuration::from_secs(15));
        let summary = self.stale_summary().map(|summary| summary.next_at);
        deliveries.chain(facts).chain(summary).min()
    }

    /// Takes back what has not been begun of its answers to a customer, and says why. What may have been said stays to be
    /// looked for.
    pub fn take_back(&mut self, why: &str) {
        for delivery in self.deliveries.values_mut() {
            if delivery.progress == Progress::Pending && delivery.message.is_reply() {
                delivery.progress = Progress::Cancelled;
                delivery.why = Some(why.to_owned());
            }
        }
    }

    /// When the next of its posts, or of its answers, is tried: whoever comes after it need not look earlier. Within a minute.
    pub fn tried_at(&self, now: Timestamp, which: fn(&Message) -> bool) -> Timestamp {
        let open = self.deliveries.values().filter(|delivery| which(&delivery.message) && delivery.is_open());
        let next = open.map(|delivery| delivery.next_at).min().unwrap_or(now);
        next.clamp(now + SignedDuration::from_secs(1), now + SignedDuration::from_secs(60))
    }

    /// What was answered has settled, one way or the other.
    pub fn replies_are_out(&self) -> bool {
        !self.deliveries.values().any(|delivery| delivery.message.is_reply() && delivery.is_open())
    }

    /// Whether no answer has left and none will: they were taken back before, or certainly not accepted. None while that
    /// isn't certain.
    pub fn was_taken_back(&self) -> Option<bool> {
        let mut answers = self.deliveries.iter().filter(|(_, delivery)| delivery.message.is_reply());
        let perhaps_left = |(name, delivery): (&String, &Delivery)| {
            let given_up = delivery.progress == Progress::Dead && delivery.unknowns > 0;
            self.receipts.contains_key(name) || delivery.progress == Progress::Sent || given_up
        };
        if answers.any(perhaps_left) {
            return Some(false);
        }
        self.replies_are_out().then_some(true)
    }

    /// Everything that goes through Webex and comes before a later step's post has settled.
    pub fn posts_are_out(&self) -> bool {
        !self.deliveries.values().any(|delivery| delivery.message.is_post() && delivery.is_open())
    }
}

/// The pause before attempt `tries + 1`: 1 s, 2 s, 4 s … at most five minutes.
fn back_off(tries: u32) -> SignedDuration {
    SignedDuration::from_secs(1 << tries.saturating_sub(1).min(9)).min(SignedDuration::from_mins(5))
}
