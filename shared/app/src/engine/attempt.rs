//! One attempt to send a delivery, and the outcomes of its failures.

use handbell_core::delivery::{Delivery, DeliveryId, MAX_UNKNOWN, Outcome, Task};
use handbell_outbound::Failure;
use jiff::SignedDuration;

use crate::Fault;
use crate::engine::delivery_token::token;
use crate::engine::work::Work;

/// An attempt to send a delivery, or to look it up.
#[derive(Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub(crate) work: &'a Work,
    pub(crate) id: DeliveryId,
    pub(crate) delivery: &'a Delivery,
    pub(crate) task: Task,
}

impl Attempt<'_> {
    /// Returns the reference tag by which the message is found again.
    pub(crate) fn reference_tag(&self) -> String {
        self.work.dispatch.reference_tag(self.id)
    }

    /// Returns the delivery's token for a URL that a vendor receives.
    pub(crate) fn token(&self) -> String {
        token(&self.work.dispatch.key, self.id)
    }

    /// Returns the delivery's token as a tag of a mail, which allows no other characters.
    pub(crate) fn mail_tag(&self) -> (String, String) {
        ("delivery".to_owned(), self.token().replace(['.', '~'], "-"))
    }

    /// Returns an outcome if, after an empty look-up, the delivery is no longer wanted or must not be sent once more.
    pub(crate) fn after_empty_look(&self) -> Option<Outcome> {
        if self.work.cancelled {
            return Some(Outcome::NotWanted);
        }
        if let Some(why) = self.work.stopped().filter(|_| self.delivery.message.is_reply()) {
            return Some(Outcome::Refused { why: why.to_owned() });
        }
        (self.delivery.unknowns >= MAX_UNKNOWN)
            .then(|| Outcome::Refused { why: "three attempts had no certain outcome".into() })
    }
}

/// Returns the outcome of a delivery that was being sent when the vendor failed.
pub(crate) fn outcome_of_send(failure: Failure) -> Outcome {
    match failure {
        Failure::NotSent { retry_after, why } => Outcome::NotSent {
            pause: retry_after.and_then(|pause| SignedDuration::try_from(pause).ok()),
            why,
        },
        Failure::Refused { why, .. } => Outcome::Refused { why },
        Failure::Unknown { why } => Outcome::Unknown { why },
    }
}

/// Returns the outcome of a delivery that was being looked up when the vendor failed.
pub(crate) fn outcome_of_lookup(failure: &Failure) -> Outcome {
    Outcome::LookFailed { why: failure.why().to_owned() }
}

/// Returns the outcome of a failure of our own: nothing was sent, and the delivery is retried soon.
pub(crate) fn outcome_of_fault(fault: Fault) -> Outcome {
    Outcome::NotSent { pause: Some(SignedDuration::from_secs(15)), why: fault.to_string() }
}
