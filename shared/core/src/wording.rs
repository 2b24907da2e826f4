//! Everything that Handbell says to people, as pure functions.

pub mod conversation;
pub mod incident;
pub mod occupancy;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::{Plan, Severity};
use crate::delivery::{
    Content, Delivery, DeliveryState, DirectMessage, Dispatch, InternalTask, MailMessage, Message,
    PhoneMessage, SpaceMessage, VendorStatus,
};
use crate::incident::{By, Incident, Phase, reference};

/// How times are written and things are called.
#[derive(Clone, Debug)]
pub struct Words {
    /// The zone in which people read times.
    pub zone: TimeZone,
    /// What the button, the zone, the site or the source is called.
    pub name: String,
    /// What an alert is about, and how bad it is.
    pub alert: Option<(String, Severity)>,
}

impl Words {
    fn title(&self) -> String {
        self.alert.as_ref().map_or_else(|| self.name.clone(), |(title, _)| title.clone())
    }

    fn severity(&self) -> &'static str {
        self.alert.as_ref().map_or("", |(_, severity)| severity.name())
    }
}

/// The values of the placeholders.
#[derive(Clone, Debug)]
pub struct Values {
    /// `{button}`, `{zone}` or `{customer}`.
    pub name: String,
    /// `{count}`.
    pub count: u64,
    /// `{time}`.
    pub time: String,
    /// `{incident}`.
    pub incident: String,
    /// `{level}` of a zone.
    pub level: String,
    /// `{capacity}` of a zone.
    pub capacity: String,
    /// `{usual}` count of a zone.
    pub usual: String,
    /// `{title}` of an alert; of anything else, what it is called.
    pub title: String,
    /// `{severity}` of an alert.
    pub severity: &'static str,
}

impl Values {
    /// The values for what a dispatch says.
    pub fn of(dispatch: &Dispatch, words: &Words) -> Self {
        Self {
            name: words.name.clone(),
            count: dispatch.of_incident().map_or(0, |of| of.count),
            time: clock(dispatch.at, words),
            incident: reference(&dispatch.key.subject, dispatch.key.epoch),
            level: dispatch.view().and_then(|view| view.level).map_or("", occupancy::level).to_owned(),
            capacity: number(dispatch.view().and_then(|view| view.capacity)),
            usual: number(dispatch.view().and_then(|view| view.usual)),
            title: words.title(),
            severity: words.severity(),
        }
    }

    /// The values as the incident is now: for a call that has just been answered.
    pub fn now(incident: &Incident, words: &Words, now: Timestamp) -> Self {
        Self {
            name: words.name.clone(),
            count: incident.count,
            time: clock(now, words),
            incident: incident.reference(),
            level: incident.crowd.as_ref().map_or("", |now| occupancy::level(now.level)).to_owned(),
            capacity: number(incident.crowd.as_ref().and_then(|now| now.capacity)),
            usual: number(None),
            title: words.title(),
            severity: words.severity(),
        }
    }

    /// The text with its placeholders filled in, each value passed through `escape`. Unknown braces stay as they are.
    pub fn fill(&self, template: &str, escape: fn(&str) -> String) -> String {
        let mut filled = String::with_capacity(template.len());
        let mut rest = template;
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            filled.push_str(before);
            // A brace that is opened again before it is closed is only a brace.
            let end = from[1..]
                .find(['{', '}'])
                .filter(|end| from[1..][*end..].starts_with('}'))
                .map_or(1, |end| end + 2);
            let value = match &from[..end] {
                "{button}" | "{zone}" | "{customer}" | "{source}" => escape(&self.name),
                "{title}" => escape(&self.title),
                "{severity}" => escape(self.severity),
                "{level}" => escape(&self.level),
                "{capacity}" => escape(&self.capacity),
                "{usual}" => escape(&self.usual),
                "{count}" => self.count.to_string(),
                "{time}" => escape(&self.time),
                "{incident}" => escape(&self.incident),
                other => other.to_owned(),
            };
            filled.push_str(&value);
            rest = &from[end..];
        }
        filled + rest
    }
}

/// A number that may not be known.
fn number(number: Option<u32>) -> String {
    number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
}

/// Data for Webex markdown: nothing in it formats, links or mentions.
pub fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' | '\r' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '~' | '|' | '!' => {
                escaped.push('\\');
                escaped.push(sign);
            }
            _ => escaped.push(sign),
        }
    }
    escaped
}

/// Data for plain text: as it is, on one line.
pub fn plain(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// The text with `somebody` in the place of every phone number and mail address.
pub fn without_addresses(text: &str) -> String {
    let shown: Vec<String> = text
        .split(' ')
        .map(|word| {
            let bare = word.trim_matches(|sign: char| !sign.is_alphanumeric() && sign != '+');
            let digits = bare.bytes().filter(u8::is_ascii_digit).count();
            let number = bare.starts_with('+') && digits >= 6;
            let mail = bare
                .split_once('@')
                .is_some_and(|(before, behind)| !before.is_empty() && behind.contains('.'));
            if number || mail { word.replace(bare, "somebody") } else { word.to_owned() }
        })
        .collect();
    shown.join(" ")
}

/// `14:02`.
pub fn clock(at: Timestamp, words: &Words) -> String {
    at.to_zoned(words.zone.clone()).strftime("%H:%M").to_string()
}

/// `6 min`, `2 h`.
fn ago(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs();
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn ordinal(number: u64) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// How a button is named as somebody who did something.
pub fn the_button(words: &Words) -> String {
    format!("the button {}", words.name)
}

/// A press past the last step.
pub fn pressed_again(count: u64, words: &Words) -> String {
    format!("**{}** was pressed again, the {} time.", escape_markdown(&words.name), ordinal(count))
}

/// A press although somebody had it.
pub fn pressed_after_acknowledgement(count: u64, by: &By, words: &Words) -> String {
    format!(
        "**{}** was pressed again, the {} time, although {} had acknowledged at {}.",
        escape_markdown(&words.name),
        ordinal(count),
        escape_markdown(&by.who),
        clock(by.at, words)
    )
}

/// A press that was made long before it arrived.
pub fn late(at: Timestamp, now: Timestamp, words: &Words) -> String {
    format!(
        "A late press of **{}**: made at {}, {} ago, and only received now. It takes no step; press again if help is still needed.",
        escape_markdown(&words.name),
        clock(at, words),
        ago(at, now)
    )
}

/// The next step came by itself.
pub fn nobody_answered(since: Timestamp, words: &Words) -> String {
    format!("Nobody has acknowledged since {}. The next step is taken.", clock(since, words))
}

/// Somebody asked for the next step.
pub fn wanted_next(who: &str, _: &Words) -> String {
    format!("{} asked for the next step.", escape_markdown(who))
}

/// Somebody has it.
pub fn acknowledged(by: &By, words: &Words) -> String {
    format!("✅ **{}** has it since {}.", escape_markdown(&by.who), clock(by.at, words))
}

/// It was nothing.
pub fn cancelled(by: &By, words: &Words) -> String {
    format!("Cancelled by {} at {}. No help is needed.", escape_markdown(&by.who), clock(by.at, words))
}

/// It is done.
pub fn resolved(by: &By, words: &Words) -> String {
    format!("Resolved by {} at {}.", escape_markdown(&by.who), clock(by.at, words))
}

/// The template of a text or a call of the plan; `instead_of` is the message whose place it takes.
pub fn template<'a>(content: &Content, plan: &'a Plan, instead_of: &Message) -> Option<&'a str> {
    // A call takes the place of a text, and says what is spoken; and the other way round.
    let text = match instead_of {
        Message::Phone(PhoneMessage::Text { .. }) => true,
        Message::Space(_)
        | Message::Direct(_)
        | Message::Phone(
            PhoneMessage::Call { .. } | PhoneMessage::Reply { .. } | PhoneMessage::Connect { .. },
        )
        | Message::Mail(_)
        | Message::Internal(_) => false,
    };
    match content {
        Content::Page { .. } => incident::page(content, plan, text),
        Content::Step { step, item } => {
            let step = plan.step(*step)?;
            match text {
                true => step.sms.get(*item).map(|sms| sms.text.as_str()),
                false => step.call.get(*item).map(|call| call.say.as_str()),
            }
        }
        Content::Text(_) | Content::Entry | Content::FirstPost(_) | Content::TakenBack { .. } => None,
    }
}

/// The title of an incident's space.
pub fn space_title(plan: &Plan, dispatch: &Dispatch, words: &Words) -> String {
    let opened_at = dispatch.of_incident().map_or(dispatch.at, |of| of.opened_at);
    let values = Values {
        time: opened_at.to_zoned(words.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        ..Values::of(dispatch, words)
    };
    values.fill(&plan.space.title, plain)
}

/// What a post says, in markdown. The label of a file stands above the text.
pub fn post(content: &Content, plan: Option<&Plan>, dispatch: &Dispatch, words: &Words) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Entry => dispatch
            .conversation_entry()
            .map_or_else(String::new, |entry| conversation::entry(entry, &words.zone)),
        Content::Page { .. } => plan
            .and_then(|plan| incident::page(content, plan, false))
            .map_or_else(String::new, |text| Values::of(dispatch, words).fill(text.trim_end(), plain)),
        // Only whoever speaks to Webex can tell.
        Content::TakenBack { .. } | Content::FirstPost(_) => String::new(),
        Content::Step { step, .. } => {
            let post = plan.and_then(|plan| plan.step(*step)).and_then(|step| step.post.as_ref());
            let values = Values::of(dispatch, words);
            let label = post
                .and_then(|post| post.label.as_deref())
                .map(|label| format!("📎 *{}*", values.fill(label, escape_markdown)));
            let text = post
                .and_then(|post| post.markdown.as_deref())
                .map(|text| values.fill(text.trim_end(), escape_markdown));
            [text, label].into_iter().flatten().collect::<Vec<_>>().join("\n\n")
        }
    }
}

/// The most bytes of a post (Webex, Messages API).
const POST_MAX: usize = 7439;

/// A post with the reference tag by which it can be found again.
pub fn tagged_post(markdown: &str, tag: &str) -> String {
    // Whatever is cut off, it isn't the tag.
    let room = POST_MAX - tag.len() - 8;
    let end = (0..=markdown.len().min(room)).rev().find(|end| markdown.is_char_boundary(*end)).unwrap_or(0);
    if end < markdown.len() {
        return format!("{}…\n\n`{tag}`", &markdown[..end]);
    }
    if markdown.is_empty() { format!("`{tag}`") } else { format!("{markdown}\n\n`{tag}`") }
}

/// What a text message says, with its reference tag.
pub fn sms(content: &Content, plan: Option<&Plan>, dispatch: &Dispatch, words: &Words, tag: &str) -> String {
    let text = match content {
        Content::Text(text) => text.clone(),
        Content::Entry | Content::TakenBack { .. } | Content::FirstPost(_) => String::new(),
        Content::Page { .. } => {
            let text = plan.and_then(|plan| incident::page(content, plan, false)).unwrap_or_default();
            let text = Values::of(dispatch, words).fill(text.trim_end(), plain);
            return incident::page_text(&text, dispatch, tag);
        }
        Content::Step { step, item } => {
            let template = plan
                .and_then(|plan| plan.step(*step))
                .and_then(|step| step.sms.get(*item))
                .map_or("", |sms| sms.text.as_str());
            Values::of(dispatch, words).fill(template.trim_end(), plain)
        }
    };
    format!("{text} ({tag})")
}

/// What a call says, as the incident is at this moment.
pub fn spoken(
    content: &Content,
    plan: Option<&Plan>,
    incident: &Incident,
    words: &Words,
    now: Timestamp,
) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Entry | Content::TakenBack { .. } | Content::FirstPost(_) => String::new(),
        Content::Page { .. } => {
            let text = plan.and_then(|plan| incident::page(content, plan, true)).unwrap_or_default();
            Values::now(incident, words, now).fill(text, plain)
        }
        Content::Step { step, item } => {
            let template = plan
                .and_then(|plan| plan.step(*step))
                .and_then(|step| step.call.get(*item))
                .map_or("", |call| call.say.as_str());
            Values::now(incident, words, now).fill(template, plain)
        }
    }
}

/// What a call says when nobody is needed any more; none while the incident is open.
pub fn spoken_when_over(incident: &Incident, words: &Words) -> Option<String> {
    let by = incident.taken_by.as_ref();
    match incident.phase {
        Phase::Open => None,
        Phase::Acknowledged => Some(format!(
            "This is Handbell. {} has it since {}. You are not needed. Goodbye.",
            by.map_or("Somebody", |by| by.who.as_str()),
            by.map_or_else(String::new, |by| clock(by.at, words))
        )),
        Phase::Resolved | Phase::Cancelled | Phase::Lapsed => {
            Some("This is Handbell. The incident is over. You are not needed. Goodbye.".into())
        }
    }
}

/// What the keys do.
pub const KEYS: &str = "Press 1 if you have it. Press 2 for the next step now. Press 9 to hear this again.";
/// After key 1.
pub const YOU_HAVE_IT: &str = "Thank you. You have it. The others are told. Goodbye.";
/// After key 2.
pub const NEXT_STEP: &str = "The next step is taken now. Goodbye.";
/// After key 2 past the last step, or twice.
pub const NO_NEXT_STEP: &str = "There is no further step to take, or somebody was faster. Goodbye.";
/// A call about something that Handbell doesn't know.
pub const NOT_KNOWN: &str = "This is Handbell. There is no incident for this call. Goodbye.";

/// How a phone is named as somebody who did something.
pub fn the_phone(number: &str) -> String {
    format!("{number} (by phone)")
}

/// How somebody who texts is named, if nothing but the number is known.
pub fn the_texter(number: &str) -> String {
    format!("{number} (by text)")
}

/// The delivery summary: one message that shows the state of the deliveries; none while there is nothing to tell.
pub fn delivery_summary(dispatch: &Dispatch) -> Option<String> {
    let lines = dispatch.summary();
    let lines: Vec<String> = lines.iter().map(|one| line(one.delivery, one.state, escape_markdown)).collect();
    (!lines.is_empty()).then(|| lines.join("  \n"))
}

fn line(delivery: &Delivery, state: DeliveryState<'_>, escape: fn(&str) -> String) -> String {
    let what = match &delivery.message {
        Message::Space(SpaceMessage::Invite { email, .. }) => format!("Adding {}", escape(email)),
        Message::Space(SpaceMessage::Post { .. }) => "A post".to_owned(),
        Message::Space(SpaceMessage::OriginalMail { .. }) => "The mail as a file".to_owned(),
        Message::Space(SpaceMessage::IncidentCard) => "The card".to_owned(),
        Message::Space(SpaceMessage::RemoveCard { .. }) => "Removing the old card".to_owned(),
        Message::Space(SpaceMessage::IncidentReport) => "The report as a file".to_owned(),
        Message::Internal(InternalTask::TextThoseCalled { .. }) => "Telling those who were called".to_owned(),
        Message::Mail(MailMessage::Page { email, .. }) => format!("Mail to {}", escape(email)),
        Message::Mail(MailMessage::IncidentReport { email }) => format!("The report to {}", escape(email)),
        Message::Space(SpaceMessage::ZoneCard) => "The card".to_owned(),
        Message::Direct(DirectMessage { email, .. }) => format!("Message to {}", escape(email)),
        Message::Phone(PhoneMessage::Text { to, .. }) => format!("SMS to {}", target(delivery, to, escape)),
        Message::Phone(PhoneMessage::Call { to, .. }) => format!("Call to {}", target(delivery, to, escape)),
        Message::Phone(PhoneMessage::Connect { agent, .. }) => format!("Call to {agent}"),
        Message::Phone(PhoneMessage::Reply { files, .. }) if files.is_empty() => "Text".to_owned(),
        Message::Phone(PhoneMessage::Reply { .. }) => "Text with a file".to_owned(),
        Message::Mail(MailMessage::Reply { .. }) => "Mail".to_owned(),
        Message::Space(SpaceMessage::CustomerFile { .. }) => "A file".to_owned(),
        Message::Space(SpaceMessage::Transcript { .. }) => "The transcript".to_owned(),
        Message::Space(SpaceMessage::Assign) => "Looking for somebody to answer".to_owned(),
        Message::Space(SpaceMessage::Lobby { .. }) => "A word in the lobby".to_owned(),
        Message::Space(SpaceMessage::Rename { .. }) => "The space's new title".to_owned(),
        Message::Internal(InternalTask::EraseCustomer { .. }) => "Forgetting the customer".to_owned(),
        Message::Space(SpaceMessage::DeliverySummary) => "This report".to_owned(),
    };
    let state = match state {
        DeliveryState::Reported { status, code } => reported(status, code, escape),
        DeliveryState::Failed(why) => format!("❌ failed: {}", escape(why)),
        DeliveryState::NotSent(why) => format!("not sent: {}", escape(why)),
        DeliveryState::NotNeeded => "not needed any more".to_owned(),
        DeliveryState::MailSent => "✅ sent".to_owned(),
        DeliveryState::Queued => "queued".to_owned(),
        DeliveryState::Uncertain => "not certain yet, being looked up".to_owned(),
        DeliveryState::Retried(why) => format!("will be tried again: {}", escape(why)),
        DeliveryState::Waiting => "about to be sent".to_owned(),
    };
    format!("{what}: {state}")
}

/// `Dana (+12025550111)`, or the number alone.
fn target(delivery: &Delivery, to: &str, escape: fn(&str) -> String) -> String {
    match &delivery.recipient {
        Some(recipient) if recipient.name != to => format!("{} ({to})", escape(&recipient.name)),
        _ => to.to_owned(),
    }
}

fn reported(status: &VendorStatus, code: Option<(u32, Option<&str>)>, escape: fn(&str) -> String) -> String {
    let code = code.map_or_else(String::new, |(code, why)| {
        let why = why.map(|why| format!(": {}", escape(why))).unwrap_or_default();
        format!("{why} (Twilio {code})")
    });
    match status {
        VendorStatus::Delivered | VendorStatus::Read => "✅ delivered".to_owned(),
        VendorStatus::Undelivered => format!("❌ undelivered{code}"),
        VendorStatus::Failed => format!("❌ failed{code}"),
        VendorStatus::Busy => "❌ busy".to_owned(),
        VendorStatus::NoAnswer => "❌ not answered".to_owned(),
        VendorStatus::Voicemail => "❌ only a voicemail answered".to_owned(),
        VendorStatus::InProgress => "answered".to_owned(),
        VendorStatus::Completed => "✅ answered, call ended".to_owned(),
        VendorStatus::Canceled => "called off".to_owned(),
        VendorStatus::Queued | VendorStatus::Sent | VendorStatus::Other(_) => {
            format!("{}{code}", escape(status.as_str()))
        }
    }
}

/// Told to the admins when something could not be delivered at all; plain text, for Webex and SMS alike.
pub fn not_delivered(dispatch: &Dispatch, failed: &[&Delivery]) -> String {
    let lines: Vec<String> =
        failed.iter().map(|delivery| line(delivery, DeliveryState::of(delivery, None), plain)).collect();
    format!(
        "Handbell could not deliver for incident {}: {}",
        reference(&dispatch.key.subject, dispatch.key.epoch),
        lines.join("; ")
    )
}
