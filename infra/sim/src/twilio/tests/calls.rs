//! Tests of calls in both directions, with speech and keys.

use super::*;

#[tokio::test]
async fn a_call_is_answered_and_a_key_pressed() {
    let scene = scene().await;
    scene.says(
        "/twilio/voice",
        "<Response><Gather numDigits=\"1\" timeout=\"60\" action=\"/twilio/voice/key?i=1&amp;s=2\"><Say>Fire. Press 1.</Say></Gather><Say>Bye</Say></Response>",
    );
    scene.says("/twilio/voice/key", "<Response><Say>Thank you</Say><Hangup/></Response>");
    let events =
        ["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event));
    let sid = scene.call(&events).await;
    let (code, answered) = scene.hands(DANA, "answer", json!({})).await;
    assert_eq!(code, 200, "{answered}");
    assert_eq!(answered["call"]["heard"], json!(["Fire. Press 1."]));
    assert_eq!(scene.phone(DANA)["call"]["gather"], true);
    let asked = scene.told("/twilio/voice").pop().unwrap_or_default();
    assert_eq!(
        (field(&asked, "CallStatus"), field(&asked, "Direction")),
        ("in-progress".into(), "outbound-api".into())
    );
    assert_eq!(field(&asked, "CallSid"), sid);
    scene.stage.clock.advance(SignedDuration::from_secs(9));
    let (_, pressed) = scene.hands(DANA, "keys", json!({"digits": "1"})).await;
    assert_eq!(pressed["call"]["heard"], json!(["Fire. Press 1.", "Thank you"]));
    assert_eq!(pressed["call"]["status"], "completed");
    assert_eq!(scene.told_of("/twilio/voice/key", "Digits"), ["1"]);
    scene.until("told", || scene.told("/twilio/voice/status").len() == 4).await;
    let told = scene.told("/twilio/voice/status");
    assert_eq!(
        scene.told_of("/twilio/voice/status", "CallStatus"),
        ["initiated", "ringing", "in-progress", "completed"]
    );
    assert_eq!(scene.told_of("/twilio/voice/status", "SequenceNumber"), ["0", "1", "2", "3"]);
    assert!(told.iter().all(|fields| field(fields, "CallbackSource") == "call-progress-events"));
    let seconds: i64 = field(&told[3], "CallDuration").parse().expect("seconds");
    assert!((9..20).contains(&seconds), "{seconds}");
    assert_eq!(scene.phone(DANA)["call"], Value::Null);
    let (_, call) = scene.get(&format!("Calls/{sid}.json")).await;
    assert_eq!((&call["status"], &call["duration"]), (&json!("completed"), &json!(seconds.to_string())));
    assert_eq!(scene.hands(DANA, "keys", json!({"digits": "1"})).await.0, 409);
}

#[tokio::test]
async fn nobody_presses() {
    let scene = scene().await;
    scene.says(
        "/twilio/voice",
        "<Response><Gather numDigits=\"2\" timeout=\"30\"><Say>Menu</Say></Gather><Say>Nothing</Say><Redirect>voice/again?n=1</Redirect></Response>",
    );
    scene.says("/twilio/voice/again", "<Response><Pause length=\"3\"/><Say loop=\"2\">Bye</Say></Response>");
    scene.call(&[]).await;
    scene.hands(DANA, "answer", json!({})).await;
    // The key that ends the input is no input by itself.
    assert_eq!(scene.hands(DANA, "keys", json!({"digits": "#"})).await.0, 200);
    scene.until("the end", || scene.phone(DANA)["calls"][0]["status"] == "completed").await;
    assert_eq!(scene.phone(DANA)["calls"][0]["heard"], json!(["Menu", "Nothing", "Bye", "Bye"]));

    scene.call(&[]).await;
    scene.hands(DANA, "answer", json!({})).await;
    // The first key of two doesn't end the input, and restarts the time-out.
    scene.hands(DANA, "keys", json!({"digits": "7"})).await;
    assert_eq!(scene.phone(DANA)["call"]["gather"], true);
    scene.says("/twilio/voice", "<Response><Say>Seven</Say></Response>");
    scene.stage.clock.advance(SignedDuration::from_secs(31));
    scene.until("the end", || scene.phone(DANA)["calls"][1]["status"] == "completed").await;
    // Without an action, the keys go to the document's own URL.
    assert_eq!(scene.told_of("/twilio/voice", "Digits").last().map(String::as_str), Some("7"));
    assert_eq!(scene.phone(DANA)["calls"][1]["heard"], json!(["Menu", "Seven"]));
}

#[tokio::test]
async fn calls_that_nobody_answers() {
    let scene = scene().await;
    let ends = |number: usize, status: &'static str| {
        let scene = &scene;
        async move {
            scene.until(status, || scene.phone(DANA)["calls"][number]["status"] == status).await;
            scene.until("told", || scene.told("/twilio/voice/status").len() == number + 1).await;
            assert_eq!(
                scene.told_of("/twilio/voice/status", "CallStatus").last().map(String::as_str),
                Some(status)
            );
        }
    };
    scene.behave(DANA, json!({"behaviour": "busy"})).await;
    scene.call(&[]).await;
    ends(0, "busy").await;
    scene.behave(DANA, json!({"behaviour": "no-answer"})).await;
    scene.call(&[]).await;
    ends(1, "no-answer").await;
    scene.behave(DANA, json!({"behaviour": "ok"})).await;
    let ringing = || scene.phone(DANA)["call"]["status"] == "ringing";
    scene.call(&[("Timeout", "15")]).await;
    scene.until("ringing", ringing).await;
    scene.stage.clock.advance(SignedDuration::from_secs(16));
    ends(2, "no-answer").await;
    let sid = scene.call(&[]).await;
    scene.until("ringing", ringing).await;
    let path = format!("Calls/{sid}.json");
    assert_eq!(scene.post(&path, &[("Twiml", "<Response/>")]).await.1["code"], 21220);
    assert_eq!(scene.post(&path, &[("Status", "canceled")]).await.1["status"], "canceled");
    ends(3, "canceled").await;
    assert_eq!(scene.post(&path, &[("Status", "completed")]).await.1["code"], 21220);
    scene.call(&[]).await;
    scene.until("ringing", ringing).await;
    scene.hands(DANA, "hangup", json!({})).await;
    ends(4, "busy").await;
    assert_eq!(scene.hands(DANA, "answer", json!({})).await.0, 409);
    let (_, list) = scene.get("Calls.json?Status=busy&To=%2B12025550111").await;
    assert_eq!(list["calls"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_call_is_changed_from_outside() {
    let scene = scene().await;
    scene.says("/twilio/voice", "<Response><Gather timeout=\"600\"><Say>First</Say></Gather></Response>");
    let sid = scene.call(&[]).await;
    scene.hands(DANA, "answer", json!({})).await;
    let path = format!("Calls/{sid}.json");
    let (code, _) = scene
        .post(&path, &[("Twiml", "<Response><Gather timeout=\"600\"><Say>Second</Say></Gather></Response>")])
        .await;
    assert_eq!(code, 200);
    scene.until("second", || scene.phone(DANA)["call"]["heard"] == json!(["First", "Second"])).await;
    assert_eq!(scene.post(&path, &[("Status", "completed")]).await.1["status"], "completed");
    assert_eq!(scene.phone(DANA)["call"], Value::Null);
    let deleted = scene.http.delete(scene.url(&path)).basic_auth(account(), Some(TOKEN));
    assert_eq!(read(deleted).await.0, 204);
}

#[tokio::test]
async fn bad_answers_to_a_call() {
    let scene = scene().await;
    let sorry = json!(["We are sorry, an application error has occurred. Goodbye."]);
    for (number, (status, kind, body, error)) in [
        (500, "text/xml", "", 11200),
        (200, "text/xml", "<Response>", 12100),
        (200, "application/json", "{}", 12300),
    ]
    .into_iter()
    .enumerate()
    {
        scene.answers("/twilio/voice", status, kind, body);
        scene.call(&[]).await;
        let (_, answered) = scene.hands(DANA, "answer", json!({})).await;
        assert_eq!(
            (&answered["call"]["heard"], &answered["call"]["error_code"]),
            (&sorry, &json!(error)),
            "{number}"
        );
        assert_eq!(answered["call"]["status"], "completed");
    }
    scene.says("/twilio/back", "<Response><Say>Plan B</Say></Response>");
    scene.call(&[("FallbackUrl", &format!("{}/twilio/back", scene.origin))]).await;
    assert_eq!(scene.hands(DANA, "answer", json!({})).await.1["call"]["heard"], json!(["Plan B"]));
    assert_eq!(scene.told_of("/twilio/back", "ErrorCode"), ["12300"]);
    // A document that refers to itself ends.
    scene.says("/twilio/voice", "<Response><Say>x</Say><Redirect/></Response>");
    scene.call(&[]).await;
    assert_eq!(scene.hands(DANA, "answer", json!({})).await.1["call"]["status"], "completed");
    scene.call(&[("Url", ""), ("Twiml", "<Response><Say>Inline</Say><Fly/></Response>")]).await;
    let (_, inline) = scene.hands(DANA, "answer", json!({})).await;
    assert_eq!(
        (&inline["call"]["heard"], &inline["call"]["error_code"]),
        (&json!(["Inline"]), &json!(12200))
    );
}

#[tokio::test]
async fn a_person_calls() {
    let scene = scene().await;
    scene.says("/twilio/voice", "<Response><Gather numDigits=\"1\" timeout=\"60\" action=\"/twilio/voice/key\"><Say>Press</Say></Gather></Response>");
    let (code, called) = scene.hands(DANA, "call", json!({"to": OURS})).await;
    assert_eq!((code, &called["call"]["status"]), (200, &json!("in-progress")));
    let asked = scene.told("/twilio/voice").pop().unwrap_or_default();
    assert_eq!(
        (field(&asked, "CallStatus"), field(&asked, "Direction")),
        ("ringing".into(), "inbound".into())
    );
    assert_eq!(field(&asked, "From"), DANA);
    assert_eq!(scene.hands(DANA, "call", json!({"to": OURS})).await.0, 409);
    assert_eq!(scene.hands(DANA, "hangup", json!({})).await.1["call"]["status"], "completed");
    scene.says("/twilio/voice", "<Response><Reject reason=\"busy\"/></Response>");
    assert_eq!(scene.hands(DANA, "call", json!({"to": OURS})).await.1["call"]["status"], "busy");
    assert_eq!(scene.hands(DANA, "call", json!({"to": ELI})).await.0, 404);
}

#[tokio::test]
async fn a_caller_is_connected() {
    let scene = scene().await;
    scene.says("/twilio/voice", "<Response><Dial action=\"/twilio/after\" timeout=\"20\"><Number>+12025550112</Number></Dial></Response>");
    scene.says("/twilio/after", "<Response><Say>They left</Say></Response>");
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    assert_eq!(scene.hands(ELI, "answer", json!({})).await.0, 200);
    assert_eq!(scene.phone(DANA)["call"]["heard"], json!(["(connected)"]));
    scene.hands(ELI, "hangup", json!({})).await;
    scene.until("the end", || scene.phone(DANA)["calls"][0]["status"] == "completed").await;
    assert_eq!(scene.phone(DANA)["calls"][0]["heard"], json!(["(connected)", "They left"]));
    assert_eq!(scene.told_of("/twilio/after", "DialCallStatus"), ["completed"]);

    scene.behave(ELI, json!({"behaviour": "busy"})).await;
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    scene.until("the end", || scene.phone(DANA)["calls"][1]["status"] == "completed").await;
    assert_eq!(scene.told_of("/twilio/after", "DialCallStatus"), ["completed", "busy"]);

    scene.behave(ELI, json!({"behaviour": "ok"})).await;
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    scene.until("ringing", || scene.phone(ELI)["call"]["status"] == "ringing").await;
    scene.hands(DANA, "hangup", json!({})).await;
    assert_eq!(scene.phone(ELI)["calls"][2]["status"], "canceled");
    assert_eq!(scene.told_of("/twilio/after", "DialCallStatus"), ["completed", "busy", "canceled"]);
}

#[tokio::test]
async fn a_caller_hangs_up_on_somebody() {
    let scene = scene().await;
    scene.says(
        "/twilio/voice",
        "<Response><Dial action=\"/twilio/after?n=1\"><Number>+12025550112</Number></Dial></Response>",
    );
    scene.says("/twilio/after", "<Response><Say>Nobody hears this</Say></Response>");
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    scene.until("ringing", || scene.phone(ELI)["call"]["status"] == "ringing").await;
    assert_eq!(scene.phone(ELI)["call"]["from"], DANA, "who calls is shown");
    scene.hands(ELI, "answer", json!({})).await;
    scene.hands(DANA, "speak", json!({"text": "Hello?"})).await;
    scene.hands(ELI, "speak", json!({"text": "Yes?", "seconds": 1})).await;
    assert_eq!(scene.phone(ELI)["call"]["heard"], json!(["(connected)", "Hello?"]));
    assert_eq!(scene.phone(DANA)["call"]["heard"], json!(["(connected)", "Yes?"]));
    scene.stage.clock.advance(SignedDuration::from_secs(40));
    scene.hands(DANA, "hangup", json!({})).await;
    assert_eq!(scene.phone(ELI)["calls"][0]["status"], "completed", "both legs end together");
    let told = scene.told("/twilio/after").pop().unwrap_or_default();
    assert_eq!(
        (field(&told, "DialCallStatus"), field(&told, "CallStatus"), field(&told, "Direction")),
        ("completed".into(), "completed".into(), "inbound".into())
    );
    let seconds: u64 = field(&told, "DialCallDuration").parse().expect("seconds");
    assert!((40..60).contains(&seconds), "{seconds}");
    let (_, child) = scene.get(&format!("Calls/{}.json", field(&told, "DialCallSid"))).await;
    assert_eq!((&child["to"], &child["direction"]), (&json!(ELI), &json!("outbound-dial")));
    assert_eq!(scene.phone(DANA)["calls"][0]["heard"], json!(["(connected)", "Yes?"]));

    scene.says("/twilio/voice", "<Response><Dial callerId=\"+12025550100\" timeout=\"10\" action=\"/twilio/after\">+12025550112</Dial></Response>");
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    scene.until("ringing", || scene.phone(ELI)["call"]["status"] == "ringing").await;
    assert_eq!(scene.phone(ELI)["call"]["from"], OURS);
    scene.stage.clock.advance(SignedDuration::from_secs(11));
    scene.until("the end", || scene.phone(DANA)["call"].is_null()).await;
    assert_eq!(scene.told_of("/twilio/after", "DialCallStatus"), ["completed", "no-answer"]);
    assert_eq!(
        scene.phone(DANA)["calls"][1]["heard"],
        json!(["Nobody hears this"]),
        "this time somebody does"
    );

    scene.says("/twilio/voice", "<Response><Dial action=\"/twilio/after\">Eli</Dial></Response>");
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    scene.until("told", || scene.told_of("/twilio/after", "DialCallStatus").len() == 3).await;
    assert_eq!(scene.told_of("/twilio/after", "DialCallStatus").pop().as_deref(), Some("failed"));
}

#[tokio::test]
async fn what_became_of_a_persons_call_is_told() {
    let scene = scene().await;
    let told = |count: usize| {
        let scene = &scene;
        async move {
            scene.until("told", || scene.told("/twilio/voice/status").len() == count).await;
            scene.told("/twilio/voice/status").pop().unwrap_or_default()
        }
    };
    scene.says("/twilio/voice", "<Response><Gather timeout=\"600\"/></Response>");
    let (_, called) = scene.hands(DANA, "call", json!({"to": OURS})).await;
    scene.stage.clock.advance(SignedDuration::from_secs(70));
    scene.hands(DANA, "hangup", json!({})).await;
    let fields = told(1).await;
    for (name, value) in [
        ("CallSid", called["call"]["sid"].as_str().expect("a sid")),
        ("AccountSid", &account()),
        ("CallStatus", "completed"),
        ("Direction", "inbound"),
        ("From", DANA),
        ("To", OURS),
        ("SequenceNumber", "0"),
        ("CallbackSource", "call-progress-events"),
        ("Duration", "2"),
    ] {
        assert_eq!(field(&fields, name), value, "{name}");
    }
    let seconds: u64 = field(&fields, "CallDuration").parse().expect("seconds");
    assert!((70..90).contains(&seconds), "{seconds}");
    for (number, (twiml, status)) in [
        ("<Response><Reject reason=\"busy\"/></Response>", "busy"),
        ("<Response><Reject/></Response>", "no-answer"),
        ("<Response><Say>Bye</Say></Response>", "completed"),
    ]
    .into_iter()
    .enumerate()
    {
        scene.says("/twilio/voice", twiml);
        scene.hands(DANA, "call", json!({"to": OURS})).await;
        assert_eq!(field(&told(number + 2).await, "CallStatus"), status);
    }
    // Without a URL, there is no callback.
    let (_, list) = scene.get("IncomingPhoneNumbers.json").await;
    let path = format!(
        "IncomingPhoneNumbers/{}.json",
        list["incoming_phone_numbers"][0]["sid"].as_str().expect("a sid")
    );
    scene.post(&path, &[("StatusCallback", "")]).await;
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    scene.until("the queue", || scene.twilio.lock().outbox.is_empty()).await;
    assert_eq!(scene.told("/twilio/voice/status").len(), 4);
}
