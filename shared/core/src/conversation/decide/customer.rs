//! The effects of a customer's messages and calls.

use jiff::{SignedDuration, Timestamp};

use super::builder::{DecisionBuilder, FromCustomer};
use super::context::ConversationContext;
use super::decision::ConversationDecision;
use super::event::{Attendance, CustomerFile};
use crate::address::EmailAddress;
use crate::config::Line;
use crate::conversation::{Conversation, Sender};
use crate::delivery::{Medium, Message, SpaceMessage};
use crate::texting::{OptOutKeyword, is_thanks, opt_out_word, reads_like_opt_out};
use crate::wording::conversation as wording;

/// Time for which thanks that follow the end of a conversation need no answer.
const SETTLED_FOR: SignedDuration = SignedDuration::from_hours(24);

type Before<'a> = Option<&'a Conversation>;

/// A customer's text.
pub(super) struct CustomerText<'a> {
    pub(super) body: &'a str,
    pub(super) files: &'a [CustomerFile],
    pub(super) at: Timestamp,
    /// The opt-out word that Twilio recognised.
    pub(super) word: Option<OptOutKeyword>,
}

/// What a customer wrote into the form.
pub(super) struct FormEntry<'a> {
    pub(super) message: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) email: Option<&'a EmailAddress>,
}

pub(super) fn handle_text(
    before: Before<'_>,
    sender: &Sender,
    text: CustomerText<'_>,
    context: ConversationContext<'_>,
    now: Timestamp,
) -> ConversationDecision {
    let CustomerText { body, files, at, word } = text;
    let counts = |word: &OptOutKeyword| files.is_empty() || *word == OptOutKeyword::Stop;
    let word = word.or_else(|| opt_out_word(body).filter(counts));
    match (word, sender.opted_out) {
        (Some(OptOutKeyword::Stop), _) => return stop(before, sender, text, context, now),
        (Some(OptOutKeyword::Start), Some(_)) => {
            let mut builder = DecisionBuilder::open_or_continue(before, sender, context, now);
            builder.sender.opted_out = None;
            builder.confirm();
            builder.add_fact("customer.opted-in", []);
            builder.note(None, wording::started(&builder.next.called()));
            return builder.finish();
        }
        _ => {}
    }
    let thanks = word.is_none() && files.is_empty() && is_thanks(body);
    let done = before.filter(|before| thanks && is_settled(before, now));
    let mut builder = match done {
        Some(before) => DecisionBuilder::on(before, sender, context, now),
        None => DecisionBuilder::open_or_continue(before, sender, context, now),
    };
    builder.next.heard_at = now;
    builder.confirm();
    builder.next.by_form = false;
    // Where nothing can be sent, the agents know already that the customer wants no texts.
    let unwanted = word.is_none() && sender.opted_out.is_none() && reads_like_opt_out(body);
    let note = if unwanted { wording::MAY_OPT_OUT.to_owned() } else { String::new() };
    builder.add_customer_entry(
        FromCustomer { medium: Medium::Text, text: body.to_owned(), note, at },
        media(files),
    );
    if done.is_some() {
        return builder.finish();
    }
    // Twilio answers HELP on its own: neither the welcome nor another automatic reply follows.
    if word.is_some() {
        builder.sender.told_at = Some(now);
    }
    wants_an_answer(&mut builder, word.is_none() && !unwanted);
    builder.finish()
}

/// Returns true if an agent said lately that nothing is left to answer, and the customer has asked for nothing since.
fn is_settled(conversation: &Conversation, now: Timestamp) -> bool {
    let lately = |at: Timestamp| now.duration_since(at) < SETTLED_FOR;
    conversation.address.is_some()
        && conversation.waiting_since.is_none()
        && conversation.settled_at.is_some_and(lately)
}

fn media(files: &[CustomerFile]) -> impl Iterator<Item = Message> {
    files.iter().map(|file| {
        Message::Space(SpaceMessage::CustomerFile {
            url: file.url.clone(),
            content_type: file.content_type.clone(),
        })
    })
}

/// STOP: posts one quiet line, asks nobody to answer, and cancels the answers that weren't sent yet. Files that came with it are
/// posted too.
fn stop(
    before: Before<'_>,
    sender: &Sender,
    text: CustomerText<'_>,
    context: ConversationContext<'_>,
    now: Timestamp,
) -> ConversationDecision {
    if before.is_none_or(|before| before.address.is_none()) {
        let news = sender.opted_out.is_none();
        let sender = Sender { version: sender.version + 1, opted_out: Some(now), ..sender.clone() };
        return ConversationDecision {
            next: None,
            sender: news.then_some(sender),
            dispatches: Vec::new(),
            answer: 0,
        };
    }
    let mut builder = DecisionBuilder::open_or_continue(before, sender, context, now);
    builder.opt_out();
    if !text.files.is_empty() {
        let words = text.body.to_owned();
        let words = FromCustomer { medium: Medium::Text, text: words, note: String::new(), at: text.at };
        builder.add_customer_entry(words, media(text.files));
    }
    builder.note(None, wording::stopped(&builder.next.called()));
    builder.finish()
}

pub(super) fn handle_form(
    before: Before<'_>,
    sender: &Sender,
    entry: FormEntry<'_>,
    context: ConversationContext<'_>,
    now: Timestamp,
) -> ConversationDecision {
    let FormEntry { message, name, email } = entry;
    let mut builder = DecisionBuilder::open_or_continue(before, sender, context, now);
    builder.next.by_form = true;
    // Anybody can fill in a form. It must not change a known customer's name or the address for answers.
    if sender.confirmed.is_none() {
        if builder.next.email.is_none() {
            builder.next.email = email.cloned();
        }
        if builder.next.name.is_none() {
            builder.next.name = name.map(str::to_owned);
        }
    }
    let note = wording::by_form(email, &builder.next, sender.confirmed.is_some());
    builder.add_customer_entry(
        FromCustomer { medium: Medium::Form, text: message.to_owned(), note, at: now },
        [],
    );
    wants_an_answer(&mut builder, false);
    builder.finish()
}

pub(super) fn handle_voicemail(
    before: Before<'_>,
    sender: &Sender,
    url: &str,
    length: SignedDuration,
    context: ConversationContext<'_>,
    now: Timestamp,
) -> ConversationDecision {
    let mut builder = DecisionBuilder::open_or_continue(before, sender, context, now);
    let media = Message::Space(SpaceMessage::CustomerFile {
        url: url.to_owned(),
        content_type: Some("audio/mpeg".to_owned()),
    });
    builder.add_customer_entry(
        FromCustomer { medium: Medium::Call, text: wording::voicemail(length), note: String::new(), at: now },
        [media],
    );
    wants_an_answer(&mut builder, false);
    builder.finish()
}

/// The customer waits from now on: looks for an agent, or notifies the customer that nobody is available.
pub(super) fn wants_an_answer(builder: &mut DecisionBuilder<'_>, tell: bool) {
    if builder.sender.opted_out.is_some() {
        builder.note(None, wording::is_opted_out());
        return;
    }
    let (context, now) = (builder.context, builder.now);
    builder.next.waiting_since.get_or_insert(now);
    builder.next.settled_at = None;
    // A customer who isn't welcomed now, because another reply was just sent, isn't welcomed later either: it would be odd.
    builder.next.welcomed |= !tell;
    if !context.open {
        nobody(
            builder,
            tell.then_some(context.line.texts.closed.as_deref()).flatten(),
            wording::OUTSIDE_HOURS,
        );
        return;
    }
    match invitation(context.line) {
        Some(assign) => {
            if !builder.looked_lately() && !builder.next.is_attended(now) {
                builder.next.assigned_at = Some(now);
                builder.add_to_customer_entry(assign);
            }
        }
        // The people in the space answer: there is nobody to look for.
        None => welcome(builder, tell),
    }
}

/// The customer's words stand in a space in which nobody reads them: somebody else hears of the customer at once, however recent the
/// last answer is.
pub(super) fn handle_empty_space(mut builder: DecisionBuilder<'_>) -> Option<ConversationDecision> {
    builder.next.waiting_since?;
    let (context, now) = (builder.context, builder.now);
    if !context.open {
        nobody(&mut builder, context.line.texts.closed.as_deref(), wording::OUTSIDE_HOURS);
        return Some(builder.finish());
    }
    match invitation(context.line) {
        // The last search found nobody at work, and that was said.
        Some(_) if builder.looked_lately() && builder.was_told_today() && !builder.next.is_attended(now) => {
            None
        }
        Some(assign) => {
            builder.next.assigned_at = Some(now);
            builder.add_dispatch([assign]);
            Some(builder.finish())
        }
        None => {
            nobody(&mut builder, context.line.texts.nobody.as_deref(), wording::NOBODY_THERE);
            Some(builder.finish())
        }
    }
}

pub(super) fn handle_attendance(builder: &mut DecisionBuilder<'_>, there: &Attendance) {
    match there {
        Attendance::Somebody => welcome(builder, true),
        Attendance::Asked(agent) => {
            builder.next.assignee = Some(agent.clone());
            builder.next.remember_colleague(agent);
            builder.note(None, wording::please_answer(agent));
            welcome(builder, true);
        }
        Attendance::Nobody => {
            let text = builder.context.line.texts.nobody.clone();
            nobody(builder, text.as_deref(), wording::NOBODY_THERE);
        }
    }
}

fn welcome(builder: &mut DecisionBuilder<'_>, tell: bool) {
    if !builder.next.welcomed {
        builder.next.welcomed = true;
        if tell {
            builder.reply_automatically(builder.context.line.texts.welcome.as_deref());
        }
    }
}

/// Nobody answers now: notifies the customer, and the team in its lobby, once a day.
fn nobody(builder: &mut DecisionBuilder<'_>, text: Option<&str>, why: &str) {
    if builder.was_told_today() {
        return;
    }
    builder.next.told_on = Some(builder.today());
    builder.next.welcomed = true;
    builder.reply_automatically(text);
    if builder.context.line.lobby.is_some() {
        let text = wording::who_waits(&builder.next.called(), why);
        builder.add_dispatch([Message::Space(SpaceMessage::Lobby { text })]);
    }
}

/// Returns the task of finding an agent, if the line has agents.
fn invitation(line: &Line) -> Option<Message> {
    (line.team.is_some() || !line.agents.is_empty()).then_some(Message::Space(SpaceMessage::Assign))
}
