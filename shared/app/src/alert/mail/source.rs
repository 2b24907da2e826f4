//! Mails to sources, which become signals.

use handbell_core::alert::mail::{AuthVerdict, AuthVerdicts, Judgement, ParsedMail, judge};
use handbell_core::alert::{AlertSignal, Origin, SignalAction, SignalOrigin, Thread, Trigger};
use handbell_core::button::EventId;
use handbell_core::config::{AlertSource, MailMeaning};
use jiff::SignedDuration;

use super::ReceivedMail;
use super::quarantine::{MailQuarantine, Reason};
use crate::Fault;
use crate::alert::intake::AlertIntake;
use crate::configuration::Configuration;
use crate::parts::parts;

/// Retention of a mail's event id. Mails carry no signed time, so it is kept as long as everything else.
const KEEP: SignedDuration = SignedDuration::from_hours(400 * 24);
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
        quarantine: MailQuarantine,
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
    ) -> Result<(), Fault> {
        let mut doubt = None;
        let (dedup_key, action) = match judge(source, parsed, &mail.verdicts) {
            Judgement::Raise(raised) => {
                let trigger = Trigger {
                    severity: raised.severity,
                    title: raised.title,
                    body: text_of(parsed),
                    plan: Some(raised.plan),
                    reporter: None,
                    // Nobody opens a mail that nothing vouches for: it stays in the bucket.
                    object: mail
                        .object
                        .clone()
                        .filter(|_| mail.verdicts.by_mailbox || mail.verdicts.virus == AuthVerdict::Pass),
                };
                (raised.key, SignalAction::Trigger(trigger))
            }
            Judgement::Acknowledge { key } => (key, SignalAction::Acknowledge),
            Judgement::Resolve { key } => (key, SignalAction::Resolve),
            Judgement::Doubtful { key, why, wanted } => {
                doubt = Some(why);
                let resolves = wanted == MailMeaning::Resolve;
                (key, if resolves { SignalAction::Resolve } else { SignalAction::Acknowledge })
            }
            Judgement::Ignore { why } => {
                tracing::info!(source = name, why, "a mail was ignored");
                return Ok(());
            }
            Judgement::Quarantine { why } => {
                return self.quarantine.put_aside(parsed, mail, Reason::dangerous(&why)).await;
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
        let signal = AlertSignal { source: name.to_owned(), dedup_key, action, origin };
        let id = EventId { key: format!("mail-{identity}"), keep: KEEP };
        self.intake.take(signal, &id).await.map(|_| ())
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

/// Returns the ids by which the mail's incident is found: of the same mail, if it arrived before, and else of the
/// earlier mails in its thread. Also returns the ids under which the mail itself is remembered.
fn thread(parsed: &ParsedMail, identity: &str) -> Thread {
    let by_id = |id: &String| format!("id-{id}");
    let same = format!("is-{identity}");
    let before = parsed.in_reply_to.iter().chain(parsed.references.iter().rev()).take(EARLIER_MAX);
    Thread {
        earlier: [same.clone()].into_iter().chain(before.map(by_id)).collect(),
        own: parsed.message_id.iter().map(by_id).chain([same]).collect(),
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
