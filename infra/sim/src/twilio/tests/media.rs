//! Tests of pictures and files in both directions.

use super::*;

#[tokio::test]
async fn pictures_are_fetched_or_the_text_fails() {
    let scene = scene().await;
    // Handbell refuses unsigned requests, and a file's URL is unsigned.
    let (_, message) = scene.text(&[("MediaUrl", &format!("{}/f.pdf", scene.origin))]).await;
    assert!(message["sid"].as_str().is_some_and(|sid| sid.starts_with("MM")));
    scene.until("failed", || scene.phone(DANA)["texts"][0]["status"] == "failed").await;
    assert_eq!(scene.phone(DANA)["texts"][0]["error_code"], 11200);

    let (_, done) = scene.hands(ELI, "text", json!({"to": OURS, "body": "look", "media": ["a.png"]})).await;
    assert_eq!(done["error"], Value::Null);
    let told = scene.told("/twilio/sms").pop().unwrap_or_default();
    assert_eq!(
        (field(&told, "NumMedia"), field(&told, "MediaContentType0")),
        ("1".into(), "image/png".into())
    );
    let url = field(&told, "MediaUrl0");
    assert_eq!(scene.http.get(&url).send().await.expect("an answer").status(), 401);
    let way = scene.http.get(&url).basic_auth(account(), Some(TOKEN)).send().await.expect("an answer");
    assert_eq!(way.status(), 307);
    let place = way.headers()["location"].to_str().expect("an address").to_owned();
    let picture = scene.http.get(&place).send().await.expect("an answer");
    assert_eq!(
        (picture.status().as_u16(), &picture.headers()["content-type"]),
        (200, &"image/png".parse().expect("a type"))
    );
    assert!(picture.bytes().await.expect("a body").starts_with(b"\x89PNG"));
    let wire = scene.stage.wire.entries();
    assert!(wire.iter().any(|entry| entry.to == "twilio-cdn" && entry.verdict == "none needed"));
    let (_, list) =
        scene.get(&format!("Messages/{}/Media.json", done["text"]["sid"].as_str().expect("a sid"))).await;
    assert_eq!(list["media_list"][0]["content_type"], "image/png");
    // Handbell can send a received file on.
    scene.text(&[("MediaUrl", &place)]).await;
    scene.until("delivered", || scene.phone(DANA)["texts"][1]["status"] == "delivered").await;
}

/// Returns the files of the last text on a phone: names, types, and the bytes behind the page's URLs.
async fn shown(scene: &Scene, number: &str) -> Vec<(String, String, Bytes)> {
    let text =
        scene.phone(number)["texts"].as_array().and_then(|texts| texts.last().cloned()).unwrap_or_default();
    let mut files = Vec::new();
    for file in text["media"].as_array().into_iter().flatten() {
        let url = format!("{}{}", scene.origin, file["url"].as_str().expect("a URL"));
        let answer = scene.http.get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let text = |name: &str| file[name].as_str().unwrap_or_default().to_owned();
        files.push((text("name"), text("content_type"), answer.bytes().await.expect("a body")));
    }
    files
}

#[tokio::test]
async fn files_of_all_kinds_come_in_their_order() {
    let scene = scene().await;
    let media = json!(["a.png", {"name": "b.jpg", "content": "aGVsbG8="}, "c.gif", "d.pdf", "e.mp4", "f.vcf", "g.jpeg", "h"]);
    let (_, done) = scene.hands(DANA, "text", json!({"to": OURS, "media": media})).await;
    assert_eq!(done["error"], Value::Null);
    let told = scene.told("/twilio/sms").pop().unwrap_or_default();
    assert_eq!((field(&told, "NumMedia"), field(&told, "Body")), ("8".into(), String::new()));
    assert!(field(&told, "MessageSid").starts_with("MM"));
    let kinds: Vec<_> = (0..8).map(|index| field(&told, &format!("MediaContentType{index}"))).collect();
    let expected = [
        "image/png",
        "image/jpeg",
        "image/gif",
        "application/pdf",
        "video/mp4",
        "text/x-vcard",
        "image/jpeg",
        "application/octet-stream",
    ];
    assert_eq!(kinds, expected);
    let files = shown(&scene, DANA).await;
    let names: Vec<_> = files.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["a.png", "b.jpg", "c.gif", "d.pdf", "e.mp4", "f.vcf", "g.jpeg", "h"]);
    assert_eq!(files[1].2, "hello");
    assert!(files[2].2.starts_with(b"GIF89a") && files[6].2.starts_with(b"\xff\xd8\xff"));

    let many = vec!["a.png"; 11];
    assert_eq!(scene.hands(DANA, "text", json!({"to": OURS, "media": many})).await.0, 400);
    let garbled = json!([{"name": "a.png", "content": "!"}]);
    assert_eq!(scene.hands(DANA, "text", json!({"to": OURS, "media": garbled})).await.0, 400);
    // A photograph from a phone is larger than a usual form.
    let large = json!([{"name": "a.jpg", "content": "A".repeat(4 << 20)}]);
    assert_eq!(scene.hands(DANA, "text", json!({"to": OURS, "media": large})).await.0, 200);
}

#[tokio::test]
async fn media_are_listed_and_deleted() {
    let scene = scene().await;
    let (_, done) =
        scene.hands(DANA, "text", json!({"to": OURS, "body": "two", "media": ["a.png", "b.pdf"]})).await;
    let message = format!("Messages/{}", done["text"]["sid"].as_str().expect("a sid"));
    let (_, list) = scene.get(&format!("{message}/Media.json")).await;
    let sid = list["media_list"][0]["sid"].as_str().expect("a sid");
    let url = scene.url(&format!("{message}/Media/{sid}"));
    let way = scene.http.get(&url).basic_auth(account(), Some(TOKEN)).send().await.expect("an answer");
    let place = way.headers()["location"].to_str().expect("an address").to_owned();
    let (_, all) = scene.get("Messages.json").await;
    assert_eq!(
        (&all["messages"][0]["num_media"], &all["messages"][0]["status"]),
        (&json!("2"), &json!("received"))
    );
    assert!(all["messages"][0]["date_sent"].is_string());
    let path = all["messages"][0]["subresource_uris"]["media"].as_str().expect("a path");
    assert!(path.ends_with(&format!("{message}/Media.json")));

    assert_eq!(scene.delete(&format!("{message}/Media/{sid}.json")).await, 204);
    assert_eq!(scene.delete(&format!("{message}/Media/{sid}.json")).await, 404);
    assert_eq!(scene.bytes(&url).await.0, 404);
    assert_eq!(scene.http.get(&place).send().await.expect("an answer").status(), 404);
    let (_, list) = scene.get(&format!("{message}/Media.json")).await;
    assert_eq!(list["media_list"].as_array().map(Vec::len), Some(1));
    assert_eq!(scene.get(&format!("{message}.json")).await.1["num_media"], "1");
    assert_eq!(shown(&scene, DANA).await.len(), 2, "the phone keeps what it has");
}

#[tokio::test]
async fn files_go_out_or_the_text_fails_with_the_reason() {
    let scene = scene().await;
    scene.answers("/files/a.png", 200, "image/png", "the bytes");
    scene.answers("/files/plan.pdf", 200, "application/pdf; version=1.4", "a plan");
    let at = |name: &str| format!("{}/files/{name}", scene.origin);
    let (status, message) =
        scene.text(&[("Body", "-"), ("MediaUrl", &at("a.png")), ("MediaUrl", &at("plan.pdf?sig=x/y"))]).await;
    assert_eq!((status, &message["num_media"], &message["body"]), (201, &json!("2"), &json!("")));
    assert!(message["sid"].as_str().is_some_and(|sid| sid.starts_with("MM")));
    scene.until("delivered", || scene.phone(DANA)["texts"][0]["status"] == "delivered").await;
    let expected = [
        ("a.png".to_owned(), "image/png".to_owned(), Bytes::from("the bytes")),
        ("plan.pdf".to_owned(), "application/pdf".to_owned(), Bytes::from("a plan")),
    ];
    assert_eq!(shown(&scene, DANA).await, expected);

    let (status, _) = scene.text(&[("MediaUrl", "not a url")]).await;
    assert_eq!(status, 400);
    let many: Vec<_> = (0..11).map(|_| ("MediaUrl", "https://a.example/x.png")).collect();
    assert_eq!(scene.text(&many).await.1["code"], 21623);

    let some = |size: usize| "x".repeat(size);
    scene.answers("/files/moved.png", 302, "image/png", "");
    scene.answers("/files/page.html", 200, "text/html", "<p>Log in</p>");
    scene.answers("/files/large.png", 200, "image/png", &some((5 << 20) + 1));
    scene.answers("/files/fits.png", 200, "image/png", &some(5 << 20));
    scene.answers("/files/large.mp4", 200, "video/mp4", &some(600 << 10));
    for (name, code) in [
        ("nowhere.png", Some(11200)),
        ("moved.png", Some(11200)),
        ("page.html", Some(12300)),
        ("large.png", Some(11751)),
        ("large.mp4", Some(11751)),
        ("fits.png", None),
    ] {
        let (status, message) = scene.text(&[("MediaUrl", &at(name))]).await;
        assert_eq!(status, 201, "{name}");
        let sid = message["sid"].clone();
        let texts = || scene.phone(DANA)["texts"].as_array().cloned().unwrap_or_default();
        let wanted = if code.is_some() { "failed" } else { "delivered" };
        scene.until(name, || texts().iter().any(|text| text["sid"] == sid && text["status"] == wanted)).await;
        let text = texts().into_iter().find(|text| text["sid"] == sid).unwrap_or_default();
        assert_eq!(text["error_code"], json!(code), "{name}");
        assert_eq!(text["media"][0]["url"].is_null(), code.is_some(), "{name}");
    }
    // The limit applies to all files together.
    scene.text(&[("MediaUrl", &at("fits.png")), ("MediaUrl", &at("a.png"))]).await;
    let last =
        || scene.phone(DANA)["texts"].as_array().and_then(|texts| texts.last().cloned()).unwrap_or_default();
    scene.until("failed", || last()["error_code"] == 11751).await;
}

#[tokio::test]
async fn troubles_strike_media_too() {
    let scene = scene().await;
    scene.hands(DANA, "text", json!({"to": OURS, "media": ["a.png"]})).await;
    let url = field(&scene.told("/twilio/sms").pop().unwrap_or_default(), "MediaUrl0");
    let way = scene.http.get(&url).basic_auth(account(), Some(TOKEN)).send().await.expect("an answer");
    let place = way.headers()["location"].to_str().expect("an address").to_owned();
    for (kind, status) in [("502-before", 502), ("429", 429), ("502-after", 502)] {
        scene.trouble(kind);
        assert_eq!(scene.bytes(&url).await.0, status, "{kind}");
        assert_eq!(scene.bytes(&place).await.0, status, "{kind}");
        scene.stage.troubles.clear();
    }
    scene.trouble("timeout");
    for url in [&url, &place] {
        let late = scene.http.get(url).basic_auth(account(), Some(TOKEN)).timeout(Duration::from_millis(300));
        assert!(late.send().await.is_err_and(|error| error.is_timeout()));
    }
}
