//! Helpers of the targets: splitting an input into the parts of a request, and the vendors' signature.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Splits an input into its first `N` lines as text and the rest. Missing lines are empty.
pub fn lines_and_body<const N: usize>(input: &[u8]) -> ([String; N], &[u8]) {
    let mut rest = input;
    let lines = std::array::from_fn(|_| {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = rest.get(end + 1..).unwrap_or_default();
        line
    });
    (lines, rest)
}

/// Returns the HMAC-SHA1, which both Twilio and Webex use.
pub fn hmac_sha1(secret: &str, message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
