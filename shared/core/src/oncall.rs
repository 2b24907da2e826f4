//! The roster and the on-call schedule: people, teams and rotas, as they are stored in the table.

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

use crate::address::{E164, EmailAddress};
use crate::config::Span;

pub use attempts::MOST_ATTEMPTS;
pub use current::OnCall;
pub use problems::{RotaProblem, is_name};
pub use rules::{BadRule, parse_rules, rules_text};
pub use shifts::Shift;
pub use timetable::OnCallReason;

/// The people, teams and rotas in which a plan's targets are looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// People by id.
    pub people: BTreeMap<String, Person>,
    /// Teams by name.
    pub teams: BTreeMap<String, Team>,
    /// Rotas by name.
    pub rotas: BTreeMap<String, Rota>,
    /// Maintenance windows, in which alerts of some sources wait.
    pub maintenance: Vec<Maintenance>,
}

/// A person who can be reached.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Short, stable id: `dana`.
    pub id: String,
    /// Name shown to people.
    pub name: String,
    /// Address in Webex and for mail.
    #[serde(default)]
    pub email: Option<Contact<EmailAddress>>,
    /// Phones, the preferred one first.
    #[serde(default)]
    pub phones: Vec<Contact<E164>>,
    /// The language in which calls are spoken, such as `en-US`.
    #[serde(default)]
    pub language: Option<String>,
    /// IANA name of the time zone, if it isn't the configuration's.
    #[serde(default)]
    pub timezone: Option<String>,
    /// How this person wants to be reached. If empty, [`Person::attempts`] uses a default.
    #[serde(default)]
    pub rules: Vec<ContactRule>,
    /// Version of the row. A write requires the latest one (optimistic locking).
    #[serde(default)]
    pub version: u64,
}

// People's names and numbers must not reach logs.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A phone number or a mail address. It is used only once it is verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact<A> {
    /// The number or the address.
    pub address: A,
    /// Since when it is known to belong to this person.
    #[serde(default)]
    pub verified_at: Option<Timestamp>,
}

/// One of a person's contact rules: `text`, `call after 2m`, `call after 7m every 5m x3`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRule {
    /// How the person is reached.
    pub by: ContactMethod,
    /// Time after the step.
    pub after: Span,
    /// Time between two attempts of this rule.
    #[serde(default)]
    pub every: Option<Span>,
    /// Number of attempts in all; 1 without `every`.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// A way to reach somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContactMethod {
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// How and where the person is reached.
    pub to: AttemptAddress,
    /// Time after the step.
    pub after: SignedDuration,
}

/// How and where an attempt reaches a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptAddress {
    /// A text message to a number.
    Text(E164),
    /// A phone call to a number.
    Call(E164),
    /// A mail to an address.
    Mail(EmailAddress),
    /// A message in Webex to the person with an address.
    Webex(EmailAddress),
}

/// A team: some people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// Name shown to people; `name` if absent.
    #[serde(default)]
    pub label: Option<String>,
    /// Ids of people.
    pub members: Vec<String>,
    /// Version of the row. A write requires the latest one (optimistic locking).
    #[serde(default)]
    pub version: u64,
}

/// The people whom a target names at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetPeople<'a> {
    /// The people, each once.
    pub people: Vec<&'a Person>,
    /// Why these aren't the people whom the target names: nobody was on call, so the team takes their place; or nobody is there at
    /// all.
    pub gap: Option<Gap>,
}

/// Why a target doesn't reach the people whom it names. A gap is reported to the admins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Nobody is on call in this rota. Its team takes their place, if it has one with people in it.
    NobodyOnDuty {
        /// The rota.
        rota: String,
        /// The team that takes their place.
        instead: Option<String>,
    },
    /// No person, team or rota has this name, or nobody in it can be reached.
    Unknown {
        /// The target, in words.
        target: String,
    },
}

/// A maintenance window: alerts wait because people work on something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// A random id.
    pub id: String,
    /// Sources whose alerts wait; all if empty.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Only alerts whose subject contains this text, if given.
    #[serde(default)]
    pub about: Option<String>,
    /// Start of the window.
    pub from: Timestamp,
    /// End of the window, exclusive.
    pub until: Timestamp,
    /// The reason, for people.
    pub why: String,
}

/// A rota: people who take turns at being on call. A later layer takes precedence over an earlier one where it has somebody.
/// Overrides take precedence over all layers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rota {
    /// Its name.
    pub name: String,
    /// Name shown to people; `name` if absent.
    #[serde(default)]
    pub label: Option<String>,
    /// The time zone of its hand-over times.
    pub timezone: String,
    /// The team that takes the place when nobody is on call.
    #[serde(default)]
    pub team: Option<String>,
    /// Layers, in ascending precedence.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// Exceptions. The last one that applies takes precedence.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// Days that count as holidays: `2026-12-25`.
    #[serde(default)]
    pub holidays: Vec<jiff::civil::Date>,
    /// Version of the row. A write requires the latest one (optimistic locking).
    #[serde(default)]
    pub version: u64,
}

/// A layer of a rota: people who take turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Ids of people, in the order of their turns.
    pub people: Vec<String>,
    /// Length of a turn.
    #[serde(default)]
    pub turn: Turn,
    /// The day on which the first person's first turn begins.
    pub starts: jiff::civil::Date,
    /// The time of day at which the turn changes: `08:00`.
    #[serde(default = "midnight")]
    pub hand_over: jiff::civil::Time,
    /// Hours at which the layer applies, in the rota's time zone unless they name another; always, if absent.
    #[serde(default)]
    pub hours: Option<crate::config::Hours>,
    /// Days on which the layer applies.
    #[serde(default)]
    pub on: Days,
}

fn midnight() -> jiff::civil::Time {
    jiff::civil::Time::midnight()
}

/// Length of a turn. Turns are counted in calendar days, so that a hand-over stays at its time of day when the clocks change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// A day.
    Daily,
    /// A week, from the weekday of the layer's first day.
    #[default]
    Weekly,
    /// This number of days.
    Days(u32),
    /// This number of hours from the first hand-over, in local time.
    Hours(u32),
}

/// The days on which a layer applies.
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

/// An override of the schedule: another person is on call, or nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Start of the override.
    pub from: Timestamp,
    /// End of the override, exclusive.
    pub until: Timestamp,
    /// The person on call; nobody, if absent.
    pub person: Option<String>,
    /// Applies only where this person is scheduled: a swap takes one person's turns, not the whole time.
    #[serde(default)]
    pub instead_of: Option<String>,
    /// Who made the override, for people.
    #[serde(default)]
    pub by: Option<String>,
}
