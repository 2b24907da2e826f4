//! The documents are true: every YAML block passes `handbell check`, every link has a target, the table of what goes to a customer
//! agrees with the relay policy, the configuration reference agrees with the schema, and the README stays short.
//!
//! A YAML block is a whole configuration, unless an HTML comment right before it states what it is. GitHub doesn't show these:
//!
//! - `<!-- part of sources.monitoring -->`: the keys belong there, in the configuration [`MINIMAL`];
//! - `<!-- part of handbell.yaml -->`: they belong at the top of it;
//! - `<!-- rotas.yaml -->`: a file of rotas, for the people [`PEOPLE`].

mod configuration;
mod relay;

use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

use handbell::check;
use handbell::people::{csv, import::Import};
use handbell::rotas;
use handbell_core::oncall::Roster;
use serde_json::{Map, Value};

/// A configuration with an entry of each kind, into which fragments are inserted.
const MINIMAL: &str = r#"
webex: { token: { secret: webex }, webhook: { secret: webex-webhook } }
twilio: { account: AC0123456789abcdef0123456789abcdef, token: { secret: twilio }, from: "+12025550100" }
mail: { domain: in.example.com, from: handbell@in.example.com, links: { secret: links } }
plans:
  help: { space: { title: Help }, steps: [{ post: { markdown: Help is needed } }, { post: { markdown: Still } }] }
  on-call: { space: { title: "{incident}", reuse: per-incident }, steps: [{ page: [{ to: [{ on_duty: ops }] }] }] }
  busy: { space: { title: Floor } }
  waiting: { space: { title: Support waits } }
buttons: { green: { plan: help, token: { secret: button-green } } }
sites: { store: { cmx: { url: "https://cmx.example.com", user: handbell, password: { secret: cmx } } } }
zones: { shoes: { site: store, plan: busy, capacity: 100 } }
lines: { support: { number: "+12025550100", agents: [{ email: alice@example.com }] } }
sources: { monitoring: { plan: on-call, address: { secret: monitoring-address } } }
"#;

/// The people whom the rotas in the documents name.
const PEOPLE: &str = "id,name,phones,teams\n\
                      dana,Dana,+12025550111,ops\neli,Eli,+12025550112,ops\nfay,Fay,+12025550113,ops\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(name: &str) -> String {
    read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns every document that people read: at the root, in docs/, and next to what it describes.
fn documents() -> Vec<String> {
    let mut found: Vec<String> =
        ["examples/README.md", "infra/browser/README.md", "infra/mail/README.md", "infra/peers/README.md"]
            .map(str::to_owned)
            .to_vec();
    for folder in ["", "docs/"] {
        for entry in read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                found.push(format!("{folder}{name}"));
            }
        }
    }
    found.sort();
    assert!(found.iter().any(|name| name == "docs/configuration.md"), "{found:?}");
    found
}

/// A fenced block of a document.
struct Block {
    place: String,
    language: String,
    /// The comment right before it.
    note: Option<String>,
    text: String,
}

/// Returns the fenced blocks of a document, and the lines outside of them.
fn parts(name: &str, document: &str) -> (Vec<Block>, Vec<(usize, String)>) {
    let (mut blocks, mut prose) = (Vec::<Block>::new(), Vec::<(usize, String)>::new());
    let mut open: Option<(String, Block)> = None;
    for (number, line) in (1..).zip(document.lines()) {
        let bare = line.trim_start();
        match &mut open {
            Some((fence, _)) if bare.starts_with(fence.as_str()) => {
                blocks.extend(open.take().map(|(_, block)| block));
            }
            Some((_, block)) => block.text.push_str(&format!("{line}\n")),
            None if bare.starts_with("```") => {
                let fence: String = bare.chars().take_while(|c| *c == '`').collect();
                let before = prose.iter().rev().map(|(_, line)| line.trim()).find(|line| !line.is_empty());
                let note = before.and_then(|line| line.strip_prefix("<!--")?.strip_suffix("-->"));
                let block = Block {
                    place: format!("{name}:{number}"),
                    language: bare[fence.len()..].trim().to_owned(),
                    note: note.map(|note| note.trim().to_owned()),
                    text: String::new(),
                };
                open = Some((fence, block));
            }
            None => prose.push((number, line.to_owned())),
        }
    }
    assert!(open.is_none(), "{name}: a block has no end");
    (blocks, prose)
}

/// Returns what is wrong with a YAML block; nothing if it is as its document claims.
fn wrong_with(block: &Block) -> Option<String> {
    let files = |name: &str| root().join("examples/green-power").join(name).is_file();
    let refused = |text: &str| {
        let findings = check::check(text, &files).err()?;
        Some(check::render(&block.place, text, &findings))
    };
    match block.note.as_deref() {
        Some("rotas.yaml") => {
            let findings = rotas::file::read(&block.text, &people()).err()?;
            Some(check::render(&block.place, &block.text, &findings))
        }
        Some(note) if note.starts_with("part of ") => {
            let path = note["part of ".len()..].trim();
            let path: Vec<&str> =
                if path == "handbell.yaml" { Vec::new() } else { path.split('.').collect() };
            let fragment: Value = match serde_saphyr::from_str(&block.text) {
                Ok(fragment) => fragment,
                Err(error) => return Some(format!("{}: {error}", block.place)),
            };
            let mut whole: Value = serde_saphyr::from_str(MINIMAL).unwrap();
            let mut place = &mut whole;
            for key in path {
                place = place.as_object_mut().unwrap().entry(key).or_insert_with(|| Map::new().into());
            }
            lay_over(place, fragment);
            refused(&format!("{whole:#}"))
        }
        _ => refused(&block.text),
    }
}

/// Replaces keys by those of a fragment.
fn lay_over(place: &mut Value, fragment: Value) {
    match (place, fragment) {
        (Value::Object(known), Value::Object(new)) => {
            for (key, value) in new {
                lay_over(known.entry(key).or_insert(Value::Null), value);
            }
        }
        (place, fragment) => *place = fragment,
    }
}

fn people() -> Roster {
    let file = csv::read(PEOPLE).unwrap_or_else(|_| panic!("PEOPLE can't be read"));
    let import = Import::of(&file, &Roster::default(), Some(jiff::Timestamp::UNIX_EPOCH));
    let mut roster = Roster::default();
    roster.people.extend(import.people.into_iter().map(|(person, _)| (person.id.clone(), person)));
    roster.teams.extend(import.teams.into_iter().map(|(team, _)| (team.name.clone(), team)));
    roster
}

#[test]
fn every_yaml_block_passes_the_check() {
    let (mut wrong, mut seen) = (String::new(), 0);
    for name in documents() {
        for block in parts(&name, &read(&name)).0 {
            match block.language.as_str() {
                "yaml" => {
                    seen += 1;
                    wrong.extend(wrong_with(&block));
                }
                "csv" => {
                    let mistakes = csv::read(&block.text).err().into_iter().flatten();
                    wrong.extend(mistakes.map(|mistake| format!("{}: {mistake:?}\n", block.place)));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(seen >= 15, "only {seen} YAML blocks were found");
}

#[test]
fn a_wrong_yaml_block_is_noticed() {
    let block = |note: Option<&str>, text: &str| Block {
        place: "here:1".into(),
        language: "yaml".into(),
        note: note.map(str::to_owned),
        text: text.into(),
    };
    let said = |note, text| wrong_with(&block(note, text)).unwrap_or_default();
    assert_eq!(said(None, MINIMAL), "");
    assert!(said(None, "timezone: Europe/Paris\n").contains("the key `webex` is missing"));
    let zone = Some("part of zones.shoes");
    assert_eq!(said(zone, "cooldown: 30m\n"), "");
    assert!(said(zone, "coldown: 30m\n").contains("did you mean `cooldown`"));
    assert!(said(Some("part of plans.new"), "steps: []\n").contains("the key `space` is missing in `new`"));
    assert_eq!(said(Some("part of handbell.yaml"), "timezone: Europe/Paris\n"), "");
    let rota = "rotas: { ops: { timezone: UTC, layers: [{ people: [dana], starts: 2026-01-05, hand_over: 08:00 }] } }";
    assert_eq!(said(Some("rotas.yaml"), rota), "");
    assert!(said(Some("rotas.yaml"), &rota.replace("dana", "zoe")).contains("zoe"));
}

#[test]
fn the_readme_is_short() {
    let readme = read("README.md");
    assert!(readme.len() <= 6 * 1024, "README.md has {} bytes, and 6144 is the most", readme.len());
    for block in parts("README.md", &readme).0.iter().filter(|block| block.language == "yaml") {
        assert!(block.text.lines().count() <= 10, "{}: more than ten lines", block.place);
        assert!(block.note.is_none(), "{}: a whole configuration stands in the README", block.place);
    }
}

/// Returns the link targets in a line, without code.
fn targets(line: &str) -> Vec<String> {
    let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let links = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let pictures = prose.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next());
    links.chain(pictures).map(str::to_owned).collect()
}

/// Returns the names by which GitHub links to a document's headings.
fn anchors(name: &str, document: &str) -> Vec<String> {
    let headings = parts(name, document).1.into_iter().filter(|(_, line)| line.starts_with('#'));
    headings
        .map(|(_, line)| {
            let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
            let text = line.trim_start_matches('#').trim().to_lowercase();
            text.chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn every_link_has_a_target() {
    let (mut dangling, mut seen) = (Vec::new(), 0);
    for name in documents() {
        let document = read(&name);
        let beside = root().join(&name).parent().unwrap().to_owned();
        for (number, line) in parts(&name, &document).1 {
            for target in targets(&line) {
                if ["https://", "http://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
                    continue;
                }
                seen += 1;
                let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
                let path = if file.is_empty() { root().join(&name) } else { beside.join(file) };
                let there = path.exists()
                    && (anchor.is_empty()
                        || anchors(file, &read_to_string(&path).unwrap())
                            .iter()
                            .any(|known| known == anchor));
                if !there {
                    dangling.push(format!("{name}:{number}: {target}"));
                }
            }
        }
    }
    assert!(dangling.is_empty(), "\n{}", dangling.join("\n"));
    assert!(seen >= 40, "only {seen} links were found");
}

#[test]
fn prose_wraps_at_100_columns() {
    let mut long = Vec::new();
    let ours = |name: &String| name == "README.md" || name == "SECURITY.md" || name.starts_with("docs/");
    for name in documents().into_iter().filter(ours) {
        for (number, line) in parts(&name, &read(&name)).1 {
            let whole =
                ["|", "![", "    "].iter().any(|start| line.starts_with(start)) || line.contains("](http");
            if !whole && line.chars().count() > 100 {
                long.push(format!("{name}:{number}"));
            }
        }
    }
    assert!(long.is_empty(), "longer than 100 columns:\n{}", long.join("\n"));
}

#[test]
fn the_table_of_what_goes_out_agrees_with_the_relay_policy() {
    let (wrong, judged) = relay::differences(&read("docs/customers.md"));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(judged >= 30, "only {judged} messages were judged");
}

#[test]
fn the_configuration_reference_agrees_with_the_schema() {
    let schema: Value = serde_json::from_str(&check::schema()).unwrap();
    let fresh = configuration::reference(&schema);
    let path = root().join("docs/configuration.md");
    #[expect(
        clippy::disallowed_methods,
        reason = "asks whether the page is to be written, on the test's own command line"
    )]
    let update = std::env::var_os("HANDBELL_UPDATE_DOCS").is_some();
    if update {
        std::fs::write(&path, &fresh).unwrap();
    }
    let stored = read_to_string(&path).unwrap_or_default();
    assert!(
        stored == fresh,
        "docs/configuration.md is not what the schema says; write it anew with\n\
         HANDBELL_UPDATE_DOCS=1 cargo test --workspace --test it documents::"
    );
}

#[test]
fn the_architecture_is_short_and_names_files_that_exist() {
    let text = read("ARCHITECTURE.md");
    assert!(text.lines().count() <= 200, "ARCHITECTURE.md has {} lines", text.lines().count());
    let wide: Vec<_> = text.lines().filter(|line| line.chars().count() > 100).collect();
    assert!(wide.is_empty(), "wider than 100 columns: {wide:#?}");
    let names = |document: &str| -> Vec<String> {
        let quoted = document.split('`').skip(1).step_by(2);
        let rooms = ["shared/", "functions/", "infra/", "tests/"];
        quoted.filter(|name| rooms.iter().any(|room| name.starts_with(room))).map(str::to_owned).collect()
    };
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let named = names(&read(document));
        assert!(named.len() > 10, "{document} names only {named:?}");
        let missing: Vec<_> = named
            .iter()
            .filter(|name| {
                let name = name.trim_end_matches("/*").trim_end_matches('/');
                // NAME and the like are placeholders.
                !name.chars().any(char::is_uppercase) && !root().join(name).exists()
            })
            .collect();
        assert!(missing.is_empty(), "{document} names what isn't there: {missing:?}");
    }
}
