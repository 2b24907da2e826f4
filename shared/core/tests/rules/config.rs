//! What a configuration can't say, and what its writer is told.

use handbell_core::config::{Config, is_address, is_phone_number, is_sender, problems};
use insta::assert_snapshot;
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "timezone": "Europe/Paris",
        "webex": { "token": { "secret": "webex" } },
        "twilio": { "account": format!("AC{}", "f".repeat(32)), "token": { "secret": "twilio" }, "from": "+33644606827" },
        "admins": { "webex": ["admin@example.com"], "sms": ["+33644606828"] },
        "plans": { "power": {
            "space": { "title": "Green Power", "moderators": ["a@example.com"] },
            "steps": [
                { "post": { "markdown": "Help", "file": "files/here.png" } },
                { "sms": [{ "to": ["+352691496401"], "text": "Check Webex", "from": "Handbell" }], "after": "5m" },
                { "call": [{ "to": ["+352691496401"], "say": "Please check Webex." }], "people": { "participants": ["c@example.com"] } },
            ],
        } },
        "buttons": { "green": { "plan": "power", "token": { "secret": "button-green" } } },
    })
}

/// What is said of the good configuration after something in it was changed: `where: what`, line by line.
fn said(change: impl FnOnce(&mut Value)) -> String {
    let mut value = good();
    change(&mut value);
    let config: Config = serde_json::from_value(value).expect("it can be read");
    let found = problems(&config, &|file| file == "files/here.png");
    found
        .iter()
        .map(|problem| format!("{}: {}", problem.path.join("."), problem.message))
        .collect::<Vec<_>>()
        .join("\n")
}

fn step(value: &mut Value, number: usize) -> &mut Value {
    &mut value["plans"]["power"]["steps"][number]
}

#[test]
fn nothing_is_said_of_a_good_one() {
    assert_eq!(said(|_| ()), "");
}

#[test]
fn a_time_zone() {
    assert_snapshot!(said(|config| config["timezone"] = json!("Europe/Pariss")), @r#"timezone: there is no time zone "Europe/Pariss"; write an IANA name such as Europe/Paris"#);
}

#[test]
fn twilio() {
    assert_snapshot!(said(|config| {
        config["twilio"]["account"] = json!("SK123");
        config["twilio"]["from"] = json!("0033644606827");
    }), @r#"
        twilio.account: a Twilio account is AC and 32 letters or digits; copy it from Twilio's console
        twilio.from: "0033644606827" is no phone number; write it with + and the country's code, digits only: +352691496401
        "#);
}

#[test]
fn admins() {
    assert_snapshot!(said(|config| config["admins"] = json!({ "webex": ["admin"], "sms": ["+33644606828", "112"] })), @r#"
        admins.sms.1: "112" is no phone number; write it with + and the country's code, digits only: +352691496401
        admins.webex.0: "admin" is no mail address
        "#);
}

#[test]
fn numbers() {
    assert_snapshot!(said(|config| {
        step(config, 1)["sms"][0]["to"] = json!(["+352691496401", "691 496 401", "+0352691496401"]);
        step(config, 1)["sms"][0]["from"] = json!("A name that is too long");
        step(config, 2)["call"][0]["to"] = json!([]);
    }), @r#"
        plans.power.steps.1.sms.0.to.1: "691 496 401" is no phone number; write it with + and the country's code, digits only: +352691496401
        plans.power.steps.1.sms.0.to.2: "+0352691496401" is no phone number; write it with + and the country's code, digits only: +352691496401
        plans.power.steps.1.sms.0.from: "A name that is too long" is no phone number; write it with + and the country's code, digits only: +352691496401
        plans.power.steps.2.call.0.to: nobody is named here
        "#);
}

#[test]
fn a_name_can_text_but_not_call() {
    assert_snapshot!(said(|config| step(config, 2)["call"][0]["from"] = json!("Handbell")), @r#"plans.power.steps.2.call.0.from: "Handbell" is no phone number; write it with + and the country's code, digits only: +352691496401"#);
}

#[test]
fn addresses() {
    assert_snapshot!(said(|config| {
        config["plans"]["power"]["space"]["moderators"] = json!(["a@example.com", "a at example.com"]);
        config["plans"]["power"]["space"]["participants"] = json!(["a@localhost"]);
        step(config, 2)["people"] = json!({ "moderators": ["@example.com"], "participants": ["c@example.com", "c@d@example.com"] });
    }), @r#"
        plans.power.space.moderators.1: "a at example.com" is no mail address
        plans.power.space.participants.0: "a@localhost" is no mail address
        plans.power.steps.2.people.moderators.0: "@example.com" is no mail address
        plans.power.steps.2.people.participants.1: "c@d@example.com" is no mail address
        "#);
}

#[test]
fn words() {
    assert_snapshot!(said(|config| {
        step(config, 1)["sms"][0]["text"] = json!("  ");
        step(config, 2)["call"][0]["say"] = json!("");
        config["plans"]["power"]["space"]["title"] = json!(" ");
    }), @"
        plans.power.space.title: a space needs a title
        plans.power.steps.1.sms.0.text: there are no words here
        plans.power.steps.2.call.0.say: there are no words here
        ");
}

#[test]
fn files() {
    assert_snapshot!(said(|config| {
        step(config, 0)["post"] = json!({ "file": "files/away.png" });
        step(config, 1)["post"] = json!({ "label": "Nothing to see" });
    }), @r#"
        plans.power.steps.0.post.file: there is no file "files/away.png" beside the configuration
        plans.power.steps.1.post: a post needs `markdown`, a `file`, or both
        "#);
}

#[test]
fn a_step_that_does_nothing() {
    assert_snapshot!(said(|config| *step(config, 1) = json!({})), @"plans.power.steps.1: this step does nothing; give it a post, sms, call or people");
}

#[test]
fn a_plan_without_steps() {
    assert_snapshot!(said(|config| {
        config["plans"]["power"]["steps"] = json!([]);
        config["plans"]["power"]["reset_after"] = json!("59s");
    }), @"
        plans.power.steps: a plan needs at least one step
        plans.power.reset_after: reset_after is at least a minute
        ");
}

#[test]
fn after() {
    assert_snapshot!(said(|config| {
        step(config, 0)["after"] = json!("5m");
        step(config, 1)["after"] = json!("9s");
    }), @"
        plans.power.steps.0.after: the first step is taken by the first press; `after` belongs to a later one
        plans.power.steps.1.after: `after` is at least 10 seconds
        ");
}

#[test]
fn steps_that_would_come_when_all_is_over() {
    assert_snapshot!(said(|config| {
        config["plans"]["power"]["reset_after"] = json!("10m");
        step(config, 2)["after"] = json!("5m");
    }), @"plans.power.steps.2.after: this step never comes by itself: with nobody answering, the incident is over (`reset_after`) before it; make `reset_after` longer");
    assert_eq!(said(|config| config["plans"]["power"]["reset_after"] = json!("10m")), "");
}

#[test]
fn buttons() {
    assert_snapshot!(said(|config| {
        let token = json!({ "secret": "button-green" });
        config["buttons"] = json!({
            "": { "plan": "power", "token": token },
            "green button": { "plan": "power", "token": token },
            "lost": { "plan": "powr", "token": token },
            "mute": { "plan": "power", "token": [] },
            "quick": { "plan": "power", "token": token, "debounce": "-1s", "max_age": "0s" },
        });
    }), @r#"
        buttons.: a button's name is 1 to 60 letters, digits, - and _; use `label` for what people read
        buttons.green button: a button's name is 1 to 60 letters, digits, - and _; use `label` for what people read
        buttons.lost.plan: there is no plan "powr"; the plans are: power
        buttons.mute.token: a button needs at least one token
        buttons.quick.debounce: `debounce` can't be less than nothing
        buttons.quick.max_age: `max_age` is at least a second; with less, every press would be late
        "#);
}

#[test]
fn phone_numbers() {
    for good in ["+352691496401", "+12", "+123456789012345"] {
        assert!(is_phone_number(good), "{good}");
    }
    for bad in [
        "",
        "+",
        "+1",
        "352691496401",
        "+0352691496401",
        "+1234567890123456",
        "+35269149640x",
        "+352 691 496",
        "++352691496401",
        "+٣٥٢٦٩١",
    ] {
        assert!(!is_phone_number(bad), "{bad}");
    }
}

#[test]
fn senders() {
    for good in ["+352691496401", "Handbell", "Hand bell 1"] {
        assert!(is_sender(good), "{good}");
    }
    for bad in ["", "12345", "Hand-bell", "Handbell1234", "Glöckchen"] {
        assert!(!is_sender(bad), "{bad}");
    }
}

#[test]
fn mail_addresses() {
    for good in ["a@example.com", "a.b+c@mail.example.com"] {
        assert!(is_address(good), "{good}");
    }
    for bad in [
        "",
        "a",
        "a@",
        "@example.com",
        "a@localhost",
        "a@.com",
        "a b@example.com",
        "a@b@example.com",
        "a@example.com\n",
    ] {
        assert!(!is_address(bad), "{bad}");
    }
}

#[test]
fn unknown_keys_and_days_are_not_read() {
    let mut value = good();
    value["plans"]["power"]["steeps"] = json!([]);
    assert!(serde_json::from_value::<Config>(value).is_err());
    let mut value = good();
    value["plans"]["power"]["reset_after"] = json!("1d");
    assert!(serde_json::from_value::<Config>(value).is_err(), "a day has 23 to 25 hours; write hours");
}
