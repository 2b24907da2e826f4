//! Checks of the configuration: mistakes that the types don't exclude.

mod advice;
mod alerts;
mod buttons;
mod lines;
mod names;
mod placeholders;
mod plans;
mod sites;

use jiff::tz::TimeZone;

use super::{Config, Plan};
use buttons::button_problems;
use plans::plan_problems;
pub use sites::pin_bytes;
use sites::{site_problems, zone_problems};

/// A mistake in a configuration that can be read but can't work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the value: keys and list positions from the top, such as `plans`, `green`, `steps`, `2`, `sms`.
    pub path: Vec<String>,
    /// What is wrong and how to correct it, for a person.
    pub message: String,
}

/// Returns every mistake in the configuration. `file_exists` tells whether a file that the configuration names exists.
pub fn problems(config: &Config, file_exists: &dyn Fn(&str) -> bool) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut report = |path: &[&str], message: String| {
        found.push(Problem { path: path.iter().map(|part| (*part).to_owned()).collect(), message });
    };
    if TimeZone::get(&config.timezone).is_err() {
        report(
            &["timezone"],
            format!("there is no time zone {:?}; write an IANA name such as Europe/Paris", config.timezone),
        );
    }
    if let Some(twilio) = &config.twilio {
        let account = &twilio.account;
        if account.len() != 34 || !account.starts_with("AC") {
            report(
                &["twilio", "account"],
                "a Twilio account is AC and 32 letters or digits; copy it from Twilio's console".into(),
            );
        }
    } else {
        let phones =
            |plan: &Plan| plan.steps.iter().any(|step| !step.sms.is_empty() || !step.call.is_empty());
        if !config.admins.sms.is_empty() || config.plans.values().any(phones) {
            report(
                &["twilio"],
                "somebody is to be texted or called, but there is no `twilio` to do it with".into(),
            );
        }
    }
    for (name, plan) in &config.plans {
        plan_problems(name, plan, file_exists, &mut report);
    }
    for (name, site) in &config.sites {
        site_problems(name, site, file_exists, &mut report);
    }
    let timezone = config.time_zone();
    for (name, zone) in &config.zones {
        zone_problems(name, zone, config, &timezone, &mut report);
    }
    names::problems(config, &mut report);
    placeholders::problems(config, &mut report);
    lines::problems(config, &mut report);
    alerts::problems(config, file_exists, &mut report);
    for (name, button) in &config.buttons {
        button_problems(name, button, config, &mut report);
    }
    found
}
