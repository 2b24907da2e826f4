//! Mistakes in alert sources and in the people of plans, and what the author of the configuration reads about them.

use handbell_core::config::{Config, problems};
use insta::assert_snapshot;
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "timezone": "Europe/Paris",
        "webex": { "token": { "secret": "webex" } },
        "twilio": {
            "account": format!("AC{}", "f".repeat(32)), "token": { "secret": "twilio" }, "from": "+33644606827",
            "calls_per_second": 1
        },
        "mail": { "domain": "in.example.com", "from": "alerts@example.com", "links": { "secret": "links" } },
        "plans": {
            "duty": {
                "space": { "title": "Duty" },
                "steps": [
                    { "page": [{ "to": [{ "on_duty": "ops" }, "+352691496401"] }] },
                    { "call": [{ "to": [{ "team": "net.second" }], "say": "Look.", "times": 3, "every": "1m" }], "after": "5m" },
                ],
                "again": { "after": "10m" },
                "need": ["net", "app"],
                "confirm": { "after": "1h", "within": "10m" },
                "escalate": { "crisis-cell": { "sms": [{ "to": [{ "person": "dana" }], "text": "Come." }] } },
            },
            "calm": { "space": { "title": "Calm" }, "steps": [{ "post": { "markdown": "{title}" } }], "need": 2 },
        },
        "sources": { "mon": {
            "plan": "duty",
            "plans": { "warning": "calm" },
            "address": [{ "secret": "mon-1" }, { "secret": "mon-2" }],
            "mailbox": {
                "url": "imaps://imap.example.com:993", "user": "ops", "password": { "secret": "mailbox" }, "move_to": "Done"
            },
            "form": { "secret": "form" },
            "rules": [
                { "subject": "(?i)^problem: (?<host>\\S+)", "body": "Service: (?<service>.+)", "key": "{host}/{service}" },
                { "words": ["maintenance"], "do": "ignore" },
                { "plan": "calm", "severity": "info" },
            ],
            "report_to": ["ops@example.com"],
            "quiet": { "hours": { "week": { "daily": "22:00-06:00" } } },
        } },
    })
}

/// The problems of the good configuration after something in it was changed: `where: what`, line by line.
fn said(change: impl FnOnce(&mut Value)) -> String {
    let mut value = good();
    change(&mut value);
    let config: Config = serde_json::from_value(value).expect("it can be read");
    let found = problems(&config, &|file| file == "files/here.png");
    let lines = found.iter().map(|problem| format!("{}: {}", problem.path.join("."), problem.message));
    lines.collect::<Vec<_>>().join("\n")
}

fn said_of_source(change: impl FnOnce(&mut Value)) -> String {
    said(|config| change(&mut config["sources"]["mon"]))
}

fn said_of_plan(change: impl FnOnce(&mut Value)) -> String {
    said(|config| change(&mut config["plans"]["duty"]))
}

#[test]
fn a_good_configuration_has_no_problems() {
    assert_eq!(said(|_| ()), "");
}

#[test]
fn a_source_needs_a_way_in_and_named_secrets() {
    assert_snapshot!(said(|config| {
        config["sources"] = json!({
            "our mon": { "plan": "duty", "form": { "secret": " " } },
            "nothing": { "plan": "duty" },
            "empty": { "plan": "duty", "address": [] },
            "nameless": { "plan": "duty", "address": { "secret": "" } },
            "zwei": { "plan": "duty", "address": { "secret": "same" } },
            "drei": { "plan": "duty", "address": [{ "secret": "other" }, { "secret": "same" }] },
        });
    }), @r#"
        sources.empty.address: an address needs at least one secret
        sources.nameless.address: a secret needs a name: the one it has in the secrets document
        sources.nothing: a source needs an `address`, a `mailbox` or a `form`: how are its alerts to come in?
        sources.our mon: a source's name is 1 to 60 letters, digits, - and _; use `label` for what people read
        sources.our mon.form.secret: a secret needs a name: the one it has in the secrets document
        sources.zwei.address: the source "drei" has this secret already; a mail goes to one source
        "#);
}

#[test]
fn mistakes_in_mail_settings_are_reported() {
    assert_snapshot!(said(|config| config["mail"] = Value::Null), @"mail: mails are to come in or reports to go out, but there is no `mail` to do it with");
    assert_eq!(
        said(|config| {
            config["mail"] = Value::Null;
            config["sources"]["mon"]["address"] = Value::Null;
            config["sources"]["mon"]["report_to"] = json!([]);
        }),
        "",
        "a mailbox and a form need none"
    );
    assert_snapshot!(said(|config| {
        config["mail"] = json!({ "domain": "@in.example.com", "from": "alerts@example.com", "links": { "secret": "" } });
        config["sources"]["mon"]["report_to"] = json!(["ops@example.com"]);
    }), @r#"
        mail.domain: "@in.example.com" is no domain; write it alone: in.example.com
        mail.links: a secret needs a name: the one it has in the secrets document
        "#);
}

#[test]
fn mistakes_in_a_sources_plans_are_reported() {
    assert_snapshot!(said(|config| {
        config["plans"]["all hands"] =
            json!({ "space": { "title": "All" }, "steps": [{ "post": { "markdown": "!" } }] });
        config["plans"]["empty"] = json!({ "space": { "title": "Empty" } });
        let source = &mut config["sources"]["mon"];
        source["plan"] = json!("dutty");
        source["plans"] = json!({ "critical": "all hands", "info": "empty", "warning": "clam" });
        source["rules"][2]["plan"] = json!("nobody");
    }), @r#"
        sources.mon.plan: there is no plan "dutty"; the plans are: all hands, calm, duty, empty
        plans.all hands: the name is 1 to 60 letters, digits, - and _ if a source runs it
        sources.mon.plans.warning: there is no plan "clam"; the plans are: all hands, calm, duty, empty
        plans.empty.steps: a plan that a source runs needs at least one step
        sources.mon.rules.2.plan: there is no plan "nobody"; the plans are: all hands, calm, duty, empty
        "#);
}

#[test]
fn mistakes_in_mail_rules_are_reported() {
    assert_snapshot!(said_of_source(|source| {
        source["rules"] = json!([
            { "subject": "(unclosed", "body": "(?=look ahead)", "from": "a{1000000}", "key": "{unclosed}" },
            { "subject": "(?<host>\\S+) (?<port>\\d+)", "key": "{host}/{service}" },
            { "subject": "web", "key": "{host}" },
            { "subject": "web", "key": "{host" },
            { "subject": "web", "key": "host}" },
            { "subject": "web", "key": "{}" },
            { "subject": "web", "key": " " },
            { "words": ["down", " "] },
            { "do": "ignore" },
            { "words": ["late"] },
        ]);
    }), @r#"
        sources.mon.rules.0.subject: this is no regular expression: unclosed group
        sources.mon.rules.0.body: this is no regular expression: look-around, including look-ahead and look-behind, is not supported
        sources.mon.rules.0.from: this expression is too large; count less often in it (`{1000}`), or make it two rules
        sources.mon.rules.1.key: nothing in this rule is named "service"; its expressions name: host, port
        sources.mon.rules.2.key: nothing in this rule is named "host"; name a part of an expression: (?<host>\S+)
        sources.mon.rules.3.key: a { has no } after it; write {host} for a group named (?<host>…)
        sources.mon.rules.4.key: a } has no { before it; write {host} for a group named (?<host>…)
        sources.mon.rules.5.key: {} names nothing; write {host} for a group named (?<host>…)
        sources.mon.rules.6.key: there is nothing here; leave it out for sender and subject
        sources.mon.rules.7.words: there is an empty word here
        sources.mon.rules.8: every mail fits this rule, so those after it never count; give it a subject, body, from or words, or put it last
        "#);
}

#[test]
fn mistakes_in_mailboxes_are_reported() {
    let of_url = |url: &str| said_of_source(|source| source["mailbox"]["url"] = json!(url));
    for url in [
        "imaps://imap.example.com",
        "imaps://imap.example.com:1993",
        "imaps://[2001:db8::1]:993",
        "imap://localhost:1143",
        "imap://127.0.0.1:1143",
        "imap://[::1]",
    ] {
        assert_eq!(of_url(url), "", "{url}");
    }
    let all = [
        "imap://imap.example.com",
        "https://example.com",
        "imap.example.com",
        "imaps://",
        "imaps://me:pass@example.com",
        "imaps://example.com/INBOX",
        "imaps://example.com:0",
        "imaps://[::1",
        "imap://localhost.example.com",
    ];
    assert_snapshot!(all.map(|url| format!("{url}\n  {}", of_url(url).replace('\n', "\n  "))).join("\n"), @"
        imap://imap.example.com
          sources.mon.mailbox.url: without TLS everybody on the way reads the password; write imaps://
        https://example.com
          sources.mon.mailbox.url: an address begins with imaps:// or pop3s://
        imap.example.com
          sources.mon.mailbox.url: an address begins with imaps:// or pop3s://
        imaps://
          sources.mon.mailbox.url: an address is imaps:// or pop3s:// and a host, with :port or without, and nothing more: imaps://imap.example.com
        imaps://me:pass@example.com
          sources.mon.mailbox.url: an address is imaps:// or pop3s:// and a host, with :port or without, and nothing more: imaps://imap.example.com
        imaps://example.com/INBOX
          sources.mon.mailbox.url: an address is imaps:// or pop3s:// and a host, with :port or without, and nothing more: imaps://imap.example.com
        imaps://example.com:0
          sources.mon.mailbox.url: an address is imaps:// or pop3s:// and a host, with :port or without, and nothing more: imaps://imap.example.com
        imaps://[::1
          sources.mon.mailbox.url: an address is imaps:// or pop3s:// and a host, with :port or without, and nothing more: imaps://imap.example.com
        imap://localhost.example.com
          sources.mon.mailbox.url: without TLS everybody on the way reads the password; write imaps://
        ");
    assert_snapshot!(said_of_source(|source| {
        source["mailbox"]["url"] = json!("pop3s://pop.example.com");
        source["mailbox"]["folder"] = json!("Alerts");
    }), @"
        sources.mon.mailbox.move_to: POP3 knows no folders; leave `move_to` out or use imaps://
        sources.mon.mailbox.folder: POP3 knows no folders; leave `folder` out or use imaps://
        ");
    assert_snapshot!(said_of_source(|source| {
        source["mailbox"] = json!({ "url": "imaps://imap.example.com", "user": " ", "folder": "Alerts\r\nA1 LOGOUT", "move_to": "" });
    }), @"
        sources.mon.mailbox.user: nobody is named here
        sources.mon.mailbox.move_to: a folder has a name; leave it out to leave the mails where they are
        sources.mon.mailbox.folder: this must be one line without control characters
        sources.mon.mailbox: a mailbox has one of `password` and `oauth`
        ");
    assert_snapshot!(said_of_source(|source| {
        source["mailbox"]["oauth"] = json!({ "secret": "fresh" });
        source["mailbox"]["move_to"] = json!("INBOX");
    }), @"
        sources.mon.mailbox.move_to: mails would be moved to where they are; name another folder than `folder`
        sources.mon.mailbox: a mailbox has one of `password` and `oauth`
        ");
}

#[test]
fn mistakes_in_quiet_hours_are_reported() {
    assert_snapshot!(said_of_source(
        |source| source["quiet"]["hours"]["week"]["funday"] = json!("22:00-06:00")
    ), @"sources.mon.quiet.hours.week.funday: write a day (mon, tue, wed, thu, fri, sat, sun), several (mon-fri) or daily");
    assert_snapshot!(said_of_source(|source| {
        source["quiet"] = json!({ "hours": { "week": { "daily": "22-6" } }, "severities": [] });
    }), @r#"
        sources.mon.quiet.hours.week.daily: write times such as "09:00-20:00", several with a comma between them, or closed
        sources.mon.quiet.severities: quiet for nothing; leave `quiet` out, or name some of critical, error, warning, info
        "#);
    assert_snapshot!(said_of_source(
        |source| source["quiet"]["severities"] = json!(["info", "warning", "info"])
    ), @"sources.mon.quiet.severities: a severity stands here twice");
}

#[test]
fn mistakes_in_restarts_confirmations_and_repeated_calls_are_reported() {
    assert_snapshot!(said_of_plan(|plan| {
        plan["again"] = json!({ "after": "1s", "times": 21 });
        plan["confirm"] = json!({ "after": "0s", "within": "0s" });
        plan["steps"][1]["call"][0]["times"] = json!(11);
        plan["steps"][1]["call"][0]["every"] = json!("5s");
    }), @"
        plans.duty.again.after: `after` is at least 10s
        plans.duty.again.times: `times` is 1 to 20
        plans.duty.confirm.after: `after` is more than nothing: 30m
        plans.duty.confirm.within: `within` is more than nothing: 30m
        plans.duty.steps.1.call.0.times: `times` is 1 to 10
        plans.duty.steps.1.call.0.every: `every` is at least 30s: a phone rings that long
        ");
    assert_snapshot!(said_of_plan(|plan| {
        plan["again"] = json!({ "after": "1m", "times": 0 });
        plan["steps"][1]["call"][0]["times"] = json!(0);
    }), @"
        plans.duty.again.times: `times` is 1 to 20
        plans.duty.steps.1.call.0.times: `times` is 1 to 10
        ");
}

#[test]
fn mistakes_in_needed_acknowledgements_are_reported() {
    assert_snapshot!(said_of_plan(|plan| plan["need"] = json!(0)), @"plans.duty.need: at least 1 has to acknowledge; with 0 nobody would be called at all");
    assert_snapshot!(said_of_plan(|plan| plan["need"] = json!([])), @"plans.duty.need: no team is named here; leave it out if anybody may acknowledge");
    assert_snapshot!(said_of_plan(|plan| plan["need"] = json!(["net", "", "net"])), @"
        plans.duty.need.1: a team has a name, and stands here once
        plans.duty.need.2: a team has a name, and stands here once
        ");
}

#[test]
fn mistakes_in_targets_are_reported() {
    assert_snapshot!(said_of_plan(|plan| {
        plan["steps"][0]["page"] = json!([
            { "to": [] },
            { "to": ["+12025550112", { "on_duty": "ops duty" }, { "person": "" }], "text": " ", "say": "", "from": "+12025550112" },
        ]);
    }), @r#"
        plans.duty.steps.0.page.0.to: nobody is named here
        plans.duty.steps.0.page.1.to.1: "ops duty" names nobody; write a name of letters, digits, - and _, such as ops-second
        plans.duty.steps.0.page.1.to.2: "" names nobody; write a name of letters, digits, - and _, such as ops-second
        plans.duty.steps.0.page.1.text: there are no words here
        plans.duty.steps.0.page.1.say: there are no words here; leave it out to say the text
        "#);
    assert_snapshot!(said_of_plan(|plan| {
        plan["steps"][1]["call"][0]["to"] = json!([{ "team": "the net" }]);
    }), @r#"plans.duty.steps.1.call.0.to.0: "the net" names nobody; write a name of letters, digits, - and _, such as ops-second"#);
}

#[test]
fn mistakes_in_named_steps_are_reported() {
    assert_snapshot!(said_of_plan(|plan| {
        plan["escalate"] = json!({
            "crisis cell": { "post": { "markdown": "!" } },
            "Night": { "post": { "markdown": "!" } },
            "night": {},
            "late": { "post": { "file": "files/gone.png" }, "after": "5m" },
            "sms": { "sms": [{ "to": ["+12025550112"], "text": " " }], "call": [{ "to": [], "say": "!", "times": 12 }] },
        });
    }), @r#"
        plans.duty.escalate.crisis cell: people write this name after /escalate: one word of letters, digits and -
        plans.duty.escalate.late.after: this step comes when somebody asks for it; `after` belongs to `steps`
        plans.duty.escalate.late.post.file: there is no file "files/gone.png" beside the configuration
        plans.duty.escalate.night: this name is there already; capitals make no difference
        plans.duty.escalate.night: this step does nothing; give it a post, sms, call or people
        plans.duty.escalate.sms.sms.0.text: there are no words here
        plans.duty.escalate.sms.call.0.to: nobody is named here
        plans.duty.escalate.sms.call.0.times: `times` is 1 to 10
        "#);
}

#[test]
fn texts_and_calls_need_twilio() {
    assert_snapshot!(said(|config| config["twilio"]["calls_per_second"] = json!(0)), @"twilio.calls_per_second: with 0 calls a second nobody would be called; write 1 or more, or leave it out");
    let without = |steps: Value, escalate: Value| {
        said(|config| {
            config["twilio"] = Value::Null;
            config["plans"]["duty"]["steps"] = steps;
            config["plans"]["duty"]["escalate"] = escalate;
        })
    };
    let post = json!({ "post": { "markdown": "!" } });
    let text = json!({ "sms": [{ "to": [{ "team": "net" }], "text": "!" }] });
    let once = without(json!([text]), json!({ "all": text }));
    assert_snapshot!(once, @"twilio: somebody is to be texted or called, but there is no `twilio` to do it with");
    assert_eq!(without(json!([post]), json!({ "all": text })), once);
    assert_eq!(without(json!([{ "page": [{ "to": ["+352691496401"] }] }]), json!({})), once);
    assert_eq!(
        without(json!([{ "page": [{ "to": [{ "team": "net" }] }] }]), json!({})),
        "",
        "they may want Webex"
    );
}
