//! A world to test in: the real handlers, an embedded table and the simulated vendors, with a clock that the test moves.
//!
//! A test reads like the conversation that it proves. A message that nobody read fails it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use handbell::local::start;
use handbell_core::delivery::Dispatch;
use handbell_core::incident::{Incident, Subject};
use handbell_local::gate::Gate;
use handbell_local::runner::{Runner, RunnerOptions, Workers};
use handbell_sim::trouble::{Trouble, TroubleKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Maximum time of anything in a test by the machine's own clock, however busy the machine is. Anything longer hangs.
const DEADLINE: Duration = Duration::from_secs(90);

/// The plan that most tests use: it has one of everything.
pub(crate) const PLAN: &str = r##"
timezone: Europe/Paris
webex: { token: { secret: webex }, webhook: { secret: webex-webhook } }
twilio: { account: ACffffffffffffffffffffffffffffffff, token: { secret: twilio }, from: "+12025550100" }
admins: { webex: [carol@example.com], sms: ["+12025550119"] }
plans:
  green-power:
    space: { title: Green Power, moderators: [alice@example.com], participants: [bob@example.com] }
    steps:
      - post: { markdown: "# Help is needed", file: files/dashboard.png, label: Current status }
      - sms: [{ to: ["+12025550111", "+12025550112"], text: Check Webex }]
        post: { markdown: Pressed again, file: files/form.pdf, label: Print and fill }
      - call: [{ to: ["+12025550111"], say: "Please check Webex. {button} was pressed {count} times." }]
        people: { participants: [dana@example.com] }
buttons:
  green: { plan: green-power, label: Green button, token: { secret: button-green }, double: acknowledge, hold: cancel }
"##;

/// The world. Dropping it fails the test if a message was left unread.
pub(crate) struct World {
    pub(crate) runner: Runner,
    pub(crate) gate: Gate,
    http: reqwest::Client,
    read: Mutex<HashSet<String>>,
    files: tempfile::TempDir,
}

/// The response to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(PLAN).await
    }

    pub(crate) async fn with(config: &str) -> Self {
        Self::built(config, false, &[], monday()).await
    }

    /// A world at another time.
    pub(crate) async fn at(begins: Timestamp, config: &str, files: &[(&str, &str)]) -> Self {
        Self::built(config, false, files, begins).await
    }

    /// A world with files next to the configuration, by name.
    pub(crate) async fn with_files(config: &str, files: &[(&str, &str)]) -> Self {
        Self::built(config, false, files, monday()).await
    }

    pub(crate) async fn with_bot(config: &str) -> Self {
        Self::built(config, true, &[], monday()).await
    }

    async fn built(config: &str, bot: bool, beside: &[(&str, &str)], begins: Timestamp) -> Self {
        let files = tempfile::tempdir().unwrap();
        for (name, content) in beside {
            std::fs::write(files.path().join(name), content).unwrap();
        }
        std::fs::create_dir(files.path().join("files")).unwrap();
        std::fs::write(files.path().join("files/dashboard.png"), b"\x89PNG\r\n\x1a\n picture").unwrap();
        std::fs::write(files.path().join("files/form.pdf"), b"%PDF-1.4 form").unwrap();
        let path: PathBuf = files.path().join("handbell.yaml");
        std::fs::write(&path, config).unwrap();
        let gate = Gate::default();
        let runner = start(RunnerOptions {
            port: 0,
            config: path,
            data: None,
            bot,
            workers: Workers::InProcess(gate.clone()),
            pace: Duration::ZERO,
            automatic: false,
            overrides: Vec::new(),
            held_at: Some(begins),
            show_logs: false,
        })
        .await
        .unwrap();
        Self { runner, gate, http: handbell_boot::client().unwrap(), read: Mutex::default(), files }
    }

    /// Deploys another configuration. Everything that is stored stays, and so do the secrets.
    pub(crate) fn redeploy(&self, config: &str) {
        self.write_file("handbell.yaml", config.as_bytes());
        self.runner.redeploy().unwrap();
    }

    /// Replaces a file that the configuration names.
    pub(crate) fn write_file(&self, name: &str, content: &[u8]) {
        std::fs::write(self.files.path().join(name), content).unwrap();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.runner.address)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.runner.stage.clock.now()
    }

    /// Sends a request from outside, unchanged.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut request = self.http.request(method.parse().unwrap(), self.url(path)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer =
            tokio::time::timeout(DEADLINE, request.send()).await.expect("an answer in time").unwrap();
        Answer { status: answer.status().as_u16(), body: answer.text().await.unwrap() }
    }

    /// Returns the status and bytes at a path.
    pub(crate) async fn bytes(&self, path: &str) -> (u16, Vec<u8>) {
        let answer = self.http.get(self.url(path)).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }

    /// Returns the path of a button's address.
    pub(crate) fn token(&self, button: &str) -> String {
        self.runner.buttons.iter().find(|known| known.name == button).unwrap().path.clone()
    }

    /// A press without an id, two seconds after the previous one, so that it is no bounce.
    pub(crate) async fn press(&self, button: &str) -> Answer {
        self.advance(3).await;
        self.send("POST", &self.token(button), &[], "").await
    }

    /// A press without an id at this very moment.
    pub(crate) async fn press_now(&self, button: &str) -> Answer {
        self.send("POST", &self.token(button), &[], "").await
    }

    /// A press with an id of its own.
    pub(crate) async fn press_as(&self, button: &str, id: &str) -> Answer {
        self.send("POST", &self.token(button), &[("Idempotency-Key", id)], "").await
    }

    /// A press with a JSON body.
    pub(crate) async fn press_with(&self, button: &str, body: Value) -> Answer {
        self.send("POST", &self.token(button), &[("content-type", "application/json")], body.to_string())
            .await
    }

    /// Lets time pass, and nothing else happens.
    pub(crate) async fn advance(&self, seconds: i64) {
        self.runner.cloud.advance(SignedDuration::from_secs(seconds)).unwrap();
    }

    /// Gives one batch of the queue to its function. Returns false if nothing is due now.
    pub(crate) async fn batch(&self) -> bool {
        let cloud = &self.runner.cloud;
        let worker = cloud.template().functions.iter().find(|function| function.queues).unwrap();
        cloud.queue().deliver(cloud.calls(), &worker.name, worker.batch).await
    }

    /// Waits until nothing moves any more, and leaves the messages in the queue.
    pub(crate) async fn pause(&self) {
        let is_still = async || self.runner.cloud.calls().running() == 0 && self.runner.stage.is_still();
        self.until("nothing moves any more", is_still).await;
    }

    /// Lets the next thing happen: a batch of the queue, or time passes until there is one or until the next minute.
    pub(crate) async fn step(&self) {
        self.pause().await;
        if self.runner.cloud.queue().depth().visible > 0 {
            self.batch().await;
        } else {
            let left = self.next_moment().duration_since(self.now());
            self.runner.cloud.advance(left + SignedDuration::from_millis(1)).unwrap();
            self.runner.cloud.tick_due().await;
        }
    }

    /// Returns when the next message of the queue or the vendors' next work is due, or the next minute's tick.
    fn next_moment(&self) -> Timestamp {
        let now = self.now();
        let minute = Timestamp::from_second((now.as_second().div_euclid(60) + 1) * 60).unwrap();
        let messages = self.runner.cloud.queue().messages().into_iter().map(|message| message.visible_at);
        messages.chain(self.runner.stage.next_work()).filter(|at| *at > now).chain([minute]).min().unwrap()
    }

    /// Waits until a condition holds that a handler is about to fulfil.
    pub(crate) async fn until(&self, what: &str, is: impl AsyncFn() -> bool) {
        let began = Instant::now();
        while !is().await {
            assert!(began.elapsed() < DEADLINE, "it does not come to pass: {what}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Does everything that is due now, and waits until nothing moves any more.
    pub(crate) async fn rest(&self) {
        let cloud = &self.runner.cloud;
        let is_done = async || {
            let begun = cloud.deliver_due().await + cloud.tick_due().await;
            begun == 0 && cloud.is_quiet() && self.runner.stage.is_still()
        };
        self.until("nothing is left to do", is_done).await;
    }

    /// Lets time pass step by step: each message of the queue and each minute's tick comes at its time.
    pub(crate) async fn pass(&self, seconds: i64) {
        let end = self.now() + SignedDuration::from_secs(seconds);
        loop {
            self.rest().await;
            let (now, next) = (self.now(), self.next_moment());
            if next > end {
                self.runner.cloud.advance(end.duration_since(now)).unwrap();
                return self.rest().await;
            }
            self.runner.cloud.advance(next.duration_since(now) + SignedDuration::from_millis(1)).unwrap();
        }
    }

    /// Lets ten seconds pass, in which what has begun takes effect.
    pub(crate) async fn settle(&self) {
        self.pass(10).await;
    }

    pub(crate) fn trouble(&self, vendor: &str, kind: TroubleKind, seconds: Option<u64>) {
        const VENDORS: [&str; 5] = ["webex", "twilio", "cmx", "ses", "s3"];
        assert!(VENDORS.contains(&vendor), "{vendor} makes no trouble: nothing would go wrong");
        let trouble: Trouble =
            serde_json::from_value(json!({ "vendor": vendor, "kind": kind, "seconds": seconds })).unwrap();
        self.runner.stage.troubles.make(trouble, self.now());
    }

    pub(crate) fn no_trouble(&self) {
        self.runner.stage.troubles.clear();
    }

    pub(crate) fn spaces(&self) -> Vec<Value> {
        self.runner.webex.view().as_array().unwrap().clone()
    }

    /// Returns everything in the spaces of this title, oldest first, without reference tags.
    pub(crate) fn posts(&self, title: &str) -> Vec<String> {
        let spaces = self.spaces();
        let spaces = spaces.iter().filter(|space| space["title"] == title);
        spaces.flat_map(|space| self.read_space(space)).collect()
    }

    fn read_space(&self, space: &Value) -> Vec<String> {
        let messages = space["messages"].as_array().unwrap();
        messages
            .iter()
            .map(|message| {
                self.read.lock().unwrap().insert(message["id"].as_str().unwrap().to_owned());
                let text = message["markdown"].as_str().or(message["text"].as_str()).unwrap_or_default();
                let text = text
                    .rsplit_once('`')
                    .map_or(text, |(text, _)| text.rsplit_once('`').map_or(text, |(text, _)| text))
                    .trim_end();
                match message["files"][0]["name"].as_str() {
                    Some(file) => format!("{text} [{file}]"),
                    None => text.to_owned(),
                }
            })
            .collect()
    }

    /// Records that somebody has seen this message.
    pub(crate) fn has_read(&self, id: &str) {
        self.read.lock().unwrap().insert(id.to_owned());
    }

    /// Returns everything in a space that was not read before, without reference tags. Replies in a thread begin with `↳`.
    pub(crate) fn new_posts(&self, space: &Value) -> Vec<String> {
        let fresh: Vec<Value> = {
            let read = self.read.lock().unwrap();
            let messages = space["messages"].as_array().unwrap().iter();
            messages.filter(|message| !read.contains(message["id"].as_str().unwrap())).cloned().collect()
        };
        let threads = fresh.iter().map(|message| if message["parentId"].is_string() { "↳ " } else { "" });
        let threads: Vec<&str> = threads.collect();
        let posts = self.read_space(&json!({ "messages": fresh }));
        threads.iter().zip(posts).map(|(thread, post)| format!("{thread}{post}")).collect()
    }

    /// Returns the texts that came to a phone and were not read before, each with its state.
    pub(crate) fn new_texts(&self, number: &str) -> Vec<String> {
        let phone = self.phone(number);
        let mut read = self.read.lock().unwrap();
        let texts = phone["texts"].as_array().into_iter().flatten();
        texts
            .filter(|text| text["direction"].as_str().is_some_and(|way| way.starts_with("outbound")))
            .filter(|text| read.insert(text["sid"].as_str().unwrap().to_owned()))
            .map(|text| {
                let files = text["media"].as_array().map_or(0, Vec::len);
                let body = text["body"].as_str().unwrap();
                let body = if files > 0 { format!("{body} [{files} file]") } else { body.to_owned() };
                match text["status"].as_str().unwrap() {
                    "delivered" => body,
                    other => format!("{body}: {other}"),
                }
            })
            .collect()
    }

    /// Returns the people in the space: `alice@example.com*` is a moderator.
    pub(crate) fn people(&self, title: &str) -> Vec<String> {
        let spaces = self.spaces();
        let people = spaces
            .iter()
            .filter(|space| space["title"] == title)
            .flat_map(|space| space["people"].as_array().unwrap().clone());
        let mut names: Vec<String> = people
            .map(|person| {
                format!(
                    "{}{}",
                    person["email"].as_str().unwrap(),
                    if person["moderator"] == true { "*" } else { "" }
                )
            })
            .filter(|name| !name.starts_with("handbell@"))
            .collect();
        names.sort();
        names
    }

    fn phone(&self, number: &str) -> Value {
        let phones = self.runner.twilio.view();
        phones.as_array().unwrap().iter().find(|phone| phone["number"] == number).cloned().unwrap_or_default()
    }

    /// Returns the texts on a phone with their states, oldest first, without reference tags.
    pub(crate) fn texts(&self, number: &str) -> Vec<String> {
        let phone = self.phone(number);
        phone["texts"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|text| {
                self.read.lock().unwrap().insert(text["sid"].as_str().unwrap().to_owned());
                let body = text["body"].as_str().unwrap();
                let body = body.rsplit_once(" (H-").map_or(body, |(body, _)| body);
                format!("{body}: {}", text["status"].as_str().unwrap())
            })
            .collect()
    }

    /// Returns how many times this phone was called.
    pub(crate) fn calls(&self, number: &str) -> usize {
        let phone = self.phone(number);
        let ended = phone["calls"].as_array().into_iter().flatten();
        let sids: HashSet<_> =
            ended.chain([&phone["call"]]).filter_map(|call| call["sid"].as_str()).collect();
        sids.len()
    }

    /// Returns true if there is a call that nobody has ended.
    pub(crate) fn rings(&self, number: &str) -> bool {
        !self.phone(number)["call"].is_null()
    }

    /// Answers the ringing call. Returns what is heard.
    pub(crate) async fn answer(&self, number: &str) -> Vec<String> {
        let path = format!("/sim/phones/{}/answer", number.replace('+', "%2B"));
        assert_eq!(self.send("POST", &path, &[], "").await.status / 100, 2, "a call rings");
        self.heard(number)
    }

    /// Presses a key during the call. Returns everything that has been heard so far.
    pub(crate) async fn key(&self, number: &str, digits: &str) -> Vec<String> {
        let path = format!("/sim/phones/{}/keys", number.replace('+', "%2B"));
        let body = json!({ "digits": digits }).to_string();
        assert_eq!(
            self.send("POST", &path, &[("content-type", "application/json")], body).await.status / 100,
            2
        );
        self.heard(number)
    }

    /// Returns everything that was heard in the last call of this phone.
    pub(crate) fn heard(&self, number: &str) -> Vec<String> {
        let phone = self.phone(number);
        let call = if phone["call"].is_null() {
            phone["calls"].as_array().unwrap().last().unwrap().clone()
        } else {
            phone["call"].clone()
        };
        call["heard"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    }

    /// Sets the behaviour of a phone: `busy`, `off`, `refuse` with a code.
    pub(crate) async fn behave(&self, number: &str, behaviour: Value) {
        let path = format!("/sim/phones/{}", number.replace('+', "%2B"));
        let answer =
            self.send("PUT", &path, &[("content-type", "application/json")], behaviour.to_string()).await;
        assert_eq!(answer.status / 100, 2, "{answer:?}");
    }

    pub(crate) async fn incident(&self) -> Incident {
        self.runner.store.incidents().incident(&Subject::button("green")).await.unwrap().expect("an incident")
    }

    pub(crate) async fn dispatches(&self) -> Vec<Dispatch> {
        let incident = self.incident().await;
        let mut all = Vec::new();
        for number in 1..=incident.dispatches {
            let key = handbell_core::delivery::DispatchKey {
                subject: incident.subject.clone(),
                epoch: incident.epoch,
                number,
            };
            all.push(self.runner.store.dispatches().dispatch(&key).await.unwrap().unwrap());
        }
        all
    }

    /// Returns the facts that were published on the bus.
    pub(crate) fn facts(&self) -> Vec<String> {
        self.runner.cloud.bus().facts().into_iter().map(|fact| fact.kind).collect()
    }

    /// Returns every reference tag in any message, so that copies can be counted.
    pub(crate) fn marks(&self) -> Vec<String> {
        let posts = self.spaces().into_iter().flat_map(|space| space["messages"].as_array().unwrap().clone());
        let texts = self
            .runner
            .twilio
            .view()
            .as_array()
            .unwrap()
            .clone()
            .into_iter()
            .flat_map(|phone| phone["texts"].as_array().unwrap().clone());
        let mark =
            |text: &str| text.rfind("H-").map(|start| text[start..].trim_end_matches(['`', ')']).to_owned());
        posts
            .filter_map(|post| mark(post["markdown"].as_str().unwrap_or_default()))
            .chain(texts.filter_map(|text| mark(text["body"].as_str().unwrap_or_default())))
            .collect()
    }

    /// Counts everything as read: for tests that look at something else.
    pub(crate) fn read_all(&self) {
        for space in self.spaces() {
            self.read_space(&space);
        }
        for phone in self.runner.twilio.view().as_array().unwrap() {
            self.texts(phone["number"].as_str().unwrap());
        }
    }
}

/// A Monday morning. No test depends on the day on which it runs, and none that lasts some hours comes to the end of the day.
fn monday() -> Timestamp {
    "2026-11-30T09:01:30Z".parse().expect("a time")
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let read = self.read.lock().unwrap();
        let spaces = self.spaces();
        let posts = spaces.iter().flat_map(|space| space["messages"].as_array().unwrap());
        let unread: Vec<_> = posts
            .filter(|post| !read.contains(post["id"].as_str().unwrap()))
            .map(|post| post["markdown"].to_string())
            .collect();
        let phones = self.runner.twilio.view();
        let texts = phones.as_array().unwrap().iter().flat_map(|phone| phone["texts"].as_array().unwrap());
        let texts: Vec<_> = texts
            .filter(|text| text["direction"].as_str().is_some_and(|way| way.starts_with("outbound")))
            .filter(|text| !read.contains(text["sid"].as_str().unwrap()))
            .map(|text| text["body"].to_string())
            .collect();
        assert!(unread.is_empty() && texts.is_empty(), "nobody read {unread:?} {texts:?}");
    }
}
