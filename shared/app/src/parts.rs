//! What handlers are made of. A handler's type names its parts, so it says by itself what the function may do: a role in the
//! template allows just that, and at its start a function makes no other client.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

use handbell_outbound::mailbox::Server;
use handbell_outbound::s3::Bucket;
use handbell_outbound::ses::Ses;
use handbell_store::{Facet, Rows, Spaces, Table, TableAccess};
use jiff::Timestamp;

use crate::bucket::BucketAccess;
use crate::configuration::Configuration;
use crate::{Clock, EncryptMailbox, Endpoints, Fault, Ids, MakeSiteClient, Secrets};

/// A client that is made when somebody asks for it first.
pub type Lazy<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

/// What parts are made from: all of it comes from outside.
pub struct Dependencies {
    /// What people wrote.
    pub config: Configuration,
    /// Addresses.
    pub places: Endpoints,
    /// The table.
    pub table: Lazy<Table>,
    /// The queue's client.
    pub sqs: Lazy<aws_sdk_sqs::Client>,
    /// The bus's client.
    pub events: Lazy<aws_sdk_eventbridge::Client>,
    /// Sends mail.
    pub ses: Lazy<Ses>,
    /// Where mail lies that came in; none where the function's environment names no bucket.
    pub bucket: Lazy<Option<Bucket>>,
    /// Encrypts what is said to mailboxes.
    pub encrypt_mailbox: EncryptMailbox,
    /// For the vendors: no retries, no redirects.
    pub http: reqwest::Client,
    /// Makes clients for sites with certificates of their own.
    pub make_site_client: MakeSiteClient,
    /// The secrets.
    pub secrets: Secrets,
    /// What time it is.
    pub clock: Clock,
    /// Where ids and chance come from.
    pub ids: Ids,
}

impl Dependencies {
    /// Does during the start what the first call would otherwise wait for: the secrets and a connection to the table, as far
    /// as the handler may have them. A failure here is no failure yet: the first call tries again and reports it.
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

    /// Learns how the world reaches us, if the environment didn't say. The first word counts.
    pub fn reached_at(&self, public_url: &str) {
        let _ = self.places.public_url.set(public_url.trim_end_matches('/').to_owned());
    }
}

/// All that a handler may do outside its process: what its role allows and its environment tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// To the table.
    pub table: BTreeSet<TableAccess>,
    /// To the bucket of mails.
    pub bucket: BTreeSet<BucketAccess>,
    /// It puts messages into the work queue.
    pub queue: bool,
    /// It reads the secrets.
    pub secrets: bool,
    /// It tells others how we are reached.
    pub public_url: bool,
    /// Its type doesn't tell yet: it has all parts.
    pub everything: bool,
}

impl Access {
    /// All that this handler may do.
    pub fn of<P: Part>() -> Self {
        let mut access = Self::default();
        P::access(&mut access);
        access
    }
}

/// A part of a handler, or a handler.
pub trait Part: Sized {
    /// Adds what it may do.
    fn access(access: &mut Access);

    /// Makes it. Does no I/O.
    fn build(from: &Dependencies) -> Self;
}

/// Declares a struct of parts: it may do what its parts may, and is built of them.
macro_rules! parts {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($field:ident: $part:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone)]
        $vis struct $name {
            $(pub(crate) $field: $part),*
        }

        impl $crate::parts::Part for $name {
            fn access(access: &mut $crate::parts::Access) {
                $(<$part as $crate::parts::Part>::access(access);)*
            }

            fn build(from: &$crate::parts::Dependencies) -> Self {
                Self { $($field: <$part as $crate::parts::Part>::build(from)),* }
            }
        }
    };
}
pub(crate) use parts;

/// Facets of the table are parts.
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
    Codes, Conversations, Counters, Dispatches, DueIndex, Erasure, History, Incidents, Leases, Lines, Log, Mailboxes, Mails,
    Missed, Notices, Paged, PagedNotes, People, Receipts, Sightings, Sites, SpaceMaking, Spaces,
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

/// How the world reaches us.
#[derive(Clone)]
pub(crate) struct PublicUrl(Arc<OnceLock<String>>);

impl PublicUrl {
    /// Without a slash at the end; empty if nobody has told.
    pub(crate) fn get(&self) -> &str {
        self.0.get().map_or("", String::as_str)
    }
}

impl Part for PublicUrl {
    fn access(access: &mut Access) {
        access.public_url = true;
    }

    fn build(from: &Dependencies) -> Self {
        Self(Arc::clone(&from.places.public_url))
    }
}

/// Makes connections to mailboxes private. Logging in there is no access to anything of ours.
#[derive(Clone)]
pub(crate) struct EncryptedMailboxes(EncryptMailbox);

impl EncryptedMailboxes {
    /// The server with the certificates that the world believes in.
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
