//! Buttons: bt.tn, Flic, Shelly, LoRaWAN buttons behind The Things Stack, AWS buttons, or anything that can make a web
//! request.
//!
//! The secret is in the address. Anyone who has it may press the button, so the request is read leniently: an unknown
//! body counts as a press like any other, since an alert must not be lost because of an unexpected body. There are two
//! exceptions. If a signature or a header is required, nothing counts without it. And `hold` may be configured to
//! *cancel*, so only an unambiguous word counts as a long press.

mod flic;

use std::fmt;

use bytes::Bytes;
use handbell_core::{
    Rejected,
    button::{Gesture, Press},
    event_id::EventId,
};
use http::{HeaderMap, Method, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::check_size;
pub use flic::{BadKey, FlicKey};
use flic::{flic_cloud, flic_press, flic_token};

/// How long a bt.tn counter is remembered. This is shorter than [`EventId::KEEP`]: the counter restarts when the button is reset
/// or replaced, and the press must not be mistaken for one of last year, or a real alert would be lost. A day is far
/// longer than any sender retries the same press.
pub const KEEP_COUNTER: SignedDuration = SignedDuration::from_hours(24);

/// Returns the SHA-256 of a button's token, which is stored instead of the token.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Returns the hash in a secret: `sha256:` and 64 hexadecimal digits, which is how a token should be stored, or the
/// token itself. A token with fewer than 22 characters (128 bits of randomness) is refused, since it could be guessed.
#[must_use]
pub fn known_hash(secret: &str) -> Option<[u8; 32]> {
    let Some(hex) = secret.strip_prefix("sha256:") else {
        return (secret.len() >= 22).then(|| token_hash(secret));
    };
    let mut hash = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (byte, digits) in hash.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(hash)
}

/// Returns whether the token has this hash, compared in constant time.
#[must_use]
pub fn token_matches(token: &str, hash: &[u8; 32]) -> bool {
    token_hash(token).ct_eq(hash).into()
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

/// Reads the press in a button's request. Returns `None` for a method that is no press (HEAD, OPTIONS) and for a
/// browser's prefetch; the caller answers these with success.
///
/// The caller has already checked the token in the address ([`token_matches`]).
pub fn press(request: &Request<Bytes>, proof: &Proof, now: Timestamp) -> Result<Option<Press>, Rejected> {
    match *request.method() {
        Method::HEAD | Method::OPTIONS => return Ok(None),
        Method::GET if is_prefetch(request.headers()) => return Ok(None),
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
        let token = flic_token(request.body()).ok_or(Rejected::Forged)?;
        return Ok(Some(flic_press(&key.claims(&token)?, Some(&token), now)));
    }
    let mut press = read(request, now);
    if let Some(key) = idempotency_key(request.headers())? {
        press.id = Some(EventId { key, keep: EventId::KEEP });
    }
    Ok(Some(press))
}

/// Whether a browser prefetches the link before a person follows it (Fetch Standard, `Sec-Purpose`; older browsers
/// `Purpose` and `X-Moz`).
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        headers
            .get(*name)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("prefetch"))
    })
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

/// Returns the sender's own id of the press (IETF draft "The Idempotency-Key HTTP Header Field"). An id that can't be
/// stored unchanged might collide with others, so it is refused rather than corrected.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Rejected> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if is_name(key) && values.next().is_none() => Ok(Some(key.to_owned())),
        _ => Err(Rejected::Malformed(
            "Idempotency-Key must be one value of 1 to 255 printable ASCII characters".into(),
        )),
    }
}

fn is_name(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Makes an id of the press from the vendor's data. One that is too long or has unusual characters is replaced by its
/// hash.
fn named(key: String, keep: SignedDuration) -> Option<EventId> {
    let key = if is_name(&key) { key } else { format!("sha256:{}", handbell_core::hex(&token_hash(&key))) };
    Some(EventId { key, keep })
}

/// Reads any body. The content type is only a hint: `curl -d '{…}'` declares its JSON as a form.
fn read(request: &Request<Bytes>, now: Timestamp) -> Press {
    let body = request.body().trim_ascii();
    let json: Option<Value> = if body.starts_with(b"{") { serde_json::from_slice(body).ok() } else { None };
    let mut said = Said::default();
    match &json {
        Some(value) => {
            if let Some(press) =
                flic_cloud(value, now).or_else(|| things(value, now)).or_else(|| aws(value, now))
            {
                return press;
            }
            said.add_json(value);
            // The sample of the Flic Hub SDK wraps its event in `obj`.
            said.add_json(&value["obj"]);
        }
        None => said.add_form(body),
    }
    said.add_form(request.uri().query().unwrap_or_default().as_bytes());
    said.press(now)
}

/// Names and values in any format; the body's before the query's. Names are compared without case, underscores and
/// hyphens: users of bt.tn write `DEVICEID`, `deviceId` and `device_id`.
#[derive(Default)]
struct Said(Vec<(String, String)>);

impl Said {
    fn add(&mut self, name: &str, value: String) {
        let name = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        self.0.push((name, value));
    }

    fn add_json(&mut self, value: &Value) {
        for (name, value) in value.as_object().into_iter().flatten() {
            if let Some(value) = scalar(value) {
                self.add(name, value);
            }
        }
    }

    fn add_form(&mut self, form: &[u8]) {
        let pairs: Vec<(String, String)> = serde_html_form::from_bytes(form).unwrap_or_default();
        for (name, value) in pairs {
            self.add(&name, value);
        }
    }

    /// Returns all values under any of these names, those of the first name first. Empty values and unfilled
    /// placeholders are skipped: as an id, they would make all presses the same.
    fn all<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        names
            .iter()
            .flat_map(|name| self.0.iter().filter(move |(given, _)| given == name))
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty() && !value.contains(['<', '{']))
    }

    fn get<'a>(&'a self, names: &'a [&str]) -> Option<&'a str> {
        self.all(names).next()
    }

    fn is_true(&self, name: &str) -> bool {
        self.all(&[name]).any(|value| value == "true" || value == "1")
    }

    fn press(&self, now: Timestamp) -> Press {
        Press {
            id: self.id(),
            gesture: self.gesture(),
            at: self
                .all(&["at", "time", "timestamp", "pressedat", "reportedtime"])
                .find_map(|value| time(value, now)),
            battery: self
                .get(&["battery", "batterylevel", "batteryvoltage", "buttonbatterystatus"])
                .map(battery),
        }
    }

    /// Returns the id of the press. bt.tn's tags (bt.tn documentation, "HTTP action") identify the button with `ID`,
    /// not the press. So if another of its tags is present, `id` is no id of a press. Shelly's `${info.id}` is the
    /// device as well. Counting a repeated press twice is better than merging two presses.
    fn id(&self) -> Option<EventId> {
        if let Some(counter) =
            self.get(&["counter"]).filter(|counter| counter.bytes().all(|byte| byte.is_ascii_digit()))
        {
            let device = self.get(&["deviceid", "id", "name"]).unwrap_or_default();
            return named(format!("bttn:{device}:{counter}"), KEEP_COUNTER);
        }
        if self.0.iter().any(|(name, _)| {
            ["name", "deviceid", "counter", "etype", "counterp", "counterl", "countern"]
                .contains(&name.as_str())
        }) {
            return None;
        }
        let id = self.get(&["id"]).filter(|id| !id.to_ascii_lowercase().starts_with("shelly"))?;
        named(format!("id:{id}"), EventId::KEEP)
    }

    fn gesture(&self) -> Gesture {
        // Flic Hub SDK documentation, `buttonSingleOrDoubleClickOrHold`. Hold comes last, since it may cancel.
        for (name, gesture) in [
            ("issingleclick", Gesture::Single),
            ("isdoubleclick", Gesture::Double),
            ("ishold", Gesture::Hold),
        ] {
            if self.is_true(name) {
                return gesture;
            }
        }
        self.all(&["gesture", "click", "clicktype", "press", "event", "etype", "type"])
            .find_map(gesture)
            .unwrap_or_default()
    }
}

/// Parses the vendors' words for a gesture: Flic's `double_click`, AWS's `DOUBLE`, Shelly's `input.button_doublepush`
/// (Shelly Gen2 API, "Webhook.ListSupported") and `SS` (Shelly Gen1 API, "Button1"), bt.tn's `long`.
fn gesture(word: &str) -> Option<Gesture> {
    let word = word.trim().to_ascii_lowercase();
    let word = word.strip_prefix("input.").unwrap_or(&word);
    let word: String = word.strip_prefix("button_").unwrap_or(word).replace(['_', '-', ' '], "");
    Some(match word.as_str() {
        "click" | "single" | "singleclick" | "singlepush" | "singlepress" | "push" | "press" | "short"
        | "shortpush" | "shortpress" | "btnpush" | "s" => Gesture::Single,
        "double" | "doubleclick" | "doublepush" | "doublepress" | "doubleshortpush" | "ss" => Gesture::Double,
        "triple" | "tripleclick" | "triplepush" | "triplepress" | "tripleshortpush" | "sss" => {
            Gesture::Triple
        }
        "hold" | "long" | "longpush" | "longpress" | "longclick" | "l" => Gesture::Hold,
        _ => return None,
    })
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Parses RFC 3339, or seconds or milliseconds since 1970. A time in the future comes from a wrong clock, and so does
/// one before 2001: a device without a synchronised clock starts in 1970, and its press would otherwise count as far
/// too late.
fn time(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    let at = match text.parse::<f64>() {
        // Milliseconds passed this value in 1973; seconds will in the year 5138.
        Ok(number) if number.abs() >= 1e11 => millisecond(number)?,
        Ok(number) => millisecond(number * 1000.0)?,
        Err(_) => text.parse().ok()?,
    };
    let limit = now.checked_add(SignedDuration::from_mins(1)).unwrap_or(now);
    (at <= limit && at.as_second() >= 1_000_000_000).then_some(at)
}

/// `as` saturates and turns NaN into 0; jiff checks the range.
fn millisecond(number: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond(number.round() as i64).ok()
}

fn battery(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(20).collect()
}

/// Reads an uplink message (The Things Stack documentation, "Data formats", "Uplink messages"). `f_cnt` is omitted when
/// it is 0, and restarts when the device rejoins. `received_at` doesn't restart, and is the same when the stack
/// retries.
fn things(value: &Value, now: Timestamp) -> Option<Press> {
    let uplink = value.get("uplink_message")?.as_object()?;
    let device = value["end_device_ids"]["device_id"].as_str()?;
    let count = uplink.get("f_cnt").and_then(Value::as_u64).unwrap_or(0);
    let received = value["received_at"].as_str().or_else(|| uplink.get("received_at")?.as_str());
    let mut decoded = Said::default();
    if let Some(payload) = uplink.get("decoded_payload") {
        decoded.add_json(payload);
    }
    Some(Press {
        id: received.and_then(|received| named(format!("ttn:{device}:{count}:{received}"), EventId::KEEP)),
        at: received.and_then(|received| time(received, now)),
        ..decoded.press(now)
    })
}

// ---- AWS

/// Reads the event of AWS IoT 1-Click (AWS IoT 1-Click developer guide, "Events"). The service has been discontinued,
/// but rules that imitate it still use its format.
fn aws(value: &Value, now: Timestamp) -> Option<Press> {
    let clicked = value["deviceEvent"].get("buttonClicked")?.as_object()?;
    let word = clicked.get("clickType").and_then(Value::as_str).unwrap_or_default();
    let reported = clicked.get("reportedTime").and_then(Value::as_str);
    let id = match (value["deviceInfo"]["deviceId"].as_str(), reported) {
        (Some(device), Some(reported)) => named(format!("aws:{device}:{reported}"), EventId::KEEP),
        _ => None,
    };
    Some(Press {
        id,
        gesture: gesture(word).unwrap_or_default(),
        at: reported.and_then(|text| time(text, now)),
        battery: scalar(&value["deviceInfo"]["remainingLife"]).as_deref().map(battery),
    })
}
