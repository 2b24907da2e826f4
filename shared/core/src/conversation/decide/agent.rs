//! What is made of an agent's words: answers, commands, and what was taken back.

use jiff::{SignedDuration, Timestamp};

use super::builder::DecisionBuilder;
use super::{Answer, Turn};
use crate::conversation::relay_policy::Command;
use crate::delivery::{
    Content, ConversationEntry, Delivery, InternalTask, MailMessage, Medium, Message, PhoneMessage,
    SpaceMessage, Speaker,
};
use crate::texting::{self, parts, price_class};
use crate::wording::conversation as wording;

/// A text of more parts than this is announced before it leaves.
const LONG: u32 = 3;
/// A text has at most so many characters (Twilio, Messages resource).
const LONGEST: usize = 1600;
/// So long an announced text waits, even if the line has no `undo`.
const ANNOUNCED: SignedDuration = SignedDuration::from_secs(10);
/// Who is asked back has so long to confirm.
const CONFIRM_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// An answer leaves, or the agent is told why not. `replaces` is an answer that has to be taken back for it.
pub(super) fn answers(mut builder: DecisionBuilder<'_>, answer: &Answer, replaces: Option<u32>) -> Turn {
    let (line, now) = (builder.desk.line, builder.now);
    let pace = builder.next.pace.with_one_at(now);
    let number = builder.desk.address.number().map(str::to_owned);
    let text = match (line.signed, answer.text.is_empty()) {
        (true, false) => format!("{}: {}", answer.by.name, answer.text),
        _ => answer.text.clone(),
    };
    let stopped = builder.sender.opted_out.is_some();
    let limited = pace.in_minute > line.limits.per_minute || pace.in_day > line.limits.per_day;
    let by_mail = builder.next.email.clone().filter(|_| {
        // Anybody can type a customer's number into the form: who has proven a number is answered there alone.
        line.mail.is_some() && (builder.sender.confirmed.is_none() || number.is_none())
    });
    let characters = text.encode_utf16().count();
    // A number that never wrote to us gets nothing: somebody else may have typed it into the form.
    let refused = if stopped {
        Some(wording::NOT_SENT_STOP.to_owned())
    } else if limited {
        Some(wording::not_sent_limit(line.limits))
    } else {
        match &number {
            None => Some(wording::NOT_SENT_NO_NUMBER.to_owned()),
            Some(_) if builder.sender.confirmed.is_none() => {
                Some(wording::not_sent_unconfirmed(&line.number))
            }
            Some(number) if texting::is_short_code(number) => Some(wording::NOT_SENT_NO_NUMBER.to_owned()),
            Some(number) if !texting::may_text(number, &line.countries) => {
                Some(wording::NOT_SENT_COUNTRY.to_owned())
            }
            // Cut off, it would say something that nobody wrote.
            Some(_) if characters > LONGEST => Some(wording::not_sent_too_long(characters, LONGEST)),
            Some(_) => None,
        }
    };
    let mut says = Vec::new();
    let mut length = None;
    if let (None, Some(to)) = (&refused, &number) {
        length = Some((parts(&text), price_class(&line.number, to)));
        says.push(Message::Phone(PhoneMessage::Reply {
            to: to.clone(),
            from: line.number.clone(),
            text: text.clone(),
            files: answer.files.clone(),
        }));
    }
    if let Some(to) = by_mail.filter(|_| !stopped && !limited && !answer.text.is_empty()) {
        says.push(Message::Mail(MailMessage::Reply { to, text }));
    }
    if says.is_empty() {
        builder.note(Some(&answer.thread), refused.unwrap_or_default());
        return builder.done();
    }
    let long = length.filter(|(parts, _)| parts.count > LONG);
    let undo = line.undo.map_or(SignedDuration::ZERO, |undo| undo.0);
    let held = if long.is_some() { undo.max(ANNOUNCED) } else { undo };
    if let Some((parts, class)) = long {
        let note = wording::long_text(&parts, class, held);
        builder.note(Some(&answer.thread), note);
    }
    let only_mail =
        refused.filter(|_| says.iter().any(|say| matches!(say, Message::Mail(MailMessage::Reply { .. }))));
    let entry = ConversationEntry {
        speaker: Speaker::Agent(answer.by.name.clone()),
        customer: builder.next.called(),
        medium: Medium::Text,
        text: answer.text.clone(),
        note: String::new(),
        files: u32::try_from(answer.files.len()).unwrap_or(u32::MAX),
        at: now,
    };
    builder.next.pace = pace;
    builder.answered();
    builder.next.answered_at = Some(now);
    if std::mem::take(&mut builder.next.closed) {
        builder.fact("conversation.reopened", []);
    }
    // A welcome after the first answer would be odd.
    builder.next.welcomed = true;
    builder.next.assignee.get_or_insert_with(|| answer.by.clone());
    let dispatch = builder.say_entry(entry, says);
    dispatch.in_conversation(|of| {
        of.thread = Some(answer.thread.clone());
        of.replaces = replaces;
    });
    for delivery in dispatch.deliveries.values_mut().filter(|delivery| delivery.message.is_reply()) {
        delivery.next_at = now + held;
    }
    let number = dispatch.key.number;
    builder.carries(&answer.message, number);
    if let Some(note) = only_mail {
        let mut note = wording::only_by_mail(&note);
        if !answer.files.is_empty() {
            note = format!("{note} {}", wording::FILES_STAY);
        }
        builder.note(Some(&answer.thread), note);
    }
    builder.done()
}

/// An answer was changed or taken away. Whether it had left already, only its own dispatch will know.
pub(super) fn changed(mut builder: DecisionBuilder<'_>, answer: u32, now: Option<&Answer>, by: &str) -> Turn {
    // Somebody may have changed it once more since it was looked up which dispatch carries it.
    let message = now.map(|now| now.message.as_str());
    let latest = builder.next.answers.iter().find(|(known, _)| Some(known.as_str()) == message);
    let answer = latest.map_or(answer, |(_, latest)| *latest);
    builder.take_back(answer);
    let content = Content::TakenBack { reply: answer, changed: now.is_some(), by: by.to_owned() };
    builder.say([Message::Space(SpaceMessage::Post { content })]);
    match now {
        Some(now) => answers(builder, now, Some(answer)),
        None => builder.done(),
    }
}

pub(super) fn commanded(mut builder: DecisionBuilder<'_>, command: &Command, asked: &Answer) -> Turn {
    let (line, now) = (builder.desk.line, builder.now);
    let thread = Some(asked.thread.as_str());
    match command {
        Command::Claim => {
            let had = builder.next.assignee.replace(asked.by.clone());
            builder.next.answered_at = Some(now);
            builder.note(thread, wording::claimed(&asked.by, had.as_ref()));
        }
        Command::Release => {
            builder.next.assignee = None;
            builder.next.assigned_at = None;
            // The next text shall look for somebody, however lately there was an answer.
            builder.next.answered_at = None;
            builder.note(thread, wording::released(&asked.by));
        }
        Command::Close { note } => {
            builder.note(thread, wording::closed(&asked.by, note.as_deref()));
            if !builder.next.closed {
                let to = builder.may_hear().filter(|_| builder.sender.confirmed.is_some());
                if let (Some(text), Some(to)) = (&line.texts.closing, to) {
                    builder.say_by_itself(text, to);
                }
                builder.close();
                builder.fact("conversation.closed", [("by", asked.by.email.clone())]);
            }
        }
        Command::Name(name) => {
            builder.next.name = Some(name.clone());
            let title = builder.next.title();
            let note = wording::named(name);
            builder
                .say([
                    Message::Space(SpaceMessage::Rename { title }),
                    Message::Space(SpaceMessage::Post { content: Content::Text(note) }),
                ])
                .in_conversation(|of| of.thread = Some(asked.thread.clone()));
        }
        Command::Canned(name) => {
            let canned = line.canned.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            match canned {
                Some((_, text)) => {
                    let answer = Answer { text: text.clone(), ..asked.clone() };
                    return answers(builder, &answer, None);
                }
                None => builder.note(thread, wording::no_canned(name, line)),
            }
        }
        Command::Call => {
            let phone = line.agents.iter().find(|agent| agent.email.eq_ignore_ascii_case(&asked.by.email));
            let phone = phone.and_then(|agent| agent.phone.clone());
            let number = builder.desk.address.number().filter(|number| !texting::is_short_code(number));
            let foreign = number.is_some_and(|number| {
                builder.desk.own_numbers.contains(&number) || !texting::may_text(number, &line.countries)
            });
            if foreign {
                builder.note(thread, wording::NOT_SENT_COUNTRY.to_owned());
                return builder.done();
            }
            match (phone, number.map(str::to_owned)) {
                (Some(agent), Some(to)) => {
                    let note = Message::Space(SpaceMessage::Post {
                        content: Content::Text(wording::ringing(&asked.by)),
                    });
                    let call = Message::Phone(PhoneMessage::Connect { agent, from: line.number.clone(), to });
                    let dispatch = builder.say([note, call]);
                    dispatch.in_conversation(|of| of.thread = Some(asked.thread.clone()));
                    let report = Delivery::new(Message::Space(SpaceMessage::DeliverySummary), now);
                    dispatch.deliveries.insert(crate::delivery::SUMMARY.to_owned(), report);
                }
                (None, _) => builder.note(thread, wording::no_phone(&asked.by)),
                (_, None) => builder.note(thread, wording::NOT_SENT_NO_NUMBER.to_owned()),
            }
        }
        Command::Who => {
            let note = wording::who(&builder.next, &builder.sender, builder.desk.zone);
            builder.note(thread, note);
        }
        Command::History | Command::Export => {
            let brief = *command == Command::History;
            builder
                .say([Message::Space(SpaceMessage::Transcript { brief })])
                .in_conversation(|of| of.thread = Some(asked.thread.clone()));
        }
        Command::OptOut => {
            if builder.sender.opted_out.is_none() {
                builder.opt_out();
            }
            builder.note(thread, wording::opted_out_by(&asked.by));
        }
        Command::Erase { confirmed } => erase(&mut builder, *confirmed, asked, now),
        Command::Hours => {
            builder.note(thread, wording::hours(line, builder.desk.open));
        }
        Command::Help => builder.note(thread, wording::help(line, asked.sight)),
    }
    builder.done()
}

/// Asked back first; what was confirmed is done by its own delivery, which comes again until nothing is left.
fn erase(builder: &mut DecisionBuilder<'_>, confirmed: bool, asked: &Answer, now: Timestamp) {
    let asked_lately = builder.next.erase_asked.is_some_and(|at| now.duration_since(at) < CONFIRM_WITHIN);
    if !(confirmed && asked_lately) {
        builder.next.erase_asked = Some(now);
        builder.note(Some(&asked.thread), wording::erase_sure(&builder.next.called()));
        return;
    }
    builder.fact("customer.erased", [("by", asked.by.email.clone())]);
    let number = builder.desk.address.number().map(str::to_owned);
    builder.forget();
    builder
        .say([Message::Internal(InternalTask::EraseCustomer { number })])
        .in_conversation(|of| of.thread = Some(asked.thread.clone()));
}
