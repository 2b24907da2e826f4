//! `handbell import bttn`: the files of the older button robot, turned into a configuration of ours.
//!
//! Both of its generations are read: one `settings.yaml` with the steps in it, and the later one with a file per button.
//! What comes out always passes `handbell check`, once the pictures it names are beside it; whatever could not be
//! carried over becomes a note.

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

/// What an import made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Our configuration; empty if there was nothing to make one from, and then the notes say why.
    pub yaml: String,
    /// What was changed, left out or has to be done by hand.
    pub notes: Vec<String>,
}

/// Reads `settings.yaml` and, for the later generation, the buttons' own files as (name without ending, text).
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
            "`server.default`: here every button has an address of its own, and there is no default one"
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
                "{name:?} has a sender of its own: write it as `from` under its `sms` and `call`"
            ));
        }
        leftovers(robot, &mut notes);
    }
    what_to_do(&plans, &mut notes);
    Imported { yaml: emit(&phone, &plans), notes: notes.0 }
}

/// The settings of each button, with the shared ones in them; what can't be read is left out.
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

/// A plan for each button that has steps, under a name of its own.
fn plans(robots: &[(String, Node)], notes: &mut Notes) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for (stem, robot) in robots {
        let mut name = plain_name(stem);
        while plans.iter().any(|plan| plan.name == name) {
            name.push_str("-2");
        }
        if name != *stem {
            notes.say(format!(
                "the button {stem:?} is called `{name}` now: a name is letters, digits, - and _"
            ));
        }
        let plan = Plan::read(name, robot, notes);
        if plan.steps.is_empty() {
            notes.say(format!(
                "`{}` has no steps (`bt.tn:`) that could be carried over, so it was left out",
                plan.name
            ));
        } else {
            plans.push(plan);
        }
    }
    plans
}

/// What somebody has to do by hand before the configuration can be used.
fn what_to_do(plans: &[Plan], notes: &mut Notes) {
    let steps = || plans.iter().flat_map(|plan| &plan.steps);
    let outdated = |text: &str| text.contains("Cisco Spark");
    if steps().any(|step| {
        step.markdown.iter().chain(&step.label).any(|text| outdated(text))
            || step.sms.iter().chain(&step.call).any(|Said { words, .. }| outdated(words))
    }) {
        notes.say("Cisco Spark is called Webex today; your texts were left as they are".into());
    }
    let files: Vec<&str> = steps().filter_map(|step| step.file.as_deref()).collect();
    if !files.is_empty() {
        notes
            .say(format!("put these files beside handbell.yaml, under the same names: {}", files.join(", ")));
    }
    let mut secrets = vec!["webex".to_owned(), "webex-webhook".into(), "twilio".into()];
    secrets.extend(plans.iter().map(|plan| format!("button-{}", plan.name)));
    notes.say(format!(
        "put these into the secrets document: {} (webex-webhook: 32 or more random characters; a button's: 22 or more)",
        secrets.join(", ")
    ));
    notes.say(
        "each button gets a new address, https://…/b/ and its token: enter it where the button is set up"
            .into(),
    );
    notes.say("times are read in UTC until you set `timezone`".into());
    notes.say("`admins` is empty: name somebody who is told when a message could not be delivered".into());
}

fn plain_name(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|sign| if sign.is_ascii_alphanumeric() || sign == '-' || sign == '_' { sign } else { '-' })
        .take(50)
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "button".into() } else { name.into() }
}

/// There is no configuration to make.
fn nothing(mut notes: Notes) -> Imported {
    notes.say("nothing was imported: no file holds steps below the key `bt.tn`".into());
    Imported { yaml: String::new(), notes: notes.0 }
}

#[cfg(test)]
mod tests;
