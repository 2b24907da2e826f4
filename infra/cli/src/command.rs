//! The command line: what can be asked, and who answers.

mod outside;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
#[cfg(feature = "local")]
use crate::local;
use crate::{doctor, maintenance, manual, oncall, people, replay, report, rotas, webhooks};

const EXAMPLES: &str = "\
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
  handbell schema > handbell.schema.json    for editors that complete and check while you type";

/// Turns a signal into people who come.
#[derive(Parser)]
#[command(
    name = "handbell",
    version,
    after_help = format!("{EXAMPLES}\n\n{}", crate::failure::EXIT_CODES)
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
  handbell check handbell.yaml           the files that it names have to be there, too
  handbell check handbell.yaml --json    for an editor or a build

--json prints {file, ok, findings, buttons, zones, lines, plans}: findings are [{line, column, path, message}],
in the file's order, and the last four say how many there are, null if something is wrong.")]
    Check {
        /// Print JSON instead
        #[arg(long)]
        json: bool,
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

impl Command {
    /// Whether the answer is for a program.
    fn wants_json(&self) -> bool {
        match self {
            Self::Check { json, .. } | Self::People(people::Command::List { json, .. }) => *json,
            Self::Rotas(rotas::Command::List { json, .. }) => *json,
            Self::Oncall(options) => options.json,
            Self::Replay(options) => options.json,
            Self::Report(options) => options.json,
            Self::Doctor(Doctor::Cmx(options)) => options.json,
            Self::Doctor(Doctor::Lines(options)) => options.json,
            _ => false,
        }
    }

    fn run(self) -> Result<ExitCode, Failure> {
        match self {
            #[cfg(feature = "local")]
            Self::Local(options) => local::run(options, outside::demo)?,
            Self::Check { json, file } => return work::check(&file, json),
            Self::Replay(options) => work::replay(&options)?,
            Self::Report(options) => work::report(&options)?,
            Self::Doctor(Doctor::Cmx(options)) => return work::doctor(&options),
            Self::Doctor(Doctor::Lines(options)) => return work::doctor_lines(&options),
            Self::Webhooks(Webhooks::Sync(options)) => work::sync_webhooks(&options)?,
            Self::Oncall(options) => work::with_roster(async |around| oncall::run(&options, around).await)?,
            Self::People(command) => work::with_roster(async |around| people::run(&command, around).await)?,
            Self::Rotas(command) => work::with_roster(async |around| rotas::run(&command, around).await)?,
            Self::Maintenance(command) => {
                work::with_roster(async |around| maintenance::run(&command, around).await)?;
            }
            Self::Import(Import::Bttn { settings, buttons }) => work::import(&settings, &buttons)?,
            Self::Schema => println!("{}", crate::check::schema()),
            Self::Completions { shell } => manual::completions(shell, &mut std::io::stdout())?,
            Self::Man { command } => manual::page(&command, &mut std::io::stdout())?,
            Self::Reference => print!("{}", manual::reference()),
            Self::Token => work::token(),
            #[cfg(feature = "local")]
            Self::Function { name } => local::function(&name)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.command.as_ref().is_some_and(Command::wants_json);
    let done = match cli.command {
        Some(command) => command.run(),
        #[cfg(feature = "local")]
        None => local::run(cli.local, outside::demo).map(|()| ExitCode::SUCCESS).map_err(Failure::from),
        #[cfg(not(feature = "local"))]
        None => Err("say what to do; `handbell --help` shows what there is".into()),
    };
    done.unwrap_or_else(|failure| failure.tell(json))
}
