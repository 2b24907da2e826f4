//! Webex: an unsigned request never passes, a signed one is parsed or malformed, and one byte more or less is forged.
//!
//! An input has one line, the signature, and a body.
#![no_main]

use handbell_core::Rejected;
use handbell_fuzz::{hmac_sha1, lines_and_body};
use handbell_inbound::webex::{ResourceId, verify};
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "a secret of the fuzzer";

/// A secret with which nothing signs: libFuzzer traces comparisons, and would learn a signature that it sees.
const UNSEEN: &str = "a secret that the fuzzer doesn't use";

fuzz_target!(|input: &[u8]| {
    let ([given], body) = lines_and_body::<1>(input);
    for forged in [None, Some(given.as_str())] {
        assert_eq!(verify(forged, body, &["", UNSEEN]), Err(Rejected::Forged));
    }

    let signature: String = hmac_sha1(SECRET, body).iter().map(|byte| format!("{byte:02x}")).collect();
    match verify(Some(&signature), body, &["another", SECRET]) {
        Ok(envelope) => {
            let id = envelope.data.id.to_string();
            assert!(!envelope.resource.is_empty() && !envelope.event.is_empty() && !id.is_empty());
            assert!(envelope.key().contains(&id));
            if !matches!(envelope.data.id, ResourceId::Other(_)) {
                assert!(id.trim_end_matches('=').bytes().all(|byte| byte.is_ascii_alphanumeric()));
            }
        }
        Err(rejected) => assert!(matches!(rejected, Rejected::Malformed(_))),
    }
    assert_eq!(verify(Some(&signature), body, &["another", ""]), Err(Rejected::Forged));
    let more = [body, b" "].concat();
    assert_eq!(verify(Some(&signature), &more, &[SECRET]), Err(Rejected::Forged));
    if let Some((_, less)) = body.split_last() {
        assert_eq!(verify(Some(&signature), less, &[SECRET]), Err(Rejected::Forged));
    }
    let upper = signature.to_uppercase();
    if upper != signature {
        assert_eq!(verify(Some(&upper), body, &[SECRET]), Err(Rejected::Forged), "one spelling");
    }
});
