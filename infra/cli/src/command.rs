//! The command line: what can be asked, and what is answered.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[cfg(feature = "local")]
use crate::local;
use crate::{
    check, directory, doctor, import, maintenance, manual, oncall, people, replay, report, rotas, webhooks,
};

/// Turns a signal into people who come.
#[derive(Parser)]
#[command(
    name = "handbell",
    version,
    after_help = "\
Examples:
  handbell                                  the whole system on this laptop, with the demo's button
  handbell --port 0 --config handbell.yaml  the same with your own configuration, on any free port
  handbell check handbell.yaml              every mistake in a configuration, with its line
  handbell replay --zone shoes --last 7d    what a zone's rule would have told
  handbell oncall --week                    who is on duty, and who will be
  handbell people import people.csv         who can be told, and how each wants to be reached
  handbell report --last 30d                what happened, who came, and how long it took
  handbell doctor cmx                       asks who counts the devices, and explains the answers
  handbell doctor lines                     asks whether customers can reach the team
  handbell webhooks sync --url https://…    registers what tells us that somebody wrote
  handbell import bttn settings.yaml        a button robot's settings as a Handbell configuration
  handbell schema > handbell.schema.json    for editors that complete and check while you type"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[cfg(feature = "local")]
    #[command(flatten)]
    local: local::Options,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole system on this laptop (the default)
    #[command(after_help = "\
Examples:
  handbell local                                    the demo, at http://127.0.0.1:8080/
  handbell local --port 0 --config handbell.yaml    your own configuration, on any free port
  handbell local --data ./laptop                    goes on tomorrow where it stops today")]
    #[cfg(feature = "local")]
    Local(local::Options),
    /// Check a configuration: every mistake with line, column and what was probably meant
    #[command(after_help = "\
Examples:
  handbell check handbell.yaml    the files that it names have to be there, too")]
    Check {
        /// The configuration; files that it names are looked for beside it
        file: PathBuf,
    },
    /// Say what a zone's rule would have told, given the counts of a file or those that are stored
    Replay(Box<replay::Options>),
    /// Say what happened in the last weeks: who took what, how soon, and what nobody took
    Report(Box<report::Options>),
    /// Ask those whom Handbell depends on, and explain what they say
    #[command(subcommand)]
    Doctor(Doctor),
    /// Look after the webhooks at Webex, by which Handbell hears what people write
    #[command(subcommand)]
    Webhooks(Webhooks),
    /// Say who is on duty, until when and who is next; or let somebody stand in
    Oncall(Box<oncall::Options>),
    /// Keep the people who can be told: phones, addresses, and how each wants to be reached
    #[command(subcommand)]
    People(people::Command),
    /// Keep the rotas: who takes turns at being on duty
    #[command(subcommand)]
    Rotas(rotas::Command),
    /// Let alerts wait while somebody works on what they are about
    #[command(subcommand)]
    Maintenance(maintenance::Command),
    /// Carry settings over from another system
    #[command(subcommand)]
    Import(Import),
    /// Print the configuration's JSON Schema
    #[command(after_help = "\
Examples:
  handbell schema > handbell.schema.json

In the first line of handbell.yaml, an editor with a YAML language server finds it by:
    # yaml-language-server: $schema=handbell.schema.json")]
    Schema,
    /// Make a new token for a button: the token for its address, and the hash for the secrets document
    #[command(after_help = "\
Examples:
  handbell token    the token is shown once; nobody can make it from the hash")]
    Token,
    /// Print the script by which a shell completes commands and options
    #[command(after_help = "\
Examples:
  handbell completions bash > ~/.local/share/bash-completion/completions/handbell
  handbell completions zsh > ~/.zfunc/_handbell        with fpath+=~/.zfunc before compinit in ~/.zshrc
  handbell completions fish > ~/.config/fish/completions/handbell.fish
  handbell completions powershell >> $PROFILE")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of Handbell, or of one of its commands
    #[command(after_help = "\
Examples:
  handbell man > handbell.1 && man ./handbell.1
  handbell man people import | man -l -")]
    Man {
        /// One of the commands: `people import`
        command: Vec<String>,
    },
    /// Print docs/commands.md
    #[command(hide = true)]
    Reference,
    /// Be one of the functions (the runner starts itself this way)
    #[cfg(feature = "local")]
    #[command(hide = true)]
    Function {
        /// Its name
        name: String,
    },
}

#[derive(Subcommand)]
enum Doctor {
    /// The sites that count devices: CMX, Cisco Spaces, Meraki
    #[command(visible_alias = "floor")]
    Cmx(doctor::Options),
    /// The lines on which customers reach a team: Webex, Twilio, the form
    Lines(doctor::lines::Options),
}

#[derive(Subcommand)]
enum Webhooks {
    /// Register what is missing, switch on what Webex switched off, and write the secret once more
    Sync(webhooks::Options),
}

#[derive(Subcommand)]
enum Import {
    /// The button robot's settings.yaml, and its buttons/*.yaml if it has them
    #[command(after_help = "\
Examples:
  handbell import bttn settings.yaml > handbell.yaml
  handbell import bttn settings.yaml buttons/*.yaml > handbell.yaml

What was changed, left out or has to be done by hand comes as notes on the other stream.")]
    Bttn {
        /// settings.yaml
        settings: PathBuf,
        /// One file for each button
        buttons: Vec<PathBuf>,
    },
}

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        #[cfg(feature = "local")]
        None => local::run(cli.local, demo),
        #[cfg(feature = "local")]
        Some(Command::Local(options)) => local::run(options, demo),
        #[cfg(not(feature = "local"))]
        None => Err("say what to do; `handbell --help` shows what there is".into()),
        Some(Command::Check { file }) => return checked(&file),
        Some(Command::Replay(options)) => replayed(&options),
        Some(Command::Report(options)) => reported(&options),
        Some(Command::Doctor(Doctor::Cmx(options))) => match examined(&options) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Some(Command::Doctor(Doctor::Lines(options))) => match examined_lines(&options) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Some(Command::Webhooks(Webhooks::Sync(options))) => synced(&options),
        Some(Command::Oncall(options)) => looked_up(async |around| oncall::run(&options, around).await),
        Some(Command::People(command)) => looked_up(async |around| people::run(&command, around).await),
        Some(Command::Rotas(command)) => looked_up(async |around| rotas::run(&command, around).await),
        Some(Command::Maintenance(command)) => {
            looked_up(async |around| maintenance::run(&command, around).await)
        }
        Some(Command::Import(Import::Bttn { settings, buttons })) => imported(&settings, &buttons),
        Some(Command::Schema) => {
            println!("{}", check::schema());
            Ok(())
        }
        Some(Command::Completions { shell }) => manual::completions(shell, &mut std::io::stdout()),
        Some(Command::Man { command }) => manual::page(&command, &mut std::io::stdout()),
        Some(Command::Reference) => {
            print!("{}", manual::reference());
            Ok(())
        }
        Some(Command::Token) => {
            new_token();
            Ok(())
        }
        #[cfg(feature = "local")]
        Some(Command::Function { name }) => local::function(&name),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("handbell: {error}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) fn runtime(builder: &mut tokio::runtime::Builder) -> std::io::Result<tokio::runtime::Runtime> {
    builder.enable_all().build()
}

/// A variable of the environment that this program was started in.
fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the command line is where its environment comes in")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn now() -> jiff::Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the command line is where its time comes in")]
    jiff::Timestamp::now()
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| width.0.into())
}

fn replayed(options: &replay::Options) -> Result<(), handbell_boot::Error> {
    let file = options.config.clone().map_or_else(demo, Ok)?;
    let config = handbell_boot::read_configuration(&file)?;
    let terminal = std::io::stdout().is_terminal();
    let around = replay::Around {
        variable: &variable,
        now: now(),
        width: options.width.or_else(terminal_width).unwrap_or(80),
        colour: terminal && variable("NO_COLOR").is_none(),
    };
    let work = replay::run(options, &config, &around);
    print!("{}", runtime(&mut tokio::runtime::Builder::new_current_thread())?.block_on(work)?);
    Ok(())
}

fn reported(options: &report::Options) -> Result<(), handbell_boot::Error> {
    let file = options.config.clone().map_or_else(demo, Ok)?;
    let config = handbell_boot::read_configuration(&file)?;
    let terminal = std::io::stdout().is_terminal();
    let around = replay::Around {
        variable: &variable,
        now: now(),
        width: options.width.or_else(terminal_width).unwrap_or(80),
        colour: terminal && variable("NO_COLOR").is_none(),
    };
    let work = report::run(options, &config, &around);
    print!("{}", runtime(&mut tokio::runtime::Builder::new_current_thread())?.block_on(work)?);
    Ok(())
}

fn examined(options: &doctor::Options) -> Result<ExitCode, handbell_boot::Error> {
    let file = options.config.clone().map_or_else(demo, Ok)?;
    let config = handbell_boot::read_configuration(&file)?;
    let files = file.parent().unwrap_or(Path::new("."));
    let work = doctor::run(options, &config, files, &variable, now());
    let found = runtime(&mut tokio::runtime::Builder::new_current_thread())?.block_on(work)?;
    print!("{}", found.text);
    Ok(if found.unknown == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn examined_lines(options: &doctor::lines::Options) -> Result<ExitCode, handbell_boot::Error> {
    let file = options.config.clone().map_or_else(demo, Ok)?;
    let config = handbell_boot::read_configuration(&file)?;
    let work = doctor::lines::run(options, &config, &variable);
    let found = runtime(&mut tokio::runtime::Builder::new_current_thread())?.block_on(work)?;
    print!("{}", found.text);
    Ok(if found.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn synced(options: &webhooks::Options) -> Result<(), handbell_boot::Error> {
    let file = options.config.clone().map_or_else(demo, Ok)?;
    let work = webhooks::run(options, &file, &variable, std::sync::Arc::new(now));
    print!("{}", runtime(&mut tokio::runtime::Builder::new_current_thread())?.block_on(work)?);
    Ok(())
}

/// A command that reads or changes the roster.
fn looked_up(
    work: impl AsyncFnOnce(&directory::Around<'_>) -> Result<String, String>,
) -> Result<(), handbell_boot::Error> {
    let around = directory::Around {
        variable: &variable,
        now: now(),
        chance: &|| uuid::Uuid::new_v4().as_u128(),
        agreed: &agreed,
    };
    print!("{}", runtime(&mut tokio::runtime::Builder::new_current_thread())?.block_on(work(&around))?);
    Ok(())
}

/// Asks on the terminal; anything but a yes is a no, and so is a terminal that isn't there.
fn agreed(question: &str) -> bool {
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// The demo's configuration, in the checkout that this program was built from or in the current folder.
fn demo() -> Result<PathBuf, String> {
    const NAME: &str = "examples/green-power/handbell.yaml";
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(NAME);
    [built_from, PathBuf::from(NAME), PathBuf::from("handbell.yaml")]
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            format!(
                "there is no configuration: neither {NAME} nor handbell.yaml is here; name one with --config"
            )
        })
}

fn checked(file: &Path) -> ExitCode {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("handbell: {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    };
    let beside = file.parent().unwrap_or(Path::new("."));
    match check::check(&text, &|name| beside.join(name).is_file()) {
        Ok(config) => {
            println!(
                "{}: good. {} button(s), {} zone(s), {} line(s), {} plan(s).",
                file.display(),
                config.buttons.len(),
                config.zones.len(),
                config.lines.len(),
                config.plans.len()
            );
            ExitCode::SUCCESS
        }
        Err(findings) => {
            eprint!("{}", check::render(&file.display().to_string(), &text, &findings));
            ExitCode::FAILURE
        }
    }
}

/// 244 bits of chance; only the hash has to be kept.
fn new_token() {
    let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let hash: String =
        handbell_inbound::button::token_hash(&token).iter().map(|byte| format!("{byte:02x}")).collect();
    println!("The button calls      https://…/b/{token}");
    println!("In the secrets stands \"sha256:{hash}\"");
}

fn imported(settings: &Path, buttons: &[PathBuf]) -> Result<(), handbell_boot::Error> {
    let read =
        |path: &Path| std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let buttons = buttons
        .iter()
        .map(|path| Ok((path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), read(path)?)))
        .collect::<Result<Vec<_>, String>>()?;
    let imported = import::import(&read(settings)?, &buttons);
    println!("{}", imported.yaml);
    for note in &imported.notes {
        eprintln!("note: {note}");
    }
    Ok(())
}
