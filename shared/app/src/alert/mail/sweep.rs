//! Mails in the bucket whose notification never arrived.

use handbell_inbound::mail::{parse, recipient_in, verdicts_in};
use handbell_store::Mails;
use jiff::{SignedDuration, Timestamp};

use super::{MailIntake, ReceivedMail};
use crate::Fault;
use crate::bucket::ReceivedMails;
use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};

/// Object that SES writes when it is set up. It is no mail.
const SET_UP: &str = "AMAZON_SES_SETUP_NOTIFICATION";
/// Age from which an unknown mail counts as missed. Missed mails are taken up to the age of [`LOOKED_FOR`].
const UNTOLD: SignedDuration = SignedDuration::from_mins(10);
const LOOKED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Number of missed mails that are taken from each page of objects.
const SWEEP: usize = 50;
/// Number of pages of a thousand objects that one sweep reads: a flood must not keep the tick from its other work.
const PAGES: usize = 20;
const PAGE: usize = 1000;

parts! {
    /// Finds mails whose notification never arrived.
    pub(crate) struct MailSweep {
        config: Configuration,
        intake: MailIntake,
        mails: Mails,
        received: ReceivedMails,
        time: Time,
    }
}

impl MailSweep {
    /// Takes the mails in the bucket that aren't known.
    pub(crate) async fn sweep(&self) -> Result<(), Fault> {
        if self.config.mail.is_none() {
            return Ok(());
        }
        let now = self.time.now();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let Some(page) = self.received.list(after.as_deref(), PAGE).await else { return Ok(()) };
            let page = page?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.clone());
            let full = page.len() >= PAGE;
            let age = |at: Timestamp| now.duration_since(at);
            let waiting: Vec<String> = page
                .into_iter()
                .filter(|object| (UNTOLD..LOOKED_FOR).contains(&age(object.modified)))
                .map(|object| object.key)
                .filter(|key| !key.ends_with(SET_UP))
                .collect();
            let names: Vec<String> = waiting.iter().map(|key| format!("obj-{key}")).collect();
            let known = self.mails.known_mails(&names).await?;
            let untold = waiting.into_iter().zip(known).filter(|(_, known)| !known).map(|(key, _)| key);
            for object in untold.take(SWEEP) {
                // A mail that can't be read must not hold up the others.
                if let Err(fault) = self.take_untold(&object).await {
                    tracing::error!(object, reason = %fault, "a mail in the bucket can't be handled; it is retried in five minutes");
                }
            }
            if !full {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn take_untold(&self, object: &str) -> Result<(), Fault> {
        let Some(found) = self.received.mail(object).await else { return Ok(()) };
        let Some(bytes) = found? else { return Ok(()) };
        tracing::warn!(object, "found a mail in the bucket whose notification never arrived");
        let recipients = match recipient_in(&bytes) {
            Some(recipient) => vec![recipient],
            None => parse(&bytes).to,
        };
        let mail = ReceivedMail { verdicts: verdicts_in(&bytes), bytes, object: Some(object.to_owned()) };
        self.intake.take_mail(&recipients, None, mail).await.map(|_| ())
    }
}
