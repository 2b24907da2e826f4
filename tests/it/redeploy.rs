//! The configuration changes while something is open: an entry is renamed, removed or renamed back, with the table as it was.

mod customers;
mod floor;

use handbell_core::incident::{Incident, Phase, Subject};
use serde_json::Value;

use crate::duty::{DANA, DUTY, nagios, problem};
use crate::world::{PLAN, World};

impl World {
    /// Returns every post that nobody has read, in all spaces, those with one person too.
    pub(crate) fn unread_posts(&self) -> Vec<String> {
        self.spaces().iter().flat_map(|space: &Value| self.new_posts(space)).collect()
    }

    async fn button_incident(&self, name: &str) -> Option<Incident> {
        self.runner.store.incidents().incident(&Subject::button(name)).await.unwrap()
    }
}

/// Requires one post that contains all of these.
#[track_caller]
fn one_with(posts: &[String], parts: &[&str]) {
    let fits = posts.iter().filter(|post| parts.iter().all(|part| post.contains(part)));
    assert_eq!(fits.count(), 1, "one of these with {parts:?}: {posts:#?}");
}

fn renamed_button(was: &str) -> String {
    PLAN.replace("  green: {", &format!("  kitchen: {{ {was}"))
}

#[tokio::test]
async fn a_renamed_button_goes_on_where_it_was() {
    let world = World::new().await;
    assert_eq!(world.press("green").await.body, "OK 1\n");
    world.settle().await;
    world.redeploy(&renamed_button("was: green, "));
    world.pass(120).await;
    assert_eq!(world.press("green").await.body, "OK 2\n", "the same incident");
    world.settle().await;
    assert_eq!(world.texts("+12025550111"), ["Check Webex: delivered"], "its second step");
    world.redeploy(PLAN);
    world.pass(120).await;
    assert_eq!(world.press("green").await.body, "OK 3\n", "and so it is when it is renamed back");
    assert!(world.button_incident("kitchen").await.is_none());
    world.settle().await;
    world.read_all();
}

#[tokio::test]
async fn a_button_that_is_gone_ends_its_incident_with_a_word() {
    for (next, again) in [
        (renamed_button(""), Some("OK 1\n")),
        (PLAN.replace("buttons:\n  green: { plan: green-power, label: Green button, token: { secret: button-green }, double: acknowledge, hold: cancel }\n", ""), None),
    ] {
        let world = World::new().await;
        world.press("green").await;
        world.settle().await;
        world.unread_posts();
        world.redeploy(&next);
        world.pass(120).await;
        let posts = world.unread_posts();
        let word = "isn't followed any more: the button is gone from the configuration. If the button was renamed, write `was: green`";
        one_with(&posts, &["**Green button** ", word]);
        one_with(&posts, &["Green button \\(H-", "write was: green in its new entry"]);
        let said = posts.iter().filter(|post| !post.starts_with("SMS to ")).count();
        assert_eq!(said, 2, "in its space and to the admin, once: {posts:#?}");
        assert_eq!(world.incident().await.phase, Phase::Lapsed);
        world.pass(1200).await;
        assert!(world.unread_posts().is_empty(), "it is said once");
        assert_eq!(world.facts().iter().filter(|fact| *fact == "incident.lapsed").count(), 1);
        let pressed = world.press("green").await;
        assert_eq!(again, (pressed.status == 200).then_some(pressed.body.as_str()));
        world.settle().await;
        world.read_all();
    }
}

#[tokio::test]
async fn what_has_no_label_is_called_by_its_present_name_and_remembered_by_the_last_one() {
    let bare = |entry: &str| PLAN.replace("  green: { plan: green-power, label: Green button,", entry);
    let world = World::with(&bare("  green: { plan: green-power,")).await;
    world.redeploy(&bare("  kitchen: { was: [hall, green], plan: green-power,"));
    world.press("green").await;
    world.press("green").await;
    world.press("green").await;
    world.settle().await;
    assert!(world.answer("+12025550111").await[0].contains("kitchen was pressed 3 times"));
    world.redeploy(&bare("  other: { plan: green-power,"));
    world.pass(120).await;
    // The state name is the oldest one, and the name to write.
    one_with(&world.unread_posts(), &["**kitchen** isn't followed any more", "`was: green`"]);
    world.read_all();
}

/// A plan is renamed or removed while an incident runs it: the incident goes on with the plan that it had, in its space.
#[tokio::test]
async fn an_incident_keeps_its_plan_whatever_becomes_of_the_name() {
    let renamed = |was: &str| {
        let plan = PLAN.replace("  green-power:\n", &format!("  power:\n{was}"));
        plan.replace("plan: green-power", "plan: power")
    };
    for next in [renamed("    was: green-power\n"), renamed("")] {
        let world = World::new().await;
        world.press("green").await;
        world.settle().await;
        world.redeploy(&next);
        world.pass(120).await;
        assert_eq!(world.press("green").await.body, "OK 2\n");
        world.settle().await;
        assert_eq!(world.texts("+12025550111"), ["Check Webex: delivered"]);
        assert_eq!(world.spaces().iter().filter(|space| space["title"] == "Green Power").count(), 1);
        world.read_all();
    }
}

/// With `was`, the next incident finds the space of the one before.
#[tokio::test]
async fn a_renamed_plan_keeps_its_space() {
    let world = World::new().await;
    world.press("green").await;
    world.settle().await;
    world.press_with("green", serde_json::json!({ "click": "hold" })).await;
    world.settle().await;
    let plan = PLAN.replace("  green-power:\n", "  power:\n    was: green-power\n");
    world.redeploy(&plan.replace("plan: green-power", "plan: power"));
    assert_eq!(world.press("green").await.body, "OK 1\n");
    world.settle().await;
    assert_eq!(world.spaces().iter().filter(|space| space["title"] == "Green Power").count(), 1);
    world.read_all();
}

fn recovery() -> String {
    nagios("r1", "RECOVERY: db1/MySQL is OK", "Host: db1\r\nService: MySQL\r\nOK")
}

fn renamed_source(was: &str) -> String {
    DUTY.replace("  demo:\n", &format!("  monitor:\n{was}"))
}

/// The input C3: the source is renamed while its alert is open.
#[tokio::test]
async fn the_end_of_a_renamed_source_ends_its_alert() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.redeploy(&renamed_source("    was: demo\n"));
    world.pass(120).await;
    assert_eq!(world.alert().await.phase, Phase::Open);
    world.mail(&recovery()).await;
    assert_eq!(world.alert().await.phase, Phase::Resolved);
    world.pass(90).await;
    world.read_all();
}

#[tokio::test]
async fn an_alert_whose_source_was_renamed_back_is_the_same() {
    let world = World::staffed(DUTY).await;
    world.redeploy(&renamed_source("    was: demo\n"));
    world.mail(&problem()).await;
    world.redeploy(DUTY);
    world.pass(60).await;
    world.mail(&recovery()).await;
    assert_eq!(world.alert().await.phase, Phase::Resolved);
    world.pass(90).await;
    world.read_all();
}

#[tokio::test]
async fn an_alert_whose_source_is_gone_ends_with_a_word() {
    for taken in [false, true] {
        let world = World::staffed(DUTY).await;
        world.mail(&problem()).await;
        let reference = world.alert().await.reference();
        if taken {
            world.answer(DANA).await;
            world.key(DANA, "1").await;
            world.settle().await;
        }
        world.read_all();
        world.redeploy(&renamed_source(""));
        world.pass(120).await;
        let old = world.alerts().await.remove(0);
        assert_eq!((old.phase, old.reference()), (Phase::Lapsed, reference.clone()));
        let posts = world.unread_posts();
        let word = "isn't followed any more: the source is gone from the configuration. If the source was renamed, write `was: demo`";
        one_with(&posts, &["**PROBLEM: db1/MySQL is CRITICAL** ", word]);
        let told = format!(r"PROBLEM: db1/MySQL is CRITICAL \({reference}\)");
        one_with(&posts, &[&told, "write was: demo in its new entry"]);
        let texts = world.new_texts(DANA);
        assert!(texts.iter().any(|text| text.contains("the source is gone")), "who was called: {texts:#?}");
        world.pass(1200).await;
        assert_eq!(world.calls("+12025550112"), 0, "nobody is called for what is over");
        world.read_all();
    }
}

/// An answer that comes after the redeploy belongs to the incident that was open before.
#[tokio::test]
async fn an_answer_in_flight_reaches_the_incident_of_a_renamed_source() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    let number = world.alert().await.number();
    world.redeploy(&renamed_source("    was: demo\n"));
    world.text_from(DANA, &format!("ack {number}")).await;
    assert_eq!(world.alert().await.phase, Phase::Acknowledged);
    world.read_all();
}

/// The address of a form is printed on posters.
#[tokio::test]
async fn a_form_answers_at_every_name_of_its_source() {
    let world = World::staffed(DUTY).await;
    world.redeploy(&renamed_source("    was: demo\n"));
    for (name, status) in [("demo", 200), ("monitor", 200), ("other", 404)] {
        assert_eq!(world.send("GET", &format!("/alert/{name}"), &[], "").await.status, status, "{name}");
    }
}

/// `handbell check --against` lists beforehand what would be orphaned, and says what to write.
#[tokio::test]
async fn what_is_open_and_would_lose_its_entry_is_listed_beforehand() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    let reference = world.alert().await.reference();
    let around = handbell::directory::Around {
        variable: &|_| None,
        now: world.now(),
        chance: &|| 0,
        agreed: &|_| false,
    };
    let found = async |config: &str| {
        let config = handbell::check::check(config, &|_| true).expect("a valid configuration");
        handbell::against::compare(&config, &world.url(""), &around).await.unwrap()
    };
    let orphans = found(&renamed_source("")).await;
    assert_eq!(orphans.len(), 1, "{orphans:#?}");
    let expected = vec![format!("{reference} PROBLEM: db1/MySQL is CRITICAL")];
    assert_eq!((&*orphans[0].path, &orphans[0].incidents), ("sources.demo", &expected));
    assert_eq!(orphans[0].write, "was: demo");
    let shown = handbell::against::render("handbell.yaml", "http://x", &orphans);
    assert!(shown.contains("write `was: demo` in its new entry"), "{shown}");
    assert_eq!(found(&renamed_source("    was: demo\n")).await, []);
    assert_eq!(found(DUTY).await, []);
    world.read_all();
}
