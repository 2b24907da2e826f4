//! The web form: any input is refused, or parsed into a form that obeys every rule and can be parsed again.
#![no_main]

use form_urlencoded::Serializer;
use handbell_inbound::contact::{
    ContactMessage, ContactRefused, EMAIL_MAX, MESSAGE_MAX, NAME_MAX, PHONE_MAX, Stale, TRAP, Token, read,
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

const TYPE: Option<&str> = Some("application/x-www-form-urlencoded");

fuzz_target!(|body: &[u8]| {
    for other in [None, Some("application/json"), Some("multipart/form-data; boundary=x")] {
        assert!(matches!(read(other, body), Err(ContactRefused::Rejected(_))));
    }
    match read(TYPE, body) {
        Ok(form) => {
            keeps_the_rules(&form);
            assert_eq!(read(TYPE, again(&form).as_bytes()), Ok(form));
        }
        Err(ContactRefused::Wrong(form, wrong)) => {
            assert!(!wrong.is_empty());
            assert!(wrong.iter().all(|wrong| ["name", "email", "phone", "message"].contains(&wrong.field)));
            let body = again(&form);
            if body.len() <= handbell_inbound::contact::BODY_LIMIT {
                assert_eq!(read(TYPE, body.as_bytes()), Err(ContactRefused::Wrong(form, wrong)));
            }
        }
        Err(ContactRefused::Rejected(_)) => {}
    }
});

fn keeps_the_rules(form: &ContactMessage) {
    assert!((1..=MESSAGE_MAX).contains(&form.message.chars().count()));
    assert_eq!(form.message, form.message.trim());
    assert!(!form.message.contains(|c: char| c.is_control() && c != '\n'));
    assert!(form.email.is_some() || form.phone.is_some());
    let fields = [(&form.email, EMAIL_MAX), (&form.phone, PHONE_MAX), (&form.name, NAME_MAX)];
    for (text, max) in fields.into_iter().filter_map(|(text, max)| Some((text.as_deref()?, max))) {
        assert!((1..=max).contains(&text.chars().count()));
        assert!(text == text.trim() && !text.contains(char::is_control));
    }
    if let Some(email) = &form.email {
        assert_eq!(email.matches('@').count(), 1);
        assert!(email.len() <= EMAIL_MAX && !email.contains([' ', ',', ';', '<', '>', '"']));
    }
    for line in ["shop", ""] {
        let now = Timestamp::from_second(1_795_247_894).expect("a time");
        assert_eq!(Token::verify(&["a secret of the fuzzer"], line, &form.token, now), Err(Stale::Forged));
    }
}

/// Encodes the form as the page would send it again.
fn again(form: &ContactMessage) -> String {
    let mut out = Serializer::new(String::new());
    for (name, value) in [("name", &form.name), ("email", &form.email), ("phone", &form.phone)] {
        out.append_pair(name, value.as_deref().unwrap_or_default());
    }
    out.append_pair("message", &form.message.replace('\n', "\r\n")).append_pair("token", &form.token);
    out.append_pair(TRAP, if form.trap { "x" } else { "" });
    out.finish()
}
