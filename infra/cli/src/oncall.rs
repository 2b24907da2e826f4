//! `handbell oncall`: shows who is on call, until when and who is next, and writes overrides.

mod change;
mod week;

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use handbell_core::oncall::{OnCallReason, Roster, Rota};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::directory::{self, Around, At, Directory, known};
use crate::document::document;
use crate::failure::Failure;
use crate::moment::{moment, shown};

/// Period of `--week`.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Options of `handbell oncall`.
#[derive(Args, Clone, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  handbell oncall                               show who is on call now, until when, and who is next
  handbell oncall --at '2026-12-24 20:00'       the same at another time, in each rota's time zone
  handbell oncall --rota ops --week             draw a chart of seven days
  handbell oncall override ops --person eli --from 18:00 --until 23:00
                                                put Eli on call in ops this evening
  handbell oncall swap ops dana eli --from 2026-12-21 --until 2026-12-28
                                                let Dana and Eli take each other's turns in that week
  HANDBELL_TABLE=handbell AWS_REGION=eu-west-1 handbell oncall
                                                the same in AWS; credentials from the environment
  handbell oncall --rota ops --json | jq -r '.rotas[0].on_duty.phone'
                                                print the phone to call, for another program

--json prints {\"rotas\": [{name, label, timezone, team, at, on_duty, next}]}. on_duty is the person on call,
{id, name, phone, until, stands_in}, and next is {from, id}; null means nobody. stands_in is true during an
override. With --week each rota also has its shifts, as [{id, from, until}]."
)]
pub struct Options {
    /// The change, if any
    #[command(subcommand)]
    pub change: Option<Change>,
    /// The time to look at; now if absent
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Only this rota
    #[arg(long, value_name = "NAME")]
    pub rota: Option<String>,
    /// Draw seven days, from the day of that time on
    #[arg(long)]
    pub week: bool,
    /// Print JSON instead
    #[arg(long)]
    pub json: bool,
    /// Where the roster is.
    #[command(flatten)]
    pub place: At,
}

/// Changes to the on-call schedule.
#[derive(Subcommand, Clone, Debug)]
pub enum Change {
    /// Put somebody on call for a time, or nobody
    #[command(after_help = "\
Examples:
  handbell oncall override ops --person eli --from 18:00 --until 23:00
  handbell oncall override ops --person eli --instead-of dana --from 2026-12-21 --until 2026-12-28
                                                       take only Dana's turns in that week
  handbell oncall override ops --nobody --from 2026-12-24 --until 2026-12-27
                                                       alerts then reach the rota's team, and say so

Times are in the rota's time zone: 2026-12-24 20:00, 20:00 (today), 2026-12-24 (midnight), now. In
another zone: 2026-12-24 20:00[America/New_York]. Overrides and swaps act in the order in which they
are made, each on the person who is on call by those before it. The answer shows the hours whose
person has changed.")]
    Override {
        /// The rota
        rota: String,
        /// The person on call
        #[arg(long, value_name = "ID", required_unless_present = "nobody", conflicts_with = "nobody")]
        person: Option<String>,
        /// Put nobody on call
        #[arg(long)]
        nobody: bool,
        /// Only where this person is on call
        #[arg(long, value_name = "ID")]
        instead_of: Option<String>,
        /// The beginning
        #[arg(long, value_name = "TIME", default_value = "now")]
        from: String,
        /// The end
        #[arg(long, value_name = "TIME")]
        until: String,
    },
    /// Let two people take each other's hours on call for a time
    #[command(after_help = "\
Examples:
  handbell oncall swap ops dana eli --from 2026-12-21 --until 2026-12-28")]
    Swap {
        /// The rota
        rota: String,
        /// One person
        one: String,
        /// The other person
        other: String,
        /// The beginning
        #[arg(long, value_name = "TIME", default_value = "now")]
        from: String,
        /// The end
        #[arg(long, value_name = "TIME")]
        until: String,
    },
    /// Remove every override and swap that applies at a time
    #[command(after_help = "\
Examples:
  handbell oncall clear ops                            remove the overrides that apply now
  handbell oncall clear ops --when '2026-12-24 20:00'")]
    Clear {
        /// The rota
        rota: String,
        /// The time
        #[arg(long, value_name = "TIME", default_value = "now")]
        when: String,
    },
}

/// Runs the command and returns the text to print.
pub async fn run(options: &Options, around: &Around<'_>) -> Result<String, Failure> {
    let directory = directory::open(&options.place, around).await?;
    answer(options, &directory).await
}

pub(crate) async fn answer(options: &Options, directory: &Directory) -> Result<String, Failure> {
    let roster = directory.store.people().roster().await.map_err(Failure::unreachable)?;
    if let Some(change) = &options.change {
        return change::make(change, &roster, directory).await;
    }
    let rotas: Vec<&Rota> = match &options.rota {
        None => roster.rotas.values().collect(),
        Some(name) => vec![&roster.rotas[known("rota", name, roster.rotas.keys())?]],
    };
    if rotas.is_empty() {
        return Err("there is no rota yet; `handbell rotas import --help` explains how to add one".into());
    }
    let (mut out, mut told_rotas) = (String::new(), Vec::new());
    for rota in rotas {
        let zone = zone(rota);
        let at = options.at.as_deref().map_or(Ok(directory.now), |at| moment(at, &zone, directory.now))?;
        if options.json {
            told_rotas.push(on_duty(&roster, rota, at, options.week));
            continue;
        }
        if !out.is_empty() && options.week {
            out.push('\n');
        }
        out.push_str(&told(&roster, rota, &zone, at));
        if options.week {
            out.push_str(&week::chart(&roster, rota, &zone, at));
        }
    }
    Ok(if options.json { document(&json!({ "rotas": told_rotas })) } else { out })
}

/// Returns who is on call in a rota at that time, and who is next, for programs.
fn on_duty(roster: &Roster, rota: &Rota, at: Timestamp, week: bool) -> Value {
    let next = roster.next_on_call(&rota.name, at);
    let mut out = json!({
        "name": rota.name, "label": rota.label, "timezone": rota.timezone, "team": rota.team, "at": at,
        "on_duty": roster.on_call(&rota.name, at).map(|on_call| {
            let phone = on_call.person.phones.iter().find(|phone| phone.verified_at.is_some());
            json!({
                "id": on_call.person.id, "name": on_call.person.name, "phone": phone.map(|phone| &phone.address),
                "until": on_call.until, "stands_in": matches!(on_call.why, OnCallReason::Override(_)),
            })
        }),
        "next": next.map(|(from, on_call)| json!({ "from": from, "id": on_call.map(|on_call| on_call.person.id.clone()) })),
    });
    if week {
        let shifts = roster.shifts(&rota.name, at, at + WEEK).into_iter();
        let shifts = shifts.map(|one| json!({ "id": one.person, "from": one.from, "until": one.until }));
        out["shifts"] = shifts.collect::<Vec<_>>().into();
    }
    out
}

fn zone(rota: &Rota) -> TimeZone {
    TimeZone::get(&rota.timezone).unwrap_or(TimeZone::UTC)
}

fn told(roster: &Roster, rota: &Rota, zone: &TimeZone, at: Timestamp) -> String {
    let mut out = format!("{}: ", rota.label.as_ref().unwrap_or(&rota.name));
    let next = roster.next_on_call(&rota.name, at);
    match roster.on_call(&rota.name, at) {
        Some(on_call) => {
            let phone = on_call.person.phones.iter().find(|phone| phone.verified_at.is_some());
            let _ = write!(out, "{}", on_call.person.name);
            let _ = phone.map(|phone| write!(out, " {}", phone.address));
            let _ = match on_call.until {
                Some(until) => write!(out, " until {}", shown(until, zone)),
                None => write!(out, ", without an end"),
            };
            if let OnCallReason::Override(_) = on_call.why {
                out.push_str(" (override)");
            }
        }
        None => {
            out.push_str("nobody");
            let team = rota.team.as_deref().filter(|team| !roster.members(team).is_empty());
            let _ = match team {
                Some(team) => write!(out, "; an alert would reach the whole team {team}"),
                None => {
                    write!(out, ", and the rota has no team to notify instead: an alert would reach nobody")
                }
            };
            if let Some((from, _)) = &next {
                let _ = write!(out, "; until {}", shown(*from, zone));
            }
        }
    }
    if let Some((_, person)) = next {
        let _ = write!(out, ", then {}", person.map_or("nobody", |on_call| on_call.person.name.as_str()));
    }
    let _ = writeln!(out, " ({})", rota.timezone);
    out
}

#[cfg(test)]
mod tests;
