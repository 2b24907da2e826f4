//! How long to wait: before the next round of a race, before something is tried again, before a row is due.

use std::time::Duration;

use jiff::SignedDuration;

use crate::Ids;

/// How often a race is run before the caller is asked to come again. Each pause is longer, and by chance.
pub(crate) const ROUNDS: u32 = 40;
/// The queue can hold a message back this long; what is due later is found by the tick.
pub(crate) const ENQUEUE_AHEAD: SignedDuration = SignedDuration::from_secs(90);

/// A pause before the next round of a race: by chance within a growing span, so that racers part.
pub(crate) async fn pause(ids: &Ids, round: u32) {
    let span = 10_u64 << round.min(5);
    tokio::time::sleep(Duration::from_millis(ids.below(span) + 1)).await;
}

/// 10 s for two minutes, then a minute.
pub(crate) fn retry_pause(tries: u32) -> SignedDuration {
    SignedDuration::from_secs(if tries < 12 { 10 } else { 60 })
}
