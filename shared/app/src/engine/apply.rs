//! Applies events to incidents: loads, decides, commits and enqueues. Every trigger that changes an incident comes
//! through here.

use std::ops::ControlFlow;
use std::sync::Arc;

use handbell_core::config::Plan;
use handbell_core::delivery::Dispatch;
use handbell_core::event_id::EventId;
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::{Context, Event, EventOutcome, begins_anew, decide};
use handbell_core::incident::{Incident, Subject};
use handbell_core::oncall::Roster;
use handbell_core::wording::Words;
use handbell_store::table::KEPT_SECONDS;
use handbell_store::{Commit, HandledEvent, Incidents, Loaded, NotCommitted, People};
use jiff::Timestamp;

use crate::configuration::{Configuration, KnownPlan, keep_seconds};
use crate::dependencies::{Time, parts};
use crate::engine::pause::{ENQUEUE_AHEAD, ROUNDS, pause};
use crate::engine::queue::Queue;
use crate::engine::work_item::WorkItem;
use crate::{Fault, Ids};

/// Result of applying an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    /// Count to answer with.
    pub count: u64,
    /// Outcome of the event; none if it had been handled before.
    pub outcome: Option<EventOutcome>,
    /// Incident as it is now.
    pub incident: Option<Incident>,
}

parts! {
    /// Applies events to incidents: loads, decides, commits and enqueues.
    pub(crate) struct IncidentEngine {
        config: Configuration,
        incidents: Incidents,
        people: People,
        queue: Queue,
        time: Time,
        ids: Ids,
    }
}

/// Time at which an event is retried.
enum Again {
    /// An earlier incident has ended, and the event belongs to the next.
    AtOnce,
    /// Another event was faster.
    AfterPause,
}

/// Plan that an event is decided with.
struct RunningPlan<'a> {
    name: &'a str,
    plan: Arc<Plan>,
    hash: &'a str,
    /// Whether the incident's subject is still in the configuration.
    watched: bool,
}

impl<'a> RunningPlan<'a> {
    /// Returns the plan of an ongoing incident, or else today's plan.
    fn of(
        own: Option<(Arc<Plan>, &'a Incident)>,
        today: Option<(&'a String, &'a KnownPlan)>,
        watched: bool,
    ) -> Option<Self> {
        match (own, today) {
            (Some((plan, incident)), _) => {
                Some(Self { name: &incident.plan, plan, hash: &incident.plan_hash, watched })
            }
            (None, Some((name, known))) => {
                Some(Self { name, plan: Arc::clone(&known.plan), hash: &known.hash, watched })
            }
            (None, None) => None,
        }
    }
}

impl IncidentEngine {
    /// Applies the event once. When this returns, everything that follows from it is stored.
    pub(crate) async fn apply(
        &self,
        subject: &Subject,
        event: &Event,
        id: Option<&EventId>,
    ) -> Result<Applied, Fault> {
        for round in 0..ROUNDS {
            match self.try_to_apply(subject, event, id, round).await? {
                ControlFlow::Break(applied) => return Ok(applied),
                ControlFlow::Continue(Again::AtOnce) => {}
                ControlFlow::Continue(Again::AfterPause) => pause(&self.ids, round).await,
            }
        }
        Err(Fault::from("too many events at once for one incident"))
    }

    /// Applies the event, unless another comes in between.
    async fn try_to_apply(
        &self,
        subject: &Subject,
        event: &Event,
        id: Option<&EventId>,
        round: u32,
    ) -> Result<ControlFlow<Applied, Again>, Fault> {
        let today = self.config.plan_for(subject, event);
        let now = self.time.now();
        let hash = today.map(|(_, known)| known.hash.as_str());
        let loaded = self.incidents.load(subject, id.map(|id| id.key.as_str()), hash, now).await?;
        let Loaded { incident, handled, plan_known } = loaded;
        if let Some(handled) = handled {
            return Ok(ControlFlow::Break(Applied { count: handled.count, outcome: None, incident }));
        }
        let own = match &incident {
            Some(incident) if !incident.phase.is_final() => {
                Some(self.plan(&incident.plan, &incident.plan_hash).await?)
            }
            _ => None,
        };
        let anew = begins_anew(incident.as_ref(), own.as_deref(), event, now);
        if let (true, Event::Alert(_), Some(old)) = (anew, event, &incident)
            && !old.phase.is_final()
            && round < 2
        {
            self.end_earlier(subject, old).await?;
            return Ok(ControlFlow::Continue(Again::AtOnce));
        }
        let own = own.zip(incident.as_ref()).filter(|_| !anew);
        let Some(running) = RunningPlan::of(own, today, self.config.watches(subject)) else {
            // No incident is ongoing, and the subject is gone from the configuration.
            let count = incident.as_ref().map_or(0, |incident| incident.count);
            let outcome = Some(EventOutcome::Nothing);
            return Ok(ControlFlow::Break(Applied { count, outcome, incident }));
        };
        // People change more often than plans: the roster is read for each event whose plan needs it.
        let roster = match running.plan.asks_the_roster() {
            true => self.people.roster().await?,
            false => Roster::default(),
        };
        let words = self.words(subject, event, incident.as_ref(), anew);
        let context = self.build_context(subject, &running, &roster, &words);
        let decision = decide(incident.as_ref(), event, context, now);
        let Some(next) = decision.next else {
            let applied = Applied { count: decision.count, outcome: Some(decision.outcome), incident };
            return Ok(ControlFlow::Break(applied));
        };
        let opens = incident.as_ref().is_none_or(|incident| incident.epoch != next.epoch);
        let handled = HandledEvent { count: decision.count, at: now, epoch: next.epoch };
        let commit = Commit {
            before: incident.as_ref().map(|incident| incident.version),
            incident: &next,
            event: id.map(|id| (id.key.as_str(), id.keep, handled)),
            dispatches: &decision.dispatches,
            keep_seconds: self.config.line(subject).map_or(KEPT_SECONDS, |(_, line)| keep_seconds(line)),
            opens,
            // What changes after the end, such as a button's last gesture, doesn't end it again.
            ends: next.phase.is_final()
                && (opens || incident.as_ref().is_none_or(|incident| !incident.phase.is_final())),
            replaces: incident.as_ref().filter(|old| opens && !old.phase.is_final()),
            plan: (opens && !plan_known).then_some((running.hash, &*running.plan)),
        };
        match self.incidents.commit(commit, now).await {
            Ok(()) => {
                self.enqueue_due(&next, &decision.dispatches, now).await;
                let outcome = Some(decision.outcome);
                Ok(ControlFlow::Break(Applied { count: decision.count, outcome, incident: Some(next) }))
            }
            Err(NotCommitted::Conflict) => Ok(ControlFlow::Continue(Again::AfterPause)),
            Err(NotCommitted::Fault(fault)) => Err(fault.into()),
        }
    }

    /// Ends the old incident first, with its report: because its time has come, or because it got worse.
    async fn end_earlier(&self, subject: &Subject, old: &Incident) -> Result<(), Fault> {
        let worse = Event::Command {
            by: Actor::named("a worse report", CommandChannel::Source),
            epoch: Some(old.epoch),
            command: Command::Resolve,
        };
        Box::pin(self.apply(subject, &Event::Wake, None)).await?;
        Box::pin(self.apply(subject, &worse, None)).await?;
        Ok(())
    }

    fn words(&self, subject: &Subject, event: &Event, incident: Option<&Incident>, anew: bool) -> Words {
        let mut words = self.config.words(subject, incident);
        match event {
            Event::CustomerWaits { customer, .. } => words.name.clone_from(customer),
            Event::Alert(raised) => {
                if anew {
                    words.alert = Some((raised.alert.title.clone(), raised.alert.severity));
                }
            }
            Event::Press(_)
            | Event::Command { .. }
            | Event::Unreached { .. }
            | Event::Occupancy(_)
            | Event::Wake => {}
        }
        words
    }

    /// Builds the context of the decision: everything besides the incident and the event.
    fn build_context<'a>(
        &'a self,
        subject: &'a Subject,
        running: &'a RunningPlan<'_>,
        roster: &'a Roster,
        words: &'a Words,
    ) -> Context<'a> {
        let source = subject.source().and_then(|source| self.config.sources.get(source));
        Context {
            subject,
            button: self.config.button(subject).map(|(_, button)| button),
            plan_name: running.name,
            plan: &running.plan,
            plan_hash: running.hash,
            watched: running.watched,
            from: self.config.from(),
            calls_per_second: self.config.twilio.as_ref().and_then(|twilio| twilio.calls_per_second),
            roster,
            admins: &self.config.admins,
            report_to: source.map_or(&[], |source| source.report_to.as_slice()),
            words,
        }
    }

    /// Enqueues every row that an event made due.
    async fn enqueue_due(&self, next: &Incident, dispatches: &[Dispatch], now: Timestamp) {
        let Incident { subject, epoch, count, step, phase, .. } = next;
        tracing::info!(subject = subject.as_str(), epoch, count, step, ?phase, "stored");
        let mut due_rows: Vec<_> =
            dispatches.iter().map(|dispatch| (WorkItem::Dispatch(dispatch.key.clone()), now)).collect();
        let wake = next.wake_at.filter(|at| *at <= now + ENQUEUE_AHEAD);
        due_rows.extend(wake.map(|at| (WorkItem::Wake(subject.clone()), at)));
        self.queue.enqueue(&due_rows, now).await;
    }

    /// Returns a plan by its name and fingerprint: today's plan, or the stored one.
    pub(crate) async fn plan(&self, name: &str, hash: &str) -> Result<Arc<Plan>, Fault> {
        let known = self.config.known(name);
        if let Some(known) = known.filter(|known| known.hash == hash) {
            return Ok(Arc::clone(&known.plan));
        }
        match self.incidents.plan(hash).await? {
            Some(plan) => Ok(Arc::new(plan)),
            // This plan was never stored. Today's plan is better than none.
            None => known
                .map(|known| Arc::clone(&known.plan))
                .ok_or_else(|| Fault::from(format!("plan {name:?} is not known any more"))),
        }
    }
}
