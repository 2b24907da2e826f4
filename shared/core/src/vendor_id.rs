//! Ids that vendors give. Each kind has a type of its own, and each type has one form, checked when an id enters.
//!
//! The check is needed beyond typing mistakes. Ids become parts of keys and addresses, so they must contain no separator.
//! Twilio signs names and values without separators, so a longer id with a valid signature can be made by moving the name of
//! the next parameter into it.

use serde::{Deserialize, Serialize};

use crate::checked_text::checked_text;

/// A text doesn't have the form of a vendor's id. The error names the kind of id, and not the text: the text may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this isn't the form of {0}")]
pub struct MalformedId(&'static str);

/// The first 17 characters of every Webex id: `ciscospark://` in base64.
const WEBEX_PREFIX: &str = "Y2lzY29zcGFyazovL";

/// Maximum length of a Webex id. The longest known ones have 176 characters, and a sort key contains two ids.
const WEBEX_MAX: usize = 256;

/// Returns true for an id of Webex: `ciscospark://us/ROOM/…` in base64, usually without padding (Webex, basics guide).
///
/// Webex calls its ids opaque, so the part after the scheme isn't decoded. It is ASCII without `>`, `?` and `~`. Therefore the
/// base64 contains only letters and digits.
fn is_webex_id(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let is_whole = match padding {
        0 => digits.len() % 4 != 1,
        1 | 2 => text.len().is_multiple_of(4),
        _ => false,
    };
    is_whole
        && text.len() <= WEBEX_MAX
        && digits.len() > WEBEX_PREFIX.len()
        && digits.starts_with(WEBEX_PREFIX)
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Returns true for a sid of Twilio: two letters that tell the kind, and 32 hexadecimal digits (Twilio, OpenAPI document).
fn is_sid(text: &str, prefixes: &[&str]) -> bool {
    let digits = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Defines the type of an id with its check. The type can only be made of a text that passes.
macro_rules! vendor_id {
    ($(#[$doc:meta])* pub struct $name:ident, $words:literal, $is_valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            fn is_valid(text: &str) -> bool {
                let is_valid: fn(&str) -> bool = $is_valid;
                is_valid(text)
            }
        }

        checked_text!($name, MalformedId, MalformedId($words), shown);
    };
}

vendor_id!(
    /// Id of a Webex space, which the API calls a room.
    pub struct RoomId,
    "an id of a Webex space",
    is_webex_id
);
vendor_id!(
    /// Id of a message at Webex.
    pub struct MessageId,
    "an id of a Webex message",
    is_webex_id
);
vendor_id!(
    /// Id of a person or a bot at Webex.
    pub struct PersonId,
    "an id of a Webex person",
    is_webex_id
);
vendor_id!(
    /// Id of a press of a button on a card at Webex, which the API calls an attachment action.
    pub struct ActionId,
    "an id of a Webex card action",
    is_webex_id
);
vendor_id!(
    /// Sid of a text at Twilio: `SM…`, or `MM…` with files.
    pub struct MessageSid,
    "a sid of a Twilio message",
    |text| is_sid(text, &["SM", "MM"])
);
vendor_id!(
    /// Sid of a call at Twilio: `CA…`.
    pub struct CallSid,
    "a sid of a Twilio call",
    |text| is_sid(text, &["CA"])
);
vendor_id!(
    /// Sid of a recording at Twilio: `RE…`.
    pub struct RecordingSid,
    "a sid of a Twilio recording",
    |text| is_sid(text, &["RE"])
);

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "Y2lzY29zcGFyazovL3VzL1JPT00vYmJjZWIxYWQtNDNmMS0zYjU4LTkxNDctZjE0YmIwYzRkMTU0";
    const HEX: &str = "0123456789abcdefABCDEF0123456789";

    #[test]
    fn ids_of_webex_are_accepted() {
        for id in [
            ROOM,
            // A person: 59 bytes, which padding would round up.
            "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY",
            // An organisation, padded.
            "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi8yYzNjOWY5NS03M2Q5LTQ0NjAtYTY2OC0wNDcxNjJmZjFiYWQ=",
            // A space outside of the United States: `ciscospark://urn:TEAM:eu-central-1_k/ROOM/…`.
            "Y2lzY29zcGFyazovL3VybjpURUFNOmV1LWNlbnRyYWwtMV9rL1JPT00vYmJjZWIxYWQtNDNmMS0zYjU4LTkxNDctZjE0YmIwYzRkMTU0",
        ] {
            assert_eq!(id.parse::<RoomId>().as_deref(), Ok(id));
        }
    }

    #[test]
    fn what_is_no_id_of_webex_is_refused() {
        let long = format!("{WEBEX_PREFIX}{}", "A".repeat(WEBEX_MAX));
        for text in [
            "",
            "room",
            WEBEX_PREFIX,
            "ciscospark://us/ROOM/bbceb1ad-43f1-3b58-9147-f14bb0c4d154",
            "bbceb1ad-43f1-3b58-9147-f14bb0c4d154",
            "..",
            &long,
            // A character too many: no base64 has this length.
            &format!("{ROOM}A"),
            &format!("{ROOM}="),
            &format!("{ROOM}===="),
            &format!("{ROOM}=AAA"),
            &format!(" {ROOM}"),
            &format!("{ROOM}\n"),
            &format!("{ROOM} AA"),
            &format!("{ROOM}#AA"),
            &format!("{ROOM}/AA"),
            &format!("{ROOM}+AA"),
            &format!("{ROOM}-AA"),
            &format!("{ROOM}_AA"),
            &format!("{ROOM}?AA"),
            &format!("{ROOM},{ROOM}"),
            &format!("{ROOM}éA"),
            // Base64 of another scheme.
            &ROOM.replace("Y2lz", "aHR0"),
        ] {
            assert_eq!(text.parse::<RoomId>(), Err(MalformedId("an id of a Webex space")), "{text}");
        }
    }

    #[test]
    fn a_sid_is_two_letters_and_32_digits() {
        for prefix in ["SM", "MM"] {
            let sid = format!("{prefix}{HEX}");
            assert_eq!(sid.parse::<MessageSid>().as_deref(), Ok(sid.as_str()));
            assert!(sid.parse::<CallSid>().is_err() && sid.parse::<RecordingSid>().is_err());
        }
        assert!(format!("CA{HEX}").parse::<CallSid>().is_ok());
        assert!(format!("RE{HEX}").parse::<RecordingSid>().is_ok());
        for text in [
            "".to_owned(),
            "SM".to_owned(),
            "SM1".to_owned(),
            HEX.to_owned(),
            format!("sm{HEX}"),
            format!("CA{HEX}"),
            format!("SM{}", &HEX[1..]),
            format!("SM{HEX}0"),
            format!("SM{}g", &HEX[1..]),
            format!(" SM{HEX}"),
            format!("SM{HEX}\n"),
            // Signed like `MessageSid=SM…` with `NumMedia=0` after it.
            format!("SM{HEX}NumMedia0"),
        ] {
            assert_eq!(text.parse::<MessageSid>(), Err(MalformedId("a sid of a Twilio message")), "{text}");
        }
    }

    #[test]
    fn a_stored_id_is_a_plain_text_and_is_checked_again() {
        let room: RoomId = ROOM.parse().unwrap();
        let json = serde_json::to_string(&room).unwrap();
        assert_eq!(json, format!("\"{ROOM}\""));
        assert_eq!(serde_json::from_str::<RoomId>(&json).unwrap(), room);
        let error = serde_json::from_str::<RoomId>("\"secret/..\"").unwrap_err().to_string();
        assert!(error.contains("this isn't the form of an id of a Webex space"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
