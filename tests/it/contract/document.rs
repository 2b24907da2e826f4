//! A vendor's OpenAPI document, read strictly, and the checks of an exchange against it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use handbell_sim::wire::WireEntry;
use jiff::civil::Date;
use jsonschema::Validator;
use reqwest::Url;
use serde_json::{Value, json};

use super::departures::DEPARTURES;
use super::departures::Departure::{self, Dates, File, Query, Refusals, Status};
use super::schema::{coerced, form, matches, parts};

/// The vendors that have a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vendor {
    Webex,
    Twilio,
}
use Vendor::{Twilio as T, Webex as W};

/// A vendor's document, read strictly.
pub(super) struct Contract {
    pub(super) vendor: Vendor,
    pub(super) document: Value,
    pub(super) departures: Vec<Departure>,
    pub(super) validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// One operation of a document.
pub(super) struct Operation<'a> {
    /// `GET /rooms/{roomId}`.
    pub(super) name: String,
    parameters: &'a [Value],
    in_path: Vec<(&'a str, String)>,
    item: &'a Value,
}

impl Contract {
    pub(super) fn new(vendor: Vendor, without: Option<Departure>) -> Self {
        let text = match vendor {
            W => include_str!("../../contract/webex.json"),
            T => include_str!("../../contract/twilio.json"),
        };
        let departures =
            DEPARTURES.iter().filter(|(of, departure, _)| *of == vendor && Some(*departure) != without);
        Self {
            vendor,
            document: serde_json::from_str(text).expect("a document"),
            departures: departures.map(|(_, departure, _)| *departure).collect(),
            validators: Mutex::default(),
        }
    }

    pub(super) fn departs(&self, departure: Departure) -> bool {
        self.departures.contains(&departure)
    }

    /// Returns the beginning of the vendor's paths.
    fn base(&self) -> &'static str {
        match self.vendor {
            W => "/sim/webex/v1",
            T => "/sim/twilio",
        }
    }

    /// Returns what is wrong with an exchange; nothing if all is well.
    pub(super) fn check(&self, entry: &WireEntry) -> Vec<String> {
        let mut wrong = Vec::new();
        match self.operation(entry) {
            Err(_) if self.file(entry).is_some() => self.check_file(entry, &mut wrong),
            Err(why) => wrong.push(why),
            Ok((operation, url)) => {
                self.check_parameters(&operation, &url, &mut wrong);
                self.check_request(&operation, entry, &mut wrong);
                self.check_answer(&operation, entry, &mut wrong);
            }
        }
        let of = |why: String| format!("{} {} → {}: {why}", entry.method, entry.url, entry.status);
        wrong.into_iter().map(of).collect()
    }

    pub(super) fn operation(&self, entry: &WireEntry) -> Result<(Operation<'_>, Url), String> {
        let url = Url::parse(&entry.url).map_err(|_| "no URL".to_owned())?;
        let path = url.path().strip_prefix(self.base()).ok_or("unknown path")?;
        let paths = self.document["paths"].as_object().expect("paths");
        let found = paths.iter().filter_map(|(pattern, item)| Some((pattern, item, matches(pattern, path)?)));
        // A literal path takes precedence over a parameter: `/people/me`.
        let found = found.min_by_key(|(_, _, in_path)| in_path.len());
        let (pattern, item, in_path) = found.ok_or("unknown path")?;
        let item = item.get(entry.method.to_lowercase()).ok_or("unknown method")?;
        let parameters = item["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        Ok((Operation { name: format!("{} {pattern}", entry.method), parameters, in_path, item }, url))
    }

    fn check_parameters(&self, operation: &Operation, url: &Url, wrong: &mut Vec<String>) {
        let known = |place: &str, name: &str| {
            operation
                .parameters
                .iter()
                .find(|parameter| parameter["in"] == place && parameter["name"] == name)
        };
        let mut given: BTreeSet<String> = BTreeSet::new();
        let in_query =
            url.query_pairs().map(|(name, value)| ("query", name.into_owned(), value.into_owned()));
        let in_path =
            operation.in_path.iter().map(|(name, value)| ("path", (*name).to_owned(), value.clone()));
        for (place, name, value) in in_path.chain(in_query) {
            let Some(parameter) = known(place, &name) else {
                if !self
                    .departures
                    .iter()
                    .any(|departure| matches!(departure, Query(other) if *other == name))
                {
                    wrong.push(format!("unknown parameter {name:?}"));
                }
                continue;
            };
            given.insert(name.clone());
            let schema = self.strict(&parameter["schema"], &name, false);
            // `jiff` would also accept a point in time as a date.
            let date = schema["format"] == "date-time" && value.len() == 10 && value.parse::<Date>().is_ok();
            if date && self.departs(Dates) {
                continue;
            }
            let key = format!("{} {place} {name}", operation.name);
            self.validate(&key, &format!("parameter {name}"), &schema, &coerced(&value, &schema), wrong);
        }
        let needed = operation.parameters.iter().filter(|parameter| parameter["required"] == true);
        for name in
            needed.filter_map(|parameter| parameter["name"].as_str()).filter(|name| !given.contains(*name))
        {
            wrong.push(format!("parameter {name:?} is missing"));
        }
    }

    fn check_request(&self, operation: &Operation, entry: &WireEntry, wrong: &mut Vec<String>) {
        let content = &operation.item["requestBody"]["content"];
        let kind = entry
            .headers
            .iter()
            .find(|(name, _)| name == "content-type")
            .map_or("", |(_, kind)| kind.as_str());
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if content.is_null() {
            if !entry.body.is_empty() {
                wrong.push("a body that nobody asked for".into());
            }
            return;
        }
        // Webex's document describes only JSON; its guide requires the same fields in a form if a file is among them.
        let upload =
            self.vendor == W && essence == "multipart/form-data" && operation.name == "POST /messages";
        let schema = &content[if upload { "application/json" } else { essence }]["schema"];
        if schema.is_null() {
            wrong.push(format!("a body of type {kind:?}"));
            return;
        }
        let schema = self.strict(schema, &operation.name, false);
        let body = match essence {
            "application/json" => serde_json::from_str(&entry.body).ok(),
            "application/x-www-form-urlencoded" => Some(form(&entry.body, &schema)),
            _ => parts(&entry.body),
        };
        match body {
            None => wrong.push(format!("the request's body can't be read: {:.200}", entry.body)),
            Some(body) => {
                self.validate(&format!("{} asks", operation.name), "the request", &schema, &body, wrong)
            }
        }
    }

    /// Returns the path of a file, as a departure has it, and the status that belongs to it.
    fn file(&self, entry: &WireEntry) -> Option<(&'static str, u16)> {
        let url = Url::parse(&entry.url).ok()?;
        let path = url.path().strip_prefix(self.base())?;
        self.departures.iter().find_map(|departure| match departure {
            File(name, status) => {
                let (method, pattern) = name.split_once(' ')?;
                (method == entry.method && matches(pattern, path).is_some()).then_some((*name, *status))
            }
            _ => None,
        })
    }

    /// Checks the download of a file: the request has nothing but its address, and the response has bytes, or the way to them, or
    /// an error.
    fn check_file(&self, entry: &WireEntry, wrong: &mut Vec<String>) {
        let Some((name, status)) = self.file(entry) else { return };
        let query = Url::parse(&entry.url).ok().and_then(|url| url.query().map(str::to_owned));
        // The only parameter there is (Webex, basics guide, "Message Attachments").
        let known = |query: &str| self.vendor == W && query == "allow=unscannable";
        if query.is_some_and(|query| !known(&query)) {
            wrong.push("unknown parameter of a file".into());
        }
        if !entry.body.is_empty() {
            wrong.push("a body that nobody asked for".into());
        }
        if (400..500).contains(&entry.status) {
            match serde_json::from_str(&entry.answer) {
                Err(_) => wrong.push(format!("the answer can't be read: {:.200}", entry.answer)),
                Ok(answer) => {
                    let key = format!("{name} refuses {}", entry.status);
                    self.validate(&key, "the answer", &self.refusal(entry.status), &answer, wrong);
                }
            }
            return;
        }
        if entry.status != status {
            wrong.push(format!("the status {} is not listed", entry.status));
        }
        // Of bytes, the wire log has only the number. A redirected client finds nothing yet.
        let bytes = entry.answer.starts_with('(') && entry.answer.ends_with(" bytes)");
        let right = if status == 200 { bytes } else { entry.answer.is_empty() };
        if !right {
            wrong.push(format!("no file, nor the way to one: {:.200}", entry.answer));
        }
    }

    /// Returns the schema of an error. Neither document has it; Webex's guide ("basics") and Twilio's ("errors") do.
    fn refusal(&self, status: u16) -> Value {
        match self.vendor {
            W => json!({
                "type": "object", "additionalProperties": false, "required": ["message", "errors", "trackingId"],
                "properties": {
                    "message": {"type": "string"}, "trackingId": {"type": "string"},
                    "errors": {"type": "array", "items": {
                        "type": "object", "required": ["description"], "additionalProperties": false,
                        "properties": {"description": {"type": "string"}},
                    }},
                },
            }),
            T => json!({
                "type": "object", "additionalProperties": false, "required": ["code", "message", "more_info", "status"],
                "properties": {
                    "code": {"type": "integer", "minimum": 20001}, "message": {"type": "string"},
                    "more_info": {"type": "string", "format": "uri"}, "status": {"const": status},
                },
            }),
        }
    }

    fn check_answer(&self, operation: &Operation, entry: &WireEntry, wrong: &mut Vec<String>) {
        let documented = self.departures.iter().find_map(|departure| match departure {
            Status(name, status, like) if *name == operation.name && *status == entry.status => Some(*like),
            _ => None,
        });
        let status = documented.unwrap_or(entry.status);
        let refused = (400..500).contains(&status);
        let listed = &operation.item["responses"][status.to_string()];
        if listed.is_null() && !(refused && self.departs(Refusals)) {
            wrong.push(format!("the status {status} is not listed"));
            return;
        }
        let schema = if refused {
            self.refusal(status)
        } else {
            self.strict(&listed["content"]["application/json"]["schema"], &operation.name, true)
        };
        if schema.is_null() {
            if !entry.answer.is_empty() {
                wrong.push("an answer where none belongs".into());
            }
            return;
        }
        match serde_json::from_str(&entry.answer) {
            Err(_) => wrong.push(format!("the answer can't be read: {:.200}", entry.answer)),
            Ok(answer) => self.validate(
                &format!("{} answers {status}", operation.name),
                "the answer",
                &schema,
                &answer,
                wrong,
            ),
        }
    }
}
