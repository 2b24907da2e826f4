//! Twilio: received texts, and files that are sent and received.

use handbell_outbound::failure::Failure;
use handbell_outbound::looks_like;
use handbell_outbound::twilio::{Sms, TwilioMedia};

use crate::twilio::{ACCOUNT, number, says, sms, twilio};
use crate::vendor::{Reply, Vendor, html, id, json, nobody, with};

const MB5: u64 = 5 * 1024 * 1024;

#[tokio::test]
async fn pictures_are_sent_with_a_text() {
    let (vendor, twilio) = says(vec![
        json("201 Created", r#"{"sid":"MM00000000000000000000000000000001"}"#),
        json("201 Created", r#"{"sid":"MM00000000000000000000000000000002"}"#),
    ])
    .await;
    let media: Vec<String> = (0..12).map(|n| format!("https://x/{n}.png")).collect();
    twilio.send_sms(&Sms { media, ..sms() }).await.unwrap();
    let text = vendor.heard()[0].text();
    assert_eq!(text.matches("&MediaUrl=").count(), 10, "{text}");
    assert!(text.contains("&MediaUrl=https%3A%2F%2Fx%2F9.png&") && text.contains("&Body=H-7K3"), "{text}");
    // A picture needs no text.
    let alone = Sms { body: String::new(), media: vec!["https://x/a.png".into()], ..sms() };
    twilio.send_sms(&alone).await.unwrap();
    let text = vendor.heard()[1].text();
    assert!(text.contains("&MediaUrl=") && !text.contains("Body="), "{text}");
}

fn came(sid: &str, at: &str, direction: &str) -> String {
    format!(r#"{{"sid":"{sid}","date_sent":{at},"direction":"{direction}","num_media":"1"}}"#)
}

fn page(messages: &[String], next: &str) -> Reply {
    json("200 OK", &format!(r#"{{"messages":[{}],"next_page_uri":{next}}}"#, messages.join(",")))
}

fn next() -> String {
    format!("\"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=200&Page=1&PageToken=PA1\"")
}

#[tokio::test]
async fn received_texts_are_read_page_by_page() {
    let (vendor, twilio) = says(vec![
        page(
            &[
                came("SM00000000000000000000000000000005", "\"Fri, 21 Nov 2025 10:30:00 +0000\"", "inbound"),
                came(
                    "SM00000000000000000000000000000004",
                    "\"Fri, 21 Nov 2025 10:20:00 +0000\"",
                    "outbound-reply",
                ),
            ],
            &next(),
        ),
        page(
            &[
                came("SM00000000000000000000000000000003", "\"Fri, 21 Nov 2025 10:11:12 +0000\"", "inbound"),
                came("SM00000000000000000000000000000002", "\"Fri, 21 Nov 2025 10:11:11 +0000\"", "inbound"),
            ],
            &next().replace("PA1", "PA2"),
        ),
        // Only older texts: no further page is read.
        page(
            &[came("SM00000000000000000000000000000001", "\"Fri, 21 Nov 2025 08:00:00 +0000\"", "inbound")],
            &next().replace("PA1", "PA3"),
        ),
    ])
    .await;
    let since = "2025-11-21T10:11:12.7Z".parse().unwrap();
    let messages = twilio.inbound_since(&number("+12025550100"), since).await.unwrap();
    assert_eq!(
        messages.iter().map(|m| &*m.sid).collect::<Vec<_>>(),
        ["SM00000000000000000000000000000003", "SM00000000000000000000000000000005"]
    );
    assert_eq!((messages[0].num_media, messages[0].date_sent.is_some()), (1, true));
    let heard: Vec<_> = vendor.heard().into_iter().map(|h| h.line).collect();
    let list = format!("GET /2010-04-01/Accounts/{ACCOUNT}/Messages.json");
    assert_eq!(
        heard,
        [
            format!("{list}?To=%2B12025550100&DateSent%3E=2025-11-21T00%3A00%3A00Z&PageSize=200"),
            format!("{list}?PageSize=200&Page=1&PageToken=PA1"),
            format!("{list}?PageSize=200&Page=1&PageToken=PA2"),
        ]
    );
    assert!(vendor.heard().iter().all(|h| h.header("authorization").is_some()));
}

#[tokio::test]
async fn a_text_without_a_time_is_returned() {
    let (_vendor, twilio) =
        says(vec![page(&[came("SM00000000000000000000000000000001", "null", "inbound")], "null")]).await;
    let since = "2025-11-21T10:11:12Z".parse().unwrap();
    assert_eq!(twilio.inbound_since(&number("+12025550100"), since).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_failed_page_is_not_the_last_page() {
    let since = "2025-11-21T10:11:12Z".parse().unwrap();
    let new = || came("SM00000000000000000000000000000001", "\"Fri, 21 Nov 2025 10:30:00 +0000\"", "inbound");
    let stranger = Vendor::that(vec![]).await;
    for second in [
        vec![page(&[new()], &next()), html("502 Bad Gateway")],
        vec![page(&[new()], &next()), json("200 OK", "{}")],
        (0..11).map(|_| page(&[new()], &next())).collect(),
        // The next page is at another host, or on another list.
        vec![page(&[new()], &format!("\"{}/2010-04-01/Accounts/{ACCOUNT}/Messages.json\"", stranger.base))],
        vec![page(&[new()], &format!("\"//{}/x\"", &stranger.base[7..]))],
        vec![page(&[new()], "\"/2010-04-01/Accounts/ACother/Messages.json\"")],
        vec![page(&[new()], "\"/2010-04-01/../x\"")],
    ] {
        let (vendor, twilio) = says(second).await;
        let said = twilio.inbound_since(&number("+12025550100"), since).await;
        assert!(matches!(said, Err(Failure::Unknown { .. })), "{said:?}");
        assert!(vendor.heard().len() <= 10);
    }
    assert!(stranger.heard().is_empty());
}

#[tokio::test]
async fn files_are_listed_fetched_and_deleted() {
    let (vendor, twilio) = says(vec![
        json(
            "200 OK",
            r#"{"media_list":[{"sid":"ME1","content_type":"image/png","uri":"/elsewhere.json"},{"sid":"ME2"}]}"#,
        ),
        json("200 OK", "{}"),
        with("204 No Content", &[], ""),
        json("404 Not Found", r#"{"code":20404,"status":404}"#),
        html("404 Not Found"),
        html("503 Service Unavailable"),
    ])
    .await;
    let media = twilio.media_of(&id("MM00000000000000000000000000000001")).await.unwrap();
    let message = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/MM00000000000000000000000000000001");
    assert_eq!(media[0].url, format!("{}{message}/Media/ME1", vendor.base));
    assert_eq!((media[0].content_type.as_str(), media[1].content_type.as_str()), ("image/png", ""));
    assert!(matches!(
        twilio.media_of(&id("MM00000000000000000000000000000001")).await,
        Err(Failure::Unknown { .. })
    ));

    twilio.delete_media(&id("MM00000000000000000000000000000001"), "ME1").await.unwrap();
    twilio.delete_media(&id("MM00000000000000000000000000000001"), "ME1").await.unwrap();
    twilio.delete_recording(&id("RE00000000000000000000000000000001")).await.unwrap();
    assert!(matches!(
        twilio.delete_recording(&id("RE00000000000000000000000000000001")).await,
        Err(Failure::Unknown { .. })
    ));
    let lines: Vec<_> = vendor.heard().into_iter().map(|h| h.line).skip(2).collect();
    let recording =
        format!("DELETE /2010-04-01/Accounts/{ACCOUNT}/Recordings/RE00000000000000000000000000000001.json");
    let medium = format!("DELETE {message}/Media/ME1.json");
    assert_eq!(lines, [medium.clone(), medium, recording.clone(), recording]);

    let url = twilio.recording_url(&id("RE00000000000000000000000000000001"));
    assert_eq!(
        url,
        format!(
            "{}/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE00000000000000000000000000000001.mp3",
            vendor.base
        )
    );
}

/// Fetches a file from a Twilio that answers with these replies.
async fn fetched(replies: Vec<Reply>, limit: u64) -> (Vendor, Result<TwilioMedia, Failure>) {
    let (vendor, twilio) = says(replies).await;
    let said = twilio.fetch(&format!("{}/2010-04-01/Media/ME1", vendor.base), limit).await;
    (vendor, said)
}

#[tokio::test]
async fn a_file_is_fetched_with_its_type() {
    let (vendor, said) = fetched(
        vec![
            with("307 Temporary Redirect", &["location: /store/ME1?Signature=a%2Bb"], ""),
            with("302 Found", &["location: $BASE/again"], ""),
            with("200 OK", &["content-type: image/gif; x=1"], "GIF89a"),
        ],
        6,
    )
    .await;
    let file = said.unwrap();
    assert_eq!((&file.bytes[..], file.content_type.as_str()), (&b"GIF89a"[..], "image/gif; x=1"));
    assert!(looks_like(&file.content_type, &file.bytes));
    let lines: Vec<_> = vendor.heard().into_iter().map(|h| h.line).collect();
    assert_eq!(lines, ["GET /2010-04-01/Media/ME1", "GET /store/ME1?Signature=a%2Bb", "GET /again"]);

    let (_vendor, said) = fetched(vec![with("200 OK", &[], "")], 6).await;
    assert_eq!(said.unwrap().content_type, "application/octet-stream");
}

#[tokio::test]
async fn foreign_hosts_are_never_requested() {
    let stranger = Vendor::that(vec![]).await;
    let port = stranger.base.rsplit_once(':').unwrap().1;
    for elsewhere in [
        stranger.base.clone(),
        format!("http://localhost:{port}/x"),
        format!("http://api.twilio.com@127.0.0.1:{port}/x"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://api.twilio.com/x".to_owned(),
        "https://twilio.com.example.com/x".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let said = twilio("http://127.0.0.1:1").fetch(&elsewhere, MB5).await;
        assert!(matches!(said, Err(Failure::Refused { code: 0, .. })), "{elsewhere}: {said:?}");
        let (vendor, said) =
            fetched(vec![with("302 Found", &[&format!("location: {elsewhere}")], "")], MB5).await;
        assert!(matches!(said, Err(Failure::Refused { code: 0, .. })), "{elsewhere}: {said:?}");
        assert_eq!(vendor.heard().len(), 1);
    }
    let said = twilio("http://127.0.0.1:1").fetch("no address", MB5).await;
    assert!(matches!(said, Err(Failure::Refused { code: 0, .. })), "{said:?}");
    assert!(stranger.heard().is_empty());
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_read() {
    let too_large = |limit| {
        let why = format!("the file is larger than {limit}");
        Err(Failure::Refused { code: 0, why })
    };
    // With and without an announced length.
    let (_vendor, said) =
        fetched(vec![Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 5242881\r\n\r\nx")], MB5).await;
    assert_eq!(said, too_large("5 MB"));
    let (_vendor, said) = fetched(vec![Reply::Bytes("HTTP/1.1 200 OK\r\n\r\n1234567")], 6).await;
    assert_eq!(said, too_large("6 bytes"));
    let (_vendor, said) = fetched(vec![Reply::Bytes("HTTP/1.1 200 OK\r\n\r\n123456")], 6).await;
    assert_eq!(said.unwrap().bytes.len(), 6);
}

#[tokio::test]
async fn a_failed_fetch_has_a_reason() {
    for reply in [json("404 Not Found", r#"{"code":20404}"#), html("404 Not Found"), html("410 Gone")] {
        let (_vendor, said) = fetched(vec![reply], MB5).await;
        assert!(matches!(said, Err(Failure::Refused { .. })), "{said:?}");
    }
    let (_vendor, said) = fetched(vec![with("429 Too Many Requests", &["retry-after: 9"], "")], MB5).await;
    assert!(matches!(said, Err(Failure::NotSent { retry_after: Some(_), .. })), "{said:?}");
    for replies in [
        vec![html("503 Service Unavailable")],
        vec![Reply::Resets],
        vec![Reply::IsSilent],
        vec![Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nGIF")],
        vec![with("302 Found", &[], "")],
        vec![with("302 Found", &["location: http://"], "")],
        (0..4).map(|_| with("302 Found", &["location: /again"], "")).collect(),
    ] {
        let (_vendor, said) = fetched(replies, MB5).await;
        assert!(matches!(said, Err(Failure::Unknown { .. })), "{said:?}");
    }
    let base = nobody().await;
    let said = twilio(&base).fetch(&format!("{base}/x"), MB5).await;
    assert!(matches!(said, Err(Failure::NotSent { .. })), "{said:?}");
}
