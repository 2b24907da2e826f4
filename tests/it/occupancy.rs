//! A floor fills up, and staff are called: through the front door, as a conversation.

use handbell_core::incident::{Incident, Phase, Subject};
use handbell_sim::trouble::TroubleKind;
use serde_json::{Value, json};

use crate::world::World;

/// One zone with both levels, a text on alert.
pub(crate) const FLOOR: &str = r#"
timezone: Europe/Paris
webex: { token: { secret: webex }, webhook: { secret: webex-webhook } }
twilio: { account: ACffffffffffffffffffffffffffffffff, token: { secret: twilio }, from: "+12025550100" }
sites:
  store: { cmx: { url: "https://cmx.example.com", user: handbell, password: { secret: cmx } } }
zones:
  shoes: { site: store, label: Floor 2 / Shoes, where: { hierarchy: "Store>Floor 2>Shoes" }, plan: floor, capacity: 100 }
  hats: { site: store, where: { hierarchy: "Store>Floor 1>Hats" }, plan: floor, at: 50 }
plans:
  floor:
    space: { title: Floor team, participants: [alice@example.com, bob@example.com] }
    steps:
      - post: { markdown: "Who is near {zone}?" }
      - sms: [{ to: ["+12025550111"], text: "{zone}: {count} of {capacity} ({level})" }]
"#;

impl World {
    /// The zone has this many devices from now on.
    pub(crate) async fn devices(&self, zone: &str, count: u32) {
        let body = json!({ "count": count }).to_string();
        let path = format!("/sim/cmx/zones/{zone}");
        let answer = self.send("PUT", &path, &[("content-type", "application/json")], body).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    /// Returns the cards in the spaces of this title, oldest first.
    pub(crate) fn cards(&self, title: &str) -> Vec<Value> {
        let spaces = self.spaces().into_iter().filter(|space| space["title"] == title);
        let messages = spaces.flat_map(|space| space["messages"].as_array().unwrap().clone());
        messages.filter(|message| !message["card"].is_null()).collect()
    }

    /// Presses a button of a card as this person. Returns the status of the simulated Webex.
    pub(crate) async fn choose(&self, who: &str, card: &Value, title: &str) -> u16 {
        let actions = card["card"]["actions"].as_array().unwrap();
        let button = actions.iter().find(|action| action["title"] == title).expect("the button");
        let body = json!({ "type": "submit", "messageId": card["id"], "inputs": button["data"] });
        let token = format!("Bearer person:{who}");
        let headers = [("content-type", "application/json"), ("authorization", token.as_str())];
        self.send("POST", "/sim/webex/v1/attachment/actions", &headers, body.to_string()).await.status
    }

    pub(crate) async fn zone_incident(&self, zone: &str) -> Option<Incident> {
        self.runner.store.incidents().incident(&Subject::zone(zone)).await.unwrap()
    }

    pub(crate) async fn minutes(&self, minutes: i64) {
        self.pass(minutes * 60).await;
    }
}

#[tokio::test]
async fn a_full_zone_brings_one_card_within_two_polls_and_an_empty_one_one_all_clear() {
    let world = World::with(FLOOR).await;
    world.minutes(10).await;
    assert!(world.posts("Floor team").is_empty());

    world.devices("shoes", 87).await;
    world.minutes(1).await;
    assert!(world.posts("Floor team").is_empty(), "one poll opens nothing");
    world.minutes(1).await;
    assert_eq!(world.people("Floor team"), ["alice@example.com", "bob@example.com"]);
    let posts = world.posts("Floor team");
    assert_eq!(posts.len(), 2, "{posts:#?}");
    assert_eq!(posts[0], "🟠 **Floor 2 / Shoes** is **BUSY**: **87 of 100** (rising)");
    assert_eq!(posts[1], "Who is near Floor 2 / Shoes?");
    let cards = world.cards("Floor team");
    assert_eq!(cards.len(), 1);
    let picture =
        cards[0]["card"]["body"].as_array().unwrap().iter().find(|item| item["type"] == "Image").unwrap();
    let path = picture["url"].as_str().unwrap().trim_start_matches(&world.url(""));
    let answer = world.bytes(path).await;
    assert_eq!((answer.0, &answer.1[..8]), (200, &b"\x89PNG\r\n\x1a\n"[..]));
    assert_eq!(world.bytes(&path.replace(".png", "0.png")).await.0, 404, "a signature that isn't ours");

    world.minutes(60).await;
    assert_eq!(world.posts("Floor team").len(), 2, "one incident for one breach, however long");

    world.devices("shoes", 60).await;
    world.minutes(3).await;
    let posts = world.posts("Floor team");
    assert_eq!(posts.len(), 3, "{posts:#?}");
    assert!(
        posts[2].starts_with("✅ **Floor 2 / Shoes** is calm again: 60 of 100. It was busy for 6"),
        "{}",
        posts[2]
    );
    assert!(posts[2].ends_with("87 at the peak."), "{}", posts[2]);
    world.minutes(60).await;
    assert_eq!(world.posts("Floor team").len(), 3);
    assert_eq!(world.zone_incident("shoes").await.unwrap().phase, Phase::Resolved);
}

#[tokio::test]
async fn a_source_that_returns_no_count_brings_neither_and_is_reported_once() {
    let world = World::with(FLOOR).await;
    world.minutes(2).await;
    for kind in [TroubleKind::Html, TroubleKind::BadGatewayBefore, TroubleKind::TooMany] {
        world.trouble("cmx", kind, None);
        world.minutes(4).await;
        world.no_trouble();
        world.minutes(1).await;
        assert!(world.posts("Floor team").is_empty(), "{kind:?}");
    }
    world.devices("shoes", 97).await;
    world.minutes(2).await;
    assert_eq!(world.cards("Floor team").len(), 1);
    let before = world.posts("Floor team").len();

    world.trouble("cmx", TroubleKind::Html, None);
    world.minutes(40).await;
    let posts = world.posts("Floor team");
    assert_eq!(posts.len(), before + 1, "{posts:#?}");
    assert!(posts[before].starts_with("❓ No count from **store** since"), "{}", posts[before]);
    assert!(posts[before].contains("Floor 2 / Shoes") && posts[before].contains("hats"), "{}", posts[before]);
    assert_eq!(world.zone_incident("shoes").await.unwrap().phase, Phase::Open, "silence resolves nothing");

    world.no_trouble();
    world.minutes(5).await;
    let posts = world.posts("Floor team");
    assert_eq!(posts.len(), before + 2, "{posts:#?}");
    assert!(posts[before + 1].starts_with("Counts from **store** are back since"), "{}", posts[before + 1]);
    world.texts("+12025550111");
}

#[tokio::test]
async fn a_zone_escalates_from_warn_to_alert_in_the_same_incident() {
    let world = World::with(FLOOR).await;
    world.devices("shoes", 85).await;
    world.minutes(3).await;
    let first = world.zone_incident("shoes").await.unwrap();
    assert!(world.texts("+12025550111").is_empty());
    world.devices("shoes", 131).await;
    world.minutes(3).await;
    let second = world.zone_incident("shoes").await.unwrap();
    assert_eq!((first.epoch, first.step), (second.epoch, 1));
    assert_eq!(second.step, 2);
    assert_eq!(world.texts("+12025550111"), ["Floor 2 / Shoes: 131 of 100 (alert): delivered"]);
    assert_eq!(world.cards("Floor team").len(), 2);
    world.read_all();
}

#[tokio::test]
async fn a_choice_on_the_card_is_acknowledged_under_it_with_name_and_time() {
    let world = World::with(FLOOR).await;
    world.devices("shoes", 87).await;
    world.minutes(2).await;
    let card = world.cards("Floor team").remove(0);
    assert_eq!(world.choose("alice@example.com", &card, "On my way").await, 200);
    world.settle().await;
    let posts = world.posts("Floor team");
    assert!(posts[2].starts_with("✅ **Alice** is on the way since"), "{posts:#?}");
    let spaces = world.spaces();
    let messages = spaces[0]["messages"].as_array().unwrap().clone();
    assert_eq!(messages[2]["parentId"], card["id"], "{:#}", messages[2]);
    world.choose("bob@example.com", &card, "On my way").await;
    world.settle().await;
    assert!(world.posts("Floor team")[3].starts_with("✅ **Bob** is on the way too"));
    world.choose("bob@example.com", &card, "Not busy").await;
    world.settle().await;
    assert!(world.posts("Floor team")[4].contains("counted as a false alarm, the 1st of this zone"));
    assert_eq!(world.zone_incident("shoes").await.unwrap().phase, Phase::Cancelled);
    world.minutes(30).await;
    assert_eq!(world.posts("Floor team").len(), 5, "a false alarm stays one, though the count is as it was");
    world.devices("shoes", 20).await;
    world.minutes(5).await;
    assert_eq!(world.posts("Floor team").len(), 5, "and what was closed needs no all-clear");
}

#[tokio::test]
async fn a_snooze_silences_the_zone_which_is_then_reported_again() {
    let world = World::with(FLOOR).await;
    world.devices("shoes", 87).await;
    world.minutes(2).await;
    let card = world.cards("Floor team").remove(0);
    world.choose("alice@example.com", &card, "Snooze 30 min").await;
    world.settle().await;
    assert!(world.posts("Floor team")[2].starts_with("💤 Snoozed until"), "{:#?}", world.posts("Floor team"));
    world.devices("shoes", 99).await;
    world.minutes(25).await;
    assert_eq!(world.posts("Floor team").len(), 3, "{:#?}", world.posts("Floor team"));
    world.minutes(10).await;
    let cards = world.cards("Floor team");
    assert!(cards.len() > 1, "{:#?}", world.posts("Floor team"));
    world.read_all();
}

#[tokio::test]
async fn a_card_in_another_space_does_not_count() {
    let world = World::with(FLOOR).await;
    world.devices("shoes", 87).await;
    world.minutes(2).await;
    let card = world.cards("Floor team").remove(0);
    // Mallory isn't in the space; and a card of another space carries the reference of this incident.
    assert_ne!(world.choose("mallory@example.com", &card, "Not busy").await, 200);
    world.settle().await;
    assert_eq!(world.zone_incident("shoes").await.unwrap().phase, Phase::Open);
    world.read_all();
}

#[tokio::test]
async fn one_threshold_notifies_one_manager_in_one_space() {
    let world = World::with(
        r#"
webex: { token: { secret: webex } }
sites:
  store: { cmx: { url: "https://cmx.example.com", user: handbell, password: { secret: cmx } } }
zones:
  floor: { site: store, plan: congested, at: 50 }
plans:
  congested:
    space: { title: Department Team Room, participants: [manager@example.com] }
    steps: [{ post: { markdown: "The floor is getting congested: {count} customers. Please assist the shoppers!" } }]
"#,
    )
    .await;
    world.devices("floor", 49).await;
    world.minutes(5).await;
    assert!(world.posts("Department Team Room").is_empty());
    world.devices("floor", 50).await;
    world.minutes(5).await;
    assert_eq!(world.people("Department Team Room"), ["manager@example.com"]);
    let posts = world.posts("Department Team Room");
    assert_eq!(posts.len(), 2, "{posts:#?}");
    assert_eq!(posts[1], "The floor is getting congested: 50 customers. Please assist the shoppers!");
    let card = world.cards("Department Team Room").remove(0);
    assert_eq!(card["card"]["actions"], json!([]), "without a webhook nobody would hear a choice");
    world.minutes(60).await;
    assert_eq!(world.spaces().len(), 1, "one room, however often it is polled");
    assert_eq!(world.posts("Department Team Room").len(), 2);
}

/// The same floor, with a CMX and a Meraki that push device sightings.
const TOLD: &str = r#"
webex: { token: { secret: webex }, webhook: { secret: webex-webhook }, cards: false }
sites:
  told: { cmx_push: { key: { secret: push } } }
  scanned: { meraki_push: { validator: { secret: validator }, key: { secret: scan } } }
zones:
  shoes: { site: told, label: Shoes, where: { hierarchy: "Store>Floor 2" }, plan: floor, at: 3 }
  hats: { site: scanned, label: Hats, where: { network: L_123 }, plan: floor, at: 3 }
plans:
  floor: { space: { title: Floor team, participants: [alice@example.com] } }
"#;

fn notifications(devices: std::ops::Range<u8>, associated: bool) -> String {
    let all: Vec<Value> = devices
        .map(|device| {
            json!({
                "notificationType": "locationupdate", "deviceId": format!("00:00:2f:2f:7c:{device:02x}"),
                "locationMapHierarchy": "Store>Floor 2>Shoes", "associated": associated, "ssid": "guests",
            })
        })
        .collect();
    json!({ "notifications": all }).to_string()
}

#[tokio::test]
async fn devices_that_a_cmx_pushes_are_counted_and_forgeries_are_rejected() {
    let world = World::with(TOLD).await;
    let json = ("content-type", "application/json");
    for key in ["Bearer wrong", "", "local-push"] {
        let answer =
            world.send("POST", "/cmx/told", &[json, ("authorization", key)], notifications(0..9, true)).await;
        assert_eq!(answer.status, 403, "{key:?}");
    }
    assert_eq!(world.send("POST", "/cmx/scanned", &[json], notifications(0..9, true)).await.status, 404);
    world.minutes(3).await;
    assert!(world.posts("Floor team").is_empty());

    let key = ("authorization", "Bearer local-push");
    for _ in 0..2 {
        // The same message twice, and each device many times, count as the devices that there are.
        world.advance(1).await;
        let answer = world.send("POST", "/cmx/told", &[json, key], notifications(0..3, true)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(world.send("POST", "/cmx/told", &[json, key], notifications(0..2, true)).await.status, 200);
    world.minutes(2).await;
    let posts = world.posts("Floor team");
    assert_eq!(posts.len(), 1, "{posts:#?}");
    assert!(posts[0].starts_with("🔴 **Shoes** is **BUSY**: **3 devices**"), "{}", posts[0]);
    assert!(
        posts[0].ends_with("Answer here with `on my way`, `snooze 30 min` or `not busy`. [chart.png]"),
        "{}",
        posts[0]
    );

    assert_eq!(world.send("POST", "/cmx/told", &[json, key], notifications(0..3, false)).await.status, 200);
    world.minutes(3).await;
    let posts = world.posts("Floor team");
    assert!(posts[1].starts_with("✅ **Shoes** is calm again: 0 devices."), "{posts:#?}");
    let rows = world
        .runner
        .store
        .sites()
        .sightings_since("told", world.now() - jiff::SignedDuration::from_hours(1))
        .await
        .unwrap();
    assert_eq!(rows.len(), 4, "one row for a message, unless it came twice within one millisecond");
}

#[tokio::test]
async fn meraki_gets_the_validator_and_its_devices_are_counted() {
    let world = World::with(TOLD).await;
    let validator = world.send("GET", "/meraki/scanned", &[], "").await;
    assert_eq!((validator.status, validator.body.as_str()), (200, "local-validator"));
    let body = |secret: &str, count: u8| {
        let seen: Vec<Value> = (0..count)
            .map(|device| {
                json!({
                    "clientMac": format!("18:fe:34:fc:5a:{device:02x}"), "ssid": "corp", "locations": [],
                    "latestRecord": { "time": world.now().to_string(), "nearestApMac": "00:18:0a:13:dd:b0", "nearestApRssi": "-60" },
                })
            })
            .collect();
        json!({ "version": "3.0", "secret": secret, "type": "WiFi", "data": { "networkId": "L_123", "observations": seen } })
            .to_string()
    };
    assert_eq!(world.send("POST", "/meraki/scanned", &[], body("wrong", 9)).await.status, 403);
    assert_eq!(world.send("POST", "/meraki/scanned", &[], body("local-scan", 4)).await.status, 200);
    world.minutes(3).await;
    let posts = world.posts("Floor team");
    assert_eq!(posts.len(), 1, "{posts:#?}");
    assert!(posts[0].starts_with("🔴 **Hats** is **BUSY**: **4 devices**"), "{}", posts[0]);
}

#[tokio::test]
async fn without_cards_posts_and_commands_do_the_same() {
    let world = World::with(&FLOOR.replace(
        "webhook: { secret: webex-webhook } }",
        "webhook: { secret: webex-webhook }, cards: false }",
    ))
    .await;
    world.devices("shoes", 87).await;
    // A webhook for messages is registered every five minutes.
    world.minutes(6).await;
    let room = world.spaces()[0]["id"].as_str().unwrap().to_owned();
    let say = async |text: &str| {
        let headers =
            [("content-type", "application/json"), ("authorization", "Bearer person:alice@example.com")];
        let body = json!({ "roomId": room, "text": text }).to_string();
        assert_eq!(world.send("POST", "/sim/webex/v1/messages", &headers, body).await.status, 200);
        world.settle().await;
    };
    say("I am not on my way").await;
    assert_eq!(world.zone_incident("shoes").await.unwrap().phase, Phase::Open);
    say("On my way!").await;
    assert_eq!(world.zone_incident("shoes").await.unwrap().phase, Phase::Acknowledged);
    let posts = world.posts("Floor team");
    assert!(posts.last().unwrap().starts_with("✅ **Alice** is on the way since"), "{posts:#?}");
}

#[tokio::test]
async fn a_bot_posts_and_hears_the_same() {
    let world = World::with_bot(FLOOR).await;
    world.devices("shoes", 87).await;
    world.minutes(2).await;
    let card = world.cards("Floor team").remove(0);
    world.choose("bob@example.com", &card, "On my way").await;
    world.settle().await;
    assert_eq!(world.zone_incident("shoes").await.unwrap().phase, Phase::Acknowledged);
    world.read_all();
}

#[tokio::test]
async fn a_site_that_hangs_delays_no_other_site() {
    let world = World::with(TOLD).await;
    let key = [("authorization", "Bearer local-push")];
    world.send("POST", "/cmx/told", &key, notifications(0..3, true)).await;
    world.minutes(30).await;
    let posts = world.posts("Floor team");
    // The other site has never returned a count. Both are silent in the end, and each site reports that once.
    assert_eq!(
        posts.iter().filter(|post| post.starts_with("❓ No count from **scanned**")).count(),
        1,
        "{posts:#?}"
    );
    assert_eq!(posts.iter().filter(|post| post.contains("is **BUSY**")).count(), 1, "{posts:#?}");
}
