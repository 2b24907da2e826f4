//! HMAC-SHA1, with which both Twilio and Webex sign.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Returns whether `given` is the HMAC-SHA1 of `message` under `secret`, compared in constant time and in full length.
///
/// An empty secret is an unset one and matches nothing: anyone can compute its signature.
pub(crate) fn matches(secret: &str, message: &[u8], given: &[u8]) -> bool {
    if secret.is_empty() {
        return false;
    }
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(message);
    mac.verify_slice(given).is_ok()
}
