//! Tokens that identify a delivery in a URL.

use handbell_core::delivery::DispatchKey;
use handbell_core::incident::Subject;

/// Returns the token of a delivery for a URL that Twilio receives: `button.green.17.2.1`.
///
/// The token needs no signature of its own: Twilio signs the whole URL.
pub(crate) fn token(key: &DispatchKey, name: &str) -> String {
    format!("{}.{}.{}.{name}", key.subject.as_str().replace(':', "."), key.epoch, key.number)
}

pub(crate) fn read_token(token: &str) -> Option<(DispatchKey, String)> {
    let mut parts = token.split('.');
    let mut next = || parts.next();
    let subject = Subject::parse(&format!("{}:{}", next()?, next()?))?;
    let key = DispatchKey { subject, epoch: next()?.parse().ok()?, number: next()?.parse().ok()? };
    let name = next()?.to_owned();
    (next().is_none() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some((key, name))
}
