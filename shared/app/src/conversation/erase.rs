//! Erasure of a customer: deletes every row about the customer, and then posts the confirmation.

use handbell_core::address::PhoneAddress;
use handbell_core::delivery::{DeliveryId, Outcome};
use handbell_core::incident::Subject;
use handbell_core::vendor_id::RoomId;
use handbell_core::wording;
use handbell_core::wording::conversation::erased;
use handbell_outbound::Failure;
use handbell_outbound::webex::Post;
use handbell_store::table::RowKey;
use handbell_store::{Conversations, Erasure, Spaces};

use crate::Fault;
use crate::dependencies::{Time, parts};
use crate::engine::attempt::{outcome_of_fault, outcome_of_send};
use crate::engine::posts::post_in_thread;
use crate::engine::work::{Work, wait};
use crate::vendor::WebexAccount;

parts! {
    /// Erases customers.
    pub(crate) struct CustomerErasure {
        conversations: Conversations,
        erasure: Erasure,
        spaces: Spaces,
        webex: WebexAccount,
        time: Time,
    }
}

impl CustomerErasure {
    /// Deletes what is known of the customer. A worker that dies midway leaves the delivery pending, and the erasure
    /// starts again.
    pub(crate) async fn erase(&self, work: &Work, phone: Option<&PhoneAddress>) -> Outcome {
        let webex = match self.webex.client().await {
            Ok(webex) => webex,
            Err(fault) => return outcome_of_fault(fault),
        };
        let Some(space) = work.wanted_space().map(|wanted| wanted.name.as_str()) else {
            return Outcome::NotWanted;
        };
        let room = match self.spaces.space(space).await {
            Ok(row) => row.and_then(|row| row.room),
            Err(fault) => return outcome_of_fault(fault.into()),
        };
        let kept = match self.forget_customer(work, room.as_ref(), phone).await {
            Ok(done) => done,
            Err(fault) => return outcome_of_fault(fault),
        };
        let Some(room) = room else { return Outcome::Sent(String::new()) };
        if !work.may_begin(self.time.now()) {
            return wait(0);
        }
        let markdown =
            wording::tagged_post(&erased(kept), &work.dispatch.reference_tag(DeliveryId::Numbered(0)));
        let post = Post { markdown, parent: work.thread().cloned(), ..Post::default() };
        let mut answer = post_in_thread(&webex, &room, post).await.map(String::from);
        // The erasure is done, whether or not it can be confirmed.
        if matches!(answer, Err(Failure::Refused { .. })) {
            answer = Ok(String::new());
        }
        match self.erasure.forget(&RowKey::space(space)).await {
            Ok(()) => answer.map_or_else(outcome_of_send, Outcome::Sent),
            Err(fault) => outcome_of_fault(fault.into()),
        }
    }

    /// Deletes the customer's rows. Returns true if the number's opt-out is kept.
    async fn forget_customer(
        &self,
        work: &Work,
        room: Option<&RoomId>,
        phone: Option<&PhoneAddress>,
    ) -> Result<bool, Fault> {
        let subject = &work.dispatch.key.subject;
        if let Some(room) = room {
            self.conversations.forget_room(room, subject).await?;
        }
        self.erasure.forget_incident(&Subject::waiting(subject)).await?;
        self.erasure.forget_dispatches(&work.dispatch.key).await?;
        let Some(phone) = phone else { return Ok(false) };
        // An opt-out must outlive everything else.
        let kept = self.conversations.sender(phone).await?.opted_out.is_some();
        if !kept {
            self.erasure.forget(&RowKey::sender(phone)).await?;
        }
        Ok(kept)
    }
}
