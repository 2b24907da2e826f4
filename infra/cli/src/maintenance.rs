//! `handbell maintenance`: times at which alerts wait, because somebody works on what they are about.

use std::fmt::Write as _;

use clap::Subcommand;
use handbell_core::oncall::Maintenance;
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::directory::{self, Around, At, Directory, moment, shown};
use crate::failure::Failure;

/// Longer than this is no maintenance: somebody has mistyped the year, and nobody would be told of anything.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 31);

/// What can be asked of `handbell maintenance`.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Let alerts wait for a time
    #[command(after_help = "\
Examples:
  handbell maintenance add --until 23:00 --why 'new disks' --source monitoring
  handbell maintenance add --from '2026-12-01 20:00' --until '2026-12-01 23:00' --about db1 --why 'new disks'
  handbell maintenance add --until 18:00 --why 'the whole building is without power'

Without --source, the alerts of all sources wait. Times are by the clock of --timezone (UTC if absent):
2026-12-01 20:00, 20:00 (today), now. At most 31 days.")]
    Add {
        /// From then
        #[arg(long, value_name = "TIME", default_value = "now")]
        from: String,
        /// Until then
        #[arg(long, value_name = "TIME")]
        until: String,
        /// Only alerts of this source; may be given several times
        #[arg(long, value_name = "NAME")]
        source: Vec<String>,
        /// Only alerts whose subject holds this text
        #[arg(long, value_name = "TEXT")]
        about: Option<String>,
        /// Why, for people
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// The zone of these times
        #[arg(long, value_name = "NAME", default_value = "UTC")]
        timezone: String,
        /// Where.
        #[command(flatten)]
        at: At,
    },
    /// Show what is under maintenance now or will be
    #[command(after_help = "\
Examples:
  handbell maintenance list")]
    List {
        /// Where.
        #[command(flatten)]
        at: At,
    },
    /// End maintenance now, or call it off
    #[command(after_help = "\
Examples:
  handbell maintenance end m1a2b    the beginning of the id is enough")]
    End {
        /// Its id, or the beginning of it
        id: String,
        /// Where.
        #[command(flatten)]
        at: At,
    },
}

/// Does what was asked and says what to show.
pub async fn run(command: &Command, around: &Around<'_>) -> Result<String, Failure> {
    let (Command::Add { at, .. } | Command::List { at } | Command::End { at, .. }) = command;
    answer(command, &directory::open(at, around).await?, (around.chance)()).await
}

pub(crate) async fn answer(
    command: &Command,
    directory: &Directory,
    chance: u128,
) -> Result<String, Failure> {
    match command {
        Command::Add { from, until, source, about, why, timezone, .. } => {
            let zone = TimeZone::get(timezone).map_err(|_| {
                format!("there is no time zone {timezone:?}; write an IANA name such as Europe/Paris")
            })?;
            let one = Maintenance {
                id: format!("m{:08x}", chance as u32),
                sources: source.clone(),
                about: about.clone().filter(|about| !about.trim().is_empty()),
                from: moment(from, &zone, directory.now)?,
                until: moment(until, &zone, directory.now)?,
                why: why.trim().to_owned(),
            };
            check(&one, directory)?;
            directory.store.roster_editor().put_maintenance(&one).await.map_err(Failure::unreachable)?;
            Ok(format!("{}\n`handbell maintenance end {}` ends it.\n", line(&one, directory), one.id))
        }
        Command::List { .. } => {
            let mut all = all(directory).await?;
            all.retain(|one| one.until > directory.now);
            all.sort_by_key(|one| one.from);
            let mut out = String::new();
            for one in &all {
                let _ = writeln!(out, "{}", line(one, directory));
            }
            Ok(if out.is_empty() {
                "Nothing is under maintenance, and nothing will be.\n".into()
            } else {
                out
            })
        }
        Command::End { id, .. } => {
            let mut all = all(directory).await?;
            all.retain(|one| one.until > directory.now && one.id.starts_with(id.as_str()));
            let [one] = all.as_mut_slice() else {
                let advice = "`handbell maintenance list` shows the ids";
                return Err(Failure::Refused(match all.len() {
                    0 => format!("there is no maintenance {id:?} now or to come; {advice}"),
                    _ => format!("{id:?} is the beginning of more than one; {advice}"),
                }));
            };
            let failed = |fault: handbell_store::Fault| Failure::unreachable(fault);
            if one.from >= directory.now {
                directory.store.roster_editor().forget_maintenance(&one.id).await.map_err(failed)?;
                return Ok(format!("{} is called off.\n", one.id));
            }
            one.until = directory.now;
            directory.store.roster_editor().put_maintenance(one).await.map_err(failed)?;
            Ok(format!("{} is over; alerts are told again.\n", one.id))
        }
    }
}

fn check(one: &Maintenance, directory: &Directory) -> Result<(), String> {
    if one.why.is_empty() {
        return Err("say why, for those who wonder where the alerts are: --why 'new disks'".into());
    }
    if one.until <= one.from || one.until <= directory.now {
        return Err("it would end before it begins, or be over already; nothing was changed".into());
    }
    if one.until.duration_since(one.from) > LONGEST {
        return Err("it would last longer than 31 days; nothing was changed".into());
    }
    Ok(())
}

async fn all(directory: &Directory) -> Result<Vec<Maintenance>, Failure> {
    Ok(directory.store.people().roster().await.map_err(Failure::unreachable)?.maintenance)
}

fn line(one: &Maintenance, directory: &Directory) -> String {
    let what = if one.sources.is_empty() { "all sources".to_owned() } else { one.sources.join(", ") };
    let about = one.about.as_ref().map_or(String::new(), |about| format!(", about {about:?}"));
    let utc = |at| shown(at, &TimeZone::UTC);
    let now = if one.from <= directory.now { ", now" } else { "" };
    let (id, why) = (&one.id, &one.why);
    format!("{id}  {} to {} UTC{now}: {what}{about} ({why})", utc(one.from), utc(one.until))
}

#[cfg(test)]
mod tests;
