//! A choice on a zone's card, or the same in words in its space.

use handbell_core::button::EventId;
use handbell_core::delivery::DispatchKey;
use handbell_core::incident::command::{Actor, Command, How};
use handbell_core::incident::decide::{Event, space_name};
use handbell_core::incident::{Incident, Kind, Subject};
use handbell_core::wording::occupancy::Choice;
use handbell_outbound::Failure;
use handbell_outbound::webex::{Message, Webex};
use handbell_store::table::RowKey;
use jiff::SignedDuration;

use crate::alert::commands::CardChoice;
use crate::{App, Fault};

/// A choice is tried to be read for two minutes.
const TRIES: u32 = 12;
/// Webex sends an event again within minutes; a replay of last year finds another incident.
const KEEP: SignedDuration = SignedDuration::from_hours(24 * 7);
/// What "Snooze" means where the configuration doesn't say any more.
const SNOOZE: SignedDuration = SignedDuration::from_mins(30);

fn failed(failure: Failure) -> Fault {
    Fault::from(failure)
}

impl App {
    /// Reads what was chosen; what can't be read now is read in ten seconds.
    pub(crate) async fn card_pressed(&self, action: &str, tries: u32) -> Result<(), Fault> {
        match self.chosen(action).await {
            Err(fault) if tries < TRIES => {
                tracing::warn!(reason = %fault, "a choice on a card can't be taken now; tried again in ten seconds");
                let now = self.now();
                let soon = now + SignedDuration::from_secs(10);
                // Nothing but the queue holds a choice: if it doesn't take this one, the message that we have comes again.
                if self.enqueue(&[(RowKey::card(action, tries + 1), soon)], now).await {
                    Ok(())
                } else {
                    Err(fault)
                }
            }
            other => other,
        }
    }

    async fn chosen(&self, id: &str) -> Result<(), Fault> {
        let webex = self.webex().await?;
        let action = match webex.action(id).await {
            Ok(action) => action,
            // It is gone, or not for our eyes.
            Err(Failure::Refused { .. }) => return Ok(()),
            Err(failure) => return Err(failed(failure)),
        };
        let input = |name: &str| action.inputs[name].as_str();
        if let (Some("incident"), Some(choice), Some(reference)) =
            (input("handbell"), input("choice"), input("incident"))
        {
            let chosen = CardChoice {
                action: id,
                reference,
                epoch: action.inputs["epoch"].as_u64(),
                choice,
                room: &action.room_id,
                person: &action.person_id,
                message: Some(&action.message_id),
            };
            return self.space_commands.take_choice(chosen).await;
        }
        let (Some("zone"), Some(choice), Some(reference)) =
            (input("handbell"), input("choice").and_then(Choice::of_name), input("incident"))
        else {
            return Ok(());
        };
        let Some(named) = self.store.incidents().named(reference).await? else { return Ok(()) };
        let Some(incident) = self.store.incidents().incident(&named.subject).await? else { return Ok(()) };
        if incident.epoch != named.epoch || !self.speaks_in(&incident, &action.room_id).await? {
            // Whoever sees one card could otherwise answer for every other.
            tracing::warn!(
                incident = reference,
                "a choice from a card that isn't in the incident's space, or of one that is over"
            );
            return Ok(());
        }
        let Some(who) = self.name_in(&webex, &action.room_id, &action.person_id).await? else {
            return Ok(());
        };
        self.take(choice, &incident, who, format!("card-{id}")).await
    }

    /// `on my way`, `snooze` or `not busy`, written in a space: for those who don't see cards.
    pub(crate) async fn answered_in_words(&self, message: &Message, our_name: &str) -> Result<(), Fault> {
        let (Some(text), Some(room), Some(person)) = (&message.text, &message.room_id, &message.person_id)
        else {
            return Ok(());
        };
        let Some(choice) = in_words(text, our_name) else { return Ok(()) };
        let zones: Vec<Subject> = self.config.zones.keys().map(|zone| Subject::zone(zone)).collect();
        let mut here: Vec<Incident> = Vec::new();
        for incident in self.store.incidents().incidents(&zones).await? {
            if !incident.phase.is_final() && self.speaks_in(&incident, room).await? {
                here.push(incident);
            }
        }
        // Of several zones in one space, the one that was told last is meant.
        let Some(incident) = here.into_iter().max_by_key(|incident| incident.heard_at) else { return Ok(()) };
        let webex = self.webex().await?;
        let Some(who) = self.name_in(&webex, room, person).await? else { return Ok(()) };
        self.take(choice, &incident, who, format!("words-{}", message.id)).await
    }

    async fn take(&self, choice: Choice, incident: &Incident, who: String, key: String) -> Result<(), Fault> {
        let command = match choice {
            Choice::OnMyWay => Command::Acknowledge,
            Choice::NotBusy => Command::Cancel,
            Choice::Snooze => {
                let zone = self.config.zones.get(incident.subject.name());
                let until = self.now() + zone.map_or(SNOOZE, |zone| zone.snooze.0);
                Command::Snooze { until }
            }
        };
        let by = Actor::named(who, How::Card);
        let event = Event::Command { by, epoch: Some(incident.epoch), command };
        let id = EventId { key, keep: KEEP };
        let applied = self.apply(&incident.subject, &event, Some(&id)).await?;
        tracing::info!(subject = incident.subject.as_str(), choice = choice.name(), outcome = ?applied.outcome, "a choice");
        Ok(())
    }

    /// True when this is the space in which the incident speaks.
    async fn speaks_in(&self, incident: &Incident, room: &str) -> Result<bool, Fault> {
        if incident.subject.kind() != Kind::Zone {
            return Ok(false);
        }
        let plan = self.plan(&incident.plan, &incident.plan_hash).await?;
        let key = DispatchKey { subject: incident.subject.clone(), epoch: incident.epoch, number: 0 };
        let space = self.store.spaces().space(&space_name(&incident.plan, &plan, &key)).await?;
        Ok(space.and_then(|space| space.room).is_some_and(|ours| ours == room))
    }

    /// What a member of the space is called; none for somebody who isn't in it.
    async fn name_in(&self, webex: &Webex, room: &str, person: &str) -> Result<Option<String>, Fault> {
        let member = webex.member(room, person).await.map_err(failed)?;
        Ok(member.and_then(|member| member.person_display_name.or(member.person_email)))
    }
}

/// The whole message is the choice, a mention of us before it aside: "I am not on my way" is none.
fn in_words(text: &str, our_name: &str) -> Option<Choice> {
    let text = text.trim();
    let said = text.strip_prefix(our_name).unwrap_or(text).trim().trim_end_matches(['.', '!']).to_lowercase();
    match said.as_str() {
        "on my way" => Some(Choice::OnMyWay),
        "not busy" => Some(Choice::NotBusy),
        "snooze" => Some(Choice::Snooze),
        _ if said
            .strip_prefix("snooze ")
            .is_some_and(|rest| rest.len() < 12 && rest.starts_with(|sign: char| sign.is_ascii_digit())) =>
        {
            Some(Choice::Snooze)
        }
        _ => None,
    }
}
