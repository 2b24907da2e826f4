//! Mails about an incident: a page with a link and an address for the answer, and the report in the thread that it began in.

use handbell_core::alert::Origin;
use handbell_core::config::MailDomain;
use handbell_core::delivery::{Outcome, Say, Task};
use handbell_core::incident::{Incident, Kind, reference};
use handbell_core::wording;
use handbell_core::wording::incident::{self, Reader};
use handbell_inbound::link::{seal_reply, sealed_reply};
use handbell_outbound::ses::Mail;
use handbell_store::Named;
use secrecy::ExposeSecret;

use crate::callback::twilio::token;
use crate::channel::speak::{not_now, said};
use crate::engine::deliver::{Work, wait};
use crate::secrets::values;
use crate::{App, Fault};

/// Marks our own mails, so that one that comes back is known. The same name is looked for in mails that come in.
const OURS: &str = "X-Handbell";

impl App {
    /// Says a mail of an incident. Nobody can look for a mail: after an unknown outcome it goes out again, thrice at most.
    pub(crate) async fn mail_of_incident(&self, work: &Work, name: &str, task: Task) -> Outcome {
        if work.cancelled {
            return Outcome::NotWanted;
        }
        if let Some(outcome) = work.after_empty_look(name).filter(|_| task == Task::LookUp) {
            return outcome;
        }
        let Some(domain) = &self.config.mail else {
            return Outcome::Refused { why: "the configuration has no `mail` to send from".to_owned() };
        };
        let made = match work.delivery(name).map(|delivery| &delivery.say) {
            Some(Say::Notify { .. }) => self.page_by_mail(work, name, domain).await,
            Some(Say::ReportMail { email }) => self.report_by_mail(work, email, domain).await,
            _ => return Outcome::NotWanted,
        };
        let mut mail = match made {
            Ok(mail) => mail,
            Err(outcome) => return outcome,
        };
        mail.headers.push((OURS.to_owned(), work.dispatch.mark(name)));
        mail.tags.push(("delivery".to_owned(), token(&work.dispatch.key, name).replace(['.', '~'], "-")));
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        self.ses.send(&mail).await.map_or_else(said, Outcome::Sent)
    }

    /// A mail to one person: what it is about, a link that acts, and an address to which `ack` can be answered.
    async fn page_by_mail(&self, work: &Work, name: &str, domain: &MailDomain) -> Result<Mail, Outcome> {
        let Some(delivery) = work.delivery(name) else { return Err(Outcome::NotWanted) };
        let Say::Notify { email, content } = &delivery.say else { return Err(Outcome::NotWanted) };
        if work.dispatch.key.subject.kind() == Kind::Notice {
            return Ok(Mail {
                from: domain.from.clone(),
                to: email.clone(),
                subject: "Handbell".to_owned(),
                text: wording::post(content, &work.plan, &work.dispatch, &work.words),
                headers: vec![("Auto-Submitted".to_owned(), "auto-generated".to_owned())],
                ..Mail::default()
            });
        }
        let Some(incident) = work.told_incident() else { return Err(Outcome::NotWanted) };
        let person = delivery.recipient.as_ref().map(|recipient| recipient.id.as_str());
        let link = self.act_url(&incident.subject, incident.epoch, person, self.now()).await;
        let link = link.map_err(not_now)?;
        let text = wording::post(content, &work.plan, &work.dispatch, &work.words);
        let title = incident.alert.as_ref().map_or(work.words.name.as_str(), |alert| alert.title.as_str());
        Ok(Mail {
            from: domain.from.clone(),
            to: email.clone(),
            reply_to: Some(self.reply_address(domain, incident).await.map_err(not_now)?),
            subject: format!("[{}] {}", incident.reference(), wording::plain(title)),
            text: incident::mail(&text, &link, incident),
            headers: vec![("Auto-Submitted".to_owned(), "auto-generated".to_owned())],
            ..Mail::default()
        })
    }

    /// The report, as an answer to the mail that it began with.
    async fn report_by_mail(&self, work: &Work, email: &str, domain: &MailDomain) -> Result<Mail, Outcome> {
        let subject = &work.dispatch.key.subject;
        let source = subject.source().and_then(|source| self.config.sources.get(source));
        let ours =
            source.is_some_and(|source| source.report_to.iter().any(|one| one.eq_ignore_ascii_case(email)));
        let reader = if ours { Reader::Ours } else { Reader::Outside };
        let (incident, text) = self.protocol(work, reader).await?;
        let mut headers = vec![("Auto-Submitted".to_owned(), "auto-replied".to_owned())];
        let origin = incident.alert.as_ref().and_then(|alert| alert.origin.as_ref());
        if let Some(Origin { message_id: Some(id), references, .. }) = origin {
            headers.push(("In-Reply-To".to_owned(), format!("<{id}>")));
            let thread: Vec<String> = references
                .iter()
                .filter(|known| *known != id)
                .chain([id])
                .map(|id| format!("<{id}>"))
                .collect();
            headers.push(("References".to_owned(), thread.join(" ")));
        }
        Ok(Mail {
            from: domain.from.clone(),
            to: email.to_owned(),
            reply_to: Some(self.reply_address(domain, incident).await.map_err(not_now)?),
            subject: incident::report_subject(incident),
            text,
            headers,
            ..Mail::default()
        })
    }

    /// Where an answer to a mail of this incident goes.
    async fn reply_address(&self, domain: &MailDomain, incident: &Incident) -> Result<String, Fault> {
        let secret = self.secrets.get(&domain.links.secret, self.now()).await?;
        let seal = seal_reply(secret.expose_secret().as_bytes(), incident.subject.as_str(), incident.epoch);
        let name = incident.reference().to_lowercase();
        Ok(format!("inc+{name}.{}.{seal}@{}", incident.epoch, domain.domain))
    }

    /// The incident that an address of ours was made for; none for any other address.
    pub(crate) async fn incident_of_address(&self, local: &str) -> Result<Option<Named>, Fault> {
        let Some(domain) = &self.config.mail else { return Ok(None) };
        let Some((short, epoch, seal)) = read_reply(local) else { return Ok(None) };
        let Some(named) = self.store.named(&short).await? else { return Ok(None) };
        let secrets = self.secrets.all(self.now()).await?;
        let secrets = values(&secrets, [domain.links.secret.as_str()]);
        let fits = named.epoch == epoch
            && reference(&named.subject, named.epoch) == short
            && sealed_reply(&secrets, named.subject.as_str(), epoch, &seal);
        Ok(fits.then_some(named))
    }
}

/// `inc+h-7k3q.1.0123…` in its parts.
fn read_reply(local: &str) -> Option<(String, u64, String)> {
    let local = local.to_ascii_lowercase();
    let mut parts = local.strip_prefix("inc+")?.split('.');
    let (short, epoch, seal) = (parts.next()?, parts.next()?, parts.next()?);
    let sound = parts.next().is_none() && short.len() == 6 && seal.len() == 32;
    sound.then(|| Some((short.to_ascii_uppercase(), epoch.parse().ok()?, seal.to_owned())))?
}
