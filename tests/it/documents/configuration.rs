//! docs/configuration.md, generated from the JSON Schema that `handbell schema` prints.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::SignedDuration;
use serde_json::Value;

/// The sections, in the order in which people write them.
const ORDER: [&str; 11] = [
    "timezone", "webex", "twilio", "admins", "plans", "buttons", "sources", "mail", "sites", "zones", "lines",
];

const INTRODUCTION: &str = "\
# Configuration reference

<!-- Generated from the JSON Schema, as a test checks. Change the doc comments in the code, then run
     HANDBELL_UPDATE_DOCS=1 cargo test --workspace --test it documents:: -->

Everything that `handbell.yaml` can hold. The guides for [buttons](buttons.md), [on-call](duty.md),
[floors](floor.md) and [customers](customers.md) say what to use when; the
[example](../examples/green-power/handbell.yaml) has a bit of everything, with comments.

`handbell check FILE` finds every mistake and names its line and column. `handbell schema` prints
the JSON Schema from which this page is made: with it, an editor completes and explains the keys.

**Bold** keys are required. `NAME` is a name of your choice, and `[]` stands for each entry of a
list. Phone numbers are written with `+` and the country code, in quotes. Lengths of time are
written `30s`, `5m`, `6h` or `1h 30m`. Files are named relative to `handbell.yaml`.
";

/// Returns the whole page.
pub(super) fn reference(schema: &Value) -> String {
    let mut page = Page { schema, out: INTRODUCTION.to_owned(), shown: Vec::new() };
    let known: BTreeSet<&str> =
        schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(known, BTreeSet::from(ORDER), "the sections of the configuration");
    page.out.push_str("\n## The whole file\n\n");
    let sections = page.table("", schema);
    for (path, node) in sections {
        page.section(&path, node);
    }
    page.out
}

struct Page<'a> {
    schema: &'a Value,
    out: String,
    /// Definitions that have a section, by name, each with the section's path.
    shown: Vec<(String, String)>,
}

impl<'a> Page<'a> {
    /// Adds a section for the mapping at this path, and then for the mappings inside of it.
    fn section(&mut self, path: &str, node: &'a Value) {
        let level = if path.matches(['.', '[']).count() > 1 { "###" } else { "##" };
        let about = sentence(node);
        let _ = write!(self.out, "\n{level} `{path}`\n\n{}\n\n", wrapped(&about));
        for (path, node) in self.table(path, node) {
            self.section(&path, node);
        }
    }

    /// Adds the keys of a mapping as a table. Returns the mappings among their values, which get sections.
    fn table(&mut self, path: &str, node: &'a Value) -> Vec<(String, &'a Value)> {
        let required: Vec<&str> =
            node["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = node["properties"].as_object().unwrap();
        let mut keys: Vec<&str> = properties.keys().map(String::as_str).collect();
        keys.sort_by_key(|key| {
            let place = if path.is_empty() { ORDER.iter().position(|known| known == key) } else { None };
            // The steps come first, since other keys with steps refer to them.
            (place, !required.contains(key), *key != "steps")
        });
        self.out.push_str("| key | value | default | |\n|---|---|---|---|\n");
        let mut inside = Vec::new();
        for key in keys {
            let value = &properties[key];
            let at = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            let mut about = sentence(value);
            let kind = self.kind(&at, value, &mut inside, &mut about);
            let shown = if required.contains(&key) { format!("**`{key}`**") } else { format!("`{key}`") };
            let default = default(&value["default"]);
            let _ = writeln!(self.out, "| {shown} | {kind} | {default} | {} |", about.replace('|', "\\|"));
        }
        inside
    }

    /// Describes the type of a value. Mappings are collected; choices are explained in `about`.
    fn kind(
        &mut self,
        path: &str,
        node: &'a Value,
        inside: &mut Vec<(String, &'a Value)>,
        about: &mut String,
    ) -> String {
        let (name, node) = self.resolve(node);
        if let Some(branches) = node["anyOf"].as_array() {
            let branches = branches.iter().filter(|branch| branch["type"] != "null");
            let kinds: Vec<String> = branches.map(|branch| self.kind(path, branch, inside, about)).collect();
            return kinds.join(" or ");
        }
        if let Some(choices) = node["oneOf"].as_array() {
            let word = |choice: &Value| format!("`{}`", choice["const"].as_str().unwrap());
            if choices.len() > 1 {
                for choice in choices {
                    let _ = write!(about, "<br>{}: {}", word(choice), sentence(choice));
                }
            }
            return choices.iter().map(word).collect::<Vec<_>>().join(", ");
        }
        match scalar(node) {
            "array" => {
                let of = self.kind(&format!("{path}[]"), &node["items"], inside, about);
                format!("list of {of}")
            }
            "object" if node["properties"].is_object() => match inline(node) {
                Some(inline) => inline,
                None => {
                    let known = self.shown.iter().find(|(known, _)| name == Some(known));
                    if let Some((_, path)) = known {
                        return format!("[mapping](#{})", anchor(path));
                    }
                    self.shown.extend(name.map(|name| (name.to_owned(), path.to_owned())));
                    inside.push((path.to_owned(), node));
                    format!("[mapping](#{})", anchor(path))
                }
            },
            "object" => {
                let values = &node["additionalProperties"];
                let of = self.kind(&format!("{path}.NAME"), values, inside, about);
                format!("`NAME:` {of}")
            }
            "string" if name == Some("Span") => "length of time".to_owned(),
            "string" => "text".to_owned(),
            "integer" => "number".to_owned(),
            "boolean" => "`true` or `false`".to_owned(),
            other => panic!("{path}: the schema says {other:?}, which this page has no words for"),
        }
    }

    /// Returns the definition that a reference names, with its name.
    fn resolve(&self, node: &'a Value) -> (Option<&'a str>, &'a Value) {
        match node["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
            Some(name) => (Some(name), &self.schema["$defs"][name]),
            None => (None, node),
        }
    }
}

/// Formats a mapping of one or two keys that are all required: `{ secret: … }`.
fn inline(node: &Value) -> Option<String> {
    let properties = node["properties"].as_object()?;
    let required = node["required"].as_array().map_or(0, Vec::len);
    let short = properties.len() == required && required == 1 || properties.contains_key("clear");
    let keys: Vec<String> = properties.keys().map(|key| format!("{key}: …")).collect();
    short.then(|| format!("`{{ {} }}`", keys.join(", ")))
}

/// Returns the type, also of an optional value.
fn scalar(node: &Value) -> &str {
    let all = node["type"].as_array().into_iter().flatten().chain([&node["type"]]);
    all.filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default()
}

fn default(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Array(items) if items.is_empty() => String::new(),
        Value::Object(keys) if keys.is_empty() => String::new(),
        // Durations are ISO 8601 in the schema: PT6H.
        Value::String(text) if text.starts_with("PT") => {
            format!("`{:#}`", text.parse::<SignedDuration>().unwrap())
        }
        Value::String(text) => format!("`{text}`"),
        Value::Array(items) => {
            format!("`[{}]`", items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
        }
        // Each key has its default in its own table.
        Value::Object(_) => String::new(),
        other => format!("`{other}`"),
    }
}

/// Returns a description in one line.
fn sentence(node: &Value) -> String {
    node["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        if lines.last().is_some_and(|line| line.chars().count() + word.chars().count() > 98) {
            lines.push(String::new());
        }
        let line = lines.last_mut().unwrap();
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.join("\n")
}

/// Returns the anchor that GitHub makes from a heading.
fn anchor(path: &str) -> String {
    path.to_lowercase().chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}
