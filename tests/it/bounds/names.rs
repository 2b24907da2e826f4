//! A public type's name is defined once in `shared/`.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Ident, ItemMod, Visibility};

use super::{Source, is_for_tests, parsed, product_sources};

/// The public types of a source file.
#[derive(Default)]
struct PublicTypes(Vec<String>);

impl PublicTypes {
    /// Adds the types that a macro's tokens declare: `pub struct Name`.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let word = |token: &TokenTree| match token {
            TokenTree::Ident(word) => word.to_string(),
            TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => String::new(),
        };
        for window in tokens.windows(3) {
            let [public, kind, name] = [0, 1, 2].map(|at| word(&window[at]));
            let declares = ["struct", "enum", "trait", "type"].contains(&kind.as_str());
            if public == "pub" && declares && !name.is_empty() {
                self.0.push(name);
            }
        }
        for token in tokens {
            if let TokenTree::Group(group) = token {
                self.add_tokens(group.stream());
            }
        }
    }

    fn add(&mut self, visibility: &Visibility, name: &Ident) {
        if matches!(visibility, Visibility::Public(_)) {
            self.0.push(name.to_string());
        }
    }
}

impl<'a> Visit<'a> for PublicTypes {
    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_struct(&mut self, item: &'a syn::ItemStruct) {
        self.add(&item.vis, &item.ident);
    }

    fn visit_item_enum(&mut self, item: &'a syn::ItemEnum) {
        self.add(&item.vis, &item.ident);
    }

    fn visit_item_trait(&mut self, item: &'a syn::ItemTrait) {
        self.add(&item.vis, &item.ident);
    }

    fn visit_item_macro(&mut self, item: &'a syn::ItemMacro) {
        if !is_for_tests(&item.attrs) {
            self.add_tokens(item.mac.tokens.clone());
        }
    }

    fn visit_item_type(&mut self, item: &'a syn::ItemType) {
        self.add(&item.vis, &item.ident);
    }
}

/// Returns the macros whose calls hide the name of a public type: they make a type of a name that doesn't stand behind
/// `pub struct` in the call.
fn hiding(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for item in &source.syntax.items {
            if let syn::Item::Macro(item) = item
                && let Some(name) = &item.ident
            {
                let rules = item.mac.tokens.to_string();
                let declares = |kind: &str| {
                    let type_of = |visibility: &str| rules.matches(&format!("{visibility} {kind} $")).count();
                    let (public, any) = (type_of("pub"), type_of(": vis") + type_of("$ vis"));
                    // Once in the call, and once in what becomes of it.
                    public % 2 != 0 || any % 2 != 0
                };
                if declares("struct") || declares("enum") {
                    found.push(format!("{name} of {}", source.path));
                }
            }
        }
    }
    found
}

/// Returns the names of public types that are defined more than once, with their files.
fn ambiguous(sources: &[Source]) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for source in sources {
        let mut types = PublicTypes::default();
        types.visit_file(&source.syntax);
        for name in types.0 {
            places.entry(name).or_default().push(&source.path);
        }
    }
    let twice = places.into_iter().filter(|(_, places)| places.len() > 1);
    twice
        .map(|(name, mut places)| {
            places.sort_unstable();
            format!("{name}: {}", places.join(", "))
        })
        .collect()
}

#[test]
fn a_public_type_has_a_name_of_its_own() {
    let sources = product_sources(&["shared"]);
    assert!(sources.len() > 100, "only {} sources were found", sources.len());
    assert_eq!(ambiguous(&sources), [""; 0]);
    assert_eq!(hiding(&sources), [""; 0]);
    // And the check can fail.
    let one = parsed("a.rs", "pub struct Line;\npub(crate) enum Page {}\npub struct Post;");
    let other = parsed(
        "b.rs",
        "mod inner { pub type Line = u8; }\npub trait Page {}\n#[cfg(test)]\nmod tests { pub struct Post; }",
    );
    assert_eq!(ambiguous(&[one, other]), ["Line: a.rs, b.rs"]);
    let one = parsed("a.rs", "parts! { /// A line.\n pub struct Line { a: A } }");
    let other = parsed("b.rs", "facets! { pub(crate) struct Page { Get } pub struct Line { Put } }");
    assert_eq!(ambiguous(&[one, other]), ["Line: a.rs, b.rs"]);
    let open = "macro_rules! parts { ($vis:vis struct $name:ident) => { $vis struct $name; } }";
    let hidden = "macro_rules! ids { ($name:ident) => { pub struct $name; } }";
    let found = hiding(&[parsed("a.rs", open), parsed("b.rs", hidden)]);
    assert_eq!(found, ["ids of b.rs"]);
}
