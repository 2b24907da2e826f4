//! Senders of texts.

use serde::{Deserialize, Serialize};

use super::{BadE164, E164};
use crate::checked_text::checked_text;

/// The sender of a text: a phone number, or a name of up to 11 letters, digits and spaces with at least one letter (Twilio,
/// alphanumeric sender). A name can send texts, but nobody can answer it, and it can't call.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SmsSender(String);

checked_text!(SmsSender, BadE164, BadE164, redacted);

impl SmsSender {
    fn is_valid(text: &str) -> bool {
        E164::is_valid(text)
            || ((1..=11).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
                && text.bytes().any(|byte| byte.is_ascii_alphabetic()))
    }

    /// Returns the phone number, if the sender is one and not a name.
    pub fn number(&self) -> Option<E164> {
        self.0.parse().ok()
    }
}

impl From<E164> for SmsSender {
    fn from(number: E164) -> Self {
        Self(number.into())
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for SmsSender {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SmsSender".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^(\+[1-9][0-9]{1,14}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11})$",
            "examples": ["+352691496401"],
            "description": "A phone number, or a name of up to 11 letters, digits and spaces"
        })
    }
}
