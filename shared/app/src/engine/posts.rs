//! Look-up of Handbell's own posts in a space, by their reference tags.

use handbell_core::delivery::{DeliveryId, Outcome, has_reference_tag};
use handbell_core::vendor_id::{MessageId, RoomId};
use handbell_outbound::webex::{Post, Webex};
use handbell_outbound::{Failure, VendorResult};

use crate::dependencies::parts;
use crate::engine::attempt::outcome_of_lookup;
use crate::engine::work::Work;
use crate::vendor::WebexAccount;

parts! {
    /// Looks up Handbell's own posts.
    pub(crate) struct PostLookup {
        webex: WebexAccount,
    }
}

impl PostLookup {
    /// Finds the post with this reference tag. A bot can't list its own posts in a group space: there, the webhook
    /// reports each post, and the report is stored as a receipt. The list then only proves that Webex answers.
    pub(crate) async fn find_in_room(
        &self,
        webex: &Webex,
        room: &RoomId,
        tag: &str,
    ) -> Result<Option<MessageId>, Outcome> {
        let me =
            self.webex.identity().await.map_err(|fault| Outcome::LookFailed { why: fault.to_string() })?;
        let messages = webex.messages(room, 100, me.bot).await;
        let messages = messages.map_err(|failure| outcome_of_lookup(&failure))?;
        let ours = messages.into_iter().find(|message| {
            has_reference_tag(message.markdown.as_deref(), tag)
                || has_reference_tag(message.text.as_deref(), tag)
        });
        Ok(ours.map(|message| message.id))
    }

    /// Returns an outcome if the look-up must be repeated. A bot's empty look-up proves only that Webex answers, so the
    /// webhook that reports the post gets some more time.
    pub(crate) async fn must_look_again(&self, work: &Work, id: DeliveryId) -> Option<Outcome> {
        let bot = self.webex.identity().await.is_ok_and(|me| me.bot);
        (bot && work.delivery(id)?.looks == 0).then_some(Outcome::LookAgain)
    }
}

/// Posts under another message, or without it if that message is gone.
pub(crate) async fn post_in_thread(webex: &Webex, room: &RoomId, post: Post) -> VendorResult<MessageId> {
    match webex.post(room, &post).await {
        Err(Failure::Refused { .. }) if post.parent.is_some() => {
            webex.post(room, &Post { parent: None, ..post }).await
        }
        answer => answer,
    }
}
