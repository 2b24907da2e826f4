//! SQS: the queue in the SDK's wire format, and the event source that delivers its messages to a function.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use md5::{Digest, Md5};
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};

use super::invoke::Calls;
use super::template::QueueSettings;
use super::{lock, operation};
use handbell_sim::Stage;

/// The queue's name.
pub const NAME: &str = "handbell-work";
/// Number of batches that the function gets concurrently.
const CONCURRENCY: usize = 4;
/// Limits of SQS: 15 minutes and 1 MiB.
const MAX_DELAY: i64 = 900;
const MAX_BODY: usize = 1024 * 1024;

/// The queue. Cheap to clone.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    stage: Stage,
    settings: QueueSettings,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Message>,
    dead: Vec<Message>,
}

/// One message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Id of the message.
    pub id: String,
    /// The body.
    pub body: String,
    /// Time of sending.
    pub sent: Timestamp,
    /// The message is hidden until then, because of a delay or because a worker has received it.
    pub visible_at: Timestamp,
    /// Number of times that it was received.
    pub received: u32,
    first_received: Option<Timestamp>,
    receipt: Option<String>,
}

/// Number of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Depth {
    /// Ready to be received.
    pub visible: usize,
    /// Sent with a delay that hasn't elapsed.
    pub delayed: usize,
    /// Received, and neither deleted nor visible again.
    pub in_flight: usize,
}

/// Code and message of an SQS error.
type Refused = (&'static str, String);

impl Queue {
    /// Creates an empty queue.
    pub fn new(stage: Stage, settings: QueueSettings) -> Self {
        Self(Arc::new(Inner { stage, settings, state: Mutex::default(), wake: Notify::new() }))
    }

    /// Sends a message that becomes visible after a delay in the system's time, and returns its id.
    pub fn send(&self, body: &str, delay: SignedDuration) -> String {
        let now = self.now();
        let id = uuid::Uuid::new_v4().to_string();
        lock(&self.0.state).waiting.push_back(Message {
            id: id.clone(),
            body: body.to_owned(),
            sent: now,
            visible_at: now + delay,
            received: 0,
            first_received: None,
            receipt: None,
        });
        self.0.wake.notify_one();
        id
    }

    /// Receives at most `max` visible messages and hides them. Messages that were received too often become dead letters.
    pub fn receive(&self, max: usize, visibility: SignedDuration) -> Vec<Message> {
        let now = self.now();
        let mut state = lock(&self.0.state);
        let mut found = Vec::new();
        for mut message in std::mem::take(&mut state.waiting) {
            if message.visible_at > now || found.len() == max {
                state.waiting.push_back(message);
            } else if message.received >= self.0.settings.max_receive {
                message.receipt = None;
                state.dead.push(message);
            } else {
                message.received += 1;
                message.first_received.get_or_insert(now);
                message.visible_at = now + visibility;
                message.receipt = Some(uuid::Uuid::new_v4().to_string());
                found.push(message.clone());
                state.waiting.push_back(message);
            }
        }
        found
    }

    /// Deletes the message that was received with this receipt handle.
    pub fn delete(&self, receipt: &str) {
        lock(&self.0.state).waiting.retain(|message| message.receipt.as_deref() != Some(receipt));
    }

    /// Returns the number of messages, without the dead letters.
    pub fn depth(&self) -> Depth {
        let now = self.now();
        let mut depth = Depth::default();
        for message in &lock(&self.0.state).waiting {
            match message {
                message if message.visible_at <= now => depth.visible += 1,
                message if message.received == 0 => depth.delayed += 1,
                _ => depth.in_flight += 1,
            }
        }
        depth
    }

    /// Returns the dead letters, the oldest first.
    pub fn dead(&self) -> Vec<Message> {
        lock(&self.0.state).dead.clone()
    }

    /// Returns all waiting messages, for the page and for tests.
    pub fn messages(&self) -> Vec<Message> {
        lock(&self.0.state).waiting.iter().cloned().collect()
    }

    /// Delivers a batch to a function, if there is one, and deletes the messages that the function handled.
    pub async fn deliver(&self, calls: &Calls, function: &str, batch: usize) -> bool {
        let messages = self.receive(batch, self.visibility());
        if messages.is_empty() {
            return false;
        }
        let records: Vec<_> = messages.iter().map(record).collect();
        // A failure deletes nothing: the messages reappear when their visibility time-out ends.
        if let Ok(answer) = calls.call(function, json!({"Records": records})).await {
            let failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
            let failed: HashSet<_> =
                failures.iter().filter_map(|one| one["itemIdentifier"].as_str()).collect();
            // As on AWS, a failure without a message id fails the whole batch.
            let whole = failures
                .iter()
                .any(|one| !messages.iter().any(|message| one["itemIdentifier"] == message.id));
            for message in messages.iter().filter(|message| !whole && !failed.contains(message.id.as_str())) {
                self.delete(message.receipt.as_deref().unwrap_or_default());
            }
        }
        true
    }

    /// Runs the event source: delivers batches to a function, several at a time, forever.
    pub(super) async fn feed(self, calls: Calls, function: String, batch: usize) {
        let permits = Arc::new(Semaphore::new(CONCURRENCY));
        loop {
            let Ok(permit) = permits.clone().acquire_owned().await else { return };
            self.visible().await;
            let (queue, calls, function) = (self.clone(), calls.clone(), function.clone());
            let (begun, wait) = tokio::sync::oneshot::channel::<()>();
            tokio::spawn(async move {
                // The first poll receives the messages. Only then may the loop continue, or it would start empty batches.
                let work = queue.deliver(&calls, &function, batch);
                let begin = async move { drop(begun) };
                futures_util::future::join(work, begin).await;
                drop(permit);
            });
            // The sender never sends: this waits until it is dropped.
            let _ = wait.await;
        }
    }

    /// Waits until a message is visible.
    async fn visible(&self) {
        loop {
            let sent = self.0.wake.notified();
            let next = lock(&self.0.state).waiting.iter().map(|message| message.visible_at).min();
            match next {
                Some(next) if next <= self.now() => return,
                Some(next) => tokio::select! { () = sent => {}, () = self.0.stage.sleep_until(next) => {} },
                None => sent.await,
            }
        }
    }

    /// Answers a request of the SDK.
    pub async fn handle(&self, headers: HeaderMap, body: Bytes) -> Response {
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let url = request["QueueUrl"].as_str().unwrap_or_default();
        let answer = if url.rsplit('/').next() == Some(NAME) {
            self.answer(operation(&headers, "AmazonSQS"), &request)
        } else {
            Err(("QueueDoesNotExist", "The specified queue does not exist.".to_owned()))
        };
        let kind = [("content-type", "application/x-amz-json-1.0")];
        match answer {
            Ok(answer) => (kind, answer.to_string()).into_response(),
            Err((code, message)) => {
                let body = json!({"__type": format!("com.amazonaws.sqs#{code}"), "message": message});
                let query = match code {
                    "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue;Sender".to_owned(),
                    code => format!("{code};Sender"),
                };
                (StatusCode::BAD_REQUEST, kind, [("x-amzn-query-error", query)], body.to_string())
                    .into_response()
            }
        }
    }

    fn answer(&self, operation: &str, request: &Value) -> Result<Value, Refused> {
        match operation {
            "SendMessage" => self.accept(request),
            "SendMessageBatch" => batch(request, |entry| self.accept(entry)),
            "ReceiveMessage" => {
                let max = request["MaxNumberOfMessages"].as_u64().unwrap_or(1);
                if !(1..=10).contains(&max) {
                    return Err((
                        "InvalidParameterValue",
                        "MaxNumberOfMessages must be between 1 and 10".to_owned(),
                    ));
                }
                let visibility = match request["VisibilityTimeout"].as_i64() {
                    Some(seconds) => SignedDuration::from_secs(seconds),
                    None => self.visibility(),
                };
                let found = self.receive(max as usize, visibility);
                let shown = |message: &Message| {
                    let receipt = message.receipt.clone();
                    json!({"MessageId": message.id, "ReceiptHandle": receipt, "Body": message.body,
                           "MD5OfBody": md5(&message.body), "Attributes": attributes(message)})
                };
                Ok(json!({"Messages": found.iter().map(shown).collect::<Vec<_>>()}))
            }
            "DeleteMessage" => self.remove(request),
            "DeleteMessageBatch" => batch(request, |entry| self.remove(entry)),
            "GetQueueAttributes" => {
                let depth = self.depth();
                let settings = self.0.settings;
                Ok(json!({"Attributes": {
                    "QueueArn": arn(),
                    "ApproximateNumberOfMessages": depth.visible.to_string(),
                    "ApproximateNumberOfMessagesDelayed": depth.delayed.to_string(),
                    "ApproximateNumberOfMessagesNotVisible": depth.in_flight.to_string(),
                    "VisibilityTimeout": settings.visibility.as_secs().to_string(),
                    "RedrivePolicy": json!({"deadLetterTargetArn": format!("{}-dlq", arn()), "maxReceiveCount": settings.max_receive}).to_string(),
                }}))
            }
            other => Err(("UnsupportedOperation", format!("the laptop's queue doesn't know {other:?}"))),
        }
    }

    fn accept(&self, request: &Value) -> Result<Value, Refused> {
        let body = request["MessageBody"].as_str().unwrap_or_default();
        if body.is_empty() {
            return Err((
                "MissingParameter",
                "The request must contain the parameter MessageBody.".to_owned(),
            ));
        }
        if body.len() > MAX_BODY {
            return Err((
                "InvalidParameterValue",
                "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."
                    .to_owned(),
            ));
        }
        let delay = request["DelaySeconds"].as_i64().unwrap_or(0);
        if !(0..=MAX_DELAY).contains(&delay) {
            return Err((
                "InvalidParameterValue",
                format!(
                    "Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
                ),
            ));
        }
        if request["MessageAttributes"].as_object().is_some_and(|attributes| !attributes.is_empty()) {
            return Err((
                "UnsupportedOperation",
                "the laptop's queue doesn't know message attributes".to_owned(),
            ));
        }
        let id = self.send(body, SignedDuration::from_secs(delay));
        Ok(json!({"MessageId": id, "MD5OfMessageBody": md5(body)}))
    }

    fn remove(&self, request: &Value) -> Result<Value, Refused> {
        let receipt = request["ReceiptHandle"].as_str();
        let receipt = receipt.ok_or((
            "MissingParameter",
            "The request must contain the parameter ReceiptHandle.".to_owned(),
        ))?;
        self.delete(receipt);
        Ok(json!({}))
    }

    fn visibility(&self) -> SignedDuration {
        SignedDuration::from_secs(self.0.settings.visibility.as_secs() as i64)
    }

    fn now(&self) -> Timestamp {
        self.0.stage.clock.now()
    }
}

/// Handles each entry of a batch separately, since some may fail.
fn batch(request: &Value, each: impl Fn(&Value) -> Result<Value, Refused>) -> Result<Value, Refused> {
    let entries = request["Entries"].as_array().map_or(&[][..], Vec::as_slice);
    let ids: HashSet<_> = entries.iter().map(|entry| entry["Id"].as_str()).collect();
    match entries.len() {
        0 => {
            return Err((
                "EmptyBatchRequest",
                "There should be at least one entry in the request.".to_owned(),
            ));
        }
        1..=10 => {}
        _ => {
            return Err((
                "TooManyEntriesInBatchRequest",
                "Maximum number of entries per request are 10.".to_owned(),
            ));
        }
    }
    if ids.len() < entries.len() {
        return Err(("BatchEntryIdsNotDistinct", "Two or more batch entries have the same Id.".to_owned()));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match each(entry) {
            Ok(mut done) => {
                done["Id"] = entry["Id"].clone();
                successful.push(done);
            }
            Err((code, message)) => {
                failed
                    .push(json!({"Id": entry["Id"], "Code": code, "Message": message, "SenderFault": true}));
            }
        }
    }
    Ok(json!({"Successful": successful, "Failed": failed}))
}

fn record(message: &Message) -> Value {
    json!({
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": attributes(message),
        "messageAttributes": {},
        "md5OfBody": md5(&message.body),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn(),
        "awsRegion": super::REGION,
    })
}

fn attributes(message: &Message) -> Value {
    let first = message.first_received.unwrap_or(message.sent);
    json!({
        "ApproximateReceiveCount": message.received.to_string(),
        "SentTimestamp": message.sent.as_millisecond().to_string(),
        "SenderId": "AROALOCAL:handbell",
        "ApproximateFirstReceiveTimestamp": first.as_millisecond().to_string(),
    })
}

fn arn() -> String {
    format!("arn:aws:sqs:{}:{}:{NAME}", super::REGION, super::ACCOUNT)
}

/// Returns the MD5 in lower-case hex, which the SDK checks.
fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
