//! Reads rotas from YAML with the place of every mistake, and writes YAML that can be read again.

use std::collections::BTreeMap;

use handbell_core::oncall::{Layer, Override, Roster, Rota, is_name};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::check::{self, Finding, Node};

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Rotas by name.
    rotas: BTreeMap<String, Entry>,
}

/// A rota without the fields that only the table has.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    timezone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    #[serde(default)]
    layers: Vec<Layer>,
    /// If absent, the overrides in the table stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overrides: Option<Vec<Override>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holidays: Vec<Date>,
}

/// Reads a file and checks it against the known people and teams, or returns every mistake with its place.
pub fn read(text: &str, roster: &Roster) -> Result<Vec<Rota>, Vec<Finding>> {
    let (tree, findings) = check::compose(text)?;
    if !findings.is_empty() {
        return Err(findings);
    }
    let file: File = serde_saphyr::from_str(text).map_err(|error| {
        let words = error.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
        let words = words.lines().next().unwrap_or_default().split(" at line ").next().unwrap_or_default();
        let place = |part: Option<u64>| part.and_then(|part| usize::try_from(part).ok()).unwrap_or(1).max(1);
        let at = error.location();
        vec![Finding {
            line: place(at.map(|at| at.line())),
            column: place(at.map(|at| at.column())),
            path: String::new(),
            message: match words {
                // The parser's own message is for programmers.
                words if words.contains("parse") => {
                    "this value is not allowed here; a time of day is 08:00, a day 2026-12-25, a time 2026-12-25T08:00:00Z".to_owned()
                }
                words => words.to_owned(),
            },
        }]
    })?;
    let mut findings = Vec::new();
    let mut rotas = Vec::new();
    for (name, entry) in file.rotas {
        let known = roster.rotas.get(&name);
        let rota = Rota {
            label: entry.label,
            timezone: entry.timezone,
            team: entry.team,
            layers: entry.layers,
            overrides: entry
                .overrides
                .unwrap_or_else(|| known.map(|known| known.overrides.clone()).unwrap_or_default()),
            holidays: entry.holidays,
            version: known.map_or(0, |known| known.version),
            name,
        };
        for problem in roster.problems_of(&rota) {
            let path = ["rotas".to_owned(), rota.name.clone()].into_iter().chain(problem.path);
            findings.push(finding(&tree, path.collect(), problem.message));
        }
        rotas.push(rota);
    }
    if rotas.is_empty() {
        findings.push(finding(&tree, vec!["rotas".to_owned()], "the file contains no rota".to_owned()));
    }
    findings.sort_by_key(|finding| (finding.line, finding.column));
    if findings.is_empty() { Ok(rotas) } else { Err(findings) }
}

/// Returns a finding at the deepest part of the path that the file has.
fn finding(tree: &Node, path: Vec<String>, message: String) -> Finding {
    let mut node = tree;
    for part in &path {
        let item = || part.parse::<usize>().ok().and_then(|index| node.items().get(index));
        match node.get(part).or_else(item) {
            Some(child) => node = child,
            None => break,
        }
    }
    Finding { line: node.place.line, column: node.place.column, path: path.join("."), message }
}

/// Writes the rotas in the format that [`read`] reads.
pub fn write(roster: &Roster) -> Result<String, serde_json::Error> {
    let entries = roster.rotas.values().map(|rota| {
        let entry = Entry {
            label: rota.label.clone(),
            timezone: rota.timezone.clone(),
            team: rota.team.clone(),
            layers: rota.layers.clone(),
            overrides: Some(rota.overrides.clone()),
            holidays: rota.holidays.clone(),
        };
        (rota.name.clone(), entry)
    });
    let mut out = String::new();
    yaml(&plain(serde_json::to_value(File { rotas: entries.collect() })?), 0, &mut out);
    Ok(out)
}

/// Removes the null values, except that of `person`, which means nobody.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let full = map.into_iter().filter(|(key, value)| !value.is_null() || key == "person");
            full.map(|(key, value)| (key, plain(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

/// Writes a value as block-style YAML, with lists of scalars on one line.
fn yaml(value: &Value, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                out.push_str(&format!("{pad}{}:", word(key)));
                inside(value, indent + 2, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut block = String::new();
                yaml(item, indent + 2, &mut block);
                out.push_str(&format!("{pad}- {}", block.trim_start()));
            }
        }
        other => out.push_str(&format!("{pad}{}\n", scalar(other))),
    }
}

fn inside(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if map.is_empty() => out.push_str(" {}\n"),
        Value::Array(items) if !items.iter().any(|item| item.is_object() || item.is_array()) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            out.push_str(&format!(" [{}]\n", items.join(", ")));
        }
        Value::Object(_) | Value::Array(_) => {
            out.push('\n');
            yaml(value, indent, out);
        }
        other => out.push_str(&format!(" {}\n", scalar(other))),
    }
}

fn word(text: &str) -> String {
    if is_name(text) && text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

/// Quotes text that YAML could read as another type. YAML accepts JSON's quotes.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains('/') && text.split('/').all(is_name) => text.clone(),
        Value::String(text)
            if !matches!(text.as_str(), "null" | "true" | "false" | "yes" | "no" | "on" | "off") =>
        {
            word(text)
        }
        other => other.to_string(),
    }
}
