//! Texts from people who were paged, and verification codes that are texted from new phones.

use handbell_core::address::{E164, SmsSender};
use handbell_core::delivery::{Content, Message, PhoneMessage};
use handbell_core::incident::command::{
    Actor, Command, CommandChannel, IncidentSelector, MessageAuthor, parse_from,
};
use handbell_core::incident::{Incident, Subject};
use handbell_core::oncall::{Contact, Person, Roster};
use handbell_core::wording::incident as wording;
use handbell_inbound::twilio::Text;
use handbell_store::{Checked, Codes, Counters, EpochKey, MailRow, Mails, Paged, People};

use super::{IncidentCommands, SpokenCommand, not_understood_id};
use crate::Fault;
use crate::dependencies::{Time, parts};
use crate::engine::notice::NoticeSender;

/// Limit of answers by text that one number gets in an hour, so that two machines that answer each other fall silent.
const ANSWERS_AN_HOUR: u32 = 20;

parts! {
    /// Takes texts from people who were paged.
    pub(crate) struct StaffTexts {
        codes: Codes,
        commands: IncidentCommands,
        counters: Counters,
        mails: Mails,
        notices: NoticeSender,
        paged: Paged,
        people: People,
        time: Time,
    }
}

impl StaffTexts {
    /// Handles a text from a person who was paged, or the verification code of a new phone. Returns false if the text
    /// is neither.
    pub(crate) async fn take_text(&self, text: &Text) -> Result<bool, Fault> {
        let code: String = text.body.chars().filter(|c| !c.is_whitespace()).collect();
        let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        let paged = self.paged.paged(text.from.as_str()).await?;
        if paged.is_empty() && !is_code {
            return Ok(false);
        }
        let taken = [format!("taken-{}", text.sid)];
        if self.mails.mail(&taken).await?.is_some() {
            return Ok(true);
        }
        let is_ours = self.handle_staff_answer(text, &paged, is_code.then_some(code.as_str())).await?;
        if is_ours {
            // The reconciliation reads texts from Twilio once more. It must not take this text for a customer's.
            self.mails.remember_mail(&taken, &MailRow { whose: Vec::new() }, self.time.now()).await?;
        }
        Ok(is_ours)
    }

    async fn handle_staff_answer(
        &self,
        text: &Text,
        paged: &[EpochKey],
        code: Option<&str>,
    ) -> Result<bool, Fault> {
        let id = format!("sms-{}", text.sid);
        if let Some(code) = code {
            let answer = match self.codes.check_code(text.from.as_str(), code, self.time.now()).await? {
                Checked::None => None,
                Checked::Right { .. } => Some(wording::VERIFIED.to_owned()),
                Checked::Wrong { left } => Some(wording::wrong_code(left)),
                Checked::Over => Some(wording::CODE_OVER.to_owned()),
            };
            if let Some(answer) = answer {
                self.answer_by_text(text, &answer, &id).await?;
                return Ok(true);
            }
        }
        if paged.is_empty() {
            return Ok(false);
        }
        let roster = self.people.roster().await?;
        let person = person_of_phone(&roster, text.from.as_str());
        let by = actor_of_phone(person, text.from.as_str());
        let author = MessageAuthor {
            name: person.map(|person| person.name.as_str()),
            language: person.and_then(|person| person.language.as_deref()),
            overheard: false,
        };
        let mut found = parse_from(&text.body, &author);
        // A bare number that is no incident's answers somebody else's question.
        if let Some((_, IncidentSelector::Number(number))) = &found
            && !text.body.chars().any(char::is_alphabetic)
            && !self.commands.open(paged).await?.iter().any(|one| one.number() == *number)
        {
            found = None;
        }
        let Some((asked, which)) = found else {
            let open = self.commands.open(paged).await?;
            // Free text from a person who was paged is a note for the people who wait for that person.
            // Of several open incidents, the latest.
            let Some(incident) = open.first() else { return Ok(false) };
            let command = Command::Note { text: text.body.clone() };
            self.commands.command(incident, by.clone(), command, &id).await?;
            self.explain_what_counts(incident, &by, text).await?;
            return Ok(true);
        };
        let spoken =
            SpokenCommand { asked: &asked, which: &which, by, id: &id, told: paged, roster: &roster };
        match self.commands.run(spoken).await? {
            None => Ok(false),
            Some(answer) => {
                self.answer_by_text(text, &answer, &id).await?;
                Ok(true)
            }
        }
    }

    /// Answers a text that is no command, once for each incident: the person may believe that they have taken it.
    async fn explain_what_counts(&self, incident: &Incident, by: &Actor, text: &Text) -> Result<(), Fault> {
        let Some(to) = text.from.number() else { return Ok(()) };
        let message = answer_to(text, to, self.commands.not_understood(incident, by));
        let (subject, id) = (Subject::notice(to.as_str()), not_understood_id(incident));
        self.notices.send(&subject, [message], &id, self.time.now()).await
    }

    async fn answer_by_text(&self, text: &Text, answer: &str, id: &str) -> Result<(), Fault> {
        let Some(to) = text.from.number() else {
            tracing::warn!("an answer would go to something that is no phone number; it isn't sent");
            return Ok(());
        };
        let now = self.time.now();
        let subject = Subject::notice(to);
        let hour = now.as_second().div_euclid(3600);
        let counted =
            self.counters.count(&format!("answers-{}-{hour}", subject.name()), 1, now, 7200).await?;
        if counted >= ANSWERS_AN_HOUR {
            tracing::warn!("a number has reached this hour's limit of answers");
            return Ok(());
        }
        self.notices.send(&subject, [answer_to(text, to, answer.to_owned())], id, now).await
    }
}

/// Returns the message that answers a text, from the number that it came to.
fn answer_to(text: &Text, to: &E164, answer: String) -> Message {
    let from = text.to.number().cloned().map(SmsSender::from);
    Message::Phone(PhoneMessage::Text { to: to.clone(), from, content: Content::Text(answer) })
}

fn person_of_phone<'a>(roster: &'a Roster, number: &str) -> Option<&'a Person> {
    let is_this = |phone: &Contact<E164>| phone.verified_at.is_some() && phone.address == *number;
    roster.people.values().find(|person| person.phones.iter().any(is_this))
}

fn actor_of_phone(person: Option<&Person>, number: &str) -> Actor {
    match person {
        Some(person) => Actor::of_person(person, CommandChannel::Text),
        None => Actor {
            who: handbell_core::wording::texter_label(number),
            person: Some(number.to_owned()),
            how: CommandChannel::Text,
        },
    }
}
