//! Callbacks from Webex. They are only enqueued; [`crate::callback::message`] reads the messages.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_inbound::webex::{Envelope, ResourceId, SIGNATURE_HEADER, verify};
use http::{Request, Response, StatusCode};
use jiff::SignedDuration;

use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};
use crate::engine::queue::Queue;
use crate::engine::work_item::{MessageChange, WorkItem};
use crate::secrets::{Secrets, values};
use crate::{Failed, Fault, answer, header, refuse};

parts! {
    /// Takes callbacks from Webex and puts them into the queue.
    pub struct WebexEvent {
        config: Configuration,
        queue: Queue,
        secrets: Secrets,
        time: Time,
    }
}

impl WebexEvent {
    /// Answers `/webex`: a message was created, changed or deleted, or a choice was made on a card.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.take(&request).await {
            Ok(()) => answer(StatusCode::OK, ""),
            Err(failed) => refuse(&failed),
        }
    }

    /// Enqueues the event without reading it: Webex wants its answer at once, and reading may fail while Webex is down.
    async fn take(&self, request: &Request<Bytes>) -> Result<(), Failed> {
        let envelope = self.envelope(request).await?;
        let now = self.time.now();
        match (&envelope.data.id, envelope.event.as_str()) {
            (ResourceId::Message(id), "created") => {
                let room = envelope.data.room_id.as_ref();
                let room = room.ok_or_else(|| Rejected::Malformed("the message has no roomId".into()))?;
                let ours = envelope.created_by.is_some() && envelope.created_by == envelope.data.person_id;
                // The worker that posted the message gets some time to record that.
                let soon = if ours { now + SignedDuration::from_secs(3) } else { now };
                self.keep_in_queue(
                    WorkItem::NewMessage { message: id.clone(), room: room.clone(), tries: 0 },
                    soon,
                )
                .await
            }
            (ResourceId::Message(id), change @ ("updated" | "deleted")) => {
                let data = &envelope.data;
                let (Some(room), Some(person)) =
                    (&data.room_id, envelope.actor_id.as_ref().or(data.person_id.as_ref()))
                else {
                    return Ok(());
                };
                // Handbell's own edits are no news.
                if envelope.created_by.as_ref() == Some(person) {
                    return Ok(());
                }
                let change = MessageChange {
                    message: id.clone(),
                    room: room.clone(),
                    person: person.clone(),
                    deleted: change == "deleted",
                };
                self.keep_in_queue(WorkItem::MessageChange { change, tries: 0 }, now).await
            }
            (ResourceId::Action(id), "created") => {
                self.keep_in_queue(WorkItem::CardAction { action: id.clone(), tries: 0 }, now).await
            }
            _ => Ok(()),
        }
    }

    /// Puts the event into the queue. Nothing else holds it: if the queue doesn't accept it, Webex must retry.
    async fn keep_in_queue(&self, item: WorkItem, at: jiff::Timestamp) -> Result<(), Failed> {
        if self.queue.enqueue(&[(item, at)], self.time.now()).await {
            Ok(())
        } else {
            Err(Fault::from("the queue accepted nothing").into())
        }
    }

    async fn envelope(&self, request: &Request<Bytes>) -> Result<Envelope, Failed> {
        let Some(name) = &self.config.webex.webhook else { return Err(Rejected::Unknown.into()) };
        let signature = header(request, SIGNATURE_HEADER);
        let read = |secrets: &_| verify(signature, request.body(), &values(secrets, [name.secret.as_str()]));
        let is_wrong = |read: &_| matches!(read, Err(Rejected::Forged)) && signature.is_some();
        Ok(self.secrets.verify(self.time.now(), read, is_wrong).await??)
    }
}
