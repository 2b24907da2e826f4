//! Kills the handlers of this process at a chosen request, or holds the request, before or after it takes effect.
//!
//! Every await of a handler is a request to the table, the queue, the bus or a vendor, and all of them pass this gate. So a
//! test can kill a handler at each of its awaits, one after another, and decide what happens in between.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;

/// Limit of a request, larger than any request of a handler.
const LARGEST: usize = 128 * 1024 * 1024;

/// The moment at which a handler is killed or its request held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the request has any effect.
    Before,
    /// After the request took effect, but before the answer.
    After,
}

/// A request of a handler.
#[derive(Clone, Debug)]
pub struct Passing {
    /// The HTTP method.
    pub method: Method,
    /// The path on this laptop: `/aws/…` or `/sim/…`.
    pub path: String,
    /// Operation of an AWS service, given by a header, such as `TransactWriteItems`; else empty.
    pub operation: String,
    /// The body.
    pub body: Bytes,
}

/// Holds requests until it is dropped.
pub struct Held {
    reached: watch::Receiver<bool>,
    _held: watch::Sender<()>,
}

impl Held {
    /// Waits until the first request is held.
    pub async fn reached(&self) {
        // The gate outlives the held requests, so there can be no error.
        let _ = self.reached.clone().wait_for(|reached| *reached).await;
    }
}

/// Which requests to hold, and at which moment.
struct Hold {
    fits: Box<dyn Fn(&Passing) -> bool + Send + Sync>,
    moment: Moment,
    reached: watch::Sender<bool>,
    released: watch::Receiver<()>,
}

/// What a test observes of the requests.
#[derive(Default)]
struct Watch {
    holds: Vec<Arc<Hold>>,
    seen: Option<Vec<Passing>>,
}

/// Counts requests, and kills or holds at one of them. Cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    seen: AtomicUsize,
    /// The request at which to kill, times two, plus one for [`Moment::After`]; `usize::MAX` for never.
    at: AtomicUsize,
    deaths: watch::Sender<usize>,
    watch: Mutex<Watch>,
}

impl Default for Gate {
    fn default() -> Self {
        let at = AtomicUsize::new(usize::MAX);
        Self(Arc::new(Inner {
            seen: AtomicUsize::new(0),
            at,
            deaths: watch::channel(0).0,
            watch: Mutex::default(),
        }))
    }
}

impl Gate {
    /// Kills the handler at the request with this number from now on; the first is 0.
    pub fn kill_at(&self, number: usize, moment: Moment) {
        self.0.seen.store(0, Ordering::SeqCst);
        self.0.at.store(number * 2 + usize::from(moment == Moment::After), Ordering::SeqCst);
    }

    /// Holds every matching request from now on, until the returned value is dropped. The SDKs' time-outs continue
    /// meanwhile.
    pub fn hold(&self, moment: Moment, fits: impl Fn(&Passing) -> bool + Send + Sync + 'static) -> Held {
        let (reached, is_reached) = watch::channel(false);
        let (held, released) = watch::channel(());
        let hold = Hold { fits: Box::new(fits), moment, reached, released };
        self.watch().holds.push(Arc::new(hold));
        Held { reached: is_reached, _held: held }
    }

    /// Records the requests from now on.
    pub fn record(&self) {
        self.watch().seen = Some(Vec::new());
    }

    /// Returns the requests since [`Gate::record`], the oldest first.
    pub fn recorded(&self) -> Vec<Passing> {
        self.watch().seen.clone().unwrap_or_default()
    }

    /// Returns the number of requests since the last [`Gate::kill_at`].
    pub fn seen(&self) -> usize {
        self.0.seen.load(Ordering::SeqCst)
    }

    /// Returns the number of kills.
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

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.0.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the request, unless it can't be read, and the hold that applies. Reads the body only if a test observes
    /// requests.
    async fn look_at(&self, request: Request) -> Option<(Request, Option<Arc<Hold>>)> {
        {
            let mut watch = self.watch();
            watch.holds.retain(|hold| hold.released.has_changed().is_ok());
            if watch.holds.is_empty() && watch.seen.is_none() {
                return Some((request, None));
            }
        }
        let (head, body) = request.into_parts();
        let body = to_bytes(body, LARGEST).await.ok()?;
        let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default();
        let passing = Passing {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            operation: operation.to_owned(),
            body: body.clone(),
        };
        let mut watch = self.watch();
        let hold = watch.holds.iter().find(|hold| (hold.fits)(&passing)).cloned();
        if let Some(seen) = &mut watch.seen {
            seen.push(passing);
        }
        Some((Request::from_parts(head, Body::from(body)), hold))
    }

    fn die(&self) {
        self.0.at.store(usize::MAX, Ordering::SeqCst);
        self.0.deaths.send_modify(|deaths| *deaths += 1);
    }
}

impl Hold {
    async fn wait(&self) {
        self.reached.send_replace(true);
        let mut released = self.released.clone();
        // The sender never sends: this waits until it is dropped.
        while released.changed().await.is_ok() {}
    }
}

/// The layer in front of every service that handlers call.
pub(crate) async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    const OF_HANDLERS: [&str; 4] = ["/aws/", "/sim/webex/v1", "/sim/twilio", "/sim/cmx/api"];
    let path = request.uri().path();
    // People also act by the vendor's API. Their requests don't come from a handler.
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
    let Some((request, hold)) = gate.look_at(request).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if let Some(hold) = hold.as_ref().filter(|hold| hold.moment == Moment::Before) {
        hold.wait().await;
    }
    let response = next.run(request).await;
    if let Some(hold) = hold.as_ref().filter(|hold| hold.moment == Moment::After) {
        hold.wait().await;
    }
    if at == number * 2 + 1 {
        gate.die();
        return std::future::pending().await;
    }
    response
}
