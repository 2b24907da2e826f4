//! Mails: a page with a link and a reply address, the incident report in the thread of the alert, and a reply to a
//! customer.

use handbell_core::address::EmailAddress;
use handbell_core::alert::Origin;
use handbell_core::config::MailDomain;
use handbell_core::delivery::{Content, MailMessage, Outcome, Task};
use handbell_core::incident::Kind;
use handbell_core::wording;
use handbell_core::wording::conversation;
use handbell_core::wording::incident::{self, Reader};
use handbell_outbound::ses::{OutgoingMail, Ses};

use crate::alert::reply_address::ReplyAddresses;
use crate::alert::status::IncidentStatus;
use crate::configuration::Configuration;
use crate::conversation::answer::CustomerReplies;
use crate::dependencies::{Time, parts};
use crate::engine::attempt::{Attempt, outcome_of_fault, outcome_of_send};
use crate::engine::work::wait;
use crate::web::act::ActionLinks;

/// Header of Handbell's own mails, by which a mail that comes back is recognised. The check of inbound mails looks for
/// the same name.
const OURS: &str = "X-Handbell";

parts! {
    /// Sends mails.
    pub(crate) struct MailChannel {
        config: Configuration,
        ses: Ses,
        links: ActionLinks,
        reply_addresses: ReplyAddresses,
        replies: CustomerReplies,
        incidents: IncidentStatus,
        time: Time,
    }
}

impl MailChannel {
    /// Sends a mail. A mail can't be looked up: after an unknown outcome it is sent again, three times at most.
    pub(crate) async fn send(&self, attempt: Attempt<'_>, message: &MailMessage) -> Outcome {
        let Attempt { work, task, .. } = attempt;
        if work.cancelled {
            return Outcome::NotWanted;
        }
        match task {
            Task::Send => {}
            Task::LookUp => {
                if let Some(outcome) = attempt.after_empty_look() {
                    return outcome;
                }
            }
        }
        let made = match message {
            MailMessage::Page { email, content } => self.page_by_mail(attempt, email, content).await,
            MailMessage::IncidentReport { email } => self.report_by_mail(attempt, email).await,
            MailMessage::Reply { to, text } => self.reply_by_mail(attempt, to, text).await,
        };
        let mut mail = match made {
            Ok(mail) => mail,
            Err(outcome) => return outcome,
        };
        mail.tags.push(attempt.mail_tag());
        if !work.may_begin(self.time.now()) {
            return wait(0);
        }
        self.ses.send(&mail).await.map_or_else(outcome_of_send, Outcome::Sent)
    }

    fn mail_domain(&self) -> Result<&MailDomain, Outcome> {
        let why = || "the configuration has no `mail` to send from".to_owned();
        self.config.mail.as_ref().ok_or_else(|| Outcome::Refused { why: why() })
    }

    /// Returns a page to one person: its text, a link that acts, and an address to which `ack` can be sent.
    async fn page_by_mail(
        &self,
        attempt: Attempt<'_>,
        email: &EmailAddress,
        content: &Content,
    ) -> Result<OutgoingMail, Outcome> {
        let Attempt { work, delivery, .. } = attempt;
        let domain = self.mail_domain()?;
        let text = wording::post(content, work.plan(), &work.dispatch, &work.words);
        let headers = vec![
            ("Auto-Submitted".to_owned(), "auto-generated".to_owned()),
            (OURS.to_owned(), attempt.reference_tag()),
        ];
        if work.dispatch.key.subject.kind() == Kind::Notice {
            return Ok(OutgoingMail {
                subject: "Handbell".to_owned(),
                text,
                headers,
                ..OutgoingMail::new(domain.from.to_string(), email.clone())
            });
        }
        let Some(incident) = work.told_incident() else { return Err(Outcome::NotWanted) };
        let person = delivery.recipient.as_ref().map(|recipient| recipient.id.as_str());
        let link = self.links.url(&incident.subject, incident.epoch, person, self.time.now()).await;
        let link = link.map_err(outcome_of_fault)?;
        let title = incident.alert.as_ref().map_or(work.words.name.as_str(), |alert| alert.title.as_str());
        Ok(OutgoingMail {
            reply_to: Some(self.reply_addresses.make(domain, incident).await.map_err(outcome_of_fault)?),
            subject: format!("[{}] {}", incident.reference(), wording::plain(title)),
            text: incident::mail(&text, &link, incident),
            headers,
            ..OutgoingMail::new(domain.from.to_string(), email.clone())
        })
    }

    /// Returns a reply to a customer.
    async fn reply_by_mail(
        &self,
        attempt: Attempt<'_>,
        to: &EmailAddress,
        text: &str,
    ) -> Result<OutgoingMail, Outcome> {
        let work = attempt.work;
        // Whatever the task: a worker that died with a reply that only waited leaves it as one that was perhaps sent.
        if let Some(outcome) = self.replies.must_wait(work).await {
            return Err(outcome);
        }
        let Some((line_name, line)) = self.config.line(&work.dispatch.key.subject) else {
            return Err(Outcome::NotWanted);
        };
        let Some(mail) = &line.mail else {
            let why = "the line has no `mail` in the configuration any more".to_owned();
            return Err(Outcome::Refused { why });
        };
        let label = line.label.as_deref().unwrap_or(line_name);
        Ok(OutgoingMail {
            reply_to: mail.reply_to.clone(),
            subject: conversation::mail_subject(label),
            text: conversation::mail(text, label, &line.number),
            ..OutgoingMail::new(mail.from.to_string(), to.clone())
        })
    }

    /// Returns the incident report, as a reply to the mail that opened the incident.
    async fn report_by_mail(
        &self,
        attempt: Attempt<'_>,
        email: &EmailAddress,
    ) -> Result<OutgoingMail, Outcome> {
        let work = attempt.work;
        let domain = self.mail_domain()?;
        let subject = &work.dispatch.key.subject;
        let source = subject.source().and_then(|source| self.config.sources.get(source));
        let ours =
            source.is_some_and(|source| source.report_to.iter().any(|one| one.eq_ignore_ascii_case(email)));
        let reader = if ours { Reader::Ours } else { Reader::Outside };
        let (incident, text) = self.incidents.incident_report(work, reader).await?;
        let mut headers = vec![
            ("Auto-Submitted".to_owned(), "auto-replied".to_owned()),
            (OURS.to_owned(), attempt.reference_tag()),
        ];
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
        Ok(OutgoingMail {
            reply_to: Some(self.reply_addresses.make(domain, incident).await.map_err(outcome_of_fault)?),
            subject: incident::report_subject(incident),
            text,
            headers,
            ..OutgoingMail::new(domain.from.to_string(), email.clone())
        })
    }
}
