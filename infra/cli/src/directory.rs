//! Access to the roster that a command reads or changes, in the runner on this laptop or in a table in AWS.

use clap::Args;
use handbell_boot::Environment;
use handbell_store::{NotCommitted, Store, TableFault};
use jiff::Timestamp;

use crate::failure::Failure;
use crate::laptop::{Laptop, RUNNER};
use crate::settings::Settings;

/// The option that says where the roster is.
#[derive(Args, Clone, Debug, Default)]
pub struct At {
    /// The runner on this laptop; if absent, the table HANDBELL_TABLE in AWS, or else http://127.0.0.1:8080
    #[arg(long, value_name = "URL", global = true)]
    pub runner: Option<String>,
}

/// What a command reads from outside.
pub struct Around<'a> {
    /// Reads a variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The current time.
    pub now: Timestamp,
    /// Returns random bits.
    pub chance: &'a dyn Fn() -> u128,
    /// Asks the user a yes-or-no question.
    pub agreed: &'a dyn Fn(&str) -> bool,
}

/// An open connection to the roster.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The table.
    pub store: Store,
    /// The system's time, which users can move on the laptop's page.
    pub now: Timestamp,
    /// Settings of the runner's configuration; none for a table in AWS.
    pub settings: Option<Settings>,
}

/// Connects to the roster.
pub async fn open(at: &At, around: &Around<'_>) -> Result<Directory, Failure> {
    match (&at.runner, (around.variable)("HANDBELL_TABLE")) {
        (None, Some(name)) => {
            let environment = Environment::from(|variable| match variable {
                // The command sends nothing to the queue or the bus.
                "HANDBELL_QUEUE_URL" | "HANDBELL_BUS" => Some(String::new()),
                _ => (around.variable)(variable),
            });
            let advice =
                "to use a profile of the AWS CLI: eval \"$(aws configure export-credentials --format env)\"";
            let environment = environment.map_err(|error| {
                Failure::unreachable(format!("the table {name} can't be reached: {error}\n({advice})"))
            })?;
            let store = handbell_boot::store(&environment).map_err(|error| error.to_string())?;
            Ok(Directory { store, now: around.now, settings: None })
        }
        (runner, _) => on_laptop(runner.as_deref().unwrap_or(RUNNER)).await,
    }
}

async fn on_laptop(runner: &str) -> Result<Directory, Failure> {
    let laptop = Laptop::reach(runner, "there is no roster").await?;
    Ok(Directory { store: laptop.store()?, now: laptop.now(), settings: laptop.settings().await? })
}

/// The failure of a read, in words for a person.
pub(crate) fn unreachable(fault: TableFault) -> Failure {
    Failure::unreachable(fault.to_string())
}

/// The failure of a write to the roster, in words for a person.
pub(crate) fn refused(why: &NotCommitted) -> Failure {
    match why {
        NotCommitted::Conflict => {
            "somebody else changed the same people or rotas at the same time, so not all changes were written (of up to 100 \
             changes, none): run the command again".into()
        }
        NotCommitted::Fault(fault) => {
            Failure::unreachable(format!(
                "{fault}\nThe change may or may not be stored; check, and run the command again if it isn't."
            ))
        }
    }
}

/// Finds a name among the known names; the error suggests the name that was probably meant.
pub(crate) fn known<'a>(
    kind: &str,
    wanted: &str,
    known: impl Iterator<Item = &'a String> + Clone,
) -> Result<&'a str, String> {
    let names = known.map(String::as_str);
    if let Some(name) = names.clone().find(|name| *name == wanted) {
        return Ok(name);
    }
    let all: Vec<&str> = names.clone().take(30).collect();
    Err(match handbell_core::nearest(wanted, names) {
        Some(meant) => format!("there is no {kind} {wanted:?}; did you mean {meant:?}?"),
        None if all.is_empty() => format!("there is no {kind} {wanted:?}; there are none at all yet"),
        None => format!("there is no {kind} {wanted:?}; choose from: {}", all.join(", ")),
    })
}

#[cfg(test)]
pub(crate) mod tests;
