//! The keys of all rows in the table. No other code knows how a row is named.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use handbell_core::address::PhoneAddress;
use handbell_core::delivery::DispatchKey;
use handbell_core::incident::{Kind, Subject};
use handbell_core::vendor_id::RoomId;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// A row of the table, by attribute.
pub type Row = HashMap<String, AttributeValue>;

/// The sparse index of rows that are due: `due_shard` and `due_ms`, keys only.
pub const DUE: &str = "due";
/// Number of partitions of the index. The hash of the subject chooses one.
pub const SHARDS: u8 = 16;
/// How long the rows of an incident are kept after their last change.
pub const KEPT_SECONDS: i64 = 400 * 86_400;

/// Partition of people, teams, rotas and maintenance windows.
pub const ROSTER: &str = "ROSTER";
/// Prefix of the rows of people.
pub const PERSON: &str = "PERSON#";
/// Prefix of the rows of teams.
pub const TEAM: &str = "TEAM#";
/// Prefix of the rows of rotas.
pub const ROTA: &str = "ROTA#";
/// Prefix of the rows of maintenance windows.
pub const MAINTENANCE: &str = "MAINT#";

/// Primary key of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowKey {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// What a row contains that is due at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DueRow {
    /// The state of an incident or a conversation.
    State(Subject),
    /// A dispatch with deliveries to be made.
    Dispatch(DispatchKey),
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

    /// `SENDER#+12025550123 / SENDER`: the preferences of a customer's number, for all of our lines.
    pub fn sender(phone: &PhoneAddress) -> Self {
        Self { pk: format!("SENDER#{phone}"), sk: "SENDER".into() }
    }

    /// `ROOM#id / ROOM`: the conversation that a space belongs to.
    pub fn room(room: &RoomId) -> Self {
        Self { pk: format!("ROOM#{room}"), sk: "ROOM".into() }
    }

    /// `LINE#support / LINE`: the state of a line: who was asked last, and up to when its texts have been fetched.
    pub fn line(name: &str) -> Self {
        Self { pk: format!("LINE#{name}"), sk: "LINE".into() }
    }

    /// `HOOKS / HOOKS`: our webhooks at Webex were off, and the missed messages have yet to be fetched.
    pub fn hooks() -> Self {
        Self { pk: "HOOKS".into(), sk: "HOOKS".into() }
    }

    /// `HOOKS / READ`: the time up to which all customers' spaces have been read.
    pub fn spaces_read() -> Self {
        Self { pk: "HOOKS".into(), sk: "READ".into() }
    }

    /// `MAIL#name / MAIL`: the record of a mail, by its identity, its Message-ID or its key in the bucket. A partition
    /// key holds 2048 bytes, so the end of a name over 400 characters is replaced by the SHA-256 of the whole name.
    pub fn mail(name: &str) -> Self {
        let pk = match name.char_indices().nth(400) {
            Some((end, _)) => {
                let digest =
                    Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
                format!("MAIL#{}-{digest}", &name[..end])
            }
            None => format!("MAIL#{name}"),
        };
        Self { pk, sk: "MAIL".into() }
    }

    /// `MAILBOX#demo / LEASE`: the lease on reading a mailbox.
    pub fn mailbox_lease(source: &str) -> Self {
        Self { pk: format!("MAILBOX#{source}"), sk: "LEASE".into() }
    }

    /// `MAILBOX#demo / MARK`: how far a mailbox has been read.
    pub fn mailbox_mark(source: &str) -> Self {
        Self { pk: format!("MAILBOX#{source}"), sk: "MARK".into() }
    }

    /// `MAILBOX#demo / IDLE`: the last mails of a source that had no effect.
    pub fn idle_mails(source: &str) -> Self {
        Self { pk: format!("MAILBOX#{source}"), sk: "IDLE".into() }
    }

    /// `COUNT#what / COUNT`: a counter for a limit.
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

    /// `PLAN#hash / PLAN`: the version of a plan with which an incident opened.
    pub fn plan(hash: &str) -> Self {
        Self { pk: format!("PLAN#{hash}"), sk: "PLAN".into() }
    }

    /// `REF#H-7K3Q / REF`: the incident with this reference.
    pub fn reference(reference: &str) -> Self {
        Self { pk: format!("REF#{reference}"), sk: "REF".into() }
    }

    /// `LOG#2026-11 / milliseconds#H-7K3Q`: the summary of an incident that is over, by the time at which it opened
    /// (UTC).
    pub fn log(opened: Timestamp, reference: &str) -> Self {
        let month = opened.strftime("%Y-%m");
        Self { pk: format!("LOG#{month}"), sk: format!("{:015}#{reference}", opened.as_millisecond()) }
    }

    /// `POLL / LEASE`: the lease on polling the sites.
    pub fn poll() -> Self {
        Self { pk: "POLL".into(), sk: "LEASE".into() }
    }

    /// `SITE#main / NOW`: the state of a site, kept from poll to poll.
    pub fn site(name: &str) -> Self {
        Self { pk: format!("SITE#{name}"), sk: "NOW".into() }
    }

    /// `COUNTS#main / 2026-11-21T14:35:00Z`: the counts of all zones of a site for each of a few minutes.
    pub fn counts(site: &str, start: Timestamp) -> Self {
        Self { pk: format!("COUNTS#{site}"), sk: start.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() }
    }

    /// `SEEN#main / milliseconds#digest`: the devices that a message reported.
    pub fn seen(site: &str, at: Timestamp, digest: &str) -> Self {
        Self { pk: format!("SEEN#{site}"), sk: format!("{:015}#{digest}", at.as_millisecond()) }
    }

    /// `ROSTER / PERSON#dana`: a person. The whole roster is one partition, so that one query reads it.
    pub fn person(id: &str) -> Self {
        Self { pk: ROSTER.into(), sk: format!("{PERSON}{id}") }
    }

    /// `ROSTER / TEAM#ops`: a team.
    pub fn team(name: &str) -> Self {
        Self { pk: ROSTER.into(), sk: format!("{TEAM}{name}") }
    }

    /// `ROSTER / ROTA#ops`: a rota.
    pub fn rota(name: &str) -> Self {
        Self { pk: ROSTER.into(), sk: format!("{ROTA}{name}") }
    }

    /// `ROSTER / MAINT#id`: a maintenance window.
    pub fn maintenance(id: &str) -> Self {
        Self { pk: ROSTER.into(), sk: format!("{MAINTENANCE}{id}") }
    }

    /// `CODE#+12025550111 / CODE`: the code that verifies a contact.
    pub fn code(address: &str) -> Self {
        Self { pk: format!("CODE#{address}"), sk: "CODE".into() }
    }

    /// `PAGED#+12025550111 / mail:duty#epoch`: an incident that this phone was notified of.
    pub fn paged(number: &str, subject: &Subject, epoch: u64) -> Self {
        Self { pk: format!("PAGED#{number}"), sk: format!("{}#{epoch:010}", subject.as_str()) }
    }

    /// Returns what the row contains; `None` for rows that are never due.
    pub fn due(&self) -> Option<DueRow> {
        let subject = Subject::parse(self.pk.strip_prefix("INC#").or(self.pk.strip_prefix("CONV#"))?)?;
        if partition(&subject) != self.pk {
            return None;
        }
        if self.sk == "META" {
            return Some(DueRow::State(subject));
        }
        let (epoch, number) = self.sk.strip_prefix("D#")?.split_once('#')?;
        Some(DueRow::Dispatch(DispatchKey {
            subject,
            epoch: epoch.parse().ok()?,
            number: number.parse().ok()?,
        }))
    }

    /// Returns the key as attributes.
    pub fn row(&self) -> Row {
        HashMap::from([("pk".to_owned(), text(&self.pk)), ("sk".to_owned(), text(&self.sk))])
    }
}

fn partition(subject: &Subject) -> String {
    let prefix = if subject.kind() == Kind::Customer { "CONV" } else { "INC" };
    format!("{prefix}#{}", subject.as_str())
}

/// Returns the partition of the index that contains a subject's rows: FNV-1a of the subject's name, so that it never
/// changes.
pub fn shard(subject: &Subject) -> String {
    let hash = subject.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    shard_name((hash % u64::from(SHARDS)) as u8)
}

/// Returns the name of a partition of the index.
pub fn shard_name(number: u8) -> String {
    format!("due#{number}")
}

/// Adds a row to the index of due rows, or leaves it out.
pub fn set_due(row: &mut Row, subject: &Subject, due: Option<Timestamp>) {
    if let Some(due) = due {
        row.insert("due_shard".into(), text(&shard(subject)));
        row.insert("due_ms".into(), number(due.as_millisecond()));
    }
}

/// Sets when a row may be deleted, in epoch seconds as the table's TTL requires.
pub fn set_expiry(row: &mut Row, at: Timestamp, seconds: i64) {
    row.insert("expires_at".into(), number(at.as_second() + seconds));
}

/// Returns the kind of a row, such as `INC/META` or `SENDER`: the parts of its key that hold no name and no number.
pub(crate) fn kind(row: &Row) -> String {
    let kind_of = |key: &str| {
        let begin = row.get(key)?.as_s().ok()?.split('#').next()?;
        begin.bytes().all(|b| b.is_ascii_uppercase()).then(|| begin.to_owned())
    };
    match (kind_of("pk"), kind_of("sk")) {
        (Some(pk), Some(sk)) if pk != sk => format!("{pk}/{sk}"),
        (Some(pk), _) => pk,
        (None, _) => "of an unknown kind".to_owned(),
    }
}

/// Returns whether a row may be deleted. DynamoDB deletes expired rows up to two days late.
pub(crate) fn has_expired(row: &Row, now: Timestamp) -> bool {
    let at = row.get("expires_at").and_then(|at| at.as_n().ok()).and_then(|at| at.parse::<i64>().ok());
    at.is_some_and(|at| at < now.as_second())
}

pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
