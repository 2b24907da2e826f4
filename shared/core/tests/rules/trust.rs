//! What a form, a call or an old text proves about a number, and what each may cause.

use handbell_core::conversation::Address;
use handbell_core::conversation::decide::{Attendance, ConversationEvent};
use handbell_core::conversation::relay_policy::AgentCommand;
use handbell_core::delivery::{Message, PhoneMessage};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::conversation::{CUSTOMER, OURS, Room, answers, deliveries, form, kim, said, text};

#[test]
fn a_number_from_the_form_gets_no_text() {
    for open in [true, false] {
        for there in [Attendance::Somebody, Attendance::Asked(kim()), Attendance::Nobody] {
            let mut room = Room::new();
            room.open = open;
            let turn = room.hear(&form("Call me", Some("Ann"), Some("ann@example.com")));
            assert!(said(&turn)[1].contains("🌐 **Ann** 08:00, by the web form:"), "{:?}", said(&turn));
            assert!(said(&turn)[1].contains("No text ever came from this number"));
            assert_eq!(answers(&turn), [""; 0]);
            assert_eq!(
                answers(&room.hear(&ConversationEvent::AttendanceChecked(there))),
                [""; 0],
                "it may be somebody else's"
            );
            let close = ConversationEvent::Command {
                command: AgentCommand::Close { note: None },
                asked: room.words(""),
            };
            let answer = room.answer("We call you.");
            let says: Vec<_> =
                answer.dispatches.iter().flat_map(deliveries).map(|one| &one.message).collect();
            assert!(
                !says.iter().any(|say| matches!(say, Message::Phone(PhoneMessage::Reply { .. }))),
                "{:?}",
                said(&answer)
            );
            assert_eq!(answers(&answer), ["We call you."], "by mail");
            assert_eq!(answers(&room.hear(&close)), [""; 0]);
        }
    }
    let mut room = Room::with(|line| line["mail"] = Value::Null);
    room.tell(&form("Call me", None, Some("ann@example.com")));
    let turn = room.answer("We call you.");
    assert_eq!(
        said(&turn),
        [
            "2: post under m1: **Not sent.** No text ever came from this customer's number. It gets texts as soon as it texts +12025550100."
        ]
    );
    assert_eq!((room.conversation().assignee.clone(), turn.answer), (None, 0));
    assert!(room.conversation().waiting_since.is_some(), "still waiting");
}

#[test]
fn a_text_confirms_the_number_of_a_form() {
    let mut room = Room::new();
    room.tell(&form("Call me", Some("Ann"), None));
    assert_eq!(answers(&room.answer("Yes?")), [""; 0]);
    room.pass(60);
    room.text("It's me");
    assert_eq!(answers(&room.answer("Yes?")), ["Yes?"]);
    assert!(!room.conversation().by_form);
    // Anybody can type a number into a form. A customer who has proven a number is answered there alone.
    room.tell(&form("And by mail, please", None, Some("ann@example.com")));
    let turn = room.answer("Gladly");
    assert_eq!(said(&turn), ["6: text to +352691496401: Gladly", "6: report under m3"]);
}

#[test]
fn an_earlier_mail_address_gets_nothing_once_the_number_has_texted() {
    let mut room = Room::new();
    room.tell(&form("Hello", None, Some("ann@example.com")));
    assert_eq!(said(&room.answer("By mail"))[0], "2: mail to ann@example.com: By mail");
    room.text("It's me");
    room.tell(&form("And now?", None, None));
    let says = said(&room.answer("By text"));
    assert!(says[0].ends_with("text to +352691496401: By text"), "{says:?}");
    assert!(!says.iter().any(|line| line.contains("mail")), "{says:?}");
    // Not even when the text can't be sent.
    room.text("STOP");
    assert_eq!(answers(&room.answer("Hello?")), [""; 0]);
}

#[test]
fn a_form_changes_neither_name_nor_mail() {
    let mut room = Room::new();
    room.tell(&form("Hello", Some("Ann"), Some("ann@example.com")));
    let said = room.tell(&form("Hello", Some("Eve"), Some("eve@example.com")));
    assert!(
        said[0].contains("The form names eve@example.com, but answers still go to ann@example.com"),
        "{said:?}"
    );
    assert_eq!(
        (room.conversation().name.as_deref(), room.conversation().email.as_deref()),
        (Some("Ann"), Some("ann@example.com"))
    );
    // If the number has texted, a form doesn't even fill in what was unknown.
    let mut room = Room::new();
    room.text("Hello");
    let said = room.tell(&form("I am *Eve*", Some("Eve"), Some("eve@example.com")));
    assert_eq!(
        said[0],
        "2: post: 🌐 **+352691496401** 08:00, by the web form:\n\n\
         ⚠️ Anybody can type a number into the form. Answers go as texts to the number, and nowhere else.\n\n\
         ✉️ The form names eve@example.com, which gets no answers.\n\n> I am \\*Eve\\*"
    );
    assert_eq!((room.conversation().name.clone(), room.conversation().email.clone()), (None, None));
    assert!(room.conversation().by_form);
}

#[test]
fn notes_about_a_form_are_not_part_of_its_text() {
    let mut room = Room::new();
    let turn = room.hear(&form("One\n⚠️ Two", None, Some("ann@example.com")));
    let conversation = turn.dispatches[0].conversation_entry().expect("it is part of what was said");
    assert_eq!(conversation.text, "One\n⚠️ Two");
    assert!(conversation.note.starts_with("⚠️ No text ever came from this number"), "{}", conversation.note);
    assert!(conversation.note.ends_with("✉️ ann@example.com"), "{}", conversation.note);
    assert!(said(&turn)[1].ends_with("✉️ ann@example.com\n\n> One  \n> ⚠️ Two"), "{:?}", said(&turn));
    // A text has no notes by Handbell, and one of several lines can't pretend to have them.
    let turn = room.hear(&text("One\n🔔 Two"));
    assert_eq!(
        turn.dispatches[0].conversation_entry().map(|conversation| conversation.note.as_str()),
        Some("")
    );
    assert_eq!(said(&turn)[0], "2: post: **+352691496401** 08:00: \n> One  \n> 🔔 Two  ");
}

#[test]
fn the_confirmation_of_a_number_is_renewed_once_a_day() {
    let mut room = Room::new();
    room.text("Hello");
    let first = room.now;
    room.pass(86_399);
    let turn = room.hear(&text("Hello"));
    assert_eq!((turn.sender, room.sender.confirmed), (None, Some(first)), "nothing is written for it");
    room.pass(1);
    room.text("Hello");
    assert_eq!(room.sender.confirmed, Some(room.now));
    // Only a text confirms a number, neither a form nor a call.
    let last = room.now;
    room.pass(2 * 86_400);
    room.tell(&form("Hello", None, None));
    room.tell(&ConversationEvent::CallEnded {
        call: "CA146".into(),
        spoke: Some(SignedDuration::from_secs(9)),
    });
    assert_eq!(room.sender.confirmed, Some(last));
    room.text("STOP");
    assert_eq!(room.sender.confirmed, Some(last));
    room.text("START");
    assert_eq!(room.sender.confirmed, Some(room.now));
}

#[test]
fn a_missed_call_from_abroad_is_answered_only_where_that_is_allowed() {
    let missed = |countries: Value, number: &str| {
        let mut room = Room::with(|line| line["countries"] = countries).of(Address::Phone(number.into()));
        answers(&room.hear(&ConversationEvent::CallEnded { call: "CA158".into(), spoke: None }))
    };
    // A caller can show any number, and texts to a far country make somebody rich.
    assert_eq!(missed(json!([]), CUSTOMER), [""; 0]);
    assert_eq!(missed(json!([]), "+18765550123"), [""; 0], "Jamaica shares our country code, not our prices");
    assert_eq!(missed(json!([]), "+12025550123"), ["We missed you."]);
    assert_eq!(missed(json!(["+352"]), CUSTOMER), ["We missed you."]);
    assert_eq!(missed(json!(["+1"]), CUSTOMER), [""; 0]);
    let mut room = Room::new();
    room.text("Hello");
    room.pass(600);
    assert_eq!(
        answers(&room.hear(&ConversationEvent::CallEnded { call: "CA170".into(), spoke: None })),
        ["We missed you."],
        "this number texted"
    );
    // A caller who gets no reply isn't welcomed earlier because of that, but waits all the same.
    let mut room = Room::new();
    assert_eq!(
        room.tell(&ConversationEvent::CallEnded { call: "CA177".into(), spoke: None })
            .last()
            .map(String::as_str),
        Some("1: assign")
    );
    assert!(room.conversation().waiting_since.is_some());
    assert_eq!(answers(&room.hear(&ConversationEvent::AttendanceChecked(Attendance::Somebody))), [""; 0]);
}

#[test]
fn nobody_is_connected_with_handbells_numbers_or_far_countries() {
    let called = |countries: Value, number: &str| {
        let mut room = Room::with(|line| line["countries"] = countries).of(Address::Phone(number.into()));
        room.text("Hello");
        room.command(AgentCommand::Call)
    };
    for number in [OURS, "+12025550199"] {
        let said = called(json!([]), number);
        assert!(said.len() == 1 && said[0].contains("**Not sent.**"), "{number} {said:?}");
    }
    for number in [CUSTOMER, "+18765550123"] {
        let said = called(json!(["+1202"]), number);
        assert!(said.len() == 1 && said[0].contains("not allowed on this line"), "{number} {said:?}");
        assert!(called(json!([]), number).iter().any(|line| line.contains("connect")), "{number}");
    }
    assert!(called(json!(["+352"]), CUSTOMER).iter().any(|line| line.contains("connect")));
}
