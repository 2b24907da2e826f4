//! Mails to sources, which become signals.

use handbell_core::alert::mail::{
    AuthVerdict, AuthVerdicts, Judgement, MailAlert, MailKey, ParsedMail, judge, title,
};
use handbell_core::alert::{AlertSignal, Origin, SignalAction, SignalOrigin, Thread, Trigger};
use handbell_core::config::{AlertSource, MailMeaning};
use handbell_core::event_id::EventId;
use handbell_store::{IdleMail, Mails};

use super::effect::MailEffect;
use super::quarantine::{MailQuarantine, Reason};
use super::received::ReceivedMail;
use crate::Fault;
use crate::alert::intake::AlertIntake;
use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};

/// Maximum length of a Message-ID that a reply repeats, and maximum number of them (RFC 5322 limits a line to 998
/// characters).
const ID_MAX: usize = 250;
const REFERENCES_MAX: usize = 20;
/// Number of earlier mails of a thread that are looked up.
const EARLIER_MAX: usize = 10;

parts! {
    /// Takes mails to sources.
    pub(crate) struct SourceMails {
        config: Configuration,
        intake: AlertIntake,
        mails: Mails,
        quarantine: MailQuarantine,
        time: Time,
    }
}

impl SourceMails {
    /// Finds out what a mail to a source means and which incident it belongs to, and applies it.
    pub(crate) async fn take_source_mail(
        &self,
        name: &str,
        source: &AlertSource,
        parsed: &ParsedMail,
        mail: &ReceivedMail,
    ) -> Result<MailEffect, Fault> {
        let judgement = judge(source, parsed, &mail.verdicts);
        let wanted = match &judgement {
            Judgement::Join { .. } => "it has news about trouble of which no incident is open",
            Judgement::Acknowledge { .. } | Judgement::Doubtful { wanted: MailMeaning::Acknowledge, .. } => {
                "somebody has trouble of which no incident is open"
            }
            _ => "it ends trouble of which no incident is open",
        };
        let mut doubt = None;
        let (key, action) = match judgement {
            Judgement::Raise(raised) => {
                let trigger = trigger(&raised, parsed, mail);
                (raised.key, SignalAction::Trigger(trigger))
            }
            Judgement::Join { key, doubt: why } => {
                doubt = why.map(str::to_owned);
                (key, SignalAction::Join { title: title(parsed) })
            }
            Judgement::Acknowledge { key } => (key, SignalAction::Acknowledge),
            Judgement::Resolve { key } => (key, SignalAction::Resolve),
            Judgement::Doubtful { key, why, wanted } => {
                doubt = Some(why);
                let resolves = wanted == MailMeaning::Resolve;
                (key, if resolves { SignalAction::Resolve } else { SignalAction::Acknowledge })
            }
            Judgement::Ignore { why } => {
                tracing::info!(source = self.config.names().sources.present(name), why, "a mail was ignored");
                self.note_idle(name, parsed, &why).await;
                return Ok(MailEffect::Ignored);
            }
            Judgement::Quarantine { why } => {
                self.quarantine.put_aside(parsed, mail, Reason::dangerous(&why)).await?;
                return Ok(MailEffect::Ignored);
            }
        };
        let identity = parsed.identity();
        let origin = SignalOrigin {
            medium: "mail",
            sender: parsed.from.clone(),
            doubt,
            written_at: parsed.date,
            mail: Some(self.origin(parsed, &mail.verdicts)),
            thread: thread(parsed, &identity),
        };
        let MailKey { exact, shared } = key;
        let signal = AlertSignal { source: name.to_owned(), dedup_key: exact, shared, action, origin };
        let id = EventId { key: format!("mail-{identity}"), keep: EventId::KEEP };
        if self.intake.take(signal, &id).await?.is_some() {
            return Ok(MailEffect::Applied);
        }
        tracing::warn!(
            source = self.config.names().sources.present(name),
            why = wanted,
            "a mail had no effect"
        );
        self.note_idle(name, parsed, wanted).await;
        Ok(MailEffect::Unmatched)
    }

    /// Records a mail that had no effect, for people who look for it. Best effort: a mail must not be taken again for that.
    async fn note_idle(&self, source: &str, parsed: &ParsedMail, why: &str) {
        let at = self.time.now();
        let mail = IdleMail { at, from: parsed.from.clone(), subject: title(parsed), why: why.to_owned() };
        if let Err(fault) = self.mails.add_idle_mail(source, &mail).await {
            tracing::warn!(source, reason = %fault, "a mail that had no effect could not be recorded");
        }
    }

    fn origin(&self, parsed: &ParsedMail, verdicts: &AuthVerdicts) -> Origin {
        // A mail whose sender isn't authenticated gets no reply: its address may be another person's.
        let proven = verdicts.by_mailbox || verdicts.is_proven();
        let answerable = proven && self.config.mail.as_ref().is_some_and(|mail| parsed.may_be_answered(mail));
        let short = |id: &&String| id.len() <= ID_MAX;
        let mut references: Vec<String> = parsed.references.iter().filter(short).cloned().collect();
        references.drain(..references.len().saturating_sub(REFERENCES_MAX));
        Origin {
            message_id: parsed.message_id.clone().filter(|id| id.len() <= ID_MAX),
            references,
            from: parsed.from.clone(),
            subject: parsed.subject.clone(),
            answer_to: parsed.answer_to().filter(|_| answerable).and_then(|address| address.parse().ok()),
        }
    }
}

fn trigger(raised: &MailAlert, parsed: &ParsedMail, mail: &ReceivedMail) -> Trigger {
    Trigger {
        severity: raised.severity,
        title: raised.title.clone(),
        body: text_of(parsed),
        plan: Some(raised.plan.clone()),
        reporter: None,
        // Nobody opens a mail that nothing vouches for: it stays in the bucket.
        object: mail
            .object
            .clone()
            .filter(|_| mail.verdicts.by_mailbox || mail.verdicts.virus == AuthVerdict::Pass),
    }
}

/// Returns the ids by which the mail's incident is found: of the same mail, if it arrived before, and else of the
/// earlier mails in its thread. Also returns the ids under which the mail itself is remembered.
fn thread(parsed: &ParsedMail, identity: &str) -> Thread {
    let by_id = |id: &String| format!("id-{id}");
    let same = format!("is-{identity}");
    let before = parsed.in_reply_to.iter().chain(parsed.references.iter().rev()).take(EARLIER_MAX);
    // Zabbix and Netdata name the same mail in all mails about a problem, and never send it.
    let root = parsed.references.first().or(parsed.in_reply_to.first());
    Thread {
        same: vec![same.clone()],
        earlier: before.map(by_id).collect(),
        subject: parsed.subject.clone(),
        own: parsed.message_id.iter().chain(root).map(by_id).chain([same]).collect(),
    }
}

fn text_of(parsed: &ParsedMail) -> String {
    let mut text = parsed.text.clone();
    for trouble in &parsed.troubles {
        text.push_str(&format!("\n({trouble})"));
    }
    if !parsed.attachments.is_empty() {
        text.push_str(&format!("\nAttached: {}", parsed.attachments.join(", ")));
    }
    text
}
