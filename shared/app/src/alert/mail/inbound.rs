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
        let notice = parse_notice(payload.as_bytes()).map_err(|rejected| Fault(rejected.to_string()))?;
        // The action that calls us is the one after the one that wrote the mail: only its place is agreed upon.
        let object = notice.object_key.unwrap_or_else(|| format!("{INBOUND}{}", notice.message_id));
        let found = self.received.mail(&object).await;
        let found = found.ok_or_else(|| Fault("HANDBELL_BUCKET isn't set".to_owned()))?;
        let Some(bytes) = found.map_err(|failure| Fault(failure.to_string()))? else {
            return Err(Fault("the mail isn't in the bucket that SES names".to_owned()));
        };
        let mail = ReceivedMail { bytes, object: Some(object), verdicts: notice.verdicts };
        self.intake.take_mail(&notice.recipients, notice.source.as_deref(), mail).await
    }
}
