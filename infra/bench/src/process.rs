//! A process of a function with a Runtime API of its own.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use handbell_boot::Error;
use handbell_local::cloud::runtime_api::Sandbox;
use serde_json::Value;
use tokio::process::{Child, Command};

/// Time-out, longer than any call.
const LIMIT: Duration = Duration::from_secs(30);

/// A running process, which is killed when dropped.
pub(crate) struct Process {
    name: String,
    sandbox: Sandbox,
    child: Child,
    expected: u64,
}

impl Process {
    /// Starts the binary with its first call, and returns the time from the start to the answer. The HTTP answers to this
    /// and all later calls must have the given status.
    pub(crate) async fn first_answer(
        binary: &Path,
        env: &[(String, String)],
        event: &Value,
        expected: u64,
    ) -> Result<(Self, Duration), Error> {
        let name = binary.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let sandbox = Sandbox::open(&name).await?;
        let mut command = Command::new(binary);
        command.env_clear().envs(env.iter().cloned()).env("AWS_LAMBDA_RUNTIME_API", sandbox.address());
        command
            .env("AWS_LAMBDA_FUNCTION_NAME", &name)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let begun = Instant::now();
        let child =
            command.kill_on_drop(true).spawn().map_err(|error| format!("{}: {error}", binary.display()))?;
        let mut process = Self { name, sandbox, child, expected };
        process.call(event).await?;
        Ok((process, begun.elapsed()))
    }

    /// Makes a call and waits for the answer. An unexpected answer ends the benchmark, since failures are fast and would
    /// distort it.
    pub(crate) async fn call(&mut self, event: &Value) -> Result<Duration, Error> {
        let begun = Instant::now();
        let answer = tokio::select! {
            biased;
            answer = self.sandbox.invoke(event, LIMIT) => answer.map_err(|error| format!("{}: {error}", self.name))?,
            status = self.child.wait() => return Err(format!("{} ended: {status:?}", self.name).into()),
            () = tokio::time::sleep(LIMIT) => return Err(format!("{} doesn't answer", self.name).into()),
        };
        let took = begun.elapsed();
        let refused = answer["statusCode"].as_u64().is_some_and(|status| status != self.expected);
        let failed = answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty());
        if refused || failed {
            return Err(format!("{}: {answer}", self.name).into());
        }
        Ok(took)
    }

    /// Returns the peak memory so far, in bytes.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
    }

    /// Returns the processor time so far of all threads.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id()?)).ok()?;
        let nanos = threads.flatten().filter_map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Some(Duration::from_nanos(nanos.sum()))
    }

    /// Counts the instructions from now on, if the machine supports it.
    pub(crate) async fn count_instructions(&self) -> Option<Counter> {
        if !can_count().await {
            return None;
        }
        let mut perf = perf();
        perf.arg("-p")
            .arg(self.child.id()?.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let counter = Counter(perf.kill_on_drop(true).spawn().ok()?);
        tokio::time::sleep(Duration::from_millis(300)).await; // perf doesn't report its start
        Some(counter)
    }
}

/// `perf`, which counts the instructions of a process outside the kernel.
pub(crate) struct Counter(Child);

impl Counter {
    /// Returns the number of instructions.
    pub(crate) async fn end(self) -> Option<u64> {
        let id = self.0.id()?.to_string();
        Command::new("kill").args(["-INT", &id]).status().await.ok()?;
        let output = self.0.wait_with_output().await.ok()?;
        counted(&String::from_utf8_lossy(&output.stderr))
    }
}

fn perf() -> Command {
    let mut perf = Command::new("perf");
    perf.args(["stat", "-x", ",", "-e", "instructions:u"]);
    perf
}

/// Whether perf can count. Virtual machines often have no counters.
async fn can_count() -> bool {
    let tried = perf().arg("true").stdin(Stdio::null()).output().await;
    tried.is_ok_and(|output| counted(&String::from_utf8_lossy(&output.stderr)).is_some())
}

fn counted(output: &str) -> Option<u64> {
    output.lines().find(|line| line.contains("instructions"))?.split(',').next()?.parse().ok()
}
