//! Events of a customer and their effects: texts, forms, calls, STOP, and the time that passes.

use handbell_core::config::Line;
use handbell_core::conversation::decide::{
    AgentMessage, Attendance, ConversationContext, ConversationDecision, ConversationEvent, CustomerFile,
    decide,
};
use handbell_core::conversation::relay_policy::{AgentCommand, KeptReason, Visibility};
use handbell_core::conversation::{Address, Agent, Conversation, Sender};
use handbell_core::delivery::DeliveryId;
use handbell_core::delivery::{
    Content, Delivery, Dispatch, InternalTask, MailMessage, Message, PhoneMessage, Progress, SpaceMessage,
    Speaker,
};
use handbell_core::incident::Subject;
use handbell_core::texting::OptOutKeyword;
use handbell_core::vendor_id::MessageId;
use handbell_core::wording;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::house::{chance, morning, words};

pub(crate) const CUSTOMER: &str = "+352691496401";
pub(crate) const OURS: &str = "+12025550100";

/// A line that uses every feature.
pub(crate) fn a_line() -> Value {
    json!({
        "number": OURS,
        "agents": [{ "email": "dana@example.com", "phone": "+12025550111" }, { "email": "kim@example.com" }],
        "lobby": "Lobby",
        "waiting": { "after": "5m", "plan": "wait" },
        "texts": {
            "welcome": "Welcome!", "nobody": "Nobody is here.", "closed": "We are closed.",
            "missed_call": "We missed you.", "closing": "Goodbye!",
        },
        "canned": { "Times": "From 9 to 6." },
        "mail": { "from": "support@example.com" },
    })
}

/// Beginning of the ids of messages, before their number.
const MESSAGE: &str = "Y2lzY29zcGFyazovLm";

/// Id of the message with this number, which [`said`] shows as `m1`.
pub(crate) fn message_id(number: impl std::fmt::Display) -> MessageId {
    format!("{MESSAGE}{number:0>5}").parse().expect("an id")
}

pub(crate) fn dana() -> Agent {
    Agent {
        id: "Y2lzY29zcGFyazovLdana0".parse().expect("an id"),
        email: "dana@example.com".parse().ok(),
        name: "Dana".into(),
    }
}

pub(crate) fn kim() -> Agent {
    Agent {
        id: "Y2lzY29zcGFyazovLkim".parse().expect("an id"),
        email: "kim@example.com".parse().ok(),
        name: "Kim".into(),
    }
}

/// One customer on one line, everything that a decision depends on, and a clock that the test moves.
pub(crate) struct Room {
    pub(crate) line: Line,
    pub(crate) address: Address,
    pub(crate) subject: Subject,
    pub(crate) state: Option<Conversation>,
    pub(crate) sender: Sender,
    pub(crate) open: bool,
    pub(crate) now: Timestamp,
    messages: u32,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut Value)) -> Self {
        let mut line = a_line();
        change(&mut line);
        let address = Address::Phone(CUSTOMER.into());
        Self {
            line: serde_json::from_value(line).expect("a line"),
            subject: address.subject("AC", "support"),
            address,
            state: None,
            sender: Sender::default(),
            open: true,
            now: morning(),
            messages: 0,
        }
    }

    pub(crate) fn of(mut self, address: Address) -> Self {
        self.subject = address.subject("AC", "support");
        self.address = address;
        self
    }

    /// Applies an event, and keeps the new state.
    pub(crate) fn hear(&mut self, heard: &ConversationEvent) -> ConversationDecision {
        let zone = words().zone;
        let desk = ConversationContext {
            subject: &self.subject,
            address: &self.address,
            line: &self.line,
            zone: &zone,
            open: self.open,
            own_numbers: &[OURS, "+12025550199"].map(|number| number.parse().unwrap()),
        };
        let turn = decide(self.state.as_ref(), &self.sender, heard, desk, self.now);
        assert_eq!(turn, decide(self.state.as_ref(), &self.sender, heard, desk, self.now), "no chance in it");
        if let Some(next) = &turn.next {
            self.state = Some(next.clone());
        }
        if let Some(sender) = &turn.sender {
            self.sender = sender.clone();
        }
        turn
    }

    /// The same, as people read it.
    pub(crate) fn tell(&mut self, heard: &ConversationEvent) -> Vec<String> {
        said(&self.hear(heard))
    }

    pub(crate) fn text(&mut self, body: &str) -> Vec<String> {
        self.tell(&text(body))
    }

    /// An answer of Dana's, under a message of its own.
    pub(crate) fn answer(&mut self, text: &str) -> ConversationDecision {
        let answer = self.words(text);
        self.hear(&ConversationEvent::Answer(answer))
    }

    pub(crate) fn words(&mut self, text: &str) -> AgentMessage {
        self.messages += 1;
        AgentMessage {
            by: dana(),
            text: text.to_owned(),
            files: Vec::new(),
            message: message_id(self.messages),
            thread: message_id(self.messages),
            at: Some(self.now),
            sight: Visibility::Everything,
        }
    }

    pub(crate) fn command(&mut self, command: AgentCommand) -> Vec<String> {
        let asked = self.words("");
        self.tell(&ConversationEvent::Command { command, asked })
    }

    pub(crate) fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    pub(crate) fn conversation(&self) -> &Conversation {
        self.state.as_ref().expect("something was heard")
    }
}

pub(crate) fn text(body: &str) -> ConversationEvent {
    ConversationEvent::Text { body: body.to_owned(), files: Vec::new(), at: None, word: None }
}

pub(crate) fn form(message: &str, name: Option<&str>, email: Option<&str>) -> ConversationEvent {
    ConversationEvent::Form {
        message: message.into(),
        name: name.map(Into::into),
        email: email.map(|email| email.parse().unwrap()),
    }
}

pub(crate) fn deliveries(dispatch: &Dispatch) -> Vec<&Delivery> {
    dispatch.deliveries.values().collect()
}

/// Everything that a decision sends, in order: `number: what`.
pub(crate) fn said(turn: &ConversationDecision) -> Vec<String> {
    let plan = serde_json::from_value(json!({ "space": { "title": "A space" } })).expect("a plan");
    let mut lines = Vec::new();
    for dispatch in &turn.dispatches {
        let under = dispatch
            .of_conversation()
            .and_then(|of| of.thread.as_ref())
            .map(|thread| format!(" under m{}", thread[MESSAGE.len()..].trim_start_matches('0')))
            .unwrap_or_default();
        for delivery in deliveries(dispatch) {
            let what = match &delivery.message {
                Message::Space(SpaceMessage::Post { content: Content::FirstPost(_) }) => {
                    "first post".to_owned()
                }
                Message::Space(SpaceMessage::Post { content: Content::TakenBack(taken) }) => {
                    format!("{} took back {}, changed: {}", taken.by, taken.reply, taken.changed)
                }
                Message::Space(SpaceMessage::Post { content }) => {
                    format!("post{under}: {}", wording::post(content, Some(&plan), dispatch, &words()))
                }
                Message::Phone(PhoneMessage::Reply { to, text, files, .. }) => {
                    let files =
                        if files.is_empty() { String::new() } else { format!(" with {}", files.join(", ")) };
                    format!("text to {to}: {text}{files}")
                }
                Message::Mail(MailMessage::Reply { to, text }) => format!("mail to {to}: {text}"),
                Message::Space(SpaceMessage::CustomerFile { url, .. }) => format!("file {url}"),
                Message::Space(SpaceMessage::Assign) => "assign".to_owned(),
                Message::Space(SpaceMessage::Lobby { text }) => {
                    format!("lobby: {text}")
                }
                Message::Space(SpaceMessage::Rename { title }) => format!("title: {title}"),
                Message::Phone(PhoneMessage::Connect { agent, to, .. }) => {
                    format!("connect {agent} with {to}")
                }
                Message::Space(SpaceMessage::Transcript { brief }) => {
                    format!("transcript{under}, brief: {brief}")
                }
                Message::Internal(InternalTask::EraseCustomer { phone }) => {
                    format!("erase {:?}{under}", phone.as_ref().map(|phone| phone.as_str()))
                }
                Message::Space(SpaceMessage::DeliverySummary) => format!("report{under}"),
                other => panic!("nobody says this in a conversation: {other:?}"),
            };
            lines.push(format!("{}: {what}", dispatch.key.number));
        }
    }
    lines
}

pub(crate) fn facts(turn: &ConversationDecision) -> Vec<&str> {
    turn.dispatches.iter().flat_map(|dispatch| &dispatch.facts).map(|fact| fact.kind.as_str()).collect()
}

/// The replies to the customer.
pub(crate) fn answers(turn: &ConversationDecision) -> Vec<String> {
    let all = turn.dispatches.iter().flat_map(deliveries);
    all.filter_map(|delivery| match &delivery.message {
        Message::Phone(PhoneMessage::Reply { text, .. }) | Message::Mail(MailMessage::Reply { text, .. }) => {
            Some(text.clone())
        }
        _ => None,
    })
    .collect()
}

#[test]
fn the_first_text_opens_a_conversation_and_the_next_continues_it() {
    let mut room = Room::new();
    let turn = room.hear(&text("Where is my bike?"));
    assert_eq!(
        said(&turn),
        ["1: first post", "1: post: **+352691496401** 08:00: Where is my bike?", "1: assign"]
    );
    assert_eq!(facts(&turn), ["conversation.opened"]);
    let conversation = room.conversation();
    assert_eq!(
        (conversation.version, conversation.dispatches, conversation.last_post, conversation.last_answer),
        (1, 1, 1, 0)
    );
    assert_eq!(
        (conversation.waiting_since, conversation.heard_at, conversation.opened_at),
        (Some(room.now), room.now, room.now)
    );
    assert_eq!(conversation.title(), CUSTOMER, "an international number stays whole");
    assert_eq!(room.sender.confirmed, Some(room.now));
    assert_eq!(conversation.wake_at, Some(room.now + SignedDuration::from_mins(5)));

    room.pass(60);
    let turn = room.hear(&text("Hello?"));
    assert_eq!(said(&turn), ["2: post: **+352691496401** 08:01: Hello?"], "it was just looked who is there");
    assert_eq!(turn.dispatches[0].previous_post, Some(1), "a post waits for the post before it");
    assert_eq!(
        room.conversation().waiting_since,
        Some(morning()),
        "who asks again has been waiting since the first time"
    );
    room.pass(240);
    assert_eq!(room.text("Anybody?")[1..], ["3: assign"], "after five minutes it is looked again");
}

#[test]
fn an_agent_is_asked_together_with_the_customers_text() {
    let mut room = Room::new();
    let picture = CustomerFile { url: "one".into(), content_type: None };
    let turn = room.hear(&ConversationEvent::Text {
        body: "See".into(),
        files: vec![picture],
        at: None,
        word: None,
    });
    assert_eq!(said(&turn)[1..], ["1: post: **+352691496401** 08:00: See", "1: file one", "1: assign"]);
    assert!(!Message::Space(SpaceMessage::Assign).is_post(), "nobody's words wait for it");
    // Even if an automatic reply goes out as well, the request goes with the customer's text.
    room.pass(3600);
    let said = room.tell(&ConversationEvent::CallEnded { call: "CA303".into(), spoke: None });
    assert_eq!(
        (said[1].as_str(), said[3].as_str()),
        ("2: assign", "3: text to +352691496401: We missed you.")
    );
}

#[test]
fn a_late_text_shows_when_it_was_sent() {
    let mut room = Room::new();
    let at = Some(room.now - SignedDuration::from_mins(90));
    let heard = ConversationEvent::Text { body: "Late".into(), files: Vec::new(), at, word: None };
    assert_eq!(room.tell(&heard)[1], "1: post: **+352691496401** 06:30: Late");
    assert_eq!(room.conversation().heard_at, room.now);
}

#[test]
fn pictures_follow_the_text_in_their_order() {
    let mut room = Room::new();
    let file = |url: &str| CustomerFile { url: url.into(), content_type: Some("image/jpeg".into()) };
    let files = vec![file("one"), file("two"), file("three")];
    let turn = room.hear(&ConversationEvent::Text {
        body: String::new(),
        files: files.clone(),
        at: None,
        word: None,
    });
    assert_eq!(
        said(&turn)[1..5],
        ["1: post: **+352691496401** 08:00:", "1: file one", "1: file two", "1: file three"]
    );
    assert_eq!(turn.dispatches[0].conversation_entry().map(|conversation| conversation.files), Some(3));
    // START with a picture starts nothing, but STOP with pictures stops, and they are shown.
    room.hear(&ConversationEvent::Text { body: "start".into(), files: files.clone(), at: None, word: None });
    assert_eq!(room.sender.opted_out, None);
    let said = room.tell(&ConversationEvent::Text { body: "stop".into(), files, at: None, word: None });
    assert_eq!(room.sender.opted_out, Some(room.now));
    assert_eq!(said[1..4], ["3: file one", "3: file two", "3: file three"]);
}

#[test]
fn a_text_reopens_a_closed_conversation() {
    let mut room = Room::new();
    room.text("Hello");
    room.answer("Hello!");
    room.command(AgentCommand::Close { note: None });
    assert!(room.conversation().closed && room.conversation().wake_at.is_none());
    room.pass(3600);
    let turn = room.hear(&text("One more thing"));
    assert_eq!(facts(&turn), ["conversation.reopened"]);
    assert_eq!(
        said(&turn),
        ["5: post: **+352691496401** 09:00: One more thing", "5: assign"],
        "no second first post"
    );
    let conversation = room.conversation();
    assert_eq!(
        (conversation.closed, conversation.opened_at, conversation.waiting_since),
        (false, room.now, Some(room.now))
    );
    assert_eq!(conversation.assignee, None, "whoever had it is asked anew");
}

#[test]
fn customers_are_called_by_name_number_or_address() {
    let mut room = Room::new().of(Address::Mail("Ann@Example.com".parse().unwrap()));
    room.tell(&form("Hello", Some("Ann"), None));
    assert_eq!(
        (room.conversation().called(), room.conversation().title()),
        ("Ann".into(), "Ann Ann@Example.com".into())
    );
    assert_eq!(room.conversation().email.as_deref(), Some("Ann@Example.com"));
    assert_eq!(
        Address::Mail("ann@example.com".parse().unwrap()).subject("AC", "support"),
        room.subject,
        "in any case of letters"
    );
    assert_ne!(room.subject, room.address.subject("AC", "sales"), "each line is another conversation");
    let mut hidden = Room::new().of(Address::Hidden);
    hidden.tell(&ConversationEvent::CallEnded { call: "CA379".into(), spoke: None });
    assert_eq!(hidden.conversation().called(), "Somebody without a number");
    assert_eq!(hidden.conversation().title(), "Callers without a number");
    assert!(!room.subject.as_str().to_lowercase().contains("ann"), "a subject reaches logs");
    assert!(!format!("{:?} {:?}", room.conversation(), room.address).contains("Ann"));
}

#[test]
fn the_customer_is_welcomed_once() {
    let mut room = Room::new();
    room.text("Hello");
    assert_eq!(
        room.tell(&ConversationEvent::AttendanceChecked(Attendance::Somebody)),
        [
            r"2: post: 🤖 The customer received an automatic reply, 08:00: Welcome\!",
            "2: text to +352691496401: Welcome!",
            "2: report"
        ]
    );
    room.pass(3600);
    room.text("Hello again");
    assert_eq!(room.tell(&ConversationEvent::AttendanceChecked(Attendance::Somebody)), [""; 0]);
    // Not even weeks later: it is the same customer in the same space.
    room.command(AgentCommand::Close { note: None });
    room.pass(30 * 86_400);
    room.text("Hello");
    assert_eq!(room.tell(&ConversationEvent::AttendanceChecked(Attendance::Somebody)), [""; 0]);
}

#[test]
fn an_agent_is_asked_to_answer() {
    let mut room = Room::new();
    room.text("Hello");
    let said = room.tell(&ConversationEvent::AttendanceChecked(Attendance::Asked(kim())));
    assert_eq!(said[0], "2: post: <@personId:Y2lzY29zcGFyazovLkim|Kim> please answer: nobody else is here.");
    assert_eq!(said[2], "3: text to +352691496401: Welcome!");
    assert_eq!(room.conversation().assignee, Some(kim()));
}

#[test]
fn a_search_for_an_agent_comes_too_late_after_an_answer() {
    for there in [Attendance::Somebody, Attendance::Asked(kim()), Attendance::Nobody] {
        let mut room = Room::new();
        room.text("Hello");
        room.answer("Hello!");
        let turn = room.hear(&ConversationEvent::AttendanceChecked(there));
        assert!(!turn.changes_something(), "nobody waits any more: {:?}", said(&turn));
        assert_eq!(room.conversation().assignee, Some(dana()));
    }
}

#[test]
fn when_no_agent_is_available_the_customer_is_notified_once_a_day() {
    let mut room = Room::new();
    room.text("Hello");
    let said = room.tell(&ConversationEvent::AttendanceChecked(Attendance::Nobody));
    assert_eq!(said[1], "2: text to +352691496401: Nobody is here.");
    assert_eq!(said[3], "3: lobby: **+352691496401** waits for an answer: nobody of the team is there.");
    for hours in 1..8 {
        room.pass(hours * 600);
        room.text("Hello?");
        assert_eq!(room.tell(&ConversationEvent::AttendanceChecked(Attendance::Nobody)), [""; 0]);
    }
    room.pass(86_400);
    room.text("Hello?");
    let said = room.tell(&ConversationEvent::AttendanceChecked(Attendance::Nobody));
    assert!(said.iter().any(|line| line.ends_with("Nobody is here.")), "{said:?}");
}

#[test]
fn outside_of_opening_hours_no_agent_is_asked() {
    let mut room = Room::new();
    room.open = false;
    let said = room.text("Hello");
    assert_eq!(
        said[1..],
        [
            "1: post: **+352691496401** 08:00: Hello",
            "2: post: 🤖 The customer received an automatic reply, 08:00: We are closed.",
            "2: text to +352691496401: We are closed.",
            "2: report",
            "3: lobby: **+352691496401** waits for an answer: outside hours.",
        ]
    );
    room.pass(7200);
    assert_eq!(room.text("Hello?").len(), 1, "once a day");
    room.pass(86_400);
    assert_eq!(room.text("Hello?").len(), 5, "and again the next day");
}

#[test]
fn on_a_line_without_agents_the_customer_is_welcomed_at_once() {
    let mut room = Room::with(|line| line["agents"] = json!([]));
    assert_eq!(answers(&room.hear(&text("Hello"))), ["Welcome!"]);
    room.pass(3600);
    assert_eq!(answers(&room.hear(&text("Hello"))), [""; 0]);
}

#[test]
fn a_customer_gets_one_automatic_reply_in_ten_minutes_on_all_lines() {
    let mut one = Room::new();
    one.text("Hello");
    assert_eq!(answers(&one.hear(&ConversationEvent::AttendanceChecked(Attendance::Somebody))), ["Welcome!"]);
    let mut other = Room::new();
    other.subject = other.address.subject("AC", "sales");
    (other.sender, other.now) = (one.sender.clone(), one.now + SignedDuration::from_secs(599));
    other.text("Hello");
    assert_eq!(
        answers(&other.hear(&ConversationEvent::AttendanceChecked(Attendance::Somebody))),
        [""; 0],
        "the sender belongs to all lines"
    );
    let mut third = Room::new();
    third.subject = third.address.subject("AC", "returns");
    (third.sender, third.now) = (one.sender.clone(), one.now + SignedDuration::from_secs(600));
    third.text("Hello");
    assert_eq!(
        answers(&third.hear(&ConversationEvent::AttendanceChecked(Attendance::Somebody))),
        ["Welcome!"]
    );
}

#[test]
fn machines_and_far_countries_get_no_automatic_reply() {
    let numbers = ["12345", "+123456", "INFO", OURS, "+12025550199", "+18765550123"];
    for number in numbers {
        let address = Address::Phone(number.into());
        let mut room = Room::with(|line| line["countries"] = json!(["+352", "+1202"])).of(address);
        let mut heard = answers(&room.hear(&text("Hello")));
        heard.extend(answers(&room.hear(&ConversationEvent::AttendanceChecked(Attendance::Somebody))));
        room.open = false;
        heard.extend(answers(&room.hear(&text("Hello"))));
        heard
            .extend(answers(&room.hear(&ConversationEvent::CallEnded { call: "CA511".into(), spoke: None })));
        room.command(AgentCommand::Close { note: None });
        let last = room.state.clone();
        room.text("Hello");
        let asked = room.words("");
        let close = AgentCommand::Close { note: None };
        heard.extend(answers(&room.hear(&ConversationEvent::Command { command: close, asked })));
        assert_eq!(heard, [""; 0], "{number} {last:?}");
    }
}

#[test]
fn two_handbells_that_text_each_other_fall_silent() {
    for (open, there) in
        [(true, Attendance::Somebody), (true, Attendance::Nobody), (false, Attendance::Nobody)]
    {
        let room = |number: &str| Room::new().of(Address::Phone(number.into()));
        let mut rooms = [room("+352691496402"), room("+352691496403")];
        let (mut texts, mut waiting) = (0, [vec!["Hello".to_owned()], Vec::new()]);
        for minute in 0..1440 {
            for at in 0..2 {
                let room = &mut rooms[at];
                room.open = open;
                room.now = morning() + SignedDuration::from_mins(minute);
                for body in std::mem::take(&mut waiting[at]) {
                    let mut said = answers(&room.hear(&text(&body)));
                    said.extend(answers(&room.hear(&ConversationEvent::AttendanceChecked(there.clone()))));
                    texts += said.len();
                    waiting[1 - at].extend(said);
                }
                let _ = room.hear(&ConversationEvent::Wake);
            }
        }
        assert!(texts <= 2, "they told each other {texts} things in a day");
        assert!(waiting.iter().all(Vec::is_empty));
    }
}

#[test]
fn stop_cancels_what_was_not_sent() {
    for word in
        ["STOP", "stop", " Stop. ", "Unsubscribe", "END", "quit!", "cancel", "STOPALL", "revoke", "optout"]
    {
        let mut room = Room::new();
        room.text("Hello");
        room.answer("Hello!");
        room.text("And?");
        let turn = room.hear(&text(word));
        assert_eq!(
            said(&turn),
            ["4: post: 🔕 +352691496401 texted STOP. Nothing can be sent until START."],
            "{word}"
        );
        assert_eq!(facts(&turn), ["customer.opted-out"]);
        assert_eq!(room.sender.opted_out, Some(room.now));
        let conversation = room.conversation();
        assert_eq!((conversation.waiting_since, conversation.alarm), (None, None), "nobody waits");
        assert_eq!(
            conversation.cancels(2),
            Some("the customer wants no more texts"),
            "what had not left stays here"
        );
    }
    for words in ["Please stop calling me", "STOP it", "don't stop", "Can I cancel my order?"] {
        let mut room = Room::new();
        assert_eq!(room.text(words).len(), 3, "{words}");
        assert_eq!(room.sender.opted_out, None, "only a whole message: {words}");
    }
}

#[test]
fn a_stop_from_an_unknown_number_is_recorded() {
    let mut room = Room::new();
    let turn = room.hear(&text("STOP"));
    assert!(turn.changes_something() && turn.next.is_none() && turn.dispatches.is_empty());
    assert_eq!(
        (room.sender.version, room.sender.opted_out, room.sender.confirmed),
        (1, Some(room.now), None)
    );
    // Its START opens the conversation, and it may be answered.
    room.pass(60);
    let said = room.text("START");
    assert_eq!(said, ["1: first post", "1: post: 🔔 +352691496401 texted START. Texts are welcome again."]);
    assert_eq!((room.sender.opted_out, room.sender.confirmed), (None, Some(room.now)));
    assert_eq!(room.conversation().waiting_since, None);
    assert_eq!(answers(&room.answer("Hello!")), ["Hello!"]);
}

#[test]
fn a_second_stop_keeps_the_time_of_the_first() {
    let mut room = Room::new();
    room.text("Hello");
    room.text("STOP");
    let since = room.sender.opted_out;
    room.pass(3600);
    room.text("STOP");
    assert_eq!(room.sender.opted_out, since);
}

#[test]
fn a_stop_on_one_line_holds_on_all_lines() {
    let mut one = Room::new();
    one.text("Hello");
    let mut other = Room::new();
    other.subject = other.address.subject("AC", "sales");
    other.text("Hello");
    one.text("STOP");
    other.sender = one.sender.clone();
    let turn = other.answer("Hello!");
    assert_eq!(answers(&turn), [""; 0]);
    assert!(said(&turn)[0].contains("texted STOP"), "{:?}", said(&turn));
    other.pass(60);
    let said = other.text("Really?");
    assert_eq!(
        said[1], "4: post: 🔕 This customer texted STOP earlier. Nothing can be sent until START.",
        "shown"
    );
    assert_eq!(
        other.conversation().waiting_since,
        Some(morning()),
        "what waited before is for the team to close"
    );
}

#[test]
fn texts_of_an_opted_out_customer_are_shown_but_do_not_wait() {
    let mut room = Room::new();
    room.text("Hello");
    room.text("STOP");
    room.pass(3600);
    assert_eq!(
        room.text("You there?"),
        [
            "3: post: **+352691496401** 09:00: You there?",
            "4: post: 🔕 This customer texted STOP earlier. Nothing can be sent until START.",
        ]
    );
    assert_eq!(room.conversation().waiting_since, None);
    room.text("START");
    assert_eq!(room.sender.opted_out, None);
    assert_eq!(room.text("You there?").last().map(String::as_str), Some("6: assign"));
}

#[test]
fn twilios_opt_out_word_takes_precedence() {
    let heard =
        |body: &str, word| ConversationEvent::Text { body: body.into(), files: Vec::new(), at: None, word };
    let mut room = Room::new();
    room.text("Hello");
    room.hear(&heard("arrêt", Some(OptOutKeyword::Stop)));
    assert!(room.sender.opted_out.is_some());
    room.hear(&heard("encore", Some(OptOutKeyword::Start)));
    assert!(room.sender.opted_out.is_none());
    // START from a customer who never opted out is an ordinary text: YES may be an answer.
    let said = room.text("Yes");
    assert_eq!(said[0], "4: post: **+352691496401** 08:00: Yes");
    assert!(room.conversation().waiting_since.is_some());
}

#[test]
fn help_gets_no_automatic_reply() {
    for open in [true, false] {
        for there in [Attendance::Somebody, Attendance::Asked(kim()), Attendance::Nobody] {
            let mut room = Room::new();
            room.open = open;
            let turn = room.hear(&text("HELP"));
            assert!(said(&turn)[1].ends_with("HELP"), "the team sees it");
            assert!(room.conversation().waiting_since.is_some());
            assert_eq!(answers(&turn), [""; 0]);
            let looked = room.hear(&ConversationEvent::AttendanceChecked(there.clone()));
            assert_eq!(answers(&looked), [""; 0], "Twilio has answered already: {there:?}");
        }
    }
}

#[test]
fn a_stop_that_only_twilio_knew_is_recorded() {
    let mut room = Room::new();
    room.text("Hello");
    let said = room.tell(&ConversationEvent::OptedOut);
    assert_eq!(
        said,
        [
            "2: post: 🔕 Twilio says that this customer wants no more texts (21610). Nothing can be sent until the customer texts START."
        ]
    );
    assert_eq!(room.conversation().waiting_since, None);
    assert!(!room.hear(&ConversationEvent::OptedOut).changes_something(), "once");
}

#[test]
fn calls_are_shown_and_missed_calls_wait() {
    let near = || Room::with(|line| line["countries"] = json!(["+352"]));
    let mut room = near();
    assert_eq!(
        room.tell(&ConversationEvent::CallForwarded { call: "CA706".into() }),
        ["1: first post", "1: post: 📞 **+352691496401** 08:00: calls, and is being connected."]
    );
    assert_eq!(room.conversation().waiting_since, None, "a phone rings already");
    let spoke = Some(SignedDuration::from_secs(200));
    room.pass(200);
    assert_eq!(
        room.tell(&ConversationEvent::CallEnded { call: "CA706".into(), spoke }),
        ["2: post: 📞 **+352691496401** 08:03: the call is over, after 3 min 20 s."]
    );
    assert_eq!((room.conversation().waiting_since, room.conversation().answered_at), (None, Some(room.now)));
    room.pass(7200);
    assert_eq!(
        room.tell(&ConversationEvent::CallEnded { call: "CA719".into(), spoke: None }),
        [
            "3: post: 📞 **+352691496401** 10:03: **missed call**: nobody took it.",
            "3: assign",
            "4: post: 🤖 The customer received an automatic reply, 10:03: We missed you.",
            "4: text to +352691496401: We missed you.",
            "4: report",
        ]
    );
    assert_eq!(room.conversation().waiting_since, Some(room.now));
    room.pass(30);
    let heard = ConversationEvent::Voicemail {
        url: "https://api/one.mp3".into(),
        length: SignedDuration::from_secs(60),
    };
    assert_eq!(
        room.tell(&heard),
        ["5: post: 📞 **+352691496401** 10:03: left a message of 1 min.", "5: file https://api/one.mp3"]
    );
    assert_eq!(
        answers(&room.hear(&ConversationEvent::AttendanceChecked(Attendance::Somebody))),
        [""; 0],
        "something was just said"
    );
    // Outside of opening hours, a missed call gets one automatic reply, not two.
    let mut room = near();
    room.open = false;
    assert_eq!(
        answers(&room.hear(&ConversationEvent::CallEnded { call: "CA746".into(), spoke: None })),
        ["We missed you."]
    );
    // A caller without a number can't be texted.
    let mut hidden = Room::new().of(Address::Hidden);
    assert_eq!(
        answers(&hidden.hear(&ConversationEvent::CallEnded { call: "CA749".into(), spoke: None })),
        [""; 0]
    );
    assert!(hidden.conversation().waiting_since.is_some());
}

#[test]
fn a_caller_who_hangs_up_before_a_phone_rings_has_missed_a_call() {
    let call = || "CA1".to_owned();
    let mut room = Room::with(|line| line["countries"] = json!(["+352"]));
    room.hear(&ConversationEvent::CallForwarded { call: call() });
    room.pass(4);
    let hung_up = ConversationEvent::CallerHungUp { call: call() };
    assert_eq!(room.tell(&hung_up), [""; 0], "the dial's own report may still come");
    assert_eq!(room.conversation().wake_at, Some(room.now + SignedDuration::from_secs(30)));
    assert!(!room.hear(&hung_up).changes_something(), "once");
    room.pass(29);
    assert_eq!(room.tell(&ConversationEvent::Wake), [""; 0]);
    room.pass(1);
    assert_eq!(
        room.tell(&ConversationEvent::Wake),
        [
            "2: post: 📞 **+352691496401** 08:00: **missed call**: nobody took it.",
            "2: assign",
            "3: post: 🤖 The customer received an automatic reply, 08:00: We missed you.",
            "3: text to +352691496401: We missed you.",
            "3: report",
        ]
    );
    assert_eq!(room.conversation().waiting_since, Some(room.now));
    for again in [
        ConversationEvent::CallEnded { call: call(), spoke: None },
        ConversationEvent::CallForwarded { call: call() },
        hung_up,
    ] {
        assert!(!room.hear(&again).changes_something(), "{again:?}");
    }
    // A conversation by phone is told even if its report comes late.
    let spoke = Some(SignedDuration::from_secs(9));
    assert_eq!(
        room.tell(&ConversationEvent::CallEnded { call: call(), spoke }),
        ["4: post: 📞 **+352691496401** 08:00: the call is over, after 9 s."]
    );
}

#[test]
fn the_end_of_a_call_is_told_once_whichever_report_comes_first() {
    for spoke in [None, Some(SignedDuration::from_secs(9))] {
        let ended = ConversationEvent::CallEnded { call: "CA1".into(), spoke };
        let hung_up = ConversationEvent::CallerHungUp { call: "CA1".into() };
        for reports in [[&ended, &hung_up], [&hung_up, &ended]] {
            let mut room = Room::new();
            room.hear(&ConversationEvent::CallForwarded { call: "CA1".into() });
            let mut told: Vec<_> = reports.into_iter().flat_map(|report| room.tell(report)).collect();
            room.pass(3600);
            told.extend(room.tell(&ConversationEvent::Wake));
            let ends = told.iter().filter(|line| line.contains("📞")).count();
            assert_eq!(ends, 1, "{reports:?}: {told:#?}");
            let over = told.iter().any(|line| line.contains("the call is over, after 9 s"));
            assert_eq!(over, spoke.is_some(), "{told:#?}");
        }
    }
}

#[test]
fn a_call_whose_end_is_never_reported_is_over_in_the_end_and_somebody_looks_at_it() {
    let mut room = Room::new();
    room.hear(&ConversationEvent::CallForwarded { call: "CA1".into() });
    assert_eq!(room.conversation().wake_at, Some(room.now + SignedDuration::from_mins(255)));
    room.command(AgentCommand::Close { note: None });
    room.pass(255 * 60);
    assert_eq!(
        room.tell(&ConversationEvent::Wake),
        [
            "3: post: 📞 **+352691496401** 12:15: the call is over. Twilio did not report whether anybody took it.",
            "3: assign",
        ]
    );
    assert!(!room.conversation().closed && room.conversation().waiting_since.is_some());
    // A call whose beginning could not be stored is a missed one.
    let mut room = Room::new();
    let told = room.tell(&ConversationEvent::CallerHungUp { call: "CA2".into() });
    assert!(told.iter().any(|line| line.contains("**missed call**")), "{told:#?}");
}

#[test]
fn an_answered_call_ends_the_waiting() {
    let mut room = Room::new();
    room.text("Call me");
    room.pass(301);
    room.hear(&ConversationEvent::Wake);
    assert!(room.conversation().alarm.is_some());
    room.hear(&ConversationEvent::AlarmChanged { alarmed: Some(morning()) });
    room.hear(&ConversationEvent::CallEnded {
        call: "CA761".into(),
        spoke: Some(SignedDuration::from_secs(9)),
    });
    assert_eq!((room.conversation().alarm, room.conversation().alarmed), (None, Some(morning())));
    assert_eq!(room.conversation().wake_at, Some(room.now), "the incident has to end now");
}

#[test]
fn an_early_wake_up_changes_nothing() {
    let mut room = Room::new();
    room.text("Hello");
    room.pass(100);
    assert!(!room.hear(&ConversationEvent::Wake).changes_something());
    // A wake-up only moves forward when it is reached; until then nothing is written for it.
    room.answer("Hello!");
    let asked = room.conversation().wake_at;
    assert_eq!(asked, Some(morning() + SignedDuration::from_mins(5)));
    assert!(!room.hear(&ConversationEvent::Wake).changes_something(), "still too early");
    room.pass(200);
    let turn = room.hear(&ConversationEvent::Wake);
    assert!(turn.changes_something() && turn.dispatches.is_empty());
    let over = morning() + SignedDuration::from_secs(100) + SignedDuration::from_hours(72);
    assert_eq!(room.conversation().wake_at, Some(over), "now it asks for the right time");
    assert!(!room.hear(&ConversationEvent::Wake).changes_something());
}

#[test]
fn a_customer_who_waits_too_long_is_reported() {
    let mut room = Room::new();
    room.text("Hello");
    room.pass(299);
    assert!(!room.hear(&ConversationEvent::Wake).changes_something());
    room.pass(1);
    let turn = room.hear(&ConversationEvent::Wake);
    assert_eq!(facts(&turn), ["conversation.waiting"]);
    let conversation = room.conversation();
    assert_eq!(
        (conversation.alarm, conversation.alarmed, conversation.wake_at),
        (Some(morning()), None, Some(room.now))
    );
    // As long as the waiting couldn't be reported, it stays due, and no wake-up writes anything: every write wakes again.
    room.pass(1);
    assert!(!room.hear(&ConversationEvent::Wake).changes_something());
    assert!(room.conversation().wake_at.is_some_and(|at| at <= room.now));
    room.hear(&ConversationEvent::AlarmChanged { alarmed: Some(morning()) });
    assert_eq!(room.conversation().wake_at, Some(morning() + SignedDuration::from_hours(72)));
    assert!(
        !room.hear(&ConversationEvent::AlarmChanged { alarmed: Some(morning()) }).changes_something(),
        "told twice"
    );
    room.pass(60);
    room.text("Hello?");
    assert_eq!(room.conversation().alarm, Some(morning()), "one waiting, one incident");
    room.answer("Here");
    assert_eq!((room.conversation().alarm, room.conversation().wake_at), (None, Some(room.now)));
    room.hear(&ConversationEvent::AlarmChanged { alarmed: None });
    assert!(room.conversation().wake_at.is_some_and(|at| at > room.now));
}

#[test]
fn outside_of_opening_hours_nobody_waits_too_long() {
    let mut room = Room::new();
    room.open = false;
    room.text("Hello");
    room.pass(300);
    assert!(room.hear(&ConversationEvent::Wake).dispatches.is_empty());
    assert_eq!(room.conversation().alarm, None);
    assert_eq!(
        room.conversation().wake_at,
        Some(room.now + SignedDuration::from_mins(15)),
        "looked at again"
    );
    // The team comes, and the customer writes before the next wake-up: a customer who waited all night waits too long now.
    room.pass(600);
    room.open = true;
    room.text("Hello?");
    assert!(
        room.conversation().wake_at.is_some_and(|at| at >= room.now),
        "{:?}",
        room.conversation().wake_at
    );
    room.pass(300);
    room.hear(&ConversationEvent::Wake);
    assert_eq!(room.conversation().alarm, Some(morning()));
}

#[test]
fn a_wake_up_is_never_in_the_past() {
    let mut room = Room::new();
    room.open = false;
    room.text("Hello");
    room.pass(300);
    room.hear(&ConversationEvent::Wake);
    room.pass(3600);
    room.open = true;
    room.text("Hello?");
    assert_eq!(room.conversation().wake_at, Some(room.now));
}

#[test]
fn quiet_conversations_close() {
    let mut room = Room::with(|line| line["close_after"] = json!("1h"));
    room.text("Hello");
    room.answer("Hello!");
    room.pass(3599);
    room.hear(&ConversationEvent::Wake);
    assert!(!room.conversation().closed);
    room.pass(1);
    let turn = room.hear(&ConversationEvent::Wake);
    assert_eq!((facts(&turn), said(&turn)), (vec!["conversation.closed"], vec![]), "without a word");
    assert!(room.conversation().closed && room.conversation().wake_at.is_none());
    assert!(!room.hear(&ConversationEvent::Wake).changes_something());
}

#[test]
fn a_waiting_conversation_is_not_closed() {
    let mut room = Room::with(|line| line["close_after"] = json!("1h"));
    room.open = false;
    room.text("Hello");
    // Overnight nobody is called, and the conversation is woken again until somebody may be.
    for _ in 0..8 {
        room.pass(1800);
        room.hear(&ConversationEvent::Wake);
        assert!(!room.conversation().closed);
        assert_eq!(room.conversation().wake_at, Some(room.now + SignedDuration::from_mins(15)));
    }
    room.open = true;
    room.pass(900);
    assert_eq!(facts(&room.hear(&ConversationEvent::Wake)), ["conversation.waiting"]);
    room.hear(&ConversationEvent::AlarmChanged { alarmed: Some(morning()) });
    // It is an incident now, and stays one: nothing is left to do but to wake now and then.
    for _ in 0..5 {
        let wake_at = room.conversation().wake_at.expect("it is open");
        assert!(wake_at > room.now, "not at every moment");
        room.now = wake_at;
        assert_eq!(facts(&room.hear(&ConversationEvent::Wake)), [""; 0]);
        assert_eq!((room.conversation().closed, room.conversation().waiting_since), (false, Some(morning())));
    }
    // An answered conversation is closed by time.
    room.answer("Hello!");
    room.hear(&ConversationEvent::AlarmChanged { alarmed: None });
    room.pass(3600);
    assert_eq!(facts(&room.hear(&ConversationEvent::Wake)), ["conversation.closed"]);
    // And where nobody is called for it, a waiting conversation is closed by time too.
    let mut room = Room::with(|line| (line["close_after"], line["waiting"]) = (json!("1h"), Value::Null));
    room.text("Hello");
    assert_eq!(room.conversation().wake_at, Some(room.now + SignedDuration::from_mins(60)));
    room.pass(3600);
    assert_eq!(facts(&room.hear(&ConversationEvent::Wake)), ["conversation.closed"]);
}

#[test]
fn a_customers_subject_depends_on_the_key() {
    let address = Address::Phone(CUSTOMER.into());
    assert_eq!(address.subject("AC", "support"), Subject::customer("AC", "support", CUSTOMER));
    for address in [address, Address::Mail("ann@example.com".parse().unwrap()), Address::Hidden] {
        assert_ne!(address.subject("AC", "support"), address.subject("AD", "support"));
        assert!(address.subject("AC", "support").as_str().starts_with("customer:support~"));
    }
}

#[test]
fn events_of_an_unknown_conversation_change_nothing() {
    let mut room = Room::new();
    let answer = room.words("Hello");
    let stays = ConversationEvent::Kept { why: KeptReason::Whisper, said: answer.clone() };
    for heard in [
        ConversationEvent::Wake,
        ConversationEvent::OptedOut,
        stays,
        ConversationEvent::Answer(answer),
        ConversationEvent::AttendanceChecked(Attendance::Nobody),
    ] {
        assert!(!room.hear(&heard).changes_something(), "{heard:?}");
    }
}

/// The next event.
#[derive(Clone, Debug)]
enum Move {
    Hear(Box<ConversationEvent>),
    /// An agent writes this, perhaps with a file.
    Write(String, bool),
    Command(AgentCommand),
    /// The agent's message this many before the last is edited or deleted.
    Change(usize, Option<String>),
    Reconcile,
    /// `/erase`, asked and confirmed; the worker may have removed the number's row already.
    Erase(bool),
    /// There was no activity for so long that the table has expired the conversation.
    Expire,
    Open(bool),
    Pass(i64),
    Sleep,
}

fn a_call() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["CA1", "CA2", "CA3"]).prop_map(str::to_owned)
}

fn a_move() -> impl Strategy<Value = Move> {
    let body = prop_oneof![
        6 => "[ -~äß🙂\n]{0,40}",
        1 => Just("STOP".to_owned()), 1 => Just("start".to_owned()), 1 => Just("HELP".to_owned()),
    ];
    let word = proptest::option::weighted(
        0.1,
        prop_oneof![Just(OptOutKeyword::Stop), Just(OptOutKeyword::Start), Just(OptOutKeyword::Help)],
    );
    let a_text = (body, 0..3_usize, word).prop_map(|(body, files, word)| {
        let files = vec![CustomerFile { url: "u".into(), content_type: None }; files];
        ConversationEvent::Text { body, files, at: None, word }
    });
    let there =
        prop_oneof![Just(Attendance::Somebody), Just(Attendance::Nobody), Just(Attendance::Asked(kim()))];
    let email = proptest::option::of(Just("ann@example.com".parse().unwrap()));
    let heard = prop_oneof![
        6 => a_text,
        1 => ("[a-z]{1,9}", email).prop_map(|(name, email)| ConversationEvent::Form { message: "Hello".into(), name: Some(name), email }),
        1 => a_call().prop_map(|call| ConversationEvent::CallForwarded { call }),
        1 => (a_call(), proptest::option::of(0..900_i64)).prop_map(|(call, spoke)| ConversationEvent::CallEnded { call, spoke: spoke.map(SignedDuration::from_secs) }),
        1 => a_call().prop_map(|call| ConversationEvent::CallerHungUp { call }),
        1 => Just(ConversationEvent::Voicemail { url: "v".into(), length: SignedDuration::from_secs(9) }),
        3 => there.prop_map(ConversationEvent::AttendanceChecked),
        1 => Just(ConversationEvent::OptedOut),
        1 => Just(ConversationEvent::AnswerFailed),
        4 => Just(ConversationEvent::Wake),
    ];
    let command = prop_oneof![
        Just(AgentCommand::Claim),
        Just(AgentCommand::Release),
        Just(AgentCommand::Close { note: None }),
        Just(AgentCommand::Name("Ann".into())),
        Just(AgentCommand::Canned("times".into())),
        Just(AgentCommand::Call),
        Just(AgentCommand::Who),
        Just(AgentCommand::History),
        Just(AgentCommand::Export),
        Just(AgentCommand::OptOut),
        any::<bool>().prop_map(|confirmed| AgentCommand::Erase { confirmed }),
        Just(AgentCommand::Help),
        Just(AgentCommand::Hours),
    ];
    prop_oneof![
        10 => heard.prop_map(|heard| Move::Hear(Box::new(heard))),
        5 => ("[a-z 🙂]{0,9}|[a-z]{500,700}", any::<bool>()).prop_map(|(text, file)| Move::Write(text, file)),
        3 => command.prop_map(Move::Command),
        2 => (0..4_usize, proptest::option::of("[a-z]{1,9}")).prop_map(|(back, text)| Move::Change(back, text)),
        3 => Just(Move::Reconcile),
        1 => any::<bool>().prop_map(Move::Erase),
        1 => Just(Move::Expire),
        1 => any::<bool>().prop_map(Move::Open),
        5 => prop_oneof![0..90_i64, 60..7200_i64, 3600..400_000_i64].prop_map(Move::Pass),
        2 => Just(Move::Sleep),
    ]
}

/// Watches the events, and knows what must hold.
#[derive(Default)]
struct Watch {
    dispatches: Vec<Dispatch>,
    facts: std::collections::BTreeSet<String>,
    epochs: std::collections::BTreeSet<u64>,
    /// When the customer last got a message that neither an agent wrote nor the closing sent.
    told: Option<Timestamp>,
}

impl Watch {
    fn check(
        &mut self,
        before: Option<&Conversation>,
        heard: &ConversationEvent,
        room: &Room,
        turn: &ConversationDecision,
    ) -> Result<(), TestCaseError> {
        let Some(next) = &turn.next else {
            prop_assert!(turn.dispatches.is_empty(), "what isn't written down isn't said");
            return Ok(());
        };
        prop_assert_eq!(next.version, before.map_or(0, |before| before.version) + 1);
        match before {
            Some(before) if before.address.is_some() => prop_assert_eq!(next.epoch, before.epoch),
            _ => prop_assert!(self.epochs.insert(next.epoch), "{} was another conversation's", next.epoch),
        }
        let opted_out = room.sender.opted_out.is_some();
        for dispatch in &turn.dispatches {
            prop_assert_eq!(dispatch.key.epoch, next.epoch);
            prop_assert_eq!(dispatch.key.number as usize, self.dispatches.len() + 1, "1..N without gaps");
            for (earlier, posts) in [
                (dispatch.previous_post, true),
                (dispatch.of_conversation().and_then(|of| of.previous_reply), false),
            ] {
                let Some(earlier) = earlier else { continue };
                prop_assert!(earlier < dispatch.key.number);
                let in_lane = |say: &Message| if posts { say.is_post() } else { say.is_reply() };
                let mut lane = self.dispatches[earlier as usize - 1].deliveries.values();
                prop_assert!(lane.any(|one| in_lane(&one.message)));
            }
            let answers = dispatch.deliveries.values().any(|one| one.message.is_reply());
            prop_assert!(!(opted_out && answers), "who wants no texts gets none");
            prop_assert_eq!(
                answers && dispatch.of_conversation().and_then(|of| of.previous_reply).is_none(),
                answers && next_has_no_answer_before(dispatch, before)
            );
            prop_assert!(
                !answers || dispatch.deliveries.contains_key(&DeliveryId::Summary),
                "what became of it is shown"
            );
            let unknown = room.sender.confirmed.is_none()
                && next.by_form
                && !matches!(
                    heard,
                    ConversationEvent::CallEnded { .. }
                        | ConversationEvent::CallerHungUp { .. }
                        | ConversationEvent::Wake
                );
            let texts = dispatch
                .deliveries
                .values()
                .any(|one| matches!(one.message, Message::Phone(PhoneMessage::Reply { .. })));
            prop_assert!(!(unknown && texts), "a number that somebody typed gets no text");
            let mails = dispatch
                .deliveries
                .values()
                .any(|one| matches!(one.message, Message::Mail(MailMessage::Reply { .. })));
            prop_assert!(!(room.sender.confirmed.is_some() && mails), "who texted is answered by text alone");
            let by_itself = dispatch
                .conversation_entry()
                .is_some_and(|conversation| conversation.speaker == Speaker::Handbell);
            if by_itself && !matches!(heard, ConversationEvent::Command { .. }) {
                let quiet = |last: Timestamp| room.now.duration_since(last) >= SignedDuration::from_mins(10);
                prop_assert!(self.told.is_none_or(quiet), "told twice in ten minutes");
                self.told = Some(room.now);
            }
            for fact in &dispatch.facts {
                prop_assert!(self.facts.insert(fact.id.clone()), "{} was told before", fact.id);
            }
            self.dispatches.push(dispatch.clone());
        }
        prop_assert_eq!(next.dispatches as usize, self.dispatches.len());
        prop_assert!(next.taken_back.len() <= 20 && next.answers.len() <= 20);
        match next.wake_at {
            Some(at) => prop_assert!(at >= room.now, "{} is past at {}", at, room.now),
            None => prop_assert!(
                next.closed && next.alarm == next.alarmed,
                "an open conversation is looked at again"
            ),
        }
        if next.closed {
            prop_assert!(next.waiting_since.is_none() && next.alarm.is_none());
        }
        prop_assert!(next.alarm.is_none() || next.waiting_since == next.alarm);
        Ok(())
    }
}

/// Returns true if it is the first answer since the conversation opened.
fn next_has_no_answer_before(dispatch: &Dispatch, before: Option<&Conversation>) -> bool {
    let last = before.filter(|before| before.address.is_some()).map_or(0, |before| before.last_answer);
    last == 0 && dispatch.of_conversation().and_then(|of| of.previous_reply).is_none()
}

proptest! {
    #![proptest_config(chance(192))]

    #[test]
    fn the_rules_hold_for_any_events(moves in proptest::collection::vec(a_move(), 1..60), signed in any::<bool>(), undo in 0..60_i64, team in any::<bool>()) {
        let mut room = Room::with(|line| {
            line["signed"] = json!(signed);
            line["undo"] = json!(format!("{undo}s"));
            line["limits"] = json!({ "per_minute": 3, "per_day": 9 });
            if !team {
                line["agents"] = json!([]);
            }
        });
        let mut watch = Watch::default();
        for next in moves {
            let before = room.state.clone();
            let heard = match next {
                Move::Hear(heard) => *heard,
                Move::Write(text, file) => {
                    let files = if file { vec!["f".to_owned()] } else { Vec::new() };
                    ConversationEvent::Answer(AgentMessage { files, ..room.words(&text) })
                }
                Move::Command(command) => ConversationEvent::Command { command, asked: room.words("") },
                Move::Change(back, text) => {
                    let answers = before.as_ref().map(|conversation| conversation.answers.clone()).unwrap_or_default();
                    let Some((message, answer)) = answers.iter().rev().nth(back).cloned() else { continue };
                    let now = text.map(|text| AgentMessage { message: message.clone(), ..room.words(&text) });
                    ConversationEvent::AnswerEdited { answer, now, by: "Dana".into() }
                }
                Move::Erase(removed) => {
                    let ask = ConversationEvent::Command { command: AgentCommand::Erase { confirmed: false }, asked: room.words("") };
                    let turn = room.hear(&ask);
                    watch.check(before.as_ref(), &ask, &room, &turn)?;
                    let before = room.state.clone();
                    let erase = ConversationEvent::Command { command: AgentCommand::Erase { confirmed: true }, asked: room.words("") };
                    let turn = room.hear(&erase);
                    watch.check(before.as_ref(), &erase, &room, &turn)?;
                    prop_assert!(room.state.as_ref().is_none_or(|conversation| conversation.address.is_none()));
                    if removed && turn.changes_something() && room.sender.opted_out.is_none() {
                        (room.sender, watch.told) = (Sender::default(), None);
                    }
                    continue;
                }
                Move::Expire => {
                    room.pass(400 * 86_400);
                    room.state = None;
                    watch.dispatches.clear();
                    continue;
                }
                Move::Reconcile => ConversationEvent::AlarmChanged { alarmed: before.as_ref().and_then(|conversation| conversation.alarm) },
                Move::Open(open) => {
                    room.open = open;
                    continue;
                }
                Move::Pass(seconds) => {
                    room.pass(seconds);
                    continue;
                }
                Move::Sleep => {
                    let wake_at = before.as_ref().and_then(|conversation| conversation.wake_at);
                    room.now = room.now.max(wake_at.unwrap_or(room.now));
                    ConversationEvent::Wake
                }
            };
            let turn = room.hear(&heard);
            watch.check(before.as_ref(), &heard, &room, &turn)?;
            if heard == ConversationEvent::Wake {
                // A wake-up that only asks for the next wake-up would go on forever.
                let again = room.state.clone();
                let turn = room.hear(&ConversationEvent::Wake);
                watch.check(again.as_ref(), &heard, &room, &turn)?;
                prop_assert!(!room.hear(&ConversationEvent::Wake).changes_something(), "it comes to rest");
            }
        }
        let open = watch.dispatches.iter().flat_map(|dispatch| dispatch.deliveries.values());
        prop_assert!(open.into_iter().all(|delivery| delivery.progress == Progress::Pending));
    }
}
