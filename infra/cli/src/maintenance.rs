//! `handbell maintenance`: maintenance windows, in which alerts wait because people work on the system behind them.

use std::fmt::Write as _;

use clap::Subcommand;
use handbell_core::oncall::Maintenance;
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::directory::{self, Around, At, Directory};
use crate::failure::Failure;
use crate::moment::{moment, shown};
use crate::settings::{ConfigFile, Settings};

/// Limit of a maintenance window. A longer window is probably a mistyped year, and would silence alerts for that time.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 31);

/// Subcommands of `handbell maintenance`.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Add a maintenance window
    #[command(after_help = "\
Examples:
  handbell maintenance add --until 23:00 --why 'new disks' --source monitoring
  handbell maintenance add --from '2026-12-01 20:00' --until '2026-12-01 23:00' --about db1 --why 'new disks'
  handbell maintenance add --until 18:00 --why 'the whole building is without power'

Without --source, the alerts of all sources wait. A source can be named by its label, too. Times are in
the configuration's time zone: 2026-12-01 20:00, 20:00 (today), now. In another zone, write
2026-12-01 20:00[America/New_York] or --timezone. A window lasts at most 31 days.")]
    Add {
        /// The beginning
        #[arg(long, value_name = "TIME", default_value = "now")]
        from: String,
        /// The end
        #[arg(long, value_name = "TIME")]
        until: String,
        /// Only alerts of this source, by its name or label; repeatable
        #[arg(long, value_name = "NAME")]
        source: Vec<String>,
        /// Only alerts whose subject contains this text
        #[arg(long, value_name = "TEXT")]
        about: Option<String>,
        /// The reason, for people
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// The time zone of these times; that of the configuration if absent
        #[arg(long, value_name = "NAME")]
        timezone: Option<String>,
        /// The configuration, for its sources and its time zone.
        #[command(flatten)]
        config: ConfigFile,
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
    /// List the current and the planned maintenance windows
    #[command(after_help = "\
Examples:
  handbell maintenance list")]
    List {
        /// The configuration, for its time zone.
        #[command(flatten)]
        config: ConfigFile,
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
    /// End a maintenance window now, or cancel a planned one
    #[command(after_help = "\
Examples:
  handbell maintenance end m1a2b    the beginning of the id is enough")]
    End {
        /// The window's id, or the beginning of the id
        id: String,
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
}

/// Runs the command and returns the text to print.
pub async fn run(command: &Command, around: &Around<'_>) -> Result<String, Failure> {
    let (Command::Add { at, .. } | Command::List { at, .. } | Command::End { at, .. }) = command;
    answer(command, &directory::open(at, around).await?, (around.chance)()).await
}

pub(crate) async fn answer(
    command: &Command,
    directory: &Directory,
    chance: u128,
) -> Result<String, Failure> {
    match command {
        Command::Add { from, until, source, about, why, timezone, config, .. } => {
            let settings = Settings::find(config, directory.settings.as_ref())?;
            let zone = time_zone(timezone.as_deref(), settings.as_ref())?;
            if about.as_ref().is_some_and(|about| about.trim().is_empty()) {
                return Err("--about is empty, so it would select every alert; nothing was changed".into());
            }
            let one = Maintenance {
                id: format!("m{:08x}", chance as u32),
                sources: sources(source, settings.as_ref())?,
                about: about.clone(),
                from: moment(from, &zone, directory.now)?,
                until: moment(until, &zone, directory.now)?,
                why: why.trim().to_owned(),
            };
            check(&one, directory)?;
            directory.store.roster_editor().put_maintenance(&one).await.map_err(Failure::unreachable)?;
            Ok(format!("{}\n`handbell maintenance end {}` ends it.\n", line(&one, &zone, directory), one.id))
        }
        Command::List { config, .. } => {
            let settings = Settings::find(config, directory.settings.as_ref())?;
            let zone = settings.map_or(TimeZone::UTC, |settings| settings.time_zone());
            let mut all = all(directory).await?;
            all.retain(|one| one.until > directory.now);
            all.sort_by_key(|one| one.from);
            let mut out = String::new();
            for one in &all {
                let _ = writeln!(out, "{}", line(one, &zone, directory));
            }
            Ok(if out.is_empty() {
                "There is no maintenance window, neither now nor later.\n".into()
            } else {
                out
            })
        }
        Command::End { id, .. } => {
            if id.is_empty() {
                return Err(
                    "write the id, or the beginning of it; `handbell maintenance list` lists the ids".into(),
                );
            }
            let mut all = all(directory).await?;
            all.retain(|one| one.until > directory.now && one.id.starts_with(id.as_str()));
            let [one] = all.as_mut_slice() else {
                let advice = "`handbell maintenance list` lists the ids";
                return Err(Failure::Refused(match all.len() {
                    0 => format!("there is no current or planned maintenance window {id:?}; {advice}"),
                    _ => format!("more than one id begins with {id:?}; {advice}"),
                }));
            };
            let failed = |fault: handbell_store::TableFault| Failure::unreachable(fault);
            if one.from >= directory.now {
                directory.store.roster_editor().forget_maintenance(&one.id).await.map_err(failed)?;
                return Ok(format!("{} is cancelled.\n", one.id));
            }
            one.until = directory.now;
            directory.store.roster_editor().put_maintenance(one).await.map_err(failed)?;
            Ok(format!(
                "{} is over: new alerts no longer wait. Those that wait already do so until its planned end, or until somebody \
                 takes the next step.\n",
                one.id
            ))
        }
    }
}

fn check(one: &Maintenance, directory: &Directory) -> Result<(), String> {
    if one.why.is_empty() {
        return Err("give a reason, so that people know why the alerts wait: --why 'new disks'".into());
    }
    if one.until <= one.from || one.until <= directory.now {
        return Err("the window would end before it begins, or is already over; nothing was changed".into());
    }
    if one.until.duration_since(one.from) > LONGEST {
        return Err("the window would last longer than 31 days; nothing was changed".into());
    }
    Ok(())
}

async fn all(directory: &Directory) -> Result<Vec<Maintenance>, Failure> {
    Ok(directory.store.people().roster().await.map_err(Failure::unreachable)?.maintenance)
}

/// Returns the time zone of the times: the named one, or else the configuration's.
fn time_zone(named: Option<&str>, settings: Option<&Settings>) -> Result<TimeZone, String> {
    match (named, settings) {
        (Some(name), _) => TimeZone::get(name)
            .map_err(|_| format!("there is no time zone {name:?}; write an IANA name such as Europe/Paris")),
        (None, Some(settings)) => Ok(settings.time_zone()),
        (None, None) => Err(format!(
            "the times are in the configuration's time zone: {NAME_IT}, or the zone with --timezone"
        )),
    }
}

/// Advice if the configuration isn't known.
const NAME_IT: &str = "name the configuration with --config";

/// Returns the names of the sources, each once. An unknown name would make none of the alerts wait.
fn sources(wanted: &[String], settings: Option<&Settings>) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::new();
    for wanted in wanted {
        let settings = settings.ok_or_else(|| format!("the sources are in the configuration: {NAME_IT}"))?;
        let name = settings.source(wanted)?.to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn line(one: &Maintenance, zone: &TimeZone, directory: &Directory) -> String {
    let what = if one.sources.is_empty() { "all sources".to_owned() } else { one.sources.join(", ") };
    let about = one.about.as_ref().map_or(String::new(), |about| format!(", about {about:?}"));
    let local = |at| shown(at, zone);
    let zone = zone.iana_name().unwrap_or("UTC");
    let now = if one.from <= directory.now { ", now" } else { "" };
    let (id, why) = (&one.id, &one.why);
    format!("{id}  {} to {} {zone}{now}: {what}{about} ({why})", local(one.from), local(one.until))
}

#[cfg(test)]
mod tests;
