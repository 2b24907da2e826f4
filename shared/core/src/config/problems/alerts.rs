//! Checks of alert sources, their mailboxes and rules, and of the people in plans.

mod mailbox;
mod plans;

use super::advice::{NAME_ADVICE, is_name};
use crate::address::EmailAddress;
use crate::alert::mail::{expression, fits_every_mail, groups};
use crate::config::{AlertSource, Config, MailRule, Severity, Tokens, WayIn};

pub(super) fn problems(
    config: &Config,
    file_exists: &dyn Fn(&str) -> bool,
    report: &mut dyn FnMut(&[&str], String),
) {
    mail(config, report);
    for (name, source) in &config.sources {
        let at = ["sources", name.as_str()];
        if !is_name(name) {
            report(&at, format!("a source's {NAME_ADVICE}; use `label` for what people read"));
        }
        ways(&at, source, config, report);
        plans_of(&at, source, config, report);
        for (index, rule) in source.rules.iter().enumerate() {
            rule_problems(&at, index, source, config, report);
            if fits_every_mail(rule) && index + 1 < source.rules.len() {
                report(
                    &[at[0], at[1], "rules", &index.to_string()],
                    "every mail fits this rule, so those after it never count; give it a subject, body, from or words, or put it last".into(),
                );
            }
        }
        quiet(&at, source, config, report);
        for (index, group) in source.one_sender.iter().enumerate() {
            for pattern in group.iter().filter(|pattern| !is_sender(pattern)) {
                report(
                    &[at[0], at[1], "one_sender", &index.to_string()],
                    format!(
                        "{pattern:?} is no mail address; write icinga@mon1.example.com, or alerts+*@example.com with one * before the @"
                    ),
                );
            }
        }
    }
    plans::problems(config, file_exists, report);
}

/// Returns true for an address that may have one `*` before the `@`, next to something else.
fn is_sender(pattern: &str) -> bool {
    let Some((local, domain)) = pattern.rsplit_once('@') else { return false };
    let any = local.matches('*').count();
    any <= 1
        && local != "*"
        && !domain.contains('*')
        && format!("{}@{domain}", local.replace('*', "x")).parse::<EmailAddress>().is_ok()
}

fn mail(config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    match &config.mail {
        Some(mail) => {
            let domain = &mail.domain;
            let letters = |part: &str| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            };
            if !domain.contains('.') || !domain.split('.').all(letters) {
                report(
                    &["mail", "domain"],
                    format!("{domain:?} is no domain; write it alone: in.example.com"),
                );
            }
            if mail.links.secret.trim().is_empty() {
                report(
                    &["mail", "links"],
                    "a secret needs a name: the one it has in the secrets document".into(),
                );
            }
        }
        None => {
            let needs = config
                .sources
                .values()
                .any(|source| source.address.is_some() || !source.report_to.is_empty());
            if needs {
                report(
                    &["mail"],
                    "mails are to come in or reports to go out, but there is no `mail` to do it with".into(),
                );
            }
        }
    }
}

/// Checks the ways by which alerts reach a source.
fn ways(at: &[&str; 2], source: &AlertSource, config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    if source.ways_in().is_empty() {
        let known = WayIn::NAMES.join(", ");
        let known = known.rsplit_once(", ").map_or(known.clone(), |(some, last)| format!("{some} or {last}"));
        report(at, format!("a source needs {known}: how are its alerts to come in?"));
    }
    if let Some(address) = &source.address {
        if address.names().next().is_none() {
            report(&[at[0], at[1], "address"], "an address needs at least one secret".into());
        }
        if address.names().any(|secret| secret.trim().is_empty()) {
            report(
                &[at[0], at[1], "address"],
                "a secret needs a name: the one it has in the secrets document".into(),
            );
        }
        let others = config.sources.iter().filter(|(other, _)| other.as_str() < at[1]);
        let shared = others.filter_map(|(other, source)| Some((other, source.address.as_ref()?)));
        for (other, _) in shared.filter(|(_, theirs)| share_a_secret(theirs, address)) {
            report(
                &[at[0], at[1], "address"],
                format!("the source {other:?} has this secret already; a mail goes to one source"),
            );
        }
    }
    if let Some(mailbox) = &source.mailbox {
        mailbox::problems(&[at[0], at[1], "mailbox"], mailbox, report);
    }
    if let Some(form) = &source.form
        && form.secret.trim().is_empty()
    {
        report(
            &[at[0], at[1], "form", "secret"],
            "a secret needs a name: the one it has in the secrets document".into(),
        );
    }
}

fn share_a_secret(one: &Tokens, other: &Tokens) -> bool {
    one.names().any(|name| other.names().any(|theirs| theirs == name))
}

fn plans_of(at: &[&str; 2], source: &AlertSource, config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    plan_exists(&[at[0], at[1], "plan"], &source.plan, config, report);
    for (severity, plan) in &source.plans {
        plan_exists(&[at[0], at[1], "plans", severity.name()], plan, config, report);
    }
}

fn plan_exists(at: &[&str], plan: &str, config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    match config.plans.get(plan) {
        None => {
            let known = config.plans.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            report(at, format!("there is no plan {plan:?}; the plans are: {known}"));
        }
        Some(_) if !is_name(plan) => {
            report(&["plans", plan], format!("the {NAME_ADVICE} if a source runs it"));
        }
        Some(known) if known.steps.is_empty() => {
            report(&["plans", plan, "steps"], "a plan that a source runs needs at least one step".into());
        }
        Some(_) => {}
    }
}

fn rule_problems(
    at: &[&str; 2],
    index: usize,
    source: &AlertSource,
    config: &Config,
    report: &mut dyn FnMut(&[&str], String),
) {
    let Some(rule) = source.rules.get(index) else { return };
    let number = index.to_string();
    let in_rule = |key| [at[0], at[1], "rules", number.as_str(), key];
    let mut known: Vec<String> = Vec::new();
    let mut all_compile = true;
    for (key, pattern) in expressions(rule) {
        match expression(pattern) {
            Ok(expression) => known.extend(expression.capture_names().flatten().map(str::to_owned)),
            Err(what) => {
                report(&in_rule(key), what);
                all_compile = false;
            }
        }
    }
    if rule.words.iter().any(|word| word.trim().is_empty()) {
        report(&in_rule("words"), "there is an empty word here".into());
    }
    if let Some(plan) = &rule.plan {
        plan_exists(&in_rule("plan"), plan, config, report);
    }
    match rule.key.as_deref().map(groups) {
        None => {}
        Some(Err(what)) => {
            report(&in_rule("key"), format!("{what}; write {{host}} for a group named (?<host>…)"))
        }
        Some(Ok(_)) if rule.key.as_deref().is_some_and(|key| key.trim().is_empty()) => {
            report(&in_rule("key"), "there is nothing here; leave it out for sender and subject".into());
        }
        Some(Ok(names)) if all_compile => {
            for name in names.iter().filter(|name| !known.iter().any(|known| known == **name)) {
                report(&in_rule("key"), unknown_group(name, &known));
            }
        }
        Some(Ok(_)) => {} // the groups of a broken expression are unknown
    }
}

fn expressions(rule: &MailRule) -> impl Iterator<Item = (&'static str, &str)> {
    let all = [("subject", &rule.subject), ("body", &rule.body), ("from", &rule.from)];
    all.into_iter().filter_map(|(key, pattern)| Some((key, pattern.as_deref()?)))
}

fn unknown_group(name: &str, known: &[String]) -> String {
    if known.is_empty() {
        format!("nothing in this rule is named {name:?}; name a part of an expression: (?<{name}>\\S+)")
    } else {
        format!("nothing in this rule is named {name:?}; its expressions name: {}", known.join(", "))
    }
}

fn quiet(at: &[&str; 2], source: &AlertSource, config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    let Some(quiet) = &source.quiet else { return };
    if let Err((path, what)) = quiet.hours.calendar(&config.time_zone()) {
        let path: Vec<&str> =
            at.iter().copied().chain(["quiet", "hours"]).chain(path.iter().map(String::as_str)).collect();
        report(&path, what);
    }
    let severities = &quiet.severities;
    if severities.is_empty() {
        report(
            &[at[0], at[1], "quiet", "severities"],
            format!("quiet for nothing; leave `quiet` out, or name some of {}", names(&Severity::ALL)),
        );
    }
    if severities.iter().enumerate().any(|(index, severity)| severities[..index].contains(severity)) {
        report(&[at[0], at[1], "quiet", "severities"], "a severity stands here twice".into());
    }
}

fn names(severities: &[Severity]) -> String {
    severities.iter().map(|severity| severity.name()).collect::<Vec<_>>().join(", ")
}
