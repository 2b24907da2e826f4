//! Webex calls back: our own post comes by, which proves that it is there. Messages in customers' spaces go on to [`crate::conversation::agent`].

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::delivery::{DispatchKey, Progress, Receipt};
use handbell_core::incident::reference as named;
use handbell_inbound::webex::{Envelope, SIGNATURE_HEADER, verify};
use handbell_outbound::Failure;
use handbell_store::Named;
use handbell_store::table::RowKey;
use http::{Request, Response, StatusCode};
use jiff::SignedDuration;

use crate::configuration::Configuration;
use crate::engine::pause::retry_pause;
use crate::engine::queue::Queue;
use crate::parts::{Time, parts};
use crate::secrets::{Secrets, values};
use crate::{App, Failed, Fault, answer, header, refuse};

/// A message that can't be seen is looked for so often again: it may only just have been written.
const SEEN_TRIES: u32 = 4;
/// A message is tried to be read for half an hour.
const READ_TRIES: u32 = 40;
parts! {
    /// Takes what Webex tells: it only puts it into the queue.
    pub struct WebexEvent {
        config: Configuration,
        queue: Queue,
        secrets: Secrets,
        time: Time,
    }
}

impl WebexEvent {
    /// `/webex`: a message, a card, a membership.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.take(&request).await {
            Ok(()) => answer(StatusCode::OK, ""),
            Err(failed) => refuse(&failed),
        }
    }

    /// Only notes that there is a message: Webex wants its answer at once, and reading it may fail while Webex is down.
    async fn take(&self, request: &Request<Bytes>) -> Result<(), Failed> {
        let envelope = self.envelope(request).await?;
        let now = self.time.now();
        match (envelope.resource.as_str(), envelope.event.as_str()) {
            ("messages", "created") => {
                let room = envelope.data.room_id.as_deref().unwrap_or_default();
                let ours = envelope.created_by.is_some() && envelope.created_by == envelope.data.person_id;
                // Whoever of us posted it is given the time to write that down.
                let soon = if ours { now + SignedDuration::from_secs(3) } else { now };
                self.keep_in_queue(RowKey::heard(&envelope.data.id, room, 0), soon).await
            }
            ("messages", change @ ("updated" | "deleted")) if !self.config.lines.is_empty() => {
                let data = &envelope.data;
                let (Some(room), Some(person)) =
                    (&data.room_id, envelope.actor_id.as_ref().or(data.person_id.as_ref()))
                else {
                    return Ok(());
                };
                // What we edit ourselves is no news.
                if envelope.created_by.as_ref() == Some(person) {
                    return Ok(());
                }
                let row = RowKey::changed(&data.id, (room, person), change == "deleted", 0);
                self.keep_in_queue(row, now).await
            }
            ("attachmentActions", "created") => {
                self.keep_in_queue(RowKey::card(&envelope.data.id, 0), now).await
            }
            _ => Ok(()),
        }
    }

    /// Nothing but the queue holds what Webex tells us: if it isn't there, Webex shall come again.
    async fn keep_in_queue(&self, row: RowKey, at: jiff::Timestamp) -> Result<(), Failed> {
        if self.queue.enqueue(&[(row, at)], self.time.now()).await {
            Ok(())
        } else {
            Err(Fault::from("the queue took nothing").into())
        }
    }

    async fn envelope(&self, request: &Request<Bytes>) -> Result<Envelope, Failed> {
        let Some(name) = &self.config.webex.webhook else { return Err(Rejected::Unknown.into()) };
        let signature = header(request, SIGNATURE_HEADER);
        let secrets = self.secrets.all(self.time.now()).await?;
        match verify(signature, request.body(), &values(&secrets, [name.secret.as_str()])) {
            Err(Rejected::Forged) if signature.is_some() => {
                let secrets = self.secrets.newest(self.time.now()).await?;
                Ok(verify(signature, request.body(), &values(&secrets, [name.secret.as_str()]))?)
            }
            other => Ok(other?),
        }
    }
}

impl App {
    /// Reads a message that we heard of; what can't be read now is read later.
    pub(crate) async fn read_message(&self, id: &str, room: &str, tries: u32) -> Result<(), Fault> {
        match self.read(id, room, tries).await {
            Err(fault) if tries >= READ_TRIES => {
                // Nobody tries this one again: what stands in the spaces is read as after a time without webhooks.
                self.store.missed().remember_missed(true).await?;
                Err(fault)
            }
            Err(fault) => {
                tracing::warn!(reason = %fault, "a message at Webex can't be read now; tried again");
                let now = self.now();
                let again = (RowKey::heard(id, room, tries + 1), now + retry_pause(tries));
                if self.enqueue(&[again], now).await { Ok(()) } else { Err(fault) }
            }
            other => other,
        }
    }

    /// Which conversation's space this is.
    async fn whose_room(&self, room: &str) -> Result<Option<Named>, Fault> {
        if self.config.lines.is_empty() {
            return Ok(None);
        }
        Ok(self.store.conversations().conversation_of_room(room).await?)
    }

    /// A message in a customer's space may leave. Anywhere else our own post carries its mark: if we don't know yet that it
    /// arrived, now we do.
    async fn read(&self, id: &str, room: &str, tries: u32) -> Result<(), Fault> {
        let message = match self.webex().await?.message(id).await {
            Ok(message) => message,
            // Our token was changed a moment ago, or what was just written can't be read yet.
            Err(Failure::Refused { code: 401, why }) => return Err(Fault::from(why)),
            Err(Failure::Refused { code: 404, why })
                if tries < SEEN_TRIES && !self.config.lines.is_empty() =>
            {
                return Err(Fault::from(why));
            }
            // It is gone, or not for our eyes.
            Err(Failure::Refused { .. }) => return Ok(()),
            Err(failure) => return Err(Fault::from(failure)),
        };
        let me = self.me().await?;
        if message.person_id.as_deref() != Some(me.id.as_str()) {
            let room = message.room_id.clone().unwrap_or_else(|| room.to_owned());
            return match self.whose_room(&room).await? {
                Some(whose) => self.agents_wrote(&whose, &room, Some(message)).await,
                None if self.space_commands.take_words(&message, &me.name).await? => Ok(()),
                None => self.answered_in_words(&message, &me.name).await,
            };
        }
        let text = message.markdown.or(message.text).unwrap_or_default();
        let Some((reference, number, name)) = find_mark(&text) else { return Ok(()) };
        // A conversation has no short name in the table: there would be too many. Its space tells whose post it is.
        let whose = match self.whose_room(message.room_id.as_deref().unwrap_or(room)).await? {
            Some(whose) => Some(whose).filter(|whose| named(&whose.subject, whose.epoch) == reference),
            None => self.store.incidents().named(&reference).await?,
        };
        let Some(whose) = whose else { return Ok(()) };
        let key = DispatchKey { subject: whose.subject, epoch: whose.epoch, number };
        let Some(dispatch) = self.store.dispatches().dispatch(&key).await? else { return Ok(()) };
        let known = dispatch.deliveries.get(&name).is_none_or(|delivery| delivery.progress == Progress::Sent);
        if !known && dispatch.lease.is_held(self.now().as_millisecond()) {
            // Whoever posted it is about to write that down; only if that fails does this count.
            return Err(Fault::from("whoever posted this is still at work"));
        }
        if !known {
            let receipt = Receipt {
                rank: 1,
                status: "posted".into(),
                why: None,
                code: None,
                id: message.id,
                last: false,
            };
            self.store.receipts().receipt(&key, &name, &receipt, self.now()).await?;
        }
        Ok(())
    }
}

/// `H-7K3Q.2.1` at the end of a text, in its parts: anywhere else it is what somebody wrote.
fn find_mark(text: &str) -> Option<(String, u32, String)> {
    let last = text.trim_end().trim_end_matches('`');
    let start = last.rfind(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '-' || sign == '.'));
    let mark = &last[start.map_or(0, |start| start + 1)..];
    let mut parts = mark.split('.');
    let (reference, number, name) = (parts.next()?, parts.next()?, parts.next()?);
    let ours = reference.len() == 6 && reference.starts_with("H-") && parts.next().is_none();
    ours.then(|| Some((reference.to_owned(), number.parse().ok()?, name.to_owned())))?
}
