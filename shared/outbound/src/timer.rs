//! The runtime's timer: deadlines of requests and the pace of a vendor, and nothing that anybody is told or that is stored.

use tokio::time::Instant;

/// This moment on the timer that `tokio::time::sleep` runs on. A test holds it with `tokio::time::pause`.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place in this crate; whoever holds the runtime holds this time"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
