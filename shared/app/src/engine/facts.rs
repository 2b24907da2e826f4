//! Facts for other systems, which are published on the event bus.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use handbell_core::delivery::{Dispatch, Fact};
use handbell_core::incident::reference;

use crate::dependencies::{Access, Dependencies, Part};

/// Most entries of one request (EventBridge API Reference, PutEvents).
const ENTRIES: usize = 10;
/// Most bytes of all entries of one request.
const BYTES: usize = 256 * 1024;

/// Publishes facts on the event bus.
#[derive(Clone)]
pub(crate) struct FactPublisher {
    events: aws_sdk_eventbridge::Client,
    bus: String,
}

impl Part for FactPublisher {
    fn access(access: &mut Access) {
        access.bus = true;
    }

    fn build(from: &Dependencies) -> Self {
        Self { events: from.events.clone(), bus: from.endpoints.bus.clone() }
    }
}

/// A fact, and the entry that publishes it.
type Published<'a> = (&'a Fact, PutEventsRequestEntry);

impl FactPublisher {
    /// Publishes a dispatch's facts. Returns the facts that must be published again, since the bus didn't accept them; none if
    /// there are no facts.
    pub(crate) async fn publish(&self, dispatch: &Dispatch) -> Option<Vec<Fact>> {
        if dispatch.facts.is_empty() {
            return None;
        }
        let entries = dispatch.facts.iter().map(|fact| (fact, self.entry(dispatch, fact))).collect();
        let mut again = Vec::new();
        for batch in batches(entries) {
            again.extend(self.publish_batch(&batch).await);
        }
        Some(again)
    }

    fn entry(&self, dispatch: &Dispatch, fact: &Fact) -> PutEventsRequestEntry {
        let of = dispatch.of_incident();
        let detail = serde_json::json!({
            "id": fact.id, "subject": dispatch.key.subject.as_str(), "epoch": dispatch.key.epoch, "plan": of.map_or("", |of| of.plan.as_str()),
            "incident": reference(&dispatch.key.subject, dispatch.key.epoch),
            "count": of.map_or(0, |of| of.count), "step": dispatch.step(), "at": fact.at, "detail": fact.detail,
        });
        PutEventsRequestEntry::builder()
            .source("handbell")
            .detail_type(&fact.kind)
            .event_bus_name(&self.bus)
            .detail(detail.to_string())
            .build()
    }

    /// Publishes what fits into one request. Returns the facts that must be published again.
    async fn publish_batch(&self, batch: &[Published<'_>]) -> Vec<Fact> {
        let entries = batch.iter().map(|(_, entry)| entry.clone()).collect();
        match self.events.put_events().set_entries(Some(entries)).send().await {
            Ok(answer) => {
                // The results have the order of the entries. An entry without an id was not accepted.
                let results = answer.entries().iter().zip(batch);
                let failed = results.filter(|(entry, _)| entry.event_id().is_none());
                let again = failed.filter(|(entry, (fact, _))| {
                    let transient = matches!(
                        entry.error_code(),
                        Some("InternalFailure" | "ThrottlingException" | "InternalException")
                    );
                    if !transient {
                        tracing::error!(
                            fact = fact.kind,
                            code = entry.error_code(),
                            "the bus rejects this fact permanently"
                        );
                    }
                    transient
                });
                again.map(|(_, (fact, _))| (*fact).clone()).collect()
            }
            Err(error) => {
                tracing::warn!(reason = ?error.as_service_error(), "the bus accepted no facts; they are retried");
                batch.iter().map(|(fact, _)| (*fact).clone()).collect()
            }
        }
    }
}

/// Divides the facts into requests that the bus accepts, in their order.
fn batches(facts: Vec<Published<'_>>) -> Vec<Vec<Published<'_>>> {
    let mut batches: Vec<Vec<Published<'_>>> = Vec::new();
    let mut room = 0;
    for fact in facts {
        let size = size(&fact.1);
        match batches.last_mut() {
            Some(batch) if batch.len() < ENTRIES && size <= room => {
                room -= size;
                batch.push(fact);
            }
            Some(_) | None => {
                room = BYTES.saturating_sub(size);
                batches.push(vec![fact]);
            }
        }
    }
    batches
}

/// Returns the size of an entry as EventBridge counts it, in bytes (EventBridge User Guide, "Calculating PutEvents event entry
/// size").
fn size(entry: &PutEventsRequestEntry) -> usize {
    [entry.source(), entry.detail_type(), entry.detail()].into_iter().flatten().map(str::len).sum()
}
