//! A claimed dispatch and what it belongs to.

use std::sync::Arc;

use handbell_core::address::E164;
use handbell_core::config::Plan;
use handbell_core::conversation::Conversation;
use handbell_core::delivery::{Delivery, DeliveryId, Dispatch, Outcome, START_WITHIN};
use handbell_core::incident::Incident;
use handbell_core::vendor_id::MessageId;
use handbell_core::wording::Words;
use jiff::{SignedDuration, Timestamp};

use crate::engine::wanted_space::WantedSpace;

/// A claimed dispatch and everything that is needed to send it.
pub(crate) struct Work {
    pub(crate) owner: String,
    pub(crate) claimed_at: Timestamp,
    pub(crate) dispatch: Dispatch,
    pub(crate) words: Words,
    /// Whether an acknowledgement or an end came first. Then nothing begins, and attempts are only looked up.
    pub(crate) cancelled: bool,
    pub(crate) scope: Scope,
}

/// What the dispatch belongs to, as it was after the claim.
pub(crate) enum Scope {
    /// An incident.
    Incident(InIncident),
    /// A conversation.
    Conversation(InConversation),
    /// Neither: the dispatch has no plan and no space.
    Notice,
}

/// The incident that a dispatch belongs to, and its plan.
pub(crate) struct InIncident {
    pub(crate) plan: Arc<Plan>,
    /// Space of the incident.
    pub(crate) space: WantedSpace,
    /// Latest incident of the subject.
    pub(crate) incident: Option<Incident>,
}

/// The conversation that a dispatch belongs to.
pub(crate) struct InConversation {
    /// None if the customer was erased.
    pub(crate) conversation: Option<Conversation>,
    /// Space of the conversation.
    pub(crate) space: WantedSpace,
    /// Reason why its replies to the customer must not leave any more.
    pub(crate) stopped: Option<&'static str>,
}

/// A claim: the worker that holds the lease, and the time of the claim.
#[derive(Clone)]
pub(crate) struct Claim {
    pub(crate) owner: String,
    pub(crate) at: Timestamp,
    /// Time at which a worker that never released the lease had claimed it, in milliseconds.
    pub(crate) died_at_ms: Option<i64>,
}

impl Work {
    /// Returns whether a vendor call may still begin. None begins late, because an acknowledgement may have come since
    /// the claim.
    pub(crate) fn may_begin(&self, now: Timestamp) -> bool {
        now.duration_since(self.claimed_at) < START_WITHIN
    }

    /// Returns the incident that the dispatch reports: as it ended, or as it is now.
    pub(crate) fn told_incident(&self) -> Option<&Incident> {
        let ended = self.dispatch.of_incident()?.ended.as_deref();
        let now = self.incident().filter(|incident| incident.epoch == self.dispatch.key.epoch);
        ended.or(now)
    }

    /// Returns the latest incident of the subject.
    pub(crate) fn incident(&self) -> Option<&Incident> {
        match &self.scope {
            Scope::Incident(of) => of.incident.as_ref(),
            Scope::Conversation(_) | Scope::Notice => None,
        }
    }

    /// Returns the conversation, unless the customer was erased.
    pub(crate) fn conversation(&self) -> Option<&Conversation> {
        match &self.scope {
            Scope::Conversation(of) => of.conversation.as_ref(),
            Scope::Incident(_) | Scope::Notice => None,
        }
    }

    /// Returns the plan, if there is one.
    pub(crate) fn plan(&self) -> Option<&Plan> {
        self.scope.plan()
    }

    /// Returns the space that the dispatch posts in, if there is one.
    pub(crate) fn wanted_space(&self) -> Option<&WantedSpace> {
        match &self.scope {
            Scope::Incident(of) => Some(&of.space),
            Scope::Conversation(of) => Some(&of.space),
            Scope::Notice => None,
        }
    }

    /// Returns the Webex message under which the dispatch posts.
    pub(crate) fn thread(&self) -> Option<&MessageId> {
        self.dispatch.of_conversation()?.thread.as_ref()
    }

    /// Returns the reason why its replies to the customer must not leave any more.
    pub(crate) fn stopped(&self) -> Option<&'static str> {
        match &self.scope {
            Scope::Conversation(of) => of.stopped,
            Scope::Incident(_) | Scope::Notice => None,
        }
    }

    pub(crate) fn delivery(&self, id: DeliveryId) -> Option<&Delivery> {
        self.dispatch.deliveries.get(&id)
    }
}

impl Scope {
    pub(crate) fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Incident(of) => Some(&of.plan),
            Self::Conversation(_) | Self::Notice => None,
        }
    }

    pub(crate) fn customer_number(&self) -> Option<&E164> {
        match self {
            Self::Conversation(of) => of.conversation.as_ref()?.address.as_ref()?.number(),
            Self::Incident(_) | Self::Notice => None,
        }
    }
}

/// Returns an outcome of a delivery that wasn't sent and is retried after a pause.
pub(crate) fn wait(seconds: i64) -> Outcome {
    Outcome::Waits { pause: SignedDuration::from_secs(seconds) }
}
