//! What all simulated systems share, and the work that they do in the background.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::trouble::Troubles;
use crate::wire::WireLog;
use crate::{SimAccount, SimClock};

/// Longest sleep before the clock is read again: a running clock may be set without notice.
const GLANCE: Duration = Duration::from_millis(100);

/// Work that continues without a request that waits for it.
#[derive(Default)]
struct Background {
    /// Number of tasks that have begun and not ended.
    running: AtomicUsize,
    /// Number of tasks that begin at each time.
    waiting: Mutex<BTreeMap<Timestamp, usize>>,
}

/// Counts a task while this value exists.
struct Running(Arc<Background>);

impl Background {
    fn begin(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::SeqCst);
        Running(self.clone())
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Timestamp, usize>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// State that the simulated vendors share. Cheap to clone.
#[derive(Clone)]
pub struct Stage {
    /// Time.
    pub clock: SimClock,
    /// Log of every request.
    pub wire: WireLog,
    /// The current troubles.
    pub troubles: Troubles,
    /// Credentials.
    pub account: Arc<SimAccount>,
    /// Address of the simulated vendors, such as `http://127.0.0.1:8080`. Set once the port is known.
    pub origin: Arc<RwLock<String>>,
    /// Time that a phone or a network takes for each step (queued → sent → delivered, ringing …).
    pub pace: Duration,
    /// Client for calls to Handbell (status callbacks, webhooks).
    pub http: reqwest::Client,
    changed: watch::Sender<u64>,
    background: Arc<Background>,
}

impl Stage {
    /// Creates a stage without any events.
    pub fn new(account: SimAccount, pace: Duration, http: reqwest::Client) -> Self {
        Self {
            clock: SimClock::default(),
            wire: WireLog::default(),
            troubles: Troubles::default(),
            account: Arc::new(account),
            origin: Arc::default(),
            pace,
            http,
            changed: watch::channel(0).0,
            background: Arc::default(),
        }
    }

    /// Returns the address of the simulated vendors, without a slash at the end.
    pub fn origin(&self) -> String {
        self.origin.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Notifies all watchers that visible state has changed.
    pub fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Waits as long as a slow answer of this vendor takes for a request at that time.
    pub async fn answer_slowly(&self, vendor: &str, asked: Timestamp) {
        let slowness = self.troubles.slowness(vendor);
        if self.clock.move_to(asked + slowness) {
            self.touch();
        } else {
            tokio::time::sleep(slowness.unsigned_abs()).await;
        }
    }

    /// Returns a receiver that wakes at every [`Stage::touch`].
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Does work in the background. [`Stage::is_still`] counts it from now on.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        let running = self.background.begin();
        tokio::spawn(async move {
            let done = work.await;
            drop(running);
            done
        })
    }

    /// Does work in the background as soon as the clock shows this time. [`Stage::is_still`] counts it from then on.
    pub fn spawn_at(&self, at: Timestamp, work: impl Future<Output = ()> + Send + 'static) {
        *self.background.waiting().entry(at).or_default() += 1;
        let stage = self.clone();
        tokio::spawn(async move {
            stage.sleep_until(at).await;
            let running = stage.background.begin();
            {
                let mut waiting = stage.background.waiting();
                if let Some(left) = waiting.get_mut(&at) {
                    *left -= 1;
                }
                waiting.retain(|_, left| *left > 0);
            }
            work.await;
            drop(running);
        });
    }

    /// Returns true if nothing works in the background, and nothing is due to begin.
    pub fn is_still(&self) -> bool {
        let is_running = self.background.running.load(Ordering::SeqCst) > 0;
        !is_running && self.next_work().is_none_or(|next| next > self.clock.now())
    }

    /// Returns when the next work of [`Stage::spawn_at`] is to begin.
    pub fn next_work(&self) -> Option<Timestamp> {
        self.background.waiting().keys().next().copied()
    }

    /// Waits until the clock shows this time, even if somebody moves it.
    pub async fn sleep_until(&self, at: Timestamp) {
        let mut changed = self.watch();
        loop {
            let Ok(left) = Duration::try_from(at.duration_since(self.clock.now())) else { return };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left.min(GLANCE)) => {}
                _ = changed.changed() => {}
            }
        }
    }
}
