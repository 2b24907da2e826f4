//! Inbound mail: from SES through the bucket, from a mailbox, or found in the bucket because its notification never
//! arrived.

mod effect;
pub(crate) mod inbound;
mod quarantine;
mod received;
mod source;
pub(crate) mod sweep;

use handbell_core::alert::mail::{AuthVerdict, ParsedMail};
use handbell_core::config::AlertSource;
use handbell_inbound::link::is_local_part;
use handbell_inbound::mail::parse;
use handbell_store::{MailRow, Mails};

use crate::Fault;
use crate::alert::commands::MailAnswers;
use crate::alert::reply_address::ReplyAddresses;
use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};
use crate::secrets::{All, Secrets, values};

pub(crate) use self::effect::MailEffect;
pub use self::effect::MailsSeen;
pub(crate) use self::received::ReceivedMail;
pub(crate) use self::source::SourceMails;

use self::quarantine::{MailQuarantine, Reason};

parts! {
    /// Takes mails to Handbell's addresses.
    pub(crate) struct MailIntake {
        answers: MailAnswers,
        config: Configuration,
        mails: Mails,
        quarantine: MailQuarantine,
        reply_addresses: ReplyAddresses,
        secrets: Secrets,
        source_mails: SourceMails,
        time: Time,
    }
}

impl MailIntake {
    /// Takes a mail. `recipients` and `envelope`, the sender, come from the envelope as far as it is known.
    pub(crate) async fn take_mail(
        &self,
        recipients: &[String],
        envelope: Option<&str>,
        mut mail: ReceivedMail,
    ) -> Result<MailsSeen, Fault> {
        let parsed = parse(&mail.bytes);
        mail.verdicts.aligned = is_aligned(&parsed, envelope);
        let mut known = false;
        if mail.verdicts.virus == AuthVerdict::Fail {
            self.quarantine.put_aside(&parsed, &mail, Reason::dangerous("it carries a virus")).await?;
            self.remember_object(&mail).await?;
            return Ok(MailsSeen::default());
        }
        let mut seen = MailsSeen::default();
        for recipient in recipients {
            let effect = self.take_mail_for(recipient, &parsed, &mail).await?;
            known |= effect.is_some();
            seen.count(effect);
        }
        if !known {
            let why = "it came to an address that is no source's";
            self.quarantine.put_aside(&parsed, &mail, Reason::stray(why)).await?;
        }
        self.remember_object(&mail).await?;
        Ok(seen)
    }

    /// Records the object, so that the sweep skips it.
    async fn remember_object(&self, mail: &ReceivedMail) -> Result<(), Fault> {
        if let Some(object) = &mail.object {
            self.mails
                .remember_mail(&[format!("obj-{object}")], &MailRow { whose: Vec::new() }, self.time.now())
                .await?;
        }
        Ok(())
    }

    /// Takes a mail for one recipient. Returns none if the address belongs to no incident and no source.
    async fn take_mail_for(
        &self,
        recipient: &str,
        parsed: &ParsedMail,
        mail: &ReceivedMail,
    ) -> Result<Option<MailEffect>, Fault> {
        let Some((local, domain)) = recipient.rsplit_once('@') else { return Ok(None) };
        let ours = self.config.mail.as_ref().is_some_and(|mail| mail.domain.eq_ignore_ascii_case(domain));
        if !ours {
            return Ok(None);
        }
        if let Some(named) = self.reply_addresses.incident(local).await? {
            self.answers.take_answer(&named, parsed, &mail.verdicts).await?;
            return Ok(Some(MailEffect::Applied));
        }
        match self.source_of(local).await? {
            Some((name, source)) => {
                self.source_mails.take_source_mail(name, source, parsed, mail).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Returns the source with this address. Compares all addresses, each in constant time: the part before the `@` is
    /// a secret.
    async fn source_of(&self, local: &str) -> Result<Option<(&str, &AlertSource)>, Fault> {
        let find = |secrets: &All| {
            let mut found = None;
            for (name, source) in &self.config.sources {
                let Some(address) = &source.address else { continue };
                for known in values(secrets, address.names()) {
                    if is_local_part(known, local) {
                        found = Some((name.as_str(), source));
                    }
                }
            }
            found
        };
        self.secrets.verify(self.time.now(), find, Option::is_none).await
    }
}

/// SPF authenticates the envelope's sender. It proves the sender that people see only if both have the same domain.
fn is_aligned(parsed: &ParsedMail, envelope: Option<&str>) -> bool {
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    let shown = parsed.from.as_deref().and_then(domain);
    shown.is_some() && shown == envelope.and_then(domain)
}
