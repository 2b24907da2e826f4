//! `handbell doctor lines --json`, as other programs see it.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// An address at which nothing listens.
const NOBODY: &str = "http://127.0.0.1:9";

const CONFIG: &str = r#"
webex: { token: { secret: webex }, webhook: { secret: webex-webhook } }
twilio: { account: ACffffffffffffffffffffffffffffffff, token: { secret: twilio }, from: "+12025550100" }
lines: { support: { number: "+12025550100", agents: [{ email: alice@example.com }] } }
"#;

/// Runs the command in a folder with these files. Returns its exit code and its document.
fn doctor_lines(folder: &Path, more: &[&str]) -> (i32, Value) {
    let secrets = format!("file:{}", folder.join("secrets.json").display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_handbell"));
    command.args(["doctor", "lines", "--json", "--secrets", &secrets, "--config"]);
    command.arg(folder.join("handbell.yaml")).args(more);
    command.env_remove("HANDBELL_TABLE").env_remove("HANDBELL_SECRETS");
    command.env("HANDBELL_WEBEX_URL", NOBODY).env("HANDBELL_TWILIO_URL", NOBODY);
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let document = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    (output.status.code().expect("an exit code"), document)
}

#[test]
fn what_is_wrong_is_told_with_advice_and_what_cannot_run_with_an_error() {
    let folder = std::env::temp_dir().join(format!("handbell-{}-doctor-lines", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("handbell.yaml"), CONFIG).expect("written");
    let secrets = json!({ "webex": "x", "twilio": "y", "webex-webhook": "k".repeat(32) });
    std::fs::write(folder.join("secrets.json"), secrets.to_string()).expect("written");

    let (code, told) = doctor_lines(&folder, &[]);
    assert_eq!((code, &told["wrong"]), (1, &1.into()), "{told}");
    let finding = &told["findings"][0];
    assert_eq!((&finding["about"], &finding["result"]), (&"webex".into(), &"wrong".into()), "{told}");
    let says = |field: &str, words: &str| finding[field].as_str().is_some_and(|text| text.contains(words));
    assert!(says("text", "Webex can't be reached") && says("advice", "\"webex\""), "{told}");
    assert_eq!(told.as_object().map(serde_json::Map::len), Some(2), "{told}");

    // A failure is a document, too.
    let (code, told) = doctor_lines(&folder, &["--line", "nowhere"]);
    assert_eq!((code, &told["error"]["exit_code"]), (1, &1.into()), "{told}");
    assert!(told["error"]["message"].as_str().is_some_and(|why| why.contains("nowhere")), "{told}");
    std::fs::remove_dir_all(&folder).expect("removed");
}
