//! A mail to a source becomes a signal.

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

/// Mails are not signed with a time: what was handled is remembered as long as everything else.
const KEEP: SignedDuration = SignedDuration::from_hours(400 * 24);
/// The longest Message-ID that is repeated in an answer, and how many of them (RFC 5322 lets a line have 998 characters).
const ID_MAX: usize = 250;
const REFERENCES_MAX: usize = 20;
/// So many of the mails before it in its thread are looked for.
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
    /// A mail to a source: what it means, and to which incident it belongs.
    pub(crate) async fn take_source_mail(
        &self,
        name: &str,
        source: &AlertSource,
        letter: &ParsedMail,
        mail: &ReceivedMail,
    ) -> Result<(), Fault> {
        let mut doubt = None;
        let (dedup_key, action) = match judge(source, letter, &mail.verdicts) {
            Judgement::Raise(raised) => {
                let trigger = Trigger {
                    severity: raised.severity,
                    title: raised.title,
                    body: text_of(letter),
                    plan: Some(raised.plan),
                    reporter: None,
                    // Nobody opens what nobody vouches for: it stays in the bucket.
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
                tracing::info!(source = name, why, "a mail means nothing");
                return Ok(());
            }
            Judgement::Quarantine { why } => {
                return self.quarantine.put_aside(letter, mail, Reason::dangerous(&why)).await;
            }
        };
        let identity = letter.identity();
        let origin = SignalOrigin {
            medium: "mail",
            sender: letter.from.clone(),
            doubt,
            written_at: letter.date,
            mail: Some(self.origin(letter, &mail.verdicts)),
            thread: thread(letter, &identity),
        };
        let signal = AlertSignal { source: name.to_owned(), dedup_key, action, origin };
        let id = EventId { key: format!("mail-{identity}"), keep: KEEP };
        self.intake.take(signal, &id).await.map(|_| ())
    }

    fn origin(&self, letter: &ParsedMail, verdicts: &AuthVerdicts) -> Origin {
        // A mail whose sender isn't proven is answered to nobody: it may be somebody else's name.
        let proven = verdicts.by_mailbox || verdicts.proven();
        let answerable = proven && self.config.mail.as_ref().is_some_and(|mail| letter.may_be_answered(mail));
        let short = |id: &&String| id.len() <= ID_MAX;
        let mut references: Vec<String> = letter.references.iter().filter(short).cloned().collect();
        references.drain(..references.len().saturating_sub(REFERENCES_MAX));
        Origin {
            message_id: letter.message_id.clone().filter(|id| id.len() <= ID_MAX),
            references,
            from: letter.from.clone(),
            subject: letter.subject.clone(),
            answer_to: letter.answer_to().filter(|_| answerable).map(str::to_owned),
        }
    }
}

/// The same mail went somewhere before; else the thread that it stands in tells where it belongs.
fn thread(letter: &ParsedMail, identity: &str) -> Thread {
    let by_id = |id: &String| format!("id-{id}");
    let same = format!("is-{identity}");
    let before = letter.in_reply_to.iter().chain(letter.references.iter().rev()).take(EARLIER_MAX);
    Thread {
        earlier: [same.clone()].into_iter().chain(before.map(by_id)).collect(),
        own: letter.message_id.iter().map(by_id).chain([same]).collect(),
    }
}

fn text_of(letter: &ParsedMail) -> String {
    let mut text = letter.text.clone();
    for trouble in &letter.troubles {
        text.push_str(&format!("\n({trouble})"));
    }
    if !letter.attachments.is_empty() {
        text.push_str(&format!("\nAttached: {}", letter.attachments.join(", ")));
    }
    text
}
