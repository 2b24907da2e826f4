//! Notifications from SES about mails that it has put into the bucket.

use handbell_inbound::mail::parse_notice;

use super::{MailIntake, MailsSeen, ReceivedMail};
use crate::Fault;
use crate::bucket::{INBOUND, ReceivedMails};
use crate::dependencies::parts;

parts! {
    /// Takes notifications from SES.
    pub struct MailInbound {
        intake: MailIntake,
        received: ReceivedMails,
    }
}

impl MailInbound {
    /// Takes a mail that SES has put into the bucket. An error makes Lambda retry.
    pub async fn take(&self, payload: &str) -> Result<MailsSeen, Fault> {
        let notice = parse_notice(payload.as_bytes())
            .map_err(|rejected| Fault::caused(rejected.to_string(), rejected))?;
        // The notification comes from the action after the one that stored the mail, so it doesn't contain the key. The
        // key is fixed by convention.
        let object = notice.object_key.unwrap_or_else(|| format!("{INBOUND}{}", notice.message_id));
        let found = self.received.mail(&object).await;
        let found = found.ok_or_else(|| Fault::from("HANDBELL_BUCKET isn't set"))?;
        let Some(bytes) = found? else {
            return Err(Fault::from("the mail isn't in the bucket that SES names"));
        };
        let mail = ReceivedMail { bytes, object: Some(object), verdicts: notice.verdicts };
        self.intake.take_mail(&notice.recipients, notice.source.as_deref(), mail).await
    }
}
