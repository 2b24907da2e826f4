//! DynamoDB: the embedded table, and in front of it what that lacks: conflicts, failures and capacity units.

mod answers;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use dynoxide::Database;
use handbell_sim::Stage;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::template::Template;
use super::{CloudError, Task, lock, operation};
use answers::{conflict, internal, ok, refuse};

/// The table's name.
pub const NAME: &str = "handbell";
/// Interval at which expired rows are removed.
const SWEEP: Duration = Duration::from_secs(30);
/// Operations that report their consumed capacity.
const METERED: [&str; 10] = [
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "BatchWriteItem",
    "TransactGetItems",
    "TransactWriteItems",
];

/// A failure of the next matching request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFault {
    /// Throttled; not applied.
    Throttled,
    /// 500; not applied.
    NotApplied,
    /// 500, although it was applied.
    AppliedButError,
    /// Conflict with another transaction on the same rows; not applied.
    Conflict,
    /// A read from an index, or an eventually consistent read, sees no rows yet.
    Stale,
}

/// Consumed capacity of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Units {
    /// Read units.
    pub read: f64,
    /// Write units.
    pub write: f64,
    /// Requests, including refused ones.
    pub calls: u64,
}

/// The table. Cheap to clone.
#[derive(Clone)]
pub struct Table(Arc<Inner>);

struct Inner {
    url: String,
    http: reqwest::Client,
    state: Mutex<State>,
    stage: OnceLock<Stage>,
    _tasks: [Task; 2],
}

#[derive(Default)]
struct State {
    held: HashMap<Key, Holders>,
    faults: VecDeque<(TableFault, Option<String>)>,
    units: BTreeMap<String, Units>,
    slow: Duration,
}

/// Table, partition key and sort key of a row.
type Key = (String, String, String);

#[derive(Default)]
struct Holders {
    transaction: bool,
    single: usize,
}

/// The rows that a request locks until it is answered.
struct Hold {
    table: Table,
    keys: HashSet<Key>,
    transaction: bool,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = lock(&self.table.0.state);
        for key in &self.keys {
            let Some(holders) = state.held.get_mut(key) else { continue };
            if self.transaction {
                holders.transaction = false;
            } else {
                holders.single -= 1;
            }
            if !holders.transaction && holders.single == 0 {
                state.held.remove(key);
            }
        }
    }
}

impl Table {
    /// Starts the table that the template describes, in memory or in a directory.
    pub async fn start(
        template: &Template,
        data: Option<&Path>,
        http: reqwest::Client,
    ) -> Result<Self, CloudError> {
        let failed = |error: &dyn std::fmt::Display| CloudError::Table(error.to_string());
        let database = match data {
            Some(data) => {
                std::fs::create_dir_all(data).map_err(|error| CloudError::File(data.to_owned(), error))?;
                Database::new(&data.join("table.sqlite").to_string_lossy())
            }
            None => Database::memory(),
        };
        let database = database.map_err(|error| failed(&error))?;
        create(&database, &template.table)?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|error| failed(&error))?;
        let address = listener.local_addr().map_err(|error| failed(&error))?;
        let sweeper = database.clone();
        let server = Task::spawn(async move {
            // Runs until it is aborted.
            let _ = dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()).await;
        });
        let sweep = Task::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let database = sweeper.clone();
                // A failed sweep is repeated next time; readers check the expiry themselves.
                let _ = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
            }
        });
        let url = format!("http://{address}/");
        let (state, stage) = (Mutex::default(), OnceLock::new());
        Ok(Self(Arc::new(Inner { url, http, state, stage, _tasks: [server, sweep] })))
    }

    /// Reports every change of a row to the watchers of this stage. Once set it stays.
    pub(super) fn is_watched_on(&self, stage: Stage) {
        _ = self.0.stage.set(stage);
    }

    /// Returns the consumed capacity by operation since the start or the last [`Table::forget_units`].
    pub fn units_by_operation(&self) -> BTreeMap<String, Units> {
        lock(&self.0.state).units.clone()
    }

    /// Returns the consumed capacity of all operations.
    pub fn units(&self) -> Units {
        lock(&self.0.state).units.values().fold(Units::default(), |sum, one| Units {
            read: sum.read + one.read,
            write: sum.write + one.write,
            calls: sum.calls + one.calls,
        })
    }

    /// Resets the consumed capacity.
    pub fn forget_units(&self) {
        lock(&self.0.state).units.clear();
    }

    /// Lets the next request fail, or the next one of an operation (`TransactWriteItems` …). Several faults apply one after
    /// another.
    pub fn fail_next(&self, fault: TableFault, operation: Option<&str>) {
        lock(&self.0.state).faults.push_back((fault, operation.map(str::to_owned)));
    }

    /// Removes all faults.
    pub fn work_again(&self) {
        lock(&self.0.state).faults.clear();
    }

    /// Lets every write lock its rows for longer, so that conflicts occur.
    pub fn slow_down(&self, by: Duration) {
        lock(&self.0.state).slow = by;
    }

    /// Answers a request of the SDK. Like AWS, it completes a request even if the caller is killed.
    pub async fn handle(&self, headers: HeaderMap, body: Bytes) -> Response {
        let table = self.clone();
        let work = async move { table.answer(&headers, body).await };
        let work = match self.0.stage.get() {
            Some(stage) => stage.spawn(work),
            None => tokio::spawn(work),
        };
        work.await.unwrap_or_else(|_| internal())
    }

    async fn answer(&self, headers: &HeaderMap, body: Bytes) -> Response {
        let operation = operation(headers, "DynamoDB_20120810");
        let mut request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let fault = self.count_and_strike(operation, &request);
        match fault {
            Some(TableFault::Throttled) => return refuse("ThrottlingException", "Rate exceeded", json!({})),
            Some(TableFault::NotApplied) => return internal(),
            Some(TableFault::Stale) if operation == "GetItem" => return ok(&json!({})),
            Some(TableFault::Stale) => return ok(&json!({"Items": [], "Count": 0, "ScannedCount": 0})),
            Some(TableFault::AppliedButError | TableFault::Conflict) | None => {}
        }
        let (keys, transaction) = touched(operation, &request);
        let _hold = match self.hold(&keys, transaction, fault == Some(TableFault::Conflict)) {
            Ok(hold) => hold,
            Err(conflicts) => return conflict(&keys, &conflicts, transaction),
        };
        if METERED.contains(&operation) && request.is_object() {
            request["ReturnConsumedCapacity"] = json!("INDEXES");
        }
        let body = if request.is_null() { body } else { request.to_string().into() };
        let Ok((status, kind, answer)) = self.forward(headers, body).await else { return internal() };
        if let Ok(answer) = serde_json::from_slice(&answer) {
            self.meter(operation, &answer);
        }
        if status.is_success()
            && writes(operation)
            && let Some(stage) = self.0.stage.get()
        {
            stage.touch();
        }
        let slow = lock(&self.0.state).slow;
        if !keys.is_empty() && !slow.is_zero() {
            tokio::time::sleep(slow).await;
        }
        if fault == Some(TableFault::AppliedButError) {
            return internal();
        }
        (status, kind, answer).into_response()
    }

    /// Counts the request, and returns its fault, if any.
    fn count_and_strike(&self, operation: &str, request: &Value) -> Option<TableFault> {
        let mut state = lock(&self.0.state);
        state.units.entry(operation.to_owned()).or_default().calls += 1;
        let fits = |(fault, of): &(TableFault, Option<String>)| {
            of.as_deref().is_none_or(|of| of == operation)
                && match fault {
                    TableFault::Stale => {
                        let query = operation == "Query" && request["IndexName"].is_string();
                        query || operation == "GetItem" && request["ConsistentRead"] != true
                    }
                    TableFault::Conflict => !touched(operation, request).0.is_empty(),
                    _ => true,
                }
        };
        let place = state.faults.iter().position(fits)?;
        state.faults.remove(place).map(|(fault, _)| fault)
    }

    /// Locks the rows, unless another request has locked one of them and DynamoDB would refuse: two transactions, or a
    /// transaction and a single write. Two single writes wait for each other.
    fn hold(&self, keys: &[Key], transaction: bool, force: bool) -> Result<Hold, HashSet<Key>> {
        let mut state = lock(&self.0.state);
        let taken = |key: &&Key| {
            let held = state.held.get(*key);
            force || held.is_some_and(|held| held.transaction || transaction && held.single > 0)
        };
        let conflicts: HashSet<Key> = keys.iter().filter(taken).cloned().collect();
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        let keys: HashSet<Key> = keys.iter().cloned().collect();
        for key in &keys {
            let holders = state.held.entry(key.clone()).or_default();
            if transaction {
                holders.transaction = true;
            } else {
                holders.single += 1;
            }
        }
        Ok(Hold { table: self.clone(), keys, transaction })
    }

    async fn forward(
        &self,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), reqwest::Error> {
        let mut request = self.0.http.post(&self.0.url).body(body);
        for name in ["x-amz-target", "content-type", "authorization", "x-amz-date"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await?;
        // The checksum stays valid, since the body doesn't change.
        let kept = ["content-type", "x-amzn-requestid", "x-amz-crc32"].map(HeaderName::from_static);
        let kept = kept
            .into_iter()
            .filter_map(|name| Some((name.clone(), answer.headers().get(name)?.clone())))
            .collect();
        Ok((answer.status(), kept, answer.bytes().await?))
    }

    fn meter(&self, operation: &str, answer: &Value) {
        let consumed = &answer["ConsumedCapacity"];
        let all = consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice);
        let units: f64 = all.iter().filter_map(|one| one["CapacityUnits"].as_f64()).sum();
        let mut state = lock(&self.0.state);
        let sum = state.units.entry(operation.to_owned()).or_default();
        let part = if writes(operation) { &mut sum.write } else { &mut sum.read };
        *part += units;
    }
}

/// Creates the table of the template, if it doesn't exist.
fn create(database: &Database, properties: &Value) -> Result<(), CloudError> {
    let failed = |error: &dyn std::fmt::Display| CloudError::Table(error.to_string());
    let mut request = json!({"TableName": NAME});
    for name in ["BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"] {
        if !properties[name].is_null() {
            request[name] = properties[name].clone();
        }
    }
    let tables = database.list_tables(typed(json!({}))?).map_err(|error| failed(&error))?;
    if tables.table_names.iter().any(|name| name == NAME) {
        return Ok(());
    }
    database.create_table(typed(request)?).map_err(|error| failed(&error))?;
    if properties["TimeToLiveSpecification"].is_object() {
        let request =
            json!({"TableName": NAME, "TimeToLiveSpecification": properties["TimeToLiveSpecification"]});
        database.update_time_to_live(typed(request)?).map_err(|error| failed(&error))?;
    }
    Ok(())
}

fn typed<T: DeserializeOwned>(request: Value) -> Result<T, CloudError> {
    serde_json::from_value(request).map_err(|error| CloudError::Table(error.to_string()))
}

fn writes(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems")
}

/// Returns the rows that a request writes or checks, in order, and whether it is a transaction.
fn touched(operation: &str, request: &Value) -> (Vec<Key>, bool) {
    let key = |action: &Value| {
        let row = if action["Key"].is_object() { &action["Key"] } else { &action["Item"] };
        let part = |name: &str| row[name]["S"].as_str().unwrap_or_default().to_owned();
        (action["TableName"].as_str().unwrap_or_default().to_owned(), part("pk"), part("sk"))
    };
    match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" => (vec![key(request)], false),
        "TransactWriteItems" => {
            let actions = request["TransactItems"].as_array().into_iter().flatten();
            let inner = actions.filter_map(|action| action.as_object()?.values().next());
            (inner.map(key).collect(), true)
        }
        _ => (Vec::new(), false),
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
