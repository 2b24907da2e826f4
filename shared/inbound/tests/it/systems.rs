//! The default mails of monitoring systems: trouble raises, other trouble stays apart, repeats and changes join, and the end ends the
//! right one. `mails/systems/SOURCES.md` says where each mail comes from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use handbell_core::alert::mail::{AuthVerdicts, Judgement, LeftOut, MailKey, ParsedMail, judge, one_trouble};
use handbell_core::config::AlertSource;
use handbell_inbound::mail::parse;

/// What became of a mail, as the incidents of one source see it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Effect {
    Opened(usize),
    Joined(usize),
    Ended(usize),
    Nothing,
}

/// The incidents of a source, found as the intake of signals finds them.
#[derive(Default)]
struct Incidents {
    all: Vec<Known>,
    threads: BTreeMap<String, usize>,
}

struct Known {
    key: MailKey,
    left_out: Vec<LeftOut>,
    title: String,
    open: bool,
}

impl Incidents {
    fn find(&self, key: &MailKey, ends: bool) -> Option<usize> {
        let own = self.all.iter().rposition(|known| known.open && known.key.exact == key.exact);
        let shared = || {
            let shared = key.shared.as_ref()?;
            let agrees = |known: &&Known| {
                known.open
                    && known.key.shared.as_ref().is_some_and(|other| other.key == shared.key)
                    && known.left_out.iter().all(|other| other.agrees_with(&shared.left_out))
            };
            let agreeing: Vec<usize> =
                self.all.iter().enumerate().filter(|(_, known)| agrees(known)).map(|(at, _)| at).collect();
            // Which of several incidents a further report joins hardly matters. An end must not choose.
            agreeing.last().copied().filter(|_| agreeing.len() == 1 || !ends)
        };
        own.or_else(shared)
    }

    /// Returns the incident of an earlier mail of the same thread, if the mail is about the same trouble.
    fn of_thread(&self, mail: &ParsedMail) -> Option<usize> {
        let ids = mail.in_reply_to.iter().chain(mail.references.iter().rev());
        let at = ids.filter_map(|id| self.threads.get(id)).next().copied()?;
        (self.all[at].open && one_trouble(&self.all[at].title, &mail.subject)).then_some(at)
    }

    fn take(&mut self, mail: &ParsedMail) -> Effect {
        let effect = self.effect(mail);
        if let Effect::Opened(at) | Effect::Joined(at) | Effect::Ended(at) = effect {
            let root = mail.references.first().or(mail.in_reply_to.first());
            for id in mail.message_id.iter().chain(root) {
                self.threads.entry(id.clone()).or_insert(at);
            }
        }
        effect
    }

    fn effect(&mut self, mail: &ParsedMail) -> Effect {
        let source: AlertSource = serde_json::from_value(serde_json::json!({ "plan": "duty" })).unwrap();
        let (key, raises, ends) = match judge(&source, mail, &AuthVerdicts::of_mailbox()) {
            Judgement::Raise(raised) => (raised.key, true, false),
            Judgement::Join { key, .. } => (key, false, false),
            Judgement::Resolve { key } => (key, false, true),
            _ => return Effect::Nothing,
        };
        let left_out = key.shared.as_ref().map(|shared| shared.left_out.clone());
        match self.of_thread(mail).or_else(|| self.find(&key, ends)) {
            Some(at) if ends => {
                self.all[at].open = false;
                Effect::Ended(at)
            }
            Some(at) => {
                if raises {
                    self.all[at].left_out.extend(left_out);
                }
                Effect::Joined(at)
            }
            None if raises => {
                let title = mail.subject.clone();
                self.all.push(Known { key, left_out: left_out.into_iter().collect(), title, open: true });
                Effect::Opened(self.all.len() - 1)
            }
            None => Effect::Nothing,
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mails/systems")
}

/// The mails of a system by the name of their file, in the order of their dates.
fn mails(system: &str) -> Vec<(String, ParsedMail)> {
    let mut all: Vec<(String, ParsedMail)> = std::fs::read_dir(folder().join(system))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, parse(&std::fs::read(&path).unwrap()))
        })
        .collect();
    all.sort_by_key(|(name, mail)| (mail.date, name.clone()));
    all
}

fn systems() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<String> = entries
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    all.sort();
    all
}

/// Returns the first part of a mail's name: the trouble that it is about.
fn trouble(name: &str) -> &str {
    name.split('-').next().unwrap_or_default()
}

/// Mails that have another effect than their name says, and why that is right, or can't be otherwise.
const EXCEPTIONS: [(&str, &str, &str); 3] = [
    ("grafana", "a-change-3", "a rule without data is an alert of its own, with another name"),
    (
        "healthchecks",
        "a-again",
        "one reminder for all checks names none: it opens nothing, and is listed as without effect",
    ),
    (
        "truenas",
        "b2-end",
        "it ends two alerts that came in two mails: in doubt none, and it is listed as without effect",
    ),
];

/// What a mail must do, by the name of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Raises,
    StaysApart,
    RepeatJoins,
    ChangeJoins,
    EndEnds,
}

fn cell(name: &str) -> Cell {
    match name.split_once('-').map_or("", |(_, rest)| rest) {
        "" if name == "a" => Cell::Raises,
        "" => Cell::StaysApart,
        "again" => Cell::RepeatJoins,
        "end" => Cell::EndEnds,
        _ => Cell::ChangeJoins,
    }
}

/// Tries the mails of a system. Returns which cells hold, and what is wrong.
fn tried(system: &str) -> (BTreeMap<Cell, usize>, Vec<String>) {
    let mut incidents = Incidents::default();
    let mut of: BTreeMap<usize, String> = BTreeMap::new();
    let (mut cells, mut wrong) = (BTreeMap::new(), Vec::new());
    for (name, mail) in mails(system) {
        let effect = incidents.take(&mail);
        if let Effect::Opened(at) = effect {
            of.insert(at, trouble(&name).to_owned());
        }
        let about = |at: &usize| of[at] == trouble(&name);
        let right = match (cell(&name), &effect) {
            (Cell::Raises | Cell::StaysApart, Effect::Opened(_)) => true,
            (Cell::RepeatJoins | Cell::ChangeJoins, Effect::Joined(at)) => about(at),
            (Cell::EndEnds, Effect::Ended(at)) => about(at),
            _ => false,
        };
        let excepted = EXCEPTIONS.iter().any(|(of, file, _)| *of == system && *file == name);
        if right == excepted {
            wrong.push(format!("{system}/{name}: {effect:?}: {}", mail.subject));
        }
        if right {
            *cells.entry(cell(&name)).or_insert(0) += 1;
        }
    }
    (cells, wrong)
}

/// The table for docs/duty.md.
fn matrix() -> (String, Vec<String>) {
    let mut table = String::from(
        "| mails of | raise | stay apart | repeats join | changes join | ends end |\n|---|---|---|---|---|---|\n",
    );
    let mut all_wrong = Vec::new();
    for system in systems() {
        let (cells, wrong) = tried(&system);
        all_wrong.extend(wrong);
        let number = |cell: Cell| cells.get(&cell).map_or("–".to_owned(), ToString::to_string);
        let _ = writeln!(
            table,
            "| {system} | {} | {} | {} | {} | {} |",
            number(Cell::Raises),
            number(Cell::StaysApart),
            number(Cell::RepeatJoins),
            number(Cell::ChangeJoins),
            number(Cell::EndEnds)
        );
    }
    (table, all_wrong)
}

#[test]
fn the_default_mails_of_every_system_raise_join_and_end_the_right_incident() {
    let (table, wrong) = matrix();
    println!("{table}");
    assert_eq!(wrong, Vec::<String>::new());
    assert!(systems().len() >= 28, "{}", systems().len());
}

#[test]
fn the_documentation_shows_the_matrix() {
    let duty = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/duty.md");
    let duty = std::fs::read_to_string(duty).unwrap();
    let (table, _) = matrix();
    assert!(duty.contains(&table), "put this into docs/duty.md:\n{table}");
}
