//! The exit codes and the JSON of the command, as other programs see them.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// An address at which nothing listens.
const NOBODY: &str = "http://127.0.0.1:9";

fn handbell(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handbell"));
    command.args(words).env_remove("HANDBELL_TABLE").env_remove("HANDBELL_SECRETS");
    command.output().expect("it runs")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

fn document(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn demo() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("examples/green-power/handbell.yaml").display().to_string()
}

/// A file that is deleted when dropped.
struct File(std::path::PathBuf);

impl File {
    fn of(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("handbell-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("written");
        Self(path)
    }

    fn name(&self) -> &str {
        self.0.to_str().expect("a name")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_good_configuration_is_0_and_a_wrong_one_1() {
    let good = handbell(&["check", &demo()]);
    assert_eq!(code(&good), 0, "{good:?}");
    let good = handbell(&["check", "--json", &demo()]);
    let told = document(&good);
    assert_eq!((code(&good), &told["ok"], &told["findings"]), (0, &true.into(), &Value::Array(vec![])));
    assert!(told["plans"].as_u64().is_some_and(|plans| plans > 0), "{told}");

    let file = File::of("wrong.yaml", "webex: { token: { secret: webex } }\nplan: {}\n");
    let wrong = handbell(&["check", file.name()]);
    assert_eq!((code(&wrong), wrong.stdout.is_empty(), wrong.stderr.is_empty()), (1, true, false));
    let wrong = handbell(&["check", file.name(), "--json"]);
    let told = document(&wrong);
    assert_eq!((code(&wrong), &told["ok"], &told["plans"]), (1, &false.into(), &Value::Null));
    let first = &told["findings"][0];
    assert_eq!((&first["line"], &first["column"]), (&2.into(), &1.into()), "{told}");
    assert!(
        first["message"].as_str().is_some_and(|message| message.contains("did you mean `plans`?")),
        "{told}"
    );
}

#[test]
fn an_invalid_command_line_is_2() {
    for words in [&["chekc"][..], &["replay"], &["report", "--last", "yesterday"], &["check"]] {
        let output = handbell(words);
        assert_eq!((code(&output), output.stdout.is_empty()), (2, true), "{words:?}");
    }
}

#[test]
fn an_unreachable_system_is_3() {
    let demo = demo();
    for words in [
        &["oncall"][..],
        &["people", "list"],
        &["rotas", "list"],
        &["report", "--config", &demo],
        &["replay", "--zone", "shoes", "--last", "7d", "--config", &demo],
        &["doctor", "cmx", "--config", &demo],
        &["doctor", "lines", "--config", &demo],
    ] {
        let words: Vec<&str> = words.iter().copied().chain(["--runner", NOBODY]).collect();
        let plain = handbell(&words);
        assert_eq!((code(&plain), plain.stdout.is_empty()), (3, true), "{words:?}: {plain:?}");
        let words: Vec<&str> = words.into_iter().chain(["--json"]).collect();
        let output = handbell(&words);
        let error = &document(&output)["error"];
        assert_eq!((code(&output), &error["exit_code"]), (3, &3.into()), "{words:?}");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(&format!("no runner answers at {NOBODY}")), "{words:?}: {message}");
    }
}

#[test]
fn a_refused_request_is_1() {
    let words = ["replay", "--zone", "nowhere", "--csv", "none.csv", "--json", "--config", &demo()];
    let output = handbell(&words);
    let error = &document(&output)["error"];
    assert_eq!((code(&output), &error["exit_code"]), (1, &1.into()), "{output:?}");
    assert!(
        error["message"].as_str().is_some_and(|message| message.starts_with("there is no zone")),
        "{error}"
    );
    // Without secrets, the command asks nobody.
    assert_eq!(code(&handbell(&["doctor", "lines", "--config", &demo()])), 1);
}

#[test]
fn a_replay_prints_a_json_document() {
    let counts: String =
        (0..30).map(|minute| format!("2026-11-14T10:{minute:02}:00Z,{}\n", 90 + minute)).collect();
    let file = File::of("counts.csv", &counts);
    let output =
        handbell(&["replay", "--zone", "shoes", "--csv", file.name(), "--json", "--config", &demo()]);
    let told = document(&output);
    assert_eq!(code(&output), 0, "{output:?}");
    assert_eq!(
        (&told["zone"], &told["minutes"], &told["unknown_minutes"]),
        (&"shoes".into(), &30.into(), &0.into())
    );
    assert_eq!(told["peak"]["count"], 119, "{told}");
    let levels: Vec<&str> = told["episodes"][0]["told"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["level"].as_str())
        .collect();
    assert_eq!(levels, ["warn", "alert"], "{told}");
    assert_eq!(told["silences"], Value::Array(vec![]));
}

#[test]
fn a_file_that_is_no_configuration_is_refused_in_plain_words() {
    let folder = std::env::temp_dir();
    let binary = std::env::temp_dir().join(format!("handbell-{}-binary", std::process::id()));
    std::fs::write(&binary, [0xff, 0xfe, 0x00]).expect("written");
    for (file, says) in [
        (Path::new("nowhere.yaml"), "there is no file nowhere.yaml"),
        (folder.as_path(), "is a folder"),
        (binary.as_path(), "is no text"),
    ] {
        let output = handbell(&["check", file.to_str().expect("a name")]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(code(&output), 1, "{said}");
        assert!(said.contains(says) && !said.contains("os error"), "{said}");
    }
    std::fs::remove_file(&binary).expect("removed");
}

#[test]
fn nothing_to_import_is_an_error() {
    for text in ["", "a: 1\n", "<html>\n"] {
        let file = File::of("settings.yaml", text);
        let output = handbell(&["import", "bttn", file.name()]);
        assert_eq!((code(&output), output.stdout.is_empty()), (1, true), "{text:?}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("isn't a robot's settings.yaml"), "{said}");
    }
}
