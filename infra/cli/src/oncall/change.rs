//! Writes overrides and swaps into the rota.

use handbell_core::oncall::{Override, Roster, Rota};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Change, told, zone};
use crate::directory::{Directory, known, moment, refused, shown};
use crate::failure::Failure;

/// Retention of past overrides, so that people can look up who was on call.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

pub(super) async fn make(change: &Change, roster: &Roster, directory: &Directory) -> Result<String, Failure> {
    let name = match change {
        Change::Override { rota, .. } | Change::Swap { rota, .. } | Change::Clear { rota, .. } => rota,
    };
    let rota = &roster.rotas[known("rota", name, roster.rotas.keys())?];
    let zone = zone(rota);
    let mut next = rota.clone();
    next.overrides.retain(|one| one.until > directory.now - KEPT);
    match change {
        Change::Override { person, instead_of, from, until, .. } => {
            let (from, until) = period(from, until, &zone, directory)?;
            let reached = |id: &Option<String>| id.as_deref().map(|id| someone(roster, id)).transpose();
            let person = reached(person)?;
            if let Some(id) = person.as_deref().filter(|id| !roster.people[*id].is_reachable()) {
                return Err(format!(
                    "{id} can't be reached: none of their phones or addresses is verified, so nobody would be notified; nothing was changed"
                ).into());
            }
            let instead_of = reached(instead_of)?;
            next.overrides.push(Override { from, until, person, instead_of, by: by() });
        }
        Change::Swap { one, other, from, until, .. } => {
            let (from, until) = period(from, until, &zone, directory)?;
            let (one, other) = (someone(roster, one)?, someone(roster, other)?);
            if one == other {
                return Err("a swap needs two different people; nothing was changed".into());
            }
            if !shifts_of(roster, rota, &[&one, &other], from, until) {
                return Err(format!(
                    "neither {one} nor {other} has a turn in {} between {} and {}; nothing was changed",
                    rota.name,
                    shown(from, &zone),
                    shown(until, &zone)
                )
                .into());
            }
            for (person, whose) in [(&other, &one), (&one, &other)] {
                let (person, instead_of) = (Some(person.clone()), Some(whose.clone()));
                next.overrides.push(Override { from, until, person, instead_of, by: by() });
            }
        }
        Change::Clear { when, .. } => {
            let when = moment(when, &zone, directory.now)?;
            let before = next.overrides.len();
            next.overrides.retain(|one| !(one.from <= when && when < one.until));
            if next.overrides.len() == before {
                return Err(format!("no override applies in {} at {}", rota.name, shown(when, &zone)).into());
            }
        }
    }
    directory.store.roster_editor().put_rota(&next, Some(rota.version)).await.map_err(|why| refused(&why))?;
    let mut after = roster.clone();
    after.rotas.insert(next.name.clone(), next.clone());
    Ok(format!("Done. {}", told(&after, &next, &zone, directory.now)))
}

fn by() -> Option<String> {
    Some("the command line".to_owned())
}

fn someone(roster: &Roster, id: &str) -> Result<String, String> {
    known("person", id, roster.people.keys()).map(str::to_owned)
}

fn period(
    from: &str,
    until: &str,
    zone: &TimeZone,
    directory: &Directory,
) -> Result<(Timestamp, Timestamp), String> {
    let (from, until) = (moment(from, zone, directory.now)?, moment(until, zone, directory.now)?);
    let told = |at| shown(at, zone);
    if until <= from {
        return Err(format!(
            "the period would end ({}) before it begins ({}); nothing was changed",
            told(until),
            told(from)
        ));
    }
    if until <= directory.now {
        return Err(format!("the period is already over, since {}; nothing was changed", told(until)));
    }
    Ok((from, until))
}

/// Whether one of these people has a turn in that period, ignoring all overrides.
fn shifts_of(roster: &Roster, rota: &Rota, people: &[&str], from: Timestamp, until: Timestamp) -> bool {
    let mut bare = roster.clone();
    bare.rotas.insert(rota.name.clone(), Rota { overrides: Vec::new(), ..rota.clone() });
    let shifts = bare.shifts(&rota.name, from, until);
    shifts.iter().any(|shift| shift.person.as_deref().is_some_and(|person| people.contains(&person)))
}
