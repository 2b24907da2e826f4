//! Flic: buttons whose presses are signed by a hub or by Flic's cloud with a JSON Web Token.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use handbell_core::{Rejected, button::Press, event_id::EventId};
use jiff::Timestamp;
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use serde_json::Value;

use super::fields::{battery, scalar};
use super::gesture::gesture;
use super::id::named;
use super::time::time;
use super::token::token_hash;

/// Public key of an ES256 signature.
#[derive(Clone, PartialEq, Eq)]
pub struct FlicKey(VerifyingKey);

/// The text isn't a valid key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a public key of the curve P-256: {0}")]
pub struct BadKey(&'static str);

impl FlicKey {
    /// Returns the key with which Flic signs its web requests, from the documentation of Flic's cloud buttons ("webhook
    /// public key"; the one for web views is another).
    #[must_use]
    pub fn published() -> FlicKey {
        FlicKey::from_jwk(
            r#"{"kty": "EC", "crv": "P-256", "x": "tOBY_7kJlAPE19qweawQlQah10rOQzhaxfjlen4RasM", "y": "wSbZUG_MoKAVtZTDL2ocWRzCjE43ob6i5PoXC8T8jkY"}"#,
        )
        .expect("a constant, and a test reads it")
    }

    /// Parses a JSON Web Key (RFC 7517; RFC 7518, section 6.2).
    pub fn from_jwk(json: &str) -> Result<FlicKey, BadKey> {
        let key: Value = serde_json::from_str(json).map_err(|_| BadKey("it isn't JSON"))?;
        if key["kty"] != "EC" || key["crv"] != "P-256" {
            return Err(BadKey("kty must be EC and crv P-256"));
        }
        let mut point = vec![4]; // uncompressed: both coordinates follow
        for name in ["x", "y"] {
            let text = key[name].as_str().ok_or(BadKey("x or y is missing"))?;
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| BadKey("x or y isn't base64url"))?;
            if bytes.len() != 32 {
                return Err(BadKey("x and y must have 32 bytes"));
            }
            point.extend(bytes);
        }
        VerifyingKey::from_sec1_bytes(&point).map(FlicKey).map_err(|_| BadKey("the point isn't on the curve"))
    }

    /// Verifies a token that this key has signed and returns its claims (RFC 7515). Only ES256 is accepted: the
    /// algorithm in the token selects nothing, it is only checked. `exp` is ignored: an expired token reports a late
    /// press, and late presses are handled elsewhere, by `pressedAt`.
    pub(super) fn claims(&self, token: &str) -> Result<Value, Rejected> {
        let (message, signature) = token.rsplit_once('.').ok_or(Rejected::Forged)?;
        let (header, claims) = message.split_once('.').ok_or(Rejected::Forged)?;
        let header = json_part(header).ok_or(Rejected::Forged)?;
        // `crit` names extensions that must be understood; none is supported.
        if header["alg"] != "ES256" || header.get("crit").is_some() {
            return Err(Rejected::Forged);
        }
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| Rejected::Forged)?;
        let signature = Signature::from_slice(&signature).map_err(|_| Rejected::Forged)?;
        self.0.verify(message.as_bytes(), &signature).map_err(|_| Rejected::Forged)?;
        json_part(claims).ok_or(Rejected::Forged)
    }
}

impl fmt::Debug for FlicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FlicKey")
    }
}

fn json_part(part: &str) -> Option<Value> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

pub(super) fn flic_token(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value["token"].as_str().map(str::to_owned)
}

/// Reads a press from Flic's cloud if no key is configured. It is trusted as much as any other body.
pub(super) fn flic_cloud(value: &Value, now: Timestamp) -> Option<Press> {
    let mut parts = value["token"].as_str()?.split('.');
    let claims = json_part(parts.nth(1)?)?;
    claims["clickType"].as_str()?;
    Some(flic_press(&claims, None, now))
}

/// Reads a press (Flic cloud buttons documentation, "Button request"). `token` is the signed text. It identifies the
/// press even if the claims don't. The signature doesn't: anyone who sees it can derive a second valid one.
pub(super) fn flic_press(claims: &Value, token: Option<&str>, now: Timestamp) -> Press {
    let id = match (claims["buttonSerialNumber"].as_str(), claims["pressedAt"].as_str()) {
        (Some(serial), Some(at)) => named(
            format!("flic:{serial}:{at}:{}", claims["clickType"].as_str().unwrap_or_default()),
            EventId::KEEP,
        ),
        _ => token.and_then(|token| token.rsplit_once('.')).and_then(|(signed, _)| {
            named(format!("flic:{}", handbell_core::hex(&token_hash(signed))), EventId::KEEP)
        }),
    };
    Press {
        id,
        gesture: claims["clickType"].as_str().and_then(gesture).unwrap_or_default(),
        at: claims["pressedAt"].as_str().and_then(|text| time(text, now)),
        battery: scalar(&claims["buttonBatteryStatus"]).as_deref().map(battery),
    }
}
