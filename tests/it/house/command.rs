//! The operator's command: its dependencies, with and without the laptop.

use std::process::Command;

use super::root;

/// Crates for the laptop only: a table, a server, the runner, the simulated vendors.
const LAPTOP: [&str; 5] = ["libsqlite3-sys", "dynoxide-rs", "axum", "handbell-local", "handbell-sim"];

/// Returns the names of all crates that are linked into the command.
fn linked(more: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "-p", "handbell", "-e", "normal", "--prefix", "none", "--format", "{p}"])
        .args(more)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn without_the_laptop_the_command_is_small() {
    let small = linked(&["--no-default-features"]);
    assert!(small.iter().any(|name| name == "clap"), "{small:?}");
    let found: Vec<&str> =
        LAPTOP.into_iter().filter(|name| small.iter().any(|other| other == name)).collect();
    assert!(found.is_empty(), "the command without the feature `local` is built from {found:?}");
    // With the laptop, all of them are there: the names are right.
    let whole = linked(&[]);
    let missing: Vec<&str> =
        LAPTOP.into_iter().filter(|name| !whole.iter().any(|other| other == name)).collect();
    assert!(missing.is_empty(), "the command with the feature `local` is not built from {missing:?}");
}
