//! Webex: files received and sent with posts.

use std::time::Duration;

use handbell_outbound::failure::Failure;
use handbell_outbound::webex::{Attached, PAUSE, Post, WebexContent};

use crate::vendor::{Reply, Vendor, html, id, json, with};
use crate::webex::says;

async fn content(replies: Vec<Reply>, limit: u64) -> (Vendor, Result<WebexContent, Failure>) {
    let (vendor, webex) = says(replies).await;
    let said = webex.content(&format!("{}/v1/contents/C1", vendor.base), limit).await;
    (vendor, said)
}

#[tokio::test]
async fn a_file_is_fetched_with_its_name() {
    let headers =
        ["content-type: application/pdf", "content-disposition: attachment; filename=\"../b\\\"ill.pdf\""];
    let (vendor, said) = content(vec![with("200 OK", &headers, "%PDF-1.7")], 8).await;
    let file = said.unwrap();
    assert_eq!((file.name.as_str(), file.content_type.as_str()), ("b\"ill.pdf", "application/pdf"));
    assert_eq!(&file.bytes[..], b"%PDF-1.7");
    assert_eq!(format!("{file:?}"), "WebexContent { content_type: \"application/pdf\", bytes: 8, .. }");
    let heard = &vendor.heard()[0];
    assert_eq!(heard.line, "GET /v1/contents/C1");
    assert_eq!(heard.header("authorization"), Some("Bearer the-token"));

    let (_vendor, said) = content(vec![with("200 OK", &headers, "%PDF-1.7.")], 8).await;
    assert_eq!(said, Err(Failure::Refused { code: 0, why: "the file is larger than 8 bytes".into() }));
    let (_vendor, said) = content(vec![with("200 OK", &[], "x")], 8).await;
    let file = said.unwrap();
    assert_eq!((file.name.as_str(), file.content_type.as_str()), ("file", "application/octet-stream"));
}

#[tokio::test]
async fn a_file_is_not_available_during_the_malware_scan() {
    let (vendor, said) = content(vec![with("423 Locked", &["retry-after: 7"], "")], 8).await;
    let Err(Failure::NotSent { retry_after, .. }) = said else { panic!("{said:?}") };
    assert_eq!((retry_after, vendor.heard().len()), (Some(Duration::from_secs(7)), 1));
    let (_vendor, said) = content(vec![html("423 Locked")], 8).await;
    assert!(matches!(said, Err(Failure::NotSent { retry_after: Some(PAUSE), .. })), "{said:?}");

    let (_vendor, said) = content(vec![json("410 Gone", r#"{"message":"malware in bill.pdf"}"#)], 8).await;
    let why = "Webex found the file infected or it is gone (HTTP 410)".to_owned();
    assert_eq!(said, Err(Failure::Refused { code: 410, why }));

    let unscannable = || json("428 Precondition Required", "{}");
    let (vendor, said) = content(vec![unscannable(), with("200 OK", &[], "locked")], 8).await;
    assert_eq!(&said.unwrap().bytes[..], b"locked");
    assert_eq!(vendor.heard()[1].line, "GET /v1/contents/C1?allow=unscannable");
    assert_eq!(vendor.heard()[1].header("authorization"), Some("Bearer the-token"));
    let (vendor, said) = content(vec![unscannable(), unscannable()], 8).await;
    assert!(matches!(said, Err(Failure::Refused { code: 428, .. })), "{said:?}");
    assert_eq!(vendor.heard().len(), 2);
}

#[tokio::test]
async fn a_failed_fetch_has_a_reason() {
    let (_vendor, said) = content(vec![html("404 Not Found")], 8).await;
    assert!(matches!(said, Err(Failure::Refused { code: 404, .. })), "{said:?}");
    let stranger = Vendor::that(vec![]).await;
    let redirect = format!("location: {}/v1/contents/C1", stranger.base);
    for reply in [
        html("503 Service Unavailable"),
        Reply::Resets,
        Reply::IsSilent,
        Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n%PDF"),
        with("302 Found", &[&redirect], ""),
    ] {
        let (_vendor, said) = content(vec![reply], 1000).await;
        assert!(matches!(said, Err(Failure::Unknown { .. })), "{said:?}");
    }
    assert!(stranger.heard().is_empty());
}

#[tokio::test]
async fn only_webexs_files_receive_the_token() {
    let stranger = Vendor::that(vec![]).await;
    let (vendor, webex) = says(vec![]).await;
    let own = &vendor.base;
    for url in [
        format!("{}/v1/contents/C1", stranger.base),
        format!("{own}/v1/contents/"),
        format!("{own}/v1/contents"),
        format!("{own}/v1/people/me"),
        format!("{own}/v1/contents/../people/me"),
        format!("{own}/v1/contents/%2e%2e/people/me"),
        format!("{own}/v1/contentsx/C1"),
        format!("{own}/contents/C1"),
        own.replace("http://", "https://") + "/v1/contents/C1",
        own.replace("http://", "http://user@") + "/v1/contents/C1",
        "no address".to_owned(),
        String::new(),
    ] {
        let said = webex.content(&url, 8).await;
        assert!(matches!(said, Err(Failure::Refused { code: 0, .. })), "{url}: {said:?}");
        let said = webex.content_about(&url).await;
        assert!(matches!(said, Err(Failure::Refused { code: 0, .. })), "{url}: {said:?}");
    }
    assert!(vendor.heard().is_empty() && stranger.heard().is_empty());
}

#[tokio::test]
async fn the_metadata_of_a_file_is_read_without_its_content() {
    let (vendor, webex) = says(vec![
        Reply::Bytes(
            "HTTP/1.1 200 OK\r\ncontent-length: 123456789\r\ncontent-type: video/mp4\r\n\
             content-disposition: attachment; filename=a.mp4\r\n\r\n",
        ),
        Reply::Bytes("HTTP/1.1 428 Precondition Required\r\ncontent-length: 9\r\n\r\n"),
        Reply::Bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
        Reply::Bytes("HTTP/1.1 423 Locked\r\nretry-after: 3\r\n\r\n"),
    ])
    .await;
    let url = format!("{}/v1/contents/C1", vendor.base);
    let about = webex.content_about(&url).await.unwrap();
    assert_eq!((about.name.as_str(), about.content_type.as_str()), ("a.mp4", "video/mp4"));
    assert_eq!(about.length, Some(123_456_789));
    let about = webex.content_about(&url).await.unwrap();
    assert_eq!((about.name.as_str(), about.length), ("file", None));
    assert!(matches!(webex.content_about(&url).await, Err(Failure::NotSent { .. })));
    let heard: Vec<_> = vendor.heard().into_iter().map(|h| h.line).collect();
    let head = "HEAD /v1/contents/C1";
    assert_eq!(heard, [head, head, "HEAD /v1/contents/C1?allow=unscannable", head]);
}

#[tokio::test]
async fn content_in_memory_is_sent_with_a_post() {
    let (vendor, webex) = says(vec![
        json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLMSG"}"#),
        json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLMSG"}"#),
    ])
    .await;
    let attached =
        Attached { name: "bill\r\n1.pdf".into(), content_type: "no type".into(), bytes: "%PDF-1.7".into() };
    let post = Post { markdown: "From Dana".into(), attached: Some(attached), ..Post::default() };
    assert_eq!(&*webex.post(&id("Y2lzY29zcGFyazovLROOM0"), &post).await.unwrap(), "Y2lzY29zcGFyazovLMSG");
    let chart = Post { attached: Some(Attached::chart("PNG".into())), ..Post::default() };
    webex.post(&id("Y2lzY29zcGFyazovLROOM0"), &chart).await.unwrap();
    let heard = vendor.heard();
    assert!(heard[0].header("content-length").is_some());
    for (text, part) in [
        (heard[0].text(), "name=\"markdown\"\r\n\r\nFrom Dana\r\n"),
        (heard[0].text(), "filename=\"bill  1.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7\r\n"),
        (heard[1].text(), "filename=\"chart.png\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n"),
    ] {
        assert!(text.contains(part), "{text}");
    }
}
