//! Signed links that we issue and verify: the picture of a chart on a card, and a file for a customer.
//!
//! The link is the authorisation, since neither a card's picture nor a file in a text is fetched with a login. The
//! signature prevents people from inventing other links and so from seeing what others were sent.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Returns the signature of a link to `what`: 32 hexadecimal digits, the first half of an HMAC-SHA256.
///
/// The prefix `chart:` is signed too, so that the signature is valid for nothing else that the same secret signs.
#[must_use]
pub fn sign(secret: &[u8], what: &str) -> String {
    seal(secret, &["chart:", what])
}

/// Returns whether `signature` is that of a link to `what` under one of the secrets, compared in constant time. There
/// are two secrets during a rotation.
///
/// Only lower case is accepted, so that one link has one spelling. An empty secret is an unset one and matches nothing.
#[must_use]
pub fn verify(secrets: &[&str], what: &str, signature: &str) -> bool {
    matches(secrets, &["chart:", what], signature)
}

/// Returns the last segment of a link to `name` that is valid until `until`, in whole seconds:
/// `name.1795247894.signature`.
///
/// A name consists of ASCII letters, digits and `.`, `-`, `_`, `~`, `:`, which need no encoding in a path. A link to
/// any other name is invalid.
#[must_use]
pub fn sign_until(secret: &[u8], name: &str, until: Timestamp) -> String {
    let until = until.as_second().to_string();
    let signature = seal(secret, &["until:", name, ".", &until]);
    format!("{name}.{until}.{signature}")
}

/// Returns the name in a segment that [`sign_until`] made with one of the secrets; there are two during a rotation.
/// `None` once its time is over or if the signature is wrong: the caller's client learns nothing more.
#[must_use]
pub fn verify_until(secrets: &[&str], piece: &str, now: Timestamp) -> Option<String> {
    let (rest, signature) = piece.rsplit_once('.')?;
    let (name, until) = rest.rsplit_once('.')?;
    let in_a_path = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte);
    if name.is_empty() || !name.bytes().all(in_a_path) {
        return None;
    }
    // The time is signed as text, so `+17` is no other spelling of `17`.
    if !matches(secrets, &["until:", name, ".", until], signature) {
        return None;
    }
    (now.as_second() < until.parse().ok()?).then(|| name.to_owned())
}

/// Returns whether the part of an address before the `@` is this secret, compared in constant time. Mail servers may
/// change the case of an address.
#[must_use]
pub fn is_local_part(secret: &str, local: &str) -> bool {
    let (secret, local) = (secret.to_lowercase(), local.to_lowercase());
    !secret.is_empty() && secret.as_bytes().ct_eq(local.as_bytes()).into()
}

/// Returns the signature at the end of the address for replies about an incident. It is in lower case, since mail
/// servers may change the case of an address.
#[must_use]
pub fn seal_reply(secret: &[u8], subject: &str, epoch: u64) -> String {
    seal(secret, &["reply:", subject, "#", &epoch.to_string()])
}

/// Returns whether [`seal_reply`] made this signature with one of the secrets.
#[must_use]
pub fn sealed_reply(secrets: &[&str], subject: &str, epoch: u64, signature: &str) -> bool {
    matches(secrets, &["reply:", subject, "#", &epoch.to_string()], signature)
}

/// Returns 32 hexadecimal digits, the first half of the HMAC-SHA256 of all pieces without separators. The first piece
/// states the purpose; no purpose is a prefix of another.
pub(crate) fn seal(secret: &[u8], pieces: &[&str]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    for piece in pieces {
        mac.update(piece.as_bytes());
    }
    handbell_core::hex(&mac.finalize().into_bytes()[..16])
}

/// Returns whether one of the secrets sealed the pieces, compared in constant time. An empty secret matches nothing.
pub(crate) fn matches(secrets: &[&str], pieces: &[&str], signature: &str) -> bool {
    secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .any(|secret| seal(secret.as_bytes(), pieces).as_bytes().ct_eq(signature.as_bytes()).into())
}
