//! Tests of the table with raw requests, since the SDK is built without a client here.

use super::super::tests::{AUTHORIZATION, http, read, stage};
use super::*;

async fn table() -> Table {
    Table::start(&Template::embedded().unwrap(), None, http()).await.unwrap()
}

async fn ask(table: &Table, operation: &str, body: Value) -> (u16, Value) {
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-target", format!("DynamoDB_20120810.{operation}").parse().unwrap());
    headers.insert("content-type", "application/x-amz-json-1.0".parse().unwrap());
    headers.insert("authorization", AUTHORIZATION.parse().unwrap());
    headers.insert("x-amz-date", "20260101T000000Z".parse().unwrap());
    read(table.handle(headers, body.to_string().into()).await).await
}

fn put(pk: &str) -> Value {
    json!({"TableName": NAME, "Item": {"pk": {"S": pk}, "sk": {"S": "META"}, "due_shard": {"S": "due#1"}, "due_ms": {"N": "5"}}})
}

fn transaction(pks: &[&str]) -> Value {
    json!({"TransactItems": pks.iter().map(|pk| json!({"Put": put(pk)})).collect::<Vec<_>>()})
}

fn get(pk: &str) -> Value {
    json!({"TableName": NAME, "Key": {"pk": {"S": pk}, "sk": {"S": "META"}}})
}

fn query() -> Value {
    json!({"TableName": NAME, "IndexName": "due", "KeyConditionExpression": "due_shard = :s AND due_ms <= :u",
           "ExpressionAttributeValues": {":s": {"S": "due#1"}, ":u": {"N": "9"}}})
}

#[tokio::test]
async fn the_index_answers_and_everything_is_on_the_bill() {
    let table = table().await;
    assert_eq!(ask(&table, "PutItem", put("a")).await.0, 200);
    let single = table.units();
    assert_eq!((single.write, single.read, single.calls), (2.0, 0.0, 1), "the row and its index entry");
    let (_, found) = ask(&table, "Query", query()).await;
    let mut keys: Vec<_> = found["Items"][0].as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(keys, ["due_ms", "due_shard", "pk", "sk"]);
    assert!(table.units().read > 0.0);
    table.forget_units();
    assert_eq!(ask(&table, "TransactWriteItems", transaction(&["b"])).await.0, 200);
    assert!(table.units_by_operation()["TransactWriteItems"].write >= 3.0, "a transaction costs double");
}

#[tokio::test]
async fn the_rows_have_an_expiry() {
    let table = table().await;
    let (_, answer) = ask(&table, "DescribeTimeToLive", json!({"TableName": NAME})).await;
    assert_eq!(answer["TimeToLiveDescription"]["AttributeName"], "expires_at");
}

#[tokio::test]
async fn who_watches_hears_of_every_change_and_of_nothing_else() {
    let (table, stage) = (table().await, stage());
    table.is_watched_on(stage.clone());
    let mut watch = stage.watch();
    let mut heard = async |operation: &str, body: Value| {
        let (status, _) = ask(&table, operation, body).await;
        let changed = watch.has_changed().unwrap();
        watch.mark_unchanged();
        (status, changed)
    };
    let delete = json!({"RequestItems": {NAME: [{"DeleteRequest": {"Key": get("b")["Key"]}}]}});
    assert_eq!(heard("PutItem", put("a")).await, (200, true));
    assert_eq!(heard("UpdateItem", get("a")).await, (200, true));
    assert_eq!(heard("TransactWriteItems", transaction(&["a", "b"])).await, (200, true));
    assert_eq!(heard("BatchWriteItem", delete).await, (200, true));
    assert_eq!(heard("DeleteItem", get("a")).await, (200, true));
    assert_eq!(heard("GetItem", get("a")).await, (200, false));
    assert_eq!(heard("Query", query()).await, (200, false));
    let mut refused = put("a");
    refused["ConditionExpression"] = json!("attribute_exists(pk)");
    assert_eq!(heard("PutItem", refused).await, (400, false), "nothing has changed");
    table.fail_next(TableFault::AppliedButError, None);
    assert_eq!(heard("PutItem", put("a")).await, (500, true), "it has changed all the same");
}

#[tokio::test]
async fn transactions_at_once_conflict() {
    let table = table().await;
    table.slow_down(Duration::from_millis(200));
    let first = tokio::spawn({
        let table = table.clone();
        async move { ask(&table, "TransactWriteItems", transaction(&["a", "b"])).await }
    });
    while lock(&table.0.state).held.is_empty() {
        tokio::task::yield_now().await;
    }
    let (status, refused) = ask(&table, "TransactWriteItems", transaction(&["c", "b"])).await;
    assert_eq!(status, 400);
    assert!(refused["__type"].as_str().unwrap().ends_with("#TransactionCanceledException"));
    assert_eq!(refused["CancellationReasons"][0]["Code"], "None");
    assert_eq!(refused["CancellationReasons"][1]["Code"], "TransactionConflict");
    let (status, refused) = ask(&table, "PutItem", put("a")).await;
    assert_eq!(status, 400);
    assert!(refused["__type"].as_str().unwrap().ends_with("#TransactionConflictException"));
    assert_eq!(ask(&table, "GetItem", get("a")).await.0, 200, "who reads is never in the way");
    assert_eq!(ask(&table, "TransactWriteItems", transaction(&["d"])).await.0, 200);
    assert_eq!(first.await.unwrap().0, 200);
    assert_eq!(ask(&table, "TransactWriteItems", transaction(&["c", "b"])).await.0, 200, "it is over");
    assert!(lock(&table.0.state).held.is_empty());
}

#[tokio::test]
async fn a_single_write_is_in_the_way_of_a_transaction_but_not_of_another() {
    let table = table().await;
    table.slow_down(Duration::from_millis(200));
    let first = tokio::spawn({
        let table = table.clone();
        async move { ask(&table, "PutItem", put("a")).await }
    });
    while lock(&table.0.state).held.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(&table, "TransactWriteItems", transaction(&["a"])).await.0, 400);
    assert_eq!(ask(&table, "PutItem", put("a")).await.0, 200);
    assert_eq!(first.await.unwrap().0, 200);
}

#[tokio::test]
async fn told_to_fail() {
    let table = table().await;
    let there = async |pk: &str| {
        let mut get = get(pk);
        get["ConsistentRead"] = json!(true);
        ask(&table, "GetItem", get).await.1["Item"].is_object()
    };
    table.fail_next(TableFault::NotApplied, Some("PutItem"));
    assert!(!there("a").await, "another operation isn't struck");
    assert_eq!(ask(&table, "PutItem", put("a")).await.0, 500);
    assert!(!there("a").await);
    table.fail_next(TableFault::AppliedButError, None);
    assert_eq!(ask(&table, "PutItem", put("a")).await.0, 500);
    assert!(there("a").await);
    table.fail_next(TableFault::Throttled, None);
    assert!(
        ask(&table, "PutItem", put("b")).await.1["__type"]
            .as_str()
            .unwrap()
            .ends_with("#ThrottlingException")
    );
    table.fail_next(TableFault::Conflict, None);
    assert_eq!(
        ask(&table, "TransactWriteItems", transaction(&["b"])).await.1["CancellationReasons"][0]["Code"],
        "TransactionConflict"
    );
    assert!(!there("b").await);
    table.fail_next(TableFault::Stale, None);
    assert!(there("a").await, "a consistent read is never stale");
    assert_eq!(ask(&table, "Query", query()).await.1["Count"], 0);
    assert_eq!(ask(&table, "Query", query()).await.1["Count"], 1);
}

#[tokio::test]
async fn a_directory_keeps_it() {
    let data = std::env::temp_dir().join(format!("handbell-table-{}", uuid::Uuid::new_v4()));
    let template = Template::embedded().unwrap();
    let first = Table::start(&template, Some(&data), http()).await.unwrap();
    assert_eq!(ask(&first, "PutItem", put("a")).await.0, 200);
    drop(first);
    let second = Table::start(&template, Some(&data), http()).await.unwrap();
    assert!(ask(&second, "GetItem", get("a")).await.1["Item"].is_object());
    drop(second);
    std::fs::remove_dir_all(data).unwrap();
}
