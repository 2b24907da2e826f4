//! The table of monitoring systems: how the subjects of their mails begin, change and end trouble.
//!
//! A form is the system's own template. Its placeholders are the slots of a subject:
//!
//! | slot | holds |
//! |---|---|
//! | `{name}` | what the mail is about; several of them make one name |
//! | `{state}`, `{type}` | the state, in the words that all systems share |
//! | `{old}` | the state before |
//! | `{labels}` | labels that all members of a group have in common, which change as the group grows |
//! | `{*}` | anything that tells nothing: a message, a duration, a count |

mod checkmk;
mod clouds;
mod hardware;
mod monit;
mod servers;
mod template;
mod websites;

use super::tokens::tokens;
use super::words::Tone;
use super::{ParsedMail, grammar, key};

pub(super) use self::template::Slots;

/// A monitoring system.
#[derive(Debug)]
pub(super) struct System {
    pub(super) name: &'static str,
    /// Words of which one must be in the sender, the subject or the text; empty if the forms are unmistakable.
    hints: &'static [&'static str],
    forms: &'static [Form],
}

/// A mail of a system.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) subject: &'static str,
    says: Says,
    /// What distinguishes its trouble from other trouble of the same name: `connection`.
    about: &'static str,
    /// Beginnings of lines of which the text must have one, if there are any.
    needs: &'static [&'static str],
    /// A line of the text that has a part of the name.
    line: Line,
    /// Whether its names are sentences of people's own, in which the grammar finds the states.
    is_free: bool,
    /// Whether it is about a group, whose members share labels.
    is_group: bool,
    /// Headings in the text after which the name stands, and what each says. The first that is there decides.
    headings: &'static [(&'static str, Tone)],
}

/// A line of the text that has a part of the name.
#[derive(Clone, Copy, Debug)]
enum Line {
    No,
    /// The rest of the name. The mail is about something else without it.
    Part(&'static str),
    /// The rest of the name, which some mails of the system don't have.
    Label(&'static str),
    /// The whole name, which the subject may have lost.
    Whole(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// What its states say.
    States,
    Always(Tone),
}

const fn form(subject: &'static str, says: Says) -> Form {
    Form {
        subject,
        says,
        about: "",
        needs: &[],
        line: Line::No,
        is_free: false,
        is_group: false,
        headings: &[],
    }
}

/// A form whose states decide.
const fn states(subject: &'static str) -> Form {
    form(subject, Says::States)
}

/// A form that reports trouble.
const fn trouble(subject: &'static str) -> Form {
    form(subject, Says::Always(Tone::Trouble))
}

/// A form that reports an end.
const fn end(subject: &'static str) -> Form {
    form(subject, Says::Always(Tone::Good))
}

/// A form with news about known trouble.
const fn news(subject: &'static str) -> Form {
    form(subject, Says::Always(Tone::News))
}

impl Form {
    const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    const fn needs(self, needs: &'static [&'static str]) -> Self {
        Self { needs, ..self }
    }

    const fn line(self, line: Line) -> Self {
        Self { line, ..self }
    }

    /// A form about a group, whose name is a sentence of people's own.
    const fn group(self) -> Self {
        Self { is_free: true, is_group: true, ..self }
    }

    const fn free(self) -> Self {
        Self { is_free: true, ..self }
    }

    const fn headings(self, headings: &'static [(&'static str, Tone)]) -> Self {
        Self { headings, ..self }
    }
}

/// A mail as the table reads it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) system: &'static System,
    pub(super) form: &'static Form,
    pub(super) tone: Tone,
    /// The name in lower case, in several parts.
    pub(super) names: Vec<String>,
    /// The common labels, if the system writes them.
    pub(super) labels: Option<String>,
}

/// All systems. The first form that fits decides.
fn all() -> impl Iterator<Item = &'static System> {
    [
        servers::SYSTEMS,
        checkmk::SYSTEMS,
        monit::SYSTEMS,
        clouds::SYSTEMS,
        websites::SYSTEMS,
        hardware::SYSTEMS,
    ]
    .into_iter()
    .flatten()
}

/// Returns the names of all systems in the table.
pub(super) fn known_systems() -> Vec<&'static str> {
    all().map(|system| system.name).collect()
}

/// Returns what the table says about a mail; none if no form fits. `subject` is in one line and without prefixes.
pub(super) fn find(mail: &ParsedMail, subject: &str) -> Option<Known> {
    let subject = subject.to_lowercase();
    all().filter(|system| system.may_have_sent(mail, &subject)).find_map(|system| {
        system.forms.iter().find_map(|form| {
            let slots = template::fit(form.subject, &subject)?;
            form.read(system, &slots, mail)
        })
    })
}

impl System {
    fn may_have_sent(&self, mail: &ParsedMail, subject: &str) -> bool {
        let senders = [mail.from.as_deref(), mail.from_name.as_deref()];
        let holds = |hint: &&str| {
            senders.iter().flatten().any(|sender| sender.to_lowercase().contains(hint))
                || subject.contains(hint)
                || mail.text.to_lowercase().contains(hint)
        };
        self.hints.is_empty() || self.hints.iter().any(holds)
    }
}

impl Form {
    /// Returns the words of the name in lower case. A name that is nothing but a state keeps it: `Host down`.
    pub(super) fn words(&self, names: &[String]) -> Vec<String> {
        let of_name = |name: &String| {
            let tokens = tokens(name);
            if !self.is_free {
                return key::words(&tokens);
            }
            let is_name = grammar::parse(&tokens).is_name;
            let kept: Vec<_> =
                tokens.into_iter().zip(is_name).filter(|(_, is)| *is).map(|(token, _)| token).collect();
            if kept.is_empty() { key::words(&self::tokens(name)) } else { key::words(&kept) }
        };
        names.iter().flat_map(of_name).collect()
    }

    fn read(&'static self, system: &'static System, slots: &Slots<'_>, mail: &ParsedMail) -> Option<Known> {
        let lines = || mail.text.lines().map(|line| line.trim().to_lowercase());
        if !self.needs.is_empty()
            && !lines().any(|line| self.needs.iter().any(|needed| line.starts_with(needed)))
        {
            return None;
        }
        let mut tone = match self.says {
            Says::States => slots.tone()?,
            Says::Always(tone) => tone,
        };
        let mut names: Vec<String> = slots.names.iter().map(|name| (*name).to_owned()).collect();
        let mut labels = slots.labels.map(str::to_owned).or_else(|| self.is_group.then(String::new));
        let found =
            |template: &str| lines().find_map(|line| Some(template::fit(template, &line)?.names.join(" ")));
        match self.line {
            Line::No => {}
            Line::Part(template) => names.extend(found(template)),
            Line::Label(template) => labels = Some(found(template).unwrap_or_default()),
            Line::Whole(template) => {
                if let Some(name) = found(template) {
                    names = vec![name];
                }
            }
        }
        if !self.headings.is_empty() {
            let (heading, says) =
                self.headings.iter().find(|(heading, _)| lines().any(|line| line.starts_with(heading)))?;
            tone = *says;
            let behind = lines().skip_while(|line| !line.starts_with(heading)).skip(1);
            let item = behind
                .skip_while(String::is_empty)
                .take_while(|line| !line.is_empty() && !line.ends_with(':'));
            names.extend(item.map(|line| line.trim_start_matches(['*', '-', '•', ' ']).to_owned()));
        }
        if !self.about.is_empty() {
            names.insert(0, self.about.to_owned());
        }
        Some(Known { system, form: self, tone, names, labels })
    }
}
