//! Messages in spaces: Handbell's own posts, which prove that they arrived; commands in words; and agents' messages in
//! customers' spaces, which go to [`crate::conversation::agent`].

use handbell_core::delivery::{DispatchKey, Progress, Receipt, ReferenceTag};
use handbell_core::incident::reference as named;
use handbell_core::vendor_id::{MessageId, RoomId};
use handbell_outbound::Failure;
use handbell_store::{Conversations, Dispatches, EpochKey, Incidents, Missed, Receipts};

use crate::Fault;
use crate::alert::commands::SpaceCommands;
use crate::configuration::Configuration;
use crate::conversation::agent::AgentMessages;
use crate::dependencies::{Time, parts};
use crate::engine::pause::retry_pause;
use crate::engine::queue::Queue;
use crate::engine::work_item::WorkItem;
use crate::occupancy::choice::ZoneChoices;
use crate::vendor::WebexAccount;

/// Number of retries for a message that isn't visible: it may only just have been written.
const SEEN_TRIES: u32 = 4;
/// Number of attempts to read a message, which take half an hour.
const READ_TRIES: u32 = 40;

parts! {
    /// Reads messages in spaces.
    pub(crate) struct SpaceMessages {
        config: Configuration,
        conversations: Conversations,
        incidents: Incidents,
        dispatches: Dispatches,
        receipts: Receipts,
        missed: Missed,
        queue: Queue,
        agents: AgentMessages,
        commands: SpaceCommands,
        zones: ZoneChoices,
        webex: WebexAccount,
        time: Time,
    }
}

impl SpaceMessages {
    /// Reads a message that a webhook announced. If that fails, it is retried later.
    pub(crate) async fn take(&self, id: &MessageId, room: &RoomId, tries: u32) -> Result<(), Fault> {
        match self.read(id, room, tries).await {
            Err(fault) if tries >= READ_TRIES => {
                // No further retry is enqueued. The spaces are read as after an outage of the webhooks.
                self.missed.remember_missed(true).await?;
                Err(fault)
            }
            Err(fault) => {
                tracing::warn!(reason = %fault, "a message at Webex can't be read now; it is retried");
                let now = self.time.now();
                let again = (
                    WorkItem::NewMessage { message: id.clone(), room: room.clone(), tries: tries + 1 },
                    now + retry_pause(tries),
                );
                if self.queue.enqueue(&[again], now).await { Ok(()) } else { Err(fault) }
            }
            other => other,
        }
    }

    /// Returns the conversation that the space belongs to. Its line may be gone from the configuration.
    async fn whose_room(&self, room: &RoomId) -> Result<Option<EpochKey>, Fault> {
        Ok(self.conversations.conversation_of_room(room).await?)
    }

    /// Reads a message. A message of a person goes to the agents' messages in a customer's space, and to the commands
    /// elsewhere. A post of our own proves by its reference tag that its delivery arrived, if that isn't known yet.
    async fn read(&self, id: &MessageId, room: &RoomId, tries: u32) -> Result<(), Fault> {
        let message = match self.webex.client().await?.message(id).await {
            Ok(message) => message,
            // The token was changed a moment ago, or a new message can't be read yet.
            Err(failure @ Failure::Refused { code: 401, .. }) => return Err(failure.into()),
            Err(failure @ Failure::Refused { code: 404, .. })
                if tries < SEEN_TRIES && !self.config.lines.is_empty() =>
            {
                return Err(failure.into());
            }
            // The message is gone, or not visible to us.
            Err(Failure::Refused { .. }) => return Ok(()),
            Err(failure) => return Err(failure.into()),
        };
        let me = self.webex.identity().await?;
        if message.person_id.as_ref() != Some(&me.id) {
            let room = message.room_id.clone().unwrap_or_else(|| room.clone());
            return match self.whose_room(&room).await? {
                Some(whose) => self.agents.read(&whose, &room, Some(message)).await,
                None if self.commands.take_words(&message, me).await? => Ok(()),
                None => self.zones.take_words(&message, &me.name).await,
            };
        }
        let text = message.markdown.or(message.text).unwrap_or_default();
        let Some(tag) = ReferenceTag::at_end_of(&text) else { return Ok(()) };
        let ReferenceTag { reference, dispatch: number, delivery: id } = tag;
        // The table has no references of conversations: there would be too many. The space identifies the conversation.
        let whose = match self.whose_room(message.room_id.as_ref().unwrap_or(room)).await? {
            Some(whose) => Some(whose).filter(|whose| named(&whose.subject, whose.epoch) == reference),
            None => self.incidents.named(&reference).await?,
        };
        let Some(whose) = whose else { return Ok(()) };
        let key = DispatchKey { subject: whose.subject, epoch: whose.epoch, number };
        let Some(dispatch) = self.dispatches.dispatch(&key).await? else { return Ok(()) };
        let known = dispatch.deliveries.get(&id).is_none_or(|delivery| delivery.progress == Progress::Sent);
        if !known && dispatch.lease.is_held(self.time.now().as_millisecond()) {
            // The worker that posted the message is about to record that. This receipt counts only if the worker fails.
            return Err(Fault::from("the worker that posted this is still at work"));
        }
        if !known {
            let receipt = Receipt {
                rank: 1,
                status: "posted".into(),
                why: None,
                code: None,
                id: message.id.into(),
                last: false,
            };
            self.receipts.record_receipt(&key, id, &receipt, self.time.now()).await?;
        }
        Ok(())
    }
}
