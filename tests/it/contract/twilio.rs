//! Every request of the Twilio client, and the other responses of the simulated Twilio.

use handbell_core::address::E164;
use handbell_core::vendor_id::{CallSid, MessageSid, RecordingSid};
use handbell_local::runner::TWILIO_TOKEN;
use handbell_outbound::twilio::{Call, Sms, Twilio};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{DANA, OWN, Stage};

/// Every method of the Twilio client, and the other responses of the simulated Twilio.
pub(super) async fn all_of_twilio(stage: &Stage) {
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
    let (own, dana) = (OWN, DANA);
    let callback = Some(stage.url("/health?delivery=1&sign=+%2B"));
    let number = |text: &str| text.parse::<E164>().expect("a number");
    let sms = |to: &str, from: &str| Sms {
        to: number(to),
        from: number(from).into(),
        body: "🔔 Check Webex & press =1".into(),
        status_callback: callback.clone(),
        validity: 600,
        media: Vec::new(),
    };
    let text = twilio.send_sms(&sms(dana, own)).await.expect("sent");
    let quiet = Sms { status_callback: None, ..sms(dana, own) };
    twilio.send_sms(&quiet).await.expect("sent");
    for (to, from) in [("+15005550009", own), (dana, "+12025550199")] {
        twilio.send_sms(&sms(to, from)).await.expect_err("refused");
    }
    // The client can't ask for these.
    let service = format!("MG{}", "0".repeat(32));
    for (to, key, from) in [("nobody", "From", own), (dana, "MessagingServiceSid", &service)] {
        stage.twilio(Method::POST, "Messages.json", &[("To", to), (key, from), ("Body", "look")]).await;
    }
    client("wrong").send_sms(&quiet).await.expect_err("a wrong token");

    let call = Call {
        to: number(dana),
        from: number(own),
        url: stage.url("/health"),
        status_callback: callback.clone(),
        timeout: 15,
        detect_machine: callback.clone(),
    };
    let answered = twilio.place_call(&call).await.expect("placed");
    twilio.call(&answered).await.expect("a call");
    stage.hand(dana, "answer", Value::Null).await;
    twilio.cancel_call(&answered).await.expect("too late, and no failure");
    let ringing = twilio.place_call(&Call { status_callback: None, ..call.clone() }).await.expect("placed");
    twilio.calls(Some(&number(dana)), Some(&number(own))).await.expect("calls");
    twilio.cancel_call(&ringing).await.expect("cancelled");
    let spoken_to = twilio.place_call(&Call { status_callback: None, ..call.clone() }).await.expect("placed");
    stage.hand(dana, "answer", Value::Null).await;
    twilio.hang_up(&spoken_to).await.expect("hung up");
    twilio.hang_up(&spoken_to).await.expect("over already");
    twilio.place_call(&Call { to: number("+15005550001"), ..call }).await.expect_err("refused");
    let nothing: CallSid = format!("CA{}", "0".repeat(32)).parse().expect("a sid");
    twilio.call(&nothing).await.expect_err("unknown");

    stage.settle().await;
    twilio.message(&text).await.expect("a text");
    assert_eq!(twilio.messages(Some(&number(dana)), None).await.expect("texts").len(), 2);
    twilio.messages(None, None).await.expect("texts");

    stage.hand(dana, "text", json!({"to": own, "body": "look", "media": ["shelf.png"]})).await;
    let came = twilio
        .messages(Some(&number(own)), Some(&number(dana).into()))
        .await
        .expect("texts")
        .pop()
        .expect("the picture");
    let file = media(stage, &twilio, &came.sid).await;
    let with_file = Sms { body: String::new(), media: vec![file], ..sms(dana, own) };
    let with_file = twilio.send_sms(&with_file).await.expect("sent");
    recordings(stage, &twilio).await;
    stage.settle().await;
    assert_eq!(twilio.message(&with_file).await.expect("a text").status.as_deref(), Some("delivered"));
    let an_hour_ago = stage.runner.stage.clock.now() - SignedDuration::from_hours(1);
    assert_eq!(twilio.inbound_since(&number(own), an_hour_ago).await.expect("texts").len(), 1);
    stage.twilio(Method::POST, &format!("Messages/{text}.json"), &[("Body", "")]).await;
    stage.twilio(Method::GET, "Messages.json?PageSize=1&Page=0&DateSent%3E=2020-01-01T00:00:00Z", &[]).await;
    // A day in the form that Twilio's own clients use.
    stage.twilio(Method::GET, "Messages.json?PageSize=1&DateSent%3C=2020-01-01", &[]).await;
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

/// The files of a text. Returns the address at which anybody may see them, which nobody may at Twilio.
async fn media(stage: &Stage, twilio: &Twilio, message: &MessageSid) -> String {
    stage.twilio(Method::GET, &format!("Messages/{message}/Media.json?PageSize=5"), &[]).await;
    let files = twilio.media_of(message).await.expect("files");
    let file = files.first().expect("a file");
    stage.twilio(Method::GET, &format!("Messages/{message}/Media/{}.json", file.sid), &[]).await;
    let picture = twilio.fetch(&file.url, 1 << 20).await.expect("a picture");
    assert_eq!(picture.content_type, "image/png");
    twilio.delete_media(message, &file.sid).await.expect("deleted");
    twilio.delete_media(message, &file.sid).await.expect("gone already");
    twilio.fetch(&file.url, 1 << 20).await.expect_err("gone");
    stage.url(&format!("/sim/phones/{}/media/{}", DANA.replace('+', "%2B"), file.sid))
}

/// What a caller said on the phone.
async fn recordings(stage: &Stage, twilio: &Twilio) {
    let told = stage.url("/health?recording=1");
    let twiml = format!("<Response><Record recordingStatusCallback='{told}'/></Response>");
    let call = [("To", DANA), ("From", OWN), ("Twiml", twiml.as_str())];
    let call = stage.twilio(Method::POST, "Calls.json", &call).await;
    let call = call["sid"].as_str().expect("a sid");
    stage.hand(DANA, "answer", Value::Null).await;
    stage.settle().await;
    stage.hand(DANA, "speak", json!({"text": "It is broken.", "seconds": 4})).await;
    stage.hand(DANA, "hangup", Value::Null).await;
    let list = stage.twilio(Method::GET, &format!("Recordings.json?CallSid={call}&PageSize=5"), &[]).await;
    let sid = list["recordings"][0]["sid"].as_str().expect("a sid");
    let sid: RecordingSid = sid.parse().expect("a sid");
    stage.twilio(Method::GET, &format!("Recordings/{sid}.json"), &[]).await;
    let sound = twilio.fetch(&twilio.recording_url(&sid), 1 << 20).await.expect("a recording");
    assert_eq!(sound.content_type, "audio/mpeg");
    twilio.delete_recording(&sid).await.expect("deleted");
    twilio.delete_recording(&sid).await.expect("gone already");
}
