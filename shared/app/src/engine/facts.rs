//! Facts for other systems, which are published on the event bus.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use handbell_core::delivery::{Dispatch, Fact};
use handbell_core::incident::reference;

use crate::dependencies::{Access, Dependencies, Part};

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

impl FactPublisher {
    /// Publishes a dispatch's facts. Returns the facts that must be published again. Returns none if the stored facts
    /// stay as they are, because there are none or because the bus could not be reached.
    pub(crate) async fn publish(&self, dispatch: &Dispatch) -> Option<Vec<Fact>> {
        let facts = &dispatch.facts;
        if facts.is_empty() {
            return None;
        }
        let of = dispatch.of_incident();
        let entries = facts.iter().map(|fact| {
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
        });
        match self.events.put_events().set_entries(Some(entries.collect())).send().await {
            Ok(answer) if answer.failed_entry_count() == 0 => Some(Vec::new()),
            Ok(answer) => {
                // The results have the order of the entries. An entry without an id was not accepted.
                let failed =
                    answer.entries().iter().zip(facts).filter(|(entry, _)| entry.event_id().is_none());
                let again = failed.filter(|(entry, fact)| {
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
                Some(again.map(|(_, fact)| fact.clone()).collect())
            }
            Err(error) => {
                tracing::warn!(reason = ?error.as_service_error(), "the bus accepted no facts; they are retried");
                None
            }
        }
    }
}
