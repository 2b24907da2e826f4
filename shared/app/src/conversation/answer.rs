//! What is said to a customer: texts with an agent's files, mail, a call that connects; never after a STOP, each once.

use std::sync::Arc;

use handbell_core::config::Plan;
use handbell_core::conversation::decide::Heard;
use handbell_core::conversation::{Address, Conversation};
use handbell_core::delivery::{Dispatch, DispatchKey, Outcome, Say, Task, Who};
use handbell_core::texting::parts;
use handbell_core::wording::conversation as wording;
use handbell_outbound::Failure;
use handbell_outbound::ses::Mail;
use handbell_outbound::twilio::{Call, Message, Sms, Twilio, fit};
use jiff::{SignedDuration, Timestamp};

use crate::callback::twilio::token;
use crate::channel::speak::{looked, not_now, said};
use crate::conversation::apply::space_of;
use crate::engine::deliver::{Work, wait};
use crate::{App, Fault};

/// An answer that could not be delivered for this long is better not delivered at all. In seconds.
const VALIDITY: u32 = 10 * 3600;
/// How long an agent's phone rings, in seconds.
const RING: u32 = 25;
/// So many answers before this one are looked at, to tell one "ok" from another.
const BEFORE: usize = 60;
/// Twilio: the number has opted out.
const OPTED_OUT: u32 = 21610;
/// So many parts of texts a day a line says by itself.
const BY_ITSELF: u32 = 200;
/// A day's count of parts is kept two days.
const KEEP_COUNT: i64 = 2 * 86_400;

impl App {
    /// A claimed dispatch of a conversation. The conversation is read after the claim: a STOP that has been committed is
    /// seen here.
    pub(crate) async fn work_of_conversation(
        &self,
        mut dispatch: Dispatch,
        (owner, claimed_at): (String, Timestamp),
    ) -> Result<Work, Fault> {
        let subject = dispatch.key.subject.clone();
        let talk = self.store.conversation(&subject).await?;
        // A customer who was forgotten is another one if they write again.
        let talk = talk.filter(|talk| talk.address.is_some() && talk.epoch == dispatch.key.epoch);
        let erases = dispatch.deliveries.values().any(|delivery| matches!(delivery.say, Say::Erase { .. }));
        let cancelled = talk.is_none() && !erases;
        let mut stopped = None;
        match &talk {
            None if cancelled => dispatch.cancel(),
            None => {}
            Some(talk) => {
                let number = talk.address.as_ref().and_then(Address::number);
                let answers = !dispatch.answers_are_out();
                stopped = talk.cancels(dispatch.key.number);
                if let Some(number) = number.filter(|_| stopped.is_none() && answers) {
                    let opted_out = self.store.sender(number).await?.opted_out.is_some();
                    stopped = opted_out.then_some("the customer wants no more texts");
                }
            }
        }
        if let Some(why) = stopped {
            dispatch.take_back(why);
        }
        let plan = Arc::new(self.plan_of_conversation(&dispatch, talk.as_ref()));
        let words = self.words(&subject, None);
        let space = space_of(&subject, dispatch.key.epoch);
        Ok(Work { owner, claimed_at, dispatch, plan, words, space, cancelled, incident: None, talk, stopped })
    }

    /// After an agent's answer has died the customer waits again. Best effort: the agent sees what became of it.
    pub(crate) async fn still_waits(&self, work: &Work, died: &[String]) {
        let by_agent = work.dispatch.talk.as_ref().is_some_and(|talk| matches!(talk.who, Who::Agent(_)));
        let answer = died.iter().find(|name| work.delivery(name).is_some_and(|one| one.say.is_answer()));
        let Some(name) = answer.filter(|_| by_agent) else { return };
        let id = format!("failed-{}", work.dispatch.mark(name));
        if let Err(fault) = self.converse(&work.dispatch.key.subject, &Heard::Failed, Some(&id)).await {
            tracing::warn!(reason = %fault, "that a customer still waits could not be written down");
        }
    }

    /// A conversation has no steps, but a space.
    fn plan_of_conversation(&self, dispatch: &Dispatch, talk: Option<&Conversation>) -> Plan {
        let line = self.line(&dispatch.key.subject).map(|(_, line)| line);
        let participants = talk.and_then(|talk| talk.assignee.as_ref()).map(|agent| agent.email.clone());
        let mut plan = Plan::without_steps(talk.map(Conversation::title).unwrap_or_default());
        plan.space.team = line.and_then(|line| line.team.clone());
        plan.space.participants = participants.into_iter().collect();
        plan
    }

    /// Says to a customer what belongs to this delivery, if nothing stands against it.
    pub(crate) async fn say_to_customer(&self, work: &Work, name: &str, task: Task) -> Outcome {
        let Some(delivery) = work.delivery(name) else { return Outcome::NotWanted };
        if work.cancelled {
            return Outcome::NotWanted;
        }
        if delivery.say.is_answer()
            && task == Task::Send
            && let Some(outcome) = self.not_yet(work).await
        {
            return outcome;
        }
        match &delivery.say {
            Say::Erase { number } => self.erase(work, number.as_deref()).await,
            // Nobody can look for a mail: it goes out again, thrice at most.
            Say::Mail { to, text } => match work.after_empty_look(name).filter(|_| task == Task::LookUp) {
                Some(outcome) => outcome,
                None => self.mail(work, name, (to, text)).await,
            },
            Say::Answer { to, from, text, files } => {
                let sms = Sms {
                    to: to.clone(),
                    from: from.clone(),
                    body: text.clone(),
                    status_callback: None,
                    validity: VALIDITY,
                    media: Vec::new(),
                };
                self.answer(work, name, task, (sms, files)).await
            }
            Say::Connect { agent, from, .. } => self.connect(work, name, task, (agent, from)).await,
            _ => Outcome::NotWanted,
        }
    }

    /// Answers leave one after another; one that takes another's place, only if that was taken back in time.
    async fn not_yet(&self, work: &Work) -> Option<Outcome> {
        let earlier = |number| DispatchKey { number, ..work.dispatch.key.clone() };
        if let Some(number) = work.dispatch.replaces {
            match self.was_taken_back(&work.dispatch.key, number).await {
                Err(_) => return Some(wait(5)),
                Ok(Some(true)) => {}
                Ok(Some(false)) => return Some(Outcome::NotWanted),
                Ok(None) => return Some(wait(1)),
            }
        }
        let number = work.dispatch.answers_after?;
        match self.store.dispatch(&earlier(number)).await {
            Ok(Some(earlier)) if !earlier.answers_are_out() => {
                let now = self.now();
                let pause = earlier.tried_at(now, Say::is_answer).duration_since(now);
                Some(Outcome::Waits { pause })
            }
            Ok(_) => None,
            Err(_) => Some(wait(5)),
        }
    }

    /// Whether an answer, and every one whose place it took, was taken back before it left; none while that isn't certain.
    /// One that took another's place was perhaps only not sent since that one had left.
    pub(crate) async fn was_taken_back(&self, key: &DispatchKey, answer: u32) -> Result<Option<bool>, Fault> {
        let mut next = Some(answer);
        while let Some(number) = next {
            let dispatch = self.store.dispatch(&DispatchKey { number, ..key.clone() }).await?;
            match dispatch.as_ref().map(Dispatch::was_taken_back) {
                Some(Some(true)) => next = dispatch.and_then(|dispatch| dispatch.replaces),
                Some(Some(false)) | None => return Ok(Some(false)),
                Some(None) => return Ok(None),
            }
        }
        Ok(Some(true))
    }

    async fn answer(
        &self,
        work: &Work,
        name: &str,
        task: Task,
        (mut sms, files): (Sms, &[String]),
    ) -> Outcome {
        let twilio = match self.twilio_client().await {
            Ok(twilio) => twilio,
            Err(fault) => return not_now(fault),
        };
        for file in files {
            if let Err(outcome) = self.attach(work, file, &mut sms).await {
                return outcome;
            }
        }
        if task == Task::LookUp {
            match self.look_for_answer(&twilio, work, name, &sms).await {
                Ok(Some(sid)) => return Outcome::Sent(sid),
                Ok(None) => {}
                Err(outcome) => return outcome,
            }
            if let Some(outcome) = work.after_empty_look(name) {
                return outcome;
            }
        }
        if *fit(&sms.body) != *sms.body {
            let length = sms.body.encode_utf16().count();
            return Outcome::Refused {
                why: format!("with its link it has {length} characters, 1600 is the most"),
            };
        }
        if sms.body.is_empty() && sms.media.is_empty() {
            return Outcome::Refused { why: "there was nothing in it that can be sent".to_owned() };
        }
        match self.spend(work, &sms.body).await {
            Ok(true) => {}
            Ok(false) => {
                let itself = work.dispatch.talk.as_ref().is_some_and(|talk| talk.who == Who::Handbell);
                let why = if itself { wording::SPENT_BY_ITSELF } else { wording::SPENT };
                return Outcome::Refused { why: why.to_owned() };
            }
            Err(fault) => return not_now(fault),
        }
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        let here = token(&work.dispatch.key, name);
        sms.status_callback = Some(format!("{}/twilio/sms/status?d={here}", self.public_url()));
        match twilio.send_sms(&sms).await {
            Ok(sid) => Outcome::Sent(sid),
            Err(Failure::Refused { code: OPTED_OUT, why }) => {
                // Twilio heard a STOP that we didn't.
                if let Err(fault) = self.converse(&work.dispatch.key.subject, &Heard::Refused, None).await {
                    return not_now(fault);
                }
                Outcome::Refused { why }
            }
            Err(failure) => said(failure),
        }
    }

    /// A text to a customer carries no mark. It is ours if it says the same, is no older than our first attempt, and isn't
    /// what another of our answers became.
    async fn look_for_answer(
        &self,
        twilio: &Twilio,
        work: &Work,
        name: &str,
        sms: &Sms,
    ) -> Result<Option<String>, Outcome> {
        let Some(delivery) = work.delivery(name) else { return Ok(None) };
        let seen =
            twilio.messages(Some(&sms.to), Some(&sms.from)).await.map_err(|failure| looked(&failure))?;
        let before = self.store.dispatches(&work.dispatch.key.subject, BEFORE).await;
        let before = before.map_err(|fault| Outcome::LookFailed { why: fault.to_string() })?;
        let others: Vec<String> = before
            .iter()
            .filter(|other| other.key != work.dispatch.key)
            .flat_map(|other| {
                let ids = other.deliveries.values().filter_map(|delivery| delivery.id.clone());
                ids.chain(other.receipts.values().map(|receipt| receipt.id.clone()))
            })
            .collect();
        // Twilio tells whole seconds.
        let since = delivery.since - SignedDuration::from_secs(2);
        let ours = |message: &Message| {
            message.body.as_deref().unwrap_or_default() == sms.body
                && message.date_created.is_none_or(|at| at >= since)
                && !others.contains(&message.sid)
        };
        Ok(seen.into_iter().find(ours).map(|message| message.sid))
    }

    /// Counts what is about to be sent; false when the line has sent enough today, and then the admins are told once.
    async fn spend(&self, work: &Work, body: &str) -> Result<bool, Fault> {
        let Some((name, line)) = self.line(&work.dispatch.key.subject) else { return Ok(true) };
        let now = self.now();
        let count = parts(body).count.max(1);
        let today = now.strftime("%Y-%m-%d");
        // What is said by itself has a purse of its own: whoever makes us say much must not silence the agents.
        if work.dispatch.talk.as_ref().is_some_and(|talk| talk.who == Who::Handbell) {
            let what = format!("by-itself:{name}:{today}");
            return Ok(self.store.count(&what, count, now, KEEP_COUNT).await? < BY_ITSELF);
        }
        let before = self.store.count(&format!("parts:{name}:{today}"), count, now, KEEP_COUNT).await?;
        if before + count <= line.limits.parts_per_day {
            return Ok(true);
        }
        // Written down when it is done: whoever dies before, or can't reach them, leaves it to the next answer that stays.
        let told = format!("told:{name}:{today}");
        if self.store.count(&told, 0, now, KEEP_COUNT).await? == 0
            && self.tell_admins(&wording::spent(name, line.limits.parts_per_day)).await
        {
            self.store.count(&told, 1, now, KEEP_COUNT).await?;
        }
        Ok(false)
    }

    /// A word to the admins by Webex, and to the log. True if it needs no saying again.
    async fn tell_admins(&self, text: &str) -> bool {
        tracing::error!("{text}");
        let Ok(webex) = self.webex().await else { return false };
        let mut told = self.config.admins.webex.is_empty();
        for admin in &self.config.admins.webex {
            match webex.direct(admin, text).await {
                Ok(_) => told = true,
                Err(failure) => tracing::warn!(reason = failure.why(), "an admin could not be told"),
            }
        }
        told
    }

    async fn mail(&self, work: &Work, name: &str, (to, text): (&str, &str)) -> Outcome {
        let Some((line_name, line)) = self.line(&work.dispatch.key.subject) else {
            return Outcome::NotWanted;
        };
        let Some(mail) = &line.mail else {
            return Outcome::Refused {
                why: "the line has no `mail` in the configuration any more".to_owned(),
            };
        };
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        let label = line.label.as_deref().unwrap_or(line_name);
        let mail = Mail {
            from: mail.from.clone(),
            to: to.to_owned(),
            reply_to: mail.reply_to.clone(),
            subject: wording::mail_subject(label),
            text: wording::mail(text, label, &line.number),
            html: None,
            headers: Vec::new(),
            tags: vec![("delivery".to_owned(), token(&work.dispatch.key, name).replace(['.', '~'], "-"))],
            attachments: Vec::new(),
        };
        self.ses.send(&mail).await.map_or_else(said, Outcome::Sent)
    }

    async fn connect(&self, work: &Work, name: &str, task: Task, (agent, from): (&str, &str)) -> Outcome {
        let twilio = match self.twilio_client().await {
            Ok(twilio) => twilio,
            Err(fault) => return not_now(fault),
        };
        if task == Task::LookUp {
            // An agent whose phone didn't ring asks again; one that rings twice is answered twice.
            return Outcome::Refused {
                why: "it is not certain whether it rang; write /call again".to_owned(),
            };
        }
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        let here = token(&work.dispatch.key, name);
        let public = self.public_url();
        let call = Call {
            to: agent.to_owned(),
            from: from.to_owned(),
            url: format!("{public}/twilio/voice?d={here}"),
            status_callback: Some(format!("{public}/twilio/voice/status?d={here}")),
            timeout: RING,
            detect_machine: None,
        };
        twilio.place_call(&call).await.map_or_else(said, Outcome::Sent)
    }
}
