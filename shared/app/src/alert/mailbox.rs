//! Polls of mailboxes on other servers, for sources whose mail doesn't arrive through SES. They run every minute, with
//! one reader per mailbox at a time.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use handbell_core::alert::mail::AuthVerdicts;
use handbell_core::config::{AlertSource, Mailbox};
use handbell_inbound::mail::parse;
use handbell_outbound::Failure;
use handbell_outbound::mailbox::{Imap, Login, MAIL_MAX, Mark, Pop3, Server};
use handbell_store::{MailRow, MailboxMark, Mailboxes, Mails};
use jiff::SignedDuration;

use crate::alert::mail::{MailEffect, MailsSeen, ReceivedMail, SourceMails};
use crate::bucket::{INBOUND, MailArchive};
use crate::configuration::Configuration;
use crate::dependencies::{EncryptedMailboxes, Time, parts};
use crate::engine::notice::NoticeSender;
use crate::secrets::Secrets;
use crate::{Fault, Ids};

/// Number of mails of one mailbox that are read in one poll. The others wait a minute.
const AT_ONCE: usize = 50;
/// Time-out for one mailbox. Mails that aren't read by then are read a minute later. The function itself must end in
/// time.
const WITHIN: Duration = Duration::from_secs(40);
/// Time after which a POP3 session begins no further mail.
const READS: SignedDuration = SignedDuration::from_secs(20);

/// Result of a poll of the mailboxes, for the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailboxSeen {
    /// Number of mailboxes.
    pub mailboxes: usize,
    /// Number of mails that were read.
    pub read: usize,
    /// What became of them.
    pub mails: MailsSeen,
    /// Number of mailboxes that could not be read.
    pub failed: usize,
}

/// A mailbox on another server, and the source whose mails arrive there.
#[derive(Clone, Copy)]
struct SourceMailbox<'a> {
    name: &'a str,
    source: &'a AlertSource,
    mailbox: &'a Mailbox,
}

parts! {
    /// Reads mailboxes on other servers.
    pub struct MailboxPoll {
        archive: MailArchive,
        config: Configuration,
        encrypted: EncryptedMailboxes,
        ids: Ids,
        mailboxes: Mailboxes,
        mails: Mails,
        notices: NoticeSender,
        secrets: Secrets,
        source_mails: SourceMails,
        time: Time,
    }
}

impl MailboxPoll {
    /// Reads every mailbox. One that can't be read holds up no other.
    pub async fn poll(&self) -> Result<MailboxSeen, Fault> {
        let mailboxes = self.config.sources.iter();
        let mailboxes = mailboxes.filter_map(|(name, source)| {
            Some(SourceMailbox { name, source, mailbox: source.mailbox.as_ref()? })
        });
        // Concurrently, each with its own time-out: a slow server must not keep the other mailboxes from being read.
        let reading = mailboxes.map(async |mailbox| {
            let read = tokio::time::timeout(WITHIN, self.read_alone(mailbox)).await;
            let slow = || Fault::from(format!("it took longer than {} s", WITHIN.as_secs()));
            (mailbox.name, read.unwrap_or_else(|_| Err(slow())))
        });
        let mut seen = MailboxSeen::default();
        for (name, read) in join_all(reading).await {
            seen.mailboxes += 1;
            match read {
                Ok(read) => {
                    seen.read += read.taken;
                    seen.mails.taken += read.taken;
                    seen.mails.unmatched += read.unmatched;
                    seen.mails.ignored += read.ignored;
                }
                Err(fault) => {
                    seen.failed += 1;
                    tracing::error!(source = self.config.names().sources.present(name), reason = %fault, "a mailbox can't be read; it is retried in a minute");
                }
            }
        }
        Ok(seen)
    }

    async fn read_alone(&self, mailbox: SourceMailbox<'_>) -> Result<MailsSeen, Fault> {
        let owner = self.ids.unique();
        if !self.mailboxes.claim_mailbox(mailbox.name, &owner, self.time.now()).await? {
            return Ok(MailsSeen::default());
        }
        let read = self.read_mailbox(mailbox).await;
        self.mailboxes.release_mailbox(mailbox.name, &owner).await?;
        read
    }

    async fn read_mailbox(&self, mailbox: SourceMailbox<'_>) -> Result<MailsSeen, Fault> {
        let (imap, server) = self.server(mailbox.mailbox).await?;
        if imap { self.read_imap(mailbox, &server).await } else { self.read_pop3(mailbox, &server).await }
    }

    /// Reads the mails after the stored position. The position moves past a mail only when everything that follows from
    /// the mail is stored.
    async fn read_imap(&self, of: SourceMailbox<'_>, server: &Server) -> Result<MailsSeen, Fault> {
        let SourceMailbox { name, source, mailbox } = of;
        let mut session = Imap::connect(server, &mailbox.folder).await?;
        let mark = self.mailboxes.mailbox_mark(name).await?;
        let mark = mark.map(|mark| Mark { uid_validity: mark.uid_validity, last_uid: mark.last_uid });
        let news = session.new_mail(mark, AT_ONCE).await?;
        let mut read = MailsSeen::default();
        for waiting in &news.mails {
            // A mail that can't be read must not hold up the mails behind it.
            let id = format!("{}-{}", news.uid_validity, waiting.uid);
            let fetched = if waiting.size > MAIL_MAX {
                self.report_unreadable(name, &id, "it is larger than 40 MB").await?;
                None
            } else {
                match session.fetch(waiting.uid).await {
                    Ok(fetched) => fetched,
                    Err(Failure::Refused { why, .. }) => {
                        self.report_unreadable(name, &id, &why).await?;
                        None
                    }
                    Err(failure) => return Err(failure.into()),
                }
            };
            let there = fetched.is_some();
            if let Some(bytes) = fetched {
                read.count(Some(self.store_mail(name, source, bytes).await?));
            }
            // Everything that follows from the mail is stored. Moving the mail to another folder is only housekeeping.
            let mark = MailboxMark { uid_validity: news.uid_validity, last_uid: waiting.uid };
            self.mailboxes.save_mailbox_mark(name, mark).await?;
            if there {
                session.done(waiting.uid, mailbox.move_to.as_deref()).await?;
            }
        }
        // Everything is stored: a failed logout doesn't matter.
        let _ = session.logout().await;
        Ok(read)
    }

    /// Reads the mails that are there. A mail is deleted after it is stored. If the worker dies in between, the mail is
    /// read again and recognised.
    async fn read_pop3(&self, of: SourceMailbox<'_>, server: &Server) -> Result<MailsSeen, Fault> {
        let SourceMailbox { name, source, .. } = of;
        let mut session = Pop3::connect(server).await?;
        let mut read = MailsSeen::default();
        let until = self.time.now() + READS;
        let (large, listed): (Vec<_>, Vec<_>) =
            session.uidl().await?.into_iter().partition(|listed| listed.size > MAIL_MAX);
        for listed in &large {
            self.report_unreadable(name, &listed.uidl, "it is larger than 40 MB").await?;
        }
        for listed in listed.into_iter().take(AT_ONCE) {
            // The server removes deleted mails only when the session ends with QUIT, so time must be left for it.
            if self.time.now() > until {
                break;
            }
            let bytes = match session.fetch(listed.number).await {
                Ok(bytes) => bytes,
                Err(Failure::Refused { why, .. }) => {
                    self.report_unreadable(name, &listed.uidl, &why).await?;
                    continue;
                }
                Err(failure) => return Err(failure.into()),
            };
            read.count(Some(self.store_mail(name, source, bytes).await?));
            session.delete(listed.number).await?;
        }
        session.quit().await?;
        Ok(read)
    }

    /// Notifies the admins of a mail that can't be read. The mail stays where it is.
    async fn report_unreadable(&self, name: &str, id: &str, why: &str) -> Result<(), Fault> {
        let source = self.config.names().sources.present(name);
        let text = format!(
            "A mail in the mailbox of {source} can't be read: {why}. It raised no alert. Please look at it there."
        );
        tracing::error!(source, "a mail can't be read");
        self.notices.tell_admins_once(&text, &format!("unreadable-{name}-{id}"), self.time.now()).await
    }

    /// Archives the mail as it arrived, and applies it.
    async fn store_mail(&self, name: &str, source: &AlertSource, bytes: Bytes) -> Result<MailEffect, Fault> {
        let parsed = parse(&bytes);
        let mut object = None;
        if self.archive.is_there() {
            // The key contains a digest of the content: a copy with other content must not replace this mail.
            let digest = &parsed.digest[..16.min(parsed.digest.len())];
            let key = format!("{INBOUND}mailbox-{}-{digest}", parsed.identity());
            // The sweep must skip a mail that is being handled.
            let row = MailRow { whose: Vec::new() };
            self.mails.remember_mail(&[format!("obj-{key}")], &row, self.time.now()).await?;
            if let Some(stored) = self.archive.store(&key, bytes.clone()).await {
                stored?;
                object = Some(key);
            }
        }
        let mail = ReceivedMail { bytes, object, verdicts: AuthVerdicts::of_mailbox() };
        self.source_mails.take_source_mail(name, source, &parsed, &mail).await
    }

    async fn server(&self, mailbox: &Mailbox) -> Result<(bool, Server), Fault> {
        let wrong = || Fault::from("the mailbox's address can't be parsed; `handbell check` says why");
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
        let now = self.time.now();
        let login = match (&mailbox.password, &mailbox.oauth) {
            (Some(password), _) => Login::Password(self.secrets.get(&password.secret, now).await?),
            (None, Some(token)) => Login::OAuth(self.secrets.get(&token.secret, now).await?),
            (None, None) => return Err(Fault::from("the mailbox has neither password nor oauth")),
        };
        let server = Server { host: host.to_owned(), port, tls: None, user: mailbox.user.clone(), login };
        Ok((imap, if tls { self.encrypted.encrypt(server)? } else { server }))
    }
}
