//! Strict schemas of a document, and recorded text as the values that the schemas describe.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jsonschema::Validator;
use reqwest::Url;
use serde_json::{Map, Value, json};

use super::departures::Departure::{More, Open, RelativeAddresses};
use super::document::Contract;
use super::document::Vendor::Twilio as T;

impl Contract {
    /// Returns the schema with all references filled in and every object closed. In responses, no field is missing.
    pub(super) fn strict(&self, schema: &Value, name: &str, answer: bool) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default();
            let component = self.document.pointer(reference.trim_start_matches('#')).expect("a component");
            return self.strict(component, name, answer);
        }
        if self.departures.iter().any(|departure| matches!(departure, Open(open) if *open == name)) {
            return json!({});
        }
        let Value::Object(mut strict) = schema.clone() else { return schema.clone() };
        if let Some(items) = strict.get_mut("items") {
            *items = self.strict(items, &format!("{name}[]"), answer);
        }
        if let Some(Value::Object(properties)) = strict.get_mut("properties") {
            for (property, schema) in properties.iter_mut() {
                *schema = self.strict(schema, &format!("{name}.{property}"), answer);
            }
            let mut required: BTreeSet<String> = strings(&schema["required"]);
            if answer {
                let sure = properties
                    .keys()
                    .filter(|property| self.vendor == T || matches!(property.as_str(), "id" | "items"));
                required.extend(sure.cloned());
            }
            for departure in &self.departures {
                if let More(of, field) = departure
                    && *of == name
                {
                    properties.insert((*field).to_owned(), json!({}));
                }
            }
            strict.insert("required".into(), required.into_iter().collect());
            strict.insert("additionalProperties".into(), false.into());
        }
        if answer
            && strict.get("format").is_some_and(|format| format == "uri")
            && self.departs(RelativeAddresses)
        {
            strict.insert("format".into(), "uri-reference".into());
        }
        if strict.remove("nullable") == Some(Value::Bool(true)) {
            return json!({"anyOf": [strict, {"type": "null"}]});
        }
        strict.into()
    }

    /// Validates a value. The key names the schema, so that it is compiled once.
    pub(super) fn validate(
        &self,
        key: &str,
        what: &str,
        schema: &Value,
        value: &Value,
        wrong: &mut Vec<String>,
    ) {
        let validator = {
            let mut all = self.validators.lock().expect("unpoisoned");
            Arc::clone(all.entry(key.to_owned()).or_insert_with(|| Arc::new(validator(schema))))
        };
        let errors = validator
            .iter_errors(value)
            .map(|error| format!("{what}, at {:?}: {error}", error.instance_path().to_string()));
        wrong.extend(errors);
    }
}

/// Returns a validator that also checks the formats that the documents name beyond JSON Schema's own.
fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options()
        .should_validate_formats(true)
        .with_format("date-time-rfc-2822", |text: &str| jiff::fmt::rfc2822::parse(text).is_ok())
        .with_format("currency", |text: &str| {
            text.len() == 3 && text.bytes().all(|letter| letter.is_ascii_uppercase())
        })
        // A sender's name is no number, but may be in the place of one.
        .with_format("phone-number", |text: &str| !text.is_empty())
        .with_format("endpoint", |text: &str| !text.is_empty());
    options.build(schema).expect("a schema")
}

/// Returns the parameters of a path, if the path matches the pattern.
pub(super) fn matches<'a>(pattern: &'a str, path: &str) -> Option<Vec<(&'a str, String)>> {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    let mut found = Vec::new();
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return Some(found),
            (Some(part), Some(given)) => {
                match part.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
                    None if part == given => {}
                    None => return None,
                    Some((before, (name, after))) => {
                        let value = given.strip_prefix(before)?.strip_suffix(after)?;
                        // `/Messages.json` is a list, not a message without a name.
                        if value.is_empty() || after.is_empty() && value.ends_with(".json") {
                            return None;
                        }
                        found.push((name, value.to_owned()));
                    }
                }
            }
            _ => return None,
        }
    }
}

/// Converts text of a form or a query to the type of the schema, if possible.
pub(super) fn coerced(text: &str, schema: &Value) -> Value {
    let schema = if schema["anyOf"].is_null() { schema } else { &schema["anyOf"][0] };
    if schema["type"] == "array" {
        return json!([coerced(text, &schema["items"])]);
    }
    let read = match schema["type"].as_str().unwrap_or_default() {
        "integer" => text.parse::<i64>().ok().map(Value::from),
        "number" => text.parse::<f64>().ok().map(Value::from),
        "boolean" => text.parse::<bool>().ok().map(Value::from),
        _ => None,
    };
    read.unwrap_or_else(|| text.into())
}

pub(super) fn pairs(form: &str) -> Vec<(String, String)> {
    let url = Url::parse(&format!("form:?{form}")).expect("a form");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// Converts a form to the object that the schema describes. A field that occurs twice is a list.
pub(super) fn form(body: &str, schema: &Value) -> Value {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs(body) {
        fields.entry(name).or_default().push(value);
    }
    let object = fields.into_iter().map(|(name, values)| {
        let property = &schema["properties"][&name];
        let list = property["type"] == "array";
        let of = if list { &property["items"] } else { property };
        let mut read: Vec<Value> = values.iter().map(|value| coerced(value, of)).collect();
        let value = if list || read.len() > 1 { read.into() } else { read.pop().unwrap_or_default() };
        (name, value)
    });
    object.collect::<Map<_, _>>().into()
}

/// Returns the parts of an upload from the wire log. A file counts as the list of one file that JSON would have.
pub(super) fn parts(body: &str) -> Option<Value> {
    let mut parts: Map<String, Value> = serde_json::from_str(body.strip_prefix("(multipart) ")?).ok()?;
    if let Some(file) = parts.get_mut("files") {
        *file = json!([file.as_str().filter(|file| file.ends_with(" bytes)"))?]);
    }
    Some(parts.into())
}

fn strings(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
