//! No file of the rules and the handlers depends on itself through the files that it uses.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, ItemMod, ItemUse, UseTree, Visibility};

use super::{Source, is_for_tests, parsed, product_sources};

/// Maximum number of re-exports of a name.
const HOPS: usize = 8;

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
    /// Modules of which everything is imported, and whether it is passed on.
    globs: Vec<(Place, bool)>,
    /// Names of types, functions and other items that the file defines.
    defined: BTreeSet<String>,
    /// Names without a path that are used.
    names: BTreeSet<String>,
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
            UseTree::Glob(_) => {
                if let Some(place) = self.absolute(before) {
                    self.globs.push((place, is_export));
                }
            }
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

/// Returns the name of an item that other files can name.
fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Struct(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Const(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(name.to_string())
}

/// Returns the names that a macro's tokens define: `struct Name`.
fn defined_in(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_struct = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if *word == "struct");
    let names = tokens.windows(2).filter(|two| is_struct(&two[0]));
    names.map(|two| two[1].to_string()).collect()
}

impl<'a> Visit<'a> for Uses<'_> {
    fn visit_item(&mut self, item: &'a Item) {
        self.defined.extend(name_of(item));
        visit::visit_item(self, item);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.defined.extend(defined_in(call.tokens.clone()));
        visit::visit_macro(self, call);
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.import(&[], &item.tree, !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
        if let syn::Expr::Path(function) = call.func.as_ref()
            && let Some(name) = function.path.get_ident()
        {
            self.names.insert(name.to_string());
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let names: Place = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        match names.as_slice() {
            // A type or a constant. What begins with a small letter may be a variable.
            [name] if name.starts_with(char::is_uppercase) => {
                self.names.insert(name.clone());
            }
            [_] => {}
            names => self.used.extend(self.absolute(names)),
        }
        visit::visit_path(self, path);
    }
}

/// Returns the file that defines an item, through any re-exports, of which a name has at most `hops`.
fn file_of(place: &[String], all: &BTreeMap<Place, Uses<'_>>, hops: usize) -> Option<Place> {
    let hops = hops.checked_sub(1)?;
    let length = (0..=place.len()).rev().find(|length| all.contains_key(&place[..*length]))?;
    let (file, rest) = place.split_at(length);
    // Only the module itself was imported. The items that are used are found where they are named.
    let (name, rest) = rest.split_first()?;
    let uses = all.get(file)?;
    if let Some(further) = uses.exports.get(name) {
        let further: Place = further.iter().chain(rest).cloned().collect();
        return file_of(&further, all, hops);
    }
    if !uses.defined.contains(name) {
        let exported = uses.globs.iter().filter(|(_, is_export)| *is_export);
        let inside = |(glob, _): &(Place, bool)| {
            let further: Place = glob.iter().chain([name]).cloned().collect();
            defines(&further, all, hops)
        };
        if let Some(found) = exported.filter_map(inside).next() {
            return Some(found);
        }
    }
    Some(file.to_vec())
}

/// Returns the file that defines an item, if it does define it by that name.
fn defines(place: &[String], all: &BTreeMap<Place, Uses<'_>>, hops: usize) -> Option<Place> {
    let name = place.last()?;
    file_of(place, all, hops).filter(|file| all.get(file).is_some_and(|uses| uses.defined.contains(name)))
}

/// Returns the files whose items a file uses by their names alone: those that it passes on, and those of a glob.
fn files_of_names(uses: &Uses<'_>, all: &BTreeMap<Place, Uses<'_>>) -> BTreeSet<Place> {
    let own = uses.names.iter().filter(|name| !uses.defined.contains(*name));
    own.filter_map(|name| match uses.exports.get(name) {
        Some(place) => file_of(place, all, HOPS),
        None if uses.imports.contains_key(name) => None,
        None => uses.globs.iter().find_map(|(glob, _)| {
            let place: Place = glob.iter().chain([name]).cloned().collect();
            defines(&place, all, HOPS)
        }),
    })
    .collect()
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
            let mut uses = Uses {
                files: &files,
                module: module.clone(),
                imports: BTreeMap::new(),
                exports: BTreeMap::new(),
                globs: Vec::new(),
                defined: BTreeSet::new(),
                names: BTreeSet::new(),
                used: BTreeSet::new(),
            };
            uses.visit_file(&source.syntax);
            (module, uses)
        })
        .collect();
    let arrows: BTreeMap<&Place, BTreeSet<Place>> = all
        .iter()
        .map(|(file, uses)| {
            let to = uses.used.iter().filter_map(|place| file_of(place, &all, HOPS));
            (file, to.chain(files_of_names(uses, &all)).filter(|to| to != file).collect())
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

fn assert_no_circle(root: &str) {
    let sources = product_sources(&[root]);
    assert!(sources.len() > 60, "only {} sources were found in {root}", sources.len());
    assert_eq!(circles(&sources, root), [""; 0]);
}

#[test]
fn no_file_of_the_rules_leads_back_to_itself() {
    assert_no_circle("shared/core/src");
    assert_no_circle("shared/app/src");
    // And the check can fail: through a name that a file passes on and uses itself, and through globs.
    let sources = [
        parsed("src/lib.rs", "mod a; mod b; mod c; pub use a::One; pub fn two(_: One) {}"),
        parsed("src/a.rs", "pub struct One; pub fn three() { crate::two(One); }"),
        parsed("src/b.rs", "mod inner; pub use inner::*; parts! { pub struct Four { five: Five } }"),
        parsed("src/b/inner.rs", "use super::*; pub struct Five; pub fn six(_: Four) {}"),
        parsed("src/c.rs", "use crate::b::*; pub fn seven(who: Five) { six(who) }"),
    ];
    assert_eq!(circles(&sources, "src"), [" uses a and leads back", "a uses  and leads back"]);
    let [root, one, _, inner, last] = sources;
    let back = "mod inner; pub use inner::*; parts! { pub struct Four; } pub fn eight(_: Five) { crate::c::seven(Five) }";
    let sources = [root, one, parsed("src/b.rs", back), inner, last];
    let found = [
        "b uses b::inner and leads back",
        "b uses c and leads back",
        "b::inner uses b and leads back",
        "c uses b::inner and leads back",
    ];
    assert_eq!(&circles(&sources, "src")[2..], &found[..]);
    // Through what a parent passes on, by a path in the code, and by `super`.
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
