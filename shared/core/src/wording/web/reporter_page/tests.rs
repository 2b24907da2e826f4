use crate::delivery::{Body, Content, Delivery, DispatchKey, Message, OfIncident, PhoneMessage, Recipient};
use crate::incident::Subject;
use crate::incident::command::TimelineEntry;
use jiff::tz::TimeZone;

use super::*;

const NUMBER: &str = "+12025550111";

fn words() -> Words {
    Words { zone: TimeZone::UTC, name: "Monitoring".to_owned(), alert: None }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_247_894 + second).expect("a time")
}

fn dispatch(number: u32, step: Option<u32>) -> Dispatch {
    let key = DispatchKey { subject: Subject::alert("demo", "n"), epoch: 1, number };
    let body = OfIncident { step, ..OfIncident::new("plan", "hash", second(0)) };
    Dispatch::new(key, Body::Incident(body), second(0))
}

fn said(at: i64, who: Option<&str>, how: Option<CommandChannel>, what: &str) -> Dispatch {
    let entry = TimelineEntry { at: second(at), what: what.to_owned(), who: who.map(str::to_owned), how };
    let mut dispatch = dispatch(1, None);
    dispatch.in_incident(|of| of.entry = Some(Box::new(entry)));
    dispatch
}

fn page(name: &str, progress: Progress) -> Delivery {
    let content = Content::Text("x".to_owned());
    let say = Message::Phone(PhoneMessage::Text {
        to: NUMBER.parse().unwrap(),
        from: "+12025550100".parse().ok(),
        content,
    });
    let recipient = Recipient { id: name.to_owned(), name: name.to_owned(), until_answered: false };
    Delivery { recipient: Some(recipient), progress, ..Delivery::new(say, second(0)) }
}

#[test]
fn numbers_and_addresses_become_somebody() {
    for (text, shown) in [
        ("+12025550111 (by phone) has it", "somebody (by phone) has it"),
        ("Dana (+12025550111) has it", "Dana (somebody) has it"),
        ("dana@example.com: was asked", "somebody: was asked"),
        ("ask <dana@example.com>, please", "ask <somebody>, please"),
        ("100 @ 5 + 12 of 1234567 @home", "100 @ 5 + 12 of 1234567 @home"),
        ("", ""),
    ] {
        assert_eq!(without_addresses(text), shown);
    }
    assert_eq!(name("Dana Lee").as_deref(), Some("Dana Lee"));
    for nameless in [NUMBER, "+12025550111 (by phone)", "dana@example.com", " "] {
        assert_eq!(name(nameless), None, "{nameless}");
    }
}

#[test]
fn the_reporter_sees_what_was_done_but_not_what_people_wrote_to_each_other() {
    let all = [
        said(60, Some("Dana"), Some(CommandChannel::Text), "Dana: never mind her"),
        said(30, Some("Dana"), Some(CommandChannel::Phone), "Dana has it"),
        said(0, None, None, "Monitoring reported: Dana: the door"),
        said(40, Some("Ann (reporter)"), Some(CommandChannel::Form), "Ann (reporter): It smokes"),
        said(50, Some(NUMBER), Some(CommandChannel::Phone), "+12025550111 resolved it"),
        dispatch(2, Some(1)),
    ];
    let read = lines(&all, &words(), second(0));
    let bare: Vec<&str> = read.iter().map(|line| line.split_once("  ").expect("a time").1).collect();
    assert_eq!(
        bare,
        [
            "Monitoring reported: Dana: the door",
            "Dana has it",
            "Ann (reporter): It smokes",
            "somebody resolved it"
        ]
    );
}

#[test]
fn each_paged_person_is_named_once_or_counts_among_others() {
    let with = |deliveries: &[Delivery]| {
        let mut one = dispatch(1, Some(1));
        for delivery in deliveries {
            one.add(delivery.clone());
        }
        paged_so_far(&[one]).sentence()
    };
    let (sent, waits) = (Progress::Sent, Progress::Pending);
    assert!(with(&[page("Dana", waits)]).starts_with("It is stored, and people are being told."));
    assert!(with(&[page(NUMBER, sent)]).starts_with("People are being called."));
    assert!(
        with(&[page("Dana", sent), page("Eli", Progress::Unknown), page("Dana", sent), page("Bob", waits)])
            .starts_with("Called so far: Dana, Eli. ")
    );
    assert!(with(&[page("Dana", sent), page(NUMBER, sent)]).starts_with("Called so far: Dana and others. "));
    let notice = Delivery { admin_notice: true, ..page("Carol", sent) };
    assert!(with(&[notice]).starts_with("It is stored"), "an admin who is told of a gap doesn't come");
}

#[test]
fn a_time_of_another_day_includes_the_date() {
    assert_eq!(moment(second(0), &words(), second(60)), "07:58");
    assert_eq!(moment(second(0), &words(), second(86_400)), "21 Nov 07:58");
}
