//! The lease of a dispatch, and the version of its receipts. Only the store reads and writes it.

use serde::{Deserialize, Serialize};

/// Which worker has the dispatch, and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Version of the receipts. Releasing the lease requires the latest one (optimistic locking).
    #[serde(default)]
    rev: u64,
    /// How often it was claimed.
    #[serde(default)]
    claims: u32,
    /// The last claim that was released in order. If claims run ahead of it, a worker died.
    #[serde(default)]
    settled: u32,
    /// Which worker holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// When the last claim began, in milliseconds.
    #[serde(default)]
    claimed_ms: i64,
    /// Until when it holds, in milliseconds; 0 when nobody holds it.
    #[serde(default)]
    lease_ms: i64,
}

impl Lease {
    /// The lease as it is after `owner` has claimed it. Gives the time of an earlier claim whose worker died, in
    /// milliseconds.
    pub fn claim(&mut self, owner: &str, now_ms: i64, until_ms: i64) -> Option<i64> {
        let died = (self.claims > self.settled).then_some(self.claimed_ms);
        self.owner = Some(owner.to_owned());
        self.claims += 1;
        self.claimed_ms = now_ms;
        self.lease_ms = until_ms;
        died
    }

    /// The same for a claim that was written although its answer was lost. The time of an earlier claim is gone: this
    /// claim's stands for it.
    pub fn died_before(&self) -> Option<i64> {
        (self.claims > self.settled + 1).then_some(self.claimed_ms)
    }

    /// The version of the receipts.
    pub fn revision(&self) -> u64 {
        self.rev
    }

    /// How often it was claimed.
    pub fn claims(&self) -> u32 {
        self.claims
    }

    /// The last claim that was released in order.
    pub fn settled(&self) -> u32 {
        self.settled
    }

    /// Which worker holds it.
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// When the last claim began, in milliseconds.
    pub fn claimed_ms(&self) -> i64 {
        self.claimed_ms
    }

    /// Until when it holds, in milliseconds; 0 when nobody holds it.
    pub fn until_ms(&self) -> i64 {
        self.lease_ms
    }

    /// True if the claim of this number was released in order.
    pub fn has_settled(&self, claims: u32) -> bool {
        self.settled == claims
    }

    /// Takes over the version of the receipts as it stands in the table.
    pub fn take_revision(&mut self, stands: &Lease) {
        self.rev = stands.rev;
    }

    /// A worker holds it at this time.
    pub fn is_held(&self, now_ms: i64) -> bool {
        self.lease_ms > now_ms
    }

    /// Nobody holds it, and every claim was released in order.
    pub fn is_free(&self) -> bool {
        self.owner.is_none() && self.lease_ms == 0
    }
}
