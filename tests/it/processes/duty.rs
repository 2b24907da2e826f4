//! A mail comes in, by SES or from a mailbox, and a text goes out: with the deployed binaries.

use handbell_local::runner::RunnerOptions;
use reqwest::{Method, StatusCode};

use super::laptop::{Laptop, heard, options, text, until};
use super::{DANA, SignedDuration};
use crate::duty::mailbox::{PASSING, Server, reads};
use crate::duty::{ADDRESS, DUTY, PEOPLE, ROTAS, nagios, problem};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_comes_in_and_a_text_goes_out() {
    let server = Server::with(vec![problem()], PASSING);
    let files = tempfile::tempdir().expect("a folder");
    for (name, content) in
        [("handbell.yaml", reads(DUTY, &server).as_str()), ("people.csv", PEOPLE), ("rotas.yaml", ROTAS)]
    {
        std::fs::write(files.path().join(name), content).expect("written");
    }
    let laptop =
        Laptop::with(RunnerOptions { config: files.path().join("handbell.yaml"), ..options() }).await;

    let mail = nagios("s1", "PROBLEM: web1/HTTP is CRITICAL", "timeout");
    let came = heard(laptop.ask(Method::POST, &format!("/sim/mail?to={ADDRESS}")).body(mail)).await;
    assert_eq!(came.0, StatusCode::ACCEPTED, "{}", came.1);
    let told = async |words: &str| {
        until(words, async || {
            let texts = laptop.twilio("Messages").await;
            texts.into_iter().find(|one| text(&one["body"]).contains(words) && one["to"] == DANA).map(|_| ())
        })
        .await;
    };
    told("web1/HTTP").await;

    laptop.runner.cloud.advance(SignedDuration::from_secs(61)).expect("time passes");
    told("db1/MySQL").await;
    until("the mail is moved away", async || (server.folder("Done").len() == 1).then_some(())).await;
    let texts = laptop.twilio("Messages").await;
    assert_eq!(texts.iter().filter(|one| text(&one["body"]).contains("PROBLEM")).count(), 2, "{texts:#?}");
    assert!(laptop.runner.cloud.calls().dead().is_empty());
}
