//! Which crate may depend on what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use handbell_boot::Function;
use serde_json::{Value, json};

use super::{list, root, text};

/// The crates of shared/ on which each crate may depend, tests aside. An addition to a list changes what a part of the system
/// knows: the rules are pure; input is parsed without a network; code that calls vendors knows no table, and the table no vendors;
/// the application logic knows neither Lambda nor its environment.
const MAY: &[(&str, &[&str])] = &[
    (
        "handbell-core",
        &["jiff", "regex", "schemars", "serde", "sha2", "strsim", "thiserror", "unicode-normalization"],
    ),
    (
        "handbell-inbound",
        &[
            "base64",
            "bytes",
            "handbell-core",
            "hmac",
            "http",
            "jiff",
            "mail-parser",
            "p256",
            "serde",
            "serde_html_form",
            "serde_json",
            "sha1",
            "sha2",
            "subtle",
            "thiserror",
        ],
    ),
    (
        "handbell-outbound",
        &[
            "aws-credential-types",
            "aws-sdk-sesv2",
            "aws-sigv4",
            "base64",
            "bytes",
            "futures-util",
            "handbell-core",
            "http",
            "jiff",
            "mime_guess",
            "png",
            "reqwest",
            "roxmltree",
            "secrecy",
            "serde",
            "serde_json",
            "thiserror",
            "tiny-skia",
            "tokio",
            "tokio-rustls",
            "ttf-parser",
        ],
    ),
    (
        "handbell-store",
        &[
            "aws-sdk-dynamodb",
            "aws-smithy-runtime-api",
            "erased-serde",
            "handbell-core",
            "jiff",
            "serde",
            "serde_dynamo",
            "serde_path_to_error",
            "sha2",
            "thiserror",
            "tokio",
        ],
    ),
    (
        "handbell-app",
        &[
            "aws-sdk-eventbridge",
            "aws-sdk-sqs",
            "bytes",
            "futures-util",
            "handbell-core",
            "handbell-inbound",
            "handbell-outbound",
            "handbell-store",
            "http",
            "jiff",
            "maud",
            "reqwest",
            "secrecy",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "tokio",
            "tracing",
            "uuid",
        ],
    ),
];

/// All dependencies of a function's crate.
const FUNCTION: &[&str] = &["handbell-boot", "tokio"];

/// Crates of the workspace on which handbell-boot may depend; outside of the workspace, anything.
const BOOT: &[&str] =
    &["handbell-app", "handbell-core", "handbell-inbound", "handbell-outbound", "handbell-store"];

/// Crates that must not be in the tree of any function: a second TLS stack, or crates for the laptop only.
const NEVER: &[&str] =
    &["aws-lc-rs", "aws-lc-sys", "axum", "dynoxide-rs", "native-tls", "openssl", "openssl-sys", "schannel"];

/// Crates of which the functions have one version.
const ONCE: &[&str] = &["http", "hyper", "reqwest", "ring", "rustls", "tokio"];

/// Crates that the rules and the parsers of input must not reach, not even through another crate.
const IMPURE: &[&str] = &["hyper", "mio", "reqwest", "rustls", "socket2", "tokio"];

/// Returns the output of `cargo metadata`.
fn metadata(more: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1"])
        .args(more)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Returns true if a package is one of functions/.
fn is_function(package: &Value) -> bool {
    Path::new(text(&package["manifest_path"])).iter().rev().nth(2).is_some_and(|folder| folder == "functions")
}

/// Returns dependencies that a crate must not have, and allowances that it doesn't use.
fn strangers(metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = 0;
    for package in list(&metadata["packages"]) {
        let name = text(&package["name"]);
        let direct = list(&package["dependencies"]).filter(|dependency| dependency["kind"] != "dev");
        let direct: BTreeSet<&str> = direct.map(|dependency| text(&dependency["name"])).collect();
        let known = direct.clone();
        let may = MAY.iter().find(|(of, _)| *of == name).map(|(_, may)| *may);
        let strange: Vec<&str> = if is_function(package) {
            direct.into_iter().filter(|other| !FUNCTION.contains(other)).collect()
        } else if let Some(may) = may {
            direct.into_iter().filter(|other| !may.contains(other)).collect()
        } else if name == "handbell-boot" {
            direct
                .into_iter()
                .filter(|other| other.starts_with("handbell") && !BOOT.contains(other))
                .collect()
        } else {
            continue;
        };
        seen += 1;
        let unused = may.into_iter().flatten().filter(|other| !known.contains(*other));
        found.extend(unused.map(|other| format!("{name} may know {other} without need")));
        found.extend(strange.into_iter().map(|other| format!("{name} knows {other}")));
    }
    if seen < MAY.len() + 1 + Function::ALL.len() {
        found.push(format!("only {seen} crates were found"));
    }
    found
}

/// Returns everything that is linked into a package: names and versions.
fn tree(metadata: &Value, of: impl Fn(&Value) -> bool) -> BTreeMap<String, BTreeSet<String>> {
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"]).map(|node| (text(&node["id"]), node)).collect();
    let packages: BTreeMap<&str, &Value> =
        list(&metadata["packages"]).map(|package| (text(&package["id"]), package)).collect();
    let mut todo: Vec<&str> = packages.iter().filter(|(_, package)| of(package)).map(|(id, _)| *id).collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    while let Some(id) = todo.pop() {
        if !done.insert(id) {
            continue;
        }
        let package = packages[id];
        found
            .entry(text(&package["name"]).to_owned())
            .or_default()
            .insert(text(&package["version"]).to_owned());
        let linked = list(&nodes[id]["deps"])
            .filter(|other| list(&other["dep_kinds"]).any(|kind| kind["kind"].is_null()));
        todo.extend(linked.map(|other| text(&other["pkg"])));
    }
    found
}

/// Returns crates that must not be in a function's binary, and crates that are there twice.
fn ballast(metadata: &Value) -> Vec<String> {
    let tree = tree(metadata, is_function);
    let never = NEVER.iter().filter(|name| tree.contains_key(**name)).map(|name| format!("{name} is linked"));
    let once = ONCE.iter().filter_map(|name| {
        let versions = tree.get(*name).map_or(0, BTreeSet::len);
        (versions != 1).then(|| format!("{name} is linked in {versions} versions"))
    });
    never.chain(once).collect()
}

#[test]
fn every_crate_has_only_allowed_dependencies() {
    let mut metadata = metadata(&["--no-deps"]);
    assert_eq!(strangers(&metadata), [""; 0]);
    // And the check can fail.
    for package in metadata["packages"].as_array_mut().expect("packages") {
        let stranger = match text(&package["name"]) {
            "handbell-core" => "tokio",
            "handbell-store" => "reqwest",
            "handbell-app" => "lambda_runtime",
            "handbell-boot" => "handbell",
            "tick" => "handbell-core",
            _ => continue,
        };
        package["dependencies"]
            .as_array_mut()
            .expect("dependencies")
            .push(json!({"name": stranger, "kind": null}));
    }
    for package in metadata["packages"].as_array_mut().expect("packages") {
        if package["name"] == "handbell-inbound" {
            let dependencies = package["dependencies"].as_array_mut().expect("dependencies");
            dependencies.retain(|dependency| dependency["name"] != "subtle");
        }
    }
    let found =
        ["handbell-app knows lambda_runtime", "handbell-boot knows handbell", "handbell-core knows tokio"];
    let found = found.iter().chain(&["handbell-store knows reqwest", "tick knows handbell-core"]);
    let found = found.chain(&["handbell-inbound may know subtle without need"]);
    assert_eq!(
        strangers(&metadata).into_iter().collect::<BTreeSet<_>>(),
        found.map(|s| (*s).to_owned()).collect()
    );
}

#[test]
fn the_functions_carry_one_tls_stack() {
    let mut metadata = metadata(&["--filter-platform", "aarch64-unknown-linux-gnu"]);
    assert_eq!(ballast(&metadata), [""; 0]);
    for name in ["handbell-core", "handbell-inbound"] {
        let tree = tree(&metadata, |package| package["name"] == name);
        assert!(tree.contains_key("serde"), "{name}: {tree:?}");
        let impure: Vec<_> = tree
            .keys()
            .filter(|other| IMPURE.contains(&other.as_str()) || other.starts_with("aws-"))
            .collect();
        assert!(impure.is_empty(), "{name} reaches {impure:?}");
    }
    // And the check can fail: a second rustls, and an OpenSSL.
    for (name, version) in [("rustls", "0.1.0"), ("openssl-sys", "0.9.0")] {
        metadata["packages"]
            .as_array_mut()
            .expect("packages")
            .push(json!({"id": name, "name": name, "version": version}));
        let nodes = metadata["resolve"]["nodes"].as_array_mut().expect("nodes");
        nodes.push(json!({"id": name, "deps": []}));
        let hyper = nodes.iter_mut().find(|node| text(&node["id"]).contains("#hyper@")).expect("hyper");
        let link = json!({"pkg": name, "dep_kinds": [{"kind": null, "target": null}]});
        hyper["deps"].as_array_mut().expect("dependencies").push(link);
    }
    assert_eq!(ballast(&metadata), ["openssl-sys is linked", "rustls is linked in 2 versions"]);
}
