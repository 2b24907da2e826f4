//! The function that delivers due rows. It combines the engine's steps with the shares of the other modules: a dispatch
//! is claimed, sent channel by channel, stored and released.

use futures_util::future::join_all;
use handbell_core::config::{Plan, Reuse};
use handbell_core::delivery::{Body, DeliveryId, Dispatch, DispatchKey};
use handbell_core::failover::{Failover, fail_over};
use handbell_core::incident::Kind;
use handbell_core::incident::decide::{Event, invitations_up_to, space_name};
use handbell_core::wording::{Words, space_title};
use handbell_store::Incidents;
use jiff::SignedDuration;

use crate::Fault;
use crate::alert::status::IncidentStatus;
use crate::callback::card::CardActions;
use crate::callback::message::SpaceMessages;
use crate::channel::Channels;
use crate::configuration::Configuration;
use crate::conversation::agent::AgentMessages;
use crate::conversation::answer::CustomerReplies;
use crate::conversation::waiting::WaitingCustomers;
use crate::dependencies::{Time, parts};
use crate::engine::apply::IncidentEngine;
use crate::engine::delivery_summary::DeliverySummaries;
use crate::engine::facts::FactPublisher;
use crate::engine::lease::{ClaimedDispatch, DispatchLeases};
use crate::engine::wanted_space::WantedSpace;
use crate::engine::work::{Claim, InIncident, Scope, Work};
use crate::engine::work_item::WorkItem;

/// With less time than this left, nothing begins: a vendor call takes up to 8 s, and its outcome must be stored.
const NEEDS: SignedDuration = SignedDuration::from_secs(15);

parts! {
    /// Works on what the queue holds.
    pub struct Deliver {
        engine: IncidentEngine,
        dispatches: DispatchDelivery,
        waiting: WaitingCustomers,
        agents: AgentMessages,
        cards: CardActions,
        messages: SpaceMessages,
    }
}

impl Deliver {
    /// Works on each item of the queue. Returns true for the items that need no retry. `left` is the remaining time.
    pub async fn deliver(&self, items: &[WorkItem], left: SignedDuration) -> Vec<bool> {
        join_all(items.iter().map(async |item| {
            if left < NEEDS {
                return false;
            }
            let done = self.work_on(item).await;
            if let Err(fault) = &done {
                tracing::error!(reason = %fault, "a message of the work queue could not be processed; it is retried");
            }
            done.is_ok()
        }))
        .await
    }

    async fn work_on(&self, item: &WorkItem) -> Result<(), Fault> {
        match item {
            WorkItem::Wake(subject) if subject.kind() == Kind::Customer => self.waiting.wake(subject).await,
            WorkItem::Wake(subject) => self.engine.apply(subject, &Event::Wake, None).await.map(|_| ()),
            WorkItem::Dispatch(key) => self.dispatches.deliver(key).await,
            WorkItem::CardAction { action, tries } => self.cards.take(action, *tries).await,
            WorkItem::NewMessage { message, room, tries } => self.messages.take(message, room, *tries).await,
            WorkItem::MessageChange { change, tries } => {
                self.agents.handle_edited_message(change, *tries).await
            }
        }
    }
}

parts! {
    /// Delivers a dispatch.
    pub(crate) struct DispatchDelivery {
        config: Configuration,
        leases: DispatchLeases,
        engine: IncidentEngine,
        incidents: Incidents,
        status: IncidentStatus,
        replies: CustomerReplies,
        channels: Channels,
        facts: FactPublisher,
        summaries: DeliverySummaries,
        time: Time,
    }
}

impl DispatchDelivery {
    async fn deliver(&self, key: &DispatchKey) -> Result<(), Fault> {
        let Some(ClaimedDispatch { dispatch, claim, dead }) = self.leases.claim(key).await? else {
            return Ok(());
        };
        let work = match &dispatch.body {
            Body::Incident(of) => {
                let (plan, hash) = (of.plan.clone(), of.plan_hash.clone());
                self.begin_for_incident(dispatch, &plan, &hash, claim.clone()).await
            }
            Body::Conversation(_) => self.replies.begin(dispatch, claim.clone()).await,
            Body::Notice => Ok(self.begin_for_notice(dispatch, claim.clone())),
        };
        let mut work = match work {
            Ok(work) => work,
            Err(fault) => {
                self.leases.abandon(key, &claim).await;
                return Err(fault);
            }
        };
        self.send_everything(&mut work, dead).await;
        // Before the release: if the worker dies here, the lease runs out, and the next worker comes to the same
        // result.
        let escalated = self.status.escalate_if_unreached(&work).await;
        if let Err(fault) = escalated {
            tracing::warn!(reason = %fault, "a step that reached nobody could not end early; the next step comes at its time");
        }
        self.leases.release(work).await
    }

    async fn begin_for_incident(
        &self,
        mut dispatch: Dispatch,
        plan_name: &str,
        plan_hash: &str,
        claim: Claim,
    ) -> Result<Work, Fault> {
        let key = dispatch.key.clone();
        let (plan, incident) =
            tokio::join!(self.engine.plan(plan_name, plan_hash), self.incidents.incident(&key.subject));
        let (plan, incident) = (plan?, incident?);
        // The incident is read after the claim: a committed acknowledgement is seen here.
        let cancelled = !dispatch.is_last_word()
            && incident.as_ref().is_none_or(|incident| incident.cancels(key.epoch, key.number));
        if cancelled {
            dispatch.cancel();
        }
        if let Some(incident) = incident.as_ref().filter(|incident| incident.epoch == key.epoch) {
            dispatch.skip_responders(&incident.responses);
        }
        let words = self.config.words(&key.subject, incident.as_ref());
        let space = space_of_incident(plan_name, &plan, &dispatch, &words);
        let scope = Scope::Incident(InIncident { plan, space, incident });
        Ok(Work { owner: claim.owner, claimed_at: claim.at, dispatch, words, cancelled, scope })
    }

    fn begin_for_notice(&self, dispatch: Dispatch, claim: Claim) -> Work {
        let words = self.config.words(&dispatch.key.subject, None);
        let scope = Scope::Notice;
        Work { owner: claim.owner, claimed_at: claim.at, dispatch, words, cancelled: false, scope }
    }

    /// Sends what is due: the channels concurrently, the space in its order, the facts alongside, and the delivery
    /// summary last.
    async fn send_everything(&self, work: &mut Work, mut died: Vec<DeliveryId>) {
        // The deliveries that were due at the claim, and no more: if the worker dies, exactly those count as possibly
        // sent.
        let tasks = work.dispatch.tasks(work.claimed_at);
        self.status.record_paged(work, &tasks).await;
        let outcomes = self.channels.send(work, &tasks);
        let hang_up = self.channels.hang_up_if_over(work);
        let (outcomes, facts, ()) = tokio::join!(outcomes, self.facts.publish(&work.dispatch), hang_up);
        let now = self.time.now();
        for (id, outcome) in outcomes {
            if work.dispatch.record(id, outcome, now) {
                died.push(id);
            }
        }
        if let Some(unpublished) = facts {
            let given_up = work.dispatch.keep_facts(unpublished, now);
            if given_up > 0 {
                tracing::error!(dispatch = ?work.dispatch.key, given_up, "the bus has accepted no facts for a day; these are given up");
            }
        }
        if !died.is_empty() {
            tracing::error!(dispatch = ?work.dispatch.key, dead = died.len(), "deliveries given up; they fail over, and the admins are notified");
            let line = self.config.line(&work.dispatch.key.subject).map(|(_, line)| &line.number);
            let Work { dispatch, scope, words, .. } = &mut *work;
            let with = Failover {
                admins: &self.config.admins,
                from: self.config.from(),
                customer: scope.customer_number().zip(line),
                plan: scope.plan(),
                words,
            };
            fail_over(dispatch, &died, with, now);
            self.replies.restore_waiting(work, &died).await;
        }
        self.status.text_those_called(work).await;
        self.summaries.show(work).await;
    }
}

/// Returns the space of an incident, as the plan describes it.
fn space_of_incident(plan_name: &str, plan: &Plan, dispatch: &Dispatch, words: &Words) -> WantedSpace {
    let opened_at = dispatch.of_incident().map_or(dispatch.at, |of| of.opened_at);
    WantedSpace {
        name: space_name(plan_name, plan, &dispatch.key),
        title: space_title(plan, dispatch, words),
        team: plan.space.team.clone(),
        always: plan.space.reuse == Reuse::Always,
        // An incident's own space can't be older than the incident.
        oldest: opened_at - SignedDuration::from_mins(2),
        people: invitations_up_to(plan, dispatch.step().unwrap_or(u32::MAX)),
        people_first: false,
        digits: None,
        of: None,
    }
}
