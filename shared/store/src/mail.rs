//! Mails that came in: which incident each went to, which lie in the bucket untaken, and up to where a mailbox was read.

use handbell_core::delivery::Dispatch;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::facet::parts;
use crate::site::{claim_alone, release_alone};
use crate::table::{KEPT_SECONDS, RowKey, number, set_due, set_expiry};
use crate::{Fault, Handled, Mailboxes, Mails, Named, NotCommitted, Notices, write};

/// What is remembered of a mail. Its Message-ID, its identity and its place in the bucket each have such a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRow {
    /// The incident that it went to; none for a mail that raised nothing.
    pub whose: Option<Named>,
}

/// Up to where a mailbox was read (IMAP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxMark {
    /// Its UIDVALIDITY: with another one, all UIDs are new.
    pub uid_validity: u32,
    /// The last UID that was stored.
    pub last_uid: u32,
}

impl Mails {
    /// What is remembered under the first of these names that is known, by their order.
    pub async fn mail(&self, names: &[String]) -> Result<Option<MailRow>, Fault> {
        let keys: Vec<RowKey> = names.iter().map(|name| RowKey::mail(name)).collect();
        for key in &keys {
            if let Some(row) = self.get::<MailRow>(key).await? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Which of these names are remembered.
    pub async fn mails_known(&self, names: &[String]) -> Result<Vec<bool>, Fault> {
        let keys: Vec<RowKey> = names.iter().map(|name| RowKey::mail(name)).collect();
        let mut known = Vec::new();
        for hundred in keys.chunks(100) {
            let rows = self.batch(&hundred.iter().collect::<Vec<_>>()).await?;
            known.extend(rows.iter().filter_map(|row| row.get("pk")?.as_s().ok().cloned()));
        }
        Ok(keys.iter().map(|key| known.contains(&key.pk)).collect())
    }

    /// Remembers a mail under each of these names. What is known already stays as it is.
    pub async fn remember_mail(&self, names: &[String], row: &MailRow, now: Timestamp) -> Result<(), Fault> {
        use aws_sdk_dynamodb::operation::put_item::PutItemError;
        for name in names {
            let mut item = write(row, &RowKey::mail(name))?;
            set_expiry(&mut item, now, KEPT_SECONDS);
            let put = self.put_item(item).condition_expression("attribute_not_exists(pk)").send();
            match put.await {
                Ok(_) => {}
                Err(error) => match error.as_service_error() {
                    Some(PutItemError::ConditionalCheckFailedException(_)) => {}
                    _ => return Err(error.into()),
                },
            }
        }
        Ok(())
    }
}

impl Mailboxes {
    /// Takes the one lease on reading a mailbox; false while another holds it.
    pub async fn claim_mailbox(&self, source: &str, owner: &str, now: Timestamp) -> Result<bool, Fault> {
        claim_alone(self.update_item(&RowKey::mailbox_lease(source)), owner, now).await
    }

    /// Lets go of it, if it is still ours.
    pub async fn release_mailbox(&self, source: &str, owner: &str) -> Result<(), Fault> {
        release_alone(self.update_item(&RowKey::mailbox_lease(source)), owner).await
    }

    /// Up to where a mailbox was read.
    pub async fn mailbox_mark(&self, source: &str) -> Result<Option<MailboxMark>, Fault> {
        self.get(&RowKey::mailbox_mark(source)).await
    }

    /// Remembers up to where a mailbox was read. What is read twice is known by its identity.
    pub async fn keep_mailbox_mark(&self, source: &str, mark: MailboxMark) -> Result<(), Fault> {
        let row = write(&mark, &RowKey::mailbox_mark(source))?;
        self.put_item(row).send().await?;
        Ok(())
    }
}

impl Notices {
    /// Writes down something to be said that belongs to no incident, once for each id. False if it was there already.
    pub async fn put_notice(
        &self,
        dispatch: &Dispatch,
        id: &str,
        keep: SignedDuration,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let subject = &dispatch.key.subject;
        let mut row = write(dispatch, &RowKey::dispatch(&dispatch.key))?;
        set_due(&mut row, subject, dispatch.due(now).map(|due| due.min(now)));
        set_expiry(&mut row, now, keep.as_secs());
        let mut seen = write(&Handled { count: 0, at: now, epoch: 0 }, &RowKey::event(subject, id))?;
        set_expiry(&mut seen, now, keep.as_secs());
        let once = self
            .put(seen)
            .condition_expression("attribute_not_exists(pk) OR expires_at < :now")
            .expression_attribute_values(":now", number(now.as_second()));
        match self.transact(parts(vec![once, self.put(row)])?).await {
            Ok(()) => Ok(true),
            Err(NotCommitted::Conflict) => match self.get::<Handled>(&RowKey::event(subject, id)).await? {
                Some(_) => Ok(false),
                None => Err(Fault::Contended("a notice")),
            },
            Err(NotCommitted::Fault(fault)) => Err(fault),
        }
    }
}
