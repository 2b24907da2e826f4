//! `handbell check`: finds every mistake in a configuration, with its place and advice.
//!
//! A deserializer stops at the first mistake. This module reads the file into a tree with line numbers, validates the tree
//! against the JSON Schema generated from the configuration's types, repairs each mistake in memory, and continues.

mod compose;
mod explain;
mod fault;
mod finding;
mod repair;
mod schema;
mod tree;
mod validate;
mod words;

use handbell_core::config::{self, Config};
use serde_json::{Value, json};

pub(crate) use compose::compose;
use fault::What;
pub use finding::{Finding, render};
use repair::repair;
use tree::Place;
pub(crate) use tree::{Entry, Kind, Node};
use validate::validate;

/// Reads a configuration, or returns all findings in the order of the file. `files` returns whether a file that the
/// configuration names exists.
pub fn check(text: &str, files: &dyn Fn(&str) -> bool) -> Result<Config, Vec<Finding>> {
    let (mut tree, mut findings) = compose(text)?;
    if tree.is_null() {
        findings.push(Finding {
            line: 1,
            column: 1,
            path: String::new(),
            message: "the file is empty; examples/README.md shows how to start".into(),
        });
        return Err(findings);
    }
    let schema = schema_value();
    let (faults, json) = validate(&schema, &mut tree, &mut findings);
    for fault in &faults {
        let place = match &fault.what {
            What::Unknown(key) => tree.key_place(&fault.path, key),
            _ => tree.place(&fault.path),
        };
        findings.push(place.finding(&fault.path, fault.message.clone()));
    }
    // The repaired values already have a finding. Only the others are checked against the rules.
    let repaired = repair(&schema, json, &faults);
    if let Ok(config) = serde_json::from_value::<Config>(repaired) {
        for problem in config::problems(&config, files) {
            if !faults.iter().any(|fault| fault.hides(&problem.path)) {
                findings.push(tree.place(&problem.path).finding(&problem.path, problem.message));
            }
        }
    }
    if findings.is_empty() {
        // The functions' own deserializer decides last.
        match serde_saphyr::from_str::<Config>(text) {
            Ok(config) => return Ok(config),
            Err(error) => findings.push(refusal(&error)),
        }
    }
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings.dedup();
    Err(findings)
}

/// The JSON Schema of the configuration, for editors.
pub fn schema() -> String {
    let mut schema = schema_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".into(), json!("Handbell configuration"));
        root.insert("description".into(), json!("The keys and values of handbell.yaml."));
    }
    format!("{schema:#}\n")
}

fn schema_value() -> Value {
    let mut schema = schemars::schema_for!(Config).to_value();
    bound(&mut schema);
    schema
}

/// Adds the largest number that fits, which the validator doesn't know by the format's name.
fn bound(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            if keys.get("format").is_some_and(|format| format == "uint32") {
                keys.insert("maximum".into(), json!(u32::MAX));
            }
            keys.values_mut().for_each(bound);
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The error of the functions' deserializer about a file that passed every other check.
fn refusal(error: &serde_saphyr::Error) -> Finding {
    let place = error.location().map_or(Place::START, |at| Place {
        line: usize::try_from(at.line()).unwrap_or(1).max(1),
        column: usize::try_from(at.column()).unwrap_or(1).max(1),
    });
    let words = error.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
    let words = words.lines().next().unwrap_or_default();
    let words = words.split(" at line ").next().unwrap_or_default();
    // The deserializer refuses days, which may be an hour longer or shorter. Its own message is for programmers.
    let words = if words.contains("duration format") {
        "this is not a duration; write 30s, 5m, 6h or 1h 30m, and days as hours: 24h"
    } else {
        words
    };
    place.finding(&[], words.to_owned())
}

#[cfg(test)]
mod tests;
