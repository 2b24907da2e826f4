//! The command's own documentation: shell completions, `man` pages, and docs/commands.md.

use std::fmt::Write as _;
use std::io::Write;

use clap::{Arg, Command};
use clap_complete::Shell;

type Done = Result<(), handbell_boot::Error>;

/// Adds the parts that clap derives to the definition of a command line.
fn built(mut whole: Command) -> Command {
    whole.build();
    whole
}

/// Writes the script with which a shell completes the command.
pub(crate) fn completions(mut whole: Command, shell: Shell, out: &mut dyn Write) -> Done {
    clap_complete::generate(shell, &mut whole, "handbell", &mut &mut *out);
    Ok(())
}

/// Writes the manual page of the command, or of the subcommand with these words.
pub(crate) fn page(whole: Command, words: &[String], out: &mut dyn Write) -> Done {
    let whole = built(whole);
    let found = words.iter().try_fold(&whole, |command, word| {
        command.find_subcommand(word).filter(|command| !command.is_hide_set())
    });
    let name = format!("handbell {}", words.join(" "));
    let command =
        found.ok_or_else(|| format!("there is no command `{name}`; `handbell --help` lists all commands"))?;
    // The title of a manual page has no spaces: handbell-people-import(1).
    let title = std::iter::once("handbell").chain(words.iter().map(String::as_str)).collect::<Vec<_>>();
    clap_mangen::Man::new(command.clone()).title(title.join("-")).render(&mut &mut *out)?;
    Ok(())
}

/// Returns the text of docs/commands.md.
pub(crate) fn reference(whole: Command) -> String {
    let whole = built(whole);
    let mut out = String::from(
        "# Commands\n\n\
         <!-- Generated from the command line by `cargo run -- reference > docs/commands.md`. -->\n\n\
         This page shows the output of `handbell --help` and of `--help` after each command. In a\n\
         checkout, run `cargo run --` instead of `handbell`.\n",
    );
    section(&mut out, &whole, "handbell");
    out
}

/// Writes the section of a command and those of its subcommands.
fn section(out: &mut String, command: &Command, name: &str) {
    let _ = write!(out, "\n## {name}\n\n{}.\n", about(command));
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let _ = write!(out, "\n```text\n{usage}\n```\n");
    let below: Vec<&Command> = command.get_subcommands().filter(|one| is_shown(one)).collect();
    if !below.is_empty() {
        out.push_str("\n| command | |\n|---|---|\n");
        for one in &below {
            let whole = format!("{name} {}", one.get_name());
            let _ = writeln!(out, "| [`{whole}`](#{}) | {} |", whole.replace(' ', "-"), cell(&about(one)));
        }
    }
    let options: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
    let options: Vec<&Arg> = options.into_iter().filter(|arg| !is_everywhere(arg)).collect();
    if !options.is_empty() {
        out.push_str("\n| option | |\n|---|---|\n");
        for option in options {
            let _ = writeln!(out, "| {} | {} |", spelling(option), cell(&meaning(option)));
        }
    }
    if let Some(more) = command.get_after_help() {
        let _ = write!(out, "\n```text\n{}\n```\n", more.to_string().trim_end());
    }
    for one in below {
        section(out, one, &format!("{name} {}", one.get_name()));
    }
}

fn is_shown(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

/// Whether this is `--help` or `--version`, which every command has.
fn is_everywhere(arg: &Arg) -> bool {
    matches!(arg.get_id().as_str(), "help" | "version")
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default().trim_end_matches('.').to_owned()
}

/// An option as users type it: `--csv FILE`.
fn spelling(arg: &Arg) -> String {
    let values: Vec<String> = match arg.get_value_names() {
        Some(names) if arg.get_action().takes_values() => names.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let value = values.join(" ");
    match arg.get_long() {
        Some(long) if value.is_empty() => format!("`--{long}`"),
        Some(long) => format!("`--{long} {value}`"),
        None => format!("`{value}`"),
    }
}

/// The help of an option, with its possible values, its default and its environment variable.
fn meaning(arg: &Arg) -> String {
    let mut out = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let possible: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|one| !one.is_hide_set())
        .map(|one| format!("`{}`", one.get_name()))
        .collect();
    if !possible.is_empty() && arg.get_action().takes_values() {
        let _ = write!(out, " ({})", possible.join(", "));
    }
    let usual: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !usual.is_empty() && arg.get_action().takes_values() {
        let _ = write!(out, "; `{}` if absent", usual.join(" "));
    }
    if let Some(variable) = arg.get_env() {
        let _ = write!(out, "; or `{}` in the environment", variable.to_string_lossy());
    }
    out
}

/// Escapes text for the cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
