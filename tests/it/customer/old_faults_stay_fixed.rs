//! Faults of the lab that Handbell replaces. Each test states what holds instead.

use handbell_sim::trouble::TroubleKind;
use serde_json::{Value, json};

use super::people::{LINE, OUR_NUMBER, TOMMY};
use crate::world::World;

#[tokio::test]
async fn a_call_is_forwarded_and_posts_no_empty_message() {
    let world = World::with(LINE).await;
    let tommy = world.customer(TOMMY);
    tommy.calls().await;
    let phones = world.runner.twilio.view();
    assert!(
        phones
            .as_array()
            .unwrap()
            .iter()
            .any(|phone| phone["number"] == "+12025550120" && !phone["call"].is_null())
    );
    for post in world.team(TOMMY).new_posts() {
        assert!(!post.trim().is_empty(), "no empty message in the space");
    }
}

#[tokio::test]
async fn a_form_reaches_the_team_with_a_number_or_a_mail_address() {
    let world = World::with(LINE).await;
    for fields in [
        [("phone", "+1 202-555-0123"), ("message", "*markdown* only"), ("email", "")],
        [("phone", ""), ("message", "hello"), ("email", "tommy@example.org")],
    ] {
        assert_eq!(world.fill_in("support", &fields).await.status, 200);
    }
    world.settle().await;
    assert!(world.team(TOMMY).new_posts().iter().any(|post| post.contains("\\*markdown\\* only")));
    assert!(world.team("tommy@example.org").new_posts().iter().any(|post| post.contains("hello")));
    world.read_all();
}

#[tokio::test]
async fn a_signed_webhook_is_accepted_and_any_other_is_rejected() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    alice.says("hello").await;
    tommy.reads(&["Thanks for signing up!", "hello"]);
    let (_, body) = world.webex_hooks().pop().unwrap();
    for signature in [None, Some("0000"), Some(""), Some("da39a3ee5e6b4b0d3255bfef95601890afd80709")] {
        let headers: Vec<_> =
            signature.map(|signature| ("x-spark-signature", signature)).into_iter().collect();
        assert_eq!(world.send("POST", "/webex", &headers, body.clone()).await.status, 403, "{signature:?}");
    }
    world.read_all();
}

#[tokio::test]
async fn five_first_texts_at_once_make_one_space_and_one_welcome() {
    let world = World::with(LINE).await;
    let tommy = world.customer(TOMMY);
    futures_util::future::join_all(["1", "2", "3", "4", "5"].map(|text| tommy.texts_at_once(text))).await;
    world.pass(60).await;
    assert_eq!(world.team(TOMMY).how_many(), 1);
    tommy.reads(&["Thanks for signing up!"]);
    world.read_all();
}

#[tokio::test]
async fn no_text_is_lost_while_webex_fails_and_no_reply_while_twilio_fails() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    world.trouble("webex", TroubleKind::BadGatewayBefore, Some(60));
    tommy.texts("hi").await;
    world.pass(240).await;
    assert!(world.team(TOMMY).new_posts().iter().any(|post| post.ends_with(": hi")));
    tommy.new_texts();
    world.trouble("twilio", TroubleKind::BadGatewayBefore, Some(60));
    alice.says("hello").await;
    world.pass(240).await;
    tommy.reads(&["hello"]);
    world.read_all();
}

#[tokio::test]
async fn the_same_webhook_five_times_posts_one_text() {
    let world = World::with(LINE).await;
    let tommy = world.customer(TOMMY);
    let params = [
        ("MessageSid", "SM0123456789abcdef0123456789abcdef"),
        ("From", TOMMY),
        ("To", OUR_NUMBER),
        ("Body", "once"),
    ];
    for _ in 0..5 {
        assert_eq!(world.signed("/twilio/sms", &params).await.status, 200);
    }
    world.settle().await;
    let posts = world.team(TOMMY).new_posts();
    assert_eq!(posts.iter().filter(|post| post.contains("once")).count(), 1, "{posts:#?}");
    tommy.reads(&["Thanks for signing up!"]);
}

/// Twilio signs names and values without separators: a name that moves into the value before it leaves the signature as it was.
#[tokio::test]
async fn a_signed_text_whose_sid_has_another_form_is_refused_and_changes_nothing() {
    let world = World::with(LINE).await;
    let tommy = world.customer(TOMMY);
    let sid = "SM0123456789abcdef0123456789abcdef";
    let of = [("From", TOMMY), ("To", OUR_NUMBER), ("Body", "once")];
    let genuine = [of.as_slice(), &[("MessageSid", sid), ("NumMedia", "0")]].concat();
    assert_eq!(world.signed("/twilio/sms", &genuine).await.status, 200);
    world.settle().await;
    tommy.reads(&["Thanks for signing up!"]);
    let known = world.known_of(TOMMY).await;
    for sid in [&format!("{sid}NumMedia0"), &sid[..33], "SM1", "CA0123456789abcdef0123456789abcdef"] {
        let answer = world.signed("/twilio/sms", &[of.as_slice(), &[("MessageSid", sid)]].concat()).await;
        assert!(answer.status == 400 && answer.body.contains("MessageSid"), "{sid}: {answer:?}");
    }
    world.settle().await;
    assert_eq!(world.known_of(TOMMY).await, known);
    world.read_all();
}

#[tokio::test]
async fn a_signed_webhook_whose_ids_have_another_form_is_refused_and_changes_nothing() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    alice.says("hello").await;
    tommy.reads(&["Thanks for signing up!", "hello"]);
    let known = world.known_of(TOMMY).await;
    let hooks = world.webex_hooks().into_iter().rev();
    let mut hooks = hooks.map(|(_, body)| serde_json::from_str::<Value>(&body).unwrap());
    let genuine = hooks.find(|hook| hook["resource"] == "messages").unwrap();
    assert_eq!(world.signed_hook(&genuine).await.status, 200);
    for (name, kind) in [("id", "message"), ("roomId", "space"), ("personId", "person")] {
        let id = genuine["data"][name].as_str().unwrap();
        for odd in [format!("{id}#1"), format!("{id}/.."), "m1".to_owned()] {
            let mut hook = genuine.clone();
            hook["data"][name] = json!(odd);
            let answer = world.signed_hook(&hook).await;
            let why = format!("the webhook's {name}: this isn't the form of an id of a Webex {kind}");
            assert_eq!((answer.status, answer.body.trim()), (400, why.as_str()), "{odd}");
        }
    }
    world.pass(60).await;
    tommy.reads_nothing();
    assert_eq!(world.known_of(TOMMY).await, known);
    world.read_all();
}

#[tokio::test]
async fn only_messages_in_a_customers_space_go_out() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    tommy.new_texts();
    // A space of somebody else, with Handbell in it, whose title even ends like that of a customer's space.
    for title in ["Lunch planning", "Lunch +12025550123 today"] {
        let room = alice.asks("POST", "rooms", json!({ "title": title })).await;
        let us = world.spaces()[0]["people"]
            .as_array()
            .unwrap()
            .iter()
            .find(|person| person["email"].as_str().unwrap().starts_with("handbell"))
            .cloned()
            .unwrap();
        alice.asks("POST", "memberships", json!({ "roomId": room["id"], "personEmail": us["email"] })).await;
        alice.asks("POST", "messages", json!({ "roomId": room["id"], "text": "salad or soup?" })).await;
        world.settle().await;
    }
    tommy.reads_nothing();
    world.read_all();
}

#[tokio::test]
async fn a_file_without_words_arrives_as_a_file_both_ways() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.sends("", &["picture.png"]).await;
    assert!(world.team(TOMMY).new_posts().iter().any(|post| post.contains("[file.png]")));
    tommy.new_texts();
    alice.sends("", "map.png", "image/png", b"\x89PNG\r\n\x1a\n map").await;
    let texts = tommy.new_texts();
    assert_eq!(texts, [" [1 file]"], "a picture, and not the word None");
    world.read_all();
}

#[tokio::test]
async fn a_number_is_its_whole_number_with_the_country() {
    let world = World::with(LINE).await;
    let ada = "+447700900123";
    let (customer, alice) = (world.customer(ada), world.agent("alice@example.com", ada));
    let stranger = world.customer("+17700900123");
    customer.texts("hello").await;
    alice.says("good day").await;
    customer.reads(&["Thanks for signing up!", "good day"]);
    stranger.reads_nothing();
    stranger.texts("who is this?").await;
    assert_eq!(world.team("+17700900123").how_many(), 1, "two numbers, two spaces");
    assert_eq!(world.team(ada).how_many(), 1);
    for odd in ["12", "none", "202-555-01234", "+44"] {
        let sent = world.fill_in("support", &[("phone", odd), ("message", "x")]).await;
        assert_eq!(sent.status, 422, "{odd}: {sent:?}");
    }
    world.read_all();
    stranger.new_texts();
}

#[tokio::test]
async fn webhooks_are_corrected_and_never_point_where_a_request_says() {
    let world = World::with(LINE).await;
    let tommy = world.customer(TOMMY);
    world.send("POST", "/twilio/sms", &[("host", "evil.example.net")], "").await;
    tommy.texts("hi").await;
    world.pass(360).await;
    let hooks = world.registered_hooks().await;
    assert_eq!(hooks.len(), 4);
    for hook in &hooks {
        assert_eq!(hook["targetUrl"], world.url("/webex"), "never where a request says");
    }
    // One is gone, one exists twice: both are corrected, whatever their names.
    let (gone, twice) = (&hooks[0], &hooks[1]);
    world.as_handbell("DELETE", &format!("webhooks/{}", gone["id"].as_str().unwrap()), json!({})).await;
    let twin = json!({ "name": "other", "targetUrl": twice["targetUrl"], "resource": twice["resource"], "event": twice["event"], "secret": "another" });
    world.as_handbell("POST", "webhooks", twin).await;
    world.pass(360).await;
    assert_eq!(world.registered_hooks().await.len(), 4);
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn no_forged_text_is_accepted_and_the_form_sends_nobody_a_text() {
    let world = World::with(LINE).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = "AccountSid=ACffffffffffffffffffffffffffffffff&MessageSid=SM1&From=%2B12025550123&To=%2B12025550100&Body=forged";
    for signature in ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
        for path in ["/twilio/sms", "/twilio/voice", "/twilio/voice/dialed", "/twilio/voice/recorded"] {
            let answer = world.send("POST", path, &[form, ("x-twilio-signature", signature)], body).await;
            assert_eq!(answer.status, 403, "{path}");
        }
    }
    for number in 0..10 {
        let phone = format!("+1202555{:04}", 900 + number);
        world.fill_in("support", &[("phone", &phone), ("message", "x")]).await;
    }
    world.pass(30).await;
    let phones = world.runner.twilio.view();
    let texts: usize =
        phones.as_array().unwrap().iter().map(|phone| phone["texts"].as_array().unwrap().len()).sum();
    assert_eq!(texts, 0, "nobody gets a text because of a form");
    assert!(world.conversation(TOMMY).await.is_none());
    world.read_all();
}

#[tokio::test]
async fn a_text_is_stored_before_any_vendor_is_called_and_its_space_is_known_by_id() {
    let world = World::with(LINE).await;
    let tommy = world.customer(TOMMY);
    tommy.texts("hi").await;
    let before = world.runner.stage.wire.entries().len();
    tommy.texts_at_once("again").await;
    let inside = world.runner.stage.wire.entries();
    let inside = &inside[before..];
    assert!(
        inside.iter().all(|entry| entry.from != "handbell"),
        "no vendor is asked while Twilio waits: {inside:#?}"
    );
    world.settle().await;
    let entries = world.runner.stage.wire.entries();
    let lists =
        entries[before..].iter().filter(|entry| entry.method == "GET" && entry.url.contains("/rooms"));
    assert_eq!(lists.count(), 0, "a known customer's space is known by its id");
    world.read_all();
    tommy.new_texts();
}
