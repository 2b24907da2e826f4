//! The report: one message in the space that shows what became of each phone and each failure, edited as they settle.

use handbell_core::delivery::{Delivery, MAX_EDITS, Outcome, Progress, REPORT, Say, Shown, Task};
use handbell_core::incident::Kind;
use handbell_core::wording;
use handbell_outbound::Failure;
use handbell_outbound::webex::{Post, Webex};
use jiff::SignedDuration;

use crate::App;
use crate::channel::speak::said;
use crate::engine::deliver::{Work, report_task, wait};

impl App {
    /// Posts the report when there is something to tell, and edits it when that has changed.
    pub(crate) async fn report(&self, work: &mut Work) {
        // What belongs to no incident has no space to be told of in.
        if work.dispatch.key.subject.kind() == Kind::Notice {
            return;
        }
        let Some(text) = wording::report(&work.dispatch) else { return };
        let now = self.now();
        if !work.dispatch.deliveries.contains_key(REPORT) {
            // Written down first and posted by the next claim: who dies after posting it must have left a trace.
            work.dispatch.deliveries.insert(REPORT.to_owned(), Delivery::new(Say::Report, now));
            return;
        }
        if let Some(task) = report_task(&work.dispatch, work.claimed_at) {
            let outcome = self.post_report(work, &text, task).await;
            let posted = matches!(outcome, Outcome::Sent(_));
            work.dispatch.record(REPORT, outcome, self.now());
            if let Some(report) = work.dispatch.deliveries.get_mut(REPORT)
                && posted
            {
                // One that was found may show an earlier state: it is edited next.
                let text = if task == Task::Send { text } else { String::new() };
                report.shown = Some(Shown { text, edits: 0 });
            }
        } else if work.dispatch.stale_report().is_some() {
            self.edit_report(work, text).await;
        }
    }

    async fn post_report(&self, work: &Work, text: &str, task: Task) -> Outcome {
        let webex = match self.webex().await {
            Ok(webex) => webex,
            Err(_) => return wait(15),
        };
        let room = match self.room(&webex, work).await {
            Ok(room) => room,
            Err(outcome) => return outcome,
        };
        let mark = work.dispatch.mark(REPORT);
        if task == Task::LookUp {
            match self.look_in_room(&webex, &room.id, &mark).await {
                Ok(Some(id)) => return Outcome::Sent(id),
                Ok(None) => {}
                Err(outcome) => return outcome,
            }
            if let Some(outcome) = self.look_again(work, REPORT).await {
                return outcome;
            }
        }
        // Finding the space or looking for the report may have taken its time.
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        let parent = work.dispatch.thread.clone();
        let mut post = Post { markdown: wording::marked_post(text, &mark), parent, ..Post::default() };
        let mut said_so = webex.post(&room.id, &post).await;
        // The message above is gone: then it stands by itself.
        if matches!(said_so, Err(Failure::Refused { .. })) && post.parent.take().is_some() {
            said_so = webex.post(&room.id, &post).await;
        }
        match said_so {
            Ok(id) => Outcome::Sent(id),
            Err(Failure::Refused { code: 404, why }) => match self.room_is_gone(&webex, work, &room).await {
                Some(outcome) => outcome,
                None => Outcome::Refused { why },
            },
            Err(failure) => said(failure),
        }
    }

    /// Editing twice does no harm, so there is nothing to look for; after nine edits a new message begins.
    async fn edit_report(&self, work: &mut Work, text: String) {
        let now = self.now();
        let mark = work.dispatch.mark(REPORT);
        let (id, edits) = match work.dispatch.deliveries.get(REPORT) {
            Some(report) => {
                (report.id.clone().unwrap_or_default(), report.shown.as_ref().map_or(0, |shown| shown.edits))
            }
            None => return,
        };
        let edited = match (self.webex().await, edits < MAX_EDITS) {
            (Ok(webex), true) => self.edit(&webex, work, &id, &wording::marked_post(&text, &mark)).await,
            (Ok(_), false) => Err(None),
            (Err(_), _) => Err(Some(15)),
        };
        let Some(report) = work.dispatch.deliveries.get_mut(REPORT) else { return };
        match edited {
            Ok(()) => report.shown = Some(Shown { text, edits: edits + 1 }),
            Err(Some(seconds)) => report.next_at = now + SignedDuration::from_secs(seconds),
            Err(None) => {
                report.progress = Progress::Pending;
                report.next_at = now;
            }
        }
    }

    /// `Err(Some(pause))`: again later. `Err(None)`: this message can't be edited any more.
    async fn edit(&self, webex: &Webex, work: &Work, id: &str, markdown: &str) -> Result<(), Option<i64>> {
        let row = self.store.space(&work.space).await.map_err(|_| Some(15))?;
        let room = row.and_then(|row| row.room).ok_or(None)?;
        if !work.may_begin(self.now()) {
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
