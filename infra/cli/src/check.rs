//! `handbell check`: everything that is wrong with a configuration, each with its place and what to do about it.
//!
//! A deserializer stops at the first mistake, so this reads the file into a tree that knows its places, holds it against
//! the JSON Schema made from the configuration's own types, repairs what it found in memory, and goes on looking.

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
pub(crate) use words::nearest;

/// Reads a configuration; `files` tells whether a file that it names is there. All findings come in the file's order.
pub fn check(text: &str, files: &dyn Fn(&str) -> bool) -> Result<Config, Vec<Finding>> {
    let (mut tree, mut findings) = compose(text)?;
    if tree.is_null() {
        findings.push(Finding {
            line: 1,
            column: 1,
            path: String::new(),
            message: "the file is empty; examples/README.md shows how to begin".into(),
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
    // What is repaired is known to be wrong already; only the rest is held against the rules.
    let repaired = repair(&schema, json, &faults);
    if let Ok(config) = serde_json::from_value::<Config>(repaired) {
        for problem in config::problems(&config, files) {
            if !faults.iter().any(|fault| fault.hides(&problem.path)) {
                findings.push(tree.place(&problem.path).finding(&problem.path, problem.message));
            }
        }
    }
    if findings.is_empty() {
        // The reader that the functions use has the last word.
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
        root.insert("description".into(), json!("What handbell.yaml can say."));
    }
    format!("{schema:#}\n")
}

fn schema_value() -> Value {
    schemars::schema_for!(Config).to_value()
}

/// What the functions' own reader says about something that passed everything else.
fn refusal(error: &serde_saphyr::Error) -> Finding {
    let place = error.location().map_or(Place::START, |at| Place {
        line: usize::try_from(at.line()).unwrap_or(1).max(1),
        column: usize::try_from(at.column()).unwrap_or(1).max(1),
    });
    let words = error.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
    let words = words.lines().next().unwrap_or_default();
    let words = words.split(" at line ").next().unwrap_or_default();
    // Days may be an hour longer or shorter, so the reader takes none; its own words are for programmers.
    let words = if words.contains("duration format") {
        "this is no length of time; write 30s, 5m, 6h or 1h 30m, and days as hours: 24h"
    } else {
        words
    };
    place.finding(&[], words.to_owned())
}

#[cfg(test)]
mod tests;
