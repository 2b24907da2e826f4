//! Tests of S3 in its own wire format: objects are stored, listed and deleted, and failures.

use super::super::tests::{http, stage};
use super::*;
use axum::body::{Body, to_bytes};
use futures_util::FutureExt as _;
use handbell_sim::trouble::Trouble;
use serde_json::json;
use sha2::{Digest as _, Sha256};

fn bucket() -> (Bucket, Stage) {
    let stage = stage();
    (Bucket::open(stage.clone(), None).unwrap(), stage)
}

const SIGNED: &str =
    "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=00";

fn request(method: &str, path: &str, body: impl Into<Bytes>) -> Request {
    let body = body.into();
    Request::builder()
        .method(method)
        .uri(format!("/aws/s3/{path}"))
        .header("authorization", SIGNED)
        .header("x-amz-content-sha256", shelf::hex(&Sha256::digest(&body)))
        .body(Body::from(body))
        .unwrap()
}

async fn read(response: Response) -> (u16, HeaderMap, String) {
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (head.status.as_u16(), head.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn ask(bucket: &Bucket, method: &str, path: &str, body: &'static str) -> (u16, HeaderMap, String) {
    read(bucket.handle(request(method, &format!("{NAME}/{path}"), body)).await).await
}

/// Returns the texts of all elements with this name.
fn tags<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(open.as_str()).skip(1).filter_map(|rest| rest.split(close.as_str()).next()).collect()
}

async fn list(bucket: &Bucket, query: &str) -> String {
    let path = format!("{NAME}?list-type=2&{query}");
    let (status, _, xml) = read(bucket.handle(request("GET", &path, "")).await).await;
    assert_eq!(status, 200, "{xml}");
    roxmltree::Document::parse(&xml).expect("XML");
    xml
}

fn code(answer: &(u16, HeaderMap, String)) -> (u16, &str) {
    (answer.0, tags(&answer.2, "Code").first().copied().unwrap_or_default())
}

#[tokio::test]
async fn what_is_put_can_be_got_until_it_is_deleted() {
    let (bucket, stage) = bucket();
    assert_eq!(code(&ask(&bucket, "GET", "inbound/1", "").await), (404, "NoSuchKey"));
    let (status, headers, body) = ask(&bucket, "PUT", "inbound/1", "Hello").await;
    let etag = "\"8b1a9953c4611296a827abf8c47804d7\"";
    assert_eq!((status, headers["etag"].to_str().unwrap(), body.as_str()), (200, etag, ""));
    let (status, headers, body) = ask(&bucket, "GET", "inbound/1", "").await;
    assert_eq!((status, body.as_str(), &headers["etag"]), (200, "Hello", &etag.parse().unwrap()));
    assert_eq!(headers["content-type"], "binary/octet-stream");
    assert!(headers["last-modified"].to_str().unwrap().ends_with(" GMT"));
    let (status, headers, body) = ask(&bucket, "HEAD", "inbound/1", "").await;
    assert_eq!((status, headers["content-length"].to_str().unwrap(), body.as_str()), (200, "5", ""));
    ask(&bucket, "PUT", "inbound/1", "anew").await;
    assert_eq!(ask(&bucket, "GET", "inbound/1", "").await.2, "anew");
    assert_eq!(bucket.get("inbound/1").unwrap().as_deref(), Some(&b"anew"[..]));
    // The second time, the object is already gone, which S3 doesn't treat as an error.
    for _ in 0..2 {
        assert_eq!(ask(&bucket, "DELETE", "inbound/1", "").await.0, 204);
    }
    let gone = ask(&bucket, "HEAD", "inbound/1", "").await;
    assert_eq!((gone.0, gone.2.as_str(), bucket.keys().len()), (404, "", 0));
    let wire = stage.wire.entries();
    assert_eq!(
        (wire[1].to.as_str(), wire[1].body.as_str(), wire[2].answer.as_str()),
        ("s3", "Hello", "Hello")
    );
    assert!(wire.iter().all(|entry| entry.headers.iter().all(|(name, _)| name != "authorization")));
}

#[tokio::test]
async fn keys_are_any_text() {
    let (bucket, _) = bucket();
    for (path, key) in [
        ("a%20b%2Bc+d", "a b+c+d"),
        ("Gr%C3%B6%C3%9Fe/x%3Cy%3E%26%22", "Größe/x<y>&\""),
        ("line%0Abreak", "line\nbreak"),
        ("//x/../y", "//x/../y"),
    ] {
        assert_eq!(ask(&bucket, "PUT", path, "x").await.0, 200, "{path}");
        assert!(bucket.get(key).unwrap().is_some(), "{key}");
    }
    let xml = list(&bucket, "prefix=Gr%C3%B6").await;
    assert_eq!(tags(&xml, "Key"), ["Größe/x&lt;y&gt;&amp;&quot;"]);
    let xml = list(&bucket, "encoding-type=url&prefix=a+b").await;
    assert_eq!((tags(&xml, "Key"), tags(&xml, "Prefix")), (vec!["a%20b%2Bc%2Bd"], vec!["a%20b"]));
    assert_eq!(tags(&list(&bucket, "prefix=line").await, "Key"), ["line&#10;break"]);
    for path in ["%FF", "%zz", "%2"] {
        assert_eq!(code(&ask(&bucket, "PUT", path, "x").await), (400, "InvalidURI"), "{path}");
    }
    assert_eq!(ask(&bucket, "PUT", &"k".repeat(1024), "x").await.0, 200);
    assert_eq!(code(&ask(&bucket, "PUT", &"k".repeat(1025), "x").await), (400, "KeyTooLongError"));
}

#[tokio::test]
async fn lists_come_in_pages_and_in_order() {
    let (bucket, _) = bucket();
    for key in ["inbound/3", "inbound/1", "other", "inbound/2", "inbound", "inbound/10"] {
        bucket.put(key, "text/plain", &Bytes::from_static(b"12")).unwrap();
    }
    let whole = list(&bucket, "prefix=inbound/").await;
    assert_eq!(tags(&whole, "Key"), ["inbound/1", "inbound/10", "inbound/2", "inbound/3"]);
    for (name, value) in [("KeyCount", "4"), ("MaxKeys", "1000"), ("IsTruncated", "false"), ("Name", NAME)] {
        assert_eq!(tags(&whole, name), [value]);
    }
    assert_eq!((tags(&whole, "Size")[0], tags(&whole, "StorageClass")[0]), ("2", "STANDARD"));
    assert!(tags(&whole, "LastModified")[0].ends_with('Z') && tags(&whole, "ETag")[0].starts_with("&quot;"));

    let (mut seen, mut query) = (Vec::new(), "max-keys=3".to_owned());
    loop {
        let page = list(&bucket, &query).await;
        seen.extend(tags(&page, "Key").into_iter().map(str::to_owned));
        let Some(next) = tags(&page, "NextContinuationToken").first().map(|next| (*next).to_owned()) else {
            assert_eq!(tags(&page, "IsTruncated"), ["false"]);
            break;
        };
        assert_eq!((tags(&page, "IsTruncated"), tags(&page, "KeyCount")), (vec!["true"], vec!["3"]));
        query = format!("max-keys=3&continuation-token={next}");
        // An object that arrives between two pages doesn't shift the next page.
        bucket.put("a", "text/plain", &Bytes::new()).unwrap();
    }
    assert_eq!(seen, ["inbound", "inbound/1", "inbound/10", "inbound/2", "inbound/3", "other"]);

    for (query, keys) in [
        ("start-after=inbound/10&prefix=inbound/", vec!["inbound/2", "inbound/3"]),
        ("start-after=zzz", vec![]),
        ("start-after=b&prefix=a", vec![]),
        ("start-after=a&prefix=o", vec!["other"]),
        ("prefix=nobody", vec![]),
        ("max-keys=0", vec![]),
        ("max-keys=5000&prefix=o", vec!["other"]),
    ] {
        assert_eq!(tags(&list(&bucket, query).await, "Key"), keys, "{query}");
    }
    for (query, wrong) in [
        ("list-type=2&max-keys=many", (400, "InvalidArgument")),
        ("list-type=2&max-keys=-1", (400, "InvalidArgument")),
        ("list-type=2&continuation-token=no%20token", (400, "InvalidArgument")),
        ("list-type=2&continuation-token=", (400, "InvalidArgument")),
        ("list-type=2&delimiter=/", (501, "NotImplemented")),
        ("", (501, "NotImplemented")),
        ("versions", (501, "NotImplemented")),
    ] {
        let path = format!("{NAME}/?{query}");
        let answer = read(bucket.handle(request("GET", &path, "")).await).await;
        assert_eq!(code(&answer), wrong, "{query}");
    }
}

#[tokio::test]
async fn what_s3_refuses_is_refused_and_changes_nothing() {
    let (bucket, _) = bucket();
    let with = |name: &'static str, value: Option<&str>| {
        let mut request = request("PUT", &format!("{NAME}/k"), "Hello");
        match value {
            Some(value) => _ = request.headers_mut().insert(name, value.parse().unwrap()),
            None => _ = request.headers_mut().remove(name),
        }
        request
    };
    let elsewhere = |from: &str, to: &str| SIGNED.replace(from, to);
    for (request, wrong) in [
        (with("authorization", None), (403, "AccessDenied")),
        (with("authorization", Some("Bearer x")), (400, "AuthorizationHeaderMalformed")),
        (with("authorization", Some(&elsewhere("/s3/", "/sqs/"))), (400, "AuthorizationHeaderMalformed")),
        (
            with("authorization", Some(&elsewhere("eu-west", "us-east"))),
            (400, "AuthorizationHeaderMalformed"),
        ),
        (with("x-amz-content-sha256", None), (400, "InvalidRequest")),
        (with("x-amz-content-sha256", Some(&"0".repeat(64))), (400, "XAmzContentSHA256Mismatch")),
        (with("x-amz-content-sha256", Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER")), (501, "NotImplemented")),
        (with("x-amz-copy-source", Some("/b/k")), (501, "NotImplemented")),
        (with("if-none-match", Some("*")), (501, "NotImplemented")),
        (request("PUT", &format!("{NAME}/k?uploadId=1"), "x"), (501, "NotImplemented")),
        (request("PUT", "other/k", "x"), (404, "NoSuchBucket")),
        (request("PUT", NAME, ""), (501, "NotImplemented")),
        (request("POST", &format!("{NAME}/k"), ""), (501, "NotImplemented")),
        (request("PUT", &format!("{NAME}/k"), vec![0; LARGEST + 1]), (400, "EntityTooLarge")),
    ] {
        let answer = read(bucket.handle(request).await).await;
        assert_eq!(code(&answer), wrong, "{}", answer.2);
    }
    assert!(bucket.keys().is_empty());
    for (name, value) in [("x-amz-content-sha256", Some("UNSIGNED-PAYLOAD")), ("x-nothing", None)] {
        assert_eq!(bucket.handle(with(name, value)).await.status(), 200);
    }
    let presigned = Request::get(format!("/aws/s3/{NAME}/k?X-Amz-Signature=00")).body(Body::empty()).unwrap();
    assert_eq!(bucket.handle(presigned).await.status(), 200);
}

#[tokio::test]
async fn troubles_strike_before_it_is_done_or_after() {
    let (bucket, stage) = bucket();
    let make = |kind: &str| {
        let trouble: Trouble = serde_json::from_value(json!({"vendor": "s3", "kind": kind})).unwrap();
        stage.troubles.clear();
        stage.troubles.make(trouble, stage.clock.now());
    };
    for (kind, wrong, taken) in
        [("502-before", (502, ""), 0), ("429", (503, "SlowDown"), 0), ("502-after", (502, ""), 1)]
    {
        make(kind);
        let answer = ask(&bucket, "PUT", kind, "x").await;
        assert_eq!((code(&answer), bucket.keys().len()), (wrong, taken), "{kind}");
    }
    make("reset");
    let broken = bucket.handle(request("PUT", &format!("{NAME}/reset"), "x")).await;
    assert!(to_bytes(broken.into_body(), usize::MAX).await.is_err());
    make("timeout");
    let silent = bucket.handle(request("PUT", &format!("{NAME}/timeout"), "x"));
    assert!(silent.now_or_never().is_none(), "no answer comes");
    assert_eq!(bucket.keys(), ["502-after", "reset", "timeout"]);
    let said: Vec<u16> = stage.wire.entries().iter().map(|entry| entry.status).collect();
    assert_eq!(said, [502, 503, 502, 0, 0]);
}

#[tokio::test]
async fn in_a_folder_it_is_there_after_a_restart() {
    let data = std::env::temp_dir().join(format!("handbell-bucket-{}", uuid::Uuid::new_v4()));
    let open = || Bucket::open(stage(), Some(&data));
    let first = open().unwrap();
    let (odd, content) = ("../ü\n\u{1}/x", Bytes::from(vec![b'\n'; 100_000]));
    first.put(odd, "message/rfc822", &content).unwrap();
    first.put("gone", "text/plain", &Bytes::from_static(b"x")).unwrap();
    assert_eq!(ask(&first, "DELETE", "gone", "").await.0, 204);
    drop(first);
    // A crash left this file; its request was never answered.
    std::fs::write(data.join("bucket/0.new"), "half").unwrap();
    let again = open().unwrap();
    assert_eq!((again.keys(), again.get(odd).unwrap()), (vec![odd.to_owned()], Some(content)));
    let (_, headers, _) = ask(&again, "HEAD", "../%C3%BC%0A%01/x", "").await;
    assert_eq!(
        (&headers["content-type"], &headers["content-length"]),
        (&"message/rfc822".parse().unwrap(), &"100000".parse().unwrap())
    );
    assert!(
        std::fs::read_dir(data.parent().unwrap())
            .unwrap()
            .all(|entry| entry.unwrap().file_name() != "ü\n\u{1}")
    );

    std::fs::write(data.join("bucket/1234"), "no object\n").unwrap();
    let why = open().err().unwrap().to_string();
    assert!(why.contains("1234 is no object of the bucket"), "{why}");
    std::fs::remove_dir_all(data).unwrap();
}

#[tokio::test]
async fn the_cloud_has_it_at_its_endpoint() {
    use super::super::invoke::Hands;
    use super::super::{Cloud, CloudOptions};
    let stage = stage();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    *stage.origin.write().unwrap() = format!("http://{}", listener.local_addr().unwrap());
    let clock_file = std::env::temp_dir().join(format!("handbell-clock-{}", uuid::Uuid::new_v4()));
    let hands = Hands::InProcess(Arc::new(|_, _| Box::pin(async { Ok(serde_json::Value::Null) })));
    let options = CloudOptions { stage, hands, data: None, clock_file: clock_file.clone(), automatic: false };
    let cloud = Cloud::start(options).await.unwrap();
    let router = cloud.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let env: std::collections::HashMap<_, _> = cloud.env().into_iter().collect();
    let base = format!("{}/{}", env["AWS_ENDPOINT_URL_S3"], env["HANDBELL_BUCKET"]);
    let signed = |request: reqwest::RequestBuilder| {
        request.header("authorization", SIGNED).header("x-amz-content-sha256", "UNSIGNED-PAYLOAD").send()
    };
    let mail = vec![b'x'; 20 * 1024 * 1024];
    let put = signed(http().put(format!("{base}/inbound/a%20b")).body(mail.clone())).await.unwrap();
    assert_eq!(put.status(), 200);
    let head = signed(http().head(format!("{base}/inbound/a%20b"))).await.unwrap();
    assert_eq!(
        (head.status().as_u16(), head.headers()["content-length"].to_str().unwrap()),
        (200, "20971520")
    );
    let got = signed(http().get(format!("{base}/inbound/a%20b"))).await.unwrap().bytes().await.unwrap();
    assert!(got == mail);
    for at in [format!("{base}?list-type=2"), format!("{base}/?list-type=2")] {
        let list = signed(http().get(at)).await.unwrap().text().await.unwrap();
        assert_eq!(tags(&list, "Key"), ["inbound/a b"]);
    }
    assert_eq!(cloud.bucket().keys(), ["inbound/a b"]);
    std::fs::remove_file(clock_file).unwrap();
}
