//! Mailboxes over IMAP (RFC 3501): mails have increasing numbers, and processed mails are moved or marked as read.

mod command;
mod response;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::login::{one_line, quoted, refused, xoauth2};
use super::wire::{SERVER, Wire, nonsense, too_large};
use super::{COMMAND, Login, MAIL_MAX, Server};
use crate::failure::{Failure, NEVER_ASKED, VendorResult};
use command::Command;
use response::{Fetched, Item, Line, Room, Status, Verdict};

/// Maximum number of mails per request: one command contains all their numbers.
const AT_ONCE: usize = 500;

/// Maximum number of lines in response to a command: one for each requested mail, and concurrent updates.
const LINES_MAX: usize = 10_000;

/// How far a folder has been read. The number of a mail is valid only together with the folder's UIDVALIDITY, which the
/// server changes when it has to renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// UIDVALIDITY.
    pub uid_validity: u32,
    /// UID of the last mail that was seen.
    pub last_uid: u32,
}

/// The new mails in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// UIDVALIDITY for the next [`Mark`].
    pub uid_validity: u32,
    /// The mails, oldest first.
    pub mails: Vec<UnreadMail>,
}

/// A mail in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadMail {
    /// UID in the folder; later mails have higher ones.
    pub uid: u32,
    /// Length in bytes, according to the server; 0 if it states none.
    pub size: u64,
}

/// A session with one folder over IMAP.
pub struct Imap {
    wire: Wire,
    tag: u32,
    uid_validity: u32,
    moves: bool,
    uid_plus: bool,
}

impl std::fmt::Debug for Imap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Imap")
            .field("moves", &self.moves)
            .field("uid_plus", &self.uid_plus)
            .finish_non_exhaustive()
    }
}

/// The responses before the final one of a command.
type Items = Vec<Item>;

impl Imap {
    /// Connects, logs in, and opens a folder, usually `INBOX`.
    pub async fn connect(server: &Server, folder: &str) -> VendorResult<Imap> {
        let (Login::Password(secret) | Login::OAuth(secret)) = &server.login;
        one_line(server, secret)?;
        let wire = Wire::connect(server).await?;
        let mut session = Imap { wire, tag: 0, uid_validity: 0, moves: false, uid_plus: false };
        session.greeted().await?;
        let login = match &server.login {
            Login::Password(password) => Command::login(&server.user, password),
            Login::OAuth(token) => Command::xoauth2(&xoauth2(&server.user, token)),
        };
        let (_, verdict) = session.run(login).await?;
        if verdict.status != Status::Ok {
            return Err(refused(&verdict.code, &verdict.words));
        }
        // Only after the login: many servers support more for authenticated users.
        for item in session.must(Command::new("CAPABILITY"), "it doesn't list its capabilities").await? {
            if let Item::Capabilities(able) = item {
                session.moves |= able.iter().any(|one| one == "MOVE");
                session.uid_plus |= able.iter().any(|one| one == "UIDPLUS");
            }
        }
        session.open(folder).await?;
        Ok(session)
    }

    /// Returns the mails after the mark, at most `max` and never more than 500. Without a mark, or if its UIDVALIDITY
    /// differs, starts from the first mail.
    pub async fn new_mail(&mut self, seen: Option<Mark>, max: usize) -> VendorResult<News> {
        let last = seen.filter(|mark| mark.uid_validity == self.uid_validity).map_or(0, |mark| mark.last_uid);
        let mut news = News { uid_validity: self.uid_validity, mails: Vec::new() };
        let Some(first) = last.checked_add(1) else { return Ok(news) };
        let search = Command::new(format!("UID SEARCH UID {first}:*"));
        let items = self.must(search, "it doesn't look for new mails").await?;
        let uids =
            items.into_iter().flat_map(|item| if let Item::Search(uids) = item { uids } else { Vec::new() });
        // A range may be reversed, so the last mail is always in it (RFC 3501, UID).
        let found: BTreeSet<u32> = uids.filter(|uid| *uid >= first).collect();
        let wanted: BTreeSet<u32> = found.into_iter().take(max.min(AT_ONCE)).collect();
        if wanted.is_empty() {
            return Ok(news);
        }
        let set = wanted.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let fetch = Command::new(format!("UID FETCH {set} (UID RFC822.SIZE)"));
        let mut sizes = BTreeMap::new();
        for item in self.must(fetch, "it doesn't tell how large the mails are").await? {
            if let Item::Fetch(Fetched { uid: Some(uid), size: Some(size), .. }) = item
                && wanted.contains(&uid)
            {
                sizes.insert(uid, size);
            }
        }
        // A mail that isn't reported may be gone. It is returned nevertheless: if it still exists, the mark would skip
        // it forever.
        let waiting = |uid| UnreadMail { uid, size: sizes.get(&uid).copied().unwrap_or(0) };
        news.mails = wanted.into_iter().map(waiting).collect();
        Ok(news)
    }

    /// Returns the exact bytes of a mail and leaves it unread; `None` if the mail no longer exists. A mail larger than
    /// [`MAIL_MAX`] is refused and ends the session; [`UnreadMail::size`] tells beforehand. A mail that the server doesn't
    /// hand out is refused too, and isn't mistaken for one that is gone.
    pub async fn fetch(&mut self, uid: u32) -> VendorResult<Option<Bytes>> {
        let fetch = Command::new(format!("UID FETCH {uid} (UID BODY.PEEK[])")).with_mail();
        let (items, verdict) = self.run(fetch).await?;
        let no = "it doesn't give a mail that it has listed";
        // Another client removed the mail before the request (RFC 5530).
        if verdict.code != "EXPUNGEISSUED" {
            accepted(&verdict, no)?;
        }
        let mut there = false;
        for item in items {
            match item {
                Item::Fetch(Fetched { uid: Some(of), body: Some(body), .. }) => {
                    return if of == uid { Ok(Some(body)) } else { Err(nonsense("it gives another mail")) };
                }
                Item::Fetch(Fetched { uid: Some(of), .. }) => there |= of == uid,
                _ => {}
            }
        }
        if there {
            return Err(Failure::Refused { code: NEVER_ASKED, why: format!("{SERVER} says no: {no}") });
        }
        Ok(None)
    }

    /// Finishes a mail: moves it to a folder or, without one, marks it as read. The call is idempotent.
    ///
    /// On a server without MOVE (RFC 6851), the mail is copied and deleted. On a server that can't expunge a single
    /// mail (UIDPLUS, RFC 4315), the mail only stays marked as deleted, since an expunge would also remove mails that
    /// other clients have marked.
    pub async fn done(&mut self, uid: u32, move_to: Option<&str>) -> VendorResult<()> {
        let Some(folder) = move_to else {
            let read = Command::new(format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)"));
            return self.must(read, "it doesn't mark a mail as read").await.map(drop);
        };
        let cannot = "it doesn't move a mail away; is there a folder of the name in `move_to`?";
        if self.moves {
            let away = Command::new(format!("UID MOVE {uid}")).folder(folder);
            return self.must(away, cannot).await.map(drop);
        }
        self.must(Command::new(format!("UID COPY {uid}")).folder(folder), cannot).await?;
        let delete = Command::new(format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"));
        self.must(delete, "it doesn't delete a mail that was copied").await?;
        if self.uid_plus {
            let expunge = Command::new(format!("UID EXPUNGE {uid}"));
            self.must(expunge, "it doesn't take a deleted mail away").await?;
        }
        Ok(())
    }

    /// Ends the session. Finished mails stay finished without it too.
    pub async fn logout(mut self) -> VendorResult<()> {
        self.run(Command::new("LOGOUT")).await.map(drop)
    }

    async fn greeted(&mut self) -> VendorResult<()> {
        match response::read(&mut self.wire, &mut Room::new(0)).await?.untagged() {
            Some(Item::Condition(verdict)) if verdict.status == Status::Ok => {
                self.wire.done();
                Ok(())
            }
            Some(Item::Condition(Verdict { status: Status::Bye, words, .. })) => Err(Failure::NotSent {
                retry_after: None,
                why: format!("{SERVER} lets nobody in at the moment{}", quoted(&words)),
            }),
            _ => Err(nonsense("it is no IMAP")),
        }
    }

    async fn open(&mut self, folder: &str) -> VendorResult<()> {
        let select = Command::new("SELECT").folder(folder);
        let (items, verdict) = self.run(select).await?;
        accepted(&verdict, "it doesn't open the folder; is there one of the name in `folder`?")?;
        if verdict.code == "READ-ONLY" {
            let why = format!("{SERVER} lets us only read the folder, so no mail can be finished");
            return Err(Failure::Refused { code: NEVER_ASKED, why });
        }
        let validity = items.iter().rev().find_map(|item| match item {
            Item::Condition(verdict) => verdict.code.strip_prefix("UIDVALIDITY ")?.parse().ok(),
            _ => None,
        });
        self.uid_validity = validity.ok_or_else(|| nonsense("a folder without a UIDVALIDITY"))?;
        Ok(())
    }

    /// Runs a command and expects success. `no` states what a refusal means.
    async fn must(&mut self, command: Command, no: &str) -> VendorResult<Items> {
        let (items, verdict) = self.run(command).await?;
        accepted(&verdict, no)?;
        Ok(items)
    }

    async fn run(&mut self, command: Command) -> VendorResult<(Items, Verdict)> {
        self.wire.begin(COMMAND)?;
        self.tag += 1;
        let tag = format!("h{}", self.tag);
        let mut room = Room::new(if command.mail { MAIL_MAX } else { 0 });
        let (mut items, mut more) = (Vec::new(), command.parts.into_iter());
        let (first, mut lines) = (more.next().unwrap_or_default(), 0);
        self.wire.say(&[tag.as_bytes(), b" ", &first].concat()).await?;
        loop {
            match response::read(&mut self.wire, &mut room).await? {
                Line::Tagged(of, verdict) if of == tag => {
                    self.wire.done();
                    return Ok((items, verdict));
                }
                Line::Tagged(..) => return Err(nonsense("an answer to what was not asked")),
                Line::More => match more.next() {
                    Some(part) => self.wire.say(&part).await?,
                    None => return Err(nonsense("it wants more than there is")),
                },
                Line::Untagged(Item::Condition(Verdict { status: Status::Bye, words, .. }))
                    if !command.parting =>
                {
                    return Err(Failure::unknown(format!("{SERVER} hung up{}", quoted(&words))));
                }
                Line::Untagged(Item::Other) => {}
                Line::Untagged(item) => items.push(item),
            }
            lines += 1;
            if lines > LINES_MAX {
                return Err(nonsense("an answer without an end"));
            }
        }
    }
}

fn accepted(verdict: &Verdict, no: &str) -> VendorResult<()> {
    let why = || format!("{SERVER} says no: {no}{}", quoted(&verdict.words));
    match (verdict.status, verdict.code.as_str()) {
        (Status::Ok, _) => Ok(()),
        (_, "UNAVAILABLE" | "SERVERBUG" | "INUSE" | "LIMIT") => {
            Err(Failure::NotSent { retry_after: None, why: why() })
        }
        _ => Err(Failure::Refused { code: NEVER_ASKED, why: why() }),
    }
}
