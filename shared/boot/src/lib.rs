//! How it starts: environment, secrets, TLS, clock, logs, metrics, and the Lambda loop. Knows no rules.

mod aws;
mod bucket;
mod clock;
mod configuration;
mod environment;
pub mod function;
mod ids;
mod metrics;
mod secrets;
mod site;
mod web;

use std::sync::{Arc, OnceLock};

use handbell_app::{App, Dependencies, Endpoints};
use handbell_store::Store;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;

pub use clock::ahead_of;
pub use configuration::{BadConfiguration, read_configuration};
pub use environment::Environment;
pub use function::{Call, Function, Lambda, handle, serve_any};
pub use handbell_app::{Clock, Ids};
pub use ids::random_ids;
pub use site::site_client;
pub use web::client;

/// Why a function can't start.
pub type Error = lambda_runtime::Error;

/// Everything a function needs, from an environment, a clock and a source of ids.
pub fn app(environment: &Environment, clock: Clock, ids: Ids) -> Result<App, Error> {
    let http = web::client()?;
    let config = read_configuration(&environment.config)?;
    // A part that can't work must not silence the parts that can; `handbell check` would have refused it.
    for problem in handbell_core::config::problems(&config, &|_| true) {
        lambda_runtime::tracing::error!(
            path = problem.path.join("."),
            problem = problem.message,
            "the configuration has a mistake"
        );
    }
    let aws = aws::Aws::new(environment, http.clone());
    let public_url = Arc::new(OnceLock::new());
    if let Some(url) = &environment.public_url {
        let _ = public_url.set(url.trim_end_matches('/').to_owned());
    }
    Ok(App::new(Dependencies {
        places: Endpoints {
            public_url,
            webex_url: environment.webex_url.clone(),
            twilio_url: environment.twilio_url.clone(),
            cmx_url: environment.cmx_url.clone(),
            queue_url: environment.queue_url.clone(),
            bus: environment.bus.clone(),
            files: environment.config.parent().map(Into::into).unwrap_or_default(),
        },
        config,
        store: Store::new(aws.dynamodb(), environment.table.clone()),
        sqs: aws.sqs(),
        events: aws.events(),
        ses: handbell_outbound::ses::Ses::new(aws.ses()),
        bucket: environment.bucket(http.clone()),
        encrypt_mailbox: Arc::new(|server| {
            let tls = web::tls().map_err(|error| handbell_app::Fault(error.to_string()))?;
            Ok(handbell_outbound::mailbox::Server { tls: Some(Arc::new(tls)), ..server })
        }),
        make_site_client: Arc::new(|site, files| {
            site_client(site, files).map_err(|error| handbell_app::Fault(error.to_string()))
        }),
        fetch_secrets: secrets::fetch(environment, &aws),
        http,
        clock,
        ids,
    }))
}

/// The table alone, as the functions see it.
pub fn store(environment: &Environment) -> Result<Store, Error> {
    Ok(Store::new(aws::Aws::new(environment, web::client()?).dynamodb(), environment.table.clone()))
}

/// Reads the secrets document alone, as the functions do.
pub fn secrets(environment: &Environment) -> Result<handbell_app::Fetch, Error> {
    Ok(secrets::fetch(environment, &aws::Aws::new(environment, web::client()?)))
}

/// Serves a function until Lambda, or the laptop, ends the process.
pub async fn serve<L: Lambda>() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let environment = Environment::read()?;
    let app = Arc::new(app(&environment, clock::of(&environment), random_ids())?);
    if L::FUNCTION.warms_up() {
        app.warm_up().await;
    }
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let app = Arc::clone(&app);
        async move {
            let deadline = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
            let deployed = &event.context.env_config.function_name;
            let call = Call { deployed, payload: event.payload.get(), left: clock::left_until(deadline) };
            L::handle(&app, call).await.map_err(Error::from)
        }
    }))
    .await
}

/// A function that does nothing: what every start costs, for the benchmark to compare with.
pub async fn serve_nothing() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Box<RawValue>>| Ok::<_, Error>(Value::Null))).await
}
