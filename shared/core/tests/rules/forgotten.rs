//! What remains of a customer who is erased, and what happens to them afterwards.

use handbell_core::conversation::decide::{
    AgentMessage, Attendance, ConversationDecision, ConversationEvent,
};
use handbell_core::conversation::relay_policy::{AgentCommand, KeptReason};
use handbell_core::delivery::{Dispatch, InternalTask, Message, Outcome};
use jiff::SignedDuration;

use crate::conversation::{CUSTOMER, Room, dana, deliveries, facts, form, message_id, said, text};

fn sure(confirmed: bool) -> AgentCommand {
    AgentCommand::Erase { confirmed }
}

/// `/erase`, and `/erase yes`.
fn erase(room: &mut Room) -> ConversationDecision {
    room.command(sure(false));
    let asked = room.words("");
    room.hear(&ConversationEvent::Command { command: sure(true), asked })
}

#[test]
fn erasing_needs_a_confirmation() {
    let mut room = Room::new();
    room.text("Where is my bike?");
    assert!(room.command(sure(true))[0].contains("for good"), "asked back first, whatever was said");
    room.pass(599);
    room.answer("Bye");
    let asked = room.words("");
    let turn = room.hear(&ConversationEvent::Command { command: sure(true), asked });
    assert_eq!(said(&turn), [format!("4: erase Some({CUSTOMER:?}) under m3")]);
    assert_eq!(facts(&turn), ["customer.erased"]);
    assert_eq!(room.conversation().address, None, "in the same turn: what had not left stays here");
    let mut room = Room::new();
    room.text("Where is my bike?");
    room.command(sure(false));
    room.pass(600);
    assert!(room.command(sure(true))[0].contains("for good"), "ten minutes are over");
    assert!(room.conversation().address.is_some());
    room.pass(60);
    assert!(room.command(sure(true))[0].contains("erase"));
}

#[test]
fn the_worker_learns_which_number_to_erase() {
    let mut by_mail =
        Room::new().of(handbell_core::conversation::Address::Mail("ann@example.com".parse().unwrap()));
    by_mail.tell(&form("Hello", None, None));
    let turn = erase(&mut by_mail);
    let says: Vec<_> = turn.dispatches.iter().flat_map(deliveries).map(|one| one.message.clone()).collect();
    assert_eq!(
        says,
        [Message::Internal(InternalTask::EraseCustomer { phone: None })],
        "one delivery, and none that posts"
    );
    let mut room = Room::new();
    room.text("Hello");
    let turn = erase(&mut room);
    let epochs: Vec<_> = turn.dispatches.iter().map(|dispatch| dispatch.key.epoch).collect();
    assert_eq!(epochs, [room.conversation().epoch], "what is removed is this conversation's");
    assert_eq!(turn.sender, None, "the number's row is the worker's to remove");
}

#[test]
fn the_number_is_gone_from_the_erasing_dispatch_once_it_is_done() {
    let mut room = Room::new();
    room.text("Hello");
    let mut dispatch = erase(&mut room).dispatches.pop().expect("the erasure");
    let stored = |dispatch: &Dispatch| serde_json::to_string(dispatch).expect("it can be written down");
    assert!(stored(&dispatch).contains(CUSTOMER), "a worker that dies midway starts again");
    let id = *dispatch.deliveries.keys().next().expect("the task");
    dispatch.record(id, Outcome::Sent(String::new()), room.now);
    assert!(!stored(&dispatch).contains(CUSTOMER), "{}", stored(&dispatch));
}

#[test]
fn an_erased_customer_gets_nothing_more() {
    let mut room = Room::new();
    room.tell(&form("Hello", Some("Ann"), Some("ann@example.com")));
    room.text("Hello");
    let answered = room.answer("Hello Ann").answer;
    room.text("And?");
    room.pass(300);
    room.hear(&ConversationEvent::Wake);
    room.hear(&ConversationEvent::AlarmChanged { alarmed: Some(room.now - SignedDuration::from_mins(5)) });
    let sender = room.sender.clone();
    assert!(erase(&mut room).sender.is_none());
    assert_eq!(room.sender, sender);
    let gone = room.conversation().clone();
    let kept = serde_json::to_string(&gone).expect("it can be written down");
    for trace in ["Ann", "ann@", CUSTOMER, "Dana", &dana().id, &message_id(1)] {
        assert!(!kept.contains(trace), "{trace} in {kept}");
    }
    assert_eq!((gone.closed, gone.wake_at), (true, None), "nothing wakes for it");
    assert_eq!((gone.alarm, gone.alarmed, gone.waiting_since), (None, None, None), "nobody waits");
    assert_eq!((gone.read_to, gone.read_with), (None, None));
    let words = room.words("Hello?");
    room.pass(400 * 86_400);
    for heard in [
        ConversationEvent::Wake,
        ConversationEvent::OptedOut,
        ConversationEvent::AttendanceChecked(Attendance::Nobody),
        ConversationEvent::AlarmChanged { alarmed: Some(room.now) },
        ConversationEvent::Answer(words.clone()),
        ConversationEvent::Kept { why: KeptReason::Whisper, said: words.clone() },
        ConversationEvent::AnswerEdited {
            answer: answered,
            now: Some(AgentMessage { message: message_id(1), ..words.clone() }),
            by: "Dana".into(),
        },
        ConversationEvent::AnswerDeleted { answer: answered, by: "Dana".into() },
        ConversationEvent::Command { command: AgentCommand::Who, asked: words.clone() },
        ConversationEvent::Command { command: sure(true), asked: words },
    ] {
        assert!(!room.hear(&heard).changes_something(), "{heard:?}");
    }
    // The next text is a stranger's, but no dispatch number is used twice.
    let turn = room.hear(&text("Hello"));
    assert_eq!(facts(&turn), ["conversation.opened"]);
    assert_eq!(said(&turn)[0], format!("{}: first post", gone.dispatches + 1), "in a space of its own");
    assert_eq!((turn.dispatches[0].previous_post, room.conversation().name.clone()), (None, None));
    assert_eq!(room.conversation().version, gone.version + 1);
    assert!(room.conversation().cancels(answered).is_some(), "what was said to the forgotten never leaves");
}

#[test]
fn each_conversation_has_an_epoch() {
    let mut room = Room::new();
    let first = room.hear(&text("Hello"));
    let epoch = room.now.as_second().unsigned_abs();
    assert_eq!(room.conversation().epoch, epoch, "the second in which it began");
    room.pass(3600);
    room.command(AgentCommand::Close { note: None });
    room.pass(60);
    let reopened = room.hear(&text("Hello again"));
    assert_eq!(room.conversation().epoch, epoch, "who comes back goes on");
    for dispatch in first.dispatches.iter().chain(&reopened.dispatches) {
        assert_eq!(dispatch.key.epoch, epoch);
        for fact in &dispatch.facts {
            assert!(fact.id.contains(&format!("#{epoch}#")), "{}", fact.id);
        }
    }
    erase(&mut room);
    assert_eq!(room.conversation().epoch, epoch);
    room.pass(60);
    let anew = room.hear(&text("Hello"));
    let began = room.now.as_second().unsigned_abs();
    assert_eq!((room.conversation().epoch, anew.dispatches[0].key.epoch), (began, began));
    // After the conversation has expired, nothing is known of the earlier ones.
    room.pass(86_400);
    room.state = None;
    let turn = room.hear(&text("Hello"));
    assert_eq!((turn.dispatches[0].key.number, room.conversation().version), (1, 1));
    assert!(room.conversation().epoch > began);
    assert_ne!(
        turn.dispatches[0].facts[0].id, first.dispatches[0].facts[0].id,
        "told of under an id of its own"
    );
}

/// Otherwise the worker that erases the old conversation would erase the new one too.
#[test]
fn a_text_in_the_second_of_the_erasure_opens_another_conversation() {
    let mut room = Room::new();
    room.text("Hello");
    erase(&mut room);
    let gone = room.conversation().epoch;
    room.text("Hello");
    assert!(room.conversation().epoch > gone);
    // A clock that goes back changes nothing about that.
    let gone = room.conversation().epoch;
    erase(&mut room);
    room.pass(-5);
    room.text("Hello");
    assert!(room.conversation().epoch > gone);
}

#[test]
fn an_erased_customer_who_opted_out_still_gets_no_texts() {
    let mut room = Room::new();
    room.text("Hello");
    room.text("STOP");
    erase(&mut room);
    assert!(room.sender.opted_out.is_some());
}
