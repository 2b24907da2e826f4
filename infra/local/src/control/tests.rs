//! Tests of the simulated CMX behind a real port. The expected shapes are those of `specs/cmx/samples.json`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use handbell_core::config::Config;
use handbell_core::occupancy::zone::{Bounds, Level};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::cloud::invoke::Hands;
use crate::cloud::{Cloud, CloudOptions};
use crate::control;
use handbell_sim::cmx::{Cmx, PASSWORD, day};
use handbell_sim::trouble::{Trouble, TroubleKind};
use handbell_sim::{SimAccount, Stage};

const USER: &str = "handbell";

fn config() -> Config {
    let plan = json!({ "space": { "title": "Shoes" } });
    let cmx = |user: &str, api: &str| json!({ "cmx": { "url": "https://cmx.example.com", "user": user, "password": { "secret": "cmx" }, "api": api } });
    let zone =
        |site: &str, place: Value| json!({ "site": site, "plan": "full", "capacity": 100, "where": place });
    let mut shoes = zone("shop", json!({ "hierarchy": "Campus/North/Floor 2/Shoes" }));
    shoes["label"] = "Floor 2 / Shoes".into();
    shoes["exclude"] = json!({ "ssid": "staff", "devices": 5 });
    let mut till = zone("shop", json!({ "floor": "788149884915780818", "ssid": "tills" }));
    till["capacity"] = Value::Null;
    till["at"] = 8.into();
    serde_json::from_value(json!({
        "webex": { "token": { "secret": "webex" } },
        "plans": { "full": plan },
        "sites": {
            "shop": cmx(USER, "v3"),
            "map": cmx("map", "zones"),
            "mall": cmx("mall", "analytics"),
            "kiosk": cmx("kiosk", "presence"),
            "cloud": { "spaces": { "key": { "secret": "spaces" } } },
        },
        "zones": {
            "shoes": shoes,
            "floor": zone("shop", json!({ "hierarchy": "Campus>North>Floor 2" })),
            "till": till,
            "hats": zone("shop", json!({ "hierarchy": "Hats (new)" })),
            "hall": zone("map", json!({ "hierarchy": "Campus/South/Hall" })),
            "hall 2": zone("map", json!({ "hierarchy": "Campus/South/Hall 2" })),
            "ground": zone("mall", json!({ "hierarchy": "Ground" })),
            "kiosk": zone("kiosk", json!({ "presence_site": "ae17" })),
            "elsewhere": zone("cloud", json!({})),
        },
    }))
    .unwrap()
}

struct Scene {
    stage: Stage,
    cmx: Cmx,
    cloud: Cloud,
    http: reqwest::Client,
    origin: String,
    /// Count of the zone `shoes` at each scheduled call.
    polled: Arc<Mutex<Vec<u64>>>,
}

async fn scene() -> Scene {
    let http = handbell_boot::client().unwrap();
    let account = SimAccount {
        webex_token: String::new(),
        bot: false,
        webex_secret: String::new(),
        twilio_account: String::new(),
        twilio_token: String::new(),
        own_numbers: Vec::new(),
    };
    let stage = Stage::new(account, Duration::ZERO, http.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    *stage.origin.write().unwrap() = origin.clone();
    let cmx = Cmx::new(stage.clone(), &config());
    let polled = Arc::new(Mutex::new(Vec::new()));
    let (ear, floor) = (polled.clone(), cmx.clone());
    let hands = Hands::InProcess(Arc::new(move |_, _| {
        let (ear, floor) = (ear.clone(), floor.clone());
        Box::pin(async move {
            // A poll takes a moment, for which the day waits.
            tokio::time::sleep(Duration::from_millis(1)).await;
            ear.lock().unwrap().push(count(&floor, "shoes"));
            Ok(Value::Null)
        })
    }));
    let clock_file = std::env::temp_dir().join(format!("handbell-clock-{}", uuid::Uuid::new_v4()));
    let options = CloudOptions { stage: stage.clone(), hands, data: None, clock_file, automatic: true };
    let cloud = Cloud::start(options).await.unwrap();
    let router = cmx.router().merge(control::router(stage.clone(), cloud.clone(), cmx.clone()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Scene { stage, cmx, cloud, http, origin, polled }
}

fn zone(cmx: &Cmx, name: &str) -> Value {
    let view = cmx.view();
    view.as_array().unwrap().iter().find(|zone| zone["name"] == name).cloned().unwrap()
}

fn count(cmx: &Cmx, name: &str) -> u64 {
    zone(cmx, name)["count"].as_u64().unwrap()
}

async fn read(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Whether the connection breaks, before or during the answer.
async fn breaks(request: reqwest::RequestBuilder) -> bool {
    match request.send().await {
        Ok(answer) => answer.bytes().await.is_err(),
        Err(_) => true,
    }
}

impl Scene {
    fn ask(&self, user: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}/sim/cmx/api/{path}", self.origin)).basic_auth(user, Some(PASSWORD))
    }

    async fn get_as(&self, user: &str, path: &str) -> (u16, Value) {
        let (status, body) = read(self.ask(user, path)).await;
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.get_as(USER, path).await
    }

    /// Returns the count of associated devices by API version 3.
    async fn connected(&self, filter: &str) -> u64 {
        let (status, counts) = self.get(&format!("location/v3/clients/count?{filter}")).await;
        assert_eq!(status, 200, "{counts}");
        counts["associatedCount"].as_u64().unwrap()
    }

    async fn play(&self, zone: &str, body: &str) -> (u16, String) {
        let url = format!("{}/sim/cmx/zones/{zone}", self.origin);
        read(self.http.put(url).body(body.to_owned())).await
    }

    async fn trouble(&self, body: Value) -> (u16, String) {
        read(self.http.put(format!("{}/sim/trouble", self.origin)).json(&body)).await
    }

    async fn day(&self, body: Value) -> (u16, String) {
        read(self.http.post(format!("{}/sim/cmx/day", self.origin)).json(&body)).await
    }
}

/// Asserts that both have the same keys at every level, and the same types of values.
fn same_shape(ours: &Value, theirs: &Value, at: &str) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let keys = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(ours), keys(theirs), "{at}");
            for (key, value) in ours {
                same_shape(value, &theirs[key], &format!("{at}.{key}"));
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            for (ours, theirs) in ours.iter().zip(theirs) {
                same_shape(ours, theirs, at);
            }
        }
        (ours, theirs) => {
            let kind = |value: &Value| std::mem::discriminant(value);
            assert_eq!(kind(ours), kind(theirs), "{at}: {ours} and {theirs}");
        }
    }
}

#[tokio::test]
async fn who_asks_without_the_password_is_refused() {
    let scene = scene().await;
    let url = format!("{}/sim/cmx/api/location/v3/clients/count", scene.origin);
    for request in [
        scene.http.get(&url),
        scene.http.get(&url).basic_auth(USER, Some("local-cmx-passwort")),
        scene.http.get(&url).basic_auth("stranger", Some(PASSWORD)),
        scene.http.get(&url).bearer_auth(PASSWORD),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.headers()["www-authenticate"], "Basic realm=\"CMX\"");
    }
    assert_eq!(scene.get("location/v3/clients/count").await.0, 200);
    let verdicts: Vec<_> = scene.stage.wire.entries().into_iter().map(|entry| entry.verdict).collect();
    let wrong = "wrong credentials";
    assert_eq!(verdicts, ["no credentials", wrong, wrong, wrong, "basic auth"]);
    let log = serde_json::to_string(&scene.stage.wire.entries()).unwrap();
    assert!(!log.to_lowercase().contains("authorization") && !log.contains(PASSWORD), "{log}");
}

#[tokio::test]
async fn counts_are_as_cmx_words_them() {
    let scene = scene().await;
    let shoes = "mapHierarchy=Campus%3ENorth%3EFloor+2%3EShoes";
    scene.cmx.set("shoes", 87);
    let path = format!("location/v3/clients/count?{shoes}");
    let (status, body) = read(scene.ask(USER, &path)).await;
    // 87 customers, 5 permanent devices and 3 of the staff; and a quarter as many that aren't connected.
    assert_eq!(
        (status, body.as_str()),
        (200, r#"{"totalCount":118,"associatedCount":95,"probingCount":23}"#)
    );
    assert_eq!(scene.connected(&format!("{shoes}&ssid=staff")).await, 3);
    assert_eq!(scene.connected(&format!("{shoes}&ssid=guests")).await, 92);

    let (_, body) = read(scene.ask(USER, "location/v2/clients/count")).await;
    let whole = scene.get("location/v3/clients/count").await.1["totalCount"].clone();
    assert_eq!(
        body,
        format!(r#"{{"deviceType":"Wireless_Client","deviceQueryString":null,"count":{whole}}}"#)
    );
    let (_, old) = scene.get("location/v1/clients/count?floorRefId=788149884915780818").await;
    assert_eq!(old["deviceQueryString"], "floorRefId=788149884915780818");
    assert_eq!(old["count"], 9, "seven, and two that aren't connected");

    assert_eq!(scene.get("location/v4/clients/count").await.0, 404);
    let post = scene.http.post(format!("{}/sim/cmx/api/location/v3/clients/count", scene.origin));
    assert_eq!(read(post.basic_auth(USER, Some(PASSWORD))).await.0, 405);
}

#[tokio::test]
async fn a_place_holds_its_parts_and_users_see_their_own() {
    let scene = scene().await;
    let floor = "mapHierarchy=Campus%3ENorth%3EFloor%202";
    scene.cmx.set("shoes", 40);
    scene.cmx.set("floor", 60);
    assert_eq!(scene.connected(floor).await, 60, "with those in the shoes");
    scene.cmx.set("floor", 10);
    assert_eq!(scene.connected(floor).await, 48, "never fewer than in the shoes");
    assert_eq!(scene.connected("floorRefId=788149884915780818&ssid=tills").await, 7);
    let ground = scene.get_as("mall", "location/v3/clients/count").await.1;
    assert_eq!(ground["associatedCount"], 30);
    let two = scene.connected("mapHierarchy=Shoes").await;
    assert_eq!(two, 48);
    assert_eq!(scene.connected("mapHierarchy=shoes").await, 0);
    // `Hats (new)`, escaped as an expression and literally.
    assert_eq!(scene.connected("mapHierarchy=Hats%20%5C%28new%5C%29").await, 30);
    assert_eq!(scene.connected("mapHierarchy=Hats%20(new)").await, 0);
}

#[tokio::test]
async fn filters() {
    let scene = scene().await;
    let (_, all) = scene.get("location/v3/clients?mapHierarchy=Shoes").await;
    let all = all.as_array().unwrap().clone();
    let mac = all[0]["deviceId"].as_str().unwrap();
    let ip = all[0]["ipAddress"][0].as_str().unwrap();
    let mut macs: Vec<_> = all.iter().map(|device| device["deviceId"].as_str().unwrap()).collect();
    macs.sort_unstable();
    macs.dedup();
    assert_eq!(macs.len(), all.len(), "no two are the same");

    let count = async |query: &str| {
        let (status, counts) = scene.get(&format!("location/v3/clients/count?{query}")).await;
        assert_eq!(status, 200, "{query}: {counts}");
        counts
    };
    let whole = count("").await;
    assert_eq!(count(&format!("macAddress={mac}")).await["totalCount"], 1);
    assert_eq!(count(&format!("macAddressSearch={}", &mac[3..])).await["totalCount"], 1);
    assert_eq!(count(&format!("ipAddress={ip}")).await["totalCount"], 1);
    assert_eq!(count("username=staff-2").await["totalCount"], 1);
    assert!(count("manufacturer=Apple").await["totalCount"].as_u64() > Some(0));
    assert_eq!(count("associatedOnly=true").await["totalCount"], whole["associatedCount"]);
    assert_eq!(count("probingOnly=true").await["associatedCount"], 0);
    assert_eq!(count("probingOnly=false&associatedOnly=false").await, whole);

    for alone in [format!("macAddress={mac}&ssid=guests"), format!("associatedOnly=true&ipAddress={ip}")] {
        assert_eq!(scene.get(&format!("location/v3/clients/count?{alone}")).await.0, 400);
    }
    let bad = json!({ "success": false, "error": { "message": "Unkown filter parameter being used" } });
    assert_eq!(scene.get("location/v3/clients/count?hierarchy=x").await, (400, bad.clone()));
    assert_eq!(scene.get("location/v3/clients?a=b").await, (400, bad));
}

#[tokio::test]
async fn lists_have_the_fields_that_were_captured() {
    let scene = scene().await;
    let (_, v3) = scene.get("location/v3/clients?associatedOnly=true&mapHierarchy=Shoes").await;
    let theirs = json!([{
        "notificationType": "locationupdate", "subscriptionName": "CMX_Api_Server_Notification_1", "eventId": 572966,
        "locationMapHierarchy": "CiscoCampus>Building 9>Level 4",
        "locationCoordinate": { "x": 84.5761, "y": 84.75132, "z": 0, "unit": "FEET" },
        "geoCoordinate": { "latitude": -999, "longitude": -999, "unit": "DEGREES" },
        "confidenceFactor": 24, "apMacAddress": "70:df:2f:b5:38:60", "associated": true, "username": "W52910",
        "ipAddress": ["172.20.0.59"], "ssid": "wsa", "band": "IEEE_802_11_A", "floorId": 788149884915780900_u64,
        "floorRefId": "788149884915780818", "entity": "WIRELESS_CLIENTS", "deviceId": "f4:8c:50:53:bc:09",
        "lastSeen": "2018-07-06T16:04:10.486+0800", "rawLocation": { "rawX": -999, "rawY": -999, "unit": "FEET" },
        "tagVendorData": null, "locComputeType": "RSSI", "manufacturer": "Intel Corporate",
        "maxDetectedRssi": {
            "apMacAddress": "70:df:2f:bb:cd:40", "band": "IEEE_802_11_A", "slot": 1, "rssi": -53,
            "antennaIndex": 0, "lastHeardInSeconds": 0
        },
        "timestamp": 1530864250486_u64, "sourceNotification": "127.0.0.1", "sourceNotificationKey": "127.0.0.1,2",
        "notificationTime": "1530864250491"
    }]);
    same_shape(&v3, &theirs, "v3");
    assert_eq!(v3[0]["locationMapHierarchy"], "Campus>North>Floor 2>Shoes");

    let (_, v2) = scene.get("location/v2/clients?mapHierarchy=Shoes").await;
    let theirs = json!([{
        "macAddress": "00:00:2a:01:00:46",
        "mapInfo": { "mapHierarchyString": "CiscoCampus>Building 9>IDEAS!", "floorRefId": "723413320329068650" },
        "mapCoordinate": { "x": 19.5, "y": 74.1, "z": 0, "unit": "FEET" },
        "currentlyTracked": true, "confidenceFactor": 160,
        "statistics": {
            "currentServerTime": "2017-11-06T11:02:17.996+0000", "firstLocatedTime": "2017-10-20T15:32:17.257+0100",
            "lastLocatedTime": "2017-11-06T11:02:15.256+0000"
        },
        "networkStatus": "ACTIVE", "changedOn": 1509966135256_u64, "ipAddress": ["10.10.20.229"], "userName": "",
        "ssId": "test", "band": "IEEE_802_11_B", "apMacAddress": "00:2b:01:00:0a:00", "dot11Status": "ASSOCIATED",
        "manufacturer": "Trw", "detectingControllers": "10.10.20.90", "bytesSent": 154, "bytesReceived": 140,
        "guestUser": false
    }]);
    same_shape(&v2, &theirs, "v2");
    let statuses =
        |status: &str| v2.as_array().unwrap().iter().filter(|device| device["dot11Status"] == status).count();
    assert_eq!((statuses("ASSOCIATED"), statuses("PROBING")), (38, 9));

    assert_eq!(scene.get("location/v2/clients?mapHierarchy=nowhere").await, (204, "".into()));
    assert_eq!(scene.get("location/v3/clients?mapHierarchy=nowhere").await, (200, json!([])));
}

#[tokio::test]
async fn zones_of_the_map_and_the_other_interfaces() {
    let scene = scene().await;
    scene.cmx.set("shoes", 87);
    let (_, zones) = scene.get("location/v1/clients/count/byzone").await;
    let zones = &zones["ZoneCounts"];
    assert_eq!(zones["totalZones"], 4);
    assert!(zones["duration"]["start"].as_str().unwrap() < zones["duration"]["end"].as_str().unwrap());
    let list = zones["zoneCountList"].as_array().unwrap();
    let shoes = list.iter().find(|zone| zone["zoneName"] == "Shoes").unwrap();
    assert_eq!(shoes["hierarchy"], "Campus/North/Floor 2/Shoes");
    assert_eq!(shoes["zoneCount"], 95);
    let id = shoes["zoneId"].as_u64().unwrap();
    let (_, detail) = scene.get(&format!("location/v1/clients/count/byzone/detail?zoneId={id}")).await;
    assert_eq!(detail["Count "], 95);
    assert_eq!(detail["MacAddress"].as_array().unwrap().len(), 95);
    assert!(detail["Duration "]["end"].is_string());
    assert_eq!(scene.get("location/v1/clients/count/byzone/detail?zoneId=1").await.0, 404);

    scene.cmx.set("hall", 40);
    let (_, zones) = scene.get_as("map", "location/v1/clients/count/byzone").await;
    let halls = zones["ZoneCounts"]["zoneCountList"].as_array().unwrap();
    let counts: Vec<_> = halls.iter().map(|hall| (&hall["hierarchy"], &hall["zoneCount"])).collect();
    let (hall, hall_2) = (json!("Campus/South/Hall"), json!("Campus/South/Hall 2"));
    assert_eq!(counts, [(&hall, &json!(40)), (&hall_2, &json!(30))], "another name that begins alike");

    scene.cmx.set("ground", 12);
    let floors = json!({ "data": [{ "floorName": "Ground", "value": 12 }] });
    assert_eq!(scene.get_as("mall", "analytics/v1/now/clientCount").await, (200, floors));
    assert_eq!(
        scene.get_as("mall", "analytics/v1/now/connectedDetected").await,
        (200, json!({ "total": 15 }))
    );
    scene.cmx.set("kiosk", 57);
    let today = "presence/v1/connected/count/today";
    assert_eq!(read(scene.ask("kiosk", &format!("{today}?siteId=ae17"))).await, (200, "57".to_owned()));
    assert_eq!(scene.get_as("kiosk", &format!("{today}?siteId=ae18")).await.0, 404);
    assert_eq!(scene.get_as("kiosk", today).await.0, 400);
    assert_eq!(scene.get("config/v1/maps/count").await.0, 200);
    assert_eq!(scene.get("config/v1/version/image").await.0, 200);
}

#[tokio::test]
async fn zones_can_be_played() {
    let scene = scene().await;
    let shoes = zone(&scene.cmx, "shoes");
    assert_eq!(
        shoes,
        json!({
            "name": "shoes", "label": "Floor 2 / Shoes", "site": "shop", "capacity": 100, "count": 30,
            "levels": [{ "level": "warn", "at": 80, "clear": 70 }, { "level": "alert", "at": 95, "clear": 85 }],
        })
    );
    let till = zone(&scene.cmx, "till");
    assert_eq!(
        (&till["label"], &till["capacity"], &till["count"]),
        (&json!("till"), &Value::Null, &json!(7))
    );

    let changed = scene.stage.watch();
    assert_eq!(scene.play("shoes", r#"{"count": 87}"#).await, (204, String::new()));
    assert!(changed.has_changed().unwrap());
    let (_, view) = read(scene.http.get(format!("{}/sim/cmx/zones", scene.origin))).await;
    assert_eq!(serde_json::from_str::<Value>(&view).unwrap(), scene.cmx.view());
    assert_eq!(count(&scene.cmx, "shoes"), 87);

    let (status, what) = scene.play("bags", r#"{"count": 1}"#).await;
    assert_eq!(status, 404);
    assert_eq!(
        what,
        "there is no zone \"bags\"; the zones are: floor, ground, hall, hall 2, hats, kiosk, shoes, till\n"
    );
    for bad in
        [r#"{"count": -1}"#, r#"{"count": 1.5}"#, r#"{"count": "87"}"#, r#"{"count": 50001}"#, "{}", "no"]
    {
        assert_eq!(scene.play("shoes", bad).await.0, 400, "{bad}");
    }
    assert_eq!(count(&scene.cmx, "shoes"), 87);
    assert!(!scene.cmx.set("elsewhere", 1), "another vendor counts it");
    let entries = scene.stage.wire.entries();
    assert_eq!((entries[0].from.as_str(), entries[0].status), ("floor", 204));
    assert!(!entries.iter().any(|entry| entry.method == "GET"), "looking isn't playing");
}

#[tokio::test]
async fn troubles() {
    let scene = scene().await;
    scene.cmx.set("shoes", 87);
    let path = "location/v3/clients/count?mapHierarchy=Shoes";
    let make = |kind: &str| scene.trouble(json!({ "vendor": "cmx", "kind": kind }));
    let end = || read(scene.http.delete(format!("{}/sim/trouble", scene.origin)));
    for (kind, status, body) in [
        ("502-before", 502, "<html>502 Bad Gateway</html>"),
        ("502-after", 502, "<html>502 Bad Gateway</html>"),
        ("429", 429, "<html>Too many requests</html>"),
        ("html", 200, "<html>maintenance</html>"),
        ("empty", 200, ""),
        ("no-content", 204, ""),
        ("truncated", 200, r#"{"totalCount":1"#),
        ("negative", 200, r#"{"associatedCount":-95,"probingCount":-23,"totalCount":-118}"#),
    ] {
        assert_eq!(make(kind).await.0, 204, "{kind}");
        assert_eq!(read(scene.ask(USER, path)).await, (status, body.to_owned()), "{kind}");
        end().await;
    }
    make("reset").await;
    assert!(breaks(scene.ask(USER, path)).await);
    assert_eq!(scene.stage.wire.entries().last().unwrap().status, 0);
    end().await;
    make("timeout").await;
    let wait = Duration::from_millis(100);
    tokio::time::timeout(wait, scene.ask(USER, path).send()).await.unwrap_err();
    end().await;

    scene.cmx.set("kiosk", 57);
    let today = "presence/v1/connected/count/today?siteId=ae17";
    make("truncated").await;
    assert!(breaks(scene.ask("kiosk", today)).await, "half of a bare number is a number too");
    end().await;
    make("negative").await;
    assert_eq!(read(scene.ask("kiosk", today)).await, (200, "-57".to_owned()));
    end().await;

    let (status, what) = scene.trouble(json!({ "vendor": "meraki", "kind": "429" })).await;
    assert_eq!((status, what.as_str()), (400, "vendor is webex, twilio, cmx, ses or s3\n"));
    for (vendor, kind) in [("webex", "empty"), ("twilio", "truncated"), ("cmx", "drop-callback")] {
        assert_eq!(scene.trouble(json!({ "vendor": vendor, "kind": kind })).await.0, 400, "{vendor} {kind}");
    }
    for seconds in [None, Some(0), Some(4000)] {
        let slow = json!({ "vendor": "webex", "kind": "slow", "seconds": seconds });
        assert_eq!(scene.trouble(slow).await.0, 400, "{seconds:?}");
    }
    let trouble: Trouble = serde_json::from_value(json!({ "vendor": "cmx", "kind": "no-content" })).unwrap();
    assert_eq!(trouble.kind, TroubleKind::NoContent);
}

fn bounds(level: Level, at: u32, clear: u32) -> Bounds {
    Bounds { level, at, clear }
}

/// Returns the longest run of minutes for which the condition holds, within a part of the day.
fn longest(counts: &[u32], from: f64, to: f64, holds: impl Fn(u32) -> bool) -> usize {
    let part = |part: f64| (counts.len() as f64 * part) as usize;
    let runs = counts[part(from)..part(to)].split(|count| !holds(*count));
    runs.map(<[u32]>::len).max().unwrap_or_default()
}

#[test]
fn a_saturday_rises_above_the_alert_and_falls_below_the_clear() {
    let percent = vec![bounds(Level::Warn, 80, 70), bounds(Level::Alert, 95, 85)];
    for (levels, capacity) in [
        (percent.clone(), Some(100)),
        (vec![bounds(Level::Warn, 800, 700), bounds(Level::Alert, 950, 850)], Some(1000)),
        (vec![bounds(Level::Warn, 8, 7), bounds(Level::Alert, 10, 8)], Some(10)),
        (vec![bounds(Level::Alert, 50, 45)], None),
        (vec![bounds(Level::Alert, 5, 4)], None),
        (vec![bounds(Level::Alert, 100, 20)], Some(200)),
    ] {
        for minutes in [60, 720, 1440] {
            let counts = day::saturday(&levels, capacity, minutes);
            assert_eq!(counts.len(), minutes as usize);
            assert_eq!(counts, day::saturday(&levels, capacity, minutes), "it is always the same");
            let (low, high) = (levels[0], levels[levels.len() - 1]);
            let what = format!("{levels:?} in {minutes} minutes");
            let morning = longest(&counts, 0.0, 0.15, |count| count >= low.at);
            let noon = longest(&counts, 0.3, 0.5, |count| count >= high.at);
            let dip = longest(&counts, 0.5, 0.62, |count| count <= low.clear);
            let afternoon = longest(&counts, 0.62, 0.8, |count| count >= low.at);
            let evening = longest(&counts, 0.9, 1.0, |count| count <= low.clear);
            assert_eq!(morning, 0, "{what}");
            assert!(noon >= 5 && dip >= 3 && afternoon >= 3 && evening >= 3, "{what}: {counts:?}");
        }
    }
    let counts = day::saturday(&percent, Some(100), day::MINUTES);
    assert!(longest(&counts, 0.6, 1.0, |count| count >= 95) == 0, "the afternoon stays below the alert");
    assert!(counts.windows(2).any(|pair| pair[0] > pair[1]) && counts[0] < 10 && counts[719] < 10);
    assert!(day::saturday(&[], None, 720).iter().any(|count| *count > 45), "also without levels");
}

#[tokio::test]
async fn each_minute_of_a_day_is_polled() {
    let scene = scene().await;
    let begun = scene.stage.clock.now();
    let (status, _) = scene.day(json!({ "zone": "shoes", "minutes": 60, "seconds": 0 })).await;
    assert_eq!(status, 202);
    assert_eq!(scene.day(json!({ "zone": "shoes" })).await.0, 409);
    let mut seen = false;
    while !zone(&scene.cmx, "shoes")["day"].is_null() {
        let day = &zone(&scene.cmx, "shoes")["day"];
        seen |= day["zone"] == "shoes" && day["of"] == 60 && day["minute"].as_u64() > Some(0);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(seen);
    let expected: Vec<_> = scene.cmx.saturday("shoes", 60).unwrap().into_iter().map(u64::from).collect();
    let mut polled = scene.polled.lock().unwrap().clone();
    // A real minute may end meanwhile, so that a count is polled twice.
    if polled.len() > expected.len() {
        polled.dedup();
        let mut expected = expected.clone();
        expected.dedup();
        assert_eq!(polled, expected);
    } else {
        assert_eq!(polled, expected);
    }
    let ahead = scene.stage.clock.now().duration_since(begun);
    assert!(ahead >= SignedDuration::from_mins(59) && ahead < SignedDuration::from_mins(62), "{ahead}");
    assert!(scene.cloud.is_quiet());
}

#[tokio::test]
async fn a_day_can_be_ended() {
    let scene = scene().await;
    for (bad, status) in [
        (json!({ "zone": "bags" }), 404),
        (json!({ "zone": "shoes", "minutes": 5 }), 400),
        (json!({ "zone": "shoes", "minutes": 2000 }), 400),
    ] {
        assert_eq!(scene.day(bad).await.0, status);
    }
    assert_eq!(scene.day(json!({ "zone": "shoes", "seconds": 3600 })).await.0, 202);
    assert_eq!(read(scene.http.delete(format!("{}/sim/cmx/day", scene.origin))).await.0, 204);
    assert!(zone(&scene.cmx, "shoes")["day"].is_null());
    assert_eq!(scene.day(json!({ "zone": "till", "seconds": 3600 })).await.0, 202, "and another begun");
}
