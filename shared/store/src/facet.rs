//! The table in parts: each does one thing, and can make no other request than those that it declares here.

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
use serde::de::DeserializeOwned;

use crate::table::{DUE, ROSTER, Row, RowKey, text};
use crate::{Fault, NotCommitted, read};

/// The table of one name. Only the facets below make requests with it.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: Arc<str>,
}

impl Table {
    /// The table of this name.
    pub fn new(client: Client, name: impl Into<Arc<str>>) -> Self {
        Self { client, name: name.into() }
    }
}

/// Rows that an action is narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rows {
    /// Any row of the table.
    Any,
    /// Rows of these partitions: a partition's key, or its beginning and a star, as `dynamodb:LeadingKeys` names them.
    Of(&'static str),
    /// The rows that an index holds.
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

/// An action of DynamoDB on some rows: what a role must allow to whoever holds the facet. A transaction needs the permission
/// of each of its parts, and none of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableAccess {
    /// As IAM calls it, without `dynamodb:`.
    pub action: &'static str,
    /// On which rows.
    pub rows: Rows,
}

/// A part of the table.
pub trait Facet {
    /// All that it may do.
    const ACCESS: &'static [TableAccess];

    /// This part of a table.
    fn of(table: &Table) -> Self;
}

/// Declares facets. An action gives a facet the method that asks for it, so that an action that isn't declared can't be
/// asked for.
macro_rules! facets {
    ($($(#[$doc:meta])* $name:ident { $($action:ident $(($rows:expr))?),* })*) => {
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

        /// All facets of one table: for those outside the functions, whom no role narrows.
        #[derive(Clone, Debug)]
        pub struct Store {
            table: Table,
        }
    };
    (@rows) => { Rows::Any };
    (@rows $rows:expr) => { $rows };
    (@action $name:ident GetItem) => {
        impl $name {
            fn get_item(&self, key: &RowKey) -> GetItemFluentBuilder {
                self.table.client.get_item().table_name(&*self.table.name).set_key(Some(key.row()))
            }

            /// One row, as it stands at this moment.
            pub(crate) async fn get<T: DeserializeOwned>(&self, key: &RowKey) -> Result<Option<T>, Fault> {
                let answer = self.get_item(key).consistent_read(true).send().await?;
                answer.item.map(read).transpose()
            }
        }
    };
    (@action $name:ident BatchGetItem) => {
        impl $name {
            /// Several rows in one consistent read.
            pub(crate) async fn batch(&self, keys: &[&RowKey]) -> Result<Vec<Row>, Fault> {
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

            /// A part of a transaction.
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

            /// A part of a transaction.
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
            /// A query of the index or, with its partition as `:pk`, of the table.
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
            /// Writes some rows; gives those that were left over.
            pub(crate) async fn batch_write(&self, rows: Vec<WriteRequest>) -> Result<Vec<WriteRequest>, Fault> {
                batch_write(self.table.client.batch_write_item(), &self.table.name, rows).await
            }
        }
    };
}

facets! {
    /// Incidents: what a decision needs, and what it changes.
    Incidents { BatchGetItem, GetItem, PutItem }
    /// Dispatches, for reading.
    Dispatches { GetItem }
    /// Dispatches of a subject or an incident: its history.
    History { Query }
    /// What vendors report of deliveries.
    Receipts { UpdateItem }
    /// The leases of workers on dispatches, and the rest of a conversation that needs none.
    Leases { UpdateItem }
    /// The index of rows that are due.
    DueIndex { Query(Rows::Index(DUE)) }
    /// People, teams, rotas and maintenance, for reading.
    People { GetItem, Query(Rows::Of(ROSTER)) }
    /// People, teams, rotas and maintenance, for changing.
    RosterEditor { PutItem, DeleteItem(Rows::Of(ROSTER)) }
    /// Codes that prove whose a phone or an address is.
    Codes { GetItem, PutItem, UpdateItem, DeleteItem(Rows::Of("CODE#*")) }
    /// Which incidents a phone or a space was told of, for reading.
    Paged { Query(Rows::Of("PAGED#*")) }
    /// Which incidents a phone or a space was told of, for writing.
    PagedNotes { BatchWriteItem }
    /// Conversations: what a turn needs, what it changes, and whose space is whose.
    Conversations { BatchGetItem, GetItem, PutItem }
    /// What is remembered of a line.
    Lines { GetItem, UpdateItem }
    /// Limits.
    Counters { UpdateItem }
    /// What has to be forgotten.
    Erasure { Query, DeleteItem }
    /// Whether something was missed while our webhooks were off.
    Missed { GetItem, PutItem, DeleteItem(Rows::Of("HOOKS")) }
    /// Webex spaces and who is making one, for reading.
    Spaces { GetItem }
    /// Webex spaces and who is making one, for writing.
    SpaceMaking { PutItem }
    /// Mails that came in.
    Mails { BatchGetItem, GetItem, PutItem }
    /// Something to be said that belongs to no incident.
    Notices { GetItem, PutItem }
    /// Up to where mailboxes were read, and who reads one at the moment.
    Mailboxes { GetItem, PutItem, UpdateItem }
    /// Sites: what is remembered from poll to poll, and every count.
    Sites { BatchGetItem, GetItem, PutItem, Query, UpdateItem }
    /// Which devices a site's messages told of, for writing.
    Sightings { PutItem }
    /// What is remembered of incidents that are over.
    Log { Query }
}

impl From<Table> for Store {
    fn from(table: Table) -> Self {
        Self { table }
    }
}

macro_rules! store {
    ($($(#[$doc:meta])* $field:ident: $name:ident;)*) => {
        impl Store {
            /// All of a table.
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
    sightings: Sightings;
    log: Log;
}

async fn batch(request: BatchGetItemFluentBuilder, table: &str, keys: &[&RowKey]) -> Result<Vec<Row>, Fault> {
    let mut wanted = KeysAndAttributes::builder().consistent_read(true);
    for key in keys {
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
    Err(Fault::Throttled("read"))
}

async fn batch_write(
    request: BatchWriteItemFluentBuilder,
    table: &str,
    rows: Vec<WriteRequest>,
) -> Result<Vec<WriteRequest>, Fault> {
    let answer = request.request_items(table, rows).send().await?;
    Ok(answer.unprocessed_items.and_then(|mut left| left.remove(table)).unwrap_or_default())
}

/// All of it or nothing.
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
                NotCommitted::Fault(Fault::from(error))
            }
        }
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => NotCommitted::Conflict,
        _ => NotCommitted::Fault(Fault::from(error)),
    })
}

/// Puts as the parts of a transaction.
pub(crate) fn parts(puts: Vec<PutBuilder>) -> Result<Vec<TransactWriteItem>, Fault> {
    let part = |put: PutBuilder| {
        let put = put.build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    };
    puts.into_iter().map(part).collect()
}
