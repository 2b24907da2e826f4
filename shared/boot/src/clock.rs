//! The current time: the machine's, or in the local environment the machine's plus an offset.

use std::path::Path;
use std::sync::Arc;

use handbell_app::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::Environment;

/// Returns the machine's time in whole milliseconds, as the table and the vendors know it. Finer times would only make the rows
/// longer, of which each alert writes many.
fn machine() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the one place that looks at the machine's clock")]
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Returns the machine's own clock, whatever the environment states: AWS rejects signatures with another time.
pub(crate) fn of_signatures() -> Clock {
    Arc::new(machine)
}

/// Returns the clock that the environment selects.
pub(crate) fn of(environment: &Environment) -> Clock {
    match environment.clock_file.clone() {
        None => Arc::new(machine),
        Some(file) => ahead_of(move || read(&file)),
    }
}

/// Returns a clock that is ahead of the machine's by this offset, which is read each time.
pub fn ahead_of(milliseconds: impl Fn() -> i64 + Send + Sync + 'static) -> Clock {
    Arc::new(move || {
        let now = machine();
        // A time that no calendar has is not worth a crash.
        now.checked_add(SignedDuration::from_millis(milliseconds())).unwrap_or(now)
    })
}

fn read(file: &Path) -> i64 {
    std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Returns the time until a deadline in epoch milliseconds, by the machine's own clock.
pub(crate) fn left_until(deadline_ms: i64) -> SignedDuration {
    SignedDuration::from_millis(deadline_ms.saturating_sub(machine().as_millisecond()))
}
