//! Faults of the original, or claims that it didn't keep. Each test states what holds instead; its comment states the fault.

use handbell_core::incident::Phase;
use handbell_local::cloud::table::TableFault;
use serde_json::json;

use super::{DANA, DUTY, ELI, nagios, problem};
use crate::world::World;

/// "mail never raises an alert": its mail server only printed the mail.
#[tokio::test]
async fn a_mail_raises_an_alert() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    assert_eq!((world.alerts().await.len(), world.calls(DANA)), (1, 1));
    world.read_all();
}

/// "the same mail each run": POP3 read the first message again and again, and deleted none.
#[tokio::test]
async fn the_same_mail_alerts_nobody_twice() {
    let world = World::staffed(DUTY).await;
    for _ in 0..5 {
        world.mail(&problem()).await;
    }
    assert_eq!((world.alert().await.count, world.texts(DANA).len()), (1, 1));
    world.read_all();
}

/// An apostrophe in the alert broke the log's INSERT and the alert with it; SQL in a login let anybody in.
#[tokio::test]
async fn quotes_and_markup_in_an_alert_change_nothing() {
    let world = World::staffed(DUTY).await;
    world
        .mail(&nagios(
            "q1",
            "PROBLEM: can't reach O'Hara's \"db\"; DROP TABLE events; --",
            "it's <@all> down `now`",
        ))
        .await;
    let alert = world.alert().await;
    assert_eq!(world.calls(DANA), 1);
    let posts = world.posts(&alert.reference());
    assert!(posts[0].contains("O'Hara's") && !posts[0].contains("<@all>"), "{posts:#?}");
    world.read_all();
}

/// Status was OK even when Webex refused the message or the membership; a text or call that failed never set KO.
#[tokio::test]
async fn a_refusal_is_shown_and_the_next_person_is_called_at_once() {
    let world = World::staffed(DUTY).await;
    world.behave(DANA, json!({ "behaviour": "refuse", "code": 21211 })).await;
    world.mail(&problem()).await;
    world.settle().await;
    let alert = world.alert().await;
    let posts = world.posts(&alert.reference());
    assert!(posts.iter().any(|post| post.contains("❌ failed")), "{posts:#?}");
    assert_eq!(alert.step, 2, "and the next person is called at once");
    world.read_all();
}

/// A database failure ended everything with a 500 before any call was made.
#[tokio::test]
async fn an_outage_of_the_table_keeps_nobody_from_being_called() {
    let world = World::staffed(DUTY).await;
    let table = world.runner.cloud.table();
    for _ in 0..500 {
        table.fail_next(TableFault::NotApplied, None);
    }
    world.mail_with(super::ADDRESS, "", &problem()).await;
    world.pass(30).await;
    assert_eq!(world.calls(DANA), 0, "nothing can be stored");
    table.work_again();
    world.pass(20 * 60).await;
    assert!(world.calls(DANA) >= 1, "the mail was tried again, or found in the bucket");
    assert_eq!(world.alert().await.count, 1);
    world.read_all();
}

/// With a team in the settings, nobody was added at all, and the status was OK: the team's id was sent as an address.
#[tokio::test]
async fn everybody_of_a_team_joins_and_is_called() {
    let config = DUTY.replace("[{ on_duty: ops }]", "[{ team: ops }]");
    let world = World::staffed(&config).await;
    world.mail(&problem()).await;
    let reference = world.alert().await.reference();
    assert_eq!(world.people(&reference), ["dana@example.com", "eli@example.com"]);
    assert_eq!((world.calls(DANA), world.calls(ELI)), (1, 1));
    world.read_all();
}

/// "one synchronous pass, one call, no retry, no ack, no escalation, no dedupe, no schedule".
#[tokio::test]
async fn somebody_is_called_again_and_again_until_they_acknowledge() {
    let rules =
        super::PEOPLE.replace("ops,text; call\neli", "ops,text; call; call after 2m every 2m x3\neli");
    let world = World::with_files(
        &DUTY.replace("after: 5m", "after: 20m"),
        &[("people.csv", rules.as_str()), ("rotas.yaml", super::ROTAS)],
    )
    .await;
    world.mail(&problem()).await;
    world.pass(9 * 60).await;
    assert_eq!(world.calls(DANA), 4, "again and again until somebody has it");
    world.text_from(DANA, "ack").await;
    world.pass(30 * 60).await;
    assert_eq!((world.calls(DANA), world.calls(ELI)), (4, 0));
    world.read_all();
}

/// The spoken text was sent as an address (`calltts`), and the call played a song.
#[tokio::test]
async fn a_call_speaks_the_alerts_text_whatever_it_contains() {
    let world = World::staffed(DUTY).await;
    world.mail(&nagios("x1", "PROBLEM: a & b < c", "x")).await;
    assert!(world.answer(DANA).await[0].starts_with("PROBLEM: a & b < c. It is critical."));
    world.read_all();
}

/// The "report" went to the person on call, with the subject "The contents of %s".
#[tokio::test]
async fn the_incident_report_goes_to_the_reporter_and_to_the_addresses_of_the_source() {
    let world = World::staffed(
        &DUTY.replace("    label: Monitoring", "    label: Monitoring\n    report_to: [noc@example.com]"),
    )
    .await;
    world.mail(&problem()).await;
    world.text_from(DANA, "done").await;
    world.pass(90).await;
    let mut to: Vec<String> =
        world.sent_mails().iter().map(|letter| letter["to"][0].as_str().unwrap().to_owned()).collect();
    to.sort();
    assert_eq!(to, ["nagios@mon.example.com", "noc@example.com"]);
    assert!(
        world.sent_mails().iter().all(|letter| letter["subject"] == "Re: PROBLEM: db1/MySQL is CRITICAL")
    );
    world.read_all();
}

/// The escalation by the word `escalation` existed in the README only.
#[tokio::test]
async fn a_word_in_the_space_escalates() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.says_in_space("dana@example.com", "Escalation!").await;
    assert_eq!((world.alert().await.step, world.calls(ELI)), (2, 1));
    world.read_all();
}

/// The filter by subject didn't exist: `subject` and `to` were ignored.
#[tokio::test]
async fn a_filter_by_subject_is_obeyed() {
    let config = DUTY.replace(
        "    form: { title",
        "    otherwise: ignore\n    rules:\n      - { subject: \"^ALARM (?<what>\\\\w+)\", key: \"{what}\" }\n    form: { title",
    );
    let world = World::staffed(&config).await;
    world.mail(&nagios("n1", "Newsletter of November", "x")).await;
    assert!(world.alerts().await.is_empty());
    world.mail(&nagios("n2", "ALARM pump stopped at 12:01", "x")).await;
    world.mail(&nagios("n3", "ALARM pump stopped at 12:02", "x")).await;
    assert_eq!(world.alert().await.count, 2);
    world.read_all();
}

/// `/dutyAlert` was open to anybody, and ended with a 500 without a login.
#[tokio::test]
async fn nobody_raises_an_alert_without_a_secret() {
    let world = World::staffed(DUTY).await;
    assert_eq!(world.send("POST", "/dutyAlert", &[], "").await.status, 404);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = world.send("POST", "/alert/demo", &form, "what=x&token=guess").await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
    world.settle().await;
    assert!(world.alerts().await.is_empty());
}

/// The person on call was the one who had logged in.
#[tokio::test]
async fn the_rota_decides_who_is_called() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    assert_eq!((world.calls(DANA), world.calls(ELI)), (1, 0), "the rota says who");
    assert_eq!(world.alert().await.phase, Phase::Open);
    world.read_all();
}
