//! Renamed entries, and the names under which their state is stored.

use handbell_core::config::{Config, problems};
use handbell_core::incident::Subject;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// One entry of each kind.
fn entries() -> Value {
    let cmx =
        json!({ "url": "https://cmx.example.com", "user": "handbell", "password": { "secret": "cmx" } });
    let step = json!({ "post": { "markdown": "Help" } });
    json!({
        "webex": { "token": { "secret": "webex" }, "webhook": { "secret": "webex-webhook" } },
        "twilio": { "account": format!("AC{}", "f".repeat(32)), "token": { "secret": "twilio" }, "from": "+33644606827" },
        "mail": { "domain": "in.example.com", "from": "handbell@in.example.com", "links": { "secret": "links" } },
        "plans": { "help": { "space": { "title": "Help" }, "steps": [step] } },
        "buttons": { "green": { "plan": "help", "token": { "secret": "button-green" } } },
        "sites": { "store": { "cmx": cmx } },
        "zones": { "shoes": { "site": "store", "plan": "help", "at": 50 } },
        "lines": { "support": { "number": "+12025550100", "agents": [{ "email": "a@example.com" }], "waiting": { "after": "10m", "plan": "help" } } },
        "sources": { "nas": {
            "plan": "help", "address": { "secret": "mail-nas" }, "plans": { "info": "help" },
            "rules": [{ "subject": "x", "plan": "help" }],
        } },
    })
}

const KINDS: [(&str, &str); 6] = [
    ("plans", "help"),
    ("buttons", "green"),
    ("sites", "store"),
    ("zones", "shoes"),
    ("lines", "support"),
    ("sources", "nas"),
];

fn read(value: &Value) -> Config {
    serde_json::from_value(value.clone()).expect("it can be read")
}

fn said(value: &Value) -> String {
    let found = problems(&read(value), &|_| true);
    let lines = found.iter().map(|problem| format!("{}: {}", problem.path.join("."), problem.message));
    lines.collect::<Vec<_>>().join("\n")
}

/// Every entry gets this name, and says what it was. References follow.
fn renamed(name: &str, was: &Value) -> Value {
    let mut value = entries();
    for (kind, old) in KINDS {
        let mut entry = value[kind].as_object_mut().unwrap().remove(old).unwrap();
        if !was.is_null() {
            entry["was"] = was.clone();
        }
        value[kind][name] = entry;
    }
    let plan = json!(name);
    value["buttons"][name]["plan"] = plan.clone();
    value["zones"][name]["plan"] = plan.clone();
    value["zones"][name]["site"] = plan.clone();
    value["lines"][name]["waiting"]["plan"] = plan.clone();
    value["sources"][name]["plan"] = plan.clone();
    value["sources"][name]["plans"]["info"] = plan.clone();
    value["sources"][name]["rules"][0]["plan"] = plan;
    value
}

#[test]
fn an_entry_is_found_under_the_oldest_of_its_names() {
    for (name, was) in [
        ("old", Value::Null),
        ("old", json!([])),
        ("new", json!("old")),
        ("new", json!(["between", "old"])),
        ("old", json!(["new", "old"])),
    ] {
        let config = read(&renamed(name, &was));
        assert_eq!(problems(&config, &|_| true), [], "{name} {was}");
        let names = config.state_names();
        let config = config.under_state_names();
        let button = &config.buttons["old"];
        let (zone, line, source) = (&config.zones["old"], &config.lines["old"], &config.sources["old"]);
        assert!(config.plans.contains_key("old") && config.sites.contains_key("old"));
        let waiting = line.waiting.as_ref().unwrap();
        let plans = [&button.plan, &zone.plan, &waiting.plan, &source.plan];
        let others = source.plans.values().chain(source.rules[0].plan.as_ref());
        assert!(plans.into_iter().chain(others).chain([&zone.site]).all(|plan| plan == "old"), "{config:?}");
        for renamed in
            [&names.plans, &names.buttons, &names.sites, &names.zones, &names.lines, &names.sources]
        {
            assert_eq!((renamed.state(name), renamed.present("old")), ("old", name));
            for former in was.as_array().into_iter().flatten().chain([&was]).filter_map(Value::as_str) {
                assert_eq!(renamed.state(former), "old");
            }
            assert_eq!((renamed.state("other"), renamed.present("other")), ("other", "other"));
        }
    }
}

#[test]
fn people_read_the_present_name_or_the_label() {
    let mut value = renamed("new", &json!("old"));
    let config = read(&value).under_state_names();
    let labels = [
        &config.buttons["old"].label,
        &config.zones["old"].label,
        &config.lines["old"].label,
        &config.sources["old"].label,
    ];
    assert!(labels.iter().all(|label| label.as_deref() == Some("new")), "{labels:?}");
    value["zones"]["new"]["label"] = json!("Shoes");
    assert_eq!(read(&value).under_state_names().zones["old"].label.as_deref(), Some("Shoes"));
    let never = read(&entries()).under_state_names();
    assert_eq!(never.zones["shoes"].label, None);
}

#[test]
fn the_name_changes_nothing_of_a_plan() {
    let plan = |value: &Value| serde_json::to_value(&read(value).under_state_names().plans["old"]).unwrap();
    assert_eq!(plan(&renamed("old", &Value::Null)), plan(&renamed("new", &json!("old"))));
}

#[test]
fn the_configuration_knows_the_subjects_of_its_entries() {
    let subjects = |name: &str| {
        let customer = Subject::customer("AC", name, "+352691496401");
        [
            Subject::button(name),
            Subject::zone(name),
            Subject::silent_site(name, "old"),
            Subject::waiting(&customer),
            customer,
            Subject::alert(name, "key"),
        ]
    };
    let config = read(&renamed("new", &json!("old"))).under_state_names();
    assert!(subjects("old").iter().all(|subject| subject.is_in(&config)));
    assert!(subjects("new").iter().all(|subject| !subject.is_in(&config)));
    assert!(Subject::notice("admins").is_in(&config));
    assert!(subjects("old").iter().all(|subject| subject.own_name() == "old"));
}

#[test]
fn a_former_name_belongs_to_one_entry() {
    for (kind, name) in KINDS {
        let mut value = entries();
        let entry = value[kind][name].clone();
        value[kind]["second"] = entry;
        value[kind]["second"]["was"] = json!(name);
        let said = said(&value);
        let problem =
            format!("{kind}.second.was: {name:?} is the name of another entry; each keeps its own state");
        assert!(said.lines().any(|line| line == problem), "{said}");
        value[kind]["second"]["was"] = json!("first");
        value[kind][name]["was"] = json!(["between", "first"]);
        let said = self::said(&value);
        assert!(said.contains("\"first\" is also an earlier name of"), "{said}");
        // If it is deployed all the same, no entry is lost.
        let (before, after) = (read(&value), read(&value).under_state_names());
        let count = |config: &Config| {
            let Config { plans, buttons, sites, zones, lines, sources, .. } = config;
            [plans.len(), buttons.len(), sites.len(), zones.len(), lines.len(), sources.len()]
        };
        assert_eq!(count(&before), count(&after), "{kind}");
    }
}

#[test]
fn a_former_name_is_a_name() {
    let mut value = entries();
    value["zones"]["shoes"]["was"] = json!(["Floor 2", "shoe"]);
    assert_snapshot!(said(&value), @r#"zones.shoes.was: "Floor 2" was never a name here: a name is 1 to 60 letters, digits, - and _"#);
}
