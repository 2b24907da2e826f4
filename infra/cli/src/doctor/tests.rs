use handbell_core::config::Config;
use serde_json::{Value, json};

use super::*;
use handbell_sim::cmx::{Cmx as Stand, PASSWORD};
use handbell_sim::{SimAccount, Stage};

fn config() -> Config {
    let zone =
        |site: &str, place: Value| json!({ "site": site, "plan": "full", "capacity": 100, "where": place });
    let cmx = |url: &str, user: &str, api: &str| json!({ "cmx": { "url": url, "user": user, "password": { "secret": "cmx" }, "api": api } });
    let url = "https://cmx.example.com";
    serde_json::from_value(json!({
        "webex": { "token": { "secret": "webex" } },
        "plans": { "full": { "space": { "title": "Full" } } },
        "sites": {
            "map": cmx(url, "map", "zones"),
            "empty": cmx(url, "empty", "v3"),
            "door": { "cmx_push": { "key": { "secret": "door-key" } } },
            "roof": { "meraki_push": { "key": { "secret": "roof-key" }, "validator": { "secret": "roof-validator" } } },
            "cloud": { "spaces": { "key": { "secret": "spaces" } } },
            "broken": cmx("ftp://cmx.example.com", "map", "v2"),
        },
        "zones": {
            "hall": zone("map", json!({ "hierarchy": "Campus/South/Ground/Hall" })),
            "hats": zone("map", json!({ "hierarchy": "Campus/South/Ground/Hats" })),
            "shoes": zone("door", json!({})),
            "sky": zone("cloud", json!({})),
        },
    }))
    .unwrap()
}

fn options(site: &str) -> Options {
    Options {
        site: Some(site.into()),
        config: None,
        json: false,
        runner: None,
        secrets: None,
        public_url: None,
    }
}

async fn ask(options: &Options) -> Result<Found, Failure> {
    run(options, &config(), Path::new("."), &|_| None, noon()).await
}

fn noon() -> Timestamp {
    "2026-11-14T10:40:00Z".parse().unwrap()
}

/// Starts a simulated CMX. It knows the zones of its own configuration, in which the hats have another name.
async fn stand() -> (String, Stand) {
    let account = SimAccount {
        webex_token: String::new(),
        bot: false,
        webex_secret: String::new(),
        twilio_account: String::new(),
        twilio_token: String::new(),
        own_numbers: Vec::new(),
    };
    let stage = Stage::new(account, Duration::ZERO, handbell_boot::client().unwrap());
    let mut config = config();
    config.zones.get_mut("hats").unwrap().place.hierarchy = Some("Campus/South/Ground/Hat".into());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let stand = Stand::new(stage.clone(), &config);
    let router = stand.router().merge(handbell_local::connection::router(stage));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (origin, stand)
}

/// Removes the parts of the text that differ between runs.
fn steady(text: &str) -> String {
    let (before, after) = text.split_once("\"duration\":{").unwrap_or((text, ""));
    let text = &format!("{before}…{}", after.split_once('}').unwrap_or_default().1);
    let words = text.split(' ').collect::<Vec<_>>();
    let millis = |index: usize| words.get(index + 1).is_some_and(|next| next.starts_with("ms"));
    let words = words.iter().enumerate().map(|(index, word)| if millis(index) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_cmx_is_asked_and_its_answer_explained() {
    let (origin, stand) = stand().await;
    stand.set("hall", 42);
    let found = ask(&Options { runner: Some(origin.clone()), ..options("map") }).await.unwrap();
    assert_eq!((found.counted, found.unknown), (1, 1));
    insta::assert_snapshot!(steady(&found.text), @r#"
    map: CMX at https://cmx.example.com (api zones, user map)
      GET /api/location/v1/clients/count/byzone
        200 in … ms: {"ZoneCounts":{…,"totalZones":2,"zoneCountList":[{"hierarchy":"Campus/South/Ground/Hall","zoneCount":42,"zoneId":645,"zoneName":"Hall"},{"hierarchy":"Campus/South/Ground/Hat","zoneCount":30,"zoneId":646,"zoneName":"Hat"}]}}
      ✓ hall: 42 devices
      ✗ hats: CMX knows no place "Campus/South/Ground/Hats"; it knows: Campus/South/Ground/Hall, Campus/South/Ground/Hat
        → Did you mean "Campus/South/Ground/Hat"? Copy it exactly into `where`.
      The site knows these places: Campus/South/Ground/Hall, Campus/South/Ground/Hat.

    1 of 2 zones have no count.
    "#);
    assert!(!found.text.contains(PASSWORD));
    let told = json!(found);
    assert_eq!((&told["counted"], &told["unknown"], told.get("text")), (&1.into(), &1.into(), None));
    let zones = &told["sites"][0]["zones"];
    assert_eq!(
        (&zones[0], &told["sites"][0]["asked"]),
        (&json!({ "zone": "hall", "count": 42, "why": null }), &true.into())
    );
    assert!(
        zones[1]["count"].is_null() && zones[1]["why"].as_str().is_some_and(|why| why.contains("no place")),
        "{told}"
    );
    let nothing = ask(&Options { runner: Some(origin), ..options("empty") }).await.unwrap();
    assert!(nothing.text.contains("nothing to ask"), "{}", nothing.text);
}

#[tokio::test]
async fn an_unreachable_site_is_explained() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let nobody =
        ask(&Options { runner: Some(origin.clone()), ..options("map") }).await.unwrap_err().to_string();
    assert!(nobody.starts_with(&format!("no runner answers at {origin}, so")), "{nobody}");
    let mut config = config();
    let Some(cmx) = &mut config.sites.get_mut("map").unwrap().cmx else { panic!("a CMX") };
    cmx.url.clone_from(&origin);
    let file = std::env::temp_dir().join(format!("handbell-secrets-{}.json", uuid::Uuid::new_v4()));
    std::fs::write(&file, r#"{ "cmx": "a-password" }"#).unwrap();
    let options = Options { secrets: Some(format!("file:{}", file.display())), ..options("map") };
    let found = run(&options, &config, Path::new("."), &|_| None, noon()).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!((found.counted, found.unknown), (0, 2));
    assert!(
        found.text.contains("✗ hall: ") && found.text.contains(&format!("curl -v {origin}")),
        "{}",
        found.text
    );
}

#[tokio::test]
async fn a_pushing_site_gets_instructions() {
    let public_url = Some("https://bell.example.com/".to_owned());
    let door = ask(&Options { public_url: public_url.clone(), ..options("door") }).await.unwrap();
    assert_eq!((door.counted, door.unknown), (0, 0));
    insta::assert_snapshot!(door.text, @r#"
    door: CMX that pushes (Notifications)
      There is nothing to ask: this CMX reports each device to Handbell. Enter there, under Manage > Notifications:
        type      Location Update, one notification for all devices, message format JSON
        URL       https://bell.example.com/cmx/door
        header    Authorization: Bearer and the secret "door-key"
      MAC hashing may be on. Counts begin with the first message.

    Nothing was asked.
    "#);
    let roof = ask(&options("roof")).await.unwrap();
    insta::assert_snapshot!(roof.text, @r#"
    roof: Meraki that pushes (Scanning API)
      There is nothing to ask: Meraki reports each device to Handbell. Enter there, under Network-wide > General > Location and scanning:
        post URL  https://…/meraki/roof  (… is PublicUrl in the outputs of the stack, or give --public-url)
        secret    the secret "roof-key"
        version   3.0, radio type WiFi
      Put the validator that Meraki shows there into the secrets document as "roof-validator", before "Validate server".

    Nothing was asked.
    "#);
}

#[tokio::test]
async fn the_error_names_what_is_missing() {
    let no_secrets = ask(&options("map")).await.unwrap_err().to_string();
    assert!(no_secrets.contains("--secrets") && no_secrets.contains("--runner"), "{no_secrets}");
    let no_site = ask(&options("mop")).await.unwrap_err().to_string();
    assert_eq!(no_site, "there is no site \"mop\"; did you mean \"map\"?");
    let no_stand_in =
        ask(&Options { runner: Some("http://127.0.0.1:9".into()), ..options("cloud") }).await.unwrap();
    assert_eq!(no_stand_in.unknown, 1);
    assert!(no_stand_in.text.contains("doesn't simulate"), "{}", no_stand_in.text);
    let no_file = ask(&Options { secrets: Some("file:not-there.json".into()), ..options("map") })
        .await
        .unwrap_err()
        .to_string();
    assert!(no_file.contains("not-there.json"), "{no_file}");
}

#[tokio::test]
async fn secrets_are_read_from_a_file() {
    let file = std::env::temp_dir().join(format!("handbell-secrets-{}.json", uuid::Uuid::new_v4()));
    std::fs::write(&file, r#"{ "other": "x" }"#).unwrap();
    let place = Some(format!("file:{}", file.display()));
    let missing = ask(&Options { secrets: place.clone(), ..options("map") }).await.unwrap();
    assert!(missing.text.contains("the secret \"cmx\" is not in the secrets document"), "{}", missing.text);
    std::fs::write(&file, r#"{ "cmx": "a-password" }"#).unwrap();
    let mut config = config();
    config.zones.get_mut("hall").unwrap().site = "broken".into();
    config.zones.get_mut("hall").unwrap().place = Default::default();
    let now = "2026-11-14T10:40:00Z".parse().unwrap();
    let options = Options { secrets: place, ..options("broken") };
    let found = run(&options, &config, Path::new("."), &|_| None, now).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!((found.counted, found.unknown), (0, 1));
    assert!(found.text.contains("can't be used") && !found.text.contains("a-password"), "{}", found.text);
}
