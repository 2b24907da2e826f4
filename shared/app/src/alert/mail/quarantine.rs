//! Mails that nobody may open, or that are for nobody.

use handbell_core::alert::mail::ParsedMail;
use handbell_store::Counters;

use super::ReceivedMail;
use crate::Fault;
use crate::bucket::{QUARANTINE, QuarantinedMails};
use crate::engine::notice::NoticeSender;
use crate::parts::{Time, parts};

/// The admins hear of mails to nobody, and of dangerous ones, so often in a day.
const NOTICES_A_DAY: u32 = 3;

/// Why a mail is put aside.
pub(super) struct Reason<'a> {
    /// For people, in words that follow "because".
    why: &'a str,
    /// Nobody may open it.
    dangerous: bool,
}

impl<'a> Reason<'a> {
    pub(super) fn dangerous(why: &'a str) -> Self {
        Self { why, dangerous: true }
    }

    pub(super) fn stray(why: &'a str) -> Self {
        Self { why, dangerous: false }
    }
}

parts! {
    /// Puts mails aside.
    pub(crate) struct MailQuarantine {
        counters: Counters,
        notices: NoticeSender,
        quarantined: QuarantinedMails,
        time: Time,
    }
}

impl MailQuarantine {
    /// A mail that nobody may open, or that is for nobody: it is put aside, and the admins are told. Of the one and of the other
    /// they are told so often in a day, so that strays don't drown what matters.
    pub(super) async fn put_aside(
        &self,
        letter: &ParsedMail,
        mail: &ReceivedMail,
        reason: Reason<'_>,
    ) -> Result<(), Fault> {
        let Reason { why, dangerous } = reason;
        let now = self.time.now();
        let name = match (&mail.object, dangerous) {
            // What is only lost stays where it is.
            (Some(object), false) => object.clone(),
            _ => {
                format!("{QUARANTINE}{}-{}", letter.identity(), &letter.digest[..16.min(letter.digest.len())])
            }
        };
        if dangerous && let Some(stored) = self.quarantined.store(&name, mail.bytes.clone()).await {
            stored?;
        }
        tracing::warn!(why, object = name, "a mail was put aside");
        let day = now.as_second().div_euclid(86_400);
        let kind = if dangerous { "dangerous" } else { "stray" };
        if self.counters.count(&format!("{kind}-mails-{day}"), 1, now, 2 * 86_400).await? < NOTICES_A_DAY {
            let text = format!(
                "A mail was put aside because {why}. It raised no alert. It lies in the bucket as {name}; \
                 if it should have, mend the source's address or its sender."
            );
            self.notices.tell_admins_once(&text, &format!("stray-{}", letter.identity()), now).await?;
        }
        Ok(())
    }
}
