use base64::{Engine, prelude::BASE64_STANDARD};
use handbell_core::Rejected;
use handbell_core::address::PhoneAddress;
use handbell_inbound::twilio::{
    CallStatus, Hook, MessageStatus, OptOut, Params, Signed, TwilioEvent, verify,
};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::Value;

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
const ACCOUNT: &str = "ACffffffffffffffffffffffffffffffff";

/// A published test vector as a request.
struct Vector {
    base: String,
    path: String,
    content_type: &'static str,
    form: Vec<(String, String)>,
    body: Vec<u8>,
    signature: String,
}

impl Vector {
    fn request(&self) -> Signed<'_> {
        Signed {
            base: &self.base,
            path_and_query: &self.path,
            signature: Some(&self.signature),
            content_type: Some(self.content_type),
            body: &self.body,
        }
    }
}

fn vectors() -> Vec<Vector> {
    let file: Value = serde_json::from_str(include_str!("../twilio-signature-vectors.json")).unwrap();
    assert_eq!(file["authToken"], "12345");
    let read = |vector: &Value| {
        let url = vector["url"].as_str().unwrap();
        let slash = url.find("//").unwrap() + 2 + url.split("//").nth(1).unwrap().find('/').unwrap();
        let mut form = Vec::new();
        for (name, value) in vector["params"].as_object().unwrap() {
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            form.extend(values.iter().map(|value| (name.clone(), value.as_str().unwrap().to_owned())));
        }
        let json = vector["jsonBody"].as_str();
        Vector {
            base: url[..slash].to_owned(),
            path: url[slash..].to_owned(),
            content_type: if json.is_some() { "application/json" } else { FORM },
            body: json.map_or_else(|| serde_html_form::to_string(&form).unwrap(), str::to_owned).into_bytes(),
            form,
            signature: vector["signature"].as_str().unwrap().to_owned(),
        }
    };
    file["vectors"].as_array().unwrap().iter().map(read).collect()
}

/// Every byte with one bit flipped, and characters with a meaning in addresses and forms.
fn others(byte: u8, highest: u8) -> impl Iterator<Item = u8> {
    let turned = (0..8).map(move |bit| byte ^ (1 << bit));
    turned.chain(*b"&=%+#?/:@; \0").filter(move |other| *other != byte && *other <= highest)
}

fn sign(message: &str, token: &str) -> String {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// Sends a form as Twilio would to `https://bell.example.com/twilio/x?d=9`.
fn sent(form: &[(&str, &str)]) -> Result<Params, Rejected> {
    let mut form = form.to_vec();
    form.push(("AccountSid", ACCOUNT));
    post(&form, ACCOUNT)
}

fn post(form: &[(&str, &str)], account: &str) -> Result<Params, Rejected> {
    let body = serde_html_form::to_string(form).unwrap();
    let mut sorted = form.to_vec();
    sorted.sort();
    sorted.dedup();
    let message: String = sorted.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let signature = sign(&format!("https://bell.example.com/twilio/x?d=9{message}"), "token");
    let request = Signed {
        base: "https://bell.example.com",
        path_and_query: "/twilio/x?d=9",
        signature: Some(&signature),
        content_type: Some(FORM),
        body: body.as_bytes(),
    };
    verify(&request, account, &["before", "token"])
}

#[test]
fn every_vector_verifies() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 8);
    for vector in &vectors {
        let request = vector.request();
        assert!(request.is_genuine(&["12345"]), "{}", vector.signature);
        assert!(request.is_genuine(&["new", "12345"]), "while tokens change");
        for tokens in [&[][..], &["12346"], &[""], &["1234"]] {
            assert!(!request.is_genuine(tokens));
        }
        assert!(!Signed { signature: None, ..request }.is_genuine(&["12345"]));
        assert!(!Signed { signature: Some(""), ..request }.is_genuine(&["12345"]));
        assert_eq!(
            verify(&request, ACCOUNT, &["12345"]),
            Err(Rejected::Forged),
            "they name no account, or another's"
        );
    }
}

#[test]
fn equivalent_spellings_of_the_address_verify() {
    let vectors = vectors();
    let genuine = |base: &str, n: usize| Signed { base, ..vectors[n].request() }.is_genuine(&["12345"]);
    for base in [
        "https://mycompany.com",
        "https://mycompany.com/",
        "https://mycompany.com:443",
        "HTTPS://MyCompany.com",
        "https://user:p@ss@mycompany.com",
        "https://mycompany.com#rc=3&rp=5xx",
    ] {
        assert!(genuine(base, 0), "{base}");
        assert!(genuine(base, 1), "{base} with the port written out");
    }
    assert!(genuine("http://mycompany.com", 2) && genuine("http://mycompany.com:80", 3));
    for base in [
        "http://mycompany.com",
        "https://mycompany.org",
        "https://www.mycompany.com",
        "mycompany.com",
        "",
        "https://",
    ] {
        assert!(!genuine(base, 0), "{base}");
    }
    let request = Signed { path_and_query: "/myapp.php?foo=1&bar=2#rc=3&rp=5xx", ..vectors[0].request() };
    assert!(request.is_genuine(&["12345"]));
}

#[test]
fn a_base_with_a_path_verifies() {
    let signature = sign("https://bell.example.com/prod/twilio/sms?d=9", "token");
    for path in ["/twilio/sms?d=9", "/prod/twilio/sms?d=9"] {
        for base in ["https://bell.example.com/prod", "https://bell.example.com/prod/"] {
            let request = Signed {
                base,
                path_and_query: path,
                signature: Some(&signature),
                content_type: None,
                body: b"",
            };
            assert!(request.is_genuine(&["token"]), "{base} {path}");
        }
    }
}

/// The signature allows only one variation: another encoding of the same parameters. Everything else must fail.
#[test]
fn no_mutation_verifies() {
    let (mut tried, mut respelt) = (0, 0);
    for vector in vectors() {
        let request = vector.request();
        let mut refuse = |request: Signed<'_>, what: &str| {
            tried += 1;
            assert!(!request.is_genuine(&["12345"]), "{what} of {}", vector.signature);
        };
        for (at, &byte) in vector.body.iter().enumerate() {
            for other in others(byte, 255) {
                let mut body = vector.body.clone();
                body[at] = other;
                let now: Vec<(String, String)> = serde_html_form::from_bytes(&body).unwrap();
                if !vector.form.is_empty() && now == vector.form {
                    respelt += 1; // `%2b` for `%2B`
                    continue;
                }
                refuse(Signed { body: &body, ..request }, "body");
            }
            refuse(Signed { body: &vector.body[..at], ..request }, "body");
        }
        for at in 0..vector.path.len() {
            for other in others(vector.path.as_bytes()[at], 127) {
                let mut path = vector.path.clone().into_bytes();
                path[at] = other;
                refuse(Signed { path_and_query: std::str::from_utf8(&path).unwrap(), ..request }, "path");
            }
        }
        let host = vector.base.find("//").unwrap() + 2..vector.base.rfind(".com").unwrap() + 4;
        for at in host {
            let byte = vector.base.as_bytes()[at];
            for other in others(byte, 127).filter(|other| !other.eq_ignore_ascii_case(&byte)) {
                let mut base = vector.base.clone().into_bytes();
                base[at] = other;
                refuse(Signed { base: std::str::from_utf8(&base).unwrap(), ..request }, "host");
            }
        }
        for at in 0..vector.signature.len() {
            for other in others(vector.signature.as_bytes()[at], 127) {
                let mut signature = vector.signature.clone().into_bytes();
                signature[at] = other;
                refuse(Signed { signature: std::str::from_utf8(&signature).ok(), ..request }, "signature");
            }
            refuse(Signed { signature: Some(&vector.signature[..at]), ..request }, "signature");
        }
    }
    assert!(tried > 10_000, "{tried}");
    assert!(respelt < 100, "{respelt}");
}

#[test]
fn a_body_that_is_not_a_form_needs_its_hash() {
    let vectors = vectors();
    let json = vectors.iter().find(|vector| vector.content_type == "application/json").unwrap();
    for body in [&b""[..], b"{}", b"{\"property\": \"value\", \"boolean\": true} "] {
        assert!(!Signed { body, ..json.request() }.is_genuine(&["12345"]));
    }
    // A signed GET must not be combined with a foreign body.
    let signature = sign("https://bell.example.com/twilio/sms?From=1", "token");
    let get = Signed {
        base: "https://bell.example.com",
        path_and_query: "/twilio/sms?From=1",
        signature: Some(&signature),
        content_type: None,
        body: b"",
    };
    assert!(get.is_genuine(&["token"]));
    for content_type in
        [None, Some("application/json"), Some("text/plain"), Some(FORM), Some("multipart/form-data")]
    {
        assert!(!Signed { content_type, body: b"From=2", ..get }.is_genuine(&["token"]));
    }
}

#[test]
fn only_our_account_is_accepted() {
    assert!(sent(&[("Body", "hi")]).is_ok());
    assert_eq!(post(&[("AccountSid", "AC0")], ACCOUNT), Err(Rejected::Forged));
    assert_eq!(post(&[("Body", "hi")], ACCOUNT), Err(Rejected::Forged));
    assert_eq!(post(&[("AccountSid", ""), ("Body", "hi")], ""), Err(Rejected::Forged));
    assert_eq!(post(&[("AccountSid", ACCOUNT), ("AccountSid", "AC0")], ACCOUNT), Err(Rejected::Forged));
}

#[test]
fn a_parameter_has_one_value() {
    let sid = ("SmsSid", "SM0123456789abcdef0123456789abcdef");
    let params = sent(&[("NumMedia", "1"), ("NumMedia", "1"), ("Body", " é+ "), sid]).unwrap();
    assert_eq!(params.get("NumMedia"), Some("1"));
    assert_eq!(params.get("Body"), Some(" é+ "));
    assert_eq!(params.query("d"), Some("9"));
    assert_eq!(params.get("d"), None);
    assert!(!format!("{params:?}").contains(ACCOUNT));
    let said = sent(&[("NumMedia", "1"), ("NumMedia", "2"), sid]);
    assert!(matches!(said, Err(Rejected::Malformed(_))), "their order isn't signed, so neither is the first");
}

/// A text as Twilio reports it, with the parameters of its documentation.
const TEXT: &[(&str, &str)] = &[
    ("ApiVersion", "2010-04-01"),
    ("Body", "ok, From the car at 10:30To town"),
    ("From", "+12025550111"),
    ("FromCity", "PARIS"),
    ("FromCountry", "FR"),
    ("FromState", ""),
    ("FromZip", "75001"),
    ("MessageSid", "SM0123456789abcdef0123456789abcdef"),
    ("MessagingServiceSid", "MG0123456789abcdef0123456789abcdef"),
    ("NewThing", "one-more"),
    ("NumMedia", "1"),
    ("NumSegments", "1"),
    ("MediaContentType0", "image/png"),
    ("MediaUrl0", "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/SM0/Media/ME0"),
    ("SmsMessageSid", "SM0123456789abcdef0123456789abcdef"),
    ("SmsSid", "SM0123456789abcdef0123456789abcdef"),
    ("SmsStatus", "received"),
    ("To", "+12025550100"),
    ("ToCity", ""),
    ("ToCountry", "US"),
];

/// The receipt of a text.
const RECEIPT: &[(&str, &str)] = &[
    ("ApiVersion", "2010-04-01"),
    ("ErrorCode", "30003"),
    ("From", "+12025550100"),
    ("MessageSid", "SM0123456789abcdef0123456789abcdef"),
    ("MessageStatus", "undelivered"),
    ("RawDlrDoneDate", "2611211002"),
    ("SmsSid", "SM0123456789abcdef0123456789abcdef"),
    ("SmsStatus", "undelivered"),
    ("To", "+12025550111"),
];

/// A call, with the parameters of every request about one.
const CALL: &[(&str, &str)] = &[
    ("AnsweredBy", "machine_end_beep"),
    ("ApiVersion", "2010-04-01"),
    ("CallDuration", "12"),
    ("CallSid", "CA0123456789abcdef0123456789abcdef"),
    ("CallStatus", "completed"),
    ("CallbackSource", "call-progress-events"),
    ("Called", "+12025550100"),
    ("CalledCity", ""),
    ("CalledCountry", "US"),
    ("Caller", "+12025550111"),
    ("CallerName", "DANA Too"),
    ("DialCallDuration", "5"),
    ("DialCallSid", "CA00000000000000000000000000000002"),
    ("DialCallStatus", "no-answer"),
    ("Digits", "1"),
    ("Direction", "inbound"),
    ("From", "+12025550111"),
    ("RecordingDuration", "17"),
    ("RecordingSid", "RE0123456789abcdef0123456789abcdef"),
    (
        "RecordingUrl",
        "https://api.twilio.com/2010-04-01/Accounts/AC0/Recordings/RE0123456789abcdef0123456789abcdef",
    ),
    ("SequenceNumber", "3"),
    ("StirVerstat", "TN-Validation-Passed-A"),
    ("Timestamp", "Sat, 21 Nov 2026 10:11:12 +0000"),
    ("To", "+12025550100"),
    ("msg", "Gather End"),
];

const HOOKS: [Hook; 7] =
    [Hook::Text, Hook::TextStatus, Hook::Call, Hook::Key, Hook::CallStatus, Hook::Dialed, Hook::Recorded];

/// Every split of the same signed text that moves one boundary, drops one or two, or adds a parameter of one's own.
fn splits(form: &[(&str, &str)]) -> Vec<Vec<(String, String)>> {
    let mut form: Vec<(String, String)> =
        form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    form.push(("AccountSid".to_owned(), ACCOUNT.to_owned()));
    form.sort();
    let signed: String = form.iter().flat_map(|(name, value)| [name.as_str(), value]).collect();
    let mut at = 0;
    // The boundaries between the parts: name, value, name, value …
    let mut bounds = Vec::new();
    for part in form.iter().flat_map(|(name, value)| [name, value]) {
        at += part.len();
        bounds.push(at);
    }
    bounds.pop();
    let mut others: Vec<Vec<usize>> = Vec::new();
    for place in 0..bounds.len() {
        for moved in 1..signed.len() {
            let mut other = bounds.clone();
            other[place] = moved;
            others.push(other);
        }
        for second in place + 1..bounds.len() {
            let mut other = bounds.clone();
            other.remove(second);
            other.remove(place);
            others.push(other);
        }
        for moved in 0..24 * 24 {
            let mut other = bounds.clone();
            other[place] = (other[place] + moved / 24).saturating_sub(12);
            if let Some(next) = other.get_mut(place + 1) {
                *next = (*next + moved % 24).saturating_sub(12);
                others.push(other);
            }
        }
    }
    for one in 1..signed.len() {
        for two in one..one + 20 {
            let mut other = bounds.clone();
            other.extend([one, two]);
            other.sort_unstable();
            others.push(other);
        }
    }
    let read = |bounds: &Vec<usize>| {
        if !bounds.is_sorted()
            || bounds.len().is_multiple_of(2)
            || bounds.last().is_some_and(|last| *last > signed.len())
        {
            return None;
        }
        let ends = bounds.iter().copied().chain([signed.len()]);
        let mut begin = 0;
        let parts: Option<Vec<String>> = ends
            .map(|end| {
                let part = signed.get(begin..end).map(str::to_owned);
                begin = end;
                part
            })
            .collect();
        let pairs: Vec<(String, String)> =
            parts?.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        // The signature holds only if the names are in order.
        pairs.is_sorted().then_some(pairs)
    };
    others.iter().filter_map(read).filter(|pairs| *pairs != form).collect()
}

#[test]
fn bytes_that_move_across_names_and_values_change_no_event() {
    let mut tried = 0;
    let bodies = [
        "",
        "1",
        "Dana: Ring me",
        "okFrom+12025550199",
        "okTo+12025550100ToZip",
        "okMessageSidSM00000000000000000000000000000001Z",
        "ErrorMessage: the disk is full",
        "okFromCityPARIS",
        "okOptOutTypeSTOP",
    ];
    let texts = bodies.map(|body| {
        let other = |(name, value): &(&'static str, &'static str)| {
            (*name, if *name == "Body" { body } else { *value })
        };
        TEXT.iter().map(other).collect()
    });
    for form in [TEXT.to_vec(), RECEIPT.to_vec(), CALL.to_vec()].into_iter().chain(texts) {
        let genuine = sent(&form).unwrap();
        for split in splits(&form) {
            tried += 1;
            let split: Vec<(&str, &str)> =
                split.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let Ok(params) = post(&split, ACCOUNT) else { continue };
            for hook in HOOKS {
                match (genuine.event(hook), params.event(hook)) {
                    // The end of a text may move, and a file may be missing. The sid stays, so a copy is a repetition.
                    (Ok(TwilioEvent::Text(genuine)), Ok(TwilioEvent::Text(changed))) => {
                        assert_eq!(
                            (&genuine.sid, &genuine.from, &genuine.to, &genuine.opt_out),
                            (&changed.sid, &changed.from, &changed.to, &changed.opt_out),
                            "{split:#?}"
                        );
                        let (longer, shorter) = match genuine.body.len() > changed.body.len() {
                            true => (genuine.body, changed.body),
                            false => (changed.body, genuine.body),
                        };
                        assert!(longer.starts_with(&shorter), "{split:#?}");
                    }
                    (Ok(genuine), Ok(changed)) => assert_eq!(genuine, changed, "{split:#?}"),
                    (Err(_), _) | (_, Err(_)) => {}
                }
            }
        }
    }
    assert!(tried > 5_000, "{tried}");
}

/// The true parameters are swallowed by one that sorts behind them.
#[test]
fn a_split_that_hides_the_true_parameters_in_the_last_one_is_refused() {
    for swallows in ["ToCity", "SmsZ", "ToZip"] {
        let forged = [
            ("ApiVersion", "2010-04-01"),
            ("Body", "ok"),
            ("From", "+12025550199"),
            ("MessageSid", "SM00000000000000000000000000000001"),
            ("To", "+12025550100"),
            (
                swallows,
                "From+12025550111FromCityMessageSidSM0123456789abcdef0123456789abcdefNumMedia0To+12025550100",
            ),
        ];
        assert!(matches!(sent(&forged), Err(Rejected::Malformed(_))), "{swallows}");
    }
}

/// Tokens of signed calls are any letters and digits.
#[test]
fn tokens_of_calls_are_no_other_parameters() {
    let call = [("CallSid", "CA00000000000000000000000000000001"), ("To", "+12025550100")];
    for token in ["eyJhbGciOiJFUzI1NiIsmsgTo123From4567", "aTo12345678msg"] {
        assert!(sent(&[&call[..], &[("StirPassportToken", token)]].concat()).is_ok(), "{token}");
    }
}

/// A person may write anything, and Twilio may add parameters.
#[test]
fn no_words_and_no_new_parameter_keep_a_text_from_being_read() {
    let sid = ("SmsSid", "SM0123456789abcdef0123456789abcdef");
    for body in [
        "okFrom+12025550199",
        "okMessageSidSM00000000000000000000000000000001Z",
        "okTo+12025550100ToZip",
        "okFromCityPARIS",
        "okOptOutTypeSTOP",
        "ErrorMessage: the disk is full",
        "From: me",
        "Open From9to5",
        "Body",
        "Email To: x",
    ] {
        let text = sent(&[
            ("Body", body),
            ("Category", "new"),
            ("From", "+12025550111"),
            sid,
            ("To", "+12025550100"),
            ("ToZip", ""),
            ("Zone", "ä ö & = +"),
        ]);
        assert_eq!(text.unwrap().get("Body"), Some(body));
    }
}

/// A text that swallows the true sender, so that another one counts.
#[test]
fn a_text_that_hides_its_sender_is_refused() {
    let forged = [
        ("Body", "okFrom+12025550111FromCityPARISMessageSidSM0123456789abcdef0123456789abcdefProfileName"),
        ("From", "+12025550199"),
        ("SmsSid", "SM0123456789abcdef0123456789abcdef"),
        ("To", "+12025550100"),
    ];
    assert!(matches!(sent(&forged), Err(Rejected::Malformed(_))));
}

#[test]
fn a_text_is_read() {
    let event = sent(&[
        ("MessageSid", "SM00000000000000000000000000000001"),
        ("SmsSid", "SM00000000000000000000000000000001"),
        ("From", "+12025550111"),
        ("To", "+12025550100"),
        ("Body", "ACK 7"),
        ("NumMedia", "2"),
        ("MediaUrl0", "https://api.twilio.com/0"),
        ("MediaContentType0", "image/png"),
        ("MediaUrl1", "https://api.twilio.com/1"),
        ("OptOutType", "STOP"),
        ("SomethingNew", "1"),
    ])
    .unwrap()
    .event(Hook::Text)
    .unwrap();
    let debug = format!("{event:?}");
    assert!(
        !debug.contains("1202555")
            && !debug.contains("ACK")
            && debug.contains("SM00000000000000000000000000000001"),
        "{debug}"
    );
    let TwilioEvent::Text(text) = event else { panic!("{event:?}") };
    assert_eq!((&*text.sid, text.body.as_str()), ("SM00000000000000000000000000000001", "ACK 7"));
    assert_eq!((text.from.as_str(), text.to.as_str()), ("+12025550111", "+12025550100"));
    assert_eq!(text.media.len(), 2);
    assert_eq!(text.media[0].content_type.as_deref(), Some("image/png"));
    assert_eq!(text.opt_out, Some(OptOut::Stop));
    let many = sent(&[
        ("MessageSid", "SM00000000000000000000000000000001"),
        ("From", "+1"),
        ("To", "+2"),
        ("NumMedia", "4000000000"),
    ]);
    assert!(matches!(many.unwrap().event(Hook::Text), Ok(TwilioEvent::Text(text)) if text.media.is_empty()));
}

#[test]
fn the_receipt_of_a_text_is_read() {
    let event = |status, code| {
        sent(&[
            ("MessageSid", "SM00000000000000000000000000000001"),
            ("MessageStatus", status),
            ("ErrorCode", code),
        ])
        .unwrap()
        .event(Hook::TextStatus)
        .unwrap()
    };
    let expected = |status, error_code| TwilioEvent::MessageStatus {
        sid: "SM00000000000000000000000000000001".parse().unwrap(),
        status,
        error_code,
    };
    assert_eq!(event("delivered", ""), expected(MessageStatus::Delivered, None));
    assert_eq!(event("undelivered", "30003"), expected(MessageStatus::Undelivered, Some(30003)));
    assert_eq!(event("on-the-moon", "x"), expected(MessageStatus::Other("on-the-moon".into()), None));
}

#[test]
fn calls_and_their_statuses_are_read() {
    let call =
        [("CallSid", "CA00000000000000000000000000000001"), ("From", "+12025550100"), ("To", "+12025550111")];
    let with = |more: &[(&'static str, &'static str)]| sent(&[&call[..], more].concat()).unwrap();
    assert_eq!(
        with(&[("CallStatus", "in-progress"), ("Direction", "outbound-api"), ("AnsweredBy", "human")])
            .event(Hook::Call),
        Ok(TwilioEvent::CallAnswered {
            sid: "CA00000000000000000000000000000001".parse().unwrap(),
            from: Some("+12025550100".into()),
            to: "+12025550111".into(),
            status: CallStatus::InProgress,
            inbound: false,
            answered_by: Some("human".into()),
        })
    );
    assert_eq!(
        with(&[("CallStatus", "no-answer"), ("SequenceNumber", "3"), ("CallDuration", "0")])
            .event(Hook::CallStatus),
        Ok(TwilioEvent::CallStatus {
            sid: "CA00000000000000000000000000000001".parse().unwrap(),
            status: CallStatus::NoAnswer,
            sequence: Some(3),
            duration: Some(0),
            answered_by: None,
            from: Some("+12025550100".into()),
            to: Some("+12025550111".into()),
            inbound: false,
        })
    );
    let over =
        with(&[("CallStatus", "completed"), ("Direction", "inbound")]).event(Hook::CallStatus).unwrap();
    assert!(matches!(over, TwilioEvent::CallStatus { inbound: true, .. }), "{over:?}");
    assert!(!format!("{over:?}").contains("1202555"));
    let withheld = sent(&[("CallSid", "CA00000000000000000000000000000001"), ("From", "")])
        .unwrap()
        .event(Hook::CallStatus);
    assert!(matches!(withheld, Ok(TwilioEvent::CallStatus { from: None, to: None, .. })));
    for digits in ["1", "", "42*#"] {
        let expected = TwilioEvent::Digits {
            sid: "CA00000000000000000000000000000001".parse().unwrap(),
            digits: digits.into(),
        };
        assert_eq!(with(&[("Digits", digits)]).event(Hook::Key), Ok(expected));
    }
    let pressed = sent(&[&call[..], &[("Digits", "1A")]].concat()).unwrap();
    assert!(pressed.event(Hook::Key).is_ok(), "some phones have the keys A to D");
    assert!(sent(&[&call[..], &[("Digits", "1From+12025550111")]].concat()).is_err());
    let long = format!("CA{}", "0".repeat(33));
    let with_the_next_name = format!("CA{}NumMedia0", "0".repeat(32));
    for sid in ["", "a/b", "a b", "é", "CA1", &long, &with_the_next_name] {
        let params = sent(&[("CallSid", sid), ("To", "+1")]).unwrap();
        assert!(matches!(params.event(Hook::Call), Err(Rejected::Malformed(_))), "{sid}");
    }
}

#[test]
fn the_outcome_of_dialling_is_read() {
    let dialed = |status, seconds| {
        sent(&[
            ("CallSid", "CA00000000000000000000000000000001"),
            ("DialCallSid", "CA00000000000000000000000000000002"),
            ("DialCallStatus", status),
            ("DialCallDuration", seconds),
        ])
        .unwrap()
        .event(Hook::Dialed)
    };
    let expected = |status, seconds| {
        Ok(TwilioEvent::Dialed {
            sid: "CA00000000000000000000000000000001".parse().unwrap(),
            status,
            seconds,
        })
    };
    assert_eq!(dialed("completed", "42"), expected(CallStatus::Completed, Some(42)));
    assert_eq!(dialed("no-answer", ""), expected(CallStatus::NoAnswer, None));
    assert_eq!(dialed("answered", "-1"), expected(CallStatus::InProgress, None));
    let nothing = sent(&[("DialCallSid", "CA00000000000000000000000000000002"), ("DialCallStatus", "busy")])
        .unwrap()
        .event(Hook::Dialed);
    assert!(matches!(nothing, Err(Rejected::Malformed(_))), "the dialled call is not the caller's");
}

#[test]
fn a_voice_message_is_read() {
    let url = "https://api.twilio.com/2010-04-01/Accounts/ACf/Recordings/RE00000000000000000000000000000055";
    let recorded = |more: &[(&str, &str)]| {
        let call = [("CallSid", "CA00000000000000000000000000000001"), ("RecordingDuration", "17")];
        sent(&[&call[..], more].concat())?.event(Hook::Recorded)
    };
    let expected = |url: Option<&str>, status: Option<&str>| {
        Ok(TwilioEvent::Recorded {
            sid: "CA00000000000000000000000000000001".parse().unwrap(),
            recording: "RE00000000000000000000000000000055".parse().unwrap(),
            url: url.map(str::to_owned),
            seconds: Some(17),
            status: status.map(str::to_owned),
        })
    };
    let callback = recorded(&[
        ("RecordingSid", "RE00000000000000000000000000000055"),
        ("RecordingUrl", url),
        ("RecordingStatus", "completed"),
    ]);
    assert_eq!(callback, expected(Some(url), Some("completed")));
    let debug = format!("{callback:?}");
    assert!(debug.contains("RE00000000000000000000000000000055") && !debug.contains("https"), "{debug}");
    assert_eq!(recorded(&[("RecordingSid", "RE00000000000000000000000000000055")]), expected(None, None));
    for url in [url, &format!("{url}.wav")] {
        assert_eq!(recorded(&[("RecordingUrl", url)]), expected(Some(url), None), "the action of <Record>");
    }
    for odd in [
        "",
        "SM00000000000000000000000000000055",
        "RE00000000000000000000000000000005/5",
        "RE..",
        "re55",
        &format!("RE{}", "5".repeat(65)),
    ] {
        assert!(matches!(recorded(&[("RecordingSid", odd)]), Err(Rejected::Malformed(_))), "{odd}");
        let url = format!("https://api.twilio.com/{odd}?x=RE00000000000000000000000000000055");
        assert!(matches!(recorded(&[("RecordingUrl", &url)]), Err(Rejected::Malformed(_))), "{url}");
    }
    assert!(
        recorded(&[
            ("RecordingSid", "RE00000000000000000000000000000001"),
            ("RecordingSid", "RE00000000000000000000000000000002")
        ])
        .is_err(),
        "neither counts"
    );
}

#[test]
fn only_e164_numbers_can_be_called_back() {
    for good in ["+12025550111", "+4917012345678"] {
        assert!(PhoneAddress::from(good).number().is_some(), "{good}");
    }
    for bad in ["", "anonymous", "12025550111", "+0123", "client:ann", "sip:ann@example.org", "+1 202", "+"] {
        assert_eq!(PhoneAddress::from(bad).number(), None, "{bad}");
    }
}

#[test]
fn statuses_only_move_forward() {
    let words = [
        "scheduled",
        "accepted",
        "queued",
        "sending",
        "sent",
        "partially_delivered",
        "receiving",
        "received",
        "delivered",
        "undelivered",
        "failed",
        "canceled",
        "read",
        "new-word",
    ];
    let all = words.map(MessageStatus::from);
    for earlier in &all {
        for later in &all {
            assert!(!(later.follows(earlier) && earlier.follows(later)), "{earlier:?} {later:?}");
            if earlier.is_final() && later.follows(earlier) {
                assert_eq!((earlier, later), (&MessageStatus::Delivered, &MessageStatus::Read));
            }
        }
        assert!(!earlier.follows(earlier));
        assert!(!MessageStatus::Other("x".into()).follows(earlier));
    }
    assert_eq!(all.iter().filter(|status| matches!(status, MessageStatus::Other(_))).count(), 1);
    assert!(MessageStatus::Failed.follows(&MessageStatus::Sent) && !MessageStatus::Sent.is_final());

    let words = [
        "queued",
        "initiated",
        "ringing",
        "in-progress",
        "completed",
        "busy",
        "failed",
        "no-answer",
        "canceled",
        "new-word",
    ];
    let all = words.map(CallStatus::from);
    for earlier in &all {
        for later in &all {
            assert!(
                !(later.follows(earlier) && (earlier.is_final() || earlier.follows(later))),
                "{earlier:?} {later:?}"
            );
        }
    }
    assert_eq!(all.iter().filter(|status| matches!(status, CallStatus::Other(_))).count(), 1);
}

proptest! {
    #[test]
    fn no_request_panics(
        base in "(https?://)?.{0,30}",
        path in ".{0,30}",
        signature: Option<String>,
        content_type in proptest::option::of("(application/x-www-form-urlencoded|.{0,20})"),
        body: Vec<u8>,
    ) {
        let request = Signed {
            base: &base,
            path_and_query: &path,
            signature: signature.as_deref(),
            content_type: content_type.as_deref(),
            body: &body,
        };
        prop_assert!(verify(&request, ACCOUNT, &["token"]).is_err());
    }

    #[test]
    fn every_text_is_read_or_refused(body in ".{0,40}|[A-Za-z+0-9 ]{0,40}") {
        let sid = ("SmsSid", "SM0123456789abcdef0123456789abcdef");
        let form = [("Body", body.as_str()), ("From", "+12025550111"), sid, ("To", "+12025550100")];
        if let Ok(params) = sent(&form) {
            prop_assert_eq!(params.get("Body"), Some(body.as_str()));
            for hook in HOOKS {
                let _ = params.event(hook);
            }
        }
    }

    #[test]
    fn no_signed_form_panics(form: Vec<(String, String)>) {
        let form: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| *name != "AccountSid")
            .collect();
        let _ = sent(&form);
    }
}
