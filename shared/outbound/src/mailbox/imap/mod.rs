//! A mailbox over IMAP (RFC 3501): mails count up, and what is done is moved away or marked as read.

mod command;
mod response;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::login::{one_line, quoted, refused, xoauth2};
use super::wire::{SERVER, Wire, nonsense, too_large};
use super::{COMMAND, Login, MAIL_MAX, Server};
use crate::failure::{Failure, NEVER_ASKED, Said};
use command::Command;
use response::{Fetched, Item, Line, Room, Status, Verdict};

/// The most mails that are asked for at a time: their numbers stand in one command.
const AT_ONCE: usize = 500;

/// More than this no command is answered with: each of the mails that are asked for, and what happens meanwhile.
const LINES_MAX: usize = 10_000;

/// How far a mailbox has been read. Numbers are good only together with the folder's own: a server that had to count anew
/// gives it another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// UIDVALIDITY.
    pub uid_validity: u32,
    /// The last mail that was seen.
    pub last_uid: u32,
}

/// What there is in a folder that wasn't seen yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// For the next [`Mark`].
    pub uid_validity: u32,
    /// The mails, the oldest first.
    pub mails: Vec<Waiting>,
}

/// A mail that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number in the folder; later ones are higher.
    pub uid: u32,
    /// Its length in bytes, as the server tells it; 0 if it doesn't.
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

/// What came before the verdict on a command.
type Items = Vec<Item>;

impl Imap {
    /// Connects, logs in, and opens a folder, `INBOX` usually.
    pub async fn connect(server: &Server, folder: &str) -> Said<Imap> {
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
        // Only now: many a server can more for those it knows.
        for item in session.must(Command::new("CAPABILITY"), "it doesn't tell what it can").await? {
            if let Item::Capabilities(able) = item {
                session.moves |= able.iter().any(|one| one == "MOVE");
                session.uid_plus |= able.iter().any(|one| one == "UIDPLUS");
            }
        }
        session.open(folder).await?;
        Ok(session)
    }

    /// What came after the mark, at most `max` of it and never more than 500; from the start if there is none, or if it is of
    /// another UIDVALIDITY.
    pub async fn new_mail(&mut self, seen: Option<Mark>, max: usize) -> Said<News> {
        let last = seen.filter(|mark| mark.uid_validity == self.uid_validity).map_or(0, |mark| mark.last_uid);
        let mut news = News { uid_validity: self.uid_validity, mails: Vec::new() };
        let Some(first) = last.checked_add(1) else { return Ok(news) };
        let search = Command::new(format!("UID SEARCH UID {first}:*"));
        let items = self.must(search, "it doesn't look for new mails").await?;
        let uids =
            items.into_iter().flat_map(|item| if let Item::Search(uids) = item { uids } else { Vec::new() });
        // A range may be told backwards, so that the last mail is always in it (RFC 3501, UID).
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
        // One that isn't told of may be gone. Left out, it would be lost if it isn't: the mark goes past it.
        let waiting = |uid| Waiting { uid, size: sizes.get(&uid).copied().unwrap_or(0) };
        news.mails = wanted.into_iter().map(waiting).collect();
        Ok(news)
    }

    /// A mail as it came, to the last byte, and not marked as read; nothing if it isn't there any more. [`Waiting::size`] tells
    /// beforehand whether it is larger than [`MAIL_MAX`], which is refused and ends the session. One that the server keeps to
    /// itself is refused too, and isn't taken for one that is gone.
    pub async fn fetch(&mut self, uid: u32) -> Said<Option<Bytes>> {
        let fetch = Command::new(format!("UID FETCH {uid} (UID BODY.PEEK[])")).with_mail();
        let (items, verdict) = self.run(fetch).await?;
        let no = "it doesn't give a mail that it has listed";
        // Somebody took it away before we asked (RFC 5530).
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

    /// We are done with a mail: it goes to that folder, or, without one, is marked as read. Saying it twice does no harm.
    ///
    /// A server that knows no MOVE (RFC 6851) copies and deletes; one that can't take away a single mail (UIDPLUS, RFC 4315)
    /// leaves it marked as deleted, since taking away would take along what others have marked.
    pub async fn done(&mut self, uid: u32, move_to: Option<&str>) -> Said<()> {
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

    /// Parts. What was done stays done without it too.
    pub async fn logout(mut self) -> Said<()> {
        self.run(Command::new("LOGOUT")).await.map(drop)
    }

    async fn greeted(&mut self) -> Said<()> {
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

    async fn open(&mut self, folder: &str) -> Said<()> {
        let select = Command::new("SELECT").folder(folder);
        let (items, verdict) = self.run(select).await?;
        accepted(&verdict, "it doesn't open the folder; is there one of the name in `folder`?")?;
        if verdict.code == "READ-ONLY" {
            let why = format!("{SERVER} lets us only read the folder, so that no mail can be done with");
            return Err(Failure::Refused { code: NEVER_ASKED, why });
        }
        let validity = items.iter().rev().find_map(|item| match item {
            Item::Condition(verdict) => verdict.code.strip_prefix("UIDVALIDITY ")?.parse().ok(),
            _ => None,
        });
        self.uid_validity = validity.ok_or_else(|| nonsense("a folder without a UIDVALIDITY"))?;
        Ok(())
    }

    /// A command that is answered with a yes, or has a reason to be told.
    async fn must(&mut self, command: Command, no: &str) -> Said<Items> {
        let (items, verdict) = self.run(command).await?;
        accepted(&verdict, no)?;
        Ok(items)
    }

    async fn run(&mut self, command: Command) -> Said<(Items, Verdict)> {
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

fn accepted(verdict: &Verdict, no: &str) -> Said<()> {
    let why = || format!("{SERVER} says no: {no}{}", quoted(&verdict.words));
    match (verdict.status, verdict.code.as_str()) {
        (Status::Ok, _) => Ok(()),
        (_, "UNAVAILABLE" | "SERVERBUG" | "INUSE" | "LIMIT") => {
            Err(Failure::NotSent { retry_after: None, why: why() })
        }
        _ => Err(Failure::Refused { code: NEVER_ASKED, why: why() }),
    }
}
