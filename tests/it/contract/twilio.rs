/// Every method of the Twilio client, and what else the stand-in answers.
async fn all_of_twilio(stage: &Stage) {
    let account = stage.runner.stage.account.twilio_account.clone();
    let client = |password: &str| {
        Twilio::new(
            stage.http.clone(),
            stage.url("/sim/twilio"),
            account.clone(),
            account.clone(),
            password.into(),
        )
    };
    let twilio = client(TWILIO_TOKEN);
    let (own, dana) = ("+12025550100", "+12025550111");
    let callback = Some(stage.url("/health?delivery=1&sign=+%2B"));
    let sms = |to: &str, from: &str| Sms {
        to: to.into(),
        from: from.into(),
        body: "🔔 Check Webex & press =1".into(),
        status_callback: callback.clone(),
        validity: 600,
        media: Vec::new(),
    };
    let text = twilio.send_sms(&sms(dana, own)).await.expect("sent");
    let quiet = Sms { status_callback: None, ..sms(dana, own) };
    twilio.send_sms(&quiet).await.expect("sent");
    for (to, from) in [
        ("+15005550009", own),
        ("nobody", own),
        (dana, "+12025550199"),
        (dana, &format!("MG{}", "0".repeat(32))),
    ] {
        twilio.send_sms(&sms(to, from)).await.expect_err("refused");
    }
    client("wrong").send_sms(&quiet).await.expect_err("a wrong token");

    let call = Call {
        to: dana.into(),
        from: own.into(),
        url: stage.url("/health"),
        status_callback: callback.clone(),
        timeout: 15,
    };
    let answered = twilio.place_call(&call).await.expect("placed");
    twilio.call(&answered).await.expect("a call");
    stage.hand(dana, "answer", Value::Null).await;
    twilio.cancel_call(&answered).await.expect("too late, and no failure");
    let ringing = twilio.place_call(&Call { status_callback: None, ..call.clone() }).await.expect("placed");
    twilio.calls(Some(dana), Some(own)).await.expect("calls");
    twilio.cancel_call(&ringing).await.expect("cancelled");
    twilio.place_call(&Call { to: "+15005550001".into(), ..call }).await.expect_err("refused");
    twilio.call(&format!("CA{}", "0".repeat(32))).await.expect_err("unknown");

    stage.settle().await;
    twilio.message(&text).await.expect("a text");
    assert_eq!(twilio.messages(Some(dana), None).await.expect("texts").len(), 2);
    twilio.messages(None, None).await.expect("texts");

    stage.hand(dana, "text", json!({"to": own, "body": "look", "media": ["shelf.png"]})).await;
    let came = twilio.messages(Some(own), Some(dana)).await.expect("texts").pop().expect("the picture");
    let media = stage.twilio(Method::GET, &format!("Messages/{}/Media.json?PageSize=5", came.sid), &[]).await;
    let media = media["media_list"][0]["sid"].as_str().expect("a sid").to_owned();
    stage.twilio(Method::GET, &format!("Messages/{}/Media/{media}.json", came.sid), &[]).await;
    stage.twilio(Method::POST, &format!("Messages/{text}.json"), &[("Body", "")]).await;
    stage.twilio(Method::GET, "Messages.json?PageSize=1&Page=0&DateSent%3E=2020-01-01T00:00:00Z", &[]).await;
    stage.twilio(Method::GET, "Messages.json?PageSize=1&Page=1", &[]).await;
    stage.twilio(Method::DELETE, &format!("Messages/{text}.json"), &[]).await;
    stage.twilio(Method::GET, "Calls.json?PageSize=1&Status=completed", &[]).await;
    stage.twilio(Method::DELETE, &format!("Calls/{ringing}.json"), &[]).await;

    let numbers = stage.twilio(Method::GET, "IncomingPhoneNumbers.json", &[]).await;
    let number = format!(
        "IncomingPhoneNumbers/{}.json",
        numbers["incoming_phone_numbers"][0]["sid"].as_str().expect("a sid")
    );
    stage.twilio(Method::GET, &number, &[]).await;
    let url = stage.url("/twilio/voice");
    stage.twilio(Method::POST, &number, &[("VoiceUrl", &url), ("VoiceMethod", "POST")]).await;
}

