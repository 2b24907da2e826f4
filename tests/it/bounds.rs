//! Bounds of the sources, read from their syntax: the length of files and functions, and no match over messages, commands
//! or events with an arm that would swallow a new one. `circles` and `names` have further bounds.

mod circles;
mod names;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, Pat};

/// Maximum number of lines of a file of product code, without its unit tests.
const FILE_LINES: usize = 400;
/// Maximum number of lines of a function.
const FUNCTION_LINES: usize = 80;
/// The enums of messages and written commands. The compiler only reports the places that a new variant needs if each
/// variant is matched.
const MESSAGES: &[&str] =
    &["Message", "SpaceMessage", "PhoneMessage", "MailMessage", "InternalTask", "WrittenCommand"];
/// More enums of events, commands, states and outcomes, of which the same holds. One state may still be asked for by
/// `matches!`.
const CASES: &[&str] = &[
    "AgentCommand",
    "Attendance",
    "Body",
    "Command",
    "EventOutcome",
    "Content",
    "ConversationEvent",
    "Event",
    "KeptReason",
    "Kind",
    "Outcome",
    "Phase",
    "Progress",
    "Scope",
    "Signal",
    "SignalAction",
    "Task",
];

/// A parsed source file.
struct Source {
    /// Path from the root of the repository.
    path: String,
    /// Number of lines.
    lines: usize,
    syntax: syn::File,
}

fn parsed(path: &str, text: &str) -> Source {
    let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    Source { path: path.to_owned(), lines: text.lines().count(), syntax }
}

/// Returns the sources of product code in these folders: no integration tests, no fuzz targets, no modules for tests
/// only.
fn product_sources(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut todo: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    let (mut sources, mut test_modules) = (Vec::new(), BTreeSet::new());
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            let name = path.file_name().unwrap_or_default();
            if !["tests", "fuzz", "target", "node_modules"].iter().any(|other| name == *other) {
                todo.extend(std::fs::read_dir(&path).expect("a folder").flatten().map(|entry| entry.path()));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let source = parsed(&path.strip_prefix(&root).expect("below the root").to_string_lossy(), &text);
            let is_root =
                ["mod", "lib", "main"].iter().any(|stem| path.file_stem().is_some_and(|own| own == *stem));
            let folder =
                if is_root { path.parent().expect("a folder").to_owned() } else { path.with_extension("") };
            for item in &source.syntax.items {
                if let Item::Mod(ItemMod { attrs, ident, content: None, .. }) = item
                    && is_for_tests(attrs)
                {
                    test_modules.insert(folder.join(ident.to_string()));
                }
            }
            sources.push((path, source));
        }
    }
    let is_product = |path: &Path| {
        let module = if path.ends_with("mod.rs") {
            path.parent().expect("a folder").to_owned()
        } else {
            path.with_extension("")
        };
        !module.ancestors().any(|module| test_modules.contains(module))
    };
    sources.into_iter().filter(|(path, _)| is_product(path)).map(|(_, source)| source).collect()
}

/// Returns true for an item that is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

/// Returns the number of lines from the first to the last of a piece of syntax.
fn line_count(piece: &impl Spanned) -> usize {
    let span = piece.span();
    span.end().line - span.start().line + 1
}

/// Findings in a source file. Modules for tests are skipped.
struct Found {
    path: String,
    /// Number of lines in modules for tests.
    test_lines: usize,
    /// Functions that are too long, with their number of lines.
    long_functions: Vec<(String, usize)>,
    /// The line of each wildcard in a match over messages, commands or events.
    wildcards: Vec<usize>,
    /// The type that `Self` names.
    own_type: Option<String>,
}

impl Found {
    fn in_source(source: &Source) -> Self {
        let path = source.path.clone();
        let (long_functions, wildcards) = (Vec::new(), Vec::new());
        let mut found = Self { path, test_lines: 0, long_functions, wildcards, own_type: None };
        found.visit_file(&source.syntax);
        found
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = block.span().end().line - signature.span().start().line + 1;
        if lines > FUNCTION_LINES {
            self.long_functions.push((signature.ident.to_string(), lines));
        }
    }

    /// Returns true if a pattern names a variant of one of these enums.
    fn names_variant(&self, enums: &[&[&str]], pattern: &Pat) -> bool {
        let is_message = |path: &syn::Path| {
            let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            names.len() > 1 && {
                let of = names[names.len() - 2].as_str();
                let of = if of == "Self" { self.own_type.as_deref().unwrap_or_default() } else { of };
                enums.iter().any(|names| names.contains(&of))
            }
        };
        match pattern {
            Pat::Path(pattern) => is_message(&pattern.path),
            Pat::Struct(pattern) => {
                is_message(&pattern.path)
                    || pattern.fields.iter().any(|field| self.names_variant(enums, &field.pat))
            }
            Pat::TupleStruct(pattern) => {
                is_message(&pattern.path)
                    || pattern.elems.iter().any(|inner| self.names_variant(enums, inner))
            }
            Pat::Or(pattern) => pattern.cases.iter().any(|case| self.names_variant(enums, case)),
            Pat::Tuple(pattern) => pattern.elems.iter().any(|inner| self.names_variant(enums, inner)),
            Pat::Reference(pattern) => self.names_variant(enums, &pattern.pat),
            Pat::Paren(pattern) => self.names_variant(enums, &pattern.pat),
            Pat::Guard(pattern) => self.names_variant(enums, &pattern.pat),
            Pat::Ident(pattern) => {
                pattern.subpat.as_ref().is_some_and(|(_, inner)| self.names_variant(enums, inner))
            }
            _ => false,
        }
    }
}

/// Returns true if a pattern matches anything.
fn matches_anything(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) | Pat::Rest(_) => true,
        Pat::Ident(pattern) => {
            pattern.subpat.is_none()
                && pattern.ident.to_string().starts_with(|c: char| c.is_lowercase() || c == '_')
        }
        Pat::Tuple(pattern) => pattern.elems.iter().all(matches_anything),
        Pat::Reference(pattern) => matches_anything(&pattern.pat),
        Pat::Paren(pattern) => matches_anything(&pattern.pat),
        _ => false,
    }
}

impl<'a> Visit<'a> for Found {
    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if is_for_tests(&module.attrs) {
            self.test_lines += line_count(module);
        } else {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'a syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.function(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_impl(&mut self, block: &'a syn::ItemImpl) {
        let name = match block.self_ty.as_ref() {
            syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        let outer = std::mem::replace(&mut self.own_type, name);
        visit::visit_item_impl(self, block);
        self.own_type = outer;
    }

    fn visit_expr_match(&mut self, expression: &'a syn::ExprMatch) {
        if expression.arms.iter().any(|arm| self.names_variant(&[MESSAGES, CASES], &arm.pat)) {
            let wild = expression.arms.iter().filter(|arm| matches_anything(&arm.pat));
            self.wildcards.extend(wild.map(|arm| arm.span().start().line));
        }
        visit::visit_expr_match(self, expression);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        // The pattern of `matches!(value, pattern)`. A new message would fall on the side of "no".
        if call.path.is_ident("matches")
            && let Ok(pattern) = call.parse_body_with(|input: syn::parse::ParseStream<'_>| {
                input.parse::<syn::Expr>()?;
                input.parse::<syn::Token![,]>()?;
                let pattern = Pat::parse_multi_with_leading_vert(input)?;
                input.parse::<proc_macro2::TokenStream>()?;
                Ok(pattern)
            })
            && self.names_variant(&[MESSAGES], &pattern)
        {
            self.wildcards.push(call.span().start().line);
        }
        visit::visit_macro(self, call);
    }
}

/// Returns what is too long in these sources.
fn too_long(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        let found = Found::in_source(source);
        let lines = source.lines - found.test_lines;
        if lines > FILE_LINES {
            wrong.push(format!("{} has {lines} lines", source.path));
        }
        let functions = found.long_functions.iter();
        wrong.extend(functions.map(|(name, lines)| format!("{name} of {} has {lines} lines", source.path)));
    }
    wrong
}

/// Returns the wildcards in matches over messages, commands and events.
fn wildcards(sources: &[Source]) -> Vec<String> {
    let found = sources.iter().map(Found::in_source);
    found
        .flat_map(|found| {
            let at = |line: usize| format!("{}:{line} would swallow a new message", found.path);
            found.wildcards.iter().map(|line| at(*line)).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn files_and_functions_are_short() {
    let sources = product_sources(&["shared", "functions", "infra"]);
    assert!(sources.len() > 200, "only {} sources were found", sources.len());
    assert_eq!(too_long(&sources), [""; 0]);
    // And the check can fail.
    let many = |count: usize| "    let _ = 1;\n".repeat(count);
    let long = parsed(
        "a.rs",
        &format!(
            "impl A {{\n    fn fits(&self) {{\n{}    }}\n    fn long(&self) {{\n{}    }}\n}}\n#[cfg(test)]\nmod tests {{\n    fn longer() {{\n{}    }}\n}}\n",
            many(78),
            many(79),
            many(400),
        ),
    );
    let short = parsed("b.rs", &"// A line.\n".repeat(FILE_LINES));
    let file = parsed("c.rs", &"// A line.\n".repeat(FILE_LINES + 1));
    let sources = [long, short, file];
    assert_eq!(too_long(&sources), ["long of a.rs has 81 lines", "c.rs has 401 lines"]);
}

#[test]
fn no_match_swallows_a_new_message() {
    let sources = product_sources(&["shared"]);
    assert!(sources.len() > 100, "only {} sources were found", sources.len());
    assert_eq!(wildcards(&sources), [""; 0]);
    // And the check can fail.
    let found = |body: &str| {
        let source = format!(
            "impl SpaceMessage {{\n    fn post(&self) -> bool {{\n        match self {{\n{body}\n        }}\n    }}\n}}\n"
        );
        !wildcards(&[parsed("a.rs", &source)]).is_empty()
    };
    for body in [
        "Self::Post { .. } => true, _ => false,",
        "delivery::Message::Space(_) => true, other => other.is_post(),",
        "(PhoneMessage::Text { .. }, Some(_)) => true, (_, _) => false,",
        "Some(&InternalTask::EraseCustomer { .. } | _) => true, _ => false,",
        "Delivery { message: Message::Direct(_), .. } => true, _ => false,",
        "ConversationEvent::Wake => true, heard => heard.is_wake(),",
        "Self::Post { .. } => matches!(self.message(), Some(Message::Phone(_)) if now),",
    ] {
        assert!(found(body), "{body}");
    }
    for body in [
        "Self::Post { .. } => true, Self::Assign => false,",
        "Medium::Text => true, _ => false,",
        "Self::Post { .. } => matches!(self.progress, Progress::Sent),",
        "Message::Space(_) => true, _ if now => true, Message::Direct(_) => false,",
    ] {
        assert!(!found(body), "{body}");
    }
}
