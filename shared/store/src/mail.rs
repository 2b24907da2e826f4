//! Received mails: the incident that each one belongs to, those in the bucket not yet processed, and how far a mailbox
//! has been read.

use handbell_core::delivery::Dispatch;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::commit::if_absent;
use crate::facet::parts;
use crate::site::{claim_exclusively, release_exclusively};
use crate::table::{KEPT_SECONDS, RowKey, number, set_due, set_expiry};
use crate::{
    EpochKey, HandledEvent, Mailboxes, Mails, NotCommitted, Notices, TableFault, condition_held, write,
};

/// Record of a processed mail. It is stored under the mail's Message-ID, its identity and its key in the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRow {
    /// The incident that the mail belongs to; none for a mail that raised no incident, and several for a command that names all.
    pub whose: Vec<EpochKey>,
}

/// Number of mails without effect that are kept for each source.
const IDLE_MAX: usize = 20;
/// Number of attempts to add one.
const IDLE_TRIES: usize = 4;

/// How far a mailbox has been read (IMAP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxMark {
    /// UIDVALIDITY of the mailbox: if it changes, all UIDs are new.
    pub uid_validity: u32,
    /// Last UID that was stored.
    pub last_uid: u32,
}

impl Mails {
    /// Returns the record stored under the first of these names that has one.
    pub async fn mail(&self, names: &[String]) -> Result<Option<MailRow>, TableFault> {
        let keys: Vec<RowKey> = names.iter().map(|name| RowKey::mail(name)).collect();
        for key in &keys {
            if let Some(row) = self.get::<MailRow>(key).await? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Returns which of these names have a record, in the order of the names.
    pub async fn known_mails(&self, names: &[String]) -> Result<Vec<bool>, TableFault> {
        let keys: Vec<RowKey> = names.iter().map(|name| RowKey::mail(name)).collect();
        let mut known = Vec::new();
        for hundred in keys.chunks(100) {
            let rows = self.batch(&hundred.iter().collect::<Vec<_>>()).await?;
            known.extend(rows.iter().filter_map(|row| row.get("pk")?.as_s().ok().cloned()));
        }
        Ok(keys.iter().map(|key| known.contains(&key.pk)).collect())
    }

    /// Stores the record of a mail under each of these names. Existing records remain unchanged.
    pub async fn remember_mail(
        &self,
        names: &[String],
        row: &MailRow,
        now: Timestamp,
    ) -> Result<(), TableFault> {
        for name in names {
            let mut item = write(row, &RowKey::mail(name))?;
            set_expiry(&mut item, now, KEPT_SECONDS);
            let put = self.put_item(item).condition_expression("attribute_not_exists(pk)").send();
            condition_held(put.await)?;
        }
        Ok(())
    }
}

/// Incidents whose mails' keys have something in common.
#[derive(Serialize, Deserialize)]
struct KeyRow {
    incidents: Vec<EpochKey>,
}

/// A mail that had no effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleMail {
    /// When Handbell took it.
    pub at: Timestamp,
    /// Its sender, as it claims.
    pub from: Option<String>,
    /// Its subject.
    pub subject: String,
    /// Why it had no effect, in words that follow "because".
    pub why: String,
}

/// The last mails of a source that had no effect, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleMails {
    /// Version of the row. A write requires the latest one (optimistic locking).
    pub version: u64,
    /// The mails.
    pub mails: Vec<IdleMail>,
}

impl Mails {
    /// Returns the incidents whose mails' keys have this in common, the oldest first.
    pub async fn incidents_of_key(&self, name: &str) -> Result<Vec<EpochKey>, TableFault> {
        let row: Option<KeyRow> = self.get(&RowKey::mail(name)).await?;
        Ok(row.map(|row| row.incidents).unwrap_or_default())
    }

    /// Stores the incidents whose mails' keys have this in common.
    pub async fn keep_incidents_of_key(
        &self,
        name: &str,
        incidents: Vec<EpochKey>,
        now: Timestamp,
    ) -> Result<(), TableFault> {
        let mut item = write(&KeyRow { incidents }, &RowKey::mail(name))?;
        set_expiry(&mut item, now, KEPT_SECONDS);
        self.put_item(item).send().await?;
        Ok(())
    }

    /// Returns the last mails of a source that had no effect.
    pub async fn idle_mails(&self, source: &str) -> Result<IdleMails, TableFault> {
        Ok(self.get(&RowKey::idle_mails(source)).await?.unwrap_or_default())
    }

    /// Adds a mail that had no effect. If others are added at the same time, or the row has no room, older ones give way.
    pub async fn add_idle_mail(&self, source: &str, mail: &IdleMail) -> Result<(), TableFault> {
        use aws_sdk_dynamodb::operation::put_item::PutItemError;
        for _ in 0..IDLE_TRIES {
            let IdleMails { version, mut mails } = self.idle_mails(source).await?;
            mails.push(mail.clone());
            mails.drain(..mails.len().saturating_sub(IDLE_MAX));
            let mut item = write(&IdleMails { version: version + 1, mails }, &RowKey::idle_mails(source))?;
            set_expiry(&mut item, mail.at, KEPT_SECONDS);
            let put = self
                .put_item(item)
                .condition_expression("attribute_not_exists(pk) OR version = :version")
                .expression_attribute_values(":version", number(i64::try_from(version).unwrap_or(i64::MAX)));
            match put.send().await {
                Ok(_) => return Ok(()),
                Err(error) => match error.as_service_error() {
                    Some(PutItemError::ConditionalCheckFailedException(_)) => {}
                    _ => return Err(error.into()),
                },
            }
        }
        Err(TableFault::Contended("the mails that had no effect"))
    }
}

impl Mailboxes {
    /// Claims the lease on reading a mailbox. Returns false while another worker holds it.
    pub async fn claim_mailbox(&self, source: &str, owner: &str, now: Timestamp) -> Result<bool, TableFault> {
        claim_exclusively(self.update_item(&RowKey::mailbox_lease(source)), owner, now).await
    }

    /// Releases the lease, if `owner` still holds it.
    pub async fn release_mailbox(&self, source: &str, owner: &str) -> Result<(), TableFault> {
        release_exclusively(self.update_item(&RowKey::mailbox_lease(source)), owner).await
    }

    /// Returns how far a mailbox has been read.
    pub async fn mailbox_mark(&self, source: &str) -> Result<Option<MailboxMark>, TableFault> {
        self.get(&RowKey::mailbox_mark(source)).await
    }

    /// Stores how far a mailbox has been read. A mail that is read twice is recognised by its identity.
    pub async fn save_mailbox_mark(&self, source: &str, mark: MailboxMark) -> Result<(), TableFault> {
        let row = write(&mark, &RowKey::mailbox_mark(source))?;
        self.put_item(row).send().await?;
        Ok(())
    }
}

impl Notices {
    /// Stores a dispatch that belongs to no incident, once for each id. Returns false if the id is already stored.
    pub async fn put_notice(
        &self,
        dispatch: &Dispatch,
        id: &str,
        keep: SignedDuration,
        now: Timestamp,
    ) -> Result<bool, TableFault> {
        let subject = &dispatch.key.subject;
        let mut row = write(dispatch, &RowKey::dispatch(&dispatch.key))?;
        set_due(&mut row, subject, dispatch.due(now).map(|due| due.min(now)));
        set_expiry(&mut row, now, keep.as_secs());
        let mut seen = write(&HandledEvent { count: 0, at: now, epoch: 0 }, &RowKey::event(subject, id))?;
        set_expiry(&mut seen, now, keep.as_secs());
        let once = if_absent(self.put(seen), now);
        match self.transact(parts(vec![once, self.put(row)])?).await {
            Ok(()) => Ok(true),
            Err(NotCommitted::Conflict) => {
                let seen = self.get_unexpired::<HandledEvent>(&RowKey::event(subject, id), now).await?;
                if seen.is_some() { Ok(false) } else { Err(TableFault::Contended("a notice")) }
            }
            Err(NotCommitted::Fault(fault)) => Err(fault),
        }
    }
}
