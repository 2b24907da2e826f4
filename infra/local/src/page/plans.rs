//! The plans for the page: the actions of each step, and the scenes that use the plan.

use std::collections::BTreeMap;

use handbell_core::config::{AlertSource, Config, Plan, Step, Target};
use serde_json::{Value, json};

/// Returns each plan by name, with the title of its spaces, its steps and the scenes that use it.
pub(crate) fn plans(config: &Config) -> Value {
    let used = [
        ("button", plan_names(config.buttons.values().map(|button| &button.plan))),
        ("floor", plan_names(config.zones.values().map(|zone| &zone.plan))),
        (
            "customers",
            plan_names(
                config.lines.values().filter_map(|line| line.waiting.as_ref()).map(|waiting| &waiting.plan),
            ),
        ),
        ("duty", plan_names(config.sources.values().flat_map(source_plans))),
    ];
    let plans: BTreeMap<&String, Value> = config
        .plans
        .iter()
        .map(|(name, plan)| {
            let scenes: Vec<&str> = used
                .iter()
                .filter(|(_, plans)| plans.contains(&name.as_str()))
                .map(|(scene, _)| *scene)
                .collect();
            (name, plan_view(plan, &scenes))
        })
        .collect();
    json!(plans)
}

/// Returns every plan that a source's alerts may run.
fn source_plans(source: &AlertSource) -> impl Iterator<Item = &String> {
    let of_rules = source.rules.iter().filter_map(|rule| rule.plan.as_ref());
    std::iter::once(&source.plan).chain(source.plans.values()).chain(of_rules)
}

fn plan_names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    names.map(String::as_str).collect()
}

fn plan_view(plan: &Plan, scenes: &[&str]) -> Value {
    let steps: Vec<Value> = plan.steps.iter().map(step_view).collect();
    json!({ "title": plan.space.title, "scenes": scenes, "steps": steps })
}

fn step_view(step: &Step) -> Value {
    let texts: Vec<&Target> = step.sms.iter().flat_map(|sms| &sms.to).collect();
    let calls: Vec<&Target> = step.call.iter().flat_map(|call| &call.to).collect();
    let pages: Vec<&Target> = step.page.iter().flat_map(|page| &page.to).collect();
    let post = step.post.as_ref().map(|post| json!({ "label": post.label, "file": post.file.is_some() }));
    // In the format of the configuration: "5m".
    let after = step.after.map(|after| format!("{:#}", after.0));
    json!({ "post": post, "sms": texts, "call": calls, "page": pages, "after": after })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
webex: { token: { secret: webex } }
plans:
  green-power:
    space: { title: Green Power }
    steps:
      - post: { markdown: Help, file: files/status.png, label: Status }
      - sms: [{ to: ["+12025550111"], text: Check Webex }]
        after: 5m
  duty:
    space: { title: "{incident} {title}", reuse: per-incident }
    steps:
      - page: [{ to: [{ team: operations }] }]
  loud: { space: { title: Loud }, steps: [] }
  spare: { space: { title: Spare }, steps: [] }
buttons:
  green: { plan: green-power, token: { secret: green } }
sources:
  demo: { plan: duty, plans: { critical: loud } }
"#;

    #[test]
    fn a_plan_is_shown_in_the_scenes_that_use_it() {
        let plans = plans(&serde_saphyr::from_str::<Config>(CONFIG).unwrap());
        let scenes = |plan: &str| plans[plan]["scenes"].clone();
        assert_eq!(scenes("green-power"), json!(["button"]));
        assert_eq!(scenes("duty"), json!(["duty"]));
        assert_eq!(scenes("loud"), json!(["duty"]), "by the severity of an alert");
        assert_eq!(scenes("spare"), json!([]));
    }

    #[test]
    fn a_step_says_what_it_does_and_to_whom() {
        let plans = plans(&serde_saphyr::from_str::<Config>(CONFIG).unwrap());
        assert_eq!(
            plans["green-power"]["steps"],
            json!([
                { "post": { "label": "Status", "file": true }, "sms": [], "call": [], "page": [], "after": null },
                { "post": null, "sms": ["+12025550111"], "call": [], "page": [], "after": "5m" },
            ])
        );
        assert_eq!(plans["duty"]["steps"][0]["page"], json!([{ "team": "operations" }]));
        assert_eq!(plans["duty"]["title"], "{incident} {title}");
    }
}
