//! Choices on the cards of incidents and zones.

use handbell_core::vendor_id::ActionId;
use handbell_outbound::Failure;
use jiff::SignedDuration;

use crate::Fault;
use crate::alert::commands::SpaceCommands;
use crate::dependencies::{Time, parts};
use crate::engine::card_press::CardPress;
use crate::engine::queue::Queue;
use crate::engine::work_item::WorkItem;
use crate::occupancy::choice::ZoneChoices;
use crate::vendor::WebexAccount;

/// Number of attempts to read a choice, which take two minutes.
const TRIES: u32 = 12;

parts! {
    /// Takes choices on cards.
    pub(crate) struct CardActions {
        commands: SpaceCommands,
        zones: ZoneChoices,
        queue: Queue,
        webex: WebexAccount,
        time: Time,
    }
}

impl CardActions {
    /// Reads and applies a choice. If that fails, it is retried after ten seconds.
    pub(crate) async fn take(&self, action: &ActionId, tries: u32) -> Result<(), Fault> {
        match self.handle_choice(action).await {
            Err(fault) if tries < TRIES => {
                tracing::warn!(reason = %fault, "a choice on a card can't be applied now; it is retried in ten seconds");
                let now = self.time.now();
                let soon = now + SignedDuration::from_secs(10);
                // Only the queue holds a choice. If it doesn't accept the retry, the current message is delivered
                // again.
                if self
                    .queue
                    .enqueue(
                        &[(WorkItem::CardAction { action: action.clone(), tries: tries + 1 }, soon)],
                        now,
                    )
                    .await
                {
                    Ok(())
                } else {
                    Err(fault)
                }
            }
            other => other,
        }
    }

    async fn handle_choice(&self, id: &ActionId) -> Result<(), Fault> {
        let webex = self.webex.client().await?;
        let action = match webex.action(id).await {
            Ok(action) => action,
            // The action is gone, or not visible to us.
            Err(Failure::Refused { .. }) => return Ok(()),
            Err(failure) => return Err(failure.into()),
        };
        let input = |name: &str| action.inputs[name].as_str();
        let (Some(choice), Some(reference)) = (input("choice"), input("incident")) else { return Ok(()) };
        let press = CardPress {
            action: id,
            reference,
            epoch: action.inputs["epoch"].as_u64(),
            choice,
            room: &action.room_id,
            person: &action.person_id,
            card: &action.message_id,
        };
        match input("handbell") {
            Some("incident") => self.commands.take_press(press).await,
            Some("zone") => self.zones.take_press(&webex, press).await,
            _ => Ok(()),
        }
    }
}
