use handbell_core::Rejected;
use handbell_core::alert::TITLE_MAX;
use handbell_core::config::Severity;
use handbell_core::incident::Subject;
use handbell_inbound::alert_form::{
    BODY_LIMIT, MESSAGE_MAX, NAME_MAX, NOTE_MAX, Report, ReportRefused, ReporterAction, ReporterMessage,
    ReporterMessageRefused, issue_ticket, page_of, page_of_ticket, read, read_reporter_message, read_ticket,
};
use handbell_inbound::contact::{Stale, Token};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=UTF-8");
const SECRET: &str = "a form secret of the tests";

fn now() -> Timestamp {
    Timestamp::from_second(1_795_247_894).unwrap()
}

fn encoded(fields: &[(&str, &str)]) -> String {
    serde_html_form::to_string(fields).unwrap()
}

fn sent(fields: &[(&str, &str)]) -> Result<Report, ReportRefused> {
    let mut all = vec![("what", "The door is stuck"), ("name", "Ann"), ("token", "t")];
    all.retain(|(name, _)| !fields.iter().any(|(given, _)| given == name));
    all.extend(fields);
    read(FORM, encoded(&all).as_bytes())
}

/// Returns the fields with errors, if all other fields are valid.
fn wrong(fields: &[(&str, &str)]) -> Vec<&'static str> {
    match sent(fields) {
        Ok(_) => Vec::new(),
        Err(ReportRefused::Wrong(_, wrong)) => wrong.iter().map(|wrong| wrong.field).collect(),
        Err(ReportRefused::Rejected(rejected)) => panic!("{rejected}"),
    }
}

#[test]
fn a_report_is_read_as_a_browser_sends_it() {
    let body =
        b"what=+The+door%0D%0Ais+stuck&more=%0D%0AIt+opens.%0D%0AIt+won%27t+close.%0D%0A&severity=warning\
        &name=Ann+L%C3%A9e&email=ann%40example.org&website=&token=t&send=";
    let expected = Report {
        what: "The door is stuck".into(),
        more: "It opens.\nIt won't close.".into(),
        severity: Severity::Warning,
        name: "Ann Lée".into(),
        email: Some("ann@example.org".into()),
        token: "t".into(),
        trap: false,
    };
    let report = read(FORM, body).unwrap();
    assert_eq!(report, expected);
    let debug = format!("{report:?} {:?}", ReportRefused::Wrong(Box::new(report.clone()), Vec::new()));
    for personal in ["Ann", "ann@", "door", "opens", "\"t\""] {
        assert!(!debug.contains(personal), "{debug}");
    }
}

#[test]
fn a_title_and_a_name_are_enough_and_the_severity_is_the_highest() {
    let report = sent(&[]).unwrap();
    assert_eq!((report.severity, report.email, report.more.as_str()), (Severity::Critical, None, ""));
    for severity in Severity::ALL {
        assert_eq!(sent(&[("severity", severity.name())]).unwrap().severity, severity);
    }
    assert!(matches!(
        sent(&[("severity", "harmless")]),
        Err(ReportRefused::Rejected(Rejected::Malformed(_)))
    ));
}

#[test]
fn all_errors_are_reported_at_once_and_no_input_is_lost() {
    let fields = [
        ("what", "\r\n \t"),
        ("more", &"é".repeat(MESSAGE_MAX + 1) as &str),
        ("name", &"x".repeat(NAME_MAX + 1)),
        ("email", "ann@"),
        ("severity", "info"),
    ];
    let Err(ReportRefused::Wrong(report, wrong)) = sent(&fields) else { panic!("taken") };
    assert_eq!(wrong.iter().map(|wrong| wrong.field).collect::<Vec<_>>(), ["what", "more", "name", "email"]);
    assert_eq!((report.email.as_deref(), report.severity), (Some("ann@"), Severity::Info));
    assert_eq!(report.more.chars().count(), MESSAGE_MAX + 1);
    for wrong in &wrong {
        assert!(
            wrong.why.contains("lease") && wrong.why.ends_with('.') && !wrong.why.contains('é'),
            "{wrong:?}"
        );
    }
    assert_eq!(
        wrong[1].why,
        "This has 4001 characters. Please shorten it to 4000. You can add lines once it is sent."
    );
}

#[test]
fn limits_are_inclusive() {
    for (field, max) in [("what", TITLE_MAX), ("more", MESSAGE_MAX), ("name", NAME_MAX)] {
        assert!(wrong(&[(field, &"👍".repeat(max))]).is_empty(), "{field}");
        assert_eq!(wrong(&[(field, &"a".repeat(max + 1))]), [field]);
    }
    for email in
        ["ann", "ann@here", "a,b@example.org", "ann@example.org\r\nBcc: b@example.org", &"a".repeat(300)]
    {
        assert_eq!(wrong(&[("email", email)]), ["email"], "{email}");
    }
    assert_eq!(wrong(&[("name", "\u{202e}\u{0}")]), ["name"], "nothing that anybody could read");
    let long = format!("what={}", "a".repeat(BODY_LIMIT));
    assert!(matches!(read(FORM, long.as_bytes()), Err(ReportRefused::Rejected(Rejected::Malformed(_)))));
    for other in [None, Some("application/json"), Some("multipart/form-data; boundary=x")] {
        assert!(matches!(
            read(other, b"what=x&name=y"),
            Err(ReportRefused::Rejected(Rejected::Malformed(_)))
        ));
    }
    assert!(matches!(
        read(FORM, b"what=x&name=y&what=z"),
        Err(ReportRefused::Rejected(Rejected::Malformed(_)))
    ));
    assert!(sent(&[("website", " ")]).unwrap().trap);
}

#[test]
fn a_reporter_adds_a_note_or_withdraws_the_report() {
    let said = |fields: &[(&str, &str)]| read_reporter_message(FORM, encoded(fields).as_bytes());
    let note = said(&[("say", "note"), ("text", " It\r\nsmokes. "), ("token", "t")]).unwrap();
    assert_eq!(note, ReporterMessage { what: ReporterAction::Note("It\nsmokes.".into()), token: "t".into() });
    assert!(!format!("{note:?}").contains("smokes"));
    assert_eq!(said(&[("say", "take-back"), ("token", "t")]).unwrap().what, ReporterAction::TakeBack);
    assert!(said(&[("say", "note"), ("text", &"👍".repeat(NOTE_MAX))]).is_ok());
    for text in ["", " \n", &"a".repeat(NOTE_MAX + 1)] {
        let Err(ReporterMessageRefused::Wrong(kept, wrong)) = said(&[("say", "note"), ("text", text)]) else {
            panic!("{text}")
        };
        assert_eq!(wrong[0].field, "text");
        assert!(matches!(kept.what, ReporterAction::Note(kept) if kept == text.trim()));
    }
    for odd in
        [&[][..], &[("say", "")], &[("say", "done")], &[("text", "x")], &[("say", "note"), ("say", "note")]]
    {
        assert!(
            matches!(said(odd), Err(ReporterMessageRefused::Rejected(Rejected::Malformed(_)))),
            "{odd:?}"
        );
    }
}

#[test]
fn a_token_of_one_page_is_valid_for_no_other() {
    let subject = Subject::alert("support", "n");
    let pages = [
        "support".to_owned(),
        page_of("support"),
        page_of("suppor"),
        page_of_ticket(&subject, 1),
        page_of_ticket(&subject, 11),
    ];
    for page in &pages {
        let token = Token::issue(SECRET.as_bytes(), page, now(), "n");
        for other in &pages {
            assert_eq!(
                Token::verify(&[SECRET], other, &token, now()).is_ok(),
                page == other,
                "{page} {other}"
            );
        }
    }
}

#[test]
fn a_ticket_is_valid_for_its_incident_and_for_a_week() {
    let until = now() + SignedDuration::from_hours(7 * 24);
    let subject = Subject::alert("support", "a nonce");
    let ticket = issue_ticket(SECRET.as_bytes(), &subject, 3, until);
    assert!(ticket.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte)), "{ticket}");
    assert_eq!(read_ticket(&["new", SECRET], &ticket, now()), Ok((subject, 3)));
    assert_eq!(read_ticket(&[SECRET], &ticket, until), Err(Stale::Expired));
    assert_eq!(read_ticket(&["other"], &ticket, until), Err(Stale::Forged));
    for at in 0..ticket.len() {
        assert_eq!(read_ticket(&[SECRET], &ticket[..at], now()), Err(Stale::Forged));
    }
    let other = ticket.replace(".3.", ".4.");
    assert_eq!(read_ticket(&[SECRET], &other, now()), Err(Stale::Forged));
}

proptest! {
    #[test]
    fn every_accepted_report_satisfies_the_rules(fields in proptest::collection::btree_map(
        "what|more|severity|name|email|token|website|x", "(.|\n|[a@.\u{202e}\r\t\u{0}]){0,60}", 0..8), raw: Vec<u8>)
    {
        let body = serde_html_form::to_string(&fields).unwrap();
        for body in [body.as_bytes(), &raw] {
            if let Ok(report) = read(FORM, body) {
                prop_assert!(report.more.chars().all(|c| c == '\n' || !c.is_control()));
                for line in [Some(report.what), Some(report.name), report.email].into_iter().flatten() {
                    prop_assert!(!line.is_empty() && line == line.trim() && !line.contains(char::is_control));
                }
            }
            let _ = read_reporter_message(FORM, body);
        }
    }
}
