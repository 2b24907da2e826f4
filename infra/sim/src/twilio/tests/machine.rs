//! Tests of answering machine detection: a machine, a person or nobody answers.

use super::*;

const SAYS: &str = "<Response><Gather numDigits=\"1\" timeout=\"20\" action=\"/twilio/voice/key\"><Say>Fire. Press 1.</Say></Gather><Say>Goodbye</Say></Response>";

impl Scene {
    async fn answered(&self, who: &str) {
        self.behave(DANA, json!({ "answers": who })).await;
        assert_eq!(self.phone(DANA)["answers"], who);
    }

    /// Makes a call with detection in the background.
    async fn listening(&self, more: &[(&str, &str)]) -> String {
        let hook = format!("{}/twilio/voice/amd", self.origin);
        let mut form =
            vec![("MachineDetection", "Enable"), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", &hook)];
        form.extend(more);
        self.call(&form).await
    }

    async fn end_of(&self, number: usize) -> Value {
        self.until("the end", || {
            let status = self.phone(DANA)["calls"][number]["status"].clone();
            !["queued", "ringing", "in-progress"].iter().any(|live| status == *live) && !status.is_null()
        })
        .await;
        self.until("told of the end", || self.told("/twilio/voice/status").len() > number).await;
        self.phone(DANA)["calls"][number].clone()
    }
}

#[tokio::test]
async fn a_machine_hears_everything_and_presses_nothing() {
    let scene = scene().await;
    scene.says("/twilio/voice", SAYS);
    scene.answered("machine").await;
    let sid = scene.listening(&[("MachineDetectionTimeout", "10")]).await;
    scene.until("the menu", || scene.phone(DANA)["call"]["heard"] == json!(["Fire. Press 1."])).await;
    scene.until("told", || scene.told("/twilio/voice/amd").len() == 1).await;
    let told = scene.told("/twilio/voice/amd").remove(0);
    let names: Vec<_> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["AccountSid", "AnsweredBy", "CallSid", "MachineDetectionDuration"]);
    assert_eq!(
        (field(&told, "AnsweredBy"), field(&told, "CallSid"), field(&told, "AccountSid")),
        ("machine_start".into(), sid.clone(), account())
    );
    // The document was fetched at once, before the result.
    assert_eq!(field(&scene.told("/twilio/voice")[0], "AnsweredBy"), "");
    assert_eq!(scene.phone(DANA)["call"]["answered_by"], "machine");
    // The time-out for a key begins after the prompt.
    scene
        .until("the end", || {
            scene.stage.clock.advance(SignedDuration::from_secs(5));
            scene.phone(DANA)["call"].is_null()
        })
        .await;
    let call = scene.end_of(0).await;
    assert_eq!(
        (&call["status"], &call["heard"]),
        (&json!("completed"), &json!(["Fire. Press 1.", "Goodbye"]))
    );
    assert_eq!(scene.told_of("/twilio/voice/status", "AnsweredBy"), ["machine_start"]);
    assert!(scene.told("/twilio/voice/key").is_empty());
    let (_, resource) = scene.get(&format!("Calls/{sid}.json")).await;
    assert_eq!(
        (&resource["status"], &resource["answered_by"]),
        (&json!("completed"), &json!("machine_start"))
    );
    assert_eq!(scene.told("/twilio/voice/amd").len(), 1, "told once");
}

#[tokio::test]
async fn a_short_call_to_a_machine_ends_with_the_verdict_all_the_same() {
    let scene = scene().await;
    scene.says("/twilio/voice", "<Response/>");
    scene.answered("machine").await;
    scene.listening(&[]).await;
    scene.end_of(0).await;
    assert_eq!(scene.told_of("/twilio/voice/status", "AnsweredBy"), ["machine_start"]);
    let hook = format!("{}/twilio/voice/amd", scene.origin);
    let form = [
        ("MachineDetection", "DetectMessageEnd"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", hook.as_str()),
        ("AsyncAmdStatusCallbackMethod", "GET"),
    ];
    scene.call(&form).await;
    scene.until("told", || scene.told("/twilio/voice/amd").len() == 2).await;
    assert_eq!(scene.told_of("/twilio/voice/amd", "AnsweredBy"), ["machine_start", "machine_end_beep"]);
    // An exchange is logged once its answer is there, a moment after the receiver has counted it.
    let logged = || scene.stage.wire.entries().into_iter().find(|entry| entry.url.contains("/amd?"));
    scene.until("the GET in the log", || logged().is_some()).await;
    let got = logged().expect("awaited above");
    assert_eq!((got.method.as_str(), got.verdict.as_str(), got.status), ("GET", "signed", 200));
}

#[tokio::test]
async fn who_picks_up_by_hand_is_human() {
    let scene = scene().await;
    scene.says("/twilio/voice", SAYS);
    for (number, who) in ["person", "ok"].into_iter().enumerate() {
        match who {
            "ok" => scene.behave(DANA, json!({"behaviour": "ok"})).await,
            who => scene.answered(who).await,
        }
        assert_eq!(scene.phone(DANA)["answers"], "person");
        scene.listening(&[]).await;
        let (code, answered) = scene.hands(DANA, "answer", json!({})).await;
        assert_eq!((code, &answered["call"]["answered_by"]), (200, &json!("person")));
        scene.until("told", || scene.told("/twilio/voice/amd").len() == number + 1).await;
        scene.hands(DANA, "keys", json!({"digits": "1"})).await;
        assert_eq!(scene.end_of(number).await["status"], "completed");
    }
    assert_eq!(scene.told_of("/twilio/voice/amd", "AnsweredBy"), ["human", "human"]);
    assert_eq!(scene.told_of("/twilio/voice/status", "AnsweredBy"), ["human", "human"]);
    // By then the result is known.
    assert_eq!(scene.told_of("/twilio/voice/key", "AnsweredBy"), ["human", "human"]);
    // Without a request for detection, there is no result.
    scene.call(&[]).await;
    scene.hands(DANA, "answer", json!({})).await;
    scene.hands(DANA, "hangup", json!({})).await;
    scene.end_of(2).await;
    assert_eq!(scene.told("/twilio/voice/amd").len(), 2);
    assert_eq!(scene.told_of("/twilio/voice/status", "AnsweredBy").pop().as_deref(), Some(""));
}

#[tokio::test]
async fn a_person_is_faster_than_the_machine() {
    let scene = scene_at(Duration::from_millis(300)).await;
    scene.says("/twilio/voice", SAYS);
    scene.answered("machine").await;
    scene.listening(&[]).await;
    let (code, answered) = scene.hands(DANA, "answer", json!({})).await;
    assert_eq!((code, &answered["call"]["answered_by"]), (200, &json!("person")));
    scene.until("told", || scene.told("/twilio/voice/amd").len() == 1).await;
    assert_eq!(scene.told_of("/twilio/voice/amd", "AnsweredBy"), ["human"]);
    assert_eq!(scene.told_of("/twilio/voice/amd", "MachineDetectionDuration"), ["300"]);
    assert_eq!(scene.told("/twilio/voice").len(), 1, "the document is read once");
}

#[tokio::test]
async fn detection_in_the_foreground_is_told_with_the_first_request() {
    let scene = scene().await;
    scene.says("/twilio/voice", "<Response><Say>Hello</Say></Response>");
    scene.answered("machine").await;
    let hook = format!("{}/twilio/voice/amd", scene.origin);
    scene.call(&[("MachineDetection", "Enable"), ("AsyncAmdStatusCallback", &hook)]).await;
    scene.end_of(0).await;
    scene.call(&[("MachineDetection", "DetectMessageEnd")]).await;
    scene.end_of(1).await;
    // With `SendDigits`, Twilio doesn't listen.
    scene.call(&[("MachineDetection", "Enable"), ("SendDigits", "ww1")]).await;
    scene.end_of(2).await;
    assert_eq!(scene.told_of("/twilio/voice", "AnsweredBy"), ["machine_start", "machine_end_beep", ""]);
    assert!(scene.told("/twilio/voice/amd").is_empty());
}

#[tokio::test]
async fn nobody_busy_and_unreachable() {
    let scene = scene().await;
    scene.answered("nobody").await;
    scene.listening(&[("Timeout", "25")]).await;
    scene.until("ringing", || scene.phone(DANA)["call"]["status"] == "ringing").await;
    let (code, why) = scene.hands(DANA, "answer", json!({})).await;
    assert_eq!(
        (code, why["error"].as_str().map(|why| why.starts_with("nobody is at the phone"))),
        (409, Some(true))
    );
    scene.stage.clock.advance(SignedDuration::from_secs(20));
    assert_eq!(scene.phone(DANA)["call"]["status"], "ringing", "not before its time");
    scene.stage.clock.advance(SignedDuration::from_secs(6));
    assert_eq!(scene.end_of(0).await["status"], "no-answer");
    scene.answered("busy").await;
    scene.listening(&[]).await;
    assert_eq!(scene.end_of(1).await["status"], "busy");
    scene.answered("unreachable").await;
    scene.listening(&[]).await;
    let call = scene.end_of(2).await;
    assert_eq!((&call["status"], &call["answered_by"]), (&json!("failed"), &Value::Null));
    let (_, text) = scene.text(&[]).await;
    let path = format!("Messages/{}.json", text["sid"].as_str().expect("a sid"));
    scene.until("undelivered", || scene.phone(DANA)["texts"][0]["status"] == "undelivered").await;
    let (_, text) = scene.get(&path).await;
    assert_eq!((&text["status"], &text["error_code"]), (&json!("undelivered"), &json!(30003)));
    assert_eq!(scene.told_of("/twilio/voice/status", "CallStatus"), ["no-answer", "busy", "failed"]);
    assert_eq!(scene.told_of("/twilio/voice/status", "AnsweredBy"), ["", "", ""]);
    assert!(scene.told("/twilio/voice/amd").is_empty() && scene.told("/twilio/voice").is_empty());

    for who in ["machine", "nobody", "person", "busy"] {
        scene.answered(who).await;
        scene.text(&[]).await;
    }
    scene
        .until("delivered", || {
            let texts = scene.phone(DANA)["texts"].clone();
            (1..5).all(|number| texts[number]["status"] == "delivered")
        })
        .await;
}

#[tokio::test]
async fn a_call_to_a_machine_is_ended_from_outside() {
    let scene = scene().await;
    scene.says("/twilio/voice", SAYS);
    scene.answered("machine").await;
    let sid = scene.listening(&[]).await;
    scene.until("the gather", || scene.phone(DANA)["call"]["gather"] == true).await;
    let path = format!("Calls/{sid}.json");
    assert_eq!(
        scene.post(&path, &[("Status", "canceled")]).await.1["code"],
        21220,
        "it isn't ringing any more"
    );
    let (code, call) = scene.post(&path, &[("Status", "completed")]).await;
    assert_eq!(
        (code, &call["status"], &call["answered_by"]),
        (200, &json!("completed"), &json!("machine_start"))
    );
    assert_eq!(scene.end_of(0).await["heard"], json!(["Fire. Press 1."]));
}

#[tokio::test]
async fn a_forwarded_call_ends_at_a_machine() {
    let scene = scene().await;
    scene.says(
        "/twilio/voice",
        "<Response><Dial timeout=\"20\" action=\"/twilio/after\">+12025550112</Dial></Response>",
    );
    scene.behave(ELI, json!({"answers": "machine"})).await;
    scene.hands(DANA, "call", json!({"to": OURS})).await;
    scene.until("connected", || scene.phone(ELI)["call"]["heard"] == json!(["(connected)"])).await;
    assert_eq!(scene.phone(ELI)["call"]["answered_by"], "machine");
    scene.hands(DANA, "hangup", json!({})).await;
    scene.until("told", || scene.told_of("/twilio/after", "DialCallStatus") == ["completed"]).await;
}

#[tokio::test]
async fn what_makes_no_detection_is_refused() {
    let scene = scene().await;
    for (name, value, code) in [
        ("MachineDetection", "true", 21234),
        ("MachineDetectionTimeout", "2", 21263),
        ("MachineDetectionTimeout", "60", 21263),
        ("MachineDetectionTimeout", "soon", 21263),
        ("MachineDetectionSilenceTimeout", "1", 21263),
        ("AsyncAmd", "yes", 21263),
        ("AsyncAmdStatusCallback", "/twilio/voice/amd", 21263),
        ("AsyncAmdStatusCallbackMethod", "PUT", 21263),
    ] {
        let form = [("To", DANA), ("From", OURS), ("Twiml", "<Response/>"), (name, value)];
        let (status, error) = scene.post("Calls.json", &form).await;
        assert_eq!((status, &error["code"]), (400, &json!(code)), "{name}={value}");
    }
    assert_eq!(scene.phone(DANA), Value::Null, "nothing was dialled");
    for told in [json!({}), json!({"answers": "machine", "behaviour": "ok"})] {
        let url = format!("{}/sim/phones/{DANA}", scene.origin);
        let (status, why) = read(scene.http.put(url).json(&told)).await;
        assert_eq!((status, why["error"].is_string()), (400, true), "{told}");
    }
    let url = format!("{}/sim/phones/{DANA}", scene.origin);
    assert_eq!(read(scene.http.put(url).json(&json!({"answers": "dog"}))).await.0, 422);
    assert_eq!(scene.phone(DANA), Value::Null, "and no phone changed");
}
