//! A system of its own for a test of the contracts, and everything that it sends and receives.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use handbell::local::start;
use handbell_local::gate::Gate;
use handbell_local::runner::{Runner, RunnerOptions, TWILIO_TOKEN, Workers};
use handbell_sim::wire::WireEntry;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;

/// Handbell's number, and those of people who have a phone.
pub(super) const OWN: &str = "+12025550100";
pub(super) const DANA: &str = "+12025550111";

/// The token of an agent.
pub(super) const ALICE: &str = "person:alice@example.com";

/// A system of its own, and everything that it sends and receives.
pub(super) struct Stage {
    pub(super) runner: Runner,
    /// True if queue and schedule run on their own.
    automatic: bool,
    pub(super) http: reqwest::Client,
    wire: Arc<Mutex<Vec<WireEntry>>>,
    _files: tempfile::TempDir,
}

impl Stage {
    pub(super) async fn new(automatic: bool, change: impl Fn(String) -> String) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/green-power");
        let config = std::fs::read_to_string(example.join("handbell.yaml")).expect("the example");
        std::fs::write(files.path().join("handbell.yaml"), change(config)).expect("written");
        std::fs::create_dir(files.path().join("files")).expect("a folder");
        for file in std::fs::read_dir(example.join("files")).expect("its files").flatten() {
            std::fs::copy(file.path(), files.path().join("files").join(file.file_name())).expect("copied");
        }
        let options = RunnerOptions {
            port: 0,
            config: files.path().join("handbell.yaml"),
            data: None,
            bot: false,
            workers: Workers::InProcess(Gate::default()),
            pace: Duration::ZERO,
            automatic,
            overrides: Vec::new(),
            held_at: None,
            show_logs: false,
        };
        let runner = start(options).await.expect("started");
        let wire: Arc<Mutex<Vec<WireEntry>>> = Arc::default();
        let (mut heard, keep) = (runner.stage.wire.listen(), Arc::clone(&wire));
        tokio::spawn(async move {
            loop {
                match heard.recv().await {
                    Ok(entry) => keep.lock().expect("unpoisoned").push(entry),
                    Err(RecvError::Lagged(_)) => panic!("some of the wire was missed"),
                    Err(RecvError::Closed) => return,
                }
            }
        });
        Self { runner, automatic, http: handbell_boot::client().expect("a client"), wire, _files: files }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.runner.address)
    }

    /// Waits until nothing happens any more.
    pub(super) async fn settle(&self) {
        let mut seen = (usize::MAX, 0);
        for _ in 0..600 {
            let count = self.wire.lock().expect("unpoisoned").len();
            let quiet = (!self.automatic || self.runner.cloud.is_quiet()) && count == seen.0;
            seen = (count, if quiet { seen.1 + 1 } else { 0 });
            if seen.1 >= 10 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it never comes to rest");
    }

    /// Waits until this exchange has taken place, and then until nothing happens any more.
    pub(super) async fn until(&self, what: &str, applied: impl Fn(&WireEntry) -> bool) {
        for _ in 0..600 {
            if self.wire.lock().expect("unpoisoned").iter().any(&applied) {
                return self.settle().await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it never comes to that: {what}");
    }

    /// Lets five minutes pass, after which Handbell checks its webhook. Without it, Webex reports nothing.
    pub(super) async fn look_after(&self) {
        let now = self.runner.stage.clock.now().as_second();
        self.runner.cloud.advance(SignedDuration::from_secs(301 - now.rem_euclid(300))).expect("time moves");
        self.settle().await;
    }

    pub(super) async fn entries(&self) -> Vec<WireEntry> {
        self.settle().await;
        self.wire.lock().expect("unpoisoned").clone()
    }

    /// Sends a plain request, and requires a successful response.
    pub(super) async fn yes(&self, request: reqwest::RequestBuilder) -> Value {
        let answer = request.timeout(Duration::from_secs(20)).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Does with a phone what a person would do.
    pub(super) async fn hand(&self, number: &str, act: &str, body: Value) {
        let path = format!("/sim/phones/{}/{act}", number.replace('+', "%2B"));
        self.yes(self.http.post(self.url(&path)).json(&body)).await;
    }

    /// Sends a request as another person, or as a client that does what Handbell doesn't do.
    pub(super) async fn webex(&self, token: &str, method: &str, path: &str, body: Value) -> Value {
        let request =
            self.http.request(method.parse().expect("a method"), self.url(&format!("/sim/webex/v1{path}")));
        let request = if body.is_null() { request } else { request.json(&body) };
        self.yes(request.bearer_auth(token)).await
    }

    pub(super) async fn twilio(&self, method: Method, path: &str, form: &[(&str, &str)]) -> Value {
        let account = &self.runner.stage.account.twilio_account;
        let request =
            self.http.request(method, self.url(&format!("/sim/twilio/2010-04-01/Accounts/{account}/{path}")));
        let request = if form.is_empty() { request } else { request.form(form) };
        self.yes(request.basic_auth(account, Some(TWILIO_TOKEN))).await
    }
}
