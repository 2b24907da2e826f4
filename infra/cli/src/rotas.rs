//! `handbell rotas`: imports and exports the rotas as a file that can be kept under version control.

pub mod file;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Subcommand;
use handbell_core::oncall::{Roster, Rota, Substitute, Substitution, Turn};
use handbell_store::RosterChange;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::check;
use crate::directory::{self, Around, At, Directory, refused};
use crate::document::document;
use crate::failure::Failure;
use crate::moment::shown;

/// Subcommands of `handbell rotas`.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Import rotas from a YAML file: all of them, or none if there is a mistake
    #[command(after_help = "\
Examples:
  handbell rotas import rotas.yaml --dry-run    show what would change, and change nothing
  handbell rotas import rotas.yaml
  HANDBELL_TABLE=handbell AWS_REGION=eu-west-1 handbell rotas import rotas.yaml
                                                the same in AWS; credentials from the environment

rotas.yaml:
  rotas:
    ops:
      timezone: Europe/Paris
      team: ops                        # gets the alerts when nobody is on call
      holidays: [2026-12-25]
      layers:                          # a later layer overrides the earlier ones
        - people: [dana, eli]          # they take turns; ids of `handbell people`
          starts: 2026-01-05           # Dana's first turn
          turn: weekly                 # or daily, monthly, { monthly_on: first monday }, { days: 3 },
                                       # { hours: 12 }, { months: 3 }; weekly if absent
          hand_over: 08:00
        - people: [fay]
          starts: 2026-01-05
          hours: { week: { mon-fri: \"09:00-17:00\" } }
          on: workdays                 # or holidays

A hand-over keeps its time of day when the clocks change, and a monthly one its day of the month: a month
without that day hands over on its last day. Rotas that are not in the file don't change, and neither do
the overrides of a rota without the key `overrides`. Overrides and swaps keep their times if you move a
hand-over; the answer lists those to look at.")]
    Import {
        /// The file
        file: PathBuf,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
    /// Print all rotas as the YAML that `import` reads
    #[command(after_help = "\
Examples:
  handbell rotas export > rotas.yaml")]
    Export {
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
    /// List all rotas: who takes turns, and who is on call now
    #[command(after_help = "\
Examples:
  handbell rotas list
  handbell rotas list --json

--json prints {at, \"rotas\": [{name, label, timezone, team, layers, overrides, on_duty}]}. layers is
[{people, starts, hand_over}], and overrides, the current and future ones, [{from, until, person,
instead_of, swap}]. on_duty is the id of the person on call now; null means nobody.")]
    List {
        /// Print JSON instead
        #[arg(long)]
        json: bool,
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
}

impl Command {
    /// Returns true if the command prints JSON for a program.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::List { json, .. } => *json,
            Self::Import { .. } | Self::Export { .. } => false,
        }
    }
}

/// Runs the command and returns the text to print.
pub async fn run(command: &Command, around: &Around<'_>) -> Result<String, Failure> {
    match command {
        Command::Import { file, dry_run, at } => {
            let named = |what: &dyn std::fmt::Display| format!("{}: {what}", file.display());
            let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
            take_over(&text, &file.display().to_string(), *dry_run, &directory::open(at, around).await?).await
        }
        Command::Export { at } => Ok(file::write(&roster(&directory::open(at, around).await?).await?)
            .map_err(|error| error.to_string())?),
        Command::List { at, json } => {
            let directory = directory::open(at, around).await?;
            let roster = roster(&directory).await?;
            Ok(if *json { document(&all(&roster, &directory)) } else { list(&roster, &directory) })
        }
    }
}

async fn roster(directory: &Directory) -> Result<Roster, Failure> {
    directory.store.people().roster().await.map_err(Failure::unreachable)
}

pub(crate) async fn take_over(
    text: &str,
    name: &str,
    dry_run: bool,
    directory: &Directory,
) -> Result<String, Failure> {
    let roster = roster(directory).await?;
    let rotas = file::read(text, &roster).map_err(|findings| {
        format!("nothing was changed.\n{}", check::render(name, text, &findings).trim_end())
    })?;
    let known = |rota: &Rota| roster.rotas.get(&rota.name);
    let changed: Vec<&Rota> = rotas.iter().filter(|rota| known(rota) != Some(*rota)).collect();
    let changes: Vec<_> =
        changed.iter().map(|rota| RosterChange::Rota(rota, known(rota).map(|known| known.version))).collect();
    if !dry_run {
        directory.store.roster_editor().change_roster(&changes).await.map_err(|why| refused(&why))?;
    }
    let new = changed.iter().filter(|rota| known(rota).is_none()).count();
    let would = if dry_run { "Nothing was changed. It would be: " } else { "" };
    let (other, same) = (changed.len() - new, rotas.len() - changed.len());
    let mut out = format!("{would}{new} new, {other} changed, {same} as before.\n");
    for rota in changed.iter().copied() {
        out.push_str(&kept(known(rota), rota, directory));
    }
    if !dry_run && !changed.is_empty() {
        out.push_str("`handbell oncall --week` shows who is on call from now on.\n");
    }
    Ok(out)
}

/// Says which overrides and swaps keep their times although the turns below them have changed.
fn kept(before: Option<&Rota>, rota: &Rota, directory: &Directory) -> String {
    let turns = |rota: &Rota| (rota.timezone.clone(), rota.layers.clone(), rota.holidays.clone());
    let Some(before) = before.filter(|before| turns(before) != turns(rota)) else { return String::new() };
    // What is new in this file was made for the new turns.
    let is_old = |one: &Substitution<'_>| before.overrides.contains(&rota.overrides[one.index]);
    let coming = rota.substitutions().into_iter().filter(|one| one.until > directory.now && is_old(one));
    let zone = TimeZone::get(&rota.timezone).unwrap_or(TimeZone::UTC);
    let lines: String = coming.map(|one| format!("  {}\n", line(&one, &zone))).collect();
    if lines.is_empty() {
        return lines;
    }
    format!(
        "The turns in {} have changed, but these overrides and swaps keep their times ({}). Check them, and make them again if they \
         should move with the turns:\n{lines}",
        rota.name, rota.timezone
    )
}

/// An override or a swap, in words.
fn line(one: &Substitution<'_>, zone: &TimeZone) -> String {
    let what = match one.change {
        Substitute::Swap(one, other) => format!("{one} and {other} swap"),
        Substitute::Person { person, instead_of } => {
            let instead = instead_of.map_or(String::new(), |whose| format!(" instead of {whose}"));
            format!("{}{instead}", person.unwrap_or("nobody"))
        }
    };
    format!("{} to {}: {what}", shown(one.from, zone), shown(one.until, zone))
}

/// All rotas, for programs.
fn all(roster: &Roster, directory: &Directory) -> Value {
    let rotas = roster.rotas.values().map(|rota| {
        let layers = rota.layers.iter().map(|layer| {
            json!({
                "people": layer.people, "starts": layer.starts, "hand_over": layer.hand_over.strftime("%H:%M").to_string(),
            })
        });
        let coming = rota.overrides.iter().filter(|one| one.until > directory.now).map(|one| {
            json!({ "from": one.from, "until": one.until, "person": one.person, "instead_of": one.instead_of, "swap": one.swap })
        });
        json!({
            "name": rota.name, "label": rota.label, "timezone": rota.timezone, "team": rota.team,
            "layers": layers.collect::<Vec<_>>(), "overrides": coming.collect::<Vec<_>>(),
            "on_duty": roster.on_call(&rota.name, directory.now).map(|duty| duty.person.id.clone()),
        })
    });
    json!({ "at": directory.now, "rotas": rotas.collect::<Vec<_>>() })
}

fn list(roster: &Roster, directory: &Directory) -> String {
    if roster.rotas.is_empty() {
        return "There is no rota yet. `handbell rotas import --help` explains how to add one.\n".into();
    }
    let mut out = String::new();
    for rota in roster.rotas.values() {
        let label = rota.label.as_ref().map_or(String::new(), |label| format!(" ({label})"));
        let _ = writeln!(out, "{}{label}, {}", rota.name, rota.timezone);
        for layer in &rota.layers {
            let turn = match layer.turn {
                Turn::Daily => "one day each".to_owned(),
                Turn::Weekly => "one week each".to_owned(),
                Turn::Monthly => "one month each".to_owned(),
                Turn::MonthlyOn(day) => format!("one month each, from the {day}"),
                Turn::Months(months) => format!("{months} months each"),
                Turn::Days(days) => format!("{days} days each"),
                Turn::Hours(hours) => format!("{hours} hours each"),
            };
            let when = if layer.hours.is_some() { ", at certain hours" } else { "" };
            let time = layer.hand_over.strftime("%H:%M");
            let _ =
                writeln!(out, "  {}: {turn}, from {} at {time}{when}", layer.people.join(", "), layer.starts);
        }
        let zone = TimeZone::get(&rota.timezone).unwrap_or(TimeZone::UTC);
        for one in rota.substitutions().iter().filter(|one| one.until > directory.now) {
            let _ = writeln!(out, "  {}", line(one, &zone));
        }
        let duty = roster.on_call(&rota.name, directory.now);
        let who = duty.map_or("nobody", |duty| duty.person.name.as_str());
        let _ = writeln!(out, "  now: {who}");
    }
    out
}

#[cfg(test)]
mod tests;
