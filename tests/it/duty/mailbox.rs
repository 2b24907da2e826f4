//! A mailbox on another server: each mail is one alert, however often the server hangs up, renumbers its mails, or responds with an
//! error.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use handbell_core::incident::Phase;

use super::{ADDRESS, DANA, DUTY, nagios, problem};
use crate::world::World;

/// Adds this mailbox to the source of a configuration.
pub(crate) fn reads(config: &str, server: &Server) -> String {
    let mailbox = format!(
        "    mailbox: {{ url: \"imap://127.0.0.1:{}\", user: alarm, password: {{ secret: mailbox }}, move_to: Done }}\n    form: {{ title",
        server.port
    );
    config.replace("    form: { title", &mailbox)
}

/// The fault: the server hangs up at its n-th command, before or after it takes effect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HangsUp {
    at: usize,
    after: bool,
}

/// It never hangs up.
pub(crate) const PASSING: HangsUp = HangsUp { at: usize::MAX, after: false };

/// An IMAP server with an inbox and any folders to which mails are moved. It supports MOVE and sends as little as it may.
pub(crate) struct Server {
    port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    uid_validity: u32,
    next_uid: u32,
    folders: BTreeMap<String, BTreeMap<u32, String>>,
    password: String,
    trouble: HangsUp,
    /// Number of commands so far.
    commands: usize,
    logins: usize,
}

impl Server {
    /// A server whose inbox contains these mails.
    pub(crate) fn with(mails: Vec<String>, trouble: HangsUp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            uid_validity: 1,
            next_uid: 1,
            folders: BTreeMap::new(),
            password: "local-mailbox".into(),
            trouble,
            commands: 0,
            logins: 0,
        }));
        let theirs = Arc::clone(&state);
        // The thread ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&theirs);
                std::thread::spawn(move || serve(&stream, &state));
            }
        });
        let server = Self { port, state };
        mails.iter().for_each(|mail| server.deliver(mail));
        server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Puts a mail in the inbox.
    fn deliver(&self, mail: &str) {
        let mut state = self.state();
        let uid = state.next_uid;
        state.next_uid += 1;
        state.folders.entry("INBOX".into()).or_default().insert(uid, mail.to_owned());
    }

    /// Returns the mails in a folder.
    pub(crate) fn folder(&self, name: &str) -> Vec<String> {
        self.state().folders.get(name).map(|mails| mails.values().cloned().collect()).unwrap_or_default()
    }

    /// Loses its index: all numbers are new, and so is UIDVALIDITY.
    fn counts_anew(&self) {
        let mut state = self.state();
        state.uid_validity += 1;
        state.next_uid = 1;
        let mails: Vec<String> = state.folders.remove("INBOX").unwrap_or_default().into_values().collect();
        drop(state);
        mails.iter().for_each(|mail| self.deliver(mail));
    }
}

/// Serves one connection to its end.
fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut writer = stream;
    let mut say = |text: &str| writer.write_all(text.as_bytes()).is_ok();
    if !say("* OK ready\r\n") {
        return;
    }
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        let (number, trouble) = {
            let mut state = state.lock().unwrap();
            state.commands += 1;
            (state.commands - 1, state.trouble)
        };
        if number == trouble.at && !trouble.after {
            return;
        }
        let answer = state.lock().unwrap().answer(command);
        if number == trouble.at || !say(&answer.replace('$', tag)) || command == "LOGOUT" {
            return;
        }
    }
}

impl State {
    fn answer(&mut self, command: &str) -> String {
        let words: Vec<&str> = command.split(' ').collect();
        let quoted = command.rsplit('"').nth(1).unwrap_or_default();
        let uid = words.get(2).and_then(|word| word.parse::<u32>().ok()).unwrap_or_default();
        let inbox = self.folders.entry("INBOX".into()).or_default();
        match words[..] {
            ["LOGIN", ..] => {
                self.logins += 1;
                if quoted == self.password {
                    "$ OK in\r\n".into()
                } else {
                    "$ NO [AUTHENTICATIONFAILED] Authentication failed.\r\n".into()
                }
            }
            ["CAPABILITY"] => "* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\n$ OK done\r\n".into(),
            ["SELECT", ..] => format!(
                "* {} EXISTS\r\n* OK [UIDVALIDITY {}] valid\r\n$ OK [READ-WRITE] open\r\n",
                inbox.len(),
                self.uid_validity
            ),
            ["UID", "SEARCH", ..] => {
                let uids: String = inbox.keys().map(|uid| format!(" {uid}")).collect();
                format!("* SEARCH{uids}\r\n$ OK done\r\n")
            }
            ["UID", "FETCH", set, "(UID", "RFC822.SIZE)"] => {
                let wanted = set.split(',').filter_map(|uid| uid.parse::<u32>().ok());
                let told = wanted.filter_map(|uid| Some((uid, inbox.get(&uid)?.len())));
                let told: String = told
                    .map(|(uid, size)| format!("* {uid} FETCH (UID {uid} RFC822.SIZE {size})\r\n"))
                    .collect();
                told + "$ OK done\r\n"
            }
            ["UID", "FETCH", ..] => match inbox.get(&uid) {
                Some(mail) => {
                    format!("* 1 FETCH (UID {uid} BODY[] {{{}}}\r\n{mail})\r\n$ OK done\r\n", mail.len())
                }
                None => "$ OK done\r\n".into(),
            },
            ["UID", "MOVE", ..] => {
                if let Some(mail) = inbox.remove(&uid) {
                    let folder = self.folders.entry(quoted.to_owned()).or_default();
                    folder.insert(folder.len() as u32 + 1, mail);
                }
                "$ OK done\r\n".into()
            }
            ["LOGOUT"] => "* BYE\r\n$ OK bye\r\n".into(),
            _ => "$ BAD what?\r\n".into(),
        }
    }
}

/// The server hangs up at each of its commands, before and after it takes effect: there is one alert, and the mail isn't lost.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_may_hang_up_at_every_command() {
    let quiet = Server::with(vec![problem()], PASSING);
    let world = World::staffed(&reads(DUTY, &quiet)).await;
    world.pass(61).await;
    world.read_all();
    drop(world);
    let commands = quiet.state().commands;
    assert!(commands >= 8, "log in, look, fetch, move, part: {commands}");
    for at in 0..commands {
        for after in [false, true] {
            let server = Server::with(vec![problem()], HangsUp { at, after });
            let world = World::staffed(&reads(DUTY, &server)).await;
            world.pass(3 * 60 + 1).await;
            let here = format!("command {at}, after {after}");
            let alert = world.alert().await;
            assert_eq!((alert.count, world.texts(DANA).len(), world.calls(DANA)), (1, 1, 1), "{here}");
            // A stored mail isn't read again: it may stay where it was, and is never there twice.
            assert_eq!(server.folder("INBOX").len() + server.folder("Done").len(), 1, "{here}");
            world.read_all();
        }
    }
}

#[tokio::test]
async fn a_mail_that_came_by_ses_and_by_the_mailbox_is_one_alert() {
    let server = Server::with(vec![], PASSING);
    let world = World::staffed(&reads(DUTY, &server)).await;
    world.mail_with(ADDRESS, "", &problem()).await;
    world.settle().await;
    server.deliver(&problem());
    server.deliver(&nagios("p2", "PROBLEM: db1/MySQL is CRITICAL", "still"));
    world.pass(61).await;
    assert_eq!(
        (world.alert().await.count, world.texts(DANA).len()),
        (2, 1),
        "the second one is another mail"
    );
    assert_eq!(server.folder("Done").len(), 2);
    world.read_all();
}

/// Mails stay in the inbox and the server renumbers them: a mail that was an alert isn't one again, even long after the end.
#[tokio::test]
async fn a_server_that_renumbers_its_mails_raises_nothing_again() {
    let server = Server::with(vec![problem()], PASSING);
    let config = reads(DUTY, &server);
    let world = World::staffed(&config).await;
    world.pass(61).await;
    world.text_from(DANA, "done").await;
    assert_eq!(world.alert().await.phase, Phase::Resolved);
    // And somebody moves a mail back.
    server.deliver(&problem());
    server.counts_anew();
    world.pass(121).await;
    let alert = world.alert().await;
    assert_eq!((alert.epoch, alert.count, alert.phase), (1, 1, Phase::Resolved));
    assert_eq!(server.folder("Done").len(), 2);
    world.read_all();
}

#[tokio::test]
async fn a_wrong_password_loses_nothing_and_does_not_stop_other_mail() {
    let server = Server::with(vec![problem()], PASSING);
    server.state().password = "another".into();
    let world = World::staffed(&reads(DUTY, &server)).await;
    world.pass(181).await;
    assert!(server.state().logins >= 3, "it is tried each minute");
    assert!(world.alerts().await.is_empty());
    world.mail(&nagios("s1", "PROBLEM: web1/HTTP is CRITICAL", "timeout")).await;
    assert_eq!(world.alerts().await.len(), 1, "SES goes on");
    server.state().password = "local-mailbox".into();
    world.pass(61).await;
    assert_eq!(world.alerts().await.len(), 2);
    assert_eq!(server.folder("Done").len(), 1);
    world.read_all();
}

/// A broken mail must not keep the mails after it from being read.
#[tokio::test]
async fn a_broken_mail_does_not_stop_the_mails_after_it() {
    let server = Server::with(vec!["\r\n".into(), "\u{0}\u{1}".into(), problem()], PASSING);
    let world = World::staffed(&reads(DUTY, &server)).await;
    world.pass(121).await;
    let titles: Vec<String> =
        world.alerts().await.into_iter().filter_map(|alert| Some(alert.alert?.title)).collect();
    assert!(titles.iter().any(|title| title == "PROBLEM: db1/MySQL is CRITICAL"), "{titles:#?}");
    assert_eq!(server.folder("INBOX").len(), 0);
    world.read_all();
}
