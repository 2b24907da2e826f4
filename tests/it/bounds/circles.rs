//! No file of `shared/core` depends on itself through the files that it uses.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{ItemMod, ItemUse, UseTree, Visibility};

use super::{Source, is_for_tests, parsed, product_sources};

/// A path from the crate's root: the module of a file, or an item in it.
type Place = Vec<String>;

/// The names that a source file uses and exports.
struct Uses<'a> {
    /// The modules of the crate that have a file.
    files: &'a BTreeSet<Place>,
    /// The module of this file.
    module: Place,
    /// Names that are imported from the crate.
    imports: BTreeMap<String, Place>,
    /// Names that are re-exported. A module may re-export items of its children without using them.
    exports: BTreeMap<String, Place>,
    /// Paths that are used.
    used: BTreeSet<Place>,
}

impl Uses<'_> {
    fn absolute(&self, path: &[String]) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        let parent = |of: &[String]| of[..of.len().saturating_sub(1)].to_vec();
        let (mut base, mut rest) = match first.as_str() {
            "crate" => (Vec::new(), rest),
            "self" => (self.module.clone(), rest),
            "super" => (parent(&self.module), rest),
            name => match self.imports.get(name) {
                Some(place) => (place.clone(), rest),
                None => {
                    let child: Place = self.module.iter().cloned().chain([first.clone()]).collect();
                    return self
                        .files
                        .contains(&child)
                        .then(|| child.into_iter().chain(rest.to_vec()).collect());
                }
            },
        };
        while let Some(("super", more)) = rest.split_first().map(|(first, more)| (first.as_str(), more)) {
            (base, rest) = (parent(&base), more);
        }
        Some(base.into_iter().chain(rest.iter().cloned()).collect())
    }

    fn import(&mut self, before: &[String], tree: &UseTree, is_export: bool) {
        let with = |name: &syn::Ident| before.iter().cloned().chain([name.to_string()]).collect::<Place>();
        match tree {
            UseTree::Path(path) => self.import(&with(&path.ident), &path.tree, is_export),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(before, tree, is_export)),
            UseTree::Name(name) if name.ident == "self" => {
                self.name(before.last().cloned(), before, is_export)
            }
            UseTree::Name(name) => self.name(Some(name.ident.to_string()), &with(&name.ident), is_export),
            UseTree::Rename(name) => self.name(Some(name.rename.to_string()), &with(&name.ident), is_export),
            UseTree::Glob(_) => {}
        }
    }

    fn name(&mut self, name: Option<String>, path: &[String], is_export: bool) {
        let (Some(name), Some(place)) = (name, self.absolute(path)) else { return };
        if is_export {
            self.exports.insert(name.clone(), place.clone());
        } else {
            self.used.insert(place.clone());
        }
        self.imports.insert(name, place);
    }
}

impl<'a> Visit<'a> for Uses<'_> {
    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.import(&[], &item.tree, !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let names: Place = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 {
            self.used.extend(self.absolute(&names));
        }
        visit::visit_path(self, path);
    }
}

/// Returns the file that defines an item, through any re-exports.
fn file_of(place: &[String], all: &BTreeMap<Place, Uses<'_>>) -> Option<Place> {
    let mut place = place.to_vec();
    // Limit of the number of re-exports of a name.
    for _ in 0..8 {
        let length = (0..=place.len()).rev().find(|length| all.contains_key(&place[..*length]))?;
        let (file, rest) = place.split_at(length);
        match rest.split_first() {
            // Only the module itself was imported. The items that are used are found where they are named.
            None => return None,
            Some((name, rest)) => match all.get(file).and_then(|uses| uses.exports.get(name)) {
                Some(further) => place = further.iter().chain(rest).cloned().collect(),
                None => return Some(file.to_vec()),
            },
        }
    }
    None
}

/// Returns each use that leads back to the file in which it is.
fn circles(sources: &[Source], root: &str) -> Vec<String> {
    let module_of = |path: &str| -> Place {
        let path = path.trim_start_matches(root).trim_end_matches(".rs");
        path.split('/').filter(|part| !["", "lib", "mod"].contains(part)).map(str::to_owned).collect()
    };
    let files: BTreeSet<Place> = sources.iter().map(|source| module_of(&source.path)).collect();
    let all: BTreeMap<Place, Uses<'_>> = sources
        .iter()
        .map(|source| {
            let module = module_of(&source.path);
            let (imports, exports, used) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
            let mut uses = Uses { files: &files, module: module.clone(), imports, exports, used };
            uses.visit_file(&source.syntax);
            (module, uses)
        })
        .collect();
    let arrows: BTreeMap<&Place, BTreeSet<Place>> = all
        .iter()
        .map(|(file, uses)| {
            let to = uses.used.iter().filter_map(|place| file_of(place, &all)).filter(|to| to != file);
            (file, to.collect())
        })
        .collect();
    let reaches = |from: &Place, to: &Place| {
        let (mut todo, mut seen) = (vec![from], BTreeSet::new());
        while let Some(file) = todo.pop() {
            if file == to {
                return true;
            }
            if seen.insert(file) {
                todo.extend(arrows.get(file).into_iter().flatten());
            }
        }
        false
    };
    let back = arrows.iter().flat_map(|(from, tos)| tos.iter().map(move |to| (*from, to)));
    back.filter(|(from, to)| reaches(to, from))
        .map(|(from, to)| format!("{} uses {} and leads back", from.join("::"), to.join("::")))
        .collect()
}

#[test]
fn no_file_of_the_rules_leads_back_to_itself() {
    let sources = product_sources(&["shared/core/src"]);
    assert!(sources.len() > 60, "only {} sources were found", sources.len());
    assert_eq!(circles(&sources, "shared/core/src"), [""; 0]);
    // And the check can fail: through what a parent passes on, by a path in the code, and by `super`.
    let sources = [
        parsed("src/lib.rs", "pub mod a; pub mod b; mod c;"),
        parsed("src/a.rs", "mod inner; pub use inner::{One, two};"),
        parsed("src/a/inner.rs", "pub struct One; pub fn two() { crate::b::three(); }"),
        parsed("src/b.rs", "use crate::a::One; pub fn three() { super::c::four(); }"),
        parsed(
            "src/c.rs",
            "use crate::a; pub fn four() { a::two() }\n#[cfg(test)]\nmod tests { use crate::b::three; }",
        ),
    ];
    let found = ["a::inner uses b and leads back", "b uses a::inner and leads back"];
    let found = [found.as_slice(), &["b uses c and leads back", "c uses a::inner and leads back"]].concat();
    assert_eq!(circles(&sources, "src"), found);
    assert_eq!(circles(&sources[..3], "src"), [""; 0]);
}
