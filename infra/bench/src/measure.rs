//! Measures starts, calls, memory and size of each function.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use handbell_boot::{Error, Function, read_configuration};
use handbell_core::config::Config;
use handbell_local::cloud::processes::Program;
use handbell_local::cloud::queue::Message;
use handbell_local::cloud::receipt::{Envelope, Verdicts};
use handbell_local::runner::{self, Runner, RunnerOptions, WEBEX_SECRET, WEBEX_TOKEN, Workers};
use handbell_sim::wire::WireEntry;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::process::Process;
use crate::release::{NOOP, zipped};
use crate::{events, progress};

/// Number of calls before those that are timed.
const UNTIMED: usize = 20;

/// Number of repetitions.
#[derive(Clone, Copy)]
pub(crate) struct Runs {
    /// Number of starts of each function.
    pub(crate) starts: usize,
    /// Number of calls of each function once it runs.
    pub(crate) calls: usize,
}

/// Results for one function.
#[derive(Default)]
pub(crate) struct Measured {
    /// Time from each start to the first answer.
    pub(crate) first: Vec<Duration>,
    /// Time of each later call, seen from the Runtime API.
    pub(crate) warm: Vec<Duration>,
    /// Processor time of such a call.
    pub(crate) processor: Option<Duration>,
    /// Instructions outside the kernel of such a call.
    pub(crate) instructions: Option<u64>,
    /// Peak memory.
    pub(crate) memory: Option<u64>,
    /// Size of the zip for Lambda.
    pub(crate) zip: usize,
}

/// Measures all functions, `noop` first.
pub(crate) async fn functions(
    release: &Path,
    config: &Path,
    runs: Runs,
) -> Result<Vec<(&'static str, Measured)>, Error> {
    let runner = start(release, config, Start::at_rest(Duration::from_millis(20))).await?;
    let secrets = Secrets::write(config, &runner)?;
    let mut bench = Bench::new(release, config, runner, &secrets).await?;
    let names: Vec<&'static str> =
        [NOOP].into_iter().chain(Function::ALL.iter().map(|function| function.name())).collect();
    let mut all: BTreeMap<&str, Measured> = names.iter().map(|name| (*name, Measured::default())).collect();

    progress(&format!("starts each function {} times, in turn", runs.starts));
    for _ in 0..runs.starts {
        for name in &names {
            let event = bench.event(name)?;
            let (_, took) =
                Process::first_answer(&release.join(name), &bench.env, &event, bench.expected(name)).await?;
            bench.answered(name);
            all.entry(name).or_default().first.push(took);
        }
    }
    for name in &names {
        progress(&format!("calls {name} {} times", runs.calls));
        bench.calls(name, runs.calls, all.entry(name).or_default()).await?;
    }
    for (name, measured) in &mut all {
        measured.zip = zipped(&release.join(name))?;
    }
    Ok(names.into_iter().filter_map(|name| all.remove(name).map(|measured| (name, measured))).collect())
}

/// How the runner is started.
pub(crate) struct Start {
    /// The port (0: any).
    pub(crate) port: u16,
    /// Variables for the functions.
    pub(crate) overrides: Vec<(String, String)>,
    pub(crate) pace: Duration,
    /// Whether the queue and the schedule run.
    pub(crate) automatic: bool,
}

impl Start {
    /// Starts at any port. The queue and the schedule don't run.
    pub(crate) fn at_rest(pace: Duration) -> Self {
        Self { port: 0, overrides: Vec::new(), pace, automatic: false }
    }
}

/// Starts the runner with the real binaries.
pub(crate) async fn start(release: &Path, config: &Path, how: Start) -> Result<Runner, Error> {
    let Start { port, overrides, pace, automatic } = how;
    handbell::local::start(RunnerOptions {
        port,
        config: config.to_owned(),
        data: None,
        bot: false,
        workers: Workers::Processes(Program::Directory(release.to_owned())),
        pace,
        automatic,
        overrides,
        held_at: None,
        show_logs: false,
    })
    .await
}

/// Registers Handbell's webhook at the simulated Webex, as the tick does within five minutes.
pub(crate) async fn listen_to_webex(runner: &Runner, http: &reqwest::Client) -> Result<(), Error> {
    let origin = format!("http://{}", runner.address);
    let hook = json!({ "name": "Handbell: messages", "targetUrl": format!("{origin}/webex"), "resource": "messages", "event": "created", "secret": WEBEX_SECRET });
    let request = http.post(format!("{origin}/sim/webex/v1/webhooks")).bearer_auth(WEBEX_TOKEN).json(&hook);
    request.send().await?.error_for_status()?;
    Ok(())
}

/// Presses the first button.
pub(crate) async fn press(runner: &Runner, http: &reqwest::Client, id: &str) -> Result<(), Error> {
    let button = runner.buttons.first().ok_or("the configuration has no button")?;
    let url = format!("http://{}{}", runner.address, button.path);
    http.post(url).header("idempotency-key", id).send().await?.error_for_status()?;
    Ok(())
}

/// Delivers the queue's messages until no more come for a while, since phones and delivery summaries take time.
pub(crate) async fn settle(runner: &Runner) {
    let mut quiet = 0;
    while quiet < 20 {
        let depth = runner.cloud.queue().depth();
        let idle = runner.cloud.deliver_due().await == 0 && runner.cloud.calls().running() == 0;
        quiet = if idle && depth.delayed + depth.in_flight == 0 { quiet + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A file with the simulated vendors' secrets, for the processes that the benchmark starts.
pub(crate) struct Secrets(PathBuf);

impl Secrets {
    pub(crate) fn write(config: &Path, runner: &Runner) -> Result<Self, Error> {
        let secrets = runner::local_secrets(&read_configuration(config)?);
        let path = std::env::temp_dir().join(format!("handbell-bench-{}.json", runner.address.port()));
        std::fs::write(&path, serde_json::to_vec(&secrets)?)?;
        Ok(Self(path))
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Clock of a process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The machine's, as on Lambda.
    Own,
    /// The runner's, which can be moved. Each reading reads a file.
    Runner,
}

/// Returns the environment of a process that the benchmark starts.
pub(crate) fn environment(
    config: &Path,
    runner: &Runner,
    secrets: &Secrets,
    clock: Clock,
) -> Vec<(String, String)> {
    let origin = format!("http://{}", runner.address);
    let all = runner.cloud.env().into_iter();
    let mut env: Vec<(String, String)> =
        all.filter(|(name, _)| clock == Clock::Runner || name != "HANDBELL_CLOCK_FILE").collect();
    env.extend(
        [
            ("HANDBELL_CONFIG", config.display().to_string()),
            ("HANDBELL_SECRETS", format!("file:{}", secrets.0.display())),
            ("HANDBELL_WEBEX_URL", format!("{origin}/sim/webex/v1")),
            ("HANDBELL_TWILIO_URL", format!("{origin}/sim/twilio")),
            ("HANDBELL_CMX_URL", format!("{origin}/sim/cmx")),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    env
}

/// Returns the address of the first source with mail by SES.
fn mail_address(config: &Config, secrets: &BTreeMap<String, String>) -> Option<String> {
    let domain = &config.mail.as_ref()?.domain;
    let mut names =
        config.sources.values().flat_map(|source| source.address.iter()).flat_map(|one| one.names());
    let local = secrets.get(names.next()?)?;
    Some(format!("{local}@{domain}"))
}

/// The events with which the functions are called.
struct Bench {
    release: PathBuf,
    runner: Runner,
    origin: String,
    env: Vec<(String, String)>,
    path: String,
    presses: u64,
    mails: u64,
    /// Mail address of the first source; nobody's, if there is none.
    address: String,
    /// Path of the first source's form.
    alert_form: Option<String>,
    due: Vec<Message>,
    text: WireEntry,
    voice: WireEntry,
    webex: WireEntry,
}

impl Bench {
    /// Lets an incident escalate to its call, so that every vendor has called back once.
    async fn new(release: &Path, config: &Path, runner: Runner, secrets: &Secrets) -> Result<Self, Error> {
        progress("lets an incident climb, to have something to call back about");
        let http = handbell_boot::client()?;
        let origin = format!("http://{}", runner.address);
        listen_to_webex(&runner, &http).await?;
        for number in 0..3 {
            press(&runner, &http, &format!("bench-begin-{number}")).await?;
            settle(&runner).await;
        }
        let phones = runner.twilio.view();
        let ringing = phones.as_array().into_iter().flatten().find(|phone| phone["call"].is_object());
        let number =
            ringing.and_then(|phone| phone["number"].as_str()).ok_or("no phone rings at the third press")?;
        http.post(format!("{origin}/sim/phones/{number}/answer")).send().await?.error_for_status()?;
        http.post(format!("{origin}/sim/phones/{number}/hangup")).send().await?.error_for_status()?;
        settle(&runner).await;
        let entries = runner.stage.wire.entries();
        let find = |from: &str, path: &str| {
            let found = |entry: &&WireEntry| {
                entry.from == from && entry.to == "handbell" && entry.url[origin.len()..].starts_with(path)
            };
            entries.iter().rev().find(found).cloned().ok_or(format!("{from} didn't call {path}"))
        };
        let env = environment(config, &runner, secrets, Clock::Own);
        let configuration = read_configuration(config)?;
        let secrets_of = runner::local_secrets(&configuration);
        Ok(Self {
            release: release.to_owned(),
            env,
            path: runner.buttons.first().map(|button| button.path.clone()).unwrap_or_default(),
            presses: 0,
            mails: 0,
            address: mail_address(&configuration, &secrets_of).unwrap_or_else(|| "nobody@example.com".into()),
            alert_form: configuration
                .sources
                .iter()
                .find(|(_, source)| source.form.is_some())
                .map(|(name, _)| format!("/alert/{name}")),
            due: Vec::new(),
            text: find("twilio", "/twilio/sms/status")?,
            voice: find("twilio", "/twilio/voice?")?,
            webex: find("webex", "/webex")?,
            origin,
            runner,
        })
    }

    /// Returns the next event for a function.
    fn event(&mut self, name: &str) -> Result<Value, Error> {
        Ok(match name {
            "button-press" => {
                self.presses += 1;
                events::press(&self.origin, &self.path, self.presses)
            }
            "deliver" if self.due.is_empty() => return Err("there is nothing to deliver".into()),
            "deliver" => events::batch(&self.due.remove(0)),
            "sms-inbound" => events::again(&self.origin, &self.text),
            "voice-inbound" => events::again(&self.origin, &self.voice),
            "webex-event" => events::again(&self.origin, &self.webex),
            "health" => events::health(&self.origin),
            // These need a site, a card or an agent's file, so their refusal is measured.
            "sightings" => events::asked(&self.origin, "POST", "/cmx/nowhere"),
            "chart" => events::asked(&self.origin, "GET", "/chart/nothing.png"),
            "file" => events::asked(&self.origin, "GET", "/file/x"),
            "contact" => events::asked(&self.origin, "GET", self.form().unwrap_or("/contact/nobody")),
            "form" => {
                let path = self.alert_form.as_deref().unwrap_or("/alert/nobody");
                events::asked(&self.origin, "GET", path)
            }
            "mail-inbound" => self.mail()?,
            "cmx-poll" | "mailbox-poll" | "tick" => events::tick(),
            NOOP => events::tick(),
            name => return Err(format!("the benchmark knows no event for {name}").into()),
        })
    }

    /// Returns the status of a function's answer to its event.
    fn expected(&self, name: &str) -> u64 {
        match name {
            "sightings" | "chart" | "file" => 404,
            "contact" if self.form().is_none() => 404,
            "form" if self.alert_form.is_none() => 404,
            _ => 200,
        }
    }

    /// Puts a new mail of a monitoring system into the bucket, and returns SES's event. Every mail is about the same
    /// trouble, so all but the first join the open incident.
    fn mail(&mut self) -> Result<Value, Error> {
        self.mails += 1;
        let mail = format!(
            "From: monitoring@example.com\r\nTo: {to}\r\nSubject: PROBLEM: db1/disk is CRITICAL\r\n\
             Message-ID: <bench-{number}@example.com>\r\nDate: Tue, 01 Jan 2030 00:00:00 +0000\r\n\r\nThe disk is full.\r\n",
            to = self.address,
            number = self.mails,
        );
        let envelope = Envelope {
            from: "monitoring@example.com".into(),
            to: vec![self.address.clone()],
            verdicts: Verdicts::default(),
        };
        Ok(self.runner.cloud.receipt().store(&envelope, mail.as_bytes())?.1)
    }

    /// Returns the path of the first web form.
    fn form(&self) -> Option<&str> {
        self.runner.lines.iter().find_map(|line| line.form.as_deref())
    }

    /// Takes the messages that a press has put into the queue.
    fn answered(&mut self, name: &str) {
        let messages = self.runner.cloud.queue().receive(usize::MAX, SignedDuration::from_hours(1));
        if name == "button-press" {
            self.due.extend(messages);
        }
    }

    async fn calls(&mut self, name: &str, calls: usize, measured: &mut Measured) -> Result<(), Error> {
        let event = self.event(name)?;
        let (mut process, _) =
            Process::first_answer(&self.release.join(name), &self.env, &event, self.expected(name)).await?;
        self.answered(name);
        for _ in 0..UNTIMED {
            let event = self.event(name)?;
            process.call(&event).await?;
            self.answered(name);
        }
        let counter = process.count_instructions().await;
        let before = process.processor_time();
        for _ in 0..calls {
            let event = self.event(name)?;
            measured.warm.push(process.call(&event).await?);
            self.answered(name);
        }
        let after = process.processor_time();
        if let Some(counter) = counter {
            measured.instructions = counter.end().await.map(|all| all / calls.max(1) as u64);
        }
        measured.processor =
            before.zip(after).map(|(before, after)| after.saturating_sub(before) / calls.max(1) as u32);
        measured.memory = process.peak_memory();
        Ok(())
    }
}
