//! Every key and attribute of the table. Nothing else in the project knows how a row is named.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use handbell_core::delivery::DispatchKey;
use handbell_core::incident::{Kind, Subject};
use jiff::Timestamp;

/// A row.
pub type Row = HashMap<String, AttributeValue>;

/// The sparse index of rows that are due: `due_shard` and `due_ms`, keys only.
pub const DUE: &str = "due";
/// How many partitions the index has; the owner's hash chooses one.
pub const SHARDS: u8 = 16;
/// Rows of an incident are kept this long after their last change.
pub const KEPT_SECONDS: i64 = 400 * 86_400;

/// The partition of people, teams, rotas and maintenance.
pub const ROSTER: &str = "ROSTER";
/// How the rows of people begin.
pub const PERSON: &str = "PERSON#";
/// How the rows of teams begin.
pub const TEAM: &str = "TEAM#";
/// How the rows of rotas begin.
pub const ROTA: &str = "ROTA#";
/// How the rows of maintenance begin.
pub const MAINTENANCE: &str = "MAINT#";

/// Where a row lies, as a message on the queue names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct RowKey {
    /// Partition.
    pub pk: String,
    /// Row in the partition.
    pub sk: String,
}

/// What a due row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// An incident that wants to be looked at.
    Incident(Subject),
    /// Deliveries that want to be made.
    Dispatch(DispatchKey),
    /// A button on a card that was pressed; no row, the queue alone holds it.
    Card {
        /// The action's id.
        action: String,
        /// How often it was tried to read it.
        tries: u32,
    },
    /// A message of Webex's that we heard of and have yet to read; no row, the queue alone holds it.
    Heard {
        /// Its id.
        message: String,
        /// The space.
        room: String,
        /// How often it was tried to read it.
        tries: u32,
    },
    /// A message of Webex's that was changed or deleted; no row, the queue alone holds it.
    Changed {
        /// Its id.
        message: String,
        /// The space.
        room: String,
        /// Who did it.
        person: String,
        /// It is gone.
        deleted: bool,
        /// How often it was tried to deal with it.
        tries: u32,
    },
}

impl RowKey {
    /// `INC#button:green / META`: the state of the subject's latest incident. `CONV#customer:support~… / META`: the state of
    /// a conversation.
    pub fn incident(subject: &Subject) -> Self {
        Self { pk: partition(subject), sk: "META".into() }
    }

    /// `INC#button:green / IN#key`: an event that was already handled.
    pub fn event(subject: &Subject, key: &str) -> Self {
        Self { pk: partition(subject), sk: format!("IN#{key}") }
    }

    /// `SENDER#+12025550123 / SENDER`: what a customer's number has told all of our lines.
    pub fn sender(number: &str) -> Self {
        Self { pk: format!("SENDER#{number}"), sk: "SENDER".into() }
    }

    /// `ROOM#id / ROOM`: whose space this is.
    pub fn room(room: &str) -> Self {
        Self { pk: format!("ROOM#{room}"), sk: "ROOM".into() }
    }

    /// `LINE#support / LINE`: what is remembered of a line: who was asked last, up to when its texts were fetched.
    pub fn line(name: &str) -> Self {
        Self { pk: format!("LINE#{name}"), sk: "LINE".into() }
    }

    /// `HOOKS / HOOKS`: our webhooks at Webex were off, and what was missed is still to be fetched.
    pub fn hooks() -> Self {
        Self { pk: "HOOKS".into(), sk: "HOOKS".into() }
    }

    /// `MAIL#name / MAIL`: what became of a mail, by its identity, its Message-ID or where it lies in the bucket. A key holds
    /// 2048 bytes; whatever goes beyond is no Message-ID.
    pub fn mail(name: &str) -> Self {
        Self { pk: format!("MAIL#{}", name.chars().take(400).collect::<String>()), sk: "MAIL".into() }
    }

    /// `MAILBOX#demo / LEASE`: who reads a mailbox at the moment.
    pub fn mailbox_lease(source: &str) -> Self {
        Self { pk: format!("MAILBOX#{source}"), sk: "LEASE".into() }
    }

    /// `MAILBOX#demo / MARK`: up to where a mailbox was read.
    pub fn mailbox_mark(source: &str) -> Self {
        Self { pk: format!("MAILBOX#{source}"), sk: "MARK".into() }
    }

    /// `COUNT#what / COUNT`: something that is counted up to a limit.
    pub fn count(what: &str) -> Self {
        Self { pk: format!("COUNT#{what}"), sk: "COUNT".into() }
    }

    /// `INC#button:green / D#epoch#number`: the deliveries of one decision.
    pub fn dispatch(key: &DispatchKey) -> Self {
        Self { pk: partition(&key.subject), sk: format!("D#{:010}#{:06}", key.epoch, key.number) }
    }

    /// `SPACE#name / SPACE`: a Webex space and its id.
    pub fn space(name: &str) -> Self {
        Self { pk: format!("SPACE#{name}"), sk: "SPACE".into() }
    }

    /// `PLAN#hash / PLAN`: a plan as it stood when an incident opened with it.
    pub fn plan(hash: &str) -> Self {
        Self { pk: format!("PLAN#{hash}"), sk: "PLAN".into() }
    }

    /// `REF#H-7K3Q / REF`: which incident people mean by this name.
    pub fn reference(reference: &str) -> Self {
        Self { pk: format!("REF#{reference}"), sk: "REF".into() }
    }

    /// `LOG#2026-11 / milliseconds#H-7K3Q`: what is remembered of an incident that is over, by when it opened (UTC).
    pub fn log(opened: Timestamp, reference: &str) -> Self {
        let month = opened.strftime("%Y-%m");
        Self { pk: format!("LOG#{month}"), sk: format!("{:015}#{reference}", opened.as_millisecond()) }
    }

    /// `POLL / LEASE`: who polls the sites at the moment.
    pub fn poll() -> Self {
        Self { pk: "POLL".into(), sk: "LEASE".into() }
    }

    /// `SITE#main / NOW`: what is remembered of a site from poll to poll.
    pub fn site(name: &str) -> Self {
        Self { pk: format!("SITE#{name}"), sk: "NOW".into() }
    }

    /// `COUNTS#main / 2026-11-21T14:35:00Z`: the counts of all zones of a site in each of a few minutes.
    pub fn counts(site: &str, start: Timestamp) -> Self {
        Self { pk: format!("COUNTS#{site}"), sk: start.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() }
    }

    /// `SEEN#main / milliseconds#digest`: which devices a message told of.
    pub fn seen(site: &str, at: Timestamp, digest: &str) -> Self {
        Self { pk: format!("SEEN#{site}"), sk: format!("{:015}#{digest}", at.as_millisecond()) }
    }

    /// `ROSTER / PERSON#dana`: somebody who can be reached. The whole roster is one partition, so that it is one read.
    pub fn person(id: &str) -> Self {
        Self { pk: ROSTER.into(), sk: format!("{PERSON}{id}") }
    }

    /// `ROSTER / TEAM#ops`: some people.
    pub fn team(name: &str) -> Self {
        Self { pk: ROSTER.into(), sk: format!("{TEAM}{name}") }
    }

    /// `ROSTER / ROTA#ops`: who takes turns.
    pub fn rota(name: &str) -> Self {
        Self { pk: ROSTER.into(), sk: format!("{ROTA}{name}") }
    }

    /// `ROSTER / MAINT#id`: a time at which alerts wait.
    pub fn maintenance(id: &str) -> Self {
        Self { pk: ROSTER.into(), sk: format!("{MAINTENANCE}{id}") }
    }

    /// `CODE#+12025550111 / CODE`: what is kept of the code that is to prove whose this is.
    pub fn code(address: &str) -> Self {
        Self { pk: format!("CODE#{address}"), sk: "CODE".into() }
    }

    /// `PAGED#+12025550111 / mail:duty#epoch`: an incident that this phone was told of.
    pub fn paged(number: &str, subject: &Subject, epoch: u64) -> Self {
        Self { pk: format!("PAGED#{number}"), sk: format!("{}#{epoch:010}", subject.as_str()) }
    }

    /// A button on a card was pressed: a queue message that stands for itself.
    pub fn card(action: &str, tries: u32) -> Self {
        Self { pk: format!("CARD#{action}"), sk: tries.to_string() }
    }

    /// A message of Webex's that we heard of: a queue message that stands for itself.
    pub fn heard(message: &str, room: &str, tries: u32) -> Self {
        Self { pk: format!("HEARD#{message}"), sk: format!("{tries}#{room}") }
    }

    /// A message of Webex's was changed or deleted: a queue message that stands for itself.
    pub fn changed(message: &str, (room, person): (&str, &str), deleted: bool, tries: u32) -> Self {
        let what = if deleted { "deleted" } else { "changed" };
        Self { pk: format!("CHANGED#{message}"), sk: format!("{tries}#{what}#{room}#{person}") }
    }

    /// What is due here; none for rows that are never due.
    pub fn due(&self) -> Option<Due> {
        if let Some(message) = self.pk.strip_prefix("CHANGED#") {
            let mut parts = self.sk.splitn(4, '#');
            let (tries, what) = (parts.next()?.parse().ok()?, parts.next()?);
            return Some(Due::Changed {
                message: message.to_owned(),
                room: parts.next()?.to_owned(),
                person: parts.next()?.to_owned(),
                deleted: what == "deleted",
                tries,
            });
        }
        if let Some(message) = self.pk.strip_prefix("HEARD#") {
            let (tries, room) = self.sk.split_once('#')?;
            return Some(Due::Heard {
                message: message.to_owned(),
                room: room.to_owned(),
                tries: tries.parse().ok()?,
            });
        }
        if let Some(action) = self.pk.strip_prefix("CARD#") {
            return Some(Due::Card { action: action.to_owned(), tries: self.sk.parse().ok()? });
        }
        let subject = Subject::parse(self.pk.strip_prefix("INC#").or(self.pk.strip_prefix("CONV#"))?)?;
        if partition(&subject) != self.pk {
            return None;
        }
        if self.sk == "META" {
            return Some(Due::Incident(subject));
        }
        let (epoch, number) = self.sk.strip_prefix("D#")?.split_once('#')?;
        Some(Due::Dispatch(DispatchKey { subject, epoch: epoch.parse().ok()?, number: number.parse().ok()? }))
    }

    /// The key as attributes.
    pub fn row(&self) -> Row {
        HashMap::from([("pk".to_owned(), text(&self.pk)), ("sk".to_owned(), text(&self.sk))])
    }
}

fn partition(subject: &Subject) -> String {
    let prefix = if subject.kind() == Kind::Customer { "CONV" } else { "INC" };
    format!("{prefix}#{}", subject.as_str())
}

/// The partition of the index in which a subject's rows stand: FNV-1a of its name, so that it never changes.
pub fn shard(subject: &Subject) -> String {
    let hash = subject.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    shard_name((hash % u64::from(SHARDS)) as u8)
}

/// The name of a partition of the index.
pub fn shard_name(number: u8) -> String {
    format!("due#{number}")
}

/// Puts a row into the index of due rows, or takes it out.
pub fn set_due(row: &mut Row, subject: &Subject, due: Option<Timestamp>) {
    if let Some(due) = due {
        row.insert("due_shard".into(), text(&shard(subject)));
        row.insert("due_ms".into(), number(due.as_millisecond()));
    }
}

/// When a row may be forgotten, in epoch seconds as the table's TTL wants them.
pub fn set_expiry(row: &mut Row, at: Timestamp, seconds: i64) {
    row.insert("expires_at".into(), number(at.as_second() + seconds));
}

pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
