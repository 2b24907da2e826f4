//! Links that we give out and get back: the picture of a chart in a card, and a file for a customer.
//!
//! Whoever has the link may look, since neither a card's picture nor a file in a text is fetched with a log-in. The signature
//! stops people from making up other links, and so from looking at what others were shown.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The signature of a link to `what`: 32 hexadecimal digits, the first half of an HMAC-SHA256.
///
/// `chart:` is signed too, so that the signature is good for nothing else that the same secret signs.
#[must_use]
pub fn sign(secret: &[u8], what: &str) -> String {
    seal(secret, &["chart:", what])
}

/// Whether `signature` is that of a link to `what` under one of the secrets: two of them while one takes the place of the
/// other. The time that it takes doesn't tell how nearly it is.
///
/// Lower case only, so that one link has one spelling. An empty secret matches nothing: it was never set.
#[must_use]
pub fn verify(secrets: &[&str], what: &str, signature: &str) -> bool {
    matches(secrets, &["chart:", what], signature)
}

/// The last piece of a link to `name` that is good until `until`, in whole seconds: `name.1795247894.signature`.
///
/// A name holds letters and digits of ASCII and `.`, `-`, `_`, `~`, `:`, which stand in a path as they are; a link to any
/// other name opens nothing.
#[must_use]
pub fn sign_until(secret: &[u8], name: &str, until: Timestamp) -> String {
    let until = until.as_second().to_string();
    let signature = seal(secret, &["until:", name, ".", &until]);
    format!("{name}.{until}.{signature}")
}

/// The name in a piece that [`sign_until`] made with one of the secrets, two of them while one takes the place of the other.
/// None once its time is over, and if anybody else made it: whoever comes with it learns nothing more.
#[must_use]
pub fn verify_until(secrets: &[&str], piece: &str, now: Timestamp) -> Option<String> {
    let (rest, signature) = piece.rsplit_once('.')?;
    let (name, until) = rest.rsplit_once('.')?;
    let in_a_path = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte);
    if name.is_empty() || !name.bytes().all(in_a_path) {
        return None;
    }
    // The time is signed as it stands, so `+17` is nobody's spelling of `17`.
    if !matches(secrets, &["until:", name, ".", until], signature) {
        return None;
    }
    (now.as_second() < until.parse().ok()?).then(|| name.to_owned())
}

/// Whether the part of an address before the `@` is this secret. Mail servers may change its case. The time that it takes
/// doesn't tell how nearly it is.
#[must_use]
pub fn is_local_part(secret: &str, local: &str) -> bool {
    let (secret, local) = (secret.to_lowercase(), local.to_lowercase());
    !secret.is_empty() && secret.as_bytes().ct_eq(local.as_bytes()).into()
}

/// What stands at the end of the address to which mails about an incident are answered. Lower case, since mail servers may
/// change the case of an address.
#[must_use]
pub fn seal_reply(secret: &[u8], subject: &str, epoch: u64) -> String {
    seal(secret, &["reply:", subject, "#", &epoch.to_string()])
}

/// Whether one of the secrets made this [`seal_reply`].
#[must_use]
pub fn sealed_reply(secrets: &[&str], subject: &str, epoch: u64, signature: &str) -> bool {
    matches(secrets, &["reply:", subject, "#", &epoch.to_string()], signature)
}

/// 32 hexadecimal digits, the first half of the HMAC-SHA256 of all the pieces, with nothing in between. What stands first
/// says what is signed; no use begins as another does.
pub(crate) fn seal(secret: &[u8], pieces: &[&str]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    for piece in pieces {
        mac.update(piece.as_bytes());
    }
    mac.finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether one of the secrets sealed the pieces so, compared in constant time. An empty secret matches nothing.
pub(crate) fn matches(secrets: &[&str], pieces: &[&str], signature: &str) -> bool {
    secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .any(|secret| seal(secret.as_bytes(), pieces).as_bytes().ct_eq(signature.as_bytes()).into())
}
