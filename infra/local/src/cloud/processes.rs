//! The functions as child processes: started when needed, one call at a time, killed when they take too long.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, Semaphore};

use super::function_error::FunctionError;
use super::lock;
use super::runtime_api::Sandbox;
use super::template::Template;

/// Limit of concurrent calls of a function, unless the template reserves a number.
pub const CONCURRENCY: usize = 4;
/// Time-out for a process to request its first call.
const START: Duration = Duration::from_secs(10);
/// Variables that a child process inherits from the runner. All others are left out, above all those that change the AWS
/// SDK's behaviour.
const INHERITED: [&str; 8] = [
    "PATH",
    "SYSTEMROOT",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "RUST_BACKTRACE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "LLVM_PROFILE_FILE",
];

/// The program of a function.
#[derive(Clone, Debug)]
pub enum Program {
    /// `PROGRAM function NAME`: the runner itself.
    Runner(PathBuf),
    /// `DIRECTORY/NAME`: the binaries that are deployed.
    Directory(PathBuf),
}

/// The way in which a child process starts.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: Program,
    /// Variables besides those of the cloud. These take precedence.
    pub env: Vec<(String, String)>,
}

/// Receives each line that a function logs, with the function's name.
pub type Log = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// The processes of all functions. Cheap to clone; dropping the last clone kills them.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    slots: HashMap<String, Slot>,
    launch: Launch,
    cloud: Mutex<Vec<(String, String)>>,
    log: Log,
}

struct Slot {
    timeout: Duration,
    permits: Semaphore,
    idle: Mutex<Vec<Process>>,
    busy: Mutex<HashMap<u32, Arc<Notify>>>,
}

struct Process {
    child: Child,
    sandbox: Sandbox,
    pid: u32,
    kill: Arc<Notify>,
}

/// Removes a process from the list of busy ones when dropped, whatever the outcome of its call.
struct Busy<'a>(&'a Slot, u32);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        lock(&self.0.busy).remove(&self.1);
    }
}

impl Pool {
    /// Creates a pool for the functions of the template, without starting a process.
    pub fn new(template: &Template, launch: Launch, log: Log) -> Self {
        let slot = |function: &super::template::Function| Slot {
            timeout: function.timeout,
            permits: Semaphore::new(function.reserved.unwrap_or(CONCURRENCY).max(1)),
            idle: Mutex::default(),
            busy: Mutex::default(),
        };
        let slots =
            template.functions.iter().map(|function| (function.name.clone(), slot(function))).collect();
        Self(Arc::new(Inner { slots, launch, cloud: Mutex::default(), log }))
    }

    /// Sets the variables that tell the child processes the address of the cloud.
    pub(super) fn set_cloud(&self, env: Vec<(String, String)>) {
        *lock(&self.0.cloud) = env;
    }

    /// Calls a function in an idle process or a new one. Waits while too many calls run.
    pub async fn call(&self, function: &str, payload: Value) -> Result<Value, FunctionError> {
        let slot = self.0.slots.get(function).ok_or_else(|| {
            FunctionError::new("ResourceNotFoundException", format!("Function not found: {function}"))
        })?;
        let _permit =
            slot.permits.acquire().await.map_err(|error| FunctionError::new("Stopped", error.to_string()))?;
        let (mut process, new) = match slot.idle() {
            Some(process) => (process, false),
            None => (self.0.start(function).await?, true),
        };
        lock(&slot.busy).insert(process.pid, process.kill.clone());
        let busy = Busy(slot, process.pid);
        if new {
            let Process { child, sandbox, kill, .. } = &mut process;
            watch(child, kill, sandbox.started(), START).await??;
        }
        let Process { child, sandbox, kill, .. } = &mut process;
        let answer = watch(child, kill, sandbox.invoke(&payload, slot.timeout), slot.timeout).await?;
        drop(busy);
        lock(&slot.idle).push(process);
        answer
    }

    /// Kills a function's processes, busy or idle, with SIGKILL and returns their number.
    pub fn kill(&self, function: &str) -> usize {
        let Some(slot) = self.0.slots.get(function) else { return 0 };
        let idle = std::mem::take(&mut *lock(&slot.idle)).len(); // dropping a process kills it
        let busy = lock(&slot.busy);
        busy.values().for_each(|kill| kill.notify_one());
        idle + busy.len()
    }

    /// Returns the ids of a function's busy processes.
    pub fn busy(&self, function: &str) -> Vec<u32> {
        self.0.slots.get(function).map_or_else(Vec::new, |slot| lock(&slot.busy).keys().copied().collect())
    }
}

impl Slot {
    /// Returns an idle process that is still alive.
    fn idle(&self) -> Option<Process> {
        let mut idle = lock(&self.idle);
        while let Some(mut process) = idle.pop() {
            if matches!(process.child.try_wait(), Ok(None)) {
                return Some(process);
            }
        }
        None
    }
}

impl Inner {
    async fn start(&self, function: &str) -> Result<Process, FunctionError> {
        let failed = |error: std::io::Error| {
            FunctionError::new("Runtime.InvalidEntrypoint", format!("{function}: {error}"))
        };
        let sandbox = Sandbox::open(function).await.map_err(failed)?;
        let mut command = match &self.launch.program {
            Program::Runner(program) => {
                let mut command = Command::new(program);
                command.args(["function", function]);
                command
            }
            Program::Directory(directory) => Command::new(directory.join(function)),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the runner is the world outside: it hands on what any process needs"
        )]
        let inherited = INHERITED.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
        command.env_clear().envs(inherited).envs(lambda(function, sandbox.address()));
        command.envs(lock(&self.cloud).iter().cloned()).envs(self.launch.env.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(failed)?;
        follow(function, child.stdout.take(), &self.log);
        follow(function, child.stderr.take(), &self.log);
        let pid = child.id().unwrap_or_default();
        Ok(Process { child, sandbox, pid, kill: Arc::default() })
    }
}

/// Returns the environment variables that Lambda itself sets.
fn lambda(function: &str, address: &str) -> [(&'static str, String); 8] {
    [
        ("AWS_LAMBDA_RUNTIME_API", address.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/handbell/{function}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "laptop".to_owned()),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
    ]
}

fn follow(function: &str, stream: Option<impl AsyncRead + Unpin + Send + 'static>, log: &Log) {
    let Some(stream) = stream else { return };
    let (function, log) = (function.to_owned(), log.clone());
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            log(&function, &line);
        }
    });
}

/// Waits for the work, unless the process exits, is killed, or exceeds the time-out.
async fn watch<T>(
    child: &mut Child,
    kill: &Notify,
    work: impl Future<Output = T>,
    limit: Duration,
) -> Result<T, FunctionError> {
    let error = tokio::select! {
        biased; // an answer takes precedence over the process's exit
        answer = work => return Ok(answer),
        status = child.wait() => return Err(exited(status)),
        () = kill.notified() => FunctionError::new("Runtime.ExitError", "Runtime exited with error: signal: killed"),
        () = tokio::time::sleep(limit) => {
            FunctionError::new("Sandbox.Timedout", format!("Task timed out after {:.2} seconds", limit.as_secs_f64()))
        }
    };
    // The process may just have exited.
    let _ = child.kill().await;
    Err(error)
}

fn exited(status: std::io::Result<ExitStatus>) -> FunctionError {
    let why = match status {
        Ok(status) => format!("Runtime exited with error: {status}"),
        Err(error) => format!("Runtime exited: {error}"),
    };
    FunctionError::new("Runtime.ExitError", why)
}

#[cfg(test)]
#[path = "processes_tests.rs"]
mod tests;
