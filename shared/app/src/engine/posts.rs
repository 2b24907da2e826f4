//! Our own posts in a space, found again by their reference tags.

use handbell_core::delivery::Outcome;
use handbell_outbound::webex::Webex;

use crate::engine::attempt::{has_reference_tag, outcome_of_lookup};
use crate::engine::work::Work;
use crate::parts::parts;
use crate::vendor::WebexAccount;

parts! {
    /// Looks for our own posts.
    pub(crate) struct PostLookup {
        webex: WebexAccount,
    }
}

impl PostLookup {
    /// Our post with this reference tag. A bot can't list what it posted in a group space: there its own post comes back by
    /// the webhook and is written down; that Webex answers at all is what is learnt here.
    pub(crate) async fn find_in_room(
        &self,
        webex: &Webex,
        room: &str,
        tag: &str,
    ) -> Result<Option<String>, Outcome> {
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

    /// What a bot's empty look proves: only that Webex answers. The webhook that brings its own post gets some more time.
    pub(crate) async fn must_look_again(&self, work: &Work, name: &str) -> Option<Outcome> {
        let bot = self.webex.identity().await.is_ok_and(|me| me.bot);
        (bot && work.delivery(name)?.looks == 0).then_some(Outcome::LookAgain)
    }
}
