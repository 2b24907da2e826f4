/// Handbell at work: three presses, somebody whom Webex doesn't know, a number that Twilio refuses, a call that is
/// answered and taken.
async fn an_alert() -> Vec<WireEntry> {
    let stage = Stage::new(true, |config| {
        let people = config.replacen("[bob@example.com]", "[bob@example.com, nobody@elsewhere.test]", 1);
        let numbers =
            people.replacen(r#"["+12025550111", "+12025550112"]"#, r#"["+12025550111", "+15005550009"]"#, 1);
        assert!(config != people && people != numbers, "the example has changed");
        numbers
    })
    .await;
    // Every five minutes the webhook is looked after; without it Webex tells nothing.
    let now = stage.runner.stage.clock.now().as_second();
    stage.runner.cloud.advance(SignedDuration::from_secs(301 - now.rem_euclid(300))).expect("time moves");
    stage.settle().await;
    for press in ["one", "two", "three"] {
        let button = stage.url(&stage.runner.buttons[0].path);
        stage.yes(stage.http.post(button).header("Idempotency-Key", press)).await;
        stage.settle().await;
    }
    stage.hand("+12025550111", "answer", Value::Null).await;
    stage.hand("+12025550111", "keys", json!({"digits": "1"})).await;
    stage.entries().await
}

