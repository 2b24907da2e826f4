//! Tests of inbound mail: the object, the event, refusals, and failing calls.

use std::sync::Mutex;

use jiff::SignedDuration;

use super::super::invoke::Hands;
use super::super::lock;
use super::super::mail::Mail;
use super::super::tests::{read, stage};
use super::*;
use handbell_sim::Stage;

const MAIL: &str = "From: \"Ali\" <alert@monitor.example>\r\nTo: Green <green@in.example.com>, other@example.net\r\n\
    Cc: cc@example.net\r\nReply-To: noreply@monitor.example\r\nSubject: Pump 4\r\n\tis down\r\n\
    Date: Sun, 1 Mar 2026 10:00:00 +0000\r\nMessage-ID: <7@monitor.example>\r\n\r\nIt is.\r\n";

/// A function that records its events and fails as often as told.
struct Scene {
    stage: Stage,
    calls: Calls,
    bucket: Bucket,
    receipt: Receipt,
    heard: Arc<Mutex<Vec<Value>>>,
    failures: Arc<Mutex<u32>>,
}

fn template(with_function: bool) -> Arc<Template> {
    let function = "  MailInbound: { Type: AWS::Serverless::Function, Properties: { Timeout: 30 } }\n";
    let text = format!(
        "Resources:\n  Table: {{ Type: AWS::DynamoDB::Table, Properties: {{ KeySchema: [] }} }}\n  Q: {{ Type: AWS::SQS::Queue }}\n  \
         Deliver: {{ Type: AWS::Serverless::Function, Properties: {{ Events: {{ A: {{ Type: SQS, Properties: {{ Queue: !GetAtt Q.Arn }} }} }} }} }}\n{}",
        if with_function { function } else { "" }
    );
    Arc::new(Template::parse(&text).unwrap())
}

fn scene_with(template: Arc<Template>) -> Scene {
    let (stage, heard, failures) = (stage(), Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0_u32)));
    let (ear, fails) = (heard.clone(), failures.clone());
    let hands = Hands::InProcess(Arc::new(move |function, event| {
        assert_eq!(function, FUNCTION);
        lock(&ear).push(event);
        let mut left = lock(&fails);
        let failing = *left > 0;
        *left = left.saturating_sub(1);
        Box::pin(async move { if failing { Err("no".to_owned()) } else { Ok(Value::Null) } })
    }));
    let calls = Calls::new(hands, stage.clone());
    let bucket = Bucket::open(stage.clone(), None).unwrap();
    let receipt = Receipt::new(template, stage.clone(), calls.clone(), bucket.clone());
    Scene { stage, calls, bucket, receipt, heard, failures }
}

fn scene() -> Scene {
    scene_with(template(true))
}

impl Scene {
    async fn post(&self, query: &str, mail: impl Into<Body>) -> (u16, Value, String) {
        let request = Request::post(format!("/sim/mail?{query}")).body(mail.into()).unwrap();
        let response = self.receipt.handle(request).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let words = String::from_utf8(body.to_vec()).unwrap();
        (status, serde_json::from_str(&words).unwrap_or_default(), words)
    }

    /// Waits until there are `count` events and nothing runs, and returns them.
    async fn events(&self, count: usize) -> Vec<Value> {
        let all = async {
            while lock(&self.heard).len() < count || self.calls.running() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), all).await.expect("never called");
        lock(&self.heard).clone()
    }

    fn object(&self, id: &Value) -> String {
        let key = format!("inbound/{}", id.as_str().unwrap());
        String::from_utf8(self.bucket.get(&key).unwrap().unwrap().to_vec()).unwrap()
    }
}

#[tokio::test]
async fn a_mail_is_put_into_the_bucket_and_the_function_called() {
    let scene = scene();
    let (status, answer, _) =
        scene.post("to=green%40in.example.com&to=red@in.example.com&from=bounce@monitor.example", MAIL).await;
    let id = answer["messageId"].clone();
    assert_eq!((status, id.as_str().map(str::len)), (202, Some(40)));
    let event = scene.events(1).await.remove(0);
    assert_eq!(event["Records"].as_array().map(Vec::len), Some(1));
    let record = &event["Records"][0];
    assert_eq!((&record["eventSource"], &record["eventVersion"]), (&json!("aws:ses"), &json!("1.0")));
    let (mail, receipt) = (&record["ses"]["mail"], &record["ses"]["receipt"]);
    assert_eq!((&mail["messageId"], &mail["source"]), (&id, &json!("bounce@monitor.example")));
    assert_eq!(mail["destination"], json!(["green@in.example.com", "other@example.net", "cc@example.net"]));
    assert_eq!(receipt["recipients"], json!(["green@in.example.com", "red@in.example.com"]));
    assert_eq!(mail["headersTruncated"], false);
    assert_eq!(
        mail["commonHeaders"],
        json!({
            "returnPath": "bounce@monitor.example",
            "from": ["\"Ali\" <alert@monitor.example>"],
            "to": ["Green <green@in.example.com>", "other@example.net"],
            "cc": ["cc@example.net"],
            "replyTo": ["noreply@monitor.example"],
            "messageId": "<7@monitor.example>",
            "date": "Sun, 1 Mar 2026 10:00:00 +0000",
            "subject": "Pump 4 is down",
        })
    );
    let headers = mail["headers"].as_array().unwrap();
    assert_eq!(headers[0], json!({"name": "Return-Path", "value": "<bounce@monitor.example>"}));
    assert!(headers.contains(&json!({"name": "Subject", "value": "Pump 4 is down"})));
    assert!(headers.contains(&json!({"name": "X-SES-Spam-Verdict", "value": "PASS"})));
    for verdict in ["spamVerdict", "virusVerdict", "spfVerdict", "dkimVerdict", "dmarcVerdict"] {
        assert_eq!(receipt[verdict], json!({"status": "PASS"}), "{verdict}");
    }
    assert_eq!((&receipt["dmarcPolicy"], &receipt["action"]["type"]), (&Value::Null, &json!("Lambda")));
    assert_eq!(mail["timestamp"], receipt["timestamp"]);
    assert!(mail["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());

    let object = scene.object(&id);
    assert!(object.starts_with("Return-Path: <bounce@monitor.example>\r\nReceived: from monitor.example "));
    assert!(object.ends_with(MAIL), "the mail itself is untouched");
    assert!(object.contains("\r\nAuthentication-Results: amazonses.com;\r\n spf=pass "));
    let wire = scene.stage.wire.entries();
    assert_eq!((wire[0].from.as_str(), wire[0].to.as_str(), wire[0].body.as_str()), ("sender", "ses", MAIL));
}

#[tokio::test]
async fn what_ses_found_out_is_told_and_the_mail_taken_all_the_same() {
    let scene = scene();
    let query =
        "to=a@in.example.com&spam=FAIL&virus=FAIL&spf=PROCESSING_FAILED&dkim=GRAY&dmarc=FAIL&policy=reject";
    // A forged verdict in the mail itself doesn't count.
    let mail = format!("X-SES-Spam-Verdict: PASS\r\n{MAIL}");
    let (status, answer, _) = scene.post(query, mail).await;
    assert_eq!(status, 202);
    let event = scene.events(1).await.remove(0);
    let receipt = &event["Records"][0]["ses"]["receipt"];
    let told: Vec<_> = ["spam", "virus", "spf", "dkim", "dmarc"]
        .iter()
        .map(|name| receipt[format!("{name}Verdict")]["status"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["FAIL", "FAIL", "PROCESSING_FAILED", "GRAY", "FAIL"]);
    assert_eq!(receipt["dmarcPolicy"], "reject");
    let object = scene.object(&answer["messageId"]);
    let (fields, _) = split(object.as_bytes());
    let verdicts: Vec<_> = fields.iter().filter(|(name, _)| name == "X-SES-Spam-Verdict").collect();
    assert_eq!((verdicts[0].1.as_str(), verdicts[1].1.as_str()), ("FAIL", "PASS"));
    assert!(
        object.contains(" dkim=none header.i=@monitor.example;\r\n dmarc=fail header.from=monitor.example;")
    );
}

#[tokio::test]
async fn the_envelope_is_the_heads_sender_or_nobody() {
    let scene = scene();
    let bounce =
        "From: MAILER-DAEMON <mailer-daemon@example.net>\r\nAuto-Submitted: auto-replied\r\n\r\nno\r\n";
    scene.post("to=a@in.example.com", MAIL).await;
    scene.post("to=a@in.example.com&from=", bounce).await;
    scene.post("to=a@in.example.com", "From: \u{fc}@x\r\n\r\nodd").await;
    scene.post("to=A%20B%20%3Ca%40in.example.com%3E", "no head at all").await;
    let mut events = scene.events(4).await;
    events.sort_by_key(|event| event["Records"][0]["ses"]["mail"]["source"].as_str().map(str::to_owned));
    let sources: Vec<_> =
        events.iter().map(|event| event["Records"][0]["ses"]["mail"]["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["", "", "", "alert@monitor.example"]);
    let recipients = &events[0]["Records"][0]["ses"]["receipt"]["recipients"];
    assert_eq!(recipients, &json!(["a@in.example.com"]));
}

#[tokio::test]
async fn a_long_head_is_cut_in_the_event_and_whole_in_the_object() {
    let scene = scene();
    let mail = format!("X-Long: {}\r\nX-After: here\r\n{MAIL}", "y".repeat(HEADERS));
    let (_, answer, _) = scene.post("to=a@in.example.com", mail).await;
    let event = scene.events(1).await.remove(0);
    let mail = &event["Records"][0]["ses"]["mail"];
    assert_eq!(mail["headersTruncated"], true);
    let names: Vec<_> =
        mail["headers"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert!(
        names.contains(&"Authentication-Results")
            && !names.contains(&"X-Long")
            && !names.contains(&"X-After")
    );
    assert_eq!(mail["commonHeaders"]["subject"], "Pump 4 is down");
    assert!(scene.object(&answer["messageId"]).contains("X-After: here"));
}

#[tokio::test]
async fn what_cannot_come_in_is_refused_in_a_sentence() {
    let scene = scene();
    for (query, mail, status, words) in [
        ("", MAIL, 400, "add ?to=ADDRESS"),
        ("to=", MAIL, 400, "is no address"),
        ("to=inc+token@in.example.com", MAIL, 400, "a + is written %2B"),
        ("to=a@in.example.com&from=nobody", MAIL, 400, "\"nobody\" is no address"),
        ("to=a@in.example.com%0D%0AX:", MAIL, 400, "is no address"),
        ("to=a@in.example.com&spam=MAYBE", MAIL, 400, "PASS|FAIL|GRAY|PROCESSING_FAILED"),
        ("to=a@in.example.com&lost=perhaps", MAIL, 400, "lost=true"),
        ("to=a@in.example.com&color=red", MAIL, 400, "color"),
        ("to=a@in.example.com", "", 400, "raw MIME"),
    ] {
        let (got, _, said) = scene.post(query, mail).await;
        assert_eq!(got, status, "{query}: {said}");
        assert!(said.contains(words) && said.ends_with('\n'), "{query}: {said}");
    }
    let (status, _, said) = scene.post("to=a@in.example.com", vec![b'x'; LARGEST + 1]).await;
    assert_eq!((status, said.contains("40 MB")), (413, true));
    let bare = scene_with(template(false));
    let (status, _, said) = bare.post("to=a@in.example.com", MAIL).await;
    assert_eq!((status, said.contains("no function mail-inbound")), (503, true), "{said}");
    assert!(scene.bucket.keys().is_empty() && bare.bucket.keys().is_empty() && lock(&scene.heard).is_empty());
    assert_eq!(scene.post("to=inc%2Btoken@in.example.com", MAIL).await.0, 202);
    assert_eq!(scene.post("to=a@in.example.com", vec![b'x'; LARGEST]).await.0, 202);
}

#[tokio::test]
async fn a_lost_call_leaves_the_object_behind() {
    let scene = scene();
    let (status, answer, _) = scene.post("to=a@in.example.com&lost=true", MAIL).await;
    assert_eq!((status, scene.bucket.keys().len()), (202, 1));
    assert!(scene.object(&answer["messageId"]).ends_with(MAIL));
    scene.post("to=a@in.example.com", MAIL).await;
    assert_eq!((scene.events(1).await.len(), scene.bucket.keys().len()), (1, 2), "only the second was told");
}

#[tokio::test]
async fn a_call_that_fails_is_made_twice_more_and_then_dead() {
    let scene = scene();
    *lock(&scene.failures) = 3;
    scene.post("to=a@in.example.com", MAIL).await;
    for (calls, pause) in [(1, 60), (2, 120)] {
        assert_eq!(scene.events(calls).await.len(), calls);
        assert!(scene.calls.dead().is_empty());
        scene.stage.clock.advance(SignedDuration::from_secs(pause));
    }
    let events = scene.events(3).await;
    assert!(events.iter().all(|event| *event == events[0]), "the same event each time");
    let dead = async {
        while scene.calls.dead().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), dead).await.expect("never dead");
    assert_eq!((scene.calls.dead()[0].function.as_str(), scene.bucket.keys().len()), (FUNCTION, 1));
}

/// A request to send a mail.
fn letter(to: &[&str]) -> Request {
    let body = json!({
        "FromEmailAddress": "Handbell <bell@in.example.com>",
        "Destination": {"ToAddresses": to, "BccAddresses": ["Hidden <hidden@IN.example.com>"]},
        "Content": {"Simple": {
            "Subject": {"Data": "Größe"},
            "Body": {"Text": {"Data": "Hällo"}},
            "Headers": [{"Name": "Auto-Submitted", "Value": "auto-replied"}],
        }},
    });
    Request::post("/aws/ses/v2/email/outbound-emails").body(Body::from(body.to_string())).unwrap()
}

#[tokio::test]
async fn what_we_send_to_our_own_domain_comes_in_again() {
    let scene = scene();
    let mail = Mail::new(scene.stage.clone());
    mail.arrives_by(scene.receipt.clone());
    assert_eq!(mail.handle(letter(&["a@in.example.com"])).await.status(), 200);
    assert!(scene.bucket.keys().is_empty(), "no domain comes in here yet");

    mail.inbound_domain(Some("in.example.com".into()));
    let to = ["Ann <a@in.example.com>", "b@sub.in.example.com", "c@notin.example.com"];
    let (status, answer) = read(mail.handle(letter(&to)).await).await;
    let id = answer["MessageId"].as_str().unwrap();
    assert_eq!(status, 200);
    let event = scene.events(1).await.remove(0);
    let (seen, receipt) = (&event["Records"][0]["ses"]["mail"], &event["Records"][0]["ses"]["receipt"]);
    assert_eq!(receipt["recipients"], json!(["a@in.example.com", "hidden@IN.example.com"]));
    assert_eq!(seen["source"], format!("{id}@eu-west-1.amazonses.com"));
    assert_eq!(seen["commonHeaders"]["messageId"], format!("<{id}@eu-west-1.amazonses.com>"));
    assert_eq!(seen["commonHeaders"]["from"], json!(["Handbell <bell@in.example.com>"]));
    assert_eq!(receipt["spfVerdict"], json!({"status": "PASS"}));
    let headers = seen["headers"].as_array().unwrap();
    assert!(headers.contains(&json!({"name": "Auto-Submitted", "value": "auto-replied"})));
    let object = scene.object(&seen["messageId"]);
    assert!(object.contains("\r\nTo: Ann <a@in.example.com>, b@sub.in.example.com, c@notin.example.com\r\n"));
    let (_, head) = object.split_once("\r\nFrom: ").unwrap();
    assert!(!head.to_lowercase().contains("hidden"), "nobody sees a blind copy");
    assert_eq!(super::super::mime::shown(object.as_bytes()).text.as_deref(), Some("Hällo"));

    let elsewhere = json!({
        "FromEmailAddress": "bell@in.example.com",
        "Destination": {"ToAddresses": ["a@example.net"]},
        "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
    });
    let request =
        Request::post("/aws/ses/v2/email/outbound-emails").body(Body::from(elsewhere.to_string())).unwrap();
    assert_eq!(mail.handle(request).await.status(), 200);
    mail.inbound_domain(None);
    mail.handle(letter(&["a@in.example.com"])).await;
    assert_eq!((scene.bucket.keys().len(), mail.sent_mails().len()), (1, 4));
}

#[tokio::test]
async fn a_raw_mail_comes_in_as_it_is_but_for_what_ses_writes() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let scene = scene();
    let mail = Mail::new(scene.stage.clone());
    mail.arrives_by(scene.receipt.clone());
    mail.inbound_domain(Some("IN.example.com".into()));
    let body = json!({"Content": {"Raw": {"Data": STANDARD.encode(MAIL)}}});
    let request =
        Request::post("/aws/ses/v2/email/outbound-emails").body(Body::from(body.to_string())).unwrap();
    assert_eq!(mail.handle(request).await.status(), 200);
    let event = scene.events(1).await.remove(0);
    let seen = &event["Records"][0]["ses"];
    assert_eq!(seen["receipt"]["recipients"], json!(["green@in.example.com"]));
    let object = scene.object(&seen["mail"]["messageId"]);
    assert!(!object.contains("<7@monitor.example>") && object.ends_with("\r\n\r\nIt is.\r\n"));
    assert_eq!(object.matches("Message-ID: ").count(), 1);
    // Without a function to call, the sender gets no error, as with SES.
    let bare = scene_with(template(false));
    let lonely = Mail::new(bare.stage.clone());
    lonely.arrives_by(bare.receipt.clone());
    lonely.inbound_domain(Some("in.example.com".into()));
    assert_eq!(lonely.handle(letter(&["a@in.example.com"])).await.status(), 200);
    assert!(bare.bucket.keys().is_empty());
}
