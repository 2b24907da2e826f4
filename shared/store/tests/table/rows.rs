//! An incident and its first deliveries, as the first press creates them.

use handbell_core::delivery::{
    Body, Content, Delivery, DeliveryId, Dispatch, DispatchKey, Message, OfIncident, PhoneMessage,
};
use handbell_core::incident::{Incident, Phase, Subject};
use handbell_store::table::{DueRow, SHARDS};
use handbell_store::{Commit, HandledEvent};
use jiff::{SignedDuration, Timestamp};

use crate::{World, at};

/// Id of the only text among the deliveries.
pub(crate) const TEXT: DeliveryId = DeliveryId::Numbered(0);

pub(crate) fn now() -> Timestamp {
    at("2026-11-21T02:00:00Z")
}

pub(crate) fn subject() -> Subject {
    Subject::button("green")
}

/// A dispatch with a text that is due now.
pub(crate) fn dispatch(number: u32) -> Dispatch {
    let key = DispatchKey { subject: subject(), epoch: 1, number };
    let mut dispatch = Dispatch::new(key, Body::Incident(OfIncident::new("plan", "hash", now())), now());
    let id = dispatch.add(Delivery::new(
        Message::Phone(PhoneMessage::Text {
            to: "+12025550111".parse().unwrap(),
            from: "+12025550100".parse().ok(),
            content: Content::Text("Check Webex".to_owned()),
        }),
        now(),
    ));
    assert_eq!(id, TEXT);
    dispatch
}

/// The incident after its first press.
pub(crate) fn incident(version: u64) -> Incident {
    Incident {
        subject: subject(),
        epoch: 1,
        version,
        phase: Phase::Open,
        plan: "alarm".to_owned(),
        plan_hash: "hash".to_owned(),
        count: version,
        step: 1,
        step_at: now(),
        step_dispatch: 1,
        opened_at: now(),
        heard_at: now(),
        last_gesture: None,
        taken_by: None,
        dispatches: 1,
        cancelled_up_to: 0,
        cancelled_epochs: 0,
        wake_at: Some(now() + SignedDuration::from_hours(1)),
        occupancy: None,
        label: None,
        alert: None,
        responses: handbell_core::incident::Responses::default(),
    }
}

/// An event for which this count was returned.
pub(crate) fn handled(count: u64) -> HandledEvent {
    HandledEvent { count, at: now(), epoch: 1 }
}

/// The changes from one version to the next.
pub(crate) fn change<'a>(
    before: Option<u64>,
    incident: &'a Incident,
    event: &'a str,
    dispatches: &'a [Dispatch],
) -> Commit<'a> {
    Commit {
        before,
        incident,
        event: Some((event, SignedDuration::from_hours(24), handled(incident.count))),
        dispatches,
        keep_seconds: 86_400,
        opens: before.is_none(),
        ends: incident.phase.is_final(),
        replaces: None,
        plan: None,
    }
}

/// The changes of the first press, with these dispatches.
pub(crate) fn opened(dispatches: &[Dispatch]) -> Commit<'_> {
    static FIRST: std::sync::LazyLock<Incident> = std::sync::LazyLock::new(|| incident(1));
    change(None, &FIRST, "press-1", dispatches)
}

impl World {
    /// Returns every row in the index that is due until then.
    pub(crate) async fn due(&self, until: Timestamp) -> Vec<DueRow> {
        let mut rows = Vec::new();
        for shard in 0..SHARDS {
            let found = self.store.due_index().due(shard, until, 100).await.unwrap();
            rows.extend(found.into_iter().map(|(row, _)| row));
        }
        rows
    }
}
