//! Texts and calls through Twilio: pages, replies to customers, and the call that connects an agent with a customer.

mod calls;

use handbell_core::address::{E164, SmsSender};
use handbell_core::conversation::decide::ConversationEvent;
use handbell_core::delivery::{Content, Outcome, PhoneMessage, Task, has_reference_tag};
use handbell_core::vendor_id::MessageSid;
use handbell_core::wording;
use handbell_outbound::Failure;
use handbell_outbound::twilio::{Sms, Twilio, TwilioMessage, fit};
use handbell_store::{History, Paged};
use jiff::SignedDuration;

use crate::configuration::Configuration;
use crate::conversation::answer::{CustomerReplies, Spending};
use crate::conversation::apply::ConversationEngine;
use crate::conversation::file::CustomerFiles;
use crate::dependencies::{PublicUrl, Time, parts};
use crate::engine::attempt::{Attempt, outcome_of_fault, outcome_of_lookup, outcome_of_send};
use crate::engine::work::wait;
use crate::vendor::TwilioAccount;

/// Validity of a page by text, in seconds. A text that can't be delivered by then is dropped, because the next step has
/// come.
const TEXT_VALIDITY: u32 = 4 * 3600;
/// Validity of a reply to a customer, in seconds.
const REPLY_VALIDITY: u32 = 10 * 3600;
/// Number of earlier dispatches that a reply is compared with, to distinguish one "ok" from another.
const COMPARED: usize = 60;
/// How much earlier than an attempt Twilio's record of it may seem to be: clocks differ, and Twilio reports whole seconds.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(5);
/// Twilio's error code for a number that has opted out.
const OPTED_OUT: u32 = 21610;

/// A text that pages a person.
struct TextPage<'a> {
    to: &'a E164,
    /// Sender; none for the configured one.
    from: Option<&'a SmsSender>,
    content: &'a Content,
}

parts! {
    /// Sends texts and places calls.
    pub(crate) struct PhoneChannel {
        config: Configuration,
        twilio: TwilioAccount,
        history: History,
        paged: Paged,
        conversations: ConversationEngine,
        replies: CustomerReplies,
        files: CustomerFiles,
        public_url: PublicUrl,
        time: Time,
    }
}

impl PhoneChannel {
    /// Sends a text or places a call, or looks it up at Twilio.
    pub(crate) async fn send(&self, attempt: Attempt<'_>, message: &PhoneMessage) -> Outcome {
        let work = attempt.work;
        match message {
            PhoneMessage::Reply { .. } | PhoneMessage::Connect { .. } if work.cancelled => {
                return Outcome::NotWanted;
            }
            // Whatever the task: a worker that died with a reply that only waited leaves it as one that was perhaps sent.
            PhoneMessage::Reply { .. } => {
                if let Some(outcome) = self.replies.must_wait(work).await {
                    return outcome;
                }
            }
            PhoneMessage::Text { .. } | PhoneMessage::Call { .. } | PhoneMessage::Connect { .. } => {}
        }
        let twilio = match self.twilio.client().await {
            Ok(twilio) => twilio,
            Err(fault) => return outcome_of_fault(fault),
        };
        match message {
            PhoneMessage::Text { to, from, content } => {
                let page = TextPage { to, from: from.as_ref(), content };
                self.send_text(&twilio, attempt, page).await
            }
            PhoneMessage::Call { to, from, content: _ } => {
                self.place_call(&twilio, attempt, to, from.as_ref()).await
            }
            PhoneMessage::Reply { to, from, text, files } => {
                let mut sms = Sms {
                    to: to.clone(),
                    from: from.clone().into(),
                    body: text.clone(),
                    status_callback: None,
                    validity: REPLY_VALIDITY,
                    media: Vec::new(),
                };
                for file in files {
                    if let Err(outcome) = self.files.attach(work, file, &mut sms).await {
                        return outcome;
                    }
                }
                self.send_reply(&twilio, attempt, sms).await
            }
            PhoneMessage::Connect { agent, from, .. } => self.call_agent(&twilio, attempt, agent, from).await,
        }
    }

    async fn send_text(&self, twilio: &Twilio, attempt: Attempt<'_>, page: TextPage<'_>) -> Outcome {
        let Attempt { work, task, .. } = attempt;
        let TextPage { to, from, content } = page;
        let tag = attempt.reference_tag();
        if task == Task::LookUp {
            let since = attempt.delivery.since - CLOCK_SKEW;
            match twilio.messages_since(to, from, since).await {
                Ok(seen) => {
                    let found = seen.into_iter().find(|seen| has_reference_tag(seen.body.as_deref(), &tag));
                    if let Some(found) = found {
                        return Outcome::Sent(found.sid.into());
                    }
                }
                Err(failure) => return outcome_of_lookup(&failure),
            }
            if let Some(outcome) = attempt.after_empty_look() {
                return outcome;
            }
        }
        if !work.may_begin(self.time.now()) {
            return wait(0);
        }
        // A notice that the command line wrote doesn't contain our number.
        let Some(from) = from.or(self.config.from()) else {
            return Outcome::Refused { why: "the configuration has no `twilio` to send from".to_owned() };
        };
        let sms = Sms {
            to: to.clone(),
            from: from.clone(),
            body: wording::sms(content, work.plan(), &work.dispatch, &work.words, &tag),
            status_callback: Some(self.text_status_url(attempt)),
            validity: TEXT_VALIDITY,
            media: Vec::new(),
        };
        twilio.send_sms(&sms).await.map_or_else(outcome_of_send, |sid| Outcome::Sent(sid.into()))
    }

    fn text_status_url(&self, attempt: Attempt<'_>) -> String {
        format!("{}/twilio/sms/status?d={}", self.public_url.get(), attempt.token())
    }

    async fn send_reply(&self, twilio: &Twilio, attempt: Attempt<'_>, mut sms: Sms) -> Outcome {
        let Attempt { work, task, .. } = attempt;
        if task == Task::LookUp {
            match self.look_for_reply(twilio, attempt, &sms).await {
                Ok(Some(sid)) => return Outcome::Sent(sid.into()),
                Ok(None) => {}
                Err(outcome) => return outcome,
            }
            if let Some(outcome) = attempt.after_empty_look() {
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
        // The first attempt counted what is sent again after an empty look-up.
        let spent = match task {
            Task::LookUp => None,
            Task::Send => match self.replies.spend_segments(work, &sms.body).await {
                Ok(Spending::Granted(spent)) => spent,
                Ok(Spending::Refused(why)) => return Outcome::Refused { why: why.to_owned() },
                Err(fault) => return outcome_of_fault(fault),
            },
        };
        // The counter may have been slow, and an acknowledgement may have come meanwhile.
        if !work.may_begin(self.time.now()) {
            if let Some(spent) = &spent {
                self.replies.give_back(spent).await;
            }
            return wait(0);
        }
        sms.status_callback = Some(self.text_status_url(attempt));
        let failure = match twilio.send_sms(&sms).await {
            Ok(sid) => return Outcome::Sent(sid.into()),
            Err(failure) => failure,
        };
        if let (Failure::NotSent { .. } | Failure::Refused { .. }, Some(spent)) = (&failure, &spent) {
            self.replies.give_back(spent).await;
        }
        if let Failure::Refused { code: OPTED_OUT, why } = failure {
            // Twilio received a STOP that Handbell didn't receive.
            let stopped = ConversationEvent::OptedOut;
            return match self.conversations.apply(&work.dispatch.key.subject, &stopped, None).await {
                Ok(_) => Outcome::Refused { why },
                Err(fault) => outcome_of_fault(fault),
            };
        }
        outcome_of_send(failure)
    }

    /// Looks up a reply that an earlier attempt may have sent. A text to a customer carries no tag. A text is the reply
    /// if it has the same body, is no older than the first attempt, and isn't another reply.
    async fn look_for_reply(
        &self,
        twilio: &Twilio,
        attempt: Attempt<'_>,
        sms: &Sms,
    ) -> Result<Option<MessageSid>, Outcome> {
        let key = &attempt.work.dispatch.key;
        let since = attempt.delivery.since - CLOCK_SKEW;
        let seen = twilio.messages_since(&sms.to, Some(&sms.from), since).await;
        let seen = seen.map_err(|failure| outcome_of_lookup(&failure))?;
        let before = self.history.dispatches(&key.subject, COMPARED).await;
        let before = before.map_err(|fault| Outcome::LookFailed { why: fault.to_string() })?;
        let others: Vec<String> = before
            .iter()
            .filter(|other| other.key != *key)
            .flat_map(|other| {
                let ids = other.deliveries.values().filter_map(|delivery| delivery.id.clone());
                ids.chain(other.receipts.values().map(|receipt| receipt.id.clone()))
            })
            .collect();
        let ours = |message: &TwilioMessage| {
            message.body.as_deref().unwrap_or_default() == sms.body
                && !others.iter().any(|other| **other == *message.sid)
        };
        Ok(seen.into_iter().find(ours).map(|message| message.sid))
    }
}
