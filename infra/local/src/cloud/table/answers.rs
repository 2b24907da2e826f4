//! The error answers of the table, in DynamoDB's words.

use std::collections::HashSet;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Key;

/// Creates the error in DynamoDB's words: that of a transaction names each of its parts.
pub(super) fn conflict(keys: &[Key], conflicts: &HashSet<Key>, transaction: bool) -> Response {
    const WHY: &str = "Transaction is ongoing for the item";
    if !transaction {
        return refuse("TransactionConflictException", WHY, json!({}));
    }
    let hit = |key: &Key| conflicts.contains(key);
    let codes: Vec<_> =
        keys.iter().map(|key| if hit(key) { "TransactionConflict" } else { "None" }).collect();
    let reasons: Vec<_> = codes
        .iter()
        .map(
            |code| {
                if *code == "None" { json!({"Code": code}) } else { json!({"Code": code, "Message": WHY}) }
            },
        )
        .collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    // Only this exception spells `Message` with a capital letter.
    refuse(
        "TransactionCanceledException",
        &message,
        json!({"Message": message, "CancellationReasons": reasons}),
    )
}

pub(super) fn refuse(code: &str, message: &str, mut body: Value) -> Response {
    body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{code}"));
    if body["Message"].is_null() {
        body["message"] = json!(message);
    }
    (StatusCode::BAD_REQUEST, [("content-type", "application/x-amz-json-1.0")], body.to_string())
        .into_response()
}

pub(super) fn ok(body: &Value) -> Response {
    ([("content-type", "application/x-amz-json-1.0")], body.to_string()).into_response()
}

pub(super) fn internal() -> Response {
    let body =
        json!({"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "as told"});
    let kind = [("content-type", "application/x-amz-json-1.0")];
    (StatusCode::INTERNAL_SERVER_ERROR, kind, body.to_string()).into_response()
}
