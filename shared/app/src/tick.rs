//! The tick every minute: finds rows that are overdue, and rows that fall due before the next tick.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use futures_util::stream::iter;
use handbell_store::DueIndex;
use handbell_store::table::{DueRow, SHARDS};
use jiff::SignedDuration;
use jiff::Timestamp;

use crate::Fault;
use crate::callback::reconcile::Reconciliation;
use crate::configuration::Configuration;
use crate::dependencies::{Access, Dependencies, Part, Time, parts};
use crate::engine::queue::Queue;
use crate::engine::work_item::WorkItem;

/// Number of shards that are queried concurrently. Each takes a connection.
const AT_ONCE: usize = 4;
/// Number of rows that one tick enqueues from each shard. The rest waits a minute.
const PER_SHARD: usize = 500;

/// Result of a tick, for the metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticked {
    /// Number of rows that were enqueued.
    pub enqueued: usize,
    /// Time for which the oldest of them has been due, in seconds.
    pub oldest_seconds: i64,
}

/// Whether this process has compared what is open with its configuration, and found nothing that is gone from it. A
/// configuration changes only by a deployment, which starts other processes.
#[derive(Clone, Default)]
pub(crate) struct Compared(Arc<AtomicBool>);

impl Part for Compared {
    fn access(_: &mut Access) {}

    fn build(from: &Dependencies) -> Self {
        from.shared()
    }
}

parts! {
    /// Finds due rows, and events that never arrived.
    pub struct Tick {
        config: Configuration,
        compared: Compared,
        due: DueIndex,
        queue: Queue,
        reconciliation: Reconciliation,
        time: Time,
    }
}

impl Tick {
    /// Enqueues every row that is due within the next minute, each for its second.
    pub async fn tick(&self) -> Result<Ticked, Fault> {
        let now = self.time.now();
        let until = now + SignedDuration::from_secs(60);
        // Each minute begins with another shard: if time runs out, it isn't always the same shard that waits.
        let first = (now.as_second() / 60).rem_euclid(i64::from(SHARDS)) as u8;
        let shards = (0..SHARDS).map(|number| self.due.due((first + number) % SHARDS, until, PER_SHARD));
        let mut rows = Vec::new();
        let mut failed = None;
        let mut found = iter(shards).buffered(AT_ONCE);
        while let Some(found) = found.next().await {
            match found {
                Ok(found) => rows.extend(found.into_iter().map(|(row, due)| (WorkItem::from(row), due))),
                Err(fault) => failed = Some(fault),
            }
        }
        rows.sort_by_key(|(_, due)| *due);
        self.queue.enqueue(&rows, now).await;
        if !self.compared.0.load(Ordering::Relaxed)
            && let Err(fault) = self.wake_orphans(now).await
        {
            tracing::warn!(reason = %fault, "what is open could not be compared with the configuration; this is retried in a minute");
        }
        if now.as_second().div_euclid(60) % 5 == 0 {
            self.reconciliation.run().await;
        }
        // The rows that were found are enqueued even if a shard failed. The tick itself counts as failed, so that its
        // alarm sees it.
        failed.map_or_else(
            || {
                Ok(Ticked {
                    enqueued: rows.len(),
                    oldest_seconds: rows.first().map_or(0, |(_, due)| overdue(*due, now)),
                })
            },
            |fault| Err(fault.into()),
        )
    }
}

impl Tick {
    /// Wakes every incident and conversation whose subject is gone from the configuration, so that it ends with a word instead
    /// of hours later or never. Everything that is open is in the index.
    async fn wake_orphans(&self, now: Timestamp) -> Result<(), Fault> {
        let mut orphans = Vec::new();
        for shard in 0..SHARDS {
            for (row, _) in self.due.due(shard, Timestamp::MAX, usize::MAX).await? {
                if let DueRow::State(subject) = row
                    && !subject.is_in(&self.config)
                {
                    tracing::warn!(
                        subject = subject.as_str(),
                        "it is gone from the configuration while it is open"
                    );
                    orphans.push((WorkItem::Wake(subject), now));
                }
            }
        }
        if orphans.is_empty() {
            self.compared.0.store(true, Ordering::Relaxed);
        } else {
            self.queue.enqueue(&orphans, now).await;
        }
        Ok(())
    }
}

fn overdue(due: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(due).as_secs().max(0)
}
