//! Events of an agent and their effects: answers, commands, withdrawals, and failures.

use handbell_core::config::Admins;
use handbell_core::conversation::Address;
use handbell_core::conversation::decide::{
    AgentMessage, Attendance, ConversationDecision, ConversationEvent,
};
use handbell_core::conversation::relay_policy::{AgentCommand, KeptReason, Visibility};
use handbell_core::delivery::DeliveryId::{self, Numbered};
use handbell_core::delivery::{
    Content, ConversationEntry, Delivery, DirectMessage, Dispatch, Medium, Message, PhoneMessage, Progress,
    Receipt, SpaceMessage, Speaker, VendorStatus,
};
use handbell_core::failover::{Failover, fail_over};
use handbell_core::incident::decide::{Event, EventOutcome as Became, begins_anew};
use handbell_core::incident::{Phase, Subject};
use handbell_core::wording::conversation as wording;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::conversation::{
    CUSTOMER, OURS, Room, answers, dana, deliveries, facts, kim, message_id, said, text,
};
use crate::house::{House, morning, waits_no_more, words};

/// A customer who has just written.
fn asked() -> Room {
    asked_with(|_| ())
}

fn asked_with(change: impl FnOnce(&mut Value)) -> Room {
    let mut room = Room::with(change);
    room.text("Where is my bike?");
    room
}

fn not_before(turn: &ConversationDecision) -> Vec<Timestamp> {
    let all = turn.dispatches.iter().flat_map(deliveries).filter(|one| one.message.is_reply());
    all.map(|one| one.next_at).collect()
}

#[test]
fn an_answer_goes_to_the_customer() {
    let mut room = asked();
    room.pass(30);
    let turn = room.answer("It is ready.");
    assert_eq!(said(&turn), ["2: text to +352691496401: It is ready.", "2: report under m1"]);
    assert_eq!(turn.answer, 2);
    let dispatch = &turn.dispatches[0];
    assert_eq!(
        (
            dispatch.previous_post,
            dispatch.of_conversation().and_then(|of| of.previous_reply),
            dispatch.of_conversation().and_then(|of| of.replaces)
        ),
        (None, None, None)
    );
    assert!(dispatch.deliveries.contains_key(&DeliveryId::Summary));
    let conversation = dispatch.conversation_entry().expect("it is part of what was said");
    assert_eq!(
        (&conversation.speaker, conversation.text.as_str(), conversation.files),
        (&Speaker::Agent("Dana".into()), "It is ready.", 0)
    );
    assert_eq!(not_before(&turn), [room.now], "at once");
    let state = room.conversation();
    assert_eq!(
        (state.waiting_since, state.answered_at, state.assignee.clone()),
        (None, Some(room.now), Some(dana()))
    );
    assert_eq!((state.last_answer, state.last_post, state.read_to), (2, 1, Some(room.now)));
}

#[test]
fn answers_are_sent_one_after_another_and_so_are_posts() {
    let mut room = asked();
    let first = room.answer("One").dispatches.remove(0);
    let second = room.answer("Two").dispatches.remove(0);
    assert_eq!(
        (
            first.of_conversation().and_then(|of| of.previous_reply),
            second.of_conversation().and_then(|of| of.previous_reply)
        ),
        (None, Some(first.key.number))
    );
    let post = room.hear(&text("Thanks")).dispatches.remove(0);
    assert_eq!(
        (post.previous_post, post.of_conversation().and_then(|of| of.previous_reply)),
        (Some(1), None),
        "a post waits for no answer"
    );
    let third = room.answer("Three").dispatches.remove(0);
    assert_eq!(
        (third.previous_post, third.of_conversation().and_then(|of| of.previous_reply)),
        (None, Some(second.key.number))
    );
    // An automatic reply waits in both queues.
    let closing = room.command(AgentCommand::Close { note: None });
    assert!(closing[1].starts_with("7: post") && closing[2].starts_with("7: text"), "{closing:?}");
    assert_eq!((room.conversation().last_post, room.conversation().last_answer), (7, 7));
}

#[test]
fn the_first_agent_who_answers_has_the_customer() {
    let mut room = asked();
    room.hear(&ConversationEvent::AttendanceChecked(Attendance::Asked(kim())));
    room.answer("I do it");
    assert_eq!(room.conversation().assignee, Some(kim()), "who was asked keeps it");
    let mut room = asked();
    room.answer("I do it");
    let kims = AgentMessage { by: kim(), ..room.words("So do I") };
    room.hear(&ConversationEvent::Answer(kims));
    assert_eq!(room.conversation().assignee, Some(dana()));
    room.pass(800);
    assert_eq!(room.text("And now?").len(), 1, "somebody was heard lately");
    room.pass(200);
    assert_eq!(room.text("Hello?").len(), 2, "and now nobody was for a quarter of an hour");
}

#[test]
fn an_answered_customer_is_not_welcomed_later() {
    let mut room = asked();
    room.answer("Hello!");
    room.pass(86_400);
    room.text("Hello");
    assert_eq!(answers(&room.hear(&ConversationEvent::AttendanceChecked(Attendance::Somebody))), [""; 0]);
}

#[test]
fn a_signed_answer_begins_with_the_agents_name() {
    let mut room = asked_with(|line| line["signed"] = json!(true));
    let turn = room.answer("It is ready.");
    assert_eq!(answers(&turn), ["Dana: It is ready."]);
    assert_eq!(
        turn.dispatches[0].conversation_entry().map(|conversation| conversation.text.as_str()),
        Some("It is ready.")
    );
    let files = AgentMessage { files: vec!["f1".into(), "f2".into()], ..room.words("") };
    assert_eq!(
        said(&room.hear(&ConversationEvent::Answer(files)))[0],
        "3: text to +352691496401:  with f1, f2",
        "a picture needs no name"
    );
}

#[test]
fn an_answer_is_held_for_the_undo_time() {
    let mut room = asked_with(|line| line["undo"] = json!("15s"));
    let turn = room.answer("Oops");
    assert_eq!(not_before(&turn), [room.now + SignedDuration::from_secs(15)]);
    let report = &turn.dispatches[0].deliveries[&DeliveryId::Summary];
    assert_eq!(report.next_at, room.now, "only the answer is held");
}

#[test]
fn a_long_text_is_announced() {
    let mut room = asked();
    assert_eq!(said(&room.answer(&"a".repeat(459))).len(), 2, "three parts");
    let turn = room.answer(&"a".repeat(460));
    assert_eq!(
        said(&turn)[0],
        "3: post under m2: This is a long text: 4 parts, international price for each. It leaves in 10 s unless you delete it."
    );
    assert_eq!(not_before(&turn), [room.now + SignedDuration::from_secs(10)]);
    assert_eq!(turn.answer, 4, "the answer's dispatch, not the note's");
    let mut room = Room::with(|line| line["undo"] = json!("30s")).of(Address::Phone("+12025550123".into()));
    room.text("Hello");
    let turn = room.answer(&"🙂".repeat(120));
    assert_eq!(
        said(&turn)[0],
        "2: post under m1: This is a long text: 4 parts because of \u{201c}🙂\u{201d}, which makes them shorter, domestic price for each. \
         It leaves in 30 s unless you delete it."
    );
    assert_eq!(not_before(&turn), [room.now + SignedDuration::from_secs(30)]);
}

#[test]
fn a_text_too_long_for_twilio_is_not_cut_off() {
    let mut room = asked_with(|line| line["signed"] = json!(true));
    assert_eq!(answers(&room.answer(&"🙂".repeat(797))).len(), 1, "with the name, 1600 UTF-16 units");
    let turn = room.answer(&"🙂".repeat(798));
    assert!(said(&turn)[0].ends_with("and this one has 1602. Send it in several."), "{:?}", said(&turn));
    let mut room = asked_with(|line| line["signed"] = json!(true));
    assert_eq!(answers(&room.answer(&"é".repeat(1594))).len(), 1, "with the name, 1600 characters");
    let turn = room.answer(&"é".repeat(1595));
    assert_eq!(
        said(&turn),
        [
            "4: post under m2: **Not sent.** A text has at most 1600 characters, and this one has 1601. Send it in several."
        ]
    );
    // A mail has room for it.
    let mut room =
        Room::with(|line| line["signed"] = json!(true)).of(Address::Mail("ann@example.com".parse().unwrap()));
    room.hear(&ConversationEvent::Form { message: "By mail".into(), name: None, email: None });
    let said = said(&room.answer(&"é".repeat(2000)));
    assert!(said[0].starts_with("2: mail to ann@example.com: Dana: éé"), "{said:?}");
}

#[test]
fn answers_beyond_the_limits_are_not_sent() {
    let mut room = asked_with(|line| line["limits"] = json!({ "per_minute": 2, "per_day": 4 }));
    let at = |room: &mut Room, text: &str| answers(&room.answer(text)).len();
    assert_eq!((at(&mut room, "1"), at(&mut room, "2"), at(&mut room, "3")), (1, 1, 0));
    let turn = room.answer("3 again");
    assert_eq!(
        said(&turn),
        [
            "5: post under m4: **Not sent.** More than 2 answers in a minute or 4 in a day went to this customer. Write it again later."
        ]
    );
    room.pass(60);
    assert_eq!(
        (at(&mut room, "3"), at(&mut room, "4"), at(&mut room, "5")),
        (1, 1, 0),
        "what didn't leave isn't counted"
    );
    room.pass(3600);
    assert_eq!(at(&mut room, "5"), 0, "that was the day");
    room.pass(86_400);
    assert_eq!(at(&mut room, "5"), 1);
}

#[test]
fn the_limit_holds_for_mails_too() {
    let mut room = Room::with(|line| line["limits"] = json!({ "per_minute": 1 }))
        .of(Address::Mail("ann@example.com".parse().unwrap()));
    room.tell(&ConversationEvent::Form { message: "Hello".into(), name: None, email: None });
    assert_eq!(answers(&room.answer("1")), ["1"]);
    let turn = room.answer("2");
    assert_eq!(answers(&turn), [""; 0]);
    assert!(said(&turn)[0].contains("**Not sent.** More than 1 answers"), "{:?}", said(&turn));
}

#[test]
fn a_customer_without_a_number_is_answered_by_mail_only() {
    let mut room = Room::new().of(Address::Mail("ann@example.com".parse().unwrap()));
    room.tell(&ConversationEvent::Form { message: "Hello".into(), name: None, email: None });
    let turn = room.answer("Hello Ann");
    assert_eq!(
        said(&turn),
        [
            "2: mail to ann@example.com: Hello Ann",
            "2: report under m1",
            "3: post under m1: It goes by mail only. This customer has no number that texts or calls can go to.",
        ]
    );
    assert_eq!(turn.answer, 2);
    let files = AgentMessage { files: vec!["f".into()], ..room.words("See here") };
    let said_of_files = said(&room.hear(&ConversationEvent::Answer(files)));
    assert!(said_of_files[2].ends_with("Its files stay here: files don't go by mail."), "{said_of_files:?}");
    let files = AgentMessage { files: vec!["f".into()], ..room.words("") };
    assert_eq!(
        said(&room.hear(&ConversationEvent::Answer(files))),
        ["6: post under m3: **Not sent.** This customer has no number that texts or calls can go to."]
    );
    // Mail is for customers who wrote by the form, and where it is switched on.
    let mut room =
        Room::with(|line| line["mail"] = Value::Null).of(Address::Mail("ann@example.com".parse().unwrap()));
    room.tell(&ConversationEvent::Form { message: "Hello".into(), name: None, email: None });
    assert_eq!(answers(&room.answer("Hello Ann")), [""; 0]);
}

#[test]
fn the_space_reads_why_an_answer_was_not_sent() {
    let first = |room: &mut Room| said(&room.answer("Hello")).remove(0);
    let mut room = asked();
    room.text("STOP");
    assert!(first(&mut room).ends_with(wording::NOT_SENT_STOP));
    let mut room = Room::new().of(Address::Hidden);
    room.hear(&ConversationEvent::CallEnded { call: "CA270".into(), spoke: None });
    assert!(first(&mut room).ends_with(wording::NOT_SENT_NO_NUMBER));
    for code in ["+12345", "12345", "INFO"] {
        let mut room = Room::new().of(Address::Phone(code.into()));
        room.text("Your parcel is here");
        assert!(first(&mut room).ends_with(wording::NOT_SENT_NO_NUMBER), "{code}");
        assert!(
            room.command(AgentCommand::Call)[0].ends_with(wording::NOT_SENT_NO_NUMBER),
            "nobody answers there: {code}"
        );
    }
    let mut room = asked_with(|line| line["countries"] = json!(["+1"]));
    assert!(first(&mut room).ends_with(wording::NOT_SENT_COUNTRY));
    assert!(room.conversation().waiting_since.is_some() && room.conversation().answers.is_empty());
}

#[test]
fn an_answer_reopens_a_closed_conversation() {
    let mut room = asked();
    room.command(AgentCommand::Close { note: None });
    room.pass(600);
    let turn = room.answer("One more thing");
    assert_eq!(facts(&turn), ["conversation.reopened"]);
    assert!(!room.conversation().closed && room.conversation().wake_at.is_some());
}

#[test]
fn claim_and_release_change_who_has_the_customer() {
    let mut room = asked();
    assert_eq!(room.command(AgentCommand::Claim), ["2: post under m1: **Dana** has it."]);
    room.pass(60);
    assert_eq!(room.text("Hello?").len(), 1, "who has it is looked for no more");
    let asked_by_kim = AgentMessage { by: kim(), ..room.words("") };
    let claim = ConversationEvent::Command { command: AgentCommand::Claim, asked: asked_by_kim };
    assert_eq!(room.tell(&claim), ["4: post under m2: **Kim** has it now, instead of Dana."]);
    room.answer("Hello");
    room.pass(60);
    let said = room.command(AgentCommand::Release);
    assert_eq!(said, ["6: post under m4: Dana gave it back. The customer's next text looks for somebody."]);
    assert_eq!(room.conversation().assignee, None);
    assert_eq!(room.text("And?").last().map(String::as_str), Some("7: assign"), "as was promised");
    // An agent who claims an old conversation is available now.
    room.pass(86_400);
    room.command(AgentCommand::Claim);
    assert_eq!(room.text("Hello?").len(), 1);
}

#[test]
fn close_ends_the_conversation() {
    let mut room = asked();
    let said = room.command(AgentCommand::Close { note: Some("paid, *all*\n- done".into()) });
    assert_eq!(
        said[0],
        "2: post under m1: Closed by Dana. paid, \\*all\\*  \n\\- done It opens again when the customer writes."
    );
    assert_eq!(said[2], "3: text to +352691496401: Goodbye!");
    let conversation = room.conversation();
    assert_eq!((conversation.closed, conversation.waiting_since, conversation.wake_at), (true, None, None));
    // For the customer, closing twice is closing once.
    room.pass(7200);
    let asked = room.words("");
    let again = ConversationEvent::Command { command: AgentCommand::Close { note: None }, asked };
    let turn = room.hear(&again);
    assert_eq!((answers(&turn).len(), facts(&turn).len(), turn.dispatches.len()), (0, 0, 1));
    // "Thanks!" right after the goodbye gets no automatic reply.
    let mut room = self::asked();
    room.command(AgentCommand::Close { note: None });
    room.open = false;
    room.pass(30);
    let thanks = room.hear(&text("Thanks!"));
    assert_eq!(answers(&thanks), [""; 0]);
    assert!(room.conversation().closed && room.conversation().waiting_since.is_none());
    // An agent who closes it again after each message says good-bye once in ten minutes.
    for (pause, goodbyes) in [(30, 0), (500, 0), (70, 1)] {
        room.pass(pause);
        room.text("I forgot my bag");
        let asked = room.words("");
        let close = ConversationEvent::Command { command: AgentCommand::Close { note: None }, asked };
        let turn = room.hear(&close);
        assert!(room.conversation().closed);
        assert_eq!(answers(&turn).len(), goodbyes, "{pause} s later");
    }
    // A customer who opted out gets no goodbye.
    let mut room = self::asked();
    room.text("STOP");
    assert_eq!(room.command(AgentCommand::Close { note: None }).len(), 1);
}

#[test]
fn close_ends_the_incident_of_a_waiting_customer() {
    let mut room = asked();
    room.pass(300);
    room.hear(&ConversationEvent::Wake);
    room.hear(&ConversationEvent::AlarmChanged { alarmed: Some(morning()) });
    room.command(AgentCommand::Close { note: None });
    assert_eq!(
        (room.conversation().alarm, room.conversation().wake_at),
        (None, Some(room.now)),
        "the incident has to end"
    );
    room.pass(1);
    assert!(
        !room.hear(&ConversationEvent::Wake).changes_something(),
        "until it was told, nothing is written"
    );
    room.hear(&ConversationEvent::AlarmChanged { alarmed: None });
    assert_eq!(room.conversation().wake_at, None);
}

#[test]
fn name_changes_what_the_customer_is_called() {
    let mut room = asked();
    let said = room.command(AgentCommand::Name("Tommy *T*".into()));
    assert_eq!(
        said,
        [
            "2: title: Tommy *T* +352691496401",
            r"2: post under m1: The customer is called **Tommy \*T\*** from now on.",
        ]
    );
    assert_eq!(room.text("Hello")[0], r"3: post: **Tommy \*T\*** 08:00: Hello");
}

#[test]
fn canned_sends_a_prepared_answer() {
    let mut room = asked();
    let asked = room.words("");
    let turn = room.hear(&ConversationEvent::Command {
        command: AgentCommand::Canned("times".into()),
        asked: asked.clone(),
    });
    assert_eq!((answers(&turn), turn.answer), (vec!["From 9 to 6.".to_owned()], 2));
    assert_eq!(room.conversation().answers, [(asked.message, 2)], "deleting the command takes it back");
    assert_eq!(
        room.command(AgentCommand::Canned("tmies".into())),
        ["3: post under m2: **Not sent.** There is no answer called tmies. There are: `Times`."]
    );
    let mut room = asked_with(|line| line["canned"] = json!({}));
    let said = room.command(AgentCommand::Canned("x".into()));
    assert!(
        said[0].ends_with("**Not sent.** This line has no prepared answers (`canned` in the configuration).")
    );
}

#[test]
fn call_rings_the_agent() {
    let mut room = asked();
    assert_eq!(
        room.command(AgentCommand::Call),
        [
            "2: post under m1: Your phone rings, Dana. Press 1, and the customer is called.",
            "2: connect +12025550111 with +352691496401",
            "2: report under m1",
        ]
    );
    let asked_by_kim = AgentMessage { by: kim(), ..room.words("") };
    let call = ConversationEvent::Command { command: AgentCommand::Call, asked: asked_by_kim };
    assert_eq!(
        room.tell(&call),
        ["3: post under m2: I don't know your number, Kim: it belongs to `agents` in the configuration."]
    );
    let mut room = Room::new().of(Address::Mail("ann@example.com".parse().unwrap()));
    room.tell(&ConversationEvent::Form { message: "Hello".into(), name: None, email: None });
    assert!(room.command(AgentCommand::Call)[0].ends_with(wording::NOT_SENT_NO_NUMBER));
}

#[test]
fn a_question_of_an_agent_is_answered_in_the_space() {
    let mut room = asked();
    assert_eq!(room.command(AgentCommand::History), ["2: transcript under m1, brief: true"]);
    assert_eq!(room.command(AgentCommand::Export), ["3: transcript under m2, brief: false"]);
    assert!(room.command(AgentCommand::Who)[0].contains("Nobody has it."));
    assert_eq!(room.command(AgentCommand::Hours), ["5: post under m4: We are always open."]);
    assert!(room.command(AgentCommand::Help)[0].contains("`/claim`"));
    assert!(room.conversation().waiting_since.is_some(), "none of it is an answer");
}

#[test]
fn optout_cancels_what_was_not_sent() {
    let mut room = asked();
    room.answer("Hello");
    let said = room.command(AgentCommand::OptOut);
    assert_eq!(
        said,
        [
            "3: post under m2: 🔕 Dana switched texts to this customer off. They come on again when the customer texts START."
        ]
    );
    assert_eq!(room.sender.opted_out, Some(room.now));
    assert!(room.conversation().cancels(2).is_some());
    assert_eq!(answers(&room.answer("Hello?")), [""; 0]);
}

#[test]
fn a_message_that_stays_may_need_an_explanation() {
    let mut room = asked();
    let mut stays = |why, sight| {
        let said = AgentMessage { sight, ..room.words("") };
        room.hear(&ConversationEvent::Kept { why, said })
    };
    for why in
        [KeptReason::Echo, KeptReason::Machine, KeptReason::Whisper, KeptReason::Mention, KeptReason::Empty]
    {
        let turn = stays(why, Visibility::Everything);
        assert!(turn.changes_something() && turn.dispatches.is_empty(), "remembered, without a word");
    }
    assert_eq!(
        said(&stays(KeptReason::Unknown("/cal*".into()), Visibility::Everything)),
        [
            r"2: post under m6: **Not sent.** I don't know /cal\*. `/help` lists the commands; a text that begins with / is sent with `/reply`."
        ]
    );
    assert!(
        said(&stays(KeptReason::NotAddressed, Visibility::OnlyMentions))[0]
            .contains("**Not sent.** **Only what begins with a mention of me")
    );
    assert_eq!(
        said(&stays(KeptReason::NotAddressed, Visibility::Everything)),
        [
            "4: post under m8: **Not sent.** What stands in a thread stays here: it may belong to a whisper. Begin with `/reply` to send it."
        ]
    );
    assert_eq!(
        said(&stays(KeptReason::Outsider, Visibility::Everything)),
        [
            "5: post under m9: **Not sent.** Customers hear only people of our organisation and those who stand among the line's `agents`."
        ]
    );
    assert_eq!(
        said(&stays(KeptReason::Colleague, Visibility::Everything)),
        [
            "6: post under m10: **Not sent.** It calls a colleague with an @, so it stays here. Write the name without the @ to send it."
        ]
    );
    assert_eq!(
        said(&stays(KeptReason::Doubtful, Visibility::OnlyMentions)),
        [
            "7: post under m11: **Not sent.** It reads like a note to colleagues, so it stays here. Mention me and write `/reply` and the same words to send it."
        ]
    );
    // Where only `/reply` is sent, people talk to each other without comments by Handbell.
    let mut room = asked_with(|line| line["answers"] = json!("explicit"));
    let quiet = ConversationEvent::Kept { why: KeptReason::NotAddressed, said: room.words("") };
    assert!(room.tell(&quiet).is_empty());
}

#[test]
fn a_message_that_stayed_is_not_judged_again() {
    let mut room = self::asked();
    let version = room.conversation().version;
    room.pass(60);
    for (why, sight) in [
        (KeptReason::Whisper, Visibility::OnlyMentions),
        (KeptReason::Unknown("/x".into()), Visibility::Everything),
    ] {
        let said = AgentMessage { sight, ..room.words("") };
        assert!(room.hear(&ConversationEvent::Kept { why, said }).changes_something());
        assert_eq!(
            (room.conversation().read_to, room.conversation().read_with),
            (Some(room.now), Some(sight))
        );
    }
    assert_eq!(room.conversation().version, version + 2);
    let read_to = room.conversation().read_to;
    // A message that is read late moves nothing back, and one without a time moves nothing.
    for at in [Some(morning()), None] {
        let said = AgentMessage { at, ..room.words("") };
        room.hear(&ConversationEvent::Kept { why: KeptReason::Echo, said });
        assert_eq!(room.conversation().read_to, read_to);
    }
    // Answers and commands are remembered the same way.
    room.pass(1);
    let asked = AgentMessage { sight: Visibility::OnlyMentions, ..room.words("") };
    room.hear(&ConversationEvent::Command { command: AgentCommand::Claim, asked });
    assert_eq!(
        (room.conversation().read_to, room.conversation().read_with),
        (Some(room.now), Some(Visibility::OnlyMentions))
    );
    room.pass(1);
    room.answer("Hello");
    assert_eq!(
        (room.conversation().read_to, room.conversation().read_with),
        (Some(room.now), Some(Visibility::Everything))
    );
}

#[test]
fn a_deleted_answer_is_withdrawn() {
    let mut room = asked_with(|line| line["undo"] = json!("10s"));
    let answer = room.answer("Oops").answer;
    let turn = room.hear(&ConversationEvent::AnswerDeleted { answer, by: "Dana".into() });
    assert_eq!(said(&turn), ["3: Dana took back 2, changed: false"]);
    assert_eq!(turn.answer, 0);
    assert_eq!(room.conversation().cancels(answer), Some("it was taken back"));
    let turn = room.hear(&ConversationEvent::AnswerDeleted { answer, by: "Dana".into() });
    assert_eq!((turn.dispatches.len(), room.conversation().taken_back.clone()), (1, vec![2]));
}

#[test]
fn an_edited_answer_replaces_the_first() {
    let mut room = asked_with(|line| line["undo"] = json!("10s"));
    let answer = room.answer("Its ready").answer;
    let words = room.words("It's ready");
    let now = AgentMessage { message: message_id(1), thread: message_id(1), ..words };
    let change = ConversationEvent::AnswerEdited { answer, now: Some(now.clone()), by: "Dana".into() };
    let turn = room.hear(&change);
    assert_eq!(
        said(&turn),
        ["3: Dana took back 2, changed: true", "4: text to +352691496401: It's ready", "4: report under m1"]
    );
    let dispatch = &turn.dispatches[1];
    assert_eq!(
        (
            dispatch.of_conversation().and_then(|of| of.replaces),
            dispatch.of_conversation().and_then(|of| of.previous_reply),
            turn.answer
        ),
        (Some(2), Some(2), 4)
    );
    assert_eq!(
        room.conversation().answers,
        [(message_id(1), 4)],
        "the message has another dispatch from now on"
    );
    // A second edit replaces the first.
    let turn = room.hear(&ConversationEvent::AnswerEdited { answer: 4, now: Some(now), by: "Dana".into() });
    assert_eq!(
        (
            turn.dispatches[1].of_conversation().and_then(|of| of.replaces),
            room.conversation().taken_back.clone()
        ),
        (Some(4), vec![2, 4])
    );
    // Even if the dispatch was looked up before that edit was written, the latest answer is replaced.
    let late = AgentMessage { message: message_id(1), thread: message_id(1), ..room.words("It is ready") };
    let turn = room.hear(&ConversationEvent::AnswerEdited { answer: 2, now: Some(late), by: "Dana".into() });
    assert_eq!(said(&turn)[0], "7: Dana took back 6, changed: true");
    assert_eq!((turn.dispatches[1].of_conversation().and_then(|of| of.replaces), turn.answer), (Some(6), 8));
    assert_eq!(
        (room.conversation().answers.clone(), room.conversation().taken_back.clone()),
        (vec![(message_id(1), 8)], vec![2, 4, 6])
    );
    // An answer that is edited into a whisper is replaced by nothing.
    let turn = room.hear(&ConversationEvent::AnswerEdited { answer: 8, now: None, by: "Dana".into() });
    assert_eq!(said(&turn), ["9: Dana took back 8, changed: true"]);
}

#[test]
fn a_customer_whose_answer_failed_waits_again() {
    let mut room = asked();
    assert!(
        !room.hear(&ConversationEvent::AnswerFailed).changes_something(),
        "still waiting since the beginning"
    );
    room.answer("It is ready.");
    room.pass(60);
    let turn = room.hear(&ConversationEvent::AnswerFailed);
    assert!(turn.changes_something() && turn.dispatches.is_empty(), "the report tells of it");
    assert_eq!(room.conversation().waiting_since, Some(room.now));
    room.pass(300);
    assert_eq!(facts(&room.hear(&ConversationEvent::Wake)), ["conversation.waiting"]);
    for last in ["close", "STOP"] {
        let mut room = asked();
        room.answer("It is ready.");
        match last {
            "close" => room.command(AgentCommand::Close { note: None }),
            stop => room.text(stop),
        };
        assert!(
            !room.hear(&ConversationEvent::AnswerFailed).changes_something(),
            "nobody waits after {last}"
        );
    }
}

#[test]
fn only_the_latest_answers_are_remembered() {
    let mut room = asked_with(|line| line["limits"] = json!({ "per_minute": 100 }));
    for _ in 0..30 {
        room.answer("Hello");
    }
    let conversation = room.conversation();
    assert_eq!(
        (conversation.answers.len(), conversation.answers[0].1, conversation.answers[19].1),
        (20, 12, 31)
    );
}

/// A dispatch with these answers, each with its progress, its unknown attempts and whether it has a receipt.
fn answered(all: &[(Progress, u32, bool)]) -> Dispatch {
    let mut dispatch = asked().answer("Hello").dispatches.remove(0);
    dispatch.deliveries.clear();
    for (progress, unknowns, receipt) in all {
        let say = Message::Phone(PhoneMessage::Reply {
            to: CUSTOMER.parse().unwrap(),
            from: OURS.parse().unwrap(),
            text: "Hello".into(),
            files: Vec::new(),
        });
        let name = dispatch.add(Delivery {
            progress: *progress,
            unknowns: *unknowns,
            ..Delivery::new(say, morning())
        });
        if *receipt {
            let (status, id) = (VendorStatus::Sent, "SM1".to_owned());
            dispatch
                .receipts
                .insert(name, Receipt { rank: 1, status, code: None, id, why: None, last: false });
        }
    }
    dispatch
        .deliveries
        .insert(DeliveryId::Summary, Delivery::new(Message::Space(SpaceMessage::DeliverySummary), morning()));
    dispatch
}

#[test]
fn an_answer_is_withdrawn_in_time_only_if_it_was_certainly_not_sent() {
    use Progress::{Cancelled, Dead, Pending, Sent, Unknown};
    let all = [
        ((Cancelled, 0, false), Some(true)),
        // Certainly never accepted, so that another may replace it.
        ((Dead, 0, false), Some(true)),
        // Given up with an unknown outcome: the customer may have it.
        ((Dead, 1, false), Some(false)),
        ((Dead, 0, true), Some(false)),
        ((Sent, 0, false), Some(false)),
        ((Sent, 1, true), Some(false)),
        ((Cancelled, 1, true), Some(false)),
        ((Pending, 0, true), Some(false)),
        ((Unknown, 1, true), Some(false)),
        ((Pending, 0, false), None),
        ((Unknown, 1, false), None),
    ];
    for (one, alone) in all {
        let dispatch = answered(&[one]);
        assert_eq!(dispatch.was_taken_back(), alone, "{one:?}");
        assert_eq!(dispatch.replies_are_out(), !matches!(one.0, Pending | Unknown), "{one:?}");
        for (other, also) in all {
            let both = match (alone, also) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (None, _) | (_, None) => None,
                _ => Some(true),
            };
            assert_eq!(answered(&[one, other]).was_taken_back(), both, "{one:?} {other:?}");
        }
    }
}

#[test]
fn withdrawing_cancels_only_pending_answers() {
    use Progress::{Cancelled, Dead, Pending, Sent, Unknown};
    let mut dispatch = answered(&[
        (Pending, 0, false),
        (Unknown, 1, false),
        (Sent, 0, false),
        (Dead, 0, false),
        (Cancelled, 0, false),
    ]);
    dispatch.add(Delivery::new(Message::Space(SpaceMessage::Post { content: Content::Entry }), morning()));
    dispatch.take_back("it was taken back");
    let progress: Vec<_> = deliveries(&dispatch).iter().map(|one| one.progress).collect();
    assert_eq!(progress, [Cancelled, Unknown, Sent, Dead, Cancelled, Pending, Pending]);
    assert_eq!(dispatch.deliveries[&Numbered(0)].why.as_deref(), Some("it was taken back"));
    assert_eq!(dispatch.was_taken_back(), Some(false));
}

/// The deliveries that fail over for those of the dispatch that died.
fn after_death(dispatch: &mut Dispatch, died: &[u32], customer: Option<&str>) -> Vec<String> {
    let died: Vec<_> = died.iter().copied().map(Numbered).collect();
    for id in &died {
        let delivery = dispatch.deliveries.get_mut(id).expect("it is there");
        (delivery.progress, delivery.why) = (Progress::Dead, Some("no".to_owned()));
    }
    let known = dispatch.deliveries.len();
    let admins: Admins =
        serde_json::from_value(json!({ "webex": ["admin@example.com"], "sms": ["+352691496409"] }))
            .expect("admins");
    let words = words();
    let from = "+12025550199".parse().unwrap();
    let (customer, ours) = (customer.map(|number| number.parse().unwrap()), OURS.parse().unwrap());
    let with = Failover {
        admins: &admins,
        from: Some(&from),
        customer: customer.as_ref().map(|number| (number, &ours)),
        plan: None,
        words: &words,
    };
    fail_over(dispatch, &died, with, morning());
    assert!(dispatch.facts.iter().filter(|fact| fact.kind == "delivery.dead").count() >= died.len());
    let new = deliveries(dispatch)
        .into_iter()
        .filter(|one| !one.message.is_summary())
        .skip(known - usize::from(dispatch.deliveries.contains_key(&DeliveryId::Summary)));
    new.map(|one| match &one.message {
        Message::Phone(PhoneMessage::Reply { to, from, text, .. }) => format!("{from} to {to}: {text}"),
        Message::Phone(PhoneMessage::Text { to, content: Content::Text(text), .. }) => {
            format!("sms {to}: {}", text.split(": ").nth(1).unwrap_or_default())
        }
        Message::Direct(DirectMessage { email, content: Content::Text(text) }) => {
            format!("direct {email}: {}", text.split(": ").nth(1).unwrap_or_default())
        }
        other => panic!("nobody says this instead: {other:?}"),
    })
    .collect()
}

#[test]
fn a_customer_whose_text_nobody_was_shown_gets_an_apology() {
    let mut first = Room::new().hear(&text("Hello")).dispatches.remove(0);
    let apology = format!("{OURS} to {CUSTOMER}: {}", wording::APOLOGY);
    let admins = "sms +352691496409: A post";
    assert_eq!(after_death(&mut first.clone(), &[1], Some(CUSTOMER)), [apology.as_str(), admins]);
    assert_eq!(
        after_death(&mut first.clone(), &[0, 1], Some(CUSTOMER)),
        [apology.as_str(), admins],
        "one apology"
    );
    assert_eq!(
        after_death(&mut first.clone(), &[0], Some(CUSTOMER)),
        [admins],
        "the words themselves may still be shown"
    );
    assert_eq!(after_death(&mut first.clone(), &[1], None), [admins]);
    assert_eq!(
        after_death(&mut first.clone(), &[1], Some("+12345")),
        [admins],
        "nobody reads at a short code"
    );
    assert_eq!(after_death(&mut first.clone(), &[1], Some(OURS)), [admins]);
    // Even an apology that fails is no reason to notify anybody.
    after_death(&mut first, &[1], Some(CUSTOMER));
    assert!(first.deliveries[&Numbered(3)].message.is_reply());
    assert_eq!(after_death(&mut first, &[3], Some(CUSTOMER)), [""; 0]);
}

#[test]
fn no_apology_goes_to_a_number_from_the_form() {
    let form = ConversationEvent::Form { message: "Hello".into(), name: None, email: None };
    let mut first = Room::new().hear(&form).dispatches.remove(0);
    assert_eq!(after_death(&mut first, &[1], Some(CUSTOMER)), ["sms +352691496409: A post"]);
    // And a caller didn't send a message.
    let mut call =
        Room::new().hear(&ConversationEvent::CallForwarded { call: "CA802".into() }).dispatches.remove(0);
    assert_eq!(after_death(&mut call, &[1], Some(CUSTOMER)), ["sms +352691496409: A post"]);
}

#[test]
fn a_dead_answer_is_shown_under_it_and_nobody_is_called() {
    let mut answer = asked().answer("Hello").dispatches.remove(0);
    assert_eq!(after_death(&mut answer, &[0], Some(CUSTOMER)), [""; 0]);
    assert_eq!(handbell_core::wording::delivery_summary(&answer).as_deref(), Some("Text: ❌ failed: no"));
    let mut note = asked().hear(&ConversationEvent::OptedOut).dispatches.remove(0);
    assert_eq!(
        after_death(&mut note, &[0], Some(CUSTOMER)),
        ["sms +352691496409: A post"],
        "our own words need no apology"
    );
    let mut look = asked();
    look.pass(400);
    let mut look = look.hear(&text("Hello?")).dispatches.remove(0);
    assert_eq!(
        look.deliveries[&Numbered(1)].message,
        Message::Space(SpaceMessage::Assign),
        "together with what the customer says"
    );
    assert_eq!(
        after_death(&mut look, &[1], Some(CUSTOMER)),
        ["direct admin@example.com: Looking for somebody to answer"]
    );
}

#[test]
fn texts_of_a_conversation_do_not_reach_logs() {
    let conversation = ConversationEntry {
        speaker: Speaker::Customer,
        customer: "Ann".into(),
        medium: Medium::Text,
        text: "secret".into(),
        note: "secret".into(),
        files: 0,
        at: morning(),
    };
    let answer = asked().words("secret");
    assert!(!format!("{conversation:?} {answer:?}").contains("secret"));
}

fn waiting() -> House {
    let mut house = House::with(json!({
        "space": { "title": "Waiting", "moderators": ["a@example.com"] },
        "steps": [{ "post": { "markdown": "**{customer}** waits" } }, { "sms": [{ "to": ["+352691496402"], "text": "{customer}" }], "after": "5m" }],
    }));
    house.subject = Subject::waiting(&Address::Phone(CUSTOMER.into()).subject("AC", "support"));
    house
}

#[test]
fn a_customer_who_waits_too_long_opens_one_incident() {
    let mut house = waiting();
    let event = Event::CustomerWaits {
        customer: "Ann *A*".into(),
        since: morning(),
        waited: SignedDuration::from_mins(5),
    };
    assert!(begins_anew(None, None, &event, house.now));
    house.pass(300);
    let decision = house.apply(&event);
    assert_eq!(
        (decision.outcome, house.incident().step, house.incident().label.as_deref()),
        (Became::Done, 1, Some("Ann *A*"))
    );
    let posts = house.posts(&decision);
    assert!(
        posts.iter().any(|post| post == r"**Ann \*A\*** has been waiting for an answer for 5 min."),
        "{posts:?}"
    );
    assert_eq!(house.apply(&event).outcome, Became::Nothing, "once");
    house.acknowledge("dana");
    assert_eq!(house.apply(&event).outcome, Became::Nothing, "somebody has it");
    let answered = waits_no_more("Dana");
    assert!(!begins_anew(None, None, &answered, house.now));
    let decision = house.apply(&answered);
    assert_eq!((decision.outcome, house.incident().phase), (Became::Done, Phase::Resolved));
    assert_eq!(house.posts(&decision), ["Resolved by Dana at 08:05."]);
    assert_eq!(house.apply(&answered).outcome, Became::Nothing, "it is over already");
    house.apply(&event);
    assert_eq!(
        (house.epoch(), house.incident().phase),
        (2, Phase::Open),
        "who waits again is another incident"
    );
}

#[test]
fn the_end_of_the_waiting_changes_nothing_without_an_incident() {
    let mut house = waiting();
    let decision = house.apply(&waits_no_more("Dana"));
    assert_eq!(
        (decision.outcome, decision.next.is_none(), decision.dispatches.len()),
        (Became::Nothing, true, 0)
    );
}

#[test]
fn the_incident_of_a_waiting_customer_escalates() {
    let mut house = waiting();
    house.apply(&Event::CustomerWaits {
        customer: "Ann".into(),
        since: morning(),
        waited: SignedDuration::from_mins(5),
    });
    house.pass(300);
    house.apply(&Event::Wake);
    assert_eq!(house.incident().step, 2);
    house.pass(86_400 * 3);
    house.apply(&Event::Wake);
    assert!(!house.incident().phase.is_final(), "it ends when the customer is answered, not by itself");
}
