//! Checks of plans and their steps.

use jiff::SignedDuration;

use crate::config::{Plan, PlanPost, Step, Target};

pub(super) fn plan_problems(
    name: &str,
    plan: &Plan,
    file_exists: &dyn Fn(&str) -> bool,
    report: &mut dyn FnMut(&[&str], String),
) {
    if plan.space.title.trim().is_empty() {
        report(&["plans", name, "space", "title"], "a space needs a title".into());
    }
    if plan.reset_after.0 < SignedDuration::from_mins(1) {
        report(&["plans", name, "reset_after"], "reset_after is at least a minute".into());
    }
    // Time from the last press to the step, if all steps since then were taken automatically.
    let mut quiet = SignedDuration::ZERO;
    for (number, step) in plan.steps.iter().enumerate() {
        let number_text = number.to_string();
        let at = ["plans", name, "steps", &number_text];
        quiet = step.after.map_or(SignedDuration::ZERO, |after| quiet.saturating_add(after.0));
        if *step == Step::default() {
            report(&at, "this step does nothing; give it a post, sms, call or people".into());
        }
        if let Some(what) = time_problem(number, step, plan, quiet) {
            report(&under(&at, &["after"]), what.into());
        }
        if let Some(post) = &step.post {
            post_problems(&at, post, file_exists, report);
        }
        for (index, sms) in step.sms.iter().enumerate() {
            let words = StepWords { key: "text", words: &sms.text };
            phone_problems(&under(&at, &["sms", &index.to_string()]), &sms.to, words, report);
        }
        for (index, call) in step.call.iter().enumerate() {
            let words = StepWords { key: "say", words: &call.say };
            phone_problems(&under(&at, &["call", &index.to_string()]), &call.to, words, report);
        }
    }
}

/// Returns the path of a key below another.
fn under<'a>(at: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [at, more].concat()
}

/// Returns why a step can't be taken automatically at its time. `quiet` is the time from the last press to the step.
fn time_problem(number: usize, step: &Step, plan: &Plan, quiet: SignedDuration) -> Option<&'static str> {
    let after = step.after?;
    if number == 0 {
        Some("the first step is taken by the first press; `after` belongs to a later one")
    } else if after.0 < SignedDuration::from_secs(10) {
        Some("`after` is at least 10 seconds")
    } else if quiet >= plan.reset_after.0 {
        Some(
            "this step never comes: with nobody answering, the incident is over (`reset_after`) before it; make `reset_after` longer",
        )
    } else {
        None
    }
}

fn post_problems(
    at: &[&str],
    post: &PlanPost,
    file_exists: &dyn Fn(&str) -> bool,
    report: &mut dyn FnMut(&[&str], String),
) {
    if post.markdown.is_none() && post.file.is_none() {
        report(&under(at, &["post"]), "a post needs `markdown`, a `file`, or both".into());
    }
    if let Some(file) = &post.file
        && !file_exists(file)
    {
        report(&under(at, &["post", "file"]), format!("there is no file {file:?} beside the configuration"));
    }
}

/// Words of a step's text or call, and their key in the configuration.
struct StepWords<'a> {
    key: &'static str,
    words: &'a str,
}

/// Checks a text or a call: its targets and its words.
fn phone_problems(
    at: &[&str],
    to: &[Target],
    StepWords { key, words }: StepWords<'_>,
    report: &mut dyn FnMut(&[&str], String),
) {
    if to.is_empty() {
        report(&under(at, &["to"]), "nobody is named here".into());
    }
    if words.trim().is_empty() {
        report(&under(at, &[key]), "there are no words here".into());
    }
}
