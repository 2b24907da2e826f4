use std::fmt::Write as _;

use insta::assert_snapshot;

use super::*;

const DEMO: &str = include_str!("../../../../examples/green-power/handbell.yaml");

fn demo_file(name: &str) -> bool {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/green-power").join(name).is_file()
}

fn wrong(text: &str) -> String {
    render("f.yaml", text, &check(text, &|_| true).expect_err("something is wrong"))
}

const TOP: &str = "\
webex: { token: { secret: webex } }
twilio: { account: ACffffffffffffffffffffffffffffffff, token: { secret: twilio }, from: +12025550100 }
";

#[test]
fn the_example_is_valid() {
    let config =
        check(DEMO, &demo_file).unwrap_or_else(|found| panic!("{}", render("handbell.yaml", DEMO, &found)));
    let plan = &config.plans["green-power"];
    assert_eq!(plan.steps.len(), 5);
    assert_eq!(plan.steps[1].sms[0].text, "Check Webex");
    assert_eq!(plan.steps[2].call[0].to, ["+12025550111"]);
    assert_eq!(config.buttons["green"].plan, "green-power");
    let line = &config.lines["support"];
    let welcome = "Thanks for signing up! To get in touch, reply to this message or call this number during business hours.";
    assert_eq!(line.texts.welcome.as_deref(), Some(welcome));
    assert_eq!((line.hours.as_ref(), line.undo, line.texts.closing.as_ref()), (None, None, None));
    assert!(config.plans.contains_key(&line.waiting.as_ref().expect("somebody may wait").plan));
}

#[test]
fn all_typos_are_reported_with_the_mistakes_below_them() {
    let text = format!(
        "{TOP}timezon: Europe/Pari
plans:
  green:
    sapce: {{ tilte: Green, reuse: per-incidnet, colour: red }}
    steps:
      - post: {{ markdwon: Help }}
      - smss: [{{ to: [\"0691\"], text: Hi }}]
        after: 5 minuts
buttons:
  b: {{ plan: gren, token: {{ secert: b }}, hold: cancle }}
"
    );
    assert_snapshot!(wrong(&text), @r#"
    f.yaml:3:1: unknown key `timezon`; did you mean `timezone`?
     3 | timezon: Europe/Pari
       | ^
    f.yaml:3:10: there is no time zone "Europe/Pari"; write an IANA name such as Europe/Paris
     3 | timezon: Europe/Pari
       |          ^
    f.yaml:6:5: unknown key `sapce`; did you mean `space`?
     6 |     sapce: { tilte: Green, reuse: per-incidnet, colour: red }
       |     ^
    f.yaml:6:14: unknown key `tilte`; did you mean `title`?
     6 |     sapce: { tilte: Green, reuse: per-incidnet, colour: red }
       |              ^
    f.yaml:6:35: "per-incidnet" is not allowed here; did you mean `per-incident`? Allowed: `always` or `per-incident`
     6 |     sapce: { tilte: Green, reuse: per-incidnet, colour: red }
       |                                   ^
    f.yaml:6:49: unknown key `colour`; the keys here are `moderators`, `participants`, `reuse`, `team` and `title`
     6 |     sapce: { tilte: Green, reuse: per-incidnet, colour: red }
       |                                                 ^
    f.yaml:8:17: unknown key `markdwon`; did you mean `markdown`?
     8 |       - post: { markdwon: Help }
       |                 ^
    f.yaml:9:9: unknown key `smss`; did you mean `sms`?
     9 |       - smss: [{ to: ["0691"], text: Hi }]
       |         ^
    f.yaml:9:23: "0691" is no phone number; write it with + and the country's code, digits only: +352691496401
     9 |       - smss: [{ to: ["0691"], text: Hi }]
       |                       ^
    f.yaml:10:16: "5 minuts" is not a duration; write 30s, 5m, 6h or 1h 30m
     10 |         after: 5 minuts
        |                ^
    f.yaml:12:14: there is no plan "gren"; the plans are: green
     12 |   b: { plan: gren, token: { secert: b }, hold: cancle }
        |              ^
    f.yaml:12:29: unknown key `secert`; did you mean `secret`?
     12 |   b: { plan: gren, token: { secert: b }, hold: cancle }
        |                             ^
    f.yaml:12:48: "cancle" is not allowed here; did you mean `cancel`? Allowed: `press`, `acknowledge`, `cancel` or `ignore`
     12 |   b: { plan: gren, token: { secert: b }, hold: cancle }
        |                                                ^
    "#);
}

#[test]
fn wrong_types_and_missing_keys() {
    let text = "\
webex: { token: abc-very-secret }
twilio:
  account: AC1
  from: 0033644
plans:
  green:
    space: { title: }
    steps:
      sms: { to: +12025550111, text: [a] }
  blue:
    steps:
      - call: [{ to: +12025550111, say: 5 }]
      - post: Hello
  red: {}
buttons:
  b:
    plan: green
    token: [abc, { secret: x }]
    flic: perhaps
";
    assert_snapshot!(wrong(text), @r#"
    f.yaml:1:17: secrets don't belong in this file: write `token` as { secret: NAME } and put its value into the secrets document
     1 | webex: { token: …
       |                 ^
    f.yaml:2:1: the key `token` is missing in `twilio` (The account's auth token)
     2 | twilio:
       | ^
    f.yaml:3:12: a Twilio account is AC and 32 letters or digits; copy it from Twilio's console
     3 |   account: AC1
       |            ^
    f.yaml:4:9: "0033644" is no phone number; write it with + and the country's code, digits only: +352691496401
     4 |   from: 0033644
       |         ^
    f.yaml:7:14: `title` must be text, but its value is empty; fill it in
     7 |     space: { title: }
       |              ^
    f.yaml:8:5: `steps` must be a list, but this is a mapping; begin each item with a dash
     8 |     steps:
       |     ^
    f.yaml:10:3: the key `space` is missing in `blue` (The Webex space of the plan's incidents)
     10 |   blue:
        |   ^
    f.yaml:12:22: `to` must be a list, but this is a single value; put it in brackets: [ … ]
     12 |       - call: [{ to: +12025550111, say: 5 }]
        |                      ^
    f.yaml:13:15: `post` must be a mapping (keys with values), but this is a single value; write its keys below it, indented
     13 |       - post: Hello
        |               ^
    f.yaml:14:3: the key `space` is missing in `red` (The Webex space of the plan's incidents)
     14 |   red: {}
        |   ^
    f.yaml:18:13: secrets don't belong in this file: write it as { secret: NAME } and put its value into the secrets document
     18 |     token: […
        |             ^
    f.yaml:19:11: `flic` must be true or false, but this is text
     19 |     flic: perhaps
        |           ^
    "#);
}

#[test]
fn semantic_mistakes_are_reported() {
    let text = format!(
        "{TOP}admins: {{ sms: [\"123\"], webex: [nobody] }}
plans:
  green:
    space: {{ title: Green }}
    reset_after: 5s
    steps:
      - after: 1m
        post: {{ file: files/gone.png }}
      - {{}}
      - sms: [{{ to: [], text: \"\" }}]
buttons:
  b: {{ plan: blue, token: [] }}
"
    );
    let found = check(&text, &|_| false).expect_err("much is wrong");
    assert_snapshot!(render("f.yaml", &text, &found), @r#"
    f.yaml:3:17: "123" is no phone number; write it with + and the country's code, digits only: +352691496401
     3 | admins: { sms: ["123"], webex: [nobody] }
       |                 ^
    f.yaml:3:33: "nobody" is no mail address
     3 | admins: { sms: ["123"], webex: [nobody] }
       |                                 ^
    f.yaml:7:18: reset_after is at least a minute
     7 |     reset_after: 5s
       |                  ^
    f.yaml:9:16: the first step is taken by the first press; `after` belongs to a later one
     9 |       - after: 1m
       |                ^
    f.yaml:10:23: there is no file "files/gone.png" beside the configuration
     10 |         post: { file: files/gone.png }
        |                       ^
    f.yaml:11:9: this step does nothing; give it a post, sms, call or people
     11 |       - {}
        |         ^
    f.yaml:12:17: nobody is named here
     12 |       - sms: [{ to: [], text: "" }]
        |                 ^
    f.yaml:12:31: there are no words here
     12 |       - sms: [{ to: [], text: "" }]
        |                               ^
    f.yaml:14:14: there is no plan "blue"; the plans are: green
     14 |   b: { plan: blue, token: [] }
        |              ^
    f.yaml:14:20: a button needs at least one token
     14 |   b: { plan: blue, token: [] }
        |                    ^
    "#);
}

#[test]
fn mistakes_of_a_line_are_reported() {
    let text = "\
webex: { token: { secret: webex }, webhook: { secret: webex-webhook } }
twilio: { account: ACffffffffffffffffffffffffffffffff, token: { secret: twilio }, from: +12025550100 }
plans:
  waits: { space: { title: Waits }, steps: [{ post: { markdown: Hello } }] }
lines:
  support:
    number: +12025550100
    agents: [{ email: alice, phone: 0691 }, { emial: bob@example.com }]
    waiting: { after: 10m, plan: wait }
    texts: { welcom: Hello }
    voice: { forward: +12025550100, ring: 2m }
    form: { secert: contact-form }
  sales:
    number: 2025550100
    assign: logest-idle
    limits: { per_day: 0 }
  help:
    number: +12025550100
    team: Y2lzY29
    undo: 5m
";
    assert_snapshot!(wrong(text), @r#"
    f.yaml:7:13: another line has this number already; a text goes to one team
     7 |     number: +12025550100
       |             ^
    f.yaml:8:23: "alice" is no mail address
     8 |     agents: [{ email: alice, phone: 0691 }, { emial: bob@example.com }]
       |                       ^
    f.yaml:8:37: "0691" is no phone number; write it with + and the country's code, digits only: +352691496401
     8 |     agents: [{ email: alice, phone: 0691 }, { emial: bob@example.com }]
       |                                     ^
    f.yaml:8:47: unknown key `emial`; did you mean `email`?
     8 |     agents: [{ email: alice, phone: 0691 }, { emial: bob@example.com }]
       |                                               ^
    f.yaml:9:34: there is no plan "wait"; the plans are: waits
     9 |     waiting: { after: 10m, plan: wait }
       |                                  ^
    f.yaml:10:14: unknown key `welcom`; did you mean `welcome`?
     10 |     texts: { welcom: Hello }
        |              ^
    f.yaml:11:23: calls would go round in circles: this is the line's own number
     11 |     voice: { forward: +12025550100, ring: 2m }
        |                       ^
    f.yaml:11:43: `ring` is 5s to 60s
     11 |     voice: { forward: +12025550100, ring: 2m }
        |                                           ^
    f.yaml:12:13: unknown key `secert`; did you mean `secret`?
     12 |     form: { secert: contact-form }
        |             ^
    f.yaml:13:3: a line needs a `team` or `agents`: who is to answer?
     13 |   sales:
        |   ^
    f.yaml:14:13: "2025550100" is no phone number; write it with + and the country's code, digits only: +352691496401
     14 |     number: 2025550100
        |             ^
    f.yaml:15:13: "logest-idle" is not allowed here; did you mean `longest-idle`? Allowed: `longest-idle` or `in-turn`
     15 |     assign: logest-idle
        |             ^
    f.yaml:16:24: a limit of 0 would keep every answer here
     16 |     limits: { per_day: 0 }
        |                        ^
    f.yaml:20:11: `undo` is at most 60s: the customer waits for it
     20 |     undo: 5m
        |           ^
    "#);
    let text = "\
webex: { token: { secret: webex } }
lines: { support: { number: +12025550100, agents: [{ email: alice@example.com }] } }
";
    assert_snapshot!(wrong(text), @"
    f.yaml:1:1: a line needs `webhook`: without it nobody hears what agents write
     1 | webex: { token: { secret: webex } }
       | ^
    f.yaml:2:10: a line needs `twilio`: texts and calls come by it
     2 | lines: { support: { number: +12025550100, agents: [{ email: alice@example.com }] } }
       |          ^
    ");
}

#[test]
fn invalid_yaml_is_reported() {
    assert_snapshot!(wrong("webex:\n\ttoken: 1\n"), @r"
    f.yaml:2:1: this line begins with a tab; YAML indents with spaces
     2 | 	token: 1
       | ^
    ");
    assert_snapshot!(wrong("webex: { token: [ }\nplans: 1\n"), @r"
    f.yaml:1:17: this is not valid YAML: mismatched bracket '[' closed by '}'
     1 | webex: { token: [ }
       |                 ^
    ");
    assert_snapshot!(wrong("a: \"never closed\nb: 1\n"), @r"
    f.yaml:2:1: this is not valid YAML: invalid indentation in multiline quoted scalar
     2 | b: 1
       | ^
    ");
    assert_snapshot!(wrong("a: 1\n---\nb: 2\n"), @r"
    f.yaml:2:1: a second document begins here; a file holds only one
     2 | ---
       | ^
    ");
    assert_snapshot!(wrong("a: *nowhere\n"), @r"
    f.yaml:1:4: this is not valid YAML: while parsing node, found unknown anchor
     1 | a: *nowhere
       |    ^
    ");
    assert_snapshot!(wrong(""), @"f.yaml:1:1: the file is empty; examples/README.md shows how to start");
    assert_snapshot!(wrong("# only a comment\n"), @r"
    f.yaml:1:1: the file is empty; examples/README.md shows how to start
     1 | # only a comment
       | ^
    ");
    assert_snapshot!(wrong("- a list\n"), @r"
    f.yaml:1:1: the file must be a mapping (keys with values), but this is a list
     1 | - a list
       | ^
    ");
    assert_snapshot!(wrong("just words\n"), @r"
    f.yaml:1:1: the file must be a mapping (keys with values), but this is a single value; write its keys below it, indented
     1 | just words
       | ^
    ");
}

#[test]
fn duplicate_keys_are_reported() {
    let text = format!(
        "{TOP}timezone: UTC\ntimezone: UTC\nplans: {{ a: {{ space: {{ title: A, title: B }}, steps: [{{ people: {{ participants: [a@b.c] }} }}] }} }}\n"
    );
    assert_snapshot!(wrong(&text), @r"
    f.yaml:4:1: the key `timezone` occurs twice; the first is in line 3
     4 | timezone: UTC
       | ^
    f.yaml:5:34: the key `title` occurs twice; the first is in line 5
     5 | plans: { a: { space: { title: A, title: B }, steps: [{ people: { participants: [a@b.c] } }] } }
       |                                  ^
    ");
}

#[test]
fn aliases_and_merges_work_but_cannot_explode() {
    let text = format!(
        "{TOP}plans:
  a: &a {{ space: &space {{ title: A }}, steps: [{{ post: {{ markdown: \"1\" }} }}] }}
  b: {{ <<: *a, space: {{ <<: *space, title: B }} }}
"
    );
    let config = check(&text, &|_| true).expect("aliases are fine");
    assert_eq!(config.plans["b"].space.title, "B");
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let alias = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(bomb, "a{level}: &a{level} [{alias}]");
    }
    assert_snapshot!(wrong(&bomb).chars().take(150).collect::<String>(), @r"
    f.yaml:5:25: with its aliases expanded, this file has more than 50000 values
     5 | a4: &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]
       |
    ");
    assert!(wrong(&"[".repeat(100_000)).contains("f.yaml:1:"));
    assert!(wrong(&format!("a: {}", "- ".repeat(100_000))).contains("f.yaml:1:"));
    assert!(wrong("a: &a [*a]\n").contains("inside the value that it refers to"));
}

#[test]
fn possible_secrets_are_not_printed() {
    let shown = wrong(
        "webex: { token: hunter2 }\ntwilio: { token: [hunter2] }\nbuttons: { b: { token: hunter2 } }\n",
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn scalars_are_converted_to_the_schema_s_types() {
    let text = format!(
        "{TOP}plans: {{ 7: {{ space: {{ title: 2026 }}, reset_after: 90m, steps: [{{ post: {{ markdown: yes, label: ~ }} }}] }} }}
buttons: {{ b: {{ plan: 7, token: {{ secret: b }}, flic: on }} }}
"
    );
    let config = check(&text, &|_| true).unwrap_or_else(|found| panic!("{}", render("f", &text, &found)));
    assert!(config.buttons["b"].flic);
    assert_eq!(config.plans["7"].space.title, "2026");
}

#[test]
fn no_input_makes_the_check_panic() {
    // The example with one line removed, cut short, or indented, for every line.
    let lines: Vec<&str> = DEMO.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let half: String = line.chars().take(line.chars().count() / 2).collect();
        for other in [
            None,
            Some(half),
            Some(format!(" {line}")),
            Some(format!("\t{line}")),
            Some(format!("{line}: é*&")),
        ] {
            let mut changed: Vec<&str> = lines.clone();
            match &other {
                Some(other) => changed[index] = other,
                None => {
                    changed.remove(index);
                }
            }
            let text = changed.join("\n");
            if let Err(found) = check(&text, &|_| true) {
                assert!(!found.is_empty());
                assert!(found.iter().all(|one| one.line >= 1 && one.column >= 1), "{found:?}");
                render("f.yaml", &text, &found);
            }
        }
    }
}

#[test]
fn the_check_agrees_with_the_functions_deserializer() {
    for span in ["1d", "1h 30m", "90m", "2 minutes", "1.5h", "0s", "-5m", "PT1H", "5", "1w", "1h, 5m"] {
        let text = format!(
            "{TOP}plans: {{ a: {{ space: {{ title: A }}, reset_after: \"{span}\", steps: [{{ post: {{ markdown: a }} }}] }} }}\n"
        );
        let reads = serde_saphyr::from_str::<Config>(&text).is_ok();
        let passes = check(&text, &|_| true).is_ok();
        assert!(reads || !passes, "{span}: we let it pass, but it can't be read");
    }
}

/// Every place of a number, a sender or an address. All of them are reported at once, with the same advice.
#[test]
fn malformed_numbers_and_addresses_are_reported_everywhere() {
    let text = r#"webex: { token: { secret: webex }, webhook: { secret: hook } }
twilio: { account: ACffffffffffffffffffffffffffffffff, token: { secret: twilio }, from: "0033644606827" }
admins: { webex: [admin], sms: ["+33644606828", "112"] }
mail: { domain: in.example.com, from: alerts, links: { secret: links } }
plans:
  a:
    space: { title: A, moderators: [a at example.com], participants: [a@localhost] }
    steps:
      - sms: [{ to: ["+0352691496401"], text: a, from: A name that is too long }]
      - after: 1m
        call: [{ to: ["691 496 401"], say: a, from: Handbell }]
        page: [{ to: ["12"], from: Handbell }]
        people: { moderators: ["@example.com"], participants: ["c@d@example.com"] }
sources:
  m: { plan: a, address: { secret: m }, report_to: [ops] }
lines:
  support:
    number: 202 555 0100
    agents: [{ email: "dana@example.com,eve", phone: "12x" }]
    voice: { forward: "112", after_hours: "0044" }
    mail: { from: support, reply_to: nobody }
"#;
    let found = check(text, &|_| true).expect_err("much is wrong");
    let found: Vec<String> = found.iter().map(|one| format!("{}: {}", one.path, one.message)).collect();
    let number = "is no phone number; write it with + and the country's code, digits only: +352691496401";
    let wanted = [
        ("twilio.from", "0033644606827", number),
        ("admins.webex[0]", "admin", "is no mail address"),
        ("admins.sms[1]", "112", number),
        ("mail.from", "alerts", "is no mail address"),
        ("plans.a.space.moderators[0]", "a at example.com", "is no mail address"),
        ("plans.a.space.participants[0]", "a@localhost", "is no mail address"),
        ("plans.a.steps[0].sms[0].to[0]", "+0352691496401", number),
        ("plans.a.steps[0].sms[0].from", "A name that is too long", number),
        ("plans.a.steps[1].call[0].to[0]", "691 496 401", number),
        ("plans.a.steps[1].call[0].from", "Handbell", number),
        ("plans.a.steps[1].page[0].to[0]", "12", number),
        ("plans.a.steps[1].page[0].from", "Handbell", number),
        ("plans.a.steps[1].people.moderators[0]", "@example.com", "is no mail address"),
        ("plans.a.steps[1].people.participants[0]", "c@d@example.com", "is no mail address"),
        ("sources.m.report_to[0]", "ops", "is no mail address"),
        ("lines.support.number", "202 555 0100", number),
        ("lines.support.agents[0].email", "dana@example.com,eve", "is no mail address"),
        ("lines.support.agents[0].phone", "12x", number),
        ("lines.support.voice.forward", "112", number),
        ("lines.support.voice.after_hours", "0044", number),
        ("lines.support.mail.from", "support", "is no mail address"),
        ("lines.support.mail.reply_to", "nobody", "is no mail address"),
    ];
    let wanted = wanted.map(|(path, value, what)| format!("{path}: {value:?} {what}"));
    assert_eq!(found, wanted);
}

#[test]
fn days_in_durations_are_refused_with_advice() {
    let text = format!(
        "{TOP}plans: {{ a: {{ space: {{ title: A }}, reset_after: 1d, steps: [{{ post: {{ markdown: a }} }}] }} }}\n"
    );
    assert!(wrong(&text).starts_with("f.yaml:3:49: "), "{}", wrong(&text));
    assert!(wrong(&text).contains("not a duration; write 30s"), "{}", wrong(&text));
}

#[test]
fn the_schema_explains_itself() {
    let schema: Value = serde_json::from_str(&schema()).expect("JSON");
    assert!(schema["$schema"].as_str().is_some_and(|url| url.contains("json-schema.org")));
    assert_eq!(schema["title"], "Handbell configuration");
    assert!(schema["$defs"]["Step"]["properties"]["after"]["description"].is_string());
    assert_eq!(schema["additionalProperties"], false);
    jsonschema::meta::validate(&schema).expect("a valid schema");
}

/// A configuration with this line in a plan, and with this one in a zone.
fn with(plan: &str, zone: &str) -> String {
    format!(
        "{TOP}sites: {{ s: {{ cmx: {{ url: \"https://cmx.example.com\", user: u, password: {{ secret: p }} }} }} }}
plans:
  a:
    space: {{ title: A }}
    steps: [{{ post: {{ markdown: a }} }}]
    {plan}
zones:
  z: {{ site: s, plan: a, {zone} }}
"
    )
}

#[test]
fn a_phone_number_needs_no_quotes() {
    for to in ["+352691496401", "{ person: 010 }", "{ team: no }", "{ on_duty: 2026 }"] {
        let text = with(&format!("escalate: {{ more: {{ page: [{{ to: [{to}] }}] }} }}"), "at: 50");
        let config =
            check(&text, &|_| true).unwrap_or_else(|found| panic!("{}", render("f.yaml", &text, &found)));
        let target = &config.plans["a"].escalate["more"].page[0].to[0];
        let json = serde_json::to_value(target).expect("JSON");
        let said = json.as_str().or_else(|| json.as_object()?.values().next()?.as_str()).expect("text");
        assert!(to.contains(said), "{to}: {json}");
        assert_eq!(serde_json::from_value::<handbell_core::config::Target>(json).expect("a target"), *target);
    }
}

#[test]
fn a_number_that_may_be_another_is_refused_with_what_to_write() {
    for (zone, advice) in [
        ("at: 050", "write 50,"),
        ("at: 50.0", "write 50,"),
        ("at: 1_000", "write 1000,"),
        ("at: 0x32", "write it in digits"),
        ("at: 5e1", "write it in digits"),
        ("at: -5", "write it in digits"),
        ("warn: 080", "write 80,"),
        ("warn: { at: 080, clear: 70 }", "write 80,"),
        ("warn: { at: 80 }", "the key `clear` is missing"),
        ("warn: off", "never"),
        ("warn: [1]", "never"),
        ("warn: nevr", "never"),
        ("capacity: 010", "write 10,"),
        ("capacity: 10.0", "write 10,"),
        ("capacity: \"10\"", "write 10 without quotes"),
        ("for: { up: 02 }", "write 2,"),
        ("at: 5, capacity: 99999999999", "too large"),
        ("at: 99999999999", "too large"),
    ] {
        let said = wrong(&with("card: true", zone));
        assert!(said.contains(advice), "{zone}: {said}");
        assert!(said.lines().any(|line| line.starts_with("f.yaml:10:")), "{zone}: {said}");
    }
    for (plan, advice) in [
        ("need: 02", "write 2,"),
        ("need: 2.0", "write 2,"),
        ("need: two", "a list of teams"),
        ("need: { a: b }", "a list of teams"),
        ("need: no", "a list of teams"),
        ("was: no", "put the name in quotes"),
        ("was: 010", "put the name in quotes"),
        ("was: { a: b }", "the earlier name"),
        ("again: { after: 5m, times: 03 }", "write 3,"),
        ("again: { after: 5, times: 3 }", "is not a duration"),
        ("escalate: { b: { page: [{ to: [{ persn: dana }] }] } }", "did you mean `person`?"),
        ("escalate: { b: { page: [{ to: [{ person: d, team: o }] }] } }", "one of { on_duty: ROTA }"),
        ("escalate: { b: { page: [{ to: [[x]] }] } }", "one of { on_duty: ROTA }"),
        ("escalate: { b: { page: [{ to: [0049151123] }] } }", "is no phone number"),
    ] {
        let said = wrong(&with(plan, "at: 50"));
        assert!(said.contains(advice), "{plan}: {said}");
        assert!(said.starts_with("f.yaml:8:"), "{plan}: {said}");
    }
}

#[test]
fn no_value_is_refused_in_a_programmers_words() {
    let values = [
        "no",
        "010",
        "1.5",
        "0x1",
        "~",
        "[]",
        "[no, 010]",
        "{ a: 1 }",
        "2026-12-24",
        "09:00",
        "+1",
        "\"\"",
        "-1",
        "1e99",
    ];
    let keys = ["was", "need", "card", "reset_after", "repeat", "again", "confirm", "escalate"];
    let zone_keys =
        ["at", "warn", "alert", "capacity", "for", "hours", "exclude", "was", "label", "where", "silent"];
    let texts = keys.iter().flat_map(|key| values.map(|value| with(&format!("{key}: {value}"), "at: 50")));
    let zones =
        zone_keys.iter().flat_map(|key| values.map(|value| with("card: true", &format!("{key}: {value}"))));
    for text in texts.chain(zones) {
        let Err(findings) = check(&text, &|_| true) else { continue };
        let said = render("f.yaml", &text, &findings);
        for words in [
            "untagged",
            "variant",
            "invalid type",
            "invalid value",
            "u32",
            "does not match",
            "not valid under",
        ] {
            assert!(!said.contains(words), "{said}");
        }
    }
}
