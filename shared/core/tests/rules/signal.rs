//! Who may silence what: a signal raises from anywhere, and ends only what its own sender reported before.

use handbell_core::alert::mail::{LeftOut, SharedKey};
use handbell_core::alert::{Alert, AlertSignal, Objection, Origin, SignalAction, SignalOrigin};
use handbell_core::config::{AlertSource, Severity};
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
    AlertSignal {
        source: "nagios".to_owned(),
        dedup_key: "db1/disk".to_owned(),
        shared: None,
        action,
        origin,
    }
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
        first_written_at: None,
        left_out: Vec::new(),
        noted_at: None,
    }
}

fn source() -> AlertSource {
    serde_json::from_value(serde_json::json!({
        "plan": "duty", "one_sender": [["icinga@mon1.example.com", "icinga@mon2.example.com"], ["alerts+*@example.com"]]
    }))
    .unwrap()
}

const NAGIOS: Option<&str> = Some("nagios@example.com");
const STRANGER: Option<&str> = Some("mallory@example.net");

#[test]
fn the_sender_ends_what_it_reported() {
    for action in [SignalAction::Acknowledge, SignalAction::Resolve] {
        let recovery = signal(action, NAGIOS, Some(at(5)));
        assert_eq!(recovery.objection(&source(), Some(&alert(NAGIOS, Some(at(0)))), at(1)), None);
    }
}

/// News is posted into the incident in the sender's own words, so it needs what an end needs.
#[test]
fn only_the_proven_sender_who_reported_a_problem_adds_news() {
    let join = || SignalAction::Join { title: "visit http://evil.example".to_owned() };
    let reported = alert(NAGIOS, Some(at(0)));
    let news = signal(join(), NAGIOS, Some(at(5)));
    assert_eq!(news.objection(&source(), Some(&reported), at(1)), None);
    let other = signal(join(), STRANGER, Some(at(5)));
    assert_eq!(other.objection(&source(), Some(&reported), at(1)), Some(Objection::OtherSender));
    let mut unproven = signal(join(), NAGIOS, Some(at(5)));
    unproven.origin.doubt = Some("nothing proves its sender".to_owned());
    let objection = unproven.objection(&source(), Some(&reported), at(1)).unwrap();
    assert_eq!(
        ignored_signal(&unproven, &objection),
        "A mail says that there is news. It changes nothing, because nothing proves its sender."
    );
}

#[test]
fn nobody_ends_what_somebody_else_reported() {
    for (sender, reported_by) in [(STRANGER, NAGIOS), (None, NAGIOS), (NAGIOS, None)] {
        let recovery = signal(SignalAction::Resolve, sender, Some(at(5)));
        let objection = recovery.objection(&source(), Some(&alert(reported_by, Some(at(0)))), at(1));
        assert_eq!(objection, Some(Objection::OtherSender), "{sender:?} {reported_by:?}");
    }
    // What came by a form or from a program has no sender to compare with.
    let reported = Alert { origin: None, ..alert(None, None) };
    assert_eq!(
        signal(SignalAction::Resolve, STRANGER, None).objection(&source(), Some(&reported), at(1)),
        None
    );
}

#[test]
fn a_doubtful_sender_ends_nothing_even_if_it_is_the_same() {
    let mut recovery = signal(SignalAction::Resolve, NAGIOS, Some(at(5)));
    recovery.origin.doubt = Some("its signature is missing".to_owned());
    let objection = recovery.objection(&source(), Some(&alert(NAGIOS, Some(at(0)))), at(1));
    assert_eq!(objection, Some(Objection::Unproven { why: "its signature is missing".to_owned() }));
}

#[test]
fn a_word_that_is_older_than_the_problem_ends_nothing() {
    let outdated = |written: i64, newest: Option<i64>, opened: i64| {
        let recovery = signal(SignalAction::Resolve, NAGIOS, Some(at(written)));
        recovery.objection(&source(), Some(&alert(NAGIOS, newest.map(at))), at(opened)).is_some()
    };
    // By the sender's own clock, however far off it is.
    assert!(outdated(-1, Some(5), 500));
    assert!(!outdated(5, Some(5), 500));
    // By ours, if the sender said no time before; its clock may be half an hour off.
    assert!(!outdated(0, None, 30));
    assert!(outdated(0, None, 31));
    // A sender without a clock is believed.
    let timeless = signal(SignalAction::Resolve, NAGIOS, None);
    assert_eq!(timeless.objection(&source(), Some(&alert(NAGIOS, Some(at(5)))), at(6)), None);
}

#[test]
fn an_end_that_two_clocks_date_before_its_trouble_still_ends_it() {
    let ends = |written: i64, first: i64, newest: i64| {
        let recovery = signal(SignalAction::Resolve, NAGIOS, Some(at(written)));
        let alert = Alert { first_written_at: Some(at(first)), ..alert(NAGIOS, Some(at(newest))) };
        recovery.objection(&source(), Some(&alert), at(500)).is_none()
    };
    assert!(ends(9, 10, 10) && ends(5, 10, 10), "a few minutes");
    assert!(!ends(4, 10, 10), "more than two clocks differ");
    assert!(ends(9, 10, 20), "before all of its mails");
    assert!(!ends(15, 10, 20), "overtaken by a later report");
}

#[test]
fn senders_that_the_source_says_are_one_end_each_others_trouble() {
    for (reported, ended, one) in [
        ("icinga@mon1.example.com", "icinga@mon2.example.com", true),
        ("Icinga@mon1.example.com", "icinga@MON2.example.com", true),
        ("alerts+a1b2@example.com", "alerts+c3d4@example.com", true),
        ("icinga@mon1.example.com", "icinga@mon3.example.com", false),
        ("alerts+a1b2@example.com", "alerts@example.com", false),
        ("alerts+a1b2@example.com", "alerts+c3d4@example.net", false),
        ("alerts+a1b2@example.com", "alerts+evil@example.net@example.com", true),
        ("mallory@example.net", "nagios@example.com", false),
    ] {
        let recovery = signal(SignalAction::Resolve, Some(ended), None);
        let objection = recovery.objection(&source(), Some(&alert(Some(reported), None)), at(1));
        assert_eq!(objection.is_none(), one, "{reported} {ended}");
    }
}

#[test]
fn an_end_that_left_something_out_must_agree_with_all_mails_of_the_incident() {
    let labels = |labels: &[&str]| LeftOut::Labels(labels.iter().map(|label| (*label).to_owned()).collect());
    let ends = |known: Vec<LeftOut>, left_out: Option<LeftOut>| {
        let mut recovery = signal(SignalAction::Resolve, NAGIOS, None);
        recovery.shared = left_out.map(|left_out| SharedKey { key: "down".to_owned(), left_out });
        let alert = Alert { left_out: known, ..alert(NAGIOS, None) };
        recovery.objection(&source(), Some(&alert), at(1))
    };
    let group = vec![labels(&["web01", "node"]), labels(&["node"])];
    assert_eq!(ends(group.clone(), Some(labels(&["node"]))), None);
    assert_eq!(ends(group, Some(labels(&["node", "web02"]))), Some(Objection::OtherProblem));
    let many = (0..21).map(|number| labels(&[&number.to_string()])).collect();
    assert_eq!(ends(many, None), Some(Objection::OtherProblem), "too many to remember");
    let mut joined = Alert { left_out: vec![labels(&["a"])], ..alert(NAGIOS, Some(at(5))) };
    joined.join(&Alert {
        left_out: vec![labels(&["a", "b"])],
        severity: Severity::Warning,
        ..alert(NAGIOS, Some(at(3)))
    });
    assert_eq!((joined.left_out.len(), joined.severity), (2, Severity::Critical));
    assert_eq!((joined.first_written_at, joined.written_at), (Some(at(3)), Some(at(5))));
}

#[test]
fn what_is_ignored_is_said_with_its_reason() {
    let unproven = Objection::Unproven { why: "nothing proves who sent it".to_owned() };
    let said = [
        ignored_signal(&signal(SignalAction::Resolve, STRANGER, None), &unproven),
        ignored_signal(&signal(SignalAction::Acknowledge, STRANGER, None), &Objection::OtherSender),
        ignored_signal(&signal(SignalAction::Resolve, None, None), &Objection::OtherSender),
        ignored_signal(&signal(SignalAction::Acknowledge, NAGIOS, None), &Objection::Outdated),
        ignored_signal(&signal(SignalAction::Resolve, NAGIOS, None), &Objection::OtherProblem),
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
            "A mail says that it is over, but this incident is also about something that the mail may not mean. It changes \
             nothing: please check, and end the incident yourself if all of it is over.",
        ]
    );
}

#[test]
fn logs_show_nothing_that_a_source_said() {
    let shown = format!("{:?}", signal(SignalAction::Resolve, STRANGER, None));
    assert!(shown.contains("nagios") && shown.contains("resolve"), "{shown}");
    assert!(!shown.contains("mallory") && !shown.contains("db1"), "{shown}");
}
