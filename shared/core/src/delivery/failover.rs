//! What takes over when a delivery has died: the person's other channel, and a word to the admins by a channel that works.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::config::{Admins, Plan, is_phone_number};
use crate::delivery::{Content, Delivery, Dispatch, Fact, NOTICE, Say, Talk, Way, Who};
use crate::texting::is_short_code;
use crate::wording::{self, Values, Words};

/// Adds to the dispatch what takes over for those that died. It is said with the next claim. `customer` is a customer's
/// number and the one of ours that the customer knows.
pub fn fail_over(
    dispatch: &mut Dispatch,
    died: &[String],
    (admins, from): (&Admins, &str),
    customer: Option<(&str, &str)>,
    plan: &Plan,
    words: &Words,
    now: Timestamp,
) {
    let dead: Vec<(String, Delivery)> = died
        .iter()
        .filter_map(|name| Some((name.clone(), dispatch.deliveries.get(name)?.clone())))
        .filter(|(_, delivery)| delivery.instead_of.as_deref() != Some(NOTICE))
        .collect();
    for (name, delivery) in &dead {
        if let Some(say) = other_channel(delivery, from, plan, words, dispatch) {
            let recipient = delivery.recipient.clone();
            dispatch.add(Delivery { instead_of: Some(name.clone()), recipient, ..Delivery::new(say, now) });
        }
        // A customer's text that nobody could be shown: the customer is told so, if we can. The number in a form may be
        // somebody else's, and a short code is nobody's.
        if matches!(&delivery.say, Say::Post { content: Content::Talk { .. } })
            && let Some(Talk { who: Who::Customer, way: Way::Text, .. }) = dispatch.talk.as_deref()
            && let Some((to, from)) = customer.filter(|(to, from)| to != from && !is_short_code(to))
        {
            let text = wording::conversation::APOLOGY.to_owned();
            let answer = Say::Answer { to: to.to_owned(), from: from.to_owned(), text, files: Vec::new() };
            dispatch.add(Delivery { instead_of: Some(name.clone()), ..Delivery::new(answer, now) });
        }
        let number = dispatch.facts.len();
        let reason = delivery.why.clone().unwrap_or_default();
        dispatch.facts.push(Fact {
            id: format!("{}#dead#{number}", dispatch.mark(name)),
            kind: "delivery.dead".into(),
            at: now,
            detail: BTreeMap::from([("delivery".into(), dispatch.mark(name)), ("reason".into(), reason)]),
        });
    }
    // A post that can't be made means that Webex is in trouble; anything else can still be told there.
    let (webex, others): (Vec<_>, Vec<_>) = dead
        .iter()
        .map(|(_, delivery)| delivery)
        // What became of an answer stands under it, where the agents see it.
        .filter(|delivery| !delivery.say.is_answer())
        .partition(|delivery| delivery.say.is_post() || delivery.say == Say::Report);
    for say in notices(dispatch, &others, &admins.webex, |email, content| Say::Direct { email, content })
        .into_iter()
        .chain(notices(dispatch, &webex, &admins.sms, |to, content| Say::Sms {
            to,
            from: from.to_owned(),
            content,
        }))
    {
        dispatch.add(Delivery { instead_of: Some(NOTICE.to_owned()), ..Delivery::new(say, now) });
    }
}

fn notices(
    dispatch: &Dispatch,
    failed: &[&Delivery],
    to: &[String],
    say: impl Fn(String, Content) -> Say,
) -> Vec<Say> {
    if failed.is_empty() {
        return Vec::new();
    }
    let content = Content::Text(wording::not_delivered(dispatch, failed));
    to.iter().map(|target| say(target.clone(), content.clone())).collect()
}

/// A text becomes a call and a call a text, once.
fn other_channel(
    delivery: &Delivery,
    ours: &str,
    plan: &Plan,
    words: &Words,
    dispatch: &Dispatch,
) -> Option<Say> {
    // Somebody who is tried several ways is tried the next one anyway.
    if delivery.instead_of.is_some() || dispatch.tries_again(delivery) {
        return None;
    }
    let content = |content: &Content| match content {
        Content::Text(_) | Content::Talk { .. } | Content::TakenBack { .. } | Content::FirstPost { .. } => {
            content.clone()
        }
        Content::Page { .. } => {
            let template = wording::incident::page(content, plan, matches!(delivery.say, Say::Sms { .. }));
            Content::Text(Values::of(dispatch, words).fill(template.unwrap_or_default(), wording::plain))
        }
        Content::Plan { step, item } => {
            let step = plan.step(*step);
            let template = step.and_then(|step| match delivery.say {
                Say::Sms { .. } => step.sms.get(*item).map(|sms| &sms.text),
                _ => step.call.get(*item).map(|call| &call.say),
            });
            Content::Text(
                Values::of(dispatch, words).fill(template.map_or("", String::as_str), wording::plain),
            )
        }
    };
    match &delivery.say {
        // A name can send texts, but not call.
        Say::Sms { to, from, content: words } => {
            let from = [from.as_str(), ours].into_iter().find(|from| is_phone_number(from))?;
            Some(Say::Call { to: to.clone(), from: from.to_owned(), content: content(words) })
        }
        Say::Call { to, from, content: words } => {
            Some(Say::Sms { to: to.clone(), from: from.clone(), content: content(words) })
        }
        _ => None,
    }
}
