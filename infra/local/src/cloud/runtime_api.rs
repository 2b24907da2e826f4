//! The Lambda Runtime API for one process, which requests and answers its calls here.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use super::function_error::FunctionError;
use super::lock;

/// Limit of an answer, as in Lambda.
const MAX_ANSWER: usize = 6 * 1024 * 1024;

type Answer = Result<Value, FunctionError>;

/// A Runtime API with a listener of its own, since `AWS_LAMBDA_RUNTIME_API` has no path that could distinguish processes.
pub struct Sandbox {
    address: String,
    feed: mpsc::UnboundedSender<Job>,
    shared: Arc<Shared>,
    server: tokio::task::AbortHandle,
}

struct Shared {
    arn: String,
    jobs: tokio::sync::Mutex<mpsc::UnboundedReceiver<Job>>,
    current: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    start: watch::Sender<Option<Result<(), FunctionError>>>,
}

struct Job {
    payload: String,
    limit: Duration,
    answer: oneshot::Sender<Answer>,
}

impl Sandbox {
    /// Opens the API for a process of this function.
    pub async fn open(function: &str) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (feed, jobs) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            arn: format!("arn:aws:lambda:{}:{}:function:{function}", super::REGION, super::ACCOUNT),
            jobs: tokio::sync::Mutex::new(jobs),
            current: Mutex::default(),
            start: watch::channel(None).0,
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(MAX_ANSWER))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            // Runs until it is aborted.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, feed, shared, server: server.abort_handle() })
    }

    /// `host:port`, for `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits until the process requests its first call, or reports that it can't start.
    pub async fn started(&self) -> Result<(), FunctionError> {
        let mut start = self.shared.start.subscribe();
        match start.wait_for(Option::is_some).await {
            Ok(start) => start.clone().unwrap_or(Ok(())),
            Err(_) => Err(gone()),
        }
    }

    /// Passes a call to the process and waits for the answer. The caller enforces the time-out.
    pub async fn invoke(&self, payload: &Value, limit: Duration) -> Answer {
        let (answer, wait) = oneshot::channel();
        let job = Job { payload: payload.to_string(), limit, answer };
        self.feed.send(job).map_err(|_| gone())?;
        wait.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn gone() -> FunctionError {
    FunctionError::new("Runtime.ExitError", "Runtime exited")
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.start.send_if_modified(|start| {
        let first = start.is_none();
        start.get_or_insert(Ok(()));
        first
    });
    let Some(job) = shared.jobs.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let id = uuid::Uuid::new_v4().to_string();
    *lock(&shared.current) = Some((id.clone(), job.answer));
    // The deadline is in the machine's time, not in the system's, since the process compares it with its own clock.
    #[expect(clippy::disallowed_methods, reason = "the runner is where time comes from")]
    let deadline = jiff::Timestamp::now() + job.limit;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.as_millisecond().to_string()),
        ("lambda-runtime-invoked-function-arn", shared.arn.clone()),
    ];
    (headers, job.payload).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> Response {
    let answer = match serde_json::from_slice(&body) {
        Ok(answer) => Ok(answer),
        Err(_) if body.is_empty() => Ok(Value::Null),
        Err(_) => Err(FunctionError::new("Runtime.MalformedResponse", "the answer isn't JSON")),
    };
    settle(&shared, &id, answer)
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> Response {
    settle(&shared, &id, Err(read(&body)))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    shared.start.send_replace(Some(Err(read(&body))));
    accepted()
}

fn settle(shared: &Shared, id: &str, answer: Answer) -> Response {
    let mut current = lock(&shared.current);
    match current.take() {
        Some((expected, wait)) if expected == id => {
            // The caller may have given up, which is no error for the process.
            let _ = wait.send(answer);
            accepted()
        }
        other => {
            *current = other;
            let body = json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"});
            (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
        }
    }
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response()
}

fn read(body: &[u8]) -> FunctionError {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str, default: &str| body[name].as_str().unwrap_or(default).to_owned();
    FunctionError { kind: text("errorType", "Error"), message: text("errorMessage", "") }
}

#[cfg(test)]
mod tests {
    use super::super::tests::http;
    use super::*;

    #[tokio::test]
    async fn a_call_travels_to_the_process_and_back() {
        let sandbox = Sandbox::open("tick").await.unwrap();
        let base = format!("http://{}/2018-06-01/runtime", sandbox.address());
        let process = tokio::spawn(async move {
            let http = http();
            for answer in ["response", "error"] {
                let next = http.get(format!("{base}/invocation/next")).send().await.unwrap();
                let header = |name: &str| next.headers()[name].to_str().unwrap().to_owned();
                let id = header("lambda-runtime-aws-request-id");
                assert!(header("lambda-runtime-invoked-function-arn").ends_with(":function:tick"));
                #[expect(clippy::disallowed_methods, reason = "a deadline is in real time")]
                let left = header("lambda-runtime-deadline-ms").parse::<i64>().unwrap()
                    - jiff::Timestamp::now().as_millisecond();
                assert!((1_000..=5_000).contains(&left));
                let wrong = http.post(format!("{base}/invocation/nobody/response")).send().await.unwrap();
                assert_eq!(wrong.status(), 400);
                let body = next.text().await.unwrap();
                let body = if answer == "error" {
                    r#"{"errorType":"E","errorMessage":"m"}"#.to_owned()
                } else {
                    body
                };
                let done =
                    http.post(format!("{base}/invocation/{id}/{answer}")).body(body).send().await.unwrap();
                assert_eq!(done.status(), 202);
            }
        });
        let limit = Duration::from_secs(5);
        assert_eq!(sandbox.started().await, Ok(()));
        assert_eq!(sandbox.invoke(&json!({"a": 1}), limit).await, Ok(json!({"a": 1})));
        assert_eq!(sandbox.invoke(&json!({}), limit).await, Err(FunctionError::new("E", "m")));
        process.await.unwrap();
    }

    #[tokio::test]
    async fn a_process_can_say_that_it_does_not_start() {
        let sandbox = Sandbox::open("tick").await.unwrap();
        let url = format!("http://{}/2018-06-01/runtime/init/error", sandbox.address());
        http().post(url).body(r#"{"errorType":"Config","errorMessage":"no file"}"#).send().await.unwrap();
        assert_eq!(sandbox.started().await, Err(FunctionError::new("Config", "no file")));
    }
}
