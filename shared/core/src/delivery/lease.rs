//! The lease of a dispatch, and the version of its receipts. Only the store reads and writes it.

use serde::{Deserialize, Serialize};

/// The worker that has claimed a dispatch, and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Version of the receipts. Releasing the lease requires the latest one (optimistic locking).
    #[serde(default)]
    rev: u64,
    /// Number of claims so far.
    #[serde(default)]
    claims: u32,
    /// Number of the last claim that was released in order. If a new claim finds `claims` ahead of it, a worker died.
    #[serde(default)]
    settled: u32,
    /// The worker that holds the lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// Start of the last claim, in milliseconds.
    #[serde(default)]
    claimed_ms: i64,
    /// End of the lease, in milliseconds; 0 when nobody holds it.
    #[serde(default)]
    lease_ms: i64,
}

impl Lease {
    /// Claims the lease for `owner`. Returns the start of the previous claim, in milliseconds, if its worker died.
    pub fn claim(&mut self, owner: &str, now_ms: i64, until_ms: i64) -> Option<i64> {
        let died = (self.claims > self.settled).then_some(self.claimed_ms);
        self.owner = Some(owner.to_owned());
        self.claims += 1;
        self.claimed_ms = now_ms;
        self.lease_ms = until_ms;
        died
    }

    /// Returns what [`Lease::claim`] returned, for a claim that was written although its response was lost. The start of the
    /// earlier claim is overwritten; the start of this claim replaces it.
    pub fn died_before(&self) -> Option<i64> {
        (self.claims > self.settled + 1).then_some(self.claimed_ms)
    }

    /// Version of the receipts.
    pub fn revision(&self) -> u64 {
        self.rev
    }

    /// Number of claims so far.
    pub fn claims(&self) -> u32 {
        self.claims
    }

    /// Number of the last claim that was released in order.
    pub fn settled(&self) -> u32 {
        self.settled
    }

    /// The worker that holds the lease.
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// Start of the last claim, in milliseconds.
    pub fn claimed_ms(&self) -> i64 {
        self.claimed_ms
    }

    /// End of the lease, in milliseconds; 0 when nobody holds it.
    pub fn until_ms(&self) -> i64 {
        self.lease_ms
    }

    /// Returns true if the claim of this number was released in order.
    pub fn has_settled(&self, claims: u32) -> bool {
        self.settled == claims
    }

    /// Takes over the version of the receipts from the row in the table.
    pub fn take_revision(&mut self, stands: &Lease) {
        self.rev = stands.rev;
    }

    /// Returns true if a worker holds the lease at this time.
    pub fn is_held(&self, now_ms: i64) -> bool {
        self.lease_ms > now_ms
    }

    /// Returns true if nobody holds the lease, and every claim was released in order.
    pub fn is_free(&self) -> bool {
        self.owner.is_none() && self.lease_ms == 0
    }
}
