//! A runner with a source of alerts, the people whom its plans call, and mails to it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use handbell_boot::Error;
use handbell_local::cloud::processes::Program;
use handbell_local::gate::Gate;
use handbell_local::runner::{Runner, RunnerOptions, Workers};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::vendor::Vendor;
use crate::measure::listen_to_webex;

/// Time that the simulated phones take for each step.
const PACE: Duration = Duration::from_millis(100);
/// Mail address of the only source, on this machine.
const ADDRESS: &str = "duty-bench@in.example.com";
/// Time-out for the system to come to rest in held time.
const LIMIT: Duration = Duration::from_secs(120);
/// Begin of held time, on a working day.
const HELD_AT: Timestamp = Timestamp::constant(1_795_000_000, 0);
/// Flood limit, larger than the number of alerts.
const FLOOD_AFTER: u32 = 1_000_000;
/// Number of checks without a change after which the system is at rest, some milliseconds apart.
const LOOKS: usize = 5;

/// The way in which the functions run.
pub(super) enum Hands {
    /// In the benchmark's own process, which also simulates the vendors and the table.
    OneProcess,
    /// As the binaries in this folder.
    Binaries(PathBuf),
}

impl Hands {
    /// Returns the name in tables.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::OneProcess => "in one process",
            Self::Binaries(_) => "the binaries",
        }
    }
}

/// The kind of time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// Real time. The queue and the schedule run automatically.
    Real,
    /// Held time, which the benchmark moves. Nothing runs automatically.
    Held,
}

/// What the scene finds around it.
pub(super) struct Surroundings {
    /// Time after which the vendor answers.
    pub(super) answers_in: Duration,
    /// The runner's port (0: any).
    pub(super) port: u16,
    /// Additional variables for the functions.
    pub(super) variables: Vec<(String, String)>,
}

impl Surroundings {
    /// Any port, no additional variables.
    pub(super) fn answering_in(answers_in: Duration) -> Self {
        Self { answers_in, port: 0, variables: Vec::new() }
    }
}

/// The runner and its clients.
pub(super) struct Scene {
    pub(super) runner: Runner,
    pub(super) http: reqwest::Client,
    pub(super) vendor: Vendor,
    _folder: Folder,
}

impl Scene {
    /// Starts the runner.
    pub(super) async fn start(
        hands: &Hands,
        time: Time,
        config: &Value,
        around: Surroundings,
    ) -> Result<Self, Error> {
        let Surroundings { answers_in, port, variables } = around;
        let folder = Folder::write(config)?;
        let vendor = Vendor::start(answers_in).await?;
        let mut overrides = variables;
        overrides.push(vendor.variable());
        let runner = handbell::local::start(RunnerOptions {
            port,
            config: folder.0.join("handbell.yaml"),
            data: None,
            bot: false,
            workers: match hands {
                Hands::OneProcess => Workers::InProcess(Gate::default()),
                Hands::Binaries(folder) => Workers::Processes(Program::Directory(folder.clone())),
            },
            pace: if time == Time::Held { Duration::ZERO } else { PACE },
            automatic: time == Time::Real,
            held_at: (time == Time::Held).then_some(HELD_AT),
            overrides,
            show_logs: false,
        })
        .await?;
        vendor.stands_before(&runner);
        let http = handbell_boot::client()?;
        Ok(Self { runner, http, vendor, _folder: folder })
    }

    /// Registers Handbell's webhook, as the tick does within five minutes.
    pub(super) async fn listen(&self) -> Result<(), Error> {
        listen_to_webex(&self.runner, &self.http).await
    }

    /// Delivers a monitoring system's mail. SES has accepted the mail when this returns.
    pub(super) async fn mail(&self, host: &str, what: &str) -> Result<(), Error> {
        mail(&self.http, &self.address(), host, what).await
    }

    pub(super) fn address(&self) -> String {
        format!("http://{}", self.runner.address)
    }

    /// Waits until a condition holds. The error after `limit` contains `what`.
    pub(super) async fn until(
        &self,
        limit: Duration,
        what: &str,
        is_so: impl Fn() -> bool,
    ) -> Result<(), Error> {
        let begun = Instant::now();
        while !is_so() {
            if begun.elapsed() > limit {
                return Err(format!("after {} s {what}", limit.as_secs()).into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// In held time, does all work that is due now, until nothing changes any more.
    pub(super) async fn rest(&self) -> Result<(), Error> {
        let (begun, mut still, mut seen) = (Instant::now(), 0, None);
        while still < LOOKS {
            if begun.elapsed() > LIMIT {
                return Err("what follows from an alert does not come to an end".into());
            }
            let done = self.runner.cloud.deliver_due().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
            let last = self.runner.stage.wire.entries().last().map(|entry| entry.number);
            let now = Some((*self.runner.stage.watch().borrow(), last));
            let idle = self.runner.cloud.calls().running() + self.runner.cloud.queue().depth().visible == 0;
            still = if done == 0 && idle && now == seen { still + 1 } else { 0 };
            seen = now;
        }
        Ok(())
    }

    /// In held time, lets the given number of seconds pass. Each message of the queue comes at its time; the schedule
    /// doesn't run.
    pub(super) async fn pass(&self, seconds: i64) -> Result<(), Error> {
        let clock = &self.runner.stage.clock;
        let end = clock.now() + SignedDuration::from_secs(seconds);
        loop {
            self.rest().await?;
            let now = clock.now();
            let messages = self.runner.cloud.queue().messages();
            let next = messages.into_iter().map(|message| message.visible_at).filter(|at| *at > now).min();
            match next.filter(|next| *next <= end) {
                Some(next) => {
                    self.runner.cloud.advance(next.duration_since(now) + SignedDuration::from_micros(1))?
                }
                None => {
                    self.runner.cloud.advance(end.duration_since(now).max(SignedDuration::ZERO))?;
                    return self.rest().await;
                }
            }
        }
    }
}

/// Delivers a mail like [`Scene::mail`], with only the runner's address.
pub(super) async fn mail(http: &reqwest::Client, origin: &str, host: &str, what: &str) -> Result<(), Error> {
    let mime = format!(
        "From: Nagios <nagios@mon.example.com>\r\nTo: {ADDRESS}\r\nSubject: PROBLEM: {host}/{what} is CRITICAL\r\n\
         Message-ID: <{host}.{what}@mon.example.com>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         Host: {host}\r\nService: {what}\r\nIt does not answer.\r\n"
    );
    let url = format!("{origin}/sim/mail?to={ADDRESS}");
    http.post(url).header("content-type", "message/rfc822").body(mime).send().await?.error_for_status()?;
    Ok(())
}

/// Returns a configuration with these plans. Mails about `HOST/WHAT` open an incident for each host; `WHAT` names the plan.
pub(super) fn config(plans: Value, calls_per_second: Option<u32>) -> Value {
    let names = plans.as_object().into_iter().flat_map(|plans| plans.keys());
    let rules = names.map(|name| {
        let subject = format!("^PROBLEM: (?<host>[^/ ]+)/{name} is CRITICAL$");
        json!({ "subject": subject, "key": "{host}", "plan": name })
    });
    let rules: Vec<Value> = rules.collect();
    let first = plans.as_object().and_then(|plans| plans.keys().next()).cloned();
    let mut config = json!({
        "webex": { "token": { "secret": "webex" }, "webhook": { "secret": "webex-webhook" } },
        "twilio": { "account": "ACffffffffffffffffffffffffffffffff", "token": { "secret": "twilio" }, "from": "+12025550100" },
        "admins": { "webex": ["carol@example.com"], "sms": ["+12025550119"] },
        "mail": { "domain": "in.example.com", "from": "handbell@in.example.com", "links": { "secret": "links" } },
        "plans": plans,
        "sources": { "bench": {
            "label": "Monitoring", "plan": first, "address": { "secret": "mail-bench" }, "rules": rules,
            // Each alert must be an incident of its own, since a flood would combine them.
            "flood_after": FLOOD_AFTER,
        } },
    });
    if let Some(rate) = calls_per_second {
        config["twilio"]["calls_per_second"] = json!(rate);
    }
    config
}

/// Returns a plan with a space for each incident.
pub(super) fn plan(steps: Value) -> Value {
    json!({ "space": { "title": "{incident} {title}", "reuse": "per-incident" }, "steps": steps })
}

/// Two people who want a text and a call at once, and a rota for each of them.
const PEOPLE: &str = "\
id,name,email,phones,timezone,language,teams,rules
dana,Dana,dana@example.com,+12025550111,,en-US,ops,text; call
eli,Eli,eli@example.com,+12025550112,,en-US,ops,text; call
";
const ROTAS: &str = "\
rotas:
  first:
    timezone: Europe/Paris
    team: ops
    layers: [{ people: [dana], starts: 2020-01-06, hand_over: 08:00 }]
  second:
    timezone: Europe/Paris
    team: ops
    layers: [{ people: [eli], starts: 2020-01-06, hand_over: 08:00 }]
";
/// Their phones.
pub(super) const DANA: &str = "+12025550111";
pub(super) const ELI: &str = "+12025550112";

/// The folder of the configuration and its people, which is deleted when dropped.
struct Folder(PathBuf);

impl Folder {
    fn write(config: &Value) -> Result<Self, Error> {
        static SCENES: AtomicU32 = AtomicU32::new(0);
        let number = SCENES.fetch_add(1, Ordering::Relaxed);
        let name = format!("handbell-bench-on-call-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&folder.0)?;
        // JSON is valid YAML.
        std::fs::write(folder.0.join("handbell.yaml"), serde_json::to_vec_pretty(config)?)?;
        std::fs::write(folder.0.join("people.csv"), PEOPLE)?;
        std::fs::write(folder.0.join("rotas.yaml"), ROTAS)?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
