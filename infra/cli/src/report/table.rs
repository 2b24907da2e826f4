//! Where the log of incidents is read: the runner's table on this laptop, or one in AWS.

use handbell_boot::Environment;
use handbell_core::incident::summary::Summary;
use handbell_store::Store;
use jiff::Timestamp;

use crate::failure::Failure;
use crate::laptop::{Laptop, RUNNER};
use crate::replay::Around;

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
    pub(super) async fn log(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Summary>, Failure> {
        let log = self.store.log().log(from, to).await;
        log.map_err(|fault| Failure::unreachable(format!("{} can't be read: {fault}", self.name)))
    }
}

/// The table that is meant: the runner's, if one is named or no table is.
pub(super) async fn reach(runner: Option<&str>, around: &Around<'_>) -> Result<Place, Failure> {
    match (runner, (around.variable)("HANDBELL_TABLE")) {
        (None, Some(table)) => {
            let name = format!("the table {table}");
            let advice = "for a profile of the AWS command line: eval \"$(aws configure export-credentials --format env)\"";
            let environment = Environment::from(|name| reads_only(name).or_else(|| (around.variable)(name)))
                .map_err(|error| {
                    Failure::unreachable(format!("{name} can't be read: {error}\n({advice})"))
                })?;
            Ok(Place { store: store(&environment, &name)?, name, now: around.now })
        }
        (runner, _) => of_runner(runner.unwrap_or(RUNNER)).await,
    }
}

/// A tool that only reads the table needs neither queue nor bus.
fn reads_only(variable: &str) -> Option<String> {
    matches!(variable, "HANDBELL_QUEUE_URL" | "HANDBELL_BUS").then(String::new)
}

fn store(environment: &Environment, name: &str) -> Result<Store, Failure> {
    Ok(handbell_boot::store(environment).map_err(|error| format!("{name} can't be read: {error}"))?)
}

async fn of_runner(runner: &str) -> Result<Place, Failure> {
    let laptop = Laptop::reach(runner, "nothing is known of incidents").await?;
    let name = format!("the runner at {runner}");
    let store = laptop.store()?;
    Ok(Place { store, name, now: laptop.now() })
}
