//! What takes over when a delivery has died: the person's other channel, and a word to the admins by a channel that works.
//!
//! It uses the wording, and the wording tells of deliveries: so it lies above both, and not in [`crate::delivery`].

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::config::{Admins, Plan, is_phone_number};
use crate::delivery::{
    Content, ConversationEntry, Delivery, DirectMessage, Dispatch, Fact, Medium, Message, NOTICE,
    PhoneMessage, SpaceMessage, Speaker,
};
use crate::texting::is_short_code;
use crate::wording::{self, Values, Words};

/// What failing over has to know.
#[derive(Clone, Copy)]
pub struct Failover<'a> {
    /// Who is told.
    pub admins: &'a Admins,
    /// The number that texts and calls come from.
    pub from: &'a str,
    /// A customer's number, and the one of ours that the customer knows.
    pub customer: Option<(&'a str, &'a str)>,
    /// The incident's plan.
    pub plan: Option<&'a Plan>,
    /// How times are written and things are called.
    pub words: &'a Words,
}

/// Adds to the dispatch what takes over for the deliveries that died. It is sent with the next claim.
pub fn fail_over(dispatch: &mut Dispatch, died: &[String], with: Failover<'_>, now: Timestamp) {
    let dead: Vec<(String, Delivery)> = died
        .iter()
        .filter_map(|name| Some((name.clone(), dispatch.deliveries.get(name)?.clone())))
        .filter(|(_, delivery)| delivery.instead_of.as_deref() != Some(NOTICE))
        .collect();
    for (name, delivery) in &dead {
        if let Some(say) = other_channel(delivery, with, dispatch) {
            let recipient = delivery.recipient.clone();
            dispatch.add(Delivery { instead_of: Some(name.clone()), recipient, ..Delivery::new(say, now) });
        }
        // A customer's text that nobody could be shown: the customer is told so, if we can. The number in a form may be
        // somebody else's, and a short code is nobody's.
        if matches!(&delivery.message, Message::Space(SpaceMessage::Post { content: Content::Entry }))
            && let Some(ConversationEntry { speaker: Speaker::Customer, medium: Medium::Text, .. }) =
                dispatch.conversation_entry()
            && let Some((to, from)) = with.customer.filter(|(to, from)| to != from && !is_short_code(to))
        {
            let text = wording::conversation::APOLOGY.to_owned();
            let answer = Message::Phone(PhoneMessage::Reply {
                to: to.to_owned(),
                from: from.to_owned(),
                text,
                files: Vec::new(),
            });
            dispatch.add(Delivery { instead_of: Some(name.clone()), ..Delivery::new(answer, now) });
        }
        let number = dispatch.facts.len();
        let reason = delivery.why.clone().unwrap_or_default();
        dispatch.facts.push(Fact {
            id: format!("{}#dead#{number}", dispatch.reference_tag(name)),
            kind: "delivery.dead".into(),
            at: now,
            detail: BTreeMap::from([
                ("delivery".into(), dispatch.reference_tag(name)),
                ("reason".into(), reason),
            ]),
        });
    }
    // A post that can't be made means that Webex is in trouble; anything else can still be told there.
    let (webex, others): (Vec<_>, Vec<_>) = dead
        .iter()
        .map(|(_, delivery)| delivery)
        // What became of an answer stands under it, where the agents see it.
        .filter(|delivery| !delivery.message.is_reply())
        .partition(|delivery| delivery.message.is_post() || delivery.message.is_summary());
    for say in notices(dispatch, &others, &with.admins.webex, |email, content| {
        Message::Direct(DirectMessage { email, content })
    })
    .into_iter()
    .chain(notices(dispatch, &webex, &with.admins.sms, |to, content| {
        Message::Phone(PhoneMessage::Text { to, from: with.from.to_owned(), content })
    })) {
        dispatch.add(Delivery { instead_of: Some(NOTICE.to_owned()), ..Delivery::new(say, now) });
    }
}

fn notices(
    dispatch: &Dispatch,
    failed: &[&Delivery],
    to: &[String],
    say: impl Fn(String, Content) -> Message,
) -> Vec<Message> {
    if failed.is_empty() {
        return Vec::new();
    }
    let content = Content::Text(wording::not_delivered(dispatch, failed));
    to.iter().map(|target| say(target.clone(), content.clone())).collect()
}

/// A text becomes a call and a call a text, once.
fn other_channel(delivery: &Delivery, with: Failover<'_>, dispatch: &Dispatch) -> Option<Message> {
    // Somebody who is tried several ways is tried the next one anyway.
    if delivery.instead_of.is_some() || dispatch.tries_again(delivery) {
        return None;
    }
    let content = |content: &Content| match content {
        Content::Text(_) | Content::Entry | Content::TakenBack { .. } | Content::FirstPost(_) => {
            content.clone()
        }
        Content::Page { .. } | Content::Step { .. } => {
            let template = with.plan.and_then(|plan| wording::template(content, plan, &delivery.message));
            let values = Values::of(dispatch, with.words);
            Content::Text(values.fill(template.unwrap_or_default(), wording::plain))
        }
    };
    let (to, from) = delivery.message.paged_phone()?;
    let content = content(delivery.message.phone_content()?);
    Some(Message::Phone(match delivery.message.is_call() {
        true => PhoneMessage::Text { to: to.to_owned(), from: from.to_owned(), content },
        false => {
            // A name can send texts, but not call.
            let from = [from, with.from].into_iter().find(|from| is_phone_number(from))?;
            PhoneMessage::Call { to: to.to_owned(), from: from.to_owned(), content }
        }
    }))
}
