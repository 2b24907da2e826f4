//! Checks of buttons.

use jiff::SignedDuration;

use super::advice::{NAME_ADVICE, is_name};
use crate::config::{Button, Config};

pub(super) fn button_problems(
    name: &str,
    button: &Button,
    config: &Config,
    report: &mut dyn FnMut(&[&str], String),
) {
    if config.plans.get(&button.plan).is_some_and(|plan| plan.steps.is_empty()) {
        report(&["plans", &button.plan, "steps"], "a plan that a button runs needs at least one step".into());
    }
    if !config.plans.contains_key(&button.plan) {
        let known = config.plans.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        report(
            &["buttons", name, "plan"],
            format!("there is no plan {:?}; the plans are: {known}", button.plan),
        );
    }
    if button.token.names().next().is_none() {
        report(&["buttons", name, "token"], "a button needs at least one token".into());
    }
    if button.debounce.0.is_negative() {
        report(&["buttons", name, "debounce"], "`debounce` can't be less than nothing".into());
    }
    if button.max_age.0 < SignedDuration::from_secs(1) {
        report(
            &["buttons", name, "max_age"],
            "`max_age` is at least a second; with less, every press would be late".into(),
        );
    }
    if !is_name(name) {
        report(&["buttons", name], format!("a button's {NAME_ADVICE}; use `label` for what people read"));
    }
}
