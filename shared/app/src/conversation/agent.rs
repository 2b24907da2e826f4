//! Messages that agents write in customers' spaces. A message that may go to the customer is sent once and in order.
//! All others stay.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use handbell_core::address::EmailAddress;
use handbell_core::config::Line;
use handbell_core::conversation::decide::{AgentMessage, ConversationEvent};
use handbell_core::conversation::relay_policy::{
    Author, LineRules, OwnAccount, PostedMessage, RelayPolicy, RelayVerdict, Visibility, judge,
    may_name_colleagues,
};
use handbell_core::conversation::{Agent, Conversation};
use handbell_core::delivery::DispatchKey;
use handbell_core::vendor_id::{MessageId, PersonId, RoomId};
use handbell_outbound::Failure;
use handbell_outbound::webex::{Webex, WebexMessage};
use handbell_store::{Conversations, Dispatches, EpochKey, HandledEvents, Missed};
use jiff::{SignedDuration, Timestamp};

use crate::Fault;
use crate::configuration::Configuration;
use crate::conversation::answer::reply_in_force;
use crate::conversation::apply::ConversationEngine;
use crate::conversation::colleagues::ColleagueNames;
use crate::dependencies::{Access, Dependencies, Part, Time, parts};
use crate::engine::pause::retry_pause;
use crate::engine::queue::Queue;
use crate::engine::work_item::{MessageChange, WorkItem};
use crate::vendor::{BotIdentity, WebexAccount};

/// Age up to which messages are read together with an announced one, although another token may have seen less.
const JUST_WRITTEN: SignedDuration = SignedDuration::from_mins(15);
/// Age from which a message isn't read any more.
const LATEST: SignedDuration = SignedDuration::from_hours(24);
/// Number of retries for a change of a message that hasn't been read yet.
const UNREAD_TRIES: u32 = 3;
/// Number of attempts to handle a change of a message, which take half an hour.
const CHANGE_TRIES: u32 = 40;

/// Author of a message, as far as the relay policy needs it.
#[derive(Clone)]
struct Writer {
    agent: Agent,
    machine: bool,
    org: Option<String>,
}

/// Authors that this process has looked up, by their Webex ids.
#[derive(Clone, Default)]
pub(crate) struct KnownWriters(Arc<Mutex<BTreeMap<PersonId, Writer>>>);

impl Part for KnownWriters {
    fn access(_: &mut Access) {}

    fn build(from: &Dependencies) -> Self {
        from.shared()
    }
}

parts! {
    /// Reads what agents write in customers' spaces.
    pub(crate) struct AgentMessages {
        config: Configuration,
        conversations: Conversations,
        handled_events: HandledEvents,
        dispatches: Dispatches,
        missed: Missed,
        engine: ConversationEngine,
        queue: Queue,
        webex: WebexAccount,
        writers: KnownWriters,
        colleagues: ColleagueNames,
        time: Time,
    }
}

impl AgentMessages {
    /// Reads what agents wrote in a customer's space since it was last read, in the order in which they wrote it. A
    /// message that was announced is among it; the others are read so that none overtakes another.
    pub(crate) async fn read(
        &self,
        whose: &EpochKey,
        room: &RoomId,
        named: Option<WebexMessage>,
    ) -> Result<(), Fault> {
        let subject = &whose.subject;
        let conversation = self.conversations.conversation(subject).await?;
        // The space of a customer who was erased belongs to no conversation.
        let Some(conversation) = conversation.filter(|conversation| conversation.epoch == whose.epoch) else {
            return Ok(());
        };
        let (webex, me) = (self.webex.client().await?, self.webex.identity().await?);
        let (sight, now) = (sight(me), self.time.now());
        let opened_at = conversation.opened_at - SignedDuration::from_mins(1);
        let mut since = conversation.read_to.unwrap_or(opened_at).max(opened_at).max(now - LATEST);
        if conversation.read_with.is_none() {
            // Nothing says with which token the space was made: another one may have seen less.
            since = since.max(self.sees_since(sight, named.is_some(), now).await?);
        }
        let listed = webex.messages_since(room, since, me.bot).await;
        let mut messages = match (listed, &named) {
            // The newest messages come first. For two messages of the same moment, only this order tells which was the
            // earlier.
            (Ok(mut messages), _) => {
                messages.reverse();
                messages
            }
            // Webex may show a message that mentions the bot although it doesn't list the space. Then there is only
            // this message.
            (Err(Failure::Refused { .. }), Some(_)) => Vec::new(),
            (Err(failure), _) => return Err(failure.into()),
        };
        if let Some(named) = &named
            && !messages.iter().any(|message| message.id == named.id)
        {
            messages.push(named.clone());
        }
        messages.retain(|message| {
            let Some(at) = message.created else { return false };
            if named.as_ref().is_some_and(|named| named.id == message.id) {
                // A webhook's signature never expires: an event of long ago is a copy that somebody kept.
                return now.duration_since(at) < LATEST;
            }
            // The other messages are read for the order alone. A message may never have been meant to leave if another
            // token couldn't see it, if it was written before the time up to which the space was read, or if it was
            // changed since.
            at >= since
                && message.updated.is_none()
                && conversation.read_with.is_none_or(|with| with == sight)
        });
        messages.sort_by_key(|message| message.created);
        for message in &messages {
            self.handle_agent_message(&webex, &conversation, message).await?;
        }
        Ok(())
    }

    /// Returns the time since which our token has seen what it sees now, as far as that is known.
    async fn sees_since(
        &self,
        sight: Visibility,
        announced: bool,
        now: Timestamp,
    ) -> Result<Timestamp, Fault> {
        let just_written = now - JUST_WRITTEN;
        let everything = sight == Visibility::Everything;
        Ok(match self.missed.spaces_read().await? {
            None => just_written,
            Some(read) if read.everything == everything && announced => read.since.min(just_written),
            Some(read) if read.everything == everything => read.since,
            Some(_) if announced => just_written,
            // The token was exchanged since the spaces were last read.
            Some(_) => now,
        })
    }

    async fn handle_agent_message(
        &self,
        webex: &Webex,
        conversation: &Conversation,
        message: &WebexMessage,
    ) -> Result<(), Fault> {
        let subject = &conversation.subject;
        let me = self.webex.identity().await?;
        let Some((writer, verdict)) = self.judge_message(webex, conversation, message, me).await? else {
            return Ok(());
        };
        let said = answer(message, writer.agent, String::new(), sight(me));
        let event = match verdict {
            RelayVerdict::Leaves { .. } | RelayVerdict::Command(_) if self.config.line(subject).is_none() => {
                ConversationEvent::LineGone { said }
            }
            RelayVerdict::Leaves { text } => {
                let files = message.files.clone().unwrap_or_default();
                ConversationEvent::Answer(AgentMessage { text, files, ..said })
            }
            RelayVerdict::Command(command) => ConversationEvent::Command { command, asked: said },
            RelayVerdict::Stays(why) => ConversationEvent::Kept { why, said },
        };
        let id = format!("wx-{}", message.id);
        self.engine.apply_once(subject, conversation.address.as_ref(), &event, Some(&id)).await?;
        Ok(())
    }

    /// Returns the author of a message and the relay policy's verdict, or none for Handbell's own posts and unknown
    /// authors.
    async fn judge_message(
        &self,
        webex: &Webex,
        conversation: &Conversation,
        message: &WebexMessage,
        me: &BotIdentity,
    ) -> Result<Option<(Writer, RelayVerdict)>, Fault> {
        let Some(person) = &message.person_id else { return Ok(None) };
        let line = self.config.line(&conversation.subject).map(|(_, line)| line);
        if *person == me.id {
            return Ok(None);
        }
        let Some(writer) = self.writer(webex, person).await? else { return Ok(None) };
        let none = Vec::new();
        let written = PostedMessage {
            text: message.text.as_deref(),
            html: message.html.as_deref(),
            files: message.files.as_ref().map_or(0, Vec::len),
            mentioned_people: message.mentioned_people.as_ref().unwrap_or(&none),
            mentioned_groups: message.mentioned_groups.as_ref().unwrap_or(&none),
            // Nobody knows who answered on a line that is gone.
            author: match (writer.machine, line.is_none_or(|line| self.is_of_team(line, &writer))) {
                (true, _) => Author::Machine,
                (false, true) => Author::Person,
                (false, false) => Author::Outsider,
            },
        };
        // A message in a thread belongs to the message above it, which may be a whisper.
        let in_thread = message.parent_id.is_some() && sight(me) == Visibility::Everything;
        let answers = line.map_or(RelayPolicy::Everything, |line| line.answers.policy());
        let policy = if in_thread { RelayPolicy::Explicit } else { answers };
        let us = OwnAccount { id: &me.id, name: &me.name };
        let colleagues = match line.filter(|_| may_name_colleagues(&written)) {
            Some(line) => {
                let room = message.room_id.as_ref().map(|room| (room, me));
                self.colleagues.of(webex, line, conversation, room).await?
            }
            None => Vec::new(),
        };
        let whispers = line.map_or(&[][..], |line| line.whispers.as_slice());
        let rules = LineRules { policy, whispers, colleagues: &colleagues };
        let verdict = judge(&written, us, sight(me), rules);
        Ok(Some((writer, verdict)))
    }

    /// Returns whether the author belongs to the line's team. Being brought into a space isn't enough.
    fn is_of_team(&self, line: &Line, writer: &Writer) -> bool {
        let email = writer.agent.email.as_deref();
        let named = line
            .agents
            .iter()
            .any(|agent| email.is_some_and(|email| agent.email.eq_ignore_ascii_case(email)));
        let ours = self.webex.known_identity().and_then(|me| me.org.as_ref());
        named || (ours.is_some() && ours == writer.org.as_ref())
    }

    /// Returns a person, whom a process looks up once, or none if Webex doesn't show the person.
    async fn writer(&self, webex: &Webex, person: &PersonId) -> Result<Option<Writer>, Fault> {
        let known = |writers: &BTreeMap<PersonId, Writer>| writers.get(person).cloned();
        if let Some(writer) = self.writers.0.lock().ok().as_deref().and_then(known) {
            return Ok(Some(writer));
        }
        let person = match webex.person(person).await {
            Ok(person) => person,
            Err(Failure::Refused { .. }) => return Ok(None),
            Err(failure) => return Err(failure.into()),
        };
        let email = person.emails.iter().flatten().find_map(|email| email.parse::<EmailAddress>().ok());
        let writer = Writer {
            // An author who isn't certainly a person counts as a machine: what machines write never leaves.
            machine: person.kind.as_deref() != Some("person"),
            org: person.org_id,
            agent: Agent {
                id: person.id.clone(),
                name: person.display_name.or(email.as_ref().map(ToString::to_string)).unwrap_or_default(),
                email,
            },
        };
        if let Ok(mut writers) = self.writers.0.lock() {
            writers.insert(person.id, writer.clone());
        }
        Ok(Some(writer))
    }

    /// Handles a message that an agent changed or deleted. If that fails, it is retried.
    pub(crate) async fn handle_edited_message(
        &self,
        change: &MessageChange,
        tries: u32,
    ) -> Result<(), Fault> {
        match self.handle_edit(change, tries).await {
            Err(fault) if tries < CHANGE_TRIES => {
                tracing::warn!(reason = %fault, "a changed message can't be handled now; it is retried");
                let now = self.time.now();
                let again = WorkItem::MessageChange { change: change.clone(), tries: tries + 1 };
                let soon = now + retry_pause(tries);
                if self.queue.enqueue(&[(again, soon)], now).await { Ok(()) } else { Err(fault) }
            }
            other => other,
        }
    }

    async fn handle_edit(&self, change: &MessageChange, tries: u32) -> Result<(), Fault> {
        let MessageChange { message: id, room, person, deleted } = change;
        let Some(whose) = self.conversations.conversation_of_room(room).await? else { return Ok(()) };
        let subject = whose.subject;
        let Some(conversation) = self.conversations.conversation(&subject).await? else {
            return Ok(());
        };
        let carried =
            conversation.answers.iter().find(|(message, _)| message == id).map(|(_, answer)| *answer);
        let (carried, known) = match carried {
            Some(answer) => (answer, true),
            // The reply is old, or the message was no reply.
            None => match self.handled_events.event(&subject, &format!("wx-{id}"), self.time.now()).await? {
                Some(handled) if handled.count > 0 => (u32::try_from(handled.count).unwrap_or(0), false),
                Some(_) if *deleted => return Ok(()),
                Some(_) => return Box::pin(self.explain_edit(&conversation, id)).await,
                // The worker that reads the message may be about to record that.
                None if tries < UNREAD_TRIES => {
                    return Err(Fault::from("the message has not been read yet"));
                }
                None => return Ok(()),
            },
        };
        let (webex, me) = (self.webex.client().await?, self.webex.identity().await?);
        let by = self
            .writer(&webex, person)
            .await?
            .map_or_else(|| "Somebody".to_owned(), |writer| writer.agent.name);
        if *deleted {
            let event = ConversationEvent::AnswerDeleted { answer: carried, by };
            return self.engine.apply(&subject, &event, Some(&format!("wx-deleted-{id}"))).await.map(|_| ());
        }
        let message = match webex.message(id).await {
            Ok(message) => message,
            Err(Failure::Refused { .. }) => return Ok(()),
            Err(failure) => return Err(failure.into()),
        };
        let now = match self.judge_message(&webex, &conversation, &message, me).await? {
            Some((writer, RelayVerdict::Leaves { text })) if self.config.line(&subject).is_some() => {
                let key =
                    DispatchKey { subject: subject.clone(), epoch: conversation.epoch, number: carried };
                let in_force = reply_in_force(&self.dispatches, &key, carried).await?;
                if in_force.is_some_and(|entry| entry.text == text) {
                    // Only the formatting changed, or the message was read after the change.
                    return Ok(());
                }
                let files = message.files.clone().unwrap_or_default();
                // A change of an old reply is only reported: nobody knows any more what has replaced it since.
                known.then(|| AgentMessage { files, ..answer(&message, writer.agent, text, sight(me)) })
            }
            _ => None,
        };
        let updated = message.updated.map_or(0, jiff::Timestamp::as_millisecond);
        let event = ConversationEvent::AnswerEdited { answer: carried, now, by };
        self.engine.apply(&subject, &event, Some(&format!("wx-changed-{id}-{updated}"))).await.map(|_| ())
    }

    /// Tells the agent that a message that had stayed has no effect after an edit, if it would have one as a new message. Only one
    /// edit of a message is explained.
    async fn explain_edit(&self, conversation: &Conversation, id: &MessageId) -> Result<(), Fault> {
        let (webex, me) = (self.webex.client().await?, self.webex.identity().await?);
        let message = match webex.message(id).await {
            Ok(message) => message,
            Err(Failure::Refused { .. }) => return Ok(()),
            Err(failure) => return Err(failure.into()),
        };
        let Some((writer, verdict)) = self.judge_message(&webex, conversation, &message, me).await? else {
            return Ok(());
        };
        let command = match verdict {
            RelayVerdict::Leaves { .. } => false,
            RelayVerdict::Command(_) => true,
            RelayVerdict::Stays(_) => return Ok(()),
        };
        let said = answer(&message, writer.agent, String::new(), sight(me));
        let event = ConversationEvent::KeptEdited { command, said };
        let once = format!("wx-edited-{id}");
        self.engine.apply(&conversation.subject, &event, Some(&once)).await.map(|_| ())
    }
}

/// Returns which messages the token may see.
pub(crate) fn sight(me: &BotIdentity) -> Visibility {
    if me.bot { Visibility::OnlyMentions } else { Visibility::Everything }
}

fn answer(message: &WebexMessage, by: Agent, text: String, sight: Visibility) -> AgentMessage {
    AgentMessage {
        by,
        text,
        files: Vec::new(),
        message: message.id.clone(),
        thread: message.parent_id.clone().unwrap_or_else(|| message.id.clone()),
        at: message.created,
        sight,
    }
}
