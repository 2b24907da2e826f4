//! Tests of recordings.

use super::*;

const TAPE: &str = "<Response><Say>Speak</Say><Record action=\"voice/left?i=1\" timeout=\"10\" maxLength=\"60\" finishOnKey=\"#\" \
     recordingStatusCallback=\"/twilio/tape\" recordingStatusCallbackEvent=\"in-progress completed absent\"/><Say>Nothing heard</Say></Response>";

/// Returns a scene in which a caller has heard the beep.
async fn at_the_beep() -> Scene {
    let scene = scene().await;
    scene.says("/twilio/voice", TAPE);
    scene.says("/twilio/voice/left", "<Response><Say>Thank you</Say></Response>");
    let (_, called) = scene.hands(DANA, "call", json!({"to": OURS})).await;
    assert_eq!(called["call"]["heard"], json!(["Speak", "(beep)"]));
    assert_eq!((&called["call"]["recording"], &called["call"]["recordings"]), (&json!(true), &json!([])));
    scene
}

#[tokio::test]
async fn a_key_ends_the_tape() {
    let scene = at_the_beep().await;
    let (code, spoken) =
        scene.hands(DANA, "speak", json!({"text": "The lamp is broken.", "seconds": 7})).await;
    assert_eq!((code, &spoken["call"]["recording"]), (200, &json!(true)));
    scene.hands(DANA, "speak", json!({"text": "Call me.", "seconds": 2})).await;
    // Other keys are only a noise.
    scene.hands(DANA, "keys", json!({"digits": "5"})).await;
    assert_eq!(scene.phone(DANA)["call"]["recording"], true);
    let (_, over) = scene.hands(DANA, "keys", json!({"digits": "#"})).await;
    assert_eq!(over["call"]["heard"], json!(["Speak", "(beep)", "Thank you"]));
    assert_eq!((&over["call"]["recording"], &over["call"]["status"]), (&json!(false), &json!("completed")));

    let asked = scene.told("/twilio/voice/left").pop().unwrap_or_default();
    let (sid, url) = (field(&asked, "RecordingSid"), field(&asked, "RecordingUrl"));
    assert!(sid.starts_with("RE") && sid.len() == 34);
    assert_eq!((field(&asked, "RecordingDuration"), field(&asked, "Digits")), ("9".into(), "#".into()));
    assert_eq!((field(&asked, "CallStatus"), field(&asked, "From")), ("in-progress".into(), DANA.into()));
    scene.until("told", || scene.told("/twilio/tape").len() == 2).await;
    assert_eq!(scene.told_of("/twilio/tape", "RecordingStatus"), ["in-progress", "completed"]);
    let told = scene.told("/twilio/tape").pop().unwrap_or_default();
    for (name, value) in [
        ("RecordingSid", sid.as_str()),
        ("RecordingUrl", &url),
        ("RecordingDuration", "9"),
        ("CallSid", &field(&asked, "CallSid")),
        ("AccountSid", &account()),
    ] {
        assert_eq!(field(&told, name), value, "{name}");
    }

    let shown = &scene.phone(DANA)["calls"][0]["recordings"][0];
    assert_eq!((&shown["seconds"], &shown["said"]), (&json!(9), &json!(["The lamp is broken.", "Call me."])));
    let (status, kind, audio) =
        scene.bytes(&format!("{}{}", scene.origin, shown["url"].as_str().expect("a URL"))).await;
    assert_eq!((status, kind.as_str(), audio.len()), (200, "audio/x-wav", 44 + 9 * 8000));

    assert_eq!(scene.http.get(&url).send().await.expect("an answer").status(), 401);
    for (ending, kind) in [("", "audio/x-wav"), (".wav", "audio/x-wav"), (".mp3", "audio/mpeg")] {
        assert_eq!(
            scene.bytes(&format!("{url}{ending}")).await,
            (200, kind.to_owned(), audio.clone()),
            "{ending}"
        );
    }
    assert_eq!(scene.bytes(&format!("{url}.ogg")).await.0, 404);
    let path = format!("Recordings/{sid}.json");
    let (_, about) = scene.get(&path).await;
    assert_eq!(
        (&about["duration"], &about["status"], &about["source"]),
        (&json!("9"), &json!("completed"), &json!("RecordVerb"))
    );
    let (_, list) = scene.get(&format!("Recordings.json?CallSid={}", field(&asked, "CallSid"))).await;
    assert_eq!(list["recordings"][0]["sid"], json!(sid));
    scene.trouble("502-before");
    assert_eq!(scene.bytes(&url).await.0, 502);
    scene.stage.troubles.clear();
    assert_eq!(scene.delete(&path).await, 204);
    assert_eq!(
        (scene.bytes(&url).await.0, scene.get(&path).await.0, scene.delete(&path).await),
        (404, 404, 404)
    );
    assert_eq!(scene.phone(DANA)["calls"][0]["recordings"][0]["url"], Value::Null);
}

#[tokio::test]
async fn who_hangs_up_has_still_said_it() {
    let scene = at_the_beep().await;
    scene.hands(DANA, "speak", json!({"text": "The lamp.", "seconds": 3})).await;
    let (_, over) = scene.hands(DANA, "hangup", json!({})).await;
    assert_eq!(over["call"]["recordings"][0]["seconds"], 3);
    let asked = scene.told("/twilio/voice/left").pop().unwrap_or_default();
    assert_eq!((field(&asked, "Digits"), field(&asked, "CallStatus")), ("hangup".into(), "completed".into()));
    assert_eq!(field(&asked, "RecordingDuration"), "3");
    assert_eq!(
        scene.phone(DANA)["calls"][0]["heard"],
        json!(["Speak", "(beep)"]),
        "nobody is there to be thanked"
    );
    scene
        .until("told", || {
            scene.told("/twilio/tape").len() == 2 && scene.told("/twilio/voice/status").len() == 1
        })
        .await;
    assert_eq!(scene.hands(DANA, "speak", json!({"text": "x"})).await.0, 409);
}

#[tokio::test]
async fn silence_and_the_longest_time_end_the_tape() {
    let scene = at_the_beep().await;
    scene.hands(DANA, "speak", json!({"text": "The lamp.", "seconds": 4})).await;
    scene.stage.clock.advance(SignedDuration::from_secs(11));
    scene.until("the end", || scene.phone(DANA)["call"].is_null()).await;
    let asked = scene.told("/twilio/voice/left").pop().unwrap_or_default();
    assert_eq!((field(&asked, "RecordingDuration"), field(&asked, "Digits")), ("4".into(), String::new()));

    scene.hands(DANA, "call", json!({"to": OURS})).await;
    let (_, over) = scene.hands(DANA, "speak", json!({"text": "And so on.", "seconds": 90})).await;
    assert_eq!(over["call"]["heard"], json!(["Speak", "(beep)", "Thank you"]));
    assert_eq!(scene.told_of("/twilio/voice/left", "RecordingDuration"), ["4", "60"]);
    assert_eq!(scene.hands(DANA, "speak", json!({"text": "x", "seconds": 0})).await.0, 400);
}

#[tokio::test]
async fn an_empty_tape_is_none() {
    let scene = at_the_beep().await;
    scene.stage.clock.advance(SignedDuration::from_secs(11));
    scene.until("the end", || scene.phone(DANA)["call"].is_null()).await;
    assert_eq!(scene.phone(DANA)["calls"][0]["heard"], json!(["Speak", "(beep)", "Nothing heard"]));
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    scene.hands(DANA, "hangup", json!({})).await;
    scene.until("told", || scene.told("/twilio/tape").len() == 4).await;
    assert_eq!(
        scene.told_of("/twilio/tape", "RecordingStatus"),
        ["in-progress", "absent", "in-progress", "absent"]
    );
    assert_eq!(scene.told("/twilio/voice/left").len(), 0);
    assert_eq!(scene.get("Recordings.json").await.1["recordings"], json!([]));
}

#[tokio::test]
async fn a_call_that_is_led_elsewhere_keeps_its_tape() {
    let scene = at_the_beep().await;
    scene.hands(DANA, "speak", json!({"text": "The lamp."})).await;
    let sid = scene.phone(DANA)["call"]["sid"].as_str().expect("a sid").to_owned();
    let twiml = "<Response><Record playBeep=\"false\"/></Response>";
    scene.post(&format!("Calls/{sid}.json"), &[("Twiml", twiml)]).await;
    scene.until("the next tape", || scene.phone(DANA)["call"]["recording"] == true).await;
    assert_eq!(scene.phone(DANA)["call"]["recordings"][0]["said"], json!(["The lamp."]));
    assert_eq!(scene.told("/twilio/voice/left").len(), 0);
    // An inline document has no URL to return to; any key ends this recording.
    scene.hands(DANA, "speak", json!({"text": "And the door."})).await;
    let (_, over) = scene.hands(DANA, "keys", json!({"digits": "7"})).await;
    assert_eq!(
        (&over["call"]["status"], &over["call"]["recordings"][1]["seconds"]),
        (&json!("completed"), &json!(3))
    );
}
