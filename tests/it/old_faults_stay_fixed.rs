//! Faults of the button robot and the crowd alert that Handbell replaces. Each test states what holds instead.

use std::time::{Duration, Instant};

use handbell::check::{check, render};
use handbell::local::start;
use handbell_local::gate::Gate;
use handbell_local::runner::{RunnerOptions, Workers};
use handbell_sim::trouble::TroubleKind;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::world::{PLAN, World};

const OURS: (&str, &str) = ("authorization", "Bearer local-webex-token");
const JSON: (&str, &str) = ("content-type", "application/json");

async fn make_room(world: &World, who: (&str, &str), title: &str) -> String {
    let answer =
        world.send("POST", "/sim/webex/v1/rooms", &[who, JSON], json!({ "title": title }).to_string()).await;
    let room: Value = serde_json::from_str(&answer.body).unwrap();
    room["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_member_who_cannot_be_added_keeps_nobody_else_out() {
    let world =
        World::with(&PLAN.replace("[alice@example.com]", "[nobody@example.com, alice@example.com]")).await;
    assert_eq!(world.press("green").await.body, "OK 1\n");
    world.settle().await;
    assert_eq!(world.people("Green Power"), ["alice@example.com*", "bob@example.com"]);
    let posts = world.posts("Green Power");
    assert!(posts.iter().any(|post| post.contains("Adding nobody@example.com: ❌ failed")), "{posts:#?}");
    world.read_all();
}

#[tokio::test]
async fn a_502_on_a_steps_post_repeats_no_text_and_loses_no_content() {
    let world = World::new().await;
    world.press("green").await;
    world.settle().await;
    world.trouble("webex", TroubleKind::BadGatewayBefore, Some(60));
    world.press("green").await;
    world.pass(30).await;
    world.press("green").await;
    world.pass(300).await;
    assert_eq!(world.texts("+12025550111"), ["Check Webex: delivered"], "no second SMS");
    let posts = world.posts("Green Power").join("\n");
    assert!(posts.contains("[form.pdf]"), "the content is not lost: {posts}");
    assert_eq!(world.calls("+12025550111"), 1);
    world.read_all();
}

#[tokio::test]
async fn a_bad_number_stops_no_other_number() {
    let world = World::new().await;
    world.behave("+12025550111", json!({ "behaviour": "refuse", "code": 21211 })).await;
    world.press("green").await;
    world.press("green").await;
    world.settle().await;
    assert_eq!(world.texts("+12025550112"), ["Check Webex: delivered"]);
    world.read_all();
}

#[tokio::test]
async fn a_call_speaks_the_text_of_its_own_step_whatever_is_pressed_later() {
    let world = World::with(&PLAN.replace("say: \"Please", "say: \"The third step. Please")).await;
    for _ in 0..3 {
        world.press("green").await;
        world.settle().await;
    }
    world.press("green").await;
    world.settle().await;
    let heard = world.answer("+12025550111").await;
    assert!(heard[0].starts_with("The third step. Please check Webex."), "{heard:?}");
    world.read_all();
}

#[tokio::test]
async fn a_space_whose_title_only_contains_the_name_is_left_alone() {
    let world = World::new().await;
    let other = make_room(&world, OURS, "My Green Power archive").await;
    world.press("green").await;
    world.settle().await;
    let spaces = world.spaces();
    let archive = spaces.iter().find(|space| space["id"] == *other).expect("it is still there");
    assert!(archive["messages"].as_array().unwrap().is_empty(), "and nobody spoke in it");
    assert_eq!(world.posts("Green Power").len(), 1);
}

#[tokio::test]
async fn a_space_is_found_beyond_the_first_page_of_the_list() {
    let world = World::new().await;
    let wanted = make_room(&world, OURS, "Green Power").await;
    for number in 0..1005 {
        make_room(&world, OURS, &format!("Another space {number}")).await;
    }
    world.press("green").await;
    world.settle().await;
    let spaces = world.spaces();
    let named: Vec<_> = spaces.iter().filter(|space| space["title"] == "Green Power").collect();
    assert_eq!(named.len(), 1, "no second one is made");
    assert_eq!(named[0]["id"], *wanted);
    world.read_all();
}

#[tokio::test]
async fn no_link_that_a_stranger_can_follow_deletes_or_sends_anything() {
    let world = World::new().await;
    world.press("green").await;
    world.settle().await;
    for path in ["/delete/green", "/initialise/green", "/index", "/files/dashboard.png", "/call/green"] {
        assert_eq!(world.send("GET", path, &[], "").await.status, 404, "{path}");
    }
    assert_eq!(world.posts("Green Power").len(), 1);
}

#[tokio::test]
async fn twilio_is_trusted_only_with_its_signature() {
    let world = World::new().await;
    for _ in 0..3 {
        world.press("green").await;
        world.settle().await;
    }
    let before = world.incident().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body =
        "AccountSid=ACffffffffffffffffffffffffffffffff&CallSid=CA00000000000000000000000000000000&Digits=1";
    for signature in [None, Some("c2lnbmF0dXJl"), Some("")] {
        let mut headers = vec![form];
        headers.extend(signature.map(|signature| ("x-twilio-signature", signature)));
        let answer = world.send("POST", "/twilio/voice/key?d=button.green.1.3.1&s=3", &headers, body).await;
        assert_eq!(answer.status, 403, "{signature:?}");
    }
    assert_eq!(world.incident().await, before, "nothing is written");
    world.read_all();
}

#[tokio::test]
async fn no_press_waits_for_a_vendor() {
    let world = World::new().await;
    world.trouble("webex", TroubleKind::Timeout, None);
    for press in 1..=8 {
        let answer = world.press_as("green", &format!("press-{press}")).await;
        assert_eq!(answer.body, format!("OK {press}\n"), "a press never waits for Webex");
    }
    world.no_trouble();
    // Nobody is notified yet, and nothing needs to be read.
    assert!(world.spaces().is_empty());
}

#[tokio::test]
async fn nothing_in_a_label_mentions_everybody() {
    let hostile = PLAN.replace("label: Green button", "label: \"<@all> **Green** [x](http://example.com)\"");
    let world = World::with(&hostile.replace("\"# Help is needed\"", "\"{button} needs help\"")).await;
    world.press("green").await;
    world.settle().await;
    let posts = world.posts("Green Power");
    assert!(!posts[0].contains("<@all>"), "{posts:#?}");
    let message = world.spaces()[0]["messages"][0].clone();
    assert!(message["mentions"].as_array().is_none_or(Vec::is_empty), "{message}");
}

// ---- Faults of the crowd alert that Handbell replaces --------------------------------------------------------------------

const AT_FIFTY: &str = r#"
webex: { token: { secret: webex } }
twilio: { account: ACffffffffffffffffffffffffffffffff, token: { secret: twilio }, from: "+12025550100" }
admins: { sms: ["+12025550119"] }
sites:
  store: { cmx: { url: "https://cmx.example.com", user: handbell, password: { secret: cmx }, api: v2 }, timeout: 1s }
zones:
  floor: { site: store, label: Floor, plan: congested, at: 50, cooldown: 1m }
plans:
  congested: { space: { title: Department Team Room, participants: [manager@example.com] } }
"#;
const ROOM: &str = "Department Team Room";

/// A CMX that responds to everything with these bytes, or refuses connections. Returns what is in the spaces ten minutes later, and
/// the counts that were kept.
async fn a_cmx_that_says(answer: Option<(&str, &str, &str)>) -> (Vec<Value>, Vec<Option<u32>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = answer.map(|(status, kind, body)| {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n");
        let whole = format!("{head}connection: close\r\n\r\n{body}");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(whole.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        })
    });
    let files = tempfile::tempdir().unwrap();
    let config = files.path().join("handbell.yaml");
    std::fs::write(&config, AT_FIFTY).unwrap();
    let runner = start(RunnerOptions {
        port: 0,
        config,
        data: None,
        bot: false,
        workers: Workers::InProcess(Gate::default()),
        pace: Duration::ZERO,
        automatic: false,
        overrides: vec![("HANDBELL_CMX_URL".to_owned(), url)],
        held_at: None,
        show_logs: false,
    })
    .await
    .unwrap();
    let began = runner.stage.clock.now();
    for _ in 0..10 {
        runner.cloud.advance(SignedDuration::from_mins(1)).unwrap();
        while runner.cloud.tick_due().await + runner.cloud.deliver_due().await > 0 {}
    }
    assert!(runner.cloud.calls().dead().is_empty(), "no poll fails");
    let site = runner.store.sites().site("store").await.unwrap().expect("it is polled");
    let rows = runner.store.sites().counts("store", "floor", began, runner.stage.clock.now()).await.unwrap();
    let counts =
        rows.into_iter().map(|(_, count)| count).chain(site.counts.of("floor").map(|(_, count)| count));
    let counts = counts.collect();
    if let Some(server) = server {
        server.abort();
    }
    (runner.webex.view().as_array().unwrap().clone(), counts)
}

#[tokio::test]
async fn an_error_page_is_never_read_as_a_count() {
    let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1>nginx/1.5.0</body></html>";
    let login = "{\"code\": 502, \"message\": \"see https://10.10.20.21:8443/1\"}";
    for answer in [
        ("502 Bad Gateway", "text/html", page),
        ("200 OK", "text/html", page),
        ("200 OK", "application/json", page),
        ("200 OK", "application/json", login),
        ("200 OK", "application/json", "50215021"),
        ("200 OK", "application/json", "{\"count\": \"8 of 72\"}"),
    ] {
        let (spaces, counts) = a_cmx_that_says(Some(answer)).await;
        assert!(spaces.is_empty(), "{answer:?} is no alarm: {spaces:?}");
        assert!(counts.len() >= 9 && counts.iter().all(Option::is_none), "{answer:?}: {counts:?}");
    }
}

#[tokio::test]
async fn only_the_count_field_is_counted() {
    let body = |count: u32| {
        json!({ "deviceType": "Wireless_Client 802.11", "deviceQueryString": "floorId=12", "count": count })
            .to_string()
    };
    let (spaces, counts) = a_cmx_that_says(Some(("200 OK", "application/json", &body(7)))).await;
    assert!(spaces.is_empty(), "7 and not 127: {spaces:?}");
    assert!(counts.len() >= 9 && counts.iter().all(|count| *count == Some(7)), "{counts:?}");
    let (spaces, _) = a_cmx_that_says(Some(("200 OK", "application/json", &body(72)))).await;
    let post = spaces[0]["messages"][0]["markdown"].as_str().unwrap();
    assert!(post.contains("**72 devices**"), "{post}");
}

#[tokio::test]
async fn a_cmx_that_is_down_is_reported_and_polled_again() {
    let (spaces, counts) = a_cmx_that_says(None).await;
    assert!(spaces.is_empty());
    assert!(counts.len() >= 9 && counts.iter().all(Option::is_none), "{counts:?}");

    for kind in [TroubleKind::Empty, TroubleKind::NoContent, TroubleKind::Reset, TroubleKind::Truncated] {
        let world = World::with(AT_FIFTY).await;
        world.minutes(2).await;
        world.trouble("cmx", kind, None);
        world.minutes(20).await;
        let posts = world.posts(ROOM);
        assert_eq!(posts.len(), 1, "{kind:?}: {posts:#?}");
        assert!(posts[0].starts_with("❓ No count from **store** since"), "{kind:?}: {}", posts[0]);
        assert!(posts[0].contains("\nWhy: "), "{kind:?}: {}", posts[0]);
        world.no_trouble();
        world.devices("floor", 60).await;
        world.minutes(3).await;
        let posts = world.posts(ROOM);
        assert_eq!(posts.len(), 3, "{kind:?}: {posts:#?}");
        assert!(posts.iter().any(|post| post.starts_with("Counts from **store** are back")), "{posts:#?}");
        // The old interface also counts people who pass by.
        assert!(posts.iter().any(|post| post.contains("**75 devices**")), "{posts:#?}");
        assert!(world.runner.cloud.calls().dead().is_empty(), "{kind:?}: no poll fails");
    }
}

#[tokio::test]
async fn a_full_zone_makes_one_space_and_one_message_however_often_it_is_polled() {
    let world = World::with(AT_FIFTY).await;
    for times in 1..=3 {
        world.devices("floor", 60).await;
        world.minutes(8).await;
        assert_eq!(world.cards(ROOM).len(), times, "one for each time");
        world.devices("floor", 5).await;
        world.minutes(4).await;
        assert_eq!(world.posts(ROOM).len(), 2 * times, "and one when it is over");
    }
    assert_eq!(world.spaces().len(), 1);
    assert_eq!(world.people(ROOM), ["manager@example.com"]);
    let made = world
        .runner
        .stage
        .wire
        .entries()
        .into_iter()
        .filter(|entry| entry.to == "webex" && entry.method == "POST" && entry.url.ends_with("/rooms"));
    assert_eq!(made.count(), 1);
}

#[tokio::test]
async fn only_the_space_with_the_plans_title_gets_posts() {
    let world = World::with(AT_FIFTY).await;
    let before = make_room(&world, OURS, "A room with something else").await;
    world.devices("floor", 60).await;
    world.minutes(2).await;
    let after = make_room(&world, OURS, "Department Team Room (old)").await;
    let spaces = world.spaces();
    let ours = spaces.iter().find(|space| space["title"] == ROOM).unwrap()["id"].clone();
    // Something happens in the other spaces all the time, so that they come first in every list.
    for minute in 0..4 {
        for room in [&before, &after] {
            let body = json!({ "roomId": room, "text": format!("Something else {minute}") }).to_string();
            assert_eq!(world.send("POST", "/sim/webex/v1/messages", &[OURS, JSON], body).await.status, 200);
        }
        world.devices("floor", 5).await;
        world.minutes(1).await;
    }
    world.devices("floor", 70).await;
    world.minutes(3).await;
    for space in world.spaces() {
        let count = space["messages"].as_array().unwrap().len();
        let (wanted, people) = if space["id"] == ours { (3, 2) } else { (4, 1) };
        assert_eq!(count, wanted, "{space:#}");
        assert_eq!(space["people"].as_array().unwrap().len(), people, "{space:#}");
    }
    world.read_all();
}

#[tokio::test]
async fn a_post_that_webex_refuses_for_a_while_is_posted_once_in_the_end() {
    for kind in [TroubleKind::TooMany, TroubleKind::BadGatewayBefore, TroubleKind::BadGatewayAfter] {
        let world = World::with(AT_FIFTY).await;
        world.trouble("webex", kind, Some(240));
        world.devices("floor", 60).await;
        world.minutes(3).await;
        assert!(world.cards(ROOM).len() <= 1, "{kind:?}");
        world.minutes(12).await;
        let posts = world.posts(ROOM);
        assert_eq!(world.cards(ROOM).len(), 1, "{kind:?}: told in the end, and once: {posts:#?}");
        assert_eq!(world.people(ROOM), ["manager@example.com"], "{kind:?}");
        assert_eq!(world.spaces().len(), 1, "{kind:?}");
        world.read_all();
    }
}

#[tokio::test]
async fn a_token_that_webex_rejects_is_reported_to_the_admins_by_text() {
    // Both have one secret, which is the one of the site.
    let world = World::with(&AT_FIFTY.replace("{ secret: webex }", "{ secret: cmx }")).await;
    world.devices("floor", 60).await;
    world.minutes(60).await;
    let refused = world.runner.stage.wire.entries().into_iter().filter(|entry| entry.to == "webex");
    let refused: Vec<u16> = refused.map(|entry| entry.status).collect();
    assert!(!refused.is_empty() && refused.iter().all(|status| *status == 401), "{refused:?}");
    let texts = world.texts("+12025550119");
    assert!(!texts.is_empty(), "the admins are told by another way");
    assert!(texts[0].starts_with("Handbell could not deliver for incident"), "{texts:?}");
    assert!(world.spaces().is_empty());
}

#[tokio::test]
async fn nothing_that_is_typed_is_evaluated() {
    let hostile = "{count} __import__('os').system('id') $(id) ${HOME} `id` {{7*7}}";
    let step = format!("steps: [{{ post: {{ markdown: \"{hostile}\" }} }}], space: {{ title");
    let world = World::with(&AT_FIFTY.replace("space: { title", &step).replace("api: v2", "api: v3")).await;
    world.devices("floor", 60).await;
    world.minutes(2).await;
    let messages = world.spaces()[0]["messages"].clone();
    let post = messages[1]["markdown"].as_str().unwrap();
    assert!(post.starts_with(&hostile.replace("{count}", "60")), "as it was written: {post}");
    world.read_all();
}

#[test]
fn plain_text_tokens_and_passwords_are_rejected_and_not_shown() {
    let wrong = AT_FIFTY
        .replace("password: { secret: cmx }", "password: Sw0rdf1sh")
        .replace("token: { secret: webex }", "token: MTIzNDU2Nzg5")
        .replace("token: { secret: twilio }", "token: 0123456789abcdef");
    let found = check(&wrong, &|_| true).unwrap_err();
    let paths: Vec<&str> = found.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(paths, ["webex.token", "twilio.token", "sites.store.cmx.password"], "{found:#?}");
    let said = render("handbell.yaml", &wrong, &found);
    for secret in ["Sw0rdf1sh", "MTIzNDU2Nzg5", "0123456789abcdef"] {
        assert!(!said.contains(secret), "and it isn't shown either: {said}");
    }
    assert!(check(AT_FIFTY, &|_| true).is_ok());
    assert!(check(&AT_FIFTY.replace("//cmx.", "//handbell:Sw0rdf1sh@cmx."), &|_| true).is_err());
}

#[tokio::test]
async fn a_poll_that_hangs_ends_in_time_and_holds_up_no_other_site() {
    let two = AT_FIFTY
        .replace("zones:", "  told: { cmx_push: { key: { secret: push } } }\nzones:\n  hats: { site: told, label: Hats, plan: congested, at: 3 }")
        .replace("title: Department Team Room", "title: Both");
    let world = World::with(&two).await;
    world.trouble("cmx", TroubleKind::Timeout, None);
    let seen: Vec<Value> = (1..4)
        .map(|device| json!({ "notificationType": "locationupdate", "deviceId": format!("00:00:2f:2f:7c:0{device}"), "locationMapHierarchy": "Store", "associated": true, "ssid": "guests" }))
        .collect();
    let key = ("authorization", "Bearer local-push");
    let body = json!({ "notifications": seen }).to_string();
    assert_eq!(world.send("POST", "/cmx/told", &[JSON, key], body).await.status, 200);
    let began = Instant::now();
    world.minutes(2).await;
    let took = began.elapsed();
    let asked = world.runner.stage.wire.entries().into_iter().filter(|entry| entry.to == "cmx").count();
    assert!(asked >= 2, "it was asked each minute");
    assert!(took >= Duration::from_secs(2), "it did hang: {took:?}");
    assert!(
        took < Duration::from_secs(20),
        "it costs no more than its timeout, a second for each poll: {took:?}"
    );
    let posts = world.posts("Both");
    assert_eq!(posts.len(), 1, "{posts:#?}");
    assert!(
        posts[0].starts_with("🔴 **Hats** is **BUSY**: **3 devices**"),
        "the other is told: {}",
        posts[0]
    );
    world.no_trouble();
}
