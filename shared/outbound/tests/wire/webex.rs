//! Webex.

use std::time::Duration;

use handbell_core::vendor_id::MessageId;
use handbell_outbound::failure::Failure;
use handbell_outbound::webex::{MARKDOWN_MAX, NewWebhook, Post, Webex, WebexFile};
use serde_json::json as value;

use crate::vendor::{Reply, Vendor, html, http, id, json, nobody, with};

fn webex(base: &str) -> Webex {
    Webex::new(http(), format!("{base}/v1"), "the-token".into())
}

pub(crate) async fn says(replies: Vec<Reply>) -> (Vendor, Webex) {
    let vendor = Vendor::that(replies).await;
    let webex = webex(&vendor.base);
    (vendor, webex)
}

fn words(markdown: &str) -> Post {
    Post { markdown: markdown.into(), ..Post::default() }
}

/// Sends a post to a Webex that answers with `reply`.
async fn post_when(reply: Reply) -> Result<MessageId, Failure> {
    let (vendor, webex) = says(vec![reply]).await;
    let said = webex.post(&id("Y2lzY29zcGFyazovLROOM0"), &words("Help, call +12025550111")).await;
    assert_eq!(vendor.heard().len(), 1, "nothing is said twice");
    if let Err(failure) = &said {
        let why = failure.why();
        assert!(
            !why.contains("2025550111") && !why.contains("127.0.0.1") && !why.contains("the-token"),
            "{why}"
        );
    }
    said
}

#[tokio::test]
async fn sending_a_post_returns_its_id() {
    let (vendor, webex) =
        says(vec![json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLMSG","files":null,"new":[1]}"#)]).await;
    let post = Post {
        parent: Some(id("Y2lzY29zcGFyazovLROOT0")),
        card: Some(value!({"type": "AdaptiveCard"})),
        ..words("# Hi")
    };
    assert_eq!(&*webex.post(&id("Y2lzY29zcGFyazovLROOM0"), &post).await.unwrap(), "Y2lzY29zcGFyazovLMSG");
    let heard = &vendor.heard()[0];
    assert_eq!(heard.line, "POST /v1/messages");
    assert_eq!(heard.header("authorization"), Some("Bearer the-token"));
    assert_eq!(
        heard.json(),
        value!({
            "roomId": "Y2lzY29zcGFyazovLROOM0", "markdown": "# Hi", "parentId": "Y2lzY29zcGFyazovLROOT0",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard"},
            }],
        })
    );
}

#[tokio::test]
async fn a_long_post_is_cut() {
    let (vendor, webex) = says(vec![json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLMSG"}"#)]).await;
    webex.post(&id("Y2lzY29zcGFyazovLROOM0"), &words(&"é".repeat(9000))).await.unwrap();
    let sent = vendor.heard()[0].json()["markdown"].as_str().unwrap().to_owned();
    assert!(sent.len() <= MARKDOWN_MAX && sent.ends_with("é…"));
}

#[tokio::test]
async fn a_post_that_may_have_been_accepted_is_unknown() {
    for reply in [
        Reply::Resets,
        Reply::IsSilent,
        Reply::Bytes(""),
        Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"id\":"),
        Reply::Bytes("SSH-2.0-OpenSSH\r\n"),
        html("502 Bad Gateway"),
        html("503 Service Unavailable"),
        html("200 OK"),
        json("200 OK", "{}"),
        json("200 OK", r#"{"id":null}"#),
        json("200 OK", r#"{"id":"../rooms"}"#),
        json("204 No Content", ""),
        with("302 Found", &["location: $BASE/elsewhere"], ""),
    ] {
        let said = post_when(reply).await;
        assert!(matches!(said, Err(Failure::Unknown { .. })), "{said:?}");
    }
}

#[tokio::test]
async fn a_post_that_was_not_sent_may_be_retried() {
    let said = webex(&nobody().await).post(&id("Y2lzY29zcGFyazovLROOM0"), &words("x")).await;
    let Err(Failure::NotSent { retry_after: None, why }) = said else { panic!("{said:?}") };
    assert!(why.starts_with("Webex can't be reached") && !why.contains("127.0.0.1"), "{why}");

    // TLS to a server that waits for plain HTTP: the time-out of connecting expires.
    let vendor = Vendor::that(vec![]).await;
    let said =
        webex(&vendor.base.replace("http:", "https:")).post(&id("Y2lzY29zcGFyazovLROOM0"), &words("x")).await;
    assert!(matches!(said, Err(Failure::NotSent { .. })), "{said:?}");

    // TLS to a server that doesn't support it.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"SSH-2.0-OpenSSH\r\n").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
    let said = webex(&base).post(&id("Y2lzY29zcGFyazovLROOM0"), &words("x")).await;
    assert!(matches!(said, Err(Failure::NotSent { .. })), "{said:?}");

    let said = webex("http://handbell.invalid").post(&id("Y2lzY29zcGFyazovLROOM0"), &words("x")).await;
    assert!(matches!(said, Err(Failure::NotSent { .. })), "{said:?}");
}

#[tokio::test]
async fn retry_after_is_honoured_within_bounds() {
    for (header, seconds) in [
        ("retry-after: 7", 7),
        ("retry-after: 0", 1),
        ("retry-after: 99999", 3600),
        ("retry-after: soon", 15),
        ("x: y", 15),
    ] {
        for status in ["429 Too Many Requests", "423 Locked"] {
            // The body may be HTML.
            let said = post_when(with(status, &[header, "content-type: text/html"], "<html>")).await;
            let Err(Failure::NotSent { retry_after, .. }) = said else { panic!("{said:?}") };
            assert_eq!(retry_after, Some(Duration::from_secs(seconds)), "{header}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_final_and_readable() {
    let body = r#"{"message":"No person a@example.com","errors":[],"trackingId":"ROUTER_1"}"#;
    let said = post_when(json("404 Not Found", body)).await;
    let Err(Failure::Refused { code: 404, why }) = said else { panic!("{said:?}") };
    assert!(why.contains("No person …") && why.contains("ROUTER_1"), "{why}");

    // The status is known even if the body is truncated.
    let said = post_when(Reply::Bytes("HTTP/1.1 401 Unauthorized\r\ncontent-length: 500\r\n\r\n{")).await;
    assert!(matches!(said, Err(Failure::Refused { code: 401, .. })), "{said:?}");
}

#[tokio::test]
async fn an_invalid_address_makes_no_request() {
    let said = webex("no address").me().await;
    assert!(matches!(said, Err(Failure::Refused { code: 0, .. })), "{said:?}");
    let vendor = Vendor::that(vec![]).await;
    let said = Webex::new(http(), vendor.base.clone(), "token\n".into()).me().await;
    assert!(matches!(said, Err(Failure::Refused { code: 0, .. })), "{said:?}");
    assert!(vendor.heard().is_empty());
}

#[tokio::test]
async fn an_existing_member_becomes_moderator() {
    let (vendor, webex) = says(vec![
        json("409 Conflict", r#"{"message":"already"}"#),
        json("200 OK", r#"{"items":[{"id":"M1","isModerator":false,"isRoomHidden":true}]}"#),
        json("200 OK", r#"{"id":"M1","isModerator":true}"#),
    ])
    .await;
    let member = webex.add_member(&id("Y2lzY29zcGFyazovLROOM0"), "a+b@example.com", true).await.unwrap();
    assert_eq!((member.id.as_str(), member.is_moderator), ("M1", Some(true)));
    let heard = vendor.heard();
    assert_eq!(
        heard[1].line,
        "GET /v1/memberships?roomId=Y2lzY29zcGFyazovLROOM0&personEmail=a%2Bb%40example.com"
    );
    assert_eq!(heard[2].line, "PUT /v1/memberships/M1");
    assert_eq!(heard[2].json(), value!({"isModerator": true, "isRoomHidden": true}));
}

#[tokio::test]
async fn an_existing_member_with_the_right_role_remains_unchanged() {
    let (vendor, webex) = says(vec![
        json("409 Conflict", "{}"),
        json("200 OK", r#"{"items":[{"id":"M1","isModerator":true}]}"#),
    ])
    .await;
    webex.add_member(&id("Y2lzY29zcGFyazovLROOM0"), "a@example.com", true).await.unwrap();
    assert_eq!(vendor.heard().len(), 2);

    let (_vendor, webex) = says(vec![json("409 Conflict", "{}"), json("200 OK", r#"{"items":[]}"#)]).await;
    let member = webex.add_member(&id("Y2lzY29zcGFyazovLROOM0"), "alias@example.com", true).await.unwrap();
    assert_eq!((member.id.as_str(), member.is_moderator), ("", None));

    // A 409 in response to any other request is a refusal.
    assert!(matches!(post_when(json("409 Conflict", "{}")).await, Err(Failure::Refused { code: 409, .. })));
}

#[tokio::test]
async fn all_pages_are_read_even_after_empty_ones() {
    let (vendor, webex) = says(vec![
        with("200 OK", &["link: <$BASE/v1/rooms?cursor=2&max=null>; rel=\"next\""], r#"{"items":[{"id":"Y2lzY29zcGFyazovLR10","title":"Other"}]}"#),
        with("200 OK", &["link: <$BASE/v1/rooms?cursor=3>; rel=\"next\""], r#"{"items":[]}"#),
        json(
            "200 OK",
            r#"{"items":[{"id":"Y2lzY29zcGFyazovLR20","title":"Green Power","created":"2026-01-02T03:04:05.100+00:00"},{"id":"Y2lzY29zcGFyazovLR30"},
                {"id":"Y2lzY29zcGFyazovLR40","title":"Green Power 2"},{"id":"Y2lzY29zcGFyazovLR50","title":"x","errors":{"title":{"code":"kms_failure"}}}]}"#,
        ),
    ])
    .await;
    let rooms = webex.rooms_with_title("Green\nPower").await.unwrap();
    assert_eq!(rooms.iter().map(|r| &*r.id).collect::<Vec<_>>(), ["Y2lzY29zcGFyazovLR20"]);
    assert!(rooms[0].created.is_some());
    let heard: Vec<_> = vendor.heard().into_iter().map(|h| h.line).collect();
    assert_eq!(
        heard,
        ["GET /v1/rooms?type=group&max=1000", "GET /v1/rooms?cursor=2", "GET /v1/rooms?cursor=3"]
    );
}

#[tokio::test]
async fn a_failed_look_up_is_not_an_empty_look_up() {
    let next = "link: <$BASE/v1/rooms?cursor=2>; rel=\"next\"";
    for replies in [
        vec![with("200 OK", &[next], r#"{"items":[]}"#), html("502 Bad Gateway")],
        vec![json("200 OK", "{}")],
        vec![html("200 OK")],
        vec![json(
            "200 OK",
            r#"{"items":[{"id":"Y2lzY29zcGFyazovLR00","title":"eyJ","errors":{"title":{"code":"kms_failure"}}}]}"#,
        )],
        // A loop.
        vec![with("200 OK", &[next], r#"{"items":[]}"#), with("200 OK", &[next], r#"{"items":[]}"#)],
        // A host that must not receive the token.
        vec![with("200 OK", &["link: <http://localhost:1/v1/rooms>; rel=\"next\""], r#"{"items":[]}"#)],
    ] {
        let (_vendor, webex) = says(replies).await;
        let said = webex.rooms_with_title("Green Power").await;
        assert!(matches!(said, Err(Failure::Unknown { .. } | Failure::NotSent { .. })), "{said:?}");
    }
}

#[tokio::test]
async fn posts_are_listed_up_to_a_limit() {
    let (vendor, webex) = says(vec![
        with(
            "200 OK",
            &["link: </v1/messages?before=x>; rel=\"next\""],
            r#"{"items":[{"id":"Y2lzY29zcGFyazovL100"},{"id":"Y2lzY29zcGFyazovL200","created":"?"}]}"#,
        ),
        with(
            "200 OK",
            &["link: </v1/messages?before=y>; rel=\"next\""],
            r#"{"items":[{"id":"Y2lzY29zcGFyazovL300"},{"id":"Y2lzY29zcGFyazovL400"}]}"#,
        ),
    ])
    .await;
    let messages = webex.messages(&id("Y2lzY29zcGFyazovLROOM0"), 3, true).await.unwrap();
    assert_eq!(
        messages.iter().map(|m| &*m.id).collect::<Vec<_>>(),
        ["Y2lzY29zcGFyazovL100", "Y2lzY29zcGFyazovL200", "Y2lzY29zcGFyazovL300"]
    );
    assert_eq!(
        vendor.heard()[0].line,
        "GET /v1/messages?roomId=Y2lzY29zcGFyazovLROOM0&max=3&mentionedPeople=me"
    );
}

#[tokio::test]
async fn a_file_keeps_its_name_type_and_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dashboard.png");
    // More than one chunk, the last of which isn't full.
    let bytes: Vec<u8> = (0..200_001_u32).map(|i| (i % 251) as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    let file = WebexFile {
        path,
        name: "Stand \"heute\" é.png".into(),
        content_type: "image/png".into(),
        length: 200_001,
    };

    let (vendor, webex) = says(vec![json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLMSG"}"#)]).await;
    let post =
        Post { file: Some(file.clone()), parent: Some(id("Y2lzY29zcGFyazovLROOT0")), ..words("Status") };
    assert_eq!(&*webex.post(&id("Y2lzY29zcGFyazovLROOM0"), &post).await.unwrap(), "Y2lzY29zcGFyazovLMSG");
    let heard = &vendor.heard()[0];
    assert!(heard.header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
    assert_eq!(heard.header("transfer-encoding"), None);
    let text = heard.text();
    for part in [
        "name=\"roomId\"\r\n\r\nY2lzY29zcGFyazovLROOM0\r\n",
        "name=\"markdown\"\r\n\r\nStatus\r\n",
        "name=\"parentId\"\r\n\r\nY2lzY29zcGFyazovLROOT0\r\n",
        "name=\"files\"; filename=\"Stand \\\"heute\\\" é.png\"\r\nContent-Type: image/png\r\n\r\n",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(heard.body.windows(bytes.len()).any(|window| window == bytes));

    let guessed = Post { file: Some(WebexFile { content_type: "?".into(), ..file.clone() }), ..words("") };
    let (vendor, webex) = says(vec![json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLMSG"}"#)]).await;
    webex.post(&id("Y2lzY29zcGFyazovLROOM0"), &guessed).await.unwrap();
    let text = vendor.heard()[0].text();
    assert!(text.contains("Content-Type: image/png") && !text.contains("markdown"));
}

#[tokio::test]
async fn a_file_that_cannot_be_sent_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("film.mp4");
    std::fs::File::create(&path).unwrap().set_len(101 * 1024 * 1024).unwrap(); // sparse
    let file =
        |path| WebexFile { path, name: "film.mp4".into(), content_type: "video/mp4".into(), length: 1 };
    let (vendor, webex) = says(vec![]).await;
    for (path, words) in [
        (path, "the file film.mp4 has 101 MB, Webex takes 100 MB at most"),
        (directory.path().join("nothing"), "the file film.mp4 can't be read"),
        (directory.path().to_owned(), "film.mp4 is not a file"),
    ] {
        let said = webex
            .post(&id("Y2lzY29zcGFyazovLROOM0"), &Post { file: Some(file(path)), ..Post::default() })
            .await;
        assert_eq!(said, Err(Failure::Refused { code: 0, why: words.into() }));
    }
    let both = Post { file: Some(file("x".into())), card: Some(value!({})), ..Post::default() };
    assert!(matches!(
        webex.post(&id("Y2lzY29zcGFyazovLROOM0"), &both).await,
        Err(Failure::Refused { code: 0, .. })
    ));
    assert!(vendor.heard().is_empty());
}

#[tokio::test]
async fn deleting_a_missing_post_is_no_failure() {
    let (vendor, webex) = says(vec![
        with("204 No Content", &[], ""),
        json("404 Not Found", r#"{"message":"Unable to delete message."}"#),
        json("403 Forbidden", r#"{"message":"You are not allowed"}"#),
    ])
    .await;
    webex.delete_message(&id("Y2lzY29zcGFyazovLMSG")).await.unwrap();
    webex.delete_message(&id("Y2lzY29zcGFyazovLMSG")).await.unwrap();
    assert!(matches!(
        webex.delete_message(&id("Y2lzY29zcGFyazovLMSG")).await,
        Err(Failure::Refused { code: 403, .. })
    ));
    assert_eq!(vendor.heard()[0].line, "DELETE /v1/messages/Y2lzY29zcGFyazovLMSG");
}

#[tokio::test]
async fn the_remaining_methods_make_the_right_requests() {
    let (vendor, webex) = says(vec![
        json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLME0","emails":["b@webex.bot"],"type":"bot"}"#),
        json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLR00","title":"Two lines"}"#),
        json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLR00","isLocked":true}"#),
        json("200 OK", r#"{"items":[{"id":"M1"},{"id":"M2"}]}"#),
        json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLMSG","markdown":"new"}"#),
        json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLMSG"}"#),
        with("204 No Content", &[], ""),
        json("200 OK", r#"{"items":[{"id":"W","status":"inactive"}]}"#),
        json("200 OK", r#"{"id":"W","status":"active"}"#),
        json("200 OK", r#"{"id":"W","status":"active"}"#),
    ])
    .await;
    assert_eq!(webex.me().await.unwrap().kind.as_deref(), Some("bot"));
    assert_eq!(&*webex.create_room("Two\nlines", Some("TEAM")).await.unwrap().id, "Y2lzY29zcGFyazovLR00");
    assert_eq!(webex.room(&id("Y2lzY29zcGFyazovLR00")).await.unwrap().is_locked, Some(true));
    assert_eq!(webex.members(&id("Y2lzY29zcGFyazovLR00")).await.unwrap().len(), 2);
    assert_eq!(
        webex
            .edit(&id("Y2lzY29zcGFyazovLMSG"), &id("Y2lzY29zcGFyazovLR00"), "new")
            .await
            .unwrap()
            .markdown
            .as_deref(),
        Some("new")
    );
    assert_eq!(&*webex.message(&id("Y2lzY29zcGFyazovLMSG")).await.unwrap().id, "Y2lzY29zcGFyazovLMSG");
    webex.delete_message(&id("Y2lzY29zcGFyazovLMSG")).await.unwrap();
    assert!(webex.webhooks().await.unwrap()[0].is_inactive());
    let new = NewWebhook {
        name: "n".into(),
        target_url: "https://x/webex".into(),
        resource: "messages".into(),
        event: "created".into(),
        filter: None,
        secret: "s3".into(),
    };
    assert!(!webex.create_webhook(&new).await.unwrap().is_inactive());
    webex.update_webhook("W", "n", "https://x/webex", None).await.unwrap();
    let heard = vendor.heard();
    let lines: Vec<_> = heard.iter().map(|h| h.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "GET /v1/people/me",
            "POST /v1/rooms",
            "GET /v1/rooms/Y2lzY29zcGFyazovLR00",
            "GET /v1/memberships?roomId=Y2lzY29zcGFyazovLR00&max=1000",
            "PUT /v1/messages/Y2lzY29zcGFyazovLMSG",
            "GET /v1/messages/Y2lzY29zcGFyazovLMSG",
            "DELETE /v1/messages/Y2lzY29zcGFyazovLMSG",
            "GET /v1/webhooks?max=1000",
            "POST /v1/webhooks",
            "PUT /v1/webhooks/W",
        ]
    );
    assert_eq!(heard[1].json(), value!({"title": "Two lines", "teamId": "TEAM"}));
    assert_eq!(heard[8].json()["secret"], "s3");
    assert_eq!(heard[9].json(), value!({"name": "n", "targetUrl": "https://x/webex", "status": "active"}));
}
