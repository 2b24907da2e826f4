//! A button is pressed, and people come: through the front door, as a conversation.

use handbell_core::incident::Phase;
use handbell_sim::trouble::TroubleKind;
use handbell_sim::wire::WireEntry;
use insta::assert_snapshot;
use serde_json::json;

use crate::world::{PLAN, World};

#[tokio::test]
async fn three_presses_bring_a_space_texts_and_a_call() {
    let world = World::new().await;

    assert_eq!(world.press("green").await.body, "OK 1\n");
    world.settle().await;
    assert_eq!(world.people("Green Power"), ["alice@example.com*", "bob@example.com"]);
    assert_snapshot!(world.posts("Green Power").join("\n--\n"), @r"
    # Help is needed

    📎 *Current status* [dashboard.png]
    ");

    assert_eq!(world.press("green").await.body, "OK 2\n");
    world.settle().await;
    assert_eq!(world.texts("+12025550111"), ["Check Webex: delivered"]);
    assert_eq!(world.texts("+12025550112"), ["Check Webex: delivered"]);

    assert_eq!(world.press("green").await.body, "OK 3\n");
    world.settle().await;
    assert_snapshot!(world.answer("+12025550111").await.join("\n"), @r"
    Please check Webex. Green button was pressed 3 times.
    Press 1 if you have it. Press 2 for the next step now. Press 9 to hear this again.
    ");
    world.key("+12025550111", "1").await;
    world.settle().await;
    assert_eq!(world.incident().await.phase, Phase::Acknowledged);
    assert_eq!(world.people("Green Power"), ["alice@example.com*", "bob@example.com", "dana@example.com"]);
    let posts = world.posts("Green Power");
    assert_eq!(posts.len(), 5, "{posts:#?}");
    assert_snapshot!(posts[2], @r"
    SMS to +12025550111: ✅ delivered  
    SMS to +12025550112: ✅ delivered
    ");
    assert_eq!(posts[3], "Call to +12025550111: ✅ answered, call ended");
    assert!(posts[4].starts_with("✅ **+12025550111 \\(by phone\\)** has it since"), "{}", posts[4]);
    assert_eq!(
        world.facts(),
        ["incident.opened", "button.pressed", "button.pressed", "button.pressed", "incident.acknowledged"]
    );
}

#[tokio::test]
async fn the_same_press_sent_ten_times_counts_once() {
    let world = World::new().await;
    for _ in 0..10 {
        assert_eq!(world.press_as("green", "one-press").await.body, "OK 1\n");
    }
    assert_eq!(world.press_as("green", "another").await.body, "OK 2\n");
    assert_eq!(world.press_as("green", "one-press").await.body, "OK 1\n", "the same press keeps its answer");
    world.settle().await;
    assert_eq!(world.incident().await.count, 2);
    world.read_all();
}

#[tokio::test]
async fn two_presses_within_two_seconds_are_one_unless_they_carry_ids() {
    let world = World::new().await;
    assert_eq!(world.press("green").await.body, "OK 1\n");
    assert_eq!(world.press_now("green").await.body, "OK 1\n");
    assert_eq!(world.press_as("green", "a").await.body, "OK 2\n");
    assert_eq!(world.press_as("green", "b").await.body, "OK 3\n");
    world.settle().await;
    world.read_all();
}

#[tokio::test]
async fn a_hundred_presses_at_once_count_without_gap_or_repeat() {
    let world = World::new().await;
    let presses = (0..100).map(|number| {
        let world = &world;
        async move {
            // A busy table may refuse a press, which then isn't stored. The button sends it again, as the same press.
            loop {
                let answer = world.press_as("green", &format!("press-{number}")).await;
                if answer.status != 503 {
                    return answer.body;
                }
            }
        }
    });
    let mut answers = futures_util::future::join_all(presses).await;
    answers.sort_by_key(|answer| answer[3..].trim().parse::<u32>().unwrap());
    let expected: Vec<String> = (1..=100).map(|count| format!("OK {count}\n")).collect();
    assert_eq!(answers, expected);
    world.pass(60).await;
    world.read_all();
}

#[tokio::test]
async fn an_unknown_token_is_not_found_and_writes_nothing() {
    let world = World::new().await;
    for path in
        ["/b/", "/b/wrong", "/b/demo-green-button-on-this-laptop-", "/b/DEMO-GREEN-BUTTON-ON-THIS-LAPTOP"]
    {
        assert_eq!(world.send("POST", path, &[], "").await.status, 404, "{path}");
    }
    for method in ["HEAD", "OPTIONS"] {
        let answer = world.send(method, "/b/demo-green-button-on-this-laptop", &[], "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    }
    world.settle().await;
    assert!(
        world
            .runner
            .store
            .incidents()
            .incident(&handbell_core::incident::Subject::button("green"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(world.spaces().is_empty());
}

#[tokio::test]
async fn gestures_have_the_meaning_of_the_configuration() {
    let world = World::new().await;
    world.press("green").await;
    world.settle().await;
    world.advance(5).await;
    assert_eq!(world.press_with("green", json!({ "click": "double" })).await.body, "OK 1\n");
    world.settle().await;
    assert_eq!(world.incident().await.phase, Phase::Acknowledged);
    assert_eq!(world.press("green").await.body, "OK 2\n");
    world.settle().await;
    let posts = world.posts("Green Power");
    assert!(posts[1].contains("✅ **the button Green button** has it since"), "{posts:#?}");
    assert!(
        posts[2]
            .contains("was pressed again, the 2nd time, although the button Green button had acknowledged"),
        "{posts:#?}"
    );
    world.advance(5).await;
    world.press_with("green", json!({ "click": "hold" })).await;
    world.settle().await;
    assert_eq!(world.incident().await.phase, Phase::Cancelled);
    assert_eq!(world.press("green").await.body, "OK 1\n", "after the end a new incident begins");
    world.settle().await;
    world.read_all();
}

#[tokio::test]
async fn a_late_press_is_posted_as_late_and_does_not_escalate() {
    let world = World::new().await;
    world.press("green").await;
    world.settle().await;
    let made = world.now() - jiff::SignedDuration::from_mins(6);
    world.advance(5).await;
    assert_eq!(
        world.press_with("green", json!({ "id": "late-one", "at": made.to_string() })).await.body,
        "OK 1\n"
    );
    world.settle().await;
    let posts = world.posts("Green Power");
    assert!(posts[1].starts_with("A late press of **Green button**: made at "), "{posts:#?}");
    assert!(posts[1].contains("6 min ago"), "{posts:#?}");
    assert_eq!((world.incident().await.count, world.incident().await.step), (1, 1));
}

#[tokio::test]
async fn after_reset_after_without_activity_the_next_press_is_the_first_again() {
    let world = World::new().await;
    world.press("green").await;
    world.press("green").await;
    world.settle().await;
    world.advance(6 * 3600 + 60).await;
    world.settle().await;
    assert_eq!(world.incident().await.phase, Phase::Lapsed);
    assert_eq!(world.press("green").await.body, "OK 1\n");
    world.settle().await;
    assert_eq!(world.incident().await.epoch, 2);
    assert_eq!(world.spaces().len(), 1, "the space is used again");
    world.read_all();
}

#[tokio::test]
async fn a_step_with_after_comes_automatically_when_nobody_acknowledges() {
    let world =
        World::with(&PLAN.replace("text: Check Webex }]", "text: Check Webex }]\n        after: 5m")).await;
    world.press("green").await;
    world.pass(4 * 60).await;
    assert!(world.texts("+12025550111").is_empty(), "not early");
    world.pass(61).await;
    assert_eq!(world.texts("+12025550111"), ["Check Webex: delivered"]);
    assert_eq!((world.incident().await.count, world.incident().await.step), (1, 2));
    assert_eq!(world.press("green").await.body, "OK 2\n");
    world.settle().await;
    assert_eq!(world.incident().await.step, 3, "a press takes the step after the one that came by itself");
    world.read_all();
}

#[tokio::test]
async fn presses_after_the_last_step_are_counted_and_posted() {
    let world = World::new().await;
    for _ in 0..4 {
        world.press("green").await;
        world.settle().await;
    }
    let posts = world.posts("Green Power");
    assert_eq!(posts.last().unwrap(), "**Green button** was pressed again, the 4th time.");
    assert_eq!(world.calls("+12025550111"), 1);
    world.read_all();
}

#[tokio::test]
async fn one_bad_number_and_one_unknown_address_never_stop_the_rest() {
    let world = World::with(&PLAN.replace("bob@example.com", "nobody@example.com, bob@example.com")).await;
    world.behave("+12025550111", json!({ "behaviour": "refuse", "code": 21614 })).await;
    world.press("green").await;
    world.press("green").await;
    world.settle().await;
    assert_eq!(world.people("Green Power"), ["alice@example.com*", "bob@example.com"]);
    assert_eq!(world.texts("+12025550112"), ["Check Webex: delivered"]);
    let posts = world.posts("Green Power").join("\n");
    assert!(posts.contains("Adding nobody@example.com: ❌ failed"), "{posts}");
    assert!(posts.contains("SMS to +12025550111: ❌ failed: "), "{posts}");
    assert!(posts.contains("Twilio 21614"), "{posts}");
    world.read_all();
}

#[tokio::test]
async fn webex_down_for_five_minutes_loses_nothing_and_doubles_nothing() {
    for kind in
        [TroubleKind::BadGatewayBefore, TroubleKind::BadGatewayAfter, TroubleKind::TooMany, TroubleKind::Html]
    {
        let world = World::new().await;
        world.trouble("webex", kind, Some(300));
        for _ in 0..3 {
            world.press("green").await;
            world.settle().await;
        }
        assert_eq!(world.texts("+12025550111"), ["Check Webex: delivered"], "phones don't wait for Webex");
        world.pass(900).await;
        assert_eq!(
            world.people("Green Power"),
            ["alice@example.com*", "bob@example.com", "dana@example.com"],
            "{kind:?}"
        );
        let posts = world.posts("Green Power").join("\n");
        let order: Vec<_> = ["dashboard.png", "form.pdf"].iter().map(|name| posts.find(name)).collect();
        assert!(order[0].is_some() && order[0] < order[1], "{kind:?}: {posts}");
        let mut marks = world.marks();
        let all = marks.len();
        marks.sort();
        marks.dedup();
        assert_eq!(marks.len(), all, "{kind:?}: nothing twice");
        assert_eq!(world.spaces().len(), 1, "{kind:?}: one space");
        world.read_all();
    }
}

#[tokio::test]
async fn a_deleted_space_is_created_again_with_its_people() {
    let world = World::new().await;
    world.press("green").await;
    world.settle().await;
    world.read_all();
    let id = world.spaces()[0]["id"].as_str().unwrap().to_owned();
    let gone = world
        .send(
            "DELETE",
            &format!("/sim/webex/v1/rooms/{id}"),
            &[("authorization", "Bearer person:alice@example.com")],
            "",
        )
        .await;
    assert_eq!(gone.status, 204, "{gone:?}");
    world.press("green").await;
    world.pass(60).await;
    let space = world.spaces().into_iter().find(|space| space["id"] != *id).expect("a new space");
    assert_eq!(space["people"].as_array().unwrap().len(), 3);
    assert!(world.posts("Green Power").join("\n").contains("form.pdf"));
    world.read_all();
}

#[tokio::test]
async fn nothing_begins_after_an_acknowledgement() {
    let world = World::new().await;
    world.trouble("twilio", TroubleKind::TooMany, None);
    world.press("green").await;
    world.press("green").await;
    world.settle().await;
    assert!(world.texts("+12025550111").is_empty());
    world.press_with("green", json!({ "click": "double", "id": "mine" })).await;
    world.no_trouble();
    world.pass(600).await;
    assert!(world.texts("+12025550111").is_empty(), "the texts were cancelled");
    world.read_all();
}

#[tokio::test]
async fn a_call_speaks_of_the_incident_as_it_is_when_it_is_answered() {
    let world = World::new().await;
    for _ in 0..3 {
        world.press("green").await;
        world.settle().await;
    }
    world.press("green").await;
    world.settle().await;
    assert!(world.answer("+12025550111").await[0].contains("pressed 4 times"));
    world.press_with("green", json!({ "click": "double", "id": "ack" })).await;
    let heard = world.key("+12025550111", "9").await;
    assert!(heard.last().unwrap().contains("has it since"), "{heard:?}");
    world.settle().await;
    world.read_all();
}

#[tokio::test]
async fn key_two_takes_the_next_step_once() {
    let world = World::with(&PLAN.replace(
        "people: { participants: [dana@example.com] }\n",
        "people: { participants: [dana@example.com] }\n      - post: { markdown: The fourth }\n",
    ))
    .await;
    for _ in 0..3 {
        world.press("green").await;
        world.settle().await;
    }
    world.answer("+12025550111").await;
    let heard = world.key("+12025550111", "2").await;
    assert_eq!(heard.last().unwrap(), "The next step is taken now. Goodbye.");
    world.settle().await;
    assert_eq!((world.incident().await.count, world.incident().await.step), (3, 4));
    assert!(world.posts("Green Power").join("\n").contains("The fourth"));
    world.read_all();
}

#[tokio::test]
async fn a_dead_delivery_is_reported_and_fails_over_to_another_channel() {
    let world = World::new().await;
    world.behave("+12025550112", json!({ "behaviour": "refuse", "code": 21614 })).await;
    world.press("green").await;
    world.press("green").await;
    world.settle().await;
    assert_eq!(
        world.calls("+12025550112") + world.calls("+12025550111"),
        0,
        "the call was refused by the same phone"
    );
    let told = world.spaces().into_iter().any(|space| {
        space["messages"]
            .as_array()
            .unwrap()
            .iter()
            .any(|message| message["markdown"].as_str().unwrap_or_default().contains("could not deliver"))
    });
    assert!(told, "the admin is told in Webex");
    assert!(world.facts().contains(&"delivery.dead".to_owned()));
    world.read_all();
}

#[tokio::test]
async fn a_bot_finds_its_own_post_by_the_webhook() {
    let world = World::with_bot(PLAN).await;
    // The tick registers the webhook within five minutes.
    world.pass(301).await;
    world.press("green").await;
    world.settle().await;
    world.trouble("webex", TroubleKind::BadGatewayAfter, Some(20));
    world.press("green").await;
    world.pass(300).await;
    let mut marks = world.marks();
    let all = marks.len();
    marks.sort();
    marks.dedup();
    assert_eq!(marks.len(), all, "nothing twice: {marks:?}");
    assert!(world.posts("Green Power").join("\n").contains("form.pdf"));
    world.read_all();
}

#[tokio::test]
async fn a_press_counts_once_whatever_error_the_table_returns() {
    use handbell_local::cloud::table::TableFault;
    let faults =
        [TableFault::Conflict, TableFault::Throttled, TableFault::NotApplied, TableFault::AppliedButError];
    for (number, fault) in faults.into_iter().enumerate() {
        let world = World::new().await;
        world.runner.cloud.table().fail_next(fault, Some("TransactWriteItems"));
        let mut answer = world.press_as("green", "the-press").await;
        if answer.status != 200 {
            answer = world.press_as("green", "the-press").await;
        }
        assert_eq!(answer.body, "OK 1\n", "{fault:?}");
        assert_eq!(world.press_as("green", &format!("another-{number}")).await.body, "OK 2\n", "{fault:?}");
        world.runner.cloud.table().fail_next(fault, Some("UpdateItem"));
        world.pass(300).await;
        assert_eq!(world.texts("+12025550111"), ["Check Webex: delivered"], "{fault:?}");
        let mut marks = world.marks();
        let all = marks.len();
        marks.sort();
        marks.dedup();
        assert_eq!(marks.len(), all, "{fault:?}: nothing twice");
        world.read_all();
    }
}

#[tokio::test]
async fn facts_that_the_bus_rejected_are_published_later() {
    let world = World::new().await;
    world.runner.cloud.bus().fail_next(1, "InternalFailure");
    world.press("green").await;
    world.pass(120).await;
    let mut facts = world.facts();
    facts.sort();
    assert_eq!(
        facts,
        ["button.pressed", "incident.opened"],
        "each once, though the first try failed for one of them"
    );
    world.read_all();
}

/// The bus takes ten facts a request.
#[tokio::test]
async fn a_dozen_facts_of_one_step_are_published_once_each() {
    let numbers: Vec<String> = (0..12).map(|number| format!("+120255502{number:02}")).collect();
    let text = |numbers: &[String]| {
        format!("to: [{}]", numbers.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "))
    };
    let world = World::with(&PLAN.replace(r#"to: ["+12025550111", "+12025550112"]"#, &text(&numbers))).await;
    for number in &numbers {
        world.behave(number, json!({ "behaviour": "refuse", "code": 21614 })).await;
    }
    world.press("green").await;
    world.press("green").await;
    world.pass(60).await;
    let facts = world.runner.cloud.bus().facts();
    let mut dead: Vec<_> = facts
        .iter()
        .filter(|fact| fact.kind == "delivery.dead")
        .map(|fact| fact.detail["id"].to_string())
        .collect();
    assert!(dead.len() >= 12, "{dead:?}");
    let all = dead.len();
    dead.sort();
    dead.dedup();
    assert_eq!(dead.len(), all, "each once");
    world.read_all();
}

#[tokio::test]
async fn a_secret_header_is_required_where_one_is_configured() {
    let world =
        World::with(&PLAN.replace("hold: cancel", "hold: cancel, header: { name: X-Key, secret: key }"))
            .await;
    let path = "/b/demo-green-button-on-this-laptop";
    assert_eq!(world.send("POST", path, &[], "").await.status, 404);
    assert_eq!(world.send("POST", path, &[("x-key", "wrong")], "").await.status, 404);
    assert_eq!(world.send("POST", path, &[("x-key", "local-key-header")], "").await.body, "OK 1\n");
    world.settle().await;
    world.read_all();
}

#[tokio::test]
async fn repeat_last_takes_the_last_step_again() {
    let world = World::with(&PLAN.replace("    steps:", "    repeat: last\n    steps:")).await;
    for _ in 0..4 {
        world.press("green").await;
        world.settle().await;
        world.advance(30).await;
    }
    world.settle().await;
    assert_eq!((world.incident().await.count, world.incident().await.step), (4, 3));
    let calls = world.dispatches().await.into_iter().filter(|dispatch| dispatch.step() == Some(3)).count();
    assert_eq!(calls, 2, "the third step was taken twice");
    assert!(
        world.posts("Green Power").contains(&"**Green button** was pressed again, the 4th time.".to_owned())
    );
    world.read_all();
}

#[tokio::test]
async fn each_incident_has_its_own_space_where_the_plan_says_so() {
    let plan = PLAN.replace("title: Green Power,", "title: \"{incident} {button}\", reuse: per-incident,");
    let world = World::with(&plan).await;
    world.press("green").await;
    world.settle().await;
    world.advance(5).await;
    world.press_with("green", json!({ "click": "hold", "id": "over" })).await;
    world.press("green").await;
    world.settle().await;
    let mut titles: Vec<_> =
        world.spaces().iter().map(|space| space["title"].as_str().unwrap().to_owned()).collect();
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), 2, "{titles:?}");
    assert!(
        titles.iter().all(|title| title.starts_with("H-") && title.ends_with(" Green button")),
        "{titles:?}"
    );
    world.read_all();
}

#[tokio::test]
async fn a_large_file_is_posted_once_under_a_longer_lease() {
    let world = World::new().await;
    world.write_file("files/dashboard.png", &vec![7; 30 * 1024 * 1024]);
    world.press("green").await;
    world.settle().await;
    let message = world.spaces()[0]["messages"][0].clone();
    assert_eq!(message["files"][0]["name"], "dashboard.png");
    assert_eq!(message["files"][0]["size"], 30 * 1024 * 1024);
    assert_eq!(world.posts("Green Power").len(), 1);
    let updates = world.runner.cloud.table().units_by_operation()["UpdateItem"].calls;
    assert_eq!(updates, 3, "claimed, lengthened, let go");
}

/// Nothing is sent under a claim after which the table fails, so nothing has to be looked up before the next attempt.
#[tokio::test]
async fn a_table_that_fails_after_a_claim_costs_no_attempt() {
    use handbell_local::cloud::table::TableFault;
    use handbell_local::gate::Moment;
    let world = World::new().await;
    world.press("green").await;
    world.settle().await;
    world.press("green").await;
    let claimed = world.gate.hold(Moment::After, |request| {
        request.operation == "UpdateItem"
            && String::from_utf8_lossy(&request.body).contains("ADD claims :one")
    });
    let fails = async {
        claimed.reached().await;
        // The SDK makes three attempts at each request.
        for _ in 0..6 {
            world.runner.cloud.table().fail_next(TableFault::NotApplied, Some("GetItem"));
        }
        drop(claimed);
    };
    tokio::join!(world.pass(240), fails);
    assert_eq!(world.texts("+12025550111"), ["Check Webex: delivered"]);
    let looked_up = |entry: &WireEntry| entry.method == "GET" && entry.url.contains("/Messages.json");
    assert!(!world.runner.stage.wire.entries().iter().any(looked_up));
    world.read_all();
}
