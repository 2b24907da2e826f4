//! Failover when a delivery is dead: the person's other channel, and a notice to the admins on a channel that works.
//!
//! The module uses `wording`, which in turn describes deliveries. So it isn't part of [`crate::delivery`].

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::address::{E164, SmsSender};
use crate::config::{Admins, Plan};
use crate::delivery::{
    Content, ConversationEntry, Delivery, DeliveryId, DirectMessage, Dispatch, Fact, Medium, Message,
    PhoneMessage, Speaker,
};
use crate::texting::is_short_code;
use crate::wording::{self, Values, Words};

/// What failover depends on.
#[derive(Clone, Copy)]
pub struct Failover<'a> {
    /// The admins, who are notified.
    pub admins: &'a Admins,
    /// Default sender of texts and calls; none without Twilio.
    pub from: Option<&'a SmsSender>,
    /// The customer's number, and the number of the line.
    pub customer: Option<(&'a E164, &'a E164)>,
    /// The incident's plan.
    pub plan: Option<&'a Plan>,
    /// Time zone and names for the texts.
    pub words: &'a Words,
}

/// Adds deliveries to the dispatch that replace the dead ones. They are sent with the next claim.
pub fn fail_over(dispatch: &mut Dispatch, died: &[DeliveryId], with: Failover<'_>, now: Timestamp) {
    let dead: Vec<(DeliveryId, Delivery)> = died
        .iter()
        .filter_map(|id| Some((*id, dispatch.deliveries.get(id)?.clone())))
        .filter(|(_, delivery)| !delivery.admin_notice)
        .collect();
    for (id, delivery) in &dead {
        if let Some(message) = other_channel(delivery, with, dispatch) {
            let recipient = delivery.recipient.clone();
            dispatch.add(Delivery { replaces: Some(*id), recipient, ..Delivery::new(message, now) });
        }
        // If nobody could be shown a customer's text, tells the customer. Not for a form, whose number may be another person's,
        // and not to a short code.
        if delivery.message.is_conversation_entry()
            && let Some(ConversationEntry { speaker: Speaker::Customer, medium: Medium::Text, .. }) =
                dispatch.conversation_entry()
            && let Some((to, from)) = with.customer.filter(|(to, from)| to != from && !is_short_code(to))
        {
            let text = wording::conversation::APOLOGY.to_owned();
            let answer = Message::Phone(PhoneMessage::Reply {
                to: to.clone(),
                from: from.clone(),
                text,
                files: Vec::new(),
            });
            dispatch.add(Delivery { replaces: Some(*id), ..Delivery::new(answer, now) });
        }
        let number = dispatch.facts.len();
        let reason = delivery.why.clone().unwrap_or_default();
        dispatch.facts.push(Fact {
            id: format!("{}#dead#{number}", dispatch.reference_tag(*id)),
            kind: "delivery.dead".into(),
            at: now,
            detail: BTreeMap::from([
                ("delivery".into(), dispatch.reference_tag(*id)),
                ("reason".into(), reason),
            ]),
        });
    }
    // A failed post means that Webex has a problem, so the admins get a text. Other failures can be reported in Webex.
    let (webex, others): (Vec<_>, Vec<_>) = dead
        .iter()
        .map(|(_, delivery)| delivery)
        // The status of a reply is shown under the reply, where the agents see it.
        .filter(|delivery| !delivery.message.is_reply())
        .partition(|delivery| delivery.message.is_post() || delivery.message.is_summary());
    for message in notices(dispatch, &others, &with.admins.webex, |email, content| {
        Message::Direct(DirectMessage { email, content })
    })
    .into_iter()
    .chain(notices(dispatch, &webex, &with.admins.sms, |to, content| {
        Message::Phone(PhoneMessage::Text { to, from: with.from.cloned(), content })
    })) {
        dispatch.add(Delivery { admin_notice: true, ..Delivery::new(message, now) });
    }
}

fn notices<A: Clone>(
    dispatch: &Dispatch,
    failed: &[&Delivery],
    to: &[A],
    message: impl Fn(A, Content) -> Message,
) -> Vec<Message> {
    if failed.is_empty() {
        return Vec::new();
    }
    let content = Content::Text(wording::not_delivered(dispatch, failed));
    to.iter().map(|target| message(target.clone(), content.clone())).collect()
}

/// Returns a call that replaces a text, or a text that replaces a call. A delivery is replaced only once.
fn other_channel(delivery: &Delivery, with: Failover<'_>, dispatch: &Dispatch) -> Option<Message> {
    // A person with several attempts is tried by the next one anyway.
    if delivery.replaces.is_some() || delivery.admin_notice || dispatch.tries_again(delivery) {
        return None;
    }
    let content = |content: &Content| match content {
        Content::Text(_) | Content::Entry | Content::TakenBack(_) | Content::FirstPost(_) => content.clone(),
        Content::Page { .. } | Content::Step { .. } => {
            let template = with.plan.and_then(|plan| wording::template(content, plan, &delivery.message));
            let values = Values::of(dispatch, with.words);
            Content::Text(values.fill(template.unwrap_or_default(), wording::plain))
        }
    };
    let (to, from) = delivery.message.paged_phone()?;
    let content = content(delivery.message.phone_content()?);
    Some(Message::Phone(match delivery.message.is_call() {
        true => PhoneMessage::Text { to: to.clone(), from, content },
        false => {
            // An alphanumeric sender can send texts, but can't call.
            let senders = [from.as_ref(), with.from].into_iter().flatten();
            let from = senders.into_iter().find_map(SmsSender::number)?;
            PhoneMessage::Call { to: to.clone(), from: Some(from), content }
        }
    }))
}
