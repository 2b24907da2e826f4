//! Tests of texts in both directions, and of their list.

use super::*;

#[tokio::test]
async fn a_text_is_delivered_and_every_step_told() {
    let scene = scene().await;
    let status = format!("{}/twilio/sms/status#rc=2&rp=all", scene.origin);
    let (code, message) = scene.text(&[("StatusCallback", &status), ("Body", "Hall 4 & \"5\" é")]).await;
    assert_eq!(code, 201);
    assert_eq!((&message["status"], &message["num_segments"]), (&json!("queued"), &json!("1")));
    let sid = message["sid"].as_str().expect("a sid");
    assert!(sid.starts_with("SM") && sid.len() == 34);
    scene.until("delivered", || scene.told("/twilio/sms/status").len() == 3).await;
    assert_eq!(scene.told_of("/twilio/sms/status", "MessageStatus"), ["queued", "sent", "delivered"]);
    assert!(scene.told_of("/twilio/sms/status", "MessageSid").iter().all(|told| told == sid));
    let (_, fetched) = scene.get(&format!("Messages/{sid}.json")).await;
    assert_eq!((&fetched["status"], &fetched["error_code"]), (&json!("delivered"), &Value::Null));
    assert!(fetched["date_sent"].as_str().is_some_and(|date| date.ends_with(" +0000")));
    assert_eq!(scene.phone(DANA)["texts"][0]["status"], "delivered");
    let wire = scene.stage.wire.entries();
    let told: Vec<_> = wire.iter().filter(|entry| entry.from == "twilio").collect();
    assert!(
        told.iter().all(|entry| entry.verdict == "signed" && entry.status == 200 && !entry.url.contains('#'))
    );
}

#[tokio::test]
async fn a_phone_that_is_off_or_refused() {
    let scene = scene().await;
    let status = format!("{}/twilio/sms/status", scene.origin);
    scene.behave(DANA, json!({"behaviour": "off"})).await;
    scene.text(&[("StatusCallback", &status)]).await;
    scene.until("undelivered", || scene.told("/twilio/sms/status").len() == 3).await;
    let last = scene.told("/twilio/sms/status").pop().unwrap_or_default();
    assert_eq!(
        (field(&last, "MessageStatus"), field(&last, "ErrorCode")),
        ("undelivered".into(), "30003".into())
    );
    assert_eq!(scene.phone(DANA)["texts"][0]["error_code"], 30003);

    scene.behave(DANA, json!({"behaviour": "refuse", "code": 21614})).await;
    let (code, error) = scene.text(&[]).await;
    assert_eq!((code, &error["code"]), (400, &json!(21614)));
    assert_eq!(scene.phone(DANA)["texts"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn texts_are_redacted_and_deleted_once_they_are_done() {
    let scene = scene_at(Duration::from_millis(150)).await;
    let (_, message) = scene.text(&[]).await;
    let path = format!("Messages/{}.json", message["sid"].as_str().expect("a sid"));
    let delete = || scene.http.delete(scene.url(&path)).basic_auth(account(), Some(TOKEN));
    assert_eq!(read(delete()).await.1["code"], 20009);
    assert_eq!(scene.post(&path, &[("Status", "canceled")]).await.1["code"], 30409);
    scene.until("delivered", || scene.phone(DANA)["texts"][0]["status"] == "delivered").await;
    assert_eq!(scene.post(&path, &[("Body", "")]).await.1["body"], "");
    assert_eq!(read(delete()).await.0, 204);
    assert_eq!(scene.get(&path).await.0, 404);
}

#[tokio::test]
async fn a_person_writes_and_is_answered() {
    let scene = scene().await;
    scene.says("/twilio/sms", "<Response><Message>Got it</Message></Response>");
    let (code, done) = scene.hands(DANA, "text", json!({"to": OURS, "body": "on my way"})).await;
    assert_eq!((code, &done["error"]), (200, &Value::Null));
    let told = scene.told("/twilio/sms").pop().unwrap_or_default();
    assert_eq!((field(&told, "From"), field(&told, "Body")), (DANA.into(), "on my way".into()));
    assert_eq!(field(&told, "SmsStatus"), "received");
    scene.until("the answer", || scene.phone(DANA)["texts"][1]["status"] == "delivered").await;
    assert_eq!(scene.phone(DANA)["texts"][1]["body"], "Got it");
    let (_, list) = scene.get("Messages.json").await;
    assert_eq!(
        (&list["messages"][0]["direction"], &list["messages"][1]["direction"]),
        (&json!("outbound-reply"), &json!("inbound"))
    );

    scene.answers("/twilio/sms", 200, "application/json", "{}");
    assert_eq!(scene.hands(DANA, "text", json!({"to": OURS, "body": "x"})).await.1["error"], 12300);
    scene.says("/twilio/sms", "<Response>");
    assert_eq!(scene.hands(DANA, "text", json!({"to": OURS, "body": "x"})).await.1["error"], 12100);
    scene.answers("/twilio/sms", 500, "text/plain", "");
    assert_eq!(scene.hands(DANA, "text", json!({"to": OURS, "body": "x"})).await.1["error"], 11200);
    assert_eq!(scene.hands(DANA, "text", json!({"to": ELI, "body": "x"})).await.0, 404);
}

#[tokio::test]
async fn stop_and_start() {
    let scene = scene().await;
    scene.says("/twilio/sms", "<Response><Message>Never said</Message></Response>");
    scene.hands(DANA, "text", json!({"to": OURS, "body": " stop "})).await;
    assert_eq!(scene.told_of("/twilio/sms", "OptOutType"), ["STOP"]);
    assert_eq!(scene.text(&[]).await.1["code"], 21610);
    assert_eq!(scene.text(&[("To", ELI)]).await.0, 201);
    let texts = scene.phone(DANA)["texts"].as_array().cloned().unwrap_or_default();
    assert_eq!(texts.len(), 2, "Twilio's own answer and nothing else: {texts:?}");
    scene.says("/twilio/sms", "<Response/>");
    scene.hands(DANA, "text", json!({"to": OURS, "body": "START"})).await;
    assert_eq!(scene.told_of("/twilio/sms", "OptOutType"), ["STOP", "START"]);
    assert_eq!(scene.text(&[]).await.0, 201);
}

#[tokio::test]
async fn two_machines_that_answer_each_other_are_stopped() {
    let scene = scene().await;
    scene.says("/twilio/sms", "<Response><Message>again</Message></Response>");
    for _ in 0..16 {
        scene.hands(DANA, "text", json!({"to": OURS, "body": "again"})).await;
    }
    let texts = scene.phone(DANA)["texts"].as_array().cloned().unwrap_or_default();
    assert_eq!(texts.iter().filter(|text| text["error_code"] == 14107).count(), 1);
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let scene = scene().await;
    for body in ["1", "2", "3"] {
        scene.text(&[("Body", body)]).await;
    }
    scene.text(&[("Body", "4"), ("To", ELI)]).await;
    let bodies = |page: &Value| -> Vec<String> {
        let messages = page["messages"].as_array().into_iter().flatten();
        messages.map(|message| message["body"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let (_, page) = scene.get("Messages.json?To=%2B12025550111&PageSize=2").await;
    assert_eq!(bodies(&page), ["3", "2"]);
    assert_eq!(
        (&page["page"], &page["page_size"], &page["start"], &page["end"]),
        (&json!(0), &json!(2), &json!(0), &json!(1))
    );
    assert_eq!(page["previous_page_uri"], Value::Null);
    // A new text doesn't shift the pages.
    scene.text(&[("Body", "5")]).await;
    let next = format!("{}/sim/twilio{}", scene.origin, page["next_page_uri"].as_str().expect("a next page"));
    let (_, page) = read(scene.http.get(next).basic_auth(account(), Some(TOKEN))).await;
    assert_eq!((bodies(&page), &page["next_page_uri"]), (vec!["1".to_owned()], &Value::Null));
    let today = scene.stage.clock.now().strftime("%Y-%m-%d").to_string();
    assert_eq!(bodies(&scene.get(&format!("Messages.json?DateSent={today}")).await.1).len(), 5);
    assert_eq!(bodies(&scene.get(&format!("Messages.json?DateSent={today}T00:00:00Z")).await.1).len(), 5);
    assert_eq!(bodies(&scene.get("Messages.json?DateSent=2020-01-01").await.1).len(), 0);
    assert_eq!(bodies(&scene.get("Messages.json?DateSent%3E=2020-01-01T00:00:00Z").await.1).len(), 5);
    assert_eq!(bodies(&scene.get("Messages.json?DateSent%3C=2020-01-01T00:00:00Z").await.1).len(), 0);
    // Including that day.
    assert_eq!(bodies(&scene.get(&format!("Messages.json?DateSent%3C={today}")).await.1).len(), 5);
    assert_eq!(bodies(&scene.get("Messages.json?DateSent%3C=2020-01-01").await.1).len(), 0);
    assert_eq!(
        bodies(&scene.get(&format!("Messages.json?From={}", DANA.replace('+', "%2B"))).await.1).len(),
        0
    );
}
