//! Texts of conversations: in a customer's space, to the customer, and to the admins.

mod call;
mod commands;
mod customer_name;
mod opt_out;
mod transcript;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::escape::{escape_markdown as escape, plain};
use crate::address::{E164, EmailAddress};
use crate::config::{Answers, Limits, Line};
use crate::conversation::relay_policy::{KeptReason, Visibility};
use crate::conversation::{Address, Agent, Conversation};
use crate::delivery::{ConversationEntry, Medium, Speaker, TakenBack};
use crate::texting::{PriceClass, Segments};

pub use call::*;
pub use commands::*;
pub use opt_out::*;
pub use transcript::{history, transcript};

/// Why nobody answers: the team is closed.
pub const OUTSIDE_HOURS: &str = "outside hours";
/// Why nobody answers: no agent is available.
pub const NOBODY_THERE: &str = "nobody of the team is there";
/// An answer was not sent because the customer has no number.
pub const NOT_SENT_NO_NUMBER: &str =
    "**Not sent.** This customer has no number that texts or calls can go to.";
/// An answer was not sent because of the number's country.
pub const NOT_SENT_COUNTRY: &str =
    "**Not sent.** Texts to this country are not allowed on this line (`countries` in the configuration).";

fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

fn day_and_time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Quotes what people wrote, each line for itself, as Webex shows it. Nothing in it formats, links or mentions.
fn quoted(text: &str) -> String {
    text.lines().map(quoted_line).collect::<Vec<_>>().join("  \n")
}

/// Quotes several lines with a `>` before each: nobody's words may look like Handbell's.
fn set_apart(text: &str) -> String {
    if text.lines().nth(1).is_none() {
        return quoted(text);
    }
    text.lines().fold(String::new(), |all, line| format!("{all}\n> {}  ", quoted_line(line)))
}

/// Escapes the beginning of a line that would make a list, a heading or a rule. The line is trimmed, since an indented one would be
/// code.
fn quoted_line(line: &str) -> String {
    let line = escape(line.trim());
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    match line.as_bytes().get(digits) {
        Some(b'-' | b'+' | b'=') if digits == 0 => format!("\\{line}"),
        Some(b'.') if digits > 0 => format!("{}\\{}", &line[..digits], &line[digits..]),
        _ => line,
    }
}

/// Returns the first post in every space: which messages go to the customer, and which don't.
pub fn first_post(line: &Line, sight: Visibility, address: &Address) -> String {
    let who = match address {
        Address::Phone(phone) => {
            format!("This is the space of the customer **{}**.", escape(phone.as_str()))
        }
        Address::Mail(address) => format!("This is the space of the customer **{}**.", escape(address)),
        Address::Hidden => "This is the space of callers who show no number.".to_owned(),
    };
    format!("{who} {}", rules(line.answers, sight))
}

fn rules(answers: Answers, sight: Visibility) -> &'static str {
    match (sight, answers) {
        (Visibility::Everything, Answers::Everything) => {
            "**Everything that you write here goes to the customer**, but for whispers: what begins with `/w` or `note:`, and what \
             mentions somebody. `/help` lists the commands."
        }
        (Visibility::Everything, Answers::Explicit) => {
            "Only what begins with **`/reply`** goes to the customer; everything else stays here. `/help` lists the commands."
        }
        (Visibility::OnlyMentions, Answers::Everything) => {
            "**Only what begins with a mention of me goes to the customer**; everything else stays here. Mention me and write \
             `/help` for the commands."
        }
        (Visibility::OnlyMentions, Answers::Explicit) => {
            "Only what begins with a mention of me and **`/reply`** goes to the customer; everything else stays here. Mention me \
             and write `/help` for the commands."
        }
    }
}

/// Returns the answer to `/help`.
pub fn help(line: &Line, sight: Visibility) -> String {
    let commands = [
        "`/w words`, `note: words`: stays here",
        "`/reply words`: goes to the customer",
        "`/claim`, `/release`: you have it; you don't have it any more",
        "`/noreply`: what the customer wrote last needs no answer",
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

/// Returns a conversation entry as it is shown in the space.
pub fn entry(entry: &ConversationEntry, zone: &TimeZone) -> String {
    let at = time(entry.at, zone);
    match (&entry.speaker, entry.medium) {
        (Speaker::Customer, Medium::Call) => {
            let text = quoted(&entry.text).replacen(MISSED, &format!("**{MISSED}**"), 1);
            format!("📞 **{}** {at}: {text}", escape(&entry.customer))
        }
        (Speaker::Customer, Medium::Form) => {
            let note = if entry.note.is_empty() { String::new() } else { format!("{}\n\n", entry.note) };
            format!(
                "🌐 **{}** {at}, by the web form:\n\n{note}> {}",
                escape(&entry.customer),
                quoted(&entry.text).replace('\n', "\n> ")
            )
        }
        (Speaker::Customer, _) if entry.text.is_empty() => format!("**{}** {at}:", escape(&entry.customer)),
        (Speaker::Customer, _) => {
            let note = if entry.note.is_empty() { String::new() } else { format!("\n\n{}", entry.note) };
            format!("**{}** {at}: {}{note}", escape(&entry.customer), set_apart(&entry.text))
        }
        (Speaker::Agent(name), Medium::Call) => format!("📞 {} {at}: {}", escape(name), quoted(&entry.text)),
        (Speaker::Agent(name), _) => format!("{} {at}: {}", escape(name), quoted(&entry.text)),
        (Speaker::Handbell, _) => {
            format!("🤖 The customer received an automatic reply, {at}: {}", quoted(&entry.text))
        }
    }
}

/// Reports a file that could not be fetched.
pub fn no_file(why: &str) -> String {
    format!("(A file came with it, but it can't be shown: {}.)", escape(why))
}

/// Returns the notes on a form, whose message and mail address anybody may have typed.
pub fn by_form(email: Option<&EmailAddress>, conversation: &Conversation, confirmed: bool) -> String {
    let by_number = matches!(conversation.address, Some(Address::Phone(_)));
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
    // A number that has texted gets answers there alone, whatever address was known before.
    let answered = conversation.email.as_ref().filter(|_| !(by_number && confirmed));
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

/// Asks an agent to answer.
pub fn please_answer(agent: &Agent) -> String {
    format!("<@personId:{}|{}> please answer: nobody else is here.", agent.id, escape(&agent.name))
}

/// Tells the lobby that a customer waits.
pub fn who_waits(customer: &str, why: &str) -> String {
    format!("**{}** waits for an answer: {why}.", escape(customer))
}

/// Explains that a message stayed because its line is gone from the configuration.
pub fn line_gone(line: &str) -> String {
    format!(
        "**Not sent.** The line {} is gone from the configuration, so nothing that you write here goes to the customer. If the line \
         was renamed, write `was: {}` in its new entry.",
        escape(line),
        plain(line)
    )
}

/// Explains why an agent's message stayed in the space, where that may be a surprise; none for whispers and the like.
pub fn stays(why: &KeptReason, sight: Visibility, answers: Answers) -> Option<String> {
    match why {
        KeptReason::Unknown(command) => Some(format!(
            "**Not sent.** I don't know {}. `/help` lists the commands; a text that begins with / is sent with `/reply`.",
            escape(command)
        )),
        KeptReason::Colleague => Some(
            "**Not sent.** It calls a colleague with an @, so it stays here. Write the name without the @ to send it.".to_owned(),
        ),
        KeptReason::Doubtful => {
            let how = match sight {
                Visibility::Everything => "Begin with",
                Visibility::OnlyMentions => "Mention me and write",
            };
            Some(format!(
                "**Not sent.** It reads like a note to colleagues, so it stays here. {how} `/reply` and the same words to send it."
            ))
        }
        KeptReason::Outsider => Some(
            "**Not sent.** Customers hear only people of our organisation and those who stand among the line's `agents`.".to_owned(),
        ),
        KeptReason::NotAddressed if sight == Visibility::OnlyMentions => {
            Some(format!("**Not sent.** {}", rules(answers, sight)))
        }
        // Where every message is sent, only a reply in a thread has to be addressed.
        KeptReason::NotAddressed if answers == Answers::Everything => Some(
            "**Not sent.** What stands in a thread stays here: it may belong to a whisper. Begin with `/reply` to send it.".to_owned(),
        ),
        // Where every message is seen and only `/reply` is sent, people talk to each other without comments by Handbell.
        KeptReason::NotAddressed | KeptReason::Echo | KeptReason::Machine | KeptReason::Whisper | KeptReason::Mention | KeptReason::Empty => None,
    }
}

/// Reports that an answer was not sent because of the line's limits.
pub fn not_sent_limit(limits: Limits) -> String {
    format!(
        "**Not sent.** More than {} answers in a minute or {} in a day went to this customer. Write it again later.",
        limits.per_minute, limits.per_day
    )
}

/// Reports that an answer was not sent because it is too long.
pub fn not_sent_too_long(characters: usize, most: usize) -> String {
    format!(
        "**Not sent.** A text has at most {most} characters, and this one has {characters}. Send it in several."
    )
}

/// Reports that an answer was not sent because no text ever came from the number.
pub fn not_sent_unconfirmed(number: &E164) -> String {
    format!(
        "**Not sent.** No text ever came from this customer's number. It gets texts as soon as it texts {number}."
    )
}

/// Reports that an answer goes by mail only. `why` may be one of the reasons for which nothing is sent.
pub fn only_by_mail(why: &str) -> String {
    format!("It goes by mail only. {}", why.trim_start_matches("**Not sent.** "))
}

/// Added to an answer with files that goes by mail only.
pub const FILES_STAY: &str = "Its files stay here: files don't go by mail.";

/// Reports that a long text is held for a moment.
pub fn long_text(parts: &Segments, class: PriceClass, held: SignedDuration) -> String {
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

/// Explains why an edited message that had stayed in the space has no effect.
pub fn edited_too_late(command: bool) -> String {
    match command {
        true => "**Nothing was done.** An edited message is no command. Write the command as a new message.",
        false => {
            "**Not sent.** An edited message isn't sent if it stayed here at first. Write it as a new message to send it."
        }
    }
    .to_owned()
}

/// Reports the outcome for an answer that was edited or deleted.
pub fn taken_back(taken: &TakenBack, in_time: bool) -> String {
    let who = escape(&taken.by);
    match (taken.changed, in_time) {
        (true, true) if taken.now.is_none() => {
            format!("✏️ {who} changed an answer before it left. The customer got nothing.")
        }
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

/// Returns the words that an agent hears on the phone after `/call`.
pub fn connect_you(customer: &str) -> String {
    format!("This is Handbell. Press 1 to be connected with {customer}.")
}

/// Returns the subject of a mail to a customer.
pub fn mail_subject(line: &str) -> String {
    format!("Your message to {line}")
}

/// Returns the text of a mail to a customer.
pub fn mail(text: &str, line: &str, number: &str) -> String {
    format!("{text}\n\n-- \n{line}\nTo answer, text or call {number}.\n")
}

/// Spoken after a message was recorded.
pub const THANK_YOU: &str = "Thank you. Your message was recorded. Goodbye.";
/// Spoken to a caller when nobody is there and nothing is recorded.
pub const NOBODY_TAKES_CALLS: &str = "Nobody can take your call now. Please try again later. Goodbye.";
/// Spoken to an agent before the customer's phone rings.
pub const CONNECTING: &str = "One moment.";

/// Sent to a customer whose text could not be shown to anybody.
pub const APOLOGY: &str = "There was a problem receiving your message. Please try again later.";

/// Returns the text to a customer about a file that is too big for a phone, or of a kind that phones don't show.
pub fn link(address: &str) -> String {
    format!("File (valid for 7 days): {address}")
}

/// Tells the admins that a line sends no more texts today.
pub fn limit_reached(line: &str, parts: u32) -> String {
    format!(
        "The line {line} has sent {parts} parts of texts today, which is its limit (parts_per_day). Answers to customers stay here until \
         midnight UTC, and the agents are told so. Raise the limit in the configuration if this is right."
    )
}

/// Why an automatic reply was not sent.
pub const AUTOMATIC_LIMIT_REACHED: &str = "the line has sent enough automatic replies today";

/// Why an answer was not sent.
pub const LIMIT_REACHED: &str = "the line's limit for today is reached (parts_per_day); the admins are told";

/// Returns the first post of the incident of a customer who waits.
pub fn waits(customer: &str, waited: SignedDuration) -> String {
    let waited = super::words::rounded(waited.max(SignedDuration::ZERO));
    format!("**{}** has been waiting for an answer for {waited}.", escape(customer))
}
