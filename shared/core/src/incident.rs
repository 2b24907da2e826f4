//! An incident: a plan running once, from the first press until it is over.

pub mod command;
pub mod decide;
mod outcome;
mod schedule;
pub mod summary;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use outcome::Outcome;
pub use schedule::next_step_at;

use crate::alert::{Alert, Hold};
use crate::occupancy::zone::Level;

/// What an incident is about, and the name of its partition in the table: `button:green`.
///
/// A subject has one incident at a time, so whoever knows what an event is about knows where its incident lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subject(String);

/// What kind of thing an incident is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody presses a button.
    Button,
    /// A zone is full.
    Zone,
    /// Nothing is known of a site's zones that run the same plan.
    Silence,
    /// A customer whom nobody answers.
    Waiting,
    /// A monitoring system or a person reported trouble.
    Alert,
    /// Something that Handbell says by itself, outside of any incident: a code for a new phone number.
    Notice,
    /// What is said between a customer and a team: no incident, but its dispatches lie in the same way.
    Customer,
}

impl Subject {
    /// The subject of a button's presses.
    pub fn button(name: &str) -> Self {
        Self(format!("button:{name}"))
    }

    /// The subject of a zone's crowds.
    pub fn zone(name: &str) -> Self {
        Self(format!("zone:{name}"))
    }

    /// The subject of a site that says nothing, for the people of one plan.
    pub fn silence(site: &str, plan: &str) -> Self {
        Self(format!("silence:{site}~{plan}"))
    }

    /// The subject of what is said with one customer on a line. The address (a phone number, or `mail:` and an address)
    /// doesn't stand in it: subjects reach logs and addresses of callbacks. There are so few numbers that a digest alone
    /// could be tried out, hence the `key`.
    pub fn customer(key: &str, line: &str, address: &str) -> Self {
        let digest = Sha256::digest(format!("customer\0{key}\0{line}\0{address}"));
        Self(format!(
            "customer:{line}~{}",
            digest.iter().take(16).map(|byte| sign(*byte)).collect::<String>()
        ))
    }

    /// The subject of a customer's waiting; of the customer's own subject.
    pub fn waiting(customer: &Subject) -> Self {
        Self(format!("waiting:{}", customer.name()))
    }

    /// The subject of trouble that a source reports; `key` says what it is about. The key may hold anything that a mail
    /// says, so only its digest stands here.
    pub fn alert(source: &str, key: &str) -> Self {
        let digest = Sha256::digest(format!("alert\0{source}\0{key}"));
        Self(format!("alert:{source}~{}", digest.iter().take(16).map(|byte| sign(*byte)).collect::<String>()))
    }

    /// The subject of what Handbell says to one address by itself.
    pub fn notice(address: &str) -> Self {
        let digest = Sha256::digest(format!("notice\0{address}"));
        Self(format!("notice:~{}", digest.iter().take(16).map(|byte| sign(*byte)).collect::<String>()))
    }

    /// The source of an alert's subject.
    pub fn source(&self) -> Option<&str> {
        (self.kind() == Kind::Alert).then(|| self.name().split('~').next())?
    }

    /// The line of a customer's subject.
    pub fn line(&self) -> Option<&str> {
        matches!(self.kind(), Kind::Customer | Kind::Waiting).then(|| self.name().split('~').next())?
    }

    /// Reads back what [`Subject::as_str`] gave.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let known = match kind {
            "button" | "zone" => !name.is_empty(),
            "silence" | "waiting" | "customer" | "alert" | "notice" => name.split_once('~').is_some(),
            _ => false,
        };
        known.then(|| Self(text.to_owned()))
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match self.0.split_once(':') {
            Some(("zone", _)) => Kind::Zone,
            Some(("silence", _)) => Kind::Silence,
            Some(("waiting", _)) => Kind::Waiting,
            Some(("customer", _)) => Kind::Customer,
            Some(("alert", _)) => Kind::Alert,
            Some(("notice", _)) => Kind::Notice,
            _ => Kind::Button,
        }
    }

    /// What stands behind the kind: the name in the configuration.
    pub fn name(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, name)| name)
    }

    /// The site and the plan of a silence.
    pub fn silent(&self) -> Option<(&str, &str)> {
        self.0.strip_prefix("silence:")?.split_once('~')
    }

    /// As it stands in the table.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where an incident stands. The last three are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// It climbs.
    Open,
    /// Somebody has it.
    Acknowledged,
    /// It is done.
    Resolved,
    /// It was nothing.
    Cancelled,
    /// Nothing was heard for the plan's `reset_after`.
    Lapsed,
}

impl Phase {
    /// Nothing changes any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Resolved | Self::Cancelled | Self::Lapsed)
    }
}

/// Who did something, as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// `+352691496401 by phone`, `the button green`.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// The state of a subject's latest incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// What it is about.
    pub subject: Subject,
    /// Which incident of the subject this is, from 1.
    pub epoch: u64,
    /// Counts every change; whoever writes must have read the latest.
    pub version: u64,
    /// Where it stands.
    pub phase: Phase,
    /// The plan's name.
    pub plan: String,
    /// The plan as it stood when the incident opened.
    pub plan_hash: String,
    /// How often the button was pressed in this incident: 1..N. Of a zone: how many devices there were when it was last told.
    pub count: u64,
    /// The last step taken, from 1; 0 before the first. This is the escalation counter.
    pub step: u32,
    /// When the last step was taken.
    pub step_at: Timestamp,
    /// The last dispatch that took a step and posts; a later step's post waits for it.
    pub step_dispatch: u32,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When something was last heard of it.
    pub heard_at: Timestamp,
    /// The last press that came without an id, for telling a bounce.
    pub bounce_at: Option<Timestamp>,
    /// Who has it.
    pub taken_by: Option<By>,
    /// How many dispatches were written in this incident.
    pub dispatches: u32,
    /// Dispatches up to this number are cancelled: an acknowledgement or an end cancelled what they had not yet sent.
    pub cancelled_up_to: u32,
    /// Incidents of the subject up to this epoch ended by somebody's word: what they had not yet said stays unsaid.
    pub cancelled_epochs: u64,
    /// When the incident has to be looked at again; none only when it is over.
    pub wake_at: Option<Timestamp>,
    /// What a zone's incident knows besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crowd: Option<Crowd>,
    /// What it is about is called so, where the configuration can't tell: a customer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What an alert's incident knows besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Box<Alert>>,
    /// Who said what so far, as far as the rules need it.
    #[serde(default, skip_serializing_if = "Duty::is_empty")]
    pub duty: Duty,
}

/// Who said what so far, as far as the rules need it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// Who said "I have it", where more than one has to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acks: Vec<Ack>,
    /// Who said "I can't": ids of people, or names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cannot: Vec<String>,
    /// How often the plan began again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub round: u32,
    /// Phones stay silent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Nobody wants to hear of it until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Timestamp>,
    /// Since when it is known that whoever has it still has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// When they were asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// The last dispatch that shows the incident's card.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub card: u32,
    /// The first who had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<By>,
}

impl Duty {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Somebody said "I have it".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The id in the roster, if it is somebody there.
    pub person: Option<String>,
    /// Who and when.
    pub by: By,
    /// The teams that they stand for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
}

/// What a zone's incident knows besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crowd {
    /// The level that was told last.
    pub level: Level,
    /// How many the zone holds.
    pub capacity: Option<u32>,
    /// Nobody wants to hear of it until then.
    pub snoozed_until: Option<Timestamp>,
    /// The dispatch whose card people look at; what is said of it stands under it.
    pub card: u32,
    /// How often people said "Not busy" of this zone, in all its incidents.
    pub false_alarms: u32,
}

impl Incident {
    /// True when this dispatch of the subject may not begin anything any more: an acknowledgement or an end came first.
    pub fn cancels(&self, epoch: u64, number: u32) -> bool {
        if epoch == self.epoch { number <= self.cancelled_up_to } else { epoch <= self.cancelled_epochs }
    }

    /// The short name that people see: `H-7K3Q`.
    pub fn reference(&self) -> String {
        reference(&self.subject, self.epoch)
    }

    /// What people text back to name it.
    pub fn number(&self) -> u16 {
        number(&self.subject, self.epoch)
    }
}

/// What people text back to name an incident, from 100 to 999. Two of them may share one; then only the short name will do.
pub fn number(subject: &Subject, epoch: u64) -> u16 {
    let digest = Sha256::digest(format!("number {}#{epoch}", subject.as_str()));
    100 + u16::from_be_bytes([digest[0], digest[1]]) % 900
}

/// The short name of an incident, made from its subject and epoch; four of 32 signs that aren't mistaken for each other.
pub fn reference(subject: &Subject, epoch: u64) -> String {
    let digest = Sha256::digest(format!("{}#{epoch}", subject.as_str()));
    format!("H-{}", digest.iter().take(4).map(|byte| sign(*byte)).collect::<String>())
}

/// One of 32 signs that aren't mistaken for each other.
fn sign(byte: u8) -> char {
    const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    SIGNS[usize::from(byte & 31)] as char
}
