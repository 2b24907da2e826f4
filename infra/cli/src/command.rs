//! The command line: its commands, and the modules that carry them out.

mod outside;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::failure::Failure;
#[cfg(feature = "local")]
use crate::local;
use crate::{doctor, explain, maintenance, manual, oncall, people, replay, report, rotas, webhooks};

const EXAMPLES: &str = "\
Examples:
  handbell                                  run the whole system on this laptop, with the demo's button
  handbell --port 0 --config handbell.yaml  the same with your own configuration, on any free port
  handbell check handbell.yaml              list every mistake in a configuration, with its line
  handbell replay --zone shoes --last 7d    show the alerts that a zone's rule would have sent
  handbell oncall --week                    show who is on call for the next seven days
  handbell people import people.csv         import people, and how each wants to be reached
  handbell report --last 30d                show what happened, who responded, and how soon
  handbell doctor cmx                       check the systems that count devices
  handbell doctor lines                     check whether customers can reach the team
  handbell doctor mail                      list mails that had no effect
  handbell explain mail.eml                 say what a mail would do, and why
  handbell webhooks sync --url https://…    register the webhooks that report new Webex messages
  handbell import bttn settings.yaml        convert a button robot's settings to a configuration
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
  handbell local --data ./laptop                    continue tomorrow where it stopped today")]
    #[cfg(feature = "local")]
    Local(local::Options),
    /// Check a configuration, and list every mistake with its line, column and a suggestion
    #[command(after_help = "\
Examples:
  handbell check handbell.yaml           the files that it names must exist, too
  handbell check handbell.yaml --json    for an editor or a build
  AWS_REGION=eu-west-1 handbell check handbell.yaml --against handbell
      before a deployment: what is open in this table and would lose its entry
  handbell check handbell.yaml --against http://127.0.0.1:8080
      the same for the runner on this laptop

--json prints {file, ok, findings, buttons, zones, lines, plans, orphans}. findings is [{line, column, path,
message}], in the order of the file. The next four are numbers, or null if there is a mistake. orphans is
[{path, incidents, conversations, write}], or null without --against.")]
    Check {
        /// Also list what is open in this table, or in the runner at this address, and would lose its entry
        #[arg(long, value_name = "TABLE")]
        against: Option<String>,
        /// Print JSON instead
        #[arg(long)]
        json: bool,
        /// The configuration; the files that it names are looked up in its folder
        file: PathBuf,
    },
    /// Show the alerts that a zone's rule would have sent for counts from a file or from the table
    Replay(Box<replay::Options>),
    /// Report the incidents of the last weeks: who took which, how soon, and which nobody took
    Report(Box<report::Options>),
    /// Check the systems that Handbell depends on, and explain their answers
    #[command(subcommand)]
    Doctor(Doctor),
    /// Say what a mail to a source would do, why, and to which incident it would go
    Explain(Box<explain::Options>),
    /// Manage the webhooks by which Webex reports new messages to Handbell
    #[command(subcommand)]
    Webhooks(Webhooks),
    /// Show who is on call, until when and who is next; or arrange a substitute
    Oncall(Box<oncall::Options>),
    /// Manage the people whom Handbell notifies: phones, addresses, and how each wants to be reached
    #[command(subcommand)]
    People(people::Command),
    /// Manage the rotas: who takes turns being on call
    #[command(subcommand)]
    Rotas(rotas::Command),
    /// Manage maintenance windows, in which alerts wait
    #[command(subcommand)]
    Maintenance(maintenance::Command),
    /// Import settings from another system
    #[command(subcommand)]
    Import(Import),
    /// Print the configuration's JSON Schema
    #[command(after_help = "\
Examples:
  handbell schema > handbell.schema.json

An editor with a YAML language server finds the schema if handbell.yaml begins with this line:
    # yaml-language-server: $schema=handbell.schema.json")]
    Schema,
    /// Create a token for a button: the token for its address, and the hash for the secrets document
    #[command(after_help = "\
Examples:
  handbell token    the token is shown only once; it can't be recovered from the hash")]
    Token,
    /// Print a script with which a shell completes commands and options
    #[command(after_help = "\
Examples:
  handbell completions bash > ~/.local/share/bash-completion/completions/handbell
  handbell completions zsh > ~/.zfunc/_handbell        with fpath+=~/.zfunc before compinit in ~/.zshrc
  handbell completions fish > ~/.config/fish/completions/handbell.fish
  handbell completions powershell >> $PROFILE")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of Handbell or of one of its commands
    #[command(after_help = "\
Examples:
  handbell man > handbell.1 && man ./handbell.1
  handbell man people import | man -l -")]
    Man {
        /// The command, such as `people import`
        command: Vec<String>,
    },
    /// Print docs/commands.md
    #[command(hide = true)]
    Reference,
    /// Run one of the functions (the runner starts this program again for each)
    #[cfg(feature = "local")]
    #[command(hide = true)]
    Function {
        /// The function's name
        name: String,
    },
}

#[derive(Subcommand)]
enum Doctor {
    /// Check the sites that count devices: CMX, Cisco Spaces, Meraki
    #[command(visible_alias = "floor")]
    Cmx(doctor::Options),
    /// Check the lines on which customers reach a team: Webex, Twilio, the form
    Lines(doctor::lines::Options),
    /// List the last mails of each source that had no effect, and why
    Mail(doctor::mail::Options),
}

#[derive(Subcommand)]
enum Webhooks {
    /// Register missing webhooks, enable those that Webex disabled, and write the secret again
    Sync(webhooks::Options),
}

#[derive(Subcommand)]
enum Import {
    /// Convert the button robot's settings.yaml, and its buttons/*.yaml if there are any
    #[command(after_help = "\
Examples:
  handbell import bttn settings.yaml > handbell.yaml
  handbell import bttn settings.yaml buttons/*.yaml > handbell.yaml

Notes on standard error list what was changed, what was left out and what you have to do by hand.")]
    Bttn {
        /// settings.yaml
        settings: PathBuf,
        /// One file for each button
        buttons: Vec<PathBuf>,
    },
}

impl Command {
    /// Whether the command prints JSON for a program.
    fn wants_json(&self) -> bool {
        match self {
            Self::Check { json, .. } => *json,
            Self::People(command) => command.wants_json(),
            Self::Rotas(command) => command.wants_json(),
            Self::Oncall(options) => options.json,
            Self::Replay(options) => options.json,
            Self::Report(options) => options.json,
            Self::Doctor(Doctor::Cmx(options)) => options.json,
            Self::Doctor(Doctor::Lines(options)) => options.json,
            Self::Doctor(Doctor::Mail(options)) => options.json,
            Self::Explain(options) => options.json,
            #[cfg(feature = "local")]
            Self::Local(_) | Self::Function { .. } => false,
            Self::Webhooks(_)
            | Self::Maintenance(_)
            | Self::Import(_)
            | Self::Schema
            | Self::Token
            | Self::Completions { .. }
            | Self::Man { .. }
            | Self::Reference => false,
        }
    }

    fn run(self) -> Result<ExitCode, Failure> {
        match self {
            #[cfg(feature = "local")]
            Self::Local(options) => local::run(options, outside::demo)?,
            Self::Check { json, file, against } => return work::check(&file, against.as_deref(), json),
            Self::Replay(options) => work::replay(&options)?,
            Self::Report(options) => work::report(&options)?,
            Self::Doctor(Doctor::Cmx(options)) => return work::doctor(&options),
            Self::Doctor(Doctor::Lines(options)) => return work::doctor_lines(&options),
            Self::Doctor(Doctor::Mail(options)) => work::doctor_mail(&options)?,
            Self::Explain(options) => work::explain(&options)?,
            Self::Webhooks(Webhooks::Sync(options)) => work::sync_webhooks(&options)?,
            Self::Oncall(options) => work::with_table(async |around| oncall::run(&options, around).await)?,
            Self::People(command) => work::with_table(async |around| people::run(&command, around).await)?,
            Self::Rotas(command) => work::with_table(async |around| rotas::run(&command, around).await)?,
            Self::Maintenance(command) => {
                work::with_table(async |around| maintenance::run(&command, around).await)?;
            }
            Self::Import(Import::Bttn { settings, buttons }) => work::import(&settings, &buttons)?,
            Self::Schema => println!("{}", crate::check::schema()),
            Self::Completions { shell } => {
                manual::completions(Cli::command(), shell, &mut std::io::stdout())?
            }
            Self::Man { command } => manual::page(Cli::command(), &command, &mut std::io::stdout())?,
            Self::Reference => print!("{}", manual::reference(Cli::command())),
            Self::Token => work::token(),
            #[cfg(feature = "local")]
            Self::Function { name } => local::function(&name)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs the command that the command line names.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.command.as_ref().is_some_and(Command::wants_json);
    let done = match cli.command {
        Some(command) => command.run(),
        #[cfg(feature = "local")]
        None => local::run(cli.local, outside::demo).map(|()| ExitCode::SUCCESS).map_err(Failure::from),
        #[cfg(not(feature = "local"))]
        None => Err("no command given; `handbell --help` lists the commands".into()),
    };
    done.unwrap_or_else(|failure| failure.tell(json))
}
