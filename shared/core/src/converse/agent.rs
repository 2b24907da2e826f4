//! What is made of an agent's words: answers, commands, and what was taken back.

use jiff::{SignedDuration, Timestamp};

use super::turn::Turning;
use super::{Answer, Turn};
use crate::dispatch::{Content, Delivery, Say, Talk, Way, Who};
use crate::leave::Command;
use crate::texting::{self, parts, price_class};
use crate::wording::customer as wording;

/// A text of more parts than this is announced before it leaves.
const LONG: u32 = 3;
/// A text has at most so many characters (Twilio, Messages resource).
const LONGEST: usize = 1600;
/// So long an announced text waits, even if the line has no `undo`.
const ANNOUNCED: SignedDuration = SignedDuration::from_secs(10);
/// Who is asked back has so long to confirm.
const CONFIRM_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// An answer leaves, or the agent is told why not. `replaces` is an answer that has to be taken back for it.
pub(super) fn answers(mut turning: Turning<'_>, answer: &Answer, replaces: Option<u32>) -> Turn {
    let (line, now) = (turning.desk.line, turning.now);
    let pace = turning.next.pace.with_one_at(now);
    let number = turning.desk.address.number().map(str::to_owned);
    let text = match (line.signed, answer.text.is_empty()) {
        (true, false) => format!("{}: {}", answer.by.name, answer.text),
        _ => answer.text.clone(),
    };
    let stopped = turning.sender.opted_out.is_some();
    let limited = pace.in_minute > line.limits.per_minute || pace.in_day > line.limits.per_day;
    let by_mail = turning.next.email.clone().filter(|_| {
        // Anybody can type a customer's number into the form: who has proven a number is answered there alone.
        line.mail.is_some() && (turning.sender.confirmed.is_none() || number.is_none())
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
            Some(_) if turning.sender.confirmed.is_none() => {
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
    if let (None, Some(to)) = (&refused, &number) {
        says.push(Say::Answer {
            to: to.clone(),
            from: line.number.clone(),
            text: text.clone(),
            files: answer.files.clone(),
        });
    }
    if let Some(to) = by_mail.filter(|_| !stopped && !limited && !answer.text.is_empty()) {
        says.push(Say::Mail { to, text });
    }
    if says.is_empty() {
        turning.note(Some(&answer.thread), refused.unwrap_or_default());
        return turning.done();
    }
    let length = says.iter().find_map(|say| match say {
        Say::Answer { text, to, from, .. } => Some((parts(text), price_class(from, to))),
        _ => None,
    });
    let long = length.filter(|(parts, _)| parts.count > LONG);
    let undo = line.undo.map_or(SignedDuration::ZERO, |undo| undo.0);
    let held = if long.is_some() { undo.max(ANNOUNCED) } else { undo };
    if let Some((parts, class)) = long {
        let note = wording::long_text(&parts, class, held);
        turning.note(Some(&answer.thread), note);
    }
    let only_mail = refused.filter(|_| says.iter().any(|say| matches!(say, Say::Mail { .. })));
    let talk = Talk {
        who: Who::Agent(answer.by.name.clone()),
        customer: turning.next.called(),
        way: Way::Text,
        text: answer.text.clone(),
        note: String::new(),
        files: u32::try_from(answer.files.len()).unwrap_or(u32::MAX),
        at: now,
    };
    turning.next.pace = pace;
    turning.answered();
    turning.next.answered_at = Some(now);
    if std::mem::take(&mut turning.next.closed) {
        turning.fact("conversation.reopened", []);
    }
    // A welcome after the first answer would be odd.
    turning.next.welcomed = true;
    turning.next.assignee.get_or_insert_with(|| answer.by.clone());
    let dispatch = turning.say(says);
    dispatch.talk = Some(Box::new(talk));
    dispatch.thread = Some(answer.thread.clone());
    dispatch.replaces = replaces;
    for delivery in dispatch.deliveries.values_mut().filter(|delivery| delivery.say.is_answer()) {
        delivery.next_at = now + held;
    }
    let number = dispatch.key.number;
    turning.carries(&answer.message, number);
    if let Some(note) = only_mail {
        let mut note = wording::only_by_mail(&note);
        if !answer.files.is_empty() {
            note = format!("{note} {}", wording::FILES_STAY);
        }
        turning.note(Some(&answer.thread), note);
    }
    turning.done()
}

/// An answer was changed or taken away. Whether it had left already, only its own dispatch will know.
pub(super) fn changed(mut turning: Turning<'_>, answer: u32, now: Option<&Answer>, by: &str) -> Turn {
    // Somebody may have changed it once more since it was looked up which dispatch carries it.
    let message = now.map(|now| now.message.as_str());
    let latest = turning.next.answers.iter().find(|(known, _)| Some(known.as_str()) == message);
    let answer = latest.map_or(answer, |(_, latest)| *latest);
    turning.take_back(answer);
    let content = Content::TakenBack { taken_back: answer, changed: now.is_some(), who: by.to_owned() };
    turning.say([Say::Post { content }]);
    match now {
        Some(now) => answers(turning, now, Some(answer)),
        None => turning.done(),
    }
}

pub(super) fn commanded(mut turning: Turning<'_>, command: &Command, asked: &Answer) -> Turn {
    let (line, now) = (turning.desk.line, turning.now);
    let thread = Some(asked.thread.as_str());
    match command {
        Command::Claim => {
            let had = turning.next.assignee.replace(asked.by.clone());
            turning.next.answered_at = Some(now);
            turning.note(thread, wording::claimed(&asked.by, had.as_ref()));
        }
        Command::Release => {
            turning.next.assignee = None;
            turning.next.assigned_at = None;
            // The next text shall look for somebody, however lately there was an answer.
            turning.next.answered_at = None;
            turning.note(thread, wording::released(&asked.by));
        }
        Command::Close { note } => {
            turning.note(thread, wording::closed(&asked.by, note.as_deref()));
            if !turning.next.closed {
                let to = turning.may_hear().filter(|_| turning.sender.confirmed.is_some());
                if let (Some(text), Some(to)) = (&line.texts.closing, to) {
                    turning.say_by_itself(text, to);
                }
                turning.close();
                turning.fact("conversation.closed", [("by", asked.by.email.clone())]);
            }
        }
        Command::Name(name) => {
            turning.next.name = Some(name.clone());
            let title = turning.next.title();
            let note = wording::named(name);
            turning.say([Say::Rename { title }, Say::Post { content: Content::Text(note) }]).thread =
                Some(asked.thread.clone());
        }
        Command::Canned(name) => {
            let canned = line.canned.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            match canned {
                Some((_, text)) => {
                    let answer = Answer { text: text.clone(), ..asked.clone() };
                    return answers(turning, &answer, None);
                }
                None => turning.note(thread, wording::no_canned(name, line)),
            }
        }
        Command::Call => {
            let phone = line.agents.iter().find(|agent| agent.email.eq_ignore_ascii_case(&asked.by.email));
            let phone = phone.and_then(|agent| agent.phone.clone());
            let number = turning.desk.address.number().filter(|number| !texting::is_short_code(number));
            let foreign = number.is_some_and(|number| {
                turning.desk.own_numbers.contains(&number) || !texting::may_text(number, &line.countries)
            });
            if foreign {
                turning.note(thread, wording::NOT_SENT_COUNTRY.to_owned());
                return turning.done();
            }
            match (phone, number.map(str::to_owned)) {
                (Some(agent), Some(to)) => {
                    let note = Say::Post { content: Content::Text(wording::ringing(&asked.by)) };
                    let call = Say::Connect { agent, from: line.number.clone(), to };
                    let dispatch = turning.say([note, call]);
                    dispatch.thread = Some(asked.thread.clone());
                    let report = Delivery::new(Say::Report, now);
                    dispatch.deliveries.insert(crate::dispatch::REPORT.to_owned(), report);
                }
                (None, _) => turning.note(thread, wording::no_phone(&asked.by)),
                (_, None) => turning.note(thread, wording::NOT_SENT_NO_NUMBER.to_owned()),
            }
        }
        Command::Who => {
            let note = wording::who(&turning.next, &turning.sender, turning.desk.zone);
            turning.note(thread, note);
        }
        Command::History | Command::Export => {
            let brief = *command == Command::History;
            turning.say([Say::Transcript { brief }]).thread = Some(asked.thread.clone());
        }
        Command::OptOut => {
            if turning.sender.opted_out.is_none() {
                turning.opt_out();
            }
            turning.note(thread, wording::opted_out_by(&asked.by));
        }
        Command::Erase { confirmed } => erase(&mut turning, *confirmed, asked, now),
        Command::Hours => {
            turning.note(thread, wording::hours(line, turning.desk.open));
        }
        Command::Help => turning.note(thread, wording::help(line, asked.sight)),
    }
    turning.done()
}

/// Asked back first; what was confirmed is done by its own delivery, which comes again until nothing is left.
fn erase(turning: &mut Turning<'_>, confirmed: bool, asked: &Answer, now: Timestamp) {
    let asked_lately = turning.next.erase_asked.is_some_and(|at| now.duration_since(at) < CONFIRM_WITHIN);
    if !(confirmed && asked_lately) {
        turning.next.erase_asked = Some(now);
        turning.note(Some(&asked.thread), wording::erase_sure(&turning.next.called()));
        return;
    }
    turning.fact("customer.erased", [("by", asked.by.email.clone())]);
    let number = turning.desk.address.number().map(str::to_owned);
    turning.forget();
    turning.say([Say::Erase { number }]).thread = Some(asked.thread.clone());
}
