//! Twilio: a text came in, somebody called, a key was pressed, a message was left, and the receipt of what we sent.
//!
//! Twilio signs its requests with the account's auth token (Twilio documentation, "Webhooks security"); an API key signs
//! nothing. The signature holds no time, so whoever keeps a copy of a request can send it again for as long as the token
//! lives: what an event *is* must come from its parameters, never from unsigned headers.

mod event;
mod params;
mod signature;
mod status;

use handbell_core::{Rejected, config::is_phone_number};

pub use self::{
    event::{Hook, Media, OptOut, Text, TwilioEvent},
    params::Params,
    signature::{SIGNATURE_HEADER, Signed},
    status::{CallStatus, MessageStatus},
};
use crate::check_size;

/// The parameters of a request of Twilio's, once it has been checked; [`Rejected::Forged`] unless one of the tokens signed
/// it and its `AccountSid` is ours.
///
/// There are two tokens while the secondary one takes the place of the primary (Twilio documentation, "Auth token
/// rotation").
pub fn verify(request: &Signed<'_>, account: &str, tokens: &[&str]) -> Result<Params, Rejected> {
    check_size(request.body)?;
    if !request.is_genuine(tokens) {
        return Err(Rejected::Forged);
    }
    let params = request.params();
    // Belt and braces: a token belongs to one account. Also, names and values are signed without anything between them, so
    // the same bytes cut elsewhere have the same signature; a parameter of known form that must be there stops most of it.
    if account.is_empty() || params.get("AccountSid") != Some(account) {
        return Err(Rejected::Forged);
    }
    Ok(params)
}

/// Whether a number that Twilio named can be called or texted back: E.164, which is how Twilio writes numbers. Who hides the
/// number comes as `anonymous` or as nothing at all, and a client or SIP address isn't a number either.
#[must_use]
pub fn is_e164(number: &str) -> bool {
    is_phone_number(number)
}

/// The beginning of a word that nobody knows, for it may be of any length.
fn short(word: &str) -> String {
    word.chars().take(20).collect()
}
