//! Mistakes in lines, and what the author of the configuration reads about them; and the defaults of a line.

use handbell_core::config::{Answers, Config, Line, problems};
use handbell_core::conversation::assign::AssignmentOrder;
use handbell_core::conversation::relay_policy::RelayPolicy;
use insta::assert_snapshot;
use jiff::SignedDuration;
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "timezone": "Europe/Paris",
        "webex": { "token": { "secret": "webex" }, "webhook": { "secret": "webhook" } },
        "twilio": { "account": format!("AC{}", "f".repeat(32)), "token": { "secret": "twilio" }, "from": "+12025550100" },
        "plans": { "wait": { "space": { "title": "Waiting" }, "steps": [{ "post": { "markdown": "{customer} waits" } }] } },
        "lines": { "support": {
            "number": "+12025550100",
            "team": "T1",
            "agents": [{ "email": "dana@example.com", "phone": "+352691496402" }],
            "waiting": { "after": "5m", "plan": "wait" },
            "texts": { "welcome": "Hello!" },
            "canned": { "times": "From 9 to 6." },
            "countries": ["+1", "+352"],
            "hours": { "week": { "mon-fri": "09:00-18:00" } },
            "voice": { "forward": "+12025550188", "after_hours": "+12025550189" },
            "mail": { "from": "support@example.com", "reply_to": "answers@example.com" },
        } },
    })
}

/// The problems of the good configuration after something in its line was changed: `where: what`, line by line.
fn said(change: impl FnOnce(&mut Value)) -> String {
    said_of_all(|config| change(&mut config["lines"]["support"]))
}

fn said_of_all(change: impl FnOnce(&mut Value)) -> String {
    let mut value = good();
    change(&mut value);
    let config: Config = serde_json::from_value(value).expect("it can be read");
    let found = problems(&config, &|_| true);
    let lines = found.iter().map(|problem| format!("{}: {}", problem.path.join("."), problem.message));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_good_configuration_has_no_problems() {
    assert_eq!(said(|_| ()), "");
}

#[test]
fn a_line_has_defaults() {
    let line: Line =
        serde_json::from_value(json!({ "number": "+12025550100", "team": "T1" })).expect("a line");
    assert_eq!(
        (line.answers, line.answers.policy(), line.assign),
        (Answers::Everything, RelayPolicy::Everything, AssignmentOrder::LongestIdle)
    );
    assert_eq!(Answers::Explicit.policy(), RelayPolicy::Explicit);
    assert_eq!((line.limits.per_minute, line.limits.per_day, line.limits.parts_per_day), (20, 200, 2000));
    assert_eq!((line.close_after.0, line.keep_days), (SignedDuration::from_hours(72), 400));
    assert_eq!((line.voice.ring.0, line.signed, line.undo), (SignedDuration::from_secs(20), false, None));
    let wrong = serde_json::from_value::<Line>(json!({ "number": "+12025550100", "teams": "T1" }));
    assert!(wrong.expect_err("a slip of the pen").to_string().contains("teams"));
}

#[test]
fn a_line_is_found_by_its_number() {
    let config: Config = serde_json::from_value(good()).expect("it can be read");
    assert_eq!(config.line_of("+12025550100").map(|(name, _)| name), Some("support"));
    assert_eq!(config.line_of("+12025550188").map(|(name, _)| name), None);
    assert!(config.own_numbers().iter().any(|number| number == "+12025550100"));
}

#[test]
fn a_line_needs_twilio_a_webhook_and_agents() {
    assert_snapshot!(said_of_all(|config| {
        config["twilio"] = Value::Null;
        config["webex"]["webhook"] = Value::Null;
        let line = config["lines"]["support"].take();
        config["lines"] = json!({ "our support": line });
        config["lines"]["our support"]["team"] = Value::Null;
        config["lines"]["our support"]["agents"] = json!([]);
    }), @"
        lines.our support: a line's name is 1 to 60 letters, digits, - and _; use `label` for what people read
        lines.our support: a line needs `twilio`: texts and calls come by it
        webex: a line needs `webhook`: without it nobody hears what agents write
        lines.our support: a line needs a `team` or `agents`: who is to answer?
        ");
}

#[test]
fn mistakes_in_countries_are_reported() {
    assert_snapshot!(said(|line| {
        line["countries"] = json!(["+1", "352", "+", "+35269149640"]);
    }), @r#"
        lines.support.countries.1: a calling code is + and digits: +1, +352
        lines.support.countries.2: a calling code is + and digits: +1, +352
        lines.support.countries.3: a calling code is + and digits: +1, +352
        "#);
}

#[test]
fn two_lines_with_one_number_are_reported() {
    assert_snapshot!(said_of_all(|config| config["lines"]["sales"] = config["lines"]["support"].clone()), @"lines.support.number: another line has this number already; a text goes to one team");
}

#[test]
fn calls_in_a_circle_are_reported() {
    assert_snapshot!(said(|line| line["voice"]["forward"] = json!("+12025550100")), @"lines.support.voice.forward: calls would go round in circles: this is the line's own number");
    assert_snapshot!(said(|line| line["voice"]["after_hours"] = json!("+12025550100")), @"lines.support.voice.after_hours: calls would go round in circles: this is the line's own number");
    // Also through another line; but not if that line's calls end somewhere.
    assert_snapshot!(said_of_all(|config| {
        let mut sales = config["lines"]["support"].clone();
        (sales["number"], sales["voice"]["after_hours"]) = (json!("+12025550101"), json!("+12025550100"));
        config["lines"]["sales"] = sales;
        config["lines"]["support"]["voice"]["forward"] = json!("+12025550101");
    }), @"
        lines.sales.voice.after_hours: calls could go round in circles: that line passes them on to this one
        lines.support.voice.forward: calls could go round in circles: that line passes them on to this one
        ");
    assert_eq!(
        said_of_all(|config| {
            config["lines"]["sales"] = config["lines"]["support"].clone();
            config["lines"]["sales"]["number"] = json!("+12025550101");
            config["lines"]["support"]["voice"]["forward"] = json!("+12025550101");
        }),
        ""
    );
}

#[test]
fn mistakes_in_waiting_are_reported() {
    assert_snapshot!(said(|line| line["waiting"] = json!({ "after": "9s", "plan": "weight" })), @r#"
        lines.support.waiting.plan: there is no plan "weight"; the plans are: wait
        lines.support.waiting.after: `after` is at least 10s
        "#);
    assert_snapshot!(said_of_all(|config| {
        config["plans"] = json!({ "Call us": config["plans"]["wait"] });
        config["lines"]["support"]["waiting"]["plan"] = json!("Call us");
    }), @"plans.Call us: the name is 1 to 60 letters, digits, - and _ if a line runs it");
    assert_snapshot!(said(|line| {
        line["waiting"]["after"] = json!("2h");
        line["close_after"] = json!("1h");
    }), @"lines.support.waiting.after: nobody would be told: the conversation is over before it (`close_after`); make `close_after` longer");
}

#[test]
fn mistakes_in_hours_are_reported() {
    assert_snapshot!(said(|line| line["hours"] = json!({ "week": { "mon-fry": "09:00-18:00" } })), @"lines.support.hours.week.mon-fry: write a day (mon, tue, wed, thu, fri, sat, sun), several (mon-fri) or daily");
}

#[test]
fn mistakes_in_lengths_and_limits_are_reported() {
    assert_snapshot!(said(|line| {
        line["undo"] = json!("2m");
        line["close_after"] = json!("6m");
        line["keep_days"] = json!(0);
        line["limits"] = json!({ "per_minute": 0, "per_day": 0, "parts_per_day": 0 });
        line["voice"]["ring"] = json!("2m");
    }), @"
        lines.support.undo: `undo` is at most 60s: the customer waits for it
        lines.support.close_after: `close_after` is at least 10m
        lines.support.keep_days: `keep_days` is 1 to 3650
        lines.support.limits.per_minute: a limit of 0 would keep every answer here
        lines.support.limits.per_day: a limit of 0 would keep every answer here
        lines.support.limits.parts_per_day: a limit of 0 would keep every answer here
        lines.support.voice.ring: `ring` is 5s to 60s
        ");
}

#[test]
fn empty_texts_are_reported() {
    assert_snapshot!(said(|line| {
        line["texts"] = json!({ "welcome": "", "nobody": " ", "closed": "\n", "missed_call": "", "closing": "" });
        line["canned"] = json!({ "times": " " });
    }), @"
        lines.support.texts.welcome: there are no words here; leave it out if nothing is to be said
        lines.support.texts.nobody: there are no words here; leave it out if nothing is to be said
        lines.support.texts.closed: there are no words here; leave it out if nothing is to be said
        lines.support.texts.missed_call: there are no words here; leave it out if nothing is to be said
        lines.support.texts.closing: there are no words here; leave it out if nothing is to be said
        lines.support.canned.times: there are no words here
        ");
}
