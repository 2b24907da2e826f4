//! Replaces each fault by a valid value, so that the rest of the configuration can be checked.

use serde_json::{Map, Value, json};

use super::fault::{Fault, What};
use super::schema::descend;

/// Returns the configuration with a valid value in place of each fault.
pub(super) fn repair(schema: &Value, mut json: Value, faults: &[Fault]) -> Value {
    for fault in faults {
        let Some(place) = descend(&mut json, &fault.path) else { continue };
        match &fault.what {
            What::Unknown(key) => {
                if let Some(map) = place.as_object_mut() {
                    map.remove(key);
                }
            }
            What::Missing(key) => {
                if let Some(map) = place.as_object_mut() {
                    let wanted = fault.schema.pointer(&format!("/properties/{key}")).unwrap_or(&Value::Null);
                    map.insert(key.clone(), something(schema, wanted));
                }
            }
            What::Wrong => *place = something(schema, &fault.schema),
        }
    }
    json
}

/// Returns any value that the schema allows.
fn something(root: &Value, schema: &Value) -> Value {
    let inner = |key: &str| schema.get(key);
    if let Some(target) = inner("$ref").and_then(Value::as_str) {
        return root
            .pointer(target.trim_start_matches('#'))
            .map_or(Value::Null, |found| something(root, found));
    }
    if let Some(value) = inner("const").or_else(|| inner("enum")?.get(0)) {
        return value.clone();
    }
    if let Some(first) = inner("anyOf").or_else(|| inner("oneOf")).and_then(|all| all.get(0)) {
        return something(root, first);
    }
    let kind = inner("type").and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
    match kind {
        Some("object") => {
            let required = inner("required").and_then(Value::as_array).into_iter().flatten();
            let filled = required.filter_map(Value::as_str).map(|key| {
                let wanted = schema.pointer(&format!("/properties/{key}")).unwrap_or(&Value::Null);
                (key.to_owned(), something(root, wanted))
            });
            Value::Object(filled.collect::<Map<_, _>>())
        }
        Some("array") => json!([]),
        Some("boolean") => json!(false),
        Some("integer" | "number") => inner("minimum").cloned().unwrap_or(json!(1)),
        // Every string with a pattern has an example.
        Some("string") if inner("pattern").is_some() => {
            inner("examples").and_then(|all| all.get(0)).cloned().unwrap_or(Value::Null)
        }
        Some("string") => json!("x"),
        _ => Value::Null,
    }
}
