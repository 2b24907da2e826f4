//! The lease on a dispatch: claimed before anything is sent, and released when the outcomes are stored.

use handbell_core::delivery::{CLAIMS_EXPECTED, DeliveryId, Dispatch, DispatchKey};
use handbell_store::{Claimed, Dispatches, Leases, Released};
use jiff::Timestamp;

use crate::dependencies::{Time, parts};
use crate::engine::pause::ENQUEUE_AHEAD;
use crate::engine::queue::Queue;
use crate::engine::work::{Claim, Work};
use crate::engine::work_item::WorkItem;
use crate::{Fault, Ids};

/// A dispatch whose lease this worker holds.
pub(crate) struct ClaimedDispatch {
    pub(crate) dispatch: Dispatch,
    pub(crate) claim: Claim,
    /// Deliveries that are given up already, because the worker of each attempt died.
    pub(crate) dead: Vec<DeliveryId>,
}

parts! {
    /// Claims dispatches, and releases them.
    pub(crate) struct DispatchLeases {
        leases: Leases,
        dispatches: Dispatches,
        queue: Queue,
        time: Time,
        ids: Ids,
    }
}

impl DispatchLeases {
    /// Claims a dispatch. Returns none if another worker has it, or if nothing of it is due.
    pub(crate) async fn claim(&self, key: &DispatchKey) -> Result<Option<ClaimedDispatch>, Fault> {
        let owner = self.ids.unique();
        let claimed_at = self.time.now();
        let Claimed::Ours { mut dispatch, died_at_ms } = self.leases.claim(key, &owner, claimed_at).await?
        else {
            return Ok(None);
        };
        let claims = dispatch.lease.claims();
        if claims.is_multiple_of(CLAIMS_EXPECTED) {
            let open = dispatch.deliveries.iter().filter(|(_, delivery)| delivery.is_open());
            let open: Vec<_> = open.map(|(id, delivery)| (*id, delivery.progress)).collect();
            tracing::error!(dispatch = ?key, claims, ?open, "a dispatch is due again and again; it pauses longer from now on");
        }
        if died_at_ms.is_some() {
            tracing::warn!(dispatch = ?key, "a worker died with this lease; what it may have sent is looked up first");
        }
        // The worker that died may already have sent the deliveries that earlier failures expedited.
        if let Some(died) = died_at_ms.and_then(|died| Timestamp::from_millisecond(died).ok()) {
            dispatch.expedite(died);
        }
        let dead = dispatch.recover(died_at_ms, claimed_at);
        dispatch.expedite(claimed_at);
        let claim = Claim { owner, at: claimed_at, died_at_ms };
        Ok(Some(ClaimedDispatch { dispatch: *dispatch, claim, dead }))
    }

    /// Gives back a dispatch under whose lease nothing was begun, so that no attempt counts.
    pub(crate) async fn abandon(&self, key: &DispatchKey, claim: &Claim) {
        if let Err(fault) = self.leases.abandon(key, &claim.owner, claim.died_at_ms).await {
            tracing::warn!(dispatch = ?key, reason = %fault, "a claim could not be given back; it counts as an attempt");
        }
    }

    /// Stores the outcomes and releases the lease. Receipts that callbacks wrote meanwhile are merged.
    pub(crate) async fn release(&self, mut work: Work) -> Result<(), Fault> {
        for _ in 0..10 {
            let now = self.time.now();
            match self.leases.release(&work.dispatch, &work.owner, now).await? {
                Released::Done => {
                    if let Some(due) = work.dispatch.due(now).filter(|due| *due <= now + ENQUEUE_AHEAD) {
                        self.queue
                            .enqueue(&[(WorkItem::Dispatch(work.dispatch.key.clone()), due)], now)
                            .await;
                    }
                    return Ok(());
                }
                Released::Lost => {
                    tracing::warn!(dispatch = ?work.dispatch.key, "the lease ran out; another worker has taken over and looks up what was sent");
                    return Ok(());
                }
                Released::Changed => {
                    let stands = self.dispatches.dispatch(&work.dispatch.key).await?;
                    let Some(stands) = stands else { return Ok(()) };
                    work.dispatch.lease.take_revision(&stands.lease);
                    work.dispatch.receipts = stands.receipts;
                    let _ = work.dispatch.recover(None, now);
                }
            }
        }
        Err(Fault::from("callbacks kept changing the row"))
    }
}
