//! Tests of failures between Twilio and Handbell.

use super::*;

#[tokio::test]
async fn troubles_before_and_after() {
    let scene = scene().await;
    let texts = || scene.phone(DANA)["texts"].as_array().map_or(0, Vec::len);
    for (kind, status, done) in
        [("502-before", 502, 0), ("429", 429, 0), ("html", 200, 0), ("502-after", 502, 1)]
    {
        scene.trouble(kind);
        assert_eq!(scene.text(&[]).await.0, status, "{kind}");
        assert_eq!(texts(), done, "{kind}");
        scene.stage.troubles.clear();
    }
    scene.trouble("reset");
    let send = || {
        let form = [("To", DANA), ("From", OURS), ("Body", "x")];
        scene.http.post(scene.url("Messages.json")).basic_auth(account(), Some(TOKEN)).form(&form)
    };
    assert!(send().send().await.is_err(), "the connection breaks before any answer");
    assert_eq!(texts(), 2);
    scene.stage.troubles.clear();
    scene.trouble("timeout");
    let late = send().timeout(Duration::from_millis(300)).send().await;
    assert!(late.is_err_and(|error| error.is_timeout()));
    assert_eq!(texts(), 3);
    let lost =
        scene.stage.wire.entries().into_iter().filter(|entry| entry.from == "handbell" && entry.status == 0);
    assert_eq!(lost.count(), 2);
}

#[tokio::test]
async fn troubles_of_callbacks() {
    let scene = scene().await;
    let status = format!("{}/twilio/sms/status", scene.origin);
    scene.trouble("drop-callback");
    scene.text(&[("StatusCallback", &status)]).await;
    scene.until("delivered", || scene.phone(DANA)["texts"][0]["status"] == "delivered").await;
    // The queue is empty, and there was no callback.
    scene.until("the queue", || scene.twilio.lock().outbox.is_empty()).await;
    assert_eq!(scene.told("/twilio/sms/status").len(), 0);
    scene.stage.troubles.clear();
    scene.stage.troubles.make(
        serde_json::from_value(json!({"vendor": "twilio", "kind": TroubleKind::DoubleCallback}))
            .expect("a trouble"),
        scene.stage.clock.now(),
    );
    scene.text(&[("StatusCallback", &status)]).await;
    scene.until("told", || scene.told("/twilio/sms/status").len() == 6).await;
    assert_eq!(
        scene.told_of("/twilio/sms/status", "MessageStatus"),
        ["queued", "queued", "sent", "sent", "delivered", "delivered"]
    );
    let told = scene.handbell.told.lock().expect("lock");
    assert!(told.chunks(2).all(|twice| twice[0].2 == twice[1].2) && told[0].2 != told[2].2);
}

#[tokio::test]
async fn retries_are_those_of_the_fragment() {
    let scene = scene().await;
    scene.answers("/twilio/sms/status", 503, "text/plain", "");
    let count = |from: usize| {
        scene.stage.wire.entries().iter().skip(from).filter(|entry| entry.from == "twilio").count()
    };
    for (fragment, expected) in [("", 3), ("#rc=2&rp=5xx,ct", 9), ("#rc=2&rp=ct", 3), ("#rc=1&rp=all", 6)] {
        let before = scene.stage.wire.entries().len();
        scene.text(&[("StatusCallback", &format!("{}/twilio/sms/status{fragment}", scene.origin))]).await;
        scene
            .until("delivered", || {
                scene.phone(DANA)["texts"]
                    .as_array()
                    .is_some_and(|texts| texts.iter().all(|text| text["status"] == "delivered"))
            })
            .await;
        scene.until("the queue", || scene.twilio.lock().outbox.is_empty()).await;
        assert_eq!(count(before), expected, "{fragment}");
    }
    // A closed port: Twilio retries once, and delivers the text in any case.
    let free =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let before = scene.stage.wire.entries().len();
    scene.text(&[("StatusCallback", &format!("http://{free}/s"))]).await;
    scene.until("tried", || count(before) == 6).await;
    assert!(
        scene
            .stage
            .wire
            .entries()
            .iter()
            .skip(before)
            .filter(|entry| entry.from == "twilio")
            .all(|entry| entry.status == 0)
    );
}
