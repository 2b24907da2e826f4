//! Rows that are due: an incident is looked at again, or a dispatch is claimed, said, written down and let go.

use std::sync::Arc;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use futures_util::future::{BoxFuture, join_all};
use handbell_core::config::Plan;
use handbell_core::conversation::Conversation;
use handbell_core::delivery::{
    Body, Delivery, Dispatch, DispatchKey, Fact, InternalTask, MAX_UNKNOWN, Message, Outcome, Progress,
    START_WITHIN, SUMMARY, Task,
};
use handbell_core::failover::{Failover, fail_over};
use handbell_core::incident::decide::{Event, space_name};
use handbell_core::incident::{Incident, Kind};
use handbell_core::wording::Words;
use handbell_store::table::{Due, RowKey};
use handbell_store::{Claimed, Released};
use jiff::{SignedDuration, Timestamp};

use crate::channel::Attempt;
use crate::channel::space::SpaceAttempts;
use crate::engine::pause::ENQUEUE_AHEAD;
use crate::{App, Fault};

/// With less time than this left, nothing is begun: a vendor call takes up to 8 s, and what came of it must be written.
const NEEDS: SignedDuration = SignedDuration::from_secs(15);

/// A claimed dispatch and everything that is needed to send it.
pub(crate) struct Work {
    pub(crate) owner: String,
    pub(crate) claimed_at: Timestamp,
    pub(crate) dispatch: Dispatch,
    pub(crate) words: Words,
    /// An acknowledgement or an end came first: nothing is begun, only looked up.
    pub(crate) cancelled: bool,
    pub(crate) scope: Scope,
}

/// What the dispatch belongs to, as it was after the claim.
pub(crate) enum Scope {
    /// An incident.
    Incident(InIncident),
    /// A conversation.
    Conversation(InConversation),
    /// Nothing: it has no plan and no space.
    Notice,
}

/// The incident that a dispatch belongs to.
pub(crate) struct InIncident {
    pub(crate) plan: Arc<Plan>,
    /// The name under which its space is remembered.
    pub(crate) space: String,
    /// The latest incident of the subject.
    pub(crate) incident: Option<Incident>,
}

/// The conversation that a dispatch belongs to.
pub(crate) struct InConversation {
    /// None if the customer was forgotten.
    pub(crate) conversation: Option<Conversation>,
    /// The name under which its space is remembered.
    pub(crate) space: String,
    /// Why its replies to the customer must not leave any more.
    pub(crate) stopped: Option<&'static str>,
}

/// A claim: which worker, and since when.
pub(crate) struct Claim {
    pub(crate) owner: String,
    pub(crate) at: Timestamp,
}

impl App {
    /// Does what is due at each of the rows; true for those that need no second try. `left` is how much time there is.
    pub async fn deliver(&self, rows: &[RowKey], left: SignedDuration) -> Vec<bool> {
        join_all(rows.iter().map(async |row| {
            if left < NEEDS {
                return false;
            }
            let done = match row.due() {
                Some(Due::Incident(subject)) if subject.kind() == Kind::Customer => {
                    self.look_at_conversation(&subject).await
                }
                Some(Due::Incident(subject)) => self.apply(&subject, &Event::Wake, None).await.map(|_| ()),
                Some(Due::Dispatch(key)) => self.work(&key).await,
                Some(Due::Card { action, tries }) => self.card_pressed(&action, tries).await,
                Some(Due::Heard { message, room, tries }) => self.read_message(&message, &room, tries).await,
                Some(Due::Changed { message, room, person, deleted, tries }) => {
                    self.message_changed(&message, (&room, &person), deleted, tries).await
                }
                None => {
                    tracing::error!(row = row.sk, "a queue message for a row that is never due; ignored");
                    Ok(())
                }
            };
            if let Err(fault) = &done {
                tracing::error!(reason = %fault, "a row could not be worked on; it is tried again");
            }
            done.is_ok()
        }))
        .await
    }

    async fn work(&self, key: &DispatchKey) -> Result<(), Fault> {
        let owner = self.ids.unique();
        let claimed_at = self.now();
        let Claimed::Ours { mut dispatch, died_at_ms } =
            self.store.leases().claim(key, &owner, claimed_at).await?
        else {
            return Ok(());
        };
        if died_at_ms.is_some() {
            tracing::warn!(dispatch = ?key, "somebody died at this work; what may have been said is looked up first");
        }
        // Whoever died had brought forward what failures had brought forward, and perhaps said it.
        if let Some(died) = died_at_ms.and_then(|died| Timestamp::from_millisecond(died).ok()) {
            dispatch.expedite(died);
        }
        let worn_out = dispatch.recover(died_at_ms, claimed_at);
        dispatch.expedite(claimed_at);
        let claim = Claim { owner, at: claimed_at };
        let mut work = match &dispatch.body {
            Body::Incident(of) => {
                let (plan, hash) = (of.plan.clone(), of.plan_hash.clone());
                self.work_of_incident(*dispatch, (&plan, &hash), claim).await?
            }
            Body::Conversation(_) => self.work_of_conversation(*dispatch, claim).await?,
            Body::Notice => self.work_of_notice(*dispatch, claim),
        };
        self.send_everything(&mut work, worn_out).await;
        // Before it is let go: who dies here leaves a lease that runs out, and the next one comes to the same.
        let climbed = self.status.climb_if_unreached(&work).await;
        if let Err(fault) = climbed {
            tracing::warn!(reason = %fault, "a step that reached nobody could not be left early; the next one comes at its time");
        }
        self.release(work).await
    }

    async fn work_of_incident(
        &self,
        mut dispatch: Dispatch,
        (plan_name, plan_hash): (&str, &str),
        claim: Claim,
    ) -> Result<Work, Fault> {
        let key = dispatch.key.clone();
        let incidents = self.store.incidents();
        let (plan, incident) =
            tokio::join!(self.plan(plan_name, plan_hash), incidents.incident(&key.subject));
        let (plan, incident) = (plan?, incident?);
        // The incident is read after the claim: an acknowledgement that has been committed is seen here.
        let cancelled = !dispatch.is_last_word()
            && incident.as_ref().is_none_or(|incident| incident.cancels(key.epoch, key.number));
        if cancelled {
            dispatch.cancel();
        }
        if let Some(incident) = incident.as_ref().filter(|incident| incident.epoch == key.epoch) {
            dispatch.skip_responders(&incident.duty);
        }
        let words = self.config.words(&key.subject, incident.as_ref());
        let space = space_name(plan_name, &plan, &key);
        let scope = Scope::Incident(InIncident { plan, space, incident });
        Ok(Work { owner: claim.owner, claimed_at: claim.at, dispatch, words, cancelled, scope })
    }

    fn work_of_notice(&self, dispatch: Dispatch, claim: Claim) -> Work {
        let words = self.config.words(&dispatch.key.subject, None);
        let scope = Scope::Notice;
        Work { owner: claim.owner, claimed_at: claim.at, dispatch, words, cancelled: false, scope }
    }

    /// Sends what is due: each channel at once, the space in its order, the facts beside them, and the delivery summary last.
    async fn send_everything(&self, work: &mut Work, mut died: Vec<String>) {
        // What was due when it was claimed, and no more: if we die, just that counts as perhaps sent.
        let tasks = work.dispatch.tasks(work.claimed_at);
        self.status.note_paged(work, &tasks).await;
        let outcomes = self.send_by_channel(work, &tasks);
        let (outcomes, facts) = tokio::join!(outcomes, self.publish(&work.dispatch, &work.dispatch.facts));
        let now = self.now();
        for (name, outcome) in outcomes {
            if work.dispatch.record(&name, outcome, now) {
                died.push(name);
            }
        }
        if let Some(unpublished) = facts {
            work.dispatch.facts = unpublished;
        }
        if !died.is_empty() {
            tracing::error!(dispatch = ?work.dispatch.key, dead = died.len(), "given up; another channel takes over and the admins are told");
            let line = self.config.line(&work.dispatch.key.subject).map(|(_, line)| line.number.as_str());
            let Work { dispatch, scope, words, .. } = &mut *work;
            let with = Failover {
                admins: &self.config.admins,
                from: self.config.from(),
                customer: scope.customer_number().zip(line),
                plan: scope.plan(),
                words,
            };
            fail_over(dispatch, &died, with, now);
            self.still_waits(work, &died).await;
        }
        self.status.text_those_called(work).await;
        self.show_summary(work).await;
    }

    /// Hands each delivery to its channel.
    async fn send_by_channel(&self, work: &Work, tasks: &[(String, Task)]) -> Vec<(String, Outcome)> {
        let mut in_space = SpaceAttempts::new();
        let mut others: Vec<(&str, BoxFuture<'_, Outcome>)> = Vec::new();
        for (name, task) in tasks {
            let Some(delivery) = work.delivery(name) else { continue };
            let attempt = Attempt { work, name, delivery, task: *task };
            let sent: BoxFuture<'_, Outcome> = match &delivery.message {
                Message::Space(message) => {
                    in_space.push((attempt, message));
                    continue;
                }
                Message::Direct(message) => Box::pin(self.send_direct(attempt, message)),
                Message::Phone(message) => Box::pin(self.send_by_phone(attempt, message)),
                Message::Mail(message) => Box::pin(self.send_by_mail(attempt, message)),
                Message::Internal(task) => Box::pin(self.run_task(attempt, task)),
            };
            others.push((name, sent));
        }
        let others = others.into_iter().map(async |(name, sent)| (name.to_owned(), sent.await));
        let (mut outcomes, others) = tokio::join!(self.send_to_space(work, in_space), join_all(others));
        outcomes.extend(others);
        outcomes
    }

    async fn run_task(&self, attempt: Attempt<'_>, task: &InternalTask) -> Outcome {
        match task {
            // The recipients are found when all else has been tried.
            InternalTask::TextThoseCalled { .. } => wait(0),
            InternalTask::EraseCustomer { .. } if attempt.work.cancelled => Outcome::NotWanted,
            InternalTask::EraseCustomer { number } => self.erase(attempt.work, number.as_deref()).await,
        }
    }

    /// Writes down what came of it. What callbacks wrote meanwhile is taken over.
    async fn release(&self, mut work: Work) -> Result<(), Fault> {
        for _ in 0..10 {
            let now = self.now();
            match self.store.leases().release(&work.dispatch, &work.owner, now).await? {
                Released::Done => {
                    if let Some(due) = work.dispatch.due(now).filter(|due| *due <= now + ENQUEUE_AHEAD) {
                        self.enqueue(&[(RowKey::dispatch(&work.dispatch.key), due)], now).await;
                    }
                    return Ok(());
                }
                Released::Lost => {
                    tracing::warn!(dispatch = ?work.dispatch.key, "the lease ran out at work; another has taken over and looks up what was said");
                    return Ok(());
                }
                Released::Changed => {
                    let stands = self.store.dispatches().dispatch(&work.dispatch.key).await?;
                    let Some(stands) = stands else { return Ok(()) };
                    work.dispatch.lease.take_revision(&stands.lease);
                    work.dispatch.receipts = stands.receipts;
                    let _ = work.dispatch.recover(None, now);
                }
            }
        }
        Err(Fault::from("callbacks kept changing the row"))
    }

    /// Publishes facts; those that were not taken, if any were. None when there was nothing to publish.
    async fn publish(&self, dispatch: &Dispatch, facts: &[Fact]) -> Option<Vec<Fact>> {
        if facts.is_empty() {
            return None;
        }
        let of = dispatch.of_incident();
        let entries = facts.iter().map(|fact| {
            let detail = serde_json::json!({
                "id": fact.id, "subject": dispatch.key.subject.as_str(), "epoch": dispatch.key.epoch, "plan": of.map_or("", |of| of.plan.as_str()),
                "incident": handbell_core::incident::reference(&dispatch.key.subject, dispatch.key.epoch),
                "count": of.map_or(0, |of| of.count), "step": dispatch.step(), "at": fact.at, "detail": fact.detail,
            });
            PutEventsRequestEntry::builder()
                .source("handbell")
                .detail_type(&fact.kind)
                .event_bus_name(&self.places.bus)
                .detail(detail.to_string())
                .build()
        });
        match self.events.put_events().set_entries(Some(entries.collect())).send().await {
            Ok(answer) if answer.failed_entry_count() == 0 => Some(Vec::new()),
            Ok(answer) => {
                // Entries are answered in their order: an entry without an id was not taken.
                let failed =
                    answer.entries().iter().zip(facts).filter(|(entry, _)| entry.event_id().is_none());
                let again = failed.filter(|(entry, fact)| {
                    let transient = matches!(
                        entry.error_code(),
                        Some("InternalFailure" | "ThrottlingException" | "InternalException")
                    );
                    if !transient {
                        tracing::error!(
                            fact = fact.kind,
                            code = entry.error_code(),
                            "the bus refuses this fact for good"
                        );
                    }
                    transient
                });
                Some(again.map(|(_, fact)| fact.clone()).collect())
            }
            Err(error) => {
                tracing::warn!(reason = ?error.as_service_error(), "the bus took no facts; tried again");
                None
            }
        }
    }
}

impl Work {
    /// No vendor call begins late: an acknowledgement may have come since the claim.
    pub(crate) fn may_begin(&self, now: Timestamp) -> bool {
        now.duration_since(self.claimed_at) < START_WITHIN
    }

    /// The incident that it tells of: as it ended, or as it is now.
    pub(crate) fn told_incident(&self) -> Option<&Incident> {
        let ended = self.dispatch.of_incident()?.ended.as_deref();
        let now = self.incident().filter(|incident| incident.epoch == self.dispatch.key.epoch);
        ended.or(now)
    }

    /// The latest incident of the subject.
    pub(crate) fn incident(&self) -> Option<&Incident> {
        match &self.scope {
            Scope::Incident(of) => of.incident.as_ref(),
            Scope::Conversation(_) | Scope::Notice => None,
        }
    }

    /// The conversation, unless the customer was forgotten.
    pub(crate) fn conversation(&self) -> Option<&Conversation> {
        match &self.scope {
            Scope::Conversation(of) => of.conversation.as_ref(),
            Scope::Incident(_) | Scope::Notice => None,
        }
    }

    /// The plan, where there is one.
    pub(crate) fn plan(&self) -> Option<&Plan> {
        self.scope.plan()
    }

    /// The name under which the space is remembered, where there is one.
    pub(crate) fn space(&self) -> Option<&str> {
        match &self.scope {
            Scope::Incident(of) => Some(&of.space),
            Scope::Conversation(of) => Some(&of.space),
            Scope::Notice => None,
        }
    }

    /// What it posts stands under this message of Webex's.
    pub(crate) fn thread(&self) -> Option<&String> {
        self.dispatch.of_conversation()?.thread.as_ref()
    }

    /// Why its replies to the customer must not leave any more.
    fn stopped(&self) -> Option<&'static str> {
        match &self.scope {
            Scope::Conversation(of) => of.stopped,
            Scope::Incident(_) | Scope::Notice => None,
        }
    }

    pub(crate) fn delivery(&self, name: &str) -> Option<&Delivery> {
        self.dispatch.deliveries.get(name)
    }

    /// After an empty look: is it still wanted, and may it be sent once more?
    pub(crate) fn after_empty_look(&self, delivery: &Delivery) -> Option<Outcome> {
        if self.cancelled {
            return Some(Outcome::NotWanted);
        }
        if let Some(why) = self.stopped().filter(|_| delivery.message.is_reply()) {
            return Some(Outcome::Refused { why: why.to_owned() });
        }
        (delivery.unknowns >= MAX_UNKNOWN)
            .then(|| Outcome::Refused { why: "three attempts had no certain outcome".into() })
    }
}

impl Scope {
    fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Incident(of) => Some(&of.plan),
            Self::Conversation(_) | Self::Notice => None,
        }
    }

    fn customer_number(&self) -> Option<&str> {
        match self {
            Self::Conversation(of) => of.conversation.as_ref()?.address.as_ref()?.number(),
            Self::Incident(_) | Self::Notice => None,
        }
    }
}

pub(crate) fn wait(seconds: i64) -> Outcome {
    Outcome::Waits { pause: SignedDuration::from_secs(seconds) }
}

/// What is to be done with the delivery summary itself, for [`crate::engine::delivery_summary`].
pub(crate) fn summary_task(dispatch: &Dispatch, now: Timestamp) -> Option<Task> {
    let summary = dispatch.deliveries.get(SUMMARY)?;
    match summary.progress {
        Progress::Pending if summary.next_at <= now => Some(Task::Send),
        Progress::Unknown if summary.next_at <= now => Some(Task::LookUp),
        Progress::Pending | Progress::Unknown | Progress::Sent | Progress::Dead | Progress::Cancelled => None,
    }
}
