//! Something happens in a conversation: read, decide, commit, enqueue. Every trigger that changes one comes through here.

use handbell_core::button::EventId;
use handbell_core::conversation::decide::{Desk, Heard, converse};
use handbell_core::conversation::{Address, Conversation};
use handbell_core::incident::Subject;
use handbell_core::incident::command::{Actor, Command, How};
use handbell_core::incident::decide::Event;
use handbell_store::table::RowKey;
use handbell_store::{CommitTurn, Conversations, LoadedTalk, Named, NotCommitted, first_due};
use jiff::SignedDuration;

use crate::configuration::{Configuration, keep_seconds};
use crate::engine::pause::{ENQUEUE_AHEAD, ROUNDS, pause};
use crate::engine::queue::Queue;
use crate::parts::{Time, parts};
use crate::{App, Fault, Ids};

/// That somebody waits is told again by the same id for this long.
const KEEP: SignedDuration = SignedDuration::from_hours(24 * 7);

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
    /// Lets something happen once in the conversation with whoever is reached like this; gives the conversation as it is then.
    pub(crate) async fn heard_from(
        &self,
        line: &str,
        address: &Address,
        heard: &Heard,
        id: Option<&str>,
    ) -> Result<Option<Conversation>, Fault> {
        self.turn(&self.config.customer(line, address), Some(address), heard, id).await
    }

    /// Lets something happen once in a conversation that there is.
    pub(crate) async fn converse(
        &self,
        subject: &Subject,
        heard: &Heard,
        id: Option<&str>,
    ) -> Result<Option<Conversation>, Fault> {
        let known = self.conversations.conversation(subject).await?;
        let Some(address) = known.and_then(|conversation| conversation.address) else {
            return Ok(None);
        };
        self.turn(subject, Some(&address), heard, id).await
    }

    /// The same where it is known already how the customer is reached.
    pub(crate) async fn turn(
        &self,
        subject: &Subject,
        address: Option<&Address>,
        heard: &Heard,
        id: Option<&str>,
    ) -> Result<Option<Conversation>, Fault> {
        let (Some((name, line)), Some(address)) = (self.config.line(subject), address) else {
            tracing::warn!(
                subject = subject.as_str(),
                "the line is gone from the configuration; nothing is done"
            );
            return Ok(None);
        };
        let own_numbers = self.config.own_numbers();
        for round in 0..ROUNDS {
            let now = self.time.now();
            let LoadedTalk { conversation, sender, handled } =
                self.conversations.load_talk(subject, address.number(), id, now).await?;
            if handled.is_some() {
                return Ok(conversation);
            }
            let desk = Desk {
                subject,
                address,
                line,
                zone: self.config.zone(),
                open: self.config.is_open(line, now),
                own_numbers: &own_numbers,
            };
            let turn = converse(conversation.as_ref(), &sender, heard, desk, now);
            if !turn.changes_something() {
                return Ok(conversation);
            }
            let commit = CommitTurn {
                subject,
                number: address.number(),
                before: conversation.as_ref().map(|conversation| conversation.version),
                turn: &turn,
                event: id,
                keep_seconds: keep_seconds(line),
            };
            match self.conversations.commit_turn(commit, now).await {
                Ok(()) => {
                    tracing::info!(
                        subject = subject.as_str(),
                        line = name,
                        dispatches = turn.dispatches.len(),
                        "a conversation goes on"
                    );
                    let mut due_rows: Vec<_> = turn
                        .dispatches
                        .iter()
                        .filter_map(|dispatch| {
                            Some((RowKey::dispatch(&dispatch.key), first_due(dispatch, now)?))
                        })
                        .collect();
                    let wake = turn.next.as_ref().and_then(|next| next.wake_at);
                    due_rows.extend(
                        wake.filter(|at| *at <= now + ENQUEUE_AHEAD)
                            .map(|at| (RowKey::incident(subject), at)),
                    );
                    self.queue.enqueue(&due_rows, now).await;
                    return Ok(turn.next.or(conversation));
                }
                Err(NotCommitted::Conflict) => pause(&self.ids, round).await,
                Err(NotCommitted::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(Fault::from("too many events at once for one conversation"))
    }
}

impl App {
    /// A conversation's time has come: who waits too long becomes an incident, and no incident when nobody waits any more.
    pub(crate) async fn look_at_conversation(&self, subject: &Subject) -> Result<(), Fault> {
        if self.config.line(subject).is_none() {
            // Nobody answers on it any more; it would be looked at in vain every minute.
            return Ok(self.store.leases().let_rest(subject).await?);
        }
        self.read_before_alarm(subject).await;
        let conversation = self.converse(subject, &Heard::Wake, None).await?;
        let Some(conversation) = conversation.filter(|talk| talk.alarm != talk.alarmed) else {
            return Ok(());
        };
        let waiting = Subject::waiting(subject);
        // Told first and crossed out afterwards: by its id it is told once, whoever dies in between.
        if let Some(since) = conversation.alarmed {
            let answered = conversation.answered_at.is_some_and(|at| at >= since);
            let who = match (answered, conversation.closed, &conversation.assignee) {
                (true, _, Some(agent)) => agent.name.as_str(),
                (true, _, None) => "the team",
                (false, true, _) => "the end of the conversation",
                (false, false, _) => "the customer, who wants no more texts",
            };
            let by = Actor::named(who, How::Space);
            let event = Event::Command { by, epoch: None, command: Command::Resolve };
            let id = EventId { key: format!("answered-{}", since.as_millisecond()), keep: KEEP };
            self.apply(&waiting, &event, Some(&id)).await?;
        }
        if let Some(since) = conversation.alarm {
            let event = Event::Waits { customer: conversation.called(), since };
            let id = EventId { key: format!("waits-{}", since.as_millisecond()), keep: KEEP };
            self.apply(&waiting, &event, Some(&id)).await?;
        }
        self.converse(subject, &Heard::Told { alarmed: conversation.alarm }, None).await.map(|_| ())
    }

    /// Before somebody is called because nobody answers, it is looked whether an answer only didn't reach us.
    async fn read_before_alarm(&self, subject: &Subject) {
        let read = async {
            let waits = self
                .store
                .conversations()
                .conversation(subject)
                .await?
                .filter(|talk| talk.waiting_since.is_some());
            let Some(talk) = waits else { return Ok::<_, Fault>(()) };
            match self.store.spaces().space(&space_of(subject, talk.epoch)).await?.and_then(|row| row.room) {
                Some(room) => {
                    let whose = Named { subject: subject.clone(), epoch: talk.epoch };
                    self.agents_wrote(&whose, &room, None).await
                }
                None => Ok(()),
            }
        };
        if let Err(fault) = read.await {
            tracing::warn!(reason = %fault, "whether somebody has answered could not be read");
        }
    }
}

/// The name under which a conversation's space is remembered.
pub(crate) fn space_of(customer: &Subject, epoch: u64) -> String {
    format!("{}#{epoch}", customer.as_str())
}
