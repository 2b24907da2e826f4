//! Links that we give out and get back: the picture of a chart in a card.
//!
//! Whoever has the link may look, since a card's picture is fetched without any log-in. The signature stops people from
//! making up other links, and so from looking at other zones or other times.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The signature of a link to `what`: 32 hexadecimal digits, the first half of an HMAC-SHA256.
///
/// `chart:` is signed too, so that the signature is good for nothing else that the same secret may sign one day.
#[must_use]
pub fn sign(secret: &[u8], what: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(b"chart:");
    mac.update(what.as_bytes());
    mac.finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether `signature` is that of a link to `what` under one of the secrets: two of them while one takes the place of the
/// other. The time that it takes doesn't tell how nearly it is.
///
/// Lower case only, so that one link has one spelling. An empty secret matches nothing: it was never set.
#[must_use]
pub fn verify(secrets: &[&str], what: &str, signature: &str) -> bool {
    secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .any(|secret| sign(secret.as_bytes(), what).as_bytes().ct_eq(signature.as_bytes()).into())
}
