//! The runtime's timer, for the deadlines of requests and the pace towards a vendor. Its time is never stored or shown.

use tokio::time::Instant;

/// Returns this moment on the timer that `tokio::time::sleep` uses. A test stops the timer with `tokio::time::pause`.
#[expect(clippy::disallowed_methods, reason = "the one place in this crate; the runtime controls this time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
