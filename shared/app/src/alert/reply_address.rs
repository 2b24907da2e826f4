//! Reply addresses. Each incident has its own, `inc+h-7k3q.1.0123…@`, which is sealed so that nobody can make one up.

use handbell_core::address::EmailAddress;
use handbell_core::config::MailDomain;
use handbell_core::incident::{Incident, reference};
use handbell_inbound::link::{seal_reply, sealed_reply};
use handbell_store::{EpochKey, Incidents};
use secrecy::ExposeSecret;

use crate::Fault;
use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};
use crate::secrets::{Secrets, values};

parts! {
    /// Creates and reads reply addresses.
    pub(crate) struct ReplyAddresses {
        config: Configuration,
        incidents: Incidents,
        secrets: Secrets,
        time: Time,
    }
}

impl ReplyAddresses {
    /// Returns the reply address for mails about this incident.
    pub(crate) async fn make(&self, domain: &MailDomain, incident: &Incident) -> Result<EmailAddress, Fault> {
        let secret = self.secrets.get(&domain.links.secret, self.time.now()).await?;
        let seal = seal_reply(secret.expose_secret().as_bytes(), incident.subject.as_str(), incident.epoch);
        let name = incident.reference().to_lowercase();
        let address = format!("inc+{name}.{}.{seal}@{}", incident.epoch, domain.domain);
        address.parse().map_err(|_| Fault::from("`mail.domain` in the configuration is no domain"))
    }

    /// Returns the incident that a reply address was made for, or none for any other address.
    pub(crate) async fn incident(&self, local: &str) -> Result<Option<EpochKey>, Fault> {
        let Some(domain) = &self.config.mail else { return Ok(None) };
        let Some((short, epoch, seal)) = read_reply(local) else { return Ok(None) };
        let Some(named) = self.incidents.named(&short).await? else { return Ok(None) };
        let secrets = self.secrets.all(self.time.now()).await?;
        let secrets = values(&secrets, [domain.links.secret.as_str()]);
        let fits = named.epoch == epoch
            && reference(&named.subject, named.epoch) == short
            && sealed_reply(&secrets, named.subject.as_str(), epoch, &seal);
        Ok(fits.then_some(named))
    }
}

/// Splits `inc+h-7k3q.1.0123…` into reference, epoch and seal.
fn read_reply(local: &str) -> Option<(String, u64, String)> {
    let local = local.to_ascii_lowercase();
    let mut parts = local.strip_prefix("inc+")?.split('.');
    let (short, epoch, seal) = (parts.next()?, parts.next()?, parts.next()?);
    let sound = parts.next().is_none() && short.len() == 6 && seal.len() == 32;
    sound.then(|| Some((short.to_ascii_uppercase(), epoch.parse().ok()?, seal.to_owned())))?
}
