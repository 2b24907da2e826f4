//! The default mails of monitoring systems: trouble raises, other trouble stays apart, repeats and changes join, and the end ends the
//! right one. `mails/systems/SOURCES.md` says where each mail comes from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use handbell_core::alert::mail::{AuthVerdicts, Judgement, LeftOut, MailKey, ParsedMail, judge};
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
}

struct Known {
    key: MailKey,
    left_out: Vec<LeftOut>,
    open: bool,
}

impl Incidents {
    fn find(&self, key: &MailKey) -> Option<usize> {
        let own = self.all.iter().rposition(|known| known.open && known.key.exact == key.exact);
        let shared = || {
            let shared = key.shared.as_ref()?;
            let at = self
                .all
                .iter()
                .rposition(|known| known.key.shared.as_ref().is_some_and(|other| other.key == shared.key))?;
            let known = &self.all[at];
            (known.open && known.left_out.iter().all(|other| other.agrees_with(&shared.left_out)))
                .then_some(at)
        };
        own.or_else(shared)
    }

    fn take(&mut self, mail: &ParsedMail) -> Effect {
        let source: AlertSource = serde_json::from_value(serde_json::json!({ "plan": "duty" })).unwrap();
        let (key, raises, ends) = match judge(&source, mail, &AuthVerdicts::of_mailbox()) {
            Judgement::Raise(raised) => (raised.key, true, false),
            Judgement::Join { key } => (key, false, false),
            Judgement::Resolve { key } => (key, false, true),
            _ => return Effect::Nothing,
        };
        let left_out = key.shared.as_ref().map(|shared| shared.left_out.clone());
        match self.find(&key) {
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
                self.all.push(Known { key, left_out: left_out.into_iter().collect(), open: true });
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

#[test]
fn debug_all() {
    let mut out = String::new();
    for system in systems() {
        let _ = writeln!(out, "## {system}");
        let mut incidents = Incidents::default();
        let mut of: BTreeMap<usize, String> = BTreeMap::new();
        for (name, mail) in mails(&system) {
            let effect = incidents.take(&mail);
            if let Effect::Opened(at) = effect {
                of.insert(at, trouble(&name).to_owned());
            }
            let whose = match &effect {
                Effect::Opened(at) | Effect::Joined(at) | Effect::Ended(at) => of[at].clone(),
                Effect::Nothing => "-".into(),
            };
            let right = match effect {
                Effect::Opened(_) => !name.contains('-'),
                Effect::Joined(_) => !name.ends_with("-end") && name.contains('-') && whose == trouble(&name),
                Effect::Ended(_) => name.ends_with("-end") && whose == trouble(&name),
                Effect::Nothing => false,
            };
            let r = handbell_core::alert::mail::read_mail(&mail, "");
            let _ = writeln!(
                out,
                "{} {name:12} {:12} {whose:4} {:?} | {} | {:?} | {}",
                if right { "  " } else { "!!" },
                format!("{effect:?}"),
                mail.automatic,
                mail.subject,
                r.by,
                r.key.exact
            );
        }
    }
    std::fs::write("/tmp/w/mails-tools/matrix.txt", out).unwrap();
}
