//! Buttons: bt.tn, Flic, Shelly, LoRaWAN and Zigbee buttons, AWS buttons, or anything that can make a web request.
//!
//! The secret is in the address. Anyone who has it may press the button, so the request is read leniently: an unknown
//! body counts as a press like any other, since an alert must not be lost because of an unexpected body. There are three
//! exceptions. If a signature or a header is required, nothing counts without it. `hold` may be configured to
//! *cancel*, so only an unambiguous word counts as a long press. And a message that says itself that it is no press, such
//! as a report of the battery, is none.

mod aws;
mod fields;
mod flic;
mod gesture;
mod id;
mod lorawan;
mod robot;
mod state;
mod time;
mod token;

use std::fmt;

use bytes::Bytes;
use handbell_core::{Rejected, button::Press, event_id::EventId};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::check_size;
pub use flic::{BadKey, FlicKey};
pub use token::{known_hash, token_hash, token_matches};

use fields::Fields;

/// How long a bt.tn counter is remembered. This is shorter than [`EventId::KEEP`]: the counter restarts when the button is reset
/// or replaced, and the press must not be mistaken for one of last year, or a real alert would be lost. A day is far
/// longer than any sender retries the same press.
pub const KEEP_COUNTER: SignedDuration = SignedDuration::from_hours(24);

/// What a button's request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ButtonMessage {
    /// Somebody pressed the button.
    Press(Press),
    /// Nobody pressed it: a sign of life, a release, a prefetch of the link.
    NoPress {
        /// What the button reports about its battery, in the vendor's words, cut to 20 characters.
        battery: Option<String>,
    },
}

impl ButtonMessage {
    const NOTHING: Self = Self::NoPress { battery: None };
}

/// Proof that a button must present beside the token in its address.
#[derive(Clone, Default)]
pub struct Proof {
    /// Name of a header, and its accepted values: two of them during a rotation.
    pub header: Option<(String, Vec<String>)>,
    /// Key that must have signed the body, for buttons that call through Flic's cloud.
    pub flic_key: Option<FlicKey>,
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof")
            .field("header", &self.header.as_ref().map(|(name, _)| name))
            .field("flic_key", &self.flic_key.is_some())
            .finish()
    }
}

/// Reads a button's request. A method that is no press (HEAD, OPTIONS), a browser's prefetch and a preview of the link in a
/// chat are no press; the caller answers these with success too.
///
/// The caller has already checked the token in the address ([`token_matches`]).
pub fn read(request: &Request<Bytes>, proof: &Proof, now: Timestamp) -> Result<ButtonMessage, Rejected> {
    match *request.method() {
        Method::HEAD | Method::OPTIONS => return Ok(ButtonMessage::NOTHING),
        Method::GET if robot::is_prefetch(request.headers()) || robot::is_link_preview(request.headers()) => {
            return Ok(ButtonMessage::NOTHING);
        }
        Method::GET | Method::POST | Method::PUT => {}
        _ => {
            return Err(Rejected::Malformed("a button calls with GET, POST or PUT".into()));
        }
    }
    check_size(request.body())?;
    if let Some((name, accepted)) = &proof.header {
        check_header(request.headers(), name, accepted)?;
    }
    if let Some(key) = &proof.flic_key {
        // Only signed data counts: an unsigned Idempotency-Key could turn a replay into a new press.
        let token = flic::flic_token(request.body()).ok_or(Rejected::Forged)?;
        return Ok(ButtonMessage::Press(flic::flic_press(&key.claims(&token)?, Some(&token), now)));
    }
    let mut message = read_body(request, now);
    if let Some(key) = id::idempotency_key(request.headers())?
        && let ButtonMessage::Press(press) = &mut message
    {
        press.id = Some(EventId { key, keep: EventId::KEEP });
    }
    Ok(message)
}

fn check_header(headers: &HeaderMap, name: &str, accepted: &[String]) -> Result<(), Rejected> {
    // Compared by their hashes, so that timing doesn't even reveal the secret's length. An empty secret is an unset one
    // and never matches.
    let accepted: Vec<_> =
        accepted.iter().filter(|secret| !secret.is_empty()).map(|secret| token_hash(secret)).collect();
    let good = headers.get_all(name).iter().any(|value| {
        let given: [u8; 32] = Sha256::digest(value.as_bytes()).into();
        accepted.iter().any(|secret| given.ct_eq(secret).into())
    });
    if good { Ok(()) } else { Err(Rejected::Forged) }
}

/// Reads any body. The content type is only a hint: `curl -d '{…}'` declares its JSON as a form.
fn read_body(request: &Request<Bytes>, now: Timestamp) -> ButtonMessage {
    let body = request.body().trim_ascii();
    let json: Option<Value> = if body.starts_with(b"{") { serde_json::from_slice(body).ok() } else { None };
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let mut asked = Fields::default();
    asked.add_form(query);
    let mut fields = Fields::default();
    match &json {
        Some(value) => {
            let press = flic::flic_cloud(value, now).or_else(|| aws::one_click(value, now));
            let message = press.map(ButtonMessage::Press);
            if let Some(message) = message.or_else(|| lorawan::message(value, asked.event(), now)) {
                return message;
            }
            fields.add_json(value);
            // Zigbee2MQTT reports the battery in a message without an action.
            if fields.gesture().is_none()
                && value.get("linkquality").is_some()
                && state::tells_only_state(value)
            {
                return ButtonMessage::NoPress { battery: fields.battery() };
            }
        }
        None if is_protobuf(request) && asked.event().is_some_and(lorawan::is_other_chirpstack_event) => {
            return ButtonMessage::NOTHING;
        }
        None => fields.add_form(body),
    }
    fields.add_form(query);
    fields.message(now)
}

/// Whether the body is in the binary encoding that ChirpStack can be told to use (ChirpStack documentation, "HTTP
/// integration").
fn is_protobuf(request: &Request<Bytes>) -> bool {
    request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/octet-stream")
}
