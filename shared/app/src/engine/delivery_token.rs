//! Tokens that identify a dispatch or a delivery in a URL.

use handbell_core::delivery::{DeliveryId, DispatchKey};
use handbell_core::incident::Subject;

/// Returns the token of a dispatch for a URL: `button.green.17.2`.
pub(crate) fn dispatch_token(key: &DispatchKey) -> String {
    format!("{}.{}.{}", key.subject.as_str().replace(':', "."), key.epoch, key.number)
}

/// Returns the token of a delivery for a URL that Twilio receives: `button.green.17.2.1`.
///
/// The token needs no signature of its own: Twilio signs the whole URL.
pub(crate) fn token(key: &DispatchKey, id: DeliveryId) -> String {
    format!("{}.{id}", dispatch_token(key))
}

/// Reads the token of a dispatch.
pub(crate) fn read_dispatch_token(token: &str) -> Option<DispatchKey> {
    let mut parts = token.split('.');
    let mut next = || parts.next();
    let subject = Subject::parse(&format!("{}:{}", next()?, next()?))?;
    let key = DispatchKey { subject, epoch: next()?.parse().ok()?, number: next()?.parse().ok()? };
    next().is_none().then_some(key)
}

/// Reads the token of a delivery.
pub(crate) fn read_token(token: &str) -> Option<(DispatchKey, DeliveryId)> {
    let (dispatch, id) = token.rsplit_once('.')?;
    Some((read_dispatch_token(dispatch)?, id.parse().ok()?))
}
