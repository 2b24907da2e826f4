//! An event happens: read, decide, commit, enqueue. Every trigger that changes an incident comes through here.

use std::sync::Arc;

use handbell_core::button::EventId;
use handbell_core::config::Plan;
use handbell_core::incident::command::{Actor, Command, How};
use handbell_core::incident::decide::{Event, Outcome, Rules, begins_anew, decide};
use handbell_core::incident::{Incident, Subject};
use handbell_core::oncall::Roster;
use handbell_store::table::{KEPT_SECONDS, RowKey};
use handbell_store::{Commit, Handled, Incidents, Loaded, NotCommitted, People};

use crate::configuration::{Configuration, keep_seconds};
use crate::engine::pause::{ENQUEUE_AHEAD, ROUNDS, pause};
use crate::engine::queue::Queue;
use crate::parts::{Time, parts};
use crate::{Fault, Ids};

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    /// The count to answer with.
    pub count: u64,
    /// What became of it; none if it had been handled before.
    pub outcome: Option<Outcome>,
    /// The incident as it is now.
    pub incident: Option<Incident>,
}

parts! {
    /// Applies events to incidents: loads, decides, commits and enqueues.
    pub(crate) struct Engine {
        config: Configuration,
        incidents: Incidents,
        people: People,
        queue: Queue,
        time: Time,
        ids: Ids,
    }
}

impl Engine {
    /// Lets the event happen once. When this returns, everything that follows from it is stored.
    pub(crate) async fn apply(
        &self,
        subject: &Subject,
        event: &Event,
        id: Option<&EventId>,
    ) -> Result<Applied, Fault> {
        let button = self.config.button(subject).map(|(_, button)| button);
        let today = self.config.plan_for(subject, event);
        for round in 0..ROUNDS {
            let now = self.time.now();
            let hash = today.map(|(_, known)| known.hash.as_str());
            let loaded = self.incidents.load(subject, id.map(|id| id.key.as_str()), hash, now).await?;
            let Loaded { incident, handled, plan_known } = loaded;
            if let Some(handled) = handled {
                return Ok(Applied { count: handled.count, outcome: None, incident });
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
                // The old one comes to its own end first, with its report: by time if that has come, or because it got worse.
                let worse = Event::Command {
                    by: Actor::named("a worse report", How::Source),
                    epoch: Some(old.epoch),
                    command: Command::Resolve,
                };
                Box::pin(self.apply(subject, &Event::Wake, None)).await?;
                Box::pin(self.apply(subject, &worse, None)).await?;
                continue;
            }
            let (name, plan, hash): (&str, Arc<Plan>, &str) = match (&incident, own, today) {
                (Some(incident), Some(own), _) if !anew => (&incident.plan, own, &incident.plan_hash),
                (_, _, Some((name, known))) => (name, Arc::clone(&known.plan), &known.hash),
                // Nothing is going on, and the button or the zone is gone from the configuration.
                _ => {
                    return Ok(Applied {
                        count: incident.as_ref().map_or(0, |incident| incident.count),
                        outcome: Some(Outcome::Nothing),
                        incident,
                    });
                }
            };
            let mut words = self.config.words(subject, incident.as_ref());
            match event {
                Event::Waits { customer, .. } => words.name.clone_from(customer),
                Event::Alert(raised) if anew => {
                    words.alert = Some((raised.alert.title.clone(), raised.alert.severity));
                }
                _ => {}
            }
            // People change more often than plans: they are looked up when a step is about to need them.
            let roster = match plan.asks_the_roster() {
                true => self.people.roster().await?,
                false => Roster::default(),
            };
            let source = subject.source().and_then(|source| self.config.sources.get(source));
            let rules = Rules {
                subject,
                button,
                plan_name: name,
                plan: &plan,
                plan_hash: hash,
                watched: today.is_some(),
                from: self.config.from(),
                calls_per_second: self.config.twilio.as_ref().and_then(|twilio| twilio.calls_per_second),
                roster: &roster,
                admins: &self.config.admins,
                report_to: source.map_or(&[], |source| source.report_to.as_slice()),
                words: &words,
            };
            let decision = decide(incident.as_ref(), event, rules, now);
            let Some(next) = decision.next else {
                return Ok(Applied { count: decision.count, outcome: Some(decision.outcome), incident });
            };
            let opens = incident.as_ref().is_none_or(|incident| incident.epoch != next.epoch);
            let handled = Handled { count: decision.count, at: now, epoch: next.epoch };
            let commit = Commit {
                before: incident.as_ref().map(|incident| incident.version),
                incident: &next,
                event: id.map(|id| (id.key.as_str(), id.keep, handled)),
                dispatches: &decision.dispatches,
                keep_seconds: self.config.line(subject).map_or(KEPT_SECONDS, |(_, line)| keep_seconds(line)),
                opens,
                replaces: incident.as_ref().filter(|old| opens && !old.phase.is_final()),
                plan: (opens && !plan_known).then_some((hash, &*plan)),
            };
            match self.incidents.commit(commit, now).await {
                Ok(()) => {
                    tracing::info!(subject = subject.as_str(), epoch = next.epoch, count = next.count, step = next.step, phase = ?next.phase, "stored");
                    let mut due_rows: Vec<_> = decision
                        .dispatches
                        .iter()
                        .map(|dispatch| (RowKey::dispatch(&dispatch.key), now))
                        .collect();
                    due_rows.extend(
                        next.wake_at
                            .filter(|at| *at <= now + ENQUEUE_AHEAD)
                            .map(|at| (RowKey::incident(subject), at)),
                    );
                    self.queue.enqueue(&due_rows, now).await;
                    return Ok(Applied {
                        count: decision.count,
                        outcome: Some(decision.outcome),
                        incident: Some(next),
                    });
                }
                Err(NotCommitted::Conflict) => pause(&self.ids, round).await,
                Err(NotCommitted::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(Fault("too many events at once for one incident".into()))
    }

    /// A plan by its name and fingerprint: today's, or from the table as it stood.
    pub(crate) async fn plan(&self, name: &str, hash: &str) -> Result<Arc<Plan>, Fault> {
        let known = self.config.known(name);
        if let Some(known) = known.filter(|known| known.hash == hash) {
            return Ok(Arc::clone(&known.plan));
        }
        match self.incidents.plan(hash).await? {
            Some(plan) => Ok(Arc::new(plan)),
            // Never seen; today's words are better than none.
            None => known
                .map(|known| Arc::clone(&known.plan))
                .ok_or_else(|| Fault(format!("plan {name:?} is not known any more"))),
        }
    }
}
