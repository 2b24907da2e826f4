//! The forms of phone numbers, mail addresses and senders.

use handbell_core::address::{E164, EmailAddress, PhoneAddress, SmsSender};

#[test]
fn phone_numbers_are_recognised() {
    for good in ["+352691496401", "+12", "+123456789012345"] {
        assert_eq!(good.parse::<E164>().expect(good), good);
    }
    for bad in [
        "",
        "+",
        "+1",
        "352691496401",
        "+0352691496401",
        "+1234567890123456",
        "+35269149640x",
        "+352 691 496",
        "++352691496401",
        "+٣٥٢٦٩١",
        "+352691496401\n",
        "anonymous",
        "12345",
        "client:dana",
        "whatsapp:+352691496401",
        "sip:dana@example.com",
    ] {
        assert!(bad.parse::<E164>().is_err(), "{bad}");
        assert!(E164::try_from(bad.to_owned()).is_err(), "{bad}");
        assert!(serde_json::from_value::<E164>(bad.into()).is_err(), "{bad}");
        assert_eq!(PhoneAddress::from(bad), PhoneAddress::Other(bad.to_owned()));
    }
}

#[test]
fn senders_are_recognised() {
    for good in ["+352691496401", "Handbell", "Hand bell 1"] {
        assert_eq!(good.parse::<SmsSender>().expect(good), good);
    }
    for bad in ["", "12345", "Hand-bell", "Handbell1234", "Glöckchen", "+0352691496401"] {
        assert!(bad.parse::<SmsSender>().is_err(), "{bad}");
        assert!(serde_json::from_value::<SmsSender>(bad.into()).is_err(), "{bad}");
    }
    let number: SmsSender = "+352691496401".parse().unwrap();
    assert_eq!(number.number(), "+352691496401".parse().ok());
    assert_eq!("Handbell".parse::<SmsSender>().unwrap().number(), None, "a name can't call");
}

#[test]
fn mail_addresses_are_recognised() {
    for good in ["a@example.com", "a.b+c@mail.example.com", "ü@example.com"] {
        assert_eq!(good.parse::<EmailAddress>().expect(good), good);
    }
    let longest = format!("{}@example.com", "a".repeat(EmailAddress::MAX - "@example.com".len()));
    assert!(longest.parse::<EmailAddress>().is_ok());
    assert!(format!("a{longest}").parse::<EmailAddress>().is_err());
    for bad in [
        "",
        "a",
        "a@",
        "@example.com",
        "a@localhost",
        "a@.com",
        "a b@example.com",
        "a@b@example.com",
        "a@example.com\n",
        "a@example.com\0",
        "a@example.com,b",
        "a;b@example.com",
        "Dana<dana@example.com>",
        "\"a\"@example.com",
        "a@example.com(comment)",
        "mailto:a@example.com",
    ] {
        assert!(bad.parse::<EmailAddress>().is_err(), "{bad}");
        assert!(EmailAddress::try_from(bad.to_owned()).is_err(), "{bad}");
        assert!(serde_json::from_value::<EmailAddress>(bad.into()).is_err(), "{bad}");
    }
}

#[test]
fn they_are_stored_as_plain_strings() {
    let texts = ["\"+352691496401\"", "\"12345\""];
    for text in texts {
        let address: PhoneAddress = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&address).unwrap(), text);
    }
    let number: E164 = serde_json::from_str(texts[0]).unwrap();
    assert_eq!(serde_json::to_string(&number).unwrap(), texts[0]);
    let email: EmailAddress = serde_json::from_str("\"a@example.com\"").unwrap();
    assert_eq!(serde_json::to_string(&email).unwrap(), "\"a@example.com\"");
}

#[test]
fn nothing_of_them_reaches_logs() {
    let number: E164 = "+352691496401".parse().unwrap();
    let email: EmailAddress = "dana@example.com".parse().unwrap();
    let sender: SmsSender = "Handbell".parse().unwrap();
    let (phone, other) = (PhoneAddress::from(number.clone()), PhoneAddress::from("12345"));
    assert_eq!(
        format!("{number:?} {email:?} {sender:?} {phone:?} {other:?}"),
        "E164(…) EmailAddress(…) SmsSender(…) Number(…) Other(…)"
    );
    // The errors, too, repeat nothing.
    let refused = "+352 691".parse::<E164>().unwrap_err().to_string();
    assert!(!refused.contains("691 "), "{refused}");
}
