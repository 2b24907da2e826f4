//! The house rules: which crate may depend on what, what template.yaml must contain, and what no source may contain.

mod command;
mod dashboard;
mod dependencies;
mod mail;
mod roles;
mod template;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns what a clippy file forbids.
fn forbidden(clippy: &str) -> BTreeSet<String> {
    let paths = clippy.lines().filter_map(|line| line.trim().strip_prefix("{ path = \"")?.split('"').next());
    paths.map(str::to_owned).collect()
}

#[test]
fn shared_forbids_what_the_workspace_forbids_and_ids_and_stopwatches() {
    let (workspace, shared) = (forbidden(&read("clippy.toml")), forbidden(&read("shared/clippy.toml")));
    assert!(workspace.len() > 5, "{workspace:?}");
    let more: Vec<_> = shared.difference(&workspace).map(String::as_str).collect();
    assert_eq!(
        more,
        ["std::time::Instant::now", "tokio::time::Instant::now", "uuid::Uuid::new_v4", "uuid::Uuid::now_v7"]
    );
    assert!(workspace.is_subset(&shared), "{:?}", workspace.difference(&shared));
}

/// Returns every Rust source in a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let own = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    own.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

#[test]
fn no_source_has_a_stub() {
    let mut count = 0;
    for path in ["shared", "functions"].iter().flat_map(|folder| sources(&root().join(folder))) {
        let source = std::fs::read_to_string(&path).expect("a source");
        for word in ["todo!(", "unimplemented!(", "#[ignore"] {
            assert!(!source.contains(word), "{word} in {}", path.display());
        }
        count += 1;
    }
    assert!(count > 30, "only {count} sources were found");
}
