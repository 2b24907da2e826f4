//! Reads rotas from YAML with the place of every mistake, and writes YAML that can be read again.

use std::collections::BTreeMap;

use handbell_core::config::AtClosing;
use handbell_core::oncall::{Layer, Override, Roster, Rota, is_name};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::check::{self, Finding, Node};
use crate::moment::MomentParts;

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
    overrides: Option<Vec<Exception>>,
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "handbell_core::config::civil::dates"
    )]
    holidays: Vec<Date>,
}

/// An override as people write it. Times are in the rota's time zone unless they say another.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    from: String,
    until: String,
    /// The inner value is none for nobody. It must be written: a mistyped key would put nobody on call.
    #[serde(default, deserialize_with = "written")]
    person: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instead_of: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    swap: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

/// Tells a value that is null from one that is absent.
fn written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

impl Exception {
    /// Returns the override, or the key that is wrong and why.
    fn read(&self, zone: &TimeZone) -> Result<Override, (&'static str, String)> {
        let at = |key: &'static str, text: &str| {
            // A file has no today.
            let parts = MomentParts::read(text).filter(|parts| parts.date.is_some());
            let at = parts.and_then(|parts| parts.moment(zone, Timestamp::UNIX_EPOCH));
            at.ok_or_else(|| {
                let advice = "write 2026-12-25 08:00, or 2026-12-25T08:00:00Z";
                (key, format!("{text:?} is not a time; {advice}"))
            })
        };
        let Some(person) = self.person.clone() else {
            return Err((
                "person",
                "who is on call? write person: ID, or person: null for nobody".to_owned(),
            ));
        };
        Ok(Override {
            from: at("from", &self.from)?,
            until: at("until", &self.until)?,
            person,
            instead_of: self.instead_of.clone(),
            swap: self.swap,
            made_at: self.made_at.as_deref().map(|text| at("made_at", text)).transpose()?,
            by: self.by.clone(),
        })
    }
}

impl From<&Override> for Exception {
    fn from(one: &Override) -> Self {
        Self {
            from: one.from.to_string(),
            until: one.until.to_string(),
            person: Some(one.person.clone()),
            instead_of: one.instead_of.clone(),
            swap: one.swap,
            made_at: one.made_at.map(|at| at.to_string()),
            by: one.by.clone(),
        }
    }
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
        let zone = TimeZone::get(&entry.timezone).unwrap_or(TimeZone::UTC);
        let at = |parts: &[&str]| -> Vec<String> {
            ["rotas", name.as_str()].iter().chain(parts).map(|part| (*part).to_owned()).collect()
        };
        let mut overrides = Vec::new();
        for (index, one) in entry.overrides.iter().flatten().enumerate() {
            match one.read(&zone) {
                Ok(one) => overrides.push(one),
                Err((key, what)) => {
                    findings.push(finding(&tree, at(&["overrides", &index.to_string(), key]), what));
                }
            }
        }
        if entry.overrides.is_none() {
            overrides = known.map(|known| known.overrides.clone()).unwrap_or_default();
        }
        let at_closing =
            |layer: &Layer| layer.hours.as_ref().is_some_and(|hours| hours.at_closing == AtClosing::GoOn);
        for (index, _) in entry.layers.iter().enumerate().filter(|(_, layer)| at_closing(layer)) {
            let path = at(&["layers", &index.to_string(), "hours", "at_closing"]);
            findings.push(finding(&tree, path, "at_closing means nothing in a rota; remove it".to_owned()));
        }
        let rota = Rota {
            label: entry.label,
            timezone: entry.timezone,
            team: entry.team,
            layers: entry.layers,
            overrides,
            holidays: entry.holidays,
            version: known.map_or(0, |known| known.version),
            name: name.clone(),
        };
        // Overrides that the table has already may name people who have left.
        let is_known = |path: &[String]| {
            let index =
                path.get(1).filter(|_| path[0] == "overrides").and_then(|index| index.parse::<usize>().ok());
            let one = index.and_then(|index| rota.overrides.get(index));
            one.is_some_and(|one| known.is_some_and(|known| known.overrides.contains(one)))
        };
        for problem in roster.problems_of(&rota).into_iter().filter(|problem| !is_known(&problem.path)) {
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
            overrides: Some(rota.overrides.iter().map(Exception::from).collect()),
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
