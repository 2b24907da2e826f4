//! Facets of the table. Each has one purpose and can make only the requests that it declares here.

use std::collections::HashSet;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::batch_get_item::builders::BatchGetItemFluentBuilder;
use aws_sdk_dynamodb::operation::batch_write_item::builders::BatchWriteItemFluentBuilder;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::builders::{DeleteBuilder, PutBuilder};
use aws_sdk_dynamodb::types::{
    CancellationReason, Delete, KeysAndAttributes, Put, TransactWriteItem, WriteRequest,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::table::{DUE, ROSTER, Row, RowKey, has_expired, text};
use crate::{NotCommitted, TableFault, read};

/// A DynamoDB table. Only the facets below make requests with it.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: Arc<str>,
}

impl Table {
    /// Creates a handle for the table of this name.
    pub fn new(client: Client, name: impl Into<Arc<str>>) -> Self {
        Self { client, name: name.into() }
    }
}

/// The rows that an action is restricted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rows {
    /// Any row of the table.
    Any,
    /// Rows of these partitions: a partition key, or a prefix and an asterisk, as in `dynamodb:LeadingKeys`.
    Of(&'static str),
    /// The rows in an index.
    Index(&'static str),
}

impl Rows {
    fn hold(self, partition: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Of(keys) => {
                keys.strip_suffix('*').map_or(keys == partition, |begin| partition.starts_with(begin))
            }
            Self::Index(_) => false,
        }
    }
}

/// A DynamoDB action on some rows, which the IAM role of a function that holds the facet must allow. A transaction
/// needs the permission of each of its parts and none of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableAccess {
    /// Name of the action in IAM, without `dynamodb:`.
    pub action: &'static str,
    /// Rows that the action applies to.
    pub rows: Rows,
}

/// A part of the table with its own permissions.
pub trait Facet {
    /// All actions that the facet may use.
    const ACCESS: &'static [TableAccess];

    /// Returns this facet of a table.
    fn of(table: &Table) -> Self;
}

/// Declares facets. A facet gets a method only for the actions that it declares, so code that uses any other action
/// doesn't compile.
macro_rules! facets {
    ($($(#[$doc:meta])* pub struct $name:ident { $($action:ident $(($rows:expr))?),* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $name {
                table: Table,
            }

            impl Facet for $name {
                const ACCESS: &'static [TableAccess] = &[$(
                    TableAccess { action: stringify!($action), rows: facets!(@rows $($rows)?) }
                ),*];

                fn of(table: &Table) -> Self {
                    Self { table: table.clone() }
                }
            }

            $(facets!(@action $name $action $($rows)?);)*
        )*

        /// All facets of one table, for programs outside the functions, which no IAM role restricts.
        #[derive(Clone, Debug)]
        pub struct Store {
            table: Table,
        }
    };
    (@rows) => { Rows::Any };
    (@rows $rows:expr) => { $rows };
    (@action $name:ident GetItem) => {
        #[allow(dead_code, reason = "a facet may read only rows that expire, or only rows that don't")]
        impl $name {
            fn get_item(&self, key: &RowKey) -> GetItemFluentBuilder {
                self.table.client.get_item().table_name(&*self.table.name).set_key(Some(key.row()))
            }

            /// Reads one row consistently, unless it has expired.
            pub(crate) async fn get_unexpired<T: DeserializeOwned>(
                &self,
                key: &RowKey,
                now: Timestamp,
            ) -> Result<Option<T>, TableFault> {
                let answer = self.get_item(key).consistent_read(true).send().await?;
                answer.item.filter(|row| !has_expired(row, now)).map(read).transpose()
            }

            /// Reads one row consistently.
            pub(crate) async fn get<T: DeserializeOwned>(&self, key: &RowKey) -> Result<Option<T>, TableFault> {
                let answer = self.get_item(key).consistent_read(true).send().await?;
                answer.item.map(read).transpose()
            }
        }
    };
    (@action $name:ident BatchGetItem) => {
        impl $name {
            /// Reads several rows in one consistent read.
            pub(crate) async fn batch(&self, keys: &[&RowKey]) -> Result<Vec<Row>, TableFault> {
                batch(self.table.client.batch_get_item(), &self.table.name, keys).await
            }
        }
    };
    (@action $name:ident PutItem) => {
        impl $name {
            #[allow(dead_code, reason = "some facets write in transactions alone")]
            pub(crate) fn put_item(&self, row: Row) -> PutItemFluentBuilder {
                self.table.client.put_item().table_name(&*self.table.name).set_item(Some(row))
            }

            /// Starts a put that is part of a transaction.
            #[allow(dead_code, reason = "some facets write no transactions")]
            pub(crate) fn put(&self, row: Row) -> PutBuilder {
                Put::builder().table_name(&*self.table.name).set_item(Some(row))
            }

            #[allow(dead_code, reason = "some facets write no transactions")]
            pub(crate) async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<(), NotCommitted> {
                transact(&self.table.client, items).await
            }
        }
    };
    (@action $name:ident UpdateItem) => {
        impl $name {
            pub(crate) fn update_item(&self, key: &RowKey) -> UpdateItemFluentBuilder {
                self.table.client.update_item().table_name(&*self.table.name).set_key(Some(key.row()))
            }
        }
    };
    (@action $name:ident DeleteItem) => { facets!(@action $name DeleteItem Rows::Any); };
    (@action $name:ident DeleteItem $rows:expr) => {
        impl $name {
            #[allow(dead_code, reason = "some facets delete in transactions alone")]
            pub(crate) fn delete_item(&self, key: &RowKey) -> DeleteItemFluentBuilder {
                debug_assert!($rows.hold(&key.pk), "{key:?} is not of this facet");
                self.table.client.delete_item().table_name(&*self.table.name).set_key(Some(key.row()))
            }

            /// Starts a delete that is part of a transaction.
            #[allow(dead_code, reason = "some facets write no transactions")]
            pub(crate) fn delete(&self, key: &RowKey) -> DeleteBuilder {
                debug_assert!($rows.hold(&key.pk), "{key:?} is not of this facet");
                Delete::builder().table_name(&*self.table.name).set_key(Some(key.row()))
            }
        }
    };
    (@action $name:ident Query) => { facets!(@action $name Query Rows::Any); };
    (@action $name:ident Query $rows:expr) => {
        impl $name {
            /// Starts a query of the index, or of the table with the partition as `:pk`.
            pub(crate) fn query(&self, partition: &str) -> QueryFluentBuilder {
                let query = self.table.client.query().table_name(&*self.table.name);
                if let Rows::Index(index) = $rows {
                    return query.index_name(index).expression_attribute_values(":pk", text(partition));
                }
                debug_assert!($rows.hold(partition), "{partition} is not of this facet");
                query.expression_attribute_values(":pk", text(partition))
            }
        }
    };
    (@action $name:ident BatchWriteItem) => {
        impl $name {
            /// Writes some rows and returns those that DynamoDB left unprocessed.
            pub(crate) async fn batch_write(&self, rows: Vec<WriteRequest>) -> Result<Vec<WriteRequest>, TableFault> {
                batch_write(self.table.client.batch_write_item(), &self.table.name, rows).await
            }
        }
    };
}

facets! {
    /// Incidents: what a decision reads and writes.
    pub struct Incidents { BatchGetItem, GetItem, PutItem }
    /// Dispatches, read-only.
    pub struct Dispatches { GetItem }
    /// Dispatches of a subject or an incident: the history.
    pub struct History { Query }
    /// Events that were handled, read-only.
    pub struct HandledEvents { GetItem }
    /// Receipts of deliveries that vendors report.
    pub struct Receipts { UpdateItem }
    /// Leases of workers on dispatches, and removal of conversations from the due index.
    pub struct Leases { UpdateItem }
    /// Index of rows that are due.
    pub struct DueIndex { Query(Rows::Index(DUE)) }
    /// People, teams, rotas and maintenance windows, read-only.
    pub struct People { GetItem, Query(Rows::Of(ROSTER)) }
    /// Changes to people, teams, rotas and maintenance windows.
    pub struct RosterEditor { PutItem, DeleteItem(Rows::Of(ROSTER)) }
    /// Codes that verify a phone number or a mail address.
    pub struct Codes { GetItem, PutItem, UpdateItem, DeleteItem(Rows::Of("CODE#*")) }
    /// Which incidents a phone or a space was notified of, read-only.
    pub struct Paged { Query(Rows::Of("PAGED#*")) }
    /// Which incidents a phone or a space was notified of, write-only.
    pub struct PagedNotes { BatchWriteItem }
    /// Conversations: what a decision reads and writes, and which space belongs to which conversation.
    pub struct Conversations { BatchGetItem, GetItem, PutItem }
    /// Stored state of lines.
    pub struct Lines { GetItem, UpdateItem }
    /// Counters for limits.
    pub struct Counters { UpdateItem }
    /// Deletion of rows.
    pub struct Erasure { Query, DeleteItem }
    /// Whether messages may have been missed while our webhooks were off.
    pub struct Missed { GetItem, PutItem, DeleteItem(Rows::Of("HOOKS")) }
    /// Webex spaces and who is creating one, read-only.
    pub struct Spaces { GetItem }
    /// Webex spaces and who is creating one, write-only.
    pub struct SpaceMaking { PutItem }
    /// Received mails.
    pub struct Mails { BatchGetItem, GetItem, PutItem }
    /// Notices: dispatches that belong to no incident.
    pub struct Notices { GetItem, PutItem }
    /// How far mailboxes have been read, and the leases on reading them.
    pub struct Mailboxes { GetItem, PutItem, UpdateItem }
    /// Sites: state kept from poll to poll, and all counts.
    pub struct Sites { BatchGetItem, GetItem, PutItem, Query, UpdateItem }
    /// Devices that a site's messages reported, write-only.
    pub struct SightingBatches { PutItem }
    /// Summaries of incidents that are over.
    pub struct Log { Query }
}

impl From<Table> for Store {
    fn from(table: Table) -> Self {
        Self { table }
    }
}

macro_rules! store {
    ($($(#[$doc:meta])* $field:ident: $name:ident;)*) => {
        impl Store {
            /// Creates the facets of a table.
            pub fn new(client: Client, name: impl Into<Arc<str>>) -> Self {
                Self { table: Table::new(client, name) }
            }

            $(
                #[doc = concat!("[`", stringify!($name), "`] of this table.")]
                pub fn $field(&self) -> $name {
                    $name::of(&self.table)
                }
            )*
        }
    };
}

store! {
    incidents: Incidents;
    dispatches: Dispatches;
    history: History;
    handled_events: HandledEvents;
    receipts: Receipts;
    leases: Leases;
    due_index: DueIndex;
    people: People;
    roster_editor: RosterEditor;
    codes: Codes;
    paged: Paged;
    paged_notes: PagedNotes;
    conversations: Conversations;
    lines: Lines;
    counters: Counters;
    erasure: Erasure;
    missed: Missed;
    spaces: Spaces;
    space_making: SpaceMaking;
    mails: Mails;
    notices: Notices;
    mailboxes: Mailboxes;
    sites: Sites;
    sighting_batches: SightingBatches;
    log: Log;
}

async fn batch(
    request: BatchGetItemFluentBuilder,
    table: &str,
    keys: &[&RowKey],
) -> Result<Vec<Row>, TableFault> {
    let mut wanted = KeysAndAttributes::builder().consistent_read(true);
    // DynamoDB refuses a request that names a row twice.
    let unique: HashSet<&RowKey> = keys.iter().copied().collect();
    for key in unique {
        wanted = wanted.keys(key.row());
    }
    let mut wanted = wanted.build()?;
    let mut rows = Vec::new();
    for _ in 0..5 {
        let answer = request.clone().request_items(table, wanted.clone()).send().await?;
        rows.extend(answer.responses.unwrap_or_default().remove(table).unwrap_or_default());
        match answer.unprocessed_keys.and_then(|mut left| left.remove(table)) {
            Some(left) if !left.keys.is_empty() => wanted = left,
            _ => return Ok(rows),
        }
    }
    Err(TableFault::Throttled("read"))
}

async fn batch_write(
    request: BatchWriteItemFluentBuilder,
    table: &str,
    rows: Vec<WriteRequest>,
) -> Result<Vec<WriteRequest>, TableFault> {
    let answer = request.request_items(table, rows).send().await?;
    Ok(answer.unprocessed_items.and_then(|mut left| left.remove(table)).unwrap_or_default())
}

/// Writes all items in one transaction, or none.
async fn transact(client: &Client, items: Vec<TransactWriteItem>) -> Result<(), NotCommitted> {
    let answer = client.transact_write_items().set_transact_items(Some(items)).send().await;
    answer.map(|_| ()).map_err(|error| match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let raced = |reason: &CancellationReason| {
                matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))
            };
            if cancelled.cancellation_reasons().iter().any(raced) {
                NotCommitted::Conflict
            } else {
                NotCommitted::Fault(TableFault::from(error))
            }
        }
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => NotCommitted::Conflict,
        _ => NotCommitted::Fault(TableFault::from(error)),
    })
}

/// Turns puts into the parts of a transaction.
pub(crate) fn parts(puts: Vec<PutBuilder>) -> Result<Vec<TransactWriteItem>, TableFault> {
    let part = |put: PutBuilder| {
        let put = put.build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    };
    puts.into_iter().map(part).collect()
}
