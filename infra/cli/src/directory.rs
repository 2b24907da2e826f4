//! Where the roster lies that a command reads or changes: with the runner on this laptop, or in a table in AWS.

use clap::Args;
use handbell_boot::Environment;
use handbell_store::{NotCommitted, Store};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::failure::Failure;
use crate::laptop::{Laptop, RUNNER};

/// Where the roster is.
#[derive(Args, Clone, Debug, Default)]
pub struct At {
    /// The runner on this laptop; without it, the table named by HANDBELL_TABLE comes first
    #[arg(long, value_name = "URL", global = true)]
    pub runner: Option<String>,
}

/// What a command needs from outside.
pub struct Around<'a> {
    /// The environment's variables.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// What time it is.
    pub now: Timestamp,
    /// Chance.
    pub chance: &'a dyn Fn() -> u128,
    /// Asks whoever sits there; false for no.
    pub agreed: &'a dyn Fn(&str) -> bool,
}

/// The roster, reached.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The table.
    pub store: Store,
    /// What time it is there: on the laptop's page, time can be moved.
    pub now: Timestamp,
}

/// Reaches the roster.
pub async fn open(at: &At, around: &Around<'_>) -> Result<Directory, Failure> {
    match (&at.runner, (around.variable)("HANDBELL_TABLE")) {
        (None, Some(name)) => {
            let environment = Environment::from(|variable| match variable {
                // Nothing is put into the queue or onto the bus.
                "HANDBELL_QUEUE_URL" | "HANDBELL_BUS" => Some(String::new()),
                _ => (around.variable)(variable),
            });
            let advice = "for a profile of the AWS command line: eval \"$(aws configure export-credentials --format env)\"";
            let environment = environment.map_err(|error| {
                Failure::unreachable(format!("the table {name} can't be reached: {error}\n({advice})"))
            })?;
            let store = handbell_boot::store(&environment).map_err(|error| error.to_string())?;
            Ok(Directory { store, now: around.now })
        }
        (runner, _) => on_laptop(runner.as_deref().unwrap_or(RUNNER)).await,
    }
}

async fn on_laptop(runner: &str) -> Result<Directory, Failure> {
    let laptop = Laptop::reach(runner, "there is no roster").await?;
    Ok(Directory { store: laptop.store()?, now: laptop.now() })
}

/// Why nothing was changed, for a person.
pub(crate) fn refused(why: &NotCommitted) -> Failure {
    match why {
        NotCommitted::Conflict => {
            "somebody else changed the same people or rotas at this very moment, so not all of it was written (of up to 100 \
             changes, nothing): say it again".into()
        }
        NotCommitted::Fault(fault) => {
            Failure::unreachable(format!(
                "{fault}\nWhether it was written is unknown; look, and say it again if it wasn't."
            ))
        }
    }
}

/// A moment as people write it: `now`, `2026-11-21T18:00:00Z`, or by the clock on the wall in that zone `2026-11-21 18:00`,
/// `2026-11-21` (at midnight) and `18:00` (today). Of a time that comes twice the first is meant.
pub(crate) fn moment(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("now") {
        return Ok(now);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let today = now.to_zoned(zone.clone()).date();
    let local = text
        .parse::<DateTime>()
        .ok()
        .or_else(|| text.parse::<Date>().ok().map(|date| date.to_datetime(Time::midnight())))
        .or_else(|| text.parse::<Time>().ok().map(|time| today.to_datetime(time)));
    let at = local.and_then(|local| zone.to_ambiguous_timestamp(local).compatible().ok());
    at.ok_or_else(|| {
        format!("{text:?} is no time; write 2026-11-21 18:00, 18:00 for today, 2026-11-21T18:00:00Z, or now")
    })
}

/// A moment for people, by the clock on the wall there.
pub(crate) fn shown(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %d %b %H:%M").to_string()
}

/// The name as it is known, or what was probably meant.
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
    Err(match crate::check::nearest(wanted, names) {
        Some(meant) => format!("there is no {kind} {wanted:?}; did you mean {meant:?}?"),
        None if all.is_empty() => format!("there is no {kind} {wanted:?}; there is none at all yet"),
        None => format!("there is no {kind} {wanted:?}; there is {}", all.join(", ")),
    })
}

#[cfg(test)]
pub(crate) mod tests;
