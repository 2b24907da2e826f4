//! Kills the handlers of this process at a chosen request, before or after it takes effect.
//!
//! Every await of a handler is a request to the table, the queue, the bus or a vendor, and all of them come by here. So
//! a handler can be made to die at each of its awaits, one after another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::watch;

/// When the handler dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The request has reached nobody.
    Before,
    /// The request was fulfilled, and the answer never came.
    After,
}

/// Counts requests and kills at one of them. Cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    seen: AtomicUsize,
    /// The request at which to kill, times two, plus one for [`Moment::After`]; `usize::MAX` for never.
    at: AtomicUsize,
    deaths: watch::Sender<usize>,
}

impl Default for Gate {
    fn default() -> Self {
        let at = AtomicUsize::new(usize::MAX);
        Self(Arc::new(Inner { seen: AtomicUsize::new(0), at, deaths: watch::channel(0).0 }))
    }
}

impl Gate {
    /// Kills at the request that comes after so many others from now on; the first is 0.
    pub fn kill_at(&self, number: usize, moment: Moment) {
        self.0.seen.store(0, Ordering::SeqCst);
        self.0.at.store(number * 2 + usize::from(moment == Moment::After), Ordering::SeqCst);
    }

    /// How many requests came by since the last [`Gate::kill_at`].
    pub fn seen(&self) -> usize {
        self.0.seen.load(Ordering::SeqCst)
    }

    /// How many kills there were.
    pub fn deaths(&self) -> usize {
        *self.0.deaths.borrow()
    }

    /// Runs a handler until it is done or killed.
    pub async fn mortal<T>(&self, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let mut deaths = self.0.deaths.subscribe();
        tokio::select! {
            done = work => done,
            _ = deaths.changed() => Err("killed".into()),
        }
    }

    fn die(&self) {
        self.0.at.store(usize::MAX, Ordering::SeqCst);
        self.0.deaths.send_modify(|deaths| *deaths += 1);
    }
}

/// The layer in front of everything that handlers call.
pub(crate) async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    const OF_HANDLERS: [&str; 4] = ["/aws/", "/sim/webex/v1", "/sim/twilio", "/sim/cmx/api"];
    let path = request.uri().path();
    // People act with the vendor's own interface too; they are no handlers.
    let person = request
        .headers()
        .get("authorization")
        .is_some_and(|value| value.as_bytes().starts_with(b"Bearer person:"));
    if person || !OF_HANDLERS.iter().any(|prefix| path.starts_with(prefix)) {
        return next.run(request).await;
    }
    let number = gate.0.seen.fetch_add(1, Ordering::SeqCst);
    let at = gate.0.at.load(Ordering::SeqCst);
    if at == number * 2 {
        gate.die();
        return std::future::pending().await;
    }
    let response = next.run(request).await;
    if at == number * 2 + 1 {
        gate.die();
        return std::future::pending().await;
    }
    response
}
