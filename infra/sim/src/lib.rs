//! The simulated vendors: Webex, Twilio and CMX in their own wire formats, with people, phones and floors that tests and the
//! page control; and what they share with the simulated AWS: time, troubles and the wire log.

pub mod cmx;
mod stage;
pub mod trouble;
pub mod twilio;
pub mod webex;
pub mod wire;

use std::sync::{Arc, RwLock};

use jiff::{SignedDuration, Timestamp};

pub use stage::Stage;

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
