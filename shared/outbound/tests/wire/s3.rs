//! Amazon S3.

use std::sync::Arc;

use bytes::Bytes;
use handbell_outbound::failure::Failure;
use handbell_outbound::s3::{Bucket, Keys, Object};

use crate::vendor::{Reply, Vendor, html, http, nobody, with};

/// A bucket whose clock is fixed.
fn bucket(base: &str) -> Bucket {
    named(Some(base.into()), "handbell-mail", "eu-central-1")
}

fn named(endpoint: Option<String>, name: &str, region: &str) -> Bucket {
    let keys = Keys { id: "AKID".into(), secret: "the-secret".into(), session: Some("the-session".into()) };
    let clock = Arc::new(|| "2026-11-21T10:00:00Z".parse().unwrap());
    Bucket::new(http(), endpoint, region.into(), name.into(), keys, clock)
}

async fn says(replies: Vec<Reply>) -> (Vendor, Bucket) {
    let vendor = Vendor::that(replies).await;
    let bucket = bucket(&vendor.base);
    (vendor, bucket)
}

fn xml(status: &'static str, body: &str) -> Reply {
    with(status, &["content-type: application/xml"], body)
}

fn no(status: &'static str, code: &str) -> Reply {
    let body =
        format!("<Error><Code>{code}</Code><Message>mail/secret-key of dana@example.com</Message></Error>");
    xml(status, &body)
}

fn listed(keys: &[&str], more: bool) -> Reply {
    let object = |key: &&str| {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-11-21T09:00:00.000Z</LastModified><ETag>&quot;1&quot;</ETag>\
             <Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )
    };
    let contents: String = keys.iter().map(object).collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>{contents}</ListBucketResult>"
    );
    xml("200 OK", &body)
}

#[tokio::test]
async fn an_object_is_fetched_with_a_signed_request() {
    let (vendor, bucket) =
        says(vec![with("200 OK", &[], "From: dana"), no("404 Not Found", "NoSuchKey")]).await;
    assert_eq!(bucket.get("mail/ä b+c%20.eml", 100).await.unwrap().unwrap(), "From: dana");
    assert_eq!(bucket.get("mail/none", 10_000).await.unwrap(), None);
    let heard = &vendor.heard()[0];
    assert_eq!(heard.line, "GET /handbell-mail/mail/%C3%A4%20b%2Bc%2520.eml");
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(heard.header("x-amz-content-sha256"), Some(empty));
    assert_eq!(heard.header("x-amz-date"), Some("20261121T100000Z"));
    assert_eq!(heard.header("x-amz-security-token"), Some("the-session"));
    let signed = "AWS4-HMAC-SHA256 Credential=AKID/20261121/eu-central-1/s3/aws4_request, \
                  SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=";
    assert!(heard.header("authorization").unwrap().starts_with(signed));
    assert!(!format!("{bucket:?}").contains("the-se"));
}

#[tokio::test]
async fn an_object_that_is_too_large_is_refused() {
    let (_vendor, bucket) = says(vec![with("200 OK", &[], "From: dana")]).await;
    let said = bucket.get("mail/1", 9).await;
    assert_eq!(said, Err(Failure::Refused { code: 0, why: "the file is larger than 9 bytes".into() }));
}

#[tokio::test]
async fn a_truncated_object_is_not_returned() {
    let (_vendor, bucket) =
        says(vec![Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nFrom")]).await;
    assert!(matches!(bucket.get("mail/1", 1000).await, Err(Failure::Unknown { .. })));
}

#[tokio::test]
async fn objects_are_stored_and_deleted() {
    let (vendor, bucket) = says(vec![
        with("200 OK", &["etag: \"1\""], ""),
        with("204 No Content", &[], ""),
        no("404 Not Found", "NoSuchKey"),
    ])
    .await;
    bucket.put("quarantine/1", Bytes::from_static(b"From: dana"), "message/rfc822").await.unwrap();
    bucket.delete("mail/1").await.unwrap();
    bucket.delete("mail/1").await.unwrap();
    let heard = vendor.heard();
    assert_eq!(heard[0].line, "PUT /handbell-mail/quarantine/1");
    assert_eq!(
        (heard[0].text().as_str(), heard[0].header("content-type")),
        ("From: dana", Some("message/rfc822"))
    );
    assert!(heard[0].header("authorization").unwrap().contains("SignedHeaders=content-type;host;"));
    assert_eq!(heard[1].line, "DELETE /handbell-mail/mail/1");
}

#[tokio::test]
async fn lists_are_read_to_the_end() {
    let (vendor, bucket) =
        says(vec![listed(&["mail/a+b", "mail/%C3%A4%01"], true), listed(&["mail/%C3%B6"], false)]).await;
    let objects = bucket.list("mail/", Some("mail/ &"), 2000).await.unwrap();
    let keys: Vec<_> = objects.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(keys, ["mail/a b", "mail/ä\u{1}", "mail/ö"]);
    let modified = "2026-11-21T09:00:00Z".parse().unwrap();
    assert_eq!(objects[0], Object { key: "mail/a b".into(), size: 7, modified });
    let lines: Vec<_> = vendor.heard().into_iter().map(|heard| heard.line).collect();
    let list = "GET /handbell-mail/?list-type=2&encoding-type=url&max-keys=";
    assert_eq!(
        lines,
        [
            format!("{list}1000&prefix=mail%2F&start-after=mail%2F%20%26"),
            format!("{list}1000&prefix=mail%2F&start-after=mail%2F%C3%A4%01"),
        ]
    );
}

#[tokio::test]
async fn a_list_ends_at_its_limit_and_never_loops() {
    let (vendor, bucket) = says(vec![listed(&["a", "b"], true), listed(&["a", "b", "c"], true)]).await;
    assert_eq!(bucket.list("", None, 2).await.unwrap().len(), 2);
    // A server that returns more than was requested.
    assert_eq!(bucket.list("", None, 1).await.unwrap().len(), 1);
    assert_eq!(bucket.list("", None, 0).await.unwrap(), []);
    assert_eq!(vendor.heard().len(), 2);
    for replies in [
        vec![listed(&[], true)],
        vec![listed(&["a"], true), listed(&["a"], true)],
        vec![listed(&["b"], true), listed(&["a"], true)],
        vec![html("200 OK")],
        vec![xml("200 OK", "")],
    ] {
        let (_vendor, bucket) = says(replies).await;
        let said = bucket.list("", None, 100).await;
        assert!(matches!(said, Err(Failure::Unknown { .. })), "{said:?}");
    }
}

#[tokio::test]
async fn refusals_are_classified_by_name() {
    for (reply, expected) in [
        (no("404 Not Found", "NoSuchBucket"), "refused: there is no such bucket (Amazon S3, HTTP 404)"),
        (
            no("403 Forbidden", "AccessDenied"),
            "refused: our role in AWS may not do this in the bucket (Amazon S3, HTTP 403)",
        ),
        (
            no("403 Forbidden", "RequestTimeTooSkewed"),
            "refused: the clock of this machine is wrong (Amazon S3, HTTP 403)",
        ),
        (
            no("400 Bad Request", "ExpiredToken"),
            "refused: our credentials in AWS aren't taken (Amazon S3, HTTP 400)",
        ),
        (
            no("301 Moved Permanently", "PermanentRedirect"),
            "refused: the bucket is in another region than the settings say (Amazon S3, HTTP 301)",
        ),
        (no("503 Slow Down", "SlowDown"), "not sent: we are asked to slow down (Amazon S3, HTTP 503)"),
        (no("500 Oops", "InternalError"), "outcome unknown: Amazon S3 is in trouble (HTTP 500)"),
        (html("400 Bad Request"), "refused: it was refused (Amazon S3, HTTP 400)"),
        (html("502 Bad Gateway"), "outcome unknown: Amazon S3 is in trouble (HTTP 502)"),
        (Reply::IsSilent, "outcome unknown: Amazon S3 did not answer in time"),
    ] {
        let (_vendor, bucket) = says(vec![reply]).await;
        assert_eq!(bucket.get("mail/1", 10_000).await.unwrap_err().to_string(), expected);
    }
    let (_vendor, bucket) = says(vec![no("404 Not Found", "NoSuchBucket")]).await;
    assert!(bucket.delete("mail/1").await.is_err());
    let said = self::bucket(&nobody().await).get("mail/1", 10).await.unwrap_err();
    assert!(matches!(said, Failure::NotSent { .. }) && !said.why().contains("127.0.0.1"), "{said}");
}

#[tokio::test]
async fn an_invalid_key_or_bucket_makes_no_request() {
    let (vendor, bucket) = says(vec![]).await;
    for key in ["", "..", "a/../b", "./a", "a/.", &"x".repeat(1025)] {
        for said in [bucket.get(key, 10).await.map(drop), bucket.delete(key).await] {
            assert!(matches!(said, Err(Failure::Refused { code: 0, .. })), "{key}: {said:?}");
        }
    }
    for (name, region) in
        [("", "eu-west-1"), ("A", "eu-west-1"), ("a/b", "eu-west-1"), ("..", "x"), ("mail", "x.evil.com/")]
    {
        for endpoint in [None, Some(vendor.base.clone())] {
            let said = named(endpoint, name, region).get("mail/1", 10).await;
            let Err(Failure::Refused { code: 0, why }) = said else { panic!("{name} {region}: {said:?}") };
            assert!(why.ends_with("of the bucket in the settings can't be used for Amazon S3"), "{why}");
        }
    }
    assert!(named(Some("nowhere".into()), "mail", "x").get("mail/1", 10).await.is_err());
    assert!(vendor.heard().is_empty());
}
