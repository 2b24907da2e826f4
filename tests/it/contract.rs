//! Every request to the vendors and every answer of the stand-ins, held against the vendors' own OpenAPI documents.
//!
//! The documents allow more than they mean: they close no object and require next to nothing, so that a misspelt field
//! would pass. Here every object is closed, an answer of Twilio's has all fields (Twilio sends null for what has no
//! value), and one of Webex's has its id. What the vendors do otherwise than their documents say stands in
//! [`DEPARTURES`], by name and with the reason, and a departure that nothing needs any more fails too.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use handbell::gate::Gate;
use handbell::runner::{Runner, RunnerOptions, TWILIO_TOKEN, WEBEX_TOKEN, Workers, start};
use handbell::wire::WireEntry;
use handbell_outbound::twilio::{Call, Sms, Twilio};
use handbell_outbound::webex::{File, NewWebhook, Post, Webex};
use jiff::SignedDuration;
use jsonschema::Validator;
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::error::RecvError;

/// Which vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vendor {
    Webex,
    Twilio,
}
use Vendor::{Twilio as T, Webex as W};

/// What a vendor does otherwise than its document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Departure {
    /// This schema is left out.
    Open(&'static str),
    /// This schema has one more field.
    More(&'static str, &'static str),
    /// This operation answers so too, with the schema of the status after it.
    Status(&'static str, u16, u16),
    /// Lists take this parameter too.
    Query(&'static str),
    /// Refusals are answered with a status that the document doesn't list.
    Refusals,
    /// Addresses in answers are relative.
    RelativeAddresses,
}
use Departure::{More, Open, Query, Refusals, RelativeAddresses, Status};

const DEPARTURES: &[(Vendor, Departure, &str)] = &[
    (
        W,
        Open("File"),
        "the content of a card is an Adaptive Card; the document describes another product's file",
    ),
    (W, More("Attachment", "contentType"), "the guide to cards requires it, the document forgot it"),
    (W, Open("SubmitCardAction.inputs"), "a card names its inputs itself; the document lists an example's"),
    (W, Open("AttachmentActivity.inputs"), "a card names its inputs itself; the document lists an example's"),
    (W, Status("POST /attachment/actions", 200, 202), "the reference and Webex's own clients say 200"),
    (W, Query("cursor"), "of the stand-in's own Link header; where a list goes on is opaque to us"),
    (W, More("Message", "html"), "left out by mistake: the same message in a list has it"),
    (W, More("DirectMessage", "html"), "left out by mistake: the same message in any other list has it"),
    (W, More("Message", "parentId"), "left out by mistake: the same message in a list has it"),
    (W, More("Webhook", "createdBy"), "the guide to webhooks shows it as part of every webhook"),
    (W, More("Webhook", "orgId"), "the guide to webhooks shows it as part of every webhook"),
    (T, Refusals, "the document lists only what succeeds"),
    (T, RelativeAddresses, "the document calls the pages' addresses whole ones; Twilio gives paths"),
];

/// A vendor's document, read strictly.
struct Contract {
    vendor: Vendor,
    document: Value,
    departures: Vec<Departure>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// One operation of a document.
struct Operation<'a> {
    /// `GET /rooms/{roomId}`.
    name: String,
    parameters: &'a [Value],
    in_path: Vec<(&'a str, String)>,
    item: &'a Value,
}

impl Contract {
    fn new(vendor: Vendor, without: Option<Departure>) -> Self {
        let text = match vendor {
            W => include_str!("../contract/webex.json"),
            T => include_str!("../contract/twilio.json"),
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

    fn departs(&self, departure: Departure) -> bool {
        self.departures.contains(&departure)
    }

    /// Where the vendor's paths begin.
    fn base(&self) -> &'static str {
        match self.vendor {
            W => "/sim/webex/v1",
            T => "/sim/twilio",
        }
    }

    /// What is wrong with an exchange; nothing if all is well.
    fn check(&self, entry: &WireEntry) -> Vec<String> {
        let mut wrong = Vec::new();
        match self.operation(entry) {
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

    fn operation(&self, entry: &WireEntry) -> Result<(Operation<'_>, Url), String> {
        let url = Url::parse(&entry.url).map_err(|_| "no URL".to_owned())?;
        let path = url.path().strip_prefix(self.base()).ok_or("unknown path")?;
        let paths = self.document["paths"].as_object().expect("paths");
        let found = paths.iter().filter_map(|(pattern, item)| Some((pattern, item, matches(pattern, path)?)));
        // What stands there literally goes before a parameter: `/people/me`.
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
            let schema = self.strict(&parameter["schema"], &name, false);
            let key = format!("{} {place} {name}", operation.name);
            self.validate(&key, &format!("parameter {name}"), &schema, &coerced(&value, &schema), wrong);
            given.insert(name);
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
        // Webex's document speaks of JSON only; its guide wants the same fields in a form if a file is among them.
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
        // Neither document says what a refusal looks like; Webex's guide ("basics") and Twilio's ("errors") do.
        let schema = if refused {
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

    /// A webhook of Webex's: its envelope is the webhook itself and who did what, its data the thing without its words.
    fn check_webhook(&self, entry: &WireEntry) -> Vec<String> {
        let mut wrong = Vec::new();
        let Ok(Value::Object(mut envelope)) = serde_json::from_str(&entry.body) else {
            return vec!["no JSON".into()];
        };
        let data = envelope.remove("data").unwrap_or_default();
        for field in ["actorId", "orgId", "createdBy", "appId"] {
            // From the guide to webhooks; the document describes only what the API answers.
            if !envelope.remove(field).is_some_and(|value| value.is_string()) {
                wrong.push(format!("no {field}"));
            }
        }
        let of = match envelope.get("resource").and_then(Value::as_str).unwrap_or_default() {
            "messages" => "ListMessage",
            "memberships" => "Membership",
            "rooms" => "Room",
            "attachmentActions" => "AttachmentActivity",
            other => return vec![format!("a webhook about {other:?}")],
        };
        let schemas = &self.document["components"]["schemas"];
        for (name, value) in [("Webhook", Value::Object(envelope)), (of, data)] {
            let schema = self.strict(&schemas[name], name, true);
            self.validate(&format!("webhook {name}"), "the webhook", &schema, &value, &mut wrong);
        }
        wrong
    }

    /// What Twilio tells us: no document says which fields it has, but those that the API has too look as they do there.
    fn check_callback(&self, entry: &WireEntry) -> Vec<String> {
        let mut wrong = Vec::new();
        let (message, call) = ("api.v2010.account.message", "api.v2010.account.call");
        let known: HashMap<&str, (&str, &str)> = [
            ("AccountSid", (message, "account_sid")),
            ("ApiVersion", (message, "api_version")),
            ("MessageSid", (message, "sid")),
            ("SmsSid", (message, "sid")),
            ("MessageStatus", (message, "status")),
            ("SmsStatus", (message, "status")),
            ("ErrorCode", (message, "error_code")),
            ("CallSid", (call, "sid")),
            ("CallStatus", (call, "status")),
            ("Direction", (call, "direction")),
        ]
        .into();
        let mut seen = 0;
        for (name, value) in pairs(&entry.body) {
            // The first thing that is told of a call is a status which the API never shows.
            if (name.as_str(), value.as_str()) == ("CallStatus", "initiated") {
                continue;
            }
            let Some((of, property)) = known.get(name.as_str()) else { continue };
            let schema = self.strict(
                &self.document["components"]["schemas"][of]["properties"][property],
                property,
                true,
            );
            self.validate(&format!("callback {name}"), &name, &schema, &coerced(&value, &schema), &mut wrong);
            seen += 1;
        }
        if seen < 4 {
            wrong.push(format!("hardly anything is told: {}", entry.body));
        }
        wrong
    }

    /// The schema with all references filled in, every object closed, and in answers nothing missing.
    fn strict(&self, schema: &Value, name: &str, answer: bool) -> Value {
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

    /// Validates; the key names the schema, so that it is compiled once.
    fn validate(&self, key: &str, what: &str, schema: &Value, value: &Value, wrong: &mut Vec<String>) {
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

/// The formats that the documents name beyond JSON Schema's own are checked too.
fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options()
        .should_validate_formats(true)
        .with_format("date-time-rfc-2822", |text: &str| jiff::fmt::rfc2822::parse(text).is_ok())
        .with_format("currency", |text: &str| {
            text.len() == 3 && text.bytes().all(|letter| letter.is_ascii_uppercase())
        })
        // A sender's name is no number, but it stands where one does.
        .with_format("phone-number", |text: &str| !text.is_empty())
        .with_format("endpoint", |text: &str| !text.is_empty());
    options.build(schema).expect("a schema")
}

/// The parameters of a path, if it is made after the pattern.
fn matches<'a>(pattern: &'a str, path: &str) -> Option<Vec<(&'a str, String)>> {
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
                        // `/Messages.json` is a list, not a message that is called nothing.
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

/// What stands in a form or a query as text, as what the schema wants, if it can be that.
fn coerced(text: &str, schema: &Value) -> Value {
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

fn pairs(form: &str) -> Vec<(String, String)> {
    let url = Url::parse(&format!("form:?{form}")).expect("a form");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// A form as the object that the schema describes; a field that comes twice is a list.
fn form(body: &str, schema: &Value) -> Value {
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

/// The parts of an upload as the wire log tells them. A file counts as the list of one file that JSON would have.
fn parts(body: &str) -> Option<Value> {
    let mut parts: Map<String, Value> = serde_json::from_str(body.strip_prefix("(multipart) ")?).ok()?;
    if let Some(file) = parts.get_mut("files") {
        *file = json!([file.as_str().filter(|file| file.ends_with(" bytes)"))?]);
    }
    Some(parts.into())
}

fn strings(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Everything on the wire that the documents speak of, and what is wrong with it.
fn problems(entries: &[WireEntry], without: Option<Departure>) -> Vec<String> {
    let (webex, twilio) = (Contract::new(W, without), Contract::new(T, without));
    let mut wrong = Vec::new();
    for entry in entries {
        wrong.extend(match (entry.from.as_str(), entry.to.as_str()) {
            // A person's hand on a phone is nothing that Twilio knows.
            ("phone", "twilio") => Vec::new(),
            (_, "webex") => webex.check(entry),
            (_, "twilio") => twilio.check(entry),
            ("webex", _) => webex.check_webhook(entry),
            ("twilio", _) => twilio.check_callback(entry),
            _ => Vec::new(),
        });
    }
    wrong
}

/// A system of its own, and all that goes over its wires.
struct Stage {
    runner: Runner,
    /// Queue and schedule run by themselves.
    automatic: bool,
    http: reqwest::Client,
    wire: Arc<Mutex<Vec<WireEntry>>>,
    _files: tempfile::TempDir,
}

impl Stage {
    async fn new(automatic: bool, change: impl Fn(String) -> String) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/green-power");
        let config = std::fs::read_to_string(example.join("handbell.yaml")).expect("the example");
        std::fs::write(files.path().join("handbell.yaml"), change(config)).expect("written");
        std::fs::create_dir(files.path().join("files")).expect("a folder");
        for file in std::fs::read_dir(example.join("files")).expect("its files").flatten() {
            std::fs::copy(file.path(), files.path().join("files").join(file.file_name())).expect("copied");
        }
        let options = RunnerOptions {
            port: 0,
            config: files.path().join("handbell.yaml"),
            data: None,
            bot: false,
            workers: Workers::InProcess(Gate::default()),
            pace: Duration::ZERO,
            automatic,
            overrides: Vec::new(),
            show_logs: false,
        };
        let runner = start(options).await.expect("started");
        let wire: Arc<Mutex<Vec<WireEntry>>> = Arc::default();
        let (mut heard, keep) = (runner.stage.wire.listen(), Arc::clone(&wire));
        tokio::spawn(async move {
            loop {
                match heard.recv().await {
                    Ok(entry) => keep.lock().expect("unpoisoned").push(entry),
                    Err(RecvError::Lagged(_)) => panic!("some of the wire was missed"),
                    Err(RecvError::Closed) => return,
                }
            }
        });
        Self { runner, automatic, http: handbell_boot::client().expect("a client"), wire, _files: files }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.runner.address)
    }

    /// Waits until nothing happens any more.
    async fn settle(&self) {
        let mut seen = (usize::MAX, 0);
        for _ in 0..600 {
            let count = self.wire.lock().expect("unpoisoned").len();
            let quiet = (!self.automatic || self.runner.cloud.is_quiet()) && count == seen.0;
            seen = (count, if quiet { seen.1 + 1 } else { 0 });
            if seen.1 >= 10 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it never comes to rest");
    }

    async fn entries(&self) -> Vec<WireEntry> {
        self.settle().await;
        self.wire.lock().expect("unpoisoned").clone()
    }

    /// A plain request; what was answered must be a yes.
    async fn yes(&self, request: reqwest::RequestBuilder) -> Value {
        let answer = request.timeout(Duration::from_secs(20)).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn hand(&self, number: &str, act: &str, body: Value) {
        let path = format!("/sim/phones/{}/{act}", number.replace('+', "%2B"));
        self.yes(self.http.post(self.url(&path)).json(&body)).await;
    }

    /// As somebody else, or as a client of ours that does what Handbell doesn't.
    async fn webex(&self, token: &str, method: &str, path: &str, body: Value) -> Value {
        let request =
            self.http.request(method.parse().expect("a method"), self.url(&format!("/sim/webex/v1{path}")));
        let request = if body.is_null() { request } else { request.json(&body) };
        self.yes(request.bearer_auth(token)).await
    }

    async fn twilio(&self, method: Method, path: &str, form: &[(&str, &str)]) -> Value {
        let account = &self.runner.stage.account.twilio_account;
        let request =
            self.http.request(method, self.url(&format!("/sim/twilio/2010-04-01/Accounts/{account}/{path}")));
        let request = if form.is_empty() { request } else { request.form(form) };
        self.yes(request.basic_auth(account, Some(TWILIO_TOKEN))).await
    }
}

/// Handbell at work: three presses, somebody whom Webex doesn't know, a number that Twilio refuses, a call that is
/// answered and taken.
async fn an_alert() -> Vec<WireEntry> {
    let stage = Stage::new(true, |config| {
        let people = config.replacen("[bob@example.com]", "[bob@example.com, nobody@elsewhere.test]", 1);
        let numbers =
            people.replacen(r#"["+12025550111", "+12025550112"]"#, r#"["+12025550111", "+15005550009"]"#, 1);
        assert!(config != people && people != numbers, "the example has changed");
        numbers
    })
    .await;
    // Every five minutes the webhook is looked after; without it Webex tells nothing.
    let now = stage.runner.stage.clock.now().as_second();
    stage.runner.cloud.advance(SignedDuration::from_secs(301 - now.rem_euclid(300))).expect("time moves");
    stage.settle().await;
    for press in ["one", "two", "three"] {
        let button = stage.url(&stage.runner.buttons[0].path);
        stage.yes(stage.http.post(button).header("Idempotency-Key", press)).await;
        stage.settle().await;
    }
    stage.hand("+12025550111", "answer", Value::Null).await;
    stage.hand("+12025550111", "keys", json!({"digits": "1"})).await;
    stage.entries().await
}

/// Every method of the Webex client.
async fn all_of_webex(stage: &Stage) {
    let webex = Webex::new(stage.http.clone(), stage.url("/sim/webex/v1"), WEBEX_TOKEN.into());
    let me = webex.me().await.expect("me");
    let team =
        stage.webex(WEBEX_TOKEN, "POST", "/teams", json!({"name": "Ops", "description": "Who helps"})).await;
    let team = team["id"].as_str().expect("an id");
    webex.create_room("In a team", Some(team)).await.expect("a space");
    let room = webex.create_room("Contract", None).await.expect("a space").id;
    webex.room(&room).await.expect("the space");
    webex.room("nothing").await.expect_err("no space");
    assert_eq!(webex.rooms_with_title("Contract").await.expect("spaces").len(), 1);

    webex.add_member(&room, "alice@example.com", false).await.expect("added");
    webex.add_member(&room, "alice@example.com", false).await.expect("there already");
    webex.add_member(&room, "alice@example.com", true).await.expect("a moderator now");
    webex.add_member(&room, "nobody@elsewhere.test", false).await.expect_err("unknown");
    assert_eq!(webex.members(&room).await.expect("people").len(), 2);

    // Anything but a webhook of ours takes these in; what it answers is nobody's business here.
    let listens = |resource: &str, event: &str, filter: Option<String>| NewWebhook {
        name: "contract".into(),
        target_url: stage.url("/health"),
        resource: resource.into(),
        event: event.into(),
        filter,
        secret: "not-a-secret-that-matters-anywhere".into(),
    };
    let mut hooks = Vec::new();
    for (resource, event) in
        [("messages", "created"), ("messages", "deleted"), ("memberships", "created"), ("rooms", "updated")]
    {
        let of = (resource == "messages").then(|| format!("roomId={room}"));
        hooks.push(webex.create_webhook(&listens(resource, event, of)).await.expect("a webhook").id);
    }
    hooks.push(
        webex.create_webhook(&listens("attachmentActions", "created", None)).await.expect("a webhook").id,
    );
    webex
        .update_webhook(&hooks[0], "again", &stage.url("/health"), Some(&"another-one".into()))
        .await
        .expect("put right");
    assert_eq!(webex.webhooks().await.expect("webhooks").len(), hooks.len());

    let say = |markdown: &str| Post { markdown: markdown.into(), ..Post::default() };
    let first = webex
        .post(&room, &say(&"# Help, <@all> <@personEmail:alice@example.com>\n".repeat(150)))
        .await
        .expect("said");
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract/README.md");
    let length = path.metadata().expect("a file").len();
    let file =
        File { path, name: "what; \"roomId\": {x}.md".into(), content_type: "text/markdown".into(), length };
    let mut with_file =
        Post { file: Some(file), parent: Some(first.clone()), ..say("**see**; toPersonId: x") };
    webex.post(&room, &with_file).await.expect("a file");
    with_file.markdown.clear();
    webex.post(&room, &with_file).await.expect("a file alone");
    let card =
        json!({"type": "AdaptiveCard", "version": "1.3", "body": [{"type": "TextBlock", "text": "Yours?"}]});
    let card = Post { card: Some(card), parent: Some(first.clone()), ..say("Yours?") };
    let card = webex.post(&room, &card).await.expect("a card");
    webex.edit(&first, &room, "never mind").await.expect("changed");
    webex.message(&first).await.expect("a post");
    webex.message(&card).await.expect("a card");
    let name = me.emails.unwrap_or_default().pop().expect("an address");
    for number in 0..101 {
        let markdown = format!("<@personEmail:{name}> {number}");
        stage
            .webex(
                "person:alice@example.com",
                "POST",
                "/messages",
                json!({"roomId": room, "markdown": markdown}),
            )
            .await;
    }
    // More than fit on a page.
    assert_eq!(webex.messages(&room, 150, true).await.expect("mentions").len(), 101);
    assert_eq!(webex.messages(&room, 2, false).await.expect("posts").len(), 2);
    let direct = webex.direct("bob@example.com", "Only for you").await.expect("said");
    webex.direct("bob@example.com", "Once more").await.expect("said");
    webex.direct_messages("bob@example.com").await.expect("posts");
    webex.delete_message(&direct).await.expect("taken away");
    webex.delete_message(&direct).await.expect_err("gone");
    webex.post(&room, &say("")).await.expect_err("nothing said");
    let stranger = Webex::new(stage.http.clone(), stage.url("/sim/webex/v1"), "wrong".into());
    stranger.me().await.expect_err("a wrong token");

    the_rest_of_webex(stage, &room, team, &hooks[0], &card).await;
}

/// What the stand-in answers though Handbell never asks for it: other clients do.
async fn the_rest_of_webex(stage: &Stage, room: &str, team: &str, hook: &str, card: &str) {
    let (ours, alice) = (WEBEX_TOKEN, "person:alice@example.com");
    let get = async |path: &str| stage.webex(ours, "GET", path, Value::Null).await;
    let delete = async |path: String| stage.webex(ours, "DELETE", &path, Value::Null).await;
    let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();

    let submit = json!({"type": "submit", "messageId": card, "inputs": {"action": "ack"}});
    let action = id(&stage.webex(alice, "POST", "/attachment/actions", submit).await);
    get(&format!("/attachment/actions/{action}")).await;
    let mentioned = get(&format!("/messages?roomId={room}&max=1")).await;
    assert!(mentioned["items"][0]["mentionedPeople"].is_array());

    stage.webex(ours, "PUT", &format!("/rooms/{room}"), json!({"title": "Renamed", "isLocked": true})).await;
    get(&format!("/rooms/{room}/meetingInfo")).await;
    get("/rooms?sortBy=lastactivity&max=2").await;
    let bob = json!({"roomId": room, "personEmail": "bob@example.com"});
    let bob = id(&stage.webex(ours, "POST", "/memberships", bob).await);
    get(&format!("/memberships/{bob}")).await;
    delete(format!("/memberships/{bob}")).await;
    let alices = get("/people?email=alice@example.com").await;
    get(&format!("/people/{}", id(&alices["items"][0]))).await;

    get("/teams?max=10").await;
    get(&format!("/teams/{team}")).await;
    stage.webex(ours, "PUT", &format!("/teams/{team}"), json!({"name": "Operations"})).await;
    let mate = json!({"teamId": team, "personEmail": "alice@example.com", "isModerator": false});
    let mate =
        format!("/team/memberships/{}", id(&stage.webex(ours, "POST", "/team/memberships", mate).await));
    get(&mate).await;
    get(&format!("/team/memberships?teamId={team}")).await;
    stage.webex(ours, "PUT", &mate, json!({"isModerator": true})).await;
    delete(mate).await;

    get(&format!("/webhooks/{hook}")).await;
    stage.settle().await;
    delete(format!("/webhooks/{hook}")).await;
    delete(format!("/rooms/{room}")).await;
    delete(format!("/teams/{team}")).await;
}

/// Every method of the Twilio client, and what else the stand-in answers.
async fn all_of_twilio(stage: &Stage) {
    let account = stage.runner.stage.account.twilio_account.clone();
    let client = |password: &str| {
        Twilio::new(
            stage.http.clone(),
            stage.url("/sim/twilio"),
            account.clone(),
            account.clone(),
            password.into(),
        )
    };
    let twilio = client(TWILIO_TOKEN);
    let (own, dana) = ("+12025550100", "+12025550111");
    let callback = Some(stage.url("/health?delivery=1&sign=+%2B"));
    let sms = |to: &str, from: &str| Sms {
        to: to.into(),
        from: from.into(),
        body: "🔔 Check Webex & press =1".into(),
        status_callback: callback.clone(),
        validity: 600,
        media: Vec::new(),
    };
    let text = twilio.send_sms(&sms(dana, own)).await.expect("sent");
    let quiet = Sms { status_callback: None, ..sms(dana, own) };
    twilio.send_sms(&quiet).await.expect("sent");
    for (to, from) in [
        ("+15005550009", own),
        ("nobody", own),
        (dana, "+12025550199"),
        (dana, &format!("MG{}", "0".repeat(32))),
    ] {
        twilio.send_sms(&sms(to, from)).await.expect_err("refused");
    }
    client("wrong").send_sms(&quiet).await.expect_err("a wrong token");

    let call = Call {
        to: dana.into(),
        from: own.into(),
        url: stage.url("/health"),
        status_callback: callback.clone(),
        timeout: 15,
    };
    let answered = twilio.place_call(&call).await.expect("placed");
    twilio.call(&answered).await.expect("a call");
    stage.hand(dana, "answer", Value::Null).await;
    twilio.cancel_call(&answered).await.expect("too late, and no failure");
    let ringing = twilio.place_call(&Call { status_callback: None, ..call.clone() }).await.expect("placed");
    twilio.calls(Some(dana), Some(own)).await.expect("calls");
    twilio.cancel_call(&ringing).await.expect("cancelled");
    twilio.place_call(&Call { to: "+15005550001".into(), ..call }).await.expect_err("refused");
    twilio.call(&format!("CA{}", "0".repeat(32))).await.expect_err("unknown");

    stage.settle().await;
    twilio.message(&text).await.expect("a text");
    assert_eq!(twilio.messages(Some(dana), None).await.expect("texts").len(), 2);
    twilio.messages(None, None).await.expect("texts");

    stage.hand(dana, "text", json!({"to": own, "body": "look", "media": ["shelf.png"]})).await;
    let came = twilio.messages(Some(own), Some(dana)).await.expect("texts").pop().expect("the picture");
    let media = stage.twilio(Method::GET, &format!("Messages/{}/Media.json?PageSize=5", came.sid), &[]).await;
    let media = media["media_list"][0]["sid"].as_str().expect("a sid").to_owned();
    stage.twilio(Method::GET, &format!("Messages/{}/Media/{media}.json", came.sid), &[]).await;
    stage.twilio(Method::POST, &format!("Messages/{text}.json"), &[("Body", "")]).await;
    stage.twilio(Method::GET, "Messages.json?PageSize=1&Page=0&DateSent%3E=2020-01-01T00:00:00Z", &[]).await;
    stage.twilio(Method::GET, "Messages.json?PageSize=1&Page=1", &[]).await;
    stage.twilio(Method::DELETE, &format!("Messages/{text}.json"), &[]).await;
    stage.twilio(Method::GET, "Calls.json?PageSize=1&Status=completed", &[]).await;
    stage.twilio(Method::DELETE, &format!("Calls/{ringing}.json"), &[]).await;

    let numbers = stage.twilio(Method::GET, "IncomingPhoneNumbers.json", &[]).await;
    let number = format!(
        "IncomingPhoneNumbers/{}.json",
        numbers["incoming_phone_numbers"][0]["sid"].as_str().expect("a sid")
    );
    stage.twilio(Method::GET, &number, &[]).await;
    let url = stage.url("/twilio/voice");
    stage.twilio(Method::POST, &number, &[("VoiceUrl", &url), ("VoiceMethod", "POST")]).await;
}

/// Operations that the stand-ins have no yes for: numbers are bought and people are made elsewhere.
const NEVER: &[&str] = &[
    "POST /people",
    "PUT /people/{personId}",
    "DELETE /people/{personId}",
    "DELETE /2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers/{Sid}.json",
    "POST /2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers.json",
    "DELETE /2010-04-01/Accounts/{AccountSid}/Messages/{MessageSid}/Media/{Sid}.json",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_said_keeps_to_the_contracts() {
    let direct = async {
        let stage = Stage::new(false, |config| config).await;
        all_of_webex(&stage).await;
        all_of_twilio(&stage).await;
        stage.entries().await
    };
    let (mut entries, direct) = tokio::join!(an_alert(), direct);
    for (what, happened) in [
        ("the webhook was registered", said(&entries, "POST", "/webhooks", 200)),
        ("a picture was posted", entries.iter().any(|entry| entry.body.starts_with("(multipart)"))),
        ("somebody was unknown", said(&entries, "POST", "/memberships", 404)),
        ("a number was refused", said(&entries, "POST", "/Messages.json", 400)),
        ("a text was sent", said(&entries, "POST", "/Messages.json", 201)),
        ("somebody was called", said(&entries, "POST", "/Calls.json", 201)),
        ("Webex told us", said(&entries, "POST", "/webex", 200)),
        ("a text's fate was told", said(&entries, "POST", "/twilio/sms/status", 200)),
        ("a key was pressed", said(&entries, "POST", "/twilio/voice/key", 200)),
        (
            "a post was looked at or changed",
            said(&entries, "PUT", "/messages/", 200) || said(&entries, "GET", "/messages/", 200),
        ),
    ] {
        assert!(happened, "it isn't tested that {what}");
    }
    entries.extend(direct);

    let wrong: BTreeSet<String> = problems(&entries, None).into_iter().collect();
    assert!(wrong.is_empty(), "{} departures:\n{}", wrong.len(), Vec::from_iter(wrong).join("\n"));
    for (vendor, departure, why) in DEPARTURES {
        assert!(
            !problems(&entries, Some(*departure)).is_empty(),
            "{vendor:?} needs no {departure:?} any more ({why})"
        );
    }

    let mut left: BTreeSet<String> = BTreeSet::new();
    for contract in [Contract::new(W, None), Contract::new(T, None)] {
        for (path, item) in contract.document["paths"].as_object().expect("paths") {
            left.extend(
                item.as_object()
                    .expect("methods")
                    .keys()
                    .map(|method| format!("{} {path}", method.to_uppercase())),
            );
        }
        for entry in entries.iter().filter(|entry| (200..300).contains(&entry.status)) {
            if let Ok((operation, _)) = contract.operation(entry) {
                left.remove(&operation.name);
            }
        }
    }
    assert_eq!(left, NEVER.iter().map(|name| (*name).to_owned()).collect(), "operations that are not tested");
}

fn said(entries: &[WireEntry], method: &str, path: &str, status: u16) -> bool {
    let is = |entry: &WireEntry| {
        let url = entry.url.split('?').next().unwrap_or_default();
        let there = if path.ends_with('/') { url.contains(path) } else { url.ends_with(path) };
        entry.method == method && entry.status == status && there
    };
    entries.iter().any(is)
}

/// A method that is added to a client has to be called here too.
#[test]
fn every_method_of_the_clients_is_called() {
    let here: String = include_str!("contract.rs").split_whitespace().collect();
    let mut count = 0;
    for source in [
        include_str!("../../shared/outbound/src/twilio/mod.rs"),
        include_str!("../../shared/outbound/src/webex/mod.rs"),
        include_str!("../../shared/outbound/src/webex/posts.rs"),
        include_str!("../../shared/outbound/src/webex/spaces.rs"),
        include_str!("../../shared/outbound/src/webex/webhooks.rs"),
    ] {
        for (_, rest) in
            source.match_indices("pub async fn ").map(|(at, found)| (at, &source[at + found.len()..]))
        {
            let name = rest.split('(').next().unwrap_or_default();
            assert!(
                here.contains(&format!("webex.{name}(")) || here.contains(&format!("twilio.{name}(")),
                "{name}"
            );
            count += 1;
        }
    }
    assert!(count > 20, "only {count} methods were found");
}

/// An exchange as the wire log keeps it.
fn exchange(
    method: &str,
    path: &str,
    kind: &str,
    body: impl ToString,
    status: u16,
    answer: impl ToString,
) -> WireEntry {
    WireEntry {
        number: 0,
        at: jiff::Timestamp::UNIX_EPOCH,
        from: "handbell".into(),
        to: if path.starts_with("/sim/webex") { "webex" } else { "twilio" }.into(),
        method: method.into(),
        url: format!("http://127.0.0.1:8080{path}"),
        headers: vec![("content-type".into(), kind.into())],
        body: body.to_string(),
        status,
        answer: answer.to_string(),
        verdict: "token".into(),
        millis: 1,
    }
}

/// The check itself can fail: right exchanges pass, and each with one thing wrong is found out by that thing.
#[test]
fn what_is_wrong_is_found() {
    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";
    let rooms = |body: Value, status, answer: Value| {
        exchange("POST", "/sim/webex/v1/rooms", JSON, body, status, answer)
    };
    let post = |kind: &str, body: &str| {
        exchange("POST", "/sim/webex/v1/messages", kind, body, 200, json!({"id": "m"}))
    };
    let list = |query: &str, answer: Value| {
        exchange("GET", &format!("/sim/webex/v1/rooms{query}"), "", "", 200, answer)
    };
    let calls = format!("/sim/twilio/2010-04-01/Accounts/AC{}/Calls", "f".repeat(32));
    let refused = json!({"code": 21211, "message": "no", "more_info": "https://www.twilio.com/docs/errors/21211", "status": 400});
    let ask = |form: &str, status, answer: Value| {
        exchange("POST", &format!("{calls}.json"), FORM, form, status, answer)
    };
    let call = json!({
        "sid": format!("CA{}", "0".repeat(32)), "account_sid": format!("AC{}", "f".repeat(32)), "status": "queued", "to": "+1", "from": "+2",
        "date_created": "Fri, 20 Nov 2026 10:00:00 +0000", "date_updated": null, "parent_call_sid": null, "to_formatted": "+1",
        "from_formatted": "+2", "phone_number_sid": null, "start_time": null, "end_time": null, "duration": null, "price": null,
        "price_unit": "USD", "direction": "outbound-api", "answered_by": null, "api_version": "2010-04-01", "forwarded_from": null,
        "group_sid": null, "caller_name": null, "queue_time": "0", "trunk_sid": null, "uri": "/2010-04-01/x.json", "subresource_uris": {},
    });
    let with = |field: &str, value: Value| {
        let mut call = call.clone();
        call[field] = value;
        call
    };
    let less = |field: &str| {
        let mut call = call.clone();
        call.as_object_mut().expect("an object").remove(field);
        call
    };
    let good = "To=%2B1&From=%2B2&Timeout=15&StatusCallbackEvent=ringing&Url=http%3A%2F%2Fx%2Fy";
    for entry in [
        rooms(json!({"title": "x", "teamId": "t"}), 200, json!({"id": "r", "title": "x", "type": "group"})),
        rooms(
            json!({"title": "x"}),
            400,
            json!({"message": "no", "errors": [{"description": "no"}], "trackingId": "t"}),
        ),
        post(JSON, r#"{"roomId":"r","markdown":"x"}"#),
        post(
            "multipart/form-data; boundary=x",
            r#"(multipart) {"roomId":"r","files":"a.png (image/png, 3 bytes)"}"#,
        ),
        list("?type=group&max=10", json!({"items": [{"id": "r"}]})),
        exchange("DELETE", "/sim/webex/v1/messages/m", "", "", 204, ""),
        ask(good, 201, call.clone()),
        ask(good, 400, refused.clone()),
    ] {
        assert_eq!(problems(&[entry], None), [""; 0]);
    }
    let wrong = [
        ("unknown path", exchange("GET", "/sim/webex/v1/romms", "", "", 200, "")),
        ("unknown path", exchange("GET", "/sim/webex/v2/rooms", "", "", 200, "")),
        ("unknown path", exchange("GET", &format!("{calls}/.json"), "", "", 200, "")),
        ("unknown method", exchange("PATCH", "/sim/webex/v1/rooms/r", JSON, "{}", 200, json!({"id": "r"}))),
        ("unknown parameter \"titel\"", list("?titel=x", json!({"items": []}))),
        ("parameter max", list("?max=many", json!({"items": []}))),
        ("parameter type", list("?type=crowd", json!({"items": []}))),
        (
            "parameter AccountSid",
            exchange("GET", "/sim/twilio/2010-04-01/Accounts/me/Calls.json", "", "", 400, &refused),
        ),
        ("'titel' was unexpected", rooms(json!({"title": "x", "titel": "x"}), 200, json!({"id": "r"}))),
        ("\"title\" is a required", rooms(json!({"teamId": "x"}), 200, json!({"id": "r"}))),
        ("\"string\"", rooms(json!({"title": 1}), 200, json!({"id": "r"}))),
        ("'mood' was unexpected", rooms(json!({"title": "x"}), 200, json!({"id": "r", "mood": "good"}))),
        ("\"id\" is a required", rooms(json!({"title": "x"}), 200, json!({"title": "x"}))),
        ("\"items\" is a required", list("", json!({}))),
        ("\"id\" is a required", list("", json!({"items": [{"title": "x"}]}))),
        ("not listed", rooms(json!({"title": "x"}), 201, json!({"id": "r"}))),
        ("not listed", rooms(json!({"title": "x"}), 0, json!({"id": "r"}))),
        ("the answer can't be read", exchange("GET", "/sim/webex/v1/rooms", "", "", 200, "<html>")),
        (
            "\"trackingId\" is a required",
            rooms(json!({"title": "x"}), 400, json!({"message": "no", "errors": []})),
        ),
        ("an answer where none belongs", exchange("DELETE", "/sim/webex/v1/messages/m", "", "", 204, "{}")),
        (
            "a body that nobody asked for",
            exchange("GET", "/sim/webex/v1/rooms", JSON, "{}", 200, json!({"items": []})),
        ),
        ("a body of type", post("text/plain", "{}")),
        ("a body of type", exchange("POST", "/sim/webex/v1/rooms", FORM, "title=x", 200, json!({"id": "r"}))),
        ("a body of type", exchange("POST", &format!("{calls}.json"), JSON, "{}", 400, &refused)),
        ("can't be read", post(JSON, "{")),
        ("'room' was unexpected", post("multipart/form-data", r#"(multipart) {"room":"r"}"#)),
        ("can't be read", post("multipart/form-data", r#"(multipart) {"roomId":"r","files":"a picture"}"#)),
        ("\"From\" is a required", ask("To=%2B1", 400, refused.clone())),
        ("'Too' was unexpected", ask(&format!("{good}&Too=1"), 400, refused.clone())),
        ("at \"/Timeout\"", ask("To=%2B1&From=%2B2&Timeout=soon", 400, refused.clone())),
        ("at \"/From\"", ask(&format!("{good}&From=%2B3"), 400, refused.clone())),
        ("at \"/Method\"", ask(&format!("{good}&Method=PUT"), 400, refused.clone())),
        ("at \"/StatusCallback\"", ask(&format!("{good}&StatusCallback=here"), 400, refused.clone())),
        ("at \"/status\"", ask(good, 201, with("status", "initiated".into()))),
        ("at \"/sid\"", ask(good, 201, with("sid", "CA1".into()))),
        ("at \"/date_created\"", ask(good, 201, with("date_created", "2026-11-20T10:00:00Z".into()))),
        ("'mood' was unexpected", ask(good, 201, with("mood", "good".into()))),
        ("\"queue_time\" is a required", ask(good, 201, less("queue_time"))),
        ("not listed", ask(good, 200, call.clone())),
        ("at \"/status\"", ask(good, 404, refused.clone())),
    ];
    for (what, entry) in wrong {
        let found = problems(std::slice::from_ref(&entry), None);
        assert!(found.iter().any(|why| why.contains(what)), "{what}: {found:?} in {entry:?}");
    }
    let told = |from: &str, body: &str| WireEntry {
        from: from.into(),
        to: "handbell".into(),
        body: body.into(),
        ..post(JSON, "")
    };
    for (from, what, body) in [
        (
            "webex",
            "no actorId",
            r#"{"resource":"rooms","event":"created","id":"h","orgId":"o","createdBy":"c","appId":"a","data":{"id":"r"}}"#,
        ),
        (
            "webex",
            "'text' was",
            r#"{"resource":"rooms","event":"created","id":"h","data":{"id":"r","text":"x"}}"#,
        ),
        ("webex", "a webhook about", r#"{"resource":"moods"}"#),
        ("twilio", "MessageStatus", "MessageStatus=lost"),
        ("twilio", "CallSid", "CallSid=1"),
        ("twilio", "hardly anything", "From=%2B1"),
    ] {
        let found = problems(&[told(from, body)], None);
        assert!(found.iter().any(|why| why.contains(what)), "{what}: {found:?}");
    }
}
