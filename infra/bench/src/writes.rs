//! What a write to the table is for, told by the rows that it touches.

use std::collections::BTreeMap;

use serde_json::Value;

/// How much was written of something.
#[derive(Clone, Copy, Default)]
pub(crate) struct Writes {
    /// Requests that did it, refused ones included.
    pub(crate) requests: u64,
    /// Write units that they cost.
    pub(crate) units: f64,
}

/// What this request writes, and the units that it cost by the table's own account; none if it writes nothing.
pub(crate) fn read(operation: &str, request: &[u8], answer: &[u8]) -> Option<(String, f64)> {
    let operation = operation.strip_prefix("DynamoDB ")?;
    let request: Value = serde_json::from_slice(request).ok()?;
    let what = match operation {
        "TransactWriteItems" => together(&request),
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

/// `one transaction: the incident, 2 × a dispatch, an event's id`. A transaction costs twice, and only as a whole.
fn together(request: &Value) -> String {
    let actions = request["TransactItems"].as_array().into_iter().flatten();
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for action in actions.filter_map(|action| action.as_object()?.values().next()) {
        let key = if action["Key"].is_object() { &action["Key"] } else { &action["Item"] };
        *rows.entry(row(key)).or_default() += 1;
    }
    let rows = rows.into_iter().map(|(row, count)| match count {
        1 => row,
        many => format!("{many} × {row}"),
    });
    format!("one transaction: {}", rows.collect::<Vec<_>>().join(", "))
}

fn row(key: &Value) -> String {
    let part = |name: &str| key[name]["S"].as_str().unwrap_or_default();
    let (pk, sk) = (part("pk"), part("sk"));
    let kind = pk.split('#').next().unwrap_or_default();
    let known = match kind {
        "INC" if sk == "META" => "the incident",
        "INC" if sk.starts_with("IN#") => "an event's id",
        "INC" if sk.starts_with("D#") => "a dispatch",
        "REF" => "the incident's short name",
        "PLAN" => "the plan",
        "LOG" => "the log of what is over",
        "MAIL" => "a mail's name",
        "PAGED" => "what a phone was told of",
        "SPACE" => "a space's id",
        "ROOM" => "whose space it is",
        other => other,
    };
    known.to_owned()
}

/// What becomes of a row that is there already.
fn change(request: &Value) -> &'static str {
    let expression = request["UpdateExpression"].as_str().unwrap_or_default();
    let says = |part: &str| expression.contains(part);
    match () {
        () if says("claims") => "claimed",
        () if says("fates.") => "a callback's fate",
        () if says("deliveries = ") => "let go, with what came of it",
        () if says("lease_ms") => "lease",
        () => "changed",
    }
}
