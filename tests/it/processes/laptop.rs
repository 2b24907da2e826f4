//! A laptop on which Handbell runs as it is deployed: the function binaries as child processes, everything else simulated.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use handbell_boot::Function;
use handbell_core::delivery::{
    DirectMessage, Dispatch, DispatchKey, Invitation, Message, PhoneMessage, Progress, SpaceMessage,
};
use handbell_core::incident::{Incident, Subject};
use handbell_local::cloud::processes::Program;
use handbell_local::runner::{Runner, RunnerOptions, TWILIO_TOKEN, WEBEX_TOKEN, Workers};
use jiff::SignedDuration;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// The Twilio account of the demonstration.
pub(super) const ACCOUNT: &str = "ACffffffffffffffffffffffffffffffff";
/// The address of its button.
pub(super) const BUTTON: &str = "/b/demo-green-button-on-this-laptop";
/// Maximum time that anything may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two checks of a condition.
const GLANCE: Duration = Duration::from_millis(15);
/// Maximum step by which time is moved: less than a lease, so that no working process is taken for dead.
const STRIDE: SignedDuration = SignedDuration::from_secs(15);

/// A runner, and an HTTP client for it.
pub(super) struct Laptop {
    pub(super) runner: Runner,
    http: reqwest::Client,
    origin: String,
}

/// The options of a test: everything runs on its own, phones and networks are fast.
pub(super) fn options() -> RunnerOptions {
    RunnerOptions {
        port: 0,
        config: configuration(),
        data: None,
        bot: false,
        workers: Workers::Processes(Program::Directory(binaries().to_owned())),
        pace: Duration::from_millis(10),
        automatic: true,
        overrides: Vec::new(),
        held_at: None,
        show_logs: false,
    }
}

impl Laptop {
    /// A laptop on which nothing has happened.
    pub(super) async fn new() -> Self {
        Self::with(options()).await
    }

    pub(super) async fn with(options: RunnerOptions) -> Self {
        let runner = handbell::local::start(options).await.expect("the runner starts");
        let http = handbell_boot::client().expect("a client");
        let origin = format!("http://{}", runner.address);
        Self { runner, http, origin }
    }

    /// Returns a request to this laptop, to be sent.
    pub(super) fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.origin) };
        self.http.request(method, url).timeout(PATIENCE)
    }

    /// A press without an id, as `curl -X POST` makes it.
    pub(super) async fn press(&self) -> (StatusCode, String) {
        heard(self.ask(Method::POST, BUTTON)).await
    }

    /// A press with an id of its own.
    pub(super) async fn press_as(&self, id: &str) -> (StatusCode, String) {
        heard(self.ask(Method::POST, BUTTON).header("Idempotency-Key", id)).await
    }

    /// A press of a button that retries until it gets `OK`. Returns the count that it got.
    pub(super) async fn press_until_stored(&self, id: &str) -> u64 {
        until("the press is stored", async || match self.press_as(id).await {
            (StatusCode::OK, told) => Some(count(&told)),
            (StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE, _) => None,
            other => panic!("{id}: {other:?}"),
        })
        .await
    }

    /// A long press of the button: it was nothing.
    pub(super) async fn cancel(&self, id: &str) {
        let hold =
            self.ask(Method::POST, BUTTON).header("Idempotency-Key", id).json(&json!({"gesture": "hold"}));
        assert_eq!(heard(hold).await.0, StatusCode::OK);
    }

    /// Returns what Webex itself responds to a client with Handbell's token.
    pub(super) async fn webex(&self, path: &str) -> Vec<Value> {
        let url = format!("/sim/webex/v1/{path}");
        let answer =
            self.ask(Method::GET, &url).bearer_auth(WEBEX_TOKEN).send().await.expect("Webex answers");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        items(answer.json().await.expect("JSON"), "items")
    }

    /// Returns the spaces.
    pub(super) async fn spaces(&self) -> Vec<Value> {
        self.webex("rooms?type=group").await
    }

    /// Returns the posts in a space, oldest first.
    pub(super) async fn said_in(&self, space: &Value) -> Vec<Value> {
        let mut said = self.webex(&format!("messages?max=1000&roomId={}", text(&space["id"]))).await;
        said.reverse();
        said
    }

    /// Returns what Twilio itself responds to the account: the texts or the calls, oldest first.
    pub(super) async fn twilio(&self, what: &str) -> Vec<Value> {
        let url = format!("/sim/twilio/2010-04-01/Accounts/{ACCOUNT}/{what}.json?PageSize=1000");
        let asked = self.ask(Method::GET, &url).basic_auth(ACCOUNT, Some(TWILIO_TOKEN));
        let answer = asked.send().await.expect("Twilio answers");
        assert_eq!(answer.status(), StatusCode::OK, "{what}");
        let mut found = items(answer.json().await.expect("JSON"), &what.to_lowercase());
        found.reverse();
        found
    }

    /// Does something with a phone, as soon as that is possible. Returns the state of the call then.
    pub(super) async fn phone(&self, number: &str, does: &str, with: Value) -> Value {
        let url = format!("/sim/phones/{number}/{does}");
        until(does, async || {
            let answer = self.ask(Method::POST, &url).json(&with).send().await.expect("the phone answers");
            let done = answer.status() == StatusCode::OK;
            let told: Value = answer.json().await.expect("JSON");
            done.then(|| told["call"].clone())
        })
        .await
    }

    /// Causes an outage.
    pub(super) async fn trouble(&self, trouble: Value) {
        let made = heard(self.ask(Method::PUT, "/sim/trouble").json(&trouble)).await;
        assert_eq!(made.0, StatusCode::NO_CONTENT, "{}", made.1);
    }

    /// Ends all outages.
    pub(super) async fn peace(&self) {
        assert_eq!(heard(self.ask(Method::DELETE, "/sim/trouble")).await.0, StatusCode::NO_CONTENT);
    }

    /// Sends SIGKILL to all processes of a function. Returns how many there were.
    pub(super) async fn kill(&self, function: &str) -> u64 {
        let asked = self.ask(Method::POST, "/sim/kill").json(&json!({"function": function}));
        let told: Value = asked.send().await.expect("an answer").json().await.expect("JSON");
        told["killed"].as_u64().expect("a number")
    }

    /// Lets time pass, step by step, and in each step lets everybody finish what they have begun.
    pub(super) async fn pass(&self, time: SignedDuration) {
        let mut left = time;
        while left.is_positive() {
            self.idle().await;
            let stride = left.min(STRIDE);
            self.runner.cloud.advance(stride).expect("the clock moves");
            left -= stride;
        }
        self.idle().await;
    }

    /// Lets time pass until nothing is left to be sent or looked up.
    pub(super) async fn calm(&self) {
        for _ in 0..400 {
            self.idle().await;
            if self.open().await.is_empty() {
                return;
            }
            self.runner.cloud.advance(STRIDE).expect("the clock moves");
        }
        panic!("after so long a time this is still to be said: {:#?}", self.open().await);
    }

    /// Returns true if nobody works, and no work is waiting.
    async fn idle(&self) {
        until("everybody is idle", async || self.runner.cloud.is_quiet().then_some(())).await;
    }

    async fn open(&self) -> Vec<Dispatch> {
        let now = self.runner.stage.clock.now();
        let all = self.dispatches().await;
        all.into_iter().filter(|dispatch| dispatch.due(now).is_some() || !dispatch.lease.is_free()).collect()
    }

    /// Returns the latest incident.
    pub(super) async fn incident(&self) -> Option<Incident> {
        self.runner.store.incidents().incident(&Subject::button("green")).await.expect("the table answers")
    }

    /// Returns every dispatch that was ever decided.
    pub(super) async fn dispatches(&self) -> Vec<Dispatch> {
        let mut all = Vec::new();
        let epochs = self.incident().await.map_or(0, |incident| incident.epoch);
        for epoch in 1..=epochs {
            for number in 1.. {
                let key = DispatchKey { subject: Subject::button("green"), epoch, number };
                let Some(dispatch) =
                    self.runner.store.dispatches().dispatch(&key).await.expect("the table answers")
                else {
                    break;
                };
                all.push(dispatch);
            }
        }
        all
    }

    /// Checks that nothing was lost and nothing doubled: every decided delivery exists once, as its reference tag proves, and
    /// nothing else does.
    pub(super) async fn everything_is_said_once(&self) {
        let spaces = self.spaces().await;
        assert_eq!(spaces.len(), 1, "one space: {spaces:#?}");
        let mut posts = Vec::new();
        for space in self.webex("rooms").await {
            posts.extend(self.said_in(&space).await.iter().map(|message| text(&message["markdown"])));
        }
        let texts: Vec<_> =
            self.twilio("Messages").await.iter().map(|message| text(&message["body"])).collect();
        let mut called = BTreeMap::<String, usize>::new();
        for call in self.twilio("Calls").await {
            *called.entry(text(&call["to"])).or_default() += 1;
        }
        let (mut wanted_posts, mut wanted_texts, mut wanted_calls) = (0, 0, BTreeMap::<String, usize>::new());
        for dispatch in self.dispatches().await {
            for (id, delivery) in &dispatch.deliveries {
                let mark = dispatch.reference_tag(*id);
                assert_eq!(delivery.progress, Progress::Sent, "{mark}: {delivery:#?}");
                let copies =
                    |all: &[String]| all.iter().filter(|text| has_reference_tag(text, &mark)).count();
                match &delivery.message {
                    Message::Space(SpaceMessage::Post { .. } | SpaceMessage::ZoneCard)
                    | Message::Space(SpaceMessage::DeliverySummary)
                    | Message::Direct(DirectMessage { .. }) => {
                        wanted_posts += 1;
                        assert_eq!(copies(&posts), 1, "copies of {mark} in {posts:#?}");
                    }
                    Message::Phone(PhoneMessage::Text { .. }) => {
                        wanted_texts += 1;
                        assert_eq!(copies(&texts), 1, "copies of {mark} in {texts:#?}");
                    }
                    Message::Phone(PhoneMessage::Call { to, .. }) => {
                        *wanted_calls.entry(to.to_string()).or_default() += 1
                    }
                    Message::Space(SpaceMessage::Invite(Invitation { email, moderator })) => {
                        let member =
                            format!("memberships?roomId={}&personEmail={email}", text(&spaces[0]["id"]));
                        let member = self.webex(&member).await;
                        assert_eq!(member.len(), 1, "{email} is in the space");
                        assert_eq!(member[0]["isModerator"], *moderator, "{email}");
                    }
                    other => panic!("no button says {other:?}"),
                }
            }
        }
        assert_eq!(posts.len(), wanted_posts, "{posts:#?}");
        assert_eq!(texts.len(), wanted_texts, "{texts:#?}");
        assert_eq!(called, wanted_calls, "calls by number");
        let dead = (self.runner.cloud.queue().dead().len(), self.runner.cloud.calls().dead().len());
        assert_eq!(dead, (0, 0), "dead letters of the queue and of the schedule");
    }
}

/// Checks again and again until there is a result.
pub(super) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            match look().await {
                Some(seen) => return seen,
                None => tokio::time::sleep(GLANCE).await,
            }
        }
    });
    waited.await.unwrap_or_else(|_| panic!("never: {what}"))
}

/// Sends a request. Returns status and body of the response.
pub(super) async fn heard(request: RequestBuilder) -> (StatusCode, String) {
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a body"))
}

/// `OK 3` → 3.
pub(super) fn count(told: &str) -> u64 {
    let count = told.trim_end().strip_prefix("OK ").and_then(|count| count.parse().ok());
    count.unwrap_or_else(|| panic!("not an OK with a count: {told:?}"))
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(mut answer: Value, name: &str) -> Vec<Value> {
    serde_json::from_value(answer[name].take()).expect("a list")
}

/// Returns true if the text contains the reference tag, and not only as the beginning of a longer one.
fn has_reference_tag(text: &str, mark: &str) -> bool {
    text.match_indices(mark)
        .any(|(at, _)| !text[at + mark.len()..].starts_with(|next: char| next.is_ascii_alphanumeric()))
}

/// Random numbers that repeat.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// Returns a time shorter than this.
    pub(super) fn pause(&mut self, below: Duration) -> Duration {
        // A linear congruential generator (Knuth, MMIX); its high bits are good.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        below.mul_f64((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// Returns the path of the demonstration.
pub(super) fn configuration() -> PathBuf {
    root().join("examples/green-power/handbell.yaml")
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Returns the folder with the functions' binaries, of the same profile as this test. They are built if they don't exist.
///
/// `cargo test` builds no binaries of packages that it doesn't link. Cargo holds no lock while tests run.
fn binaries() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let me = std::env::current_exe().expect("this test has a path"); // target/debug/deps/it-0123
        let folder = me.parent().and_then(Path::parent).expect("a folder of the profile").to_owned();
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") => "dev",
            Some(other) => other,
            None => panic!("{} is in no profile's folder", me.display()),
        };
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root()).args(["build", "--quiet", "--profile", profile]);
        cargo.arg("--target-dir").arg(folder.parent().expect("a target folder"));
        // Builds them together with this test, so that the same features are chosen: its dependencies are only linked again.
        cargo.args(["--package", env!("CARGO_PKG_NAME"), "--test", env!("CARGO_CRATE_NAME")]);
        for function in Function::ALL {
            cargo.args(["--package", function.name(), "--bin", function.name()]);
        }
        // The variables that cargo sets for this test would look to build scripts like a change of their own.
        #[expect(clippy::disallowed_methods, reason = "the environment of another process is made here")]
        for (name, _) in std::env::vars()
            .filter(|(name, _)| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|ours| name.starts_with(ours)))
        {
            cargo.env_remove(name);
        }
        let built = cargo.output().expect("cargo runs");
        assert!(
            built.status.success(),
            "the functions can't be built:\n{}",
            String::from_utf8_lossy(&built.stderr)
        );
        folder
    })
}
