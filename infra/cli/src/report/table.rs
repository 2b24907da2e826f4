//! Reads the log of incidents from the runner on this laptop, or from a table in AWS.

use handbell_boot::Environment;
use handbell_core::incident::summary::Summary;
use handbell_store::Store;
use jiff::Timestamp;

use crate::failure::Failure;
use crate::laptop::{Laptop, RUNNER};
use crate::replay::Around;

/// A table with its clock.
pub(super) struct Place {
    /// Access to the table.
    pub(super) store: Store,
    /// The table's name for people.
    pub(super) name: String,
    /// The current time: of the runner's clock, which users can move, or of this machine for AWS.
    pub(super) now: Timestamp,
}

impl Place {
    /// Returns the closed incidents that opened from `from` to before `to`, the oldest first.
    pub(super) async fn log(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Summary>, Failure> {
        let log = self.store.log().log(from, to).await;
        log.map_err(|fault| Failure::unreachable(format!("{} can't be read: {fault}", self.name)))
    }
}

/// Connects to the table `HANDBELL_TABLE` in AWS, or to the runner if one is named or the variable is absent.
pub(super) async fn reach(runner: Option<&str>, around: &Around<'_>) -> Result<Place, Failure> {
    match (runner, (around.variable)("HANDBELL_TABLE")) {
        (None, Some(table)) => {
            let name = format!("the table {table}");
            let advice =
                "to use a profile of the AWS CLI: eval \"$(aws configure export-credentials --format env)\"";
            let environment = Environment::from(|name| reads_only(name).or_else(|| (around.variable)(name)))
                .map_err(|error| {
                    Failure::unreachable(format!("{name} can't be read: {error}\n({advice})"))
                })?;
            Ok(Place { store: store(&environment, &name)?, name, now: around.now })
        }
        (runner, _) => of_runner(runner.unwrap_or(RUNNER)).await,
    }
}

/// Leaves the queue and the bus empty: reading the table needs neither.
fn reads_only(variable: &str) -> Option<String> {
    matches!(variable, "HANDBELL_QUEUE_URL" | "HANDBELL_BUS").then(String::new)
}

fn store(environment: &Environment, name: &str) -> Result<Store, Failure> {
    Ok(handbell_boot::store(environment).map_err(|error| format!("{name} can't be read: {error}"))?)
}

async fn of_runner(runner: &str) -> Result<Place, Failure> {
    let laptop = Laptop::reach(runner, "there are no incidents to report").await?;
    let name = format!("the runner at {runner}");
    let store = laptop.store()?;
    Ok(Place { store, name, now: laptop.now() })
}
