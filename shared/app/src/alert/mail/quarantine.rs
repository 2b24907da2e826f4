//! Mails that must not be opened, or that have no recipient here.

use handbell_core::alert::mail::ParsedMail;
use handbell_store::Counters;

use super::received::ReceivedMail;
use crate::Fault;
use crate::bucket::{QUARANTINE, QuarantinedMails};
use crate::dependencies::{Time, parts};
use crate::engine::notice::NoticeSender;

/// Daily limit of notices to the admins about stray mails, and likewise about dangerous ones.
const NOTICES_A_DAY: u32 = 3;

/// Reason for putting a mail aside.
pub(super) struct Reason<'a> {
    /// The reason in words that follow "because".
    why: &'a str,
    /// Whether the mail must not be opened.
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
    /// Puts aside a mail that must not be opened or that has no recipient here, and notifies the admins. Each of the
    /// two kinds has its own daily limit of notices, so that stray mails don't drown dangerous ones.
    pub(super) async fn put_aside(
        &self,
        parsed: &ParsedMail,
        mail: &ReceivedMail,
        reason: Reason<'_>,
    ) -> Result<(), Fault> {
        let Reason { why, dangerous } = reason;
        let now = self.time.now();
        let name = match (&mail.object, dangerous) {
            // A stray mail stays where it is.
            (Some(object), false) => object.clone(),
            _ => {
                format!("{QUARANTINE}{}-{}", parsed.identity(), &parsed.digest[..16.min(parsed.digest.len())])
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
                 if it should have, correct the source's address or its sender."
            );
            self.notices.tell_admins_once(&text, &format!("stray-{}", parsed.identity()), now).await?;
        }
        Ok(())
    }
}
