//! Replies to Handbell's mails. Each incident has its own reply address.

use handbell_core::alert::mail::{AuthVerdict, AuthVerdicts, Automatic, ParsedMail, own_words};
use handbell_core::delivery::{Content, MailMessage, Message};
use handbell_core::incident::command::{
    Actor, Command, CommandChannel, IncidentSelector, MessageAuthor, WrittenCommand, parse_from,
};
use handbell_core::incident::{Incident, Subject};
use handbell_core::oncall::{Person, Roster};
use handbell_core::wording::incident as wording;
use handbell_store::{EpochKey, Incidents, People};

use super::{IncidentCommands, not_understood_id};
use crate::Fault;
use crate::dependencies::{Time, parts};
use crate::engine::notice::NoticeSender;

parts! {
    /// Takes replies to mails about incidents.
    pub(crate) struct MailAnswers {
        commands: IncidentCommands,
        incidents: Incidents,
        notices: NoticeSender,
        people: People,
        time: Time,
    }
}

impl MailAnswers {
    /// Handles a mail to an incident's reply address. Only a sender who is authenticated and in the roster can give a
    /// command. Any other mail becomes a note.
    pub(crate) async fn take_answer(
        &self,
        named: &EpochKey,
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
        let known = parsed.from.as_deref().and_then(|from| person_of_mail(&roster, from)).filter(|_| proven);
        let words = own_words(&parsed.text);
        let Some(person) = known else {
            let stranger = parsed.from.clone().unwrap_or_else(|| "somebody".to_owned());
            let by = Actor::named(stranger, CommandChannel::Mail);
            let text = wording::unproven(&words);
            return self.note(&incident, named, by, text, &id).await;
        };
        let by = Actor::of_person(person, CommandChannel::Mail);
        let command = command_in(&words, person, &incident);
        let Some((command, more)) =
            command.and_then(|(asked, more)| Some((self.commands.requested_command(&asked, None)?, more)))
        else {
            self.note(&incident, named, by.clone(), words, &id).await?;
            return self.explain_what_counts(&incident, &by, person).await;
        };
        self.commands.command_at(&incident, named.epoch, by.clone(), command, &id).await?;
        if more.is_empty() {
            return Ok(());
        }
        self.note(&incident, named, by, more, &format!("{id}-more")).await
    }

    async fn note(
        &self,
        incident: &Incident,
        named: &EpochKey,
        by: Actor,
        text: String,
        id: &str,
    ) -> Result<(), Fault> {
        self.commands.command_at(incident, named.epoch, by, Command::Note { text }, id).await.map(|_| ())
    }

    /// Answers a mail that is no command, once for each incident.
    async fn explain_what_counts(
        &self,
        incident: &Incident,
        by: &Actor,
        person: &Person,
    ) -> Result<(), Fault> {
        let Some(email) = person.email.as_ref().map(|email| email.address.clone()) else { return Ok(()) };
        let subject = Subject::notice(email.as_str());
        let content = Content::Text(self.commands.not_understood(incident, by));
        let message = Message::Mail(MailMessage::Page { email, content });
        self.notices.send(&subject, [message], &not_understood_id(incident), self.time.now()).await
    }
}

/// Returns the command of a mail, and the words below it. The command is the whole mail or its first paragraph. Above other words,
/// only a word counts that can mean nothing else.
///
/// The mail answers one incident. A command that names another one is none.
fn command_in(words: &str, person: &Person, incident: &Incident) -> Option<(WrittenCommand, String)> {
    let author =
        MessageAuthor { name: Some(&person.name), language: person.language.as_deref(), overheard: false };
    let whole = parse_from(words, &author).map(|found| (found, ""));
    let ((asked, which), more) = whole.or_else(|| {
        let (first, more) = words.split_once("\n\n")?;
        Some((parse_from(first, &MessageAuthor { overheard: true, ..author })?, more))
    })?;
    let is_this = match which {
        IncidentSelector::Only | IncidentSelector::All => true,
        IncidentSelector::Number(number) => number == incident.number(),
        IncidentSelector::Reference(reference) => reference == incident.reference(),
    };
    is_this.then(|| (asked, more.trim().to_owned()))
}

pub(super) fn of_mail(roster: &Roster, address: &str) -> Option<Actor> {
    person_of_mail(roster, address).map(|person| Actor::of_person(person, CommandChannel::Mail))
}

fn person_of_mail<'a>(roster: &'a Roster, address: &str) -> Option<&'a Person> {
    roster.people.values().find(|person| {
        person
            .email
            .as_ref()
            .is_some_and(|email| email.verified_at.is_some() && email.address.eq_ignore_ascii_case(address))
    })
}
