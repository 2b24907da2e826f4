//! `handbell local`, the default command: the whole system on this laptop.

mod seed;
mod vendors;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use handbell_boot::Function;
use handbell_local::cloud::processes::Program;
use handbell_local::greeting::greeting;
use handbell_local::runner::{self, Runner, RunnerOptions, Workers};

/// Options of the whole system on a laptop.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0 picks a free port and prints it
    #[arg(long, env = "HANDBELL_PORT", default_value_t = 8080)]
    pub port: u16,
    /// The configuration file; if absent, the demo's, or else handbell.yaml in the current folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Keep the table and the clock in this folder; if absent, everything is lost at the end
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Use a bot's Webex token, which sees only messages that mention the bot
    #[arg(long)]
    pub bot: bool,
    /// Don't show the functions' log
    #[arg(long)]
    pub quiet: bool,
    /// Use the real Webex, such as https://webexapis.com/v1 (with --secrets)
    #[arg(long, env = "HANDBELL_WEBEX_URL", value_name = "URL")]
    pub webex_url: Option<String>,
    /// Use the real Twilio, such as https://api.twilio.com (with --secrets and --public-url)
    #[arg(long, env = "HANDBELL_TWILIO_URL", value_name = "URL")]
    pub twilio_url: Option<String>,
    /// The real secrets, such as file:secrets.json
    #[arg(long, env = "HANDBELL_SECRETS", value_name = "WHERE")]
    pub secrets: Option<String>,
    /// The address of your tunnel, by which Twilio and Webex reach this laptop
    #[arg(long, env = "HANDBELL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// Runs the system until Ctrl-C. `demo` finds the configuration if `--config` is absent.
pub(crate) fn run(
    asked: Options,
    demo: impl FnOnce() -> Result<PathBuf, String>,
) -> Result<(), handbell_boot::Error> {
    let vendors = vendors::vendors(&asked)?;
    let config = asked.config.map_or_else(demo, Ok)?;
    let config = config.canonicalize().map_err(|error| format!("{}: {error}", config.display()))?;
    let overrides = [
        ("HANDBELL_WEBEX_URL", asked.webex_url),
        ("HANDBELL_TWILIO_URL", asked.twilio_url),
        ("HANDBELL_SECRETS", asked.secrets),
        ("HANDBELL_PUBLIC_URL", asked.public_url),
    ];
    let options = RunnerOptions {
        port: asked.port,
        config,
        data: asked.data,
        bot: asked.bot,
        workers: Workers::Processes(Program::Runner(std::env::current_exe()?)),
        pace: Duration::from_millis(600),
        automatic: true,
        overrides: overrides
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect(),
        held_at: None,
        show_logs: !asked.quiet,
    };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let runner = start(options).await?;
        let origin = format!("http://{}", runner.address);
        println!("{vendors}");
        println!("{}", greeting(&origin, &runner.buttons, &runner.lines, &runner.sources));
        tokio::signal::ctrl_c().await?;
        Ok(())
    })
}

/// Starts the runner. An empty table gets the people and rotas that are beside the configuration.
pub async fn start(options: RunnerOptions) -> Result<Runner, handbell_boot::Error> {
    let config = options.config.clone();
    let runner = runner::start(options).await?;
    seed::seed(&runner.store, &config, runner.stage.clock.now()).await?;
    Ok(runner)
}

/// Runs one of the functions. The runner starts this program again for each function.
pub(crate) fn function(name: &str) -> Result<(), handbell_boot::Error> {
    let function = Function::of_name(name).ok_or_else(|| format!("there is no function {name:?}"))?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(handbell_boot::serve_any(function))
}
