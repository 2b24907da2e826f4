//! Checks of plans: acknowledgements, confirmations, restarts, escalation steps and targets.

use jiff::SignedDuration;

use super::super::plans::plan_problems;
use crate::config::{Config, Plan, Quorum, Step, Target};
use crate::oncall;

pub(super) fn problems(
    config: &Config,
    file_exists: &dyn Fn(&str) -> bool,
    report: &mut dyn FnMut(&[&str], String),
) {
    for (name, plan) in &config.plans {
        let at = ["plans", name.as_str()];
        endurance(&at, plan, report);
        need(&at, plan, report);
        for (index, step) in plan.steps.iter().enumerate() {
            step_problems(&[at[0], at[1], "steps", &index.to_string()], step, report);
        }
        escalations(&at, plan, file_exists, report);
    }
    // `config::problems` reports a missing `twilio` for texts and calls in `steps` and for the admins. This check adds pages and
    // the steps of `escalate`, and reports nothing twice.
    let rings = |step: &Step| {
        let paged = step.page.iter().flat_map(|page| &page.to).any(|target| target.number().is_some());
        !step.sms.is_empty() || !step.call.is_empty() || paged
    };
    let is_said = !config.admins.sms.is_empty()
        || config
            .plans
            .values()
            .flat_map(|plan| &plan.steps)
            .any(|step| !step.sms.is_empty() || !step.call.is_empty());
    let all_steps = config.plans.values().flat_map(|plan| plan.steps.iter().chain(plan.escalate.values()));
    if config.twilio.is_none() && !is_said && all_steps.into_iter().any(rings) {
        report(
            &["twilio"],
            "somebody is to be texted or called, but there is no `twilio` to do it with".into(),
        );
    }
    if config.twilio.as_ref().is_some_and(|twilio| twilio.calls_per_second == Some(0)) {
        report(
            &["twilio", "calls_per_second"],
            "with 0 calls a second nobody would be called; write 1 or more, or leave it out".into(),
        );
    }
}

fn endurance(at: &[&str; 2], plan: &Plan, report: &mut dyn FnMut(&[&str], String)) {
    if let Some(again) = &plan.again {
        if again.after.0 < SignedDuration::from_secs(10) {
            report(&[at[0], at[1], "again", "after"], "`after` is at least 10s".into());
        }
        if !(1..=20).contains(&again.times) {
            report(&[at[0], at[1], "again", "times"], "`times` is 1 to 20".into());
        }
    }
    if let Some(confirm) = &plan.confirm {
        for (key, span) in [("after", confirm.after), ("within", confirm.within)] {
            if span.0 < SignedDuration::from_secs(1) {
                report(&[at[0], at[1], "confirm", key], format!("`{key}` is more than nothing: 30m"));
            }
        }
    }
}

fn need(at: &[&str; 2], plan: &Plan, report: &mut dyn FnMut(&[&str], String)) {
    match &plan.need {
        Quorum::People(0) => report(
            &[at[0], at[1], "need"],
            "at least 1 has to acknowledge; with 0 nobody would be called at all".into(),
        ),
        Quorum::Teams(teams) if teams.is_empty() => {
            report(
                &[at[0], at[1], "need"],
                "no team is named here; leave it out if anybody may acknowledge".into(),
            );
        }
        Quorum::Teams(teams) => {
            for (index, team) in teams.iter().enumerate() {
                if team.trim().is_empty() || teams[..index].contains(team) {
                    let what = "a team has a name, and stands here once";
                    report(&[at[0], at[1], "need", &index.to_string()], what.into());
                }
            }
        }
        Quorum::People(_) => {}
    }
}

fn escalations(
    at: &[&str; 2],
    plan: &Plan,
    file_exists: &dyn Fn(&str) -> bool,
    report: &mut dyn FnMut(&[&str], String),
) {
    let mut names: Vec<&str> = Vec::new();
    for (name, step) in &plan.escalate {
        let at = [at[0], at[1], "escalate", name.as_str()];
        if !is_word(name) {
            report(&at, "people write this name after /escalate: one word of letters, digits and -".into());
        }
        if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            report(&at, "this name is there already; capitals make no difference".into());
        }
        names.push(name);
        if step.after.is_some() {
            let what = "this step comes when somebody asks for it; `after` belongs to `steps`";
            report(&[at[0], at[1], at[2], at[3], "after"], what.into());
        }
        // Checks the step as if it were the plan's only one, and reports its problems under `escalate`.
        let alone = Plan { steps: vec![Step { after: None, ..step.clone() }], ..plan.clone() };
        plan_problems(at[1], &alone, file_exists, &mut |path, what| {
            if let ["plans", _, "steps", _, rest @ ..] = path {
                let path: Vec<&str> = at.iter().chain(rest).copied().collect();
                report(&path, what);
            }
        });
        step_problems(&at, step, report);
    }
}

fn is_word(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.starts_with('-')
}

/// Checks the targets, calls and pages of a step. `plan_problems` checks the rest.
fn step_problems(at: &[&str; 4], step: &Step, report: &mut dyn FnMut(&[&str], String)) {
    let [a, b, c, d] = *at;
    for (index, call) in step.call.iter().enumerate() {
        let index = index.to_string();
        if !(1..=10).contains(&call.times) {
            report(&[a, b, c, d, "call", &index, "times"], "`times` is 1 to 10".into());
        }
        if call.times > 1 && call.every.0 < SignedDuration::from_secs(30) {
            report(
                &[a, b, c, d, "call", &index, "every"],
                "`every` is at least 30s: a phone rings that long".into(),
            );
        }
        targets(&[a, b, c, d, "call", &index, "to"], &call.to, report);
    }
    for (index, sms) in step.sms.iter().enumerate() {
        targets(&[a, b, c, d, "sms", &index.to_string(), "to"], &sms.to, report);
    }
    for (index, page) in step.page.iter().enumerate() {
        let index = index.to_string();
        let in_page = |key| [a, b, c, d, "page", index.as_str(), key];
        if page.to.is_empty() {
            report(&in_page("to"), "nobody is named here".into());
        }
        targets(&in_page("to"), &page.to, report);
        if page.text.trim().is_empty() {
            report(&in_page("text"), "there are no words here".into());
        }
        if page.say.as_ref().is_some_and(|words| words.trim().is_empty()) {
            report(&in_page("say"), "there are no words here; leave it out to say the text".into());
        }
    }
}

/// Reports names of people, teams and rotas that can't be names. Only the table knows whether they exist.
fn targets(at: &[&str], targets: &[Target], report: &mut dyn FnMut(&[&str], String)) {
    for (index, target) in targets.iter().enumerate() {
        let name = match target {
            Target::Number(_) => continue,
            Target::OnDuty(name) => &name.on_duty,
            Target::Team(name) => &name.team,
            Target::Person(name) => &name.person,
        };
        if !oncall::is_name(name) {
            let index = index.to_string();
            let path: Vec<&str> = at.iter().copied().chain([index.as_str()]).collect();
            report(
                &path,
                format!(
                    "{name:?} names nobody; write a name of letters, digits, - and _, such as ops-second"
                ),
            );
        }
    }
}
