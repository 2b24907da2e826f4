use std::time::Duration;

use handbell_core::Rejected;
use handbell_inbound::contact::{
    BODY_LIMIT, ContactMessage, ContactRefused, EMAIL_MAX, MESSAGE_MAX, NAME_MAX, PHONE_MAX, Stale, Token,
    Wrong, read,
};
use jiff::Timestamp;
use proptest::prelude::*;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=UTF-8");
const SECRET: &str = "a form secret of the tests";

/// Computed with Python: `hmac.new(SECRET, b"contact\0shop\0" + b"1795247894" + b"\0n-1_A", "sha256").hexdigest()[:32]`.
const TOKEN: &str = "1795247894.n-1_A.ae94c9ed2e05178d2d32321c392500e1";

fn now() -> Timestamp {
    Timestamp::from_second(1_795_247_894).unwrap()
}

fn sent(fields: &[(&str, &str)]) -> Result<ContactMessage, ContactRefused> {
    read(FORM, serde_html_form::to_string(fields).unwrap().as_bytes())
}

/// Returns the fields with errors, if all other fields are valid.
fn wrong(fields: &[(&str, &str)]) -> Vec<&'static str> {
    let mut all = vec![("message", "hi"), ("email", "ann@example.org"), ("token", TOKEN)];
    all.retain(|(name, _)| !fields.iter().any(|(given, _)| given == name));
    all.extend(fields);
    match sent(&all) {
        Ok(_) => Vec::new(),
        Err(ContactRefused::Wrong(_, wrong)) => wrong.iter().map(|wrong| wrong.field).collect(),
        Err(ContactRefused::Rejected(rejected)) => panic!("{rejected}"),
    }
}

#[test]
fn a_form_is_read_as_a_browser_sends_it() {
    let body = b"name=Ann+L%C3%A9e&email=+ann%40example.org&phone=0170+123+45+67&website=&token=t\
        &message=%0D%0AIs+the+shop+open%3F%0D%0A%0D%0AAnn%0D%0A&send=";
    let form = read(FORM, body).unwrap();
    let expected = ContactMessage {
        email: Some("ann@example.org".into()),
        phone: Some("0170 123 45 67".into()),
        message: "Is the shop open?\n\nAnn".into(),
        token: "t".into(),
        name: Some("Ann Lée".into()),
        trap: false,
    };
    assert_eq!(form, expected);
    let debug = format!("{form:?} {:?}", ContactRefused::Wrong(Box::new(form.clone()), Vec::new()));
    for personal in ["ann", "Ann", "0170", "shop", "\"t\""] {
        assert!(!debug.contains(personal), "{debug}");
    }
}

#[test]
fn one_contact_for_replies_is_enough() {
    let form = sent(&[("message", "hi"), ("phone", "+1 202 555 0111"), ("email", "  ")]).unwrap();
    assert_eq!((form.phone.as_deref(), form.email, form.name), (Some("+1 202 555 0111"), None, None));
    assert_eq!(wrong(&[("email", "")]), ["email"]);
    assert_eq!(wrong(&[("email", "ann"), ("phone", "1")]), ["email"], "what is given must be right");
}

#[test]
fn all_errors_are_reported_at_once_and_no_input_is_lost() {
    let long = "é".repeat(PHONE_MAX + 1);
    let fields = [
        ("email", "ann@"),
        ("phone", long.as_str()),
        ("name", &"x".repeat(NAME_MAX + 1)),
        ("message", "\r\n \t"),
    ];
    let Err(ContactRefused::Wrong(form, wrong)) = sent(&fields) else { panic!("taken") };
    assert_eq!(
        wrong.iter().map(|wrong| wrong.field).collect::<Vec<_>>(),
        ["name", "email", "phone", "message"]
    );
    assert_eq!((form.email.as_deref(), form.phone.as_deref()), (Some("ann@"), Some(long.as_str())));
    for Wrong { why, .. } in &wrong {
        assert!(
            why.contains("lease") && why.ends_with('.') && !why.contains("ann@\"") && !why.contains('é'),
            "{why}"
        );
    }
}

#[test]
fn limits_are_inclusive() {
    let at = |text: &str, n: usize| text.repeat(n);
    for (field, max) in [("message", MESSAGE_MAX), ("name", NAME_MAX), ("phone", PHONE_MAX)] {
        assert!(wrong(&[(field, &at("👍", max))]).is_empty(), "{field}");
        assert!(
            wrong(&[(field, &format!("\r\n{} \r\n", at("a", max)))]).is_empty(),
            "{field}: after trimming"
        );
        assert_eq!(wrong(&[(field, &at("a", max + 1))]), [field]);
    }
    let address = |length: usize| format!("{}@example.org", at("a", length - "@example.org".len()));
    assert!(wrong(&[("email", &address(EMAIL_MAX))]).is_empty());
    assert_eq!(wrong(&[("email", &address(EMAIL_MAX + 1))]), ["email"]);
    for email in [
        "ann",
        "ann@here",
        "@example.org",
        "a@b@example.org",
        "a b@example.org",
        "a,b@example.org",
        "<ann@example.org>",
        "ann@example.org\r\nBcc: b@example.org",
        "a\"b@example.org",
    ] {
        assert_eq!(wrong(&[("email", email)]), ["email"], "{email}");
    }
    let long = format!("message={}", at("a", BODY_LIMIT));
    assert!(matches!(read(FORM, long.as_bytes()), Err(ContactRefused::Rejected(Rejected::Malformed(_)))));
}

#[test]
fn only_a_browsers_form_is_accepted() {
    let body = b"message=hi&email=ann%40example.org&token=t";
    assert!(read(Some("APPLICATION/x-www-form-urlencoded"), body).is_ok());
    for other in [
        None,
        Some(""),
        Some("application/json"),
        Some("multipart/form-data; boundary=x"),
        Some("text/plain"),
    ] {
        assert!(
            matches!(read(other, body), Err(ContactRefused::Rejected(Rejected::Malformed(_)))),
            "{other:?}"
        );
    }
    for twice in ["&message=hi", "&email=", "&%6dessage=ho", "&other=1&other=2"] {
        let body = [body, twice.as_bytes()].concat();
        assert!(
            matches!(read(FORM, &body), Err(ContactRefused::Rejected(Rejected::Malformed(_)))),
            "{twice}"
        );
    }
    for odd in [&b""[..], b"&&&", b"=", b"%", b"%zz=%ff%fe", b"\xff=\xff", b"message"] {
        assert!(matches!(read(FORM, odd), Err(ContactRefused::Wrong(..))), "{odd:?}");
    }
}

#[test]
fn texts_are_cleaned() {
    let message = |text: &str| sent(&[("message", text), ("phone", "1")]).unwrap().message;
    assert_eq!(message("a\rb\nc\r\nd\u{2028}e"), "a\nb\nc\nd\ne");
    assert_eq!(message("a\tb\u{0}\u{1b}[31mc\u{7f}\u{85}"), "a b  [31mc");
    assert_eq!(message("see xx.yy\u{0}live.com"), "see xx.yy live.com", "two words don't become one address");
    assert_eq!(message("\u{202e}gpj\u{202c}.exe"), "gpj.exe");
    assert_eq!(message("👩‍💻 שלום"), "👩‍💻 שלום", "joined emoji and right-to-left writing stay");
    let name = sent(&[("message", "m"), ("phone", "1"), ("name", " Ann\r\nLee\t\u{7} ")]).unwrap().name;
    assert_eq!(name.as_deref(), Some("Ann Lee"));
    let trapped = sent(&[("message", "m"), ("phone", "1"), ("website", " ")]).unwrap();
    assert!(trapped.trap);
}

#[test]
fn the_token_verifies_and_its_mutations_do_not() {
    assert_eq!(Token::issue(SECRET.as_bytes(), "shop", now(), "n-1_A"), TOKEN);
    let verify = |token: &str| Token::verify(&["new", SECRET], "shop", token, now());
    assert_eq!(verify(TOKEN).as_deref(), Ok("n-1_A"));
    for at in 0..TOKEN.len() {
        for other in (0..128).filter(|other| *other != TOKEN.as_bytes()[at]) {
            let mut token = TOKEN.as_bytes().to_vec();
            token[at] = other;
            assert_eq!(verify(std::str::from_utf8(&token).unwrap()), Err(Stale::Forged));
        }
        assert_eq!(verify(&TOKEN[..at]), Err(Stale::Forged), "a beginning is not the whole");
    }
    for forged in ["", "..", "é", &format!("+{TOKEN}"), &format!("{TOKEN}."), &TOKEN.to_uppercase()] {
        assert_eq!(verify(forged), Err(Stale::Forged), "{forged}");
    }
    for line in ["", "sho", "shops", "Shop"] {
        assert_eq!(Token::verify(&[SECRET], line, TOKEN, now()), Err(Stale::Forged), "another line's");
    }
    for secrets in [&[][..], &["other"]] {
        assert_eq!(Token::verify(secrets, "shop", TOKEN, now()), Err(Stale::Forged));
    }
    let open = Token::issue(b"", "shop", now(), "n");
    assert_eq!(Token::verify(&[""], "shop", &open, now()), Err(Stale::Forged));
    for nonce in ["", "a.b", "a b", "é", "a\0b", &"n".repeat(65)] {
        assert_eq!(
            verify(&Token::issue(SECRET.as_bytes(), "shop", now(), nonce)),
            Err(Stale::Forged),
            "{nonce}"
        );
    }
}

#[test]
fn a_token_is_valid_for_a_day() {
    let at = |seconds: i64| {
        let then = if seconds < 0 {
            now() - Duration::from_secs(seconds.unsigned_abs())
        } else {
            now() + Duration::from_secs(seconds.unsigned_abs())
        };
        Token::verify(&[SECRET], "shop", TOKEN, then).map(drop)
    };
    for good in [0, 1, -300, 24 * 3600] {
        assert_eq!(at(good), Ok(()), "{good}");
    }
    for stale in [-301, 24 * 3600 + 1, 365 * 24 * 3600] {
        assert_eq!(at(stale), Err(Stale::Expired), "{stale}");
    }
    for (issued, read) in [(Timestamp::MIN, Timestamp::MAX), (Timestamp::MAX, Timestamp::MIN)] {
        let token = Token::issue(SECRET.as_bytes(), "shop", issued, "n");
        assert_eq!(Token::verify(&[SECRET], "shop", &token, read), Err(Stale::Expired));
        assert!(Token::verify(&[SECRET], "shop", &token, issued).is_ok());
    }
}

proptest! {
    #[test]
    fn every_accepted_form_satisfies_the_rules(fields in proptest::collection::btree_map(
        "message|email|phone|name|token|website|x", "(.|\n|[a@.\u{202e}\r\t\u{0}]){0,60}", 0..7), raw: Vec<u8>)
    {
        let body = serde_html_form::to_string(&fields).unwrap();
        for body in [body.as_bytes(), &raw] {
            if let Ok(form) = read(FORM, body) {
                prop_assert!(!form.message.is_empty() && form.message == form.message.trim());
                prop_assert!(form.message.chars().all(|c| c == '\n' || !c.is_control()));
                prop_assert!(form.email.is_some() || form.phone.is_some());
                for line in [form.email, form.phone, form.name].into_iter().flatten() {
                    prop_assert!(!line.is_empty() && !line.contains(char::is_control));
                }
            }
        }
    }

    #[test]
    fn an_issued_token_verifies(secret in ".{1,40}", line: String, other: String, nonce in "[A-Za-z0-9_-]{1,64}",
        token: String)
    {
        let issued = Token::issue(secret.as_bytes(), &line, now(), &nonce);
        prop_assert_eq!(Token::verify(&[&secret], &line, &issued, now()), Ok(nonce));
        prop_assert_eq!(Token::verify(&[&secret], &other, &issued, now()).is_ok(), other == line);
        prop_assert!(Token::verify(&[&secret], &line, &token, now()).is_err());
    }
}
