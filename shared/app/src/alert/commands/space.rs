//! Commands in a Webex space: in words, or by a button on an incident's card.

use handbell_core::incident::command::{Actor, CommandChannel, MessageAuthor, parse_from};
use handbell_core::incident::decide::EventOutcome;
use handbell_core::vendor_id::{MessageId, PersonId, RoomId};
use handbell_core::wording::incident::IncidentChoice;
use handbell_outbound::webex::{Post, Webex, WebexMessage};
use handbell_store::{Incidents, Paged, People};

use super::{IncidentCommands, SpokenCommand};
use crate::Fault;
use crate::alert::commands::mail::of_mail;
use crate::dependencies::parts;
use crate::engine::card_press::CardPress;
use crate::vendor::{BotIdentity, WebexAccount};

parts! {
    /// Takes commands in the spaces of incidents.
    pub(crate) struct SpaceCommands {
        commands: IncidentCommands,
        incidents: Incidents,
        paged: Paged,
        people: People,
        webex: WebexAccount,
    }
}

impl SpaceCommands {
    /// Runs a command that was written in an incident's space. Returns false if the message isn't such a command.
    ///
    /// In a message that isn't addressed to us, words between people such as "ok" are none.
    pub(crate) async fn take_words(&self, message: &WebexMessage, us: &BotIdentity) -> Result<bool, Fault> {
        let (Some(text), Some(room), Some(person)) = (&message.text, &message.room_id, &message.person_id)
        else {
            return Ok(false);
        };
        let words = text.trim();
        let begins = words.strip_prefix(us.name.as_str());
        let mentioned =
            message.mentioned_people.as_ref().is_some_and(|people| people.iter().any(|id| **id == *us.id));
        let words = begins.or_else(|| words.strip_suffix(us.name.as_str()).filter(|_| mentioned));
        // A bot only reads messages that mention it.
        let addressed =
            words.is_some() || mentioned || us.bot || message.room_type.as_deref() == Some("direct");
        // Our own name may stand anywhere.
        let name = addressed.then_some(us.name.as_str());
        let author = MessageAuthor { name, language: None, overheard: !addressed };
        let words = words.unwrap_or_else(|| text.trim()).trim_end_matches(['@', ' ']);
        let Some((asked, which)) = parse_from(words, &author) else { return Ok(false) };
        let here = self.paged.paged(room).await?;
        if here.is_empty() {
            return Ok(false);
        }
        let webex = self.webex.client().await?;
        let Some(by) = self.actor_in(&webex, room, person, CommandChannel::Space).await? else {
            return Ok(true);
        };
        let roster = self.people.roster().await?;
        let id = format!("words-{}", message.id);
        let spoken =
            SpokenCommand { asked: &asked, which: &which, by, id: &id, told: &here, roster: &roster };
        if let Some(answer) = self.commands.run(spoken).await? {
            self.answer_under(&webex, room, &message.id, &answer).await;
        }
        Ok(true)
    }

    /// Runs the command of a button on an incident's card.
    pub(crate) async fn take_press(&self, press: CardPress<'_>) -> Result<(), Fault> {
        let CardPress { action, reference, epoch, choice, room, person, card } = press;
        let Some(named) = self.incidents.named(reference).await? else { return Ok(()) };
        // Otherwise a person who sees one card could answer for every other incident.
        if epoch.is_some_and(|epoch| epoch != named.epoch) || !self.paged.paged(room).await?.contains(&named)
        {
            tracing::warn!(
                incident = reference,
                "a choice on a card was ignored: the card isn't in the incident's space, or the incident is over"
            );
            return Ok(());
        }
        let Some(incident) = self.incidents.incident(&named.subject).await? else { return Ok(()) };
        let webex = self.webex.client().await?;
        let Some(by) = self.actor_in(&webex, room, person, CommandChannel::Card).await? else {
            return Ok(());
        };
        let Some(choice) = IncidentChoice::of_name(choice) else { return Ok(()) };
        let Some(command) = self.commands.requested_command(&choice.command(), Some(incident.step)) else {
            return Ok(());
        };
        let (answer, outcome) =
            self.commands.command_at(&incident, named.epoch, by, command, &format!("card-{action}")).await?;
        // The card itself shows what has changed. If another person was faster, the person who pressed is told.
        if outcome != Some(EventOutcome::Done) {
            self.answer_under(&webex, room, card, &answer).await;
        }
        Ok(())
    }

    /// Returns the actor who pressed or wrote in a space, or none for a person who isn't a member of the space.
    async fn actor_in(
        &self,
        webex: &Webex,
        room: &RoomId,
        person: &PersonId,
        how: CommandChannel,
    ) -> Result<Option<Actor>, Fault> {
        let member = webex.member(room, person).await?;
        let Some(member) = member else { return Ok(None) };
        let roster = self.people.roster().await?;
        let email = member.person_email.clone().unwrap_or_default();
        let known = of_mail(&roster, &email).map(|actor| Actor { how, ..actor });
        // A person outside the roster is identified by their Webex id: anyone can choose a name.
        let who = member.person_display_name.unwrap_or(email);
        Ok(known.or_else(|| Some(Actor { who, person: Some(format!("webex:{person}")), how })))
    }

    /// Answers a person's message in its thread. Best effort: the result of the command is stored already.
    async fn answer_under(&self, webex: &Webex, room: &RoomId, message: &MessageId, answer: &str) {
        let markdown = handbell_core::wording::escape_markdown(answer);
        let post = Post { markdown, parent: Some(message.clone()), ..Post::default() };
        if let Err(failure) = webex.post(room, &post).await {
            tracing::warn!(reason = failure.why(), "an answer in a space could not be posted");
        }
    }
}
