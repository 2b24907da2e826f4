//! Where signals of all sources come in. A source parses what it gets into an [`AlertSignal`]; flood control, quiet hours,
//! who may silence what, and which incident it is about are decided here, once for all of them.

use handbell_core::alert::{Alert, AlertSignal, Hold, RaisedAlert, SignalAction, Trigger};
use handbell_core::button::EventId;
use handbell_core::config::{AlertSource, Severity};
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::Event;
use handbell_core::incident::{Incident, Subject};
use handbell_core::wording::incident::ignored_signal;
use handbell_store::{Counters, Incidents, MailRow, Mails, Named, People};
use jiff::SignedDuration;

use crate::Fault;
use crate::configuration::Configuration;
use crate::engine::apply::Engine;
use crate::parts::{Time, parts};

/// New alerts of a source are counted for this long.
const FLOOD: SignedDuration = SignedDuration::from_mins(10);

parts! {
    /// Takes signals of all sources.
    pub(crate) struct AlertIntake {
        config: Configuration,
        counters: Counters,
        engine: Engine,
        incidents: Incidents,
        mails: Mails,
        people: People,
        time: Time,
    }
}

impl AlertIntake {
    /// Applies a signal once; `id` tells a signal that comes again. When this returns, all that follows from it is stored.
    ///
    /// Gives the incident that it belongs to; none if it acknowledges or ends what isn't there. A problem that has no plan
    /// is a fault: the signal must be tried again once somebody has corrected the configuration.
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
            SignalAction::Acknowledge => self.command(&subject, &signal, Command::Acknowledge).await?,
            SignalAction::Resolve => self.command(&subject, &signal, Command::Resolve).await?,
        };
        let Some(event) = event else { return Ok(None) };
        let applied = self.engine.apply(&subject, &event, Some(id)).await?;
        tracing::info!(subject = subject.as_str(), action = signal.action.name(), outcome = ?applied.outcome, "a signal");
        if matches!(event, Event::Alert(_)) && applied.incident.is_none() {
            return Err(Fault::from(format!(
                "the source {:?} has no plan that is known: run `handbell check`",
                signal.source
            )));
        }
        if let Some(incident) = &applied.incident {
            let row = MailRow { whose: Some(Named { subject, epoch: incident.epoch }) };
            self.mails.remember_mail(&signal.origin.thread.own, &row, self.time.now()).await?;
        }
        Ok(applied.incident)
    }

    /// What the signal belongs to: the thread that it stands in, or what its key names.
    async fn subject_of(&self, signal: &AlertSignal) -> Result<Subject, Fault> {
        let whose = self.mails.mail(&signal.origin.thread.earlier).await?.and_then(|row| row.whose);
        Ok(whose
            .map(|named| named.subject)
            .filter(|subject| subject.source() == Some(signal.source.as_str()))
            .unwrap_or_else(|| Subject::alert(&signal.source, &signal.dedup_key)))
    }

    /// Where so many incidents of a source began in the last minutes that one more would only add to the noise, it is the one
    /// incident of the flood. None of them is lost: each is counted, and its mail lies in the
    /// bucket. What was handled before, under the key `id`, stays where it was: it is no new alert.
    async fn subject_or_flood(
        &self,
        name: &str,
        source: &AlertSource,
        subject: Subject,
        id: &str,
    ) -> Result<Subject, Fault> {
        let now = self.time.now();
        let (going_on, handled) =
            tokio::join!(self.incidents.incident(&subject), self.incidents.handled(&subject, id));
        if handled?.is_some() || going_on?.is_some_and(|incident| !incident.phase.is_final()) {
            return Ok(subject);
        }
        let window = now.as_second().div_euclid(FLOOD.as_secs());
        let counted =
            self.counters.count(&format!("alerts-{name}-{window}"), 1, now, 2 * FLOOD.as_secs()).await?;
        if counted < source.flood_after {
            return Ok(subject);
        }
        tracing::warn!(source = name, "too many new alerts at once; they are one incident");
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
            noted_at: None,
        };
        Ok(Event::Alert(Box::new(RaisedAlert { plan, alert, text: body, object, hold })))
    }

    /// Until when phones stay silent, and why: quiet hours, or maintenance.
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
                // Hours that can't be read must not keep anybody waiting; `handbell check` refuses them.
                let until = quiet.hours.calendar(self.config.zone()).ok()?.open_until(now)?;
                Some(Hold { until, why: "quiet hours".to_owned() })
            });
        let roster = self.people.roster().await?;
        let maintained = roster.maintenance.iter().filter(|one| {
            (one.from..one.until).contains(&now)
                && (one.sources.is_empty() || one.sources.iter().any(|source| source == name))
                && one.about.as_ref().is_none_or(|about| title.to_lowercase().contains(&about.to_lowercase()))
        });
        let maintained =
            maintained.map(|one| Hold { until: one.until, why: format!("maintenance: {}", one.why) });
        Ok(maintained.chain(quiet).max_by_key(|hold| hold.until))
    }

    /// What the source itself says to an incident; a note if it must not silence it.
    async fn command(
        &self,
        subject: &Subject,
        signal: &AlertSignal,
        command: Command,
    ) -> Result<Option<Event>, Fault> {
        let Some(incident) = self.incidents.incident(subject).await? else { return Ok(None) };
        let command = match signal.objection(incident.alert.as_deref(), incident.opened_at) {
            None => command,
            Some(objection) => Command::Note { text: ignored_signal(signal, &objection) },
        };
        let by = Actor::named(self.config.words(subject, Some(&incident)).name, CommandChannel::Source);
        Ok(Some(Event::Command { by, epoch: Some(incident.epoch), command }))
    }
}

/// The one incident of a source's flood.
fn flood(source: &str) -> Subject {
    Subject::alert(source, "\0flood")
}

/// Many reported what this incident is about.
pub(crate) fn is_flood(subject: &Subject) -> bool {
    subject.source().is_some_and(|source| *subject == flood(source))
}
