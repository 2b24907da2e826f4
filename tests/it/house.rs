//! The house rules: which crate may depend on what, what template.yaml must contain, and what no source may contain.

mod command;
mod dashboard;
mod mail;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use handbell_app::Access;
use handbell_boot::Function;
use handbell_core::incident::Subject;
use handbell_local::cloud::template::{self, Template};
use handbell_store::Rows;
use handbell_store::table::{self, RowKey};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The crates of shared/ on which each crate may depend, tests aside. An addition to a list changes what a part of the system
/// knows: the rules are pure; input is parsed without a network; code that calls vendors knows no table, and the table no vendors;
/// the application logic knows neither Lambda nor its environment.
const MAY: &[(&str, &[&str])] = &[
    ("handbell-core", &["jiff", "regex", "schemars", "serde", "sha2", "thiserror", "unicode-normalization"]),
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

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

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

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
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

fn the_template() -> Template {
    Template::embedded().expect("a template")
}

/// Returns the template's resources as they are written, without comments.
fn resources(template: &str) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let (mut inside, mut id) = (false, String::new());
    for line in template.lines() {
        let comment = line.match_indices('#').map(|(at, _)| at).find(|at| {
            let before = &line[..*at];
            let quoted = before.matches('"').count() % 2 == 1 || before.matches('\'').count() % 2 == 1;
            (before.is_empty() || before.ends_with(' ')) && !quoted
        });
        let line = line[..comment.unwrap_or(line.len())].trim_end();
        let indent = line.len() - line.trim_start().len();
        match indent {
            _ if line.is_empty() => {}
            0 => inside = line == "Resources:",
            2 if inside => id = line.trim().trim_end_matches(':').to_owned(),
            _ if inside => all.entry(id.clone()).or_default().extend([line, "\n"]),
            _ => {}
        }
    }
    all
}

#[test]
fn every_function_has_a_block() {
    let folders = std::fs::read_dir(root().join("functions")).expect("functions").flatten();
    let folders = folders.filter(|folder| folder.path().join("Cargo.toml").exists());
    let folders: BTreeSet<String> =
        folders.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    let blocks: BTreeSet<String> =
        the_template().functions.iter().map(|function| function.name.clone()).collect();
    assert_eq!(folders, blocks);
    assert_eq!(folders, Function::ALL.iter().map(|function| function.name().to_owned()).collect());
    let resources = resources(template::SOURCE);
    for name in folders {
        let block = format!("CodeUri: functions/{name}\n");
        assert!(
            resources.values().any(|text| text.contains(&block)),
            "no block is built from functions/{name}"
        );
        let lines = read(&format!("functions/{name}/src/main.rs")).lines().count();
        assert!(
            lines <= 15,
            "functions/{name}/src/main.rs has {lines} lines; what it does belongs into shared/"
        );
    }
}

/// Returns the names in quotes in a source, without comments.
fn quoted(source: &str, prefix: &str) -> BTreeSet<String> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let names =
        code.flat_map(|line| line.split('"').skip(1).step_by(2)).filter(|name| name.starts_with(prefix));
    names.map(str::to_owned).collect()
}

/// Set only by the laptop's runner. In AWS, the vendors are where they are.
const LOCAL: &[&str] =
    &["HANDBELL_CLOCK_FILE", "HANDBELL_CMX_URL", "HANDBELL_TWILIO_URL", "HANDBELL_WEBEX_URL"];

/// Returns the variables that are missing in a function's block, or that are there without need.
fn misset(template: &Template) -> Vec<String> {
    let environment = read("shared/boot/src/environment.rs");
    let known = quoted(&environment, "HANDBELL_");
    let code: String = environment.split_whitespace().collect();
    let needed = |name: &str| code.contains(&format!("needed(\"{name}\")"));
    let mut wrong = Vec::new();
    for name in LOCAL {
        if !known.contains(*name) || needed(name) || !environment.contains(&format!("/// `{name}`")) {
            wrong.push(format!("{name} is no documented variable that only the laptop sets"));
        }
    }
    for function in &template.functions {
        let Some(access) = Function::of_name(&function.name).map(Function::access) else {
            wrong.push(format!("{} is no function", function.name));
            continue;
        };
        for name in known.iter().filter(|name| !LOCAL.contains(&name.as_str())) {
            let wanted = match name.as_str() {
                "HANDBELL_SECRETS" => access.secrets,
                // Who is called by the API learns it from the stage.
                "HANDBELL_PUBLIC_URL" => function.routes.is_empty() && access.public_url,
                "HANDBELL_BUCKET" => !access.bucket.is_empty(),
                "HANDBELL_CONFIG" => true,
                name => needed(name),
            };
            match (function.variables.contains(name), wanted) {
                (false, true) => wrong.push(format!("{} lacks {name}", function.name)),
                (true, false) => wrong.push(format!("{} has no use for {name}", function.name)),
                _ => {}
            }
        }
        let unread = function.variables.iter().filter(|name| !known.contains(*name));
        wrong.extend(unread.map(|name| format!("{name} of {} is read by nobody", function.name)));
    }
    if !template.stage_variables.contains(&"HANDBELL_PUBLIC_URL".to_owned()) {
        wrong.push("the stage doesn't tell HANDBELL_PUBLIC_URL".into());
    }
    wrong
}

#[test]
fn every_variable_is_set_where_it_is_needed() {
    let mut template = the_template();
    assert_eq!(misset(&template), [""; 0]);
    // The other variables are the SDK's, and Lambda sets them.
    let environment = read("shared/boot/src/environment.rs");
    let theirs =
        quoted(&environment, "AWS_").into_iter().filter(|name| !name.starts_with("AWS_ENDPOINT_URL"));
    let lambda = ["AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    assert_eq!(theirs.collect::<Vec<_>>(), lambda);
    // And the check can fail.
    for function in &mut template.functions {
        let lost = match function.name.as_str() {
            "button-press" | "tick" => "HANDBELL_SECRETS",
            "deliver" => "HANDBELL_PUBLIC_URL",
            "mailbox-poll" => "HANDBELL_BUCKET",
            "health" => "HANDBELL_TABLE",
            _ => continue,
        };
        function.variables.retain(|name| name != lost);
        if function.name == "health" {
            function.variables.extend(["HANDBELL_SECRETS".to_owned(), "HANDBELL_TABEL".to_owned()]);
        }
    }
    template.stage_variables.clear();
    let found: BTreeSet<String> = misset(&template).into_iter().collect();
    let wanted = [
        "HANDBELL_TABEL of health is read by nobody",
        "button-press lacks HANDBELL_SECRETS",
        "deliver lacks HANDBELL_PUBLIC_URL",
        "health has no use for HANDBELL_SECRETS",
        "health lacks HANDBELL_TABLE",
        "mailbox-poll lacks HANDBELL_BUCKET",
        "the stage doesn't tell HANDBELL_PUBLIC_URL",
        "tick lacks HANDBELL_SECRETS",
    ];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
}

/// Returns the functions that API Gateway calls, each with the source of its handler and of the handler's pages: parts
/// whose file begins by naming a path.
fn web_functions() -> Vec<(String, Vec<String>)> {
    let sources: Vec<String> = sources(&root().join("shared/app/src"))
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a source"))
        .collect();
    let file_of = |name: &str| {
        sources.iter().find(|source| {
            [format!("pub struct {name} {{"), format!("pub(crate) struct {name} {{")]
                .iter()
                .any(|declared| source.contains(declared))
        })
    };
    let table = read("shared/boot/src/functions.rs");
    let rows = table.lines().filter_map(|line| {
        let (function, rest) = line.split_once(" = \"")?.1.split_once("\": web(")?;
        Some((function.to_owned(), rest.split_once("::")?.0.to_owned()))
    });
    let rows: Vec<(String, String)> = rows.collect();
    let of_handlers: Vec<&String> = rows.iter().filter_map(|(_, handler)| file_of(handler)).collect();
    let found = rows.iter().map(|(function, handler)| {
        let own = file_of(handler).unwrap_or_else(|| panic!("{handler} is nowhere"));
        let fields = own.split_once(&format!("pub struct {handler} {{")).map_or("", |(_, rest)| rest);
        let fields = fields.split('}').next().unwrap_or_default().lines();
        let parts = fields.filter_map(|line| file_of(line.split_once(": ")?.1.trim_end_matches(',')));
        let pages = parts.filter(|part| {
            let names_path = part.lines().any(|line| line.starts_with("//!") && line.contains("`/"));
            names_path && !of_handlers.contains(part)
        });
        (function.clone(), pages.chain([own]).cloned().collect())
    });
    found.collect()
}

#[test]
fn every_documented_route_exists() {
    let mut served: BTreeSet<(String, String)> = BTreeSet::new();
    for (function, files) in web_functions() {
        let before = served.len();
        for source in &files {
            let documented = source.lines().filter(|line| line.trim_start().starts_with("//"));
            let documented = documented.flat_map(|line| line.split('`').skip(1).step_by(2));
            // "/b/" is the beginning of a path; `…` stands for several paths.
            let paths = documented.map(str::to_owned).chain(quoted(source, "/"));
            let paths = paths.filter(|path| path.starts_with('/') && !path.ends_with(['/', '…']));
            served.extend(paths.map(|path| (function.clone(), path)));
        }
        assert!(served.len() > before, "the handler of {function} names no path");
    }
    let template = the_template();
    let mut routes: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (function, route) in
        template.functions.iter().flat_map(|one| one.routes.iter().map(move |route| (one, route)))
    {
        let methods = routes.entry((function.name.clone(), route.path.clone())).or_default();
        methods.insert(route.method.to_string());
    }
    assert_eq!(
        routes.keys().cloned().collect::<BTreeSet<_>>(),
        served,
        "template.yaml's routes, and those of the code"
    );
    for ((_, path), methods) in routes {
        let wanted: &[&str] = match path.as_str() {
            "/b/{token}" => &["GET", "HEAD", "OPTIONS", "POST", "PUT"],
            "/health" | "/chart/{name}" | "/file/{link}" => &["GET"],
            "/meraki/{site}" | "/contact/{line}" => &["GET", "POST"],
            "/alert/{name}" | "/alert/{name}/{ticket}" | "/act/{piece}" => &["GET", "POST"],
            _ => &["POST"],
        };
        assert_eq!(methods.iter().map(String::as_str).collect::<Vec<_>>(), wanted, "{path}");
    }
}

#[test]
fn table_and_queue_agree_with_the_code() {
    let template = the_template();
    let names = |schema: &Value| {
        list(schema).map(|key| text(&key["AttributeName"]).to_owned()).collect::<BTreeSet<_>>()
    };
    let subject = Subject::button("green");
    let keys = |row: &table::Row| row.keys().cloned().collect::<BTreeSet<_>>();
    let mut row = RowKey::incident(&subject).row();
    let key = keys(&row);
    assert_eq!(names(&template.table["KeySchema"]), key);
    table::set_due(&mut row, &subject, Some(Timestamp::UNIX_EPOCH));
    let due: BTreeSet<String> = keys(&row).difference(&key).cloned().collect();
    let indexes: Vec<_> = list(&template.table["GlobalSecondaryIndexes"]).collect();
    assert_eq!(indexes.len(), 1);
    assert_eq!(text(&indexes[0]["IndexName"]), table::DUE);
    assert_eq!(names(&indexes[0]["KeySchema"]), due);
    let with_due = keys(&row);
    table::set_expiry(&mut row, Timestamp::UNIX_EPOCH, 1);
    let expiry: Vec<String> = keys(&row).difference(&with_due).cloned().collect();
    assert_eq!(expiry, [text(&template.table["TimeToLiveSpecification"]["AttributeName"])]);
    assert!(
        template::SOURCE.contains(&format!("${{Table.Arn}}/index/{}", table::DUE)),
        "tick may not read the index"
    );

    let deliver = template.function("deliver").expect("deliver");
    assert!(
        template.queue.visibility >= 6 * deliver.timeout,
        "a message would come again while it is worked on"
    );
}

/// Returns what is too wide in the template's roles.
fn too_wide(source: &str) -> Vec<String> {
    let resources = resources(source);
    let (mut wrong, mut roles) = (Vec::new(), BTreeSet::new());
    for (id, block) in &resources {
        // A star is narrow in two places: for the objects of the bucket under a prefix, and for the rows of one kind in the table.
        let mut wide = block.lines().filter(|line| !line.contains("{ dynamodb:LeadingKeys: [")).map(|line| {
            let prefixes =
                ["inbound", "quarantine"].map(|prefix| format!("${{MailBucket.Arn}}/{prefix}/*\""));
            prefixes.iter().fold(line.to_owned(), |line, prefix| line.replace(prefix, "\""))
        });
        if block.contains("Type: AWS::IAM::") && wide.any(|line| line.contains('*')) {
            wrong.push(format!("{id} allows more than it names"));
        }
        // AWS's own policies aren't narrow either. The policy for a function in a VPC can't be written without a star.
        let theirs = block.matches(":iam::aws:policy/").count();
        let vpc = block.contains(":iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole\"");
        if theirs > usize::from(vpc && id == "CmxPollRole") {
            wrong.push(format!("{id} has a policy of AWS"));
        }
        if !block.contains("Type: AWS::Serverless::Function") {
            continue;
        }
        // SAM's policy templates allow more than their names say.
        if block.contains("Policies:") || block.contains("Connectors:") {
            wrong.push(format!("{id} has policies outside its role"));
        }
        let role =
            block.lines().find_map(|line| line.trim().strip_prefix("Role: !GetAtt ")?.strip_suffix(".Arn"));
        let Some((role, policies)) = role.and_then(|role| Some((role, resources.get(role)?))) else {
            wrong.push(format!("{id} has no role"));
            continue;
        };
        if !roles.insert(role) {
            wrong.push(format!("{id} has another function's role"));
        }
        if block.contains("HANDBELL_SECRETS:") != policies.contains("!Ref ReadSecrets") {
            wrong.push(format!("{id} knows where the secrets are, or may read them, but not both"));
        }
    }
    if roles.len() != Function::ALL.len() {
        wrong.push(format!("{} roles were found", roles.len()));
    }
    wrong
}

#[test]
fn every_role_is_its_functions_own_and_narrow() {
    let source = template::SOURCE;
    assert_eq!(too_wide(source), [""; 0]);
    // And the check can fail.
    for (from, to, found) in [
        ("Action: events:PutEvents", "Action: events:*", "DeliverRole allows more than it names"),
        ("Resource: !GetAtt Bus.Arn", "Resource: '*'", "DeliverRole allows more than it names"),
        ("Action: ssm:GetParameter", "Action: \"*\"", "ReadSecrets allows more than it names"),
        ("{MailBucket.Arn}/inbound/*", "{MailBucket.Arn}/*", "DeliverRole allows more than it names"),
        ("Role: !GetAtt TickRole.Arn", "Role: !GetAtt DeliverRole.Arn", "Tick has another function's role"),
        ("      Role: !GetAtt TickRole.Arn\n", "", "Tick has no role"),
        ("AWSLambdaVPCAccessExecutionRole", "AWSLambdaFullAccess", "CmxPollRole has a policy of AWS"),
        (
            "ManagedPolicyArns: [!Ref ReadSecrets]",
            "ManagedPolicyArns: [!Ref ReadSecrets, arn:aws:iam::aws:policy/AdministratorAccess]",
            "ButtonPressRole has a policy of AWS",
        ),
        (
            "CodeUri: functions/tick",
            "Policies: [AmazonDynamoDBFullAccess]",
            "Tick has policies outside its role",
        ),
    ] {
        let changed = source.replacen(from, to, 1);
        assert_ne!(changed, source, "{from}");
        assert!(too_wide(&changed).contains(&found.to_owned()), "{to}: {:?}", too_wide(&changed));
    }
}

/// Parts of the table that a role may be narrowed to: how they are called here, how a facet calls them, and what they look
/// like in a role.
const PARTS: &[(&str, Rows, &str)] = &[
    ("due", Rows::Index(table::DUE), "${Table.Arn}/index/due\""),
    ("roster", Rows::Of(table::ROSTER), "dynamodb:LeadingKeys: [ROSTER"),
    ("paged", Rows::Of("PAGED#*"), "\"PAGED#*\""),
    ("code", Rows::Of("CODE#*"), "\"CODE#*\""),
    ("hooks", Rows::Of("HOOKS"), "dynamodb:LeadingKeys: [HOOKS]"),
];

/// What a function does, as its handler's type tells: `Query` is a query of the whole table, `Query due` of the index,
/// `Query roster` of those rows alone; `s3:GetObject inbound/` reads what stands under that prefix.
fn done(access: &Access) -> BTreeSet<String> {
    let table = access.table.iter().map(|access| match access.rows {
        Rows::Any => access.action.to_owned(),
        rows => {
            let part = PARTS.iter().find(|(_, part, _)| *part == rows);
            format!("{} {}", access.action, part.map_or("of rows without a name", |(name, ..)| *name))
        }
    });
    let bucket = access
        .bucket
        .iter()
        .map(|access| format!("s3:{} {}", access.action, access.prefix).trim_end().to_owned());
    let others =
        [(access.queue, "sqs:SendMessage"), (access.bus, "events:PutEvents"), (access.mail, "ses:SendEmail")];
    let others = others.into_iter().filter(|(does, _)| *does).map(|(_, action)| action.to_owned());
    table.chain(bucket).chain(others).collect()
}

/// The actions of a service that a statement of a role names.
fn named<'a>(statement: &'a str, service: &'a str) -> impl Iterator<Item = &'a str> {
    // What a condition or an ARN says of the service is no action.
    statement.split(service).skip(1).map(word).filter(|name| !["", "LeadingKeys", "source"].contains(name))
}

/// The identifier with which a piece of text begins.
fn word(piece: &str) -> &str {
    let end = piece.find(|c: char| !c.is_ascii_alphanumeric());
    &piece[..end.unwrap_or(piece.len())]
}

/// What a role lets its function do. What Lambda does in its name, such as taking messages off a queue, isn't told.
fn allowed(role: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for statement in role.split("Effect: Allow").skip(1) {
        let parts: Vec<&str> =
            PARTS.iter().filter(|(.., c)| statement.contains(c)).map(|(part, ..)| *part).collect();
        for action in named(statement, "dynamodb:") {
            found.extend(parts.iter().map(|part| format!("{action} {part}")));
            if parts.is_empty() {
                found.insert(action.to_owned());
            }
        }
        let prefixes =
            statement.split("${MailBucket.Arn}/").skip(1).filter_map(|rest| rest.split('*').next());
        let prefixes: Vec<&str> = prefixes.collect();
        for action in named(statement, "s3:") {
            found.extend(prefixes.iter().map(|prefix| format!("s3:{action} {prefix}")));
            if prefixes.is_empty() {
                found.insert(format!("s3:{action}"));
            }
        }
        for service in ["events:", "ses:"] {
            found.extend(named(statement, service).map(|action| format!("{service}{action}")));
        }
        if named(statement, "sqs:").any(|action| action == "SendMessage") {
            found.insert("sqs:SendMessage".to_owned());
        }
    }
    found
}

/// What functions do and may not, or may and don't.
fn mispermitted(source: &str) -> Vec<String> {
    let resources = resources(source);
    let mut wrong = Vec::new();
    for function in Function::ALL {
        let (name, done) = (function.name(), done(&function.access()));
        let block = resources.iter().find(|(_, text)| text.contains(&format!("CodeUri: functions/{name}\n")));
        let role = block.and_then(|(id, _)| resources.get(&format!("{id}Role"))).map_or("", String::as_str);
        let may = allowed(role);
        // Who may do it to the whole table may to a part, but not to the index.
        let whole = |action: &str| {
            let part =
                action.split_once(' ').filter(|(_, part)| PARTS.iter().any(|(known, ..)| known == part));
            part.is_some_and(|(of, part)| part != "due" && may.contains(of))
        };
        let denied = done.difference(&may).filter(|action| !whole(action));
        wrong.extend(denied.map(|action| format!("{name} may not {action}")));
        wrong.extend(may.difference(&done).map(|action| format!("{name} has no use for {action}")));
        // Who may not list is told of an object that is gone that it is forbidden.
        if may.iter().any(|action| action.starts_with("s3:GetObject")) && !may.contains("s3:ListBucket") {
            wrong.push(format!("{name} can't tell a mail that is gone from a forbidden one"));
        }
    }
    wrong
}

#[test]
fn every_role_may_do_what_its_handler_does() {
    let source = template::SOURCE;
    assert_eq!(mispermitted(source), [""; 0]);
    let hooks = format!("dynamodb:LeadingKeys: [{}]", RowKey::hooks().pk);
    assert!(source.contains(&hooks), "tick may not forget that the webhooks were off");
    // A role that is narrowed to the rows of one kind names the rows of that kind.
    assert!(
        source.contains(&format!("dynamodb:LeadingKeys: [{}]", table::ROSTER)),
        "nobody may read the roster"
    );
    let beginning = |key: &RowKey, rest: &str| format!("{}*", key.pk.strip_suffix(rest).expect("its number"));
    let number = "+12025550111";
    let paged = beginning(&RowKey::paged(number, &Subject::button("green"), 1), number);
    let texted = format!("dynamodb:LeadingKeys: [{}, \"{paged}\"]", table::ROSTER);
    assert!(source.contains(&texted), "sms-inbound may not read what a phone was told of");
    let code = beginning(&RowKey::code(number), number);
    let used_up = format!("dynamodb:LeadingKeys: [\"{code}\"]");
    assert!(source.contains(&used_up), "sms-inbound may not use a code up");
    // And the check can fail.
    for (from, to, found) in [
        ("Action: dynamodb:DeleteItem", "Action: dynamodb:GetItem", "sms-inbound may not DeleteItem code"),
        ("dynamodb:DeleteItem, dynamodb:GetItem", "dynamodb:GetItem", "deliver may not DeleteItem"),
        ("/index/due\" }", "/index/dew\" }", "tick may not Query due"),
        ("LeadingKeys: [ROSTER] }", "LeadingKeys: [\"PAGED#*\"] }", "button-press may not Query roster"),
        ("[ROSTER, \"PAGED#*\"]", "[ROSTER]", "sms-inbound may not Query paged"),
        (
            "Condition: { ForAllValues:StringEquals: { dynamodb:LeadingKeys: [ROSTER] } }",
            "",
            "button-press has no use for Query",
        ),
        ("Action: dynamodb:PutItem", "Action: dynamodb:Scan", "sightings has no use for Scan"),
        ("Action: sqs:SendMessage", "Action: sqs:ReceiveMessage", "button-press may not sqs:SendMessage"),
        (
            "Action: dynamodb:PutItem,",
            "Action: [dynamodb:PutItem, ses:SendEmail],",
            "sightings has no use for ses:SendEmail",
        ),
        ("Action: events:PutEvents", "Action: events:PutRule", "deliver may not events:PutEvents"),
        ("Action: ses:SendEmail", "Action: ses:SendBounce", "deliver may not ses:SendEmail"),
        (
            "{MailBucket.Arn}/inbound/*",
            "{MailBucket.Arn}/quarantine/*",
            "deliver may not s3:GetObject inbound/",
        ),
        ("Action: s3:ListBucket", "Action: s3:GetBucketAcl", "deliver may not s3:ListBucket"),
        (
            "Action: s3:ListBucket",
            "Action: s3:GetBucketAcl",
            "deliver can't tell a mail that is gone from a forbidden one",
        ),
        (
            "Action: s3:PutObject, Resource: [",
            "Action: s3:PutObjectAcl, Resource: [",
            "mailbox-poll may not s3:PutObject inbound/",
        ),
        (", !Sub \"${MailBucket.Arn}/quarantine/*\"]", "]", "mailbox-poll may not s3:PutObject quarantine/"),
        (
            "Action: dynamodb:PutItem,",
            "Action: [dynamodb:PutItem, s3:ListBucket],",
            "sightings has no use for s3:ListBucket",
        ),
    ] {
        let changed = source.replacen(from, to, 1);
        assert_ne!(changed, source, "{from}");
        let wrong = mispermitted(&changed);
        assert!(wrong.contains(&found.to_owned()), "{to}: {wrong:?}");
    }
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
