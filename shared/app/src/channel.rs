//! Channels: how a delivery reaches its recipient, and how its outcome is looked up. Each channel has one file, which
//! contains sending and looking up side by side.

pub(crate) mod direct;
pub(crate) mod mail;
pub(crate) mod phone;
pub(crate) mod space;

use futures_util::future::{BoxFuture, join_all};
use handbell_core::config::Plan;
use handbell_core::delivery::{DeliveryId, InternalTask, Message, Outcome, Task};
use handbell_core::incident::Phase;

use self::direct::DirectChannel;
use self::mail::MailChannel;
use self::phone::PhoneChannel;
use self::space::{SpaceAttempts, SpaceChannel};
use crate::conversation::erase::CustomerErasure;
use crate::dependencies::parts;
use crate::engine::attempt::Attempt;
use crate::engine::work::{Work, wait};

parts! {
    /// All channels, and the tasks that no channel sends.
    pub(crate) struct Channels {
        space: SpaceChannel,
        direct: DirectChannel,
        phone: PhoneChannel,
        mail: MailChannel,
        erasure: CustomerErasure,
    }
}

impl Channels {
    /// Hands each delivery to its channel: all at once, those of the space in their order.
    pub(crate) async fn send(&self, work: &Work, tasks: &[(DeliveryId, Task)]) -> Vec<(DeliveryId, Outcome)> {
        let mut in_space = SpaceAttempts::new();
        let mut others: Vec<(DeliveryId, BoxFuture<'_, Outcome>)> = Vec::new();
        for &(id, task) in tasks {
            let Some(delivery) = work.delivery(id) else { continue };
            let attempt = Attempt { work, id, delivery, task };
            let sent: BoxFuture<'_, Outcome> = match &delivery.message {
                Message::Space(message) => {
                    in_space.push((attempt, message));
                    continue;
                }
                Message::Direct(message) => Box::pin(self.direct.send(attempt, message)),
                Message::Phone(message) => Box::pin(self.phone.send(attempt, message)),
                Message::Mail(message) => Box::pin(self.mail.send(attempt, message)),
                Message::Internal(task) => Box::pin(self.run_task(attempt, task)),
            };
            others.push((id, sent));
        }
        let others = others.into_iter().map(async |(id, sent)| (id, sent.await));
        let (mut outcomes, others) = tokio::join!(self.space.send(work, in_space), join_all(others));
        outcomes.extend(others);
        outcomes
    }

    /// Ends the calls of an incident that still ring, once it needs nobody else: the dispatch says that somebody has it, or
    /// that it is over.
    pub(crate) async fn hang_up_if_over(&self, work: &Work) {
        let Some(incident) = work.incident() else { return };
        let key = &work.dispatch.key;
        let over = work.dispatch.is_last_word()
            && incident.epoch == key.epoch
            && incident.phase != Phase::Open
            && work.plan().is_some_and(Plan::calls);
        if over {
            self.phone.hang_up(key, incident.cancelled_up_to).await;
        }
    }

    async fn run_task(&self, attempt: Attempt<'_>, task: &InternalTask) -> Outcome {
        match task {
            // The recipients are determined after everything else has been tried.
            InternalTask::TextThoseCalled { .. } => wait(0),
            InternalTask::EraseCustomer { .. } if attempt.work.cancelled => Outcome::NotWanted,
            InternalTask::EraseCustomer { phone } => self.erasure.erase(attempt.work, phone.as_ref()).await,
        }
    }
}
