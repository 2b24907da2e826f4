//! An incident: one run of a plan, from the event that opens it until it is over.

pub mod command;
pub mod decide;
mod entry;
mod outcome;
mod schedule;
pub mod summary;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use outcome::EventOutcome;
pub use schedule::next_step_at;

use crate::alert::{Alert, Hold};
use crate::button::Gesture;
use crate::occupancy::zone::Level;

/// The subject of an incident, and the name of its partition in the table: `button:green`.
///
/// A subject has one incident at a time, so the subject of an event tells where its incident is stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subject(String);

/// Kind of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Presses of a button.
    Button,
    /// A full zone.
    Zone,
    /// Zones of a site that run the same plan and whose counts are unknown.
    SilentSite,
    /// A customer who waits for an answer.
    Waiting,
    /// Trouble that a monitoring system or a person reported.
    Alert,
    /// A message that Handbell sends automatically, outside of any incident: a code for a new phone number.
    Notice,
    /// A conversation between a customer and a team. It is no incident, but its dispatches are stored in the same way.
    Customer,
}

impl Subject {
    /// Returns the subject of a button's presses.
    pub fn button(name: &str) -> Self {
        Self(format!("button:{name}"))
    }

    /// Returns the subject of a zone.
    pub fn zone(name: &str) -> Self {
        Self(format!("zone:{name}"))
    }

    /// Returns the subject of a site whose counts are unknown, for the people of one plan.
    pub fn silent_site(site: &str, plan: &str) -> Self {
        Self(format!("silence:{site}~{plan}"))
    }

    /// Returns the subject of the conversation with one customer on a line. It doesn't contain the address (a phone number, or
    /// `mail:` and an address), since subjects reach logs and the addresses of callbacks. There are so few phone numbers that a
    /// digest alone could be tried out, hence the `key`.
    pub fn customer(key: &str, line: &str, address: &str) -> Self {
        let digest = Sha256::digest(format!("customer\0{key}\0{line}\0{address}"));
        Self(format!(
            "customer:{line}~{}",
            digest.iter().take(16).map(|byte| sign(*byte)).collect::<String>()
        ))
    }

    /// Returns the subject of a customer's waiting, given the subject of the customer.
    pub fn waiting(customer: &Subject) -> Self {
        Self(format!("waiting:{}", customer.name()))
    }

    /// Returns the subject of trouble that a source reports; `key` identifies the problem. The key may contain anything from a
    /// mail, so the subject contains only its digest.
    pub fn alert(source: &str, key: &str) -> Self {
        let digest = Sha256::digest(format!("alert\0{source}\0{key}"));
        Self(format!("alert:{source}~{}", digest.iter().take(16).map(|byte| sign(*byte)).collect::<String>()))
    }

    /// Returns the subject of what Handbell sends to one address automatically.
    pub fn notice(address: &str) -> Self {
        let digest = Sha256::digest(format!("notice\0{address}"));
        Self(format!("notice:~{}", digest.iter().take(16).map(|byte| sign(*byte)).collect::<String>()))
    }

    /// Returns the source, for the subject of an alert.
    pub fn source(&self) -> Option<&str> {
        (self.kind() == Kind::Alert).then(|| self.name().split('~').next())?
    }

    /// Returns the line, for the subject of a customer.
    pub fn line(&self) -> Option<&str> {
        matches!(self.kind(), Kind::Customer | Kind::Waiting).then(|| self.name().split('~').next())?
    }

    /// Parses what [`Subject::as_str`] returned.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let known = match kind {
            "button" | "zone" => !name.is_empty(),
            "silence" | "waiting" | "customer" | "alert" | "notice" => name.split_once('~').is_some(),
            _ => false,
        };
        known.then(|| Self(text.to_owned()))
    }

    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        match self.0.split_once(':') {
            Some(("zone", _)) => Kind::Zone,
            Some(("silence", _)) => Kind::SilentSite,
            Some(("waiting", _)) => Kind::Waiting,
            Some(("customer", _)) => Kind::Customer,
            Some(("alert", _)) => Kind::Alert,
            Some(("notice", _)) => Kind::Notice,
            _ => Kind::Button,
        }
    }

    /// Returns the part after the kind: the name in the configuration.
    pub fn name(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, name)| name)
    }

    /// Returns the name of the entry in the configuration: a button, a zone, a site, a line or a source.
    pub fn own_name(&self) -> &str {
        self.name().split('~').next().unwrap_or_default()
    }

    /// Returns the site and the plan, for the subject of a silence.
    pub fn silent(&self) -> Option<(&str, &str)> {
        self.0.strip_prefix("silence:")?.split_once('~')
    }

    /// Returns the subject as it is stored in the table.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Phase of an incident. The last three are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The incident escalates.
    Open,
    /// Somebody has it.
    Acknowledged,
    /// It is done.
    Resolved,
    /// It was nothing.
    Cancelled,
    /// Nothing happened for the plan's `reset_after`.
    Lapsed,
}

impl Phase {
    /// Returns true if nothing changes any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Resolved | Self::Cancelled | Self::Lapsed)
    }
}

/// Who did something and when, as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    /// `+352691496401 by phone`, `the button green`.
    pub who: String,
    /// When it happened.
    pub at: Timestamp,
}

/// State of a subject's latest incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its subject.
    pub subject: Subject,
    /// Number of the incident within its subject, from 1.
    pub epoch: u64,
    /// Version of the row. A write requires the latest one (optimistic locking).
    pub version: u64,
    /// Its phase.
    pub phase: Phase,
    /// The plan's name.
    pub plan: String,
    /// Hash of the plan as it was when the incident opened.
    pub plan_hash: String,
    /// Number of presses or reports in this incident: 1..N. For a zone, the number of devices when it was last reported.
    pub count: u64,
    /// The last step taken, from 1; 0 before the first. This is the escalation counter.
    pub step: u32,
    /// When the last step was taken.
    pub step_at: Timestamp,
    /// Number of the last dispatch that took a step and posts. A later step's post waits for it.
    pub step_dispatch: u32,
    /// When the incident opened.
    pub opened_at: Timestamp,
    /// Time of the last activity.
    pub heard_at: Timestamp,
    /// The button's last gesture that came without an id, to recognise a bounce. It may be later than the end of the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_gesture: Option<LastGesture>,
    /// Who has the incident.
    pub taken_by: Option<Attribution>,
    /// Number of dispatches that were written in this incident.
    pub dispatches: u32,
    /// Dispatches up to this number are cancelled: an acknowledgement or an end cancelled what they had not yet sent.
    pub cancelled_up_to: u32,
    /// Incidents of the subject up to this epoch were ended by a command: what they had not yet sent is cancelled.
    pub cancelled_epochs: u64,
    /// When the incident has to be processed again; none only when it is over.
    pub wake_at: Option<Timestamp>,
    /// What the incident of a zone knows in addition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupancy: Option<ZoneState>,
    /// Name shown to people when the incident opened, if it differs from the subject's: the label of a button or a zone, the title of
    /// an alert, a customer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What the incident of an alert knows in addition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Box<Alert>>,
    /// What people did so far, as far as the rules need it.
    #[serde(default, skip_serializing_if = "Responses::is_empty")]
    pub responses: Responses,
}

/// A button's last gesture that came without an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastGesture {
    /// How the button was pressed.
    pub gesture: Gesture,
    /// When the message came.
    pub at: Timestamp,
    /// When the button was pressed: as it reported, or else when the message came.
    pub pressed_at: Timestamp,
}

/// What people did so far in an incident, as far as the rules need it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responses {
    /// Acknowledgements, where more than one is needed or the person is in the roster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acks: Vec<Ack>,
    /// People who said "I can't": ids, or names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cannot: Vec<String>,
    /// Number of restarts of the plan.
    #[serde(default, skip_serializing_if = "crate::is_zero")]
    pub round: u32,
    /// The round from which the plan's own restarts are counted: that of the last restart by a repeated alert.
    #[serde(default, skip_serializing_if = "crate::is_zero")]
    pub again_from: u32,
    /// The hold during which phones stay silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// End of the snooze.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Timestamp>,
    /// When the person who has the incident last acknowledged or confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// When that person was asked whether they still have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// Number of the last dispatch that shows the incident's card.
    #[serde(default, skip_serializing_if = "crate::is_zero")]
    pub card: u32,
    /// The first person who had the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Attribution>,
}

impl Responses {
    /// Returns true if the plan may restart once more automatically, with this number of its own restarts.
    pub(crate) fn has_restart_left(&self, times: u32) -> bool {
        self.round.saturating_sub(self.again_from) < times
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An acknowledgement: somebody said "I have it".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Id in the roster, if the person is in it.
    pub person: Option<String>,
    /// Who and when.
    pub by: Attribution,
    /// Teams of which the person is a member.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
}

/// What the incident of a zone knows in addition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneState {
    /// The level that was reported last.
    pub level: Level,
    /// Number of devices at which the zone is full.
    pub capacity: Option<u32>,
    /// End of the snooze.
    pub snoozed_until: Option<Timestamp>,
    /// Number of the dispatch whose card people look at. Later posts about it appear under it.
    pub card: u32,
    /// How often people answered "Not busy" for this zone, in all its incidents.
    pub false_alarms: u32,
}

impl Incident {
    /// Returns true if this dispatch of the subject may not begin anything any more, since an acknowledgement or an end came first.
    pub fn cancels(&self, epoch: u64, number: u32) -> bool {
        if epoch == self.epoch { number <= self.cancelled_up_to } else { epoch <= self.cancelled_epochs }
    }

    /// Returns the reference that people see: `H-7K3Q`.
    pub fn reference(&self) -> String {
        reference(&self.subject, self.epoch)
    }

    /// Returns the number that people text back to name the incident.
    pub fn number(&self) -> u16 {
        number(&self.subject, self.epoch)
    }
}

/// Returns the number that people text back to name an incident, from 100 to 999. Two incidents may share one; then only the
/// reference tells them apart.
pub fn number(subject: &Subject, epoch: u64) -> u16 {
    let digest = Sha256::digest(format!("number {}#{epoch}", subject.as_str()));
    100 + u16::from_be_bytes([digest[0], digest[1]]) % 900
}

/// Returns the reference of an incident, made from its subject and epoch: four of 32 characters that aren't mistaken for each
/// other.
pub fn reference(subject: &Subject, epoch: u64) -> String {
    let digest = Sha256::digest(format!("{}#{epoch}", subject.as_str()));
    format!("H-{}", digest.iter().take(4).map(|byte| sign(*byte)).collect::<String>())
}

/// Returns one of 32 characters that aren't mistaken for each other.
fn sign(byte: u8) -> char {
    const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    SIGNS[usize::from(byte & 31)] as char
}
