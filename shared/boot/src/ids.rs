//! Random ids from the machine's source of randomness.

use handbell_app::Ids;
use uuid::Uuid;

/// Returns a source of unpredictable ids.
pub fn random_ids() -> Ids {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for randomness")]
    Ids::new(|| Uuid::new_v4().as_u128())
}
