//! Finds the part of the schema that an error is about, and the value at a path.

use jsonschema::ValidationError;
use serde_json::Value;

pub(super) fn known_keys(schema: &Value) -> Vec<String> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .map(|known| known.keys().cloned().collect())
        .unwrap_or_default()
}

/// Returns the schema whose keyword caused the error.
pub(super) fn refused_by(schema: &Value, error: &ValidationError<'_>) -> Value {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    // The path of `required` may also contain a position. Go up to the next object with keywords.
    let mut parent = parent;
    loop {
        match schema.pointer(parent) {
            Some(found @ Value::Object(_)) => return found.clone(),
            _ => match parent.rsplit_once('/') {
                Some((up, _)) => parent = up,
                None => return schema.clone(),
            },
        }
    }
}

pub(super) fn is_about(error: &ValidationError<'_>, definition: &str) -> bool {
    let part = format!("/$defs/{definition}/");
    error.schema_path().as_str().contains(&part)
}

pub(super) fn parts(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

pub(super) fn descend<'a>(json: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(json, |json, part| match json {
        Value::Array(items) => items.get_mut(part.parse::<usize>().ok()?),
        Value::Object(map) => map.get_mut(part),
        _ => None,
    })
}
