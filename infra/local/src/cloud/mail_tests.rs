//! Tests of SES in the SDK's wire format: accepted mail, refused mail, and failures.

use super::super::invoke::Hands;
use super::super::tests::{http, read, stage};
use super::super::{Cloud, CloudOptions};
use super::*;
use axum::body::{Body, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use handbell_outbound::ses::{self, Ses};
use handbell_sim::trouble::Trouble;
use std::path::PathBuf;

fn mail() -> (Mail, Stage) {
    let stage = stage();
    (Mail::new(stage.clone()), stage)
}

fn request(body: &Value) -> Request {
    Request::post(PATH)
        .header("authorization", super::super::tests::AUTHORIZATION)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// Returns the answer's status, the type of error in its header, and its body.
async fn ask(mail: &Mail, body: &Value) -> (u16, String, Value) {
    let response = mail.handle(request(body)).await;
    let kind = response.headers().get("x-amzn-errortype").map(|kind| kind.to_str().unwrap().to_owned());
    let (status, answer) = read(response).await;
    (status, kind.unwrap_or_default(), answer)
}

fn order() -> Value {
    json!({
        "FromEmailAddress": "Garden shop <shop@example.com>",
        "Destination": {"ToAddresses": ["anna@example.net"], "CcAddresses": ["\"Miller, Ben\" <ben@example.net>"]},
        "ReplyToAddresses": ["inc+TOKEN@in.example.com"],
        "Content": {"Simple": {
            "Subject": {"Data": "Your order – Größe M", "Charset": "UTF-8"},
            "Body": {"Text": {"Data": "It is ready."}, "Html": {"Data": "<p>It is ready.</p>"}},
            "Headers": [
                {"Name": "In-Reply-To", "Value": "<1@example.net>"},
                {"Name": "Auto-Submitted", "Value": "auto-generated"},
                {"Name": "Message-ID", "Value": "<ours@example.com>"},
            ],
        }},
        "ConfigurationSetName": "ignored",
    })
}

/// Returns the request with another value at this pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut order = order();
    *order.pointer_mut(pointer).unwrap() = value;
    order
}

fn raw(mail: &str) -> Value {
    json!({"Content": {"Raw": {"Data": STANDARD.encode(mail)}}})
}

#[tokio::test]
async fn a_mail_is_kept_as_it_would_arrive() {
    let (mail, stage) = mail();
    let (status, kind, answer) = ask(&mail, &order()).await;
    let id = answer["MessageId"].as_str().unwrap().to_owned();
    assert_eq!((status, kind.as_str()), (200, ""));
    assert!(id.starts_with("0102") && id.ends_with("-000000") && id.len() == 16 + 1 + 36 + 7, "{id}");
    let arrived = format!("<{id}@eu-west-1.amazonses.com>");
    assert_eq!(
        mail.view(),
        json!([{
            "id": id,
            "at": mail.sent_mails()[0].at,
            "from": "Garden shop <shop@example.com>",
            "to": ["anna@example.net", "\"Miller, Ben\" <ben@example.net>"],
            "subject": "Your order – Größe M",
            "text": "It is ready.",
            "html": "<p>It is ready.</p>",
            "headers": [
                ["In-Reply-To", "<1@example.net>"],
                ["Auto-Submitted", "auto-generated"],
                ["Reply-To", "inc+TOKEN@in.example.com"],
                ["Message-ID", arrived],
            ],
            "attachments": [],
        }])
    );
    let wire = stage.wire.entries();
    assert_eq!((wire.len(), wire[0].to.as_str(), wire[0].status), (1, "ses", 200));
    assert!(wire[0].answer.contains(&id) && wire[0].body.contains("It is ready."));
    assert!(wire[0].headers.iter().all(|(name, _)| name != "authorization"));
    let shown = format!("{:?}", mail.sent_mails());
    assert!(!shown.contains("example") && !shown.contains("ready"), "{shown}");
}

#[tokio::test]
async fn the_newest_is_last_and_the_oldest_is_forgotten() {
    let (mail, _) = mail();
    for number in 0..KEPT + 2 {
        ask(&mail, &with("/Content/Simple/Subject/Data", json!(number.to_string()))).await;
    }
    let letters = mail.sent_mails();
    assert_eq!((letters.len(), letters[0].subject.as_str()), (KEPT, "2"));
    assert_eq!(letters[KEPT - 1].subject, (KEPT + 1).to_string());
}

#[tokio::test]
async fn a_raw_mail_names_its_people_itself() {
    let (mail, _) = mail();
    let whole = "From: shop@example.com\r\nTo: anna@example.net,\r\n \"Miller, Ben\" <ben@example.net>\r\n\
        Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\nDate: today\r\nReferences: <1@x.example>\r\n\t<2@x.example>\r\n\r\nOne\r\n\r\nTwo\r\n";
    assert_eq!(ask(&mail, &raw(whole)).await.0, 200);
    let mut named = raw(whole);
    named["FromEmailAddress"] = json!("other@example.com");
    named["Destination"] = json!({"BccAddresses": ["carl@example.net"]});
    assert_eq!(ask(&mail, &named).await.0, 200);
    let letters = mail.sent_mails();
    assert_eq!(letters[0].from, "shop@example.com");
    assert_eq!(letters[0].to, ["anna@example.net", "\"Miller, Ben\" <ben@example.net>"]);
    assert_eq!(letters[0].subject, "Größe");
    assert_eq!((letters[0].text.as_deref(), &letters[0].html), (Some("One\n\nTwo\n"), &None));
    let names: Vec<&str> = letters[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["References", "Message-ID"]);
    assert_eq!(letters[0].headers[0].1, "<1@x.example> <2@x.example>");
    assert_eq!(
        (letters[1].from.as_str(), &letters[1].to[..]),
        ("other@example.com", &["carl@example.net".to_owned()][..])
    );
}

#[tokio::test]
async fn what_goes_with_a_mail_is_shown() {
    let (mail, _) = mail();
    let file = |name: &str, more: Value| {
        let mut file = json!({"FileName": name, "RawContent": STANDARD.encode("PNG!")});
        file.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        file
    };
    let mut order = order();
    order["Content"]["Simple"]["Headers"] = json!([
        {"Name": "References", "Value": "<1@example.net> <2@example.net>"},
        {"Name": "X-Handbell", "Value": "incident"},
    ]);
    order["Content"]["Simple"]["Attachments"] = json!([
        file("Größe.pdf", json!({})),
        file(
            "chart",
            json!({"ContentType": "image/png", "ContentDisposition": "INLINE", "ContentId": "chart"})
        ),
    ]);
    assert_eq!(ask(&mail, &order).await.0, 200);
    let view = mail.view();
    assert_eq!(
        view[0]["attachments"],
        json!([
            {"name": "Größe.pdf", "type": "application/pdf", "size": 4},
            {"name": "chart", "type": "image/png", "size": 4},
        ])
    );
    assert_eq!(view[0]["headers"][0], json!(["References", "<1@example.net> <2@example.net>"]));
    assert_eq!(view[0]["headers"][1], json!(["X-Handbell", "incident"]));

    let whole = "From: shop@example.com\r\nTo: anna@example.net\r\nSubject: x\r\nAuto-Submitted: auto-replied\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n\
        --b\r\nContent-Type: text/csv; name=a.csv\r\n\r\n1,2\r\n--b--\r\n";
    assert_eq!(ask(&mail, &raw(whole)).await.0, 200);
    let view = mail.view();
    assert_eq!((&view[1]["text"], &view[1]["html"]), (&json!("Hello"), &Value::Null));
    assert_eq!(view[1]["attachments"], json!([{"name": "a.csv", "type": "text/csv", "size": 3}]));
    assert_eq!(view[1]["headers"][0], json!(["Auto-Submitted", "auto-replied"]));

    for bad in [
        json!({"RawContent": "AAAA"}),
        file("", json!({})),
        file("a\r\nb", json!({})),
        json!({"FileName": "a"}),
        json!({"FileName": "a", "RawContent": "no base 64"}),
        file("a", json!({"ContentDisposition": "HIDDEN"})),
        file("a", json!({"ContentType": "image/png\r\nBcc: x@example.net"})),
    ] {
        order["Content"]["Simple"]["Attachments"] = json!([bad]);
        assert_eq!(ask(&mail, &order).await.0, 400, "{bad}");
    }
    // Base64 is longer than its content: 31 MB make a mail of more than 40 MB.
    let large = STANDARD.encode(vec![0; 31 * 1024 * 1024]);
    order["Content"]["Simple"]["Attachments"] = json!([file("large", json!({"RawContent": large}))]);
    let (status, _, answer) = ask(&mail, &order).await;
    assert!(answer["message"].as_str().unwrap().starts_with("Message length is more than 41943040 bytes"));
    assert_eq!((status, mail.sent_mails().len()), (400, 2));
}

#[tokio::test]
async fn what_makes_no_mail_is_refused_and_not_kept() {
    let (mail, stage) = mail();
    let header =
        |name: &str, value: &str| with("/Content/Simple/Headers", json!([{"Name": name, "Value": value}]));
    let long = |length: usize| "x".repeat(length);
    let to = |text: &str| with("/Destination/ToAddresses", json!([text]));
    let bad = [
        json!(null),
        json!([1]),
        with("/FromEmailAddress", json!(null)),
        with("/FromEmailAddress", json!("shop")),
        with("/FromEmailAddress", json!("Größe <shop@example.com>")),
        with("/Destination", json!({})),
        with("/Destination/ToAddresses", json!("anna@example.net")),
        with("/Destination/ToAddresses", json!([1])),
        with("/Destination/ToAddresses", json!(vec!["a@example.net"; 50])),
        to(""),
        to("@example.net"),
        to("anna@"),
        to("anna@.net"),
        to("an na@example.net"),
        to("anna@exämple.net"),
        to("anna@example.net\r\nBcc: x@example.net"),
        to("Miller, Ben <ben@example.net>"),
        to("Ben <ben@example.net"),
        with("/ReplyToAddresses", json!(["nobody"])),
        with("/Content", json!(null)),
        with("/Content", json!({})),
        with("/Content", json!({"Template": {"TemplateName": "x"}})),
        with("/Content", json!({"Simple": {}, "Raw": {"Data": ""}})),
        with("/Content/Simple/Subject", json!({})),
        with("/Content/Simple/Subject/Data", json!(7)),
        with("/Content/Simple/Body", json!({})),
        with("/Content/Simple/Body", json!({"Text": {"Charset": "UTF-8"}})),
        header("", "x"),
        header("X-A:", "x"),
        header("X A", "x"),
        header("X-Ä", "x"),
        header("X-A", ""),
        header("X-A", "ä"),
        header("X-A", "x\r\nBcc: y@example.net"),
        header(&long(127), "x"),
        header("A", &long(996)),
        header("AA", &long(995)),
        with(
            "/Content/Simple/Headers",
            json!([{"Name": "References", "Value": "<1@x>"}, {"Name": "references", "Value": "<2@x>"}]),
        ),
        json!({"Content": {"Raw": {"Data": "not base 64"}}}),
        json!({"Content": {"Raw": {}}}),
        raw(""),
        raw("no header\n\ntext"),
        raw("From: shop@example.com\n\nnobody"),
        raw("To: anna@example.net\n\nof nobody"),
    ];
    for body in &bad {
        let (status, kind, answer) = ask(&mail, body).await;
        assert_eq!((status, kind.as_str()), (400, "BadRequestException"), "{body}");
        assert!(answer["message"].as_str().is_some_and(|why| !why.is_empty()), "{body}");
    }
    assert_eq!(mail.sent_mails(), []);
    assert_eq!(stage.wire.entries().len(), bad.len());

    for body in [
        with("/Destination/ToAddresses", json!(vec!["a@example.net"; 49])),
        with("/Content/Simple/Body", json!({"Html": {"Data": ""}})),
        with("/Content/Simple/Headers", json!(null)),
        header(&long(126), &long(870)),
        header("A", &long(995)),
    ] {
        assert_eq!(ask(&mail, &body).await.0, 200, "{body}");
    }
}

#[tokio::test]
async fn it_knows_nothing_but_sending() {
    let (mail, _) = mail();
    for (method, path) in [("GET", PATH), ("POST", "/aws/ses/v2/email/identities")] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = mail.handle(request).await;
        assert_eq!(response.headers()["x-amzn-errortype"], "NotFoundException");
        assert_eq!(read(response).await.0, 404);
    }
}

#[tokio::test]
async fn troubles_strike_before_the_mail_is_taken_or_after() {
    let (mail, stage) = mail();
    let make = |kind: &str| {
        let trouble: Trouble = serde_json::from_value(json!({"vendor": "ses", "kind": kind})).unwrap();
        stage.troubles.clear();
        stage.troubles.make(trouble, stage.clock.now());
    };
    for (kind, status, error, taken) in
        [("502-before", 502, "", 0), ("429", 429, "TooManyRequestsException", 0), ("502-after", 502, "", 1)]
    {
        make(kind);
        let (got, said, _) = ask(&mail, &order()).await;
        assert_eq!((got, said.as_str(), mail.sent_mails().len()), (status, error, taken), "{kind}");
    }
    make("reset");
    let broken = mail.handle(request(&order())).await;
    assert!(to_bytes(broken.into_body(), usize::MAX).await.is_err());
    make("timeout");
    assert!(mail.handle(request(&order())).now_or_never().is_none(), "no answer comes");
    assert_eq!(mail.sent_mails().len(), 3);
    let said: Vec<u16> = stage.wire.entries().iter().map(|entry| entry.status).collect();
    assert_eq!(said, [502, 429, 502, 0, 0]);
}

/// Starts a whole cloud, and returns it with the file of its clock.
async fn cloud() -> (Cloud, Stage, PathBuf) {
    let stage = stage();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    *stage.origin.write().unwrap() = format!("http://{}", listener.local_addr().unwrap());
    let clock_file = std::env::temp_dir().join(format!("handbell-clock-{}", uuid::Uuid::new_v4()));
    let hands = Hands::InProcess(Arc::new(|_, _| Box::pin(async { Ok(Value::Null) })));
    let file = clock_file.clone();
    let options = CloudOptions { stage: stage.clone(), hands, data: None, clock_file, automatic: false };
    let cloud = Cloud::start(options).await.unwrap();
    let router = cloud.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (cloud, stage, file)
}

#[tokio::test]
async fn people_see_what_it_took() {
    let (cloud, stage, file) = cloud().await;
    let url = format!("{}{PATH}", stage.origin());
    let answer = http().post(url).body(order().to_string()).send().await.unwrap();
    let id = answer.json::<Value>().await.unwrap()["MessageId"].clone();
    let seen = http().get(format!("{}/sim/mail", stage.origin())).send().await.unwrap();
    let seen: Value = seen.json().await.unwrap();
    assert_eq!((seen.as_array().map(Vec::len), &seen[0]["id"]), (Some(1), &id));
    assert_eq!((cloud.mail().view(), stage.wire.entries().len()), (seen, 1));
    let inbound = format!("{}/sim/mail?lost=true&to=bell%40in.example.com", stage.origin());
    let taken = http().post(inbound).body("Subject: Pump 4\r\n\r\nIt is down.\r\n").send().await.unwrap();
    assert_eq!(taken.status(), 202);
    let id = taken.json::<Value>().await.unwrap()["messageId"].as_str().unwrap().to_owned();
    assert_eq!(cloud.bucket().keys(), [format!("inbound/{id}")]);
    assert_eq!(cloud.mail().sent_mails().len(), 1, "what comes in is no mail of ours");
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn the_sdk_speaks_to_it_as_a_function_does() {
    let (cloud, stage, file) = cloud().await;
    let env: std::collections::HashMap<_, _> = cloud.env().into_iter().collect();
    let environment = handbell_boot::Environment::from(|name| env.get(name).cloned()).unwrap();
    let ses = Ses::new(environment.ses().unwrap());
    let good = ses::OutgoingMail {
        reply_to: "inc+TOKEN@in.example.com".parse().ok(),
        subject: "Your order".into(),
        text: "It is ready.".into(),
        html: Some("<p>It is ready.</p>".into()),
        headers: vec![("In-Reply-To".into(), "<1@example.net>".into())],
        ..ses::OutgoingMail::new("Garden shop <shop@example.com>".into(), "anna@example.net".parse().unwrap())
    };
    let id = ses.send(&good).await.unwrap();
    let letter = cloud.mail().sent_mails().pop().unwrap();
    assert_eq!((letter.id, letter.from, letter.to), (id, good.from.clone(), vec![good.to.to_string()]));
    assert_eq!(
        (letter.subject, letter.text, letter.html),
        (good.subject.clone(), Some(good.text.clone()), good.html.clone())
    );
    assert_eq!(
        letter.headers[..2],
        [good.headers[0].clone(), ("Reply-To".into(), "inc+TOKEN@in.example.com".into())]
    );

    let bad = ses::OutgoingMail { from: "nobody".into(), ..good.clone() };
    let why = ses.send(&bad).await.expect_err("no address").to_string();
    assert!(why.starts_with("refused: "), "{why}");
    assert_eq!(stage.wire.entries().len(), 1, "whoever has no address isn't even asked about");
    for (kind, beginning, taken) in [
        ("429", "not sent: ", 1),
        ("502-before", "outcome unknown: ", 1),
        ("502-after", "outcome unknown: ", 2),
        ("reset", "outcome unknown: ", 3),
    ] {
        let trouble: Trouble = serde_json::from_value(json!({"vendor": "ses", "kind": kind})).unwrap();
        stage.troubles.clear();
        stage.troubles.make(trouble, stage.clock.now());
        let why = ses.send(&good).await.expect_err("trouble").to_string();
        assert!(why.starts_with(beginning), "{kind}: {why}");
        assert_eq!(cloud.mail().sent_mails().len(), taken, "{kind}");
    }
    // One request each: no lower layer retries.
    assert_eq!(stage.wire.entries().len(), 5);
    std::fs::remove_file(file).unwrap();
}
