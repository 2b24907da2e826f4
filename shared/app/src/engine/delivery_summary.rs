//! The delivery summary: one message in the space that shows the outcome of each page and each failure. It is edited as
//! they settle.

use handbell_core::delivery::{DeliveryId, Dispatch, MAX_EDITS, Outcome, Progress, Shown, Task};
use handbell_core::vendor_id::MessageId;
use handbell_core::wording;
use handbell_outbound::Failure;
use handbell_outbound::webex::{Post, Webex};
use handbell_store::Spaces;
use jiff::{SignedDuration, Timestamp};

use crate::dependencies::{Time, parts};
use crate::engine::posts::{PostLookup, post_in_thread};
use crate::engine::space::SpaceFinder;
use crate::engine::work::{Work, wait};
use crate::vendor::WebexAccount;

parts! {
    /// Shows the outcomes of a dispatch's deliveries in the space.
    pub(crate) struct DeliverySummaries {
        finder: SpaceFinder,
        spaces: Spaces,
        posts: PostLookup,
        webex: WebexAccount,
        time: Time,
    }
}

impl DeliverySummaries {
    /// Posts the delivery summary when there is something to show, and edits it when that has changed.
    pub(crate) async fn show(&self, work: &mut Work) {
        let Some(text) = wording::delivery_summary(&work.dispatch) else { return };
        let fingerprint = work.dispatch.summary_fingerprint();
        let now = self.time.now();
        if !work.dispatch.deliveries.contains_key(&DeliveryId::Summary) {
            // Stored first and posted by the next claim: a worker that dies after posting the summary must have left a
            // trace.
            work.dispatch.add_summary(now);
            return;
        }
        if let Some(task) = summary_task(&work.dispatch, work.claimed_at) {
            let outcome = self.post_summary(work, &text, task).await;
            let posted = matches!(outcome, Outcome::Sent(_));
            work.dispatch.record(DeliveryId::Summary, outcome, self.time.now());
            if let Some(summary) = work.dispatch.deliveries.get_mut(&DeliveryId::Summary)
                && posted
            {
                // A summary that was found may show an earlier state. It is edited next.
                let fingerprint = if task == Task::Send { fingerprint } else { String::new() };
                summary.shown = Some(Shown { fingerprint, edits: 0 });
            }
        } else if work.dispatch.stale_summary().is_some() {
            self.edit_summary(work, &text, fingerprint).await;
        }
    }

    async fn post_summary(&self, work: &Work, text: &str, task: Task) -> Outcome {
        let webex = match self.webex.client().await {
            Ok(webex) => webex,
            Err(_) => return wait(15),
        };
        let space = match self.finder.find_for(&webex, work).await {
            Ok(space) => space,
            Err(outcome) => return outcome,
        };
        let tag = work.dispatch.reference_tag(DeliveryId::Summary);
        if task == Task::LookUp {
            match self.posts.find_in_room(&webex, &space.id, &tag).await {
                Ok(Some(id)) => return Outcome::Sent(id.into()),
                Ok(None) => {}
                Err(outcome) => return outcome,
            }
            if let Some(outcome) = self.posts.must_look_again(work, DeliveryId::Summary).await {
                return outcome;
            }
        }
        // Finding the space or looking up the summary may have taken long.
        if !work.may_begin(self.time.now()) {
            return wait(0);
        }
        let parent = work.thread().cloned();
        let post = Post { markdown: wording::tagged_post(text, &tag), parent, ..Post::default() };
        match post_in_thread(&webex, &space.id, post).await {
            Ok(id) => Outcome::Sent(id.into()),
            Err(failure) => self.finder.outcome_in_space(&webex, &space, failure).await,
        }
    }

    /// Edits the summary. Editing twice does no harm, so there is nothing to look up. After nine edits a new message
    /// begins.
    async fn edit_summary(&self, work: &mut Work, text: &str, fingerprint: String) {
        let now = self.time.now();
        let tag = work.dispatch.reference_tag(DeliveryId::Summary);
        let (id, edits) = match work.dispatch.deliveries.get(&DeliveryId::Summary) {
            Some(summary) => (summary.post_id(), summary.shown.as_ref().map_or(0, |shown| shown.edits)),
            None => return,
        };
        let id = id.filter(|_| edits < MAX_EDITS);
        let edited = match (self.webex.client().await, id) {
            (Ok(webex), Some(id)) => self.edit(&webex, work, &id, &wording::tagged_post(text, &tag)).await,
            (Ok(_), None) => Err(None),
            (Err(_), _) => Err(Some(15)),
        };
        let Some(summary) = work.dispatch.deliveries.get_mut(&DeliveryId::Summary) else { return };
        match edited {
            Ok(()) => summary.shown = Some(Shown { fingerprint, edits: edits + 1 }),
            Err(Some(seconds)) => summary.next_at = now + SignedDuration::from_secs(seconds),
            Err(None) => {
                summary.progress = Progress::Pending;
                summary.next_at = now;
            }
        }
    }

    /// Edits the message. `Err(Some(pause))` means retry later. `Err(None)` means that this message can't be edited any
    /// more.
    async fn edit(
        &self,
        webex: &Webex,
        work: &Work,
        id: &MessageId,
        markdown: &str,
    ) -> Result<(), Option<i64>> {
        let wanted = work.wanted_space().ok_or(None)?;
        let row = self.spaces.space(&wanted.name).await.map_err(|_| Some(15))?;
        let room = row.and_then(|row| row.room).ok_or(None)?;
        if !work.may_begin(self.time.now()) {
            return Err(Some(0));
        }
        match webex.edit(id, &room, markdown).await {
            Ok(_) => Ok(()),
            Err(Failure::Refused { .. }) => Err(None),
            Err(Failure::NotSent { retry_after: Some(pause), .. }) => Err(Some(pause.as_secs() as i64)),
            Err(_) => Err(Some(15)),
        }
    }
}

/// Returns what to do with the delivery summary itself.
fn summary_task(dispatch: &Dispatch, now: Timestamp) -> Option<Task> {
    let summary = dispatch.deliveries.get(&DeliveryId::Summary)?;
    match summary.progress {
        Progress::Pending if summary.next_at <= now => Some(Task::Send),
        Progress::Unknown if summary.next_at <= now => Some(Task::LookUp),
        Progress::Pending | Progress::Unknown | Progress::Sent | Progress::Dead | Progress::Cancelled => None,
    }
}
