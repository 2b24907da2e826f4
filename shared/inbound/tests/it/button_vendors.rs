//! What buttons of many vendors send, and what of it is a press.

use bytes::Bytes;
use handbell_core::button::{Gesture, Press};
use handbell_inbound::button::{ButtonMessage, Proof, read};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

fn now() -> Timestamp {
    "2026-07-01T12:00:00Z".parse().unwrap()
}

fn message(method: &str, path: &str, header: (&str, &str), body: impl Into<Bytes>) -> ButtonMessage {
    let request = Request::builder().method(method).uri(path).header(header.0, header.1);
    read(&request.body(body.into()).unwrap(), &Proof::default(), now()).unwrap()
}

fn posted_to(path: &str, body: &Value) -> ButtonMessage {
    message("POST", path, ("content-type", "application/json"), body.to_string())
}

fn posted(body: &Value) -> ButtonMessage {
    posted_to("/b/t", body)
}

fn asked(query: &str) -> ButtonMessage {
    message("GET", &format!("/b/t?{query}"), ("user-agent", "Shelly/1.0"), "")
}

fn press_in(message: &ButtonMessage) -> &Press {
    match message {
        ButtonMessage::Press(press) => press,
        ButtonMessage::NoPress { .. } => panic!("no press"),
    }
}

fn gesture_in(message: &ButtonMessage) -> Gesture {
    press_in(message).gesture
}

fn is_press(message: &ButtonMessage) -> bool {
    matches!(message, ButtonMessage::Press(_))
}

fn no_press(battery: Option<&str>) -> ButtonMessage {
    ButtonMessage::NoPress { battery: battery.map(str::to_owned) }
}

fn key(message: &ButtonMessage) -> &str {
    &press_in(message).id.as_ref().expect("an id").key
}

// ---- LoRaWAN

fn the_things_stack(kind: &str, content: &Value) -> Value {
    let mut message = json!({
        "end_device_ids": {
            "device_id": "dev1", "application_ids": { "application_id": "app1" }, "dev_eui": "0004A30B001C0530",
        },
        "correlation_ids": ["as:up:01"],
        "received_at": "2026-07-01T11:59:58.5Z",
    });
    message[kind] = content.clone();
    message
}

fn uplink(decoded: &Value) -> Value {
    let content = json!({ "f_port": 2, "f_cnt": 7, "frm_payload": "AQ==", "decoded_payload": decoded });
    the_things_stack("uplink_message", &content)
}

fn chirpstack(decoded: &Value) -> Value {
    json!({
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d", "time": "2026-07-01T11:59:58Z",
        "deviceInfo": { "tenantId": "52f1", "deviceName": "SOS", "devEui": "0101010101010101" },
        "devAddr": "00189440", "adr": true, "dr": 1, "fCnt": 4, "fPort": 2, "confirmed": true, "data": "qg==",
        "object": decoded, "rxInfo": [{ "gatewayId": "0016c001f153a14c" }],
    })
}

fn chirpstack_3(decoded: &Value) -> Value {
    json!({
        "applicationID": "1", "applicationName": "app", "deviceName": "SOS", "devEUI": "AQEBAQEBAQE=",
        "rxInfo": [], "txInfo": {}, "adr": true, "dr": 1, "fCnt": 4, "fPort": 2, "data": "qg==",
        "objectJSON": decoded.to_string(), "publishedAt": "2026-07-01T11:59:58Z",
    })
}

/// The decoded payload in the messages of all network servers.
fn behind_all_servers(decoded: &Value) -> Vec<(&'static str, ButtonMessage)> {
    let helium = json!({
        "dev_eui": "6081F9", "app_eui": "6081", "fcnt": 4, "port": 2, "id": "the device", "name": "SOS", "hotspots": [],
        "decoded": { "payload": decoded, "status": "success" }, "payload": "qg==", "reported_at": 1_782_907_198_000_i64,
        "type": "uplink", "uuid": "5f1f-2",
    });
    let thingpark = json!({ "DevEUI_uplink": {
        "Time": "2026-07-01T13:59:58.000+02:00", "DevEUI": "0101010101010101", "FPort": "2", "FCntUp": "4",
        "payload_hex": "aa", "payload": decoded,
    }});
    let loriot = json!({
        "cmd": "rx", "EUI": "0101010101010101", "ts": 1_782_907_198_000_i64, "fcnt": 4, "port": 2, "data": "aa",
        "decoded": decoded,
    });
    vec![
        ("The Things Stack", posted(&uplink(decoded))),
        ("ChirpStack", posted_to("/b/t?event=up", &chirpstack(decoded))),
        ("ChirpStack without its query", posted(&chirpstack(decoded))),
        ("ChirpStack 3", posted_to("/b/t?event=up", &chirpstack_3(decoded))),
        ("Helium", posted(&helium)),
        ("ThingPark", posted(&thingpark)),
        ("LORIOT", posted(&loriot)),
    ]
}

#[test]
fn a_message_of_the_things_stack_that_is_no_uplink_is_no_press() {
    for kind in [
        "join_accept",
        "downlink_ack",
        "downlink_nack",
        "downlink_sent",
        "downlink_failed",
        "downlink_queued",
        "downlink_queue_invalidated",
        "location_solved",
        "service_data",
        "a_kind_that_is_yet_to_come",
    ] {
        let content = json!({ "session_key_id": "AXBSH1Pk6Z0G166", "f_port": 15, "received_at": "2026-07-01T11:59:58Z" });
        assert_eq!(posted(&the_things_stack(kind, &content)), no_press(None), "{kind}");
    }
    let mut unknown = the_things_stack("x", &Value::Null);
    unknown.as_object_mut().unwrap().remove("x");
    assert!(is_press(&posted(&unknown)), "a webhook whose field mask leaves everything out");
}

#[test]
fn an_uplink_that_tells_only_the_devices_own_state_is_no_press() {
    for (decoded, battery) in [
        (json!({ "battery": 3.01 }), Some("3.01")),
        (json!({ "BatV": 3.0, "TempC_SHT41": 21.5, "Hum_SHT41": 40 }), Some("3.0")),
        (json!({ "battery": 97, "temperature": 21 }), Some("97")),
        (json!({ "voltage": 3.6, "rssi": -80, "snr": 7.5, "firmware_version": "1.2" }), None),
        (
            json!({ "SENSOR_MODEL": "PB01-L", "SUB_BAND": "NULL", "FREQUENCY_BAND": "EU868", "FIRMWARE_VERSION": "1.0.1", "BAT": 3.3 }),
            Some("3.3"),
        ),
        (
            json!({ "ipso_version": "v0.1", "hardware_version": "v1.1", "firmware_version": "v1.4", "sn": "64", "lorawan_class": "Class A", "device_status": "on" }),
            None,
        ),
        (json!({ "status": 0, "battery": 3.0, "temperatureBoard": 22 }), Some("3.0")),
        (json!({ "event": "interval", "battery": 4171, "light": 2, "temperature": 27.06 }), Some("4171")),
        (json!({ "event": "heartbeat", "battery": 99, "count": 4 }), Some("99")),
    ] {
        for (server, message) in behind_all_servers(&decoded) {
            assert_eq!(message, no_press(battery), "{server}: {decoded}");
        }
    }
}

#[test]
fn an_uplink_that_says_false_where_a_press_would_be_is_no_press() {
    for decoded in [
        json!({ "BatV": 3.0, "Sound_key": "OPEN", "Sound_ACK": "OPEN", "Alarm": "FALSE", "TempC_SHT41": 21.5, "Hum_SHT41": 40 }),
        json!({ "ALARM_status": "FALSE", "Latitude": 49.6, "Longitude": 6.1, "BatV": 3.0 }),
        json!({ "pressed": false, "counter": 4, "BatV": 3.0 }),
        json!({ "button_pressed": 0, "BatV": 3.0 }),
        json!({ "button": false, "BatV": 3.0 }),
        json!({ "button_event": "none", "BatV": 3.0, "x": 1 }),
        json!({ "button_event": { "status": "none", "msgid": 5 }, "BatV": 3.0 }),
        json!({ "button_1": "released", "BatV": 3.0 }),
        json!({ "alarm": "normal", "sos": false, "BatV": 3.0 }),
        json!({ "event": "release", "BatV": 3.0 }),
    ] {
        for (server, message) in behind_all_servers(&decoded) {
            assert_eq!(message, no_press(Some("3.0")), "{server}: {decoded}");
        }
    }
}

#[test]
fn an_uplink_with_a_press_or_an_unknown_payload_is_a_press() {
    for (decoded, gesture) in [
        (json!({ "Alarm": "TRUE", "BatV": 3.0 }), Gesture::Single),
        (json!({ "Alarm": "FALSE", "BatV": 3.0, "sos": true }), Gesture::Single),
        (json!({ "Alarm": "FALSE", "press": "short" }), Gesture::Single),
        (json!({ "alarm": "low", "battery": 3 }), Gesture::Single),
        (json!({ "status": 1, "battery": 3.0, "temperatureBoard": 22 }), Gesture::Single),
        (json!({ "status": 0, "battery": 3.0 }), Gesture::Single),
        (json!({ "button": 0, "battery": 3.0 }), Gesture::Single),
        (json!({ "button_2": 1, "button_2_msgid": 7, "battery": 97 }), Gesture::Single),
        (json!({ "event": "button", "battery": 4171, "light": 2, "temperature": 27.06 }), Gesture::Single),
        (json!({ "event": "heartbeat/button", "battery": 4171 }), Gesture::Single),
        (json!({ "battery": 97, "press": "long" }), Gesture::Hold),
        (json!({ "battery": 97, "button_event": { "status": "long press", "msgid": 7 } }), Gesture::Hold),
        (json!({ "battery": 97, "button_event": { "status": "double press", "msgid": 7 } }), Gesture::Double),
        (json!({ "bytes": [1, 2] }), Gesture::Single),
        (json!({ "device": "a" }), Gesture::Single),
        (json!({}), Gesture::Single),
        (json!([]), Gesture::Single),
        (Value::Null, Gesture::Single),
    ] {
        for (server, message) in behind_all_servers(&decoded) {
            assert!(is_press(&message), "{server}: {decoded}");
            assert_eq!(gesture_in(&message), gesture, "{server}: {decoded}");
            let at = press_in(&message).at.expect("the server's time");
            assert!(now().duration_since(at) <= SignedDuration::from_secs(2), "{server}: {at}");
        }
    }
}

#[test]
fn an_uplink_that_carries_only_mac_commands_is_no_press() {
    let content = json!({ "f_port": 0, "f_cnt": 7, "frm_payload": "Ag==" });
    assert_eq!(posted(&the_things_stack("uplink_message", &content)), no_press(None));
    let mut event = chirpstack(&Value::Null);
    event["fPort"] = json!(0);
    assert_eq!(posted_to("/b/t?event=up", &event), no_press(None));
    let content = json!({ "f_cnt": 7, "frm_payload": "Ag==" });
    assert!(
        is_press(&posted(&the_things_stack("uplink_message", &content))),
        "a field mask leaves the port out"
    );
}

#[test]
fn a_normalized_uplink_is_the_press_that_its_uplink_is() {
    let press = posted(&uplink(&json!({ "press": "short" })));
    let content = |normalized: Value| json!({ "f_port": 2, "f_cnt": 7, "normalized_payload": normalized });
    let normalized = posted(&the_things_stack(
        "uplink_normalized",
        &content(json!({ "action": { "contactState": "open" } })),
    ));
    assert_eq!(key(&press), key(&normalized));
    let both = {
        let mut both = uplink(&json!({ "press": "long" }));
        both["uplink_normalized"] = content(json!({ "battery": 3 }));
        both
    };
    assert_eq!(gesture_in(&posted(&both)), Gesture::Hold);
    for state in [
        json!({ "battery": 3.1 }),
        json!({ "air": { "temperature": 21.5, "relativeHumidity": 40 }, "battery": 3.1 }),
    ] {
        assert_eq!(posted(&the_things_stack("uplink_normalized", &content(state))), no_press(Some("3.1")));
    }
}

#[test]
fn an_event_of_chirpstack_that_is_no_uplink_is_no_press() {
    let device = json!({ "tenantId": "52f1", "deviceName": "SOS", "devEui": "0101010101010101" });
    for (event, more) in [
        ("join", json!({ "devAddr": "00189440", "joinServerContext": null })),
        ("ack", json!({ "queueItemId": "1", "acknowledged": true, "fCntDown": 4 })),
        ("txack", json!({ "downlinkId": 1, "queueItemId": "1", "fCntDown": 4 })),
        ("log", json!({ "level": "ERROR", "code": "UPLINK_CODEC" })),
        ("location", json!({ "location": { "latitude": 1.0 } })),
        ("integration", json!({ "integrationName": "x" })),
        ("error", json!({ "type": "UPLINK_CODEC" })),
    ] {
        let mut body =
            json!({ "deduplicationId": "3ac7", "time": "2026-07-01T11:59:58Z", "deviceInfo": device });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(posted_to(&format!("/b/t?event={event}"), &body), no_press(None), "{event}");
        let protobuf = ("content-type", "application/octet-stream");
        assert_eq!(
            message("POST", &format!("/b/t?event={event}"), protobuf, "\x0a\x24"),
            no_press(None),
            "{event}"
        );
    }
    let status = json!({ "deduplicationId": "3ac7", "deviceInfo": device, "margin": 10, "batteryLevel": 90.5, "batteryLevelUnavailable": false });
    assert_eq!(posted_to("/b/t?event=status", &status), no_press(Some("90.5")));
    assert_eq!(posted(&status), no_press(Some("90.5")), "a proxy has dropped the query");
    let old = json!({ "applicationID": "1", "devEUI": "AQEBAQEBAQE=", "margin": 10, "batteryLevel": 90.5 });
    assert_eq!(posted_to("/b/t?event=status", &old), no_press(Some("90.5")));
    let protobuf = ("content-type", "application/octet-stream");
    assert!(is_press(&message("POST", "/b/t?event=up", protobuf, "\x0a\x24")));
    assert!(is_press(&asked("event=error")), "of something that isn't ChirpStack");
}

#[test]
fn repeats_of_an_uplink_have_the_same_id() {
    for (server, message) in behind_all_servers(&json!({ "press": "short" })) {
        assert!(press_in(&message).id.is_some(), "{server}");
    }
    let event = chirpstack(&json!({ "press": "short" }));
    assert_eq!(key(&posted_to("/b/t?event=up", &event)), "chirpstack:3ac7e3c4-4401-4b8d-9386-a5c902f9202d");
    assert_eq!(key(&posted(&event)), key(&posted_to("/b/t?event=up", &event)));
    let mut next = chirpstack_3(&Value::Null);
    let first = key(&posted(&next)).to_owned();
    next["publishedAt"] = json!("2026-07-01T11:59:59Z");
    assert_ne!(key(&posted(&next)), first, "the counter restarts at each join");
}

#[test]
fn an_id_of_the_device_is_no_id_of_the_press() {
    let helium = json!({ "dev_eui": "6081F9", "id": "the device", "hotspots": [], "reported_at": 1_782_907_198_000_i64 });
    assert_eq!(press_in(&posted(&helium)).id, None);
    assert_eq!(
        press_in(&posted(&json!({ "event": "x", "data": { "id": "the device", "click": "single" } }))).id,
        None
    );
}

#[test]
fn joins_and_downlinks_of_other_servers_are_no_presses() {
    for body in [
        json!({ "dev_eui": "6081F9", "hotspots": [], "type": "join_request", "reported_at": 1_782_907_198_000_i64 }),
        json!({ "DevEUI_location": { "DevEUI": "01" } }),
        json!({ "DevEUI_downlink_Sent": { "DevEUI": "01" } }),
        json!({ "DevEUI_notification": { "Type": "join" } }),
        json!({ "cmd": "txd", "EUI": "01", "seqdn": 1 }),
    ] {
        assert_eq!(posted(&body), no_press(None), "{body}");
    }
    let aws = json!({
        "WirelessDeviceId": "5b58", "PayloadData": "qg==",
        "WirelessMetadata": { "LoRaWAN": { "DevEui": "01", "FCnt": 4, "FPort": 2, "Timestamp": "2026-07-01T11:59:58Z" } },
    });
    assert_eq!(key(&posted(&aws)), "aws-lorawan:5b58:4:2026-07-01T11:59:58Z");
}

// ---- Gestures

#[test]
fn an_unmistakable_word_is_a_long_press() {
    for event in [
        "input.button_longpush",
        "bthomedevice.long_push",
        "bthomesensor.long_push",
        "long_press",
        "long-press",
        "Long Press",
        "longPress",
        "long_click",
        "button_long_press",
        "hold_press",
        "HOLD",
        "held",
        "1_hold",
        "button_2_hold",
        "hold_1",
    ] {
        assert_eq!(
            gesture_in(&asked(&format!("event={}", event.replace(' ', "%20")))),
            Gesture::Hold,
            "{event}"
        );
        for name in [
            "gesture",
            "click",
            "clickType",
            "press",
            "event",
            "type",
            "action",
            "button_event",
            "buttonEvent",
            "press_type",
        ] {
            assert_eq!(gesture_in(&posted(&json!({ name: event }))), Gesture::Hold, "{name}: {event}");
        }
    }
    for body in [
        json!({ "Button1": { "Action": "HOLD" } }),
        json!({ "payload": { "action": "hold", "linkquality": 90 } }),
        json!({ "topic": "zigbee2mqtt/sos", "payload": "{\"action\":\"hold\"}" }),
        json!({ "button_event": { "type": "long_press" } }),
        json!({ "event": { "press": "long" } }),
    ] {
        assert_eq!(gesture_in(&posted(&body)), Gesture::Hold, "{body}");
    }
}

#[test]
fn a_word_that_may_mean_something_else_is_no_long_press() {
    for word in [
        "long_double_push",
        "bthomedevice.long_double_push",
        "longitude",
        "threshold",
        "on_hold",
        "hold_on",
        "along",
        "household",
        "holding_register",
        "L",
        "l",
        "onhold",
        "no hold",
        "brightness_move_up",
        "rotate_left",
        "very_long",
    ] {
        for name in ["action", "button_event", "status", "button", "state"] {
            assert_eq!(gesture_in(&posted(&json!({ name: word }))), Gesture::Single, "{name}: {word}");
        }
        let shellys = word.eq_ignore_ascii_case("l");
        assert_eq!(gesture_in(&posted(&json!({ "event": word }))) == Gesture::Hold, shellys, "{word}");
    }
    for name in ["status", "button", "state", "name", "hold", "message"] {
        assert_eq!(gesture_in(&posted(&json!({ name: "hold" }))), Gesture::Single, "{name}");
    }
}

#[test]
fn other_gestures_keep_their_names_with_any_vendor() {
    for (word, gesture) in [
        ("bthomedevice.single_push", Gesture::Single),
        ("bthomedevice.double_push", Gesture::Double),
        ("bthomesensor.triple_push", Gesture::Triple),
        ("double", Gesture::Double),
        ("1_double", Gesture::Double),
        ("triple_press", Gesture::Triple),
        ("on", Gesture::Single),
        ("toggle", Gesture::Single),
        ("emergency", Gesture::Single),
    ] {
        assert_eq!(gesture_in(&posted(&json!({ "action": word, "linkquality": 90 }))), gesture, "{word}");
        assert_eq!(gesture_in(&asked(&format!("event={word}"))), gesture, "{word}");
    }
}

#[test]
fn a_release_is_no_press() {
    for word in [
        "release",
        "released",
        "hold_release",
        "long_release",
        "long_press_release",
        "button_released",
        "1_release",
        "on_press_release",
        "button_up",
        "buttonUp",
        "none",
        "idle",
        "heartbeat",
        "keep_alive",
    ] {
        for body in [
            json!({ "action": word, "battery": 90, "linkquality": 120 }),
            json!({ "event": word, "battery": 90 }),
            json!({ "button_event": word, "battery": 90 }),
        ] {
            assert_eq!(posted(&body), no_press(Some("90")), "{body}");
        }
        assert_eq!(asked(&format!("event={word}")), no_press(None), "{word}");
    }
    for word in ["short_release", "up", "off", "on", "panic", "offline", "alarm", "test"] {
        assert!(is_press(&posted(&json!({ "action": word }))), "in doubt a press: {word}");
    }
}

#[test]
fn a_message_of_zigbee2mqtt_without_an_action_is_no_press() {
    for body in [
        json!({ "action": "", "battery": 90, "linkquality": 120, "voltage": 3000 }),
        json!({ "action": null, "battery": 90, "linkquality": 120, "operation_mode": "event" }),
        json!({ "battery": 90, "linkquality": 120, "voltage": 3000, "device_temperature": 21, "last_seen": "2026-07-01T11:59:58Z" }),
    ] {
        assert_eq!(posted(&body), no_press(Some("90")), "{body}");
    }
    for body in [
        json!({ "action": "", "click": "single", "linkquality": 120 }),
        json!({ "contact": false, "battery": 90, "linkquality": 120 }),
        json!({ "battery": 90 }),
        json!({ "battery": 90, "temperature": 21 }),
    ] {
        assert!(is_press(&posted(&body)), "{body}");
    }
    assert!(is_press(&asked("action=")), "a placeholder that nobody filled");
}

#[test]
fn a_message_that_says_false_is_no_press_unless_something_else_says_true() {
    for body in [
        json!({ "pressed": false }),
        json!({ "alarm": 0 }),
        json!({ "data": { "pressed": "no" } }),
        json!({ "type": "button", "state": "released" }),
    ] {
        assert_eq!(posted(&body), no_press(None), "{body}");
    }
    for body in [
        json!({ "pressed": true }),
        json!({ "pressed": "" }),
        json!({ "pressed": null }),
        json!({ "alarm": false, "panic": true }),
        json!({ "alarm": false, "click": "double" }),
        json!({ "isSingleClick": false, "isDoubleClick": false, "isHold": false }),
        json!({ "isHold": false }),
        json!({ "ok": false }),
    ] {
        assert!(is_press(&posted(&body)), "{body}");
    }
}

// ---- Times

#[test]
fn an_age_tells_when_the_button_was_pressed() {
    let ago = |seconds: i64| Some(now() - SignedDuration::from_secs(seconds));
    for (body, at) in [
        (json!({ "isSingleClick": true, "isQueued": true, "timeDiff": 7200 }), ago(7200)),
        (json!({ "obj": { "isSingleClick": true, "isQueued": true, "timeDiff": 7200 } }), ago(7200)),
        (json!({ "isSingleClick": true, "isQueued": false, "timeDiff": 7200 }), None),
        (json!({ "isSingleClick": true, "isQueued": false, "timeDiff": 0 }), None),
        (json!({ "wasQueued": true, "clickAge": 7_200_000, "isHold": true }), ago(7200)),
        (json!({ "age": 7200 }), ago(7200)),
        (json!({ "age": "7200" }), ago(7200)),
        (json!({ "age": "2h" }), ago(7200)),
        (json!({ "age": "2 hours ago" }), ago(7200)),
        (json!({ "age": "PT2H" }), ago(7200)),
        (json!({ "age_ms": 7_200_000 }), ago(7200)),
        (json!({ "ageSeconds": 7200 }), ago(7200)),
        (json!({ "seconds_ago": 7200 }), ago(7200)),
        (json!({ "age": 7200, "timestamp": "2026-07-01T12:00:00Z" }), ago(7200)),
        (json!({ "age": 0, "timestamp": "2026-07-01T11:00:00Z" }), ago(3600)),
        (json!({ "age": -5 }), None),
        (json!({ "age": "old" }), None),
        (json!({ "age": 1e300 }), None),
        (json!({ "age": "NaN" }), None),
        (json!({ "age": null }), None),
    ] {
        assert_eq!(press_in(&posted(&body)).at, at, "{body}");
    }
    assert_eq!(press_in(&asked("click=hold&age=7200")).at, ago(7200));
}

#[test]
fn times_are_read_under_the_names_and_in_the_formats_of_many_vendors() {
    let at = Some("2026-07-01T10:00:00Z".parse().unwrap());
    for name in [
        "at",
        "time",
        "timestamp",
        "ts",
        "pressedAt",
        "pressed_at",
        "clicked_at",
        "reported_at",
        "reportedTime",
        "published_at",
        "publishedAt",
        "event_time",
        "triggered_at",
        "occurredAt",
        "datetime",
        "sent_at",
    ] {
        assert_eq!(press_in(&posted(&json!({ name: "2026-07-01T10:00:00Z" }))).at, at, "{name}");
    }
    for time in [
        json!("2026-07-01T12:00:00+02:00"),
        json!("2026-07-01 10:00:00Z"),
        json!("2026-07-01T10:00:00.000+0000"),
        json!("Wed, 01 Jul 2026 10:00:00 GMT"),
        json!(1_782_900_000),
        json!(1_782_900_000_000_i64),
        json!(1_782_900_000_000_000_i64),
        json!(1_782_900_000_000_000_000_i64),
    ] {
        assert_eq!(press_in(&posted(&json!({ "published_at": time }))).at, at, "{time}");
    }
    let both = json!({ "timestamp": "2026-07-01T12:00:00Z", "pressedAt": "2026-07-01T10:00:00Z" });
    assert_eq!(press_in(&posted(&both)).at, at, "when it was pressed, not when it was sent");
    assert_eq!(
        press_in(&posted(&json!({ "created_at": "2020-01-01T00:00:00Z" }))).at,
        None,
        "perhaps of the device"
    );
}

// ---- Robots

#[test]
fn a_preview_of_the_link_in_a_chat_is_no_press() {
    for agent in [
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Slackbot 1.0 (+https://api.slack.com/robots)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        "WhatsApp/2.23.20.0 A",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
        "Mattermost-Bot/1.1",
        "Synapse (bot; +https://github.com/matrix-org/synapse)",
    ] {
        let header = ("user-agent", agent);
        assert_eq!(message("GET", "/b/t", header, ""), no_press(None), "{agent}");
        assert!(
            is_press(&message("POST", "/b/t", header, "")),
            "a robot that previews doesn't post: {agent}"
        );
    }
    for agent in [
        "",
        "curl/8.5.0",
        "Shelly/1.14.1",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 14) LinkedInApp/4.1",
        "Twitter for iPhone/10.1",
        "Slack/24.1 (iPhone)",
        "MyDiscordbotButton/1.0",
        "Home-Assistant/2026.6 robot",
    ] {
        assert!(is_press(&message("GET", "/b/t", ("user-agent", agent), "")), "{agent}");
    }
}
