//! Writes overrides and swaps into the rota.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use handbell_core::oncall::{Override, Roster, Rota, Shift};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Change, told, zone};
use crate::directory::{Directory, known, refused};
use crate::failure::Failure;
use crate::moment::{moment, shown};

/// Retention of past overrides, so that people can look up who was on call.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

/// A period whose people change.
#[derive(Clone, Copy)]
struct Period {
    from: Timestamp,
    until: Timestamp,
}

pub(super) async fn make(change: &Change, roster: &Roster, directory: &Directory) -> Result<String, Failure> {
    let name = match change {
        Change::Override { rota, .. } | Change::Swap { rota, .. } | Change::Clear { rota, .. } => rota,
    };
    let rota = &roster.rotas[known("rota", name, roster.rotas.keys())?];
    let zone = zone(rota);
    let mut next = rota.clone();
    next.overrides.retain(|one| one.until > directory.now - KEPT);
    let now = directory.now;
    // The span whose people may change.
    let span = match change {
        Change::Override { person, instead_of, from, until, .. } => {
            let span = period(from, until, &zone, directory)?;
            let known = |id: &Option<String>| id.as_deref().map(|id| someone(roster, id)).transpose();
            let (person, instead_of) = (known(person)?, known(instead_of)?);
            if person.is_some() && person == instead_of {
                return Err("somebody can't stand in for themselves; nothing was changed".into());
            }
            must_be_reachable(roster, person.as_deref())?;
            if let Some(whose) = &instead_of {
                must_have_a_turn(roster, rota, &[whose], span, &zone)?;
            }
            next.overrides.push(exception(span, person, instead_of, now));
            span
        }
        Change::Swap { one, other, from, until, .. } => {
            let span = period(from, until, &zone, directory)?;
            let (one, other) = (someone(roster, one)?, someone(roster, other)?);
            if one == other {
                return Err("a swap needs two different people; nothing was changed".into());
            }
            must_be_reachable(roster, Some(&one))?;
            must_be_reachable(roster, Some(&other))?;
            must_have_a_turn(roster, rota, &[&one, &other], span, &zone)?;
            next.overrides.push(Override { swap: true, ..exception(span, Some(other), Some(one), now) });
            span
        }
        Change::Clear { when, .. } => {
            let when = moment(when, &zone, now)?;
            let (removed, kept): (Vec<_>, Vec<_>) =
                next.overrides.into_iter().partition(|one| one.from <= when && when < one.until);
            next.overrides = kept;
            let from = removed.iter().map(|one| one.from).min();
            let until = removed.iter().map(|one| one.until).max();
            from.zip(until)
                .map(|(from, until)| Period { from, until })
                .ok_or_else(|| format!("no override applies in {} at {}", rota.name, shown(when, &zone)))?
        }
    };
    directory.store.roster_editor().put_rota(&next, Some(rota.version)).await.map_err(|why| refused(&why))?;
    let mut after = roster.clone();
    after.rotas.insert(next.name.clone(), next.clone());
    let changed = changes(roster, &after, &next, span, &zone);
    Ok(format!("Done. {changed}Now: {}", told(&after, &next, &zone, now)))
}

/// Maximum number of lines that show what was changed.
const LINES: usize = 20;

/// Says who is on call in a span before and after a change, a line for each period in which that differs.
fn changes(before: &Roster, after: &Roster, rota: &Rota, span: Period, zone: &TimeZone) -> String {
    let Period { from, until } = span;
    let (old, new) = (before.shifts(&rota.name, from, until), after.shifts(&rota.name, from, until));
    let edges: BTreeSet<Timestamp> = old.iter().chain(&new).map(|shift| shift.from).chain([until]).collect();
    let edges: Vec<Timestamp> = edges.into_iter().collect();
    let person_at = |shifts: &[Shift], at: Timestamp| {
        shifts.iter().rev().find(|shift| shift.from <= at).and_then(|shift| shift.person.clone())
    };
    let mut periods: Vec<(Timestamp, Timestamp, Option<String>, Option<String>)> = Vec::new();
    for pair in edges.windows(2) {
        let &[from, until] = pair else { continue };
        let (was, is) = (person_at(&old, from), person_at(&new, from));
        match periods.last_mut() {
            Some((_, end, before, after)) if *end == from && *before == was && *after == is => *end = until,
            _ => periods.push((from, until, was, is)),
        }
    }
    periods.retain(|(_, _, was, is)| was != is);
    let name = |id: &Option<String>| match id {
        Some(id) => after.people.get(id).map_or(id.as_str(), |person| &person.name).to_owned(),
        None => "nobody".to_owned(),
    };
    let label = rota.label.as_ref().unwrap_or(&rota.name);
    if periods.is_empty() {
        let (from, until) = (shown(from, zone), shown(until, zone));
        return format!("The same people are on call in {label} as before, from {from} to {until}.\n");
    }
    let mut out = format!("Changed in {label} ({}):\n", rota.timezone);
    for (from, until, was, is) in periods.iter().take(LINES) {
        let (from, until) = (shown(*from, zone), shown(*until, zone));
        let _ = writeln!(out, "  {from} to {until}: {}, before {}", name(is), name(was));
    }
    if periods.len() > LINES {
        let _ = writeln!(out, "  and {} more periods", periods.len() - LINES);
    }
    out
}

fn exception(span: Period, person: Option<String>, instead_of: Option<String>, now: Timestamp) -> Override {
    let Period { from, until } = span;
    let by = Some("the command line".to_owned());
    Override { from, until, person, instead_of, swap: false, made_at: Some(now), by }
}

fn must_be_reachable(roster: &Roster, person: Option<&str>) -> Result<(), String> {
    match person.filter(|id| !roster.people[*id].is_reachable()) {
        None => Ok(()),
        Some(id) => Err(format!(
            "{id} can't be reached: none of their phones or addresses is verified, so nobody would be notified; nothing was changed"
        )),
    }
}

/// Refuses a change that would apply to nobody's turn, with all the overrides before it.
fn must_have_a_turn(
    roster: &Roster,
    rota: &Rota,
    people: &[&str],
    span: Period,
    zone: &TimeZone,
) -> Result<(), String> {
    let Period { from, until } = span;
    let shifts = roster.shifts(&rota.name, from, until);
    if shifts.iter().any(|shift| shift.person.as_deref().is_some_and(|person| people.contains(&person))) {
        return Ok(());
    }
    // Somebody who can't be reached has turns, too, but nobody sees them on call.
    let scheduled =
        |id: &&str| rota.layers.iter().any(|layer| layer.people.iter().any(|person| person == id));
    if people.iter().any(|id| !roster.people[*id].is_reachable() && scheduled(id)) {
        return Ok(());
    }
    let who = match people {
        [one] => format!("{one} is not on call"),
        [one, other] => format!("neither {one} nor {other} is on call"),
        _ => "nobody of them is on call".to_owned(),
    };
    Err(format!(
        "{who} in {} between {} and {}; nothing was changed",
        rota.name,
        shown(from, zone),
        shown(until, zone)
    ))
}

fn someone(roster: &Roster, id: &str) -> Result<String, String> {
    known("person", id, roster.people.keys()).map(str::to_owned)
}

fn period(from: &str, until: &str, zone: &TimeZone, directory: &Directory) -> Result<Period, String> {
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
    Ok(Period { from, until })
}
