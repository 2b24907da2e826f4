use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use bytes::Bytes;
use handbell_core::{
    Rejected,
    button::{Gesture, Press},
    event_id::EventId,
};
use handbell_inbound::{
    BODY_LIMIT,
    button::{ButtonMessage, FlicKey, KEEP_COUNTER, Proof, known_hash, read, token_hash, token_matches},
};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use proptest::prelude::*;
use serde_json::{Value, json};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn now() -> Timestamp {
    "2026-07-01T12:00:00Z".parse().unwrap()
}

fn request(method: &str, url: &str, content_type: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(url);
    if !content_type.is_empty() {
        request = request.header("content-type", content_type);
    }
    request.body(body.into()).unwrap()
}

/// Reads a request; none if it is no press.
fn press(request: &Request<Bytes>, proof: &Proof, now: Timestamp) -> Result<Option<Press>, Rejected> {
    Ok(match read(request, proof, now)? {
        ButtonMessage::Press(press) => Some(press),
        ButtonMessage::NoPress { .. } => None,
    })
}

fn pressed(request: &Request<Bytes>) -> Press {
    press(request, &Proof::default(), now()).unwrap().unwrap()
}

fn get(query: &str) -> Press {
    pressed(&request("GET", &format!("/b/t?{query}"), "", ""))
}

fn posted(value: &Value) -> Press {
    pressed(&request("POST", "/b/t", JSON, value.to_string()))
}

fn id(key: &str, keep: SignedDuration) -> Option<EventId> {
    Some(EventId { key: key.into(), keep })
}

fn samples() -> Value {
    serde_json::from_str(include_str!("../button-samples.json")).unwrap()
}

fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

#[test]
fn a_secret_is_a_tokens_hash_or_the_token_itself() {
    let token = "a-token-of-enough-letters";
    let hash = token_hash(token);
    let kept = hash.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"));
    assert_eq!(known_hash(&kept), Some(hash));
    assert_eq!(known_hash(token), Some(hash));
    assert_eq!(known_hash("short"), None, "it could be guessed");
    assert_eq!(known_hash(&kept[..70]), None);
    assert_eq!(known_hash(&kept.replace("sha256:", "sha256:zz")), None);
}

#[test]
fn only_the_exact_token_matches() {
    let hash = token_hash("demo-green-button-on-this-laptop");
    assert!(token_matches("demo-green-button-on-this-laptop", &hash));
    for wrong in [
        "",
        "demo-green-button-on-this-lapto",
        "demo-green-button-on-this-laptop ",
        "Demo-green-button-on-this-laptop",
    ] {
        assert!(!token_matches(wrong, &hash));
    }
}

#[test]
fn only_some_methods_are_presses() {
    for method in ["HEAD", "OPTIONS"] {
        assert_eq!(press(&request(method, "/b/t", "", ""), &Proof::default(), now()), Ok(None));
    }
    for method in ["GET", "POST", "PUT"] {
        assert_eq!(pressed(&request(method, "/b/t", "", "")), Press::default());
    }
    for method in ["DELETE", "PATCH", "TRACE", "PRESS"] {
        let result = press(&request(method, "/b/t", "", ""), &Proof::default(), now());
        assert!(matches!(result, Err(Rejected::Malformed(_))), "{method}");
    }
    let mut ahead = request("GET", "/b/t", "", "");
    ahead.headers_mut().insert("sec-purpose", "prefetch;prerender".parse().unwrap());
    assert_eq!(press(&ahead, &Proof::default(), now()), Ok(None));
}

#[test]
fn shellys_requests_are_read() {
    for (event, gesture) in [
        ("input.button_push", Gesture::Single),
        ("input.button_doublepush", Gesture::Double),
        ("input.button_triplepush", Gesture::Triple),
        ("input.button_longpush", Gesture::Hold),
        ("SS", Gesture::Double),
        ("something else", Gesture::Single),
    ] {
        assert_eq!(
            get(&format!("event={}", event.replace(' ', "+"))),
            Press { gesture, ..Press::default() },
            "{event}"
        );
        assert_eq!(get(&format!("click={}", event.replace(' ', "+"))).gesture, gesture);
    }
    // From Shelly's own page: `${info.id}` is the device, the same in every press.
    assert_eq!(get("device=shellyplusi4-a8032ab12345").id, None);
    assert_eq!(get("id=shellyplusi4-a8032ab12345").id, None);
    assert_eq!(get("id=$%7Binfo.id%7D").id, None);
    assert_eq!(
        get("gesture=double&id=17&time=1782907199"),
        Press {
            id: id("id:17", EventId::KEEP),
            gesture: Gesture::Double,
            at: at("2026-07-01T11:59:59Z"),
            battery: None
        }
    );
}

#[test]
fn bttns_tags_are_read() {
    let counter = id("bttn:0123-abcd:17", KEEP_COUNTER);
    let form = "ID=777&NAME=Green&DEVICEID=0123-abcd&COUNTER=17&ETYPE=long&COUNTERP=12&COUNTERL=5&COUNTERN=0";
    let expected = Press { id: counter.clone(), gesture: Gesture::Hold, ..Press::default() };
    assert_eq!(pressed(&request("POST", "/b/t", FORM, form)), expected);
    assert_eq!(pressed(&request("PUT", "/b/t", "", form.to_lowercase())), expected);
    assert_eq!(get(form), expected);
    let json = json!({"id": "777", "device_id": "0123-abcd", "counter": 17, "etype": "press"});
    assert_eq!(posted(&json), Press { id: counter.clone(), ..Press::default() });
    assert_eq!(
        pressed(&request("POST", "/b/t", FORM, json.to_string())).id,
        counter,
        "JSON that is called a form"
    );

    assert_eq!(
        posted(&json!({"id": "777", "name": "Green"})).id,
        None,
        "bt.tn's id is the button's, not the press's"
    );
    assert_eq!(posted(&json!({"id": "777", "counter": "<COUNTER>"})).id, None, "a tag that nobody filled in");
    assert_eq!(get("DEVICEID=0123-abcd&COUNTER=").id, None);
    // All tags in the sample, each filled with a number, are known.
    let all: Vec<(String, &str)> = samples()["bttn_tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| (tag.as_str().unwrap().trim_matches(['<', '>']).to_owned(), "8"))
        .collect();
    assert_eq!(get(&serde_html_form::to_string(all).unwrap()).id, id("bttn:8:8", KEEP_COUNTER));
}

#[test]
fn flic_hubs_events_are_read() {
    let sample = &samples()["flic_hub_sdk_event"];
    assert_eq!(posted(sample), Press::default());
    assert_eq!(posted(&sample["obj"]), Press::default());
    for (name, gesture) in
        [("isSingleClick", Gesture::Single), ("isDoubleClick", Gesture::Double), ("isHold", Gesture::Hold)]
    {
        let mut event = json!({"bdaddr": "80:e4:da:00:00:00", "isSingleClick": false, "isDoubleClick": false, "isHold": false});
        event[name] = json!(true);
        assert_eq!(posted(&event).gesture, gesture);
    }
    assert_eq!(
        posted(&json!({"isSingleClick": true, "isHold": true})).gesture,
        Gesture::Single,
        "hold may cancel"
    );
}

#[test]
fn uplinks_of_the_things_stack_are_read() {
    let mut sample = samples()["ttn_uplink (abridged, from memory)"].clone();
    let mut expected = Press {
        id: id("ttn:dev1:1:2020-02-12T15:15:45.787Z", EventId::KEEP),
        gesture: Gesture::Single,
        at: at("2020-02-12T15:15:45.787Z"),
        battery: None,
    };
    assert_eq!(posted(&sample), expected);
    sample["uplink_message"]["decoded_payload"] = json!({"battery": 3.01, "event": "long_press", "id": 1});
    expected.battery = Some("3.01".into());
    expected.gesture = Gesture::Hold;
    assert_eq!(posted(&sample), expected);
    sample["uplink_message"].as_object_mut().unwrap().remove("f_cnt");
    assert_eq!(
        posted(&sample).id,
        id("ttn:dev1:0:2020-02-12T15:15:45.787Z", EventId::KEEP),
        "left out when it is 0"
    );
}

#[test]
fn events_of_aws_buttons_are_read() {
    let samples = samples();
    let mut sample = samples["aws_iot_1click_lambda_event"].clone();
    let mut expected = Press {
        id: id("aws:G030PMXXXXXXXXXX:2018-05-04T23:26:33.747Z", EventId::KEEP),
        gesture: Gesture::Single,
        at: at("2018-05-04T23:26:33.747Z"),
        battery: Some("5.0".into()),
    };
    assert_eq!(posted(&sample), expected);
    sample["deviceEvent"]["buttonClicked"]["clickType"] = json!("LONG");
    expected.gesture = Gesture::Hold;
    assert_eq!(posted(&sample), expected);
    let mut mqtt = samples["aws_iot_button_mqtt (from memory)"]["payload"].clone();
    assert_eq!(posted(&mqtt), Press { battery: Some("1582mV".into()), ..Press::default() });
    mqtt["clickType"] = json!("DOUBLE");
    assert_eq!(posted(&mqtt).gesture, Gesture::Double);
}

#[test]
fn our_own_field_names_are_read() {
    let expected = Press {
        id: id("id:a1", EventId::KEEP),
        gesture: Gesture::Triple,
        at: at("2026-07-01T11:59:00Z"),
        battery: Some("low".into()),
    };
    for time in [
        json!("2026-07-01T13:59:00+02:00"),
        json!(1_782_907_140),
        json!(1_782_907_140_000_i64),
        json!("1782907140"),
    ] {
        assert_eq!(
            posted(&json!({"gesture": "triple", "id": "a1", "at": time, "battery": "low"})),
            expected,
            "{time}"
        );
        assert_eq!(
            posted(&json!({"click": "triple", "id": "a1", "time": time, "battery": "low"})),
            expected,
            "{time}"
        );
    }
    // Ids that can't be keys unchanged.
    for strange in ["é".to_owned(), "x".repeat(300), "a\nb".to_owned()] {
        let key = posted(&json!({"id": strange})).id.unwrap().key;
        assert!(key.starts_with("sha256:") && key.len() == 71, "{key}");
    }
    assert_eq!(posted(&json!({"battery": "x".repeat(99)})).battery.unwrap().len(), 20);
}

#[test]
fn impossible_times_are_ignored() {
    for time in [
        json!("2026-07-01T12:01:01Z"),
        json!("tomorrow"),
        json!(0),
        json!(12),
        json!(-5),
        json!(1e300),
        json!("NaN"),
        json!("inf"),
        json!(null),
        json!(true),
        json!(i64::MIN),
        json!(u64::MAX),
    ] {
        assert_eq!(
            posted(&json!({"at": time, "gesture": "double"})),
            Press { gesture: Gesture::Double, ..Press::default() },
            "{time}"
        );
    }
    assert_eq!(
        posted(&json!({"at": "2026-07-01T12:00:59Z"})).at,
        at("2026-07-01T12:00:59Z"),
        "clocks differ a little"
    );
}

#[test]
fn an_unknown_body_is_a_press() {
    for body in [
        &b"\xff\xfe\x00"[..],
        b"{",
        b"[1,2]",
        b"{\"token\": 5}",
        b"{\"token\": \"a.b.c\"}",
        b"<press/>",
        b"help",
        b"null",
    ] {
        for content_type in
            ["", JSON, FORM, "text/plain", "image/png", "multipart/form-data; boundary=x", "nonsense"]
        {
            assert_eq!(
                pressed(&request("POST", "/b/t", content_type, body)),
                Press::default(),
                "{body:?} {content_type}"
            );
        }
    }
    let long = request("POST", "/b/t", "", vec![b'x'; BODY_LIMIT + 1]);
    assert!(matches!(press(&long, &Proof::default(), now()), Err(Rejected::Malformed(_))));
    assert_eq!(pressed(&request("POST", "/b/t", "", vec![b'{'; BODY_LIMIT])), Press::default());
    assert_eq!(pressed(&request("POST", "/b/t", JSON, "{\"a\":".repeat(BODY_LIMIT / 5))), Press::default());
}

#[test]
fn the_idempotency_key_takes_precedence() {
    let with = |key: &[u8]| {
        let mut request = request("POST", "/b/t", FORM, "deviceid=1&counter=2");
        request.headers_mut().insert("idempotency-key", http::HeaderValue::from_bytes(key).unwrap());
        press(&request, &Proof::default(), now())
    };
    assert_eq!(with(b"8e03978e").unwrap().unwrap().id, id("8e03978e", EventId::KEEP));
    assert!(with(&[b'x'; 255]).is_ok());
    for bad in [&b""[..], &[b'x'; 256], b"\xc3\xa9", b"a\tb"] {
        assert!(matches!(with(bad), Err(Rejected::Malformed(_))), "{bad:?}");
    }
    let mut twice = request("POST", "/b/t", "", "");
    twice.headers_mut().append("idempotency-key", "a".parse().unwrap());
    twice.headers_mut().append("idempotency-key", "b".parse().unwrap());
    assert!(matches!(press(&twice, &Proof::default(), now()), Err(Rejected::Malformed(_))));
}

#[test]
fn a_required_header_is_checked() {
    let proof = |secrets: &[&str]| Proof {
        header: Some(("X-Bell".into(), secrets.iter().map(|secret| secret.to_string()).collect())),
        flic_key: None,
    };
    let mut request = request("POST", "/b/t", "", "");
    assert_eq!(press(&request, &proof(&["new", "old"]), now()), Err(Rejected::Forged));
    for (given, good) in
        [("new", true), ("old", true), ("", false), ("ne", false), ("New", false), ("new, old", false)]
    {
        request.headers_mut().insert("x-bell", given.parse().unwrap());
        let expected = if good { Ok(Some(Press::default())) } else { Err(Rejected::Forged) };
        assert_eq!(press(&request, &proof(&["new", "old"]), now()), expected, "{given}");
        assert_eq!(press(&request, &proof(&[]), now()), Err(Rejected::Forged));
        assert_eq!(
            press(&request, &proof(&[""]), now()),
            Err(Rejected::Forged),
            "a secret that was never set"
        );
    }
    let strange = Proof { header: Some(("not a name".into(), vec!["new".into()])), flic_key: None };
    assert_eq!(press(&request, &strange, now()), Err(Rejected::Forged));
    assert!(!format!("{:?}", proof(&["hush"])).contains("hush"));
}

// ---- Flic's cloud

fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn proof(key: &SigningKey) -> Proof {
    let point = key.verifying_key().to_sec1_point(false);
    let [x, y] = [&point.as_bytes()[1..33], &point.as_bytes()[33..]].map(|half| BASE64URL.encode(half));
    let key = FlicKey::from_jwk(&json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}).to_string()).unwrap();
    Proof { header: None, flic_key: Some(key) }
}

fn token(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let message =
        format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
    let signature: Signature = key.sign(message.as_bytes());
    format!("{message}.{}", BASE64URL.encode(signature.to_bytes()))
}

fn flic(token: &str) -> Request<Bytes> {
    request("POST", "/b/t", JSON, json!({ "token": token }).to_string())
}

fn es256() -> Value {
    json!({"alg": "ES256", "typ": "JWT"})
}

#[test]
fn presses_from_flics_cloud_are_read() {
    let key = signing_key(7);
    let mut claims = samples()["flic_cloud_button_request"]["jwt_claims"].clone();
    for (word, gesture) in
        [("click", Gesture::Single), ("double_click", Gesture::Double), ("hold", Gesture::Hold)]
    {
        claims["clickType"] = json!(word);
        let expected = Press {
            id: id(&format!("flic:BC44-B06243:2024-07-17T12:05:45+02:00:{word}"), EventId::KEEP),
            gesture,
            at: at("2024-07-17T10:05:45Z"), // expired long ago, but still a press
            battery: Some("high".into()),
        };
        let request = flic(&token(&key, &es256(), &claims));
        assert_eq!(press(&request, &proof(&key), now()), Ok(Some(expected.clone())));
        assert_eq!(pressed(&request), expected, "believed like any body where no key was set up");
    }
}

#[test]
fn forged_flic_tokens_are_refused() {
    let (key, other) = (signing_key(7), signing_key(8));
    let claims = &samples()["flic_cloud_button_request"]["jwt_claims"];
    let good = token(&key, &es256(), claims);
    let refused = |token: &str| press(&flic(token), &proof(&key), now()) == Err(Rejected::Forged);
    assert!(!refused(&good));
    assert!(refused(&token(&other, &es256(), claims)), "another's key");
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "None"}),
        json!({"alg": "HS256"}),
        json!({"alg": "es256"}),
        json!({}),
        json!([]),
        json!({"alg": "ES256", "crit": ["x"]}),
    ] {
        assert!(refused(&token(&key, &header, claims)), "{header}");
    }
    let (message, _) = good.rsplit_once('.').unwrap();
    for signature in ["", "AAAA", &BASE64URL.encode([0; 64])] {
        assert!(refused(&format!("{message}.{signature}")));
    }
    for strange in ["", ".", "..", "...", "a.b.c", message, &format!("{good}."), &format!("{good}=")] {
        assert!(refused(strange), "{strange}");
    }
    // No other request presses such a button.
    for request in [
        request("GET", "/b/t", "", ""),
        request("POST", "/b/t", JSON, r#"{"gesture": "single"}"#),
        request("POST", "/b/t", JSON, "{"),
        request("POST", "/b/t", FORM, format!("token={good}")),
    ] {
        assert_eq!(press(&request, &proof(&key), now()), Err(Rejected::Forged));
    }
    let published = Proof { header: None, flic_key: Some(FlicKey::published()) };
    assert_eq!(press(&flic(&good), &published, now()), Err(Rejected::Forged));
}

#[test]
fn no_mutation_of_a_token_verifies() {
    let key = signing_key(7);
    let proof = proof(&key);
    let good = token(&key, &es256(), &json!({"clickType": "click", "pressedAt": "2026-07-01T11:59:00Z"}));
    for at in 0..good.len() {
        for bit in 0..7 {
            let mut bad = good.clone().into_bytes();
            bad[at] ^= 1 << bit;
            let bad = String::from_utf8(bad).unwrap();
            assert_eq!(press(&flic(&bad), &proof, now()), Err(Rejected::Forged), "{at} {bit}");
        }
    }
}

#[test]
fn a_replayed_token_is_the_same_press() {
    let key = signing_key(7);
    // The claims don't suffice for an id, and the request contains unsigned data too.
    let good = token(&key, &es256(), &json!({"clickType": "click"}));
    let mut request = flic(&good);
    let first = press(&request, &proof(&key), now()).unwrap().unwrap();
    assert!(first.id.is_some());
    request.headers_mut().insert("idempotency-key", "another".parse().unwrap());
    *request.uri_mut() = "/b/t?id=another&gesture=hold".parse().unwrap();
    assert_eq!(press(&request, &proof(&key), now()), Ok(Some(first.clone())));
    // For an ECDSA signature (r, s), anyone can compute (r, -s), which is also valid.
    let (message, signature) = good.rsplit_once('.').unwrap();
    let signature = Signature::from_slice(&BASE64URL.decode(signature).unwrap()).unwrap();
    let (r, s) = signature.split_scalars();
    let twin = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
    assert_ne!(signature, twin);
    let twin = flic(&format!("{message}.{}", BASE64URL.encode(twin.to_bytes())));
    assert_eq!(press(&twin, &proof(&key), now()), Ok(Some(first)));
}

#[test]
fn only_p256_keys_are_accepted() {
    let published = &samples()["flic_cloud_button_request"]["webhook_public_key_jwk"];
    assert_eq!(FlicKey::from_jwk(&published.to_string()), Ok(FlicKey::published()));
    for (name, value) in [
        ("kty", json!("RSA")),
        ("crv", json!("P-384")),
        ("x", json!("AAAA")),
        ("y", json!(null)),
        ("x", json!("+")),
    ] {
        let mut bad = published.clone();
        bad[name] = value;
        assert!(FlicKey::from_jwk(&bad.to_string()).is_err(), "{name}");
    }
    let mut bad = published.clone();
    bad["x"] = bad["y"].clone();
    assert!(FlicKey::from_jwk(&bad.to_string()).is_err(), "not on the curve");
    assert!(FlicKey::from_jwk("").is_err());
}

proptest! {
    #[test]
    fn no_request_panics(
        method in "(GET|POST|PUT|HEAD)",
        query in "[ -~&&[^\"#<>\\\\^`{|} ]]{0,40}",
        content_type in "[ -~]{0,30}",
        body: Vec<u8>,
        json in "\\{\"(at|id|counter|token|uplink_message|deviceEvent|obj|battery)\":(\".{0,30}\"|[0-9eE.+-]{1,12}|\\{\\}|\\[\\]|null)\\}",
    ) {
        for body in [body, json.into_bytes()] {
            let request = request(&method, &format!("/b/t?{query}"), &content_type, body);
            let pressed = press(&request, &Proof::default(), now());
            prop_assert_eq!(pressed.unwrap().is_some(), method != "HEAD");
            let signed = press(&request, &proof(&signing_key(7)), now());
            prop_assert!(matches!(signed, Ok(None) | Err(Rejected::Forged)));
        }
    }
}
