//! Replies to Handbell's mails. Each incident has its own reply address.

use handbell_core::alert::mail::{AuthVerdict, AuthVerdicts, Automatic, ParsedMail, own_words};
use handbell_core::incident::command::{Actor, Command, CommandChannel, parse};
use handbell_core::oncall::Roster;
use handbell_core::wording::incident as wording;
use handbell_store::{Incidents, Named, People};

use super::IncidentCommands;
use crate::Fault;
use crate::parts::parts;

parts! {
    /// Takes replies to mails about incidents.
    pub(crate) struct MailAnswers {
        commands: IncidentCommands,
        incidents: Incidents,
        people: People,
    }
}

impl MailAnswers {
    /// Handles a mail to an incident's reply address. Only a sender who is authenticated and in the roster can give a
    /// command. Any other mail becomes a note.
    pub(crate) async fn take_answer(
        &self,
        named: &Named,
        parsed: &ParsedMail,
        verdicts: &AuthVerdicts,
    ) -> Result<(), Fault> {
        if parsed.ours || parsed.automatic != Automatic::No {
            tracing::info!("an automatic reply to one of our mails was ignored");
            return Ok(());
        }
        let Some(incident) = self.incidents.incident(&named.subject).await? else { return Ok(()) };
        let id = format!("mail-{}", parsed.identity());
        let proven =
            verdicts.dmarc == AuthVerdict::Pass && verdicts.doubt().is_none() && !parsed.several_senders;
        let roster = self.people.roster().await?;
        let known = parsed.from.as_deref().and_then(|from| of_mail(&roster, from));
        let words = own_words(&parsed.text);
        match (known, parse(words.lines().next().unwrap_or_default())) {
            (Some(by), Some((asked, _))) if proven => {
                if let Some(command) = self.commands.requested_command(&asked, None) {
                    self.commands.command_at(&incident, named.epoch, by, command, &id).await?;
                }
            }
            (known, _) => {
                let who = known.filter(|_| proven);
                let unproven = who.is_none();
                let by = who.unwrap_or_else(|| {
                    Actor::named(
                        parsed.from.clone().unwrap_or_else(|| "somebody".to_owned()),
                        CommandChannel::Mail,
                    )
                });
                let text = if unproven { wording::unproven(&words) } else { words };
                self.commands.command_at(&incident, named.epoch, by, Command::Note { text }, &id).await?;
            }
        }
        Ok(())
    }
}

pub(super) fn of_mail(roster: &Roster, address: &str) -> Option<Actor> {
    let person = roster.people.values().find(|person| {
        person
            .email
            .as_ref()
            .is_some_and(|email| email.verified_at.is_some() && email.address.eq_ignore_ascii_case(address))
    })?;
    Some(Actor { who: person.name.clone(), person: Some(person.id.clone()), how: CommandChannel::Mail })
}
