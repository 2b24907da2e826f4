//! Who there is and who is on duty: people, teams and rotas, as they stand in the table.

mod attempts;
pub mod code;
mod current;
mod problems;
mod rules;
mod shifts;
mod target;
mod timetable;
mod turns;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::Span;

pub use attempts::MOST_ATTEMPTS;
pub use current::Duty;
pub use problems::{Problem, is_name};
pub use rules::{BadRule, parse_rules, rules_text};
pub use shifts::Shift;
pub use timetable::Why;

/// Everybody and everything that a plan's targets are looked up in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// People by id.
    pub people: BTreeMap<String, Person>,
    /// Teams by name.
    pub teams: BTreeMap<String, Team>,
    /// Rotas by name.
    pub rotas: BTreeMap<String, Rota>,
    /// Times at which alerts of some sources wait.
    pub maintenance: Vec<Maintenance>,
}

/// Somebody who can be reached.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Short and stable: `dana`.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// The address at Webex, and for mail.
    #[serde(default)]
    pub email: Option<Contact>,
    /// Phones, the preferred first.
    #[serde(default)]
    pub phones: Vec<Contact>,
    /// The language in which calls are spoken, such as `en-US`.
    #[serde(default)]
    pub language: Option<String>,
    /// An IANA name, if it isn't the configuration's.
    #[serde(default)]
    pub timezone: Option<String>,
    /// How this person wants to be reached; [`Person::attempts`] tells what holds if it is empty.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Counts changes: whoever writes must have read the latest.
    #[serde(default)]
    pub version: u64,
}

// People's names and numbers are for no log.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A phone number or a mail address. It is used only once it is verified.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// E.164, or a mail address.
    pub address: String,
    /// Since when it is known to be this person's.
    #[serde(default)]
    pub verified_at: Option<Timestamp>,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contact").field("verified_at", &self.verified_at).finish_non_exhaustive()
    }
}

/// One line of a person's rules: `text`, `call after 2m`, `call after 7m every 5m x3`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// How.
    pub by: Reach,
    /// So long after the step.
    pub after: Span,
    /// And again at this distance.
    #[serde(default)]
    pub every: Option<Span>,
    /// So often in all; 1 without `every`.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// A way to reach somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// A text message.
    Text,
    /// A phone call.
    Call,
    /// A mail.
    Mail,
    /// A message in Webex, one to one.
    Webex,
}

/// One attempt to reach a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How.
    pub by: Reach,
    /// The number or the address.
    pub to: String,
    /// So long after the step.
    pub after: SignedDuration,
}

// Numbers are for no log.
impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt").field("by", &self.by).field("after", &self.after).finish_non_exhaustive()
    }
}

/// Some people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// What people call it; its name if absent.
    #[serde(default)]
    pub label: Option<String>,
    /// Ids of people.
    pub members: Vec<String>,
    /// Counts changes.
    #[serde(default)]
    pub version: u64,
}

/// Whom a target means at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who<'a> {
    /// The people, each once.
    pub people: Vec<&'a Person>,
    /// Why it isn't whom the target names: nobody was on duty, so the team stands in; or nobody is there at all.
    pub gap: Option<Gap>,
}

/// Why a target doesn't reach whom it names. This is an alarm of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Nobody is on duty in this rota; its team stands in, if it has one with people in it.
    NobodyOnDuty {
        /// The rota.
        rota: String,
        /// The team that stands in.
        instead: Option<String>,
    },
    /// There is no person, team or rota of this name, or nobody in it can be reached.
    Unknown {
        /// The target, in words.
        target: String,
    },
}

/// A time at which alerts wait: known work on something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// A random id.
    pub id: String,
    /// Sources of alerts; all if empty.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Only alerts whose subject holds this text, if given.
    #[serde(default)]
    pub about: Option<String>,
    /// From then.
    pub from: Timestamp,
    /// Until then, exclusive.
    pub until: Timestamp,
    /// Why, for people.
    pub why: String,
}

/// Who takes turns at being on duty: layers, of which a later one goes before an earlier one where it has somebody, and
/// overrides, which go before all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rota {
    /// Its name.
    pub name: String,
    /// What people call it; its name if absent.
    #[serde(default)]
    pub label: Option<String>,
    /// The zone in which its hand-over times are.
    pub timezone: String,
    /// The team that stands in when nobody is on duty.
    #[serde(default)]
    pub team: Option<String>,
    /// Layers, the weakest first.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// Exceptions; the last one that holds counts.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// Days that count as holidays: `2026-12-25`.
    #[serde(default)]
    pub holidays: Vec<jiff::civil::Date>,
    /// Counts changes.
    #[serde(default)]
    pub version: u64,
}

/// People who take turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Ids of people, in their order.
    pub people: Vec<String>,
    /// How long a turn is.
    #[serde(default)]
    pub turn: Turn,
    /// The day on which the first person's first turn begins.
    pub starts: jiff::civil::Date,
    /// The time of day at which the turn changes: `08:00`.
    #[serde(default = "midnight")]
    pub hand_over: jiff::civil::Time,
    /// Only at these times, in the rota's zone; always, if absent.
    #[serde(default)]
    pub hours: Option<crate::config::Hours>,
    /// Only on such days.
    #[serde(default)]
    pub on: Days,
}

fn midnight() -> jiff::civil::Time {
    jiff::civil::Time::midnight()
}

/// How long a turn is. Turns are counted in days of the calendar, so that a hand-over stays at its time of day when the
/// clocks change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// A day.
    Daily,
    /// A week, from the weekday of the layer's first day.
    #[default]
    Weekly,
    /// So many days.
    Days(u32),
    /// So many hours from the first hand-over; hours of the clock on the wall.
    Hours(u32),
}

/// On which days a layer holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Days {
    /// Always.
    #[default]
    All,
    /// Only on holidays.
    Holidays,
    /// Never on holidays.
    Workdays,
}

/// Somebody stands in, or nobody is on duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// From then.
    pub from: Timestamp,
    /// Until then, exclusive.
    pub until: Timestamp,
    /// Who; nobody, if absent.
    pub person: Option<String>,
    /// Only what this person would have had: a swap takes one person's turns, not the whole time.
    #[serde(default)]
    pub instead_of: Option<String>,
    /// Who said so, for people.
    #[serde(default)]
    pub by: Option<String>,
}
