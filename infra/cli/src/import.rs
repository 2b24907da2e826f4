//! `handbell import bttn`: converts the files of the older button robot to a Handbell configuration.
//!
//! The import reads both generations of the robot: the first has one `settings.yaml` with the steps, the later one a file per
//! button. The result always passes `handbell check` once the pictures that it names are beside it. Everything that can't be
//! imported becomes a note.

mod emit;
mod notes;
mod plan;
mod robot;
mod yaml;

use emit::emit;
use notes::Notes;
use plan::{Plan, Said};
use robot::{Phone, leftovers, merge, read, within};

use crate::check::Node;

/// Result of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The configuration. Empty if there was nothing to import; then the notes say why.
    pub yaml: String,
    /// Changes, omissions and manual steps, for people.
    pub notes: Vec<String>,
}

/// Converts the text of `settings.yaml` and, for the later generation, of the buttons' own files, given as (name without
/// extension, text).
pub fn import(settings: &str, buttons: &[(String, String)]) -> Imported {
    let mut notes = Notes::default();
    let Some(shared) = read("settings.yaml", settings, &mut notes) else { return nothing(notes) };
    let robots = robots(&shared, buttons, &mut notes);
    let plans = plans(&robots, &mut notes);
    if plans.is_empty() {
        return nothing(notes);
    }
    if plans.len() > 1 && within(&shared, "server", "default").is_some() {
        notes.say(
            "`server.default` was left out: in Handbell every button has an address of its own, without a default"
                .into(),
        );
    }
    let phone = Phone::read(robots.first().map_or(&shared, |(_, robot)| robot), &mut notes);
    let sender = |robot: &Node| {
        within(robot, "twilio", "customer_service_number").and_then(Node::text).map(ToOwned::to_owned)
    };
    for (index, (name, robot)) in robots.iter().enumerate() {
        if index > 0 && sender(robot) != sender(&robots[0].1) {
            notes.say(format!(
                "{name:?} has a sender of its own: write it as `from` under each of its `sms` and `call`"
            ));
        }
        leftovers(robot, &mut notes);
    }
    what_to_do(&plans, &mut notes);
    Imported { yaml: emit(&phone, &plans), notes: notes.0 }
}

/// Merges the shared settings with those of each button. Files that can't be read are left out.
fn robots(shared: &Node, buttons: &[(String, String)], notes: &mut Notes) -> Vec<(String, Node)> {
    let mut robots = Vec::new();
    for (stem, text) in buttons {
        let Some(own) = read(&format!("buttons/{stem}.yaml"), text, notes) else { continue };
        let mut merged = shared.clone();
        merge(&mut merged, own);
        robots.push((stem.clone(), merged));
    }
    if buttons.is_empty() {
        let name = within(shared, "server", "default").and_then(Node::text).unwrap_or("button");
        robots.push((name.to_owned(), shared.clone()));
    }
    robots
}

/// Creates a plan with a unique name for each button that has steps.
fn plans(robots: &[(String, Node)], notes: &mut Notes) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for (stem, robot) in robots {
        let mut name = plain_name(stem);
        while plans.iter().any(|plan| plan.name == name) {
            name.push_str("-2");
        }
        if name != *stem {
            notes.say(format!(
                "the button {stem:?} is now called `{name}`: names consist of letters, digits, - and _"
            ));
        }
        let plan = Plan::read(name, robot, notes);
        if plan.steps.is_empty() {
            notes.say(format!(
                "`{}` was left out: it has no steps (`bt.tn:`) that can be imported",
                plan.name
            ));
        } else {
            plans.push(plan);
        }
    }
    plans
}

/// Notes the manual steps before the configuration can be used.
fn what_to_do(plans: &[Plan], notes: &mut Notes) {
    let steps = || plans.iter().flat_map(|plan| &plan.steps);
    let outdated = |text: &str| text.contains("Cisco Spark");
    if steps().any(|step| {
        step.markdown.iter().chain(&step.label).any(|text| outdated(text))
            || step.sms.iter().chain(&step.call).any(|Said { words, .. }| outdated(words))
    }) {
        notes.say("Cisco Spark is now called Webex; your texts were not changed".into());
    }
    let files: Vec<&str> = steps().filter_map(|step| step.file.as_deref()).collect();
    if !files.is_empty() {
        notes.say(format!("put these files beside handbell.yaml, with the same names: {}", files.join(", ")));
    }
    let mut secrets = vec!["webex".to_owned(), "webex-webhook".into(), "twilio".into()];
    secrets.extend(plans.iter().map(|plan| format!("button-{}", plan.name)));
    notes.say(format!(
        "put these secrets into the secrets document: {} (webex-webhook: 32 or more random characters; a button's: 22 or more)",
        secrets.join(", ")
    ));
    notes.say(
        "each button gets a new address, https://…/b/ and its token: enter it in the settings of the button"
            .into(),
    );
    notes.say("times are in UTC until you set `timezone`".into());
    notes.say("`admins` is empty: name the people to notify when a message could not be delivered".into());
}

fn plain_name(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' })
        .take(50)
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "button".into() } else { name.into() }
}

/// Returns an empty result: there is nothing to import.
fn nothing(mut notes: Notes) -> Imported {
    notes.say("nothing was imported: no file has steps under the key `bt.tn`".into());
    Imported { yaml: String::new(), notes: notes.0 }
}

#[cfg(test)]
mod tests;
