//! Checks of a rota, so that a mistake is rejected before anybody relies on it.

use jiff::tz::TimeZone;

use super::{Layer, Roster, Rota, Turn};

/// The longest turn, in days: a year.
const LONGEST_DAYS: u32 = 366;
/// The longest turn, in months: a year.
const LONGEST_MONTHS: u32 = 12;

/// A mistake in a rota that can be read but can't work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotaProblem {
    /// Path of the value: keys and list positions from the rota on, such as `layers`, `0`, `people`, `2`.
    pub path: Vec<String>,
    /// What is wrong and how to correct it, for a person.
    pub message: String,
}

/// Returns true if the text may name a person, a team or a rota: 1 to 64 letters, digits, `-`, `_` and `.` of ASCII, the first a
/// letter or a digit.
pub fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

impl Roster {
    /// Returns every mistake in a rota, given the people and teams of this roster.
    pub fn problems_of(&self, rota: &Rota) -> Vec<RotaProblem> {
        let mut found = Vec::new();
        let mut report = |path: &[&str], message: String| {
            found.push(RotaProblem { path: path.iter().map(|part| (*part).to_owned()).collect(), message });
        };
        if !is_name(&rota.name) {
            report(
                &[],
                format!("{:?} is no name: write letters, digits, - and _, such as ops-second", rota.name),
            );
        }
        let zone = TimeZone::get(&rota.timezone);
        if zone.is_err() {
            let name = &rota.timezone;
            let advice = format!("there is no time zone {name:?}; write an IANA name such as Europe/Paris");
            report(&["timezone"], advice);
        }
        if let Some(team) = rota.team.as_ref().filter(|team| !self.teams.contains_key(*team)) {
            report(&["team"], missing("team", team, self.teams.keys()));
        }
        if rota.layers.is_empty() && rota.overrides.is_empty() {
            report(&[], "nobody would ever be on call; give it `layers`".into());
        }
        for (index, layer) in rota.layers.iter().enumerate() {
            let at = index.to_string();
            self.layer_problems(layer, zone.as_ref().unwrap_or(&TimeZone::UTC), &mut |path, message| {
                report(&[&["layers", &at], path].concat(), message);
            });
        }
        for (index, one) in rota.overrides.iter().enumerate() {
            let at = index.to_string();
            if one.from >= one.until {
                report(&["overrides", &at, "until"], format!("it ends before it begins, at {}", one.from));
            }
            if one.swap && (one.person.is_none() || one.instead_of.is_none() || one.person == one.instead_of)
            {
                let advice = "a swap needs two different people: `person` and `instead_of`";
                report(&["overrides", &at, "swap"], advice.into());
            }
            for (key, id) in [("person", &one.person), ("instead_of", &one.instead_of)] {
                if let Some(id) = id.as_ref().filter(|id| !self.people.contains_key(*id)) {
                    report(&["overrides", &at, key], missing("person", id, self.people.keys()));
                }
            }
        }
        found
    }

    fn layer_problems(&self, layer: &Layer, zone: &TimeZone, report: &mut dyn FnMut(&[&str], String)) {
        if layer.people.is_empty() {
            report(&["people"], "nobody takes turns here; name at least one person".into());
        }
        for (index, id) in layer.people.iter().enumerate() {
            if !self.people.contains_key(id) {
                report(&["people", &index.to_string()], missing("person", id, self.people.keys()));
            }
        }
        let length = match layer.turn {
            Turn::Daily | Turn::Weekly | Turn::Monthly | Turn::MonthlyOn(_) => None,
            Turn::Months(months) => Some(("months", months, LONGEST_MONTHS)),
            Turn::Days(days) => Some(("days", days, LONGEST_DAYS)),
            Turn::Hours(hours) => Some(("hours", hours, LONGEST_DAYS * 24)),
        };
        if let Some((unit, count, most)) = length.filter(|(_, count, most)| !(1..=*most).contains(count)) {
            report(&["turn"], format!("a turn can't be {count} {unit}: 1 to {most}"));
        }
        if let Turn::MonthlyOn(day) = layer.turn
            && let Some(begins) = day.in_month_of(layer.starts).filter(|begins| *begins != layer.starts)
        {
            report(&["starts"], format!("{} is not the {day} of its month, which is {begins}", layer.starts));
        }
        if let Some(Err((path, what))) = layer.hours.as_ref().map(|hours| hours.calendar(zone)) {
            let path: Vec<&str> = ["hours"].into_iter().chain(path.iter().map(String::as_str)).collect();
            report(&path, what);
        }
    }
}

fn missing<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let known: Vec<&str> = known.take(20).map(String::as_str).collect();
    if known.is_empty() {
        format!("there is no {kind} {name:?}; there is none at all yet")
    } else {
        format!("there is no {kind} {name:?}; there is {}", known.join(", "))
    }
}
