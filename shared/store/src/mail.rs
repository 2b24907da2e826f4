//! Received mails: the incident that each one belongs to, those in the bucket not yet processed, and how far a mailbox
//! has been read.

use handbell_core::delivery::Dispatch;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::commit::if_absent;
use crate::facet::parts;
use crate::site::{claim_exclusively, release_exclusively};
use crate::table::{KEPT_SECONDS, RowKey, set_due, set_expiry};
use crate::{
    HandledEvent, Mailboxes, Mails, Named, NotCommitted, Notices, TableFault, condition_held, write,
};

/// Record of a processed mail. It is stored under the mail's Message-ID, its identity and its key in the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRow {
    /// The incident that the mail belongs to; none for a mail that raised no incident, and several for a command that names all.
    pub whose: Vec<Named>,
}

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
