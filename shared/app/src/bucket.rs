//! The bucket of mails, in parts: each may do one thing to the objects under one prefix. A function whose environment names
//! no bucket has none, and its parts answer `None`.

use bytes::Bytes;
use handbell_outbound::VendorResult;
use handbell_outbound::s3::{Bucket, Object};

use crate::parts::{Access, BucketAccess, Dependencies, Part};

/// The largest mail that SES takes (Amazon SES, quotas).
const MAIL_MAX: u64 = 40 * 1024 * 1024;
/// Where SES puts what it receives.
pub(crate) const INBOUND: &str = "inbound/";
/// Where we put what must not be opened.
pub(crate) const QUARANTINE: &str = "quarantine/";

/// Declares parts of the bucket with all that each may do.
macro_rules! bucket_parts {
    ($($(#[$doc:meta])* $name:ident { $($action:ident($prefix:expr)),* })*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub(crate) struct $name {
            bucket: Option<Bucket>,
        }

        impl Part for $name {
            fn access(access: &mut Access) {
                access.bucket.extend([
                    $(BucketAccess { action: stringify!($action), prefix: $prefix }),*
                ]);
            }

            fn build(from: &Dependencies) -> Self {
                Self { bucket: from.bucket.clone() }
            }
        }
    )*};
}

bucket_parts! {
    /// Mails that came in, for reading. Whoever may not list the bucket is told 403 of a mail that is gone.
    ReceivedMails { GetObject(INBOUND), ListBucket("") }
    /// Mails that came in, for writing: what mailboxes elsewhere had.
    MailArchive { PutObject(INBOUND) }
    /// Mails that nobody may open, for writing.
    QuarantinedMails { PutObject(QUARANTINE) }
}

impl ReceivedMails {
    /// A mail as it came; nothing if it isn't kept any more.
    pub(crate) async fn mail(&self, object: &str) -> Option<VendorResult<Option<Bytes>>> {
        let bucket = self.bucket.as_ref()?;
        Some(bucket.get(object, MAIL_MAX).await)
    }

    /// At most `max` of the mails that came in, in the order of their keys, from the first one after `start_after` on.
    pub(crate) async fn list(
        &self,
        start_after: Option<&str>,
        max: usize,
    ) -> Option<VendorResult<Vec<Object>>> {
        let bucket = self.bucket.as_ref()?;
        Some(bucket.list(INBOUND, start_after, max).await)
    }
}

impl MailArchive {
    /// Whether mails can be kept.
    pub(crate) fn is_there(&self) -> bool {
        self.bucket.is_some()
    }

    /// Stores a mail under this key, which begins with [`INBOUND`].
    pub(crate) async fn store(&self, object: &str, bytes: Bytes) -> Option<VendorResult<()>> {
        debug_assert!(object.starts_with(INBOUND));
        let bucket = self.bucket.as_ref()?;
        Some(bucket.put(object, bytes, "message/rfc822").await)
    }
}

impl QuarantinedMails {
    /// Puts a mail aside under this key, which begins with [`QUARANTINE`].
    pub(crate) async fn store(&self, object: &str, bytes: Bytes) -> Option<VendorResult<()>> {
        debug_assert!(object.starts_with(QUARANTINE));
        let bucket = self.bucket.as_ref()?;
        Some(bucket.put(object, bytes, "application/octet-stream").await)
    }
}
