//! Where the log of incidents is read: the runner's table on this laptop, or one in AWS.

use handbell::cloud::{REGION, table};
use handbell::replay::Around;
use handbell_boot::Environment;
use handbell_core::incident::summary::Summary;
use handbell_store::Store;
use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;

/// Where the runner on this laptop is, unless another place is named.
const RUNNER: &str = "http://127.0.0.1:8080";

/// A table that can be read, and the time that counts there.
pub(super) struct Place {
    /// What reads it.
    pub(super) store: Store,
    /// What people call it.
    pub(super) name: String,
    /// The runner's clock, which can be moved; the machine's for AWS.
    pub(super) now: Timestamp,
}

impl Place {
    /// What opened from `from` to before `to` and is over, the oldest first.
    pub(super) async fn log(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Summary>, String> {
        self.store.log(from, to).await.map_err(|fault| format!("{} can't be read: {fault}", self.name))
    }
}

/// The table that is meant: the runner's, if one is named or no table is.
pub(super) async fn reach(runner: Option<&str>, around: &Around<'_>) -> Result<Place, String> {
    match (runner, (around.variable)("HANDBELL_TABLE")) {
        (None, Some(table)) => {
            let name = format!("the table {table}");
            let advice = "for a profile of the AWS command line: eval \"$(aws configure export-credentials --format env)\"";
            let environment = Environment::from(|name| reads_only(name).or_else(|| (around.variable)(name)))
                .map_err(|error| format!("{name} can't be read: {error}\n({advice})"))?;
            Ok(Place { store: store(&environment, &name)?, name, now: around.now })
        }
        (runner, _) => of_runner(runner.unwrap_or(RUNNER)).await,
    }
}

/// A tool that only reads the table needs neither queue nor bus.
fn reads_only(variable: &str) -> Option<String> {
    matches!(variable, "HANDBELL_QUEUE_URL" | "HANDBELL_BUS").then(String::new)
}

fn store(environment: &Environment, name: &str) -> Result<Store, String> {
    handbell_boot::store(environment).map_err(|error| format!("{name} can't be read: {error}"))
}

async fn of_runner(runner: &str) -> Result<Place, String> {
    #[derive(Deserialize)]
    struct State {
        now: Timestamp,
    }
    let address = |path: &[&str]| {
        let mut url = Url::parse(runner).map_err(|_| format!("{runner:?} is no address such as {RUNNER}"))?;
        url.path_segments_mut()
            .map_err(|()| format!("{runner:?} is no address such as {RUNNER}"))?
            .pop_if_empty()
            .extend(path);
        Ok::<_, String>(url)
    };
    let table_at = address(&["aws", "dynamodb"])?;
    let http = handbell_boot::client().map_err(|error| error.to_string())?;
    let answer = http.get(address(&["page", "state"])?).send().await.map_err(|_| {
        format!(
            "there is no runner at {runner}, so nothing is known of incidents. Start `handbell` in another terminal (its \
             address with --runner), or set HANDBELL_TABLE to read a table in AWS"
        )
    })?;
    let state: State = answer.json().await.map_err(|_| {
        format!("what answers at {runner} is no runner of this version; name its address with --runner")
    })?;
    let environment = Environment::from(|name| match name {
        "HANDBELL_TABLE" => Some(table::NAME.to_owned()),
        "AWS_REGION" => Some(REGION.to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
        "AWS_ENDPOINT_URL_DYNAMODB" => Some(table_at.to_string()),
        _ => reads_only(name),
    })
    .map_err(|error| error.to_string())?;
    let name = format!("the runner at {runner}");
    Ok(Place { store: store(&environment, &name)?, name, now: state.now })
}
