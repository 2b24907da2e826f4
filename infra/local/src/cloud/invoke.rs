//! Invokes functions: as processes like Lambda, or as futures in a test's own process.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

pub use super::function_error::FunctionError;
use super::lock;
use super::processes::Pool;
use handbell_sim::Stage;

/// Number of failed asynchronous calls that are kept.
const KEPT: usize = 100;

/// A handler in this process, which takes the function's name and the event, and returns the answer.
pub type Handler = Arc<dyn Fn(String, Value) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// The way in which functions run.
#[derive(Clone)]
pub enum Hands {
    /// Child processes that speak the Runtime API.
    Processes(Pool),
    /// The same handlers in this process.
    InProcess(Handler),
}

impl Hands {
    /// Calls a function and waits for its answer. As on Lambda, the call continues when the caller stops waiting.
    pub async fn call(&self, function: &str, payload: Value) -> Result<Value, FunctionError> {
        let (hands, name) = (self.clone(), function.to_owned());
        let work = tokio::spawn(async move {
            match hands {
                Self::Processes(pool) => pool.call(&name, payload).await,
                Self::InProcess(handler) => {
                    handler(name, payload).await.map_err(|message| FunctionError::new("Error", message))
                }
            }
        });
        match work.await {
            Ok(answer) => answer,
            Err(_) => Err(FunctionError::new("Runtime.ExitError", format!("{function} panicked"))),
        }
    }
}

/// An asynchronous call that failed permanently.
#[derive(Clone, Debug)]
pub struct DeadCall {
    /// Name of the function.
    pub function: String,
    /// The payload of the call.
    pub payload: Value,
    /// The last failure.
    pub error: FunctionError,
}

/// Makes and counts the calls of functions. Cheap to clone.
#[derive(Clone)]
pub struct Calls {
    hands: Hands,
    stage: Stage,
    running: Arc<AtomicUsize>,
    dead: Arc<Mutex<VecDeque<DeadCall>>>,
}

/// Counts a call while this value exists.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Calls {
    pub(super) fn new(hands: Hands, stage: Stage) -> Self {
        Self { hands, stage, running: Arc::default(), dead: Arc::default() }
    }

    /// Begins to count a call.
    fn count(&self) -> Running {
        self.running.fetch_add(1, Ordering::SeqCst);
        Running(self.running.clone())
    }

    /// Calls a function and waits for its answer.
    pub async fn call(&self, function: &str, payload: Value) -> Result<Value, FunctionError> {
        // The count must include a running function even if its caller is gone.
        let (hands, name, running) = (self.hands.clone(), function.to_owned(), self.count());
        let work = tokio::spawn(async move {
            let answer = hands.call(&name, payload).await;
            drop(running);
            answer
        });
        work.await.unwrap_or_else(|_| Err(FunctionError::new("Runtime.ExitError", "the runner is stopping")))
    }

    /// Makes an asynchronous call (`Event`). A failed call is retried after one minute and after two more, at most as often
    /// as the template allows; then it becomes a dead call.
    pub async fn event(&self, function: &str, payload: Value, retries: u32) {
        let first = self.call(function, payload.clone()).await;
        self.try_again(function, payload, retries, first).await;
    }

    /// Makes an asynchronous call in the background.
    pub fn post(&self, function: &str, payload: Value, retries: u32) {
        // Counted from now on, so that the cloud isn't quiet before the task begins.
        let (calls, function, begun) = (self.clone(), function.to_owned(), self.count());
        tokio::spawn(async move {
            let first = calls.call(&function, payload.clone()).await;
            drop(begun);
            calls.try_again(&function, payload, retries, first).await;
        });
    }

    async fn try_again(
        &self,
        function: &str,
        payload: Value,
        retries: u32,
        first: Result<Value, FunctionError>,
    ) {
        let (mut tries, mut outcome) = (0, first);
        while let Err(error) = outcome {
            if tries == retries {
                let mut dead = lock(&self.dead);
                dead.push_back(DeadCall { function: function.to_owned(), payload, error });
                if dead.len() > KEPT {
                    dead.pop_front();
                }
                return;
            }
            tries += 1;
            let pause = Duration::from_secs(60 * u64::from(tries));
            self.stage.sleep_until(self.stage.clock.now() + pause).await;
            outcome = self.call(function, payload.clone()).await;
        }
    }

    /// Returns the asynchronous calls that failed permanently, the oldest first.
    pub fn dead(&self) -> Vec<DeadCall> {
        lock(&self.dead).iter().cloned().collect()
    }

    /// Returns the number of running calls.
    pub fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    /// Kills a function's processes, busy or idle, with SIGKILL and returns their number.
    pub fn kill(&self, function: &str) -> usize {
        match &self.hands {
            Hands::Processes(pool) => pool.kill(function),
            Hands::InProcess(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::stage;
    use super::*;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn a_panic_is_a_function_error() {
        let calls =
            Calls::new(Hands::InProcess(Arc::new(|_, _| Box::pin(async { panic!("boom") }))), stage());
        assert_eq!(calls.call("tick", Value::Null).await.unwrap_err().kind, "Runtime.ExitError");
        assert_eq!(calls.running(), 0);
    }

    #[tokio::test]
    async fn an_event_is_tried_three_times_and_then_dead() {
        let tried = Arc::new(AtomicUsize::new(0));
        let count = tried.clone();
        let handler: Handler = Arc::new(move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Err("no".to_owned()) })
        });
        let stage = stage();
        let calls = Calls::new(Hands::InProcess(handler), stage.clone());
        let work = tokio::spawn({
            let calls = calls.clone();
            async move { calls.event("tick", Value::Null, 2).await }
        });
        for (expected, advance) in [(1, 60), (2, 120), (3, 0)] {
            while tried.load(Ordering::SeqCst) < expected {
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert_eq!(tried.load(Ordering::SeqCst), expected, "not before its time");
            stage.clock.advance(SignedDuration::from_secs(advance));
        }
        work.await.unwrap();
        assert_eq!(calls.dead().len(), 1);
    }
}
