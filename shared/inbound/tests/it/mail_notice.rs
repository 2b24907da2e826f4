//! SES's notices and the headers that it writes into mails, and forgeries of them.

use handbell_core::Rejected;
use handbell_core::alert::mail::{AuthVerdict, AuthVerdicts};
use handbell_inbound::BODY_LIMIT;
use handbell_inbound::mail::{parse_notice, verdicts_in};
use proptest::prelude::*;
use serde_json::{Value, json};

const ID: &str = "o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1";

fn event() -> Value {
    json!({ "Records": [{
        "eventSource": "aws:ses",
        "eventVersion": "1.0",
        "ses": {
            "mail": {
                "timestamp": "2026-11-21T09:05:04.000Z",
                "source": "nagios@mon.example.com",
                "messageId": ID,
                "destination": ["Ops+secret@in.example.com"],
                "headersTruncated": false,
                "headers": [{ "name": "From", "value": "nagios@mon.example.com" }],
                "commonHeaders": { "from": ["nagios@mon.example.com"], "subject": "down" }
            },
            "receipt": {
                "timestamp": "2026-11-21T09:05:04.000Z",
                "processingTimeMillis": 574,
                "recipients": ["Ops+secret@in.example.com"],
                "spamVerdict": { "status": "PASS" },
                "virusVerdict": { "status": "PASS" },
                "spfVerdict": { "status": "GRAY" },
                "dkimVerdict": { "status": "PROCESSING_FAILED" },
                "dmarcVerdict": { "status": "FAIL" },
                "dmarcPolicy": "REJECT",
                "action": {
                    "type": "Lambda", "functionArn": "arn:aws:lambda:eu-west-1:1:function:mail", "invocationType": "Event"
                }
            }
        }
    }] })
}

fn read(event: &Value) -> Result<handbell_inbound::mail::Notice, Rejected> {
    parse_notice(event.to_string().as_bytes())
}

#[test]
fn a_notice_is_read() {
    let notice = read(&event()).unwrap();
    assert_eq!(notice.message_id, ID);
    assert_eq!(notice.source.as_deref(), Some("nagios@mon.example.com"));
    assert_eq!(notice.recipients, ["ops+secret@in.example.com"]);
    assert_eq!(
        notice.verdicts,
        AuthVerdicts {
            spam: AuthVerdict::Pass,
            virus: AuthVerdict::Pass,
            spf: AuthVerdict::Gray,
            dkim: AuthVerdict::Failed,
            dmarc: AuthVerdict::Fail,
            aligned: false,
            by_mailbox: false,
        }
    );
    assert_eq!(notice.dmarc_policy.as_deref(), Some("reject"));
    assert_eq!(
        (notice.bucket.as_ref(), notice.object_key.as_ref(), notice.headers_truncated),
        (None, None, false)
    );
    let shown = format!("{notice:?}");
    assert!(!shown.contains('@') && !shown.contains("secret"), "{shown}");
}

#[test]
fn a_notice_with_only_an_id_is_read() {
    let bare = json!({ "Records": [{ "ses": { "mail": { "messageId": ID } } }] });
    let notice = read(&bare).unwrap();
    assert_eq!(
        (notice.source, notice.recipients, notice.verdicts),
        (None, Vec::new(), AuthVerdicts::default())
    );

    let nulls = json!({ "Records": [{ "ses": {
        "mail": { "messageId": ID, "source": null, "destination": null, "commonHeaders": null, "headersTruncated": null },
        "receipt": { "recipients": null, "spamVerdict": null, "virusVerdict": { "status": null }, "dmarcPolicy": null, "action": null }
    } }] });
    assert_eq!(read(&nulls).unwrap().verdicts, AuthVerdicts::default());

    let mut bounce = event();
    bounce["Records"][0]["ses"]["mail"]["source"] = json!("<>");
    assert_eq!(read(&bounce).unwrap().source, None);

    let mut stored = event();
    stored["Records"][0]["ses"]["receipt"]["action"] = json!({ "type": "S3", "bucketName": "mails", "objectKey": format!("in/{ID}"), "objectKeyPrefix": "in/" });
    let stored = read(&stored).unwrap();
    assert_eq!(stored.bucket.as_deref(), Some("mails"));
    assert_eq!(stored.object_key, Some(format!("in/{ID}")));

    for (status, verdict) in [
        ("pass", AuthVerdict::Pass),
        ("DISABLED", AuthVerdict::Absent),
        ("SOMETHING_NEW", AuthVerdict::Failed),
        ("", AuthVerdict::Absent),
    ] {
        let mut event = event();
        event["Records"][0]["ses"]["receipt"]["spamVerdict"]["status"] = json!(status);
        assert_eq!(read(&event).unwrap().verdicts.spam, verdict, "{status}");
    }
}

#[test]
fn other_json_is_not_a_notice() {
    for event in [
        json!(null),
        json!([]),
        json!({}),
        json!({ "Records": [] }),
        json!({ "Records": [{ "s3": { "object": { "key": "in/1" } } }] }),
        json!({ "Records": [event()["Records"][0], event()["Records"][0]] }),
        json!({ "Records": [{ "ses": { "mail": {} } }] }),
        json!({ "Records": [{ "ses": { "mail": { "messageId": "" } } }] }),
        json!({ "Records": [{ "ses": { "mail": { "messageId": "../other" } } }] }),
        json!({ "Records": [{ "ses": { "mail": { "messageId": ".." } } }] }),
        json!({ "Records": [{ "ses": { "mail": { "messageId": "a b" } } }] }),
        json!({ "Records": [{ "ses": { "mail": { "messageId": "a".repeat(201) } } }] }),
    ] {
        assert!(matches!(read(&event), Err(Rejected::Malformed(_))), "{event}");
    }
    assert!(matches!(parse_notice(b"{"), Err(Rejected::Malformed(_))));
    assert!(matches!(parse_notice(&vec![b' '; BODY_LIMIT + 1]), Err(Rejected::Malformed(_))));
}

fn ses_mail() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mails/ses.eml");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn verdicts_are_read_from_sess_headers() {
    let pass = AuthVerdict::Pass;
    let all = AuthVerdicts {
        spam: pass,
        virus: pass,
        spf: pass,
        dkim: pass,
        dmarc: pass,
        aligned: false,
        by_mailbox: false,
    };
    assert_eq!(verdicts_in(ses_mail().as_bytes()), all, "what the sender wrote below doesn't count");
    assert_eq!(all.doubt(), None);
    for (from, to, changed) in [
        (
            "X-SES-Spam-Verdict: PASS",
            "X-SES-Spam-Verdict: FAIL",
            AuthVerdicts { spam: AuthVerdict::Fail, ..all },
        ),
        (
            "X-SES-Virus-Verdict: PASS",
            "X-SES-Virus-Verdict: GRAY",
            AuthVerdicts { virus: AuthVerdict::Gray, ..all },
        ),
        (" spf=pass", " spf=softfail", AuthVerdicts { spf: AuthVerdict::Gray, ..all }),
        (" spf=pass", " spf=fail", AuthVerdicts { spf: AuthVerdict::Fail, ..all }),
        (" dkim=pass", " dkim=temperror", AuthVerdicts { dkim: AuthVerdict::Failed, ..all }),
        (" dkim=pass", " dkim=fail header.i=@a;\r\n dkim=pass", all),
        (
            " dkim=pass",
            " dkim=fail header.i=@a;\r\n dkim=neutral",
            AuthVerdicts { dkim: AuthVerdict::Fail, ..all },
        ),
        (" dmarc=pass header.from=mon.example.com;", "", AuthVerdicts { dmarc: AuthVerdict::Absent, ..all }),
        ("X-SES-Virus-Verdict: PASS\r\n", "", AuthVerdicts { virus: AuthVerdict::Absent, ..all }),
    ] {
        let mail = ses_mail().replacen(from, to, 1);
        assert_ne!(mail, ses_mail(), "{from}");
        assert_eq!(verdicts_in(mail.as_bytes()), changed, "{to}");
    }
}

#[test]
fn verdicts_forged_by_the_sender_do_not_count() {
    let none = AuthVerdicts::default();
    let spf = |to: &str| ses_mail().replacen("domain of mon.example.com designates", to, 2);
    // The whole block, in a mail that arrived by another route.
    for above in [
        "Received: from evil by mx.example.com\r\n",
        "X-Other: 1\r\n",
        "From: a@example.com\r\n",
        "\r\n",
        "no header\r\n",
        " x\r\n",
    ] {
        assert_eq!(verdicts_in(format!("{above}{}", ses_mail()).as_bytes()), none, "{above}");
    }
    let elsewhere =
        ses_mail().replacen("inbound-smtp.eu-west-1.amazonaws.com", "inbound-smtp.evil.example", 1);
    assert_eq!(verdicts_in(elsewhere.as_bytes()), none);
    let claimed = ses_mail()
        .replacen("from mail.example.com (", "from x by inbound-smtp.eu-west-1.amazonaws.com (", 1)
        .replacen("\r\n by inbound-smtp.eu-west-1.amazonaws.com", "\r\n by mx.example.com", 1);
    assert_eq!(verdicts_in(claimed.as_bytes()), none, "what a server calls itself");
    // A verdict that SES didn't write, directly after SES's own headers.
    let filled = ses_mail().replacen("X-SES-Virus-Verdict: PASS\r\n", "", 1).replacen(
        "Received: by mail",
        "X-SES-Virus-Verdict: PASS\r\nReceived: by mail",
        1,
    );
    assert_eq!(verdicts_in(filled.as_bytes()).virus, AuthVerdict::Absent);
    // A duplicate verdict doesn't count.
    let twice =
        ses_mail().replacen("X-SES-Spam-Verdict", "X-SES-Spam-Verdict: PASS\r\nX-SES-Spam-Verdict", 1);
    assert_eq!(verdicts_in(twice.as_bytes()).spam, AuthVerdict::Absent);
    // An envelope sender that breaks out of its comment.
    for address in
        ["\"a) ; dmarc=pass (\"@evil.example", "a(b)@evil.example", "a\\)@evil.example", ") ; dmarc=pass ("]
    {
        let mail = spf(address).replacen("dmarc=pass", "dmarc=fail", 1);
        assert_ne!(verdicts_in(mail.as_bytes()).dmarc, AuthVerdict::Pass, "{address}");
    }
    let another_server = ses_mail().replacen(
        "Authentication-Results: amazonses.com;",
        "Authentication-Results: evil.example;",
        1,
    );
    let verdicts = verdicts_in(another_server.as_bytes());
    assert_eq!(
        (verdicts.spf, verdicts.dkim, verdicts.dmarc),
        (AuthVerdict::Absent, AuthVerdict::Absent, AuthVerdict::Absent)
    );
    assert_eq!(verdicts_in(b""), none);
}

proptest! {
    #[test]
    fn random_bytes_are_not_a_notice(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        prop_assert!(parse_notice(&bytes).is_err());
        prop_assert_eq!(verdicts_in(&bytes), AuthVerdicts::default());
    }
}
