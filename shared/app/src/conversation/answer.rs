//! Rules for replies to customers: never after a STOP, one after another, within the daily limit.

use handbell_core::conversation::decide::ConversationEvent;
use handbell_core::conversation::{Address, Agent, Conversation};
use handbell_core::delivery::{
    ConversationEntry, DeliveryId, Dispatch, DispatchKey, Invitation, Message, Outcome, Speaker,
};
use handbell_core::texting::segments;
use handbell_core::wording::conversation as wording;
use handbell_store::{Conversations, Counters, Dispatches, EpochKey};
use jiff::SignedDuration;

use crate::Fault;
use crate::configuration::Configuration;
use crate::conversation::apply::{ConversationEngine, space_of};
use crate::dependencies::{Time, parts};
use crate::engine::notice::NoticeSender;
use crate::engine::wanted_space::WantedSpace;
use crate::engine::work::{Claim, InConversation, Scope, Work, wait};

/// Daily limit of SMS segments that a line sends automatically.
const AUTOMATIC_SEGMENTS_PER_DAY: u32 = 200;
/// Retention of a day's count of segments, in seconds.
const KEEP_COUNT: i64 = 2 * 86_400;

parts! {
    /// Decides which replies to customers may leave, and when.
    pub(crate) struct CustomerReplies {
        config: Configuration,
        conversations: Conversations,
        dispatches: Dispatches,
        counters: Counters,
        engine: ConversationEngine,
        notices: NoticeSender,
        time: Time,
    }
}

impl CustomerReplies {
    /// Prepares the work on a claimed dispatch of a conversation. The conversation is read after the claim: a committed
    /// STOP is seen here.
    pub(crate) async fn begin(&self, mut dispatch: Dispatch, claim: Claim) -> Result<Work, Fault> {
        let subject = dispatch.key.subject.clone();
        let conversation = self.conversations.conversation(&subject).await?;
        // A customer who was erased and writes again is another customer.
        let conversation =
            conversation.filter(|known| known.address.is_some() && known.epoch == dispatch.key.epoch);
        let erases = dispatch.deliveries.values().any(|delivery| delivery.message.erases());
        let cancelled = conversation.is_none() && !erases;
        let mut stopped = None;
        match &conversation {
            None if cancelled => dispatch.cancel(),
            None => {}
            Some(known) => {
                let phone = known.address.as_ref().and_then(Address::phone);
                let replies = !dispatch.replies_are_out();
                stopped = known.cancels(dispatch.key.number);
                if let Some(phone) = phone.filter(|_| stopped.is_none() && replies) {
                    let opted_out = self.conversations.sender(phone).await?.opted_out.is_some();
                    stopped = opted_out.then_some("the customer wants no more texts");
                }
            }
        }
        if let Some(why) = stopped {
            dispatch.take_back(why);
        }
        let words = self.config.words(&subject, None);
        let space = self.space_of_conversation(&dispatch, conversation.as_ref());
        let scope = Scope::Conversation(InConversation { conversation, space, stopped });
        Ok(Work { owner: claim.owner, claimed_at: claim.at, dispatch, words, cancelled, scope })
    }

    /// Returns the space of a conversation. It is permanent: a customer who writes again finds the same one.
    fn space_of_conversation(&self, dispatch: &Dispatch, conversation: Option<&Conversation>) -> WantedSpace {
        let DispatchKey { subject, epoch, .. } = &dispatch.key;
        let number = conversation.and_then(|conversation| conversation.address.as_ref()?.number());
        let opened_at = dispatch.of_conversation().map_or(dispatch.at, |of| of.opened_at);
        let assignee = conversation.and_then(|conversation| conversation.assignee.as_ref());
        let invite = |agent: &Agent| agent.email.clone().map(Invitation::participant);
        WantedSpace {
            name: space_of(subject, *epoch),
            title: conversation.map(Conversation::title).unwrap_or_default(),
            team: self.config.line(subject).and_then(|(_, line)| line.team.clone()),
            always: true,
            oldest: opened_at - SignedDuration::from_mins(2),
            people: assignee.and_then(invite).into_iter().collect(),
            people_first: false,
            // Too many titles end with the digits of a short number, or of something that isn't a number.
            digits: number
                .filter(|number| number.len() > 8)
                .map(|number| number.trim_start_matches('+').to_owned()),
            of: Some(EpochKey { subject: subject.clone(), epoch: *epoch }),
        }
    }

    /// Makes the customer wait again after an agent's reply was given up. Best effort: the agent sees the reply's
    /// status.
    pub(crate) async fn restore_waiting(&self, work: &Work, died: &[DeliveryId]) {
        let by_agent = work
            .dispatch
            .conversation_entry()
            .is_some_and(|entry| matches!(entry.speaker, Speaker::Agent(_)));
        let answer = died.iter().find(|id| work.delivery(**id).is_some_and(|one| one.message.is_reply()));
        let Some(dead) = answer.filter(|_| by_agent) else { return };
        let id = format!("failed-{}", work.dispatch.reference_tag(*dead));
        if let Err(fault) =
            self.engine.apply(&work.dispatch.key.subject, &ConversationEvent::AnswerFailed, Some(&id)).await
        {
            tracing::warn!(reason = %fault, "could not record that a customer still waits");
        }
    }

    /// Returns an outcome if a reply can't leave now. Replies leave one after another. A replacement leaves only if the
    /// reply that it replaces was taken back in time.
    pub(crate) async fn must_wait(&self, work: &Work) -> Option<Outcome> {
        let earlier = |number| DispatchKey { number, ..work.dispatch.key.clone() };
        let of = work.dispatch.of_conversation()?;
        if let Some(number) = of.replaces {
            match self.was_taken_back(&work.dispatch.key, number).await {
                Err(_) => return Some(wait(5)),
                Ok(Some(true)) => {}
                Ok(Some(false)) => return Some(Outcome::NotWanted),
                Ok(None) => return Some(wait(1)),
            }
        }
        let number = of.previous_reply?;
        match self.dispatches.dispatch(&earlier(number)).await {
            Ok(Some(earlier)) if !earlier.replies_are_out() => {
                let now = self.time.now();
                let pause = earlier.tried_at(now, Message::is_reply).duration_since(now);
                Some(Outcome::Waits { pause })
            }
            Ok(_) => None,
            Err(_) => Some(wait(5)),
        }
    }

    /// Returns whether a reply, and every reply that it replaces, was taken back before it left, or none while that
    /// isn't certain. A replacement may be unsent only because the reply that it replaces had left.
    pub(crate) async fn was_taken_back(&self, key: &DispatchKey, answer: u32) -> Result<Option<bool>, Fault> {
        let mut next = Some(answer);
        while let Some(number) = next {
            let dispatch = self.dispatches.dispatch(&DispatchKey { number, ..key.clone() }).await?;
            match dispatch.as_ref().map(Dispatch::was_taken_back) {
                Some(Some(true)) => next = dispatch.and_then(|dispatch| dispatch.of_conversation()?.replaces),
                Some(Some(false)) | None => return Ok(Some(false)),
                Some(None) => return Ok(None),
            }
        }
        Ok(Some(true))
    }

    /// Returns whether the text that left, or that may still leave, is this one.
    pub(crate) async fn is_in_force(
        &self,
        key: &DispatchKey,
        answer: u32,
        text: &str,
    ) -> Result<bool, Fault> {
        Ok(reply_in_force(&self.dispatches, key, answer).await?.is_some_and(|entry| entry.text == text))
    }

    /// Counts the segments of a text that is about to be sent, unless the line has reached its daily limit: then the
    /// admins are notified once.
    pub(crate) async fn spend_segments(&self, work: &Work, body: &str) -> Result<Spending, Fault> {
        let Some((name, line)) = self.config.line(&work.dispatch.key.subject) else {
            return Ok(Spending::Granted(None));
        };
        let now = self.time.now();
        let today = now.strftime("%Y-%m-%d");
        let count = segments(body).count.max(1);
        // Automatic texts have their own budget: a person who provokes many of them must not silence the agents.
        let automatic =
            work.dispatch.conversation_entry().is_some_and(|entry| entry.speaker == Speaker::Handbell);
        let (budget, limit) = match automatic {
            true => (format!("automatic:{name}:{today}"), AUTOMATIC_SEGMENTS_PER_DAY),
            false => (format!("parts:{name}:{today}"), line.limits.parts_per_day),
        };
        if self.counters.spend(&budget, count, limit, now, KEEP_COUNT).await? {
            return Ok(Spending::Granted(Some(SpentSegments { budget, count })));
        }
        if automatic {
            return Ok(Spending::Refused(wording::AUTOMATIC_LIMIT_REACHED));
        }
        let text = wording::limit_reached(self.config.names().lines.present(name), limit);
        tracing::error!("{text}");
        self.notices.tell_admins_once(&text, &format!("parts-limit-{name}-{today}"), now).await?;
        Ok(Spending::Refused(wording::LIMIT_REACHED))
    }

    /// Gives back the segments of a text that certainly wasn't sent.
    pub(crate) async fn give_back(&self, spent: &SpentSegments) {
        if let Err(fault) = self.counters.give_back(&spent.budget, spent.count).await {
            tracing::warn!(reason = %fault, "the segments of a text that wasn't sent stay counted");
        }
    }
}

/// Returns the reply that left or may still leave: this one, or the one that it replaces if this one was taken back or never
/// left. None if the customer has none of them and gets none.
pub(crate) async fn reply_in_force(
    dispatches: &Dispatches,
    key: &DispatchKey,
    answer: u32,
) -> Result<Option<ConversationEntry>, Fault> {
    let mut next = Some(answer);
    while let Some(number) = next {
        let Some(dispatch) = dispatches.dispatch(&DispatchKey { number, ..key.clone() }).await? else {
            return Ok(None);
        };
        if dispatch.was_taken_back() != Some(true) {
            return Ok(dispatch.conversation_entry().cloned());
        }
        next = dispatch.of_conversation().and_then(|of| of.replaces);
    }
    Ok(None)
}

/// Whether a text may be sent within its line's daily limit.
pub(crate) enum Spending {
    /// The text may be sent. What it uses up is counted; none for a line that is gone.
    Granted(Option<SpentSegments>),
    /// The text would exceed the limit, for this reason in words.
    Refused(&'static str),
}

/// Segments that were counted before their text is sent.
pub(crate) struct SpentSegments {
    budget: String,
    count: u32,
}
