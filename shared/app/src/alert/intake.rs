//! Intake of signals from all sources. A source parses its input into an [`AlertSignal`]. This module decides for all
//! sources on flood control, quiet hours, which signal may silence an incident, and which incident a signal belongs to.

use handbell_core::alert::mail::one_trouble;
use handbell_core::alert::{Alert, AlertSignal, Hold, RaisedAlert, SignalAction, Trigger};
use handbell_core::config::{AlertSource, Severity};
use handbell_core::event_id::EventId;
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::Event;
use handbell_core::incident::{Incident, Subject};
use handbell_core::wording::incident::{ignored_signal, news};
use handbell_store::{Counters, EpochKey, HandledEvents, Incidents, MailRow, Mails, People};
use jiff::SignedDuration;

use crate::Fault;
use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};
use crate::engine::apply::IncidentEngine;

/// Maximum number of open incidents that are known to have a part of their key in common.
const SAME_KEY_MAX: usize = 10;
/// Length of the window in which a source's new alerts are counted.
const FLOOD: SignedDuration = SignedDuration::from_mins(10);

parts! {
    /// Takes signals from all sources.
    pub(crate) struct AlertIntake {
        config: Configuration,
        counters: Counters,
        engine: IncidentEngine,
        handled_events: HandledEvents,
        incidents: Incidents,
        mails: Mails,
        people: People,
        time: Time,
    }
}

impl AlertIntake {
    /// Applies a signal once. `id` identifies a signal that arrives again. When this returns, everything that follows
    /// from the signal is stored.
    ///
    /// Returns the incident that the signal belongs to, or none if the signal joins, acknowledges or resolves an incident
    /// that isn't open. A problem that has no plan is a fault: the signal must be retried once the configuration is
    /// corrected.
    pub(crate) async fn take(&self, signal: AlertSignal, id: &EventId) -> Result<Option<Incident>, Fault> {
        let source = self.config.sources.get(&signal.source);
        let source = source.ok_or_else(|| {
            Fault::from(format!("the source {:?} is not in the configuration", signal.source))
        })?;
        let mut subject = self.subject_of(&signal).await?;
        let event = match &signal.action {
            SignalAction::Trigger(trigger) => {
                subject = self.subject_or_flood(&signal.source, source, subject, &id.key).await?;
                Some(self.alert(source, &signal, trigger).await?)
            }
            SignalAction::Join { title } => {
                self.command(&subject, source, &signal, Command::Note { text: news(&signal, title) }, id)
                    .await?
            }
            SignalAction::Acknowledge => {
                self.command(&subject, source, &signal, Command::Acknowledge, id).await?
            }
            SignalAction::Resolve => self.command(&subject, source, &signal, Command::Resolve, id).await?,
        };
        let Some(event) = event else { return Ok(None) };
        let applied = self.engine.apply(&subject, &event, Some(id)).await?;
        tracing::info!(subject = subject.as_str(), action = signal.action.name(), outcome = ?applied.outcome, "signal applied");
        if matches!(event, Event::Alert(_)) && applied.incident.is_none() {
            return Err(Fault::from(format!(
                "the source {:?} has no plan that is known: run `handbell check`",
                signal.source
            )));
        }
        if let Some(incident) = &applied.incident {
            let raised = matches!(event, Event::Alert(_)) && !is_flood(&subject);
            let named = EpochKey { subject, epoch: incident.epoch };
            let row = MailRow { whose: vec![named.clone()] };
            self.mails.remember_mail(&signal.origin.thread.own, &row, self.time.now()).await?;
            if let (true, Some(name)) = (raised, shared_name(&signal)) {
                self.remember_key(&name, named).await?;
            }
        }
        Ok(applied.incident)
    }

    /// Returns the subject that the signal belongs to: that of the same mail, or of its thread if the mail is about the same
    /// trouble, or of its deduplication key, or of an open incident whose mails may be about the same trouble.
    async fn subject_of(&self, signal: &AlertSignal) -> Result<Subject, Fault> {
        let own = Subject::alert(&signal.source, &signal.dedup_key);
        let of_source = |subject: &Subject| subject.source() == Some(signal.source.as_str());
        let thread = &signal.origin.thread;
        let same = self.incident_of_mail(&thread.same).await?;
        if let Some(named) = same.filter(|named| of_source(&named.subject)) {
            return Ok(named.subject);
        }
        let earlier = self.incident_of_mail(&thread.earlier).await?;
        if let Some(named) = earlier.filter(|named| of_source(&named.subject) && named.subject != own) {
            let incident = self.incidents.incident(&named.subject).await?;
            // A person who answers an old mail may report something else.
            let title = incident.and_then(|incident| incident.alert).map(|alert| alert.title);
            let answers = |title: String| one_trouble(&title, &thread.subject);
            if is_flood(&named.subject) || title.is_some_and(answers) {
                return Ok(named.subject);
            }
        }
        let Some(name) = shared_name(signal) else { return Ok(own) };
        if self.open_incident(&own).await?.is_some() {
            return Ok(own);
        }
        let mut agreeing = Vec::new();
        for named in self.mails.incidents_of_key(&name).await? {
            let incident = self.open_incident(&named.subject).await?;
            let alert = incident.and_then(|incident| incident.alert);
            if alert.is_some_and(|alert| alert.agrees_with(signal.left_out())) {
                agreeing.push(named.subject);
            }
        }
        // Which of several incidents a further report joins hardly matters. An end must not choose.
        let raises = matches!(signal.action, SignalAction::Trigger(_) | SignalAction::Join { .. });
        let found = if agreeing.len() == 1 || raises { agreeing.pop() } else { None };
        Ok(found.unwrap_or(own))
    }

    /// Returns the incident that the mail with one of these names belongs to.
    async fn incident_of_mail(&self, names: &[String]) -> Result<Option<EpochKey>, Fault> {
        let row = self.mails.mail(names).await?;
        Ok(row.and_then(|row| row.whose.into_iter().next()))
    }

    async fn open_incident(&self, subject: &Subject) -> Result<Option<Incident>, Fault> {
        let incident = self.incidents.incident(subject).await?;
        Ok(incident.filter(|incident| !incident.phase.is_final()))
    }

    /// Adds an incident to those whose mails' keys have this in common. Those that are over give way.
    async fn remember_key(&self, name: &str, named: EpochKey) -> Result<(), Fault> {
        let known = self.mails.incidents_of_key(name).await?;
        if known.contains(&named) {
            return Ok(());
        }
        let mut kept = Vec::new();
        for other in known.into_iter().filter(|other| other.subject != named.subject) {
            if self.open_incident(&other.subject).await?.is_some() {
                kept.push(other);
            }
        }
        kept.push(named);
        kept.drain(..kept.len().saturating_sub(SAME_KEY_MAX));
        Ok(self.mails.keep_incidents_of_key(name, kept, self.time.now()).await?)
    }

    /// Returns the subject of the source's flood incident if so many incidents have begun within minutes that one more
    /// would only add to the noise. No alert is lost: each is counted, and its mail stays in the bucket. A signal that
    /// was handled before, under the key `id`, keeps its subject: it is no new alert.
    async fn subject_or_flood(
        &self,
        name: &str,
        source: &AlertSource,
        subject: Subject,
        id: &str,
    ) -> Result<Subject, Fault> {
        let now = self.time.now();
        let (going_on, handled) = tokio::join!(
            self.incidents.incident(&subject),
            self.handled_events.event(&subject, id, self.time.now())
        );
        if handled?.is_some() || going_on?.is_some_and(|incident| !incident.phase.is_final()) {
            return Ok(subject);
        }
        let window = now.as_second().div_euclid(FLOOD.as_secs());
        let counted =
            self.counters.count(&format!("alerts-{name}-{window}"), 1, now, 2 * FLOOD.as_secs()).await?;
        if counted < source.flood_after {
            return Ok(subject);
        }
        tracing::warn!(
            source = self.config.names().sources.present(name),
            "too many new alerts at once; they are collected in one incident"
        );
        Ok(flood(name))
    }

    async fn alert(
        &self,
        source: &AlertSource,
        signal: &AlertSignal,
        trigger: &Trigger,
    ) -> Result<Event, Fault> {
        let Trigger { severity, title, body, plan, reporter, object } = trigger.clone();
        let hold = self.hold_for(&signal.source, source, severity, &title).await?;
        let plan = plan.unwrap_or_else(|| source.plans.get(&severity).unwrap_or(&source.plan).clone());
        let alert = Alert {
            source: signal.source.clone(),
            title,
            severity,
            origin: signal.origin.mail.clone(),
            reporter,
            written_at: signal.origin.written_at,
            first_written_at: signal.origin.written_at,
            left_out: signal.left_out().cloned().into_iter().collect(),
            noted_at: None,
        };
        Ok(Event::Alert(Box::new(RaisedAlert { plan, alert, text: body, object, hold })))
    }

    /// Returns until when phones stay silent, and why: quiet hours or maintenance.
    async fn hold_for(
        &self,
        name: &str,
        source: &AlertSource,
        severity: Severity,
        title: &str,
    ) -> Result<Option<Hold>, Fault> {
        let now = self.time.now();
        let quiet =
            source.quiet.as_ref().filter(|quiet| quiet.severities.contains(&severity)).and_then(|quiet| {
                // Hours that can't be parsed must not keep anybody waiting; `handbell check` rejects them.
                let until = quiet.hours.calendar(self.config.zone()).ok()?.open_until(now)?;
                Some(Hold { until, why: "quiet hours".to_owned() })
            });
        let roster = self.people.roster().await?;
        // The source may have been renamed since the window was added.
        let is_ours = |source: &str| self.config.names().sources.state(source) == name;
        let maintained = roster.maintenance.iter().filter(|one| {
            (one.from..one.until).contains(&now)
                && (one.sources.is_empty() || one.sources.iter().any(|source| is_ours(source)))
                && one.about.as_ref().is_none_or(|about| title.to_lowercase().contains(&about.to_lowercase()))
        });
        let maintained =
            maintained.map(|one| Hold { until: one.until, why: format!("maintenance: {}", one.why) });
        Ok(maintained.chain(quiet).max_by_key(|hold| hold.until))
    }

    /// Returns the event for a command of the source itself. If the source must neither silence the incident nor write into it, the
    /// event is a note that says why. None if no incident is open.
    async fn command(
        &self,
        subject: &Subject,
        source: &AlertSource,
        signal: &AlertSignal,
        command: Command,
        id: &EventId,
    ) -> Result<Option<Event>, Fault> {
        let Some(incident) = self.incidents.incident(subject).await? else { return Ok(None) };
        // The mail that ended the incident may arrive again.
        if incident.phase.is_final()
            && self.handled_events.event(subject, &id.key, self.time.now()).await?.is_none()
        {
            return Ok(None);
        }
        let command = match signal.objection(source, incident.alert.as_deref(), incident.opened_at) {
            None => command,
            Some(objection) => Command::Note { text: ignored_signal(signal, &objection) },
        };
        let by = Actor::named(self.config.words(subject, Some(&incident)).name, CommandChannel::Source);
        Ok(Some(Event::Command { by, epoch: Some(incident.epoch), command }))
    }
}

/// Returns the name under which the incidents of this signal's shared key are stored; none if its key leaves nothing out.
fn shared_name(signal: &AlertSignal) -> Option<String> {
    signal.shared.as_ref().map(|shared| shared.row_name(&signal.source))
}

/// Returns the subject of a source's flood incident.
fn flood(source: &str) -> Subject {
    Subject::alert(source, "\0flood")
}

/// Returns whether the incident collects a flood, which many people may have reported.
pub(crate) fn is_flood(subject: &Subject) -> bool {
    subject.source().is_some_and(|source| *subject == flood(source))
}
