//! AWS on the laptop: functions, table, queue, bus, bucket, mail, schedule and API, as template.yaml describes them.

pub mod bucket;
pub mod bus;
mod compose;
mod door;
mod function_error;
pub mod gateway;
pub mod invoke;
pub mod mail;
mod mime;
pub mod processes;
pub mod queue;
pub mod receipt;
pub mod runtime_api;
pub mod schedule;
mod sent_mail;
pub mod table;
pub mod template;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::{any, get, post};
use jiff::{SignedDuration, Timestamp};

use bucket::Bucket;
use bus::Bus;
use gateway::Gateway;
use handbell_sim::Stage;
use invoke::{Calls, Hands};
use mail::Mail;
use queue::Queue;
use receipt::Receipt;
use schedule::Schedule;
use table::Table;
use template::Template;

/// The simulated Region.
pub const REGION: &str = "eu-west-1";
/// The simulated account.
pub const ACCOUNT: &str = "000000000000";
/// Longest wait before the clock is read again, since it can be moved without notice.
const GLANCE: Duration = Duration::from_millis(100);

/// Options of the cloud.
pub struct CloudOptions {
    /// Time, wire log and origin. The origin must be set before the start, since the child processes get it.
    pub stage: Stage,
    /// The way in which functions run.
    pub hands: Hands,
    /// Folder of the table and the bucket. `None` keeps them in memory.
    pub data: Option<PathBuf>,
    /// File that tells the child processes the offset of the system's time.
    pub clock_file: PathBuf,
    /// Whether the queue and the schedule call functions automatically. If not, a test calls [`Cloud::deliver_due`] and
    /// [`Cloud::tick_due`] and moves the clock.
    pub automatic: bool,
}

/// The cloud could not start.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// The template can't be used.
    #[error(transparent)]
    Template(#[from] template::TemplateError),
    /// The table could not start.
    #[error("the table: {0}")]
    Table(String),
    /// A file can't be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
}

/// AWS on the laptop. Cheap to clone; dropping the last clone stops it.
#[derive(Clone)]
pub struct Cloud(Arc<Inner>);

struct Inner {
    stage: Stage,
    template: Arc<Template>,
    calls: Calls,
    table: Table,
    queue: Queue,
    bus: Bus,
    bucket: Bucket,
    mail: Mail,
    receipt: Receipt,
    schedule: Arc<Schedule>,
    gateway: Gateway,
    clock_file: PathBuf,
    moving: Mutex<()>,
    _tasks: Vec<Task>,
}

/// A task that is aborted when this is dropped.
pub(crate) struct Task(tokio::task::AbortHandle);

impl Task {
    pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work).abort_handle())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Cloud {
    /// Starts the cloud. With a data directory, time continues from the clock file's offset.
    pub async fn start(options: CloudOptions) -> Result<Self, CloudError> {
        let CloudOptions { stage, hands, data, clock_file, automatic } = options;
        let template = Arc::new(Template::embedded()?);
        if data.is_some() && stage.clock.offset().is_zero() {
            let ahead = std::fs::read_to_string(&clock_file).ok().and_then(|text| text.trim().parse().ok());
            stage.clock.advance(SignedDuration::from_millis(ahead.unwrap_or(0)));
        }
        write_clock(&clock_file, stage.clock.offset())?;
        let table = Table::start(&template, data.as_deref(), stage.http.clone()).await?;
        table.is_watched_on(stage.clone());
        let queue = Queue::new(stage.clone(), template.queue);
        let bus = Bus::new(stage.clone());
        let bucket = Bucket::open(stage.clone(), data.as_deref())?;
        let mail = Mail::new(stage.clone());
        if let Hands::Processes(pool) = &hands {
            pool.set_cloud(env(&stage.origin(), &clock_file));
        }
        let calls = Calls::new(hands, stage.clone());
        let receipt = Receipt::new(template.clone(), stage.clone(), calls.clone(), bucket.clone());
        mail.arrives_by(receipt.clone());
        let schedule = Arc::new(Schedule::new(&template, stage.clone(), calls.clone()));
        let gateway = Gateway::new(template.clone(), stage.clone(), calls.clone());
        let mut tasks = Vec::new();
        if automatic {
            for function in template.functions.iter().filter(|function| function.queues) {
                tasks.push(Task::spawn(queue.clone().feed(
                    calls.clone(),
                    function.name.clone(),
                    function.batch,
                )));
            }
            let schedule = schedule.clone();
            tasks.push(Task::spawn(async move { schedule.run().await }));
        }
        Ok(Self(Arc::new(Inner {
            stage,
            template,
            calls,
            table,
            queue,
            bus,
            bucket,
            mail,
            receipt,
            schedule,
            gateway,
            clock_file,
            moving: Mutex::default(),
            _tasks: tasks,
        })))
    }

    /// Returns the routes: the AWS endpoints under `/aws`, the mail at `/sim/mail` (`POST` delivers one), and the API, which
    /// gets every other request.
    pub fn router(&self) -> Router {
        let (queue, bus, table) = (self.queue().clone(), self.bus().clone(), self.table().clone());
        let gateway = self.0.gateway.clone();
        let queue = post(move |headers: HeaderMap, body| async move { queue.handle(headers, body).await });
        let bus = post(move |headers: HeaderMap, body| async move { bus.handle(headers, body).await });
        let table = post(move |headers: HeaderMap, body| async move { table.handle(headers, body).await });
        let (mail, sent) = (self.mail().clone(), self.mail().clone());
        let (bucket, receipt) = (self.bucket().clone(), self.receipt().clone());
        Router::new()
            .route("/aws/dynamodb", table.clone())
            .route("/aws/dynamodb/", table)
            .route("/aws/events", bus.clone())
            .route("/aws/events/", bus)
            .route("/aws/s3/{*path}", any(move |request| async move { bucket.handle(request).await }))
            .route("/aws/ses/{*path}", any(move |request| async move { mail.handle(request).await }))
            .route("/aws/sqs", queue.clone())
            .route("/aws/sqs/", queue.clone())
            .route("/aws/sqs/{*queue}", queue)
            // Not in the wire log: the page asks continuously, which would hide everything else.
            .route(
                "/sim/mail",
                get(async move || axum::Json(sent.view()))
                    .post(move |request| async move { receipt.handle(request).await }),
            )
            .layer(axum::extract::DefaultBodyLimit::max(16 * 1024 * 1024))
            .fallback(move |request| async move { gateway.handle(request).await })
    }

    /// Returns the environment variables with which a function uses this cloud.
    pub fn env(&self) -> Vec<(String, String)> {
        env(&self.0.stage.origin(), &self.0.clock_file)
    }

    /// Advances the system's time, for the runner and for its child processes.
    pub fn advance(&self, by: SignedDuration) -> Result<(), CloudError> {
        let _moving = lock(&self.0.moving);
        // The file first: a task that the new time wakes must find it there.
        write_clock(&self.0.clock_file, self.0.stage.clock.offset() + by)?;
        self.0.stage.clock.advance(by);
        self.0.stage.touch();
        Ok(())
    }

    /// Kills a function's processes, busy or idle, with SIGKILL and returns their number.
    pub fn kill(&self, function: &str) -> usize {
        self.0.calls.kill(function)
    }

    /// Delivers all visible messages of the queue to its function, batch by batch, and returns the number of batches.
    pub async fn deliver_due(&self) -> usize {
        let mut batches = 0;
        for function in self.0.template.functions.iter().filter(|function| function.queues) {
            while self.queue().deliver(self.calls(), &function.name, function.batch).await {
                batches += 1;
            }
        }
        batches
    }

    /// Makes every scheduled call that is due, and returns their number.
    pub async fn tick_due(&self) -> usize {
        self.0.schedule.fire_due().await
    }

    /// Whether no function runs and no work is due.
    pub fn is_quiet(&self) -> bool {
        let due = self.0.schedule.next().is_some_and(|next| next <= self.0.stage.clock.now());
        !due && self.queue().depth().visible == 0 && self.calls().running() == 0
    }

    /// The template.
    pub fn template(&self) -> &Template {
        &self.0.template
    }

    /// The calls of all functions.
    pub fn calls(&self) -> &Calls {
        &self.0.calls
    }

    /// DynamoDB.
    pub fn table(&self) -> &Table {
        &self.0.table
    }

    /// SQS.
    pub fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// EventBridge.
    pub fn bus(&self) -> &Bus {
        &self.0.bus
    }

    /// S3.
    pub fn bucket(&self) -> &Bucket {
        &self.0.bucket
    }

    /// SES.
    pub fn mail(&self) -> &Mail {
        &self.0.mail
    }

    /// SES's receipt rule for inbound mail.
    pub fn receipt(&self) -> &Receipt {
        &self.0.receipt
    }
}

fn env(origin: &str, clock_file: &std::path::Path) -> Vec<(String, String)> {
    [
        ("HANDBELL_TABLE", table::NAME.to_owned()),
        ("HANDBELL_QUEUE_URL", format!("{origin}/aws/sqs/{ACCOUNT}/{}", queue::NAME)),
        ("HANDBELL_BUS", bus::NAME.to_owned()),
        ("HANDBELL_BUCKET", bucket::NAME.to_owned()),
        ("HANDBELL_PUBLIC_URL", origin.to_owned()),
        ("HANDBELL_CLOCK_FILE", clock_file.display().to_string()),
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("{origin}/aws/dynamodb")),
        ("AWS_ENDPOINT_URL_SQS", format!("{origin}/aws/sqs")),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", format!("{origin}/aws/events")),
        ("AWS_ENDPOINT_URL_S3", format!("{origin}/aws/s3")),
        ("AWS_ENDPOINT_URL_SESV2", format!("{origin}/aws/ses")),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// Writes a new file and renames it, so that no child process reads half a number.
fn write_clock(file: &std::path::Path, ahead: SignedDuration) -> Result<(), CloudError> {
    let beside = file.with_extension("new");
    std::fs::write(&beside, ahead.as_millis().to_string())
        .and_then(|()| std::fs::rename(&beside, file))
        .map_err(|error| CloudError::File(file.to_owned(), error))
}

/// Returns the operation that an AWS SDK requests: `AmazonSQS.SendMessage` → `SendMessage`.
fn operation<'a>(headers: &'a HeaderMap, service: &str) -> &'a str {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    target.strip_prefix(service).and_then(|rest| rest.strip_prefix('.')).unwrap_or_default()
}

/// Waits until the system's time reaches `at`, even if somebody moves the clock.
async fn sleep_until(stage: &Stage, at: Timestamp) {
    let mut changed = stage.watch();
    loop {
        let left = at.duration_since(stage.clock.now());
        let Ok(left) = Duration::try_from(left) else { return };
        if left.is_zero() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(left.min(GLANCE)) => {}
            _ = changed.changed() => {}
        }
    }
}

/// Ignores poisoning: each change under these locks is a single step, so a panic leaves no invalid state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
