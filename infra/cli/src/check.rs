//! `handbell check`: everything that is wrong with a configuration, each with its place and what to do about it.
//!
//! A deserializer stops at the first mistake, so this reads the file into a tree that knows its places, holds it against
//! the JSON Schema made from the configuration's own types, repairs what it found in memory, and goes on looking.

use std::collections::HashMap;
use std::fmt::Write as _;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use handbell_core::config::{self, Config};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::{Map, Value, json};

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted in characters from 1.
    pub column: usize,
    /// The keys that lead there, such as `plans.green-power.steps[0].sms`.
    pub path: String,
    /// What is wrong and what to do, for a person.
    pub message: String,
}

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

/// The findings as text: `file:line:column: message`, the line itself, and a caret under the place.
pub fn render(file: &str, text: &str, findings: &[Finding]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    // What stands where a secret's name belongs may be the secret: it doesn't go to a terminal or a build log.
    let secrets: Vec<&Finding> =
        findings.iter().filter(|finding| finding.message.contains(NAME_THE_SECRET)).collect();
    let mut out = String::new();
    for finding in findings {
        let Finding { line, column, message, .. } = finding;
        let _ = writeln!(out, "{file}:{line}:{column}: {message}");
        let Some(source) = lines.get(line - 1) else { continue };
        let before = column.saturating_sub(1);
        let hidden =
            secrets.iter().filter(|secret| secret.line == *line).map(|secret| secret.column - 1).min();
        let shown: String = match hidden {
            Some(hidden) => source.chars().take(hidden).chain(['…']).collect(),
            None => source.chars().take(before.max(80) + 40).collect(),
        };
        let margin = line.to_string();
        let indent: String =
            source.chars().take(before).map(|sign| if sign == '\t' { '\t' } else { ' ' }).collect();
        let _ = writeln!(out, " {margin} | {shown}");
        let _ = writeln!(out, " {} | {indent}^", " ".repeat(margin.len()));
    }
    out
}

fn schema_value() -> Value {
    schemars::schema_for!(Config).to_value()
}

// ---- The tree -----------------------------------------------------------------------------------------------------

/// Where something stands; both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    const START: Self = Self { line: 1, column: 1 };

    fn of(span: &Span) -> Self {
        Self { line: span.start.line(), column: span.start.col() + 1 }
    }

    fn finding(self, path: &[String], message: String) -> Finding {
        let mut words = String::new();
        for part in path {
            if part.bytes().all(|byte| byte.is_ascii_digit()) {
                let _ = write!(words, "[{part}]");
            } else {
                let dot = if words.is_empty() { "" } else { "." };
                let _ = write!(words, "{dot}{part}");
            }
        }
        Finding { line: self.line, column: self.column, path: words, message }
    }
}

/// A YAML value that knows where it stands. Scalars stay text: what they mean depends on who asks.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar { text: String, plain: bool },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The entries of a mapping; none if it is something else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; anything else but nothing is its own only item.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ if self.is_null() => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// A scalar's text, if it has any.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Nothing is null, everything else text; `validate` turns text into what the schema wants.
    fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Scalar { .. } if self.is_null() => Value::Null,
            Kind::Scalar { text, .. } => text.as_str().into(),
            Kind::List(items) => items.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()
            }
        }
    }

    fn child(&self, part: &str) -> Option<&Node> {
        match &self.kind {
            Kind::List(items) => items.get(part.parse::<usize>().ok()?),
            _ => self.get(part),
        }
    }

    fn child_mut(&mut self, part: &str) -> Option<&mut Node> {
        match &mut self.kind {
            Kind::List(items) => items.get_mut(part.parse::<usize>().ok()?),
            Kind::Map(entries) => {
                entries.iter_mut().find(|entry| entry.key == part).map(|entry| &mut entry.value)
            }
            Kind::Scalar { .. } => None,
        }
    }

    fn at(&self, path: &[String]) -> Option<&Node> {
        path.iter().try_fold(self, |node, part| node.child(part))
    }

    /// Where `path` stands, or the deepest part of it that is there: a scalar itself, the key of anything bigger.
    fn place(&self, path: &[String]) -> Place {
        let (mut node, mut place) = (self, Place::START);
        for part in path {
            let Some(child) = node.child(part) else { break };
            let key = node.entries().iter().find(|entry| &entry.key == part).map(|entry| entry.place);
            place = match child.kind {
                Kind::Scalar { .. } if !child.is_null() => child.place,
                _ => key.unwrap_or(child.place),
            };
            node = child;
        }
        place
    }

    fn key_place(&self, path: &[String], key: &str) -> Place {
        self.at(path)
            .and_then(|node| node.entries().iter().find(|entry| entry.key == key))
            .map_or_else(|| self.place(path), |entry| entry.place)
    }
}

/// How big a configuration may become once its aliases are written out, so that a small file can't fill the memory.
const MOST_NODES: usize = 50_000;
/// How deep it may nest; the deepest thing that a configuration can say is a quarter of this.
const DEEPEST: usize = 40;

/// Reads YAML into a tree. `Err` if there is no tree; beside the tree stand the findings that leave one, such as a key
/// given twice.
pub(crate) fn compose(text: &str) -> Result<(Node, Vec<Finding>), Vec<Finding>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let mut composer = Composer {
        events: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        left: MOST_NODES,
        findings: Vec::new(),
    };
    match composer.document() {
        Ok(tree) => Ok((tree, composer.findings)),
        Err(mut error) => {
            let source = text.lines().nth(error.line - 1).unwrap_or_default();
            if source.trim_start_matches(' ').starts_with('\t') {
                let indent = source.chars().take_while(|sign| *sign == ' ').count();
                error.column = indent + 1;
                error.message = "a tab stands at the beginning of this line; YAML wants spaces there".into();
            }
            composer.findings.push(error);
            Err(composer.findings)
        }
    }
}

struct Composer<I> {
    events: I,
    /// What an alias stands for, and how many nodes that is.
    anchors: HashMap<usize, (Node, usize)>,
    left: usize,
    findings: Vec<Finding>,
}

impl<'text, I: Iterator<Item = Result<(Event<'text>, Span), ScanError>>> Composer<I> {
    fn next(&mut self) -> Result<(Event<'text>, Place), Finding> {
        match self.events.next() {
            Some(Ok((event, span))) => Ok((event, Place::of(&span))),
            Some(Err(error)) => {
                let at = error.marker();
                let place = Place { line: at.line().max(1), column: at.col() + 1 };
                Err(place.finding(&[], format!("this is no YAML: {}", error.info())))
            }
            None => Ok((Event::StreamEnd, Place::START)),
        }
    }

    fn document(&mut self) -> Result<Node, Finding> {
        let mut tree = None;
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentEnd, _) => {}
                (Event::StreamEnd, place) => {
                    let nothing = Kind::Scalar { text: String::new(), plain: true };
                    return Ok(tree.unwrap_or(Node { place, kind: nothing }));
                }
                (Event::DocumentStart(..), place) if tree.is_some() => {
                    return Err(
                        place.finding(&[], "a second document begins here; one file holds one".into())
                    );
                }
                (Event::DocumentStart(..), _) => {
                    let next = self.next()?;
                    tree = Some(self.node(next)?);
                }
                _ => {}
            }
        }
    }

    fn spend(&mut self, nodes: usize, place: Place) -> Result<(), Finding> {
        self.left = self.left.checked_sub(nodes).ok_or_else(|| {
            place.finding(
                &[],
                format!("with its aliases written out this file has more than {MOST_NODES} values"),
            )
        })?;
        Ok(())
    }

    fn node(&mut self, (event, place): (Event<'text>, Place)) -> Result<Node, Finding> {
        self.spend(1, place)?;
        let before = self.left;
        let (kind, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                (Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }, anchor)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(place.finding(&[], "this alias stands inside of what it names".into()));
                };
                self.spend(size, place)?;
                return Ok(Node { place, ..node });
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        item => items.push(self.node(item)?),
                    }
                }
                (Kind::List(items), anchor)
            }
            Event::MappingStart(_, anchor, _) => (Kind::Map(self.mapping()?), anchor),
            _ => return Err(place.finding(&[], "this is no YAML: a value is missing".into())),
        };
        let node = Node { place, kind };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), before - self.left));
        }
        Ok(node)
    }

    fn mapping(&mut self) -> Result<Vec<Entry>, Finding> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => break,
                key => self.node(key)?,
            };
            let next = self.next()?;
            let value = self.node(next)?;
            let Kind::Scalar { text, plain } = key.kind else {
                self.findings
                    .push(key.place.finding(&[], "a key has to be a word, not a list or a mapping".into()));
                continue;
            };
            if plain && text == "<<" {
                merged.push(value);
            } else if let Some(first) = entries.iter().find(|entry| entry.key == text) {
                let message =
                    format!("`{text}` stands here twice; the first is in line {}", first.place.line);
                self.findings.push(key.place.finding(&[text], message));
            } else {
                entries.push(Entry { key: text, place: key.place, value });
            }
        }
        // `<<: *other` fills in what the mapping doesn't say itself.
        for entry in merged.iter().flat_map(Node::items).flat_map(Node::entries) {
            if !entries.iter().any(|known| known.key == entry.key) {
                entries.push(entry.clone());
            }
        }
        Ok(entries)
    }
}

// ---- The schema ---------------------------------------------------------------------------------------------------

/// Something that the schema refuses.
struct Fault {
    path: Vec<String>,
    what: What,
    message: String,
    /// The part of the schema that refused, to make up something that fits.
    schema: Value,
}

#[derive(PartialEq, Eq)]
enum What {
    /// This key isn't known here.
    Unknown(String),
    /// This key is missing here.
    Missing(String),
    /// What stands here can't stand here.
    Wrong,
}

impl Fault {
    /// True if a problem at `path` is only about what was repaired.
    fn hides(&self, path: &[String]) -> bool {
        match &self.what {
            What::Unknown(_) => path == self.path,
            What::Wrong => path.starts_with(&self.path),
            What::Missing(key) => {
                path.strip_prefix(self.path.as_slice()).is_some_and(|rest| rest.first() == Some(key))
            }
        }
    }
}

const NAME_THE_SECRET: &str = "{ secret: NAME }";

/// Holds the tree against the schema. Keys that are plainly misspelt are renamed, so that what stands under them is
/// looked at too; their findings are written down at once.
fn validate(schema: &Value, tree: &mut Node, findings: &mut Vec<Finding>) -> (Vec<Fault>, Value) {
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

/// A plain scalar as what the schema wants instead of text.
fn convert(node: &Node, wanted: &[JsonType]) -> Option<Value> {
    let Kind::Scalar { text, plain: true } = &node.kind else { return None };
    wanted.iter().find_map(|wanted| match wanted {
        JsonType::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "on" => Some(Value::Bool(true)),
            "false" | "no" | "n" | "off" => Some(Value::Bool(false)),
            _ => None,
        },
        JsonType::Integer => text.parse::<i64>().ok().map(Value::from),
        JsonType::Number => text.parse::<f64>().ok().map(Value::from),
        _ => None,
    })
}

/// Turns one error of the validator into faults in words. `convertible` is asked about each wrong type first.
fn explain(
    schema: &Value,
    error: &ValidationError<'_>,
    faults: &mut Vec<Fault>,
    convertible: &mut dyn FnMut(&[String], &[JsonType]) -> bool,
) {
    let path = parts(error.instance_path().as_str());
    let here = refused_by(schema, error);
    let mut add = |what: What, message: String| {
        faults.push(Fault { path: path.clone(), what, message, schema: here.clone() });
    };
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let known = known_keys(&here);
            for key in unexpected {
                let advice = match nearest(key, known.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("the keys here are {}", listed(&known, "and")),
                };
                add(What::Unknown(key.clone()), format!("unknown key `{key}`; {advice}"));
            }
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            let what = format!("/properties/{key}/description");
            let about = here.pointer(&what).and_then(Value::as_str).map(first_sentence);
            let whose = path.last().filter(|name| !name.bytes().all(|byte| byte.is_ascii_digit()));
            let whose = whose.map_or_else(|| "here".into(), |name| format!("in `{name}`"));
            let about = about.map(|about| format!(" ({about})")).unwrap_or_default();
            add(What::Missing(key.into()), format!("the key `{key}` is missing {whose}{about}"));
        }
        ValidationErrorKind::Type { kind } => {
            let wanted: Vec<JsonType> = match kind {
                TypeKind::Single(one) => vec![*one],
                TypeKind::Multiple(several) => several.iter().collect(),
            };
            if !convertible(&path, &wanted) {
                add(What::Wrong, wrong_type(&path, error, &wanted));
            }
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            alternatives(schema, error, context, faults, convertible);
        }
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            add(What::Wrong, wrong_choice(error.instance(), options.iter()));
        }
        ValidationErrorKind::Constant { expected_value } => {
            add(What::Wrong, wrong_choice(error.instance(), std::iter::once(&**expected_value)));
        }
        ValidationErrorKind::Pattern { .. } if is_about(error, "Span") => add(
            What::Wrong,
            format!("{} is no length of time; write 30s, 5m, 6h or 1h 30m", error.instance()),
        ),
        ValidationErrorKind::MinItems { limit: 1 } => {
            let name = path.last().map(String::as_str).unwrap_or_default();
            add(What::Wrong, format!("`{name}` is empty; it needs at least one"));
        }
        _ => add(What::Wrong, error.to_string()),
    }
}

/// Several forms are allowed and none fits: speak about the one that was meant.
fn alternatives(
    schema: &Value,
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    faults: &mut Vec<Fault>,
    convertible: &mut dyn FnMut(&[String], &[JsonType]) -> bool,
) {
    let path = parts(error.instance_path().as_str());
    let mut wrong = |message| {
        faults.push(Fault {
            path: path.clone(),
            what: What::Wrong,
            message,
            schema: refused_by(schema, error),
        });
    };
    let choices: Vec<&Value> = context
        .iter()
        .flatten()
        .flat_map(|inner| match inner.kind() {
            ValidationErrorKind::Constant { expected_value } => vec![&**expected_value],
            ValidationErrorKind::Enum { options } => options.as_array().into_iter().flatten().collect(),
            ValidationErrorKind::OneOfNotValid { context } => context
                .iter()
                .flatten()
                .filter_map(|inner| match inner.kind() {
                    ValidationErrorKind::Constant { expected_value } => Some(&**expected_value),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        })
        .collect();
    if !choices.is_empty() {
        return wrong(wrong_choice(error.instance(), choices.into_iter()));
    }
    let wanted = |branch: &[ValidationError<'_>]| -> Vec<JsonType> {
        branch
            .iter()
            .filter(|inner| inner.instance_path() == error.instance_path())
            .flat_map(|inner| match inner.kind() {
                ValidationErrorKind::Type { kind: TypeKind::Single(one) } => vec![*one],
                ValidationErrorKind::Type { kind: TypeKind::Multiple(several) } => several.iter().collect(),
                _ => Vec::new(),
            })
            .collect()
    };
    // A branch that fits in kind is the one that was meant; its own errors say more than "none fits".
    let meant = context.iter().filter(|branch| wanted(branch).is_empty()).min_by_key(|branch| branch.len());
    if let Some(branch) = meant {
        for inner in branch {
            explain(schema, inner, faults, convertible);
        }
        return;
    }
    let types: Vec<JsonType> = context.iter().flat_map(|branch| wanted(branch)).collect();
    if convertible(&path, &types) {
        return;
    }
    let secret = context.iter().flatten().any(|inner| is_about(inner, "SecretName"));
    wrong(if secret { secret_advice(&path) } else { wrong_type(&path, error, &types) });
}

fn wrong_type(path: &[String], error: &ValidationError<'_>, wanted: &[JsonType]) -> String {
    if is_about(error, "SecretName") && !wanted.contains(&JsonType::String) {
        return secret_advice(path);
    }
    let named = path.last().map(String::as_str).unwrap_or_default();
    let name = match named {
        "" => "the file".to_owned(),
        index if index.bytes().all(|byte| byte.is_ascii_digit()) => "each item of this list".to_owned(),
        key => format!("`{key}`"),
    };
    let wants: Vec<&str> =
        wanted.iter().filter(|one| **one != JsonType::Null).map(|one| in_words(*one)).collect();
    let (is, advice) = match error.instance().as_ref() {
        Value::Null => ("nothing stands there", "; fill it in"),
        Value::Object(_) if wanted.contains(&JsonType::Array) => {
            ("this is a mapping", "; begin each item with a dash")
        }
        Value::Object(_) => ("this is a mapping", ""),
        Value::Array(_) => ("this is a list", ""),
        _ if wanted.contains(&JsonType::Array) => ("this is a single value", "; put it in brackets: [ … ]"),
        _ if wanted.contains(&JsonType::Object) => {
            ("this is a single value", "; its keys go below it, indented")
        }
        _ => ("this is text", ""),
    };
    format!("{name} has to be {}, but {is}{advice}", wants.join(" or "))
}

fn in_words(one: JsonType) -> &'static str {
    match one {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "a mapping (keys with values)",
        JsonType::String => "text",
    }
}

fn secret_advice(path: &[String]) -> String {
    let key = path.last().map(String::as_str).unwrap_or_default();
    let key = if key.bytes().all(|byte| byte.is_ascii_digit()) { "it".into() } else { format!("`{key}`") };
    format!(
        "a secret never stands in this file: give {key} the form {NAME_THE_SECRET} and put its value into the secrets document"
    )
}

fn wrong_choice<'a>(is: &Value, allowed: impl Iterator<Item = &'a Value>) -> String {
    let allowed: Vec<String> =
        allowed.map(|value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)).collect();
    let Some(is) = is.as_str() else { return format!("this has to be one of {}", listed(&allowed, "or")) };
    match nearest(is, allowed.iter().map(String::as_str)) {
        Some(meant) => format!(
            "{is:?} is not possible here; did you mean `{meant}`? It can be {}",
            listed(&allowed, "or")
        ),
        None => format!("{is:?} is not possible here; it can be {}", listed(&allowed, "or")),
    }
}

fn listed(words: &[String], last: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [before @ .., end] if !before.is_empty() => format!("{} {last} {end}", before.join(", ")),
        all => all.concat(),
    }
}

/// The nearest of some words, if it is near enough to have been meant.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    known
        .map(|known| (strsim::damerau_levenshtein(&word, &plain(known)), known))
        .filter(|(distance, known)| *distance <= (known.chars().count().max(3) / 3).min(3))
        .min()
        .map(|(_, known)| known)
}

fn first_sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = text.find(". ").unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_owned()
}

fn known_keys(schema: &Value) -> Vec<String> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .map(|known| known.keys().cloned().collect())
        .unwrap_or_default()
}

/// The schema whose keyword refused.
fn refused_by(schema: &Value, error: &ValidationError<'_>) -> Value {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    // `required` names its position too in some cases; go up until an object with keywords is found.
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

fn is_about(error: &ValidationError<'_>, definition: &str) -> bool {
    let part = format!("/$defs/{definition}/");
    error.schema_path().as_str().contains(&part)
}

fn parts(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

// ---- The repair ---------------------------------------------------------------------------------------------------

/// The same configuration with something that fits in place of each fault, so that the rest can be looked at.
fn repair(schema: &Value, mut json: Value, faults: &[Fault]) -> Value {
    for fault in faults {
        let Some(place) = descend(&mut json, &fault.path) else { continue };
        match &fault.what {
            What::Unknown(key) => {
                if let Some(map) = place.as_object_mut() {
                    map.remove(key);
                }
            }
            What::Missing(key) => {
                if let Some(map) = place.as_object_mut() {
                    let wanted = fault.schema.pointer(&format!("/properties/{key}")).unwrap_or(&Value::Null);
                    map.insert(key.clone(), something(schema, wanted));
                }
            }
            What::Wrong => *place = something(schema, &fault.schema),
        }
    }
    json
}

fn descend<'a>(json: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(json, |json, part| match json {
        Value::Array(items) => items.get_mut(part.parse::<usize>().ok()?),
        Value::Object(map) => map.get_mut(part),
        _ => None,
    })
}

/// Some value that the schema takes.
fn something(root: &Value, schema: &Value) -> Value {
    let inner = |key: &str| schema.get(key);
    if let Some(target) = inner("$ref").and_then(Value::as_str) {
        return root
            .pointer(target.trim_start_matches('#'))
            .map_or(Value::Null, |found| something(root, found));
    }
    if let Some(value) = inner("const").or_else(|| inner("enum")?.get(0)) {
        return value.clone();
    }
    if let Some(first) = inner("anyOf").or_else(|| inner("oneOf")).and_then(|all| all.get(0)) {
        return something(root, first);
    }
    let kind = inner("type").and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
    match kind {
        Some("object") => {
            let required = inner("required").and_then(Value::as_array).into_iter().flatten();
            let filled = required.filter_map(Value::as_str).map(|key| {
                let wanted = schema.pointer(&format!("/properties/{key}")).unwrap_or(&Value::Null);
                (key.to_owned(), something(root, wanted))
            });
            Value::Object(filled.collect::<Map<_, _>>())
        }
        Some("array") => json!([]),
        Some("boolean") => json!(false),
        Some("integer" | "number") => inner("minimum").cloned().unwrap_or(json!(1)),
        // The only pattern is that of a length of time.
        Some("string") if inner("pattern").is_some() => json!("1h"),
        Some("string") => json!("x"),
        _ => Value::Null,
    }
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
mod tests {
    use insta::assert_snapshot;

    use super::*;

    const DEMO: &str = include_str!("../../../examples/green-power/handbell.yaml");

    fn demo_file(name: &str) -> bool {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../examples/green-power")
            .join(name)
            .is_file()
    }

    fn wrong(text: &str) -> String {
        render("f.yaml", text, &check(text, &|_| true).expect_err("something is wrong"))
    }

    const TOP: &str = "\
webex: { token: { secret: webex } }
twilio: { account: ACffffffffffffffffffffffffffffffff, token: { secret: twilio }, from: +12025550100 }
";

    #[test]
    fn the_example_is_right() {
        let config = check(DEMO, &demo_file)
            .unwrap_or_else(|found| panic!("{}", render("handbell.yaml", DEMO, &found)));
        let plan = &config.plans["green-power"];
        assert_eq!(plan.steps.len(), 5);
        assert_eq!(plan.steps[1].sms[0].text, "Check Webex");
        assert_eq!(plan.steps[2].call[0].to, ["+12025550111"]);
        assert_eq!(config.buttons["green"].plan, "green-power");
        let line = &config.lines["support"];
        let welcome = "Thanks for signing up! To get in touch, reply to this message or call this number during business hours.";
        assert_eq!(line.texts.welcome.as_deref(), Some(welcome));
        assert_eq!((line.hours.as_ref(), line.undo, line.texts.closing.as_ref()), (None, None, None));
        assert!(config.plans.contains_key(&line.waiting.as_ref().expect("somebody may wait").plan));
    }

    #[test]
    fn typos_are_all_named_at_once_and_looked_behind() {
        let text = format!(
            "{TOP}timezon: Europe/Pari
plans:
  green:
    sapce: {{ tilte: Green, reuse: per-incidnet, colour: red }}
    steps:
      - post: {{ markdwon: Help }}
      - smss: [{{ to: [\"0691\"], text: Hi }}]
        after: 5 minuts
buttons:
  b: {{ plan: gren, token: {{ secert: b }}, hold: cancle }}
"
        );
        assert_snapshot!(wrong(&text), @r#"
        f.yaml:3:1: unknown key `timezon`; did you mean `timezone`?
         3 | timezon: Europe/Pari
           | ^
        f.yaml:3:10: there is no time zone "Europe/Pari"; write an IANA name such as Europe/Paris
         3 | timezon: Europe/Pari
           |          ^
        f.yaml:6:5: unknown key `sapce`; did you mean `space`?
         6 |     sapce: { tilte: Green, reuse: per-incidnet, colour: red }
           |     ^
        f.yaml:6:14: unknown key `tilte`; did you mean `title`?
         6 |     sapce: { tilte: Green, reuse: per-incidnet, colour: red }
           |              ^
        f.yaml:6:35: "per-incidnet" is not possible here; did you mean `per-incident`? It can be `always` or `per-incident`
         6 |     sapce: { tilte: Green, reuse: per-incidnet, colour: red }
           |                                   ^
        f.yaml:6:49: unknown key `colour`; the keys here are `moderators`, `participants`, `reuse`, `team` and `title`
         6 |     sapce: { tilte: Green, reuse: per-incidnet, colour: red }
           |                                                 ^
        f.yaml:8:17: unknown key `markdwon`; did you mean `markdown`?
         8 |       - post: { markdwon: Help }
           |                 ^
        f.yaml:9:9: unknown key `smss`; did you mean `sms`?
         9 |       - smss: [{ to: ["0691"], text: Hi }]
           |         ^
        f.yaml:9:23: "0691" is no phone number; write it with + and the country's code, digits only: +352691496401
         9 |       - smss: [{ to: ["0691"], text: Hi }]
           |                       ^
        f.yaml:10:16: "5 minuts" is no length of time; write 30s, 5m, 6h or 1h 30m
         10 |         after: 5 minuts
            |                ^
        f.yaml:12:14: there is no plan "gren"; the plans are: green
         12 |   b: { plan: gren, token: { secert: b }, hold: cancle }
            |              ^
        f.yaml:12:29: unknown key `secert`; did you mean `secret`?
         12 |   b: { plan: gren, token: { secert: b }, hold: cancle }
            |                             ^
        f.yaml:12:48: "cancle" is not possible here; did you mean `cancel`? It can be `press`, `acknowledge`, `cancel` or `ignore`
         12 |   b: { plan: gren, token: { secert: b }, hold: cancle }
            |                                                ^
        "#);
    }

    #[test]
    fn wrong_types_and_missing_keys() {
        let text = "\
webex: { token: abc-very-secret }
twilio:
  account: AC1
  from: 0033644
plans:
  green:
    space: { title: }
    steps:
      sms: { to: +12025550111, text: [a] }
  blue:
    steps:
      - call: [{ to: +12025550111, say: 5 }]
      - post: Hello
  red: {}
buttons:
  b:
    plan: green
    token: [abc, { secret: x }]
    flic: perhaps
";
        assert_snapshot!(wrong(text), @r#"
        f.yaml:1:17: a secret never stands in this file: give `token` the form { secret: NAME } and put its value into the secrets document
         1 | webex: { token: …
           |                 ^
        f.yaml:2:1: the key `token` is missing in `twilio` (The account's auth token)
         2 | twilio:
           | ^
        f.yaml:3:12: a Twilio account is AC and 32 letters or digits; copy it from Twilio's console
         3 |   account: AC1
           |            ^
        f.yaml:4:9: "0033644" is no phone number; write it with + and the country's code, digits only: +352691496401
         4 |   from: 0033644
           |         ^
        f.yaml:7:14: `title` has to be text, but nothing stands there; fill it in
         7 |     space: { title: }
           |              ^
        f.yaml:8:5: `steps` has to be a list, but this is a mapping; begin each item with a dash
         8 |     steps:
           |     ^
        f.yaml:10:3: the key `space` is missing in `blue` (The Webex space in which it happens)
         10 |   blue:
            |   ^
        f.yaml:12:22: `to` has to be a list, but this is a single value; put it in brackets: [ … ]
         12 |       - call: [{ to: +12025550111, say: 5 }]
            |                      ^
        f.yaml:13:15: `post` has to be a mapping (keys with values), but this is a single value; its keys go below it, indented
         13 |       - post: Hello
            |               ^
        f.yaml:14:3: the key `space` is missing in `red` (The Webex space in which it happens)
         14 |   red: {}
            |   ^
        f.yaml:18:13: a secret never stands in this file: give it the form { secret: NAME } and put its value into the secrets document
         18 |     token: […
            |             ^
        f.yaml:19:11: `flic` has to be true or false, but this is text
         19 |     flic: perhaps
            |           ^
        "#);
    }

    #[test]
    fn what_only_meaning_shows() {
        let text = format!(
            "{TOP}admins: {{ sms: [\"123\"], webex: [nobody] }}
plans:
  green:
    space: {{ title: Green }}
    reset_after: 5s
    steps:
      - after: 1m
        post: {{ file: files/gone.png }}
      - {{}}
      - sms: [{{ to: [], text: \"\" }}]
buttons:
  b: {{ plan: blue, token: [] }}
"
        );
        let found = check(&text, &|_| false).expect_err("much is wrong");
        assert_snapshot!(render("f.yaml", &text, &found), @r#"
        f.yaml:3:17: "123" is no phone number; write it with + and the country's code, digits only: +352691496401
         3 | admins: { sms: ["123"], webex: [nobody] }
           |                 ^
        f.yaml:3:33: "nobody" is no mail address
         3 | admins: { sms: ["123"], webex: [nobody] }
           |                                 ^
        f.yaml:7:18: reset_after is at least a minute
         7 |     reset_after: 5s
           |                  ^
        f.yaml:9:16: the first step is taken by the first press; `after` belongs to a later one
         9 |       - after: 1m
           |                ^
        f.yaml:10:23: there is no file "files/gone.png" beside the configuration
         10 |         post: { file: files/gone.png }
            |                       ^
        f.yaml:11:9: this step does nothing; give it a post, sms, call or people
         11 |       - {}
            |         ^
        f.yaml:12:17: nobody is named here
         12 |       - sms: [{ to: [], text: "" }]
            |                 ^
        f.yaml:12:31: there are no words here
         12 |       - sms: [{ to: [], text: "" }]
            |                               ^
        f.yaml:14:14: there is no plan "blue"; the plans are: green
         14 |   b: { plan: blue, token: [] }
            |              ^
        f.yaml:14:20: a button needs at least one token
         14 |   b: { plan: blue, token: [] }
            |                    ^
        "#);
    }

    #[test]
    fn a_line_that_nobody_would_reach() {
        let text = "\
webex: { token: { secret: webex }, webhook: { secret: webex-webhook } }
twilio: { account: ACffffffffffffffffffffffffffffffff, token: { secret: twilio }, from: +12025550100 }
plans:
  waits: { space: { title: Waits }, steps: [{ post: { markdown: Hello } }] }
lines:
  support:
    number: +12025550100
    agents: [{ email: alice, phone: 0691 }, { emial: bob@example.com }]
    waiting: { after: 10m, plan: wait }
    texts: { welcom: Hello }
    voice: { forward: +12025550100, ring: 2m }
    form: { secert: contact-form }
  sales:
    number: 2025550100
    assign: logest-idle
    limits: { per_day: 0 }
  help:
    number: +12025550100
    team: Y2lzY29
    undo: 5m
";
        assert_snapshot!(wrong(text), @r#"
        f.yaml:7:13: another line has this number already; a text goes to one team
         7 |     number: +12025550100
           |             ^
        f.yaml:8:23: "alice" is no mail address
         8 |     agents: [{ email: alice, phone: 0691 }, { emial: bob@example.com }]
           |                       ^
        f.yaml:8:37: "0691" is no phone number; write it with + and the country's code, digits only: +352691496401
         8 |     agents: [{ email: alice, phone: 0691 }, { emial: bob@example.com }]
           |                                     ^
        f.yaml:8:47: unknown key `emial`; did you mean `email`?
         8 |     agents: [{ email: alice, phone: 0691 }, { emial: bob@example.com }]
           |                                               ^
        f.yaml:9:34: there is no plan "wait"; the plans are: waits
         9 |     waiting: { after: 10m, plan: wait }
           |                                  ^
        f.yaml:10:14: unknown key `welcom`; did you mean `welcome`?
         10 |     texts: { welcom: Hello }
            |              ^
        f.yaml:11:23: calls would go round in circles: this is the line's own number
         11 |     voice: { forward: +12025550100, ring: 2m }
            |                       ^
        f.yaml:11:43: `ring` is 5s to 60s
         11 |     voice: { forward: +12025550100, ring: 2m }
            |                                           ^
        f.yaml:12:13: unknown key `secert`; did you mean `secret`?
         12 |     form: { secert: contact-form }
            |             ^
        f.yaml:13:3: a line needs a `team` or `agents`: who is to answer?
         13 |   sales:
            |   ^
        f.yaml:14:13: "2025550100" is no phone number; write it with + and the country's code, digits only: +352691496401
         14 |     number: 2025550100
            |             ^
        f.yaml:15:13: "logest-idle" is not possible here; did you mean `longest-idle`? It can be `longest-idle` or `in-turn`
         15 |     assign: logest-idle
            |             ^
        f.yaml:16:24: a limit of 0 would keep every answer here
         16 |     limits: { per_day: 0 }
            |                        ^
        f.yaml:20:11: `undo` is at most 60s: the customer waits for it
         20 |     undo: 5m
            |           ^
        "#);
        let text = "\
webex: { token: { secret: webex } }
lines: { support: { number: +12025550100, agents: [{ email: alice@example.com }] } }
";
        assert_snapshot!(wrong(text), @"
        f.yaml:1:1: a line needs `webhook`: without it nobody hears what agents write
         1 | webex: { token: { secret: webex } }
           | ^
        f.yaml:2:10: a line needs `twilio`: texts and calls come by it
         2 | lines: { support: { number: +12025550100, agents: [{ email: alice@example.com }] } }
           |          ^
        ");
    }

    #[test]
    fn broken_yaml() {
        assert_snapshot!(wrong("webex:\n\ttoken: 1\n"), @r"
        f.yaml:2:1: a tab stands at the beginning of this line; YAML wants spaces there
         2 | 	token: 1
           | ^
        ");
        assert_snapshot!(wrong("webex: { token: [ }\nplans: 1\n"), @r"
        f.yaml:1:17: this is no YAML: mismatched bracket '[' closed by '}'
         1 | webex: { token: [ }
           |                 ^
        ");
        assert_snapshot!(wrong("a: \"never closed\nb: 1\n"), @r"
        f.yaml:2:1: this is no YAML: invalid indentation in multiline quoted scalar
         2 | b: 1
           | ^
        ");
        assert_snapshot!(wrong("a: 1\n---\nb: 2\n"), @r"
        f.yaml:2:1: a second document begins here; one file holds one
         2 | ---
           | ^
        ");
        assert_snapshot!(wrong("a: *nowhere\n"), @r"
        f.yaml:1:4: this is no YAML: while parsing node, found unknown anchor
         1 | a: *nowhere
           |    ^
        ");
        assert_snapshot!(wrong(""), @"f.yaml:1:1: the file is empty; examples/README.md shows how to begin");
        assert_snapshot!(wrong("# only a comment\n"), @r"
        f.yaml:1:1: the file is empty; examples/README.md shows how to begin
         1 | # only a comment
           | ^
        ");
        assert_snapshot!(wrong("- a list\n"), @r"
        f.yaml:1:1: the file has to be a mapping (keys with values), but this is a list
         1 | - a list
           | ^
        ");
        assert_snapshot!(wrong("just words\n"), @r"
        f.yaml:1:1: the file has to be a mapping (keys with values), but this is a single value; its keys go below it, indented
         1 | just words
           | ^
        ");
    }

    #[test]
    fn keys_given_twice() {
        let text = format!(
            "{TOP}timezone: UTC\ntimezone: UTC\nplans: {{ a: {{ space: {{ title: A, title: B }}, steps: [{{ people: {{ participants: [a@b.c] }} }}] }} }}\n"
        );
        assert_snapshot!(wrong(&text), @r"
        f.yaml:4:1: `timezone` stands here twice; the first is in line 3
         4 | timezone: UTC
           | ^
        f.yaml:5:34: `title` stands here twice; the first is in line 5
         5 | plans: { a: { space: { title: A, title: B }, steps: [{ people: { participants: [a@b.c] } }] } }
           |                                  ^
        ");
    }

    #[test]
    fn aliases_and_merges_work_but_cannot_explode() {
        let text = format!(
            "{TOP}plans:
  a: &a {{ space: &space {{ title: A }}, steps: [{{ post: {{ markdown: \"1\" }} }}] }}
  b: {{ <<: *a, space: {{ <<: *space, title: B }} }}
"
        );
        let config = check(&text, &|_| true).expect("aliases are fine");
        assert_eq!(config.plans["b"].space.title, "B");
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let alias = vec![format!("*a{}", level - 1); 10].join(", ");
            let _ = writeln!(bomb, "a{level}: &a{level} [{alias}]");
        }
        assert_snapshot!(wrong(&bomb).chars().take(150).collect::<String>(), @r"
        f.yaml:5:25: with its aliases written out this file has more than 50000 values
         5 | a4: &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]
           |
        ");
        assert!(wrong(&"[".repeat(100_000)).contains("f.yaml:1:"));
        assert!(wrong(&format!("a: {}", "- ".repeat(100_000))).contains("f.yaml:1:"));
        assert!(wrong("a: &a [*a]\n").contains("inside of what it names"));
    }

    #[test]
    fn what_may_be_a_secret_is_not_repeated() {
        let shown = wrong(
            "webex: { token: hunter2 }\ntwilio: { token: [hunter2] }\nbuttons: { b: { token: hunter2 } }\n",
        );
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn scalars_mean_what_is_wanted() {
        let text = format!(
            "{TOP}plans: {{ 7: {{ space: {{ title: 2026 }}, reset_after: 90m, steps: [{{ post: {{ markdown: yes, label: ~ }} }}] }} }}
buttons: {{ b: {{ plan: 7, token: {{ secret: b }}, flic: on }} }}
"
        );
        let config = check(&text, &|_| true).unwrap_or_else(|found| panic!("{}", render("f", &text, &found)));
        assert!(config.buttons["b"].flic);
        assert_eq!(config.plans["7"].space.title, "2026");
    }

    #[test]
    fn nothing_that_people_type_makes_it_panic() {
        // The example with one line left out, cut short, or pushed to the right, for every line.
        let lines: Vec<&str> = DEMO.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let half: String = line.chars().take(line.chars().count() / 2).collect();
            for other in [
                None,
                Some(half),
                Some(format!(" {line}")),
                Some(format!("\t{line}")),
                Some(format!("{line}: é*&")),
            ] {
                let mut changed: Vec<&str> = lines.clone();
                match &other {
                    Some(other) => changed[index] = other,
                    None => {
                        changed.remove(index);
                    }
                }
                let text = changed.join("\n");
                if let Err(found) = check(&text, &|_| true) {
                    assert!(!found.is_empty());
                    assert!(found.iter().all(|one| one.line >= 1 && one.column >= 1), "{found:?}");
                    render("f.yaml", &text, &found);
                }
            }
        }
    }

    #[test]
    fn agrees_with_the_functions_reader() {
        for span in ["1d", "1h 30m", "90m", "2 minutes", "1.5h", "0s", "-5m", "PT1H", "5", "1w", "1h, 5m"] {
            let text = format!(
                "{TOP}plans: {{ a: {{ space: {{ title: A }}, reset_after: \"{span}\", steps: [{{ post: {{ markdown: a }} }}] }} }}\n"
            );
            let reads = serde_saphyr::from_str::<Config>(&text).is_ok();
            let passes = check(&text, &|_| true).is_ok();
            assert!(reads || !passes, "{span}: we let it pass, but it can't be read");
        }
    }

    #[test]
    fn days_are_refused_in_words() {
        let text = format!(
            "{TOP}plans: {{ a: {{ space: {{ title: A }}, reset_after: 1d, steps: [{{ post: {{ markdown: a }} }}] }} }}\n"
        );
        assert!(wrong(&text).starts_with("f.yaml:3:49: "), "{}", wrong(&text));
        assert!(wrong(&text).contains("no length of time; write 30s"), "{}", wrong(&text));
    }

    #[test]
    fn the_schema_explains_itself() {
        let schema: Value = serde_json::from_str(&schema()).expect("JSON");
        assert!(schema["$schema"].as_str().is_some_and(|url| url.contains("json-schema.org")));
        assert_eq!(schema["title"], "Handbell configuration");
        assert!(schema["$defs"]["Step"]["properties"]["after"]["description"].is_string());
        assert_eq!(schema["additionalProperties"], false);
        jsonschema::meta::validate(&schema).expect("a valid schema");
    }
}
