//! The bucket of mails, split into parts. Each part may do certain things to the objects under one prefix. A function
//! whose environment names no bucket has none, and its parts return `None`.

use bytes::Bytes;
use handbell_outbound::VendorResult;
use handbell_outbound::s3::{Bucket, Object};

use crate::dependencies::{Access, BucketAccess, Dependencies, Part};

/// Maximum size of a mail that SES accepts (Amazon SES, quotas).
const MAIL_MAX: u64 = 40 * 1024 * 1024;
/// Prefix of the mails that SES receives.
pub(crate) const INBOUND: &str = "inbound/";
/// Prefix of the mails that must not be opened.
pub(crate) const QUARANTINE: &str = "quarantine/";

/// Declares parts of the bucket, each with its permissions.
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
    /// Reads mails that arrived. Without the permission to list the bucket, S3 answers 403 for a mail that is gone.
    ReceivedMails { GetObject(INBOUND), ListBucket("") }
    /// Writes mails that arrived in mailboxes on other servers.
    MailArchive { PutObject(INBOUND) }
    /// Writes mails that must not be opened.
    QuarantinedMails { PutObject(QUARANTINE) }
}

impl ReceivedMails {
    /// Returns a mail as it arrived, or `None` inside if the mail isn't kept any more.
    pub(crate) async fn mail(&self, object: &str) -> Option<VendorResult<Option<Bytes>>> {
        let bucket = self.bucket.as_ref()?;
        Some(bucket.get(object, MAIL_MAX).await)
    }

    /// Lists at most `max` of the mails that arrived, in the order of their keys, beginning after `start_after`.
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
    /// Returns whether mails can be archived.
    pub(crate) fn is_there(&self) -> bool {
        self.bucket.is_some()
    }

    /// Stores a mail under a key that begins with [`INBOUND`].
    pub(crate) async fn store(&self, object: &str, bytes: Bytes) -> Option<VendorResult<()>> {
        debug_assert!(object.starts_with(INBOUND));
        let bucket = self.bucket.as_ref()?;
        Some(bucket.put(object, bytes, "message/rfc822").await)
    }
}

impl QuarantinedMails {
    /// Stores a mail under a key that begins with [`QUARANTINE`].
    pub(crate) async fn store(&self, object: &str, bytes: Bytes) -> Option<VendorResult<()>> {
        debug_assert!(object.starts_with(QUARANTINE));
        let bucket = self.bucket.as_ref()?;
        Some(bucket.put(object, bytes, "application/octet-stream").await)
    }
}
