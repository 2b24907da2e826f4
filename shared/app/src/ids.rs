//! Ids and random numbers. Like the time, they come from outside, so that a run can be repeated exactly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Builder;

/// Source of all ids and all random numbers. Cheap to clone; clones draw from the same source.
#[derive(Clone)]
pub struct Ids {
    next: Arc<dyn Fn() -> u128 + Send + Sync>,
}

impl Ids {
    /// Creates a source that draws from `next`. In production nobody may be able to guess the next number: nonces are
    /// made from it.
    pub fn new(next: impl Fn() -> u128 + Send + Sync + 'static) -> Self {
        Self { next: Arc::new(next) }
    }

    /// Creates a source that returns the same ids in the same order for the same seed. For tests and simulations, never
    /// for production.
    pub fn seeded(seed: u64) -> Self {
        let state = AtomicU64::new(seed);
        Self::new(move || {
            let [high, low] = [(); 2].map(|()| u128::from(split_mix(&state)));
            high << 64 | low
        })
    }

    /// Returns an id that no other has, for example for the owner of a lease or for a page's nonce.
    pub(crate) fn unique(&self) -> String {
        Builder::from_random_bytes((self.next)().to_be_bytes()).into_uuid().simple().to_string()
    }

    /// Returns a number below `span`, each about as likely, or 0 for an empty span.
    pub(crate) fn below(&self, span: u64) -> u64 {
        ((self.next)() as u64).checked_rem(span).unwrap_or(0)
    }
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, and any seed is a good seed.
fn split_mix(state: &AtomicU64) -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut z = state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_reproduces_its_ids_and_none_repeats() {
        let draw = |ids: &Ids| (0..1000).map(|_| ids.unique()).collect::<Vec<_>>();
        let (first, again) = (draw(&Ids::seeded(7)), draw(&Ids::seeded(7)));
        assert_eq!(first, again);
        let both: BTreeSet<_> = first.into_iter().chain(draw(&Ids::seeded(8))).collect();
        assert_eq!(both.len(), 2000);
        assert!(both.iter().all(|id| id.len() == 32 && id.as_bytes()[12] == b'4'), "{both:?}");
    }

    #[test]
    fn random_numbers_cover_their_span_and_stay_below_it() {
        let ids = Ids::seeded(7);
        let drawn: BTreeSet<u64> = (0..500).map(|_| ids.below(10)).collect();
        assert_eq!(drawn, (0..10).collect());
        assert_eq!(ids.below(0), 0);
    }
}
