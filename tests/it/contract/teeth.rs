//! Tests of the check itself: it finds each kind of mistake.

use handbell_sim::wire::WireEntry;
use serde_json::{Value, json};

use super::problems;

/// An exchange as the wire log keeps it.
fn exchange(
    method: &str,
    path: &str,
    kind: &str,
    body: impl ToString,
    status: u16,
    answer: impl ToString,
) -> WireEntry {
    WireEntry {
        number: 0,
        at: jiff::Timestamp::UNIX_EPOCH,
        from: "handbell".into(),
        to: if path.starts_with("/sim/webex") { "webex" } else { "twilio" }.into(),
        method: method.into(),
        url: format!("http://127.0.0.1:8080{path}"),
        headers: vec![("content-type".into(), kind.into())],
        body: body.to_string(),
        status,
        answer: answer.to_string(),
        verdict: "token".into(),
        millis: 1,
    }
}

/// Correct exchanges pass, and each one with a single mistake fails because of that mistake.
#[test]
fn every_mistake_is_found() {
    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";
    let rooms = |body: Value, status, answer: Value| {
        exchange("POST", "/sim/webex/v1/rooms", JSON, body, status, answer)
    };
    let post = |kind: &str, body: &str| {
        exchange("POST", "/sim/webex/v1/messages", kind, body, 200, json!({"id": "m"}))
    };
    let list = |query: &str, answer: Value| {
        exchange("GET", &format!("/sim/webex/v1/rooms{query}"), "", "", 200, answer)
    };
    let calls = format!("/sim/twilio/2010-04-01/Accounts/AC{}/Calls", "f".repeat(32));
    let media = format!(
        "/sim/twilio/2010-04-01/Accounts/AC{}/Messages/MM{}/Media/ME1",
        "f".repeat(32),
        "0".repeat(32)
    );
    let texts =
        |query: &str| format!("/sim/twilio/2010-04-01/Accounts/AC{}/Messages.json?{query}", "f".repeat(32));
    let refused = json!({"code": 21211, "message": "no", "more_info": "https://www.twilio.com/docs/errors/21211", "status": 400});
    let ask = |form: &str, status, answer: Value| {
        exchange("POST", &format!("{calls}.json"), FORM, form, status, answer)
    };
    let call = json!({
        "sid": format!("CA{}", "0".repeat(32)), "account_sid": format!("AC{}", "f".repeat(32)), "status": "queued", "to": "+1", "from": "+2",
        "date_created": "Fri, 20 Nov 2026 10:00:00 +0000", "date_updated": null, "parent_call_sid": null, "to_formatted": "+1",
        "from_formatted": "+2", "phone_number_sid": null, "start_time": null, "end_time": null, "duration": null, "price": null,
        "price_unit": "USD", "direction": "outbound-api", "answered_by": null, "api_version": "2010-04-01", "forwarded_from": null,
        "group_sid": null, "caller_name": null, "queue_time": "0", "trunk_sid": null, "uri": "/2010-04-01/x.json", "subresource_uris": {},
    });
    let with = |field: &str, value: Value| {
        let mut call = call.clone();
        call[field] = value;
        call
    };
    let less = |field: &str| {
        let mut call = call.clone();
        call.as_object_mut().expect("an object").remove(field);
        call
    };
    let good = "To=%2B1&From=%2B2&Timeout=15&StatusCallbackEvent=ringing&Url=http%3A%2F%2Fx%2Fy";
    for entry in [
        rooms(json!({"title": "x", "teamId": "t"}), 200, json!({"id": "r", "title": "x", "type": "group"})),
        rooms(
            json!({"title": "x"}),
            400,
            json!({"message": "no", "errors": [{"description": "no"}], "trackingId": "t"}),
        ),
        post(JSON, r#"{"roomId":"r","markdown":"x"}"#),
        post(
            "multipart/form-data; boundary=x",
            r#"(multipart) {"roomId":"r","files":"a.png (image/png, 3 bytes)"}"#,
        ),
        list("?type=group&max=10", json!({"items": [{"id": "r"}]})),
        exchange("DELETE", "/sim/webex/v1/messages/m", "", "", 204, ""),
        exchange("GET", "/sim/webex/v1/contents/c", "", "", 200, "(image/png, 3 bytes)"),
        exchange("GET", "/sim/webex/v1/contents/c?allow=unscannable", "", "", 200, "(image/png, 3 bytes)"),
        exchange("GET", &media, "", "", 307, ""),
        exchange("GET", &texts("DateSent%3E=2026-11-20"), "", "", 400, &refused),
        ask(good, 201, call.clone()),
        ask(good, 400, refused.clone()),
    ] {
        assert_eq!(problems(&[entry], None), [""; 0]);
    }
    let wrong = [
        ("unknown path", exchange("GET", "/sim/webex/v1/romms", "", "", 200, "")),
        ("unknown path", exchange("GET", "/sim/webex/v2/rooms", "", "", 200, "")),
        ("unknown path", exchange("GET", &format!("{calls}/.json"), "", "", 200, "")),
        (
            "unknown parameter of a file",
            exchange("GET", "/sim/webex/v1/contents/c?x=1", "", "", 200, "(x, 1 bytes)"),
        ),
        ("no file, nor", exchange("GET", "/sim/webex/v1/contents/c", "", "", 200, "{}")),
        ("no file, nor", exchange("GET", &media, "", "", 307, "here")),
        ("not listed", exchange("GET", &media, "", "", 200, "(image/png, 3 bytes)")),
        ("the answer can't be read", exchange("GET", &media, "", "", 404, "gone")),
        ("\"trackingId\" is a", exchange("GET", "/sim/webex/v1/contents/c", "", "", 404, &refused)),
        ("a body that", exchange("GET", &media, FORM, "a=1", 307, "")),
        ("parameter DateSent>", exchange("GET", &texts("DateSent%3E=20.11.2026"), "", "", 400, &refused)),
        ("unknown method", exchange("PATCH", "/sim/webex/v1/rooms/r", JSON, "{}", 200, json!({"id": "r"}))),
        ("unknown parameter \"titel\"", list("?titel=x", json!({"items": []}))),
        ("parameter max", list("?max=many", json!({"items": []}))),
        ("parameter type", list("?type=crowd", json!({"items": []}))),
        (
            "parameter AccountSid",
            exchange("GET", "/sim/twilio/2010-04-01/Accounts/me/Calls.json", "", "", 400, &refused),
        ),
        ("'titel' was unexpected", rooms(json!({"title": "x", "titel": "x"}), 200, json!({"id": "r"}))),
        ("\"title\" is a required", rooms(json!({"teamId": "x"}), 200, json!({"id": "r"}))),
        ("\"string\"", rooms(json!({"title": 1}), 200, json!({"id": "r"}))),
        ("'mood' was unexpected", rooms(json!({"title": "x"}), 200, json!({"id": "r", "mood": "good"}))),
        ("\"id\" is a required", rooms(json!({"title": "x"}), 200, json!({"title": "x"}))),
        ("\"items\" is a required", list("", json!({}))),
        ("\"id\" is a required", list("", json!({"items": [{"title": "x"}]}))),
        ("not listed", rooms(json!({"title": "x"}), 201, json!({"id": "r"}))),
        ("not listed", rooms(json!({"title": "x"}), 0, json!({"id": "r"}))),
        ("the answer can't be read", exchange("GET", "/sim/webex/v1/rooms", "", "", 200, "<html>")),
        (
            "\"trackingId\" is a required",
            rooms(json!({"title": "x"}), 400, json!({"message": "no", "errors": []})),
        ),
        ("an answer where none belongs", exchange("DELETE", "/sim/webex/v1/messages/m", "", "", 204, "{}")),
        (
            "a body that nobody asked for",
            exchange("GET", "/sim/webex/v1/rooms", JSON, "{}", 200, json!({"items": []})),
        ),
        ("a body of type", post("text/plain", "{}")),
        ("a body of type", exchange("POST", "/sim/webex/v1/rooms", FORM, "title=x", 200, json!({"id": "r"}))),
        ("a body of type", exchange("POST", &format!("{calls}.json"), JSON, "{}", 400, &refused)),
        ("can't be read", post(JSON, "{")),
        ("'room' was unexpected", post("multipart/form-data", r#"(multipart) {"room":"r"}"#)),
        ("can't be read", post("multipart/form-data", r#"(multipart) {"roomId":"r","files":"a picture"}"#)),
        ("\"From\" is a required", ask("To=%2B1", 400, refused.clone())),
        ("'Too' was unexpected", ask(&format!("{good}&Too=1"), 400, refused.clone())),
        ("at \"/Timeout\"", ask("To=%2B1&From=%2B2&Timeout=soon", 400, refused.clone())),
        ("at \"/From\"", ask(&format!("{good}&From=%2B3"), 400, refused.clone())),
        ("at \"/Method\"", ask(&format!("{good}&Method=PUT"), 400, refused.clone())),
        ("at \"/StatusCallback\"", ask(&format!("{good}&StatusCallback=here"), 400, refused.clone())),
        ("at \"/status\"", ask(good, 201, with("status", "initiated".into()))),
        ("at \"/sid\"", ask(good, 201, with("sid", "CA1".into()))),
        ("at \"/date_created\"", ask(good, 201, with("date_created", "2026-11-20T10:00:00Z".into()))),
        ("'mood' was unexpected", ask(good, 201, with("mood", "good".into()))),
        ("\"queue_time\" is a required", ask(good, 201, less("queue_time"))),
        ("not listed", ask(good, 200, call.clone())),
        ("at \"/status\"", ask(good, 404, refused.clone())),
    ];
    for (what, entry) in wrong {
        let found = problems(std::slice::from_ref(&entry), None);
        assert!(found.iter().any(|why| why.contains(what)), "{what}: {found:?} in {entry:?}");
    }
    let told = |from: &str, body: &str| WireEntry {
        from: from.into(),
        to: "handbell".into(),
        body: body.into(),
        ..post(JSON, "")
    };
    for (from, what, body) in [
        (
            "webex",
            "no actorId",
            r#"{"resource":"rooms","event":"created","id":"h","orgId":"o","createdBy":"c","appId":"a","data":{"id":"r"}}"#,
        ),
        (
            "webex",
            "'text' was",
            r#"{"resource":"rooms","event":"created","id":"h","data":{"id":"r","text":"x"}}"#,
        ),
        ("webex", "a webhook about", r#"{"resource":"moods"}"#),
        ("twilio", "MessageStatus", "MessageStatus=lost"),
        ("twilio", "CallSid", "CallSid=1"),
        ("twilio", "hardly anything", "From=%2B1"),
    ] {
        let found = problems(&[told(from, body)], None);
        assert!(found.iter().any(|why| why.contains(what)), "{what}: {found:?}");
    }
}
