//! Twilio: received texts and calls, pressed keys, voice messages, and receipts of what we sent.
//!
//! Twilio signs its requests with the account's auth token (Twilio documentation, "Webhooks security"); API keys sign
//! nothing. The signature contains no time, so anyone with a copy of a request can replay it for as long as the token
//! is valid. The identity of an event must therefore come from its parameters, never from unsigned headers.

mod event;
mod params;
mod signature;
mod status;

use handbell_core::Rejected;

pub use self::{
    event::{Hook, Media, OptOut, Text, TwilioEvent},
    params::Params,
    signature::{SIGNATURE_HEADER, Signed},
    status::{CallStatus, MessageStatus},
};
use crate::check_size;

/// Verifies a request and returns its parameters. Fails with [`Rejected::Forged`] unless one of the tokens signed it
/// and its `AccountSid` is ours.
///
/// There are two tokens while the secondary one replaces the primary (Twilio documentation, "Auth token rotation").
pub fn verify(request: &Signed<'_>, account: &str, tokens: &[&str]) -> Result<Params, Rejected> {
    check_size(request.body)?;
    if !request.is_genuine(tokens) {
        return Err(Rejected::Forged);
    }
    let params = request.params();
    // Defence in depth: a token belongs to one account. Besides, names and values are signed without separators, so the
    // same bytes split differently have the same signature. A required parameter of known form prevents most of that.
    if account.is_empty() || params.get("AccountSid") != Some(account) {
        return Err(Rejected::Forged);
    }
    Ok(params)
}

/// Shortens an unknown word, which may have any length.
fn short(word: &str) -> String {
    word.chars().take(20).collect()
}
