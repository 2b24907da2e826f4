//! Several attempts for the same person: what a failed or an answered one means for the others.

use handbell_core::config::{Admins, Plan};
use handbell_core::delivery::DeliveryId::Numbered;
use handbell_core::delivery::{
    Body, Content, Delivery, DirectMessage, Dispatch, DispatchKey, MailMessage, Message, OfIncident, Outcome,
    PhoneMessage, Progress, Receipt, Recipient, SpaceMessage, VendorStatus,
};
use handbell_core::failover::{Failover, fail_over};
use handbell_core::incident::{Ack, Attribution, Responses, Subject};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use crate::house::{chance, morning, words};

/// Attempts for one person: a text or a call, and the minutes after the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Text(i64),
    Call(i64),
    /// A call that is repeated until somebody answers.
    Ring(i64),
    Mail(i64),
}

use Way::{Call, Mail, Ring, Text};

fn say(by: Way, to: &str) -> Message {
    let number = || match to {
        "dana" => "+12025550111".parse().unwrap(),
        "robin" => "+12025550112".parse().unwrap(),
        number => number.parse().unwrap(),
    };
    let (from, content) = ("+12025550100", Content::Text("Look".to_owned()));
    match by {
        Text(_) => Message::Phone(PhoneMessage::Text { to: number(), from: from.parse().ok(), content }),
        Call(_) | Ring(_) => {
            Message::Phone(PhoneMessage::Call { to: number(), from: from.parse().ok(), content })
        }
        Mail(_) => {
            Message::Mail(MailMessage::Page { email: format!("{to}@example.com").parse().unwrap(), content })
        }
    }
}

fn minute(minute: i64) -> Timestamp {
    morning() + SignedDuration::from_mins(minute)
}

fn add(dispatch: &mut Dispatch, who: &str, attempts: &[Way]) {
    for by in attempts {
        let (Text(after) | Call(after) | Ring(after) | Mail(after)) = *by;
        let recipient =
            Recipient { id: who.to_owned(), name: who.to_owned(), until_answered: matches!(by, Ring(_)) };
        let delivery = Delivery { recipient: Some(recipient), ..Delivery::new(say(*by, who), morning()) };
        dispatch.add(if after == 0 { delivery } else { delivery.at(minute(after)) });
    }
}

fn paging(attempts: &[Way]) -> Dispatch {
    let key = DispatchKey { subject: Subject::alert("nagios", "db1/disk"), epoch: 1, number: 1 };
    let mut dispatch =
        Dispatch::new(key, Body::Incident(OfIncident::new("alert", "hash", morning())), morning());
    add(&mut dispatch, "dana", attempts);
    dispatch
}

/// Twilio has it, and sends a receipt.
fn became(dispatch: &mut Dispatch, number: u32, status: &str) {
    let id = format!("id{number}");
    dispatch.record(Numbered(number), Outcome::Sent(id.clone()), morning());
    let receipt = Receipt { rank: 7, status: status.into(), code: None, id, why: None, last: true };
    dispatch.receipts.insert(Numbered(number), receipt);
}

/// When each pending attempt is made, in minutes after the step.
fn waits(dispatch: &Dispatch) -> Vec<i64> {
    let pending = dispatch.deliveries.values().filter(|delivery| delivery.progress == Progress::Pending);
    pending.map(|delivery| delivery.next_at.duration_since(morning()).as_mins()).collect()
}

const USUAL: [Way; 4] = [Text(0), Call(2), Call(7), Call(12)];

#[test]
fn nothing_is_expedited_before_a_failure() {
    for status in ["queued", "sent", "delivered", "read"] {
        let mut dispatch = paging(&USUAL);
        became(&mut dispatch, 0, status);
        dispatch.expedite(minute(1));
        assert_eq!(waits(&dispatch), [2, 7, 12], "{status}");
    }
}

#[test]
fn an_undelivered_text_expedites_the_call() {
    for status in ["undelivered", "failed"] {
        let mut dispatch = paging(&USUAL);
        became(&mut dispatch, 0, status);
        dispatch.expedite(minute(1));
        assert_eq!(waits(&dispatch), [1, 7, 12], "{status}");
        assert_eq!(dispatch.tasks(minute(1)).len(), 1);
    }
    let mut dispatch = paging(&USUAL);
    dispatch.record(Numbered(0), Outcome::Refused { why: "no such number".to_owned() }, morning());
    dispatch.expedite(minute(1));
    assert_eq!(waits(&dispatch), [1, 7, 12], "nor can it be sent");
}

#[test]
fn one_failure_expedites_one_attempt_however_often_it_is_seen() {
    let mut dispatch = paging(&USUAL);
    became(&mut dispatch, 0, "undelivered");
    dispatch.expedite(minute(1));
    dispatch.record(Numbered(1), Outcome::Sent("id1".to_owned()), minute(1));
    for look in 1..5 {
        dispatch.expedite(minute(look));
        assert_eq!(waits(&dispatch), [7, 12], "not every call at once");
    }
}

#[test]
fn a_pause_that_the_vendor_asked_for_is_kept() {
    let mut dispatch = paging(&USUAL);
    became(&mut dispatch, 0, "undelivered");
    dispatch.expedite(minute(1));
    let busy = Outcome::NotSent { pause: Some(SignedDuration::from_mins(3)), why: "429".to_owned() };
    dispatch.record(Numbered(1), busy, minute(1));
    dispatch.expedite(minute(1));
    assert_eq!(waits(&dispatch), [4, 7, 12], "as it asked");
    let mut dispatch = paging(&USUAL);
    let busy = Outcome::NotSent { pause: Some(SignedDuration::from_mins(3)), why: "429".to_owned() };
    dispatch.record(Numbered(1), busy, minute(2));
    became(&mut dispatch, 0, "undelivered");
    dispatch.expedite(minute(3));
    assert_eq!(waits(&dispatch), [5, 7, 12]);
}

#[test]
fn a_failed_call_expedites_the_next_text() {
    for status in ["no-answer", "busy", "failed", "canceled", "voicemail"] {
        let mut dispatch = paging(&[Call(0), Text(5), Call(9)]);
        became(&mut dispatch, 0, status);
        dispatch.expedite(minute(1));
        assert_eq!(waits(&dispatch), [1, 9], "{status}");
        let mut dispatch = paging(&[Call(0), Call(2), Text(5)]);
        became(&mut dispatch, 0, status);
        dispatch.expedite(minute(1));
        assert_eq!(waits(&dispatch), [2, 1], "{status}: the text, though a call was next");
        let mut dispatch = paging(&USUAL);
        became(&mut dispatch, 0, "delivered");
        became(&mut dispatch, 1, status);
        dispatch.expedite(minute(3));
        assert_eq!(
            waits(&dispatch),
            [7, 12],
            "{status}: the text was sent already; the calls come at their times"
        );
    }
}

#[test]
fn a_text_that_fails_late_expedites_nothing_once_a_call_was_made() {
    let mut dispatch = paging(&USUAL);
    became(&mut dispatch, 1, "no-answer");
    became(&mut dispatch, 0, "undelivered");
    dispatch.expedite(minute(3));
    assert_eq!(waits(&dispatch), [7, 12]);
}

#[test]
fn a_mail_is_no_call() {
    let mut dispatch = paging(&[Text(0), Mail(1), Call(5)]);
    became(&mut dispatch, 0, "undelivered");
    dispatch.expedite(minute(0));
    assert_eq!(waits(&dispatch), [1, 0], "who sleeps is woken by the call");
}

#[test]
fn a_failure_expedites_nobody_elses_attempts() {
    let mut dispatch = paging(&USUAL);
    add(&mut dispatch, "robin", &USUAL);
    became(&mut dispatch, 0, "undelivered");
    dispatch.expedite(minute(1));
    assert_eq!(waits(&dispatch), [1, 7, 12, 0, 2, 7, 12]);
}

#[test]
fn an_answered_call_cancels_its_repetitions() {
    let mut dispatch = paging(&[Ring(0), Ring(2), Ring(4)]);
    add(&mut dispatch, "robin", &[Ring(0), Ring(2)]);
    became(&mut dispatch, 0, "completed");
    dispatch.expedite(minute(1));
    assert_eq!(waits(&dispatch), [0, 2], "only Robin's are left");
    let mut dispatch = paging(&USUAL);
    became(&mut dispatch, 1, "completed");
    dispatch.expedite(minute(3));
    assert_eq!(waits(&dispatch), [0, 7, 12], "who is paged is called until somebody has it");
}

#[test]
fn a_voicemail_is_no_answer() {
    let mut dispatch = paging(&[Ring(0), Ring(2), Ring(4)]);
    dispatch.record(Numbered(0), Outcome::Sent("id".to_owned()), morning());
    let picked_up = Receipt {
        rank: 4,
        status: "in-progress".into(),
        code: None,
        id: "id".to_owned(),
        why: None,
        last: false,
    };
    dispatch.receipts.insert(Numbered(0), picked_up);
    dispatch.expedite(minute(0));
    assert_eq!(
        waits(&dispatch),
        [2, 4],
        "whether a person or a machine picked up isn't known before it is over"
    );
    became(&mut dispatch, 0, "voicemail");
    dispatch.expedite(minute(1));
    assert_eq!(waits(&dispatch), [2, 4]);
}

#[test]
fn a_failed_call_is_repeated_at_its_time() {
    for status in ["no-answer", "busy", "voicemail"] {
        let mut dispatch = paging(&[Ring(0), Ring(2), Ring(4)]);
        became(&mut dispatch, 0, status);
        dispatch.expedite(minute(1));
        assert_eq!(waits(&dispatch), [2, 4], "{status}");
    }
}

#[test]
fn more_than_ten_attempts_keep_their_order() {
    let all: Vec<Way> = (0..11).map(|number| Text(number * 5)).chain([Call(60)]).collect();
    let mut dispatch = paging(&all);
    became(&mut dispatch, 2, "undelivered");
    dispatch.expedite(minute(11));
    let waits = waits(&dispatch);
    assert_eq!(
        waits[waits.len() - 1],
        11,
        "the twelfth is the only call, and stands behind the second by its name"
    );
}

#[test]
fn a_step_has_brought_nobody_only_when_that_is_certain() {
    let nobody = |became_of: &[(u32, &str)]| {
        let mut dispatch = paging(&[Text(0), Call(2)]);
        add(&mut dispatch, "robin", &[Call(0)]);
        became_of.iter().for_each(|(number, status)| became(&mut dispatch, *number, status));
        dispatch.brought_nobody()
    };
    assert!(!nobody(&[]));
    assert!(!nobody(&[(0, "undelivered"), (1, "no-answer")]), "Robin's is still under way");
    assert!(!nobody(&[(0, "delivered"), (1, "no-answer"), (2, "busy")]), "Dana may read it");
    assert!(!nobody(&[(0, "sent"), (1, "no-answer"), (2, "busy")]));
    assert!(!nobody(&[(0, "undelivered"), (1, "completed"), (2, "busy")]), "Dana answered");
    assert!(!nobody(&[(0, "undelivered"), (1, "in-progress"), (2, "busy")]));
    assert!(nobody(&[(0, "undelivered"), (1, "no-answer"), (2, "busy")]));
    assert!(nobody(&[(0, "failed"), (1, "voicemail"), (2, "canceled")]));
    let key = paging(&[]).key;
    assert!(
        !Dispatch::new(key, Body::Incident(OfIncident::new("alert", "hash", morning())), morning())
            .brought_nobody(),
        "who calls nobody has not failed"
    );
    let mut dispatch = paging(&[Ring(0), Ring(2)]);
    became(&mut dispatch, 0, "completed");
    dispatch.expedite(minute(1));
    assert!(!dispatch.brought_nobody());
}

#[test]
fn an_attempt_with_unknown_outcome_may_still_bring_somebody() {
    let mut dispatch = paging(&[Text(0)]);
    for _ in 0..3 {
        dispatch.record(Numbered(0), Outcome::Unknown { why: "timeout".to_owned() }, morning());
    }
    assert_eq!(dispatch.deliveries[&Numbered(0)].progress, Progress::Dead);
    assert!(!dispatch.brought_nobody(), "the next step comes at its time");
    let mut dispatch = paging(&[Text(0)]);
    dispatch.record(Numbered(0), Outcome::Refused { why: "no such number".to_owned() }, morning());
    assert!(dispatch.brought_nobody());
}

#[test]
fn notices_and_posts_bring_nobody() {
    let mut dispatch = paging(&[Call(0)]);
    let content = || Content::Text("Nobody is on call".to_owned());
    let admin =
        Message::Direct(DirectMessage { email: "admin@example.com".parse().unwrap(), content: content() });
    dispatch.add(Delivery::new(admin, morning()));
    dispatch.add(Delivery::new(Message::Space(SpaceMessage::Post { content: content() }), morning()));
    became(&mut dispatch, 0, "busy");
    assert!(dispatch.brought_nobody());
}

fn ack(person: Option<&str>, who: &str) -> Ack {
    let by = Attribution { who: who.to_owned(), at: morning() };
    Ack { person: person.map(str::to_owned), by, teams: Vec::new() }
}

#[test]
fn only_people_who_have_it_or_cannot_are_skipped() {
    let all = || {
        let mut dispatch = paging(&USUAL);
        for who in ["robin", "+352691496401"] {
            add(&mut dispatch, who, &[Text(0), Call(2)]);
        }
        dispatch
    };
    let left = |responses: &Responses| {
        let mut dispatch = all();
        dispatch.skip_responders(responses);
        let pending = dispatch.deliveries.values().filter(|delivery| delivery.progress == Progress::Pending);
        let mut ids: Vec<String> =
            pending.filter_map(|delivery| Some(delivery.recipient.as_ref()?.id.clone())).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    assert_eq!(left(&Responses::default()), ["+352691496401", "dana", "robin"]);
    assert_eq!(
        left(&Responses { acks: vec![ack(Some("dana"), "Dana")], ..Responses::default() }),
        ["+352691496401", "robin"]
    );
    assert_eq!(
        left(&Responses { cannot: vec!["robin".to_owned()], ..Responses::default() }),
        ["+352691496401", "dana"]
    );
    assert_eq!(
        left(&Responses { acks: vec![ack(None, "dana")], ..Responses::default() }).len(),
        3,
        "a name is no id"
    );
    assert_eq!(
        left(&Responses {
            acks: vec![ack(Some("+352691496401"), "+352691496401 (by phone)")],
            ..Responses::default()
        }),
        ["dana", "robin"]
    );
}

#[test]
fn a_delivery_that_has_begun_is_not_skipped() {
    let mut dispatch = paging(&USUAL);
    dispatch.record(Numbered(0), Outcome::Unknown { why: "timeout".to_owned() }, morning());
    dispatch.add(Delivery::new(
        Message::Space(SpaceMessage::Post { content: Content::Text("Words".to_owned()) }),
        morning(),
    ));
    dispatch.skip_responders(&Responses { acks: vec![ack(Some("dana"), "Dana")], ..Responses::default() });
    let progress: Vec<_> = dispatch.deliveries.values().map(|delivery| delivery.progress).collect();
    assert_eq!(
        progress,
        [Progress::Unknown, Progress::Cancelled, Progress::Cancelled, Progress::Cancelled, Progress::Pending],
        "it may have been said, and is looked for; posts are for everybody"
    );
}

#[test]
fn phones_are_notified_once_a_delivery_was_sent_to_them() {
    let mut dispatch = paging(&[Text(0), Call(2)]);
    add(&mut dispatch, "+352691496401", &[Text(0)]);
    assert!(dispatch.told_by_phone().is_empty());
    became(&mut dispatch, 0, "delivered");
    dispatch.record(Numbered(2), Outcome::Unknown { why: "timeout".to_owned() }, morning());
    let told: Vec<_> = dispatch.told_by_phone().into_iter().map(|(_, _, id)| id).collect();
    assert_eq!(told, ["dana", "+352691496401"]);
}

/// The deliveries that fail over for a dead attempt.
fn takes_over(dispatch: &mut Dispatch, number: u32) -> Vec<Message> {
    dispatch.record(Numbered(number), Outcome::Refused { why: "no such number".to_owned() }, morning());
    let plan: Plan = serde_json::from_value(json!({ "space": { "title": "Alerts" } })).unwrap();
    let (admins, words) = (Admins::default(), words());
    let from = "+12025550100".parse().ok();
    let with =
        Failover { admins: &admins, from: from.as_ref(), customer: None, plan: Some(&plan), words: &words };
    fail_over(dispatch, &[Numbered(number)], with, morning());
    let instead = dispatch.deliveries.values().filter(|delivery| delivery.replaces == Some(Numbered(number)));
    instead.map(|delivery| delivery.message.clone()).collect()
}

#[test]
fn nothing_fails_over_while_another_attempt_is_pending() {
    let mut dispatch = paging(&USUAL);
    assert!(takes_over(&mut dispatch, 0).is_empty(), "the call comes");
    let mut dispatch = paging(&[Text(0)]);
    add(&mut dispatch, "robin", &[Call(2)]);
    assert!(
        matches!(takes_over(&mut dispatch, 0)[..], [Message::Phone(PhoneMessage::Call { .. })]),
        "Robin's call doesn't wake Dana"
    );
    let mut dispatch = paging(&[Text(0), Call(2)]);
    became(&mut dispatch, 0, "delivered");
    assert!(
        matches!(takes_over(&mut dispatch, 1)[..], [Message::Phone(PhoneMessage::Text { .. })]),
        "it was the last"
    );
}

fn attempts() -> impl Strategy<Value = Vec<Way>> {
    let by = (0..4_usize, 0..30_i64).prop_map(|(by, at)| match by {
        0 => Text(at),
        1 => Call(at),
        2 => Ring(at),
        _ => Mail(at),
    });
    proptest::collection::vec(by, 1..12)
}

proptest! {
    #![proptest_config(chance(400))]

    /// Whatever the outcomes are: nothing is put off, begun twice, or revived; nobody's attempt is expedited because of somebody
    /// else's.
    #[test]
    fn expediting_only_moves_attempts_forward_and_is_idempotent(
        dana in attempts(),
        robin in attempts(),
        moves in proptest::collection::vec((any::<usize>(), 0..9_usize, 0..3_i64), 1..20),
    ) {
        let mut dispatch = paging(&dana);
        add(&mut dispatch, "robin", &robin);
        let mut now = 0;
        for (which, what, later) in moves {
            now += later;
            let number = u32::try_from(which % (dana.len() + robin.len())).unwrap();
            let statuses = ["delivered", "undelivered", "no-answer", "busy", "completed", "voicemail", "in-progress"];
            match statuses.get(what) {
                Some(status) => became(&mut dispatch, number, status),
                None => drop(dispatch.record(Numbered(number), Outcome::NotSent { pause: None, why: "503".to_owned() }, minute(now))),
            }
            let before = dispatch.clone();
            dispatch.expedite(minute(now));
            let mut brought_forward = 0;
            for (name, was) in &before.deliveries {
                let is = &dispatch.deliveries[name];
                if is == was {
                    continue;
                }
                prop_assert_eq!(was.progress, Progress::Pending);
                if is.progress == Progress::Cancelled {
                    prop_assert!(was.recipient.as_ref().is_some_and(|recipient| recipient.until_answered));
                } else {
                    prop_assert!(was.tries == 0 && was.next_at > minute(now) && is.next_at == minute(now));
                    brought_forward += 1;
                }
            }
            let failed = before.receipts.values().filter(|receipt| receipt.status != VendorStatus::Delivered && receipt.status != VendorStatus::Completed);
            prop_assert!(brought_forward <= failed.count());
            let once = dispatch.clone();
            dispatch.expedite(minute(now));
            prop_assert_eq!(&dispatch, &once);
        }
    }
}
