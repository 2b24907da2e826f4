//! A form of a system's mails, and what it reads from one.

use super::super::tokens::tokens;
use super::super::words::Tone;
use super::super::{ParsedMail, grammar, key};
use super::template::{Slots, fit};

/// A monitoring system.
#[derive(Debug)]
pub(in super::super) struct System {
    pub(in super::super) name: &'static str,
    /// Words of which one must be in the sender, the subject or the text; empty if the forms are unmistakable.
    pub(super) hints: &'static [&'static str],
    pub(super) forms: &'static [Form],
}

/// A mail of a system.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Form {
    pub(in super::super) subject: &'static str,
    pub(super) says: Says,
    /// What distinguishes its trouble from other trouble of the same name: `connection`.
    pub(super) about: &'static str,
    /// Beginnings of lines of which the text must have one, if there are any.
    pub(super) needs: &'static [&'static str],
    /// A line of the text that has a part of the name.
    pub(super) line: Line,
    /// Whether its names are sentences of people's own, in which the grammar finds the states.
    pub(super) is_free: bool,
    /// Whether it is about a group, whose members share labels.
    pub(super) is_group: bool,
    /// Headings in the text after which the name stands, and what each says. The first that is there decides.
    pub(super) headings: &'static [(&'static str, Tone)],
}

/// A line of the text that has a part of the name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    No,
    /// The rest of the name. The mail is about something else without it.
    Part(&'static str),
    /// The rest of the name, which some mails of the system don't have.
    Label(&'static str),
    /// The whole name, which the subject may have lost.
    Whole(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
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
pub(super) const fn states(subject: &'static str) -> Form {
    form(subject, Says::States)
}

/// A form that reports trouble.
pub(super) const fn trouble(subject: &'static str) -> Form {
    form(subject, Says::Always(Tone::Trouble))
}

/// A form that reports an end.
pub(super) const fn end(subject: &'static str) -> Form {
    form(subject, Says::Always(Tone::Good))
}

/// A form with news about known trouble.
pub(super) const fn news(subject: &'static str) -> Form {
    form(subject, Says::Always(Tone::News))
}

impl Form {
    pub(super) const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    pub(super) const fn needs(self, needs: &'static [&'static str]) -> Self {
        Self { needs, ..self }
    }

    pub(super) const fn line(self, line: Line) -> Self {
        Self { line, ..self }
    }

    /// A form about a group, whose name is a sentence of people's own.
    pub(super) const fn group(self) -> Self {
        Self { is_free: true, is_group: true, ..self }
    }

    pub(super) const fn free(self) -> Self {
        Self { is_free: true, ..self }
    }

    pub(super) const fn headings(self, headings: &'static [(&'static str, Tone)]) -> Self {
        Self { headings, ..self }
    }
}

/// A mail as the table reads it.
#[derive(Debug)]
pub(in super::super) struct Known {
    pub(in super::super) system: &'static System,
    pub(in super::super) form: &'static Form,
    pub(in super::super) tone: Tone,
    /// The name in lower case, in several parts.
    pub(in super::super) names: Vec<String>,
    /// The common labels, if the system writes them.
    pub(in super::super) labels: Option<String>,
}

impl System {
    pub(super) fn may_have_sent(&self, mail: &ParsedMail, subject: &str) -> bool {
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
    pub(in super::super) fn words(&self, names: &[String]) -> Vec<String> {
        let of_name = |name: &String| {
            let tokens = tokens(name);
            if !self.is_free {
                return key::words(&tokens);
            }
            let kept = key::words(&grammar::parse(&tokens).name(&tokens));
            if kept.is_empty() { key::words(&tokens) } else { kept }
        };
        names.iter().flat_map(of_name).collect()
    }

    /// Returns what the form reads from a mail; none if the mail isn't of this form. `subject` is in lower case.
    pub(super) fn read(
        &'static self,
        system: &'static System,
        slots: &Slots<'_>,
        mail: &ParsedMail,
    ) -> Option<Known> {
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
        if self.is_group && slots.names.first().is_some_and(|name| name.starts_with("[firing")) {
            tone = Tone::Trouble;
        }
        let mut names: Vec<String> = slots.names.iter().map(|name| (*name).to_owned()).collect();
        let mut labels = slots.labels.map(str::to_owned).or_else(|| self.is_group.then(String::new));
        let found = |template: &str| lines().find_map(|line| Some(fit(template, &line)?.names.join(" ")));
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
