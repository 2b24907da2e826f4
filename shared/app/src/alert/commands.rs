//! "I have it", by whichever channel: a text, words in the space, a mail, a button on the card. One way for all of them.

use handbell_core::alert::mail::{Automatic, Letter, Verdict, Verdicts, own_words};
use handbell_core::button::EventId;
use handbell_core::delivery::{
    Body, Content, Delivery, DirectMessage, Dispatch, DispatchKey, Message, PhoneMessage,
};
use handbell_core::incident::command::{Actor, Asked, Command, How, Which, understand};
use handbell_core::incident::decide::{Event, Outcome};
use handbell_core::incident::{Incident, Phase, Subject};
use handbell_core::oncall::{Contact, Roster};
use handbell_core::wording::incident as wording;
use handbell_inbound::twilio::Text;
use handbell_outbound::webex::{Message as WebexMessage, Post, Webex};
use handbell_store::{Checked, MailRow, Named};
use jiff::{SignedDuration, Timestamp};

use crate::{App, Fault};

/// What was said is remembered so long, so that it counts once.
const KEEP: SignedDuration = SignedDuration::from_hours(400 * 24);
/// So many answers by text one number gets in an hour: two machines that answer each other fall silent.
const ANSWERS_AN_HOUR: u32 = 20;
/// An answer to a text that nobody could deliver for so long is of no use any more.
const NOTICE_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What somebody said, and what came of it.
pub(crate) enum Said {
    /// It was no command, or not for us.
    Nothing,
    /// This is the answer.
    Answer(String),
}

impl App {
    /// A text of somebody who was called, or a code that a new phone was sent. False if it is for nobody here.
    pub(crate) async fn texted_by_staff(&self, text: &Text) -> Result<bool, Fault> {
        let code: String = text.body.chars().filter(|sign| !sign.is_whitespace()).collect();
        let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        let paged = self.store.paged().paged(&text.from).await?;
        if paged.is_empty() && !is_code {
            return Ok(false);
        }
        let taken = [format!("taken-{}", text.sid)];
        if self.store.mails().mail(&taken).await?.is_some() {
            return Ok(true);
        }
        let is_ours = self.answered_by_staff(text, &paged, is_code.then_some(code.as_str())).await?;
        if is_ours {
            // What is fetched from Twilio once more is not taken for a customer's.
            self.store.mails().remember_mail(&taken, &MailRow { whose: None }, self.now()).await?;
        }
        Ok(is_ours)
    }

    async fn answered_by_staff(
        &self,
        text: &Text,
        paged: &[Named],
        code: Option<&str>,
    ) -> Result<bool, Fault> {
        let id = format!("sms-{}", text.sid);
        if let Some(code) = code {
            let answer = match self.store.codes().check_code(&text.from, code, self.now()).await? {
                Checked::None => None,
                Checked::Right { .. } => Some(wording::VERIFIED.to_owned()),
                Checked::Wrong { left } => Some(wording::wrong_code(left)),
                Checked::Over => Some(wording::CODE_OVER.to_owned()),
            };
            if let Some(answer) = answer {
                self.answer_by_text(&text.from, &text.to, &answer, &id).await?;
                return Ok(true);
            }
        }
        if paged.is_empty() {
            return Ok(false);
        }
        let roster = self.store.people().roster().await?;
        let by = of_phone(&roster, &text.from);
        let Some((asked, which)) = understand(&text.body) else {
            // Whoever is called and answers in words speaks to those who wait for them.
            let open = self.open(paged).await?;
            // Of several, the latest.
            let Some(incident) = open.first() else { return Ok(false) };
            let command = Command::Note { text: text.body.clone() };
            self.command(incident, by, command, &id).await?;
            return Ok(true);
        };
        match self.asked(paged, (&asked, &which), by, &id, &roster).await? {
            Said::Nothing => Ok(false),
            Said::Answer(answer) => {
                self.answer_by_text(&text.from, &text.to, &answer, &id).await?;
                Ok(true)
            }
        }
    }

    /// Words in a space in which an incident speaks.
    pub(crate) async fn said_in_space(&self, message: &WebexMessage, our_name: &str) -> Result<bool, Fault> {
        let (Some(text), Some(room), Some(person)) = (&message.text, &message.room_id, &message.person_id)
        else {
            return Ok(false);
        };
        let words = text.trim();
        let words = words.strip_prefix(our_name).unwrap_or(words);
        let Some((asked, which)) = understand(words) else { return Ok(false) };
        let here = self.store.paged().paged(room).await?;
        if here.is_empty() {
            return Ok(false);
        }
        let webex = self.webex().await?;
        let Some(by) = self.actor_in(&webex, room, person, How::Space).await? else { return Ok(true) };
        let roster = self.store.people().roster().await?;
        let id = format!("words-{}", message.id);
        let said = self.asked(&here, (&asked, &which), by, &id, &roster).await?;
        if let Said::Answer(answer) = said {
            self.answer_under(&webex, room, &message.id, &answer).await;
        }
        Ok(true)
    }

    /// A button on an incident's card.
    pub(crate) async fn chosen_on_card(
        &self,
        (reference, epoch, choice): (&str, Option<u64>, &str),
        (room, person, message): (&str, &str, Option<&str>),
        action: &str,
    ) -> Result<(), Fault> {
        let Some(named) = self.store.incidents().named(reference).await? else { return Ok(()) };
        // Whoever sees one card could otherwise answer for every other.
        if epoch.is_some_and(|epoch| epoch != named.epoch)
            || !self.store.paged().paged(room).await?.contains(&named)
        {
            tracing::warn!(
                incident = reference,
                "a choice from a card that isn't in the incident's space, or of one that is over"
            );
            return Ok(());
        }
        let Some(incident) = self.store.incidents().incident(&named.subject).await? else { return Ok(()) };
        let webex = self.webex().await?;
        let Some(by) = self.actor_in(&webex, room, person, How::Card).await? else { return Ok(()) };
        let asked = match choice {
            "acknowledge" => Asked::Acknowledge,
            "next" => Asked::Escalate(None),
            "cannot" => Asked::Cannot,
            "snooze" => Asked::Snooze(SignedDuration::from_mins(30)),
            "confirm" => Asked::Confirm,
            "done" => Asked::Done,
            _ => return Ok(()),
        };
        let Some(command) = self.of_asked(&asked, Some(incident.step)) else { return Ok(()) };
        let (answer, outcome) =
            self.command_at(&incident, named.epoch, by, command, &format!("card-{action}")).await?;
        // What has changed is shown by the card itself; that somebody was faster is said to whoever pressed.
        if let (Some(message), false) = (message, outcome == Some(Outcome::Done)) {
            self.answer_under(&webex, room, message, &answer).await;
        }
        Ok(())
    }

    /// A mail to an incident's own address. It changes something only if its sender is proven and known.
    pub(crate) async fn answered_by_mail(
        &self,
        named: &Named,
        letter: &Letter,
        verdicts: &Verdicts,
    ) -> Result<(), Fault> {
        if letter.ours || letter.automatic != Automatic::No {
            tracing::info!("an automatic answer to a mail of ours means nothing");
            return Ok(());
        }
        let Some(incident) = self.store.incidents().incident(&named.subject).await? else { return Ok(()) };
        let id = format!("mail-{}", letter.identity());
        let proven = verdicts.dmarc == Verdict::Pass && verdicts.doubt().is_none() && !letter.several_senders;
        let roster = self.store.people().roster().await?;
        let known = letter.from.as_deref().and_then(|from| of_mail(&roster, from));
        let words = own_words(&letter.text);
        match (known, understand(words.lines().next().unwrap_or_default())) {
            (Some(by), Some((asked, _))) if proven => {
                if let Some(command) = self.of_asked(&asked, None) {
                    self.command_at(&incident, named.epoch, by, command, &id).await?;
                }
            }
            (known, _) => {
                let who = known.filter(|_| proven);
                let unproven = who.is_none();
                let by = who.unwrap_or_else(|| {
                    Actor::named(letter.from.clone().unwrap_or_else(|| "somebody".to_owned()), How::Mail)
                });
                let text = if unproven { wording::unproven(&words) } else { words };
                self.command_at(&incident, named.epoch, by, Command::Note { text }, &id).await?;
            }
        }
        Ok(())
    }

    /// Those of them that are still going on, the latest first.
    async fn open(&self, named: &[Named]) -> Result<Vec<Incident>, Fault> {
        let subjects: Vec<Subject> = named.iter().map(|named| named.subject.clone()).collect();
        let mut open: Vec<Incident> = Vec::new();
        for incident in self.store.incidents().incidents(&subjects).await? {
            let told =
                named.iter().any(|named| named.subject == incident.subject && named.epoch == incident.epoch);
            if told && !incident.phase.is_final() {
                open.push(incident);
            }
        }
        open.sort_by_key(|incident| std::cmp::Reverse(incident.opened_at));
        Ok(open)
    }

    /// What was asked for, of one of the incidents that this phone or space was told of.
    async fn asked(
        &self,
        told: &[Named],
        (asked, which): (&Asked, &Which),
        by: Actor,
        id: &str,
        roster: &Roster,
    ) -> Result<Said, Fault> {
        if *asked == Asked::Help {
            return Ok(Said::Answer(wording::HELP.to_owned()));
        }
        let open = self.open(told).await?;
        let meant: Vec<Incident> = match which {
            Which::Only => those_meant(open, asked, &by),
            Which::Number(number) => open.into_iter().filter(|one| one.number() == *number).collect(),
            Which::Reference(reference) => match self.store.incidents().named(reference).await? {
                // One that is over is named too, so that it can be said that it is.
                Some(named) if told.contains(&named) => {
                    self.store.incidents().incident(&named.subject).await?.into_iter().collect()
                }
                _ => Vec::new(),
            },
        };
        // Said again, it means the incident that it meant the first time, whatever has opened since.
        let said = format!("said-{id}");
        let meant =
            match self.store.mails().mail(std::slice::from_ref(&said)).await?.and_then(|row| row.whose) {
                Some(before) => self.store.incidents().incident(&before.subject).await?.into_iter().collect(),
                None => meant,
            };
        if let [incident] = meant.as_slice() {
            let whose = Named { subject: incident.subject.clone(), epoch: incident.epoch };
            self.store.mails().remember_mail(&[said], &MailRow { whose: Some(whose) }, self.now()).await?;
        }
        let incident = match meant.as_slice() {
            [] => return Ok(Said::Answer(wording::NOTHING_OPEN.to_owned())),
            [incident] => incident,
            several => return Ok(Said::Answer(wording::which(several, asked))),
        };
        let words = self.config.words(&incident.subject, Some(incident));
        if *asked == Asked::Who {
            let plan = self.plan(&incident.plan, &incident.plan_hash).await?;
            let mut on_duty: Vec<String> = Vec::new();
            for target in plan.steps.iter().flat_map(|step| step.targets()).filter(|to| to.asks_the_roster())
            {
                for person in roster.who(target, self.now()).people {
                    if !on_duty.contains(&person.name) {
                        on_duty.push(person.name.clone());
                    }
                }
            }
            return Ok(Said::Answer(wording::who(incident, &on_duty, &words)));
        }
        let Some(command) = self.of_asked(asked, None) else { return Ok(Said::Nothing) };
        let (answer, _) = self.command_at(incident, incident.epoch, by, command, id).await?;
        Ok(Said::Answer(answer))
    }

    fn of_asked(&self, asked: &Asked, step: Option<u32>) -> Option<Command> {
        Some(match asked {
            Asked::Acknowledge => Command::Acknowledge,
            Asked::Escalate(None) => Command::Next { step },
            Asked::Escalate(Some(name)) => Command::Escalate { name: name.clone() },
            Asked::Cannot => Command::Cannot,
            Asked::Snooze(span) => Command::Snooze { until: self.now() + *span },
            Asked::Confirm => Command::Confirm,
            Asked::Done => Command::Resolve,
            Asked::Cancel => Command::Cancel,
            Asked::Who | Asked::Help => return None,
        })
    }

    async fn command(&self, incident: &Incident, by: Actor, command: Command, id: &str) -> Result<(), Fault> {
        self.command_at(incident, incident.epoch, by, command, id).await.map(|_| ())
    }

    /// Gives the command once, and what came of it in words.
    pub(crate) async fn command_at(
        &self,
        incident: &Incident,
        epoch: u64,
        by: Actor,
        command: Command,
        id: &str,
    ) -> Result<(String, Option<Outcome>), Fault> {
        let event = Event::Command { by, epoch: Some(epoch), command: command.clone() };
        let id = EventId { key: id.to_owned(), keep: KEEP };
        let applied = self.apply(&incident.subject, &event, Some(&id)).await?;
        tracing::info!(subject = incident.subject.as_str(), command = command.name(), outcome = ?applied.outcome, "a command");
        let now = applied.incident.unwrap_or_else(|| incident.clone());
        let words = self.config.words(&incident.subject, Some(&now));
        // What had been handled before gets the answer of something that has just been done.
        let outcome = applied.outcome.or(Some(Outcome::Done));
        Ok((wording::came_of(&command, outcome, &now, &words, self.now()), outcome))
    }

    /// Who pressed or wrote in a space; none for somebody who isn't in it.
    async fn actor_in(
        &self,
        webex: &Webex,
        room: &str,
        person: &str,
        how: How,
    ) -> Result<Option<Actor>, Fault> {
        let member = webex.member(room, person).await.map_err(|failure| Fault(failure.to_string()))?;
        let Some(member) = member else { return Ok(None) };
        let roster = self.store.people().roster().await?;
        let email = member.person_email.clone().unwrap_or_default();
        let known = of_mail(&roster, &email).map(|actor| Actor { how, ..actor });
        // Whoever isn't in the roster is known by the id at Webex: names can be chosen.
        let who = member.person_display_name.unwrap_or(email);
        Ok(known.or_else(|| Some(Actor { who, person: Some(format!("webex:{person}")), how })))
    }

    /// Under a message of somebody who said something. Best effort: what counts is stored.
    async fn answer_under(&self, webex: &Webex, room: &str, message: &str, answer: &str) {
        let markdown = handbell_core::wording::escape_markdown(answer);
        let post = Post { markdown, parent: Some(message.to_owned()), ..Post::default() };
        if let Err(failure) = webex.post(room, &post).await {
            tracing::warn!(reason = failure.why(), "whoever said something in a space could not be answered");
        }
    }

    async fn answer_by_text(&self, to: &str, from: &str, answer: &str, id: &str) -> Result<(), Fault> {
        let now = self.now();
        let subject = Subject::notice(to);
        let hour = now.as_second().div_euclid(3600);
        let counted =
            self.store.counters().count(&format!("answers-{}-{hour}", subject.name()), 1, now, 7200).await?;
        if counted >= ANSWERS_AN_HOUR {
            tracing::warn!("a number is answered no more for this hour");
            return Ok(());
        }
        let content = Content::Text(answer.to_owned());
        let say = Message::Phone(PhoneMessage::Text { to: to.to_owned(), from: from.to_owned(), content });
        self.notice(&subject, [say], id, now).await
    }

    /// A word to the admins, once for each id.
    pub(crate) async fn tell_admins_once(&self, text: &str, id: &str, now: Timestamp) -> Result<(), Fault> {
        let content = || Content::Text(text.to_owned());
        let admins = &self.config.admins;
        let webex = admins
            .webex
            .iter()
            .map(|email| Message::Direct(DirectMessage { email: email.clone(), content: content() }));
        let texts = admins.sms.iter().map(|to| {
            Message::Phone(PhoneMessage::Text {
                to: to.clone(),
                from: self.config.from().to_owned(),
                content: content(),
            })
        });
        self.notice(&Subject::notice("admins"), webex.chain(texts), id, now).await
    }

    async fn notice(
        &self,
        subject: &Subject,
        says: impl IntoIterator<Item = Message>,
        id: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        // The moment is part of its name, so that notices to one address don't meet.
        let epoch = u64::try_from(now.as_microsecond()).unwrap_or_default();
        let key = DispatchKey { subject: subject.clone(), epoch, number: 1 };
        let mut dispatch = Dispatch::new(key, Body::Notice, now);
        for say in says {
            dispatch.add(Delivery::new(say, now));
        }
        if dispatch.deliveries.is_empty() {
            return Ok(());
        }
        if self.store.notices().put_notice(&dispatch, id, NOTICE_KEPT, now).await? {
            self.enqueue(&[(handbell_store::table::RowKey::dispatch(&dispatch.key), now)], now).await;
        }
        Ok(())
    }
}

/// Where nothing is named: those of them to which the word can apply.
fn those_meant(open: Vec<Incident>, asked: &Asked, by: &Actor) -> Vec<Incident> {
    let fits = |incident: &Incident| match asked {
        Asked::Acknowledge | Asked::Escalate(None) => incident.phase == Phase::Open,
        Asked::Confirm => incident.duty.asked_at.is_some(),
        Asked::Done => incident.taken_by.as_ref().is_some_and(|taken| taken.who == by.who),
        _ => true,
    };
    let (fitting, others): (Vec<_>, Vec<_>) = open.into_iter().partition(fits);
    if fitting.is_empty() { others } else { fitting }
}

fn of_phone(roster: &Roster, number: &str) -> Actor {
    let is_this = |phone: &Contact| phone.verified_at.is_some() && phone.address == number;
    let person = roster.people.values().find(|person| person.phones.iter().any(is_this));
    match person {
        Some(person) => Actor { who: person.name.clone(), person: Some(person.id.clone()), how: How::Text },
        None => Actor {
            who: handbell_core::wording::the_texter(number),
            person: Some(number.to_owned()),
            how: How::Text,
        },
    }
}

fn of_mail(roster: &Roster, address: &str) -> Option<Actor> {
    let person = roster.people.values().find(|person| {
        person
            .email
            .as_ref()
            .is_some_and(|email| email.verified_at.is_some() && email.address.eq_ignore_ascii_case(address))
    })?;
    Some(Actor { who: person.name.clone(), person: Some(person.id.clone()), how: How::Mail })
}
