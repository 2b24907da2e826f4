//! Twilio: an unsigned request never passes, a signed one always does, and every hook parses it into checked ids or refuses
//! it.
//!
//! An input has three lines and a body: path and query, content type, signature.
#![no_main]

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_STANDARD};
use handbell_core::Rejected;
use handbell_fuzz::{hmac_sha1, lines_and_body};
use handbell_inbound::twilio::{Hook, Signed, TwilioEvent, verify};
use libfuzzer_sys::fuzz_target;

const ACCOUNT: &str = "ACffffffffffffffffffffffffffffffff";
const TOKEN: &str = "a token of the fuzzer";
/// A token with which nothing signs: libFuzzer traces comparisons, and would learn a signature that it sees.
const UNSEEN: &str = "a token that the fuzzer doesn't use";
const BASE: &str = "https://bell.example.com";
const FORM: &str = "application/x-www-form-urlencoded";
const HOOKS: [Hook; 7] =
    [Hook::Text, Hook::TextStatus, Hook::Call, Hook::Key, Hook::CallStatus, Hook::Dialed, Hook::Recorded];

fuzz_target!(|input: &[u8]| {
    let ([path, content_type, signature], body) = lines_and_body::<3>(input);
    let given = Signed {
        base: BASE,
        path_and_query: &path,
        signature: Some(&signature),
        content_type: Some(&content_type),
        body,
    };
    assert!(
        !given.is_genuine(&["", UNSEEN]) && !Signed { signature: None, ..given }.is_genuine(&["", TOKEN])
    );
    assert_eq!(verify(&given, ACCOUNT, &["", UNSEEN]), Err(Rejected::Forged));

    // The same request as Twilio would send it, with the account and a signature.
    let body = [body, format!("&AccountSid={ACCOUNT}").as_bytes()].concat();
    let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let distinct: BTreeSet<_> = form.iter().collect();
    let params: String = distinct.iter().flat_map(|(name, value)| [name.as_str(), value]).collect();
    let message = format!("{BASE}{}{params}", path.split('#').next().unwrap_or_default());
    let mac = hmac_sha1(TOKEN, message.as_bytes());
    let signature = BASE64_STANDARD.encode(&mac);
    let signed = Signed { signature: Some(&signature), content_type: Some(FORM), body: &body, ..given };
    assert!(signed.is_genuine(&["another", TOKEN]) && !signed.is_genuine(&["another", ""]));

    let flipped = mac.iter().enumerate().map(|(n, byte)| byte ^ u8::from(n == body.len() % mac.len()));
    let flipped = BASE64_STANDARD.encode(flipped.collect::<Vec<_>>());
    assert!(!Signed { signature: Some(&flipped), ..signed }.is_genuine(&[TOKEN]));
    if !distinct.contains(&("x".to_owned(), "1".to_owned())) {
        let more = [body.as_slice(), b"&x=1"].concat();
        assert!(!Signed { body: &more, ..signed }.is_genuine(&[TOKEN]));
    }

    let ours = form.iter().all(|(name, value)| name != "AccountSid" || value == ACCOUNT);
    match verify(&signed, ACCOUNT, &[TOKEN]) {
        Ok(params) => {
            assert!(ours);
            for event in HOOKS.into_iter().filter_map(|hook| params.event(hook).ok()) {
                holds(&event);
            }
        }
        Err(rejected) => assert!(!ours && rejected == Rejected::Forged),
    }
});

/// Checks the properties on which keys, addresses and numbers rely.
fn holds(event: &TwilioEvent) {
    let (sid, to) = match event {
        TwilioEvent::Text(text) => {
            assert!(text.media.len() <= 10 && !text.from.as_str().is_empty());
            (&*text.sid, Some(&text.to))
        }
        TwilioEvent::CallAnswered { sid, to, .. } => (&**sid, Some(to)),
        TwilioEvent::Digits { sid, digits } => {
            assert!(digits.bytes().all(|key| key.is_ascii_alphanumeric() || b"*#".contains(&key)));
            (&**sid, None)
        }
        TwilioEvent::Recorded { sid, recording, .. } => {
            assert!(recording.starts_with("RE") && is_safe(recording));
            (&**sid, None)
        }
        TwilioEvent::MessageStatus { sid, .. } => (&**sid, None),
        TwilioEvent::CallStatus { sid, .. } | TwilioEvent::Dialed { sid, .. } => (&**sid, None),
    };
    assert!(is_safe(sid));
    assert!(to.is_none_or(|to| !to.as_str().is_empty()));
}

fn is_safe(id: &str) -> bool {
    id.len() == 34 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
