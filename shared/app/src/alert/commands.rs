//! Commands that people give through any channel, such as "I have it". This file contains what all channels share. Each
//! channel has its own file, which identifies the actor and delivers the answer.

mod mail;
mod space;
mod text;

use std::collections::BTreeSet;

use handbell_core::event_id::EventId;
use handbell_core::incident::command::{Actor, Command, IncidentSelector, WrittenCommand};
use handbell_core::incident::decide::{Event, EventOutcome};
use handbell_core::incident::{Incident, Phase, Subject};
use handbell_core::oncall::Roster;
use handbell_core::wording::incident as wording;
use handbell_store::{EpochKey, Incidents, MailRow, Mails};

use crate::Fault;
use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};
use crate::engine::apply::IncidentEngine;

pub(crate) use self::mail::MailAnswers;
pub(crate) use self::space::SpaceCommands;
pub(crate) use self::text::StaffTexts;

parts! {
    /// Applies people's commands to incidents.
    pub(crate) struct IncidentCommands {
        config: Configuration,
        engine: IncidentEngine,
        incidents: Incidents,
        mails: Mails,
        time: Time,
    }
}

/// Command that a person wrote in their own words.
struct SpokenCommand<'a> {
    asked: &'a WrittenCommand,
    which: &'a IncidentSelector,
    by: Actor,
    /// Idempotency key: the same each time that the same message arrives.
    id: &'a str,
    /// Incidents that this phone or space was notified of.
    told: &'a [EpochKey],
    roster: &'a Roster,
}

impl IncidentCommands {
    /// Returns those of the named incidents that are still open, the latest first.
    async fn open(&self, named: &[EpochKey]) -> Result<Vec<Incident>, Fault> {
        let subjects: BTreeSet<&Subject> = named.iter().map(|named| &named.subject).collect();
        let subjects: Vec<Subject> = subjects.into_iter().cloned().collect();
        let mut open: Vec<Incident> = Vec::new();
        for incident in self.incidents.incidents(&subjects).await? {
            let told =
                named.iter().any(|named| named.subject == incident.subject && named.epoch == incident.epoch);
            if told && !incident.phase.is_final() {
                open.push(incident);
            }
        }
        open.sort_by_key(|incident| std::cmp::Reverse(incident.opened_at));
        Ok(open)
    }

    /// Runs the requested command on one of the incidents that this phone or space was notified of.
    ///
    /// Returns the answer in words, or none if there is nothing to say.
    async fn run(&self, spoken: SpokenCommand<'_>) -> Result<Option<String>, Fault> {
        if *spoken.asked == WrittenCommand::Help {
            return Ok(Some(wording::HELP.to_owned()));
        }
        let meant = self.meant(&spoken).await?;
        let SpokenCommand { asked, which, by, id, roster, .. } = spoken;
        let several = match (meant.as_slice(), which) {
            ([], _) => return Ok(Some(wording::NOTHING_OPEN.to_owned())),
            ([_], _) | (_, IncidentSelector::All) => meant,
            (several, _) => return Ok(Some(wording::which(several, asked))),
        };
        let mut results = Vec::new();
        for incident in &several {
            if *asked == WrittenCommand::Who {
                results.push(self.who(incident, roster).await?);
            } else if let Some(command) = self.requested_command(asked, None) {
                results.push(self.command_at(incident, incident.epoch, by.clone(), command, id).await?.0);
            }
        }
        Ok((!results.is_empty()).then(|| wording::several_results(&results)))
    }

    /// Returns the incidents that the words may refer to. If it is clear which, they are stored under the message's id: a message
    /// that arrives again refers to the same incidents as the first time, even if another has opened since.
    async fn meant(&self, spoken: &SpokenCommand<'_>) -> Result<Vec<Incident>, Fault> {
        let SpokenCommand { asked, which, by, id, told, .. } = spoken;
        let open = self.open(told).await?;
        let meant: Vec<Incident> = match which {
            IncidentSelector::Only => matching_incidents(open, asked, by),
            // Nobody ends what others have with one word.
            IncidentSelector::All if **asked == WrittenCommand::Done => {
                open.into_iter().filter(|incident| applies(incident, asked, by)).collect()
            }
            IncidentSelector::All => matching_incidents(open, asked, by),
            IncidentSelector::Number(number) => {
                open.into_iter().filter(|one| one.number() == *number).collect()
            }
            IncidentSelector::Reference(reference) => match self.incidents.named(reference).await? {
                // An incident that is over is included, so that the answer can say that it is over.
                Some(named) if told.contains(&named) => {
                    self.incidents.incident(&named.subject).await?.into_iter().collect()
                }
                _ => Vec::new(),
            },
        };
        let said = format!("said-{id}");
        if let Some(row) = self.mails.mail(std::slice::from_ref(&said)).await? {
            let mut before = Vec::new();
            for named in row.whose {
                let incident = self.incidents.incident(&named.subject).await?;
                before.extend(incident.filter(|incident| incident.epoch == named.epoch));
            }
            return Ok(before);
        }
        if meant.len() == 1 || (!meant.is_empty() && **which == IncidentSelector::All) {
            let named = |one: &Incident| EpochKey { subject: one.subject.clone(), epoch: one.epoch };
            let row = MailRow { whose: meant.iter().map(named).collect() };
            self.mails.remember_mail(&[said], &row, self.time.now()).await?;
        }
        Ok(meant)
    }

    /// Returns a text that says who has the incident and who is on call.
    async fn who(&self, incident: &Incident, roster: &Roster) -> Result<String, Fault> {
        let words = self.config.words(&incident.subject, Some(incident));
        let plan = self.engine.plan(&incident.plan, &incident.plan_hash).await?;
        let mut on_call: Vec<String> = Vec::new();
        for target in plan.steps.iter().flat_map(|step| step.targets()).filter(|to| to.asks_the_roster()) {
            for person in roster.people_of(target, self.time.now()).people {
                if !on_call.contains(&person.name) {
                    on_call.push(person.name.clone());
                }
            }
        }
        Ok(wording::who(incident, &on_call, &words))
    }

    /// Returns the answer to a message that is no command, from a person who was notified of the incident.
    fn not_understood(&self, incident: &Incident, by: &Actor) -> String {
        wording::not_understood(incident, by, &self.config.words(&incident.subject, Some(incident)))
    }

    fn requested_command(&self, asked: &WrittenCommand, step: Option<u32>) -> Option<Command> {
        Some(match asked {
            WrittenCommand::Acknowledge => Command::Acknowledge,
            WrittenCommand::Escalate => Command::Escalate { step },
            WrittenCommand::EscalateTo(name) => Command::EscalateTo { name: name.clone() },
            WrittenCommand::Cannot => Command::Cannot,
            WrittenCommand::Snooze(span) => Command::Snooze { until: self.time.now() + *span },
            WrittenCommand::Confirm => Command::Confirm,
            WrittenCommand::Done => Command::Resolve,
            WrittenCommand::Cancel => Command::Cancel,
            WrittenCommand::Who | WrittenCommand::Help => return None,
        })
    }

    async fn command(&self, incident: &Incident, by: Actor, command: Command, id: &str) -> Result<(), Fault> {
        self.command_at(incident, incident.epoch, by, command, id).await.map(|_| ())
    }

    /// Runs the command once and returns its result, in words and as an outcome.
    async fn command_at(
        &self,
        incident: &Incident,
        epoch: u64,
        by: Actor,
        command: Command,
        id: &str,
    ) -> Result<(String, Option<EventOutcome>), Fault> {
        let event = Event::Command { by, epoch: Some(epoch), command: command.clone() };
        let id = EventId { key: id.to_owned(), keep: EventId::KEEP };
        let applied = self.engine.apply(&incident.subject, &event, Some(&id)).await?;
        tracing::info!(subject = incident.subject.as_str(), command = command.name(), outcome = ?applied.outcome, "command applied");
        let now = applied.incident.unwrap_or_else(|| incident.clone());
        let words = self.config.words(&incident.subject, Some(&now));
        // A command that had been handled before gets the answer of one that has just been done.
        let outcome = applied.outcome.or(Some(EventOutcome::Done));
        Ok((wording::command_result(&command, outcome, &now, &words, self.time.now()), outcome))
    }
}

/// Returns the id of the answer to a message that is no command: each address gets one for an incident.
fn not_understood_id(incident: &Incident) -> String {
    format!("not-understood-{}-{}", incident.reference(), incident.epoch)
}

/// Returns the incidents that a command without a reference can apply to, or all of them if it applies to none.
fn matching_incidents(open: Vec<Incident>, asked: &WrittenCommand, by: &Actor) -> Vec<Incident> {
    let (fitting, others): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|incident| applies(incident, asked, by));
    if fitting.is_empty() { others } else { fitting }
}

/// Returns true if the command can change the incident.
fn applies(incident: &Incident, asked: &WrittenCommand, by: &Actor) -> bool {
    match asked {
        WrittenCommand::Acknowledge | WrittenCommand::Escalate => incident.phase == Phase::Open,
        WrittenCommand::Confirm => incident.responses.asked_at.is_some(),
        WrittenCommand::Done => incident.taken_by.as_ref().is_some_and(|taken| taken.who == by.who),
        WrittenCommand::EscalateTo(_)
        | WrittenCommand::Cannot
        | WrittenCommand::Snooze(_)
        | WrittenCommand::Cancel
        | WrittenCommand::Who
        | WrittenCommand::Help => true,
    }
}
