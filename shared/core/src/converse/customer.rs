//! What is made of a customer's words and calls.

use jiff::{SignedDuration, Timestamp};

use super::turn::Turning;
use super::{Desk, File, LOOK_AGAIN, There, Turn, invitation};
use crate::conversation::{Conversation, Sender};
use crate::dispatch::{Content, Say, Way};
use crate::texting::Word;
use crate::wording::customer as wording;

type Before<'a> = Option<&'a Conversation>;

pub(super) fn text(
    before: Before<'_>,
    sender: &Sender,
    (body, files, at, word): (&str, &[File], Timestamp, Option<Word>),
    desk: Desk<'_>,
    now: Timestamp,
) -> Turn {
    match (word, sender.opted_out) {
        (Some(Word::Stop), _) => return stop(before, sender, desk, now),
        (Some(Word::Start), Some(_)) => {
            let mut turning = Turning::heard(before, sender, desk, now);
            turning.sender.opted_out = None;
            turning.confirm();
            turning.fact("customer.opted-in", []);
            turning.note(None, wording::started(&turning.next.called()));
            return turning.done();
        }
        _ => {}
    }
    let mut turning = Turning::heard(before, sender, desk, now);
    turning.confirm();
    turning.next.by_form = false;
    let media = files
        .iter()
        .map(|file| Say::Media { url: file.url.clone(), content_type: file.content_type.clone() });
    turning.customer_says((Way::Text, body.to_owned(), at), media);
    // Twilio answers HELP by itself: neither welcome nor anything else follows it.
    if word.is_some() {
        turning.sender.told_at = Some(now);
    }
    wants_an_answer(&mut turning, word.is_none());
    turning.done()
}

/// STOP: one quiet line, nobody is called, and what had not left stays here.
fn stop(before: Before<'_>, sender: &Sender, desk: Desk<'_>, now: Timestamp) -> Turn {
    if before.is_none_or(|before| before.address.is_none()) {
        let news = sender.opted_out.is_none();
        let sender = Sender { version: sender.version + 1, opted_out: Some(now), ..sender.clone() };
        return Turn { next: None, sender: news.then_some(sender), dispatches: Vec::new(), answer: 0 };
    }
    let mut turning = Turning::heard(before, sender, desk, now);
    turning.opt_out();
    turning.note(None, wording::stopped(&turning.next.called()));
    turning.done()
}

pub(super) fn form(
    before: Before<'_>,
    sender: &Sender,
    (message, name, email): (&str, Option<&str>, Option<&str>),
    desk: Desk<'_>,
    now: Timestamp,
) -> Turn {
    let mut turning = Turning::heard(before, sender, desk, now);
    turning.next.by_form = true;
    // Whoever fills in a form may be anybody: what a known customer is called and where answers go is not theirs to change.
    if sender.confirmed.is_none() {
        if turning.next.email.is_none() {
            turning.next.email = email.map(str::to_owned);
        }
        if turning.next.name.is_none() {
            turning.next.name = name.map(str::to_owned);
        }
    }
    let note = wording::by_form(email, &turning.next, sender.confirmed.is_some());
    turning.customer_says((Way::Form, message.to_owned(), now), []).note = note;
    wants_an_answer(&mut turning, false);
    turning.done()
}

pub(super) fn rings(before: Before<'_>, sender: &Sender, desk: Desk<'_>, now: Timestamp) -> Turn {
    let mut turning = Turning::heard(before, sender, desk, now);
    turning.customer_says((Way::Call, wording::RINGS.to_owned(), now), []);
    turning.done()
}

pub(super) fn called(
    before: Before<'_>,
    sender: &Sender,
    spoke: Option<SignedDuration>,
    desk: Desk<'_>,
    now: Timestamp,
) -> Turn {
    let mut turning = Turning::heard(before, sender, desk, now);
    turning.customer_says((Way::Call, wording::call_ended(spoke), now), []);
    if spoke.is_none() {
        turning.by_phone = true;
        let told = turning.tell_caller(desk.line.texts.missed_call.as_deref());
        wants_an_answer(&mut turning, !told);
    } else {
        turning.answered();
        turning.next.answered_at = Some(now);
    }
    turning.done()
}

pub(super) fn voicemail(
    before: Before<'_>,
    sender: &Sender,
    (url, length): (&str, SignedDuration),
    desk: Desk<'_>,
    now: Timestamp,
) -> Turn {
    let mut turning = Turning::heard(before, sender, desk, now);
    let media = Say::Media { url: url.to_owned(), content_type: Some("audio/mpeg".to_owned()) };
    turning.customer_says((Way::Call, wording::voicemail(length), now), [media]);
    wants_an_answer(&mut turning, false);
    turning.done()
}

/// The customer waits from now on; somebody is looked for, or the customer told that nobody is there.
fn wants_an_answer(turning: &mut Turning<'_>, tell: bool) {
    if turning.sender.opted_out.is_some() {
        turning.note(None, wording::is_opted_out());
        return;
    }
    let (desk, now) = (turning.desk, turning.now);
    turning.next.waiting_since.get_or_insert(now);
    // Who isn't welcomed now, because something else was just said, isn't welcomed later either: it would be odd.
    turning.next.welcomed |= !tell;
    if !desk.open {
        nobody(turning, tell.then_some(desk.line.texts.closed.as_deref()).flatten(), wording::OUTSIDE_HOURS);
        return;
    }
    match invitation(desk.line) {
        Some(assign) => {
            let lately = turning.next.assigned_at.is_some_and(|at| now.duration_since(at) < LOOK_AGAIN);
            if !lately && !turning.next.is_attended(now) {
                turning.next.assigned_at = Some(now);
                turning.say_with_the_customer(assign);
            }
        }
        // Whoever is in the space answers: there is nobody to look for.
        None => welcome(turning, tell),
    }
}

pub(super) fn looked(turning: &mut Turning<'_>, there: &There) {
    match there {
        There::Somebody => welcome(turning, true),
        There::Asked(agent) => {
            turning.next.assignee = Some(agent.clone());
            turning.note(None, wording::please_answer(agent));
            welcome(turning, true);
        }
        There::Nobody => {
            let text = turning.desk.line.texts.nobody.clone();
            nobody(turning, text.as_deref(), wording::NOBODY_THERE);
        }
    }
}

fn welcome(turning: &mut Turning<'_>, tell: bool) {
    if !turning.next.welcomed {
        turning.next.welcomed = true;
        if tell {
            turning.tell(turning.desk.line.texts.welcome.as_deref());
        }
    }
}

/// Nobody answers now: once a day the customer is told, and the team in its lobby.
fn nobody(turning: &mut Turning<'_>, text: Option<&str>, why: &str) {
    let today = turning.now.to_zoned(turning.desk.zone.clone()).date();
    if turning.next.told_on == Some(today) {
        return;
    }
    turning.next.told_on = Some(today);
    turning.next.welcomed = true;
    turning.tell(text);
    if turning.desk.line.lobby.is_some() {
        let content = Content::Text(wording::who_waits(&turning.next.called(), why));
        turning.say([Say::Lobby { content }]);
    }
}
