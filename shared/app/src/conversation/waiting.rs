//! Wake-ups of conversations: a customer who waits too long for an answer becomes an incident.

use handbell_core::conversation::decide::ConversationEvent;
use handbell_core::conversation::waiting::waited;
use handbell_core::event_id::EventId;
use handbell_core::incident::Subject;
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::Event;
use handbell_store::{Conversations, EpochKey, Leases, Spaces};
use jiff::SignedDuration;

use crate::Fault;
use crate::configuration::Configuration;
use crate::conversation::agent::AgentMessages;
use crate::conversation::apply::{ConversationEngine, space_of};
use crate::dependencies::{Time, parts};
use crate::engine::apply::IncidentEngine;

/// Retention of the ids of events about waiting customers.
const KEEP: SignedDuration = SignedDuration::from_hours(24 * 7);

parts! {
    /// Raises an incident for a customer who waits too long, and ends it when the customer no longer waits.
    pub(crate) struct WaitingCustomers {
        config: Configuration,
        leases: Leases,
        conversations: Conversations,
        spaces: Spaces,
        engine: ConversationEngine,
        incidents: IncidentEngine,
        agents: AgentMessages,
        time: Time,
    }
}

impl WaitingCustomers {
    /// Handles the wake-up of a conversation. Raises an incident if the customer waits too long, and ends it when the
    /// customer no longer waits.
    pub(crate) async fn wake(&self, subject: &Subject) -> Result<(), Fault> {
        let Some((_, line)) = self.config.line(subject) else {
            // Nobody answers on this line any more. The row would be read in vain every minute.
            return Ok(self.leases.remove_from_due(subject).await?);
        };
        self.read_before_alarm(subject).await;
        let conversation = self.engine.apply(subject, &ConversationEvent::Wake, None).await?;
        let Some(conversation) =
            conversation.filter(|conversation| conversation.alarm != conversation.alarmed)
        else {
            return Ok(());
        };
        let waiting = Subject::waiting(subject);
        // The incident is changed first and the alarm confirmed afterwards. The event's id makes the change idempotent
        // if the worker dies in between.
        if let Some(since) = conversation.alarmed {
            let answered = conversation.answered_at.is_some_and(|at| at >= since);
            let who = match (&conversation.wait_ended_by, answered, conversation.closed) {
                (Some(agent), _, _) => agent.as_str(),
                (None, true, _) => {
                    conversation.assignee.as_ref().map_or("the team", |agent| agent.name.as_str())
                }
                (None, false, true) => "the end of the conversation",
                (None, false, false) => "the customer, who wants no more texts",
            };
            let by = Actor::named(who, CommandChannel::Space);
            let event = Event::Command { by, epoch: None, command: Command::Resolve };
            let id = EventId { key: format!("answered-{}", since.as_millisecond()), keep: KEEP };
            self.incidents.apply(&waiting, &event, Some(&id)).await?;
        }
        if let Some(since) = conversation.alarm {
            let waited = waited(line, self.config.zone(), since, self.time.now());
            let event = Event::CustomerWaits { customer: conversation.called(), since, waited };
            let id = EventId { key: format!("waits-{}", since.as_millisecond()), keep: KEEP };
            self.incidents.apply(&waiting, &event, Some(&id)).await?;
        }
        self.engine
            .apply(subject, &ConversationEvent::AlarmChanged { alarmed: conversation.alarm }, None)
            .await
            .map(|_| ())
    }

    /// Reads the space before anyone is called: an agent's answer may not have reached Handbell.
    async fn read_before_alarm(&self, subject: &Subject) {
        let read = async {
            let waits = self
                .conversations
                .conversation(subject)
                .await?
                .filter(|conversation| conversation.waiting_since.is_some());
            let Some(conversation) = waits else { return Ok::<_, Fault>(()) };
            match self.spaces.space(&space_of(subject, conversation.epoch)).await?.and_then(|row| row.room) {
                Some(room) => {
                    let whose = EpochKey { subject: subject.clone(), epoch: conversation.epoch };
                    self.agents.read(&whose, &room, None).await
                }
                None => Ok(()),
            }
        };
        if let Err(fault) = read.await {
            tracing::warn!(reason = %fault, "could not read whether an agent has answered");
        }
    }
}
