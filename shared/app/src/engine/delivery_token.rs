//! Where a delivery of ours lies, as it stands in an address that we give away.

use handbell_core::delivery::DispatchKey;
use handbell_core::incident::Subject;

/// Where a delivery of ours lies, as it stands in an address that we give to Twilio: `button.green.17.2.1`.
///
/// It needs no signature of its own: Twilio signs the whole address.
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
