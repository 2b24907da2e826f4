//! Direct messages in Webex.

use handbell_core::delivery::{DirectMessage, Outcome, Task, has_reference_tag};
use handbell_core::wording;

use crate::dependencies::{Time, parts};
use crate::engine::attempt::{Attempt, outcome_of_fault, outcome_of_lookup, outcome_of_send};
use crate::engine::work::wait;
use crate::vendor::WebexAccount;

parts! {
    /// Sends direct messages in Webex.
    pub(crate) struct DirectChannel {
        webex: WebexAccount,
        time: Time,
    }
}

impl DirectChannel {
    /// Sends a direct message, or looks it up among the messages to its recipient.
    pub(crate) async fn send(&self, attempt: Attempt<'_>, message: &DirectMessage) -> Outcome {
        let Attempt { work, task, .. } = attempt;
        let webex = match self.webex.client().await {
            Ok(webex) => webex,
            Err(fault) => return outcome_of_fault(fault),
        };
        let tag = attempt.reference_tag();
        if task == Task::LookUp {
            let seen = match webex.direct_messages(&message.email).await {
                Ok(seen) => seen,
                Err(failure) => return outcome_of_lookup(&failure),
            };
            let found = seen.into_iter().find(|seen| {
                has_reference_tag(seen.markdown.as_deref(), &tag)
                    || has_reference_tag(seen.text.as_deref(), &tag)
            });
            if let Some(found) = found {
                return Outcome::Sent(found.id.into());
            }
            if let Some(outcome) = attempt.after_empty_look() {
                return outcome;
            }
        }
        if !work.may_begin(self.time.now()) {
            return wait(0);
        }
        let markdown = wording::post(&message.content, work.plan(), &work.dispatch, &work.words);
        webex
            .direct(&message.email, &wording::tagged_post(&wording::escape_markdown(&markdown), &tag))
            .await
            .map_or_else(outcome_of_send, |id| Outcome::Sent(id.into()))
    }
}
