//! The id of a press, by which the same press is recognized when it comes again.

use handbell_core::{Rejected, event_id::EventId};
use http::HeaderMap;
use jiff::SignedDuration;

use super::token::token_hash;

/// Returns the sender's own id of the press (IETF draft "The Idempotency-Key HTTP Header Field"). An id that can't be
/// stored unchanged might collide with others, so it is refused rather than corrected.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Rejected> {
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
pub(super) fn named(key: String, keep: SignedDuration) -> Option<EventId> {
    let key = if is_name(&key) { key } else { format!("sha256:{}", handbell_core::hex(&token_hash(&key))) };
    Some(EventId { key, keep })
}
