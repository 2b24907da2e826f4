use handbell_core::Rejected;
use handbell_inbound::{
    BODY_LIMIT,
    webex::{ResourceId, is_genuine, verify},
};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::Value;

const MESSAGE: &str = "Y2lzY29zcGFyazovL3VzL01FU1NBR0UvOTJkYjNiZTAtNDNiZC0xMWU2LThhZTktZGQ1YjNkZmM1NjVk";

fn samples() -> Value {
    serde_json::from_str(include_str!("../webex-samples.json")).unwrap()
}

fn sign(body: &[u8], secret: &str) -> String {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_sample_is_read() {
    let body = samples()["webhook_message_created"].to_string();
    let event = verify(Some(&sign(body.as_bytes(), "s3")), body.as_bytes(), &["old", "s3"]).unwrap();
    assert_eq!((event.resource.as_str(), event.event.as_str()), ("messages", "created"));
    assert_eq!(event.name, "New message in 'Project Unicorn' room");
    assert_eq!(event.data.person_email.as_deref(), Some("matt@example.com"));
    assert_eq!(event.actor_id, event.data.person_id);
    assert!(event.data.room_id.is_some());
    assert_eq!(event.key(), format!("messages/created/{}/2015-10-18T14:26:16.000Z", event.data.id));
    let debug = format!("{event:?}");
    assert!(!debug.contains("Unicorn") && !debug.contains("matt@"), "{debug}");
}

#[test]
fn mentions_and_the_kind_of_space_are_read() {
    let read = |data: &str| {
        let body =
            format!(r#"{{"resource":"messages","event":"created","data":{{"id":"{MESSAGE}"{data}}}}}"#);
        verify(Some(&sign(body.as_bytes(), "s")), body.as_bytes(), &["s"]).unwrap().data
    };
    let data = read(r#","roomType":"group","mentionedPeople":["one","two"]"#);
    assert_eq!(
        (data.room_type.as_deref(), data.mentioned),
        (Some("group"), vec!["one".into(), "two".into()])
    );
    for odd in ["", r#","mentionedPeople":null,"roomType":7"#, r#","mentionedPeople":{"0":"one"}"#] {
        let data = read(odd);
        assert_eq!((data.room_type, data.mentioned), (None, Vec::<String>::new()), "{odd}");
    }
}

#[test]
fn the_vector_verifies_and_its_mutations_do_not() {
    let samples = samples();
    let vector = &samples["signature_vector"];
    let [secret, body, signature] =
        ["secret", "body", "X-Spark-Signature"].map(|name| vector[name].as_str().unwrap());
    let (secrets, body) = ([secret], body.as_bytes());
    // The vector is signed, but its ids aren't Webex's.
    assert!(
        is_genuine(Some(signature), body, &secrets) && is_genuine(Some(signature), body, &["new", secret])
    );
    assert!(matches!(verify(Some(signature), body, &secrets), Err(Rejected::Malformed(_))));

    for at in 0..body.len() {
        for other in (0..=255).filter(|other| *other != body[at]) {
            let mut body = body.to_vec();
            body[at] = other;
            assert!(!is_genuine(Some(signature), &body, &secrets));
        }
        assert!(!is_genuine(Some(signature), &body[..at], &secrets));
    }
    for at in 0..signature.len() {
        for other in (0..128).filter(|other| *other != signature.as_bytes()[at]) {
            let mut signature = signature.as_bytes().to_vec();
            signature[at] = other;
            assert!(!is_genuine(Some(std::str::from_utf8(&signature).unwrap()), body, &secrets));
        }
        assert!(!is_genuine(Some(&signature[..at]), body, &secrets), "a beginning is not the whole");
    }
    for forged in [None, Some(""), Some("é"), Some(&*format!("{signature}00"))] {
        assert_eq!(verify(forged, body, &secrets), Err(Rejected::Forged));
    }
}

#[test]
fn an_empty_or_missing_secret_verifies_nothing() {
    let body = br#"{"resource":"memberships","event":"created","data":{"id":"m"}}"#;
    assert!(verify(Some(&sign(body, "s")), body, &["s"]).is_ok());
    assert_eq!(verify(Some(&sign(body, "s")), body, &[]), Err(Rejected::Forged));
    assert_eq!(verify(Some(&sign(body, "")), body, &[""]), Err(Rejected::Forged));
}

#[test]
fn a_signed_but_unreadable_body_is_malformed() {
    for body in [
        "",
        "no",
        "[]",
        "null",
        r#"{"resource":"messages","event":"created"}"#,
        r#"{"event":1,"data":{"id":"m"}}"#,
    ] {
        let result = verify(Some(&sign(body.as_bytes(), "s")), body.as_bytes(), &["s"]);
        assert!(matches!(result, Err(Rejected::Malformed(_))), "{body}: {result:?}");
    }
    let long = vec![b' '; BODY_LIMIT + 1];
    assert!(matches!(verify(Some(&sign(&long, "s")), &long, &["s"]), Err(Rejected::Malformed(_))));
    let deep = "[".repeat(BODY_LIMIT);
    assert!(verify(Some(&sign(deep.as_bytes(), "s")), deep.as_bytes(), &["s"]).is_err());
}

#[test]
fn an_id_that_webex_does_not_give_is_refused() {
    let read = |body: &str| verify(Some(&sign(body.as_bytes(), "s")), body.as_bytes(), &["s"]);
    let with = |resource: &str, id: &str, more: &str| {
        read(&format!(r#"{{"resource":"{resource}","event":"created"{more},"data":{{"id":"{id}"}}}}"#))
    };
    assert_eq!(with("messages", MESSAGE, "").unwrap().data.id, ResourceId::Message(MESSAGE.parse().unwrap()));
    for resource in ["messages", "attachmentActions"] {
        for odd in ["m1", "../rooms", "a b", &format!("{MESSAGE}#1"), &format!("{MESSAGE}/x")] {
            let refused = with(resource, odd, "").unwrap_err().to_string();
            assert!(refused.starts_with("the webhook's id: ") && !refused.contains(odd), "{refused}");
        }
    }
    // Handbell doesn't read memberships and rooms.
    assert!(with("memberships", "m", "").is_ok());
    for name in ["actorId", "createdBy"] {
        let refused = with("messages", MESSAGE, &format!(r#","{name}":"Dana""#)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("the webhook's {name}: this isn't the form of an id of a Webex person")
        );
    }
    for (name, kind) in [("roomId", "space"), ("personId", "person")] {
        let data = format!(r#""id":"{MESSAGE}","{name}":"{MESSAGE}/""#);
        let refused =
            read(&format!(r#"{{"resource":"messages","event":"created","data":{{{data}}}}}"#)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("the webhook's {name}: this isn't the form of an id of a Webex {kind}")
        );
    }
}

#[test]
fn a_renewed_membership_is_a_new_event() {
    let key = |created: &str| {
        let body = format!(
            r#"{{"resource":"memberships","event":"created","data":{{"id":"m","created":"{created}"}}}}"#
        );
        verify(Some(&sign(body.as_bytes(), "s")), body.as_bytes(), &["s"]).unwrap().key()
    };
    assert_ne!(key("2026-01-01T00:00:00Z"), key("2026-01-02T00:00:00Z"));
}

proptest! {
    #[test]
    fn no_body_panics(body: Vec<u8>, json in "\\{\"(data|event|resource)\":.{0,40}\\}", signature: Option<String>) {
        for body in [body.as_slice(), json.as_bytes()] {
            let _ = verify(signature.as_deref(), body, &["s"]);
            let _ = verify(Some(&sign(body, "s")), body, &["s"]);
        }
    }
}
