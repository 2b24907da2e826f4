//! Pauses: before the next attempt to commit, before a retry, before a row is due.

use std::time::Duration;

use jiff::SignedDuration;

use crate::Ids;

/// Number of attempts to commit before the caller is asked to retry. The pauses between them are random and grow.
pub(crate) const ROUNDS: u32 = 40;
/// Rows that are due within this time are enqueued at once. The tick finds later ones.
pub(crate) const ENQUEUE_AHEAD: SignedDuration = SignedDuration::from_secs(90);

/// Waits before the next attempt to commit. The pause is random within a growing span, so that competing workers
/// separate.
pub(crate) async fn pause(ids: &Ids, round: u32) {
    let span = 10_u64 << round.min(5);
    tokio::time::sleep(Duration::from_millis(ids.below(span) + 1)).await;
}

/// Returns the pause before a retry: 10 s for two minutes, then a minute.
pub(crate) fn retry_pause(tries: u32) -> SignedDuration {
    SignedDuration::from_secs(if tries < 12 { 10 } else { 60 })
}
