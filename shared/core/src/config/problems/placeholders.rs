//! Checks of the placeholders in texts: each is known, and gets a value where it stands.

use crate::config::{Config, Line, Plan, PlanPost, Reuse, Step};
use crate::nearest;
use crate::template::{Piece, Placeholder};

type Report<'a> = &'a mut dyn FnMut(&[&str], String);

pub(super) fn problems(config: &Config, report: Report<'_>) {
    for (name, plan) in &config.plans {
        plan_problems(name, plan, &Runners::of(name, config), report);
    }
    for (name, button) in &config.buttons {
        fixed(&["buttons", name, "label"], button.label.as_deref(), report);
    }
    for (name, zone) in &config.zones {
        fixed(&["zones", name, "label"], zone.label.as_deref(), report);
    }
    for (name, source) in &config.sources {
        let title = source.form.as_ref().and_then(|form| form.title.as_deref());
        fixed(&["sources", name, "label"], source.label.as_deref(), report);
        fixed(&["sources", name, "form", "title"], title, report);
    }
    for (name, line) in &config.lines {
        line_problems(name, line, report);
    }
}

fn line_problems(name: &str, line: &Line, report: Report<'_>) {
    let texts = &line.texts;
    let title = line.form.as_ref().and_then(|form| form.title.as_ref());
    for (path, text) in [
        (&["label"][..], line.label.as_ref()),
        (&["lobby"], line.lobby.as_ref()),
        (&["texts", "welcome"], texts.welcome.as_ref()),
        (&["texts", "nobody"], texts.nobody.as_ref()),
        (&["texts", "closed"], texts.closed.as_ref()),
        (&["texts", "missed_call"], texts.missed_call.as_ref()),
        (&["texts", "closing"], texts.closing.as_ref()),
        (&["voice", "announce"], line.voice.announce.as_ref()),
        (&["voice", "voicemail"], line.voice.voicemail.as_ref()),
        (&["form", "title"], title),
    ] {
        fixed(&[&["lines", name], path].concat(), text.map(String::as_str), report);
    }
    for (key, text) in &line.canned {
        fixed(&["lines", name, "canned", key], Some(text), report);
    }
}

/// Reports placeholders in a text into which nothing is filled.
fn fixed(at: &[&str], text: Option<&str>, report: Report<'_>) {
    for name in distinct(text.unwrap_or_default()) {
        if is_meant(name, &Placeholder::NAMES.map(|(name, _)| name)) {
            report(
                at,
                format!(
                    "`{{{name}}}` would stay as it is: nothing is filled in here; write the words themselves"
                ),
            );
        }
    }
}

fn plan_problems(name: &str, plan: &Plan, runners: &Runners, report: Report<'_>) {
    let title = match plan.space.reuse {
        Reuse::PerIncident => Place::Text,
        Reuse::Always => Place::SharedTitle,
    };
    runners.check(&["plans", name, "space", "title"], &plan.space.title, title, report);
    for (index, step) in plan.steps.iter().enumerate() {
        step_problems(&["plans", name, "steps", &index.to_string()], step, runners, report);
    }
    for (key, step) in &plan.escalate {
        step_problems(&["plans", name, "escalate", key], step, runners, report);
    }
}

fn step_problems(at: &[&str; 4], step: &Step, runners: &Runners, report: Report<'_>) {
    let under = |more: &[&'static str]| [at.as_slice(), more].concat();
    if let Some(PlanPost { markdown, label, .. }) = &step.post {
        for (key, text) in [("markdown", markdown), ("label", label)] {
            let text = text.as_deref().unwrap_or_default();
            runners.check(&under(&["post", key]), text, Place::Text, report);
        }
    }
    for (index, sms) in step.sms.iter().enumerate() {
        let index = index.to_string();
        let path = [at.as_slice(), &["sms", &index, "text"]].concat();
        runners.check(&path, &sms.text, Place::Text, report);
    }
    for (index, call) in step.call.iter().enumerate() {
        let index = index.to_string();
        let path = [at.as_slice(), &["call", &index, "say"]].concat();
        runners.check(&path, &call.say, Place::Call, report);
    }
    for (index, page) in step.page.iter().enumerate() {
        let index = index.to_string();
        let path = |key| [at.as_slice(), &["page", &index, key]].concat();
        runners.check(&path("text"), &page.text, Place::Text, report);
        runners.check(&path("say"), page.say.as_deref().unwrap_or_default(), Place::Call, report);
    }
}

/// Where a text of a plan is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A post, a text, a mail, or the title of an incident's own space.
    Text,
    /// A call, whose values are those of the moment when it is answered.
    Call,
    /// The title of the space that all incidents of the plan share.
    SharedTitle,
}

/// What may run a plan. Without anything, all of it: such a plan may be meant for later.
#[derive(Default)]
struct Runners {
    button: bool,
    zone: bool,
    /// A zone with a capacity.
    capacity: bool,
    source: bool,
    customer: bool,
}

impl Runners {
    fn of(plan: &str, config: &Config) -> Self {
        let zones: Vec<_> = config.zones.values().filter(|zone| zone.plan == plan).collect();
        let runners = Self {
            button: config.buttons.values().any(|button| button.plan == plan),
            zone: !zones.is_empty(),
            capacity: zones.iter().any(|zone| zone.capacity.is_some()),
            source: config.sources.values().any(|source| {
                let of_rules = source.rules.iter().filter_map(|rule| rule.plan.as_ref());
                source.plans.values().chain(of_rules).chain([&source.plan]).any(|runs| runs == plan)
            }),
            customer: config
                .lines
                .values()
                .any(|line| line.waiting.as_ref().is_some_and(|waiting| waiting.plan == plan)),
        };
        if runners.button || runners.zone || runners.source || runners.customer {
            runners
        } else {
            Self { button: true, zone: true, capacity: true, source: true, customer: true }
        }
    }

    /// Returns why the placeholder never has a value here.
    fn never(&self, placeholder: Placeholder, place: Place) -> Option<&'static str> {
        match placeholder {
            Placeholder::Name => None,
            _ if place == Place::SharedTitle => {
                Some("all incidents share this space; with `reuse: per-incident` each has its own")
            }
            Placeholder::Usual if place == Place::Call => Some("a call doesn't know the usual count"),
            Placeholder::Severity if !self.source => {
                Some("only alerts have one, and no source runs this plan")
            }
            Placeholder::Level | Placeholder::Capacity | Placeholder::Usual if !self.zone => {
                Some("only zones have one, and no zone runs this plan")
            }
            Placeholder::Capacity if !self.capacity => Some("no zone that runs this plan has a `capacity`"),
            Placeholder::Title
            | Placeholder::Severity
            | Placeholder::Level
            | Placeholder::Capacity
            | Placeholder::Usual
            | Placeholder::Count
            | Placeholder::Time
            | Placeholder::Incident => None,
        }
    }

    /// Returns the placeholders that get a value here, as people write them.
    fn known(&self, place: Place) -> Vec<&'static str> {
        let fits = |name: &str| match name {
            "button" => self.button,
            "zone" => self.zone,
            "customer" => self.customer,
            "source" => self.source,
            _ => true,
        };
        let all = Placeholder::NAMES.into_iter();
        let known = all.filter(|(name, known)| fits(name) && self.never(*known, place).is_none());
        known.map(|(name, _)| name).collect()
    }

    fn check(&self, at: &[&str], text: &str, place: Place, report: Report<'_>) {
        for name in distinct(text) {
            let known = self.known(place);
            let never = Placeholder::of_name(name).map(|found| self.never(found, place));
            match never {
                Some(None) => {}
                Some(Some(why)) => report(at, format!("`{{{name}}}` never has a value here: {why}")),
                None if is_meant(name, &Placeholder::NAMES.map(|(name, _)| name)) => {
                    report(at, unknown(name, &known));
                }
                None => {}
            }
        }
    }
}

/// Returns what stands between braces in a text, each once.
fn distinct(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for piece in Piece::of(text) {
        if let Piece::Braces(name) = piece
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    found
}

/// Returns true if somebody meant a placeholder: one word between the braces, or one that is known, with spaces around it.
fn is_meant(name: &str, known: &[&str]) -> bool {
    let is_word = name.starts_with(char::is_alphabetic)
        && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    is_word || (name != name.trim() && nearest(name.trim(), known.iter().copied()).is_some())
}

fn unknown(name: &str, known: &[&str]) -> String {
    let trimmed = name.trim();
    let is_name = nearest(trimmed, ["name"].into_iter()).is_some();
    let meant = nearest(trimmed, known.iter().copied()).or(known.first().copied().filter(|_| is_name));
    match meant {
        Some(meant) => format!("there is no placeholder `{{{name}}}`; did you mean `{{{meant}}}`?"),
        None => {
            let all: Vec<String> = known.iter().map(|name| format!("`{{{name}}}`")).collect();
            format!("there is no placeholder `{{{name}}}`; here are {}", all.join(", "))
        }
    }
}
