//! The stand-in vendors: Webex, Twilio and CMX in their own wire format, with people, phones and floors that can be played;
//! and what they share with the stand-in AWS: time, troubles and the wire log.

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

/// The system's time, which tests and the page can move forward.
#[derive(Clone, Default)]
pub struct SimClock(Arc<RwLock<Hands>>);

#[derive(Default)]
struct Hands {
    ahead: SignedDuration,
    held: Option<Timestamp>,
}

/// What a held clock goes on by each time that somebody looks at it, so that nothing happens at the very same moment.
const GLANCE: SignedDuration = SignedDuration::from_micros(20);

impl SimClock {
    /// The time as the whole system sees it.
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

    /// How far the system's time runs ahead of the machine's.
    pub fn offset(&self) -> SignedDuration {
        let hands = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        hands.held.map_or(hands.ahead, |held| (held + hands.ahead).duration_since(machine()))
    }

    /// Moves time forward.
    pub fn advance(&self, by: SignedDuration) {
        self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()).ahead += by;
    }

    /// Moves a held clock to this time, unless it is later already. False for a clock that runs: there one has to wait.
    fn move_to(&self, at: Timestamp) -> bool {
        let mut hands = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(held) = hands.held else { return false };
        let missing = at.duration_since(held + hands.ahead);
        hands.ahead += missing.max(SignedDuration::ZERO);
        true
    }

    /// It is this time, and from now on time only goes by when it is moved.
    pub fn hold(&self, at: Timestamp) {
        let mut hands = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        hands.held = Some(at - hands.ahead);
    }
}

fn machine() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the runner is where time comes from")]
    Timestamp::now()
}

/// Who the stand-ins believe to be talking to.
#[derive(Clone, Debug)]
pub struct SimAccount {
    /// Webex: the token of Handbell itself.
    pub webex_token: String,
    /// Webex: a bot sees only what mentions it; a user sees everything.
    pub bot: bool,
    /// Webex: the secret by which its webhooks are signed.
    pub webex_secret: String,
    /// Twilio: `AC…`.
    pub twilio_account: String,
    /// Twilio: signs its callbacks and is the password of our calls.
    pub twilio_token: String,
    /// Twilio: the numbers that belong to the account, E.164.
    pub own_numbers: Vec<String>,
}

/// What the stand-ins share. Cheap to clone.
#[derive(Clone)]
pub struct Stage {
    /// Time.
    pub clock: SimClock,
    /// Where every request is written down.
    pub wire: WireLog,
    /// What goes wrong at the moment.
    pub troubles: Troubles,
    /// Credentials.
    pub account: Arc<SimAccount>,
    /// Where the stand-ins themselves are reached, `http://127.0.0.1:8080`; set once the port is known.
    pub origin: Arc<RwLock<String>>,
    /// How long a phone or a network takes for each step (queued → sent → delivered, ringing …).
    pub pace: Duration,
    /// Calls out to Handbell (status callbacks, webhooks).
    pub http: reqwest::Client,
    changed: watch::Sender<u64>,
}

impl Stage {
    /// A stage on which nothing has happened.
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

    /// Where the stand-ins are reached, without a slash at the end.
    pub fn origin(&self) -> String {
        self.origin.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Tells whoever watches that something that people can see has changed.
    pub fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Lets as much time go by as a slow answer of this vendor takes to a request of that time.
    pub async fn answer_slowly(&self, vendor: &str, asked: Timestamp) {
        let slowness = self.troubles.slowness(vendor);
        if self.clock.move_to(asked + slowness) {
            self.touch();
        } else {
            tokio::time::sleep(slowness.unsigned_abs()).await;
        }
    }

    /// Wakes at every [`Stage::touch`].
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
