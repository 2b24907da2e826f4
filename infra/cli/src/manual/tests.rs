use clap::CommandFactory as _;

use super::*;
use crate::command::Cli;

/// Returns each visible command with its words.
fn all(command: &Command, words: &[String]) -> Vec<(Vec<String>, Command)> {
    let below = command.get_subcommands().filter(|one| is_shown(one));
    let below = below.flat_map(|one| {
        let words: Vec<String> = words.iter().cloned().chain([one.get_name().to_owned()]).collect();
        let mut found = all(one, &words);
        found.insert(0, (words, one.clone()));
        found
    });
    below.collect()
}

fn written(work: impl FnOnce(&mut dyn Write) -> Done) -> String {
    let mut out = Vec::new();
    work(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_definitions_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_examples() {
    let commands = all(&built(Cli::command()), &[]);
    assert!(commands.len() > 20, "{}", commands.len());
    for (words, command) in commands {
        // The examples of a command with subcommands are theirs.
        if command.get_subcommands().any(is_shown) && command.get_after_help().is_none() {
            continue;
        }
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let call = format!("handbell {}", words.join(" "));
        assert!(
            help.contains("Examples:\n") && help.contains(&call),
            "{call} shows no example of itself: {help}"
        );
    }
}

#[test]
fn each_shell_completes_each_command() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
        let script = written(|out| completions(Cli::command(), shell, out));
        for (words, _) in all(&built(Cli::command()), &[]) {
            let word = words.last().unwrap();
            assert!(script.contains(word.as_str()), "{shell} doesn't know {}", words.join(" "));
        }
        assert!(script.contains("--config") || script.contains("-l config"), "{shell} knows no options");
    }
}

#[test]
fn each_command_has_a_manual_page() {
    let whole = written(|out| page(Cli::command(), &[], out));
    assert!(whole.contains(".TH handbell 1") && whole.contains("oncall"), "{whole}");
    for (words, _) in all(&built(Cli::command()), &[]) {
        let page = written(|out| page(Cli::command(), &words, out));
        let title = format!(".TH handbell-{} 1", words.join("-"));
        assert!(page.contains(&title) && page.contains(".SH SYNOPSIS"), "{page}");
    }
    for hidden in ["function", "peple"] {
        let error = page(Cli::command(), &[hidden.to_owned()], &mut Vec::new()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("there is no command `handbell {hidden}`")), "{error}");
    }
}

#[cfg(feature = "local")]
#[test]
fn the_document_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/commands.md");
    let document = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        document == reference(Cli::command()),
        "docs/commands.md is outdated; `cargo run -- reference > docs/commands.md` updates it"
    );
}
