//! Start-up: environment, secrets, TLS, clock, logs, metrics, and the Lambda loop. Contains no rules.

mod aws;
mod bucket;
mod clock;
mod configuration;
mod environment;
pub mod functions;
mod gateway;
mod ids;
mod logging;
mod metrics;
mod secrets;
mod site;
mod web;

use std::sync::{Arc, OnceLock};

use handbell_app::{Access, Dependencies, Endpoints, Fault, Lazy, Part, Secrets, SharedCache, Webhooks};
use handbell_core::config::Config;
use handbell_outbound::mailbox::Server;
use handbell_outbound::ses::Ses;
use handbell_store::{Store, Table};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;

pub use clock::ahead_of;
pub use configuration::{BadConfiguration, read_configuration};
pub use environment::Environment;
pub use functions::{Function, Handlers, Invocation, Lambda, serve_any};
pub use handbell_app::{Clock, Ids};
pub use ids::random_ids;
pub use site::site_client;
pub use web::client;

/// Why a function can't start.
pub type Error = lambda_runtime::Error;

/// Creates the dependencies of the handlers from an environment, a clock and a source of ids. Clients are created when
/// they are first used.
pub fn dependencies(environment: &Environment, clock: Clock, ids: Ids) -> Result<Dependencies, Error> {
    dependencies_with(read_configuration(&environment.config)?, environment, clock, ids)
}

fn dependencies_with(
    config: Config,
    environment: &Environment,
    clock: Clock,
    ids: Ids,
) -> Result<Dependencies, Error> {
    let http = web::client()?;
    let aws = Arc::new(aws::Aws::new(environment, http.clone()));
    let public_url = Arc::new(OnceLock::new());
    if let Some(url) = &environment.public_url {
        let _ = public_url.set(url.trim_end_matches('/').to_owned());
    }
    let secrets = Secrets::new(secrets::fetch(environment, &aws));
    let [for_table, for_queue, for_bus, for_mail] = [(); 4].map(|()| Arc::clone(&aws));
    let (table, for_bucket) = (environment.table.clone(), (environment.clone(), http.clone()));
    Ok(Dependencies {
        endpoints: Endpoints {
            public_url,
            webex_url: environment.webex_url.clone(),
            twilio_url: environment.twilio_url.clone(),
            cmx_url: environment.cmx_url.clone(),
            queue_url: environment.queue_url.clone(),
            bus: environment.bus.clone(),
            files: environment.config.parent().map(Into::into).unwrap_or_default(),
        },
        config: config.into(),
        table: Lazy::new(Box::new(move || Table::new(for_table.dynamodb(), table))),
        sqs: Lazy::new(Box::new(move || for_queue.sqs())),
        events: Lazy::new(Box::new(move || for_bus.events())),
        ses: Lazy::new(Box::new(move || Ses::new(for_mail.ses()))),
        bucket: Lazy::new(Box::new(move || for_bucket.0.bucket(for_bucket.1))),
        encrypt_mailbox: Arc::new(|server| {
            let tls = web::tls().map_err(|error| Fault::caused(error.to_string(), error))?;
            Ok(Server { tls: Some(Arc::new(tls)), ..server })
        }),
        make_site_client: Arc::new(|site, files| {
            site_client(site, files).map_err(|error| Fault::caused(error.to_string(), error))
        }),
        secrets,
        http,
        clock,
        ids,
        learnt: SharedCache::default(),
    })
}

/// Creates what keeps Handbell's webhooks at Webex registered.
pub fn webhooks(environment: &Environment, clock: Clock, ids: Ids) -> Result<Webhooks, Error> {
    Ok(Webhooks::build(&dependencies(environment, clock, ids)?))
}

/// Creates all functions in one process, for the local runner and tests.
pub fn handlers(environment: &Environment, clock: Clock, ids: Ids) -> Result<Handlers, Error> {
    Ok(Handlers::new(dependencies(environment, clock, ids)?))
}

/// Opens the table alone, as the functions do.
pub fn store(environment: &Environment) -> Result<Store, Error> {
    Ok(Store::new(aws::Aws::new(environment, web::client()?).dynamodb(), environment.table.clone()))
}

/// Returns how to fetch the secrets document, as the functions do.
pub fn secrets(environment: &Environment) -> Result<handbell_app::Fetch, Error> {
    Ok(secrets::fetch(environment, &aws::Aws::new(environment, web::client()?)))
}

/// Serves a function until Lambda, or the local runner, ends the process.
pub async fn serve<L: Lambda>() -> Result<(), Error> {
    logging::start(&logging::Logging::read());
    let environment = Environment::read()?;
    let config = read_configuration(&environment.config)?;
    if L::FUNCTION == Function::Tick {
        log_problems(&config);
    }
    let clock = clock::of(&environment);
    let dependencies = Arc::new(dependencies_with(config, &environment, clock, random_ids())?);
    let handler = Arc::new(L::build(&dependencies));
    dependencies.warm_up(&Access::of::<L>()).await;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let (handler, dependencies) = (Arc::clone(&handler), Arc::clone(&dependencies));
        async move {
            let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
            let deployed = &event.context.env_config.function_name;
            let call =
                Invocation { deployed, payload: event.payload.get(), left: clock::left_until(deadline) };
            handler.handle(&dependencies, call).await.map_err(Error::from)
        }
    }))
    .await
}

/// Logs the problems of a configuration that was deployed without `handbell check`. A faulty part must not disable the
/// working ones. One function does this for all: the rules are large, and the others have no use for them.
fn log_problems(config: &Config) {
    for problem in handbell_core::config::problems(config, &|_| true) {
        lambda_runtime::tracing::error!(
            path = problem.path.join("."),
            problem = problem.message,
            "the configuration contains an error"
        );
    }
}

/// Serves a function that does nothing, as a baseline for the start-up benchmark.
pub async fn serve_nothing() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Box<RawValue>>| Ok::<_, Error>(Value::Null))).await
}
