//! An event happens: read, decide, commit, enqueue. Every trigger that changes an incident comes through here.

use std::sync::Arc;
use std::time::Duration;

use handbell_core::button::EventId;
use handbell_core::config::Plan;
use handbell_core::incident::command::{Actor, Command, How};
use handbell_core::incident::decide::{Event, Outcome, Rules, begins_anew, decide};
use handbell_core::incident::{Incident, Subject};
use handbell_core::oncall::Roster;
use handbell_store::table::{KEPT_SECONDS, RowKey};
use handbell_store::{Commit, Handled, Loaded, NotCommitted};
use jiff::{SignedDuration, Timestamp};

use crate::conversation::apply::keep_seconds;
use crate::{App, Fault, Ids};

/// How often a race is run before the caller is asked to come again. Each pause is longer, and by chance.
pub(crate) const ROUNDS: u32 = 40;
/// The queue can hold a message back this long; what is due later is found by the tick.
pub(crate) const ENQUEUE_AHEAD: SignedDuration = SignedDuration::from_secs(90);

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

impl App {
    /// Lets the event happen once. When this returns, everything that follows from it is stored.
    pub(crate) async fn apply(
        &self,
        subject: &Subject,
        event: &Event,
        id: Option<&EventId>,
    ) -> Result<Applied, Fault> {
        let button = self.button(subject).map(|(_, button)| button);
        let today = self.plan_for(subject, event);
        for round in 0..ROUNDS {
            let now = self.now();
            let hash = today.map(|(_, known)| known.hash.as_str());
            let loaded = self.store.load(subject, id.map(|id| id.key.as_str()), hash, now).await?;
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
            let mut words = self.words(subject, incident.as_ref());
            match event {
                Event::Waits { customer, .. } => words.name.clone_from(customer),
                Event::Alert(raised) if anew => {
                    words.alert = Some((raised.alert.title.clone(), raised.alert.severity));
                }
                _ => {}
            }
            // People change more often than plans: they are looked up when a step is about to need them.
            let roster = match plan.asks_the_roster() {
                true => self.store.roster().await?,
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
                keep_seconds: self.line(subject).map_or(KEPT_SECONDS, |(_, line)| keep_seconds(line)),
                opens,
                replaces: incident.as_ref().filter(|old| opens && !old.phase.is_final()),
                plan: (opens && !plan_known).then_some((hash, &*plan)),
            };
            match self.store.commit(commit, now).await {
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
                    self.enqueue(&due_rows, now).await;
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

    /// Tells the queue that these rows are due, each at its time. Best effort: the tick finds what this misses. False if
    /// the queue has not taken all.
    pub(crate) async fn enqueue(&self, rows: &[(RowKey, Timestamp)], now: Timestamp) -> bool {
        use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
        let mut taken = true;
        for ten in rows.chunks(10) {
            let entries = ten.iter().enumerate().filter_map(|(index, (row, at))| {
                // Rounded up: a message that comes early finds nothing to do.
                let seconds =
                    (at.as_millisecond() - now.as_millisecond() + 999).div_euclid(1000).clamp(0, 900);
                let body = serde_json::to_string(row).ok()?;
                SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(body)
                    .delay_seconds(seconds as i32)
                    .build()
                    .ok()
            });
            let send = self
                .sqs
                .send_message_batch()
                .queue_url(&self.places.queue_url)
                .set_entries(Some(entries.collect()))
                .send();
            match send.await {
                Ok(sent) if sent.failed().is_empty() => {}
                Ok(sent) => {
                    taken = false;
                    tracing::warn!(
                        failed = sent.failed().len(),
                        "some messages were not taken; the tick will find the rows"
                    );
                }
                Err(error) => {
                    taken = false;
                    tracing::warn!(reason = ?error.as_service_error(), "the queue took no message; the tick will find the rows");
                }
            }
        }
        taken
    }
}

/// A pause before the next round of a race: by chance within a growing span, so that racers part.
pub(crate) async fn pause(ids: &Ids, round: u32) {
    let span = 10_u64 << round.min(5);
    tokio::time::sleep(Duration::from_millis(ids.below(span) + 1)).await;
}
