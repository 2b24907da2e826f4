//! A mail as it arrived, by whichever way.

use bytes::Bytes;
use handbell_core::alert::mail::AuthVerdicts;

/// A mail as it arrived.
pub(crate) struct ReceivedMail {
    pub(crate) bytes: Bytes,
    /// Key of the mail in the bucket.
    pub(crate) object: Option<String>,
    pub(crate) verdicts: AuthVerdicts,
}
