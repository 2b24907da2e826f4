//! Who may silence what: a signal raises from anywhere, and ends only what its own sender reported before.

use handbell_core::alert::{Alert, AlertSignal, Objection, Origin, SignalAction, SignalOrigin};
use handbell_core::config::Severity;
use handbell_core::wording::incident::ignored_signal;
use jiff::{SignedDuration, Timestamp};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_772_000_000).unwrap() + SignedDuration::from_mins(minutes)
}

fn signal(action: SignalAction, sender: Option<&str>, written_at: Option<Timestamp>) -> AlertSignal {
    let origin = SignalOrigin {
        medium: "mail",
        sender: sender.map(str::to_owned),
        written_at,
        ..SignalOrigin::default()
    };
    AlertSignal { source: "nagios".to_owned(), dedup_key: "db1/disk".to_owned(), action, origin }
}

fn alert(from: Option<&str>, written_at: Option<Timestamp>) -> Alert {
    let origin = Origin {
        message_id: None,
        references: Vec::new(),
        subject: "db1/disk".to_owned(),
        from: from.map(str::to_owned),
        answer_to: None,
    };
    Alert {
        source: "nagios".to_owned(),
        title: "db1/disk".to_owned(),
        severity: Severity::Critical,
        origin: Some(origin),
        reporter: None,
        written_at,
        noted_at: None,
    }
}

const NAGIOS: Option<&str> = Some("nagios@example.com");
const STRANGER: Option<&str> = Some("mallory@example.net");

#[test]
fn the_sender_ends_what_it_reported() {
    for action in [SignalAction::Acknowledge, SignalAction::Resolve] {
        let recovery = signal(action, NAGIOS, Some(at(5)));
        assert_eq!(recovery.objection(Some(&alert(NAGIOS, Some(at(0)))), at(1)), None);
    }
}

#[test]
fn nobody_ends_what_somebody_else_reported() {
    for (sender, reported_by) in [(STRANGER, NAGIOS), (None, NAGIOS), (NAGIOS, None)] {
        let recovery = signal(SignalAction::Resolve, sender, Some(at(5)));
        let objection = recovery.objection(Some(&alert(reported_by, Some(at(0)))), at(1));
        assert_eq!(objection, Some(Objection::OtherSender), "{sender:?} {reported_by:?}");
    }
    // What came by a form or from a program has no sender to compare with.
    let reported = Alert { origin: None, ..alert(None, None) };
    assert_eq!(signal(SignalAction::Resolve, STRANGER, None).objection(Some(&reported), at(1)), None);
}

#[test]
fn a_doubtful_sender_ends_nothing_even_if_it_is_the_same() {
    let mut recovery = signal(SignalAction::Resolve, NAGIOS, Some(at(5)));
    recovery.origin.doubt = Some("its signature is missing".to_owned());
    let objection = recovery.objection(Some(&alert(NAGIOS, Some(at(0)))), at(1));
    assert_eq!(objection, Some(Objection::Unproven { why: "its signature is missing".to_owned() }));
}

#[test]
fn a_word_that_is_older_than_the_problem_ends_nothing() {
    let outdated = |written: i64, newest: Option<i64>, opened: i64| {
        let recovery = signal(SignalAction::Resolve, NAGIOS, Some(at(written)));
        recovery.objection(Some(&alert(NAGIOS, newest.map(at))), at(opened)).is_some()
    };
    // By the sender's own clock, however far off it is.
    assert!(outdated(4, Some(5), 500));
    assert!(!outdated(5, Some(5), 500));
    // By ours, if the sender said no time before; its clock may be half an hour off.
    assert!(!outdated(0, None, 30));
    assert!(outdated(0, None, 31));
    // A sender without a clock is believed.
    let timeless = signal(SignalAction::Resolve, NAGIOS, None);
    assert_eq!(timeless.objection(Some(&alert(NAGIOS, Some(at(5)))), at(6)), None);
}

#[test]
fn what_is_ignored_is_said_with_its_reason() {
    let unproven = Objection::Unproven { why: "nothing proves who sent it".to_owned() };
    let said = [
        ignored_signal(&signal(SignalAction::Resolve, STRANGER, None), &unproven),
        ignored_signal(&signal(SignalAction::Acknowledge, STRANGER, None), &Objection::OtherSender),
        ignored_signal(&signal(SignalAction::Resolve, None, None), &Objection::OtherSender),
        ignored_signal(&signal(SignalAction::Acknowledge, NAGIOS, None), &Objection::Outdated),
    ];
    assert_eq!(
        said,
        [
            "A mail says that it is over. It changes nothing, because nothing proves who sent it.",
            "A mail from mallory@example.net says that somebody has it. It changes nothing, because somebody \
             else reported it.",
            "A mail from nobody says that it is over. It changes nothing, because somebody else reported it.",
            "An old mail says that somebody has it. It was written before this was reported, so it changes \
             nothing.",
        ]
    );
}

#[test]
fn logs_show_nothing_that_a_source_said() {
    let shown = format!("{:?}", signal(SignalAction::Resolve, STRANGER, None));
    assert!(shown.contains("nagios") && shown.contains("resolve"), "{shown}");
    assert!(!shown.contains("mallory") && !shown.contains("db1"), "{shown}");
}
