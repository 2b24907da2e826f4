//! The simulated vendors: Webex, Twilio and CMX in their own wire formats, with people, phones and floors that tests and the
//! page control; and what they share with the simulated AWS: time, troubles and the wire log.

pub mod cmx;
pub mod trouble;
pub mod twilio;
pub mod webex;
pub mod wire;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::wire::WireLog;
use trouble::Troubles;

/// The system's time, which tests and the page can advance.
#[derive(Clone, Default)]
pub struct SimClock(Arc<RwLock<Hands>>);

#[derive(Default)]
struct Hands {
    ahead: SignedDuration,
    held: Option<Timestamp>,
}

/// Step of a held clock at each reading, so that no two events have the same time.
const GLANCE: SignedDuration = SignedDuration::from_micros(20);

impl SimClock {
    /// Returns the time of the whole system.
    pub fn now(&self) -> Timestamp {
        let mut hands = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let ahead = hands.ahead;
        match &mut hands.held {
            Some(held) => {
                *held += GLANCE;
                *held + ahead
            }
            None => machine() + ahead,
        }
    }

    /// Returns how far the system's time is ahead of the machine's.
    pub fn offset(&self) -> SignedDuration {
        let hands = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        hands.held.map_or(hands.ahead, |held| (held + hands.ahead).duration_since(machine()))
    }

    /// Advances the time.
    pub fn advance(&self, by: SignedDuration) {
        self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()).ahead += by;
    }

    /// Moves a held clock to this time, unless it is already later. Returns `false` for a running clock, for which the
    /// caller has to wait.
    fn move_to(&self, at: Timestamp) -> bool {
        let mut hands = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(held) = hands.held else { return false };
        let missing = at.duration_since(held + hands.ahead);
        hands.ahead += missing.max(SignedDuration::ZERO);
        true
    }

    /// Sets the time and holds it: from now on, time passes only when it is moved.
    pub fn hold(&self, at: Timestamp) {
        let mut hands = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        hands.held = Some(at - hands.ahead);
    }
}

fn machine() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the runner is where time comes from")]
    Timestamp::now()
}

/// Handbell's credentials at the simulated vendors.
#[derive(Clone, Debug)]
pub struct SimAccount {
    /// Webex: token of Handbell.
    pub webex_token: String,
    /// Webex: whether Handbell is a bot, which sees only messages that mention it. A user sees every message.
    pub bot: bool,
    /// Webex: secret with which its webhooks are signed.
    pub webex_secret: String,
    /// Twilio: `AC…`.
    pub twilio_account: String,
    /// Twilio: auth token, which signs callbacks and is the password of requests.
    pub twilio_token: String,
    /// Twilio: the numbers that belong to the account, E.164.
    pub own_numbers: Vec<String>,
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
}
