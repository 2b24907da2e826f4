//! A simulated Twilio: the vendor's API, its signed calls to Handbell, and phones that tests and the page control.

mod api;
mod behaviour;
mod call;
mod call_resource;
mod calls;
mod dates;
mod dial;
mod inbound;
mod machine;
mod media;
mod media_resource;
mod messages;
mod numbers;
mod phones;
mod record;
mod recordings;
mod segments;
mod signature;
#[cfg(test)]
mod tests;
mod twiml;
mod voice;
mod webhook;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post, put};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Stage;
use behaviour::Behaviour;
use call::Call;
use messages::Message;
use numbers::Number;
use phones::Phone;
use recordings::Recording;
use webhook::Callback;

/// The only version of the API.
const VERSION: &str = "2010-04-01";

/// Fields of a form or a query, in order. A name may occur more than once.
type Pairs = Vec<(String, String)>;

/// The simulated Twilio. Cheap to clone.
#[derive(Clone)]
pub struct Twilio(Arc<Inner>);

struct Inner {
    stage: Stage,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The oldest first, like the calls.
    messages: Vec<Message>,
    calls: Vec<Call>,
    recordings: Vec<Recording>,
    phones: BTreeMap<String, Phone>,
    numbers: Vec<Number>,
    /// Pairs of (own number, sender) for senders who wrote STOP.
    stopped: HashSet<(String, String)>,
    /// Status callbacks that wait for the previous one, by message or call. An entry exists while a callback is in progress.
    outbox: HashMap<String, VecDeque<Callback>>,
}

impl Twilio {
    /// Creates a Twilio with the account's numbers, without any messages or calls.
    pub fn new(stage: Stage) -> Self {
        let now = stage.clock.now();
        let numbers = stage.account.own_numbers.iter().map(|number| Number::new(number, now)).collect();
        Self(Arc::new(Inner { stage, state: Mutex::new(State { numbers, ..State::default() }) }))
    }

    /// Serves the API under `/sim/twilio/` and the phones under `/sim/phones`.
    pub fn router(&self) -> Router {
        let hands = Router::new()
            .route("/sim/phones/{number}", put(phones::behave))
            .route("/sim/phones/{number}/text", post(phones::text))
            .route("/sim/phones/{number}/call", post(phones::call))
            .route("/sim/phones/{number}/answer", post(phones::answer))
            .route("/sim/phones/{number}/keys", post(phones::keys))
            .route("/sim/phones/{number}/speak", post(phones::speak))
            .route("/sim/phones/{number}/hangup", post(phones::hang_up))
            // Texts may contain pictures in Base64.
            .layer(DefaultBodyLimit::max(api::LARGEST))
            .layer(from_fn_with_state(self.clone(), api::record_phone));
        Router::new()
            .route("/sim/twilio/{*path}", any(api::enter))
            // Not in the wire log: the page asks continuously, which would hide everything else.
            .route("/sim/phones", get(phones::list))
            .route("/sim/phones/{number}/media/{sid}", get(phones::picture))
            .route("/sim/phones/{number}/recordings/{sid}", get(phones::playback))
            .merge(hands)
            .with_state(self.clone())
    }

    /// Returns the known phones, for the page and `GET /sim/phones`.
    pub fn view(&self) -> Value {
        let state = self.lock();
        let now = self.now();
        let phones = state.phones.keys().map(|number| {
            let texts: Vec<_> = state
                .messages
                .iter()
                .filter(|message| message.phone() == number)
                .map(Message::view)
                .collect();
            let calls: Vec<_> = state.calls.iter().filter(|call| call.phone() == number).collect();
            let view = |call: &Call| call.view(now, &state.recordings);
            let live = calls.iter().rev().find(|call| call.is_live()).map(|call| view(call));
            let behaviour = state.phones.get(number).map(|phone| phone.behaviour);
            json!({
                "number": number,
                "behaviour": behaviour,
                "answers": behaviour.map(Behaviour::answers),
                "texts": texts,
                "call": live,
                "calls": calls.iter().map(|call| view(call)).collect::<Vec<_>>(),
            })
        });
        phones.collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn now(&self) -> Timestamp {
        self.0.stage.clock.now()
    }

    async fn pace(&self) {
        tokio::time::sleep(self.0.stage.pace).await;
    }

    fn account(&self) -> &str {
        &self.0.stage.account.twilio_account
    }
}

impl State {
    fn is_ours(&self, number: &str) -> bool {
        self.numbers.iter().any(|own| own.number == number)
    }

    /// Returns the phone with this number. A phone exists from its first use on.
    fn phone(&mut self, number: &str) -> Phone {
        *self.phones.entry(number.to_owned()).or_default()
    }
}

fn sid(prefix: &str) -> String {
    format!("{prefix}{}", Uuid::new_v4().simple())
}

fn rfc2822(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// Whether this is a plausible number in E.164 form.
fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// Truncates a body for the wire log. Usual bodies are kept whole, so that tests can read them.
fn cut(text: &str) -> String {
    text.chars().take(256 * 1024).collect()
}

fn pairs<const N: usize>(fields: [(&str, &str); N]) -> Pairs {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
