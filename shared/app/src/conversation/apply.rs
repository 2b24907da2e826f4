//! Applies events to conversations: loads, decides, commits and enqueues. Every trigger that changes a conversation
//! comes through here.

use handbell_core::conversation::decide::{ConversationContext, ConversationEvent, decide};
use handbell_core::conversation::{Address, Conversation};
use handbell_core::incident::Subject;
use handbell_store::{CommitConversation, Conversations, LoadedConversation, NotCommitted, first_due};

use crate::configuration::{Configuration, keep_seconds};
use crate::dependencies::{Time, parts};
use crate::engine::pause::{ENQUEUE_AHEAD, ROUNDS, pause};
use crate::engine::queue::Queue;
use crate::engine::work_item::WorkItem;
use crate::{Fault, Ids};

parts! {
    /// Applies events to conversations: loads, decides, commits and enqueues.
    pub(crate) struct ConversationEngine {
        config: Configuration,
        conversations: Conversations,
        queue: Queue,
        time: Time,
        ids: Ids,
    }
}

impl ConversationEngine {
    /// Applies an event once to the conversation with the customer at this address. Returns the conversation as it is
    /// then.
    pub(crate) async fn apply_from(
        &self,
        line: &str,
        address: &Address,
        event: &ConversationEvent,
        id: Option<&str>,
    ) -> Result<Option<Conversation>, Fault> {
        self.apply_once(&self.config.customer(line, address), Some(address), event, id).await
    }

    /// Applies an event once to an existing conversation.
    pub(crate) async fn apply(
        &self,
        subject: &Subject,
        event: &ConversationEvent,
        id: Option<&str>,
    ) -> Result<Option<Conversation>, Fault> {
        let known = self.conversations.conversation(subject).await?;
        let Some(address) = known.and_then(|conversation| conversation.address) else {
            return Ok(None);
        };
        self.apply_once(subject, Some(&address), event, id).await
    }

    /// Applies an event once where the customer's address is known already.
    pub(crate) async fn apply_once(
        &self,
        subject: &Subject,
        address: Option<&Address>,
        event: &ConversationEvent,
        id: Option<&str>,
    ) -> Result<Option<Conversation>, Fault> {
        let line = match tells_the_agent(event) {
            true => self.config.line_even_if_removed(subject),
            false => self.config.line(subject),
        };
        let (Some((name, line)), Some(address)) = (line, address) else {
            tracing::warn!(
                subject = subject.as_str(),
                "the line is gone from the configuration; the event is ignored"
            );
            return Ok(None);
        };
        let own_numbers = self.config.own_numbers();
        for round in 0..ROUNDS {
            let now = self.time.now();
            let LoadedConversation { conversation, sender, handled } =
                self.conversations.load_conversation(subject, address.phone(), id, now).await?;
            if handled.is_some() {
                return Ok(conversation);
            }
            let context = ConversationContext {
                subject,
                address,
                line,
                zone: self.config.zone(),
                open: self.config.is_open(line, now),
                own_numbers: &own_numbers,
            };
            let decision = decide(conversation.as_ref(), &sender, event, context, now);
            if !decision.changes_something() {
                return Ok(conversation);
            }
            let commit = CommitConversation {
                subject,
                phone: address.phone(),
                before: conversation.as_ref().map(|conversation| conversation.version),
                decision: &decision,
                event: id,
                keep_seconds: keep_seconds(line),
            };
            match self.conversations.commit_conversation(commit, now).await {
                Ok(()) => {
                    tracing::info!(
                        subject = subject.as_str(),
                        line = self.config.names().lines.present(name),
                        dispatches = decision.dispatches.len(),
                        "conversation event stored"
                    );
                    let mut due_rows: Vec<_> = decision
                        .dispatches
                        .iter()
                        .filter_map(|dispatch| {
                            Some((WorkItem::Dispatch(dispatch.key.clone()), first_due(dispatch, now)?))
                        })
                        .collect();
                    let wake = decision.next.as_ref().and_then(|next| next.wake_at);
                    due_rows.extend(
                        wake.filter(|at| *at <= now + ENQUEUE_AHEAD)
                            .map(|at| (WorkItem::Wake(subject.clone()), at)),
                    );
                    self.queue.enqueue(&due_rows, now).await;
                    return Ok(decision.next.or(conversation));
                }
                Err(NotCommitted::Conflict) => pause(&self.ids, round).await,
                Err(NotCommitted::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(Fault::from("too many events at once for one conversation"))
    }
}

/// Returns whether the event only tells an agent about a message. That is told even if the line is gone.
fn tells_the_agent(event: &ConversationEvent) -> bool {
    match event {
        ConversationEvent::Kept { .. }
        | ConversationEvent::LineGone { .. }
        | ConversationEvent::AnswerEdited { now: None, .. }
        | ConversationEvent::AnswerDeleted { .. } => true,
        ConversationEvent::Text { .. }
        | ConversationEvent::Form { .. }
        | ConversationEvent::CallForwarded { .. }
        | ConversationEvent::CallerHungUp { .. }
        | ConversationEvent::CallEnded { .. }
        | ConversationEvent::AgentCalled { .. }
        | ConversationEvent::KeptEdited { .. }
        | ConversationEvent::Voicemail { .. }
        | ConversationEvent::Answer(_)
        | ConversationEvent::AnswerEdited { now: Some(_), .. }
        | ConversationEvent::Command { .. }
        | ConversationEvent::SpaceEmpty
        | ConversationEvent::AttendanceChecked(_)
        | ConversationEvent::OptedOut
        | ConversationEvent::AnswerFailed
        | ConversationEvent::AlarmChanged { .. }
        | ConversationEvent::Wake => false,
    }
}

/// Returns the name under which a conversation's space is stored.
pub(crate) fn space_of(customer: &Subject, epoch: u64) -> String {
    format!("{}#{epoch}", customer.as_str())
}
