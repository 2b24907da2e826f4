//! The secret part of a button's address.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

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
