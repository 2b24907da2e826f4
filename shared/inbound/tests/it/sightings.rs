use std::collections::{BTreeMap, BTreeSet};

use handbell_core::{Rejected, config::Zone};
use handbell_inbound::sightings::{
    BODY_LIMIT, Device, ENTRY_LIMIT, Sightings, cmx, count, meraki, pack, unpack,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const KEY: &str = "a key of the tests";
const BEARER: &str = "Bearer a key of the tests";
const SALT: &[u8] = b"salt";

/// POST of a CMX to its receiver, from Cisco's public examples of notifications.
const CMX: &str = r#"{"notifications":[{
    "notificationType":"locationupdate","subscriptionName":"Test","entity":"WIRELESS_CLIENTS",
    "deviceId":"00:00:2f:2f:7c:c2","locationMapHierarchy":"D Building-> Level 2",
    "locationCoordinate":{"x":128.7,"y":111.3,"z":0,"unit":"FEET"},"associated":true,"ssid":"cisco",
    "band":"IEEE_802_11_B","apMacAddress":"2c:57:41:58:e0:00","ipAddress":["10.3.99.211"],
    "userName":"test@cisco.com","manufacturer":"Microsoft Corporation","floorId":"720582563218976008",
    "confidenceFactor":88,"lastSeen":"2020-12-16 22:10:24.468+0000","timestamp":1608156624468,
    "eventId":1608156624492}]}"#;

/// An entry of another release, from CiscoDevNet/cmx-api-server, whose `v3/clients` returns the received notifications.
const CMX_ENTRY: &str = r#"{
    "notificationType":"locationupdate","subscriptionName":"CMX_Api_Server_Notification_1","eventId":572966,
    "locationMapHierarchy":"CiscoCampus>Building 9>Level 4",
    "locationCoordinate":{"x":84.5761,"y":84.75132,"z":0,"unit":"FEET"},
    "geoCoordinate":{"latitude":-999,"longitude":-999,"unit":"DEGREES"},"confidenceFactor":24,
    "apMacAddress":"70:df:2f:b5:38:60","associated":true,"username":"W52910","ipAddress":["172.20.0.59"],
    "ssid":"wsa","band":"IEEE_802_11_A","floorId":788149884915780900,"floorRefId":"788149884915780818",
    "entity":"WIRELESS_CLIENTS","deviceId":"f4:8c:50:53:bc:09","lastSeen":"2018-07-06T16:04:10.486+0800",
    "rawLocation":{"rawX":-999,"rawY":-999,"unit":"FEET"},"tagVendorData":null,"locComputeType":"RSSI",
    "manufacturer":"Intel Corporate","timestamp":1530864250486,"sourceNotification":"127.0.0.1",
    "sourceNotificationKey":"127.0.0.1,2","notificationTime":"1530864250491"}"#;

/// POST of the Scanning API, from developer.cisco.com/meraki/scanning-api/3-0.
const MERAKI: &str = r#"{"version":"3.0","secret":"supersecret","type":"WiFi","data":{"networkId":"L_123",
    "observations":[{"locations":[{"x":1.0,"y":"2.0","lat":"51.5","lng":-0.07,"variance":1.2,
    "floorPlanId":"g_1","nearestApTags":["dev"],"time":"2020-01-01T00:00:00Z",
    "rssiRecords":[{"apMac":"00:18:0a:13:dd:b0","rssi":-60}]}],
    "ipv4":"192.168.0.38","ipv6":null,"ssid":"corp","os":"Generic Linux","clientMac":"18:fe:34:fc:5a:7f",
    "userId":"u","manufacturer":"Espressif","latestRecord":{"time":"2020-01-01T00:00:00Z",
    "nearestApMac":"00:18:0a:13:dd:b0","nearestApRssi":"-60"}}]}}"#;

fn now() -> Timestamp {
    "2020-01-01T00:00:30Z".parse().unwrap()
}

fn zone(place: Value, excluded: Option<&str>) -> Zone {
    serde_json::from_value(
        json!({ "site": "s", "plan": "p", "where": place, "exclude": { "ssid": excluded } }),
    )
    .unwrap()
}

fn device(mac: &str) -> Device {
    Device::new(mac, SALT).unwrap()
}

fn devices(macs: &[&str]) -> BTreeSet<Device> {
    macs.iter().map(|mac| device(mac)).collect()
}

fn notified(entries: &[Value], zones: &[(&str, &Zone)]) -> Sightings {
    let body = json!({ "notifications": entries }).to_string();
    cmx(Some(BEARER), body.as_bytes(), &[KEY], SALT, zones).unwrap()
}

fn at(mac: &str, path: &str) -> Value {
    json!({ "notificationType": "locationupdate", "deviceId": mac, "associated": true, "locationMapHierarchy": path })
}

fn absent(mac: &str) -> Value {
    json!({ "notificationType": "absence", "deviceId": mac })
}

fn scanned(observations: &[Value], zones: &[(&str, &Zone)]) -> Sightings {
    let body = json!({ "version": "3.0", "secret": KEY, "type": "WiFi",
        "data": { "networkId": "L_1", "observations": observations } });
    meraki(body.to_string().as_bytes(), &[KEY], SALT, zones, now()).unwrap()
}

/// Whether this entry puts its device into a zone at this place.
fn is_at(entry: &Value, place: Value) -> bool {
    let zone = zone(place, None);
    let told = if entry.get("clientMac").is_some() { scanned } else { notified };
    told(std::slice::from_ref(entry), &[("z", &zone)]).seen.contains_key("z")
}

// ---- Devices

/// Computed with Python: `hmac.new(b"salt", MAC, "sha256").digest()[:8]`, of the address in lower case without
/// separators.
#[test]
fn a_device_has_one_pseudonym_for_all_spellings() {
    let known = Device([0x34, 0xed, 0x99, 0xc1, 0xa7, 0x73, 0x84, 0x36]);
    for mac in ["f4:8c:50:53:bc:09", "F4-8C-50-53-BC-09", "f48c.5053.bc09", " F48C5053BC09\n"] {
        assert_eq!(device(mac), known, "{mac}");
    }
    assert_ne!(Device::new("f4:8c:50:53:bc:09", b"other"), Some(known));
    assert_ne!(device("f4:8c:50:53:bc:08"), known);
    for nothing in ["", " ", "::-."] {
        assert_eq!(Device::new(nothing, SALT), None);
    }
    assert_eq!(format!("{known:?}"), "Device(34ed…)");
}

#[test]
fn packing_round_trips() {
    let some = devices(&["1", "2", "3"]);
    assert_eq!(pack(&some).len(), 24);
    assert_eq!(unpack(&pack(&some)), Some(some.clone()));
    assert_eq!(unpack(b""), Some(BTreeSet::new()));
    assert_eq!(unpack(&pack(&some)[1..]), None);
}

// ---- CMX

#[test]
fn cmxs_samples_are_read() {
    let [level, floor, other] = [
        zone(json!({ "hierarchy": "level 2" }), None),
        zone(json!({ "floor": "720582563218976008", "ssid": "cisco" }), None),
        zone(json!({ "hierarchy": "Level 4" }), None),
    ];
    let zones = [("level", &level), ("floor", &floor), ("other", &other)];
    let told = cmx(Some(BEARER), CMX.as_bytes(), &["old", KEY], SALT, &zones).unwrap();
    let here = devices(&["00:00:2f:2f:7c:c2"]);
    assert_eq!(told.seen, BTreeMap::from([("level".into(), here.clone()), ("floor".into(), here)]));
    assert_eq!(told.gone, BTreeSet::new());
    assert!(!told.is_empty());

    let told = notified(&[serde_json::from_str(CMX_ENTRY).unwrap()], &zones);
    assert_eq!(told.seen, BTreeMap::from([("other".into(), devices(&["f4:8c:50:53:bc:09"]))]));
}

#[test]
fn a_place_is_a_sequence_of_whole_names() {
    let entry: Value = serde_json::from_str(CMX_ENTRY).unwrap();
    for (place, expected) in [
        (json!({}), true),
        (json!({ "hierarchy": "CiscoCampus>Building 9>Level 4" }), true),
        (json!({ "hierarchy": "ciscocampus / building 9" }), true),
        (json!({ "hierarchy": "> Building 9 >" }), true),
        (json!({ "hierarchy": "Building 9/LEVEL 4" }), true),
        (json!({ "hierarchy": " > " }), true),
        (json!({ "hierarchy": "CiscoCampus>Level 4" }), false),
        (json!({ "hierarchy": "Level 4>Building 9" }), false),
        (json!({ "hierarchy": "Level" }), false),
        (json!({ "hierarchy": "CiscoCampus>Building 9>Level 4>Shoes" }), false),
        (json!({ "floor": "788149884915780818" }), true),
        (json!({ "floor": "788149884915780900" }), true),
        (json!({ "floor": "78814988491578081" }), false),
        (json!({ "ssid": "wsa" }), true),
        (json!({ "ssid": "WSA" }), false),
        (json!({ "hierarchy": "Level 4", "floor": "788149884915780818", "ssid": "wsa" }), true),
        (json!({ "hierarchy": "Level 4", "floor": "788149884915780818", "ssid": "guests" }), false),
    ] {
        assert_eq!(is_at(&entry, place.clone()), expected, "{place}");
    }
    assert!(!is_at(&at("1", "Campus>Level 12"), json!({ "hierarchy": "Level 1" })));
    assert!(is_at(&at("1", "A>B>A>C"), json!({ "hierarchy": "a>c" })));
    assert!(!is_at(&absent("1"), json!({})));
    assert!(!is_at(
        &json!({ "notificationType": "locationupdate", "deviceId": "1", "associated": true }),
        json!({ "hierarchy": "A" })
    ));
}

#[test]
fn staff_do_not_count_in_a_zone_that_excludes_them() {
    let [customers, all] = [zone(json!({}), Some("staff")), zone(json!({}), None)];
    let mut entry = at("1", "A");
    entry["ssid"] = json!("staff");
    let told = notified(std::slice::from_ref(&entry), &[("customers", &customers), ("all", &all)]);
    assert_eq!(told.seen.keys().collect::<Vec<_>>(), ["all"]);
    // A device that changes to the staff's SSID must not remain a customer.
    assert_eq!(notified(&[entry], &[("customers", &customers)]).gone, devices(&["1"]));
}

#[test]
fn the_last_report_about_a_device_counts() {
    let [a, b] = ["a", "b"].map(|name| zone(json!({ "hierarchy": name }), None));
    let zones = [("a", &a), ("b", &b)];
    let probing = json!({ "notificationType": "LocationUpdate", "deviceId": "1", "associated": false, "locationMapHierarchy": "a" });
    for (entries, seen) in [
        (vec![at("1", "a"), at("1", "b")], Some("b")),
        (vec![at("1", "b"), at("1", "a")], Some("a")),
        (vec![absent("1"), at("1", "a")], Some("a")),
        (vec![at("1", "a"), absent("1")], None),
        (vec![at("1", "a"), probing], None),
        // Connected at a place that isn't one of our zones.
        (vec![at("1", "a"), at("1", "c")], None),
        // A report without a location doesn't revoke an earlier one.
        (
            vec![at("1", "a"), json!({ "notificationType": "inout", "deviceId": "1", "associated": false })],
            Some("a"),
        ),
        (vec![at("1", "a"), json!({ "notificationType": "locationupdate", "deviceId": "1" })], Some("a")),
    ] {
        let told = notified(&entries, &zones);
        let expected = seen.map(|zone| (zone.to_owned(), devices(&["1"])));
        assert_eq!(told.seen, expected.into_iter().collect(), "{entries:?}");
        assert_eq!(told.gone, if seen.is_none() { devices(&["1"]) } else { BTreeSet::new() }, "{entries:?}");
    }
}

#[test]
fn a_bad_entry_does_not_affect_the_others() {
    let all = zone(json!({}), None);
    let hostile = [
        json!(null),
        json!(7),
        json!("absence"),
        json!([]),
        json!({}),
        json!({ "notificationType": "locationupdate", "associated": true }),
        json!({ "notificationType": "locationupdate", "associated": true, "deviceId": null }),
        json!({ "notificationType": "locationupdate", "associated": true, "deviceId": "" }),
        json!({ "notificationType": "locationupdate", "associated": true, "deviceId": ["1"] }),
        json!({ "notificationType": "locationupdate", "associated": "true", "deviceId": "2" }),
        json!({ "notificationType": 1, "associated": true, "deviceId": "2" }),
        json!({ "associated": true, "deviceId": "2" }),
    ];
    let told = notified(&hostile, &[("all", &all)]);
    assert!(told.is_empty(), "{told:?}");
    let told = notified(&[&hostile[..], &[at("1", "A")], &hostile[..]].concat(), &[("all", &all)]);
    assert_eq!(told.seen["all"], devices(&["1"]));
    assert!(told.gone.is_empty());
    // A place of another JSON type matches nothing.
    let strange = json!({ "notificationType": "locationupdate", "associated": true, "deviceId": "1", "ssid": {}, "floorId": [], "locationMapHierarchy": 3 });
    assert!(is_at(&strange, json!({})) && !is_at(&strange, json!({ "floor": "3" })));
}

#[test]
fn a_cmx_without_its_key_is_refused() {
    let all = zone(json!({}), None);
    let zones = [("all", &all)];
    for good in [BEARER, "bearer a key of the tests", " BEARER  a key of the tests "] {
        assert!(cmx(Some(good), CMX.as_bytes(), &[KEY], SALT, &zones).is_ok(), "{good}");
    }
    for forged in [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some(KEY),
        Some("Basic a key of the tests"),
        Some("Bearera key of the tests"),
        Some("Bearer A key of the tests"),
        Some("Bearer a key of the test"),
        Some("Bearer a key of the tests!"),
        Some("Bearer é"),
    ] {
        // The refusal reveals nothing about the body either.
        for body in [CMX, "no", ""] {
            let result = cmx(forged, body.as_bytes(), &["old", KEY, ""], SALT, &zones);
            assert_eq!(result, Err(Rejected::Forged), "{forged:?}");
        }
    }
    for keys in [&[][..], &[""]] {
        assert_eq!(cmx(Some(BEARER), CMX.as_bytes(), keys, SALT, &zones), Err(Rejected::Forged));
        assert_eq!(cmx(Some("Bearer "), CMX.as_bytes(), keys, SALT, &zones), Err(Rejected::Forged));
    }
}

#[test]
fn an_unreadable_notification_is_malformed() {
    for body in
        ["", "no", "[]", "null", "{}", r#"{"notifications":{}}"#, r#"{"notifications":[}"#, "\u{feff}{}"]
    {
        let result = cmx(Some(BEARER), body.as_bytes(), &[KEY], SALT, &[]);
        assert!(
            matches!(&result, Err(Rejected::Malformed(words)) if !words.is_empty()),
            "{body}: {result:?}"
        );
    }
    let words = cmx(Some(BEARER), b"{}", &[KEY], SALT, &[]).unwrap_err().to_string();
    assert_eq!(words, "the body has no list `notifications`");
    let words = cmx(Some(BEARER), b"{\n\"a\": secret}", &[KEY], SALT, &[]).unwrap_err().to_string();
    assert_eq!(words, "the body isn't JSON, line 2, column 6");
    let deep = "[".repeat(BODY_LIMIT);
    assert!(cmx(Some(BEARER), deep.as_bytes(), &[KEY], SALT, &[]).is_err());
}

#[test]
fn too_many_entries_and_too_large_bodies_are_refused() {
    let body = |count| json!({ "notifications": vec![absent("1"); count] }).to_string();
    assert!(cmx(Some(BEARER), body(ENTRY_LIMIT).as_bytes(), &[KEY], SALT, &[]).is_ok());
    let result = cmx(Some(BEARER), body(ENTRY_LIMIT + 1).as_bytes(), &[KEY], SALT, &[]);
    assert_eq!(
        result,
        Err(Rejected::Malformed("`notifications` has 10001 entries; 10000 are the most".into()))
    );
    let long = vec![b' '; BODY_LIMIT + 1];
    assert!(matches!(cmx(Some(BEARER), &long, &[KEY], SALT, &[]), Err(Rejected::Malformed(_))));
    assert!(matches!(meraki(&long, &[KEY], SALT, &[], now()), Err(Rejected::Malformed(_))));
    let many = json!({ "version": "3.0", "secret": KEY, "type": "WiFi",
        "data": { "observations": vec![0; ENTRY_LIMIT + 1] } });
    let result = meraki(many.to_string().as_bytes(), &[KEY], SALT, &[], now());
    assert!(matches!(result, Err(Rejected::Malformed(_))));
}

#[test]
fn the_same_body_has_the_same_digest() {
    let digest = |body: &str, salt| cmx(Some(BEARER), body.as_bytes(), &[KEY], salt, &[]).unwrap().digest;
    let body = r#"{"notifications":[]}"#;
    assert_eq!(digest(body, SALT), digest(body, SALT));
    assert_ne!(digest(body, SALT), digest(r#"{"notifications": []}"#, SALT));
    assert_ne!(digest(body, SALT), digest(body, b"other"));
    assert_ne!(digest(body, SALT), [0; 8]);
}

// ---- Meraki

#[test]
fn merakis_sample_is_read() {
    let [tag, elsewhere, floor] = [
        zone(json!({ "network": "L_123", "tag": "dev" }), None),
        zone(json!({ "network": "L_124" }), None),
        zone(json!({ "floor": "g_1", "ssid": "corp" }), None),
    ];
    let zones = [("tag", &tag), ("elsewhere", &elsewhere), ("floor", &floor)];
    let told = meraki(MERAKI.as_bytes(), &["old", "supersecret"], SALT, &zones, now()).unwrap();
    let here = devices(&["18:fe:34:fc:5a:7f"]);
    assert_eq!(told.seen, BTreeMap::from([("tag".into(), here.clone()), ("floor".into(), here)]));
    assert!(told.gone.is_empty());

    // A network without any of our zones.
    let told = meraki(MERAKI.as_bytes(), &["supersecret"], SALT, &zones[1..2], now()).unwrap();
    assert!(told.is_empty());
    assert_ne!(told.digest, [0; 8]);
}

fn observed(mac: &str, ssid: Option<&str>, locations: Value) -> Value {
    json!({ "clientMac": mac, "ssid": ssid, "locations": locations,
        "latestRecord": { "time": "2020-01-01T00:00:00Z", "nearestApRssi": "-60" } })
}

#[test]
fn the_latest_location_counts() {
    let entry = observed(
        "1",
        Some("corp"),
        json!([
            { "floorPlanId": "g_3", "nearestApTags": ["third"] },
            { "floorPlanId": "g_2", "nearestApTags": ["second", "both"], "time": "2020-01-01T00:00:20Z" },
            { "floorPlanId": "g_1", "nearestApTags": ["first", "both"], "time": "2020-01-01T00:00:10Z", "y": {} },
            null,
        ]),
    );
    for (place, expected) in [
        (json!({}), true),
        (json!({ "network": "L_1" }), true),
        (json!({ "network": "L_2" }), false),
        (json!({ "floor": "g_2" }), true),
        (json!({ "floor": "g_1" }), false),
        (json!({ "floor": "g_3" }), false),
        (json!({ "tag": "second" }), true),
        (json!({ "tag": "both" }), true),
        (json!({ "tag": "Both" }), false),
        (json!({ "tag": "first" }), false),
        (json!({ "ssid": "corp" }), true),
        (json!({ "ssid": "guests" }), false),
        (json!({ "network": "L_1", "floor": "g_2", "tag": "both", "ssid": "corp" }), true),
        (json!({ "network": "L_1", "floor": "g_2", "tag": "both", "ssid": "guests" }), false),
    ] {
        assert_eq!(is_at(&entry, place.clone()), expected, "{place}");
    }
}

#[test]
fn a_disconnected_device_has_gone_and_an_unlocated_one_has_not() {
    let [floor, staff] =
        [zone(json!({ "floor": "g_1" }), None), zone(json!({ "floor": "g_1" }), Some("staff"))];
    let here = json!([{ "floorPlanId": "g_1" }]);
    let one = devices(&["1"]);
    for (observations, seen, gone) in [
        (vec![observed("1", None, here.clone())], false, true),
        (vec![observed("1", Some(""), here.clone())], false, true),
        (vec![observed("1", Some("corp"), here.clone()), observed("1", None, here.clone())], false, true),
        (vec![observed("1", None, here.clone()), observed("1", Some("corp"), here.clone())], true, false),
        (vec![observed("1", Some("corp"), json!([{ "floorPlanId": "g_2" }]))], false, true),
        (vec![observed("1", Some("corp"), json!([{ "floorPlanId": null }]))], false, true),
        (vec![observed("1", Some("corp"), json!([]))], false, false),
        (
            vec![observed("1", Some("corp"), here.clone()), observed("1", Some("corp"), json!(null))],
            true,
            false,
        ),
    ] {
        let told = scanned(&observations, &[("floor", &floor)]);
        assert_eq!(told.seen.get("floor") == Some(&one), seen, "{observations:?}");
        assert_eq!(told.gone == one, gone, "{observations:?}");
    }
    let told = scanned(&[observed("1", Some("staff"), here)], &[("staff", &staff), ("floor", &floor)]);
    assert_eq!(told.seen.keys().collect::<Vec<_>>(), ["floor"]);
    let all = zone(json!({}), None);
    assert!(scanned(&[observed("1", Some("corp"), json!([]))], &[("all", &all)]).seen.contains_key("all"));
}

#[test]
fn an_observation_that_is_an_hour_late_is_ignored() {
    let all = zone(json!({}), None);
    for (time, counts) in [
        (json!("2019-12-31T23:00:29Z"), false),
        (json!("2019-12-31T23:00:30Z"), true),
        (json!("2020-01-01T09:00:00Z"), true),
        (json!("yesterday"), true),
        (json!(0), true),
        (json!(null), true),
    ] {
        for ssid in [Some("corp"), None] {
            let mut entry = observed("1", ssid, json!([]));
            entry["latestRecord"]["time"] = time.clone();
            assert_eq!(!scanned(&[entry], &[("all", &all)]).is_empty(), counts, "{time}");
        }
    }
}

#[test]
fn a_meraki_post_without_its_secret_is_refused() {
    let all = zone(json!({}), None);
    let zones = [("all", &all)];
    for secret in [
        json!(null),
        json!(""),
        json!("supersecre"),
        json!("supersecret "),
        json!("Supersecret"),
        json!(7),
        json!([]),
        json!(["supersecret"]),
        json!({ "secret": "supersecret" }),
    ] {
        let mut body: Value = serde_json::from_str(MERAKI).unwrap();
        body["secret"] = secret.clone();
        // The refusal reveals nothing about the rest either.
        for version in ["3.0", "2.0"] {
            body["version"] = json!(version);
            let result =
                meraki(body.to_string().as_bytes(), &["old", "supersecret", ""], SALT, &zones, now());
            assert_eq!(result, Err(Rejected::Forged), "{secret}");
        }
    }
    let inside = r#"{"version":"3.0","type":"WiFi","data":{"secret":"supersecret","observations":[]}}"#;
    for without in ["[]", "{}", inside] {
        let result = meraki(without.as_bytes(), &["supersecret"], SALT, &zones, now());
        assert_eq!(result, Err(Rejected::Forged), "{without}");
    }
    for keys in [&[][..], &[""], &["other"]] {
        assert_eq!(meraki(MERAKI.as_bytes(), keys, SALT, &zones, now()), Err(Rejected::Forged));
    }
    let empty = MERAKI.replace("supersecret", "");
    assert_eq!(meraki(empty.as_bytes(), &[""], SALT, &zones, now()), Err(Rejected::Forged));
    let escaped = MERAKI.replace("supersecret", "\\u0073upersecret");
    assert!(meraki(escaped.as_bytes(), &["supersecret"], SALT, &zones, now()).is_ok());
}

#[test]
fn other_versions_are_refused_and_other_radios_ignored() {
    let all = zone(json!({}), None);
    let with = |name: &str, value: Value| {
        let mut body: Value = serde_json::from_str(MERAKI).unwrap();
        body[name] = value;
        meraki(body.to_string().as_bytes(), &["supersecret"], SALT, &[("all", &all)], now())
    };
    for good in [json!("3"), json!("3.0"), json!("3.7"), json!(3), json!(3.0)] {
        assert!(!with("version", good.clone()).unwrap().is_empty(), "{good}");
    }
    for bad in [json!("2.0"), json!("30"), json!("v3"), json!(2), json!(""), json!(null), json!(["3"])] {
        let Err(Rejected::Malformed(words)) = with("version", bad.clone()) else { panic!("{bad}") };
        assert!(words.contains("version 3"), "{words}");
    }
    for other in [json!("Bluetooth"), json!(null), json!(1)] {
        assert!(with("type", other).unwrap().is_empty());
    }
    for bad in [json!(null), json!([]), json!({ "networkId": "L_123" }), json!({ "observations": {} })] {
        assert!(matches!(with("data", bad.clone()), Err(Rejected::Malformed(_))), "{bad}");
    }
    for hostile in
        [json!(null), json!([]), json!({}), json!({ "clientMac": 1, "ssid": "s" }), json!({ "ssid": null })]
    {
        assert!(with("data", json!({ "observations": [hostile] })).unwrap().is_empty());
    }
    for body in ["", "no", "null", r#"{"secret":"supersecret","secret":"supersecret"}"#] {
        let result = meraki(body.as_bytes(), &["supersecret"], SALT, &[], now());
        assert!(matches!(result, Err(Rejected::Malformed(_))), "{body}: {result:?}");
    }
}

// ---- Counting

fn told(seen: &[(&str, &[&str])], gone: &[&str]) -> Sightings {
    Sightings {
        seen: seen.iter().map(|(zone, macs)| ((*zone).to_owned(), devices(macs))).collect(),
        gone: devices(gone),
        digest: [0; 8],
    }
}

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

#[test]
fn each_device_counts_where_it_was_last() {
    let mut batches = vec![
        (after(0), told(&[("a", &["1", "2", "3"]), ("all", &["1", "2", "3"])], &["4"])),
        (after(1), told(&[("b", &["2"]), ("all", &["2"])], &["3"])),
        (after(2), told(&[("a", &["4"])], &[])),
        (after(3), told(&[], &["5"])),
    ];
    let expected = BTreeMap::from([("a".to_owned(), 2), ("all".to_owned(), 2), ("b".to_owned(), 1)]);
    assert_eq!(count(&batches), expected);
    batches.reverse();
    assert_eq!(count(&batches), expected, "in whatever order they are read");
    let without_the_oldest = BTreeMap::from([("a".into(), 1), ("all".into(), 1), ("b".into(), 1)]);
    assert_eq!(count(&batches[..3]), without_the_oldest);
    assert_eq!(count(&[]), BTreeMap::new());
    let both = [(after(0), told(&[("a", &["1"])], &[])), (after(0), told(&[("b", &["1"])], &[]))];
    assert_eq!(count(&both), BTreeMap::from([("b".into(), 1)]), "of the same moment, the later one");
}

proptest! {
    /// Splitting the reports into batches doesn't change the counts.
    #[test]
    fn batches_count_like_a_single_body(words in prop::collection::vec((0..6_u8, 0..4_usize), 0..40), cut in 1..9_usize) {
        let [a, b, all] = [json!({ "hierarchy": "a" }), json!({ "hierarchy": "b" }), json!({})].map(|place| zone(place, None));
        let zones = [("a", &a), ("b", &b), ("all", &all)];
        let entries: Vec<Value> = words
            .iter()
            .map(|(mac, place)| match place {
                0 => absent(&mac.to_string()),
                place => at(&mac.to_string(), ["a", "b", "c"][place - 1]),
            })
            .collect();
        let whole = notified(&entries, &zones);
        for seen in whole.seen.values() {
            prop_assert!(!seen.is_empty() && seen.is_disjoint(&whole.gone));
        }
        let last: BTreeMap<u8, usize> = words.iter().copied().collect();
        let mut expected = BTreeMap::new();
        for place in last.values().filter(|place| **place > 0) {
            for zone in [["a", "b", ""][place - 1], "all"].into_iter().filter(|zone| !zone.is_empty()) {
                *expected.entry(zone.to_owned()).or_insert(0) += 1;
            }
        }
        prop_assert_eq!(&count(&[(now(), whole)]), &expected);

        let mut batches: Vec<_> =
            entries.chunks(cut).zip(0..).map(|(part, second)| (after(second), notified(part, &zones))).collect();
        prop_assert_eq!(&count(&batches), &expected);
        batches.reverse();
        prop_assert_eq!(&count(&batches), &expected);
        // Every body is received twice.
        batches.extend(batches.clone());
        prop_assert_eq!(&count(&batches), &expected);
    }

    #[test]
    fn packing_loses_nothing(names: BTreeSet<[u8; 8]>, bytes: Vec<u8>) {
        let devices: BTreeSet<Device> = names.into_iter().map(Device).collect();
        prop_assert_eq!(unpack(&pack(&devices)), Some(devices));
        prop_assert_eq!(unpack(&bytes).is_some(), bytes.len() % 8 == 0);
    }

    #[test]
    fn no_sightings_panic(
        authorization: Option<String>,
        body: Vec<u8>,
        field in "(notificationType|deviceId|associated|locationMapHierarchy|ssid|floorId|clientMac|locations|latestRecord)",
        value in "(\".{0,20}\"|-?[0-9]{1,25}(\\.[0-9]+)?(e[0-9]{1,4})?|\\{\\}|\\[\\{?\\}?\\]|null|true|[ -~]{0,20})",
        hierarchy in prop::option::of(".{0,20}"),
        mac: String,
    ) {
        let zone = zone(json!({ "hierarchy": hierarchy, "floor": "1" }), Some("staff"));
        let zones = [("z", &zone)];
        let entry = format!(
            r#"{{"notificationType":"locationupdate","deviceId":"1","associated":true,"clientMac":"1","ssid":"s","{field}":{value}}}"#
        );
        let notified = format!(r#"{{"notifications":[{entry}]}}"#);
        let scanned = format!(
            r#"{{"version":"3.0","secret":"{KEY}","type":"WiFi","data":{{"observations":[{entry}]}}}}"#
        );
        for body in [body.as_slice(), notified.as_bytes(), scanned.as_bytes()] {
            let _ = cmx(authorization.as_deref(), body, &[KEY], SALT, &zones);
            let _ = cmx(Some(BEARER), body, &[KEY], SALT, &zones);
            let _ = meraki(body, &[KEY], SALT, &zones, now());
            prop_assert!(cmx(authorization.as_deref(), body, &["other"], SALT, &zones).is_err());
            prop_assert!(meraki(body, &["other"], SALT, &zones, now()).is_err());
        }
        let _ = Device::new(&mac, SALT);
    }
}
