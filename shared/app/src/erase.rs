//! A customer is forgotten: every row about them, and then the word of it.

use handbell_core::converse::Heard;
use handbell_core::dispatch::Outcome;
use handbell_core::incident::Subject;
use handbell_core::wording;
use handbell_core::wording::customer::erased;
use handbell_outbound::webex::Post;
use handbell_store::table::RowKey;

use crate::deliver::{Work, wait};
use crate::speak::{not_now, said};
use crate::{App, Fault};

impl App {
    /// Removes what is known. Whoever dies in the middle leaves the delivery pending, and it begins again.
    pub(crate) async fn erase(&self, work: &Work) -> Outcome {
        let webex = match self.webex().await {
            Ok(webex) => webex,
            Err(fault) => return not_now(fault),
        };
        let room = match self.store.space(&work.space).await {
            Ok(row) => row.and_then(|row| row.room),
            Err(fault) => return not_now(fault.into()),
        };
        let (rows, kept) = match self.forget_customer(work, room.as_deref()).await {
            Ok(done) => done,
            Err(fault) => return not_now(fault),
        };
        let Some(room) = room else { return Outcome::Sent(String::new()) };
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        let markdown = wording::marked_post(&erased(rows, kept), &work.dispatch.mark("0"));
        let post = Post { markdown, parent: work.dispatch.thread.clone(), ..Post::default() };
        let answer = webex.post(&room, &post).await;
        match self.store.forget(&RowKey::space(&work.space)).await {
            Ok(()) => answer.map_or_else(said, Outcome::Sent),
            Err(fault) => not_now(fault.into()),
        }
    }

    async fn forget_customer(&self, work: &Work, room: Option<&str>) -> Result<(u32, bool), Fault> {
        let subject = &work.dispatch.key.subject;
        let (meta, own) = (RowKey::incident(subject), RowKey::dispatch(&work.dispatch.key));
        let number = work.talk.as_ref().and_then(|talk| talk.address.as_ref()?.number());
        let kept = match number {
            Some(number) => self.store.sender(number).await?.opted_out.is_some(),
            None => false,
        };
        let mut rows = self.store.forget_partition(&Subject::waiting(subject), &[]).await?;
        rows += self.store.forget_partition(subject, &[&meta, &own]).await?;
        if let (Some(room), Some(line)) = (room, subject.line()) {
            // The space is nobody's from now on: neither is it found by its title, nor leaves anything that is written in it.
            self.store.remember_room(room, &Subject::customer(line, &format!("forgotten {room}"))).await?;
        }
        // Last, since whoever begins again must still know whom to forget.
        self.converse(subject, &Heard::Forgotten, None).await?;
        Ok((rows, kept))
    }
}
