//! Choices on a zone's card, or the same in words in the zone's space.

use handbell_core::delivery::DispatchKey;
use handbell_core::event_id::EventId;
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::{Event, space_name};
use handbell_core::incident::{Incident, Kind, Subject};
use handbell_core::vendor_id::{PersonId, RoomId};
use handbell_core::wording::occupancy::ZoneChoice;
use handbell_outbound::webex::{Webex, WebexMessage};
use handbell_store::{Incidents, Spaces};
use jiff::SignedDuration;

use crate::Fault;
use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};
use crate::engine::apply::IncidentEngine;
use crate::engine::card_press::CardPress;
use crate::vendor::WebexAccount;

/// Retention of a choice's event id. Webex repeats an event within minutes; a replay of last year finds another
/// incident.
const KEEP: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Length of a snooze for a zone that is gone from the configuration.
const SNOOZE: SignedDuration = SignedDuration::from_mins(30);

parts! {
    /// Takes choices of people about a busy zone.
    pub(crate) struct ZoneChoices {
        config: Configuration,
        engine: IncidentEngine,
        incidents: Incidents,
        spaces: Spaces,
        webex: WebexAccount,
        time: Time,
    }
}

impl ZoneChoices {
    /// Applies the choice of a button on a zone's card.
    pub(crate) async fn take_press(&self, webex: &Webex, press: CardPress<'_>) -> Result<(), Fault> {
        let CardPress { action, reference, choice, room, person, .. } = press;
        let Some(choice) = ZoneChoice::of_name(choice) else { return Ok(()) };
        let Some(named) = self.incidents.named(reference).await? else { return Ok(()) };
        let Some(incident) = self.incidents.incident(&named.subject).await? else { return Ok(()) };
        if incident.epoch != named.epoch || !self.is_space_of(&incident, room).await? {
            // Otherwise a person who sees one card could answer for every other incident.
            tracing::warn!(
                incident = reference,
                "a choice on a card was ignored: the card isn't in the incident's space, or the incident is over"
            );
            return Ok(());
        }
        let Some(who) = self.name_in(webex, room, person).await? else {
            return Ok(());
        };
        self.take(choice, &incident, who, format!("card-{action}")).await
    }

    /// Applies `on my way`, `snooze` or `not busy`, written in a space by people who don't see cards.
    pub(crate) async fn take_words(&self, message: &WebexMessage, our_name: &str) -> Result<(), Fault> {
        let (Some(text), Some(room), Some(person)) = (&message.text, &message.room_id, &message.person_id)
        else {
            return Ok(());
        };
        let Some(choice) = in_words(text, our_name) else { return Ok(()) };
        let zones: Vec<Subject> = self.config.zones.keys().map(|zone| Subject::zone(zone)).collect();
        let mut here: Vec<Incident> = Vec::new();
        for incident in self.incidents.incidents(&zones).await? {
            if !incident.phase.is_final() && self.is_space_of(&incident, room).await? {
                here.push(incident);
            }
        }
        // Of several zones in one space, the choice refers to the one with the latest event.
        let Some(incident) = here.into_iter().max_by_key(|incident| incident.heard_at) else { return Ok(()) };
        let webex = self.webex.client().await?;
        let Some(who) = self.name_in(&webex, room, person).await? else { return Ok(()) };
        self.take(choice, &incident, who, format!("words-{}", message.id)).await
    }

    async fn take(
        &self,
        choice: ZoneChoice,
        incident: &Incident,
        who: String,
        key: String,
    ) -> Result<(), Fault> {
        let command = match choice {
            ZoneChoice::OnMyWay => Command::Acknowledge,
            ZoneChoice::NotBusy => Command::Cancel,
            ZoneChoice::Snooze => {
                let zone = self.config.zones.get(incident.subject.name());
                let until = self.time.now() + zone.map_or(SNOOZE, |zone| zone.snooze.0);
                Command::Snooze { until }
            }
        };
        let by = Actor::named(who, CommandChannel::Card);
        let event = Event::Command { by, epoch: Some(incident.epoch), command };
        let id = EventId { key, keep: KEEP };
        let applied = self.engine.apply(&incident.subject, &event, Some(&id)).await?;
        tracing::info!(subject = incident.subject.as_str(), choice = choice.name(), outcome = ?applied.outcome, "choice applied");
        Ok(())
    }

    /// Returns whether this is the incident's space.
    async fn is_space_of(&self, incident: &Incident, room: &RoomId) -> Result<bool, Fault> {
        if incident.subject.kind() != Kind::Zone {
            return Ok(false);
        }
        let plan = self.engine.plan(&incident.plan, &incident.plan_hash).await?;
        let key = DispatchKey { subject: incident.subject.clone(), epoch: incident.epoch, number: 0 };
        let space = self.spaces.space(&space_name(&incident.plan, &plan, &key)).await?;
        Ok(space.and_then(|space| space.room).is_some_and(|ours| ours == *room))
    }

    /// Returns the name of a member of the space, or none for a person who isn't in it.
    async fn name_in(
        &self,
        webex: &Webex,
        room: &RoomId,
        person: &PersonId,
    ) -> Result<Option<String>, Fault> {
        let member = webex.member(room, person).await?;
        Ok(member.and_then(|member| member.person_display_name.or(member.person_email)))
    }
}

/// Returns the choice if the message consists of nothing else but a leading mention of the bot: "I am not on my way" is
/// none.
fn in_words(text: &str, our_name: &str) -> Option<ZoneChoice> {
    let text = text.trim();
    let said = text.strip_prefix(our_name).unwrap_or(text).trim().trim_end_matches(['.', '!']).to_lowercase();
    match said.as_str() {
        "on my way" => Some(ZoneChoice::OnMyWay),
        "not busy" => Some(ZoneChoice::NotBusy),
        "snooze" => Some(ZoneChoice::Snooze),
        _ if said
            .strip_prefix("snooze ")
            .is_some_and(|rest| rest.len() < 12 && rest.starts_with(|c: char| c.is_ascii_digit())) =>
        {
            Some(ZoneChoice::Snooze)
        }
        _ => None,
    }
}
