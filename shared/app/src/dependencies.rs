//! Parts that handlers are made of. A handler's type names its parts, and thereby states what the function may do. The
//! function's role in the template allows just that, and the function creates no other client at its start.

use std::any::{Any, TypeId};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use handbell_outbound::mailbox::Server;
use handbell_outbound::s3::Bucket;
use handbell_outbound::ses::Ses;
use handbell_store::{Facet, Rows, Spaces, Table, TableAccess};
use jiff::Timestamp;

use crate::configuration::Configuration;
use crate::{Clock, EncryptMailbox, Endpoints, Fault, Ids, MakeSiteClient, Secrets};

/// A client that is made when it is first used.
pub type Lazy<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

/// Everything that parts are made from. All of it comes from outside.
pub struct Dependencies {
    /// The configuration.
    pub config: Configuration,
    /// Addresses of services.
    pub endpoints: Endpoints,
    /// The table.
    pub table: Lazy<Table>,
    /// Client of the work queue.
    pub sqs: Lazy<aws_sdk_sqs::Client>,
    /// Client of the event bus.
    pub events: Lazy<aws_sdk_eventbridge::Client>,
    /// Client that sends mail.
    pub ses: Lazy<Ses>,
    /// Bucket of the mails that arrived; none where the function's environment names no bucket.
    pub bucket: Lazy<Option<Bucket>>,
    /// Encrypts connections to mailboxes.
    pub encrypt_mailbox: EncryptMailbox,
    /// HTTP client for the vendors: no retries, no redirects.
    pub http: reqwest::Client,
    /// Makes clients for sites with certificates of their own.
    pub make_site_client: MakeSiteClient,
    /// The secrets.
    pub secrets: Secrets,
    /// The current time.
    pub clock: Clock,
    /// Source of ids and random numbers.
    pub ids: Ids,
    /// Values that a process learns once.
    pub learnt: SharedCache,
}

/// Values that a process learns once and all parts share: one value of each type.
#[derive(Default)]
pub struct SharedCache(Mutex<HashMap<TypeId, Box<dyn Any + Send>>>);

impl SharedCache {
    fn get<T: Default + Clone + Send + 'static>(&self) -> T {
        let mut learnt = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = learnt.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(T::default()));
        value.downcast_ref::<T>().cloned().unwrap_or_default()
    }
}

impl Dependencies {
    /// Returns the one value of this type that all parts of the process share. A part keeps in it what the process
    /// learns once.
    pub(crate) fn shared<T: Default + Clone + Send + 'static>(&self) -> T {
        self.learnt.get()
    }

    /// Does during the start what the first call would otherwise wait for: reads the secrets and connects to the table,
    /// if the handler may use them. A failure is ignored here: the first call tries again and reports it.
    pub async fn warm_up(&self, access: &Access) {
        let secrets = async {
            if access.secrets {
                let _ = self.secrets.all((self.clock)()).await;
            }
        };
        let table = async {
            if access.table.contains(&TableAccess { action: "GetItem", rows: Rows::Any }) {
                let _ = Spaces::of(&self.table).space("warm-up").await;
            }
        };
        tokio::join!(secrets, table);
    }

    /// Sets Handbell's URL, if the environment didn't contain it. The first call counts.
    pub fn set_public_url(&self, public_url: &str) {
        let _ = self.endpoints.public_url.set(public_url.trim_end_matches('/').to_owned());
    }
}

/// Permission for the objects of the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketAccess {
    /// Name of the IAM action, without `s3:`.
    pub action: &'static str,
    /// Prefix of the objects' keys; empty for the bucket itself.
    pub prefix: &'static str,
}

/// Everything that a handler may do outside its process: what its role allows and its environment contains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Access to the table.
    pub table: BTreeSet<TableAccess>,
    /// Access to the bucket of mails.
    pub bucket: BTreeSet<BucketAccess>,
    /// Whether the handler puts messages into the work queue.
    pub queue: bool,
    /// Whether the handler reads the secrets.
    pub secrets: bool,
    /// Whether the handler publishes facts on the event bus.
    pub bus: bool,
    /// Whether the handler sends mail.
    pub mail: bool,
    /// Whether the handler gives Handbell's URL to others.
    pub public_url: bool,
}

impl Access {
    /// Returns everything that this handler may do.
    pub fn of<P: Part>() -> Self {
        let mut access = Self::default();
        P::access(&mut access);
        access
    }
}

/// A part of a handler, or a handler.
pub trait Part: Sized {
    /// Adds the part's permissions to `access`.
    fn access(access: &mut Access);

    /// Builds the part. Does no I/O.
    fn build(from: &Dependencies) -> Self;
}

/// Declares a struct of parts. It has the permissions of its parts, and is built from them.
macro_rules! parts {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($field:ident: $part:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone)]
        $vis struct $name {
            $(pub(crate) $field: $part),*
        }

        impl $crate::dependencies::Part for $name {
            fn access(access: &mut $crate::dependencies::Access) {
                $(<$part as $crate::dependencies::Part>::access(access);)*
            }

            fn build(from: &$crate::dependencies::Dependencies) -> Self {
                Self { $($field: <$part as $crate::dependencies::Part>::build(from)),* }
            }
        }
    };
}
pub(crate) use parts;

/// Makes facets of the table into parts.
macro_rules! facets {
    ($($name:ident),* $(,)?) => {$(
        impl Part for handbell_store::$name {
            fn access(access: &mut Access) {
                access.table.extend(Self::ACCESS);
            }

            fn build(from: &Dependencies) -> Self {
                Self::of(&from.table)
            }
        }
    )*};
}

facets! {
    Codes, Conversations, Counters, Dispatches, DueIndex, Erasure, HandledEvents, History, Incidents, Leases, Lines, Log, Mailboxes, Mails,
    Missed, Notices, Paged, PagedNotes, People, Receipts, SightingBatches, Sites, SpaceMaking, Spaces,
}

impl Part for Configuration {
    fn access(_: &mut Access) {}

    fn build(from: &Dependencies) -> Self {
        from.config.clone()
    }
}

impl Part for Ids {
    fn access(_: &mut Access) {}

    fn build(from: &Dependencies) -> Self {
        from.ids.clone()
    }
}

impl Part for Secrets {
    fn access(access: &mut Access) {
        access.secrets = true;
    }

    fn build(from: &Dependencies) -> Self {
        from.secrets.clone()
    }
}

impl Part for Ses {
    fn access(access: &mut Access) {
        access.mail = true;
    }

    fn build(from: &Dependencies) -> Self {
        from.ses.clone()
    }
}

/// The folder that the configuration's file names start from.
#[derive(Clone)]
pub(crate) struct ConfigurationFolder(PathBuf);

impl ConfigurationFolder {
    /// Returns the path of a file that the configuration names.
    pub(crate) fn path_of(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}

impl Part for ConfigurationFolder {
    fn access(_: &mut Access) {}

    fn build(from: &Dependencies) -> Self {
        Self(from.endpoints.files.clone())
    }
}

/// The app's clock.
#[derive(Clone)]
pub(crate) struct Time(Clock);

impl Time {
    pub(crate) fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Part for Time {
    fn access(_: &mut Access) {}

    fn build(from: &Dependencies) -> Self {
        Self(Arc::clone(&from.clock))
    }
}

/// Handbell's URL, as others reach it.
#[derive(Clone)]
pub(crate) struct PublicUrl(Arc<OnceLock<String>>);

impl PublicUrl {
    /// Returns the URL without a trailing slash, or an empty text if it isn't known.
    pub(crate) fn get(&self) -> &str {
        self.0.get().map_or("", String::as_str)
    }
}

impl Part for PublicUrl {
    fn access(access: &mut Access) {
        access.public_url = true;
    }

    fn build(from: &Dependencies) -> Self {
        Self(Arc::clone(&from.endpoints.public_url))
    }
}

/// Encrypts connections to mailboxes. Logging in to a mailbox needs no permission of our own.
#[derive(Clone)]
pub(crate) struct EncryptedMailboxes(EncryptMailbox);

impl EncryptedMailboxes {
    /// Returns the server with the publicly trusted certificates.
    pub(crate) fn encrypt(&self, server: Server) -> Result<Server, Fault> {
        (self.0)(server)
    }
}

impl Part for EncryptedMailboxes {
    fn access(_: &mut Access) {}

    fn build(from: &Dependencies) -> Self {
        Self(Arc::clone(&from.encrypt_mailbox))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    #[test]
    fn all_parts_share_what_one_of_them_learns() {
        let learnt = SharedCache::default();
        learnt.get::<Arc<AtomicU8>>().store(7, Ordering::Relaxed);
        assert_eq!(learnt.get::<Arc<AtomicU8>>().load(Ordering::Relaxed), 7);
        assert!(learnt.get::<Arc<OnceLock<String>>>().get().is_none());
    }
}
