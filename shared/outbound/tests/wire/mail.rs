//! Amazon SES, through the SDK and the one HTTP client that it shares with the vendors' clients.

use std::time::Duration;

use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use handbell_outbound::failure::Failure;
use handbell_outbound::ses::{ATTACHED_MAX, Attachment, OutgoingMail, Ses};
use serde_json::json as value;

use crate::vendor::{Reply, Vendor, html, http, json, nobody, with};

/// An HTTP client for the SDK. Like the real one, it can't distinguish connecting from reading.
#[derive(Clone, Debug)]
struct ForAws(reqwest::Client);

impl HttpClient for ForAws {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for ForAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let (parts, body) = request.try_into_http1x().unwrap().into_parts();
            let body = body.bytes().unwrap_or_default().to_vec();
            let request = reqwest::Request::try_from(::http::Request::from_parts(parts, body)).unwrap();
            let failed = |error: reqwest::Error| {
                if error.is_timeout() {
                    ConnectorError::timeout(error.into())
                } else {
                    ConnectorError::io(error.into())
                }
            };
            let response = client.execute(request).await.map_err(failed)?;
            let mut answer = ::http::Response::new(());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = response.headers().clone();
            let body = response.bytes().await.map_err(failed)?;
            Ok(HttpResponse::try_from(answer.map(|()| SdkBody::from(body))).unwrap())
        })
    }
}

fn ses(base: &str) -> Ses {
    let config = aws_sdk_sesv2::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(ForAws(http()))
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKID", "the-secret", None, None, "test"))
        .endpoint_url(base)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(5)).build());
    Ses::new(aws_sdk_sesv2::Client::from_conf(config.build()))
}

fn mail() -> OutgoingMail {
    OutgoingMail {
        from: "Grüne Kraft <help@example.com>".into(),
        to: "dana@example.com".parse().unwrap(),
        reply_to: "c+TOKEN@in.example.com".parse().ok(),
        subject: "Re: Grüße\r\nBcc: eve@example.com".into(),
        text: "Hello Dana,\nwe are on it.".into(),
        html: Some("<p>Hello Dana</p>".into()),
        headers: vec![
            ("In-Reply-To".into(), "<a@x>\r\nBcc: eve@example.com".into()),
            ("Auto-Submitted".into(), "auto-generated".into()),
            ("Bad:Name".into(), "x".into()),
            ("auto-submitted".into(), "no".into()),
        ],
        tags: vec![("conversation".into(), "C-7K3Q.2".into())],
        attachments: vec![],
    }
}

/// Sends a mail to an SES that answers with `reply`.
async fn mail_when(reply: Reply) -> Result<String, Failure> {
    let vendor = Vendor::that(vec![reply]).await;
    let said = ses(&vendor.base).send(&mail()).await;
    assert_eq!(vendor.heard().len(), 1, "nothing is said twice");
    if let Err(failure) = &said {
        let why = failure.why();
        assert!(!why.contains("dana") && !why.contains("127.0.0.1") && !why.contains("the-secret"), "{why}");
    }
    said
}

#[tokio::test]
async fn a_mail_is_sent_in_the_format_of_ses() {
    let vendor = Vendor::that(vec![
        json("200 OK", r#"{"MessageId":"0107-1"}"#),
        json("200 OK", r#"{"MessageId":"2"}"#),
    ])
    .await;
    assert_eq!(ses(&vendor.base).send(&mail()).await.unwrap(), "0107-1");
    let plain = OutgoingMail { reply_to: None, html: None, headers: vec![], tags: vec![], ..mail() };
    ses(&vendor.base).send(&plain).await.unwrap();
    let heard = vendor.heard();
    assert_eq!(heard[0].line, "POST /v2/email/outbound-emails");
    assert!(heard[0].header("authorization").unwrap().starts_with("AWS4-HMAC-SHA256 Credential=AKID/"));
    let part = |data: &str| value!({ "Data": data, "Charset": "UTF-8" });
    let subject = part("Re: Grüße Bcc: eve@example.com");
    let text = part("Hello Dana,\nwe are on it.");
    assert_eq!(
        heard[0].json(),
        value!({
            "FromEmailAddress": "=?UTF-8?Q?Gr=C3=BCne_Kraft?= <help@example.com>",
            "Destination": { "ToAddresses": ["dana@example.com"] },
            "ReplyToAddresses": ["c+TOKEN@in.example.com"],
            "Content": { "Simple": {
                "Subject": subject,
                "Body": { "Text": text, "Html": part("<p>Hello Dana</p>") },
                "Headers": [
                    { "Name": "In-Reply-To", "Value": "<a@x> Bcc: eve@example.com" },
                    { "Name": "Auto-Submitted", "Value": "auto-generated" },
                ],
            } },
            "EmailTags": [{ "Name": "conversation", "Value": "C-7K3Q_2" }],
        })
    );
    assert_eq!(
        heard[1].json(),
        value!({
            "FromEmailAddress": "=?UTF-8?Q?Gr=C3=BCne_Kraft?= <help@example.com>",
            "Destination": { "ToAddresses": ["dana@example.com"] },
            "Content": { "Simple": { "Subject": subject, "Body": { "Text": text } } },
        })
    );
}

#[tokio::test]
async fn refusals_are_classified_by_name() {
    let no = |status, name: &str| {
        let header = format!("x-amzn-errortype: {name}:http://internal.amazon.com/coral/x/");
        with(status, &[&header], r#"{"message":"Email address is not verified: dana@example.com"}"#)
    };
    for (status, name) in
        [("429 Too Many Requests", "TooManyRequestsException"), ("400 Bad Request", "LimitExceededException")]
    {
        let said = mail_when(no(status, name)).await;
        assert!(matches!(said, Err(Failure::NotSent { .. })), "{name}: {said:?}");
    }
    for (status, name, words) in [
        ("400 Bad Request", "MessageRejected", "the mail was rejected"),
        ("400 Bad Request", "MailFromDomainNotVerifiedException", "isn't verified"),
        ("400 Bad Request", "BadRequestException", "isn't understood"),
        ("404 Not Found", "NotFoundException", "isn't there"),
        ("400 Bad Request", "AccountSuspendedException", "no mail any more"),
        ("400 Bad Request", "SendingPausedException", "paused"),
        ("403 Forbidden", "AccessDeniedException", "our role in AWS"),
        ("403 Forbidden", "ExpiredTokenException", "our credentials"),
        ("400 Bad Request", "SomethingNewException", "the mail was refused"),
    ] {
        let said = mail_when(no(status, name)).await;
        let Err(Failure::Refused { why, .. }) = &said else { panic!("{name}: {said:?}") };
        assert!(why.contains(words), "{why}");
    }
    let said = mail_when(html("413 Payload Too Large")).await;
    assert!(matches!(said, Err(Failure::Refused { code: 413, .. })), "{said:?}");
}

#[tokio::test]
async fn a_mail_that_may_have_been_accepted_is_unknown() {
    for reply in [
        Reply::Resets,
        Reply::IsSilent,
        Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"),
        html("500 Internal Server Error"),
        html("503 Service Unavailable"),
        html("200 OK"),
        json("200 OK", "{}"),
        with("302 Found", &["location: $BASE/elsewhere"], ""),
    ] {
        let said = mail_when(reply).await;
        assert!(matches!(said, Err(Failure::Unknown { .. })), "{said:?}");
    }
    let said = ses(&nobody().await).send(&mail()).await;
    let Err(Failure::NotSent { why, .. }) = &said else { panic!("{said:?}") };
    assert!(why.starts_with("Amazon SES can't be reached") && !why.contains("127.0.0.1"), "{why}");
}

#[tokio::test]
async fn a_list_is_not_an_address() {
    let vendor = Vendor::that(vec![]).await;
    for from in ["", "dana", "dana@example.com, eve@example.com"] {
        let said = ses(&vendor.base).send(&OutgoingMail { from: from.into(), ..mail() }).await;
        assert!(matches!(said, Err(Failure::Refused { code: 0, .. })), "{said:?}");
    }
    assert!(vendor.heard().is_empty());
}

#[tokio::test]
async fn attachments_are_sent() {
    let vendor = Vendor::that(vec![json("200 OK", r#"{"MessageId":"1"}"#)]).await;
    let file = |name: &str, kind: &str, bytes: &'static [u8]| Attachment {
        name: name.into(),
        content_type: kind.into(),
        bytes: bytes.into(),
    };
    let attachments = vec![
        file("H-7K3Q\r\nBcc: eve.txt", "text/plain", b"14:02 Dana has it"),
        file("", "no type", b"\0\xff"),
    ];
    let mail = OutgoingMail { attachments, ..mail() };
    assert!(format!("{mail:?}").contains("attachments: 2"));
    assert!(!format!("{:?}", mail.attachments).contains("eve"));
    ses(&vendor.base).send(&mail).await.unwrap();
    let part = |name: &str, kind: &str, content: &str| {
        value!({
            "RawContent": content, "ContentDisposition": "ATTACHMENT", "FileName": name,
            "ContentTransferEncoding": "BASE64", "ContentType": kind,
        })
    };
    assert_eq!(
        vendor.heard()[0].json().pointer("/Content/Simple/Attachments"),
        Some(&value!([
            part("H-7K3Q Bcc: eve.txt", "text/plain", "MTQ6MDIgRGFuYSBoYXMgaXQ="),
            part("file", "application/octet-stream", "AP8="),
        ]))
    );
}

#[tokio::test]
async fn attachments_that_are_too_large_are_refused_without_a_request() {
    let vendor = Vendor::that(vec![]).await;
    let half = Attachment { bytes: vec![0; ATTACHED_MAX / 2 + 1].into(), ..Attachment::default() };
    let said =
        ses(&vendor.base).send(&OutgoingMail { attachments: vec![half.clone(), half], ..mail() }).await;
    let why = "the files are larger than Amazon SES takes: 28 MB in all".to_owned();
    assert_eq!(said, Err(Failure::Refused { code: 0, why }));
    assert!(vendor.heard().is_empty());
}
