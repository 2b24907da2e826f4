//! The work queue.

use jiff::Timestamp;

use crate::dependencies::{Access, Dependencies, Part};
use crate::engine::work_item::WorkItem;

/// Puts messages into the work queue.
#[derive(Clone)]
pub(crate) struct Queue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl Part for Queue {
    fn access(access: &mut Access) {
        access.queue = true;
    }

    fn build(from: &Dependencies) -> Self {
        Self { sqs: from.sqs.clone(), url: from.endpoints.queue_url.clone() }
    }
}

impl Queue {
    /// Enqueues work, each item for the time at which it is due. Returns false if the queue hasn't accepted all of it.
    /// The tick finds the rows that the queue misses.
    pub(crate) async fn enqueue(&self, items: &[(WorkItem, Timestamp)], now: Timestamp) -> bool {
        use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
        let mut taken = true;
        for ten in items.chunks(10) {
            let entries = ten.iter().enumerate().filter_map(|(index, (item, at))| {
                // Rounded up: a message that arrives early finds nothing to do.
                let seconds =
                    (at.as_millisecond() - now.as_millisecond() + 999).div_euclid(1000).clamp(0, 900);
                let body = serde_json::to_string(item).ok()?;
                SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(body)
                    .delay_seconds(seconds as i32)
                    .build()
                    .ok()
            });
            let send = self
                .sqs
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries.collect()))
                .send();
            match send.await {
                Ok(sent) if sent.failed().is_empty() => {}
                Ok(sent) => {
                    taken = false;
                    tracing::warn!(
                        failed = sent.failed().len(),
                        "some messages were not accepted; the tick will find the rows"
                    );
                }
                Err(error) => {
                    taken = false;
                    tracing::warn!(reason = ?error.as_service_error(), "the queue accepted no message; the tick will find the rows");
                }
            }
        }
        taken
    }
}
