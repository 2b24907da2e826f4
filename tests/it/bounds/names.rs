//! A public type's name is defined once in `shared/`.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{Ident, ItemMod, Visibility};

use super::{Source, is_for_tests, parsed, product_sources};

/// The public types of a source file.
#[derive(Default)]
struct PublicTypes(Vec<String>);

impl PublicTypes {
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

    fn visit_item_type(&mut self, item: &'a syn::ItemType) {
        self.add(&item.vis, &item.ident);
    }
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
    // And the check can fail.
    let one = parsed("a.rs", "pub struct Line;\npub(crate) enum Page {}\npub struct Post;");
    let other = parsed(
        "b.rs",
        "mod inner { pub type Line = u8; }\npub trait Page {}\n#[cfg(test)]\nmod tests { pub struct Post; }",
    );
    assert_eq!(ambiguous(&[one, other]), ["Line: a.rs, b.rs"]);
}
