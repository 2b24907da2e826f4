//! Mail comes in: from SES by way of the bucket, from a mailbox, or found in the bucket because nobody told us of it.

use bytes::Bytes;
use handbell_core::alert::mail::{Judgement, Letter, Verdict, Verdicts, judge};
use handbell_core::alert::{Alert, Hold, Origin, Raised};
use handbell_core::button::EventId;
use handbell_core::config::{AlertSource, Meant, Severity};
use handbell_core::incident::Subject;
use handbell_core::incident::command::{Actor, Command, How};
use handbell_core::incident::decide::Event;
use handbell_inbound::link::is_local_part;
use handbell_inbound::mail::{parse, parse_notice, recipient_in, verdicts_in};
use handbell_store::{MailRow, Named};
use jiff::{SignedDuration, Timestamp};

use crate::secrets::values;
use crate::{App, Fault};

/// The largest mail that SES takes (Amazon SES, quotas).
const MAIL_MAX: u64 = 40 * 1024 * 1024;
/// Mails are not signed with a time: what was handled is remembered as long as everything else.
const KEEP: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Where SES puts what it receives, and where we put what must not be opened.
pub(crate) const INBOUND: &str = "inbound/";
const QUARANTINE: &str = "quarantine/";
/// What SES writes by itself when it is set up; no mail.
const SET_UP: &str = "AMAZON_SES_SETUP_NOTIFICATION";
/// A word that it is over counts for nothing if it was written so long before the trouble was reported.
const STALE: SignedDuration = SignedDuration::from_mins(30);
/// A mail that lies in the bucket for so long was not told to us, and is looked for this long.
const UNTOLD: SignedDuration = SignedDuration::from_mins(10);
const LOOKED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// So many mails of which nobody told us are handled at a time.
const SWEEP: usize = 50;
/// So long new alerts of a source are counted together.
const FLOOD: SignedDuration = SignedDuration::from_mins(10);
/// So many pages of a thousand objects are looked through at a time: a flood must not keep the tick from its other work.
const PAGES: usize = 20;
/// The longest Message-ID that is repeated in an answer, and how many of them (RFC 5322 lets a line have 998 characters).
const ID_MAX: usize = 250;
const REFERENCES_MAX: usize = 20;
/// The admins hear of mails to nobody, and of dangerous ones, so often in a day.
const STRAYS_A_DAY: u32 = 3;

/// A mail as it came.
pub(crate) struct Came {
    pub(crate) bytes: Bytes,
    /// Where it lies in the bucket.
    pub(crate) object: Option<String>,
    pub(crate) verdicts: Verdicts,
}

impl App {
    /// SES has put a mail into the bucket. An error makes Lambda try again.
    pub async fn mail_inbound(&self, payload: &str) -> Result<(), Fault> {
        let notice = parse_notice(payload.as_bytes()).map_err(|rejected| Fault(rejected.to_string()))?;
        // The action that calls us is the one after the one that wrote the mail: only its place is agreed upon.
        let object = notice.object_key.unwrap_or_else(|| format!("{INBOUND}{}", notice.message_id));
        let Some(bytes) = self.of_bucket(&object).await? else {
            return Err(Fault("the mail isn't in the bucket that SES names".to_owned()));
        };
        let came = Came { bytes, object: Some(object), verdicts: notice.verdicts };
        self.came_to(&notice.recipients, notice.source.as_deref(), came).await
    }

    async fn of_bucket(&self, object: &str) -> Result<Option<Bytes>, Fault> {
        let bucket = self.bucket.as_ref();
        let bucket = bucket.ok_or_else(|| Fault("HANDBELL_BUCKET isn't set".to_owned()))?;
        bucket.get(object, MAIL_MAX).await.map_err(|failure| Fault(failure.to_string()))
    }

    /// A mail to some of our addresses, of which the envelope tells, as of its sender if that is known.
    async fn came_to(
        &self,
        recipients: &[String],
        envelope: Option<&str>,
        mut came: Came,
    ) -> Result<(), Fault> {
        let letter = parse(&came.bytes);
        came.verdicts.aligned = is_aligned(&letter, envelope);
        let mut known = false;
        if came.verdicts.virus == Verdict::Fail {
            self.quarantine(&letter, &came, "it carries a virus", true).await?;
            return self.is_done(&came).await;
        }
        for recipient in recipients {
            known |= self.came_to_one(recipient, &letter, &came).await?;
        }
        if !known {
            let why = "it came to an address that is no source's";
            self.quarantine(&letter, &came, why, false).await?;
        }
        self.is_done(&came).await
    }

    async fn is_done(&self, came: &Came) -> Result<(), Fault> {
        if let Some(object) = &came.object {
            // From now on the sweep has no need to look at it.
            self.store
                .mails()
                .remember_mail(&[format!("obj-{object}")], &MailRow { whose: None }, self.now())
                .await?;
        }
        Ok(())
    }

    async fn came_to_one(&self, recipient: &str, letter: &Letter, came: &Came) -> Result<bool, Fault> {
        let Some((local, domain)) = recipient.rsplit_once('@') else { return Ok(false) };
        let ours = self.config.mail.as_ref().is_some_and(|mail| mail.domain.eq_ignore_ascii_case(domain));
        if !ours {
            return Ok(false);
        }
        if let Some(named) = self.incident_of_address(local).await? {
            self.answered_by_mail(&named, letter, &came.verdicts).await?;
            return Ok(true);
        }
        match self.source_of(local).await? {
            Some((name, source)) => self.came_to_source(name, source, letter, came).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// The source with this address. All are compared, each in constant time: the part before the `@` is a secret.
    async fn source_of(&self, local: &str) -> Result<Option<(&str, &AlertSource)>, Fault> {
        let mut secrets = self.secrets.all(self.now()).await?;
        for round in 0..2 {
            let mut found = None;
            for (name, source) in &self.config.sources {
                let Some(address) = &source.address else { continue };
                for known in values(&secrets, address.names()) {
                    if is_local_part(known, local) {
                        found = Some((name.as_str(), source));
                    }
                }
            }
            if found.is_some() || round == 1 {
                return Ok(found);
            }
            // Perhaps the address was changed a minute ago.
            secrets = self.secrets.newest(self.now()).await?;
        }
        Ok(None)
    }

    /// A mail to a source: what it means, and to which incident it belongs.
    pub(crate) async fn came_to_source(
        &self,
        name: &str,
        source: &AlertSource,
        letter: &Letter,
        came: &Came,
    ) -> Result<(), Fault> {
        let judgement = judge(source, letter, &came.verdicts);
        let key = match &judgement {
            Judgement::Raise(raised) => raised.key.clone(),
            Judgement::Acknowledge { key } | Judgement::Resolve { key } | Judgement::Doubtful { key, .. } => {
                key.clone()
            }
            Judgement::Ignore { why } => {
                tracing::info!(source = name, why, "a mail means nothing");
                return Ok(());
            }
            Judgement::Quarantine { why } => return self.quarantine(letter, came, why, true).await,
        };
        let identity = letter.identity();
        let subject = self.subject_of(name, &key, letter, &identity).await?;
        let id = EventId { key: format!("mail-{identity}"), keep: KEEP };
        let subject = match judgement {
            Judgement::Raise(_) => self.or_flood((name, source), subject, &id.key).await?,
            _ => subject,
        };
        let event = match judgement {
            Judgement::Raise(raised) => {
                let hold = self.hold_for(name, source, raised.severity, &raised.title, self.now()).await?;
                Some(Event::Alert(Box::new(Raised {
                    plan: raised.plan,
                    alert: Alert {
                        source: name.to_owned(),
                        title: raised.title,
                        severity: raised.severity,
                        origin: Some(self.origin(letter, &came.verdicts)),
                        reporter: None,
                        written_at: letter.date,
                        noted_at: None,
                    },
                    text: text_of(letter),
                    // Nobody opens what nobody vouches for: it stays in the bucket.
                    object: came
                        .object
                        .clone()
                        .filter(|_| came.verdicts.by_mailbox || came.verdicts.virus == Verdict::Pass),
                    hold,
                })))
            }
            Judgement::Acknowledge { .. } => self.by_source(&subject, letter, Command::Acknowledge).await?,
            Judgement::Resolve { .. } => self.by_source(&subject, letter, Command::Resolve).await?,
            Judgement::Doubtful { why, wanted, .. } => {
                let wanted = if wanted == Meant::Resolve { "it is over" } else { "somebody has it" };
                let text = format!("A mail says that {wanted}. It changes nothing, because {why}.");
                self.by_source(&subject, letter, Command::Note { text }).await?
            }
            Judgement::Ignore { .. } | Judgement::Quarantine { .. } => None,
        };
        let Some(event) = event else { return Ok(()) };
        let applied = self.apply(&subject, &event, Some(&id)).await?;
        tracing::info!(subject = subject.as_str(), outcome = ?applied.outcome, "a mail");
        if matches!(event, Event::Alert(_)) && applied.incident.is_none() {
            // Kept for whoever mends the configuration: the mail is tried again, and its dead letter rings an alarm.
            return Err(Fault(format!("the source {name:?} has no plan to run")));
        }
        if let Some(incident) = applied.incident {
            let row = MailRow { whose: Some(Named { subject, epoch: incident.epoch }) };
            let names = letter.message_id.iter().map(|id| message(id)).chain([format!("is-{identity}")]);
            self.store.mails().remember_mail(&names.collect::<Vec<_>>(), &row, self.now()).await?;
        }
        Ok(())
    }

    /// What the mail belongs to: where it went before, the thread that it stands in, or what its key names.
    async fn subject_of(
        &self,
        source: &str,
        key: &str,
        letter: &Letter,
        identity: &str,
    ) -> Result<Subject, Fault> {
        let before = letter.in_reply_to.iter().chain(letter.references.iter().rev()).take(10);
        let names: Vec<String> =
            [format!("is-{identity}")].into_iter().chain(before.map(|id| message(id))).collect();
        let whose = self.store.mails().mail(&names).await?.and_then(|row| row.whose);
        Ok(whose
            .map(|named| named.subject)
            .filter(|subject| subject.source() == Some(source))
            .unwrap_or_else(|| Subject::alert(source, key)))
    }

    /// Where so many incidents of a source began in the last minutes that one more would only add to the noise, it is the one
    /// incident of the flood. None of them is lost: each is counted, and its mail lies in the
    /// bucket. What was handled before, under the key `id`, stays where it was: it is no new alert.
    pub(crate) async fn or_flood(
        &self,
        (name, source): (&str, &AlertSource),
        subject: Subject,
        id: &str,
    ) -> Result<Subject, Fault> {
        let now = self.now();
        let (incidents, events) = (self.store.incidents(), self.store.conversations());
        let (going_on, handled) = tokio::join!(incidents.incident(&subject), events.handled(&subject, id));
        if handled?.is_some() || going_on?.is_some_and(|incident| !incident.phase.is_final()) {
            return Ok(subject);
        }
        let window = now.as_second().div_euclid(FLOOD.as_secs());
        let counted = self
            .store
            .counters()
            .count(&format!("alerts-{name}-{window}"), 1, now, 2 * FLOOD.as_secs())
            .await?;
        if counted < source.flood_after {
            return Ok(subject);
        }
        tracing::warn!(source = name, "too many new alerts at once; they are one incident");
        Ok(flood(name))
    }

    /// What the source itself says to an incident. A word that is older than the trouble says nothing of it.
    async fn by_source(
        &self,
        subject: &Subject,
        letter: &Letter,
        command: Command,
    ) -> Result<Option<Event>, Fault> {
        let Some(incident) = self.store.incidents().incident(subject).await? else { return Ok(None) };
        // By the sender's own clock, if it has one: mails overtake each other.
        let newest = incident.alert.as_ref().and_then(|alert| alert.written_at);
        let stale = letter.date.is_some_and(|date| match newest {
            Some(newest) => date < newest,
            None => incident.opened_at.duration_since(date) > STALE,
        });
        let origin = incident.alert.as_ref().and_then(|alert| alert.origin.as_ref());
        let same_sender = origin.is_none_or(|origin| origin.from == letter.from);
        let name = self.config.words(subject, Some(&incident)).name;
        let by = Actor::named(name, How::Source);
        let command = match command {
            Command::Resolve | Command::Acknowledge if !same_sender => Command::Note {
                text: format!(
                    "A mail from {} says that it is over. It changes nothing, because somebody else reported it.",
                    letter.from.as_deref().unwrap_or("nobody")
                ),
            },
            Command::Resolve | Command::Acknowledge if stale => Command::Note {
                text: "An old mail says that it is over. It was written before this was reported, so it changes nothing."
                    .to_owned(),
            },
            command => command,
        };
        Ok(Some(Event::Command { by, epoch: Some(incident.epoch), command }))
    }

    fn origin(&self, letter: &Letter, verdicts: &Verdicts) -> Origin {
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

    /// Until when phones stay silent, and why: quiet hours, or maintenance.
    pub(crate) async fn hold_for(
        &self,
        name: &str,
        source: &AlertSource,
        severity: Severity,
        title: &str,
        now: Timestamp,
    ) -> Result<Option<Hold>, Fault> {
        let quiet =
            source.quiet.as_ref().filter(|quiet| quiet.severities.contains(&severity)).and_then(|quiet| {
                // Hours that can't be read must not keep anybody waiting; `handbell check` refuses them.
                let until = quiet.hours.calendar(self.config.zone()).ok()?.open_until(now)?;
                Some(Hold { until, why: "quiet hours".to_owned() })
            });
        let roster = self.store.people().roster().await?;
        let maintained = roster.maintenance.iter().filter(|one| {
            (one.from..one.until).contains(&now)
                && (one.sources.is_empty() || one.sources.iter().any(|source| source == name))
                && one.about.as_ref().is_none_or(|about| title.to_lowercase().contains(&about.to_lowercase()))
        });
        let maintained =
            maintained.map(|one| Hold { until: one.until, why: format!("maintenance: {}", one.why) });
        Ok(maintained.chain(quiet).max_by_key(|hold| hold.until))
    }

    /// A mail that nobody may open, or that is for nobody: it is put aside, and the admins are told. Of the one and of the other
    /// they are told so often in a day, so that strays don't drown what matters.
    async fn quarantine(&self, letter: &Letter, came: &Came, why: &str, danger: bool) -> Result<(), Fault> {
        let now = self.now();
        let name = match (&came.object, danger) {
            // What is only lost stays where it is.
            (Some(object), false) => object.clone(),
            _ => {
                format!("{QUARANTINE}{}-{}", letter.identity(), &letter.digest[..16.min(letter.digest.len())])
            }
        };
        if let (Some(bucket), true) = (&self.bucket, danger) {
            let put = bucket.put(&name, came.bytes.clone(), "application/octet-stream").await;
            put.map_err(|failure| Fault(failure.to_string()))?;
        }
        tracing::warn!(why, object = name, "a mail was put aside");
        let day = now.as_second().div_euclid(86_400);
        let kind = if danger { "dangerous" } else { "stray" };
        if self.store.counters().count(&format!("{kind}-mails-{day}"), 1, now, 2 * 86_400).await?
            < STRAYS_A_DAY
        {
            let text = format!(
                "A mail was put aside because {why}. It raised no alert. It lies in the bucket as {name}; \
                 if it should have, mend the source's address or its sender."
            );
            self.tell_admins_once(&text, &format!("stray-{}", letter.identity()), now).await?;
        }
        Ok(())
    }

    /// Mails that lie in the bucket although nobody told us of them.
    pub(crate) async fn sweep_bucket(&self) -> Result<(), Fault> {
        let (Some(bucket), Some(_)) = (&self.bucket, &self.config.mail) else { return Ok(()) };
        let now = self.now();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let page = bucket.list(INBOUND, after.as_deref(), 1000).await;
            let page = page.map_err(|failure| Fault(failure.to_string()))?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.clone());
            let full = page.len() >= 1000;
            let age = |at: Timestamp| now.duration_since(at);
            let waiting: Vec<String> = page
                .into_iter()
                .filter(|object| (UNTOLD..LOOKED_FOR).contains(&age(object.modified)))
                .map(|object| object.key)
                .filter(|key| !key.ends_with(SET_UP))
                .collect();
            let names: Vec<String> = waiting.iter().map(|key| format!("obj-{key}")).collect();
            let known = self.store.mails().mails_known(&names).await?;
            let untold = waiting.into_iter().zip(known).filter(|(_, known)| !known).map(|(key, _)| key);
            for object in untold.take(SWEEP) {
                // One that can't be read must not hold up the others.
                if let Err(fault) = self.take_from_bucket(&object).await {
                    tracing::error!(object, reason = %fault, "a mail in the bucket can't be handled; tried again in five minutes");
                }
            }
            if !full {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn take_from_bucket(&self, object: &str) -> Result<(), Fault> {
        let Some(bytes) = self.of_bucket(object).await? else { return Ok(()) };
        tracing::warn!(object, "a mail lay in the bucket, and nobody told us of it");
        let recipients = match recipient_in(&bytes) {
            Some(recipient) => vec![recipient],
            None => parse(&bytes).to,
        };
        let came = Came { verdicts: verdicts_in(&bytes), bytes, object: Some(object.to_owned()) };
        self.came_to(&recipients, None, came).await
    }
}

/// The one incident of a source's flood.
fn flood(source: &str) -> Subject {
    Subject::alert(source, "\0flood")
}

/// Many reported what this incident is about.
pub(crate) fn is_flood(subject: &Subject) -> bool {
    subject.source().is_some_and(|source| *subject == flood(source))
}

/// SPF speaks for the envelope's sender: it proves who is shown only if both are of one domain.
fn is_aligned(letter: &Letter, envelope: Option<&str>) -> bool {
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    let shown = letter.from.as_deref().and_then(domain);
    shown.is_some() && shown == envelope.and_then(domain)
}

/// A mail's Message-ID as it is remembered.
fn message(id: &str) -> String {
    format!("id-{id}")
}

fn text_of(letter: &Letter) -> String {
    let mut text = letter.text.clone();
    for trouble in &letter.troubles {
        text.push_str(&format!("\n({trouble})"));
    }
    if !letter.attachments.is_empty() {
        text.push_str(&format!("\nAttached: {}", letter.attachments.join(", ")));
    }
    text
}
