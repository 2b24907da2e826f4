//! The lease on a dispatch: taken before anything is sent, and let go when what came of it is written down.

use handbell_core::delivery::{Dispatch, DispatchKey};
use handbell_store::table::RowKey;
use handbell_store::{Claimed, Dispatches, Leases, Released};
use jiff::Timestamp;

use crate::engine::pause::ENQUEUE_AHEAD;
use crate::engine::queue::Queue;
use crate::engine::work::{Claim, Work};
use crate::parts::{Time, parts};
use crate::{Fault, Ids};

/// A dispatch of which this worker has the lease.
pub(crate) struct ClaimedDispatch {
    pub(crate) dispatch: Dispatch,
    pub(crate) claim: Claim,
    /// Deliveries that are given up already: each of their workers died.
    pub(crate) worn_out: Vec<String>,
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
    /// Claims a dispatch; none if another worker has it, or nothing of it is due.
    pub(crate) async fn claim(&self, key: &DispatchKey) -> Result<Option<ClaimedDispatch>, Fault> {
        let owner = self.ids.unique();
        let claimed_at = self.time.now();
        let Claimed::Ours { mut dispatch, died_at_ms } = self.leases.claim(key, &owner, claimed_at).await?
        else {
            return Ok(None);
        };
        if died_at_ms.is_some() {
            tracing::warn!(dispatch = ?key, "somebody died at this work; what may have been said is looked up first");
        }
        // Whoever died had brought forward what failures had brought forward, and perhaps said it.
        if let Some(died) = died_at_ms.and_then(|died| Timestamp::from_millisecond(died).ok()) {
            dispatch.expedite(died);
        }
        let worn_out = dispatch.recover(died_at_ms, claimed_at);
        dispatch.expedite(claimed_at);
        let claim = Claim { owner, at: claimed_at };
        Ok(Some(ClaimedDispatch { dispatch: *dispatch, claim, worn_out }))
    }

    /// Writes down what came of it. What callbacks wrote meanwhile is taken over.
    pub(crate) async fn release(&self, mut work: Work) -> Result<(), Fault> {
        for _ in 0..10 {
            let now = self.time.now();
            match self.leases.release(&work.dispatch, &work.owner, now).await? {
                Released::Done => {
                    if let Some(due) = work.dispatch.due(now).filter(|due| *due <= now + ENQUEUE_AHEAD) {
                        self.queue.enqueue(&[(RowKey::dispatch(&work.dispatch.key), due)], now).await;
                    }
                    return Ok(());
                }
                Released::Lost => {
                    tracing::warn!(dispatch = ?work.dispatch.key, "the lease ran out at work; another has taken over and looks up what was said");
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
