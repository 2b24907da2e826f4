//! What template.yaml must contain: a block for each function, its variables, the routes, the table and the queue.

use std::collections::{BTreeMap, BTreeSet};

use handbell_boot::Function;
use handbell_core::incident::Subject;
use handbell_local::cloud::template::{self, Template};
use handbell_store::table::{self, RowKey};
use jiff::Timestamp;
use serde_json::Value;

use super::{list, read, root, sources, text};

fn the_template() -> Template {
    Template::embedded().expect("a template")
}

/// Returns the template's resources as they are written, without comments.
pub(super) fn resources(template: &str) -> BTreeMap<String, String> {
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
    let lambda = [
        "AWS_ACCESS_KEY_ID",
        "AWS_LAMBDA_LOG_FORMAT",
        "AWS_LAMBDA_LOG_LEVEL",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ];
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
