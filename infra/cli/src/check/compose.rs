//! Parses YAML into a tree, with limits on its size and depth.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::finding::Finding;
use super::tree::{Entry, Kind, Node, Place};

/// Limit of nodes after the aliases are expanded, so that a small file can't fill the memory.
const MOST_NODES: usize = 50_000;

/// Limit of the nesting depth. A valid configuration needs a quarter of it.
const DEEPEST: usize = 40;

/// Parses YAML into a tree, with the findings that don't prevent a tree, such as a duplicate key. Returns `Err` if there is
/// no tree.
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
                let indent = source.chars().take_while(|c| *c == ' ').count();
                error.column = indent + 1;
                error.message = "this line begins with a tab; YAML indents with spaces".into();
            }
            composer.findings.push(error);
            Err(composer.findings)
        }
    }
}

struct Composer<I> {
    events: I,
    /// The node of each anchor, and its size in nodes.
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
                Err(place.finding(&[], format!("this is not valid YAML: {}", error.info())))
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
                        place.finding(&[], "a second document begins here; a file holds only one".into())
                    );
                }
                (Event::DocumentStart(..), _) => {
                    let (event, place) = self.next()?;
                    tree = Some(self.node(event, place)?);
                }
                _ => {}
            }
        }
    }

    fn spend(&mut self, nodes: usize, place: Place) -> Result<(), Finding> {
        self.left = self.left.checked_sub(nodes).ok_or_else(|| {
            place.finding(
                &[],
                format!("with its aliases expanded, this file has more than {MOST_NODES} values"),
            )
        })?;
        Ok(())
    }

    fn node(&mut self, event: Event<'text>, place: Place) -> Result<Node, Finding> {
        self.spend(1, place)?;
        let before = self.left;
        let (kind, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                (Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }, anchor)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(place.finding(&[], "this alias is inside the value that it refers to".into()));
                };
                self.spend(size, place)?;
                return Ok(Node { place, ..node });
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, place) => items.push(self.node(event, place)?),
                    }
                }
                (Kind::List(items), anchor)
            }
            Event::MappingStart(_, anchor, _) => (Kind::Map(self.mapping()?), anchor),
            _ => return Err(place.finding(&[], "this is not valid YAML: a value is missing".into())),
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
                (event, place) => self.node(event, place)?,
            };
            let (event, place) = self.next()?;
            let value = self.node(event, place)?;
            let Kind::Scalar { text, plain } = key.kind else {
                self.findings
                    .push(key.place.finding(&[], "a key must be a word, not a list or a mapping".into()));
                continue;
            };
            if plain && text == "<<" {
                merged.push(value);
            } else if let Some(first) = entries.iter().find(|entry| entry.key == text) {
                let message =
                    format!("the key `{text}` occurs twice; the first is in line {}", first.place.line);
                self.findings.push(key.place.finding(&[text], message));
            } else {
                entries.push(Entry { key: text, place: key.place, value });
            }
        }
        // `<<: *other` adds the keys that the mapping itself doesn't have.
        for entry in merged.iter().flat_map(Node::items).flat_map(Node::entries) {
            if !entries.iter().any(|known| known.key == entry.key) {
                entries.push(entry.clone());
            }
        }
        Ok(entries)
    }
}
