//! A YAML tree whose nodes know their places in the file.

use std::fmt::Write as _;

use granit_parser::Span;
use serde_json::Value;

use super::finding::Finding;

/// A place in the file. Line and column count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    pub(super) fn of(span: &Span) -> Self {
        Self { line: span.start.line(), column: span.start.col() + 1 }
    }

    pub(super) fn finding(self, path: &[String], message: String) -> Finding {
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

/// A YAML value with its place. Scalars stay text, since their type depends on the schema.
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

    /// The entries of a mapping; empty for every other node.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list. A single value counts as a list of one item, null as an empty list.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ if self.is_null() => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The text of a scalar that isn't null.
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

    /// Converts the tree to JSON, in which every scalar but null is text. `validate` converts text to the schema's types.
    pub(super) fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Scalar { .. } if self.is_null() => Value::Null,
            Kind::Scalar { text, .. } => text.as_str().into(),
            Kind::List(items) => items.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()
            }
        }
    }

    pub(super) fn child(&self, part: &str) -> Option<&Node> {
        match &self.kind {
            Kind::List(items) => items.get(part.parse::<usize>().ok()?),
            _ => self.get(part),
        }
    }

    pub(super) fn child_mut(&mut self, part: &str) -> Option<&mut Node> {
        match &mut self.kind {
            Kind::List(items) => items.get_mut(part.parse::<usize>().ok()?),
            Kind::Map(entries) => {
                entries.iter_mut().find(|entry| entry.key == part).map(|entry| &mut entry.value)
            }
            Kind::Scalar { .. } => None,
        }
    }

    pub(super) fn at(&self, path: &[String]) -> Option<&Node> {
        path.iter().try_fold(self, |node, part| node.child(part))
    }

    /// The place of `path`, or of the deepest part of it that exists: of a scalar itself, and of the key of a list or mapping.
    pub(super) fn place(&self, path: &[String]) -> Place {
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

    pub(super) fn key_place(&self, path: &[String], key: &str) -> Place {
        self.at(path)
            .and_then(|node| node.entries().iter().find(|entry| entry.key == key))
            .map_or_else(|| self.place(path), |entry| entry.place)
    }
}
