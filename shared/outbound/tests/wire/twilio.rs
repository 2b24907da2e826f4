//! Twilio.

use std::time::Duration;

use handbell_core::address::E164;
use handbell_core::vendor_id::MessageSid;
use handbell_outbound::failure::Failure;
use handbell_outbound::twilio::{Call, Sms, Twilio};

use crate::vendor::{Reply, Vendor, html, http, id, json, nobody, with};

pub(crate) const ACCOUNT: &str = "ACffffffffffffffffffffffffffffffff";

pub(crate) fn twilio(base: &str) -> Twilio {
    Twilio::new(http(), base.into(), ACCOUNT.into(), "SK01".into(), "key-secret".into())
}

pub(crate) async fn says(replies: Vec<Reply>) -> (Vendor, Twilio) {
    let vendor = Vendor::that(replies).await;
    let twilio = twilio(&vendor.base);
    (vendor, twilio)
}

pub(crate) fn number(text: &str) -> E164 {
    text.parse().expect("a number")
}

fn call_to(url: &str) -> Call {
    Call::new(number("+12025550111"), number("+12025550100"), url.into())
}

pub(crate) fn sms() -> Sms {
    Sms {
        to: "+12025550111".parse().unwrap(),
        from: "+12025550100".parse().unwrap(),
        body: "H-7K3.2 Check Webex & come".into(),
        media: vec![],
        status_callback: Some("https://x/twilio/sms/status?d=1&s=a".into()),
        validity: 600,
    }
}

/// Sends a text to a Twilio that answers with `reply`.
async fn text_when(reply: Reply) -> Result<MessageSid, Failure> {
    let (vendor, twilio) = says(vec![reply]).await;
    let said = twilio.send_sms(&sms()).await;
    assert_eq!(vendor.heard().len(), 1, "nothing is said twice");
    if let Err(failure) = &said {
        let why = failure.why();
        assert!(
            !why.contains("2025550111") && !why.contains("127.0.0.1") && !why.contains("secret"),
            "{why}"
        );
    }
    said
}

#[tokio::test]
async fn a_text_is_a_form_signed_with_the_api_key() {
    let (vendor, twilio) =
        says(vec![json("201 Created", r#"{"sid":"SM00000000000000000000000000000001","status":"queued"}"#)])
            .await;
    assert_eq!(&*twilio.send_sms(&sms()).await.unwrap(), "SM00000000000000000000000000000001");
    let heard = &vendor.heard()[0];
    assert_eq!(heard.line, format!("POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json"));
    assert_eq!(heard.header("content-type"), Some("application/x-www-form-urlencoded"));
    // base64 of SK01:key-secret
    assert_eq!(heard.header("authorization"), Some("Basic U0swMTprZXktc2VjcmV0"));
    assert_eq!(
        heard.text(),
        "To=%2B12025550111&From=%2B12025550100&Body=H-7K3.2+Check+Webex+%26+come&ValidityPeriod=600\
         &StatusCallback=https%3A%2F%2Fx%2Ftwilio%2Fsms%2Fstatus%3Fd%3D1%26s%3Da"
    );
}

#[tokio::test]
async fn a_text_may_come_from_a_name_and_stays_within_bounds() {
    let (vendor, twilio) =
        says(vec![json("201 Created", r#"{"sid":"SM00000000000000000000000000000001"}"#)]).await;
    let sms = Sms {
        from: "Handbell".parse().unwrap(),
        body: "x".repeat(2000),
        status_callback: None,
        validity: 0,
        ..sms()
    };
    twilio.send_sms(&sms).await.unwrap();
    let text = vendor.heard()[0].text();
    assert!(text.contains("&From=Handbell&"));
    assert!(text.contains(&format!("&Body={}%E2%80%A6&", "x".repeat(1599))));
    assert!(text.ends_with("&ValidityPeriod=1"));
}

#[tokio::test]
async fn a_call_requests_all_status_callbacks() {
    let (vendor, twilio) =
        says(vec![json("201 Created", r#"{"sid":"CA00000000000000000000000000000001"}"#)]).await;
    let call = Call {
        status_callback: Some("https://x/s".into()),
        timeout: 9999,
        ..call_to("https://x/twilio/voice")
    };
    assert_eq!(&*twilio.place_call(&call).await.unwrap(), "CA00000000000000000000000000000001");
    let heard = &vendor.heard()[0];
    assert_eq!(heard.line, format!("POST /2010-04-01/Accounts/{ACCOUNT}/Calls.json"));
    assert_eq!(
        heard.text(),
        "To=%2B12025550111&From=%2B12025550100&Url=https%3A%2F%2Fx%2Ftwilio%2Fvoice&Method=POST&Timeout=600\
         &StatusCallback=https%3A%2F%2Fx%2Fs&StatusCallbackMethod=POST\
         &StatusCallbackEvent=initiated&StatusCallbackEvent=ringing&StatusCallbackEvent=answered\
         &StatusCallbackEvent=completed"
    );
}

#[tokio::test]
async fn machines_are_detected_while_the_call_goes_on() {
    let (vendor, twilio) =
        says(vec![json("201 Created", r#"{"sid":"CA00000000000000000000000000000001"}"#)]).await;
    let call = Call { detect_machine: Some("https://x/amd?d=1".into()), ..call_to("https://x/v") };
    twilio.place_call(&call).await.unwrap();
    assert_eq!(
        vendor.heard()[0].text(),
        "To=%2B12025550111&From=%2B12025550100&Url=https%3A%2F%2Fx%2Fv&Method=POST&Timeout=60\
         &MachineDetection=Enable&AsyncAmd=true&AsyncAmdStatusCallback=https%3A%2F%2Fx%2Famd%3Fd%3D1\
         &AsyncAmdStatusCallbackMethod=POST"
    );
}

#[tokio::test]
async fn hanging_up_is_idempotent() {
    let (vendor, twilio) = says(vec![
        json("200 OK", r#"{"sid":"CA00000000000000000000000000000001","status":"completed"}"#),
        json("400 Bad Request", r#"{"code":21220,"message":"Call is not in-progress","status":400}"#),
        html("502 Bad Gateway"),
    ])
    .await;
    twilio.hang_up(&id("CA00000000000000000000000000000001")).await.unwrap();
    twilio.hang_up(&id("CA00000000000000000000000000000001")).await.unwrap();
    assert!(matches!(
        twilio.hang_up(&id("CA00000000000000000000000000000001")).await,
        Err(Failure::Unknown { .. })
    ));
    assert_eq!(
        vendor.heard()[0].line,
        format!("POST /2010-04-01/Accounts/{ACCOUNT}/Calls/CA00000000000000000000000000000001.json")
    );
    assert_eq!(vendor.heard()[0].text(), "Status=completed");
}

#[tokio::test]
async fn cancelling_a_call_that_is_over_is_no_failure() {
    let (vendor, twilio) = says(vec![
        json("200 OK", r#"{"sid":"CA00000000000000000000000000000001","status":"canceled"}"#),
        json("400 Bad Request", r#"{"code":21220,"message":"Call is not in-progress","status":400}"#),
        json("404 Not Found", r#"{"code":20404,"status":404}"#),
    ])
    .await;
    twilio.cancel_call(&id("CA00000000000000000000000000000001")).await.unwrap();
    twilio.cancel_call(&id("CA00000000000000000000000000000001")).await.unwrap();
    assert!(matches!(
        twilio.cancel_call(&id("CA00000000000000000000000000000001")).await,
        Err(Failure::Refused { code: 20404, .. })
    ));
    assert_eq!(
        vendor.heard()[0].line,
        format!("POST /2010-04-01/Accounts/{ACCOUNT}/Calls/CA00000000000000000000000000000001.json")
    );
    assert_eq!(vendor.heard()[0].text(), "Status=canceled");
}

#[tokio::test]
async fn the_error_code_decides() {
    for (status, code, expected) in [
        ("400 Bad Request", 21211, "refused: the number isn't a valid phone number (Twilio 21211)"),
        ("400 Bad Request", 21614, "refused: the number can't receive SMS (Twilio 21614)"),
        ("400 Bad Request", 29999, "refused: Twilio refused it (Twilio 29999)"),
        ("401 Unauthorized", 20003, "refused: Twilio doesn't take our account or password (Twilio 20003)"),
        ("400 Bad Request", 21611, "not sent: too many texts wait to be sent from our number (Twilio 21611)"),
        (
            "429 Too Many Requests",
            21611,
            "not sent: too many texts wait to be sent from our number (Twilio 21611)",
        ),
        ("429 Too Many Requests", 20429, "not sent: Twilio asks us to slow down (Twilio 20429)"),
        ("503 Service Unavailable", 20429, "not sent: Twilio asks us to slow down (Twilio 20429)"),
        ("500 Internal Server Error", 20500, "outcome unknown: Twilio is in trouble (HTTP 500)"),
    ] {
        let body = format!(r#"{{"code":{code},"message":"The 'To' number +12025550111 …","status":400}}"#);
        let said = text_when(json(status, &body)).await;
        assert_eq!(said.unwrap_err().to_string(), expected);
    }
}

#[tokio::test]
async fn without_a_code_the_status_decides() {
    let said = text_when(with("429 Too Many Requests", &["retry-after: 3"], "")).await;
    let Err(Failure::NotSent { retry_after, .. }) = said else { panic!("{said:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(3)));
    let said = text_when(html("429 Too Many Requests")).await;
    assert!(matches!(said, Err(Failure::NotSent { retry_after: None, .. })), "{said:?}");
    let said = text_when(html("403 Forbidden")).await;
    assert!(matches!(said, Err(Failure::Refused { code: 403, .. })), "{said:?}");

    for reply in [
        Reply::Resets,
        Reply::IsSilent,
        html("502 Bad Gateway"),
        html("200 OK"),
        json("201 Created", "{}"),
        json("201 Created", r#"{"sid":"SM1/x"}"#),
    ] {
        let said = text_when(reply).await;
        assert!(matches!(said, Err(Failure::Unknown { .. })), "{said:?}");
    }
    let said = twilio(&nobody().await).send_sms(&sms()).await;
    assert!(matches!(said, Err(Failure::NotSent { .. })), "{said:?}");
}

#[tokio::test]
async fn look_ups_filter_by_both_numbers() {
    let (vendor, twilio) = says(vec![
        json(
            "200 OK",
            r#"{"messages":[{"sid":"SM00000000000000000000000000000001","body":"H-7K3.2 Check","status":"sent","direction":"outbound-api",
                "date_created":"Fri, 21 Nov 2025 10:11:12 +0000","error_code":null,"price":null}],"next_page_uri":null}"#,
        ),
        json("200 OK", r#"{"calls":[]}"#),
        json("200 OK", r#"{"sid":"SM00000000000000000000000000000001","status":"undelivered","error_code":30003}"#),
        json("200 OK", r#"{"sid":"CA00000000000000000000000000000001","status":"no-answer","date_created":"never"}"#),
        json("200 OK", "{}"),
    ])
    .await;
    let messages =
        twilio.messages(Some(&number("+12025550111")), Some(&number("+12025550100").into())).await.unwrap();
    assert_eq!(messages[0].date_created.unwrap().to_string(), "2025-11-21T10:11:12Z");
    assert!(twilio.calls(Some(&number("+12025550111")), None).await.unwrap().is_empty());
    assert_eq!(
        twilio.message(&id("SM00000000000000000000000000000001")).await.unwrap().error_code,
        Some(30003)
    );
    assert_eq!(
        twilio.call(&id("CA00000000000000000000000000000001")).await.unwrap().status.as_deref(),
        Some("no-answer")
    );
    // A failed look-up is not an empty look-up.
    assert!(matches!(twilio.messages(None, None).await, Err(Failure::Unknown { .. })));
    let heard: Vec<_> = vendor.heard().into_iter().map(|h| h.line).collect();
    let account = format!("GET /2010-04-01/Accounts/{ACCOUNT}");
    assert_eq!(
        heard,
        [
            format!("{account}/Messages.json?To=%2B12025550111&From=%2B12025550100&PageSize=50"),
            format!("{account}/Calls.json?To=%2B12025550111&PageSize=50"),
            format!("{account}/Messages/SM00000000000000000000000000000001.json"),
            format!("{account}/Calls/CA00000000000000000000000000000001.json"),
            format!("{account}/Messages.json?PageSize=50"),
        ]
    );
}

#[tokio::test]
async fn the_failure_of_a_look_up_contains_no_number() {
    let (_vendor, twilio) = says(vec![Reply::Resets]).await;
    let said = twilio.messages(Some(&number("+12025550111")), None).await.unwrap_err();
    assert!(!said.to_string().contains("2025550111"), "{said}");
}
