//! What is said in a customer's space, and to those who run it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::escape_markdown as escape;
use crate::config::{Answers, Limits, Line};
use crate::conversation::{Address, Agent, Conversation, Sender, TAKEN_BACK};
use crate::dispatch::{Delivery, Dispatch, Progress, Say, Talk, Way, Who};
use crate::leave::{Sight, Why};
use crate::texting::{Parts, PriceClass};

/// Why nobody answers.
pub const OUTSIDE_HOURS: &str = "outside hours";
/// Why nobody answers.
pub const NOBODY_THERE: &str = "nobody of the team is there";
/// Why an answer did not leave.
pub const NOT_SENT_STOP: &str =
    "🔕 **Not sent.** The customer texted STOP. Nothing can be sent until the customer texts START.";
/// Why an answer did not leave.
pub const NOT_SENT_NO_NUMBER: &str =
    "**Not sent.** This customer has no number that texts or calls can go to.";
/// Why an answer did not leave.
pub const NOT_SENT_COUNTRY: &str =
    "**Not sent.** Texts to this country are not allowed on this line (`countries` in the configuration).";

fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

fn day_and_time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `3 min 20 s`.
fn length(length: SignedDuration) -> String {
    match length.as_secs().max(0) {
        seconds @ ..60 => format!("{seconds} s"),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// What people wrote, each line for itself, as Webex shows it; nothing in it formats, links or mentions.
fn quoted(text: &str) -> String {
    text.lines().map(quoted_line).collect::<Vec<_>>().join("  \n")
}

/// The same behind a mark on each line, if there are several: nobody's words shall look like ours.
fn set_apart(text: &str) -> String {
    if text.lines().nth(1).is_none() {
        return quoted(text);
    }
    text.lines().fold(String::new(), |all, line| format!("{all}\n> {}  ", quoted_line(line)))
}

/// What makes lists, headings and rules stands at the beginning of a line; what is indented would be code.
fn quoted_line(line: &str) -> String {
    let line = escape(line.trim());
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    match line.as_bytes().get(digits) {
        Some(b'-' | b'+' | b'=') if digits == 0 => format!("\\{line}"),
        Some(b'.') if digits > 0 => format!("{}\\{}", &line[..digits], &line[digits..]),
        _ => line,
    }
}

/// Told first in every space: which words go out, and which don't.
pub fn first_post(line: &Line, sight: Sight, address: &Address) -> String {
    let who = match address {
        Address::Number(number) => format!("This is the space of the customer **{}**.", escape(number)),
        Address::Mail(address) => format!("This is the space of the customer **{}**.", escape(address)),
        Address::Hidden => "This is the space of callers who show no number.".to_owned(),
    };
    format!("{who} {}", rules(line.answers, sight))
}

fn rules(answers: Answers, sight: Sight) -> &'static str {
    match (sight, answers) {
        (Sight::Everything, Answers::Everything) => {
            "**Everything that you write here goes to the customer**, but for whispers: what begins with `/w` or `note:`, and what \
             mentions somebody. `/help` lists the commands."
        }
        (Sight::Everything, Answers::Explicit) => {
            "Only what begins with **`/reply`** goes to the customer; everything else stays here. `/help` lists the commands."
        }
        (Sight::OnlyMentions, Answers::Everything) => {
            "**Only what begins with a mention of me goes to the customer**; everything else stays here. Mention me and write \
             `/help` for the commands."
        }
        (Sight::OnlyMentions, Answers::Explicit) => {
            "Only what begins with a mention of me and **`/reply`** goes to the customer; everything else stays here. Mention me \
             and write `/help` for the commands."
        }
    }
}

/// What `/help` answers.
pub fn help(line: &Line, sight: Sight) -> String {
    let commands = [
        "`/w words`, `note: words`: stays here",
        "`/reply words`: goes to the customer",
        "`/claim`, `/release`: you have it; you don't have it any more",
        "`/close`: it is over, until the customer writes again",
        "`/name Tommy Tutone`: what the customer is called",
        "`/canned NAME`: a prepared answer",
        "`/call`: rings you, then the customer",
        "`/who`, `/history`, `/export`, `/hours`: who has it, what was said, all of it as a file, when we are open",
        "`/optout`: no more texts to this customer",
        "`/erase`: forget this customer; you are asked first",
    ];
    let list = commands.map(|command| format!("- {command}")).join("\n");
    format!("{}\n\n{list}", rules(line.answers, sight))
}

/// What was said, as it stands in the space.
pub fn talk(talk: &Talk, zone: &TimeZone) -> String {
    let at = time(talk.at, zone);
    match (&talk.who, talk.way) {
        (Who::Customer, Way::Call) => {
            let text = quoted(&talk.text).replacen(MISSED, &format!("**{MISSED}**"), 1);
            format!("📞 **{}** {at}: {text}", escape(&talk.customer))
        }
        (Who::Customer, Way::Form) => {
            let note = if talk.note.is_empty() { String::new() } else { format!("{}\n\n", talk.note) };
            format!(
                "🌐 **{}** {at}, by the web form:\n\n{note}> {}",
                escape(&talk.customer),
                quoted(&talk.text).replace('\n', "\n> ")
            )
        }
        (Who::Customer, _) if talk.text.is_empty() => format!("**{}** {at}:", escape(&talk.customer)),
        (Who::Customer, _) => format!("**{}** {at}: {}", escape(&talk.customer), set_apart(&talk.text)),
        (Who::Agent(name), _) => format!("{} {at}: {}", escape(name), quoted(&talk.text)),
        (Who::Handbell, _) => format!("🤖 The customer was told by itself, {at}: {}", quoted(&talk.text)),
    }
}

/// A file that could not be had.
pub fn no_file(why: &str) -> String {
    format!("(A file came with it, but it can't be shown: {}.)", escape(why))
}

/// What there is to say of a form, whose message and mail address anybody may have typed.
pub fn by_form(email: Option<&str>, conversation: &Conversation, confirmed: bool) -> String {
    let by_number = matches!(conversation.address, Some(Address::Number(_)));
    let number = match (by_number, confirmed) {
        (true, true) => Some(
            "⚠️ Anybody can type a number into the form. Answers go as texts to the number, and nowhere else.".to_owned(),
        ),
        (true, false) => Some(
            "⚠️ No text ever came from this number, so it may be somebody else's. It gets no texts until it writes to us."
                .to_owned(),
        ),
        (false, _) => None,
    };
    // A number that has texted is answered there alone, whatever address was known before.
    let answered = conversation.email.as_deref().filter(|_| !(by_number && confirmed));
    let mail = email.map(|email| match answered {
        Some(known) if known.eq_ignore_ascii_case(email) => format!("✉️ {}", escape(email)),
        Some(known) => format!(
            "✉️ The form names {}, but answers still go to {}: anybody can fill in a form.",
            escape(email),
            escape(known)
        ),
        None => format!("✉️ The form names {}, which gets no answers.", escape(email)),
    });
    number.into_iter().chain(mail).collect::<Vec<_>>().join("\n\n")
}

/// Somebody calls.
pub const RINGS: &str = "calls, and is being connected.";

/// What is most important about a call, and stands out in the space.
const MISSED: &str = "missed call";

/// A call is over.
pub fn call_ended(spoke: Option<SignedDuration>) -> String {
    match spoke {
        Some(spoke) => format!("the call is over, after {}.", length(spoke)),
        None => format!("{MISSED}: nobody took it."),
    }
}

/// Somebody spoke after the tone.
pub fn voicemail(spoken: SignedDuration) -> String {
    format!("left a message of {}.", length(spoken))
}

/// A STOP came.
pub fn stopped(customer: &str) -> String {
    format!("🔕 {} texted STOP. Nothing can be sent until START.", escape(customer))
}

/// A START came.
pub fn started(customer: &str) -> String {
    format!("🔔 {} texted START. Texts are welcome again.", escape(customer))
}

/// Said under what a customer writes who wants no texts.
pub fn is_opted_out() -> String {
    "🔕 This customer texted STOP earlier. Nothing can be sent until START.".to_owned()
}

/// Twilio knew of a STOP that we didn't.
pub fn refused_by_twilio() -> String {
    "🔕 Twilio says that this customer wants no more texts (21610). Nothing can be sent until the customer texts START.".to_owned()
}

/// An agent said STOP for the customer.
pub fn opted_out_by(agent: &Agent) -> String {
    format!(
        "🔕 {} switched texts to this customer off. They come on again when the customer texts START.",
        escape(&agent.name)
    )
}

/// Somebody was asked to answer.
pub fn please_answer(agent: &Agent) -> String {
    format!("<@personId:{}|{}> please answer: nobody else is here.", agent.id, escape(&agent.name))
}

/// The lobby is told.
pub fn who_waits(customer: &str, why: &str) -> String {
    format!("**{}** waits for an answer: {why}.", escape(customer))
}

/// Why an agent's words stayed here, where that may be a surprise; none for whispers and the like.
pub fn stays(why: &Why, sight: Sight, answers: Answers) -> Option<String> {
    match why {
        Why::Unknown(command) => Some(format!(
            "**Not sent.** I don't know {}. `/help` lists the commands; a text that begins with / is sent with `/reply`.",
            escape(command)
        )),
        Why::Outsider => Some(
            "**Not sent.** Customers hear only people of our organisation and those who stand among the line's `agents`.".to_owned(),
        ),
        Why::NotAddressed if sight == Sight::OnlyMentions => {
            Some(format!("**Not sent.** {}", rules(answers, sight)))
        }
        // Where everything leaves, only what is answered in a thread has to be addressed.
        Why::NotAddressed if answers == Answers::Everything => Some(
            "**Not sent.** What stands in a thread stays here: it may belong to a whisper. Begin with `/reply` to send it.".to_owned(),
        ),
        // Where everything is seen and only `/reply` leaves, people talk to each other without a word of ours.
        Why::NotAddressed | Why::Echo | Why::Machine | Why::Whisper | Why::Mention | Why::Empty => None,
    }
}

/// Why an answer did not leave.
pub fn not_sent_limit(limits: Limits) -> String {
    format!(
        "**Not sent.** More than {} answers in a minute or {} in a day went to this customer. Write it again later.",
        limits.per_minute, limits.per_day
    )
}

/// Why an answer did not leave.
pub fn not_sent_too_long(characters: usize, most: usize) -> String {
    format!(
        "**Not sent.** A text has at most {most} characters, and this one has {characters}. Send it in several."
    )
}

/// Why an answer did not leave.
pub fn not_sent_unconfirmed(number: &str) -> String {
    format!(
        "**Not sent.** No text ever came from this customer's number. It gets texts as soon as it texts {number}."
    )
}

/// The other way was not open. `why` may be one of the reasons for which nothing leaves.
pub fn only_by_mail(why: &str) -> String {
    format!("It goes by mail only. {}", why.trim_start_matches("**Not sent.** "))
}

/// Of an answer that goes by mail only.
pub const FILES_STAY: &str = "Its files stay here: files don't go by mail.";

/// A long text waits a moment.
pub fn long_text(parts: &Parts, class: PriceClass, held: SignedDuration) -> String {
    let odd = parts
        .unicode
        .map(|odd| {
            format!(" because of \u{201c}{}\u{201d}, which makes them shorter", escape(&odd.to_string()))
        })
        .unwrap_or_default();
    let class = match class {
        PriceClass::Domestic => "domestic",
        PriceClass::International => "international",
    };
    format!(
        "This is a long text: {} parts{odd}, {class} price for each. It leaves in {} unless you delete it.",
        parts.count,
        length(held)
    )
}

/// What became of an answer that was changed or taken away.
pub fn taken_back(who: &str, changed: bool, in_time: bool) -> String {
    let who = escape(who);
    match (changed, in_time) {
        (true, true) => format!("✏️ {who} changed an answer before it left. Only what it says now is sent."),
        (true, false) => format!(
            "✏️ {who} changed an answer that was **already sent**. The customer has it as it was first; write again to correct it."
        ),
        (false, true) => format!("🗑️ {who} took an answer back before it left. The customer got nothing."),
        (false, false) => {
            format!("🗑️ {who} deleted an answer that was **already sent**. It is on the customer's phone.")
        }
    }
}

/// `/claim`.
pub fn claimed(by: &Agent, had: Option<&Agent>) -> String {
    match had {
        Some(had) if had.id != by.id => {
            format!("**{}** has it now, instead of {}.", escape(&by.name), escape(&had.name))
        }
        _ => format!("**{}** has it.", escape(&by.name)),
    }
}

/// `/release`.
pub fn released(by: &Agent) -> String {
    format!("{} gave it back. The customer's next text looks for somebody.", escape(&by.name))
}

/// `/close`.
pub fn closed(by: &Agent, note: Option<&str>) -> String {
    let note = note.map(|note| format!(" {}", quoted(note))).unwrap_or_default();
    format!("Closed by {}.{note} It opens again when the customer writes.", escape(&by.name))
}

/// `/name`.
pub fn named(name: &str) -> String {
    format!("The customer is called **{}** from now on.", escape(name))
}

/// `/canned` with a name that there isn't.
pub fn no_canned(name: &str, line: &Line) -> String {
    if line.canned.is_empty() {
        return "**Not sent.** This line has no prepared answers (`canned` in the configuration).".to_owned();
    }
    let names: Vec<_> = line.canned.keys().map(|name| format!("`{name}`")).collect();
    format!("**Not sent.** There is no answer called {}. There are: {}.", escape(name), names.join(", "))
}

/// `/call`.
pub fn ringing(by: &Agent) -> String {
    format!("Your phone rings, {}. Press 1, and the customer is called.", escape(&by.name))
}

/// `/call` without a number.
pub fn no_phone(by: &Agent) -> String {
    format!("I don't know your number, {}: it belongs to `agents` in the configuration.", escape(&by.name))
}

/// `/who`.
pub fn who(conversation: &Conversation, sender: &Sender, zone: &TimeZone) -> String {
    let mut lines = vec![format!("The customer is **{}**.", escape(&conversation.called()))];
    if let (Some(Address::Number(number)), Some(_)) = (&conversation.address, &conversation.name) {
        lines.push(format!("Number: {}", escape(number)));
    }
    if let Some(email) = &conversation.email {
        lines.push(format!("Mail: {}", escape(email)));
    }
    lines.push(match &conversation.assignee {
        Some(agent) => format!("**{}** has it.", escape(&agent.name)),
        None => "Nobody has it.".to_owned(),
    });
    if let Some(since) = conversation.waiting_since {
        lines.push(format!("The customer waits for an answer since {}.", day_and_time(since, zone)));
    }
    if let Some(since) = sender.opted_out {
        lines.push(format!("🔕 No texts since {}.", day_and_time(since, zone)));
    }
    lines.push(format!("Open since {}.", day_and_time(conversation.opened_at, zone)));
    lines.join("  \n")
}

/// `/hours`.
pub fn hours(line: &Line, open: bool) -> String {
    let now = if open { "We are open now." } else { "We are closed now." };
    let Some(hours) = &line.hours else { return "We are always open.".to_owned() };
    let days = hours.week.iter().map(|(day, times)| format!("{}: {}", escape(day), escape(times)));
    format!("{now}  \n{}", days.collect::<Vec<_>>().join("  \n"))
}

/// `/erase`, before it is confirmed.
pub fn erase_sure(customer: &str) -> String {
    format!(
        "This forgets everything that was said with **{}**, for good. To do it, write `/erase yes` within ten minutes.",
        escape(customer)
    )
}

/// `/erase`, when it is done: what is gone, and what isn't ours to remove.
pub fn erased(rows: u32, kept_opt_out: bool) -> String {
    let kept = if kept_opt_out {
        " That the number wants no texts is still known, so that it gets none."
    } else {
        ""
    };
    format!(
        "Forgotten: {rows} entries about this customer are removed from Handbell.{kept} Backups of the table forget them within 35 days.\n\n\
         What remains is not Handbell's: this space at Webex (delete it there), what was posted in the lobby and for those who wait, and \
         Twilio's log of texts, calls and recordings (Console → Monitor → Logs, or wait until Twilio's own retention removes them)."
    )
}

/// What an agent's phone says when it is answered after `/call`.
pub fn connect_you(customer: &str) -> String {
    format!("This is Handbell. Press 1 to be connected with {customer}.")
}

/// The subject of a mail to a customer.
pub fn mail_subject(line: &str) -> String {
    format!("Your message to {line}")
}

/// The text of a mail to a customer.
pub fn mail(text: &str, line: &str, number: &str) -> String {
    format!("{text}\n\n-- \n{line}\nTo answer, text or call {number}.\n")
}

/// Spoken after a message was recorded.
pub const THANK_YOU: &str = "Thank you. Your message was recorded. Goodbye.";
/// Spoken to a caller when nobody is there and nothing is recorded.
pub const NOBODY_TAKES_CALLS: &str = "Nobody can take your call now. Please try again later. Goodbye.";
/// Spoken to an agent before the customer's phone rings.
pub const CONNECTING: &str = "One moment.";

/// Told to a customer whose text could not be shown to anybody.
pub const APOLOGY: &str = "There was a problem receiving your message. Please try again later.";

/// The text to a customer about a file that is too big, or of no kind, for a phone.
pub fn link(address: &str) -> String {
    format!("File (valid for 7 days): {address}")
}

/// Under an answer: what became of it.
pub fn fate(
    dispatch: &Dispatch,
    line: impl Fn(&Delivery, Option<&crate::dispatch::Fate>) -> String,
) -> Option<String> {
    let by_itself = dispatch.talk.as_ref().is_some_and(|talk| talk.who == Who::Handbell);
    let lines: Vec<String> = dispatch
        .deliveries
        .iter()
        .filter(|(name, delivery)| {
            let failed = delivery.progress == Progress::Dead
                || dispatch
                    .fates
                    .get(*name)
                    .is_some_and(|fate| matches!(fate.status.as_str(), "failed" | "undelivered"));
            let told = match &delivery.say {
                // What is held for a moment, or said by itself, needs no word as long as all goes well.
                say if say.is_answer() => match delivery.progress {
                    Progress::Pending => delivery.why.is_some(),
                    // That it was taken back is told by a post of its own.
                    Progress::Cancelled if delivery.why.as_deref() == Some(TAKEN_BACK) => false,
                    _ => !by_itself,
                },
                Say::Connect { .. } => true,
                _ => false,
            };
            !matches!(delivery.say, Say::Report | Say::Erase { .. }) && (failed || told)
        })
        .map(|(name, delivery)| line(delivery, dispatch.fates.get(name)))
        .collect();
    (!lines.is_empty()).then(|| lines.join("  \n"))
}

/// All that was said, for people who read it later.
pub fn transcript(title: &str, dispatches: &[Dispatch], zone: &TimeZone, now: Timestamp) -> String {
    let mut text = format!("{title}\nWritten down {}\n\n", day_and_time(now, zone));
    for talk in dispatches.iter().filter_map(|dispatch| dispatch.talk.as_ref().map(|talk| (dispatch, talk))) {
        text += &transcript_line(talk.0, talk.1, zone);
        text.push('\n');
    }
    text
}

fn transcript_line(dispatch: &Dispatch, talk: &Talk, zone: &TimeZone) -> String {
    let who = match &talk.who {
        Who::Customer => talk.customer.clone(),
        Who::Agent(name) => format!("{name} (agent)"),
        Who::Handbell => "Handbell (by itself)".to_owned(),
    };
    let way = match talk.way {
        Way::Call => " [call]",
        Way::Form => " [web form]",
        Way::Text | Way::Space => "",
    };
    let files = match talk.files {
        0 => String::new(),
        1 => " [a file]".to_owned(),
        many => format!(" [{many} files]"),
    };
    let not_sent = if talk.who == Who::Customer { "" } else { not_sent(dispatch) };
    // Whatever somebody writes, it never looks like a line of ours.
    let text = talk.text.replace("\r\n", "\n").replace(['\r', '\n'], "\n    ");
    format!("{}  {who}{way}: {text}{files}{not_sent}", day_and_time(talk.at, zone))
}

/// What stands behind an answer that never left.
fn not_sent(dispatch: &Dispatch) -> &'static str {
    let mut answers = dispatch.deliveries.values().filter(|delivery| delivery.say.is_answer()).peekable();
    if answers.peek().is_none() || dispatch.was_taken_back() != Some(true) {
        ""
    } else if answers.any(|delivery| delivery.progress == Progress::Cancelled) {
        " [taken back, not sent]"
    } else {
        " [not sent]"
    }
}

/// The last that was said, in the space.
pub fn history(dispatches: &[Dispatch], zone: &TimeZone) -> String {
    const LAST: usize = 20;
    let said: Vec<_> = dispatches
        .iter()
        .filter_map(|dispatch| dispatch.talk.as_ref().map(|talk| (dispatch, talk)))
        .collect();
    let from = said.len().saturating_sub(LAST);
    // Each in a list's item: whatever somebody writes, it never looks like a line of ours.
    let lines: Vec<_> = said[from..]
        .iter()
        .map(|(dispatch, talk)| {
            format!("- {}", quoted(&transcript_line(dispatch, talk, zone)).replace('\n', "\n  "))
        })
        .collect();
    if lines.is_empty() { "Nothing was said yet.".to_owned() } else { lines.join("\n") }
}

/// Told to the admins when no more texts leave a line today.
pub fn spent(line: &str, parts: u32) -> String {
    format!(
        "The line {line} has sent {parts} parts of texts today, which is its limit (parts_per_day). Answers to customers stay here until \
         midnight UTC, and the agents are told so. Raise the limit in the configuration if this is right."
    )
}

/// Why something was not said by itself.
pub const SPENT_BY_ITSELF: &str = "the line has said enough by itself today";

/// Why an answer did not leave.
pub const SPENT: &str = "the line's limit for today is reached (parts_per_day); the admins are told";

/// What the incident of a customer who waits begins with.
pub fn waits(customer: &str, since: Timestamp, now: Timestamp) -> String {
    let waited = super::ago(since.min(now), now);
    format!("**{}** has been waiting for an answer for {waited}.", escape(customer))
}
