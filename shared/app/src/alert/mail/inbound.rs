//! SES tells us of a mail that it has put into the bucket.

use handbell_inbound::mail::parse_notice;

use super::{MailIntake, ReceivedMail};
use crate::Fault;
use crate::bucket::{INBOUND, ReceivedMails};
use crate::parts::parts;

parts! {
    /// Takes what SES tells.
    pub struct MailInbound {
        intake: MailIntake,
        received: ReceivedMails,
    }
}

impl MailInbound {
    /// SES has put a mail into the bucket. An error makes Lambda try again.
    pub async fn take(&self, payload: &str) -> Result<(), Fault> {
        let notice = parse_notice(payload.as_bytes())
            .map_err(|rejected| Fault::caused(rejected.to_string(), rejected))?;
        // The action that calls us is the one after the one that wrote the mail: only its place is agreed upon.
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
