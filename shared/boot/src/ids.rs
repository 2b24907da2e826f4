//! Where ids and chance come from: the machine's randomness.

use handbell_app::Ids;
use uuid::Uuid;

/// Ids that nobody can guess.
pub fn random_ids() -> Ids {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for randomness")]
    Ids::new(|| Uuid::new_v4().as_u128())
}
