//! Validates the tree against the JSON Schema, again after each correction of misspelt keys.

use jsonschema::JsonType;
use serde_json::Value;

use super::explain::explain;
use super::fault::{Fault, What};
use super::finding::Finding;
use super::schema::{descend, known_keys};
use super::tree::{Kind, Node};
use handbell_core::nearest;

/// Validates the tree against the schema. Obviously misspelt keys get a finding and are renamed, so that the values under
/// them are validated, too.
pub(super) fn validate(schema: &Value, tree: &mut Node, findings: &mut Vec<Finding>) -> (Vec<Fault>, Value) {
    let mut converted: Vec<(Vec<String>, Value)> = Vec::new();
    let Ok(validator) = jsonschema::validator_for(schema) else { return (Vec::new(), tree.to_json()) };
    loop {
        let mut json = tree.to_json();
        for (path, value) in &converted {
            if let Some(place) = descend(&mut json, path) {
                *place = value.clone();
            }
        }
        let mut faults = Vec::new();
        let mut again = false;
        for error in validator.iter_errors(&json) {
            explain(schema, &error, &mut faults, &mut |path, wanted| {
                let Some(value) = tree.at(path).and_then(|node| convert(node, wanted)) else { return false };
                again |= !converted.iter().any(|(known, _)| known == path);
                converted.push((path.to_vec(), value));
                true
            });
        }
        for fault in &faults {
            let What::Unknown(key) = &fault.what else { continue };
            let Some(node) = fault.path.iter().try_fold(&mut *tree, |node, part| node.child_mut(part)) else {
                continue;
            };
            let known = known_keys(&fault.schema);
            let Some(meant) = nearest(key, known.iter().map(String::as_str)) else { continue };
            let Kind::Map(entries) = &mut node.kind else { continue };
            if entries.iter().any(|entry| entry.key == meant) {
                continue;
            }
            if let Some(entry) = entries.iter_mut().find(|entry| &entry.key == key) {
                findings.push(entry.place.finding(&fault.path, fault.message.clone()));
                entry.key = meant.to_owned();
                again = true;
            }
        }
        if !again {
            return (faults, json);
        }
    }
}

/// Converts a plain scalar to the type that the schema requires.
fn convert(node: &Node, wanted: &[JsonType]) -> Option<Value> {
    let Kind::Scalar { text, plain: true } = &node.kind else { return None };
    wanted.iter().find_map(|wanted| match wanted {
        JsonType::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "on" => Some(Value::Bool(true)),
            "false" | "no" | "n" | "off" => Some(Value::Bool(false)),
            _ => None,
        },
        JsonType::Integer => whole(text).map(Value::from),
        JsonType::Number => text.parse::<f64>().ok().map(Value::from),
        _ => None,
    })
}

/// Parses a whole number. `050` is none: it may be 50 or, in base 8, 40.
fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    text.parse().ok().filter(|_| digits == "0" || !digits.starts_with('0'))
}
