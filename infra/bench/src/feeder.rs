//! Runs the queue without waiting: due messages are delivered at once, and delayed ones move the clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use handbell_boot::Error;
use handbell_local::runner::Runner;
use jiff::SignedDuration;

/// Time without a change after which the clock must be moved. It is longer than a phone's step.
pub(crate) const STILL: Duration = Duration::from_millis(150);
/// Skipped time.
#[derive(Clone, Copy, Default)]
pub(crate) struct Skipped {
    /// The machine's time in which the feeder waited for a change.
    pub(crate) real: Duration,
    /// The system's time by which the clock was moved.
    pub(crate) held: SignedDuration,
}

/// Delivers the queue's messages to their function at once, and moves the clock when only delayed messages are left. The
/// schedule doesn't run.
pub(crate) struct Feeder {
    skipped: Arc<Mutex<Skipped>>,
    task: tokio::task::AbortHandle,
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Feeder {
    /// Starts the feeder, which runs until it is dropped.
    pub(crate) fn start(runner: &Arc<Runner>) -> Result<Self, Error> {
        let mut functions = runner.cloud.template().functions.iter();
        let function = functions.find(|function| function.queues).ok_or("no function works on the queue")?;
        let (name, batch) = (function.name.clone(), function.batch);
        let skipped: Arc<Mutex<Skipped>> = Arc::default();
        let (kept, cloud, stage) = (Arc::clone(&skipped), runner.cloud.clone(), runner.stage.clone());
        let task = tokio::spawn(async move {
            let mut still: Option<Instant> = None;
            loop {
                if cloud.queue().deliver(cloud.calls(), &name, batch).await {
                    still = None;
                    continue;
                }
                let held = cloud.queue().messages().into_iter().filter(|message| message.received == 0);
                let next = held.map(|message| message.visible_at).min();
                let since = *still.get_or_insert_with(Instant::now);
                match next.filter(|_| cloud.calls().running() == 0) {
                    None => still = None,
                    Some(next) if since.elapsed() >= STILL => {
                        let by = next.duration_since(stage.clock.now()) + SignedDuration::from_millis(1);
                        let by = by.max(SignedDuration::ZERO);
                        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                        kept.real += since.elapsed();
                        kept.held += by;
                        drop(kept);
                        if cloud.advance(by).is_err() {
                            return;
                        }
                        still = None;
                        continue;
                    }
                    Some(_) => {}
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        Ok(Self { skipped, task: task.abort_handle() })
    }

    /// Returns the time skipped since the start.
    pub(crate) fn skipped(&self) -> Skipped {
        *self.skipped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
