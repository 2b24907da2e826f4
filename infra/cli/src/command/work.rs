//! Carries out the commands and prints their results.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use handbell_core::config::Config;
use serde_json::json;

use super::outside::{agreed, demo, now, terminal_width, variable};
use crate::document::document;
use crate::failure::Failure;
use crate::{against, check, directory, doctor, explain, import, replay, report, webhooks};

type Done = Result<(), Failure>;

/// Runs a future to its end in a single-threaded runtime.
fn wait<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work))
}

/// The configuration that `--config` names, or the demo's.
fn configuration(named: Option<&PathBuf>) -> Result<(PathBuf, Config), Failure> {
    let file = named.cloned().map_or_else(demo, Ok)?;
    let config = handbell_boot::read_configuration(&file).map_err(|error| error.to_string())?;
    Ok((file, config))
}

/// Returns the text of a file, or what is wrong with it and what to do.
fn text_of(file: &Path) -> Result<String, String> {
    use std::io::ErrorKind;
    let name = file.display();
    if file.is_dir() {
        return Err(format!("{name} is a folder; name a file in it"));
    }
    std::fs::read_to_string(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("there is no file {name}; check its name and its folder"),
        ErrorKind::PermissionDenied => format!("you may not read {name}; change its permissions"),
        ErrorKind::InvalidData => format!("{name} is no text in UTF-8; name a YAML file"),
        _ => format!("{name} can't be read: {error}"),
    })
}

/// Exit code 0 if nothing is wrong, else 1.
fn code(wrong: usize) -> ExitCode {
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

pub(super) fn check(file: &Path, against: Option<&str>, asks_json: bool) -> Result<ExitCode, Failure> {
    let name = file.display().to_string();
    let text = text_of(file)?;
    let beside = file.parent().unwrap_or(Path::new("."));
    let checked = check::check(&text, &|name| beside.join(name).is_file());
    let orphans = match (&checked, against) {
        (Ok(config), Some(table)) => Some(orphans(config, table)?),
        _ => None,
    };
    let lost = orphans.as_ref().map_or(0, Vec::len);
    if asks_json {
        let (config, findings) = match &checked {
            Ok(config) => (Some(config), &[][..]),
            Err(findings) => (None, findings.as_slice()),
        };
        print!(
            "{}",
            document(&json!({
                "file": name, "ok": config.is_some() && lost == 0, "findings": findings,
                "buttons": config.map(|config| config.buttons.len()), "zones": config.map(|config| config.zones.len()),
                "lines": config.map(|config| config.lines.len()), "plans": config.map(|config| config.plans.len()),
                "orphans": orphans,
            }))
        );
        return Ok(code(findings.len() + lost));
    }
    match checked {
        Ok(config) => {
            println!(
                "{name}: valid. {} button(s), {} zone(s), {} line(s), {} plan(s).",
                config.buttons.len(),
                config.zones.len(),
                config.lines.len(),
                config.plans.len()
            );
            if let (Some(orphans), Some(table)) = (&orphans, against) {
                eprint!("{}", against::render(&name, table, orphans));
            }
            Ok(code(lost))
        }
        Err(findings) => {
            eprint!("{}", check::render(&name, &text, &findings));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// What is open in the table and would lose its entry.
fn orphans(config: &Config, table: &str) -> Result<Vec<against::Orphan>, Failure> {
    let around = directory_around();
    wait(against::compare(config, table, &around))?
}

/// The environment, the time and the terminal for `replay` and `report`.
fn around(width: Option<usize>) -> replay::Around<'static> {
    replay::Around {
        variable: &variable,
        now: now(),
        width: width.or_else(terminal_width).unwrap_or(80),
        colour: std::io::stdout().is_terminal() && variable("NO_COLOR").is_none(),
    }
}

pub(super) fn replay(options: &replay::Options) -> Done {
    let (_, config) = configuration(options.config.as_ref())?;
    print!("{}", wait(replay::run(options, &config, &around(options.width)))??);
    Ok(())
}

pub(super) fn report(options: &report::Options) -> Done {
    let (_, config) = configuration(options.config.as_ref())?;
    print!("{}", wait(report::run(options, &config, &around(options.width)))??);
    Ok(())
}

pub(super) fn doctor(options: &doctor::Options) -> Result<ExitCode, Failure> {
    let (file, config) = configuration(options.config.as_ref())?;
    let files = file.parent().unwrap_or(Path::new("."));
    let found = wait(doctor::run(options, &config, files, &variable, now()))??;
    print!("{}", if options.json { document(&json!(found)) } else { found.text });
    Ok(code(found.unknown))
}

pub(super) fn doctor_lines(options: &doctor::lines::Options) -> Result<ExitCode, Failure> {
    let (_, config) = configuration(options.config.as_ref())?;
    let found = wait(doctor::lines::run(options, &config, &variable))??;
    print!("{}", if options.json { document(&json!(found)) } else { found.text });
    Ok(code(found.wrong))
}

pub(super) fn doctor_mail(options: &doctor::mail::Options) -> Done {
    let (_, config) = configuration(options.config.as_ref())?;
    with_table(async |around| {
        let found = doctor::mail::run(options, &config, around).await?;
        Ok(if options.json { document(&json!(found)) } else { found.text })
    })
}

pub(super) fn explain(options: &explain::Options) -> Done {
    let (_, config) = configuration(options.config.as_ref())?;
    let file = options.file.display();
    let bytes = std::fs::read(&options.file).map_err(|error| format!("{file}: {error}"))?;
    with_table(async |around| {
        let explained = explain::run(options, &config, &bytes, around).await?;
        Ok(if options.json { document(&json!(explained)) } else { explained.text() })
    })
}

pub(super) fn sync_webhooks(options: &webhooks::Options) -> Done {
    let file = options.config.clone().map_or_else(demo, Ok)?;
    print!("{}", wait(webhooks::run(options, &file, &variable, std::sync::Arc::new(now)))??);
    Ok(())
}

/// The environment and the time for commands that read or change the table.
fn directory_around() -> directory::Around<'static> {
    directory::Around {
        variable: &variable,
        now: now(),
        chance: &|| uuid::Uuid::new_v4().as_u128(),
        agreed: &agreed,
    }
}

/// Runs a command that reads or changes the table.
pub(super) fn with_table(work: impl AsyncFnOnce(&directory::Around<'_>) -> Result<String, Failure>) -> Done {
    print!("{}", wait(work(&directory_around()))??);
    Ok(())
}

/// Prints a token of 244 random bits and its hash. Only the hash needs to be kept.
pub(super) fn token() {
    let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let hash: String = handbell_core::hex(&handbell_inbound::button::token_hash(&token));
    println!("Address of the button:           https://…/b/{token}");
    println!("Value in the secrets document:   \"sha256:{hash}\"");
}

pub(super) fn import(settings: &Path, buttons: &[PathBuf]) -> Done {
    let read = text_of;
    let buttons = buttons
        .iter()
        .map(|path| Ok((path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), read(path)?)))
        .collect::<Result<Vec<_>, String>>()?;
    let imported = import::import(&read(settings)?, &buttons);
    for note in &imported.notes {
        eprintln!("note: {note}");
    }
    if imported.yaml.is_empty() {
        return Err(format!("{} isn't a robot's settings.yaml", settings.display()).into());
    }
    println!("{}", imported.yaml);
    Ok(())
}
