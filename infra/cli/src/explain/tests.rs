use handbell_core::config::Config;
use serde_json::json;

use super::*;

fn config(rules: serde_json::Value) -> Config {
    serde_json::from_value(json!({
        "webex": { "token": { "secret": "webex" }, "webhook": { "secret": "hook" } },
        "plans": { "duty": { "space": { "title": "x" }, "steps": [{ "post": { "markdown": "x" } }] } },
        "sources": { "monitoring": { "plan": "duty", "rules": rules } },
    }))
    .unwrap()
}

fn options(source: Option<&str>) -> Options {
    Options {
        json: false,
        source: source.map(str::to_owned),
        config: None,
        at: At::default(),
        file: PathBuf::new(),
    }
}

async fn explained(config: &Config, mail: &str) -> Explained {
    let around =
        Around { variable: &|_| None, now: jiff::Timestamp::UNIX_EPOCH, chance: &|| 0, agreed: &|_| false };
    run(&options(None), config, mail.as_bytes(), &around).await.unwrap()
}

#[tokio::test]
async fn a_mail_is_explained_by_the_rule_of_its_system_its_slot_or_its_source() {
    let config = config(json!([{ "words": ["noise"], "do": "ignore" }]));
    let mail = |subject: &str| format!("From: mon@example.com\r\nSubject: {subject}\r\n\r\nx\r\n");
    for (subject, does, because, key) in [
        (
            "[RECOVERY] ping on web01 is OK!",
            "end",
            "it is a mail of Icinga 2: [{type}] {name} is {state}!",
            Some("mon@example.com ping web01"),
        ),
        (
            "RECOVERY: web01",
            "end",
            "its state \"recovery\" stands before a separator or in brackets, as a heading",
            Some("mon@example.com web01"),
        ),
        (
            "web01 waits at dialog [OK]",
            "raise",
            "no word of its subject stands where a state does, so it is trouble",
            Some("mon@example.com web01 waits dialog ok"),
        ),
        (
            "[DOWNTIMESTART] ping on web01 is OK!",
            "join",
            "it is a mail of Icinga 2: [{type}] {name} is {state}!",
            Some("mon@example.com ping web01"),
        ),
        ("noise", "nothing", "rule 1 of its source says so", None),
    ] {
        let explained = explained(&config, &mail(subject)).await;
        assert_eq!((explained.does, explained.because.as_str()), (does, because), "{subject}");
        assert_eq!(explained.key.as_deref(), key, "{subject}");
        assert_eq!(explained.incident.is_some(), key.is_some());
        assert!(explained.text().starts_with("This mail would "), "{}", explained.text());
    }
}

/// A mail with SES's headers carries SES's verdicts.
#[tokio::test]
async fn news_and_ends_of_an_unproven_sender_are_doubtful() {
    let config = config(json!([]));
    for subject in ["[ACKNOWLEDGEMENT] ping on web01 is CRITICAL!", "[RECOVERY] ping on web01 is OK!"] {
        let mail = format!(
            "Received: from mail.example.com by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 1\r\n\
             X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n\
             From: mon@example.com\r\nSubject: {subject}\r\n\r\nx\r\n"
        );
        let explained = explained(&config, &mail).await;
        assert_eq!(explained.does, "doubtful", "{subject}");
        assert!(explained.because.contains("; but nothing proves its sender"), "{}", explained.because);
        assert!(explained.text().contains("change nothing"), "{}", explained.text());
    }
}

#[tokio::test]
async fn the_source_has_to_be_known() {
    let config = config(json!([]));
    let around =
        Around { variable: &|_| None, now: jiff::Timestamp::UNIX_EPOCH, chance: &|| 0, agreed: &|_| false };
    let error = run(&options(Some("monitorin")), &config, b"", &around).await.unwrap_err();
    assert!(error.to_string().contains("did you mean \"monitoring\"?"), "{error}");
}
