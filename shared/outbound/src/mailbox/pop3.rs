//! Mailboxes over POP3 (RFC 1939): every mail has a permanent name, and deleted mails are removed at the end of the
//! session.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use secrecy::ExposeSecret;

use super::login::{one_line, quoted, refused, xoauth2};
use super::wire::{SERVER, Wire, nonsense, too_large};
use super::{COMMAND, Login, MAIL_MAX, Server};
use crate::failure::{Failure, NEVER_ASKED, VendorResult};

/// Maximum length of a line of a reply or a listing in bytes (RFC 2449, 4).
const LINE_MAX: usize = 512;

/// Maximum length during the login, when the server may send a challenge (RFC 5034, 4).
const CHALLENGE_MAX: usize = 12_288;

/// Maximum number of bytes beside a number in a listing. A name has 70.
const ITEM_MAX: usize = 128;

/// Maximum number of mails in a mailbox.
const MAILS_MAX: usize = 100_000;

/// A session with a mailbox over POP3. It locks the mailbox against other sessions.
///
/// A session that is dropped without [`Pop3::quit`] deletes nothing.
pub struct Pop3 {
    wire: Wire,
}

impl std::fmt::Debug for Pop3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pop3").finish_non_exhaustive()
    }
}

/// A mail in the mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Number in this session.
    pub number: u32,
    /// Name in every session: 1 to 70 visible ASCII characters. Identical mails may have the same name (RFC 1939,
    /// UIDL).
    pub uidl: String,
    /// Length in bytes, according to the server.
    pub size: u64,
}

/// The server's reply to a command.
enum Reply {
    Yes(String),
    No {
        code: String,
        words: String,
    },
    /// The server expects more input, as during the login.
    More,
}

impl Pop3 {
    /// Connects and logs in.
    pub async fn connect(server: &Server) -> VendorResult<Pop3> {
        let (Login::Password(secret) | Login::OAuth(secret)) = &server.login;
        one_line(server, secret)?;
        let mut session = Pop3 { wire: Wire::connect(server).await? };
        match session.reply(LINE_MAX).await? {
            Reply::Yes(_) => session.wire.done(),
            Reply::No { words, .. } => {
                return Err(Failure::NotSent {
                    retry_after: None,
                    why: format!("{SERVER} lets nobody in at the moment{}", quoted(&words)),
                });
            }
            Reply::More => return Err(nonsense("a greeting that is none")),
        }
        match &server.login {
            Login::Password(password) => {
                session.login(&format!("USER {}\r\n", server.user)).await?;
                session.login(&format!("PASS {}\r\n", password.expose_secret())).await?;
            }
            Login::OAuth(token) => {
                // In two steps: a token is longer than a command may be (RFC 5034, 4).
                session.wire.begin(COMMAND)?;
                session.wire.say(b"AUTH XOAUTH2\r\n").await?;
                if !matches!(session.more().await?, Reply::More) {
                    return Err(nonsense("it lets us in before it knows us"));
                }
                session.wire.done();
                session.login(&format!("{}\r\n", xoauth2(&server.user, token))).await?;
            }
        }
        Ok(session)
    }

    /// Returns the mails in the mailbox, oldest first.
    pub async fn uidl(&mut self) -> VendorResult<Vec<Listed>> {
        let names = self.listing("UIDL\r\n").await?;
        let sizes: BTreeMap<u32, String> = self.listing("LIST\r\n").await?.into_iter().collect();
        let listed = names.into_iter().map(|(number, uidl)| {
            let fits = uidl.len() <= 70 && uidl.bytes().all(|byte| byte.is_ascii_graphic());
            // More may follow the size (RFC 1939, LIST).
            let size = sizes.get(&number).and_then(|text| text.split(' ').next()?.parse().ok());
            match size {
                Some(size) if fits => Ok(Listed { number, uidl, size }),
                _ => Err(nonsense("a mail without a name or a size")),
            }
        });
        listed.collect()
    }

    /// Returns the exact bytes of a mail. A mail larger than [`MAIL_MAX`] is refused and ends the session;
    /// [`Listed::size`] tells beforehand.
    pub async fn fetch(&mut self, number: u32) -> VendorResult<Bytes> {
        self.wire.begin(COMMAND)?;
        self.ask(&format!("RETR {number}\r\n"), "it doesn't give a mail that it has listed").await?;
        let mut mail = BytesMut::new();
        let mut begins = true;
        let max = usize::try_from(MAIL_MAX).unwrap_or(usize::MAX);
        loop {
            let line = self.wire.line(max).await?;
            if begins && line == b".\r\n" {
                break;
            }
            // Lines that begin with a dot are sent with one more (dot-stuffing).
            let line = if begins && line.starts_with(b".") { &line[1..] } else { &line[..] };
            if mail.len() + line.len() > max {
                return Err(too_large());
            }
            let before = mail.len() >> 20;
            mail.extend_from_slice(line);
            let whole = (mail.len() >> 20) - before;
            self.wire.extend(Duration::from_secs(whole as u64));
            begins = line.ends_with(b"\r\n");
        }
        self.wire.done();
        Ok(mail.freeze())
    }

    /// Marks a mail for deletion, which happens in [`Pop3::quit`].
    pub async fn delete(&mut self, number: u32) -> VendorResult<()> {
        self.wire.begin(COMMAND)?;
        self.ask(&format!("DELE {number}\r\n"), "it doesn't delete a mail").await?;
        self.wire.done();
        Ok(())
    }

    /// Ends the session and deletes the marked mails. If this fails, it is unknown which mails are left; their names
    /// tell in the next session.
    pub async fn quit(mut self) -> VendorResult<()> {
        self.wire.begin(COMMAND)?;
        self.wire.say(b"QUIT\r\n").await?;
        match self.reply(LINE_MAX).await? {
            Reply::Yes(_) => Ok(()),
            Reply::No { words, .. } => {
                Err(Failure::unknown(format!("{SERVER} did not delete all mails{}", quoted(&words))))
            }
            Reply::More => Err(nonsense("it wants more")),
        }
    }

    /// Performs a step of the login.
    async fn login(&mut self, line: &str) -> VendorResult<()> {
        self.wire.begin(COMMAND)?;
        self.wire.say(line.as_bytes()).await?;
        match self.more().await? {
            Reply::Yes(_) => {}
            // The server refused the token and states the reason after an empty response (Google, XOAUTH2 mechanism).
            _ => {
                self.wire.say(b"\r\n").await?;
                self.more().await?;
                return Err(refused("", ""));
            }
        }
        self.wire.done();
        Ok(())
    }

    /// Reads a reply in which a refusal concerns the login.
    async fn more(&mut self) -> VendorResult<Reply> {
        match self.reply(CHALLENGE_MAX).await? {
            Reply::No { code, words } => Err(refused(&code, &words)),
            reply => Ok(reply),
        }
    }

    /// Sends a command and expects success. `no` states what a refusal means.
    async fn ask(&mut self, line: &str, no: &str) -> VendorResult<String> {
        self.wire.say(line.as_bytes()).await?;
        match self.reply(LINE_MAX).await? {
            Reply::Yes(words) => Ok(words),
            Reply::No { words, .. } => {
                self.wire.done();
                let why = format!("{SERVER} says no: {no}{}", quoted(&words));
                Err(Failure::Refused { code: NEVER_ASKED, why })
            }
            Reply::More => Err(nonsense("it wants more")),
        }
    }

    async fn reply(&mut self, max: usize) -> VendorResult<Reply> {
        let line = self.wire.line(max).await?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if let Some(words) = line.strip_prefix("+OK") {
            Ok(Reply::Yes(words.trim_start().to_owned()))
        } else if let Some(words) = line.strip_prefix("-ERR") {
            let words = words.trim_start();
            let (code, words) =
                words.strip_prefix('[').and_then(|rest| rest.split_once(']')).unwrap_or(("", words));
            Ok(Reply::No { code: code.to_ascii_uppercase(), words: words.to_owned() })
        } else if line == "+" || line.starts_with("+ ") {
            Ok(Reply::More)
        } else {
            Err(nonsense("it is no POP3"))
        }
    }

    /// Returns the numbers in a listing, each once, with the text beside them.
    async fn listing(&mut self, command: &str) -> VendorResult<Vec<(u32, String)>> {
        self.wire.begin(COMMAND)?;
        self.ask(command, "it doesn't list its mails by name (UIDL), so that none can be told from another")
            .await?;
        let mut all = BTreeMap::new();
        loop {
            let line = self.wire.line(LINE_MAX).await?;
            let line = std::str::from_utf8(&line).map_err(|_| nonsense("a list that is no text"))?.trim_end();
            if line == "." {
                break;
            }
            let (number, rest) = line.split_once(' ').ok_or_else(|| nonsense("a list that is none"))?;
            let number: u32 = number.parse().map_err(|_| nonsense("a list that is none"))?;
            let long = rest.len() > ITEM_MAX || all.len() >= MAILS_MAX;
            if long || all.insert(number, rest.trim().to_owned()).is_some() {
                return Err(nonsense("a list without an end"));
            }
        }
        self.wire.done();
        Ok(all.into_iter().collect())
    }
}
