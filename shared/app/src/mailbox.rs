//! Mailboxes on other servers are read, for those whom SES receives nothing for: every minute, one reader at a time.

use bytes::Bytes;
use handbell_core::config::{AlertSource, Mailbox};
use handbell_core::mail::Verdicts;
use handbell_inbound::mail::parse;
use handbell_outbound::mailbox::{Imap, Login, MAIL_MAX, Mark, Pop3, Server};
use handbell_store::MailboxMark;
use jiff::{SignedDuration, Timestamp};

use crate::mail::{Came, INBOUND};
use crate::{App, Fault};

/// So many mails of one mailbox are read in one go; the others wait a minute.
const AT_ONCE: usize = 50;
/// No mail is begun after this time: the function must end before it is ended.
const WITHIN: SignedDuration = SignedDuration::from_secs(40);

/// What a poll of the mailboxes saw, for the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailboxSeen {
    /// How many mailboxes there are.
    pub mailboxes: usize,
    /// How many mails were read.
    pub read: usize,
    /// How many mailboxes could not be read.
    pub failed: usize,
}

impl App {
    /// Reads every mailbox. One that can't be read holds up no other.
    pub async fn mailbox_poll(&self) -> Result<MailboxSeen, Fault> {
        let mut seen = MailboxSeen::default();
        let until = self.now() + WITHIN;
        for (name, source) in &self.config.sources {
            let Some(mailbox) = &source.mailbox else { continue };
            seen.mailboxes += 1;
            match self.read_alone(name, source, mailbox, until).await {
                Ok(read) => seen.read += read,
                Err(fault) => {
                    seen.failed += 1;
                    tracing::error!(source = name, reason = %fault, "a mailbox can't be read; tried again in a minute");
                }
            }
        }
        Ok(seen)
    }

    async fn read_alone(
        &self,
        name: &str,
        source: &AlertSource,
        mailbox: &Mailbox,
        until: Timestamp,
    ) -> Result<usize, Fault> {
        let owner = uuid::Uuid::new_v4().to_string();
        if !self.store.claim_mailbox(name, &owner, self.now()).await? {
            return Ok(0);
        }
        let read = self.read_mailbox(name, source, mailbox, until).await;
        self.store.release_mailbox(name, &owner).await?;
        read
    }

    async fn read_mailbox(
        &self,
        name: &str,
        source: &AlertSource,
        mailbox: &Mailbox,
        until: Timestamp,
    ) -> Result<usize, Fault> {
        let (imap, server) = self.server(mailbox).await?;
        if imap {
            self.read_imap(name, source, (mailbox, &server), until).await
        } else {
            self.read_pop3(name, source, &server, until).await
        }
    }

    /// From the mark on. A mail is marked as done only when all that follows from it is stored.
    async fn read_imap(
        &self,
        name: &str,
        source: &AlertSource,
        (mailbox, server): (&Mailbox, &Server),
        until: Timestamp,
    ) -> Result<usize, Fault> {
        let failed = |failure: handbell_outbound::Failure| Fault(failure.to_string());
        let mut session = Imap::connect(server, &mailbox.folder).await.map_err(failed)?;
        let mark = self.store.mailbox_mark(name).await?;
        let mark = mark.map(|mark| Mark { uid_validity: mark.uid_validity, last_uid: mark.last_uid });
        let news = session.new_mail(mark, AT_ONCE).await.map_err(failed)?;
        let mut read = 0;
        for waiting in &news.mails {
            if self.now() > until {
                break;
            }
            // One that nobody can read must not keep those behind it from being read.
            let fetched = if waiting.size > MAIL_MAX {
                self.too_large(name, &format!("{}-{}", news.uid_validity, waiting.uid)).await?;
                None
            } else {
                session.fetch(waiting.uid).await.map_err(failed)?
            };
            let there = fetched.is_some();
            if let Some(bytes) = fetched {
                self.store_mail(name, source, bytes).await?;
                read += 1;
            }
            // All that follows from it is stored. Where it lies from now on is a matter of tidiness.
            let mark = MailboxMark { uid_validity: news.uid_validity, last_uid: waiting.uid };
            self.store.keep_mailbox_mark(name, mark).await?;
            if there {
                session.done(waiting.uid, mailbox.move_to.as_deref()).await.map_err(failed)?;
            }
        }
        // All is stored: how the server says good-bye doesn't matter.
        let _ = session.logout().await;
        Ok(read)
    }

    /// Everything that is there. It is deleted after it is stored; who dies in between reads it again, and knows it.
    async fn read_pop3(
        &self,
        name: &str,
        source: &AlertSource,
        server: &Server,
        until: Timestamp,
    ) -> Result<usize, Fault> {
        let failed = |failure: handbell_outbound::Failure| Fault(failure.to_string());
        let mut session = Pop3::connect(server).await.map_err(failed)?;
        let mut read = 0;
        for listed in session.uidl().await.map_err(failed)?.into_iter().take(AT_ONCE) {
            if self.now() > until {
                break;
            }
            if listed.size > MAIL_MAX {
                self.too_large(name, &listed.uidl).await?;
                continue;
            }
            let bytes = session.fetch(listed.number).await.map_err(failed)?;
            self.store_mail(name, source, bytes).await?;
            session.delete(listed.number).await.map_err(failed)?;
            read += 1;
        }
        session.quit().await.map_err(failed)?;
        Ok(read)
    }

    /// The admins look at what is too large to be read; it stays where it is.
    async fn too_large(&self, name: &str, id: &str) -> Result<(), Fault> {
        let text = format!(
            "A mail in the mailbox of {name} is larger than 40 MB. It was not read, and raised no alert. Please look at it there."
        );
        tracing::error!(source = name, "a mail is too large to be read");
        self.tell_admins_once(&text, &format!("large-{name}-{id}"), self.now()).await
    }

    /// Keeps the mail as it came, and lets happen what it means.
    async fn store_mail(&self, name: &str, source: &AlertSource, bytes: Bytes) -> Result<(), Fault> {
        let letter = parse(&bytes);
        let object = match &self.bucket {
            Some(bucket) => {
                let object = format!("{INBOUND}mailbox-{}", letter.identity());
                // The sweep needn't look at what is handled right now.
                let row = handbell_store::MailRow { whose: None };
                self.store.remember_mail(&[format!("obj-{object}")], &row, self.now()).await?;
                let put = bucket.put(&object, bytes.clone(), "message/rfc822").await;
                put.map_err(|failure| Fault(failure.to_string()))?;
                Some(object)
            }
            None => None,
        };
        let came = Came { bytes, object, verdicts: Verdicts::of_mailbox() };
        self.came_to_source(name, source, &letter, &came).await
    }

    async fn server(&self, mailbox: &Mailbox) -> Result<(bool, Server), Fault> {
        let wrong = || Fault("the mailbox's address can't be read; `handbell check` tells why".to_owned());
        let (scheme, rest) = mailbox.url.split_once("://").ok_or_else(wrong)?;
        let (imap, tls, port) = match scheme {
            "imaps" => (true, true, 993),
            "imap" => (true, false, 143),
            "pop3s" => (false, true, 995),
            "pop3" => (false, false, 110),
            _ => return Err(wrong()),
        };
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None => (rest, port),
        };
        let now = self.now();
        let login = match (&mailbox.password, &mailbox.oauth) {
            (Some(password), _) => Login::Password(self.secrets.get(&password.secret, now).await?),
            (None, Some(token)) => Login::OAuth(self.secrets.get(&token.secret, now).await?),
            (None, None) => return Err(Fault("the mailbox has neither password nor oauth".to_owned())),
        };
        let server = Server { host: host.to_owned(), port, tls: None, user: mailbox.user.clone(), login };
        Ok((imap, if tls { (self.encrypt_mailbox)(server)? } else { server }))
    }
}
