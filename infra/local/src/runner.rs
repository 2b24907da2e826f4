//! The runner: the table, queue, bus, schedule, functions, simulated vendors and page, all at one address.

mod configured;
mod deployment;
mod scratch;
mod view;
mod workers;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use handbell_boot::Environment;
use handbell_core::config::Config;
use handbell_sim::Stage;
use handbell_sim::cmx::Cmx;
use handbell_sim::twilio::Twilio;
use handbell_sim::webex::Webex;
use handbell_store::Store;
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::cloud::invoke::Hands;
use crate::cloud::processes::{Launch, Pool, Program};
use crate::cloud::template::Template;
use crate::cloud::{Cloud, CloudOptions};
use crate::gate::{self, Gate};
use crate::page::duty::{LocalSource, local_sources};
use crate::{connection, control, counts, page};
pub use configured::{LocalButton, LocalLine, TWILIO_TOKEN, WEBEX_SECRET, WEBEX_TOKEN, local_secrets};
use configured::{account, local_buttons, local_lines};
use deployment::{Deployed, Deployment};
use scratch::{Scratch, scratch, write_private};
use view::{Vendors, page_state};
use workers::{in_process, log};

/// Where the functions run.
#[derive(Clone)]
pub enum Workers {
    /// Child processes of this program.
    Processes(Program),
    /// This process, for tests that stop the clock and whose gate kills handlers.
    InProcess(Gate),
}

/// Options of the runner.
#[derive(Clone)]
pub struct RunnerOptions {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// Path of the configuration.
    pub config: PathBuf,
    /// Folder for the table and the clock; none keeps them in memory.
    pub data: Option<PathBuf>,
    /// True if Handbell's Webex token is a bot's.
    pub bot: bool,
    /// Where the functions run.
    pub workers: Workers,
    /// Time that phones and networks take for each step.
    pub pace: Duration,
    /// True if queue and schedule run on their own.
    pub automatic: bool,
    /// Environment variables for the functions that take precedence over the runner's own, such as other vendors or
    /// real secrets.
    pub overrides: Vec<(String, String)>,
    /// True to show the functions' log lines.
    pub show_logs: bool,
    /// Time at which the clock stands until it is moved, so that a test doesn't depend on the machine's speed. None for
    /// a running clock.
    pub held_at: Option<Timestamp>,
}

/// A running system. It stops when dropped.
pub struct Runner {
    /// Address of the server.
    pub address: SocketAddr,
    /// The clock, the wire log and the troubles.
    pub stage: Stage,
    /// The simulated Webex.
    pub webex: Webex,
    /// The simulated Twilio.
    pub twilio: Twilio,
    /// The simulated CMX.
    pub cmx: Cmx,
    /// The local AWS.
    pub cloud: Cloud,
    /// The table, with the functions' own client.
    pub store: Store,
    /// Buttons of the configuration.
    pub buttons: Vec<LocalButton>,
    /// Lines of the configuration.
    pub lines: Vec<LocalLine>,
    /// Alert sources of the configuration.
    pub sources: Vec<LocalSource>,
    deployment: Deployment,
    server: tokio::task::AbortHandle,
    _scratch: Scratch,
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Runner {
    /// Deploys the configuration as its file has it now. The table, the queue, the clock and the vendors stay as they are. Functions
    /// in child processes read the file when they start.
    pub fn redeploy(&self) -> Result<(), handbell_boot::Error> {
        let config = handbell_boot::read_configuration(&self.deployment.config)?;
        self.deployment.add_secrets(&config)?;
        config.lines.values().for_each(|line| self.twilio.own(&line.number));
        self.deployment.deploy()
    }
}

/// Starts everything. It runs until the [`Runner`] is dropped.
pub async fn start(options: RunnerOptions) -> Result<Runner, handbell_boot::Error> {
    let config = handbell_boot::read_configuration(&options.config)?;
    let http = handbell_boot::client()?;
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await.map_err(|error| {
        format!("port {} on this machine can't be used ({error}); choose another with --port, or 0 for any that is free", options.port)
    })?;
    let address = listener.local_addr()?;
    let origin = format!("http://{address}");

    let stage = Stage::new(account(&config, options.bot), options.pace, http);
    if let Some(at) = options.held_at {
        stage.clock.hold(at);
    }
    stage.origin.write().unwrap_or_else(|poisoned| poisoned.into_inner()).clone_from(&origin);
    let scratch = scratch(options.data.as_deref())?;
    let secrets = scratch.path.join("secrets.json");
    write_private(&secrets, &serde_json::to_vec_pretty(&local_secrets(&config))?)?;

    let env = environment(&options, &origin, &secrets);
    let deployed = Deployed::default();
    let hands = hands(&options, &env, deployed.clone())?;
    let cloud = Cloud::start(CloudOptions {
        stage: stage.clone(),
        hands,
        data: options.data.clone(),
        clock_file: scratch.path.join("clock"),
        automatic: options.automatic,
    })
    .await?;
    cloud.mail().inbound_domain(config.mail.as_ref().map(|mail| mail.domain.clone()));

    let mut variables: BTreeMap<String, String> = cloud.env().into_iter().collect();
    variables.extend(env);
    let environment = Environment::from(|name| variables.get(name).cloned())?;
    let store = handbell_boot::store(&environment)?;
    let clock = stage.clock.clone();
    let deployment = Deployment { config: options.config.clone(), secrets, environment, clock, deployed };
    deployment.deploy()?;

    let Vendors { webex, twilio, cmx } = vendors(&stage, &config);
    let buttons = local_buttons(&config);
    let vendors = Vendors { webex: webex.clone(), twilio: twilio.clone(), cmx: cmx.clone() };
    let state = page_state(&stage, vendors, &cloud, &store, &config, &buttons);
    let router = Router::new()
        .merge(webex.router())
        .merge(twilio.router())
        .merge(cmx.router())
        .merge(control::router(stage.clone(), cloud.clone(), cmx.clone()))
        .merge(connection::router(stage.clone()))
        .merge(connection::settings_router(&config))
        .merge(counts::router(store.clone(), stage.clock.clone(), &config))
        .merge(page::router(stage.clone(), state))
        .merge(cloud.router())
        .layer(from_fn(only_this_laptop));
    let router = match &options.workers {
        Workers::InProcess(gate) => router.layer(from_fn_with_state(gate.clone(), gate::pass)),
        Workers::Processes(_) => router,
    };
    let server = tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    let server = server.abort_handle();
    Ok(Runner {
        address,
        stage,
        webex,
        twilio,
        cmx,
        cloud,
        store,
        sources: local_sources(&config),
        buttons,
        lines: local_lines(&config),
        deployment,
        server,
        _scratch: scratch,
    })
}

/// Returns how functions are invoked: in child processes or in this process, by the handlers that are deployed.
fn hands(
    options: &RunnerOptions,
    env: &[(String, String)],
    deployed: Deployed,
) -> Result<Hands, handbell_boot::Error> {
    let template = Template::embedded()?;
    Ok(match &options.workers {
        Workers::Processes(program) => {
            let launch = Launch { program: program.clone(), env: env.to_vec() };
            Hands::Processes(Pool::new(&template, launch, log(options.show_logs)))
        }
        Workers::InProcess(gate) => Hands::InProcess(in_process(deployed, gate.clone(), &template)),
    })
}

/// Creates the simulated vendors, with the configuration's numbers.
fn vendors(stage: &Stage, config: &Config) -> Vendors {
    let twilio = Twilio::new(stage.clone());
    // Handbell receives the texts, the calls and the callbacks of these numbers.
    config.lines.values().for_each(|line| twilio.own(&line.number));
    // People reply to the number that called them.
    config.twilio.iter().for_each(|settings| twilio.own(&settings.from));
    Vendors { webex: Webex::new(stage.clone()), twilio, cmx: Cmx::new(stage.clone(), config) }
}

/// Returns the functions' environment, without the variables that the local AWS adds.
fn environment(options: &RunnerOptions, origin: &str, secrets: &Path) -> Vec<(String, String)> {
    let mut env = vec![
        ("HANDBELL_CONFIG".to_owned(), options.config.display().to_string()),
        ("HANDBELL_SECRETS".to_owned(), format!("file:{}", secrets.display())),
        ("HANDBELL_WEBEX_URL".to_owned(), format!("{origin}/sim/webex/v1")),
        ("HANDBELL_TWILIO_URL".to_owned(), format!("{origin}/sim/twilio")),
        ("HANDBELL_CMX_URL".to_owned(), format!("{origin}/sim/cmx")),
        ("AWS_LAMBDA_LOG_FORMAT".to_owned(), "text".to_owned()),
    ];
    for (name, value) in &options.overrides {
        env.retain(|(own, _)| own != name);
        env.push((name.clone(), value.clone()));
    }
    env
}

/// Refuses requests that a browser sends for another site. Other web pages must not press buttons here.
async fn only_this_laptop(request: Request, next: Next) -> Response {
    use axum::response::IntoResponse;
    let elsewhere = request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if elsewhere && request.method() != http::Method::GET {
        return (http::StatusCode::FORBIDDEN, "Another site's page can't act here.\n").into_response();
    }
    next.run(request).await
}
