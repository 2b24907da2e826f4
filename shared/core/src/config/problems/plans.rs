//! What can't work of plans and their steps.

use jiff::SignedDuration;

use super::number_advice;
use crate::config::{Plan, Step, is_address, is_phone_number, is_sender};

pub(super) fn plan_problems(
    name: &str,
    plan: &Plan,
    file_exists: &dyn Fn(&str) -> bool,
    say: &mut dyn FnMut(&[&str], String),
) {
    if plan.space.title.trim().is_empty() {
        say(&["plans", name, "space", "title"], "a space needs a title".into());
    }
    if plan.reset_after.0 < SignedDuration::from_mins(1) {
        say(&["plans", name, "reset_after"], "reset_after is at least a minute".into());
    }
    let space = &plan.space;
    for (list, people) in [("moderators", &space.moderators), ("participants", &space.participants)] {
        for (index, address) in people.iter().enumerate() {
            if !is_address(address) {
                say(
                    &["plans", name, "space", list, &index.to_string()],
                    format!("{address:?} is no mail address"),
                );
            }
        }
    }
    // How long after the last press a step comes, if all since then came by themselves.
    let mut quiet = SignedDuration::ZERO;
    for (number, step) in plan.steps.iter().enumerate() {
        let at = number.to_string();
        quiet = step.after.map_or(SignedDuration::ZERO, |after| quiet.saturating_add(after.0));
        if *step == Step::default() {
            say(
                &["plans", name, "steps", &at],
                "this step does nothing; give it a post, sms, call or people".into(),
            );
        }
        if let Some(after) = step.after {
            if number == 0 {
                say(
                    &["plans", name, "steps", &at, "after"],
                    "the first step is taken by the first press; `after` belongs to a later one".into(),
                );
            } else if after.0 < SignedDuration::from_secs(10) {
                say(&["plans", name, "steps", &at, "after"], "`after` is at least 10 seconds".into());
            } else if quiet >= plan.reset_after.0 {
                say(&["plans", name, "steps", &at, "after"], "this step never comes by itself: with nobody answering, the incident is over (`reset_after`) before it; make `reset_after` longer".into());
            }
        }
        if let Some(post) = &step.post {
            if post.markdown.is_none() && post.file.is_none() {
                say(
                    &["plans", name, "steps", &at, "post"],
                    "a post needs `markdown`, a `file`, or both".into(),
                );
            }
            if let Some(file) = &post.file
                && !file_exists(file)
            {
                say(
                    &["plans", name, "steps", &at, "post", "file"],
                    format!("there is no file {file:?} beside the configuration"),
                );
            }
        }
        for (list, index, to, from, words) in step
            .sms
            .iter()
            .enumerate()
            .map(|(index, sms)| ("sms", index, &sms.to, &sms.from, &sms.text))
            .chain(
                step.call
                    .iter()
                    .enumerate()
                    .map(|(index, call)| ("call", index, &call.to, &call.from, &call.say)),
            )
        {
            let item = index.to_string();
            for (place, target) in to.iter().enumerate() {
                if let Some(number) = target.number().filter(|number| !is_phone_number(number)) {
                    say(
                        &["plans", name, "steps", &at, list, &item, "to", &place.to_string()],
                        number_advice(number),
                    );
                }
            }
            if to.is_empty() {
                say(&["plans", name, "steps", &at, list, &item, "to"], "nobody is named here".into());
            }
            if let Some(from) = from
                && !(if list == "sms" { is_sender(from) } else { is_phone_number(from) })
            {
                say(&["plans", name, "steps", &at, list, &item, "from"], number_advice(from));
            }
            if words.trim().is_empty() {
                let key = if list == "sms" { "text" } else { "say" };
                say(&["plans", name, "steps", &at, list, &item, key], "there are no words here".into());
            }
        }
        if let Some(people) = &step.people {
            for (list, addresses) in
                [("moderators", &people.moderators), ("participants", &people.participants)]
            {
                for (index, address) in addresses.iter().enumerate() {
                    if !is_address(address) {
                        say(
                            &["plans", name, "steps", &at, "people", list, &index.to_string()],
                            format!("{address:?} is no mail address"),
                        );
                    }
                }
            }
        }
    }
}
