//! Limits: edits of a message, automatic texts, forms of strangers, and old webhooks.

use futures_util::future::join_all;
use handbell_sim::trouble::TroubleKind;
use serde_json::{Value, json};

use crate::customer::people::{LINE, TOMMY, subject};
use crate::world::{Answer, World};

/// A webhook is signed without a time: a copy that somebody kept is valid for a day, not forever.
#[tokio::test]
async fn a_webhook_of_a_message_is_accepted_for_24_hours() {
    for (hours, heard) in [(23, true), (24, false)] {
        let world = World::with(LINE).await;
        world.customer(TOMMY).texts("hi").await;
        world.read_all();
        let (_, hook) = world.webex_hooks().pop().expect("a webhook that shows how they look");
        // Webex reports nothing until the copy arrives.
        for hook in world.registered_hooks().await {
            world
                .as_handbell("DELETE", &format!("webhooks/{}", hook["id"].as_str().unwrap()), json!({}))
                .await;
        }
        let message = world.agent("alice@example.com", TOMMY).says_at_once("hello").await;
        let id = format!("wx-{message}");
        world.advance(hours * 3600).await;
        let mut body: Value = serde_json::from_str(&hook).unwrap();
        body["resource"] = json!("messages");
        body["event"] = json!("created");
        body["data"]["id"] = json!(message);
        body["data"]["personId"] =
            json!("Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY");
        assert_eq!(world.signed_hook(&body).await.status, 200);
        while world.batch().await {}
        let handled = world.runner.store.handled_events().event(&subject(TOMMY), &id).await.unwrap();
        assert_eq!(handled.is_some(), heard, "after {hours} hours");
        world.pause().await;
        world.read_all();
    }
}

/// Webex allows ten edits of a message: after nine, Handbell posts a new summary, and no edit is rejected.
#[tokio::test]
async fn a_delivery_summary_is_posted_anew_after_nine_edits() {
    let numbers: Vec<String> = (0..13).map(|number| format!("+120255502{number:02}")).collect();
    let to = numbers.iter().map(|number| format!("\"{number}\"")).collect::<Vec<_>>().join(", ");
    let world = World::with(&format!(
        "timezone: Europe/Paris\nwebex: {{ token: {{ secret: webex }} }}\n\
         twilio: {{ account: ACffffffffffffffffffffffffffffffff, token: {{ secret: twilio }}, from: \"+12025550100\" }}\n\
         plans:\n  alarm: {{ space: {{ title: Alarm }}, steps: [{{ call: [{{ to: [{to}], say: Please come. }}] }}] }}\n\
         buttons:\n  green: {{ plan: alarm, token: {{ secret: button-green }} }}\n"
    ))
    .await;
    world.press("green").await;
    world.pass(1).await;
    // The phones ring for half a minute.
    for number in &numbers {
        world.answer(number).await;
        world.pass(2).await;
    }
    let wire = world.runner.stage.wire.entries().into_iter().filter(|entry| entry.to == "webex");
    let edits: Vec<_> = wire.filter(|entry| entry.method == "PUT").collect();
    assert!(edits.len() > 10, "there is more to tell than fits into ten edits");
    assert!(edits.iter().all(|entry| entry.status == 200), "Webex refuses none");
    let first = &edits[0].url;
    assert_eq!(edits.iter().filter(|entry| entry.url == *first).count(), 9);
    assert!(world.posts("Alarm").len() > 1, "another summary goes on");
    world.read_all();
}

/// A person who causes many automatic texts can't cause them without end. Webex is down, so that no spaces cost the test time.
#[tokio::test]
async fn a_line_sends_two_hundred_segments_automatically_a_day() {
    // Ten segments each.
    let long = "x".repeat(1500);
    let closed = LINE
        .replace("We are closed now.", &long)
        .replace("    label: Support", "    label: Support\n    hours: { week: { mon: closed } }");
    let world = World::at("2026-11-21T23:58:00Z".parse().unwrap(), &closed, &[]).await;
    world.trouble("webex", TroubleKind::BadGatewayBefore, None);
    let numbers: Vec<String> = (0..22).map(|number| format!("+120255503{number:02}")).collect();
    join_all(numbers.iter().map(|number| world.customer(number).texts_at_once("hi"))).await;
    world.rest().await;
    let told = numbers.iter().filter(|number| !world.new_texts(number).is_empty()).count();
    assert_eq!(told, 20);
    world.advance(180).await;
    let another = world.customer("+12025550399");
    another.texts_at_once("hi").await;
    world.rest().await;
    assert_eq!(another.new_texts().len(), 1, "another day");
    world.read_all();
}

/// Sends the form of the line `support` this many times with one page's token.
async fn sent(world: &World, token: &str, times: usize, fields: &[(&str, &str)]) -> Vec<Answer> {
    let words: Vec<String> = (0..times).map(|number| format!("message {number}")).collect();
    let mut answers = Vec::new();
    for words in &words {
        let mut all = fields.to_vec();
        all.push(("message", words));
        answers.push(world.post_form("support", token, &all).await);
    }
    answers
}

fn taken(answers: &[Answer]) -> usize {
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 429)), "{answers:#?}");
    answers.iter().filter(|answer| answer.status == 200).count()
}

/// Webex is down: the texts of the forms stay in the table, and cost the test no time.
async fn with_forms() -> World {
    let world = World::at("2026-11-21T00:00:10Z".parse().unwrap(), LINE, &[]).await;
    world.trouble("webex", TroubleKind::BadGatewayBefore, None);
    world
}

#[tokio::test]
async fn an_ip_address_sends_twenty_forms_an_hour_and_240_a_day() {
    let world = with_forms().await;
    let token = world.form_token("support").await;
    let mail = [("email", "b@example.org")];
    for hour in 0..12 {
        assert_eq!(taken(&sent(&world, &token, 21, &mail).await), 20, "hour {hour}");
        world.advance(3600).await;
    }
    assert_eq!(taken(&sent(&world, &token, 1, &mail).await), 0, "240 are enough for a day");
    world.advance(12 * 3600).await;
    let token = world.form_token("support").await;
    assert_eq!(taken(&sent(&world, &token, 1, &mail).await), 1, "another day");
}

#[tokio::test]
async fn a_number_is_named_in_five_forms_an_hour() {
    let world = with_forms().await;
    let token = world.form_token("support").await;
    assert_eq!(taken(&sent(&world, &token, 6, &[("phone", TOMMY)]).await), 5);
    assert_eq!(taken(&sent(&world, &token, 1, &[("phone", "+12025550124")]).await), 1, "another number");
    world.advance(3600).await;
    assert_eq!(taken(&sent(&world, &token, 1, &[("phone", TOMMY)]).await), 1, "another hour");
}
