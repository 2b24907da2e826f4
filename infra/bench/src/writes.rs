//! Classifies writes to the table by the rows that they touch.

use std::collections::BTreeMap;

use serde_json::Value;

/// Writes of one purpose.
#[derive(Clone, Copy, Default)]
pub(crate) struct Writes {
    /// Number of requests, including refused ones.
    pub(crate) requests: u64,
    /// Consumed write units.
    pub(crate) units: f64,
}

/// Returns the purpose of a write, and its units as the table reports them. Returns `None` for other requests.
pub(crate) fn read(operation: &str, request: &[u8], answer: &[u8]) -> Option<(String, f64)> {
    let operation = operation.strip_prefix("DynamoDB ")?;
    let request: Value = serde_json::from_slice(request).ok()?;
    let what = match operation {
        "TransactWriteItems" => together(&request),
        "BatchWriteItem" => batch(&request),
        "PutItem" => format!("{}: written", row(&request["Item"])),
        "DeleteItem" => format!("{}: deleted", row(&request["Key"])),
        "UpdateItem" => format!("{}: {}", row(&request["Key"]), change(&request)),
        _ => return None,
    };
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let consumed = &answer["ConsumedCapacity"];
    let all = consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice);
    Some((what, all.iter().filter_map(|one| one["CapacityUnits"].as_f64()).sum()))
}

/// Returns `one transaction: the incident, 2 × a dispatch, an event's id`. A transaction costs twice the units, reported
/// only as a whole.
fn together(request: &Value) -> String {
    format!("one transaction: {}", rows(request["TransactItems"].as_array().into_iter().flatten()))
}

/// Describes a batch, in which each write costs the same as a single one.
fn batch(request: &Value) -> String {
    let tables = request["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
    format!("several at once: {}", rows(tables.filter_map(Value::as_array).flatten()))
}

/// Returns the rows that these actions touch, counted by kind.
fn rows<'a>(actions: impl Iterator<Item = &'a Value>) -> String {
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for action in actions.filter_map(|action| action.as_object()?.values().next()) {
        let key = if action["Key"].is_object() { &action["Key"] } else { &action["Item"] };
        *rows.entry(row(key)).or_default() += 1;
    }
    let rows = rows.into_iter().map(|(row, count)| match count {
        1 => row,
        many => format!("{many} × {row}"),
    });
    rows.collect::<Vec<_>>().join(", ")
}

fn row(key: &Value) -> String {
    let part = |name: &str| key[name]["S"].as_str().unwrap_or_default();
    let (pk, sk) = (part("pk"), part("sk"));
    let kind = pk.split('#').next().unwrap_or_default();
    let known = match kind {
        "INC" if sk == "META" => "the incident",
        "INC" if sk.starts_with("IN#") => "an event's id",
        "INC" if sk.starts_with("D#") => "a dispatch",
        "REF" => "the incident's reference",
        "PLAN" => "the plan",
        "LOG" => "the log of closed incidents",
        "MAIL" => "a mail's id",
        "PAGED" => "the incidents that a phone was notified of",
        "SPACE" => "a space's id",
        "ROOM" => "whose space it is",
        "COUNT" => "a count",
        other => other,
    };
    known.to_owned()
}

/// Returns the kind of change of an existing row.
fn change(request: &Value) -> &'static str {
    let expression = request["UpdateExpression"].as_str().unwrap_or_default();
    let says = |part: &str| expression.contains(part);
    match () {
        () if says("claims") => "claimed",
        () if says("receipts.") => "a callback's receipt",
        () if says("deliveries = ") => "released, with the outcomes",
        () if says("lease_ms") => "lease",
        () => "changed",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ANSWER: &str = r#"{"ConsumedCapacity":[{"CapacityUnits":7.0},{"CapacityUnits":2.0}]}"#;

    fn key(pk: &str, sk: &str) -> Value {
        json!({ "pk": { "S": pk }, "sk": { "S": sk } })
    }

    fn told(operation: &str, request: &Value) -> Option<(String, f64)> {
        read(operation, request.to_string().as_bytes(), ANSWER.as_bytes())
    }

    #[test]
    fn a_transaction_is_described_by_its_rows_and_costs_the_reported_units() {
        let dispatch =
            |number: u32| json!({ "Put": { "Item": key("INC#alert:x", &format!("D#1#{number}")) } });
        let incident = json!({ "Update": { "Key": key("INC#alert:x", "META") } });
        let request = json!({ "TransactItems": [incident, dispatch(1), dispatch(2)] });
        let what = "one transaction: 2 × a dispatch, the incident".to_owned();
        assert_eq!(told("DynamoDB TransactWriteItems", &request), Some((what, 9.0)));
    }

    #[test]
    fn an_update_is_described_by_its_change() {
        let update = |expression: &str| {
            let request = json!({ "Key": key("INC#alert:x", "D#1#1"), "UpdateExpression": expression });
            told("DynamoDB UpdateItem", &request).map(|(what, _)| what)
        };
        let claimed = update("SET #owner = :owner, lease_ms = :lease, claimed_ms = :now ADD claims :one");
        assert_eq!(claimed.as_deref(), Some("a dispatch: claimed"));
        assert_eq!(
            update("SET receipts.#name = :receipt").as_deref(),
            Some("a dispatch: a callback's receipt")
        );
        let let_go = update("SET deliveries = :deliveries, lease_ms = :zero REMOVE #owner");
        assert_eq!(let_go.as_deref(), Some("a dispatch: released, with the outcomes"));
    }

    #[test]
    fn reads_and_unknown_requests_are_no_writes() {
        assert_eq!(told("DynamoDB GetItem", &json!({})), None);
        assert_eq!(told("AmazonSQS SendMessageBatch", &json!({})), None);
        assert_eq!(read("DynamoDB PutItem", b"{", b""), None);
    }
}
